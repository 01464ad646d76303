"""Prose out of markdown, the vocabulary, windows; and the frozen text of the course."""

import json
import tomllib
from pathlib import Path

import pytest
import torch
from make_course_text import notebook_prose, prose, tokens

from course_utils.text import COURSE_TEXT, UNKNOWN, build_vocabulary, read_paragraphs, windows

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

MARKDOWN = """# A title that is no prose at all, really

The loss is $-\\log p$, not 0.5 or 12 000, says `softmax(x)` and
the [long link](https://example.org/path). Don't use it twice.

$$
a = b
$$

> **Note: a title.** In a quotation
> there is prose, too.

<details>
<summary>Solution, not that it matters here at all</summary>

| a | table | with | words | in | it |
- a list item with six words
* another list item, also six words

```a fence of more than five words
a line of only five
```
"""


def test_prose_keeps_sentences_and_drops_markup():
    assert prose(MARKDOWN) == [
        "the loss is x , not 0 or 0 , says x and the long link . don't use it twice .",
        "note : a title . in a quotation there is prose , too .",
        "a list item with six words",
        "another list item , also six words",
    ]


def test_tokens():
    assert tokens("One-hot codes, don't: 0 fail; (why?) so. No!") == [
        *("one-hot", "codes", ",", "don't", ":", "0", "fail", ";", "why", "?", "so", ".", "no", "!")
    ]


def test_a_notebook_gives_its_markdown_only(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["Six words make up\n", "this paragraph."]},
        {
            "cell_type": "markdown",
            "source": ["Six words only to lead elsewhere."],
            "metadata": {"tags": ["remove-cell"]},
        },
        {"cell_type": "code", "source": ["print('six words make up this code')"]},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert notebook_prose(path) == ["six words make up this paragraph ."]


def test_vocabulary_is_sorted_by_frequency_with_rare_words_together():
    vocabulary = build_vocabulary(["a", "b", "a", "c", "b", "a", "d", "e"])
    assert vocabulary.words == (UNKNOWN, "a", "b")
    assert vocabulary.counts.tolist() == [3, 3, 2]
    numbers = vocabulary.encode(["b", "never-seen", "a"])
    assert vocabulary.decode(numbers) == ["b", UNKNOWN, "a"]
    assert repr(vocabulary) == "Vocabulary(3 words, 8 occurrences)"


def test_windows_stay_inside_their_paragraph():
    X, y = windows([torch.tensor([1, 2, 3, 4]), torch.tensor([5]), torch.tensor([6, 7, 8])], 2)
    assert X.tolist() == [[1, 2], [2, 3], [6, 7]]
    assert y.tolist() == [3, 4, 8]
    with pytest.raises(ValueError, match="length must be at least 1"):
        windows([torch.tensor([1, 2, 3])], 0)


def test_the_text_is_found_from_any_folder_and_travels_with_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_paragraphs() == read_paragraphs(COURSE_TEXT)
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["course_utils"]
    assert any(COURSE_TEXT.match(pattern) for pattern in patterns)


def test_the_frozen_text_is_long_enough_and_clean():
    paragraphs = read_paragraphs()
    words = [word for paragraph in paragraphs for word in paragraph]
    assert len(words) > 8000
    assert all(tokens(word) == [word] for word in set(words))
    vocabulary = build_vocabulary(words)
    assert len(vocabulary) > 500
    assert {"softmax", "loss", "class"} <= set(vocabulary.words)
    assert (vocabulary.counts.diff() <= 0).all()
