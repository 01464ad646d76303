"""Fixtures of the whole suite."""

import os

import pytest
from hypothesis import Phase, settings

# For mutation testing: the first counterexample is enough, the smallest isn't looked for.
settings.register_profile("mutants", database=None, phases=(Phase.explicit, Phase.generate))


def pytest_collection_modifyitems(items):
    """Mark what starts several processes: it is none of the quick unit tests."""
    for item in items:
        if "no_process_left" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.processes)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; tests that need it are skipped, with the reason, where there is none.

    With COURSE_REQUIRE_BROWSER=1 (continuous integration) a missing browser is a failure.
    """
    from browser_tools import FLAGS, browser_path
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        reason = "no Chromium found: install it, or set COURSE_BROWSER to its path"
        if os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser, tmp_path):
    """Open a page that holds the given figures; the pages close with the test."""
    from browser_tools import open_page, write_page

    pages = []

    def open_figures(*figures, extra="", theme="light", **context):
        path = write_page(tmp_path, *figures, extra=extra, theme=theme)
        pages.append(open_page(browser, path, **context))
        return pages[-1]

    yield open_figures
    for page in pages:
        page.context.close()
