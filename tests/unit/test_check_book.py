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
    here = '<p id="é x"></p><a href="#%C3%A9%20x">here</a><i class="fa-brands fa-github fa-lg"></i>'
    out = '<a href="https://example.org/a.css">out</a><a href="mailto:a@b.c">m</a>'
    file = '<a href="x.pdf#page=2">no page of the book</a>'
    assert site(GOOD + here + out + file, x__pdf="") == []


def test_a_link_may_set_a_figure_that_stands_on_the_page(site):
    figure = GOOD + '<div data-afm="loss_explorer"></div>'
    assert (
        site(f'{figure}<a href="#loss_explorer:a=3"></a><a href="#loss_explorer.2:a=3"></a>') == []
    )
    for name in ("softmax_playground:a=3", "loss_explorer"):
        assert site(f'{figure}<a href="#{name}">x</a>') == [
            f"a.html: link to #{name}: the page has no place of that name"
        ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (2 * '<a href="missing.html">x</a>', "link to missing.html: there is no such file"),
        ('<a href="b.html#3">x</a>', "link to b.html#3: the page has no place of that name"),
        ('<a href=".">x</a>', "link to .: there is no such file"),
        ('<a href="#nowhere">x</a>', "link to #nowhere: the page has no place of that name"),
        ('<img src="missing.png" alt="x">', "link to missing.png: there is no such file"),
        ('<link rel="stylesheet" href="no.css">', "link to no.css: there is no such file"),
        ('<script src="missing.js"></script>', "link to missing.js: there is no such file"),
        ('<img src="a.html">', "picture a.html has no alt text"),
        ('<img src="a.html" alt=" ">', "picture a.html has no alt text"),
        (2 * '<img src="https://example.org/a.png" alt="x">', "https://example.org/a.png"),
        ('<script src="//cdn.example.org/a.js"></script>', "//cdn.example.org/a.js"),
        ('<link rel="stylesheet" href="https://example.org/a.css">', "https://example.org/a.css"),
        ('<img src="b.html" alt="x" srcset="https://a.org/c.png">', "https://a.org/c.png"),
        ('<iframe src="https://example.org/v"></iframe>', "https://example.org/v"),
        ('<i class="fa-solid fa-sun"></i><i class="fa-solid fa-fish fa-lg"></i>',
         "icon fish comes with the whole font; name it in tools/book_ext/icons.py"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_page(site, body, words):
    said = words if " " in words else f"loads {words} from another server"
    assert site(GOOD + body) == [f"a.html: {said}"]


@pytest.mark.parametrize(
    "css",
    ["url('{}')", 'url("{}")', "url({})", "url( '{}' )", "url( {} )", "@import '{}'",
     '@import  "{}"', "@import url({})"],
)  # fmt: skip
def test_a_style_sheet_may_not_fetch_from_another_server(site, css):
    text = css.format("https://example.org/p.png")
    (problem,) = site('<link rel="stylesheet" href="s.css?v=1">', s__css=text)
    assert problem == "a.html: s.css loads https://example.org/p.png from another server"


def test_an_address_inside_a_file_name_is_no_remote_address(site):
    assert site('<link rel="stylesheet" href="s.css">', s__css="p{background:url(a.html)}") == []


@pytest.mark.parametrize(
    ("body", "limit", "words"),
    [
        (
            '<script src="{}.bin"></script>',
            220_000,
            "first load is 220 kB compressed, above 220 kB",
        ),
        ('<img src="{}.bin" alt="x">', 700_000, "weighs 700 kB with pictures, above 700 kB"),
    ],
)
def test_a_page_may_weigh_so_much_and_no_more(site, body, limit, words):
    """Pictures count for the whole, but not for the first load."""
    assert site(body.format("x"), x__bin=bytes(limit - 1000)) == []
    assert site(body.format("y"), y__bin=bytes(limit)) == [f"a.html: {words}"]


def test_what_stands_on_a_page_twice_is_fetched_once(site):
    picture, icon = '<img src="x.webp" alt="noise">', '<link rel="icon" href="x.webp">'
    noise = bytes(400_000)  # of a picture, which is not compressed again
    assert site(2 * picture, x__webp=noise) == []
    (problem,) = site(picture + icon, x__webp=noise)  # 400 kB in all, at first already
    assert problem == "a.html: first load is 400 kB compressed, above 220 kB"
