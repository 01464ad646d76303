"""How heavy each page of the book is, and how soon its first slider answers.

A telephone is imitated: 390 pixels wide, a processor four times slower than this one, 10 Mbit/s
with 40 ms of delay, an empty cache, a server that compresses. "Usable" is the moment at which a
slider has been moved and the figure has been drawn again.
"""

import gzip
import statistics
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks import ROOT, import_from_tools

BOOK = ROOT / "_build" / "html"
ROUNDS = 3
COMPRESSED = {".html", ".css", ".js", ".svg", ".json"}

#: Runs before the page's own scripts: moves the first slider as soon as there is one.
PROBE = """
const watch = () => {
  const figure = document.querySelector(".cu-fig")?.shadowRoot;
  const slider = figure?.querySelector('input[type="range"]');
  if (!slider) return requestAnimationFrame(watch);
  const before = figure.innerHTML;
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const seen = () => figure.innerHTML === before ? requestAnimationFrame(seen)
    : requestAnimationFrame(() => setTimeout(() => { window.usable = performance.now(); }));
  requestAnimationFrame(seen);
};
if (window === window.top) addEventListener("DOMContentLoaded", watch);
"""

STARTED = (
    """[...document.querySelectorAll("[data-afm]")].every((d) => d.querySelector(".cu-fig"))"""
)


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


def visit(browser, address: str) -> tuple[float | None, int]:
    """Seconds until a slider answers (None without one), and bytes received by then and idle."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    received = []
    session.on("Network.loadingFinished", lambda e: received.append(e["encodedDataLength"]))
    session.send("Network.enable")
    limits = {"latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
    session.send("Network.emulateNetworkConditions", {"offline": False, **limits})
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(PROBE)
    page.goto(address, wait_until="load", timeout=120_000)
    seconds = None
    page.wait_for_function(STARTED, timeout=120_000)
    if page.locator('.cu-fig input[type="range"]').count():
        page.wait_for_function("window.usable", timeout=60_000)
        seconds = page.evaluate("window.usable") / 1000
    page.wait_for_load_state("networkidle", timeout=120_000)
    context.close()
    return seconds, int(sum(received))


def main(book: Path = BOOK) -> None:
    """Print one line for each page."""
    from playwright.sync_api import sync_playwright

    import_from_tools()
    from browsing import find_browser, launch
    from make_pdf import reading_order

    if not (book / "intro.html").is_file() or find_browser() is None:
        print("skipped: it needs the built book (make book) and Chromium")
        return
    handler = partial(CompressingHandler, directory=str(book))
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = launch(playwright)
        for name in reading_order(book):
            address = f"http://127.0.0.1:{server.server_port}/{name}"
            seconds, sizes = zip(*(visit(browser, address) for _ in range(ROUNDS)), strict=True)
            slider = f"{statistics.median(seconds):5.2f} s" if seconds[0] else "   -   "
            print(f"{slider} to a slider  {max(sizes) / 1e3:5.0f} kB  {name}", flush=True)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
