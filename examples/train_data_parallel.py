"""Train softmax regression on several processes; each takes its share of every batch.

torchrun --standalone --nproc-per-node 2 train_data_parallel.py --data DATA.pt --out OUT.pt
"""

import argparse
import os
import signal
import time
from pathlib import Path

import torch

from course_utils.data import Split, batches
from course_utils.models import SoftmaxRegression
from course_utils.parallel.distributed import process_group, save_atomically, share, sum_gradients
from course_utils.softmax import cross_entropy
from course_utils.training import sgd


def train(args, rank, world_size):
    """Train from the last checkpoint, or from the start, to the last epoch."""
    split = Split(*torch.load(args.data))
    model = SoftmaxRegression(generator=torch.Generator().manual_seed(0))  # the same everywhere
    first, shuffle = 0, torch.Generator().manual_seed(0)
    if args.checkpoint.exists():
        state = torch.load(args.checkpoint)
        first = state["epoch"]
        shuffle.set_state(state["shuffle"])
        with torch.no_grad():
            for param, saved in zip(model.parameters(), state["params"], strict=True):
                param.copy_(saved)
        print(f"process {rank} goes on after epoch {first}\n", end="")
    for epoch in range(first, args.epochs):
        start = time.perf_counter()
        sent = train_epoch(model, split, shuffle, args, rank, world_size, epoch)
        if rank == 0:
            state = {"params": model.parameters(), "shuffle": shuffle.get_state()}
            save_atomically(state | {"epoch": epoch + 1}, args.checkpoint)
            seconds = time.perf_counter() - start
            print(f"epoch {epoch + 1}: {seconds:.2f} s, {sent} bytes handed over\n", end="")
    if rank == 0:
        save_atomically({"params": model.parameters()}, args.out)


def train_epoch(model, split, shuffle, args, rank, world_size, epoch):
    """Go through all batches once; return the bytes this process handed over."""
    sent = 0
    for step, (X, y) in enumerate(batches(split, args.batch_size, generator=shuffle)):
        if (epoch, step, rank) == args.crash and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            os.kill(os.getpid(), signal.SIGKILL)  # as if the machine had lost power
        mine = share(len(y), rank, world_size)
        loss = cross_entropy(model(X[mine]), y[mine], reduction="sum") / len(y)
        loss.backward()
        sent += sum_gradients(model.parameters())
        sgd(model.parameters(), args.lr)
    return sent


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds an exchange may take")
    parser.add_argument(
        "--crash", type=int, nargs=3, metavar=("EPOCH", "STEP", "RANK"), default=(-1, -1, -1)
    )
    args = parser.parse_args()
    args.crash = tuple(args.crash)
    return args


if __name__ == "__main__":
    args = arguments()
    with process_group(args.timeout) as (rank, world_size):
        train(args, rank, world_size)
