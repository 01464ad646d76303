"""Training runs recorded for readers without a kernel: every learning rate in one pass.

The learning rates share the order of the pictures, so each minibatch is read once and
multiplied once: ``X`` (b, d) by all weight matrices side by side (d, L * q).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class _Together:
    """Softmax regressions side by side: one matrix product serves them all."""

    def __init__(self, model: SoftmaxRegression, lrs: Sequence[float]) -> None:
        self.runs = list(range(len(lrs)))  # those still training, L of them
        self.weight = model.weight.detach().repeat(1, len(lrs))  # (d, L * q)
        self.bias = model.bias.detach().repeat(len(lrs))  # (L * q,)
        self.lr = torch.tensor(lrs).repeat_interleave(len(self.bias) // len(lrs))  # (L * q,)

    def logits(self, X: Tensor) -> Tensor:
        """Return the logits (b, L, q) of pictures (b, h, w)."""
        return torch.addmm(self.bias, X.flatten(1), self.weight).view(len(X), len(self.runs), -1)

    def step(self, X: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Take one SGD step; return each run's summed loss and hits (L,) before it."""
        logits, rows = self.logits(X), torch.arange(len(y))
        hits = (logits.argmax(-1) == y[:, None]).sum(0)
        # The softmax of chapter 4. torch.log_softmax is four times slower on rows this short.
        shifted = logits - logits.amax(-1, keepdim=True)
        probs = shifted.exp()
        total = probs.sum(-1, keepdim=True)
        losses = (total.squeeze(-1).log() - shifted[rows, :, y]).sum(0)
        probs /= total
        probs[rows, :, y] -= 1  # p - y, the gradient of chapter 3: no autograd needed
        grad = probs.view(len(y), -1) * (self.lr / len(y))  # (b, L * q)
        self.weight.addmm_(X.flatten(1).T, grad, alpha=-1)
        self.bias -= grad.sum(0)
        return losses, hits

    def parameters(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield each run with its weight (d, q) and bias (q,)."""
        weights = self.weight.view(len(self.weight), len(self.runs), -1).unbind(1)
        return zip(self.runs, weights, self.bias.view(len(self.runs), -1), strict=True)

    def keep(self, runs: list[int]) -> None:
        """Go on with these runs only."""
        where = torch.tensor([self.runs.index(run) for run in runs], dtype=torch.long)
        d, count = len(self.weight), len(self.runs)
        self.weight = self.weight.view(d, count, -1)[:, where].reshape(d, -1)
        self.bias = self.bias.view(count, -1)[where].flatten()
        self.lr = self.lr.view(count, -1)[where].flatten()
        self.runs = runs


def _epoch(nets: _Together, data: FashionMNIST, batch_size: int, shuffle: torch.Generator):
    """Train for one pass; return running loss and accuracy, test loss and accuracy, each (L,)."""
    loss = torch.zeros(len(nets.runs), dtype=torch.float64)
    hits = torch.zeros(len(nets.runs), dtype=torch.float64)
    for X, y in batches(data.train, batch_size, generator=shuffle):
        batch_loss, batch_hits = nets.step(X, y)
        loss += batch_loss
        hits += batch_hits
    logits, y = nets.logits(data.test.images), data.test.labels
    test_loss = torch.logsumexp(logits, -1) - logits[torch.arange(len(y)), :, y]
    test_hits = logits.argmax(-1) == y[:, None]
    n = len(data.train)
    return loss / n, hits / n, test_loss.mean(0), test_hits.double().mean(0)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: steps this small wait longer for a second one than it saves."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
    if not lrs:
        raise ValueError("lrs must hold at least one learning rate, got none")
    for lr in lrs:
        require_positive("lrs", lr)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    pixels = data.train.images[0].numel()
    start = torch.Generator().manual_seed(seed)
    model = SoftmaxRegression(pixels, len(data.classes), generator=start)
    shuffle = torch.Generator().manual_seed(seed)
    first_look = batches(data.train, batch_size, generator=shuffle)  # as fit does
    limit = loss_limit(model, first_look, len(data.classes))
    nets, histories = _Together(model, lrs), [History(loss_limit=limit) for _ in lrs]
    weight = model.weight.detach().repeat(len(lrs), 1, 1)  # (L, d, q)
    bias = model.bias.detach().repeat(len(lrs), 1)
    with _one_thread():
        for _ in range(num_epochs):
            measured = zip(*_epoch(nets, data, batch_size, shuffle), strict=True)
            for run, numbers in zip(nets.runs, measured, strict=True):
                histories[run].record(*(number.item() for number in numbers))
            for run, run_weight, run_bias in nets.parameters():
                weight[run], bias[run] = run_weight, run_bias
            nets.keep([run for run in nets.runs if not histories[run].diverged])
            if not nets.runs:
                break
    return Recording(tuple(lrs), histories, weight, bias, batch_size, num_epochs, seed)
