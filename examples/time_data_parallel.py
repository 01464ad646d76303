"""Time a gradient on one process and shared out, for several batch sizes, and the exchange alone.

From the folder of the course:

    .venv/bin/torchrun --standalone --nproc-per-node 2 \\
        examples/time_data_parallel.py --sizes 256 4096

Process 0 prints a line of JSON for each size, with times in milliseconds:

alone : the whole batch on process 0, while the others wait
together : each process its share, all at the same time, without an exchange
shared : as together, and then the exchange
exchange : the exchange without a computation
apart : the same numbers in one exchange per parameter
"""

import argparse
import json
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils.parallel.distributed import process_group, share, sum_gradients


def milliseconds(works, repeats):
    """Fastest of several calls of each work, {name: time}; the least disturbed one.

    The works take turns, so what disturbs them disturbs all. All processes start each call
    together, and it has ended when the slowest one is done.
    """
    times = torch.empty(repeats, len(works))
    for repeat in range(repeats):
        for i, work in enumerate(works.values()):
            dist.barrier()
            start = time.perf_counter()
            work()
            times[repeat, i] = 1000 * (time.perf_counter() - start)
    dist.all_reduce(times, dist.ReduceOp.MAX)
    fastest = times.min(dim=0).values
    return {name: round(t.item(), 4) for name, t in zip(works, fastest, strict=True)}


def main(args, rank, world_size):
    """Measure and print."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    for size in args.sizes:
        X, y = torch.rand(size, 784), torch.randint(10, (size,))
        mine = share(size, rank, world_size)

        def gradient(X, y, size=size):
            model.zero_grad()
            (cross_entropy(model(X), y, reduction="sum") / size).backward()

        def alone(X=X, y=y, gradient=gradient):
            if rank == 0:
                gradient(X, y)

        def together(X=X[mine], y=y[mine], gradient=gradient):
            gradient(X, y)

        def exchange():
            sum_gradients(model.parameters())

        def apart():
            for param in model.parameters():
                dist.all_reduce(param.grad)

        def shared(together=together, exchange=exchange):
            together()
            exchange()

        works = {"alone": alone, "together": together, "shared": shared, "exchange": exchange}
        works["apart"] = apart
        times = milliseconds(works, args.repeats)
        if rank == 0:
            print(json.dumps({"size": size, **times}), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", required=True, help="images in a batch")
    parser.add_argument("--repeats", type=int, default=60)
    args = parser.parse_args()
    with process_group() as (rank, world_size):
        main(args, rank, world_size)
