"""Fixtures of the unit tests."""

import pytest


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    """Servers on this machine are not to be reached through somebody's proxy."""
    monkeypatch.setenv("no_proxy", "*")
