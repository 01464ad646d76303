"""The figure of decisions: its numbers must be those of ``course_utils``."""

import math

import pytest
import torch
from browser_tools import assert_refused, move, put, value

from course_utils.decisions import expected_cost_decision
from course_utils.figures.decision_explorer import ACTIONS, COST, DecisionExplorer

pytestmark = pytest.mark.browser


def decision(page) -> str:
    return page.locator("[data-decision]").get_attribute("data-decision")


def test_decision_agrees_with_course_utils(show):
    page = show(DecisionExplorer())
    for cost in [COST, (0, 5, 20, 150, 60, 10), (0, 30, 100, 10), (7, 7, 7, 7)]:
        put(page, DecisionExplorer(cost=list(cost)))
        table = torch.tensor(cost, dtype=torch.float64).view(2, -1)
        for position in (-4, -2, 0.4, 3.5):
            move(page, "probability", position)
            p = value(page, "p")
            # the nearest step
            assert p == pytest.approx(1 / (1 + math.exp(-position)), rel=0.1)
            probs = torch.tensor([[1 - p, p]], dtype=torch.float64)
            for action, expected in enumerate((probs @ table)[0].tolist()):
                assert value(page, f"cost.{action}") == pytest.approx(expected, rel=1e-6)
            figure = DecisionExplorer(cost=list(cost), probability=p)
            assert decision(page) == figure.decision() in figure.describe()
            assert figure.decision() == ACTIONS[int(expected_cost_decision(probs, table))]


def test_the_line_can_be_dragged(show):
    page = show(DecisionExplorer(), viewport={"width": 390, "height": 800})
    knob = page.locator(".grip .knob")
    box, axis = knob.bounding_box(), page.locator(".axes .edge").bounding_box()
    x = axis["x"] + 0.75 * axis["width"]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, box["y"], steps=4)
    page.mouse.up()
    assert value(page, "p") == pytest.approx(0.75, abs=0.01)
    assert decision(page) == "treat"
    after = knob.bounding_box()
    assert after["x"] + after["width"] / 2 == pytest.approx(x, abs=1)


def test_a_border_lies_where_two_expected_costs_are_equal(show):
    """And the default decision is not that of the most probable state."""
    page = show(DecisionExplorer())
    text = page.locator(".say").inner_text()
    assert "Most probable: healthy" in text
    assert "Cheapest: test further" in text
    label = page.locator("svg").first.get_attribute("aria-label")
    first, second = f"{5 / 180:.4g}", f"{25 / 40:.4g}"
    assert f"send home from 0 to {first}; test further from {first} to {second}" in label
    assert f"treat from {second} to 1" in label


@pytest.mark.parametrize(("option", "word"), [(0, "No"), (1, "Yes"), (2, "No")])
def test_the_guess_halves_a_cost_and_says_where_the_border_is_then(show, option, word):
    page = show(DecisionExplorer(), questions=True)
    page.locator(".guess button").nth(option).click()
    answer = page.locator(".answer").inner_text()
    assert word in answer
    assert "to 0.063, where two expected costs would be equal" in answer
    halved = page.locator("[data-control='cost.3']").get_attribute("aria-valuetext")
    assert halved == "100"


def test_costs_without_a_border_that_moves_leave_nothing_to_guess(show):
    page = show(DecisionExplorer(cost=[7, 7, 7, 7]), questions=True)
    assert page.locator(".guess").count() == 0
    move(page, "probability", 1)
    assert decision(page) == "send home"


def test_a_cost_can_be_moved_and_the_goal_reached(show):
    page = show(DecisionExplorer())
    assert page.locator(".goal.done").count() == 0
    move(page, "cost.1", 150)
    assert value(page, "cost.1") == pytest.approx(0.9 * 150 + 0.1 * 25)
    assert decision(page) == "send home"
    move(page, "cost.2", 0)
    assert decision(page) == "treat"
    assert page.locator(".goal.done").count() == 1


def test_where_every_mistake_costs_the_same_the_most_probable_state_decides(show):
    page = show(DecisionExplorer())
    page.get_by_role("button", name="every mistake costs the same").click()
    for position, action in ((-0.1, "send home"), (0.1, "treat")):
        move(page, "probability", position)
        assert decision(page) == action


def test_malformed_state_is_said_in_its_place(show):
    assert_refused(
        show,
        DecisionExplorer(),
        {"cost": [1, 2, 3, 4, 5]},
        {"cost": [1, 2]},
        {"probability": "likely"},
        {"states": ["one"]},
        {"actions": ["only one"]},
        {"version": 0},
    )
