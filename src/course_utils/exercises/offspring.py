"""Processes and threads that a learner's function starts: they end with it, or it is told."""

import ctypes
import multiprocessing
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from course_utils.parallel.guard import adopt_orphans, lives

# Seconds in which threads are to end, and in which killed processes are to be gone.
PATIENCE, LONG_PATIENCE = 0.1, 5.0
# A helper of Python's own: it does nothing until it is needed again, and ends with the kernel.
HELPER = "multiprocessing.resource_tracker"


def children() -> set[int]:
    """Return the identifiers of this process's own children, dead and not yet removed included."""
    with suppress(OSError):  # Linux says so in microseconds; psutil looks at every process
        tasks = os.listdir("/proc/self/task")
        lists = [Path(f"/proc/self/task/{task}/children").read_text() for task in tasks]
        return set(map(int, " ".join(lists).split()))
    return {child.pid for child in psutil.Process().children()}


def is_helper(process: psutil.Process) -> bool:
    """Whether a process is Python's own."""
    with suppress(psutil.Error):
        return any(HELPER in part for part in process.cmdline())
    return False


class Offspring:
    """What is started from now on until ``end``.

    On Linux, processes whose parent is gone are adopted, so that none can hide.
    """

    def __init__(self) -> None:
        self._old_threads, self._old_children = set(sys._current_frames()), children()
        adopt_orphans(True)

    def _processes(self) -> set[psutil.Process]:
        """Return the processes, those included that are dead and not yet removed."""
        found = set[psutil.Process]()
        for identifier in children() - self._old_children:
            with suppress(psutil.Error):
                child = psutil.Process(identifier)
                found |= {child, *child.children(recursive=True)}
        return {process for process in found if not is_helper(process)}

    def kill(self) -> bool:
        """Kill the processes that live; tell whether there were any."""
        alive = [process for process in self._processes() if lives(process)]
        for process in alive:
            with suppress(psutil.Error):
                process.kill()
        return bool(alive)

    def _end_processes(self) -> bool:
        """Kill the processes until none is left; tell whether there were any."""
        begun, were_killed = time.monotonic(), False
        while True:
            were_killed = self.kill() or were_killed
            # multiprocessing removes its own, and would not notice that somebody else did.
            own = {child.pid for child in multiprocessing.active_children()}
            psutil.wait_procs([p for p in self._processes() if p.pid not in own], timeout=0)
            if not self._processes() or time.monotonic() >= begun + LONG_PATIENCE:
                return were_killed
            time.sleep(0.002)

    def _threads(self) -> dict[int, threading.Thread | None]:
        """Return the threads by identifier; a bare one has no object."""
        found = dict[int, threading.Thread | None]()
        for identifier, frame in sys._current_frames().items():
            while frame.f_back:
                frame = frame.f_back
            if identifier not in self._old_threads:
                is_bare = frame.f_code.co_qualname != "Thread._bootstrap"
                found[identifier] = None if is_bare else frame.f_locals["self"]
        return found

    def _end_threads(self) -> bool:
        """Have the threads end; tell whether one doesn't."""
        begun = newest = time.monotonic()
        told = dict[int, threading.Thread | None]()
        while threads := self._threads():
            # A thread that ends may have started another, which may have its identifier.
            told = {i: told[i] for i in threads if i in told and told[i] is threads[i]}
            newest = time.monotonic() if threads != told else newest
            if time.monotonic() >= min(newest + PATIENCE, begun + LONG_PATIENCE):
                break
            for identifier in threads.keys() - told.keys():
                thread = threads[identifier]
                if isinstance(thread, threading.Timer):
                    thread.cancel()
                # Ended before it says that it has begun, it would leave its parent waiting.
                if thread is None or thread.is_alive():
                    # Raised in its next line of Python; it may be waiting in C.
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(identifier), ctypes.py_object(SystemExit)
                    )
                    told[identifier] = thread
            time.sleep(0.002)
        return bool(threads)

    def end(self) -> str:
        """End all of it; say in words what had to be ended, and what can't be."""
        were_killed = self._end_processes()
        is_left = self._end_threads()
        were_killed = self._end_processes() or were_killed  # a thread may have started one
        adopt_orphans(False)
        left = "It left a thread that can't be ended: join each thread, shut down each pool."
        ended = "It left processes running, which were ended."
        return " ".join([ended] * were_killed + [left] * is_left)
