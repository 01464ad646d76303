"""Fixtures of the book's tests: the built book, and the same behind a web server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from serving import served

ROOT = Path(__file__).resolve().parents[2]


def run_build(*arguments: str | Path) -> subprocess.CompletedProcess:
    """Run tools/build_book.py as ``make book`` does."""
    command = [sys.executable, ROOT / "tools/build_book.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


@pytest.fixture(scope="session")
def build():
    """The build as a function of its command-line arguments."""
    return run_build


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """Folder of the built book: COURSE_BOOK_HTML, else built once for this session."""
    if built := os.environ.get("COURSE_BOOK_HTML"):
        path = Path(built).resolve()
        if not (path / "intro.html").is_file():
            pytest.fail(f"COURSE_BOOK_HTML={built} holds no book; run make book")
        return path
    output = tmp_path_factory.mktemp("book") / "html"
    done = run_build("--output", output)
    if done.returncode:
        pytest.fail(f"the book does not build:\n{done.stdout}\n{done.stderr}")
    return output


@pytest.fixture(scope="session")
def served_book(book):
    """Address of the built book on a web server of this machine."""
    with served(book) as address:
        yield address
