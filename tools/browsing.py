"""The browser that tests, benchmarks and the PDF drive: which one, and how it is started."""

import os
import shutil

# The headless shell is the same engine without windows: the browser tests take 0.7 of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
# No services of the browser itself: every request that is seen comes from the page.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_browser() -> str | None:
    """Return the path in COURSE_BROWSER, else the first of NAMES on the path."""
    return os.environ.get("COURSE_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright):
    """Start the browser, headless."""
    return playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
