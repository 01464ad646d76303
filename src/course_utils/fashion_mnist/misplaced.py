"""A root that leads past the files: what was found where, and the root that would have worked."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from course_utils.fashion_mnist.idx import DataError, is_present, raw_folder

AROUND = " \t\r\n\"'"  # what copying, a shell or a file of settings may leave around a path


def require_root(root: str | os.PathLike[str]) -> Path:
    """The folder that ``root`` names.

    Raises
    ------
    TypeError, ValueError
        No path; an empty one; one that no file system takes; an address; a user who isn't there.
    DataError
        Blanks, line ends or quotes around a path that doesn't exist with them.
    """
    if not isinstance(root, (str, os.PathLike)) or not isinstance(os.fspath(root), str):
        raise TypeError(f"root must be a path of type str or pathlib.Path, got {root!r}")
    name = os.fspath(root)
    inner = name.strip(AROUND)
    if not inner or "\0" in name:
        raise ValueError(
            f"root must name a folder, got {name!r}; pass the folder that holds FashionMNIST/raw, "
            "or leave root and FASHION_MNIST_ROOT unset"
        )
    if re.match(r"[a-z][a-z0-9+.-]+://", inner, re.IGNORECASE):
        path = url2pathname(urlsplit(inner).path)
        meant = f"write {path!r}" if inner.lower().startswith("file:") else "pass a folder"
        raise ValueError(f"root must be a path, not an address, got {name!r}; {meant}")
    expanded = os.path.expanduser(name)
    folder = Path(expanded)
    if expanded.startswith("~") and not folder.exists():
        raise ValueError(
            f"root begins with a user who has no home folder here, got {name!r}; "
            "write the whole path"
        )
    if inner != name and not folder.exists():
        raise DataError(
            f"root {name!r} has blanks, line ends or quotes around it, and no such folder exists; "
            f"write {inner!r}. Nothing was downloaded or created"
        )
    return folder


def hint(root: Path, names: Collection[str]) -> str:
    """Say where the missing files lie, if all of them lie near ``root``; else an empty string."""
    expected = raw_folder(root)
    for candidate in other_roots(root):
        if candidate != root and _holds(raw_folder(candidate), names):
            return (
                f"{expected} lacks {_count(names)}, which lie in {raw_folder(candidate)}: "
                f"pass root={str(candidate)!r} or set FASHION_MNIST_ROOT to it. "
                "Nothing was downloaded or created"
            )
    for folder in other_folders(root):
        if folder != expected and _holds(folder, names):
            return (
                f"{expected} lacks {_count(names)}, which lie in {folder}: move them from there "
                f"to {expected}. Nothing was downloaded or created"
            )
    return ""


def other_roots(root: Path) -> Iterator[Path]:
    """Roots that may be meant: one or two levels higher, one lower, seen from another folder."""
    for above in (root.parent, root.parent.parent):
        # A neighbour of another name may be a copy that somebody wants beside the first.
        if re.fullmatch(r"(?i)fashion[-_ ]?mnist|raw", root.name):
            yield above
    yield from _folders_in(root)
    expanded = os.path.expandvars(root)
    if expanded != str(root):
        yield Path(expanded)
    if not root.is_absolute():  # notebooks run in their own folder
        here = Path.cwd()
        yield from (above / root for above in (here.parent, here.parent.parent))


def other_folders(root: Path) -> Iterator[Path]:
    """Folders near ``root`` in which the files may lie without the usual two above them."""
    yield root
    for folder in _folders_in(root):
        yield folder
        yield folder / "raw"


def _folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in order; none where it can't be read."""
    with suppress(OSError):
        return sorted(path for path in folder.iterdir() if path.is_dir())
    return []


def _holds(folder: Path, names: Collection[str]) -> bool:
    """Whether all the files are in a folder, plain or packed."""
    return all(is_present(folder / name) for name in names)


def _count(names: Collection[str]) -> str:
    """The files by their number, or a single one by its name."""
    return f"{len(names)} of the four files" if len(names) > 1 else next(iter(names))
