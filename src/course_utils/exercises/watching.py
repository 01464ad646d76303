"""What a learner's function asks torch to do while it runs, for exercises that forbid a way."""

import weakref
from collections.abc import Callable
from contextlib import suppress

import numpy as np
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
    moves : int
        How often a number given by ``watched`` was moved, as numerical differentiation does.
    """

    def __init__(self) -> None:
        super().__init__()
        self.functions: set[str] = set()
        self.calls = self.derivatives = self.largest = self.held = self.moves = 0
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

    def watched(self, args: tuple) -> tuple:
        """Return arguments in which every float notes here that it is moved."""
        return tuple(Watched(self, x) if type(x) is float else x for x in args)

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


def is_near_one(factor: object) -> bool:
    """Whether a number, or every one of an array, is within a hundredth of 1, and not all are 1."""
    with suppress(TypeError, ValueError, RuntimeError):
        factors = np.asarray(factor)
        return bool((abs(factors - 1) < 0.01).all() and (factors != 1).any())
    return False


def _noting(name: str, is_move: Callable[[object], bool]) -> Callable:
    """Return a method of float that first notes whether it moves the number."""
    plain = getattr(float, name)

    def method(self, other):
        self.seen.moves += is_move(other)
        return plain(self, other)

    return method


class Watched(float):
    """A float that notes when something is added to it, or when it is multiplied by nearly one."""

    seen: Seen

    def __new__(cls, seen: Seen, value: float):
        """Return the same number, whose moves ``seen`` counts."""
        number = super().__new__(cls, value)
        number.seen = seen
        return number

    __add__, __radd__, __sub__, __rsub__ = (
        _noting(name, lambda other: True) for name in ("__add__", "__radd__", "__sub__", "__rsub__")
    )
    __mul__, __rmul__ = (_noting(name, is_near_one) for name in ("__mul__", "__rmul__"))

    def __complex__(self) -> complex:
        """Return it as the real part of a complex number, as ``complex(x, h)`` asks for it."""
        self.seen.moves += 1
        return complex(float(self))


Watched.__name__ = "float"  # what messages of errors call it
