"""Exercises of chapter 5, automatic differentiation."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def sigmoid_gradient(output: Tensor, grad_output: Tensor) -> Tensor:
    """Gradient with respect to the input of a sigmoid, from its output."""
    return grad_output * output * (1 - output)


def sigmoid_cases() -> list[tuple]:
    """Return outputs of a sigmoid and what arrives from above, one number first."""
    cases = [
        (torch.tensor([0.8]), torch.tensor([1.0])),
        (torch.tensor([0.8, 0.1]), torch.tensor([2.0, -3.0])),
    ]
    generator = torch.Generator().manual_seed(0)
    return [*cases, (torch.rand(4, 3, generator=generator), torch.randn(4, 3, generator=generator))]


# Operations of one or two numbers with their partial derivatives; the chapter shows the same table.
OPERATIONS: dict[str, tuple[Callable, Callable]] = {
    "add": (lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "mul": (lambda a, b: a * b, lambda a, b: (b, a)),
    "sin": (math.sin, lambda a: (math.cos(a),)),
    "exp": (math.exp, lambda a: (math.exp(a),)),
    "log": (math.log, lambda a: (1 / a,)),
}


def run_forward(inputs: list, steps: list) -> list:
    """Return all values of a graph: the inputs, then one for each step."""
    values = list(inputs)
    for name, *places in steps:
        values.append(OPERATIONS[name][0](*(values[place] for place in places)))
    return values


def all_derivatives(
    inputs: list,
    steps: list,
    *,
    first: int = 0,
    add: bool = True,
    arriving: bool = True,
    at_output: bool = False,
    start: float = 0.0,
    end: float = 1.0,
    forward: bool = False,
    shares: int = 2,
    slopes: bool = True,
) -> list:
    """Return the derivatives of the last value with respect to all values.

    The options make the mistakes: the first steps are left out; each share overwrites the one
    before; what arrives from above plays no part; the local derivatives are taken at the outputs;
    the values start, or the last one ends, with another number; the steps are taken from the first;
    a step sends fewer shares, or what arrives as it is.
    """
    values = run_forward(inputs, steps)
    gradients = [start] * (len(values) - 1) + [end]
    places = range(len(inputs) + first, len(values))
    for place in places if forward else reversed(places):
        name, *sources = steps[place - len(inputs)]
        points = [values[place if at_output else source] for source in sources]
        partials = OPERATIONS[name][1](*points)
        for source, partial in zip(sources[:shares], partials, strict=False):
            share = (partial if slopes else 1.0) * (gradients[place] if arriving else 1.0)
            gradients[source] = (gradients[source] if add else 0.0) + share
    return gradients


def backpropagate(inputs: list, steps: list) -> list:
    """Return the derivatives of the last value with respect to the inputs."""
    return all_derivatives(inputs, steps)[: len(inputs)]


def each_use_once(inputs: list, steps: list) -> list:
    """Take a value that a step uses twice for one that it uses once."""
    values, gradients = run_forward(inputs, steps), [0.0] * (len(inputs) + len(steps))
    gradients[-1] = 1.0
    for place in range(len(values) - 1, len(inputs) - 1, -1):
        name, *sources = steps[place - len(inputs)]
        local = OPERATIONS[name][1](*(values[source] for source in sources))
        for source, partial in dict(zip(sources, local, strict=True)).items():
            gradients[source] += partial * gradients[place]
    return gradients[: len(inputs)]


def send_at_once(inputs: list, steps: list) -> list:
    """Send on the total so far whenever a share arrives."""
    values = run_forward(inputs, steps)
    arrived = [0.0] * len(values)

    def send(place: int, share: float) -> None:
        arrived[place] += share
        if place >= len(inputs):
            name, *sources = steps[place - len(inputs)]
            local = OPERATIONS[name][1](*(values[source] for source in sources))
            for source, partial in zip(sources, local, strict=True):
                send(source, partial * arrived[place])

    send(len(values) - 1, 1.0)
    return arrived[: len(inputs)]


def graph_cases() -> list[tuple]:
    """Return inputs and steps: one step, a chain, shared values, an unused input and a square."""
    return [
        ([2.0, 5.0], [("mul", 0, 1)]),
        ([0.5], [("sin", 0), ("exp", 1)]),
        ([1.0, 2.0], [("add", 0, 1), ("exp", 0), ("mul", 2, 3)]),
        ([0.7, 1.5], [("mul", 0, 1), ("sin", 2), ("mul", 2, 3), ("add", 4, 0), ("log", 5)]),
        ([2.0, 4.0], [("log", 0), ("mul", 2, 2)]),
    ]


# So many numbers that a full Hessian or a loop over its rows stands out.
LARGE = 200


def quadratic(x: Tensor) -> Tensor:
    """x0^2 + 3 x0 x1: the second derivatives are 2, 3, 3 and 0."""
    return x[0] ** 2 + 3 * x[0] * x[1]


def log_sum_exp(x: Tensor) -> Tensor:
    return torch.logsumexp(x, 0)


def hessian(f, x: Tensor) -> Tensor:
    return torch.autograd.functional.hessian(f, x)


def gradient(f, x: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(f(leaf := x.requires_grad_()), leaf)
    return found


def hessian_times(f, x: Tensor, v: Tensor) -> Tensor:
    """Product of the second derivatives with a vector, by two walks backward."""
    x = x.requires_grad_()
    (slopes,) = torch.autograd.grad(f(x), x, create_graph=True)
    (product,) = torch.autograd.grad(slopes @ v, x)
    return product


def slopes_apart(f, x: Tensor, v: Tensor, step: float = 1e-5) -> Tensor:
    """Difference quotient of two gradients."""
    ahead, behind = gradient(f, (x + step * v).detach()), gradient(f, (x - step * v).detach())
    return (ahead - behind) / (2 * step)


def product_cases() -> list[tuple]:
    """Return functions, points and directions, the quadratic first."""
    return [
        (quadratic, numbers(1.0, 2.0), numbers(1.0, 0.0)),
        (quadratic, numbers(1.0, 2.0), numbers(2.0, -1.0)),
        (log_sum_exp, numbers(2.0, 1.0, 0.1), numbers(0.0, 1.0, 0.0)),
        (log_sum_exp, torch.linspace(-1, 1, LARGE).double(), torch.linspace(1, 2, LARGE).double()),
    ]


def numbers(*values: float) -> Tensor:
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
            "That is the gradient of the other leaf (and the value of y).": 6.0,
            "A call does not double what is there; it adds the same derivative again.": 20.0,
            "That counts the calls twice.": 45.0,
            "This adds up what .grad was after each call; the last one is asked for.": 30.0,
        },
    ),
    ValueExercise(
        number="5.2",
        title="Cut off",
        expected=18.0,
        hint="which of the two factors does autograd take for a constant?",
        mistakes={
            "That counts both factors, as if nothing were detached (36 is also y itself).": 36.0,
            "That is the derivative of b * b with respect to b, with nothing cut off.": 12.0,
            "That is the value of the constant factor; the other one is not a itself.": 6.0,
            "That is 3 * 3; the constant factor is the value of b.": 9.0,
            "Nothing is doubled: only one of the two factors leads back.": 72.0,
            "One factor is cut off, and the other is not.": 0.0,
            "That is the local derivative of the first line alone.": 3.0,
            "The factor 3 of the first line is counted twice: 6 * 3 is enough.": 54.0,
            "detach cuts off one factor; the path through the other still leads to a.": None,
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
            "The output s stands here where the formula has the input x.": lambda s, g: (
                g * torch.exp(-s) * s**2
            ),
            "That is the derivative of tanh.": lambda s, g: g * (1 - s * s),
            "What arrives is multiplied with the derivative, not added.": lambda s, g: (
                g + s * (1 - s)
            ),
            "This is the other half of the derivative alone.": lambda s, g: g * (1 - s),
            "What arrives from above is missing.": lambda s, g: s * (1 - s),
            "This adds up over the entries; each entry has its own derivative.": lambda s, g: (
                sigmoid_gradient(s, g).sum()
            ),
            "This multiplies by the sum of all slopes; each entry has its own.": lambda s, g: (
                g * (s * (1 - s)).sum()
            ),
            "This multiplies by the sum of what arrives; each entry has its own.": lambda s, g: (
                g.sum() * s * (1 - s)
            ),
            "What arrives is multiplied with the derivative, not divided by.": lambda s, g: (
                s * (1 - s) / g
            ),
            "Parentheses are missing: what arrives multiplies the whole derivative.": (
                lambda s, g: g * s - s * s
            ),
            "Parentheses are missing: the 1 belongs to 1 - s.": lambda s, g: g * s - s,
            "This divides by the derivative; what arrives is multiplied with it.": lambda s, g: (
                g / (s * (1 - s))
            ),
            "That is softmax, whose entries share a total; each sigmoid has its own input.": (
                lambda s, g: s * (g - (g * s).sum(-1, keepdim=True))
            ),
        },
    ),
    FunctionExercise(
        number="5.4",
        title="Backpropagation for numbers",
        reference=backpropagate,
        cases=graph_cases(),
        rtol=1e-12,
        atol=1e-14,
        bans=[
            (
                "This asks torch; write it with Python's numbers.",
                lambda seen, inputs, steps: bool(seen.functions),
            )
        ],
        hint="go forward once and keep all values; then from the last step to the first, each step "
        "adds its share to the derivatives of its inputs.",
        mistakes={
            "This is the last value, not its derivatives.": lambda inputs, steps: run_forward(
                inputs, steps
            )[-1],
            "A value that is used twice gets a share from each use; here the last one overwrites "
            "the others.": lambda inputs, steps: all_derivatives(inputs, steps, add=False)[
                : len(inputs)
            ],
            "What arrives from above is missing: these are sums of local derivatives.": (
                lambda inputs, steps: all_derivatives(inputs, steps, arriving=False)[: len(inputs)]
            ),
            "The local derivatives are missing: what arrives is passed on as it is.": (
                lambda inputs, steps: all_derivatives(inputs, steps, slopes=False)[: len(inputs)]
            ),
            "Each local derivative belongs to the inputs of its step, not to its output.": (
                lambda inputs, steps: all_derivatives(inputs, steps, at_output=True)[: len(inputs)]
            ),
            "Only the last value starts with 1; all others start with 0.": lambda inputs, steps: (
                all_derivatives(inputs, steps, start=1.0)[: len(inputs)]
            ),
            "The last value starts with 1, not with itself.": lambda inputs, steps: all_derivatives(
                inputs, steps, end=run_forward(inputs, steps)[-1]
            )[: len(inputs)],
            "A step with two arguments sends a share to each; here the second gets none.": (
                lambda inputs, steps: all_derivatives(inputs, steps, shares=1)[: len(inputs)]
            ),
            "Nothing arrives at the inputs. The last value starts with 1, and a step reads what "
            "has arrived at its result, whose place is behind the inputs.": (
                lambda inputs, steps: all_derivatives(inputs, steps, end=0.0)[: len(inputs)]
            ),
            "Only the shares of the last step arrive: take every step, the last one first.": (
                lambda inputs, steps: all_derivatives(inputs, steps, forward=True)[: len(inputs)]
            ),
            "The first step is left out: the walk back ends with it.": lambda inputs, steps: (
                all_derivatives(inputs, steps, first=1)[: len(inputs)]
            ),
            "A step that takes the same value twice passes two shares to it.": each_use_once,
            "Early shares are sent on again with the later ones: wait until all have arrived.": (
                send_at_once
            ),
            "These are the derivatives of all values; those of the inputs are asked for.": (
                all_derivatives
            ),
            "The order is turned: the first derivative belongs to the first input.": (
                lambda inputs, steps: backpropagate(inputs, steps)[::-1]
            ),
            "The sign is wrong: nothing is subtracted on the walk back.": lambda inputs, steps: [
                -slope for slope in backpropagate(inputs, steps)
            ],
        },
    ),
    FunctionExercise(
        number="5.5",
        title="Curvature in one direction",
        reference=hessian_times,
        cases=product_cases(),
        # A difference of two gradients has about ten right digits.
        rtol=1e-12,
        atol=1e-14,
        bans=[
            (
                "This makes the whole Hessian; for a model with a million parameters that would be "
                "a million times a million numbers.",
                lambda seen, f, x, v: len(x) == LARGE and seen.largest >= LARGE**2,
            ),
            (
                "This makes the Hessian row by row: two walks backward are enough.",
                lambda seen, f, x, v: len(x) == LARGE and seen.derivatives >= LARGE,
            ),
        ],
        hint="the gradient, recorded, is a vector; make one number of it and v, and differentiate.",
        mistakes={
            "This is the gradient, the first derivative.": lambda f, x, v: gradient(f, x),
            "torch.autograd.grad returns a tuple, even of one gradient: take its entry.": (
                lambda f, x, v: (hessian_times(f, x, v),)
            ),
            "This is the curvature along v, one number; the vector H v is asked for.": (
                lambda f, x, v: v @ hessian(f, x) @ v
            ),
            "This is the slope along v, a first derivative.": lambda f, x, v: gradient(f, x) @ v,
            "v does not take part: these are the sums of the rows of H.": lambda f, x, v: hessian(
                f, x
            ).sum(1),
            "This is H v divided by n: gradient and v make a sum of products, not a mean.": (
                lambda f, x, v: hessian(f, x) @ v / len(x)
            ),
            "The mixed second derivatives are missing.": lambda f, x, v: (
                hessian(f, x).diagonal() * v
            ),
            "This is a quotient of differences, and its digits end early; walk backward twice.": (
                slopes_apart
            ),
            "The gradient is still in .grad, and H v was added to it; clear it in between.": (
                lambda f, x, v: gradient(f, x) + hessian(f, x) @ v
            ),
            "v came too late: it belongs before the second derivative.": lambda f, x, v: (
                hessian(f, x).sum(1) * v
            ),
            "This is the gradient times v, entry by entry: no second derivative is in it.": (
                lambda f, x, v: gradient(f, x) * v
            ),
            "All zeros: no history leads from the gradient back to x, or something was taken from "
            "itself. Is the first walk back recorded?": lambda f, x, v: torch.zeros_like(x),
        },
        errors={
            "What is differentiated has no history: does x require a gradient, and is the first "
            "walk back recorded?": "does not require grad",
            "The gradient is a vector; make one number of it and v.": "only for scalar outputs",
            "The first walk has freed the graph, and recorded none to walk again.": "a second time",
            "torch.autograd.grad returns a tuple, even of one gradient.": "'tuple' and 'Tensor'",
        },
    ),
)
