"""What `pages/teaching.md` says: its plans, and what a teacher asks and says at a section."""

import re
from pathlib import Path
from typing import NamedTuple

from pieces import Piece, html

TEACHING = Path(__file__).resolve().parents[1] / "pages" / "teaching.md"
ASKED = re.compile(  # a question of the teacher's notes; what follows *Say:* is not for the class
    r"(?s)\*\*Ask( at the end)?:\*\*(.*?)\*Likely reply:\*.*?"
    r"\*Answer:\*(.*?)(?=\*Say:\*|\*\*Ask|\Z)"
)
PLANNED = re.compile(r"(\()?((?:exercise )?\d+\.\d+|break) · (\d+)")
SLIP = re.compile(r"(?s)\*(?:Exercise )?(\d+\.\d+):\*(.*?)(?=\*(?:Exercise )?\d+\.\d+:\*|\n\n|\Z)")
ROLE = re.compile(r"\{\w+\}`([^`<]+?)(?: <[^`>]*>)?`")  # a reference of the book


class Planned(NamedTuple):
    """What a plan has time for: a section like 2.1, "exercise 2.1", or "break"."""

    name: str
    minutes: int
    extra: bool  # may be left out


def teachers_notes(page: str) -> dict[str, str]:
    """What `pages/teaching.md` has to say of sections, by their numbers."""
    return dict(re.findall(r"(?m)^(\d+\.\d+)(?: · .+)?\n: ((?:.+\n)+)", page))


def plans(page: str) -> dict[str, list[Planned]]:
    """Plans of `pages/teaching.md`: the lecture, whose minutes stand at its notes, and sessions."""
    timed = re.findall(r"(?m)^(\d+\.\d+) · (\d+) minutes(.*)\n: ", page)
    found = {"lecture": [Planned(name, int(time), bool(extra)) for name, time, extra in timed]}
    for session, line in re.findall(r"(?ms)^\*\*Session (\d+)\b.*?\*Plan:\*(.*?)\n  \*", page):
        found[f"session-{session}"] = [
            Planned(name, int(time), bool(extra)) for extra, name, time in PLANNED.findall(line)
        ]
    return found


def questions(words: str) -> tuple[list[Piece], list[Piece]]:
    """Questions of a section's notes with their answers: those asked first, and at the end."""
    found: tuple[list[Piece], list[Piece]] = [], []
    for late, question, answer in ASKED.findall(words):
        page = (
            f'<div class="question">{html(question)}</div><div class="answer">{html(answer)}</div>'
        )
        found[bool(late)].append(Piece(page, "ask slide" if late else "ask near"))
    return found


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
        answer = html(f"{seen[0].upper()}{seen[1:]}\n\n**{concluded[0].upper()}{concluded[1:]}**")
        words = f'<div class="question">{html(asked[1])}</div><div class="answer">{answer}</div>'
        note = Piece(html(re.sub("(?m)^ +", "", item)), "note teacher")
        parts += [Piece(words, "ask slide" if i else "ask near"), note]
    return parts
