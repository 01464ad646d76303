"""Code in colours, without elements for what has the colour of the text.

Names, punctuation and spaces are six in ten of the elements that Pygments makes of a chapter's
code; each costs bytes on the way and time in the layout.
"""

from pygments.formatters import HtmlFormatter
from pygments.token import Name, Punctuation, Whitespace
from sphinx.highlighting import PygmentsBridge

#: What both styles of the theme, light and dark, write in the colour of the text.
PLAIN = {Name, Punctuation, Whitespace}


class Formatter(HtmlFormatter):
    def _get_css_classes(self, ttype):
        return "" if ttype in PLAIN else super()._get_css_classes(ttype)


def setup(app):
    PygmentsBridge.html_formatter = Formatter
