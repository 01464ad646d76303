"""Training in the page, in Chromium, against ``fit`` on one thread: the same images, in turns."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import Ratio, import_from_tools
from course_utils.data import FashionMNIST, Split, load_fashion_mnist
from course_utils.figures.scripts import browser_script, host_script, read
from course_utils.figures.training_lab import TrainingLab
from course_utils.models import SoftmaxRegression
from course_utils.threads import one_thread
from course_utils.training import fit

IMAGES, EPOCHS, BATCH = 10_000, 10, 256
FIRST_POINT_MS, BLOCKED_MS = 1000, 50
# Presses Train; milliseconds to the first point of a curve and to the end, and the longest task.
RUN = """() => new Promise((done) => {
  const root = document.querySelector(".cu-fig").shadowRoot;
  const train = [...root.querySelectorAll("button")].find((b) => b.textContent === "Train");
  let longest = 0, first = 0;
  const tasks = new PerformanceObserver((list) => {
    for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
  });
  tasks.observe({type: "longtask"});
  const start = performance.now();
  const before = root.querySelectorAll(".marks circle").length;
  train.click();
  const look = () => {
    const now = performance.now() - start;
    const said = root.querySelector(".say").textContent;
    if (!first && /after epoch/.test(said) && train.disabled) first = now;
    if (train.disabled) requestAnimationFrame(look);
    else setTimeout(() => { tasks.disconnect(); done([first, now, longest]); }, 100);
  };
  requestAnimationFrame(look);
})"""


def first_images(data: FashionMNIST) -> FashionMNIST:
    """Return what the page trains and measures on."""

    def part(split: Split, which: slice) -> Split:
        return Split(split.images[which], split.labels[which])

    train, test = part(data.train, slice(IMAGES)), part(data.test, slice(None, None, 5))
    return FashionMNIST(train, test, data.source, data.classes)


def write_page(folder: Path, data: FashionMNIST) -> Path:
    """Write the lab and its images."""
    import_from_tools()
    from book_ext import lab_images

    lab_images.write(folder / "images")
    path = folder / "page.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8><style>{read('theme.css')}</style>"
        f"<script>{lab_images.where(folder / 'images', 'images/')}</script>"
        f"{TrainingLab(None, data, epochs=EPOCHS, batch_size=BATCH).static_html()}"
        f"<script>{browser_script('training_lab')}</script><script>{host_script()}</script>",
        encoding="utf-8",
    )
    return path


def main(rounds: int = 5) -> list[Ratio]:
    """Print times; return how much slower the page is."""
    from playwright.sync_api import sync_playwright

    import_from_tools()
    from browsing import find_browser, launch

    if find_browser() is None:
        print("no times: they need Chromium")
        return []
    data = first_images(load_fashion_mnist(source="real"))
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        one_thread(),
    ):
        browser = launch(playwright)
        page = browser.new_page()
        page.goto(write_page(Path(folder), data).as_uri())
        page.locator(".skip").click()
        first, whole, longest = page.evaluate(RUN)
        print(f"first run, from the disk: first point after {first:.0f} ms, loading included")
        runs, fits = [], []
        for _ in range(rounds):
            runs.append(page.evaluate(RUN))
            start = time.perf_counter()
            fit(SoftmaxRegression(), data, lr=0.1, num_epochs=EPOCHS, batch_size=BATCH)
            fits.append(1000 * (time.perf_counter() - start))
        browser.close()
    first, whole, longest = (statistics.median(values) for values in zip(*runs, strict=True))
    torch_time = statistics.median(fits)
    print(f"{EPOCHS} epochs of {IMAGES:,} images, {BATCH} a step, in the page: {whole:6.0f} ms")
    print(f"the same with fit on one thread:                   {torch_time:6.0f} ms")
    print(f"first point of a curve after {first:.0f} ms (to reach: {FIRST_POINT_MS})")
    print(f"longest task of the main thread {longest:.0f} ms (to reach: {BLOCKED_MS})")
    ratio = whole / torch_time
    return [Ratio("training in the page", "fit on one thread, the same images", ratio)]


if __name__ == "__main__":
    main()
