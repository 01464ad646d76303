"""What the book makes of a chapter's cells, without a build."""

from types import SimpleNamespace

import pytest
from book_ext.chapters import (
    FOLDED,
    DressChapter,
    bold_beginning,
    depart_fold,
    dress_figure,
    first_comment,
    fold,
    fold_code,
    fold_solution,
    visit_fold,
)
from docutils import nodes


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("# the rows sum to one\nassert True", "the rows sum to one"),
        ("# A sentence.\nassert True", "A sentence"),
        ("#no comment of ours\nx = 1", ""),
        ("x = 1  # later", ""),
        ("", ""),
    ],
)
def test_a_fold_is_called_by_the_comment_that_its_code_begins_with(code, words):
    assert first_comment(code) == words


WORDS = {"imports": "imports", "drawing": "drawing", "checks": "checked", "measuring": "measured"}


def test_four_tags_fold_the_code_of_their_cells():
    assert FOLDED == WORDS


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("code", ["# the rows sum to one.\nassert True", "assert True"])
def test_the_code_of_a_tagged_cell_is_folded_and_what_it_puts_out_stays(name, code):
    source = nodes.container("", nodes.literal_block(code, code), classes=["cell_input"])
    output = nodes.container("", nodes.image(), classes=["cell_output"])
    cell = nodes.container("", source, output, classes=["cell", f"tag_{name}"])
    fold_code(cell)
    folded, rest = cell
    assert rest is output
    assert folded.children == [source]
    assert folded["summary"] == (f"{WORDS[name]}: the rows sum to one" if code[0] == "#" else name)


def test_a_fold_is_details_with_its_words_as_they_are():
    body = []
    page = SimpleNamespace(body=body, starttag=lambda node, tag, **more: f"<{tag} {more}>")
    node = fold("", summary="checked: a < b & c")
    visit_fold(page, node)
    depart_fold(page, node)
    assert "".join(body) == (
        "<details {'CLASS': 'fold'}><summary>checked: a &lt; b &amp; c</summary>\n</details>\n"
    )


@pytest.mark.parametrize(
    "after", [nodes.paragraph("", "Later."), nodes.container("", classes=["cell", "tag_checks"])]
)
def test_a_solution_is_folded_with_its_words_and_its_cells_and_nothing_after_it(after):
    def raw(html):
        return nodes.raw("", html, format="html")

    words = nodes.paragraph("", "By hand.")
    code = nodes.container("", classes=["cell", "tag_solution"])
    opening, line = raw("<details>\n<summary>Solution</summary>\n"), raw("<br>")
    section = nodes.section("", opening, words, line, raw("</details>"), code, after)
    fold_solution(opening)
    folded, rest = section
    assert rest is after
    assert folded.children[-3:] == [words, line, code]
    assert "</details>" not in "".join(part.astext() for part in folded.children[1:-1])


def cell(*outputs):
    code = nodes.container("", nodes.literal_block("", "f()"), classes=["cell_input"])
    return nodes.container("", code, nodes.container("", *outputs, classes=["cell_output"]),
                           classes=["cell"])  # fmt: skip


def caption(text="Figure 7.1."):
    return nodes.paragraph("", "", nodes.strong("", text), nodes.Text("  What it shows."))


def test_a_caption_joins_the_last_picture_of_the_cell_above_it():
    figure = nodes.raw("", '<div data-afm="a"></div>', format="html")
    for last in (nodes.image(uri="b.png"), figure, nodes.container("", nodes.image(uri="c.png"))):
        words = nodes.paragraph("", "printed")
        section = nodes.section("", cell(nodes.image(uri="a.png"), last, words), caption())
        dress_figure(section[1])
        (above,) = section
        first, joined, rest = above[1]
        assert (first["uri"], rest) == ("a.png", words)
        assert isinstance(joined, nodes.figure)
        assert joined["ids"] == ["figure-7-1"]
        assert joined[0] is last
        assert joined[1].astext() == "What it shows."
    parts = (
        nodes.strong("", "Figure 7.2."),
        nodes.Text(" "),
        nodes.emphasis("", "It"),
        nodes.Text("."),
    )
    section = nodes.section("", cell(nodes.image()), nodes.paragraph("", "", *parts))
    dress_figure(section[1])
    assert section.astext().splitlines()[-1] == "It."


@pytest.mark.parametrize(
    "above",
    [
        cell(nodes.paragraph("", "printed")),
        cell(nodes.raw("", "<b>x</b>", format="html")),
        nodes.paragraph("", "A"),
        None,
    ],
)
def test_a_caption_without_a_picture_is_a_warning(above, monkeypatch):
    said = []
    monkeypatch.setattr(
        "book_ext.chapters.logger.warning", lambda text, location: said.append((text, location))
    )
    section = nodes.section("", *[above] * (above is not None), caption())
    dress_figure(section[-1])
    assert said == [("figure 7.1 has no picture above it", section[-1])]
    assert section[-1].astext() == "Figure 7.1.  What it shows."


def test_bold_words_that_begin_no_caption_stay():
    for paragraph in (caption("Figure it out."), nodes.paragraph("", "Figure 7.1. Plain")):
        section = nodes.section("", cell(nodes.image(uri="a.png")), paragraph)
        dress_figure(paragraph)
        assert len(section) == 2
    assert bold_beginning(nodes.Text("x")) is None
    assert bold_beginning(nodes.title("", "", nodes.strong("", "b"))) is None
    assert bold_beginning(nodes.paragraph("", "x ", nodes.strong("", "b"))) is None


def chapter():
    """A chapter as it is read: all that the book dresses, once or twice."""
    strong = nodes.strong("", "Note: a title.")
    solution = nodes.container("", nodes.literal_block("", "2"), classes=["cell", "tag_solution"])
    bare = nodes.container("", nodes.literal_block("", "3"), classes=["cell", "tag_solution"])
    opening = nodes.raw("", "<details>\n<summary>Solution</summary>\n", format="html")
    document = nodes.container(
        "",
        nodes.block_quote("", nodes.paragraph("", "", strong, nodes.Text(" Words."))),
        nodes.block_quote("", nodes.paragraph("", "Somebody said so.")),
        nodes.math_block("", "a = b\n\\tag{7.2}"),
        nodes.math_block("", "b = c"),
        cell(nodes.image(uri="a.png")),
        caption(),
        nodes.section("", nodes.title("", "Exercise 7.1: A sum"), opening,
                      nodes.paragraph("", "By hand."), nodes.raw("", "</details>", format="html"),
                      solution, ids=["a-sum"]),
        nodes.section("", nodes.title("", "Exercise 7.2: More"), bare, ids=["more"]),
        nodes.section("", nodes.title("", "After exercise 7.2: rest"), ids=["rest"]),
    )  # fmt: skip
    document[4]["classes"].append("tag_drawing")
    return document


@pytest.mark.parametrize("docname", ["chapters/07_x", "pages/teaching"])
def test_a_chapter_is_dressed_and_no_other_page(docname):
    document, noted = chapter(), []
    math = SimpleNamespace(
        note_equation=lambda *given, location: noted.append(given),
        get_equation_number_for=lambda label: f"number of {label}",
    )
    env = SimpleNamespace(docname=docname, get_domain={"math": math}.get)
    place = SimpleNamespace(document=document, env=env)
    place.number = lambda block: DressChapter.number(place, block)
    before = document.pformat()
    DressChapter.apply(place)
    if docname.startswith("pages"):
        assert document.pformat() == before
        return
    box, quote, numbered, plain, drawn, first, second, rest = document
    assert isinstance(box, nodes.admonition)
    assert [part.astext() for part in box] == ["Note: a title", "Words."]
    assert isinstance(quote, nodes.block_quote)
    assert noted == [(docname, "7.2")]
    assert numbered.astext() == numbered.rawsource == "a = b"
    assert {key: numbered[key] for key in ("number", "label", "docname", "ids")} == {
        "number": "number of 7.2", "label": "7.2", "docname": docname, "ids": ["equation-7-2"],
    }  # fmt: skip
    assert (plain.astext(), plain["ids"], plain.get("number")) == ("b = c", [], None)
    assert drawn[0]["summary"] == "drawing"
    assert drawn[1][0]["ids"] == ["figure-7-1"]
    assert [section["ids"] for section in (first, second, rest)] == [
        ["exercise-7-1", "a-sum"], ["exercise-7-2", "more"], ["rest"],
    ]  # fmt: skip
    for section, words in ((first, "By hand.\n\n2"), (second, "3")):
        _, folded = section
        assert (folded["summary"], folded["classes"]) == ("Solution", ["solution"])
        assert words in folded.astext()
        assert [*folded.findall(type(folded))] == [folded]  # once
