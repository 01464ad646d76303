"""Temperature against calibration: is a probability right as often as it says?"""

import math
from typing import Any

import traitlets as t
from torch import Tensor

from course_utils.calibration import (
    expected_calibration_error,
    reliability_curve,
    require_finite_scores,
)
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number
from course_utils.softmax import cross_entropy, softmax

#: Steps of the temperature slider: a quarter to four, 1 among them.
TEMPERATURES = tuple(2 ** (step / 10) for step in range(-20, 21))
NUM_BINS = 15


def calibration_grid(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """Return what the figure shows at each temperature, computed by ``calibration``.

    Parameters
    ----------
    logits : Tensor of shape (n, k)
    labels : integer Tensor of shape (n,)

    Returns
    -------
    dict
        temperatures, ece and loss (lists of T), count, hits and confidence (T lists of 15 bins;
        confidence 0 where a bin is empty).
    """
    require_finite_scores(logits, labels)
    logits = logits.double()
    grid: dict[str, Any] = {name: [] for name in ("ece", "loss", "count", "hits", "confidence")}
    for temperature in TEMPERATURES:
        probs = softmax(logits / temperature)
        curve = reliability_curve(probs, labels, NUM_BINS)
        hits = (curve.accuracy.nan_to_num() * curve.count).round()
        grid["ece"].append(expected_calibration_error(probs, labels, NUM_BINS))
        grid["loss"].append(cross_entropy(logits / temperature, labels).item())
        grid["count"].append(curve.count.tolist())
        grid["hits"].append([int(v) for v in hits])
        # drawn, not computed with: more digits would be a hundredth of a page's weight
        grid["confidence"].append([round(v, 4) for v in curve.confidence.nan_to_num().tolist()])
    return grid | {"temperatures": list(TEMPERATURES)}


class CalibrationExplorer(InteractiveFigure):
    """Is a probability of 0.8 right in 8 of 10 cases, and what does a temperature do about it?

    Parameters
    ----------
    logits : Tensor of shape (n, k)
        Scores of a trained model on examples it was not trained on.
    labels : integer Tensor of shape (n,)
    temperature : float in [0.25, 4]
        The scores are divided by it.
    """

    _name = "calibration_explorer"
    _title = "Calibration by temperature"

    temperature = Number(1, TEMPERATURES[0], TEMPERATURES[-1])
    grid = t.Dict().tag(sync=True)

    def __init__(self, logits: Tensor, labels: Tensor, **settings: Any) -> None:
        super().__init__(grid=calibration_grid(logits, labels), **settings)

    def describe(self) -> str:
        """Return calibration error and loss in words."""
        gaps = [abs(math.log(T / self.temperature)) for T in self.grid["temperatures"]]
        k = gaps.index(min(gaps))
        loss = self.grid["loss"]
        least = self.grid["temperatures"][loss.index(min(loss))]
        return (
            f"At temperature {self.grid['temperatures'][k]:.3g} the expected calibration error is "
            f"{self.grid['ece'][k]:.4f} and the loss {loss[k]:.4f}. The loss is least at "
            f"temperature {least:.3g}. The accuracy is the same at every temperature."
        )
