"""Many runs in one pass against the same runs one by one."""

import pytest
import torch

from course_utils.data import FashionMNIST, Split, batches
from course_utils.models import SoftmaxRegression
from course_utils.sweep import SideBySide, train_sweep
from course_utils.training import evaluate, fit, train_epoch

LRS, SEEDS = (0.02, 0.1), (3, 4, 5)


@pytest.fixture(scope="module")
def data():
    """Random pictures of 4 x 5 pixels; the last of the batches of 16 is smaller."""
    g = torch.Generator().manual_seed(0)
    splits = [
        Split(torch.rand(n, 4, 5, generator=g), torch.randint(10, (n,), generator=g))
        for n in (50, 30)
    ]
    return FashionMNIST(*splits, source="synthetic")


def untrained(seed):
    return SoftmaxRegression(20, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lr", LRS)
def test_each_run_is_what_fit_makes_of_it(data, seed, lr):
    sweep = train_sweep(data, lrs=LRS, seeds=SEEDS, num_epochs=3, batch_size=16)
    model = untrained(seed)
    history = fit(model, data, lr=lr, num_epochs=3, batch_size=16, seed=seed)
    same = sweep.model(seed, lr)
    torch.testing.assert_close(same.weight, model.weight)
    torch.testing.assert_close(same.bias, model.bias)
    run = SEEDS.index(seed), LRS.index(lr)
    assert sweep.train_loss[:, *run].tolist() == pytest.approx(history.train_loss)
    assert sweep.train_accuracy[:, *run].tolist() == pytest.approx(history.train_accuracy)
    assert sweep.test_accuracy[:, *run].tolist() == pytest.approx(history.test_accuracy)


def test_side_by_side_evaluates_as_evaluate_does(data):
    models = [untrained(seed) for seed in SEEDS]
    losses, accuracies = SideBySide(models, (0.1, 0.2)).evaluate(data.test)
    expected = torch.tensor([evaluate(model, data.test) for model in models], dtype=torch.float64)
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

    next(iter(batches(data.train, 16, generator=shuffle)))
    for _ in range(2):
        train_epoch(model, batches(data.train, 16, generator=shuffle), update)
    torch.testing.assert_close(sweep.model(3, 0.1).weight, model.weight)
    assert sweep.test_accuracy[-1, 0, 0].item() == pytest.approx(evaluate(model, data.test)[1])


def test_shapes(data):
    sweep = train_sweep(data, lrs=LRS, seeds=SEEDS, num_epochs=2)
    assert sweep.test_accuracy.shape == (2, 3, 2)
    assert sweep.weight.shape == (3, 2, 20, 10)
    assert sweep.bias.shape == (3, 2, 10)
    assert repr(sweep) == "Sweep(lrs=(0.02, 0.1), seeds=(3, 4, 5), epochs=2)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lrs": ()}, "lrs must hold at least one value"),
        ({"seeds": ()}, "seeds must hold at least one value"),
        ({"lrs": (0.1, -1.0)}, "lrs must be a finite number above 0, got -1"),
        ({"num_epochs": 0}, "num_epochs must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(data, settings, message):
    with pytest.raises(ValueError, match=message):
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
