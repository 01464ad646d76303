"""What the plots of chapter 10 put on the axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.plots.vocabulary import (
    name_lines,
    plot_bias,
    plot_curves_by_epoch,
    plot_frequencies,
)
from course_utils.sampling import log_uniform_probs


@pytest.fixture
def ax():
    fig, axes = plt.subplots()
    yield axes
    plt.close(fig)


def test_frequencies_show_shares_and_proposal(ax):
    counts = torch.tensor([50, 30, 15, 5])
    assert plot_frequencies(ax, counts, log_uniform_probs(4), ["the", "a", "of", "to"]) is ax
    points, line = (artist.get_xydata() for artist in ax.get_lines())
    np.testing.assert_allclose(points, [[1, 0.5], [2, 0.3], [3, 0.15], [4, 0.05]])
    np.testing.assert_allclose(line[:, 1], log_uniform_probs(4))
    assert "the" in [text.get_text() for text in ax.texts]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_curves_start_at_epoch_one_and_are_named(ax):
    plot_curves_by_epoch(ax, {"full": [9.0, 5.0], "sampled": [8.0, 5.1]}, "perplexity")
    assert [line.get_xdata().tolist() for line in ax.get_lines()] == [[1, 2], [1, 2]]
    assert [text.get_text() for text in ax.texts] == ["full", "sampled"]
    assert ax.get_ylabel() == "perplexity"
    assert ax.get_yscale() == "log"


def test_names_of_close_ends_are_moved_apart(ax):
    ax.plot([0, 1], [0, 1.0], label="a")
    ax.plot([0, 1], [0, 1.001], label="b")
    name_lines(ax, gap=13)
    heights = [
        text.xyann[1] + ax.transData.transform(text.xy)[1] * 72 / ax.figure.dpi for text in ax.texts
    ]
    assert heights[1] - heights[0] > 12.9


def test_bias_draws_each_loss_and_the_noise(ax):
    plot_bias(ax, [1, 4], {"corrected": [0.2, 0.1], "other": [0.5, 0.5]}, [0.02, 0.01])
    drawn = {line.get_label(): line.get_ydata().tolist() for line in ax.get_lines()}
    assert drawn == {"corrected": [0.2, 0.1], "other": [0.5, 0.5], "noise": [0.02, 0.01]}
    named = [text.get_text() for text in ax.texts]
    assert named == ["corrected", "other", "noise of this measurement"]
