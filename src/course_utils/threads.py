"""Work in a background thread that can be stopped, and a limit to torch's own threads."""

import threading
from collections.abc import Callable
from contextlib import contextmanager

import torch


class _FewThreads:
    """What the blocks under way ask for, and the number of threads that torch had before them.

    The number belongs to the whole process: torch has one for all threads of Python.
    """

    lock, limits, before = threading.Lock(), list[int](), 1


@contextmanager
def at_most_threads(limit: int):
    """Run the block on no more threads of torch than this.

    Blocks may overlap, in runs beside each other: the last to end gives the threads back.
    """
    few = _FewThreads
    with few.lock:
        few.before = few.before if few.limits else torch.get_num_threads()
        few.limits.append(limit)
        torch.set_num_threads(min(few.before, *few.limits))
    try:
        yield
    finally:
        with few.lock:
            few.limits.remove(limit)
            torch.set_num_threads(min([few.before, *few.limits]))


def one_thread():
    """Run the block on one thread of torch: small products wait for a second one, if it is busy."""
    return at_most_threads(1)


class BackgroundRun:
    """Run ``work(should_stop)`` in a daemon thread.

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
        self.error: BaseException | None = None

    def _main(self) -> None:
        try:
            self._work(self._stop.is_set)
        except Exception as error:  # carried to the reader by on_end or join
            self.error = error
        finally:
            if self._on_end is not None:
                self._on_end(self)

    def start(self) -> "BackgroundRun":
        """Start the thread and return at once."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ask the work to end; it does so at its next look at ``should_stop``."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether the work is still under way."""
        return self._thread.is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end; without an ``on_end``, raise what the work raised."""
        self._thread.join(timeout)
        if self.error is not None and self._on_end is None:
            raise self.error

    def __repr__(self) -> str:
        return f"BackgroundRun(running={self.running})"
