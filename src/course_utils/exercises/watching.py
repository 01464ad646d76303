"""What a learner's function does while it runs, for exercises that forbid a way."""

from contextlib import ExitStack

from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Functions(TorchFunctionMode):
    def __init__(self, seen: "Seen") -> None:
        super().__init__()
        self.seen = seen

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        self.seen.functions.add(name.removeprefix("special_").strip("_"))
        return func(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    def __init__(self, seen: "Seen") -> None:
        super().__init__()
        self.seen = seen

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.seen.operations += 1
        made = [leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        self.seen.largest = max(self.seen.largest, *made, 0)
        return result


class Seen:
    """A context that notes what torch is asked to do inside it.

    Attributes
    ----------
    functions : set of str
        Names of torch's functions and methods, such as "softmax", without underscores at the ends.
    operations : int
        Number of operations on tensors; a loop over rows makes it grow with the rows.
    largest : int
        Numbers in the largest tensor that was made.
    """

    def __init__(self) -> None:
        self.functions: set[str] = set()
        self.operations = self.largest = 0
        self._modes = ExitStack()

    def __enter__(self) -> "Seen":
        self._modes.enter_context(_Operations(self))
        self._modes.enter_context(_Functions(self))
        return self

    def __exit__(self, *error: object) -> None:
        self._modes.close()

    @property
    def autograd(self) -> bool:
        """Whether torch was asked for a derivative."""
        return bool(self.functions & {"grad", "backward", "make_dual"})
