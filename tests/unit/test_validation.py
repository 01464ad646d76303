"""Bad input raises TypeError or ValueError that names the argument, the value and the remedy."""

import math
from inspect import signature

import numpy as np
import pytest
import torch

from course_utils import validation
from course_utils.calibration import reliability_curve
from course_utils.data import Split
from course_utils.decisions import expected_cost_decision
from course_utils.error_bounds import softmax_bound
from course_utils.fashion_mnist.resizing import require_size
from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
from course_utils.metrics import accuracy
from course_utils.softmax import (
    cross_entropy,
    log_softmax,
    logsumexp,
    softmax,
    softmax_jacobian,
    softmax_naive,
    softmax_vjp,
)

LOGITS = torch.zeros(4, 3)
LABELS = torch.tensor([0, 1, 2, 0])


@pytest.mark.parametrize(
    "function", [softmax, softmax_naive, log_softmax, logsumexp, softmax_jacobian]
)
@pytest.mark.parametrize(
    ("logits", "words"),
    [
        (torch.tensor([1, 2, 3]), r"logits must be floating point, got torch.int64.*\.float\(\)"),
        (torch.tensor([True]), r"logits must be floating point, got torch.bool"),
        (torch.zeros(3, dtype=torch.complex64), r"got torch.complex64"),
        ([1.0, 2.0], r"logits must be a torch.Tensor, got list; wrap it"),
    ],
)
def test_logits_must_be_floating_point(function, logits, words):
    with pytest.raises(TypeError, match=words):
        function(logits)


@pytest.mark.parametrize(
    ("logits", "labels", "kind", "words"),
    [
        (LOGITS.long(), LABELS, TypeError, r"logits must be floating point, got torch.int64"),
        (LOGITS[0], LABELS, ValueError, r"logits must have shape \(n, k\).*got \(3,\).*reshape"),
        (LOGITS[None], LABELS, ValueError, r"got \(1, 4, 3\).*reshape"),
        (LOGITS, LABELS.float(), TypeError, r"labels must be an integer.*float32.*labels.long"),
        (LOGITS, LABELS.bool(), TypeError, r"labels must be an integer tensor, got torch.bool"),
        (LOGITS, [0, 1, 2, 0], TypeError, r"labels must be an integer tensor, got list"),
        (LOGITS, LABELS[:3], ValueError, r"labels must have shape \(4,\).*got \(3,\)"),
        (LOGITS, LABELS[:, None, None], ValueError, r"got \(4, 1, 1\)"),
        (LOGITS, LABELS + 1, ValueError, r"in 0..2 for 3 classes, got 1..3; they"),
        (LOGITS, LABELS * 4, ValueError, r"got 0..8; give the logits 9 columns"),
        (LOGITS, LABELS - 1, ValueError, r"got -1..1; leave out"),
        (LOGITS, torch.eye(3).long()[LABELS], TypeError, r"labels must be floating point.*float"),
        (LOGITS, torch.eye(3), ValueError, r"shape \(4, 3\) .* got \(3, 3\); there"),
        (LOGITS, torch.ones(4, 3), ValueError, r"labels must be non-neg.*row 0 with sum 3"),
        (LOGITS, torch.tensor([[2.0, -1.0, 0.0]] * 4), ValueError, r"minimum -1; turn scores"),
        (LOGITS, torch.full((4, 3), math.nan), ValueError, r"sum to 1 in each row, got .* nan"),
    ],
)
def test_cross_entropy_inputs(logits, labels, kind, words):
    with pytest.raises(kind, match=words):
        cross_entropy(logits, labels)


def test_custom_function_checks_too():
    with pytest.raises(ValueError, match=r"labels must lie in 0..2"):
        SoftmaxCrossEntropy.apply(LOGITS, LABELS + 1)
    with pytest.raises(TypeError, match="labels must be an integer tensor"):
        SoftmaxCrossEntropy.apply(LOGITS, torch.eye(3)[LABELS])
    with pytest.raises(TypeError, match="logits must be floating point"):
        SoftmaxCrossEntropy.apply(LOGITS.long(), LABELS)


def test_cross_entropy_options():
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'avg'"):
        cross_entropy(LOGITS, LABELS, reduction="avg")
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0..1, got 1.5"):
        cross_entropy(LOGITS, LABELS, label_smoothing=1.5)
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0..1, got nan"):
        cross_entropy(LOGITS, LABELS, label_smoothing=math.nan)
    with pytest.raises(TypeError, match="label_smoothing must be a number, got 'a lot'"):
        cross_entropy(LOGITS, LABELS, label_smoothing="a lot")


def test_rounded_probabilities_are_accepted():
    labels = torch.softmax(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), 1)
    assert cross_entropy(LOGITS, labels.bfloat16()).isfinite()


@pytest.mark.parametrize(
    ("targets", "kind", "words"),
    [
        (torch.zeros(4), ValueError, r"targets must have the shape \(4, 3\).*got \(4,\); one"),
        (torch.zeros(4, 3).long(), TypeError, r"targets must be floating point, got torch.int64"),
        (torch.full((4, 3), 2.0), ValueError, r"targets must lie in 0..1, got 2..2"),
        (torch.full((4, 3), -0.5), ValueError, r"got -0.5..-0.5"),
        (torch.full((4, 3), math.nan), ValueError, r"targets must lie in 0..1, got nan..nan"),
    ],
)
def test_binary_targets(targets, kind, words):
    with pytest.raises(kind, match=words):
        binary_cross_entropy_with_logits(LOGITS, targets)


def test_shapes_of_derivatives():
    with pytest.raises(ValueError, match=r"logits must have a last axis of classes.*number 2.0"):
        softmax_jacobian(torch.tensor(2.0))
    with pytest.raises(ValueError, match=r"v must have the last axis of probs, \(4, 3\), got \(4,"):
        softmax_vjp(LOGITS, torch.zeros(4, 1))
    with pytest.raises(TypeError, match="v must be floating point"):
        softmax_vjp(LOGITS, LABELS)


def test_unknown_axis_is_an_index_error_as_in_torch():
    for function in (softmax, softmax_naive, log_softmax, logsumexp, torch.softmax):
        with pytest.raises(IndexError, match="Dimension out of range"):
            function(LOGITS, 2)


def test_bound_of_an_unknown_form():
    with pytest.raises(ValueError, match=r"form must be one of naive, shifted, division-free"):
        softmax_bound(LOGITS, "fused")


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf])
def test_require_positive_values(value):
    with pytest.raises(ValueError, match=f"lr must be a finite number above 0, got {value}"):
        validation.require_positive("lr", value)


@pytest.mark.parametrize("value", ["0.1", True, None])
def test_require_positive_types(value):
    with pytest.raises(TypeError, match="lr must be a number"):
        validation.require_positive("lr", value)


@pytest.mark.parametrize("value", [0, -3])
def test_require_count_values(value):
    with pytest.raises(ValueError, match=f"num_epochs must be at least 1, got {value}"):
        validation.require_count("num_epochs", value)


@pytest.mark.parametrize("value", [1.0, "1", False])
def test_require_count_types(value):
    with pytest.raises(TypeError, match="num_epochs must be an integer"):
        validation.require_count("num_epochs", value)


IMAGES = torch.rand(4, 2, 2)
ROWS = torch.eye(3)[LABELS]
MENDABLE = [  # (call, the argument that won't do): the message's remedy makes it do
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.float()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.double()[:, None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS[:, None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS[None]),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.bool()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.tolist()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS.numpy()),
    (lambda labels: cross_entropy(LOGITS, labels), LABELS + 1),
    (lambda labels: cross_entropy(LOGITS, labels), ROWS.long()),
    (lambda labels: cross_entropy(LOGITS, labels), 0.995 * ROWS),
    (lambda labels: cross_entropy(LOGITS, labels), ROWS + 0.5),
    (lambda labels: cross_entropy(LOGITS, labels), -ROWS),
    (lambda labels: accuracy(LOGITS, labels), ROWS),
    (lambda labels: accuracy(LOGITS, labels), ROWS.long()),
    (lambda labels: Split(IMAGES, labels), LABELS.int()),
    (lambda labels: Split(IMAGES, labels), LABELS.float()[:, None]),
    (lambda labels: Split(IMAGES, labels), LABELS[:, None]),
    (lambda labels: Split(IMAGES, labels), ROWS),
    (lambda labels: Split(IMAGES, labels), LABELS.tolist()),
    (lambda images: Split(images, LABELS), IMAGES[:, None]),
    (lambda images: Split(images, LABELS), (255 * IMAGES).byte()),
    (lambda images: Split(images, LABELS), IMAGES.numpy()),
    (lambda probs: validation.require_probabilities(probs), 0.995 * ROWS),
    (lambda probs: validation.require_probabilities(probs), 3 * ROWS),
    (lambda probs: validation.require_probabilities(probs), ROWS.long()),
    (lambda logits: softmax(logits), LOGITS.long()),
    (lambda logits: softmax(logits), torch.zeros(3, dtype=torch.complex64)),
    (lambda logits: softmax(logits), [1.0, 2.0]),
    (lambda logits: softmax_jacobian(logits), torch.tensor(2.0)),
    (lambda targets: binary_cross_entropy_with_logits(LOGITS, targets), torch.zeros(12)),
]


@pytest.mark.parametrize("number", range(len(MENDABLE)))
def test_the_remedy_of_a_message_works(number):
    call, value = MENDABLE[number]
    (name,) = signature(call).parameters
    with pytest.raises((ValueError, TypeError)) as caught:
        call(value)
    remedy = str(caught.value).rpartition(": ")[2]
    assert name in remedy
    known = {"torch": torch, "softmax": softmax, "logits": LOGITS}
    call(eval(remedy, known | {name: value}))


@pytest.mark.parametrize("total", [0.995, 1 + 1e-5, 1 + 1e-7])
def test_validators_agree_on_what_a_row_of_probabilities_is(total):
    """The loss, the calibration and the decision accept or refuse the same rows."""
    rows = total * torch.tensor([[0.75, 0.25]])
    calls = (
        lambda: cross_entropy(torch.zeros(1, 2), rows),
        lambda: reliability_curve(rows, torch.tensor([0])),
        lambda: expected_cost_decision(rows, torch.eye(2)),
    )
    refused = 0
    for call in calls:
        try:
            call()
        except ValueError:
            refused += 1
    assert refused == (0 if abs(total - 1) < 1e-6 else 3)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, np.float16, np.float32, np.float64])
def test_numbers_of_numpy_are_numbers(kind):
    validation.require_positive("lr", kind(1))
    validation.require_fraction("label_smoothing", kind(1))
    validation.require_rates("lrs", np.array([1, 2], dtype=kind))
    if np.issubdtype(kind, np.integer):
        validation.require_count("n", kind(1))
        assert require_size(kind(5)) == (5, 5)
    else:
        with pytest.raises(TypeError, match="n must be an integer"):
            validation.require_count("n", kind(1))
    with pytest.raises(TypeError, match="lr must be a number, got"):
        validation.require_positive("lr", np.bool_(True))


def test_good_input_passes():
    validation.require_positive("lr", 1e-9)
    validation.require_count("num_epochs", 1)
    validation.require_fraction("label_smoothing", 0)
    validation.require_labels(LABELS.to(torch.uint8), 4, 3)
    validation.require_labels(torch.zeros(0, dtype=torch.long), 0, 3)
