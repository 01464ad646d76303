"""Build the book into _build/html (what ``make book`` calls); any warning is a failure.

The slides of the lecture lie in it, too. Then check_book.py reads the pages. Every build starts
from nothing, because Sphinx does not replace static files that changed. A book with a fault never
replaces one without.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from check_book import check
from figure_heights import reserve
from jupyter_book.sphinx import build_sphinx

ROOT = Path(__file__).resolve().parents[1]


def sphinx_build(source: Path, output: Path, *, draft: bool) -> int:
    """Run Sphinx with Jupyter Book's settings; return 0 if it had nothing to complain about."""
    result = build_sphinx(
        source,
        output,
        path_config=source / "_config.yml",
        noconfig=True,
        confoverrides={
            "external_toc_path": (source / "_toc.yml").as_posix(),
            "nitpicky": True,
            "latex_individualpages": False,
        },
        warningiserror=not draft,
        keep_going=True,
        quiet=True,
    )
    # build_sphinx returns the exception where Sphinx raised one.
    return result if isinstance(result, int) else 1


def build(source: Path, output: Path, *, draft: bool = False) -> int:
    """Build and check ``source``; put it at ``output`` only if it is good (or a draft)."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".book-", dir=output.parent) as folder:
        fresh = Path(folder) / "html"
        status = sphinx_build(source, fresh, draft=draft)
        if status == 0 or draft:
            reserve(fresh)
            if (lecture := source / "decks/lecture.md").is_file():
                words = map(str, (ROOT / "tools/teach.py", "slides", lecture))
                command = [sys.executable, *words, "--output", str(fresh / "slides")]
                status |= subprocess.run(command, stdout=subprocess.DEVNULL).returncode
        found = check(fresh) if fresh.is_dir() else []
        print("\n".join(found), file=sys.stderr, end="\n" if found else "")
        if draft or (status == 0 and not found):
            shutil.rmtree(output, ignore_errors=True)
            fresh.rename(output)
            return 0
    return 1


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--source", type=Path, default=ROOT, help="folder with _config.yml")
    parser.add_argument("--draft", action="store_true", help="warnings do not fail the build")
    args = parser.parse_args(argv)
    start = time.perf_counter()
    output = args.output.resolve()
    status = build(args.source.resolve(), output, draft=args.draft)
    seconds = time.perf_counter() - start
    if status:
        print(f"\nThe book was NOT built: see above ({seconds:.0f} s).", file=sys.stderr)
    else:
        page = (output / "index.html").as_uri()
        print(f"\nThe book is ready ({seconds:.0f} s). Open {page}")
    return status


if __name__ == "__main__":
    sys.exit(main())
