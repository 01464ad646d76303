"""One update, one epoch, evaluation and fit, against hand calculation and torch."""

import math

import pytest
import torch
from tiny import tiny_data
from torch.nn import functional

from course_utils.data import Split, batches
from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.training import Accumulator, evaluate, fit, inference, sgd, train_epoch


def new_model(seed=0, classes=3):
    return SoftmaxRegression(16, classes, generator=torch.Generator().manual_seed(seed))


def test_accumulator_sums_each_amount():
    total = Accumulator(2)
    total.add(1, 10)
    total.add(2.5, 20)
    assert (total[0], total[1]) == (3.5, 30)


def test_accumulator_refuses_the_wrong_number_of_amounts():
    with pytest.raises(ValueError, match="zip"):
        Accumulator(2).add(1.0)


def test_sgd_steps_against_the_gradient_and_clears_it():
    param = torch.tensor([1.0, -2.0], requires_grad=True)
    (param**2).sum().backward()
    sgd([param], lr=0.25)
    assert param.tolist() == [0.5, -1.0]  # w - 0.25 * 2 w
    assert param.grad is None
    assert param.requires_grad


def test_sgd_equals_torch_sgd_over_an_epoch():
    data, ours, theirs = tiny_data(), new_model(), new_model()
    optimizer = torch.optim.SGD(theirs.parameters(), lr=0.3)

    def step():
        optimizer.step()
        optimizer.zero_grad()

    order = [torch.Generator().manual_seed(5) for _ in range(2)]
    train_epoch(
        ours, batches(data.train, 7, generator=order[0]), lambda: sgd(ours.parameters(), 0.3)
    )
    train_epoch(theirs, batches(data.train, 7, generator=order[1]), step, functional.cross_entropy)
    torch.testing.assert_close(ours.weight, theirs.weight)
    torch.testing.assert_close(ours.bias, theirs.bias)


def test_train_epoch_returns_the_means_over_examples_not_over_batches():
    data, model = tiny_data(10), new_model()
    loss, acc = train_epoch(model, batches(data.train, 4), update=lambda: None)  # 4, 4, 2 pictures
    logits = model(data.train.images)
    assert loss == pytest.approx(functional.cross_entropy(logits, data.train.labels).item())
    assert acc == pytest.approx((logits.argmax(1) == data.train.labels).float().mean().item())


@pytest.mark.parametrize("batch_size", [1, 7, 4096])
def test_evaluate_does_not_depend_on_the_batch_size(batch_size):
    data, model = tiny_data(), new_model()
    logits = model(data.test.images)
    loss, acc = evaluate(model, data.test, batch_size)
    expected = functional.cross_entropy(logits, data.test.labels).item()
    assert loss == pytest.approx(expected, rel=1e-6)
    assert acc == pytest.approx((logits.argmax(1) == data.test.labels).float().mean().item())


def test_evaluate_leaves_a_module_as_it_was_and_switches_dropout_off():
    data = tiny_data()
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.9), torch.nn.Linear(16, 3))
    assert evaluate(model, data.test) == evaluate(model, data.test)
    assert model.training
    model.eval()
    with inference(model):
        assert not torch.is_grad_enabled()
    assert not model.training


def test_inference_gives_the_mode_back_after_an_error():
    model = torch.nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match="planned"), inference(model):
        raise RuntimeError("planned")
    assert model.training
    assert torch.is_grad_enabled()


def test_evaluate_refuses_an_empty_split():
    empty = Split(torch.zeros(0, 4, 4), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(ValueError, match="at least one example"):
        evaluate(new_model(), empty)


def test_fit_learns_and_records_one_entry_an_epoch():
    data = tiny_data()
    history = fit(new_model(), data, lr=0.5, num_epochs=20, batch_size=10)
    assert len(history) == len(history.train_accuracy) == len(history.test_accuracy) == 20
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]
    assert history.test_accuracy[-1] == 1.0
    assert not history.diverged
    assert not history.stopped


def test_fit_is_the_loop_of_chapter_7():
    data, by_hand, fitted = tiny_data(), new_model(), new_model()
    history = fit(fitted, data, lr=0.2, num_epochs=3, batch_size=8, seed=4)
    shuffle = torch.Generator().manual_seed(4)
    _ = next(
        iter(batches(data.train, 8, generator=shuffle))
    )  # the look at the loss before training
    for epoch in range(3):
        train_iter = batches(data.train, 8, generator=shuffle)
        loss, acc = train_epoch(by_hand, train_iter, lambda: sgd(by_hand.parameters(), 0.2))
        assert (loss, acc) == (history.train_loss[epoch], history.train_accuracy[epoch])
        assert history.test_accuracy[epoch] == evaluate(by_hand, data.test)[1] or epoch < 2
    assert torch.equal(by_hand.weight, fitted.weight)


def test_the_seed_decides_the_order_and_nothing_else():
    data = tiny_data()
    runs = [fit(new_model(), data, lr=0.2, num_epochs=2, batch_size=8, seed=s) for s in (0, 0, 1)]
    assert runs[0].train_loss == runs[1].train_loss
    assert runs[0].train_loss != runs[2].train_loss


def test_fit_takes_any_module():
    data = tiny_data()
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3))
    assert fit(model, data, lr=0.5, num_epochs=20, batch_size=10).test_accuracy[-1] == 1.0


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"lr": -0.1}, ValueError, "lr .* above 0, got -0.1"),
        ({"lr": 0.0}, ValueError, "lr"),
        ({"lr": math.nan}, ValueError, "lr .* got nan"),
        ({"lr": math.inf}, ValueError, "lr .* got inf"),
        ({"lr": "0.1"}, TypeError, "lr must be a number"),
        ({"num_epochs": 0}, ValueError, "num_epochs must be at least 1, got 0"),
        ({"num_epochs": 2.5}, TypeError, "num_epochs must be an integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": True}, TypeError, "batch_size"),
    ],
)
def test_fit_names_a_hyperparameter_out_of_range(arguments, error, match):
    model = new_model()
    before = model.weight.clone()
    with pytest.raises(error, match=match):
        fit(model, tiny_data(), **({"lr": 0.1, "num_epochs": 1} | arguments))
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("outputs", [2, 4])
def test_fit_refuses_a_model_with_the_wrong_number_of_outputs(outputs):
    with pytest.raises(ValueError, match=f"model gives {outputs} logits for 3 classes"):
        fit(new_model(classes=outputs), tiny_data(), lr=0.1, num_epochs=1)


def test_a_run_that_gets_worse_than_guessing_is_called_diverged_and_stops():
    epochs = []
    data = tiny_data()
    data.train.labels[:] = torch.randint(3, (60,), generator=torch.Generator().manual_seed(1))
    history = fit(
        new_model(), data, lr=200.0, num_epochs=9, on_epoch=lambda epoch, _: epochs.append(epoch),
        batch_size=5,
    )  # fmt: skip
    assert history.diverged
    assert epochs == [1]
    assert len(history) == 1
    assert history.train_loss[0] > 2 * math.log(3)


def test_a_run_that_overflows_is_diverged_and_records_no_nan():
    data = tiny_data()
    data.train.images.mul_(100)  # a step of 1e38 times a gradient above 10 is infinite in float32
    history = fit(new_model(), data, lr=1e38, num_epochs=3, batch_size=5)
    assert history.diverged
    assert not history.stopped
    assert all(math.isfinite(v) for v in history.train_loss + history.test_accuracy)
    assert len(history) == 0


def test_a_poor_start_is_not_divergence():
    model = SoftmaxRegression(16, 3, sigma=30.0, generator=torch.Generator().manual_seed(0))
    history = fit(model, tiny_data(), lr=0.5, num_epochs=2, batch_size=10)
    assert history.loss_limit > 2 * math.log(3)
    assert not history.diverged


def test_on_epoch_sees_each_epoch_and_can_stop():
    seen = []

    def on_epoch(epoch, history):
        seen.append((epoch, len(history)))
        return epoch == 2

    history = fit(new_model(), tiny_data(), lr=0.1, num_epochs=5, on_epoch=on_epoch)
    assert seen == [(1, 1), (2, 2)]
    assert history.stopped
    assert len(history) == 2


def test_stopping_at_the_last_epoch_is_a_complete_run():
    history = fit(new_model(), tiny_data(), lr=0.1, num_epochs=2, on_epoch=lambda e, _: e == 2)
    assert not history.stopped


def test_on_batch_counts_the_batches_of_an_epoch_and_can_stop_inside_it():
    steps = []

    def on_batch(step):
        steps.append(step)
        return len(steps) == 9

    history = fit(new_model(), tiny_data(), lr=0.1, num_epochs=5, batch_size=10, on_batch=on_batch)
    assert steps == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert history.stopped
    assert len(history) == 1


def test_history_calls_a_loss_above_its_limit_diverged():
    history = History(loss_limit=4.0)
    history.record(3.9, 0.5, 9.0, 0.5)
    assert not history.diverged
    history.record(4.1, 0.5, 1.0, 0.5)
    assert history.diverged
    assert history.train_loss == [3.9, 4.1]


@pytest.mark.parametrize("losses", [(math.nan, 1.0), (1.0, math.inf)])
def test_history_never_records_a_loss_that_cannot_be_plotted(losses):
    history = History()
    history.record(losses[0], 0.5, losses[1], 0.5)
    assert history.diverged
    assert len(history) == 0
