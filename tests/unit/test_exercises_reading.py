"""What a learner gives is read in any form, compared and shown."""

import math
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
import torch

from course_utils.exercises.answers import (
    Other,
    Tolerance,
    as_numbers,
    distance,
    holds_integers,
    like,
    read,
    same,
    shortened,
    show,
    unit_roundoff,
    with_kind,
    wrong_kind,
)

T = torch.tensor


def named():
    return 1


A_HALF = [
    *(0.5, Fraction(1, 2), Decimal("0.5"), sympy.Rational(1, 2), mpmath.mpf(0.5)),
    *(np.float16(0.5), np.float32(0.5), np.float64(0.5), np.longdouble(0.5)),
    *(np.array(0.5), np.array([0.5]), np.array([[0.5]]), [0.5], (0.5,), [[Fraction(1, 2)]]),
    *(T(0.5), T([0.5]), T(0.5, dtype=torch.bfloat16), T(0.5, dtype=torch.float64)),
    *(T(0.5, requires_grad=True), torch.nn.Parameter(T([0.5])), T([0.5]).to_sparse()),
    T(0.5).to(torch.float8_e4m3fn),
]


@pytest.mark.parametrize("value", A_HALF, ids=lambda v: type(v).__name__)
def test_a_number_is_read_in_any_form(value):
    assert same(read(value), 0.5, Tolerance())
    assert same(read(value), T(0.5), Tolerance())
    assert not same(read(value), 0.6, Tolerance())


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_a_quantized_number_is_read():
    assert same(read(torch.quantize_per_tensor(T(0.5), 0.5, 0, torch.qint8)), 0.5, Tolerance())


INTEGERS = [2, np.int8(2), np.uint16(2), np.uint64(2), T(2), T([2], dtype=torch.uint8), sympy.S(2)]


@pytest.mark.parametrize("value", INTEGERS, ids=lambda v: type(v).__name__)
def test_an_integer_stays_one(value):
    assert same(read(value), 2, Tolerance())
    assert holds_integers(read(value))


@pytest.mark.parametrize(
    "value", [2.0, True, T(2.0), T(True), [1, 2.0], [1, True], "2", None, np.bool_(True)]
)
def test_what_is_no_integer(value):
    assert not holds_integers(read(value))


ROWS = [
    [[1, 2], [3, 4]],
    ((1.0, 2.0), (3.0, 4.0)),
    [T([1.0, 2.0]), T([3.0, 4.0])],
    [np.array([1, 2]), [Fraction(3), T(4)]],
    np.array([[1, 2], [3, 4]]),
    np.array([[1, 3], [2, 4]]).T,
    np.array([[3, 4], [1, 2]])[::-1],
    np.array([[Fraction(1), 2], [3, 4]], dtype=object),
    np.array([[1, 2], [3, 4]], dtype=np.uint32),
    T([[1, 3], [2, 4]]).T,
    T([[1.0, 2.0], [3.0, 4.0]]).to_sparse(),
    [range(1, 3), range(3, 5)],
]


@pytest.mark.parametrize("value", ROWS, ids=range(len(ROWS)))
def test_numbers_are_read_in_any_form(value):
    assert same(read(value), T([[1.0, 2.0], [3.0, 4.0]]), Tolerance())
    assert same(read(value), [[1, 2], [3, 4]], Tolerance())
    assert not same(read(value), [[1, 2], [3, 5]], Tolerance())


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1 + 2j, "a complex number", "(1+2j)"),
        (np.complex64(1), "a complex number", "(1+0j)"),
        (T([1j]), "a complex tensor", "of shape (1,)"),
        (np.array([1j]), "a complex array", "of shape (1,)"),
        (torch.zeros(2, device="meta"), "a tensor without values, on the meta device", None),
        (torch.zeros(1).expand(10**12), "a tensor too large to look at", None),
        (np.broadcast_to(np.zeros(1), 10**9), "an array too large to look at", None),
        (np.array(["a"]), "an array", "of dtype <U1"),
        (named, "a function", "named"),
        (torch.nn.ReLU(), "a function", "ReLU"),
        (torch.nn.ReLU, "a class", "ReLU"),
        ({"a": 1}, "dict", "{'a': 1}"),
        ({1}, "set", "{1}"),
        (b"ab", "bytes", "b'ab'"),
        ((x for x in ()), "generator", None),
    ],
)
def test_what_holds_no_answer(value, kind, text):
    found = read(value)
    assert isinstance(found, Other)
    assert found.kind == kind
    assert text is None or found.text == text
    assert as_numbers(found) is None


def test_the_largest_that_is_looked_at():
    assert read(torch.zeros(1).expand(10_000_000)).shape == (10_000_000,)
    assert isinstance(read(torch.zeros(1).expand(10_000_001)), Other)
    assert read(np.broadcast_to(np.zeros(1), 10_000_000)).shape == (10_000_000,)
    assert isinstance(read(np.broadcast_to(np.zeros(1), 10_000_001)), Other)


def test_what_was_read_is_not_the_learners_any_more():
    tensor, array = torch.zeros(2), np.zeros(2)
    found = read([tensor, array])
    tensor += 1
    array += 1
    assert torch.stack([found[0], found[1]]).eq(0).all()
    assert [read(x) for x in (None, ..., NotImplemented, "a")] == [None, ..., ..., "a"]
    assert type(read(torch.nn.Parameter(tensor))) is torch.Tensor
    assert not read(torch.nn.Parameter(tensor)).requires_grad


def test_blocks_of_numbers():
    assert as_numbers([[1, 2], [3]]) is None
    assert as_numbers([1, "a"]) is None
    assert as_numbers("1") is None
    assert as_numbers([]).shape == (0,)
    assert as_numbers([1, T([2])]) is None
    assert as_numbers([True, 2]).tolist() == [1.0, 2.0]
    assert as_numbers(10**400) == math.inf
    assert as_numbers(-(10**400)) == -math.inf
    assert as_numbers(T([1])).dtype == torch.float64


def test_the_rounding_of_what_is_given():
    assert unit_roundoff(0.5) == 0.0
    assert unit_roundoff(T([1, 2])) == 0.0
    assert unit_roundoff([0.5, T(1.0).half()]) == 2**-10
    assert unit_roundoff([]) == 0.0


@pytest.mark.parametrize(
    ("value", "expected", "agree"),
    [
        (1.0005, 1.0, True),
        (1.002, 1.0, False),
        (-1.0, 1.0, False),
        (0.0005, 0.0, False),  # atol is zero here
        (T([1.0, 1.0]), 1.0, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        (math.inf, math.inf, True),
        (-math.inf, math.inf, False),
        (math.inf, 1.0, False),
        (1e300, math.inf, False),
        ("1", 1, False),
        (1, True, False),
        (True, 1, False),
        (T(True), 1, False),
        (True, True, True),
        (T(True), True, True),
        (T(1), True, False),
        (False, True, False),
        ("a", "a", True),
        ("b", "a", False),
        (T(True), "a", False),
        ([1, 2], (1, 2), True),
        (T([1, 2]), (1, 2), True),
        ([1, 2, 3], (1, 2), False),
        ([1, 3], (1, 2), False),
        ([3, 2], (1, 2), False),
        (1, (1,), False),
        ([[1, 2], 3.0], (T([1.0, 2.0]), 3), True),
        ([True, "a"], (True, "a"), True),
        ([True, "a"], (True, "b"), False),
        (T([1, 2]), T([1.0, 2.0]), True),
        (T([True, False]), T([1.0, 0.0]), True),
        (T([[1.0]]), T([1.0]), False),
        (T(1.0), T([1.0]), False),
        (1.0, T([1.0]), False),
        (T([1.0, math.nan]), T([1.0, math.nan]), True),
        (T([math.nan, 1.0]), T([1.0, math.nan]), False),
        (T([1.0, 2.1]), T([1.0, 2.0]), False),
        (torch.zeros(0), torch.zeros(0), True),
        (Other("dict"), 1.0, False),
        (None, 1.0, False),
        (1.0, None, False),
        (None, None, True),
        ([None, 1], (None, 1), True),
        (T([1.0]), None, False),
        (T([1.0]), Other("dict"), False),
        (Other("dict"), Other("dict"), True),
        (Other("set"), Other("dict"), False),
    ],
)
def test_agreement(value, expected, agree):
    assert same(value, expected, Tolerance(1e-3, 0.0)) is agree


def test_distances_are_in_units_of_the_tolerance():
    assert distance(1.5, 1.0, Tolerance(0.25, 0.0)) == 2.0
    assert distance(T([1.5, 4.0]), T([1.0, 2.0]), Tolerance(0.0, 0.5)) == 4.0
    assert distance([0.01, 5.0], [0.0, 5.0], Tolerance(0.1, 0.01)) == 1.0
    assert distance(1.0, 0.0, Tolerance(0.1, 0.0)) == math.inf
    assert distance(0.0, 0.0, Tolerance(0.1, 0.0)) == 0.0
    assert distance([1.0], [1.0, 2.0], Tolerance()) == math.inf


@pytest.mark.parametrize(
    ("value", "digits", "agree"),
    [
        (54.6, 3, True),
        (54.5982, 3, True),
        (54.55, 3, True),
        (54.65, 3, False),
        (54.5, 3, False),
        (55, 2, True),
        (54.6, 6, False),
        (-54.6, 3, False),
    ],
)
def test_digits_are_those_of_the_expected_number(value, digits, agree):
    assert same(value, 54.598150033, Tolerance(digits=digits)) is agree


def test_digits_of_zero_and_of_small_numbers():
    assert same(0.0, 0.0, Tolerance(digits=3))
    assert not same(1e-9, 0.0, Tolerance(digits=3))
    assert same(0.00123, 0.0012345, Tolerance(digits=3))
    assert not same(0.00124, 0.0012345, Tolerance(digits=3))
    assert same(math.inf, math.inf, Tolerance(digits=3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_narrow_type_may_round_unless_digits_are_asked_for(dtype):
    third = T(1 / 3).to(dtype)
    assert same(third, 1 / 3, Tolerance(rtol=1e-5))
    assert not same(third, 1 / 3, Tolerance(rtol=1e-9, atol=0.0))
    assert not same(third.double() * 1.03, 1 / 3, Tolerance(rtol=1e-5))


@pytest.mark.parametrize(
    ("value", "expected", "message"),
    [
        (None, 1, "it is None; is there a return missing?"),
        (1.5, T([1.0]), "a tensor is asked for, got float: 1.5"),
        ("x", T([1.0]), "a tensor is asked for, got str: 'x'"),
        (T([1.0]), T([1.0, 2.0]), "its shape is (1,), and should be (2,)"),
        ([1.0], T([1.0, 2.0]), "its shape is (1,), and should be (2,)"),
        (1, True, "True or False is asked for, got int: 1"),
        (1, "a", "a string is asked for, got int: 1"),
        ([1], (1, 2), "2 values are asked for, got list: [1]"),
        (3, (1, 2), "2 values are asked for, got int: 3"),
        ([1, "x"], (1, 2), "in position 2, a number is asked for, got str: 'x'"),
        ([None, 1], (1, 2), "in position 1, it is None; is there a return missing?"),
        ("x", 1.0, "a number is asked for, got str: 'x'"),
        (True, 1.0, "a number is asked for, got bool: True"),
        (
            T([1, 2]),
            1.0,
            "a number is asked for, got a tensor of shape (2,) and dtype torch.int64",
        ),
        (Other("dict", "{}"), 1.0, "a number is asked for, got dict {}"),
    ],
)
def test_kinds_that_cannot_be_right(value, expected, message):
    assert wrong_kind(value, expected) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), (T([2]), 1.0), (T(2.0), 1), ("a", "b"), (T([1]), T([2])), ([1], T([2]))],
)
def test_kinds_that_may_be_right(value, expected):
    assert wrong_kind(value, expected) == ""


def test_values_take_the_form_of_the_expected_one():
    assert type(like(T([2]), 1.5)) is float
    assert type(like(2, 3)) is int
    assert type(like(2.0, 3)) is int
    assert like(2.5, 3) == 2.5
    assert math.isnan(like(math.nan, 3))
    assert like("a", "b") == "a"
    assert like(T(True), False) is True
    first, second = like([[1, 2], T([3.0])], (T([0.5, 0.5]), 2))
    assert (first.dtype, first.tolist(), second) == (torch.float32, [1.0, 2.0], 3)
    assert like([1, 2], T([0, 0])).dtype == torch.int64
    assert like([1.5, 2], T([0, 0])).tolist() == [1.5, 2.0]  # nothing is cut off


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
        (math.inf, "inf"),
        (math.nan, "nan"),
        ([1.0, (2, True)], "[1.0, (2, True)]"),
        (list(range(12)), str(list(range(12)))),
        (list(range(13)), "13 values"),
        ("a", "'a'"),
        (named, "named"),
        (torch.nn.Identity(), "Identity"),
        (Other("dict", "{}"), "dict {}"),
        (Other("dict"), "dict"),
        ("x" * 298, repr("x" * 298)),
        ("x" * 299, "'" + "x" * 299 + "..."),
    ],
)
def test_values_are_shown_in_a_line(value, text):
    assert show(value) == text


def test_more_digits_are_shown_where_they_matter():
    assert show([math.pi, T([math.pi], dtype=torch.float64)], 12) == (
        "[3.14159265359, [3.14159265359]]"
    )
    assert shortened("x" * 300) == "x" * 300


def test_values_are_shown_with_what_they_are():
    assert with_kind(2) == "int: 2"
    assert with_kind(None) == "None"
    assert with_kind(Other("dict", "{}")) == "dict {}"
    assert with_kind(T([1])) == "a tensor of shape (1,) and dtype torch.int64"
