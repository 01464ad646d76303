"""Figure 6: recorded runs on a static page, and the Python side of live training."""

import json

import pytest
import torch
from browser_tools import move, value
from figure_samples import LRS, recorded, training_lab
from tiny import tiny_data

from course_utils.figures.training_lab import TrainingLab
from course_utils.models import SoftmaxRegression
from course_utils.sweep import record_runs
from course_utils.training import fit


def model():
    return SoftmaxRegression(16, 10, generator=torch.Generator().manual_seed(1))


def live_lab(make_model=model, **settings):
    data, recording = recorded()
    return TrainingLab(make_model, data, recording, **settings)


def words(page):
    return page.locator(".cu-say").inner_text()


# --- on a static page -----------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("run", range(len(LRS)))
def test_numbers_are_those_of_the_recording(show, run):
    _, recording = recorded()
    page = show(training_lab())
    move(page, "lr", run)
    move(page, "epochs", 7)
    history = recording.histories[run]
    last = min(7, len(history)) - 1
    for name in ("train_loss", "train_accuracy", "test_accuracy"):
        # stored with four digits
        assert value(page, name) == pytest.approx(getattr(history, name)[last], rel=5e-4)
    assert ("diverged" in words(page)) == history.diverged
    assert [recording.histories[i].diverged for i in (0, 3)] == [False, True]


@pytest.mark.browser
def test_static_page_says_that_the_runs_are_recorded(show):
    page = show(training_lab())
    mode = page.locator("[data-runs]")
    assert mode.get_attribute("data-runs") == "recorded"
    assert "Recorded runs" in mode.inner_text()
    assert "STAND-IN" in mode.inner_text()  # the tiny data are not the real pictures
    assert page.get_by_role("button", name="Train").count() == 0


@pytest.mark.browser
def test_batch_size_is_disabled_and_says_why(show):
    page = show(training_lab())
    batch = page.locator("[data-control=batch_size]")
    assert batch.is_disabled()
    reason = page.locator(f"#{batch.get_attribute('aria-describedby')}")
    assert "minibatches of 4" in reason.inner_text()
    assert "needs a kernel" in reason.inner_text()


@pytest.mark.browser
def test_curves_can_be_kept_and_cleared(show):
    page = show(training_lab(kept=[]))
    names = page.locator("svg >> nth=0").locator("g:last-child text")
    assert names.all_text_contents() == ["0.1"]
    page.get_by_role("button", name="Keep this curve").click()
    move(page, "lr", 0)
    assert sorted(names.all_text_contents()) == ["0.01", "0.1"]
    page.get_by_role("button", name="Clear").click()
    assert names.all_text_contents() == ["0.01"]


@pytest.mark.browser
def test_a_diverged_run_is_named_and_fits_a_phone(show):
    page = show(training_lab(lr=10), viewport={"width": 390, "height": 800})
    name = page.get_by_text("10 diverged", exact=True).first
    box = name.bounding_box()
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.browser
def test_templates_and_confusion_follow_the_learning_rate(show):
    data, recording = recorded()
    page = show(training_lab())
    place = "getComputedStyle(document.querySelector('.cu-templates > span:nth-child(3) > span'))"
    for run in (0, 3):
        move(page, "lr", run)
        assert page.evaluate(f"{place}.backgroundPosition") == f"{200 / 9:.4f}% {run * 100 / 3:g}%"
        logits = data.test.images.flatten(1) @ recording.weight[run] + recording.bias[run]
        hits = ((logits.argmax(1) == data.test.labels) & (data.test.labels == 2)).sum().item()
        recall = hits / (data.test.labels == 2).sum().item()
        label = page.locator("svg[aria-label^=Confusion]").get_attribute("aria-label")
        assert f"c {recall:.2f}" in label


@pytest.mark.browser
@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"runs": []},
        {"lrs": [0.1]},
        {"runs": [{}, {}, {}, {}]},
        {"classes": ["one"]},
        {"templates": 5},
    ],
)
def test_malformed_recording_is_said_in_its_place(show, broken):
    figure = training_lab()
    state = figure.state()
    state["recording"] = {**state["recording"], **broken} if broken else broken
    static = f'<script type="application/json">{json.dumps(state)}</script>'
    page = show(figure, extra=f'<div data-afm="training_lab">{static}</div>')
    assert 'stored "recording"' in page.locator(".cu-error").inner_text()
    assert page.locator(".cu-fig").count() == 1
    assert page.problems == []


# --- without a browser ----------------------------------------------------------------------


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


def test_stop_ends_a_run_early():
    lab = live_lab(epochs=20, batch_size=16)
    lab.observe(lambda change: lab._receive(lab, {"type": "stop"}), "status")
    lab.train()
    lab.background.join(30)
    assert lab.histories[0].stopped
    assert len(lab.histories[0]) < 20


def test_only_one_run_at_a_time_and_four_are_kept():
    lab = live_lab(epochs=1)
    for _ in range(6):
        lab.train()
        first = lab.background
        lab.train()
        assert lab.background is first or not first.running
        lab.background.join(30)
    assert len(lab.runs) == len(lab.histories) == 4


def test_an_error_in_training_is_shown():
    lab = live_lab(lambda: SoftmaxRegression(16, 7))
    lab.train()
    lab.background.join(30)
    assert lab.status["phase"] == "failed"
    assert "7 logits for 10 classes" in lab.status["message"]
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
    assert len(lab.recording["lrs"]) >= 12


def test_state_of_a_real_sized_recording_is_small():
    """Thirteen runs of 20 epochs on 28 x 28 pictures with noise for weights: the worst case."""
    data = tiny_data(n=100, classes=10, side=28)
    recording = record_runs(data, num_epochs=1)
    recording.weight = torch.randn(recording.weight.shape)
    for history in recording.histories:
        history.train_loss = [1.2345678] * 20
        history.train_accuracy = history.test_accuracy = [0.87654321] * 20
    assert len(TrainingLab(None, data, recording).static_html()) < 85_000


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="data must be a FashionMNIST"):
        TrainingLab(model, [1, 2])
    with pytest.raises(TypeError, match="make_model must be a function"):
        TrainingLab(torch.nn.Linear(1, 1).weight, tiny_data())


def test_words_name_the_selected_run():
    lab = training_lab(lr=0.1, epochs=5)
    accuracy = lab.recording["runs"][1]["test_accuracy"][4]
    assert f"learning rate 0.1 the test accuracy after epoch 5 is {accuracy:.3f}" in lab.describe()


def test_stop_is_heard_within_an_epoch():
    lab = live_lab()
    lab._work(model(), {"lr": 0.1, "epochs": 5, "batch_size": 16}, lambda: True)
    assert lab.histories[0].stopped
    assert len(lab.histories[0]) == 0
    assert lab.runs == []  # no epoch was finished: nothing to draw
    assert lab.status["phase"] == "done"
