"""Seconds an epoch: fit against DataLoaders, and against the best bare loop known here (the floor).

The floor has no autograd, no metrics and no evaluation, and its weights lie in memory class by
class; an epoch of fit evaluates on the test images as well. Every figure is a median over rounds of
the same run; in a round each contender takes one turn, so a machine whose speed drifts shifts them
together. Quote the ratios.
"""

import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks import Ratio
from course_utils.data import FashionMNIST, load_fashion_mnist
from course_utils.fashion_mnist.sources import default_root
from course_utils.fashion_mnist.torchvision_compat import import_torchvision
from course_utils.models import SoftmaxRegression
from course_utils.training import fit

BATCH, LR = 256, 0.1
FLOOR = "bare loop, weights class by class"
FIT = "fit, from scratch"
TENSORS = "DataLoader of TensorDataset"


def linear() -> torch.nn.Module:
    """Return the concise model of chapter 8."""
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))


def bare_epoch(data: FashionMNIST, *, class_by_class: bool = True) -> Callable[[], None]:
    """One epoch with the gradient written out, nothing recorded, nothing measured.

    The weights lie in memory class by class, or pixel by pixel, as one writes them down.
    """
    X, y = data.train.images.flatten(1), data.train.labels
    weight, bias = torch.zeros(784, 10), torch.zeros(10)
    if class_by_class:
        weight = weight.t().contiguous().t()

    def epoch() -> None:
        for index in torch.randperm(len(y)).split(BATCH):
            rows, labels = X.index_select(0, index), y.index_select(0, index)
            error = torch.softmax(torch.addmm(bias, rows, weight), 1)  # (b, q)
            error[torch.arange(len(labels)), labels] -= 1
            error /= len(labels)
            weight.t().addmm_(error.T, rows, alpha=-LR)
            bias.sub_(error.sum(0), alpha=LR)

    return epoch


def loader_epoch(dataset: Dataset, workers: int = 0) -> Callable[[], None]:
    """One epoch of the standard loop: DataLoader, nn.Linear, SGD."""
    with warnings.catch_warnings():  # torch advises against more workers than processors
        warnings.simplefilter("ignore")
        loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=workers)
    model = linear()
    optimizer, loss = torch.optim.SGD(model.parameters(), lr=LR), torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        for X, y in loader:
            optimizer.zero_grad()
            loss(model(X), y).backward()
            optimizer.step()

    return epoch


def images_from_files() -> Dataset:
    """The training images as torchvision gives them: ToTensor for each image, each time."""
    torchvision = import_torchvision()
    return torchvision.datasets.FashionMNIST(
        default_root(), train=True, download=False, transform=torchvision.transforms.ToTensor()
    )


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(rounds: int = 5) -> dict[str, float]:
    """Return the median seconds an epoch of each contender."""
    data = load_fashion_mnist(source="real")
    contenders = {
        FLOOR: bare_epoch(data),
        "the same, pixel by pixel": bare_epoch(data, class_by_class=False),
        FIT: lambda: fit(SoftmaxRegression(), data, lr=LR, num_epochs=1),
        "fit, nn.Linear": lambda: fit(linear(), data, lr=LR, num_epochs=1),
    }
    if torch.cuda.is_available():
        there = data.to("cuda")
        contenders["fit, nn.Linear, on the GPU"] = lambda: fit(
            linear().to("cuda"), there, lr=LR, num_epochs=1
        )
    images = images_from_files()
    slow = {TENSORS: loader_epoch(TensorDataset(data.train.images, data.train.labels))} | {
        f"DataLoader, ToTensor, {n} workers": loader_epoch(images, n) for n in (0, 4)
    }
    times: dict[str, list[float]] = {name: [] for name in contenders | slow}
    for work in contenders.values():
        work()  # warm up
    for turn in range(rounds):
        for name, work in contenders.items():
            times[name].append(seconds(work))
        if turn < 2:
            for name, work in slow.items():
                times[name].append(seconds(work))
    return {name: statistics.median(values) for name, values in times.items()}


def peak_memory() -> float:
    """Return the peak resident memory, in GB, of a process that loads the data and trains."""
    code = "from benchmarks.training import train_and_report; train_and_report()"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(out.stdout.split()[-1])


def train_and_report() -> None:
    """Train two epochs and print this process's peak memory in GB."""
    fit(SoftmaxRegression(), load_fashion_mnist(source="real"), lr=LR, num_epochs=2)
    print(own_peak())


def own_peak() -> float:
    """Return the peak resident memory of this process in GB.

    Linux's ``ru_maxrss`` starts at the size of the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # macOS counts bytes


def main() -> list[Ratio]:
    """Print the tables, with one thread and with two."""
    ratios = []
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        times = measure()
        print(
            f"{f'seconds an epoch, threads: {threads}':36s} {'s':>7s} {'x floor':>8s} {'x fit':>7s}"
        )
        for name, value in times.items():
            print(f"{name:36s} {value:7.3f} {value / times[FLOOR]:8.2f} {value / times[FIT]:7.1f}")
        ratios.append(
            Ratio(f"an epoch of fit, threads: {threads}", "a bare loop", times[FIT] / times[FLOOR])
        )
    torch.set_num_threads(before)
    print(f"peak memory of a training process: {peak_memory():.2f} GB")
    return [
        *(
            Ratio(f"an epoch of a {name}", "an epoch of fit", times[name] / times[FIT])
            for name in times
            if name.startswith("DataLoader")
        ),
        *ratios,
    ]


if __name__ == "__main__":
    main()
