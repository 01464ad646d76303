"""Exercises of chapter 9, reading the results."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def rows_of_probabilities(n: int, k: int, seed: int = 0) -> Tensor:
    """Return repeatable rows of probabilities (n, k)."""
    scores = 2 * torch.randn(n, k, generator=torch.Generator().manual_seed(seed))
    return torch.softmax(scores, 1)


def answer_or_ask(probs: Tensor, mistake: float, asking: float) -> Tensor:
    """The most probable class, or -1 where asking is expected to cost less."""
    confidence, predicted = probs.max(1)
    return torch.where((1 - confidence) * mistake > asking, -1, predicted)


def asking_above(probs: Tensor, mistake: float, asking: float) -> Tensor:
    """Ask where the model is sure."""
    confidence, predicted = probs.max(1)
    return torch.where((1 - confidence) * mistake > asking, predicted, -1)


def costs_exchanged(probs: Tensor, mistake: float, asking: float) -> Tensor:
    """Take the cost of asking for that of a mistake, and the other way round."""
    return answer_or_ask(probs, asking, mistake)


def threshold_of_treating(probs: Tensor, mistake: float, asking: float) -> Tensor:
    """Compare the probability of a mistake with asking / (asking + mistake)."""
    return ask_below(probs, 1 - asking / (asking + mistake))


def ask_below(probs: Tensor, threshold: float) -> Tensor:
    """Ask where the confidence is below a threshold."""
    confidence, predicted = probs.max(1)
    return torch.where(confidence < threshold, -1, predicted)


def other_frequencies(probs: Tensor, old: Tensor, new: Tensor) -> Tensor:
    """Probabilities where the classes are as frequent as ``new`` says, not ``old``."""
    weighted = probs * new / old
    return weighted / weighted.sum(1, keepdim=True)


def frequency_cases() -> list[tuple]:
    """Return probabilities with old and new frequencies; the last square to expose a sum."""
    half, rare = torch.tensor([0.5, 0.5]), torch.tensor([0.9, 0.1])
    three = torch.tensor([0.2, 0.3, 0.5])
    return [
        (torch.tensor([[0.5, 0.5]]), half, rare),
        (torch.tensor([[0.2, 0.8]]), rare, half),
        (torch.tensor([[0.2, 0.8], [0.6, 0.4]]), rare, half),
        (rows_of_probabilities(3, 3), three, three.flip(0)),
    ]


def error_in_equal_parts(
    probs: Tensor, labels: Tensor, num_bins: int, descending: bool = False
) -> float:
    """Calibration error over parts of equal size, sorted by confidence."""
    return weighted_mean(gaps(probs, labels, descending).tensor_split(num_bins))


def gaps(probs: Tensor, labels: Tensor, descending: bool = False, in_order: bool = True) -> Tensor:
    """Return for each image 1 minus the confidence if it is right, else minus the confidence."""
    confidence, predicted = probs.double().max(1)
    gap = (predicted == labels).double() - confidence
    return gap[confidence.argsort(descending=descending)] if in_order else gap


def labels_left_behind(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Sort the rows by confidence, but not their labels."""
    in_order = probs[probs.amax(1).argsort()]
    return weighted_mean(gaps(in_order, labels, in_order=False).tensor_split(num_parts))


def first_column(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Take the probability of class 0 for the confidence."""
    p = probs.double()[:, 0]
    gap = (labels == 0).double() - p
    return weighted_mean(gap[p.argsort()].tensor_split(num_parts))


def first_column_as_confidence(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Take the probability of class 0 for the confidence, but the most probable class."""
    p = probs.double()[:, 0]
    gap = (probs.argmax(1) == labels).double() - p
    return weighted_mean(gap[p.argsort()].tensor_split(num_parts))


def confidences_left_behind(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Sort what is right by confidence, but not the confidences."""
    confidence, predicted = probs.double().max(1)
    right = (predicted == labels).double()[confidence.argsort()]
    return weighted_mean((right - confidence).tensor_split(num_parts))


def hits_left_behind(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Sort the confidences, but not what is right."""
    confidence, predicted = probs.double().max(1)
    right = (predicted == labels).double()
    return weighted_mean((right - confidence.sort().values).tensor_split(num_parts))


def probability_of_the_label(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Take the probability of the true class for the confidence."""
    p = probs.double().gather(1, labels[:, None])[:, 0]
    gap = (probs.argmax(1) == labels).double() - p
    return weighted_mean(gap[p.argsort()].tensor_split(num_parts))


def sorted_by_the_label(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Sort by the probability of the true class."""
    order = probs.gather(1, labels[:, None])[:, 0].argsort()
    return weighted_mean(gaps(probs, labels, in_order=False)[order].tensor_split(num_parts))


def wrong_for_right(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Compare the confidence with the fraction of wrong predictions."""
    confidence, predicted = probs.double().max(1)
    gap = ((predicted != labels).double() - confidence)[confidence.argsort()]
    return weighted_mean(gap.tensor_split(num_parts))


def weighted_mean(parts: Sequence[Tensor]) -> float:
    """Mean of the parts' distances, weighted by their sizes."""
    return sum(part.sum().abs().item() for part in parts) / sum(map(len, parts))


def whole(labels: Tensor, num_parts: int) -> int:
    """Return how many images parts of ``n // num_parts`` images hold together."""
    return len(labels) // num_parts * num_parts


def whole_parts(probs: Tensor, labels: Tensor, num_parts: int) -> Sequence[Tensor]:
    """Parts of ``n // num_parts`` images each; the surest images are left over."""
    return gaps(probs, labels)[: whole(labels, num_parts)].tensor_split(num_parts)


def in_chunks(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Parts as torch.chunk makes them."""
    return weighted_mean(gaps(probs, labels).chunk(num_parts))


def error_in_equal_widths(probs: Tensor, labels: Tensor, num_bins: int) -> float:
    """Calibration error over bins of equal width, as in the chapter."""
    confidence, predicted = probs.double().max(1)
    bins = ((confidence * num_bins).ceil().long() - 1).clamp(0, num_bins - 1)
    gap = (predicted == labels).double() - confidence
    return torch.bincount(bins, gap, num_bins).abs().sum().item() / len(probs)


def error_between_quantiles(probs: Tensor, labels: Tensor, num_parts: int, right: bool) -> float:
    """Calibration error over bins whose edges are quantiles of the confidence."""
    confidence = probs.double().amax(1)
    steps = torch.linspace(0, 1, num_parts + 1, dtype=torch.float64)
    edges = confidence.quantile(steps)[1:-1].contiguous()
    bins = torch.bucketize(confidence, edges, right=right)
    gap = gaps(probs, labels, in_order=False)
    return torch.bincount(bins, gap, num_parts).abs().sum().item() / len(probs)


def mean_gap(probs: Tensor, labels: Tensor, num_parts: int) -> float:
    """Mean of the parts' distances, large and small parts alike."""
    parts = gaps(probs, labels).tensor_split(num_parts)
    return sum(part.mean().abs().item() for part in parts) / num_parts


def calibration_cases() -> list[tuple]:
    """Return one part, two equal ones, and parts of unequal size."""
    first = torch.tensor([0.6, 0.95, 0.7, 0.9, 0.8])
    probs = torch.stack([first, 1 - first], 1)
    labels = torch.tensor([0, 0, 1, 0, 1])
    many = rows_of_probabilities(50, 4)
    # Drawn from the probabilities: some parts are too sure, others not sure enough.
    drawn = torch.multinomial(many, 1, generator=torch.Generator().manual_seed(1))[:, 0]
    return [
        (probs[:2], labels[:2], 1),
        (probs[:4], labels[:4], 2),
        (probs, labels, 2),
        (many[:10], drawn[:10], 4),
        # No quantile is an image: where rounding puts it makes no difference.
        (many, drawn, 8),
        (many, drawn, 12),
    ]


EXERCISES = (
    ValueExercise(
        number="9.1",
        title="Other frequencies, other numbers",
        expected=(0.6, 30 / 130),
        digits=2,
        hint="recall is read from a row, precision from a column; what happens to the rows?",
        mistakes={
            "The recall of coats looks at coats alone; the precision does not.": (0.6, 0.75),
            "Recall and precision are exchanged.": (30 / 130, 0.6),
            "Precision and recall of the old place; recall comes first, precision changes.": (
                0.75,
                0.6,
            ),
            "Those are the precisions here and there; the recall comes first.": (0.75, 30 / 130),
            "The second row is that of the coats; the pullovers are the first.": (0.6, 300 / 310),
            "The precision divides by what was called coat, not by all images.": (0.6, 30 / 690),
            "Those are the share of coats missed, and of wrong ones among what was called coat.": (
                *(0.4, 100 / 130),
            ),
            "That is the share of pullovers in what was called coat; precision is the rest.": (
                *(0.6, 100 / 130),
            ),
            "Those are percent; give fractions of one.": (60.0, 3000 / 130),
            "The recall divides by the row of the coats, and that row has not changed.": (
                *(30 / 500, 30 / 130),
            ),
            "The rows are the true classes: more pullovers make a row larger, not a column.": (
                *(30 / 95, 0.75),
            ),
            "The rows are the true classes, and the columns the predictions; not the reverse.": (
                *(0.75, 30 / 95),
            ),
            "Coats that were called dress are not in the column of what was called coat.": (
                *(0.6, 30 / 145),
            ),
            "Those are recall and precision of the pullovers; the coats' are asked for.": (
                *(500 / 600, 500 / 510),
            ),
            "What was called coat are the pullovers and the coats among it: 100 + 30.": (0.6, 0.3),
        },
    ),
    ValueExercise(
        number="9.2",
        title="Is the most probable class always the best answer?",
        expected=0.01,
        digits=3,
        hint="at the threshold p, both actions have the same expected cost.",
        mistakes={
            "That is the most probable state: right only if both mistakes cost the same.": 0.5,
            "The two costs are exchanged.": 0.99,
            "That is a ratio of costs: the odds p / (1 - p), not p.": 10 / 990,
            "A probability lies between 0 and 1.": 99.0,
            "A sign: if p is ill, 1 - p is healthy, so treating costs a (1 - p).": 10 / 980,
            "Percent are hundredths; write the number as a fraction of one.": "1 %",
            "Percent are hundredths; write a number, a fraction of one.": "1%",
            "That is the number in percent, or certainty; give the probability as a fraction.": 1.0,
        },
    ),
    FunctionExercise(
        number="9.3",
        title="Answer, or ask a person",
        reference=answer_or_ask,
        cases=[
            (torch.tensor([[0.12, 0.88]]), 10.0, 3.0),
            (
                torch.tensor(
                    [[0.6, 0.2, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.28, 0.26, 0.24, 0.22]]
                ),
                10.0,
                3.0,
            ),
            (torch.tensor([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]]), 4.0, 1.0),
            (torch.tensor([[0.75, 0.25], [0.65, 0.35]]), 10.0, 2.0),
            (torch.tensor([[0.5, 0.25, 0.25], [0.8, 0.1, 0.1]]), 0.8, 2.0),
            (torch.tensor([[0.85, 0.15], [0.4, 0.6]]), 0.5, 0.1),
            (torch.tensor([[0.45, 0.3, 0.25], [0.1, 0.1, 0.8]]), 1.0, 0.6),
            (rows_of_probabilities(20, 5), 5.0, 0.6),
        ],
        integers=True,
        hint="answering costs something only when the answer is wrong; how probable is that?",
        mistakes={
            "Where both cost the same, the answer is asked for.": lambda p, m, a: torch.where(
                (1 - p.amax(1)) * m >= a, -1, p.argmax(1)
            ),
            "A threshold of 0.7 is right for one pair of costs only.": lambda p, m, a: ask_below(
                p, 0.7
            ),
            "The probability of a mistake was compared with the cost of asking; what a mistake "
            "costs is missing.": lambda p, m, a: answer_or_ask(p, 1.0, a),
            "This always asks.": lambda p, m, a: torch.full((len(p),), -1),
            "This says whether to ask, not what to answer.": lambda p, m, a: (
                (1 - p.amax(1)) * m > a
            ).long(),
            "These are labels counted from 1.": lambda p, m, a: torch.where(
                (1 - p.amax(1)) * m > a, -1, p.argmax(1) + 1
            ),
            "This always answers.": lambda p, m, a: p.argmax(1),
            "It asks where the model is sure.": asking_above,
            "Asking is for the doubtful images; it asks where the model is sure.": (
                lambda p, m, a: torch.where((1 - p.amax(1)) * m < a, -1, p.argmax(1))
            ),
            "The two costs are exchanged.": costs_exchanged,
            "a / (a + b) is the threshold of exercise 9.2, where treating cost nothing if it was "
            "right. Asking costs the same in any case.": threshold_of_treating,
            "One half is no threshold: the costs decide.": lambda p, m, a: ask_below(p, 0.5),
            "The ratio of the costs limits the probability of a mistake, not the confidence.": (
                lambda p, m, a: ask_below(p, a / m)
            ),
            "These are the expected costs of answering; the decision is asked for.": (
                lambda p, m, a: (1 - p.amax(1)) * m
            ),
            "That is the cost if the answer is right; it costs when it is wrong, 1 - p.": (
                lambda p, m, a: torch.where(p.amax(1) * m > a, -1, p.argmax(1))
            ),
            "Asking is to be written as -1, not as a further class.": lambda p, m, a: torch.where(
                (1 - p.amax(1)) * m > a, p.shape[1], p.argmax(1)
            ),
            "Asking is to be written as -1; 0 is a class.": lambda p, m, a: torch.where(
                (1 - p.amax(1)) * m > a, 0, p.argmax(1)
            ),
            "This answers with the least probable class.": lambda p, m, a: torch.where(
                (1 - p.amax(1)) * m > a, -1, p.argmin(1)
            ),
            "The cost of a mistake multiplies its probability; this divides by it.": (
                lambda p, m, a: torch.where((1 - p.amax(1)) / m > a, -1, p.argmax(1))
            ),
            "Each row has its own decision; here the costs alone decide for all rows.": (
                lambda p, m, a: p.argmax(1) if m > a else torch.full((len(p),), -1)
            ),
            "This compares the confidence with a cost; the cost of asking is no probability.": (
                lambda p, m, a: ask_below(p, a)
            ),
            "The confidence is the largest probability of a row; this takes the smallest.": (
                lambda p, m, a: torch.where((1 - p.amin(1)) * m > a, -1, p.argmin(1))
            ),
            "All other classes are mistakes, not only the second most probable.": (
                lambda p, m, a: torch.where(p.topk(2).values[:, 1] * m > a, -1, p.argmax(1))
            ),
            "Each row has its own confidence; this takes the largest of all rows.": (
                lambda p, m, a: torch.where((1 - p.max()) * m > a, -1, p.argmax(1))
            ),
        },
    ),
    FunctionExercise(
        number="9.4",
        title="More of them than in training",
        reference=other_frequencies,
        cases=frequency_cases(),
        hint="Bayes: a probability is a frequency times a likelihood, and the likelihoods stay.",
        mistakes={
            "The rows do not sum to one any more.": lambda p, old, new: p * new / old,
            "Old and new are exchanged.": lambda p, old, new: other_frequencies(p, new, old),
            "Old and new are exchanged, and the rows do not sum to one.": lambda p, old, new: (
                p * old / new
            ),
            "The old frequencies divide: they are in the probabilities already.": (
                lambda p, old, new: other_frequencies(p, 1 / old, new)
            ),
            "The rows are to sum to one; this divides by their Euclidean length.": (
                lambda p, old, new: torch.nn.functional.normalize(p * new / old, dim=1)
            ),
            "The old frequencies are still in it.": lambda p, old, new: other_frequencies(
                p, torch.ones_like(old), new
            ),
            "The new frequencies are not in it.": lambda p, old, new: other_frequencies(
                p, old, torch.ones_like(new)
            ),
            "This would be added to scores, as a logarithm; probabilities are multiplied.": (
                lambda p, old, new: p + (new / old).log()
            ),
            "These are the new frequencies alone; the image plays no part.": (
                lambda p, old, new: new.expand_as(p)
            ),
            "Square roots of the frequencies are a remedy in training; Bayes has none.": (
                lambda p, old, new: other_frequencies(p, old.sqrt(), new.sqrt())
            ),
            "This divides by the sums of the columns.": lambda p, old, new: (
                p * new / old / (p * new / old).sum(0)
            ),
            "The sums need keepdim: each row is divided by another row's sum.": (
                lambda p, old, new: p * new / old / (p * new / old).sum(1)
            ),
            "The products are made to sum to one by division; softmax would take exponentials.": (
                lambda p, old, new: torch.softmax(p * new / old, 1)
            ),
            "Each row sums to one, not the whole matrix.": lambda p, old, new: (
                p * new / old / (p * new / old).sum()
            ),
            "The old frequencies are still in it, and the rows do not sum to one.": (
                lambda p, old, new: p * new
            ),
            "The new frequencies are not in it, and the rows do not sum to one.": (
                lambda p, old, new: p / old
            ),
            "These are the probabilities of the old place.": lambda p, old, new: p,
            "These are logarithms; the probabilities are asked for.": lambda p, old, new: (
                other_frequencies(p, old, new).log()
            ),
            "These are scores; their softmax is asked for.": lambda p, old, new: (
                p.log() + (new / old).log()
            ),
            "The scores are the logarithms of the probabilities, not the probabilities.": (
                lambda p, old, new: torch.softmax(p + (new / old).log(), 1)
            ),
            "Each row is divided by its sum, not by its largest entry.": lambda p, old, new: (
                p * new / old / (p * new / old).amax(1, keepdim=True)
            ),
            "Bayes multiplies by a ratio of frequencies; it adds no difference.": (
                lambda p, old, new: p + new - old
            ),
            "Each row is divided by its own sum; this sum lacks the old frequencies.": (
                lambda p, old, new: p * new / old / (p @ new)[:, None]
            ),
            "Each row is divided by its own sum; this divides by the sum of new / old.": (
                lambda p, old, new: p * new / old / (new / old).sum()
            ),
        },
    ),
    FunctionExercise(
        number="9.5",
        title="Bins with equally many images",
        reference=error_in_equal_parts,
        cases=calibration_cases(),
        rtol=1e-5,
        atol=1e-9,
        hint="sort, cut, and weight each part by its size; torch.tensor_split cuts.",
        mistakes={
            "Each gap is a distance: too sure and not sure enough must not cancel.": (
                lambda p, y, n: gaps(p, y).mean().item()
            ),
            "Each gap is a distance, whichever of the two is subtracted; these cancel.": (
                lambda p, y, n: -gaps(p, y).mean().item()
            ),
            "The distance is taken once, of all images together; each part has its own.": (
                lambda p, y, n: abs(gaps(p, y).mean().item())
            ),
            "This is the largest gap; the mean over the parts is asked for.": (
                lambda p, y, n: max(abs(g.mean().item()) for g in gaps(p, y).tensor_split(n))
            ),
            "The accuracy is the fraction that is right; this takes the fraction that is wrong.": (
                wrong_for_right
            ),
            "These are the squares of the gaps; their absolute values are asked for.": (
                lambda p, y, n: (
                    sum(len(g) * g.mean().item() ** 2 for g in gaps(p, y).tensor_split(n)) / len(y)
                )
            ),
            "This is the root of the mean square; the mean of the distances is asked for.": (
                lambda p, y, n: (
                    (
                        sum(len(g) * g.mean().item() ** 2 for g in gaps(p, y).tensor_split(n))
                        / len(y)
                    )
                    ** 0.5
                )
            ),
            "These are percent; a fraction is asked for.": lambda p, y, n: (
                100 * error_in_equal_parts(p, y, n)
            ),
            "This is the error of single images, not of parts.": lambda p, y, n: (
                gaps(p, y).abs().mean().item()
            ),
            "Sort with the least sure first: the parts that get one more are then the first.": (
                lambda p, y, n: error_in_equal_parts(p, y, n, descending=True)
            ),
            "torch.chunk makes a last part that is much smaller; sizes differ by one at most.": (
                in_chunks
            ),
            "Parts of n // num_bins images leave out the surest; tensor_split leaves out none.": (
                lambda p, y, n: weighted_mean(whole_parts(p, y, n)) * whole(y, n) / len(y)
            ),
            "n // num_bins in each part leaves the surest images out: all of them should count.": (
                lambda p, y, n: weighted_mean(whole_parts(p, y, n))
            ),
            "n // num_bins in each part leaves a rest; here it makes one part more.": (
                lambda p, y, n: weighted_mean(gaps(p, y).split(len(y) // n))
            ),
            "The last part takes the whole rest of n // num_bins; sizes differ by one at most.": (
                lambda p, y, n: weighted_mean(
                    gaps(p, y).tensor_split([i * (len(y) // n) for i in range(1, n)])
                )
            ),
            "The images were not sorted by confidence.": lambda p, y, n: weighted_mean(
                gaps(p, y, in_order=False).tensor_split(n)
            ),
            "Sorting each column by itself breaks up the rows; sort whole rows by confidence.": (
                lambda p, y, n: weighted_mean(
                    gaps(p.sort(0).values, y, in_order=False).tensor_split(n)
                )
            ),
            "The labels must be brought into the order of their images.": labels_left_behind,
            "What is right was sorted, the confidences were not.": confidences_left_behind,
            "The confidences were sorted, what is right was not.": hits_left_behind,
            "The confidence is the largest probability, not that of the true class.": (
                probability_of_the_label
            ),
            "split(num_bins) makes parts of num_bins images; tensor_split makes num_bins parts.": (
                lambda p, y, n: weighted_mean(gaps(p, y).split(n))
            ),
            "This is the sum of the gaps; each part counts by its share of the images.": (
                lambda p, y, n: sum(g.mean().abs().item() for g in gaps(p, y).tensor_split(n))
            ),
            "This is the calibration of class 0; the confidence is the largest of each row.": (
                first_column
            ),
            "The confidence is the largest probability of each row, not the first.": (
                first_column_as_confidence
            ),
            "These bins are equally wide, as in the chapter.": error_in_equal_widths,
            "Edges at quantiles cut at other places; torch.tensor_split is asked for.": (
                lambda p, y, n: error_between_quantiles(p, y, n, right=False)
            ),
            "Edges at quantiles, each with the bin above it, cut at other places than "
            "torch.tensor_split.": lambda p, y, n: error_between_quantiles(p, y, n, right=True),
            "Sort by the confidence, not by the probability of the true class.": (
                sorted_by_the_label
            ),
            "A larger part must count for more.": mean_gap,
            "This is a sum over the parts; divide by the number of images.": lambda p, y, n: (
                error_in_equal_parts(p, y, n) * len(y)
            ),
        },
    ),
)
