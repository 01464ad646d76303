"""Every exercise on its own right and wrong answers and on odd ones; those of the chapters."""

import ast
import json
import os
import re
import subprocess
import sys
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from notebook_checks import code_cells, tree

from course_utils.exercises import check, find_exercises
from course_utils.exercises.grading import FunctionExercise, as_it_is

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = find_exercises()
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))


def test_an_unknown_number_is_refused():
    with pytest.raises(ValueError, match=r"number must be one of .*, got '99.1'"):
        check("99.1", 0)


@pytest.mark.parametrize("number", EXERCISES)
def test_the_reference_passes_and_a_stub_does_not(number):
    exercise = EXERCISES[number]
    is_function = isinstance(exercise, FunctionExercise)
    assert check(number, exercise.reference if is_function else exercise.expected)
    assert check(number, ... if not is_function else stub).message == "not attempted yet."


FUNCTIONS = [n for n, exercise in EXERCISES.items() if isinstance(exercise, FunctionExercise)]


@pytest.mark.parametrize("number", FUNCTIONS)
def test_an_answer_that_knows_the_first_case_only_is_refused(number):
    exercise = EXERCISES[number]
    cases = exercise.cases() if callable(exercise.cases) else exercise.cases
    copies = deepcopy(cases[0])
    known = exercise.reference(*copies)
    if exercise.observe is None:
        assert not check(number, lambda *args: known)
    assert len(cases) > 1


class Hostile:
    """Nearly every way to look at it raises."""

    def _fail(self, *args):
        raise RuntimeError("don't look")

    __eq__ = __bool__ = __repr__ = __str__ = __len__ = __iter__ = __getattr__ = _fail
    __hash__ = None


class HostileList(list):
    __iter__ = __len__ = __getitem__ = __repr__ = Hostile._fail


class HostileNumber(float):
    __float__ = __repr__ = __eq__ = Hostile._fail


class HostileArray:
    def __array__(self, *args, **kwargs):
        raise SystemExit


class HostileTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("don't touch")


def endless_list():
    """A list that holds itself."""
    found = []
    found.append(found)
    return found


# What may be of the kind that is asked for, so that an exercise itself looks at it.
ODD = [
    *(None, 3, -1.5, float("nan"), "ab", [1, 2], [[1.0], [2.0]], [(1, 2, 3)] * 2, [[1], [2, 3]]),
    *((torch.zeros(2), torch.zeros(3)), torch.tensor(1.0), torch.zeros(0), torch.zeros(2, 2)),
    *(torch.arange(3), torch.tensor([True])),
]
# What is refused alike by all exercises that ask for the same kind.
HARD = [
    *(1 + 2j, b"x", object(), print, range(3), [], (), {}, {"a": 1}, {1, 2}, [None, None]),
    *((None, None), ["ab", "cd"], [[]]),
    *(torch.zeros(2, device="meta"), torch.zeros(2, 2).to_sparse(), torch.tensor([1 + 2j])),
    *(torch.zeros(1).expand(10**12), torch.full((2,), float("nan")), 10**400, np.array(["a"])),
    *(np.array(None), np.array([[1, "a"]], dtype=object), torch.nn.Linear(2, 2), torch.float32),
    endless_list(),
    *(Hostile(), HostileList([1]), HostileTensor([1.0]), HostileNumber(1), HostileArray()),
]


# One of each kind: a number, two numbers, functions that return one, several, tensors, pairs.
KINDS = ["1.1", "10.1", "4.5", "6.4", "1.2", "6.3", "11.2", "4.3"]


def assert_refused(number, odd):
    is_function = isinstance(EXERCISES[number], FunctionExercise)
    verdict = check(number, (lambda *args: odd) if is_function else odd)
    assert not verdict
    assert "judge itself" not in verdict.message
    assert len(verdict.message) < 3000


@pytest.mark.parametrize("number", EXERCISES)
def test_an_odd_answer_gets_a_verdict(number, unguarded):
    """Whatever a learner returns: no error, and no praise."""
    for odd in ODD:
        assert_refused(number, odd)


LOOKS_FIRST = [n for n in FUNCTIONS if EXERCISES[n].observe or EXERCISES[n].form is not as_it_is]


@pytest.mark.parametrize("number", dict.fromkeys(KINDS + LOOKS_FIRST))
def test_an_answer_that_nobody_can_look_at_gets_one(number):
    for odd in HARD:
        assert_refused(number, odd)


def test_a_tensor_of_ragged_rows_gets_a_verdict():
    rows = [torch.zeros(1), torch.zeros(2)]
    assert_refused("1.2", torch.nested.nested_tensor(rows, layout=torch.jagged))


def by_speed(n, speeds):
    ends = [int(n * sum(speeds[:i]) / sum(speeds) + 0.5) for i in range(len(speeds) + 1)]
    return [stop - start for start, stop in pairwise(ends)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n, speeds: [n * speed / sum(speeds) for speed in speeds],
        lambda n, speeds: [(count, n) for count in by_speed(n, speeds)],
        lambda n, speeds: [n + 1, *[0] * (len(speeds) - 2), -1],
        lambda n, speeds: [4, 0] if n == 4 else by_speed(n, speeds),
    ],
    ids=["fractions", "pairs", "a negative count", "one off"],
)
def test_shares_that_are_none(wrong):
    assert check("11.2", by_speed)
    assert not check("11.2", wrong)


def stub(*args):
    return ...


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter_has_four_exercises_each_with_a_stub_and_a_checked_solution(path):
    numbers = [n for n in EXERCISES if n.split(".")[0] == str(int(path.name[:2]))]
    assert len(numbers) >= 4, "a chapter has four exercises or more"
    cells = json.loads(path.read_text())["cells"]
    code = {"".join(c["source"]): c for c in cells if c["cell_type"] == "code"}
    for number in numbers:
        solved = [s for s in code if f'assert check("{number}"' in s]
        assert len(solved) == 1, f"{number} has {len(solved)} checked solutions"
        (stubbed,) = [s for s in code if f'check("{number}"' in s and s not in solved]
        shown = "".join(str(o.get("data", {}).get("text/plain")) for o in code[stubbed]["outputs"])
        assert f"Exercise {number}: not attempted yet." in shown
        assert solved[0].startswith(f"# Solution {number}\n")
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    assert re.findall(r"^### Exercise (\S+): ", text, re.MULTILINE) == numbers


STARTS_PROCESSES = {"11.6"}  # that takes longer; nbval runs its solution


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
        if number not in STARTS_PROCESSES:
            exec(code, dict(chapter) if number else chapter)
        passed += [number] if number else []
    assert passed == [n for n in EXERCISES if n.split(".")[0] == str(int(path.name[:2]))]


FIRST_CHECKS = """
import os, sys
from course_utils.exercises import check, find_exercises
find_exercises()
assert 'torch._dynamo' not in sys.modules
seen = []
for number in sys.argv[1:]:  # each in a process that has made no optimizer
    if os.fork() == 0:
        check(number, lambda *args: seen.append('torch._dynamo' in sys.modules))
        os._exit(not seen or not all(seen))
    print(number, os.wait()[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows can't copy a process")
@pytest.mark.processes
def test_torchs_compiler_is_imported_by_no_exercise_and_before_the_learners_time_runs():
    """It takes seconds: all chapters are imported by the first check, and it by an optimizer."""
    numbers = ["8.2", "8.3", "8.5"]
    command = [sys.executable, "-c", FIRST_CHECKS, *numbers]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line.split() for line in done.stdout.splitlines()] == [[n, "0"] for n in numbers]
