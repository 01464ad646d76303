"""The checker on every kind of answer, and every exercise on its own wrong answers."""

import ast
import json
import re
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from notebook_checks import code_cells, tree

from course_utils.exercises import check, find_exercises
from course_utils.exercises.grading import FunctionExercise, ValueExercise

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = find_exercises()
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))

DOUBLE = FunctionExercise(
    number="0.1",
    title="Double",
    reference=lambda x: 2 * x,
    cases=[(torch.tensor([1.0]),), (torch.tensor([1.0, -3.0]),)],
    hint="twice as much.",
    mistakes={"This is the square.": lambda x: x * x},
    properties=[("It should be even in x.", lambda value, x: bool((value / 2 == x).all()))],
)
HALF = ValueExercise("0.2", "Half", 0.5, "less than one.", {"That is the double.": 2.0})


def mutate(x):
    x *= 2
    return x.clone()


def shout(x):
    print("loud")
    return 2 * x


def forget(x):
    print(2 * x)


def loop(x):
    while True:
        pass


def stubborn(x):
    while True:
        with suppress(Exception):  # a bare except would not end either
            time.sleep(0.001)


def leave(x):
    raise SystemExit("bye")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: ..., "not attempted yet"),
        (lambda x: None, "is there a return missing"),
        (forget, "It prints, where it should return"),
        (lambda: 1, "called with 1 argument"),
        (lambda x, y: 1, "called with 1 argument"),
        (3.0, "a function is asked for, got float"),
        (lambda x: (2 * x).tolist(), "a tensor is asked for, got list"),
        (lambda x: (2 * x)[None], r"its shape is \(1, 1\), and should be \(1,\)"),
        (lambda x: (2 * x).double(), "its dtype is torch.float64, and should be torch.float32"),
        (mutate, "changes its input"),
        (lambda x: 1 / 0, "raised ZeroDivisionError: division by zero"),
        (leave, "raised SystemExit: bye"),
        (torch.exp, r"for \[1.0\] the result was \[2.71828\]"),  # tells no signature
        (lambda x: leave(x), "raised SystemExit"),
        (lambda x: x * x, r"for \[1.0\] the result was \[1.0\]. This is the square. It should be"),
        (
            lambda x: 3 * x,
            r"for \[1.0\] the result was \[3.0\]. It should be even in x. Hint: twice",
        ),
    ],
)
def test_each_bad_function_gets_its_own_message(answer, message):
    verdict = DOUBLE.judge(answer)
    assert not verdict
    assert re.search(message, repr(verdict))


@pytest.mark.parametrize("answer", [loop, stubborn])
def test_a_function_that_never_returns_is_ended(answer, monkeypatch):
    monkeypatch.setattr("course_utils.exercises.sandbox.call.__defaults__", (0.2,))
    begun = time.monotonic()
    assert "no answer within" in repr(DOUBLE.judge(answer))
    assert time.monotonic() - begun < 5


def test_a_right_function_passes_and_a_printing_one_is_told():
    assert DOUBLE.judge(lambda x: x + x).message == "right, on 2 cases."
    verdict = DOUBLE.judge(shout)
    assert verdict
    assert "It also prints" in verdict.message


@pytest.mark.parametrize(
    ("answer", "passed", "message"),
    [
        (..., False, "not attempted yet."),
        (0.5, True, "right."),
        (torch.tensor(0.5), True, "right."),
        (2, False, "That is the double."),
        (0.7, False, "0.7 is not it. Hint: less than one."),
        (float("nan"), False, "nan is not it"),
        (None, False, "it is None"),
        ("a", False, "a number is asked for, got str"),
        (True, False, "True is not it"),
    ],
)
def test_values(answer, passed, message):
    verdict = HALF.judge(answer)
    assert verdict.passed is passed
    assert message in repr(verdict)


def test_the_smallest_failing_case_is_named():
    def right_for_one(x):
        return 2 * x if len(x) == 1 else x

    assert "for [1.0, -3.0] the result was [1.0, -3.0]" in repr(DOUBLE.judge(right_for_one))


def test_a_mistake_that_is_right_on_a_case_is_not_named_there():
    square = replace(DOUBLE, cases=[(torch.tensor([2.0]),), (torch.tensor([3.0]),)])
    assert "square" not in repr(square.judge(lambda x: (2 * x).double()))
    assert "square" in repr(square.judge(lambda x: x * x))


def test_an_unknown_number_is_refused():
    with pytest.raises(ValueError, match=r"number must be one of .*, got '99.1'"):
        check("99.1", 0)


@pytest.mark.parametrize("number", EXERCISES)
def test_exercise(number):
    """The reference passes, a stub does not, and at least three wrong answers are named."""
    exercise = EXERCISES[number]
    is_function = isinstance(exercise, FunctionExercise)
    assert check(number, exercise.reference if is_function else exercise.expected)
    assert check(number, ... if not is_function else stub).message == "not attempted yet."
    assert len(exercise.mistakes) >= 3
    for sentence, wrong in exercise.mistakes.items():
        verdict = check(number, wrong)
        assert not verdict, sentence
        assert sentence in verdict.message


ODD = [
    *(None, 3, -1.5, float("nan"), 1 + 2j, "ab", b"x", object(), print, range(3)),
    *([], (), {}, {"a": 1}, {1, 2}, [1, 2], [None, None], (None, None), [[1.0], [2.0]]),
    *(["ab", "cd"], [(1, 2, 3)] * 2, (torch.zeros(2), torch.zeros(3))),
    *(torch.tensor(1.0), torch.zeros(0), torch.zeros(2, 2), torch.arange(3), torch.tensor([True])),
]


@pytest.mark.parametrize("number", EXERCISES)
def test_an_odd_answer_gets_a_verdict(number):
    """Whatever a learner returns: no error, and no praise."""
    for odd in ODD:
        is_function = isinstance(EXERCISES[number], FunctionExercise)
        verdict = check(number, (lambda *args, odd=odd: odd) if is_function else odd)
        assert not verdict, odd


def even_shares(n, p):
    return [(r * n // p, (r + 1) * n // p) for r in range(p)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, p: [(r * n / p, (r + 1) * n / p) for r in range(p)],
        lambda n, p: [(*pair, n) for pair in even_shares(n, p)],
        lambda n, p: [(0, n + 1), *[(n + 1, n)] * (p - 1)],
        lambda n, p: [(0, 3), (3, 4)] if n == 4 else even_shares(n, p),
    ],
    ids=["fractions", "triples", "a negative share", "two apart"],
)
def test_shares_that_are_none(wrong):
    assert check("11.2", even_shares)
    assert not check("11.2", wrong)


def stub(*args):
    return ...


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter_has_four_exercises_each_with_a_stub_and_a_checked_solution(path):
    numbers = [n for n in EXERCISES if n.split(".")[0] == str(int(path.name[:2]))]
    assert len(numbers) >= 4
    cells = json.loads(path.read_text())["cells"]
    code = {"".join(c["source"]): c for c in cells if c["cell_type"] == "code"}
    for number in numbers:
        solved = [s for s in code if f'assert check("{number}"' in s]
        assert len(solved) == 1, f"{number} has {len(solved)} checked solutions"
        (stubbed,) = [s for s in code if f'check("{number}"' in s and s not in solved]
        shown = "".join(str(o.get("data", {}).get("text/plain")) for o in code[stubbed]["outputs"])
        assert f"Exercise {number}: not attempted yet." in shown
    label = [f"ex-{n.replace('.', '-')}" for n in numbers]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert re.findall(r":label: (ex-\S+)", text) == label
    assert re.findall(r"\{solution-start\} (ex-\S+)", text) == label


def definitions(cell):
    """Imports, functions, classes; constants too, where an exercise is set."""
    kinds = ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef
    if ast.unparse(cell.body[-1]).startswith("check("):
        kinds += (ast.Assign,)
    return [node for node in cell.body if isinstance(node, kinds)]


def solution(cell):
    """Return the number of the exercise a cell solves, and what its check needs of the cell."""
    for i, node in enumerate(cell.body):
        if number := re.match(r"assert check\('([^']+)'", ast.unparse(node)):
            before = cell.body[:i]
            if isinstance(EXERCISES[number[1]], FunctionExercise):
                before = definitions(ast.Module([*before, node], []))
            return number[1], [*before, node]
    return None, definitions(cell)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_the_solutions_of_a_chapter_pass(path):
    """Each on the definitions of the chapter alone: what nbval sees, but in a second."""
    chapter, passed = {}, []
    for cell in map(tree, code_cells(json.loads(path.read_text()))):
        number, statements = solution(cell)
        code = compile(ast.Module(statements, []), path.name, "exec")
        exec(code, dict(chapter) if number else chapter)
        passed += [number] if number else []
    assert passed == [n for n in EXERCISES if n.split(".")[0] == str(int(path.name[:2]))]
