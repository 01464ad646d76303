"""Bad input raises TypeError or ValueError that names the argument, the value and the remedy."""

import math

import pytest
import torch

from course_utils import validation
from course_utils.error_bounds import softmax_bound
from course_utils.losses import SoftmaxCrossEntropy, binary_cross_entropy_with_logits
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
        (LOGITS, LABELS + 1, ValueError, r"labels must lie in 0..2 for 3 classes, got 1..3"),
        (LOGITS, LABELS - 1, ValueError, r"got -1..1; labels start at 0"),
        (LOGITS, torch.eye(3).long()[LABELS], TypeError, r"labels must be floating point.*float"),
        (LOGITS, torch.eye(3), ValueError, r"the shape \(4, 3\) of the logits, got \(3, 3\)"),
        (LOGITS, torch.ones(4, 3), ValueError, r"rows of probabilities.*got row sums 3..3"),
        (LOGITS, torch.tensor([[2.0, -1.0, 0.0]] * 4), ValueError, r"least entry -1"),
        (LOGITS, torch.full((4, 3), math.nan), ValueError, r"rows of probabilities"),
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
    with pytest.raises(TypeError, match="label_smoothing must be a number, got str"):
        cross_entropy(LOGITS, LABELS, label_smoothing="a lot")


def test_rounded_probabilities_are_accepted():
    labels = torch.softmax(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), 1)
    assert cross_entropy(LOGITS, labels.bfloat16()).isfinite()


@pytest.mark.parametrize(
    ("targets", "kind", "words"),
    [
        (torch.zeros(4), ValueError, r"targets must have the shape \(4, 3\).*got \(4,\).*reshape"),
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


def test_good_input_passes():
    validation.require_positive("lr", 1e-9)
    validation.require_count("num_epochs", 1)
    validation.require_fraction("label_smoothing", 0)
    validation.require_labels(LABELS.to(torch.uint8), 4, 3)
    validation.require_labels(torch.zeros(0, dtype=torch.long), 0, 3)
