"""The built book in a browser: over http and from the disk, light and dark, wide and narrow."""

import os
from io import BytesIO
from pathlib import Path

import axe_playwright_python
import check_book
import make_pdf
import pytest
import yaml
from browser_tools import Pages, new_page
from PIL import Image

pytest_plugins = ["book_tools"]
pytestmark = [pytest.mark.book, pytest.mark.browser]

ROOT = Path(__file__).resolve().parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
CHAPTERS = [doc for doc in DOCS if doc.startswith("chapters/")]
PAGES = ["intro", *DOCS, "genindex", "search"]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")

SETTLED = """async () => {
  const loaded = new Promise((done) => addEventListener("load", done));
  if (document.readyState !== "complete") await loaded;
  const settled = () => document.documentElement.classList.contains("settled");
  while (!settled()) await new Promise((done) => setTimeout(done, 50));
  await document.fonts.ready;
}"""
#: Breaches of the rules that do not depend on colours.
VIOLATIONS = """async (colours) => {
  const rules = Object.fromEntries(colours.map((rule) => [rule, {enabled: false}]));
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false, rules});
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 140)}`));
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
#: Breaches of the rules on colours. Of all texts that agree in size, weight, colour, background
#: and the colour around them, one is looked at: axe takes a fifth of the time.
COLOUR_VIOLATIONS = """async (colours) => {
  const shades = (e) => {
    const found = [];
    for (let box = e; box; box = box.parentElement) {
      const {backgroundColor, backgroundImage, opacity, filter} = getComputedStyle(box);
      found.push(opacity, filter, backgroundImage);
      if (/, 0\\)$/.test(backgroundColor)) continue;
      found.push(backgroundColor);
    }
    return found.filter((shade) => shade !== "1" && shade !== "none");
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const kinds = new Map();
  for (const e of [...document.querySelectorAll("body *")].filter(hasText)) {
    const {color, fontSize, fontWeight} = getComputedStyle(e);
    const around = getComputedStyle(e.parentElement).color;
    if (e.checkVisibility()) {
      kinds.set(JSON.stringify([color, fontSize, fontWeight, around, shades(e)]), e);
    }
  }
  const options = {resultTypes: ["violations"], preload: false, runOnly: colours};
  const found = await axe.run([...kinds.values()], options);
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 140)}`));
}"""
#: What repeats is looked at once: one glyph for the hundreds of a formula, five formulas of each
#: kind, one token of code for all of the same class on the same background. That halves the time.
CONDENSE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const inside = all("mjx-container > mjx-math, mjx-assistive-mml > math");
  for (const math of inside) math.textContent = "x";
  for (const kind of ["mjx-container[display]", "mjx-container:not([display])"]) {
    for (const formula of all(kind).slice(5)) formula.replaceChildren("x");
  }
  const boxes = all(".highlight pre");
  const grounds = boxes.map((box) => getComputedStyle(box).backgroundColor);
  const seen = new Set();
  for (const [i, box] of boxes.entries()) {
    for (const token of box.querySelectorAll("span[class]")) {
      const kind = token.className + grounds[i];
      if (seen.has(kind)) token.replaceWith(...token.childNodes);
      seen.add(kind);
    }
  }
}"""
#: Boxes that scroll sideways but cannot be reached by keyboard; a script marks them with a delay.
UNREACHABLE = """() => [...document.querySelectorAll("main *")].filter((e) =>
    e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX)
    && e.clientWidth && e.tabIndex < 0 && !e.querySelector("a, button, input, [tabindex='0']"))
  .map((e) => e.outerHTML.slice(0, 120))"""
#: Leaves only the plots and pictures on the page, small, and says where each stands.
PICTURES_ALONE = """async () => {
  const all = [...document.querySelectorAll("img.plot, img.picture")];
  const place = document.querySelector(".bd-content");
  place.replaceChildren(...all);
  document.body.replaceChildren(place);
  for (const img of all) img.style = "display: block; height: 80px; width: auto; margin: 0";
  await Promise.all(all.map((img) => { img.loading = "eager"; return img.decode(); }));
  return all.map((img) => {
    const box = img.getBoundingClientRect();
    const kind = img.classList.contains("plot") ? "plot" : "picture";
    return [kind, box.left, box.top + scrollY, box.right, box.bottom + scrollY].map(
      (edge) => typeof edge === "number" ? Math.round(edge) : edge);
  });
}"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((e) =>
    e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="session")
def book_pages(browser):
    return Pages(browser, make=strict_page)


@pytest.fixture
def visit(book_pages):
    """Open an address; the page notes its problems and the requests it made."""

    def open_page(address: str, **options):
        page = book_pages.open(address, **options)
        page.evaluate(SETTLED)
        assert page.locator(".cu-error").count() == 0
        return page

    yield open_page
    book_pages.take_back()


def strict_page(browser, **options):
    """Return a page to which requests that failed are problems, too."""
    page = new_page(browser, **options)
    page.set_default_timeout(20_000)
    page.on("requestfailed", lambda r: page.problems.append(f"failed: {r.url}"))
    page.on("response", lambda r: r.status < 400 or page.problems.append(f"{r.status} {r.url}"))
    return page


@pytest.mark.parametrize("doc", PAGES)
def test_page_over_http(visit, served_book, book, doc):
    """Light and asks nobody else, fits a telephone and a wide window, axe finds nothing, and in
    the dark its plots are dark, its pictures as they were."""
    narrow, wide = {"width": 390, "height": 844}, {"width": 1280, "height": 720}
    page = visit(f"{served_book}/{doc}.html", color_scheme="light", viewport=narrow)
    if doc in CHAPTERS:
        paths = {u.split("?")[0].removeprefix(f"{served_book}/") for u in page.requested}
        sizes = [check_book.transfer_size(book / p) for p in paths if not p.startswith("blob:")]
        assert sum(sizes) <= check_book.FIRST_LOAD
    for size in (narrow, wide):
        page.set_viewport_size(size)
        assert page.evaluate(TOO_WIDE) == []
        assert wait_until_empty(page, UNREACHABLE) == []
    page.add_script_tag(path=AXE)
    page.add_style_tag(content="* {transition: none !important}")  # colours would fade
    page.evaluate(CONDENSE)
    switch_to(page, "light")
    assert page.evaluate(VIOLATIONS, COLOURS) == []
    assert page.evaluate(COLOUR_VIOLATIONS, COLOURS) == []
    switch_to(page, "dark")  # which changes nothing but colours
    assert page.evaluate(COLOUR_VIOLATIONS, COLOURS) == []
    shares = dark_shares(page)
    assert shares or doc not in CHAPTERS
    assert [found for found in shares if (found[1] > 0.5) != (found[0] == "plot")] == []
    assert page.problems == []


def dark_shares(page) -> list[tuple[str, float]]:
    """Return the kind of each plot and picture, and how much of it is dark as shown."""
    boxes = page.evaluate(PICTURES_ALONE)
    shot = Image.open(BytesIO(page.screenshot(full_page=True))).convert("L")
    histograms = [(kind, shot.crop(box).histogram()) for kind, *box in boxes]
    return [(kind, sum(counts[:60]) / sum(counts)) for kind, counts in histograms]


def wait_until_empty(page, search: str) -> list[str]:
    """Return what a search finds, at once if that is nothing, else after two seconds."""
    for _ in range(20):
        if not page.evaluate(search):
            return []
        page.wait_for_timeout(100)
    return page.evaluate(search)


def switch_to(page, theme: str) -> None:
    """Press the theme button until the page is light or dark."""
    button = page.locator(".theme-switch-button:visible").first
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == theme:
            break
        button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.mouse.move(300, 500)
    page.locator(".tooltip").wait_for(state="detached")


@pytest.mark.parametrize("doc", PAGES)
def test_page_works_from_the_disk(visit, book, doc):
    page = visit((book / f"{doc}.html").as_uri())
    assert page.problems == []
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert page.locator('mjx-assistive-mml [mathcolor="red"]').count() == 0, "an unknown macro"
    formulas = page.locator(".bd-article .math").count()
    assert page.locator(".bd-article .math mjx-container").count() >= formulas


def test_the_playground_is_alive_in_the_first_screen(visit, served_book):
    page = visit(f"{served_book}/intro.html", viewport={"width": 1280, "height": 900})
    slider = page.locator('.cu-fig input[type="range"]').nth(1)
    assert slider.bounding_box()["y"] < 600
    before = page.locator(".cu-fig").inner_text()
    slider.focus()
    page.keyboard.press("End")
    assert page.locator(".cu-fig").inner_text() != before


@pytest.mark.parametrize("way", ["http", "file"])
def test_search_finds_a_word_and_leads_to_it(visit, served_book, book, way):
    home = served_book if way == "http" else book.as_uri()
    page = visit(f"{home}/intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("temperature")
    page.keyboard.press("Enter")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    page.wait_for_function("!/Searching/.test(document.querySelector('#search-results').innerText)")
    targets = [a.get_attribute("href") for a in results.all()]
    assert any("01_scores_to_probabilities" in t for t in targets)
    assert any("pages/glossary" in t for t in targets)
    assert page.problems == []
    results.first.click()
    assert "temperature" in page.locator("article").inner_text().lower()


def test_the_table_of_contents_opens_on_a_telephone(visit, served_book):
    page = visit(f"{served_book}/intro.html", viewport={"width": 390, "height": 844})
    page.locator("button.primary-toggle").click()
    link = page.locator("dialog#pst-primary-sidebar-modal a", has_text="Setting up")
    link.click()
    page.wait_for_url("**/pages/setup.html")


def test_a_reference_leads_to_its_equation(visit, served_book):
    page = visit(f"{served_book}/chapters/01_scores_to_probabilities.html")
    link = page.locator('article a.reference.internal[href^="#equation-"]').first
    link.click()
    box = page.locator(f'[id="{link.get_attribute("href")[1:]}"]').bounding_box()
    assert -10 <= box["y"] <= page.viewport_size["height"]


def test_a_link_into_a_page_ends_at_its_place(visit, served_book):
    page = visit(
        f"{served_book}/chapters/04_overflow_underflow.html#exercises",
        viewport={"width": 390, "height": 844},
    )
    page.wait_for_timeout(300)
    assert 0 <= page.locator("section#exercises > h2").bounding_box()["y"] <= 200


def test_the_whole_book_prints(book, tmp_path, browser):
    html = make_pdf.whole_book(book)
    for doc in ["intro", *DOCS]:
        assert f'id="{make_pdf.slug(doc)}"' in html
    ids = set(make_pdf.re.findall(r'\bid="([^"]+)"', html))
    targets = set(make_pdf.re.findall(r'href="#([^"]+)"', html))
    assert targets <= ids
    small = tmp_path / "book"
    small.symlink_to(book)
    if os.environ.get("COURSE_FULL_PDF") == "1":
        make_pdf.print_pdf(small, tmp_path / "book.pdf")
        assert (tmp_path / "book.pdf").read_bytes()[:5] == b"%PDF-"
