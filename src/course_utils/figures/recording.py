"""Training runs recorded for readers without a kernel: every learning rate in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks import require_count, require_rates
from course_utils.data import FashionMNIST, batches
from course_utils.history import History
from course_utils.side_by_side import SideBySide, minibatches, untrained
from course_utils.threads import one_thread
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

    Introduced in chapter 07.
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
