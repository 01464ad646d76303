"""Floating-point limits: where exp fits, where a loss breaks, how large errors are."""

import math
from collections.abc import Mapping

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.labels import number
from course_utils.plots.style import COLORS

FORM_COLORS = {
    "naive": COLORS["vermillion"],
    "shifted": COLORS["blue"],
    "division-free": COLORS["purple"],
    "fused": COLORS["green"],
}


def plot_exp_range(ax: Axes, limits: Mapping[str, tuple[float, float, float]]) -> Axes:
    """Draw one bar a format, from where exp leaves zero to where it overflows.

    Parameters
    ----------
    ax : Axes to draw on
    limits : name of a format -> (smallest x with exp(x) > 0, smallest x with exp(x) normal,
        largest x with exp(x) finite)
    """
    for row, (zero, normal, top) in enumerate(limits.values()):
        ax.barh(row, normal - zero, left=zero, height=0.5, color=COLORS["sky"])
        ax.barh(row, top - normal, left=normal, height=0.5, color=COLORS["blue"])
        for x, side in ((zero, "right"), (top, "left")):
            ax.text(x * 1.1, row, number(x, ".2f"), ha=side, va="center", fontsize=10)
    ax.set_xscale("symlog", linthresh=10)
    ax.set(xlim=(-6000, 6000), xlabel="logit x", yticks=range(len(limits)))
    ax.set_yticklabels(limits)
    ax.invert_yaxis()
    ax.set_title("exp(x) = 0 to the left of a bar, inf to the right", fontsize=11)
    return ax


def _breaks(values: Tensor) -> Tensor:
    """True at the finite entries that stand beside an inf or nan: there the curve ends."""
    broken = torch.nn.functional.pad(~values.isfinite(), (1, 1))  # (m + 2,)
    return values.isfinite() & (broken[:-2] | broken[2:])


def plot_forms(ax: Axes, x: Tensor, curves: Mapping[str, Tensor]) -> Axes:
    """Draw one line a form and a cross where it breaks (turns inf or nan).

    Parameters
    ----------
    ax : Axes to draw on
    x : Tensor of shape (m,): the horizontal axis
    curves : name of a form -> Tensor of shape (m,); inf and nan leave a hole
    """
    for form, values in curves.items():
        finite = torch.where(values.isfinite(), values, math.nan)
        color = FORM_COLORS[form]
        ax.plot(x.tolist(), finite.tolist(), color=color, label=form)
        ends = _breaks(values)
        if ends.any():
            ax.plot(x[ends].tolist(), values[ends].tolist(), "x", color=color, ms=9, mew=2.5)
    return ax


def plot_bounds(ax: Axes, x: Tensor, bounds: Mapping[str, Tensor]) -> Axes:
    """Draw one dashed line a form: what its error may not exceed.

    Parameters
    ----------
    ax : Axes to draw on
    x : Tensor of shape (m,): the horizontal axis
    bounds : name of a form -> Tensor of shape (m,)
    """
    for form, values in bounds.items():
        label = f"{form}, bound"
        ax.plot(x.tolist(), values.tolist(), "--", color=FORM_COLORS[form], lw=1.2, label=label)
    ax.set_yscale("log")
    return ax


def plot_vanishing_loss(ax: Axes, gaps: Tensor, losses: Tensor, exact: Tensor) -> Axes:
    """Draw a rounded loss as a staircase beside the exact one, and shade where it is exactly 0.

    Parameters
    ----------
    ax : Axes to draw on
    gaps : Tensor of shape (m,), ascending: how far the right class leads
    losses : Tensor of shape (m,): computed, in nats
    exact : Tensor of shape (m,): the same in more digits
    """
    x = gaps.tolist()
    ax.plot(x, exact.tolist(), color=COLORS["grey"], lw=1.5, label="exact")
    positive = torch.where(losses > 0, losses.double(), math.nan)
    ax.plot(x, positive.tolist(), color=COLORS["green"], drawstyle="steps-mid", label="computed")
    zeros = gaps[losses == 0]
    if len(zeros):
        ax.axvspan(zeros[0].item(), x[-1], color=COLORS["green"], alpha=0.12, lw=0)
    ax.set_yscale("log")
    ax.set(
        xlim=(x[0], x[-1]), xlabel="gap between the right class and the next", ylabel="loss [nats]"
    )
    return ax
