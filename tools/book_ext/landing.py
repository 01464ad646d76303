"""Directives of the landing page: a live figure, the chapter map, and what the course is made of.

What can be counted is counted at each build, in the chapters and in CITATION.cff.
"""

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from .progress import OVERVIEW, attributes, tasks

logger = logging.getLogger(__name__)

#: What Fashion-MNIST's licence asks to be kept with its images.
NOTICE = "_static/fashion-mnist-license.txt"


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


class Contents(NamedTuple):
    """What a chapter holds."""

    figures: int  # to play with; questions are none
    exercises: int
    asserts: int


def contents(path: Path) -> Contents:
    """Count what a chapter holds."""
    figures = exercises = asserts = 0
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            exercises += len(re.findall(r"(?m)^#+ Exercise \d", text))
            continue
        code = re.sub(r"(?m)^[%!].*$", "", text)
        asserts += sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code)))
        for output in cell["outputs"]:
            html = "".join(output.get("data", {}).get("text/html", ""))
            figures += len([n for n in re.findall(r'data-afm="(\w+)"', html) if n != "quiz"])
    return Contents(figures, exercises, asserts)


def counted(number: int, thing: str) -> str:
    """A number with its noun: "1 figure", "2 figures"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def hours(minutes: int) -> str:
    """A time in words, to the next five minutes."""
    whole, rest = divmod(5 * round(minutes / 5), 60)
    return " ".join([counted(whole, "hour")] * bool(whole) + [f"{rest} minutes"] * bool(rest))


class ChapterMap(SphinxDirective):
    """List the chapters part by part; the content says what each asks and how long it takes.

    ``chapters/NN_name: {asks: ..., minutes: ...}``, one line a chapter. Order and parts come
    from the table of contents; a chapter that only one of the two knows is a warning.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        entries = yaml.safe_load("\n".join(self.content)) or {}
        result: list[nodes.Node] = []
        number = minutes = 0
        found: list[Contents] = []
        for part in self.config.external_site_map.root.subtrees:
            listed = [str(item) for item in part.items if str(item).startswith("chapters/")]
            if listed:
                result.append(nodes.rubric("", part.caption, classes=["map-part"]))
                items = nodes.bullet_list(classes=["chapter-map"])
                for docname in listed:
                    number += 1
                    entry = entries.pop(docname, None)
                    if entry is None:
                        self.warn(f"the chapter map says nothing about {docname}")
                        entry = {"asks": "", "minutes": 0}
                    minutes += entry["minutes"]
                    path = Path(self.env.srcdir, f"{docname}.ipynb")
                    found.append(contents(path))
                    items += self.item(docname, number, entry, found[-1])
                result.append(items)
        for docname in entries:
            self.warn(f"the chapter map names {docname}, which is not in the table of contents")
        figures, exercises, asserts = map(sum, zip(*found, strict=True))
        text = (
            f"Reading takes about {hours(minutes)}; the {exercises} exercises come on top: "
            "most take some 25 minutes, those marked so an hour, half an hour on average. "
            f"There are {figures} places to play with a figure; {asserts} assert statements check "
            "chapters and solutions, each time they are run."
        )
        result.append(nodes.paragraph("", text, classes=["map-sum"]))
        return [*result, nodes.raw("", OVERVIEW, format="html")]

    def item(self, docname: str, number: int, entry: dict, holds: Contents) -> nodes.list_item:
        link = pending_xref(
            "",
            nodes.inline(),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{docname}",
            refexplicit=False,
            refdoc=self.env.docname,
        )
        head = nodes.paragraph("", "", link, classes=["map-title"])
        head.insert(0, nodes.inline("", f"{number} ", classes=["map-number"]))
        head += nodes.inline("", f"{entry['minutes']} min", classes=["map-minutes"])
        asks = nodes.paragraph("", entry["asks"], classes=["map-asks"])
        if holds.figures:
            words = f"{counted(holds.figures, 'figure')} to play with"
            asks += [nodes.Text(" "), nodes.inline("", words, classes=["map-figures"])]
        done = attributes(tasks(Path(self.env.srcdir, f"{docname}.ipynb")))
        asks += nodes.raw("", f' <span class="mine-map" {done}></span>', format="html")
        return nodes.list_item("", head, asks)

    def warn(self, message: str) -> None:
        logger.warning(message, location=self.get_location())


class Colophon(SphinxDirective):
    """``{colophon}``: who made the course, which version this is, its licence, how to cite it."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir, "CITATION.cff")
        source = yaml.safe_load(path.read_text(encoding="utf-8"))
        day = source["date-released"]
        authors = ", ".join(
            author.get("name") or f"{author['given-names']} {author['family-names']}"
            for author in source["authors"]
        )
        text = (
            f"By {authors}. Version {source['version']}, {day.day} {day:%B %Y}. "
            "Licence (American spelling: license) and how to cite. "
            "Text, code and figures are under the "
        )
        terms = (
            f'<a href="_static/license.txt">{source["license"]} licence</a>; the images of clothes '
            f'are from Fashion-MNIST (MIT, © 2017 Zalando SE: <a href="{NOTICE}">its licence</a>); '
            'icons: <a href="https://fontawesome.com/license/free">Font Awesome Free</a> (CC BY '
            "4.0)."
        )
        fields = {
            "author": f"{{{authors}}}",
            "title": source["title"],
            "year": day.year,
            "note": f"Version {source['version']}, {source['license']} licence",
            "url": source.get("repository-code"),
        }
        lines = [f"  {key} = {{{value}}}," for key, value in fields.items() if value]
        entry = "\n".join(["@misc{softmax_regression_course,", *lines, "}"])
        return [
            nodes.paragraph(
                "", "", nodes.Text(text), nodes.raw("", terms, format="html"), classes=["colophon"]
            ),
            nodes.paragraph("", "To cite the course, in BibTeX:"),
            nodes.literal_block(entry, entry, language="bibtex"),
        ]


def setup(app):
    app.add_directive("colophon", Colophon)
    app.add_directive("course-figure", CourseFigure)
    app.add_directive("chapter-map", ChapterMap)
