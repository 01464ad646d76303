"""Many runs in one pass against the same runs one by one."""

import math

import numpy as np
import pytest
import torch

from course_utils.data import FashionMNIST, Split, batches
from course_utils.models import SoftmaxRegression
from course_utils.sweep import LEARNING_RATES, SideBySide, train_sweep
from course_utils.training import evaluate, fit, train_epoch

LRS, SEEDS = (0.02, 0.1), (3, 4, 5)
COLUMNS = [f"{s}_{what}" for s in ("train", "valid", "test") for what in ("loss", "accuracy")]


@pytest.fixture(scope="module")
def data():
    """Random images of 4 x 5 pixels; the last of the batches of 16 is smaller."""
    g = torch.Generator().manual_seed(0)
    train, test, valid = (
        Split(torch.rand(n, 4, 5, generator=g), torch.randint(10, (n,), generator=g))
        for n in (50, 30, 20)
    )
    return FashionMNIST(train, test, source="synthetic", valid=valid)


def untrained(seed):
    return SoftmaxRegression(20, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lr", [*LRS, 30.0])
def test_each_run_is_what_fit_makes_of_it(data, seed, lr):
    sweep = train_sweep(data, lrs=(*LRS, 30.0), seeds=SEEDS, num_epochs=3, batch_size=16)
    model = untrained(seed)
    expected = fit(model, data, lr=lr, num_epochs=3, batch_size=16, seed=seed)
    same, found = sweep.model(seed, lr), sweep.history(seed, lr)
    rel = 1e-2 if lr == 30 else 1e-5  # long steps magnify the rounding of the last digit
    torch.testing.assert_close(same.weight, model.weight, rtol=rel, atol=rel)
    torch.testing.assert_close(same.bias, model.bias, rtol=rel, atol=rel)
    for name in COLUMNS:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=rel), name
        run = SEEDS.index(seed), sweep.lrs.index(lr)
        assert getattr(sweep, name)[:, *run].tolist() == getattr(found, name)
    assert found.remark == expected.remark
    assert found.far_above_guessing is (lr == 30)


def test_a_run_that_is_no_longer_finite_ends_its_history_and_no_other(data):
    sweep = train_sweep(data, lrs=(0.1, 1e37), num_epochs=4, batch_size=16)
    assert not sweep.train_loss[-1, 0, 1].isfinite()
    overflown, other = sweep.history(0, 1e37), sweep.history(0, 0.1)
    assert overflown.diverged
    assert len(overflown) < 4
    assert all(map(math.isfinite, overflown.train_loss + overflown.test_loss))
    assert len(other) == 4


def test_running_sums_are_exact_to_a_count():
    """65 536 equal losses; their sum in single precision is off by 6e-5 of it."""
    n = 1 << 16
    split = Split(torch.zeros(n, 1, 1), torch.zeros(n, dtype=torch.int64))
    data = FashionMNIST(split, split, "synthetic", ("a", "b"))
    sweep = train_sweep(data, lrs=(1e-30,), num_epochs=1, batch_size=8)
    assert sweep.train_loss.item() == pytest.approx(math.log(2), rel=1e-7)
    assert sweep.train_accuracy.item() == 1


def test_without_a_validation_split_its_columns_are_empty(data):
    bare = FashionMNIST(data.train, data.test, data.source)
    sweep = train_sweep(bare, lrs=LRS, num_epochs=2)
    assert sweep.valid_loss.shape == sweep.valid_accuracy.shape == (0, 1, 2)
    assert sweep.history(0, 0.1).valid_loss == []
    assert len(sweep.history(0, 0.1).test_loss) == 2


def test_side_by_side_evaluates_as_evaluate_does(data):
    models = [untrained(seed) for seed in SEEDS]
    losses, accuracies = SideBySide(models, (0.1, 0.2)).evaluate(data.test)
    expected = torch.tensor([evaluate(model, data.test) for model in models])
    torch.testing.assert_close(losses, expected[:, :1].expand(-1, 2), rtol=1e-6, atol=0)
    torch.testing.assert_close(accuracies, expected[:, 1:].expand(-1, 2))


def test_decay_is_torch_s_linear_schedule(data):
    sweep = train_sweep(data, lrs=(0.1,), seeds=(3,), num_epochs=2, batch_size=16, decay=True)
    model, shuffle = untrained(3), torch.Generator().manual_seed(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=2 * 4)

    def update():
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()

    for _ in range(2):
        train_epoch(model, batches(data.train, 16, generator=shuffle), update)
    torch.testing.assert_close(sweep.model(3, 0.1).weight, model.weight)
    assert sweep.test_accuracy[-1, 0, 0].item() == pytest.approx(evaluate(model, data.test)[1])


def test_shapes(data):
    sweep = train_sweep(data, lrs=LRS, seeds=SEEDS, num_epochs=2)
    assert all(getattr(sweep, name).shape == (2, 3, 2) for name in COLUMNS)
    assert all(getattr(sweep, name).dtype == torch.float64 for name in COLUMNS)
    assert sweep.weight.shape == (3, 2, 20, 10)
    assert sweep.bias.shape == (3, 2, 10)
    assert repr(sweep) == "Sweep(lrs=(0.02, 0.1), seeds=(3, 4, 5), epochs=2)"


def test_numbers_of_numpy_are_numbers(data):
    sweep = train_sweep(data, lrs=np.array(LRS), seeds=np.arange(2), num_epochs=np.int32(1))
    plain = train_sweep(data, lrs=LRS, seeds=(0, 1), num_epochs=1)
    assert torch.equal(sweep.weight, plain.weight)
    assert sweep.weight.dtype == torch.float32
    assert sweep.history(1, 0.1) == plain.history(1, 0.1)


def test_the_learning_rates_cover_the_regimes():
    assert len(LEARNING_RATES) >= 12
    assert {0.01, 0.1, 0.5, 1.0} <= set(LEARNING_RATES)


def test_a_run_that_was_not_trained_is_named(data):
    sweep = train_sweep(data, lrs=LRS, num_epochs=1)
    for ask in (sweep.model, sweep.history):
        with pytest.raises(
            ValueError, match=r"seed must be one of \(0,\) and lr one of .*got 0 and"
        ):
            ask(0, 0.3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lrs": ()}, "lrs must hold at least one value"),
        ({"seeds": ()}, "seeds must hold at least one value"),
        ({"seeds": (0.5,)}, "seeds must be an integer, got 0.5"),
        ({"lrs": (0.1, -1.0)}, "lrs must be a finite number above 0, got -1"),
        ({"num_epochs": 0}, "num_epochs must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(data, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        train_sweep(data, **({"lrs": LRS} | settings))


def test_it_runs_on_two_threads_and_gives_the_others_back(data, monkeypatch):
    before, seen = torch.get_num_threads(), []
    original = torch.baddbmm
    monkeypatch.setattr(
        torch, "baddbmm", lambda *a: seen.append(torch.get_num_threads()) or original(*a)
    )
    torch.set_num_threads(3)
    try:
        train_sweep(data, lrs=LRS, num_epochs=1)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {2}
