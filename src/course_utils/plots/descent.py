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

    Each level line is twice as high as the one before; the surface must be positive.

    Parameters
    ----------
    ax : Axes
    function, point, lr : see ``gradient_steps``
    span : smallest and largest coordinate drawn
    """
    axis = torch.linspace(*span, 121)
    u, v = torch.meshgrid(axis, axis, indexing="xy")
    height = function(*torch.tensor(point)).item()
    levels = [height * 2**k for k in range(-4, 6)]  # the middle line passes through the point
    ax.contour(u, v, function(u, v), levels, colors=COLORS["grey"], linewidths=0.8)
    ax.grid(False)
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
            xytext=(0, 6 if end[1] > point[1] else -6),
            textcoords="offset points",
            ha="center",
            va="bottom" if end[1] > point[1] else "top",
            color=color,
            bbox=dict(facecolor="white", edgecolor="none", alpha=0.9, pad=1),
        )
    ax.plot(*point, "o", color="black")
    ax.annotate(f"  start: height {height:.2f}", point, va="top")
    ax.set(xlabel="first parameter", ylabel="second parameter", aspect="equal")
    return ax
