"""Seconds to read every training picture once: tensors in memory against DataLoaders.

Each contender takes one turn a round in the same run; quote the ratios. The DataLoaders read the
whole epoch, their workers' start included, as it is paid each epoch.
"""

import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterable

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import Ratio
from course_utils.data import FashionMNIST, batches, load_fashion_mnist
from course_utils.fashion_mnist.sources import default_root
from course_utils.fashion_mnist.torchvision_compat import import_torchvision

BATCH = 256


def drain(iterable: Iterable) -> Callable[[], None]:
    """A function that takes every batch and does nothing with it."""

    def read() -> None:
        for _ in iterable:
            pass

    return read


def contenders(data: FashionMNIST) -> dict[str, tuple[Callable[[], object], int]]:
    """What to time, and how many rounds of it."""
    torchvision = import_torchvision()
    generator = torch.Generator().manual_seed(0)
    pictures = torchvision.datasets.FashionMNIST(
        default_root(), train=True, download=False, transform=torchvision.transforms.ToTensor()
    )
    tensors = TensorDataset(data.train.images, data.train.labels)
    return {
        "load_fashion_mnist, checksums included": (lambda: load_fashion_mnist(source="real"), 3),
        "batches, in order": (drain(batches(data.train, BATCH)), 7),
        "batches, shuffled": (drain(batches(data.train, BATCH, generator=generator)), 7),
        "DataLoader of tensors": (drain(DataLoader(tensors, BATCH, shuffle=True)), 2),
        "DataLoader, ToTensor, 0 workers": (drain(DataLoader(pictures, BATCH, shuffle=True)), 2),
        "DataLoader, ToTensor, 4 workers": (
            drain(DataLoader(pictures, BATCH, shuffle=True, num_workers=4)),
            2,
        ),
    }


def main() -> list[Ratio]:
    """Print the table."""
    warnings.filterwarnings("ignore", message="This DataLoader will create 4 worker processes")
    data = load_fashion_mnist(source="real")
    work = contenders(data)
    times: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(8):
        for name, (read, rounds) in work.items():
            if turn > rounds:
                continue
            start = time.perf_counter()
            read()
            if turn or rounds <= 2:  # the first turn of the quick ones warms up
                times[name].append(time.perf_counter() - start)
    ours = statistics.median(times["batches, shuffled"])
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
    print(f"{'seconds to read 60 000 pictures':40s} {'s':>7s} {'x batches':>10s}")
    for name, values in times.items():
        print(
            f"{name:40s} {statistics.median(values):7.3f} {statistics.median(values) / ours:10.1f}"
        )
    slow = statistics.median(times["DataLoader, ToTensor, 0 workers"])
    return [Ratio("reading all pictures with a DataLoader", "indexing a tensor", slow / ours)]


if __name__ == "__main__":
    main()
