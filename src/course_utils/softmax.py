"""Softmax, its derivative and its loss: pure functions on tensors.

Last axis unless ``dim`` is given, any leading shape, any floating-point dtype. A ``dim`` that the
tensor does not have raises IndexError, as in torch. NaN is never hidden: it propagates.
Formats narrower than float32 are computed in float32, and the result is rounded to them once.
"""

import math

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


def softmax_naive(logits: Tensor, dim: int = -1) -> Tensor:
    """Softmax exactly as the formula reads; overflows for large logits.

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits``, computed in its own format throughout. NaN where exp overflowed (above
    88.72 in float32); zeros where only the sum did. Where every exp is zero, NaN as well.

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


def softmax(logits: Tensor, dim: int = -1) -> Tensor:
    """Softmax with the largest logit moved to zero first, so that exp cannot overflow.

    Relative error about [K + 2 + 2 (max - min)] u for K classes (Blanchard, Higham and Higham,
    2021, theorem 4.3).

    Parameters
    ----------
    logits : Tensor of any shape, floating point
    dim : axis of the classes

    Returns
    -------
    Tensor like ``logits``: non-negative, sums to one along ``dim``. As in torch, a row that holds
    nan or +inf, or only -inf, becomes NaN throughout; an empty class axis stays empty.

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
    is NaN), +inf for a row with +inf and no nan.

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
    Tensor like ``logits``, at most zero. Edge rows as in `softmax`.

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
    so is a probability of 0 for a logit of -inf (0 times infinity).

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


def softmax_jacobian(logits: Tensor) -> Tensor:
    """All first derivatives of softmax over the last axis: diag(s) - s s^T.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point

    Returns
    -------
    Tensor of shape (..., k, k): entry (i, j) is the derivative of probability i by logit j. NaN
    throughout where `softmax` is.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    ValueError : ``logits`` has no axis.
    """
    require_float_tensor("logits", logits)
    require_class_axis("logits", logits)
    probs = softmax(logits)
    return torch.diag_embed(probs) - probs[..., :, None] * probs[..., None, :]


def softmax_vjp(probs: Tensor, v: Tensor) -> Tensor:
    """Softmax Jacobian times ``v`` without the matrix: s * (v - <s, v>), O(k) work and memory.

    Parameters
    ----------
    probs : Tensor of shape (..., k), floating point: softmax of the logits
    v : Tensor of shape (..., k): derivative of a scalar by the probabilities; leading axes
        broadcast against those of ``probs``

    Returns
    -------
    Tensor of shape (..., k): derivative of that scalar by the logits; NaN throughout a row where
    ``probs`` or ``v`` holds nan or an infinity.

    Raises
    ------
    TypeError : ``probs`` or ``v`` is not a floating-point tensor.
    ValueError : the last axes differ.
    """
    require_same_classes(probs, v)
    return probs * (v - (probs * v).sum(-1, keepdim=True))
