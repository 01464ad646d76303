"""Figure 7: calibration and decisions must be those of ``course_utils``."""

import json
import math

import pytest
import torch
from browser_tools import move, value, values
from figure_samples import calibration_explorer, scores

from course_utils.calibration import expected_calibration_error, reliability_curve
from course_utils.decisions import expected_cost_decision
from course_utils.figures.calibration_explorer import ACTIONS, COST, TEMPERATURES
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


@pytest.mark.parametrize("cost", [COST, (0, 5, 20, 150, 60, 10), (0, 30, 100, 10), (7, 7, 7, 7)])
def test_decision_agrees_with_course_utils(show, cost):
    page = show(calibration_explorer(cost=list(cost), temperature=2))
    table = torch.tensor(cost, dtype=torch.float64).view(2, -1)
    for position in (-4, -2, 0.4, 3.5):
        move(page, "probability", position)
        said = value(page, "says")
        assert said == pytest.approx(1 / (1 + math.exp(-position)), rel=0.1)  # the nearest step
        p = 1 / (1 + math.exp(-math.log(said / (1 - said)) / 2))
        assert value(page, "p") == pytest.approx(p, rel=1e-6)
        probs = torch.tensor([[1 - p, p]], dtype=torch.float64)
        for action, expected in enumerate((probs @ table)[0].tolist()):
            assert value(page, f"cost.{action}") == pytest.approx(expected, rel=1e-6)
        cheapest = ACTIONS[int(expected_cost_decision(probs, table))]
        assert page.locator("[data-decision]").get_attribute("data-decision") == cheapest
        figure = calibration_explorer(cost=list(cost), temperature=2, probability=said)
        assert figure.scaled_probability() == pytest.approx(p)
        assert cheapest in figure.describe()


def test_default_decision_is_not_that_of_the_most_probable_class(show):
    page = show(calibration_explorer())
    text = page.locator(".say").last.inner_text()
    assert "Most probable: healthy" in text
    assert "Cheapest: test further" in text


def test_a_cost_can_be_moved(show):
    page = show(calibration_explorer())
    move(page, "cost.1", 150)
    assert value(page, "cost.1") == pytest.approx(0.9 * 150 + 0.1 * 25)
    assert page.locator("[data-decision]").get_attribute("data-decision") != "test further"


@pytest.mark.parametrize(
    "changes",
    [
        {"grid": None},
        {"grid": {}},
        {"cost": [1, 2, 3, 4, 5]},
        {"cost": [1, 2]},
        {"temperature": "hot"},
        {"actions": ["only one"]},
        {"version": 0},
    ],
)
def test_malformed_state_is_said_in_its_place(show, changes):
    figure = calibration_explorer()
    state = json.dumps(figure.state() | changes)
    script = f'<script type="application/json">{state}</script>'
    page = show(figure, extra=f'<div data-afm="calibration_explorer">{script}</div>')
    assert page.locator(".cu-error").count() == 1
    assert page.locator(".cu-fig").count() == 1
    assert page.problems == []
