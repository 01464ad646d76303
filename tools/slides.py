"""A chapter as slides: one HTML file that needs no network, with its figures alive.

A section of the chapter goes from left to right, a slide holds as much of it as fits. What the book
folds (imports, checks) is left out, as are solutions. `slides.js` turns the pages.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil
from pathlib import Path

from book_ext import formulas
from book_ext.figures import figures_in
from book_ext.lab_images import USERS
from chapter_form import EXERCISE, TAG, parser
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_utils.figures.scripts import browser_script, host_script, read

HERE = Path(__file__).parent
LINES = 22  # of text on a slide, before its letters are made smaller
LETTERS = 92  # in a line of text
DISPLAYS = {"math_block", "math_block_label", "amsmath"}
FIGURE = "Run this cell, or allow JavaScript, to use it."  # what a figure's static form ends with


@dataclass
class Piece:
    """A cell's part that stays together."""

    html: str
    lines: float
    level: int = 0  # of the heading that it begins with
    alone: bool = False


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def is_solution(cell: NotebookNode) -> bool:
    """Whether a cell is code or text of a solution."""
    return "solution" in tags(cell) or cell.source.startswith("<details>")


def title_level(text: str) -> int:
    """Level of the heading that a text begins with; 0 if with none."""
    first = parser().parse(text)[:1]
    return int(first[0].tag[1]) if first and first[0].type == "heading_open" else 0


def blocks(text: str) -> list[str]:
    """Cut Markdown into its paragraphs, lists and boxes.

    A display stays with the text before it, a heading with the text after it.
    """
    lines = text.splitlines()
    found = [t for t in parser().parse(text) if t.level == 0 and t.map and t.nesting >= 0]
    starts = [
        t.map[0]
        for before, t in pairwise([None, *found])
        if t and t.map and not (before and (t.type in DISPLAYS or before.type == "heading_open"))
    ]
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[i:j]).strip() for i, j in zip(starts, ends, strict=True)]


def height(text: str) -> float:
    """About how many lines a block of Markdown takes, its distance included."""
    words, *displays = re.split(r"(?s)\$\$(.*?)\$\$", text)
    words += "".join(displays[1::2])
    formula_lines = sum(2 * tex.count(r"\\") + 2.7 for tex in displays[::2])
    lines = [ceil(len(line) / LETTERS) for line in words.splitlines() if line.strip("> ")]
    return (1.7 if title_level(text) else 0.5) + sum(lines) + formula_lines


def printed(lines: list[str]) -> float:
    """About how many lines of text a block of code takes, whose letters are smaller."""
    return 0.75 * len(lines) + 1


def html(text: str) -> str:
    """Markdown as HTML, its formulas as MathML, links to other chapters as words."""
    rules = parser()
    for name in ("math_inline", "math_inline_double", "math_block"):
        rules.add_render_rule(name, formula)
    return re.sub(r'<a href="\w+\.ipynb">(.*?)</a>', r"\1", str(rules.render(text)))


def formula(renderer: RendererHTML, tokens: Sequence[Token], i: int, *rest: object) -> str:
    """One formula; the number of an equation stands behind it."""
    tex = TAG.sub("", tokens[i].content).strip()
    if tokens[i].type != "math_block":
        return formulas.mathml(tex)
    number = TAG.search(tokens[i].content)
    mark = f"<span>({number[1]})</span>" if number else ""
    return f'<div class="formula">{formulas.display(tex)}{mark}</div>'


def outputs(cell: NotebookNode) -> Iterator[Piece]:
    """What a cell printed and drew."""
    alt = escape(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            words = data["text/html"]
            if USERS & set(figures_in(words)):  # its images come with the book
                words = re.sub(r"(?s)<script.*?</script>| data-afm=\"\w+\"", "", words)
            words = words.replace(FIGURE, "It works in the book: open this chapter there.")
            yield Piece(words, LINES, alone=True)
        elif "image/png" in data:
            image = f'<img src="data:image/png;base64,{data["image/png"].strip()}" alt="{alt}">'
            yield Piece(image, LINES - 4)
        elif text := output.get("text") or data.get("text/plain"):
            lines = text.rstrip().split("\n")
            yield Piece(f'<pre class="output">{escape(text.rstrip())}</pre>', printed(lines))


def pieces(notebook: NotebookNode) -> Iterator[Piece]:
    """What the slides show of a chapter, in its order."""
    in_exercise = False
    for cell in notebook.cells:
        if is_solution(cell) or {"remove-cell", "setup", "imports", "checks"} & set(tags(cell)):
            continue
        if cell.cell_type == "markdown":
            for text in blocks(cell.source):
                level = title_level(text)
                in_exercise = bool(EXERCISE.search(text)) if level else in_exercise
                yield Piece(html(text), 0 if text.startswith("**Figure ") else height(text), level)
        elif not in_exercise:
            shown = list(outputs(cell))
            hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
            folded = hidden or {"drawing", "measuring"} & set(tags(cell))
            if not folded and not any(piece.alone for piece in shown):
                code = highlight(cell.source, PythonLexer(), HtmlFormatter())
                shown.insert(0, Piece(code, printed(cell.source.splitlines())))
            texts = [piece for piece in shown if not piece.alone and "<img" not in piece.html]
            if texts:  # what is printed stays with the code that prints it
                yield Piece("".join(p.html for p in texts), sum(p.lines for p in texts))
            yield from (piece for piece in shown if piece not in texts)


def laid_out(parts: Iterator[Piece]) -> list[list[Piece]]:
    """Fill the slides; a new section begins one, a smaller one does where little room is left.

    A figure has one of its own, with its caption and the bare heading before it.
    """
    filled: list[list[Piece]] = []
    for piece in parts:
        last = filled[-1] if filled else []
        room = LINES - sum(p.lines for p in last)
        full = piece.lines and piece.lines + (4 if piece.level else 0) > room
        if piece.alone:
            begins = not (len(last) == 1 and last[0].level and last[0].lines < 3)
        else:
            after_figure = piece.lines > 0 and any(p.alone for p in last)
            begins = piece.level in (1, 2) or bool(full) or after_figure
        if begins or not last:
            filled.append([piece])
        else:
            last.append(piece)
    return filled


def slides(notebook: NotebookNode, title: str) -> str:
    """Slides of a chapter as one HTML page."""
    sections = []
    for parts in laid_out(pieces(notebook)):
        begins = ' class="part"' if parts[0].level in (1, 2) else ""
        sections.append(f"<section{begins}>{''.join(piece.html for piece in parts)}</section>\n")
    body = "".join(sections)
    names = figures_in(body)
    scripts = [*map(browser_script, names), *([host_script()] if names else [])]
    scripts.append((HERE / "slides.js").read_text(encoding="utf-8"))
    scripts = [script.replace("</script", r"<\/script") for script in scripts]
    styles = [
        formulas.font_css(formulas.drawn(body)),
        read("theme.css"),
        HtmlFormatter().get_style_defs(".highlight"),
        (HERE / "slides.css").read_text(encoding="utf-8"),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{''.join(styles)}</style></head>\n"
        f"<body><main>\n{body}</main>\n"
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body></html>\n"
    )
