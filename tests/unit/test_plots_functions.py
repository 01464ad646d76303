"""The plots of functions, losses and probabilities: what stands on the axes."""

import matplotlib
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_hex

from course_utils.plots.functions import (
    LINE_COLORS,
    derivative,
    plot_activation,
    plot_bars,
    plot_curves,
    plot_probability_table,
)

matplotlib.use("agg")


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        (torch.sigmoid, lambda z: torch.sigmoid(z) * (1 - torch.sigmoid(z))),
        (torch.tanh, lambda z: 1 - torch.tanh(z) ** 2),
        (torch.relu, lambda z: (z > 0).to(z.dtype)),
    ],
)
def test_derivative_equals_the_formula(function, by_hand):
    z = torch.linspace(-5, 5, 101, dtype=torch.float64)
    torch.testing.assert_close(derivative(function, z), by_hand(z))


def test_derivative_leaves_its_argument_alone():
    z = torch.zeros(3)
    derivative(torch.tanh, z)
    assert not z.requires_grad


def test_curves_hold_the_data_and_carry_their_names_at_the_end(ax):
    x = torch.tensor([0.0, 1.0, 2.0])
    curves = {"up": torch.tensor([0.0, 1.0, 4.0]), "down": torch.tensor([4.0, 1.0, 0.0])}
    assert plot_curves(ax, x, curves) is ax
    for line, (name, y), color in zip(ax.lines, curves.items(), LINE_COLORS, strict=False):
        assert list(line.get_xdata()) == x.tolist()
        assert list(line.get_ydata()) == y.tolist()
        assert line.get_color() == color
        label = next(text for text in ax.texts if text.get_text() == name)
        assert label.xy == (2.0, float(y[-1]))
        assert label.get_color() == color


def test_names_stand_above_falling_and_below_rising_curves(ax):
    x = torch.linspace(0, 2, 21)
    plot_curves(ax, x, {"up": x**2, "down": 4 - x**2}, label_at=1.0)
    up, down = ax.texts
    assert up.xy[0] == pytest.approx(1.0)
    assert (up.get_va(), down.get_va()) == ("top", "bottom")


def test_activation_panel_shows_function_and_derivative(ax):
    z = torch.linspace(-4, 4, 81, dtype=torch.float64)
    assert plot_activation(ax, "sigmoid", torch.sigmoid, z) is ax
    function, slope = ax.lines[:2]
    assert list(function.get_ydata()) == torch.sigmoid(z).tolist()
    assert max(slope.get_ydata()) == pytest.approx(0.25)
    assert slope.get_linestyle() == "--"
    assert ax.get_title() == "sigmoid"


def test_bars_have_the_heights_and_numbers_of_the_values(ax):
    values = torch.tensor([1.9, 0.35, -0.75])
    assert plot_bars(ax, values, ("dog", "cat", "chicken"), color="#112233") is ax
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(values.tolist())
    assert to_hex(ax.patches[0].get_facecolor()) == "#112233"
    assert texts(ax) == ["1.90", "0.35", "\N{MINUS SIGN}0.75"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["dog", "cat", "chicken"]


def test_bars_write_as_many_digits_as_asked(ax):
    plot_bars(ax, torch.tensor([0.125]), ("dog",), digits=3)
    assert texts(ax) == ["0.125"]


def test_table_writes_every_entry_and_every_row_sum(ax):
    probs = torch.tensor([[0.75, 0.25], [0.5, 0.1]])
    assert plot_probability_table(ax, probs, ("a", "b"), ("dog", "cat")) is ax
    assert texts(ax) == ["0.75", "0.25", "sum 1.00", "0.50", "0.10", "sum 0.60"]
    assert ax.images[0].get_array().tolist() == probs.tolist()
    assert ax.images[0].get_clim() == (0, 1)


def test_table_text_contrasts_with_its_cell(ax):
    plot_probability_table(ax, torch.tensor([[0.9, 0.1]]), ("a",), ("dog", "cat"))
    assert [text.get_color() for text in ax.texts[:2]] == ["k", "w"]
