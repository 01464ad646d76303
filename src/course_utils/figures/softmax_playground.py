"""Scores become probabilities: what temperature, a common shift and a scale do to softmax."""

import math

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number, Numbers

STAGES = ("score", "exp", "share")
CLASSES = ("dog", "cat", "chicken", "horse", "bird", "fish")


class SoftmaxPlayground(InteractiveFigure):
    """Softmax of two to six scores that the reader moves.

    Parameters
    ----------
    logits : list of 2 to 6 floats in [-10, 10]
        The scores, one for each class.
    temperature : float in [0.1, 10]
        The scores are divided by it before the softmax.
    shift : float in [-10, 10]
        Added to every score; it changes no probability.
    scale : float in [0.1, 3]
        Multiplies every score; it does change the probabilities.
    stage : {"score", "exp", "share"}
        What the bars show: scores, their exponentials, or the shares of those in their sum.
    """

    _name = "softmax_playground"
    _title = "Softmax playground"
    logits = Numbers([2.0, 1.0, -1.0], -10, 10, least=2, most=6)
    temperature = Number(1, 0.1, 10)
    shift = Number(0, -10, 10)
    scale = Number(1, 0.1, 3)
    stage = t.Enum(STAGES, "share").tag(sync=True)
    classes = t.Tuple(default_value=CLASSES).tag(sync=True)

    def probabilities(self) -> list[float]:
        """Return the probabilities the figure shows (the shift cancels)."""
        top = max(self.logits)
        exps = [math.exp(self.scale * (z - top) / self.temperature) for z in self.logits]
        return [e / sum(exps) for e in exps]

    def describe(self) -> str:
        """Return the scores and their probabilities in words."""
        parts = (
            f"{name} has score {z:g} and probability {p:.3f}"
            for name, z, p in zip(self.classes, self.logits, self.probabilities(), strict=False)
        )
        return f"{'; '.join(parts)}. Temperature {self.temperature:g}."
