"""What figures say, without a browser: deno runs them on a page made of texts and numbers."""

import atexit
import json
import math
import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import deno

from course_utils.figures.base import InteractiveFigure

SCRIPT = Path(__file__).parents[1] / "unit/javascript/tell.js"
STORED = Path(__file__).parents[1] / "unit/figure_words.txt"
NARROW, WIDE = 260, 640
SKIP = {"click": "Skip the question"}


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
    ways : what can be done in it, as steps
    table : texts of the figure's words by their place; of functions(), those they returned
    drawn : marks of each kind, class and colour: how many, and where on the average
    sliders : name, ends and step of each
    samples : what the functions() of that table say of "<1>", "<2>", or of numbers; without steps
    """

    text: str
    spoken: str
    labels: list[str]
    values: dict[str, float]
    disabled: list[str]
    state: dict[str, Any]
    ways: list[dict[str, Any]]
    table: dict[str, list[str]]
    samples: dict[str, str]
    drawn: list[str]
    sliders: list[str]


def told(figure: InteractiveFigure, *steps: dict, **more: Any) -> list[Told]:
    """Return what a figure says at first and after each step; ``more`` is added to its state.

    A step is ``{"click": text of a button}``, ``{"on": control, "to": position}``,
    ``{"key": name}``, ``{"set": {trait: value}}`` or ``{"wide": pixels of each plot}``.
    """
    return told_each(figure, [steps], **more)[0]


def told_each(figure: InteractiveFigure, ways: list, **more: Any) -> list[list[Told]]:
    """Return the same for several lists of steps, each taken from the figure's first state."""
    state = json.loads(json.dumps(figure.state())) | more
    order = {"module": figure._esm, "state": state, "page": getattr(figure, "page", None)}
    orders = [order | {"steps": steps} for steps in ways]
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
    answer["samples"] = {place: plain(text) for place, text in answer["samples"].items()}
    return Told(**{k: plain(v) for k, v in answer.items()}, values=values)


def plain(value: Any) -> Any:
    """Return texts with the hyphen for the minus sign, and plain spaces."""
    if isinstance(value, str):
        return value.replace("\N{MINUS SIGN}", "-").replace("\u202f", " ")
    return [plain(v) for v in value] if isinstance(value, list) else value


def walk(figure: InteractiveFigure, *more: list[dict], **away: Any) -> tuple[list[str], dict]:
    """Press each button and move each control to its ends, at first and where the state is ``away``
    from there; take the steps of ``more``, too.

    Returns
    -------
    What is new in words after each way, a line a way; what the figure would say that was not seen;
    what is drawn where, and what is said in print; and the places in the table of words of which
    nothing was seen, with the texts they have.
    """
    (first,) = told(figure)
    skip = [SKIP] * (SKIP in first.ways)
    far = [*skip, {"set": away}, {"wide": WIDE}]
    pages = told_each(figure, [skip, far, [*skip, {"wide": NARROW}]])
    opened, there, narrow = (told[-1] for told in pages)
    guesses = [[way] for way in first.ways if skip and "click" in way]
    starts = [(skip, opened), (far, there)][: 1 + bool(away)]
    ways = [[], *guesses, *([*start, way] for start, page in starts for way in page.ways), *more]
    lines: list[str] = []
    everything: dict[str, None] = {}
    heard: dict[str, set[str]] = {}
    told_ways = told_each(figure, ways)
    ends = [pages[-1] for pages in told_ways[len(ways) - len(more) :]]
    for way, pages in zip(ways, told_ways, strict=True):
        said = dict.fromkeys(part for page in pages for part in parts(page))
        new = [part for part in said if part not in everything and re.search(r"\w", part)]
        everything |= said
        name = " ".join(str(v) for step in way[-1:] for v in step.values()).strip()
        lines += [f"{name or 'at first'}: {' / '.join(new)}"] * bool(new)
        for place, texts in pages[-1].table.items():
            heard.setdefault(place, set()).update(plain(t).strip() for t in texts)
    text = "\n".join(everything)
    unseen = {p: said for p, said in heard.items() if not any(t in text for t in said)}
    lines += [f"unseen: {' / '.join(sorted(said))}" for said in unseen.values() if said]
    lines += [f"table: {said}" for place, said in first.samples.items() if said not in text]
    drawn: dict[str, None] = {}
    for page in (opened, there, narrow, *ends):
        new = [mark for mark in page.drawn if mark not in drawn]
        drawn |= dict.fromkeys(new)
        lines += [f"drawn: {' / '.join(new)}"] * bool(new)
    sliders = dict.fromkeys(opened.sliders + there.sliders)
    lines += [f"sliders: {' / '.join(sliders)}"] * bool(sliders)
    for start in [{}, away][: 1 + bool(away)]:
        for trait, value in start.items():
            setattr(figure, trait, value)
        lines.append(f"in print: {re.search('<p>(.*)</p>', figure.static_html())[1]}")
    return lines, unseen


def parts(page: Told) -> list[str]:
    """Return what is read and heard, in parts."""
    aloud = [f"aloud: {page.spoken}"] * bool(page.spoken)
    return [*page.text.split("\n"), *page.labels, *aloud]


def stored() -> dict[str, list[str]]:
    """Return what STORED keeps of each figure's walk."""
    parts = re.split(r"^# (.+)\n", STORED.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name: text.splitlines() for name, text in zip(parts[::2], parts[1::2], strict=True)}
