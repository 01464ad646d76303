"""What the docstrings of course_utils.parallel promise, as far as it needs no launch."""

import gc
import inspect
import json
import math
import os
import re
import signal
import sys
import threading
import time
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import psutil
import pytest
import torch
import torch.distributed as dist
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from course_utils.data import Split
from course_utils.parallel import EXAMPLES, agent, distributed, guard, launching
from course_utils.parallel.class_parallel import class_parallel_loss, class_share
from course_utils.parallel.guard import Ended
from course_utils.parallel.launching import LaunchError, launch

# --- what a launch asks of torchrun -----------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """Take the guard's place; note what it is asked for, and let the run end as ``result`` says."""
    place = SimpleNamespace(result=Ended(0, 1.5, {"command.log": (0.0, "")}))

    def guarded(command, folder, *, timeout, env):
        place.command, place.folder, place.timeout, place.env = command, folder, timeout, env
        return place.result

    monkeypatch.setattr(launching, "guarded", guarded)
    return place


def test_a_launch_asks_nothing_of_the_network_and_passes_on_what_it_is_given(asked, tmp_path):
    script = tmp_path / "w.py"
    script.touch()
    run = launch(script, 3, "-x", num_processes=5, timeout=7, max_restarts=2)
    command = asked.command
    assert command[0] == sys.executable
    assert command[1:4] == ["-P", "-m", "course_utils.parallel.agent"]
    place = command.index(str(script))
    assert command[place + 1 :] == ["3", "-x"]
    options = dict(o.split("=", 1) for o in command[4:place])
    assert options["--nproc-per-node"] == "5"
    assert options["--max-restarts"] == "2"
    assert options["--local-addr"] == "localhost"
    assert options["--rdzv-conf"] == "store_type=file"
    assert Path(options["--rdzv-endpoint"]).parent == Path(options["--log-dir"]) == asked.folder
    assert options["--redirects"] == "3"
    assert asked.timeout == 7
    assert asked.env["OMP_NUM_THREADS"] == "1"
    assert Path(asked.env["COURSE_STORE"]).parent == asked.folder
    assert asked.env["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert asked.env["GLOO_SOCKET_IFNAME"] in psutil.net_if_addrs()
    assert not asked.folder.exists()
    assert run == launching.Run("", 1.5)
    assert launching.launch.__kwdefaults__ == {
        "num_processes": 2, "timeout": 60.0, "max_restarts": 0
    }  # fmt: skip
    first = asked.folder
    launch(script)
    assert asked.folder != first  # so that two launches don't meet
    assert asked.command[-1] == str(script)
    assert {"--nproc-per-node=2", "--max-restarts=0"} <= set(asked.command)
    launch(script, num_processes=1, max_restarts=1)  # the least of each
    assert {"--nproc-per-node=1", "--max-restarts=1"} <= set(asked.command)


def test_a_failed_launch_raises_all_that_was_printed(asked, tmp_path):
    script = tmp_path / "w.py"
    script.touch()
    asked.result = Ended(
        1,
        2.0,
        {
            "exits.json": (0, '{"0": 4}'),
            "r/attempt_0/0/stdout.log": (1, "out\n"),
            "r/attempt_0/0/stderr.log": (2, "err\n"),
            "command.log": (3, "agent\n"),
        },
    )
    with pytest.raises(
        LaunchError, match=r"w\.py failed: process 0 of 1 ended with exit code 4"
    ) as e:
        launch(script, num_processes=1)
    assert e.value.output == "out\nerr\nagent\n"
    assert isinstance(e.value, RuntimeError)
    for code in (None, -9):  # its time was up; it was killed
        asked.result = Ended(code, 2.0, {"command.log": (0, "agent\n")})
        with pytest.raises(LaunchError, match=r"w\.py"):
            launch(script)


def test_without_a_loopback_interface_gloo_chooses(monkeypatch):
    other = SimpleNamespace(family=2, address="10.0.0.7")
    lo = SimpleNamespace(family=2, address="127.0.0.1")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": [other], "lo9": [other, lo]})
    assert launching.loopback() == {"GLOO_SOCKET_IFNAME": "lo9"}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": [other]})
    assert launching.loopback() == {}


def test_words_of_the_explanations():
    log = {"stdout.log": (5.0, ""), "stderr.log": (3.0, "words")}
    assert launching.last_word(log) == 3.0  # an empty file says nothing, however late
    assert launching.last_word({"stdout.log": (5.0, ""), "stderr.log": (3.0, "")}) == 5.0
    many = "\n".join(map(str, range(20)))
    assert launching.last_lines((1.0, "old"), (2.0, many)) == "".join(
        f"\n    {n}" for n in range(12, 20)
    )
    assert launching.last_lines((1.0, "said"), (2.0, "")) == "\n    said"
    assert launching.how_ended(3) == "ended with exit code 3"
    assert launching.how_ended(-signal.SIGKILL) == "was killed by SIGKILL"
    assert launching.some([], "left") == ""
    assert launching.some([1, 2], "left") == "; process 1, 2 left"
    assert launching.some(list(range(5)), "left") == "; process 0, 1, 2, 3, 4 left"
    assert launching.some(list(range(6)), "left") == "; process 0, 1, 2, 3, 4, ... left"


@pytest.mark.parametrize("failures", [{}, {0: -9, 3: 1}])
def test_the_agent_writes_down_how_its_workers_ended(failures, tmp_path, monkeypatch):
    ran = []

    def run(args):
        ran.append((args.log_dir, agent.socket.getfqdn("anything")))
        if failures:
            raise ChildFailedError(
                "w", {r: SimpleNamespace(exitcode=c, timestamp=0) for r, c in failures.items()}
            )

    monkeypatch.setattr(agent.socket, "getfqdn", agent.socket.getfqdn)  # put back at the end
    monkeypatch.setattr(agent, "run", run)
    monkeypatch.setattr(ChildFailedError, "__init__",
                        lambda self, name, found: setattr(self, "failures", found))  # fmt: skip
    argv = [f"--log-dir={tmp_path}", "w.py"]
    if failures:
        with pytest.raises(SystemExit) as ended:
            agent.main(argv)
        assert ended.value.code == 1
        exits = json.loads((tmp_path / agent.EXITS).read_text())
        assert exits == {str(rank): code for rank, code in failures.items()}
    else:
        agent.main(argv)
        assert [*tmp_path.iterdir()] == []
    assert ran == [(str(tmp_path), "localhost")]


def test_the_examples_are_where_the_chapter_looks_for_them():
    assert EXAMPLES.is_dir()
    assert [*EXAMPLES.glob("*.py")]


# --- joining ----------------------------------------------------------------------------------


@pytest.fixture
def joined(monkeypatch):
    """Join without joining: note what torch is asked for."""
    place = SimpleNamespace(kwargs={}, left=0, watched=0)

    def watch():
        place.watched += 1

    def leave():
        place.left += 1

    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.setenv(name, "3")
    monkeypatch.delenv("COURSE_STORE", raising=False)
    monkeypatch.setattr(distributed, "end_with_parent", watch)
    monkeypatch.setattr(dist, "init_process_group",
                        lambda backend, **rest: place.kwargs.update(rest))  # fmt: skip
    monkeypatch.setattr(dist, "destroy_process_group", leave)
    return place


def test_a_process_joins_with_its_limit_and_leaves_only_without_an_error(joined):
    with distributed.process_group(timeout=4.5) as place:
        assert place == (3, 3)
        assert joined.left == 0
    assert joined.kwargs == {
        "store": None, "rank": 3, "world_size": 3, "timeout": timedelta(seconds=4.5)
    }  # fmt: skip
    assert (joined.left, joined.watched) == (1, 1)
    with pytest.raises(KeyError), distributed.process_group():
        raise KeyError
    assert joined.left == 1  # the others must not lose it before the error is printed
    assert joined.kwargs["timeout"] == timedelta(seconds=20)
    for bad in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="timeout must be"), distributed.process_group(bad):
            pytest.fail("it joined")


def test_processes_of_a_launch_meet_in_a_file_of_their_own_attempt(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_STORE", raising=False)
    assert distributed.store_of_launch(2) is None
    monkeypatch.setenv("COURSE_STORE", str(tmp_path / "store"))
    for attempt in ("0", "1"):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", attempt)
        store = distributed.store_of_launch(2)
        assert isinstance(store, dist.FileStore)
        assert store.path == str(tmp_path / f"store_{attempt}")


@pytest.mark.parametrize("waited", [0.5, 1.5])
def test_only_an_error_after_the_whole_limit_is_a_missing_process(waited, monkeypatch):
    clock = iter([100.0, 100.0 + waited])
    monkeypatch.setattr(distributed.time, "monotonic", lambda: next(clock))
    words = (
        "process 2 found fewer than 4 processes within 1 s; start those that are missing, or ask"
    )
    with (
        pytest.raises(RuntimeError, match=words if waited > 1 else r"^other$"),
        distributed.naming_the_missing(2, 4, 1),
    ):
        raise RuntimeError("other")
    monkeypatch.undo()
    with pytest.raises(KeyError), distributed.naming_the_missing(0, 1, 1):
        raise KeyError


# --- exchanges, with the other processes played ------------------------------------------------


@pytest.fixture
def exchange(monkeypatch):
    """Run a function for each rank at once; each exchange waits for all, as dist does."""

    def together(*calls):
        n = len(calls)
        barrier, slots, out = threading.Barrier(n, timeout=20), [None] * n, [None] * n
        mine = threading.local()

        def all_reduce(tensor, op=dist.ReduceOp.SUM):
            slots[mine.rank] = tensor.clone()
            barrier.wait()
            stack = torch.stack([slot.clone() for slot in slots])
            total = stack.amax(0) if op == dist.ReduceOp.MAX else stack.sum(0)
            barrier.wait()
            tensor.copy_(total)

        def all_gather_object(into, value):
            slots[mine.rank] = value
            barrier.wait()
            into[:] = slots
            barrier.wait()

        def broadcast_object_list(values, src):
            slots[mine.rank] = list(values)
            barrier.wait()
            values[:] = slots[src]
            barrier.wait()

        monkeypatch.setattr(dist, "all_reduce", all_reduce)
        monkeypatch.setattr(dist, "all_gather_object", all_gather_object)
        monkeypatch.setattr(dist, "broadcast_object_list", broadcast_object_list)
        monkeypatch.setattr(dist, "get_world_size", lambda: n)

        def work(rank):
            mine.rank = rank
            try:
                out[rank] = calls[rank]()
            except BaseException as error:
                out[rank] = error
                barrier.abort()

        threads = [threading.Thread(target=work, args=(rank,)) for rank in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        errors = [result for result in out if isinstance(result, BaseException)]
        for error in sorted(errors, key=lambda e: isinstance(e, threading.BrokenBarrierError)):
            raise error
        return out

    return together


@pytest.mark.parametrize("shift", [0.0, 300.0])
def test_shards_far_apart_give_the_loss_of_all_classes(shift, exchange):
    scores = torch.randn(6, 7, generator=torch.Generator().manual_seed(0))
    scores[:, 5:] += shift
    scores[2, :3] = -torch.inf  # no class of the first shard has a chance
    labels = torch.tensor([0, 2, 4, 6, 5, 3])
    leaf = scores.double().requires_grad_()
    torch.nn.functional.cross_entropy(leaf, labels).backward()
    parts = [class_share(7, rank, 3) for rank in range(3)]
    found = exchange(*(
        lambda part=part: class_parallel_loss(scores[:, part], labels, part.start)
        for part in parts
    ))  # fmt: skip
    loss = torch.nn.functional.cross_entropy(leaf.detach(), labels)
    for mine, _ in found:
        assert mine.item() == pytest.approx(loss.item(), rel=1e-5)
    gradient = torch.cat([part for _, part in found], dim=1)
    assert torch.allclose(gradient.double(), leaf.grad, atol=1e-6)


def test_the_newest_checkpoint_of_all_machines_reaches_all(exchange, tmp_path):
    def pair():
        model = torch.nn.Linear(2, 1)
        return model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)

    paths, states = [tmp_path / f"{rank}.pt" for rank in range(3)], {}
    for rank, epochs in ((1, 2), (2, 5)):  # the first machine has none
        model, optimizer = pair()
        states[rank] = model.state_dict()
        distributed.save_atomically(
            {"model": states[rank], "optimizer": optimizer.state_dict(), "epochs": epochs},
            paths[rank],
        )
    fresh = [pair() for _ in range(3)]
    calls = (lambda r=r: distributed.newest_checkpoint(paths[r], *fresh[r]) for r in range(3))
    assert exchange(*calls) == [5, 5, 5]
    for model, _ in fresh:
        assert torch.equal(model.weight, states[2]["weight"])
    before = [pair() for _ in range(2)]
    kept = [model.weight.clone() for model, _ in before]
    nowhere = tmp_path / "none.pt"
    calls = (lambda r=r: distributed.newest_checkpoint(nowhere, *before[r]) for r in range(2))
    assert exchange(*calls) == [0, 0]
    assert all(torch.equal(k, model.weight) for k, (model, _) in zip(kept, before, strict=True))


def test_one_exchange_sums_all_gradients(exchange, monkeypatch):
    wide = {"dtype": torch.float64}  # eight bytes a number
    params = [
        [*(torch.zeros(n, **wide, requires_grad=True) for n in ((2, 3), (4,))), torch.zeros(1)]
        for _ in range(2)
    ]
    params[0][0].grad = torch.ones(2, 3, **wide)
    params[1][0].grad = torch.full((2, 3), 10.0, **wide)
    params[1][1].grad = torch.arange(4.0, **wide)
    sizes = exchange(*(lambda p=p: distributed.sum_gradients(iter(p)) for p in params))
    assert sizes == [8 * 10] * 2
    for mine in params:
        assert torch.equal(mine[0].grad, torch.full((2, 3), 11.0, **wide))
        assert torch.equal(mine[1].grad, torch.arange(4.0, **wide))
        assert mine[2].grad is None


# --- what the example measures -----------------------------------------------------------------


@pytest.fixture
def timing(monkeypatch):
    """The script time_data_parallel.py as a module."""
    monkeypatch.syspath_prepend(EXAMPLES)
    return import_module("time_data_parallel")


@pytest.mark.parametrize("rank", [0, 1])
def test_each_time_is_that_of_what_its_name_says(timing, rank, monkeypatch, capsys):
    done, seen, loss = [], {}, timing.cross_entropy

    def counted(logits, labels, **how):
        done.append(len(labels))
        return loss(logits, labels, **how)

    def milliseconds(works, repeats):
        for name, work in works.items():
            done.clear()
            work()
            seen[name] = [*done]
        return dict.fromkeys(works, float(repeats))

    monkeypatch.setattr(timing, "cross_entropy", counted)
    monkeypatch.setattr(timing, "milliseconds", milliseconds)
    monkeypatch.setattr(timing, "sum_gradients", lambda params: done.append("exchange"))
    monkeypatch.setattr(dist, "all_reduce", lambda gradient: done.append(gradient.numel()))
    timing.main(SimpleNamespace(sizes=[5], repeats=3), rank, 2)
    mine = len(range(5)[distributed.share(5, rank, 2)])
    assert seen == {
        "alone": [] if rank else [5],
        "together": [mine],
        "shared": [mine, "exchange"],
        "exchange": ["exchange"],
        "apart": [7840, 10],
    }
    printed = json.dumps({"size": 5, **dict.fromkeys(seen, 3.0)}) + "\n"
    assert capsys.readouterr().out == ("" if rank else printed)


def test_a_time_is_the_fastest_of_those_in_which_all_processes_were_done(
    timing, exchange, monkeypatch
):
    now = threading.local()
    took = [iter([3, 9, 1, 9, 2, 4]), iter([1, 9, 5, 6, 1, 8])]  # by rank, the two works in turn
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now.seconds)
    monkeypatch.setattr(dist, "barrier", lambda: setattr(now, "seconds", 7.0))

    def measure(rank):
        def work():
            now.seconds += next(took[rank]) / 1000

        return timing.milliseconds({"first": work, "second": work}, 3)

    found = exchange(lambda: measure(0), lambda: measure(1))
    assert found == [{"first": 2.0, "second": 8.0}] * 2


def test_the_look_at_ddp_prints_the_median_pass_and_in_how_many_it_was_faster(monkeypatch, capsys):
    """By a clock that is set by hand: the wait for the others doesn't count, the exchange does."""
    clock = SimpleNamespace(seconds=0.0)

    def take(milliseconds):
        clock.seconds += milliseconds / 1000

    def plain(model, watch):
        def there(gradient):
            take(next(backward))
            watch.gradients["bias"] = watch.now()
            watch.exchanges |= {1: [watch.now()], 0: ["first"]}

        model.no_sync = nullcontext
        model[-1].bias.register_hook(there)
        return model

    monkeypatch.syspath_prepend(EXAMPLES)
    watch_ddp = import_module("watch_ddp")
    monkeypatch.setattr(watch_ddp, "watched", plain)
    monkeypatch.setattr(watch_ddp, "time", SimpleNamespace(perf_counter=lambda: clock.seconds))
    monkeypatch.setattr(watch_ddp, "sum_gradients", lambda params: take(1))
    monkeypatch.setattr(dist, "barrier", lambda: take(100))
    for rank in range(2):
        # With DDP and by hand in turn; the first pass doesn't count.
        backward = iter([9, 0, 1, 1, 3, 4, 6, 3, 7, 6])
        watch_ddp.main(rank, images=2, width=4, repeats=5)
        printed = capsys.readouterr().out
        assert bool(printed) == (rank == 0)
        if printed:
            assert json.loads(printed) == {
                "ddp": 6, "gradients": {"bias": 6}, "exchanges": [["first"], [6]], "by_hand": 5,
                "pairs": 4, "faster": 2,
            }  # fmt: skip


# --- what the options of the examples do --------------------------------------------------------


@pytest.fixture
def script(exchange, monkeypatch, tmp_path):
    """Run an example as a command, each of its processes as a thread, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")  # as torchrun does
    monkeypatch.setattr("torch.nn.parallel.DistributedDataParallel", lambda model: model)
    monkeypatch.setattr(dist, "get_rank", lambda: 0)

    def run(name, *options, processes=1):
        def work(rank):
            mine.rank = rank
            exec(code, {"__name__": "__main__"})

        mine, path = threading.local(), EXAMPLES / f"{name}.py"
        code = compile(path.read_text(encoding="utf-8"), path, "exec")
        monkeypatch.setattr(sys, "argv", [name, *map(str, options)])

        def process_group(timeout=None, device=None):
            run.joined = timeout, device
            return nullcontext((mine.rank, processes))

        monkeypatch.setattr(distributed, "process_group", process_group)
        exchange(*(lambda rank=rank: work(rank) for rank in range(processes)))

    return run


@pytest.mark.parametrize("sizes", [(), (1, 4)])
def test_shards_of_ones_own_data_give_loss_and_gradients(script, sizes, monkeypatch, capsys):
    features, weight = torch.randn(6, 3).double(), torch.randn(3, 5).double()
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    with monkeypatch.context() as changed:
        changed.setattr(sys, "argv", ["class_parallel.py", "--help"])
        with pytest.raises(SystemExit):
            run_path(str(EXAMPLES / "class_parallel.py"), run_name="__main__")
    asked = re.search(r"a file with\s+\((.*?)\)", capsys.readouterr().out, re.DOTALL)
    data = {"features": features, "weight": weight, "labels": labels}
    torch.save([data[name] for name in re.split(r",\s+", asked[1])], "data.pt")
    chosen = ["--sizes", *sizes, "--out", "new/folder"] if sizes else []
    script("class_parallel", "--data", "data.pt", *chosen, processes=2)
    for leaf in (features, weight):
        leaf.requires_grad_()
    loss = torch.nn.functional.cross_entropy(features @ weight, labels)
    loss.backward()
    folder = Path("new/folder" if sizes else ".")
    parts = [torch.load(folder / f"part_{rank}.pt") for rank in range(2)]
    first = sizes[0] if sizes else 2
    assert [part[1].shape[1] for part in parts] == [first, 5 - first]
    torch.testing.assert_close(torch.cat([part[1] for part in parts], dim=1), weight.grad)
    for mine, _, gradient in parts:
        torch.testing.assert_close(mine, loss.detach())
        torch.testing.assert_close(gradient, features.grad)
    assert sorted(capsys.readouterr().out.splitlines()) == [
        f"process 0: {first} classes, loss {loss:.3f}",
        f"process 1: {5 - first} classes, loss {loss:.3f}",
    ]


@pytest.mark.parametrize("wrong", [[0, 5], [0, -1], [0], [0.0, 1.0]], ids=str)
def test_shards_refuse_labels_that_are_none(script, wrong):
    torch.save((torch.zeros(2, 3), torch.zeros(3, 5), torch.tensor(wrong)), "data.pt")
    with pytest.raises((TypeError, ValueError), match=r"^labels must"):
        script("class_parallel", "--data", "data.pt", processes=2)
    assert not list(Path().glob("part_*"))


@pytest.fixture
def sgd(monkeypatch):
    """Let the scripts load forty images; return what plain SGD makes of batches of these."""
    torch.manual_seed(1)
    split = Split(torch.rand(40, 28, 28), torch.randint(10, (40,)))
    monkeypatch.setattr(
        "course_utils.data.load_fashion_mnist", lambda: SimpleNamespace(train=split)
    )
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.0, momentum=0.9)

    def train(parts, lr):
        optimizer.param_groups[0]["lr"] = lr
        total = 0.0
        for part in parts:
            loss = torch.nn.functional.cross_entropy(model(split.images[part]), split.labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(part)
        return model.state_dict(), total / sum(map(len, parts))

    return train


def order(epoch, num_images, batch_size):
    shuffle = torch.Generator().manual_seed(epoch)
    return torch.randperm(num_images, generator=shuffle).split(batch_size)


def test_the_options_of_the_training(script, sgd, monkeypatch, capsys):
    monkeypatch.setattr(time, "perf_counter", partial(next, count(step=2.5)))
    names = ("--out", "w.pt", "--checkpoint", "c.pt", "--images", 20, "--batch-size", 8)
    script("train_data_parallel", *names, "--lr", 0.1, "--epochs", 1)
    weights, loss = sgd(order(0, 20, 8), 0.1)
    assert math.log(10) < loss < 2 * math.log(10)  # not yet far above that of guessing
    sent = 3 * 4 * 7850
    told = f"epoch 1: loss {loss:.3f}, 2.50 s, {sent} bytes\n"
    assert capsys.readouterr().out == told
    torch.testing.assert_close(torch.load("w.pt"), weights)
    script("train_data_parallel", *names, "--lr", 3, "--epochs", 2)  # a new rate counts
    weights, loss = sgd(order(1, 20, 8), 3.0)
    torch.testing.assert_close(torch.load("w.pt"), weights)
    far = f"{loss:.3f}, far above that of guessing, 2.50 s, {sent} bytes"
    assert capsys.readouterr().out == f"goes on after epoch 1, from c.pt\nepoch 2: loss {far}\n"
    Path("w.pt").unlink()
    script("train_data_parallel", *names, "--epochs", 2)
    torch.testing.assert_close(torch.load("w.pt"), weights)
    assert capsys.readouterr().out == (
        "goes on after epoch 2, from c.pt\nnothing to train: 2 epochs are done, --epochs is 2\n"
    )


def test_nan_on_one_process_is_reported_and_nothing_is_saved(script, monkeypatch):
    labels = torch.randint(10, (40,))
    splits = [Split(torch.rand(40, 28, 28), labels) for _ in range(2)]
    splits[1].images[:] = torch.nan
    loaded = iter([SimpleNamespace(train=split) for split in splits])
    monkeypatch.setattr("course_utils.data.load_fashion_mnist", lambda: next(loaded))
    with pytest.raises(RuntimeError, match="stopped: the loss is no longer a finite number"):
        script("train_data_parallel", "--out", "w.pt", "--checkpoint", "c.pt", processes=2)
    assert not list(Path().glob("*.pt"))


def test_the_options_of_the_training_with_ddp(script, sgd, monkeypatch, capsys):
    import watch_ddp

    watched = []
    monkeypatch.setattr(watch_ddp, "main", watched.append)
    monkeypatch.setattr(time, "perf_counter", partial(next, count(step=2.5)))
    names = ("--out", "w.pt", "--images", 20, "--batch-size", 8, "--lr", 0.02, "--epochs", 2)
    script("train_ddp", *names)
    for epoch in range(2):
        weights, _ = sgd(order(epoch, 20, 8), 0.02)
    torch.testing.assert_close(torch.load("w.pt"), weights)
    assert capsys.readouterr().out == "epoch 1: 2.50 s\nepoch 2: 2.50 s\n"
    assert watched == []
    script("train_ddp", *names, "--watch")
    assert watched == [0]
    monkeypatch.setattr(distributed, "device_of_process", lambda choice: torch.device("cuda"))
    with pytest.raises(SystemExit):
        script("train_ddp", "--watch")
    assert "--watch looks at exchanges between CPUs; add --device cpu" in capsys.readouterr().err


@pytest.mark.usefixtures("sgd")  # its images
def test_a_script_joins_with_the_device_and_the_limit_that_are_asked_for(script, monkeypatch):
    asked, cpu = [], torch.device("cpu")
    monkeypatch.setattr(distributed, "device_of_process", lambda name: asked.append(name) or cpu)
    for name in ("class_parallel", "train_data_parallel", "train_ddp"):
        limit = 20.0 if name == "train_data_parallel" else None  # its own default
        for given in ([], ["--device", "cuda"]):
            asked.clear()
            script(name, *given)
            assert asked == [given[-1] if given else "auto"]
            assert script.joined == (limit, cpu)
    script("train_data_parallel", "--timeout", 3)
    assert script.joined[0] == 3.0


# --- the guard --------------------------------------------------------------------------------


@pytest.mark.processes
def test_the_guard_hands_over_code_time_and_files(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "adopt_orphans", lambda: False)
    folder = tmp_path / "f"
    folder.mkdir()
    code = (
        "import os, sys; print('out'); print('err', file=sys.stderr); "
        "os.mkdir(os.environ['COURSE_GUARD'] + '/in'); "
        "open(os.environ['COURSE_GUARD'] + '/in/a.txt', 'w').write('a'); "
        "print(os.getpgid(0) == os.getpid(), sys.stdin.read() == ''); sys.exit(3)"
    )
    ended = guard.watch([sys.executable, "-c", code], folder, 60, lambda: True)
    assert ended.code == 3
    assert 0 < ended.seconds < 60
    assert sorted(ended.files) == ["command.log", "in/a.txt"]
    assert ended.files["in/a.txt"][1] == "a"
    assert abs(ended.files["in/a.txt"][0] - time.time()) < 60
    assert set(ended.files["command.log"][1].split("\n")) == {"out", "err", "True True", ""}


@pytest.mark.processes
@pytest.mark.parametrize("why", ["time", "unwanted"])
def test_the_guard_ends_what_is_late_or_no_longer_wanted(why, tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "adopt_orphans", lambda: False)
    folder = tmp_path / "f"
    folder.mkdir()
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    start = time.monotonic()
    ended = guard.watch(sleep, folder, 0.3 if why == "time" else 60, lambda: why == "time")
    gc.collect()  # a process that Popen takes for running would warn now
    assert ended.code is None
    assert time.monotonic() - start < 10
    assert not guard.marked(folder)


def test_what_the_guard_asks_and_refuses(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"folder must not exist yet, got .*; it will be removed"):
        guard.guarded(["true"], tmp_path, timeout=1, env={})
    me = psutil.Process(os.getpid())
    assert guard.lives(me)
    with monkeypatch.context() as changed:  # the number of a process that ended is another's now
        changed.setattr(psutil.Process, "is_running", lambda process: False)
        assert not guard.lives(me)
    long = tmp_path / "long"
    long.write_bytes(b"a" * 5 + b"b" * guard.KEPT)
    assert guard.end_of(long) == "(5 bytes before this are left out)\n" + "b" * guard.KEPT
    long.write_bytes(b"\xff" + b"b" * (guard.KEPT - 1))
    assert guard.end_of(long) == "\N{REPLACEMENT CHARACTER}" + "b" * (guard.KEPT - 1)
    assert inspect.signature(guard.end_all).parameters["patience"].default == guard.PATIENCE / 2
