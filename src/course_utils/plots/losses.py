"""Loss curves: what they cannot fall below, and what they are made of."""

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.style import COLORS


def plot_floor(ax: Axes, value: float, label: str, *, color: str = COLORS["grey"]) -> Axes:
    """Draw a dotted horizontal line that the data cannot pass, with its meaning written on it.

    Parameters
    ----------
    ax : Axes
    value : float
        Height of the line, in the units of the y axis.
    label : str
    color : str
    """
    ax.axhline(value, color=color, ls=":")
    ax.annotate(
        label,
        (0.98, value),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        color=color,
    )
    return ax


def plot_entropy_split(ax: Axes, truth: float, p: Tensor) -> Axes:
    """Draw the cross-entropy of a two-class truth as entropy plus divergence.

    Parameters
    ----------
    ax : Axes
    truth : float
        True probability of the first class, strictly between 0 and 1.
    p : Tensor of shape (n,)
        Predicted probabilities of the first class, strictly between 0 and 1, ascending.
    """
    y = torch.tensor(truth, dtype=p.dtype)
    loss = -(y * p.log() + (1 - y) * (1 - p).log())  # (n,), in nats
    entropy = float(-(y * y.log() + (1 - y) * (1 - y).log()))
    ax.plot(p.tolist(), loss.tolist(), color=COLORS["blue"])
    ax.fill_between(p.tolist(), 0, entropy, color=COLORS["grey"], alpha=0.25, linewidth=0)
    ax.fill_between(p.tolist(), entropy, loss.tolist(), color=COLORS["orange"], alpha=0.35, lw=0)
    ax.plot(truth, entropy, "o", color=COLORS["vermillion"])
    ax.text(float(p.mean()), entropy / 2, "entropy of the truth", ha="center", va="center")
    ax.text(float(p.min()) + 0.05, entropy * 1.15, "divergence", va="bottom")
    ax.set(xlabel="predicted probability p", ylabel="nats", ylim=(0, float(loss.max()) * 1.02))
    return ax
