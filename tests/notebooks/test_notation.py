"""The letters and words of pages/notation.md hold in the chapters that were brought to them."""

import json
import re
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
# Numbers of the chapters that follow the notation; a chapter joins when it has been rewritten.
CONVERTED = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10")

FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+?\$", re.DOTALL)
CODE = re.compile(r"`[^`]*`")
# What stands in no formula, and what is written in its place.
LETTERS = {
    r"\bo_\w|\bo_\{|\\mathbf\s*\{?o\b": "z for scores",
    r"\\hat\s*\{?\\?(mathbf\s*)?\{?y": "p for probabilities",
    r"\\times q\b": "K for the number of classes",
    r"\\log\b": r"\ln for the natural logarithm",
}
# What stands in no sentence, and what is written in its place.
WORDS = {
    r"\bpictures?\b": "image, or figure",
    r"\boffsets?\b": "bias",
    r"\bput right:": "Fix:",
    r"\b(derivative|gradient|slope) by\b(?! hand)": "with respect to",
    r"\b(many|some|popular) (notes|tutorials|notebooks)\b": "a common mistake",
}


def broken_rules(text):
    """Return what to write instead, for each rule that a text of Markdown breaks."""
    formulas = " ".join(FORMULA.findall(CODE.sub(" ", text)))
    prose = FORMULA.sub(" ", CODE.sub(" ", text))
    return [better for bad, better in LETTERS.items() if re.search(bad, formulas)] + [
        better for bad, better in WORDS.items() if re.search(bad, prose, re.IGNORECASE)
    ]


def texts(notebook):
    """Markdown cells and alternative texts of a notebook."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])
        yield cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")


@pytest.mark.parametrize("number", CONVERTED)
def test_chapter_keeps_to_the_notation(number):
    (path,) = CHAPTERS.glob(f"{number}_*.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    found = [(text[:60], rules) for text in texts(notebook) if (rules := broken_rules(text))]
    assert found == []


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("the scores $o_1$", "z for scores"),
        (r"$$\mathbf{o} = \mathbf{x} W$$", "z for scores"),
        (r"$\hat{y}$", "p for probabilities"),
        (r"$\hat{\mathbf{y}}$", "p for probabilities"),
        (r"of shape $d \times q$", "K for the number of classes"),
        (r"$-\log p$", r"\ln for the natural logarithm"),
        ("One picture per row", "image, or figure"),
        ("weights and offsets", "bias"),
        ("**Put right:** do it", "Fix:"),
        ("the derivative by w", "with respect to"),
        ("Many notes write", "a common mistake"),
    ],
)
def test_a_broken_rule_is_named(text, better):
    assert broken_rules(text) == [better]


def test_the_notation_itself_and_code_break_no_rule():
    assert broken_rules(r"$p_i = e^{z_i}$, $\ln p$, $n \times K$, `z.log()`, `offset`") == []
    assert broken_rules("the gradient by hand") == []
