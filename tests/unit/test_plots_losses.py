"""The plots of losses: what stands on the axes."""

import math

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.plots.losses import plot_entropy_split, plot_floor

matplotlib.use("agg")


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_floor_is_a_labelled_horizontal_line(ax):
    assert plot_floor(ax, 0.55, "floor") is ax
    assert set(ax.lines[0].get_ydata()) == {0.55}
    assert texts(ax) == ["floor"]


def test_entropy_split_is_lowest_at_the_truth(ax):
    p = torch.linspace(0.02, 0.98, 193, dtype=torch.float64)
    assert plot_entropy_split(ax, 0.7, p) is ax
    loss = torch.tensor(ax.lines[0].get_ydata())
    entropy = -(0.7 * math.log(0.7) + 0.3 * math.log(0.3))
    assert float(p[loss.argmin()]) == pytest.approx(0.7)
    assert float(loss.min()) == pytest.approx(entropy)
    assert list(ax.lines[1].get_ydata()) == pytest.approx([entropy])
    assert texts(ax) == ["entropy of the truth", "divergence"]
