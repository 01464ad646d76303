"""Decks that are written by hand: their marks, and that each has what a teacher needs."""

import os
import re
from base64 import b64decode, b64encode
from io import BytesIO

import nbformat
import numpy as np
import pytest
import read_deck
import slides
import teach
import torch
from PIL import Image

from course_utils.data import load_fashion_mnist
from course_utils.exercises import find_exercises

NAMES = sorted(path.stem for path in read_deck.DECKS.glob("*.md"))


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    """A formula is its TeX in brackets, and no font is taken along."""
    monkeypatch.setattr(slides.formulas, "mathml", lambda tex, **_: f"[{tex}]")
    monkeypatch.setattr(slides.formulas, "font_css", lambda drawn: "")


def text(name):
    return (read_deck.DECKS / f"{name}.md").read_text("utf-8")


def shapes(page):
    """Of each piece its marks, its kinds and its first words."""
    found = re.findall(r'(?s)<div ((?:data-\w+="[^"]*" )*)class="piece (.*?)">(.*?)</div>\n', page)
    return [
        (marks.strip(), kinds.split(), " ".join(re.sub("<.*?>", " ", words).split()[:6]))
        for marks, kinds, words in found
    ]


def test_what_the_marks_of_a_deck_mean():
    page = read_deck.body(
        "# The & deck · 2\n\nAim.\n\n{minutes}\n\n"
        "## Next\n\n> Why?\n\n. . .\n\nSo.\n\nNote:\nSay.\n\n"
        "# (Extra · 1)\n\n## First\n\nA\n\n{equation 2.4}\n\n"
        ". . .\n\nC\n\n{live 1 Play with logits=[1,2,3] scale=2 without .a .b}\n\nB\n"
        "## Second\n\nD\n"
    )
    first = 'data-chapter="The &amp; deck" data-until="2"'
    assert shapes(page) == [
        (first, ["slide"], "The &amp; deck Aim. 2 (Extra)"),
        ("", ["note"], "2 minutes, to minute 2."),
        ("", ["slide"], "Next Why?"),
        ("", ["later"], "So."),
        ("", ["note"], "Say."),
        ('data-chapter="Extra" data-until="3"', ["slide", "extra"],
         r"First A [\boxed{\; \frac{\partial p_i}{\partial z_j}"),
        ("", ["later"], "C"),
        ("", ["figure", "later"], '{"classes": ["dog", "cat", "chicken", "horse", "bird",'),
        ("", ["later"], "B"),
        ("", ["note"], "1 minute, to minute 3. May"),
        ("", ["slide"], "Second D"),
    ]  # fmt: skip
    assert page.count("May be left out: → goes on to the next section.") == 1
    assert '<div data-without=".a, .b"><div data-afm="softmax_playground">' in page
    assert '"logits": [1,2,3], "scale": 2, "shift": 0.0' in page
    page = read_deck.body("# T · 1\n\n{live 1 Play in columns without .a}\n")
    assert '<div data-without=".a" data-columns>' in page


@pytest.mark.parametrize(
    "line",
    ["equation 2.99", "figure 2.99", "code 1 no_such", "live 1 NoSuch", "hint 1.99", "still no.svg",
     "live 2 Jac with z=1", "other 1", "equation", "equation 77.1"],
)  # fmt: skip
def test_what_is_not_in_the_chapters_is_named(line):
    with pytest.raises(ValueError, match=re.escape(f"{{{line}}} is not in the chapters")):
        read_deck.body(f"# T · 1\n\n{{{line}}}\n")


@pytest.mark.parametrize(
    ("deck", "message"),
    [("# T · 1\n\n{section lecture 9.9}\n", "{section lecture 9.9}: that deck has no such section"),
     ("# T\n\n# More · 2\n\nA\n", "a deck begins with its title and minutes"),
     ("A\n", "a deck begins with its title and minutes")],
)  # fmt: skip
def test_what_is_wrong_with_a_deck_is_said(deck, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_deck.body(deck)


@pytest.fixture
def small(monkeypatch):
    """A chapter with two of each, their numbers alike, in the place of all."""

    def drawn(pixels):
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        png = b64encode(file.getvalue()).decode()
        return [nbformat.v4.new_output("display_data", {"image/png": png})]

    two = np.full((1, 100), 255, np.uint8)
    two[:, [*range(42), *range(44, 48), *range(58, 100)]] = 0  # a gap of two columns, one of ten
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    solution = {"tags": ["solution"]}
    cells = [
        md("# T\n\n$$\na\n\\tag{7.11}\n$$\n\n$$\nb\n\\tag{7.1}\n$$"),
        code("def sort(x):\n    return x"),
        code("y = 1\n\n\nclass so:\n    z = 3\n\n\ny = 2"),
        code("f()", outputs=drawn(two[:, :20])),
        md("**Figure 7.11.** One."),
        code("g()", outputs=drawn(two[:, :30])),
        code("h()", outputs=drawn(two)),
        md("**Figure 7.1.** Two."),
        code("i()", outputs=drawn(two[:, :30])),
        md("### Exercise 7.11: B\n\nC"),
        md("<details>\n<summary>Solution</summary>\n\nD\n\n</details>"),
        md("### Exercise 7.1: E\n\nF\n\nG"),
        code("draft()"),
        md("<details>\n<summary>Solution</summary>\n\nH\n\n</details>"),
        code("# Solution 7.1\ndef j():\n    return 0\n\n\nj()", metadata=solution),
        md("## After\n\nK"),
    ]
    monkeypatch.setattr(read_deck, "chapter", lambda number: nbformat.v4.new_notebook(cells=cells))
    monkeypatch.setattr(read_deck, "shown", read_deck.shown.__wrapped__)  # nothing kept, or left


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("equation 7.1", "[b] (7.1)"),
        ("equation 7.11", "[a] (7.11)"),
        ("code 7 sort", "def sort ( x ): return x"),
        ("code 7 so", "class so : z = 3"),
        ("exercise 7.1", "F G"),
        ("exercise 7.1 first", "F"),
        ("exercise 7.11", "C"),
        ("solution 7.1", "H def j (): return 0"),
        ("solution 7.11", "D"),
        ("figure 7.1", 'class="" 100'),
        ("figure 7.11", 'class="" 20'),
        ("figure 7.1 beside", 'class="beside" 100'),
        ("figure 7.1 left", 'style="width: 45em" 53'),  # cut in the middle of the widest gap
        ("figure 7.1 left beside later", 'class="left beside later" 53'),
        ("figure 7.1 right", 'style="width: 45em" 47'),
    ],
)
def test_a_line_takes_what_its_number_says_and_no_more(line, shown):
    kind, *names = line.split()
    found = read_deck.TAKES[kind](*names)
    if kind == "figure":
        (data,) = re.findall('base64,(.*?)"', found)
        assert shown.rpartition(" ")[0] in found
        assert Image.open(BytesIO(b64decode(data))).width == int(shown.split()[-1])
    else:
        assert " ".join(re.sub("<.*?>", " ", found).split()) == shown


def test_a_deck_takes_the_slides_of_a_section_of_another(monkeypatch, tmp_path):
    (tmp_path / "other.md").write_text(
        "# 1.10 Ten · 2\n\nNo.\n\n"
        "# (1.1 One · 3)\n\n## A\n\nYes.\n\n## B\n\nYes.\n\n"
        "# 1.2 Two · 1\n",
        "utf-8",
    )
    monkeypatch.setattr(read_deck, "DECKS", tmp_path)
    page = read_deck.body("# Mine · 4\n\n{section other 1.1}\n\n## C\n")
    assert [words for _, kinds, words in shapes(page) if "note" not in kinds] == [
        *("A Yes.", "B Yes.", "C")
    ]


def test_a_hint_is_that_of_the_notebook():
    assert find_exercises()["2.1"].hint[:20] in read_deck.hint("2.1")


@pytest.mark.parametrize("name", NAMES)
def test_a_deck_has_what_a_teacher_needs(name, tmp_path, capsys):
    assert teach.main(["slides", name, "--output", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / name}.html\n"
    page = (tmp_path / f"{name}.html").read_text("utf-8").split("</main>")[0]
    assert '<html lang="en" class=hand>' in page
    assert not re.search(r"(?m)^\{|^\. \. \.|^Note:", page)
    minutes = [int(found) for found in re.findall(r'data-until="(\d+)"', page)]
    assert minutes == sorted(minutes)
    assert minutes[-1] in (88, 180)
    assert [int(start) for start in re.findall(r"<li><strong>(\d+)</strong>", page)] == minutes[:-1]
    words = text(name)
    slides_ = re.split(r"(?m)^(?=## )", words)
    for slide in slides_:
        seen, _, note = slide.partition("\nNote:\n")
        if re.search("(?m)^> ", seen):  # a question has its answer, or a figure that gives it
            assert re.search(r"(?m)^\. \. \.$|^\{live", seen.split("\n> ")[-1]), slide
        for number in re.findall(r"\{exercise ([\d.]+)", seen):
            assert f"{{hint {number}}}" in note
            before, after = re.split(rf"\{{exercise {number}\b.*}}", words)
            assert f"{{solution {number}}}" not in before
            assert f"\n## A solution of exercise {number}\n" in after
    assert "\n## To take home" in words


def test_a_function_is_shown_with_its_decorators():
    assert "no_grad" in read_deck.definition("8", "measure")


PAGE = (teach.ROOT / "pages/teaching.md").read_text("utf-8")


def test_the_minutes_of_the_sessions_are_those_of_the_teachers_page():
    table = re.findall(r"\| (\d) \| .* \| (\d+) min \| (\d+) min \| (.*) \|", PAGE)
    assert len(table) == 5
    for session, shown, solved, in_class in table:
        _, *parts = read_deck.SECTION.split(text(f"session-{session}"))
        minutes = list(zip(map(int, parts[2::4]), parts[3::4], strict=True))
        tasks = [(time, words) for time, words in minutes if "{exercise" in words]
        assert sum(time for time, _ in tasks) == int(solved)
        assert sum(time for time, _ in minutes) == int(shown) + int(solved) + 20  # the break
        numbers = sorted(re.search(r"exercise ([\d.]+)", words)[1] for _, words in tasks)
        assert numbers == re.findall(r"\d+\.\d+", in_class)


def test_the_teachers_page_has_a_command_for_each_deck():
    found = re.findall(r"(?m)^ *\$ \.venv/bin/python tools/teach\.py slides ([a-z]\S+)$", PAGE)
    assert sorted(found) == NAMES


def numbers_of(still):
    """The numbers with three digits that a still shows, in its order, and those it is said with."""
    drawn = (read_deck.DECKS / f"{still}.svg").read_text("utf-8").replace("\N{MINUS SIGN}", "-")
    shown = re.sub("<.*?>", " ", "".join(re.findall("<text.*?</text>", drawn)))
    found = (re.findall(r"-?\d+\.\d{3}", words) for words in (shown, drawn.split('"')[7]))
    return [[float(number) for number in numbers] for numbers in found]


def test_stills_show_what_the_scores_give():
    z = np.array([1.9, 0.35, -0.75])
    p = np.exp(z) / np.exp(z).sum()
    for still, parts in {"softmax": [z, np.exp(z), p], "gradient": [p, p - [0, 1, 0]]}.items():
        for numbers in numbers_of(still):
            assert numbers == pytest.approx(np.concatenate(parts), abs=5e-4)
    page = (teach.ROOT / "chapters/07_softmax_regression_scratch.ipynb").read_text("utf-8")
    last = re.search(r"train accuracy +([\d.]+).{,9}\s+\"test accuracy +([\d.]+)", page)
    end = [float(number) for number in last.groups()]
    shown, said = numbers_of("accuracy")
    assert shown == end
    assert [said[1], said[3]] == end


def test_the_weights_have_the_colours_of_the_chapter():
    drawn = read_deck.figure("7.4") + (read_deck.DECKS / "weights.svg").read_text("utf-8")
    pictures = [BytesIO(b64decode(coded)) for coded in re.findall('base64,(.*?)"', drawn)]
    whole, *shown = [np.array(Image.open(file).convert("RGB")).astype(int) for file in pictures]
    coloured = whole.min(2) < 250
    cells = []  # of the rows and of the columns: the middle of each cell
    for axis in (1, 0):
        inside = np.flatnonzero(coloured.mean(axis) > 0.5)
        parts = np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1)
        cells.append([part[(2 * np.arange(28) + 1) * len(part) // 56] for part in parts])
    panels = [whole[np.ix_(rows, columns)] for rows in cells[0] for columns in cells[1]]
    assert np.array_equal(shown, panels)


@pytest.mark.real_data
@pytest.mark.skipif("FASHION_MNIST_ROOT" not in os.environ, reason="FASHION_MNIST_ROOT is not set")
@pytest.mark.parametrize("still", ["clothes", "mistakes", "suspects", "sure"])
def test_stills_show_images_of_their_labels(still):
    data = load_fashion_mnist()
    parts = data.test if still == "mistakes" else data.train
    rows = parts.images.mean(2)  # no farther apart than the images
    drawn = (read_deck.DECKS / f"{still}.svg").read_text("utf-8")
    labels = re.findall("bold[^>]*>(.*?)<", drawn) or re.findall("middle[^>]*>(.*?)<", drawn)
    answers = re.findall(r"(?:→ |>\()(.*?)\)?<", drawn) or [""] * 10
    shown = re.findall('base64,(.*?)"', drawn)
    each = len(shown) // len(labels)
    assert (len(labels), each) == {"clothes": (10, 2), "suspects": (15, 1)}.get(still, (10, 1))
    assert len(answers) == len(labels)
    for k, coded in enumerate(shown):
        with Image.open(BytesIO(b64decode(coded))) as image:
            pixels = torch.tensor(np.array(image.convert("L")), dtype=torch.float32) / 255
        near = (rows - pixels.mean(1)).abs().mean(1) < 1 / 30
        away = (parts.images[near] - pixels).abs().mean((1, 2))  # drawn in sixteen greys
        assert away.min() < 1 / 30
        label = labels[k // each]
        assert data.classes[parts.labels[near][away.argmin()]] == label != answers[k // each]
