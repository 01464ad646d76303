"""The decision with the least expected cost."""

from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny import fast, judged

from course_utils.decisions import expected_cost_decision
from course_utils.softmax import softmax

TREAT_OR_SEND_HOME = torch.tensor([[0.0, 1.0], [100.0, 1.0]])  # rows healthy, ill


def test_the_most_probable_class_may_be_the_wrong_answer():
    probs = torch.tensor([[0.995, 0.005], [0.9, 0.1], [0.2, 0.8]])
    assert probs.argmax(1).tolist() == [0, 0, 1]
    assert expected_cost_decision(probs, TREAT_OR_SEND_HOME).tolist() == [0, 1, 1]


@pytest.mark.parametrize(("p", "action"), [(0.0099, 0), (0.0101, 1)])
def test_the_action_changes_where_the_expected_costs_cross(p, action):
    probs = torch.tensor([[1 - p, p]], dtype=torch.float64)
    assert expected_cost_decision(probs, TREAT_OR_SEND_HOME).tolist() == [action]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_costs_may_be_beyond_the_format_of_the_probabilities(dtype):
    probs = torch.tensor([[0.5, 0.5], [0.75, 0.25]], dtype=dtype)
    cost = torch.tensor([[100_000.0, 100_400], [100_500, 100_000]])  # inf in float16, equal in both
    assert expected_cost_decision(probs, cost).tolist() == [1, 0]


@fast
@given(st.integers(0, 10_000))
def test_equal_costs_of_every_mistake_give_the_most_probable_class(seed):
    probs = softmax(torch.randn(20, 6, generator=torch.Generator().manual_seed(seed)).double())
    decisions = expected_cost_decision(probs, 1 - torch.eye(6))
    assert torch.equal(decisions, probs.argmax(1))


@fast
@given(judged(), st.integers(1, 5), st.floats(0.1, 10))
def test_only_differences_of_costs_decide(given_data, actions, scale):
    logits, _, g = given_data
    probs = softmax(logits.double())
    cost = torch.rand(probs.shape[1], actions, generator=g, dtype=torch.float64)
    by_hand = [[sum(p * c for p, c in zip(row, col, strict=True)) for col in cost.T.tolist()]
               for row in probs.tolist()]  # fmt: skip
    assume(all(b - a > 1e-9 for row in by_hand for a, b in pairwise(sorted(row))))
    chosen = expected_cost_decision(probs, cost)
    assert chosen.tolist() == [row.index(min(row)) for row in by_hand]
    shifted = scale * cost + torch.rand(probs.shape[1], 1, generator=g)  # a fee for each class
    assert torch.equal(expected_cost_decision(probs, shifted), chosen)


def test_there_may_be_more_actions_than_classes_and_one_is_enough():
    cost = torch.tensor([[0.0, 5.0, 1.0], [5.0, 0.0, 1.0]])  # the third action: ask a person
    probs = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    assert expected_cost_decision(probs, cost).tolist() == [0, 2, 1]
    assert expected_cost_decision(probs, cost[:, :1]).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        ([3.0, 1.0], "softmax"),
        ([float("nan"), 1.0], "a weight or a pixel is not finite"),
        ([float("inf"), 0.0], "a weight or a pixel is not finite"),
    ],
)
def test_what_is_no_probability_is_refused(row, remedy):
    with pytest.raises(ValueError, match=rf"probs must be non-negative and sum to 1.*{remedy}"):
        expected_cost_decision(torch.tensor([row]), TREAT_OR_SEND_HOME)
