"""The built book, read as HTML."""

import json
import re
from itertools import pairwise
from pathlib import Path

import check_book
import nbformat
import numpy as np
import pytest
import torch
import yaml
from book_ext.assets import MEASURING, THEME
from book_ext.highlighting import PLAIN
from book_ext.pictures import CLOSE
from bs4 import BeautifulSoup
from pygments.token import STANDARD_TYPES

from course_utils.data import load_fashion_mnist
from course_utils.fashion_mnist.idx import FILES, DataError
from course_utils.figures.scripts import read
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.softmax import cross_entropy, softmax
from course_utils.validation import require_count, require_positive

# In one worker: each page is read once.
pytestmark = [pytest.mark.book, pytest.mark.xdist_group("html")]

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCS = [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
CHAPTERS = [doc for doc in DOCS if doc.startswith("chapters/")]
CHINESE = re.compile(r"[\u3400-\u9fff]")

_read: dict[Path, BeautifulSoup] = {}


def page(book: Path, doc: str) -> BeautifulSoup:
    path = book / f"{doc}.html"
    if path not in _read:
        _read[path] = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return _read[path]


def article(book: Path, doc: str) -> BeautifulSoup:
    return page(book, doc).find("article")


def prose(book: Path, doc: str) -> str:
    """Text of a page without its code, outputs and formulas."""
    copy = BeautifulSoup(str(article(book, doc)), "html.parser")
    for part in copy.select("pre, code, script, math, .cell_output"):
        part.decompose()
    return copy.get_text(" ")


@pytest.mark.parametrize("doc", ["intro", *DOCS])
def test_every_page_of_the_toc_is_there_with_its_title(book, doc):
    assert article(book, doc).h1.get_text().strip()
    assert page(book, doc).title.get_text().endswith("Softmax regression")


def test_the_themes_script_lays_no_page_out_for_each_box(book):
    assert not MEASURING.search((book / "_static" / THEME).read_text(encoding="utf-8"))


def test_what_has_the_colour_of_the_text_has_no_element_of_its_own(book):
    sheet = (book / "_static/pygments.css").read_text(encoding="utf-8")
    for theme in ("light", "dark"):
        colours = dict(re.findall(rf'="{theme}"\] (\.[^{{]+) {{[^}}]*color: (#\w+) }}', sheet))
        for token in PLAIN:
            name = STANDARD_TYPES[token]
            assert colours[f".highlight .{name}"] == colours[".highlight"], (theme, name)
    for doc in CHAPTERS:
        assert article(book, doc).select(".highlight .k")
        assert not article(book, doc).select(".highlight :is(.n, .p, .w)"), doc


def test_previous_and_next_lead_through_the_book_in_order(book):
    order = ["intro", *DOCS]
    for doc, following in pairwise(order):
        link = page(book, doc).select_one("a.right-next")
        assert (book / f"{doc}.html").parent.joinpath(link["href"]).resolve() == (
            book / f"{following}.html"
        )
        back = page(book, following).select_one("a.left-prev")
        assert (book / f"{following}.html").parent.joinpath(back["href"]).resolve() == (
            book / f"{doc}.html"
        )


def test_chapters_are_numbered_through_all_parts(book):
    numbers = [
        article(book, doc).h1.select_one(".section-number").get_text().strip() for doc in CHAPTERS
    ]
    assert numbers == [f"{i}." for i in range(1, len(CHAPTERS) + 1)]


@pytest.mark.parametrize("doc", CHAPTERS)
def test_sections_figures_and_equations_carry_the_chapter_number(book, doc):
    chapter = CHAPTERS.index(doc) + 1
    content = article(book, doc)
    sections = [h.select_one(".section-number").get_text().strip() for h in content.select("h2")]
    assert sections == [f"{chapter}.{i}." for i in range(1, len(sections) + 1)]
    figures = [f.get_text().split()[1] for f in content.select("figcaption .caption-number")]
    assert figures == [f"{chapter}.{i}" for i in range(1, len(figures) + 1)]
    equations = [e.get_text().strip("()¶#\n ") for e in content.select("span.eqno")]
    assert equations == [f"{chapter}.{i}" for i in range(1, len(equations) + 1)]


@pytest.mark.parametrize("doc", CHAPTERS)
def test_a_chapter_offers_its_notebook_and_its_contents(book, doc):
    link = page(book, doc).select_one('a.btn-download-source-button, a[href$=".ipynb"]')
    downloaded = (book / f"{doc}.html").parent.joinpath(link["href"]).resolve()
    offered = nbformat.read(downloaded, as_version=4)
    assert offered == nbformat.read(ROOT / f"{doc}.ipynb", as_version=4)
    titles = [a.get_text().strip() for a in page(book, doc).select("#pst-page-toc-nav a")]
    assert len(titles) >= 3


@pytest.mark.parametrize("doc", ["intro", *DOCS])
def test_nothing_was_left_unresolved(book, doc):
    text = prose(book, doc)
    assert not re.findall(r"\{(?:ref|eq|numref|cite\S*|term|doc)\}`|\$\$|\?\?\?", text)
    assert not article(book, doc).select(".problematic, .system-message")


def test_the_pages_are_in_order(book):
    assert check_book.check(book) == []


def test_a_page_loads_only_what_it_uses(book):
    for path in book.rglob("*.html"):
        if "_static" in path.parts:
            continue
        head = path.read_text(encoding="utf-8")
        scripts = {src.rsplit("/", 1)[-1].split("?")[0] for src in re.findall(r'src="(.*?)"', head)}
        assert not scripts & {"fontawesome.js", "require.js", "sphinx-thebe.js"}, path
        body = head.partition("<article")[2]
        assert ("formulas.css" in head) == ("<math" in body), path
        assert ("host.js" in scripts) == ("data-afm=" in body), path
        assert ("searchindex.js" in scripts) == (path.name == "search.html"), path


def test_pictures_are_described_sized_lazy_and_look_as_in_the_notebook(book):
    from base64 import b64decode
    from io import BytesIO

    from PIL import Image, ImageChops

    for doc in CHAPTERS:
        pictures = article(book, doc).select("figure img")
        for img in pictures:
            assert img["alt"].strip()
            assert int(img["width"]) > 0
            assert int(img["height"]) > 0
            assert img["loading"] == "lazy"
            assert len({"plot", "picture"} & set(img["class"])) == 1
        cells = nbformat.read(book / f"_sources/{doc}.ipynb", as_version=4).cells
        data = [o.get("data", {}) for c in cells for o in c.get("outputs", [])]
        pngs = [d["image/png"] for d in data if "image/png" in d]
        assert len(pictures) == len(pngs), f"{doc}: a picture has no caption"
        for img, png in list(zip(pictures, pngs, strict=True))[::4]:
            shown = Image.open((book / "chapters" / img["src"]).resolve()).convert("RGB")
            made = Image.open(BytesIO(b64decode(png))).convert("RGB")
            assert np.asarray(ImageChops.difference(shown, made)).max() <= CLOSE
            assert made.width >= 1.9 * int(img["width"]), "not sharp on a dense screen"


def test_a_formula_keeps_its_punctuation_beside_it(book):
    formulas = [f for doc in CHAPTERS for f in article(book, doc).select("math")]
    closed = [f for f in formulas if re.match(r"[.,;:!?)]", str(f.next_sibling))]
    assert closed
    assert [f for f in closed if "keep" not in f.parent.get("class", ())] == []


def test_the_landing_page_holds_the_playground_of_today(book):
    div = article(book, "intro").find("div", attrs={"data-afm": "softmax_playground"})
    assert json.loads(div.script.string) == SoftmaxPlayground().state()


def test_the_map_names_every_chapter_its_question_and_its_time(book):
    items = article(book, "intro").select("ul.chapter-map > li")
    links = [item.a["href"].removesuffix(".html") for item in items]
    assert links == CHAPTERS
    for item in items:
        assert "?" in item.select_one(".map-asks").get_text()
        assert re.fullmatch(r"\d+ min", item.select_one(".map-minutes").get_text())


def test_what_the_landing_page_counts_is_what_the_pages_hold(book):
    landing = article(book, "intro")
    playable = exercises = minutes = 0
    for doc, item in zip(CHAPTERS, landing.select("ul.chapter-map > li"), strict=True):
        holds = article(book, doc).select("[data-afm]")
        figures = [figure for figure in holds if figure["data-afm"] != "quiz"]
        shown = item.select_one(".map-figures")
        assert (shown.get_text().split()[0] if shown else "0") == str(len(figures)), doc
        playable += len(figures)
        titles = [heading.get_text() for heading in article(book, doc).select("h3, .exercise p")]
        exercises += sum(bool(re.search(r"Exercise \d+\.\d+", title)) for title in titles)
        minutes += int(item.select_one(".map-minutes").get_text().split()[0])
    total = landing.select_one(".map-sum").get_text()
    hours = re.search(r"about (\d+) hours?(?: (\d+) minutes)?", total)
    assert abs(60 * int(hours[1]) + int(hours[2] or 0) - minutes) <= 2.5
    assert f"There are {playable} places to play with a figure" in total
    assert f"the {exercises} exercises come on top" in total
    assert f"the {exercises} exercises come on top" in (ROOT / "README.md").read_text("utf-8")


def test_every_exercise_every_question_and_every_chapter_has_its_place(book):
    """As many as the map counts for what a reader has done."""
    for doc, holds in zip(CHAPTERS, article(book, "intro").select(".mine-map"), strict=True):
        ticks = [box["data-mark"] for box in page(book, doc).select("[data-mark]")]
        assert ticks == [*holds["data-exercises"].split(), holds["data-chapter"]]
        questions = page(book, doc).select("[data-afm=quiz]")
        assert len(questions) == len(holds["data-questions"].split()) >= 3


def test_the_landing_page_says_whose_and_which_it_is(book):
    about = article(book, "intro").select_one(".colophon").get_text()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["authors"][0]["name"] in about
    assert f"Version {citation['version']}, " in about
    assert str(citation["date-released"].year) in about
    assert "MIT licence" in about
    assert article(book, "intro").select_one(".start a")["href"] == f"{CHAPTERS[0]}.html"


def test_the_glossary_gives_the_chinese_term_for_each_english_one(book):
    entries = article(book, "pages/glossary").select("dl.glossary dd")
    assert len(entries) == (ROOT / "pages/glossary.md").read_text("utf-8").count("\n  {zh}`") >= 50
    for entry in entries:
        zh = entry.select_one(".zh")
        assert zh, f"no Chinese name: {entry.get_text()}"
        assert zh["lang"] == "zh-Hans"
        assert CHINESE.search(zh.get_text()) or "softmax" in zh.get_text(), entry.get_text()


def test_chinese_stands_in_the_glossary_alone(book):
    for doc in ["intro", *DOCS, "genindex"]:
        if doc != "pages/glossary":
            assert not CHINESE.search(article(book, doc).get_text()), doc


def test_the_first_use_of_a_term_leads_to_its_entry_and_says_what_it_means(book):
    entries = {dt["id"]: dt for dt in article(book, "pages/glossary").select("dt[id]")}
    linked = set()
    for chapter in CHAPTERS:
        links = article(book, chapter).select("a.term-link")
        anchors = [link["href"].removeprefix("../pages/glossary.html#") for link in links]
        assert len(links) >= 10, chapter
        assert len(set(anchors)) == len(anchors), chapter
        for link, anchor in zip(links, anchors, strict=True):
            assert link.get_text()[:3].lower() == entries[anchor].get_text()[:3].lower()
            says = link["title"]
            assert re.fullmatch(r"[^\\{]{20,400}\.", says), says
            assert not re.search(r"\. \w+(?: \w+)?\.$", says), says  # cut before a formula
            assert not CHINESE.search(says), says
        linked.update(anchors)
    assert len(linked) >= 80


def test_the_index_leads_to_the_glossary(book):
    entries = {a.get_text(): a["href"] for a in page(book, "genindex").select(".indextable a")}
    assert entries["softmax regression"].startswith("pages/glossary.html#term-")


def test_every_source_that_is_cited_is_listed(book):
    listed = {c["id"] for c in article(book, "pages/bibliography").select(".citation")}
    for doc in CHAPTERS:
        for link in article(book, doc).select('a[href*="bibliography.html#"]'):
            assert link["href"].split("#")[1] in listed


def test_the_setup_page_has_the_right_checksums(book):
    text = article(book, "pages/setup").get_text()
    for file in FILES.values():
        assert file.name in text
        assert file.md5 in text


def raised(call) -> str:
    with pytest.raises((TypeError, ValueError, DataError)) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: softmax(torch.tensor([1, 2])), "must be floating point, got torch.int64"),
        (lambda: softmax([1.0, 2.0]), "must be a torch.Tensor, got list"),
        (lambda: cross_entropy(torch.zeros(3), torch.zeros(3).long()), "must have shape (n, k)"),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.tensor([1, 3])), "labels must lie in 0.."),
        (lambda: cross_entropy(torch.zeros(2, 3), torch.zeros(3).long()), "one per row of logits"),
        (lambda: require_positive("lr", -1.0), "lr must be a finite number above 0"),
        (lambda: require_count("num_epochs", 0), "must be at least 1"),
        (lambda: load_fashion_mnist(source="reel"), "source must be one of auto, real, synthetic"),
        (lambda: load_fashion_mnist(__file__, source="real"), "is a file, not a folder"),
        (lambda: load_fashion_mnist(resize="big"), "resize must be an int or (height, width)"),
        (lambda: SoftmaxPlayground(temperature=float("nan")), "must be a number, got nan"),
    ],
)
def test_troubleshooting_has_the_words_of_the_errors(book, call, words):
    assert words in raised(call)
    assert words in article(book, "pages/troubleshooting").get_text()


def test_no_launch_button_leads_nowhere(book):
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if config["repository"]["url"]:
        pytest.skip("the repository's address is set")
    for doc in CHAPTERS:
        assert not page(book, doc).select(".dropdown-launch-buttons, .dropdown-source-buttons")
    for doc in ("intro", "pages/setup"):
        assert "ask those who gave you the book" in article(book, doc).get_text()


def test_our_own_style_sheets_are_whole(book):
    """Only those of packages lose rules: the figures put their class names together."""
    for name in ("book.css", "figures/theme.css"):
        source = read("theme.css") if "theme" in name else (ROOT / "book/static" / name).read_text()
        shipped = (book / "_static" / name).read_text(encoding="utf-8")
        assert shipped == re.sub(r"/\*[^*]*\*/", "", source)  # no comment of ours holds a star
