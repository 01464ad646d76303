"""What one should know of a data set: its grey values, how long it takes to read, how to choose."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.labels import note
from course_utils.plots.style import COLORS


def plot_grey_values(ax: Axes, images: Tensor, bins: int = 32) -> Axes:
    """Draw how many of all pixels have which grey value, with mean and mean +- deviation marked.

    Parameters
    ----------
    ax : matplotlib Axes
    images : Tensor of values in [0, 1], any shape
    bins : int
    """
    # histc counts in float32, which cannot count beyond 2**24: in parts, then added in float64.
    counts = sum(part.histc(bins, 0, 1).double() for part in images.flatten().split(2**23))
    shares = counts / images.numel()  # (bins,)
    ax.bar([(i + 0.5) / bins for i in range(bins)], shares.tolist(), 1 / bins, color=COLORS["sky"])
    mean, deviation = images.mean().item(), images.std().item()
    top, red = shares.max().item(), {"color": COLORS["vermillion"]}
    ax.axvline(mean, **red)
    ax.text(mean + 0.02, 0.9 * top, f"mean {mean:.4f}", **red)
    ax.plot([mean, mean + deviation], [0.7 * top] * 2, marker="|", **red)
    ax.text(mean + 0.02, 0.74 * top, f"standard deviation {deviation:.4f}", **red)
    ax.set(xlabel="grey value (0 black, 1 white)", ylabel="share of all pixels")
    return ax


def plot_reading_times(ax: Axes, seconds: Mapping[str, float]) -> Axes:
    """Draw seconds an epoch as horizontal bars, each with its number and the ratio to the fastest.

    Parameters
    ----------
    ax : matplotlib Axes
    seconds : mapping from what was measured to seconds
    """
    fastest, slowest = min(seconds.values()), max(seconds.values())
    ax.barh(list(seconds), list(seconds.values()), color=COLORS["blue"], height=0.6)
    for row, value in enumerate(seconds.values()):
        ratio = f", {value / fastest:.0f} times as long" if value > fastest else ""
        digits = f"{value:#.2g}".rstrip(".")
        note(ax, f"{digits} s{ratio}", (value, row), (5, 0), va="center")
    ax.set_xlim(0, 1.6 * slowest)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("seconds to read 60 000 images once")
    return ax


def plot_splits(ax: Axes, sizes: Mapping[str, int], looks: Mapping[str, str]) -> Axes:
    """Draw the parts of a data set as one bar, each with its size and when it may be looked at.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw; its frame and ticks are switched off.
    sizes : mapping from the name of a part to its number of images
    looks : mapping from the same names to a few words
    """
    start = 0
    for (name, size), color in zip(sizes.items(), ("blue", "orange", "vermillion"), strict=False):
        ax.barh(0, size, 1, start, color=COLORS[color], edgecolor="white", linewidth=2)
        middle = start + size / 2
        ax.text(middle, 0.62, f"{name}\n{size:,}".replace(",", " "), ha="center", va="bottom")
        ax.text(middle, -0.62, looks[name], ha="center", va="top")
        start += size
    ax.set(xlim=(0, start), ylim=(-1.6, 1.6))
    ax.set_axis_off()
    return ax


def plot_optimism(
    ax: Axes, sizes: Sequence[int], looked: Sequence[float], was: Sequence[float]
) -> Axes:
    """Draw the accuracy that the chosen model seems to have, and the one it has, by sample size.

    Parameters
    ----------
    ax : matplotlib Axes
    sizes : sequence of int
        Number of images by which the model was chosen.
    looked, was : sequences of float
        Its accuracy on those images, and on others; fractions.
    """
    ax.fill_between(sizes, was, looked, color=COLORS["sky"], alpha=0.3)
    for values, color, text, shift in (
        (looked, COLORS["vermillion"], "on the images it was chosen by", 8),
        (was, COLORS["blue"], "on other images", -14),
    ):
        ax.plot(sizes, values, "o-", color=color)
        note(ax, text, (sizes[1], values[1]), (8, shift), color=color)
    ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size}" for size in sizes])
    ax.minorticks_off()
    ax.margins(y=0.15)
    ax.set(xlabel="images used for choosing", ylabel="accuracy of the chosen model")
    return ax
