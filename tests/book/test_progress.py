"""What a reader has done: ticked and answered in the chapters, summed up in the map, kept."""

import json

import pytest
from browser_tools import Pages, load_anew, new_page, start_all

from course_utils.exercises.reporting import Record, Report

pytestmark = [pytest.mark.book, pytest.mark.browser]

CHAPTER = "chapters/07_softmax_regression_scratch.html"
MAP = "intro.html"
MARKS, ANSWERS = "course_utils.progress", "course_utils.quiz"
#: Runs before the page's scripts: what is kept stays, but nothing of ours comes to it.
FULL = """const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, text) {
  if (key.startsWith("course_utils")) throw new DOMException("full", "QuotaExceededError");
  set.call(this, key, text);
};"""


@pytest.fixture(params=["http", "disk"])
def where(request, book):
    """Address of the book's folder, by a server and from the disk."""
    if request.param == "http":
        return request.getfixturevalue("served_book")
    return book.as_uri()


@pytest.fixture
def page(browser):
    """A page with nothing kept; in the end nothing went wrong on it."""
    page = new_page(browser, viewport={"width": 1280, "height": 900})
    yield page
    assert page.problems == []
    page.context.close()


def visit(page, address: str) -> None:
    page.goto(address)
    start_all(page)


def answer(page, nth: int = 0) -> None:
    """Answer a question of the page; which option doesn't matter."""
    question = page.locator(".quiz").nth(nth)
    question.locator("[type=radio]").first.check()
    question.get_by_role("button", name="Check").click()


def kept(page) -> tuple[dict, dict]:
    """What the browser keeps: ticks and answers."""
    texts = page.evaluate(
        "(places) => places.map((p) => localStorage.getItem(p))", [MARKS, ANSWERS]
    )
    ticks, answers = (json.loads(text or "{}") for text in texts)
    return ticks, answers


def done(page) -> list[str]:
    """What the map says of the chapters in which something was done."""
    return [text for text in page.locator(".mine-map").all_inner_texts() if text]


def load(page, text: str, name: str = "mine.json") -> str:
    """Load a file; return what is said of it."""
    data = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    page.locator("details.mine [role=status]").evaluate("(e) => { e.textContent = ''; }")
    page.locator("details.mine [type=file]").set_input_files(data)
    status = page.locator("details.mine [role=status]:not(:empty)")
    status.wait_for(state="attached")
    return status.text_content()


def keep(page, marks: dict, answers: dict) -> None:
    """Have the browser keep this, as another tab would, and show it.

    The page isn't loaded anew: a new process of the browser may come before what was just kept.
    """
    page.evaluate(
        """(all) => {
          for (const [key, value] of all) localStorage.setItem(key, value);
          dispatchEvent(new Event("storage"));
          document.querySelector("details.mine").open = true;
        }""",
        [[MARKS, json.dumps(marks)], [ANSWERS, json.dumps(answers)]],
    )


def test_what_is_ticked_and_answered_stands_at_the_end_and_in_the_map(page, where):
    visit(page, f"{where}/{CHAPTER}")
    line = page.locator("[data-chapter]")
    assert line.inner_text() == ""
    page.get_by_label("Exercise 7.2 is done").check()
    answer(page)
    assert line.inner_text() == "1 of 3 questions answered, 1 of 4 exercises done"
    page.get_by_label("I have read this chapter").check()
    load_anew(page)
    start_all(page)
    assert page.get_by_label("I have read this chapter").is_checked()
    assert line.inner_text() == "1 of 3 questions answered, 1 of 4 exercises done"
    page.get_by_role("link", name="All chapters").click()
    page.wait_for_url("**/intro.html#your-progress")
    assert done(page) == ["✓ read, 1 of 3 questions answered, 1 of 4 exercises done"]
    item = page.locator("ul.chapter-map > li").filter(has=page.locator(".mine-map:not(:empty)"))
    assert "Softmax regression from scratch" in item.inner_text()
    words = "Your progress: 1 chapter read, 1 question answered, 1 exercise done"
    assert page.locator("details.mine summary").inner_text() == words
    assert page.get_by_role("button", name="Save to a file").is_visible()  # opened by the link
    page.go_back()
    start_all(page)
    page.get_by_label("Exercise 7.2 is done").uncheck()
    page.locator(".quiz").first.get_by_role("button", name="Reset").click()
    assert line.inner_text() == ""


def test_it_is_saved_forgotten_brought_back_and_loaded(page, where, tmp_path):
    visit(page, f"{where}/{MAP}")
    marks, answers = {"7": 1, "7.2": 1, "11.6": 1}, {"1.a": 0, "7.b": 2}
    keep(page, marks, answers)
    with page.expect_download() as found:
        page.get_by_role("button", name="Save to a file").click()
    assert found.value.suggested_filename == "softmax-regression-progress.json"
    text = found.value.path().read_text()
    assert json.loads(text)["marks"] == marks
    before = done(page)
    assert len(before) == 3
    page.get_by_role("button", name="Forget all").click()
    assert (done(page), kept(page)) == ([], ({}, {}))
    page.get_by_role("button", name="Bring it back").click()
    assert (done(page), kept(page)) == (before, (marks, answers))
    page.get_by_role("button", name="Forget all").click()
    assert load(page, text) == "New from mine.json: 5. All else stays."
    assert (done(page), kept(page)) == (before, (marks, answers))


def test_a_file_adds_and_takes_nothing_away(page, book):
    visit(page, f"{book.as_uri()}/{MAP}")
    keep(page, {"1": 1}, {"1.a": 2})
    said = load(page, '{"version": 1, "marks": {"2": 1}, "answers": {"1.a": 0, "1.b": 1}}')
    assert said == "New from mine.json: 2. All else stays."
    assert kept(page) == ({"1": 1, "2": 1}, {"1.a": 2, "1.b": 1})


def test_a_report_of_the_exercises_is_loaded_too(page, book, tmp_path):
    passed = Record("Ada", "s", "7.1", "Two learning rates", passed=True, attempts=1)
    failed = Record("Ada", "s", "7.2", "The gradient by hand", attempts=3)
    path = Report([passed, failed]).save(tmp_path / "report.json")
    visit(page, f"{book.as_uri()}/{MAP}")
    assert "report.json: 1." in load(page, path.read_text(), path.name)
    assert done(page) == ["✓ 1 of 4 exercises done"]


BAD_FILES = [
    ("{broken", "it isn't JSON"),
    ("", "it isn't JSON"),
    ("null", "it holds no progress"),
    ("3", "it holds no progress"),
    ("{}", "it holds no progress"),
    ('[{"exercise": "1.1", "passed": false}]', "it holds no solved exercise"),
    ('[{"exercise": "nine", "passed": true}]', '"nine",1 makes no sense'),
    ('{"version": 2, "marks": {"2": 1}}', "it has version 2, this page understands 1"),
    ('{"version": 1, "marks": ["2"]}', "its marks can't be read"),
    ('{"version": 1, "marks": {"2": 1, "3": "yes"}}', '"3","yes" makes no sense'),
    ('{"version": 1, "answers": {"2.a": -1}}', '"2.a",-1 makes no sense'),
    ('{"version": 1, "marks": {"2": 1}}' + " " * 1_000_000, "it is too large"),
]


def test_a_bad_file_is_said_in_words_and_nothing_is_lost(page, book):
    visit(page, f"{book.as_uri()}/{MAP}")
    keep(page, {"1": 1}, {"1.a": 2})
    for text, why in BAD_FILES:
        assert load(page, text) == f"mine.json was not loaded: {why}. Nothing has changed."
        assert kept(page) == ({"1": 1}, {"1.a": 2})
        assert len(done(page)) == 1


def refuse(page) -> None:
    """Have the browser refuse to keep anything, as it does for a page without an origin."""

    def sandboxed(route):
        answer = route.fetch()
        policy = {"Content-Security-Policy": "sandbox allow-scripts"}
        shared = {"Access-Control-Allow-Origin": "*"}  # fonts
        route.fulfill(response=answer, headers=answer.headers | policy | shared)

    page.route("**/*", sandboxed)


def fill(page) -> None:
    """Have the browser keep what it has, and nothing more."""
    page.add_init_script(FULL)


@pytest.mark.parametrize("obstacle", [refuse, fill])
def test_where_nothing_can_be_kept_ticks_last_as_long_as_the_page(page, served_book, obstacle):
    obstacle(page)
    visit(page, f"{served_book}/{CHAPTER}")
    page.get_by_label("Exercise 7.1 is done").check()
    answer(page)
    answer(page, nth=1)
    page.get_by_label("Exercise 7.2 is done").check()
    assert page.get_by_label("Exercise 7.1 is done").is_checked()
    line = page.locator("[data-chapter]").inner_text()
    assert line == "2 of 3 questions answered, 2 of 4 exercises done"
    assert "This browser keeps nothing for this page" in page.locator("div.mine").inner_text()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.locator(".theme-switch-button:visible").first.click()
    visit(page, f"{served_book}/{MAP}")
    assert done(page) == []


def test_damaged_memory_is_said_and_no_obstacle(page, book):
    visit(page, f"{book.as_uri()}/{CHAPTER}")
    page.evaluate("(place) => localStorage.setItem(place, '{broken')", MARKS)
    load_anew(page)
    start_all(page)
    assert "What was kept could not be read" in page.locator("div.mine").inner_text()
    page.get_by_label("Exercise 7.1 is done").check()
    assert kept(page)[0] == {"7.1": 1}
    page.evaluate('(p) => localStorage.setItem(p, \'{"7": 1, "7.1": "x", "y": 1}\')', MARKS)
    load_anew(page)
    start_all(page)
    assert page.locator("[data-mark]:checked").evaluate_all(
        "(a) => a.map((e) => e.dataset.mark)"
    ) == ["7"]


def test_another_tab_is_followed(page, book):
    """Ticks of both stay, and what one forgets the other shows no longer."""
    visit(page, f"{book.as_uri()}/{CHAPTER}")
    answer(page)
    other = page.context.new_page()
    visit(other, f"{book.as_uri()}/{CHAPTER}")
    other.get_by_label("Exercise 7.1 is done").check()
    page.locator("[data-mark='7.1']:checked").wait_for()
    page.get_by_label("Exercise 7.2 is done").check()
    assert kept(page)[0] == {"7.1": 1, "7.2": 1}
    visit(other, f"{book.as_uri()}/{MAP}#your-progress")
    other.get_by_role("button", name="Forget all").click()
    page.locator("[data-mark='7.1']:not(:checked)").wait_for()
    page.locator(".quiz[data-verdict=open]").first.wait_for()
    assert page.locator(".quiz[data-verdict=open]").count() == 3
    assert page.locator("[data-chapter]").inner_text() == ""


@pytest.mark.parametrize("doc", [MAP, CHAPTER])
def test_without_a_script_and_on_paper_there_is_nothing(browser, page, book, doc):
    visit(page, f"{book.as_uri()}/{doc}")
    page.evaluate('(p) => localStorage.setItem(p, \'{"7": 1, "7.1": 1}\')', MARKS)
    load_anew(page)
    start_all(page)
    ours = page.locator(".mine, .mine-map:not(:empty)")
    assert all(one.is_visible() for one in ours.all())
    page.emulate_media(media="print")
    assert [one.is_visible() for one in ours.all()] == [False] * ours.count()
    assert ours.count() >= 2
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{book.as_uri()}/{doc}")
    assert [one.is_visible() for one in plain.locator(".mine, .mine-map").all()].count(True) == 0
    plain.context.close()


def test_keys_and_fingers_reach_everything(browser, page, book):
    visit(page, f"{book.as_uri()}/{CHAPTER}")
    page.get_by_label("Exercise 7.1 is done").focus()
    page.keyboard.press("Space")
    assert kept(page)[0] == {"7.1": 1}
    assert page.get_by_role("group", name="What you have done").get_by_role("checkbox").count() == 1
    phone = Pages(browser).open(
        f"{book.as_uri()}/{CHAPTER}",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    visit(phone, f"{book.as_uri()}/{MAP}#your-progress")
    targets = phone.locator(".mine :is(button, summary)").all()
    small = [one.inner_text() for one in targets if one.bounding_box()["height"] < 44]
    assert (len(targets), small) == (4, [])
    visit(phone, f"{book.as_uri()}/{CHAPTER}")
    targets = phone.locator(".mine :is(label, a)").all()
    small = [one.inner_text() for one in targets if one.bounding_box()["height"] < 44]
    assert (len(targets), small) == (6, [])
    phone.context.close()
