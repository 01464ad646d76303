"""Fashion-MNIST in memory, and minibatches of it.

Images are kept as one float tensor and indexed by a permutation: an epoch of reading takes a few
hundredths of a second, where a DataLoader with one transform per image takes seconds (chapter 06).
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from course_utils.checks import require_count
from course_utils.download import fetch_missing
from course_utils.idx import FILES, DataError, DataFile, MissingFileError, raw_folder, read_file
from course_utils.synthetic import make_arrays, stand_in_notice

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
SOURCES = ("auto", "real", "synthetic")
MAX_SIDE = 128  # 60 000 pictures of 128 x 128 take 3.9 GB


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures and their labels.

    Attributes
    ----------
    images : Tensor of shape (n, h, w), float32 in [0, 1]
    labels : Tensor of shape (n,), int64

    Introduced in chapter 06.
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
    """Training and test split, the names of the ten classes, and where the pictures came from.

    Introduced in chapter 06.
    """

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
        "real": as "auto", but raises instead of drawing. "synthetic": always drawn.
    resize : int or (height, width), optional
        New size in pixels; an int makes squares. Bilinear with antialiasing.

    Raises
    ------
    DataError
        With "real", when the files are neither there nor can be downloaded, or are damaged.
        A damaged file is never used, replaced or deleted.
    ValueError, TypeError
        For an unknown ``source`` or an impossible ``resize``.

    Introduced in chapter 06.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {source!r}")
    size = _require_size(resize)
    arrays, origin = _load_arrays(Path(root or default_root()).expanduser(), source)
    splits = []
    for part in ("train", "test"):
        images = torch.from_numpy(arrays[f"{part}_images"]).float().div_(255)  # as ToTensor does
        labels = torch.from_numpy(arrays[f"{part}_labels"]).long()
        splits.append(Split(_resized(images, size), labels))
    return FashionMNIST(*splits, source=origin)


def default_root() -> Path:
    """``FASHION_MNIST_ROOT`` if set, else this user's cache folder on this system."""
    if root := os.environ.get("FASHION_MNIST_ROOT"):
        return Path(root)
    home = Path(os.path.expanduser("~"))
    cache = os.environ.get("XDG_CACHE_HOME")
    if not cache and sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))
    if not cache:
        cache = str(home / ("Library/Caches" if sys.platform == "darwin" else ".cache"))
    return Path(cache) / "softmax-course"


def _load_arrays(root: Path, source: str, files: dict[str, DataFile] = FILES) -> tuple[dict, str]:
    """The four arrays and where they came from."""
    if source == "synthetic":
        return make_arrays(), "synthetic"
    try:
        return _read_or_fetch(root, files), "real"
    except DataError as error:
        if source == "real":
            raise
        print(stand_in_notice(str(error)))
        return make_arrays(), "synthetic"


def _read_or_fetch(root: Path, files: dict[str, DataFile]) -> dict:
    """Read the four files; download the ones that are missing, and only those."""
    folder = raw_folder(root)
    try:
        return {key: read_file(folder, file) for key, file in files.items()}
    except MissingFileError:
        fetch_missing(root, files.values())
    return {key: read_file(folder, file) for key, file in files.items()}


def _require_size(resize: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """``resize`` as (height, width)."""
    if resize is None:
        return None
    size = (resize, resize) if isinstance(resize, int) else tuple(resize)
    if len(size) != 2:
        raise ValueError(f"resize must be an int or (height, width), got {resize!r}")
    for side in size:
        require_count("resize", side)
        if side > MAX_SIDE:
            raise ValueError(f"resize must be at most {MAX_SIDE} pixels a side, got {resize!r}")
    return size


def _resized(images: Tensor, size: tuple[int, int] | None) -> Tensor:
    """Pictures at another size, in pieces so that no second full copy is needed."""
    if size is None:
        return images
    out = images.new_empty(len(images), *size)
    for old, new in zip(images.split(4096), out.split(4096), strict=True):
        new.copy_(interpolate(old[:, None], size, mode="bilinear", antialias=True)[:, 0])
    return out.clamp_(0, 1)


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

    Introduced in chapter 06.
    """
    require_count("batch_size", batch_size)
    if len(split) == 0:
        raise ValueError("split must hold at least one example, got an empty one")
    return Batches(split, batch_size, generator)


def split_off(split: Split, n: int, *, generator: torch.Generator) -> tuple[Split, Split]:
    """Put ``n`` examples, chosen at random, aside: (the rest, the n held out).

    Introduced in chapter 06.
    """
    require_count("n", n)
    if n >= len(split):
        raise ValueError(f"n must be below the {len(split)} examples of the split, got {n}")
    order = torch.randperm(len(split), generator=generator)
    held_out, rest = order[:n], order[n:]
    return (
        Split(split.images[rest], split.labels[rest]),
        Split(split.images[held_out], split.labels[held_out]),
    )
