"""How long the lab blocks the page while it trains: no task of the main thread above 50 ms.

Each case is run in Chromium at full speed and with the processor six times slower. Shown are the
longest tasks by the clock (`longtask`), by the time of the processor (a trace; a busy machine adds
nothing to it, except where it is slowed down, for that is done by spinning), and the longest time
from a key pressed on a slider to the paint (Event Timing, steps of 8 ms).
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import import_from_tools
from benchmarks.training_in_page import BLOCKED_MS, first_images, write_page
from course_utils.data import load_fashion_mnist

FULL, SLOW = 1, 6
SECONDS = 6  # after which a run is stopped
#: Positions of sliders: rate 0 to 24 for 0.001 to 10; images per step as a power of two.
CASES = {
    "256 a step, 10 epochs": [{"lr": 12, "batch_size": 8, "epochs": 10}],
    "one image a step": [{"lr": 6, "batch_size": 0, "epochs": 3}],
    "all images in a step, 50 epochs": [{"lr": 12, "batch_size": 16, "epochs": 50}],
    "rate 10": [{"lr": 24, "batch_size": 8, "epochs": 50}],
    "rate 0.001": [{"lr": 0, "batch_size": 8, "epochs": 50}],
    "six runs, 50 epochs, slider moved": [
        {"lr": 4 * i, "batch_size": 8, "epochs": 50} for i in range(6)
    ],
}
WATCH = """() => {
  window.longest = {task: 0, event: 0, tasks: 0};
  new PerformanceObserver((list) => {
    for (const {duration} of list.getEntries()) {
      longest.tasks += 1;
      longest.task = Math.max(longest.task, duration);
    }
  }).observe({type: "longtask"});
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) longest.event = Math.max(longest.event, e.duration);
  }).observe({type: "event", durationThreshold: 16});
}"""
FORGET = "window.longest = {task: 0, event: 0, tasks: 0}"
TASKS = ("RunTask", "ThreadControllerImpl::RunTask")
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]


def put(page, settings: dict[str, int]) -> None:
    """Set sliders, each in a task of its own."""
    for name, position in settings.items():
        page.locator(f"[data-control={name}]").evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }",
            position,
        )


def run(page, settings: dict[str, int], moved: bool) -> None:
    """Train once, for at most SECONDS; ``moved`` turns two sliders by keys meanwhile."""
    put(page, settings)
    train = page.get_by_role("button", name="Train", exact=True)
    stop = page.get_by_role("button", name="Stop", exact=True)
    train.click()
    end, key = time.monotonic() + SECONDS, 0
    while train.is_disabled():
        if moved:
            slider = page.locator(f"[data-control={('lr', 'at_epoch')[key // 4 % 2]}]")
            if slider.is_enabled():
                slider.press(("ArrowRight", "ArrowLeft")[key // 8 % 2])
            key += 1
        else:
            page.wait_for_timeout(100)
        if time.monotonic() > end:
            stop.evaluate(
                "button => button.click()"
            )  # the run may have ended: then nothing happens


def longest_by_processor(trace: Path) -> float:
    """Return the longest task of the page's main thread, in ms of the processor."""
    events = json.loads(trace.read_text("utf-8"))["traceEvents"]
    main = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    times = [
        e.get("tdur", 0) for e in events if e.get("name") in TASKS and (e["pid"], e["tid"]) in main
    ]
    return max(times) / 1000


def main(cases=tuple(CASES)) -> None:
    """Print the longest tasks of each case."""
    from playwright.sync_api import sync_playwright

    import_from_tools()
    from browsing import find_browser, launch

    if find_browser() is None:
        print("no times: they need Chromium")
        return
    data = first_images(load_fashion_mnist(source="real"))
    print("longest task in ms                   clock   processor   key to paint   tasks over 50")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        address, trace = write_page(Path(folder), data).as_uri(), Path(folder) / "trace.json"
        for slower in (FULL, SLOW):
            page = browser.new_page()
            page.goto(address)
            page.locator(".skip").click()
            run(page, {"epochs": 1}, moved=False)  # the images are there
            page.evaluate(WATCH)
            session = page.context.new_cdp_session(page)
            session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            for name in cases:
                page.evaluate(FORGET)
                browser.start_tracing(page=page, path=trace, categories=CATEGORIES)
                for settings in CASES[name]:
                    run(page, settings, moved=len(CASES[name]) > 1)
                page.wait_for_timeout(300)
                browser.stop_tracing()
                by_clock = page.evaluate("longest")
                print(
                    f"{slower} x slower  {name:<33}".replace("1 x slower", "full speed")
                    + f"{by_clock['task']:7.0f}{longest_by_processor(trace):12.0f}"
                    f"{by_clock['event']:15.0f}{by_clock['tasks']:16.0f}"
                )
            page.close()
        browser.close()
    print(f"To reach: at most {BLOCKED_MS} ms.")


if __name__ == "__main__":
    main(tuple(CASES)[: int(sys.argv[1])] if len(sys.argv) > 1 else tuple(CASES))
