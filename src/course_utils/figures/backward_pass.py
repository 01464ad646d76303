"""A backward pass to step through: from three logits to the loss, and back."""

import math
from typing import ClassVar

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

FORWARD = 6  # steps: three exponentials, their sum, its logarithm, the loss
BACKWARD = 8  # one for each node but the logits, and one more for the loss: it sends twice


class BackwardPass(InteractiveFigure):
    """The graph of ln(e^z1 + e^z2 + e^z3) minus the true logit, one step at a time.

    Parameters
    ----------
    logits : list of 3 floats in [-4, 4]
        The logits.
    label : int in [1, 3]
        The true class.
    stage : int in [0, 14]
        How many steps are done: 6 forward, then 8 backward.
    """

    _name = "backward_pass"
    _title = "A backward pass, step by step"
    _constants: ClassVar = {"forward": FORWARD, "backward": BACKWARD}
    logits = Numbers([1.0, 2.0, 0.0], -4, 4, least=3, most=3)
    label = Integer(1, 1, 3)
    stage = Integer(0, 0, FORWARD + BACKWARD)

    def describe(self) -> str:
        """Return the loss and the gradients that the last step leads to."""
        exps = [math.exp(z) for z in self.logits]
        loss = math.log(sum(exps)) - self.logits[self.label - 1]
        grads = [e / sum(exps) - (k == self.label) for k, e in enumerate(exps, 1)]
        return (
            f"The logits {', '.join(f'{z:g}' for z in self.logits)} have the loss {loss:.3f} if "
            f"class {self.label} is the true one. Backwards, node by node, they get the gradients "
            f"{', '.join(f'{g:+.3f}' for g in grads)}: p minus the label."
        )
