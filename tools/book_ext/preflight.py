"""Checks before the build: every chapter is in the table of contents and was executed.

Problems are Sphinx warnings, so one run names them all and ``-W`` makes the build fail.
"""

from pathlib import Path

import nbformat
from sphinx.util import logging

logger = logging.getLogger(__name__)


def chapters_on_disk(source: Path) -> list[str]:
    """Docnames of the chapter notebooks, in the order of their numbers."""
    return [f"chapters/{path.stem}" for path in sorted((source / "chapters").glob("*.ipynb"))]


def not_executed(path: Path) -> str:
    """Say what shows that a notebook was not run top to bottom; empty if it was."""
    cells = nbformat.read(path, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code" and c.source.strip()]
    counts = [c.execution_count for c in code]
    if counts != list(range(1, len(counts) + 1)):
        return f"execution counts are {counts[:4]}..., not 1, 2, 3, ..."
    if code and not any(c.outputs for c in code):
        return "no cell has an output"
    return ""


def check(app, env, docnames):
    source = Path(app.srcdir)
    for docname in chapters_on_disk(source):
        name = f"{docname}.ipynb"
        if docname not in app.config.external_site_map:
            logger.warning(f"{name} is not in the table of contents; add it to _toc.yml")
        elif reason := not_executed(source / name):
            logger.warning(f"{name} was not executed: {reason}; run tools/run_chapters.py {name}")


def take_the_toc(_, config):
    """Read the pages of the table of contents and nothing else.

    sphinx-external-toc has an option for that (``only_build_toc_files``), but it searches with the
    path of the project as a pattern: where a folder is called ``course[1]`` it finds nothing.
    """
    config.include_patterns = [f"{docname}.*" for docname in config.external_site_map]


def setup(app):
    app.connect("config-inited", take_the_toc, priority=950)  # after the toc was read
    app.connect("env-before-read-docs", check)
