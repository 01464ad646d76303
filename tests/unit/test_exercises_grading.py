"""The judge of the exercises, sentence by sentence."""

import math
import re
import time
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from course_utils.exercises import check
from course_utils.exercises.answers import Tolerance
from course_utils.exercises.grading import (
    FunctionExercise,
    ValueExercise,
    Verdict,
    ended,
    first_difference,
    has_dots,
    unchanged,
)
from course_utils.exercises.sandbox import call
from course_utils.exercises.watching import Seen

T = torch.tensor

DOUBLE = FunctionExercise(
    number="0.1",
    title="Double",
    reference=lambda x: 2 * x,
    cases=[(T([1.0]),), (T([1.0, -3.0]),)],
    hint="twice as much.",
    mistakes={"This is the square.": lambda x: x * x},
    properties=[("It should be even in x.", lambda value, x: bool((value / 2 == x).all()))],
)
HALF = ValueExercise("0.2", "Half", 0.5, "less than one.", {"That is the double.": 2.0})
ROOT = ValueExercise(
    "0.3", "Root", math.sqrt(3000), "square it.", {"A": 54.0, "B": 54.1, "C": 1.0}, digits=3
)


def mutate(x):
    x *= 2
    return x.clone()


def shout(x):
    print("loud")
    return 2 * x


def forget(x):
    print(2 * x)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda x: None,
            r"not yet. It is None; is there a return missing\?\n  for       x = \[1.0\]",
        ),
        (forget, r"got       None\n  printed   tensor\(\[2.\]\)\n  Hint: twice as much"),
        (
            lambda: 1,
            r"The function is called with 1 argument\(s\), and does not take them: too many",
        ),
        (lambda x, y: 1, "called with 1 argument"),
        (3.0, "not yet. A function is asked for, got float; give the function itself"),
        (lambda x: "ab", "A tensor is asked for, got str: 'ab'"),
        (lambda x: (2 * x)[None], r"Its shape is \(1, 1\), and should be \(1,\)"),
        (mutate, "not yet. It changes its input; work on a copy."),
        (
            lambda x: 1 / 0,
            r"It raised ZeroDivisionError: division by zero, in line \d+ of <lambda>",
        ),
        (
            torch.exp,  # tells no signature
            r"It should be even in x.\n  for       x = \[1.0\]\n  expected  \[2.0\]\n  got       "
            r"\[2.71828\]\n  Hint",
        ),
        (
            lambda x: x * x,
            r"not yet. This is the square.\n  for       x = \[1.0\]\n  expected  \[2",
        ),
    ],
)
def test_each_bad_function_gets_its_own_message(answer, message):
    verdict = DOUBLE.judge(answer)
    assert not verdict
    assert re.search(message, repr(verdict))
    assert repr(verdict).startswith("Exercise 0.1: not yet. ")


RIGHT = [
    lambda x: x + x,
    lambda x: (2 * x).tolist(),
    lambda x: tuple((2 * x).tolist()),
    lambda x: (2 * x).numpy(),
    lambda x: [Fraction(float(number)) * 2 for number in x],
    lambda x: list(2 * x),
    lambda x: (2 * x).double(),
    lambda x: (2 * x).half(),
    lambda x: (2 * x).long(),
    lambda x: (2 * x).requires_grad_(),
    lambda *args: 2 * args[0],
    lambda x, factor=2: factor * x,
    torch.nn.Linear(1, 1).__class__ and (lambda x: torch.add(x, x)),
]


@pytest.mark.parametrize("answer", RIGHT, ids=range(len(RIGHT)))
def test_a_right_function_is_right_in_any_form(answer):
    assert repr(DOUBLE.judge(answer)) == "Exercise 0.1: right, on 2 cases."


def test_a_right_function_that_prints_is_told():
    message = " It also prints; a function that others call should only return."
    assert DOUBLE.judge(shout).message == f"right, on 2 cases.{message}"


def test_what_a_function_leaves_behind_is_told(monkeypatch):
    def leave(function, args=()):
        return replace(call(function, args), left="It left a thread.")

    monkeypatch.setattr("course_utils.exercises.grading.call", leave)
    assert DOUBLE.judge(lambda x: 2 * x).message == "right, on 2 cases. It left a thread."
    message = " It also prints; a function that others call should only return. It left a thread."
    assert DOUBLE.judge(shout).message == f"right, on 2 cases.{message}"
    assert DOUBLE.judge(lambda x: x).message.endswith(
        "\n  It left a thread.\n  Hint: twice as much."
    )


DOTS = [..., NotImplemented, [...], (1, ...), [[...]]]


@pytest.mark.parametrize("value", DOTS, ids=str)
def test_a_stub_was_not_attempted(value):
    assert DOUBLE.judge(lambda x: value) == Verdict("0.1", False, "not attempted yet.")
    assert HALF.judge(value) == Verdict("0.2", False, "not attempted yet.")
    assert DOUBLE.judge(...) == Verdict("0.1", False, "not attempted yet.")


def test_dots_are_found_in_what_was_read_and_nothing_else():
    assert not has_dots([1, None])
    assert not has_dots("...")


@pytest.mark.parametrize(
    ("answer", "passed", "message"),
    [
        (0.5, True, "right."),
        (T(0.5), True, "right."),
        (Fraction(1, 2), True, "right."),
        (np.float32(0.5), True, "right."),
        (2, False, "not yet. That is the double."),
        (np.array([2]), False, "not yet. That is the double."),
        (0.7, False, "0.7 is not it.\n  Hint: less than one."),
        (0.5 + 1e-8, False, "0.5 is not it"),
        (float("nan"), False, "nan is not it"),
        (None, False, "not yet: it is None"),
        ("a", False, "not yet: a number is asked for, got str: 'a'.\n  Hint: less than one."),
        (True, False, "a number is asked for, got bool: True"),
        (math.sqrt, False, "a number is asked for, got a function sqrt"),
    ],
)
def test_values(answer, passed, message):
    verdict = HALF.judge(answer)
    assert verdict.passed is passed
    assert bool(verdict) is passed
    assert verdict.message.startswith(message) or message in verdict.message
    assert repr(verdict) == f"Exercise 0.2: {verdict.message}"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (54.77, "right."),
        (54.8, "right."),
        (54.7, "not yet: right to 2 digits; 3 are asked for."),
        (55, "not yet: right to 2 digits; 3 are asked for."),
        (50, "50 is not it.\n  Hint: square it."),
        (54.04, "not yet. A"),
        (54.06, "not yet. B"),
        (1, "not yet. C"),
    ],
)
def test_digits_and_the_nearest_mistake(answer, message):
    assert ROOT.judge(answer).message == message
    finer = ValueExercise("0.3", "t", math.sqrt(3000), "h.", digits=5)
    assert finer.judge(55).message == "not yet: right to 2 digits; 5 are asked for."
    assert finer.judge(54.8).message == "not yet: right to 3 digits; 5 are asked for."
    assert finer.judge(54).message == "54 is not it.\n  Hint: h."
    half = ValueExercise("0.3", "t", 54.5, "h.", digits=3)
    assert half.judge(55).message == "not yet: right to 2 digits; 3 are asked for."
    assert finer.judge(54.77).message == "not yet: right to 4 digits; 5 are asked for."


class Loop:
    def __float__(self):
        while True:
            pass

    def __repr__(self):
        raise ValueError("no words")


def test_an_answer_that_hangs_or_fails_when_looked_at(monkeypatch):
    monkeypatch.setattr("course_utils.exercises.sandbox.TIME_LIMIT", 0.1)
    assert "not yet: when looked at, no answer within 0.1 seconds" in repr(HALF.judge(Loop()))
    begun = time.monotonic()
    assert "No answer within 0.1 seconds" in repr(DOUBLE.judge(lambda x: Loop()))
    assert time.monotonic() - begun < 20


def test_the_first_lines_that_a_function_prints_are_shown():
    def talk(x):
        print("\n".join("abcdefg"))
        print("x" * 400)

    message = DOUBLE.judge(talk).message
    indent = " " * 12
    assert f"\n  printed   a\n{indent}b\n{indent}c\n{indent}d\n{indent}e\n  Hint" in message
    warned = DOUBLE.judge(lambda x: warnings.warn("mind", stacklevel=1)).message
    assert "got       None\n  warned    UserWarning: mind\n  Hint" in warned
    blank = DOUBLE.judge(lambda x: print(" ")).message
    assert "printed" not in blank
    long = DOUBLE.judge(lambda x: print("x" * 400)).message
    assert f"\n  printed   {'x' * 300}...\n  Hint" in long


def test_the_smallest_failing_case_is_shown():
    def right_for_one(x):
        return 2 * x if len(x) == 1 else x

    plain = replace(DOUBLE, properties=())
    assert plain.judge(right_for_one).message == (
        "not yet. This is not right.\n  for       x = [1.0, -3.0]\n  expected  [2.0, -6.0]\n"
        "  got       [1.0, -3.0]\n  Hint: twice as much."
    )


def test_the_first_place_that_differs_is_shown_of_a_large_tensor():
    def nearly(x):
        result = x.repeat(20, 1)
        result[3, 1] = 7.5
        return result

    exercise = FunctionExercise("0.1", "t", lambda x: x.repeat(20, 1), [(T([1.0, 2.0]),)], "h.")
    message = exercise.judge(nearly).message
    assert "expected  a tensor of shape (20, 2)\n  got       a tensor of shape (20, 2)\n" in message
    assert "\n  at        [3, 1] expected 2.0, got 7.5\n  Hint: h." in message
    assert "  at  " not in exercise.judge(lambda x: x).message

    pair = FunctionExercise("0.1", "t", lambda: (1.0, torch.zeros(20)), [()], "h.")
    assert "\n  at        [1, 0] expected 0.0, got 1.0" in pair.judge(lambda: (1, [1] * 20)).message
    assert "\n  at        [0] expected 1.0, got 2" in pair.judge(lambda: (2, [1] * 20)).message


def test_a_mistake_is_named_only_if_it_fits_every_case():
    cases = [(2.0,), (3.0,), (-1.0,)]
    exercise = FunctionExercise(
        "0.1", "t", lambda x: 3 * x, cases, "h.",
        {"Square.": lambda x: x * x, "Double.": lambda x: 2 * x, "Size.": lambda x: abs(2 * x)},
    )  # fmt: skip
    assert "not yet. Square." in exercise.judge(lambda x: x * x).message
    assert "not yet. Double." in exercise.judge(lambda x: x + x).message
    assert "not yet. Size." in exercise.judge(lambda x: 2 * abs(x)).message
    # Right answers to the first case, or to some cases of a mistake, are no mistake.
    assert "not yet. This is not right." in exercise.judge(lambda x: min(4.0, x * x)).message
    assert "not yet. This is not right." in exercise.judge(lambda x: 2 * x if x > 2 else 7).message


def test_a_mistake_is_computed_once_and_cases_that_are_made_anew_are_judged_anew():
    calls = []

    def square(x):
        calls.append(x)
        return x * x

    exercise = replace(DOUBLE, mistakes={"This is the square.": square})
    for answer, named in ((lambda x: x**2, True), (lambda x: -x, False), (lambda x: x * x, True)):
        assert ("This is the square." in exercise.judge(answer).message) == named
    assert len(calls) == len(DOUBLE.cases)
    sizes = iter(range(3, 9))
    made = replace(exercise, cases=lambda: [(torch.full((1,), float(next(sizes))),)])
    assert all(made.judge(lambda x: 2 * x) for _ in range(3))


def test_a_mistake_that_is_right_where_the_answer_fails_is_not_named():
    square = replace(DOUBLE, cases=[(T([2.0]),), (T([3.0]),)], dtype=torch.float32)
    assert "square" not in repr(square.judge(lambda x: (2 * x).double()))
    assert "square" in repr(square.judge(lambda x: x * x))


def test_a_mistake_may_fail_where_the_answer_fails():
    def by_position(x):
        return x[1]

    def keys_only(x):
        return x[-1] if len(x) > 1 else {}[0]

    exercise = FunctionExercise(
        "0.1", "t", lambda x: x[-1], [([1, 2, 3],), ([4],)], "h.",
        {"Broken.": lambda x: 1 / 0, "The second.": by_position},
    )  # fmt: skip
    assert "not yet. The second." in exercise.judge(lambda x: x[1]).message
    first_only = replace(exercise, cases=[([1, 1],), ([4],)])
    assert "not yet. The second." in first_only.judge(lambda x: x[1]).message
    # Another error, or an error everywhere, is no sign of a mistake.
    assert "not yet. It raised KeyError" in first_only.judge(keys_only).message
    assert "not yet. It raised ZeroDi" in first_only.judge(lambda x: 1 / 0).message
    assert "not yet. This is not right." in exercise.judge(lambda x: x[:2][-1]).message
    raising = exercise.judge(lambda x: x[-1] if len(x) > 1 else x[1]).message
    assert "not yet. It raised IndexError" in raising


def test_a_mistake_must_be_nearer_than_the_right_answer():
    exercise = FunctionExercise(
        "0.1", "t", lambda x: x, [(1.0,)], "h.", {"Rounded.": lambda x: x + 2e-9},
        rtol=1e-12, atol=0.0,
    )  # fmt: skip
    assert "Rounded." in exercise.judge(lambda x: x + 2e-9).message
    assert (
        "right to about 9 digits; 12 are asked for" in exercise.judge(lambda x: x - 3e-10).message
    )


def test_the_number_of_right_digits_is_told_where_it_helps():
    exercise = FunctionExercise("0.1", "t", lambda x: x, [(1.0,), (2.0,)], "h.", rtol=1e-10, atol=0)
    told = exercise.judge(lambda x: x * (1 + 2e-5)).message
    assert "It is right to about 4 digits; 10 are asked for." in told
    assert "expected  1.0\n  got       1.00002\n" in told
    assert "This is not right." in exercise.judge(lambda x: x * 1.02).message
    assert "This is not right." in exercise.judge(lambda x: -x).message


def test_a_digit_is_told_from_the_third_on_and_only_if_one_is_missing():
    exercise = FunctionExercise("0.1", "t", lambda x: x, [(1.0,)], "h.")
    nearly = "It is right to about 3 digits; 4 are asked for."
    assert nearly in exercise.judge(lambda x: x + 5e-4).message
    small = FunctionExercise("0.1", "t", lambda x: x * 1e-9, [(1.0,)], "h.", atol=0.0)
    assert nearly in small.judge(lambda x: x * 1.0005e-9).message
    loose = replace(exercise, rtol=5e-4)
    assert "This is not right." in loose.judge(lambda x: x + 6e-4).message
    nothing = FunctionExercise(
        "0.1", "t", lambda x: x[:0], [(T([1.0]),)], "h.", accepts=lambda value, x: False
    )
    assert "This is not right." in nothing.judge(lambda x: x[:0]).message


def test_what_lies_at_the_edge_of_the_tolerance_is_right():
    assert ValueExercise("0.1", "t", 1e9, "h.").judge(1e9 + 1)
    slope = FunctionExercise(
        "0.1", "t", lambda x: 2 * x, [(T([0.5]),)], "h.", gradient=0, rtol=0.0, atol=1.0
    )
    assert slope.judge(lambda x: 3 * x)
    assert (
        "their gradient is not"
        in replace(slope, rtol=1e-9, atol=0.9).judge(lambda x: 3 * x).message
    )
    for kind in (list, T):
        for near, place in ((1.0, 1), (1.5, 0)):
            value, zeros = kind([near, 5.0]), kind([0.0, 0.0])
            found = first_difference(value, zeros, Tolerance(rtol=0.0, atol=1.0))
            assert found == ([place], value[place], 0.0)


def test_what_is_just_beyond_the_tolerance_is_shown_with_as_many_digits_as_it_takes():
    exercise = FunctionExercise("0.1", "t", lambda x: x, [(1.0,)], "h.", rtol=1e-8, atol=0.0)
    told = exercise.judge(lambda x: x + 1.6e-8).message
    assert "expected  1.0\n  got       1.00000002\n" in told  # nine digits


def test_arguments_that_a_case_leaves_out_are_not_shown():
    def scaled(x, scale=2):
        return scale * x

    exercise = FunctionExercise("0.1", "t", scaled, [(3.0,), (3.0, 5)], "h.")
    assert exercise.judge(scaled)
    assert "\n  for       x = 3.0\n" in exercise.judge(lambda x, scale=2: x).message


def test_a_mistake_is_met_within_the_tolerance_and_the_nearest_on_all_cases_is_named():
    exercise = FunctionExercise(
        "0.1", "t", lambda x: 3 * x, [(1.0,), (2.0,)], "h.", {"Double.": lambda x: 2 * x}
    )
    assert "Double." in exercise.judge(lambda x: 2 * x * (1 + 5e-5)).message
    assert "This is not right." in exercise.judge(lambda x: 2 * x * (1 + 1.5e-4)).message
    # Nearer to the first in the last case, and not in all of them.
    near = replace(exercise, mistakes={
        "Near in the last.": lambda x: 2 * x * (1 + (0 if x > 1 else 9e-5)),
        "Near in all.": lambda x: 2 * x * (1 + 1e-5),
    })  # fmt: skip
    assert "Near in all." in near.judge(lambda x: 2 * x).message


def test_a_mistake_is_met_at_the_edge_of_the_tolerance_and_not_beyond():
    value = ValueExercise("0.1", "t", 100.0, "h.", {"M.": 20.0}, digits=2)
    assert value.judge(20.5).message == "not yet. M."
    assert "M." not in value.judge(20.9).message
    mistakes = {"M.": lambda x: x + 50}
    loose = FunctionExercise("0.1", "t", lambda x: x, [(9.0,)], "h.", mistakes, atol=0.5)
    assert "M." in loose.judge(lambda x: x + 50.4).message
    # Both are right in the first case, and lie on two sides of it.
    exercise = FunctionExercise(
        "0.1", "t", lambda x: x, [(1.0,), (-1.0,)], "h.",
        {"M.": lambda x: x * (1 - 9e-5) if x > 0 else 2 * x},
    )  # fmt: skip
    assert "M." in exercise.judge(lambda x: x if x > 0 else 2 * x).message
    assert "M." not in exercise.judge(lambda x: x * (1 + 9e-5) if x > 0 else 2 * x).message


def test_a_mistake_that_fails_where_the_answer_fails_must_fit_the_other_cases():
    exercise = FunctionExercise(
        "0.1", "t", lambda x: x[-1], [([4],), ([1, 2, 3],)], "h.", {"M.": lambda x: x[1]}
    )
    for answer, named in ((lambda x: x[1], True), (lambda x: x[1] and x[0], False)):
        assert ("not yet. M." in exercise.judge(answer).message) == named


def test_a_mistake_may_be_right_in_a_case_in_which_the_answer_is_only_nearly_so():
    exercise = FunctionExercise(
        "0.1", "t", abs, [(2.0,), (-3.0,)], "h.", {"It loses no sign.": lambda x: x}
    )
    assert "It loses no sign." in exercise.judge(lambda x: x * (1 + 1e-6)).message


def test_a_type_that_the_statement_names_is_asked_for():
    exercise = replace(DOUBLE, dtype=torch.float32)
    assert exercise.judge(lambda x: 2 * x)
    assert "Its dtype is torch.float64, and should be torch.float32." in repr(
        exercise.judge(lambda x: (2 * x).double())
    )
    assert "A tensor of dtype torch.float32 is asked for, got list: [2.0]." in repr(
        exercise.judge(lambda x: (2 * x).tolist())
    )


def test_an_error_may_have_words_of_its_own():
    exercise = replace(DOUBLE, errors={"Nothing to divide by.": "division by zero"})

    def other(x):
        raise ValueError  # not: division by zero

    message = exercise.judge(lambda x: 1 / 0).message
    assert "not yet. Nothing to divide by. It raised ZeroDivisionError: division" in message
    assert "not yet. It raised ValueError" in exercise.judge(other).message


def test_integers_that_the_statement_names_are_asked_for():
    exercise = FunctionExercise("0.1", "t", lambda n: (n, n + 1), [(3,)], "h.", integers=True)
    assert exercise.judge(lambda n: [n, np.int64(n + 1)])
    message = exercise.judge(lambda n: (n, n + 1.0)).message
    assert "Integers are asked for, got list: [3, 4.0]." in message


def test_a_forbidden_way_is_seen():
    def is_large(seen, x):
        return seen.largest > len(x)

    exercise = replace(
        DOUBLE,
        cases=[*DOUBLE.cases, (torch.ones(20),)],
        bans=[
            ("Write it yourself.", lambda seen, x: "add" in seen.functions),
            ("No autograd.", lambda seen, x: seen.autograd),
            ("No matrix.", is_large),
            ("No loop.", lambda seen, x: seen.calls > 10),
        ],
    )

    def by_autograd(x):
        x = x.clone().requires_grad_()
        return torch.autograd.grad((x * x).sum(), x)[0]

    assert exercise.judge(lambda x: 2 * x)
    assert "not yet. Write it yourself.\n" in exercise.judge(lambda x: x + x).message
    assert "not yet. No autograd.\n" in exercise.judge(by_autograd).message
    assert "not yet. No matrix.\n" in exercise.judge(lambda x: 2 * torch.eye(len(x)) @ x).message
    assert "not yet. No loop.\n" in exercise.judge(lambda x: T([2 * y for y in x])).message


def test_what_torch_is_asked_to_do_is_seen():
    x = torch.ones(3, 4, requires_grad=True)
    with Seen() as seen:
        torch.special.softmax(x, 1)
        x.detach().exp_()
        x.split(2)
    assert seen.functions == {"softmax", "detach", "exp", "split"}
    assert (seen.calls, seen.largest, seen.autograd) == (4, 12, False)
    row = torch.ones(4)
    with Seen() as seen:
        [float(number) for number in row]
        [row[i].item() for i in range(4)]
    assert seen.calls <= 1  # reading entries computes nothing
    with Seen() as seen:
        torch.outer(torch.ones(5), torch.ones(7)).sum()
    assert seen.largest == 35
    assert not Seen().functions
    torch.ones(100)
    assert seen.largest == 35


def test_a_way_out_of_torch_is_seen_and_a_result_of_another_form_is_none():
    for leave in (
        torch.Tensor.numpy,
        torch.Tensor.tolist,
        np.asarray,
        lambda x: x.double().numpy(),
    ):
        x = torch.ones(3)
        with Seen() as seen:
            leave(x)
        assert seen.left, leave
    with Seen() as seen:
        (2 * torch.ones(3) + 1).tolist()
    assert (seen.left, seen.complex) == (False, False)
    with Seen() as seen:
        torch.exp(torch.ones(3) / 1j)
    assert seen.complex


def total(x):
    return (x**3).sum()


@pytest.mark.parametrize(
    "derive",
    [
        lambda x: total(x).backward(),
        lambda x: torch.autograd.backward(total(x)),
        lambda x: torch.autograd.grad(total(x), x),
        lambda x: torch.func.grad(total)(x),
        lambda x: torch.func.jvp(total, (x,), (x,)),
        lambda x: torch.func.jacfwd(total)(x),
        lambda x: torch.autograd.functional.hessian(total, x),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_way_to_a_derivative_is_seen(derive):
    x = torch.ones(3, requires_grad=True)
    with Seen() as seen:
        total(x)
    assert not seen.autograd
    with Seen() as seen:
        derive(x)
    assert seen.autograd


def test_the_gradient_of_a_value_is_judged_where_it_is_asked_for():
    exercise = FunctionExercise(
        "0.1", "t", lambda x, y: y * x**2, [(T([3.0]), T([2.0]))], "h.", gradient=0
    )

    def wrong(x, y):
        return (y * x * x).detach() + x - x.detach()

    assert exercise.judge(lambda x, y: y * x * x)
    cut = (
        "not yet. The values are right, but no gradient flows back through them: "
        "is there a detach, an item, or a new tensor?\n"
    )
    unrelated = torch.ones(1, requires_grad=True)
    assert cut in exercise.judge(lambda x, y: unrelated * (y * x * x).detach()).message
    for answer in (lambda x, y: (y * x * x).detach(), lambda x, y: (y * x * x).tolist()):
        assert cut in exercise.judge(answer).message
    assert (
        "The values are right, their gradient is not: it should be [12.0], and is [1.0]."
        in exercise.judge(wrong).message
    )
    assert "This is not right." in exercise.judge(lambda x, y: x).message


def test_the_order_may_not_matter_and_several_answers_may_be_right():
    exercise = FunctionExercise(
        "0.1", "t", lambda x: x, [(T([1, 2, 3]),)], "h.", {"Squares.": lambda x: x * x},
        canonical=lambda value: torch.as_tensor(value).sort().values,
    )  # fmt: skip
    assert exercise.judge(lambda x: x.flip(0))
    assert "Squares." in exercise.judge(lambda x: (x * x).flip(0)).message
    assert not exercise.judge(lambda x: x + 1)
    even = replace(exercise, accepts=lambda value, x: bool((value % 2 == 0).all()))
    assert even.judge(lambda x: 4 * x)
    assert "This is not right." in even.judge(lambda x: x).message
    assert "Its shape is (2,)" in even.judge(lambda x: x[:2]).message


def test_the_default_tolerances():
    function = FunctionExercise("1.1", "t", lambda: 1.0, [()], "h")
    assert function.judge(lambda: 1.00009)
    assert not function.judge(lambda: 1.0002)
    zero = FunctionExercise("1.1", "t", lambda: 0.0, [()], "h")
    assert zero.judge(lambda: 0.9e-7)
    assert not zero.judge(lambda: 2e-7)
    value = ValueExercise("1.1", "t", 1.0, "h")
    assert value.judge(1.0 + 9e-10)
    assert not value.judge(1.0 + 2e-9)
    assert not ValueExercise("1.1", "t", 0.0, "h").judge(1e-12)
    assert FunctionExercise("1.1", "t", lambda: 1.234, [()], "h", digits=2).judge(lambda: 1.2)


def test_messages_name_all_arguments():
    exercise = FunctionExercise("2.1", "t", lambda x, y: x * y, [(T([1.0]), 2)], "look.")
    assert "\n  for       x = [1.0], y = 2\n" in exercise.judge(lambda x, y: 1 / 0).message


def test_cases_after_a_failure_do_not_take_long(monkeypatch):
    clock = [5.0]
    monkeypatch.setattr("course_utils.exercises.grading.running_time", lambda: clock[0])

    def take_a_quarter_of_a_second(x):
        clock[0] += 0.25
        return 0

    exercise = FunctionExercise("1.1", "t", lambda x: 0, [(i,) for i in range(50)], "h")
    assert exercise.judge(take_a_quarter_of_a_second)
    clock[0] = 5.0
    named = replace(exercise, reference=lambda x: 1, mistakes={"Zero.": lambda x: 0})
    assert "Zero." in named.judge(take_a_quarter_of_a_second).message
    assert clock[0] == 6.25  # the first second is past
    clock[0] = 5.0
    other = replace(named, mistakes={"Two.": lambda x: 0 if x < 2 else 2})
    assert "Two." not in other.judge(take_a_quarter_of_a_second).message
    assert clock[0] == 5.75  # no mistake is left that the third case could tell


def test_the_time_to_make_cases_is_not_the_learners(monkeypatch):
    """A mistake that shows in the second failing case only is named all the same."""
    clock = [5.0]
    monkeypatch.setattr("course_utils.exercises.grading.running_time", lambda: clock[0])

    def slowly_made():
        clock[0] += 60
        return [(T([1.0]),), (T([2.0]),)]

    mistakes = {"Squared.": lambda x: x + x**2, "Plus one.": lambda x: x + 1}
    exercise = FunctionExercise("0.1", "t", lambda x: x, slowly_made, "h.", mistakes)
    assert "Squared." in exercise.judge(lambda x: x + x**2).message
    assert "Plus one." in exercise.judge(lambda x: x + 1).message


@pytest.mark.parametrize(
    ("given", "sentence"), [("Why?", "Why?"), ("No!", "No!"), ("A.", "A."), ("A", "A."), (3, "3.")]
)
def test_sentences_end(given, sentence):
    assert ended(given) == sentence


def test_arguments_that_are_to_be_changed_are_looked_at_afterwards():
    exercise = FunctionExercise(
        "0.1", "t", lambda x: x.add_(1), [(T([1.0]),), (T([1.0, 2.0]),)], "h.",
        {"Twice.": lambda x: x.add_(2)}, observe=lambda value, x: x,
    )  # fmt: skip
    assert exercise.judge(lambda x: x.copy_(x + 1))
    assert exercise.judge(lambda x: x.add_(1) is None)
    assert "Twice." in exercise.judge(lambda x: x.add_(2)).message
    message = exercise.judge(lambda x: x + 1).message
    assert "expected  [2.0]\n  got       [1.0]" in message
    both = replace(exercise, observe=lambda value, x: (value + x).tolist())
    assert both.judge(lambda x: x.copy_(x + 1))
    assert "expected  [4.0]\n  got       [3.0]" in both.judge(lambda x: x + 1).message


def test_all_functions_draw_the_same_numbers():
    def draw():
        return torch.rand(3)

    exercise = FunctionExercise("0.1", "t", draw, [(), ()], "h.", {"M.": lambda: draw() + 1})
    assert exercise.judge(draw)
    assert "M." in exercise.judge(lambda: 1 + draw()).message


@pytest.mark.parametrize(
    ("after", "before", "is_same"),
    [
        (T([1.0, math.nan]), T([1.0, math.nan]), True),
        (T([2.0, math.nan]), T([1.0, math.nan]), False),
        (T([1.0, 2.0]), T([1.0, math.nan]), False),
        (T([1.0, math.inf]), T([1.0, math.nan]), False),
        ([1.0], T([1.0]), False),
        (T([1]), T([1.0]), False),
        (T([[1.0]]), T([1.0]), False),
        (torch.zeros(0), torch.zeros(0), True),
        ([1], [1], True),
        ([2], [1], False),
        ([1, 2], [1], False),
        ((1,), [1], False),
        ([T([1.0])], [T([2.0])], False),
        (max, max, True),
        (math.nan, math.nan, True),
        (10**20, 10**19 * 10, True),
        ("a", "b", False),
    ],
)
def test_changes_are_seen(after, before, is_same):
    assert unchanged(after, before) is is_same


def test_a_judge_that_fails_itself_gives_a_verdict(monkeypatch):
    def fail(self, answer):
        raise KeyError("oh")

    monkeypatch.setattr(ValueExercise, "judge", fail)
    message = "the judge itself failed (KeyError: 'oh'); please report this."
    assert check("1.1", 1) == Verdict("1.1", False, message)


def test_the_nearest_mistake_is_named_wherever_its_sentence_stands_in_the_alphabet():
    mistakes = {"A.": lambda x: 2 * x * (1 + 9e-5), "B.": lambda x: 2 * x}
    exercise = FunctionExercise("0.1", "t", lambda x: 3 * x, [(1.0,)], "h.", mistakes)
    assert "not yet. B." in exercise.judge(lambda x: 2 * x).message
