"""Curves, bars and tables: functions with their derivatives, scores, class probabilities."""

from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.style import COLORS, SEQUENTIAL

LINE_COLORS = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "grey")]


def derivative(function: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """Derivative of an elementwise function at every entry of ``z``, by automatic differentiation.

    Parameters
    ----------
    function : callable
        Maps a tensor to a tensor of the same shape, entry by entry.
    z : Tensor
        Any shape, floating point.

    Returns
    -------
    Tensor
        Same shape as ``z``.
    """
    z = z.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(z).sum(), z)
    return slope


def plot_curves(
    ax: Axes, x: Tensor, curves: Mapping[str, Tensor], *, label_at: float | None = None
) -> Axes:
    """Draw curves over a common ``x``, each with its name written beside it.

    Parameters
    ----------
    ax : Axes
    x : Tensor of shape (n,), ascending
    curves : mapping of name to Tensor of shape (n,)
        Drawn in this order, in the colours ``LINE_COLORS``.
    label_at : float, optional
        Write the names to the right of this ``x``, above falling and below rising curves;
        at the right ends of the curves by default.
    """
    i = -1 if label_at is None else int((x - label_at).abs().argmin())
    for (name, y), color in zip(curves.items(), LINE_COLORS, strict=False):
        ax.plot(x.tolist(), y.tolist(), color=color)
        place = {"xytext": (6, 0), "va": "center"}
        if label_at is not None:
            rises = bool(y[min(i + 1, len(y) - 1)] > y[i])
            place = {"xytext": (4, -3 if rises else 3), "va": "top" if rises else "bottom"}
        style = {"color": color, "fontweight": "bold", "annotation_clip": False}
        point = (float(x[i]), float(y[i]))
        ax.annotate(name, point, textcoords="offset points", **place, **style)
    return ax


def plot_activation(ax: Axes, name: str, function: Callable[[Tensor], Tensor], z: Tensor) -> Axes:
    """Draw an activation function (solid) and its derivative (dashed).

    Parameters
    ----------
    ax : Axes
    name : str
        Title of the panel.
    function : callable
        Elementwise, for instance ``torch.sigmoid``.
    z : Tensor of shape (n,)
        Where to evaluate, ascending.
    """
    ax.plot(z.tolist(), function(z).tolist(), color=COLORS["blue"], label="function")
    slope = derivative(function, z)
    ax.plot(z.tolist(), slope.tolist(), color=COLORS["vermillion"], ls="--", label="derivative")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=name, xlabel="input z")
    return ax


def plot_bars(
    ax: Axes,
    values: Tensor,
    names: Sequence[str],
    *,
    color: str = COLORS["blue"],
    digits: int = 2,
) -> Axes:
    """Draw one bar for each value and write the number at its end.

    Parameters
    ----------
    ax : Axes
    values : Tensor of shape (k,)
        Scores or probabilities; they may be negative.
    names : sequence of k str
    color : str
    digits : int
        Digits after the decimal point.
    """
    bars = ax.bar(list(names), values.tolist(), color=color, width=0.6)
    numbers = [f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}") for value in values.tolist()]
    ax.bar_label(bars, numbers, padding=3)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.margins(y=0.15)
    ax.grid(axis="x", visible=False)
    return ax


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
    ax.imshow(probs.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for i, row in enumerate(probs):
        for j, p in enumerate(row.tolist()):
            ax.text(j, i, f"{p:.2f}", ha="center", va="center", color="k" if p > 0.5 else "w")
        ax.text(len(row) - 0.4, i, f"sum {row.sum():.2f}", ha="left", va="center")
    ax.set_xticks(range(len(column_names)), column_names)
    ax.set_yticks(range(len(row_names)), row_names)
    ax.grid(visible=False)
    ax.tick_params(length=0)
    return ax
