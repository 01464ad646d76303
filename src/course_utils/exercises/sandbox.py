"""Calling a learner's function so that nothing it does can hang or kill the notebook."""

import ctypes
import inspect
import io
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass

TIME_LIMIT = 3.0  # seconds


class Problem(Exception):  # noqa: N818 - a finding, shown to the learner
    """Why an answer could not be judged, in words for the learner."""


class TimeUp(BaseException):
    """Thrown into a function that takes too long; no Exception, so that few handlers catch it."""


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its value, and what it printed."""

    value: object
    printed: str


def require_callable_with(function: object, args: tuple) -> None:
    """Raise Problem unless ``function`` can be called with ``args``."""
    if not callable(function):
        raise Problem(
            f"a function is asked for, got {type(function).__name__}; "
            "give the function itself, without calling it"
        )
    try:
        inspect.signature(function).bind(*args)
    except TypeError as error:
        raise Problem(
            f"the function is called with {len(args)} argument(s), and does not take them: {error}"
        ) from None
    except ValueError:
        return  # a builtin may not tell its signature; calling it will


def call(function: Callable, args: tuple, limit: float = TIME_LIMIT) -> Outcome:
    """Call ``function`` in a thread, for at most ``limit`` seconds.

    Raises
    ------
    Problem
        It raised, or did not return in time. A thread stuck in C code is left behind as a daemon.
    """
    result: dict[str, object] = {}
    printed = io.StringIO()

    def work() -> None:
        try:
            result["value"] = function(*args)
        except BaseException as error:  # SystemExit, too, must not end the kernel
            result["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    with redirect_stdout(printed):
        thread.start()
        thread.join(limit)
        if thread.is_alive():
            interrupt(thread)
    if thread.is_alive() or isinstance(result.get("error"), TimeUp):
        raise Problem(f"no answer within {limit:g} seconds; is there a loop that never ends?")
    if "error" in result:
        error = result["error"]
        raise Problem(f"it raised {type(error).__name__}: {first_line(error)}")
    return Outcome(result["value"], printed.getvalue())


def interrupt(thread: threading.Thread, tries: int = 5) -> None:
    """Throw TimeUp into a thread; again, should a bare ``except`` catch it."""
    for _ in range(tries):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeUp)
        )
        thread.join(0.1)
        if not thread.is_alive():
            return


def first_line(error: object) -> str:
    """Return the first line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "(no message)"
