"""Where the pictures come from: verified local files, a download, or the stand-in."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from course_utils.fashion_mnist.download import MIRRORS, PATIENCE, fetch_missing
from course_utils.fashion_mnist.idx import (
    FILES,
    DataError,
    DataFile,
    MissingFileError,
    raw_folder,
    read_file,
)
from course_utils.fashion_mnist.synthetic import make_arrays, stand_in_notice

SOURCES = ("auto", "real", "synthetic")


def load_arrays(
    root: str | os.PathLike[str] | None,
    source: str,
    *,
    files: Mapping[str, DataFile] = FILES,
    mirrors: Sequence[str] = MIRRORS,
    patience: float = PATIENCE,
) -> tuple[dict[str, np.ndarray], str]:
    """The four arrays, and "real" or "synthetic".

    A local file that is damaged is never used and never touched: "real" raises, and "auto" says
    so in its notice. Downloading beside it would hide that something is wrong with the user's disk.

    Parameters
    ----------
    root, source
        See ``course_utils.data.load_fashion_mnist``.
    files, mirrors, patience
        What to read, where to download it, and the longest wait in seconds.

    Raises
    ------
    ValueError, TypeError
        For an unknown ``source``, or a ``root`` that is no path.
    DataError
        With "real": names the file, what is wrong with it and the way out.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {source!r}")
    folder = default_root() if root is None else Path(root).expanduser()
    if source == "synthetic":
        return make_arrays(), "synthetic"
    try:
        return _read_or_fetch(folder, files, mirrors, patience), "real"
    except DataError as error:
        if source == "real":
            raise
        print(stand_in_notice(str(error)))
        return make_arrays(), "synthetic"


def _read_or_fetch(
    root: Path, files: Mapping[str, DataFile], mirrors: Sequence[str], patience: float
) -> dict[str, np.ndarray]:
    """Read the files; download the missing ones, and only if the others are sound."""
    if os.path.isfile(root):
        raise DataError(
            f"root {root} is a file, not a folder; pass the folder that holds FashionMNIST/raw"
        )
    folder, arrays, missing = raw_folder(root), {}, {}
    for key, file in files.items():
        try:
            arrays[key] = read_file(folder, file)
        except MissingFileError:
            missing[key] = file
    if missing:
        fetch_missing(root, missing.values(), mirrors=mirrors, patience=patience)
    return arrays | {key: read_file(folder, file) for key, file in missing.items()}


def default_root() -> Path:
    """``FASHION_MNIST_ROOT`` if set, else a folder in this user's cache."""
    if root := os.environ.get("FASHION_MNIST_ROOT"):
        return Path(root).expanduser()
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        cache = os.path.join(home, "Library", "Caches")
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return Path(cache) / "softmax-course"
