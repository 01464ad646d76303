"""The committed results on the real data can be had again.

nbval cannot compare outputs that depend on data, seeds and processors, so such cells are not
compared there. Here the chapters of Part II are executed once more, and every number that those
cells print is compared with the committed one, within a tolerance.
"""

import json
import math
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_utils.data import load_fashion_mnist
from course_utils.sources import default_root

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("0[6789]_*.ipynb"))
# Processors, thread counts and library builds round differently; a stale output is further off.
RELATIVE, ABSOLUTE = 0.03, 0.012


def numbers(cell) -> list[float]:
    """Return the numbers that a cell printed or displayed as text."""
    found = []
    for output in cell.get("outputs", []):
        text = "".join(output.get("text", "")) + "".join(
            output.get("data", {}).get("text/plain", "")
        )
        found += re.findall(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?", text.replace(",", ""))
    return [float(number) for number in found]


def compared(cell) -> bool:
    """Whether a cell prints results of the data: nbval ignores it, and they are not timings."""
    tags = cell.get("metadata", {}).get("tags", [])
    return "nbval-ignore-output" in tags and "timing" not in tags


def differences(committed: dict, again: dict) -> list[str]:
    """Compare the numbers of two executions of one notebook, cell by cell."""
    found = []
    for index, (old, new) in enumerate(zip(committed["cells"], again["cells"], strict=True)):
        if old["cell_type"] != "code" or not compared(old):
            continue
        pair = numbers(old), numbers(new)
        if len(pair[0]) != len(pair[1]):
            found.append(f"cell {index}: {len(pair[0])} numbers committed, {len(pair[1])} now")
            continue
        found += [
            f"cell {index}: {a:g} committed, {b:g} now"
            for a, b in zip(*pair, strict=True)
            if not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        ]
    return found


def execute(path: Path) -> dict:
    """Execute a notebook in its folder, in memory."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", store_widget_state=False, resources=resources
    ).execute()
    return notebook


@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore")  # the notebook client's own, about its event loop
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_results_on_the_real_data_can_be_had_again(path):
    if not (default_root() / "FashionMNIST" / "raw").is_dir():
        pytest.skip("needs the real Fashion-MNIST: set FASHION_MNIST_ROOT")
    assert load_fashion_mnist(source="real").source == "real"
    assert differences(json.loads(path.read_text()), execute(path)) == []


def notebook(text, tags=("nbval-ignore-output",)):
    output = {"output_type": "stream", "name": "stdout", "text": text}
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "outputs": [output]}
    return {"cells": [{"cell_type": "markdown", "source": "x"}, cell]}


@pytest.mark.parametrize(
    ("old", "new", "tags", "count"),
    [
        ("accuracy 0.830", "accuracy 0.834", ["nbval-ignore-output"], 0),
        ("accuracy 0.830", "accuracy 0.790", ["nbval-ignore-output"], 1),
        ("accuracy 0.830", "accuracy", ["nbval-ignore-output"], 1),
        ("9,459 nats", "9,460 nats", ["nbval-ignore-output"], 0),
        ("9,459 nats", "8,000 nats", ["nbval-ignore-output"], 1),
        ("took 3.0 s", "took 9.0 s", ["nbval-ignore-output", "timing"], 0),
        ("2.0", "9.0", [], 0),  # nbval itself compares these
    ],
)
def test_a_stale_output_is_noticed_and_noise_is_not(old, new, tags, count):
    assert len(differences(notebook(old, tags), notebook(new, tags))) == count
