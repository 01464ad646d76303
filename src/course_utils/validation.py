"""Argument checks shared by the package: each names the argument, the value and the remedy."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def require_float_tensor(name: str, value: Tensor) -> None:
    """Raise unless ``value`` is a tensor of floating-point numbers."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}; "
            f"wrap it: torch.as_tensor({name}, dtype=torch.float32)"
        )
    if not value.is_floating_point():
        raise TypeError(
            f"{name} must be floating point, got {value.dtype}; convert it: {name}.float()"
        )


def require_class_axis(name: str, value: Tensor) -> None:
    """Raise unless ``value`` has an axis that can hold the classes."""
    if value.ndim == 0:
        raise ValueError(
            f"{name} must have a last axis of classes, got the single number {value.item()}; "
            f"give it one: {name}[None]"
        )


def require_labels(labels: Tensor, n: int, k: int) -> None:
    """Raise unless ``labels`` is an integer tensor of shape (n,) with entries in 0..k-1."""
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.dtype == torch.bool:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be an integer tensor, got {kind}; convert it: labels.long()")
    if labels.shape != (n,):
        raise ValueError(
            f"labels must have shape ({n},), one per row of logits, got {tuple(labels.shape)}"
        )
    if n == 0:
        return
    low, high = (int(end) for end in labels.aminmax())
    if low < 0 or high >= k:
        raise ValueError(
            f"labels must lie in 0..{k - 1} for {k} classes, got {low}..{high}; labels start at 0"
        )


def require_label_probs(labels: Tensor, shape: torch.Size) -> None:
    """Raise unless ``labels`` has ``shape`` and each row holds probabilities."""
    if labels.shape != shape:
        raise ValueError(
            f"labels that are probabilities must have the shape {tuple(shape)} of the logits, "
            f"got {tuple(labels.shape)}"
        )
    sums = labels.sum(1)
    # A hundredth: ten roundings of bfloat16, far from any row that is not meant to be one.
    if not bool(((labels >= 0).all(1) & ((sums - 1).abs() < 0.01)).all()):
        raise ValueError(
            "labels of floating point must be rows of probabilities (non-negative, sum 1), "
            f"got row sums {float(sums.min()):g}..{float(sums.max()):g} and least entry "
            f"{float(labels.min()):g}; for class indices use labels.long()"
        )


def require_targets(logits: Tensor, labels: Tensor) -> None:
    """Raise unless ``logits`` is (n, k) and ``labels`` n indices or n rows of probabilities."""
    require_float_tensor("logits", logits)
    if logits.ndim != 2:
        raise ValueError(
            f"logits must have shape (n, k), n examples by k classes, got {tuple(logits.shape)}; "
            "reshape them: logits.reshape(-1, k)"
        )
    if isinstance(labels, Tensor) and labels.ndim == 2:
        require_float_tensor("labels", labels)
        require_label_probs(labels, logits.shape)
    else:
        require_labels(labels, *logits.shape)


def require_binary_targets(logits: Tensor, targets: Tensor) -> None:
    """Raise unless ``targets`` is a floating-point tensor shaped like ``logits``, each in 0..1."""
    require_float_tensor("logits", logits)
    require_float_tensor("targets", targets)
    if targets.shape != logits.shape:
        raise ValueError(
            f"targets must have the shape {tuple(logits.shape)} of the logits, "
            f"got {tuple(targets.shape)}; reshape them: targets.reshape(logits.shape)"
        )
    if targets.numel() and not bool(((targets >= 0) & (targets <= 1)).all()):
        low, high = (float(end) for end in targets.aminmax())
        raise ValueError(f"targets must lie in 0..1, got {low:g}..{high:g}; 1 means yes, 0 no")


def require_same_classes(probs: Tensor, v: Tensor) -> None:
    """Raise unless ``probs`` and ``v`` are floating point with the same last axis."""
    require_float_tensor("probs", probs)
    require_float_tensor("v", v)
    if probs.shape[-1:] != v.shape[-1:]:
        raise ValueError(
            f"v must have the last axis of probs, {tuple(probs.shape)}, got {tuple(v.shape)}"
        )


def require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def require_fraction(name: str, value: float) -> None:
    """Raise unless ``value`` is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in 0..1, got {value}")


def require_positive(name: str, value: float) -> None:
    """Raise unless ``value`` is a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}")


def require_rates(name: str, values: Sequence[float]) -> None:
    """Raise unless there is at least one value, each a finite number above zero."""
    require_some(name, values)
    for value in values:
        require_positive(name, value)


def require_some(name: str, values: Sequence) -> None:
    """Raise unless there is at least one value."""
    if len(values) == 0:
        raise ValueError(f"{name} must hold at least one value, got none")


def require_count(name: str, value: int) -> None:
    """Raise unless ``value`` is an integer of at least one."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
