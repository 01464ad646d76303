"""What the course claims about speed, measured: ``python -m benchmarks`` prints the tables."""

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


def import_from_tools() -> None:
    """Let the scripts of tools/ be imported."""
    if str(ROOT / "tools") not in sys.path:
        sys.path.insert(0, str(ROOT / "tools"))


class Ratio(NamedTuple):
    """``slow`` took ``times`` as long as ``fast``, both measured in the same run."""

    slow: str
    fast: str
    times: float
