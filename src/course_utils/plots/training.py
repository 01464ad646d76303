"""What happens in training: losses and accuracies by epoch."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils.history import History
from course_utils.plots.labels import name_lines
from course_utils.plots.style import COLORS, PALETTE


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
    return name_lines(ax)


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


def plot_history(history: History, loss_axes: Axes, accuracy_axes: Axes) -> tuple[Axes, Axes]:
    """Draw the loss of a run on one Axes and its two accuracies on another.

    Parameters
    ----------
    history : History
        A run with at least one recorded epoch.
    loss_axes, accuracy_axes : matplotlib Axes
        Where to draw.
    """
    epochs = range(1, len(history) + 1)
    loss_axes.plot(epochs, history.train_loss, "o-", markersize=4, color=COLORS["blue"])
    loss_axes.set(xlabel="epoch", ylabel="running train loss (nats)")
    for values, name, color, marker in (
        (history.train_accuracy, "train, running", COLORS["blue"], "o"),
        (history.test_accuracy, "test", COLORS["vermillion"], "s"),
    ):
        accuracy_axes.plot(epochs, values, marker=marker, markersize=4, color=color, label=name)
    accuracy_axes.set(xlabel="epoch", ylabel="accuracy (fraction)")
    accuracy_axes.legend(loc="lower right")
    for axes in (loss_axes, accuracy_axes):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return loss_axes, accuracy_axes


def plot_runs(
    runs: Mapping[str, History], loss_axes: Axes, accuracy_axes: Axes
) -> tuple[Axes, Axes]:
    """Overlay several runs: one colour a run, test accuracy solid, running train accuracy dashed.

    Parameters
    ----------
    runs : mapping from a label to a History
        Runs with no recorded epoch (they diverged at once) are named in the legend all the same.
    loss_axes, accuracy_axes : matplotlib Axes
        Where to draw.
    """
    for index, (label, run) in enumerate(runs.items()):
        color, epochs = PALETTE[index % len(PALETTE)], range(1, len(run) + 1)
        ending = ", diverged" if run.diverged else ", stopped" if run.stopped else ""
        loss_axes.plot(epochs, run.train_loss, "o-", ms=3, color=color, label=label + ending)
        accuracy_axes.plot(epochs, run.test_accuracy, "o-", ms=3, color=color)
        accuracy_axes.plot(epochs, run.train_accuracy, "--", lw=1.2, color=color)
    loss_axes.set(xlabel="epoch", ylabel="running train loss (nats)")
    accuracy_axes.set(xlabel="epoch", ylabel="accuracy: test (solid), train (dashed)")
    if runs:
        loss_axes.legend(fontsize="small")
    for axes in (loss_axes, accuracy_axes):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return loss_axes, accuracy_axes
