"""Curves of a training run: loss and accuracies by epoch."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from course_utils.history import History
from course_utils.plots.style import COLORS


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
    palette = [color for name, color in COLORS.items() if name != "grey"]
    for index, (label, run) in enumerate(runs.items()):
        color, epochs = palette[index % len(palette)], range(1, len(run) + 1)
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
