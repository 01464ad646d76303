"""Scaling plots: the fitted power, the points on the axes, the best step."""

import matplotlib.pyplot as plt
import pytest

from course_utils.plots.scaling import fit_power, plot_scaling, plot_step_errors

SIZES = [10, 100, 1000, 10_000]


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    yield ax
    plt.close(fig)


def texts(ax):
    return " ".join(text.get_text() for text in ax.texts)


@pytest.mark.parametrize("power", [-1, 0.5, 1, 2])
def test_fit_recovers_power_and_factor(power):
    values = [3e-6 * size**power for size in SIZES]
    assert fit_power(SIZES, values) == pytest.approx((power, 3e-6))


def test_fit_uses_only_the_sizes_between():
    values = [7.0, 7.0, 1000.0**2, 10_000.0**2]  # flat at first, then a square
    assert fit_power(SIZES, values, between=(1000, 10_000))[0] == pytest.approx(2)
    assert fit_power(SIZES, values)[0] != pytest.approx(2, abs=0.1)


def test_fit_refuses_a_single_point_and_zeros():
    with pytest.raises(ValueError, match="at least two sizes"):
        fit_power(SIZES, SIZES, between=(50, 200))
    with pytest.raises(ValueError, match="above 0"):
        fit_power(SIZES, [0.0, 1.0, 2.0, 3.0])


def test_scaling_draws_the_measurements_and_names_the_slope(ax):
    values = [size**2 for size in SIZES]
    assert plot_scaling(ax, SIZES, values, label="matrix", between=(100, 1e4)) is ax
    points, fit = ax.lines
    assert list(points.get_xdata()) == SIZES
    assert list(points.get_ydata()) == values
    assert fit.get_xdata() == pytest.approx([100, 10_000])
    assert fit.get_ydata() == pytest.approx([1e4, 1e8])
    assert texts(ax) == "matrix\nslope 2.0"
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_scaling_without_a_fit_names_no_slope(ax):
    plot_scaling(ax, SIZES, SIZES, label="linear")
    assert len(ax.lines) == 1
    assert texts(ax) == "linear"


def test_step_errors_circle_the_best_step_and_leave_out_zeros(ax):
    steps, errors = [1e-1, 1e-3, 1e-5, 1e-7], [1e-2, 1e-6, 1e-4, 0.0]
    assert plot_step_errors(ax, steps, errors, label="float64") is ax
    curve, circle = ax.lines
    assert list(curve.get_xdata()) == [1e-1, 1e-3, 1e-5]
    assert (circle.get_xdata()[0], circle.get_ydata()[0]) == (1e-3, 1e-6)
    assert texts(ax) == "float64: best step 1e-03"
