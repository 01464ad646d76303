"""Start a script on several processes of this machine, and say what became of them."""

import json
import os
import re
import socket
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from signal import SIGABRT, SIGTERM, Signals

import psutil

from course_utils.parallel.guard import Ended, guarded
from course_utils.validation import require_count, require_positive

NUM_LINES = 8  # of a process's output, in an error
STREAMS = ("stdout.log", "stderr.log")  # as torchrun calls them
# The time limit of an exchange is up: in the words of gloo, of nccl, and of ``process_group``.
LATE = re.compile(
    r"Timed out waiting \d+ms|collective operation timeout|found fewer than \d+ processes within"
)
# An exchange that another process has already left, in the words of gloo.
LOST = re.compile(r"Connection (closed|reset) by peer")
# An error can end Python while gloo's threads still run; then they abort, after the error's words.
ABORTED = "terminate called without an active exception"
Log = dict[str, tuple[float, str]]  # {stream: (time of the last change, text)}


class LaunchError(RuntimeError):
    """A distributed run failed or took too long; ``output`` holds all that it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Run:
    """What a run that succeeded printed, and how long it took.

    Attributes
    ----------
    output : process by process (after a restart, attempt by attempt): what it printed, then what
        it wrote to its error stream
    seconds : from the start of torchrun to the end of the last process
    """

    output: str
    seconds: float


def launch(
    script: str | Path,
    *args: object,
    num_processes: int = 2,
    timeout: float = 60.0,
    max_restarts: int = 0,
) -> Run:
    """Run a script on several processes of this machine with torchrun, each on one thread.

    Whatever happens, to the script, to this process or to torchrun, no process of the run and no
    file of torchrun's is left. (Where this process and the one that watches the run are killed at
    the same moment, a folder stays.) Nothing is asked of the network, and nothing listens to it:
    the processes find each other through a file (see ``distributed.process_group``) and talk over
    the loopback interface.

    Parameters
    ----------
    script : path of a Python file
    args : its arguments
    num_processes : int
    timeout : seconds after which everything is ended
    max_restarts : int, how often all workers are started again after one has failed

    Raises
    ------
    LaunchError : a worker failed, was killed or is missing, or the time was up. The message holds
        the last lines of the worker that failed first.
    ValueError, TypeError : no such script, a count below 1, a limit that isn't above 0.
    """
    if not Path(script).is_file():
        raise ValueError(f"script must be the path of a Python file, got {script}: no such file")
    require_count("num_processes", num_processes)
    require_positive("timeout", timeout)
    if max_restarts != 0:
        require_count("max_restarts", max_restarts)
    folder = Path(tempfile.gettempdir(), f"course-launch-{uuid.uuid4().hex}")
    command = [
        *(sys.executable, "-P", "-m", "course_utils.parallel.agent"),
        f"--nproc-per-node={num_processes}",
        f"--max-restarts={max_restarts}",
        "--monitor-interval=0.1",
        *("--rdzv-backend=c10d", f"--rdzv-endpoint={folder / 'rendezvous'}"),
        *("--rdzv-conf=store_type=file", "--local-addr=localhost"),
        *(f"--log-dir={folder}", "--redirects=3"),  # 3: output and errors
        # Else torchrun takes a name that begins with a hyphen for an option of its own.
        os.path.join(os.curdir, script) if str(script).startswith("-") else str(script),
        *map(str, args),
    ]
    env = {
        "OMP_NUM_THREADS": "1",
        "COURSE_STORE": str(folder / "store"),
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",  # torchrun's own, which listens everywhere
        **loopback(),
    }
    ended = guarded(command, folder, timeout=timeout, env=env)
    if ended.code != 0:
        raise LaunchError(explain(ended, Path(script).name, num_processes, timeout), printed(ended))
    return Run(printed(ended), ended.seconds)


def loopback() -> dict[str, str]:
    """Tell gloo the interface of this machine alone; without, it looks its own name up."""
    here = (socket.AF_INET, "127.0.0.1")
    for name, addresses in psutil.net_if_addrs().items():
        if here in [(address.family, address.address) for address in addresses]:
            return {"GLOO_SOCKET_IFNAME": name}
    return {}


def logs_of(ended: Ended) -> dict[tuple[int, int], Log]:
    """What each process printed, {(attempt, rank): log}, from torchrun's files.

    They are called ``RUN/attempt_0/RANK/stdout.log``, or ``stderr.log``.
    """
    logs: dict[tuple[int, int], Log] = {}
    for path, file in ended.files.items():
        place = PurePosixPath(path)
        if place.name in STREAMS:
            attempt = int(place.parent.parent.name.removeprefix("attempt_"))
            logs.setdefault((attempt, int(place.parent.name)), {})[place.name] = file
    return dict(sorted(logs.items()))


def last_word(log: Log) -> float:
    """When a process last printed something; when it started, if it never did."""
    return max((bool(text), time) for time, text in log.values())[1]


def last_lines(*files: tuple[float, str]) -> str:
    """Return the end of the file that was written last, set off from the left."""
    _, _, text = max((bool(text), time, text) for time, text in files)
    lines = text.rstrip().removesuffix(ABORTED).splitlines()[-NUM_LINES:] or [
        "(it printed nothing)"
    ]
    return "".join(f"\n    {line}" for line in lines)


def printed(ended: Ended) -> str:
    """All that the processes of a run printed; torchrun's own words last, if it failed."""
    parts = [log[name][1] for log in logs_of(ended).values() for name in STREAMS]
    return "".join(parts if ended.code == 0 else [*parts, ended.files["command.log"][1]])


def explain(ended: Ended, name: str, num_processes: int, timeout: float) -> str:
    """Say why a run failed, in the words of the process that failed first."""
    logs = {rank: log for (_, rank), log in logs_of(ended).items()}  # of the last attempt
    if ended.code is None:
        said = [f"\nprocess {rank}:{last_lines(*log.values())}" for rank, log in logs.items()]
        return (
            f"{name} did not end within {timeout:g} s and was ended; it waits for something, or "
            f"needs a larger timeout. Last lines: {''.join(said) or 'no process had started'}"
        )
    exits = json.loads(ended.files.get("exits.json", (0, "{}"))[1])
    codes = {int(rank): code for rank, code in exits.items()}
    if not codes:
        return f"{name} failed: torchrun {how_ended(ended.code)}. Its last lines:" + last_lines(
            ended.files["command.log"]
        )
    # torchrun ends those that are left with SIGTERM, so that is a cause only if there is no other.
    failed = [rank for rank, code in codes.items() if code != -SIGTERM] or list(codes)

    def says(what: re.Pattern[str], rank: int) -> bool:
        return any(what.search(text) for _, text in logs[rank].values())

    late = [rank for rank in failed if says(LATE, rank)]
    if late or any(codes[rank] > 0 and not says(LOST, rank) for rank in failed):
        # A process that is killed closes its connections: nobody waits for it, and who fails
        # because of it says so. So it was torchrun that killed, with SIGKILL, who had not ended
        # when asked to.
        failed = [rank for rank in failed if rank in late or codes[rank] != -9]
    # Whoever fails because of another one says so after it.
    first = min(failed, key=lambda rank: last_word(logs[rank]))
    left = [rank for rank in range(num_processes) if rank not in codes]
    waited = [rank for rank in codes if rank not in failed]
    how, hung, advice = how_ended(codes[first]), [], ""
    aborted = any(text.rstrip().endswith(ABORTED) for _, text in logs[first].values())
    if aborted and codes[first] == -SIGABRT:
        how = "ended with an error"
    if says(LOST, first):
        advice = "; see that all take part in the same exchanges, with tensors of one size"
    if first in late:
        how, hung = "waited for the others until its time limit", waited[:5]
        advice = ": look there for what hangs" if hung else advice
    return (
        f"{name} failed: process {first} of {num_processes} {how}"
        + some(left, "had left without an error")
        + some(waited, "still worked or waited")
        + f"{advice}. Its last lines:{last_lines(*logs[first].values())}"
        + "".join(f"\nprocess {rank}:{last_lines(*logs[rank].values())}" for rank in hung)
    )


def how_ended(code: int) -> str:
    """Say in words what an exit code means."""
    return f"ended with exit code {code}" if code > 0 else f"was killed by {Signals(-code).name}"


def some(ranks: list[int], verb: str) -> str:
    """Say what several processes did, or nothing of none."""
    if not ranks:
        return ""
    names = ", ".join(map(str, ranks[:5])) + (", ..." if len(ranks) > 5 else "")
    return f"; process {names} {verb}"
