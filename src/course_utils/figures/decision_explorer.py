"""Costs against the decision: the cheapest action need not be that of the likeliest state."""

import torch
import traitlets as t

from course_utils.decisions import expected_cost_decision
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number, Numbers, StateError

STATES = ("healthy", "ill")
ACTIONS = ("send home", "test further", "treat")
COST = (0, 5, 30, 200, 25, 10)  # a row for each state, a column for each action


class DecisionExplorer(InteractiveFigure):
    """Expected costs of two or three actions by the probability of one of two states.

    Parameters
    ----------
    probability : float in [0.001, 0.999]
        Of the second state.
    cost : list of 4 or 6 floats in [0, 200]
        Costs of the actions in the first state, then the same in the second.
    states : list of 2 names
    actions : list of names, one for each action
    """

    _name = "decision_explorer"
    _title = "Decisions by cost"

    probability = Number(0.1, 0.001, 0.999)
    cost = Numbers(list(COST), 0, 200, least=4, most=6)
    states = t.List(t.Unicode(), list(STATES), minlen=2, maxlen=2).tag(sync=True)
    actions = t.List(t.Unicode(), list(ACTIONS), minlen=2).tag(sync=True)

    @t.validate("cost")
    def _even(self, proposal: t.Bunch) -> list[float]:
        if len(proposal.value) % 2:
            raise StateError(f"cost must hold 4 or 6 numbers, got {len(proposal.value)}")
        return proposal.value

    def expected_costs(self) -> torch.Tensor:
        """Return the expected cost of each action, a float64 Tensor of shape (m,)."""
        return self._probs() @ self._table()

    def decision(self) -> str:
        """Return the action with the least expected cost, the first of equals."""
        return self.actions[int(expected_cost_decision(self._probs()[None], self._table()))]

    def _probs(self) -> torch.Tensor:
        return torch.tensor([1 - self.probability, self.probability], dtype=torch.float64)

    def _table(self) -> torch.Tensor:
        return torch.tensor(self.cost, dtype=torch.float64).view(2, -1)

    def describe(self) -> str:
        """Return expected costs and decision in words."""
        costs = list(zip(self.actions, self.expected_costs().tolist(), strict=False))
        said = ", ".join(f"{name} {cost:.3g}" for name, cost in costs)
        least = min(cost for _, cost in costs)
        cheapest = [name for name, cost in costs if cost < least + 1e-9]
        likely = f"The most probable state is {self.states[self.probability > 0.5]}"
        if self.probability == 0.5:
            likely = "Both states are equally probable"
        return (
            f"Probability of being {self.states[1]}: {self.probability:.3g}. "
            f"Expected costs: {said}. "
            f"{likely}; "
            f"{'equally cheap' if cheapest[1:] else 'the cheapest action is'}: "
            f"{', '.join(cheapest)}."
        )
