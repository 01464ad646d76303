"""Compare the numbers that a cell prints with the committed ones.

nbval runs the chapters and compares outputs letter by letter, except those of
cells tagged ``nbval-ignore-output``: their results depend on the data, on seeds
and on the processor. Here the numbers of those cells are compared within a
tolerance, on the real data only. Left out are cells tagged ``timing``, and
those tagged ``chaotic``: there the learning rate is so large that the order of
a sum decides the result, and their own asserts say what is certain.
"""

import math
import re

import pytest
from nbval.plugin import IPyNbCell

from course_utils.fashion_mnist.idx import FILES, is_present, raw_folder
from course_utils.fashion_mnist.sources import default_root

# Processors, thread counts and builds round differently; a stale output is
# further off.
RELATIVE, ABSOLUTE = 0.03, 0.012
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?")


def numbers(outputs) -> list[float]:
    """Return the numbers that a cell printed or displayed as text."""
    found = []
    for output in outputs:
        text = "".join(output.get("text", "")) + "".join(
            output.get("data", {}).get("text/plain", "")
        )
        found += NUMBER.findall(text.replace(",", ""))
    return [float(number) for number in found]


def compared(cell) -> bool:
    """Whether a cell's numbers are compared here, not by nbval."""
    tags = set(cell.get("metadata", {}).get("tags", []))
    return "nbval-ignore-output" in tags and not tags & {"timing", "chaotic"}


def differences(committed, again) -> list[str]:
    """Compare the numbers of two executions of one cell."""
    old, new = numbers(committed), numbers(again)
    if len(old) != len(new):
        return [f"{len(old)} numbers committed, {len(new)} now"]
    return [
        f"{a:g} committed, {b:g} now"
        for a, b in zip(old, new, strict=True)
        if not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    ]


def real_data() -> bool:
    """Whether the chapters find the real Fashion-MNIST: all of its files."""
    folder = raw_folder(default_root())
    return all(is_present(folder / file.name) for file in FILES.values())


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist, which reads the marks
def pytest_collection_modifyitems(items):
    """Keep a notebook's cells in one process, the last chapters first.

    They take longest; what is short fills the gap at the end.
    """
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    for cell in cells:
        cell.add_marker(pytest.mark.xdist_group(cell.path.stem))
    # A stable sort: the cells of a notebook keep their order.
    cells.sort(key=lambda cell: cell.path, reverse=True)
    others = [item for item in items if not isinstance(item, IPyNbCell)]
    items[:] = cells + others


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """After a cell ran and nbval is content, compare its numbers."""
    result = yield
    if isinstance(item, IPyNbCell) and compared(item.cell) and real_data():
        found = differences(item.cell.outputs, item.test_outputs)
        if found:
            item.raise_cell_error(
                "Numbers differ from the committed ones", "\n".join(found)
            )
    return result
