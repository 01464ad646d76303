"""Chapters in plain Markdown, dressed for the book: `chapter_form` says what they look like.

Boxes become admonitions; a picture and the paragraph "**Figure 7.1.** ..." below it a figure with
a caption; ``\\tag{7.1}`` the number of an equation; "equation (7.1)", "figure 7.1" and "exercise
7.1" in the text links; a link to the address of a source in references.bib a citation. Solutions,
cells of imports, drawing, checks or measuring are folded in ``<details>``, which needs no script.
"""

import re
from html import escape
from pathlib import Path
from typing import cast

import chapter_form as form
from docutils import nodes
from sphinx.domains.math import MathDomain
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

FOLDER = "chapters/"
FOLDED = {
    "imports": "imports",
    "drawing": "drawing",
    "checks": "checked",
    "measuring": "measured",
}


class fold(nodes.General, nodes.Element):  # noqa: N801 - named like docutils' own nodes
    """Content shown on a click on its ``summary``."""


def visit_fold(translator, node):
    translator.body.append(translator.starttag(node, "details", CLASS="fold"))
    translator.body.append(f"<summary>{escape(node['summary'])}</summary>\n")


def depart_fold(translator, node):
    translator.body.append("</details>\n")


class DressChapter(SphinxTransform):
    """Everything that needs no other page."""

    default_priority = 200  # before numbers are given and images collected

    def apply(self, **kwargs):
        if not self.env.docname.startswith(FOLDER):
            return
        for quote in list(self.document.findall(nodes.block_quote)):
            dress_box(quote)
        for cell in list(self.document.findall(is_cell)):
            fold_code(cell)
        while (begin := next(self.document.findall(is_details), None)) is not None:
            fold_solution(begin)  # and with it the later ones of the same solution
        for cell in list(self.document.findall(is_cell)):
            if "tag_solution" in cell["classes"] and not isinstance(cell.parent, fold):
                fold_solution(cell)  # one without text
        for paragraph in list(self.document.findall(nodes.paragraph)):
            dress_figure(paragraph)
        for block in self.document.findall(nodes.math_block):
            self.number(block)
        for section in self.document.findall(nodes.section):
            if found := form.EXERCISE.match(section[0].astext()):
                section["ids"].insert(0, anchor("exercise", found[1]))

    def number(self, block: nodes.math_block) -> None:
        """Give an equation its number, an anchor, and a place among Sphinx's equations."""
        tag = form.TAG.search(block.astext())
        if tag is None:
            return
        text = form.TAG.sub("", block.astext()).strip()
        block.children = [nodes.Text(text)]
        block.rawsource = text
        domain = cast(MathDomain, self.env.get_domain("math"))
        domain.note_equation(self.env.docname, tag[1], location=block)
        block["number"] = domain.get_equation_number_for(tag[1])
        block["label"], block["docname"] = tag[1], self.env.docname
        block["ids"] = [anchor("equation", tag[1])]


def anchor(kind: str, number: str) -> str:
    """Where a figure, an equation or an exercise can be linked to."""
    return f"{kind}-{number.replace('.', '-')}"


def is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and "cell" in node["classes"]


def is_details(node: nodes.Node) -> bool:
    return isinstance(node, nodes.raw) and node.astext().startswith("<details>")


def bold_beginning(paragraph: nodes.Node) -> nodes.strong | None:
    """The bold words a paragraph begins with."""
    if not isinstance(paragraph, nodes.paragraph):
        return None
    first = next((part for part in paragraph if part.astext()), None)
    return first if isinstance(first, nodes.strong) else None


def dress_box(quote: nodes.block_quote) -> None:
    """Turn a quotation that begins with "**Goals.**" or another kind into an admonition."""
    first = quote[0]
    bold = bold_beginning(first)
    kind = next((k for k in form.BOXES if bold and bold.astext().startswith(k)), None)
    if bold is None or kind is None:
        return
    first.remove(bold)
    if isinstance(bold[-1], nodes.Text):
        bold[-1] = nodes.Text(bold[-1].removesuffix("."))
    title = nodes.title("", "", *bold.children)
    strip_left(first)
    rest = quote[1:] if not first.astext().strip() else quote[:]
    classes = [form.BOXES[kind], f"admonition-{nodes.make_id(kind)}"]
    quote.replace_self(nodes.admonition("", title, *rest, classes=classes))


def fold_code(cell: nodes.container) -> None:
    """Fold the code of a cell that has a tag of `FOLDED`; what it puts out stays."""
    for name, word in FOLDED.items():
        if f"tag_{name}" in cell["classes"]:
            for place, part in enumerate(cell):
                if "cell_input" in part["classes"]:
                    note = first_comment(part.astext())
                    summary = f"{word}: {note}" if note else name
                    cell[place] = fold("", part, summary=summary, classes=[name])


def first_comment(code: str) -> str:
    """The comment a cell begins with, without its full stop."""
    found = re.match(r"# (.*)", code)
    return found[1].rstrip(".") if found else ""


def fold_solution(first: nodes.Element) -> None:
    """Fold a solution: its text and the cells after it, into one."""
    parent = first.parent
    start = end = parent.index(first)
    content: list[nodes.Node] = []
    inside = False
    for node in parent[start:]:
        if is_details(node):
            inside = True
        elif isinstance(node, nodes.raw) and node.astext().strip() == form.END:
            inside = False
        elif inside or (is_cell(node) and "tag_solution" in node["classes"]):
            content.append(node)
        else:
            break
        end += 1
    parent[start:end] = [fold("", *content, summary="Solution", classes=["solution"])]


def dress_figure(paragraph: nodes.paragraph) -> None:
    """Join a caption, "**Figure 7.1.** ...", and the picture in the cell above it to a figure."""
    bold = bold_beginning(paragraph)
    found = form.CAPTION.match(bold.astext()) if bold else None
    if bold is None or found is None:
        return
    parent = paragraph.parent
    place = parent.index(paragraph)
    picture = last_picture(parent[place - 1]) if place else None
    if picture is None:
        logger.warning(f"figure {found[1]} has no picture above it", location=paragraph)
        return
    paragraph.remove(bold)
    strip_left(paragraph)
    caption = nodes.caption("", "", *paragraph.children)
    parent.remove(paragraph)
    output = picture.parent
    place = output.index(picture)
    output[place] = nodes.figure("", picture, caption, ids=[anchor("figure", found[1])])


def strip_left(paragraph: nodes.paragraph) -> None:
    """Remove the blank that followed the bold beginning."""
    while paragraph.children and isinstance(paragraph[0], nodes.Text):
        if words := str(paragraph[0]).lstrip():
            paragraph[0] = nodes.Text(words)
            return
        del paragraph[0]


def last_picture(cell: nodes.Node) -> nodes.Element | None:
    """The last output of a cell that shows something: an image or an interactive figure."""
    if not is_cell(cell):
        return None
    outputs = [n for part in cell if "cell_output" in part["classes"] for n in part]
    shows = [n for n in outputs if any(map(is_picture, n.findall()))]
    return shows[-1] if shows else None


def is_picture(node: nodes.Node) -> bool:
    return isinstance(node, nodes.image) or (
        isinstance(node, nodes.raw) and "data-afm=" in node.astext()
    )


class LinkChapter(SphinxPostTransform):
    """References to other places, and citations."""

    default_priority = 5

    def run(self, **kwargs):
        if not self.env.docname.startswith(FOLDER):
            return
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, (nodes.paragraph, nodes.caption, nodes.emphasis)):
                self.link_mentions(text)
        self.cite()

    def cite(self):
        """Let a link to the address of a source lead to its entry, if it names a year."""
        domain = self.env.get_domain("cite")
        cited = {c.key: (c.bibliography_key.docname, c.citation_id) for c in domain.citations}
        known = form.sources(Path(self.env.srcdir, "references.bib"))
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri")
            if address in known and form.YEAR.search(link.astext()):
                docname, place = cited[known[address][0]]
                link.replace_self(self.reference(docname, place, link.astext()))

    def link_mentions(self, text: nodes.Text) -> None:
        """Make the numbers in "equation (7.1)", "figures 7.1 and 7.2" links."""
        parts: list[nodes.Node] = []
        done = 0
        for kind, number, start, end in form.mentions(text):
            docname = self.chapter(number.split(".")[0])
            if docname is None:
                continue  # chapter_form has said so
            parts.append(nodes.Text(text[done:start]))
            parts.append(self.reference(docname, anchor(kind, number), text[start:end]))
            done = end
        if done:
            text.parent.replace(text, [*parts, nodes.Text(text[done:])])

    def chapter(self, number: str) -> str | None:
        """Docname of a chapter."""
        start = f"{FOLDER}{int(number):02}_"
        return next((name for name in self.env.found_docs if name.startswith(start)), None)

    def reference(self, docname: str, place: str, text: str) -> nodes.reference:
        return make_refnode(
            self.app.builder, self.env.docname, docname, place, nodes.inline("", text)
        )


def check(app, env, docnames):
    """Say what is wrong with the form of the chapters, before they are read."""
    source = Path(app.srcdir)
    for found in form.problems(source / "chapters", source / "references.bib"):
        logger.warning(found)


def setup(app):
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_transform(DressChapter)
    app.add_post_transform(LinkChapter)
    app.connect("env-before-read-docs", check)
