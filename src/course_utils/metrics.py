"""What a classifier got right: accuracy, the confusion matrix, recall and precision.

Every figure is a fraction in [0, 1], never a percentage. Calibration stands in ``calibration``.
"""

from torch import Tensor

from course_utils.checks import require_float_tensor, require_labels


def require_scores(logits: Tensor, labels: Tensor, name: str = "logits") -> None:
    """Raise unless ``logits`` has shape (n, k), n >= 1, with one label in [0, k) for each row."""
    require_float_tensor(name, logits)
    if logits.ndim != 2:
        raise ValueError(
            f"{name} must have shape (n, k), one row per example, got {tuple(logits.shape)}; "
            f"flatten the leading axes, or add one with {name}[None]"
        )
    if logits.shape[0] == 0 or logits.shape[1] == 0:
        raise ValueError(
            f"{name} must hold at least one example and one class, got shape "
            f"{tuple(logits.shape)}; is the split empty?"
        )
    require_labels(labels, *logits.shape)


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
    float in [0, 1]

    Raises
    ------
    TypeError, ValueError
        Wrong dtypes or shapes, no rows, or a label outside [0, k).

    Introduced in chapter 07.
    """
    require_scores(logits, labels)
    hits = logits.argmax(dim=1) == labels  # (n,)
    return hits.double().mean().item()
