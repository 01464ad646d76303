"""Exercises of chapter 6, Fashion-MNIST."""

import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from course_utils.exercises.answers import as_numbers
from course_utils.exercises.grading import FunctionExercise, ValueExercise


def images_of(n: int, side: int, seed: int = 0) -> Tensor:
    """Return repeatable images (n, side, side) with values between 0 and 1."""
    return torch.rand(n, side, side, generator=torch.Generator().manual_seed(seed))


def standardised(train: Tensor, test: Tensor) -> Tensor:
    """Test images, shifted and scaled by the training images."""
    return (test - train.mean()) / train.std()


def split_by_class(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Return the numbers of the training and of the validation images."""
    ordered = labels[order]
    taken = torch.zeros(len(labels), dtype=torch.bool)
    for k in labels.unique():
        taken[(ordered == k).nonzero()[:per_class, 0]] = True
    return order[~taken], order[taken]


def swapped(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """The right parts in the wrong order."""
    train, validation = split_by_class(labels, per_class, order)
    return validation, train


def unordered(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Take the first images of each class as they are stored."""
    return split_by_class(labels, per_class, torch.arange(len(labels)))


def places(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """The right places in the order, taken for the images that stand there."""
    train, validation = split_by_class(labels, per_class, order)
    return order.argsort()[train], order.argsort()[validation]


def counted_as_stored(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Count in stored order, then pick from the order by it."""
    train, validation = unordered(labels, per_class, order)
    return order[train], order[validation]


def masks(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """A truth value per image instead of numbers."""
    train, validation = split_by_class(labels, per_class, order)
    number = torch.arange(len(labels))
    return torch.isin(number, train), torch.isin(number, validation)


def regardless_of_class(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Take as many images as are asked for, whatever they show."""
    n = per_class * len(labels.unique())
    return order[n:], order[:n]


def in_order(parts: Any) -> list[Tensor]:
    """Return index tensors with their numbers in order: any order is right."""
    return [torch.as_tensor(part).sort().values for part in parts]


def disjoint(value: tuple[Tensor, Tensor], labels: Tensor, *args: object) -> bool:
    """Whether the two parts hold each image once."""
    return torch.equal(torch.cat(list(value)).sort().values, torch.arange(len(labels)))


def split_cases() -> list[tuple]:
    """Return labels, numbers of images and orders, four images first."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(40) // 8
    return [
        (torch.tensor([0, 0, 1, 1]), 1, torch.tensor([3, 1, 2, 0])),
        (torch.tensor([0, 1, 0, 1, 0, 0]), 1, torch.tensor([4, 2, 5, 3, 0, 1])),
        (labels, 2, torch.randperm(40, generator=generator)),
    ]


def standardised_pixels(train: Tensor, test: Tensor) -> Tensor:
    """Test images, each pixel shifted and scaled by its own training pixels."""
    deviation = train.std(0)
    return (test - train.mean(0)) / torch.where(deviation == 0, 1.0, deviation)


def is_moderate(value: Tensor, train: Tensor, test: Tensor) -> bool:
    """Whether pixels that never change in training are not blown up."""
    flat = value[:, train.std(0) == 0]
    return bool((flat.isfinite() & (flat.abs() < 100)).all())


def pixel_cases() -> list[tuple]:
    """Return training and test images; in the second case a pixel never changes."""
    train = images_of(20, 3)
    train[:, 0, 0] = 0.25
    train[:, 2, 1] = 0.0
    return [
        (torch.tensor([[[0.0, 1.0]], [[0.5, 0.0]]]), torch.tensor([[[0.2, 0.9]], [[0.3, 0.5]]])),
        (torch.tensor([[[0.0, 1.0]], [[0.0, 0.0]]]), torch.tensor([[[0.25, 0.5]], [[0.5, 0.25]]])),
        (train, images_of(5, 3, 1) ** 2),
    ]


# From so many batches on it is looked at how much is kept of them, and from so many pixels of a
# batch on whether a tensor is larger: sums of a few small batches are no data set.
MANY, LARGE = 20, 100


class Batches:
    """Batches of images that can be gone through once, as if they came over a line.

    It notices if more than ten of them are kept: their memory, also as arrays of NumPy, and Python
    numbers made of them, by the blocks of memory that they take.
    """

    def __init__(self, images: Tensor, batch_size: int) -> None:
        self.batches = list(images.split(batch_size))
        self.is_used = False

    def __iter__(self) -> Iterator[Tensor]:
        if self.is_used:
            raise RuntimeError("each batch comes once; keep what you need of it when it comes")
        self.is_used = True
        lent = []
        for place, batch in enumerate(self.batches):
            if place == 2:  # what the first batches made Python load is there by now
                blocks = sys.getallocatedblocks()
            array = batch.numpy().copy()
            lent.append(weakref.ref(array))
            images = torch.from_numpy(array)
            del array
            yield images
            del images
        if len(self.batches) > MANY and (
            sum(ref() is not None for ref in lent) > 10
            or sys.getallocatedblocks() - blocks > 10 * batch.numel()
        ):
            raise RuntimeError("many batches, or all their numbers, are kept; keep sums of them")

    def __repr__(self) -> str:
        sizes = ", ".join(str(tuple(batch.shape)) for batch in self.batches)
        return f"an iterator over batches of shapes {sizes}"


def moments_of(batches: Batches) -> tuple[float, float]:
    """Mean and standard deviation of all pixels of all batches, each looked at once."""
    n, total, squares = 0, 0.0, 0.0
    for batch in batches:
        n += batch.numel()
        total += batch.double().sum().item()
        squares += batch.double().square().sum().item()
    return total / n, (squares / n - (total / n) ** 2) ** 0.5


def narrow_moments(batches: Batches, keep: Callable) -> tuple[float, float]:
    """Moments from sums in float32."""
    n, total, squares = 0, 0.0, 0.0
    for batch in batches.batches:
        n, total = n + batch.numel(), total + keep(batch.sum())
        squares = squares + keep(batch.square().sum())
    mean = total / n
    return float(mean), float(max(squares / n - mean**2, 0 * mean) ** 0.5)


def narrow_squares(batches: Batches) -> tuple[float, float]:
    """Moments from sums in float64 of squares in float32."""
    mean, _ = moments_of(batches)
    n = sum(batch.numel() for batch in batches.batches)
    squares = sum(batch.square().double().sum().item() for batch in batches.batches)
    return mean, max(squares / n - mean**2, 0) ** 0.5


def narrow_total(batches: Batches) -> tuple[float, float]:
    """Moments from sums of the values in float32 and of their squares in float64."""
    mean, deviation = moments_of(batches)
    n = sum(batch.numel() for batch in batches.batches)
    total = sum(batch.sum().item() for batch in batches.batches)
    return total / n, max(deviation**2 + mean**2 - (total / n) ** 2, 0) ** 0.5


def spread_within(
    batches: Batches, power: int, correction: int = 0, weighted: bool = False
) -> tuple[float, float]:
    """The mean of all pixels, and the mean over the batches of their deviations or variances."""
    total = weights = 0.0
    for part in batches.batches:
        weight = part.numel() if weighted else 1
        total += weight * part.double().std(correction=correction).item() ** power
        weights += weight
    return moments_of(batches)[0], (total / weights) ** (1 / power)


def mean_of_moments(parts: Sequence[Tensor]) -> tuple[float, float]:
    """Moments from the parts' means and mean squares, each part counted alike."""
    mean, _ = mean_of_parts(parts)
    square = sum(part.double().square().mean().item() for part in parts) / len(parts)
    return mean, (square - mean**2) ** 0.5


def per_image(batches: Batches) -> tuple[float, float]:
    """Sums divided by the number of images; no deviation where the difference is below 0."""
    images = torch.cat(batches.batches).double()
    mean, square = images.sum() / len(images), images.square().sum() / len(images)
    return mean.item(), (square - mean**2).sqrt().item()


def batch_cases() -> list[tuple]:
    """Return one batch, equal batches, a smaller last one, and images that hardly vary."""
    shaded = images_of(10, 3) * torch.linspace(0.1, 1, 10)[:, None, None]
    return [
        (Batches(torch.tensor([[[0.0, 1.0]], [[0.5, 0.5]]]), 2),),
        (Batches(torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]]]), 1),),
        (Batches(torch.tensor([[[0.0, 0.2]], [[0.4, 0.6]], [[1.0, 1.0]]]), 2),),
        (Batches(shaded, 4),),
        (Batches(0.5 + 0.001 * images_of(40, 8), 16),),
        (Batches(images_of(240, 4), 10),),
    ]


def with_batches(wrong: Callable) -> Callable:
    """Return a function of images and a batch size as one of batches."""

    def of_batches(batches: Batches) -> tuple[float, float]:
        return wrong(torch.cat(batches.batches), len(batches.batches[0]))

    return of_batches


def moments(images: Tensor, batch_size: int) -> tuple[float, float]:
    """Mean and standard deviation of all pixels."""
    return images.double().mean().item(), images.double().std(correction=0).item()


def mean_of_parts(parts: Sequence[Tensor]) -> tuple[float, float]:
    """Means of the parts' means and deviations."""
    means = [part.double().mean().item() for part in parts]
    deviations = [part.double().std(correction=0).item() for part in parts]
    return sum(means) / len(parts), sum(deviations) / len(parts)


def neighbours(train: Tensor, images: Tensor) -> Tensor:
    """Squared distance of each image to each training image."""
    return (images.flatten(1)[:, None] - train.flatten(1)[None]).square().sum(2)


def vote(train: Tensor, labels: Tensor, images: Tensor, k: int, largest: bool = False) -> Tensor:
    """The label that most of the k nearest training images carry; of several, the smallest."""
    near = neighbours(train, images).topk(k, dim=1, largest=largest).indices
    return one_hot(labels[near]).sum(1).argmax(1)


def normalised(images: Tensor) -> Tensor:
    """Images divided by their Euclidean length: the nearest has the largest cosine."""
    return torch.nn.functional.normalize(images.flatten(1))


def vote_of_the_nearest(train: Tensor, labels: Tensor, images: Tensor, k: int) -> Tensor:
    """Among labels with equally many votes, that of the nearest image."""
    near = neighbours(train, images).topk(k, dim=1, largest=False).indices
    votes = one_hot(labels[near]).sum(1)
    best = votes.gather(1, labels[near]) == votes.amax(1, keepdim=True)
    return labels[near].gather(1, best.long().argmax(1, keepdim=True))[:, 0]


def weighted_vote(train: Tensor, labels: Tensor, images: Tensor, k: int) -> Tensor:
    """A near neighbour has more votes than one that is farther away."""
    near = neighbours(train, images).topk(k, dim=1, largest=False)
    weights = 1 / near.values.sqrt()
    return (one_hot(labels[near.indices]) * weights[:, :, None]).sum(1).argmax(1)


def nearest_mean(train: Tensor, labels: Tensor, images: Tensor, k: int) -> Tensor:
    """The label of the nearest class mean."""
    classes = labels.unique()
    means = torch.stack([train[labels == c].mean(0) for c in classes])
    return classes[neighbours(means, images).argmin(1)]


def neighbour_cases() -> list[tuple]:
    """Return images on a line, then others; with k = 2 and 4 votes are equal.

    Their second pixel, 1 in all, adds nothing to a distance and gives each its own direction.
    """

    def on_a_line(*values: float) -> Tensor:
        return torch.tensor([[[value, 1.0]] for value in values])

    line = on_a_line(0.0, 0.1, 0.4, 0.8, 0.9, 1.0)
    labels = torch.tensor([2, 0, 0, 1, 0, 1])
    asked = on_a_line(0.02, 0.84, 0.07)
    return [
        (line, labels, asked[:1], 1),
        (line, labels, asked, 3),
        (line, labels, asked, 2),
        (images_of(30, 3), torch.arange(30) % 2, images_of(8, 3, 1), 5),
        (images_of(40, 3, 2), torch.arange(40) % 5, images_of(20, 3, 3), 4),
    ]


def linear_from_means(means: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (d, k) and biases (k,) whose largest score stands at the nearest mean."""
    weight = means.flatten(1).T
    return weight, -0.5 * weight.square().sum(0)


def as_differences(parameters: Any) -> list[Tensor]:
    """Return weights and biases without what changes no answer: a common part, a positive factor.

    Scores are compared with each other, so only their differences count, and not their unit.
    """
    weight, bias = (torch.as_tensor(part, dtype=torch.float64) for part in parameters)
    weight, bias = weight - weight.mean(1, keepdim=True), bias - bias.mean()
    unit = weight.norm().clamp(min=1e-12)
    return [weight / unit, bias / unit]


def flat_bias(parameters: Any) -> Any:
    """Biases of shape (1, k) are added as those of shape (k,) are, so they will do."""
    if isinstance(parameters, list) and len(parameters) == 2:
        weight, bias = parameters
        found = as_numbers(bias)
        if found is not None and found.ndim == 2 and len(found) == 1:
            return [weight, found[0]]
    return parameters


def mean_cases() -> list[tuple]:
    """Return means (k, h, w): of one pixel, of two classes, of more."""
    return [
        (torch.tensor([[[0.0]], [[1.0]]]),),
        (torch.tensor([[[0.0, 1.0]], [[0.5, 0.5]], [[1.0, 0.2]]]),),
        (images_of(10, 4, 1),),
    ]


EXERCISES = (
    ValueExercise(
        number="6.1",
        title="Memory after Resize",
        expected=983_040_000,
        hint="images times pixels times the bytes of one number.",
        mistakes={
            "That is the size before Resize.": 188_160_000,
            "That would do for one byte a pixel; float32 takes more.": 245_760_000,
            "That is float64.": 1_966_080_000,
            "That is float16.": 491_520_000,
            "Resize(64) makes both sides of a square longer.": 430_080_000,
            "That is in bits.": 7_864_320_000,
            "That is in megabytes; bytes are asked for.": 983.04,
            "That is in mebibytes; bytes are asked for.": 937.5,
            "That is in gigabytes; bytes are asked for.": 0.98304,
            "That is in gibibytes; bytes are asked for.": 0.91552734375,
            "That is in kilobytes; bytes are asked for.": 983_040,
            "That is one image; there are 60 000.": 16_384,
            "The test images are counted too.": 1_146_880_000,
        },
    ),
    FunctionExercise(
        number="6.2",
        title="Standardise each pixel",
        reference=standardised_pixels,
        cases=pixel_cases(),
        properties=[
            (
                "A pixel that never changes in training became enormous: it is divided by 1, not "
                "by a small number.",
                is_moderate,
            )
        ],
        hint="one mean and one deviation per pixel, over the images; and which images may be "
        "looked at before the test?",
        mistakes={
            "Means and deviations were taken from the test images.": lambda a, b: (
                standardised_pixels(b, b)
            ),
            "The test images took part in the means and the deviations.": lambda a, b: (
                standardised_pixels(torch.cat([a, b]), b)
            ),
            "All pixels share one mean and one deviation here; each has its own.": standardised,
            "The means are those of the pixels, the deviation is one for all.": lambda a, b: (
                (b - a.mean(0)) / a.std()
            ),
            "Where a pixel never changes, this divides by 0.": lambda a, b: (
                (b - a.mean(0)) / a.std(0)
            ),
            "A pixel that never changes in training may differ in a test image; only its mean is "
            "subtracted.": lambda a, b: ((b - a.mean(0)) / a.std(0)).where(a.std(0) > 0, 0.0),
            "The mean is not subtracted.": lambda a, b: (
                b / torch.where(a.std(0) == 0, 1.0, a.std(0))
            ),
            "This divides by the variance, and by 0 where a pixel never changes.": lambda a, b: (
                (b - a.mean(0)) / a.var(0)
            ),
            "This divides by the variance.": lambda a, b: (
                (b - a.mean(0)) / torch.where(a.std(0) == 0, 1.0, a.var(0))
            ),
            "The mean is subtracted, and each divisor is 1; only a pixel that never changes is "
            "divided by 1.": lambda a, b: b - a.mean(0),
            "A division by 0 became the largest number there is; divide by 1 there.": lambda a, b: (
                (b - a.mean(0)) / a.std(0)
            ).nan_to_num(),
            "Each test image has its own mean and deviation here; those of the training images "
            "belong to the model.": lambda a, b: (
                (b - b.mean((1, 2), True)) / b.std((1, 2), keepdim=True)
            ),
            "The mean of a pixel that never changes is to be subtracted as well.": lambda a, b: (
                standardised_pixels(a, b) + torch.where(a.std(0) == 0, a.mean(0), 0.0)
            ),
            "This divides the squares by n; std() of a tensor divides by n - 1.": lambda a, b: (
                (b - a.mean(0))
                / torch.where(a.std(0, correction=0) == 0, 1.0, a.std(0, correction=0))
            ),
            "These are the training images.": lambda a, b: standardised_pixels(a, a),
            "The mean to subtract is that of each pixel, not one for all.": lambda a, b: (
                (b - a.mean()) / torch.where(a.std(0) == 0, 1.0, a.std(0))
            ),
            "The means were taken from the test images.": lambda a, b: (
                (b - b.mean(0)) / torch.where(a.std(0) == 0, 1.0, a.std(0))
            ),
            "The deviations were taken from the test images.": lambda a, b: (
                (b - a.mean(0)) / torch.where(b.std(0) == 0, 1.0, b.std(0))
            ),
            "The sign is turned: the mean is subtracted from the image.": lambda a, b: (
                -standardised_pixels(a, b)
            ),
            "Nothing is added to a divisor; 1 takes the place of 0 only.": lambda a, b: (
                (b - a.mean(0)) / (a.std(0) + 1)
            ),
        },
    ),
    FunctionExercise(
        number="6.3",
        title="A fair split",
        reference=split_by_class,
        cases=split_cases(),
        properties=[("Each image should be in exactly one of the two parts.", disjoint)],
        integers=True,
        canonical=in_order,
        hint="follow the order, and count for each class how many have been put aside.",
        mistakes={
            "The training part comes first.": swapped,
            "The order was not used: stored data may be sorted.": unordered,
            "The classes are not equally frequent in the validation part.": regardless_of_class,
            "That is `per_class` images in all; so many of each class are asked for.": (
                lambda y, n, order: (order[n:], order[:n])
            ),
            "These are places in `order`; the image at a place is order[place].": places,
            "The count went through the labels as they are stored; go through labels[order].": (
                counted_as_stored
            ),
            "These are truth values; the numbers of the images are asked for.": masks,
            "These are labels; the numbers of the images are asked for.": lambda y, n, order: tuple(
                y[part] for part in split_by_class(y, n, order)
            ),
            "One image too many of each class is put aside.": lambda y, n, order: split_by_class(
                y, n + 1, order
            ),
            "One image too few of each class is put aside.": lambda y, n, order: split_by_class(
                y, n - 1, order
            ),
            "This goes through the order from its end.": lambda y, n, order: split_by_class(
                y, n, order.flip(0)
            ),
            "Some images are in both parts, so training would see them.": lambda y, n, order: (
                order,
                split_by_class(y, n, order)[1],
            ),
        },
    ),
    FunctionExercise(
        number="6.4",
        title="Mean and standard deviation, batch by batch",
        reference=moments_of,
        cases=batch_cases(),
        observe=lambda value, batches: value,
        bans=[
            (
                "This makes a tensor of more than a batch; the data set does not fit into memory.",
                lambda seen, batches: seen.largest > max(LARGE, batches.batches[0].numel()),
            ),
            (
                "This keeps many batches at once; the data set does not fit into memory.",
                lambda seen, batches: (
                    len(batches.batches) > MANY and seen.held > 12 * batches.batches[0].numel()
                ),
            ),
        ],
        hint="which sums over all pixels are enough to compute both numbers at the end, and which "
        "digits are left when two nearly equal ones are subtracted?",
        mistakes={
            "That is the variance; its root is asked for.": with_batches(
                lambda x, b: (moments(x, b)[0], moments(x, b)[1] ** 2)
            ),
            "Divide the squares by the number of pixels, not by one less.": with_batches(
                lambda x, b: (x.double().mean().item(), x.double().std().item())
            ),
            "Only the squares are divided by one less; divide both sums by the number of pixels.": (
                with_batches(
                    lambda x, b: (
                        moments(x, b)[0],
                        (
                            moments(x, b)[1] ** 2
                            + x.double().square().mean().item() / (x.numel() - 1)
                        )
                        ** 0.5,
                    )
                )
            ),
            "The mean is to be squared before it is subtracted.": with_batches(
                lambda x, b: (
                    x.double().mean().item(),
                    (x.double().square().mean().item() - x.double().mean().item()) ** 0.5,
                )
            ),
            "That is the root of the mean square; the mean was not taken away.": with_batches(
                lambda x, b: (x.double().mean().item(), x.double().square().mean().sqrt().item())
            ),
            "The batches' deviations miss how far their means lie apart.": lambda batches: (
                mean_of_parts(batches.batches)
            ),
            "The deviations of the batches, averaged, miss how far the batches' means lie apart.": (
                lambda batches: spread_within(batches, 1)
            ),
            "The deviations of the batches miss how far their means lie apart, and divide by one "
            "less.": lambda batches: spread_within(batches, 1, 1),
            "This averages the deviations, divided by one less, and the means of the batches; "
            "neither is that of all pixels.": lambda batches: (
                mean_of_parts(batches.batches)[0],
                spread_within(batches, 1, 1)[1],
            ),
            "The variances of the batches miss how far their means lie apart.": lambda batches: (
                spread_within(batches, 2)
            ),
            "Weighted or not, the deviations of the batches miss how far their means lie apart.": (
                lambda batches: spread_within(batches, 1, weighted=True)
            ),
            "This averages the variances and the means of the batches; neither is that of all "
            "pixels.": lambda batches: (
                mean_of_parts(batches.batches)[0],
                spread_within(batches, 2)[1],
            ),
            "The last batch is smaller and must count for less, in both averages.": (
                lambda batches: mean_of_moments(batches.batches)
            ),
            "The values were summed in float32; convert the batch to float64 first.": narrow_total,
            "The mean comes first, then the standard deviation.": lambda batches: moments_of(
                batches
            )[::-1],
            "The squares were rounded to float32 before they were summed; convert the batch to "
            "float64 first.": narrow_squares,
            "The last batch is smaller and must count for less in the mean.": lambda batches: (
                mean_of_parts(batches.batches)[0],
                moments_of(batches)[1],
            ),
            "Only the first batch was looked at.": lambda batches: moments(batches.batches[0], 0),
            "This divides by the number of images; divide by the number of pixels.": per_image,
            "The squares are taken around each batch's own mean, so how far the means lie apart is "
            "missed.": lambda batches: spread_within(batches, 2, weighted=True),
            "Only the last batch was looked at.": lambda batches: moments(batches.batches[-1], 0),
            "The sums were kept in float32: the mean square and the squared mean are nearly equal "
            "where images hardly vary, and their difference has no digits left.": lambda batches: (
                narrow_moments(batches, lambda total: total)
            ),
            "Each batch was summed in float32, which is too narrow for a difference of nearly "
            "equal numbers.": lambda batches: narrow_moments(batches, Tensor.item),
        },
    ),
    FunctionExercise(
        number="6.5",
        title="Ask the neighbours",
        reference=vote,
        cases=neighbour_cases(),
        hint="the distances of the chapter, topk, and a count of labels in each row.",
        mistakes={
            "These are numbers of training images, not labels.": lambda x, y, z, k: neighbours(
                x, z
            ).argmin(1),
            "Numbers of training images have no majority: look up their labels, then vote.": (
                lambda x, y, z, k: neighbours(x, z).topk(k, largest=False).indices.mode(1).values
            ),
            "These are the labels of the images farthest away.": lambda x, y, z, k: vote(
                x, y, z, k, True
            ),
            "This is the class with the nearest mean.": nearest_mean,
            "Only the nearest neighbour was asked; all k have a vote.": lambda x, y, z, k: vote(
                x, y, z, 1
            ),
            "Of labels with equally many votes the smallest is asked for, not the nearest.": (
                vote_of_the_nearest
            ),
            "Of labels with equally many votes the smallest is asked for, not the largest.": (
                lambda x, y, z, k: 9 - vote(x, 9 - y, z, k)
            ),
            "Labels are names, not amounts: their median is not a vote.": lambda x, y, z, k: (
                y[neighbours(x, z).topk(k, largest=False).indices].median(1).values
            ),
            "The largest product is not the smallest distance: the lengths count too.": (
                lambda x, y, z, k: (
                    one_hot(y[(z.flatten(1) @ x.flatten(1).T).topk(k).indices]).sum(1).argmax(1)
                )
            ),
            "Cosine similarity compares directions; a distance is asked for, and lengths count in "
            "it.": lambda x, y, z, k: vote(normalised(x), y, normalised(z), k),
            "This is the sum of absolute differences; squares are asked for.": lambda x, y, z, k: (
                one_hot(
                    y[torch.cdist(z.flatten(1), x.flatten(1), p=1).topk(k, largest=False).indices]
                )
                .sum(1)
                .argmax(1)
            ),
            "The nearest was left out; none of the training images is the one asked about.": (
                lambda x, y, z, k: (
                    one_hot(y[neighbours(x, z).argsort(1)[:, 1 : k + 1]]).sum(1).argmax(1)
                )
            ),
            "One neighbour too many was asked.": lambda x, y, z, k: vote(x, y, z, k + 1),
            "This is the label of the k-th nearest alone; all k have a vote.": lambda x, y, z, k: y[
                neighbours(x, z).topk(k, largest=False).indices[:, -1]
            ],
            "These are numbers of votes; the label that has most is asked for.": (
                lambda x, y, z, k: (
                    one_hot(y[neighbours(x, z).topk(k, largest=False).indices]).sum(1).amax(1)
                )
            ),
            "Each of the k has one vote, however near it is.": weighted_vote,
            "These are the neighbours' labels; the one that most of them carry is asked for.": (
                lambda x, y, z, k: y[neighbours(x, z).topk(k, largest=False).indices]
            ),
            "These are the votes; the label with the most is asked for.": lambda x, y, z, k: (
                one_hot(y[neighbours(x, z).topk(k, largest=False).indices]).sum(1)
            ),
            "This is the mean of the labels; they are names, not amounts.": lambda x, y, z, k: (
                y[neighbours(x, z).topk(k, largest=False).indices].float().mean(1)
            ),
            "Labels are names, not amounts: a mean of labels is not a vote.": lambda x, y, z, k: (
                y[neighbours(x, z).topk(k, largest=False).indices].float().mean(1).round().long()
            ),
        },
    ),
    FunctionExercise(
        number="6.6",
        title="The nearest mean is a linear model",
        reference=linear_from_means,
        cases=mean_cases(),
        form=flat_bias,
        canonical=as_differences,
        # A large common part costs digits in float32.
        atol=1e-5,
        hint="the squared length of the image is the same for all classes; what is left "
        "of equation (6.1), and by which factor does its smallest value become the largest score?",
        mistakes={
            "The weights are twice too large: the bias belongs to half of them.": lambda m: (
                2 * linear_from_means(m)[0],
                linear_from_means(m)[1],
            ),
            "The biases are all equal, so the squared length of each mean is missing: long means "
            "win too often.": lambda m: (
                m.flatten(1).T,
                torch.zeros(len(m)),
            ),
            "The largest score now stands at the mean farthest away; the sign is to be turned.": (
                lambda m: tuple(-part for part in linear_from_means(m))
            ),
            "The bias is twice too large: the weights belong to half the distance.": lambda m: (
                linear_from_means(m)[0],
                2 * linear_from_means(m)[1],
            ),
            "The weights have the wrong sign.": lambda m: (
                -linear_from_means(m)[0],
                linear_from_means(m)[1],
            ),
            "The bias has the wrong sign.": lambda m: (
                linear_from_means(m)[0],
                -linear_from_means(m)[1],
            ),
            "The bias takes the mean of the squares; their sum is needed.": lambda m: (
                linear_from_means(m)[0],
                -0.5 * m.flatten(1).square().mean(1),
            ),
            "The bias takes the lengths of the means; half their squares are needed.": lambda m: (
                linear_from_means(m)[0],
                -m.flatten(1).norm(dim=1),
            ),
            "The bias takes the lengths of the means; their squares are needed.": lambda m: (
                linear_from_means(m)[0],
                -0.5 * m.flatten(1).norm(dim=1),
            ),
        },
    ),
)
