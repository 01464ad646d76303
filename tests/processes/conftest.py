"""What tests that start processes share: nothing may be left of them."""

import time
from contextlib import suppress

import psutil
import pytest


def living(folder):
    """Processes that know a folder, by their arguments or by their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in w for w in words):
                found.append(process)
    return found


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder for temporary files, also for all that the test starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)  # so that the variable is read again
    # DDP makes torch's own cache, which is there to stay.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def nothing_left(tmp_path, temporary):
    """Wait until no process and no temporary file of the test is left; fail after some seconds.

    The test may call it itself, to have it within a given time.
    """

    def wait(seconds=5.0):
        end = time.monotonic() + seconds
        while (living(tmp_path) or [*temporary.iterdir()]) and time.monotonic() < end:
            time.sleep(0.05)
        assert [process.cmdline() for process in living(tmp_path)] == []
        assert [*temporary.iterdir()] == []

    yield wait
    wait()
