"""What figures say, without a browser: deno runs them on a page made of texts and numbers."""

import atexit
import json
import math
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import deno

from course_utils.figures.base import InteractiveFigure

SCRIPT = Path(__file__).parents[1] / "unit/javascript/tell.js"


@dataclass(frozen=True)
class Told:
    """What stands in a figure.

    Attributes
    ----------
    text : all that can be read, a line for each part; cells of a table end in " | "
    spoken : what a screen reader hears
    labels : text alternatives and names of parts
    values : the numbers that are marked for tests, in full
    disabled : buttons that can't be pressed
    state : the model's state
    """

    text: str
    spoken: str
    labels: list[str]
    values: dict[str, float]
    disabled: list[str]
    state: dict[str, Any]


def told(figure: InteractiveFigure, *steps: dict, **more: Any) -> list[Told]:
    """Return what a figure says at first and after each step; ``more`` is added to its state.

    A step is ``{"click": text of a button}``, ``{"on": control, "to": position}``, ``{"key": "
    "name}``
    or ``{"set": {trait: value}}``.
    """
    return told_each(figure, [steps], **more)[0]


def told_each(figure: InteractiveFigure, ways: list, **more: Any) -> list[list[Told]]:
    """Return the same for several lists of steps, each taken from the figure's first state."""
    state = json.loads(json.dumps(figure.state())) | more
    orders = [{"module": figure._esm, "state": state, "steps": steps} for steps in ways]
    process = _deno()
    print(json.dumps(orders), file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return [[_as_told(answer) for answer in answers] for answers in answer["told"]]


@cache
def _deno() -> subprocess.Popen:
    """Start deno once; it ends with this process, which closes its input."""
    command = [deno.find_deno_bin(), "run", "--quiet", "--no-remote", "--no-check", SCRIPT]
    quiet = os.environ | {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8", env=quiet
    )
    atexit.register(process.communicate)
    return process


def _as_told(answer: dict) -> Told:
    values = {k: math.nan if v is None else float(v) for k, v in answer.pop("values").items()}
    return Told(**{k: plain(v) for k, v in answer.items()}, values=values)


def plain(value: Any) -> Any:
    """Return texts with the hyphen for the minus sign, and plain spaces."""
    if isinstance(value, str):
        return value.replace("\N{MINUS SIGN}", "-").replace("\u202f", " ")
    return [plain(v) for v in value] if isinstance(value, list) else value
