"""What every figure must do, driven in a real browser on static pages."""

import functools
import http.server
import threading

import pytest
from browser_tools import PHONE, accessibility_violations, visible_text, write_page
from figure_samples import SAMPLES

from course_utils.figures import base

pytestmark = pytest.mark.browser
LIVE = "input[type=range]:not(:disabled)"
SPOKEN = "[aria-live=polite]"


@pytest.fixture(params=SAMPLES)
def figure(request):
    return SAMPLES[request.param]()


def sliders(page):
    """Return the sliders that can be moved, those that change how many there are last."""
    found = page.locator(LIVE).evaluate_all("(es) => es.map((e) => e.dataset.control)")
    names = sorted(found, key=lambda name: name == "classes")
    return [page.locator(f"input[data-control='{name}']") for name in names]


def turn(slider):
    """Move a slider by a key: down, or up where it stands at its lower end."""
    low = float(slider.input_value()) <= float(slider.get_attribute("min"))
    slider.press("PageUp" if low else "PageDown")


def test_samples_are_all_figures():
    """A figure that nobody drives in a browser would go unnoticed."""
    assert sorted(SAMPLES) == [name for name in base.names() if name != "quiz"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figure_starts_from_a_file_and_axe_finds_nothing(show, figure, theme):
    page = show(figure, theme=theme)
    assert page.problems == []
    assert page.locator(".cu-fig").count() == 1
    assert page.locator(".cu-error, .cu-note:not(:empty)").count() == 0
    assert accessibility_violations(page) == []


def test_all_start_over_http(pages, tmp_path):
    write_page(tmp_path, *(make() for make in SAMPLES.values()))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        page = pages.open(f"http://127.0.0.1:{server.server_port}/page.html")
        server.shutdown()
    assert page.problems == []
    assert page.locator(".cu-fig").count() == len(SAMPLES)


def test_keyboard_reaches_and_moves_everything(show, figure):
    page = show(figure)
    page.evaluate(
        "document.body.tabIndex = -1; document.body.focus();"
        "window.seen = new Set(); document.addEventListener('focusin', (e) => seen.add(e.target))"
    )
    for _ in range(40):
        page.keyboard.press("Tab")
    # A group of radio buttons is one stop; arrows move within it.
    missed = page.evaluate(
        "[...document.querySelectorAll('.cu-fig :is(input, button, [tabindex])')].filter((e) =>"
        " !seen.has(e) && !e.disabled"
        " && !(e.type === 'radio' && [...seen].some((s) => s.name === e.name)))"
        ".map((e) => e.outerHTML)"
    )
    assert missed == []
    assert sliders(page)
    for slider in sliders(page):
        before = slider.get_attribute("aria-valuetext")
        turn(slider)
        assert slider.get_attribute("aria-valuetext") != before
    for group in {r.get_attribute("name") for r in page.locator("input[type=radio]").all()}:
        page.locator(f"input[name='{group}']:checked").focus()
        page.keyboard.press("ArrowDown")
        checked = page.locator(f"input[name='{group}']:checked")
        assert checked.count() == 1
        assert checked.evaluate("(e) => e === document.activeElement")


def test_every_slider_has_a_name_and_a_spoken_value_and_reset_brings_it_back(show, figure):
    page = show(figure)
    for slider in page.locator("input[type=range]").all():
        row = slider.locator("xpath=ancestor::div[@class='cu-slider']")
        assert row.locator("label span").text_content()
        spoken, seen = slider.get_attribute("aria-valuetext"), row.locator("output").text_content()
        assert seen == spoken or seen in spoken.split()  # "3 classes", beside it 3
    first = visible_text(page)
    for slider in sliders(page):
        slider.focus()
        page.keyboard.press("PageUp")
        page.keyboard.press("PageDown")
        page.keyboard.press("PageDown")
    assert visible_text(page) != first
    page.get_by_role("button", name="Reset", exact=True).click()
    assert visible_text(page) == first


def test_changes_are_announced_and_nothing_before(show):
    """All on one page, because each speaks only after a pause."""
    page = show(*(make() for make in SAMPLES.values()))
    page.wait_for_timeout(700)
    assert page.locator(SPOKEN).all_text_contents() == [""] * len(SAMPLES)
    for figure in page.locator(".cu-fig").all():
        figure.locator(LIVE).first.focus()
        page.keyboard.press("PageUp")
    silent = f"[...document.querySelectorAll('{SPOKEN}')].filter((e) => e.textContent.length < 11)"
    page.wait_for_function(f"{silent}.length === 0")


def test_phone_width_fits_and_answers_to_touch(show, figure):
    page = show(figure, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    slider = page.locator(LIVE).first
    before = slider.get_attribute("aria-valuetext")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["height"] >= 24
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert slider.get_attribute("aria-valuetext") != before
    assert accessibility_violations(page) == []


@pytest.mark.parametrize("where", ["documentElement.dataset.theme", "body.dataset.jpThemeLight"])
def test_dark_mode_follows_the_page_when_toggled(show, figure, where):
    page = show(figure)
    colours = (
        "[...document.querySelectorAll('.cu-fig, .cu-fig .cu-line, .cu-fig .cu-say')].map((e) => {"
        " const c = getComputedStyle(e); return c.backgroundColor + c.color + c.stroke; })"
    )
    light = page.evaluate(colours)
    assert light
    page.evaluate(f"document.{where} = '{'dark' if 'theme' in where else 'false'}'")
    assert all(a != b for a, b in zip(light, page.evaluate(colours), strict=True))


def test_same_figure_twice_shares_nothing(show, figure):
    page = show(figure, figure)
    slider = page.locator(f"{LIVE}:not([data-control=classes])")  # which adds sliders
    count = slider.count() // 2
    before = slider.nth(count).get_attribute("aria-valuetext")
    slider.first.focus()
    page.keyboard.press("PageUp")
    assert slider.nth(count).get_attribute("aria-valuetext") == before
    if count > 1:
        turn(slider.last)
    else:
        page.locator(".cu-fig").last.locator("[type=radio]:not(:checked)").first.click()
    # The second was drawn again, from a state of its own.
    assert slider.nth(count).get_attribute("aria-valuetext") == before
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_python_and_javascript_agree_on_the_version(show, figure):
    page = show(figure, extra=figure.static_html().replace('"version": 1', '"version": 0'))
    assert "version 0, this page understands 1" in page.locator(".cu-error").inner_text()
    assert page.locator(".cu-fig").count() == 1


@pytest.mark.parametrize("name", ["browser_regression", "training_lab", "calibration_explorer"])
def test_out_of_range_state_is_clamped_and_said(show, name):
    figure = SAMPLES[name]()
    state = figure.state()
    key = next(k for k in ("lr", "temperature") if k in state)
    text = figure.static_html().replace(f'"{key}": {state[key]}', f'"{key}": 99')
    page = show(figure, extra=text)
    assert "99 is out of range" in page.locator(".cu-note").nth(1).inner_text()
    assert page.locator(".cu-fig").count() == 2
