"""Exercises of chapter 6, Fashion-MNIST."""

from typing import Any

import torch
from torch import Tensor

from course_utils.exercises.grading import FunctionExercise, ValueExercise


def pictures(n: int, side: int, seed: int = 0) -> Tensor:
    """Return repeatable pictures (n, side, side) with values between 0 and 1."""
    return torch.rand(n, side, side, generator=torch.Generator().manual_seed(seed))


def standardised(train: Tensor, test: Tensor) -> Tensor:
    """Test pictures, shifted and scaled by the training pictures."""
    return (test - train.mean()) / train.std()


def split_by_class(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Return the numbers of the training and of the validation pictures."""
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
    """Take the first pictures of each class as they are stored."""
    return split_by_class(labels, per_class, torch.arange(len(labels)))


def regardless_of_class(labels: Tensor, per_class: int, order: Tensor) -> tuple[Tensor, Tensor]:
    """Take as many pictures as are asked for, whatever they show."""
    n = per_class * len(labels.unique())
    return order[n:], order[:n]


def in_order(parts: Any) -> list[Tensor]:
    """Return index tensors with their numbers in order: any order is right."""
    return [torch.as_tensor(part).sort().values for part in parts]


def disjoint(value: tuple[Tensor, Tensor], labels: Tensor, *args: object) -> bool:
    """Whether the two parts hold each picture once."""
    return torch.equal(torch.cat(list(value)).sort().values, torch.arange(len(labels)))


def split_cases() -> list[tuple]:
    """Return labels, numbers of pictures and orders, four pictures first."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(40) // 8
    return [
        (torch.tensor([0, 0, 1, 1]), 1, torch.tensor([3, 1, 2, 0])),
        (torch.tensor([0, 1, 0, 1, 0, 0]), 1, torch.tensor([4, 2, 5, 3, 0, 1])),
        (labels, 2, torch.randperm(40, generator=generator)),
    ]


def moments(images: Tensor, batch_size: int) -> tuple[float, float]:
    """Mean and standard deviation of all pixels."""
    return images.double().mean().item(), images.double().std(correction=0).item()


def mean_of_batches(images: Tensor, batch_size: int) -> tuple[float, float]:
    """Means of the batches' means and deviations."""
    parts = images.double().split(batch_size)
    means = torch.stack([part.mean() for part in parts])
    deviations = torch.stack([part.std(correction=0) for part in parts])
    return means.mean().item(), deviations.mean().item()


def moment_cases() -> list[tuple]:
    """Return pictures and batch sizes: one batch, equal batches, a smaller last one."""
    shaded = pictures(10, 3) * torch.linspace(0.1, 1, 10)[:, None, None]
    return [
        (torch.tensor([[[0.0, 1.0]], [[0.5, 0.5]]]), 2),
        (torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]]]), 1),
        (torch.tensor([[[0.0, 0.2]], [[0.4, 0.6]], [[1.0, 1.0]]]), 2),
        (shaded, 4),
    ]


def neighbours(train: Tensor, images: Tensor) -> Tensor:
    """Squared distance of each picture to each training picture."""
    return (images.flatten(1)[:, None] - train.flatten(1)[None]).square().sum(2)


def vote(train: Tensor, labels: Tensor, images: Tensor, k: int, largest: bool = False) -> Tensor:
    """The label that most of the k nearest training pictures carry."""
    near = neighbours(train, images).topk(k, dim=1, largest=largest).indices
    return labels[near].mode(dim=1).values


def nearest_mean(train: Tensor, labels: Tensor, images: Tensor, k: int) -> Tensor:
    """The label of the nearest class mean."""
    classes = labels.unique()
    means = torch.stack([train[labels == c].mean(0) for c in classes])
    return classes[neighbours(means, images).argmin(1)]


def neighbour_cases() -> list[tuple]:
    """Return pictures of one pixel, then larger ones; no vote is a tie."""
    line = torch.tensor([0.0, 0.1, 0.4, 0.8, 0.9, 1.0]).reshape(6, 1, 1)
    labels = torch.tensor([2, 0, 0, 1, 0, 1])
    asked = torch.tensor([0.02, 0.84, 0.07]).reshape(3, 1, 1)
    return [
        (line, labels, asked[:1], 1),
        (line, labels, asked, 1),
        (line, labels, asked, 3),
        (pictures(30, 3), torch.arange(30) % 2, pictures(8, 3, 1), 5),
    ]


EXERCISES = (
    ValueExercise(
        number="6.1",
        title="Memory after Resize",
        expected=983_040_000,
        hint="pictures times pixels times the bytes of one number.",
        mistakes={
            "That is the size before Resize.": 188_160_000,
            "That would do for one byte a pixel; float32 takes more.": 245_760_000,
            "That is float64.": 1_966_080_000,
            "Resize(64) makes both sides of a square longer.": 430_080_000,
            "That is in bits.": 7_864_320_000,
        },
    ),
    FunctionExercise(
        number="6.2",
        title="Standardise the test pictures",
        reference=standardised,
        cases=[
            (torch.tensor([[[0.0, 1.0]], [[0.5, 0.5]]]), torch.tensor([[[0.2, 0.9]]])),
            (pictures(4, 2), 0.5 * pictures(3, 2, 1)),
            (pictures(20, 4), pictures(5, 4, 1) ** 2),
        ],
        hint="two numbers, and think of which pictures may be looked at before the test.",
        mistakes={
            "Mean and deviation were taken from the test pictures.": lambda a, b: standardised(
                b, b
            ),
            "The test pictures took part in the mean and the deviation.": lambda a, b: standardised(
                torch.cat([a, b]), b
            ),
            "This divides by the variance.": lambda a, b: (b - a.mean()) / a.var(),
            "The mean is subtracted, and nothing is divided.": lambda a, b: b - a.mean(),
            "Each pixel has its own mean here; one number for all pixels is asked for.": (
                lambda a, b: (b - a.mean(0)) / a.std()
            ),
            "These are the training pictures.": lambda a, b: standardised(a, a),
        },
    ),
    FunctionExercise(
        number="6.3",
        title="A fair split",
        reference=split_by_class,
        cases=split_cases(),
        properties=[("Each picture should be in exactly one of the two parts.", disjoint)],
        integers=True,
        canonical=in_order,
        hint="follow the order, and count for each class how many have been put aside.",
        mistakes={
            "The training part comes first.": swapped,
            "The order was not used: stored data are often sorted.": unordered,
            "The classes are not equally frequent in the validation part.": regardless_of_class,
            "Some pictures are in both parts, so training would see them.": lambda y, n, order: (
                order,
                split_by_class(y, n, order)[1],
            ),
        },
    ),
    FunctionExercise(
        number="6.4",
        title="Mean and deviation, batch by batch",
        reference=moments,
        cases=moment_cases(),
        rtol=1e-5,
        hint="which sums over all pixels are enough to compute both numbers at the end?",
        mistakes={
            "That is the variance; its root is asked for.": lambda x, b: (
                moments(x, b)[0],
                moments(x, b)[1] ** 2,
            ),
            "Divide the squares by the number of pixels, not by one less.": lambda x, b: (
                x.mean().item(),
                x.std().item(),
            ),
            "That is the root of the mean square; the mean was not taken away.": lambda x, b: (
                x.mean().item(),
                x.square().mean().sqrt().item(),
            ),
            "The batches' deviations miss how far their means lie apart.": mean_of_batches,
            "The last batch is smaller and must count for less in the mean.": lambda x, b: (
                mean_of_batches(x, b)[0],
                moments(x, b)[1],
            ),
        },
    ),
    FunctionExercise(
        number="6.5",
        title="Ask the neighbours",
        reference=vote,
        cases=neighbour_cases(),
        hint="the distances of the chapter, topk, and a count of labels in each row.",
        mistakes={
            "These are numbers of training pictures, not labels.": lambda x, y, z, k: neighbours(
                x, z
            ).argmin(1),
            "These are the labels of the pictures farthest away.": lambda x, y, z, k: vote(
                x, y, z, k, True
            ),
            "This is the class with the nearest mean.": nearest_mean,
            "Only the nearest neighbour was asked; all k have a vote.": lambda x, y, z, k: vote(
                x, y, z, 1
            ),
            "Labels are names, not amounts: a mean of labels is not a vote.": lambda x, y, z, k: (
                y[neighbours(x, z).topk(k, largest=False).indices].float().mean(1).round().long()
            ),
        },
    ),
)
