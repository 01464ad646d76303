"""The quick questions as a reader meets them in a browser."""

import pytest
from browser_tools import accessibility_violations, write_page

from course_utils.figures.quiz import Quiz

pytestmark = pytest.mark.browser
OPTIONS = [("0", "Too few."), ("1", "So it is."), ("2", "Too many.")]


def question(key="1.a"):
    return Quiz(key, "How many?", OPTIONS, right=1)


@pytest.fixture
def page(pages, tmp_path):
    page = pages.open(write_page(tmp_path, question(), question("1.b")))
    yield page
    assert page.problems == []


def choose(page, option, nth=0):
    page.locator(f'[data-control="chosen.{option}"]').nth(nth).check(force=True)


def verdicts(page):
    return page.locator(".quiz").evaluate_all("(all) => all.map((e) => e.dataset.verdict)")


def test_each_option_explains_itself_and_questions_are_independent(page):
    for option, (_, why) in enumerate(OPTIONS):
        choose(page, option)
        word = "Right." if option == 1 else "No."
        assert page.locator(".say").first.inner_text() == f"{word} {why}"
    assert verdicts(page) == ["wrong", "open"]


def test_keyboard_alone_answers_and_the_verdict_is_spoken(page):
    page.keyboard.press("Tab")  # the reset button of the first question
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert verdicts(page) == ["right", "open"]
    page.locator(".quiz [role=status]").first.get_by_text("Right. So it is.").wait_for(
        state="attached"
    )


def test_answers_are_remembered_in_the_browser_and_can_be_forgotten(page):
    choose(page, 1)
    choose(page, 0, nth=1)
    page.reload()
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["right", "wrong"]
    assert "2 questions answered in this browser" in page.locator(".progress").last.inner_text()
    page.locator(".reset").first.click()
    assert verdicts(page) == ["open", "wrong"]
    page.get_by_text("Forget all my answers").last.click()
    assert verdicts(page) == ["open", "open"]
    page.reload()
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["open", "open"]


def test_damaged_memory_is_no_obstacle(page):
    page.evaluate("localStorage.setItem('course_utils.quiz', '{broken')")
    page.reload()
    page.locator(".quiz").nth(1).wait_for()
    choose(page, 1)
    page.evaluate("""localStorage.setItem('course_utils.quiz', '{"1.a": 77, "1.b": "x"}')""")
    page.reload()
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["open", "open"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(pages, tmp_path, theme):
    page = pages.open(write_page(tmp_path, question(), theme=theme))
    choose(page, 0)
    assert accessibility_violations(page) == []
