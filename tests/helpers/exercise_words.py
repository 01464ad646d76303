"""What each exercise says and asks, word for word; run it to store what was changed on purpose."""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_utils.exercises.answers import show
from course_utils.exercises.grading import FunctionExercise
from course_utils.exercises.sandbox import same_conditions

STORED = Path(__file__).parents[1] / "unit/exercise_words.txt"


def words(exercise: Any) -> list[str]:
    """Return title, hint, each sentence that may be said, each case with what is right."""
    sentences, cases = [*exercise.mistakes], []
    if isinstance(exercise, FunctionExercise):
        sentences += [*exercise.errors, *(s for s, _ in [*exercise.properties, *exercise.bans])]
        with same_conditions():
            made = exercise.cases() if callable(exercise.cases) else exercise.cases
            for args in made:
                right = brief(exercise._given(exercise.reference, args))
                cases.append(f"case {', '.join(map(brief, args))}: {right}")
    return [exercise.title, f"Hint: {exercise.hint}", *sentences, *cases]


def brief(value: object) -> str:
    """Return a value in a few digits; of many, their mean size and where they lean."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(brief, value))}]"
    if isinstance(value, Tensor) and value.numel() > 9:
        v = value.detach().double().nan_to_num(0, 0, 0).flatten()
        size = v.abs().mean().item()
        lean = (v @ torch.linspace(1, 2, len(v)).double() / len(v)).item() / (size or 1)
        return f"{tuple(value.shape)} of {size:.3g}, {lean:.2f}"
    return re.sub(r" at 0x\w+", "", show(value, 3))


def stored() -> dict[str, list[str]]:
    """Return what STORED keeps of each exercise."""
    parts = re.split(r"^# (.+)\n", STORED.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {key: text.splitlines() for key, text in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    from course_utils.exercises import find_exercises

    said = (f"# {key}\n" + "\n".join(words(e)) + "\n" for key, e in find_exercises().items())
    STORED.write_text("".join(said), encoding="utf-8")
