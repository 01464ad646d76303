"""The framework of the figures: stored state, palette, discovery, what the book is given."""

import gzip
import importlib
import json
import math
import re

import anywidget
import minify
import pytest
import traitlets as t
from book_ext import figures as book_figures

from course_utils.figures import base, scripts
from course_utils.figures.base import Figure, plain
from course_utils.figures.traits import Choice, Flag, Integer, Number, Numbers, StateError
from course_utils.plots.style import COLORS


class Probe(Figure):
    _name = "probe"
    _title = "Probe"
    _esm = "export default {}"
    temperature = Number(1, 0.1, 10)
    row = Integer(1, 0, 3)
    logits = Numbers([1, 2], -5, 5, least=2, most=3)
    form = Choice("naive", ("naive", "shifted"))
    smooth = Flag(False)
    job = t.Unicode("idle").tag(sync=True, static=False)


def stored(figure):
    return json.loads(re.search(r"<script[^>]*>(.*?)</script>", figure.static_html())[1])


def test_static_form_holds_own_traits_only():
    assert stored(Probe()) == {
        "form": "naive",
        "logits": [1.0, 2.0],
        "row": 1,
        "smooth": False,
        "temperature": 1.0,
        "version": 1,
    }


def test_static_form_is_sorted_and_stable():
    text = re.search(r"<script[^>]*>(.*?)</script>", Probe().static_html())[1]
    assert text == json.dumps(json.loads(text), sort_keys=True)
    assert Probe().static_html() == Probe().static_html()


def test_static_form_cannot_close_its_script():
    class Named(Probe):
        words = t.Unicode("</script><!--").tag(sync=True)

    html = Named().static_html()
    assert html.count("</script>") == 1
    assert "<!--" not in html
    assert stored(Named())["words"] == "</script><!--"


def test_mimebundle_has_the_live_and_the_static_form():
    figure = Probe(row=2)
    data, _ = figure._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.model_id
    assert data["text/html"] == figure.static_html()
    assert data["text/plain"] == repr(figure)


def test_repr_is_stable_and_names_the_state():
    assert repr(Probe()) == (
        "Probe(form='naive', logits=[1.0, 2.0], row=1, smooth=False, temperature=1.0)"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (1 / 3, 0.3333333),
        (-0.0, 0.0),
        (math.nan, None),
        (math.inf, None),
        ((1, 2.00000001), [1, 2.0]),
        ({"a": [math.nan]}, {"a": [None]}),
    ],
)
def test_plain_rounds_and_drops_what_json_lacks(value, expected):
    assert plain(value) == expected
    assert math.copysign(1, plain(-0.0)) == 1


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("temperature", 99, 10),
        ("temperature", -math.inf, 0.1),
        ("row", 7, 3),
        ("row", 1.6, 2),
        ("logits", [9, 0], [5, 0]),
    ],
)
def test_out_of_range_is_clamped_and_said(name, value, shown):
    figure = Probe(**{name: value})
    assert getattr(figure, name) == shown
    assert (name in figure.notice) == (value != 1.6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", "hot"),
        ("temperature", math.nan),
        ("temperature", True),
        ("logits", [1]),
        ("logits", [1, 2, 3, 4]),
        ("logits", [1, "2"]),
        ("logits", 3),
        ("form", "fused"),
        ("smooth", 1),
    ],
)
def test_malformed_value_is_refused_by_name(name, value):
    with pytest.raises(StateError, match=name):
        Probe(**{name: value})


def test_figures_do_not_share_state():
    one, two = Probe(), Probe()
    one.logits = [3, 4]
    assert two.logits == [1.0, 2.0]
    assert one.logits is not Probe().logits
    Probe().logits.append(5)
    assert Probe().logits == [1.0, 2.0]


def test_css_and_python_palettes_agree():
    light = base.read("ui.css").split("@media")[0]
    assert dict(re.findall(r"--cu-(\w+): (#\w{6})", light)).items() >= COLORS.items()


def test_every_module_has_its_python_class():
    assert base.names()
    for name in base.names():
        class_name = "".join(word.title() for word in name.split("_"))
        figure = getattr(importlib.import_module(f"course_utils.figures.{name}"), class_name)
        assert issubclass(figure, anywidget.AnyWidget)
        assert (figure._name, figure._esm) == (name, base.source(name))
        assert figure._title


def test_shrink_shortens_local_names_only():
    shared = scripts.shrink(
        "const fmt = (value) => { let text = `${value} `; return text; } // one"
    )
    assert "value" not in shared
    assert "text" not in shared
    assert "one" not in shared
    assert "fmt" in shared
    assert shared.endswith("\n")


def test_shrink_takes_no_name_that_another_module_declares():
    short = scripts.shrink("const draw = (value, other) => e(value) + t(other); export { draw };")
    assert "e(" in short
    assert "t(" in short
    assert not re.search(r"\b(e|t)[,)=]", short)


def test_shrink_refuses_what_is_no_javascript():
    with pytest.raises(minify.MinifyError, match="line 2"):
        scripts.shrink("const a = 1;\nconst = 2;")


def test_weight_of_all_figures_together():
    shipped = [*map(scripts.browser_script, base.names()), scripts.host_script()]
    together = "".join(shipped).encode()
    assert len(together) < 60_000
    assert len(gzip.compress(together)) < 20_000


def test_page_gets_only_its_own_figures():
    names = base.names()
    body = f'<p>text</p><div class="x" data-afm="{names[0]}"></div><div data-afm="unknown"></div>'
    assert book_figures.figures_in(body) == names[:1]


def test_assets_are_the_modules(tmp_path):
    book_figures.write_assets(tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"host.js", "ui.css", *(f"{name}.js" for name in base.names())}
