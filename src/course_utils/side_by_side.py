"""Softmax regressions that train side by side: one product of a minibatch serves them all.

A single run spends most of its time on starting small operations and on reading pictures. Runs
that differ in the learning rate share their minibatches; runs that differ in the seed are the
leading axis of the same product. ``sweep`` and ``figures.recording`` are built on this.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from course_utils.data import FashionMNIST, Split
from course_utils.models import SoftmaxRegression


class SideBySide:
    """S x L softmax regressions with q classes: S starts, each with L learning rates.

    The examples are the last axis, not the classes: softmax over a last axis of ten is many
    times slower than over any other.

    Parameters
    ----------
    models : sequence of S SoftmaxRegression
        The starts; they are copied.
    lrs : sequence of L floats

    Introduced in chapter 09.
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
    """Return the model that a run with this seed starts from.

    Introduced in chapter 09.
    """
    start = torch.Generator().manual_seed(seed)
    return SoftmaxRegression(data.train.images[0].numel(), len(data.classes), generator=start)


def minibatches(
    split: Split, batch_size: int, shuffles: Sequence[torch.Generator]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield X (S, b, d) and y (S, b): for each seed the order that ``batches`` gives it.

    Introduced in chapter 09.
    """
    rows = split.images.flatten(1)
    order = torch.stack([torch.randperm(len(rows), generator=g) for g in shuffles])  # (S, n)
    for index in order.split(batch_size, dim=1):
        flat = index.flatten()
        X = rows.index_select(0, flat).view(*index.shape, -1)
        yield X, split.labels.index_select(0, flat).view(index.shape)
