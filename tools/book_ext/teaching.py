"""``{chapter-needs}``: which chapter builds on which, as a picture.

Its content has a line a chapter, ``04_overflow: {label: overflow, column: 0, needs: [3]}``, with
the numbers of the chapters that it builds on. A chapter stands below the last of those, and in its
``row`` if that is lower.
"""

import re
from html import escape
from typing import NamedTuple

import yaml
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

# Pixels; the picture fits a telephone at its own size.
BOX, WIDTH, HEIGHT, MARGIN = (104, 36), 116, 64, 6


class Entry(NamedTuple):
    """A chapter in the picture."""

    label: str
    column: int
    needs: list[int]
    row: int = 0  # at least


def rows(entries: dict[int, Entry]) -> dict[int, int]:
    """Row of each chapter: its own, or one below the last that it builds on."""
    found: dict[int, int] = {}
    for number, entry in sorted(entries.items()):
        later = [need for need in entry.needs if need not in found]
        if later:
            raise ValueError(f"chapter {number} needs {later[0]}, which does not come before it")
        found[number] = max([entry.row, *(found[need] + 1 for need in entry.needs)])
    return found


def picture(entries: dict[int, Entry]) -> str:
    """Boxes with numbers and labels, and a line from each to those that build on it."""
    row = rows(entries)
    left = {n: MARGIN + WIDTH * entry.column for n, entry in entries.items()}
    top = {n: MARGIN + HEIGHT * row[n] for n in entries}
    half, height = BOX[0] / 2, BOX[1]
    lines, boxes, words = [], [], []
    for number, entry in sorted(entries.items()):
        x, y = left[number], top[number]
        for need in entry.needs:
            start = f"{left[need] + half:g},{top[need] + height}"
            lines.append(f'<path d="M{start} L{x + half:g},{y}"/>')
        text = escape(f"{number} {entry.label}")
        boxes.append(
            f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{height}" rx="6"/>'
            f'<text x="{x + half:g}" y="{y + height / 2 + 5:g}">{text}</text>'
        )
        if entry.needs:
            words.append(f"{number} builds on {' and '.join(map(str, entry.needs))}")
    width = 2 * MARGIN + BOX[0] + max(left.values()) - MARGIN
    tall = 2 * MARGIN + height + max(top.values()) - MARGIN
    label = escape("Which chapter builds on which: " + "; ".join(words) + ".")
    return (
        f'<svg class="chapter-needs" role="img" aria-label="{label}" '
        f'viewBox="0 0 {width} {tall}" width="{width}" height="{tall}">'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


class ChapterNeeds(SphinxDirective):
    """Draw the picture; a chapter that is missing, or too many, is a warning."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        content = yaml.safe_load("\n".join(self.content)) or {}
        listed = {
            str(item).removeprefix("chapters/")
            for part in self.config.external_site_map.root.subtrees
            for item in part.items
            if re.match(r"chapters/\d", str(item))
        }
        for name in sorted(listed ^ set(content)):
            logger.warning(
                "%s is not in both, picture and contents", name, location=self.get_location()
            )
        try:
            entries = {int(name[:2]): Entry(**entry) for name, entry in content.items()}
            return [nodes.raw("", picture(entries), format="html")]
        except (TypeError, ValueError) as error:
            logger.warning("the picture of the chapters: %s", error, location=self.get_location())
            return []


def setup(app):
    app.add_directive("chapter-needs", ChapterNeeds)
