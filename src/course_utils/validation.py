"""Argument checks shared by the package: each names the argument, the value and the remedy."""

import copy
import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor, nn


def _where(value: Tensor) -> str:
    """Return dtype and shape of a tensor, for a message."""
    return f"{value.dtype} of shape {tuple(value.shape)}"


def require_float_tensor(name: str, value: Tensor) -> None:
    """Raise unless ``value`` is a tensor of floating-point numbers."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}; "
            f"wrap it: torch.as_tensor({name}, dtype=torch.float32)"
        )
    if not value.is_floating_point():
        remedy = f"take its real part: {name}.real" if value.is_complex() else f"{name}.float()"
        raise TypeError(f"{name} must be floating point, got {value.dtype}; convert it: {remedy}")


def require_class_axis(name: str, value: Tensor) -> None:
    """Raise unless ``value`` has an axis that can hold the classes."""
    if value.ndim == 0:
        raise ValueError(
            f"{name} must have a last axis of classes, got the single number {value.item()}; "
            f"give it one: {name}[None]"
        )


def _label_remedy(labels: Any, n: int) -> str:
    """Return what makes ``labels`` an int64 tensor of shape (n,), as far as that can be told."""
    if not isinstance(labels, Tensor):
        return "wrap class numbers, not names: torch.as_tensor(labels)"
    if labels.ndim == 2 and labels.shape[0] == n and labels.shape[1] > 1:
        return "if each row marks one class, take its number: labels.argmax(1)"
    whole = "" if labels.dtype == torch.int64 else ".long()"
    flat = "" if labels.ndim == 1 else ".flatten()"
    if labels.numel() == n and (whole or flat):
        return f"convert them: labels{flat}{whole}"
    return f"there are {labels.numel()} of them for {n} examples"


def require_labels(labels: Tensor, n: int, k: int) -> None:
    """Raise unless ``labels`` is an integer tensor of shape (n,) with entries in 0..k-1."""
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.dtype == torch.bool:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be an integer tensor, got {kind}; {_label_remedy(labels, n)}")
    if labels.shape != (n,):
        raise ValueError(
            f"labels must have shape ({n},), one per row of logits, got {tuple(labels.shape)}; "
            f"{_label_remedy(labels, n)}"
        )
    if n == 0:
        return
    low, high = (int(end) for end in labels.aminmax())
    if low < 0 or high >= k:
        raise ValueError(
            f"labels must lie in 0..{k - 1} for {k} classes, got {low}..{high}; "
            + (
                "they start at 0: labels - 1"
                if (low, high) == (1, k)
                else "leave out the examples without a class"
                if low < 0
                else f"give the logits {high + 1} columns, one per class"
            )
        )


def require_image_labels(images: Tensor, labels: Tensor) -> None:
    """Raise unless ``images`` are floats (n, h, w) and ``labels`` n int64 on the same device."""
    if isinstance(images, Tensor) and images.dtype == torch.uint8:
        raise TypeError(
            "images must be floating point in [0, 1], got torch.uint8; scale them: "
            "images.float() / 255"
        )
    require_float_tensor("images", images)
    if images.ndim != 3:
        remedy = (
            "drop the channel: images.squeeze(1)"
            if images.ndim == 4 and images.shape[1] == 1
            else "add the missing axes: reshape(n, h, w)"
            if images.ndim < 3
            else "grey images are wanted, one number per pixel"
        )
        raise ValueError(f"images must have shape (n, h, w), got {tuple(images.shape)}; {remedy}")
    if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
        kind = _where(labels) if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(
            f"labels must be an int64 tensor, got {kind}; {_label_remedy(labels, len(images))}"
        )
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"labels must have shape ({len(images)},), one per image, got "
            f"{tuple(labels.shape)}; {_label_remedy(labels, len(images))}"
        )
    if labels.device != images.device:
        raise ValueError(
            f"labels must be on the device of the images, {images.device}, got {labels.device}; "
            f"move them: labels.to({str(images.device)!r})"
        )


def require_scores(
    logits: Tensor, labels: Tensor, name: str = "logits", num_classes: int | None = None
) -> None:
    """Raise unless ``logits`` has shape (n, k), n >= 1, with one label in [0, k) for each row.

    With ``num_classes``, k must be that number.
    """
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
    if num_classes is not None and logits.shape[1] != num_classes:
        raise ValueError(
            f"{name} must have {num_classes} columns, one per class, got {logits.shape[1]}; "
            f"give the model's last layer {num_classes} outputs"
        )
    require_labels(labels, *logits.shape)


def require_no_nan(name: str, value: Tensor) -> None:
    """Raise if a row of ``value`` holds nan: it has no largest entry."""
    rows = value.isnan().any(dim=1).nonzero()
    if len(rows):
        raise ValueError(
            f"{name} must hold no nan, got one in row {int(rows[0])}; "
            "a weight or a pixel is nan, or the training diverged"
        )


def require_probabilities(probs: Tensor, name: str = "probs") -> None:
    """Raise unless ``probs`` is a float tensor (n, k) of non-negative rows that sum to one."""
    require_float_tensor(name, probs)
    if probs.ndim != 2 or 0 in probs.shape:
        raise ValueError(
            f"{name} must have shape (n, k) with at least one row, got {tuple(probs.shape)}"
        )
    sums = probs.sum(dim=1, dtype=torch.promote_types(probs.dtype, torch.float32))
    # Each entry may be off by one rounding of its dtype; a row of logits is off by far more.
    off = (sums - 1).abs() > max(1e-6, 2 * probs.shape[1] * torch.finfo(probs.dtype).eps)
    bad = (off | ~sums.isfinite() | (probs < 0).any(dim=1)).nonzero()
    if len(bad):
        row = int(bad[0])
        shares = bool((probs[row] >= 0).all() & (probs[row] <= 1).all() & (sums[row] > 0))
        # Softmax makes nan of such a row; of -inf, a class that is left out, it makes 0.
        hopeless = bool((probs[row].isnan() | (probs[row] == torch.inf)).any())
        raise ValueError(
            f"{name} must be non-negative and sum to 1 in each row, got row {row} with sum "
            f"{sums[row].item():.6g} and minimum {probs[row].min().item():.3g}; "
            + (
                "a weight or a pixel is not finite, or the training diverged"
                if hopeless
                else f"divide each row by its sum: {name} / {name}.sum(1, keepdim=True)"
                if shares
                else f"turn scores into probabilities first: softmax({name})"
            )
        )


def require_targets(logits: Tensor, labels: Tensor) -> None:
    """Raise unless ``logits`` is (n, k) and ``labels`` n indices or n rows of probabilities."""
    require_float_tensor("logits", logits)
    if logits.ndim != 2:
        raise ValueError(
            f"logits must have shape (n, k), n examples by k classes, got {tuple(logits.shape)}; "
            "reshape them: logits.reshape(-1, k)"
        )
    if not isinstance(labels, Tensor) or labels.ndim != 2 or labels.shape[1:] != logits.shape[1:]:
        require_labels(labels, *logits.shape)
    elif labels.shape != logits.shape:
        raise ValueError(
            f"labels of two axes must have the shape {tuple(logits.shape)} of the logits, got "
            f"{tuple(labels.shape)}; {_label_remedy(labels, len(logits))}"
        )
    else:
        require_float_tensor("labels", labels)
        if labels.numel():
            require_probabilities(labels, "labels")


def require_binary_targets(logits: Tensor, targets: Tensor) -> None:
    """Raise unless ``targets`` is a floating-point tensor shaped like ``logits``, each in 0..1."""
    require_float_tensor("logits", logits)
    require_float_tensor("targets", targets)
    if targets.shape != logits.shape:
        raise ValueError(
            f"targets must have the shape {tuple(logits.shape)} of the logits, "
            f"got {tuple(targets.shape)}; "
            + (
                "reshape them: targets.reshape(logits.shape)"
                if targets.numel() == logits.numel()
                else "one target per logit is wanted"
            )
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


def require_number(name: str, value: float) -> None:
    """Raise unless ``value`` is a real number of Python or NumPy."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} ({type(value).__name__})")


def require_fraction(name: str, value: float) -> None:
    """Raise unless ``value`` is a number from 0 to 1."""
    require_number(name, value)
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must lie in 0..1, got {value}")


def require_positive(name: str, value: float) -> None:
    """Raise unless ``value`` is a finite number above zero."""
    require_number(name, value)
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


def require_integer(name: str, value: int) -> None:
    """Raise unless ``value`` is an integer of Python or NumPy."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} ({type(value).__name__})")


def require_count(name: str, value: int) -> None:
    """Raise unless ``value`` is an integer of at least one."""
    require_integer(name, value)
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


# What is given to ``fit``.


def require_device(device: str | torch.device) -> None:
    """Raise unless this machine has the device."""
    try:
        torch.empty(1, device=torch.device(device))  # asks the driver
    except (AssertionError, RuntimeError, TypeError) as error:
        found = torch.accelerator.current_accelerator(check_available=True)
        there = "cpu" if found is None else f"cpu, {found.type}"
        raise ValueError(f"device must be one that is there ({there}), got {device!r}") from error


def require_model(model: Any, device: torch.device) -> None:
    """Raise unless ``model`` can be called and trained where the data are."""
    if isinstance(model, type) or not (callable(model) and hasattr(model, "parameters")):
        what = f"the class {model.__name__}" if isinstance(model, type) else repr(model)
        raise TypeError(
            "model must be a SoftmaxRegression or a torch.nn.Module, something to call that has "
            f"parameters(), got {what}; make one: SoftmaxRegression()"
        )
    params = list(model.parameters())
    if not any(param.requires_grad for param in params):
        raise ValueError(
            f"model must have a parameter that can be trained, got {len(params)}, all frozen; "
            "thaw one: param.requires_grad_()"
        )
    elsewhere = {str(param.device) for param in params} - {str(device)}
    if elsewhere:
        raise ValueError(
            f"model must be on the device of the data, {device}, got {', '.join(elsewhere)}; "
            f"move the data, data.to({min(elsewhere)!r}), or the model"
        )


def require_optimizer(optimizer: Any, params: Sequence[Tensor]) -> None:
    """Raise unless ``optimizer`` steps by itself, and over no other parameters than these."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(
            f"optimizer must be a torch.optim.Optimizer, got {optimizer!r}; "
            "make one: torch.optim.SGD(model.parameters(), lr=0.1)"
        )
    if isinstance(optimizer, torch.optim.LBFGS):
        raise ValueError(
            "optimizer must take a step from one gradient, got LBFGS, which needs the loss again "
            "and again; take SGD or Adam"
        )
    known = {id(param) for param in params}
    held = [param for group in optimizer.param_groups for param in group["params"]]
    strange = sum(id(param) not in known for param in held)
    if strange:
        raise ValueError(
            f"optimizer must hold parameters of model, got {strange} of {len(held)} that are not; "
            f"make it anew: torch.optim.{type(optimizer).__name__}(model.parameters(), ...)"
        )


def require_loss(loss: Any) -> None:
    """Raise unless ``loss`` can be called with logits and labels."""
    if isinstance(loss, type) or not callable(loss):
        what = f"the class {loss.__name__}" if isinstance(loss, type) else repr(loss)
        raise TypeError(
            f"loss must be a function of (logits, labels), got {what}; "
            "take one: torch.nn.CrossEntropyLoss()"
        )


def require_loss_value(value: Any) -> None:
    """Raise unless ``value``, what ``loss(logits, labels)`` returned, can be stepped down."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"loss must return a scalar tensor, got {value!r} ({type(value).__name__}); "
            "leave out .item()"
        )
    if value.ndim != 0:
        raise ValueError(
            f"loss must return a scalar tensor, got shape {tuple(value.shape)}; "
            "average over the batch: .mean()"
        )
    if not value.requires_grad:
        raise ValueError(
            f"loss must be computed from the logits so that it has a gradient, got {value}; "
            "leave out .detach() and torch.no_grad()"
        )


def require_batches_it_can_train_on(model: Any, images: Tensor, batch_size: int) -> None:
    """Raise if the last batch would be one example and the model can't train on one.

    Batch normalisation can't: one example has no spread. A copy of the model is asked.
    """
    n = len(images)
    if (n - 1) % batch_size or not isinstance(model, nn.Module):
        return
    try:
        with torch.no_grad(), torch.random.fork_rng():
            copy.deepcopy(model).train()(images[:1])
    except ValueError as error:
        fitting = next((size for size in range(batch_size + 1, n + 1) if (n - 1) % size), None)
        remedy = "more images" if fitting is None else f"batch_size={fitting}"
        raise ValueError(
            f"batch_size must leave more than one example for the last batch, because model can't "
            f"train on one ({error}), got {batch_size} for {n} examples; take {remedy}"
        ) from error
