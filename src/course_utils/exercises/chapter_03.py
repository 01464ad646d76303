"""Exercises of chapter 3, cross-entropy."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from course_utils.exercises.grading import FunctionExercise, ValueExercise
from course_utils.softmax import log_softmax, softmax

FLOOR = math.log(1 + 99 * math.exp(-2))

BY_TORCH = {"cross_entropy", "nll_loss", "nll_loss_nd", "cross_entropy_loss"}


def losses(probs: Tensor, labels: Tensor) -> Tensor:
    """Loss of each row, from probabilities."""
    return -probs[torch.arange(len(labels)), labels].log()


def loss_cases() -> list[tuple]:
    """Return probabilities and labels, one row first."""
    rows = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))
    return [
        (torch.tensor([[0.2, 0.8]]), torch.tensor([0])),
        (torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]]), torch.tensor([0, 2])),
        (softmax(rows), torch.arange(8) % 5),
    ]


def perplexity(totals: list, lengths: list) -> float:
    """Perplexity of several texts together, from their losses in nats and their lengths."""
    return math.exp(sum(totals) / sum(lengths))


def mean_of(values: list) -> float:
    return sum(values) / len(values)


def per_text(totals: list, lengths: list) -> list:
    return [total / length for total, length in zip(totals, lengths, strict=True)]


def smoothed_gradient(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Gradient of the mean smoothed cross-entropy with respect to the logits."""
    k = logits.shape[1]
    target = (1 - smoothing) * functional.one_hot(labels, k) + smoothing / k
    return (softmax(logits) - target) / len(labels)


def shared_by_the_others(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Gradient with the share given to the wrong classes only."""
    k = logits.shape[1]
    hot = functional.one_hot(labels, k)
    target = (1 - smoothing) * hot + smoothing * (1 - hot) / (k - 1)
    return (softmax(logits) - target) / len(labels)


def smoothing_cases() -> list[tuple]:
    """Return logits, labels and shares: one row, two rows, many rows."""
    rows = torch.randn(8, 5, generator=torch.Generator().manual_seed(1))
    return [
        (torch.tensor([[1.0, 0.0]]), torch.tensor([1]), 0.2),
        (torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), torch.tensor([0, 2]), 0.1),
        (rows, torch.arange(8) % 5, 0.3),
    ]


def weighted(logits: Tensor, labels: Tensor, weight: Tensor, ignored: int) -> Tensor:
    """Weighted mean loss of the examples that count, as torch averages it."""
    counts = labels != ignored
    total = weighted_sum(logits, labels, weight, ignored)
    return total / weight[labels[counts]].sum()


def weighted_sum(logits: Tensor, labels: Tensor, weight: Tensor, ignored: int) -> Tensor:
    """Sum of the weighted losses of the examples that count."""
    counts = labels != ignored
    chosen = log_softmax(logits[counts]).gather(1, labels[counts][:, None])[:, 0]
    return -(weight[labels[counts]] * chosen).sum()


def all_weights(labels: Tensor, weight: Tensor) -> Tensor:
    """Sum of the weights of all labels; those below zero count from the end, or as 1."""
    return torch.stack([weight[y] if y >= 0 else torch.tensor(1.0) for y in labels]).sum()


def weighted_cases() -> list[tuple]:
    """Return cases of increasing difficulty; the last one has nothing to average."""
    rows = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.5], [0.3, 0.2, 0.1], [0.0, 3.0, 0.0]])
    weight = torch.tensor([2.0, 5.0, 1.0])
    return [
        (torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([0, 0]), weight[1:], -100),
        (rows, torch.tensor([0, 1, 2, 0]), weight, -100),
        (rows, torch.tensor([0, -100, 2, 1]), weight, -100),
        (rows, torch.tensor([0, 2, 2, 1]), weight, 2),
        (rows, torch.full((4,), -100), weight, -100),
    ]


EXERCISES = (
    ValueExercise(
        number="3.1",
        title="The floor behind a tanh",
        expected=FLOOR,
        digits=3,
        hint="which outputs between -1 and 1 are the best for the true class and for the others?",
        mistakes={
            "That is the floor without the last layer; scores up to 1 are never sure.": 0.0,
            "That is the loss of an even guess.": math.log(100),
            "That is the sum inside the logarithm, which is still to be taken.": math.exp(FLOOR),
            "That is the largest loss of a doubled softmax.": math.log(math.e + 99),
            "That is the largest loss: the true class at -1 and all others at 1.": math.log(
                1 + 99 * math.exp(2)
            ),
            "That is the loss with all other outputs at 0; a tanh goes lower.": math.log(
                1 + 99 / math.e
            ),
            "The floor does not fall by the width of the range; the lead is in an exponent.": (
                math.log(1 + 99 / math.e) - 1
            ),
            "One of the hundred classes is the true one.": math.log(1 + 100 * math.exp(-2)),
            "Besides the true class there are 99 others; round to three digits.": math.log(
                1 + 98 * math.exp(-2)
            ),
            "Here only one other class has a term; there are 99.": math.log(1 + math.exp(-2)),
            "That is the probability at the best outputs; the loss is minus its logarithm.": (
                math.exp(-FLOOR)
            ),
            "The term of the true class is not as small as the others.": math.log(100) - 2,
            "The sum has a term of the true class, too.": math.log(99) - 2,
            "These outputs are those of the scores -1 and 1; larger scores come nearer the ends.": (
                math.log(1 + 99 * math.exp(-2 * math.tanh(1)))
            ),
            "The score of the true class is still to be subtracted.": FLOOR + 1,
            "That is in bits; the loss is measured in nats.": FLOOR / math.log(2),
            "A loss is never negative; look at the order of the terms.": -FLOOR,
        },
    ),
    FunctionExercise(
        number="3.2",
        title="Losses by index",
        reference=losses,
        cases=loss_cases(),
        hint="one probability from each row, then its surprise.",
        errors={
            "gather wants an index with an axis of columns, too: labels[:, None].": (
                "same number of dimensions as input"
            ),
        },
        mistakes={
            "The minus is missing: a loss is never negative.": lambda p, y: -losses(p, y),
            "This is the mean over the rows; one loss for each row is asked for.": lambda p, y: (
                losses(p, y).mean()
            ),
            "A colon takes the columns from every row.": lambda p, y: -p[:, y].log(),
            "A colon takes the columns from every row; one loss for each row is asked for.": (
                lambda p, y: -p[:, y].log().mean()
            ),
            "The zeros of the one-hot label are inside the logarithm; only p belongs there.": (
                lambda p, y: losses(p, y) + math.inf
            ),
            "The logarithm is missing.": lambda p, y: -p.gather(1, y[:, None])[:, 0],
            "These are the losses of whole rows, chosen by the labels.": lambda p, y: -p[y].log(),
            "These are the probabilities at the labels; the loss is minus their logarithm.": (
                lambda p, y: p.gather(1, y[:, None])[:, 0]
            ),
            "This is in bits.": lambda p, y: losses(p, y) / math.log(2),
            "gather keeps the axis of the classes: this has the shape (n, 1).": lambda p, y: losses(
                p, y
            )[:, None],
            "This is the sum over the rows; one loss for each row is asked for.": lambda p, y: (
                losses(p, y).sum()
            ),
            "This divides by the K classes, too; the loss is the sum of its terms.": lambda p, y: (
                losses(p, y) / p.shape[1]
            ),
            "This takes the largest probability of each row, not the one at the label.": (
                lambda p, y: losses(p, p.argmax(1))
            ),
            "Softmax was applied to what are probabilities already.": lambda p, y: (
                functional.cross_entropy(p, y, reduction="none")
            ),
            "The axes are exchanged: first the row, then the column of its label.": lambda p, y: (
                -p[y, torch.arange(len(y))].log()
            ),
            "This is the binary formula, summed: a wrong class adds nothing to one true class.": (
                lambda p, y: losses(p, y) - losses(1 - p, y) - (1 - p).log().sum(1)
            ),
            "This is the decimal logarithm; nats come from the natural one.": lambda p, y: (
                losses(p, y) / math.log(10)
            ),
            "This is the surprise of the label not coming true.": lambda p, y: losses(1 - p, y),
            "This is the entropy of the prediction; the label is not in it.": lambda p, y: (
                -(p * p.log()).sum(1)
            ),
            "1 - p is no surprise: that is minus a logarithm.": lambda p, y: (
                1 - p.gather(1, y[:, None])[:, 0]
            ),
        },
    ),
    FunctionExercise(
        number="3.3",
        title="The perplexity of several texts",
        reference=perplexity,
        cases=[([2.0], [4]), ([1.0, 6.0], [2, 3]), ([30.0, 500.0, 7.5], [10, 200, 3])],
        hint="every word counts the same, and the mean is taken of losses, before the exponential.",
        mistakes={
            "The losses are in nats, and 2 is the base for bits.": lambda t, n: (
                2 ** (sum(t) / sum(n))
            ),
            "That is the mean loss; its exponential is asked for.": lambda t, n: sum(t) / sum(n),
            "That is the mean loss in bits, not yet the perplexity.": lambda t, n: (
                sum(t) / sum(n) / math.log(2)
            ),
            "The number of words divides the loss, before the exponential.": lambda t, n: (
                math.exp(sum(t)) / sum(n)
            ),
            "The loss of a whole text is not the loss of a word.": lambda t, n: math.exp(
                mean_of(t)
            ),
            "The mean is missing: this is the exponential of the loss of all words.": lambda t, n: (
                math.exp(sum(t))
            ),
            "The division is the wrong way round: divide the losses by the words.": lambda t, n: (
                math.exp(sum(n) / sum(t))
            ),
            "This adds the texts' mean losses; all losses are divided by all words.": lambda t, n: (
                math.exp(sum(per_text(t, n)))
            ),
            "With bits the base is 2; e goes with nats.": lambda t, n: math.exp(
                sum(t) / sum(n) / math.log(2)
            ),
            "That is a mean of probabilities; a perplexity is never below 1.": lambda t, n: (
                1 / perplexity(t, n)
            ),
            "This gives every text the same weight, long or short.": lambda t, n: math.exp(
                mean_of(per_text(t, n))
            ),
            "This is a sum of perplexities; first comes the mean loss of a word.": lambda t, n: sum(
                math.exp(loss) for loss in per_text(t, n)
            ),
            "This is a mean of perplexities: the mean comes before the exponential.": lambda t, n: (
                mean_of([math.exp(loss) for loss in per_text(t, n)])
            ),
            "This weighs perplexities by length; it is the losses that are to be averaged.": (
                lambda t, n: (
                    sum(
                        math.exp(loss) * length
                        for loss, length in zip(per_text(t, n), n, strict=True)
                    )
                    / sum(n)
                )
            ),
        },
    ),
    FunctionExercise(
        number="3.4",
        title="The gradient under label smoothing",
        reference=smoothed_gradient,
        cases=smoothing_cases(),
        atol=1e-6,
        bans=[
            (
                "Autograd did the derivative here; derive it, and compare afterwards.",
                lambda seen, z, y, e: seen.autograd,
            )
        ],
        hint="the derivation of p - y works for any label whose entries sum to 1, one-hot or not.",
        mistakes={
            "The label was not smoothed.": lambda z, y, e: smoothed_gradient(z, y, 0.0),
            "The label was not smoothed, and the division by n is missing.": lambda z, y, e: (
                smoothed_gradient(z, y, 0.0) * len(y)
            ),
            "The sign is wrong: prediction minus label.": lambda z, y, e: (
                -smoothed_gradient(z, y, e)
            ),
            "This is label minus p, and the division by n is missing.": lambda z, y, e: (
                -smoothed_gradient(z, y, e) * len(y)
            ),
            "This is twice the gradient; the factor 2 belongs to a square.": lambda z, y, e: (
                2 * smoothed_gradient(z, y, e)
            ),
            "The entries of this smoothed label do not sum to 1.": lambda z, y, e: (
                smoothed_gradient(z, y, e) + e / z.shape[1] / len(y)
            ),
            "The true class gets its share of the smoothing, too.": shared_by_the_others,
            "The true class gets its share, too, and the division by n is missing.": (
                lambda z, y, e: shared_by_the_others(z, y, e) * len(y)
            ),
            "This label lacks the share eps / K of the true class, and so sums to less than 1.": (
                lambda z, y, e: (
                    smoothed_gradient(z, y, e)
                    + e / z.shape[1] / len(y) * functional.one_hot(y, z.shape[1])
                )
            ),
            "The share is split among all K classes, the true one included, not K - 1.": (
                lambda z, y, e: (
                    smoothed_gradient(z, y, e)
                    - e * (1 / (z.shape[1] - 1) - 1 / z.shape[1]) / len(y)
                )
            ),
            "Each class gets eps / K, not all of the share eps.": lambda z, y, e: (
                smoothed_gradient(z, y, e) - e * (1 - 1 / z.shape[1]) / len(y)
            ),
            "The part with the even label is missing: the loss has eps times that, too.": (
                lambda z, y, e: (1 - e) * smoothed_gradient(z, y, 0.0)
            ),
            "The one-hot label keeps 1 - eps only; the entries of this one sum to 1 + eps.": (
                lambda z, y, e: (
                    smoothed_gradient(z, y, e) - e / len(y) * functional.one_hot(y, z.shape[1])
                )
            ),
            "The true class gives a part of its 1 to the others; here it keeps all.": (
                lambda z, y, e: (
                    smoothed_gradient(z, y, e)
                    - e * (1 - 1 / z.shape[1]) / len(y) * functional.one_hot(y, z.shape[1])
                )
            ),
            "Only the label is divided by n here; the difference needs parentheses.": (
                lambda z, y, e: smoothed_gradient(z, y, e) + softmax(z) * (1 - 1 / len(y))
            ),
            "eps and 1 - eps are exchanged: the label keeps 1 - eps.": lambda z, y, e: (
                smoothed_gradient(z, y, 1 - e)
            ),
            "The label was subtracted from the logarithms of the probabilities.": lambda z, y, e: (
                smoothed_gradient(z, y, e) + (log_softmax(z) - softmax(z)) / len(y)
            ),
            "A sigmoid gives each score a probability of its own; here it is the softmax.": (
                lambda z, y, e: smoothed_gradient(z, y, e) + (z.sigmoid() - softmax(z)) / len(y)
            ),
            "This smooths the prediction; it is the label that is smoothed.": lambda z, y, e: (
                smoothed_gradient(z, y, 0.0) + e * (1 / z.shape[1] - softmax(z)) / len(y)
            ),
            "Each row of scores has its own softmax: it runs along the classes.": lambda z, y, e: (
                smoothed_gradient(z, y, e) + (z.softmax(0) - softmax(z)) / len(y)
            ),
            "The label was subtracted from the scores, not from the probabilities.": (
                lambda z, y, e: smoothed_gradient(z, y, e) + (z - softmax(z)) / len(y)
            ),
            "This is the gradient of the sum over the batch; the loss is a mean.": lambda z, y, e: (
                smoothed_gradient(z, y, e) * len(y)
            ),
            "The mean is over the n examples; this divides by the K classes.": lambda z, y, e: (
                smoothed_gradient(z, y, e) * len(y) / z.shape[1]
            ),
            "The mean is over the n examples; this divides by all n K numbers.": lambda z, y, e: (
                smoothed_gradient(z, y, e) / z.shape[1]
            ),
            "This is the smoothed label; the gradient is p minus that.": lambda z, y, e: (
                (softmax(z) / len(y) - smoothed_gradient(z, y, e)) * len(y)
            ),
        },
    ),
    FunctionExercise(
        number="3.5",
        title="Weights and gaps",
        reference=weighted,
        cases=weighted_cases(),
        bans=[
            (
                "This is torch's own loss; build it on log_softmax.",
                lambda seen, *args: bool(seen.functions & BY_TORCH),
            )
        ],
        hint="a weighted mean divides by the sum of the weights that it used.",
        errors={
            "A row to ignore must be left out before its label is used as an index.": (
                "index -100 is out of bounds"
            ),
            "A row to ignore has no one-hot label; leave it out before.": "must be non-negative",
        },
        mistakes={
            "A mean of nothing is nan here, as in torch.": lambda z, y, w, i: weighted(
                z, y, w, i
            ).nan_to_num(0.0),
            "If all labels are ignored, return nan: dividing numbers of Python by 0 stops.": (
                lambda z, y, w, i: weighted_sum(z, y, w, i).item() / w[y[y != i]].sum().item()
            ),
            "A row to ignore counts as class 0 here; leave it out.": lambda z, y, w, i: weighted(
                z, y.where(y != i, 0), w, -100
            ),
            "This ignores no row: a label below zero was raised to 0.": lambda z, y, w, i: weighted(
                z, y.clamp(min=0), w, -100
            ),
            "The weights were scaled to sum to 1; divide by those of the labels.": (
                lambda z, y, w, i: weighted_sum(z, y, w / w.sum(), i) / (y != i).sum()
            ),
            "The mean of products is not the product of the means.": lambda z, y, w, i: (
                weighted(z, y, torch.ones_like(w), i) * w[y[y != i]].mean()
            ),
            "An ignored row that is set to class 0 still counts in what you divide by.": (
                lambda z, y, w, i: weighted_sum(z, y, w, i) / w[y.where(y != i, 0)].sum()
            ),
            "These are probabilities; the loss is minus their logarithm.": lambda z, y, w, i: (
                -(w[y[y != i]] * softmax(z[y != i]).gather(1, y[y != i, None])[:, 0]).sum()
                / w[y[y != i]].sum()
            ),
            "log_softmax is applied to probabilities here; it takes scores.": lambda z, y, w, i: (
                weighted(softmax(z), y, w, i)
            ),
            "This divides by the number of examples; a weighted mean does not.": (
                lambda z, y, w, i: weighted_sum(z, y, w, i) / len(y)
            ),
            "This is the weighted sum.": weighted_sum,
            "The weights multiply the losses, not the scores.": lambda z, y, w, i: weighted(
                z * w, y, torch.ones_like(w), i
            ),
            "The weights multiply the losses, not the scores, before you divide by their sum.": (
                lambda z, y, w, i: (
                    weighted_sum(z * w, y, torch.ones_like(w), i) / w[y[y != i]].sum()
                )
            ),
            "The weights are only in the divisor; they multiply the losses, too.": (
                lambda z, y, w, i: weighted_sum(z, y, torch.ones_like(w), i) / w[y[y != i]].sum()
            ),
            "This divides by the sum of all K weights, used or not.": lambda z, y, w, i: (
                weighted_sum(z, y, w, i) / w.sum()
            ),
            "This divides by the number of examples that count; their weights are not all 1.": (
                lambda z, y, w, i: weighted_sum(z, y, w, i) / (y != i).sum()
            ),
            "The minus is missing.": lambda z, y, w, i: -weighted(z, y, w, i),
            "The labels were filtered, the rows were not: they no longer belong together.": (
                lambda z, y, w, i: weighted(z[: int((y != i).sum())], y[y != i], w, i)
            ),
            "A colon takes the columns from every row; give the row numbers.": lambda z, y, w, i: (
                -(w[y[y != i]] * log_softmax(z[y != i])[:, y[y != i]]).sum() / w[y[y != i]].sum()
            ),
            "The softmax runs along the classes, not along the examples.": lambda z, y, w, i: (
                -(w[y[y != i]] * z[y != i].log_softmax(0).gather(1, y[y != i, None])[:, 0]).sum()
                / w[y[y != i]].sum()
            ),
            "All classes of a row are summed here; only that of its label counts.": (
                lambda z, y, w, i: -(w * log_softmax(z[y != i])).sum() / w[y[y != i]].sum()
            ),
            "The weights are missing.": lambda z, y, w, i: weighted(z, y, torch.ones_like(w), i),
            "Ignored examples still count in what you divide by.": lambda z, y, w, i: (
                weighted_sum(z, y, w, i) / all_weights(y, w)
            ),
            "The label to ignore is an argument, and need not be -100.": lambda z, y, w, i: (
                weighted(z, y, w, -100)
            ),
        },
    ),
)
