"""Each exercise on answers that people give: no right one refused, no wrong one praised."""

from importlib import import_module

import pytest
from exercise_answers import RIGHT, WRONG

from course_utils.exercises import find_exercises

EXERCISES = dict(find_exercises())
for _chapter in sorted({number.split(".")[0] for number in EXERCISES}, key=int):
    _module = import_module(f"course_utils.exercises.chapter_{int(_chapter):02d}")
    EXERCISES |= {f"{e.number} next": e for e in getattr(_module, "NEXT", ())}
# Exercises that are to be replaced have answers for what follows them only.
JUDGED = [key for key in EXERCISES if f"{key} next" not in EXERCISES]


@pytest.mark.parametrize("key", JUDGED)
def test_there_are_answers_to_try(key):
    unlisted = [sentence for sentence, _ in WRONG[key] if not sentence]
    assert len(RIGHT[key]) >= 6
    assert len(WRONG[key]) >= 6
    assert len(unlisted) >= 3


def test_there_are_no_answers_without_an_exercise():
    assert list(RIGHT) == list(WRONG)
    assert set(RIGHT) <= set(EXERCISES)


@pytest.mark.parametrize("key", RIGHT)
def test_right_answers_are_right_in_any_form(key):
    for place, answer in enumerate(RIGHT[key]):
        verdict = EXERCISES[key].judge(answer)
        assert verdict, f"right answer {place} to {key}: {verdict}"


@pytest.mark.parametrize("key", WRONG)
def test_wrong_answers_are_refused_and_named_if_they_have_a_name(key):
    exercise = EXERCISES[key]
    named = [*exercise.mistakes, *(sentence for sentence, _ in getattr(exercise, "bans", ()))]
    for place, (sentence, answer) in enumerate(WRONG[key]):
        verdict = exercise.judge(answer)
        where = f"wrong answer {place} to {key}: {verdict}"
        assert not verdict, where
        found = [name for name in named if name in verdict.message]
        if sentence:
            assert sentence in verdict.message, where
        else:
            assert not found, where
