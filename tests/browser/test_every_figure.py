"""What every figure must do, driven in a real browser on static pages."""

import re
import shutil
import sys
import textwrap
from types import ModuleType

import pytest
from browser_tools import (
    PAINTED,
    PHONE,
    QUIET,
    accessibility_violations,
    move,
    skip_questions,
    static_div,
    value,
    visible_text,
    with_state,
    write_page,
)
from figure_checks import AT_ONCE, SWEEP, faults, sweep
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
STAYING = f"{LIVE}:not([data-control=classes])"  # but not the one that adds sliders
SPOKEN = "[aria-live=polite]"
CONTROLS = "(all) => all.map((e) => e.dataset.control)"


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


def test_all_start_over_http_and_speak_of_changes_alone(pages, tmp_path):
    """All on one page, because each speaks only after a pause."""
    write_page(tmp_path, *(make() for make in SAMPLES.values()))
    with served(tmp_path) as address:
        page = pages.open(f"{address}/page.html")
    assert page.problems == []
    assert page.locator(".cu-fig").count() == len(SAMPLES)
    skip_questions(page)
    page.wait_for_function(QUIET)
    page.wait_for_timeout(700)
    assert page.locator(SPOKEN).all_text_contents() == [""] * len(SAMPLES)
    for figure in page.locator(".cu-fig").all():
        figure.locator(LIVE).first.press("PageUp")
    for spoken in page.locator(SPOKEN).all():
        spoken.filter(has_text=re.compile(".{11}")).wait_for(state="attached")


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
UNFOLD = "(all) => all.forEach((e) => { e.open = true; })"
#: Puts the focus before the figure and notes where it goes.
FOLLOW_FOCUS = """(frame) => {
  document.body.tabIndex = -1;
  document.body.focus();
  window.seen = new Set();
  frame.addEventListener("focusin", (e) => seen.add(e.target));
}"""
#: A group of radio buttons is one stop; arrows move within it.
MISSED = """(all) => all.filter((e) => !seen.has(e) && !e.disabled
  && !(e.type === "radio" && [...seen].some((s) => s.name === e.name))).map((e) => e.outerHTML)"""


def test_in_a_wide_dark_window(show, figure):
    """It starts from a file, keys reach and move everything, a reset brings all of it back."""
    page = show(figure, theme="dark", viewport={"width": 1600, "height": 900})
    assert page.problems == []
    assert page.locator(".cu-fig").count() == 1
    assert page.locator(".cu-error, .note:not(:empty)").count() == 0
    assert accessibility_violations(page) == []

    before = page.evaluate(with_deep(LOOK))  # padding leaves the width of the figure alone
    page.add_style_tag(content=HOSTILE)
    assert page.locator("h1").evaluate("(e) => getComputedStyle(e).fontSize") == "30px"
    assert len(before) > 9
    assert page.evaluate(with_deep(LOOK)) == before
    page.evaluate("document.head.lastElementChild.remove()")

    for slider in page.locator("input[type=range]").all():
        row = slider.locator("xpath=ancestor::div[contains(@class, 'slider')]")
        assert row.locator("label span").text_content()
        spoken, seen = slider.get_attribute("aria-valuetext"), row.locator("output").text_content()
        assert seen == spoken or seen in spoken.split()  # "3 classes", beside it 3
    page.locator("details").evaluate_all(UNFOLD)
    first = visible_text(page)
    page.locator(".frame").evaluate(FOLLOW_FOCUS)
    stops = page.locator(".frame :is(input, button, summary, [tabindex='0'])")
    for _ in range(stops.count()):
        page.keyboard.press("Tab")
    assert stops.evaluate_all(MISSED) == []
    assert sliders(page)
    for slider in sliders(page):
        before = slider.get_attribute("aria-valuetext")
        turn(slider)
        assert slider.get_attribute("aria-valuetext") != before
    for group in {r.get_attribute("name") for r in page.locator("input[type=radio]").all()}:
        page.locator(f"input[name='{group}']:checked").press("ArrowDown")
        checked = page.locator(f"input[name='{group}']:checked")
        assert checked.count() == 1
        assert checked.evaluate("(e) => e === e.getRootNode().activeElement")
    page.wait_for_function(QUIET)
    assert visible_text(page) != first
    page.get_by_role("button", name="Reset", exact=True).click()
    page.wait_for_function(QUIET)
    skip_questions(page)  # one may be asked again
    assert visible_text(page) == first


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
    page.locator("details").evaluate_all(UNFOLD)
    for slider in page.locator(f"{LIVE}:not(.keyed *)").all()[:1]:  # or handles alone, see below
        before = slider.get_attribute("aria-valuetext")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box["height"] >= 24
        page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        assert slider.get_attribute("aria-valuetext") != before
    assert accessibility_violations(page) == []


def test_a_finger_on_a_handle_drags_it_and_not_the_page(show, figure):
    page = show(figure, **PHONE)
    page.add_style_tag(content="body { padding: 1000px 0 !important; }")
    skip_questions(page)
    handle = page.locator(".grip, .open .reach").first
    if not handle.count():
        pytest.skip("nothing to drag in its first state")
    handle.evaluate("(e) => e.scrollIntoView({block: 'center'})")
    drawn = page.locator(".cu-fig svg").evaluate_all
    seen = drawn("(all) => all.map((e) => e.innerHTML)")
    box, top = handle.bounding_box(), page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)
    for moved in range(0, 80, 10):  # upwards and to the side: the page could follow
        at = {
            "x": box["x"] + box["width"] / 2 + moved / 2,
            "y": box["y"] + box["height"] / 2 - moved,
        }
        kind = "touchMove" if moved else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    assert page.evaluate("scrollY") == top
    assert drawn("(all) => all.map((e) => e.innerHTML)") != seen
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_nothing_is_cut_off_and_nothing_overlaps_in_any_state(show, figure):
    """At any width; a screen reader hears at most twenty words. Controls that stay on the screen
    leave five sixths of it."""
    few = isinstance(figure, BrowserRegression)  # every state is trained; its way isn't drawn
    page = show(figure, script=AT_ONCE, reduced_motion="reduce" if few else "no-preference")
    texts = set()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.get_by_role("button", name="Reset", exact=True).click()
        page.wait_for_function(QUIET)
        page.evaluate(PAINTED)
        for bar in page.locator(".bar").all():
            stays = bar.evaluate("(e) => getComputedStyle(e).position") == "sticky"
            assert stays == (6 * bar.bounding_box()["height"] <= 844)
        found, heard = sweep(page, states=10 if few else 40, seed=width)
        assert found == [], width
        assert page.evaluate("document.documentElement.scrollWidth") == width
        texts.update(heard)
    assert len(texts) > 1
    assert [text for text in texts if len(text.split()) > 20] == []


#: Narrows the figure and looks before the browser has laid it out anew, as a busy machine may.
IN_HASTE = f"""async () => {{
  deep(".cu-fig")[0].parentNode.style.width = "280px";
  return (await ({SWEEP})([1, 1]))[0];
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
    """A third one, of another version than the page understands, says so."""
    page = show(figure, figure, extra=with_state(figure, version=0))
    ours = figure.state()["version"]
    assert f"version 0, this page understands {ours}" in page.locator(".cu-error").inner_text()
    assert page.locator(".cu-fig").count() == 2
    ids = page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    assert len(ids) == len(set(ids))
    page.locator("details").evaluate_all(UNFOLD)
    slider = page.locator(".cu-fig").last.locator(STAYING)
    chosen = page.locator(".cu-fig").last.locator("input:checked")
    count, checked = slider.count(), chosen.evaluate_all(CONTROLS)
    before = slider.first.get_attribute("aria-valuetext")
    control = slider.first.get_attribute("data-control")
    same = page.locator(".cu-fig").last.locator(f"[data-control='{control}']")
    page.locator(".cu-fig").first.locator(STAYING).first.press("PageUp")
    for radio in page.locator(".cu-fig").first.locator("[type=radio]:not(:checked)").all()[:1]:
        radio.check(force=True)
    assert slider.first.get_attribute("aria-valuetext") == before
    assert chosen.evaluate_all(CONTROLS) == checked
    if count > 1:
        turn(slider.last)
        alone = show(figure)
        alone.locator("details").evaluate_all(UNFOLD)
        turn(alone.locator(STAYING).last)
        for one in (page, alone):
            one.wait_for_function(QUIET)
        texts = visible_text(alone)  # drawn again, from a state of its own
        assert visible_text(page)[-len(texts) :] == texts
    else:
        other = "[type=radio]:not(:checked), .bar [aria-pressed=false]"
        found = page.locator(".cu-fig").last.locator(other)
        if found.count():
            found.first.click()
        else:  # nothing but a slider: another width draws both again
            page.set_viewport_size({"width": 700, "height": 900})
            page.evaluate(PAINTED)
        assert same.get_attribute("aria-valuetext") == before


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
    "book": [f"document.documentElement.dataset.theme = '{t}'" for t in ("dark", "light")],
    "jupyterlab": [f"document.body.dataset.jpThemeLight = '{t}'" for t in ("false", "true")],
}


def test_dark_mode_follows_the_page_and_paper_is_white_without_handles(show):
    page = show(SoftmaxPlayground())

    def colours():
        return page.locator(".frame").evaluate(
            "(frame) => { const c = getComputedStyle(frame);"
            " return [c.backgroundColor, c.color, c.colorScheme,"
            " getComputedStyle(frame.querySelector('rect')).fill]; }"
        )

    light = colours()
    assert light[0] == "rgb(255, 255, 255)"
    for darken, lighten in DARKEN.values():
        page.evaluate(darken)
        dark = colours()
        assert all(a != b for a, b in zip(light, dark, strict=True))
        assert dark[2] == "dark"
        page.emulate_media(media="print")
        assert colours() == light
        page.emulate_media(media="screen")
        page.evaluate(lighten)
        assert colours() == light
    page.emulate_media(media="print")
    assert not page.locator("input[type=range]").first.is_visible()
    assert page.locator("output").first.is_visible()
    assert page.locator("svg").first.is_visible()


def test_reduced_motion_stops_transitions(show):
    seconds = "(e) => getComputedStyle(e).transitionDuration"
    reset = show(LossExplorer(), reduced_motion="no-preference").locator(".reset")
    assert reset.evaluate(seconds) != "0s"
    reset.page.emulate_media(reduced_motion="reduce")
    assert reset.evaluate(seconds) == "0s"
    reset.page.emulate_media(reduced_motion="no-preference")


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


def test_page_without_javascript_says_the_same_in_words(browser, tmp_path):
    path = write_page(tmp_path, JacobianExplorer())
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    assert JacobianExplorer().describe() in page.locator("[data-afm]").inner_text()
    page.context.close()


# --- bad input, several figures ------------------------------------------------------------


BROKEN = [
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
]


def test_bad_state_is_said_in_its_place_and_the_rest_works(show):
    """The rest: the first figure, and the last, which has no state and starts from the defaults."""
    broken = "".join(text for text, _ in BROKEN)
    page = show(LossExplorer(), extra=broken + '<div data-afm="softmax_playground"></div>')
    for i, (text, words) in enumerate(BROKEN):
        place = page.locator("[data-afm]").nth(1 + i)
        assert words in place.locator(".cu-error").inner_text()
        assert place.get_by_text("The same in words.").count() == ("words" in text)
    assert page.locator(".cu-error").count() == len(BROKEN)
    assert page.locator(".cu-fig").count() == 2
    assert [value(page, f"z{i}") for i in range(3)] == SoftmaxPlayground().logits
    move(page, "logits.0", 5)
    assert value(page, "z0") == 5
    assert page.problems == []


def test_out_of_range_values_are_clamped_and_said(show):
    logits = with_state(SoftmaxPlayground(), temperature=99, logits=[50, 0, -50])
    rates = (with_state(SAMPLES[n](), lr=99) for n in ("browser_regression", "training_lab"))
    page = show(extra="".join([logits, *rates, with_state(calibration_explorer(), temperature=99)]))
    notes = page.locator(".note")
    assert page.locator(".cu-fig").count() == notes.count() == 4
    assert [text for text in notes.all_inner_texts() if "is out of range" not in text] == []
    assert page.locator("[data-control=temperature]").first.get_attribute("aria-valuetext") == (
        "10.00"
    )
    assert [value(page, f"z{i}") for i in range(3)] == [10, 0, -10]
    move(page, "logits.0", 1)
    assert [note.is_visible() for note in notes.all()] == [False, True, True, True]


#: Whether what has the focus can be seen, at one of nine points at least.
IN_SIGHT = """() => {
  let e = document.activeElement;
  while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  const {left, top, width, height} = e.getBoundingClientRect();
  const parts = [0.1, 0.5, 0.9];
  const seen = (x, y) => e.getRootNode().elementFromPoint(left + x * width, top + y * height);
  const own = e.closest(".keyed")?.parentNode ?? e.closest("label, .slider") ?? e;
  return parts.some((x) => parts.some((y) => own.contains(seen(x, y)))) ? "" : e.outerHTML;
}"""


def test_what_has_the_focus_is_not_behind_the_controls_that_stay(show):
    page = show(SoftmaxPlayground(), LossExplorer(), viewport={"width": 1280, "height": 600})
    page.wait_for_function(with_deep("() => deep('.low').length === 2"))
    hidden = []
    for key in 40 * ["Tab"] + 40 * ["Shift+Tab"]:
        page.keyboard.press(key)
        hidden.append(page.evaluate(IN_SIGHT))
    assert [found for found in hidden if found] == []
