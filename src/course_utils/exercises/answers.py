"""What a learner's answer says, in whatever form it comes.

A number may be an int, a float, a fraction, a NumPy scalar or a tensor, and several numbers may be
a list, a tuple, an array or a tensor. ``read`` turns all of them into plain Python and plain
tensors, and does so inside the sandbox: what a learner returns may raise or hang when looked at.
"""

import math
import numbers
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

# No exercise asks for more numbers than this.
MOST_NUMBERS = 10_000_000
# How much of a value is shown, in numbers and in characters.
SHOWN_NUMBERS, SHOWN_LENGTH = 12, 300


@dataclass(frozen=True)
class Other:
    """A value that holds no answer: what it is, and how it reads."""

    kind: str
    text: str = ""


def read(value: object) -> object:
    """Return a value as None, ..., bool, int, float, str, Tensor, a list of these, or Other."""
    if value is None or value is ... or isinstance(value, (str, Other)):
        return value
    if value is NotImplemented:
        return ...
    if isinstance(value, Tensor):
        return read_tensor(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (list, tuple, range)):
        return [read(item) for item in value]
    if isinstance(value, type) or callable(value):
        return Other("a function" if not isinstance(value, type) else "a class", name_of(value))
    if isinstance(value, (complex, np.complexfloating)):
        return Other("a complex number", f"{value}")
    if hasattr(value, "__array__"):
        return read_array(np.asarray(value))
    if hasattr(value, "__float__"):
        return float(value)  # Fraction, Decimal, and numbers of other libraries
    return Other(type(value).__name__, shortened(repr(value)))


def read_tensor(value: Tensor) -> Tensor | Other:
    """Return a tensor without history, in main memory, as a plain one."""
    shape = tuple(value.shape)
    if value.numel() > MOST_NUMBERS:
        return Other("a tensor too large to look at", f"of shape {shape}")
    if value.is_meta:
        return Other("a tensor without values, on the meta device", f"of shape {shape}")
    if value.is_complex():
        return Other("a complex tensor", f"of shape {shape}")
    value = value.detach()
    if value.is_quantized:
        value = value.dequantize()
    if value.layout != torch.strided:
        value = value.to_dense()
    return value.as_subclass(Tensor).cpu().clone()  # type: ignore[arg-type]


def read_array(array: np.ndarray) -> object:
    """Return the numbers of an array as a tensor, of dtype float64 where torch has no such type."""
    if array.size > MOST_NUMBERS:
        return Other("an array too large to look at", f"of shape {array.shape}")
    if array.dtype.kind == "c":
        return Other("a complex array", f"of shape {array.shape}")
    if array.dtype.kind in "bi" or array.dtype.name in ("uint8", "float16", "float32", "float64"):
        return torch.from_numpy(np.array(array))  # a copy in the usual order
    if array.dtype.kind in "uf":
        return torch.from_numpy(array.astype(np.float64))
    if array.dtype.kind == "O":
        return read(array.tolist())
    return Other("an array", f"of dtype {array.dtype}")


def as_numbers(value: object) -> Tensor | None:
    """Return what ``read`` returned as a float64 tensor; None if it is no block of numbers."""
    if isinstance(value, Tensor):
        return value.double()
    if isinstance(value, (bool, int, float)):
        return torch.tensor(as_float(value), dtype=torch.float64)
    if isinstance(value, list):
        parts = [as_numbers(item) for item in value]
        if any(p is None or p.shape != parts[0].shape for p in parts):  # type: ignore[union-attr]
            return None
        return torch.stack(parts) if parts else torch.zeros(0, dtype=torch.float64)  # type: ignore
    return None


def as_float(value: float) -> float:
    """Return a number as a float; an integer beyond all floats as an infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def holds_integers(value: object) -> bool:
    """Whether all numbers are integers by their type."""
    if isinstance(value, list):
        return all(holds_integers(item) for item in value)
    if isinstance(value, Tensor):
        return not value.is_floating_point() and value.dtype != torch.bool
    return isinstance(value, int) and not isinstance(value, bool)


def unit_roundoff(value: object) -> float:
    """Return the largest relative rounding error of the numbers as they are stored."""
    if isinstance(value, list):
        return max((unit_roundoff(item) for item in value), default=0.0)
    if isinstance(value, Tensor) and value.is_floating_point():
        return torch.finfo(value.dtype).eps
    return 0.0


def wrong_kind(value: object, expected: object) -> str:
    """Say why an answer is of a kind that cannot be right; an empty string if it may be.

    ``expected`` is a number, a bool, a string, a Tensor, or a list or tuple of these.
    """
    if expected is None or isinstance(expected, Other):  # as a mistake may give it
        return "" if type(value) is type(expected) and value == expected else with_kind(value)
    if value is None:
        return "it is None; is there a return missing?"
    if isinstance(expected, (list, tuple)):
        parts = items(value)
        if parts is None or len(parts) != len(expected):
            return f"{len(expected)} values are asked for, got {with_kind(value)}"
        for place, (part, right) in enumerate(zip(parts, expected, strict=True), start=1):
            if problem := wrong_kind(part, right):
                return f"in position {place}, {problem}"
        return ""
    if isinstance(expected, (bool, str)):
        is_flag = isinstance(value, Tensor) and value.numel() == 1 and value.dtype == torch.bool
        if type(value) is type(expected) or (is_flag and isinstance(expected, bool)):
            return ""
        asked = "True or False" if isinstance(expected, bool) else "a string"
        return f"{asked} is asked for, got {with_kind(value)}"
    found = as_numbers(value)
    if isinstance(expected, Tensor) and expected.ndim:
        if found is None or (not found.ndim and not isinstance(value, Tensor)):
            return f"a tensor is asked for, got {with_kind(value)}"
        if found.shape != expected.shape:
            return f"its shape is {tuple(found.shape)}, and should be {tuple(expected.shape)}"
        return ""
    is_bool = isinstance(value, bool) or (isinstance(value, Tensor) and value.dtype == torch.bool)
    if found is None or found.numel() != 1 or is_bool:
        return f"a number is asked for, got {with_kind(value)}"
    return ""


def items(value: object) -> list | None:
    """Return the parts of a list or of a tensor along its first axis; None if there are none."""
    if isinstance(value, Tensor) and value.ndim:
        return list(value)
    return value if isinstance(value, list) else None


@dataclass(frozen=True)
class Tolerance:
    """How far two numbers may lie apart.

    Attributes
    ----------
    rtol, atol : float
        ``|value - expected| <= atol + rtol |expected|``.
    digits : int, optional
        Instead: half a unit in this significant digit of the expected number.
    """

    rtol: float = 1e-4
    atol: float = 1e-7
    digits: int | None = None

    def allowed(self, value: object, expected: Tensor) -> Tensor:
        """Return the distance allowed to each expected number."""
        size = expected.abs()
        if self.digits is not None:
            unit = 10.0 ** (size.log10().floor() - self.digits + 1)
            # half a unit, and what float32 adds to it, as 0.013 for 0.0125
            half = unit.nan_to_num(0.0, 0.0, 0.0) * (0.5 + 1e-9)
            return half + min(unit_roundoff(value), 1e-6) * size
        # A tensor of a narrow type holds a right answer as well as it can, unless digits matter.
        rounding = min(2 * unit_roundoff(value), 0.02) if self.rtol >= 1e-5 else 0.0
        return self.atol + max(self.rtol, rounding) * size


def distances(value: object, expected: object, tolerance: Tolerance) -> list[Tensor]:
    """Return the distances of all numbers in units of the tolerance: up to 1 is right.

    ``value`` is of the kind that is expected. What is no number is at distance 0 or infinity.
    """
    if isinstance(expected, (list, tuple)):
        pairs = zip(items(value) or [], expected, strict=True)
        return [d for v, e in pairs for d in distances(v, e, tolerance)]
    if expected is None or isinstance(expected, Other):
        return [torch.zeros(1)]
    if isinstance(expected, (bool, str)):
        found = bool(value) if isinstance(expected, bool) else value
        return [torch.tensor([0.0 if found == expected else math.inf])]
    found, right = as_numbers(value).flatten(), as_numbers(expected).flatten()  # type: ignore
    equal = (found == right) | (found.isnan() & right.isnan())
    apart = (found - right).abs().nan_to_num(math.inf, math.inf)
    allowed = tolerance.allowed(value, right).nan_to_num(0.0, 0.0)  # an infinity is met or not
    return [torch.where(equal, 0.0, apart / allowed)]


def distance(value: object, expected: object, tolerance: Tolerance) -> float:
    """Return the largest distance in units of the tolerance; infinity for another kind of thing."""
    if wrong_kind(value, expected):
        return math.inf
    return max((d.max().item() for d in distances(value, expected, tolerance) if len(d)), default=0)


def same(value: object, expected: object, tolerance: Tolerance) -> bool:
    """Whether two answers agree, whatever the form of the first."""
    return distance(value, expected, tolerance) <= 1


def like(value: object, expected: object) -> object:
    """Return an answer of the right kind in the form of the expected one.

    Numbers become floats, or int where integers are expected; blocks of numbers become tensors.
    """
    if isinstance(expected, (list, tuple)):
        return [like(v, e) for v, e in zip(items(value) or [], expected, strict=True)]
    if isinstance(expected, Tensor):
        found = as_numbers(value).reshape(expected.shape)  # type: ignore[union-attr]
        is_exact = expected.is_floating_point() or holds_integers(value)
        return found.to(expected.dtype) if is_exact else found
    if isinstance(expected, str):
        return value
    number = as_numbers(value).item()  # type: ignore[union-attr]
    if isinstance(expected, int) and not float(number).is_integer():
        return number
    return type(expected)(number)  # type: ignore[call-arg]


def show(value: object, digits: int = 6) -> str:
    """Return a value in a line, its floats to some significant digits."""
    if isinstance(value, Tensor):
        if value.numel() > SHOWN_NUMBERS:
            return f"a tensor of shape {tuple(value.shape)}"
        return show(value.detach().tolist(), digits)
    if isinstance(value, (list, tuple)):
        if len(value) > SHOWN_NUMBERS:
            return f"{len(value)} values"
        inside = ", ".join(show(item, digits) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        return text if set(text) & set(".einf") else f"{text}.0"
    if isinstance(value, Other):
        return f"{value.kind} {value.text}".strip()
    return name_of(value) if callable(value) or "\n" in repr(value) else shortened(repr(value))


def with_kind(value: object) -> str:
    """Return a value with what it is, unless that can be seen."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)} and dtype {value.dtype}"
    if isinstance(value, Other) or value is None:
        return show(value)
    return f"{type(value).__name__}: {show(value)}"


def name_of(function: object) -> str:
    """Return the name of a function, or of the class of something that can be called."""
    return str(getattr(function, "__name__", type(function).__name__))


def shortened(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}..."
