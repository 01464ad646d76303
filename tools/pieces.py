"""What of a chapter stands on slides: its pieces, in their order, none of which is cut.

What the book folds (imports, checks) is left out, as are assertions, the code of pictures and
references. A short deck shows the essence of a text; what it leaves off its slides are notes.
"""

import ast
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise, takewhile

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

PNG_EM = 40  # pixels of a picture, which has 200 an inch, for the width of a letter
DISPLAYS = {"math_block", "math_block_label", "amsmath"}
FEW = 20  # letters of a sentence that says nothing alone
LINES = 12  # of a definition on a slide of a short deck, without its documentation
ATOM = re.compile(r"\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)|et al\.")  # holds no end of a sentence
DISPLAY = re.compile(r"(?s)\$\$.+?\$\$")
TABLE = re.compile(r"(?m)^[-| :]+$")
MARKED = re.compile(r"(?s)(<math(?:(?!</math>).)*</math>\)?[.,;:?!]\)?)")  # a formula, and its mark
MEANS = re.compile(r"(?s)^(?:Write \$|(?:Let|Call) [^.]*\$).{,200}$")  # what a letter means
LEANS = re.compile(  # on the sentence before it
    r"^(?:So|Both)\b|^[^:,.]*\b(?i:this|that is|these|they|them|it|its|such)\b"
)
SYMBOLS = re.compile(r"(?m)^\|? *Symbol \|")
FIGURE = "Run this cell, or allow JavaScript, to use it."  # what a figure's static form ends with


@dataclass
class Piece:
    """A part of a cell that is not cut; `kinds` are classes of the page, `slides.js` lists them."""

    html: str
    kinds: str = ""
    section: str = ""
    exercise: str = ""  # the number of the one that it belongs to


@dataclass
class Section:
    """A part of a deck."""

    name: str  # a section like 2.1, where 2.0 is the opening, or what else a plan has time for
    title: str
    chapter: str  # its number and name
    pieces: list[Piece]
    told: str = ""  # by the page for teachers
    until: int = 0  # the minute at which it ends


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


def parted_opening(text: str, few: int = FEW) -> tuple[str, list[str]]:
    """The first sentence, or two where that is a word like "(An hour.)" or asks, and the others."""
    found = sentences(text)
    alone = found[0].replace("*", "")
    asks = alone.endswith("?") and not "".join(found[1:2]).endswith(":")  # what follows is a table
    end = 1 + (len(alone) < few or "no such " in alone or asks)
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
    names = "**" in sentences(text)[0]  # what it is about, and may say nothing of it
    opens, rest = parted_opening(text, 32 if names else FEW)
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

    A browser would break a line between a formula and the full stop behind it, and in 20 000.
    """
    page = re.sub(r'<a href="\w+\.ipynb">(.*?)</a>', r"\1", str(RENDERER.render(text)))
    page = re.sub(r"(?<=\d) (?=\d{3}\b)", "\u00a0", page)
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
                name = escape(re.sub("(?s)^.*?Interactive figure: (.*?)[.].*", r"\1", words))
                words = (
                    f"<p><strong>{name}</strong> works in the book: open this section there.</p>"
                )
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
    is of the kind "note", a solution of the kind "solution": a deck says whether it shows these.
    """
    exercise, section, count = "", "", 0
    for cell in notebook.cells:
        if {"remove-cell", "setup", "imports", "checks"} & set(tags(cell)):
            continue
        if is_solution(cell):
            told = re.sub(r"</?details>|<summary>.*?</summary>|^# Solution .*\n", "", cell.source)
            definitions, _ = parted(told)  # what tries them out is in the notebook
            coded = "".join(piece.html for piece in code(definitions or told))
            words = html(told) if cell.cell_type == "markdown" else coded
            yield Piece(words, "solution", section, exercise)
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
                # Of the code of an opening a short deck shows nothing: it helps the chapter.
                opens = parted(cell.source) if section else ("", cell.source)
                large, rest = opens if short else (cell.source, "")
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
