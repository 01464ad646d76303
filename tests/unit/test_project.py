"""What the project's papers say holds everywhere alike: Python, PyTorch, workflows, settings."""

import re
import subprocess
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from course_utils.fashion_mnist.sources import cache_folder

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHECK = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_python_is_named_and_declared_alike_everywhere():
    low, end = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups())
    versions = [f"3.{minor}" for minor in range(low, end)]
    language = "Programming Language :: Python :: "
    assert PROJECT["classifiers"] == [language + version for version in versions]
    for name in ("README.md", "requirements.txt", "intro.md", "pages/setup.md"):
        said = set(re.findall(r"Python (3\.\d+[^.\n]*?3\.\d+|3\.\d+)", text(name)))
        assert said == {f"{versions[0]} to {versions[-1]}"}, name
    quick = CHECK["jobs"]["quick"]["strategy"]["matrix"]["include"]
    assert {versions[0], versions[-1]} == {entry["python"] for entry in quick}
    assert {entry["system"].split("-")[0] for entry in quick} == {"ubuntu", "macos", "windows"}
    assert text(".binder/runtime.txt").strip().removeprefix("python-") in versions


def test_each_pinned_package_takes_every_python_that_is_declared():
    """Its first release of 3.11, too: Debian's Python is not the last of them."""
    low, end = map(int, re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups())
    pins = re.findall(r"(?m)^([\w.-]+)==", text("requirements.txt"))
    assert len(pins) > 50
    declared = {pin: SpecifierSet(metadata(pin).get("Requires-Python", "")) for pin in pins}
    pythons = [f"3.{minor}.0" for minor in range(low, end)]
    refused = {p: str(s) for p, s in declared.items() if not all(v in s for v in pythons)}
    assert refused == {}


@pytest.mark.parametrize("name", ["README.md", "pages/setup.md"])
def test_by_hand_torch_and_torchvision_come_from_one_index_in_one_line(name):
    pins = dict(re.findall(r"(?m)^(torch|torchvision)==(\S+)$", text("requirements.txt")))
    lines = [line for line in text(name).splitlines() if "install torch" in line]
    assert lines
    for line in lines:
        assert f"torch=={pins['torch']} torchvision=={pins['torchvision']} --index-url" in line


def tree():
    """Paths that README's tree names: the two spaces before a name put it into the folder above."""
    block = text("README.md").partition("## What is where")[2].split("```")[1]
    folder = Path()
    for line in block.strip("\n").splitlines():
        names = re.split(r"\s{3,}", line.strip())[0].split()
        if not line.startswith("  "):
            folder = Path(names[0])
            yield from map(Path, names)
        else:
            yield from (folder / name for name in names)


def tracked():
    command = ["git", "ls-files"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a clone: git does not know this folder")
    return [Path(name) for name in done.stdout.splitlines()]


@pytest.mark.processes
def test_the_tree_in_the_readme_names_what_is_there():
    named = set(tree())
    assert [path for path in named if not (ROOT / path).exists()] == []
    files = tracked()
    top = {Path(path.parts[0]) for path in files}
    unnamed = {Path(name) for name in (".gitignore", ".pre-commit-config.yaml", "README.md", "src")}
    assert top - named == unnamed
    for folder in ("src/course_utils", "tools", "tests"):
        inside = [path.relative_to(folder) for path in files if path.is_relative_to(folder)]
        below = {Path(folder, path.parts[0]) for path in inside if len(path.parts) > 1}
        assert below - named == set(), folder


def test_the_targets_of_make_stand_on_the_setup_page_once_each():
    targets = re.findall(r"(?m)^(\w+):.*##", text("Makefile"))
    rows = re.findall(r"(?m)^\| `make (\w+)` \|", text("pages/setup.md"))
    assert sorted(rows) == sorted(set(targets) - {"help"})
    for name in ("README.md", "CONTRIBUTING.md", "intro.md", "pages/troubleshooting.md"):
        assert "| `make" not in text(name), "one table is enough"
        assert set(re.findall(r"make ([a-z]+)\b(?= |`|$|\n)", code(name))) <= set(targets), name


def code(name):
    """What is typed: blocks and inline code."""
    blocks = re.findall(r"(?ms)^```.*?^```", text(name))
    return "\n".join(blocks + re.findall(r"`[^`\n]+`", text(name)))


PAPERS = ["README.md", "CONTRIBUTING.md", "intro.md", "pages/setup.md", "pages/troubleshooting.md"]


@pytest.mark.parametrize("name", PAPERS)
def test_scripts_and_folders_that_commands_name_are_there(name):
    folders = "tools|chapters|tests|src|book|pages"
    paths = re.findall(rf"(?<![\w/.])((?:{folders})/[\w./-]*)", code(name))
    missing = [path for path in paths if not (ROOT / path).exists() and "NN" not in path]
    assert missing == []


def test_the_citation_names_version_and_day():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", str(citation["date-released"]))


def steps(workflow):
    for job in yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read_and_use_actions_by_commit(workflow):
    settings = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert settings["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def test_what_the_quick_command_leaves_out_the_other_runs():
    rules = dict(re.findall(r"(?m)^(\w+): .*\n((?:\t.*\n)+)", text("Makefile")))
    assert rules["test"].endswith('$(NOTEBOOKS) tests -m "not browser"\n')
    assert rules["browsers"].endswith(" tests/lab tests/book tests/browser -m browser\n")
    marked = {path.parent.name for path in ROOT.glob("tests/*/test_*.py")
              if re.search(r"pytest\.mark\.browser", path.read_text("utf-8"))}  # fmt: skip
    assert marked == {"lab", "book", "browser"}
    assert rules["check"].endswith(" test browsers standin\n")


def test_without_make_the_same_is_run():
    """README and the page on setting up say how."""
    lines = [re.search(r"-m pytest -n 2 [^`\n]*", text(name))[0] for name in
             ("README.md", "pages/setup.md")]  # fmt: skip
    assert lines[0] == lines[1]
    (mark,) = re.findall('-m "not (\\w+)"', lines[0])
    assert f'"{mark}: ' in text("pyproject.toml")


def test_publishing_waits_for_every_check():
    jobs = CHECK["jobs"]
    assert set(jobs["publish"]["needs"]) == set(jobs) - {"publish"}


def test_the_workflow_caches_the_folder_that_the_course_writes(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    paths = [step["with"]["path"] for step in CHECK["jobs"]["whole"]["steps"]
             if step.get("uses", "").startswith("actions/cache@")]  # fmt: skip
    assert [Path(path).expanduser() for path in paths] == [cache_folder()]


def test_where_data_must_be_there_the_stand_in_is_an_error():
    (check,) = [s for s in CHECK["jobs"]["whole"]["steps"] if s.get("run") == "make check"]
    assert check["env"] == {"COURSE_REQUIRE_BROWSER": "1", "COURSE_REQUIRE_DATA": "1"}
    assert "export COURSE_REQUIRE_DATA=1" in text(".ci/run")
    standin = text("Makefile").partition("\nstandin:")[2].partition("\n\n")[0]
    assert "COURSE_REQUIRE_DATA= " in standin, "the notebooks must also pass on the stand-in"
