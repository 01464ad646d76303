"""The two kinds of exercise: a value, or a function tried on cases from small to large."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from course_utils.exercises.sandbox import Outcome, Problem, call, require_callable_with

Property = tuple[str, Callable[..., bool]]


@dataclass(frozen=True)
class Verdict:
    """What ``check`` found. It is true if the answer is right, and prints as a sentence."""

    number: str
    passed: bool
    message: str

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {self.message}"


def ended(sentence: object) -> str:
    """Return a sentence with its full stop."""
    text = str(sentence)
    return text if text.endswith((".", "?", "!")) else f"{text}."


def show(value: object) -> str:
    """Return a value in a line, tensors as rounded lists."""
    if isinstance(value, Tensor):
        if value.numel() > 12:
            return f"a tensor of shape {tuple(value.shape)}"
        return str(rounded(value.detach().tolist()))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if not callable(value) else getattr(value, "__name__", "a function")


def rounded(value):
    """Round the floats of a nested list to six significant digits."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def same(value: object, expected: object, rtol: float, atol: float) -> bool:
    """Whether two answers agree: numbers and tensors to a tolerance, all else exactly."""
    if isinstance(expected, (tuple, list)):
        return (
            isinstance(value, (tuple, list))
            and len(value) == len(expected)
            and all(same(v, e, rtol, atol) for v, e in zip(value, expected, strict=True))
        )
    if isinstance(expected, Tensor):
        return (
            isinstance(value, Tensor)
            and value.shape == expected.shape
            and torch.allclose(value.double(), expected.double(), rtol, atol, equal_nan=True)
        )
    if isinstance(expected, (bool, str)) or isinstance(value, (bool, str)):
        return type(value) is type(expected) and value == expected
    return math.isclose(number(value), number(expected), rel_tol=rtol, abs_tol=atol) or (
        math.isnan(number(value)) and math.isnan(number(expected))
    )


def number(value: object) -> float:
    """Return a number or one-element tensor as a float; NaN for anything else."""
    if isinstance(value, Tensor) and value.numel() == 1:
        return value.item()
    return float(value) if isinstance(value, (int, float)) else math.nan


def require_kind(value: object, expected: object) -> None:
    """Raise Problem when type, shape or dtype of an answer cannot be right."""
    if value is None:
        raise Problem("it is None; is there a return missing?")
    if isinstance(expected, Tensor):
        if not isinstance(value, Tensor):
            raise Problem(f"a tensor is asked for, got {type(value).__name__}: {show(value)}")
        if value.shape != expected.shape:
            raise Problem(
                f"its shape is {tuple(value.shape)}, and should be {tuple(expected.shape)}"
            )
        if value.dtype != expected.dtype:
            raise Problem(f"its dtype is {value.dtype}, and should be {expected.dtype}")
    elif isinstance(expected, (bool, str, tuple, list)):
        if not isinstance(value, type(expected)):
            asked = type(expected).__name__
            raise Problem(f"a {asked} is asked for, got {type(value).__name__}: {show(value)}")
    elif not isinstance(value, (int, float)) and not (
        isinstance(value, Tensor) and value.numel() == 1
    ):
        raise Problem(f"a number is asked for, got {type(value).__name__}: {show(value)}")


@dataclass(frozen=True)
class ValueExercise:
    """An exercise whose answer is a value.

    Attributes
    ----------
    number, title : str
    expected : number, bool, str, Tensor, or a tuple or list of these
    hint : str
        Shown with a wrong answer; it must not give the answer away.
    mistakes : mapping from a sentence to a wrong value
        Recognised and named.
    rtol, atol : float
    """

    number: str
    title: str
    expected: object
    hint: str
    mistakes: Mapping[str, object] = field(default_factory=dict)
    rtol: float = 1e-3
    atol: float = 0.0

    def judge(self, answer: object) -> Verdict:
        """Compare an answer with the expected value and with the known mistakes."""
        if answer is ...:
            return Verdict(self.number, False, "not attempted yet.")
        for name, wrong in self.mistakes.items():
            if same(answer, wrong, self.rtol, self.atol):
                return Verdict(self.number, False, f"not yet. {name}")
        try:
            require_kind(answer, self.expected)
        except Problem as problem:
            return Verdict(self.number, False, f"not yet: {ended(problem)} Hint: {self.hint}")
        if same(answer, self.expected, self.rtol, self.atol):
            return Verdict(self.number, True, "right.")
        return Verdict(self.number, False, f"{show(answer)} is not it. Hint: {self.hint}")


@dataclass(frozen=True)
class FunctionExercise:
    """An exercise whose answer is a function, tried on cases from small to large.

    Attributes
    ----------
    number, title : str
    reference : callable
        A right answer.
    cases : sequence of tuples of arguments, the smallest first
        Tensors are copied before each call, so that a function that changes them is noticed.
    hint : str
        Shown with a wrong answer; it must not give the answer away.
    mistakes : mapping from a sentence to a function
        A wrong answer that equals one of these on the failing case is named.
    properties : sequence of (sentence, test)
        ``test(value, *args)`` must be true of every value; the sentence says what should hold.
    compare : callable, optional
        ``compare(value, expected)`` instead of the comparison to a tolerance.
    rtol, atol : float
    """

    number: str
    title: str
    reference: Callable
    cases: Sequence[tuple]
    hint: str
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    properties: Sequence[Property] = ()
    compare: Callable[[object, object], bool] | None = None
    rtol: float = 1e-4
    atol: float = 1e-7

    def judge(self, answer: object) -> Verdict:
        """Try the function on each case; report the first failure, with its name if it has one."""
        printed = ""
        try:
            for args in self.cases:
                require_callable_with(answer, args)
                outcome = self._call(answer, args)
                if outcome.value is ... or outcome.value is NotImplemented:
                    return Verdict(self.number, False, "not attempted yet.")
                self._judge_case(outcome, args)
                printed = printed or outcome.printed
        except Problem as problem:
            return Verdict(self.number, False, f"not yet: {ended(problem)} Hint: {self.hint}")
        note = " It also prints; a function that others call should only return." if printed else ""
        return Verdict(self.number, True, f"right, on {len(self.cases)} cases.{note}")

    def _call(self, answer: object, args: tuple) -> Outcome:
        """Call with copies; raise Problem if it fails or changes its arguments."""
        copies = copied(args)
        try:
            outcome = call(answer, copies)  # type: ignore[arg-type]
        except Problem as problem:
            raise Problem(f"for {self._named(args)} {problem}") from None
        if not all(unchanged(c, a) for c, a in zip(copies, args, strict=True)):
            raise Problem(f"for {self._named(args)} it changes its input; work on a new tensor.")
        return outcome

    def _judge_case(self, outcome: Outcome, args: tuple) -> None:
        """Raise Problem if the value is wrong for this case."""
        expected, value = self.reference(*copied(args)), outcome.value
        right = self.compare or (lambda v, e: same(v, e, self.rtol, self.atol))
        where = f"for {self._named(args)} "
        try:
            if self.compare is None or value is None:
                require_kind(value, expected)
        except Problem as problem:
            said = " It prints, where it should return." if outcome.printed else ""
            raise Problem(
                f"{where}{self._named_mistake(value, args)}{ended(problem)}{said}"
            ) from None
        for sentence, holds in self.properties:
            if not holds(value, *copied(args)):
                mistake = self._named_mistake(value, args)
                raise Problem(f"{where}the result was {show(value)}. {mistake}{sentence}")
        if not right(value, expected):
            mistake = self._named_mistake(value, args)
            raise Problem(f"{where}the result was {show(value)}. {mistake}".rstrip())

    def _named_mistake(self, value: object, args: tuple) -> str:
        """Return the sentence of the known mistake that gives this value, or nothing.

        A mistake that is right on this case does not count: its dtype may be what is wrong.
        """
        expected = self.reference(*copied(args))
        for sentence, wrong in self.mistakes.items():
            try:
                given = wrong(*copied(args))
            except Exception:  # a mistake need not work on every case
                continue
            if same(given, expected, self.rtol, self.atol):
                continue
            if same(value, given, self.rtol, self.atol):
                return f"{sentence} "
        return ""

    def _named(self, args: tuple) -> str:
        return ", ".join(show(arg) for arg in args)


def copied(args: tuple) -> tuple:
    """Copy the tensors and lists among the arguments."""
    return tuple(
        a.clone() if isinstance(a, Tensor) else list(a) if isinstance(a, list) else a for a in args
    )


def unchanged(after: object, before: object) -> bool:
    """Whether an argument is still what it was."""
    if isinstance(before, Tensor):
        return isinstance(after, Tensor) and torch.equal(
            after.nan_to_num(nan=12345.0), before.nan_to_num(nan=12345.0)
        )
    return callable(before) or after == before
