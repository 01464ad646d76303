"""The role ``{zh}``: a Chinese term, marked as such for screen readers and font choice.

In the glossary it is a name of its entry, too: the search leads from it to the entry.
"""

from html import escape

from docutils import nodes
from sphinx import addnodes


def zh(name, rawtext, text, lineno, inliner, options=None, content=None):
    markup = f'<span class="zh" lang="zh-Hans">{escape(text)}</span>'
    return [nodes.raw(rawtext, markup, format="html", term=text)], []


def index_terms(app, doctree):
    for item in doctree.findall(nodes.definition_list_item):
        [term, *_] = item.findall(nodes.term)
        for name in item.findall(lambda node: isinstance(node, nodes.raw) and "term" in node):
            entry = ("single", name["term"], term["ids"][0], "main", None)
            term.append(addnodes.index(entries=[entry]))


def setup(app):
    app.add_role("zh", zh)
    app.connect("doctree-read", index_terms)
