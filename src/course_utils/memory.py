"""Peak memory of the tensors that are alive at the same time during a call."""

import weakref
from collections import Counter
from collections.abc import Callable

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _LiveBytes(TorchDispatchMode):
    """Follow every storage that an operation makes until its last tensor is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.holders: Counter[int] = Counter()  # storage address -> tensors that hold it
        self.sizes: dict[int, int] = {}
        self.peak = 0

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
        self.sizes[address] = tensor.untyped_storage().nbytes()
        self.holders[address] += 1
        weakref.finalize(tensor, self._release, address)

    def _release(self, address: int) -> None:
        self.holders[address] -= 1
        if not self.holders[address]:
            self.sizes.pop(address, None)


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def peak_tensor_bytes(function: Callable[[], object]) -> int:
    """Largest number of bytes that the tensors made by a call hold at the same time.

    Tensors that existed before are not counted, nor what an operation frees inside itself.

    Parameters
    ----------
    function : callable without arguments

    Returns
    -------
    int, bytes

    Introduced in chapter 10.
    """
    with _LiveBytes() as live:
        function()
    return live.peak
