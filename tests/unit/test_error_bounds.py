"""The bounds are the formulas of the text, row by row, in every format."""

import math
from functools import partial

import pytest
import torch

from course_utils.error_bounds import (
    log_softmax_bound,
    logit_spread,
    logsumexp_bound,
    softmax_bound,
    unit_roundoff,
)

T = torch.tensor
# Two blocks of three rows: every axis has another length, so that a wrong one shows.
LOGITS = T(
    [
        [[0, 1, 2, 5.0], [1, 1, 1, 1], [-3, 0, 4, 2]],
        [[2, 2, 8, 1], [0, 7, 7, 7], [1, 2, 3, 4]],
    ]
)
SPREAD = T([[5, 0, 7], [7, 7, 3]]).double()
FORMATS = [(torch.float16, 11), (torch.bfloat16, 8), (torch.float32, 24), (torch.float64, 53)]
close = partial(torch.testing.assert_close, rtol=1e-9, atol=0)


def log_sum(row):
    return math.log(sum(math.exp(x) for x in row))


def by_hand(formula):
    """Apply ``formula(row, log-sum-exp of the row)`` to each row."""
    rows = [[formula(row, log_sum(row)) for row in block] for block in LOGITS.tolist()]
    return T(rows, dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_unit_roundoff_is_half_the_step_above_one(dtype, digits):
    assert unit_roundoff(dtype) == 2.0**-digits
    one = torch.ones((), dtype=torch.float64)
    assert (one + 0.99 * unit_roundoff(dtype)).to(dtype) == 1
    assert (one + 1.01 * 2.0**-digits).to(dtype) > 1 or dtype == torch.float64


def test_spread_is_largest_minus_smallest():
    close(logit_spread(LOGITS), SPREAD)
    assert logit_spread(T([1, 3], dtype=torch.float16)).dtype == torch.float64


@pytest.mark.parametrize(
    ("dtype", "power"),
    [(torch.float16, 24), (torch.bfloat16, 133), (torch.float32, 149), (torch.float64, 1074)],
)
def test_spread_ends_where_exponentials_vanish(dtype, power):
    limit = 1 + power * math.log(2)  # the smallest positive number is 2 ** -power
    assert logit_spread(T([0, 3e4], dtype=dtype)).item() == pytest.approx(limit)
    assert torch.exp(T(-limit, dtype=dtype)) == 0


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_bounds_of_softmax(dtype, digits):
    logits, u, k = LOGITS.to(dtype), 2.0**-digits, 4
    close(softmax_bound(logits, "naive"), torch.full((2, 3), (k + 3) * u).double())
    close(softmax_bound(logits, "shifted"), (k + 2 + 2 * SPREAD) * u)
    close(softmax_bound(logits), softmax_bound(logits, "shifted"))
    free = by_hand(lambda row, y: abs(y) + max(abs(x - y) for x in row) + k + 2)
    close(softmax_bound(logits, "division-free"), free * u)


@pytest.mark.parametrize(("dtype", "digits"), FORMATS)
def test_bounds_of_the_logarithms(dtype, digits):
    logits, u, k = LOGITS.to(dtype), 2.0**-digits, 4
    sums = by_hand(lambda row, y: abs(y) + (y - max(row)) + (max(row) - min(row)) + k)
    close(logsumexp_bound(logits), sums * u)
    logs = [
        by_hand(lambda row, y, j=j: 2 * (y - row[j]) + (max(row) - min(row)) + k) for j in range(k)
    ]
    close(log_softmax_bound(logits), torch.stack(logs, -1) * u)


def test_arguments_are_named():
    with pytest.raises(TypeError, match=r"^logits must be floating point, got torch.int64"):
        logit_spread(T([1]))
    with pytest.raises(ValueError, match=r"^logits must have a last axis of classes"):
        logit_spread(T(1.0))
    with pytest.raises(ValueError, match=r"^form must be one of naive, shifted, division-free"):
        softmax_bound(T([1.0]), "exact")
