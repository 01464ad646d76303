"""What a classifier got right: accuracy, the confusion matrix, recall and precision.

Every figure is a fraction in [0, 1], never a percentage. Probabilities are judged in
``calibration``.
"""

import math

import torch
from torch import Tensor

from course_utils.softmax import with_float64
from course_utils.validation import require_count, require_no_nan, require_scores


def require_confusion(confusion: Tensor) -> None:
    """Raise unless ``confusion`` is a square matrix of counts."""
    if not isinstance(confusion, Tensor):
        raise TypeError(
            f"confusion must be a torch.Tensor, got {type(confusion).__name__}; "
            "make it with confusion_matrix(logits, labels)"
        )
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"confusion must be square, (k, k), got shape {tuple(confusion.shape)}; "
            "make it with confusion_matrix(logits, labels)"
        )
    wrong = confusion[~((confusion >= 0) & confusion.isfinite())]
    if len(wrong):
        raise ValueError(
            f"confusion must hold counts of at least 0, got {wrong[0].item():g}; "
            "make it with confusion_matrix(logits, labels)"
        )


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Fraction of rows whose largest logit stands at the label.

    Parameters
    ----------
    logits : Tensor of shape (n, k)
        Scores or probabilities: only their order within a row matters.
    labels : integer Tensor of shape (n,)
        True classes in [0, k).

    Returns
    -------
    float in [0, 1]; nan if a logit is nan, for its row has no largest one

    Raises
    ------
    TypeError, ValueError
        Wrong dtypes or shapes, no rows, or a label outside [0, k).
    """
    require_scores(logits, labels)
    if logits.isnan().any():
        return math.nan
    hits = logits.argmax(dim=1) == labels  # (n,)
    return hits.sum().item() / len(labels)


def confusion_matrix(logits: Tensor, labels: Tensor) -> Tensor:
    """Count how often each true class (row) received each prediction (column).

    Parameters
    ----------
    logits : Tensor of shape (n, k)
        Scores or probabilities; the largest of a row is the prediction.
    labels : integer Tensor of shape (n,)
        True classes in [0, k).

    Returns
    -------
    int64 Tensor of shape (k, k), summing to n, on the CPU

    Raises
    ------
    TypeError, ValueError
        Wrong dtypes or shapes, no rows, a nan, or a label outside [0, k).
    """
    require_scores(logits, labels)
    require_no_nan("logits", logits)
    k = logits.shape[1]
    pairs = labels.long() * k + logits.argmax(dim=1)  # (n,): one number per (true, predicted)
    return torch.bincount(pairs.cpu(), minlength=k * k).reshape(k, k)


@with_float64
def recall(confusion: Tensor) -> Tensor:
    """Fraction of the examples of each true class that were predicted as that class.

    Parameters
    ----------
    confusion : Tensor of shape (k, k)
        From ``confusion_matrix``: rows are true classes.

    Returns
    -------
    float64 Tensor of shape (k,), nan for a class without examples

    Raises
    ------
    TypeError, ValueError
        Not a square matrix of counts.
    """
    require_confusion(confusion)
    return confusion.diagonal().double() / confusion.sum(dim=1)


@with_float64
def precision(confusion: Tensor) -> Tensor:
    """Fraction of the predictions of each class that were right.

    Parameters
    ----------
    confusion : Tensor of shape (k, k)
        From ``confusion_matrix``: columns are predictions.

    Returns
    -------
    float64 Tensor of shape (k,), nan for a class that was never predicted

    Raises
    ------
    TypeError, ValueError
        Not a square matrix of counts.
    """
    require_confusion(confusion)
    return confusion.diagonal().double() / confusion.sum(dim=0)


def most_confident_mistakes(probs: Tensor, labels: Tensor, n: int) -> Tensor:
    """Row numbers of the wrong predictions with the largest probability, worst first.

    Parameters
    ----------
    probs : Tensor of shape (m, k)
        Probabilities; the largest of a row is the prediction.
    labels : integer Tensor of shape (m,)
        True classes in [0, k).
    n : int
        How many; fewer come back if there are fewer mistakes.

    Returns
    -------
    int64 Tensor of shape (at most n,)

    Raises
    ------
    TypeError, ValueError
        Wrong dtypes or shapes, no rows, a nan, a label outside [0, k), or n below 1.
    """
    require_scores(probs, labels, "probs")
    require_no_nan("probs", probs)
    require_count("n", n)
    confidence, predicted = probs.max(dim=1)  # (m,), (m,)
    wrong = (predicted != labels).nonzero().squeeze(1)
    order = confidence[wrong].argsort(descending=True, stable=True)
    return wrong[order[:n]]
