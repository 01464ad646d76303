"""Formulas of the book: TeX to MathML, derivations, and the font for them."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from book_ext import formulas, markup
from bs4 import BeautifulSoup
from docutils import nodes
from fontTools.ttLib import TTFont


def read(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def shown(html: str) -> str:
    """Text that a reader sees: annotations are not drawn."""
    page = read(html)
    for annotation in page.select("annotation"):
        annotation.decompose()
    return page.get_text()


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        (r"a + \wrong{b}", r'Unknown command "\wrong"'),
        (r"\begin{wrong} b \end{wrong}", 'Unknown environment "wrong"'),
        (r"\frac{1}{", "reached end of input"),
        ("x + 🐞", "the font of the formulas has no 🐞 (U+1F41E)"),
    ],
)
def test_what_cannot_be_shown_is_named(tex, words):
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.mathml(tex)
    assert words.lower() in str(caught.value).lower()


def test_the_message_quotes_what_stands_at_the_fault():
    with pytest.raises(formulas.FormulaError) as caught:
        formulas.mathml(rf"a + b + \wrong c + {30 * 'd'}")
    assert str(caught.value).endswith(rf" (at '\\wrong c + {19 * 'd'}')")


def test_extra_space_between_rows_is_not_printed():
    html = formulas.mathml(r"\begin{aligned} a &= b \\[4pt] c &= d \end{aligned}", block=True)
    assert shown(html) == "a=bc=d"


def test_a_starless_environment_counts_nothing():
    assert shown(formulas.mathml(r"\begin{align} a &= b \end{align}", block=True)) == "a=b"


@pytest.mark.parametrize(
    ("tex", "rows"),
    [
        (r"a & b \\ c", [["a", "b"], ["c"]]),
        (r"{a & b} \\ c", [["{a & b}"], ["c"]]),
        (r"\begin{b} 1 & 2 \\ 3 \end{b} & x", [[r"\begin{b} 1 & 2 \\ 3 \end{b}", "x"]]),
        (r"a \& b \\[4pt] \{ c & \} \\", [[r"a \& b"], [r"\{ c", r"\}"]]),
    ],
)  # fmt: skip
def test_rows_and_cells_are_split_outside_braces_and_environments(tex, rows):
    assert formulas.cells(tex) == rows


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
        r"\begin{aligned} a &= b && \text{so} & c &= d \end{aligned}",
        r"\begin{pmatrix} 1 & 2 & & 3 \end{pmatrix}",
    ],
)
def test_without_reasons_it_is_one_formula(tex):
    page = read(formulas.display(tex))
    assert len(page.select("math")) == 1
    assert page.select("mtable")


def test_a_reason_with_a_wrong_command_is_named_too():
    with pytest.raises(formulas.FormulaError, match="lost"):
        formulas.display(r"\begin{aligned} a &= b && \text{by } \lost \end{aligned}")


def test_a_long_formula_in_a_line_may_break_before_its_relations():
    tex = r"f(o_i + c) / f(o_i) = \left( x = 1 \right) \le f(o_j + c) / f(o_{j = 1})"
    page = read(formulas.inline(tex))
    parts = [shown(str(math)) for math in page.select("math")]
    assert parts == ["f(oi+c)/f(oi)", "=(x=1)", "≤f(oj+c)/f(oj=1)"]
    assert [math.attrs for math in page.select("math")] == [{}] * 3
    assert len(page.select("wbr")) == 2
    assert [a.get_text() for a in page.select("annotation")] == [tex, "", ""]
    for sign in ("=", "<", ">", r"\le", r"\ge", r"\ne", r"\approx"):
        for length, whole in ((13, True), (14, False)):  # 18 signs fit, 19 may break
            tex = f"a_1 + {'b' * length} {sign} c"
            assert (formulas.inline(tex) == formulas.mathml(tex)) == whole, tex


@pytest.mark.parametrize(
    ("tex", "body"),
    [
        (r"\boxed{x}", '<mrow class="boxed"><mi>x</mi></mrow>'),
        (r"\bigl( x", '<mo class="big" stretchy="false" form="prefix">(</mo><mi>x</mi>'),
        (r"x \bigr)^2", '<mi>x</mi><msup><mo class="big" stretchy="false" form="postfix">)</mo>'
                        "<mn>2</mn></msup>"),
        (r"\Bigl[ x", '<mo form="prefix" minsize="1.623em" maxsize="1.623em">[</mo><mi>x</mi>'),
        (r"x \Bigr]_i", '<mi>x</mi><msub><mrow><mo form="postfix" minsize="1.623em" '
                        'maxsize="1.623em">]</mo></mrow><mi>i</mi></msub>'),
        (r"\hat{x} \tilde{y}", '<mover accent="true"><mi>x</mi><mo>ˆ</mo></mover>'
                              '<mover accent="true"><mi>y</mi><mo>˜</mo></mover>'),
        (r"\bar{x} \dot{y}", '<mover accent="true"><mi>x</mi><mo>¯</mo></mover>'
                             '<mover accent="true"><mi>y</mi><mo>˙</mo></mover>'),
        (r"a \odot b", '<mi>a</mi><mo lspace="0.2222em" rspace="0.2222em" largeop="false">⊙'
                      "</mo><mi>b</mi>"),
        (r"\underbrace{a}", '<munder accentunder="true"><mrow><mspace width="0.3em"/><mi>a</mi>'
                            '<mspace width="0.3em"/></mrow><mo>⏟</mo></munder>'),
        (r"\overbrace{ab}", '<mover accent="true"><mrow><mi>a</mi><mi>b</mi></mrow><mo>⏞</mo>'
                            "</mover>"),
    ],
)  # fmt: skip
def test_mathml_as_three_engines_draw_it_alike(tex, body):
    note = '<annotation encoding="application/x-tex">'
    whole = f"<semantics><mrow>{body}</mrow>{note}"
    assert formulas.mathml(tex) == f"<math>{whole}{tex}</annotation></semantics></math>"
    assert formulas.mathml(f"{tex}  ", block=True) == (
        f'<math display="block">{whole}{tex}</annotation></semantics></math>'
    )
    assert formulas.mathml(tex, block=True, part_of="a  < b") == (
        f'<math displaystyle="true">{whole}a &lt; b</annotation></semantics></math>'
    )


def test_a_derivation_as_it_is_written(monkeypatch):
    monkeypatch.setattr(formulas, "mathml", lambda tex, **how: f"[{tex}{[*how.values()]}]")
    rows = r"q &= a && \text{for } b, \text{ by~rule -- <} \\[4pt] &= c \\ r &= d"
    tex = rf"\begin{{aligned}} {rows} \end{{aligned}}"
    assert formulas.display(tex) == (
        f'<div class="derivation"><div class="step"><span>[q{[True, tex]}]</span>'
        "<span>[{}= a[True, '']]</span>"
        '<span class="reason">for [ b, []] by\xa0rule – &lt;</span></div>'
        "<div class=\"step\"><span></span><span>[{}= c[True, '']]</span>"
        '<span class="reason"></span></div>'
        "<div class=\"step\"><span>[r[True, '']]</span><span>[{}= d[True, '']]</span>"
        '<span class="reason"></span></div></div>'
    )
    for space in (r"\quad ", r"\qquad", "~", r"\,", r"\;", r"\:", r"\!", r"\>", r"\ ", " "):
        assert formulas.words(rf"\text{{a}}{space}\text{{b}}") == "a b"


def test_what_a_page_draws():
    html = "<p>word</p>" + formulas.mathml(r"\sqrt{x} + \text{so } y' + \ln z") + "&amp;"
    assert formulas.drawn(html) == set("√x+soy′lnz")  # a function's application is no letter


@pytest.fixture(scope="module")
def font() -> TTFont:
    return TTFont(BytesIO(formulas.small_font(set("xhi′√(∂⟨"))))


def test_the_font_has_the_characters_their_italics_and_what_grows(font):
    cmap = font.getBestCmap()
    assert {chr(c) for c in cmap} >= set(" \xa0xhi′√(∂⟨𝑥ℎ𝑖𝜕")
    assert "y" not in map(chr, cmap)
    assert not {"fpgm", "prep", "cvt "} & set(font.keys())  # no hints, which weigh
    grown = font["MATH"].table.MathVariants
    sizes = dict(zip(grown.VertGlyphCoverage.glyphs, grown.VertGlyphConstruction, strict=True))
    bracket = sizes[cmap[ord("(")]]
    assert len(bracket.MathGlyphVariantRecord) >= 3
    assert bracket.GlyphAssembly
    angle = sizes[cmap[ord("⟨")]]  # which has no parts
    assert max(v.AdvanceMeasurement for v in angle.MathGlyphVariantRecord) > formulas.TALL
    # The widest variant decides how much room Chromium leaves on both sides of each bracket.
    width = font["hmtx"].metrics
    assert max(width[v.VariantGlyph][0] for v in bracket.MathGlyphVariantRecord) <= 500


def test_letters_of_exponents_are_there_in_every_script(font):
    table = font["GSUB"].table
    tags = [f.FeatureTag for f in table.FeatureList.FeatureRecord]
    for script in table.ScriptList.ScriptRecord:
        offered = [tags[i] for i in script.Script.DefaultLangSys.FeatureIndex]
        assert "ssty" in offered, script.ScriptTag
    assert set(tags) == {"ssty", "dtls"}


def small_letters(font):
    table = font["GSUB"].table
    features = [f for f in table.FeatureList.FeatureRecord if f.FeatureTag == "ssty"]
    lookups = {i for feature in features for i in feature.Feature.LookupListIndex}
    offered = (sub for i in lookups for sub in table.LookupList.Lookup[i].SubTable)
    return {k: v for sub in offered for k, v in getattr(sub, "ExtSubTable", sub).alternates.items()}


def test_letters_of_exponents_serve_for_exponents_of_exponents():
    whole = TTFont(formulas.font_file())
    letters, before = set(whole.getBestCmap().values()), small_letters(whole)
    formulas.scripts_for_all(whole)
    assert small_letters(whole) == {k: 2 * v[:1] for k, v in before.items() if k in letters}
    assert len(before) > 500


def test_the_font_names_its_makers_and_its_licence(font):
    assert {record.nameID for record in font["name"].names} == {0, 5, 13, 14}
    assert "STIX" in font["name"].getDebugName(0)
    assert "Open Font License" in font["name"].getDebugName(13)


@pytest.mark.parametrize(("before", "after"), [("", "."), ("(", "),"), ("", "-norm,"), ("", "?)")])
def test_what_touches_a_formula_stays_with_it(before, after):
    formula = formulas.mathml("x")
    body = markup.repaired(f"<p>a {formula} b {before}{formula}{after} c</p>")
    (kept,) = read(body).select(".keep")
    assert shown(str(kept)) == f"{before}x{after}"


def test_a_display_is_not_kept_with_what_follows():
    body = f'<div class="formula">{formulas.mathml("x", block=True)}</div>. a'
    assert markup.repaired(body) == body


class Translator(SimpleNamespace):
    def starttag(self, node, tag, CLASS):
        return f'<{tag} class="{CLASS}">'

    def add_permalink_ref(self, node, title):
        self.body.append(f"<a>{title}</a>")


def written(visit, node):
    page = Translator(body=[])
    with pytest.raises(nodes.SkipNode):
        visit(page, node)
    return "".join(page.body)


@pytest.mark.parametrize(
    ("number", "ids", "tag", "eqno"),
    [
        (None, [], r"\tag{N.2}", '<span class="eqno">(N.2)</span>'),
        (None, [], "", ""),
        ("7.2", ["a"], "", '<span class="eqno">(7.2)<a>Link to this equation</a></span>'),
    ],
)
def test_a_display_stands_in_a_box_with_its_number_beside_it(number, ids, tag, eqno, monkeypatch):
    monkeypatch.setattr(formulas, "get_node_equation_number", lambda page, node: node["number"])
    node = nodes.math_block("", f"x = 1{tag}", number=number, ids=ids)
    assert written(formulas.visit_math_block, node) == (
        f'<div class="math"><div class="formula">{formulas.mathml("x = 1", block=True)}</div>'
        f"{eqno}</div>\n"
    )


def test_a_formula_that_fails_is_a_warning_and_code_in_a_draft(monkeypatch):
    said = []
    monkeypatch.setattr(formulas.logger, "warning", lambda text, location: said.append(text))
    assert written(formulas.visit_math, nodes.math("", "a < b")) == formulas.inline("a < b")
    tex = f"\\wrong <\n{90 * 'x'}"
    inside = written(formulas.visit_math, nodes.math("", tex))
    assert inside == f"<code>\\wrong &lt;\n{90 * 'x'}</code>"
    assert written(formulas.visit_math_block, nodes.math_block("", tex, number=None)) == (
        f'<div class="math"><div class="formula">{inside}</div></div>\n'
    )
    quoted = f"formula '\\\\wrong < {71 * 'x'}': "
    assert [text.partition(": ")[0] + ": " for text in said] == [quoted] * 2


def test_the_font_stands_in_a_style_sheet(monkeypatch):
    monkeypatch.setattr(formulas, "small_font", lambda drawn: b"".join(map(str.encode, drawn)))
    assert formulas.font_css({"a"}) == (
        '@font-face { font-family: "Course Math"; font-display: block;\n'
        '  src: url("data:font/woff2;base64,YQ==") format("woff2"); }\n'
    )


def test_the_font_is_written_for_all_pages_and_into_no_other_book(tmp_path, monkeypatch):
    monkeypatch.setattr(formulas, "font_css", lambda drawn: f"{sorted(drawn)}")
    (tmp_path / "_static").mkdir()
    (tmp_path / "a").mkdir()
    for name, tex in ("a/b", "x"), ("c", r"\le"):
        (tmp_path / f"{name}.html").write_text(formulas.mathml(tex), "utf-8")
    for form, error in (("latex", None), ("html", ValueError()), ("html", None)):
        assert [*(tmp_path / "_static").iterdir()] == []
        app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format=form))
        formulas.write_font(app, error)
    assert (tmp_path / "_static/formulas.css").read_text() == "['x', '≤']"
