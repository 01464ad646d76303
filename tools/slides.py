"""A deck of slides: one HTML file that needs no network, with the figures of chapters alive.

It holds whole chapters, sections of them, or what a plan of `pages/teaching.md` has time for.
`slides.js` measures the pieces and fills the slides: only the browser knows how high a formula is.
In a short deck whatever a slide doesn't show is a note to it, in a window of the teacher's own.

Why not reveal.js, which nbconvert writes? It fills no slide: what stands in one `<section>` is cut
where the window ends, and a chapter's cells come as one. So the laying out would stay here, and
166 kB of a package would replace the turning alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

from book_ext import formulas
from book_ext.figures import figures_in
from nbformat import NotebookNode
from pieces import Piece, html, pieces
from pygments.formatters import HtmlFormatter
from teaching_page import TEACHING, Planned, demonstration, questions, slips, teachers_notes

from course_utils.exercises import find_exercises
from course_utils.figures.scripts import browser_script, host_script, read

HERE = Path(__file__).parent
DEMONSTRATED = "7.0"  # the section of a plan that the demonstration follows


@dataclass
class Section:
    """A part of a deck."""

    name: str  # a section like 2.1, where 2.0 is the opening, "exercise 2.1", or "break"
    title: str
    chapter: str  # its number and name
    pieces: list[Piece]
    told: str = ""  # by the page for teachers


def sections_of(file: str, notebook: NotebookNode, *, short: bool) -> list[Section]:
    """The sections of a chapter; its opening, before the first, has no title."""
    found = re.match(r"0*(\d+)_", file)
    number = found[1] if found else ""
    parts: dict[str, list[Piece]] = {"": []}
    for piece in pieces(notebook, number, short=short):
        these = parts.setdefault(piece.section, [])
        if "skip" not in piece.kinds.split():
            these.append(piece)
    heading = re.search(r"<h1>(.*?)</h1>", "".join(part.html for part in parts[""]))
    name = re.sub("<.*?>", "", heading[1]) if heading else escape(file)
    return [
        Section(f"{number}.{i}", title, f"{number} {name}".strip(), parts[title])
        for i, title in enumerate(parts)
    ]


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


def exercise(name: str, minutes: int, home: Section, usual: str) -> Section:
    """An exercise in full: what a short deck has in its notes instead of what it shows.

    The teacher has a hint, the usual slips and the solution at hand.
    """
    number = name.split()[1]
    parts = [part for part in home.pieces if part.exercise == number]
    stated = [part for part in parts if part.kinds != "solution"]
    notes = [part.kinds == "note" for part in [*stated[1:], Piece("")]]
    whole = [
        Piece(re.sub("(?s)^.*?<h3>(Exercise.*?)</h3>", r"<h2>\1</h2>", part.html))
        for part, in_full in zip(stated, notes, strict=True)
        if part.kinds == "note" or not in_full
    ]
    solved = "".join(part.html for part in parts if part.kinds == "solution")
    solution = [Piece(f"<p><em>Solution:</em></p>{solved}", "note teacher")] if solved else []
    time = Piece(f"<p><em>{minutes} minutes, in the notebook of the chapter.</em></p>")
    told = f"*Hint:* {find_exercises()[number].hint}" + f"\n\n*Slips:*{usual}" * bool(usual)
    return Section(name, "", home.chapter, [whole[0], *solution, *whole[1:], time], told)


def planned(
    chapters: Sequence[Sequence[Section]], plan: Sequence[Planned], page: str
) -> list[Section]:
    """What a plan names, with its minutes."""
    there = {section.name: section for sections in chapters for section in sections}
    homes = {part.exercise: s for s in there.values() for part in s.pieces if part.exercise}
    said, usual = teachers_notes(page), slips(page)
    deck, minute = [], 0
    for item in plan:
        number = item.name.split()[-1]
        if item.name == "break":
            rest = Piece(f"<h2>Break</h2><p>{item.minutes} minutes</p>")
            section = Section(item.name, "", "", [rest])
        elif item.name.startswith("exercise"):
            section = exercise(item.name, item.minutes, homes[number], usual.get(number, ""))
        else:
            (section,) = chosen(chapters, [number])
            section.pieces = [part for part in section.pieces if not part.exercise]
            if number == DEMONSTRATED:
                section.pieces += demonstration(page)
            section.told = said.get(number, "")
        minute += item.minutes
        times = f"**{item.minutes} minutes, to minute {minute}.**"
        if item.extra:
            times += " May be left out: → goes on to the next section."
            section.pieces[0].kinds += " extra"
        section.told = f"{times} {section.told}"
        deck.append(section)
    return deck


def with_notes(parts: list[Piece], told: str) -> list[Piece]:
    """A section with the teacher's notes to its first piece, and with the questions in them."""
    now, end = questions(told)
    note = Piece(html(told), "note teacher")
    title, mark, opens = parts[0].html.partition("</h2>")
    first, rest = [parts[0]], parts[1:]
    if now and mark:  # no answer is seen before its question
        first = [replace(parts[0], html=title + mark)]
        rest = [Piece(opens), *rest] if opens.strip() else rest
    if now and (shown := [part for part in rest if not part.kinds.startswith("note")]):
        shown[0].kinds += " slide"
    return [*first, note, *now, *rest, *end]


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
        divs = "".join(f'<div class="piece {p.kinds}">{p.html}</div>\n' for p in parts)
        if chapter != before:
            divs = divs.replace("<div", f'<div data-chapter="{chapter}"', 1)
        found, before = found + divs, chapter
    return found


def slides(
    notebooks: Sequence[tuple[str, NotebookNode]],
    names: Sequence[str] = (),
    *,
    short: bool = False,
    plan: Sequence[Planned] = (),
) -> str:
    """Slides of chapters as one HTML page, or of the sections with these names, in their order.

    Chapters come with the names of their files; "02_title" has the number 2. A plan makes a short
    deck of what it names, with its minutes.
    """
    short = short or bool(plan)
    page = TEACHING.read_text(encoding="utf-8") if short else ""
    chapters = [sections_of(file, notebook, short=short) for file, notebook in notebooks]
    deck = planned(chapters, plan, page)
    if not plan:
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
    return written(title, body(deck, few=few), short=short)


def written(title: str, main: str, *, short: bool) -> str:
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
    return (
        f'<!DOCTYPE html>\n<html lang="en"{" class=short" * short}><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style></head>\n"
        f"<body><main>\n{main}</main>\n"
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )
