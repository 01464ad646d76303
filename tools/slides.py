"""A chapter as slides: one HTML file that needs no network, with its figures alive.

The page holds the pieces of a chapter in their order, and `slides.js` measures them and fills the
slides: only the browser knows how high a formula is. What the book folds (imports, checks) is left
out, as are assertions, the code of pictures, solutions and references. In a short deck whatever a
slide doesn't show is a note to it, in a window of the teacher's own.

Why not reveal.js, which nbconvert writes? It fills no slide: what stands in one `<section>` is cut
where the window ends, and a chapter's cells come as one. So the laying out would stay here, and
166 kB of a package would replace the turning alone.
"""

import ast
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

from book_ext import formulas
from book_ext.figures import figures_in
from book_ext.lab_images import USERS
from chapter_form import EXERCISE, PARSER, TAG, parser
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_utils.exercises import find_exercises
from course_utils.figures.scripts import browser_script, host_script, read

HERE = Path(__file__).parent
TEACHING = HERE.parent / "pages" / "teaching.md"
PNG_EM = 40  # pixels of a picture, which has 200 an inch, for the width of a letter
DISPLAYS = {"math_block", "math_block_label", "amsmath"}
FEW = 20  # letters of a sentence that says nothing alone
LINES = 12  # of a definition on a slide of a short deck, without its documentation
ATOM = re.compile(r"\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)|et al\.")  # holds no end of a sentence
DISPLAY = re.compile(r"(?s)\$\$.+?\$\$")
TABLE = re.compile(r"(?m)^[-| :]+$")
MARKED = re.compile(r"(?s)(<math(?:(?!</math>).)*</math>\)?[.,;:?!]\)?)")  # a formula, and its mark
ASKED = re.compile(  # a question of the teacher's notes; what follows *Say:* is not for the class
    r"(?s)\*\*Ask( at the end)?:\*\*(.*?)\*Likely reply:\*.*?"
    r"\*Answer:\*(.*?)(?=\*Say:\*|\*\*Ask|\Z)"
)
MEANS = re.compile(r"(?s)^(?:Write \$|(?:Let|Call) [^.]*\$).{,200}$")  # what a letter means
LEANS = re.compile(  # on the sentence before it
    r"^(?:So|Both)\b|^[^:,.]*\b(?i:this|that is|these|they|them|it|its|such)\b"
)
SYMBOLS = re.compile(r"(?m)^\|? *Symbol \|")
PLANNED = re.compile(r"(\()?((?:exercise )?\d+\.\d+|break) · (\d+)")
SLIP = re.compile(r"(?s)\*(?:Exercise )?(\d+\.\d+):\*(.*?)(?=\*(?:Exercise )?\d+\.\d+:\*|\n\n|\Z)")
ROLE = re.compile(r"\{\w+\}`([^`<]+?)(?: <[^`>]*>)?`")  # a reference of the book
DEMONSTRATED = "7.0"  # the section of a plan that the demonstration follows
FIGURE = "Run this cell, or allow JavaScript, to use it."  # what a figure's static form ends with


@dataclass
class Piece:
    """A part of a cell that is not cut; `kinds` are classes of the page, `slides.js` lists them."""

    html: str
    kinds: str = ""
    section: str = ""
    exercise: str = ""  # the number of the one that it belongs to


class Planned(NamedTuple):
    """What a plan has time for: a section like 2.1, "exercise 2.1", or "break"."""

    name: str
    minutes: int
    extra: bool  # may be left out


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_solution(cell: NotebookNode) -> bool:
    """Whether a cell is code or text of a solution."""
    return "solution" in tags(cell) or cell.source.startswith("<details>")


def title_level(text: str) -> int:
    """Level of the heading that a text begins with; 0 if with none."""
    first = PARSER.parse(text)[:1]
    return int(first[0].tag[1]) if first and first[0].type == "heading_open" else 0


def blocks(text: str) -> list[str]:
    """Cut Markdown into its paragraphs, lists and boxes.

    A display stays with the text before it, a heading with the text after it.
    """
    lines = text.splitlines()
    found = [t for t in PARSER.parse(text) if t.level == 0 and t.map and t.nesting >= 0]
    starts = [
        t.map[0]
        for before, t in pairwise([None, *found])
        if t and t.map and not (before and (t.type in DISPLAYS or before.type == "heading_open"))
    ]
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[i:j]).strip() for i, j in zip(starts, ends, strict=True)]


def sentences(text: str) -> list[str]:
    """Cut a paragraph into its sentences; formulas, code and links stay whole."""
    hidden = ATOM.sub(lambda found: "x" * len(found[0]), text)
    ends = [found.end() for found in re.finditer(r"[.?!][*_\")]*\s+(?=\S)", hidden)]
    return [text[i:j].strip() for i, j in pairwise([0, *ends, len(text)])]


def parted_opening(text: str) -> tuple[str, list[str]]:
    """The first sentence, or two where that is a word like "(An hour.)" or asks, and the others."""
    found = sentences(text)
    alone = found[0].replace("*", "")
    asks = alone.endswith("?") and not "".join(found[1:2]).endswith(":")  # what follows is a table
    end = 1 + (len(alone) < FEW or "no such " in alone or asks)
    return " ".join(found[:end]), found[end:]


def lead(found: Sequence[str]) -> str:
    """The last sentence, with one or two that it leans on, and what the letters after it mean."""
    start = len(found) - 1
    while 0 < start > len(found) - 3 and (len(found[start]) < FEW or LEANS.search(found[start])):
        start -= 1
    start = max(0, start)
    return " ".join([*filter(MEANS.match, found[:start]), *found[start:]])


def item(text: str) -> str:
    """The first sentence of an item of a list, and its equations where it has none itself."""
    opens, rest = parted_opening(text)
    return " ".join([opens, *(s for s in rest if "$" not in opens and re.search(r"\$[^$]*=", s))])


def essence(text: str) -> str:
    """What a short deck shows of a block; may be nothing.

    Titles with the sentence that follows, first sentences of a list's items and of what begins in
    bold, the name of a box, tables of symbols, what letters mean, and displays, each with the
    sentence that leads to it.
    """
    title, _, rest = text.partition("\n\n") if title_level(text) else ("", "", text)
    displays = DISPLAY.findall(rest)
    words = rest.split("$$")[0].strip()
    table = TABLE.search(words)
    opening, others = "", sentences(words)
    if words and ((title and not table) or words.startswith("**")):
        opening, others = parted_opening(words)
    shown: list[str] = []
    if words.startswith("> **Note"):
        shown = []  # its title says nothing alone
    elif words.startswith("> "):
        fix = re.search(r"\*\*Fix:\*\*.*", words)
        shown = [words.split("\n")[0] + (f"\n>\n> {fix[0]}" if fix else "")]
    elif re.match(r"[-*] |\d+\. ", words):
        items = re.split(r"\n+(?=[-*] |\d+\. )", words)
        shown = ["\n".join(map(item, items))]
    elif displays:
        shown = [opening, lead(others), *displays]
    elif words.startswith("**Figure "):
        name, what, *more = [*sentences(words), ""]
        shown = [" ".join([name, what, *(s for s in more if s.startswith("Right: "))]).strip()]
    elif table:
        shown = [words] if SYMBOLS.search(words) else []
    else:
        meant = [s for s in others if MEANS.match(s) and s.split()[1][0] == "$"]
        shown = [" ".join([opening, *meant]).strip()]
    return "\n\n".join(part for part in [title, *shown] if part)


def html(text: str) -> str:
    """Markdown as HTML, its formulas as MathML, links to other chapters as words.

    A browser would break a line between a formula and the full stop behind it.
    """
    page = re.sub(r'<a href="\w+\.ipynb">(.*?)</a>', r"\1", str(RENDERER.render(text)))
    return MARKED.sub(r'<span class="line">\1</span>', page)


def formula(renderer: RendererHTML, tokens: Sequence[Token], i: int, *rest: object) -> str:
    """One formula; the number of an equation stands behind it."""
    tex = TAG.sub("", tokens[i].content).strip()
    if tokens[i].type != "math_block":
        return formulas.mathml(tex)
    number = TAG.search(tokens[i].content)
    mark = f"<span>({number[1]})</span>" if number else ""
    return f'<div class="formula">{formulas.display(tex)}{mark}</div>'


RENDERER = parser()
for _name in ("math_inline", "math_inline_double", "math_block"):
    RENDERER.add_render_rule(_name, formula)


def without_asserts(source: str) -> str:
    """Code without the assertions between its statements, and the comments above those."""
    lines = source.splitlines()
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic of IPython
        return source
    for statement in reversed(statements):
        if isinstance(statement, ast.Assert):
            start = statement.lineno - 1
            while start and lines[start - 1].startswith("#"):
                start -= 1
            del lines[start : statement.end_lineno]
    return "\n".join(lines).strip()


def code(source: str) -> Iterator[Piece]:
    """Python in colours, cut where a blank line ends a statement."""
    shown = without_asserts(source).replace("  # fmt: skip", "")
    for i, part in enumerate(re.split(r"\n{2,}(?=[^\s)\]}])", shown) if shown else []):
        yield Piece(highlight(part, PythonLexer(), HtmlFormatter()), "near more" if i else "")


def outputs(cell: NotebookNode, *, short: bool = False) -> Iterator[Piece]:
    """What a cell printed and drew; what it printed is on no slide of a short deck."""
    alt = escape(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            words = data["text/html"]
            still = bool(USERS & set(figures_in(words)))  # its images come with the book
            if still:
                words = re.sub(r"(?s)<script.*?</script>| data-afm=\"\w+\"", "", words)
            words = words.replace(FIGURE, "It works in the book: open this chapter there.")
            yield Piece(words, "near" if still else "figure")
        elif "image/png" in data:
            png = data["image/png"].strip()
            width = int.from_bytes(b64decode(png[:32])[16:20], "big") / PNG_EM
            style = f"width: {width:.1f}em"
            yield Piece(f'<img src="data:image/png;base64,{png}" alt="{alt}" style="{style}">')
        elif text := output.get("text") or data.get("text/plain"):
            yield Piece(
                f'<pre class="output">{escape(text.rstrip())}</pre>', "note" if short else "near"
            )


def parted(source: str) -> tuple[str, str]:
    """Definitions that code begins with, if a slide can show their lines large, and the rest."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic of IPython
        return "", source
    kinds = (ast.FunctionDef, ast.ClassDef)
    ends = [s.end_lineno for s in takewhile(lambda s: isinstance(s, kinds), statements)]
    if not (ends and re.match(r"def |class |@", source)):
        return "", source
    lines, end = source.splitlines(), ends[-1]
    definitions, rest = "\n".join(lines[:end]), "\n".join(lines[end:]).strip()
    few = len(re.sub(r'(?s)\n *""".*?"""', "", definitions).splitlines()) <= LINES
    return (definitions, rest) if few else ("", source)


def pieces(notebook: NotebookNode, chapter: str = "", *, short: bool = False) -> Iterator[Piece]:
    """What there is to show of a chapter, in its order; its sections get numbers like 2.1.

    A cell's slide type, which JupyterLab sets, becomes a kind: "skip" is left out, "slide" begins
    one. Code that does nothing but assert is left out, too. What a short deck leaves off its slides
    is of the kind "note".
    """
    exercise, section, count = "", "", 0
    for cell in notebook.cells:
        if is_solution(cell) or {"remove-cell", "setup", "imports", "checks"} & set(tags(cell)):
            continue
        shown = []
        if cell.cell_type == "markdown":
            for text in blocks(cell.source):
                level = title_level(text)
                if level:
                    found = EXERCISE.search(text)
                    exercise = found[1] if found else ""
                if level == 2:
                    section, count = text.splitlines()[0].lstrip("# "), count + 1
                    if chapter:
                        text = text.replace("## ", f"## {chapter}.{count} ", 1)
                kind = "bound" if text.startswith("**Figure ") else ""
                whole = section == "Summary" or text.startswith("> **Goals")
                kept = essence(text) if short and not whole else text
                if kept:
                    shown.append(Piece(html(kept), kind, section, exercise))
                if kept != text:
                    shown.append(Piece(html(text), "note", section, exercise))
        elif not exercise:
            shown = [] if "remove-output" in tags(cell) else list(outputs(cell, short=short))
            hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
            alive = any("text/html" in output.get("data", {}) for output in cell.outputs)
            draws = alive or "plt.show()" in cell.source
            shows = shown or not re.search(r"(?m)^assert ", cell.source) or "def " in cell.source
            if shows and not (hidden or draws or {"drawing", "measuring"} & set(tags(cell))):
                large, rest = parted(cell.source) if short else (cell.source, "")
                said = [Piece(piece.html, "note") for piece in code(rest)]
                shown = [*code(large), *said, *shown]
            for piece in shown:
                piece.section = section
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        for i, piece in enumerate(shown):
            if kind == "skip" or piece.section == "References":
                piece.kinds += " skip"
            elif kind == "slide" and i == 0:
                piece.kinds += " slide"
            elif kind == "notes" and short:
                piece.kinds = "note"
            yield piece


def chosen(titles: Sequence[str], names: Sequence[str], chapter: str = "") -> set[str]:
    """Titles of the sections that are asked for, by number (2.3, or 3) or how they begin.

    The opening, before the first, is 2.0; its title is empty.
    """
    found = set()
    for name in names:
        these = [
            title
            for i, title in enumerate(["", *titles])
            if name in (str(i), f"{chapter}.{i}") or title.lower().startswith(name.lower())
        ]
        if not these:
            listed = "".join(f"\n  {i}  {t}" for i, t in enumerate(["the opening", *titles]))
            raise ValueError(f"there is no section {name}; these are there:{listed}")
        found |= set(these)
    return found


def teachers_notes(page: str) -> dict[str, str]:
    """What `pages/teaching.md` has to say of sections, by their numbers."""
    return dict(re.findall(r"(?m)^(\d+\.\d+)(?: · .+)?\n: ((?:.+\n)+)", page))


def plans(page: str) -> dict[str, list[Planned]]:
    """Plans of `pages/teaching.md`: the lecture, whose minutes stand at its notes, and sessions."""
    timed = re.findall(r"(?m)^(\d+\.\d+) · (\d+) minutes(.*)\n: ", page)
    found = {"lecture": [Planned(name, int(time), bool(extra)) for name, time, extra in timed]}
    for session, line in re.findall(r"(?ms)^\*\*Session (\d+)\b.*?\*Plan:\*(.*?)\n  \*", page):
        found[f"session-{session}"] = [
            Planned(name, int(time), bool(extra)) for extra, name, time in PLANNED.findall(line)
        ]
    return found


def questions(words: str) -> tuple[list[Piece], list[Piece]]:
    """Questions of a section's notes with their answers: those asked first, and at the end."""
    found: tuple[list[Piece], list[Piece]] = [], []
    for late, question, answer in ASKED.findall(words):
        page = (
            f'<div class="question">{html(question)}</div><div class="answer">{html(answer)}</div>'
        )
        found[bool(late)].append(Piece(page, "ask slide" if late else "ask near"))
    return found


def own(names: Sequence[str], chapter: str, chapters: Sequence[str]) -> list[str]:
    """Names of sections without those that are numbers of the other chapters, like 3.1."""
    others = set(chapters) - {chapter}
    return [name for name in names if name.split(".")[0] not in others or "." not in name]


def parts_by_section(
    number: str, title: str, notebook: NotebookNode, *, short: bool
) -> tuple[str, dict[str, list[Piece]]]:
    """Name of a chapter and its pieces, by the titles of its sections; the opening has none."""
    parts = list(pieces(notebook, number, short=short))
    heading = re.search(r"<h1>(.*?)</h1>", "".join(part.html for part in parts))
    name = re.sub("<.*?>", "", heading[1]) if heading else escape(title)
    sections: dict[str, list[Piece]] = {"": []}
    for part in parts:
        sections.setdefault(part.section, []).append(part)
    return f"{number} {name}".strip(), sections


def statement(parts: Sequence[Piece], minutes: int) -> list[Piece]:
    """An exercise in full: what a short deck has in its notes instead of what it shows."""
    told = [part.kinds == "note" for part in [*parts[1:], Piece("")]]
    whole = [
        Piece(re.sub("(?s)^.*?<h3>(Exercise.*?)</h3>", r"<h2>\1</h2>", part.html))
        for part, in_full in zip(parts, told, strict=True)
        if part.kinds == "note" or not in_full
    ]
    return [*whole, Piece(f"<p><em>{minutes} minutes, in the notebook of the chapter.</em></p>")]


def helped(number: str, notebook: NotebookNode, page: str) -> tuple[str, str]:
    """What a teacher has at hand for an exercise: hint and slips in words, its solution as HTML."""
    exercise = find_exercises().get(number)
    words = f"*Hint:* {exercise.hint}" if exercise else ""
    if slips := dict(SLIP.findall(page)).get(number):
        words += f"\n\n*Slips:*{slips}"
    solved, at = "", ""
    for cell in notebook.cells:
        if title_level(cell.source) and (found := EXERCISE.search(cell.source)):
            at = found[1]
        elif at == number and is_solution(cell):
            text = re.sub(r"</?details>|<summary>.*?</summary>", "", cell.source)
            told = cell.cell_type == "markdown"
            solved += html(text) if told else "".join(piece.html for piece in code(text))
    return words, solved and f"<p><em>Solution:</em></p>{solved}"


def demonstration(page: str) -> list[Piece]:
    """Questions of the demonstration with the lab; what to do and see is in the notes."""
    found = re.search(r"(?ms)^\(lab-demonstration\)=\n## (.+?)\n(.*?)^\(", ROLE.sub(r"\1", page))
    if not found:
        return []
    opening, *items = re.split(r"(?m)^\d+\. (?=\*\*Ask\*\*)", found[2])
    parts = [Piece(f"<h2>{found[1]}</h2>", "slide"), Piece(html(opening), "note teacher")]
    for i, item in enumerate(items):
        asked = re.search(
            r"(?s)\)\. (.*?\?).*?\*Seen:\*(.*?)\n\n.*?\*Conclude:\*(.*?)(?=\n\n|\Z)", item
        )
        if not asked:
            raise ValueError(f"the demonstration has no question, Seen and Conclude in: {item}")
        seen, concluded = (words.strip() for words in asked.groups()[1:])
        answer = html(f"{seen[0].upper()}{seen[1:]}\n\n**{concluded[0].upper()}{concluded[1:]}**")
        words = f'<div class="question">{html(asked[1])}</div><div class="answer">{answer}</div>'
        note = Piece(html(re.sub("(?m)^ +", "", item)), "note teacher")
        parts += [Piece(words, "ask slide" if i else "ask near"), note]
    return parts


def with_notes(parts: list[Piece], told: str, solved: str = "") -> list[Piece]:
    """A section with the teacher's notes to its first piece, and with the questions in them."""
    now, end = questions(told)
    note = Piece(html(told) + solved, "note teacher")
    title, mark, opens = parts[0].html.partition("</h2>")
    first, rest = [parts[0]], parts[1:]
    if now and mark:  # no answer is seen before its question
        first = [replace(parts[0], html=title + mark)]
        rest = [Piece(opens), *rest] if opens.strip() else rest
    if now and (shown := [part for part in rest if part.kinds != "note"]):
        shown[0].kinds += " slide"
    return [*first, note, *now, *rest, *end]


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
    numbers = [found[1] if (found := re.match(r"0*(\d+)_", t)) else "" for t, _ in notebooks]
    short = short or bool(plan)
    names = [item.name for item in plan] or names
    page = TEACHING.read_text(encoding="utf-8") if short else ""
    said = teachers_notes(page)
    help_for: dict[str, tuple[str, str]] = {}
    deck: list[tuple[int, int, str, str, list[Piece]]] = []
    for number, (title, notebook) in zip(numbers, notebooks, strict=True):
        chapter, sections = parts_by_section(number, title, notebook, short=short)
        titles = list(sections)[1:]
        apart = [name for name in names if plan and not name[0].isdigit()]
        asked = own([name for name in names if name not in apart], number, numbers)
        chosen(titles, asked, number)  # names what is not there
        first = len(deck)
        for i, section in enumerate(sections):
            at = [
                j
                for j, n in enumerate(names)
                if n in asked and section in chosen(titles, [n], number)
            ]
            parts = [part for part in sections[section] if "skip" not in part.kinds.split()]
            tasks = [part for part in parts if part.exercise] if plan else []
            parts = [part for part in parts if part not in tasks]
            if parts and (at or not names):
                deck.append((min(at, default=0), len(deck), chapter, f"{number}.{i}", parts))
            for task in dict.fromkeys(part.exercise for part in tasks):
                if (name := f"exercise {task}") in names:
                    i = names.index(name)
                    these = [part for part in tasks if part.exercise == task]
                    these = statement(these, plan[i].minutes)
                    help_for[name] = helped(task, notebook, page)
                    deck.append((i, len(deck), chapter, name, these))
        if len(deck) == first:
            raise ValueError(f"{title} has nothing to show")
    for i, item in enumerate(plan):
        if item.name == "break":
            rest = Piece(f"<h2>Break</h2><p>{item.minutes} minutes</p>")
            deck.append((i, len(deck), "", item.name, [rest]))
    body, minute, before = "", 0, ""
    for i, _, chapter, number, parts in sorted(deck, key=lambda section: section[:2]):
        chapter = chapter or before
        if short and names:
            for part in parts:
                if part.html.startswith("<blockquote") and "Goals" in part.html:
                    part.kinds = "note"  # a few sections don't reach the goals of the chapter
        if chapter != before or (names and (plan or number in said)):
            parts[0].kinds = parts[0].kinds.replace("note", "") + " slide"  # no piece before it
        told, solved = help_for.get(number, (said.get(number, ""), ""))
        if plan:
            minute += plan[i].minutes
            times = f"**{plan[i].minutes} minutes, to minute {minute}.**"
            if plan[i].extra:
                times += " May be left out: → goes on to the next section."
                parts[0].kinds += " extra"
            told = f"{times} {told}"
        if told:
            parts = with_notes(parts, told, solved)
        if plan and number == DEMONSTRATED:
            parts = [*parts, *demonstration(page)]
        divs = "".join(f'<div class="piece {p.kinds}">{p.html}</div>\n' for p in parts)
        if chapter != before:
            divs = divs.replace("<div", f'<div data-chapter="{chapter}"', 1)
        body, before = body + divs, chapter
    title = " · ".join(title for title, _ in notebooks)
    figures = figures_in(body)
    scripts = [*map(browser_script, figures), *([host_script()] if figures else [])]
    scripts.append((HERE / "slides.js").read_text(encoding="utf-8"))
    scripts = [script.replace("</script", r"<\/script") for script in scripts]
    styles = [
        formulas.font_css(formulas.drawn(body)),
        read("theme.css"),
        HtmlFormatter().get_style_defs(".highlight"),
        (HERE / "slides.css").read_text(encoding="utf-8"),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"{" class=short" * short}><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style></head>\n"
        f"<body><main>\n{body}</main>\n"
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )
