"""The Sphinx extension: a page loads its first figure and knows the files of all others."""

import gzip
import json
import re
from pathlib import Path
from types import SimpleNamespace
from zlib import crc32

import pytest
from book_ext.figures import add_scripts, figures_in, setup, write_assets

from course_utils.figures.scripts import browser_script, host_script, names, read, style

CHAPTERS = sorted((Path(__file__).parents[2] / "chapters").glob("*.ipynb"))
# Bytes, compressed, as everything here: no minifier.
AT_FIRST = 30_000  # what a page loads for its figures before anyone scrolls
MOST = 15_500  # each figure that is fetched later; the lab has most of the kit in it


class App:
    """Notes what is registered, as Sphinx would."""

    def __init__(self, folder):
        self.doctreedir = str(folder / "doctrees")
        self.css, self.js, self.handlers = [], [], {}

    def connect(self, event, handler):
        self.handlers[event] = handler

    def add_css_file(self, name):
        self.css.append(name)

    def add_js_file(self, name, **options):
        self.js.append((options["priority"], name, options["loading_method"]))


def body_of(*figures):
    return "".join(f'<div class="x" data-afm="{name}"></div>' for name in figures)


@pytest.fixture
def app(tmp_path):
    return App(tmp_path)


def test_every_figure_is_written_once(tmp_path):
    write_assets(tmp_path / "a" / "b")
    write_assets(tmp_path / "a" / "b")  # a second build finds the folder
    written = {p.name: p.read_text("utf-8") for p in (tmp_path / "a" / "b").iterdir()}
    host = written.pop("host.js")
    files = json.loads(re.search(r"AFM_FILES = (.*);", host)[1])
    assert host == host_script(files)
    assert written.pop("theme.css") == read("theme.css")
    assert written == {f"{name}.js": browser_script(name) for name in names()}
    assert written
    sums = {n: f"{crc32(text.encode()):08x}" for n, text in written.items()}
    assert list(files.values()) == [f"{name}?v={sums[name]}" for name in sorted(written)]


def test_no_reader_waits_for_the_notes_of_a_style_sheet():
    whole, sent = read("kit.css"), style("kit.css")
    assert style("backward_pass.css").startswith(style("keyed.css"))  # which it imports
    assert whole.count("/*") > sent.count("/*") == 0
    assert whole.count("{") == sent.count("{")


def test_no_reader_waits_for_notes_and_breaks_of_the_sources():
    for script in (*map(browser_script, names()), host_script().split("window.AFM_FILES")[0]):
        text = script.partition("';\n")[0]  # of the kit or a figure, quoted
        assert " // " not in text
        assert not re.search(r"[(\[{,]\\n|\\n[)\]}]|\\n\\n", text)


def test_figures_of_a_page_are_found_once_and_unknown_ones_are_left_out():
    first, second = names()[:2]
    assert figures_in(body_of(second, first, second, "no_such_figure")) == [second, first]
    assert figures_in(f"<p>data-afm={first}</p>") == []


def test_a_page_loads_its_first_figure_and_then_the_host(app):
    first, second = sorted(names())[:2]
    body = "<p>words</p>" * 1600 + body_of(second, first)  # not quite as far as it counts
    add_scripts(app, "page", "page.html", {"body": body}, None)
    assert app.css == ["figures/theme.css"]
    assert [name for _, name, _ in sorted(app.js)] == [
        f"figures/{second}.js", "figures/host.js",
    ]  # fmt: skip
    assert {method for *_, method in app.js} == {"defer"}


def test_a_figure_that_is_far_below_is_left_to_the_host(app):
    body = "<p>words</p>" * 1700 + body_of(names()[0])
    add_scripts(app, "page", "page.html", {"body": body}, None)
    assert [name for _, name, _ in app.js] == ["figures/host.js"]


@pytest.mark.parametrize("context", [{}, {"body": None}, {"body": "<p>words</p>"}])
def test_a_page_without_figures_loads_nothing(app, context):
    add_scripts(app, "page", "page.html", context, None)
    assert (app.css, app.js) == ([], [])


def test_setup_adds_the_written_folder_and_the_handler(app, tmp_path):
    assert setup(app) == {"parallel_read_safe": True, "parallel_write_safe": True}
    config = SimpleNamespace(html_static_path=["_static"])
    app.handlers["config-inited"](app, config)
    assert config.html_static_path == ["_static", str(tmp_path / "figure_assets")]
    assert (tmp_path / "figure_assets" / "figures" / "host.js").is_file()
    assert app.handlers["html-page-context"] is add_scripts


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_figures_of_a_page_weigh_little(chapter):
    body = chapter.read_text("utf-8").replace('\\"', '"')
    found = figures_in(body)
    assert found
    first = [read("theme.css"), host_script(), browser_script(found[0])]
    assert sum(len(gzip.compress(text.encode())) for text in first) < AT_FIRST
    later = {name: len(gzip.compress(browser_script(name).encode())) for name in found}
    assert {name: size for name, size in later.items() if size >= MOST} == {}
