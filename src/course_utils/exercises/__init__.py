"""Exercises that check themselves: ``check("2.3", answer)``.

``sandbox`` runs a learner's function safely, ``grading`` judges answers, and each chapter's
exercises stand as data in ``chapter_NN``.
"""

from importlib import import_module
from pkgutil import iter_modules

from course_utils.exercises.grading import FunctionExercise, ValueExercise, Verdict

Exercise = FunctionExercise | ValueExercise


def find_exercises() -> dict[str, Exercise]:
    """Return all exercises by number, in the order of the chapters."""
    names = sorted(m.name for m in iter_modules(__path__) if m.name.startswith("chapter_"))
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return {exercise.number: exercise for m in modules for exercise in m.EXERCISES}


def check(number: str, answer: object) -> Verdict:
    """Judge an answer to an exercise.

    Parameters
    ----------
    number : str
        As printed in the chapter, such as "2.3".
    answer : value or function
        What the exercise asks for.

    Returns
    -------
    Verdict
        Prints as a sentence; true if the answer is right.

    Raises
    ------
    ValueError
        There is no exercise with this number.
    """
    exercises = find_exercises()
    if number not in exercises:
        raise ValueError(
            f'number must be one of {", ".join(exercises)}, as a string such as "2.3", '
            f"got {number!r}"
        )
    return exercises[number].judge(answer)
