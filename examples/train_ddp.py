"""The training of train_data_parallel.py as PyTorch does it: with DistributedDataParallel.

From the folder of the course; on two machines and on GPUs as it is said there:

    .venv/bin/torchrun --standalone --nproc-per-node 2 examples/train_ddp.py --epochs 2

With --watch it then does what watch_ddp.py does, without a launch of its own.
"""

import argparse
import time
from pathlib import Path

import torch

# DDP imports it. Imported once the processes have joined, it would keep their connections to the
# end of the program, where their threads can abort it (torch 2.13).
import torch._dynamo
import watch_ddp
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from course_utils.data import load_fashion_mnist
from course_utils.parallel.distributed import (
    device_of_process,
    process_group,
    require_finite_weights,
    save_atomically,
)


def main(args, device, rank, world_size):
    """Train, and save the weights."""
    train = load_fashion_mnist().train
    data = TensorDataset(train.images[: args.images], train.labels[: args.images])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).to(device)

    ddp = DistributedDataParallel(model)
    sampler = DistributedSampler(data, seed=0)
    size = args.batch_size // world_size
    loader = DataLoader(data, batch_size=size, sampler=sampler)
    optimizer = torch.optim.SGD(ddp.parameters(), args.lr, momentum=0.9)
    for epoch in range(args.epochs):
        start = time.perf_counter()
        sampler.set_epoch(epoch)
        for X, y in loader:
            loss = cross_entropy(ddp(X.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        require_finite_weights(model)
        if rank == 0:
            print(f"epoch {epoch + 1}: {time.perf_counter() - start:.2f} s")

    if rank == 0:
        save_atomically(model.state_dict(), args.out)
    if args.watch:
        watch_ddp.main(rank)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default="softmax.pt", help="file for the weights")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=256, help="of all processes together")
    parser.add_argument("--images", type=int, help="use only so many")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--watch", action="store_true", help="needs the CPU")
    args = parser.parse_args()
    device = device_of_process(args.device)
    if args.watch and device.type != "cpu":
        parser.error("--watch looks at exchanges between CPUs; add --device cpu")
    with process_group(device=device) as (rank, world_size):
        main(args, device, rank, world_size)
