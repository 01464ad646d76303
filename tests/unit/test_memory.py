"""Peak memory: what is alive at the same time counts, and nothing else."""

import pytest
import torch

from course_utils.profiling import peak_tensor_bytes

A = torch.zeros(10, 10)  # 400 bytes


def one_after_the_other():
    for _ in range(5):
        A + 1


def a_view_keeps_its_storage():
    view = (A + 1)[0]
    return view, A + 2


@pytest.mark.parametrize(
    ("call", "size"),
    [
        (lambda: A + 1, 400),
        (lambda: (A + 1) * 2, 800),  # the sum is alive while the product is made
        (one_after_the_other, 400),
        (a_view_keeps_its_storage, 800),
        (lambda: A.double(), 800),
        (lambda: A.max(1), 10 * 4 + 10 * 8),  # values and int64 indices
        (lambda: A.T, 0),
        (lambda: A[2:].unsqueeze(0), 0),
        (lambda: A.add_(0), 0),
        (lambda: torch.add(A, 1, out=A), 0),  # given by keyword
        (lambda: A.sum().item(), 4),  # .item() makes a number, not a tensor
        (lambda: None, 0),
    ],
)
def test_what_counts(call, size):
    assert peak_tensor_bytes(call) == size


def test_views_of_a_new_tensor_are_not_counted_twice():
    def call():
        made = A + 1
        return made.T, made[0], made.reshape(-1)

    assert peak_tensor_bytes(call) == 400


def test_what_was_freed_does_not_count_later():
    def call():
        big = torch.cat([A] * 4)
        del big
        return A + 1

    assert peak_tensor_bytes(call) == 1600
