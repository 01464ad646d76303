"""The curves on the Axes are the numbers of the history."""

import pytest
from matplotlib.figure import Figure

from course_utils.history import History
from course_utils.plots.training import plot_history, plot_runs


@pytest.fixture
def axes():
    return Figure().subplots(1, 2)


def history(*losses, **ending):
    run = History(**ending)
    for loss in losses:
        run.record(loss, 1 - loss, 1.0, 0.9 - loss)
    return run


def test_plot_history_draws_the_three_curves(axes):
    assert plot_history(history(0.5, 0.25), *axes) == tuple(axes)
    (loss,) = axes[0].lines
    assert loss.get_xydata().tolist() == [[1, 0.5], [2, 0.25]]
    assert [list(line.get_ydata()) for line in axes[1].lines] == [[0.5, 0.75], [0.4, 0.65]]
    assert [t.get_text() for t in axes[1].get_legend().texts] == ["train, running", "test"]
    assert axes[1].get_ylabel() == "accuracy (fraction)"


def test_plot_runs_overlays_and_says_how_each_ended(axes):
    runs = {"a": history(0.5, 0.25), "b": history(0.75, stopped=True), "c": History(diverged=True)}
    plot_runs(runs, *axes)
    assert [list(line.get_ydata()) for line in axes[0].lines] == [[0.5, 0.25], [0.75], []]
    texts = [t.get_text() for t in axes[0].get_legend().texts]
    assert texts == ["a", "b, stopped", "c, diverged"]
    assert len({line.get_color() for line in axes[0].lines}) == 3
    solid, dashed = axes[1].lines[:2]
    assert (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")
    assert list(solid.get_ydata()) == [0.4, 0.65]


def test_plot_runs_without_runs_draws_empty_axes(axes):
    plot_runs({}, *axes)
    assert axes[0].lines[:] == []
    assert axes[0].get_legend() is None
