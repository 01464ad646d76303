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

from course_utils.data import FashionMNIST, Split, permutation, require_fashion_mnist
from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.threads import at_most_threads
from course_utils.validation import require_count, require_integer, require_rates, require_some

#: 1-2-5 steps from far too small to far too large.
LEARNING_RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


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
        self.runs, self.classes = len(lrs), len(models[0].bias)
        self.weight = torch.stack([m.weight.detach().T.repeat(len(lrs), 1) for m in models])
        self.bias = torch.stack([m.bias.detach().repeat(len(lrs)) for m in models])[:, :, None]
        lr = self.bias.new_tensor([float(lr) for lr in lrs])
        self.lr = lr.repeat_interleave(self.classes)[:, None]  # (L * q, 1)

    def logits(self, X: Tensor) -> Tensor:
        """Return the logits (S, L, q, b) of rows (S, b, d)."""
        flat = torch.baddbmm(self.bias, self.weight, X.transpose(1, 2))  # (S, L * q, b)
        return flat.view(len(X), self.runs, self.classes, -1)

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
        grad = log_probs.exp_().scatter_add_(2, index, -self.bias.new_ones(1).expand(index.shape))
        grad = grad.flatten(1, 2) * (self.lr * factor / y.shape[1])  # (P - Y) * lr / b
        self.weight.baddbmm_(grad, X, alpha=-1)
        self.bias -= grad.sum(2, keepdim=True)
        return losses, hits

    def evaluate(self, split: Split) -> tuple[Tensor, Tensor]:
        """Return the mean loss (nats) and the accuracy on a split, each (S, L)."""
        rows = split.images.flatten(1).expand(len(self.weight), -1, -1)
        y = split.labels.expand(len(rows), -1)
        logits = self.logits(rows)
        at_label = logits.gather(2, self._index(y)).squeeze(2)  # (S, L, n)
        losses = torch.logsumexp(logits, 2) - at_label
        return losses.mean(2), self.hits(logits, y) / len(split)

    def parameters(self) -> tuple[Tensor, Tensor]:
        """Return the weights (S, L, d, q) and biases (S, L, q)."""
        weight = self.weight.unflatten(1, (self.runs, -1)).transpose(2, 3)
        return weight, self.bias.view(len(self.bias), self.runs, -1)

    def _index(self, y: Tensor) -> Tensor:
        """Return the labels as an index into the logits, (S, L, 1, b)."""
        return y[:, None, None].expand(-1, self.runs, 1, -1)


def untrained(data: FashionMNIST, seed: int) -> SoftmaxRegression:
    """Return the model that a run with this seed starts from, on the device of the data."""
    images, start = data.train.images, torch.Generator().manual_seed(int(seed))
    d, q = images[0].numel(), len(data.classes)
    return SoftmaxRegression(d, q, generator=start, device=images.device)


def minibatches(
    split: Split, batch_size: int, shuffles: Sequence[torch.Generator]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield X (S, b, d) and y (S, b): for each seed the order that ``batches`` gives it."""
    rows = split.images.flatten(1)
    order = torch.stack([permutation(split, shuffle) for shuffle in shuffles])  # (S, n)
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
    batch_size : int
    weight, bias : Tensor of shape (S, L, d, q) and (S, L, q)
        The final parameters, where the data are.
    train_loss, train_accuracy : float64 Tensor of shape (E, S, L), on the CPU
        Running averages over each epoch. Loss in nats; inf or nan once it isn't finite any more.
    valid_loss, valid_accuracy : the same on ``data.valid`` after each epoch
        Of shape (0, S, L) where the data have no validation split.
    test_loss, test_accuracy : the same on ``data.test``
    """

    lrs: tuple[float, ...]
    seeds: tuple[int, ...]
    batch_size: int
    weight: Tensor
    bias: Tensor
    train_loss: Tensor
    train_accuracy: Tensor
    valid_loss: Tensor
    valid_accuracy: Tensor
    test_loss: Tensor
    test_accuracy: Tensor

    def where(self, seed: int, lr: float) -> tuple[int, int]:
        """Return the position of a run along the axes of seeds and learning rates."""
        if seed not in self.seeds or lr not in self.lrs:
            raise ValueError(
                f"seed must be one of {self.seeds} and lr one of {self.lrs}, got {seed} and {lr}"
            )
        return self.seeds.index(seed), self.lrs.index(lr)

    def model(self, seed: int, lr: float) -> SoftmaxRegression:
        """Return the trained model of one run."""
        weight = self.weight[self.where(seed, lr)]
        model = SoftmaxRegression(*weight.shape, sigma=0.0, device=weight.device)
        with torch.no_grad():
            model.weight.copy_(weight)
            model.bias.copy_(self.bias[self.where(seed, lr)])
        return model

    def history(self, seed: int, lr: float) -> History:
        """Return one run as ``fit`` would have recorded it, to rounding."""
        history, run = History(guessing_loss=math.log(self.bias.shape[-1])), self.where(seed, lr)
        splits = ["train", "valid", "test"] if len(self.valid_loss) else ["train", "test"]
        for epoch in range(len(self.train_loss)):
            history.record(
                **{
                    name: tuple(
                        getattr(self, f"{name}_{what}")[epoch, *run].item()
                        for what in ("loss", "accuracy")
                    )
                    for name in splits
                }
            )
            if history.diverged:
                break
        return history

    def __repr__(self) -> str:
        return f"Sweep(lrs={self.lrs}, seeds={self.seeds}, epochs={len(self.train_loss)})"


@at_most_threads(2)  # on two idle cores 0.6 of the time of one; more were not measured
def train_sweep(
    data: FashionMNIST,
    *,
    lrs: Sequence[float] = LEARNING_RATES,
    seeds: Sequence[int] = (0,),
    num_epochs: int = 10,
    batch_size: int = 256,
    decay: bool = False,
) -> Sweep:
    """Train softmax regression from every seed with every learning rate, in one pass.

    Each run is, to rounding, what ``fit`` makes of a ``SoftmaxRegression`` whose weights and
    whose order of images come from that seed. All runs go to the end, whatever they reach.

    Parameters
    ----------
    data : FashionMNIST
        Trains on ``data.train``, where the data are. ``data.test`` and, if there is one,
        ``data.valid`` are measured after each epoch; choose by the latter.
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
    require_fashion_mnist(data)
    require_rates("lrs", lrs)
    require_some("seeds", seeds)
    for seed in seeds:
        require_integer("seeds", seed)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    models = SideBySide([untrained(data, seed) for seed in seeds], lrs)
    shuffles = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
    shape, n, step = (len(seeds), len(lrs)), len(data.train), 0
    num_steps = num_epochs * math.ceil(n / batch_size)
    measured: dict[str, list[Tensor]] = {"train": [], "valid": [], "test": []}
    for _ in range(num_epochs):
        running = torch.zeros(2, *shape, dtype=torch.float64)  # losses, hits
        for X, y in minibatches(data.train, batch_size, shuffles):
            factor = 1 - step / num_steps if decay else 1.0
            running += torch.stack(models.step(X, y, factor)).cpu()
            step += 1
        measured["train"].append(running / n)
        for name, split in data.splits().items():
            if name != "train":
                measured[name].append(torch.stack(models.evaluate(split)).cpu().double())
    columns = {
        f"{name}_{what}": torch.stack(epochs)[:, k] if epochs else torch.empty(0, *shape)
        for name, epochs in measured.items()
        for k, what in enumerate(("loss", "accuracy"))
    }
    return Sweep(tuple(lrs), tuple(seeds), batch_size, *models.parameters(), **columns)
