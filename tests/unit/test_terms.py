"""Which words of a chapter lead to the glossary."""

import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from book_ext.terms import definition, first_uses, link, open_texts
from docutils import nodes

TERMS = {
    "entropy": ("term-entropy", "A mean surprise."),
    "cross-entropy": ("term-cross-entropy", "Surprise."),
    "batch": ("term-batch", "Some examples."),
    "minibatch": ("term-minibatch", "Some examples."),
    "bit": ("term-bit", "A unit."),
    "k.o": ("term-k.o", "Out."),
    "probability": ("term-probability", "A share."),
}


def found(*children, chapter="03_cross_entropy"):
    texts = open_texts(nodes.paragraph("", "", *children))
    return [m.group() for *_, hits in first_uses(texts, chapter, TERMS) for m, _ in hits]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Cross-entropy and entropy", ["Cross-entropy", "entropy"]),
        ("entropy, then entropy", ["entropy"]),
        ("batches of minibatches", ["batches"]),  # one entry has both names
        ("two probabilities", ["probabilities"]),
        ("an entropy-like, subentropy, sub-entropy", []),
        ("kilo, kao, k.o", ["k.o"]),
    ],
)
def test_first_uses_in_any_form(text, linked):
    assert found(nodes.Text(text)) == linked


def test_code_links_and_formulas_stay_as_they_are():
    closed = [nodes.literal, nodes.literal_block, nodes.reference, nodes.math, nodes.math_block,
              nodes.raw, nodes.title, nodes.caption, nodes.rubric, nodes.table]  # fmt: skip
    parts = [kind() for kind in closed]
    for part in parts:
        part += nodes.Text("entropy")
    assert found(*parts) == []
    assert found(*parts, nodes.emphasis("", "", nodes.Text("an entropy"))) == ["entropy"]


@pytest.mark.parametrize(
    ("word", "left", "linked"),
    [("bias", [6], []), ("bit", [], [3]), ("precision", [], [9]), ("rank", [], [11]),
     ("scores", [6], []), ("weight", [2], []), ("entropy", [], [])],
)  # fmt: skip
def test_a_word_with_two_senses_is_linked_where_it_has_the_glossarys(word, left, linked):
    texts = [(nodes.Text(f"a {word}"), None)]
    found = [n for n in range(1, 13) if [*first_uses(texts, f"{n:02}_x", {word: ("", "")})]]
    assert found == (linked or [n for n in range(1, 13) if n not in left])


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (["A word; ", nodes.math("", "a_i"), ", so. More: ", nodes.math("", "{a}")],
         "A word; a_i, so. More."),
        (["From 0 to ", nodes.math("", "K-1"), ". See chapter 9."], "From 0 to K-1."),
        (["Of ", nodes.math("", r"\mathbf p"), ": ", nodes.math("", r"\sum p")], "Of p."),
        ([nodes.raw("", "<i>x</i>", format="html"), " A word."], "A word."),
        (["One. See it. Two."], "One. See it. Two."),
    ],
)  # fmt: skip
def test_an_entrys_words_end_before_its_first_long_formula(parts, says):
    children = [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    assert definition(nodes.definition("", nodes.paragraph("", "", *children))) == says


def test_the_glossary_is_in_the_order_of_the_alphabet():
    page = Path(__file__).parents[2] / "pages" / "glossary.md"
    text = page.read_text(encoding="utf-8")
    lists = re.findall(r"```\{glossary\}\n\n(.*?)\n```", text, re.DOTALL)
    terms = [entry.split("\n")[0].lower() for part in lists for entry in part.split("\n\n")]
    assert len(terms) > 50
    assert [pair for pair in pairwise(terms) if pair[0] > pair[1]] == []


def test_a_first_use_becomes_a_link_and_the_words_stay():
    entries = [("bit", "A unit."), ("Entropy", "A mean.")]
    glossary = nodes.definition_list("", *(
        nodes.definition_list_item("", nodes.term("", term, ids=[f"term-{term}"]),
                                   nodes.definition("", nodes.paragraph("", said)))
        for term, said in entries
    ))  # fmt: skip
    env = SimpleNamespace(
        found_docs={"pages/glossary"}, get_doctree={"pages/glossary": glossary}.get
    )
    uri = "../pages/glossary.html"
    app = SimpleNamespace(env=env, builder=SimpleNamespace(get_relative_uri=lambda *names: uri))

    def linked(docname):
        paragraph = nodes.paragraph("", "One bit of entropy, a bit")
        link(app, nodes.section("", paragraph), docname)
        assert paragraph.astext() == "One bit of entropy, a bit"
        assert all(part.astext() for part in paragraph)
        return [(r.astext(), r["refuri"], r["reftitle"], r["classes"])
                for r in paragraph.findall(nodes.reference)]  # fmt: skip

    assert linked("chapters/03_x") == [
        ("bit", f"{uri}#term-bit", "A unit.", ["term-link"]),
        ("entropy", f"{uri}#term-Entropy", "A mean.", ["term-link"]),
    ]
    assert linked("pages/other") == []
    env.found_docs.clear()
    assert linked("chapters/03_x") == []
