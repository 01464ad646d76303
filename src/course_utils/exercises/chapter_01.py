"""Exercises of chapter 1, from scores to probabilities."""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from course_utils.exercises.grading import FunctionExercise, ValueExercise
from course_utils.softmax import softmax, softmax_naive


def score_cases() -> list[tuple]:
    """Return scores: one row, a square, more columns than rows, more rows than columns."""
    generator = torch.Generator().manual_seed(0)
    return [
        (torch.tensor([[0.0, 1.0]]),),
        (torch.tensor([[0.0, 1.0], [2.0, -1.0]]),),
        (2 * torch.randn(2, 3, generator=generator),),
        (2 * torch.randn(5, 2, generator=generator),),
    ]


READY_MADE = {"softmax", "softmin", "log_softmax", "logsumexp", "gumbel_softmax", "normalize"}


def rows_sum_to_one(probs: Tensor, scores: Tensor) -> bool:
    return torch.allclose(probs.sum(1), torch.ones(len(probs)), atol=1e-5)


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """One row for each label, of dtype float32."""
    return torch.eye(num_classes)[labels]


def all_columns(labels: Tensor, num_classes: int) -> Tensor:
    """Set the columns of all labels in every row."""
    rows = torch.zeros(len(labels), num_classes)
    rows[:, labels] = 1
    return rows


def shares_above_smallest(scores: Tensor) -> Tensor:
    """Share of each score in its row, after the smallest was subtracted."""
    above = scores - scores.amin(1, keepdim=True)
    return above / above.sum(1, keepdim=True)


def temperature(scores: Tensor, target: float) -> float:
    """Temperature at which the largest probability is ``target``, by bisection of 1 / T."""
    low, high = 0.0, 1.0
    while softmax(high * scores).max() < target:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if softmax(middle * scores).max() > target else (middle, high)
    return 1 / high


def lead(scores: Tensor) -> float:
    """Difference of the two largest scores."""
    first, second = scores.topk(2).values.tolist()
    return first - second


def first_lead(scores: Tensor) -> float:
    return (scores[0] - scores[1]).item()


EXERCISES = (
    ValueExercise(
        number="1.1",
        title="Dog against chicken",
        expected=math.exp(4),
        digits=3,
        hint="a third class does not enter the odds of two; what does their lead become?",
        mistakes={
            "A ratio of scores says nothing about chances.": -3.0,
            "That is a score, or a ratio of two; the odds come from a difference.": 3.0,
            "That is the lead over the cat, or a minus was lost; it is not yet the odds.": 2.0,
            "That is the lead of the chicken, and not yet the odds.": -4.0,
            "That is a power of 10; the exponential has the base e.": 1e4,
            "That is the lead of one score over the other; it is not yet the odds.": 4.0,
            "The lead is the exponent of e, not a factor before it.": 4 * math.e,
            "That is e times a lead, and the lead over the cat; a lead is an exponent.": 2 * math.e,
            "Odds are the quotient of two exponentials, not their difference.": (
                math.exp(3) - math.exp(-1)
            ),
            "That is a power of 2; the exponential has the base e.": 2.0**4,
            "The digits after the point were cut off; three digits are asked for.": 54.0,
            "That is e to the quotient of the scores; it is their difference that counts.": (
                math.exp(-3)
            ),
            "That is the logarithm of the lead; the odds are its exponential.": math.log(4),
            "Those are the odds of dog against cat, or a minus was lost in the lead.": math.exp(2),
            "Those are the odds of cat against dog, or a minus was lost.": math.exp(-2),
            "That is the probability of chicken, among all three classes.": (
                math.exp(-1) / (math.exp(3) + math.exp(1) + math.exp(-1))
            ),
            "The score of the chicken is not in it.": math.exp(3),
            "Those are the odds of chicken against dog.": math.exp(-4),
            "That is the probability of dog without the cat; odds divide it by the chicken's.": (
                1 / (1 + math.exp(-4))
            ),
            "That is the probability of dog, among all three classes.": (
                math.exp(3) / (math.exp(3) + math.exp(1) + math.exp(-1))
            ),
            "Those are the odds of dog against the two others together.": (
                math.exp(3) / (math.exp(1) + math.exp(-1))
            ),
        },
    ),
    FunctionExercise(
        number="1.2",
        title="Softmax of the rows",
        reference=lambda scores: softmax_naive(scores, 1),
        cases=score_cases(),
        hint="each row is divided by its own sum; which shape must the sums have to line up?",
        properties=[("Each row should sum to 1.", rows_sum_to_one)],
        bans=[
            (
                "Write it with exp and sum; the ready-made functions are for comparing afterwards.",
                lambda seen, scores: bool(seen.functions & READY_MADE),
            )
        ],
        mistakes={
            "The columns sum to 1 here: the images compete for each class.": lambda z: (
                softmax_naive(z, 0)
            ),
            "The scores were divided by their sum; they must become positive first.": lambda z: (
                z / z.sum(1, keepdim=True)
            ),
            "The exponentials were not divided by anything.": torch.exp,
            "The exponentials were divided by the sum of the scores, not by their own.": (
                lambda z: z.exp() / z.sum(1, keepdim=True)
            ),
            "The exponentials were divided by their mean; it is their sum that makes shares.": (
                lambda z: z.exp() / z.exp().mean(1, keepdim=True)
            ),
            "The exponentials were divided by the largest of them, not by their sum.": (
                lambda z: z.exp() / z.exp().amax(1, keepdim=True)
            ),
            "Absolute values may be 0, and a common shift changes their shares.": (
                lambda z: z.abs() / z.abs().sum(1, keepdim=True)
            ),
            "All rows share one sum here.": lambda z: z.exp() / z.exp().sum(),
            "The sums became a flat vector, which lines up with the columns.": lambda z: (
                z.exp() / z.exp().sum(1)
            ),
            "These are the logarithms of the probabilities.": lambda z: torch.log_softmax(z, 1),
            "These are powers of 2; the exponential has the base e.": lambda z: softmax_naive(
                z * math.log(2), 1
            ),
            "These are powers of 10; the exponential has the base e.": lambda z: softmax_naive(
                z * math.log(10), 1
            ),
            "These are percentages; probabilities sum to 1.": lambda z: 100 * softmax_naive(z, 1),
            "The largest score got the smallest probability: is there a minus too many?": (
                lambda z: softmax_naive(-z, 1)
            ),
            "A sigmoid for each score looks at no other class.": torch.sigmoid,
            "Softmax was taken twice.": lambda z: softmax_naive(softmax_naive(z, 1), 1),
            "Squares may be 0, and a common shift changes their shares.": lambda z: (
                z**2 / (z**2).sum(1, keepdim=True)
            ),
            "Softplus is positive as well, but a common shift changes its shares.": lambda z: (
                softplus(z) / softplus(z).sum(1, keepdim=True)
            ),
            "Sigmoids are positive as well, but a common shift changes their shares.": lambda z: (
                z.sigmoid() / z.sigmoid().sum(1, keepdim=True)
            ),
            "Negative scores became 0, and so their probabilities; the exponential is missing.": (
                lambda z: z.relu() / z.relu().sum(1, keepdim=True)
            ),
            "The smallest score became 0, and so its probability; the exponential is missing.": (
                shares_above_smallest
            ),
            "This is the one-hot argmax; softmax gives each class a share.": lambda z: one_hot(
                z.argmax(1), z.shape[1]
            ),
            "The probabilities were rounded; they should stay as they are.": lambda z: (
                softmax_naive(z, 1).round(decimals=2)
            ),
        },
    ),
    FunctionExercise(
        number="1.3",
        title="One-hot by hand",
        reference=one_hot,
        cases=[
            (torch.tensor([2, 0]), 4),
            (torch.tensor([0, 2, 1, 1]), 3),
        ],
        dtype=torch.float32,
        bans=[
            (
                "This is the ready-made function; write the coding yourself.",
                lambda seen, labels, num_classes: "one_hot" in seen.functions,
            )
        ],
        hint="row i needs its 1 in column labels[i]; a row of an identity matrix, or an index "
        "for the rows and one for the columns.",
        mistakes={
            "Classes count from 0; this counts from 1, and class 0 becomes the last.": (
                lambda y, k: one_hot((y - 1) % k, k)
            ),
            "Each 1 is one column too far to the right; classes count from 0.": lambda y, k: (
                one_hot((y + 1) % k, k)
            ),
            "0 and 1 are exchanged: the 1 belongs to the label's column, 0 to the others.": (
                lambda y, k: 1 - one_hot(y, k)
            ),
            "The label itself stands in its column, where a 1 should be.": lambda y, k: (
                one_hot(y, k) * y[:, None]
            ),
            "All ones: each row has a single 1, in the column of its label.": lambda y, k: (
                torch.ones(len(y), k)
            ),
            "All zeros: each row has a single 1, in the column of its label.": lambda y, k: (
                torch.zeros(len(y), k)
            ),
            "The label fills its whole row; a 1 in its column is asked for.": lambda y, k: (
                y[:, None].expand(-1, k).float()
            ),
            "The columns of the other classes should be 0, not -1.": lambda y, k: (
                2 * one_hot(y, k) - 1
            ),
            "Rows and columns are exchanged: one row for each label is asked for.": (
                lambda y, k: one_hot(y, k).T
            ),
            "Row i has its 1 in column i; the labels were not used.": lambda y, k: torch.eye(
                max(len(y), k)
            )[: len(y), :k],
            "Every row got the columns of all labels.": all_columns,
            "The columns are counted from the right; class 0 has the left one.": lambda y, k: (
                one_hot(y, k).flip(1)
            ),
            "The width was taken from the largest label; a class may be missing in a batch.": (
                lambda y, k: one_hot(y, int(y.max()) + 1)
            ),
        },
    ),
    FunctionExercise(
        number="1.4",
        title="A temperature to order",
        reference=temperature,
        cases=[
            (torch.tensor([1.0, 0.0], dtype=torch.float64), 0.9),
            (torch.tensor([0.0, 2.0, 1.0], dtype=torch.float64), 0.6),
            (torch.tensor([0.5, 0.25, 0.0, -1.0], dtype=torch.float64), 0.99),
            (torch.tensor([30.0, 10.0, 0.0], dtype=torch.float64), 0.4),
            (torch.tensor([80.0, 0.0], dtype=torch.float64), 0.55),
        ],
        digits=4,
        hint="the largest probability falls steadily as the temperature rises; halve an interval "
        "that holds the answer, and make sure that it does.",
        mistakes={
            "This multiplies the scores; a temperature divides them.": lambda z, p: (
                1 / temperature(z, p)
            ),
            "The logarithm of the probability was taken for that of the odds.": lambda z, p: (
                lead(z) / -math.log(p)
            ),
            "The logarithm of the probability is negative; that of the odds belongs there.": (
                lambda z, p: lead(z) / math.log(p)
            ),
            "The largest score was taken for its lead over the others.": lambda z, p: (
                z.max().item() / math.log(p / (1 - p))
            ),
            "The formula is upside down: the lead is divided by the logarithm of the odds.": (
                lambda z, p: math.log(p / (1 - p)) / lead(z)
            ),
            "This is the largest probability at the target taken as a temperature.": (
                lambda z, p: softmax(z / p).max().item()
            ),
            "That is right for two classes; the third takes its share.": lambda z, p: (
                lead(z) / math.log(p / (1 - p))
            ),
            "The first two scores were taken; the formula needs the two largest.": lambda z, p: (
                first_lead(z) / math.log(p / (1 - p))
            ),
            "The lead is divided by the logarithm of the odds, not multiplied by it.": (
                lambda z, p: lead(z) * math.log(p / (1 - p))
            ),
            "The lead was divided by the odds; it is their logarithm that divides it.": (
                lambda z, p: lead(z) * (1 - p) / p
            ),
            "The largest and the smallest score were taken; the others have their shares too.": (
                lambda z, p: (z.max() - z.min()).item() / math.log(p / (1 - p))
            ),
            "The odds are upside down, so the temperature is negative; they are p / (1 - p).": (
                lambda z, p: -lead(z) / math.log(p / (1 - p))
            ),
            "The logarithm to base 2 was taken for the natural one.": lambda z, p: (
                lead(z) / math.log2(p / (1 - p))
            ),
            "The logarithm to base 10 was taken for the natural one.": lambda z, p: (
                lead(z) / math.log10(p / (1 - p))
            ),
            "It is rounded to two places after the point; four digits are asked for.": (
                lambda z, p: round(temperature(z, p), 2)
            ),
            "It is rounded to two digits; four are asked for.": lambda z, p: float(
                f"{temperature(z, p):.2g}"
            ),
            **{
                f"The search ended at {top}; the temperature may be higher.": (
                    lambda z, p, top=top: min(temperature(z, p), top)
                )
                for top in (1, 5, 10, 20, 50, 100)
            },
            "The search began at 0.1; the temperature may be lower.": lambda z, p: max(
                temperature(z, p), 0.1
            ),
            "The search began at 1; the temperature may be lower.": lambda z, p: max(
                temperature(z, p), 1.0
            ),
        },
    ),
    ValueExercise(
        number="1.5",
        title="Parameters that can be set to 0",
        expected=785,
        hint="adding one number to all weights of a pixel is a common shift; how many such shifts "
        "are there?",
        mistakes={
            "That is one number per pixel; the biases can be shifted as well.": 784,
            "That is one number per class; a shift adds the same number to all classes.": 10,
            "That is one column of weights and all biases; only one bias can be fixed.": 794,
            "The weights of each pixel can be shifted as well, each pixel's by its own number.": 1,
            "That is one less than the classes; how many common shifts are there?": 9,
            "That is one column of weights and nine biases; only one bias can be fixed.": 793,
            "That is how many must stay, not how many can be fixed.": 785 * 9,
            "Those are all parameters.": 7850,
            "A common shift changes no probability, so some can be fixed; how many?": 0,
            "Those are all weights; without them no pixel counts.": 7840,
            "That is about how many must stay; how many can be fixed?": 7066,
            "By how many numbers can the biases be shifted without a change?": 786,
            "That is how many weights must stay, without the biases.": 784 * 9,
        },
    ),
)
