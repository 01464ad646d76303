"""How a quantity grows: log-log plots on which a power law is a line and its power the slope."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from course_utils.plots.labels import note
from course_utils.plots.style import COLORS
from course_utils.profiling import fit_power


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
        power, factor = fit_power(sizes, values, between)
        ends = [max(between[0], min(sizes)), min(between[1], max(sizes))]
        fit = [factor * end**power for end in ends]
        ax.loglog(ends, fit, color=color, linewidth=7, alpha=0.25, zorder=0)
        text += f"\nslope {power:.1f}"
    return note(ax, text, (sizes[-1], values[-1]), (7, 0), va="center", color=color)


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
    errors : largest absolute error at each step; errors of 0 and nan are left out
    label : written at the smallest step, beside the best step, which is circled
    """
    points = [(step, error) for step, error in zip(steps, errors, strict=True) if error > 0]
    best = min(points, key=lambda point: point[1])
    ax.loglog(*zip(*points, strict=True), marker=marker, color=color, lw=1.2, ms=4, label=label)
    ax.loglog(*best, "o", markersize=13, markerfacecolor="none", color=color)
    text = f"{label}: best step {best[0]:.0e}"
    return note(ax, text, min(points), (0, 8), ha="left", va="bottom", color=color)
