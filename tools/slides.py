"""A deck of slides: one HTML file that needs no network, with the figures of chapters alive.

It holds whole chapters, sections of them, or what a plan of `pages/teaching.md` has time for.
`slides.js` measures the pieces and fills the slides: only the browser knows how high a formula is.
In a short deck whatever a slide doesn't show is a note to it, in a window of the teacher's own.

Why not reveal.js, which nbconvert writes? It fills no slide: what stands in one `<section>` is cut
where the window ends, and a chapter's cells come as one. So the laying out would stay here, and
166 kB of a package would replace the turning alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from book_ext import formulas
from book_ext.figures import figures_in
from nbformat import NotebookNode
from pieces import Piece, Section, html, sections_of
from pygments.formatters import HtmlFormatter
from teaching_page import TEACHING, Plan, noted, planned, teachers_notes

from course_utils.figures.scripts import browser_script, host_script, read

HERE = Path(__file__).parent


def chosen(chapters: Sequence[Sequence[Section]], names: Sequence[str]) -> list[Section]:
    """All sections, or those named, in this order: 2.3, 3 of each chapter, or how titles begin."""
    numbers = {sections[0].name.split(".")[0] for sections in chapters}
    found: list[Section] = [] if names else [section for these in chapters for section in these]
    for name in names:
        for sections in chapters:
            others = numbers - {sections[0].name.split(".")[0]}
            if "." in name and name.split(".")[0] in others:
                continue
            these = [
                section
                for section in sections
                if name in (section.name, section.name.split(".")[1])
                or section.title.lower().startswith(name.lower())
            ]
            if not these:
                listed = "".join(
                    f"\n  {i}  {section.title or 'the opening'}"
                    for i, section in enumerate(sections)
                )
                raise ValueError(f"there is no section {name}; these are there:{listed}")
            found += [section for section in these if section not in found]
    return [
        replace(section, pieces=[part for part in section.pieces if part.kinds != "solution"])
        for section in found
    ]


def with_notes(parts: list[Piece], told: str) -> list[Piece]:
    """A section with what the teacher says and asks, each at its slide."""
    words, now, end, then = noted(told)
    first, rest = parts[:1], parts[1:]
    title, mark, opens = parts[0].html.partition("</h2>")
    if now and mark:  # no answer is seen before its question
        first = [replace(parts[0], html=title + mark)]
        rest = [Piece(opens), *rest] if opens.strip() else rest
    note = [Piece(html(words), "note teacher")] if words else []
    shown = [i for i, part in enumerate(rest) if not part.kinds.startswith("note")]
    if now and shown:
        rest[shown[0]].kinds += " slide"
        rest[shown[0] + 1 : shown[0] + 1] = then
        then = []
    return [*first, *note, *now, *then, *rest, *end]


def body(deck: Sequence[Section], *, few: bool) -> str:
    """The pieces of a deck, with the teacher's notes; the first of a chapter names it.

    Of a few sections each begins a slide that has notes.
    """
    found, before = "", ""
    for section in deck:
        parts, chapter = section.pieces, section.chapter or before
        if chapter != before or (few and section.told):  # no deck begins with a note
            parts[0].kinds = parts[0].kinds.replace("note", "") + " slide"
        if section.told:
            parts = with_notes(parts, section.told)
        marks = f'data-chapter="{chapter}" ' * (chapter != before)
        marks += f'data-until="{section.until}" ' * bool(section.until)
        for part in parts:
            found += f'<div {marks}class="piece {part.kinds}">{part.html}</div>\n'
            marks = ""
        before = chapter
    return found


def slides(
    notebooks: Sequence[tuple[str, NotebookNode]],
    names: Sequence[str] = (),
    *,
    short: bool = False,
    plan: Plan | None = None,
) -> str:
    """Slides of chapters as one HTML page, or of the sections with these names, in their order.

    Chapters come with the names of their files; "02_title" has the number 2. A plan makes a short
    deck of what it names, with its minutes.
    """
    short = short or bool(plan)
    page = TEACHING.read_text(encoding="utf-8") if short else ""
    chapters = [sections_of(file, notebook, short=short) for file, notebook in notebooks]
    if plan:
        deck = planned([section for these in chapters for section in these], plan, page)
    else:
        said = teachers_notes(page)
        deck = [
            replace(section, told=said.get(section.name, ""))
            for section in chosen(chapters, names)
            if section.pieces
        ]
    for (file, _), sections in zip(notebooks, chapters, strict=True):
        if sections[0].chapter not in {section.chapter for section in deck}:
            raise ValueError(f"{file} has nothing to show")
    few = bool(plan or names)
    for piece in (piece for section in deck for piece in section.pieces if short and few):
        if piece.html.startswith("<blockquote") and "Goals" in piece.html:
            piece.kinds = "note"  # a few sections don't reach the goals of the chapter
    title = " · ".join(file for file, _ in notebooks)
    return written(title, body(deck, few=few), "short" * short)


def written(title: str, main: str, look: str = "") -> str:
    """The page around the pieces of a deck, with the styles, the font and the scripts they need."""
    figures = figures_in(main)
    scripts = [*map(browser_script, figures), *([host_script()] if figures else [])]
    scripts.append((HERE / "slides.js").read_text(encoding="utf-8"))
    scripts = [script.replace("</script", r"<\/script") for script in scripts]
    styles = [
        formulas.font_css(formulas.drawn(main)),
        read("theme.css"),
        HtmlFormatter().get_style_defs(".highlight"),
        (HERE / "slides.css").read_text(encoding="utf-8"),
    ]
    look = look and f" class={look}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"{look}><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style></head>\n"
        f"<body><main>\n{main}</main>\n"
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )
