r"""Formulas as MathML, made while the book is built: there with the text, without a script.

``math-core`` converts the TeX, which stays in the page as an annotation: copying a formula gives
it back (book.js). A derivation, which is ``aligned`` with reasons behind ``&&``, becomes a grid of
formulas and words: on a telephone a reason stands below its step. ``\tag{7.1}`` at the end of a
display is its number.

A command that the converter lacks, or a character that the font lacks, is a warning with the
place, and so fails the build.
"""

import re
import unicodedata
from base64 import b64encode
from functools import cache
from html import escape, unescape
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

STYLE = "formulas.css"  # below _static
TALL = 2000  # thousandths of the font's size

#: One piece of TeX: an environment's end, a line break with its space, a command, a character.
TOKEN = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\\\(?:\[[^]]*\])?|\\[a-zA-Z]+|\\.|.", re.DOTALL)
TAG = re.compile(r"\\tag\{([^{}]+)\}")
TEXT = re.compile(r"\\text\{([^{}]*)\}")
SPACE = re.compile(r"(?:\\[,;:!> ]|\\q?quad\b|~|\s)*")
#: A bracket of fixed size, such as \bigl( makes, perhaps under an exponent; | says its side itself.
BIG = re.compile(r'(<msu(?:b|p|bsup)>)?<mo minsize="([\d.]+)em" maxsize="[^"]*">(.)</mo>')
#: Where a long formula in a line may go on in the next one.
RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\ne", r"\approx"}
LONG = 18  # signs
GAP = '<mspace width="0.3em"/>'
#: A letter in a formula is drawn in italics, which are characters of their own.
ITALICS = {
    unicodedata.normalize("NFKC", chr(point)): chr(point)
    for point in (0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C))
}


class FormulaError(ValueError):
    """A formula that can't be shown; the message says why."""


@cache
def converter() -> LatexToMathML:
    """The converter with the course's settings."""
    return LatexToMathML(fancy_error=False)


def mended(body: str) -> str:
    r"""Return MathML that looks the same in three engines: what the converter leaves to them."""
    # MathML Core has no <menclose>; the style sheet draws the box.
    body = body.replace('<menclose notation="box">', '<mrow class="boxed">')
    body = body.replace("</menclose>", "</mrow>")
    # Firefox takes it for a sign as large as a sum's; WebKit sets an accent only if it may stretch.
    body = re.sub("(<mo[^>]*)>⊙", r'\1 largeop="false">⊙', body)
    body = re.sub(r'<mo stretchy="false">([ˆ¯˜])', r"<mo>\1", body)
    # A brace as narrow as one letter is no brace.
    body = re.sub(r"(<mi[^>]*>.</mi>)(?=<mo>[⏞⏟])", rf"<mrow>{GAP}\1{GAP}</mrow>", body)

    def big(match: re.Match) -> str:
        base, size, sign = match.groups()
        opens = unicodedata.category(sign) == "Ps"
        form = 'form="prefix"' if opens else 'form="postfix"'
        if size == "1.2":  # \big: a larger letter; Chromium gives what it stretches too much room
            return f'{base or ""}<mo class="big" stretchy="false" {form}>{sign}</mo>'
        bracket = f'<mo {form} minsize="{size}em" maxsize="{size}em">{sign}</mo>'
        # Under an exponent Chromium stretches it only in a row of its own.
        return f"{base}<mrow>{bracket}</mrow>" if base else bracket

    return BIG.sub(big, body)


@cache
def mathml(tex: str, *, block: bool = False, part_of: str | None = None) -> str:
    r"""Return the MathML of one formula, on a line of its own if ``block``, annotated with its TeX.

    A part of a derivation is as large as a display but stands in a line; its annotation is
    ``part_of``, the TeX of the whole, or empty.

    Raises
    ------
    FormulaError
        Not converted; the message has the command and what stands around it.
    """
    plain = re.sub(r"\\\\\[[^]]*\]", r"\\\\", tex)  # extra space between rows is the page's matter
    plain = re.sub(r"\\(begin|end)\{(align|gather|equation)\}", r"\\\1{\2*}", plain)  # no counting
    try:
        result = converter().convert_with_local_state(plain, displaystyle=block)
    except LatexError as error:
        position, _, reason = str(error).partition(": ")
        at = int(position) if position.isdigit() else 0
        raise FormulaError(f"{reason} (at {plain[at : at + 30]!r})") from None
    if missing := "".join(sorted(drawn(result) - covered())):
        names = ", ".join(f"{c} (U+{ord(c):04X})" for c in missing)
        raise FormulaError(f"the font of the formulas has no {names}")
    head, _, body = result.removesuffix("</math>").partition(">")
    head, body = head + ">", mended(body)
    if part_of is not None:
        head, tex = '<math displaystyle="true">', part_of
    tex = escape(" ".join(tex.split()), quote=False)
    return (
        f"{head}<semantics><mrow>{body}</mrow>"
        f'<annotation encoding="application/x-tex">{tex}</annotation></semantics></math>'
    )


def cells(tex: str) -> list[list[str]]:
    r"""Split at the ``\\`` and ``&`` that stand in no braces and no inner environment."""
    rows, depth = [[""]], 0
    for token in TOKEN.findall(tex):
        depth += (token == "{" or token.startswith(r"\begin{")) - (
            token == "}" or token.startswith(r"\end{")
        )
        if depth == 0 and token.startswith("\\\\"):
            rows.append([""])
        elif depth == 0 and token == "&":
            rows[-1].append("")
        else:
            rows[-1][-1] += token
    return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def steps(tex: str) -> list[list[str]] | None:
    r"""Return left side, right side and reason of each step, if ``tex`` is a derivation."""
    match = re.fullmatch(r"\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*", tex, re.DOTALL)
    rows = cells(match.group(1)) if match else []
    rows = [row + [""] * (4 - len(row)) for row in rows]
    if any(len(row) > 4 or row[2] for row in rows) or not any(row[3] for row in rows):
        return None
    return [[left, right, reason] for left, right, _, reason in rows]


def inline(tex: str) -> str:
    """Return the HTML of a formula in a line of text; a long one may break before its relations.

    Browsers don't break inside a formula. The first part carries the TeX of all.
    """
    whole = mathml(tex)
    signs = unescape(re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", whole))
    parts, depth = [""], 0
    for token in TOKEN.findall(tex) if len(signs) > LONG else []:
        depth += (token in {"{", r"\left"} or token.startswith(r"\begin{")) - (
            token in {"}", r"\right"} or token.startswith(r"\end{")
        )
        if depth == 0 and token in RELATIONS and parts[-1].strip():
            parts.append("{}")
        parts[-1] += token
    if len(parts) == 1:
        return whole
    html = [mathml(part, part_of="" if i else tex) for i, part in enumerate(parts)]
    return "<wbr>".join(html).replace('<math displaystyle="true">', "<math>")


def words(reason: str) -> str:
    r"""Return the HTML of a reason: what stands in ``\text`` as text, the rest as formulas."""
    parts = TEXT.split(reason)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = escape(part.replace("~", "\xa0").replace("--", "–"), quote=False)
        else:
            parts[i] = " " if SPACE.fullmatch(part) and part else inline(part) if part else ""
    return "".join(parts).strip()


def derivation(rows: list[list[str]], tex: str) -> str:
    """Return a grid with one step a row; its first formula carries the TeX of all."""
    html = []
    for left, right, reason in rows:
        first = mathml(left, block=True, part_of=tex) if left else ""
        tex = "" if left else tex
        second = mathml("{}" + right, block=True, part_of=tex)  # {}: its sign stands between
        tex = ""
        html.append(
            f'<div class="step"><span>{first}</span><span>{second}</span>'
            f'<span class="reason">{words(reason)}</span></div>'
        )
    return f'<div class="derivation">{"".join(html)}</div>'


def display(tex: str) -> str:
    """Return the HTML of a display without its number."""
    rows = steps(tex)
    return derivation(rows, tex) if rows else mathml(tex, block=True)


def report(node: nodes.Node, tex: str, error: FormulaError) -> str:
    """Warn about a formula, which fails the build; return what a draft shows in its place."""
    logger.warning(f"formula {' '.join(tex.split())[:80]!r}: {error}", location=node)
    return f"<code>{escape(tex)}</code>"


def visit_math(self, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    tex = node.astext()
    try:
        self.body.append(inline(tex))
    except FormulaError as error:
        self.body.append(report(node, tex, error))
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    """Write a display: the formula in a box that can scroll, its number beside it."""
    tex = node.astext()
    tag = TAG.search(tex)
    number = get_node_equation_number(self, node) if node["number"] else tag and tag.group(1)
    tex = TAG.sub("", tex)
    try:
        html = display(tex)
    except FormulaError as error:
        html = report(node, tex, error)
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="formula">{html}</div>')
    if number:
        self.body.append(f'<span class="eqno">({escape(number)})')
        if node.get("ids"):
            self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


# -- the font -------------------------------------------------------------------------------------


@cache
def font_file() -> Path:
    """STIX Two Math (SIL Open Font License), which comes with the package ziamath."""
    spec = find_spec("ziamath")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("ziamath is not installed; pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0]) / "fonts" / "STIXTwoMath-Regular.ttf"


@cache
def covered() -> frozenset[str]:
    """The characters that the font has."""
    return frozenset(map(chr, TTFont(font_file()).getBestCmap()))


def drawn(html: str) -> set[str]:
    """Characters that the font must draw: those of all formulas on a page."""
    inside = "".join(re.findall(r"<math\b.*?</math>", html, re.DOTALL))
    inside = re.sub(r"<annotation\b.*?</annotation>", "", inside)
    found = set(unescape(re.sub(r"<[^>]*>", "", inside)))
    if "<msqrt" in inside:
        found.add("√")  # drawn, though it stands in no text
    return {c for c in found if not unicodedata.category(c).startswith(("Z", "C"))}


def scripts_for_all(font: TTFont) -> None:
    """Let style sheets ask for letters made for exponents and indices, primes among them.

    The font offers them (``ssty``) to text in the script "math" alone, which only Firefox sets.
    Those for exponents serve for exponents of exponents, too: a third less to load.
    """
    table = font["GSUB"].table
    features = table.FeatureList.FeatureRecord
    numbers = {i for i, record in enumerate(features) if record.FeatureTag == "ssty"}
    for script in table.ScriptList.ScriptRecord:
        default = script.Script.DefaultLangSys
        default.FeatureIndex = sorted(numbers | set(default.FeatureIndex))
    lookups = {i for n in numbers for i in features[n].Feature.LookupListIndex}
    letters = set(font.getBestCmap().values())
    for offered in (sub for i in lookups for sub in table.LookupList.Lookup[i].SubTable):
        small = getattr(offered, "ExtSubTable", offered)
        small.alternates = {k: 2 * v[:1] for k, v in small.alternates.items() if k in letters}


def without_giants(font: TTFont) -> None:
    """Put tall brackets together from parts: Chromium makes each as wide as the widest there is."""
    for grown in font["MATH"].table.MathVariants.VertGlyphConstruction:
        if grown.GlyphAssembly:
            sizes = [v for v in grown.MathGlyphVariantRecord if v.AdvanceMeasurement < TALL]
            grown.MathGlyphVariantRecord, grown.VariantCount = sizes, len(sizes)


def small_font(characters: set[str]) -> bytes:
    """Return the font with these characters and their italics, as WOFF2."""
    options = subset.Options(
        flavor="woff2",
        layout_features=["ssty", "dtls"],  # letters of scripts (primes), dotless under an accent
        hinting=False,
        name_IDs=[0, 5, 13, 14],  # whose font it is, and its licence
    )
    font = TTFont(font_file())
    scripts_for_all(font)
    without_giants(font)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=" \xa0" + "".join(characters | {ITALICS.get(c, c) for c in characters}))
    subsetter.subset(font)
    font.flavor = "woff2"
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def font_css(characters: set[str]) -> str:
    """Return the style sheet that holds the font for these characters."""
    data = b64encode(small_font(characters)).decode()
    return (
        f'@font-face {{ font-family: "Course Math"; font-display: block;\n'
        f'  src: url("data:font/woff2;base64,{data}") format("woff2"); }}\n'
    )


def write_font(app, error) -> None:
    """Write the style sheet that holds the font for the characters of all pages.

    In the style sheet: so it is there at the first paint, also on pages opened from a disk.
    """
    if error is None and app.builder.format == "html":
        pages = Path(app.outdir).rglob("*.html")
        used = set().union(*(drawn(page.read_text(encoding="utf-8")) for page in pages))
        Path(app.outdir, "_static", STYLE).write_text(font_css(used))


def setup(app):
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.add_css_file(STYLE, priority=900)
    app.connect("build-finished", write_font)
