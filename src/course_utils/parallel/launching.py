"""Start a script on several processes with torchrun, with an end to everything it starts."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_utils.validation import require_count, require_positive


def free_port() -> int:
    """Return a port of this machine that nothing uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def require_free_port(port: int) -> None:
    """Raise unless nothing listens on this port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError) as error:
            raise ValueError(
                f"port must be a free port of this machine, got {port} ({error}); "
                "leave it out to let one be found"
            ) from None


TAG = "COURSE_LAUNCH"  # environment variable by which a run's processes are found again


def tagged(tag: str) -> list[psutil.Process]:
    """Return the living processes of a run, wherever their parents went."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(TAG) == tag:
                found.append(process)
    return found


def end_all(tag: str, patience: float = 3.0) -> None:
    """End the processes of a run: politely first, so that torchrun ends its own workers."""
    for process in tagged(tag):
        with suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(tagged(tag), timeout=patience)
    for process in tagged(tag):
        with suppress(psutil.Error):
            process.kill()


class LaunchError(RuntimeError):
    """A distributed run failed or took too long; ``output`` holds all that it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True)
class Run:
    """What a run that succeeded printed, and how long it took."""

    output: str
    seconds: float


def torchrun_command(
    num_processes: int,
    *,
    max_restarts: int = 0,
    port: int | None = None,
    num_nodes: int = 1,
    join_timeout: int = 15,
    log_dir: str | Path | None = None,
) -> list[str]:
    """Return the torchrun command that starts ``num_processes`` workers on this machine."""
    return [
        *(sys.executable, "-m", "torch.distributed.run"),
        f"--nnodes={num_nodes}",
        f"--nproc-per-node={num_processes}",
        f"--max-restarts={max_restarts}",
        "--monitor-interval=0.5",  # seconds in which the others can say what they saw
        "--rdzv-backend=c10d",
        f"--rdzv-endpoint=localhost:{port or 0}",
        f"--rdzv-id={uuid.uuid4().hex}",
        f"--rdzv-conf=join_timeout={join_timeout},timeout=15,is_host=1",
        *([] if log_dir is None else [f"--log-dir={log_dir}"]),  # else a new one that stays
    ]


def explain(output: str) -> str:
    """Say in a sentence why a run failed: a killed worker, a missing one, or the first error."""
    if "RendezvousTimeoutError" in output:
        return "not all machines joined in time; start the missing one, or lower the number"
    ended = re.findall(r"rank +: (\d+).*\n +exitcode +: -\d+ .*\((SIG\w+)\)", output)
    killed = [(rank, signal) for rank, signal in ended if signal != "SIGTERM"]  # torchrun's own
    if killed:
        return f"process {killed[0][0]} was killed ({killed[0][1]}), so the others were ended"
    errors = re.findall(r"^(?:\[rank\d+\]:)?\s*([\w.]*(?:Error|Exception): .*)$", output, re.M)
    errors = [error for error in errors if "ChildFailedError" not in error]  # torchrun's summary
    # A lost connection is what the others see; the cause is elsewhere, if it could still be said.
    errors.sort(key=lambda error: "/gloo/" in error)
    lines = output.strip().splitlines()
    return errors[0] if errors else lines[-1] if lines else "it printed nothing"


def launch(
    script: str | Path,
    *args: object,
    num_processes: int = 2,
    timeout: float = 60.0,
    max_restarts: int = 0,
    port: int | None = None,
    num_nodes: int = 1,
    join_timeout: int = 15,
) -> Run:
    """Run a script on several processes of this machine, each on one thread.

    Whatever happens, no process of the run and no file of torchrun's is left when this returns
    or raises.

    Parameters
    ----------
    script : path of a Python file
    args : its arguments
    num_processes : int
    timeout : seconds after which everything is ended
    max_restarts : int, how often all workers are started again after one has failed
    port : where the workers meet; a free one is found without
    num_nodes : machines that take part; the others must be started by hand
    join_timeout : seconds to wait for the other machines

    Raises
    ------
    LaunchError : a worker failed, was killed or is missing, or the time was up.
    ValueError, TypeError : a port in use, a count below 1.
    """
    require_count("num_processes", num_processes)
    require_count("join_timeout", join_timeout)
    require_positive("timeout", timeout)
    if port is not None:
        require_free_port(port)
    with tempfile.TemporaryDirectory(prefix="course-launch-") as logs:
        torchrun = torchrun_command(
            num_processes,
            max_restarts=max_restarts,
            port=port,
            num_nodes=num_nodes,
            join_timeout=join_timeout,
            log_dir=logs,
        )
        return _watched([*torchrun, str(script), *map(str, args)], Path(script).name, timeout)


def _watched(command: list[str], name: str, timeout: float) -> Run:
    """Run a command to its end, or end it and all that it started."""
    tag, start = uuid.uuid4().hex, time.monotonic()
    env = os.environ | {"OMP_NUM_THREADS": "1", TAG: tag}
    with subprocess.Popen(
        command,
        env=env,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            end_all(tag)
            output = process.communicate()[0]
            raise LaunchError(
                f"{name} did not end within {timeout:g} s and was ended; "
                f"it waits for a worker, or needs a longer timeout. It said: {explain(output)}",
                output,
            ) from error
        finally:
            end_all(tag)
    if process.returncode:
        raise LaunchError(f"{name} failed: {explain(output)}", output)
    return Run(output, time.monotonic() - start)
