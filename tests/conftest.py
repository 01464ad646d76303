"""Fixtures of the whole suite."""

import os
import sys

import pytest
from hypothesis import Phase, settings

settings.register_profile("course", deadline=None)  # no test depends on the clock
settings.load_profile("course")
# For mutation testing: the first counterexample is enough, the smallest isn't looked for.
settings.register_profile("mutants", database=None, phases=(Phase.explicit, Phase.generate))


#: The marks of tests that may start processes.
MAY_START = ("processes", "browser", "book")


def pytest_collection_modifyitems(items):
    """Mark what starts several processes: it is none of the quick unit tests."""
    for item in items:
        if "nothing_left" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.processes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let no unit test start a process, in whichever thread: the mark says how much it may cost."""
    quiet[0] = isinstance(item, pytest.Function) and not any(
        map(item.get_closest_marker, MAY_START)
    )
    try:
        return (yield)
    finally:
        quiet[0] = False


quiet = [False]


def refuse_processes(event, args):
    """Raise where a test without one of the marks starts a process."""
    if quiet[0] and event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
        raise RuntimeError(f"a unit test starts a process: mark it as processes; {args!r:.200}")


sys.addaudithook(refuse_processes)


@pytest.fixture(scope="session", autouse=True)
def _coverage_without_locks():
    """Of an interrupt inside coverage's lock nobody would unlock it, and all tracers would wait.

    Dictionaries that several threads write need no lock of their own in CPython.
    """
    coverage = sys.modules.get("coverage")
    if coverage and (measuring := coverage.Coverage.current()):
        collector = measuring._collector
        for one in [collector, *collector.tracers]:
            one.lock_data = one.unlock_data = int  # does nothing, and in C: no signal arrives there


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; tests that need it are skipped, with the reason, where there is none.

    With COURSE_REQUIRE_BROWSER=1 (continuous integration) a missing browser is a failure.
    """
    from browsing import find_browser, launch
    from playwright.sync_api import sync_playwright

    if find_browser() is None:
        reason = "no Chromium found: install it, or set COURSE_BROWSER to its path"
        if os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def all_pages(browser):
    """The pages that tests borrow one after the other."""
    from browser_tools import Pages

    return Pages(browser)


@pytest.fixture
def pages(all_pages):
    """Pages to borrow; they go back with the end of the test."""
    yield all_pages
    all_pages.take_back()


@pytest.fixture
def show(pages, tmp_path):
    """Open a page with the given figures and wait until none is at work.

    Their questions are skipped unless one wants them.
    """
    from browser_tools import QUIET, skip_questions, write_page

    def open_figures(*figures, extra="", theme="light", questions=False, **options):
        page = pages.open(write_page(tmp_path, *figures, extra=extra, theme=theme), **options)
        if not questions:
            skip_questions(page)
        page.wait_for_function(QUIET)
        return page

    return open_figures
