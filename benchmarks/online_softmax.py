"""One pass over blocks against two passes over the whole vector: time, memory and error."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks import Ratio
from course_utils.online import online_logsumexp
from course_utils.profiling import best_seconds, peak_tensor_bytes
from course_utils.softmax import logsumexp

LENGTH = 10_000_000
BEST_BLOCK = 50_000  # fits the processor's cache
BLOCKS = (1_000, 10_000, 50_000, 200_000, 1_000_000)


def contenders(scores: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Return the ways to the log-sum-exp of one long vector."""
    ways = {
        "two passes, whole vector": lambda: logsumexp(scores),
        "torch.logsumexp": lambda: torch.logsumexp(scores, 0),
    }
    for size in BLOCKS:
        blocks = scores.split(size)
        ways[f"one pass, blocks of {size:,}"] = partial(online_logsumexp, blocks, torch.float64)
    return ways


def main() -> list[Ratio]:
    """Print the table, times relative to the two passes."""
    scores = 5 * torch.randn(LENGTH, generator=torch.Generator().manual_seed(0))
    truth = logsumexp(scores.double())
    ways = contenders(scores)
    times = dict.fromkeys(ways, float("inf"))
    for _ in range(3):  # in turns
        times = {name: min(times[name], best_seconds(way)) for name, way in ways.items()}
    base = times["two passes, whole vector"]
    print(f"{LENGTH:,} float32 scores, one thread")
    print(f"{'':32s} {'ms':>6s} {'ratio':>6s} {'MB':>7s} {'error':>8s}")
    for name, way in ways.items():
        seconds, error = times[name], abs(way() - truth).item()
        megabytes = peak_tensor_bytes(way) / 1e6
        print(
            f"{name:32s} {1000 * seconds:6.1f} {seconds / base:6.2f} {megabytes:7.2f} {error:8.1e}"
        )
    blocks = f"one pass, blocks of {BEST_BLOCK:,}"
    return [Ratio("log-sum-exp in two passes", blocks, base / times[blocks])]


if __name__ == "__main__":
    main()
