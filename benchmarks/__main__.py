"""Run every benchmark of this folder, one after the other; a whole run writes results.md."""

import contextlib
import importlib
import io
import pkgutil
import sys
import time
import traceback

import benchmarks
from benchmarks.report import RESULTS, rounded, write


class Tee(io.StringIO):
    """Keeps what is printed, and prints it."""

    def write(self, text: str) -> int:
        print(text, end="", file=sys.__stdout__, flush=True)
        return super().write(text)


def modules() -> list[str]:
    """Names of the modules that hold a benchmark."""
    found = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return [name for name in found if name not in ("__main__", "report")]


def main() -> None:
    """Call each module's ``main``, which may return ratios; with arguments, only those named."""
    printed: dict[str, str] = {}
    ratios: list[benchmarks.Ratio] = []
    failed: list[str] = []
    for name in sys.argv[1:] or modules():
        start = time.perf_counter()
        print(f"\n== {name} ==", flush=True)
        with contextlib.redirect_stdout(Tee()) as said:
            try:
                ratios += importlib.import_module(f"benchmarks.{name}").main() or []
            except Exception:  # what the others measure takes minutes, too
                traceback.print_exc()
                failed.append(name)
        printed[name] = said.getvalue()
        print(f"({time.perf_counter() - start:.0f} s)")
    print()
    for ratio in ratios:
        print(f"{ratio.slow}, against {ratio.fast}: {rounded(ratio.times)} times as long")
    if failed:
        again = f"try again with: python -m benchmarks {' '.join(failed)}"
        sys.exit(f"\nFailed: {', '.join(failed)}. {RESULTS.name} stays as it was; {again}")
    if not sys.argv[1:]:
        write(ratios, printed)
        print(f"\nWritten to {RESULTS.relative_to(RESULTS.parents[1])}")


if __name__ == "__main__":
    main()
