"""The data on the axes of the pictures of floating-point limits."""

import math

import matplotlib as mpl
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from course_utils.plots.numerics import (
    FORM_COLORS,
    plot_bounds,
    plot_exp_range,
    plot_forms,
    plot_vanishing_loss,
)


@pytest.fixture
def ax():
    with mpl.rc_context():
        yield Figure().add_subplot()


def test_exp_range_draws_both_parts_of_each_bar(ax):
    limits = {"float16": (-17.33, -9.7, 11.09), "float32": (-103.97, -87.34, 88.72)}
    assert plot_exp_range(ax, limits) is ax
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    expected = [(-17.33, -9.7), (-9.7, 11.09), (-103.97, -87.34), (-87.34, 88.72)]
    assert ends == [pytest.approx(pair) for pair in expected]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(limits)
    assert {t.get_text() for t in ax.texts} == {"-17.33", "11.09", "-103.97", "88.72"}
    assert ax.yaxis_inverted()
    assert ax.get_xlabel()


def test_curves_leave_a_hole_and_a_cross_where_a_form_breaks(ax):
    x = torch.arange(4.0)
    curves = {
        "naive": torch.tensor([1.0, 2.0, math.inf, math.nan]),
        "fused": torch.tensor([1.0, 1.0, 1.0, 1.0]),
    }
    assert plot_forms(ax, x, curves) is ax
    naive, cross, fused = ax.lines
    assert naive.get_ydata()[:2].tolist() == [1, 2]
    assert all(math.isnan(v) for v in naive.get_ydata()[2:])
    assert (list(cross.get_xdata()), list(cross.get_ydata())) == ([1], [2])
    assert fused.get_ydata().tolist() == [1, 1, 1, 1]
    assert [to_hex(line.get_color()).upper() for line in (naive, cross, fused)] == [
        FORM_COLORS[form] for form in ("naive", "naive", "fused")
    ]


def test_a_curve_that_breaks_at_both_ends_has_two_crosses(ax):
    values = torch.tensor([math.nan, 1.0, 2.0, 3.0, math.inf])
    plot_forms(ax, torch.arange(5.0), {"naive": values})
    assert list(ax.lines[1].get_xdata()) == [1, 3]
    assert list(ax.lines[1].get_ydata()) == [1, 3]


def test_bounds_are_dashed_in_the_color_of_their_form(ax):
    x, bound = torch.arange(3.0), torch.tensor([1e-3, 2e-3, 3e-3])
    assert plot_bounds(ax, x, {"shifted": bound}) is ax
    (line,) = ax.lines
    assert line.get_linestyle() == "--"
    assert line.get_ydata().tolist() == bound.tolist()
    assert ax.get_yscale() == "log"
    assert line.get_color() == FORM_COLORS["shifted"]


def test_vanishing_loss_shades_where_it_is_zero(ax):
    gaps = torch.tensor([15.0, 16.0, 17.0, 18.0])
    losses = torch.tensor([3e-7, 1e-7, 0.0, 0.0])
    exact = torch.exp(-gaps.double())
    assert plot_vanishing_loss(ax, gaps, losses, exact) is ax
    truth, computed = ax.lines
    assert truth.get_ydata().tolist() == exact.tolist()
    assert computed.get_ydata()[:2].tolist() == pytest.approx([3e-7, 1e-7])
    assert all(math.isnan(v) for v in computed.get_ydata()[2:])
    (shade,) = ax.patches
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == (17, 18)
    assert ax.get_yscale() == "log"
    assert "nats" in ax.get_ylabel()


def test_a_loss_that_never_vanishes_has_no_shade(ax):
    gaps = torch.tensor([1.0, 2.0])
    plot_vanishing_loss(ax, gaps, torch.exp(-gaps), torch.exp(-gaps.double()))
    assert not ax.patches
