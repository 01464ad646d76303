"""Measuring: bytes are counted exactly, calls are repeated, threads are put back."""

import pytest
import torch

from course_utils import measure
from course_utils.measure import at_most_threads, best_seconds, one_thread, tensor_bytes


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
    monkeypatch.setattr(measure, "time", Clock(0, 5, 10, 12, 20, 29))  # calls of 5, 2 and 9 s
    assert best_seconds(lambda: None, repeats=3) == 2


def test_a_budget_is_used_up(monkeypatch):
    monkeypatch.setattr(measure, "time", Clock(0, 4, 10, 13, 20, 25))  # calls of 4, 3 and 5 s
    assert best_seconds(lambda: None, repeats=1, budget=8) == 3


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_runs_on_one_thread_and_puts_the_number_back():
    seen = []
    best_seconds(lambda: seen.append(torch.get_num_threads()), repeats=1)
    assert seen == [1]
    assert torch.get_num_threads() == 2
    with pytest.raises(RuntimeError, match="inside"), one_thread():
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 2


def test_repeats_must_be_a_count():
    with pytest.raises(ValueError, match="repeats must be at least 1"):
        best_seconds(lambda: None, repeats=0)


@pytest.mark.usefixtures("two_threads")
def test_blocks_that_overlap_give_the_threads_back_together():
    """Two labs that train at once: the first to end must not decide for the other."""
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert torch.get_num_threads() == 1
    second.__exit__(None, None, None)
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_the_lowest_limit_counts_and_no_limit_adds_threads():
    with at_most_threads(5):
        assert torch.get_num_threads() == 2
        with at_most_threads(1), at_most_threads(2):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
