"""What each process of a distributed run does: join, share out, add up, save, and leave."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from course_utils.validation import require_count, require_positive


def end_with_parent(poll: float = 0.5) -> None:
    """End this process when the one that started it is gone, so that no orphan is left."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll)
        os._exit(1)  # from a thread, sys.exit would end only the thread

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def process_group(timeout: float = 20.0) -> Iterator[tuple[int, int]]:
    """Join the processes that torchrun started; leave them at the end, whatever happens.

    Parameters
    ----------
    timeout : seconds that joining, or any later exchange, may take

    Yields
    ------
    (rank, world_size)
        Number of this process from 0, and number of processes.

    Raises
    ------
    RuntimeError : not all processes joined in time.
    """
    require_positive("timeout", timeout)
    end_with_parent()
    wait = timedelta(seconds=timeout)
    try:
        store, rank, world_size = next(rendezvous("env://", timeout=wait))
        # After a restart, torchrun's store still holds the addresses of the dead processes.
        fresh = dist.PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
        dist.init_process_group("gloo", store=fresh, rank=rank, world_size=world_size, timeout=wait)
    except (dist.DistStoreError, dist.DistNetworkError) as error:
        raise RuntimeError(
            f"process {os.environ.get('RANK')} found fewer than {os.environ.get('WORLD_SIZE')} "
            f"processes within {timeout:g} s; start those that are missing, or ask for fewer"
        ) from error
    try:
        yield rank, world_size
    finally:
        dist.destroy_process_group()


def share(n: int, rank: int, world_size: int) -> slice:
    """Part of ``n`` things that belongs to a process; sizes differ by at most one.

    Parameters
    ----------
    n : int, things to share out
    rank, world_size : int, this process and their number

    Raises
    ------
    ValueError : a rank that is not in 0..world_size-1.
    """
    require_count("world_size", world_size)
    if not 0 <= rank < world_size:
        raise ValueError(f"rank must lie in 0..{world_size - 1}, got {rank}")
    return slice(rank * n // world_size, (rank + 1) * n // world_size)


def sum_gradients(params: Iterable[Tensor]) -> int:
    """Replace each gradient by its sum over all processes; return the bytes handed over.

    One exchange for all parameters: many small ones would each wait for the network.
    """
    grads = [param.grad for param in params if param.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)  # in place, the sum over all processes
    for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(part.view_as(grad))
    return flat.numel() * flat.element_size()


def save_atomically(state: dict, path: Path) -> None:
    """Write a checkpoint so that a reader sees the old one or the new one, never half of one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
