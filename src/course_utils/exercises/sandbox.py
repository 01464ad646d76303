"""Running a learner's function so that it always ends and leaves nothing behind.

It runs in the main thread, where an interrupt reaches it. A second thread only keeps the time: when
it is up, or when the user interrupts, it sends the main thread the signal of an interrupt, again
and again until the function has ended. Code that waits inside C and lets no signal through (one
huge matrix product) ends only after that.
"""

import decimal
import gc
import io
import linecache
import logging
import math
import os
import random
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch._tensor_str import PRINT_OPTS

from course_utils.exercises.offspring import Offspring

TIME_LIMIT = 3.0  # seconds in which the function could run
# Where code stands that is not the learner's.
_LIBRARIES = (
    "<frozen",
    *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")),
    str(Path(__file__).parent) + os.sep,
)
# Seconds between two attempts to end a function.
PATIENCE = 0.05
# Seconds that an import is given to end: one that is broken off leaves its package in pieces, and
# what imports it later fails.
IMPORT_PATIENCE = 3.0
# How many lines a function that catches everything is followed, at most, before it is ended.
LINES_FOLLOWED = 20
# What is kept of what a function prints, in characters: it may print for ever.
PRINTED_LIMIT = 2000


class Problem(Exception):  # noqa: N818 - a finding, shown to the learner
    """Why an answer could not be judged, in words for the learner.

    The rest is as in ``Outcome``, until then.
    """

    def __init__(self, text: str, printed: str = "", warned: str = "", left: str = "") -> None:
        super().__init__(text)
        self.printed, self.warned, self.left = printed, warned, left


class Stopped(BaseException):
    """Thrown into a function that is to end; no Exception, so that few handlers catch it."""


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its value, what it printed, what it was warned of, what it left."""

    value: object
    printed: str = ""
    warned: str = ""
    left: str = ""


class Printed(io.TextIOBase):
    """A stream that keeps the beginning of what is written to it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text[: PRINTED_LIMIT - len(self.text)]
        return len(text)

    def writable(self) -> bool:
        return True


def _set_default_device(device: torch.device) -> None:
    torch.set_default_device(None if device == torch.device("cpu") else device)


def _set_environment(variables: dict) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)


def _set_print_options(options: dict) -> None:
    torch.set_printoptions(**options)


def _flushes_denormals() -> bool:
    return bool(torch.tensor(1e-40, dtype=torch.float32, device="cpu") * 1 == 0)


def _set_path(folders: list) -> None:
    sys.path[:] = folders


def _umask() -> int:
    os.umask(mask := os.umask(0o077))  # it can be read only by setting it
    return mask


def _alarm_is_set() -> bool:
    return hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _set_alarm(wanted: bool) -> None:
    if not wanted:  # one that was there before goes on by itself
        signal.setitimer(signal.ITIMER_REAL, 0)


def _hooks() -> tuple:
    return sys.stdin, sys.displayhook, sys.excepthook, threading.excepthook


def _set_hooks(hooks: tuple) -> None:
    sys.stdin, sys.displayhook, sys.excepthook, threading.excepthook = hooks


#: Not that of ours and that of torch's, which watches its own processes.
_OTHER_SIGNALS = signal.valid_signals() - {signal.SIGINT, getattr(signal, "SIGCHLD", None)}


def _handlers() -> dict:
    """Return the handlers of the other signals."""
    if threading.current_thread() is not threading.main_thread():
        return {}  # only the main one can change them
    return {number: signal.getsignal(number) for number in _OTHER_SIGNALS}


def _set_handlers(handlers: dict) -> None:
    for number, handler in handlers.items():
        if signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _logging() -> tuple:
    return logging.root.level, list(logging.root.handlers), logging.root.manager.disable


def _set_logging(state: tuple) -> None:
    level, logging.root.handlers, disabled = state
    logging.root.setLevel(level)
    logging.disable(disabled)


def _figures() -> list:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot.get_fignums() if pyplot else []


def _close_figures(old: list) -> None:
    for number in set(_figures()) - set(old):
        sys.modules["matplotlib.pyplot"].close(number)


def _mpmath_precision() -> int:
    return sys.modules["mpmath"].mp.prec if "mpmath" in sys.modules else 53


def _set_mpmath_precision(bits: int) -> None:
    sys.modules["mpmath"].mp.prec = bits


def _style() -> AbstractContextManager:
    matplotlib = sys.modules.get("matplotlib")
    return matplotlib.rc_context() if matplotlib else nullcontext()


# What a function can change for everybody: how to read it, how to set it.
SETTINGS: tuple[tuple[Callable, Callable], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_default_device, _set_default_device),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (
        lambda: torch.is_autocast_enabled("cpu"),
        lambda enabled: torch.set_autocast_enabled("cpu", enabled),
    ),
    (_flushes_denormals, torch.set_flush_denormal),
    (lambda: dict(vars(PRINT_OPTS)), _set_print_options),
    (np.get_printoptions, lambda how: np.set_printoptions(**how)),
    (np.geterr, lambda how: np.seterr(**how)),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
    (lambda: list(sys.path), _set_path),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (sys.getprofile, sys.setprofile),
    (_umask, os.umask),
    (_alarm_is_set, _set_alarm),
    (gc.isenabled, lambda enabled: gc.enable() if enabled else gc.disable()),
    (gc.get_threshold, lambda counts: gc.set_threshold(*counts)),
    (sys.getswitchinterval, sys.setswitchinterval),
    (_hooks, _set_hooks),
    (_handlers, _set_handlers),
    (_logging, _set_logging),
    (lambda: decimal.getcontext().copy(), decimal.setcontext),
    (_mpmath_precision, _set_mpmath_precision),
    (_figures, _close_figures),
)
SEEDS: tuple[tuple[Callable, Callable], ...] = (
    (random.getstate, random.setstate),
    (np.random.get_state, np.random.set_state),
    (torch.get_rng_state, torch.set_rng_state),
)


def running_time(thread: int | None = None) -> float:
    """Return a clock in seconds that stands still while a thread waits for a processor, on Linux.

    It goes on while the thread sleeps. Elsewhere it never stands still. ``thread`` is a native
    identifier; this thread's by default.
    """
    waited = 0
    with suppress(OSError):
        statistics = f"/proc/self/task/{thread or threading.get_native_id()}/schedstat"
        waited = int(Path(statistics).read_text().split()[1])  # nanoseconds
    return time.monotonic() - waited / 1e9


def fix_seeds() -> None:
    """Seed the generators that functions may draw from, each the same."""
    random.seed(0)
    np.random.seed(0)
    torch.default_generator.manual_seed(0)


@contextmanager
def same_conditions():
    """Run the block under torch's own defaults and fixed seeds; then give back what was there."""
    settings = [read() for read, _ in SETTINGS]
    seeds = [read() for read, _ in SEEDS]
    with warnings.catch_warnings(), _style():
        try:
            warnings.simplefilter("always")
            torch.set_default_dtype(torch.float32)
            _change(torch.get_default_device, _set_default_device, torch.device("cpu"))
            torch.set_grad_enabled(True)
            fix_seeds()
            yield
        finally:
            for (read, write), value in zip(SETTINGS, settings, strict=True):
                _change(read, write, value)
            for (_, write), value in zip(SEEDS, seeds, strict=True):
                write(value)


def _change(read: Callable, write: Callable, value: object) -> None:
    """Set a value unless it is set: torch's default device, once set, slows every call."""
    try:
        is_there = read() == value
    except OSError:  # the working folder is gone
        is_there = False
    if not is_there:
        write(value)


class _Ending:
    """Ends the function that ``run`` calls, when the time is up or the user interrupts.

    In another thread than the main one, no signal arrives: there each line looks at the clock.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.running = self.expired = self.interrupted = False
        self._attempts = self._lines_left = 0
        self.left = ""
        self._own_frame: FrameType | None = None
        self._child_handler: Any = None
        self._imports_end = math.inf
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread, self._task = threading.get_ident(), threading.get_native_id()
        self._watchdog = threading.Thread(target=self._watch, daemon=True)

    def run(self, function: Callable, args: tuple) -> object:
        """Call the function; raises Stopped if it was ended."""
        in_main = threading.current_thread() is threading.main_thread()
        # None: installed by another language, and could not be given back.
        with_signals = in_main and signal.getsignal(signal.SIGINT) is not None
        tracer, process = sys.gettrace(), os.getpid()
        unraisable = sys.unraisablehook

        def others_reported(args):
            # Python drops what is raised in __del__, and says so; the next attempt ends it.
            if args.exc_type is not Stopped:
                unraisable(args)

        sys.unraisablehook = others_reported
        self._offspring = Offspring()
        self._begun, self._look_at = running_time(), time.monotonic() + self.limit
        if with_signals:
            handler = signal.signal(signal.SIGINT, self._on_signal)
            self._watchdog.start()
        try:
            if not with_signals:
                sys.settrace(self._trace_clock)
            return self._call(function, args)
        finally:
            if os.getpid() != process:
                os._exit(1)  # a copy made by os.fork must not go on in our place
            self._ended.set()
            sys.settrace(tracer)
            if with_signals:
                self._wake.set()
                self._watchdog.join()
                self._ignore_children()
            self.left = self._offspring.end()
            if with_signals:
                # A signal that is still on its way arrives now, and finds nothing running.
                time.sleep(0.001 if self._attempts else 0)
                signal.signal(signal.SIGINT, handler)
                if self._child_handler is not None:
                    signal.signal(signal.SIGCHLD, self._child_handler)
            sys.unraisablehook = unraisable

    def _call(self, function: Callable, args: tuple) -> object:
        self._own_frame = sys._getframe()
        # No line here may call anything else: Python looks for signals when it calls.
        try:
            self.running = True
            return function(*args)
        finally:
            self.running = False
            self._own_frame = None

    def _watch(self) -> None:
        while (left := self._time_left()) > 0 and not self._wake.wait(left):
            pass
        while not self._ended.is_set():
            self.expired = not self.interrupted
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self._thread, signal.SIGINT)
            else:  # Windows; from here the signal wakes a main thread that sleeps
                signal.raise_signal(signal.SIGINT)
            if not self._ended.wait(PATIENCE):
                self._offspring.kill()  # the function may wait for a process inside C

    def _time_left(self) -> float:
        return self.limit - (running_time(self._task) - self._begun)

    def _on_signal(self, signum: int, frame) -> None:
        self.interrupted = not self.expired
        self._wake.set()
        if not self.running or self._imports(frame):
            return
        self._ignore_children()
        self._attempts += 1
        if self._attempts > 1:
            # The function catches everything. What follows in its handler ends it as well; each
            # attempt goes one line further, for the next one may be guarded by the same handler.
            self._lines_left = self._attempts % LINES_FOLLOWED
            sys.settrace(self._trace_handlers)
            while frame is not None and frame is not self._own_frame:
                frame.f_trace = self._trace_handlers
                frame = frame.f_back
        raise Stopped

    def _ignore_children(self) -> None:
        """Let nobody be told that a process of theirs has ended: torch raises an error then."""
        if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) != signal.SIG_DFL:
            self._child_handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _imports(self, frame: FrameType | None) -> bool:
        """Whether a module is being imported, and has not yet had its time to come to an end."""
        self._imports_end = min(self._imports_end, running_time() + IMPORT_PATIENCE)
        while frame is not None and frame is not self._own_frame:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return running_time() < self._imports_end
            frame = frame.f_back
        return False

    def _trace_handlers(self, frame, event: str, arg: object):
        # Only in the learner's own lines: a library is left to put its things in order.
        if self.running and event == "line" and not _is_library(frame.f_code.co_filename):
            self._lines_left -= 1
            if self._lines_left < 0:
                raise Stopped
        return self._trace_handlers

    def _trace_clock(self, frame, event: str, arg: object):
        if self.running and time.monotonic() > self._look_at:
            left = self._time_left()
            self._look_at = time.monotonic() + left
            if left <= 0 and not self._imports(frame):
                self.expired = True
                raise Stopped
        return self._trace_clock


def call(function: Callable, args: tuple = (), limit: float | None = None) -> Outcome:
    """Call a learner's function for ``limit`` seconds at most, under the same conditions for all.

    Without a limit, ``TIME_LIMIT`` holds.

    Raises
    ------
    Problem
        It cannot be called with these arguments, it raised, or it did not return in time.
    KeyboardInterrupt
        The user interrupted; the function has ended.
    """
    limit = TIME_LIMIT if limit is None else limit
    printed, ending, error = Printed(), _Ending(limit), None
    with (
        same_conditions(),
        warnings.catch_warnings(record=True) as warned,
        redirect_stdout(printed),
        redirect_stderr(printed),
    ):
        try:
            value = ending.run(_checked, (function, args))
        except BaseException as caught:  # SystemExit, too, must not end the kernel
            error = caught
    # What is deprecated inside a library is nothing that a learner could mend.
    mattering = [w for w in warned if not issubclass(w.category, DeprecationWarning)]
    seen = printed.text, "".join(f"{w.category.__name__}: {w.message}\n" for w in mattering)
    if ending.interrupted:
        text = "check was interrupted, and the function that it tried has ended"
        raise KeyboardInterrupt(text + f". {ending.left}" * bool(ending.left)) from None
    if ending.expired:
        text = f"no answer within {limit:g} seconds; is there a loop that never ends?"
        raise Problem(text, *seen, ending.left) from None
    if error is not None:
        text = str(error) if isinstance(error, Problem) else described(error)
        raise Problem(text, *seen, ending.left) from error
    return Outcome(value, *seen, ending.left)


def _checked(function: Callable, args: tuple) -> object:
    require_callable_with(function, args)
    return function(*args)


def require_callable_with(function: object, args: tuple) -> None:
    """Raise Problem unless ``function`` can be called with ``args``."""
    if not callable(function):
        raise Problem(
            f"a function is asked for, got {type(function).__name__}; "
            "give the function itself, without calling it"
        )
    try:
        taken = signature(function)
    except Exception:  # a builtin may not tell its signature; calling it will
        return
    try:
        taken.bind(*args)
    except TypeError as error:
        raise Problem(
            f"the function is called with {len(args)} argument(s), and does not take them: {error}"
        ) from None


def described(error: BaseException) -> str:
    """Say what was raised, and in which line of the learner's code."""
    lines = str(error).strip().splitlines()
    text = f"it raised {type(error).__name__}: {lines[0] if lines else '(no message)'}"
    own = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not _is_library(frame.f_code.co_filename)
    ]
    if not own:
        return text
    code, number = own[-1]
    line = linecache.getline(code.co_filename, number).strip()
    return f"{text}, in line {number} of {code.co_name}{': ' if line else ''}{line}"


def _is_library(filename: str) -> bool:
    """Whether a file belongs to Python, to an installed package or to this one."""
    return filename.startswith(_LIBRARIES)
