"""Run every benchmark of this folder, one after the other."""

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Import each module and call its ``main``; with arguments, only the modules named."""
    names = sys.argv[1:] or [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    for name in names:
        if name == "__main__":
            continue
        print(f"\n== {name} ==", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
