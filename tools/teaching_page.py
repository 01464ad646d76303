"""What `pages/teaching.md` says: what a teacher asks at a section, and plans.

A plan makes a deck: it opens with its aim, has time for sections, exercises and breaks, and ends
with what to take home.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pieces import Piece, Section, html, sentences

from course_utils.exercises import find_exercises

TEACHING = Path(__file__).resolve().parents[1] / "pages" / "teaching.md"
ASKED = re.compile(r"(?s)\*\*Ask( at the end)?:\*\*(.*?)\*Likely reply:\*.*?\*Answer:\*(.*)")
PLAN = re.compile(r"(?ms)^\*\*((Lecture|Session \d)\b.*?)\*\*\n: (.*?)(?=\n\n)")
FIELD = re.compile(
    r"\*(Aim|Formulas|Prepare|Plan|Closing|Take home|At home|Exercise \d+\.\d+):\* *"
)
PLANNED = re.compile(r"(\()?((?:exercise |figure )?\d+\.\d+|opening|break|closing) · (\d+)")
SLIP = re.compile(r"(?s)\*(?:Exercise )?(\d+\.\d+):\*(.*?)(?=\*(?:Exercise )?\d+\.\d+:\*|\n\n|\Z)")
DEMONSTRATED = "7.0"  # the section of a plan that the demonstration follows
SOLVED = 5  # minutes of an exercise for its solution
ROLE = re.compile(r"\{\w+\}`([^`<]+?)(?: <[^`>]*>)?`")  # a reference of the book


class Planned(NamedTuple):
    """What a plan has time for: a section like 2.1, "exercise 2.1", "figure 6.2", or "break"."""

    name: str
    minutes: int
    extra: bool  # may be left out


class Plan(NamedTuple):
    """A lecture or a session."""

    title: str
    items: list[Planned]
    words: dict[str, str]  # what stands behind *Aim:*, *Formulas:* and so on


def teachers_notes(page: str) -> dict[str, str]:
    """What a teacher asks and says at sections, by their numbers, and at a figure."""
    return dict(re.findall(r"(?m)^((?:figure )?\d+\.\d+)\n: ((?:.+\n)+)", page))


def plans(page: str) -> dict[str, Plan]:
    """The plans, by the names of their decks: "lecture", "session-1"."""
    found = {}
    for title, name, lines in PLAN.findall(ROLE.sub(r"\1", page)):
        _, *parts = FIELD.split(lines)
        words = dict(zip(parts[::2], parts[1::2], strict=True))
        items = [
            Planned(item, int(minutes), bool(extra))
            for extra, item, minutes in PLANNED.findall(words.get("Plan", ""))
        ]
        found[name.lower().replace(" ", "-")] = Plan(title, items, words)
    return found


def question(asked: str, answer: str, kinds: str) -> Piece:
    """A question of which a slide tells the answer later."""
    return Piece(
        f'<div class="question">{html(asked)}</div><div class="answer">{html(answer)}</div>',
        f"ask {kinds}",
    )


def noted(words: str) -> tuple[str, list[Piece], list[Piece], list[Piece]]:
    """What is said of a section: first, what is asked first and at the end, what is said then.

    Each question stands before its note, with the reply to be ready for.
    """
    first, *parts = re.split(r"(?=\*\*Ask|\*Say:\*)", words)
    now: list[Piece] = []
    end: list[Piece] = []
    then: list[Piece] = []
    for part in parts:
        note = Piece(html(part), "note teacher")
        if found := ASKED.match(part):
            late, asked, answer = found.groups()
            (end if late else now).extend(
                [question(asked, answer, "slide" if late else "near"), note]
            )
        else:
            then.append(note)
    return first.strip(), now, end, then


def slips(page: str) -> dict[str, str]:
    """What goes wrong in exercises, by their numbers."""
    return dict(SLIP.findall(page))


def demonstration(page: str) -> list[Piece]:
    """Questions of the demonstration with the lab; what to do and see is in the notes."""
    found = re.search(r"(?ms)^\(lab-demonstration\)=\n## (.+?)\n(.*?)^\(", ROLE.sub(r"\1", page))
    if not found:
        return []
    opening, *items = re.split(r"(?m)^\d+\. (?=\*\*Ask\*\*)", found[2])
    parts = [Piece(f"<h2>{found[1]}</h2>", "slide"), Piece(html(opening), "note teacher")]
    for i, item in enumerate(items):
        asked = re.search(
            r"(?s)\)\. (.*?\?).*?\*Seen:\*(.*?)\n\n.*?\*Conclude:\*(.*?)(?=\n\n|\Z)", item
        )
        if not asked:
            raise ValueError(f"the demonstration has no question, Seen and Conclude in: {item}")
        seen, concluded = (words.strip() for words in asked.groups()[1:])
        answer = f"{seen[0].upper()}{seen[1:]}\n\n**{concluded[0].upper()}{concluded[1:]}**"
        note = Piece(html(re.sub("(?m)^ +", "", item)), "note teacher")
        parts += [question(asked[1], answer, "slide" if i else "near"), note]
    return parts


def exercise(name: str, minutes: int, home: Section, usual: str) -> Section:
    """An exercise in full, which a short deck has in its notes, then its solution, to be told.

    The teacher has a hint, the usual slips and the solution at hand.
    """
    number = name.split()[1]
    task = find_exercises()[number]
    parts = [part for part in home.pieces if part.exercise == number]
    stated = [part for part in parts if part.kinds != "solution"]
    in_notes = [part.kinds == "note" for part in [*stated[1:], Piece("")]]
    whole = [
        Piece(re.sub("(?s)^.*?<h3>(Exercise.*?)</h3>", r"<h2>\1</h2>", part.html))
        for part, told in zip(stated, in_notes, strict=True)
        if part.kinds == "note" or not told
    ]
    solved = [part.html for part in parts if part.kinds == "solution"]
    note = Piece(f"<p><em>Solution:</em></p>{''.join(solved)}", "note teacher")
    time = f"{minutes - SOLVED} minutes, in the notebook of the chapter; then we look at a solution"
    whole[1:1] = [note]
    whole += [
        Piece(f"<p><em>{time}.</em></p>"),
        Piece(f"<h2>A solution of exercise {number}</h2>", "slide"),
        *(Piece(f'<div class="answer">{part}</div>', "near") for part in solved),
    ]
    hints = f"*Hint:* {task.hint}" + f"\n\n*Slips:*{usual}" * bool(usual)
    return Section(name, f"Exercise {number}: {task.title}", home.chapter, whole, hints)


def picture(name: str, home: Section) -> Section:
    """One figure of a section, with its caption."""
    at = next(i for i, p in enumerate(home.pieces) if f"<strong>{name.capitalize()}." in p.html)
    title = Piece(html(f"## {home.title}"))
    return replace(home, name=name, pieces=[title, *home.pieces[at - 1 : at + 1]])


def listed(words: str) -> str:
    """Sentences as the items of a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences(words))


def opening(plan: Plan, deck: Sequence[Section]) -> list[Piece]:
    """The aim of a plan with what comes at which minute, and the formulas that it needs."""
    rows, minute = "| Minute | |\n| --: | :-- |\n", deck[0].until
    for _, run in groupby(deck[1:], lambda s: s.chapter if s.name[0].isdigit() else s.name):
        first, *others = run
        label = first.title if first.title and not others else first.chapter
        rows += f"| {minute} | {label} |\n"
        minute = [first, *others][-1].until
    text = f"# {plan.title}\n\n**Aim:** {plan.words['Aim']}\n\n{rows}"
    needed = f"## Formulas to have at hand\n\n{listed(plan.words['Formulas'])}"
    return [Piece(html(text)), Piece(html(needed), "slide")]


def planned(there: Sequence[Section], plan: Plan, page: str) -> list[Section]:
    """What a plan has time for, of the sections that are there, with its minutes."""
    said, usual = teachers_notes(page), slips(page)
    deck: list[Section] = []
    minute = 0
    for name, minutes, extra in plan.items:
        kind, number = name.split()[0], name.split()[-1]
        if kind == "opening":
            section = Section(
                name, "", plan.title, [Piece("")], f"*Prepare:* {plan.words['Prepare']}"
            )
        elif kind == "break":
            section = Section(name, "Break", "", [Piece(html(f"## Break\n\n{minutes} minutes"))])
        elif kind == "closing":
            words, left = listed(plan.words["Take home"]), listed(plan.words["At home"])
            parts = [
                Piece(
                    html(f"## Looking back\n\n### To take home\n\n{words}\n\n### At home\n\n{left}")
                )
            ]
            asked = plan.words.get("Closing", "")
            section = Section(name, "Looking back", plan.title, parts, asked)
        elif kind == "exercise":
            home = next(s for s in there for part in s.pieces if part.exercise == number)
            section = exercise(name, minutes, home, usual.get(number, ""))
        elif kind == "figure":
            home = next(s for s in there for p in s.pieces if f"Figure {number}.<" in p.html)
            section = replace(picture(name, home), told=said.get(name, ""))
        else:
            home = next(s for s in there if s.name == number)
            parts = [part for part in home.pieces if not part.exercise]
            parts += demonstration(page) if name == DEMONSTRATED else []
            section = replace(home, pieces=parts, told=said.get(name, ""))
        minute += minutes
        times = f"**{minutes} minute{'s' * (minutes > 1)}, to minute {minute}.**"
        if extra:
            times += " May be left out: → goes on to the next section."
            section.pieces[0].kinds += " extra"
        deck.append(replace(section, told=f"{times} {section.told}", until=minute))
    if deck and deck[0].name == "opening":
        deck[0].pieces = opening(plan, deck)
    return deck
