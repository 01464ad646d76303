"""Cross-entropy over classes that are spread over several processes, and its gradients.

From the folder of the course, on two processes that hold 700 and 300 of 1000 classes:

    .venv/bin/torchrun --standalone --nproc-per-node 2 examples/class_parallel.py --sizes 700 300

Each process writes its loss, its weights' gradient and the features' to part_0.pt, part_1.pt, ...
in the folder --out.
"""

import argparse
from itertools import accumulate
from pathlib import Path

import torch

from course_utils.parallel.class_parallel import (
    class_parallel_backward,
    class_parallel_loss,
    class_share,
)
from course_utils.parallel.distributed import device_of_process, process_group
from course_utils.validation import require_labels


def my_classes(num_classes, sizes, rank, world_size):
    """Return this process's classes: of the given sizes, or even ones."""
    if not sizes:
        return class_share(num_classes, rank, world_size)
    if len(sizes) != world_size or sum(sizes) != num_classes or min(sizes) < 1:
        raise ValueError(
            f"sizes must be {world_size} numbers above 0 with the sum {num_classes}, got {sizes}"
        )
    ends = list(accumulate(sizes, initial=0))
    return slice(ends[rank], ends[rank + 1])


def random_problem(n=64, d=32, num_classes=1000):
    """Features (n, d), weights (d, K) and labels (n,), the same on every process."""
    generator = torch.Generator().manual_seed(0)
    features, weight = (
        torch.randn(shape, generator=generator) for shape in ((n, d), (d, num_classes))
    )
    return features, weight, torch.randint(num_classes, (n,), generator=generator)


def main(args, device, rank, world_size):
    """Compute the loss and this process's part of the gradients; save them."""
    features, weight, labels = torch.load(args.data) if args.data else random_problem()
    require_labels(labels, len(features), weight.shape[1])
    mine = my_classes(weight.shape[1], args.sizes, rank, world_size)
    features, labels = features.to(device), labels.to(device)
    weight = weight[:, mine].to(device)

    scores = features @ weight  # (n, k): no process ever has all K scores
    loss, gradient = class_parallel_loss(scores, labels, mine.start)
    gradients = class_parallel_backward(gradient, features, weight)

    args.out.mkdir(parents=True, exist_ok=True)
    torch.save([part.cpu() for part in (loss, *gradients)], args.out / f"part_{rank}.pt")
    # In one piece: else the lines of several processes run into each other.
    print(f"process {rank}: {weight.shape[1]} classes, loss {loss:.3f}\n", end="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a file with (features, weight, labels)")
    parser.add_argument("--out", type=Path, default=".", help="folder")
    parser.add_argument("--sizes", type=int, nargs="*", help="classes of each process")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    args = parser.parse_args()
    device = device_of_process(args.device)
    with process_group(device=device) as (rank, world_size):
        main(args, device, rank, world_size)
