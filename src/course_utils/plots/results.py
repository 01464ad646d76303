"""Pictures of results: agreement of two versions, confusion, calibration, cost, accuracies."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils.calibration import ReliabilityCurve
from course_utils.plots.style import COLORS, SEQUENTIAL

LINE_HEIGHT = 12  # points, of a name beside a curve
PALETTE = [color for name, color in COLORS.items() if name != "grey"]


def _spread(values: Sequence[float], gap: float) -> list[float]:
    """Return heights for labels: the values, moved up until they are ``gap`` apart."""
    heights, order = list(values), sorted(range(len(values)), key=values.__getitem__)
    for low, high in pairwise(order):
        heights[high] = max(heights[high], heights[low] + gap)
    return heights


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write each name right of the point (x, y) where its curve ends, none over another."""
    ax.get_ylim()  # the limits follow from what is drawn; until asked for, they are stale
    points = 72 / ax.figure.dpi
    heights = [points * ax.transData.transform(end)[1] for end in ends.values()]
    free = _spread(heights, LINE_HEIGHT)
    for (name, end), height, place, color in zip(
        ends.items(), heights, free, PALETTE, strict=False
    ):
        ax.annotate(
            name, end, xytext=(7, place - height), textcoords="offset points", va="center",
            color=color,
        )  # fmt: skip


def plot_by_epoch(
    ax: Axes, curves: Mapping[str, Sequence[float]], ylabel: str, *, yscale: str = "linear"
) -> Axes:
    """Draw one line a curve over the epochs 1, 2, ..., with its name at its right end.

    Parameters
    ----------
    ax : matplotlib Axes
    curves : mapping from a name to E values
        Markers differ as well as colours.
    ylabel : str
        With the unit.
    yscale : "linear" or "log"
        What else belongs on the axes is drawn before: the names are placed within the limits
        that the axes have then.
    """
    for (name, values), color, marker in zip(curves.items(), PALETTE, "os^Dv*", strict=False):
        ax.plot(range(1, len(values) + 1), values, marker=marker, ms=4, color=color, label=name)
    ax.set(xlabel="epoch", ylabel=ylabel, yscale=yscale)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _name_ends(ax, {name: (len(values), values[-1]) for name, values in curves.items()})
    return ax


def plot_bands(ax: Axes, bands: Mapping[str, Tensor], ylabel: str) -> Axes:
    """Draw the mean over seeds by epoch, and the range from the lowest to the highest seed.

    Parameters
    ----------
    ax : matplotlib Axes
    bands : mapping from a name to a Tensor of shape (E, S)
    ylabel : str
        With the unit.
    """
    for values, color in zip(bands.values(), PALETTE, strict=False):
        epochs, (low, high) = range(1, len(values) + 1), values.aminmax(dim=1)
        ax.fill_between(epochs, low.tolist(), high.tolist(), color=color, alpha=0.18, lw=0)
    return plot_by_epoch(ax, {name: v.mean(1).tolist() for name, v in bands.items()}, ylabel)


def plot_confusion(ax: Axes, confusion: Tensor, classes: Sequence[str]) -> Axes:
    """Draw a confusion matrix: a row a true class, coloured by the fraction of that row.

    Parameters
    ----------
    ax : matplotlib Axes
    confusion : Tensor of shape (k, k)
        Counts; rows are true classes.
    classes : sequence of k str
    """
    fractions = confusion.double() / confusion.sum(1, keepdim=True).clamp(min=1)
    ax.imshow(fractions.numpy(), cmap=SEQUENTIAL, vmin=0, vmax=1)
    for i, row in enumerate(fractions.tolist()):
        for j, value in enumerate(row):
            if value >= 0.005:
                color = "black" if value > 0.5 else "white"
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=color, fontsize=8)
    ticks = range(len(classes))
    ax.set_xticks(ticks, classes, rotation=45, ha="right")
    ax.set_yticks(ticks, classes)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.grid(visible=False)
    return ax


def plot_recall(ax: Axes, recalls: Tensor, classes: Sequence[str]) -> Axes:
    """Draw the recall of each class, sorted: the mean over seeds and each seed.

    Parameters
    ----------
    ax : matplotlib Axes
    recalls : Tensor of shape (S, k)
        One row a seed, fractions.
    classes : sequence of k str
    """
    mean = recalls.mean(0)
    order = mean.argsort().tolist()
    for height, j in enumerate(order):
        ax.plot(recalls[:, j], [height] * len(recalls), "o", ms=4, color=COLORS["sky"], alpha=0.6)
        ax.plot(mean[j], height, "|", ms=14, mew=3, color=COLORS["blue"])
        ax.annotate(
            f"{mean[j]:.2f}", (1.02, height), xycoords=("axes fraction", "data"), va="center",
            color=COLORS["blue"],
        )  # fmt: skip
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
    confidence, accuracy, count = (values[full] for values in curve)
    ax.plot([0, 1], [0, 1], "--", color=COLORS["grey"], lw=1)
    ax.vlines(confidence, confidence, accuracy, color=COLORS["vermillion"], lw=2)
    ax.scatter(confidence, accuracy, 12 + 400 * count / count.sum(), color=COLORS["blue"], zorder=3)
    ax.set(
        xlabel="confidence: probability of the predicted class",
        ylabel="accuracy (fraction right)", xlim=(0, 1.02), ylim=(0, 1.02), title=title,
        aspect="equal",
    )  # fmt: skip
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
        ax.annotate(
            f"{mean:.3f}", (mean, height), xytext=(0, 8), textcoords="offset points", ha="center",
            color=color,
        )  # fmt: skip
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
    ax.hlines(running, 1, n, color=COLORS["blue"])
    ax.annotate(
        f"running average {running:.3f}", (0.4 * n, running), xytext=(0, -45),
        textcoords="offset points", color=COLORS["blue"],
    )  # fmt: skip
    for (name, value), color, marker, shift in zip(
        after.items(), PALETTE[1:], "s^", (8, -8), strict=False
    ):
        ax.plot(1.04 * n, value, marker, ms=7, color=color)
        ax.annotate(
            f"{name} {value:.3f}", (1.04 * n, value), xytext=(8, shift), va="center",
            textcoords="offset points", color=color, annotation_clip=False,
        )  # fmt: skip
    ax.set(xlabel="batch of the first epoch", ylabel="accuracy (fraction)", ylim=(0, 1))
    return ax
