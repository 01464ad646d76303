"""Find and end every process of a run, wherever its parents went."""

from contextlib import suppress

import psutil

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
