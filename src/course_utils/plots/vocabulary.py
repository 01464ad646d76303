"""Plots for large vocabularies: word frequencies."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.labels import note
from course_utils.plots.style import COLORS


def plot_frequencies(ax: Axes, counts: Tensor, probs: Tensor, words: Sequence[str] = ()) -> Axes:
    """Draw how often each word occurs, by rank, and the proposal that imitates it.

    Parameters
    ----------
    ax : Axes
    counts : Tensor of shape (K,), falling
    probs : Tensor of shape (K,): the proposal, drawn as a line
    words : the K words; a few of them are written beside their points
    """
    ranks, shares = range(1, len(counts) + 1), (counts / counts.sum()).tolist()
    blue, red = ({"color": COLORS[name]} for name in ("blue", "vermillion"))
    ax.loglog(ranks, shares, ".", markersize=4, **blue)
    ax.loglog(ranks, probs.tolist(), linewidth=1.5, **red)
    eighth = len(ranks) / 8, probs[len(ranks) // 8].item()
    note(ax, "log-uniform proposal", eighth, (6, 8), fontsize="small", **red)
    # beside the line, not on it
    for rank, rise in ((1, -19), (10, 8), (100, -19)):
        if rank <= len(words):
            spot = rank, shares[rank - 1]
            note(ax, words[rank - 1], spot, (-2, rise), fontsize="small", **blue)
    ax.set(xlabel="rank of the word", ylabel="share of all words")
    return ax
