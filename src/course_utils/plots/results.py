"""Results: recall by class, calibration, expected cost, accuracies and their first epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from torch import Tensor

from course_utils.calibration import ReliabilityCurve
from course_utils.plots.labels import note
from course_utils.plots.style import COLORS, PALETTE


def plot_recall(ax: Axes, recalls: Tensor, classes: Sequence[str]) -> Axes:
    """Draw the recall of each class, sorted: the mean over seeds and each seed.

    Parameters
    ----------
    ax : matplotlib Axes
    recalls : Tensor of shape (S, k)
        One row a seed, fractions.
    classes : sequence of k str
    """
    order = recalls.mean(0).argsort().tolist()
    outside = {"xycoords": ("axes fraction", "data"), "va": "center", "color": COLORS["blue"]}
    for height, j in enumerate(order):
        values, mean = recalls[:, j].tolist(), recalls[:, j].mean().item()
        ax.plot(values, [height] * len(values), "o", ms=4, color=COLORS["sky"], alpha=0.6)
        ax.plot(mean, height, "|", ms=14, mew=3, color=COLORS["blue"])
        ax.annotate(f"{mean:.2f}", (1.02, height), **outside)
    ax.set_yticks(range(len(order)), [classes[j] for j in order])
    ax.set(xlabel="recall (fraction)", xlim=(0, 1))
    return ax


def plot_reliability(ax: Axes, curve: ReliabilityCurve, title: str = "") -> Axes:
    """Draw accuracy against confidence, each dot as large as its bin is full.

    The vertical line from a dot to the diagonal is the gap that the calibration error averages.

    Parameters
    ----------
    ax : matplotlib Axes
    curve : ReliabilityCurve
    title : str
    """
    full = curve.count > 0
    confidence, accuracy, count = (values[full].cpu() for values in curve)
    ax.plot([0, 1], [0, 1], "--", color=COLORS["grey"], lw=1)
    ax.vlines(confidence, confidence, accuracy, color=COLORS["vermillion"], lw=2)
    # whole at the edge, too
    sizes = 12 + 400 * count / count.sum()
    ax.scatter(confidence, accuracy, sizes, color=COLORS["blue"], zorder=3, clip_on=False)
    ax.set(xlabel="confidence: probability of the predicted class", title=title)
    ax.set(ylabel="accuracy (fraction right)", xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    return ax


def plot_expected_costs(
    ax: Axes, probability: Tensor, costs: Tensor, actions: Sequence[str]
) -> Axes:
    """Draw the expected cost of each action against a probability; the lower envelope is thick.

    Parameters
    ----------
    ax : matplotlib Axes
    probability : Tensor of shape (n,)
    costs : Tensor of shape (n, m)
        Expected cost of each action at each probability.
    actions : sequence of m str
    """
    best = costs.argmin(1)
    for a, (action, color) in enumerate(zip(actions, PALETTE, strict=False)):
        ax.plot(probability, costs[:, a], color=color, lw=1.2)
        chosen = best == a
        ax.plot(probability[chosen], costs[chosen, a], color=color, lw=4, label=action)
    ax.set(ylabel="expected cost", ylim=(0, 1.6 * costs.amin(1).max().item()))
    ax.legend(title="least cost (thick)", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def plot_accuracies(ax: Axes, rows: Mapping[str, Sequence[float]], ours: Sequence[str]) -> Axes:
    """Draw accuracies as dots in named rows, ours in colour, published ones in grey.

    Parameters
    ----------
    ax : matplotlib Axes
    rows : mapping from a name to one accuracy or several, fractions
        From top to bottom. Several (seeds) are drawn lightly, with their mean.
    ours : sequence of str
        The names of the rows that this course measured.
    """
    names = list(rows)[::-1]
    for height, name in enumerate(names):
        values = list(rows[name])
        mean = sum(values) / len(values)
        color = COLORS["blue"] if name in ours else COLORS["grey"]
        ax.plot(values, [height] * len(values), "o", ms=4, color=color, alpha=0.35)
        ax.plot([mean], [height], "D", ms=6, color=color)
        note(ax, f"{mean:.3f}", (mean, height), (0, 8), ha="center", color=color)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="test accuracy (fraction)", ylim=(-0.5, len(names) - 0.3))
    return ax


def plot_first_epoch(
    ax: Axes, by_batch: Sequence[float], after: Mapping[str, float], running: float
) -> Axes:
    """Draw the accuracy of each batch of an epoch, their mean, and what was measured afterwards.

    Parameters
    ----------
    ax : matplotlib Axes
    by_batch : sequence of float
        Accuracy of each batch before its own update.
    after : mapping from a name to a float
        Accuracies at the end of the epoch, drawn to the right of the batches.
    running : float
        What the epoch reports: the mean over its examples.
    """
    n = len(by_batch)
    ax.plot(range(1, n + 1), by_batch, ".", ms=4, color=COLORS["sky"])
    ax.hlines(running, 1, n, color=COLORS["grey"])
    text = f"running average {running:.3f}"
    note(ax, text, (0.4 * n, running), (0, -45), color=COLORS["grey"])
    for (name, value), color, marker, shift in zip(
        after.items(), PALETTE, "os", (8, -8), strict=False
    ):
        ax.plot(1.04 * n, value, marker, ms=7, color=color)
        style = {"va": "center", "color": color, "annotation_clip": False}
        note(ax, f"{name} {value:.3f}", (1.04 * n, value), (8, shift), **style)
    ax.set(xlabel="batch of the first epoch", ylabel="accuracy (fraction)", ylim=(0, 1))
    return ax
