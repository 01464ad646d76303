"""Training: one update, one epoch, evaluation, and ``fit``, which returns a ``History``."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from course_utils.data import FashionMNIST, Split, batches
from course_utils.history import History
from course_utils.metrics import accuracy, require_scores
from course_utils.softmax import cross_entropy
from course_utils.validation import require_count, require_positive

Batches = Iterable[tuple[Tensor, Tensor]]


class StopTraining(Exception):  # noqa: N818 - a request, not an error
    """Raised inside an epoch when a callback asks ``fit`` to stop."""


class Accumulator:
    """Sums of several quantities over the batches of an epoch."""

    def __init__(self, n: int) -> None:
        self.sums = [0.0] * n

    def add(self, *amounts: float) -> None:
        """Add one amount to each sum."""
        self.sums = [total + amount for total, amount in zip(self.sums, amounts, strict=True)]

    def __getitem__(self, index: int) -> float:
        return self.sums[index]


def sgd(params: Iterable[Tensor], lr: float) -> None:
    """Take one gradient step on each parameter, in place, and clear its gradient.

    Parameters
    ----------
    params : iterable of Tensor
        Leaves whose ``.grad`` a backward pass has filled.
    lr : float
        Learning rate.
    """
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad  # type: ignore[operator]
            param.grad = None


def train_epoch(
    model: Callable[[Tensor], Tensor],
    data_iter: Batches,
    update: Callable[[], None],
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
) -> tuple[float, float]:
    """Train for one pass over the batches.

    Parameters
    ----------
    model : callable
        Maps pictures (b, h, w) to logits (b, q).
    data_iter : iterable of (X, y)
        Minibatches, in the order in which they are used.
    update : callable
        Called after each backward pass; changes the parameters and clears their gradients.
    loss : callable
        Maps logits (b, q) and labels (b,) to the mean loss of the batch.

    Returns
    -------
    (float, float)
        Mean loss and accuracy over the epoch, each batch measured before its own update.
    """
    total = Accumulator(3)  # sum of losses, correct predictions, examples
    for X, y in data_iter:
        logits = model(X)
        batch_loss = loss(logits, y)
        batch_loss.backward()
        update()
        total.add(batch_loss.item() * len(y), accuracy(logits, y) * len(y), len(y))
    return total[0] / total[2], total[1] / total[2]


@contextmanager
def inference(model: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Switch off gradients and a module's training behaviour (dropout, say) for a while."""
    training = getattr(model, "training", False)
    if training:
        model.eval()  # type: ignore[attr-defined]
    try:
        with torch.no_grad():
            yield
    finally:
        if training:
            model.train()  # type: ignore[attr-defined]


def evaluate(
    model: Callable[[Tensor], Tensor], split: Split, batch_size: int = 4096
) -> tuple[float, float]:
    """Return the mean loss (nats) and the accuracy (a fraction) of a model on a split.

    Parameters
    ----------
    model : callable
        Maps pictures (b, h, w) to logits (b, q).
    split : Split
        Pictures and labels, in any order.
    batch_size : int
        Pictures at a time; changes the memory used, not the result.
    """
    total = Accumulator(3)  # sum of losses, correct predictions, examples
    with inference(model):
        for X, y in batches(split, batch_size):
            logits = model(X)
            losses = cross_entropy(logits, y, reduction="sum")
            total.add(losses.item(), accuracy(logits, y) * len(y), len(y))
    return total[0] / total[2], total[1] / total[2]


def loss_limit(model: Callable[[Tensor], Tensor], data_iter: Batches, num_classes: int) -> float:
    """Return twice the loss of guessing, or of the untrained model if that is larger.

    A run whose running loss is above this has been made worse by training: it diverges. The loss
    before training is that of one batch, which should be a shuffled one: files are often sorted.

    Raises
    ------
    ValueError
        The model does not give one logit for each class.
    """
    with inference(model):
        X, y = next(iter(data_iter))
        logits = model(X)
    if logits.ndim == 2 and logits.shape[1] != num_classes:
        raise ValueError(
            f"model gives {logits.shape[1]} logits for {num_classes} classes; "
            f"its last layer needs {num_classes} outputs"
        )
    require_scores(logits, y, "model(X)")
    return 2 * max(math.log(num_classes), cross_entropy(logits, y).item())


def watched(data_iter: Batches, on_batch: Callable[[int], bool | None] | None) -> Batches:
    """Yield the batches and report each one's number, from 0, before it is used."""
    for step, batch in enumerate(data_iter):
        if on_batch is not None and on_batch(step):
            raise StopTraining
        yield batch


def fit(
    model,
    data: FashionMNIST,
    *,
    lr: float,
    num_epochs: int,
    batch_size: int = 256,
    seed: int = 0,
    on_epoch: Callable[[int, History], bool | None] | None = None,
    on_batch: Callable[[int], bool | None] | None = None,
) -> History:
    """Train a model by minibatch stochastic gradient descent on the cross-entropy.

    Parameters
    ----------
    model : SoftmaxRegression or torch.nn.Module
        Anything with ``parameters()`` that maps pictures (b, h, w) to logits (b, q).
        It is changed in place.
    data : FashionMNIST
        Trains on ``data.train``; ``data.test`` is measured after each epoch, never trained on.
    lr : float
        Learning rate, above 0.
    num_epochs : int
        Passes over the training split.
    batch_size : int
        Pictures in a minibatch.
    seed : int
        Decides the order of the pictures: a permutation for a look at the loss before training,
        then one an epoch. The initial weights are the model's own.
    on_epoch : callable, optional
        Called as ``on_epoch(epoch, history)`` after each epoch, counted from 1.
    on_batch : callable, optional
        Called as ``on_batch(step)`` before each batch of an epoch, counted from 0.
        Either callback may return True to stop.

    Returns
    -------
    History
        One entry an epoch; ``diverged`` and ``stopped`` say how the run ended.

    Raises
    ------
    TypeError, ValueError
        A hyperparameter out of range, or a model whose logits do not fit the classes.
    """
    require_positive("lr", lr)
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    shuffle = torch.Generator().manual_seed(seed)
    first_look = batches(data.train, batch_size, generator=shuffle)
    history = History(loss_limit=loss_limit(model, first_look, len(data.classes)))
    update = partial(sgd, list(model.parameters()), lr)
    for epoch in range(1, num_epochs + 1):
        data_iter = watched(batches(data.train, batch_size, generator=shuffle), on_batch)
        try:
            running = train_epoch(model, data_iter, update)
        except StopTraining:
            history.stopped = True
            break
        history.record(*running, *evaluate(model, data.test))
        if on_epoch is not None and on_epoch(epoch, history):
            history.stopped = epoch < num_epochs
        if history.diverged or history.stopped:
            break
    return history
