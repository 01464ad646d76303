"""The plots: what lies on the axes is what was handed over, the numbers written there are true."""

import itertools
import math
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from course_utils.calibration import ReliabilityCurve
from course_utils.history import History
from course_utils.plots import style
from course_utils.plots.dataset import (
    plot_grey_values,
    plot_optimism,
    plot_reading_times,
    plot_splits,
)
from course_utils.plots.diagrams import draw_linear_network, plot_product_graph
from course_utils.plots.functions import (
    plot_activation,
    plot_bars,
    plot_curves,
    plot_entropy_split,
    plot_floor,
    plot_regions,
    plot_simplex,
)
from course_utils.plots.images import image_grid, mosaic, weight_templates
from course_utils.plots.labels import number
from course_utils.plots.numerics import (
    FORM_COLORS,
    plot_bounds,
    plot_exp_range,
    plot_forms,
    plot_vanishing_loss,
)
from course_utils.plots.results import (
    plot_accuracies,
    plot_expected_costs,
    plot_first_epoch,
    plot_recall,
    plot_reliability,
)
from course_utils.plots.scaling import plot_scaling, plot_step_errors
from course_utils.plots.style import COLORS, DIVERGING, PALETTE, SEQUENTIAL, use_course_style
from course_utils.plots.tables import plot_confusion, plot_jacobian, plot_probability_table
from course_utils.plots.training import plot_bands, plot_by_epoch, plot_history
from course_utils.plots.vocabulary import plot_frequencies
from course_utils.sampling import log_uniform_probs
from course_utils.softmax import softmax_jacobian

T = torch.tensor
MINUS = "\N{MINUS SIGN}"


@pytest.fixture
def ax(request):
    """Empty axes; what stands beside them in the end is told apart from what a test looks at."""
    axes = Figure().add_subplot()
    yield axes
    wanted = BESIDE.get(request.function.__name__)
    assert wanted in (None, beside(axes))


def beside(ax):
    """Labels, title and legend of all axes of the figure."""
    found = [[a.get_xlabel(), a.get_ylabel(), a.get_title()] for a in ax.figure.axes]
    legend = ax.get_legend()
    if legend:
        found.append([t.get_text() for t in (legend.get_title(), *legend.texts)])
    return [text for part in found for text in part if text]


#: Test -> what stands beside the axes in its end.
BESIDE = {
    "test_activation_panel_shows_function_and_derivative": ["input t", "square"],
    "test_entropy_split_shades_below_and_above_the_entropy": ["predicted probability p", "nats"],
    "test_simplex_puts_certainty_into_the_corners": ["share of c"],
    "test_jacobian_shows_the_matrix_its_numbers_and_zero_in_white": [
        "logit that is raised, $j$",
        "probability that responds, $i$",
    ],
    "test_large_jacobian_gets_a_colour_bar_instead_of_numbers": [
        "logit that is raised, $j$",
        "probability that responds, $i$",
        "derivative",
        "derivative",
    ],
    "test_confusion_is_coloured_by_the_fraction_of_its_row": ["predicted class", "true class"],
    "test_grey_values_are_shares_that_sum_to_one": [
        "grey value (0 black, 1 white)",
        "share of all pixels",
    ],
    "test_grey_values_of_many_pixels_are_all_counted": [
        "grey value (0 black, 1 white)",
        "share of all pixels",
    ],
    "test_reading_times_are_bars_with_ratios_the_first_on_top": [
        "seconds to read 60 000 images once"
    ],
    "test_optimism_names_both_accuracies": [
        "images used for choosing",
        "accuracy of the chosen model",
    ],
    "test_exp_range_draws_both_parts_of_each_bar": [
        "logit x",
        "exp(x) = 0 to the left of a bar, inf to the right",
    ],
    "test_vanishing_loss_is_shaded_where_it_is_zero": [
        "gap between the right class and the next",
        "loss [nats]",
    ],
    "test_curves_start_at_epoch_one_and_differ_in_their_markers": ["epoch", "loss (nats)"],
    "test_a_band_reaches_from_the_lowest_to_the_highest_seed": ["epoch", "accuracy"],
    "test_recalls_are_sorted_from_the_bottom_with_every_seed": ["recall (fraction)"],
    "test_reliability_leaves_empty_bins_out": [
        "confidence: probability of the predicted class",
        "accuracy (fraction right)",
        "before",
    ],
    "test_the_cheapest_action_is_drawn_thick_where_it_is_cheapest": [
        "expected cost",
        "least cost (thick)",
        "wait",
        "treat",
    ],
    "test_accuracies_are_listed_from_the_top_with_means": ["test accuracy (fraction)"],
    "test_the_first_epoch_shows_batches_mean_and_end": [
        "batch of the first epoch",
        "accuracy (fraction)",
    ],
    "test_frequencies_show_shares_and_proposal": ["rank of the word", "share of all words"],
}


def words(ax):
    """The texts on the axes, in the order in which they were written."""
    return [text.get_text() for text in ax.texts if text.get_text()]


def drawn(ax):
    """The data of the lines, [x, y] by point."""
    return [np.asarray(line.get_xydata()).tolist() for line in ax.get_lines()]


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def overlaps(texts):
    """The pairs of texts that cover each other."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    return [(a, b) for (a, one), (b, two) in itertools.combinations(boxes, 2) if one.overlaps(two)]


def fill(ax, width, height):
    """Draw in a figure of this size, in inches, which the axes fill as in the chapter."""
    ax.figure.set_size_inches(width, height)
    ax.set_position([0, 0, 1, 1])
    ax.figure.canvas.draw()


# --- the look ---------------------------------------------------------------------------------


def test_settings_are_applied(monkeypatch):
    asked = []
    monkeypatch.setattr(style, "set_matplotlib_formats", asked.append)
    with mpl.rc_context():
        use_course_style()
        assert asked == ["retina"]
        assert mpl.rcParams["figure.facecolor"] == mpl.rcParams["savefig.facecolor"] == "white"
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == PALETTE
    assert COLORS["grey"] not in PALETTE


def test_colours_can_be_told_apart():
    """Neighbours of the cycle also in a black and white print; zero is white."""
    light = [sum(w * c for w, c in zip((0.2, 0.7, 0.1), to_rgb(v), strict=True)) for v in PALETTE]
    assert all(abs(a - b) > 0.02 for a, b in pairwise(light))
    assert SEQUENTIAL in mpl.colormaps
    assert min(mpl.colormaps[DIVERGING](0.5)) > 0.95


def test_minus_sign_is_a_minus_sign():
    assert number(-1.5, "+.1f") == f"{MINUS}1.5"
    assert number(0.25, ".2f") == "0.25"


def bands(ax, curves):
    """The same curves, within ranges that reach far beyond them."""
    wide = {name: T([[v - 9, v + 9] for v in values]) for name, values in curves.items()}
    plot_bands(ax, wide, "accuracy")


def lines(ax, curves):
    plot_curves(ax, torch.arange(2), {name: T(values) for name, values in curves.items()})


@pytest.mark.parametrize(
    "plot",
    [
        lambda ax, curves: plot_by_epoch(ax, curves, "accuracy"),
        lambda ax, curves: plot_by_epoch(ax, curves, "accuracy", yscale="log"),
        bands,
        lines,
    ],
)
def test_names_of_curves_that_end_together_do_not_cover_each_other(ax, plot):
    plot(ax, {"a": [0.01, 0.5], "b": [1.0, 0.5], "c": [0.01, 0.49]})
    ax.figure.canvas.draw()
    names = [text for text in ax.texts if text.get_text() in "abc"]
    assert [text.get_text() for text in names] == ["c", "a", "b"]
    assert [text.get_color() for text in names] == [ax.lines[i].get_color() for i in (2, 0, 1)]
    assert overlaps(names) == []
    bottoms = [text.get_window_extent().y0 for text in names]
    assert bottoms[2] - bottoms[0] < 4 * names[0].get_window_extent().height  # near their lines


# --- networks and graphs ----------------------------------------------------------------------


def test_network_shows_pixels_weights_and_the_scores_of_the_matrix_product(ax):
    image, bias = T([[0.9, 0.5], [0.2, 0.4]]), T([0.1, 0.2, -0.3])
    weight = T([[2.0, -1.0, 0.5], [1.0, 0.5, -1.0], [-1.5, 2.0, 1.0], [-0.5, 1.0, -1.5]])
    classes = ("dog", "cat", "chicken")
    assert draw_linear_network(ax, image, weight, bias, classes) is ax
    shown = words(ax)
    assert shown[:4] == ["$x_1$\n0.9", "$x_2$\n0.5", "$x_3$\n0.2", "$x_4$\n0.4"]
    squares = [patch for patch in ax.patches if not isinstance(patch, Circle)]
    assert [square.get_facecolor()[0] for square in squares] == pytest.approx([0.9, 0.5, 0.2, 0.4])
    assert squares[0].get_y() > squares[2].get_y()  # the first row is on top
    assert len(ax.patches) - len(squares) == 4 + 3  # a node for each input and output
    scores = (image.flatten() @ weight + bias).tolist()
    for name, score, b in zip(classes, scores, bias.tolist(), strict=True):
        assert f"{name}\nscore {number(score, '.2f')} (bias {number(b, '+.1f')})" in shown
    for line, w in zip(ax.lines, weight.flatten().tolist(), strict=True):
        (x0, y0), (x1, y1) = line.get_xydata()
        on_edge = [
            text.get_text()
            for text in ax.texts
            if x0 < (x := text.get_position()[0]) < x1
            and text.get_position()[1] == pytest.approx(y0 + (x - x0) / (x1 - x0) * (y1 - y0))
        ]
        assert number(w, "+.1f") in on_edge
        assert line.get_color() == COLORS["blue" if w > 0 else "vermillion"]
    sizes = [*zip(weight.abs().flatten().tolist(), ax.lines, strict=True)]
    widths = [line.get_linewidth() for _, line in sorted(sizes, key=lambda pair: pair[0])]
    assert widths == sorted(widths)
    assert len(set(widths)) == 4
    fill(ax, 8, 3.8)
    assert overlaps([text for text in ax.texts if text.get_bbox_patch()]) == []


def test_pixels_are_written_in_black_or_white_whichever_is_read(ax):
    draw_linear_network(ax, T([[1.0, 0.0]]), torch.ones(2, 1), T([0.0]), ["a"])
    assert [text.get_color() for text in ax.texts[:2]] == ["black", "white"]


def product(w, x):
    w, x = T(float(w), requires_grad=True), T(float(x), requires_grad=True)
    values = {"w": w, "x": x, "a": w + x, "b": w + 1}
    values["y"] = values["a"] * values["b"]
    return values, torch.autograd.grad(values["y"], list(values.values()))


@pytest.mark.parametrize(("w", "x"), [(1, 2), (-0.5, 3), (2, -4)])
def test_graph_shows_values_and_gradients(ax, w, x):
    assert plot_product_graph(ax, *product(w, x)) is ax
    shown, a, b = words(ax), w + x, w + 1
    values = [f"value {v:g}" for v in (w, x, a, b, a * b)]
    assert [text for text in shown if text.startswith("value")] == values
    gradients = [f"gradient {g:g}" for g in (a + b, b, b, a, 1)]
    assert [text for text in shown if text.startswith("gradient")] == gradients
    sent = [f"sends back {g:g}" for g in (a, b, b, a, b)]  # along w-b, w-a, x-a, b-y, a-y
    assert [text for text in shown if text.startswith("sends")] == sent
    assert {f"∂y/∂a = b = {b:g}", f"∂y/∂b = a = {a:g}", "∂a/∂w = 1", "∂b/∂w = 1"} < set(shown)


def test_graph_lets_nothing_overlap(ax):
    plot_product_graph(ax, *product(1, 2))
    fill(ax, 9, 3.9)
    # Turned labels have large upright boxes, so only the upright ones are compared.
    upright = [text for text in ax.texts if text.get_text() and text.get_rotation() == 0]
    assert len(upright) == 5 * 3 + 2 * 2  # three lines in each box, two on each level edge
    assert overlaps(upright) == []


# --- functions --------------------------------------------------------------------------------


def test_curves_hold_the_data_and_names_keep_clear_of_them(ax):
    x = torch.linspace(0, 2, 21)
    assert plot_curves(ax, x, {"up": x**2, "down": 4 - x**2}, label_at=1.0) is ax
    assert np.allclose(drawn(ax), torch.stack([torch.stack([x, x**2], 1),
                                               torch.stack([x, 4 - x**2], 1)]))  # fmt: skip
    up, down = ax.texts
    assert (up.get_text(), up.get_va(), down.get_va()) == ("up", "top", "bottom")
    assert up.xy[0] == pytest.approx(1.0)


def test_activation_panel_shows_function_and_derivative(ax):
    z = T([-1.0, 0.0, 1.0])
    assert plot_activation(ax, "square", z, z**2, 2 * z) is ax
    assert drawn(ax)[:2] == [[[-1, 1], [0, 0], [1, 1]], [[-1, -2], [0, 0], [1, 2]]]
    assert [line.get_label() for line in ax.lines[:2]] == ["function", "derivative"]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert ax.get_title() == "square"


def test_regions_show_leaders_names_and_the_line_between_them(ax):
    grid = torch.linspace(0, 1, 21)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    # a leads left of x = 0.5, b right of it; c nowhere
    probs = torch.softmax(torch.stack([-8 * x, 8 * x - 8, 0 * y - 20], -1), -1)
    assert plot_regions(ax, grid, probs, ["a", "b", "c"]) is ax
    assert words(ax) == ["a", "b"]
    left, right = (text.get_position() for text in ax.texts)
    assert left[0] < 0.5 < right[0]
    lines = [p.vertices for c in ax.collections for p in c.get_paths() if len(p.vertices)]
    assert len(lines) == 1
    assert np.allclose(lines[0][:, 0], 0.5, atol=0.01)
    shown = ax.images[0].get_array()
    assert np.abs(shown[0, 0] - shown[0, -1]).max() > 0.2
    assert np.allclose(shown[0], shown[-1])
    # paler towards the boundary
    assert shown[0, 0].sum() < shown[0, 7].sum() < shown[0, 9].sum()


def test_lines_between_three_regions_end_where_they_meet(ax):
    grid = torch.linspace(0, 1, 21)
    y, x = torch.meshgrid(grid, grid, indexing="ij")
    logits = torch.stack([0 * x, x - 0.57, y - 0.57], -1)
    plot_regions(ax, grid, torch.softmax(logits, -1), ["a", "b", "c"])
    assert len(ax.collections) == 3
    shown = []
    for line in ax.collections:
        visible = line.get_clip_path().get_fully_transformed_path()
        for px, py in line.get_paths()[0].vertices:
            leads = sorted([0, px - 0.57, py - 0.57])
            leaders_tie = leads[2] - leads[1] < 1e-4
            shown.append(visible.contains_point(ax.transData.transform((px, py))))
            # on the frame the test of a point inside a path may go either way
            if min(px, py) > 0 and max(px, py) < 1:
                assert shown[-1] == leaders_tie
    assert any(shown)
    assert not all(shown)


def test_bars_have_the_heights_and_numbers_of_the_values(ax):
    values = T([1.9, 0.375, -0.75])
    assert plot_bars(ax, values, ("dog", "cat", "hen"), color="#112233", digits=3) is ax
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(values.tolist())
    assert to_hex(ax.patches[0].get_facecolor()) == "#112233"
    assert words(ax) == ["1.900", "0.375", f"{MINUS}0.750"]
    assert ticks(ax.xaxis) == ["dog", "cat", "hen"]


def test_floor_is_a_labelled_horizontal_line(ax):
    assert plot_floor(ax, 0.55, "floor") is ax
    assert set(ax.lines[0].get_ydata()) == {0.55}
    assert words(ax) == ["floor"]


def test_entropy_split_shades_below_and_above_the_entropy(ax):
    p, losses = T([0.25, 0.5, 0.75]), T([1.0, 0.5, 1.5])
    assert plot_entropy_split(ax, p, losses, 0.5, 0.5) is ax
    assert drawn(ax) == [[[0.25, 1], [0.5, 0.5], [0.75, 1.5]], [[0.5, 0.5]]]
    heights = [
        (shade.get_datalim(ax.transData).y0, shade.get_datalim(ax.transData).y1)
        for shade in ax.collections
    ]
    assert heights == [(0, 0.5), (0.5, 1.5)]
    assert words(ax) == ["entropy of the truth", "divergence"]


def test_simplex_puts_certainty_into_the_corners(ax):
    probs = torch.cat([torch.eye(3), torch.full((1, 3), 1 / 3)])
    values = T([1.0, 2.0, 3.0, 0.0])
    assert plot_simplex(ax, probs, values, names=["a", "b", "c"], label="share of c") is ax
    (mesh,) = ax.collections
    assert mesh.get_array().tolist() == values.tolist()
    box = mesh.get_datalim(ax.transData)
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((0, 0, 1, 3**0.5 / 2))
    assert words(ax) == ["certainly a", "certainly b", "certainly c"]
    assert [text.xy for text in ax.texts] == [(0, 0), (1, 0), pytest.approx((0.5, 3**0.5 / 2))]


# --- tables -----------------------------------------------------------------------------------


def test_probability_table_writes_every_entry_and_every_row_sum(ax):
    probs = T([[0.75, 0.25], [0.5, 0.1]])
    assert plot_probability_table(ax, probs, ("a", "b"), ("dog", "cat")) is ax
    assert words(ax) == ["0.75", "0.25", "0.50", "0.10", "sum 1.00", "sum 0.60"]
    assert np.allclose(ax.images[0].get_array(), probs)
    assert ax.images[0].get_clim() == (0, 1)
    assert [text.get_color() for text in ax.texts[:4]] == ["black", "white", "white", "white"]
    assert (ticks(ax.xaxis), ticks(ax.yaxis)) == (["dog", "cat"], ["a", "b"])


def test_jacobian_shows_the_matrix_its_numbers_and_zero_in_white(ax):
    jacobian = softmax_jacobian(T([2.0, 1.0, 0.1]))
    assert plot_jacobian(ax, jacobian, names=["dog", "cat", "hen"]) is ax
    (image,) = ax.images
    assert np.allclose(image.get_array(), jacobian)
    low, high = image.get_clim()
    assert low == -high
    assert words(ax)[:3] == ["+0.225", f"{MINUS}0.160", f"{MINUS}0.065"]
    assert ticks(ax.xaxis) == ticks(ax.yaxis) == ["dog", "cat", "hen"]
    assert len(ax.figure.axes) == 1


def test_large_jacobian_gets_a_colour_bar_instead_of_numbers(ax):
    plot_jacobian(ax, softmax_jacobian(torch.zeros(20)))
    assert words(ax) == []
    assert len(ax.figure.axes) == 2
    plot_jacobian(ax, torch.zeros(8, 8))
    assert ticks(ax.xaxis) == [str(i) for i in range(8)]
    with pytest.raises(ValueError, match=r"\(k, k\), got \(2, 3\)"):
        plot_jacobian(ax, torch.zeros(2, 3))


def test_confusion_is_coloured_by_the_fraction_of_its_row(ax):
    assert plot_confusion(ax, T([[3, 1, 0], [0, 8, 0], [0, 0, 0]]), ["cat", "dog", "hen"]) is ax
    shares = [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]]  # without examples, zero
    assert ax.images[0].get_array().tolist() == shares
    assert words(ax) == ["0.75", "0.25", "1.00"]  # an empty field stays empty
    assert ticks(ax.yaxis) == ["cat", "dog", "hen"]
    assert ax.get_ylabel() == "true class"


# --- images and the data set ------------------------------------------------------------------


def numbered(n, h=4, w=5):
    """Images that tell themselves apart: image i is filled with i / n."""
    return (torch.arange(n) / n)[:, None, None].expand(n, h, w)


def test_mosaic_puts_every_image_in_its_place():
    canvas = mosaic(numbered(5), columns=3, gap=1, title_rows=2)
    assert canvas.shape == (2 * (4 + 1 + 2), 3 * (5 + 1) - 1)
    for index in range(5):
        row, column = divmod(index, 3)
        part = canvas[row * 7 + 3 : row * 7 + 7, column * 6 : column * 6 + 5]
        assert (part == index / 5).all()
    assert canvas.isnan().sum() == canvas.numel() - 5 * 20


def test_image_grid_sets_each_title_above_its_image(ax):
    images = numbered(5, 28, 28)
    assert image_grid(ax, images, [f"n{i}" for i in range(5)], columns=3) is ax
    shown = ax.images[0].get_array()
    assert ax.images[0].get_clim() == (0, 1)
    assert not ax.axison
    assert words(ax) == ["n0", "n1", "n2", "n3", "n4"]
    for index, text in enumerate(ax.texts):
        x, y = text.get_position()
        left, top = int(x - 14), int(y) + 1
        part = shown[top : top + 28, left : left + 28]
        assert np.allclose(part, index / 5), f"title {index} is not above its image"
    # no empty band: the axes begin with the first images, their titles stand above
    assert ax.get_ylim()[1] == ax.texts[0].get_position()[1] + 0.5


def test_image_grid_without_titles_or_with_too_few(ax):
    image_grid(ax, numbered(2, 28, 28), columns=8)
    assert words(ax) == []
    assert ax.images[0].get_array().shape[1] == 2 * 30 - 2  # no wider than its images
    with pytest.raises(ValueError, match="titles must hold one title per image, 3, got 2"):
        image_grid(ax, numbered(3), ["a", "b"])


def test_weight_templates_are_blue_above_zero_and_red_below(ax):
    weights = torch.stack([torch.full((6, 6), -0.25), torch.full((6, 6), 0.1)])
    weight_templates(ax, weights, ["a", "b"])
    image = ax.images[0]
    assert image.get_clim() == (-0.25, 0.25)
    (red, _, less_blue, _), (less_red, _, blue, _) = image.to_rgba(np.array([[-0.2, 0.2]]))[0]
    assert red > less_blue
    assert blue > less_red


def test_grey_values_are_shares_that_sum_to_one(ax):
    assert plot_grey_values(ax, T([0.0, 0.0, 0.0, 1.0]), bins=4) is ax
    assert [bar.get_height() for bar in ax.patches] == [0.75, 0, 0, 0.25]
    assert [bar.get_x() + bar.get_width() / 2 for bar in ax.patches] == [0.125, 0.375, 0.625, 0.875]
    assert words(ax) == ["mean 0.2500", "standard deviation 0.5000"]
    assert list(ax.lines[0].get_xdata()) == [0.25, 0.25]
    assert list(ax.lines[1].get_xdata()) == [0.25, 0.75]


def test_grey_values_of_many_pixels_are_all_counted(ax):
    """Counts in float32 would stop at 2**24."""
    plot_grey_values(ax, torch.zeros(2**24 + 2**22), bins=2)
    assert [bar.get_height() for bar in ax.patches] == [1.0, 0.0]


def test_reading_times_are_bars_with_ratios_the_first_on_top(ax):
    assert plot_reading_times(ax, {"tensors": 0.05, "loader": 5.0}) is ax
    assert [bar.get_width() for bar in ax.patches] == [0.05, 5.0]
    assert words(ax) == ["0.050 s", "5.0 s, 100 times as long"]
    assert ticks(ax.yaxis) == ["tensors", "loader"]
    assert ax.yaxis_inverted()


def test_splits_are_parts_of_one_bar_with_their_sizes(ax):
    looks = {"training": "every step", "test": "once"}
    assert plot_splits(ax, {"training": 60_000, "test": 10_000}, looks) is ax
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 60_000), (60_000, 10_000)]
    assert words(ax) == ["training\n60 000", "every step", "test\n10 000", "once"]


def test_optimism_names_both_accuracies(ax):
    assert plot_optimism(ax, [10, 100], [0.9, 0.7], [0.6, 0.65]) is ax
    assert drawn(ax) == [[[10, 0.9], [100, 0.7]], [[10, 0.6], [100, 0.65]]]
    assert words(ax) == ["on the images it was chosen by", "on other images"]
    assert ticks(ax.xaxis) == ["10", "100"]


# --- floating point ---------------------------------------------------------------------------


def test_exp_range_draws_both_parts_of_each_bar(ax):
    limits = {"float16": (-17.33, -9.7, 11.09), "float32": (-103.97, -87.34, 88.72)}
    assert plot_exp_range(ax, limits) is ax
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    expected = [(-17.33, -9.7), (-9.7, 11.09), (-103.97, -87.34), (-87.34, 88.72)]
    assert ends == [pytest.approx(pair) for pair in expected]
    assert words(ax) == [f"{MINUS}17.33", "11.09", f"{MINUS}103.97", "88.72"]
    assert ticks(ax.yaxis) == list(limits)
    assert ax.yaxis_inverted()


def test_curves_leave_a_hole_and_a_cross_where_a_form_breaks(ax):
    x, nan, inf = torch.arange(5.0), math.nan, math.inf
    curves = {"naive": T([nan, 1.0, 2.0, inf, nan]), "fused": torch.ones(5)}
    assert plot_forms(ax, x, curves) is ax
    naive, cross, fused = drawn(ax)
    assert naive[1:3] == [[1, 1], [2, 2]]
    assert all(math.isnan(naive[i][1]) for i in (0, 3, 4))
    assert cross == [[1, 1], [2, 2]]
    assert fused == [[i, 1] for i in range(5)]
    colors = [FORM_COLORS[form] for form in ("naive", "naive", "fused")]
    assert [line.get_color() for line in ax.lines] == colors


def test_bounds_are_dashed_in_the_colour_of_their_form(ax):
    assert plot_bounds(ax, torch.arange(2.0), {"shifted": T([0.25, 0.5])}) is ax
    assert drawn(ax) == [[[0, 0.25], [1, 0.5]]]
    assert ax.lines[0].get_linestyle() == "--"
    assert ax.lines[0].get_color() == FORM_COLORS["shifted"]
    assert ax.get_yscale() == "log"


def test_vanishing_loss_is_shaded_where_it_is_zero(ax):
    gaps, losses = T([15.0, 16.0, 17.0, 18.0]), T([3e-7, 1e-7, 0.0, 0.0])
    exact = torch.exp(-gaps.double())
    assert plot_vanishing_loss(ax, gaps, losses, exact) is ax
    truth, computed = drawn(ax)
    assert [y for _, y in truth] == exact.tolist()
    assert [y for _, y in computed[:2]] == pytest.approx([3e-7, 1e-7])
    assert all(math.isnan(y) for _, y in computed[2:])
    (shade,) = ax.patches
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == (17, 18)
    assert ax.get_yscale() == "log"
    other = Figure().add_subplot()
    plot_vanishing_loss(other, gaps, exact.float(), exact)
    assert not other.patches


# --- growth -----------------------------------------------------------------------------------


def test_scaling_draws_the_measurements_and_names_the_slope(ax):
    sizes = [10, 100, 1000, 10_000]
    options = {"label": "matrix", "between": (100, 1e4)}
    assert plot_scaling(ax, sizes, [size**2 for size in sizes], **options) is ax
    points, fit = drawn(ax)
    assert points == [[size, size**2] for size in sizes]
    assert np.allclose(fit, [[100, 1e4], [1e4, 1e8]])
    assert words(ax) == ["matrix\nslope 2.0"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    plot_scaling(ax, sizes, sizes, label="linear")
    assert len(ax.lines) == 3
    assert words(ax)[1] == "linear"


def test_step_errors_circle_the_best_step_and_leave_out_what_a_log_axis_cannot_show(ax):
    steps, errors = [1e-1, 1e-3, 1e-5, 1e-7, 1e-9], [1e-2, 1e-6, 1e-4, 0.0, math.nan]
    assert plot_step_errors(ax, steps, errors, label="float64") is ax
    curve, circle = drawn(ax)
    assert curve == [[1e-1, 1e-2], [1e-3, 1e-6], [1e-5, 1e-4]]
    assert circle == [[1e-3, 1e-6]]
    assert words(ax) == ["float64: best step 1e-03"]


# --- training ---------------------------------------------------------------------------------


def test_curves_start_at_epoch_one_and_differ_in_their_markers(ax):
    assert plot_by_epoch(ax, {"a": [0.5, 0.25], "b": [1.0]}, "loss (nats)") is ax
    assert drawn(ax) == [[[1, 0.5], [2, 0.25]], [[1, 1]]]
    assert words(ax) == ["a", "b"]
    assert ax.get_ylabel() == "loss (nats)"
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


def test_a_band_reaches_from_the_lowest_to_the_highest_seed(ax):
    plot_bands(ax, {"a": T([[0.1, 0.3], [0.4, 0.6]])}, "accuracy")
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([0.2, 0.5])
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (pytest.approx(0.1), pytest.approx(0.6))


def history(*losses, valid=False, **ending):
    run = History(**ending)
    for loss in losses:
        held_out = (loss + 0.125, 0.75 - loss) if valid else None
        run.record(train=(loss, 1 - loss), valid=held_out, test=(1.0, 0.9 - loss))
    return run


def test_history_is_drawn_as_three_curves():
    axes = Figure().subplots(1, 2)
    assert plot_history(history(0.5, 0.25), *axes) == tuple(axes)
    assert drawn(axes[0]) == [[[1, 0.5], [2, 0.25]]]
    assert [list(line.get_ydata()) for line in axes[1].lines] == [[0.5, 0.75], [0.4, 0.65]]
    assert [t.get_text() for t in axes[1].get_legend().texts] == ["train, running", "test"]
    assert axes[1].get_ylabel() == "accuracy (fraction)"
    assert (axes[0].get_title(), axes[0].get_legend()) == ("", None)


def test_validation_is_drawn_where_there_is_some():
    axes = Figure().subplots(1, 2)
    plot_history(history(0.5, 0.25, valid=True), *axes)
    assert drawn(axes[0]) == [[[1, 0.5], [2, 0.25]], [[1, 0.625], [2, 0.375]]]
    assert list(axes[1].lines[1].get_ydata()) == [0.25, 0.5]
    names = [[t.get_text() for t in ax.get_legend().texts] for ax in axes]
    assert names == [["train, running", "validation"], ["train, running", "validation", "test"]]
    assert axes[0].lines[1].get_color() == axes[1].lines[1].get_color()


def test_what_is_to_be_said_about_a_run_stands_above_it():
    for run, said in ((history(0.5, stopped=True), "early"), (History(diverged=True), "finite")):
        axes = Figure().subplots(1, 2)
        plot_history(run, *axes)
        assert said in axes[0].get_title()


# --- results ----------------------------------------------------------------------------------


def test_recalls_are_sorted_from_the_bottom_with_every_seed(ax):
    plot_recall(ax, T([[0.9, 0.2, 0.5], [0.7, 0.4, 0.5]]), ["bag", "shirt", "coat"])
    assert ticks(ax.yaxis) == ["shirt", "coat", "bag"]
    assert words(ax) == ["0.30", "0.50", "0.80"]
    assert ax.lines[0].get_xdata() == pytest.approx([0.2, 0.4])


def test_reliability_leaves_empty_bins_out(ax):
    nan = float("nan")
    curve = ReliabilityCurve(T([nan, 0.6, 0.9]), T([nan, 0.5, 1.0]), T([0, 1, 3]))
    plot_reliability(ax, curve, "before")
    gaps, dots = ax.collections
    assert dots.get_offsets().tolist() == [pytest.approx([0.6, 0.5]), pytest.approx([0.9, 1.0])]
    assert dots.get_sizes()[1] > dots.get_sizes()[0]
    assert not dots.get_clip_on()
    heights = [path.vertices[:, 1].tolist() for path in gaps.get_paths()]
    assert heights == [pytest.approx([0.6, 0.5]), pytest.approx([0.9, 1.0])]
    assert ax.get_title() == "before"


def test_the_cheapest_action_is_drawn_thick_where_it_is_cheapest(ax):
    costs = T([[0.0, 3.0], [5.0, 3.0], [10.0, 3.0]])
    plot_expected_costs(ax, T([0.0, 0.5, 1.0]), costs, ["wait", "treat"])
    thick = {line.get_label(): line for line in ax.lines if line.get_linewidth() == 4}
    assert thick["wait"].get_xdata().tolist() == [0.0]
    assert thick["treat"].get_xdata().tolist() == [0.5, 1.0]
    assert ax.lines[0].get_ydata().tolist() == [0, 5, 10]


def test_accuracies_are_listed_from_the_top_with_means(ax):
    plot_accuracies(ax, {"ours": [0.84, 0.86], "paper": [0.842]}, ours=["ours"])
    assert ticks(ax.yaxis) == ["paper", "ours"]
    assert words(ax) == ["0.842", "0.850"]
    means = [line for line in ax.lines if len(line.get_xdata()) == 1 and line.get_marker() == "D"]
    assert means[1].get_xdata()[0] == pytest.approx(0.85)
    assert means[0].get_color() == COLORS["grey"] != means[1].get_color()


def test_the_first_epoch_shows_batches_mean_and_end(ax):
    plot_first_epoch(ax, [0.1, 0.5, 0.6], {"train": 0.7, "test": 0.65}, running=0.4)
    assert drawn(ax)[0] == [[1, 0.1], [2, 0.5], [3, 0.6]]
    assert ax.collections[0].get_paths()[0].vertices[:, 1].tolist() == [0.4, 0.4]
    assert [line.get_ydata()[0] for line in ax.lines[1:]] == [0.7, 0.65]
    assert words(ax) == ["running average 0.400", "train 0.700", "test 0.650"]


# --- large vocabularies -----------------------------------------------------------------------


def test_frequencies_show_shares_and_proposal(ax):
    proposal = log_uniform_probs(4)
    assert plot_frequencies(ax, T([50, 30, 15, 5]), proposal, ["the", "a", "of", "to"]) is ax
    points, line = drawn(ax)
    assert np.allclose(points, [[1, 0.5], [2, 0.3], [3, 0.15], [4, 0.05]])
    assert np.allclose([share for _, share in line], proposal)
    assert words(ax) == ["log-uniform proposal", "the"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
