"""Exercises of chapter 7, softmax regression from scratch."""

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def pixels(*shape: int) -> Tensor:
    """Return repeatable pictures with values between 0 and 1."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)))


def gradient(X: Tensor, probs: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the mean cross-entropy by the weights."""
    error = probs.clone()
    error[torch.arange(len(labels)), labels] -= 1
    return X.flatten(1).T @ error / len(labels)


def gradient_cases() -> list[tuple]:
    """Return pictures, probabilities and labels, one picture first."""
    cases = []
    for b, side, q in ((1, 1, 2), (2, 1, 3), (3, 2, 3), (8, 4, 10)):
        probs = torch.softmax(pixels(b, q) * 3, 1)
        cases.append((pixels(b, side, side), probs, torch.arange(b) % q))
    return cases


def clipped_step(param: Tensor, grad: Tensor, lr: float, limit: float) -> Tensor:
    """One step along a gradient whose norm is at most ``limit``."""
    return param - lr * grad * min(1.0, limit / grad.norm().item())


def epochs_until(losses: list, patience: int) -> int:
    """Return the number of epochs after which early stopping ends the run."""
    best, since = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since == patience:
            return epoch
    return len(losses)


EXERCISES = (
    ValueExercise(
        number="7.1",
        title="Counting parameters",
        expected=30730,
        hint="each of the classes has one weight for every input number, and one offset.",
        mistakes={
            "The offsets are missing: each class has one more number.": 30720,
            "A colour picture has three numbers a pixel.": 10250,
            "One offset a class, not one a pixel.": 33792,
        },
    ),
    FunctionExercise(
        number="7.2",
        title="The gradient by hand",
        reference=gradient,
        cases=gradient_cases(),
        hint="one matrix product of the pictures, laid out as rows, and the error P - Y.",
        mistakes={
            "This is the sum over the batch; the loss is a mean.": lambda X, p, y: (
                gradient(X, p, y) * len(y)
            ),
            "The sign is wrong: this is the direction of descent.": lambda X, p, y: (
                -gradient(X, p, y)
            ),
            "The labels were not subtracted.": lambda X, p, y: X.flatten(1).T @ p / len(y),
        },
    ),
    FunctionExercise(
        number="7.3",
        title="A step that cannot be too long",
        reference=clipped_step,
        cases=[
            (torch.tensor([1.0]), torch.tensor([0.5]), 0.1, 1.0),
            (torch.tensor([1.0]), torch.tensor([4.0]), 0.1, 1.0),
            (torch.zeros(2), torch.tensor([3.0, 4.0]), 1.0, 2.5),
            (pixels(4, 3), pixels(4, 3) * 10, 0.5, 2.0),
        ],
        hint="shorten the whole gradient by one factor, and only when its norm is above the limit.",
        mistakes={
            "Each number was cut by itself; that turns the gradient.": lambda p, g, lr, c: (
                p - lr * g.clamp(-c, c)
            ),
            "A gradient that is short enough must stay as it is.": lambda p, g, lr, c: (
                p - lr * g * c / g.norm()
            ),
            "The step goes uphill.": lambda p, g, lr, c: 2 * p - clipped_step(p, g, lr, c),
            "The gradient was not shortened.": lambda p, g, lr, c: p - lr * g,
        },
    ),
    FunctionExercise(
        number="7.4",
        title="When to stop",
        reference=epochs_until,
        cases=[
            ([1.0], 1),
            ([1.0, 2.0], 1),
            ([3.0, 2.0, 1.0], 1),
            ([3.0, 2.0, 2.5, 1.0, 1.5, 1.6, 0.5], 2),
            ([1.0, 1.0, 1.0, 0.5], 2),
        ],
        hint="keep the best loss so far, and count the epochs since it was reached.",
        mistakes={
            "An equal loss is not a new best.": lambda losses, patience: epochs_until(
                [loss - 1e-9 * i for i, loss in enumerate(losses)], patience
            ),
            "That is the epoch of the best loss; training goes on until patience runs out.": (
                lambda losses, patience: losses.index(min(losses)) + 1
            ),
            "Epochs are counted from 1.": lambda losses, patience: (
                epochs_until(losses, patience) - 1
            ),
        },
    ),
)
