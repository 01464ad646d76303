"""On how many threads torch works: a limit for a while, given back at its end."""

import threading
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
