"""Time one training step alone and shared, for several batch sizes, and one exchange.

torchrun --standalone --nproc-per-node 2 time_data_parallel.py --sizes 256 4096
"""

import argparse
import json
import time

import torch
import torch.distributed as dist

from course_utils.models import SoftmaxRegression
from course_utils.parallel.distributed import process_group, share, sum_gradients
from course_utils.softmax import cross_entropy


def seconds(work, repeats):
    """Fastest of several calls, the least disturbed; all processes start each call together."""
    times = []
    for _ in range(repeats):
        dist.barrier()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main(args, rank, world_size):
    """Measure and print one line of JSON for each batch size."""
    model = SoftmaxRegression()

    def gradient(X, y):
        for param in model.parameters():
            param.grad = None
        (cross_entropy(model(X), y, reduction="sum") / len(y)).backward()

    def shared(X, y):
        gradient(X, y)
        sum_gradients(model.parameters())

    for size in args.sizes:
        X, y = torch.rand(size, 784), torch.randint(10, (size,))
        mine = share(size, rank, world_size)
        gradient(X, y)
        times = {
            "size": size,
            "alone": seconds(lambda: gradient(X, y) if rank == 0 else None, args.repeats),  # noqa: B023
            "shared": seconds(lambda: shared(X[mine], y[mine]), args.repeats),  # noqa: B023
            "exchange": seconds(lambda: sum_gradients(model.parameters()), args.repeats),
            "bytes": sum_gradients(model.parameters()),
        }
        if rank == 0:
            print(json.dumps(times), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", required=True, help="pictures in a batch")
    parser.add_argument("--repeats", type=int, default=20)
    args = parser.parse_args()
    with process_group() as (rank, world_size):
        main(args, rank, world_size)
