"""Print the built book into one PDF (what ``make pdf`` calls), with headless Chromium.

The articles of all pages are put into one page, in the order of the table of contents, so that
links between chapters work in the PDF too. Interactive figures show their default state.
"""

import argparse
import os
import re
import sys
from pathlib import Path

from browsing import find_browser, launch
from figure_heights import START, STARTED
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]

ARTICLE = re.compile(r'<article class="bd-article">(.*?)</article>', re.DOTALL)
ASSET = re.compile(r'<link[^>]*rel="stylesheet"[^>]*>|<script\b.*?</script>', re.DOTALL)
LAST = ("book.js", "host.js")  # in this order, after what they work on
FOOTER = (
    '<div style="width: 100%; font: 8px sans-serif; color: #555; text-align: center">'
    '<span class="pageNumber"></span></div>'
)
READY = """async () => {
  for (const image of document.images) image.loading = "eager";
  for (const details of document.querySelectorAll("details")) details.open = true;
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode()));
  return [...document.querySelectorAll("[data-afm]")].every((d) => d.querySelector(".cu-fig"));
}"""


def slug(page: str) -> str:
    """A name for a page that can start an id: chapters/01_x.html -> chapters-01_x."""
    return page.removesuffix(".html").replace("/", "-")


def resolved(page: str, address: str) -> str:
    """An address on a page, seen from the book's folder."""
    return os.path.normpath(os.path.join(os.path.dirname(page), address)).replace(os.sep, "/")


def article(page: str, html: str, pages: list[str]) -> str:
    """The article of a page, its ids made unique and its addresses seen from the book's folder."""

    def address(match: re.Match) -> str:
        name, value = match.groups()
        path, _, fragment = value.partition("#")
        if re.match(r"[a-z]+:", value):
            return match.group()
        full = resolved(page, path) if path else page
        if full in pages:  # a link, for no picture is a page
            return f'href="#{slug(full)}{"--" + fragment if fragment else ""}"'
        return f'{name}="{full}"'

    body = ARTICLE.findall(html)[0]
    body = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{slug(page)}--{m.group(1)}"', body)
    body = re.sub(r'\b(href|src)="([^"]*)"', address, body)
    return f'<article class="bd-article" id="{slug(page)}">{body}</article>'


def assets(page: str, html: str) -> list[str]:
    """The style sheets and scripts in the head of a page, seen from the book's folder."""
    found = ASSET.findall(html.partition("</head>")[0])
    local = re.compile(r'(href|src)="([^":]+)"')
    return [local.sub(lambda m: f'{m[1]}="{resolved(page, m[2])}"', tag) for tag in found]


def reading_order(book: Path) -> list[str]:
    """Pages from the landing page on, following "next"."""
    pages, following = [], "intro.html"
    while following:
        pages.append(following)
        match = re.search(
            r'<link rel="next"[^>]*href="([^"]+)"', (book / following).read_text(encoding="utf-8")
        )
        following = resolved(following, match.group(1)) if match else ""
    return pages


def whole_book(book: Path) -> str:
    """One page with every article of the book."""
    pages = reading_order(book)
    html = {page: (book / page).read_text(encoding="utf-8") for page in pages}
    tags = list(dict.fromkeys(tag for page in pages for tag in assets(page, html[page])))
    tags = [tag for tag in tags if "pagename" not in tag]
    tags.sort(key=lambda tag: next((i for i, name in enumerate(LAST, 1) if f"/{name}" in tag), 0))
    bodies = "\n".join(article(page, html[page], pages) for page in pages)
    return (
        '<!doctype html><html lang="en" data-theme="light" data-content_root="./"><head>'
        f'<meta charset="utf-8"><title>Softmax regression</title>{"".join(tags)}'
        "<style>article + article { break-before: page; } .bd-content { display: block; }</style>"
        f'</head><body><main class="bd-main bd-content">{bodies}</main></body></html>'
    )


def print_pdf(book: Path, output: Path) -> None:
    """Write the book to ``output``."""
    combined = book / "whole-book.html"
    combined.write_text(whole_book(book), encoding="utf-8")
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            chromium = launch(playwright)
            page = chromium.new_page(viewport={"width": 820, "height": 1100})
            page.set_default_timeout(180_000)
            page.goto(combined.as_uri())
            page.evaluate(START)
            page.wait_for_function(STARTED)
            if not page.evaluate(READY):
                raise RuntimeError("a figure did not start; open the book and look at its console")
            page.pdf(
                path=output,
                format="A4",
                margin={side: "18mm" for side in ("top", "bottom", "left", "right")},
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                print_background=True,
                outline=True,
                tagged=True,
            )
            chromium.close()
    finally:
        combined.unlink()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--book", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--output", type=Path, default=ROOT / "_build/pdf/softmax-regression.pdf")
    args = parser.parse_args(argv)
    if find_browser() is None:
        print("No Chromium or Chrome found: install one, or set COURSE_BROWSER.", file=sys.stderr)
        return 1
    if not (args.book / "intro.html").is_file():
        print(f"There is no book in {args.book}: run make book first.", file=sys.stderr)
        return 1
    print_pdf(args.book.resolve(), args.output.resolve())
    size = args.output.stat().st_size / 1e6
    print(f"The book is printed: {args.output.resolve()} ({size:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
