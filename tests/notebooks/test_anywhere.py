"""Notebooks start anywhere: from every folder, and on Colab once the repository has an address."""

import ast
import importlib.util
import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import chapter_form
import notebook_checks
import pytest
import repository
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
ADDRESS = "https://github.com/somebody/softmax"


def files_by_place(path):
    """Strings in a notebook's code that name a file by its place relative to a folder."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    strings = (
        node.value
        for cell in notebook_checks.code_cells(notebook)
        for node in ast.walk(notebook_checks.tree(cell))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return [
        text
        for text in strings
        if text.startswith(("..", "./"))
        or (
            0 < len(text) < 200 and any((folder / text).is_file() for folder in (ROOT, path.parent))
        )
    ]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_chapter_depends_on_the_folder_it_is_started_in(path):
    assert files_by_place(path) == []


@pytest.mark.parametrize("name", ["../examples", "./x", "requirements.txt", "01_here.txt"])
def test_a_file_named_by_its_place_is_noticed(name, tmp_path):
    (tmp_path / "01_here.txt").touch()
    cell = {"cell_type": "code", "metadata": {}, "source": f"open({name!r})", "outputs": []}
    path = tmp_path / "01_probe.ipynb"
    path.write_text(json.dumps({"cells": [cell]}))
    assert files_by_place(path) == [name]


# --- the repository's address -------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    """A copy of what the address is written into; a function that sets it."""
    shutil.copytree(ROOT / "chapters", tmp_path / "chapters")
    for name in ("README.md", "CITATION.cff", "_config.yml"):
        shutil.copy(ROOT / name, tmp_path / name)

    def set_address(address, branch="main"):
        settings = {"repository": {"url": address, "branch": branch}}
        (tmp_path / "_config.yml").write_text(yaml.safe_dump(settings))
        for path, text in repository.behind(tmp_path).items():
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return set_address


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".yml"}


def test_the_files_follow_the_address_in_the_settings():
    assert [path.name for path in repository.behind()] == []


def test_an_address_is_written_everywhere_and_taken_away_again(project):
    with_one = project(ADDRESS)
    assert repository.behind(with_one) == {}
    readme = (with_one / "README.md").read_text(encoding="utf-8")
    assert f"git clone {ADDRESS}\ncd softmax\n" in readme
    assert f"{ADDRESS}/archive/refs/heads/main.zip" in readme
    citation = yaml.safe_load((with_one / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == ADDRESS
    for path in sorted((with_one / "chapters").glob("[0-9]*.ipynb")):
        assert f'address = \\"{ADDRESS}\\"' in path.read_text(encoding="utf-8")
    assert chapter_form.problems(with_one / "chapters", ROOT / "references.bib") == []
    with_another = project("https://gitlab.com/group/sub/course.git/", branch="next")
    assert repository.behind(with_another) == {}
    for name, content in contents(with_another).items():
        assert ADDRESS.encode() not in content, name
        if name == "01_scores_to_probabilities.ipynb":
            assert b'branch = \\"next\\"' in content
        if name == "README.md":
            assert b"/group/sub/course/archive/refs/heads/next.zip" in content
    without = project("")
    words = (b"git clone", b"repository-code", b"google.colab", b"/archive/refs")
    for name, content in contents(without).items():
        assert not [word for word in words if word in content], name


def run_setup(monkeypatch, cell, *, colab, installed):
    """Run a setup cell where the package is there or not; return the commands it gave."""
    commands, path = [], list(sys.path)
    present = [installed]

    def run(command, check):
        assert check
        commands.append(command)
        present[0] = present[0] or "pip" in command

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: present[0] or None)
    if colab:
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    exec(cell, {})
    return commands, path


CELL = chapter_form.setup_cell(ADDRESS, "next")


def test_on_colab_the_setup_cell_installs_the_course(monkeypatch):
    commands, path = run_setup(monkeypatch, CELL, colab=True, installed=False)
    clone, pip = commands
    assert clone[:2] == ["git", "clone"]
    assert clone[-4:] == ["--branch", "next", ADDRESS, "/content/course"]
    assert pip[:3] == [sys.executable, "-m", "pip"]
    assert pip[-2:] == ["--editable", "/content/course"]
    assert path[-1] == "/content/course/src"


@pytest.mark.parametrize("colab", [True, False])
def test_where_the_course_is_installed_the_setup_cell_does_nothing(colab, monkeypatch):
    for cell in (CELL, chapter_form.SETUP):
        assert run_setup(monkeypatch, cell, colab=colab, installed=True)[0] == []


@pytest.mark.parametrize("cell", [CELL, chapter_form.SETUP], ids=["with", "without"])
def test_elsewhere_nothing_is_installed_behind_anybodys_back(cell, monkeypatch):
    with pytest.raises(ModuleNotFoundError, match="make install"):
        run_setup(monkeypatch, cell, colab=False, installed=False)
