"""How a quantity grows: log-log plots on which a power law is a line and its power the slope."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from course_utils.plots.style import COLORS


def fit_power(
    sizes: Sequence[float],
    values: Sequence[float],
    between: tuple[float, float] = (0.0, float("inf")),
) -> tuple[float, float]:
    """Fit ``values = factor * sizes**power`` by least squares on the logarithms.

    Parameters
    ----------
    sizes, values : sequences of positive numbers of the same length
    between : smallest and largest size that take part in the fit

    Returns
    -------
    (power, factor)
        The slope on log-log axes, and the value at size 1.

    Raises
    ------
    ValueError
        If fewer than two points lie in the range, or a number is not above 0.
    """
    x, y = np.asarray(sizes, dtype=float), np.asarray(values, dtype=float)
    inside = (x >= between[0]) & (x <= between[1])
    if inside.sum() < 2:
        raise ValueError(f"between must leave at least two sizes to fit, got {between} for {sizes}")
    x, y = x[inside], y[inside]
    if not ((x > 0).all() and (y > 0).all()):
        raise ValueError("sizes and values must be above 0 on log axes; drop the points at 0")
    power, log_factor = np.polyfit(np.log(x), np.log(y), 1)
    return float(power), float(np.exp(log_factor))


def plot_scaling(
    ax: Axes,
    sizes: Sequence[float],
    values: Sequence[float],
    *,
    label: str,
    color: str = COLORS["blue"],
    marker: str = "o",
    between: tuple[float, float] | None = None,
) -> Axes:
    """Draw measured points on log-log axes, with the fitted line and its slope named beside it.

    Parameters
    ----------
    ax : Axes
    sizes, values : sequences of positive numbers of the same length
    label : what was measured, written at the last point
    between : smallest and largest size of the fit; None draws no fit
    """
    ax.loglog(sizes, values, marker=marker, color=color, linewidth=1.2, markersize=5, label=label)
    text = label
    if between is not None:
        power = _draw_fit(ax, sizes, values, color, between)
        text += f"\nslope {power:.1f}"
    place = dict(xytext=(7, 0), textcoords="offset points", va="center", color=color)
    ax.annotate(text, (sizes[-1], values[-1]), **place)
    return ax


def _draw_fit(ax, sizes, values, color, between) -> float:
    """Draw the fitted line over the range that was fitted; return its slope."""
    power, factor = fit_power(sizes, values, between)
    ends = np.array([max(between[0], min(sizes)), min(between[1], max(sizes))])
    ax.loglog(ends, factor * ends**power, color=color, linewidth=7, alpha=0.25, zorder=0)
    return power


def plot_step_errors(
    ax: Axes,
    steps: Sequence[float],
    errors: Sequence[float],
    *,
    label: str,
    color: str = COLORS["blue"],
    marker: str = "o",
) -> Axes:
    """Draw the error of a difference quotient against its step, and name the best step.

    Parameters
    ----------
    ax : Axes
    steps : sequence of positive numbers
    errors : largest absolute error at each step; errors of exactly 0 are left out
    label : written at the smallest step, beside the best step, which is circled
    """
    x, y = np.asarray(steps, dtype=float), np.asarray(errors, dtype=float)
    x, y = x[y > 0], y[y > 0]
    best = int(y.argmin())
    ax.loglog(x, y, marker=marker, color=color, linewidth=1.2, markersize=4, label=label)
    ax.loglog(x[best], y[best], "o", markersize=13, markerfacecolor="none", color=color)
    last = int(x.argmin())
    text = f"{label}: best step {x[best]:.0e}"
    place = dict(xytext=(0, 8), textcoords="offset points", ha="left", va="bottom", color=color)
    ax.annotate(text, (x[last], y[last]), **place)
    return ax
