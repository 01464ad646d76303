"""Exercises of chapter 4, overflow and underflow."""

import math

import torch
from torch import Tensor

from course_utils.error_bounds import unit_roundoff
from course_utils.exercises.grading import FunctionExercise, ValueExercise
from course_utils.softmax import log_softmax, softmax, softmax_naive


def row_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Loss of each row, safe for all finite logits."""
    return -log_softmax(logits).gather(1, labels[:, None]).squeeze(1)


def picked(log_probs: Tensor, labels: Tensor) -> Tensor:
    """Negative entry of each row at its label."""
    return -log_probs.gather(1, labels[:, None]).squeeze(1)


def loss_cases() -> list[tuple]:
    """Return logits and labels: harmless, far apart, large, large and close."""
    return [
        (torch.tensor([[0.0, 1.0]]), torch.tensor([1])),
        (torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([1])),
        # Here exp(95) overflows, and exp(-95) is not zero yet.
        (torch.tensor([[95.0, 0.0]]), torch.tensor([1])),
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


def log_of_mean_shift(logits: Tensor, labels: Tensor) -> Tensor:
    """Shift each row by its mean, which lets exp overflow."""
    shifted = logits - logits.mean(1, keepdim=True)
    return picked(shifted - shifted.exp().sum(1, keepdim=True).log(), labels)


def gaps(logits: Tensor, labels: Tensor) -> Tensor:
    """How far the right class of each row lies below the largest logit."""
    return logits.amax(1) - logits.gather(1, labels[:, None]).squeeze(1)


def no_loss_is_capped(losses: Tensor, logits: Tensor, labels: Tensor) -> bool:
    """Tell whether each finite loss is at least the gap to the largest logit."""
    least = gaps(logits, labels) * (1 - 1e-4) - 1e-4
    return bool((~losses.isfinite() | (losses >= least)).all())


def softplus(x: float) -> float:
    """log(1 + exp(x)) for every x."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def softplus_naive(x: float) -> float:
    """The formula as it reads."""
    return math.log(1 + math.exp(x))


def softplus_from(x: float, switch: float) -> float:
    """Return x itself from some number on, as torch does from 20 on."""
    return x if x > switch else math.log1p(math.exp(x))


def is_finite(value: float, _: float) -> bool:
    return math.isfinite(value)


def is_zero_where_due(value: float, x: float) -> bool:
    """Tell whether a value is zero only where softplus is too small to be stored."""
    return value != 0 or softplus(x) == 0


def log_difference(a: float, b: float) -> float:
    """log(exp(a) - exp(b)) for a > b, accurate everywhere."""
    gap = a - b
    return a + (math.log(-math.expm1(-gap)) if gap < math.log(2) else math.log1p(-math.exp(-gap)))


def log_difference_from(a: float, b: float, switch: float) -> float:
    """Change the formula at another gap."""
    gap = a - b
    return a + (math.log(-math.expm1(-gap)) if gap < switch else math.log1p(-math.exp(-gap)))


def is_not_late(value: float, a: float, b: float) -> bool:
    """Tell whether a wrong value is wrong otherwise than by a few digits at a gap above 9."""
    return not (a - b > 9 and abs(value - log_difference(a, b)) < 1e-4)


def is_not_early(value: float, a: float, b: float) -> bool:
    """Tell whether a wrong value at a gap below 1e-5 is wrong otherwise than as log1p makes it."""
    if not 2**-52 < a - b < 1e-5:
        return True
    return not math.isclose(value, a + math.log1p(-math.exp(b - a)), rel_tol=1e-12)


PROBS = softmax(torch.tensor([500.0, 490.0], dtype=torch.float64))
UNIT = unit_roundoff(torch.float32)


def sensitivity(i: int, size: float, change: float) -> float:
    """Relative change of probability ``i`` for logits of a size that move by a share of it."""
    return 2 * (1 - PROBS[i].item()) * size * change


EXERCISES = (
    ValueExercise(
        number="4.1",
        title="A sum that overflows",
        expected=6142,
        hint="how often does exp(80) fit into the largest number of the format? The answer is a "
        "whole number.",
        mistakes={
            "With that many the sum is still finite.": 6141,
            "That is the largest logit whose own exponential fits; here the sum overflows.": 88,
            "There a single exponential overflows; here each one fits, and the sum does not.": 89,
            "No exponential overflows here, but their sum does.": math.inf,
            "Three digits of the table give an estimate only; now measure.": 6138,
            "This is an estimate from three digits, rounded down; now measure.": 6137,
            "With one class fewer the sum is inf already.": 6143,
        },
    ),
    ValueExercise(
        number="4.2",
        title="The domain of the logarithm",
        expected=98,
        hint="what does the denominator do to the probability, and so to the limit -103.97? The "
        "answer is whole.",
        mistakes={
            "The denominator is 1000 here, not near 1.": 104,
            "There the probability is still a subnormal number above zero.": 97,
            "From there on the probability is subnormal; it is not 0 yet.": 81,
            "The denominator makes the probability smaller, so the limit comes sooner.": 111,
            "The natural logarithm of 1000 is 6.9.": 101,
            "There exp(-g) is below 1000 u, but itself it is far from zero.": 10,
            "There the sum no longer notices exp(-g), which itself is far from zero.": 11,
            "The natural logarithm of 1000 is due, not the one to base 2.": 94,
            "There exp(-g) itself turns subnormal; the probability is not 0 yet.": 88,
            "One less gives a probability of 0 already.": 99,
            "The logit is -g, so g itself is positive.": -98,
        },
    ),
    FunctionExercise(
        number="4.3",
        title="A safe loss",
        reference=row_losses,
        cases=loss_cases(),
        gradient=0,
        properties=[
            (
                "No loss is below the gap between the largest logit and the right one, and this "
                "one is: is a number added inside the logarithm, or something clamped?",
                no_loss_is_capped,
            )
        ],
        hint="take the logarithm of the formula on paper before you compute anything.",
        mistakes={
            "The minus is missing: a loss is never negative.": lambda z, y: -row_losses(z, y),
            "This is the probability with a minus; its logarithm is missing.": lambda z, y: picked(
                softmax(z), y
            ),
            "The minus is missing: the loss is log-sum-exp minus the logit.": lambda z, y: (
                z.gather(1, y[:, None])[:, 0] - torch.logsumexp(z, 1)
            ),
            "This is log-sum-exp of the shifted logits; the right class's logit is missing.": (
                lambda z, y: row_losses(z, y) - gaps(z, y)
            ),
            "The logit of the right class is subtracted, not added.": lambda z, y: (
                row_losses(z, y) - 2 * gaps(z, y)
            ),
            "This is the gap to the largest logit; the logarithm of the sum is missing.": gaps,
            "The sum of the exponentials stands where its logarithm is due.": lambda z, y: (
                (row_losses(z, y) - gaps(z, y)).exp() + gaps(z, y)
            ),
            "The labels are ignored: this is the loss of the first class.": lambda z, y: row_losses(
                z, torch.zeros_like(y)
            ),
            "This is the sum over the rows; one loss per row is asked for.": lambda z, y: (
                row_losses(z, y).sum()
            ),
            "A wider format only moves the limit: the probability still became zero before the "
            "logarithm.": lambda z, y: picked(softmax(z.double()).log(), y).float(),
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
            "The logit of the right class was subtracted, not the largest: exp can still "
            "overflow.": lambda z, y: (z - z.gather(1, y[:, None])).exp().sum(1).log(),
            "The row's mean was subtracted, not its maximum: exp can still overflow.": (
                log_of_mean_shift
            ),
            "The row's minimum was subtracted, not its maximum: exp can still overflow.": (
                lambda z, y: (
                    (s := z - z.amin(1, keepdim=True)).exp().sum(1).log()
                    - s.gather(1, y[:, None]).squeeze(1)
                )
            ),
            "This is log-sum-exp alone; the logit of the right class is missing.": lambda z, y: (
                torch.logsumexp(z, 1)
            ),
            "This is the logit with a minus; log-sum-exp is missing.": picked,
            "This is 1 minus the probability; the loss is minus its logarithm.": lambda z, y: (
                1 + picked(softmax(z), y)
            ),
            "This is a softmax of a softmax.": lambda z, y: row_losses(softmax(z), y),
            "exp overflowed: log-sum-exp was taken as it reads.": lambda z, y: (
                z.exp().sum(1).log() - z.gather(1, y[:, None])[:, 0]
            ),
            "The sum holds shifted logits, the right class its own: one of the two maxima is "
            "missing.": lambda z, y: row_losses(z, y) - z.amax(1),
            "The classes lie along axis 1; this is a softmax along the batch.": lambda z, y: picked(
                log_softmax(z, 0), y
            ),
            "These are bits; nats are asked for.": lambda z, y: row_losses(z, y) / math.log(2),
            "Both log-sum-exp and the logit are large, and their difference loses its digits: "
            "subtract the maximum from the logits first.": lambda z, y: (
                torch.logsumexp(z, 1) - z.gather(1, y[:, None])[:, 0]
            ),
            "A wider format only moves the limit: beside 1e30, log-sum-exp swallows the logarithm "
            "of the sum in float64, too.": lambda z, y: (
                torch.logsumexp(z.double(), 1) - z.double().gather(1, y[:, None])[:, 0]
            ),
        },
    ),
    FunctionExercise(
        number="4.4",
        title="Softplus",
        reference=softplus,
        # At 20 and a little beyond, the small part still belongs to the twelve digits.
        cases=[(x,) for x in (0.0, 1.0, -1.0, -5.5, 18.0, 20.5, -20.5, -25.5, -40.0, 710.0)],
        rtol=1e-12,
        atol=0.0,
        properties=[
            ("exp overflowed: softplus of a finite number is finite.", is_finite),
            ("This returns 0, but the result is positive and can be stored.", is_zero_where_due),
        ],
        hint="log(1 + exp(x)) = x + log(1 + exp(-x)); which of the two may overflow, and what does "
        "math.log1p do that math.log does not?",
        mistakes={
            "1 + exp(x) rounds digits of a small exp(x) away; log1p keeps them.": lambda x: (
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
            "Below -20 this returns exp(x); the next term still belongs to the digits.": (
                lambda x: math.exp(x) if x < -20 else softplus(x)
            ),
            "This is the rectifier: the smooth corner is missing.": lambda x: max(x, 0.0),
            "This is softplus of -x.": lambda x: softplus(-x),
            "These are bits; the natural logarithm is asked for.": lambda x: (
                softplus(x) / math.log(2)
            ),
            "The smooth part has the wrong sign.": lambda x: (
                max(x, 0.0) - math.log1p(math.exp(-abs(x)))
            ),
            "The exponent is -x here, which is positive for negative x.": lambda x: (
                max(x, 0.0) + math.log1p(math.exp(-x))
            ),
            "This form is for positive x only: for negative x, exp(-x) is large.": lambda x: (
                x + math.log1p(math.exp(-x))
            ),
            "The larger of 0 and x stands in front, not the size of x.": lambda x: (
                abs(x) + math.log1p(math.exp(-abs(x)))
            ),
            "The larger of 0 and x stands in front, not the smaller.": lambda x: (
                min(x, 0.0) + math.log1p(math.exp(-abs(x)))
            ),
            "The larger of 0 and x is missing in front.": lambda x: math.log1p(math.exp(-abs(x))),
            "This is the derivative of softplus.": lambda x: (
                math.exp(min(x, 0.0)) / (1 + math.exp(-abs(x)))
            ),
            "The exponential stands where its log1p is due.": lambda x: (
                max(x, 0.0) + math.exp(-abs(x))
            ),
        },
    ),
    FunctionExercise(
        number="4.5",
        title="The logarithm of a difference",
        reference=log_difference,
        cases=[
            (1.0, 0.0),
            (1000.0, 999.0),
            (0.0, -1e-10),
            (0.0, -2e-7),
            (0.0, -1.7e-6),
            (0.0, -3.3e-6),
            (0.0, -50.0),
            (0.0, -10.3),
            (0.0, -25.0),
            (-1000.0, -1000.5),
        ],
        rtol=1e-12,
        atol=1e-30,
        properties=[
            (
                "The switch comes too late, or there is none, or log1p is not added to a alone: at "
                "this gap digits are lost.",
                is_not_late,
            ),
            (
                "At this gap d, exp(-d) is near 1 and has lost digits: only expm1 keeps them.",
                is_not_early,
            ),
        ],
        hint="take exp(a) out of the difference; then look for a function of the math module that "
        "gives exp(x) - 1 without cancellation.",
        mistakes={
            "The difference of two exponentials is not the exponential of the difference.": (
                lambda a, b: a - b
            ),
            "This is the formula as it reads: exp overflows, and both may round to 0.": (
                lambda a, b: math.log(math.exp(a) - math.exp(b))
            ),
            "At small gaps d, 1 - exp(-d) cancels; at large ones the logarithm of nearly 1 loses "
            "digits. If expm1 and log1p are both there, do they stand at the right ends?": (
                lambda a, b: a + math.log(1 - math.exp(b - a))
            ),
            "expm1 alone does for small gaps; at large ones the logarithm of nearly 1 loses the "
            "digits.": lambda a, b: log_difference_from(a, b, math.inf),
            "log1p alone does for large gaps; at small ones 1 - exp(-d) cancels.": lambda a, b: (
                log_difference_from(a, b, 0.0)
            ),
            "The switch comes too late: from a gap of 10 on expm1 loses digits.": (
                lambda a, b: log_difference_from(a, b, 20.0)
            ),
            "The switch comes much too late: from a gap of 10 on digits are lost.": (
                lambda a, b: log_difference_from(a, b, 30.0)
            ),
            "The factor that was taken out is missing.": lambda a, b: log_difference(a, b) - a,
            "exp(a), which was taken out, is missing, and so is log1p for large gaps.": (
                lambda a, b: log_difference_from(a, b, math.inf) - a
            ),
            "The logarithm of 1 - exp(-d) is added to a, not subtracted.": (
                lambda a, b: 2 * a - log_difference(a, b)
            ),
            "These are bits; the natural logarithm is asked for.": lambda a, b: (
                log_difference(a, b) / math.log(2)
            ),
            "exp(a) was taken out, so a is added, not b.": lambda a, b: (
                log_difference(a, b) - a + b
            ),
            "This is the logarithm of the sum.": lambda a, b: a + math.log1p(math.exp(b - a)),
        },
    ),
    ValueExercise(
        number="4.6",
        title="Rounded before softmax begins",
        expected=sensitivity(1, 500.0, UNIT),
        digits=3,
        hint="the condition number of a probability holds the other probability and the size of "
        "the largest logit; what is the relative change of the logits?",
        mistakes={
            "That is for the first class (or the absolute change of the second).": sensitivity(
                0, 500.0, UNIT
            ),
            "That is for the first class, and three digits are asked for.": 2.7e-9,
            "The size of the change is asked for, without a sign.": -sensitivity(1, 500.0, UNIT),
            "The unit roundoff is half the distance from 1 to the next number.": sensitivity(
                1, 500.0, 2 * UNIT
            ),
            "Each logit moves, one up and one down: the factor 2 is missing.": (
                sensitivity(1, 500.0, UNIT) / 2
            ),
            "The rounding is relative to the size of the logits, not to their difference.": (
                sensitivity(1, 10.0, UNIT)
            ),
            "That is the condition number; multiply it by the change of the logits.": (
                sensitivity(1, 500.0, 1.0)
            ),
            "That is the relative change of the logits; the condition number is missing.": UNIT,
            "The size is that of the larger logit, 500, for both classes.": sensitivity(
                1, 490.0, UNIT
            ),
            "Each logit moves by u times 500; this is u times their difference.": sensitivity(
                1, 5.0, UNIT
            ),
            "That is in percent; the change relative to the probability itself is asked for.": (
                sensitivity(1, 500.0, 100 * UNIT)
            ),
            "That is for a logit of its own size; both may be off by u times the larger.": (
                (1 - PROBS[1].item()) * (500.0 + 490.0) * UNIT
            ),
        },
    ),
)
