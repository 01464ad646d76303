"""What each process of a distributed run does: join, share out, add up, save, and leave."""

import io
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from course_utils.validation import require_choice, require_positive

CPU = torch.device("cpu")


def end_with_parent(poll: float = 0.5) -> None:
    """End this process when the one that started it is gone, so that no orphan is left."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll)
        os._exit(1)  # from a thread, sys.exit would end only the thread

    threading.Thread(target=watch, daemon=True).start()


def device_of_process(choice: str = "auto") -> torch.device:
    """Return where this process computes, and make it torch's current GPU if it is one.

    Parameters
    ----------
    choice : "auto" gives each process a GPU of its own if this machine has as many, else the
        CPU; "cpu"; "cuda"

    Raises
    ------
    ValueError : another word, or "cuda" and fewer GPUs than processes on this machine.
    """
    require_choice("choice", choice, ("auto", "cpu", "cuda"))
    processes, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    if choice == "cuda" and gpus < processes:
        fewer = f"start no more than {gpus} of them, or " if gpus else ""
        raise ValueError(
            f"choice must leave a GPU to each of the {processes} processes of this machine, "
            f"got 'cuda' where it has {gpus}; {fewer}choose 'cpu'"
        )
    if choice == "cpu" or gpus < processes:
        return CPU
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


@contextmanager
def process_group(timeout: float = 20.0, device: torch.device = CPU) -> Iterator[tuple[int, int]]:
    """Join the processes that torchrun started, and leave them at the end.

    After an error the connections stay open until this process ends: so the others lose them
    only after the error has been printed.

    Parameters
    ----------
    timeout : seconds that joining, or each wait for data in a later exchange, may take
    device : where the tensors are that will be exchanged, a CPU or a GPU

    Yields
    ------
    (rank, world_size)
        Number of this process from 0, and number of processes.

    Raises
    ------
    RuntimeError : not all processes joined in time.
    """
    end_with_parent()
    rank, world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    with naming_the_missing(rank, world_size, timeout):
        dist.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=store_of_launch(world_size),
            rank=rank,
            world_size=world_size,
            timeout=timedelta(seconds=timeout),
        )
    yield rank, world_size
    dist.destroy_process_group()


def store_of_launch(world_size: int) -> dist.Store | None:
    """The file by which the processes that `launch` started find each other, if it did.

    Others do it through the address that torchrun gives. A restart begins with an empty file.
    """
    if not (file := os.environ.get("COURSE_STORE")):
        return None
    return dist.FileStore(f"{file}_{os.environ['TORCHELASTIC_RESTART_COUNT']}", world_size)


@contextmanager
def naming_the_missing(rank: int, world_size: int, timeout: float) -> Iterator[None]:
    """Turn an error after the whole time limit into a sentence that says what to do."""
    require_positive("timeout", timeout)
    start = time.monotonic()
    try:
        yield
    except RuntimeError as error:
        if time.monotonic() - start < timeout:
            raise
        raise RuntimeError(
            f"process {rank} found fewer than {world_size} processes within {timeout:g} s; "
            "start those that are missing, or ask for fewer"
        ) from error


def share(n: int, rank: int, world_size: int) -> slice:
    """Part of ``n`` things that belongs to a process; sizes differ by at most one.

    Parameters
    ----------
    n : int, things to share out
    rank, world_size : int, this process and their number

    Raises
    ------
    ValueError : a rank that none of the processes has.
    """
    if not 0 <= rank < world_size:
        raise ValueError(f"rank must be at least 0 and below world_size, {world_size}, got {rank}")
    return slice(rank * n // world_size, (rank + 1) * n // world_size)


def sum_gradients(params: Iterable[Tensor]) -> int:
    """Replace each gradient by its sum over all processes; return the bytes handed over.

    One exchange for all parameters: each costs a fixed time, however short it is. A parameter
    without a gradient here counts as zero, since another process may have one for it.
    """
    params = [param for param in params if param.requires_grad]
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in params]
    flat = torch.cat([grad.flatten() for grad in grads])
    dist.all_reduce(flat)  # in place, the sum over all processes
    for param, total in zip(params, flat.split([p.numel() for p in params]), strict=True):
        param.grad = total.view_as(param)
    return flat.numel() * flat.element_size()


def require_finite_weights(model: nn.Module) -> None:
    """Raise if training has made a weight infinite or nan; on all processes alike.

    Raises
    ------
    RuntimeError : with the words of ``fit``.
    """
    if not all(bool(param.isfinite().all()) for param in model.parameters()):
        raise RuntimeError(
            "stopped: the loss is no longer a finite number, and this epoch's weights were not "
            "saved; look for data that aren't finite, or choose a smaller learning rate"
        )


def save_atomically(state: dict, path: Path) -> None:
    """Write a checkpoint so that a reader sees the old one or the new one, never half of one.

    If it can't be written, the part that was is removed. If the process is killed meanwhile, the
    part stays as ``NAME.PROCESS.part``; it is of no use.
    """
    whole = io.BytesIO()
    torch.save(state, whole)  # first to memory: on a full disk torch's own words hide the cause
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(whole.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def newest_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Put the newest checkpoint of all machines into this process; return its epochs.

    Machines need not share a folder. Only one of them may have the file, or an old one.

    Parameters
    ----------
    path : a file that holds ``{"model": ..., "optimizer": ..., "epochs": ...}``, if there is one
    model, optimizer : changed in place, as they are changed on all the other processes

    Raises
    ------
    ValueError : the file is damaged, no checkpoint, or one of another model.
    """
    state = read_checkpoint(path, model) if path.exists() else None
    reached = [0] * dist.get_world_size()
    dist.all_gather_object(reached, state["epochs"] if state else 0)
    states = [state]
    dist.broadcast_object_list(states, src=reached.index(max(reached)))
    if states[0]:
        model.load_state_dict(states[0]["model"])
        optimizer.load_state_dict(states[0]["optimizer"])
    return max(reached)


def read_checkpoint(path: Path, model: nn.Module) -> dict[str, Any]:
    """Return a checkpoint; refuse what is no whole checkpoint of this model.

    Raises
    ------
    ValueError : the file is damaged, no checkpoint, or one of another model.
    """
    remedy = f"{path} can't be used; move it away to start anew, or name another checkpoint. "
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # of many types, by the place at which a file is cut
        raise ValueError(f"{remedy}It is damaged, or no checkpoint at all: {error}") from error
    if not isinstance(state, dict) or {"model", "optimizer", "epochs"} - set(state):
        raise ValueError(f"{remedy}A checkpoint holds model, optimizer and epochs")
    found, wanted = (
        {name: tuple(values.shape) for name, values in weights.items()}
        for weights in (state["model"], model.state_dict())
    )
    if found != wanted:
        raise ValueError(f"{remedy}It is of another model, {found}; this one is {wanted}")
    return state
