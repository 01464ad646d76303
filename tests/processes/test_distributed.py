"""Several processes give what one gives; whatever fails says so soon and leaves nobody behind."""

import os
import runpy
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest
import torch
import torch.distributed as dist

from course_utils.data import Split, batches
from course_utils.models import SoftmaxRegression
from course_utils.online import pair_of
from course_utils.parallel import launching
from course_utils.parallel.class_parallel import (
    class_parallel_loss,
    class_parallel_pair,
    class_share,
)
from course_utils.parallel.distributed import process_group, save_atomically, share, sum_gradients
from course_utils.parallel.launching import (
    LaunchError,
    explain,
    free_port,
    launch,
    require_free_port,
    torchrun_command,
)
from course_utils.softmax import cross_entropy
from course_utils.training import sgd, train_epoch

# One after the other: each asks whether any process is left over.
pytestmark = pytest.mark.xdist_group("processes")

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRAIN, CLASSES = EXAMPLES / "train_data_parallel.py", EXAMPLES / "class_parallel.py"

# Joins, then process 1 does what the first argument says; the other waits for it in an exchange.
MISBEHAVE = """
import sys, time, torch
import torch.distributed as dist
from course_utils.parallel.distributed import process_group
with process_group(timeout=float(sys.argv[2])) as (rank, world_size):
    print("joined\\n", end="")
    if rank == 1 and sys.argv[1] == "sleep":
        time.sleep(600)
    if rank == 1 and sys.argv[1] == "raise":
        raise ValueError("seven is not a number of this run")
    dist.all_reduce(torch.zeros(1))
"""


@pytest.fixture
def nothing_left(monkeypatch, tmp_path_factory):
    """Fail if a process that the test started with the mark is alive at its end, or a file is left.

    Files that nobody asked for would lie in the folder for temporary files.
    """
    tags, temporary = [], tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)  # so that the variable is read again
    hexes = iter(range(10**6))

    def fresh():
        tags.append(f"test-{os.getpid()}-{time.monotonic_ns()}-{next(hexes)}")
        return type("U", (), {"hex": tags[-1]})()

    monkeypatch.setattr("course_utils.parallel.launching.uuid.uuid4", fresh)
    yield tags
    left = [process for tag in tags for process in launching.tagged(tag)]
    assert tags
    assert left == []
    assert list(temporary.iterdir()) == []


@pytest.fixture
def misbehave(tmp_path):
    path = tmp_path / "misbehave.py"
    path.write_text(MISBEHAVE)
    return path


@pytest.fixture
def pictures(tmp_path):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(530, 28, 28, generator=generator)
    labels = torch.randint(10, (530,), generator=generator)
    torch.save((images, labels), tmp_path / "data.pt")
    return Split(images, labels)


def options(folder, *more):
    paths = {"data": "data.pt", "out": "out.pt", "checkpoint": "checkpoint.pt"}
    return [part for key, name in paths.items() for part in (f"--{key}", folder / name)] + [*more]


def one_process(split, epochs, batch_size):
    model = SoftmaxRegression(generator=torch.Generator().manual_seed(0))
    shuffle = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        train_iter = batches(split, batch_size, generator=shuffle)
        train_epoch(model, train_iter, lambda: sgd(model.parameters(), 0.1))
    return model.parameters()


def assert_same_weights(folder, expected):
    saved = torch.load(folder / "out.pt")["params"]
    for ours, theirs in zip(saved, expected, strict=True):
        assert (ours - theirs).abs().max() < 1e-6


@pytest.mark.timeout(180)
def test_unequal_shares_and_a_killed_worker_train_as_one_process(pictures, tmp_path, nothing_left):
    crash = ("--batch-size", 101, "--epochs", 3, "--crash", 1, 2, 1)
    run = launch(TRAIN, *options(tmp_path, *crash), max_restarts=1, timeout=150)
    assert "process 0 goes on after epoch 1" in run.output
    assert "process 1 goes on after epoch 1" in run.output
    assert run.output.count("epoch 1:") == 1
    assert f"{6 * 4 * 7850} bytes handed over" in run.output  # six batches, the last of 25
    assert_same_weights(tmp_path, one_process(pictures, 3, 101))


@pytest.mark.timeout(180)
def test_classes_on_three_processes_of_unequal_size(tmp_path, nothing_left):
    generator = torch.Generator().manual_seed(0)
    features, weight = (torch.randn(n, 5, generator=generator) for n in (40, 30))
    labels = torch.randint(30, (40,), generator=generator)
    torch.save((features, weight, labels), tmp_path / "data.pt")
    args = ("--data", tmp_path / "data.pt", "--out", tmp_path, "--sizes", 1, 20, 9)
    launch(CLASSES, *args, num_processes=3, timeout=120)
    parts = [torch.load(tmp_path / f"part_{rank}.pt") for rank in range(3)]
    leaf = weight.clone().requires_grad_()
    loss = cross_entropy(features @ leaf.T, labels)
    (gradient,) = torch.autograd.grad(loss, leaf)
    torch.testing.assert_close(torch.cat([part for _, part in parts]), gradient)
    for part_loss, _ in parts:
        torch.testing.assert_close(part_loss, loss.detach())


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((), "num_classes must be at least the number of processes, 2, got 1"),
        ((1, 1), "sizes must be 2 numbers above 0 with the sum 1"),
        ((1,), "sizes must be 2 numbers above 0 with the sum 1"),
        ((2, -1), "sizes must be 2 numbers above 0 with the sum 1"),
    ],
)
def test_impossible_shards_are_refused(sizes, message):
    my_classes = runpy.run_path(str(CLASSES))["my_classes"]
    with pytest.raises(ValueError, match=message):
        my_classes(1, sizes, 0, 2)


@pytest.mark.timeout(180)
def test_a_worker_that_raises_ends_the_others_and_its_error_is_shown(misbehave, nothing_left):
    with pytest.raises(LaunchError, match="ValueError: seven is not a number of this run"):
        launch(misbehave, "raise", 20, timeout=120)


@pytest.mark.timeout(180)
def test_a_worker_that_hangs_ends_the_exchange_of_the_others(misbehave, nothing_left):
    with pytest.raises(LaunchError, match=r"(?i)timed out") as caught:
        launch(misbehave, "sleep", 3, timeout=120)
    assert "joined" in caught.value.output


@pytest.mark.timeout(180)
def test_the_time_limit_ends_everything(tmp_path, nothing_left):
    script = tmp_path / "sleeper.py"
    script.write_text("import time; time.sleep(600)")
    start = time.monotonic()
    with pytest.raises(LaunchError, match="did not end within 6 s and was ended"):
        launch(script, timeout=6)
    assert time.monotonic() - start < 30


@pytest.mark.timeout(180)
def test_a_missing_machine_is_named(misbehave, nothing_left, monkeypatch):
    commands = []
    monkeypatch.setattr(
        "course_utils.parallel.launching.torchrun_command",
        lambda *args, **options: commands.append(torchrun_command(*args, **options)) or commands[0],
    )
    with pytest.raises(LaunchError, match="not all machines joined in time"):
        launch(misbehave, "fine", 5, num_nodes=2, join_timeout=2, timeout=120)
    assert "join_timeout=2," in " ".join(commands[0])


def test_a_missing_process_is_named(monkeypatch):
    place = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}
    for name, text in (place | {"MASTER_PORT": str(free_port())}).items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("course_utils.parallel.distributed.end_with_parent", lambda: None)
    words = "process 0 found fewer than 2 processes within 1 s; start those that are missing"
    with pytest.raises(RuntimeError, match=words), process_group(timeout=1):
        pytest.fail("it did not wait for the other")


@pytest.mark.processes
@pytest.mark.timeout(180)
def test_workers_end_when_torchrun_is_killed(misbehave, tmp_path):
    tag = f"orphans-{os.getpid()}-{time.monotonic_ns()}"
    env = os.environ | {launching.TAG: tag, "OMP_NUM_THREADS": "1"}
    command = [*torchrun_command(2, log_dir=tmp_path), str(misbehave), "sleep", "600"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=env, text=True, start_new_session=True, **pipes) as agent:
        try:
            seen = [agent.stdout.readline() for _ in range(2)]
            assert seen == ["joined\n"] * 2
            workers = [p for p in launching.tagged(tag) if p.pid != agent.pid]
            assert len(workers) >= 2
            agent.send_signal(signal.SIGKILL)
            _, alive = psutil.wait_procs(workers, timeout=20)
            assert alive == []
        finally:
            launching.end_all(tag)


def test_the_group_is_kept_together(request):
    """pytest-xdist 3.8 forgets all groups, without a word, under pytest 9.2."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@processes")


def test_a_port_in_use_is_refused_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        with pytest.raises(ValueError, match="port must be a free port of this machine"):
            launch("never.py", port=taken.getsockname()[1])
    with pytest.raises(ValueError, match="join_timeout must be at least 1, got 0"):
        launch("never.py", join_timeout=0)
    require_free_port(free_port())
    with pytest.raises(ValueError, match="got 99999"):
        require_free_port(99999)


@pytest.mark.parametrize("n", [0, 1, 5, 12, 256])
@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
def test_shares_cover_everything_evenly(n, world_size):
    parts = [list(range(n))[share(n, rank, world_size)] for rank in range(world_size)]
    assert [i for part in parts for i in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_bad_shares_are_named():
    with pytest.raises(ValueError, match=r"rank must lie in 0..1, got 2"):
        share(5, 2, 2)
    with pytest.raises(ValueError, match="world_size must be at least 1"):
        share(5, 0, 0)
    with pytest.raises(ValueError, match="start 3 processes or fewer"):
        class_share(3, 0, 4)


def test_a_checkpoint_is_whole_or_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    save_atomically({"epoch": 1}, path)

    def half(state, file):
        file.write(b"half of it")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="no space left"):
        save_atomically({"epoch": 2}, path)
    assert torch.load(path) == {"epoch": 1}


@pytest.fixture
def group_of_one(tmp_path):
    dist.init_process_group(
        "gloo", store=dist.FileStore(str(tmp_path / "store"), 1), rank=0, world_size=1
    )
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("group_of_one")
def test_with_one_process_nothing_changes():
    scores = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    for ours, theirs in zip(class_parallel_pair(scores), pair_of(scores), strict=True):
        torch.testing.assert_close(ours, theirs)
    leaf = scores.clone().requires_grad_()
    loss = cross_entropy(leaf, labels)
    loss.backward()
    ours, gradient = class_parallel_loss(scores, labels, 0)
    torch.testing.assert_close(ours, loss.detach())
    torch.testing.assert_close(gradient, leaf.grad)
    before = leaf.grad.clone()
    assert sum_gradients([leaf]) == 4 * 24
    assert torch.equal(leaf.grad, before)


# What torchrun prints when a worker was killed and it ended the other one; chapter 11 shows it.
KILLED = """  rank      : 0 (local_rank: 0)
  exitcode  : -15 (pid: 28)  (SIGTERM)
Root Cause (first observed failure):
  rank      : 1 (local_rank: 1)
  exitcode  : -9 (pid: 29)  (SIGKILL)
"""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        pytest.param(KILLED, "process 1 was killed (SIGKILL), so the others", id="killed"),
        ("[rank1]: ValueError: too few\nother", "ValueError: too few"),
        ("RuntimeError: [/x/gloo/y] reset\n[rank1]: KeyError: 7", "KeyError: 7"),
        ("RuntimeError: [/x/gloo/y] Timed out\nz.ChildFailedError: ", "RuntimeError: [/x/gloo/y]"),
        ("all is lost\n", "all is lost"),
        ("", "it printed nothing"),
        ("x.RendezvousTimeoutError", "not all machines joined"),
    ],
)
def test_explanations(output, sentence):
    assert explain(output).startswith(sentence)
