"""Training runs recorded for readers without a kernel: every learning rate in one pass.

The learning rates share the order of the pictures, so each minibatch is read once and
multiplied once: ``X`` (b, d) by all weight matrices side by side (d, L * q).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks import require_count, require_positive
from course_utils.data import FashionMNIST, batches
from course_utils.history import History
from course_utils.models import SoftmaxRegression
from course_utils.training import loss_limit

#: 1-2-5 steps from far too small to far too large.
LEARNING_RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

# Fifteen colours from red (negative) over white (zero) to blue: ``RdBu`` in few bytes.
_RED, _WHITE, _BLUE = (178, 24, 43), (255, 255, 255), (33, 102, 172)
_LEVELS = 7  # steps on either side of zero


@dataclass
class Recording:
    """What ``record_runs`` saw: L runs that differ in their learning rate only.

    Attributes
    ----------
    lrs : tuple of L floats
    histories : list of L History
        Each equal, to rounding, to what ``fit`` returns for that learning rate.
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


class _Together:
    """L softmax regressions side by side: one matrix product serves them all."""

    def __init__(self, model: SoftmaxRegression, lrs: Sequence[float]) -> None:
        self.runs, self.classes = len(lrs), model.weight.shape[1]
        self.weight = model.weight.detach().repeat(1, self.runs)  # (d, L * q)
        self.bias = model.bias.detach().repeat(self.runs)  # (L * q,)
        self.lr = torch.tensor(lrs).repeat_interleave(self.classes)  # (L * q,)

    def logits(self, X: Tensor) -> Tensor:
        """Return the logits (b, L, q) of pictures (b, h, w)."""
        flat = torch.addmm(self.bias, X.flatten(1), self.weight)
        return flat.view(len(X), self.runs, self.classes)

    def step(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Take one SGD step; return each run's summed loss and hits (L,) before it."""
        logits = self.logits(X)
        rows, hits = torch.arange(len(y)), (logits.argmax(-1) == y[:, None]).sum(0)
        log_probs = torch.log_softmax(logits, -1)  # (b, L, q)
        losses = -log_probs[rows, :, y].sum(0)
        grad = log_probs.exp_()
        grad[rows, :, y] -= 1  # p - y, the gradient of chapter 3: no autograd needed
        grad = grad.view(len(y), -1) * (self.lr / len(y))  # (b, L * q)
        self.weight.addmm_(X.flatten(1).T, grad, alpha=-1)
        self.bias -= grad.sum(0)
        return losses, hits

    def freeze(self, run: int) -> None:
        """Keep one run's parameters as they are from now on."""
        self.lr.view(self.runs, self.classes)[run] = 0


def _epoch(nets: _Together, data: FashionMNIST, batch_size: int, shuffle: torch.Generator):
    """Train for one pass; return running loss and accuracy of each run (L,)."""
    loss = torch.zeros(nets.runs, dtype=torch.float64)
    hits = torch.zeros(nets.runs, dtype=torch.float64)
    for X, y in batches(data.train, batch_size, generator=shuffle):
        batch_loss, batch_hits = nets.step(X, y)
        loss += batch_loss
        hits += batch_hits
    return loss / len(data.train.labels), hits / len(data.train.labels)


def _test(nets: _Together, data: FashionMNIST) -> tuple[Tensor, Tensor]:
    """Return each run's mean loss and accuracy (L,) on the test split."""
    logits = nets.logits(data.test.images)
    loss = -torch.log_softmax(logits, -1)[torch.arange(len(logits)), :, data.test.labels]
    return loss.mean(0), (logits.argmax(-1) == data.test.labels[:, None]).double().mean(0)


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

    Introduced in chapter 07.
    """
    for lr in lrs:
        require_positive("lrs", lr)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    pixels = data.train.images[0].numel()
    start = torch.Generator().manual_seed(seed)
    model = SoftmaxRegression(pixels, len(data.classes), generator=start)
    limit = loss_limit(model, data, batch_size)
    nets, shuffle = _Together(model, lrs), torch.Generator().manual_seed(seed)
    histories = [History(loss_limit=limit) for _ in lrs]
    for _ in range(num_epochs):
        measured = zip(*_epoch(nets, data, batch_size, shuffle), *_test(nets, data), strict=True)
        for run, (history, numbers) in enumerate(zip(histories, measured, strict=True)):
            if not history.diverged:
                history.record(*(number.item() for number in numbers))
                if history.diverged:
                    nets.freeze(run)
    weight = nets.weight.view(pixels, len(lrs), -1).transpose(0, 1)  # (L, d, q)
    bias = nets.bias.view(len(lrs), -1)
    return Recording(tuple(lrs), histories, weight, bias, batch_size, num_epochs, seed)
