"""The letters and words of pages/notation.md hold in chapters, pages, figures and exercises."""

import json
import re
from pathlib import Path

import pytest

from course_utils.exercises import find_exercises

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = sorted((ROOT / "pages").glob("*.md"))

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


def sentences(exercise):
    """All that the judge of an exercise may say."""
    said = [*exercise.mistakes, *getattr(exercise, "errors", ())]
    for name in ("properties", "bans"):
        said += [sentence for sentence, _ in getattr(exercise, name, ())]
    return [exercise.title, exercise.hint, *said]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_keeps_to_the_notation(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    found = [(text[:60], rules) for text in texts(notebook) if (rules := broken_rules(text))]
    assert found == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_keeps_to_the_notation(path):
    """A page may speak of pictures of figures and slides; those of the data are images."""
    text = path.read_text(encoding="utf-8").replace(r"$\log$ stands in code only", "")
    parts = re.sub(r"```.*?```", " ", text, flags=re.DOTALL).split("\n\n")
    found = [(part[:60], {*broken_rules(part)} - {"image, or figure"}) for part in parts]
    assert [case for case in found if case[1]] == []


def test_figures_and_judges_keep_to_the_notation():
    said = (ROOT / "tests/unit/figure_words.txt").read_text(encoding="utf-8").splitlines()
    said += [sentence for e in find_exercises().values() for sentence in sentences(e)]
    assert len(said) > 1000
    assert [(text, rules) for text in said if (rules := broken_rules(text))] == []


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
