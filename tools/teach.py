"""For those who teach with the course: notebooks for students, slides, and the table of a class.

    python tools/teach.py student                # _build/student: no solutions, no outputs
    python tools/teach.py slides lecture         # _build/slides: decks/lecture.md as slides
    python tools/teach.py slides 2               # a whole chapter
    python tools/teach.py gather reports/ class.csv  # the reports that students handed in

Nothing here changes a chapter. `pages/teaching.md` says how to use it.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import nbformat
import read_deck
from nbformat import NotebookNode
from pieces import is_solution, tags
from slides import slides, written

from course_utils.exercises.reporting import Record, read_report, write_whole

ROOT = Path(__file__).resolve().parents[1]
BOOK = " · [The book and all chapters](../README.md)"  # a student has the chapters alone
FIRST_COLUMNS = ("name", "right", "tried", "files")


def for_students(notebook: NotebookNode) -> NotebookNode:
    """A copy without solutions and outputs; whatever else is there stays."""
    copy = deepcopy(notebook)
    copy.cells = [cell for cell in copy.cells if not is_solution(cell)]
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif "remove-cell" in tags(cell):
            cell.source = cell.source.replace(BOOK, "")
    return copy


def gathered(records: Sequence[Record], files: dict[str, set[str]]) -> str:
    """Put the records of a class into a table, one line a learner, as comma-separated values.

    A field holds "right" or "not yet", with the number of attempts of all sessions together.
    """
    order = {r.exercise: [int(part) for part in r.exercise.split(".")] for r in records}
    numbers = sorted(order, key=order.__getitem__)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*FIRST_COLUMNS, *numbers])
    for name in sorted({record.name for record in records}):
        own = [record for record in records if record.name == name]
        fields = []
        for number in numbers:
            these = [record for record in own if record.exercise == number]
            verdict = "right" if any(record.passed for record in these) else "not yet"
            attempts = sum(record.attempts for record in these)
            fields.append(f"{verdict} ({attempts})" if these else "")
        right = sum(field.startswith("right") for field in fields)
        shown = f"'{name}" if name[:1] in tuple("=+-@") else name  # else a spreadsheet computes it
        own_files = " ".join(sorted(files[name]))
        writer.writerow([shown, right, sum(map(bool, fields)), own_files, *fields])
    return text.getvalue()


def read_class(folder: Path) -> tuple[list[Record], dict[str, set[str]], list[str]]:
    """Read every report in a folder and below it.

    Returns
    -------
    records : each once, also where two files hold it; without a name, the file's with its folders
    files : the files that each learner's records come from
    broken : what could not be read, with the reason
    """
    found: dict[tuple[str, str, str], Record] = {}
    files: dict[str, set[str]] = {}
    owners: dict[str, str] = {}  # of the sessions without a name
    broken = []
    for path in sorted(p for p in folder.rglob("*") if p.name[0] != "." and not p.is_dir()):
        try:
            if path.suffix.lower() not in (".csv", ".json"):
                raise ValueError(f"{path} ends in neither .csv nor .json")
            records = read_report(path).records
            if not records:
                raise ValueError(f"{path} holds no exercise: nothing was tried in that session")
            if not all(part.isdigit() for r in records for part in r.exercise.split(".")):
                raise ValueError(f"{path} names an exercise that is no number like 3.2")
        except (ValueError, OSError) as error:
            broken.append(str(error))
            continue
        for record in records:
            nameless = path.relative_to(folder).with_suffix("").as_posix()
            name = record.name or owners.setdefault(record.session, nameless)
            found[name, record.session, record.exercise] = max(
                found.get((name, record.session, record.exercise), record),
                Record(**{**vars(record), "name": name}),
                key=lambda r: r.attempts,
            )
            files.setdefault(name, set()).add(str(path.relative_to(folder)))
    records = [Record(**{**vars(r), "name": name}) for (name, _, _), r in found.items()]
    return records, files, broken


def write(path: Path, text: str) -> None:
    """Write a file into a folder that is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def replaces_only_its_own(path: Path) -> bool:
    """Whether a file may be written: nothing is there, or the table of an earlier call."""
    if not path.exists():
        return True
    try:
        return path.read_text(encoding="utf-8").startswith(",".join(FIRST_COLUMNS))
    except (UnicodeDecodeError, OSError):
        return False


def chapter(name: str) -> Path:
    """The notebook of a chapter, by its number, the deck of a name, or a path."""
    if name.isdecimal():
        return next((ROOT / "chapters").glob(f"{int(name):02}_*.ipynb"), Path(name))
    deck = read_deck.DECKS / f"{name}.md"
    return deck if deck.is_file() else Path(name)


def read_chapter(path: Path) -> NotebookNode:
    """The notebook of a chapter; an error says which file is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, AttributeError, TypeError, nbformat.ValidationError) as error:
        raise ValueError(f"{path} is no notebook that can be read") from error


def deck(path: Path) -> str:
    """The slides of a chapter, or those that are written by hand."""
    if path.suffix == ".md":
        return written(path.stem, read_deck.body(path.read_text(encoding="utf-8")), "hand")
    notebook = read_chapter(path)
    if not any(cell.get("outputs") for cell in notebook.cells):
        print(f"{path} has no outputs: run it for its pictures", file=sys.stderr)
    return slides(path.stem, notebook)


def gather(folder: Path, table: Path) -> int:
    """Write the table of a class; return the exit status."""
    if not folder.is_dir():
        print(f"{folder} is no folder; name the one that the reports lie in", file=sys.stderr)
        return 2
    if not replaces_only_its_own(table):
        print(f"{table} is there and no table of a class; give another name", file=sys.stderr)
        return 2
    inside = table.resolve().is_relative_to(folder.resolve())
    if inside:
        print(f"{table} would lie among the reports; put it elsewhere", file=sys.stderr)
        return 2
    records, files, broken = read_class(folder)
    write(table, gathered(records, files))
    print(f"{table}: learners: {len(files)}, records: {len(records)}")
    for reason in broken:
        print(f"left out: {reason}", file=sys.stderr)
    return 1 if broken else 0


def main(argv: list[str] | None = None) -> int:
    """Do one of the three; return the exit status."""
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = cli.add_subparsers(dest="command", required=True)
    for name, text in (("student", "without solutions"), ("slides", "as slides")):
        command = commands.add_parser(name, help=f"chapters {text}")
        what = "7, or a path" if name == "student" else "7, a deck of decks/, or a path"
        command.add_argument(
            "chapters", nargs="*", type=chapter, help=f"{what}; default: all chapters"
        )
        command.add_argument("--output", type=Path, default=ROOT / "_build" / name)
    command = commands.add_parser("gather", help="the table of a class, from students' reports")
    command.add_argument("folder", type=Path)
    command.add_argument("table", type=Path, help="a .csv file")
    args = cli.parse_args(argv)
    if args.command == "gather":
        return gather(args.folder, args.table)
    if missing := [str(path) for path in args.chapters if not path.is_file()]:
        print(f"no such chapter: {', '.join(missing)}", file=sys.stderr)
        return 2
    try:
        for path in args.chapters or sorted((ROOT / "chapters").glob("[0-9]*.ipynb")):
            target = args.output / f"{path.stem}.html"
            if args.command == "student":
                target = args.output / "chapters" / path.name
                write(target, nbformat.writes(for_students(read_chapter(path))) + "\n")
            else:
                write(target, deck(path))
            print(target)
    except (FileExistsError, NotADirectoryError):
        print(f"{args.output} lies in a file; --output names a folder", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
