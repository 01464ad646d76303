"""The two kinds of exercise: a value, or a function tried on cases from small to large."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property, partial
from inspect import signature
from typing import Any, cast

import torch
from torch import Tensor

from course_utils.exercises.answers import (
    Tolerance,
    as_numbers,
    distance,
    distances,
    holds_integers,
    items,
    like,
    read,
    shortened,
    show,
    with_kind,
    wrong_kind,
)
from course_utils.exercises.sandbox import (
    TIME_LIMIT,
    Problem,
    call,
    fix_seeds,
    require_callable_with,
    running_time,
    same_conditions,
)
from course_utils.exercises.watching import Seen

Property = tuple[str, Callable[..., bool]]
Ban = tuple[str, Callable[..., bool]]
# A named mistake must be met this closely, in units of its distance from the right answer.
NEARER = 0.1
# Lines shown of what a function prints.
PRINTED_LINES = 5


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
        The nearest one is named if the answer equals it.
    digits : int, optional
        Significant digits that the statement asks for; without it the answer must be exact.
    """

    number: str
    title: str
    expected: object
    hint: str
    mistakes: Mapping[str, object] = field(default_factory=dict)
    digits: int | None = None

    @property
    def tolerance(self) -> Tolerance:
        """How far an answer may lie from the expected value."""
        return Tolerance(rtol=1e-9, atol=0.0, digits=self.digits)

    def judge(self, answer: object) -> Verdict:
        """Compare an answer with the expected value and with the known mistakes."""
        verdict = partial(Verdict, self.number, False)
        try:
            value = call(partial(read, answer)).value
        except Problem as found:
            return verdict(f"not yet: when looked at, {ended(found)}\n  Hint: {self.hint}")
        if has_dots(value):
            return verdict("not attempted yet.")
        if distance(value, self.expected, self.tolerance) <= 1:
            return Verdict(self.number, True, "right.")
        apart = [(distance(value, m, self.tolerance), s) for s, m in self.mistakes.items()]
        nearest, sentence = min(apart, default=(math.inf, ""))
        if nearest <= 1:
            return verdict(f"not yet. {sentence}")
        if problem := wrong_kind(value, self.expected):
            return verdict(f"not yet: {ended(problem)}\n  Hint: {self.hint}")
        if digits := self._digits(value):
            return verdict(f"not yet: right to {digits} digits; {self.digits} are asked for.")
        return verdict(f"{show(value)} is not it.\n  Hint: {self.hint}")

    def _digits(self, value: object) -> int:
        """Number of digits to which an answer is right, if it is the answer rounded to fewer."""
        for digits in range((self.digits or 0) - 1, 1, -1):
            if distance(value, self.expected, Tolerance(digits=digits)) <= 1:
                return digits
        return 0


def as_it_is(value: object) -> object:
    return value


@dataclass(frozen=True)
class Trial:
    """A case with what a learner's function gave for it.

    ``problem`` says what is wrong with it, and is empty if nothing is. ``is_wrong``: it is the
    value, not its gradient nor the way to it.
    """

    args: tuple
    expected: object
    value: object = None
    printed: str = ""
    warned: str = ""
    left: str = ""
    problem: str = ""
    returned: bool = False
    is_wrong: bool = False


@dataclass(frozen=True)
class FunctionExercise:
    """An exercise whose answer is a function, tried on cases from small to large.

    Attributes
    ----------
    number, title : str
    reference : callable
        A right answer; the names of its parameters are shown with a case.
    cases : sequence of tuples of arguments, the smallest first, or a function that makes it
        A function, if it takes time: all chapters are imported by the first ``check``.
        They are copied before each call; a function that changes them is told so.
    hint : str
        Shown with a wrong answer; it must not give the answer away.
    mistakes : mapping from a sentence to a function
        The nearest one is named if the answer equals it on every case.
    errors : mapping from a sentence to a part of an error's text
        The sentence is shown before an error whose text has that part.
    properties : sequence of (sentence, test)
        ``test(value, *args)`` is true of right values; the sentence says what should hold, and is
        shown with a wrong value of which it is false. ``value`` has the form of the expected one.
    bans : sequence of (sentence, test)
        ``test(seen, *args)`` is true if the function went a forbidden way; ``seen`` is a ``Seen``.
    form : callable, optional
        Applied to a value before all else, where a second form of it will do: another shape.
    canonical : callable, optional
        Applied to values before they are compared, where a difference doesn't matter: an order.
    accepts : callable, optional
        ``accepts(value, *args)`` instead of a comparison, where there are several right answers.
    observe : callable, optional
        ``observe(value, *args)`` is judged instead of the value, where a function is asked to
        change its arguments.
    dtype : torch.dtype, optional
        If the statement names it.
    integers : bool
        Whether the statement asks for integers, so that 2.0 won't do.
    gradient : int, optional
        Position of an argument with respect to which the value must have the right gradient.
    rtol, atol, digits
        See ``Tolerance``. The statement says how many digits are asked for, if not the usual four.
    """

    number: str
    title: str
    reference: Callable
    cases: Sequence[tuple] | Callable[[], Sequence[tuple]]
    hint: str
    mistakes: Mapping[str, Callable] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    properties: Sequence[Property] = ()
    bans: Sequence[Ban] = ()
    form: Callable = as_it_is
    canonical: Callable = as_it_is
    accepts: Callable[..., bool] | None = None
    observe: Callable | None = None
    dtype: torch.dtype | None = None
    integers: bool = False
    gradient: int | None = None
    rtol: float = 1e-4
    atol: float = 1e-7
    digits: int | None = None
    _known: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def tolerance(self) -> Tolerance:
        """How far a value may lie from the expected one."""
        return Tolerance(self.rtol, self.atol, self.digits)

    @cached_property
    def _made(self) -> Sequence[tuple]:
        return self.cases() if callable(self.cases) else self.cases

    def judge(self, answer: object) -> Verdict:
        """Try the function on each case; show the first that fails, and name the mistake."""
        if answer is ...:
            return Verdict(self.number, False, "not attempted yet.")
        trials: list[Trial] = []
        failed: Trial | None = None
        fitting = dict.fromkeys(self.mistakes, 0.0)
        with same_conditions():
            cases = self._made
            begun = running_time()
            for args in cases:
                trial = self._try(answer, args)
                if has_dots(trial.value):
                    return Verdict(self.number, False, "not attempted yet.")
                trials.append(trial)
                if not failed and trial.problem:
                    failed = trial
                    if trial.returned and not trial.is_wrong:
                        fitting = {}
                if failed:
                    for new in trials if trial is failed else [trial]:
                        fitting = self._fitting(fitting, new)
                    if self._is_settled(fitting, running_time() - begun):
                        break
            if failed:
                is_met = any(trial.returned for trial in trials)
                mistake = min(fitting, key=lambda s: (fitting[s], s), default="") if is_met else ""
                return Verdict(self.number, False, self._message(failed, mistake))
        printed = next((trial.printed for trial in trials if trial.printed), "")
        note = " It also prints; a function that others call should only return." if printed else ""
        left = next((f" {trial.left}" for trial in trials if trial.left), "")
        return Verdict(self.number, True, f"right, on {len(cases)} cases.{note}{left}")

    def _is_settled(self, fitting: Mapping, seconds: float) -> bool:
        """Whether the cases after a failure, which only tell mistakes apart, can be left out."""
        return not fitting or seconds > TIME_LIMIT / 3

    def _try(self, answer: object, args: tuple) -> Trial:
        """Call the function with copies of the arguments and judge what it gives."""
        expected = self._given(self.reference, args)
        trial = partial(Trial, args, expected)
        try:
            outcome = call(partial(self._work, answer, args))
        except Problem as found:
            text = ended(found)
            raised = text.split(", in line ")[0]  # without the learner's code
            reasons = [sentence for sentence, part in self.errors.items() if part in raised]
            text = " ".join([*reasons, text[0].upper() + text[1:]])
            return trial(None, found.printed, found.warned, found.left, text)
        value, gradient, seen, is_changed = cast(tuple, outcome.value)
        problem = self._problem(value, expected, args)
        is_wrong = bool(problem)
        if not problem and is_changed:
            problem = "It changes its input; work on a copy."
        if not problem:
            problem = next((s for s, is_met in self.bans if is_met(seen, *deepcopy(args))), "")
        if not problem and self.gradient is not None:
            problem = self._gradient_problem(gradient, args)
        said = outcome.printed, outcome.warned, outcome.left
        return trial(value, *said, problem, True, is_wrong)

    def _work(self, answer: Any, args: tuple) -> tuple:
        """Call the function and read what it gives; runs in the sandbox, for both may hang."""
        copies, gradient, seen = deepcopy(args), None, Seen()
        require_callable_with(answer, copies)
        if self.gradient is not None:
            copies[self.gradient].requires_grad_()
        if self.bans:
            with seen:
                result = answer(*copies)
        else:
            result = answer(*copies)
        if self.gradient is not None and isinstance(result, Tensor) and result.requires_grad:
            (gradient,) = torch.autograd.grad(
                result.sum(), copies[self.gradient], allow_unused=True
            )
        if self.observe is not None:
            return read(self.observe(result, *copies)), gradient, seen, False
        return self.form(read(result)), gradient, seen, not unchanged(copies, args)

    def _given(self, function: Callable, args: tuple) -> object:
        """Return what one of our own functions gives; ``judge`` has made the conditions.

        It gives the same each time, and many answers are compared with it.
        """
        key = function, id(args)
        if key in self._known:
            return self._known[key][1]
        copies = deepcopy(args)
        fix_seeds()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mistake may be warned of; that's for its owner
            value = function(*copies)
        given = value if self.observe is None else self.observe(value, *copies)
        self._known[key] = args, given
        return given

    def _problem(self, value: object, expected: object, args: tuple) -> str:
        """Say what is wrong with a value; an empty string if it is right."""
        if problem := wrong_kind(value, expected):
            return ended(problem[0].upper() + problem[1:])
        if self.dtype is not None and getattr(value, "dtype", None) != self.dtype:
            found = getattr(value, "dtype", None)
            return (
                f"Its dtype is {found}, and should be {self.dtype}."
                if found
                else (f"A tensor of dtype {self.dtype} is asked for, got {with_kind(value)}.")
            )
        if self.integers and not holds_integers(value):
            return f"Integers are asked for, got {with_kind(value)}."
        found = like(value, expected)
        if self.accepts is not None:
            is_right = self.accepts(found, *deepcopy(args))
        else:
            is_right = self._apart(value, expected, self.tolerance) <= 1
        if is_right:
            return ""
        failed = (s for s, holds in self.properties if not holds(found, *deepcopy(args)))
        return next(failed, self._digits(value, expected))

    def _apart(self, value: object, expected: object, tolerance: Tolerance) -> float:
        """Return how far two values lie apart, what doesn't matter left out of account."""
        if wrong_kind(value, expected):
            return math.inf
        return distance(self.canonical(value), self.canonical(expected), tolerance)

    def _digits(self, value: object, expected: object) -> str:
        """Say that a value is wrong; with the number of digits if it is nearly right."""
        parts = distances(value, expected, Tolerance(rtol=1.0, atol=0.0))
        error = max((part.max().item() for part in parts if len(part)), default=math.inf)
        asked = self.digits or round(-math.log10(self.rtol))
        right = math.floor(-math.log10(error)) if 0 < error < 1 else 0
        if 3 <= right < asked:
            return f"It is right to about {right} digits; {asked} are asked for."
        return "This is not right."

    def _gradient_problem(self, gradient: Tensor | None, args: tuple) -> str:
        """Say what is wrong with the gradient of a right value."""
        copies = deepcopy(args)
        leaf = copies[self.gradient].requires_grad_()  # type: ignore[index]
        (expected,) = torch.autograd.grad(self.reference(*copies).sum(), leaf)
        if gradient is None:
            return (
                "The values are right, but no gradient flows back through them: "
                "is there a detach, an item, or a new tensor?"
            )
        if distance(gradient, expected, self.tolerance) <= 1:
            return ""
        return (
            f"The values are right, their gradient is not: it should be {show(expected)}, "
            f"and is {show(gradient)}."
        )

    def _fitting(self, so_far: Mapping[str, float], trial: Trial) -> dict[str, float]:
        """Return which of these mistakes give this value, too, and how far off all theirs are."""
        found = {s: apart + self._fit(self.mistakes[s], trial) for s, apart in so_far.items()}
        return {sentence: apart for sentence, apart in found.items() if apart < math.inf}

    def _fit(self, wrong: Callable, trial: Trial) -> float:
        """Return how far a learner's value is from that of a mistake; infinity if too far."""
        tolerance = Tolerance(max(self.rtol, 1e-6), self.atol)
        try:
            given = read(self._given(wrong, trial.args))
        except Exception as error:  # a mistake may be just that
            is_same = not trial.returned and type(error).__name__ in trial.problem
            return 0.0 if is_same else math.inf
        if not trial.returned:
            return math.inf
        apart = self._apart(trial.value, given, tolerance)
        if apart > 1:
            return math.inf
        limit = 1.0
        if not self._problem(given, trial.expected, trial.args):
            if trial.is_wrong:  # the mistake does no harm here
                return math.inf
        elif self._apart(given, trial.expected, self.tolerance) < math.inf:
            right = read(trial.expected)
            limit = min(1.0, NEARER * self._apart(right, given, tolerance))
        return apart if apart <= limit else math.inf

    def _message(self, failed: Trial, mistake: str) -> str:
        """Return what is wrong, with the case that shows it."""
        shown = partial(show, digits=max(6, round(-math.log10(self.rtol)) + 1))
        names = list(signature(self.reference).parameters)
        case = ", ".join(f"{n} = {show(a)}" for n, a in zip(names, failed.args, strict=False))
        lines = [f"not yet. {mistake or failed.problem}", f"for       {case}"]
        if failed.returned and self._apart(failed.value, failed.expected, self.tolerance) > 1:
            lines += [f"expected  {shown(failed.expected)}", f"got       {shown(failed.value)}"]
            lines += self._place(failed, shown)
        for heading, text in (("printed", failed.printed), ("warned", failed.warned)):
            if text.strip():
                shorter = [shortened(line) for line in text.strip().splitlines()[:PRINTED_LINES]]
                lines.append(f"{heading:<10}" + "\n            ".join(shorter))
        lines += [failed.left] * bool(failed.left)
        return "\n  ".join([*lines, f"Hint: {self.hint}"])

    def _place(self, failed: Trial, shown: Callable) -> list[str]:
        """Return the first place in which numbers differ that are not shown, in a line."""
        if "a tensor" not in show(failed.expected) or wrong_kind(failed.value, failed.expected):
            return []
        place, got, right = first_difference(failed.value, failed.expected, self.tolerance)
        return [f"at        {place} expected {shown(right)}, got {shown(got)}"]


def first_difference(value: object, expected: object, tolerance: Tolerance) -> tuple:
    """Return where two values of one kind differ first, and the two there."""
    if isinstance(expected, (list, tuple)):
        pairs = zip(cast(list, items(value)), expected, strict=True)
        for i, (v, e) in enumerate(pairs):
            if distance(v, e, tolerance) > 1:
                place, got, right = first_difference(v, e, tolerance)
                return [i, *place], got, right
    if not isinstance(expected, Tensor):
        return [], value, expected
    (apart,) = distances(value, expected, tolerance)
    place = torch.unravel_index((apart > 1).nonzero()[0, 0], expected.shape)
    at = tuple(int(i) for i in place)
    return list(at), as_numbers(value)[at].item(), expected[at].item()  # type: ignore[index]


def has_dots(value: object) -> bool:
    """Whether an answer, or a part of it, is still the three dots."""
    return value is ... or (isinstance(value, list) and any(has_dots(item) for item in value))


def ended(sentence: object) -> str:
    """Return a sentence with its full stop."""
    text = str(sentence)
    return text if text.endswith((".", "?", "!")) else f"{text}."


def unchanged(after: object, before: object) -> bool:
    """Whether an argument is still what it was."""
    if isinstance(before, Tensor):
        if not isinstance(after, Tensor) or (after.shape, after.dtype) != (
            before.shape,
            before.dtype,
        ):
            return False
        return bool(((after == before) | (after.isnan() & before.isnan())).all())
    if isinstance(before, (list, tuple)):
        same_kind = type(after) is type(before) and len(after) == len(before)  # type: ignore
        return same_kind and all(map(unchanged, after, before))  # type: ignore[call-overload]
    return after is before or after == before
