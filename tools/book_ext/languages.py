"""The role ``{zh}``: a Chinese term, marked as such for screen readers and font choice."""

from html import escape

from docutils import nodes


def zh(name, rawtext, text, lineno, inliner, options=None, content=None):
    markup = f'<span class="zh" lang="zh-Hans">{escape(text)}</span>'
    return [nodes.raw(rawtext, markup, format="html")], []


def setup(app):
    app.add_role("zh", zh)
