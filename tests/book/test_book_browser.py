"""The built book in a browser: over http and from the disk, light and dark, wide and narrow."""

import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import check_book
import make_pdf
import pytest
import yaml
from browser_tools import Pages, new_page, start_all, write_page
from page_checks import (
    breaches,
    colour_breaches,
    dark_shares,
    open_folds,
    prepare,
    too_wide,
    unreachable,
)

from course_utils.figures.softmax_playground import SoftmaxPlayground

pytestmark = [pytest.mark.book, pytest.mark.browser]

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
CHAPTERS = [doc for doc in DOCS if doc.startswith("chapters/")]
PAGES = ["intro", *DOCS, "genindex", "search"]

SETTLED = """async () => {
  const loaded = new Promise((done) => addEventListener("load", done));
  if (document.readyState !== "complete") await loaded;
  await document.fonts.ready;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  while (document.querySelector("script[type='text/later']")) await frame();
}"""
#: Formulas without a height, and a word if there are formulas but not their font.
FLAT_FORMULAS = """() => {
  const all = [...document.querySelectorAll("article math")];
  const formulas = all.filter((m) => m.checkVisibility());
  const flat = formulas.filter((m) => m.getBoundingClientRect().height < 5).map((m) => m.outerHTML);
  const fonts = [...document.fonts].filter((f) => f.family.includes("Course Math"));
  const drawn = fonts.some((f) => f.status === "loaded");
  return formulas.length && !drawn ? ["no font", ...flat] : flat;
}"""

#: Whether what was folded is open, the picture there, the figure drawn.
PRINTED = """() => [document.querySelector("details").open,
  document.querySelector("img").naturalWidth > 0, !!document.querySelector(".cu-fig")]"""


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


#: How far the page has moved by itself since it was opened.
SHIFT = """
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
  }).observe({type: "layout-shift", buffered: true});
"""


def strict_page(browser, **options):
    """Return a page to which requests that failed are problems, too."""
    page = new_page(browser, **options)
    page.add_init_script(SHIFT)
    page.set_default_timeout(20_000)
    page.on("requestfailed", lambda r: page.problems.append(f"failed: {r.url}"))
    page.on("response", lambda r: r.status < 400 or page.problems.append(f"{r.status} {r.url}"))
    return page


#: Plots and pictures shown so small that nobody can read their letters, which have 11 points.
TOO_SMALL = """() => [...document.querySelectorAll("article figure img")]
  .filter((image) => image.getBoundingClientRect().width < .69 * image.getAttribute("width"))
  .map((image) => image.alt)"""


@pytest.mark.parametrize("doc", PAGES)
def test_page_over_http_on_a_telephone(visit, served_book, book, doc):
    """It is light, asks nobody else, does not move while it loads, and fits."""
    telephone = {"width": 390, "height": 844}
    page = visit(f"{served_book}/{doc}.html", everything=False, viewport=telephone)
    if doc in CHAPTERS:
        page.wait_for_timeout(500)  # for what the page itself asks for when it stands
        paths = {u.split("?")[0].removeprefix(f"{served_book}/") for u in page.requested}
        sizes = [check_book.transfer_size(book / p) for p in paths if not p.startswith("blob:")]
        assert sum(sizes) <= check_book.FIRST_LOAD
    start_all(page)
    if doc in ("intro", *CHAPTERS):
        page.wait_for_timeout(200)
        assert page.evaluate("window.shift") <= 0.05
    open_folds(page)
    assert page.evaluate(TOO_SMALL) == []
    assert too_wide(page) == []
    assert unreachable(page) == []
    page.set_viewport_size({"width": 320, "height": 844})  # also a wide window at 400 %
    assert too_wide(page) == []
    assert page.problems == []


def test_a_plot_that_goes_on_to_the_right_shows_it_until_its_end(visit, book):
    chapter = (book / "chapters/08_softmax_regression_concise.html").as_uri()
    page = visit(chapter, viewport={"width": 390, "height": 844})
    box = page.locator("figure > a.goes-on").nth(1)
    box.evaluate("(element) => { window.box = element; element.scrollIntoView(); }")
    box.evaluate("(element) => { element.scrollLeft = 9000; }")
    page.wait_for_function("!window.box.matches('.goes-on')")
    assert page.evaluate("window.box.scrollLeft") > 100
    page.set_viewport_size({"width": 1280, "height": 844})
    page.wait_for_function("!document.querySelector('figure > a.goes-on')")


def test_a_code_cell_is_copied_by_its_button(visit, book):
    page = visit((book / "chapters/01_scores_to_probabilities.html").as_uri())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cell = page.locator(".cell_input", has_text="def softmax").first
    cell.hover()
    cell.locator("button.copybtn").click()
    assert (
        page.evaluate("navigator.clipboard.readText()") == cell.locator("pre").inner_text().strip()
    )
    page.goto((book / "pages/setup.html").as_uri())
    typed = page.locator(".highlight-console", has_text="make lab").first
    typed.hover()
    typed.locator("button.copybtn").click()
    assert page.evaluate("navigator.clipboard.readText()") == "make lab"


#: The part of a page's height that open code takes; what is folded counts as its one line.
CODE_SHARE = """() => {
  const cells = [...document.querySelectorAll("article .cell_input")];
  const open = cells.filter((e) => e.checkVisibility());
  const height = (e) => e.getBoundingClientRect().height;
  return open.reduce((sum, e) => sum + height(e), 0) / height(document.querySelector("article"));
}"""


@pytest.mark.parametrize("doc", PAGES)
def test_page_from_the_disk_in_a_wide_window(visit, book, doc):
    """Its formulas are drawn in their font, it fits, axe finds nothing, and in the dark its plots
    are dark, its pictures as they were. Open code takes a quarter of a chapter at most."""
    page = visit((book / f"{doc}.html").as_uri(), color_scheme="light")
    if doc in CHAPTERS:
        assert 0.1 < page.evaluate(CODE_SHARE) <= 0.25
    open_folds(page)
    assert page.evaluate(FLAT_FORMULAS) == []
    assert too_wide(page) == []
    assert unreachable(page) == []
    prepare(page)
    switch_to(page, "light")
    assert breaches(page) == []
    assert colour_breaches(page) == []
    switch_to(page, "dark")  # which changes nothing but colours
    assert colour_breaches(page) == []
    shares = dark_shares(page)
    assert shares or doc not in CHAPTERS
    assert [found for found in shares if (found[1] > 0.5) != (found[0] == "plot")] == []
    assert page.problems == []


#: What a reader may set (success criterion 1.4.12 of WCAG 2.2).
SPACING = """* {line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important} p {margin-bottom: 2em !important}"""


@pytest.mark.parametrize(
    "doc",
    [
        "chapters/02_softmax_jacobian",
        "chapters/03_cross_entropy",
        "chapters/04_overflow_underflow",
        "chapters/05_autograd",
        "chapters/11_more_than_one_machine",
        "pages/troubleshooting",
        "genindex",
    ],
)
def test_letters_set_apart_fit_on_a_telephone(visit, book, doc):
    """The pages with the longest words and the longest formulas in a line."""
    page = visit((book / f"{doc}.html").as_uri(), viewport={"width": 390, "height": 844})
    page.add_style_tag(content=SPACING)
    assert too_wide(page) == []
    page.set_viewport_size({"width": 320, "height": 844})
    assert too_wide(page) == []


#: Letters on the longest line of each paragraph that is words alone.
LINES = """() => [...document.querySelectorAll("article section > p")]
  .filter((p) => !p.querySelector("math, code")).map((p) => {
    const lines = new Map();
    const texts = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const text = texts.currentNode;
      for (let i = 0; i < text.length; i++) {
        range.setStart(text, i);
        range.setEnd(text, i + 1);
        const line = Math.round(range.getBoundingClientRect().bottom / 12);
        lines.set(line, (lines.get(line) ?? 0) + 1);
      }
    }
    return Math.max(...lines.values());
  })"""


@pytest.mark.parametrize("width", [800, 1440])
def test_a_line_of_prose_has_at_most_68_letters(visit, book, width):
    address = (book / "chapters/01_scores_to_probabilities.html").as_uri()
    page = visit(address, viewport={"width": width, "height": 900})
    lines = page.evaluate(LINES)
    assert len(lines) > 10
    assert 55 <= max(lines) <= 69  # with the blank at the line's end


def test_a_dark_page_is_printed_light_and_is_dark_again(visit, book):
    page = visit((book / "chapters/04_overflow_underflow.html").as_uri(), color_scheme="dark")
    ink = "getComputedStyle(document.querySelector('article p')).color"
    dark = page.evaluate(ink)
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {ink}; }})")
    page.pdf()
    printed = page.evaluate("window.printed")
    assert max(map(int, re.findall(r"\d+", printed)[:3])) < 90
    assert page.evaluate(ink) == dark != printed


def test_a_short_display_is_centred_with_and_without_a_number(visit, book):
    page = visit((book / "chapters/02_softmax_jacobian.html").as_uri())
    found = page.evaluate("""() => [...document.querySelectorAll("div.math")].map((display) => {
      const outer = display.getBoundingClientRect();
      const inner = display.querySelector(".formula").getBoundingClientRect();
      return [!!display.querySelector(".eqno"), inner.width / outer.width,
        inner.left - outer.left - (outer.right - inner.right)];
    })""")
    short = [(numbered, off) for numbered, share, off in found if share < 0.7]
    assert {numbered for numbered, _ in short} == {True, False}
    assert [off for _, off in short if abs(off) > 2] == []


def test_a_formula_is_copied_whole_as_its_tex(visit, book):
    page = visit((book / "chapters/02_softmax_jacobian.html").as_uri())
    copied = page.evaluate("""() => {
      const selection = getSelection();
      const copy = (first, last) => {
        selection.setBaseAndExtent(first, 0, last, 0);
        const data = new DataTransfer();
        const event = new ClipboardEvent("copy", {clipboardData: data, bubbles: true});
        document.body.dispatchEvent(event);
        return data.getData("text/plain");
      };
      const step = document.querySelector(".derivation .step:nth-child(2)");
      const line = document.querySelector("article section > p:has(math)");
      return [copy(step.querySelector("math"), step.querySelector(".reason")),
        copy(line, line.nextElementSibling)];
    }""")
    derivation, line = copied
    assert derivation.startswith("$$\n\\begin{aligned}")
    assert derivation.strip().endswith("\\end{aligned}\n$$")
    assert "Three classes have the logits, or scores, $(2,\\ 1,\\ 0.1)$." in line


def test_pages_do_not_move_while_they_load_in_a_wide_window(browser, served_book):
    page = strict_page(browser, viewport={"width": 1280, "height": 844})
    moved = {}
    for doc in ["intro", *CHAPTERS]:
        page.goto(f"{served_book}/{doc}.html")
        page.evaluate(SETTLED)
        start_all(page)
        page.wait_for_timeout(200)
        moved[doc] = round(page.evaluate("window.shift"), 3)
    page.context.close()
    assert {doc: shift for doc, shift in moved.items() if shift > 0.05} == {}


#: Names of the figures that have not started.
WAITING = """[...document.querySelectorAll("[data-afm]")]
  .filter((d) => !d.querySelector(".cu-fig")).map((d) => d.dataset.afm)"""
RUNNING = '[data-afm="{}"] .cu-fig'


def test_a_figure_far_below_starts_when_one_comes_near_it(visit, served_book):
    page = visit(f"{served_book}/chapters/09_reading_results.html", everything=False)
    page.wait_for_timeout(300)
    assert "what_the_model_sees" in page.evaluate(WAITING)
    assert "quiz" in page.evaluate(WAITING)
    page.evaluate("document.querySelector('[data-afm=what_the_model_sees]').scrollIntoView()")
    page.locator(RUNNING.format("what_the_model_sees")).wait_for()
    assert "quiz" in page.evaluate(WAITING)
    page.keyboard.press("Tab")
    page.locator(RUNNING.format("quiz")).nth(2).wait_for()
    assert page.evaluate(WAITING) == []
    assert page.problems == []


#: Sections of the page that are not laid out.
NOT_LAID_OUT = """[...document.querySelectorAll(".bd-article > section > section")]
  .filter((e) => !e.firstElementChild.checkVisibility({contentVisibilityAuto: true})).length"""


@pytest.mark.parametrize("move", ["click", "scroll", "key"])
def test_what_is_far_below_is_laid_out_once_the_reader_moves(visit, served_book, move):
    page = visit(f"{served_book}/chapters/09_reading_results.html", everything=False)
    page.wait_for_timeout(500)
    assert page.evaluate(NOT_LAID_OUT) > 8
    if move == "click":
        page.locator("#pst-secondary-sidebar a[href='#templates']").click()
    elif move == "scroll":
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 500)
    else:
        page.keyboard.press("Tab")
    page.wait_for_function("!document.documentElement.dataset.below")
    assert page.evaluate(NOT_LAID_OUT) == 0
    if move == "click":
        assert 0 <= page.locator("#templates").bounding_box()["y"] < 100
    # What is shut off reaches no further than it does when open, so nothing has moved.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.add_style_tag(content=".bd-article > section > section { contain: layout }")
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert page.problems == []


#: What `data-below` is set to, and how many frames there were before.
BELOW = """
  window.below = [];
  let frames = 0;
  const count = () => requestAnimationFrame(() => { frames++; count(); });
  count();
  new MutationObserver(() => below.push([document.documentElement.dataset.below, frames]))
    .observe(document, {subtree: true, attributeFilter: ["data-below"]});
"""


def test_no_section_is_laid_out_before_the_first_picture(browser, served_book):
    page = new_page(browser, viewport={"width": 390, "height": 844})
    page.add_init_script(BELOW)
    page.goto(f"{served_book}/chapters/03_cross_entropy.html")
    page.wait_for_function("below.length > 1")
    (first, before), (then, after) = page.evaluate("below")
    assert (first, before, then) == ("hidden", 0, "waits")
    assert after >= 1
    shown = page.evaluate(NOT_LAID_OUT)
    page.evaluate("document.documentElement.dataset.below = 'hidden'")
    assert page.evaluate(NOT_LAID_OUT) > shown  # the one near the window, too
    page.context.close()


def test_in_a_narrow_window_closed_side_bars_are_not_laid_out(visit, served_book):
    page = visit(f"{served_book}/pages/glossary.html", viewport={"width": 390, "height": 844})
    for bar in ("#pst-primary-sidebar", "#pst-secondary-sidebar"):
        assert page.locator(bar).evaluate("(e) => e.getClientRects().length") == 0
    page.locator("button.secondary-toggle").click()
    page.locator("dialog#pst-secondary-sidebar-modal a", has_text="S to Z").click()
    page.wait_for_function("location.hash === '#s-to-z'")
    page.set_viewport_size({"width": 1280, "height": 844})
    assert page.locator(".bd-docs-nav").is_visible()


def test_an_address_with_a_place_has_the_whole_page_laid_out(visit, served_book):
    page = visit(f"{served_book}/chapters/09_reading_results.html#eq-logit", everything=False)
    assert page.evaluate(NOT_LAID_OUT) == 0


def test_all_figures_start_before_printing(visit, served_book):
    page = visit(f"{served_book}/chapters/09_reading_results.html", everything=False)
    assert page.evaluate(WAITING)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.locator(RUNNING.format("quiz")).nth(2).wait_for()
    assert page.evaluate(WAITING) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")


@pytest.mark.parametrize("way", ["from elsewhere", "from the page itself"])
def test_an_address_that_names_a_figure_far_below_starts_it(visit, served_book, way):
    chapter = f"{served_book}/chapters/09_reading_results.html"
    state = "#what_the_model_sees:image=7"
    page = visit(chapter + state * (way == "from elsewhere"), everything=False)
    if way == "from the page itself":
        assert "what_the_model_sees" in page.evaluate(WAITING)
        page.evaluate(f"location.hash = '{state}'")
    figure = page.locator(RUNNING.format("what_the_model_sees"))
    figure.wait_for()
    assert 0 <= figure.bounding_box()["y"] < 720
    assert page.problems == []


def test_a_figure_whose_file_is_missing_says_so(browser, served_book):
    page = new_page(browser)
    page.route("**/figures/quiz.js*", lambda route: route.abort())
    page.goto(f"{served_book}/chapters/09_reading_results.html")
    page.keyboard.press("Tab")
    page.get_by_text("its file quiz.js can't be loaded").first.wait_for()
    page.locator(RUNNING.format("what_the_model_sees")).wait_for()  # the others start
    page.context.close()


# The first paragraph or heading that begins in the window, and where.
PLACE = """() => {
  const all = document.querySelectorAll("article :is(p, h2, h3)");
  const first = [...all].find((element) => element.getBoundingClientRect().top >= 0);
  return [first.textContent, first.getBoundingClientRect().top];
}"""


@pytest.mark.parametrize("way", ["reload", "back"])
def test_the_readers_place_is_kept(browser, served_book, way):
    page = strict_page(browser, viewport={"width": 1280, "height": 900})
    page.goto(f"{served_book}/chapters/02_softmax_jacobian.html")
    page.evaluate(SETTLED)
    page.evaluate("scrollTo({top: 9000, behavior: 'instant'})")
    page.wait_for_timeout(500)
    text, top = page.evaluate(PLACE)
    if way == "reload":
        page.reload()
    else:
        page.goto(f"{served_book}/intro.html")
        page.go_back()
    page.evaluate(SETTLED)
    page.wait_for_timeout(500)
    now, top_now = page.evaluate(PLACE)
    assert now == text
    assert abs(top_now - top) <= 5
    page.context.close()


def test_the_decks_say_of_three_learning_rates_what_the_lab_shows(visit, book):
    drawn = (ROOT / "decks/rates.svg").read_text(encoding="utf-8")
    ends = re.findall(r"rate [\d.]+: ([\d.]+)", drawn)
    text = (ROOT / "decks/session-4.md").read_text(encoding="utf-8")
    large, lost = (
        re.findall(r"\d+\.\d{2,}|\d{3,}", text.split(f"## {title}\n")[1].split("\nNote:")[0])
        for title in ("How can a loss be so large?", "Is that run lost?")
    )
    assert (ends, large) == (
        ["131.9", "0.877", "0.793"],
        ["0.359", "131", "1282", "2000", "181", "1.94"],
    )
    assert lost == ["0.841", "6.862"]
    page = visit((book / "chapters/07_softmax_regression_scratch.html").as_uri())
    lab = page.locator("[data-afm=training_lab]")
    lab.scroll_into_view_if_needed()
    frame = lab.locator(".frame")
    if "on real images" not in frame.inner_text():
        pytest.skip("the book was built without the data set")

    def shown(button, answer):
        lab.get_by_role("button", name=button, exact=True).click()
        frame.locator(".say", has_text=answer).wait_for(timeout=60_000)  # three trainings
        return frame.inner_text()

    shown("10", "Lowest test loss listed: run 2, rate 0.1; highest test accuracy: run 2, rate 0.1.")
    assert "You guessed 10." in frame.inner_text()
    found = {*ends, *large} - {"2000"}
    assert [number for number in found if number not in frame.inner_text()] == []
    rate = lab.get_by_role("slider", name="learning rate")
    while rate.get_attribute("aria-valuetext") != "0.1":
        rate.press("ArrowLeft")
    text = shown(
        "Continue", "Lowest test loss listed: run 2, rate 0.1; highest test accuracy: run 3"
    )
    assert [number for number in lost if number not in text] == []


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


def test_the_playground_is_alive_in_the_first_screen(visit, served_book):
    page = visit(f"{served_book}/intro.html", viewport={"width": 1280, "height": 900})
    guess = page.locator(".guess button").first
    assert guess.bounding_box()["y"] < 600
    before = page.locator(".cu-fig .marks").inner_html()
    guess.focus()
    page.keyboard.press("Enter")
    slider = page.locator('.cu-fig input[type="range"]').first
    slider.focus()
    page.keyboard.press("End")
    assert page.locator(".cu-fig .marks").inner_html() != before


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
    page.locator("article", has_text=re.compile("temperature", re.IGNORECASE)).wait_for()


def test_search_finds_an_entry_of_the_glossary_by_its_chinese_term(visit, served_book):
    for name, term in (("困惑度", "perplexity"), ("对数 softmax", "log-softmax")):
        page = visit(f"{served_book}/search.html?q={name}")
        first = page.locator("#search-results li a").first
        assert f"pages/glossary.html#term-{term}" in first.get_attribute("href")


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


def test_in_the_whole_book_every_link_leads_somewhere(book):
    html = make_pdf.whole_book(book)
    for doc in ["intro", *DOCS]:
        assert f'id="{make_pdf.slug(doc)}"' in html
    ids = set(make_pdf.re.findall(r'\bid="([^"]+)"', html))
    targets = set(make_pdf.re.findall(r'href="#([^"]+)"', html))
    assert targets <= ids


def test_what_is_printed_lies_open_with_its_pictures_and_figures(browser, tmp_path, monkeypatch):
    picture = (ROOT / "book/favicon.svg").as_uri()
    far = f'<img loading="lazy" style="margin-top: 9000px" src="{picture}">'
    path = write_page(tmp_path, SoftmaxPlayground(), extra=f"<details>Folded</details>{far}")
    page = browser.new_page()
    printed, seen = page.pdf, []

    def pdf(**how):
        seen.extend(page.evaluate(PRINTED))
        printed(**how)

    page.pdf = pdf
    chromium = SimpleNamespace(new_page=lambda viewport: page, close=page.close)
    monkeypatch.setattr(make_pdf, "whole_book", lambda book: path.read_text("utf-8"))
    monkeypatch.setattr(make_pdf, "sync_playwright", nullcontext)
    monkeypatch.setattr(make_pdf, "launch", lambda playwright: chromium)
    make_pdf.print_pdf(tmp_path, tmp_path / "new/book.pdf")
    assert seen == [True, True, True]
    assert (tmp_path / "new/book.pdf").read_bytes()[:5] == b"%PDF-"
