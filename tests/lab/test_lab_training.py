"""The training figures with a kernel: a real JupyterLab driven by a real browser."""

import os
import re
import signal

import pytest
from browser_tools import move
from lab_tools import run_all, run_cell, write_notebook

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("lab"),
]

SETUP = """
import os, pathlib, torch
pathlib.Path("pid.txt").write_text(str(os.getpid()))
from course_utils.data import FashionMNIST, Split
from course_utils.figures.browser_regression import BrowserRegression
from course_utils.sweep import train_sweep
from course_utils.figures.training_lab import TrainingLab
from course_utils.models import SoftmaxRegression
generator = torch.Generator().manual_seed(0)
def split(n):
    labels = torch.arange(n) % 10
    images = torch.rand(n, 28, 28, generator=generator) * 0.5
    images.flatten(1)[torch.arange(n), labels * 70] = 1.0
    return Split(images, labels)
data = FashionMNIST(split(40_000), split(1_000), source="synthetic")
small = FashionMNIST(split(500), split(200), source="synthetic")
recording = train_sweep(small, lrs=(0.01, 0.1, 1.0), num_epochs=3)
"""
LAB = "lab = TrainingLab(SoftmaxRegression, data, recording=recording, epochs=2)\nlab"
POINTS = "points = BrowserRegression()\npoints"
REPORT = """
print("lr", lab.lr, "runs", len(lab.runs), "histories", len(lab.histories))
print("stopped", sum(history.stopped for history in lab.histories))
print("steps", points.trained.get("steps"))
"""


@pytest.fixture(scope="module")
def page(browser, lab):
    folder, url = lab
    write_notebook(folder, "training", SETUP, LAB, POINTS, REPORT, "lab.lr = 1.0")
    page = run_all(browser, url, "training")
    page.locator("[data-runs]").wait_for(timeout=90_000)
    yield page
    page.close()


def report(page) -> str:
    """Run the reporting cell once more and return what it prints."""
    output = page.locator(".jp-CodeCell").nth(3)
    counter = output.locator(".jp-InputPrompt").first
    before = counter.inner_text()
    run_cell(page, 3)
    page.wait_for_function(
        "([e, old]) => e.innerText !== old && /\\d/.test(e.innerText)",
        arg=[counter.element_handle(), before],
    )
    return output.locator(".jp-OutputArea-output").inner_text()


def words(page):
    return page.locator("[data-runs] ~ .say").first


def wait_for_words(page, pattern: str, seconds: float = 60) -> str:
    page.wait_for_function(
        "([e, p]) => new RegExp(p).test(e.innerText)",
        arg=[words(page).element_handle(), pattern],
        timeout=1000 * seconds,
    )
    return words(page).inner_text()


def test_a_moved_control_reaches_python_and_back(page):
    assert page.locator("[data-runs]").get_attribute("data-runs") == "live"
    page.locator('[data-control="lr"]').first.wait_for()
    assert re.search(r"lr 1\.0 ", report(page))  # the last cell set it
    assert page.locator('[data-control="lr"]').first.get_attribute("aria-valuetext") == "1"
    move(page, "lr", 0)
    assert re.search(r"lr 0\.001 ", report(page))


def test_press_train_and_see_the_accuracy_arrive(page):
    move(page, "lr", 12)
    page.get_by_role("button", name="Train", exact=True).click()
    shown = wait_for_words(page, r"Live run, learning rate 0\.1.*after epoch 2")
    assert float(re.search(r"test accuracy ([\d.]+\d)", shown)[1]) > 0.5
    assert "runs 1 histories 1" in report(page)


def test_press_stop_and_the_run_ends(page):
    move(page, "epochs", 49)  # so many that a busy browser sees the run before its end
    move(page, "batch_size", 4)
    for _ in range(2):  # overlaid on the first run
        page.get_by_role("button", name="Train", exact=True).click()
        wait_for_words(page, r"batch size 16, after epoch \d")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.locator("button:text-is('Train'):enabled").wait_for(timeout=20_000)
    shown = report(page)
    assert "runs 3 histories 3" in shown
    assert "stopped 2" in shown
    assert page.locator(".cu-fig").first.locator("text:text-matches('live')").count() >= 3


def test_a_run_has_the_settings_that_stood_there_when_train_was_pressed(page):
    """A second change waits in the browser until the kernel has answered the first."""
    page.locator('[data-control="epochs"]').first.evaluate(
        """(e) => {
          const figure = e.getRootNode();
          for (const [control, value] of [["epochs", 2], ["batch_size", 10]]) {
            const slider = figure.querySelector(`[data-control="${control}"]`);
            slider.value = value;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
          }
          [...figure.querySelectorAll("button")].find((e) => e.textContent === "Train").click();
        }"""
    )
    wait_for_words(page, r"batch size 1024, after epoch 2", 20)
    move(page, "batch_size", 4)


def test_points_trained_in_the_page_reach_python(page):
    step = page.get_by_role("button", name="Step", exact=True)
    page.get_by_role("button", name="Restart", exact=True).click()
    step.click()
    step.click()
    assert "steps 2" in report(page)


def test_a_kernel_that_dies_leaves_the_recorded_runs(page, lab):
    page.get_by_role("button", name="Train", exact=True).click()
    wait_for_words(page, r"batch size 16")
    os.kill(int((lab[0] / "pid.txt").read_text()), signal.SIGKILL)
    page.locator("[data-runs='recorded']").wait_for(timeout=30_000)
    assert "does not answer" in page.locator("[data-runs]").inner_text()
    move(page, "lr", 18)
    wait_for_words(page, r"Recorded, learning rate 1, after epoch \d")
    move(page, "lr", 0)
    wait_for_words(page, r"Recorded, learning rate 0\.01")
