"""A book of two chapters, built in this process: what our directives and checks write and say."""

import re
from datetime import date
from io import StringIO
from warnings import catch_warnings

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ADDRESS = "https://github.com/ann/course"
HOME = """# Home

```{course-figure} softmax_playground.SoftmaxPlayground
```

```{chapter-map}
chapters/01_a: {asks: "Why?", minutes: 58}
chapters/03_c: {asks: "What?", minutes: 9}
```

```{colophon}
```

```{with-address}
{name} at {address}, branch {branch}.

A second paragraph.
```

```{chapter-needs}
01_a: {label: first, column: 0, needs: []}
```

```{chapter-needs}
01_a: {label: first, column: 0, needs: [2]}
02_b: {label: second, column: 0, needs: []}
```

```{chapter-needs}
01_a: {label: first, column: 0}
02_b: {label: second, column: 0, needs: []}
```

```{without-address}
It has none.
```
"""
TOC = {"format": "jb-book", "root": "intro", "parts": [
    {"caption": "Part one", "chapters": [{"file": "chapters/01_a"}]},
    {"caption": "Part two", "chapters": [{"file": "chapters/02_b"}]},
    {"caption": "More", "chapters": [{"file": "more"}]},
]}  # fmt: skip
CITATION = {
    "title": "A title", "version": "1.2", "date-released": date(2026, 3, 5), "license": "MIT",
    "authors": [{"given-names": "Ann", "family-names": "Bee"}, {"name": "The team"}],
}  # fmt: skip
PARTS = ("landing", "launch", "progress", "preflight", "teaching")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the pages, and the warnings."""
    source, warnings = tmp_path_factory.mktemp("book"), StringIO()
    (source / "chapters").mkdir()
    (source / "intro.md").write_text(HOME)
    (source / "more.md").write_text("# More")
    (source / "README.md").write_text(
        "<!-- tools/repository.py writes this -->\n<!-- until here -->"
    )
    config = {"repository": {"url": ADDRESS}}
    for name, content in ("_toc.yml", TOC), ("CITATION.cff", CITATION), ("_config.yml", config):
        (source / name).write_text(yaml.safe_dump(content))
    for name, count in ("01_a", 1), ("02_b", 3), ("04_d", 1):
        figures = '<div data-afm="loss_explorer"></div>' * {"01_a": 2, "02_b": 1}.get(name, 0)
        shown = new_output("display_data", {"text/html": f"<p>{figures}</p>"})
        cells = [new_markdown_cell("# Title\n\n## Exercise 1.2\n\nDo it."),
                 new_code_cell("assert 1", execution_count=count, outputs=[shown],
                               metadata={"tags": ["setup"] * (name == "04_d")})]  # fmt: skip
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(book, source / f"chapters/{name}.ipynb")
    settings = {
        "extensions": ["sphinx_external_toc", "myst_nb", *(f"book_ext.{p}" for p in PARTS)],
        "external_toc_path": "_toc.yml", "root_doc": "intro", "nb_execution_mode": "off",
        "html_theme": "basic", "html_theme_options": {
            "repository_url": f"{ADDRESS}/", "repository_branch": "trunk"},
    }  # fmt: skip
    with docutils_namespace(), catch_warnings(action="ignore"):  # it looks at every object
        app = Sphinx(source, None, source / "html", source / "trees/x", "html", settings,
                     status=None, warning=warnings, freshenv=True)  # fmt: skip
        app.build()
    plain = re.sub(r"\x1b\[[\d;]+m", "", warnings.getvalue())
    return source / "html", re.findall(r"(?m)^(?:.*/)?(.*WARNING: .*)$", plain)


def page(folder, name):
    return BeautifulSoup((folder / f"{name}.html").read_text("utf-8"), "html.parser")


def said(node):
    return re.sub(r"\s+", " ", node.get_text(" ")).strip()


def test_the_landing_page(built):
    home = page(built[0], "intro")
    assert home.select_one("div[data-afm=softmax_playground] script[type='application/json']")
    assert [said(node) for node in home.select(".map-part")] == ["Part one", "Part two"]
    assert [said(node) for node in home.select(".chapter-map li")] == [
        "1 Title 58 min Why? 2 figures to play with",
        "2 Title 0 min 1 figure to play with",
    ]
    for kind, text in {"number": "1", "minutes": "58 min", "figures": "2 figures to play with",
                       "asks": "Why? 2 figures to play with"}.items():  # fmt: skip
        assert said(home.select_one(f".map-{kind}")) == text
    assert home.select_one(".map-title a")["href"] == "chapters/01_a.html"
    mine = home.select_one(".mine-map")
    assert (mine["data-chapter"], mine["data-exercises"], mine["data-questions"]) == (
        "1", "1.2", "",
    )  # fmt: skip
    assert said(home.select_one(".map-sum")) == (
        "Reading takes about 1 hour; the 2 exercises come on top: most take some 25 minutes, "
        "those marked so an hour, half an hour on average. There are 3 places to play with a "
        "figure; 2 assert statements check chapters and solutions, each time they are run."
    )
    assert said(home.select_one(".colophon")) == (
        "By Ann Bee, The team. Version 1.2, 5 March 2026. Licence (American spelling: license) "
        "and how to cite. Text, code and figures are under the MIT licence ; the images of clothes "
        "are from Fashion-MNIST (MIT, © 2017 Zalando SE: its licence ); icons: Font Awesome Free "
        "(CC BY 4.0)."
    )
    assert [link["href"] for link in home.select(".colophon a")] == [
        "_static/license.txt",
        "_static/fashion-mnist-license.txt",
        "https://fontawesome.com/license/free",
    ]
    assert home.select_one("pre").get_text().splitlines() == [
        "@misc{softmax_regression_course,",
        "  author = {{Ann Bee, The team}},",
        "  title = {A title},",
        "  year = {2026},",
        "  note = {Version 1.2, MIT licence},",
        "}",
    ]
    assert f"course at {ADDRESS}, branch trunk." in said(home)
    assert "A second paragraph." in (paragraphs := [said(node) for node in home.select("p")])
    assert "It has none." not in paragraphs
    overview = home.select_one("details.mine#your-progress")
    assert said(overview) == (
        "Your progress A chapter is read when you tick it at its end, an exercise done when you "
        "tick it below its solution; questions count once they are answered. A saved file can be "
        "loaded in another browser, and so can a report that the exercises saved in a notebook "
        '( report().save("report.json") ). Save to a file Load a file Forget all'
    )
    assert overview.select_one("p[role=status]") is not None
    assert {b["type"] for b in overview.select("button")} == {"button"}
    file = overview.select_one("input[type=file][hidden]")
    assert (file["aria-label"], file["accept"]) == ("A file with progress", ".json")
    picture = home.select_one("svg.chapter-needs[role=img]")
    assert said(picture) == "1 first"
    width, height = picture["width"], picture["height"]
    assert picture["viewbox"] == f"0 0 {width} {height}"
    box = picture.rect
    sides = [[float(box[k]) for k in keys] for keys in (("x", "width"), ("y", "height"))]
    assert [2 * at + side for at, side in sides] == [float(width), float(height)]  # in the middle


def test_the_ticks_of_a_chapter(built):
    chapter = page(built[0], "chapters/01_a")
    exercise, end = chapter.select(".mine")
    assert said(exercise) == "Exercise 1.2 is done"
    assert exercise.find_parent("section")["id"] == "exercise-1-2"
    assert said(end) == "I have read this chapter All chapters"
    assert [box["data-mark"] for box in chapter.select("input[type=checkbox]")] == ["1.2", "1"]
    assert end.a["href"] == "../intro.html#your-progress"
    assert (end["role"], end["aria-label"]) == ("group", "What you have done")
    assert end.select_one("span[data-chapter]")["data-exercises"] == "1.2"
    assert end.select_one(".mine-where") is not None


def test_what_does_not_fit_together_is_named(built):
    lines = [line for line in built[1] if "theme option" not in line]
    assert sorted(lines) == [
        "WARNING: CITATION.cff does not follow the address in _config.yml; "
        "run python tools/repository.py",
        "WARNING: README.md does not follow the address in _config.yml; "
        "run python tools/repository.py",
        "WARNING: chapters/02_b.ipynb was not executed: execution counts are [3]..., not 1, 2, 3, "
        "...; run tools/run_chapters.py chapters/02_b.ipynb",
        "WARNING: chapters/04_d.ipynb does not follow the address in _config.yml; "
        "run python tools/repository.py",
        "WARNING: chapters/04_d.ipynb is not in the table of contents; add it to _toc.yml",
        "intro.md:20: WARNING: 02_b is not in both, picture and contents",
        "intro.md:24: WARNING: the picture of the chapters: chapter 1 needs 2, which does not come "
        "before it",
        "intro.md:29: WARNING: the picture of the chapters: Entry.__new__() missing 1 required "
        "positional argument: 'needs'",
        "intro.md:6: WARNING: the chapter map names chapters/03_c, which is not in the table of "
        "contents",
        "intro.md:6: WARNING: the chapter map says nothing about chapters/02_b",
    ]
