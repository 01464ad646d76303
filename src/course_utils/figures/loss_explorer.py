"""Why cross-entropy: its value and gradient against squared error as one score moves."""

import math

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Number


class LossExplorer(InteractiveFigure):
    """Loss and gradient for one example whose true class has a moving score; the others have 0.

    Parameters
    ----------
    logit : float in [-8, 8]
        Score of the true class.
    num_classes : int in [2, 10]
        Number of classes.
    smoothing : float in [0, 0.5]
        Label smoothing: this share of the target is spread evenly over all classes.
    lr : float in [0.1, 10]
        Learning rate of the descent that the figure runs on the one score.
    double_softmax : bool
        Also show cross-entropy of a softmax of a softmax, the common mistake.
    """

    _name = "loss_explorer"
    _title = "Loss explorer"
    logit = Number(-6, -8, 8)
    num_classes = Integer(3, 2, 10)
    smoothing = Number(0, 0, 0.5)
    lr = Number(1, 0.1, 10)
    double_softmax = t.Bool(False).tag(sync=True)

    def describe(self) -> str:
        """Return probability and loss of the true class in words (without smoothing)."""
        loss = math.log1p((self.num_classes - 1) * math.exp(-self.logit))
        return (
            f"The true class has score {self.logit:g} and probability {math.exp(-loss):.4f}, "
            f"the other {self.num_classes - 1} score 0: cross-entropy {loss:.3f}, "
            f"gradient {math.exp(-loss) - 1:.3f}."
        )
