"""What the browser tests share: pages to borrow, static pages, the accessibility check."""

import json
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from figure_heights import START

from course_utils.figures.scripts import browser_script, host_script, read

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
STARTED = """[...document.querySelectorAll('[data-afm]')]
  .every((d) => d.querySelector('.cu-fig, .cu-error'))"""


#: What of a figure's state can stand in the address of its page (kit/address.js).
IN_ADDRESS = ("number", "integer", "numbers", "choice", "flag")
FOLLOW = """(address) => {
  history.replaceState(null, "", address);
  dispatchEvent(new Event("hashchange"));
}"""
#: Two frames: figures hear of their new size in the first.
PAINTED = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"
#: No figure is at work.
QUIET = "() => !document.querySelector('.cu-fig[aria-busy=true]')"


def page_html(bodies, names, theme="light") -> str:
    """Return a whole page around the figures' static HTML, as the book would serve it."""
    modules = "".join(f"<script>{_inline(browser_script(name))}</script>" for name in names)
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>Figures</title><style>{read('theme.css')}\n"
        "body {margin: 8px 16px}\n"  # as narrow as in the book
        'html[data-theme="dark"] body {background: #121212; color: #ddd}</style></head>'
        f"<body><main><h1>Figures</h1>{''.join(bodies)}<p id='after'>Text after.</p></main>"
        f"{modules}<script>{_inline(host_script())}</script></body></html>"
    )


def start_all(page) -> None:
    """Start all figures, as the first key does, and wait for them."""
    page.evaluate(START)
    page.wait_for_function(STARTED)
    page.wait_for_function("!document.documentElement.dataset.below")  # all laid out


def load_anew(page) -> None:
    """Reload, with what the page has kept.

    A reload may start another process, and a busy browser loses what the old one hadn't handed
    over yet: so the new one is given it before the page's scripts run.
    """
    kept = page.evaluate("JSON.stringify({...localStorage})")
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    give = f"if (window === top) {{ localStorage.clear(); Object.assign(localStorage, {kept}); }}"
    script = session.send("Page.addScriptToEvaluateOnNewDocument", {"source": give})
    page.reload()
    session.send("Page.removeScriptToEvaluateOnNewDocument", script)
    session.detach()


def with_state(figure, **changes) -> str:
    """Return the figure's static form with some of its stored state replaced."""
    state = {k: v for k, v in {**figure.state(), **changes}.items() if v != "missing"}
    return static_div(figure._name, json.dumps(state))


def static_div(name: str, text: str) -> str:
    """Return the place of a figure with this text as its stored state."""
    script = f'<script type="application/json">{text}</script>'
    return f'<div data-afm="{name}">{script}<p>The same in words.</p></div>'


def assert_refused(show, figure, *changes: dict) -> list[str]:
    """Copies of a figure, each with a changed state, can't start and say so; the first one runs.

    Returns what they say.
    """
    page = show(figure, extra="".join(with_state(figure, **change) for change in changes))
    said = page.locator(".cu-error").all_inner_texts()
    assert len(said) == len(changes)
    assert page.locator(".cu-fig").count() == 1
    assert page.problems == []
    return said


def skip_questions(page) -> None:
    """Open the controls of all figures without a guess, as a reader may."""
    page.locator(".skip").evaluate_all(
        "(all) => { for (const e of all) e.click(); document.activeElement.blur(); }"
    )


def visible_text(page) -> list[str]:
    """Return what the figure shows, but not the line that is only spoken, after a pause."""
    return page.locator(".cu-fig .frame > :not([aria-live])").all_inner_texts()


def _inline(script: str) -> str:
    return script.replace("</script", "<\\/script")


def write_page(folder: Path, *figures, extra: str = "", theme="light") -> Path:
    """Write a page with the given figures (and more HTML) into ``folder``; return its path."""
    bodies = [figure.static_html() for figure in figures] + [extra]
    from_text = set(_mentioned(extra))
    names = sorted({figure._name for figure in figures} | from_text)
    path = folder / "page.html"
    path.write_text(page_html(bodies, names, theme), encoding="utf-8")
    return path


def _mentioned(text: str) -> list[str]:
    from book_ext.figures import figures_in

    return figures_in(text)


class Pages:
    """Pages that tests borrow: to make a new one costs more than most of the tests.

    One with the same options is handed out again: emptied, of its first size, with nothing stored,
    the mouse in the corner, its ``problems`` (console errors, foreign requests) and ``requested``
    forgotten.
    """

    def __init__(self, browser, make=None) -> None:
        self.browser, self.make, self.free, self.lent = browser, make or new_page, {}, []

    def open(self, path: Path, everything=True, **options):
        """Show a file, or an address, in a page of a context with these options.

        Figures far below the window are started, too, unless not ``everything`` is wanted.
        """
        kind = repr(sorted(options.items()))
        free = self.free.setdefault(kind, [])
        page = free.pop() if free else self.make(self.browser, **options)
        self.lent.append((kind, page))
        page.goto(path if "://" in str(path) else path.as_uri())
        if everything:
            start_all(page)
        return page

    def take_back(self) -> None:
        """Clean all pages that were lent, for the next test."""
        lent, self.lent = self.lent, []
        for kind, page in lent:
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
            page.emulate_media(media="null")
            page.mouse.move(0, 0)
            page.goto("about:blank")
            page.set_viewport_size(page.first_size)
            page.problems.clear()
            page.requested.clear()
            self.free[kind].append(page)


def new_page(browser, script: str = "", **context):
    """Return a page of its own context that notes its problems and the requests it makes.

    A script is run in whatever it opens, before the scripts of that page.
    """
    page = browser.new_context(**context).new_page()
    if script:
        page.add_init_script(script)
    page.set_default_timeout(30_000)
    page.first_size, page.problems, page.requested = page.viewport_size, [], []
    page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.on("request", lambda r: page.requested.append(r.url))
    page.on("request", lambda r: _foreign(r.url) and page.problems.append(r.url))
    return page


def _foreign(url: str) -> bool:
    local = ("file:", "blob:", "data:", "http://127.0.0.1", "http://localhost")
    return not url.startswith(local)


def value(page, name: str, nth: int = 0) -> float:
    """Return a number a figure shows, at full precision."""
    return float(page.locator(f'[data-q="{name}"]').nth(nth).get_attribute("data-value"))


def values(page) -> dict[str, float]:
    """Return all numbers that the figures show, by name, at full precision."""
    shown = page.locator("[data-q]").evaluate_all(
        "(all) => all.map((e) => [e.dataset.q, e.dataset.value])"
    )
    return {name: float(number) for name, number in shown}


def put(page, figure, nth: int = 0) -> None:
    """Set the nth figure of a kind to the state of another one, as a link to that state would."""
    state, traits = figure.state(), figure.spec()["traits"].items()
    texts = {k: json.dumps(state[k]) for k, trait in traits if trait["kind"] in IN_ADDRESS}
    parts = "&".join(f"{k}={text.strip('[]').strip(chr(34))}" for k, text in texts.items())
    page.evaluate(FOLLOW, f"#{figure._name}{f'.{nth + 1}' if nth else ''}:{parts}")
    assert page.locator(".note:not(:empty)").count() == 0


def move(page, control: str, position: float, nth: int = 0) -> None:
    """Put a slider at a position, as dragging it would."""
    page.locator(f'[data-control="{control}"]').nth(nth).evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", position
    )


def accessibility_violations(page, within: str | None = None) -> list[str]:
    """Return what axe-core finds on the page or within what a selector gives, one line each."""
    found = Axe().run(page, context=within).response["violations"]
    return [f"{v['id']}: {n['html'][:120]}" for v in found for n in v["nodes"]]
