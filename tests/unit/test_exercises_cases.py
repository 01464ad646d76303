"""What the cases of an exercise tell apart, beside the wrong answers that people gave."""

from inspect import signature

import pytest
import torch
from torch import Tensor

from course_utils.exercises import chapter_06, find_exercises
from course_utils.exercises.grading import FunctionExercise

pytestmark = pytest.mark.usefixtures("unguarded")
FUNCTIONS = {n: e for n, e in find_exercises().items() if isinstance(e, FunctionExercise)}

#: Names of arguments that are never negative.
SIZES = """target temperature smoothing probs q totals output inputs train test images X means
losses lr lr_end momentum limit weight mistake asking old new speeds fixed shared exchange
batches"""
#: What a careless answer does to an argument; on arrays of how many axes; of floating-point
#: numbers or of integers; arguments that it doesn't change or may change.
CARELESS = {
    "takes the sizes of": (torch.abs, 0, True, {*SIZES.split()}),
    "rounds": (torch.round, 0, True, {"3.5 weight", "4.5 a", "11.3 gradients"}),
    "sorts": (lambda a: a.sort(-1)[0], 1, True, {"1.4 scores"}),
    "takes the first row for all of": (lambda a: a[:1].expand_as(a), 2, True, set()),
    "takes zeros for": (torch.zeros_like, 1, False, set()),
    "takes the order for": (lambda a: a.sort(-1)[0], 1, False, {"7.2 labels"}),
}


def leaves(value):
    """The tensors of an argument, in lists and tuples, too; floats as tensors."""
    if isinstance(value, list | tuple):
        return [leaf for part in value for leaf in leaves(part)]
    as_tensor = torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value
    return [as_tensor] if isinstance(as_tensor, Tensor) else []


def changed(value, change, applies):
    """An argument with the change in each of the leaves to which it applies."""
    if isinstance(value, list | tuple):
        return type(value)(changed(part, change, applies) for part in value)
    if not leaves(value) or not applies(leaves(value)[0]):
        return value
    new = change(leaves(value)[0]).clone()
    return new.item() if isinstance(value, float) else new


@pytest.mark.parametrize("number", FUNCTIONS)
def test_no_case_lets_a_careless_answer_pass(number):
    """Each argument has a case in which it shows what the answer did to it."""
    exercise = FUNCTIONS[number]
    cases = exercise.cases() if callable(exercise.cases) else exercise.cases
    names = [*signature(exercise.reference).parameters][: len(cases[0])]
    for kind, (change, axes, floating, spared) in CARELESS.items():

        def applies(a, axes=axes, floating=floating):
            return a.is_floating_point() == floating and a.dtype != torch.bool and a.ndim >= axes

        for place, name in enumerate(names):
            found = [leaf for case in cases for leaf in leaves(case[place]) if applies(leaf)]
            if not found or {name, f"{number} {name}"} & spared:
                continue

            def careless(*args, place=place, change=change, applies=applies):
                new = changed(args[place], change, applies)
                return exercise.reference(*args[:place], new, *args[place + 1 :])

            assert not exercise.judge(careless), (
                f"{number}: an answer passes that {kind} {name}; add a case that tells, or, if it "
                f'is right, "{number} {name}" to its line in CARELESS'
            )


def test_parts_that_hold_each_image_once_may_have_any_order():
    first, second = torch.tensor([2, 0]), torch.tensor([1])
    labels = torch.zeros(3)
    assert chapter_06.disjoint((first, second), labels)
    assert not chapter_06.disjoint((first, first), labels)
    assert not chapter_06.disjoint((first, second + 1), labels)
