"""Why a linear model said what it said: image times weight, pixel by pixel."""

import base64
from typing import Any, Self

import numpy as np
import torch
import traitlets as t

from course_utils.fashion_mnist.synthetic import draw
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.lab_data import weight_columns
from course_utils.figures.traits import Integer, Number

PIXELS, CLASSES = 784, 10


class WhatTheModelSees(InteractiveFigure):
    """An image, what each of its pixels adds to a score, and the change that flips the answer.

    The images are silhouettes drawn by code, test images where the build packed them, and what
    the reader paints. ``of`` makes the figure of a model.

    Parameters
    ----------
    model : dict
        ``weights``: int8 (784, 10) in base64, times ``scale``; ``bias``: 10 floats; ``classes``:
        10 names.
    silhouettes : str
        Ten images of 784 bytes in base64, one for each class.
    silhouette : int
        The one that is shown at first.
    label : int
        The class whose score is taken apart.
    against_rival : bool
        Take apart the difference to the most probable other class instead.
    change : float
        Part of the smallest change of the image that makes another class as likely; below 0, the
        way back.
    """

    _name = "what_the_model_sees"
    _title = "What the model sees"

    model = t.Dict().tag(sync=True)
    silhouettes = t.Unicode("").tag(sync=True)
    silhouette = Integer(1, 0, CLASSES - 1)
    label = Integer(1, 0, CLASSES - 1)
    against_rival = t.Bool(False).tag(sync=True)
    change = Number(0, -1, 1.5)

    @classmethod
    def of(cls, model: Any, classes: tuple[str, ...], **settings: Any) -> Self:
        """Make the figure of a model with one layer of weights (784, 10).

        Raises
        ------
        ValueError
            The model has no such layer, or there are not ten names.
        """
        weights = weight_columns(model, PIXELS, CLASSES)
        if weights is None:
            raise ValueError(
                f"model must have one layer of weights ({PIXELS}, {CLASSES}), got "
                f"{[tuple(p.shape) for p in model.parameters()]}; pass a SoftmaxRegression()"
            )
        if len(classes) != CLASSES:
            raise ValueError(f"classes must hold {CLASSES} names, got {classes!r}")
        found = [p.detach() for p in model.parameters() if p.shape == (CLASSES,)]
        bias = found[0] if found else torch.zeros(CLASSES)
        scale = weights.abs().max().item() / 127 or 1.0
        rounded = (weights / scale).round().to(torch.int8).contiguous().cpu().numpy()
        packed = {
            "weights": base64.b64encode(rounded.tobytes()).decode(),
            "scale": float(f"{scale:.7g}"),
            "bias": [float(f"{b:.7g}") for b in bias.tolist()],
            "classes": list(classes),
        }
        rng = np.random.default_rng(6)  # ten that one can tell apart
        drawn = b"".join(draw(label, 1, rng).tobytes() for label in range(CLASSES))
        return cls(model=packed, silhouettes=base64.b64encode(drawn).decode(), **settings)

    def describe(self) -> str:
        """Return the score of the image in words."""
        if not self.model:
            return ""
        scores, name = self.scores(), self.model["classes"][self.label]
        best = self.model["classes"][int(scores.argmax())]
        return (
            f"The score of an image is a sum of pixel times weight. A drawn "
            f"{self.model['classes'][self.silhouette]} scores {scores[self.label]:.2f} for {name}; "
            f"the model says {best}."
        )

    def scores(self) -> np.ndarray:
        """Return the ten scores of the silhouette."""
        raw = np.frombuffer(base64.b64decode(self.model["weights"]), np.int8)
        weights = raw.reshape(PIXELS, CLASSES) * self.model["scale"]
        images = np.frombuffer(base64.b64decode(self.silhouettes), np.uint8).reshape(-1, PIXELS)
        return images[self.silhouette] / 255 @ weights + np.array(self.model["bias"])
