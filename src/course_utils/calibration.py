"""Whether probabilities mean what they say, and how to mend them when they don't.

Reliability curve, expected calibration error and temperature scaling as in Guo et al. (2017).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from course_utils.softmax import softmax, with_float64
from course_utils.validation import require_count, require_probabilities, require_scores


def require_finite_scores(logits: Tensor, labels: Tensor) -> None:
    """Raise unless ``logits`` are finite scores (n, k) that fit the labels."""
    require_scores(logits, labels)
    bad = (~logits.isfinite().all(dim=1)).nonzero()
    if len(bad):
        row = int(bad[0])
        raise ValueError(
            f"logits must be finite, got {logits[row].tolist()} in row {row}; "
            "a weight or a pixel is not finite, or the learning rate was far too large"
        )


class ReliabilityCurve(NamedTuple):
    """What ``reliability_curve`` found in each of its bins; nan where a bin is empty.

    Attributes
    ----------
    confidence : Tensor of shape (num_bins,)
        Mean probability of the predicted class.
    accuracy : Tensor of shape (num_bins,)
        Fraction of the predictions that were right.
    count : Tensor of shape (num_bins,)
        Number of examples.
    """

    confidence: Tensor
    accuracy: Tensor
    count: Tensor  # type: ignore[assignment]


@with_float64
def reliability_curve(probs: Tensor, labels: Tensor, num_bins: int = 15) -> ReliabilityCurve:
    """Compare confidence with accuracy in bins of equal width.

    Bin i (from 0) holds the examples whose largest probability lies in (i / num_bins,
    (i + 1) / num_bins].

    Parameters
    ----------
    probs : Tensor of shape (n, k)
        Rows of probabilities.
    labels : integer Tensor of shape (n,)
        True classes in [0, k).
    num_bins : int

    Returns
    -------
    ReliabilityCurve

    Raises
    ------
    TypeError, ValueError
        Rows that are no probabilities, labels that don't fit, or fewer than one bin.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, section 2.
    """
    require_probabilities(probs)
    require_scores(probs, labels, "probs")
    require_count("num_bins", num_bins)
    confidence, predicted = probs.double().max(dim=1)  # (n,), (n,)
    bins = ((confidence * num_bins).ceil().long() - 1).clamp(0, num_bins - 1)
    hits = (predicted == labels).double()
    count = torch.bincount(bins, minlength=num_bins)
    total_confidence = torch.bincount(bins, weights=confidence, minlength=num_bins)
    total_hits = torch.bincount(bins, weights=hits, minlength=num_bins)
    return ReliabilityCurve(total_confidence / count, total_hits / count, count)


def expected_calibration_error(probs: Tensor, labels: Tensor, num_bins: int = 15) -> float:
    """Mean distance between confidence and accuracy over the bins, weighted by their counts.

    Parameters
    ----------
    probs : Tensor of shape (n, k)
        Rows of probabilities.
    labels : integer Tensor of shape (n,)
        True classes in [0, k).
    num_bins : int

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        As ``reliability_curve``.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, section 2.
    """
    curve = reliability_curve(probs, labels, num_bins)
    gaps = (curve.accuracy - curve.confidence).abs().nan_to_num()  # an empty bin counts for nothing
    return (gaps * curve.count).sum().item() / len(labels)


@with_float64
def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """Temperature T for which softmax(logits / T) has the least cross-entropy.

    The loss is convex in 1/T, so its slope changes sign once: the place is found by bisection,
    in float64, without randomness. Temperature scaling never changes a prediction.

    Parameters
    ----------
    logits : Tensor of shape (n, k)
        Finite scores of a validation split, not of the split that is reported.
    labels : integer Tensor of shape (n,)
        True classes in [0, k).

    Returns
    -------
    float in [0.01, 100]
        Near the ends where every prediction is right (the best T tends to 0) or the logits
        mislead (the best T tends to infinity).

    Raises
    ------
    TypeError, ValueError
        Wrong dtypes or shapes, scores that are not finite, a label outside [0, k).

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks, section 4.2.
    """
    require_finite_scores(logits, labels)
    logits = logits.double()
    target = logits.gather(1, labels.long()[:, None]).mean()  # mean score of the true class
    low, high = math.log(0.01), math.log(100)  # bracket of log(1/T)
    for _ in range(60):
        middle = (low + high) / 2
        probs = softmax(logits * math.exp(middle))  # (n, k)
        slope = (probs * logits).sum(dim=1).mean() - target
        low, high = (middle, high) if slope < 0 else (low, middle)
    return math.exp(-middle)
