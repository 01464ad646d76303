"""The figure of calibration: its numbers must be those of ``course_utils``."""

import pytest
from browser_tools import QUIET, assert_refused, move, value, values
from figure_samples import calibration_explorer, scores

from course_utils.calibration import expected_calibration_error, reliability_curve
from course_utils.figures.calibration_explorer import TEMPERATURES
from course_utils.metrics import accuracy
from course_utils.softmax import cross_entropy, softmax

pytestmark = pytest.mark.browser


def test_every_step_of_the_slider_agrees_with_course_utils(show):
    logits, labels = scores()
    page = show(calibration_explorer())
    for k, temperature in enumerate(TEMPERATURES):
        move(page, "temperature", k)
        probs = softmax(logits / temperature)
        curve = reliability_curve(probs, labels)
        shown = values(page)
        error = expected_calibration_error(probs, labels)
        assert shown["ece"] == pytest.approx(error, rel=1e-6)
        loss = cross_entropy(logits / temperature, labels).item()
        assert shown["loss"] == pytest.approx(loss, rel=1e-6)
        assert shown["accuracy"] == pytest.approx(accuracy(logits, labels), rel=1e-12)
        for i in curve.count.nonzero().flatten().tolist():
            assert shown[f"accuracy.{i}"] == pytest.approx(curve.accuracy[i].item())
        assert page.locator("title").count() - 1 == int((curve.count > 0).sum())


def test_overconfidence_is_said(show):
    page = show(calibration_explorer(temperature=0.25))
    assert "too sure" in page.locator(".say").first.inner_text()
    move(page, "temperature", 40)
    assert "not sure enough" in page.locator(".say").first.inner_text()


@pytest.mark.parametrize("option", [0, 1, 2])
def test_the_guess_ends_at_twice_the_temperature_with_the_same_accuracy(show, option):
    page = show(calibration_explorer(), questions=True)
    before = value(page, "accuracy"), value(page, "ece")
    page.locator(".guess button").nth(option).click()
    page.get_by_text("Temperature 2.00").wait_for()
    page.wait_for_function(QUIET)
    assert value(page, "accuracy") == before[0]
    assert value(page, "ece") != before[1]
    assert "order of the scores stays" in page.locator(".answer").inner_text()


def test_who_presses_something_during_the_answer_gets_it(show):
    page = show(calibration_explorer(), questions=True)
    page.locator(".guess button").first.click()
    page.wait_for_timeout(300)
    page.get_by_role("button", name="T = 0.25").click()
    page.wait_for_timeout(1500)
    assert "Temperature 0.25" in page.locator(".say").first.inner_text()
    assert "Sharpened" in page.locator(".tries .told").inner_text()


def test_a_gap_has_the_colour_of_its_kind_and_lies_over_nothing(show):
    """At temperature 0.25 the model is too sure in every full bin, at 4 in few."""
    page = show(calibration_explorer())
    gaps = "[fill-opacity='0.55']"
    said = {"vermillion": "above the bar: too sure", "green": "above the mark: not sure enough"}
    for position, colour in ((0, "vermillion"), (40, "green")):
        assert said[colour] in page.locator(f".key [style*='{colour}']").inner_text()
        move(page, "temperature", position)
        plot = page.locator("svg").first
        fills = plot.locator(gaps).evaluate_all("(all) => all.map((e) => e.getAttribute('fill'))")
        assert max(set(fills), key=fills.count) == f"var(--cu-{colour})"
        boxes = plot.locator("rect").evaluate_all(
            "(all) => all.map((e) => ['x', 'y', 'height'].map((a) => Number(e.getAttribute(a))))"
        )
        pairs = list(zip(boxes[::2], boxes[1::2], strict=True))  # a bar, and its gap above it
        assert all(gap[0] == bar[0] for bar, gap in pairs)
        assert all(abs(gap[1] + gap[2] - bar[1]) < 1e-6 for bar, gap in pairs)


def test_states_to_try_say_what_the_numbers_say(show):
    page = show(calibration_explorer())
    page.get_by_role("button", name="least loss").click()
    logits, labels = scores()
    losses = [cross_entropy(logits / t, labels).item() for t in TEMPERATURES]
    best = TEMPERATURES[losses.index(min(losses))]
    assert (
        f"temperatures, {best:.2f} has the least loss" in page.locator(".tries .told").inner_text()
    )
    page.get_by_role("button", name="T = 4", exact=True).click()
    curve = reliability_curve(softmax(logits / 4), labels)
    below = (curve.accuracy > curve.confidence).sum()
    words = f"in {below} of {(curve.count > 0).sum()} bins"
    assert words in page.locator(".tries .told").inner_text()


def test_malformed_state_is_said_in_its_place(show):
    broken = {"grid": None}, {"grid": {}}, {"temperature": "hot"}, {"version": 0}
    assert_refused(show, calibration_explorer(), *broken)


def test_with_forced_colours_the_key_keeps_its_colours(show):
    page = show(calibration_explorer(), forced_colors="active")
    colours = page.locator("p.key span").evaluate_all(
        "(all) => all.map((e) => getComputedStyle(e, '::before').backgroundColor)"
    )
    assert len(set(colours)) == 4
