"""Softmax in one pass: (maximum, sum) pairs that merge in any order.

A pair stands for a set of scores: their largest score m, and the sum of exp(score - m) over the
set. Two pairs make the pair of the union, so blocks, shards and machines can share the work.
"""

from collections.abc import Iterable
from functools import reduce

import torch
from torch import Tensor

from course_utils.softmax import largest_logit, widened
from course_utils.validation import require_float_tensor

Pair = tuple[Tensor, Tensor]


def finite_or_zero(shift: Tensor) -> Tensor:
    """Replace infinities by zero, so that a shift never makes inf - inf."""
    return shift.masked_fill(shift.isinf(), 0)


def pair_of(scores: Tensor, dtype: torch.dtype | None = None) -> Pair:
    """Largest score of the last axis, and the sum of exponentials relative to it.

    Parameters
    ----------
    scores : Tensor of shape (..., k), floating point
    dtype : format of the pair; without one that of ``scores``, or float32 where it is narrower

    Returns
    -------
    (maximum, total) : Tensors of shape (...). (-inf, 0) for scores of -inf and for none at all; a
        score of +inf makes the total inf, one of nan makes both nan.

    Raises
    ------
    TypeError : ``scores`` is not a floating-point tensor.
    """
    require_float_tensor("scores", scores)
    x = widened(scores)
    maximum = largest_logit(x)  # (..., 1)
    exps = torch.exp(x - finite_or_zero(maximum))
    return maximum.squeeze(-1).to(dtype or x.dtype), exps.sum(-1, dtype=dtype)


def merge(left: Pair, right: Pair) -> Pair:
    """Pair of the union of two sets of scores; (-inf, 0) changes nothing.

    Parameters
    ----------
    left, right : pairs of Tensors of the same shape
    """
    maximum = torch.maximum(left[0], right[0])
    shift = finite_or_zero(maximum)
    return maximum, left[1] * (left[0] - shift).exp() + right[1] * (right[0] - shift).exp()


def pair_logsumexp(pair: Pair) -> Tensor:
    """Logarithm of the sum of exponentials of the scores that a pair stands for."""
    return pair[0] + pair[1].log()


def online_logsumexp(blocks: Iterable[Tensor], dtype: torch.dtype | None = None) -> Tensor:
    """Log-sum-exp of scores that arrive in blocks; each block is looked at once.

    Parameters
    ----------
    blocks : iterable of Tensors of shape (..., any number of scores), at least one
    dtype : format of the running pair, see `pair_of`

    Returns
    -------
    Tensor of shape (...) in the format of the pair; edge rows as in `logsumexp`

    Raises
    ------
    ValueError : there is no block.
    """
    pairs = (pair_of(block, dtype) for block in blocks)
    first = next(pairs, None)
    if first is None:
        raise ValueError("blocks must hold at least one block, got none; is the iterator used up?")
    return pair_logsumexp(reduce(merge, pairs, first))
