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


def wide(value: object) -> object:
    """Float64, so that half precision is held to the same digits as the rest.

    What is 0 in float32 is 0, so that a mistake is met in float64, too.
    """
    if not isinstance(value, Tensor):
        return value
    numbers = value.double()
    return numbers.masked_fill(numbers.abs() < 1e-37, 0)


def loss_without_hits(
    label_score: Tensor, label: int, scores: Tensor, classes: Tensor, q: Tensor
) -> Tensor:
    """Estimated loss from draws, of which those of the label itself do not count."""
    weighted = (scores - q.log() - math.log(len(scores))).masked_fill(classes == label, -math.inf)
    return torch.logsumexp(torch.cat([label_score.reshape(1), weighted]), 0) - label_score


def hit_cases() -> list[tuple]:
    """Return draws without a hit, with two, with many, and large scores."""
    generator = torch.Generator().manual_seed(4)
    q = torch.softmax(torch.randn(9, generator=generator), 0)
    classes = torch.multinomial(q, 30, True, generator=generator)
    scores = 2 * torch.randn(9, generator=generator)
    return [
        (torch.tensor(1.0), 0, torch.tensor([0.0]), torch.tensor([2]), torch.tensor([0.5])),
        (
            torch.tensor(1.0),
            3,
            torch.tensor([0.0, 1.0, 2.0, 1.0]),
            torch.tensor([0, 3, 1, 3]),
            torch.tensor([0.25, 0.125, 0.5, 0.125]),
        ),
        (scores[4], 4, scores[classes], classes, q[classes]),
        (
            torch.tensor(1000.0),
            5,
            torch.tensor([1001.0, 1000.0]),
            torch.tensor([2, 5]),
            torch.tensor([0.5, 0.25]),
        ),
    ]


def divided_by_the_rest(
    label_score: Tensor, label: int, scores: Tensor, classes: Tensor, q: Tensor
) -> Tensor:
    """The loss as if hits had not been drawn at all."""
    keep = classes != label
    weighted = (scores - q.log())[keep] - math.log(max(int(keep.sum()), 1))
    return torch.logsumexp(torch.cat([label_score.reshape(1), weighted]), 0) - label_score


def overflowing(label_score, label, scores, classes, q) -> Tensor:
    """The formula as it reads."""
    total = (scores.exp() / q)[classes != label].sum() / len(scores)
    return (label_score.exp() + total).log() - label_score


def adaptive(head: Tensor, tails: list) -> Tensor:
    """Log-probabilities of all words from the scores of the head and of each tail."""
    head = torch.log_softmax(head, 0)
    num_frequent = len(head) - len(tails)
    parts = [head[num_frequent + i] + torch.log_softmax(t, 0) for i, t in enumerate(tails)]
    return torch.cat([head[:num_frequent], *parts])


def adaptive_cases() -> list[tuple]:
    """Return scores of heads and tails: one word and one tail first, large scores last."""
    return [
        (torch.tensor([0.0, 0.0]), [torch.tensor([1.0, 1.0])]),
        (torch.tensor([2.0, 0.0, 1.0]), [torch.tensor([0.0, 1.0, 2.0])]),
        (draws(5), [draws(4, seed=1), draws(6, seed=2)]),
        (torch.tensor([100.0, 0.0]), [torch.tensor([0.0, 150.0])]),
    ]


def with_clusters(head: Tensor, tails: list, clusters: Tensor) -> Tensor:
    """The words of each tail with a log-probability of it from elsewhere."""
    words = [c + torch.log_softmax(tail, 0) for c, tail in zip(clusters, tails, strict=True)]
    return torch.cat([adaptive(head, tails)[: len(head) - len(tails)], *words])


def merged_means(left: tuple, right: tuple) -> tuple:
    """Merge two (maximum, sum, weighted mean) triples."""
    top = max(left[0], right[0])
    a, b = left[1] * math.exp(left[0] - top), right[1] * math.exp(right[0] - top)
    return top, a + b, (a * left[2] + b * right[2]) / (a + b)


def mean_with_sums(a: float, b: float, left: tuple, right: tuple) -> tuple:
    """Merge right but for the mean, which is weighted by a and b."""
    top, total, _ = merged_means(left, right)
    return top, total, (a * left[2] + b * right[2]) / (a + b)


def with_sums(a: float, b: float, left: tuple, right: tuple) -> tuple:
    """Merge two triples whose sums have been rescaled to a and b."""
    return max(left[0], right[0]), a + b, (a * left[2] + b * right[2]) / (a + b)


def plain_exps(left: tuple, right: tuple) -> tuple:
    """Merge with sums that belong to no maximum, as a formula without shifts would."""
    a, b = left[1] * math.exp(left[0]), right[1] * math.exp(right[0])
    top = max(left[0], right[0])
    return top, (a + b) / math.exp(top), (a * left[2] + b * right[2]) / (a + b)


PROBS = torch.tensor([0.5, 0.25, 0.125, 0.125])

EXERCISES = (
    ValueExercise(
        number="10.1",
        title="Very many words",
        expected=(38_450_000, 1_638_400_000),
        hint="one weight per feature and one bias for each word; one score per word, position and "
        "sequence, of four bytes each.",
        mistakes={
            "The biases are missing.": (38_400_000, 1_638_400_000),
            "There is one bias per word, not one per feature.": (38_400_768, 1_638_400_000),
            "A float32 number takes four bytes.": (38_450_000, 409_600_000),
            "A float32 number takes four bytes; that is its number of bits.": (
                *(38_450_000, 13_107_200_000),
            ),
            "Each position of each sequence has its own row of scores.": (38_450_000, 3_200_000),
            "All sequences of the batch have scores, not one.": (38_450_000, 102_400_000),
            "Parameters are asked for first, not their bytes.": (153_800_000, 1_638_400_000),
            "The parameters come first, then the bytes.": (1_638_400_000, 38_450_000),
            "Parameters and bytes are asked for, not millions of them.": (38.45, 1638.4),
            "Bytes are asked for, not megabytes.": (38_450_000, 1638.4),
            "Bytes are asked for, not gigabytes.": (38_450_000, 1.6384),
            "Bytes are asked for, exactly, not gigabytes to three digits.": (38_450_000, 1.64),
            "Bytes are asked for, exactly, not gigabytes to two digits.": (38_450_000, 1.6),
            "Bytes are asked for, not gibibytes.": (38_450_000, 1_638_400_000 / 2**30),
            "Bytes are asked for, not mebibytes.": (38_450_000, 1562.5),
            "Both numbers are asked for exactly, not rounded.": (38_450_000, 1_600_000_000),
            "Both numbers are asked for exactly, not to three digits.": (38_450_000, 1_640_000_000),
            "A float32 number takes four bytes; eight is a double-precision one.": (
                *(38_450_000, 3_276_800_000),
            ),
            "Bytes are asked for, not kilobytes.": (38_450_000, 1_638_400),
            "Bytes are asked for, not kibibytes.": (38_450_000, 1_600_000),
            "A float32 number takes four bytes; two is a half-precision one.": (
                *(38_450_000, 819_200_000),
            ),
            "Those are the bytes of the features; a score is one per word.": (
                *(38_450_000, 25_165_824),
            ),
            "Those are the bytes of the parameters, not of the scores.": (38_450_000, 153_800_000),
            "That is three matrices of scores, as many as the full loss holds; one is asked for.": (
                *(38_450_000, 4_915_200_000),
            ),
            "Only the last layer is asked for, not the codes of the words.": (
                *(76_850_000, 1_638_400_000),
            ),
            "The biases are missing, and a float32 number takes four bytes.": (
                *(38_400_000, 409_600_000),
            ),
        },
    ),
    FunctionExercise(
        number="10.2",
        title="Is it in the sample?",
        reference=appears,
        canonical=wide,
        cases=[
            (torch.tensor([0.25]), 1),
            (torch.tensor([0.25]), 2),
            (PROBS, 10),
            (torch.tensor([1e-9, 1e-4, 0.5]), 1000),
            (torch.tensor([1e-9, 1.0]), 7),
        ],
        atol=0.0,
        hint="first the probability that none of the draws is the class; mind tiny probabilities.",
        mistakes={
            "1 - q rounds tiny probabilities away; which functions keep them?": lambda q, s: (
                1 - (1 - q) ** s
            ),
            "log1p keeps q, and 1 - exp(x) loses it again; expm1 does not.": lambda q, s: (
                1 - torch.exp(s * torch.log1p(-q))
            ),
            "That is the expected count; it can exceed 1.": lambda q, s: q * s,
            "That is the probability with many draws of a rare class; 1 - q is not exp(-q).": (
                lambda q, s: -torch.expm1(-q * s)
            ),
            "That is the probability with many draws of a rare class, and 1 - exp(x) loses tiny "
            "ones.": lambda q, s: 1 - torch.exp(-q * s),
            "That is the expected count, cut off at 1.": lambda q, s: (s * q).clamp(max=1),
            "That is the probability of being drawn exactly once.": lambda q, s: (
                s * q * (1 - q) ** (s - 1)
            ),
            "That is the probability that it is missing.": lambda q, s: 1 - appears(q, s),
            "That is the probability that all draws are this class.": lambda q, s: q**s,
            "That is the probability that not all draws are this class.": lambda q, s: 1 - q**s,
            "That is the probability in one draw.": lambda q, s: q,
            "All draws count, and here one is missing.": lambda q, s: appears(q, s - 1),
            "All draws count, and here one is missing; 1 - q rounds tiny ones away.": (
                lambda q, s: 1 - (1 - q) ** (s - 1)
            ),
            "All draws count, and here there is one more.": lambda q, s: appears(q, s + 1),
            "A probability is not negative: the sign is wrong.": lambda q, s: -appears(q, s),
            "num_samples classes are drawn; here it is one draw per entry of q.": lambda q, s: (
                appears(q, len(q))
            ),
            "That is the logarithm of the probability that it is missing.": lambda q, s: (
                s * torch.log1p(-q)
            ),
            "float16 has three digits, fewer near 1e-6: answer in float32.": lambda q, s: appears(
                q, s
            ).half(),
            "bfloat16 has some two digits: answer in float32.": lambda q, s: appears(
                q, s
            ).bfloat16(),
            "1 - q rounds tiny probabilities away, and half precision keeps three digits.": (
                lambda q, s: (1 - (1 - q) ** s).half()
            ),
            "In float16 1e-9 is 0: leave q in float32.": lambda q, s: appears(q.half(), s),
            "In float16 1e-9 is 0, and 1 - q rounds 1e-4 away, too: leave q in float32.": (
                lambda q, s: 1 - (1 - q.half()) ** s
            ),
        },
    ),
    FunctionExercise(
        number="10.3",
        title="A hit by chance",
        reference=loss_without_hits,
        cases=hit_cases(),
        properties=[
            (
                "The loss should be finite: did exp overflow, or was a mean taken of nothing?",
                lambda value, *args: bool(torch.as_tensor(value).isfinite().all()),
            )
        ],
        hint="the expectation of a draw, with hits counted as 0, is the sum over the other "
        "classes: by how many draws is it divided? Then mind large scores.",
        mistakes={
            "A draw of the label counts it a second time.": lambda z, y, s, c, q: (
                torch.logsumexp(torch.cat([z.reshape(1), s - q.log() - math.log(len(s))]), 0) - z
            ),
            "A hit is a draw that found nothing, but it was a draw: divide by all of them.": (
                divided_by_the_rest
            ),
            "A hit is a draw that found nothing, but it was a draw: divide by all of them. (With "
            "hits alone, this is a mean of nothing.)": lambda z, y, s, c, q: torch.log1p(
                ((s - z).exp() / q)[c != y].mean()
            ),
            "exp overflows: bring all terms to one maximum first.": overflowing,
            "A dropped hit has the score -inf, not 0: exp(0) is 1.": lambda z, y, s, c, q: (
                torch.logsumexp(
                    torch.cat(
                        [
                            z.reshape(1),
                            (s - q.log() - math.log(len(s))).masked_fill(c == y, 0),
                        ]
                    ),
                    0,
                )
                - z
            ),
            "A dropped hit has the score -inf, not 0, before the correction or after it.": (
                lambda z, y, s, c, q: (
                    torch.logsumexp(
                        torch.cat(
                            [z.reshape(1), s.masked_fill(c == y, 0) - q.log() - math.log(len(s))]
                        ),
                        0,
                    )
                    - z
                )
            ),
            "The proposal is missing: frequent classes count too often.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, torch.ones_like(q))
            ),
            "The scores are plain: subtract ln(s q) from each draw's.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, torch.ones_like(q) / len(q))
            ),
            "The scores are plain, and a hit counts the label again.": lambda z, y, s, c, q: (
                loss_without_hits(z, -1, s, c, torch.ones_like(q) / len(q))
            ),
            "This is a sum over the draws, hits included; drop the hits, and divide by s, the "
            "number of all draws.": lambda z, y, s, c, q: loss_without_hits(
                z, -1, s + math.log(len(s)), c, q
            ),
            "s counts the draws, not the different classes among them.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, q * len(c.unique()) / len(c))
            ),
            "q sums to 1 over all classes; here it is divided by its sum over the draws.": (
                lambda z, y, s, c, q: loss_without_hits(z, y, s, c, q / q.sum())
            ),
            "Each term is divided by q, and here it is multiplied by it.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, 1 / q)
            ),
            "ln(s q) is the logarithm of the product; here ln q is multiplied by s.": (
                lambda z, y, s, c, q: (
                    torch.logsumexp(torch.cat([z.reshape(1), (s - len(q) * q.log())[c != y]]), 0)
                    - z
                )
            ),
            "ln q is subtracted from a score, and here it is added.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, 1 / (len(q) * q))
            ),
            "ln(s q) is subtracted from a score, and here it is added.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, 1 / (len(q) ** 2 * q))
            ),
            "The hits are dropped, and here all but the hits are.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, torch.where(c == y, y + 1, y), q)
            ),
            "The label's own term is known and stands for itself: it is not divided by s.": (
                lambda z, y, s, c, q: (
                    loss_without_hits(z - math.log(len(s)), y, s, c, q) - math.log(len(s))
                )
            ),
            "That is 1 / p of the label; its logarithm is the loss.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, q).exp()
            ),
            "The label is no draw: the sum is divided by s, not by s + 1.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, q * (1 + 1 / len(q)))
            ),
            "The mean is taken inside the logarithm, not of logarithms.": lambda z, y, s, c, q: (
                torch.log1p((s - z).exp() / q * (c != y)).mean()
            ),
            "This is the denominator; its logarithm, less the label's score, is the loss.": (
                lambda z, y, s, c, q: z.exp() + (s.exp() / q)[c != y].sum() / len(s)
            ),
            "The sum is divided by s, and here it is multiplied by it.": lambda z, y, s, c, q: (
                loss_without_hits(z, y, s, c, q / len(q) ** 2)
            ),
            "This is the probability of the label; its negative logarithm is asked for.": (
                lambda z, y, s, c, q: torch.exp(-loss_without_hits(z, y, s, c, q))
            ),
            "This is a sum over the draws; a mean divides it by s, the number of all draws.": (
                lambda z, y, s, c, q: loss_without_hits(z, y, s + math.log(len(s)), c, q)
            ),
            "The label belongs to the denominator, too.": lambda z, y, s, c, q: (
                torch.logsumexp((s - q.log() - math.log(len(s)))[c != y], 0) - z
            ),
            "The label belongs to the denominator once, its hits do not.": lambda z, y, s, c, q: (
                torch.logsumexp(s - q.log() - math.log(len(s)), 0) - z
            ),
            "This is the logarithm of the denominator; the label's score is missing.": (
                lambda z, y, s, c, q: loss_without_hits(z, y, s, c, q) + z
            ),
            "A loss is never negative: the sign is wrong.": lambda z, y, s, c, q: (
                -loss_without_hits(z, y, s, c, q)
            ),
        },
    ),
    FunctionExercise(
        number="10.4",
        title="What an adaptive softmax says of every word",
        reference=adaptive,
        cases=adaptive_cases(),
        hint="the probability of a word in a tail is that of the tail times that of the word "
        "in it; which becomes a sum?",
        properties=[
            (
                "Log-probabilities are numbers, never nan: did exp overflow?",
                lambda value, head, tails: not bool(value.isnan().any()),
            ),
            (
                "The probabilities of all words should sum to 1.",
                lambda value, head, tails: bool(abs(value.exp().sum() - 1) < 1e-4),
            ),
            (
                "Tiny probabilities are cut off before their logarithm: stay with logarithms.",
                lambda value, head, tails: (
                    bool(value.min() < -200) or bool(adaptive(head, tails).min() > -200)
                ),
            ),
        ],
        mistakes={
            "These are probabilities; their logarithms are asked for.": lambda h, t: adaptive(
                h, t
            ).exp(),
            "The scores of a tail compete within their tail only; this is one softmax over "
            "all.": lambda h, t: torch.log_softmax(torch.cat([h[: len(h) - len(t)], *t]), 0),
            "The tails were not normalised.": lambda h, t: torch.cat(
                [
                    torch.log_softmax(h, 0)[: len(h) - len(t)],
                    *(
                        torch.log_softmax(h, 0)[len(h) - len(t) + i] + tail
                        for i, tail in enumerate(t)
                    ),
                ]
            ),
            "The tail's entry of the head is a score; its log-probability is asked for.": (
                lambda h, t: torch.cat(
                    [
                        torch.log_softmax(h, 0)[: len(h) - len(t)],
                        *(
                            h[len(h) - len(t) + i] + torch.log_softmax(tail, 0)
                            for i, tail in enumerate(t)
                        ),
                    ]
                )
            ),
            "Probabilities are multiplied; their logarithms are added.": lambda h, t: torch.cat(
                [
                    torch.log_softmax(h, 0)[: len(h) - len(t)],
                    *(
                        torch.log_softmax(h, 0)[len(h) - len(t) + i] * torch.log_softmax(tail, 0)
                        for i, tail in enumerate(t)
                    ),
                ]
            ),
            "The tails belong to the last entries of the head, in the same order.": (
                lambda h, t: torch.cat(
                    [
                        torch.log_softmax(h, 0)[: len(h) - len(t)],
                        *(
                            torch.log_softmax(h, 0)[len(h) - 1 - i] + torch.log_softmax(tail, 0)
                            for i, tail in enumerate(t)
                        ),
                    ]
                )
            ),
            "The tails come in the order of the list; here the last one is first.": lambda h, t: (
                adaptive(torch.cat([h[: len(h) - len(t)], h[len(h) - len(t) :].flip(0)]), t[::-1])
            ),
            "The tails are the last entries of the head, not the first.": (
                lambda h, t: torch.cat(
                    [
                        torch.log_softmax(h, 0)[len(t) :],
                        *(
                            torch.log_softmax(h, 0)[i] + torch.log_softmax(tail, 0)
                            for i, tail in enumerate(t)
                        ),
                    ]
                )
            ),
            "Each tail has an entry of its own in the head; this uses the first of them for all.": (
                lambda h, t: with_clusters(
                    h, t, torch.log_softmax(h, 0)[len(h) - len(t)].expand(len(t))
                )
            ),
            "Each tail has an entry of its own in the head; this uses the last of them for all.": (
                lambda h, t: with_clusters(h, t, torch.log_softmax(h, 0)[-1].expand(len(t)))
            ),
            "The words of a tail compete within their tail, not with those of the others.": (
                lambda h, t: torch.cat(
                    [
                        torch.log_softmax(h, 0)[: len(h) - len(t)],
                        torch.log_softmax(h, 0)[len(h) - len(t) :].logsumexp(0)
                        + torch.log_softmax(torch.cat(t), 0),
                    ]
                )
            ),
            "The softmax of a tail is added; its logarithm is asked for.": lambda h, t: torch.cat(
                [
                    torch.log_softmax(h, 0)[: len(h) - len(t)],
                    *(
                        torch.log_softmax(h, 0)[len(h) - len(t) + i] + torch.softmax(tail, 0)
                        for i, tail in enumerate(t)
                    ),
                ]
            ),
            "The softmax of the head is used; its logarithm is asked for.": lambda h, t: torch.cat(
                [
                    torch.softmax(h, 0)[: len(h) - len(t)],
                    with_clusters(h, t, torch.softmax(h, 0)[-len(t) :])[len(h) - len(t) :],
                ]
            ),
            "The frequent words come first, then the tails.": lambda h, t: adaptive(h, t).roll(
                len(t) - len(h)
            ),
            "A log-probability is never positive: the sign is wrong.": lambda h, t: -adaptive(h, t),
            "The scores of the frequent words were not normalised.": lambda h, t: torch.cat(
                [h[: len(h) - len(t)], adaptive(h, t)[len(h) - len(t) :]]
            ),
            "These are sums of scores; nothing was normalised.": lambda h, t: torch.cat(
                [h[: len(h) - len(t)], *(z + x for z, x in zip(h[-len(t) :], t, strict=True))]
            ),
            "Each softmax comes before the sum; this is one softmax over sums of scores.": (
                lambda h, t: torch.log_softmax(
                    torch.cat(
                        [
                            h[: len(h) - len(t)],
                            *(z + x for z, x in zip(h[-len(t) :], t, strict=True)),
                        ]
                    ),
                    0,
                )
            ),
            "The natural logarithm is asked for, not that to base 2.": lambda h, t: (
                adaptive(h, t) / math.log(2)
            ),
            "The probability of the tail is missing.": lambda h, t: torch.cat(
                [
                    torch.log_softmax(h, 0)[: len(h) - len(t)],
                    *(torch.log_softmax(tail, 0) for tail in t),
                ]
            ),
            "The tails are no words: their entries of the head do not belong to the result.": (
                lambda h, t: torch.cat([torch.log_softmax(h, 0), adaptive(h, t)[len(h) - len(t) :]])
            ),
            "The tails compete with the frequent words in the head.": lambda h, t: torch.cat(
                [
                    torch.log_softmax(h[: len(h) - len(t)], 0),
                    adaptive(h, t)[len(h) - len(t) :],
                ]
            ),
            "exp underflowed, and its logarithm is -inf: stay with logarithms.": lambda h, t: (
                torch.cat(
                    [
                        torch.softmax(h, 0)[: len(h) - len(t)],
                        *(
                            torch.softmax(h, 0)[len(h) - len(t) + i] * torch.softmax(tail, 0)
                            for i, tail in enumerate(t)
                        ),
                    ]
                ).log()
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
            ((-1000.0, 2.0, 1.0), (-1001.0, 2.0, 3.0)),
            ((-math.inf, 0.0, 0.0), (1.0, 2.0, 3.0)),
        ],
        hint="first bring both sums to the larger maximum; they are then the weights of the means.",
        mistakes={
            "exp of the maxima overflows or underflows: subtract the larger one first.": plain_exps,
            "A set weighs its whole sum, t times exp(m): t is missing.": lambda a, b: (
                mean_with_sums(
                    math.exp(a[0] - max(a[0], b[0])), math.exp(b[0] - max(a[0], b[0])), a, b
                )
            ),
            "A set weighs its whole sum, t times exp(m): t is missing, and exp(m) has no shift.": (
                lambda a, b: mean_with_sums(math.exp(a[0]), math.exp(b[0]), a, b)
            ),
            "The sum is relative to the new maximum; here it is the plain sum, which overflows.": (
                lambda a, b: (
                    max(a[0], b[0]),
                    a[1] * math.exp(a[0]) + b[1] * math.exp(b[0]),
                    plain_exps(a, b)[2],
                )
            ),
            "A set weighs its whole sum, t times exp(m - M): above the fraction t is missing.": (
                lambda a, b: (
                    *merged_means(a, b)[:2],
                    sum(math.exp(x[0] - max(a[0], b[0])) * x[2] for x in (a, b))
                    / merged_means(a, b)[1],
                )
            ),
            "The right sum is left as it was; rescale it, too.": lambda a, b: with_sums(
                a[1] * math.exp(a[0] - max(a[0], b[0])), b[1], a, b
            ),
            "The left sum is left as it was; rescale it, too.": lambda a, b: with_sums(
                a[1], b[1] * math.exp(b[0] - max(a[0], b[0])), a, b
            ),
            "The left maximum isn't always the larger one: rescale both sums to the larger.": (
                lambda a, b: with_sums(a[1], b[1] * math.exp(b[0] - a[0]), a, b)
            ),
            "The left maximum isn't always the larger one, nor that of the union.": lambda a, b: (
                a[0],
                *with_sums(a[1], b[1] * math.exp(b[0] - a[0]), a, b)[1:],
            ),
            "The right maximum isn't always the larger one: rescale both sums to the larger.": (
                lambda a, b: with_sums(a[1] * math.exp(a[0] - b[0]), b[1], a, b)
            ),
            "The exponent is m_A less the new maximum, never positive; here the sign is wrong.": (
                lambda a, b: with_sums(
                    a[1] * math.exp(max(a[0], b[0]) - a[0]),
                    b[1] * math.exp(max(a[0], b[0]) - b[0]),
                    *(a, b),
                )
            ),
            "The second number is the sum, not its logarithm.": lambda a, b: (
                merged_means(a, b)[0],
                math.log(merged_means(a, b)[1]),
                merged_means(a, b)[2],
            ),
            "The second number is the sum relative to the maximum, not the log-sum-exp.": (
                lambda a, b: (
                    merged_means(a, b)[0],
                    merged_means(a, b)[0] + math.log(merged_means(a, b)[1]),
                    merged_means(a, b)[2],
                )
            ),
            "The first number is the maximum, not the log-sum-exp.": lambda a, b: (
                merged_means(a, b)[0] + math.log(merged_means(a, b)[1]),
                *merged_means(a, b)[1:],
            ),
            "The larger maximum is that of the union, not always the left one.": lambda a, b: (
                a[0],
                *merged_means(a, b)[1:],
            ),
            "The larger maximum is that of the union, not always the right one.": lambda a, b: (
                b[0],
                *merged_means(a, b)[1:],
            ),
            "The larger maximum is that of the union, not the smaller one.": lambda a, b: (
                min(a[0], b[0]),
                *merged_means(a, b)[1:],
            ),
            "The larger maximum is that of the union; maxima are not added.": lambda a, b: (
                a[0] + b[0],
                *merged_means(a, b)[1:],
            ),
            "The means were added; they are to be weighted.": lambda a, b: (
                *merged_means(a, b)[:2],
                a[2] + b[2],
            ),
            "The means are exchanged: each belongs to its own sum.": lambda a, b: merged_means(
                (*a[:2], b[2]), (*b[:2], a[2])
            ),
            "The set with the smaller maximum has its part in the mean, too.": lambda a, b: (
                *merged_means(a, b)[:2],
                a[2] if a[0] > b[0] else b[2],
            ),
            "The order is maximum, sum, mean.": lambda a, b: (
                *merged_means(a, b)[1::-1],
                merged_means(a, b)[2],
            ),
            "The two means have unequal weights.": lambda a, b: mean_with_sums(0.5, 0.5, a, b),
            "The sums belong to different maxima; rescale them first.": lambda a, b: mean_with_sums(
                a[1], b[1], a, b
            ),
            "Left and right are rescaled to the other one's maximum.": lambda a, b: merged_means(
                (a[0], a[1] * math.exp(b[0] - a[0]), a[2]),
                (b[0], b[1] * math.exp(a[0] - b[0]), b[2]),
            ),
            "This is the sum of values, weighted; a mean divides by the new sum.": lambda a, b: (
                *merged_means(a, b)[:2],
                merged_means(a, b)[1] * merged_means(a, b)[2],
            ),
            "The sum belongs to the larger maximum; this brings it to the smaller one.": (
                lambda a, b: (
                    max(a[0], b[0]),
                    merged_means(a, b)[1] * math.exp(abs(a[0] - b[0])),
                    merged_means(a, b)[2],
                )
            ),
            "A set weighs its whole sum, t times exp(m - M): t is missing everywhere.": (
                lambda a, b: with_sums(
                    math.exp(a[0] - max(a[0], b[0])), math.exp(b[0] - max(a[0], b[0])), a, b
                )
            ),
            "The sums were added without rescaling; the mean is right.": lambda a, b: (
                max(a[0], b[0]),
                a[1] + b[1],
                merged_means(a, b)[2],
            ),
            "The mean divides by the new sum; here it divides by the sum of the old ones.": (
                lambda a, b: (
                    *merged_means(a, b)[:2],
                    merged_means(a, b)[1] * merged_means(a, b)[2] / (a[1] + b[1]),
                )
            ),
            "The mean divides by the new sum; rescale the weights above it, too.": lambda a, b: (
                *merged_means(a, b)[:2],
                (a[1] * a[2] + b[1] * b[2]) / merged_means(a, b)[1],
            ),
            "The sums were added without rescaling.": lambda a, b: (
                max(a[0], b[0]),
                a[1] + b[1],
                (a[1] * a[2] + b[1] * b[2]) / (a[1] + b[1]),
            ),
        },
    ),
    ValueExercise(
        number="10.6",
        title="How much a block costs",
        expected=4.0,
        digits=2,
        hint="subtract the peaks of two block sizes, and divide by the bytes of one n x |B| matrix "
        "of float32 numbers, for as many classes as the blocks differ by; n is 512.",
        mistakes={
            "Is that of the bytes? A float32 number has four.": 16.0,
            "That is the difference in megabytes; divide by the bytes of one matrix.": 6.292,
            "That is the peak with blocks of 64, which holds the gradients, too, or the difference "
            "between 1024 and 4096 in megabytes: take a difference, divide by the bytes of one "
            "matrix.": 25.0,
            "Peaks rounded to 0.1 MB are too coarse for blocks of 64 and 256: take the bytes, or "
            "larger blocks.": 3.8147,
            "With one block of all classes there are three; take blocks smaller than the "
            "number of classes.": 3.0,
            "The peak with blocks of 256 holds the gradients, too: take a difference.": 9.222,
            "The peak with blocks of 1024 holds the gradients, too: take a difference.": 5.306,
            "The peak with blocks of 4096 holds the gradients, too: take a difference.": 4.327,
        },
    ),
)
