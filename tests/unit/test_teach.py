"""What teachers are given: notebooks without solutions, slides, and the table of a class."""

import json
import re
import shlex
from types import SimpleNamespace

import nbformat
import pieces
import pytest
import slides
import teach
import teaching_page
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
    page = slides.slides([("chapter", notebook)])
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
        (" ".join(re.sub("<[^>]*>", " ", p.html).split()), p.kinds.split(), p.section)
        for p in pieces.pieces(notebook)
    ]
    assert found == [
        ("Title Words.", [], ""),
        ("Part More. x x (1.1)", [], "Part"),  # the number of the equation
        ("Detail", [], "Part"),
        ("print ( 2 )", [], "Part"),
        ("2", ["near"], "Part"),
        ("2", ["near"], "Part"),
        ("% timeit 1", [], "Part"),
        ("def f (): assert 1", [], "Part"),
        ("2", ["near"], "Part"),
        ("2", ["near"], "Part"),
        ("figure", ["figure"], "Part"),
        ("Figure 1.1. Its caption.", ["bound"], "Part"),
        ("Second A.", ["slide"], "Second"),
        ("B.", [], "Second"),
        ("Left out.", ["skip"], "Second"),
        ("Exercise 1.1: A task Do.", [], "Second"),
        ("By hand.", ["solution"], "Second"),
        ("def f (): return 1", ["solution"], "Second"),
        ("References A book.", ["skip"], "References"),
    ]
    second = "Second A. B. Exercise 1.1: A task Do."
    for title, names, expected in (
        ("chapter", ["second"], second),
        ("01_chapter", ["1.0", "1.2"], f"Title Words. 1.2 {second}"),
    ):
        page = slides.slides([(title, notebook)], names)
        main = re.search("(?s)<main.*?>(.*)</main>", page)[1]
        assert " ".join(re.sub("<[^>]*>", " ", main).split()) == expected
    assert "/* font: x */" in slides.slides([("chapter", notebook)], ["part"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title\n\nOne long sentence $a. b$ `c. d` [e. f](g) et al. (2001). Two.",
         "# Title\n\nOne long sentence $a. b$ `c. d` [e. f](g) et al. (2001)."),
        ("### Exercise 1.1: A task\n\n(An hour.) Do $|x|$. Then more.",
         "### Exercise 1.1: A task\n\n(An hour.) Do $|x|$."),
        ("## Title\n\n| a | b |\n| --- | --- |\n| 1 | 2 |", "## Title"),
        ("Words. More words.", ""),
        ("**A claim stands in bold.** Its reason.", "**A claim stands in bold.**"),
        ("**Figure 1.1.** What it shows. And more.", "**Figure 1.1.** What it shows."),
        ("**Figure 1.1.** Left: this. More. Right: that. And more.",
         "**Figure 1.1.** Left: this. Right: that."),
        ("- One thing is always so. And so.\n\n- Two.\n  Three is here, and long. Four.",
         "- One thing is always so.\n- Two. Three is here, and long."),
        ("- The **one** long number. It is so. And more.", "- The **one** long number. It is so."),
        ("> **Common mistake: a title.**\n>\n> Long words. **Fix:** do that.",
         "> **Common mistake: a title.**\n>\n> **Fix:** do that."),
        ("Long words. The odds of the two are\n\n$$\na\n\\tag{1.1}\n$$\n\n$$\nb\n$$",
         "The odds of the two are\n\n$$\na\n\\tag{1.1}\n$$\n\n$$\nb\n$$"),
        ("Write $d$ for it. Then\n\n$$\na\n\\tag{1.1}\n$$",
         "Write $d$ for it. Then\n\n$$\na\n\\tag{1.1}\n$$"),
        ("A row has a sum. Divide by it. Then the shares of this row are\n\n$$\na\n$$",
         "A row has a sum. Divide by it. Then the shares of this row are\n\n$$\na\n$$"),
        ("Write $p_i$ for a share. Much else is said here. The sum of all shares is\n\n$$\na\n$$",
         "Write $p_i$ for a share. The sum of all shares is\n\n$$\na\n$$"),
        ("**A bold claim, here to be proved.** Words. For all numbers $c$ the sum is\n\n$$\na\n$$",
         "**A bold claim, here to be proved.**\n\nFor all numbers $c$ the sum is\n\n$$\na\n$$"),
        ("Call $h$ a surprise. Words.", "Call $h$ a surprise."),
        ("Let the slope of $x$ be two. Words.", ""),
        (f"Let $x$ be {195 * 'a'}. Words.", f"Let $x$ be {195 * 'a'}."),
        (f"Let $x$ be {196 * 'a'}. Words.", ""),
        ("Write it down. Words.", ""),
        ("## A\n\nWhat is the share? It is this. More.", "## A\n\nWhat is the share? It is this."),
        ("## A\n\nWhat is the share, now? It is:\n\n| a |\n| - |", "## A"),
        ("**There is no such number.** It is this. More.",
         "**There is no such number.** It is this."),
        ("> **Common mistake: a.** Words.\n>\n> More.", "> **Common mistake: a.** Words."),
        ("* One thing is always so. And so.\n* It is $a$. So $c = d$.",
         "* One thing is always so.\n* It is $a$. So $c = d$."),
        ("A row. Both sides hold. Such a sum is long, not so. These are all shares\n\n$$\na\n$$",
         "Both sides hold. Such a sum is long, not so. These are all shares\n\n$$\na\n$$"),
        ("A row, it says, is one here. For all: this is a sum\n\n$$\na\n$$",
         "For all: this is a sum\n\n$$\na\n$$"),
        ("1. The total holds each. Its slope is $q = 1$. So.\n2. It is $a = b$. So $c = d$.",
         "1. The total holds each. Its slope is $q = 1$.\n2. It is $a = b$."),
        ("**Coding** makes no such claim. It is a vector. More.",
         "**Coding** makes no such claim. It is a vector."),
        ("## Title\n\nSymbol | Meaning\n--- | ---\n$K$ | classes",
         "## Title\n\nSymbol | Meaning\n--- | ---\n$K$ | classes"),
        ("> **Note: a title.**\n>\n> Long words.", ""),
        ("> A quotation.\n>\n> Long words.", "> A quotation."),
        ("## Title\n\nIts first sentence opens. More. What follows is then\n\n$$\na\n$$",
         "## Title\n\nIts first sentence opens.\n\nWhat follows is then\n\n$$\na\n$$"),
    ],
)  # fmt: skip
def test_what_a_short_deck_shows_of_a_text(text, shown):
    assert pieces.essence(text) == shown


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
    page = slides.slides([("a<b", notebook), ("c", notebook)])
    assert "<title>a&lt;b · c</title>" in page
    assert re.findall('data-chapter="(.*?)"', page) == ["a&lt;b", "c"]


def test_definitions_are_parted_from_code_that_is_python():
    source = "def f():\n    return 1\n\n\n%timeit f()"
    assert pieces.parted(source) == ("", source)
    assert pieces.parted(source.replace("%timeit ", "")) == (
        "def f():\n    return 1",
        "f()",
    )
    two = "def f():\n    return 1\n\n\nclass A:\n    x = 1"
    assert pieces.parted(f"{two}\nf()") == (two, "f()")
    lines = '    """What it does.\n\n    And more.\n    """' + 11 * "\n    x = 1"
    fits = f"def f():\n{lines}"
    assert pieces.parted(fits) == (fits, "")
    assert pieces.parted(f"{fits}\n    y = 2") == ("", f"{fits}\n    y = 2")


def test_a_full_stop_stays_on_the_line_of_its_formula():
    found = re.sub("(?s)<math.*?</math>", "F", pieces.html("Let $a$ (or $b$). Then $c$ is."))
    assert found.strip() == '<p>Let F (or <span class="line">F).</span> Then F is.</p>'
    assert pieces.html("20 000 of 5 000 and 6 70") == "<p>20\u00a0000 of 5\u00a0000 and 6 70</p>\n"


def test_a_deck_as_it_is_written(tmp_path, monkeypatch):
    """Whole pages but for styles, scripts and colours; a formula is its TeX in brackets."""
    monkeypatch.setattr(slides.formulas, "mathml", lambda tex, **_: f"[{tex}]")
    monkeypatch.setattr(slides, "TEACHING", tmp_path / "page.md")
    (tmp_path / "page.md").write_text(
        "1.0\n: First. **Ask:** Why? *Likely reply:* No. *Answer:* So. *Say:* Then.\n\n"
        "1.1\n: **Ask at the end:** What? *Likely reply:* No. *Answer:* That.\n\n"
        "**Session 1**\n: *Exercise 1.1:* slips. *1.2:* others.\n", "utf-8"
    )  # fmt: skip
    known = {"1.1": SimpleNamespace(hint="think", title="Do")}
    monkeypatch.setattr(teaching_page, "find_exercises", lambda: known)
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    printed = [nbformat.v4.new_output("stream", text="2 < 3\n")]
    notebook = nbformat.v4.new_notebook(cells=[
        md("# A *b*\n\nOne $x$ is enough. Two.\n\n> **Goals.** One."),
        md("## Part\n\nWords lead to $x$ [here](02_a.ipynb).\n\n$$\nx\n\\tag{1.1}\n$$"),
        code("def f():\n    return 2\n\n\nprint(f())\n# why\nassert f()", outputs=printed),
        md("### Exercise 1.1: Do\n\nThis, it is long enough. And that."),
        md("<details>\n<summary>Solution</summary>\n\nBy hand.\n\n</details>"),
        code("# Solution 1.1\nx = 1\nassert x", metadata={"tags": ["solution"]}),
        md("### Exercise 1.2: More"), code("# Solution 1.2", metadata={"tags": ["solution"]}),
    ])  # fmt: skip
    names = ["opening", "1.1", "break", "exercise 1.1", "closing"]
    items = [teaching_page.Planned(n, 6, extra=n == "1.1") for n in names]
    words = {"Aim": "a.", "Formulas": "$x$. $y$.", "Prepare": "p.", "Take home": "T.",
             "At home": "H."}  # fmt: skip
    words["Closing"] = "**Ask:** How? *Likely reply:* No. *Answer:* Well."
    plan = teaching_page.Plan("The plan", items, words)

    def made(**how):
        page = slides.slides([("01_a<b", notebook)], **how)
        page = re.sub(r'<span class="\w+">(.*?)</span>|<span></span>', r"\1", page)
        head, body = re.sub("(?s)<(style|script)>.*?</.*?>", r"<\1>", page).split("<main>\n")
        assert head == (
            f'<!DOCTYPE html>\n<html lang="en"{" class=short" * bool(how)}><head>'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<title>01_a&lt;b</title>\n<style></head>\n<body>"
        )
        main, end = body.replace("\n", "").split("</main>")
        assert end == "<script></body></html>"
        return re.split('</div>(?:<div class="piece |(?=<div data))', main.removesuffix("</div>"))

    first = '<div data-chapter="1 A b" class="piece  slide'
    title = f'{first}"><h1>A <em>b</em></h1><p>One [x] is enough. Two.</p>'
    goals = '"><blockquote><p><strong>Goals.</strong> One.</p></blockquote>'
    part = ('"><h2>1.1 Part</h2><p>Words lead to [x] here.</p><div class="formula">[x]'
            "<span>(1.1)</span></div>")  # fmt: skip
    f = '"><div class="highlight"><pre>def f():    return 2</pre></div>'
    rest = '"><div class="highlight"><pre>print(f())</pre></div>'
    out = '"><pre class="output">2 &lt; 3</pre>'
    do = "Exercise 1.1: Do</h{0}><p>This, it is long enough."
    ask = '"><div class="question"><p>{}</p></div><div class="answer"><p>{}</p></div>'
    told = "<strong>Ask{}</strong> {} <em>Likely reply:</em> No. <em>Answer:</em> {}</p>"
    late = told.format(" at the end:", "What?", "That.")
    task, more = f'"><h3>{do.format(3)}', '"><h3>Exercise 1.2: More</h3>'
    assert made() == [title, goals, part, f, f"near more{rest}", f"near{out}",
                      f"{task} And that.</p>", more]  # fmt: skip
    assert made(short=True) == [
        title, 'note teacher"><p>First.</p>', f"ask near{ask.format('Why?', 'So.')}",
        f'note teacher"><p>{told.format(":", "Why?", "So.")}', f" slide{goals}",
        'note teacher"><p><em>Say:</em> Then.</p>', part, f, f"note{rest}", f"note{out}",
        f"{task}</p>", f"note{task} And that.</p>", more,
        f"ask slide{ask.format('What?', 'That.')}", f'note teacher"><p>{late}',
    ]  # fmt: skip

    def opens(until, chapter=None, kinds=" slide"):
        mark = f'data-chapter="{chapter}" ' if chapter else ""
        return f'<div {mark}data-until="{until}" class="piece {kinds}">'

    times = 'note teacher"><p><strong>6 minutes, to minute {}.</strong>'
    assert made(plan=plan) == [
        f"{opens(6, 'The plan')}<h1>The plan</h1><p><strong>Aim:</strong> a.</p><table><thead><tr>"
        '<th style="text-align:right">Minute</th><th style="text-align:left"></th></tr></thead>'
        "<tbody>" + "".join(
            f'<tr><td style="text-align:right">{minute}</td>'
            f'<td style="text-align:left">{what}</td></tr>'
            for minute, what in [(6, "Part"), (12, "Break"), (18, "Exercise 1.1: Do"),
                                 (24, "Looking back")]
        ) + "</tbody></table>",
        f"{times.format(6)} <em>Prepare:</em> p.</p>",
        'slide"><h2>Formulas to have at hand</h2><ul><li>[x].</li><li>[y].</li></ul>',
        f"{opens(12, '1 A b', ' extra slide')}{part[2:]}",
        f"{times.format(12)} May be left out: → goes on to the next section.</p>",
        f, f"note{rest}", f"note{out}", f"ask slide{ask.format('What?', 'That.')}",
        f'note teacher"><p>{late}',
        f"{opens(18)}<h2>Break</h2><p>6 minutes</p>", f"{times.format(18)}</p>",
        f"{opens(24)}<h2>{do.format(2)} And that.</p>",
        f"{times.format(24)} <em>Hint:</em> think</p><p><em>Slips:</em> slips.</p>",
        'note teacher"><p><em>Solution:</em></p><p>By hand.</p>'
        '<div class="highlight"><pre>x = 1</pre></div>',
        '"><p><em>1 minutes, in the notebook of the chapter; then we look at a solution.</em></p>',
        'slide"><h2>A solution of exercise 1.1</h2>',
        'near"><div class="answer"><p>By hand.</p></div>',
        'near"><div class="answer"><div class="highlight"><pre>x = 1'
        "</pre></div></div>",
        f"{opens(30, 'The plan')}<h2>Looking back</h2>", f"{times.format(30)}</p>",
        f"ask near{ask.format('How?', 'Well.')}",
        f'note teacher"><p>{told.format(":", "How?", "Well.")}',
        ' slide"><h3>To take home</h3><ul><li>T.</li></ul><h3>At home</h3><ul><li>H.</li></ul>',
    ]  # fmt: skip


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


def test_what_a_short_deck_leaves_off_its_slides_are_notes():
    md, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    printed = [nbformat.v4.new_output("stream", text="2\n")]
    long = "def g():\n" + "    x = 1\n" * 12
    cells = [
        md("# Title\n\nA first sentence of all. Another.\n\n> **Goals.**\n>\n> - A. B."),
        code("def o():\n    return 1"),
        md("## Part"),
        code('def f():\n    """Words.\n\n    More.\n    """\n    return 2'),
        code(long),
        code("def h():\n    return 3\n\n\nprint(h())"),
        code("print(f())", outputs=printed),
        md("## Summary\n\n- A thing that is long enough. All of it."),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    found = [
        (" ".join(re.sub("<[^>]*>", " ", p.html).split()), p.kinds)
        for p in pieces.pieces(notebook, short=True)
    ]
    assert found == [
        ("Title A first sentence of all.", ""),
        ("Title A first sentence of all. Another.", "note"),
        ("Goals. A. B.", ""),
        ("def o (): return 1", "note"),
        ("Part", ""),
        ('def f (): """Words. More. """ return 2', ""),
        (f"def g ():{12 * ' x = 1'}", "note"),
        ("def h (): return 3", ""),
        ("print ( h ())", "note"),
        ("print ( f ())", "note"),
        ("2", "note"),
        ("Summary A thing that is long enough. All of it.", ""),
    ]  # fmt: skip


def test_several_chapters_in_one_file_each_with_its_own_sections():
    cell = nbformat.v4.new_markdown_cell
    texts = "# One\n\nA.\n\n## First\n\nB.", "# Two\n\nC.\n\n## First\n\nD."
    notebooks = [nbformat.v4.new_notebook(cells=[cell(text)]) for text in texts]
    page = slides.slides(
        list(zip(["01_one", "02_two"], notebooks, strict=True)), ["1.1", "2.0", "2.1"]
    )
    main = re.search("(?s)<main.*?>(.*)</main>", page)[1]
    assert re.findall("<h.>(.*?)</h.>", main) == ["1.1 First", "Two", "2.1 First"]
    assert re.findall('data-chapter="(.*?)"', main) == ["1 One", "2 Two"]


PAGE = (teach.ROOT / "pages/teaching.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"(?m)^ *\$ \.venv/bin/python tools/teach\.py (slides .+)$", PAGE)


PLANS = {name: plan.items for name, plan in teaching_page.plans(PAGE).items()}


def sections_of(plan):
    return [item.name for item in plan if item.name[0].isdigit()]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.endswith("--short")])
def test_the_teachers_page_names_chapters_that_are_there(command, tmp_path, monkeypatch):
    monkeypatch.chdir(teach.ROOT)
    assert teach.main([*shlex.split(command), "--output", str(tmp_path)]) == 0
    named = re.findall(r" (\d+)(?= )", command)
    assert len(list(tmp_path.iterdir())) == (len(named) or len(CHAPTERS))


@pytest.mark.parametrize("command", [c for c in COMMANDS if "--sections" in c])
def test_the_teachers_page_names_sections_that_are_there(command, tmp_path, monkeypatch):
    monkeypatch.chdir(teach.ROOT)
    assert teach.main([*shlex.split(command), "--output", str(tmp_path)]) == 0
    shown = next(tmp_path.iterdir()).read_text(encoding="utf-8")
    numbers = re.findall(r"\d+\.\d+", command)
    assert numbers
    for number in numbers:
        assert f"<h2>{number} " in shown


def test_the_teachers_page_has_a_command_for_each_plan():
    named = [found[1] for c in COMMANDS if (found := re.fullmatch(r"slides --plan (\S+)", c))]
    assert named == list(PLANS)
    assert len(named) == 5


def on_slides(page):
    """The HTML of the pieces that slides show."""
    parts = re.split(r'<div (?=(?:data-[a-z]+="[^"]*" )*class="piece )', page.split("</main>")[0])
    shown = [part for part in parts if not re.match(r'[^>]*class="piece [^"]*note', part)]
    return "".join(re.sub('base64,[^"]*', "", part) for part in shown[1:])


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The deck of each plan."""
    folder = tmp_path_factory.mktemp("plans")
    for name in PLANS:
        assert teach.main(["slides", "--plan", name, "--output", str(folder)]) == 0
    return {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in PLANS}


@pytest.mark.parametrize("name", PLANS)
def test_a_deck_of_a_plan_has_what_it_plans_in_this_order(name, planned):
    plan, page = PLANS[name], planned[name]
    sections = re.split('<div (?:data-chapter="[^"]*" )?(?=data-until)', page)[1:]
    told = [
        re.search(r"<strong>(\d+) minutes?, to minute (\d+)\.</strong>(.*)", s) for s in sections
    ]
    assert [int(found[1]) for found in told] == [item.minutes for item in plan]
    assert int(told[-1][2]) == sum(item.minutes for item in plan)
    assert ["May be left out" in found[3] for found in told] == [item.extra for item in plan]
    assert page.count(" extra") >= sum(item.extra for item in plan)
    titles = {"break": "Break", "closing": "Looking back", "figure 6.2": "Ten kinds of clothes"}
    for section, item in zip(sections, plan, strict=True):
        opening = item.name == "opening" or item.name.endswith(".0")
        title = titles.get(item.name, item.name.capitalize())
        assert re.search("<h1>" if opening else f"<h2>{title}", section)
        assert (item.name.startswith("exercise")) == ("<h2>A solution of" in section)
    asked = set(teaching_page.teachers_notes(PAGE)) & {item.name for item in plan}
    shows = teaching_page.DEMONSTRATED in sections_of(plan)
    assert shows == (name == "session-4")
    assert page.count('<div class="question">') == len(asked) + 4 * shows
    assert len(asked) > len(plan) / 3
    tasks = sum(item.name.startswith("exercise") for item in plan)
    for words in ("</strong> <em>Hint:", "<p><em>Slips:", "<p><em>Solution:"):
        assert page.count(words) == tasks


def test_what_a_plan_names_was_shown(planned):
    shown = set()
    for name, page in planned.items():  # the sessions come one after the other
        words = on_slides(page)
        shown |= set(re.findall(r"<(?:span|strong)>\(?((?:Figure )?\d+\.\d+)[.)]", words))
        named = re.findall(r"equations? \((\d+\.\d+)\)|(?i:figure) (\d+\.\d+)", words)
        assert {e or f"Figure {f}" for e, f in named} <= shown, name
        # No text begins with what leans on a sentence that is on no slide.
        leans = r'="piece [^"]*">\s*<p>(?:<\w+>)*((?:Both|This|These|They|Such|Each has|No)\b.{40})'
        assert not re.findall(leans, words)


def test_the_demonstrations_questions_are_slides_with_what_is_seen_as_the_answer():
    title, opening, *rest = teaching_page.demonstration(
        "(lab-demonstration)=\n## Show\n\nOpen {doc}`chapter 7 </chapters/07>`.\n\n"
        "1. **Ask** (2 minutes). One. Which? Do.\n\n   *Seen:* that.\n\n   *Conclude:* so.\n\n"
        "2. **Ask** (1 minute). Why?\n\n   *Seen:* it.\n\n   *Conclude:* no.\n\nLast.\n\n(x)=\n"
    )
    assert title == pieces.Piece("<h2>Show</h2>", "slide")
    assert opening == pieces.Piece("<p>Open chapter 7.</p>\n", "note teacher")
    words = [" ".join(re.sub("<[^>]*>", " ", p.html).split()) for p in rest]
    assert list(zip([p.kinds for p in rest], words, strict=True)) == [
        ("ask near", "One. Which? That. So."),
        ("note teacher", "Ask (2 minutes). One. Which? Do. Seen: that. Conclude: so."),
        ("ask slide", "Why? It. No."),
        ("note teacher", "Ask (1 minute). Why? Seen: it. Conclude: no. Last."),
    ]
    assert teaching_page.demonstration("") == []
    broken = "(lab-demonstration)=\n## Show\n\n1. **Ask** (2 minutes). Tell.\n\n(x)=\n"
    with pytest.raises(ValueError, match=r"no question, Seen and Conclude in: .*Tell"):
        teaching_page.demonstration(broken)
    # That of the page takes what its section leaves of the time.
    notes = "".join(p.html for p in teaching_page.demonstration(PAGE) if "note" in p.kinds)
    minutes = map(int, re.findall(r"Ask</strong> \((\d+) minutes?\)", notes))
    name = teaching_page.DEMONSTRATED
    (whole,) = {i.minutes for plan in PLANS.values() for i in plan if i.name == name}
    assert sum(minutes) == whole - 2 == 7


def test_a_plan_takes_the_chapters_that_it_names(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(teach, "slides", lambda *given, **how: asked.append((given, how)) or "page")
    for words, file in ([], "session-2"), (["--as", "monday"], "monday"):
        command = ["slides", "--plan", "session-2", *words, "--output", str(tmp_path / "new")]
        assert teach.main(command) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'new' / file}.html\n"
        assert (tmp_path / "new" / f"{file}.html").read_text() == "page"
    numbers = {
        f"{int(n):02}" for item in PLANS["session-2"] for n in re.findall(r"(\d+)\.", item.name)
    }
    taken = [path.stem for path in CHAPTERS if path.name[:2] in numbers]
    plan = teaching_page.plans(PAGE)["session-2"]
    for (deck, sections), how in asked:
        assert [name for name, _ in deck] == taken
        assert (sections, how) == ([], {"short": False, "plan": plan})


def test_a_plan_goes_without_chapters_and_sections_of_ones_own(tmp_path, capsys):
    output = ["--output", str(tmp_path / "out")]
    assert teach.main(["slides", "2", "--plan", "session-1", *output]) == 2
    assert teach.main(["slides", "--sections", "2.1", "--plan", "session-1", *output]) == 2
    assert capsys.readouterr().err.count("--plan session-1 names its sections") == 2
    assert not (tmp_path / "out").exists()


def test_the_minutes_of_the_plans_add_up_to_those_of_their_tables():
    week = PAGE[PAGE.index("A week of five sessions") : PAGE.index("A short course of ten")]
    table = re.findall(r"\| (\d) \| (.*) \| (\d+) min \| (\d+) min \| (.*) \|", week)
    assert len(table) == 5
    for session, chapters, shown, solved, in_class in table:
        plan = PLANS[f"session-{session}"]
        tasks = [item for item in plan if item.name.startswith("exercise")]
        assert sum(item.minutes for item in tasks) == int(solved)
        listed = [item.name.split()[1] for item in tasks]
        assert set(re.findall(r"\d+\.\d+", in_class)) <= set(listed)
        named = [item for item in plan if item.name[0].isdigit()]
        around = [item for item in plan if item.name in ("opening", "closing")]
        assert sum(item.minutes for item in [*named, *around]) == int(shown)
        assert sum(item.minutes for item in plan) == 180
        used = {item.name.split(".")[0] for item in named} - ({"2"} if session == "2" else set())
        assert used == set(re.findall(r"\d+", chapters))


def test_what_the_teachers_page_says_of_a_section_is_said_once_and_asks():
    found = re.findall(r"(?m)^((?:figure )?\d+\.\d+)\n: ", PAGE)
    assert len(found) == len(set(found))
    notes = teaching_page.teachers_notes(PAGE)
    assert list(notes) == found
    for number, words in notes.items():
        _, now, end, _ = teaching_page.noted(words)
        assert len(now + end) == 2, number  # a question and its note
    shown = {item.name for plan in PLANS.values() for item in plan}
    assert set(notes) - shown == {"10.1", "11.1"}


def test_sections_come_as_they_are_named_with_the_question_before_or_after(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    asked = "*Likely reply:* No.\n  *Answer:* {}.\n  *Say:* more.\n\n"
    page.write_text(
        "1.1\n: **Ask:** Why?\n  " + asked.format("So")
        + "2.1\n: **Ask at the end:** What?\n  " + asked.format("That"),
        encoding="utf-8",
    )  # fmt: skip
    monkeypatch.setattr(slides, "TEACHING", page)
    cell = nbformat.v4.new_markdown_cell
    notebooks = [
        (name, nbformat.v4.new_notebook(cells=list(map(cell, texts))))
        for name, texts in (
            ("01_one", ["# One\n\nA.", "## First\n\nB.", "## Second\n\nC."]),
            ("02_two", ["# Two", "## Third\n\nD."]),
        )
    ]
    deck = slides.slides(notebooks, ["1.2", "2.1", "1.1"], short=True)
    main = re.search("(?s)<main.*?>(.*)</main>", deck)[1]
    assert re.findall('data-chapter="(.*?)"', main) == ["1 One", "2 Two", "1 One"]
    on_slides = re.sub(r'(?s)<div class="piece note teacher">.*?</div>', "", main)
    assert " ".join(re.sub("<[^>]*>", " ", on_slides).split()) == (
        "1.2 Second C. 2.1 Third D. What? That. 1.1 First Why? So. B."
    )


def test_a_cell_of_the_type_notes_is_on_no_slide_of_a_short_deck():
    cell = nbformat.v4.new_markdown_cell(
        "**A claim.** Words.", metadata={"slideshow": {"slide_type": "notes"}}
    )
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert {piece.kinds for piece in pieces.pieces(notebook, short=True)} == {"note"}
    assert {piece.kinds for piece in pieces.pieces(notebook)} == {""}


def test_a_sections_first_piece_has_the_notes_of_the_teacher(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("2.1\n: **Ask:** why?\n  So.\n\nOther.", encoding="utf-8")
    monkeypatch.setattr(slides, "TEACHING", page)
    texts = ["First of all, words. Left off.", "# Title", "## Part", "Words. Of the book."]
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    notebook = nbformat.v4.new_notebook(cells=cells)
    page = slides.slides([("02_part", notebook)], short=True)
    found = re.findall(
        '<div class="piece (.*?)">|<div data-chapter="2 Title" class="piece (.*?)"', page
    )
    words = re.findall(r"(?s)<p>(.*?)</p>", page)
    assert words[1:] == [
        "<strong>Ask:</strong> why?\nSo.",
        "Words. Of the book.",
    ]
    # What a deck begins with is on a slide.
    assert ["note" in "".join(kinds) for kinds in found] == [False, False, False, True, True]


def record(name, exercise, passed, attempts=1, session="s"):
    return Record(name, session, exercise, f"Title {exercise}", passed, attempts)


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    (folder / "monday").mkdir(parents=True)
    Report([record("Ada", "11.1", False, 2), record("Ada", "1.1", True)]).save(folder / "ada.csv")
    later = record("Ada", "11.1", True, 3, session="t")
    Report([later]).save(folder / "monday" / "ada.json")
    Report([record("", "1.1", False)]).save(folder / "Ad.csv")  # nobody said whose it is
    return folder


def test_the_table_of_a_class_has_a_line_a_learner(reports, tmp_path, capsys):
    table = tmp_path / "autumn" / "tables" / "class.csv"  # in folders that are made
    assert teach.main(["gather", str(reports), str(table)]) == 0
    expected = (
        "name,right,tried,files,1.1,11.1\n"
        "Ad,0,1,Ad.csv,not yet (1),\n"
        "Ada,2,2,ada.csv monday/ada.json,right (1),right (5)\n"
    )
    assert table.read_text().replace("\\", "/") == expected
    assert capsys.readouterr().out == f"{table}: learners: 2, records: 4\n"
    # A copy handed in twice counts once, and the table may be made anew.
    (reports / "copy.csv").write_bytes((reports / "ada.csv").read_bytes())
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert "right (1),right (5)" in table.read_text()
    # A session that was saved twice counts as it was when it was saved last.
    Report([record("Ada", "1.1", True, 4)]).save(reports / "again.csv")
    assert teach.main(["gather", str(reports), str(table)]) == 0
    assert "right (4),right (5)" in table.read_text()


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
    ],
)
def test_a_broken_report_is_named_and_the_others_are_kept(name, content, reports, tmp_path, capsys):
    good = (reports / "ada.csv").read_text()
    text = content or good.replace("True", "yes" if name == "edited.csv" else "True").replace(
        "1.1", "one" if name == "letters.csv" else "1.1"
    )
    (reports / name).write_bytes(text.encode("latin-1"))
    before = (reports / name).read_bytes()
    assert teach.main(["gather", str(reports), str(tmp_path / "class.csv")]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"left out: {reports / name} ")
    assert "give another name" not in said  # which is for those who save
    if name in ("letters.csv", "untried.csv"):
        assert said.endswith({
            "letters.csv": "names an exercise that is no number like 3.2",
            "untried.csv": "holds no exercise: nothing was tried in that session",
        }[name])  # fmt: skip
    assert (reports / name).read_bytes() == before
    assert "Ada,2,2" in (tmp_path / "class.csv").read_text()


@pytest.mark.parametrize("content", [b"my own notes", b"\xff\xfe\x00", b""])
def test_nothing_but_an_older_table_is_written_over(content, reports, tmp_path, capsys):
    notes = tmp_path / "notes.csv"
    notes.write_bytes(content)
    assert teach.main(["gather", str(reports), str(notes)]) == 2
    assert notes.read_bytes() == content
    assert capsys.readouterr().err == (
        f"{notes} is there and no table of a class; give another name\n"
    )
    inside = reports / "monday/class.csv"
    assert teach.main(["gather", str(reports), str(inside)]) == 2
    assert capsys.readouterr().err == (f"{inside} would lie among the reports; put it elsewhere\n")
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


def test_short_slides_and_those_of_several_chapters_have_names_of_their_own(small, tmp_path):
    folder = tmp_path / "slides"
    assert teach.main(["slides", *small, "--short", "--output", str(folder)]) == 0
    assert teach.main(["slides", *small, "--as", "monday", "--output", str(folder)]) == 0
    names = ["01_one_short.html", "02_two_short.html", "monday.html"]
    assert [path.name for path in sorted(folder.iterdir())] == names
    short, long = (folder / name for name in (names[0], names[-1]))
    assert '<html lang="en" class=short>' in short.read_text(encoding="utf-8")
    assert 'piece note"' in short.read_text(encoding="utf-8")
    assert 'piece note"' not in long.read_text(encoding="utf-8")


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
    file.write_text("{}")
    empty = tmp_path / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), empty)
    for arguments, words in (
        ([chapter, "--output", str(file)], "file lies in a file; --output names a folder"),
        (
            [chapter, "--sections", "99"],
            "there is no section 99; these are there:\n  0  the opening\n  1  An",
        ),
        ([chapter, "--sections", "2.2"], "there is no section 2.2; these"),  # of chapter 1
        ([str(file)], "file is no notebook that can be read"),
        ([str(empty)], "empty.ipynb has no outputs: run it for its pictures\nempty has nothing"),
    ):
        assert teach.main(["slides", "--output", str(tmp_path), *arguments]) == 2
        said = capsys.readouterr()
        assert words in said.err
        assert said.out == ""
    assert sorted(tmp_path.iterdir()) == [empty, file, tmp_path / "small"]


def test_minutes_add_up_in_a_plan_and_nowhere_else(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(
        "2.0\n: Say.\n\n2.1\n: Ask.\n\n"
        "**Session 1: of that**\n: *Aim:* that.\n  *Plan:* 2.0 · 4, (2.1 · 5), break · 6,\n"
        "  exercise 2.1 · 7, 2.3 · 8.\n  *Exercise 2.1:* slips.\n\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(slides, "TEACHING", page)
    plan = teaching_page.plans(page.read_text(encoding="utf-8"))["session-1"]
    assert plan.title == "Session 1: of that"
    assert plan.items == [
        ("2.0", 4, False), ("2.1", 5, True), ("break", 6, False), ("exercise 2.1", 7, False),
        ("2.3", 8, False),
    ]  # fmt: skip
    texts = [
        "# Title\n\nWords.",
        "> **Goals.**\n>\n> - One.",
        "## A\n\nGoals.",
        "## C\n\nD.",
        "## E\n\nF.\n\n## Exercises\n\n### Exercise 2.1: Do\n\nThis, it is long enough. And that.",
        "### Exercise 2.2: Left\n\nOut.",
    ]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_markdown_cell, texts)))

    def made(names=(), plan=None):
        deck = slides.slides([("02_part", notebook)], names, short=True, plan=plan)
        main = re.search("(?s)<main.*?>(.*)</main>", deck)[1]
        kind = re.search(r'piece ([^"]*)">\s*<blockquote', main)[1]
        shown = re.sub(r'(?s)<div class="piece [^"]*note[^"]*">.*?</div>', "", main)
        words = " ".join(re.sub("<[^>]*>", " ", shown).split())
        return re.findall(r"<strong>(.*? minutes.*?)</strong>", main), kind.strip(), words

    minutes = [
        "4 minutes, to minute 4.",
        "5 minutes, to minute 9.",
        "6 minutes, to minute 15.",
        "7 minutes, to minute 22.",
        "8 minutes, to minute 30.",
    ]
    assert made(plan=plan) == (
        minutes,
        "note",
        "Title Words. 2.1 A Goals. Break 6 minutes Exercise 2.1: Do This, it is long enough. "
        "And that. 2 minutes, in the notebook of the chapter; then we look at a solution. "
        "A solution of exercise 2.1 2.3 E F.",
    )
    assert made(["2.0", "2.1"]) == ([], "note", "Title Words. 2.1 A Goals.")
    assert made()[:2] == ([], "")
