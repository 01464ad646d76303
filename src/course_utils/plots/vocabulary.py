"""Plots for large vocabularies: word frequencies, learning curves, bias of sampled losses."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils.plots.style import COLORS

LINES = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky")]


def name_lines(ax: Axes, gap: float = 13.0) -> Axes:
    """Write each line's label at its end, moved apart where two ends are close.

    Parameters
    ----------
    ax : Axes that already has its scales and limits
    gap : least distance of two labels, points
    """
    per_point = ax.figure.dpi / 72
    ends = [(line, np.asarray(line.get_xydata())[-1]) for line in ax.get_lines()]
    heights = [ax.transData.transform(end)[1] / per_point for _, end in ends]
    lowest = -float("inf")
    for index in sorted(range(len(ends)), key=lambda i: heights[i]):
        line, end = ends[index]
        height = max(heights[index], lowest + gap)
        lowest = height
        place = {"xytext": (7, height - heights[index]), "textcoords": "offset points"}
        ax.annotate(str(line.get_label()), tuple(end), va="center", color=line.get_color(), **place)
    return ax


def plot_frequencies(ax: Axes, counts: Tensor, probs: Tensor, words: Sequence[str] = ()) -> Axes:
    """Draw how often each word occurs, by rank, and the proposal that imitates it.

    Parameters
    ----------
    ax : Axes
    counts : Tensor of shape (K,), falling
    probs : Tensor of shape (K,): the proposal, drawn as a line
    words : the K words; a few of them are written beside their points
    """
    ranks = np.arange(1, len(counts) + 1)
    shares = (counts / counts.sum()).numpy()
    ax.loglog(ranks, shares, ".", color=COLORS["blue"], markersize=4)
    ax.loglog(ranks, probs.numpy(), color=COLORS["vermillion"], linewidth=1.5)
    beside = {"textcoords": "offset points", "fontsize": "small"}
    ax.annotate(
        "log-uniform proposal",
        (ranks[-1] / 8, probs[len(ranks) // 8]),
        xytext=(6, 8),
        color=COLORS["vermillion"],
        **beside,
    )
    for rank in (1, 10, 100):
        if rank <= len(words):
            spot = (rank, shares[rank - 1])
            ax.annotate(words[rank - 1], spot, xytext=(-2, -19), color=COLORS["blue"], **beside)
    ax.set(xlabel="rank of the word", ylabel="share of all words")
    return ax


def plot_curves_by_epoch(
    ax: Axes, curves: Mapping[str, Sequence[float]], ylabel: str, *, log: bool = True
) -> Axes:
    """Draw one curve a method over the epochs, each named at its end.

    Parameters
    ----------
    ax : Axes
    curves : name of the method -> one value an epoch, from epoch 1
    ylabel : quantity and unit
    log : logarithmic vertical axis
    """
    for (name, values), color in zip(curves.items(), LINES, strict=False):
        epochs = range(1, len(values) + 1)
        ax.plot(epochs, values, marker="o", markersize=4, color=color, label=name)
    if log:
        ax.set_yscale("log")
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return name_lines(ax)


def plot_bias(
    ax: Axes,
    samples: Sequence[int],
    biases: Mapping[str, Sequence[float]],
    noise: Sequence[float],
) -> Axes:
    """Draw the bias of each loss's gradient against the number of samples.

    Parameters
    ----------
    ax : Axes
    samples : numbers of sampled classes
    biases : name of the loss -> relative bias at each number
    noise : what sampling noise alone would show; drawn grey
    """
    for (name, values), color in zip(biases.items(), LINES[1:], strict=False):
        ax.loglog(samples, values, marker="o", markersize=5, color=color, label=name)
    name_lines(ax)
    ax.loglog(samples, noise, color=COLORS["grey"], linewidth=1, linestyle="--", label="noise")
    ax.annotate(
        "noise of this measurement",
        (samples[0], noise[0]),
        xytext=(2, -22),
        textcoords="offset points",
        color=COLORS["grey"],
        fontsize="small",
    )
    ax.set(xlabel="sampled classes", ylabel="bias of the gradient [relative]")
    return ax
