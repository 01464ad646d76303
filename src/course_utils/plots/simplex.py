"""The triangle of three-class probabilities: corners are certainty, the centre is indifference."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.style import SEQUENTIAL
from course_utils.validation import require_count

HEIGHT = 3**0.5 / 2  # of a triangle with sides of length 1
CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, HEIGHT]], dtype=torch.float64)


def simplex_grid(n: int) -> Tensor:
    """Probabilities of three classes on an even triangular grid, the edges included.

    Parameters
    ----------
    n : int, intervals along one edge, at least 1

    Returns
    -------
    Tensor of shape ((n + 1) (n + 2) / 2, 3), float64
        Each row sums to one.
    """
    require_count("n", n)
    rows = [(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]
    return torch.tensor(rows, dtype=torch.float64) / n


def plot_simplex(
    ax: Axes, probs: Tensor, values: Tensor, *, names: Sequence[str], label: str
) -> Axes:
    """Colour the triangle of three-class probabilities by a value at each point.

    Parameters
    ----------
    ax : Axes
    probs : Tensor of shape (m, 3), rows that sum to one
    values : Tensor of shape (m,)
    names : three class names, one for each corner
    label : what the colour means
    """
    points = (probs.to(CORNERS) @ CORNERS).numpy()  # (m, 2)
    colors = ax.tripcolor(*points.T, values.numpy(), shading="gouraud", cmap=SEQUENTIAL)
    ax.figure.colorbar(colors, ax=ax, label=label)
    for (x, y), name in zip(CORNERS.tolist(), names, strict=True):
        ax.annotate(
            f"certainly {name}",
            (x, y),
            xytext=(0, 8 if y > 0 else -8),
            textcoords="offset points",
            ha="center",
            va="bottom" if y > 0 else "top",
        )
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax
