"""Recorded and live runs as small JSON data for the training lab."""

import base64
import io
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from course_utils.data import FashionMNIST, Split
from course_utils.history import History
from course_utils.sweep import Sweep
from course_utils.training import predict

#: The learning rates that are recorded: with training in the page, no finer steps are needed.
RATES = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0)
STEPS = 4  # colour steps on either side of zero; six would make four runs 1.4 kB larger
_RED, _WHITE, _BLUE = (178, 24, 43), (250, 250, 250), (33, 102, 172)


def _palette() -> list[int]:
    """Red for the most negative weight, white for zero, blue for the most positive one."""
    colours = []
    for step in range(-STEPS, STEPS + 1):
        end, share = (_RED if step < 0 else _BLUE), (abs(step) / STEPS) ** 0.8
        mixed = (round(w + (e - w) * share) for w, e in zip(_WHITE, end, strict=True))
        colours += list(mixed)
    return colours


def template_sprite(weights: Tensor, shape: tuple[int, int]) -> str:
    """Return weight columns as pictures: one row of them for each run, in one PNG data URI.

    Parameters
    ----------
    weights : Tensor of shape (L, h * w, q)
        Each run is scaled by its own largest weights (their 99.5th percentile).
    shape : (h, w)
        Size of a picture in pixels.

    Returns
    -------
    str
        A PNG of L * h by q * w pixels in nine colours.
    """
    h, w = shape
    runs, _, classes = weights.shape
    weights = torch.nan_to_num(weights.float())
    top = torch.quantile(weights.abs().flatten(1), 0.995, dim=1).clamp(min=1e-12)
    steps = (weights / top[:, None, None] * STEPS).round().clamp(-STEPS, STEPS) + STEPS
    sheet = steps.view(runs, h, w, classes).permute(0, 1, 3, 2).reshape(runs * h, classes * w)
    image = Image.fromarray(sheet.to(torch.uint8).cpu().numpy()).convert("P")
    image.putpalette(_palette())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True, bits=4)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def confusion_counts(predicted: Tensor, labels: Tensor, classes: int) -> list[int]:
    """Return how often true class i was predicted as j, row by row: classes * classes counts."""
    return torch.bincount(labels * classes + predicted, minlength=classes**2).tolist()


def curves(history: History) -> dict[str, Any]:
    """Return the curves of one run, rounded to four digits, and a remark on it in words."""
    lists = ("train_loss", "train_accuracy", "test_accuracy")
    rounded = {name: [float(f"{v:.4g}") for v in getattr(history, name)] for name in lists}
    return rounded | {
        "diverged": history.diverged, "stopped": history.stopped, "remark": history.remark,
    }  # fmt: skip


def weight_columns(model: Any, pixels: int, classes: int) -> Tensor | None:
    """Return the model's weights (pixels, classes), or None if it has no single such layer."""
    found = [p.detach() for p in model.parameters() if p.ndim == 2]
    if len(found) != 1 or found[0].shape not in ((pixels, classes), (classes, pixels)):
        return None
    return found[0] if found[0].shape == (pixels, classes) else found[0].T


def pictures(model: Callable[[Tensor], Tensor], split: Split, classes: int) -> dict[str, Any]:
    """Return what a trained model looks like: its confusion counts and its weight templates."""
    predicted = predict(model, split.images)
    h, w = split.images.shape[1:]
    weights = weight_columns(model, h * w, classes)
    sprite = "" if weights is None else template_sprite(weights[None], (h, w))
    return {"confusion": confusion_counts(predicted, split.labels, classes), "templates": sprite}


def pack(recording: Sweep, data: FashionMNIST) -> dict[str, Any]:
    """Return a sweep's first seed as the training lab stores it: 28 kB for 7 runs, 20 epochs.

    Of a sweep of more than seven rates, those in ``RATES`` are taken.
    """
    seed, classes = recording.seeds[0], len(data.classes)
    height, width = data.test.images.shape[1:]
    few = len(recording.lrs) <= len(RATES)
    places = [i for i, lr in enumerate(recording.lrs) if few or lr in RATES]
    lrs, runs = [recording.lrs[i] for i in places], []
    for lr in lrs:
        predicted = predict(recording.model(seed, lr), data.test.images)
        confusion = confusion_counts(predicted, data.test.labels, classes)
        runs.append(curves(recording.history(seed, lr)) | {"confusion": confusion})
    return {
        "lrs": lrs,
        "num_epochs": len(recording.train_loss),
        "batch_size": recording.batch_size,
        "classes": list(data.classes),
        "source": data.source,
        "runs": runs,
        "templates": template_sprite(recording.weight[0][places], (height, width)),
    }
