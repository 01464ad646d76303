"""Fashion-MNIST in memory, and minibatches of it.

Images are kept as one float tensor and indexed by a permutation: an epoch of reading takes a few
hundredths of a second, where a DataLoader with one transform per image takes seconds (chapter 06).
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from course_utils.fashion_mnist.resizing import require_size, resized
from course_utils.fashion_mnist.sources import load_arrays
from course_utils.validation import require_count

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
    """Pictures and their labels.

    Attributes
    ----------
    images : Tensor of shape (n, h, w), float32 in [0, 1]
    labels : Tensor of shape (n,), int64
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        """Refuse tensors that don't belong together."""
        if self.images.ndim != 3 or not self.images.is_floating_point():
            raise ValueError(
                "images must be floating point of shape (n, h, w), got "
                f"{self.images.dtype} of shape {tuple(self.images.shape)}"
            )
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype != torch.int64:
            raise ValueError(
                f"labels must be int64 of shape ({len(self.images)},), one per image, got "
                f"{self.labels.dtype} of shape {tuple(self.labels.shape)}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        n, height, width = self.images.shape
        return f"Split({n} images of {height} x {width})"


@dataclass(frozen=True, eq=False)
class FashionMNIST:
    """Training and test split, the names of the ten classes, and where the pictures came from."""

    train: Split
    test: Split
    source: str  # "real" or "synthetic"
    classes: tuple[str, ...] = CLASSES

    def __repr__(self) -> str:
        return f"FashionMNIST(source={self.source!r}, train={self.train}, test={self.test})"


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
        order = torch.randperm(len(self.split), generator=self.generator)
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
        order stays, and the batches are views of the split.

    Returns
    -------
    iterable with ``len()`` of (Tensor of shape (b, h, w), Tensor of shape (b,))
    """
    require_count("batch_size", batch_size)
    if len(split) == 0:
        raise ValueError("split must hold at least one example, got an empty one")
    return Batches(split, batch_size, generator)


def split_off(split: Split, n: int, *, generator: torch.Generator) -> tuple[Split, Split]:
    """Put ``n`` examples, chosen at random, aside: (the rest, the n held out)."""
    require_count("n", n)
    if n >= len(split):
        raise ValueError(f"n must be below the {len(split)} examples of the split, got {n}")
    order = torch.randperm(len(split), generator=generator)
    held_out, rest = order[:n], order[n:]
    return (
        Split(split.images[rest], split.labels[rest]),
        Split(split.images[held_out], split.labels[held_out]),
    )
