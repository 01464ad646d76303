"""What was tried and solved in this session, as a table to look at, save and hand in."""

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4


@dataclass(frozen=True)
class Record:
    """What is known of one exercise in one session.

    Attributes
    ----------
    name : str
        Whose record it is, if ``report`` was told.
    session : str
        Tells runs of the kernel apart: files of several chapters can be put together.
    exercise, title : str
    passed : bool
        Whether any answer was right.
    attempts : int
    first_passed, last_tried : str
        Times as in ISO 8601, in UTC; ``first_passed`` is empty if no answer was right.
    """

    name: str
    session: str
    exercise: str
    title: str
    passed: bool = False
    attempts: int = 0
    first_passed: str = ""
    last_tried: str = ""


COLUMNS = [f.name for f in fields(Record)]


class Session:
    """The exercises tried since the kernel started."""

    def __init__(self) -> None:
        self.id = uuid4().hex[:12]
        self.records: dict[str, Record] = {}

    def add(self, number: str, title: str, passed: bool) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        before = self.records.get(number, Record("", self.id, number, title))
        self.records[number] = replace(
            before,
            passed=before.passed or passed,
            attempts=before.attempts + 1,
            first_passed=before.first_passed or (now if passed else ""),
            last_tried=now,
        )


class Report:
    """A table of records; it prints, and ``save`` writes it to a file."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = sorted(records, key=lambda r: (r.name, *_order(r.exercise), r.session))

    def __repr__(self) -> str:
        solved = sum(record.passed for record in self.records)
        lines = [f"{solved} right of {len(self.records)} tried"]
        for r in self.records:
            verdict = "right" if r.passed else "not yet"
            tries = "1 attempt" if r.attempts == 1 else f"{r.attempts} attempts"
            lines.append(f"{r.exercise:>5}  {verdict:<7}  {tries:>11}  {r.title}")
        return "\n".join(lines)

    def save(self, path: str | os.PathLike) -> Path:
        """Write the table as CSV or JSON, as the ending of the name says.

        A report that is there already keeps the records of its other sessions, so that one file
        can hold those of all chapters.

        Raises
        ------
        ValueError
            The name ends otherwise, or the file there is no report: it is left as it is.
        """
        path = Path(path).expanduser()
        if path.suffix not in (".csv", ".json"):
            raise ValueError(f"path must end in .csv or .json, got {str(path)!r}")
        try:
            earlier = read_report(path).records
        except ValueError as error:
            raise ValueError(f"{error}; it is left as it is: give another name") from error
        kept = {(r.name, r.session, r.exercise): r for r in earlier}
        kept |= {(r.name, r.session, r.exercise): r for r in self.records}
        text = (to_csv if path.suffix == ".csv" else to_json)(Report(list(kept.values())).records)
        write_whole(path, text)
        return path


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _order(number: str) -> list[int]:
    """Order 10.1 after 9.2."""
    return [int(part) if part.isdigit() else -1 for part in number.split(".")]


def to_csv(records: Sequence[Record]) -> str:
    """Return records as comma-separated values, with a line of headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in records)
    return text.getvalue()


def to_json(records: Sequence[Record]) -> str:
    """Return records as a list of objects."""
    return json.dumps([asdict(record) for record in records], indent=1) + "\n"


def read_report(path: str | os.PathLike) -> Report:
    """Read what ``Report.save`` wrote; an empty report where no file is.

    Raises
    ------
    ValueError
        The file is no report, or was changed so that it can't be read.
    """
    path = Path(path).expanduser()
    if not path.exists():
        return Report([])
    try:
        # Spreadsheets put a mark at the beginning of a file.
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            rows = json.loads(text)
        else:
            reader = csv.DictReader(io.StringIO(text))
            rows = list(reader)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                raise ValueError(f"it has no column {missing[0]}; columns are separated by commas")
        return Report([_record(row) for row in rows])
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error, RecursionError) as error:
        raise ValueError(f"{path} is no report of exercises ({error})") from error


def _record(row: dict) -> Record:
    """Return a row of a file as a record."""
    texts = {name: str(row[name]) for name in COLUMNS if name not in ("passed", "attempts")}
    passed = str(row["passed"]).lower()
    if passed not in ("true", "false"):
        raise ValueError(f"passed must be true or false, got {row['passed']!r}")
    return Record(**texts, passed=passed == "true", attempts=int(row["attempts"]))
