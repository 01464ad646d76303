"""Cross-entropy over classes that are spread over several processes.

torchrun --standalone --nproc-per-node 2 class_parallel.py --data DATA.pt --out FOLDER
"""

import argparse
from itertools import accumulate
from pathlib import Path

import torch

from course_utils.parallel.class_parallel import class_parallel_loss, class_share
from course_utils.parallel.distributed import process_group


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


def main(args, rank, world_size):
    """Compute the loss and this process's part of the gradient; save both."""
    features, weight, labels = torch.load(args.data)  # (b, d), (K, d), (b,)
    mine = my_classes(len(weight), args.sizes, rank, world_size)
    scores = features @ weight[mine].T  # (b, k): no process ever has all K scores
    loss, gradient = class_parallel_loss(scores, labels, mine.start)
    weight_gradient = gradient.T @ features  # (k, d)
    torch.save((loss, weight_gradient), args.out / f"part_{rank}.pt")
    print(f"process {rank}: {len(weight_gradient)} classes, loss {loss:.3f}\n", end="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="*", help="classes of each process")
    args = parser.parse_args()
    with process_group() as (rank, world_size):
        main(args, rank, world_size)
