"""Pages that tests borrow come back as new ones are."""

import pytest
from browser_tools import Pages

pytestmark = pytest.mark.browser
STATE = """() => [innerWidth, matchMedia("print").matches, localStorage.length,
  sessionStorage.length, document.body.className]"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><title>t</title><body></body>")
    return path


def test_a_page_is_lent_again_and_nothing_of_the_last_test_is_left(browser, path):
    pages, size = Pages(browser), {"width": 390, "height": 844}
    first = pages.open(path, viewport=size)
    fresh = first.evaluate(STATE)
    first.evaluate("localStorage.a = sessionStorage.b = document.body.className = 'x'")
    first.evaluate("console.error('planted')")
    first.set_viewport_size({"width": 1280, "height": 720})
    first.emulate_media(media="print")
    assert first.evaluate(STATE) == [1280, True, 1, 1, "x"]
    assert first.problems == ["planted"]
    pages.take_back()
    again = pages.open(path, viewport=size)
    assert again is first
    assert again.evaluate(STATE) == fresh == [390, False, 0, 0, ""]
    assert again.problems == []
    assert again.requested == [path.as_uri()]


def test_pages_of_one_test_and_of_other_options_are_different_ones(browser, path):
    pages = Pages(browser)
    first, second = pages.open(path), pages.open(path)
    dark = pages.open(path, color_scheme="dark")
    assert len({first, second, dark}) == 3
    assert dark.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
