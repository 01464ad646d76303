"""The committed results on the real data can be had again: ``chapters/conftest.py`` notices."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.fashion_mnist.idx import FILES, raw_folder

CONFTEST = Path(__file__).resolve().parents[2] / "chapters" / "conftest.py"
IGNORED = ["nbval-ignore-output"]


@pytest.fixture(scope="module")
def guard():
    """Return the module with the comparison."""
    spec = importlib.util.spec_from_file_location("chapters_conftest", CONFTEST)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("accuracy 0.830", "accuracy 0.834", 0),
        ("accuracy 0.830", "accuracy 0.790", 1),
        ("accuracy 0.830", "accuracy", 1),
        ("9,459 nats", "9,460 nats", 0),
        ("9,459 nats", "8,000 nats", 1),
        ("-1.5e3 and 2", "-1500 and 2.9", 1),
        ("loss nan", "loss nan", 0),
    ],
)
def test_a_stale_output_is_noticed_and_noise_is_not(guard, old, new, count):
    assert len(guard.differences(printed(old), printed(new))) == count


def test_displayed_text_is_read_as_well(guard):
    shown = [{"output_type": "display_data", "data": {"text/plain": "accuracy 0.83"}}]
    assert guard.numbers(shown) == [0.83]


def test_an_empty_or_half_filled_folder_is_no_real_data(guard, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHION_MNIST_ROOT", str(tmp_path))
    assert not guard.real_data()
    folder = raw_folder(tmp_path)
    folder.mkdir(parents=True)  # a download that failed leaves it
    for file in FILES.values():
        assert not guard.real_data()
        (folder / f"{file.name}.gz").touch()
    assert guard.real_data()


@pytest.mark.parametrize(
    ("tags", "answer"),
    [
        (IGNORED, True),
        ([*IGNORED, "timing"], False),
        ([*IGNORED, "chaotic"], False),
        ([], False),
    ],
)
def test_which_cells_are_compared(guard, tags, answer):
    assert guard.compared({"metadata": {"tags": tags}}) is answer


@pytest.mark.parametrize(("real", "failed"), [(True, 1), (False, 0)])
@pytest.mark.processes
def test_nbval_fails_on_a_stale_number(tmp_path, real, failed):
    """Two cells that print 0.84, one with 0.79 stored, with and without real data."""
    cells = []
    for count, committed in enumerate(["0.84", "0.79"], 1):
        cells.append(nbformat.v4.new_code_cell("print(0.84)", execution_count=count))
        cells[-1].metadata["tags"] = IGNORED
        cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=committed)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "x.ipynb").write_text(nbformat.writes(notebook))
    shutil.copy(CONFTEST, tmp_path / "chapters")
    raw_folder(tmp_path).mkdir(parents=True)
    for file in FILES.values() if real else ():
        (raw_folder(tmp_path) / file.name).touch()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval", "chapters"],
        cwd=tmp_path,
        env=os.environ
        | {"FASHION_MNIST_ROOT": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    ended = f"{failed} failed, {2 - failed} passed" if failed else "2 passed"
    assert ended in done.stdout, done.stdout
    assert ("0.79 committed, 0.84 now" in done.stdout) is bool(failed)
