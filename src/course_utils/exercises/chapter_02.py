"""Exercises of chapter 2, the softmax Jacobian."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise
from course_utils.softmax import softmax, softmax_jacobian, softmax_vjp


def random_rows(n: int, k: int) -> Tensor:
    """Return repeatable normal numbers of shape (n, k) in float64."""
    generator = torch.Generator().manual_seed(10 * n + k)
    return torch.randn(n, k, generator=generator, dtype=torch.float64)


def jacobian(probs: Tensor) -> Tensor:
    """Jacobian of softmax from the probabilities of one example."""
    return torch.diag(probs) - torch.outer(probs, probs)


def probability_cases() -> list[tuple]:
    """Return probabilities of two and of three classes."""
    return [
        (torch.tensor([0.75, 0.25], dtype=torch.float64),),
        (torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64),),
    ]


def temperature_cases() -> list[tuple]:
    """Return the same probabilities, each with a temperature."""
    return [(*case, t) for case, t in zip(probability_cases(), (2.0, 0.5), strict=True)]


def tempered(mistakes: dict[str, Callable]) -> dict[str, Callable]:
    """Divide wrong matrices by the temperature, and leave them undivided under another name."""
    divided = {words: lambda s, t, f=f: f(s) / t for words, f in mistakes.items()}
    missing = " And the factor 1 / T is missing."
    return divided | {words + missing: lambda s, t, f=f: f(s) for words, f in mistakes.items()}


# The watch sees torch only.
LEAVES_TORCH = (
    "This leaves torch, where check can't see whether a matrix is made; write it with tensors.",
    lambda seen, *args: seen.left,
)


def log_vjp(probs: Tensor, v: Tensor) -> Tensor:
    """v times the Jacobian of log-softmax, row by row, without the matrix."""
    return v - probs * v.sum(-1, keepdim=True)


def log_vjp_cases() -> list[tuple]:
    """Return probabilities and vectors: one row, a square, a large batch."""
    first = torch.tensor([[0.75, 0.25]], dtype=torch.float64)
    cases = [(first, torch.tensor([[3.0, 1.0]], dtype=torch.float64))]
    for n, k in ((3, 3), (64, 80)):
        cases.append((softmax(random_rows(n, k)), random_rows(k, n).T.contiguous()))
    return cases


def temperature_slope(logits: Tensor, temperature: float) -> Tensor:
    """Derivative of softmax(logits / temperature) with respect to the temperature."""
    return -softmax_vjp(softmax(logits / temperature), logits) / temperature**2


def second_derivatives(probs: Tensor) -> Tensor:
    """All second derivatives of softmax, of shape (k, k, k)."""
    delta = torch.eye(len(probs), dtype=probs.dtype) - probs  # delta_ij - p_j
    first = delta[:, :, None] * delta[:, None, :]
    return probs[:, None, None] * (first - jacobian(probs))


EXERCISES = (
    ValueExercise(
        number="2.1",
        title="From the rates to the probabilities",
        expected=(0.7, 0.2, 0.1),
        digits=2,
        hint="how fast does a class gain from its own logit, and how fast does another one lose?",
        mistakes={
            "The first class is the most probable one here: p (1 - p) has two solutions.": (
                *(0.3, 0.7 * 2 / 3, 0.7 / 3),
            ),
            "The class that falls faster is the more probable of the two.": (0.7, 0.1, 0.2),
            "The rate is p (1 - p), not p.": (0.21, 0.79 * 2 / 3, 0.79 / 3),
            "The rate is p (1 - p), not 1 - p.": (0.79, 0.14, 0.07),
            "Those are the rates at which the three change.": (0.21, -0.14, -0.07),
            "These are the rates without their signs.": (0.21, 0.14, 0.07),
            "The first rate is not in proportion to its probability: it is p (1 - p).": (
                *(1 / 2, 1 / 3, 1 / 6),
            ),
            "These are the rates over the first rate, without signs; probabilities sum to one.": (
                *(1, 2 / 3, 1 / 3),
            ),
            "These are percents; probabilities sum to one.": (70, 20, 10),
            "The order is that of the classes, and the first is the most probable.": (
                *(0.1, 0.2, 0.7),
            ),
            "The rates of the other two are products with p_1: divide them by it.": (
                *(0.7, 0.14, 0.07),
            ),
            "The minus belongs to the rate; a probability is never negative.": (0.7, -0.2, -0.1),
            "p (1 - p) belongs to a class's own logit; for another's, use (2.3).": (
                *(0.7, 0.5 - 0.11**0.5, 0.5 - 0.18**0.5),
            ),
            "Probabilities sum to one; here the others were divided by another root.": (
                *(0.7, 0.7 * 2 / 3, 0.7 / 3),
            ),
        },
    ),
    FunctionExercise(
        number="2.2",
        title="The matrix with a temperature",
        reference=lambda probs, temperature: jacobian(probs) / temperature,
        cases=temperature_cases(),
        hint="the chain rule: how do the probabilities respond to z / T, and z / T to z?",
        properties=[
            ("Each row should sum to zero.", lambda J, s, t: bool(J.sum(1).abs().max() < 1e-6)),
        ],
        mistakes=tempered(
            {
                "This is the diagonal alone; a logit moves the other classes too.": lambda s: (
                    torch.diag(s * (1 - s))
                ),
                "One number for each class is the derivative of a sigmoid.": lambda s: s * (1 - s),
                "All signs are turned around: a class must gain from its own logit.": lambda s: (
                    -jacobian(s)
                ),
                "p_i p_j became p_j p_j; it is a column times a row, not by entries.": lambda s: (
                    torch.diag(s) - s * s
                ),
                "p_i p_j became p_i p_i; one of the two must lie along a row.": lambda s: (
                    (torch.diag(s) - s * s).T
                ),
                "Off the diagonal the sign is minus: a class loses by another logit.": lambda s: (
                    jacobian(s).abs()
                ),
                "p (1 - p) holds the square already; it was subtracted twice.": lambda s: (
                    jacobian(s) - torch.diag(s * s)
                ),
                "This is the Jacobian of log-softmax.": lambda s: (
                    torch.eye(len(s), dtype=s.dtype) - s
                ),
                "Softmax was applied to the probabilities; they are its output already.": (
                    softmax_jacobian
                ),
                "The total was taken for a constant.": torch.diag,
                "p @ p is one number; a column times a row is a matrix.": lambda s: (
                    torch.diag(s) - s @ s
                ),
                "The second term was added; it is subtracted.": lambda s: (
                    torch.diag(s) + torch.outer(s, s)
                ),
                "The diagonal needs p, not 1.": lambda s: (
                    torch.eye(len(s), dtype=s.dtype) - torch.outer(s, s)
                ),
                "The diagonal matrix is missing.": lambda s: -torch.outer(s, s),
            }
        )
        | {
            "The inner derivative, that of z / T with respect to z, is missing.": lambda s, t: (
                jacobian(s)
            ),
            "The inner derivative is 1 / T, not T.": lambda s, t: jacobian(s) * t,
            "z moves here, not T: the inner derivative is 1 / T.": lambda s, t: -jacobian(s) / t**2,
            "The factor 1 / T stands there twice.": lambda s, t: jacobian(s) / t**2,
            "The values are those at z / T; they are divided by T no more.": lambda s, t: jacobian(
                s / t
            ),
            "Softmax was applied to p / T; the probabilities are its output already.": (
                lambda s, t: jacobian(softmax(s / t)) / t
            ),
            "The values are those at z / T; T was put into them a second time.": (
                lambda s, t: jacobian(softmax(s.log() / t)) / t
            ),
            "T is in these values already; what is missing is the inner derivative, 1 / T.": (
                lambda s, t: jacobian(softmax(s.log() / t))
            ),
        },
    ),
    FunctionExercise(
        number="2.3",
        title="Log-softmax without the matrix",
        reference=log_vjp,
        cases=log_vjp_cases(),
        bans=[
            (
                "This makes a K x K matrix, if not more; the product can be had without one.",
                lambda seen, s, v: len(s) > 3 and seen.largest >= s.shape[1] ** 2,
            ),
            (
                "This is a loop, over the rows or the classes; work on the whole batch at once.",
                lambda seen, s, v: len(s) > 3 and seen.calls >= len(s),
            ),
            LEAVES_TORCH,
        ],
        hint="write the sum over i of v_i (delta_ij - p_j), and multiply out.",
        mistakes={
            "The matrix was multiplied from the other side; it is not symmetric.": lambda s, v: (
                v - (s * v).sum(-1, keepdim=True)
            ),
            "This is the product for softmax, not for its logarithm.": softmax_vjp,
            "The sign before the second term is wrong.": lambda s, v: 2 * v - log_vjp(s, v),
            "The mean of v was taken for its sum.": lambda s, v: v - s * v.mean(-1, keepdim=True),
            "The sum goes over the classes, not over the examples.": lambda s, v: (
                v - s * v.sum(0, keepdim=True)
            ),
            "The sums became a flat vector, which lines up with the columns.": lambda s, v: (
                v - s * v.sum(-1)
            ),
            "This is the diagonal of the matrix alone: every v_i acts on every column.": (
                lambda s, v: v * (1 - s)
            ),
            "The sum is multiplied by p before it is subtracted.": lambda s, v: (
                v - v.sum(-1, keepdim=True)
            ),
            "Only the sum is multiplied by p; v stands alone.": lambda s, v: (
                s * (v - v.sum(-1, keepdim=True))
            ),
            "p - y is the case v = -y; here v is any vector.": lambda s, v: s - v,
            "All signs are turned around.": lambda s, v: -log_vjp(s, v),
            "The matrix subtracts p; the identity in it must be kept.": lambda s, v: (
                -s * v.sum(-1, keepdim=True)
            ),
            "All rows share one sum here.": lambda s, v: v - s * v.sum(),
            "The sum is a plain one here, not the mean under the probabilities.": lambda s, v: (
                v - s * (s * v).sum(-1, keepdim=True)
            ),
        },
    ),
    FunctionExercise(
        number="2.4",
        title="The slope with respect to the temperature",
        reference=temperature_slope,
        cases=[
            (torch.tensor([1.0, 0.0], dtype=torch.float64), 2.0),
            (random_rows(1, 40)[0], 0.75),  # T as a float32 tensor is the same number
        ],
        rtol=1e-12,
        atol=1e-14,
        bans=[
            (
                "This makes a K x K matrix; the product with it can be had without it.",
                lambda seen, z, t: len(z) > 6 and seen.largest >= len(z) ** 2,
            ),
            (
                "Autograd did the derivative here; derive it, and compare afterwards.",
                lambda seen, z, t: seen.autograd,
            ),
            (
                "A complex step differentiates numerically; derive a formula, and compare outside "
                "of the function.",
                lambda seen, z, t: seen.complex,
            ),
            LEAVES_TORCH,
        ],
        hint="the chain rule: how do the probabilities respond to z / T, and z / T to T?",
        properties=[
            (
                "What one class gains the others lose: the slopes should sum to zero.",
                lambda slope, z, t: bool(slope.sum().abs() < 1e-6),
            ),
        ],
        mistakes={
            "The sign is wrong: heat takes probability from the largest class.": lambda z, t: (
                -temperature_slope(z, t)
            ),
            "The derivative of 1 / T has a square in it.": lambda z, t: temperature_slope(z, t) * t,
            "The probabilities must be taken at z / T, not at z.": lambda z, t: (
                -softmax_vjp(softmax(z), z) / t**2
            ),
            "The inner derivative, that of z / T, is missing.": lambda z, t: softmax_vjp(
                softmax(z / t), z
            ),
            "Only the diagonal of the Jacobian was used.": lambda z, t: (
                -softmax(z / t) * (1 - softmax(z / t)) * z / t**2
            ),
            "The derivative of 1 / T is missing: it is -1 / T^2.": lambda z, t: (
                temperature_slope(z, t) * t**2
            ),
            "z was divided by T once too often.": lambda z, t: temperature_slope(z, t) / t,
            "The mean of z must be weighted with the probabilities.": lambda z, t: (
                -softmax(z / t) * (z - z.mean()) / t**2
            ),
            "The mean of z must be subtracted: T moves every logit.": lambda z, t: (
                -softmax(z / t) * z / t**2
            ),
            "This is the slope of ln p; that of p has the factor p.": lambda z, t: (
                temperature_slope(z, t) / softmax(z / t)
            ),
        },
    ),
    FunctionExercise(
        number="2.5",
        title="Second derivatives",
        reference=second_derivatives,
        cases=probability_cases(),
        hint="differentiate p_i (delta_ij - p_j) with respect to z_m with the product rule; both "
        "factors hold a probability, and you know the derivative of each.",
        properties=[
            (
                "A common shift of the logits changes no derivative: each sum over the last axis "
                "should be zero.",
                lambda H, s: bool(H.sum(-1).abs().max() < 1e-6),
            ),
        ],
        mistakes={
            "The second term of the product rule is missing.": lambda s: (
                second_derivatives(s) + s[:, None, None] * jacobian(s)
            ),
            "The second term has the wrong sign: the second factor holds -p_j.": lambda s: (
                second_derivatives(s) + 2 * s[:, None, None] * jacobian(s)
            ),
            "The factor p_i is missing in the second term.": lambda s: (
                second_derivatives(s) + (s - 1)[:, None, None] * jacobian(s)
            ),
            "The first factor left is delta_ij - p_j; its p_j is missing.": lambda s: (
                second_derivatives(s) + jacobian(s)[:, None, :] * s[:, None]
            ),
            "A product of first derivatives is not a second derivative.": lambda s: (
                jacobian(s)[:, :, None] * jacobian(s)[:, None, :]
            ),
            "The factor p_i is missing in the first term.": lambda s: (
                second_derivatives(s) / s[:, None, None] + (1 - s)[:, None, None] * jacobian(s)
            ),
            "The second factor holds p_j, so its derivative is J_jm, not J_im.": lambda s: (
                second_derivatives(s) + s[:, None, None] * (jacobian(s) - jacobian(s)[:, None, :])
            ),
            "The last term, 2 p_i p_j p_m, is missing.": lambda s: (
                second_derivatives(s) - 2 * s[:, None, None] * torch.outer(s, s)
            ),
            "The last term is added, not subtracted.": lambda s: (
                second_derivatives(s) - 4 * s[:, None, None] * torch.outer(s, s)
            ),
            "All signs are turned around.": lambda s: -second_derivatives(s),
        },
    ),
)
