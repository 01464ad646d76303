"""From probabilities to an action: the decision with the least expected cost."""

from torch import Tensor

from course_utils.softmax import widened
from course_utils.validation import require_float_tensor, require_probabilities


def require_cost(cost: Tensor, k: int) -> None:
    """Raise unless ``cost`` is a finite float tensor with one row for each of the k classes."""
    require_float_tensor("cost", cost)
    if cost.ndim != 2 or cost.shape[0] != k or cost.shape[1] == 0:
        raise ValueError(
            f"cost must have shape ({k}, m), a row per true class and a column per action, "
            f"got {tuple(cost.shape)}; transpose it if the actions stand in the rows"
        )
    if not bool(cost.isfinite().all()):
        raise ValueError(
            "cost must be finite, got an infinite or nan entry; a price too high to pay "
            "is still a number: use a large one"
        )


def expected_cost_decision(probs: Tensor, cost: Tensor) -> Tensor:
    """Choose the action with the least expected cost for each row of probabilities.

    Parameters
    ----------
    probs : Tensor of shape (n, k)
        Rows of probabilities of the k classes.
    cost : Tensor of shape (k, m)
        ``cost[i, a]`` is the cost of action a when the true class is i, in any one unit.

    Returns
    -------
    int64 Tensor of shape (n,)
        Actions in [0, m); the first of several that cost the same.

    Raises
    ------
    TypeError, ValueError
        Rows that are no probabilities, or a cost that doesn't fit them.
    """
    require_probabilities(probs)
    require_cost(cost, probs.shape[1])
    probs = widened(probs)
    expected = probs @ cost.to(probs.dtype)  # (n, m): sum over classes of P(class) * cost
    return expected.argmin(dim=1)
