"""Many runs of softmax regression in one pass: every seed with every learning rate.

Side by side, twenty runs take a few times as long as one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks import require_count, require_rates, require_some
from course_utils.data import FashionMNIST
from course_utils.models import SoftmaxRegression
from course_utils.side_by_side import SideBySide, minibatches, untrained
from course_utils.threads import at_most_threads


@dataclass
class Sweep:
    """What ``train_sweep`` saw: E epochs of S seeds with L learning rates each.

    Attributes
    ----------
    lrs, seeds : tuples of L floats and of S ints
    train_loss, train_accuracy : float64 Tensor of shape (E, S, L)
        Running averages over each epoch. Loss in nats.
    test_accuracy : float64 Tensor of shape (E, S, L)
        On ``data.test`` after each epoch.
    weight, bias : Tensor of shape (S, L, d, q) and (S, L, q)
        The final parameters.

    Introduced in chapter 09.
    """

    lrs: tuple[float, ...]
    seeds: tuple[int, ...]
    train_loss: Tensor
    train_accuracy: Tensor
    test_accuracy: Tensor
    weight: Tensor
    bias: Tensor

    def model(self, seed: int, lr: float) -> SoftmaxRegression:
        """Return the trained model of one run."""
        weight = self.weight[self.seeds.index(seed), self.lrs.index(lr)]
        model = SoftmaxRegression(*weight.shape, sigma=0.0)
        with torch.no_grad():
            model.weight.copy_(weight)
            model.bias.copy_(self.bias[self.seeds.index(seed), self.lrs.index(lr)])
        return model

    def __repr__(self) -> str:
        return f"Sweep(lrs={self.lrs}, seeds={self.seeds}, epochs={len(self.train_loss)})"


@at_most_threads(2)  # on two idle cores 0.6 of the time of one; more were not measured
def train_sweep(
    data: FashionMNIST,
    *,
    lrs: Sequence[float],
    seeds: Sequence[int] = (0,),
    num_epochs: int = 10,
    batch_size: int = 256,
    decay: bool = False,
) -> Sweep:
    """Train softmax regression from every seed with every learning rate, in one pass.

    Each run is, to rounding, what ``fit`` makes of a ``SoftmaxRegression`` whose weights and
    whose order of pictures come from that seed.

    Parameters
    ----------
    data : FashionMNIST
        Trains on ``data.train``; accuracy is measured on ``data.test`` after each epoch. Put a
        validation split there when choosing.
    lrs : sequence of L floats
        Learning rates, each above 0.
    seeds : sequence of S ints
    num_epochs, batch_size : int
    decay : bool
        Lower each learning rate linearly, step by step, to 0 at the end of the run.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        A hyperparameter out of range, or no learning rate or seed at all.

    Introduced in chapter 09.
    """
    require_rates("lrs", lrs)
    require_some("seeds", seeds)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    models = SideBySide([untrained(data, seed) for seed in seeds], lrs)
    shuffles = [torch.Generator().manual_seed(seed) for seed in seeds]
    next(minibatches(data.train, batch_size, shuffles))  # fit's look at the loss before training
    n, epochs, step = len(data.train), [], 0
    num_steps = num_epochs * math.ceil(n / batch_size)
    for _ in range(num_epochs):
        running = torch.zeros(2, len(seeds), len(lrs), dtype=torch.float64)  # loss, accuracy
        for X, y in minibatches(data.train, batch_size, shuffles):
            running += torch.stack(models.step(X, y, 1 - step / num_steps if decay else 1.0)) / n
            step += 1
        epochs.append(torch.cat([running, models.evaluate(data.test)[1][None]]))
    measured = torch.stack(epochs, dim=1)  # (3, E, S, L)
    return Sweep(tuple(lrs), tuple(seeds), *measured, *models.parameters())  # type: ignore[call-arg]
