"""Measuring: bytes are counted exactly, calls are repeated."""

import pytest
import torch

from course_utils import profiling
from course_utils.profiling import best_seconds, tensor_bytes


def test_bytes_of_results_and_intermediate_tensors():
    a, b = torch.zeros(10, 10), torch.zeros(10, 10)
    assert tensor_bytes(lambda: a + b) == 400
    assert tensor_bytes(lambda: (a + b) * 2) == 800  # the sum counts too
    assert tensor_bytes(lambda: torch.zeros(5, dtype=torch.float64)) == 40


def test_views_and_changes_in_place_cost_nothing():
    a = torch.zeros(10, 10)
    assert tensor_bytes(lambda: a.T.reshape(100, 1) if a.T.is_contiguous() else a[2:]) == 0
    assert tensor_bytes(lambda: a.unsqueeze(0)) == 0
    assert tensor_bytes(lambda: a.add_(1)) == 0


def test_two_results_of_one_operation_both_count():
    a = torch.zeros(4, 6)
    assert tensor_bytes(lambda: a.max(1)) == 4 * 4 + 4 * 8  # float32 values, int64 indices


@pytest.mark.parametrize("repeats", [1, 4])
def test_every_repeat_is_a_call(repeats):
    calls = []
    assert best_seconds(lambda: calls.append(1), repeats=repeats) >= 0
    assert len(calls) == repeats


class Clock:
    """A clock that shows these readings, one after the other."""

    def __init__(self, *readings):
        self.readings = iter(readings)

    def thread_time(self):
        return next(self.readings)


def test_the_fastest_call_counts(monkeypatch):
    monkeypatch.setattr(profiling, "time", Clock(0, 5, 10, 12, 20, 29))  # calls of 5, 2 and 9 s
    assert best_seconds(lambda: None, repeats=3) == 2


def test_a_budget_is_used_up(monkeypatch):
    monkeypatch.setattr(profiling, "time", Clock(0, 4, 10, 13, 20, 25))  # calls of 4, 3 and 5 s
    assert best_seconds(lambda: None, repeats=1, budget=8) == 3


def test_a_call_has_one_thread():
    seen = []
    best_seconds(lambda: seen.append(torch.get_num_threads()), repeats=1)
    assert seen == [1]


def test_repeats_must_be_a_count():
    with pytest.raises(ValueError, match="repeats must be at least 1"):
        best_seconds(lambda: None, repeats=0)
