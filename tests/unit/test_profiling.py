"""What a function costs: calls are repeated, bytes counted exactly, a power law found again."""

import pytest
import torch

from course_utils import profiling
from course_utils.profiling import best_seconds, fit_power, peak_tensor_bytes, tensor_bytes

A = torch.zeros(10, 10)  # 400 bytes
SIZES = [10, 100, 1000, 10_000]


def one_after_the_other():
    for _ in range(5):
        A + 1


def a_view_keeps_its_storage():
    view = (A + 1)[0]
    return view, A + 2


def views_of_a_new_tensor():
    made = A + 1
    return made.T, made[0], made.reshape(-1)


def what_was_freed():
    big = torch.cat([A] * 4)
    del big
    return A + 1


@pytest.mark.parametrize(
    ("call", "peak", "total"),
    [
        (lambda: A + 1, 400, 400),
        (lambda: (A + 1) * 2, 800, 800),  # the sum is alive while the product is made
        (one_after_the_other, 400, 2000),
        (a_view_keeps_its_storage, 800, 800),
        (views_of_a_new_tensor, 400, 400),
        (what_was_freed, 1600, 2000),
        (lambda: A.double(), 800, 800),
        (lambda: A.max(1), 10 * 4 + 10 * 8, 10 * 4 + 10 * 8),  # values and int64 indices
        (lambda: A.T, 0, 0),
        (lambda: A[2:].unsqueeze(0), 0, 0),
        (lambda: A.add_(0), 0, 0),
        (lambda: torch.add(A, 1, out=A), 0, 0),  # given by keyword
        (lambda: A.sum().item(), 4, 4),  # .item() makes a number, not a tensor
        (lambda: None, 0, 0),
    ],
)
def test_bytes(call, peak, total):
    assert (peak_tensor_bytes(call), tensor_bytes(call)) == (peak, total)


@pytest.mark.parametrize("repeats", [1, 4])
def test_every_repeat_is_a_call_with_one_thread(repeats):
    calls = []
    assert best_seconds(lambda: calls.append(torch.get_num_threads()), repeats=repeats) >= 0
    assert calls == [1] * repeats


class Clock:
    """A clock that shows these readings, one after the other."""

    def __init__(self, *readings):
        self.readings = iter(readings)

    def thread_time(self):
        return next(self.readings)


def test_the_fastest_call_counts_and_a_budget_is_used_up(monkeypatch):
    monkeypatch.setattr(profiling, "time", Clock(0, 5, 10, 12, 20, 29))  # calls of 5, 2 and 9 s
    assert best_seconds(lambda: None, repeats=3) == 2
    monkeypatch.setattr(profiling, "time", Clock(0, 4, 10, 13, 20, 25))  # calls of 4, 3 and 5 s
    assert best_seconds(lambda: None, repeats=1, budget=8) == 3


def test_repeats_must_be_a_count():
    with pytest.raises(ValueError, match="repeats must be at least 1"):
        best_seconds(lambda: None, repeats=0)


@pytest.mark.parametrize("power", [-1, 0.5, 1, 2])
def test_a_power_and_its_factor_are_found_again(power):
    values = [3e-6 * size**power for size in SIZES]
    assert fit_power(SIZES, values) == pytest.approx((power, 3e-6))


def test_a_fit_uses_only_the_sizes_between():
    values = [7.0, 7.0, 1000.0**2, 10_000.0**2]  # flat at first, then a square
    assert fit_power(SIZES, values, between=(1000, 10_000))[0] == pytest.approx(2)
    assert fit_power(SIZES, values)[0] != pytest.approx(2, abs=0.1)


def test_what_cannot_be_fitted_is_named():
    with pytest.raises(ValueError, match=r"at least two sizes to fit, got \(50, 200\)"):
        fit_power(SIZES, SIZES, between=(50, 200))
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"finite numbers above 0, got .*drop"):
            fit_power(SIZES, [1.0, bad, 2.0, 3.0])
        with pytest.raises(ValueError, match="finite numbers above 0"):
            fit_power([1.0, bad, 2.0, 3.0], SIZES, between=(-2, float("inf")))
