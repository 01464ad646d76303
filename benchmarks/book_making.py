"""Seconds to run each chapter top to bottom, and to build the book from the stored outputs.

The chapters run in a copy, one kernel at a time.
Against them stands an empty notebook: a kernel that starts and imports the course and torch.
"""

import contextlib
import io
import os
import shutil
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks import ROOT, Ratio, import_from_tools

ROUNDS = 1
IMPORTS = "import torch, matplotlib.pyplot\nfrom course_utils.training import fit"


def run_seconds(notebook: nbformat.NotebookNode, folder: Path) -> float:
    """Execute a notebook in ``folder`` with a new kernel; return the seconds."""
    start = time.perf_counter()
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return time.perf_counter() - start


def empty_notebook() -> nbformat.NotebookNode:
    """A notebook that only imports."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(IMPORTS)])


def build_seconds(folder: Path) -> float:
    """Build the book into ``folder``, from nothing; return the seconds."""
    import_from_tools()
    from build_book import build

    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        if build(ROOT, folder / "html"):
            raise RuntimeError("the book has a fault: see above; mend it before measuring")
    return time.perf_counter() - start


def main() -> list[Ratio]:
    """Print one line a chapter, then all of them and the build of the book."""
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "chapters"
        shutil.copytree(ROOT / "chapters", Path(name) / "chapters")
        empty = min(run_seconds(empty_notebook(), folder) for _ in range(ROUNDS))
        seconds = {}
        for path in sorted(folder.glob("*.ipynb")):
            seconds[path.stem] = min(
                run_seconds(nbformat.read(path, as_version=4), folder) for _ in range(ROUNDS)
            )
            each = seconds[path.stem]
            print(f"{path.stem:34s} {each:6.1f} s  {each / empty:5.1f} x empty", flush=True)
        book = build_seconds(Path(name))
    total, longest = sum(seconds.values()), max(seconds, key=seconds.__getitem__)
    print(f"{'an empty notebook':34s} {empty:6.1f} s")
    print(f"{'all chapters, one after the other':34s} {total:6.1f} s  {total / empty:5.1f} x empty")
    print(f"{'building the book':34s} {book:6.1f} s  {book / empty:5.1f} x empty")
    return [
        Ratio("running all chapters", "building the book from their stored outputs", total / book),
        Ratio(f"the longest chapter ({longest[:2]})", "a notebook that only imports",
              seconds[longest] / empty),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
