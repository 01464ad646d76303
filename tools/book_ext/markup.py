"""Markup that screen readers or narrow windows stumble over, put right in the written page."""

import re

REPAIRS = (
    # a header cell without text is an ordinary cell
    (re.compile(r'<th class="head([^"]*)">(?:<p></p>)?</th>'), r'<td class="empty\1"></td>'),
    # a role that ARIA 1.3 deprecated, and a list role whose children are no list items
    (re.compile(r' role="doc-biblioentry"'), ""),
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    # a full stop after a formula may not start a line; browsers break at both ends of a formula
    (re.compile(r"\(?<math>(?:(?!<math).)*</math>[^\s<]+"), r'<span class="keep">\g<0></span>'),
)


def repaired(body: str) -> str:
    """Return the HTML of a page with every repair applied."""
    for pattern, replacement in REPAIRS:
        body = pattern.sub(replacement, body)
    return body


def repair(app, page, template, context, doctree):
    if "body" in context:
        context["body"] = repaired(context["body"])


def setup(app):
    app.connect("html-page-context", repair)
