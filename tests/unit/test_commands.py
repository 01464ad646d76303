"""What each command takes, in its order, with defaults and help; and the exit codes of programs."""

import argparse
import os
import runpy
from contextlib import suppress
from pathlib import Path

import jupyter_book.sphinx
import make_pdf
import pytest

from course_utils.parallel import EXAMPLES

ROOT = Path(make_pdf.__file__).parents[1]
TOOLS = ROOT / "tools"
#: Options in the order of their help: name, type or kind, how many, default, what the help says.
TAKEN = Path(__file__).with_name("commands.txt")


class Asked(Exception):  # noqa: N818 - no error
    """Takes the place of reading the arguments."""


def taken(parser):
    """Return a line for each argument of a parser, those of its commands below the command."""
    lines = []
    for action in parser._actions[1:]:  # the first is --help
        name = "/".join(action.option_strings) or action.dest
        kind = action.type.__name__ if action.type else type(action).__name__.strip("_")
        kind = {"StoreAction": "str", "StoreTrueAction": "flag"}.get(kind, kind)
        default = os.path.relpath(action.default, ROOT) if isinstance(action.default, Path) else (
            action.default)  # fmt: skip
        many = f" {action.nargs}" if action.nargs not in (None, 0) else ""
        chosen = f" {list(action.choices)}" if action.choices else ""
        many += f" {action.metavar}" if action.metavar else ""
        must = " required" if action.required and action.option_strings else ""
        told = f": {action.help}" if action.help else ""
        lines.append(f"{name} {kind}{many}{chosen}{must} = {default!r}{told}")
        if isinstance(action, argparse._SubParsersAction):
            for said, (command, inner) in zip(
                action._choices_actions, action.choices.items(), strict=True
            ):
                lines += [f"{command}: {said.help}", *(f"    {line}" for line in taken(inner))]
    return lines


def commands():
    paths = [*sorted(TOOLS.glob("*.py")), *sorted(EXAMPLES.glob("*.py"))]
    return [path for path in paths if "ArgumentParser" in path.read_text(encoding="utf-8")]


def test_each_command_takes_these_options_in_this_order(monkeypatch):
    """A wanted change goes into commands.txt by hand."""
    parsers = []

    def ask(parser, arguments=None):
        parsers.append(parser)
        raise Asked

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", ask)
    monkeypatch.syspath_prepend(EXAMPLES)
    lines = []
    for path in commands():
        with suppress(Asked):
            runpy.run_path(str(path), run_name="__main__")
        parser = parsers[-1]
        lines += [path.name, *(f"  {line}" for line in taken(parser))]
        doc = runpy.run_path(str(path))["__doc__"]
        assert parser.description in (doc, doc.splitlines()[0])
    assert len(parsers) == len(commands())
    assert lines == TAKEN.read_text(encoding="utf-8").splitlines()


def program(path, *words, monkeypatch):
    """Run a file as a program; return its exit code."""
    monkeypatch.setattr("sys.argv", [path.name, *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    return ended.value.code


@pytest.mark.parametrize(
    ("name", "words", "code", "out", "err"),
    [
        ("build_book", ["--source", "", "--output", "new/out"], 1, "",
         "\nThe book was NOT built: see above ("),
        ("check_book", ["nowhere"], 1, "nowhere: there is no book; run make book\n", ""),
        ("install", [], 1, "", "The course needs Python 3."),
        ("make_pdf", ["--book", "nowhere"], 1, "",
         "There is no book in nowhere: run make book first.\n"),
        ("run_chapters", ["no.ipynb", "nor.ipynb"], 1, "",
         "no.ipynb: FAILED, there is no such file: no.ipynb\n"
         "nor.ipynb: FAILED, there is no such file: nor.ipynb\n"
         "Not run to the end, and left as they were: no.ipynb, nor.ipynb\n"),
        ("repository", [], 0, "The address is ", ""),
        ("teach", ["gather", "nowhere", "t.csv"], 2, "",
         "nowhere is no folder; name the one that the reports lie in\n"),
        ("teach", [], 2, "", "usage: teach.py [-h] {student,slides,gather} ...\n"
         "teach.py: error: the following arguments are required: command\n"),
        *[(name, ["--help"], 0, "usage: ", "") for name in ("build_book", "teach")],
    ],
)  # fmt: skip
def test_a_program_ends_with_the_code_of_what_it_did(
    name, words, code, out, err, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_BROWSER", "/a/browser")
    monkeypatch.setattr(jupyter_book.sphinx, "build_sphinx", lambda *given, **rest: 1)
    if name == "install":
        monkeypatch.setattr("sys.version_info", (3, 9))
    assert program(TOOLS / f"{name}.py", *words, monkeypatch=monkeypatch) == code
    for said, told in zip((out, err), capsys.readouterr(), strict=True):
        assert told == said if said.endswith("\n") or not said else told.startswith(said)
    made = [path.name for path in tmp_path.rglob("*")]
    assert made == (["new"] if words[2:3] == ["--output"] else [])
