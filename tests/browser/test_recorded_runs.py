"""The training lab on a page without a kernel: recorded runs."""

from dataclasses import replace

import pytest
from browser_tools import assert_refused, move, value
from figure_samples import LRS, recorded, training_lab

from course_utils.figures.training_lab import TrainingLab
from course_utils.sweep import train_sweep

pytestmark = pytest.mark.browser


def words(page):
    return page.locator(".say").inner_text()


def names(page):
    """The names of the runs, beside their accuracies."""
    return page.locator(".marks").nth(1).locator("text")


def test_numbers_are_those_of_the_recording(show):
    _, recording = recorded()
    page = show(training_lab())
    move(page, "epochs", 7)
    for run in range(len(LRS)):
        move(page, "lr", run)
        history = recording.history(1, LRS[run])
        last = min(7, len(history)) - 1
        for name in ("train_loss", "train_accuracy", "test_accuracy"):
            # stored with four digits
            assert value(page, name) == pytest.approx(getattr(history, name)[last], rel=5e-4)
        assert ("The loss is far above that of guessing." in words(page)) == (run == 3)
        assert history.far_above_guessing == (run == 3)


def test_a_page_without_a_kernel_says_what_it_lacks(show):
    page = show(training_lab())
    mode = page.locator("[data-runs]")
    assert mode.get_attribute("data-runs") == "recorded"
    assert "Recorded runs" in mode.inner_text()
    assert "STAND-IN" in mode.inner_text()  # the tiny data are not the real pictures
    assert page.get_by_role("button", name="Train").count() == 0
    batch = page.locator("[data-control=batch_size]")
    assert batch.is_disabled()
    reason = page.locator(f"#{batch.get_attribute('aria-describedby')}")
    assert "minibatches of 4" in reason.inner_text()
    assert "needs a kernel" in reason.inner_text()


def test_curves_can_be_kept_and_cleared(show):
    page = show(training_lab(kept=[]))
    shown = names(page)
    assert shown.all_text_contents() == ["0.1"]
    page.get_by_role("button", name="Keep this curve").click()
    move(page, "lr", 0)
    assert sorted(shown.all_text_contents()) == ["0.01", "0.1"]
    page.get_by_role("button", name="Clear").click()
    assert shown.all_text_contents() == ["0.01"]


def test_a_run_that_is_no_longer_finite_is_named_and_fits_a_phone(show):
    data, _ = recorded()
    sweep = replace(train_sweep(data, lrs=(0.1, 1.0), num_epochs=2, batch_size=4), lrs=(0.1, 10.0))
    sweep.train_loss[1, 0, 1] = float("inf")  # in its second epoch
    page = show(TrainingLab(None, data, sweep, lr=10), viewport={"width": 390, "height": 800})
    assert "after epoch 1" in words(page)
    assert "Stopped: the loss is no longer a finite number." in words(page)
    name = page.get_by_text("10 stopped", exact=True).first
    box = name.bounding_box()
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_templates_and_confusion_follow_the_learning_rate(show):
    data, recording = recorded()
    page = show(training_lab())
    tile = page.locator(".templates > span:nth-child(3) .image")
    for run in (0, 3):
        move(page, "lr", run)
        place = tile.evaluate("(e) => getComputedStyle(e).backgroundPosition")
        assert place == f"{200 / 9:.4f}% {run * 100 / 3:g}%"
        logits = data.test.images.flatten(1) @ recording.weight[0, run] + recording.bias[0, run]
        hits = ((logits.argmax(1) == data.test.labels) & (data.test.labels == 2)).sum().item()
        recall = hits / (data.test.labels == 2).sum().item()
        label = page.locator("svg[aria-label^=Confusion]").get_attribute("aria-label")
        assert f"c {recall:.2f}" in label


def test_a_run_without_a_finished_epoch_says_why(show):
    data, _ = recorded()
    sweep = replace(train_sweep(data, lrs=(0.1, 1.0), num_epochs=2, batch_size=4), lrs=(0.1, 10.0))
    sweep.train_loss[0, 0, 1] = float("nan")
    lab = TrainingLab(None, data, sweep, lr=10)
    assert "no epoch was finished: stopped: the loss is no longer" in lab.describe()
    page = show(lab)
    assert "learning rate 10: stopped: the loss is no longer a finite number." in words(page)
    assert page.problems == []


def test_malformed_recording_is_said_in_its_place(show):
    figure = training_lab()
    broken = [
        {},
        {"runs": []},
        {"lrs": [0.1]},
        {"runs": [{}, {}, {}, {}]},
        {"classes": ["one"]},
        {"templates": 5},
    ]
    recording = figure.state()["recording"]
    states = [{"recording": part and recording | part} for part in broken]
    said = assert_refused(show, figure, {"recording": None}, *states)
    assert [text for text in said if 'stored "recording"' not in text] == []
