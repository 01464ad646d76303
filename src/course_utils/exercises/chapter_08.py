"""Exercises of chapter 8, softmax regression with PyTorch's own parts."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def momentum_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """One step of SGD with momentum, as torch.optim.SGD takes it."""
    buffer = momentum * buffer + grad
    return param - lr * buffer, buffer


def damped_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The buffer as a weighted mean of the old buffer and the gradient."""
    return momentum_step(param, (1 - momentum) * grad, buffer, lr, momentum)


def classical_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The learning rate inside the buffer."""
    buffer = momentum * buffer + lr * grad
    return param - buffer, buffer


def nesterov_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """Nesterov's variant."""
    buffer = momentum * buffer + grad
    return param - lr * (grad + momentum * buffer), buffer


def momentum_cases() -> list[tuple]:
    """Return parameters, gradients and buffers; the first buffer is zero, as at the start."""
    generator = torch.Generator().manual_seed(0)
    large = tuple(torch.randn(3, 2, generator=generator) for _ in range(3))
    return [
        (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([0.0]), 0.1, 0.9),
        (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([4.0]), 0.1, 0.5),
        (*large, 0.05, 0.9),
    ]


def cosine_rate(step: int, num_steps: int, lr: float, lr_end: float) -> float:
    """Learning rate that falls from lr to lr_end along half a cosine."""
    return lr_end + (lr - lr_end) * (1 + math.cos(math.pi * step / num_steps)) / 2


def mean_gradient_of_at_most(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function for the gradient of the mean loss, with memory for ``size`` rows."""

    def mean_gradient(X: Tensor, labels: Tensor) -> Tensor:
        if not 0 < len(X) <= size:
            raise ValueError(f"there is memory for 1 to {size} rows at once, got {len(X)}")
        return mean_gradient_without_limit(X, labels)

    return mean_gradient


def mean_gradient_without_limit(X: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the mean cross-entropy at zero weights and three classes."""
    error = torch.full((len(X), 3), 1 / 3)
    error[torch.arange(len(X)), labels] -= 1
    return X.T @ error / len(X)


def micro_batches(f: Callable, X: Tensor, labels: Tensor, size: int) -> list[tuple[int, Tensor]]:
    """Return the number of rows and the mean gradient of each micro-batch."""
    parts = zip(X.split(size), labels.split(size), strict=True)
    return [(len(x), f(x, y)) for x, y in parts]


def accumulated(f: Callable, X: Tensor, labels: Tensor, size: int) -> Tensor:
    """Gradient of the mean over all rows, from micro-batches."""
    found = micro_batches(f, X, labels, size)
    return torch.stack([n / len(X) * gradient for n, gradient in found]).sum(0)


def full_ones_only(f: Callable, X: Tensor, labels: Tensor, size: int) -> Tensor:
    """Leave out a last micro-batch that is not full."""
    n = len(X) // size * size
    return accumulated(f, X[:n], labels[:n], size)


def accumulation_cases() -> list[tuple]:
    """Return one micro-batch, equal ones, and a smaller last one."""
    cases = []
    for n, size in ((1, 1), (2, 2), (4, 2), (3, 2), (10, 4)):
        X = torch.rand(n, 2, generator=torch.Generator().manual_seed(n))
        cases.append((mean_gradient_of_at_most(size), X, torch.arange(n) % 3, size))
    return cases


EXERCISES = (
    ValueExercise(
        number="8.1",
        title="The shape of a weight",
        expected=(100, 3072),
        hint="one row of weights for each output; how many numbers does one picture have?",
        mistakes={
            "That is the matrix of the formula; nn.Linear stores it the other way round.": (
                3072,
                100,
            ),
            "The offsets are a tensor of their own.": (100, 3073),
            "A colour picture has three numbers a pixel.": (100, 1024),
            "Flatten keeps the batch apart; it does not enter the weights.": (256, 3072),
        },
    ),
    FunctionExercise(
        number="8.2",
        title="Momentum, as torch does it",
        reference=momentum_step,
        cases=momentum_cases(),
        hint="two lines: first the buffer, then the step along the new buffer.",
        mistakes={
            "torch adds the whole gradient; this is the version with dampening.": damped_step,
            "torch keeps the learning rate out of the buffer.": classical_step,
            "This is Nesterov's variant.": nesterov_step,
            "The step uses the old buffer.": lambda p, g, b, lr, m: (
                p - lr * b,
                m * b + g,
            ),
            "The step goes uphill.": lambda p, g, b, lr, m: (
                p + lr * (m * b + g),
                m * b + g,
            ),
            "The momentum plays no part.": lambda p, g, b, lr, m: (p - lr * g, g),
            "The buffer is added whole, so it would never forget.": lambda p, g, b, lr, m: (
                momentum_step(p, g, b, lr, 1.0)
            ),
        },
    ),
    FunctionExercise(
        number="8.3",
        title="A rate that falls along a cosine",
        reference=cosine_rate,
        cases=[
            (0, 10, 0.1, 0.0),
            (1, 10, 0.1, 0.0),
            (5, 10, 0.1, 0.0),
            (10, 10, 0.1, 0.0),
            (0, 10, 0.5, 0.1),
            (10, 10, 0.5, 0.1),
            (3, 8, 0.5, 0.1),
        ],
        hint="the cosine falls from 1 to -1 over half a turn; scale it and shift it.",
        mistakes={
            "It rises: the beginning and the end are exchanged.": lambda t, n, a, b: cosine_rate(
                n - t, n, a, b
            ),
            "A cosine also falls below zero, and a rate must not.": lambda t, n, a, b: (
                b + (a - b) * math.cos(math.pi * t / n)
            ),
            "That is a whole turn: the rate is back at its start.": lambda t, n, a, b: cosine_rate(
                2 * t, n, a, b
            ),
            "That is a quarter of a turn, which falls fastest at the end.": lambda t, n, a, b: (
                b + (a - b) * math.cos(math.pi / 2 * t / n)
            ),
            "math.cos wants radians.": lambda t, n, a, b: (
                b + (a - b) * (1 + math.cos(180 * t / n)) / 2
            ),
            "That is a straight line.": lambda t, n, a, b: a + (b - a) * t / n,
            "It ends at zero, whatever lr_end is.": lambda t, n, a, b: cosine_rate(t, n, a, 0.0),
            "lr_end was added on top; the rate has to start at lr.": lambda t, n, a, b: (
                b + cosine_rate(t, n, a, 0.0)
            ),
        },
    ),
    FunctionExercise(
        number="8.4",
        title="A batch that does not fit",
        reference=accumulated,
        cases=accumulation_cases(),
        atol=1e-6,
        hint="the mean over all rows is a sum divided by their number; what is each part's sum?",
        mistakes={
            "The sign is wrong: the gradients are added up as they are.": lambda f, X, y, n: (
                -accumulated(f, X, y, n)
            ),
            "This is the sum over the rows; the mean is asked for.": lambda f, X, y, n: (
                len(X) * accumulated(f, X, y, n)
            ),
            "A sum of means grows with the number of micro-batches.": lambda f, X, y, n: (
                torch.stack([g for _, g in micro_batches(f, X, y, n)]).sum(0)
            ),
            "That is the gradient of the last micro-batch; the others were overwritten.": (
                lambda f, X, y, n: micro_batches(f, X, y, n)[-1][1]
            ),
            "A smaller last micro-batch must count for less.": lambda f, X, y, n: torch.stack(
                [g for _, g in micro_batches(f, X, y, n)]
            ).mean(0),
            "The rows of the last micro-batch were left out.": full_ones_only,
        },
    ),
)
