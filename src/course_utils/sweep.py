"""Many runs of softmax regression in one pass: one product of a minibatch serves them all.

A single run spends most of its time on starting small operations and on reading images. Runs
that differ in the learning rate share their minibatches; runs that differ in the seed are the
leading axis of the same product. Twenty runs take a few times as long as one.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.data import FashionMNIST, Split, batches
from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.threads import at_most_threads, one_thread
from course_utils.training import loss_limit
from course_utils.validation import require_count, require_rates, require_some


class SideBySide:
    """S x L softmax regressions with q classes: S starts, each with L learning rates.

    The examples are the last axis, not the classes: softmax over a last axis of ten is many
    times slower than over any other.

    Parameters
    ----------
    models : sequence of S SoftmaxRegression
        The starts; they are copied.
    lrs : sequence of L floats
    """

    def __init__(self, models: Sequence[SoftmaxRegression], lrs: Sequence[float]) -> None:
        self.runs, self.classes = list(range(len(lrs))), len(models[0].bias)
        self.weight = torch.stack([m.weight.detach().T.repeat(len(lrs), 1) for m in models])
        self.bias = torch.stack([m.bias.detach().repeat(len(lrs)) for m in models])[:, :, None]
        self.lr = torch.tensor(lrs).repeat_interleave(self.classes)[:, None]  # (L * q, 1)

    def logits(self, X: Tensor) -> Tensor:
        """Return the logits (S, L, q, b) of rows (S, b, d)."""
        flat = torch.baddbmm(self.bias, self.weight, X.transpose(1, 2))  # (S, L * q, b)
        return flat.view(len(X), len(self.runs), self.classes, -1)

    def hits(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return how many labels (S, b) have the largest logit, (S, L)."""
        at_label = logits.gather(2, self._index(y)).squeeze(2)  # (S, L, b)
        return (at_label == logits.amax(2)).sum(2)

    def step(self, X: Tensor, y: Tensor, factor: float = 1.0) -> tuple[Tensor, Tensor]:
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

    def evaluate(self, split: Split) -> tuple[Tensor, Tensor]:
        """Return the mean loss (nats) and the accuracy on a split, each float64 (S, L)."""
        rows = split.images.flatten(1).expand(len(self.weight), -1, -1)
        y = split.labels.expand(len(rows), -1)
        logits = self.logits(rows)
        at_label = logits.gather(2, self._index(y)).squeeze(2)  # (S, L, n)
        losses = torch.logsumexp(logits, 2) - at_label
        return losses.double().mean(2), self.hits(logits, y).double() / len(split)

    def parameters(self) -> tuple[Tensor, Tensor]:
        """Return the weights (S, L, d, q) and biases (S, L, q) of the runs that still train."""
        weight = self.weight.unflatten(1, (len(self.runs), -1)).transpose(2, 3)
        return weight, self.bias.view(len(self.bias), len(self.runs), -1)

    def keep(self, runs: Sequence[int]) -> None:
        """Go on with these of the L learning rates only, numbered as at the start."""
        where = torch.tensor([self.runs.index(run) for run in runs], dtype=torch.long)
        for name, axis in (("weight", 1), ("bias", 1), ("lr", 0)):
            parts = getattr(self, name).unflatten(axis, (len(self.runs), -1))
            setattr(self, name, parts.index_select(axis, where).flatten(axis, axis + 1))
        self.runs = list(runs)

    def _index(self, y: Tensor) -> Tensor:
        """Return the labels as an index into the logits, (S, L, 1, b)."""
        return y[:, None, None].expand(-1, len(self.runs), 1, -1)


def untrained(data: FashionMNIST, seed: int) -> SoftmaxRegression:
    """Return the model that a run with this seed starts from."""
    start = torch.Generator().manual_seed(seed)
    return SoftmaxRegression(data.train.images[0].numel(), len(data.classes), generator=start)


def minibatches(
    split: Split, batch_size: int, shuffles: Sequence[torch.Generator]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield X (S, b, d) and y (S, b): for each seed the order that ``batches`` gives it."""
    rows = split.images.flatten(1)
    order = torch.stack([torch.randperm(len(rows), generator=g) for g in shuffles])  # (S, n)
    for index in order.split(batch_size, dim=1):
        flat = index.flatten()
        X = rows.index_select(0, flat).view(*index.shape, -1)
        yield X, split.labels.index_select(0, flat).view(index.shape)


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


#: 1-2-5 steps from far too small to far too large.
LEARNING_RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass
class Recording:
    """What ``record_runs`` saw: L runs that differ in their learning rate only.

    Attributes
    ----------
    lrs : tuple of L floats
    histories : list of L History
        Each equal, to rounding, to what ``fit`` returns for that learning rate and ``seed``.
    weight : Tensor of shape (L, d, q)
    bias : Tensor of shape (L, q)
        Final parameters; a run that diverged keeps those of the epoch in which it did.
    batch_size, num_epochs, seed : int
    """

    lrs: tuple[float, ...]
    histories: list[History]
    weight: Tensor
    bias: Tensor
    batch_size: int
    num_epochs: int
    seed: int


def _epoch(nets: SideBySide, data: FashionMNIST, batch_size: int, shuffle: torch.Generator):
    """Train for one pass; return running loss and accuracy, test loss and accuracy, each (L,)."""
    running = torch.zeros(2, len(nets.runs), dtype=torch.float64)  # summed losses, hits
    for X, y in minibatches(data.train, batch_size, [shuffle]):
        running += torch.cat(nets.step(X, y))
    test_loss, test_accuracy = nets.evaluate(data.test)
    return *(running / len(data.train)), test_loss[0], test_accuracy[0]


@one_thread()  # steps this small wait longer for a second thread than it saves
def record_runs(
    data: FashionMNIST,
    *,
    lrs: Sequence[float] = LEARNING_RATES,
    num_epochs: int = 20,
    batch_size: int = 256,
    seed: int = 0,
) -> Recording:
    """Train softmax regression once with each learning rate, all in the same pass.

    Parameters
    ----------
    data : FashionMNIST
    lrs : sequence of L floats
        Learning rates, each above 0.
    num_epochs, batch_size : int
    seed : int
        Decides the initial weights and the order of the pictures, the same for every run.

    Returns
    -------
    Recording

    Raises
    ------
    TypeError, ValueError
        A hyperparameter out of range.
    """
    require_rates("lrs", lrs)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    model = untrained(data, seed)
    shuffle = torch.Generator().manual_seed(seed)
    first_look = batches(data.train, batch_size, generator=shuffle)  # as fit does
    limit = loss_limit(model, first_look, len(data.classes))
    nets, histories = SideBySide([model], lrs), [History(loss_limit=limit) for _ in lrs]
    weight, bias = (tensor[0].clone() for tensor in nets.parameters())  # (L, d, q), (L, q)
    for _ in range(num_epochs):
        measured = zip(*_epoch(nets, data, batch_size, shuffle), strict=True)
        for run, numbers in zip(nets.runs, measured, strict=True):
            histories[run].record(*(number.item() for number in numbers))
        weight[nets.runs], bias[nets.runs] = (tensor[0] for tensor in nets.parameters())
        nets.keep([run for run in nets.runs if not histories[run].diverged])
        if not nets.runs:
            break
    return Recording(tuple(lrs), histories, weight, bias, batch_size, num_epochs, seed)
