"""A backward pass to walk: from the loss of three logits back to each of them."""

import math

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

STEPS = 6  # one for each local derivative, of which the loss has two, and the sum of two shares


class BackwardPass(InteractiveFigure):
    """The graph of ln(e^z1 + e^z2 + e^z3) minus the true logit, walked back step by step.

    Parameters
    ----------
    logits : list of 3 floats in [-4, 4]
        The logits.
    label : int in [1, 3]
        The true class.
    stage : int in [0, 6]
        How many steps back are done; the last adds the true logit's two shares.
    nudge : int in [0, 8]
        The box whose small change is followed to the loss: 1 to 3 the logits, 4 to 6 their
        exponentials, 7 the sum Q, 8 ln Q; 0 is none.
    """

    version = t.Int(3, read_only=True).tag(sync=True)  # 1 and 2 had other steps
    _name = "backward_pass"
    _title = "A backward pass, step by step"
    logits = Numbers([1.0, 2.0, 0.0], -4, 4, least=3, most=3)
    label = Integer(1, 1, 3)
    stage = Integer(0, 0, STEPS)
    nudge = Integer(0, 0, 8)

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
