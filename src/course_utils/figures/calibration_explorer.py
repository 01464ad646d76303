"""Temperature against calibration, and costs against the decision."""

import math
from typing import Any

import torch
import traitlets as t
from torch import Tensor

from course_utils.calibration import (
    expected_calibration_error,
    reliability_curve,
    require_finite_scores,
)
from course_utils.decisions import expected_cost_decision
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number, Numbers, StateError
from course_utils.softmax import cross_entropy, softmax

#: Steps of the temperature slider: a quarter to four, 1 among them.
TEMPERATURES = tuple(2 ** (step / 10) for step in range(-20, 21))
STATES = ("healthy", "ill")
ACTIONS = ("send home", "test further", "treat")
COST = (0, 5, 20, 200, 25, 10)  # a row for each state, a column for each action
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
        grid["confidence"].append(curve.confidence.nan_to_num().tolist())
    return grid | {"temperatures": list(TEMPERATURES)}


class CalibrationExplorer(InteractiveFigure):
    """Is a probability of 0.8 right in 8 of 10 cases, and what should one do about it?

    Parameters
    ----------
    logits : Tensor of shape (n, k)
        Scores of a trained model on examples it was not trained on.
    labels : integer Tensor of shape (n,)
    temperature : float in [0.25, 4]
        The scores are divided by it.
    probability : float in [0.001, 0.999]
        What a model says, at temperature 1, for a patient to be ill.
    cost : list of 4 or 6 floats in [0, 200]
        Costs of two or three actions if healthy, then the same if ill.
    """

    _name = "calibration_explorer"
    _title = "Calibration and decisions"

    temperature = Number(1, TEMPERATURES[0], TEMPERATURES[-1])
    probability = Number(0.1, 0.001, 0.999)
    cost = Numbers(list(COST), 0, 200, least=4, most=6)
    states = t.List(t.Unicode(), list(STATES)).tag(sync=True)
    actions = t.List(t.Unicode(), list(ACTIONS)).tag(sync=True)
    grid = t.Dict().tag(sync=True)

    def __init__(self, logits: Tensor, labels: Tensor, **settings: Any) -> None:
        super().__init__(grid=calibration_grid(logits, labels), **settings)

    @t.validate("cost")
    def _even(self, proposal: t.Bunch) -> list[float]:
        if len(proposal.value) % 2:
            raise StateError(f"cost must hold 4 or 6 numbers, got {len(proposal.value)}")
        return proposal.value

    def scaled_probability(self) -> float:
        """Return the probability of being ill at the present temperature."""
        odds = math.log(self.probability / (1 - self.probability)) / self.temperature
        return 1 / (1 + math.exp(-odds))

    def decision(self) -> str:
        """Return the action with the least expected cost."""
        p = self.scaled_probability()
        cost = torch.tensor(self.cost, dtype=torch.float64).view(2, -1)
        best = expected_cost_decision(torch.tensor([[1 - p, p]], dtype=torch.float64), cost)
        return self.actions[int(best)]

    def describe(self) -> str:
        """Return calibration error and decision in words."""
        gaps = [abs(math.log(T / self.temperature)) for T in self.grid["temperatures"]]
        k = gaps.index(min(gaps))
        return (
            f"At temperature {self.grid['temperatures'][k]:.3g} the expected calibration error is "
            f"{self.grid['ece'][k]:.4f}. For a patient who is ill with probability "
            f"{self.scaled_probability():.3g} the cheapest action is: {self.decision()}."
        )
