"""The slides of a chapter: turned by keys, without a network, their figures alive."""

import re

import nbformat
import pytest
import read_deck
import slides
import teach

pytestmark = pytest.mark.browser

CHAPTERS = sorted((teach.ROOT / "chapters").glob("[0-9]*.ipynb"))
DECKS = sorted(read_deck.DECKS.glob("*.md"))
# Of each slide: how much too high and wide it is, how full, its smallest letters as a share of
# those of the text (11 points in a picture of 200 an inch), how far its figures from the middle.
MEASURED = """() => [...document.querySelectorAll("main > section")].map((slide) => {
  const parts = [...slide.querySelectorAll(":scope > .piece *")];
  const inside = parts.map((e) => e.getBoundingClientRect());
  const drawn = parts.flatMap((e) => e.shadowRoot ? [...e.shadowRoot.querySelectorAll("*")] : []);
  const written = [...parts, ...drawn].filter((e) =>
    e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
    && !e.closest("math, style, script, .spoken, .piece svg")
  );
  const size = (e) => parseFloat(getComputedStyle(e).fontSize) * (e.currentCSSZoom ?? 1);
  const pictures = [...slide.querySelectorAll("img")];
  const wide = [slide, ...slide.querySelectorAll("pre, table, .formula, .derivation")];
  const left = slide.getBoundingClientRect().left;
  return {
    text: slide.textContent.slice(0, 60),
    high: slide.scrollHeight - slide.clientHeight,
    wide: Math.max(...wide.map((e) => e.scrollWidth - e.clientWidth)),
    small: Math.min(
      ...written.map(size),
      ...pictures.map((e) => e.getBoundingClientRect().height / e.naturalHeight * 11 * 200 / 72),
    ) / parseFloat(getComputedStyle(document.body).fontSize),
    full: Math.max(...inside.map((r) => r.bottom)) / innerHeight,
    off: [...slide.querySelectorAll(".figure")].map((figure) => {
      const box = figure.getBoundingClientRect();
      return (box.left + box.right - innerWidth) / 2 - left;
    }),
    bare: Boolean(slide.lastElementChild.previousElementSibling.querySelector(
      ":is(h1, h2, h3):last-child",
    )),
    caption: slide.firstElementChild.matches(".bound"),
  };
})"""


@pytest.fixture
def shown(pages, tmp_path):
    """Open the slides of a notebook, or of the text of a deck, in a window."""

    def show(source):
        path = tmp_path / "slides.html"
        if isinstance(source, str):
            page = slides.written("deck", read_deck.body(source), "hand")
        else:
            page = slides.slides("02_slides", source)
        path.write_text(page, encoding="utf-8")
        page = pages.open(path, viewport={"width": 1280, "height": 720})
        page.wait_for_selector("section.now")
        return page

    return show


@pytest.fixture
def chapter(shown):
    return shown(nbformat.read(CHAPTERS[0], as_version=4))


def started(page):
    """Wait until the figures stand, at the size that fits their slides."""
    page.keyboard.press("Home")
    page.wait_for_function("() => !document.querySelector('[data-afm] > script')")
    page.evaluate("() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))")
    return page


def at_the_figure(page):
    """Turn to the slide of the first figure; return it and its number."""
    slide = page.locator("section:has([data-afm=softmax_playground])").first
    number = slide.evaluate("(s) => [...document.querySelectorAll('section')].indexOf(s) + 1")
    page.evaluate("(n) => location.hash = n", number)
    return slide, number


SIZES = (1280, 720), (1920, 1080), (1024, 768)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name[:2])
def test_slides_are_filled_and_fit_into_the_window(shown, path):
    page = shown(nbformat.read(path, as_version=4))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        measured = started(page).evaluate(MEASURED)
        assert len(measured) <= 50
        letters = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert letters > 0.014 * width
        for slide in measured:
            assert slide["high"] <= 1, slide
            assert slide["wide"] <= 1, slide
            assert slide["full"] > 1 / 3, slide  # a title before a figure
            assert slide["small"] > 0.52, slide
            assert all(abs(off) < 3 for off in slide["off"]), slide
            assert not slide["bare"], slide
            assert not slide["caption"], slide


@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_the_slides_of_a_deck_are_those_that_were_written_and_fit(shown, path):
    text = path.read_text(encoding="utf-8")
    page = shown(text)
    titles = re.findall("(?m)^## ", read_deck.SHARED.sub(read_deck.shared, text))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        measured = started(page).evaluate(MEASURED)
        assert len(measured) == 1 + len(titles)  # the first is that of the deck
        letters = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        for slide in measured:
            assert slide["high"] <= 1, slide
            assert slide["wide"] <= 1, slide
            assert slide["small"] * letters > min(height / 38.5, width / 68), slide
            assert all(abs(off) < 3 for off in slide["off"]), slide


DECK = rf"""# The deck · 4

Words.

Note:
Say so.

## Why?

> Is it?

. . .

It is.

. . .

$$
\begin{{aligned}} a &= b && \text{{one}} \\ &= c && \text{{two}} \end{{aligned}}
$$

# (More · 1)

## $x$ {20 * " letters"}

{{live 1 SoftmaxPlayground without .tries .guess}}

# Last · 2

## Now

A.

## End

B.
"""


def test_the_window_of_notes_says_what_comes_next_and_turns_the_slides(shown):
    page = shown(DECK)
    page.bring_to_front()  # a browser may let no window open from a page behind others
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes = opened.value
    head = notes.locator("body > :first-child")
    assert re.fullmatch(r"0:0\d · to minute 4 · 1 / 5 · next: Why\?", head.inner_text())
    assert "Say so." in notes.locator("body").inner_text()
    notes.wait_for_function("document.querySelector('#clock').textContent > '0:00'")
    seen = "(all) => all.map((e) => e.checkVisibility({ visibilityProperty: true }))"
    parts = page.locator("section.now").locator("blockquote, .piece.later, .step > :first-child")
    notes.keyboard.press("PageDown")
    assert "It is." in notes.locator("body").inner_text()
    for count, following in enumerate(("the answer", "the next step", "the next step")):
        assert head.inner_text().endswith(f"2 / 5 · next: {following}")
        assert page.locator("section.now .told").count() == count
        assert not all(parts.evaluate_all(seen))
        page.keyboard.press(" ")
    assert all(parts.evaluate_all(seen))
    page.keyboard.press("Shift+Space")
    assert parts.evaluate_all(seen)[-2:] == [True, False]
    page.keyboard.press(" ")
    assert head.inner_text().split("next: ")[1] == "\U0001d465" + 11 * " letters"  # 89 of 90
    assert "Say so." not in notes.locator("body").inner_text()
    for key, number in (("Home", 1), ("ArrowRight", 4), ("ArrowLeft", 3), ("ArrowLeft", 1),
                        ("ArrowRight", 4), ("ArrowRight", 5), ("ArrowRight", 5),
                        ("ArrowLeft", 4), ("ArrowLeft", 3)):  # fmt: skip
        page.keyboard.press(key)
        place = page.locator("nav span").inner_text()
        assert place == f"{number} / 5"
        assert number < 5 or head.inner_text().endswith("to minute 7 · 5 / 5 · the end")
    notes.close()
    page.evaluate("Date.now = () => 0")
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    page.evaluate("Date.now = () => 3_599_000")
    page.keyboard.press("ArrowRight")  # past what may be left out
    page.keyboard.press("ArrowLeft")
    notes = opened.value
    assert notes.locator("body > :first-child").inner_text() == (
        "59:59 · to minute 5 · 3 / 5 · next: Now"
    )
    assert "May be left out" in notes.locator("body").inner_text()
    assert not page.locator("section.now .tries").is_visible()
    page.locator("section.now").get_by_role("slider").first.press("ArrowRight")
    page.wait_for_function("location.hash.includes('softmax_playground')")
    page.reload()
    page.wait_for_function("document.querySelector('nav span').textContent === '3 / 5'")


def test_a_picture_beside_a_question_waits_for_a_press(shown):
    page = shown(
        "# T · 1\n\nAim.\n\n## A\n\n{still rates.svg beside later}\n\n> Q?\n\n. . .\n\nB\n"
    )
    page.keyboard.press("End")
    picture = page.locator("section.now svg")
    assert not picture.is_visible()
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    assert "next: the answer" in opened.value.locator("body > :first-child").inner_text()
    page.bring_to_front()
    page.keyboard.press(" ")
    assert picture.is_visible()
    assert not page.locator("section.now .piece.later").is_visible()
    question, beside = (
        page.locator("section.now blockquote p").bounding_box(),
        picture.bounding_box(),
    )
    assert beside["x"] > 1280 / 3
    assert beside["y"] < question["y"]


def test_what_stays_together_on_a_slide(shown):
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    figure = [nbformat.v4.new_output("execute_result", {"text/html": "<p>figure</p>"})]
    table = [nbformat.v4.new_output("stream", text="9" * 150 + "\n" * 40)]
    cells = [
        md("# Title\n\n" + "Words. " * 330),
        md("Long. " * 100 + "Consider:"),
        code("print(1)"),
        md("## Questions"),
        code("Quiz()", outputs=figure),
        code("Quiz()", outputs=figure),
        md("After."),
        md("Own.", metadata={"slideshow": {"slide_type": "slide"}}),
        code("\n".join(["print(2)"] * 45), outputs=table),
    ]
    page = shown(nbformat.v4.new_notebook(cells=cells))
    texts = page.locator("main > section").all_inner_texts()
    assert [re.sub(r"(\w+\W+)\1+", r"\1", text.split("\n")[0])[:9] for text in texts] == [
        "Title", "Long. Con", "2.1 Quest", "After.", "Own.", "print(2)", "999999999",
    ]  # fmt: skip
    assert "print(1)" in texts[1]
    assert texts[2].count("figure") == 2
    assert all(slide["wide"] <= 1 and slide["high"] <= 1 for slide in page.evaluate(MEASURED))


def test_the_foot_of_a_slide_names_the_chapter_and_the_section_that_goes_on(shown):
    words = "Words. " * 330
    cell = nbformat.v4.new_markdown_cell
    titles = ["# The title\n\n", "", "## `One` $y$\n\n", "", "", "## Two\n\n"]
    page = shown(nbformat.v4.new_notebook(cells=[cell(title + words) for title in titles]))
    feet = page.locator("footer").all_text_contents()
    chapter = "2 The title"
    assert feet == ["", chapter, chapter, *[f"{chapter} · 2.1 One yy"] * 2, chapter]
    assert page.locator("footer math").count() == 2
    assert page.locator("h2").all_inner_texts()[1] == "2.2 Two"


def test_a_figure_is_large_until_the_slide_is_turned(chapter):
    figure, number = at_the_figure(chapter)
    zoom = "(s) => parseFloat(s.querySelector('.figure').style.zoom)"
    before = figure.evaluate(zoom)
    chapter.keyboard.press("z")
    assert figure.evaluate(zoom) > 1.3 > before
    assert figure.evaluate("(s) => s.scrollWidth - s.clientWidth") < 1
    assert not figure.locator("footer").is_visible()
    chapter.keyboard.press("End")
    chapter.evaluate("(n) => location.hash = n", number)
    assert figure.evaluate(zoom) == before
    assert figure.locator("footer").is_visible()


def test_what_begins_a_column_of_a_figure_stays_there(chapter):
    page = started(chapter)
    figure, _ = at_the_figure(page)
    second = figure.locator(".frame > .bar")
    place = "(e) => Math.round(e.getBoundingClientRect().left / 20)"
    before = second.evaluate(place)
    assert before > 31
    figure.locator(".frame > .plot").evaluate("(e) => e.remove()")
    assert second.evaluate(place) == before


def test_another_size_of_the_window_keeps_the_place(chapter):
    chapter.evaluate("location.hash = 20")
    first = chapter.locator("section.now > *").first.inner_text()
    chapter.set_viewport_size({"width": 900, "height": 900})
    chapter.wait_for_function("document.querySelector('nav span').textContent.slice(0, 2) < 20")
    assert first in chapter.locator("section.now").inner_text()


def test_printed_each_slide_is_a_page_that_looks_like_it(chapter):
    count = chapter.locator("main > section").count()
    pdf = started(chapter).pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == count
    assert {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[(.*?)\]", pdf)} == {
        (0, 0, 960, 540)
    }


def test_keys_turn_the_slides(chapter):
    now = chapter.locator("section.now")
    place = chapter.locator("nav span")
    assert now.locator("h1").count() == 1
    count = chapter.locator("main > section").count()
    for key, number in (
        (" ", 2),
        ("Shift+Space", 1),
        ("ArrowUp", 1),
        *((f"{held}+{key}", 1) for held in ("Control", "Alt", "Meta") for key in ("End", " ")),
        ("ArrowDown", 2),
        ("End", count),
        ("PageDown", count),
        ("Home", 1),
    ):
        chapter.keyboard.press(key)
        assert place.inner_text() == f"{number} / {count}", key
        assert now.count() == 1
    chapter.keyboard.press("ArrowRight")
    assert now.locator("h2").count() == 1
    chapter.keyboard.press("ArrowLeft")
    assert now.locator("h1").count() == 1
    for key, number in (("o", 5), ("Escape", 4)):
        chapter.keyboard.press(key)
        chapter.locator("main > section").nth(number - 1).click(timeout=3000)
        assert place.inner_text() == f"{number} / {count}"
        assert now.count() == 1
        assert now.bounding_box()["width"] == 1280
    for key in ("b", "."):
        chapter.keyboard.press(key)
        assert not now.is_visible()
        chapter.keyboard.press(key)
        assert now.is_visible()
    for name, number in (("Next slide", 5), ("Previous slide", 4)):
        chapter.get_by_role("button", name=name).click()
        assert place.inner_text() == f"{number} / {count}"
    chapter.get_by_role("button", name="All slides").click()
    assert chapter.locator("main > section").nth(1).is_visible()
    chapter.keyboard.press(" ")  # goes on; no button is pressed again
    assert place.inner_text() == f"5 / {count}"
    with chapter.expect_popup() as opened:
        chapter.get_by_role("button", name="A window with notes and a clock").click()
    opened.value.close()
    chapter.keyboard.press("PageUp")
    chapter.reload()
    chapter.wait_for_selector("section.now")
    assert place.inner_text() == f"4 / {count}"


def test_a_figure_lives_and_keeps_its_keys(chapter):
    figure, number = at_the_figure(chapter)
    skip = figure.get_by_role("button", name="Skip the question")
    skip.click()
    slider = figure.get_by_role("slider").first
    before = slider.input_value()
    slider.press("ArrowRight")
    assert slider.input_value() != before
    assert chapter.locator("nav span").inner_text().startswith(f"{number} / ")
    for look in ("all", "turning"):
        slider.press("Escape")
        assert chapter.evaluate("document.body.className") == look
    figure.get_by_role("button", disabled=False).last.focus()
    chapter.keyboard.press(" ")  # presses the button
    assert chapter.locator("nav span").inner_text().startswith(f"{number} / ")
    chapter.keyboard.press("PageDown")  # as a clicker does
    assert chapter.locator("nav span").inner_text().startswith(f"{number + 1} / ")


def test_the_space_bar_shows_all_of_a_slide_before_it_turns(chapter):
    chapter.add_style_tag(content=".figure { padding-bottom: 900px; }")  # a figure that is too high
    figure, number = at_the_figure(chapter)
    place = chapter.locator("nav span")
    hidden = "(s) => s.scrollHeight - s.clientHeight - s.scrollTop"
    assert figure.evaluate(hidden) > 0
    for _ in range(9):
        chapter.keyboard.press(" ")
        if not place.inner_text().startswith(f"{number} / "):
            break
        seen = figure.evaluate(hidden) < 1
    assert seen
    assert place.inner_text().startswith(f"{number + 1} / ")
    chapter.evaluate("(n) => location.hash = n", number)
    assert figure.evaluate("(s) => s.scrollTop") == 0
