"""Whatever a learner's function does, it ends, and nothing is left behind."""

import _thread
import ctypes
import decimal
import gc
import importlib
import io
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import mpmath
import numpy as np
import psutil
import pytest
import torch
from matplotlib import pyplot

from course_utils.exercises.sandbox import (
    PRINTED_LIMIT,
    Outcome,
    Printed,
    Problem,
    call,
    described,
    require_callable_with,
    running_time,
    same_conditions,
)

# Python itself doesn't report the SystemExit of a thread, pytest does.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def tick():
    while True:
        print("tick")


def sleep():
    time.sleep(60)


def wait():
    threading.Event().wait()


def swallow():
    while True:
        with suppress(BaseException):
            time.sleep(0.001)


def swallow_barely():
    while True:
        try:
            while True:
                pass
        except:  # noqa: E722
            continue


def collect():
    caught = []
    while True:
        try:
            for _ in range(10**9):
                pass
        except BaseException as error:
            caught.append(error)


def swallow_twice():
    while True:
        try:
            try:
                time.sleep(0.001)
            except BaseException:
                sum(range(10))
            time.sleep(0.001)
        except BaseException:
            sum(range(10))


def swallow_outside():
    def work():
        for _ in range(20):
            time.sleep(0.001)

    caught = []
    while True:
        try:
            work()
        except BaseException as error:
            caught.append(error)


def never_finally():
    try:
        tick()
    finally:
        tick()


ENDLESS = [tick, sleep, wait, swallow, swallow_barely, collect, swallow_twice, swallow_outside,
           never_finally]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_changes():
    """Threads, tracers and the handler of interrupts are after each test what they were before."""

    def state():
        tracers = sys.gettrace(), threading.gettrace()
        return signal.getsignal(signal.SIGINT), *tracers, sys.unraisablehook

    before, threads = state(), set(threading.enumerate())
    yield
    assert state() == before
    for thread in set(threading.enumerate()) - threads:
        thread.join(2)  # on a busy machine its end takes a moment
    assert set(threading.enumerate()) <= threads


def interrupt_main(after):
    """Do what the Stop button of a notebook does."""

    def press():
        time.sleep(after)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


@pytest.mark.parametrize("endless", ENDLESS)
def test_a_function_that_never_returns_is_ended(endless):
    begun = time.monotonic()
    with pytest.raises(Problem, match=r"no answer within 0\.1 seconds; is there a loop"):
        call(endless, (), 0.1)
    assert 0.1 <= time.monotonic() - begun < 5


def test_what_ends_a_function_is_none_of_the_exceptions_it_may_catch():
    caught = []

    def careful():
        while True:
            try:
                time.sleep(0.001)
            except Exception as error:
                caught.append(error)

    with pytest.raises(Problem, match="no answer within"):
        call(careful, (), 0.1)
    assert caught == []


@pytest.mark.parametrize("in_main", [True, False])
def test_only_time_in_which_the_function_could_run_counts(in_main, monkeypatch):
    """A clock that stands still for four looks is that of a thread that waits for a processor."""
    looks, found = [], []

    def clock(thread=None):
        looks.append(thread)
        return 7.0 if len(looks) < 5 else 7.1

    def run_until_the_fourth_look():
        while len(looks) < 4:
            time.sleep(0.001)
        return 5

    def judge():
        found.append(call(run_until_the_fourth_look, (), 0.02).value)
        looks.clear()
        with pytest.raises(Problem, match=r"no answer within 0\.02 seconds"):
            call(tick, (), 0.02)
        found.append(len(looks))

    monkeypatch.setattr("course_utils.exercises.sandbox.running_time", clock)
    thread = threading.Thread(target=judge)
    judge() if in_main else (thread.start(), thread.join(5))
    assert found[0] == 5
    assert found[1] >= 5


def test_the_clock_leaves_out_what_a_thread_waited_for_a_processor(monkeypatch):
    files = {"/proc/self/task/7/schedstat": "50 2000000000 9\n"}
    files[f"/proc/self/task/{threading.get_native_id()}/schedstat"] = "50 4000000000 9\n"

    def read(path):
        return files[str(path)] if str(path) in files else io.open(path).read()  # noqa: UP020

    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr("time.monotonic", lambda: 10.5)
    assert (running_time(7), running_time()) == (8.5, 6.5)
    assert running_time(-1) == 10.5  # where there is no such file: elsewhere than on Linux


def raise_signal():
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)


INTERRUPTED = "check was interrupted, and the function that it tried has ended"


@pytest.mark.parametrize("endless", ENDLESS)
def test_an_interrupt_ends_the_function_and_says_so(endless):
    begun, thread = time.monotonic(), interrupt_main(0.1)
    with pytest.raises(KeyboardInterrupt, match=f"^{INTERRUPTED}$"):
        call(endless)
    thread.join()
    assert time.monotonic() - begun < 2


def test_an_ending_that_python_drops_is_not_reported(monkeypatch):
    class Slow:
        def __del__(self):
            time.sleep(60)

    class Broken:
        def __del__(self):
            raise OSError

    def drop(kind):
        kind()

    reported = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda args: reported.append(args.exc_type))
        begun = time.monotonic()
        with pytest.raises(Problem, match="no answer"):
            call(drop, (Slow,), 0.1)
        assert time.monotonic() - begun < 5
        assert reported == []
        call(drop, (Broken,))
    assert reported == [OSError]


INSIDE_A_CONTEXT = """
import time
from contextlib import suppress
import torch
from course_utils.exercises.sandbox import Problem, call

def stubborn():
    while True:
        with suppress(BaseException), torch.no_grad():
            time.sleep(0.001)

try:
    call(stubborn, (), 0.1)
except Problem as problem:
    print(problem, torch.is_grad_enabled())
"""


@pytest.mark.processes
def test_a_function_that_swallows_inside_a_context_of_torch_is_ended():
    """In a process of its own, which can be ended where the function isn't."""
    done = subprocess.run(
        [sys.executable, "-c", INSIDE_A_CONTEXT], capture_output=True, text=True, timeout=60
    )
    assert "no answer" in done.stdout
    assert done.stdout.endswith("True\n")


def import_slowly():
    importlib.import_module("slow_package")


@pytest.mark.parametrize("in_main", [True, False])
@pytest.mark.parametrize("seconds", [0.25, 60])
def test_an_import_is_not_broken_off_unless_it_never_ends(seconds, in_main, tmp_path, monkeypatch):
    """Else the package is gone, its part is there, and whoever imports it finds no part in it."""
    package = tmp_path / "slow_package"
    package.mkdir()
    (package / "part.py").touch()
    ticks = f"for _ in range({20 * seconds:g}):\n    time.sleep(0.05)\n"
    (package / "__init__.py").write_text(f"import time\nfrom . import part\n{ticks}")
    monkeypatch.syspath_prepend(tmp_path)
    patience = 2.0 if seconds < 1 else 0.3
    monkeypatch.setattr("course_utils.exercises.sandbox.IMPORT_PATIENCE", patience)
    found = []

    def judge():
        try:
            call(import_slowly, (), 0.1)
        except Problem as problem:
            found.append(str(problem))

    begun, thread = time.monotonic(), threading.Thread(target=judge)
    if in_main:
        judge()
    else:
        thread.start()
        thread.join()
    assert time.monotonic() - begun < 5
    try:
        if seconds < 1:
            importlib.import_module("slow_package.part")
            assert sys.modules["slow_package"].part
        # Without an end it is ended; with one, the function may have returned by then.
        assert seconds < 1 or found == [
            "no answer within 0.1 seconds; is there a loop that never ends?"
        ]
    finally:
        for name in ("slow_package", "slow_package.part"):
            sys.modules.pop(name, None)


def test_an_interrupt_does_not_outlive_the_call():
    with pytest.raises(Problem):
        call(sleep, (), 0.05)
    for _ in range(20):  # a late signal would arrive here
        time.sleep(0.005)


def test_the_handler_of_interrupts_that_was_there_comes_back():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *args: seen.append(args))
    try:
        mine = signal.getsignal(signal.SIGINT)
        assert call(lambda: 1).value == 1
        assert signal.getsignal(signal.SIGINT) is mine
        with pytest.raises(Problem):
            call(tick, (), 0.05)
        assert signal.getsignal(signal.SIGINT) is mine
        assert seen == []
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("function", [lambda: 1, tick, ENDLESS[-1]])
def test_the_tracer_that_was_there_comes_back(function):
    def tracer(*args):
        return None

    before, mine = sys.gettrace(), sys._getframe().f_trace
    sys.settrace(tracer)
    try:
        with suppress(Problem):
            call(function, (), 0.05)
        found = sys.gettrace()
    finally:
        sys.settrace(before)
    assert found is tracer
    assert sys._getframe().f_trace is mine  # only the function's own frames were followed


def test_a_problem_that_came_before_any_output_has_none():
    assert (Problem("text").printed, Problem("text").warned) == ("", "")


@pytest.mark.parametrize("endless", [tick, swallow_barely])
def test_in_another_thread_the_time_is_limited_as_well(endless):
    found = []

    def judge():
        try:
            call(endless if endless is tick else lambda: [i for i in range(10**9)], (), 0.1)
        except Problem as problem:
            found.append(str(problem))
        found.append(call(lambda: 7).value)

    thread = threading.Thread(target=judge)
    thread.start()
    thread.join(5)
    assert found == ["no answer within 0.1 seconds; is there a loop that never ends?", 7]


def popen():
    subprocess.Popen(["sleep", "60"], start_new_session=True, env={"PATH": os.environ["PATH"]})


def leave_an_orphan():
    os.system("sleep 60 &")


def fork():
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)


def fork_and_return():
    os.fork()


def start_a_process():
    KEPT.append(multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,)))
    KEPT[-1].start()


KEPT = []
LEFT = "It left processes running, which were ended."
STARTING = [popen, leave_an_orphan, fork, fork_and_return, start_a_process]


@pytest.mark.processes
@pytest.mark.parametrize("start", STARTING)
@pytest.mark.parametrize("in_main", [True, False])
def test_processes_that_a_function_starts_end_with_it(start, in_main, tmp_path, monkeypatch):
    """Those are removed, too, whose parent is gone; a copy of this one doesn't go on in its place.

    A handler that raises when a process ends is what torch has for its loaders.
    """

    def fail(*args):
        raise ValueError

    def judge():
        outcomes.append(call(start))
        if os.getpid() != me:
            (tmp_path / "gone on").touch()
            os._exit(0)

    old, me, outcomes = psutil.Process().children(recursive=True), os.getpid(), []
    on_child = fail if in_main and start is not leave_an_orphan else signal.SIG_DFL
    handler = signal.signal(signal.SIGCHLD, on_child)
    try:
        thread = threading.Thread(target=judge)
        judge() if in_main else (thread.start(), thread.join())
        assert signal.getsignal(signal.SIGCHLD) == on_child
    finally:
        signal.signal(signal.SIGCHLD, handler)
    assert psutil.Process().children(recursive=True) == old
    assert multiprocessing.active_children() == []
    assert start is not start_a_process or KEPT[-1].exitcode == -signal.SIGKILL
    assert outcomes[0].left == LEFT or start is fork_and_return
    assert list(tmp_path.iterdir()) == []
    adopts = ctypes.c_int()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(37, ctypes.byref(adopts), 0, 0, 0)  # PR_GET_CHILD_SUBREAPER
    assert adopts.value == 0


@pytest.mark.processes
def test_processes_that_were_there_go_on():
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            assert call(lambda: 1) == Outcome(1)
            assert call(popen).left == LEFT
            assert process.poll() is None
        finally:
            process.kill()


def wait_for_a_process():
    os.system("sleep 60")


@pytest.mark.processes
def test_what_waits_for_a_process_in_c_is_ended():
    begun = time.monotonic()
    with pytest.raises(Problem, match="no answer within"):
        call(wait_for_a_process, (), 0.05)
    assert time.monotonic() - begun < 5


def count():
    while True:
        len("")


def start(target):
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def start_bare():
    begun = _thread.allocate_lock()
    begun.acquire()

    def work():
        begun.release()
        count()

    _thread.start_new_thread(work, ())
    begun.acquire()  # what has not begun can't be seen


def start_often():
    def again():
        time.sleep(0.001)
        start(again)

    start(again)


def start_with_heirs(number=5):
    def work():
        try:
            count()
        finally:
            if number:
                start_with_heirs(number - 1)

    start(work)


@pytest.mark.parametrize(
    "begin",
    [
        lambda: start(count) and None,
        start_bare,
        lambda: threading.Timer(60, count).start(),
        lambda: ThreadPoolExecutor().submit(count) and None,
        start_often,
        start_with_heirs,  # the system gives an heir the identifier of one that has ended
    ],
    ids=["thread", "bare thread", "timer", "pool", "one after the other", "heirs"],
)
def test_threads_that_a_function_starts_end_with_it(begin):
    old = set(sys._current_frames())
    assert call(begin) == Outcome(None)
    assert set(sys._current_frames()) <= old


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (lambda: 1, "Outcome(value=1, "),
        (lambda: 1 / 0, "it raised ZeroDivisionError"),
        (lambda: time.sleep(60), "no answer within 0.1 seconds; is there a loop that never ends?"),
        (raise_signal, "check was interrupted, and the function that it tried has ended."),
    ],
    ids=["value", "error", "limit", "interrupt"],
)
def test_a_thread_that_cannot_be_ended_is_told(ending, said):
    event, old, tracer = threading.Event(), set(sys._current_frames()), sys.gettrace()
    # Python 3.11 never leaves the beginning of a traced call while an exception awaits its thread.
    sys.settrace(None)
    try:
        try:
            found = call(lambda: start(event.wait) and ending(), (), 0.1)
        except (Problem, KeyboardInterrupt) as problem:
            found = problem
        assert str(found).startswith(said)
        left = getattr(found, "left", str(found).partition(". ")[2])
        remedy = "join each thread, shut down each pool."
        assert left == f"It left a thread that can't be ended: {remedy}"
    finally:
        event.set()
        while not set(sys._current_frames()) <= old:
            time.sleep(0.001)
        sys.settrace(tracer)


def test_outcomes_hold_the_value_and_what_was_printed(capsys):
    def talk(a, b):
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("mind", stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return a + b

    outcome = call(talk, (1, 2))
    assert outcome == Outcome(3, "out\nerr\n", "UserWarning: mind\n")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("ending", [lambda: 1 / 0, lambda: time.sleep(60)])
def test_what_was_printed_before_a_problem_is_kept(ending):
    with pytest.raises(Problem) as caught:
        call(lambda: print("here") or warnings.warn("mind", stacklevel=1) or ending(), (), 0.2)
    assert (caught.value.printed, caught.value.warned) == ("here\n", "UserWarning: mind\n")


def test_only_the_beginning_of_endless_output_is_kept():
    stream = Printed()
    assert stream.writable()
    assert stream.write("ab") == 2
    for _ in range(PRINTED_LIMIT):
        stream.write("ab")
    assert stream.text == "ab" * (PRINTED_LIMIT // 2)


def test_a_function_is_called_with_the_arguments():
    assert require_callable_with(len, ([],)) is None
    assert require_callable_with(torch.exp, (1, 2, 3)) is None  # it tells no signature
    with pytest.raises(Problem, match="got int; give the function itself, without calling it"):
        call(3)
    with pytest.raises(Problem, match=r"with 2 argument\(s\), and does not take them: too many"):
        call(lambda: 1, (1, 2))
    with pytest.raises(Problem, match=r"with 1 argument\(s\), and does not take them: missing"):
        call(lambda a, b: 1, (1,))


class Broken:
    """Looking at it raises."""

    def __getattr__(self, name):
        raise RuntimeError(f"no {name}")

    def __call__(self):
        raise SystemExit("bye")


def raise_in_numpy():
    return np.linalg.inv(np.zeros((2, 2)))


def raise_interrupt():
    raise KeyboardInterrupt


def raise_two_lines():
    raise ValueError("\n one\ntwo")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (
            lambda: 1 / 0,
            r"it raised ZeroDivisionError: division by zero, in line \d+ of <lambda>: ",
        ),
        (
            raise_interrupt,
            r"it raised KeyboardInterrupt: \(no message\), in line \d+ of raise_inte",
        ),
        (
            raise_two_lines,
            r"it raised ValueError: one, in line \d+ of raise_two_lines: raise Value",
        ),
        (
            raise_in_numpy,
            r"LinAlgError: Singular matrix, in line \d+ of raise_in_numpy: return np.linalg.inv",
        ),
        (Broken(), "it raised SystemExit: bye, in line"),
        (torch.exp, r"it raised TypeError: exp\(\) missing 1 required positional arguments:[^,]*$"),
        (eval("lambda: 1 / 0"), "division by zero, in line 1 of <lambda>$"),
    ],
    ids=["own", "no words", "two lines", "library", "callable object", "builtin", "no source"],
)
def test_what_was_raised_is_shown_with_the_learners_line(function, text):
    with pytest.raises(Problem, match=text):
        call(function)


def test_an_error_that_was_never_raised_has_no_line():
    assert described(ValueError("a")) == "it raised ValueError: a"


def change_all():
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(torch.get_num_threads() + 1)
    torch.set_float32_matmul_precision("medium")
    torch.set_autocast_enabled("cpu", True)
    torch.set_flush_denormal(True)
    torch.set_printoptions(precision=1)
    np.set_printoptions(precision=1)
    gc.disable()
    np.seterr(all="raise")
    os.chdir("/")
    os.environ["COURSE_NEW"] = "1"
    os.environ.pop("COURSE_OLD")
    os.environ["COURSE_CHANGED"] = "2"
    sys.path.insert(0, "/nowhere")
    sys.setrecursionlimit(5000)
    sys.setprofile(lambda *args: None)
    sys.stdin = None
    sys.displayhook = sys.excepthook = threading.excepthook = lambda *args: None
    sys.setswitchinterval(0.5)
    gc.set_threshold(5, 6, 7)
    decimal.getcontext().prec = mpmath.mp.dps = 5
    logging.disable(logging.CRITICAL)
    logging.root.setLevel(1)
    logging.root.addHandler(logging.NullHandler())
    pyplot.figure("new")
    pyplot.figure("old")
    pyplot.rcParams["lines.linewidth"] = 9
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.umask(0)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 3600)
    warnings.simplefilter("ignore")
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(99)
    print("changed")
    sys.stdout = None
    sys.settrace(lambda *args: None)


def change_and_fail():
    change_all()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise ValueError


def change_and_hang():
    change_all()
    sys.settrace(None)
    time.sleep(60)


def mode_of_a_new_file():
    path = Path("new")
    path.touch()
    mode = path.stat().st_mode
    path.unlink()
    return mode


def settings():
    """What a function could change, as far as it can be read."""
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "new tensors": (torch.zeros(1).dtype, torch.zeros(1).device.type),
        "gradients": torch.is_grad_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "products": torch.get_float32_matmul_precision(),
        "autocast": (torch.ones(1, 1) @ torch.ones(1, 1)).dtype,
        "denormal numbers": (torch.tensor(1e-40) * 1).item(),
        "printed": (str(torch.tensor(0.123456)), str(np.array(0.123456)), str(np.array([0.1234]))),
        "collector": (gc.isenabled(), gc.get_threshold()),
        "threads of Python": sys.getswitchinterval(),
        "hooks": (sys.displayhook, sys.excepthook, threading.excepthook),
        "digits": (decimal.getcontext().prec, mpmath.mp.dps),
        "log": (logging.root.level, logging.root.handlers[:], logging.root.manager.disable),
        "figures": (pyplot.get_figlabels(), pyplot.rcParams["lines.linewidth"]),
        "signals": (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)),
        "numpy": np.geterr(),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "recursion": sys.getrecursionlimit(),
        "profile": sys.getprofile(),
        "new files": mode_of_a_new_file(),
        "alarm": getattr(signal, "getitimer", lambda which: (0, 0))(0),
        "filters": list(warnings.filters),
        "output": (sys.stdout, sys.stderr, sys.stdin),
        "seeds": (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()),
    }


@pytest.mark.parametrize("change", [change_all, change_and_fail, change_and_hang])
def test_nothing_that_a_function_changes_stays_changed(change, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OLD", "0")
    monkeypatch.setenv("COURSE_CHANGED", "1")
    monkeypatch.chdir(tmp_path)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)  # that of pytest's own time limit
    pyplot.figure("old")
    before = settings()
    with suppress(Problem):
        call(change, (), 0.1)
    after = settings()
    pyplot.close("all")
    for name, value in before.items():
        assert after[name] == value, name


def test_all_functions_run_under_the_same_conditions():
    def look():
        conditions = settings()
        draws = random.random(), np.random.rand(), torch.rand(1).item()
        return conditions["dtype"], conditions["gradients"], conditions["device"].type, draws

    first = call(look).value
    assert first[:3] == (torch.float32, True, "cpu")
    dtype, mode = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_default_device("meta")
        for seed in (random.seed, np.random.seed, torch.manual_seed):
            seed(5)
        assert call(look).value == first
        assert torch.get_default_dtype() == torch.float64
        assert not torch.is_grad_enabled()
        assert torch.zeros(1).is_meta
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(mode)


def test_a_working_folder_that_was_removed_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "gone"
    folder.mkdir()

    def remove():
        os.chdir(folder)
        folder.rmdir()

    call(remove)
    assert os.getcwd() == str(tmp_path)


def test_an_error_in_the_block_passes_through():
    before = torch.get_rng_state()

    def fail():
        with same_conditions():
            torch.manual_seed(3)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.processes
def test_a_copy_of_this_process_does_not_go_on_in_its_place():
    here = os.getpid()

    def copy():
        child = os.fork()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0

    outcome = call(copy)
    if os.getpid() != here:
        os._exit(7)  # the copy has come so far
    assert outcome.value == 1


def test_a_call_that_nobody_ended_waits_for_no_signal(monkeypatch):
    waits = []
    monkeypatch.setattr("course_utils.exercises.sandbox.time.sleep", waits.append)
    assert call(lambda: 1).value == 1
    assert max(waits) < 0.1  # what is still on its way after an ended one is given a millisecond
