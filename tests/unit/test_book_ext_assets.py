"""Style sheets of the book: rules for classes that are nowhere are left out."""

import re
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
from book_ext.assets import MEASURING, THEME, pruned, spare_layouts

WORDS = {"used", "also-used", "hide"}


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".used{a:b}.gone{c:d}", ".used{a:b}"),
        (".gone,.used{a:b}", ".used{a:b}"),
        (".used .gone{a:b}", ""),
        (".used.also-used>p{a:b}", ".used.also-used>p{a:b}"),
        ("p,a:hover{a:b}", "p,a:hover{a:b}"),
        (".used:not(.gone){a:b}", ".used:not(.gone){a:b}"),
        (".used:not(:is(.gone,.lost)) p,.gone{a:b}", ".used:not(:is(.gone,.lost)) p{a:b}"),
        ("@media print{.gone{a:b}.used{c:d}}", "@media print{.used{c:d}}"),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
        ("@keyframes k{0%{a:b}to{c:d}}", "@keyframes k{0%{a:b}to{c:d}}"),
        ('@charset "utf-8";.gone{a:b}/*! licence {} */p{w:.5em}', '@charset "utf-8";p{w:.5em}'),
        (".bs-tooltip-auto{a:b}", ".bs-tooltip-auto{a:b}"),
        (".hide\\:x{a:b}", ".hide\\:x{a:b}"),
    ],
)
def test_rules_that_cannot_match_are_left_out(css, left):
    assert pruned(css, WORDS) == left


def test_the_themes_script_measures_no_box_one_by_one(tmp_path, monkeypatch):
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    written = tmp_path / "_static" / THEME
    written.parent.mkdir(parents=True)
    said = []
    monkeypatch.setattr("book_ext.assets.logger", SimpleNamespace(warning=said.append))
    for form, error in (("latex", None), ("html", ValueError())):
        spare_layouts(SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format=form)), error)
        assert not written.exists()
    spare_layouts(app, None)
    script = written.read_text("utf-8")
    assert said == []
    assert len(script) > 10_000
    assert '"complete"===document.readyState' not in script
    for found, pattern in ((0, "another theme"), (2, r"\A|\Z")):  # of themes that do it otherwise
        said.clear()
        monkeypatch.setattr("book_ext.assets.MEASURING", re.compile(pattern))
        spare_layouts(app, None)
        assert said == [
            f"{THEME} of pydata-sphinx-theme {pydata_sphinx_theme.__version__} has {found} places "
            "that measure boxes at load, not 1: see assets.py"
        ]
    assert MEASURING.search(written.read_text("utf-8"))
