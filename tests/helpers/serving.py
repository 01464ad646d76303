"""A web server of this machine for a folder, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without writing a log."""

    def log_message(self, *args) -> None:
        """Say nothing."""


@contextmanager
def served(folder, handler: type[QuietHandler] = QuietHandler) -> Iterator[str]:
    """Serve a folder; gives the address."""
    address = ("127.0.0.1", 0)
    with ThreadingHTTPServer(address, partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
