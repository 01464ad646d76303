"""The checker of built pages, tried on pages with one fault each."""

import check_book
import pytest

GOOD = '<h1 id="top">One</h1><a href="#top">up</a><a href="b.html#two">b</a>'


@pytest.fixture
def site(tmp_path):
    """Write pages into a folder and return what the checker finds there."""

    def build(body: str, **files: str | bytes) -> list[str]:
        (tmp_path / "a.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
        (tmp_path / "b.html").write_text('<h1 id="two">Two</h1>', encoding="utf-8")
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / name.replace("__", ".")).write_bytes(data)
        return check_book.check(tmp_path)

    return build


def test_a_good_site_has_no_problem(site):
    assert site(GOOD + '<a href="https://example.org/">out</a><a href="mailto:a@b.c">m</a>') == []


def test_a_link_may_set_a_figure_that_stands_on_the_page(site):
    figure = '<div data-afm="loss_explorer"></div>'
    assert site(GOOD + figure + '<a href="#loss_explorer:logit=3">x</a>') == []
    (problem,) = site(GOOD + figure + '<a href="#softmax_playground:stage=exp">x</a>')
    assert "#softmax_playground:stage=exp: the page has no place" in problem


def test_no_book_is_a_problem(tmp_path):
    assert "there is no book" in check_book.check(tmp_path)[0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<a href="missing.html">x</a>', "missing.html: there is no such file"),
        ('<a href="b.html#three">x</a>', "b.html#three: the page has no place of that name"),
        ('<a href="#nowhere">x</a>', "#nowhere: the page has no place of that name"),
        ('<img src="missing.png" alt="x">', "missing.png: there is no such file"),
        ('<script src="missing.js"></script>', "missing.js: there is no such file"),
        ('<img src="a.html">', "picture a.html has no alt text"),
        ('<img src="a.html" alt=" ">', "picture a.html has no alt text"),
        ('<img src="https://example.org/a.png" alt="x">', "loads https://example.org/a.png"),
        ('<script src="//cdn.example.org/a.js"></script>', "loads //cdn.example.org/a.js"),
        ('<link rel="stylesheet" href="https://example.org/a.css">', "loads https://example.org/a"),
        (
            '<img src="b.html" alt="x" srcset="https://example.org/c.png">',
            "loads https://example.org/c",
        ),
        ('<iframe src="https://example.org/v"></iframe>', "loads https://example.org/v"),
        ('<i class="fa-solid fa-sun"></i><i class="fa-solid fa-fish fa-lg"></i>', "icon fish"),
    ],
)
def test_a_fault_is_named_with_its_page(site, body, words):
    (problem,) = site(GOOD + body)
    assert problem.startswith("a.html: ")
    assert words in problem


@pytest.mark.parametrize(
    "css",
    ["p { background: url('https://example.org/p.png') }", '@import "https://example.org/p.png";'],
)
def test_a_style_sheet_may_not_fetch_from_another_server(site, css):
    (problem,) = site('<link rel="stylesheet" href="s.css">', s__css=css)
    assert problem == "a.html: s.css loads https://example.org/p.png from another server"


def test_an_address_inside_a_file_name_is_no_remote_address(site):
    assert site('<link rel="stylesheet" href="s.css">', s__css="p{background:url(a.html)}") == []


def incompressible(kilobytes: int) -> bytes:
    import random

    return random.Random(0).randbytes(1000 * kilobytes)


def test_a_heavy_page_is_named(site):
    (problem,) = site('<script src="x.js"></script>', x__js=incompressible(230))
    assert "a.html: first load is 23" in problem


def test_pictures_count_for_the_whole_but_not_for_the_first_load(site):
    (problem,) = site('<img src="x.webp" alt="noise">', x__webp=incompressible(710))
    assert "a.html: weighs 71" in problem
    assert "first load" not in problem


def test_what_stands_on_a_page_twice_is_fetched_once(site):
    picture, icon = '<img src="x.webp" alt="noise">', '<link rel="icon" href="x.webp">'
    noise = incompressible(400)
    assert site(2 * picture, x__webp=noise) == []
    (problem,) = site(picture + icon, x__webp=noise)  # 400 kB in all, at first already
    assert problem == "a.html: first load is 400 kB compressed, above 220 kB"


@pytest.mark.parametrize(
    "body",
    [
        '<script src="x.js"></script>',
        '<link rel="stylesheet" href="x.css">',
        '<img src="x.svg" alt="a drawing">',
    ],
)
def test_text_is_weighed_compressed(site, body):
    kind = body.partition("x.")[2].partition('"')[0]
    assert site(body, **{f"x__{kind}": b" " * 3_000_000}) == []


def test_the_command_fails_and_prints_the_problem(site, tmp_path, capsys):
    site('<a href="missing.html">x</a>')
    assert check_book.main([str(tmp_path)]) == 1
    assert "a.html: link to missing.html" in capsys.readouterr().out
    site(GOOD)
    assert check_book.main([str(tmp_path), "--weights"]) == 0
