"""The slides of a chapter: turned by keys, without a network, their figures alive."""

import re

import nbformat
import pytest
import slides
import teach
import teaching_page

pytestmark = pytest.mark.browser

CHAPTERS = sorted((teach.ROOT / "chapters").glob("[0-9]*.ipynb"))
# Of each slide: how much too high and wide it is, how full, its smallest letters as a share of
# those of the text (11 points in a picture of 200 an inch), how far its figures from the middle.
MEASURED = """() => [...document.querySelectorAll("main > section")].map((slide) => {
  const parts = [...slide.querySelectorAll(":scope > .piece *")];
  const inside = parts.map((e) => e.getBoundingClientRect());
  const drawn = parts.flatMap((e) => e.shadowRoot ? [...e.shadowRoot.querySelectorAll("*")] : []);
  const written = [...parts, ...drawn].filter((e) =>
    e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
    && !e.closest("math, style, script, .spoken")
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
    """Open the slides of a notebook in a window of a size."""

    def show(*notebooks, short=False):
        path = tmp_path / "slides.html"
        deck = list(zip(["02_slides", "03_slides"], notebooks, strict=False))
        path.write_text(slides.slides(deck, short=short), encoding="utf-8")
        page = pages.open(path, viewport={"width": 1280, "height": 720})
        page.wait_for_selector("section.now")
        return page

    return show


@pytest.fixture
def unsaid(tmp_path, monkeypatch):
    """The teachers' page says nothing of any section."""
    (tmp_path / "page.md").write_text("", encoding="utf-8")
    monkeypatch.setattr(slides, "TEACHING", tmp_path / "page.md")


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


@pytest.mark.parametrize("short", [False, True], ids=["whole", "short"])
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name[:2])
def test_slides_are_filled_and_fit_into_the_window(shown, path, short):
    page = shown(nbformat.read(path, as_version=4), short=short)
    for width, height in ((1280, 720), (1920, 1080), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        measured = started(page).evaluate(MEASURED)
        asked = page.locator(".ask").count()  # each may take a slide of its own
        assert len(measured) - asked <= (30 if short else 50)
        letters = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        assert letters > (0.0195 if short else 0.014) * width
        for slide in measured:
            assert slide["high"] <= 1, slide
            assert slide["wide"] <= 1, slide
            assert slide["full"] > (0.15 if short else 1 / 3), slide  # a title before a figure
            assert slide["small"] > (0.35 if short else 0.52), slide
            assert all(abs(off) < 3 for off in slide["off"]), slide
            assert not slide["bare"], slide
            assert not slide["caption"], slide


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


def test_a_deck_of_two_chapters_begins_each_with_a_slide_and_names_it_at_the_foot(shown):
    cell = nbformat.v4.new_markdown_cell
    texts = ["# A\n\n", "## One\n\n"], ["# B\n\n", ""]
    notebooks = [
        nbformat.v4.new_notebook(cells=[cell(title + "Words. " * 200) for title in titles])
        for titles in texts
    ]
    page = shown(*notebooks)
    assert page.locator("footer").all_text_contents() == ["", "2 A", "", "3 B"]


def test_the_notes_are_of_the_slide_and_their_window_turns_it(shown, unsaid):
    cell = nbformat.v4.new_markdown_cell
    texts = [
        "# Title\n\nA first sentence of all. Left off.",
        "Only said.",
        "## Part\n\nNot so long a sentence.",
    ]
    part = {"slideshow": {"slide_type": "slide"}}
    cells = [cell(text, metadata=part if text[0] == "#" else {}) for text in texts]
    page = shown(nbformat.v4.new_notebook(cells=cells), short=True)
    assert "Left off" not in page.locator("main").inner_text()
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes = opened.value
    first = notes.locator("body > :first-child")
    assert re.fullmatch(r"0:0\d · 1 / 2 · next: 2.1 Part", first.inner_text())
    said = notes.locator("body").inner_text()
    assert "Left off." in said
    assert "Only said." in said
    notes.wait_for_function("document.querySelector('#clock').textContent > '0:00'")
    notes.keyboard.press("PageDown")
    assert page.locator("section.now").inner_text().startswith("2.1 Part")
    assert first.inner_text().endswith("2 / 2 · the end")
    assert "Left off." not in notes.locator("body").inner_text()
    page.keyboard.press("Home")
    assert "Left off." in notes.locator("body").inner_text()


def test_the_window_of_notes_names_a_picture_and_a_figure_has_the_note_before_it(shown, unsaid):
    cell, code, output = (
        getattr(nbformat.v4, f"new_{n}") for n in ("markdown_cell", "code_cell", "output")
    )
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    dot += "WjR9awAAAABJRU5ErkJggg=="
    slide = {"slideshow": {"slide_type": "slide"}}
    cells = [
        cell(
            "# Title\n\nA first sentence of all. Left off.\n\n> **Goals.**\n>\n> - One.\n\nDrag it."
        ),
        code("Figure()", outputs=[output("display_data", {"text/html": "<div>alive</div>"})]),
        code("plt.show()", outputs=[output("display_data", {"image/png": dot})], metadata=slide),
        cell("**Figure 2.1.** A dot. It is small."),
    ]
    page = shown(nbformat.v4.new_notebook(cells=cells), short=True)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes = opened.value
    notes.keyboard.press("PageDown")
    said = notes.locator("body").inner_text()
    assert "2 / 3 · next: Figure 2.1. A dot." in said
    assert "Drag it." in said
    assert "Left off." not in said
    notes.keyboard.press("PageDown")
    assert "Drag it." not in notes.locator("body").inner_text()


def test_an_answer_is_told_before_the_slide_is_turned(pages, tmp_path, monkeypatch):
    words = "2.1\n: **Ask:** Why?\n  *Likely reply:* No.\n  *Answer:* So.\n"
    (tmp_path / "page.md").write_text(words, encoding="utf-8")
    monkeypatch.setattr(slides, "TEACHING", tmp_path / "page.md")
    cell = nbformat.v4.new_markdown_cell("## Part\n\nNot so long a sentence.")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    path = tmp_path / "slides.html"
    path.write_text(slides.slides([("02_part", notebook)], ["2.1"], short=True), encoding="utf-8")
    page = pages.open(path, viewport={"width": 1280, "height": 720})
    page.wait_for_selector("section.now")
    now = page.locator("section.now")
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    head = opened.value.locator("body > :first-child")
    assert now.inner_text().split()[:4] == ["2.1", "Part", "Why?", "2"]  # then the foot
    assert head.inner_text().endswith("1 / 2 · next: the answer")
    page.keyboard.press(" ")
    assert now.inner_text().split()[:4] == ["2.1", "Part", "Why?", "So."]
    assert head.inner_text().endswith("1 / 2 · next: Not so long a sentence.")
    assert "Likely reply: No." in opened.value.locator("body").inner_text()
    page.keyboard.press(" ")
    assert now.inner_text().startswith("Not so long")
    assert "Likely reply: No." not in opened.value.locator("body").inner_text()


def test_each_press_shows_a_step_and_then_what_follows_the_derivation(shown, unsaid):
    steps = r"\begin{aligned} a &= b && \text{one} \\ &= c && \text{two} \end{aligned}"
    items = "## Part\n\n1. First of all steps.\n2. Second of all steps."
    cell = nbformat.v4.new_markdown_cell(f"{items}\n\n$$\n{steps}\n$$\n\n$$\nd\n$$")
    page = shown(nbformat.v4.new_notebook(cells=[cell]), short=True)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    seen = "(all) => all.map((e) => e.checkVisibility({ visibilityProperty: true }))"
    parts = page.locator("li, .step > :first-child, .formula:not(.derivation .formula)")
    count = parts.count()
    for press in range(count):
        assert parts.evaluate_all(seen) == [i <= press for i in range(count)]
        head = opened.value.locator("body > :first-child").inner_text()
        assert head.endswith("the end" if press == count - 1 else "next: the next step")
        page.keyboard.press(" ")


def test_the_window_of_notes_says_when_a_section_ends(pages, tmp_path, unsaid):
    cell = nbformat.v4.new_markdown_cell
    texts = "## Part\n\nNot so long a sentence.", "## Next\n\nA second sentence of it."
    notebook = nbformat.v4.new_notebook(cells=list(map(cell, texts)))
    items = [teaching_page.Planned(name, 4, extra=False) for name in ("2.1", "2.2")]
    plan = teaching_page.Plan("A plan", items, {})
    path = tmp_path / "slides.html"
    path.write_text(slides.slides([("02_part", notebook)], plan=plan), encoding="utf-8")
    page = pages.open(path, viewport={"width": 1280, "height": 720})
    page.wait_for_selector("section.now")
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    head = opened.value.locator("body > :first-child")
    assert " · to minute 4 · 1 / 2 · " in head.inner_text()
    page.keyboard.press("End")
    assert " · to minute 8 · 2 / 2 · " in head.inner_text()


def test_what_comes_next_is_named_in_whole_words_and_letters(shown, unsaid):
    cell = nbformat.v4.new_markdown_cell
    slide = {"slideshow": {"slide_type": "slide"}}
    title = f"## $x$ {20 * ' letters'}"  # an x of two units of UTF-16
    cells = [cell("# Title\n\nA first sentence of all."), cell(title, metadata=slide)]
    page = shown(nbformat.v4.new_notebook(cells=cells), short=True)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    head = opened.value.locator("body > :first-child").inner_text()
    assert head.split("next: ")[1] == "2.1 \U0001d465" + 10 * " letters"  # 85 of 90


def test_a_short_deck_has_one_figure_a_slide_with_its_title(shown, unsaid):
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    figure = [nbformat.v4.new_output("execute_result", {"text/html": "<p>figure</p>"})]
    title = md("# Title\n\nA first sentence of all: " + "words, " * 90)
    first, second, third = (code("Quiz()", outputs=figure) for _ in range(3))
    cells = [title, first, md("## Part\n\nNot so long a sentence."), second, third]
    page = shown(nbformat.v4.new_notebook(cells=cells), short=True)
    texts = [text.split() for text in page.locator("main > section").all_inner_texts()]
    assert [(text[0], text.count("figure")) for text in texts] == [
        ("Title", 0), ("figure", 1), ("2.1", 1), ("figure", 1),
    ]  # fmt: skip


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
    chapter.keyboard.press("b")
    assert not now.is_visible()
    chapter.keyboard.press("b")
    assert now.is_visible()
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


@pytest.mark.parametrize(
    ("chapter", "name"), [(1, "softmax_playground"), (4, "overflow_explorer"), (5, "backward_pass")]
)
def test_a_figure_that_has_the_room_has_letters_for_the_last_row(shown, chapter, name):
    notebook = nbformat.read(CHAPTERS[chapter - 1], as_version=4)
    figure = next(c for c in notebook.cells if name in str(c.get("outputs", "")))
    title = nbformat.v4.new_markdown_cell("# Title\n\nA first sentence of all: " + "words, " * 90)
    page = started(shown(nbformat.v4.new_notebook(cells=[title, figure]), short=True))
    slide = page.evaluate(MEASURED)[1]
    letters = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert slide["small"] * letters >= 16
    assert slide["high"] < 1


def test_a_figure_that_is_shown_when_it_starts_stays_in_the_window(shown):
    notebook = nbformat.read(CHAPTERS[4], as_version=4)
    figure = next(c for c in notebook.cells if "backward_pass" in str(c.get("outputs", "")))
    page = shown(nbformat.v4.new_notebook(cells=[figure]), short=True)
    parts = page.locator("section.now .frame > *")
    parts.nth(3).wait_for()
    page.evaluate("() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))")
    right = parts.evaluate_all("(all) => all.map((e) => e.getBoundingClientRect().right)")
    assert 1000 < max(right) < 1280
    page.locator(".skip").click()
    page.locator("[data-control='label.2']").click()
    assert page.locator("[data-control='label.2']").is_checked()
