"""What fails says so in its own words; a limit is a limit; one machine needs no network."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_utils.parallel.guard import Ended
from course_utils.parallel.launching import LaunchError, explain, launch, loopback, printed

# One after the other: each asks whether any process is left over.
pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.timeout(240)]

HEAD = """
import os, subprocess, sys, time, torch
import torch.distributed as dist
from course_utils.parallel.distributed import process_group
"""


@pytest.fixture
def script(tmp_path):
    """Write a script."""

    def write(text):
        path = tmp_path / "w.py"
        path.write_text(HEAD + text)
        return path

    return write


def test_a_machine_without_a_name_service_launches_and_listens_to_itself_only(script, nothing_left):
    """The name of the machine can't be looked up; nothing listens on an address that others see."""
    unshare = [
        "unshare",
        "--map-root-user",
        "--uts",
        "sh",
        "-c",
        'hostname no-such-host; exec "$@"',
    ]
    if not shutil.which("unshare") or subprocess.run([*unshare, "-", "true"]).returncode:
        pytest.skip("needs Linux and the right to give a process another name of the machine")
    path = script("""
import psutil, socket
with process_group() as (rank, world_size):
    numbers = torch.tensor([10.0 + rank])
    dist.all_reduce(numbers)
    worker = psutil.Process()
    around = [worker, *worker.parents()[:2]]  # torchrun, the guard
    listening = {c.laddr.ip for p in around for c in p.net_connections() if c.status == "LISTEN"}
    print(rank, numbers.item(), socket.gethostname(), sorted(listening))
    dist.barrier()
""")
    program = (
        "import sys\n"
        "from course_utils.parallel.launching import launch\n"
        "print(launch(sys.argv[1], timeout=100).output)\n"
    )
    run = subprocess.run(
        [*unshare, "-", sys.executable, "-c", program, path],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[:2] == [
        "0 21.0 no-such-host ['127.0.0.1']",
        "1 21.0 no-such-host ['127.0.0.1']",
    ]


def test_the_first_failure_is_told_in_its_own_words(script, nothing_left):
    """Process 1 fails; 0 and 3 then lose their connection to it; 2 has left before."""
    path = script("""
with process_group() as (rank, world_size):
    print("process", rank, "joined", flush=True)
    if rank == 2:
        sys.exit()
    if rank == 1:
        time.sleep(2)
        assert world_size == 7
    dist.all_reduce(torch.zeros(1), group=dist.new_group([0, 1, 3]))
""")
    with pytest.raises(LaunchError) as caught:
        launch(path, num_processes=4, timeout=100)
    message = str(caught.value)
    assert message.startswith(
        "w.py failed: process 1 of 4 ended with exit code 1; process 2 had left"
    )
    assert "assert world_size == 7" in message.splitlines()[-3]
    assert message.endswith("AssertionError")
    for rank in range(4):
        assert f"process {rank} joined" in caught.value.output


def test_a_launch_returns_at_its_limit_whatever_its_workers_have_started(tmp_path, nothing_left):
    path = tmp_path / "w.py"
    path.write_text("""
import os, subprocess, sys, time
print("hello from", os.environ["RANK"], flush=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", __file__],
                 env={}, start_new_session=True)  # holds the output open
time.sleep(600)
""")
    start = time.monotonic()
    with pytest.raises(LaunchError, match="did not end within 10 s and was ended") as caught:
        launch(path, timeout=10)
    assert time.monotonic() - start < 15
    nothing_left(0)
    assert str(caught.value).endswith("process 0:\n    hello from 0\nprocess 1:\n    hello from 1")


def test_workers_end_where_notebook_and_guard_are_killed_together(
    script, tmp_path, temporary, nothing_left
):
    path = script("""
with process_group() as (rank, world_size):
    open(os.path.join(os.path.dirname(__file__), str(rank)), "w").close()
    time.sleep(600)
""")
    program = "import sys; from course_utils.parallel.launching import launch; launch(sys.argv[1])"
    with subprocess.Popen([sys.executable, "-c", program, path]) as asker:
        while not all((tmp_path / rank).exists() for rank in "01"):
            assert asker.poll() is None
            time.sleep(0.05)
        (guard,) = psutil.Process(asker.pid).children()
        for victim in (guard, asker):
            victim.kill()
    for folder in temporary.iterdir():
        folder.rename(tmp_path / "left")
    nothing_left(10)


def test_names_with_a_hyphen_are_no_options_and_each_process_has_one_thread(
    tmp_path, monkeypatch, nothing_left
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # what the shell says is for one process alone
    Path("-w.py").write_text("import sys, torch; print(sys.argv[1:], torch.get_num_threads())")
    assert launch("-w.py", "-h", timeout=100).output == "['-h'] 1\n" * 2


def test_bad_arguments_are_named_before_anything_starts(tmp_path, temporary):
    mine = tmp_path / "mine.py"
    mine.touch()
    words = r"script must be the path of a Python file, got never.py: no such file$"
    with pytest.raises(ValueError, match=words):
        launch("never.py")
    with pytest.raises(ValueError, match="script must be the path of a Python file"):
        launch(tmp_path)
    with pytest.raises(ValueError, match="num_processes must be at least 1, got 0"):
        launch(mine, num_processes=0)
    with pytest.raises(ValueError, match="timeout must be a finite number above 0, got nan"):
        launch(mine, timeout=float("nan"))
    with pytest.raises(ValueError, match="max_restarts must be at least 1, got -1"):
        launch(mine, max_restarts=-1)
    assert [*temporary.iterdir()] == []


def ended(code, exits=None, log="", **logs):
    """What the guard hands over: rank -> (time of the last word, output, errors) per process."""
    files = {"command.log": (0.0, log)}
    if exits is not None:
        files["exits.json"] = (0.0, json.dumps(exits))
    for rank, (when, output, errors) in logs.items():
        folder = f"none_x7/attempt_{rank[1:-1]}/{rank[-1]}"
        files |= {f"{folder}/stdout.log": (when, output), f"{folder}/stderr.log": (when, errors)}
    return Ended(code, 1.0, files)


TRACEBACK = "Traceback (most recent call last):\n" + "".join(f"  line {i}\n" for i in range(20))
LOST = TRACEBACK + "RuntimeError: [gloo/pair.cc] Connection closed by peer\n"
WAITED = TRACEBACK + "RuntimeError: [gloo/u.cc:78] Timed out waiting 4000ms for recv operation\n"


@pytest.mark.parametrize(
    ("what", "sentence", "last"),
    [
        (
            ended(1, {0: 1, 1: 3}, a00=(9.1, "", LOST), a01=(9.0, "no such class\n", "")),
            "process 1 of 2 ended with exit code 3. Its last lines:",
            "    no such class",
        ),
        (
            ended(
                1, {1: 1, 0: -signal.SIGTERM}, a00=(5, "at work", ""), a01=(9, "", "KeyError: 7")
            ),
            "process 1 of 2 ended with exit code 1; process 0 still worked or waited. Its last",
            "    KeyError: 7",
        ),
        (
            ended(
                1,
                {0: -signal.SIGABRT},
                a00=(9, "", "KeyError: 7\nterminate called without an active exception\n"),
                a01=(8, "done", ""),
            ),
            "process 0 of 2 ended with an error; process 1 had left without an error. Its last",
            "    KeyError: 7",
        ),
        (
            ended(1, {0: -signal.SIGABRT}, a00=(9, "", "free(): bad pointer"), a01=(8, "", "")),
            "process 0 of 2 was killed by SIGABRT; process 1 had left without an error. Its last",
            "    free(): bad pointer",
        ),
        (
            ended(
                1,
                {0: 5},
                a00=(9, "", "terminate called without an active exception"),
                a01=(8, "", ""),
            ),
            "process 0 of 2 ended with exit code 5; process 1 had left without an error. Its last",
            "    (it printed nothing)",
        ),
        (
            ended(1, {0: 1, 1: -signal.SIGKILL}, a00=(9.1, "", LOST), a01=(9, "", "")),
            "process 1 of 2 was killed by SIGKILL. Its last lines:",
            "    (it printed nothing)",
        ),
        (
            ended(1, {0: 1, 1: -signal.SIGKILL}, a00=(9, "", "KeyError: 7"), a01=(8, "deaf", "")),
            "process 0 of 2 ended with exit code 1; process 1 still worked or waited. Its last",
            "    KeyError: 7",
        ),
        (
            ended(1, {0: 1}, a00=(9, "", LOST), a01=(8, "done", "")),
            "; process 1 had left without an error; see that all take part in the same "
            "exchanges, with tensors of one size. Its last lines:",
            "    RuntimeError: [gloo/pair.cc] Connection closed by peer",
        ),
        (
            ended(1, {0: 1}, a00=(9, "", WAITED), a01=(8, "done", "")),
            "process 0 of 2 waited for the others until its time limit; process 1 had left without "
            "an error. Its last lines:",
            "    RuntimeError: [gloo/u.cc:78] Timed out waiting 4000ms for recv operation",
        ),
        (
            ended(1, {0: 1}, a00=(9, "", "Connection reset by peer"), a01=(8, "done", "")),
            "; see that all take part in the same exchanges, with tensors of one size. Its last",
            "    Connection reset by peer",
        ),
        (
            ended(1, {0: 1, 1: -signal.SIGTERM}, a00=(9, "", LOST), a01=(8, "", "")),
            "; process 1 still worked or waited; see that all take part in the same exchanges, "
            "with tensors of one size. Its last lines:",
            "    RuntimeError: [gloo/pair.cc] Connection closed by peer",
        ),
        (
            ended(1, {0: 1}, a00=(9, "", "KeyError: 7"), a01=(8, "done", "")),
            "process 0 of 2 ended with exit code 1; process 1 had left without an error. Its",
            "    KeyError: 7",
        ),
        (
            ended(1, {1: 3}, a00=(8, "done", ""), a01=(9, "", "KeyError: 7")),
            "process 1 of 2 ended with exit code 3; process 0 had left without an error. Its",
            "    KeyError: 7",
        ),
        (
            ended(1, {0: -signal.SIGTERM, 1: -signal.SIGTERM}, a00=(2, "0", ""), a01=(1, "1", "")),
            "process 1 of 2 was killed by SIGTERM. Its last lines:",
            "    1",
        ),
        (
            ended(
                1,
                {0: 1, 1: 1},
                a00=(9, "old", ""),
                a01=(1, "old", ""),
                a10=(3, "", "new"),
                a11=(4, "", LOST),
            ),
            "process 0 of 2 ended with exit code 1. Its last lines:",
            "    new",
        ),
        (
            ended(-9, log="half a word"),
            "torchrun was killed by SIGKILL. Its last",
            "    half a word",
        ),
        (
            ended(2, log="usage: torchrun"),
            "torchrun ended with exit code 2.",
            "    usage: torchrun",
        ),
        (
            ended(None),
            "did not end within 7.5 s and was ended;",
            "Last lines: no process had started",
        ),
        (
            ended(None, a00=(1, "a\nb", ""), a01=(1, "", "")),
            "did not end within 7.5 s and was ended;",
            "process 1:\n    (it printed nothing)",
        ),
    ],
)
def test_explanations(what, sentence, last):
    message = explain(what, "w.py", 2, 7.5)
    assert message.startswith("w.py ")
    assert sentence in message
    assert message.endswith(last)
    assert len(message.splitlines()) <= 9


@pytest.mark.parametrize(
    ("exits", "words"),
    [
        ({0: 1, 1: -signal.SIGTERM}, WAITED),
        # killed some seconds later, since it did not end when asked
        ({0: 1, 1: -signal.SIGKILL}, WAITED),
        # nccl aborts
        ({0: -6, 1: -9}, "Watchdog caught collective operation timeout: WorkNCCL(SeqNum=3)"),
        ({0: -9, 1: -9}, "Watchdog caught collective operation timeout: WorkNCCL(SeqNum=3)"),
        ({0: 1, 1: -9}, "RuntimeError: process 0 found fewer than 2 processes within 20 s; start"),
    ],
)
def test_a_limit_that_is_up_is_said_before_the_process_that_did_not_come(exits, words):
    message = explain(ended(1, exits, a00=(9, "", words), a01=(2, "step 3\n", "")), "w.py", 2, 7)
    assert message.startswith(
        "w.py failed: process 0 of 2 waited for the others until its time limit; "
        "process 1 still worked or waited: look there for what hangs. Its last lines:\n"
    )
    assert message.endswith(f"    {words.splitlines()[-1]}\nprocess 1:\n    step 3")


def test_processes_that_hang_are_named_with_the_limit_that_ended_the_wait(script, nothing_left):
    """One sleeps, one is stopped, so that nothing but SIGKILL ends it."""
    path = script("""
import signal
with process_group(timeout=3) as (rank, world_size):
    dist.all_reduce(torch.zeros(1))
    if rank:
        print("process", rank, "hangs", flush=True)
        time.sleep(600) if rank == 1 else os.kill(os.getpid(), signal.SIGSTOP)
    dist.all_reduce(torch.zeros(1))
""")
    start = time.monotonic()
    with pytest.raises(LaunchError) as caught:
        launch(path, num_processes=3, timeout=100)
    assert time.monotonic() - start < 30  # torchrun's own patience with a worker
    message = str(caught.value)
    assert "process 0 of 3 waited for the others until its time limit; process 1, 2 st" in message
    assert "Timed out waiting 3000ms" in message
    assert message.endswith("process 1:\n    process 1 hangs\nprocess 2:\n    process 2 hangs")


def test_many_processes_are_not_all_listed():
    exits = {0: 1, **dict.fromkeys(range(1, 9), -signal.SIGTERM)}
    logs = {f"a0{rank}": (1.0 + rank, "", "") for rank in range(9)}
    message = explain(ended(1, exits, **logs), "w.py", 9, 7)
    assert "process 1, 2, 3, 4, 5, ... still worked or waited" in message
    logs["a00"] = (1.0, "", WAITED)
    message = explain(ended(1, exits, **logs), "w.py", 9, 7)
    hung = "".join(f"\nprocess {rank}:\n    (it printed nothing)" for rank in range(1, 6))
    assert message.endswith(f"for recv operation{hung}")


def test_output_comes_process_by_process_and_attempt_by_attempt():
    logs = {"a10": (1, "e", "f"), "a01": (1, "c", "d"), "a00": (9, "a", "b")}
    assert printed(ended(0, log="torchrun", **logs)) == "abcdef"
    assert printed(ended(1, log="torchrun", **logs)) == "abcdeftorchrun"


@pytest.mark.skipif(os.name == "nt", reason="gloo chooses by itself there")
def test_the_interface_of_this_machine_alone_is_found():
    name = loopback()["GLOO_SOCKET_IFNAME"]
    assert name.startswith("lo")
