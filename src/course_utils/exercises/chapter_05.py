"""Exercises of chapter 5, automatic differentiation."""

import math

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise

# Functions of one number with their derivatives; the chapter shows the same table.
TABLE = {
    "square": (lambda x: x * x, lambda x: 2 * x),
    "sin": (math.sin, math.cos),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
}


def chain(names: list, x: float) -> list:
    """Return x and the values after each function in turn."""
    values = [x]
    for name in names:
        values.append(TABLE[name][0](values[-1]))
    return values


def local_derivatives(names: list, points: list) -> list:
    """Return each function's derivative at its own point."""
    return [TABLE[name][1](point) for name, point in zip(names, points, strict=True)]


def derivative(names: list, x: float) -> float:
    """Derivative of the chain by x."""
    return math.prod(local_derivatives(names, chain(names, x)[:-1]))


def sigmoid_gradient(output: Tensor, grad_output: Tensor) -> Tensor:
    """Gradient by the input of a sigmoid, from its output."""
    return grad_output * output * (1 - output)


def sigmoid_cases() -> list[tuple]:
    """Return outputs of a sigmoid and what arrives from above, one number first."""
    cases = [
        (torch.tensor([0.8]), torch.tensor([1.0])),
        (torch.tensor([0.8, 0.1]), torch.tensor([2.0, -3.0])),
    ]
    generator = torch.Generator().manual_seed(0)
    return [*cases, (torch.rand(4, 3, generator=generator), torch.randn(4, 3, generator=generator))]


def quadratic(x: Tensor) -> Tensor:
    """x0^2 + 3 x0 x1: the second derivatives are 2, 3, 3 and 0."""
    return x[0] ** 2 + 3 * x[0] * x[1]


def log_sum_exp(x: Tensor) -> Tensor:
    """Return the logarithm of the sum of exponentials."""
    return torch.logsumexp(x, 0)


def cubic(x: Tensor) -> Tensor:
    """Return the sum of the cubes, times the first number."""
    return x[0] * (x**3).sum()


def hessian(f, x: Tensor) -> Tensor:
    """Return the matrix of all second derivatives."""
    return torch.autograd.functional.hessian(f, x)


def gradient(f, x: Tensor) -> Tensor:
    """Return the first derivatives."""
    (found,) = torch.autograd.grad(f(leaf := x.requires_grad_()), leaf)
    return found


def product_cases() -> list[tuple]:
    """Return functions, points and directions, the quadratic first."""
    return [
        (quadratic, numbers(1.0, 2.0), numbers(1.0, 0.0)),
        (quadratic, numbers(1.0, 2.0), numbers(2.0, -1.0)),
        (log_sum_exp, numbers(2.0, 1.0, 0.1), numbers(0.0, 1.0, 0.0)),
        (cubic, numbers(1.0, -2.0, 0.5, 3.0), numbers(1.0, 2.0, 3.0, 4.0)),
    ]


def numbers(*values: float) -> Tensor:
    """Return a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


EXERCISES = (
    ValueExercise(
        number="5.1",
        title="The third call",
        expected=15.0,
        hint="what does backward do with a .grad that is already there?",
        mistakes={
            "That is what one call gives; the earlier ones have not been forgotten.": 5.0,
            "That is .grad after two calls.": 10.0,
            "The gradients are not multiplied with each other.": 125.0,
            "That is the gradient of the other leaf.": 6.0,
        },
    ),
    ValueExercise(
        number="5.2",
        title="Cut off",
        expected=18.0,
        hint="which of the two factors does autograd take for a constant?",
        mistakes={
            "That counts both factors, as if nothing had been detached.": 36.0,
            "That is the value of the constant factor; the other one is not a itself.": 6.0,
            "One factor is cut off, and the other is not.": 0.0,
            "That is the local derivative of the first line alone.": 3.0,
        },
    ),
    FunctionExercise(
        number="5.3",
        title="Backward through a sigmoid",
        reference=sigmoid_gradient,
        cases=sigmoid_cases(),
        hint="write the derivative of s = 1 / (1 + exp(-x)) with s alone; then the chain rule.",
        mistakes={
            "The sign is wrong: a sigmoid rises.": lambda s, g: -sigmoid_gradient(s, g),
            "What is given is the output; the sigmoid has been applied already.": lambda s, g: (
                sigmoid_gradient(torch.sigmoid(s), g)
            ),
            "One factor of the derivative is missing.": lambda s, g: g * s,
            "This is the other half of the derivative alone.": lambda s, g: g * (1 - s),
            "What arrives from above is missing.": lambda s, g: s * (1 - s),
            "This adds up over the entries; each entry has its own derivative.": lambda s, g: (
                sigmoid_gradient(s, g).sum()
            ),
        },
    ),
    FunctionExercise(
        number="5.4",
        title="A chain, walked back",
        reference=derivative,
        cases=[
            (["square"], 3.0),
            (["sin", "square"], 2.0),
            (["square", "exp"], 2.0),
            (["exp", "log"], -1.5),
            (["square", "sin", "exp", "square", "log"], 0.7),
        ],
        rtol=1e-9,
        hint="go forward first and keep every value on the way; each local derivative needs one.",
        mistakes={
            "This is the value of the chain, not its derivative.": lambda names, x: chain(names, x)[
                -1
            ],
            "Each local derivative belongs to the input of its function, not to its output.": (
                lambda names, x: math.prod(local_derivatives(names, chain(names, x)[1:]))
            ),
            "Only the first function sees x itself.": lambda names, x: math.prod(
                local_derivatives(names, [x] * len(names))
            ),
            "Paths add; along one path something else happens.": lambda names, x: sum(
                local_derivatives(names, chain(names, x)[:-1])
            ),
            "The functions are applied from left to right.": lambda names, x: derivative(
                names[::-1], x
            ),
            "That is the derivative of the last function alone.": lambda names, x: (
                local_derivatives(names, chain(names, x)[:-1])[-1]
            ),
        },
    ),
    FunctionExercise(
        number="5.5",
        title="Curvature in one direction",
        reference=lambda f, x, v: hessian(f, x) @ v,
        cases=product_cases(),
        rtol=1e-8,
        hint="the gradient, recorded, is a vector; make one number of it and v, and differentiate.",
        mistakes={
            "This is the gradient, the first derivative.": lambda f, x, v: gradient(f, x),
            "This is the curvature along v, one number; the vector H v is asked for.": (
                lambda f, x, v: v @ hessian(f, x) @ v
            ),
            "This is the slope along v, a first derivative.": lambda f, x, v: gradient(f, x) @ v,
            "v does not take part: these are the sums of the rows of H.": lambda f, x, v: hessian(
                f, x
            ).sum(1),
            "The mixed second derivatives are missing.": lambda f, x, v: (
                hessian(f, x).diagonal() * v
            ),
            "v came too late: it belongs before the second derivative.": lambda f, x, v: (
                hessian(f, x).sum(1) * v
            ),
        },
    ),
)
