"""Reliability curve, expected calibration error and temperature scaling."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import fast, judged
from torch.nn.functional import cross_entropy

from course_utils.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability_curve,
    require_probabilities,
)
from course_utils.softmax import softmax


def binary(confidence: list[float]) -> torch.Tensor:
    """Rows (p, 1 - p) in float64."""
    p = torch.tensor(confidence, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1)


def drawn(temperature: float, n: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and labels drawn from softmax(logits / temperature)."""
    g = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(n, 5, generator=g, dtype=torch.float64)
    return logits, torch.multinomial(softmax(logits / temperature), 1, generator=g).squeeze(1)


def test_reliability_curve_by_hand():
    probs = binary([0.6, 0.7, 0.95, 0.95])
    curve = reliability_curve(probs, torch.tensor([0, 1, 0, 0]), num_bins=4)
    assert curve.count.tolist() == [0, 0, 2, 2]
    assert curve.confidence[2:].tolist() == pytest.approx([0.65, 0.95])
    assert curve.accuracy[2:].tolist() == pytest.approx([0.5, 1.0])
    assert curve.accuracy[:2].isnan().all()


def test_a_bin_holds_its_upper_edge_and_not_its_lower_one():
    curve = reliability_curve(binary([0.5, 0.75, 1.0]), torch.tensor([0, 0, 0]), num_bins=4)
    assert curve.count.tolist() == [0, 1, 1, 1]


def test_expected_calibration_error_by_hand():
    probs = binary([0.6, 0.7, 0.95, 0.95])
    labels = torch.tensor([0, 1, 0, 0])
    expected = 0.5 * abs(0.5 - 0.65) + 0.5 * abs(1 - 0.95)
    assert expected_calibration_error(probs, labels, num_bins=4) == pytest.approx(expected)


def test_error_of_the_certain_and_right_is_zero_and_of_the_certain_and_wrong_is_one():
    probs = torch.eye(4)
    assert expected_calibration_error(probs, torch.arange(4)) == 0
    assert expected_calibration_error(probs, torch.tensor([1, 2, 3, 0])) == 1


@fast
@given(judged(), st.integers(1, 20))
def test_calibration_error_agrees_with_a_loop_over_the_examples(given_data, num_bins):
    logits, labels, _ = given_data
    probs = softmax(logits.double())
    bins = [[] for _ in range(num_bins)]
    for row, label in zip(probs, labels.tolist(), strict=True):
        confidence, guess = row.max(0)
        place = min(max(math.ceil(confidence.item() * num_bins) - 1, 0), num_bins - 1)
        bins[place].append((confidence.item(), guess.item() == label))
    curve = reliability_curve(probs, labels, num_bins)
    assert curve.count.tolist() == [len(b) for b in bins]
    gap = sum(abs(sum(right - c for c, right in b)) for b in bins) / len(labels)
    assert expected_calibration_error(probs, labels, num_bins) == pytest.approx(gap, abs=1e-12)


@fast
@given(judged(), st.integers(1, 8), st.integers(2, 5))
def test_finer_bins_never_lower_the_calibration_error(given_data, num_bins, factor):
    logits, labels, _ = given_data
    probs = softmax(logits.double())
    coarse = expected_calibration_error(probs, labels, num_bins)
    fine = expected_calibration_error(probs, labels, num_bins * factor)
    assert fine >= coarse - 1e-9


@fast
@given(judged())
def test_softmax_of_every_dtype_is_taken_for_probabilities(given_data):
    logits, _, _ = given_data
    assert require_probabilities(softmax(logits)) is None


@fast
@given(judged(), st.floats(0.5, 2))
def test_temperature_scales_with_the_logits_and_keeps_the_predictions(given_data, scale):
    logits, labels, _ = given_data
    logits = logits.double()
    best = fit_temperature(logits, labels)
    assert 0.0099 < best < 100.01
    assert torch.equal((logits / best).argmax(1), logits.argmax(1))
    # Where all predictions are right, the best temperature is zero and rounding ends the search.
    if (logits.argmax(1) != labels).any() and 0.05 < best < 20:
        assert fit_temperature(scale * logits, labels) == pytest.approx(scale * best, rel=1e-6)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_drew_the_labels_is_found_again(temperature):
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fitted_temperature_is_the_minimum_of_the_loss(dtype):
    logits, labels = drawn(2.0)
    best = fit_temperature(logits.to(dtype), labels)
    losses = [cross_entropy(logits / t, labels).item() for t in (best * 0.99, best, best * 1.01)]
    assert losses[1] < min(losses[0], losses[2])


def test_fitting_twice_gives_the_same_bits_and_leaves_the_logits_alone():
    logits, labels = drawn(2.0)
    before = logits.clone()
    assert fit_temperature(logits, labels) == fit_temperature(logits, labels)
    assert torch.equal(logits, before)


def test_the_search_for_a_temperature_ends_at_a_hundredth_and_a_hundred():
    tiny = 1e-4 * torch.eye(3, dtype=torch.float64)  # right, and better the colder
    assert fit_temperature(tiny, torch.arange(3)) == pytest.approx(0.01, rel=1e-9)
    assert fit_temperature(tiny, torch.tensor([1, 2, 0])) == pytest.approx(100, rel=1e-9)
    certain = fit_temperature(torch.eye(3), torch.arange(3))
    assert 0.01 <= certain < 0.05  # there the loss rounds to 0


def test_temperature_scaling_lowers_the_calibration_error_of_overconfident_logits():
    logits, labels = drawn(3.0)
    before = expected_calibration_error(softmax(logits), labels)
    after = expected_calibration_error(softmax(logits / fit_temperature(logits, labels)), labels)
    assert after < before / 4


def test_sums_may_be_off_by_the_rounding_of_their_format_and_no_more():
    assert require_probabilities(torch.tensor([[0.5, 0.5 + 0.9e-6]]).double()) is None
    with pytest.raises(ValueError, match="sum to 1"):
        require_probabilities(torch.tensor([[0.5, 0.5 + 1.5e-6]], dtype=torch.float64))
    eps = torch.finfo(torch.float16).eps
    assert require_probabilities(torch.tensor([[0.5, 0.5 + 4 * eps]], dtype=torch.float16)) is None
    with pytest.raises(ValueError, match="sum to 1"):
        require_probabilities(torch.tensor([[0.5, 0.5 + 5 * eps]], dtype=torch.float16))


def test_a_confidence_just_above_one_falls_into_the_last_bin():
    probs = torch.tensor([[1 + 1e-7, 0.0]])
    assert probs[0, 0] > 1
    assert reliability_curve(probs, torch.tensor([0]), 4).count.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("function", [reliability_curve, expected_calibration_error])
@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (torch.tensor([[0.5, 0.5], [2.0, 1.0]]), r"row 1 with sum 3 .*softmax\(probs\)"),
        (torch.tensor([[1.5, -0.5]]), "non-negative.*minimum -0.5"),
        (torch.tensor([[float("nan"), 0.5]]), "row 0 with sum nan"),
        (torch.zeros(0, 3), r"at least one row, got \(0, 3\)"),
        (torch.tensor([0.5, 0.5]), r"shape \(n, k\)"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(function, probs, message):
    with pytest.raises(ValueError, match=message):
        function(probs, torch.zeros(len(probs), dtype=torch.int64))


def test_labels_that_do_not_fit_are_refused():
    probs = torch.full((2, 2), 0.5)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.1"):
        reliability_curve(probs, torch.tensor([0, 2]))


def test_logits_that_are_not_finite_are_refused():
    logits = torch.tensor([[1.0, 2.0], [float("inf"), 0.0]])
    with pytest.raises(ValueError, match=r"logits must be finite.*row 1; a weight or a pixel"):
        fit_temperature(logits, torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="is the split empty"):
        fit_temperature(torch.zeros(0, 2), torch.zeros(0).long())
