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


def test_a_formula_keeps_its_tex():
    page = read(formulas.mathml(r"p_i <  \frac{1}{2}"))
    assert page.math.msub.get_text() == "pi"
    assert page.math.mfrac.get_text() == "12"
    (annotation,) = page.select('annotation[encoding="application/x-tex"]')
    assert annotation.get_text() == r"p_i < \frac{1}{2}"


def test_a_display_is_one_and_a_formula_in_a_line_is_not():
    assert read(formulas.mathml("x", block=True)).math["display"] == "block"
    assert "display" not in read(formulas.mathml("x")).math.attrs


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
    with pytest.raises(formulas.FormulaError, match=r"at '.*wrong c'"):
        formulas.mathml(r"a + b + \wrong c")


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


DERIVATION = r"""\begin{aligned}
  q &= \frac{a}{b} && \text{for } b \ne 0, \text{ by rule} \\[4pt]
    &= c           && \text{(1)}
\end{aligned}"""


def test_a_derivation_becomes_steps_with_reasons():
    page = read(formulas.display(DERIVATION))
    steps = page.select(".derivation > .step")
    assert [shown(str(s)) for s in steps] == ["q=abfor b≠0, by rule", "=c(1)"]
    reasons = [step.select_one(".reason") for step in steps]
    assert [len(reason.select("math")) for reason in reasons] == [1, 0]
    assert reasons[0].get_text().endswith(" by rule")
    texs = [a.get_text() for a in page.select("annotation")]
    assert texs[0].startswith(r"\begin{aligned} q &= \frac{a}{b} && \text{for }")
    assert texs[1:] == ["", r"b \ne 0,", ""]


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
    assert len(page.select("wbr")) == 2
    assert [a.get_text() for a in page.select("annotation")] == [tex, "", ""]
    assert formulas.inline("a = b") == formulas.mathml("a = b")


def test_large_brackets_know_their_side():
    page = read(formulas.mathml(r"\bigl( \Bigl[ x \Bigr]^2 \bigr)"))
    assert [(o.get_text(), o["form"]) for o in page.select("mo")] == [
        ("(", "prefix"), ("[", "prefix"), ("]", "postfix"), (")", "postfix"),
    ]  # fmt: skip
    assert page.select_one("msup > mrow > mo").get_text() == "]"
    assert [o.get_text() for o in page.select("mo.big")] == ["(", ")"]


def test_a_box_is_drawn_by_the_style_sheet():
    page = read(formulas.mathml(r"\boxed{x}"))
    assert page.select_one("mrow.boxed").get_text().strip() == "x"
    assert not page.select("menclose")


def test_what_a_page_draws():
    html = "<p>word</p>" + formulas.mathml(r"\sqrt{x} + \text{so } y'") + "&amp;"
    assert formulas.drawn(html) == set("√x+soy′")


@pytest.fixture(scope="module")
def font() -> TTFont:
    return TTFont(BytesIO(formulas.small_font(set("xi′√(∂"))))


def test_the_font_has_the_characters_their_italics_and_what_grows(font):
    cmap = font.getBestCmap()
    assert {chr(c) for c in cmap} >= set("xi′√(∂𝑥𝑖𝜕")
    assert "y" not in map(chr, cmap)
    grown = font["MATH"].table.MathVariants
    sizes = dict(zip(grown.VertGlyphCoverage.glyphs, grown.VertGlyphConstruction, strict=True))
    bracket = sizes[cmap[ord("(")]]
    assert len(bracket.MathGlyphVariantRecord) >= 3
    assert bracket.GlyphAssembly
    # The widest variant decides how much room Chromium leaves on both sides of each bracket.
    width = font["hmtx"].metrics
    assert max(width[v.VariantGlyph][0] for v in bracket.MathGlyphVariantRecord) <= 500


def test_letters_of_exponents_are_there_in_every_script(font):
    table = font["GSUB"].table
    tags = [f.FeatureTag for f in table.FeatureList.FeatureRecord]
    for script in table.ScriptList.ScriptRecord:
        offered = [tags[i] for i in script.Script.DefaultLangSys.FeatureIndex]
        assert "ssty" in offered, script.ScriptTag


def test_the_font_names_its_makers_and_its_licence(font):
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


@pytest.mark.parametrize(("tex", "number"), [(r"x = 1 \tag{N.2}", "(N.2)"), ("x = 1", None)])
def test_a_display_of_a_reference_page_has_the_number_of_its_tag(tex, number):
    page = SimpleNamespace(body=[], starttag=lambda node, tag, CLASS: f'<{tag} class="{CLASS}">')
    with pytest.raises(nodes.SkipNode):
        formulas.visit_math_block(page, nodes.math_block(tex, tex, number=None))
    box = read("".join(page.body))
    found = box.select_one(".eqno")
    assert (found and found.get_text()) == number
    assert "N.2" not in box.select_one("mrow, math").get_text()
