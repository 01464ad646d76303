"""The four files of Fashion-MNIST: what each must hold, read and verified before use.

The IDX format (LeCun, Cortes and Burges, 1998): two zero bytes, a type byte (8: unsigned byte),
the number of axes, one big-endian 32-bit size per axis, then the values.
"""

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np


class DataError(RuntimeError):
    """The data set cannot be used; the message names the file and the way out."""


class MissingFileError(DataError):
    """A file is not there, neither plain nor as .gz."""


class DamagedFileError(DataError):
    """A file is there and isn't what it should be, byte for byte."""


@dataclass(frozen=True)
class DataFile:
    """Name, shape and MD5 checksums of one file, plain and as the .gz that is downloaded."""

    name: str
    shape: tuple[int, ...]
    md5: str
    gz_md5: str

    @property
    def header(self) -> bytes:
        """The bytes before the values."""
        sizes = b"".join(size.to_bytes(4, "big") for size in self.shape)
        return bytes([0, 0, 8, len(self.shape)]) + sizes

    @property
    def num_bytes(self) -> int:
        """Size of the plain file."""
        return len(self.header) + int(np.prod(self.shape))


# MD5 of the .gz files: torchvision.datasets.FashionMNIST.resources; of the plain ones: computed.
FILES = {
    "train_images": DataFile(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    ),
    "train_labels": DataFile(
        "train-labels-idx1-ubyte",
        (60_000,),
        "9018921c3c673c538a1fc5bad174d6f9",
        "25c81989df183df01b3e8a0aad5dffbe",
    ),
    "test_images": DataFile(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "8181f5470baa50b63fa0f6fddb340f0a",
        "bef4ecab320f06d8554ea6380940ec79",
    ),
    "test_labels": DataFile(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "15d484375f8d13e6eb1aabb0c3f46965",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}


def idx_bytes(array: np.ndarray) -> bytes:
    """An array of unsigned bytes as the content of an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def raw_folder(root: Path) -> Path:
    """Where torchvision, and so the course, keeps the four files below ``root``."""
    return root / "FashionMNIST" / "raw"


def is_present(path: Path) -> bool:
    """Whether a file is there, plain or packed."""
    return os.path.lexists(path) or os.path.lexists(f"{path}.gz")


def read_file(folder: Path, file: DataFile) -> np.ndarray:
    """Read one file, plain or as .gz, verify it and return its values.

    The bytes that are verified are the bytes that are returned: the file is read once.

    Returns
    -------
    ndarray of uint8, shape ``file.shape``

    Raises
    ------
    MissingFileError, DamagedFileError, DataError
        Nothing there; not the right content; there, but cannot be read.
    """
    path = folder / file.name
    packed = folder / f"{file.name}.gz"
    try:
        if packed.exists() and not path.exists():
            path = packed
            data = np.frombuffer(bytearray(unpack(path, path, file)), dtype=np.uint8)
        else:
            data = _read(path, file)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} is missing") from error
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); make it readable or choose "
            "another folder: root=... or the environment variable FASHION_MNIST_ROOT"
        ) from error
    verify(path, data.data, file)
    return values(data, file)


def values(data: np.ndarray | bytes, file: DataFile) -> np.ndarray:
    """The values in a whole, verified file, an array of uint8 of shape ``file.shape``."""
    plain = np.frombuffer(bytearray(data), np.uint8) if isinstance(data, bytes) else data
    return plain[len(file.header) :].reshape(file.shape)


def _read(path: Path, file: DataFile) -> np.ndarray:
    """All bytes of a regular file, one more than expected at the most."""
    if not path.is_file() and path.exists():  # a folder, or a pipe that would never end
        raise DamagedFileError(f"{path} is not a regular file; move it away and run again")
    return np.fromfile(path, dtype=np.uint8, count=file.num_bytes + 1)


def unpack(source: Path | BinaryIO, name: Path | str, file: DataFile) -> bytes:
    """The bytes inside a .gz, one more than expected at the most."""
    try:
        with gzip.open(source) as stream:
            return stream.read(file.num_bytes + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFileError(
            f"{name} is damaged: not a whole gzip file ({error}); move or delete it and run again"
        ) from error


def verify(path: Path | str, data: memoryview | bytes, file: DataFile) -> None:
    """Raise DamagedFileError unless ``data`` is ``file``, byte for byte.

    The checksum alone would do; the header and the size are looked at first to say what is wrong.
    """
    start = bytes(data[: len(file.header)])
    if start[:4] != file.header[:4]:
        problem = f"wrong magic number: starts with {start[:4]!r}, not {file.header[:4]!r}"
    elif len(data) != file.num_bytes:
        size = f"only {len(data)}" if len(data) < file.num_bytes else f"more than {file.num_bytes}"
        problem = f"{size} bytes, not {file.num_bytes}"
    elif start != file.header:
        problem = f"sizes in the header {start[4:]!r}, not {file.header[4:]!r}"
    elif (found := hashlib.md5(data, usedforsecurity=False).hexdigest()) != file.md5:
        problem = f"MD5 checksum {found}, not {file.md5}"
    else:
        return
    raise DamagedFileError(f"{path} is damaged: {problem}; move or delete it and run again")
