"""Directives of the landing page: a live figure on a page without cells, and the chapter map."""

from importlib import import_module

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class CourseFigure(SphinxDirective):
    """``{course-figure} softmax_playground.SoftmaxPlayground``: the figure's static form.

    It is made by the Python class at every build, so it cannot go stale.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module, _, name = self.arguments[0].rpartition(".")
        figure = getattr(import_module(f"course_utils.figures.{module}"), name)()
        markup = figure.static_html().replace("Run this cell, or allow", "Allow")
        return [nodes.raw("", markup, format="html")]


class ChapterMap(SphinxDirective):
    """List the chapters part by part; the content says what each asks and how long it takes.

    ``chapters/NN_name: {asks: ..., minutes: ...}``, one line a chapter. Order and parts come
    from the table of contents; a chapter that only one of the two knows is a warning.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        entries = yaml.safe_load("\n".join(self.content)) or {}
        self.env.note_dependency(self.config.external_toc_path)
        result: list[nodes.Node] = []
        number = 0
        for part in self.config.external_site_map.root.subtrees:
            listed = [str(item) for item in part.items if str(item).startswith("chapters/")]
            if listed:
                result.append(nodes.rubric("", part.caption, classes=["map-part"]))
                items = nodes.bullet_list(classes=["chapter-map"])
                for docname in listed:
                    number += 1
                    items += self.item(docname, number, entries.pop(docname, None))
                result.append(items)
        for docname in entries:
            self.warn(f"the chapter map names {docname}, which is not in the table of contents")
        return result

    def item(self, docname: str, number: int, entry: dict | None) -> nodes.list_item:
        if entry is None:
            self.warn(f"the chapter map says nothing about {docname}")
            entry = {"asks": "", "minutes": 0}
        link = pending_xref(
            "",
            nodes.inline(),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{docname}",
            refexplicit=False,
            refwarn=True,
            refdoc=self.env.docname,
        )
        head = nodes.paragraph("", "", link, classes=["map-title"])
        head.insert(0, nodes.inline("", f"{number} ", classes=["map-number"]))
        head += nodes.inline("", f"{entry['minutes']} min", classes=["map-minutes"])
        asks = nodes.paragraph("", entry["asks"], classes=["map-asks"])
        return nodes.list_item("", head, asks)

    def warn(self, message: str) -> None:
        logger.warning(message, location=self.get_location())


def setup(app):
    app.add_directive("course-figure", CourseFigure)
    app.add_directive("chapter-map", ChapterMap)
