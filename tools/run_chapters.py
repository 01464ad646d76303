"""Execute chapters in place, top to bottom, and store clean outputs (what ``make run`` calls).

A notebook is written only when every cell ran, so a failing chapter never replaces a good one.
Whatever ends a chapter, a line says so and the next one is run; the exit status is then 1.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parents[1]
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def clean(notebook):
    """Drop what differs from run to run: timings, processor details, widget ids."""
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def run(path: Path, timeout: int) -> float:
    """Execute one notebook in its own folder; return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        coalesce_streams=True,  # else a print may arrive in two pieces, and be shown so
        resources={"metadata": {"path": str(path.parent)}},
        # Where a shell sets another backend, plots would not get into the notebook.
    ).execute(env=os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    seconds = time.perf_counter() - start
    temporary = path.with_suffix(".ipynb.part")
    temporary.write_text(nbformat.writes(clean(notebook)) + "\n", encoding="utf-8")
    temporary.replace(path)
    return seconds


def reason(error: Exception, timeout: int) -> str:
    """Say in words why a notebook was not run to its end."""
    if isinstance(error, DeadKernelError):
        return (
            "the kernel died, which is what happens when memory runs out or native code crashes; "
            "close other notebooks and run the chapter again"
        )
    if isinstance(error, CellTimeoutError):
        return f"a cell took more than {timeout} s; raise --timeout if that is right\n{error}"
    if isinstance(error, FileNotFoundError):
        return f"there is no such file: {error.filename}"
    if isinstance(error, CellExecutionError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapters", nargs="*", type=Path, help="default: all of chapters/")
    parser.add_argument("--timeout", type=int, default=300, help="seconds a cell may take")
    args = parser.parse_args(argv)
    failed = []
    for path in args.chapters or sorted((ROOT / "chapters").glob("[0-9]*.ipynb")):
        try:
            print(f"{path.name}: {run(path, args.timeout):.1f} s", flush=True)
        except Exception as error:  # one chapter's end is no reason to leave out the others
            failed.append(path.name)
            print(
                f"{path.name}: FAILED, {reason(error, args.timeout)}", file=sys.stderr, flush=True
            )
    if failed:
        print(f"Not run to the end, and left as they were: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
