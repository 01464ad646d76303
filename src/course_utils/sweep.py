"""Many runs of softmax regression in one pass: every seed with every learning rate.

A single run spends most of its time on starting small operations and on reading pictures.
Runs that differ only in the learning rate share their minibatches, so one product of ``X`` (b, d)
with their weights side by side (d, L * q) trains them all; seeds are the leading axis of the same
product. Twenty runs then take a few times as long as one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks import require_count, require_positive
from course_utils.data import FashionMNIST, Split
from course_utils.measure import one_thread
from course_utils.models import SoftmaxRegression


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


class _Models:
    """S x L softmax regressions side by side.

    The examples are the last axis, not the classes: softmax over a last axis of ten is many
    times slower than over any other.
    """

    def __init__(self, models: Sequence[SoftmaxRegression], lrs: Sequence[float]) -> None:
        self.runs, self.classes = len(lrs), len(models[0].bias)
        self.weight = torch.stack([m.weight.detach().T.repeat(self.runs, 1) for m in models])
        self.bias = torch.stack([m.bias.detach().repeat(self.runs) for m in models])[:, :, None]
        self.lr = torch.tensor(lrs).repeat_interleave(self.classes)[:, None]  # (L * q, 1)

    def logits(self, X: Tensor) -> Tensor:
        """Return the logits (S, L, q, b) of rows (S, b, d)."""
        flat = torch.baddbmm(self.bias, self.weight, X.transpose(1, 2))  # (S, L * q, b)
        return flat.view(len(X), self.runs, self.classes, -1)

    def hits(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return how many labels (S, b) have the largest logit, (S, L)."""
        at_label = logits.gather(2, self._index(y)).squeeze(2)  # (S, L, b)
        return (at_label == logits.amax(2)).sum(2)

    def step(self, X: Tensor, y: Tensor, factor: float) -> tuple[Tensor, Tensor]:
        """Take one SGD step; return the summed losses and hits (S, L) before it."""
        logits, index = self.logits(X), self._index(y)
        hits = self.hits(logits, y)
        log_probs = torch.log_softmax(logits, 2)
        losses = -log_probs.gather(2, index).sum((2, 3))
        grad = log_probs.exp_().scatter_add_(2, index, -torch.ones(1).expand(index.shape))
        grad = grad.flatten(1, 2) * (self.lr * factor / y.shape[1])  # (P - Y) * lr / b
        self.weight.baddbmm_(grad, X, alpha=-1)
        self.bias -= grad.sum(2, keepdim=True)
        return losses, hits

    def _index(self, y: Tensor) -> Tensor:
        """Return the labels as an index into the logits, (S, L, 1, b)."""
        return y[:, None, None].expand(-1, self.runs, 1, -1)


def _minibatches(
    split: Split, batch_size: int, shuffles: Sequence[torch.Generator]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield X (S, b, d) and y (S, b): for each seed the order that ``batches`` gives it."""
    rows = split.images.flatten(1)
    order = torch.stack([torch.randperm(len(rows), generator=g) for g in shuffles])  # (S, n)
    for index in order.split(batch_size, dim=1):
        flat = index.flatten()
        X = rows.index_select(0, flat).view(*index.shape, -1)
        yield X, split.labels.index_select(0, flat).view(index.shape)


def _test_accuracy(models: _Models, split: Split) -> Tensor:
    """Return the accuracy (S, L) on a split."""
    rows = split.images.flatten(1).expand(len(models.weight), -1, -1)
    labels = split.labels.expand(len(rows), -1)
    return models.hits(models.logits(rows), labels).double() / len(split)


@one_thread()  # products this small gain little from a second thread, and wait for it when busy
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
    _require_settings(lrs, seeds, num_epochs, batch_size)
    models = _Models([_untrained(data, seed) for seed in seeds], lrs)
    shuffles = [torch.Generator().manual_seed(seed) for seed in seeds]
    next(_minibatches(data.train, batch_size, shuffles))  # fit's look at the loss before training
    n, epochs, step = len(data.train), [], 0
    num_steps = num_epochs * math.ceil(n / batch_size)
    for _ in range(num_epochs):
        running = torch.zeros(2, len(seeds), len(lrs), dtype=torch.float64)  # loss, accuracy
        for X, y in _minibatches(data.train, batch_size, shuffles):
            running += torch.stack(models.step(X, y, 1 - step / num_steps if decay else 1.0)) / n
            step += 1
        epochs.append(torch.cat([running, _test_accuracy(models, data.test)[None]]))
    weight = models.weight.unflatten(1, (len(lrs), -1)).transpose(2, 3)  # (S, L, d, q)
    bias = models.bias.view(len(seeds), len(lrs), -1)
    return Sweep(tuple(lrs), tuple(seeds), *torch.stack(epochs, dim=1), weight, bias)  # type: ignore[call-arg]


def _require_settings(
    lrs: Sequence[float], seeds: Sequence[int], num_epochs: int, batch_size: int
) -> None:
    """Raise unless there is something to train and every number makes sense."""
    for name, values in {"lrs": lrs, "seeds": seeds}.items():
        if len(values) == 0:
            raise ValueError(f"{name} must hold at least one value, got none")
    for lr in lrs:
        require_positive("lrs", lr)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)


def _untrained(data: FashionMNIST, seed: int) -> SoftmaxRegression:
    """Return the model that a run with this seed starts from."""
    start = torch.Generator().manual_seed(seed)
    return SoftmaxRegression(data.train.images[0].numel(), len(data.classes), generator=start)
