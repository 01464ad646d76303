"""Exercises of chapter 4, overflow and underflow."""

import math

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise
from course_utils.softmax import log_softmax, softmax, softmax_naive


def row_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Loss of each row, safe for all finite logits."""
    return -log_softmax(logits).gather(1, labels[:, None]).squeeze(1)


def picked(log_probs: Tensor, labels: Tensor) -> Tensor:
    """Negative entry of each row at its label."""
    return -log_probs.gather(1, labels[:, None]).squeeze(1)


def loss_cases() -> list[tuple]:
    """Return logits and labels: harmless, large, far apart, far apart between the rows."""
    return [
        (torch.tensor([[0.0, 1.0]]), torch.tensor([1])),
        (torch.tensor([[100.0, 99.0]]), torch.tensor([0])),
        (torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([1])),
        (torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]]), torch.tensor([1, 1])),
        (torch.tensor([[1e4, 0.0, -1e4], [0.5, 0.25, 0.0]]), torch.tensor([2, 0])),
    ]


def log_of_whole_maximum(logits: Tensor, labels: Tensor) -> Tensor:
    """Shift all rows by the largest logit of the batch."""
    shifted = logits - logits.max()
    return picked(shifted - shifted.exp().sum(1, keepdim=True).log(), labels)


def softplus(x: float) -> float:
    """log(1 + exp(x)) for every x."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def softplus_naive(x: float) -> float:
    """The formula as it reads."""
    return math.log(1 + math.exp(x))


def log_difference(a: float, b: float) -> float:
    """log(exp(a) - exp(b)) for a > b, accurate everywhere."""
    gap = a - b
    return a + (math.log(-math.expm1(-gap)) if gap < math.log(2) else math.log1p(-math.exp(-gap)))


EXERCISES = (
    ValueExercise(
        number="4.1",
        title="Does exp(50) overflow?",
        expected=88,
        hint="try numbers around the threshold that the table gives for this format.",
        mistakes={
            "exp(50) is about 5e21; the largest number of the format is about 3.4e38.": 50,
            "That is the last integer for float64.": 709,
            "That is the last integer for float16.": 11,
            "That one is already inf: the threshold lies between two integers.": 89,
        },
    ),
    ValueExercise(
        number="4.2",
        title="The domain of the logarithm",
        expected=104,
        hint="the probability of the second class is exp(-g) but for a factor near 1; "
        "subnormal numbers are not zero yet.",
        mistakes={
            "There the reciprocal of the probability overflows; the probability does not vanish "
            "yet.": 89,
            "That is the smallest normal number; subnormal ones go on below it.": 88,
            "One less is still a subnormal number above zero.": 103,
            "That is the gap for float64.": 746,
            "There 1 + exp(-g) rounds to 1, but exp(-g) itself is far from zero.": 17,
        },
    ),
    FunctionExercise(
        number="4.3",
        title="Mend both",
        reference=row_losses,
        cases=loss_cases(),
        hint="take the logarithm of the formula on paper before you compute anything.",
        mistakes={
            "The minus is missing: a loss is never negative.": lambda z, y: -row_losses(z, y),
            "This is the mean over the rows; one loss a row is asked for.": lambda z, y: row_losses(
                z, y
            ).mean(),
            "The logarithm met a probability that had underflowed to zero.": lambda z, y: picked(
                softmax(z).log(), y
            ),
            "exp overflowed: this is the formula as it reads.": lambda z, y: picked(
                softmax_naive(z).log(), y
            ),
            "One maximum for the whole batch lets the other rows underflow.": log_of_whole_maximum,
            "This is a softmax of a softmax.": lambda z, y: row_losses(softmax(z), y),
        },
    ),
    FunctionExercise(
        number="4.4",
        title="Softplus",
        reference=softplus,
        cases=[(0.0,), (1.0,), (-1.0,), (-40.0,), (40.0,), (1000.0,), (-1000.0,)],
        rtol=1e-12,
        atol=0.0,
        hint="log(1 + exp(x)) = x + log(1 + exp(-x)); which of the two may overflow, and what does "
        "math.log1p do that math.log does not?",
        mistakes={
            "1 + exp(x) rounds to 1, and the small result is lost.": lambda x: (
                max(x, 0.0) + math.log(1 + math.exp(-abs(x)))
            ),
            "This is the rectifier: the smooth corner is missing.": lambda x: max(x, 0.0),
            "The smooth part has the wrong sign.": lambda x: (
                max(x, 0.0) - math.log1p(math.exp(-abs(x)))
            ),
        },
    ),
    FunctionExercise(
        number="4.5",
        title="The logarithm of a difference",
        reference=log_difference,
        cases=[
            (1.0, 0.0),
            (0.0, -1.0),
            (1000.0, 999.0),
            (0.0, -1e-10),
            (0.0, -50.0),
            (-1000.0, -1000.5),
        ],
        rtol=1e-12,
        atol=1e-30,
        hint="take exp(a) out of the difference; then look for a function of the math module that "
        "gives exp(x) - 1 without cancellation.",
        mistakes={
            "The difference of two exponentials is not the exponential of the difference.": (
                lambda a, b: a - b
            ),
            "exp(x) - 1 cancels when x is near 0.": lambda a, b: a + math.log(1 - math.exp(b - a)),
            "The factor that was taken out is missing.": lambda a, b: log_difference(a, b) - a,
            "This is the logarithm of the sum.": lambda a, b: a + math.log1p(math.exp(b - a)),
        },
    ),
)
