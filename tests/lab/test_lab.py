"""Figures 1 to 4 with a kernel: a real JupyterLab driven by a real browser."""

import re

import pytest
from browser_tools import accessibility_violations, skip_questions, value
from lab_tools import run_all, run_cell, write_notebook

# One JupyterLab at a time: two would share their settings and work spaces.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("lab")]

CELLS = [
    "from course_utils.figures.softmax_playground import SoftmaxPlayground\n"
    "figure = SoftmaxPlayground()\nfigure",
    "figure  # a second view of the same model",
    "print(figure.logits, figure.temperature)",
    "from course_utils.figures.jacobian_explorer import JacobianExplorer\n"
    "from course_utils.figures.loss_explorer import LossExplorer\n"
    "from course_utils.figures.overflow_explorer import OverflowExplorer\n"
    "display(JacobianExplorer(), LossExplorer(), OverflowExplorer())",
    "if figure.logits[0] == 3.0:\n    figure.logits = [-4.0, 6.0, 0.5]",
    "if figure.logits[0] == -4.0:\n    figure.temperature = 99",
]


@pytest.fixture(scope="module")
def page(browser, lab):
    folder, url = lab
    write_notebook(folder, "explorers", *CELLS)
    page = run_all(browser, url, "explorers")
    page.locator(".cu-fig").nth(4).wait_for(timeout=60_000)
    skip_questions(page)
    yield page
    page.close()


def both_views_show(page, name: str, number: float) -> None:
    shown = page.locator(f"[data-q='{name}'][data-value='{number}']")
    shown.nth(1).wait_for(state="attached")


def printed(page) -> str:
    """Run the printing cell once more and return its output."""
    cell = page.locator(".jp-CodeCell").nth(2)
    before = cell.locator(".jp-InputPrompt").first.inner_text()
    run_cell(page, 2)
    page.wait_for_function(
        "([e, old]) => e.innerText !== old && /\\d/.test(e.innerText)",
        arg=[cell.locator(".jp-InputPrompt").first.element_handle(), before],
    )
    return cell.locator(".jp-OutputArea-output").inner_text().strip()


def test_all_four_figures_are_live_and_clean(page):
    assert page.locator(".cu-error").count() == 0
    assert page.locator(".cu-fig").evaluate_all("(es) => es.map((e) => e.ariaLabel)") == [
        "Softmax playground",
        "Softmax playground",
        "Jacobian explorer",
        "Loss explorer",
        "Overflow explorer",
    ]
    assert accessibility_violations(page, ".cu-fig") == []


def test_a_key_press_reaches_python_and_the_other_view(page):
    assert printed(page) == "[2.0, 1.0, -1.0] 1.0"
    page.locator("[data-control='logits.0']").first.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    both_views_show(page, "z0", 3)
    assert printed(page) == "[3.0, 1.0, -1.0] 1.0"


def test_python_reaches_both_views(page):
    run_cell(page, 4)
    both_views_show(page, "z1", 6)
    assert value(page, "p1", 0) == value(page, "p1", 1) > 0.99
    assert page.locator("[data-control='logits.0']").first.input_value() == "-4"


def test_out_of_range_in_python_is_clamped_and_said(page):
    run_cell(page, 5)
    page.get_by_text("temperature 99 is outside 0.1 to 10: 10.").first.wait_for()
    assert printed(page).endswith(" 10.0")


def test_figures_follow_the_theme_of_jupyterlab(page):
    frame = page.locator(".frame").first
    colour = "(e) => getComputedStyle(e).backgroundColor"
    assert frame.evaluate(colour) == "rgb(255, 255, 255)"
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^JupyterLab Dark$")).click()
    page.wait_for_function(
        f"(e) => ({colour})(e) !== 'rgb(255, 255, 255)'", arg=frame.element_handle()
    )


def test_closing_a_view_leaves_the_other_alive(page):
    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.wait_for_function("document.querySelectorAll('.cu-fig').length === 4")
    page.locator("[data-control='logits.2']").first.focus()
    page.keyboard.press("Home")
    page.locator("[data-q='z2'][data-value='-10']").first.wait_for(state="attached")
    assert page.locator(".cu-error").count() == 0
