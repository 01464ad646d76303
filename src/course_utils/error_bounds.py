"""How wrong a softmax may be: first-order bounds on the rounding error of each way to write it.

Every bound is a multiple of the unit roundoff u, for steps that all round to the format of the
logits; what is computed in a wider one stays below it. A row with nan or an infinity has no
bound: NaN. The results for softmax are those of Blanchard, Higham and Higham (2021); those for
log-sum-exp and the loss follow from the same steps, which chapter 04 writes out.
"""

import math

import torch
from torch import Tensor

from course_utils.softmax import logsumexp
from course_utils.validation import require_choice, require_class_axis, require_float_tensor

SOFTMAX_FORMS = ("naive", "shifted", "division-free")


def unit_roundoff(dtype: torch.dtype) -> float:
    """Largest relative error of rounding one number: half the distance from 1 to the next."""
    return torch.finfo(dtype).eps / 2


def logit_spread(logits: Tensor) -> Tensor:
    """Largest minus smallest logit of a row, in float64; what underflows to zero does not count.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point

    Returns
    -------
    Tensor of shape (...), float64: max - min, at most -log(smallest positive number) + 1; NaN for a
    row that is not finite.
    """
    require_float_tensor("logits", logits)
    require_class_axis("logits", logits)
    x = logits.double()
    smallest = torch.finfo(logits.dtype).smallest_normal * torch.finfo(logits.dtype).eps
    spread = (x.amax(-1) - x.amin(-1)).clamp(max=1 - math.log(smallest))
    return spread.masked_fill(~x.isfinite().all(-1), math.nan)


def softmax_bound(logits: Tensor, form: str = "shifted") -> Tensor:
    """First-order bound on the relative error of a softmax, measured in the largest entry.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point; its dtype sets the roundoff
    form : "naive" exp / sum, "shifted" by the largest logit, "division-free" exp(x - logsumexp)

    Returns
    -------
    Tensor of shape (...), float64: bound on max |error| / max probability, where nothing
    overflows.

    Raises
    ------
    TypeError : ``logits`` is not a floating-point tensor.
    ValueError : an unknown form, or logits without an axis.
    """
    require_choice("form", form, SOFTMAX_FORMS)
    spread = logit_spread(logits)  # (...)
    k, u = logits.shape[-1], unit_roundoff(logits.dtype)
    if form == "shifted":
        return (k + 2 + 2 * spread) * u
    terms = k + 2 + 0 * spread  # nan where the spread is
    if form == "naive":
        return (terms + 1) * u
    x = logits.double()
    y = logsumexp(x, keepdim=True)  # (..., 1)
    return (terms + y.abs().squeeze(-1) + (x - y).abs().amax(-1)) * u


def logsumexp_bound(logits: Tensor) -> Tensor:
    """First-order bound on the absolute error of `logsumexp`: [|y| + y - max + spread + k] u.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point; its dtype sets the roundoff

    Returns
    -------
    Tensor of shape (...), float64.
    """
    x = logits.double()
    y = logsumexp(x)
    terms = y.abs() + (y - x.amax(-1)) + logit_spread(logits) + logits.shape[-1]
    return terms * unit_roundoff(logits.dtype)


def log_softmax_bound(logits: Tensor) -> Tensor:
    """First-order bound on the absolute error of `log_softmax`: [2 |log p| + spread + k] u.

    Parameters
    ----------
    logits : Tensor of shape (..., k), floating point; its dtype sets the roundoff

    Returns
    -------
    Tensor of shape (..., k), float64.
    """
    x = logits.double()
    losses = logsumexp(x, keepdim=True) - x  # (..., k)
    terms = 2 * losses + logit_spread(logits)[..., None] + logits.shape[-1]
    return terms * unit_roundoff(logits.dtype)
