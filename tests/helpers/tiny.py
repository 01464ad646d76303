"""A data set small enough for unit tests, and separable enough to learn from."""

import torch

from course_utils.data import FashionMNIST, Split


def tiny_data(n: int = 60, classes: int = 3, side: int = 4) -> FashionMNIST:
    """Noisy pictures in which pixel number ``label`` is bright."""
    generator = torch.Generator().manual_seed(0)

    def split(size: int) -> Split:
        labels = torch.arange(size) % classes
        images = torch.rand(size, side, side, generator=generator) * 0.5
        images.flatten(1)[torch.arange(size), labels] = 1.0
        return Split(images, labels)

    names = tuple("abcdefghij"[:classes])
    return FashionMNIST(split(n), split(n // 2), source="synthetic", classes=names)
