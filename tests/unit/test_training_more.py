"""What ``fit`` looks at before it trains."""

import math
from inspect import signature

import pytest
import torch
from tiny import tiny_data

from course_utils.data import batches
from course_utils.training import evaluate, fit, loss_limit


class Noted(torch.nn.Module):
    """Gives ``scores`` for every picture and notes in which mode it was asked."""

    def __init__(self, scores):
        super().__init__()
        self.scores = torch.nn.Parameter(torch.as_tensor(scores))
        self.modes = []

    def forward(self, X):
        self.modes.append((self.training, torch.is_grad_enabled()))
        return self.scores.expand(len(X), -1)


def test_the_limit_is_twice_the_loss_of_guessing():
    model, data = Noted(torch.zeros(10)), tiny_data()
    assert loss_limit(model, batches(data.train, 8), 10) == pytest.approx(2 * math.log(10))
    assert model.modes == [(False, False)]  # neither dropout nor gradients for the first look
    assert model.training


def test_the_limit_is_twice_the_loss_before_training_if_that_is_larger():
    scores, data = torch.zeros(10), tiny_data()
    first = next(iter(batches(data.train, 4)))[1]
    scores[(int(first[0]) + 1) % 10] = 100.0
    model, iterable = Noted(scores), batches(data.train, 1)
    assert loss_limit(model, iterable, 10) == pytest.approx(200, rel=1e-4)


def test_a_model_that_gives_no_rows_of_logits_is_named():
    def flat(X):
        return torch.zeros(len(X))

    with pytest.raises(ValueError, match=r"^model\(X\) must have shape \(n, k\), one row"):
        loss_limit(flat, batches(tiny_data().train, 4), 10)


def test_defaults_are_those_of_the_course():
    expected = {"batch_size": 256, "seed": 0, "on_epoch": None, "on_batch": None}
    for name, value in expected.items():
        assert signature(fit).parameters[name].default == value
    assert signature(evaluate).parameters["batch_size"].default == 4096
