"""Small files in the layout of Fashion-MNIST, and servers on this machine, good and bad."""

import gzip
import hashlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from course_utils.fashion_mnist.idx import FILES, DataFile, idx_bytes, raw_folder
from course_utils.fashion_mnist.synthetic import make_arrays

ARRAYS = make_arrays(40, 20)


PLAIN = {FILES[key].name: idx_bytes(array) for key, array in ARRAYS.items()}
PACKED = {name: gzip.compress(data, mtime=0) for name, data in PLAIN.items()}
SMALL = {
    key: DataFile(
        FILES[key].name,
        array.shape,
        hashlib.md5(PLAIN[FILES[key].name]).hexdigest(),
        hashlib.md5(PACKED[FILES[key].name]).hexdigest(),
    )
    for key, array in ARRAYS.items()
}
IMAGES = SMALL["train_images"]


def write_small(root: Path, *, packed: bool = False) -> Path:
    """Write the four small files below ``root``; returns their folder."""
    folder = raw_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    for name in PLAIN:
        if packed:
            (folder / f"{name}.gz").write_bytes(PACKED[name])
        else:
            (folder / name).write_bytes(PLAIN[name])
    return folder


@contextmanager
def serving(answer: Callable[[str], bytes], hold: threading.Event | None = None) -> Iterator[str]:
    """A server whose raw answer to a file name is ``answer(name)``; yields its address.

    With ``hold`` it then keeps the connection open, silently, until the event is set.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode()
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer(line.split()[1].rpartition("/")[2]))
            self.wfile.flush()
            if hold is not None:
                hold.wait(20)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            if hold is not None:
                hold.set()
            server.shutdown()
            thread.join()


def response(body: bytes, *, length: int | None = None, status: str = "200 OK") -> bytes:
    """An HTTP answer; ``length`` is what it claims."""
    size = len(body) if length is None else length
    return f"HTTP/1.0 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


def good(name: str) -> bytes:
    """The answer of a server that has the files."""
    return response(PACKED[name.removesuffix(".gz")])
