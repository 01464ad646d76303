"""Limits to torch's threads, and runs in the background: what they take, they give back."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import torch

from course_utils.threads import BackgroundRun, at_most_threads, one_thread

SIGNALS = pytest.mark.skipif(os.name == "nt", reason="signals as on Unix")


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_the_number_is_put_back_after_an_error_too():
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    with pytest.raises(RuntimeError, match="inside"), one_thread():
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 2


def test_runs_beside_each_other_have_their_own_number():
    """A run in the background begins, one in front begins and ends, then the first ends."""
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def work(should_stop):
        with one_thread():
            begun.set()
            assert go_on.wait(10)
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    run = BackgroundRun(work).start()
    assert begun.wait(10)
    assert torch.get_num_threads() == 2
    with at_most_threads(2):
        assert torch.get_num_threads() == 2
    second = BackgroundRun(lambda should_stop: seen.append(torch.get_num_threads())).start()
    second.join(10)
    go_on.set()
    run.join(10)
    assert seen == [2, 1, 2]  # the second run starts with what its starter has, not with 1
    assert torch.get_num_threads() == 2


def test_the_lowest_limit_counts_and_no_limit_adds_threads():
    with at_most_threads(5):
        assert torch.get_num_threads() == 2
        with at_most_threads(1), at_most_threads(2):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2


def test_work_runs_beside_the_caller_and_stops_when_asked():
    begun = threading.Event()

    def work(should_stop):
        begun.set()
        while not should_stop():
            threading.Event().wait(0.001)

    run = BackgroundRun(work).start()
    assert begun.wait(5)
    assert run.running
    run.stop()
    run.join(5)
    assert not run.running


@pytest.fixture
def _interrupts():
    """SIGINT raises KeyboardInterrupt, also in tests started in the background, which ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@SIGNALS
@pytest.mark.usefixtures("_interrupts")
def test_a_run_goes_on_when_the_wait_for_it_is_interrupted():
    """Python 3.11 then takes the thread for ended; a lab would start a second run beside it."""
    run = BackgroundRun(lambda should_stop: [None for _ in iter(should_stop, True)]).start()
    thread = threading.Timer(0.2, signal.pthread_kill, (threading.get_ident(), signal.SIGINT))
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run.join(10)
    thread.join()
    assert run.running
    run.stop()
    run.join(5)
    assert not run.running


def test_the_end_is_reported_once_with_the_run():
    ends = []
    run = BackgroundRun(lambda should_stop: None, ends.append).start()
    run.join(5)
    assert ends == [run]
    assert run.error is None


def test_an_error_reaches_on_end():
    ends = []

    def work(should_stop):
        raise ValueError("planned")

    run = BackgroundRun(work, lambda run: ends.append(str(run.error))).start()
    run.join(5)
    assert ends == ["planned"]


def test_without_on_end_join_raises_the_error():
    def work(should_stop):
        raise ValueError("planned")

    run = BackgroundRun(work).start()
    with pytest.raises(ValueError, match="planned"):
        run.join(5)


def test_repr_says_whether_it_runs():
    assert repr(BackgroundRun(lambda should_stop: None)) == "BackgroundRun(running=False)"


ENDING = """
import torch
from course_utils.threads import BackgroundRun
def work(should_stop):
    big = torch.rand(400, 400)
    while not should_stop():
        big = (big @ big).clamp(0, 1)
    print("ended", flush=True)
run = BackgroundRun(work).start()
"""


INTERRUPTED = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    run.join()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        pytest.param(ENDING, "ended\n", id="ends"),
        pytest.param(ENDING + INTERRUPTED, "interrupted\nended\n", id="interrupted", marks=SIGNALS),
    ],
)
@pytest.mark.processes
def test_a_run_ends_with_the_interpreter(script, printed):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")
