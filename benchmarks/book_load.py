"""How soon each page of the book stands still and answers, and how heavy it is.

A slow telephone is imitated: 390 pixels wide, a processor six times slower than this one, 10 Mbit/s
with 40 ms of delay, an empty cache, a server that compresses. "Usable" is the moment at which the
first control, used as soon as it was painted, has changed its figure and that has been drawn;
"blocked" is what tasks took beyond their first 50 ms. The longest task is given so, and of a load
at full speed in time of the processor: nothing that runs beside that one counts, as it does where
slowness is imitated by the clock. Several books are measured in turns, all pages or those whose
name has a given part:

    python -m benchmarks.book_load OLD/_build/html _build/html --page 03_ --page glossary
"""

import argparse
import gzip
import statistics
import threading
import time
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import ROOT, import_from_tools

BOOK = ROOT / "_build" / "html"
ROUNDS = 3
COMPRESSED = {".html", ".css", ".js", ".svg", ".json"}

#: Runs before the page's own scripts: notes what moves and what takes long, and uses the first
#: control as soon as there is one.
PROBE = """
const seen = window.seen = {paint: 0, usable: 0, blocked: 0, longest: 0, shift: 0};
const watch = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note))
  .observe({type, buffered: true});
watch("longtask", (e) => {
  seen.blocked += Math.max(0, e.duration - 50);
  seen.longest = Math.max(seen.longest, e.duration);
});
watch("layout-shift", (e) => { if (!e.hadRecentInput) seen.shift += e.value; });
watch("paint", (e) => { if (e.name === "first-contentful-paint") seen.paint = e.startTime; });
const find = () => {
  for (const place of document.querySelectorAll(".cu-fig")) {
    const root = place.shadowRoot ?? place;
    const control = root.querySelector("input[type=range]:enabled, .skip, input:enabled");
    if (control) return [root, control];
  }
};
const wait = () => requestAnimationFrame(() => find() ? setTimeout(use) : wait()); // until painted
const use = () => {
  const [root, control] = find();
  new MutationObserver((changes, watcher) => {
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => { seen.usable = performance.now(); }));
  }).observe(root, {subtree: true, childList: true, attributes: true, characterData: true});
  if (control.type === "range") {
    control.value = control.max;
    control.dispatchEvent(new Event("input", {bubbles: true}));
  } else control.click();
};
if (window === window.top) addEventListener("DOMContentLoaded", wait);
"""
#: The figures near the window; what is far below starts when one comes near it. Asking where one is
#: whose section isn't laid out would lay it out.
STARTED = """[...document.querySelectorAll("[data-afm]")]
  .filter((d) => d.checkVisibility({contentVisibilityAuto: true}))
  .filter((d) => d.getBoundingClientRect().top < 1.5 * innerHeight)
  .every((d) => d.querySelector(".cu-fig"))"""
#: True once every formula has been set; formulas that the build made are, from the first paint on.
SET = """[...document.querySelectorAll("article .math")].every((m) =>
  m.querySelector("math, mjx-container"))"""


@cache
def body(path: Path) -> bytes:
    """What is sent for a file."""
    data = path.read_bytes()
    return gzip.compress(data, 6) if path.suffix in COMPRESSED else data


class CompressingHandler(SimpleHTTPRequestHandler):
    """Serves a folder, text compressed."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(body(path))))
        if path.suffix in COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body(path))

    def log_message(self, *args) -> None:
        """Say nothing."""


def wait_until(session, expression: str, seconds: float = 120) -> None:
    """Ask now and then whether it is so.

    Playwright's own way puts a script of its own into the page, which counts in the page's tasks.
    """
    end = time.monotonic() + seconds
    while not session.send("Runtime.evaluate", {"expression": expression})["result"]["value"]:
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds} s it was not so: {expression}")
        time.sleep(0.1)


def visit(browser, address: str) -> dict[str, float]:
    """Load a page once; return milliseconds, the sum of its shifts, and the bytes it received."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    received: dict[str, float] = {}
    session.on(
        "Network.requestWillBeSent",
        lambda e: addresses.update({e["requestId"]: e["request"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda e: received.update({e["requestId"]: e["encodedDataLength"]}),
    )
    session.send("Network.enable")
    limits = {"latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
    session.send("Network.emulateNetworkConditions", {"offline": False, **limits})
    session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    page.add_init_script(PROBE)
    page.goto(address, wait_until="load", timeout=120_000)
    wait_until(session, f"{STARTED} && {SET}")
    formulas = session.send("Runtime.evaluate", {"expression": "performance.now()"})
    wait_until(session, "!document.querySelector('.cu-fig input') || window.seen.usable > 0")
    page.wait_for_load_state("networkidle", timeout=120_000)
    found = page.evaluate("window.seen")
    context.close()
    # What stands inside a style sheet has come with it.
    sent = sum(n for k, n in received.items() if not addresses[k].startswith("data:"))
    made = "mathjax" not in page_text(address)
    stood = found["paint"] if made else formulas["result"]["value"]
    return found | {"formulas": stood, "kB": sent / 1e3}


def longest_task(browser, address: str) -> float:
    """Load a page once, at full speed; return its main thread's longest task in milliseconds."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    events: list[dict] = []
    complete: list[dict] = []
    session.on("Tracing.dataCollected", lambda e: events.extend(e["value"]))
    session.on("Tracing.tracingComplete", lambda e: complete.append(e))
    session.send("Tracing.start", {"traceConfig": {"includedCategories": ["toplevel"]}})
    page.goto(address, wait_until="networkidle", timeout=120_000)
    wait_until(session, STARTED)
    session.send("Tracing.end")
    while not complete:
        page.wait_for_timeout(20)
    context.close()
    names = {(e["pid"], e["tid"], e["args"]["name"]) for e in events if e["name"] == "thread_name"}
    return max(
        e.get("tdur", 0) / 1e3
        for e in events
        if e["name"] == "ThreadControllerImpl::RunTask"
        and (e["pid"], e["tid"], "CrRendererMain") in names
    )


@cache
def page_text(address: str) -> str:
    """The source of a page."""
    from urllib.request import urlopen

    with urlopen(address) as answer:
        return gzip.decompress(answer.read()).decode()


def main(*books: Path, parts: list[str] | None = None) -> None:
    """Print one line for each page of each book: medians of the rounds, taken in turns.

    With ``parts``, only pages are measured whose name has one of them.
    """
    from playwright.sync_api import sync_playwright

    import_from_tools()
    from browsing import find_browser, launch
    from make_pdf import reading_order

    books = books or (BOOK,)
    if any(not (b / "intro.html").is_file() for b in books) or find_browser() is None:
        print("skipped: it needs the built book (make book) and Chromium")
        return
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), partial(CompressingHandler, directory=str(book)))
        for book in books
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name in reading_order(books[-1]):
            if parts and not any(part in name for part in parts):
                continue
            addresses = [f"http://127.0.0.1:{s.server_port}/{name}" for s in servers]
            rounds = [
                [visit(browser, a) | {"task": longest_task(browser, a)} for a in addresses]
                for _ in range(ROUNDS)
            ]
            for visits in zip(*rounds, strict=True):
                m = {key: statistics.median(v[key] for v in visits) for key in visits[0]}
                print(
                    f"{m['kB']:4.0f} kB  formulas {m['formulas'] / 1e3:5.2f} s  "
                    f"usable {m['usable'] / 1e3:5.2f} s  blocked {m['blocked'] / 1e3:5.2f} s  "
                    f"longest {m['longest']:4.0f} ms (full speed {m['task']:2.0f})  "
                    f"shift {m['shift']:5.3f}  {name}",
                    flush=True,
                )
        browser.close()
    for server in servers:
        server.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", nargs="*", type=Path)
    parser.add_argument("--page", action="append", help="part of a page's name")
    args = parser.parse_args()
    main(*(book.resolve() for book in args.books), parts=args.page)
