"""A command with an end: when it is over, late or no longer wanted, nothing it started is left.

Whoever waits for a command can be interrupted or killed. So a small process of its own, the guard,
starts the command and watches over it. It ends the command and all that came of it, and removes
the folder that was made for it, as soon as

- the command is over,
- the time is up,
- it is told to (a signal), or
- the process that asked for it is gone.

On Linux the guard adopts processes whose parent is gone, so that none can hide. Elsewhere it
remembers each descendant that it has seen, and knows the others by a mark in their environment.
"""

import argparse
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psutil

MARK = "COURSE_GUARD"  # environment variable: the folder of the command that this is part of
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
POLL = 0.05  # seconds between two looks
KEPT = 1_000_000  # bytes of a file's end that are handed over: a command may print for ever
PATIENCE = 10.0  # seconds in which the guard starts, and in which it ends everything


@dataclass(frozen=True)
class Ended:
    """What became of a command.

    Attributes
    ----------
    code : its exit code; None if its time was up
    seconds : how long it took
    files : what lay in its folder, {path within the folder: (time of the last change, text)}; of
        a file of more than a megabyte the end, after a line that says so
    """

    code: int | None
    seconds: float
    files: dict[str, tuple[float, str]]


def guarded(command: list[str], folder: Path, *, timeout: float, env: dict[str, str]) -> Ended:
    """Run a command; when this returns or raises, nothing that it started is left.

    Parameters
    ----------
    command : program and arguments
    folder : where its files may lie; it must not exist yet, and is removed at the end. What the
        command prints itself goes to the file ``command.log`` in it.
    timeout : seconds that it may take
    env : added to the environment

    Raises
    ------
    ValueError : the folder exists.
    RuntimeError : the guard itself was killed.
    """
    if folder.exists():
        raise ValueError(f"folder must not exist yet, got {folder}; it will be removed")
    guard = [sys.executable, "-P", "-m", __spec__.name, str(os.getpid()), str(timeout), str(folder)]
    # Only the guard holds the other ends of these pipes, so no worker can keep us waiting.
    with subprocess.Popen(
        [*guard, *command],
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt of ours is not meant for it
    ) as process:
        try:
            report, errors = process.communicate(timeout=timeout + PATIENCE)
        finally:
            process.terminate()  # it has ended, or it ends all and then itself
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
                if process.wait():
                    end_all(lambda: marked(folder))
                    shutil.rmtree(folder, ignore_errors=True)
    if process.returncode:
        raise RuntimeError(
            f"the process that watches over {command[0]} ended with exit code "
            f"{process.returncode}, and all it had started was ended; start it again. {errors}"
        )
    return Ended(**json.loads(report))


def marked(folder: str | Path) -> set[psutil.Process]:
    """Return the processes of the command with this folder, and all that these have started."""
    found = set[psutil.Process]()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(folder):
                found.update((process, *process.children(recursive=True)))
    return found


def end_all(find: Callable[[], set[psutil.Process]], patience: float = PATIENCE / 2) -> None:
    """Kill the processes that ``find`` finds, again and again until it finds none alive."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        alive = {process for process in find() if lives(process)}
        if not alive:
            return
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(alive, timeout=POLL)


def lives(process: psutil.Process) -> bool:
    """Whether a process is there and more than an entry in a table that nobody has removed yet."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def adopt_orphans(wanted: bool = True) -> bool:
    """Become the parent of all descendants that lose theirs; False where that isn't possible.

    With ``wanted=False`` no longer.
    """
    if sys.platform != "linux":
        return False
    return ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) == 0


def watch(command: list[str], folder: Path, timeout: float, wanted: Callable[[], bool]) -> Ended:
    """Run a command to its end, or end it; in either case end all that came of it."""
    start, me, seen = time.monotonic(), psutil.Process(), set[psutil.Process]()
    adopts = adopt_orphans()

    def descendants() -> set[psutil.Process]:
        return {*me.children(recursive=True), *seen, *marked(folder)}

    try:
        with (folder / "command.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=os.environ | {MARK: str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while process.poll() is None and wanted() and time.monotonic() - start < timeout:
            if not adopts:
                seen.update(me.children(recursive=True))
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
        code = process.poll()
    finally:
        end_all(descendants)
    process.poll()  # one that was ended has ended for Popen, too
    files = {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime,
            end_of(path),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Ended(code, time.monotonic() - start, files)


def end_of(path: Path) -> str:
    """Return the text of a file; of a long one the last ``KEPT`` bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - KEPT))
        text = file.read(KEPT).decode("utf-8", errors="replace")
    return text if size <= KEPT else f"({size - KEPT} bytes before this are left out)\n{text}"


def main() -> None:
    """Be the guard: argument 1 is the process that asked, then the limit, folder and command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("asker", type=int)
    parser.add_argument("timeout", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    told: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        told.append(number)

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), remember)
    asker = psutil.Process(args.asker)

    def wanted() -> bool:
        return not told and lives(asker)

    args.folder.mkdir()
    try:
        ended = watch(args.command, args.folder, args.timeout, wanted)
    finally:
        shutil.rmtree(args.folder, ignore_errors=True)
    with suppress(OSError):  # nobody may be left to read it
        print(json.dumps(vars(ended)))


if __name__ == "__main__":
    main()
