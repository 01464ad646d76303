"""A backward pass to step through: from three logits to the loss, and back."""

import math
from typing import ClassVar

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

FORWARD = 4  # steps: the exponentials, their sum, its logarithm, the loss
BACKWARD = 6  # the loss's own gradient, then one for each local derivative: the loss has two


class BackwardPass(InteractiveFigure):
    """The graph of ln(e^z1 + e^z2 + e^z3) minus the true logit, one step at a time.

    Parameters
    ----------
    logits : list of 3 floats in [-4, 4]
        The logits.
    label : int in [1, 3]
        The true class.
    stage : int in [0, 10]
        How many steps are done: 4 forward, then 6 backward.
    nudge : int in [0, 3]
        The logit whose small change is followed to the loss; 0 is none.
    """

    version = t.Int(2, read_only=True).tag(sync=True)  # 1 had other steps
    _name = "backward_pass"
    _title = "A backward pass, step by step"
    _constants: ClassVar = {"forward": FORWARD, "backward": BACKWARD}
    logits = Numbers([1.0, 2.0, 0.0], -4, 4, least=3, most=3)
    label = Integer(1, 1, 3)
    stage = Integer(0, 0, FORWARD + BACKWARD)
    nudge = Integer(0, 0, 3)

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
