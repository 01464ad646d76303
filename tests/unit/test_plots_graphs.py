"""Drawings of derivatives: graph, heat map, triangle, descent. The numbers shown must be true."""

import itertools

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.plots.descent import gradient_steps, plot_descent
from course_utils.plots.graphs import plot_graph, plot_jacobian, product_graph
from course_utils.plots.simplex import plot_simplex, simplex_grid
from course_utils.softmax import softmax_jacobian


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(("w", "x"), [(1, 2), (-0.5, 3), (2, -4)])
def test_graph_values_and_gradients_follow_the_formula(w, x):
    nodes, edges = product_graph(w, x)
    assert nodes["y"].value == pytest.approx((w + x) * (w + 1))
    assert nodes["w"].gradient == pytest.approx(2 * w + x + 1)
    assert nodes["x"].gradient == pytest.approx(w + 1)
    for name in ("w", "x", "a", "b"):  # what is sent back to a node is what the node has
        total = sum(edge.sent_back for edge in edges if edge.start == name)
        assert total == pytest.approx(nodes[name].gradient)


def test_graph_at_the_course_example_shows_5_and_2(ax):
    assert plot_graph(ax, *product_graph(1, 2)) is ax
    shown = texts(ax)
    assert [t for t in shown if t.startswith("gradient")] == [
        f"gradient {g}" for g in (5, 2, 2, 3, 1)
    ]
    assert [t for t in shown if t.startswith("value")] == [f"value {v}" for v in (1, 2, 3, 2, 6)]
    assert "∂y/∂a = b = 2" in shown
    assert len(ax.patches) == 5


def test_graph_lets_nothing_overlap(ax):
    ax.figure.set_size_inches(9, 3.9)
    ax.set_position([0, 0, 1, 1])  # as in the chapter, where the graph fills the picture
    plot_graph(ax, *product_graph(1, 2))
    ax.figure.canvas.draw()
    # Turned labels have large upright boxes, so only the upright ones are compared.
    upright = [text for text in ax.texts if text.get_text() and text.get_rotation() == 0]
    assert len(upright) == 5 * 3 + 2 * 2  # three lines in each box, two on each level edge
    for one, other in itertools.combinations(upright, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())


def test_jacobian_image_holds_the_matrix_and_its_numbers(ax):
    jacobian = softmax_jacobian(torch.tensor([2.0, 1.0, 0.1]))
    assert plot_jacobian(ax, jacobian, names=["dog", "cat", "chicken"]) is ax
    (image,) = ax.images
    assert torch.equal(torch.from_numpy(image.get_array().data), jacobian)
    low, high = image.get_clim()
    assert low == -high  # zero is white
    assert texts(ax)[:3] == ["+0.225", "−0.160", "−0.065"]  # noqa: RUF001
    assert [label.get_text() for label in ax.get_xticklabels()] == ["dog", "cat", "chicken"]


def test_large_jacobian_gets_a_colour_bar_instead_of_numbers(ax):
    plot_jacobian(ax, softmax_jacobian(torch.zeros(20)))
    assert texts(ax) == []
    assert len(ax.figure.axes) == 2


def test_jacobian_must_be_square(ax):
    with pytest.raises(ValueError, match=r"\(k, k\), got \(2, 3\)"):
        plot_jacobian(ax, torch.zeros(2, 3))


def test_simplex_grid_holds_probabilities_with_corners_and_centre():
    grid = simplex_grid(6)
    assert grid.shape == (28, 3)
    assert torch.allclose(grid.sum(1), torch.ones(28, dtype=torch.float64))
    rows = grid.tolist()
    assert all(corner in rows for corner in torch.eye(3).tolist())
    assert [2 / 6] * 3 in rows


def test_simplex_draws_each_value_at_its_place(ax):
    grid = simplex_grid(2)
    assert plot_simplex(ax, grid, grid[:, 2], names=["a", "b", "c"], label="share of c") is ax
    (mesh,) = ax.collections
    assert mesh.get_array().tolist() == grid[:, 2].tolist()
    heights = mesh.get_coordinates()[..., 1] if hasattr(mesh, "get_coordinates") else None
    assert heights is None or heights.max() == pytest.approx(3**0.5 / 2)
    assert texts(ax) == ["certainly a", "certainly b", "certainly c"]


def bowl(u, v):
    return u**2 + 3 * v**2 + 1


def test_minus_gradient_goes_down_and_plus_gradient_up():
    steps = gradient_steps(bowl, (1.0, -1.0), lr=0.1)
    assert steps["minus gradient"].tolist() == pytest.approx([0.8, -0.4])
    assert steps["plus gradient"].tolist() == pytest.approx([1.2, -1.6])


def test_descent_names_the_heights_it_reaches(ax):
    assert plot_descent(ax, bowl, (1.0, -1.0), 0.1) is ax
    shown = " ".join(texts(ax))
    assert f"minus gradient:\nheight {bowl(0.8, -0.4):.2f}" in shown
    assert f"plus gradient:\nheight {bowl(1.2, -1.6):.2f}" in shown
    assert "start: height 5.00" in shown
