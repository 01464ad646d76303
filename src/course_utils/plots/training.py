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
    """Draw the losses of a run on one Axes and its accuracies on another.

    Parameters
    ----------
    history : History
        A run; a remark on how it ended stands above the losses.
    loss_axes, accuracy_axes : matplotlib Axes
        Where to draw.
    """
    epochs, style = range(1, len(history) + 1), {"marker": "o", "ms": 4}
    blue, green, red = (COLORS[name] for name in ("blue", "green", "vermillion"))
    loss_axes.plot(epochs, history.train_loss, color=blue, label="train, running", **style)
    accuracy_axes.plot(epochs, history.train_accuracy, color=blue, label="train, running", **style)
    if history.valid_loss:
        style["marker"] = "^"
        loss_axes.plot(epochs, history.valid_loss, color=green, label="validation", **style)
        loss_axes.legend()
        accuracy_axes.plot(epochs, history.valid_accuracy, color=green, label="validation", **style)
    style["marker"] = "s"
    accuracy_axes.plot(epochs, history.test_accuracy, color=red, label="test", **style)
    accuracy_axes.legend(loc="lower right")
    ylabel = "loss (nats)" if history.valid_loss else "running train loss (nats)"
    loss_axes.set(xlabel="epoch", ylabel=ylabel, title=history.remark)
    accuracy_axes.set(xlabel="epoch", ylabel="accuracy (fraction)")
    for axes in (loss_axes, accuracy_axes):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return loss_axes, accuracy_axes
