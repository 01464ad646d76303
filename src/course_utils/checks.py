"""Argument checks shared by the package: each names the argument, the value and the remedy."""

import math

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


def require_labels(labels: Tensor, n: int, k: int) -> None:
    """Raise unless ``labels`` is an integer tensor of shape (n,) with entries in [0, k)."""
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.dtype == torch.bool:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be an integer tensor, got {kind}; convert it: labels.long()")
    if labels.shape != (n,):
        raise ValueError(
            f"labels must have shape ({n},), one per row of logits, got {tuple(labels.shape)}"
        )
    if n and not (0 <= int(labels.min()) and int(labels.max()) < k):
        raise ValueError(
            f"labels must lie in 0..{k - 1} for {k} classes, "
            f"got {int(labels.min())}..{int(labels.max())}; labels start at 0"
        )


def require_positive(name: str, value: float) -> None:
    """Raise unless ``value`` is a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}")


def require_count(name: str, value: int) -> None:
    """Raise unless ``value`` is an integer of at least one."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
