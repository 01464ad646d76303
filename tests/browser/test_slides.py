"""The slides of a chapter: turned by keys, without a network, their figures alive."""

import nbformat
import pytest
import slides
import teach

pytestmark = pytest.mark.browser


@pytest.fixture
def chapter(pages, tmp_path):
    notebook = nbformat.read(teach.ROOT / "chapters/01_scores_to_probabilities.ipynb", as_version=4)
    path = tmp_path / "slides.html"
    path.write_text(slides.slides(notebook, "Slides"), encoding="utf-8")
    return pages.open(path, viewport={"width": 1280, "height": 720})


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
    chapter.keyboard.press("Escape")
    chapter.locator("main > section").nth(3).click()
    assert place.inner_text() == f"4 / {count}"
    chapter.reload()
    assert place.inner_text() == f"4 / {count}"


def test_a_figure_lives_and_keeps_its_keys(chapter):
    figure = chapter.locator("section:has(> [data-afm=softmax_playground])").first
    number = figure.evaluate("(s) => [...document.querySelectorAll('section')].indexOf(s) + 1")
    chapter.evaluate("(n) => location.hash = n", number)
    skip = figure.get_by_role("button", name="Skip the question")
    skip.click()
    slider = figure.get_by_role("slider").first
    before = slider.input_value()
    slider.press("ArrowRight")
    assert slider.input_value() != before
    assert chapter.locator("nav span").inner_text().startswith(f"{number} / ")


def test_no_slide_is_wider_than_the_screen_or_loses_its_end(chapter):
    for _ in range(chapter.locator("main > section").count()):
        wide, high, scrolls = chapter.locator("section.now").evaluate(
            "(s) => [s.scrollWidth - s.clientWidth, s.scrollHeight - s.clientHeight,"
            " getComputedStyle(s).overflowY]"
        )
        assert wide <= 0
        assert high <= 0 or scrolls == "auto"
        chapter.keyboard.press("ArrowDown")


def test_the_space_bar_shows_all_of_a_slide_before_it_turns(chapter):
    chapter.set_viewport_size({"width": 1280, "height": 400})
    figure = chapter.locator("section:has(> [data-afm=softmax_playground])").first
    number = figure.evaluate("(s) => [...document.querySelectorAll('section')].indexOf(s) + 1")
    chapter.evaluate("(n) => location.hash = n", number)
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
