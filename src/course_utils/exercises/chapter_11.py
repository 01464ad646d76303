"""Exercises of chapter 11, more than one machine."""

from itertools import pairwise

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def shares(n: int, num_processes: int) -> list:
    """Even shares of n things as (start, stop) pairs."""
    ends = [rank * n // num_processes for rank in range(num_processes + 1)]
    return list(pairwise(ends))


def even_cover(value: list, n: int, num_processes: int) -> bool:
    """Whether the pairs follow each other, cover 0 to n and are even."""
    starts, stops = [pair[0] for pair in value], [pair[1] for pair in value]
    sizes = [stop - start for start, stop in value]
    follows = starts[1:] == stops[:-1] and starts[0] == 0 and stops[-1] == n
    return follows and max(sizes) - min(sizes) <= 1


def last_takes_the_rest(n: int, p: int) -> list:
    """Floor shares, what is left over to the last."""
    floor = n // p
    return [(r * floor, n if r == p - 1 else (r + 1) * floor) for r in range(p)]


def combined(gradients: Tensor, counts: Tensor) -> Tensor:
    """Gradient of the mean over all examples from the gradients of the means of the shares."""
    weights = counts / counts.sum()
    return (weights[:, None] * gradients).sum(0)


def global_pair(maxima: Tensor, sums: Tensor) -> tuple:
    """Pair of all processes from their pairs."""
    top = maxima.max()
    return top, (sums * (maxima - top).exp()).sum()


def speedup(compute: float, exchange: float, num_processes: int) -> float:
    """Time on one process over the time on several."""
    return compute / (compute / num_processes + exchange)


GRADIENTS = torch.tensor([[1.0, 2.0], [3.0, -2.0], [5.0, 0.0]])

EXERCISES = (
    ValueExercise(
        number="11.1",
        title="What goes over the wire",
        expected=(31_400, 47_100),
        hint="four bytes for each of the 7850 parameters; a ring sends 2 (p - 1) / p times that.",
        mistakes={
            "The offsets are exchanged, too.": (31_360, 47_040),
            "A float32 number takes four bytes.": (7850, 11_775),
            "That is the ring for two processes.": (31_400, 31_400),
            "In a ring no process sends its own share around completely.": (31_400, 62_800),
        },
    ),
    FunctionExercise(
        number="11.2",
        title="Even shares",
        reference=shares,
        cases=[(4, 2), (5, 2), (11, 4), (2, 3), (256, 3)],
        hint="let share r end where (r + 1) n / p, rounded down, says.",
        integers=True,
        accepts=even_cover,
        mistakes={
            "What is left over after even division belongs to nobody.": lambda n, p: [
                (r * (n // p), (r + 1) * (n // p)) for r in range(p)
            ],
            "The last process gets all that is left over; sizes may differ by one at most.": (
                last_takes_the_rest
            ),
            "A stop is the place after the last one, as in a slice.": lambda n, p: [
                (start, stop - 1) for start, stop in shares(n, p)
            ],
        },
    ),
    FunctionExercise(
        number="11.3",
        title="Unequal shares",
        reference=combined,
        cases=[
            (torch.tensor([[1.0], [4.0]]), torch.tensor([2, 1])),
            (GRADIENTS[:2], torch.tensor([3, 1])),
            (GRADIENTS, torch.tensor([100, 100, 56])),
        ],
        hint="a mean over all examples weights each share by how many examples it had.",
        mistakes={
            "This counts a small share as much as a large one.": lambda g, n: g.mean(0),
            "This is a sum of means.": lambda g, n: g.sum(0),
            "This is the gradient of the sum over the examples; divide by their number.": (
                lambda g, n: (n[:, None] * g).sum(0)
            ),
        },
    ),
    FunctionExercise(
        number="11.4",
        title="Two exchanges",
        reference=global_pair,
        cases=[
            (torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0])),
            (torch.tensor([3.0, -1.0, 2.5]), torch.tensor([1.5, 4.0, 1.0])),
            (torch.tensor([1000.0, 900.0]), torch.tensor([1.0, 2.0])),
        ],
        hint="first the largest maximum; then every sum is brought to it, and they are added.",
        mistakes={
            "The sums belong to different maxima; bring them to the common one first.": (
                lambda m, s: (m.max(), s.sum())
            ),
            "The factor is upside down: sums with a smaller maximum must shrink.": (
                lambda m, s: (m.max(), (s * (m.max() - m).exp()).sum())
            ),
            "The sum is to be relative to the maximum; without that it overflows.": (
                lambda m, s: (m.max(), (s * m.exp()).sum())
            ),
        },
    ),
    FunctionExercise(
        number="11.5",
        title="Does it pay?",
        reference=speedup,
        cases=[(1.0, 0.5, 1), (1.0, 0.25, 2), (10.0, 0.5, 4), (0.1, 0.2, 8)],
        hint="the computation is shared out, the exchange comes on top; divide the old time by "
        "the new.",
        mistakes={
            "This forgets the exchange.": lambda c, e, p: float(p),
            "The computation is shared out among the processes.": lambda c, e, p: c / (c + e),
            "This is the new time, not the old one divided by it.": lambda c, e, p: c / p + e,
            "The exchange is not shared out; it comes on top.": lambda c, e, p: c * p / (c + e),
        },
    ),
)
