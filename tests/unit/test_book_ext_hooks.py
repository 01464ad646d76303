"""What each part of the Sphinx extension hangs in where; and the hooks that only pass things on."""

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from book_ext import (
    WITH_SETUP,
    chapters,
    figures,
    highlighting,
    icons,
    lab_images,
    markup,
    preflight,
    setup,
)
from book_ext.palette import palette_css
from pygments.token import Keyword, Name, Punctuation, Whitespace
from sphinx.highlighting import PygmentsBridge
from sphinx.util.logging import SphinxLoggerAdapter

HUNG = {
    "assets": [
        "connect config-inited add_paths",
        "connect html-page-context trim priority=900",
        "connect build-finished prune",
        "connect build-finished spare_layouts",
        "add_css_file icons/icons.css priority=900",
        "add_css_file palette.css priority=900",
        "add_css_file book.css priority=900",
        "add_js_file book.js loading_method=defer priority=650",
    ],
    "chapters": [
        "add_node fold html=('visit_fold', 'depart_fold')",
        "add_transform DressChapter at 200",
        "add_post_transform LinkChapter at 5",
        "connect env-before-read-docs check",
    ],
    "figures": ["connect config-inited <lambda>", "connect html-page-context add_scripts"],
    "formulas": [
        "add_html_math_renderer mathml ('visit_math', None) ('visit_math_block', None)",
        "add_css_file formulas.css priority=900",
        "connect build-finished write_font",
    ],
    "highlighting": [],
    "lab_images": ["connect config-inited <lambda>", "connect html-page-context tell"],
    "landing": [
        "add_directive colophon Colophon",
        "add_directive course-figure CourseFigure",
        "add_directive chapter-map ChapterMap",
    ],
    "languages": ["add_role zh zh", "connect doctree-read index_terms"],
    "launch": [
        "add_directive with-address WithAddress",
        "add_directive without-address WithoutAddress",
        "connect config-inited configure priority=100",
        "connect env-before-read-docs check",
    ],
    "markup": ["connect html-page-context repair"],
    "pictures": [
        "connect doctree-resolved require_alt",
        "connect html-page-context rewrite",
        "connect build-finished convert",
    ],
    "preflight": [
        "connect config-inited take_the_toc priority=950",
        "connect env-before-read-docs check",
    ],
    "progress": [
        "add_transform AddTicks at 201",  # after DressChapter, which gives the anchors
        "add_js_file progress.js loading_method=defer priority=590",
        "add_js_file overview.js loading_method=defer priority=595",
    ],
    "teaching": ["add_directive chapter-needs ChapterNeeds"],
    "terms": ["connect doctree-resolved link"],
}


#: Folders of static files that parts write, and what is in them.
STAGED = {
    "assets": (
        "book_static",
        "book_static/icons",
        "book_static/palette.css",
        "book_static/license.txt",
    ),
    "figures": ("figure_assets", "figure_assets/figures"),
    "lab_images": ("lab_images", "lab_images/lab_images"),
}


class App:
    """Notes what it is asked for."""

    def __init__(self, folder):
        self.doctreedir, self.asked, self.given = str(folder / "book/trees"), [], []

    def __getattr__(self, method):
        def note(*given, **options):
            self.given.append((*given, *options.values()))
            words = [method, *map(name, given)]
            words += [f"{key}={name(value)}" for key, value in options.items()]
            self.asked.append(" ".join(words))

        return note


def name(thing):
    if isinstance(thing, tuple):
        return str(tuple(part and part.__name__ for part in thing))
    if hasattr(thing, "default_priority") and "transform" in str(thing.__mro__):
        return f"{thing.__name__} at {thing.default_priority}"
    return getattr(thing, "__name__", str(thing))


@pytest.fixture
def app(tmp_path, monkeypatch):
    writers = (icons, "stage"), (figures, "write_assets"), (lab_images, "write")  # tested elsewhere
    for module, write in writers:
        monkeypatch.setattr(module, write, lambda folder: folder.mkdir(parents=True) or True)
    monkeypatch.setattr(PygmentsBridge, "html_formatter", PygmentsBridge.html_formatter)
    return App(tmp_path)


@pytest.mark.parametrize("part", WITH_SETUP)
def test_each_part_hangs_its_hooks_in(part, app):
    import_module(f"book_ext.{part}").setup(app)
    assert app.asked == HUNG[part]
    config = SimpleNamespace(html_static_path=["theirs"], templates_path=["theirs"])
    for event, hook, *_ in [given for given in app.given if given[0] == "config-inited"]:
        if part in STAGED:
            hook(app, config)
            own, *files = (Path(app.doctreedir).parent / name for name in STAGED[part])
            assert config.html_static_path[:2] == ["theirs", str(own)], event
            assert [path for path in own.rglob("*") if path not in files] == []
            assert all(path.exists() for path in files)
            book = Path(preflight.__file__).parents[2] / "book"
            if part == "assets":  # our templates come before the theme's
                assert files[1].read_text() == palette_css()
                assert config.html_static_path[2:] == [str(book / "static")]
                assert config.templates_path == [str(book / "templates"), "theirs"]


def test_the_extension_hangs_all_parts_in(app):
    assert setup(app) == {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
    assert app.asked == [line for part in WITH_SETUP for line in HUNG[part]]
    assert PygmentsBridge.html_formatter is highlighting.Formatter
    parts = [import_module(f"book_ext.{part}") for part in WITH_SETUP]
    loggers = [part.logger for part in parts if hasattr(part, "logger")]
    assert loggers
    assert all(isinstance(logger, SphinxLoggerAdapter) for logger in loggers)  # -W hears no other


def test_without_images_no_page_is_told_of_them(app, monkeypatch):
    monkeypatch.setattr(lab_images, "write", lambda folder: False)
    lab_images.setup(app)
    assert app.asked == []


@pytest.mark.parametrize(
    ("figure", "told"), [("training_lab", True), ("what_the_model_sees", True), ("quiz", False)]
)
def test_a_page_that_trains_is_told_where_the_images_are(figure, told, app, monkeypatch):
    lab_images.setup(app)
    tell = app.given[-1][1]
    monkeypatch.setattr(lab_images, "where", lambda folder, address: f"{folder.name} {address}")
    context = {"body": f'<div data-afm="{figure}">', "pathto": lambda path, resource: f"../{path}"}
    app.asked.clear()
    tell(app, "page", "page.html", context, None)
    for bare in ({"body": None}, {}):
        tell(app, "page", "page.html", bare, None)
    body = "body=lab_images ../_static/lab_images/ priority=500"
    assert app.asked == [f"add_js_file None {body}"] * told


def test_a_pages_body_is_repaired_and_the_contents_are_all_that_is_read():
    context = {"body": '<dl role="doc-biblioentry">'}
    markup.repair(None, "p", "t", context, None)
    assert context == {"body": "<dl>"}
    markup.repair(None, "p", "t", empty := {}, None)
    assert empty == {}
    config = SimpleNamespace(external_site_map={"intro": 0, "chapters/01_a": 0})
    preflight.take_the_toc(None, config)
    assert config.include_patterns == ["intro.*", "chapters/01_a.*"]


def test_what_is_wrong_with_the_form_of_chapters_is_a_warning(monkeypatch, tmp_path):
    said = []
    found = {(tmp_path / "chapters", tmp_path / "references.bib"): ["one", "two"]}
    monkeypatch.setattr(chapters.form, "problems", lambda *given: found[given])
    monkeypatch.setattr(chapters.logger, "warning", said.append)
    chapters.check(SimpleNamespace(srcdir=str(tmp_path)), None, None)
    assert said == ["one", "two"]


def test_what_has_the_colour_of_the_text_has_no_class():
    classes = highlighting.Formatter()._get_css_classes
    assert [classes(plain) for plain in (Name, Punctuation, Whitespace)] == ["", "", ""]
    assert [classes(kind) for kind in (Keyword, Name.Builtin)] == ["k", "nb"]
