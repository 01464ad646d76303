"""What every figure must do, driven in a real browser on static pages."""

import re
import shutil
import sys
import textwrap
from types import ModuleType

import pytest
from browser_tools import (
    PHONE,
    QUIET,
    STARTED,
    accessibility_violations,
    move,
    new_page,
    skip_questions,
    static_div,
    value,
    visible_text,
    with_state,
    write_page,
)
from figure_checks import AT_ONCE, SWEEP, faults, heard
from figure_samples import SAMPLES, calibration_explorer, training_lab
from page_checks import with_deep
from serving import served

from course_utils import figures
from course_utils.figures import scripts
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import OverflowExplorer
from course_utils.figures.scripts import names
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.figures.traits import Number

pytestmark = pytest.mark.browser
WIDTHS = (320, 390, 768, 1280, 1920)
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
    missing = set(names()) - {"quiz"} - set(SAMPLES)
    assert not missing, f"tests/helpers/figure_samples.py lacks {missing}"
    assert set(SAMPLES) < set(names())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figure_starts_from_a_file_and_axe_finds_nothing(show, figure, theme):
    page = show(figure, theme=theme)
    assert page.problems == []
    assert page.locator(".cu-fig").count() == 1
    assert page.locator(".cu-error, .note:not(:empty)").count() == 0
    assert accessibility_violations(page) == []


def test_all_start_over_http(pages, tmp_path):
    write_page(tmp_path, *(make() for make in SAMPLES.values()))
    with served(tmp_path) as address:
        page = pages.open(f"{address}/page.html")
    assert page.problems == []
    assert page.locator(".cu-fig").count() == len(SAMPLES)


def test_keyboard_reaches_and_moves_everything(show, figure):
    page = show(figure)
    page.locator(".frame").evaluate(
        "(frame) => { document.body.tabIndex = -1; document.body.focus();"
        " window.seen = new Set(); frame.addEventListener('focusin', (e) => seen.add(e.target)); }"
    )
    for _ in range(40):
        page.keyboard.press("Tab")
    # A group of radio buttons is one stop; arrows move within it.
    missed = page.locator(".frame :is(input, button, [tabindex='0'])").evaluate_all(
        "(all) => all.filter((e) => !seen.has(e) && !e.disabled"
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
        assert checked.evaluate("(e) => e === e.getRootNode().activeElement")


def test_every_slider_has_a_name_and_a_spoken_value_and_reset_brings_it_back(show, figure):
    page = show(figure)
    for slider in page.locator("input[type=range]").all():
        row = slider.locator("xpath=ancestor::div[contains(@class, 'slider')]")
        assert row.locator("label span").text_content()
        spoken, seen = slider.get_attribute("aria-valuetext"), row.locator("output").text_content()
        assert seen == spoken or seen in spoken.split()  # "3 classes", beside it 3
    first = visible_text(page)
    for slider in sliders(page):
        slider.focus()
        page.keyboard.press("PageUp")
        page.keyboard.press("PageDown")
        page.keyboard.press("PageDown")
    page.wait_for_function(QUIET)
    assert visible_text(page) != first
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function(QUIET)
    assert visible_text(page) == first


def test_changes_are_announced_and_nothing_before(show):
    """All on one page, because each speaks only after a pause."""
    page = show(*(make() for make in SAMPLES.values()))
    page.wait_for_timeout(700)
    assert page.locator(SPOKEN).all_text_contents() == [""] * len(SAMPLES)
    for figure in page.locator(".cu-fig").all():
        figure.locator(LIVE).first.focus()
        page.keyboard.press("PageUp")
    page.wait_for_timeout(700)
    words = page.locator(SPOKEN).all_text_contents()
    assert [text for text in words if len(text) < 11] == []


def test_a_screen_reader_hears_at_most_twenty_words(browser, tmp_path, figure):
    page = new_page(browser)
    page.add_init_script(AT_ONCE)
    page.goto(write_page(tmp_path, figure).as_uri())
    page.wait_for_function(STARTED)
    skip_questions(page)
    texts = heard(page, states=4 if isinstance(figure, BrowserRegression) else 25)
    page.context.close()
    assert len(set(texts)) > 1
    assert [text for text in texts if len(text.split()) > 20] == []


def test_the_figure_of_the_manual_works(pages, tmp_path, monkeypatch):
    """The example in the docstring of ``course_utils.figures``, taken from there."""
    python, javascript = (
        textwrap.dedent(block) for block in re.findall(r"::\n\n((?:    .*\n|\n)+)", figures.__doc__)
    )
    static = tmp_path / "static"
    shutil.copytree(scripts.STATIC, static)
    (static / "square.js").write_text(javascript, "utf-8")
    monkeypatch.setattr(scripts, "STATIC", static)
    module = ModuleType("course_utils.figures.square")
    module.InteractiveFigure, module.Number = InteractiveFigure, Number
    exec(python, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    page = pages.open(write_page(tmp_path, module.Square(x=3)))
    assert page.problems == []
    page.locator("[data-control=x]").press("ArrowRight")
    page.get_by_text("The square of 3.1 is 9.6").wait_for(state="attached")
    assert len(javascript.strip().splitlines()) <= 15


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


#: Rules that a page may have: none of them may reach into a figure.
HOSTILE = """body, body * {font: italic 30px serif !important; padding: 20px !important;
  margin: 9px !important; color: red !important; background: yellow !important;
  border: 5px solid red !important;
  text-transform: uppercase !important; text-align: right !important; line-height: 3 !important;
  box-sizing: content-box !important; position: relative !important}
  td, th, table, label, input, button, p, svg text {font-size: 40px !important; min-width: 200px}
  .cu-fig {display: inline-block !important; float: right !important;
    max-width: none !important; width: 300px}"""
LOOK = """() => deep(".frame, .frame *").map((e) => {
  const c = getComputedStyle(e);
  return [e.localName, c.font, c.color, c.backgroundColor, c.padding, c.borderTopWidth, c.fill,
    c.textTransform, c.textAlign, c.lineHeight, c.position, c.float, c.marginTop].join(" ");
})"""


def test_the_styles_of_the_page_do_not_reach_into_a_figure(show, figure):
    page = show(figure, viewport={"width": 1600, "height": 900})  # padding leaves its width alone
    before = page.evaluate(with_deep(LOOK))
    page.add_style_tag(content=HOSTILE)
    assert page.locator("h1").evaluate("(e) => getComputedStyle(e).fontSize") == "30px"
    assert len(before) > 9
    assert page.evaluate(with_deep(LOOK)) == before


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_and_nothing_overlaps_in_any_state(show, figure, width):
    page = show(figure, viewport={"width": width, "height": 900})
    few = isinstance(figure, BrowserRegression)  # every state is trained
    assert faults(page, states=10 if few else 40, seed=width) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


#: Narrows the figure and looks before the browser has laid it out anew, as a busy machine may.
IN_HASTE = f"""async () => {{
  deep(".cu-fig")[0].parentNode.style.width = "280px";
  return await ({SWEEP})([1, 1]);
}}"""


def test_only_what_is_painted_counts_as_cut_off(show):
    page = show(training_lab(), viewport={"width": 390, "height": 900})
    assert page.evaluate(with_deep(IN_HASTE)) == []
    page.locator(".axes").first.evaluate("(e) => { e.style.transform = 'scale(2)'; }")
    assert any("cut off" in fault for fault in faults(page, states=1))


def test_a_text_that_lies_over_another_is_a_fault(show):
    page = show(BrowserRegression())
    page.locator(".lead").evaluate("(e) => { e.style.transform = 'translateY(2em)'; }")
    assert any("lies over" in fault for fault in faults(page, states=1))


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
        other = "[type=radio]:not(:checked), .bar [aria-pressed=false]"
        found = page.locator(".cu-fig").last.locator(other)
        if found.count():
            found.first.click()
        else:  # nothing but a slider: another width draws both again
            page.set_viewport_size({"width": 700, "height": 900})
            page.wait_for_timeout(200)
    # The second was drawn again, from a state of its own.
    assert slider.nth(count).get_attribute("aria-valuetext") == before
    ids = page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
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
    assert "99 is out of range" in page.locator(".note").nth(1).inner_text()
    assert page.locator(".cu-fig").count() == 2


def test_log_slider_speaks_the_value_not_the_position(show):
    page = show(SoftmaxPlayground())
    move(page, "temperature", -1)
    slider = page.locator("[data-control=temperature]")
    assert slider.get_attribute("aria-valuetext") == "0.10"
    assert slider.input_value() == "-1"


def test_changes_are_announced_once_when_it_is_quiet(show):
    page = show(SoftmaxPlayground())
    page.locator(SPOKEN).evaluate(
        "(e) => { window.spoken = []; new MutationObserver(() => spoken.push(e.textContent))"
        ".observe(e, {childList: true}); }"
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

    def colours():
        return page.locator(".frame").evaluate(
            "(frame) => { const c = getComputedStyle(frame);"
            " return [c.backgroundColor, c.color, c.colorScheme,"
            " getComputedStyle(frame.querySelector('rect')).fill]; }"
        )

    light = colours()
    assert light[0] == "rgb(255, 255, 255)"
    page.evaluate(DARKEN[where])
    dark = colours()
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert dark[2] == "dark"
    page.emulate_media(media="print")
    assert colours() == light  # paper is white


def test_reduced_motion_stops_transitions(show):
    seconds = "(e) => getComputedStyle(e).transitionDuration"
    assert show(LossExplorer()).locator(".reset").evaluate(seconds) != "0s"
    page = show(LossExplorer(), reduced_motion="reduce")
    assert page.locator(".reset").evaluate(seconds) == "0s"


def test_a_window_too_narrow_for_a_plot_shows_it_smaller(show):
    page = show(OverflowExplorer(), calibration_explorer(), training_lab())
    page.set_viewport_size({"width": 60, "height": 800})
    page.wait_for_timeout(100)
    assert page.problems == []  # such as negative widths
    assert page.locator(".box > svg").first.bounding_box()["width"] < 60


def test_paper_shows_backgrounds_that_mean_something(show):
    page = show(training_lab())
    page.emulate_media(media="print")
    image = page.locator(".templates .image").first
    seen = image.evaluate(
        "(e) => { const c = getComputedStyle(e);"
        " return [c.backgroundImage.slice(0, 4), c.printColorAdjust]; }"
    )
    assert seen == ["url(", "exact"]


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
    note = page.locator(".note").inner_text()
    assert "is out of range" in note
    assert page.locator("[data-control=temperature]").get_attribute("aria-valuetext") == "10.00"
    assert [value(page, f"z{i}") for i in range(3)] == [10, 0, -10]
    move(page, "logits.0", 1)
    assert not page.locator(".note").is_visible()


def test_radio_groups_of_two_figures_are_apart(show):
    page = show(OverflowExplorer(), OverflowExplorer())
    page.get_by_label("float16", exact=True).first.check()
    assert page.locator("input[data-control='dtype.float16']").nth(0).is_checked()
    assert page.locator("input[data-control='dtype.float32']").nth(1).is_checked()


def test_bare_div_starts_with_the_defaults(show):
    page = show(extra='<div data-afm="softmax_playground"></div>')
    assert [value(page, f"z{i}") for i in range(3)] == SoftmaxPlayground().logits


@pytest.mark.parametrize("width", [390, 1280])
def test_controls_that_stay_on_the_screen_leave_five_sixths_of_it(show, figure, width):
    page = show(figure, viewport={"width": width, "height": 844})
    page.wait_for_timeout(100)
    for bar in page.locator(".bar").all():
        stays = bar.evaluate("(e) => getComputedStyle(e).position") == "sticky"
        assert stays == (6 * bar.bounding_box()["height"] <= 844)


#: Whether what has the focus can be seen, at one of nine points at least.
IN_SIGHT = """() => {
  let e = document.activeElement;
  while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  const {left, top, width, height} = e.getBoundingClientRect();
  const parts = [0.1, 0.5, 0.9];
  const seen = (x, y) => e.getRootNode().elementFromPoint(left + x * width, top + y * height);
  const own = e.closest("label, .slider") ?? e;
  return parts.some((x) => parts.some((y) => own.contains(seen(x, y)))) ? "" : e.outerHTML;
}"""


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_what_has_the_focus_is_not_behind_the_controls_that_stay(show, key):
    page = show(SoftmaxPlayground(), LossExplorer(), viewport={"width": 1280, "height": 600})
    page.wait_for_timeout(100)
    assert page.locator(".low").count() == 2
    hidden = []
    for _ in range(40):
        page.keyboard.press(key)
        hidden.append(page.evaluate(IN_SIGHT))
    assert [found for found in hidden if found] == []
