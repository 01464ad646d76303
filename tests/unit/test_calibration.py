"""Reliability curve, expected calibration error and temperature scaling."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
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


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(0, 10_000))
def test_counts_cover_every_example_and_the_error_is_a_fraction(num_bins, seed):
    g = torch.Generator().manual_seed(seed)
    probs = softmax(torch.randn(50, 7, generator=g))
    labels = torch.randint(7, (50,), generator=g)
    assert reliability_curve(probs, labels, num_bins).count.sum() == 50
    assert 0 <= expected_calibration_error(probs, labels, num_bins) <= 1


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


def test_scaling_by_the_fitted_temperature_undoes_a_scaling_of_the_logits():
    logits, labels = drawn(1.0)
    assert fit_temperature(5 * logits, labels) == pytest.approx(5 * fit_temperature(logits, labels))


def test_the_search_ends_at_its_limits_when_no_temperature_is_best():
    logits = torch.eye(3)
    assert 0.01 <= fit_temperature(logits, torch.arange(3)) < 0.05  # there the loss rounds to 0
    assert fit_temperature(logits, torch.tensor([1, 2, 0])) == pytest.approx(100)


def test_temperature_scaling_lowers_the_calibration_error_of_overconfident_logits():
    logits, labels = drawn(3.0)
    before = expected_calibration_error(softmax(logits), labels)
    after = expected_calibration_error(softmax(logits / fit_temperature(logits, labels)), labels)
    assert after < before / 4


@pytest.mark.parametrize("function", [reliability_curve, expected_calibration_error])
@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (torch.tensor([[0.5, 0.5], [2.0, 1.0]]), r"row 1 with sum 3 .*softmax\(logits\)"),
        (torch.tensor([[1.5, -0.5]]), "non-negative.*minimum -0.5"),
        (torch.tensor([[float("nan"), 0.5]]), "row 0 with sum nan"),
        (torch.zeros(0, 3), r"at least one row, got \(0, 3\)"),
        (torch.tensor([0.5, 0.5]), r"shape \(n, k\)"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(function, probs, message):
    with pytest.raises(ValueError, match=message):
        function(probs, torch.zeros(len(probs), dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_the_output_of_softmax_passes_in_every_precision(dtype):
    g = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(200, 10, generator=g, dtype=torch.float64)
    require_probabilities(torch.softmax(logits.to(dtype), 1))


def test_labels_and_bins_that_do_not_fit_are_refused():
    probs = torch.full((2, 2), 0.5)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.1"):
        reliability_curve(probs, torch.tensor([0, 2]))
    with pytest.raises(ValueError, match="num_bins must be at least 1, got 0"):
        reliability_curve(probs, torch.tensor([0, 1]), num_bins=0)


def test_logits_of_a_diverged_model_are_refused():
    logits = torch.tensor([[1.0, 2.0], [float("inf"), 0.0]])
    with pytest.raises(ValueError, match=r"logits must be finite.*row 1; did training diverge"):
        fit_temperature(logits, torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="is the split empty"):
        fit_temperature(torch.zeros(0, 2), torch.zeros(0).long())
