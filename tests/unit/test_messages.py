"""Error messages word for word: the argument, the value, the remedy."""

import math

import pytest
import torch

from course_utils.calibration import (
    fit_temperature,
    reliability_curve,
    require_finite_scores,
    require_probabilities,
)
from course_utils.data import Split, batches, load_fashion_mnist, split_off
from course_utils.decisions import expected_cost_decision
from course_utils.exercises import check
from course_utils.metrics import confusion_matrix, most_confident_mistakes, recall

T = torch.tensor
MAKE_IT = "make it with confusion_matrix(logits, labels)"


def numbered(n=3):
    return Split(torch.zeros(n, 2, 2), torch.arange(n))


CASES = [
    (lambda: recall([1]), f"confusion must be a torch.Tensor, got list; {MAKE_IT}"),
    (
        lambda: recall(torch.zeros(2, 3)),
        f"confusion must be square, (k, k), got shape (2, 3); {MAKE_IT}",
    ),
    (
        lambda: recall(torch.zeros(2, 2, 2)),
        f"confusion must be square, (k, k), got shape (2, 2, 2); {MAKE_IT}",
    ),
    (
        lambda: recall(T([[1, -2], [0, 1]])),
        f"confusion must hold counts of at least 0, got -2; {MAKE_IT}",
    ),
    (
        lambda: confusion_matrix(torch.zeros(3), T([0])),
        "logits must have shape (n, k), one row per example, got (3,); "
        "flatten the leading axes, or add one with logits[None]",
    ),
    (
        lambda: confusion_matrix(torch.zeros(2, 0), T([0, 0])),
        "logits must hold at least one example and one class, got shape (2, 0); "
        "is the split empty?",
    ),
    (lambda: most_confident_mistakes(torch.ones(1, 1), T([0]), 0), "n must be at least 1, got 0"),
    (
        lambda: require_probabilities(torch.zeros(0, 3)),
        "probs must have shape (n, k) with at least one row, got (0, 3)",
    ),
    (
        lambda: require_probabilities(T([[0.5, 0.5], [1.5, -0.25]])),
        "probs must be non-negative and sum to 1 in each row, got row 1 with sum 1.25 and minimum "
        "-0.25; turn scores into probabilities first: softmax(probs)",
    ),
    (
        lambda: require_probabilities(T([[0.5, 0.5], [1.5, -0.5]])),  # not the first row
        "probs must be non-negative and sum to 1 in each row, got row 1 with sum 1 and minimum "
        "-0.5; turn scores into probabilities first: softmax(probs)",
    ),
    (
        lambda: require_probabilities(T([[1]])),
        "probs must be floating point, got torch.int64; convert it: probs.float()",
    ),
    (
        lambda: require_finite_scores(T([[0.0, 1.0], [math.inf, 2.0]]), T([0, 0])),
        "logits must be finite, got [inf, 2.0] in row 1; "
        "a weight or a pixel is not finite, or the learning rate was far too large",
    ),
    (lambda: fit_temperature(T([1.0]), T([0])), "logits must have shape (n, k), one row per "
     "example, got (1,); flatten the leading axes, or add one with logits[None]"),
    (
        lambda: reliability_curve(T([[1.0]]), T([0]), 0),
        "num_bins must be at least 1, got 0",
    ),
    (
        lambda: expected_cost_decision(T([[0.5, 0.5]]), torch.zeros(3, 2)),
        "cost must have shape (2, m), a row per true class and a column per action, got (3, 2); "
        "transpose it if the actions stand in the rows",
    ),
    (
        lambda: expected_cost_decision(T([[0.5, 0.5]]), torch.zeros(2, 0)),
        "cost must have shape (2, m), a row per true class and a column per action, got (2, 0); "
        "transpose it if the actions stand in the rows",
    ),
    (
        lambda: expected_cost_decision(T([[1.0]]), T([[math.inf]])),
        "cost must be finite, got an infinite or nan entry; a price too high to pay "
        "is still a number: use a large one",
    ),
    (
        lambda: expected_cost_decision(T([[1.0]]), T([[1]])),
        "cost must be floating point, got torch.int64; convert it: cost.float()",
    ),
    (
        lambda: Split(torch.zeros(2, 2), T([0, 1])),
        "images must have shape (n, h, w), got (2, 2); add the missing axes: reshape(n, h, w)",
    ),
    (
        lambda: Split(torch.zeros(2, 2, 2), T([0])),
        "labels must have shape (2,), one per image, got (1,); there are 1 of them for 2 examples",
    ),
    (lambda: batches(numbered(), 0), "batch_size must be at least 1, got 0"),
    (lambda: batches(numbered(0), 4), "split must hold at least one example, got an empty one"),
    (lambda: split_off(numbered(), 0, generator=None), "n must be at least 1, got 0"),
    (
        lambda: split_off(numbered(), 3, generator=None),
        "n must be below the 3 examples of the split, got 3",
    ),
    (
        lambda: load_fashion_mnist(source="net"),
        "source must be one of auto, real, synthetic, got 'net'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), CASES)
def test_message(call, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value) == message


def test_unknown_exercise_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"number must be one of 1\.1, ") as caught:
        check("0.0", 1)
    assert str(caught.value).endswith(", as a string such as \"2.3\", got '0.0'")
