"""The training panel, driven as a person would: set a control, press a button, read the message."""

import io
import threading

import matplotlib.image
import pytest
from tiny import tiny_data

from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.panel import TrainingPanel, draw_runs


def make_panel(**settings):
    settings = {"lr": 0.1, "num_epochs": 2, "batch_size": 10} | settings
    return TrainingPanel(lambda: SoftmaxRegression(16, 3), tiny_data(), **settings)


def finished(panel):
    panel.run.join(20)
    assert not panel.run.running
    return panel


def test_train_runs_in_another_thread_and_records_the_run():
    threads = []
    panel = make_panel()
    make = panel.make_model
    panel.make_model = lambda: threads.append(threading.current_thread()) or make()
    panel.train.click()
    finished(panel)
    assert threads == [panel.run._thread]
    assert threads[0] is not threading.main_thread()
    (run,) = panel.runs.values()
    assert len(run) == 2
    assert f"{run.test_accuracy[-1]:.3f}" in panel.status.value
    assert panel.progress.value == panel.progress.max == 2


def test_runs_are_overlaid_and_can_be_forgotten():
    panel = make_panel()
    panel.train.click()
    finished(panel)
    one = panel.curves.value
    panel.lr.box.value = 0.5
    panel.train.click()
    finished(panel)
    assert list(panel.runs) == ["1: lr 0.1, batch 10", "2: lr 0.5, batch 10"]
    assert panel.curves.value != one
    panel.clear.click()
    assert panel.runs == {}
    assert panel.curves.value == draw_runs({})


def test_stop_ends_a_run_that_would_take_for_ever():
    panel = make_panel(num_epochs=10**9)
    begun = threading.Event()
    panel.curves.observe(lambda _: begun.set(), "value")
    panel.train.click()
    assert begun.wait(20)
    assert panel.train.disabled
    assert not panel.stop.disabled
    panel.stop.click()
    finished(panel)
    assert "Stopped." in panel.status.value
    assert not panel.train.disabled
    assert panel.stop.disabled


def test_a_diverging_run_says_so():
    panel = make_panel(lr=1e38, num_epochs=5)
    panel.train.click()
    finished(panel)
    assert "diverged" in panel.status.value
    assert "nan" not in panel.status.value


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lr", -0.1, "lr must be a finite number above 0, got -0.1"),
        ("lr", float("nan"), "got nan"),
        ("epochs", 0, "num_epochs must be at least 1, got 0"),
        ("batch", -5, "batch_size must be at least 1, got -5"),
    ],
)
def test_a_value_out_of_range_is_explained_beside_its_control(field, value, message):
    panel = make_panel()
    control = getattr(panel, field)
    control.box.value = value
    assert message in control.message.value
    assert control.message in control.row.children
    panel.train.click()
    assert panel.run is None
    control.box.value = 3
    assert control.message.value == ""


def test_the_slider_moves_the_box():
    panel = make_panel()
    slider = panel.lr.row.children[0]
    slider.value = 1.0
    assert panel.lr.box.value == 1.0


def test_an_error_in_training_is_shown_and_the_controls_come_back():
    panel = make_panel()
    panel.make_model = lambda: SoftmaxRegression(16, 4)
    panel.train.click()
    finished(panel)
    assert "ValueError: model gives 4 logits for 3 classes" in panel.status.value
    assert not panel.train.disabled


def test_draw_runs_gives_a_png_with_something_in_it():
    history = History()
    history.record(1.0, 0.5, 1.0, 0.6)
    empty, drawn = (matplotlib.image.imread(io.BytesIO(draw_runs(r))) for r in ({}, {"a": history}))
    assert empty.shape == drawn.shape
    assert (empty != drawn).any()


def test_repr_has_no_address():
    assert repr(make_panel()) == "TrainingPanel(0 runs; it needs a kernel)"
