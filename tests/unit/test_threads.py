"""Limits to torch's threads: the lowest counts, and all are given back."""

import pytest
import torch

from course_utils.threads import at_most_threads, one_thread


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_number_is_put_back_after_an_error_too():
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    with pytest.raises(RuntimeError, match="inside"), one_thread():
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 2


def test_blocks_that_overlap_give_the_threads_back_together():
    """Two labs that train at once: the first to end must not decide for the other."""
    first, second = one_thread(), one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert torch.get_num_threads() == 1
    second.__exit__(None, None, None)
    assert torch.get_num_threads() == 2


def test_the_lowest_limit_counts_and_no_limit_adds_threads():
    with at_most_threads(5):
        assert torch.get_num_threads() == 2
        with at_most_threads(1), at_most_threads(2):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
