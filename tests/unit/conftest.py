"""Fixtures of the unit tests."""

import pytest


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """Servers on this machine are not to be reached through somebody's proxy."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def stand_in_allowed(monkeypatch):
    """Where CI forbids the stand-in, tests of the loader's own choice still see it choose."""
    monkeypatch.delenv("COURSE_REQUIRE_DATA", raising=False)
