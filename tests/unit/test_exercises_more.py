"""The judge of the exercises, sentence by sentence."""

import math
import threading

import pytest
import torch

from course_utils.exercises.grading import (
    FunctionExercise,
    ValueExercise,
    Verdict,
    copied,
    ended,
    number,
    require_kind,
    rounded,
    same,
    show,
    unchanged,
)
from course_utils.exercises.sandbox import Problem, call, first_line, require_callable_with

T = torch.tensor


def named():
    return 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (T([1.23456789, 2.0]), "[1.23457, 2.0]"),
        (T([[1, 2]]), "[[1, 2]]"),
        (torch.zeros(12), str([0.0] * 12)),
        (torch.zeros(13), "a tensor of shape (13,)"),
        (T([1.0], requires_grad=True), "[1.0]"),
        (1234567.0, "1.23457e+06"),
        (1234567, "1234567"),
        (named, "named"),
        (torch.nn.Identity(), "a function"),
    ],
)
def test_values_are_shown_in_a_line(value, text):
    assert show(value) == text


@pytest.mark.parametrize(
    ("given", "sentence"), [("Why?", "Why?"), ("No!", "No!"), ("A.", "A."), ("A", "A."), (3, "3.")]
)
def test_sentences_end(given, sentence):
    assert ended(given) == sentence


def test_rounding_leaves_all_but_floats_alone():
    assert rounded([1, [2.00000049, "a"], True]) == [1, [2.0, "a"], True]
    assert rounded(1.2345678) == 1.23457


@pytest.mark.parametrize(
    ("value", "expected", "agree"),
    [
        (1.0005, 1.0, True),
        (1.002, 1.0, False),
        (0.0005, 0.0, False),  # atol is zero here
        (T(1.0), 1, True),
        (T([1.0]), 1, True),
        (T([1.0, 1.0]), 1.0, False),
        (math.nan, math.nan, True),
        ("1", 1, False),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        (False, True, False),
        ("a", "a", True),
        ((1, 2), [1, 2], True),
        ([1, 2, 3], [1, 2], False),
        ((1, 3), (1, 2), False),
        (1, (1,), False),
        (T([1, 2]), T([1.0, 2.0]), True),
        (T([[1.0]]), T([1.0]), False),
        (T([1.0, math.nan]), T([1.0, math.nan]), True),
        (T([1.0, 2.1]), T([1.0, 2.0]), False),
        ([1.0], T([1.0]), False),
    ],
)
def test_agreement(value, expected, agree):
    assert same(value, expected, 1e-3, 0.0) is agree


def test_tolerances_are_both_used():
    assert same(0.01, 0.0, 0.0, 0.1)
    assert same(T([0.01]), T([0.0]), 0.0, 0.1)
    assert not same(T([0.01]), T([0.0]), 0.1, 0.0)
    assert same([0.01], [0.0], 0.0, 0.1)


def test_numbers():
    assert (number(2), number(T([3.5])), number(True)) == (2.0, 3.5, 1.0)
    assert math.isnan(number("2"))
    assert math.isnan(number(T([1, 2])))


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        (None, 1, "it is None; is there a return missing?"),
        (1.5, T([1.0]), "a tensor is asked for, got float: 1.5"),
        (T([1.0]), T([1.0, 2.0]), "its shape is (1,), and should be (2,)"),
        (T([1]), T([1.0]), "its dtype is torch.int64, and should be torch.float32"),
        (1, True, "a bool is asked for, got int: 1"),
        ([1], (1,), "a tuple is asked for, got list: [1]"),
        ("x", 1.0, "a number is asked for, got str: x"),
        (T([1, 2]), 1.0, "a number is asked for, got Tensor: [1, 2]"),
    ],
)
def test_kinds_that_cannot_be_right(value, expected, message):
    with pytest.raises(Problem) as caught:
        require_kind(value, expected)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 1.0), (T([2]), 1.0), (T(2.0), 1), ("a", "b"), (T([1]), T([2]))]
)
def test_kinds_that_may_be_right(value, expected):
    assert require_kind(value, expected) is None


def test_arguments_are_copied_so_that_a_change_is_seen():
    args = (T([1.0]), [1, 2], "a")
    copies = copied(args)
    assert copies[0] is not args[0]
    assert torch.equal(copies[0], args[0])
    assert copies[1] == args[1]
    assert copies[1] is not args[1]
    assert copies[2] is args[2]


def test_changes_are_seen():
    with_nan = T([1.0, math.nan])
    assert unchanged(with_nan.clone(), with_nan)
    assert not unchanged(T([2.0, math.nan]), with_nan)
    assert not unchanged([1.0], T([1.0]))
    assert unchanged([1], [1])
    assert not unchanged([2], [1])
    assert unchanged("anything", named)


def test_calls_take_the_arguments():
    assert require_callable_with(named, ()) is None
    with pytest.raises(Problem, match="got int; give the function itself, without calling it"):
        require_callable_with(3, ())
    with pytest.raises(Problem, match=r"called with 2 argument\(s\), and does not take them: too"):
        require_callable_with(named, (1, 2))


def test_outcomes_hold_the_value_and_what_was_printed(capsys):
    outcome = call(lambda a, b: print("seen") or a + b, (1, 2))
    assert (outcome.value, outcome.printed) == (3, "seen\n")
    assert capsys.readouterr().out == ""


def test_an_error_without_words_says_so():
    assert first_line(ValueError()) == "(no message)"
    assert first_line(ValueError("\n one\ntwo")) == "one"

    def fail():
        raise KeyboardInterrupt

    with pytest.raises(Problem, match=r"it raised KeyboardInterrupt: \(no message\)"):
        call(fail, ())


@pytest.mark.parametrize("value", [..., NotImplemented])
def test_a_stub_was_not_attempted(value):
    exercise = FunctionExercise("1.1", "t", lambda: 1, [()], "h")
    assert repr(exercise.judge(lambda: value)) == "Exercise 1.1: not attempted yet."


def test_a_known_mistake_that_fails_on_a_case_is_passed_over():
    exercise = FunctionExercise(
        "1.1", "t", abs, [(-2.0,)], "mind the sign.",
        mistakes={"That fails.": lambda x: 1 / 0, "That is x.": lambda x: x},
    )  # fmt: skip
    message = "not yet: for -2 the result was -2. That is x. Hint: mind the sign."
    assert exercise.judge(lambda x: x) == Verdict("1.1", False, message)
    assert "That is" not in exercise.judge(lambda x: 5.0).message


def test_a_comparison_of_its_own_is_used():
    exercise = FunctionExercise(
        "1.1", "t", lambda: 0.0, [()], "h", compare=lambda value, _: value in (1, "a")
    )
    assert exercise.judge(lambda: "a")
    assert not exercise.judge(lambda: "b")
    assert "it is None" in exercise.judge(lambda: None).message


def test_the_default_tolerances():
    function = FunctionExercise("1.1", "t", lambda: 1.0, [()], "h")
    assert function.judge(lambda: 1.00009)
    assert not function.judge(lambda: 1.0002)
    zero = FunctionExercise("1.1", "t", lambda: 0.0, [()], "h")
    assert zero.judge(lambda: 0.9e-7)
    assert not zero.judge(lambda: 2e-7)
    value = ValueExercise("1.1", "t", 1.0, "h")
    assert value.judge(1.0009)
    assert not value.judge(1.002)
    assert not ValueExercise("1.1", "t", 0.0, "h").judge(1e-9)


def test_messages_name_all_arguments():
    exercise = FunctionExercise("2.1", "t", lambda x, y: x * y, [(T([1.0]), 2)], "look.")
    found = exercise.judge(lambda x, y: 1 / 0)
    assert found.message == (
        "not yet: for [1.0], 2 it raised ZeroDivisionError: division by zero. Hint: look."
    )
    found = exercise.judge(lambda x, y: x.add_(1))
    assert "for [1.0], 2 it changes its input; work on a new tensor." in found.message


def test_every_verdict_on_a_value_bears_its_number():
    exercise = ValueExercise("3.4", "t", 0.5, "halve.", mistakes={"That is the double.": 2.0})
    found = [repr(exercise.judge(answer)) for answer in (..., 2.0, None, 0.5, 7.0)]
    assert found == [
        "Exercise 3.4: not attempted yet.",
        "Exercise 3.4: not yet. That is the double.",
        "Exercise 3.4: not yet: it is None; is there a return missing? Hint: halve.",
        "Exercise 3.4: right.",
        "Exercise 3.4: 7 is not it. Hint: halve.",
    ]


def test_every_verdict_on_a_function_bears_its_number():
    exercise = FunctionExercise("3.4", "t", lambda x: x, [(1,), (2,)], "return it.")
    prints = " It also prints; a function that others call should only return."
    found = [
        repr(exercise.judge(answer))
        for answer in (lambda x: x, lambda x: print(x) or x, print, lambda x: None)
    ]
    none = "Exercise 3.4: not yet: for 1 it is None; is there a return missing?"
    assert found == [
        "Exercise 3.4: right, on 2 cases.",
        f"Exercise 3.4: right, on 2 cases.{prints}",
        f"{none} It prints, where it should return. Hint: return it.",
        f"{none} Hint: return it.",
    ]


def test_no_number_is_not_nan():
    assert not same(1.0, math.nan, 0.0, 0.0)
    assert not same(math.nan, 1.0, 0.0, 0.0)


def test_a_function_runs_in_a_thread_that_does_not_keep_the_kernel_alive():
    assert call(lambda: threading.current_thread().daemon, ()).value is True


@pytest.mark.parametrize("handlers", [0, 1])
def test_the_thread_of_an_endless_function_is_ended(handlers):
    caught, before = [], set(threading.enumerate())

    def endless():
        while len(caught) < handlers:
            try:
                while True:
                    sum(range(100))
            except BaseException as error:
                caught.append(error)
        while True:
            sum(range(100))

    with pytest.raises(Problem, match=r"no answer within 0\.1 seconds"):
        call(endless, (), 0.1)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # it was told to end; a busy machine may be late
        assert not thread.is_alive()
    assert len(caught) == handlers
