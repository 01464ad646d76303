"""The chapters have the form that CONTRIBUTING describes, and each fault in it is named."""

import json
from pathlib import Path

import chapter_form as form
import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_chapters_have_the_form():
    found = form.problems(ROOT / "chapters", ROOT / "references.bib")
    assert not found, "\n".join(["", *found])  # all of them: someone who adds a chapter reads this


def test_nothing_raw_is_left_and_nothing_swallowed():
    """What a plain renderer shows as typed: 540 pieces before the chapters had this form."""
    chapters = [form.read(path) for path in sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))]
    assert len(chapters) >= 11
    found = [raw for chapter in chapters for cell in chapter.cells for raw in form.raw_markup(cell)]
    assert found == []


BIB = """@misc{A2001, author = {Ann, A.}, title = {T}, year = {2001}, url = {https://a.example/x},
doi = {10.1/a}}
@misc{B2002, author = {Bob, B.}, title = {T}, year = {2002}, doi = {10.1/b}}
"""
PICTURE = [{"output_type": "display_data", "data": {"image/png": "x"}}]
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["solution"]}
TEXT = """# First

As equation (1.1) and figure 1.1 show, and [the second](02_second.ipynb) and
[Ann (2001)](https://a.example/x) say ([Bob, 2002](https://doi.org/10.1/b)).

$$
a = b
\\tag{1.1}
$$

> **Goals.** Know that $a = b$.
"""
SOLVED = "<details>\n<summary>Solution</summary>\n\nBy hand.\n\n</details>"


def markdown(text, *tags):
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": text}


def code(text, *tags, outputs=(), **metadata):
    metadata |= {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": list(outputs)}


def second():
    line = "Previous: [First](01_first.ipynb) · [The book and all chapters](../README.md)"
    return [
        markdown(line, "remove-cell"),
        code(form.SETUP, "setup"),
        markdown("# Second"),
        code("import math", "imports"),
        markdown(line, "remove-cell"),
    ]


def first():
    line = "Next: [Second](02_second.ipynb) · [The book and all chapters](../README.md)"
    return [
        markdown(line, "remove-cell"),
        code(form.SETUP, "setup"),
        markdown(TEXT),
        code("import math", "imports"),
        code("plot()", outputs=PICTURE),
        markdown("**Figure 1.1.** A line."),  # 5
        code("Quiz('q')", jupyter={"source_hidden": True}),
        markdown("## Exercises\n\n### Exercise 1.1: A sum\n\nAdd them."),  # 7
        code('check("1.1", ...)'),
        markdown(SOLVED),  # 9
        code('# Solution 1.1\ncheck("1.1", 2)', **FOLDED),  # 10
        markdown("## References\n\nNone."),
        markdown(line, "remove-cell"),
    ]


def problems(tmp_path, cells):
    folder = tmp_path / "chapters"
    folder.mkdir()
    (tmp_path / "README.md").touch()
    (tmp_path / "references.bib").write_text(BIB)
    for name, content in (("01_first", cells), ("02_second", second())):
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": content}))
    return form.problems(folder, tmp_path / "references.bib")


def test_a_good_course_has_no_problem(tmp_path):
    assert problems(tmp_path, first()) == []
    assert form.Chapter(Path("a/01_untitled.ipynb"), []).title == "01_untitled"


def replaced(number, old, new):
    """Change the text of one cell."""

    def change(cells):
        assert old in cells[number]["source"]
        cells[number]["source"] = cells[number]["source"].replace(old, new)

    return change


def inserted(number, cell):
    return lambda cells: cells.insert(number, cell)


def removed(*numbers):
    def change(cells):
        for number in sorted(numbers, reverse=True):
            del cells[number]

    return change


def metadata(number, **changes):
    return lambda cells: cells[number]["metadata"].update(changes)


LEADS = """must have the tag remove-cell and be this line:
Next: [Second](02_second.ipynb) · [The book and all chapters](../README.md)"""
PLAIN = "4: a picture without a caption in the next cell: **Figure 7.1.**"
OPEN = ('10: a solution cell left open: its metadata need "cellView": "form" and "jupyter": '
        '{"source_hidden": true}, with outputs also "outputs_hidden": true')  # fmt: skip
FORM = ("9: a solution begins with the lines <details>, <summary>Solution</summary> "
        "and an empty one, and ends with an empty one and </details>")  # fmt: skip
LEFT = "a solution left open"


def typed(text, *pieces):
    """Markdown, and what of it would be shown as it was typed."""
    return inserted(3, markdown(text)), *(f"3: raw markup: {piece}" for piece in pieces)


#: Each with all that is said to it: number of the cell, and words.
FAULTS = {
    "link": (replaced(2, "02_sec", "03_sec"), "2: links to 03_second.ipynb, which is not there"),
    "link to a folder": (replaced(2, "02_second.ipynb", "../chapters"),
                         "2: links to ../chapters, which is not there"),
    "no equation": (replaced(2, "equation (1.1)", "equations (1.1) and (1.2)"),
                    "2: there is no equation 1.2"),
    "no figure": (replaced(2, "figure 1.1", "figures 1.2, 1.1, and 2.1 to 2.3"),
                  *(f"2: there is no figure {n}" for n in ("1.2", "2.1", "2.3"))),
    "no exercise": (replaced(2, "As ", "As Exercise 1.3 and "), "2: there is no exercise 1.3"),
    "equation number": (replaced(2, "g{1.1}", "g{1.2}"), "2: equation 1.2 must be equation 1.1",
                        "2: there is no equation 1.1"),
    "figure number": (replaced(5, "1.1", "1.2"), "5: figure 1.2 must be figure 1.1",
                      "2: there is no figure 1.1"),
    "exercise number": (replaced(7, "1.1", "1.2"), "7: exercise 1.2 must be exercise 1.1",
                        '7: exercise 1.2 has no cell with check("1.2", ...)'),
    "source": (replaced(2, "a.example/x", "a.example/y"),
               "2: cites Ann (2001), but no entry of references.bib has https://a.example/y"),
    "old year": (replaced(2, "Ann (2001)", "Ann (1501)"),
                 "2: cites Ann (1501), but references.bib says 2001"),
    "year": (replaced(2, "Bob, 2002", "Bob, 2003"),
             "2: cites Bob, 2003, but references.bib says 2002"),
    "caption without number": (
        replaced(5, "Figure 1.1.", "Figure."), "2: there is no figure 1.1",
        "5: caption 'Figure.' must begin with a number: **Figure 7.1.**", PLAIN),
    "caption in small letters": (
        replaced(5, "**Figure", "**figure"), *(f"{n}: there is no figure 1.1" for n in (2, 5)),
        "5: caption 'figure 1.1.' must begin with a number: **Figure 7.1.**", PLAIN),
    "caption that is cut short": (
        replaced(5, "**Figure", "**Fig."), "2: there is no figure 1.1",
        "5: caption 'Fig. 1.1.' must begin with a number: **Figure 7.1.**", PLAIN),
    "caption that is all bold": (
        replaced(5, ".** A line.", ". A line.**"),
        *(f"{n}: there is no figure 1.1" for n in (2, 5)),
        "5: caption 'Figure 1.1. A line.' must begin with a number: **Figure 7.1.**", PLAIN),
    "caption without picture": (inserted(5, markdown("Words.")),
                                "6: no picture above the caption 'Figure 1.1.'", PLAIN),
    "caption at the start": (
        replaced(0, "Next", "**Figure 1.1.** Next"), f"0: {LEADS}",
        "5: figure 1.1 must be figure 1.2", "0: no picture above the caption 'Figure 1.1.'"),
    "caption in the text": (replaced(5, "**F", "Words.\n\n**F"),
                            "5: caption 'Figure 1.1.' must begin its cell"),
    "picture without caption": (removed(5), "2: there is no figure 1.1", PLAIN),
    "two in a cell": (replaced(7, "Add them.", "Add.\n\n### Exercise 1.2: B\n\nDo."),
                      '7: exercise 1.2 has no cell with check("1.2", ...)'),
    "no check": (removed(8), '7: exercise 1.1 has no cell with check("1.1", ...)'),
    "check in the solution": (removed(8, 9), '7: exercise 1.1 has no cell with check("1.1", ...)'),
    "no solution": (removed(9, 10), "7: exercise 1.1 has no solution"),
    "text left open": (replaced(9, SOLVED, "By hand."),
                       f"9: after the check of exercise 1.1: {LEFT}"),
    "words above": (replaced(9, "<details>", "Look:\n\n<details>"),
                    f"9: after the check of exercise 1.1: {LEFT}"),
    "code left open": (metadata(10, jupyter={}), OPEN),
    "code of a plain cell": (lambda cells: cells[10]["metadata"].pop("jupyter"), OPEN),
    "open on Colab": (metadata(10, cellView="both"), OPEN),
    "outputs left open": (lambda cells: cells[10].update(outputs=[{}]), OPEN),
    "untagged": (metadata(10, tags=[]), "7: exercise 1.1 has no solution",
                 f"10: after the check of exercise 1.1: {LEFT}"),
    "first line": (replaced(10, "# Solution 1.1\n", ""),
                   "10: the first line of a solution must be: # Solution 1.1"),
    "no empty line": (replaced(9, "</summary>\n\n", "</summary>\n"), FORM,
                      "9: raw markup: '<details>\\n<summary>Solution</summary>\\nBy hand.'"),
    "not closed": (replaced(9, "\n\n</details>", ""), FORM),
    "box": (replaced(2, "**Goals.**", "**Aims.**"), "2: box 'Aims.' must begin with Goals, "
            "Common mistake, Note and end with a full stop"),
    "box without end": (replaced(2, "**Goals.**", "**Goals**"), "2: box 'Goals' must begin with "
                        "Goals, Common mistake, Note and end with a full stop"),
    "box with a colon": (replaced(2, "**Goals.**", "**Goals:**"), "2: box 'Goals:' must begin with "
                         "Goals, Common mistake, Note and end with a full stop"),
    "formula in a box": (replaced(2, "$a = b$.", "$a\n> = b$."),
                         "2: a formula in a box must stand on one line, else JupyterLab shows >"),
    "display in a box": (replaced(2, "Know that $a = b$.", "Know:\n>\n> $$\n> a = b\n> $$"),
                         "2: a formula in a box must stand on one line, else JupyterLab shows >"),
    "quiz": (metadata(6, jupyter={}),
             '6: a quiz left open: its metadata need "jupyter": {"source_hidden": true}'),
    "first cell": (replaced(0, "Second", "Third"), f"0: {LEADS}"),
    "first cell in the book": (metadata(0, tags=[]), f"0: {LEADS}"),
    "last cell": (removed(12), f"11: {LEADS}"),
    "setup": (replaced(1, "make install", "make it"),
              "1: must be the setup cell, as tools/chapter_form.py has it"),
    "more than the setup": (lambda cells: cells[1].update(source=f"{form.SETUP}\nx = 1"),
                            "1: must be the setup cell, as tools/chapter_form.py has it"),
    "two setups": (inserted(3, code(form.SETUP, "setup")),
                   "1: must be the setup cell, as tools/chapter_form.py has it"),
    "no imports": (metadata(3, tags=[]), "3: holds the imports and lacks the tag imports"),
    "tags": (metadata(2, tags=["measuring", "drawing"]),
             "2: has the tag drawing, which is for code"),
    **{name: (metadata(2, tags=[name]), f"2: has the tag {name}, which is for code")
       for name in ("checks", "imports", "measuring", "solution")},
    "measured unseen": (lambda cells: cells[4].update(
                            source="#plot()", metadata={"tags": ["measuring"]}),
                        "4: measures unseen: its first line must be a comment, what is measured"),
    "measured in vain": (inserted(4, code("# sums\nf()", "measuring")), "4: has the tag measuring, "
                         "but puts out nothing that would stay in view"),
    "long line": (inserted(4, code("if x:\n    x = 1  # " + 70 * "x")),
                  f"4: a line of 83 letters, where 82 fit: x = 1  # {70 * 'x'}"),
    "long in a solution": (
        replaced(10, "2)", "2)  # " + 60 * "x"),
        f'10: a line of 79 letters, where 78 fit: check("1.1", 2)  # {60 * "x"}'),
    "directive": typed("```{note}\nx\n```", "```{note}"),
    "colons": typed(":::{note}\nx\n:::", "':::{note}'", "':::'"),
    "role": typed("See {ref}`x`.", "'{ref}'"),
    "label": typed("(ch-x)=\n## A", "'(ch-x)'", "'(ch-x)='"),
    "definition": typed("A\n: b", "': '"),
    "comment": typed("A <!-- hidden --> b\n% unseen", "<!-- hidden -->", "'% unseen'"),
    "HTML": typed("<div>\n\nA\n\n</div>", "'<div>'", "'</div>'"),
    "long HTML": typed(f"<p>{80 * 'x'}</p>", f"'<p>{57 * 'x'}'"),
    "formula": typed("$$ a $$ (eq-a) $ \\alpha", "'(eq-a)'", "'$'", "'\\\\alpha'"),
    "footnote": typed("A[^1] b [c]: {#d} ** {.e f}",
                      "'[^1]'", "'[c]:'", "'{#d}'", "'**'", "'{.e f}'"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_file_and_cell(tmp_path, name):
    change, *said = FAULTS[name]
    cells = first()
    change(cells)
    assert problems(tmp_path, cells) == [f"01_first.ipynb, cell {words}" for words in said]


NO_FAULTS = {
    "an exercise at the end": removed(11),
    "the other address": replaced(2, "https://a.example/x", "https://doi.org/10.1/a"),
    "a long address": lambda cells: cells[1].update(
        source=form.setup_cell(f"https://a.example/{70 * 'x'}")),
    "a number in code": replaced(2, "As ", "`figure 9.9`, $\\text{figure 9.9}$: as "),
    "an exercise in a sentence": replaced(2, "As ", "After Exercise 1.1: a sum, as "),
    "marks in a title": replaced(2, "# First", "# *First*"),
    "a display in a line": replaced(2, "As ", "As $$a = b$$ and "),
    "a quotation": inserted(3, markdown("> Somebody **said** so.")),
    "an old address": replaced(2, "As ", "As [some](http://b.example) say, "),
    "a box that asks": replaced(2, "**Goals.**", "**Note: why?**"),
    "a box that calls": replaced(2, "**Goals.**", "**Common mistake: so!**"),
    "bold words": inserted(3, markdown("**A figure** is drawn.")),
    "a figure that runs": (lambda cells: cells[4].update(outputs=[
        {"output_type": "display_data", "data": {"text/html": ['<div data-afm="a">', "</div>"]}}
    ])),
    "a line that just fits": inserted(4, code("x = 1  # " + 73 * "x")),
    "one in a solution": replaced(10, "2)", "2)  # " + 57 * "x"),
    "a long question": inserted(6, code("Quiz(" + 90 * "x", jupyter={"source_hidden": True})),
    "a question in words": inserted(3, markdown("`Quiz(1)` asks.")),
    "a year that is a number": replaced(2, "[Ann (2001)]", "[in 2001]"),
    "brackets": inserted(3, markdown("[a](https://b.example/c), [0, 1], (eq) and {b}.")),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_FAULTS)
def test_what_looks_like_a_fault_and_is_none(tmp_path, name):
    cells = first()
    NO_FAULTS[name](cells)
    assert problems(tmp_path, cells) == []


def test_a_source_without_address_is_named(tmp_path):
    (tmp_path / "x.bib").write_text(BIB.replace("doi", "note"))
    assert form.problems(tmp_path, tmp_path / "x.bib") == [
        "x.bib: B2002 has neither url nor doi; add one"
    ]
