"""Fixtures of the unit tests."""

from warnings import catch_warnings

import pytest

from course_utils.exercises.sandbox import Outcome, Problem, described, fix_seeds


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """Servers on this machine are not to be reached through somebody's proxy."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def stand_in_allowed(monkeypatch):
    """Where CI forbids the stand-in, tests of the loader's own choice still see it choose."""
    monkeypatch.delenv("COURSE_REQUIRE_DATA", raising=False)


@pytest.fixture
def unguarded(monkeypatch):
    """Let exercises call an answer without what ends an endless one: half of a judge's time."""

    def call(function, args=()):
        fix_seeds()
        try:
            with catch_warnings(action="ignore"):
                return Outcome(function(*args))
        except Problem:
            raise
        except Exception as error:
            raise Problem(described(error)) from error

    monkeypatch.setattr("course_utils.exercises.grading.call", call)
