"""Fetching the files of Fashion-MNIST, all or nothing.

torchvision's own download has no timeout and unpacks in place, so a dead network hangs a notebook
and a full disk leaves half a file. Here every wait is limited, nothing is written before it has
been verified, and a file appears under its name only when it is complete on the disk.
"""

import errno
import hashlib
import io
import os
import queue
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import Request, urlopen

from course_utils.fashion_mnist.idx import (
    DamagedFileError,
    DataError,
    DataFile,
    is_present,
    raw_folder,
    unpack,
    verify,
)

MIRRORS = (  # torchvision's, then the data set's own repository
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
BY_HAND = "https://github.com/zalandoresearch/fashion-mnist/tree/master/data/fashion"
PATIENCE = 2.5  # seconds; two mirrors and drawing the stand-in stay below ten together
PROGRESS = 100_000  # bytes that must arrive within each PATIENCE, unless the file is complete


def fetch_missing(
    root: Path,
    files: Iterable[DataFile],
    *,
    mirrors: Sequence[str] = MIRRORS,
    patience: float = PATIENCE,
) -> dict[str, bytes]:
    """Download the files that ``root`` lacks; what is there already is left alone.

    Folders are made only when there is something to store in them.

    Returns
    -------
    dict
        What was fetched: the verified content of each file by its name.

    Raises
    ------
    DataError
        No mirror delivered a file, or the disk did not take it; says what to do by hand.
    """
    folder = raw_folder(root)
    missing = [f for f in files if not is_present(folder / f.name)]
    if missing:
        print(f"Downloading {len(missing)} files of Fashion-MNIST to {folder}")
    servers, fetched = list(mirrors), {}
    for file in sorted(missing, key=lambda file: file.num_bytes):  # trouble shows on small ones
        path = folder / file.name
        try:
            require_writable(folder)
            fetched[file.name] = _from_any(servers, file, path, patience)
            with made(folder):
                store(path, fetched[file.name])
        except OSError as error:
            room = "free 60 MB there or " if error.errno == errno.ENOSPC else ""
            raise DataError(
                f"{path} cannot be written ({error.strerror or error}); {room}choose another "
                "folder: root=... or the environment variable FASHION_MNIST_ROOT"
            ) from error
    return fetched


def require_writable(folder: Path) -> None:
    """Raise PermissionError where the folder, or the one it will be made in, takes no files."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(nearest))


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder with those above it; if the body fails, those that were made go again."""
    new = [path for path in (folder, *folder.parents) if not os.path.exists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in new:  # the innermost first
            with suppress(OSError):  # another process may have stored something meanwhile
                path.rmdir()
        raise


def _from_any(servers: list[str], file: DataFile, path: Path, patience: float) -> bytes:
    """The file from the first server that has it; the ones that fail are not asked again."""
    failures = []
    while servers:
        url = f"{servers[0]}{file.name}.gz"
        try:
            return fetch(url, file, patience)
        except (OSError, ValueError, DamagedFileError) as error:
            failures.append(f"  {url}: {error}")
            servers.pop(0)
    tried = "\n".join(failures or ["  no server left to ask"])
    raise DataError(
        f"{path} is missing and could not be downloaded:\n{tried}\n"
        f"Check the network and run again, or fetch the four .gz files by hand from {BY_HAND} "
        f"and put them, packed or unpacked, into {path.parent}"
    )


def fetch(url: str, file: DataFile, patience: float = PATIENCE) -> bytes:
    """Download, verify and unpack one .gz file in memory.

    Raises
    ------
    OSError, DamagedFileError
        The server is not reached, answers with an error or stalls; it sends something else.
    """
    packed = receive(url, limit=file.num_bytes + 65_536, patience=patience)
    if packed[:2] != b"\x1f\x8b":
        raise DamagedFileError(f"not a gzip file, starts with {bytes(packed[:15])!r}")
    found = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    if found != file.gz_md5:
        raise DamagedFileError(f"{len(packed)} bytes with MD5 {found}, not {file.gz_md5}")
    plain = unpack(io.BytesIO(packed), url, file)
    verify(url, plain, file)
    return plain


def receive(url: str, *, limit: int, patience: float) -> bytes:
    """All bytes behind a URL, as long as they keep coming.

    A socket's timeout covers neither the name look-up nor a server that sends a byte now and then.
    So another thread reads, and this one stops waiting when too little arrives.

    Raises
    ------
    OSError
        Fewer than ``PROGRESS`` bytes in ``patience`` seconds, or more than ``limit`` in all.
    """
    parts: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_read, args=(url, parts, stop, patience), daemon=True).start()
    data, mark, since = bytearray(), 0, time.monotonic()
    try:
        while part := parts.get(timeout=max(0.0, since + patience - time.monotonic())):
            if isinstance(part, Exception):
                raise OSError(f"{type(part).__name__}: {part}") from part
            data += part
            if len(data) > limit:
                raise OSError(f"more than the {limit} bytes expected")
            if len(data) - mark >= PROGRESS:
                mark, since = len(data), time.monotonic()
    except queue.Empty:
        got = f"only {len(data) - mark} bytes" if data else "no answer"
        raise TimeoutError(f"{got} within {patience:g} seconds") from None
    finally:
        stop.set()
    return bytes(data)


def _read(url: str, parts: queue.SimpleQueue, stop: threading.Event, patience: float) -> None:
    """Put the body of a response into ``parts``, then b"" for its end or what went wrong.

    Its own timeout only ends the thread: the waiting side has given up before.
    """
    try:
        request = Request(url, headers={"User-Agent": "softmax-course"})
        with urlopen(request, timeout=2 * patience) as response:
            while (part := response.read1(65_536)) and not stop.is_set():
                parts.put(part)
        parts.put(b"")
    except Exception as error:  # whatever it is, the waiting thread reports it
        parts.put(error)


def store(path: Path, data: bytes) -> None:
    """Write a file so that it exists under its name only when it is complete on the disk.

    An existing file is never overwritten: another process may have been faster.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(part, path)  # unlike os.replace, refuses to overwrite
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
