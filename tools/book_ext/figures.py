"""Sphinx extension: ship the figures with the book, each page only those that stand on it."""

import re
from pathlib import Path
from typing import Any
from zlib import crc32

from sphinx.application import Sphinx

from course_utils.figures.scripts import browser_script, host_script, names, read

FIRST_SCREEN = 20_000  # characters of HTML: what follows is far below
FOLDER = "figures"  # below _static; Jupyter Book loads every script of _static itself on all pages


def write_assets(folder: Path) -> None:
    """Write the host, the style sheet and one script for each figure into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "theme.css").write_text(read("theme.css"), encoding="utf-8")
    files = {}
    for name in names():
        script = browser_script(name)
        (folder / f"{name}.js").write_text(script, encoding="utf-8")
        # A browser may keep a script of this name from an earlier build.
        files[name] = f"{name}.js?v={crc32(script.encode()):08x}"
    (folder / "host.js").write_text(host_script(files), encoding="utf-8")


def figures_in(body: str) -> list[str]:
    """Return the names of the figures a page's HTML holds, as they follow each other."""
    found = re.findall(r'<div[^>]*\bdata-afm="(\w+)"', body)
    return [name for name in dict.fromkeys(found) if name in names()]


def add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    """Load the host, which fetches each figure in its time, with the figure of the first screen.

    Pages without a figure load nothing.
    """
    body = context.get("body") or ""
    if "data-afm=" not in body:
        return
    app.add_css_file(f"{FOLDER}/theme.css")
    for name in figures_in(body[:FIRST_SCREEN])[:1]:
        app.add_js_file(f"{FOLDER}/{name}.js", loading_method="defer", priority=600)
    app.add_js_file(f"{FOLDER}/host.js", loading_method="defer", priority=700)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    # A fixed folder: one whose name changes would rewrite every page at every build.
    out = Path(app.doctreedir).parent / "figure_assets"
    write_assets(out / FOLDER)
    app.connect("config-inited", lambda _, config: config.html_static_path.append(str(out)))
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
