"""Reserve each figure's place on the pages of a built book, so that nothing moves when it starts.

Chromium opens every page that holds figures and says how tall they are in windows of three
widths. The heights become custom properties of the figure's element; book.css does the rest.
"""

import re
from pathlib import Path

from browsing import find_browser, launch
from playwright.sync_api import Page, sync_playwright

#: Name of the custom property -> width of the window; book.css has the borders between them.
WIDTHS = {"--narrow": 390, "--middle": 900, "--wide": 1280}
PLACE = re.compile(r'<div data-afm="\w+"(?=>)')
START = "dispatchEvent(new KeyboardEvent('keydown'))"  # also of the figures that are far below
STARTED = """() => [...document.querySelectorAll("[data-afm]")]
  .every((figure) => !figure.querySelector(":scope > script"))"""
#: Once they have stood for ten frames: after a change of the window side bars slide, and figures
#: that hear of their new width draw once more.
HEIGHTS = """() => new Promise((done) => {
  let before = "", stood = 0;
  const look = () => {
    const now = [...document.querySelectorAll("[data-afm]")].map((figure) => figure.offsetHeight);
    stood = String(now) === before ? stood + 1 : 0;
    before = String(now);
    if (stood < 10) requestAnimationFrame(look);
    else done(now);
  };
  look();
})"""


def heights(page: Page, path: Path) -> list[dict[str, int]]:
    """Heights in pixels of the figures of one page, by the names of `WIDTHS`."""
    page.goto(path.as_uri())
    page.evaluate(START)
    page.wait_for_function(STARTED)
    found = {}
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 900})
        found[name] = page.evaluate(HEIGHTS)
    return [dict(zip(found, each, strict=True)) for each in zip(*found.values(), strict=True)]


def reserved(html: str, sizes: list[dict[str, int]]) -> str:
    """Return a page whose figures know their heights."""
    places = iter(sizes)

    def place(match: re.Match) -> str:
        style = ";".join(f"{name}:{height}px" for name, height in next(places).items())
        return f'{match.group()} style="{style}"'

    return PLACE.sub(place, html)


def reserve(book: Path) -> None:
    """Write the heights into all pages; say so where no browser can tell them."""
    pages = [p for p in sorted(book.rglob("*.html")) if PLACE.search(p.read_text(encoding="utf-8"))]
    if not pages:
        return
    if find_browser() is None:
        print("No Chromium found: the figures push the text aside when they start.")
        return
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        tab = chromium.new_page()
        for path in pages:
            html = path.read_text(encoding="utf-8")
            path.write_text(reserved(html, heights(tab, path)), encoding="utf-8")
        chromium.close()
