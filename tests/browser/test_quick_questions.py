"""The quick questions as a reader meets them in a browser."""

import pytest
from browser_tools import STARTED, accessibility_violations, load_anew, new_page, write_page

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
    page.locator(f'[data-control="chosen.{option}"]').nth(nth).check()
    page.get_by_role("button", name="Check").nth(nth).click()


def verdicts(page):
    return page.locator(".quiz").evaluate_all("(all) => all.map((e) => e.dataset.verdict)")


def test_each_option_explains_itself_and_questions_are_independent(page):
    for option, (_, why) in enumerate(OPTIONS):
        choose(page, option)
        word = "Right." if option == 1 else "No."
        assert page.locator(".say").first.inner_text() == f"{word} {why}"
    assert verdicts(page) == ["wrong", "open"]


def test_choosing_is_not_answering(page):
    page.keyboard.press("Tab")  # the reset button of the first question
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("[data-control='chosen.2']").first.is_checked()
    assert verdicts(page) == ["open", "open"]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert verdicts(page) == ["right", "open"]
    page.locator(".quiz [role=status]").first.get_by_text("Right. So it is.").wait_for(
        state="attached"
    )


def test_another_choice_takes_the_verdict_away_and_the_old_one_brings_it_back(page):
    choose(page, 0)
    said, answers = page.locator(".say").first, page.get_by_role("radio")
    assert said.is_visible()
    answers.nth(1).check()
    assert not said.is_visible()
    answers.nth(0).check()
    assert said.is_visible()
    choose(page, 1)
    assert said.is_visible()


def test_check_without_a_choice_asks_for_one(page):
    page.get_by_role("button", name="Check").first.click()
    assert page.locator(".note").first.inner_text() == "Choose an answer first."
    assert verdicts(page) == ["open", "open"]


def test_questions_have_names_of_their_own(page):
    names = page.locator(".cu-fig").evaluate_all("(all) => all.map((e) => e.ariaLabel)")
    assert names == ["Question 1.a", "Question 1.b"]
    assert page.locator(".title").all_inner_texts() == names


def test_answers_are_remembered_in_the_browser_until_a_reset(page):
    choose(page, 1)
    choose(page, 0, nth=1)
    load_anew(page)
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["right", "wrong"]
    page.locator(".reset").first.click()
    assert verdicts(page) == ["open", "wrong"]
    load_anew(page)
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["open", "wrong"]


def test_where_nothing_may_be_kept_answers_last_as_long_as_the_page(browser, tmp_path):
    page = new_page(browser)
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no'); }});"
        "addEventListener('course_utils.quiz', (event) => { window.told = event.detail; })"
    )
    page.goto(write_page(tmp_path, question(), question("1.b")).as_uri())
    page.wait_for_function(STARTED)
    choose(page, 1)
    choose(page, 0, nth=1)
    assert verdicts(page) == ["right", "wrong"]
    assert page.evaluate("told") == {"1.a": 1, "1.b": 0}
    checked = page.locator(":checked").evaluate_all("(all) => all.map((e) => e.dataset.control)")
    assert checked == ["chosen.1", "chosen.0"]
    assert page.problems == []
    page.context.close()


def test_damaged_memory_is_no_obstacle(page):
    for broken in ("{broken", "null", "3", "[]"):
        page.evaluate("(text) => localStorage.setItem('course_utils.quiz', text)", broken)
        load_anew(page)
        page.locator(".quiz").nth(1).wait_for()
        choose(page, 1)
        assert verdicts(page) == ["right", "open"]
    page.evaluate("""localStorage.setItem('course_utils.quiz', '{"1.a": 77, "1.b": "x"}')""")
    load_anew(page)
    page.locator(".quiz").nth(1).wait_for()
    assert verdicts(page) == ["open", "open"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(pages, tmp_path, theme):
    page = pages.open(write_page(tmp_path, question(), theme=theme))
    choose(page, 0)
    assert accessibility_violations(page) == []
