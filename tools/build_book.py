"""Build the book into _build/html (what ``make book`` calls); any warning is a failure."""

import argparse
import sys
import time
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

ROOT = Path(__file__).resolve().parents[1]


def build(source: Path, output: Path, *, draft: bool = False) -> int:
    """Build ``source`` into ``output``; return 0 only if nothing was wrong.

    A draft is built to the end and counts as good whatever Sphinx warns about.
    """
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


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--source", type=Path, default=ROOT, help="folder with _config.yml")
    parser.add_argument("--draft", action="store_true", help="warnings do not fail the build")
    args = parser.parse_args(argv)
    start = time.perf_counter()
    status = build(args.source.resolve(), args.output.resolve(), draft=args.draft)
    seconds = time.perf_counter() - start
    if status:
        print(f"\nThe book was NOT built: see the warnings above ({seconds:.0f} s).", file=sys.stderr)
    else:
        page = args.output.resolve() / "index.html"
        print(f"\nThe book is ready ({seconds:.0f} s). Open {page.as_uri()}")
    return status


if __name__ == "__main__":
    sys.exit(main())
