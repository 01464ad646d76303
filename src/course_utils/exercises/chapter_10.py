"""Exercises of chapter 10, large vocabularies."""

import math

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def draws(*shape: int, seed: int = 0) -> Tensor:
    """Return repeatable normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def appears(q: Tensor, num_samples: int) -> Tensor:
    """Probability that a class is among the samples at least once."""
    return -torch.expm1(num_samples * torch.log1p(-q))


def denominator(true_score: Tensor, sampled_scores: Tensor, q: Tensor) -> Tensor:
    """Estimate of the denominator from sampled classes, none of them the true one."""
    return true_score.exp() + (sampled_scores.exp() / q).mean()


def recovered(scores: Tensor, q: Tensor) -> Tensor:
    """Probabilities from scores that were trained by negative sampling."""
    return torch.softmax(scores + q.log(), dim=-1)


def merged_means(left: tuple, right: tuple) -> tuple:
    """Merge two (maximum, sum, weighted mean) triples."""
    top = max(left[0], right[0])
    a, b = left[1] * math.exp(left[0] - top), right[1] * math.exp(right[0] - top)
    return top, a + b, (a * left[2] + b * right[2]) / (a + b)


def mean_with_sums(a: float, b: float, left: tuple, right: tuple) -> tuple:
    """Merge right but for the mean, which is weighted by a and b."""
    top, total, _ = merged_means(left, right)
    return top, total, (a * left[2] + b * right[2]) / (a + b)


PROBS = torch.tensor([0.5, 0.25, 0.125, 0.125])

EXERCISES = (
    ValueExercise(
        number="10.1",
        title="Very many words",
        expected=(38_450_000, 1_638_400_000),
        hint="one weight a feature and one offset for each word; one score a word, position and "
        "sequence, of four bytes each.",
        mistakes={
            "The offsets are missing.": (38_400_000, 1_638_400_000),
            "A float32 number takes four bytes.": (38_450_000, 409_600_000),
            "Each position of each sequence has its own row of scores.": (38_450_000, 3_200_000),
        },
    ),
    FunctionExercise(
        number="10.2",
        title="Is it in the sample?",
        reference=appears,
        cases=[
            (torch.tensor([0.25]), 1),
            (torch.tensor([0.25]), 2),
            (PROBS, 10),
            (torch.tensor([1e-9, 1e-4], dtype=torch.float64), 1000),
        ],
        hint="first the probability that none of the draws is the class; mind tiny probabilities.",
        mistakes={
            "That is the expected count; it can exceed 1.": lambda q, s: q * s,
            "That is the probability that it is missing.": lambda q, s: 1 - appears(q, s),
            "That is the probability that all draws are this class.": lambda q, s: q**s,
        },
    ),
    FunctionExercise(
        number="10.3",
        title="A denominator from samples",
        reference=denominator,
        cases=[
            (torch.tensor(1.0), torch.tensor([0.0]), torch.tensor([0.5])),
            (torch.tensor(1.0), torch.tensor([0.0, 2.0]), torch.tensor([0.25, 0.5])),
            (torch.tensor(-1.0), draws(20), torch.softmax(draws(20, seed=1), 0)),
        ],
        hint="each draw stands for 1 / q draws of equal chance; then take the mean over the draws.",
        mistakes={
            "The weights are missing: frequent classes count too often.": lambda t, s, q: (
                t.exp() + s.exp().sum()
            ),
            "Divide by the proposal's probability; this multiplies.": lambda t, s, q: (
                t.exp() + (s.exp() * q).mean()
            ),
            "This is the sum over the draws; the mean was asked for.": lambda t, s, q: (
                t.exp() + (s.exp() / q).sum()
            ),
            "The true class belongs to the denominator, too.": lambda t, s, q: (s.exp() / q).mean(),
        },
    ),
    FunctionExercise(
        number="10.4",
        title="Probabilities after negative sampling",
        reference=recovered,
        cases=[
            (torch.zeros(2), torch.tensor([0.5, 0.5])),
            (torch.zeros(4), PROBS),
            (draws(3, 4), PROBS),
        ],
        hint="at the optimum a score is log(p / (s q)); solve for p. The s cancels.",
        mistakes={
            "These are the scores as they stand; the proposal is still in them.": lambda o, q: (
                torch.softmax(o, -1)
            ),
            "The proposal must be put back, not taken away again.": lambda o, q: torch.softmax(
                o - q.log(), -1
            ),
            "A sigmoid a class does not sum to one.": lambda o, q: torch.sigmoid(o),
            "The logarithm of the proposal is what belongs to a score.": lambda o, q: torch.softmax(
                o + q, -1
            ),
        },
    ),
    FunctionExercise(
        number="10.5",
        title="A third number in the pair",
        reference=merged_means,
        cases=[
            ((0.0, 1.0, 5.0), (0.0, 1.0, 7.0)),
            ((0.0, 2.0, 5.0), (math.log(3), 1.0, 9.0)),
            ((2.0, 1.5, -1.0), (-1.0, 3.0, 4.0)),
            ((1000.0, 1.0, 1.0), (0.0, 2.0, 3.0)),
        ],
        hint="first bring both sums to the larger maximum; they are then the weights of the means.",
        mistakes={
            "The two means have unequal weights.": lambda a, b: mean_with_sums(0.5, 0.5, a, b),
            "The sums belong to different maxima; rescale them first.": lambda a, b: mean_with_sums(
                a[1], b[1], a, b
            ),
            "The sums were added without rescaling.": lambda a, b: (
                max(a[0], b[0]),
                a[1] + b[1],
                (a[1] * a[2] + b[1] * b[2]) / (a[1] + b[1]),
            ),
        },
    ),
)
