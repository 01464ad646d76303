"""What of a chapter stands on slides: its pieces, in their order, none of which is cut.

What the book folds (imports, checks) is left out, as are assertions, the code of pictures and
references.
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
DISPLAY = re.compile(r"(?s)\$\$.+?\$\$")
MARKED = re.compile(r"(?s)(<math(?:(?!</math>).)*</math>\)?[.,;:?!]\)?)")  # a formula, and its mark
FIGURE = "Run this cell, or allow JavaScript, to use it."  # what a figure's static form ends with


@dataclass
class Piece:
    """A part of a cell that is not cut; `kinds` are classes of the page, `slides.js` lists them."""

    html: str
    kinds: str = ""
    exercise: str = ""  # the number of the one that it belongs to


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
RENDERER.options["highlight"] = lambda source, *_: (
    f'<pre class="highlight">{highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))}</pre>'
)
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


def outputs(cell: NotebookNode) -> Iterator[Piece]:
    """What a cell printed and drew."""
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
            yield Piece(f'<pre class="output">{escape(text.rstrip())}</pre>', "near")


def defined(source: str) -> str:
    """The definitions that code begins with, or all of it, if it begins with none."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = list(takewhile(lambda s: isinstance(s, kinds), ast.parse(source).body))
    return "\n".join(source.splitlines()[: found[-1].end_lineno]) if found else source


def pieces(notebook: NotebookNode, chapter: str = "") -> Iterator[Piece]:
    """What there is to show of a chapter, in its order; its sections get numbers like 2.1.

    A cell's slide type, which JupyterLab sets, becomes a kind: "skip" is left out, "slide" begins
    one. Code that does nothing but assert is left out, too. A solution is of the kind "solution".
    """
    exercise, section, count = "", "", 0
    for cell in notebook.cells:
        if {"remove-cell", "setup", "imports", "checks"} & set(tags(cell)):
            continue
        if is_solution(cell):
            told = re.sub(r"</?details>|<summary>.*?</summary>|^# Solution .*\n", "", cell.source)
            markdown = cell.cell_type == "markdown"  # what tries code out is in the notebook
            words = html(told) if markdown else "".join(p.html for p in code(defined(told)))
            yield Piece(words, "solution", exercise)
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
                shown.append(Piece(html(text), kind, exercise))
        elif not exercise:
            shown = [] if "remove-output" in tags(cell) else list(outputs(cell))
            hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
            alive = any("text/html" in output.get("data", {}) for output in cell.outputs)
            draws = alive or "plt.show()" in cell.source
            shows = shown or not re.search(r"(?m)^assert ", cell.source) or "def " in cell.source
            if shows and not (hidden or draws or {"drawing", "measuring"} & set(tags(cell))):
                shown = [*code(cell.source), *shown]
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        for i, piece in enumerate(shown):
            if kind == "skip" or section == "References":
                piece.kinds += " skip"
            elif kind == "slide" and i == 0:
                piece.kinds += " slide"
            yield piece
