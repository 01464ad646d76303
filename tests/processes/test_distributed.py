"""What each process of a distributed run does, on one process, and on three at once."""

import io
import os
import socket
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
import torch
import torch.distributed as dist
from torch import nn

from course_utils.online import pair_of
from course_utils.parallel.class_parallel import (
    class_parallel_backward,
    class_parallel_loss,
    class_parallel_pair,
    class_share,
)
from course_utils.parallel.distributed import (
    device_of_process,
    newest_checkpoint,
    process_group,
    read_checkpoint,
    require_finite_weights,
    save_atomically,
    share,
    sum_gradients,
)
from course_utils.parallel.guard import adopt_orphans
from course_utils.parallel.launching import launch
from course_utils.softmax import cross_entropy

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.timeout(240)]

# The problems that three processes solve together; each gets the columns of its classes.
SIZES = (1, 20, 9)
LABELS = torch.tensor([0, 1, 29, 20, 21])


def problems():
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(5, 30, generator=generator)
    # The largest score is on process 2, on 0, on 1: a sum relative to another's would overflow.
    far = plain + torch.tensor([[-2000.0], [0.0], [1000.0], [-1000.0], [2000.0]])
    far[:, 0] += torch.tensor([0.0, 900.0, 0.0, 0.0, -900.0])
    far[:, 21:] += torch.tensor([[900.0], [0.0], [-900.0], [0.0], [0.0]])
    hidden = plain.clone()
    hidden[:3, 1:21] = -torch.inf  # nothing but -inf on process 1
    hidden[1, 1] = 0.0
    return {"plain": plain, "far": far, "hidden": hidden, "half": plain.half()}


TOGETHER = """
import glob, runpy, sys, torch
import torch.distributed as dist
sys.path.insert(0, sys.argv[2])
from test_distributed import LABELS, SIZES, problems
from course_utils.parallel import EXAMPLES, class_parallel, distributed
watch = runpy.run_path(f"{EXAMPLES}/watch_ddp.py")
def threads():
    tasks = glob.glob("/proc/self/task/*/comm")  # there on Linux
    return sum("gloo" in open(task).read() for task in tasks)
with distributed.process_group() as (rank, world_size):
    start = sum(SIZES[:rank])
    mine, results = slice(start, start + SIZES[rank]), {}
    for name, scores in problems().items():
        results[name] = class_parallel.class_parallel_loss(scores[:, mine], LABELS, start)
    strange = class_parallel.class_parallel_loss(torch.zeros(1, 2), torch.tensor([6]), 2 * rank)
    results["no such label"] = strange[0]
    equal = torch.zeros(1, 40_000, dtype=torch.float16)  # 120 000 in all, more than float16 holds
    results["many"] = class_parallel.class_parallel_loss(equal, torch.tensor([0]), 40_000 * rank)[0]

    generator = torch.Generator().manual_seed(1)
    features, weight = (torch.randn(n, generator=generator) for n in ((5, 4), (4, 30)))
    _, gradient = class_parallel.class_parallel_loss(features @ weight[:, mine], LABELS, start)
    results["backward"] = class_parallel.class_parallel_backward(
        gradient, features, weight[:, mine]
    )

    params = [torch.zeros(2, 3), torch.zeros(2), torch.zeros(1), torch.zeros(4)]
    for param in params[:3]:
        param.requires_grad_()
    params[0].grad = torch.full((2, 3), 10.0 ** rank)
    if rank == 1:
        params[1].grad = torch.tensor([5.0, 6.0])  # the others haven't used it
    results["bytes"] = distributed.sum_gradients(params)
    results["grads"] = [param.grad for param in params]
    watch["main"](rank, images=8, width=8, repeats=2)
    results["threads"] = [threads()]
results["threads"].append(threads())
torch.save(results, f"{sys.argv[1]}/{rank}.pt")
"""


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What three processes of one launch computed."""
    folder = tmp_path_factory.mktemp("together")
    script = folder / "together.py"
    script.write_text(TOGETHER)
    launch(script, folder, os.path.dirname(__file__), num_processes=3, timeout=120)
    return [torch.load(folder / f"{rank}.pt") for rank in range(3)]


@pytest.mark.processes
@pytest.mark.parametrize("name", ["plain", "far", "hidden", "half"])
def test_classes_on_three_processes_give_the_loss_and_gradient_of_one(name, together):
    scores = problems()[name].requires_grad_()
    loss = cross_entropy(scores, LABELS)
    loss.backward()
    tolerance = {"rtol": 2e-3, "atol": 1e-3} if name == "half" else {"rtol": 1e-5, "atol": 1e-6}
    for result in together:
        torch.testing.assert_close(result[name][0].float(), loss.detach().float(), **tolerance)
    gradient = torch.cat([result[name][1] for result in together], dim=1)
    assert gradient.dtype == scores.dtype
    torch.testing.assert_close(gradient, scores.grad, **tolerance)


@pytest.mark.processes
def test_many_classes_in_float16_and_a_label_that_nobody_has(together):
    for result in together:
        assert result["many"].item() == pytest.approx(11.6952, abs=1e-4)  # ln 120 000
        assert result["no such label"] == torch.inf


@pytest.mark.processes
def test_the_features_gradient_is_summed_over_the_shards(together):
    generator = torch.Generator().manual_seed(1)
    features, weight = (torch.randn(n, generator=generator) for n in ((5, 4), (4, 30)))
    for leaf in (features, weight):
        leaf.requires_grad_()
    cross_entropy(features @ weight, LABELS).backward()
    for result in together:
        torch.testing.assert_close(result["backward"][1], features.grad)
    parts = [result["backward"][0] for result in together]
    torch.testing.assert_close(torch.cat(parts, dim=1), weight.grad)


@pytest.mark.processes
def test_gradients_are_summed_also_where_a_process_has_none(together):
    for result in together:
        assert result["bytes"] == 4 * (6 + 2 + 1)  # the fourth needs no gradient
        first, second, third, fourth = result["grads"]
        assert torch.equal(first, torch.full((2, 3), 111.0))
        assert second.tolist() == [5.0, 6.0]
        assert third.tolist() == [0.0]
        assert fourth is None


@pytest.mark.processes
def test_no_thread_of_the_connections_outlives_the_group(together):
    """Those that do have aborted a program at its end."""
    # Two or three while the group is there, as they have got their names: the test can see them.
    found = [result["threads"] for result in together]
    expected = (sys.platform == "linux", 0)
    assert [(during > 0, after) for during, after in found] == [expected] * 3


@pytest.fixture
def group_of_one(tmp_path):
    store = dist.FileStore(str(tmp_path / "store"), 1)
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("group_of_one")
def test_with_one_process_nothing_changes():
    generator = torch.Generator().manual_seed(0)
    features, weight = (torch.randn(n, generator=generator) for n in ((6, 3), (3, 4)))
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    leaves = [leaf.clone().requires_grad_() for leaf in (weight, features)]
    scores = features @ weight
    none = torch.full((2, 3), -torch.inf)  # rows that no class has a chance in
    top, total = class_parallel_pair(none)
    assert (top.tolist(), total.tolist()) == ([-torch.inf] * 2, [0.0] * 2)
    for ours, theirs in zip(class_parallel_pair(scores), pair_of(scores), strict=True):
        torch.testing.assert_close(ours, theirs)
    loss = cross_entropy(leaves[1] @ leaves[0], labels)
    loss.backward()
    ours, gradient = class_parallel_loss(scores, labels, 0)
    torch.testing.assert_close(ours, loss.detach())
    for mine, leaf in zip(class_parallel_backward(gradient, features, weight), leaves, strict=True):
        torch.testing.assert_close(mine, leaf.grad)
    before = [leaf.grad.clone() for leaf in leaves]
    assert sum_gradients(leaves) == 4 * (12 + 18)
    assert all(map(torch.equal, before, [leaf.grad for leaf in leaves]))


@pytest.mark.parametrize("n", [0, 1, 5, 12, 256])
@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
def test_shares_cover_everything_evenly(n, world_size):
    parts = [list(range(n))[share(n, rank, world_size)] for rank in range(world_size)]
    assert [i for part in parts for i in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_bad_shares_are_named():
    for rank, world_size in ((2, 2), (-1, 2), (0, 0)):
        message = f"rank must be at least 0 and below world_size, {world_size}, got {rank}"
        with pytest.raises(ValueError, match=message):
            share(5, rank, world_size)
    with pytest.raises(ValueError, match="start 3 processes or fewer"):
        class_share(3, 0, 4)
    assert class_share(3, 2, 3) == slice(2, 3)  # what it advises is allowed


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return str(probe.getsockname()[1])


def test_a_missing_process_is_named(monkeypatch):
    place = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": free_port()}
    for name, text in place.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("course_utils.parallel.distributed.end_with_parent", lambda: None)
    words = "process 0 found fewer than 2 processes within 0.2 s; start those that are missing"
    with pytest.raises(RuntimeError, match=words), process_group(timeout=0.2):
        pytest.fail("it did not wait for the other")


def test_an_error_that_is_no_lack_of_processes_is_shown_as_it_is(monkeypatch):
    def fail(backend, **rest):
        raise RuntimeError("no such interface")

    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr("course_utils.parallel.distributed.end_with_parent", lambda: None)
    monkeypatch.setattr(dist, "init_process_group", fail)
    with pytest.raises(RuntimeError, match=r"^no such interface$"), process_group():
        pytest.fail("it went on without a group")


@pytest.mark.processes
def test_workers_end_when_a_torchrun_started_by_hand_is_killed(tmp_path, nothing_left):
    script = tmp_path / "sleeper.py"
    script.write_text(
        "import sys, time\n"
        "from course_utils.parallel.distributed import process_group\n"
        "with process_group():\n"
        "    sys.stdout.write('joined\\n')\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    logs = f"--log-dir={tmp_path / 'logs'}"
    with subprocess.Popen([*command, logs, script], stdout=subprocess.PIPE, text=True) as torchrun:
        try:
            assert [torchrun.stdout.readline() for _ in range(2)] == ["joined\n"] * 2
            assert len(psutil.Process(torchrun.pid).children()) == 2
        finally:
            torchrun.kill()
        nothing_left(5)


@pytest.mark.parametrize(
    ("choice", "gpus", "expected"),
    [
        ("auto", 0, "cpu"),
        ("auto", 1, "cpu"),
        ("auto", 2, "cuda:1"),
        ("auto", 8, "cuda:1"),
        ("cpu", 8, "cpu"),
        ("cuda", 2, "cuda:1"),
        ("cuda", 1, "got 'cuda' where it has 1; start no more than 1 of them, or choose 'cpu'"),
        ("cuda", 0, "2 processes of this machine, got 'cuda' where it has 0; choose 'cpu'"),
        ("gpu", 8, "choice must be one of auto, cpu, cuda, got 'gpu'"),
    ],
)
def test_each_process_has_a_gpu_of_its_own_or_none_has(choice, gpus, expected, monkeypatch):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    current = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    if " " in expected:
        with pytest.raises(ValueError, match=expected):
            device_of_process(choice)
    else:
        device = device_of_process(choice)
        assert str(device) == expected
        assert current == ([device] if device.type == "cuda" else [])


def test_a_process_that_was_started_alone_takes_the_first_gpu(monkeypatch):
    for name in ("LOCAL_WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    assert str(device_of_process()) == "cuda:0"


@pytest.mark.parametrize(("device", "backend"), [("cpu", "gloo"), ("cuda:0", "nccl")])
def test_the_backend_follows_the_device(device, backend, monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.setenv(name, "3")
    asked = []
    monkeypatch.setattr("course_utils.parallel.distributed.end_with_parent", lambda: None)
    monkeypatch.setattr(dist, "init_process_group", lambda backend, **rest: asked.append(backend))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: asked.append("left"))
    with process_group(device=torch.device(device)) as place:
        assert place == (3, 3)
    assert asked == [backend, "left"]


def model_and_optimizer(width=3, momentum=0.9):
    model = nn.Linear(width, 2)
    return model, torch.optim.SGD(model.parameters(), 0.1, momentum=momentum)


def step(model, optimizer, X):
    optimizer.zero_grad()
    model(X).square().sum().backward()
    optimizer.step()


def state(model, optimizer, epochs=2):
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs}


def equal(left, right):
    return all(map(torch.equal, left.parameters(), right.parameters()))


@pytest.mark.usefixtures("group_of_one")
def test_a_checkpoint_brings_the_momentum_back(tmp_path):
    path = tmp_path / "checkpoint.pt"
    X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    first, second, third = (model_and_optimizer() for _ in range(3))
    assert newest_checkpoint(path, *first) == 0
    step(*first, X)
    save_atomically(state(*first), path)
    assert newest_checkpoint(path, *second) == 2
    assert equal(first[0], second[0])
    third[0].load_state_dict(first[0].state_dict())  # without the optimiser
    for pair in (first, second, third):
        step(*pair, X)
    assert equal(first[0], second[0])
    assert not equal(first[0], third[0])


def test_what_is_no_whole_checkpoint_of_this_model_is_refused(tmp_path):
    path = tmp_path / "checkpoint.pt"
    model, optimizer = model_and_optimizer()
    whole = state(model, optimizer)
    save_atomically(whole, path)
    data = path.read_bytes()
    assert read_checkpoint(path, model)["epochs"] == 2
    before = [param.clone() for param in model.parameters()]
    remedy = r"checkpoint.pt can't be used; move it away to start anew"
    long = io.BytesIO()
    torch.save(whole | {"more": torch.ones(8000)}, long)
    cut = [data[:length] for length in (0, 1, 100, len(data) // 2, len(data) - 1)]
    for part in (*cut, *(long.getvalue()[:length] for length in range(1000, 32_000, 3000))):
        path.write_bytes(part)
        with pytest.raises(ValueError, match=f"{remedy}.*damaged"):
            read_checkpoint(path, model)
    path.write_text("not a checkpoint, but a text of some length\n" * 9)
    with pytest.raises(ValueError, match=f"{remedy}.*damaged"):
        read_checkpoint(path, model)
    torch.save(whole | {"made by": path}, path)  # an object: to read it may run what it likes
    with pytest.raises(ValueError, match=f"{remedy}.*damaged"):
        read_checkpoint(path, model)
    lacking = [{k: v for k, v in whole.items() if k != name} for name in whole]
    assert len(lacking) == 3
    for wrong in (model.state_dict(), [1, 2], *lacking):
        torch.save(wrong, path)
        with pytest.raises(
            ValueError, match=f"{remedy}.*A checkpoint holds model, optimizer and ep"
        ):
            read_checkpoint(path, model)
    save_atomically(state(*model_and_optimizer(width=4)), path)
    with pytest.raises(ValueError, match=rf"{remedy}.*another model.*\(2, 4\).*\(2, 3\)"):
        read_checkpoint(path, model)
    assert all(map(torch.equal, before, model.parameters()))


@pytest.mark.parametrize("size", [4096, 65536])
def test_a_full_disk_leaves_the_old_checkpoint_and_nothing_else(size, tmp_path):
    """A limit for the size of files stands for the full disk: writing fails in the middle."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    path = tmp_path / "state.pt"
    save_atomically({"epoch": 1}, path)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        with pytest.raises(OSError, match="File too large"):  # not torch's own words
            save_atomically({"epoch": 2, "weights": torch.rand(100_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert torch.load(path) == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


@pytest.mark.processes
def test_two_processes_may_save_at_once(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    other = (
        "import sys; from pathlib import Path; from course_utils.parallel import distributed; "
        "distributed.save_atomically({'epoch': 1}, Path(sys.argv[1]))"
    )
    sync, sizes = os.fsync, []

    def interrupted(file):
        sizes.append(os.fstat(file).st_size)
        subprocess.run([sys.executable, "-c", other, str(path)], check=True)
        assert torch.load(path) == {"epoch": 1}
        sync(file)

    monkeypatch.setattr(os, "fsync", interrupted)
    save_atomically({"epoch": 2}, path)
    assert torch.load(path) == {"epoch": 2}
    assert sizes == [path.stat().st_size]  # all is on the disk before the name is
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_weights_that_are_not_finite_are_reported_as_fit_does():
    model = nn.Linear(2, 2)
    require_finite_weights(model)
    for bad in (torch.nan, torch.inf):
        with torch.no_grad():
            model.bias[1] = bad
        with pytest.raises(RuntimeError, match="stopped: the loss is no longer a finite number"):
            require_finite_weights(model)


def test_the_group_is_kept_together(request):
    """pytest-xdist 3.8 forgets all groups, without a word, under pytest 9.2."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@processes")


@pytest.mark.processes
def test_a_process_whose_parent_is_gone_ends(tmp_path):
    """The parent starts it and leaves; it would sleep for ten minutes."""
    child = (
        "import time\n"
        "from course_utils.parallel.distributed import end_with_parent\n"
        "end_with_parent(0.05)\n"
        "print('watches', flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE,"
        " stderr=subprocess.DEVNULL)\n"
        "child.stdout.readline()\n"
        "print(child.pid)\n"
    )
    adopt_orphans()  # as a guard does, or systemd: the new parent is not always process 1
    try:
        run = subprocess.run([sys.executable, "-c", parent], capture_output=True, check=True)
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(run.stdout)).wait(5)
    finally:
        adopt_orphans(False)
