"""What the book makes of a chapter's cells, without a build."""

import pytest
from book_ext.chapters import FOLDED, first_comment, fold_code, fold_solution
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


@pytest.mark.parametrize("name", FOLDED)
@pytest.mark.parametrize("code", ["# the rows sum to one.\nassert True", "assert True"])
def test_the_code_of_a_tagged_cell_is_folded_and_what_it_puts_out_stays(name, code):
    source = nodes.container("", nodes.literal_block(code, code), classes=["cell_input"])
    output = nodes.container("", nodes.image(), classes=["cell_output"])
    cell = nodes.container("", source, output, classes=["cell", f"tag_{name}"])
    fold_code(cell)
    folded, rest = cell
    assert rest is output
    assert folded.children == [source]
    assert folded["summary"] == (f"{FOLDED[name]}: the rows sum to one" if code[0] == "#" else name)


def test_a_solution_is_folded_with_its_words_and_its_cells_and_nothing_after_it():
    def raw(html):
        return nodes.raw("", html, format="html")

    words, after = nodes.paragraph("", "By hand."), nodes.paragraph("", "Later.")
    code = nodes.container("", classes=["cell", "tag_solution"])
    opening, line = raw("<details>\n<summary>Solution</summary>\n"), raw("<br>")
    section = nodes.section("", opening, words, line, raw("</details>"), code, after)
    fold_solution(opening)
    folded, rest = section
    assert rest is after
    assert folded.children[-3:] == [words, line, code]
    assert "</details>" not in "".join(part.astext() for part in folded.children[1:-1])
