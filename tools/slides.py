"""A deck of slides: one HTML file that needs no network, with the figures of chapters alive.

It holds a whole chapter, or what is written in `decks/`. `slides.js` measures the pieces of a
chapter and fills the slides: only the browser knows how high a formula is.

Why not reveal.js, which nbconvert writes? It fills no slide: what stands in one `<section>` is cut
where the window ends, and a chapter's cells come as one. So the laying out would stay here, and
166 kB of a package would replace the turning alone.
"""

import re
from html import escape
from pathlib import Path

from book_ext import formulas
from book_ext.figures import figures_in
from nbformat import NotebookNode
from pieces import pieces
from pygments.formatters import HtmlFormatter

from course_utils.figures.scripts import browser_script, host_script, read

HERE = Path(__file__).parent


def slides(file: str, notebook: NotebookNode) -> str:
    """Slides of a chapter as one HTML page; the file "02_title" has the number 2."""
    found = re.match(r"0*(\d+)_", file)
    number = found[1] if found else ""
    parts = [p for p in pieces(notebook, number) if not {"skip", "solution"} & {*p.kinds.split()}]
    if not parts:
        raise ValueError(f"{file} has nothing to show")
    heading = re.search(r"<h1>(.*?)</h1>", "".join(part.html for part in parts))
    name = re.sub("<.*?>", "", heading[1]) if heading else escape(file)
    marks = f'data-chapter="{f"{number} {name}".strip()}" '
    main = "".join(f'<div class="piece {part.kinds}">{part.html}</div>\n' for part in parts)
    return written(file, main.replace("<div ", f"<div {marks}", 1))


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
