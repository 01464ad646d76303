"""The scripts of chapter 11: their commands work as printed, and they train as one process does."""

import json
import os
import re
import runpy
import shlex
import shutil
import socket
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils.data import Split, batches, load_fashion_mnist
from course_utils.parallel.guard import guarded
from course_utils.parallel.launching import launch

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TRAIN = EXAMPLES / "train_data_parallel.py"


def commands(name):
    """The commands that a script's docstring prints."""
    text = re.sub(r"\\\\\n *", "", (EXAMPLES / f"{name}.py").read_text().split('"""')[1])
    return re.findall(r"^    (\S*torchrun .*)$", text, re.M)


PRINTED = {path.stem: commands(path.stem) for path in EXAMPLES.glob("*.py")}


def printed_command(name, kind=""):
    return next(line for line in PRINTED[name] if kind in line)


@pytest.fixture
def course(tmp_path):
    """A folder that looks like that of the course, where the scripts may write."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "examples").symlink_to(EXAMPLES)
    (tmp_path / "here" / ".venv").symlink_to(sys.prefix)
    return tmp_path / "here"


@pytest.fixture
def shell(temporary):
    """Run lines in a shell, all at the same time, each in its own folder; nothing stays."""

    def run(*lines):
        jobs = [f"(cd {shlex.quote(str(folder))} && {line}) & p+=($!);" for folder, line in lines]
        # Not `wait -n`: of two that end at the same moment it knows only one.
        script = " ".join([*jobs, 'for one in "${p[@]}"; do wait $one || exit 1; done'])
        # Each of torchrun's workers is given one thread; that is its default, which it warns of.
        env = {"OMP_NUM_THREADS": "1", "PATH": os.environ["PATH"]}
        ended = guarded(["bash", "-c", script], temporary / "shell", timeout=150, env=env)
        for logs in temporary.glob("torchelastic_*"):
            shutil.rmtree(logs)  # torchrun itself leaves them
        output = ended.files["command.log"][1]
        assert ended.code == 0, output
        return output

    return run


def test_each_script_prints_a_command():
    assert set(PRINTED) == {
        "class_parallel",
        "time_data_parallel",
        "train_data_parallel",
        "train_ddp",
        "watch_ddp",
    }
    assert all(PRINTED.values())
    one, _, four = PRINTED["train_data_parallel"]  # two processes, two machines, four GPUs
    assert four == one.replace("--nproc-per-node 2", "--nproc-per-node 4")


#: Options that keep the printed commands short.
FEW = " --images 6000"  # 23 batches of 256 and one of 112


@cache
def one_process(batch_size=256, num_images=6000, num_epochs=2):
    """What the training scripts promise to compute: the weights after each epoch."""
    train = load_fashion_mnist().train
    split = Split(train.images[:num_images], train.labels[:num_images])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    found = []
    for epoch in range(num_epochs):
        for X, y in batches(split, batch_size, generator=torch.Generator().manual_seed(epoch)):
            optimizer.zero_grad()
            cross_entropy(model(X), y).backward()
            optimizer.step()
        found.append(deepcopy(model.state_dict()))
    return found


def assert_same(weights, expected):
    assert list(weights) == list(expected)
    for name in weights:
        assert (weights[name] - expected[name]).abs().max() < 1e-5


def test_the_training_as_printed_gives_the_weights_of_one_process(course, shell, nothing_left):
    output = shell((course, PRINTED["train_data_parallel"][0] + FEW))
    said = rf"epoch \d: loss \d\.\d{{3}}, \d+\.\d\d s, {24 * 4 * 7850} bytes\n"
    # Without the data the course says before this that it has none, and what it takes instead.
    assert re.search(rf"^(?:{said}){{2}}\Z", output, re.M), output
    assert_same(torch.load(course / "softmax.pt"), one_process()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is an address without being set up")
def test_a_restart_over_two_machines_with_addresses_of_their_own(
    course, tmp_path, shell, nothing_left
):
    """The killed process is on one machine; both start again, and meet at the other's address.

    They share no folder: the checkpoint is on one of them.
    """
    setting = re.search(r"^    (export TORCH_\S+)$", TRAIN.read_text(), re.M)[1]
    other = tmp_path / "other machine"
    other.mkdir()
    (other / "examples").symlink_to(EXAMPLES)
    (other / ".venv").symlink_to(sys.prefix)
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))
        endpoint = f"127.0.0.2:{probe.getsockname()[1]}"
    line = (
        PRINTED["train_data_parallel"][1]
        .replace("first-machine:29500", endpoint)
        .replace("--nproc-per-node 2", "--nproc-per-node 1 --max-restarts 1 --local-addr ADDRESS")
    )
    line = f"{setting}; {line} --images 506 --batch-size 101 --crash 1 2 1"
    output = shell(
        (course, line.replace("ADDRESS", "127.0.0.2")),
        (other, line.replace("ADDRESS", "127.0.0.3")),
    )
    assert output.count("goes on after epoch 1") == 1
    assert len(re.findall("^epoch 1:", output, re.M)) == 1
    saved = [torch.load(path) for path in (*course.glob("s*.pt"), *other.glob("s*.pt"))]
    for weights in saved:
        assert_same(weights, one_process(101, 506)[1])
    assert saved


#: Runs several scripts in the processes of one torchrun, one after the other, each as a command's
#: words ask; each has its processes meet in a file of its own.
IN_TURN = """
import os, runpy, sys
for number, line in enumerate(sys.argv[1:]):
    os.environ["COURSE_STORE"] = os.path.abspath(f"store_{number}")
    sys.argv = line.split()
    sys.path[0] = os.path.dirname(sys.argv[0])
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_ddp_classes_times_and_the_look_at_ddp_as_printed(course, shell, nothing_left):
    """All by one torchrun: to start its processes costs more than what they do."""
    (course / "in_turn.py").write_text(IN_TURN)
    torchrun = ".venv/bin/torchrun --standalone --nproc-per-node 2 "
    lines = [
        printed_command("train_ddp").replace("--epochs 2", "--epochs 1") + FEW,
        printed_command("class_parallel") + " --out new/parts",
        printed_command("time_data_parallel") + " --repeats 2",
        printed_command("watch_ddp") + " --repeats 4 --images 32",
    ]
    assert [line for line in lines if not line.startswith(f"{torchrun}examples/")] == []
    words = shlex.join(line.removeprefix(torchrun) for line in lines)
    output = shell((course, f"{torchrun}in_turn.py {words}"))
    assert len(re.findall(r"(?m)^epoch 1: \d+\.\d\d s$", output)) == 1
    assert_same(torch.load(course / "softmax.pt"), one_process()[0])  # batches are shared evenly
    assert sorted(re.findall(r"process (\d): (\d+) classes, loss 20\.409", output)) == [
        ("0", "700"),
        ("1", "300"),
    ]
    assert sorted(path.name for path in course.glob("new/parts/*.pt")) == ["part_0.pt", "part_1.pt"]
    *found, seen = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    names = {"size", "alone", "together", "shared", "exchange", "apart"}
    assert [set(line) for line in found] == [names] * 2
    assert [line["size"] for line in found] == [256, 4096]
    assert list(seen["gradients"]) == ["3.weight", "2.0.weight", "1.0.weight", "0.0.weight"]
    assert 0 <= seen["faster"] <= seen["pairs"] == 3
    starts = [start for start, _, _ in seen["exchanges"]]
    assert starts == sorted(starts)
    assert all(0 < start < end for start, end, _ in seen["exchanges"])
    there = seen["gradients"].values()
    assert 0 < min(there) < max(there) < seen["ddp"]
    assert starts[0] < seen["gradients"]["0.0.weight"]  # before the last gradient is there
    weights = 784 * 1024 + 2 * 1024 * 1024 + 1024 * 10 + 3 * 1024 + 10
    assert sum(size for _, _, size in seen["exchanges"]) == 4 * weights


def test_unequal_shares_and_a_killed_worker_train_as_one_process(tmp_path, nothing_left):
    paths = ("--out", tmp_path / "out.pt", "--checkpoint", tmp_path / "checkpoint.pt")
    size = ("--images", 506, "--batch-size", 101, "--epochs", 3)  # the last batch holds one image
    run = launch(TRAIN, *paths, *size, "--crash", 1, 2, 1, max_restarts=1, timeout=150)
    assert run.output.count("goes on after epoch 1") == 1
    assert run.output.count("epoch 1: ") == 1
    assert f"{6 * 4 * 7850} bytes" in run.output
    assert_same(torch.load(tmp_path / "out.pt"), one_process(101, 506, 3)[2])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((), "num_classes must be at least the number of processes, 2, got 1"),
        ((1, 1), "sizes must be 2 numbers above 0 with the sum 1"),
        ((1,), "sizes must be 2 numbers above 0 with the sum 1"),
        ((1, 0), "sizes must be 2 numbers above 0 with the sum 1"),
        ((2, -1), "sizes must be 2 numbers above 0 with the sum 1"),
    ],
)
def test_impossible_shards_are_refused(sizes, message):
    my_classes = runpy.run_path(str(EXAMPLES / "class_parallel.py"))["my_classes"]
    with pytest.raises(ValueError, match=message):
        my_classes(1, sizes, 0, 2)
