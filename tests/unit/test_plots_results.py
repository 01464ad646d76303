"""The pictures of results: what lies on the axes is what was handed over."""

import itertools

import pytest
import torch
from matplotlib.figure import Figure

from course_utils.calibration import ReliabilityCurve
from course_utils.plots.results import (
    plot_accuracies,
    plot_bands,
    plot_by_epoch,
    plot_confusion,
    plot_expected_costs,
    plot_first_epoch,
    plot_recall,
    plot_reliability,
)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def words(ax):
    """The texts on the axes."""
    return [text.get_text() for text in ax.texts]


def test_curves_start_at_epoch_one_and_carry_their_names(ax):
    assert plot_by_epoch(ax, {"a": [0.5, 0.25], "b": [1.0]}, "loss (nats)") is ax
    assert ax.lines[0].get_xydata().tolist() == [[1, 0.5], [2, 0.25]]
    assert ax.lines[1].get_xydata().tolist() == [[1, 1]]
    assert words(ax) == ["a", "b"]
    assert ax.get_ylabel() == "loss (nats)"
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


def test_a_band_reaches_from_the_lowest_to_the_highest_seed(ax):
    plot_bands(ax, {"a": torch.tensor([[0.1, 0.3], [0.4, 0.6]])}, "accuracy")
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([0.2, 0.5])
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.1)
    assert corners[:, 1].max() == pytest.approx(0.6)


def test_a_confusion_matrix_is_coloured_by_the_fraction_of_its_row(ax):
    plot_confusion(ax, torch.tensor([[3, 1], [0, 8]]), ["cat", "dog"])
    assert ax.images[0].get_array().tolist() == [[0.75, 0.25], [0.0, 1.0]]
    assert words(ax) == ["0.75", "0.25", "1.00"]  # an empty field stays empty
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    assert ax.get_ylabel() == "true class"


def test_a_class_without_examples_is_drawn_as_zero(ax):
    plot_confusion(ax, torch.tensor([[0, 0], [1, 1]]), ["cat", "dog"])
    assert ax.images[0].get_array()[0].tolist() == [0, 0]


def test_recalls_are_sorted_from_the_bottom_with_every_seed(ax):
    plot_recall(ax, torch.tensor([[0.9, 0.2, 0.5], [0.7, 0.4, 0.5]]), ["bag", "shirt", "coat"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["shirt", "coat", "bag"]
    assert words(ax) == ["0.30", "0.50", "0.80"]
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([0.2, 0.4])


def test_reliability_leaves_empty_bins_out(ax):
    nan = float("nan")
    curve = ReliabilityCurve(
        torch.tensor([nan, 0.6, 0.9]), torch.tensor([nan, 0.5, 1.0]), torch.tensor([0, 1, 3])
    )
    plot_reliability(ax, curve, "before")
    dots = ax.collections[1]
    assert dots.get_offsets().tolist() == [pytest.approx([0.6, 0.5]), pytest.approx([0.9, 1.0])]
    assert dots.get_sizes()[1] > dots.get_sizes()[0]
    assert [path.vertices[:, 1].tolist() for path in ax.collections[0].get_paths()] == [
        pytest.approx([0.6, 0.5]),
        pytest.approx([0.9, 1.0]),
    ]
    assert ax.get_title() == "before"


def test_the_cheapest_action_is_drawn_thick_where_it_is_cheapest(ax):
    p = torch.tensor([0.0, 0.5, 1.0])
    costs = torch.tensor([[0.0, 3.0], [5.0, 3.0], [10.0, 3.0]])
    plot_expected_costs(ax, p, costs, ["wait", "treat"])
    thick = {line.get_label(): line for line in ax.lines if line.get_linewidth() == 4}
    assert thick["wait"].get_xdata().tolist() == [0.0]
    assert thick["treat"].get_xdata().tolist() == [0.5, 1.0]
    assert ax.lines[0].get_ydata().tolist() == [0, 5, 10]


def test_accuracies_are_listed_from_the_top_with_means(ax):
    plot_accuracies(ax, {"ours": [0.84, 0.86], "paper": [0.842]}, ours=["ours"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["paper", "ours"]
    assert words(ax) == ["0.842", "0.850"]
    means = [line for line in ax.lines if line.get_marker() == "D"]
    assert means[1].get_xdata()[0] == pytest.approx(0.85)
    assert means[0].get_color() != means[1].get_color()


def test_the_first_epoch_shows_batches_mean_and_end(ax):
    plot_first_epoch(ax, [0.1, 0.5, 0.6], {"train": 0.7, "test": 0.65}, running=0.4)
    assert ax.lines[0].get_xydata().tolist() == [[1, 0.1], [2, 0.5], [3, 0.6]]
    assert ax.collections[0].get_paths()[0].vertices[:, 1].tolist() == [0.4, 0.4]
    assert [line.get_ydata()[0] for line in ax.lines[1:]] == [0.7, 0.65]
    assert words(ax) == ["running average 0.400", "train 0.700", "test 0.650"]


def bands(ax, curves):
    """The same curves, within ranges that reach far beyond them."""
    wide = {name: torch.tensor([[v - 9, v + 9] for v in values]) for name, values in curves.items()}
    plot_bands(ax, wide, "accuracy")


@pytest.mark.parametrize(
    "plot",
    [
        lambda ax, curves: plot_by_epoch(ax, curves, "accuracy"),
        lambda ax, curves: plot_by_epoch(ax, curves, "accuracy", yscale="log"),
        bands,
    ],
)
def test_names_of_curves_that_end_together_do_not_cover_each_other(ax, plot):
    plot(ax, {"a": [0.01, 0.5], "b": [1.0, 0.5], "c": [0.01, 0.49]})
    ax.figure.canvas.draw()
    heights = sorted(text.get_window_extent().y0 for text in ax.texts)
    lowest = ax.texts[2].get_window_extent()
    assert lowest.y0 == heights[0]
    assert lowest.height <= min(b - a for a, b in itertools.pairwise(heights))
    assert max(heights) - heights[0] < 4 * lowest.height  # and not further apart than needed
