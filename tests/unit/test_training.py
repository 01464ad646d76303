"""One update, one epoch, evaluation and fit, against hand calculation and torch."""

import math
import threading

import numpy as np
import pytest
import torch
from tiny import tiny_data
from torch import nn
from torch.nn import functional

from course_utils.data import FashionMNIST, Split, batches, with_validation
from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.softmax import cross_entropy
from course_utils.training import (
    Accumulator,
    evaluate,
    fit,
    inference,
    predict,
    sgd,
    train_epoch,
)


def new_model(seed=0, classes=3):
    return SoftmaxRegression(16, classes, generator=torch.Generator().manual_seed(seed))


def network(*layers):
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(16, 3))


def held_out(n=20):
    return with_validation(tiny_data(), n, generator=torch.Generator().manual_seed(0))


class Noted(nn.Module):
    """Gives ``scores`` for every image and notes in which mode it was asked."""

    def __init__(self, scores):
        super().__init__()
        self.scores = nn.Parameter(torch.as_tensor(scores))
        self.modes = []

    def forward(self, X):
        self.modes.append(self.training)
        return self.scores.expand(len(X), -1)


def test_accumulator_sums_each_amount_until_it_is_reset():
    total = Accumulator(2)
    total.add(1, 10)
    total.add(2.5, 20)
    assert (total[0], total[1]) == (3.5, 30)
    total.reset()
    assert (total[0], total[1]) == (0, 0)
    total.add(1, 2)
    assert (total[0], total[1]) == (1, 2)


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


def test_sgd_leaves_frozen_and_unused_parameters_as_torch_does():
    params = [torch.ones(2, requires_grad=grad) for grad in (True, False, True)]
    twins = [param.clone().detach().requires_grad_(param.requires_grad) for param in params]
    for used, _, _ in (params, twins):
        used.sum().backward()
    sgd(params, 0.5)
    torch.optim.SGD(twins, lr=0.5).step()
    assert [param.tolist() for param in params] == [[0.5, 0.5], [1, 1], [1, 1]]
    assert all(torch.equal(*pair) for pair in zip(params, twins, strict=True))


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
    loss, acc = train_epoch(model, batches(data.train, 4), update=lambda: None)  # 4, 4, 2 images
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


def test_evaluate_takes_any_loss_that_is_a_mean():
    data, model = tiny_data(), new_model()
    loss, _ = evaluate(model, data.test, 7, functional.multi_margin_loss)
    logits = model(data.test.images)
    expected = functional.multi_margin_loss(logits, data.test.labels).item()
    assert loss == pytest.approx(expected, rel=1e-6)


def test_predict_names_the_class_with_the_largest_score_in_evaluation_mode():
    model = network(nn.Dropout(0.9))
    X = tiny_data().test.images
    first = predict(model, X)
    assert torch.equal(first, model.eval()(X).argmax(1))
    assert torch.equal(first, predict(model.train(), X))
    assert model.training


def test_inference_gives_every_part_its_own_mode_back():
    model = network(nn.BatchNorm1d(16))
    model[1].eval()  # frozen by whoever fine-tunes
    with inference(model):
        assert not any(part.training for part in model.modules())
    assert [part.training for part in model.modules()] == [True, True, False, True]


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


# --- fit: what it does -----------------------------------------------------------------------


def test_fit_learns_and_records_one_entry_per_epoch():
    data = held_out()
    history = fit(new_model(), data, lr=0.5, num_epochs=20, batch_size=10)
    lists = [
        getattr(history, f"{split}_{what}")
        for split in ("train", "valid", "test")
        for what in ("loss", "accuracy")
    ]
    assert list(map(len, lists)) == [20] * 6
    assert len(history) == 20
    assert history.train_loss[-1] < 0.5 * history.train_loss[0]
    assert history.valid_accuracy[-1] == history.test_accuracy[-1] == 1.0
    assert history.remark == ""


def test_without_a_validation_split_nothing_is_recorded_for_it():
    history = fit(new_model(), tiny_data(), lr=0.5, num_epochs=2)
    assert history.valid_loss == history.valid_accuracy == []
    assert len(history.test_loss) == 2


def test_each_split_is_measured_on_itself():
    data, model = held_out(), new_model()
    history = fit(model, data, lr=0.2, num_epochs=1, batch_size=10)
    for split, found in (
        (data.valid, (history.valid_loss, history.valid_accuracy)),
        (data.test, (history.test_loss, history.test_accuracy)),
    ):
        assert [column[0] for column in found] == pytest.approx(evaluate(model, split))
    assert history.valid_loss != history.test_loss


def test_fit_is_the_loop_of_chapter_7():
    """Bit for bit with that chapter's loss; the first epoch has the seed's first permutation."""
    data, by_hand, fitted = tiny_data(), new_model(), new_model()
    history = fit(fitted, data, lr=0.2, num_epochs=3, batch_size=8, seed=4, loss=cross_entropy)
    shuffle, expected = torch.Generator().manual_seed(4), History(guessing_loss=math.log(3))
    for _ in range(3):
        train_iter = batches(data.train, 8, generator=shuffle)
        running = train_epoch(by_hand, train_iter, lambda: sgd(by_hand.parameters(), 0.2))
        expected.record(train=running, test=evaluate(by_hand, data.test))
    assert history.guessing_loss == pytest.approx(math.log(3))
    expected.guessing_loss = history.guessing_loss
    assert history == expected
    assert torch.equal(by_hand.weight, fitted.weight)


def test_the_default_loss_is_that_of_chapter_3_to_rounding():
    data, ours, default = tiny_data(), new_model(), new_model()
    settings = {"lr": 0.2, "num_epochs": 3, "batch_size": 8}
    expected = fit(ours, data, loss=cross_entropy, **settings)
    found = fit(default, data, **settings)
    assert found.train_loss == pytest.approx(expected.train_loss, rel=1e-6)
    torch.testing.assert_close(ours.weight, default.weight)


def test_the_seed_decides_the_order_and_nothing_else():
    data = tiny_data()
    runs = [fit(new_model(), data, lr=0.2, num_epochs=2, batch_size=8, seed=s) for s in (0, 0, 1)]
    assert runs[0].train_loss == runs[1].train_loss
    assert runs[0].train_loss != runs[2].train_loss


def test_fit_takes_any_module():
    history = fit(network(), tiny_data(), lr=0.5, num_epochs=20, batch_size=10)
    assert history.test_accuracy[-1] == 1.0


def test_an_optimiser_of_the_caller_takes_the_steps():
    data, ours, theirs = tiny_data(), network(), network()
    theirs.load_state_dict(ours.state_dict())
    adam = torch.optim.Adam(ours.parameters(), lr=0.01)
    history = fit(ours, data, optimizer=adam, num_epochs=2, batch_size=16, seed=3)
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.01)
    shuffle = torch.Generator().manual_seed(3)
    for _ in range(2):  # the loop that everybody writes
        for X, y in batches(data.train, 16, generator=shuffle):
            optimizer.zero_grad()
            functional.cross_entropy(theirs(X), y).backward()
            optimizer.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert history.test_accuracy[-1] == evaluate(theirs, data.test)[1]


def test_sgd_of_torch_gives_what_lr_gives():
    data, models = tiny_data(), (new_model(), new_model())
    settings = {"num_epochs": 3, "batch_size": 16}
    fit(models[0], data, lr=0.3, **settings)
    fit(models[1], data, optimizer=torch.optim.SGD(models[1].parameters(), lr=0.3), **settings)
    torch.testing.assert_close(models[0].weight, models[1].weight)


def test_parameters_that_an_optimiser_does_not_hold_stay_and_collect_no_gradients():
    model = network(nn.Linear(16, 16))
    body, head = model[1], model[2]
    before = body.weight.clone()
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    fit(model, tiny_data(), optimizer=optimizer, num_epochs=1, batch_size=10)
    assert torch.equal(body.weight, before)
    assert all(param.grad is None for param in model.parameters())


def test_frozen_and_unused_parameters_stay():
    class Partly(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.unused = network(nn.Linear(16, 16)), nn.Linear(2, 2)

        def forward(self, X):
            return self.net(X)

    model = Partly()
    model.net[1].requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    history = fit(model, tiny_data(), lr=0.5, num_epochs=5, batch_size=10)
    changed = {name for name, value in model.state_dict().items() if not value.equal(before[name])}
    assert changed == {"net.2.weight", "net.2.bias"}
    assert history.train_loss[-1] < history.train_loss[0]


def test_a_loss_of_the_caller_is_trained_on_and_recorded():
    data, model = tiny_data(), new_model()
    loss = nn.CrossEntropyLoss(label_smoothing=0.2)
    history = fit(model, data, lr=0.5, num_epochs=5, batch_size=10, loss=loss)
    logits = model(data.test.images)
    assert history.test_loss[-1] == pytest.approx(loss(logits, data.test.labels).item(), rel=1e-6)
    assert history.train_loss[-1] < history.train_loss[0]


def test_it_trains_in_training_mode_measures_in_evaluation_mode_and_leaves_none_changed():
    model, data = Noted(torch.zeros(3)), held_out()
    model.eval()
    fit(model, data, lr=0.1, num_epochs=1, batch_size=20)
    assert model.modes == [False, True, True, False, False]  # look, two batches, valid, test
    assert not model.training


def test_numbers_of_numpy_are_numbers():
    data, ours, theirs = tiny_data(), new_model(), new_model()
    fit(ours, data, lr=0.25, num_epochs=2, batch_size=8, seed=3)
    fit(theirs, data, lr=np.float32(0.25), num_epochs=np.int64(2), batch_size=np.int16(8),
        seed=np.uint8(3))  # fmt: skip
    assert torch.equal(ours.weight, theirs.weight)
    assert theirs.weight.is_leaf
    assert theirs.weight.dtype == torch.float32


# --- fit: how it ends ------------------------------------------------------------------------


def test_a_huge_learning_rate_finishes_and_is_said_to_be_far_above_guessing():
    """The gradient is bounded: steps are long, they don't grow."""
    data = tiny_data()
    data.train.labels[:] = torch.randint(3, (60,), generator=torch.Generator().manual_seed(1))
    history = fit(new_model(), data, lr=200.0, num_epochs=9, batch_size=5)
    assert len(history) == 9
    assert history.train_loss[-1] > 2 * math.log(3)
    assert history.far_above_guessing
    assert not history.diverged
    assert history.remark == "the loss is far above that of guessing"


def test_a_run_that_overflows_stops_and_records_no_nan():
    data = tiny_data()
    data.train.images.mul_(100)  # a step of 1e38 times a gradient above 10 is infinite in float32
    history = fit(new_model(), data, lr=1e38, num_epochs=3, batch_size=5)
    assert history.diverged
    assert not history.stopped
    assert all(math.isfinite(v) for v in history.train_loss + history.test_loss)
    assert len(history) == 0
    assert history.remark == "stopped: the loss is no longer a finite number"


@pytest.mark.parametrize("bad", ["train", "valid", "test"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_history_never_records_a_loss_that_cannot_be_plotted(bad, value):
    history = History()
    pairs = {"train": (1.0, 0.5), "valid": (1.0, 0.5), "test": (1.0, 0.5)}
    history.record(**pairs)
    history.record(**pairs | {bad: (value, 0.5)})
    assert history.diverged
    assert len(history) == len(history.valid_loss) == len(history.test_accuracy) == 1


def test_far_means_more_than_twice_the_loss_of_guessing_in_the_last_epoch():
    history = History(guessing_loss=2.0)
    assert not history.far_above_guessing
    for loss, far in ((4.1, True), (4.0, False)):
        history.record(train=(loss, 0.5))
        assert history.far_above_guessing is far
    history.stopped = True
    assert history.remark == "stopped early"
    history.record(train=(9.0, 0.5))
    assert history.remark == "stopped early, the loss is far above that of guessing"


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


def test_gradients_left_by_an_interrupt_or_by_the_caller_are_in_no_step():
    """An interrupt between the backward pass and the step, then an ordinary run."""
    data, model, clean = tiny_data(), network(), network()
    clean.load_state_dict(model.state_dict())

    class Interrupted(torch.optim.SGD):
        def step(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, data, optimizer=Interrupted(model.parameters()), num_epochs=1)
    assert all(param.grad is None for param in model.parameters())
    assert model.training
    functional.cross_entropy(model(data.test.images), data.test.labels).backward()
    for each in (model, clean):
        fit(each, data, lr=0.1, num_epochs=1)
    assert torch.equal(model[1].weight, clean[1].weight)


# --- fit: what it refuses, before the first step ----------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"lr": -0.1}, ValueError, "lr .* above 0, got -0.1"),
        ({"lr": 0.0}, ValueError, "lr"),
        ({"lr": math.nan}, ValueError, "lr .* got nan"),
        ({"lr": math.inf}, ValueError, "lr .* got inf"),
        ({"lr": "0.1"}, TypeError, "lr must be a number, got '0.1'"),
        ({"lr": None}, ValueError, "lr or optimizer must be given, and not both, got lr=None"),
        ({"num_epochs": 0}, ValueError, "num_epochs must be at least 1, got 0"),
        ({"num_epochs": 2.5}, TypeError, "num_epochs must be an integer"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": True}, TypeError, "batch_size"),
        ({"seed": 0.5}, TypeError, "seed must be an integer, got 0.5"),
        ({"loss": lambda z, y: cross_entropy(z, y, "none")}, ValueError,
         r"loss must return a scalar tensor, got shape \(60,\); average"),
        ({"loss": lambda z, y: cross_entropy(z, y).item()}, TypeError,
         r"loss must return a scalar tensor, got [\d.]+ \(float\); leave out .item\(\)"),
        ({"loss": lambda z, y: cross_entropy(z.detach(), y)}, ValueError,
         r"loss must .* gradient, got .*leave out .detach\(\)"),
        ({"loss": nn.CrossEntropyLoss}, TypeError,
         r"loss must be a function .*got the class CrossEntropyLoss; take one: torch.nn.Cross"),
        ({"loss": "mse"}, TypeError, r"loss must be a function of \(logits, labels\), got 'mse'"),
    ],
)  # fmt: skip
def test_fit_names_an_argument_that_will_not_do(arguments, error, match):
    model = new_model()
    before = model.weight.clone()
    with pytest.raises(error, match=match):
        fit(model, tiny_data(), **({"lr": 0.1, "num_epochs": 1} | arguments))
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("outputs", [2, 4])
def test_fit_refuses_a_model_with_the_wrong_number_of_outputs(outputs):
    with pytest.raises(ValueError, match=rf"model\(X\) must have 3 columns.*got {outputs};"):
        fit(new_model(classes=outputs), tiny_data(), lr=0.1, num_epochs=1)


@pytest.mark.parametrize(
    ("model", "error", "match"),
    [
        (SoftmaxRegression, TypeError, "got the class SoftmaxRegression; make one"),
        (lambda X: X, TypeError, r"model must be .* that has parameters\(\)"),
        (SoftmaxRegression(784, 3), ValueError, r"images of shape \(60, 4, 4\) and torch.float32"),
        (network().double(), ValueError, r"model must take images .* torch.float32"),
        (network().requires_grad_(False), ValueError, "parameter that can be trained, got 2, all"),
        (nn.Flatten(0), ValueError, "a parameter that can be trained, got 0"),
        (network(nn.Linear(16, 16)).to("meta"), ValueError,
         "model must be on the device of the data, cpu, got meta"),
    ],
)  # fmt: skip
def test_fit_refuses_a_model_that_does_not_fit_the_data(model, error, match):
    with pytest.raises(error, match=match):
        fit(model, tiny_data(), lr=0.1, num_epochs=1)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda model: torch.optim.SGD(network().parameters(), lr=0.1), ValueError,
         r"optimizer must hold parameters of model, got 2 of 2 .*make it anew: torch.optim.SGD\("),
        (lambda model: torch.optim.Adam([*model.parameters(), torch.zeros(1)]), ValueError,
         "got 1 of 3 that are not"),
        (lambda model: torch.optim.LBFGS(model.parameters()), ValueError, "LBFGS"),
        (lambda model: "adam", TypeError, "must be a torch.optim.Optimizer, got 'adam'; make one"),
        (lambda model: torch.optim.SGD, TypeError, "must be a torch.optim.Optimizer, got <class"),
    ],
)  # fmt: skip
def test_fit_refuses_an_optimiser_that_does_not_fit_the_model(make, error, match):
    model = network()
    with pytest.raises(error, match=match):
        fit(model, tiny_data(), optimizer=make(model), num_epochs=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=r"and not both, got lr=0\.1 and optimizer=SGD"):
        fit(model, tiny_data(), optimizer=optimizer, lr=0.1, num_epochs=1)


@pytest.mark.parametrize(("batch_size", "remedy"), [(59, 60), (1, 2), (2, None)])
def test_a_last_batch_of_one_is_refused_where_the_model_cannot_train_on_it(batch_size, remedy):
    """Sixty images: 59 + 1, sixty times 1, thirty times 2."""
    model, data = network(nn.BatchNorm1d(16)), tiny_data()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    settings = {"lr": 0.1, "num_epochs": 1, "batch_size": batch_size}
    if remedy is not None:
        match = rf"batch_size .* got {batch_size} for 60 examples; take batch_size={remedy}$"
        with pytest.raises(ValueError, match=match):
            fit(model, data, **settings)
        assert all(value.equal(before[name]) for name, value in model.state_dict().items())
        settings["batch_size"] = remedy
    assert len(fit(model, data, **settings)) == 1
    assert len(fit(network(), data, **settings | {"batch_size": batch_size})) == 1


def test_one_image_alone_is_too_few_for_batch_normalisation():
    one = Split(torch.rand(1, 4, 4), torch.zeros(1, dtype=torch.int64))
    data = FashionMNIST(one, one, "synthetic", ("a", "b", "c"))
    with pytest.raises(ValueError, match="got 256 for 1 examples; take more images"):
        fit(network(nn.BatchNorm1d(16)), data, lr=0.1, num_epochs=1)


def test_a_run_in_a_thread_is_the_same_run():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(fit(new_model(), tiny_data(), lr=0.1, num_epochs=2))
    )
    thread.start()
    thread.join()
    assert found == [fit(new_model(), tiny_data(), lr=0.1, num_epochs=2)]
