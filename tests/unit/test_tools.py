"""What the tools' docstrings promise, on small inputs."""

import os
import re
from base64 import b64decode, b64encode
from contextlib import nullcontext
from functools import partial
from gzip import decompress
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import book_ext
import book_pages
import browsing
import build_book
import check_book
import make_course_text
import make_pdf
import nbformat
import numpy as np
import package_index
import pieces
import pytest
import repository
import run_chapters
import teach
from book_ext import icons, lab_images, languages, launch, preflight
from book_ext.assets import prune, trim, wanted
from book_ext.chapters import LinkChapter, anchor, bold_beginning, dress_box
from book_ext.lab_images import handed, packed
from book_ext.landing import Contents, CourseFigure, contents, counted, hours
from book_ext.markup import repaired
from book_ext.palette import palette_css
from book_ext.pictures import require_alt, rewrite, rewritten
from book_ext.progress import attributes, tasks, tick
from chapter_form import ON_COLAB, SETUP
from docutils import nodes
from fontTools.ttLib import TTFont
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image
from sphinx.errors import ConfigError

from course_utils.exercises.reporting import Record, Report
from course_utils.fashion_mnist.idx import DataError
from course_utils.figures.scripts import trainer_text
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.plots.style import COLORS

# --- pages of the book -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "after"),
    [
        ('<th class="head"><p></p></th>', '<td class="empty"></td>'),
        ('<th class="head stub"></th>', '<td class="empty stub"></td>'),
        ('<th class="head"><p>n</p></th>', '<th class="head"><p>n</p></th>'),
        ('<dl role="doc-biblioentry">', "<dl>"),
        ('<div role="list" class="citation-list">', '<div class="citation-list">'),
        ("<math>x</math>.", '<span class="keep"><math>x</math>.</span>'),
        ("(<math>x</math>)", '<span class="keep">(<math>x</math>)</span>'),
        ("<math>x</math> and", "<math>x</math> and"),
    ],
)
def test_markup_is_repaired(html, after):
    assert repaired(html) == after


def test_addresses_on_a_page(tmp_path):
    path = tmp_path / "p.html"
    relations = ("stylesheet", "shortcut icon", "preload", "modulepreload", "prefetch", "manifest")
    path.write_text(
        '<h2 id="here"></h2><a name="old" href="x%20y.html#z">x</a><video poster="v.png" '
        'src="v.mp4">'
        '</video><link rel="next" href="n.html">'
        '<img src="i.png" srcset="j.png" alt="it"><object data="o.svg"></object><embed src="e.swf">'
        '<img class="logo__image" src="l.svg" alt=""><img src="d.png" alt=""><audio src="a.mp3">'
        f'<img class="logo__image" src="{90 * "m"}"><i class="fa-brands fa-one x"></i>'
        '<i class="fa-solid fa-two"></i><i class="fa-three"></i><source src="s.mp3" '
        'srcset="s.webp"><iframe src="w.html"></iframe><script src="s.js"></script>'
        + "".join(f'<link rel="{kind}" href="{kind}.x">' for kind in relations)
    )
    page = book_pages.Page(path)
    assert page.ids == {"here", "old"}
    assert page.links == ["x%20y.html#z"]
    assert page.loaded == [
        *("v.mp4", "v.png", "o.svg", "e.swf", "a.mp3", "s.mp3", "s.webp", "w.html", "s.js"),
        *(f"{kind}.x" for kind in relations),
    ]
    assert page.pictures == ["i.png", "j.png", "l.svg", "d.png", 90 * "m"]
    assert page.without_alt == ["d.png", 80 * "m"]
    assert page.icons == {"brands", "one", "solid", "two"}
    assert book_pages.target(path, "x%20y.html#z") == (tmp_path / "x y.html").resolve()
    assert book_pages.target(path, "#z") == path
    for address, local, remote in [
        ("a.html", True, False),
        ("#here", True, False),
        ("//cdn.example.org/a.js", False, True),
        ("https://example.org", False, True),
        ("mailto:a@b.c", False, False),
        ("data:image/png;base64,AA", False, False),
        ("", False, False),
    ]:
        assert (book_pages.is_local(address), book_pages.is_remote(address)) == (local, remote)
    (tmp_path / "_static").mkdir()
    for name in ("_static/no", "q", "a"):
        (tmp_path / f"{name}.html").touch()
    assert [page.name for page in book_pages.read_pages(tmp_path)] == ["a.html", "p.html", "q.html"]


@pytest.mark.parametrize("kind", ["html", "css", "js", "svg", "json", "png", "woff2", "webp"])
def test_what_a_file_weighs(kind, tmp_path):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(b"a" * 10_000)
    text = kind in ("html", "css", "js", "svg", "json")
    assert (check_book.transfer_size(path) < 100) == text
    assert text or check_book.transfer_size(path) == 10_000


def test_a_page_keeps_the_scripts_and_style_sheets_that_it_uses():
    names = {
        "clipboard.min.js": '<div class="highlight-python">',
        "copybutton.js": '<div class="highlight">',
        "copybutton.css": '<div class="highlight">',
        "design-tabs.js": '<div class="sd-tab-set">',
        "sphinx-design.min.css": '<div class="sd-card">',
        "formulas.css": "<math>",
        "progress.js": '<span data-chapter="3">',
        "overview.js": '<details id="your-progress">',
    }
    for name, body in names.items():
        assert wanted(f"_static/{name}?v=1", body)
        assert not wanted(f"_static/{name}?v=1", "")
        asset = SimpleNamespace(filename=f"_static/{name}")  # as Sphinx keeps them
        assert not wanted(asset, "highlight math data-chapter your-progress")
    assert wanted("unknown.js", "")
    context = {"body": "<math>", "script_files": ["x.js", "progress.js"],
               "css_files": ["formulas.css", "copybutton.css"]}  # fmt: skip
    trim(None, "p", "t", context, None)
    assert (context["script_files"], context["css_files"]) == (["x.js"], ["formulas.css"])
    trim(None, "p", "t", bare := {"script_files": ["x.js", "progress.js"], "css_files": []}, None)
    assert bare == {"script_files": ["x.js"], "css_files": []}
    late = SimpleNamespace(filename="_static/copybutton.js", attributes={})
    trim(
        None, "p", "t", {"body": 'class="highlight', "script_files": [late], "css_files": []}, None
    )
    assert late.attributes == {"type": "text/later"}


def test_style_sheets_are_cut_down_and_ours_lose_their_comments(tmp_path):
    static, used, never = tmp_path / "_static", " .used {a: b} .made {c: d}", " .never {e: f}"
    for folder in ("_static/styles", "_static/figures", "chapters"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "chapters/p.html").write_text('<p class="used">')
    (static / "styles/s.js").write_text("'made'")
    css = f"/* why */{used}{never}"
    cut = {"styles/theme.css", "basic.css", "pygments.css", "copybutton.css", "mystnb.1.css",
           "sphinx-design.min.css"}  # fmt: skip
    for name in {*cut, "book.css", "figures/theme.css", "other.css", "figures/basic.css"}:
        (static / name).write_text(css)
    for name in ("book.js", "progress.js", "overview.js"):
        (static / name).write_text("// why\nlet a;  /* b */\n")
    for form, error in (("latex", None), ("html", ValueError()), ("html", None)):
        assert {path.read_text() for path in static.rglob("*.css")} == {css}
        prune(SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format=form)), error)
    for names, left in ((cut, used), (["book.css", "figures/theme.css"], used + never),
                        (["other.css", "figures/basic.css"], css),
                        (["book.js", "progress.js", "overview.js"], "let a;  \n")):  # fmt: skip
        assert {(static / name).read_text() for name in names} == {left}


def test_icons_and_colours():
    assert icons.from_stylesheet('--pst-icon-a:"\\f071";--pst-icon-b:"x";--other:"\\f000"') == {
        0xF071,
        ord("x"),
    }
    with pytest.raises(RuntimeError, match=r"fa-solid-900\.ttf has no icon named no-such-icon"):
        icons.small_font(icons.FONTS / "fa-solid-900.ttf", ("sun", "no-such-icon"), set())
    data, points = icons.small_font(icons.FONTS / "fa-solid-900.ttf", ("sun",), {0xF071, 0x1})
    assert data[:4] == b"wOF2"
    assert points == [0x2600, 0xF071, 0xF185]  # the sun has two
    lines = "".join(f"  --course-{name}: {value};\n" for name, value in COLORS.items())
    assert palette_css() == f":root {{\n{lines}}}\n"
    (node,), _ = languages.zh("zh", "", "软<", 1, None)
    assert node.astext() == '<span class="zh" lang="zh-Hans">软&lt;</span>'


def test_the_icons_come_in_two_fonts_with_what_the_theme_draws(tmp_path):
    for _ in range(2):  # a second build finds the folder
        icons.stage(tmp_path / "new/icons")
    text = (tmp_path / "new/icons/icons.css").read_text()
    faces = re.findall(
        r'@font-face { font-family: "(.*?)"; font-weight: (\d+); font-display: block;\n'
        r'  src: url\("data:font/woff2;base64,([\w+/=]+)"\) format\("woff2"\);\n'
        r"  unicode-range: (.*?); }\n",
        text,
    )
    assert [face[:2] for face in faces] == [("Font Awesome 6 Free", "900"),
                                            ("Font Awesome 6 Brands", "400")]  # fmt: skip
    files = (("fa-solid-900", icons.SOLID), ("fa-brands-400", icons.BRANDS))
    sheet = icons.THEME / "styles/pydata-sphinx-theme.css"
    drawn = icons.from_stylesheet(sheet.read_text("utf-8"))
    for (_, _, data, ranges), (file, names) in zip(faces, files, strict=True):
        points = {int(point.removeprefix("U+"), 16) for point in ranges.split(", ")}
        assert points == set(TTFont(BytesIO(b64decode(data))).getBestCmap())
        called = TTFont(icons.FONTS / f"{file}.ttf").getBestCmap()
        assert set(names) <= {called[point] for point in points}
        assert drawn & set(called) <= points


def chapter(tmp_path, *cells, name="07_probe.ipynb"):
    path = tmp_path / name
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def shows(html):
    return [nbformat.v4.new_output("display_data", {"text/html": html})]


def quiz(key):
    return f'<div data-afm="quiz"><script type="application/json">{{"key": "{key}"}}</script></div>'


def test_what_a_chapter_holds_is_counted(tmp_path):
    figure = '<div data-afm="loss_explorer"></div>'
    path = chapter(
        tmp_path,
        new_markdown_cell("## Exercise 7.1: a\n\nExercise 9 is no heading"),
        new_markdown_cell("### Exercise 7.2: b"),
        new_code_cell(
            "%matplotlib inline\n!ls -l\nassert 1\nfor i in x:\n    assert i",
            outputs=[nbformat.v4.new_output("stream", text="x"), *shows(figure)],
        ),
        new_code_cell("# Exercise 7.3\npass", outputs=shows(quiz("7.a") + quiz("7.b"))),
    )
    assert contents(path) == Contents(figures=1, exercises=2, asserts=2)
    todo = {"chapter": "7", "questions": "7.a 7.b", "exercises": "7.1 7.2"}
    assert tasks(path) == todo
    assert attributes(todo) == (
        'data-chapter="7" data-questions="7.a 7.b" data-exercises="7.1 7.2"'
    )
    assert attributes({"a": '"&'}) == 'data-a="&quot;&amp;"'
    assert re.fullmatch(
        r'<label><input type="checkbox" autocomplete="off" data-mark="7.1"> Done</label>',
        tick("7.1", "Done"),
    )


def test_numbers_with_their_nouns_and_times_in_words():
    assert [counted(n, "figure") for n in (0, 1, 2)] == ["0 figures", "1 figure", "2 figures"]
    said = {
        2: "", 3: "5 minutes", 7: "5 minutes", 58: "1 hour", 62: "1 hour", 63: "1 hour 5 minutes",
        120: "2 hours", 733: "12 hours 15 minutes",
    }  # fmt: skip
    assert {minutes: hours(minutes) for minutes in said} == said


@pytest.mark.parametrize(
    ("counts", "output", "words"),
    [
        ([1, 2], True, ""),
        ([1, 3], True, "execution counts are [1, 3]..., not 1, 2, 3, ..."),
        ([None] * 5, True, "execution counts are [None, None, None, None]..., not 1, 2, 3, ..."),
        ([1, 2], False, "no cell has an output"),
        ([], True, ""),
    ],
)
def test_what_shows_that_a_notebook_was_not_run(counts, output, words, tmp_path):
    cells = [new_code_cell("x", execution_count=n) for n in counts]
    for cell in cells[:1] * output:
        cell.outputs = [nbformat.v4.new_output("stream", text="x")]
    path = chapter(tmp_path, *cells, new_code_cell("  "))
    assert preflight.not_executed(path) == words
    (tmp_path / "chapters").mkdir()
    for name in ("10_b", "02_a"):
        (tmp_path / f"chapters/{name}.ipynb").touch()
    assert preflight.chapters_on_disk(tmp_path) == ["chapters/02_a", "chapters/10_b"]


def test_a_quotation_with_a_bold_beginning_becomes_a_box():
    kinds = {"Goals": "tip", "Common mistake": "warning", "Note": "note"}
    for word, look in kinds.items():
        first = nodes.paragraph("", "", nodes.strong("", f"{word}."), nodes.Text(" What follows."))
        quote = nodes.block_quote("", first, nodes.paragraph("", "More."))
        document = nodes.container("", quote)
        assert bold_beginning(first).astext() == f"{word}."
        dress_box(quote)
        (box,) = document.children
        assert isinstance(box, nodes.admonition)
        assert box["classes"] == [look, f"admonition-{nodes.make_id(word)}"]
        assert [part.astext() for part in box] == [word, "What follows.", "More."]
    quote = nodes.block_quote("", nodes.paragraph("", "Somebody said so."))
    document = nodes.container("", quote)
    dress_box(quote)
    assert document.children == [quote]
    assert anchor("equation", "7.12") == "equation-7-12"


def test_pictures_are_shown_at_their_size_lazily_and_as_webp(tmp_path):
    source = tmp_path / "a.png"
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save(source)
    style = "float: left; width: 300.4px; height: 200px;"
    tag = f'<img alt="A curve." src="_images/a.png" style="{style}">'
    found = dict(re.findall(r'([\w-]+)="([^"]*)"', rewritten(tag, source, "")))
    assert found == {
        "alt": "A curve.", "src": "_images/a.webp", "width": "300", "height": "200",
        "style": "float: left; --width:300px", "class": "plot", "loading": "lazy",
        "decoding": "async",
    }  # fmt: skip
    size = 'width="300" height="200" style="float: left; --width:300px"'
    lazy = 'loading="lazy" decoding="async"'
    pale = f'src="_images/a.webp" {size} class="picture" {lazy}'
    assert rewritten(tag, source, "a pale line") == f'<img alt="A curve." {pale}>'
    assert rewritten('<img data-a="b" class="x picture" src="a.png">', source, "") == (
        f'<img data-a="b" class="x picture" src="a.webp" {lazy}>'
    )
    outside = rewritten('<img alt="x" src="a.svg">', None, "")
    assert outside == '<img alt="x" src="a.svg" loading="lazy" decoding="async">'
    app = SimpleNamespace(srcdir=tmp_path, builder=SimpleNamespace(images={"a.png": "a.png"}))
    dark = "</a><figcaption>Dark.</figcaption></figure>"
    context = {"body": f'<a href="../_images/a.png">{tag}{tag}{dark}'}
    rewrite(app, "p", "t", context, None)
    plot = pale.replace("picture", "plot")  # the caption is that of the second
    first, second = (f'<img alt="A curve." {look}>' for look in (plot, pale))
    assert context["body"] == f'<a href="../_images/a.webp">{first}{second}{dark}'
    rewrite(app, "p", "t", empty := {}, None)
    assert empty == {}


def test_a_drawing_with_a_width_has_the_height_of_its_proportions(tmp_path):
    (tmp_path / "a.svg").write_text('<svg viewBox="0 0 489.6 544.32"></svg>')
    app = SimpleNamespace(srcdir=tmp_path, builder=SimpleNamespace(images={"a.svg": "a.svg"}))
    context = {"body": '<img class="plot" src="../_images/a.svg" style="width: 850px;">'}
    rewrite(app, "p", "t", context, None)
    lazy = 'loading="lazy" decoding="async">'
    assert context["body"] == (
        '<img class="plot" src="../_images/a.svg" width="850" height="945" '
        f'style="--width:850px" {lazy}'
    )
    tag = '<img src="a.svg" width="850"'
    for drawing, given in ('viewBox="0 0 2 1"', ' height="9"'), ("", ""):
        (tmp_path / "a.svg").write_text(f"<svg {drawing}></svg>")
        assert rewritten(f"{tag}{given}>", tmp_path / "a.svg", "") == (
            f'{tag}{given} style="--width:850px" {lazy}'
        )


def test_a_picture_without_alt_text_is_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr("book_ext.pictures.logger", SimpleNamespace(
        warning=lambda text, location: said.append((text, location))))  # fmt: skip
    images = [nodes.image(uri="a.png", alt=" "), nodes.image(uri="b.png", alt="it"),
              nodes.image(uri="data:x", alt="")]  # fmt: skip
    require_alt(None, nodes.container("", *images), "chapters/x")
    assert said == [("chapters/x: a picture has no alt text; give its cell the metadata "
                     '{"mystnb": {"image": {"alt": "..."}}}', images[0])]  # fmt: skip


def test_each_number_that_is_mentioned_becomes_a_link_and_the_words_stay():
    text = "By figures 7.1 and 12.2, equation (7.3) and exercise 9.1 it holds."
    parts = [kind("", text) for kind in (nodes.paragraph, nodes.emphasis, nodes.caption,
                                         nodes.title, nodes.literal)]  # fmt: skip
    uri = lambda here, there: f"{here}>{there}"  # noqa: E731
    place = SimpleNamespace(
        document=nodes.container("", *parts),
        env=SimpleNamespace(docname="pages/other", found_docs=["chapters/07_x", "chapters/12_y"]),
        app=SimpleNamespace(builder=SimpleNamespace(get_relative_uri=uri)),
        cite=lambda: None,
    )
    for name in ("chapter", "reference", "link_mentions"):
        setattr(place, name, partial(getattr(LinkChapter, name), place))
    LinkChapter.run(place)
    assert list(place.document.findall(nodes.reference)) == []
    place.env.docname = "chapters/01_a"
    LinkChapter.run(place)
    assert [part.astext() for part in parts] == [text] * 5
    addresses = [
        [link["refuri"].removeprefix("chapters/01_a>") for link in part.findall(nodes.reference)]
        for part in parts
    ]
    linked = ["chapters/07_x#figure-7-1", "chapters/12_y#figure-12-2",
              "chapters/07_x#equation-7-3"]  # fmt: skip
    assert addresses == [linked] * 3 + [[]] * 2


def test_a_link_to_a_source_leads_to_its_entry_if_it_names_a_year(tmp_path):
    entries = "".join(
        f"@misc{{{key}, author={{A B}}, title={{T}}, year={{{year}}}, url={{https://e.org/{key}}}}}"
        for key, year in (("bee", 2020), ("cee", 2021))
    )
    (tmp_path / "references.bib").write_text(entries)
    place = SimpleNamespace(docname="pages/bibliography")
    cited = [SimpleNamespace(key=k, bibliography_key=place, citation_id=f"id-{k}")
             for k in ("cee", "bee")]  # fmt: skip
    paragraph = nodes.paragraph()
    for text, address in (
        ("Bee (2020)", "bee"), ("the data", "bee"), ("Cee, 2021", "cee"), ("Dee (2022)", "dee"),
    ):  # fmt: skip
        paragraph += nodes.reference("", text, refuri=f"https://e.org/{address}")
    post = SimpleNamespace(
        document=paragraph,
        reference=lambda doc, place, text: nodes.reference("", text, refuri=f"{doc}#{place}"),
        env=SimpleNamespace(docname="chapters/01_x", srcdir=tmp_path,
                            get_domain=lambda name: SimpleNamespace(citations=cited)),
    )  # fmt: skip
    LinkChapter.cite(post)
    assert [(link.astext(), link["refuri"]) for link in paragraph.findall(nodes.reference)] == [
        ("Bee (2020)", "pages/bibliography#id-bee"),
        ("the data", "https://e.org/bee"),
        ("Cee, 2021", "pages/bibliography#id-cee"),
        ("Dee (2022)", "https://e.org/dee"),
    ]


def test_the_extension_takes_in_all_its_modules_and_says_what_they_do():
    folder = Path(book_ext.__file__).parent
    texts = {p.stem: p.read_text() for p in sorted(folder.glob("[a-z]*.py"))}
    assert re.findall(r"^``(\w+)``", book_ext.__doc__, re.MULTILINE) == list(texts)
    assert list(book_ext.WITH_SETUP) == [n for n, text in texts.items() if "\ndef setup(" in text]


def test_the_landing_pages_figure_speaks_of_no_cell():
    place = SimpleNamespace(arguments=["softmax_playground.SoftmaxPlayground"])
    (node,) = CourseFigure.run(place)
    whole = SoftmaxPlayground().static_html()
    assert node.astext() == whole.replace("Run this cell, or allow JavaScript", "Allow JavaScript")
    assert node.astext() != whole
    assert node["format"] == "html"


def test_a_text_is_handed_to_the_page_as_json():
    assert len(lab_images.script("a", bytes(10_000))) < 200  # compressed
    assert handed("a", 'say "x"') == 'globalThis.courseImages?.("a", "say \\"x\\"");\n'


def test_images_are_packed_at_four_bits_in_parts_with_each_fifth_to_test(tmp_path, monkeypatch):
    pixels = np.array([0, 8, 9, 25, 26, 246, 247, 255], np.uint8)  # each to the nearest of 16
    assert packed(pixels.reshape(2, 2, 2), np.array([3, 9])) == bytes.fromhex("030900112eff")
    assert 2000 <= lab_images.PART <= 4000  # "a few thousand"
    monkeypatch.setattr(lab_images, "PART", 3)
    kinds = {"train": (4, 1), "test": (16, 5)}
    arrays = {f"{split}_images": 9 * np.arange(n, dtype=np.uint8).repeat(4).reshape(n, 2, 2)
              for split, (n, _) in kinds.items()}  # fmt: skip
    arrays |= {f"{split}_labels": np.arange(n) for split, (n, _) in kinds.items()}
    lab_images.write_parts(tmp_path / "a/b", arrays)
    texts = {path.stem: path.read_text() for path in (tmp_path / "a/b").iterdir()}
    assert texts.pop("trainer") == handed("trainer", trainer_text())
    data = {name: b64decode(text.split('"')[3]) for name, text in texts.items()}
    assert {packed[4:8] for packed in data.values()} == {bytes(4)}  # no time: each build's alike
    assert {name: decompress(part) for name, part in data.items()} == {
        f"{split}-{part}": packed(*(arrays[f"{split}_{kind}"][::step][piece]
                                    for kind in ("images", "labels")))
        for split, (_, step) in kinds.items()
        for part, piece in enumerate((slice(3), slice(3, None)))
    }  # fmt: skip
    size = max(len(texts[name]) for name in texts if "train" in name)
    assert lab_images.where(tmp_path / "a/b", "x/") == (
        'globalThis.courseImagesAt = {"folder": "x/", "train": 2, "partSize": 3, '
        f'"partBytes": {size}}};'
    )


def test_images_come_from_the_data_set_or_there_are_none(monkeypatch, tmp_path, capsys):
    wrote = []
    monkeypatch.setattr(lab_images, "load_arrays", lambda *given: (given, "real"))
    monkeypatch.setattr(lab_images, "write_parts", lambda *given: wrote.append(given))
    assert lab_images.write(tmp_path / "a") is True
    assert wrote == [(tmp_path / "a", (None, "real"))]

    def missing(*given):
        raise DataError("no file")

    monkeypatch.setattr(lab_images, "load_arrays", missing)
    assert lab_images.write(tmp_path / "b") is False
    assert capsys.readouterr().err.splitlines() == [
        "Nobody can train in the pages of this book: no file"
    ]
    assert len(wrote) == 1


# --- the repository's address ----------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "/", ".git", " ", ".git/", "/ ", "//"])
def test_an_address_loses_what_people_leave_at_its_end(end):
    assert repository.checked(f"https://github.com/some-one/a.name{end}") == (
        "https://github.com/some-one/a.name"
    )


@pytest.mark.parametrize(
    "address",
    ["http://github.com/a/b", "github.com/a/b", "https://github.com/a", "git@x:a/b", "OWNER/NAME",
     "https://github.com/a/b?tab=readme", "my https://github.com/a/b"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match=r"must be empty or like https://github\.com/OWNER/NAME"):
        repository.checked(address)


def test_the_address_stands_where_it_is_needed_or_nowhere(tmp_path):
    known = repository.Repository("https://github.com/a/course", "trunk")
    empty = repository.Repository("")
    assert (known.name, empty.branch) == ("course", "main")
    mark = "<!-- tools/repository.py writes this -->\n"
    readme = f"A\n{mark}old<!-- until here -->\nB<!-- until here -->"
    text = repository.with_clone(readme, known)
    assert text == (
        f"A\n{mark}\n```sh\ngit clone https://github.com/a/course\ncd course\n```\n\n"
        "Without git: take [the zip](https://github.com/a/course/archive/refs/heads/trunk.zip) "
        "and unpack it.\n\n"
        "<!-- until here -->\nB<!-- until here -->"
    )
    plain = f"A\n{mark}<!-- until here -->\nB<!-- until here -->"
    assert repository.with_clone(text, empty) == plain
    citation = repository.with_code("title: x\nlicense: MIT\n", known)
    assert citation == 'title: x\nrepository-code: "https://github.com/a/course"\nlicense: MIT\n'
    assert repository.with_code(citation, empty) == "title: x\nlicense: MIT\n"
    cell = new_code_cell("anything", metadata={"tags": ["setup"]})
    book = nbformat.writes(new_notebook(cells=[cell, new_code_cell("other")]))
    written = repository.with_setup(book, known)
    assert [c.source for c in nbformat.reads(written, as_version=4).cells] == [
        ON_COLAB.replace("ADDRESS", known.address).replace("BRANCH", "trunk"), "other",
    ]  # fmt: skip
    assert written.endswith("}\n")
    assert repository.with_setup(written, known) is written
    assert nbformat.reads(repository.with_setup(written, empty), 4).cells[0].source == SETUP
    settings = "repository: {url: https://github.com/a/course.git, branch: trunk}"
    (tmp_path / "_config.yml").write_text(settings)
    assert repository.read(tmp_path) == known
    (tmp_path / "chapters").mkdir()
    files = {"README.md": (readme, text), "chapters/01_a.ipynb": (book, written),
             "chapters/10_b.ipynb": (book, written),
             "chapters/notes.ipynb": (book, book)}  # fmt: skip
    for name, (old, _) in files.items():
        (tmp_path / name).write_text(old)
    assert repository.behind(tmp_path) == {
        tmp_path / name: new for name, (old, new) in files.items() if new != old
    }
    (tmp_path / "CITATION.cff").write_text("license: MIT\n# license: old\n")
    for name, (_, new) in files.items():
        (tmp_path / name).write_text(new)
    assert repository.behind(tmp_path) == {
        tmp_path / "CITATION.cff":
        'repository-code: "https://github.com/a/course"\nlicense: MIT\n# license: old\n',
    }  # fmt: skip
    for settings in ("title: x", "repository:", "repository: {url: ''}"):
        (tmp_path / "_config.yml").write_text(settings)
        assert repository.read(tmp_path) == empty


def test_buttons_only_with_an_address():
    def options(**theme):
        config = SimpleNamespace(html_theme_options=theme)
        launch.configure(None, config)
        return config.html_theme_options

    with_one = options(repository_url="https://github.com/a/b/", launch_buttons={"x": 1})
    assert with_one == {
        "repository_url": "https://github.com/a/b", "launch_buttons": {"x": 1},
        **{f"use_{name}_button": True for name in ("repository", "edit_page", "issues")},
    }  # fmt: skip
    without = options(repository_url="", launch_buttons={"x": 1}, repository_branch="m", logo="l")
    assert without == options(logo="l") == {"logo": "l"}
    place = SimpleNamespace(config=SimpleNamespace(html_theme_options=without), with_one=True)
    assert launch.WithAddress.run(place) == []
    with pytest.raises(ConfigError, match="must be empty or like"):
        options(repository_url="nonsense")


# --- commands --------------------------------------------------------------------------------


WIDGET = "application/vnd.jupyter.widget-view+json"


def test_the_browser_that_is_named_comes_first(monkeypatch):
    monkeypatch.delenv("COURSE_BROWSER", raising=False)
    there = {"chromium": "/a/chromium", "google-chrome": "/b/chrome"}
    monkeypatch.setattr(browsing.shutil, "which", there.get)
    assert browsing.find_browser() == "/a/chromium"
    there["chromium-headless-shell"] = "/c/shell"
    assert browsing.find_browser() == "/c/shell"
    monkeypatch.setenv("COURSE_BROWSER", "/mine")
    assert browsing.find_browser() == "/mine"
    asked = SimpleNamespace(chromium=SimpleNamespace(launch=lambda **how: how))
    assert browsing.launch(asked) == {"executable_path": "/mine", "args": browsing.FLAGS}
    assert [flag for flag in browsing.FLAGS if not re.match("--(no|disable)-", flag)] == []
    monkeypatch.delenv("COURSE_BROWSER")
    there.clear()
    assert browsing.find_browser() is None


@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("found", [[], ["a.html: link"]])
def test_only_a_good_book_or_a_draft_replaces_the_last(
    draft, status, found, tmp_path, monkeypatch, capsys
):
    def sphinx(source, fresh, *, draft):
        assert source == tmp_path
        assert fresh.is_relative_to(tmp_path)  # to be moved without being copied
        fresh.mkdir()
        (fresh / "index.html").write_text("new")
        return status

    reserved = []
    monkeypatch.setattr(build_book, "sphinx_build", sphinx)
    monkeypatch.setattr(build_book, "check", lambda book: found)
    monkeypatch.setattr(build_book, "reserve", reserved.append)
    clock = iter((5.0, 96.6))
    monkeypatch.setattr(build_book, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    output = tmp_path / "out"
    output.mkdir()
    (output / "index.html").write_text("old")
    good = draft or not (status or found)
    words = ["--output", str(output), "--source", str(tmp_path), *["--draft"] * draft]
    assert build_book.main(words) == (0 if good else 1)
    assert (output / "index.html").read_text() == ("new" if good else "old")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(reserved) == (status == 0 or draft)
    said = capsys.readouterr()
    page = (output / "index.html").as_uri()
    assert said.out == f"\nThe book is ready (92 s). Open {page}\n" * good
    assert said.err == "".join(f"{line}\n" for line in found) + (
        "\nThe book was NOT built: see above (92 s).\n" * (not good)
    )


@pytest.mark.parametrize("status", [pytest.param(0, marks=pytest.mark.processes), 1])
def test_the_first_book_is_put_into_folders_that_are_made(status, tmp_path, monkeypatch, capsys):
    """Where Sphinx ends before it writes anything, only Sphinx's words are said."""
    monkeypatch.setattr(
        build_book, "sphinx_build", lambda source, fresh, draft: status or fresh.mkdir() or 0
    )
    monkeypatch.setattr(build_book, "check", lambda book: [] if book.is_dir() else ["no book"])
    monkeypatch.setattr(build_book, "reserve", lambda book: None)
    output = tmp_path / "a/b/c"
    (tmp_path / "decks").mkdir()
    (tmp_path / "decks/lecture.md").write_text("# T \N{MIDDLE DOT} 1\n\nA\n", "utf-8")
    assert build_book.build(tmp_path, output) == status
    assert (output / "slides/lecture.html").exists() == (not status)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            DeadKernelError("x"),
            "the kernel died, which is what happens when memory runs out or native code crashes; "
            "close other notebooks and run the chapter again",
        ),
        (
            CellTimeoutError("slow"),
            "a cell took more than 7 s; raise --timeout if that is right\nslow",
        ),
        (FileNotFoundError(2, "No such", "a.ipynb"), "there is no such file: a.ipynb"),
        (CellExecutionError("in cell 3\n", "NameError", "no x"), "in cell 3\n"),
        (KeyError("k"), "KeyError: 'k'"),
    ],
)
def test_why_a_chapter_was_not_run_to_its_end(error, words):
    assert run_chapters.reason(error, 7) == words


def test_each_name_with_the_chapters_that_teach_and_use_it(tmp_path, capsys):
    package = tmp_path / "src/course_utils"
    (package / "sub").mkdir(parents=True)
    (package / "a.py").write_text("def taught(): ...\nclass Used: ...\ndef _own(): ...\nX = 1\n")
    (package / "sub/b.py").write_text("def never(): ...\ndef Also(): ...\n")
    (package / "chapter_01.py").write_text("def answer(): ...\n")
    assert package_index.public_names(package) == {
        "taught": "a.py", "Used": "a.py", "never": "sub/b.py", "Also": "sub/b.py",
    }  # fmt: skip
    (tmp_path / "chapters").mkdir()
    taught = [new_markdown_cell("def ("), new_code_cell("%time\n!ls\ndef taught(): ...")]
    chapter(tmp_path / "chapters", *taught, name="02_a.ipynb")
    imports = new_code_cell("from course_utils.a import X, Used, taught\nfrom math import never")
    chapter(tmp_path / "chapters", imports, name="05_b.ipynb")
    other = new_code_cell("def other(): ...\nclass Also: ...\nfrom course_utils.a import taught")
    chapter(tmp_path / "chapters", other, name="06_c.ipynb")
    lines = [
        f"a.py{34 * ' '} Used{29 * ' '} taught in -   used in 05",
        f"a.py{34 * ' '} taught{27 * ' '} taught in 02  used in 05 06",
        f"sub/b.py{30 * ' '} Also{29 * ' '} taught in 06  used in -",
    ]
    for words, told in ([], lines), (["sub/", "taught in 02"], lines[1:]):
        package_index.main(words, tmp_path)
        assert capsys.readouterr().out.splitlines() == told


PAGE = """<html><head><link rel="stylesheet" href="../_static/a.css"><link rel="next" href="NEXT">
<script src="../_static/book.js"></script><script>let x;</script></head>
<article class="bd-article"><h1 id="top">T</h1><a href="#top">up</a><a href="b.html#k">b</a>
<a href="../intro.html">home</a><a href="https://x.org/#y">out</a>
<img src="../_images/i.webp"><img src="data:image/png;base64,x"></article>"""


def test_the_pages_become_one_whose_links_work(tmp_path):
    pages = ["intro.html", "chapters/a.html", "chapters/b.html"]
    found = make_pdf.article("chapters/a.html", PAGE, pages)
    assert found == (
        '<article class="bd-article" id="chapters-a"><h1 id="chapters-a--top">T</h1>'
        '<a href="#chapters-a--top">up</a><a href="#chapters-b--k">b</a>\n'
        '<a href="#intro">home</a><a href="https://x.org/#y">out</a>\n'
        '<img src="_images/i.webp"><img src="data:image/png;base64,x"></article>'
    )
    assert make_pdf.assets("chapters/a.html", PAGE) == [
        '<link rel="stylesheet" href="_static/a.css">',
        '<script src="_static/book.js"></script>',
        "<script>let x;</script>",
    ]
    (tmp_path / "chapters").mkdir()
    for page, following in zip(pages, ["chapters/a.html", "b.html", ""], strict=True):
        text = PAGE.replace("NEXT", following) if following else PAGE.replace('rel="next"', "")
        (tmp_path / page).write_text(text)
    assert make_pdf.reading_order(tmp_path) == pages
    whole = make_pdf.whole_book(tmp_path)
    body = re.search("(?s)<main.*?>(.*)</main></body></html>$", whole)[1]
    assert body == "\n".join(
        make_pdf.article(page, (tmp_path / page).read_text(), pages) for page in pages
    )
    assert whole.count('<script src="_static/book.js">') == 1


def test_a_chapter_is_run_where_it_lies_and_written_clean(monkeypatch, tmp_path):
    """The kernel is played: it says one word."""
    path = chapter(tmp_path, new_code_cell("x", id="a", metadata={"execution": {}, "tags": ["t"]}))
    asked, clock = {}, iter((3.0, 5.5))

    def client(notebook, **how):
        def execute(env):
            asked.update(how | {"backend": env.pop("MPLBACKEND"), "env": env})
            output = nbformat.v4.new_output("display_data", {"text/plain": "a", WIDGET: {}})
            notebook.cells[0].outputs, notebook.metadata = [output], {"widgets": {}}

        return SimpleNamespace(execute=execute)

    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(run_chapters, "NotebookClient", client)
    monkeypatch.setattr(run_chapters.time, "perf_counter", lambda: next(clock))
    assert run_chapters.run(path, 7) == 2.5
    assert asked == {
        "timeout": 7, "kernel_name": "python3", "store_widget_state": False,
        "coalesce_streams": True, "resources": {"metadata": {"path": str(tmp_path)}},
        "backend": "module://matplotlib_inline.backend_inline",
        "env": {name: text for name, text in os.environ.items() if name != "MPLBACKEND"},
    }  # fmt: skip
    output = nbformat.v4.new_output("display_data", {"text/plain": "a"})
    cell = new_code_cell("x", id="a", metadata={"tags": ["t"]}, outputs=[output])
    metadata = {"kernelspec": run_chapters.KERNELSPEC, "language_info": {"name": "python"}}
    clean = nbformat.writes(new_notebook(cells=[cell], metadata=metadata))
    assert path.read_text("utf-8") == clean + "\n"
    assert list(tmp_path.iterdir()) == [path]


def test_all_chapters_are_run_in_their_order_with_five_minutes_a_cell(
    monkeypatch, tmp_path, capsys
):
    (tmp_path / "chapters").mkdir()
    for name in ("10_b", "02_a", "notes"):
        (tmp_path / f"chapters/{name}.ipynb").touch()
    asked = []
    monkeypatch.setattr(run_chapters, "ROOT", tmp_path)
    monkeypatch.setattr(run_chapters, "run", lambda *given: asked.append(given) or 1.26)
    assert run_chapters.main([]) == 0
    assert [(path.name, limit) for path, limit in asked] == [("02_a.ipynb", 300),
                                                             ("10_b.ipynb", 300)]  # fmt: skip
    assert capsys.readouterr().out == "02_a.ipynb: 1.3 s\n10_b.ipynb: 1.3 s\n"


def test_the_weight_of_each_page_is_printed(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.html").write_text('<script src="s.bin"></script><img src="i.png" alt="it">')
    (tmp_path / "a/s.bin").write_bytes(b"0" * 2500)
    (tmp_path / "a/i.png").write_bytes(b"0" * 700_100)
    assert check_book.main([str(tmp_path), "--weights"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "     3 kB first load    703 kB in all  a/b.html",
        "a/b.html: weighs 703 kB with pictures, above 700 kB",
    ]
    (tmp_path / "a/b.html").unlink()
    (tmp_path / "a/c.html").write_text("<p>words</p>")
    assert check_book.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "The book is in order.\n"


def test_the_pdf_needs_a_browser_and_a_book(monkeypatch, tmp_path, capsys):
    words = ["--book", str(tmp_path), "--output", str(tmp_path / "b.pdf")]
    printed = lambda book, output: output.write_bytes(b"0" * 1_240_000)  # noqa: E731
    monkeypatch.setattr(make_pdf, "print_pdf", printed)
    monkeypatch.setattr(make_pdf, "find_browser", lambda: "/a/browser")
    assert make_pdf.main(words) == 1
    assert capsys.readouterr().err == f"There is no book in {tmp_path}: run make book first.\n"
    (tmp_path / "intro.html").touch()
    assert make_pdf.main(words) == 0
    assert capsys.readouterr().out == f"The book is printed: {tmp_path / 'b.pdf'} (1.2 MB)\n"
    monkeypatch.setattr(make_pdf, "find_browser", lambda: None)
    assert make_pdf.main(words) == 1
    assert "No Chromium or Chrome found: install one, or set COURSE_BROWSER." in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("started", [True, False])
def test_the_whole_book_is_printed_and_only_the_pdf_stays(started, tmp_path, monkeypatch):
    """Chromium is played: it notes what it is asked for."""
    (tmp_path / "intro.html").write_text('<article class="bd-article">Ä</article>', "utf-8")
    asked, seen = {}, []

    def goto(address):
        assert address == (tmp_path / "whole-book.html").as_uri()
        assert ">Ä</article>" in (tmp_path / "whole-book.html").read_text("utf-8")
        seen.append("page")

    def evaluate(script):
        seen.append({make_pdf.START: "start", make_pdf.READY: "ready"}[script])
        return started

    page = SimpleNamespace(
        goto=goto, evaluate=evaluate, set_default_timeout=seen.append,
        wait_for_function=lambda script: seen.append({make_pdf.STARTED: "wait"}[script]),
        pdf=lambda **how: asked.update(how) or how["path"].touch(),
    )  # fmt: skip

    def new_page(viewport):
        assert viewport == {"width": 820, "height": 1100}
        return page

    chromium = SimpleNamespace(new_page=new_page, close=lambda: seen.append("closed"))
    monkeypatch.setattr(make_pdf, "sync_playwright", nullcontext)
    monkeypatch.setattr(make_pdf, "launch", lambda playwright: chromium)
    output = tmp_path / "new/folder/b.pdf"
    if started:
        make_pdf.print_pdf(tmp_path, output)
    else:
        with pytest.raises(RuntimeError) as caught:
            make_pdf.print_pdf(tmp_path, output)
        assert str(caught.value) == (
            "a figure did not start; open the book and look at its console"
        )
    assert output.exists() == started
    assert not (tmp_path / "whole-book.html").exists()
    assert seen == [180_000, "page", "start", "wait", "ready", *["closed"] * started]
    if started:
        assert '<span class="pageNumber"></span>' in make_pdf.FOOTER
        margin = {side: "18mm" for side in ("top", "bottom", "left", "right")}
        assert asked == {
            "path": output, "format": "A4", "margin": margin, "display_header_footer": True,
            "header_template": "<span></span>", "footer_template": make_pdf.FOOTER,
            "print_background": True, "outline": True, "tagged": True,
        }  # fmt: skip


def test_scripts_that_work_on_all_figures_come_last_in_the_pdf(tmp_path):
    tags = [f'<script src="{n}"></script>' for n in ("f/host.js", "f/book.js", "f/x.js")]
    page = '<script>var pagename = 1;</script></head><article class="bd-article"></article>'
    (tmp_path / "intro.html").write_text("".join(tags) + page)
    assert make_pdf.whole_book(tmp_path) == (
        '<!doctype html><html lang="en" data-theme="light" data-content_root="./"><head>'
        '<meta charset="utf-8"><title>Softmax regression</title>'
        + "".join(tags[i] for i in (2, 1, 0))
        + "<style>article + article { break-before: page; } .bd-content { display: block; }</style>"
        '</head><body><main class="bd-main bd-content"><article class="bd-article" id="intro">'
        "</article></main></body></html>"
    )


def test_what_is_written_from_the_address_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    path, known = tmp_path / "README.md", repository.Repository("https://github.com/a/b")
    monkeypatch.setattr(repository, "behind", lambda: {path: "new"})
    monkeypatch.setattr(repository, "read", lambda: known)
    assert repository.main() == 0
    assert path.read_text() == "new"
    assert capsys.readouterr().out.splitlines() == [
        "written: README.md", "The address is https://github.com/a/b; every file follows it.",
    ]  # fmt: skip
    known = repository.Repository("")
    assert repository.main() == 0
    assert capsys.readouterr().out.endswith("\nThe address is empty; every file follows it.\n")

    def wrong():
        raise ValueError("no address")

    monkeypatch.setattr(repository, "behind", wrong)
    assert repository.main() == 1
    assert capsys.readouterr().err == "no address\n"


def test_the_text_is_frozen_from_chapters_1_to_9(monkeypatch, tmp_path, capsys):
    (tmp_path / "chapters").mkdir()
    for number in ("10", "09", "01"):
        text = f"Chapter number {int(number)} has a few words."
        chapter(tmp_path / "chapters", new_markdown_cell(text), name=f"{number}_x.ipynb")
    monkeypatch.setattr(make_course_text, "ROOT", tmp_path)
    monkeypatch.setattr(make_course_text, "COURSE_TEXT", tmp_path / "t.txt")
    make_course_text.main()
    header, *lines = (tmp_path / "t.txt").read_text().splitlines()
    assert header == (
        "# Prose of chapters 1 to 9, one paragraph a line; made by tools/make_course_text.py."
    )
    assert lines == ["chapter number 0 has a few words ."] * 2
    assert capsys.readouterr().out == "2 chapters, 2 paragraphs, 16 words\n"


# --- slides and students' notebooks ----------------------------------------------------------


def test_where_a_text_of_the_slides_may_be_cut():
    assert pieces.title_level("## Two\n\nwords") == 2
    assert pieces.title_level("words\n\n## Two") == 0
    text = "# A\n\nfirst\n\n- one\n- two\n\nbefore\n\n$$\nx\n$$\n\n> box"
    assert pieces.blocks(text) == [
        "# A\n\nfirst",
        "- one\n- two",
        "before\n\n$$\nx\n$$",
        "> box",
    ]
    assert pieces.html("[seven](07_x.ipynb) [out](https://x.org)") == (
        '<p>seven <a href="https://x.org">out</a></p>\n'
    )


def test_what_the_slides_leave_out():
    def cell(source, *tags, **more):
        outputs = [nbformat.v4.new_output("stream", text=f"printed {source}")]
        return new_code_cell(source, metadata={"tags": list(tags), **more}, outputs=outputs,
                             execution_count=1)  # fmt: skip

    notebook = new_notebook(cells=[
        new_markdown_cell("# Title"),
        *(cell(name, name) for name in ("setup", "imports", "checks", "drawing", "measuring",
                                        "solution", "remove-cell")),
        cell("shown"),
        new_markdown_cell("### Exercise 1.1: Do"),
        cell("draft"),
        new_markdown_cell("<details>\n<summary>Solution</summary>\n\nIt is.\n</details>"),
        new_markdown_cell("## After"),
        cell("later"),
    ])  # fmt: skip
    found = [
        re.sub("<[^>]+>", "", piece.html).strip()
        for piece in pieces.pieces(notebook)
        if piece.kinds != "solution"
    ]
    assert found == ["Title", "printed drawing", "printed measuring", "shown", "printed shown",
                     "Exercise 1.1: Do", "After", "later", "printed later"]  # fmt: skip
    student = teach.for_students(notebook)
    assert [c.source for c in student.cells] == [
        "# Title", "setup", "imports", "checks", "drawing", "measuring",
        "remove-cell", "shown", "### Exercise 1.1: Do", "draft", "## After", "later",
    ]  # fmt: skip
    code = [c for c in student.cells if c.cell_type == "code"]
    assert all((c.outputs, c.execution_count) == ([], None) for c in code)


def test_a_picture_on_a_slide_keeps_its_alt_text():
    png = b64encode(b"\x89PNG\r\n\x1a\n....IHDR" + (800).to_bytes(4, "big") + bytes(4)).decode()
    image = nbformat.v4.new_output("display_data", {"image/png": f"{png}\n"})
    alt = {"mystnb": {"image": {"alt": 'A "curve".'}}}
    (piece,) = pieces.outputs(new_code_cell("x", outputs=[image], metadata=alt))
    assert piece.html == (
        f'<img src="data:image/png;base64,{png}" alt="A &quot;curve&quot;." style="width: 20.0em">'
    )


def test_a_broken_reference_is_an_error_of_the_build(tmp_path, monkeypatch):
    asked = {}

    def build_sphinx(source, output, **how):
        asked.update(how, folders=(source, output))
        return 0

    monkeypatch.setattr(build_book, "build_sphinx", build_sphinx)
    for draft in (False, True):
        assert build_book.sphinx_build(tmp_path, tmp_path / "out", draft=draft) == 0
        assert asked == {
            "folders": (tmp_path, tmp_path / "out"),
            "path_config": tmp_path / "_config.yml",
            "noconfig": True,
            "confoverrides": {
                "external_toc_path": (tmp_path / "_toc.yml").as_posix(),
                "nitpicky": True,
                "latex_individualpages": False,
            },
            "warningiserror": not draft,
            "keep_going": True,  # all that is wrong is named at once
            "quiet": True,
        }
    monkeypatch.setattr(build_book, "build_sphinx", lambda *a, **rest: ValueError())
    assert build_book.sphinx_build(tmp_path, tmp_path / "out", draft=False) == 1


def test_code_on_slides_is_cut_between_statements_and_asserts_nothing():
    source = (
        "x = f(\n    1,\n\n    2,\n)  # fmt: skip\n\n\ndef g():\n    a = 1\n\n    assert a\n"
        "    return a\n# why\n# so\nassert x\nassert (\n    x\n)\nprint(x)"
    )
    first, second = (re.sub("<[^>]+>", "", piece.html).strip() for piece in pieces.code(source))
    assert first == "x = f(\n    1,\n\n    2,\n)"
    assert second == "def g():\n    a = 1\n\n    assert a\n    return a\nprint(x)"
    assert [piece.kinds for piece in pieces.code(source)] == ["", "near more"]
    assert list(pieces.code("assert 1")) == []
    assert pieces.without_asserts("assert x\nprint(x)\n# so") == "print(x)\n# so"


def test_the_fuller_of_two_records_of_one_session_counts(tmp_path):
    short, full = (Record("", "s", "1.1", "T", bool(n - 1), n) for n in (1, 2))
    for name, record in (("b", short), ("a", full), ("c", Record("Eve", "s", "1.1", "T"))):
        (tmp_path / name).mkdir()
        Report([record]).save(tmp_path / name / "ann.json")
    records, files, broken = teach.read_class(tmp_path)
    assert [(r.name, r.passed, r.attempts) for r in records] == [
        ("a/ann", True, 2),
        ("Eve", False, 0),
    ]
    assert files == {"a/ann": {"a/ann.json", "b/ann.json"}, "Eve": {"c/ann.json"}}
    assert broken == []
