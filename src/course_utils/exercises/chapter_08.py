"""Exercises of chapter 8, softmax regression with PyTorch's own parts."""

import math
from collections.abc import Callable
from copy import deepcopy
from unittest import mock

import torch
from torch import Tensor, nn

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def momentum_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """One step of SGD with momentum, as torch.optim.SGD takes it."""
    buffer = momentum * buffer + grad
    return param - lr * buffer, buffer


def damped_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The buffer as a weighted mean of the old buffer and the gradient."""
    return momentum_step(param, (1 - momentum) * grad, buffer, lr, momentum)


def classical_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The learning rate inside the buffer."""
    buffer = momentum * buffer + lr * grad
    return param - buffer, buffer


def sutskever_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """The buffer as the step itself, with rate and sign (Sutskever et al., 2013)."""
    buffer = momentum * buffer - lr * grad
    return param + buffer, buffer


def nesterov_step(
    param: Tensor, grad: Tensor, buffer: Tensor, lr: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """Nesterov's variant."""
    buffer = momentum * buffer + grad
    return param - lr * (grad + momentum * buffer), buffer


def import_optimizers() -> None:
    """Make torch import what its first optimiser needs: a second that is not the learner's."""
    torch.optim.SGD([torch.zeros(1)], lr=0.1)


def momentum_cases() -> list[tuple]:
    """Return parameters, gradients and buffers; the first buffer is zero, as at the start."""
    import_optimizers()
    generator = torch.Generator().manual_seed(0)
    large = tuple(torch.randn(2, 3, generator=generator) for _ in range(3))
    return [
        (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([0.0]), 0.1, 0.9),
        (torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([4.0]), 0.1, 0.5),
        (*large, 0.05, 0.9),
    ]


def cosine_rate(step: int, num_steps: int, lr: float, lr_end: float) -> float:
    """Learning rate that falls from lr to lr_end along half a cosine."""
    return lr_end + (lr - lr_end) * (1 + math.cos(math.pi * step / num_steps)) / 2


def cosine_cases() -> list[tuple]:
    """Return steps at both ends and between, down to zero and to another rate."""
    import_optimizers()
    down_to_zero = [(0, 10, 0.1, 0.0), (1, 10, 0.1, 0.0)]
    return [*down_to_zero, (0, 10, 0.5, 0.1), (10, 10, 0.5, 0.1), (3, 8, 0.5, 0.1)]


def mean_gradient_of_at_most(size: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function for the gradient of the mean loss, with memory for ``size`` rows."""

    def mean_gradient(X: Tensor, labels: Tensor) -> Tensor:
        if not 0 < len(X) <= size:
            raise ValueError(f"there is memory for 1 to {size} rows at once, got {len(X)}")
        return mean_gradient_without_limit(X, labels)

    return mean_gradient


def mean_gradient_without_limit(X: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the mean cross-entropy at zero weights and three classes."""
    error = torch.full((len(X), 3), 1 / 3)
    error[torch.arange(len(X)), labels] -= 1
    return X.T @ error / len(X)


def micro_batches(f: Callable, X: Tensor, labels: Tensor, size: int) -> list[tuple[int, Tensor]]:
    """Return the number of rows and the mean gradient of each micro-batch."""
    parts = zip(X.split(size), labels.split(size), strict=True)
    return [(len(x), f(x, y)) for x, y in parts]


def accumulated(f: Callable, X: Tensor, labels: Tensor, size: int) -> Tensor:
    """Gradient of the mean over all rows, from micro-batches."""
    found = micro_batches(f, X, labels, size)
    return torch.stack([n / len(X) * gradient for n, gradient in found]).sum(0)


def full_ones_only(f: Callable, X: Tensor, labels: Tensor, size: int) -> Tensor:
    """Leave out a last micro-batch that is not full."""
    n = len(X) // size * size
    return accumulated(f, X[:n], labels[:n], size)


def halving(f: Callable, X: Tensor, labels: Tensor, size: int) -> Tensor:
    """Average what was found so far with each next micro-batch."""
    first, *others = (gradient for _, gradient in micro_batches(f, X, labels, size))
    for gradient in others:
        first = (first + gradient) / 2
    return first


def accumulation_cases() -> list[tuple]:
    """Return one micro-batch, equal ones, a smaller last one, and more of them than rows in one."""
    cases = []
    for n, size in ((1, 1), (2, 2), (4, 2), (3, 2), (7, 2)):
        X = torch.rand(n, 2, generator=torch.Generator().manual_seed(n))
        cases.append((mean_gradient_of_at_most(size), X, torch.arange(n) % 3, size))
    return cases


def forgetful_run(num_steps: int, clears: bool = False, lr: float = 0.1) -> float:
    """Return w after steps down w squared / 2 from 1, with gradients that add up."""
    w, grad = 1.0, 0.0
    for _ in range(num_steps):
        grad = w if clears else grad + w
        w -= lr * grad
    return w


class Looked(nn.Sequential):
    """Layers whose copies keep the gradients of an earlier look; those of torch drop them."""

    def __deepcopy__(self, memo: dict) -> "Looked":
        copied = Looked(*deepcopy(list(self), memo)).train(self.training)
        for mine, its in zip(self.parameters(), copied.parameters(), strict=True):
            its.grad = deepcopy(mine.grad)
        return copied


def small_model(seed: int) -> nn.Module:
    """Return a model whose normalisation differs between training and evaluation."""
    torch.manual_seed(seed)
    return Looked(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3))


def training_cases() -> list[tuple]:
    """Return models with their optimisers: one batch, momentum, a smaller last batch."""
    cases = []
    for seed, sizes, momentum in ((0, [4], 0.0), (1, [4, 4], 0.9), (2, [8, 8, 3], 0.0)):
        model = small_model(seed).eval()
        batches = [(torch.rand(n, 2, 2), torch.randint(3, (n,))) for n in sizes]
        # The gradient of an earlier look is still there.
        nn.functional.cross_entropy(model(batches[0][0]), batches[0][1]).backward()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=momentum)
        cases.append((model, batches, nn.CrossEntropyLoss(), optimizer))
    return cases


def train_epoch(model, batches, loss, optimizer) -> float:
    """Train for one epoch; return the mean loss of its examples."""
    model.train()
    total, count = 0.0, 0
    for X, y in batches:
        optimizer.zero_grad()
        value = loss(model(X), y)
        value.backward()
        optimizer.step()
        total, count = total + value.item() * len(y), count + len(y)
    return total / count


def loss_and_weights(value: object, model, batches, loss, optimizer) -> tuple:
    """What is judged of an epoch: the loss, and all parameters and running statistics in a row."""
    return value, torch.cat([part.flatten() for part in model.state_dict().values()])


def without(part: str) -> Callable:
    """Return an epoch that leaves something out."""

    def epoch(model, batches, loss, optimizer) -> float:
        left_out = {"zero_grad": optimizer, "step": optimizer, "train": model}[part]
        with mock.patch.object(left_out, part, return_value=left_out):
            return train_epoch(model, batches, loss, optimizer)

    return epoch


def clears_once(model, batches, loss, optimizer) -> float:
    """Train, with the gradients cleared before the first batch only."""
    optimizer.zero_grad()
    return without("zero_grad")(model, batches, loss, optimizer)


def returns_early(model, batches, loss, optimizer) -> float:
    """Train on the first batch, and return its loss."""
    return train_epoch(model, batches[:1], loss, optimizer)


def steps_once(model, batches, loss, optimizer) -> float:
    """Add the gradients of all batches up, and take one step along them."""
    optimizer.zero_grad()
    with mock.patch.object(optimizer, "step"):
        mean = without("zero_grad")(model, batches, loss, optimizer)
    optimizer.step()
    return mean


def clears_afterwards(model, batches, loss, optimizer) -> float:
    """Train, with the gradients cleared after each step only."""
    kept, clear = [p.grad for p in model.parameters()], optimizer.zero_grad

    def first_call() -> None:
        for p, grad in zip(model.parameters(), kept, strict=True):
            p.grad = grad
        optimizer.zero_grad = clear

    with mock.patch.object(optimizer, "zero_grad", first_call):
        return train_epoch(model, batches, loss, optimizer)


def mean_of_means(model, batches, loss, optimizer) -> float:
    """Train, and average the batches' losses as if all were equally large."""
    return sum(train_epoch(model, [b], loss, optimizer) for b in batches) / len(batches)


def last_loss(model, batches, loss, optimizer) -> float:
    """Train, and return the loss of the last batch."""
    return [train_epoch(model, [b], loss, optimizer) for b in batches][-1]


def first_loss(model, batches, loss, optimizer) -> float:
    """Train, and return the loss of the first batch."""
    losses = [train_epoch(model, [b], loss, optimizer) for b in batches]
    return losses[0]


def two_steps(model, batches, loss, optimizer) -> float:
    """Train, with two steps along each gradient."""
    step = optimizer.step

    def twice() -> None:
        step()
        step()

    with mock.patch.object(optimizer, "step", twice):
        return train_epoch(model, batches, loss, optimizer)


def after_its_step(model, batches, loss, optimizer) -> float:
    """Train, and measure each batch after its own step."""
    total, count = 0.0, 0
    for X, y in batches:
        train_epoch(model, [(X, y)], loss, optimizer)
        total, count = total + loss(model(X), y).item() * len(y), count + len(y)
    return total / count


def forward_twice(model, batches, loss, optimizer) -> float:
    """Take each batch through the model once for the report and once for the gradient."""
    found, count = 0.0, 0
    for X, y in batches:
        model.train()(X)
        found += train_epoch(model, [(X, y)], loss, optimizer) * len(y)
        count += len(y)
    return found / count


def in_evaluation_mode(model, batches, loss, optimizer) -> float:
    """Train, and measure each batch in evaluation mode before its step."""
    total, count = 0.0, 0
    for X, y in batches:
        total, count = total + loss(model.eval()(X), y).item() * len(y), count + len(y)
        train_epoch(model, [(X, y)], loss, optimizer)
    return total / count


def along_the_sum(model, batches, loss, optimizer) -> float:
    """Train along the gradient of each batch's sum."""
    found, count = 0.0, 0
    for X, y in batches:
        found += train_epoch(model, [(X, y)], lambda a, b: len(b) * loss(a, b), optimizer)
        count += len(y)
    return found / count


def looking_back(model, batches, loss, optimizer) -> float:
    """Train, and measure in evaluation mode when the epoch is over."""
    train_epoch(model, batches, loss, optimizer)
    model.eval()
    return sum(loss(model(X), y).item() * len(y) for X, y in batches) / sum(
        len(y) for _, y in batches
    )


EXERCISES = (
    ValueExercise(
        number="8.1",
        title="The forgotten line",
        expected=forgetful_run(3),
        digits=3,
        hint="the first step has the gradient 1; what stands in .grad at the second?",
        mistakes={
            "That is the run with zero_grad in each step.": forgetful_run(3, clears=True),
            "That is w after one step.": forgetful_run(1),
            "That is w after two steps.": forgetful_run(2),
            "That is w after four steps.": forgetful_run(4),
            "The gradient at each step is that of the present w, added to what is there; it is not "
            "1 each time.": 1 - 0.1 * (1 + 2 + 3),
            "That takes three steps along the first gradient.": 0.7,
            "The derivative of w squared / 2 is w, not 2 w.": 1 - 0.2 - 0.36 - 0.448,
            "The derivative of w squared / 2 is w, not 2 w; and nobody calls zero_grad.": 0.8**3,
            "That is the gradient at the third step; w is asked for.": 2.61,
            "The steps go uphill.": forgetful_run(3, lr=-0.1),
            "The learning rate is missing from the steps.": forgetful_run(3, lr=1.0),
            "Three steps, but only the last w is asked for.": [0.9, 0.71, 0.449],
        },
    ),
    FunctionExercise(
        number="8.2",
        title="Momentum, as torch does it",
        reference=momentum_step,
        cases=momentum_cases,  # the first optimiser imports much of torch
        hint="two lines: first the buffer, then the step along the new buffer.",
        mistakes={
            "torch adds the whole gradient; this is the version with dampening.": damped_step,
            "torch keeps the learning rate out of the buffer.": classical_step,
            "This is Nesterov's variant.": nesterov_step,
            "Here rate and sign stand inside the buffer, as in some texts; torch adds the gradient "
            "as it is.": sutskever_step,
            "Here the sign stands inside the buffer; torch adds the gradient as it is, and "
            "subtracts in the step.": lambda p, g, b, lr, m: (p + lr * (m * b - g), m * b - g),
            "The new buffer is to be returned, not the old one.": lambda p, g, b, lr, m: (
                p - lr * (m * b + g),
                b,
            ),
            "The second result is to be the new buffer; this is the gradient.": (
                lambda p, g, b, lr, m: (p - lr * (m * b + g), g)
            ),
            "The first result is to be the new parameter; this is the step.": (
                lambda p, g, b, lr, m: (lr * (m * b + g), m * b + g)
            ),
            "The first result is to be the new parameter; this is only its change.": (
                lambda p, g, b, lr, m: (-lr * (m * b + g), m * b + g)
            ),
            "The step is taken without the learning rate.": lambda p, g, b, lr, m: (
                p - (m * b + g),
                m * b + g,
            ),
            "The step uses the old buffer.": lambda p, g, b, lr, m: (
                p - lr * b,
                m * b + g,
            ),
            "The step goes uphill.": lambda p, g, b, lr, m: (
                p + lr * (m * b + g),
                m * b + g,
            ),
            "The new buffer is to be returned as well.": lambda p, g, b, lr, m: momentum_step(
                p, g, b, lr, m
            )[0],
            "The buffer comes second.": lambda p, g, b, lr, m: momentum_step(p, g, b, lr, m)[::-1],
            "The momentum belongs to the buffer, not to the gradient.": lambda p, g, b, lr, m: (
                momentum_step(p, m * g, b / m, lr, m)
            ),
            "The momentum plays no part.": lambda p, g, b, lr, m: (p - lr * g, g),
            "The step goes along the gradient alone; it is to go along the new buffer.": (
                lambda p, g, b, lr, m: (p - lr * g, m * b + g)
            ),
            "The momentum multiplies the old buffer only, not the gradient as well.": (
                lambda p, g, b, lr, m: momentum_step(p, m * g, b, lr, m)
            ),
            "Momentum and 1 - momentum are exchanged, and torch adds the whole gradient.": (
                lambda p, g, b, lr, m: momentum_step(p, m * g, b, lr, 1 - m)
            ),
            "The learning rate is applied twice: in the buffer and in the step.": (
                lambda p, g, b, lr, m: momentum_step(p, lr * g, b, lr, m)
            ),
            "The second result is to be the buffer; this is the step, with the rate.": (
                lambda p, g, b, lr, m: (p - lr * (m * b + g), lr * (m * b + g))
            ),
            "The old buffer, too, is to be multiplied by the rate.": lambda p, g, b, lr, m: (
                p - lr * g - m * b,
                m * b + g,
            ),
            "The gradient is subtracted in the buffer; torch adds it, and the step subtracts.": (
                lambda p, g, b, lr, m: momentum_step(p, -g, b, lr, m)
            ),
            "The buffer is added whole, so it would never forget.": lambda p, g, b, lr, m: (
                momentum_step(p, g, b, lr, 1.0)
            ),
        },
    ),
    FunctionExercise(
        number="8.3",
        title="A rate that falls along a cosine",
        reference=cosine_rate,
        cases=cosine_cases,
        hint="the cosine falls from 1 to -1 over half a turn; scale it and shift it.",
        mistakes={
            "It rises: the beginning and the end are exchanged.": lambda t, n, a, b: cosine_rate(
                n - t, n, a, b
            ),
            "A cosine also falls below zero, and a rate must not.": lambda t, n, a, b: (
                b + (a - b) * math.cos(math.pi * t / n)
            ),
            "The cosine ends at -1, so this rate ends at -lr.": lambda t, n, a, b: (
                a * math.cos(math.pi * t / n)
            ),
            "That is a whole turn: the rate is back at its start.": lambda t, n, a, b: cosine_rate(
                2 * t, n, a, b
            ),
            "That is a quarter of a turn, which falls fastest at the end.": lambda t, n, a, b: (
                b + (a - b) * math.cos(math.pi / 2 * t / n)
            ),
            "That is a quarter of a turn, and the rate ends halfway to lr_end.": (
                lambda t, n, a, b: cosine_rate(t, 2 * n, a, b)
            ),
            "Half a turn is pi, and this cosine ends at an angle of 1.": lambda t, n, a, b: (
                b + (a - b) * (1 + math.cos(t / n)) / 2
            ),
            "math.cos wants radians.": lambda t, n, a, b: (
                b + (a - b) * (1 + math.cos(180 * t / n)) / 2
            ),
            "It reaches lr_end one step too early: num_steps is the number to divide by.": (
                lambda t, n, a, b: cosine_rate(t, n - 1, a, b)
            ),
            "That is the rate of the next step.": lambda t, n, a, b: cosine_rate(t + 1, n, a, b),
            "That is the rate of the step before.": lambda t, n, a, b: cosine_rate(t - 1, n, a, b),
            "It does not reach lr_end at num_steps, which is the number to divide by.": (
                lambda t, n, a, b: cosine_rate(t, n + 1, a, b)
            ),
            "The height of the cosine is the difference of the two rates, not their sum.": (
                lambda t, n, a, b: cosine_rate(t, n, a + b, 0.0)
            ),
            "lr_end is added to a cosine as high as the sum of the rates; it is their "
            "difference that falls.": lambda t, n, a, b: b + cosine_rate(t, n, a + b, 0.0),
            "Without the 1 the cosine swings about lr_end; it is to swing about the mean of the "
            "two rates.": lambda t, n, a, b: b + (a - b) * math.cos(math.pi * t / n) / 2,
            "The rate stays at lr until the last step, as it does with // in place of /.": (
                lambda t, n, a, b: cosine_rate(t // n, 1, a, b)
            ),
            "That is a sine, which rises first.": lambda t, n, a, b: (
                b + (a - b) * (1 + math.sin(math.pi * t / n)) / 2
            ),
            "1 + cos starts at 2: it is to be halved.": lambda t, n, a, b: (
                b + 2 * cosine_rate(t, n, a - b, 0.0)
            ),
            "It falls as it should, but ends at 0 and starts too low: lr_end is to be added.": (
                lambda t, n, a, b: cosine_rate(t, n, a - b, 0.0)
            ),
            "Brackets are missing: halve 1 + cos, and multiply that by the difference.": (
                lambda t, n, a, b: b + (a - b) * 1 + math.cos(math.pi * t / n) / 2
            ),
            "1 + cos / 2 starts at 1.5: the 1 is to be halved as well.": lambda t, n, a, b: (
                b + (a - b) * (1 + math.cos(math.pi * t / n) / 2)
            ),
            "It reaches lr_end halfway: cutting the cosine off there is not shifting it.": (
                lambda t, n, a, b: b + (a - b) * max(0.0, math.cos(math.pi * t / n))
            ),
            "1 - sin over a quarter of a turn falls fastest at the start; it is to fall slowly at "
            "both ends.": lambda t, n, a, b: b + (a - b) * (1 - math.sin(math.pi / 2 * t / n)),
            "That is a straight line.": lambda t, n, a, b: a + (b - a) * t / n,
            "It ends at zero, whatever lr_end is.": lambda t, n, a, b: cosine_rate(t, n, a, 0.0),
            "It reaches lr_end before num_steps and stays there; the cosine is to be scaled so "
            "that it ends there.": lambda t, n, a, b: max(b, cosine_rate(t, n, a, 0.0)),
            "lr_end was added on top; the rate has to start at lr.": lambda t, n, a, b: (
                b + cosine_rate(t, n, a, 0.0)
            ),
        },
    ),
    FunctionExercise(
        number="8.4",
        title="A batch that does not fit",
        reference=accumulated,
        cases=accumulation_cases(),
        atol=1e-6,
        hint="the mean over all rows is a sum divided by their number; what is each part's sum?",
        mistakes={
            "The sign is wrong: the gradients are added up as they are.": lambda f, X, y, n: (
                -accumulated(f, X, y, n)
            ),
            "This is the sum over the rows; the mean is asked for.": lambda f, X, y, n: (
                len(X) * accumulated(f, X, y, n)
            ),
            "A sum of means grows with the number of micro-batches.": lambda f, X, y, n: (
                torch.stack([g for _, g in micro_batches(f, X, y, n)]).sum(0)
            ),
            "That is the gradient of the last micro-batch; the others were overwritten.": (
                lambda f, X, y, n: micro_batches(f, X, y, n)[-1][1]
            ),
            "A smaller last micro-batch must count for less.": lambda f, X, y, n: torch.stack(
                [g for _, g in micro_batches(f, X, y, n)]
            ).mean(0),
            "Each mean is to be multiplied by its rows before the division by all of them.": (
                lambda f, X, y, n: (
                    torch.stack([g for _, g in micro_batches(f, X, y, n)]).sum(0) / len(X)
                )
            ),
            "This divides by size; the mean is over all rows of X.": lambda f, X, y, n: (
                accumulated(f, X, y, n) * len(X) / n
            ),
            "The last micro-batch was added, but not counted in the division.": lambda f, X, y, n: (
                torch.stack([g for _, g in micro_batches(f, X, y, n)]).sum(0) / max(1, len(X) // n)
            ),
            "The rows of the last micro-batch were left out.": full_ones_only,
            "The rows of the last micro-batch were left out, but counted in the division.": (
                lambda f, X, y, n: full_ones_only(f, X, y, n) * (len(X) // n * n) / len(X)
            ),
            "Halving the running mean gives the last micro-batches too much weight.": halving,
            "That is the gradient of the first micro-batch; the others are missing.": (
                lambda f, X, y, n: micro_batches(f, X, y, n)[0][1]
            ),
            "Each micro-batch counts by its own rows; the last may have fewer than size.": (
                lambda f, X, y, n: torch.stack(
                    [n / len(X) * g for _, g in micro_batches(f, X, y, n)]
                ).sum(0)
            ),
            "This divides by the number of micro-batches and weighs them by their rows as well.": (
                lambda f, X, y, n: accumulated(f, X, y, n) / -(-len(X) // n)
            ),
        },
    ),
    FunctionExercise(
        number="8.5",
        title="One epoch",
        reference=train_epoch,
        cases=training_cases,  # the first optimiser imports much of torch
        observe=loss_and_weights,
        rtol=1e-4,
        atol=1e-6,
        hint="the lines of the loop, in their order; a mean over examples weighs each batch by "
        "its size, and a model must be told that it is trained.",
        mistakes={
            "The gradients of the batch before are still in .grad: zero_grad is missing.": without(
                "zero_grad"
            ),
            "The first step used the gradient of an earlier look: zero_grad has to come before the "
            "first backward, too.": clears_afterwards,
            "The gradients pile up: zero_grad belongs inside the loop, once for each batch.": (
                clears_once
            ),
            "Only one batch was used: does return stand inside the loop?": returns_early,
            "One step was taken for all batches; step belongs inside the loop.": steps_once,
            "The parameters did not change: is backward or step missing, or in the wrong order, or "
            "does zero_grad stand between them?": without("step"),
            "The model was not in training mode: its normalisation used the running statistics.": (
                without("train")
            ),
            "The last batch is smaller and must count for less in the mean.": mean_of_means,
            "This is the loss of the last batch.": last_loss,
            "This is the loss of the first batch.": first_loss,
            "Each batch takes two steps.": two_steps,
            "Each batch is to be measured before its own step; this is the loss after it.": (
                after_its_step
            ),
            "This looks back when the epoch is over; each batch is to be measured before its own "
            "step.": looking_back,
            "Each batch was measured in evaluation mode; report the loss that gives the "
            "gradient.": in_evaluation_mode,
            "Each batch went through the model twice; report the loss that gives the gradient.": (
                forward_twice
            ),
            "The loss of a batch is a mean: multiply it by the number of its examples before you "
            "add it.": lambda model, batches, loss, optimizer: (
                mean_of_means(model, batches, loss, optimizer)
                * len(batches)
                / sum(len(y) for _, y in batches)
            ),
            "The step went along the gradient of the batch's sum; the mean is to be multiplied "
            "in the report only.": along_the_sum,
            "This divides the sum over the examples by the number of batches.": (
                lambda model, batches, loss, optimizer: (
                    train_epoch(model, batches, loss, optimizer)
                    * sum(len(y) for _, y in batches)
                    / len(batches)
                )
            ),
            "This is the sum of the batches' losses.": lambda model, batches, loss, optimizer: (
                mean_of_means(model, batches, loss, optimizer) * len(batches)
            ),
            "This is the sum over the examples; it is to be divided by their number.": (
                lambda model, batches, loss, optimizer: (
                    train_epoch(model, batches, loss, optimizer) * sum(len(y) for _, y in batches)
                )
            ),
            "The loss is to be returned.": lambda *args: train_epoch(*args) and None,
        },
    ),
)
