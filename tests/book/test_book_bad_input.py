"""Small books built from faulty sources: the build stops and names the fault."""

import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import repository
from bs4 import BeautifulSoup
from chapter_form import SETUP

pytestmark = pytest.mark.book

ROOT = Path(__file__).resolve().parents[2]
PIXEL = (  # a PNG of one white pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
)


def notebook(path: Path, text: str, *, count: int | None = 2, alt: str | None = "A dot") -> None:
    """Write a notebook with a title, some text and one cell that shows a picture."""
    v4 = nbformat.v4
    output = v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "x"})
    cell = v4.new_code_cell("show()", outputs=[output] if count else [], execution_count=count)
    cell.metadata = {"tags": ["imports"], "mystnb": {"image": {"alt": alt} if alt else {}}}
    setup = v4.new_code_cell(SETUP, execution_count=1, metadata={"tags": ["setup", "remove-cell"]})
    line = "[The book and all chapters](../README.md)"
    edges = [v4.new_markdown_cell(line, metadata={"tags": ["remove-cell"]}) for _ in range(2)]
    title = v4.new_markdown_cell(f"# Title\n\n{text}")
    caption = v4.new_markdown_cell("**Figure 1.1.** A dot.")
    cells = [edges[0], setup, title, cell, caption, edges[1]]
    path.parent.mkdir(exist_ok=True)
    metadata = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3"}}
    metadata["kernelspec"]["display_name"] = "Python 3"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


ADDRESS = "https://github.com/somebody/softmax"
HOME = """# Home

{with-something}

:::{with-address}
From [{name}]({address}) on {branch}, see {ref}`part-two`.
:::

(part-two)=
## Part two

A page.

## About

The foot of each page leads here.
"""
#: Every character here has a meaning for a shell, make, a pattern, a URL or a template.
ODD = 'kurs [1] ä\'ö #50% $x {y} *&;! "z"'


@pytest.fixture(params=["source"])
def project(request, tmp_path):
    """A folder with the book's settings, one landing page and one chapter."""
    source = tmp_path / request.param
    source.mkdir()
    for name in ("tools", "book"):
        (source / name).symlink_to(ROOT / name)
    for name in ("_config.yml", "references.bib", "README.md"):
        shutil.copy(ROOT / name, source / name)
    (source / "intro.md").write_text("# Home\n\nA page.\n")
    (source / "_toc.yml").write_text(
        "format: jb-book\nroot: intro\nparts:\n  - caption: Part\n    chapters:\n"
        "      - file: chapters/01_first\n"
    )
    notebook(source / "chapters/01_first.ipynb", "Text.")
    return source


def set_address(project, address):
    config = (project / "_config.yml").read_text()
    assert '  url: ""\n' in config
    (project / "_config.yml").write_text(config.replace('  url: ""\n', f"  url: {address}\n"))


def test_every_fault_is_named_and_no_book_appears(project, build, tmp_path):
    """Each in a line with Sphinx's word for it: one such line alone stops a build."""
    set_address(project, ADDRESS)
    (project / "intro.md").write_text(
        "# Home\n\n{ref}`ch-missing` and {cite:t}`Nobody1900`, $a + \\wrong{b}$.\n\n$$ y 🐞 $$\n"
    )
    text = "{eq}`eq-missing`, figure 1.2, [this](09_gone.ipynb).\n\n"
    formula = "$$\n\\begin{aligned} a &= b && \\text{by } \\lost \\end{aligned}\n$$"
    notebook(project / "chapters/01_first.ipynb", text + formula, count=None)
    notebook(project / "chapters/02_second.ipynb", "Not in the table of contents.")
    done = build("--source", project, "--output", tmp_path / "html")
    assert done.returncode == 1
    assert "NOT built" in done.stderr
    assert not (tmp_path / "html").exists()
    errors = [line for line in done.stderr.splitlines() if re.search("(WARNING|ERROR): ", line)]
    for place, fault in [
        ("", "chapters/02_second.ipynb is not in the table of contents"),
        ("", "chapters/01_first.ipynb was not executed"),
        ("", "chapters/01_first.ipynb does not follow the address in _config.yml; "
             "run python tools/repository.py"),
        ("", "01_first.ipynb, cell 2: there is no figure 1.2"),
        ("", "01_first.ipynb, cell 2: links to 09_gone.ipynb, which is not there"),
        ("intro.md", "ch-missing"),
        ("intro.md", "Nobody1900"),
        ("chapters/01_first.ipynb", "eq-missing"),
        ("intro.md:3: ", 'Unknown command "\\wrong"'),
        ("intro.md:5: ", "the font of the formulas has no 🐞 (U+1F41E)"),
        ("chapters/01_first.ipynb", "\\lost"),
    ]:  # fmt: skip
        found = [line for line in errors if place in line and fault in line]
        assert len(found) == 1, (fault, done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses some of the characters")
@pytest.mark.parametrize("project", [ODD], indirect=True)
def test_a_book_is_built_wherever_the_project_lies(project, build, tmp_path):
    """Beside files that are no pages, and to a folder with an odd name, too; without an address."""
    (project / "intro.md").write_text(HOME)
    (project / "README.md").write_text("# Not a page\n")
    (project / "notes").mkdir()
    (project / "notes" / "more.md").write_text("# Not a page either\n")
    done = build("--source", project, "--output", project / "_build" / "html")
    assert done.returncode == 0, done.stderr
    pages = {path.name for path in (project / "_build" / "html").rglob("*.html")}
    assert {"intro.html", "01_first.html"} <= pages
    assert not pages & {"README.html", "more.html"}
    assert (project / "_build" / "html" / "index.html").as_uri() in done.stdout
    for page in ("intro.html", "chapters/01_first.html"):
        text = (project / "_build" / "html" / page).read_text(encoding="utf-8")
        assert not [word for word in ("github.com", "mybinder", "colab") if word in text], page


def test_faults_of_the_page_itself_stop_the_build_and_leave_the_last_good_book(
    project, build, tmp_path
):
    output = tmp_path / "html"
    output.mkdir()
    (output / "index.html").write_text("good")
    (project / "intro.md").write_text(
        '# Home\n\n<script src="https://example.org/x.js"></script>\n\n<a href="gone.html">x</a>\n'
    )
    notebook(project / "chapters/01_first.ipynb", "Text.", alt=None)
    done = build("--source", project, "--output", output)
    assert done.returncode == 1
    assert "chapters/01_first: a picture has no alt text" in done.stderr
    assert "intro.html: loads https://example.org/x.js from another server" in done.stderr
    assert "intro.html: link to gone.html" in done.stderr
    assert (output / "index.html").read_text() == "good"


def links(page):
    html = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return {a["href"]: a.get_text().strip() for a in html.select("a[href]")}


def test_buttons_and_pages_follow_the_repositorys_address(project, build, tmp_path):
    (project / "intro.md").write_text(HOME)
    set_address(project, ADDRESS)
    for path, text in repository.behind(project).items():
        path.write_text(text, encoding="utf-8")
    done = build("--source", project, "--output", tmp_path / "html")
    assert done.returncode == 0, done.stderr

    chapter = links(tmp_path / "html/chapters/01_first.html")
    assert any(
        a.startswith("https://mybinder.org/v2/gh/somebody/softmax/main")
        and a.endswith("chapters/01_first.ipynb")
        for a in chapter
    )
    place = "somebody/softmax/blob/main/chapters/01_first.ipynb"
    assert f"https://colab.research.google.com/github/{place}" in chapter
    home = links(tmp_path / "html/intro.html")
    assert ADDRESS in chapter
    assert any(a.startswith(f"{ADDRESS}/issues/new") for a in home)
    assert f"{ADDRESS}/edit/main/intro.md" in home
    assert home[ADDRESS]
    article = BeautifulSoup((tmp_path / "html/intro.html").read_text(), "html.parser").article
    assert "From softmax on main, see Part two." in article.get_text()
    assert "{with-something}" in article.get_text()  # braces in text are only text


def test_an_address_that_is_none_stops_the_build(project, build, tmp_path):
    set_address(project, "github.com/somebody/softmax")
    done = build("--source", project, "--output", tmp_path / "html")
    assert done.returncode == 1
    assert "must be empty or like https://github.com/OWNER/NAME" in done.stdout + done.stderr
    assert not (tmp_path / "html").exists()
