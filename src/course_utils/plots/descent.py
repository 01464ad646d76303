"""Steps along the gradient and against it: which one goes downhill."""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.style import COLORS

Surface = Callable[[Tensor, Tensor], Tensor]  # height above two coordinates


def gradient_steps(function: Surface, point: tuple[float, float], lr: float) -> dict[str, Tensor]:
    """Where one step of size ``lr`` leads, against the gradient and along it.

    Parameters
    ----------
    function : height of two coordinates, built of torch operations
    point : where both steps start
    lr : float, step size

    Returns
    -------
    dict of two Tensors of shape (2,): "minus gradient" and "plus gradient"

    Introduced in chapter 05.
    """
    start = torch.tensor(point, requires_grad=True)
    (slope,) = torch.autograd.grad(function(*start), start)
    here = start.detach()
    return {"minus gradient": here - lr * slope, "plus gradient": here + lr * slope}


def plot_descent(
    ax: Axes,
    function: Surface,
    point: tuple[float, float],
    lr: float,
    *,
    span: tuple[float, float] = (-2.0, 2.0),
) -> Axes:
    """Draw level lines of a surface and one step to either side, with the height it reaches.

    Parameters
    ----------
    ax : Axes
    function, point, lr : see ``gradient_steps``
    span : smallest and largest coordinate drawn

    Introduced in chapter 05.
    """
    axis = torch.linspace(*span, 121)
    u, v = torch.meshgrid(axis, axis, indexing="xy")
    lines = ax.contour(u, v, function(u, v), levels=12, colors=COLORS["grey"], linewidths=0.8)
    ax.clabel(lines, fontsize=8, fmt="%g")
    styles = {
        "minus gradient": (COLORS["blue"], "-"),
        "plus gradient": (COLORS["vermillion"], "--"),
    }
    for name, end in gradient_steps(function, point, lr).items():
        color, dash = styles[name]
        arrow = dict(arrowstyle="-|>", color=color, linestyle=dash, linewidth=2, shrinkA=0)
        ax.annotate("", end.tolist(), point, arrowprops=arrow)
        text = f"{name}:\nheight {function(*end).item():.2f}"
        ax.annotate(
            text,
            end.tolist(),
            xytext=(6 if end[0] > point[0] else -6, 0),
            textcoords="offset points",
            ha="left" if end[0] > point[0] else "right",
            va="center",
            color=color,
            bbox=dict(facecolor="white", edgecolor="none", alpha=0.8, pad=1),
        )
    ax.plot(*point, "o", color="black")
    ax.set(xlabel="first parameter", ylabel="second parameter", aspect="equal")
    return ax
