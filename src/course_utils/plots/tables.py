"""Matrices as coloured tables: probabilities, a Jacobian, a confusion matrix."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from torch import Tensor

from course_utils.plots.labels import number, write_cells
from course_utils.plots.style import DIVERGING, SEQUENTIAL


def plot_probability_table(
    ax: Axes, probs: Tensor, row_names: Sequence[str], column_names: Sequence[str]
) -> Axes:
    """Draw a batch of probabilities as a table, with the sum of each row at its right.

    Parameters
    ----------
    ax : Axes
    probs : Tensor of shape (n, k)
    row_names : sequence of n str
    column_names : sequence of k str
    """
    rows = probs.tolist()
    ax.imshow(rows, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    write_cells(
        ax, [[f"{p:.2f}" for p in row] for row in rows], [[p <= 0.5 for p in row] for row in rows]
    )
    for i, total in enumerate(probs.sum(1).tolist()):
        ax.text(probs.shape[1] - 0.4, i, f"sum {total:.2f}", ha="left", va="center")
    ax.set_xticks(range(len(column_names)), column_names)
    ax.set_yticks(range(len(row_names)), row_names)
    ax.tick_params(length=0)
    return ax


def plot_jacobian(ax: Axes, jacobian: Tensor, *, names: Sequence[str] | None = None) -> Axes:
    """Draw a square matrix as a heat map: negative red, zero white, positive blue.

    Parameters
    ----------
    ax : Axes
    jacobian : Tensor of shape (k, k); entry (i, j) is the derivative of output i by input j
    names : k class names; up to six classes the numbers are written into the cells

    Raises
    ------
    ValueError
        If ``jacobian`` is no square matrix.
    """
    if jacobian.ndim != 2 or jacobian.shape[0] != jacobian.shape[1]:
        raise ValueError(f"jacobian must have shape (k, k), got {tuple(jacobian.shape)}")
    k, rows = len(jacobian), jacobian.tolist()
    limit = jacobian.abs().max().item() or 1.0
    image = ax.imshow(rows, cmap=DIVERGING, vmin=-limit, vmax=limit)
    ax.grid(visible=False)
    if k <= 6:
        texts = [[number(value, "+.3f") for value in row] for row in rows]
        write_cells(ax, texts, [[abs(value) > 0.6 * limit for value in row] for row in rows])
    else:
        ax.figure.colorbar(image, ax=ax, label="derivative")
    if k <= 12:
        labels = range(k) if names is None else names
        ax.set_xticks(range(k), labels)
        ax.set_yticks(range(k), labels)
    ax.set(xlabel="logit that is raised, $j$", ylabel="probability that responds, $i$")
    return ax


def plot_confusion(ax: Axes, confusion: Tensor, classes: Sequence[str]) -> Axes:
    """Draw a confusion matrix: a row per true class, coloured by the fraction of that row.

    The colours go with the square root, so that a class with one mistake in a hundred shows.

    Parameters
    ----------
    ax : Axes
    confusion : Tensor of shape (k, k)
        Counts; rows are true classes.
    classes : sequence of k str
    """
    rows = (confusion / confusion.sum(1, keepdim=True).clamp(min=1)).tolist()
    ax.imshow(rows, cmap="Blues", norm=PowerNorm(0.5, vmin=0, vmax=1))
    texts = [[f"{value:.2f}" if value >= 0.005 else "" for value in row] for row in rows]
    write_cells(ax, texts, [[value > 0.3 for value in row] for row in rows], fontsize=8)
    ax.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    ax.set_yticks(range(len(classes)), classes)
    ax.set(xlabel="predicted class", ylabel="true class")
    return ax
