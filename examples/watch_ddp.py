"""When does DistributedDataParallel exchange what? A look at one backward pass of four layers.

From the folder of the course:

    .venv/bin/torchrun --standalone --nproc-per-node 2 examples/watch_ddp.py

Process 0 prints a line of JSON, with times in milliseconds from the start of the backward pass:

gradients : when each layer's weight had its gradient, {layer: time}
exchanges : [start, end, bytes] of each bucket
ddp : how long the backward pass took, exchanges included
by_hand : how long a backward pass and then one exchange of everything take
pairs : how many passes of each kind there were, one kind after the other
faster : in how many of these pairs DDP took less time
"""

import argparse
import json
import time
from itertools import pairwise

import torch

# DDP imports it. Imported once the processes have joined, it would keep their connections to the
# end of the program, where their threads can abort it (torch 2.13).
import torch._dynamo
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from course_utils.parallel.distributed import process_group, sum_gradients


class Watch:
    """A stop watch that the hooks write to."""

    def __init__(self):
        self.restart()

    def restart(self):
        self.start, self.gradients, self.exchanges = time.perf_counter(), {}, {}

    def now(self):
        return round(1000 * (time.perf_counter() - self.start), 3)


def network(width):
    """Four layers; all but the last are much larger than the model of the course."""
    sizes = [784, width, width, width]
    hidden = [nn.Sequential(nn.Linear(i, o), nn.ReLU()) for i, o in pairwise(sizes)]
    return nn.Sequential(*hidden, nn.Linear(width, 10))


def watched(model, watch):
    """Let DDP exchange a bucket for each layer, and write down when it does."""

    def exchange(watch, bucket):
        start, index, size = watch.now(), bucket.index(), 4 * bucket.buffer().numel()
        future = allreduce_hook(None, bucket)

        def done(future):
            watch.exchanges[index] = [start, watch.now(), size]
            return future.value()[0]

        return future.then(done)

    for name, param in model.named_parameters():
        if name.endswith("weight"):
            param.register_post_accumulate_grad_hook(
                lambda _, name=name: watch.gradients.__setitem__(name, watch.now())
            )
    ddp = DistributedDataParallel(model, bucket_cap_mb=1)
    ddp.register_comm_hook(watch, exchange)
    return ddp


def main(rank, images=256, width=1024, repeats=16):
    """Measure several passes, and print the median one."""
    torch.manual_seed(0)
    watch, model = Watch(), network(width)
    ddp = watched(model, watch)
    X, y = torch.rand(images, 784), torch.randint(10, (images,))
    passes, by_hand = [], []
    for _ in range(repeats):
        loss = cross_entropy(ddp(X), y)
        dist.barrier()
        watch.restart()
        loss.backward()
        end = watch.now()
        exchanges = [watch.exchanges[index] for index in sorted(watch.exchanges)]
        passes.append({"ddp": end, "gradients": watch.gradients, "exchanges": exchanges})
        model.zero_grad()

        with ddp.no_sync():
            loss = cross_entropy(ddp(X), y)
            dist.barrier()
            watch.restart()
            loss.backward()
        sum_gradients(model.parameters())
        by_hand.append(watch.now())
        model.zero_grad()
    if rank == 0:
        # In its first pass DDP has one bucket; then it cuts them in the order of the gradients.
        passes, by_hand = passes[1:], by_hand[1:]
        middle = len(passes) // 2
        report = sorted(passes, key=lambda one: one["ddp"])[middle]
        report |= {"by_hand": sorted(by_hand)[middle], "pairs": len(passes)}
        pairs = zip(passes, by_hand, strict=True)
        report["faster"] = sum(one["ddp"] < other for one, other in pairs)
        print(json.dumps(report))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=256, help="of each process")
    parser.add_argument("--width", type=int, default=1024, help="of a hidden layer")
    parser.add_argument("--repeats", type=int, default=16, help="at least 2")
    args = parser.parse_args()
    with process_group() as (rank, world_size):
        main(rank, **vars(args))
