"""Exercises of chapter 11, more than one machine."""

import math
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def shares(n: int, num_processes: int) -> list:
    """Even shares of n things as (start, stop) pairs."""
    ends = [rank * n // num_processes for rank in range(num_processes + 1)]
    return list(pairwise(ends))


def combined(gradients: Tensor, counts: Tensor) -> Tensor:
    """Gradient of the mean over all examples from the gradients of the means of the shares."""
    weights = counts / counts.sum()
    return (weights[:, None] * gradients).sum(0)


def near_their_speed(counts: list, n: int, speeds: list) -> bool:
    """Whether the counts share n out, each less than one off the exact share of its speed."""
    exact = [n * speed / sum(speeds) for speed in speeds]
    return sum(counts) == n and all(
        count >= 0 and abs(count - share) < 1 for count, share in zip(counts, exact, strict=True)
    )


def by_speed(n: int, speeds: list) -> list:
    """Counts in proportion to the speeds, rounded down; what is left goes to who lost most."""
    exact = [n * speed / sum(speeds) for speed in speeds]
    counts = [int(share) for share in exact]
    for i in sorted(range(len(speeds)), key=lambda i: counts[i] - exact[i])[: n - sum(counts)]:
        counts[i] += 1
    return counts


def between(stops: list) -> list:
    """Numbers from each stop to the next; the first one starts at 0."""
    return [stop - start for start, stop in pairwise([0, *stops])]


def combined_unless_empty(gradients: Tensor, counts: Tensor) -> Tensor:
    """Gradient of the mean over all examples; shares without examples have none."""
    return combined(gradients[counts > 0], counts[counts > 0])


def timed(fixed: float, shared: float, exchange: float, num_processes: int) -> float:
    """Time on one process over the time on several, of which a part is not shared."""
    several = fixed + shared / num_processes + exchange
    return (fixed + shared) / several if num_processes > 1 else 1.0


NAN = float("nan")

EXERCISES = (
    ValueExercise(
        number="11.1",
        title="What goes over the wire",
        expected=(122_920, 196_672),
        hint="four bytes for each of the 30 730 parameters; a ring sends 2 (p - 1) / p times that.",
        mistakes={
            "The biases are exchanged, too.": (122_880, 196_608),
            "A colour image has three numbers per pixel.": (41_000, 65_600),
            "A colour image has 3072 numbers; these are the bytes of the course's model.": (
                *(31_400, 50_240),
            ),
            "A float32 number takes four bytes, not eight.": (245_840, 393_344),
            "In a ring each piece travels twice: to be added up, and to be handed out.": (
                *(122_920, 98_336),
            ),
            "A float32 number takes four bytes.": (30_730, 49_168),
            "That is the ring for two processes.": (122_920, 122_920),
            "The ring sends the biases' gradients, too.": (122_920, 196_608),
            "That is the ring for four processes.": (122_920, 184_380),
            "In each half of a ring a process sends all pieces but one.": (122_920, 245_840),
            "Four times too little: the ring sends bytes, and a piece in each of eight steps.": (
                *(122_920, 49_168),
            ),
            "A ring sends such a piece in each of its eight steps.": (122_920, 24_584),
            "Each process has the gradient of all parameters, not of a fifth.": (24_584, 39_334.4),
            "The bytes that are handed over come first, then those that the ring sends.": (
                *(196_672, 122_920),
            ),
            "These are bits; a byte has eight.": (983_360, 1_573_376),
            "These are kilobytes; bytes are asked for.": (122.92, 196.672),
            "That is what all five send together; a piece is a fifth of the vector.": (
                *(122_920, 983_360),
            ),
            "That is what all five do together; the part of each one is asked for.": (
                *(614_600, 983_360),
            ),
            "In a ring the vector travels in pieces, not whole to each of the others.": (
                *(122_920, 491_680),
            ),
        },
    ),
    FunctionExercise(
        number="11.2",
        title="Shares for unequal machines",
        reference=by_speed,
        cases=[
            (4, [1.0, 1.0]),
            (4, [3.0, 1.0]),
            (10, [1.0, 1.0, 1.0]),
            (256, [1.0, 2.5, 4.0]),
            (3, [1.0, 1.0, 1.0, 1.0, 1.0]),
            (7, [0.1, 0.1, 5.0]),
            (2, [1.0, 2.0, 1.0]),
            (4, [2.0, 3.0, 3.0]),
            (2, [1.0, 1.0, 2.0]),
            (40, [1.0, 1.0, 1.0, 97.0]),
        ],
        integers=True,
        properties=[
            ("The counts should add up to n.", lambda counts, n, speeds: sum(counts) == n),
            ("No count can be below 0.", lambda counts, n, speeds: min(counts) >= 0),
            (
                "Each count should be less than one off the exact share of its speed.",
                near_their_speed,
            ),
        ],
        accepts=near_their_speed,
        hint="round all shares down; what is left goes, one each, to those who lost most.",
        mistakes={
            "Rounded one by one, the counts need not add up to n.": lambda n, speeds: [
                round(n * speed / sum(speeds)) for speed in speeds
            ],
            "round takes halves to even numbers, 0.5 to 0 and 1.5 to 2, so a count can be one "
            "off; round all of them up.": lambda n, speeds: between(
                [round(n * passed / sum(speeds)) for passed in accumulate(speeds)]
            ),
            "In floats the last end may fall just below n: set it to n.": lambda n, speeds: between(
                [int(n * passed / sum(speeds)) for passed in accumulate(speeds)]
            ),
            "Rounded down, the counts leave examples to nobody.": lambda n, speeds: [
                int(n * speed / sum(speeds)) for speed in speeds
            ],
            "Shares of an example cannot be computed; round them so that the sum stays n.": (
                lambda n, speeds: [n * speed / sum(speeds) for speed in speeds]
            ),
            "A share that lost nothing is one off with one more; give it to those who lost most.": (
                lambda n, speeds: [
                    count + (i < n - sum(counts))
                    for counts in [[int(n * speed / sum(speeds)) for speed in speeds]]
                    for i, count in enumerate(counts)
                ]
            ),
            "These shares are equal, whatever the speeds.": lambda n, speeds: [
                stop - start for start, stop in shares(n, len(speeds))
            ],
            "The slower machine gets more.": lambda n, speeds: by_speed(
                n, [1 / speed for speed in speeds]
            ),
            "What is left over is shared out, too; this gives it all to the last.": (
                lambda n, speeds: [
                    *(counts := [int(n * v / sum(speeds)) for v in speeds[:-1]]),
                    n - sum(counts),
                ]
            ),
        },
    ),
    FunctionExercise(
        number="11.3",
        title="A process without examples",
        reference=combined_unless_empty,
        cases=[
            (torch.tensor([[1.0], [4.0]]), torch.tensor([2, 1])),
            (torch.tensor([[1.0, 2.0], [NAN, NAN]]), torch.tensor([3, 0])),
            (torch.tensor([[NAN, NAN], [1.0, 2.0], [4.0, -1.0]]), torch.tensor([0, 1, 2])),
            (torch.tensor([[NAN, 1.0], [3.0, 2.0]]), torch.tensor([1, 1])),
            (torch.tensor([[NAN, NAN], [3.0, 2.0]]), torch.tensor([1, 2])),
        ],
        hint="a mean over all examples weighs each share by its count; 0 times nan is nan, and a "
        "nan that examples have made must stay.",
        mistakes={
            "0 times nan is nan: a share without examples must be left out.": combined,
            "This counts a small share as much as a large one.": lambda g, n: g[n > 0].mean(0),
            "This is a mean over the processes, whatever their examples.": lambda g, n: g.mean(0),
            "This is a mean over the processes; the empty ones count, too.": lambda g, n: (
                g.masked_fill((n == 0)[:, None], 0).mean(0)
            ),
            "This is a mean over the processes, and hides a nan that comes from examples.": (
                lambda g, n: g.nan_to_num(0.0).mean(0)
            ),
            "This is the gradient of the sum, and hides a nan that comes from examples.": (
                lambda g, n: (n[:, None] * g.nan_to_num(0.0)).sum(0)
            ),
            "This is a sum of means.": lambda g, n: g[n > 0].sum(0),
            "This is the gradient of the sum over the examples; divide by their number.": (
                lambda g, n: (n[n > 0][:, None] * g[n > 0]).sum(0)
            ),
            "This also hides a nan that comes from examples: then the training has failed.": (
                lambda g, n: combined(g.nan_to_num(0.0), n)
            ),
            "A nan in the result is hidden here; if examples made it, it must stay.": (
                lambda g, n: combined_unless_empty(g, n).nan_to_num(0.0)
            ),
            "A nan does not show that a share is empty; its count does.": lambda g, n: combined(
                g[~g.isnan().all(1)], n[~g.isnan().all(1)]
            ),
            "One nan does not show that a share is empty; its count does.": lambda g, n: combined(
                g[~g.isnan().any(1)], n[~g.isnan().any(1)]
            ),
            "This is a mean of means, and hides a nan that comes from examples.": (
                lambda g, n: g.nanmean(0)
            ),
            "These are means; multiply each by its count before you divide.": (
                lambda g, n: g[n > 0].sum(0) / n.sum()
            ),
            "These are means; multiply each by its count, and leave out shares without examples.": (
                lambda g, n: g.sum(0) / n.sum()
            ),
            "This is divided by the number of processes that have examples; divide by that of the "
            "examples.": lambda g, n: (n[n > 0][:, None] * g[n > 0]).sum(0) / (n > 0).sum(),
            "This is divided by the number of processes; divide by that of the examples.": (
                lambda g, n: (n[n > 0][:, None] * g[n > 0]).sum(0) / len(n)
            ),
            "Divide by the number of examples, not of processes; and 0 times nan is nan.": (
                lambda g, n: (n[:, None] * g).sum(0) / len(n)
            ),
            "Divide the sum by the number of all examples; and 0 times nan is nan.": (
                lambda g, n: (n[:, None] * g).sum(0)
            ),
        },
    ),
    ValueExercise(
        number="11.4",
        title="Which is cheaper to share?",
        expected=12_850_000 // 259,
        hint="count the parameters with their biases; then what one row costs, in four parts.",
        mistakes={
            "The biases have gradients, too.": 12_800_000 // 259,
            "What lies below the layer needs a gradient, of 256 numbers per row.": 12_850_000 // 3,
            "The label's score stands on one process, and the others need it.": 12_850_000 // 258,
            "A row has a maximum and a sum, too.": 12_850_000 // 256,
            "A row has three numbers more, and the biases have gradients.": 50_000,
            "One row more is still cheaper: are the label's score and the biases left out?": (
                12_800_000 // 258
            ),
            "What a row costs is in bytes here, the parameters are not.": 12_850_000 // (4 * 259),
            "The parameters are in bytes here, what a row costs is not.": 4 * 12_850_000 // 259,
            "Rows are whole: round down.": 12_850_000 / 259,
            "With that many rows the classes hand over more: round down.": (12_850_000 // 259 + 1),
            "These are numbers of parameters, not of rows.": 12_850_000,
            "The scores are not handed over.": 12_850_000 // 50_000,
            "A row hands over 256 numbers once, backward; all have its features already.": (
                12_850_000 // (2 * 256 + 3)
            ),
        },
    ),
    FunctionExercise(
        number="11.5",
        title="Does it pay?",
        reference=timed,
        cases=[
            (0.0, 1.0, 0.25, 2),
            (0.5, 2.0, 0.25, 2),
            (0.5, 2.0, 0.25, 1),
            (1.0, 10.0, 0.5, 4),
            (0.1, 0.2, 0.3, 8),
        ],
        hint="of the old time only one part is shared out, and the exchange comes on top; one "
        "process has nobody to exchange with.",
        mistakes={
            "This forgets the exchange.": lambda f, s, e, p: (f + s) / (f + s / p),
            "The fixed part is not shared out.": lambda f, s, e, p: (
                (f + s) / ((f + s) / p + e) if p > 1 else 1.0
            ),
            "The fixed part is missing.": lambda f, s, e, p: s / (s / p + e) if p > 1 else 1.0,
            "One process has nobody to exchange with.": lambda f, s, e, p: (
                (f + s) / (f + s / p + e)
            ),
            "The fixed part is missing, and one process has no exchange.": lambda f, s, e, p: (
                s / (s / p + e)
            ),
            "The shared part is divided, not the fixed one.": lambda f, s, e, p: (
                (f + s) / (f / p + s + e) if p > 1 else 1.0
            ),
            "This is divided by the number of processes; the gain of all is asked for.": (
                lambda f, s, e, p: timed(f, s, e, p) / p
            ),
            "Several processes can be slower than one; then the gain is below 1.": (
                lambda f, s, e, p: max(1.0, timed(f, s, e, p))
            ),
            "The new time has the fixed part, too.": lambda f, s, e, p: (
                (f + s) / (s / p + e) if p > 1 else 1.0
            ),
            "The fixed part is not shared out, and one process has no exchange.": (
                lambda f, s, e, p: (f + s) / ((f + s) / p + e)
            ),
            "The old time has no exchange: one process has nobody to exchange with.": (
                lambda f, s, e, p: (f + s + e) / (f + s / p + e)
            ),
            "The old time is that of one process, which exchanges nothing.": lambda f, s, e, p: (
                (f + s + e) / (f + s / p + (p > 1) * e)
            ),
            "This is the new time, not the old one divided by it.": lambda f, s, e, p: (
                f + s / p + e if p > 1 else f + s
            ),
            "This is the time that is saved; the old time is divided by the new one.": (
                lambda f, s, e, p: s - s / p - e * (p > 1)
            ),
            "One too little: the old time is divided by the new one, and nothing is subtracted.": (
                lambda f, s, e, p: timed(f, s, e, p) - 1
            ),
            "This is the limit for ever more processes.": lambda f, s, e, p: (f + s) / (f + e),
            "This is how much slower; the old time is divided by the new one.": (
                lambda f, s, e, p: 1 / timed(f, s, e, p)
            ),
            "The exchange is not shared out; it comes on top.": lambda f, s, e, p: (
                (f + s) / (f + (s + e) / p) if p > 1 else 1.0
            ),
            "The exchange is not shared out, and one process has none.": lambda f, s, e, p: (
                (f + s) / (f + (s + e) / p)
            ),
            "The old time is divided by this one, in which one process has no exchange.": (
                lambda f, s, e, p: f + s / p + e
            ),
            "This is how much slower, and one process has no exchange.": lambda f, s, e, p: (
                (f + s / p + e) / (f + s)
            ),
            "Without brackets only the shared part is divided.": lambda f, s, e, p: (
                f + s / (f + s / p + e) if p > 1 else 1.0
            ),
            "Without brackets only the shared part is divided; and one process has no exchange.": (
                lambda f, s, e, p: f + s / (f + s / p + e)
            ),
            "The exchange takes its time once, not once per process.": lambda f, s, e, p: (
                (f + s) / (f + s / p + e * p) if p > 1 else 1.0
            ),
            "The time of the exchange is that of all processes together; it comes once.": (
                lambda f, s, e, p: (f + s) / (f + s / p + e * (p - 1))
            ),
            "The time of an exchange is given, for any number of processes; it comes once.": (
                lambda f, s, e, p: (f + s) / (f + s / p + e * math.log2(p))
            ),
            "The time of an exchange is given; the factor of a ring's bytes is not for it.": (
                lambda f, s, e, p: (f + s) / (f + s / p + e * 2 * (p - 1) / p)
            ),
        },
    ),
    ValueExercise(
        number="11.6",
        title="A mean on two processes",
        expected=[3.0] * 2,
        hint="sum and count of a process are two numbers; add both up over all processes, divide.",
        mistakes={
            "This is the mean of the two means; a short list counts for too much.": [4.0] * 2,
            "These are the means of each process's own numbers; nothing was exchanged.": [6.0, 2.0],
            "This is the sum; divide it by the number of all numbers.": [12.0] * 2,
            "This is the sum of the means.": [8.0] * 2,
            "The sum is that of all, and the count is one process's own.": [12.0, 4.0],
            "The count is that of all, and the sum is one process's own.": [1.5] * 2,
            "This is one process's own sum, or the sum of all over two; divide that of all by the "
            "number of all numbers.": [6.0] * 2,
            "This adds up means (or takes a maximum): sums and counts are to be added up.": (
                [2.0] * 2
            ),
            "Only one process has the result; an all-reduce gives it to each.": [3.0, 2.0],
        },
    ),
)
