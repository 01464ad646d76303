"""Measure what a function costs: processor seconds on one thread, bytes of the tensors it makes."""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course_utils.checks import require_count
from course_utils.threads import one_thread


class _TensorBytes(TorchDispatchMode):
    """Add up the storage of every tensor an operation makes; views of its inputs cost nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        given = {_address(t) for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        made = {_address(t): t for t in tree_leaves(out) if isinstance(t, Tensor)}
        self.total += sum(
            t.untyped_storage().nbytes() for address, t in made.items() if address not in given
        )
        return out


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _keep_freed_memory() -> None:
    """Let glibc keep freed blocks of up to 30 MB for the next call.

    Otherwise each call fetches its memory from the system anew, which may cost more than the work.
    glibc raises its threshold to the size of the largest block that was freed; elsewhere no effect.
    """
    torch.empty(30 * 2**20, dtype=torch.uint8)


def best_seconds(function: Callable[[], object], *, repeats: int = 3, budget: float = 0.0) -> float:
    """Processor seconds of the fastest of several calls, on one thread.

    Processor time leaves out the turns that other programs had, so a busy machine changes it
    less than a clock on the wall; the fastest call is the least disturbed one.

    Parameters
    ----------
    function : callable without arguments
    repeats : int, at least this many calls
    budget : float, seconds; go on calling until they are used up

    Raises
    ------
    TypeError, ValueError
        If ``repeats`` is no integer of at least 1.

    Introduced in chapter 02.
    """
    require_count("repeats", repeats)
    _keep_freed_memory()
    seconds: list[float] = []
    with one_thread():
        while len(seconds) < repeats or sum(seconds) < budget:
            start = time.thread_time()
            function()
            seconds.append(time.thread_time() - start)
    return min(seconds)


def tensor_bytes(function: Callable[[], object]) -> int:
    """Bytes of all tensors that a call makes, intermediate ones included.

    Views cost nothing. What an operation allocates and frees inside itself is not seen.

    Parameters
    ----------
    function : callable without arguments

    Returns
    -------
    int, bytes

    Introduced in chapter 02.
    """
    with _TensorBytes() as counter:
        function()
    return counter.total
