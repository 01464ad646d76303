"""A deck that is written by hand: `decks/lecture.md`, Markdown with a few marks of its own.

    # Softmax from one demand · 8         a section, with its minutes; the first names the deck
    # (Linear regression · 4)             one that may be left out
    ## Why not divide by the sum?         a slide
    > Is the dog twice as probable?       a question
    . . .                                 what follows comes with the next press
    Note:                                 what follows, up to the next slide, is for who speaks

Formulas, figures, code and exercises have one source, the chapters. A line takes them from there:

    {equation 1.3}  {figure 3.1}  {figure 6.2 beside}  {figure 9.1 left}  {code 1 softmax_naive}
    {exercise 1.2}  {exercise 7.4 first}  {solution 1.2}  {hint 1.2}  {still rates.svg beside later}
    {live 2 JacobianExplorer with column=1 without .tries}    in this state, without these parts
    {live 7 BrowserRegression in columns}             its parts beside each other
    {minutes}                                         what begins at which minute
    {section lecture 1.3}                             the slides of a section of another deck
"""

import ast
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from html import escape
from io import BytesIO
from itertools import accumulate, groupby
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode
from pieces import DISPLAY, Piece, code, html, outputs, pieces
from PIL import Image

from course_utils.exercises import find_exercises

ROOT = Path(__file__).resolve().parents[1]
DECKS = ROOT / "decks"
SHARED = re.compile(r"(?m)^\{section (\S+) (\S+)\}$")
SECTION = re.compile(r"(?m)^# (\()?(.+?) · (\d+)\)?\n")
TAKEN = re.compile(r"(?m)^\{(\w+.*)\}$")
Section = tuple[str, int, bool]  # title, minutes, whether it may be left out


@cache
def chapter(number: str) -> NotebookNode:
    """The notebook of a chapter, by its number or that of something in it, like 2.1."""
    (path,) = (ROOT / "chapters").glob(f"{int(number.split('.')[0]):02}_*.ipynb")
    return nbformat.read(path, as_version=4)


@cache
def shown(number: str) -> list[Piece]:
    """The pieces of a chapter."""
    return list(pieces(chapter(number)))


def equation(number: str) -> str:
    """A display, by the number behind it."""
    text = "\n\n".join(c.source for c in chapter(number).cells if c.cell_type == "markdown")
    return html(next(d for d in DISPLAY.findall(text) if f"\\tag{{{number}}}" in d))


def figure(number: str, *how: str) -> str:
    """A picture, by the number in the caption below it; "beside" puts it on the right of words.

    Of two plots beside each other "left" and "right" take one; "later" waits for the next press.
    """
    cells = chapter(number).cells
    at = next(i for i, c in enumerate(cells) if c.source.startswith(f"**Figure {number}.**"))
    drawn = [piece.html for cell in cells[:at] for piece in outputs(cell) if "<img" in piece.html]
    shown = drawn[-1].replace("<img ", f'<img class="{" ".join(how)}" ')
    if not {"left", "right"} & {*how}:
        return shown
    cut = partial(half, right="right" in how)
    return re.sub('(?<=base64,)(.*?)"(.*)style=".*?"', cut, shown)


def still(name: str, *how: str) -> str:
    """A drawing that lies in `decks`, also "beside" the words, or "later"."""
    return f'<div class="{" ".join(how)}">{(DECKS / name).read_text("utf-8")}</div>'


def half(found: re.Match[str], *, right: bool) -> str:
    """One plot of two, cut in the widest gap near the middle, and as large as there is room."""
    whole = Image.open(BytesIO(b64decode(found[1])))
    blank = np.asarray(whole.convert("L")).min(axis=0) > 250
    near = range(2 * whole.width // 5, 3 * whole.width // 5)
    gaps = [list(gap) for white, gap in groupby(near, key=blank.__getitem__) if white]
    widest = max(gaps, key=len)
    cut = widest[len(widest) // 2]
    part = BytesIO()
    box = (cut, 0, whole.width, whole.height) if right else (0, 0, cut, whole.height)
    whole.crop(box).save(part, "PNG")
    return f'{b64encode(part.getvalue()).decode()}"{found[2]}style="width: 45em"'


def definition(number: str, name: str) -> str:
    """A function or a class of a chapter."""
    cell = next(c for c in chapter(number).cells if re.search(rf"(def|class) {name}\b", c.source))
    found = next(s for s in ast.parse(cell.source).body if getattr(s, "name", "") == name)
    first = min(part.lineno for part in (found, *found.decorator_list))
    lines = cell.source.splitlines()[first - 1 : found.end_lineno]
    return "".join(piece.html for piece in code("\n".join(lines)))


def live(number: str, name: str, *how: str) -> str:
    """An interactive figure, by a word of its code, "with" these values, "without" these parts.

    "in columns" its parts stand beside each other, also where it isn't higher than a slide.
    """
    drawn = (c for c in chapter(number).cells if "data-afm" in str(c.get("outputs")))
    page = next(outputs(next(c for c in drawn if name in c.source))).html
    state, _, without = " ".join(how).partition("without ")
    columns = " data-columns" * ("in columns" in state)
    for key, value in (word.split("=") for word in state.split() if "=" in word):
        page, found = re.subn(rf'(?<="{key}": )(\[.*?\]|[^,}}]+)', value, page)
        if not found:
            raise ValueError(f"{name} has no {key}")
    return f'<div data-without="{", ".join(without.split())}"{columns}>{page}</div>'


def exercise(number: str, how: str = "", *, solved: bool = False) -> str:
    """What an exercise asks for, "first" without what comes after that, or its solution."""
    parts = (p for p in shown(number.split(".")[0]) if p.exercise == number)
    these = [p.html for p in parts if (p.kinds == "solution") == solved]
    return re.sub("(?s)<h3>.*?</h3>", "", "".join(these[:1] if how else these))


def minutes(sections: Sequence[Section]) -> str:
    """What begins at which minute, but for the opening."""
    now = accumulate(time for _, time, _ in sections)
    rows = [
        f"- **{start}** {f'({title})' if extra else title}"
        for start, (title, _, extra) in zip(now, sections[1:], strict=False)
    ]
    return f'<div class="minutes">{html(chr(10).join(rows))}</div>'


def hint(number: str) -> str:
    """What the notebook says to those who ask for a hint."""
    return html(f"*Hint:* {find_exercises()[number].hint}")


TAKES: dict[str, Callable[..., str]] = {
    "equation": equation,
    "figure": figure,
    "code": definition,
    "live": live,
    "exercise": exercise,
    "solution": partial(exercise, solved=True),
    "hint": hint,
    "still": still,
}


def step(text: str, kinds: str, table: str = "") -> Iterator[Piece]:
    """What one press shows: a piece, and one for each interactive figure."""
    words = ""
    for i, part in enumerate(TAKEN.split(text)):
        kind, *names = part.split() or [""]
        if not i % 2:
            words += html(part)
        elif kind == "minutes":
            words += table
        else:
            try:
                found = TAKES[kind](*names)
            except (KeyError, StopIteration, TypeError, ValueError, OSError) as error:
                raise ValueError(f"{{{part}}} is not in the chapters") from error
            if kind == "live":
                yield from [Piece(words, kinds)] if words else []
                yield Piece(found, f"figure {kinds}")
            words = "" if kind == "live" else words + found
    if words.strip():
        yield Piece(words, kinds)


def shared(found: re.Match[str]) -> str:
    """The slides of a section of another deck, by the number that its title begins with."""
    _, *parts = SECTION.split((DECKS / f"{found[1]}.md").read_text("utf-8"))
    titles = zip(parts[1::4], parts[3::4], strict=True)
    for title, words in titles:
        if title.startswith(f"{found[2]} "):
            return words.strip()
    raise ValueError(f"{found[0]}: that deck has no such section")


def body(text: str) -> str:
    """The pieces of a deck."""
    before, *parts = SECTION.split(SHARED.sub(shared, text))
    if before.strip() or not parts:
        raise ValueError('a deck begins with its title and minutes, "# My lecture · 2"')
    sections = [
        (title, int(time), bool(extra))
        for extra, title, time in zip(parts[::4], parts[1::4], parts[2::4], strict=True)
    ]
    page, now, table = "", 0, minutes(sections)
    for (title, time, extra), words in zip(sections, parts[3::4], strict=True):
        now += time
        marks = f'data-chapter="{escape(title)}" data-until="{now}" '
        told = f"**{time} minute{'s' * (time > 1)}, to minute {now}.**"
        told += " May be left out: → goes on to the next section." * extra
        first, *others = re.split(r"(?m)^(?=## )", words)
        for slide in [f"# {title}\n\n{first}", *others] if first.strip() else others:
            seen, _, note = slide.partition("\nNote:\n")
            steps = re.split(r"(?m)^\. \. \.$", seen)
            these = [p for i, s in enumerate(steps) for p in step(s, "later" * (i > 0), table)]
            these[0].kinds += " slide" + " extra" * (extra and bool(marks))
            these += step(f"{told}\n\n{note}", "note")
            for piece in these:
                page += f'<div {marks}class="piece {piece.kinds}">{piece.html}</div>\n'
                marks = told = ""
    return page
