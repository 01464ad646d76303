"""What the course claims about speed, measured: ``python -m benchmarks`` prints the tables."""

from typing import NamedTuple


class Ratio(NamedTuple):
    """``slow`` took ``times`` as long as ``fast``, both measured in the same run."""

    slow: str
    fast: str
    times: float
