"""Softmax, its derivative and its loss: pure functions on tensors.

Last axis unless ``dim`` is given, any leading shape, any floating-point dtype. A ``dim`` that the
tensor does not have raises IndexError, as in torch. NaN is never hidden: it propagates.
Formats narrower than float32 are computed in float32, and the result is rounded to them once, so
that no sum over classes overflows or stagnates; `softmax_naive` and `cross_entropy` say what they
do. ``tests/unit/test_fifty_digits.py`` compares all of them with 50 digits.
"""

import math
from collections.abc import Callable
from functools import reduce, wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

from course_utils.validation import (
    require_choice,
    require_class_axis,
    require_float_tensor,
    require_fraction,
    require_same_classes,
    require_targets,
)

P = ParamSpec("P")
R = TypeVar("R")


def softmax_naive(logits: Tensor, dim: int = -1) -> Tensor:
    """Softmax exactly as the formula reads; overflows for large logits.

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits``, each step rounded to its own format. NaN where exp overflowed (above
    88.72 in float32, 11.09 in float16); zeros where only the sum did: 100 000 equal float16 logits.
    Where every exp is zero, NaN as well.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    """
    require_float_tensor("logits", logits)
    exps = torch.exp(logits)
    return exps / exps.sum(dim, keepdim=True)


def largest_logit(logits: Tensor, dim: int = -1) -> Tensor:
    """Largest logit along ``dim``, as a constant: no gradient flows through it.

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits`` with ``dim`` of length 1; -inf where the class axis is empty, NaN where
    a logit is.
    """
    if logits.numel() == 0:
        # amax refuses an empty axis.
        return logits.detach().sum(dim, keepdim=True) - math.inf
    return logits.detach().amax(dim, keepdim=True)


def widened(logits: Tensor) -> Tensor:
    """The same numbers in float32 where their own format is narrower.

    In float16 a sum over more than 65 504 classes overflows; bfloat16 keeps 8 binary digits of it.
    """
    return logits.float() if torch.finfo(logits.dtype).bits < 32 else logits


def rounded_once(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Compute a function of tensors in float32 where they are narrower, and round its result once.

    The result has the format to which torch promotes those of the floating-point arguments.
    """

    @wraps(function)
    def in_float32(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        given = [*args, *kwargs.values()]
        dtypes = [x.dtype for x in given if isinstance(x, Tensor) and x.is_floating_point()]
        if all(torch.finfo(dtype).bits >= 32 for dtype in dtypes):
            return function(*args, **kwargs)

        def wide(x: object) -> object:
            return widened(x) if isinstance(x, Tensor) and x.is_floating_point() else x

        result = function(*map(wide, args), **{k: wide(x) for k, x in kwargs.items()})  # type: ignore[arg-type]
        return result.to(reduce(torch.promote_types, dtypes))

    return in_float32


def with_float64(function: Callable[P, R]) -> Callable[P, R]:
    """Compute a function of tensors on the CPU where their device, MPS, has no float64."""

    @wraps(function)
    def where_it_exists(*args: P.args, **kwargs: P.kwargs) -> R:
        def moved(x: object) -> object:
            return x.cpu() if isinstance(x, Tensor) and x.device.type == "mps" else x

        return function(*map(moved, args), **{k: moved(x) for k, x in kwargs.items()})  # type: ignore[arg-type]

    return where_it_exists


def softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """Softmax with the largest logit moved to zero first, so that exp cannot overflow.

    Relative error about [K + 2 + 2 (max - min)] u for K classes (Blanchard, Higham and Higham,
    2021).

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits``: non-negative, sums to one along ``dim`` but for the rounding of each
    entry: 100 000 equal logits give 1e-5 each in every format, which float16 and bfloat16 store as
    1.0014e-5. As in torch, a row that holds nan or +inf, or only -inf, becomes NaN throughout; an
    empty class axis stays empty.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    """
    require_float_tensor("logits", logits)
    x = widened(logits)
    exps = torch.exp(x - largest_logit(x, dim))
    return (exps / exps.sum(dim, keepdim=True)).to(logits.dtype)


def logsumexp(logits: Tensor, dim: int = -1, keepdim: bool = False) -> Tensor:
    """Logarithm of the sum of exponentials, without overflow: a smooth maximum.

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes
    keepdim : keep ``dim`` as an axis of length 1

    Returns
    -------
    Tensor without ``dim``. As in torch: -inf for an empty axis or a row of -inf (whose gradient
    is NaN), +inf for a row with +inf and no nan. Right in float16 also for more than 65 504
    classes, where torch 2.13 gives inf.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    """
    require_float_tensor("logits", logits)
    x = widened(logits)
    shift = largest_logit(x, dim)
    shift = shift.masked_fill(shift.isinf(), 0)  # inf - inf would be nan
    sums = torch.exp(x - shift).sum(dim, keepdim=True)
    result = (shift + sums.log()).to(logits.dtype)
    return result if keepdim else result.squeeze(dim)


def log_softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """Logarithm of softmax without forming a probability: no log(0), no NaN gradient.

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits``, at most zero. Edge rows as in `softmax`. In float16 -inf where the gap
    to the largest logit is beyond 65 504.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    """
    require_float_tensor("logits", logits)
    x = widened(logits)
    shifted = x - largest_logit(x, dim)
    log_probs = shifted - shifted.exp().sum(dim, keepdim=True).log()
    return log_probs.to(logits.dtype)


def reduce_losses(losses: Tensor, reduction: str = "mean") -> Tensor:
    """Mean, sum or the losses themselves (``"none"``); what is not finite propagates."""
    require_choice("reduction", reduction, ("mean", "sum", "none"))
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def cross_entropy(
    logits: Tensor, labels: Tensor, reduction: str = "mean", label_smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy of labels under softmax of the logits, in nats.

    Parameters
    ----------
    logits : Tensor of shape (n, k), floating point
    labels : integer Tensor of shape (n,), each in 0..k-1, or floating-point Tensor of shape (n, k)
        whose rows are probabilities (one-hot, for instance)
    reduction : "mean" (over examples), "sum" or "none"
    label_smoothing : share of each label spread evenly over the k classes, 0 to 1

    Returns
    -------
    Scalar Tensor, or shape (n,) for "none". The mean over no examples is NaN, as in torch;
    so is a probability of 0 for a logit of -inf (0 times infinity). In a narrow format the
    logarithms are rounded once and the means over classes and examples, summed in float32, once
    more; a sum over examples is inf where the format has no such number.

    Raises
    ------
    TypeError : logits not floating point, or label indices not integers.
    ValueError : shapes that do not match, labels out of range, rows that are no probabilities,
        an unknown reduction, label smoothing outside 0..1.
    """
    require_targets(logits, labels)
    require_fraction("label_smoothing", label_smoothing)
    log_probs = log_softmax(logits)  # (n, k)
    if labels.is_floating_point():
        losses = -(labels * log_probs).sum(1)  # (n,)
    else:
        losses = -log_probs.gather(1, labels.long()[:, None]).squeeze(1)  # (n,)
    if label_smoothing > 0:
        losses = (1 - label_smoothing) * losses - label_smoothing * log_probs.mean(1)
    return reduce_losses(losses, reduction)


@rounded_once
def softmax_jacobian(logits: Tensor) -> Tensor:
    """All first derivatives of softmax over the last axis: diag(p) - p p^T.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point

    Returns
    -------
    Tensor of shape (..., k, k): entry (i, j) is the derivative of probability i with respect to
    logit j. NaN throughout where `softmax` is.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    ValueError : ``logits`` has no axis.
    """
    require_float_tensor("logits", logits)
    require_class_axis("logits", logits)
    probs = softmax(logits)
    return torch.diag_embed(probs) - probs[..., :, None] * probs[..., None, :]


@rounded_once
def softmax_vjp(probs: Tensor, v: Tensor) -> Tensor:
    """Softmax Jacobian times ``v`` without the matrix: p * (v - <p, v>), O(k) work and memory.

    Parameters
    ----------
    probs : Tensor of shape (..., k), floating point: softmax of the logits
    v : Tensor of shape (..., k): derivative of a scalar with respect to the probabilities; leading
        axes broadcast against those of ``probs``

    Returns
    -------
    Tensor of shape (..., k): derivative of that scalar with respect to the logits; NaN throughout a
    row where ``probs`` or ``v`` holds nan or an infinity.

    Raises
    ------
    TypeError : ``probs`` or ``v`` is not a floating-point tensor.
    ValueError : the last axes differ.
    """
    require_same_classes(probs, v)
    return probs * (v - (probs * v).sum(-1, keepdim=True))
