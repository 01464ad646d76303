"""What every figure must do, driven in a real browser on static pages."""

import functools
import http.server
import json
import threading

import pytest
from browser_tools import (
    PHONE,
    accessibility_violations,
    move,
    value,
    visible_text,
    write_page,
)
from figure_samples import SAMPLES

from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.scripts import names
from course_utils.figures.softmax_playground import SoftmaxPlayground

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
    assert sorted(SAMPLES) == [name for name in names() if name != "quiz"]


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


def with_state(figure, **changes):
    """Return the figure's static form with some of its stored state replaced."""
    state = {k: v for k, v in {**figure.state(), **changes}.items() if v != "missing"}
    return static_div(figure._name, json.dumps(state))


def static_div(name, text):
    script = f'<script type="application/json">{text}</script>'
    return f'<div data-afm="{name}">{script}<p>The same in words.</p></div>'


def test_log_slider_speaks_the_value_not_the_position(show):
    page = show(SoftmaxPlayground())
    move(page, "temperature", -1)
    slider = page.locator("[data-control=temperature]")
    assert slider.get_attribute("aria-valuetext") == "0.10"
    assert slider.input_value() == "-1"


def test_changes_are_announced_once_when_it_is_quiet(show):
    page = show(SoftmaxPlayground())
    page.evaluate(
        "window.spoken = []; new MutationObserver(() => spoken.push("
        "document.querySelector('[aria-live=polite]').textContent)).observe("
        "document.querySelector('[aria-live=polite]'), {childList: true})"
    )
    page.locator("[data-control='logits.0']").evaluate(  # quicker than any pause
        "(e) => [3, 4, 5].forEach((z) => {"
        " e.value = z; e.dispatchEvent(new Event('input', {bubbles: true})); })"
    )
    page.wait_for_function("spoken.length > 0")
    page.wait_for_timeout(700)
    assert page.evaluate("spoken") == ["dog 0.980, cat 0.018, chicken 0.002."]
    assert page.locator("output:not([aria-live=off])").count() == 0


DARKEN = {
    "book": "document.documentElement.dataset.theme = 'dark'",
    "jupyterlab": "document.body.dataset.jpThemeLight = 'false'",
}


@pytest.mark.parametrize("where", DARKEN)
def test_dark_mode_follows_the_page_when_toggled(show, where):
    page = show(SoftmaxPlayground())
    colours = (
        "(() => { const c = getComputedStyle(document.querySelector('.cu-fig'));"
        " return [c.backgroundColor, c.color, c.colorScheme,"
        " getComputedStyle(document.querySelector('.cu-fig rect')).fill]; })()"
    )
    light = page.evaluate(colours)
    assert light[0] == "rgb(255, 255, 255)"
    page.evaluate(DARKEN[where])
    dark = page.evaluate(colours)
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert dark[2] == "dark"
    page.emulate_media(media="print")
    assert page.evaluate(colours) == light  # paper is white


def test_reduced_motion_stops_transitions(show):
    seconds = "getComputedStyle(document.querySelector('.cu-reset')).transitionDuration"
    assert show(LossExplorer()).evaluate(seconds) != "0s"
    assert show(LossExplorer(), reduced_motion="reduce").evaluate(seconds) == "0s"


def test_print_keeps_the_values_and_drops_the_handles(show):
    page = show(SoftmaxPlayground())
    page.emulate_media(media="print")
    assert not page.locator("input[type=range]").first.is_visible()
    assert page.locator("output").first.is_visible()
    assert page.locator("svg").first.is_visible()


def test_page_without_javascript_says_the_same_in_words(browser, tmp_path):
    path = write_page(tmp_path, JacobianExplorer())
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    assert JacobianExplorer().describe() in page.locator("[data-afm]").inner_text()
    page.context.close()


# --- bad input, several figures ------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (static_div("loss_explorer", "{nonsense"), "stored state can't be read"),
        (static_div("loss_explorer", "[1, 2]"), "stored state can't be read"),
        (with_state(LossExplorer(), version=0), "version 0, this page understands 1"),
        (with_state(LossExplorer(), version="missing"), "version nothing"),
        (with_state(LossExplorer(), logit="missing"), '"logit" is nothing'),
        (with_state(LossExplorer(), logit="high"), '"logit" is "high"'),
        (with_state(LossExplorer(), double_softmax=None), '"double_softmax" is null'),
        (with_state(SoftmaxPlayground(), logits=[1]), '"logits" is [1]'),
        (with_state(SoftmaxPlayground(), logits=[1, None]), '"logits" is [1,null]'),
        (with_state(OverflowExplorer(), dtype="float8"), '"dtype" is "float8"'),
        ('<div data-afm="loss_explorer_2"></div>', "no figure"),
        ('<div data-afm="constructor"></div>', "no figure"),
    ],
)
def test_bad_state_is_said_in_its_place_and_the_rest_works(show, broken, words):
    page = show(SoftmaxPlayground(), extra=broken + LossExplorer().static_html())
    error = page.locator("[data-afm]").nth(1)
    assert words in error.locator(".cu-error").inner_text()
    assert page.locator(".cu-fig").count() == 2
    move(page, "logits.0", 5)
    assert value(page, "z0") == 5
    assert page.problems == []
    if "words" in broken:
        assert error.get_by_text("The same in words.").is_visible()


def test_out_of_range_values_are_clamped_and_said(show):
    page = show(extra=with_state(SoftmaxPlayground(), temperature=99, logits=[50, 0, -50]))
    note = page.locator(".cu-note").inner_text()
    assert "is out of range" in note
    assert page.locator("[data-control=temperature]").get_attribute("aria-valuetext") == "10.00"
    assert [value(page, f"z{i}") for i in range(3)] == [10, 0, -10]
    move(page, "logits.0", 1)
    assert not page.locator(".cu-note").is_visible()


def test_radio_groups_of_two_figures_are_apart(show):
    page = show(OverflowExplorer(), OverflowExplorer())
    page.get_by_text("float16", exact=True).first.click()
    assert page.locator("input[data-control='dtype.float16']").nth(0).is_checked()
    assert page.locator("input[data-control='dtype.float32']").nth(1).is_checked()


def test_bare_div_starts_with_the_defaults(show):
    page = show(extra='<div data-afm="softmax_playground"></div>')
    assert [value(page, f"z{i}") for i in range(3)] == SoftmaxPlayground().logits
