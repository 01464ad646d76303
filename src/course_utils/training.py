"""Training: one update, one epoch, evaluation, and ``fit``, which returns a ``History``."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils.data import FashionMNIST, Split, batches, require_fashion_mnist
from course_utils.history import History
from course_utils.metrics import accuracy
from course_utils.softmax import cross_entropy
from course_utils.validation import (
    require_batches_it_can_train_on,
    require_count,
    require_integer,
    require_loss,
    require_loss_value,
    require_model,
    require_optimizer,
    require_positive,
    require_scores,
)

Minibatches = Iterable[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]


class StopTraining(Exception):  # noqa: N818 - a request, not an error
    """Raised inside an epoch when a callback asks ``fit`` to stop."""


class Accumulator:
    """Sums of several quantities over the batches of an epoch."""

    def __init__(self, num_sums: int) -> None:
        self.sums = [0.0] * num_sums

    def add(self, *amounts: float) -> None:
        """Add one amount to each sum."""
        self.sums = [total + amount for total, amount in zip(self.sums, amounts, strict=True)]

    def reset(self) -> None:
        """Start again at zero."""
        self.sums = [0.0] * len(self.sums)

    def __getitem__(self, index: int) -> float:
        return self.sums[index]


def sgd(params: Iterable[Tensor], lr: float) -> None:
    """Take one gradient step on each parameter, in place, and clear its gradient.

    Parameters
    ----------
    params : iterable of Tensor
        Leaves whose ``.grad`` a backward pass has filled. One without a gradient, because it is
        frozen or wasn't used, stays as it is.
    lr : float
        Learning rate.
    """
    with torch.no_grad():
        for param in params:
            if param.grad is not None:
                param -= lr * param.grad
                param.grad = None


def train_epoch(
    model: Callable[[Tensor], Tensor],
    data_iter: Minibatches,
    update: Callable[[], None],
    loss: Loss = cross_entropy,
) -> tuple[float, float]:
    """Train for one pass over the batches.

    Parameters
    ----------
    model : callable
        Maps images (b, h, w) to logits (b, q).
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
def in_mode(model: Callable[[Tensor], Tensor], training: bool) -> Iterator[None]:
    """Put a module into training or evaluation mode for a while; each part goes back to its own.

    The mode matters to layers such as dropout and batch normalisation. A model that is no
    ``torch.nn.Module`` has none.
    """
    parts = list(model.modules()) if isinstance(model, nn.Module) else []
    before = [part.training for part in parts]
    if isinstance(model, nn.Module):
        model.train(training)
    try:
        yield
    finally:
        for part, mode in zip(parts, before, strict=True):
            part.training = mode


@contextmanager
def inference(model: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Switch off gradients, and what a module does in training only, for a while."""
    with in_mode(model, training=False), torch.no_grad():
        yield


def evaluate(
    model: Callable[[Tensor], Tensor],
    split: Split,
    batch_size: int = 4096,
    loss: Loss = cross_entropy,
) -> tuple[float, float]:
    """Return the mean loss and the accuracy (a fraction) of a model on a split.

    Parameters
    ----------
    model : callable
        Maps images (b, h, w) to logits (b, q).
    split : Split
        Images and labels, in any order.
    batch_size : int
        Images at a time; changes the memory used, not the result.
    loss : callable
        Maps logits (b, q) and labels (b,) to the mean loss of the batch.
    """
    total = Accumulator(3)  # sum of losses, correct predictions, examples
    with inference(model):
        for X, y in batches(split, batch_size):
            logits = model(X)
            total.add(loss(logits, y).item() * len(y), accuracy(logits, y) * len(y), len(y))
    return total[0] / total[2], total[1] / total[2]


def predict(model: Callable[[Tensor], Tensor], X: Tensor) -> Tensor:
    """Return the most probable class (b,) of each image."""
    with inference(model):
        return model(X).argmax(dim=1)


def look(model: Any, data: FashionMNIST, loss: Loss, batch_size: int, seed: int) -> float:
    """Try a model and a loss on one batch, without a step; return the loss of guessing.

    The batch has a generator of its own: the one that shuffles still gives the first epoch the
    seed's first permutation.

    Raises
    ------
    TypeError, ValueError
        What the model or the loss gives can't be trained on.
    """
    own = torch.Generator().manual_seed(int(seed))
    X, y = next(iter(batches(data.train, batch_size, generator=own)))
    with in_mode(model, training=False):
        try:
            logits = model(X)
        except RuntimeError as error:
            raise ValueError(
                f"model must take images of shape {tuple(X.shape)} and {X.dtype}, got an error "
                f"for them: {error}"
            ) from error
        require_scores(logits, y, "model(X)", len(data.classes))
        require_loss_value(loss(logits, y))
        return loss(torch.zeros_like(logits), y).item()


def watched(
    data_iter: Minibatches, on_batch: Callable[[int], bool | None] | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches and report each one's number, from 0, before it is used."""
    for step, batch in enumerate(data_iter):
        if on_batch is not None and on_batch(step):
            raise StopTraining
        yield batch


def clear_gradients(params: Iterable[Tensor]) -> None:
    """Forget the gradients of all these parameters."""
    for param in params:
        param.grad = None


def fit(
    model: Any,
    data: FashionMNIST,
    *,
    num_epochs: int,
    lr: float | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    loss: Loss = functional.cross_entropy,
    batch_size: int = 256,
    seed: int = 0,
    on_epoch: Callable[[int, History], bool | None] | None = None,
    on_batch: Callable[[int], bool | None] | None = None,
) -> History:
    """Train a model by minibatch stochastic gradient descent, on the device of the data.

    Parameters
    ----------
    model : SoftmaxRegression or torch.nn.Module
        Anything with ``parameters()`` that maps images (b, h, w) to logits (b, q). It is changed
        in place. A module trains in training mode and is measured in evaluation mode.
    data : FashionMNIST
        Trains on ``data.train``. ``data.test`` and, if there is one, ``data.valid`` are measured
        after each epoch, never trained on.
    num_epochs : int
        Passes over the training split.
    lr : float
        Learning rate of plain SGD, above 0. Either this or an optimiser.
    optimizer : torch.optim.Optimizer
        Takes the steps in place of SGD; made over parameters of ``model``.
    loss : callable
        Maps logits (b, q) and labels (b,) to the mean loss of the batch. The default is equal, to
        rounding, to ``course_utils.softmax.cross_entropy``, and a quarter faster in training.
    batch_size : int
        Images in a minibatch.
    seed : int
        Decides the order of the images: one permutation per epoch, drawn on the CPU and so the
        same on every device. The initial weights are the model's own.
    on_epoch : callable, optional
        Called as ``on_epoch(epoch, history)`` after each epoch, counted from 1.
    on_batch : callable, optional
        Called as ``on_batch(step)`` before each batch of an epoch, counted from 0.
        Either callback may return True to stop.

    Returns
    -------
    History
        One entry per epoch; ``remark`` says how the run ended.

    Raises
    ------
    TypeError, ValueError
        Before the first step: a hyperparameter out of range, or a model, optimiser or loss that
        doesn't fit the data or each other.
    """
    require_fashion_mnist(data)
    require_model(model, data.train.images.device)
    params = list(model.parameters())
    step: Callable[[], object]
    if optimizer is not None and lr is None:
        require_optimizer(optimizer, params)
        step = optimizer.step
    elif lr is not None and optimizer is None:
        require_positive("lr", lr)
        step = partial(sgd, params, float(lr))
    else:
        raise ValueError(
            f"lr or optimizer must be given, and not both, got lr={lr} and optimizer={optimizer}; "
            "an optimizer has a learning rate of its own"
        )
    require_count("num_epochs", num_epochs)
    require_count("batch_size", batch_size)
    require_integer("seed", seed)
    require_loss(loss)
    require_batches_it_can_train_on(model, data.train.images, batch_size)
    history = History(guessing_loss=look(model, data, loss, batch_size, seed))

    def update() -> None:
        """Take a step; no gradient is left, not even one that the optimiser doesn't hold."""
        step()
        clear_gradients(params)

    measured = {name: split for name, split in data.splits().items() if name != "train"}
    shuffle = torch.Generator().manual_seed(int(seed))
    clear_gradients(params)
    try:
        for epoch in range(1, num_epochs + 1):
            data_iter = batches(data.train, batch_size, generator=shuffle)
            with in_mode(model, training=True):
                running = train_epoch(model, watched(data_iter, on_batch), update, loss)
            ends = {name: evaluate(model, split, loss=loss) for name, split in measured.items()}
            history.record(train=running, **ends)
            if on_epoch is not None and on_epoch(epoch, history):
                history.stopped = epoch < num_epochs
            if history.diverged or history.stopped:
                break
    except StopTraining:
        history.stopped = True
    finally:
        clear_gradients(params)  # an interrupted run leaves none for the next one to add to
    return history
