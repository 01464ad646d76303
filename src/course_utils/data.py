"""Fashion-MNIST in memory, and minibatches of it.

Images are kept as one float tensor and indexed by a permutation: an epoch of reading takes a few
hundredths of a second, where a DataLoader with one transform per image takes seconds (chapter 06).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from course_utils.fashion_mnist.resizing import require_size, resized
from course_utils.fashion_mnist.sources import load_arrays
from course_utils.validation import require_count, require_device, require_image_labels

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels, on one device.

    Attributes
    ----------
    images : Tensor of shape (n, h, w), float32 in [0, 1]
    labels : Tensor of shape (n,), int64
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        """Refuse tensors that don't belong together."""
        require_image_labels(self.images, self.labels)

    def to(self, device: str | torch.device) -> "Split":
        """Return the same images and labels on a device: "cpu", "cuda" or "mps"."""
        require_device(device)
        return Split(self.images.to(device), self.labels.to(device))

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        return f"Split({n} images of {height} x {width})"


@dataclass(frozen=True, eq=False)
class FashionMNIST:
    """The splits, the names of the ten classes, and where the images came from.

    Attributes
    ----------
    train, test : Split
    source : "real" or "synthetic"
    classes : tuple of str
    valid : Split or None
        Images held out of ``train`` to choose by; see ``with_validation``.
    """

    train: Split
    test: Split
    source: str
    classes: tuple[str, ...] = CLASSES
    valid: Split | None = None

    def __post_init__(self) -> None:
        """Refuse splits that don't belong together."""
        shape, device = self.train.images.shape[1:], self.train.images.device
        for name, split in self.splits().items():
            images, k = split.images, len(self.classes)
            if images.shape[1:] != shape or images.device != device:
                raise ValueError(
                    f"{name} must hold images of {tuple(shape)} on {device}, as train does, got "
                    f"{tuple(images.shape[1:])} on {images.device}; load all splits with one "
                    "resize=, and move them together: data.to(device)"
                )
            if len(split) and not 0 <= split.labels.min() <= split.labels.max() < k:
                raise ValueError(
                    f"{name} must have labels in 0..{k - 1} for {k} classes, got "
                    f"{split.labels.min()}..{split.labels.max()}; labels start at 0"
                )

    def splits(self) -> dict[str, Split]:
        """Return the splits there are, by name: "train", "valid" (if held out) and "test"."""
        found = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: split for name, split in found.items() if split is not None}

    def to(self, device: str | torch.device) -> "FashionMNIST":
        """Return the same data on a device; whatever is done with them then happens there."""
        valid = None if self.valid is None else self.valid.to(device)
        return replace(self, train=self.train.to(device), test=self.test.to(device), valid=valid)

    def __repr__(self) -> str:
        splits = ", ".join(f"{name}={split}" for name, split in self.splits().items())
        return f"FashionMNIST(source={self.source!r}, {splits})"


def require_fashion_mnist(data: object) -> FashionMNIST:
    """Return the data; raise unless it is a FashionMNIST, such as ``load_fashion_mnist`` gives."""
    if not isinstance(data, FashionMNIST):
        raise TypeError(
            f"data must be a FashionMNIST, got {type(data).__name__}; pass load_fashion_mnist()"
        )
    return data


def load_fashion_mnist(
    root: str | os.PathLike[str] | None = None,
    *,
    source: str = "auto",
    resize: int | tuple[int, int] | None = None,
) -> FashionMNIST:
    """Load Fashion-MNIST into memory.

    Parameters
    ----------
    root : path, optional
        Folder that holds ``FashionMNIST/raw/``. Default: the environment variable
        ``FASHION_MNIST_ROOT``, else a per-user cache folder.
    source : "auto", "real" or "synthetic"
        "auto": local files, else a download, else pictures drawn by code, with a notice.
        "real": as "auto", but raises instead of drawing, as "auto" itself does where the
        environment variable ``COURSE_REQUIRE_DATA`` is 1. "synthetic": always drawn.
    resize : int or (height, width), optional
        New size in pixels; an int makes squares. Bilinear with antialiasing.

    Raises
    ------
    DataError
        With "real", when the files are neither there nor can be downloaded, or are damaged, or
        lie where ``root`` does not lead; the message then names the root that does.
        A damaged file is never used, replaced or deleted.
    ValueError, TypeError
        For an unknown ``source`` or an impossible ``resize``.
    """
    size = require_size(resize)
    arrays, origin = load_arrays(root, source)
    train, test = (_split(arrays, part, size) for part in ("train", "test"))
    return FashionMNIST(train, test, origin)


def _split(arrays: dict[str, np.ndarray], part: str, size: tuple[int, int] | None) -> Split:
    """One part as tensors, its pictures scaled to [0, 1] as torchvision's ToTensor does."""
    images = torch.from_numpy(arrays[f"{part}_images"]).float().div_(255)  # (n, 28, 28)
    labels = torch.from_numpy(arrays[f"{part}_labels"]).long()
    return Split(resized(images, size), labels)


def permutation(split: Split, generator: torch.Generator) -> Tensor:
    """Return a random order of a split's examples, (n,), on the split's device.

    It is drawn where the generator is. One on the CPU gives the same order on every device.
    """
    order = torch.randperm(len(split), generator=generator, device=generator.device)
    return order.to(split.images.device)


class Batches:
    """Minibatches of a split; see ``batches``."""

    def __init__(self, split: Split, batch_size: int, generator: torch.Generator | None) -> None:
        self.split, self.batch_size, self.generator = split, batch_size, generator

    def __len__(self) -> int:
        return -(-len(self.split) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        images, labels = self.split.images, self.split.labels
        if self.generator is None:
            yield from zip(
                images.split(self.batch_size), labels.split(self.batch_size), strict=True
            )
            return
        order = permutation(self.split, self.generator)
        for index in order.split(self.batch_size):  # index_select: many times faster than [index]
            yield images.index_select(0, index), labels.index_select(0, index)

    def __repr__(self) -> str:
        return f"Batches({len(self)} of up to {self.batch_size})"


def batches(split: Split, batch_size: int, *, generator: torch.Generator | None = None) -> Batches:
    """Minibatches ``(X, y)``, every example once; the last batch may be smaller.

    Parameters
    ----------
    split : Split
    batch_size : int
        Examples per batch, at least 1.
    generator : torch.Generator, optional
        Shuffles, with a fresh permutation each time the result is iterated over. Without it the
        order stays, and the batches are views of the split. A generator on the CPU gives the
        same order wherever the images are.

    Returns
    -------
    iterable with ``len()`` of (Tensor of shape (b, h, w), Tensor of shape (b,))
    """
    require_count("batch_size", batch_size)
    if len(split) == 0:
        raise ValueError("split must hold at least one example, got an empty one")
    return Batches(split, int(batch_size), generator)


def split_off(split: Split, n: int, *, generator: torch.Generator) -> tuple[Split, Split]:
    """Put ``n`` examples, chosen at random, aside: (the rest, the n held out)."""
    require_count("n", n)
    if n >= len(split):
        raise ValueError(f"n must be below the {len(split)} examples of the split, got {n}")
    order = permutation(split, generator)
    held_out, rest = order[:n], order[n:]
    return (
        Split(split.images[rest], split.labels[rest]),
        Split(split.images[held_out], split.labels[held_out]),
    )


def with_validation(data: FashionMNIST, n: int, *, generator: torch.Generator) -> FashionMNIST:
    """Return the data with ``n`` random training images moved to a validation split.

    Raises
    ------
    ValueError
        Data that have one already, or fewer than n + 1 training images.
    """
    require_fashion_mnist(data)
    if data.valid is not None:
        raise ValueError(
            f"data must have no validation split yet, got one of {len(data.valid)} images; "
            "take the data as they were loaded"
        )
    train, valid = split_off(data.train, n, generator=generator)
    return replace(data, train=train, valid=valid)
