"""Executing chapters: what fails is named, left as it was, and keeps none of the others."""

import nbformat
import pytest
import run_chapters

pytestmark = pytest.mark.processes  # each notebook has a kernel


def write(path, code):
    cells = [nbformat.v4.new_code_cell(code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def test_whatever_ends_a_chapter_the_others_are_run(tmp_path, capfd):
    paths = {
        "dead": write(tmp_path / "1_dead.ipynb", "import os\nos._exit(1)"),
        "wrong": write(tmp_path / "2_wrong.ipynb", "1 / 0"),
        "slow": write(tmp_path / "3_slow.ipynb", "import time\ntime.sleep(60)"),
        "none": tmp_path / "4_none.ipynb",
        "broken": tmp_path / "5_broken.ipynb",
        "good": write(tmp_path / "6_good.ipynb", "print(6 * 7)"),
    }
    paths["broken"].write_text("{no json")
    before = {name: path.read_bytes() for name, path in paths.items() if path.exists()}
    assert run_chapters.main([*map(str, paths.values()), "--timeout", "3"]) == 1
    out, err = capfd.readouterr()
    assert "6_good.ipynb: " in out
    assert nbformat.read(paths["good"], as_version=4).cells[0].outputs[0].text == "42\n"
    for name, words in {
        "dead": "the kernel died",
        "wrong": "ZeroDivisionError",
        "slow": "a cell took more than 3 s",
        "none": "there is no such file",
        "broken": "NotJSONError",
    }.items():
        assert words in err.partition(f"{paths[name].name}: FAILED, ")[2], name
        assert name == "none" or paths[name].read_bytes() == before[name]
    assert "1_dead.ipynb, 2_wrong.ipynb, 3_slow.ipynb, 4_none.ipynb, 5_broken.ipynb" in err
    assert not list(tmp_path.glob("*.part"))


def test_a_run_without_fault_says_so(tmp_path, capfd):
    assert run_chapters.main([str(write(tmp_path / "a.ipynb", "1"))]) == 0
    assert "FAILED" not in capfd.readouterr().err


def test_what_differs_from_run_to_run_is_not_stored(tmp_path):
    """Times, versions and the numbers of widgets: a second run changes no byte."""
    path = write(tmp_path / "a.ipynb", "from ipywidgets import IntSlider\nIntSlider()")
    assert run_chapters.main([str(path)]) == 0
    first = path.read_bytes()
    notebook = nbformat.reads(first.decode(), as_version=4)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "execution" not in notebook.cells[0].metadata
    assert list(notebook.cells[0].outputs[0].data) == ["text/plain"]
    assert run_chapters.main([str(path)]) == 0
    assert path.read_bytes() == first


def test_plots_are_stored_whatever_backend_the_shell_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    path = write(tmp_path / "plot.ipynb", "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert run_chapters.main([str(path)]) == 0
    outputs = nbformat.read(path, as_version=4).cells[0].outputs
    assert any("image/png" in output.get("data", {}) for output in outputs)
