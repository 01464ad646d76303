"""Work in a background thread that can be stopped, and a limit to torch's own threads."""

import atexit
import threading
import weakref
from collections.abc import Callable
from contextlib import contextmanager

import torch

PATIENCE = 10  # seconds that the interpreter waits, when it ends, for a run to stop


@contextmanager
def at_most_threads(limit: int):
    """Run the block on no more threads of torch than this.

    The number belongs to the thread of Python that asks: runs beside each other have one each.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, limit))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_thread():
    """Run the block on one thread of torch: small products wait for a second one, if it is busy."""
    return at_most_threads(1)


class BackgroundRun:
    """Run ``work(should_stop)`` in a thread that ends, at the latest, with the interpreter.

    Parameters
    ----------
    work : callable
        Called in the thread with a function that says whether the run was asked to stop.
    on_end : callable, optional
        Called in the thread as ``on_end(run)`` when ``work`` has returned or raised.

    Attributes
    ----------
    error : BaseException or None
        What ``work`` raised. ``on_end`` must show it; without ``on_end``, ``join`` raises it.
    """

    def __init__(
        self,
        work: Callable[[Callable[[], bool]], None],
        on_end: Callable[["BackgroundRun"], None] | None = None,
    ) -> None:
        self._work, self._on_end = work, on_end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._main, daemon=True)
        # Up to Python 3.12 a thread whose join was interrupted counts as ended: is_alive is false.
        self._ended = threading.Event()
        self._num_threads = torch.get_num_threads()
        self.error: BaseException | None = None

    def _main(self) -> None:
        # A new thread would start with the number that was set last, by whatever thread.
        torch.set_num_threads(self._num_threads)
        try:
            self._work(self._stop.is_set)
        except Exception as error:  # carried to the reader by on_end or join
            self.error = error
        finally:
            try:
                if self._on_end is not None:
                    self._on_end(self)
            finally:
                self._ended.set()

    def start(self) -> "BackgroundRun":
        """Start the thread and return at once."""
        self._thread.start()
        _under_way.add(self)
        return self

    def stop(self) -> None:
        """Ask the work to end; it does so at its next look at ``should_stop``."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether the work is still under way."""
        return self._thread.ident is not None and not self._ended.is_set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end; without an ``on_end``, raise what the work raised."""
        self._ended.wait(timeout)
        if self.error is not None and self._on_end is None:
            raise self.error

    def __repr__(self) -> str:
        return f"BackgroundRun(running={self.running})"


_under_way: weakref.WeakSet[BackgroundRun] = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """Stop what is under way: a thread that is still inside torch when Python goes aborts it."""
    runs = [run for run in _under_way if run.running]
    for run in runs:
        run.stop()
    for run in runs:
        run._ended.wait(PATIENCE)
