"""Exercises that check themselves: ``check("2.3", answer)``; ``report()`` says what was solved.

How to write one
----------------
1. In the chapter: the statement (what is given, what is asked for, in which form, how many
   digits: a function is held to four, a value must be exact unless it has ``digits``), a cell
   ``answer = ...`` or a function whose body is ``return ...``, with ``check("2.3", answer)`` below,
   a hidden solution that ends in ``assert check("2.3", ...)``. The tests ask for this form.
2. In ``chapter_02.py``: a ``ValueExercise`` or a ``FunctionExercise`` in ``EXERCISES``.

   * ``reference`` solves it; ``cases`` go from one that can be done by hand to those in which
     wrong ways differ: a batch that isn't square, numbers far apart, a tie, an empty class.
   * ``mistakes`` are what people do, three at least, one sentence each, with the value or the
     function that does it. One is named only to who gave just these values on every case.
   * A way that the statement forbids goes into ``bans``, a type that it names into ``dtype`` or
     ``integers``, a gradient that it asks for into ``gradient``, a number of digits into
     ``digits`` or ``rtol``. What isn't checked isn't said.
3. In ``tests/helpers/exercise_answers.py``: at least six right answers in other forms and six wrong
   ones, three of which are none of the named mistakes. Take them from people, not from the
   reference.

Of the modules, ``answers`` reads what a learner gives, ``sandbox`` runs it, ``watching`` sees which
way it goes, ``grading`` judges it, ``reporting`` keeps the verdicts.
"""

from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from course_utils.exercises.grading import FunctionExercise, ValueExercise, Verdict
from course_utils.exercises.reporting import Report, Session
from course_utils.exercises.sandbox import same_conditions

Exercise = FunctionExercise | ValueExercise
SESSION = Session()


@cache
def find_exercises() -> dict[str, Exercise]:
    """Return all exercises by number, in the order of the chapters."""
    names = sorted(m.name for m in iter_modules(__path__) if m.name.startswith("chapter_"))
    with same_conditions():  # the cases are made once, with the defaults that chapters start with
        modules = [import_module(f"{__name__}.{name}") for name in names]
    return {exercise.number: exercise for m in modules for exercise in m.EXERCISES}


def check(number: str, answer: object) -> Verdict:
    """Judge an answer to an exercise.

    Parameters
    ----------
    number : str
        As printed in the chapter, such as "2.3".
    answer : value or function
        What the exercise asks for, in any form that holds it: a number may be an int, a float, a
        NumPy scalar or a tensor.

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
    exercise = exercises[number]
    try:
        verdict = exercise.judge(answer)
    except Exception as error:  # a fault of ours must not end a learner's notebook
        text = f"the judge itself failed ({type(error).__name__}: {error}); please report this."
        return Verdict(number, False, text)
    if verdict.message != "not attempted yet.":
        SESSION.add(number, exercise.title, verdict.passed)
    return verdict


def report(name: str = "") -> Report:
    """Return what was tried and solved since the kernel started.

    Parameters
    ----------
    name : str
        Whose report it is, for who collects several.

    Returns
    -------
    Report
        Prints as a table; ``report("Ada").save("ada.csv")`` writes it, or adds it to the file.
    """
    return Report([replace(record, name=name) for record in SESSION.records.values()])
