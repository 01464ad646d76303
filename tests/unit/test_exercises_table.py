"""Each exercise on answers that people give: no right one refused, no wrong one praised."""

import pytest
from exercise_answers import RIGHT, WRONG
from exercise_words import stored, words

from course_utils.exercises import find_exercises
from course_utils.exercises.grading import FunctionExercise

EXERCISES = find_exercises()
pytestmark = pytest.mark.usefixtures("unguarded")

#: Cases, from 0, that refuse no wrong answer which all others let pass: small ones that are seen
#: first, and such as tell mistakes apart. A case that is none of them goes, or gets its answer.
SEEN = {
    "1.2": "0 1 2 3", "1.4": "0 1 3", "2.2": "0", "2.3": "0 1", "2.4": "0", "2.5": "0",
    "3.2": "0 1 2", "3.3": "0 1 2", "3.4": "0 1 2", "3.5": "0 1 2", "4.3": "0 1 2 3 5",
    "4.4": "0 1 2 3 4 6", "4.5": "0 1 2 3 4 6 8", "5.3": "0 1", "5.4": "0 1 2 3", "5.5": "0 1 2",
    "6.2": "0 1", "6.3": "0 2", "6.4": "0 1 2 3", "6.5": "0 1 2 3", "6.6": "0 1", "7.2": "0 1",
    "7.3": "0 1 2 4 5 6 8 9 10", "7.4": "0 1 2 6 7 8 9", "8.2": "0 1 2", "8.3": "0 1 2 3",
    "8.4": "0 1 2 3", "8.5": "0 1", "9.3": "0 1 3 4 5 6 7", "9.4": "0 1 2", "9.5": "0 1 2 3 4 5",
    "10.2": "0 1 2 3", "10.3": "0 1", "10.4": "0 1", "10.5": "0 2 3", "11.2": "0 1 2 3 4",
    "11.3": "0 1 3", "11.5": "0 1 3",
}  # fmt: skip


@pytest.mark.parametrize("key", EXERCISES)
def test_there_are_answers_to_try(key):
    unlisted = [sentence for sentence, _ in WRONG[key] if not sentence]
    assert len(RIGHT[key]) >= 6
    assert len(WRONG[key]) >= 6
    assert len(unlisted) >= 3


@pytest.mark.parametrize("key", EXERCISES)
def test_sentences_and_cases_are_what_they_were(key):
    """After a wanted change: python tests/helpers/exercise_words.py, and read what differs."""
    assert words(EXERCISES[key]) == stored()[key]


def test_there_are_no_answers_without_an_exercise():
    assert set(RIGHT) == set(WRONG) == set(EXERCISES)


@pytest.mark.parametrize("key", EXERCISES)
def test_right_answers_are_right_in_any_form(key):
    for place, answer in enumerate(RIGHT[key]):
        verdict = EXERCISES[key].judge(answer)
        assert verdict, f"right answer {place} to {key}: {verdict}"


@pytest.fixture
def trials(monkeypatch):
    """What the judge saw of an answer, case by case; it goes through all of them."""
    seen, tried = [], FunctionExercise._try
    monkeypatch.setattr(FunctionExercise, "_is_settled", lambda *given: False)
    monkeypatch.setattr(
        FunctionExercise, "_try", lambda *given: seen.append(tried(*given)) or seen[-1]
    )
    return seen


@pytest.mark.parametrize("key", EXERCISES)
def test_wrong_answers_are_refused_and_named_if_they_have_a_name(key, trials):
    """Of the mistakes in the table, those are tried that none of the answers is."""
    exercise = EXERCISES[key]
    named = [*exercise.mistakes, *(sentence for sentence, _ in getattr(exercise, "bans", ()))]
    alone, said = set(), set()
    for place, (sentence, answer) in enumerate(WRONG[key]):
        trials.clear()
        verdict = exercise.judge(answer)
        where = f"wrong answer {place} to {key}: {verdict}"
        assert not verdict, where
        found = [name for name in named if name in verdict.message]
        said.add(max(found, default="", key=len))
        if sentence:
            assert sentence in verdict.message, where
        else:
            assert not found, where
        refused = [case for case, trial in enumerate(trials) if trial.problem]
        alone |= {*refused} if len(refused) == 1 else set()
    seen = [str(case) for case in range(len(trials)) if case not in alone]
    remedy = f"case {seen} alone refuses no wrong answer: add such answers, or list it in SEEN"
    assert seen == SEEN.get(key, "").split(), remedy
    assert len(exercise.mistakes) >= 3, "an exercise names three mistakes or more"
    for sentence, answer in exercise.mistakes.items():
        if sentence not in said:
            verdict = exercise.judge(answer)
            assert not verdict, sentence
            assert sentence in verdict.message
