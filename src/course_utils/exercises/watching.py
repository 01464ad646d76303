"""What a learner's function asks torch to do while it runs, for exercises that forbid a way."""

import weakref

from torch import Tensor
from torch.overrides import TorchFunctionMode

# Named so when torch is asked for a derivative, backward or forward.
DERIVATIVES = {"grad", "backward", "make_dual"}


class Seen(TorchFunctionMode):
    """A context that notes which of torch's functions and methods are called inside it.

    What these call in turn is not seen.

    Attributes
    ----------
    functions : set of str
        Their names, such as "softmax", without underscores at the ends.
    calls : int
        Number of calls that compute tensors; a loop over rows makes it grow with the rows, reading
        the entries of a result one by one does not.
    derivatives : int
        How many of these ask torch for a derivative.
    largest : int
        Numbers in the largest tensor that was given back.
    held : int
        Numbers in all tensors that were given back and kept, when there were most of them.
    complex : bool
        Whether complex numbers were given back.
    left : bool
        Whether a tensor became an array or a list before torch had computed anything to speak of:
        what happens to it then is not seen. A result may be of any form.
    """

    def __init__(self) -> None:
        super().__init__()
        self.functions: set[str] = set()
        self.calls = self.derivatives = self.largest = self.held = 0
        self.alive: dict[int, int] = {}
        self.complex = self.left = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Call a function of torch, and note it."""
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        name = name.removeprefix("special_").strip("_")
        self.functions.add(name)
        self.derivatives += name in DERIVATIVES
        self.left |= name in {"numpy", "array", "tolist"} and self.calls < 2
        results = result if isinstance(result, (list, tuple)) else [result]
        made = [value for value in results if isinstance(value, Tensor)]
        self.calls += bool(made) and name != "getitem"
        self.complex |= any(value.is_complex() for value in made)
        self.largest = max([self.largest, *(value.numel() for value in made)])
        for value in made:
            if id(value) not in self.alive:
                self.alive[id(value)] = value.numel()
                weakref.finalize(value, self.alive.pop, id(value), None)
        self.held = max(self.held, sum(self.alive.values()))
        return result

    @property
    def autograd(self) -> bool:
        """Whether torch was asked for a derivative."""
        return self.derivatives > 0
