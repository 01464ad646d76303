"""Where the pictures come from: verified local files, a download, or the stand-in."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from course_utils.fashion_mnist.download import MIRRORS, PATIENCE, fetch_missing
from course_utils.fashion_mnist.idx import (
    FILES,
    DataError,
    DataFile,
    MissingFileError,
    raw_folder,
    read_file,
    values,
)
from course_utils.fashion_mnist.misplaced import hint, require_root
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
        With "real", or where ``COURSE_REQUIRE_DATA=1`` is set: names the file, what is wrong with
        it and the way out.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {', '.join(SOURCES)}, got {source!r}")
    if source == "synthetic":
        return make_arrays(), "synthetic"
    try:
        folder = default_root() if root is None else require_root(root)
        return _read_or_fetch(folder, files, mirrors, patience), "real"
    except DataError as error:
        if source == "real":
            raise
        if os.environ.get("COURSE_REQUIRE_DATA") == "1":
            raise DataError(
                f"{error}\nThe stand-in is not drawn, because COURSE_REQUIRE_DATA=1 is set; unset "
                'it, or ask for the stand-in with source="synthetic"'
            ) from error
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
        if root != cache_folder() and (where := hint(root, [f.name for f in missing.values()])):
            raise DataError(where)
        fetched = fetch_missing(root, missing.values(), mirrors=mirrors, patience=patience)
        for key, file in missing.items():  # the others came in meanwhile, from another process
            new = fetched.get(file.name)
            arrays[key] = read_file(folder, file) if new is None else values(new, file)
    return {key: arrays[key] for key in files}


def default_root() -> Path:
    """``FASHION_MNIST_ROOT`` if set, else a folder in this user's cache."""
    root = os.environ.get("FASHION_MNIST_ROOT")
    return require_root(root) if root else cache_folder()


def cache_folder() -> Path:
    """The course's folder in this user's cache, wherever the system keeps such folders."""
    return user_cache_path("softmax-course", appauthor=False, opinion=False)
