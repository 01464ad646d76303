"""Every chapter passes every check, and every check rejects a notebook that is broken its way."""

import copy
import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import notebook_checks as checks
import pytest
from package_index import public_names

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PACKAGE = checks.package_definitions(ROOT / "src" / "course_utils")


# Numbers that chapters quote from elsewhere: sections of books, versions, published results.
FACTS = {
    "01": ["2.72", "0.69"],  # e and ln 2
    "02": ["1.1"],  # unit roundoff of float64, measured in chapter 4
    "03": ["6.2"],  # a section of Goodfellow2016
    "06": ["0.967"],  # ZalandoFashionMNIST, best of the submitted results
    "07": ["4.4", "8.4"],  # a chapter of Zhang2023; a section of Goodfellow2016
    "08": ["4.5", "2.6"],  # a chapter of Zhang2023; a PyTorch version
    "10": ["4.4"],  # a chapter of Zhang2023
}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_chapter(path):
    found = checks.check_file(path, FACTS.get(path.name[:2], ()))
    assert found + checks.check_definitions(path, PACKAGE) == []


def test_table_of_contents_and_folder_hold_the_same_chapters():
    listed = re.findall(r"file: (chapters/\S+)", (ROOT / "_toc.yml").read_text())
    assert sorted(listed) == [f"chapters/{path.stem}" for path in CHAPTERS]
    assert listed == sorted(listed)


def test_every_public_name_has_a_reader_besides_the_tests():
    """A chapter, the package itself, a tool, a script or a measurement uses it."""
    folders = ("src", "tools", "examples", "benchmarks")
    places = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    words = Counter(word for path in places + CHAPTERS
                    for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))  # fmt: skip
    names = public_names(ROOT / "src" / "course_utils")
    assert len(names) > 100
    assert [name for name in names if words[name] < 2] == []


def test_requirements_pin_everything_and_name_what_pyproject_needs():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins[-1] == "-e ."
    assert [p for p in pins[:-1] if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+(; .*)?", p)] == []
    names = {p.split("==")[0].lower() for p in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [d for d in project["dependencies"] if d.lower() not in names] == []
    # It comes with jsonschema from 4.25 on and adds a second to every start of Jupyter or pytest.
    assert "rfc3987-syntax" not in names


# The checkers themselves, on notebooks broken one way each.

GOOD = {
    "metadata": {},
    "cells": [
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "outputs": [],
            "source": ["from course_utils.softmax import softmax\n", "softmax"],
        },
        {
            "cell_type": "code",
            "execution_count": 2,
            "metadata": {"mystnb": {"image": {"alt": "a line"}}},
            "outputs": [{"output_type": "display_data", "data": {"image/png": "x"}}],
            "source": "assert True",
        },
    ],
}


def broken(change):
    notebook = copy.deepcopy(GOOD)
    change(notebook["cells"], notebook)
    return notebook


def stream(name, text):
    return [{"output_type": "stream", "name": name, "text": [text]}]


BREAKS = {
    "never executed": lambda cells, nb: cells[0].update(execution_count=None),
    "out of order": lambda cells, nb: cells[1].update(execution_count=3),
    "error": lambda cells, nb: cells[1].update(outputs=[{"output_type": "error", "ename": "E"}]),
    "stderr": lambda cells, nb: cells[1].update(outputs=stream("stderr", "warning")),
    "address": lambda cells, nb: cells[1].update(outputs=stream("stdout", "<A at 0x7f00aa>")),
    "widget view": lambda cells, nb: cells[1]["outputs"][0]["data"].update(
        {"application/vnd.jupyter.widget-view+json": {}}
    ),
    "widget state": lambda cells, nb: nb["metadata"].update(widgets={}),
    "late import": lambda cells, nb: cells[1].update(
        source="from course_utils.data import batches\nbatches\nassert True"
    ),
    "star import": lambda cells, nb: cells[0].update(source="from course_utils.softmax import *"),
    "module import": lambda cells, nb: cells[0].update(source="import course_utils.softmax"),
    "unused import": lambda cells, nb: cells[0].update(
        source="from course_utils.softmax import softmax"
    ),
    "validator": lambda cells, nb: cells[0].update(
        source="from course_utils.validation import require_count\nrequire_count('n', 1)"
    ),
    "no alt text": lambda cells, nb: cells[1]["metadata"]["mystnb"].pop("image"),
    "svg": lambda cells, nb: cells[1]["outputs"][0]["data"].update({"image/svg+xml": "x"}),
    "no assert": lambda cells, nb: cells[1].update(source="pass"),
    "nobody looks": lambda cells, nb: cells.append(
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {"tags": ["timing"]},
            "outputs": [],
            "source": "print(time.time())",
        }
    ),
    "no code": lambda cells, nb: cells.clear(),
}


def write(tmp_path, notebook):
    path = tmp_path / "01_probe.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def test_a_good_notebook_passes(tmp_path):
    assert checks.check_file(write(tmp_path, GOOD)) == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_notebook_is_rejected(name, tmp_path):
    assert checks.check_file(write(tmp_path, broken(BREAKS[name]))) != []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("The loss is 0.45, or $4.5\\cdot 10^{-1}$.", 0),
        ("The loss is 0.447.", 0),
        ("The loss is 0.44.", 1),
        ("The loss is 0.46.", 1),
        ("It is $4.6 \\cdot 10^{-1}$.", 1),
        ("Section 6.2 says so.", 0),
        ("`0.99` is code, {ref}`ch-1.5` a reference.", 0),
    ],
)
def test_numbers_in_prose_come_from_a_cell(text, findings):
    notebook = broken(lambda cells, nb: cells[1].update(outputs=stream("stdout", "loss 0.4471")))
    notebook["cells"].append({"cell_type": "markdown", "source": [text]})
    assert len(checks.check_prose_numbers(notebook, facts=["6.2"])) == findings


def test_a_notebook_that_is_too_large_is_rejected(tmp_path):
    notebook = broken(lambda cells, nb: cells[1].update(source="assert True  # " + "x" * 1_500_000))
    assert "bytes" in checks.check_file(write(tmp_path, notebook))[0]


@pytest.mark.parametrize(
    ("chapter", "same"),
    [
        ("def f(x, y=1):\n    return x + y", True),
        ('def f(x: int, y: int = 1) -> int:\n    """Add."""\n    z: int\n    return x + y', False),
        ('def f(x: int, y: int = 1) -> int:\n    """Other text."""\n    return x + y', True),
        ("def f(x, y=1):\n    return x - y", False),
        ("def f(x, y=2):\n    return x + y", False),
        ("def f_other(x):\n    return x", True),
        # The package's validators are left out; a chapter has none, and nothing else is left out.
        ("def f(x, y=1):\n    require_count('x', x)\n    return x + y", False),
        ("def f(x, y=1):\n    check_count('x', x)\n    return x + y", False),
        ("def g(x):\n    if x:\n        pass\n    return require_sum(x)", True),
        ("def g(x):\n    return require_sum(x)", False),
        ("def g(x):\n    if x:\n        pass", False),
        ("class C:\n    def h(self):\n        pass", True),
        # So is what widens narrow formats, and no other decorator.
        ("@cache\ndef k(x):\n    return x", True),
        ("def k(x):\n    return x", False),
    ],
)
def test_definitions_are_compared_without_docstrings_annotations_and_validators(
    tmp_path, chapter, same
):
    (tmp_path / "m.py").write_text(
        'def f(x, y=1):\n    """Add."""\n    require_count("x", x)\n    return x + y\n'
        'def g(x):\n    if x:\n        require_count("x", x)\n    return require_sum(x)\n'
        'class C:\n    def h(self):\n        """H."""\n        require_count("x", 1)\n'
        "@rounded_once\n@cache\ndef k(x):\n    return x\n"
    )
    notebook = broken(lambda cells, nb: cells[1].update(source=chapter))
    found = checks.check_definitions(
        write(tmp_path, notebook), checks.package_definitions(tmp_path)
    )
    assert (found == []) == same


def test_the_index_leaves_the_exercises_answers_out():
    names = public_names(ROOT / "src" / "course_utils")
    assert names["softmax"] == "softmax.py"
    assert not [module for module in names.values() if "chapter_" in module]
