"""The derivative of softmax: what a nudge of one logit does to every probability."""

import math

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Number, Numbers


class JacobianExplorer(InteractiveFigure):
    """The matrix diag(p) - p p^T, measured column by column, or its product with a vector.

    Parameters
    ----------
    logits : list of 2 to 6 floats in [-5, 5]
        The logits, one for each class.
    column : int in [0, 5]
        The column that is measured: the logit that is nudged. At most the last class.
    nudge : float in [-2, 2]
        How much that logit is moved.
    measured : list of 2 to 6 floats in [-2, 2]
        How much each other logit was moved; 0, as for missing entries: not yet.
    v : list of 2 to 6 floats in [-2, 2]
        The vector that is multiplied with the matrix; missing entries count as 0.
    product : bool
        Show the product with the vector, instead of the matrix.
    """

    _name = "jacobian_explorer"
    _title = "Jacobian explorer"
    logits = Numbers([2.0, 1.0, -1.0], -5, 5, least=2, most=6)
    column = Integer(0, 0, 5)
    nudge = Number(1, -2, 2)
    measured = Numbers([0.0, 0.0, 0.0], -2, 2, least=2, most=6)
    v = Numbers([1.0, 0.0, 0.0], -2, 2, least=2, most=6)
    product = t.Bool(False).tag(sync=True)

    def jacobian(self) -> list[list[float]]:
        """Return the matrix at these logits, as nested lists."""
        exps = [math.exp(z - max(self.logits)) for z in self.logits]
        probs = [e / sum(exps) for e in exps]
        return [[p * ((i == j) - q) for j, q in enumerate(probs)] for i, p in enumerate(probs)]

    def describe(self) -> str:
        """Return the selected column, or the product, in words."""
        if self.product:
            v = [*self.v, *[0.0] * len(self.logits)][: len(self.logits)]
            found = [sum(a * b for a, b in zip(row, v, strict=True)) for row in self.jacobian()]
            return (
                f"The softmax Jacobian times v = ({', '.join(f'{x:g}' for x in v)}) is "
                f"({', '.join(f'{x:+.3f}' for x in found)}): p times (v - mean)."
            )
        column = min(self.column, len(self.logits) - 1)
        entries = ", ".join(f"{row[column]:+.3f}" for row in self.jacobian())
        return (
            f"Column {column + 1} of the softmax Jacobian is ({entries}): how fast each "
            f"probability changes with logit {column + 1}. It sums to zero."
        )
