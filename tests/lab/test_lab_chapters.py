"""The chapters as they are read where they are run: opened in JupyterLab, light and dark.

Set COURSE_PICTURES to a folder to keep two pictures of each chapter.
"""

import json
import os
import shutil
from io import BytesIO
from pathlib import Path

import chapter_form as form
import pytest
from PIL import Image, ImageStat

# One JupyterLab at a time: two would share their settings and work spaces.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("lab")]

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))
SETTINGS = {"windowingMode": "none", "kernelShutdown": True}  # all cells are drawn
WIDTH = 1000

#: All cells are there, and the formulas in them are set.
READY = """(number) => {
  const cells = [...document.querySelectorAll(".jp-Notebook .jp-Cell")];
  const texts = [...document.querySelectorAll(".jp-RenderedMarkdown")];
  const formulas = texts.some((text) => text.querySelector("mjx-container"));
  return cells.length === number && texts.every((text) => text.innerText) && formulas;
}"""

#: What a reader sees of the text cells: formulas and code left out, folded text left out.
TEXT = """(notebook) => [...notebook.querySelectorAll(".jp-MarkdownCell")].map((cell) => {
  const copy = cell.querySelector(".jp-RenderedMarkdown").cloneNode(true);
  copy.querySelectorAll("mjx-container, code, details:not([open]) > :not(summary)").forEach(
    (part) => part.replaceWith("x"));
  return copy.innerText;
})"""

#: The code cells: tags, and which of input and outputs is drawn.
CODE = """(notebook) => [...notebook.querySelectorAll(".jp-CodeCell")].map((cell) => {
  const drawn = (name) => [...cell.querySelectorAll(name)].some((part) => part.checkVisibility());
  return {
    first: cell.querySelector(".jp-InputPlaceholder")?.innerText ?? "",
    input: drawn(".jp-InputArea-editor"),
    output: drawn(".jp-OutputArea-output"),
  };
})"""


@pytest.fixture(scope="module")
def opened(browser, lab):
    """Open a chapter in JupyterLab, on a page of its own."""
    folder, url = lab
    (folder / "chapters").mkdir()
    for path in CHAPTERS:
        shutil.copy(path, folder / "chapters")
    shutil.copy(ROOT / "README.md", folder)
    settings = folder / ".jupyter/JUPYTER_CONFIG_DIR/lab/user-settings/@jupyterlab"
    tracker = settings / "notebook-extension/tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True, exist_ok=True)
    tracker.write_text(json.dumps(SETTINGS))
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.goto(f"{url}/lab/workspaces/chapters")
    page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    page.wait_for_function("window.jupyterapp && jupyterapp.status !== undefined")
    page.evaluate("jupyterapp.restored.then(() => null)")
    run(page, "application:toggle-left-area")

    def open_chapter(path):
        page.set_viewport_size({"width": WIDTH, "height": 900})
        close_all(page)
        no_kernel = {"canStart": False, "shouldStart": False}  # a chapter is read without one
        run(page, "docmanager:open", path=f"chapters/{path.name}", kernelPreference=no_kernel)
        page.wait_for_function(READY, arg=len(form.read(path).cells), timeout=60_000)
        return page

    yield open_chapter
    close_all(page)
    theme(page, "Light")
    page.close()
    tracker.unlink()


def run(page, command, **arguments):
    """Execute one of JupyterLab's commands."""
    page.evaluate(
        "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)",
        [command, arguments],
    )


def close_all(page):
    """Close every tab; opening alone makes JupyterLab add metadata, about which it would ask."""
    run(page, "docmanager:save-all")
    run(page, "application:close-all")


def theme(page, name):
    run(page, "apputils:change-theme", theme=f"JupyterLab {name}")
    dark = "document.body.dataset.jpThemeLight === 'false'"
    page.wait_for_function(dark if name == "Dark" else f"!({dark})")


def unroll(page):
    """Make the window as high as the notebook."""
    height = page.locator(".jp-WindowedPanel-outer").first.evaluate(
        "(e) => e.scrollHeight + innerHeight - e.clientHeight"
    )
    page.set_viewport_size({"width": WIDTH, "height": height})


def brightness(page, stem, name):
    """Return the brightness of most of what is in sight in a theme, from 0 to 255."""
    theme(page, name)
    panel = page.locator(".jp-NotebookPanel").first
    if folder := os.environ.get("COURSE_PICTURES"):
        unroll(page)
        Path(folder).mkdir(parents=True, exist_ok=True)
        panel.screenshot(timeout=60_000, path=Path(folder) / f"{stem}-{name.lower()}.png")
    data = panel.screenshot(timeout=60_000)
    return ImageStat.Stat(Image.open(BytesIO(data)).convert("L")).median[0]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_is_read_in_jupyterlab(opened, path):
    page = opened(path)
    notebook = page.locator(".jp-Notebook").first
    chapter = form.read(path)
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0

    texts = notebook.evaluate(TEXT)
    assert len(texts) == sum(cell.kind == "markdown" for cell in chapter.cells)
    raw = [
        piece for text in texts for line in text.splitlines() for piece in form.RAW.findall(line)
    ]
    assert (
        raw + [p for t in texts for line in t.splitlines() for p in form.RAW_LINE.findall(line)]
        == []
    )

    whole = "\n".join(texts)
    for kind, number, _ in chapter.numbered():
        if kind != "equation":
            assert f"{kind.capitalize()} {number}" in whole
    tags = page.locator("mjx-mtr > mjx-mlabeledtr, mjx-labels").count()
    assert tags >= sum(kind == "equation" for kind, *_ in chapter.numbered())

    cells = [cell for cell in chapter.cells if cell.kind == "code"]
    seen = notebook.evaluate(CODE)
    for cell, shown in zip(cells, seen, strict=True):
        hidden = bool(cell.metadata.get("jupyter", {}).get("source_hidden"))
        assert shown["input"] != hidden, cell.place
        if "solution" in cell.tags:
            assert not shown["output"], cell.place
            assert shown["first"].startswith("# Solution"), cell.place
        elif cell.outputs:
            assert shown["output"], cell.place
    assert page.locator("details[open]").count() == 0

    # What a theme makes of a page is the same in each chapter.
    if path == CHAPTERS[0] or os.environ.get("COURSE_PICTURES"):
        assert brightness(page, path.stem, "Light") > 200
        assert brightness(page, path.stem, "Dark") < 60
        theme(page, "Light")


def test_a_solution_is_shown_when_one_asks(opened):
    page = opened(CHAPTERS[6])
    details = page.locator("details").first
    text = details.locator("p").first
    assert not text.is_visible()
    details.locator("summary").click()
    assert text.is_visible()
    placeholder = page.locator(".jp-InputPlaceholder", has_text="# Solution 7.1")
    code = page.locator(".jp-CodeCell", has=placeholder)
    number = code.evaluate("(e) => [...e.parentElement.children].indexOf(e)")
    placeholder.click()
    shown = page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-InputArea-editor")
    shown.wait_for()
    assert 'check("7.1"' in shown.inner_text()


def test_the_first_line_leads_to_the_other_chapters_and_the_book(opened):
    page = opened(CHAPTERS[1])
    line = page.locator(".jp-MarkdownCell").first
    for name, tab in (
        ("Cross-entropy", "03_cross_entropy.ipynb"),
        ("From scores to probabilities", "01_scores_to_probabilities.ipynb"),
        ("The book and all chapters", "README.md"),
    ):
        page.locator(".lm-TabBar-tab", has_text="02_softmax_jacobian").first.click()
        line.get_by_role("link", name=name).click()
        page.locator(".lm-TabBar-tab.lm-mod-current", has_text=tab).wait_for(timeout=20_000)
