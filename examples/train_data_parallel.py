"""Train softmax regression on several processes; each takes its share of every batch.

On two processes of this machine, from the folder of the course:

    .venv/bin/torchrun --standalone --nproc-per-node 2 examples/train_data_parallel.py --epochs 2

On two machines, the same lines on both; the first line lets a restart after a failure find a new
store. Here the first machine is called first-machine:

    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
    .venv/bin/torchrun --nnodes 2 --nproc-per-node 2 \\
        --rdzv-backend c10d --rdzv-endpoint first-machine:29500 --rdzv-id course \\
        examples/train_data_parallel.py --epochs 2

Where gloo reports "Connection refused, remote=[127.0.1.1]", name the network's interface on both:
export GLOO_SOCKET_IFNAME=eth0 (or whatever `ip address` shows).

On a machine with four GPUs, each process takes one:

    .venv/bin/torchrun --standalone --nproc-per-node 4 examples/train_data_parallel.py --epochs 2

The weights go to softmax.pt. After each epoch checkpoint.pt is written; the next run goes on from
there, so it trains only if --epochs is larger, or after checkpoint.pt has been moved away.
"""

import argparse
import math
import os
import signal
import time
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils.data import Split, batches, load_fashion_mnist
from course_utils.parallel.distributed import (
    device_of_process,
    newest_checkpoint,
    process_group,
    require_finite_weights,
    save_atomically,
    share,
    sum_gradients,
)


def main(args, device, rank, world_size):
    """Train from the newest checkpoint, or from the start, to the last epoch."""
    train = load_fashion_mnist().train
    split = Split(train.images[: args.images], train.labels[: args.images])
    torch.manual_seed(0)  # the same weights on every process
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=0.9)
    done = newest_checkpoint(args.checkpoint, model, optimizer)
    if done and rank == 0:
        print(f"goes on after epoch {done}, from {args.checkpoint}")
    for group in optimizer.param_groups:
        group["lr"] = args.lr  # what was asked for, not what the checkpoint holds
    parts = (device, rank, world_size, model, optimizer)
    for epoch in range(done, args.epochs):
        start = time.perf_counter()
        loss, sent = train_epoch(args, split, epoch, *parts)
        require_finite_weights(model)
        if rank == 0:
            state = {"model": model.state_dict(), "epochs": epoch + 1}
            state["optimizer"] = optimizer.state_dict()
            save_atomically(state, args.checkpoint)
            guessing = math.log(10)
            far = ", far above that of guessing" if loss > 2 * guessing else ""
            print(f"epoch {epoch + 1}: loss {loss:.3f}{far}, ", end="")
            print(f"{time.perf_counter() - start:.2f} s, {sent} bytes")
    if rank == 0:
        if done >= args.epochs:
            print("nothing to train:", end=" ")
            print(f"{done} epochs are done, --epochs is {args.epochs}")
        save_atomically(model.state_dict(), args.out)


def train_epoch(args, split, epoch, device, rank, world_size, model, optimizer):
    """Go through all batches; return the mean loss and the bytes handed over."""
    # the same order on every process
    shuffle = torch.Generator().manual_seed(epoch)
    first_start = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
    total, sent = torch.zeros((), device=device), 0
    whole_batches = batches(split, args.batch_size, generator=shuffle)
    for step, (X, y) in enumerate(whole_batches):
        if first_start and [epoch, step, rank] == args.crash:
            os.kill(os.getpid(), signal.SIGKILL)
        mine = share(len(y), rank, world_size)
        logits = model(X[mine].to(device))
        loss = cross_entropy(logits, y[mine].to(device), reduction="sum") / len(y)
        optimizer.zero_grad()
        loss.backward()
        sent += sum_gradients(model.parameters())
        optimizer.step()
        total += loss.detach() * len(y)
    dist.all_reduce(total)
    return total.item() / len(split), sent


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default="softmax.pt", help="file for the weights")
    parser.add_argument("--checkpoint", type=Path, default="checkpoint.pt")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=256, help="of all processes together")
    parser.add_argument("--images", type=int, help="use only so many")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds that a wait may take")
    parser.add_argument(
        "--crash",
        type=int,
        nargs=3,
        metavar=("EPOCH", "STEP", "RANK"),
        help="let a process be killed, each counted from 0",
    )
    return parser.parse_args()


if __name__ == "__main__":
    args = arguments()
    device = device_of_process(args.device)
    with process_group(args.timeout, device) as (rank, world_size):
        main(args, device, rank, world_size)
