"""The report of what was solved: what it says, and that saving it loses nothing."""

import json
import re

import pytest

import course_utils.exercises as exercises
from course_utils.exercises import check, report
from course_utils.exercises.reporting import Record, Report, Session, read_report


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A new session, as after the start of a kernel."""
    new = Session()
    monkeypatch.setattr(exercises, "SESSION", new)
    return new


def try_some():
    check("10.1", 3)
    check("4.1", 50)
    check("4.1", 6142)
    check("4.1", 50)
    check("5.1", ...)  # no attempt
    return report("Ada")


def test_it_prints_as_a_table():
    assert repr(try_some()) == (
        "1 right of 2 tried\n"
        "  4.1  right     3 attempts  A sum that overflows\n"
        " 10.1  not yet    1 attempt  Very many words"
    )
    assert repr(Report([])) == "0 right of 0 tried"


def test_each_attempt_is_noted(session):
    solved, tried = try_some().records
    assert (solved.name, solved.session, solved.passed, solved.attempts) == (
        "Ada",
        session.id,
        True,
        3,
    )
    assert (tried.title, tried.passed, tried.attempts, tried.first_passed) == (
        "Very many words", False, 1, "",
    )  # fmt: skip
    time = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
    assert time.fullmatch(solved.first_passed)
    assert time.fullmatch(solved.last_tried)
    assert solved.first_passed <= solved.last_tried
    assert len(Session().id) == 12
    assert Session().id != Session().id


def test_the_first_success_keeps_its_time(session, monkeypatch):
    class Clock:
        hours = iter(range(1, 5))

        @classmethod
        def now(cls, zone):
            assert zone is not None
            return cls

        @classmethod
        def isoformat(cls, timespec):
            return f"{next(cls.hours)} {timespec}"

    monkeypatch.setattr("course_utils.exercises.reporting.datetime", Clock)
    for passed in (False, True, False, True):
        session.add("1.1", "t", passed)
    expected = Record("", session.id, "1.1", "t", True, 4, "2 seconds", "4 seconds")
    assert session.records == {"1.1": expected}


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_a_saved_report_is_read_back(tmp_path, ending):
    mine = try_some()
    path = mine.save(tmp_path / f"verdicts{ending}")
    assert path == tmp_path / f"verdicts{ending}"
    assert read_report(path).records == mine.records
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_files_are_plain(tmp_path, session):
    record = Record("Ö, A", session.id, "1.1", 'a "t"', True, 2, "then", "now")
    text = Report([record]).save(tmp_path / "a.csv").read_bytes().decode()
    assert text == (
        "name,session,exercise,title,passed,attempts,first_passed,last_tried\n"
        f'"Ö, A",{session.id},1.1,"a ""t""",True,2,then,now\n'
    )
    (row,) = json.loads(Report([record]).save(tmp_path / "a.json").read_text(encoding="utf-8"))
    assert row["passed"] is True
    assert row["attempts"] == 2
    assert row["name"] == "Ö, A"


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_one_file_holds_several_sessions(tmp_path, ending):
    path = tmp_path / f"all{ending}"
    other = Record("Ada", "other", "4.1", "t", False, 7, "", "then")
    Report([other]).save(path)
    mine = try_some()
    mine.save(str(path))
    mine.save(path)
    assert read_report(path).records == sorted(
        [other, *mine.records], key=lambda r: (r.exercise != "4.1", r.session)
    )


def test_a_newer_record_of_the_same_session_replaces_the_older(tmp_path):
    path = tmp_path / "a.csv"
    try_some().save(path)
    check("10.1", (1, 2))
    report("Ada").save(path)
    assert [r.attempts for r in read_report(path).records] == [3, 2]


def test_a_spreadsheet_may_have_saved_it(tmp_path):
    path = tmp_path / "a.csv"
    mine = try_some()
    text = mine.save(path).read_text(encoding="utf-8")
    path.write_text("\ufeff" + text.replace("True", "TRUE"), encoding="utf-8")
    assert read_report(path).records == mine.records


BROKEN = [
    ("a.csv", ""),
    ("a.csv", "junk\n"),
    ("a.csv", "some,other\n1,2\n"),
    (
        "a.csv",
        "name,session,exercise,title,passed,attempts,first_passed,last_tried\nA,b,1.1,t,maybe,1,,\n",
    ),
    ("a.csv", "name,session,exercise,title,passed,attempts,first_passed,last_tried\nA,b,1.1\n"),
    ("a.json", "{"),
    ("a.json", '{"a": 1}'),
    ("a.json", "[1]"),
    ("a.json", '[{"name": "A"}]'),
]


@pytest.mark.parametrize(("name", "text"), BROKEN)
def test_another_file_is_left_alone(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError,
        match=r"is no report of exercises \(.*\); it is left as it is: give another name$",
    ):
        try_some().save(path)
    assert path.read_text(encoding="utf-8") == text
    assert len(list(tmp_path.iterdir())) == 1


def test_bytes_that_are_no_text_are_left_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is no report"):
        try_some().save(path)
    assert path.read_bytes() == b"\xff\xfe\x00"


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.CSVX"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"path must end in .csv or .json, got '.*a"):
        try_some().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_report(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    mine = try_some()
    before = mine.save(path).read_bytes()

    def full(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="disk full"):
        mine.save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
