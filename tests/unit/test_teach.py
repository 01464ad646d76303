"""What teachers are given: notebooks without solutions, slides, and the table of a class."""

import json
import re
from pathlib import Path

import nbformat
import pieces
import pytest
import slides
import teach
from book_ext.figures import figures_in

from course_utils.exercises.reporting import COLUMNS, Record, Report

CHAPTERS = sorted((teach.ROOT / "chapters").glob("[0-9]*.ipynb"))


@pytest.fixture(autouse=True)
def _no_font(monkeypatch):
    """The font takes half the time of a deck: here its style sheet only names the characters."""
    monkeypatch.setattr(
        slides.formulas, "font_css", lambda drawn: f"/* font: {''.join(sorted(drawn))} */"
    )


@pytest.fixture
def small(tmp_path):
    """Paths of two short chapters, in a folder of their own."""
    (tmp_path / "small").mkdir()
    paths = [tmp_path / "small" / f"{name}.ipynb" for name in ("01_one", "02_two")]
    for path in paths:
        texts = f"# {path.stem}\n\nA.", "## An odd part\n\nB.", "print(1)"
        cells = [
            *map(nbformat.v4.new_markdown_cell, texts[:2]),
            nbformat.v4.new_code_cell(texts[2]),
        ]
        cells[-1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return list(map(str, paths))


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda path: path.name[:2])
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_a_students_notebook_holds_no_solution_and_no_output_and_all_else(notebook):
    before = nbformat.writes(notebook)
    copy = teach.for_students(notebook)
    nbformat.validate(copy)
    assert nbformat.writes(notebook) == before
    text = nbformat.writes(copy)
    exercises = set(re.findall(r"# Solution (\d+\.\d+)", before))
    assert exercises
    assert "# Solution" not in text
    assert "<summary>Solution" not in text
    for i in (0, -1):  # the way to the other chapters
        assert copy.cells[i].source + teach.BOOK == notebook.cells[i].source
    assert {n for n in exercises if f'check(\\"{n}\\"' in text} == exercises
    assert not any(cell.get("outputs") for cell in copy.cells)
    left = {cell.id: cell.source for cell in copy.cells}
    for cell in notebook.cells[1:-1]:
        if cell.id not in left:
            assert "# Solution" in cell.source or "<summary>Solution" in cell.source
        else:
            assert left[cell.id] == cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name[:2])
def test_slides_show_each_section_without_a_network_and_no_solution(path):
    notebook = nbformat.read(path, as_version=4)
    page = slides.slides("chapter", notebook)
    headings = [
        line.lstrip("# ")
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in re.sub(r"(?s)```.*?```|<details>.*", "", cell.source).splitlines()
        if re.match(r"#+ ", line) and not re.search(r"[$`*\\&<>\"']", line)
    ]
    assert len(headings) > 3
    shown = {re.sub("<.*?>", "", h) for h in re.findall(r"<h[1-6].*?>(.*?)</h[1-6]>", page)}
    assert set(headings) - shown <= {"References"}
    assert "References" not in shown
    assert page.count("<math") >= sum(cell.source.count("$$") for cell in notebook.cells) // 4
    assert "$$" not in re.sub(r"(?s)<(pre|annotation|script).*?</\1>", "", page)
    assert "# Solution" not in page
    assert "Run this cell" not in page
    assert ".ipynb" not in re.sub(r"(?s)<script.*?</script>", "", page)
    loaded = r'(?:src|<link[^>]*href)="(?!data:)|@import|url\((?!"?data:)'
    assert re.findall(loaded, re.sub(r"(?s)<script.*?</script>", "", page)) == []
    assert re.findall(r"<script[^>]*\bsrc=", page) == []
    # What draws a figure of the page stands in it.
    for name in figures_in(page):
        assert f"(window.AFM ??= {{}}).{name} = " in page


def test_of_which_kind_the_pieces_of_a_slide_are():
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    printed = [nbformat.v4.new_output("stream", text="2\n")]
    figure = [nbformat.v4.new_output("execute_result", {"text/html": "<div>figure</div>"})]
    kind = {"slideshow": {"slide_type": "slide"}}
    skip = {"slideshow": {"slide_type": "skip"}}
    solution = {"tags": ["solution"]}
    cells = [
        code("import math", metadata={"tags": ["imports"]}),
        md("# Title\n\nWords.\n\n## Part\n\nMore.\n\n$$\nx \\tag{1.1}\n$$\n\n### Detail"),
        code("print(2)", outputs=printed),
        code("# a table\nprint(3)", metadata={"tags": ["measuring"]}, outputs=printed),
        code("assert True", metadata={"tags": ["checks"]}),
        code("y = 1\nassert y"),
        code("%timeit 1"),
        code("", metadata={"tags": ["remove-output"]}, outputs=printed),
        code("def f():\n    assert 1\n\n\nassert f"),
        code("plot()\nplt.show()", outputs=printed),
        code("Quiz()", metadata={"jupyter": {"source_hidden": True}}, outputs=printed),
        code("Figure()", outputs=figure),
        md("**Figure 1.1.** Its caption."),
        md("## Second\n\nA.\n\nB.", metadata=kind),
        md("Left out.", metadata=skip),
        md("### Exercise 1.1: A task\n\nDo."),
        code('check("1.1", ...)', outputs=printed),
        md("<details>\n<summary>Solution</summary>\n\nBy hand.\n\n</details>"),
        code("# Solution 1.1\ndef f():\n    return 1\n\n\nprint(f())", metadata=solution),
        md("## References\n\nA book."),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    found = [
        (" ".join(re.sub("<[^>]*>", " ", p.html).split()), p.kinds.split())
        for p in pieces.pieces(notebook)
    ]
    assert found == [
        ("Title Words.", []),
        ("Part More. x x (1.1)", []),  # the number of the equation
        ("Detail", []),
        ("print ( 2 )", []),
        ("2", ["near"]),
        ("2", ["near"]),
        ("% timeit 1", []),
        ("def f (): assert 1", []),
        ("2", ["near"]),
        ("2", ["near"]),
        ("figure", ["figure"]),
        ("Figure 1.1. Its caption.", ["bound"]),
        ("Second A.", ["slide"]),
        ("B.", []),
        ("Left out.", ["skip"]),
        ("Exercise 1.1: A task Do.", []),
        ("By hand.", ["solution"]),
        ("def f (): return 1", ["solution"]),
        ("References A book.", ["skip"]),
    ]
    words = "Title Words. 1.1 Part More. x x (1.1) Detail print ( 2 ) 2 2 % timeit 1"
    words += " def f (): assert 1 2 2 figure Figure 1.1. Its caption. 1.2 Second A. B."
    words += " Exercise 1.1: A task Do."
    for name, expected in (
        ("chapter", re.sub(r"1\.\d (Part|Second)", r"\1", words)),
        ("01_x", words),
    ):
        page = slides.slides(name, notebook)
        main = re.search("(?s)<main.*?>(.*)</main>", page)[1]
        assert " ".join(re.sub("<[^>]*>", " ", main).split()) == expected
        chapter = "1 Title" if name == "01_x" else "Title"
        assert re.findall('data-chapter="(.*?)"', page) == [chapter]
    assert "/* font: x */" in page


def test_what_is_no_markup_stays_words_on_a_slide():
    def made(**output):
        (piece,) = pieces.outputs(nbformat.v4.new_code_cell("x", outputs=[output]))
        return piece

    stream = {"output_type": "stream", "name": "stdout", "text": "1 < 2 & <b>\n\n"}
    result = {"output_type": "execute_result", "execution_count": 1, "metadata": {},
              "data": {"text/plain": "1 < 2 & <b>"}}  # fmt: skip
    for output in (stream, result):
        assert made(**output).html == '<pre class="output">1 &lt; 2 &amp; &lt;b&gt;</pre>'
    said = "<p>Interactive figure: A lab. Run this cell, or allow JavaScript, to use it.</p>"
    there = "<p>Interactive figure: A lab. It works in the book: open this chapter there.</p>"
    for name, kind, shown in (
        ("quiz", "figure", f'<div data-afm="quiz"><script>{{}}</script>{there}</div>'),
        (  # its images come with the book
            "training_lab",
            "near",
            "<p><strong>A lab</strong> works in the book: open this section there.</p>",
        ),
    ):
        drawn = f'<div data-afm="{name}"><script>{{}}</script>{said}</div>'
        piece = made(**result | {"data": {"text/html": drawn}})
        assert (piece.html, piece.kinds) == (shown, kind)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("### No title")])
    page = slides.slides("a<b", notebook)
    assert "<title>a&lt;b</title>" in page
    assert re.findall('data-chapter="(.*?)"', page) == ["a&lt;b"]


def test_of_a_solution_a_deck_shows_the_definitions_that_it_begins_with():
    two = "def f():\n    return 1\n\n\nclass A:\n    x = 1"
    assert pieces.defined(f"{two}\n\n\nf()\n\n\ndef g():\n    return 2") == two
    assert pieces.defined("x = 1\n\n\ndef f():\n    return 1").startswith("x = 1")


def test_a_full_stop_stays_on_the_line_of_its_formula():
    found = re.sub("(?s)<math.*?</math>", "F", pieces.html("Let $a$ (or $b$). Then $c$ is."))
    assert found.strip() == '<p>Let F (or <span class="line">F).</span> Then F is.</p>'
    for mark in ".,;:?!":
        assert f"</math>{mark}</span>" in pieces.html(f"Is $a${mark}")
    assert pieces.html("```python\nx\n```").startswith('<pre class="highlight"><span class="n">x')
    assert pieces.html("20 000 of 5 000, 6 70 1000") == (
        "<p>20\u00a0000 of 5\u00a0000, 6 70 1000</p>\n"
    )


def test_a_deck_brings_the_styles_and_scripts_that_it_needs(monkeypatch):
    monkeypatch.setattr(slides, "read", lambda name: f"[{name}]")
    monkeypatch.setattr(slides, "browser_script", lambda name: f"draws {name} </script")
    monkeypatch.setattr(slides, "host_script", lambda: "starts all")
    own = [(slides.HERE / f"slides.{kind}").read_text("utf-8") for kind in ("css", "js")]
    code = slides.HtmlFormatter().get_style_defs(".highlight")
    for main, scripts in (
        ("<math>x</math>", []),
        ('<div data-afm="quiz"></div>', [r"draws quiz <\/script", "starts all"]),
    ):
        page = slides.written("t", main)
        (styles,) = re.findall("(?s)<style>(.*?)</style>", page)
        font = f"/* font: {'x' * ('math' in main)} */"
        assert styles == f"{font}[theme.css]{code}{own[0]}"
        assert re.findall("(?s)<script>(.*?)</script>", page) == [*scripts, own[1]]


def record(name, exercise, passed, attempts=1, session="s"):
    return Record(name, session, exercise, f"Title {exercise}", passed, attempts)


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    (folder / "monday").mkdir(parents=True)
    Report([record("Ada", "11.1", False, 2), record("Ada", "2.1", True)]).save(folder / "ada.csv")
    later = record("Ada", "11.1", True, 3, session="t")
    Report([later]).save(folder / "monday" / "ada.json")
    Report([record("", "2.1", False)]).save(folder / "Ad.csv")  # nobody said whose it is
    return folder


def test_the_table_of_a_class_has_a_line_a_learner(reports, tmp_path, capsys):
    table = tmp_path / "autumn" / "tables" / "class.csv"  # in folders that are made
    assert teach.main(["gather", str(reports), str(table)]) == 0
    expected = (
        "name,right,tried,files,2.1,11.1\n"
        "Ad,0,1,Ad.csv,not yet (1),\n"
        "Ada,2,2,ada.csv monday/ada.json,right (1),right (5)\n"
    )
    assert table.read_text().replace("\\", "/") == expected
    assert capsys.readouterr().out == f"{table}: learners: 2, records: 4\n"
    Report([record("=1+1", "1.2", True, 1)]).save(reports / "made.csv")
    (reports / "made.csv").rename(reports / "MADE.CSV")
    (reports / ".hidden").touch()
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert "\n'=1+1,1,1,MADE.CSV," in table.read_text()
    (reports / "MADE.CSV").unlink()
    # A copy handed in twice counts once, and the table may be made anew.
    (reports / "copy.csv").write_bytes((reports / "ada.csv").read_bytes())
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert "right (1),right (5)" in table.read_text()
    # A session that was saved twice counts as it was when it was saved last.
    Report([record("Ada", "2.1", True, 4)]).save(reports / "again.csv")
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert "right (4),right (5)" in table.read_text()
    # Files of one name are two learners' in two folders, but one session is one learner's.
    for folder, session in (("a", "first"), ("b", "second"), ("c", "second")):
        (reports / folder).mkdir()
        Report([record("", "2.1", True, session=session)]).save(reports / folder / "report.csv")
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert table.read_text().replace("\\", "/").splitlines()[-2:] == [
        "a/report,1,1,a/report.csv,right (1),",
        "b/report,1,1,b/report.csv c/report.csv,right (1),",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.json", '[{"name": "Ada"'),
        ("other.csv", "a,b\n1,2\n"),
        ("binary.csv", "\xff\xfe\x00"),
        ("edited.csv", None),
        ("letters.csv", None),
        ("one_line.csv", "some words"),
        ("untried.csv", ",".join(COLUMNS) + "\n"),
        ("semicolons.csv", ";".join(COLUMNS) + "\n"),
        ("long.csv", ",".join(COLUMNS) + "\n" + 200_000 * "a"),
        ("deep.json", 100_000 * "["),
        ("CAPITALS.CSV", "a,b\n1,2\n"),
        ("notes.txt", "my notes"),
    ],
)
def test_a_broken_report_is_named_and_the_others_are_kept(name, content, reports, tmp_path, capsys):
    good = (reports / "ada.csv").read_text()
    text = content or good.replace("True", "yes" if name == "edited.csv" else "True").replace(
        "2.1", "one" if name == "letters.csv" else "2.1"
    )
    (reports / name).write_bytes(text.encode("latin-1"))
    before = (reports / name).read_bytes()
    assert teach.main(["gather", str(reports), str(tmp_path / "class.csv")]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"left out: {reports / name} ")
    assert "give another name" not in said  # which is for those who save
    if name in ("letters.csv", "untried.csv", "semicolons.csv"):
        assert said.endswith({
            "letters.csv": "names an exercise that is no number like 3.2",
            "untried.csv": "holds no exercise: nothing was tried in that session",
            "semicolons.csv": "(it has no column name; columns are separated by commas)",
        }[name])  # fmt: skip
    assert (reports / name).read_bytes() == before
    assert "Ada,2,2" in (tmp_path / "class.csv").read_text()


@pytest.mark.parametrize("content", [b"my own notes", b"names,right\n", b"\xff\xfe\x00", b"", None])
def test_nothing_but_an_older_table_is_written_over(
    content, reports, tmp_path, capsys, monkeypatch
):
    notes = tmp_path / "notes.csv"
    notes.mkdir() if content is None else notes.write_bytes(content)
    assert teach.main(["gather", str(reports), str(notes)]) == 2
    assert content is None or notes.read_bytes() == content
    assert capsys.readouterr().err == (
        f"{notes} is there and no table of a class; give another name\n"
    )
    monkeypatch.chdir(tmp_path)
    inside = reports / "monday/class.csv"
    for place in (inside, "reports/monday/class.csv", "reports/x/../monday/class.csv"):
        for folder in (str(reports), "reports"):
            assert teach.main(["gather", folder, str(place)]) == 2
            said = f"{Path(place)} would lie among the reports; put it elsewhere\n"
            assert capsys.readouterr().err == said
    assert not inside.exists()
    file = reports / "ada.csv"
    assert teach.main(["gather", str(file), str(tmp_path / "new.csv")]) == 2
    assert capsys.readouterr().err == f"{file} is no folder; name the one that the reports lie in\n"
    assert not (tmp_path / "new.csv").exists()


def test_the_commands_write_below_their_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()  # with its font
    chapter = str(CHAPTERS[0])
    assert teach.main(["student", chapter, "--output", str(tmp_path)]) == 0
    assert teach.main(["slides", chapter, "--output", str(tmp_path)]) == 0
    written = [tmp_path / "chapters" / CHAPTERS[0].name, tmp_path / f"{CHAPTERS[0].stem}.html"]
    assert capsys.readouterr().out.split() == [str(path) for path in written]
    assert json.loads(written[0].read_text())["cells"]
    page = written[1].read_text(encoding="utf-8")
    assert re.findall("@font-face.*\n.*?url.{8}", page)[0].endswith('url("data:f')
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(written)


def test_without_a_name_all_chapters_are_taken_in_their_order(tmp_path, monkeypatch, capsys):
    (tmp_path / "chapters").mkdir()
    for name in ("10_b", "02_a", "notes"):
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / f"chapters/{name}.ipynb")
    monkeypatch.setattr(teach, "ROOT", tmp_path)
    assert [teach.chapter(n).name for n in ("2", "02", "10")] == [
        *["02_a.ipynb"] * 2, "10_b.ipynb"
    ]  # fmt: skip
    assert teach.main(["student"]) == 0
    written = [tmp_path / f"_build/student/chapters/{name}.ipynb" for name in ("02_a", "10_b")]
    assert capsys.readouterr().out.split() == list(map(str, written))
    assert all(path.read_text("utf-8").endswith("}\n") for path in written)


def test_missing_chapters_are_named(tmp_path, capsys):
    missing = ["99", str(tmp_path / "99.ipynb")]
    assert teach.main(["slides", *missing]) == 2
    assert capsys.readouterr().err == f"no such chapter: {', '.join(missing)}\n"


def test_what_makes_no_slides_is_said_in_a_sentence(small, tmp_path, capsys):
    chapter, file = small[0], tmp_path / "file"
    empty = tmp_path / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), empty)
    no_notebook = "file is no notebook that can be read"
    for content, arguments, words in (
        (b"{}", [chapter, "--output", f"{file}"], "file lies in a file; --output names a folder"),
        (b"{}", [chapter, "--output", f"{file}{300 * 'x'}"], 300 * "x"),  # no name of a file
        (b"{}", [chapter, "--output", f"{file}/a"], "a lies in a file; --output names a folder"),
        *((text, [str(file)], no_notebook) for text in (b"{}", b"words", b"\xff", b"[]")),
        (b'{"nbformat": 4, "nbformat_minor": 5, "cells": 3}', [str(file)], no_notebook),
        (b"", [f"{empty}"], "empty.ipynb has no outputs: run it for its pictures\nempty has "),
    ):
        file.write_bytes(content)
        assert teach.main(["slides", "--output", str(tmp_path), *arguments]) == 2
        said = capsys.readouterr()
        assert words in said.err
        assert said.out == ""
    assert sorted(tmp_path.iterdir()) == [empty, file, tmp_path / "small"]
