"""The heights written into the pages."""

from contextlib import nullcontext
from types import SimpleNamespace

import figure_heights


def test_each_figure_gets_its_own_heights():
    html = '<p></p><div data-afm="a"><i></i></div><div data-afm="b_c">x</div>'
    sizes = [{"--narrow": 1, "--wide": 2}, {"--narrow": 3, "--wide": 4}]
    assert figure_heights.reserved(html, sizes) == (
        '<p></p><div data-afm="a" style="--narrow:1px;--wide:2px"><i></i></div>'
        '<div data-afm="b_c" style="--narrow:3px;--wide:4px">x</div>'
    )


def test_without_a_browser_it_is_said_and_the_pages_stay(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.html"
    page.write_text('<div data-afm="a"></div>')
    monkeypatch.setattr(figure_heights, "find_browser", lambda: None)
    figure_heights.reserve(tmp_path)
    assert capsys.readouterr().out == (
        "No Chromium found: the figures push the text aside when they start.\n"
    )
    assert page.read_text() == '<div data-afm="a"></div>'


def test_a_book_without_figures_needs_no_browser(tmp_path, monkeypatch, capsys):
    (tmp_path / "page.html").write_text("<p>text alone</p>", encoding="utf-8")
    monkeypatch.setattr(figure_heights, "find_browser", lambda: None)
    monkeypatch.setattr(figure_heights, "sync_playwright", None)  # would fail if it were called
    figure_heights.reserve(tmp_path)
    assert capsys.readouterr().out == ""


def test_each_height_is_that_of_its_window_once_all_figures_run(tmp_path):
    """Two figures, one as tall as the window is wide, one twice as tall."""
    asked = []

    def evaluate(script):
        asked.append(script)
        return [asked[-2]["width"], 2 * asked[-2]["width"]] if len(asked) > 3 else None

    note = asked.append
    tab = SimpleNamespace(
        goto=note, evaluate=evaluate, wait_for_function=note, set_viewport_size=note
    )
    assert figure_heights.heights(tab, tmp_path / "page.html") == [
        {"--narrow": 390, "--middle": 900, "--wide": 1280},
        {"--narrow": 780, "--middle": 1800, "--wide": 2560},
    ]
    assert asked[:3] == [
        (tmp_path / "page.html").as_uri(), figure_heights.START, figure_heights.STARTED,
    ]  # fmt: skip
    windows = [{"width": width, "height": 900} for width in (390, 900, 1280)]
    assert asked[3:] == [step for window in windows for step in (window, figure_heights.HEIGHTS)]


def test_every_page_with_a_figure_is_written_anew_and_no_other(tmp_path, monkeypatch):
    place, tab, asked = '<div data-afm="a"></div>', object(), []
    (tmp_path / "chapters").mkdir()
    for name, text in (("b.html", f"é{place}"), ("chapters/c.html", 2 * place), ("n.html", "é")):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def heights(given, path):
        assert given is tab
        asked.append(path.name)
        return [{"--wide": 7}, {"--wide": 8}][: 1 + (path.name == "c.html")]

    chromium = SimpleNamespace(new_page=lambda: tab, close=lambda: asked.append("closed"))
    monkeypatch.setattr(figure_heights, "find_browser", lambda: "/a/browser")
    monkeypatch.setattr(figure_heights, "sync_playwright", nullcontext)
    monkeypatch.setattr(figure_heights, "launch", lambda playwright: chromium)
    monkeypatch.setattr(figure_heights, "heights", heights)
    figure_heights.reserve(tmp_path)
    assert asked == ["b.html", "c.html", "closed"]
    found = [path.read_text("utf-8") for path in sorted(tmp_path.rglob("*.html"))]
    one, two = (f'<div data-afm="a" style="--wide:{n}px"></div>' for n in (7, 8))
    assert found == [f"é{one}", one + two, "é"]
