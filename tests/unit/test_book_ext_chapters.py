"""What the book makes of a chapter's cells, without a build."""

import pytest
from book_ext.chapters import first_comment


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
