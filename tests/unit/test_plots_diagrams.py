"""The drawn network: its nodes, edges and numbers."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Circle, Rectangle

from course_utils.plots.diagrams import (
    column_heights,
    draw_linear_network,
    draw_node,
    draw_picture,
    draw_weight,
    signed,
)
from course_utils.plots.style import COLORS

matplotlib.use("agg")

PIXELS = torch.tensor([[0.9, 0.5], [0.2, 0.4]])
WEIGHT = torch.tensor([[2.0, -1.0, 0.5], [1.0, 0.5, -1.0], [-1.5, 2.0, 1.0], [-0.5, 1.0, -1.5]])
BIAS = torch.tensor([0.1, 0.2, -0.3])
CLASSES = ("dog", "cat", "chicken")


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.fixture
def network(ax):
    assert draw_linear_network(ax, PIXELS, WEIGHT, BIAS, CLASSES) is ax
    return ax


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_picture_shows_pixels_in_reading_order(ax):
    assert draw_picture(ax, PIXELS, left=0, bottom=0, side=1) is ax
    greys = [patch.get_facecolor()[0] for patch in ax.patches]
    assert greys == pytest.approx(PIXELS.flatten().tolist())
    assert texts(ax) == ["$x_1$\n0.9", "$x_2$\n0.5", "$x_3$\n0.2", "$x_4$\n0.4"]
    corners = [patch.get_xy() for patch in ax.patches]
    assert corners == [(0, 1), (1, 1), (0, 0), (1, 0)]  # the first row is on top


def test_picture_text_contrasts_with_its_pixel(ax):
    draw_picture(ax, torch.tensor([[1.0, 0.0]]), left=0, bottom=0, side=1)
    assert [text.get_color() for text in ax.texts] == ["black", "white"]


def test_edge_tells_sign_by_colour_and_size_by_width(ax):
    for weight in (2.0, 0.5, -0.5):
        draw_weight(ax, (0, 0), (1, 1), weight, 0.25)
    large, small, negative = ax.lines
    assert large.get_color() == small.get_color() == COLORS["blue"]
    assert negative.get_color() == COLORS["vermillion"]
    assert large.get_linewidth() > small.get_linewidth() == negative.get_linewidth()
    assert ax.texts[0].get_position() == (0.25, 0.25)


def test_node_is_a_named_circle(ax):
    assert draw_node(ax, 1, 2, "$o_1$", color="black") is ax
    assert ax.patches[0].center == (1, 2)
    assert texts(ax) == ["$o_1$"]


def test_columns_are_centred_and_run_from_the_top():
    assert column_heights(3, 2.0) == [2.0, 0.0, -2.0]
    assert column_heights(2, 1.0) == [0.5, -0.5]


def test_minus_sign_is_a_minus_sign():
    assert signed(-1.5) == "\N{MINUS SIGN}1.5"
    assert signed(0.25, ".2f") == "0.25"


def test_network_joins_every_pixel_to_every_class(network):
    ends = {tuple(map(tuple, line.get_xydata())) for line in network.lines}
    assert len(ends) == len(network.lines) == WEIGHT.numel()
    assert len({start for start, _ in ends}) == 4
    assert len({end for _, end in ends}) == 3


def test_network_has_a_node_for_each_input_and_output(network):
    assert sum(isinstance(patch, Circle) for patch in network.patches) == 7
    assert sum(isinstance(patch, Rectangle) for patch in network.patches) == 4


def test_network_writes_every_weight_on_its_edge(network):
    for line, weight in zip(network.lines, WEIGHT.flatten().tolist(), strict=True):
        (x0, y0), (x1, y1) = line.get_xydata()
        on_edge = [
            text.get_text()
            for text in network.texts
            if (x := text.get_position()[0])
            and x0 < x < x1
            and text.get_position()[1] == pytest.approx(y0 + (x - x0) / (x1 - x0) * (y1 - y0))
        ]
        assert signed(weight) in on_edge


def test_network_shows_the_scores_of_the_matrix_product(network):
    scores = (PIXELS.flatten() @ WEIGHT + BIAS).tolist()
    for name, score, bias in zip(CLASSES, scores, BIAS.tolist(), strict=True):
        label = next(text for text in texts(network) if text.startswith(name))
        assert label == f"{name}\nscore {signed(score, '.2f')} (bias {signed(bias)})"
