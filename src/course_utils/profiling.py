"""What a function costs: processor time, the memory of the tensors it makes, how both grow."""

import time
import weakref
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course_utils.threads import one_thread
from course_utils.validation import require_count


class _Storages(TorchDispatchMode):
    """Follow every storage that an operation makes until its last tensor is gone.

    Views of what was there before cost nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.holders: Counter[int] = Counter()  # storage address -> tensors that hold it
        self.sizes: dict[int, int] = {}  # of the storages that live
        self.total = 0  # bytes of all storages made
        self.peak = 0  # most bytes that lived at the same time

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        given = {_address(t) for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and _address(tensor) not in given - set(self.sizes):
                self._hold(tensor)
        self.peak = max(self.peak, sum(self.sizes.values()))
        return out

    def _hold(self, tensor: Tensor) -> None:
        address = _address(tensor)
        if address not in self.sizes:
            self.sizes[address] = tensor.untyped_storage().nbytes()
            self.total += self.sizes[address]
        self.holders[address] += 1
        weakref.finalize(tensor, self._release, address)

    def _release(self, address: int) -> None:
        self.holders[address] -= 1
        if not self.holders[address]:
            self.sizes.pop(address, None)


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
    """
    with _Storages() as storages:
        function()
    return storages.total


def peak_tensor_bytes(function: Callable[[], object]) -> int:
    """Largest number of bytes that the tensors made by a call hold at the same time.

    Tensors that existed before are not counted, nor what an operation frees inside itself.

    Parameters
    ----------
    function : callable without arguments

    Returns
    -------
    int, bytes
    """
    with _Storages() as storages:
        function()
    return storages.peak


def fit_power(
    sizes: Sequence[float],
    values: Sequence[float],
    between: tuple[float, float] = (0.0, float("inf")),
) -> tuple[float, float]:
    """Fit ``values = factor * sizes**power`` by least squares on the logarithms.

    Parameters
    ----------
    sizes, values : sequences of positive numbers of the same length
    between : smallest and largest size that take part in the fit

    Returns
    -------
    (power, factor)
        The slope on log-log axes, and the value at size 1.

    Raises
    ------
    ValueError
        If fewer than two points lie in the range, or a number of theirs is not finite and above 0.
    """
    points = np.array([sizes, values], dtype=float)  # (2, n)
    points = points[:, ~((points[0] < between[0]) | (points[0] > between[1]))]
    if points.shape[1] < 2:
        raise ValueError(f"between must leave at least two sizes to fit, got {between} for {sizes}")
    if not (np.isfinite(points).all() and (points > 0).all()):
        raise ValueError(
            f"sizes and values must be finite numbers above 0, got {points.T.tolist()}; "
            "drop the points that are not"
        )
    x, y = np.log(points)
    power, log_factor = np.polyfit(x, y, 1)
    return float(power), float(np.exp(log_factor))
