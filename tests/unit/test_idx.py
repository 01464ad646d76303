"""The four files' format: what is written, how much is read, what is said of each fault."""

import gzip
import hashlib
import io

import numpy as np
import pytest

from course_utils.fashion_mnist import idx
from course_utils.fashion_mnist.idx import (
    DamagedFileError,
    DataError,
    DataFile,
    idx_bytes,
    read_file,
    verify,
)

ARRAY = np.arange(6, dtype=np.uint8).reshape(2, 3)
CONTENT = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 4, 5])
FILE = DataFile("a-idx2-ubyte", (2, 3), hashlib.md5(CONTENT).hexdigest(), "")
REST = "; move or delete it and run again"


def test_bytes_are_magic_number_sizes_and_values():
    assert idx_bytes(ARRAY) == CONTENT
    assert idx_bytes(np.zeros(258, dtype=np.uint8))[:8] == bytes([0, 0, 8, 1, 0, 0, 1, 2])
    assert FILE.header == CONTENT[:12]
    assert FILE.num_bytes == len(CONTENT)


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_written_is_read(tmp_path, packed):
    name = FILE.name + ".gz" * packed
    (tmp_path / name).write_bytes(gzip.compress(CONTENT) if packed else CONTENT)
    assert np.array_equal(read_file(tmp_path, FILE), ARRAY)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x01" + CONTENT[1:], r"wrong magic number: starts with b'\x01\x00\x08\x02', "
                                r"not b'\x00\x00\x08\x02'"),
        (CONTENT[:-1], "only 17 bytes, not 18"),
        (CONTENT + b"x", "more than 18 bytes, not 18"),
        (CONTENT[:7] + b"\x03" + CONTENT[8:],
         r"sizes in the header b'\x00\x00\x00\x03\x00\x00\x00\x03', "
         r"not b'\x00\x00\x00\x02\x00\x00\x00\x03'"),
        (CONTENT[:-1] + b"x", f"MD5 checksum {hashlib.md5(CONTENT[:-1] + b'x').hexdigest()}, "
                              f"not {FILE.md5}"),
    ],
)  # fmt: skip
def test_each_fault_is_named(data, problem):
    with pytest.raises(DamagedFileError) as caught:
        verify("here", data, FILE)
    assert str(caught.value) == f"here is damaged: {problem}{REST}"


def test_of_too_long_a_file_only_one_byte_more_is_read(tmp_path):
    long = CONTENT + bytes(1000)
    (tmp_path / FILE.name).write_bytes(long)
    assert len(idx._read(tmp_path / FILE.name, FILE)) == len(CONTENT) + 1
    assert len(idx.unpack(io.BytesIO(gzip.compress(long)), "x", FILE)) == len(CONTENT) + 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(5, "Input/output error"), "Input/output error"),
        (OSError("odd"), "odd"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(tmp_path, monkeypatch, error, words):
    def fail(path, file):
        raise error

    monkeypatch.setattr(idx, "_read", fail)
    with pytest.raises(DataError) as caught:
        read_file(tmp_path, FILE)
    assert str(caught.value) == (
        f"{tmp_path / FILE.name} cannot be read ({words}); make it readable or choose another "
        "folder: root=... or the environment variable FASHION_MNIST_ROOT"
    )


def test_checksums_are_allowed_where_md5_is_not_for_security(monkeypatch):
    asked = []
    md5 = hashlib.md5

    def noted(data, *, usedforsecurity=True):
        asked.append(usedforsecurity)
        return md5(data)

    monkeypatch.setattr(hashlib, "md5", noted)
    verify("here", CONTENT, FILE)
    assert asked == [False]
