"""The Python side of the training lab: live runs, what it stores and refuses."""

import threading

import pytest
import torch
from figure_samples import LRS, recorded, training_lab
from tiny import tiny_data

from course_utils.figures.lab_data import RATES
from course_utils.figures.training_lab import TrainingLab
from course_utils.models import SoftmaxRegression
from course_utils.sweep import train_sweep
from course_utils.training import fit


def model():
    return SoftmaxRegression(16, 10, generator=torch.Generator().manual_seed(1))


def live_lab(make_model=model, **settings):
    data, recording = recorded()
    return TrainingLab(make_model, data, recording, **settings)


def test_training_gives_a_history_curves_and_pictures():
    lab = live_lab(lr=0.1, epochs=3, batch_size=16)
    lab._receive(lab, {"type": "train"})
    lab.background.join(30)
    data, _ = recorded()
    history = fit(model(), data, lr=0.1, num_epochs=3, batch_size=16)
    assert lab.histories == [history]
    assert lab.status["phase"] == "done"
    run = lab.runs[0]
    assert run["test_accuracy"] == pytest.approx(history.test_accuracy, rel=1e-3)
    assert (run["lr"], run["epochs"], run["batch_size"]) == (0.1, 3, 16)
    assert sum(run["confusion"]) == len(data.test)
    assert run["templates"].startswith("data:image/png;base64,")


def test_training_leaves_the_other_core_to_the_browser():
    before, lab, seen = torch.get_num_threads(), live_lab(epochs=2, batch_size=16), set()
    lab.observe(lambda change: seen.add(torch.get_num_threads()), "status")
    torch.set_num_threads(2)
    try:
        lab._work(model(), {"lr": 0.1, "epochs": 2, "batch_size": 16}, lambda: False)
        assert seen == {1, 2}  # the last word comes after the training
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_run_keeps_its_settings_when_the_controls_are_moved():
    def slow_to_make():
        lab.lr, lab.epochs, lab.batch_size = 5, 9, 3
        return model()

    lab = live_lab(slow_to_make, lr=0.1, epochs=2, batch_size=16)
    lab.train()
    lab.background.join(30)
    data, _ = recorded()
    assert lab.histories == [fit(model(), data, lr=0.1, num_epochs=2, batch_size=16)]
    assert (lab.runs[0]["lr"], lab.runs[0]["epochs"], lab.runs[0]["batch_size"]) == (0.1, 2, 16)


def test_an_order_brings_its_settings_with_it():
    """The browser holds back what sliders tell a busy kernel, but not the order to train."""
    lab = live_lab(lr=0.1, epochs=1, batch_size=16)
    lab._receive(lab, {"type": "train", "settings": {"lr": 50, "batch_size": 8}})
    lab.background.join(30)
    run = lab.runs[0]
    assert (run["lr"], run["epochs"], run["batch_size"]) == (10, 1, 8)
    assert "lr 50 is outside 0.001 to 10" in lab.notice
    assert (lab.lr, lab.batch_size) == (0.1, 16)
    with pytest.raises(TypeError, match="train takes batch_size, epochs, lr, got seed"):
        lab.train(seed=1)
    with pytest.raises(ValueError, match="epochs must be a number, got 'two'"):
        lab.train(epochs="two")


def test_stop_ends_a_run_early():
    lab = live_lab(epochs=20, batch_size=16)
    lab.observe(lambda change: lab._receive(lab, {"type": "stop"}), "status")
    lab.train()
    lab.background.join(30)
    assert lab.histories[0].stopped
    assert len(lab.histories[0]) < 20


@pytest.mark.parametrize("end", [lambda lab: lab.close(), lambda lab: live_lab()])
def test_a_run_ends_with_its_lab_and_where_a_cell_makes_it_anew(end):
    lab, begun = live_lab(epochs=50, batch_size=1), threading.Event()
    lab.observe(lambda change: begun.set(), "status")
    lab.train()
    assert begun.wait(10)
    end(lab)
    lab.background.join(30)
    assert lab.histories[0].stopped


def test_only_one_run_at_a_time_and_four_are_kept():
    lab = live_lab(epochs=1)
    for _ in range(6):
        lab.train()
        first = lab.background
        lab.train()
        assert lab.background is first or not first.running
        lab.background.join(30)
    assert len(lab.runs) == len(lab.histories) == 4


def test_train_is_heard_as_soon_as_a_run_has_said_its_end():
    lab = live_lab(epochs=1, batch_size=16)

    def again(change):  # called in the thread of the run, before that ends
        if change.new["phase"] == "done" and len(lab.histories) < 2:
            lab.train()

    lab.observe(again, "status")
    lab.train()
    for _ in range(2):
        lab.background.join(30)
    assert len(lab.histories) == 2


def test_an_error_in_training_is_shown():
    lab = live_lab(lambda: SoftmaxRegression(16, 7))
    lab.train()
    lab.background.join(30)
    assert lab.status["phase"] == "failed"
    assert "model(X) must have 10 columns, one per class, got 7" in lab.status["message"]
    assert lab.runs == []


def test_messages_that_make_no_sense_are_ignored():
    lab = live_lab()
    for message in (None, 3, {}, {"type": "explode"}, ["train"]):
        lab._receive(lab, message)
    assert lab.background is None


def test_without_a_model_there_is_nothing_to_train():
    lab = training_lab()
    lab.train()
    lab.stop()
    assert lab.background is None
    assert lab.live is False


def test_what_needs_a_kernel_stays_out_of_the_static_form():
    assert not {"live", "status", "runs"} & set(live_lab().state())


def test_a_recording_is_made_where_none_is_given():
    data = tiny_data()
    lab = TrainingLab(data=data)
    assert lab.recording["num_epochs"] == 20
    assert lab.recording["lrs"] == list(RATES)


def test_state_of_a_real_sized_recording_is_small():
    """Seven runs of 20 epochs on 28 x 28 pictures with noise for weights: the worst case."""
    data = tiny_data(n=100, classes=10, side=28)
    recording = train_sweep(data, num_epochs=1)
    recording.weight = torch.randn(recording.weight.shape)
    for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        setattr(recording, name, torch.full((20, 1, len(recording.lrs)), 0.87654321))
    lab = TrainingLab(None, data, recording)
    assert lab.recording["lrs"] == list(RATES)  # of the thirteen
    assert len(lab.recording["runs"]) == len(RATES)
    assert len(lab.static_html()) < 48_000


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="make_model must be a function"):
        TrainingLab(torch.nn.Linear(1, 1).weight, tiny_data())


def test_words_name_the_selected_run():
    """That of the nearest rate, on the logarithmic scale of the slider."""
    for lr, place in ((0.1, 1), (4, 3)):
        lab = training_lab(lr=lr, epochs=5)
        accuracy = lab.recording["runs"][place]["test_accuracy"][4]
        assert lab.describe() == (
            f"Recorded runs of 4 learning rates, 20 epochs each. With learning rate "
            f"{LRS[place]:g} the test accuracy after epoch 5 is {accuracy:.3f}."
        )


def test_stop_is_heard_within_an_epoch():
    lab = live_lab()
    lab._work(model(), {"lr": 0.1, "epochs": 5, "batch_size": 16}, lambda: True)
    assert lab.histories[0].stopped
    assert len(lab.histories[0]) == 0
    assert lab.runs == []  # no epoch was finished: nothing to draw
    assert lab.status["phase"] == "done"


def test_a_slow_run_is_reported_batch_by_batch(monkeypatch):
    monkeypatch.setattr("course_utils.figures.training_lab.BEAT", -1.0)  # every batch is late
    data, recording = recorded()
    lab, parts = TrainingLab(None, data, recording), []
    lab.observe(lambda change: parts.append(change["new"]["part"]), "status")
    lab._work(SoftmaxRegression(16, 10), {"lr": 0.1, "epochs": 1, "batch_size": 20}, lambda: False)
    steps = -(-len(data.train) // 20)
    assert parts[:-2] == pytest.approx([k / steps for k in range(steps)])
    assert parts[-2:] == [0.0, 0.0]  # the epoch's end, and the run's
    assert training_lab().status == {}
