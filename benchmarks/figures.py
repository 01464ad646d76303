"""Bytes the figures add to the book, and milliseconds from a slider's event to the repaint.

The time runs from the ``input`` event to the end of the first frame that shows the result:
handlers, drawing, style, layout and paint records, in headless Chromium. Waiting for the next frame
to begin is the screen's affair (up to 16.7 ms) and is left out: the event comes at a frame's start.
"""

import gzip
import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks import import_from_tools
from course_utils.figures.base import InteractiveFigure
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.figures.scripts import (
    browser_script,
    figure_class,
    host_script,
    names,
    read,
)

EXPLORERS = (
    "softmax_playground",
    "jacobian_explorer",
    "loss_explorer",
    "overflow_explorer",
    "calibration_explorer",
    "decision_explorer",
)
LIMIT_MS = 8
STEPS_A_SECOND = 200
BATCH_SIZES = (1, 16, 64)
# One event at the start of each frame; a message posted from there arrives after the paint.
MEASURE = """async ([input, rounds]) => {
  const times = [], low = Number(input.min), high = Number(input.max);
  for (let i = 0; i < rounds; i++) {
    times.push(await new Promise((done) => requestAnimationFrame(() => {
      const start = performance.now(), channel = new MessageChannel();
      input.value = low + (high - low) * ((i * 0.381966) % 1);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      channel.port1.onmessage = () => done(performance.now() - start);
      channel.port2.postMessage(0);
    })));
  }
  return times;
}"""


def weigh() -> None:
    """Print the bytes of each script as shipped, raw and compressed."""
    scripts = {name: browser_script(name) for name in names()} | {"host and kit": host_script()}
    sizes = {k: (len(s.encode()), len(gzip.compress(s.encode()))) for k, s in scripts.items()}
    for name, (raw, packed) in sizes.items():
        print(f"{name:<22}{raw:>8,} bytes{packed:>8,} compressed")
    together = len(gzip.compress("".join(scripts.values()).encode()))
    print(f"{'all scripts':<22}{sum(raw for raw, _ in sizes.values()):>8,} bytes{together:>8,}")
    style = read("theme.css").encode()
    print(f"{'style sheet':<22}{len(style):>8,} bytes{len(gzip.compress(style)):>8,} compressed")


def figure_of(name: str) -> InteractiveFigure:
    """Make a figure in its default state; the calibration explorer needs scores and labels."""
    make = figure_class(name)
    if name != "calibration_explorer":
        return make()
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 10, (10_000,), generator=generator)
    logits = torch.randn(10_000, 10, generator=generator)
    logits[torch.arange(10_000), labels] += 2.0
    return make(2 * logits, labels)


def page_of(name: str, figure: InteractiveFigure, folder: Path) -> Path:
    """Write a page with one figure."""
    path = folder / f"{name}.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8><style>{read('theme.css')}</style>"
        f"{figure.static_html()}"
        f"<script>{browser_script(name)}</script><script>{host_script()}</script>",
        encoding="utf-8",
    )
    return path


def repaint_times(page, rounds: int) -> dict[str, list[float]]:
    """Return for each slider of the page the milliseconds of ``rounds`` repaints."""
    page.wait_for_selector(".cu-fig")
    found = page.locator("input[type=range]").all()
    sliders = {s.get_attribute("data-control"): s.element_handle() for s in found}
    sliders.pop("classes", None)  # it rebuilds the controls: not what one drags
    return {name: page.evaluate(MEASURE, [node, rounds]) for name, node in sliders.items()}


def steps_a_second(page, seconds: float = 1.0) -> float:
    """Press play and count the steps of SGD that the page takes; a run of 400 lasts longer."""
    page.get_by_role("button", name="Play").click()
    count = "Number(document.querySelector('.cu-fig').dataset.steps)"
    page.wait_for_function(f"{count} > 20")
    start, first = time.perf_counter(), page.evaluate(count)
    page.wait_for_timeout(1000 * seconds)
    return (page.evaluate(count) - first) / (time.perf_counter() - start)


def main(rounds: int = 120) -> None:
    """Print sizes, repaint times of figures 1 to 4 and 7, and figure 5's steps a second."""
    from playwright.sync_api import sync_playwright

    import_from_tools()
    from browsing import find_browser, launch

    weigh()
    if find_browser() is None:
        print("no repaint times: they need Chromium")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        for name in EXPLORERS:
            page = browser.new_page()
            page.goto(page_of(name, figure_of(name), Path(folder)).as_uri())
            for control, times in repaint_times(page, rounds).items():
                middle, worst = statistics.median(times), statistics.quantiles(times, n=20)[-1]
                print(f"{name:<20}{control:<14}median {middle:5.2f} ms, 95 % below {worst:5.2f} ms")
        print(f"To reach: median below {LIMIT_MS} ms.")
        for size in BATCH_SIZES:
            page = browser.new_page()
            figure = BrowserRegression(epochs=1000, batch_size=size)
            page.goto(page_of("browser_regression", figure, Path(folder)).as_uri())
            rate = steps_a_second(page)
            print(f"browser_regression  {size:4d} points in a batch: {rate:6.0f} steps a second")
        browser.close()
    print(f"To reach: at least {STEPS_A_SECOND} steps a second.")


if __name__ == "__main__":
    main()
