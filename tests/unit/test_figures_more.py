"""The Python side of the training figures: what they say, what they refuse."""

import pytest
from figure_samples import recorded, training_lab

from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.figures.training_lab import TrainingLab
from course_utils.figures.traits import StateError
from course_utils.models import SoftmaxRegression


def test_regression_says_how_many_clouds_and_which_rate():
    words = BrowserRegression(num_classes=4, lr=0.5).describe()
    assert "4 clouds" in words
    assert "learning rate 0.5;" in words


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (5, "added must hold"),
        ("abc", "added must hold"),
        ([[1, 2]], r"rows, got \[1, 2\]"),
        ([7], "rows, got 7"),
        ([[1, float("nan"), 0]], "rows, got"),
        ([[1, True, 0]], "rows, got"),
        ([[1, 2, 5]], "classes 0 to 4, got 5"),
        ([[1, 2, 0.5]], "classes 0 to 4, got 0.5"),
    ],
)
def test_points_that_are_none_are_refused(added, message):
    with pytest.raises(StateError, match=message):
        BrowserRegression(added=added)


def test_points_are_moved_into_the_square():
    assert BrowserRegression(added=[[-1, 99, 4.0]]).added == [[0, 6, 4]]
    assert BrowserRegression().added == []


@pytest.mark.parametrize("logits", [3, "abc", [1.0], [0.0] * 99])
def test_logits_must_be_a_list_of_the_right_length(logits):
    with pytest.raises(StateError, match="logits must be a list of"):
        SoftmaxPlayground(logits=logits)


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
