"""Exercises of chapter 7, softmax regression from scratch."""

import math
from collections.abc import Callable
from itertools import accumulate

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def pixels(*shape: int) -> Tensor:
    """Return repeatable images with values between 0 and 1."""
    return torch.rand(shape, generator=torch.Generator().manual_seed(len(shape)))


def gradient(X: Tensor, probs: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the mean cross-entropy with respect to the weights."""
    error = probs.clone()
    error[torch.arange(len(labels)), labels] -= 1
    return X.flatten(1).T @ error / len(labels)


def gradient_cases() -> list[tuple]:
    """Return images, probabilities and labels, one image first."""
    cases = []
    for b, side, q in ((1, 1, 2), (2, 1, 3), (3, 2, 3)):
        probs = torch.softmax(pixels(b, q) * 3, 1)
        cases.append((pixels(b, side, side), probs, torch.arange(b) % q))
    return cases


def whole_columns(X: Tensor, probs: Tensor, labels: Tensor) -> Tensor:
    """Subtract 1 in the columns that any label names."""
    error = probs.clone()
    error[:, labels] -= 1
    return X.flatten(1).T @ error / len(labels)


def clipped_step(param: Tensor, grad: Tensor, lr: float, limit: float) -> Tensor:
    """One step along a gradient whose norm is at most ``limit``."""
    norm = grad.norm()
    return param - lr * (grad * (limit / norm) if norm > limit else grad)


def ending(
    others: Callable, equal: bool = True, in_a_row: bool = True, of: Callable = int
) -> Callable:
    """End when ``of(patience)`` losses were above, or equal to, those of ``others``."""

    def epochs(losses: list, patience: int) -> int:
        pairs = zip(losses, others(losses, patience), strict=False)
        late = [loss > other or (equal and loss == other) for loss, other in pairs]
        enough = of(patience)
        for n in range(1, len(losses) + 1):
            if sum(late[max(n - enough, 0) : n] if in_a_row else late[:n]) == enough:
                return n
        return len(losses)

    return epochs


def best_so_far(losses: list, patience: int) -> list:
    """Return the lowest loss before each epoch."""
    return [math.inf, *accumulate(losses, min)]


def one_before(losses: list, patience: int) -> list:
    """Return the loss of the epoch before each."""
    return [math.inf, *losses]


def some_before(losses: list, patience: int) -> list:
    """Return the loss ``patience`` epochs before each."""
    return [math.inf] * patience + losses


def best_of_few(losses: list, patience: int) -> list:
    """Return the lowest of the ``patience`` losses before each."""
    few = (losses[n - patience : n] for n in range(patience, len(losses)))
    return [math.inf] * patience + [min(part) for part in few]


epochs_until = ending(best_so_far)


def patience_out(losses: list, patience: int) -> int:
    """Return the epoch in which patience runs out, or 0."""
    return epochs_until([*losses, -math.inf], patience) % (len(losses) + 1)


def until_the_last_time(losses: list, patience: int) -> int:
    """Go on after patience has run out, and return the last epoch without it."""
    ends = (
        n
        for n in range(len(losses), patience, -1)
        if min(losses[n - patience : n]) >= min(losses[: n - patience])
    )
    return next(ends, len(losses))


CLIPPING_CASES = [
    (torch.tensor([1.0]), torch.tensor([0.5]), 0.1, 1.0),
    (torch.tensor([1.0]), torch.tensor([4.0]), 0.1, 1.0),
    (torch.zeros(2), torch.tensor([3.0, 4.0]), 1.0, 2.5),
    (torch.zeros(2), torch.tensor([3.0, 4.0]), 1.0, 5.25),
    (torch.tensor([1.0, -1.0]), torch.tensor([-0.3, 0.4]), 5.0, 1.0),
    (torch.zeros(1), torch.tensor([3.0]), 1.0, 4.0),
    (pixels(4, 3), pixels(4, 3) * 10, 0.5, 2.0),
    (torch.ones(2), torch.zeros(2), 0.1, 1.0),
    (torch.zeros(2), torch.tensor([3.0, -4.0]), 1.0, 4.5),
    (torch.zeros(2), torch.tensor([6.0, -6.0]), 1.0, 3.0),
    (torch.zeros(2), torch.tensor([0.0, 6.0]), 1.0, 5.0),
    (torch.zeros(2, 2), torch.tensor([[3.0, 0.0], [0.0, 4.0]]), 1.0, 4.5),
]
CLIPPING = FunctionExercise(
    number="7.3",
    title="A step that cannot be too long",
    reference=clipped_step,
    cases=CLIPPING_CASES,
    hint="one factor shortens the whole gradient, and only when its norm is above the limit.",
    mistakes={
        "Each number was cut by itself; that can turn the gradient.": lambda p, g, lr, c: (
            p - lr * g.clamp(-c, c)
        ),
        "A gradient that is short enough must stay as it is.": lambda p, g, lr, c: (
            p - lr * g * c / g.norm()
        ),
        "Every gradient was brought to the limit; one that is short enough must stay as it is.": (
            lambda p, g, lr, c: p - lr * g * c / (g.norm() + 1e-12)
        ),
        "This shortens by the root of the mean square; the Euclidean norm is that of the sum.": (
            lambda p, g, lr, c: p - lr * g * min(1.0, c / max(g.square().mean().sqrt().item(), c))
        ),
        "The gradient was divided by the limit; divide by its norm, and multiply by the limit.": (
            lambda p, g, lr, c: p - lr * (g / c if g.norm() > c else g)
        ),
        "The norm of the step was compared with the limit; the limit is for the gradient.": (
            lambda p, g, lr, c: p - lr * g * (c / g.norm() if lr * g.norm() > c else 1.0)
        ),
        "The norm of the parameter was compared with the limit; the limit is for the gradient.": (
            lambda p, g, lr, c: p - lr * g * (c / p.norm()).clamp(max=1)
        ),
        "The step goes uphill.": lambda p, g, lr, c: 2 * p - clipped_step(p, g, lr, c),
        "The gradient was not shortened.": lambda p, g, lr, c: p - lr * g,
        "The limit is for the gradient; here the step, lr times the gradient, was shortened.": (
            lambda p, g, lr, c: clipped_step(p, lr * g, 1.0, c)
        ),
        "The limit is for the whole gradient, not for each of its rows.": lambda p, g, lr, c: (
            p - lr * g * (c / g.norm(dim=-1, keepdim=True)).clamp(max=1)
        ),
        "This shortens by the sum of the sizes; the Euclidean norm is the root of the sum of "
        "squares.": lambda p, g, lr, c: p - lr * g * min(1.0, c / max(g.abs().sum().item(), c)),
        "This shortens by the largest number; the Euclidean norm is that of all of them.": (
            lambda p, g, lr, c: p - lr * g * min(1.0, c / max(g.abs().max().item(), c))
        ),
        "For a matrix, `linalg.norm` with order 2 is the largest singular value; the norm is over "
        "all its numbers.": lambda p, g, lr, c: (
            p - lr * g * (c / torch.linalg.norm(g, 2)).clamp(max=1)
        ),
        "A gradient that is too long is shortened; here its step was left out.": (
            lambda p, g, lr, c: p - lr * g if g.norm() <= c else p
        ),
        "The shortened gradient is still multiplied by the learning rate.": lambda p, g, lr, c: (
            clipped_step(p, g, 1.0, c)
        ),
        "The limit was compared with the square of the norm.": lambda p, g, lr, c: (
            p - lr * g * (c / g.norm() if g.square().sum() > c else 1.0)
        ),
        "This shortens by the square of the norm; the norm is its root.": lambda p, g, lr, c: (
            p - lr * g * min(1.0, c / max(g.square().sum().item(), c))
        ),
        "That is the shortened gradient; the new parameter is asked for.": lambda p, g, lr, c: (
            -clipped_step(torch.zeros_like(p), g, 1.0, c)
        ),
        "That is the step; the new parameter is asked for.": lambda p, g, lr, c: (
            -clipped_step(torch.zeros_like(p), g, lr, c)
        ),
        "A gradient that is too long is shortened to the limit, not to length 1.": (
            lambda p, g, lr, c: p - lr * (g / g.norm() if g.norm() > c else g)
        ),
        "The learning rate is missing where the gradient is shortened.": lambda p, g, lr, c: (
            p - (g * c / g.norm() if g.norm() > c else lr * g)
        ),
        "The limit is for the whole gradient, not for each of its columns.": lambda p, g, lr, c: (
            p - lr * g * (c / g.norm(dim=0, keepdim=True)).clamp(max=1)
        ),
        "The condition is the wrong way round: shorten what is above the limit.": (
            lambda p, g, lr, c: p - lr * g * (c / g.norm() if g.norm() < c else 1.0)
        ),
        "The factor is upside down: this lengthens the gradient.": lambda p, g, lr, c: (
            p - lr * g * (g.norm() / c).clamp(min=1)
        ),
        "The limit plays no part: this shortens to length 1.": lambda p, g, lr, c: (
            p - lr * g / g.norm().clamp(min=1)
        ),
        "A gradient of zeros has no direction: here 0 was divided by 0.": lambda p, g, lr, c: (
            p - lr * g / g.norm() * g.norm().clamp(max=c)
        ),
        "Each number was cut by itself, and only from above; that can turn the gradient.": (
            lambda p, g, lr, c: p - lr * g.clamp(max=c)
        ),
        "The largest number was compared with the limit; the norm of all of them is meant.": (
            lambda p, g, lr, c: p - lr * g * (c / g.norm() if g.abs().max() > c else 1.0)
        ),
        "The mean was compared with the limit; the norm is meant.": lambda p, g, lr, c: (
            p - lr * g * (c / g.norm() if g.mean() > c else 1.0)
        ),
        "A norm was subtracted, which has no direction; the gradient has one.": (
            lambda p, g, lr, c: p - lr * g.norm().clamp(max=c)
        ),
        "The gradient was multiplied by the shortened norm, and not divided by its own.": (
            lambda p, g, lr, c: p - lr * g * g.norm().clamp(max=c)
        ),
        "The gradient was multiplied by the limit, and not divided by its norm.": (
            lambda p, g, lr, c: p - lr * g * (c if g.norm() > c else 1.0)
        ),
        "The parameter was shortened with the gradient; only the gradient is too long.": (
            lambda p, g, lr, c: (p - lr * g) * (c / g.norm()).clamp(max=1)
        ),
        "The new parameter was brought to the limit; the limit is for the gradient.": (
            lambda p, g, lr, c: clipped_step(torch.zeros_like(p), lr * g - p, 1.0, c)
        ),
    },
)

EXERCISES = (
    ValueExercise(
        number="7.1",
        title="Two learning rates",
        expected=(0.1 / 256, 0.1 / 8),
        digits=2,
        hint="how many times that of the mean of 256 losses is the gradient of their sum, and how "
        "many steps does an epoch have?",
        mistakes={
            "The sum's gradient is 256 times as long, so its rate must be smaller.": (25.6, 0.0125),
            "A mean keeps its size whatever the batch, but eight times as many steps go eight "
            "times as far.": (0.1 / 256, 0.1),
            "Small batches make more steps per epoch; each of them must be shorter.": (
                *(0.1 / 256, 0.8),
            ),
            "The root of the ratio is another rule; by the linear one, the steps add up.": (
                *(0.1 / 256, 0.1 / 8**0.5),
            ),
            "The second loss is a mean: it is not divided by the batch size.": (
                *(0.1 / 256, 0.1 / 32),
            ),
            "Neither rate stays as it is.": (0.1, 0.1),
            "The sum's gradient is 256 times that of the mean; at the same rate each step would "
            "be 256 times as long.": (0.1, 0.1 / 8),
            "A longer gradient and more steps both ask for a smaller rate; these are larger.": (
                *(25.6, 0.8),
            ),
            "The two rates are exchanged: that of the sum comes first.": (0.1 / 8, 0.1 / 256),
            "Those are the factors; the rates are 0.1 times as large.": (1 / 256, 1 / 8),
            "The second loss is a mean again: only the number of steps per epoch counts there.": (
                *(0.1 / 256, 0.1 / 256),
            ),
            "The sum's rate must be smaller, and so must that of more steps.": (25.6, 0.1),
            "The first sum is over 256 images; 32 is the size of the other batches.": (
                *(0.1 / 32, 0.1 / 8),
            ),
            "A longer gradient and more steps both ask for a smaller rate than 0.1.": (0.1, 0.8),
            "The first number is a factor; the rate is 0.1 times as large.": (1 / 256, 0.1 / 8),
            "The second number is a factor; the rate is 0.1 times as large.": (0.1 / 256, 1 / 8),
            "The first rate is rounded to one digit; two are needed.": (0.0004, 0.1 / 8),
            "The second rate is rounded to one digit; two are needed.": (0.1 / 256, 0.01),
            "Both rates are rounded to one digit; two are needed.": (0.0004, 0.01),
            "Those are the divisors; the rates are 0.1 divided by them.": (256, 8),
            "The first loss is a sum over 256 images; 8 is the ratio of the batch sizes in (b).": (
                *(0.1 / 8, 0.1 / 8),
            ),
        },
    ),
    FunctionExercise(
        number="7.2",
        title="The gradient by hand",
        reference=gradient,
        cases=gradient_cases(),
        bans=[
            (
                "Autograd did the derivative here; derive it, and compare afterwards.",
                lambda seen, X, probs, labels: seen.autograd,
            )
        ],
        hint="one matrix product of the images, laid out as rows, and the error P - Y.",
        errors={
            "There are not always ten classes: `probs` says how many.": "(10) at non-singleton",
            "The images are not always of 28 x 28 pixels: `flatten(1)` takes any.": "784]",
        },
        mistakes={
            "This is the sum over the batch; the loss is a mean.": lambda X, p, y: (
                gradient(X, p, y) * len(y)
            ),
            "The sign is wrong: this is the direction of descent.": lambda X, p, y: (
                -gradient(X, p, y)
            ),
            "Rows and columns are exchanged: the weights are (d, K).": lambda X, p, y: (
                gradient(X, p, y).T
            ),
            "The mean is over the examples; this divides by the classes as well.": lambda X, p, y: (
                gradient(X, p, y) / p.shape[1]
            ),
            "This is the gradient with respect to the scores, or the biases; the images are "
            "missing.": lambda X, p, y: gradient(torch.ones(len(y), 1), p, y)[0],
            "The mean is over the images; this divides by the number of pixels instead.": (
                lambda X, p, y: gradient(X, p, y) * len(y) / X[0].numel()
            ),
            "The mean is over the images; this divides by the number of pixels as well.": (
                lambda X, p, y: gradient(X, p, y) / X[0].numel()
            ),
            "This is the product of two means; the mean of the products is asked for.": (
                lambda X, p, y: (
                    X.flatten(1).mean(0)[:, None] * gradient(torch.ones(len(y), 1), p, y)
                )
            ),
            "This is the sum over the batch, with the wrong sign.": lambda X, p, y: (
                -gradient(X, p, y) * len(y)
            ),
            "`one_hot(labels)` has as many columns as these labels need; `one_hot(labels, K)` has "
            "one for each class.": lambda X, p, y: (
                X.flatten(1).T @ (p - torch.nn.functional.one_hot(y)) / len(y)
            ),
            "This divides by 256; divide by the number of the images that are given.": (
                lambda X, p, y: gradient(X, p, y) * len(y) / 256
            ),
            "The labels were added; the error is P - Y.": lambda X, p, y: (
                2 * X.flatten(1).T @ p / len(y) - gradient(X, p, y)
            ),
            "The labels were not subtracted.": lambda X, p, y: X.flatten(1).T @ p / len(y),
            "This reshape mixes the images: lay each out as a row, then transpose.": (
                lambda X, p, y: X.reshape(-1, len(y)) @ (gradient(torch.eye(len(y)), p, y))
            ),
            "Class numbers were subtracted; a one-hot row has a 1 at the label.": lambda X, p, y: (
                X.flatten(1).T @ (p - y[:, None]) / len(y)
            ),
            "This subtracts 1 in whole columns; each row has one label.": whole_columns,
            "These are probabilities already; here the softmax is taken once more.": (
                lambda X, p, y: gradient(X, p.softmax(1), y)
            ),
            "The derivative -1/p is that with respect to the probabilities, not the scores.": (
                lambda X, p, y: X.flatten(1).T @ (-torch.eye(p.shape[1])[y] / p) / len(y)
            ),
            "Only the score of the true class was counted; every score has a derivative.": (
                lambda X, p, y: X.flatten(1).T @ ((p - 1) * torch.eye(p.shape[1])[y]) / len(y)
            ),
            "The pixels were laid out column by column; `flatten` goes row by row.": (
                lambda X, p, y: gradient(X.mT, p, y)
            ),
            "The mean is over the images; this divides by the number of classes instead.": (
                lambda X, p, y: gradient(X, p, y) * len(y) / p.shape[1]
            ),
            "This subtracts 1 in whole rows; of each row only the column that its label names.": (
                lambda X, p, y: X.flatten(1).T @ (p - 1) / len(y)
            ),
            "The probabilities were left out; the error is P - Y.": lambda X, p, y: gradient(
                X, torch.zeros_like(p), y
            ),
            "p (1 - p) is the derivative of a probability with respect to its own score; that of "
            "the loss is P - Y.": lambda X, p, y: X.flatten(1).T @ (p * (1 - p)) / len(y),
        },
    ),
    CLIPPING,
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
            ([1.0, 3.0, 2.0, 2.5, 2.4, 0.5], 2),
            ([4.0, 5.0, 3.0, 5.0, 2.0, 5.0, 1.0], 2),
            ([2.0, 3.0, 3.0], 5),
            ([4.0, 3.0, 5.0, 2.0, 1.0], 2),
            ([1.0, 2.0, 2.5, 2.6, 2.7], 2),
            ([1.0, 0.9999, 0.9998, 0.9997], 2),
        ],
        hint="keep the best loss so far, and count the epochs since it was reached.",
        mistakes={
            "A loss is a new best however little it lies below the best so far.": (
                lambda losses, patience: epochs_until([round(x, 3) for x in losses], patience)
            ),
            "An equal loss is not a new best.": ending(best_so_far, equal=False),
            "Each loss was compared with the one before; the best so far is what counts.": ending(
                one_before
            ),
            "The epochs without a new best must follow each other; a new best starts the count "
            "again.": ending(best_so_far, in_a_row=False),
            "This ends one epoch late: the run ends when patience has run out, not after.": ending(
                best_so_far, of=lambda patience: patience + 1
            ),
            "This is the number of epochs without a new best, not the number of epochs run.": (
                lambda losses, patience: min(patience, len(losses) - 1 - losses.index(min(losses)))
            ),
            "That is the epoch of the best loss; training goes on until patience runs out.": (
                lambda losses, patience: losses.index(min(losses)) + 1
            ),
            "That is the best epoch until the end; the run goes on until patience runs out.": (
                lambda losses, patience: (
                    (so_far := losses[: epochs_until(losses, patience)]).index(min(so_far)) + 1
                )
            ),
            "This ends at the first epoch without a new best, whatever patience is.": ending(
                best_so_far, of=lambda patience: 1
            ),
            "This ends at the first rise, whatever patience is.": ending(
                one_before, equal=False, of=lambda patience: 1
            ),
            "Each loss was compared with the one `patience` epochs before; the best so far is what "
            "counts.": ending(some_before, of=lambda patience: 1),
            "Each loss was compared with the one `patience` epochs before, and an equal one goes "
            "on; the best so far is what counts.": ending(
                some_before, equal=False, of=lambda patience: 1
            ),
            "The run ends the first time patience has run out; this is the last such epoch.": (
                until_the_last_time
            ),
            "Each loss was compared with the best of the `patience` epochs before; count the "
            "epochs since the best of all so far.": ending(best_of_few, of=lambda patience: 1),
            "The best so far starts below every loss, so that none is a new best.": (
                lambda losses, patience: min(patience, len(losses))
            ),
            "Each loss was compared with the first; the best so far is what counts.": (
                ending(lambda losses, patience: [math.inf] + losses[:1] * len(losses))
            ),
            "The first loss is a new best; here it counts as an epoch without one.": ending(
                lambda losses, patience: losses[:1] + best_so_far(losses, patience)[1:]
            ),
            "Counted from the best loss of all; the run may end before it is reached.": (
                lambda losses, patience: min(losses.index(min(losses)) + 1 + patience, len(losses))
            ),
            "That is the best loss; the number of epochs is asked for.": (
                lambda losses, patience: min(losses)
            ),
            "That is the best loss until the end; the number of epochs is asked for.": (
                lambda losses, patience: min(losses[: epochs_until(losses, patience)])
            ),
            "Each loss was compared with the one before, and an equal one starts the count "
            "again; the best so far is what counts.": ending(one_before, equal=False),
            "The loop counts from 0: the run ends one epoch later.": lambda losses, patience: min(
                epochs_until([*losses, float("inf")], patience) - 1, len(losses)
            ),
            "Epochs are counted from 1.": lambda losses, patience: (
                epochs_until(losses, patience) - 1
            ),
            "The epoch of a new best was counted too; patience counts those after it.": (
                lambda losses, patience: epochs_until(losses, patience - 1) if patience > 1 else 1
            ),
            "This ends one epoch early: patience has not run out.": ending(
                best_so_far, of=lambda patience: max(patience - 1, 1)
            ),
            "The best of the full run is not known while it goes on; the best so far is what "
            "counts.": ending(lambda losses, patience: [min(losses)] * len(losses), equal=False),
            "All rises were counted, in a row or not; count the epochs since the best so far.": (
                ending(one_before, equal=False, in_a_row=False)
            ),
            "All epochs without a fall were counted, in a row or not; count those since the best "
            "so far.": ending(one_before, in_a_row=False),
            "The run ends with the epoch in which patience runs out; this is the next one.": (
                lambda losses, patience: (
                    end + 1 if (end := patience_out(losses, patience)) else len(losses)
                )
            ),
            "Where patience runs out, this is the epoch of the best loss; the run ends later.": (
                lambda losses, patience: (
                    end - patience if (end := patience_out(losses, patience)) else len(losses)
                )
            ),
            "That is the place of the best loss, counted from 0.": lambda losses, patience: (
                losses.index(min(losses))
            ),
            "The highest loss was taken for the best; a loss should fall.": (
                lambda losses, patience: epochs_until([-loss for loss in losses], patience)
            ),
            "This never ends a run early.": lambda losses, patience: len(losses),
        },
    ),
)
