"""What a learner's function asks torch to do while it runs, for exercises that forbid a way."""

import weakref

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# Named so when torch is asked for a derivative, backward or forward.
DERIVATIVES = {"grad", "backward", "make_dual"}
# Taken at two close places, one of these makes a difference quotient of softmax.
EXPONENTIALS = {"exp", "softmax", "log_softmax"}


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
    exponents : list of (str, Tensor)
        Each exponential or softmax of 2 to 1000 numbers: its name and these numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.functions: set[str] = set()
        self.calls = self.derivatives = self.largest = self.held = 0
        self.alive: dict[int, int] = {}
        self.exponents: list[tuple[str, Tensor]] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Call a function of torch, and note it."""
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        name = name.removeprefix("special_").strip("_")
        self.functions.add(name)
        self.derivatives += name in DERIVATIVES
        if name in EXPONENTIALS and args and 1 < args[0].numel() <= 1000:
            self.exponents.append((name, args[0].detach().clone()))
        results = result if isinstance(result, (list, tuple)) else [result]
        made = [value for value in results if isinstance(value, Tensor)]
        self.calls += bool(made) and name != "getitem"
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

    @property
    def quotient(self) -> bool:
        """Whether an exponential or softmax was taken at two places close to each other."""
        return any(
            name == other and close(x, y)
            for i, (name, x) in enumerate(self.exponents)
            for other, y in self.exponents[:i]
        )


def close(x: Tensor, y: Tensor) -> bool:
    """Whether two tensors differ by at most a tenth, and by more than rounding."""
    if x.shape != y.shape or x.dtype != y.dtype or not x.is_floating_point():
        return False
    apart, size = (x - y).abs(), x.abs()
    rounding = 64 * torch.finfo(x.dtype).eps
    return bool((apart <= 0.1 * size).all() and (apart > rounding * size).any())
