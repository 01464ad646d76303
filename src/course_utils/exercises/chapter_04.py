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
    """Return logits and labels: harmless, large, far apart, large and close."""
    return [
        (torch.tensor([[0.0, 1.0]]), torch.tensor([1])),
        (torch.tensor([[100.0, 99.0]]), torch.tensor([0])),
        (torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([1])),
        (torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]]), torch.tensor([1, 1])),
        (torch.tensor([[1e4, 0.0, -1e4], [0.5, 0.25, 0.0]]), torch.tensor([2, 0])),
        # Where log-sum-exp is taken first, its digits end at 1/16.
        (torch.tensor([[1e6, 1e6 - 0.25, 1e6 + 0.5]]), torch.tensor([0])),
        (torch.tensor([[1e30, -1e30, 1e30]]), torch.tensor([0])),
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


def softplus_from(x: float, switch: float) -> float:
    """Return x itself from some number on, as torch does from 20 on."""
    return x if x > switch else math.log1p(math.exp(x))


def log_difference(a: float, b: float) -> float:
    """log(exp(a) - exp(b)) for a > b, accurate everywhere."""
    gap = a - b
    return a + (math.log(-math.expm1(-gap)) if gap < math.log(2) else math.log1p(-math.exp(-gap)))


def log_difference_from(a: float, b: float, switch: float) -> float:
    """Change the formula at another gap."""
    gap = a - b
    return a + (math.log(-math.expm1(-gap)) if gap < switch else math.log1p(-math.exp(-gap)))


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
        gradient=0,
        hint="take the logarithm of the formula on paper before you compute anything.",
        mistakes={
            "The minus is missing: a loss is never negative.": lambda z, y: -row_losses(z, y),
            "This is the mean over the rows; one loss per row is asked for.": lambda z, y: (
                row_losses(z, y).mean()
            ),
            "The logarithm met a probability that had underflowed to zero.": lambda z, y: picked(
                softmax(z).log(), y
            ),
            "exp overflowed: this is the formula as it reads.": lambda z, y: picked(
                softmax_naive(z).log(), y
            ),
            "One maximum for the whole batch lets the other rows underflow.": log_of_whole_maximum,
            "This is a softmax of a softmax.": lambda z, y: row_losses(softmax(z), y),
            "Both log-sum-exp and the logit are large, and their difference loses its digits: "
            "subtract the maximum from the logits first.": lambda z, y: (
                torch.logsumexp(z, 1) - z.gather(1, y[:, None])[:, 0]
            ),
        },
    ),
    FunctionExercise(
        number="4.4",
        title="Softplus",
        reference=softplus,
        # At 20 and a little beyond, the small part still belongs to the twelve digits.
        cases=[
            *((x,) for x in (0.0, 1.0, -1.0, -5.5, 12.5, 18.0, 20.5, 21.0, -20.5, -25.5)),
            *((x,) for x in (-40.0, 40.0, 709.5, 710.0, -700.0, 1000.0, -1000.0)),
        ],
        rtol=1e-12,
        atol=0.0,
        hint="log(1 + exp(x)) = x + log(1 + exp(-x)); which of the two may overflow, and what does "
        "math.log1p do that math.log does not?",
        mistakes={
            "1 + exp(x) rounds to 1, and the small result is lost.": lambda x: (
                max(x, 0.0) + math.log(1 + math.exp(-abs(x)))
            ),
            "This is the formula as it reads: exp overflows above 709, and below -37 the sum "
            "1 + exp(x) is 1.": softplus_naive,
            "exp overflows above 709; log1p alone does not help there.": lambda x: math.log1p(
                math.exp(x)
            ),
            "From 20 on this returns x, but the small part still belongs to the twelve digits.": (
                lambda x: softplus_from(x, 20.0)
            ),
            "Below -20 this returns exp(x), or 0; the next term still belongs to the digits.": (
                lambda x: math.exp(x) if x < -20 else softplus(x)
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
            (0.0, -2e-7),
            (0.0, -50.0),
            (0.0, -12.5),
            (0.0, -13.5),
            (0.0, -15.0),
            (0.0, -25.0),
            (-1000.0, -1000.5),
            (3.0, 3.0 - 2**-30),
            (700.0, -700.0),
        ],
        rtol=1e-12,
        atol=1e-30,
        hint="take exp(a) out of the difference; then look for a function of the math module that "
        "gives exp(x) - 1 without cancellation.",
        mistakes={
            "The difference of two exponentials is not the exponential of the difference.": (
                lambda a, b: a - b
            ),
            "This is the formula as it reads: exp overflows, and both may round to 0.": (
                lambda a, b: math.log(math.exp(a) - math.exp(b))
            ),
            "exp(x) - 1 cancels when x is near 0, and log(1 - x) loses a small x.": (
                lambda a, b: a + math.log(1 - math.exp(b - a))
            ),
            "expm1 alone does for small gaps; at large ones the logarithm of nearly 1 loses the "
            "digits.": lambda a, b: log_difference_from(a, b, math.inf),
            "log1p alone does for large gaps; at small ones 1 - exp(-d) cancels.": lambda a, b: (
                log_difference_from(a, b, 0.0)
            ),
            "The switch comes too late: at a gap of 15 digits are lost already.": (
                lambda a, b: log_difference_from(a, b, 20.0)
            ),
            "The switch comes much too late: from a gap of 10 on digits are lost.": (
                lambda a, b: log_difference_from(a, b, 30.0)
            ),
            "The factor that was taken out is missing.": lambda a, b: log_difference(a, b) - a,
            "This is the logarithm of the sum.": lambda a, b: a + math.log1p(math.exp(b - a)),
        },
    ),
)
