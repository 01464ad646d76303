"""The built book in Firefox and WebKitGTK: it loads, figures answer, nothing sticks out."""

import re
from pathlib import Path

import pytest
import yaml
from engines import each_engine, started
from serving import QuietHandler, served

pytestmark = [pytest.mark.book, pytest.mark.browser]

ROOT = Path(__file__).resolve().parents[2]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCS = ["intro", *(chapter["file"] for part in TOC["parts"] for chapter in part["chapters"])]

#: First in every page: what goes wrong is written down.
NOTE = b"""<script>window.problems = [];
addEventListener("error", (e) => problems.push(e.message || `not loaded: ${e.target.src}`), true);
addEventListener("unhandledrejection", (e) => problems.push(`${e.reason}`));
for (const kind of ["error", "warn"]) console[kind] = (...all) => problems.push(all.join(" "));
</script>"""

STARTED = """new Promise((done) => {
  dispatchEvent(new KeyboardEvent("keydown")); // starts also what is far below
  const wait = (left) => {
    const all = [...document.querySelectorAll("[data-afm]")];
    if (!left || all.every((d) => d.querySelector(".cu-fig, .cu-error"))) done(left);
    else setTimeout(wait, 50, left - 1);
  };
  wait(200);
})"""

#: What is wrong on the page as it stands.
FAULTS = """(() => {
  const found = [...window.problems];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`sideways: ${root.scrollWidth} > ${innerWidth}`);
  for (const d of document.querySelectorAll("[data-afm]")) {
    if (!d.querySelector(".cu-fig")) found.push(`${d.dataset.afm} did not start`);
  }
  for (const d of document.querySelectorAll("article details")) d.open = true;
  for (const math of document.querySelectorAll("article math")) {
    const height = math.getBoundingClientRect().height;
    if (height < 5 || height > 700) found.push(`${height} px: ${math.textContent}`);
  }
  return found;
})()"""

NUMBERS = """[...document.querySelectorAll(".eqno")].map((e) => e.innerText.match(/[\\d.]+/)[0])"""

#: Controls that leave their figure as it was.
DEAD = """(async () => {
  const frame = () => new Promise((done) => setTimeout(done, 60));
  const dead = [];
  for (const place of document.querySelectorAll(".cu-fig")) {
    const root = place.shadowRoot ?? place;
    root.querySelector(".skip")?.click();
    await frame();
    for (const slider of root.querySelectorAll("input[type=range]:enabled")) {
      if (!slider.isConnected || slider.closest("[inert]")) continue; // nobody reaches it
      const before = root.innerHTML, value = slider.value;
      slider.value = value === slider.max ? slider.min : slider.max;
      slider.dispatchEvent(new Event("input", {bubbles: true}));
      slider.dispatchEvent(new Event("change", {bubbles: true}));
      await frame();
      if (before === root.innerHTML) {
        dead.push(`${place.getAttribute("aria-label")}: ${slider.dataset.control}`);
      }
    }
    const choices = "input[type=radio]:enabled:not(:checked), input[type=checkbox]:enabled";
    for (const choice of root.querySelectorAll(choices)) {
      if (!choice.isConnected || (choice.type === "radio" && choice.checked)) continue;
      const before = root.innerHTML, checked = choice.checked;
      choice.click();
      await frame();
      if (before === root.innerHTML && choice.checked === checked) {
        dead.push(`${place.getAttribute("aria-label")}: ${choice.value}`);
      }
    }
  }
  return dead;
})()"""


class NotingHandler(QuietHandler):
    """Serves the book, each page with `NOTE` at its beginning."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html" or not path.is_file():
            super().do_GET()
            return
        page = path.read_bytes().replace(b"<head>", b"<head>" + NOTE, 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


@pytest.fixture(scope="module")
def noting_book(book):
    """Address of the book whose pages note their problems."""
    with served(book, NotingHandler) as address:
        yield address


@each_engine
def test_the_book_in_another_engine(name, noting_book):
    faults = {}
    engine = started(name)
    try:
        for width in (1280, 390):
            engine.size(width, 900)
            for doc in DOCS:
                engine.open(f"{noting_book}/{doc}.html")
                engine.evaluate(STARTED)
                found = engine.evaluate(FAULTS)
                if width == 1280:
                    found += engine.evaluate(DEAD)
                    found += engine.evaluate("window.problems")
                    found += wrong_numbers(doc, engine.evaluate(NUMBERS))
                if found:
                    faults[f"{doc} at {width} px"] = found
    finally:
        engine.close()
    assert not faults, "\n".join(f"{where}: {each}" for where in faults for each in faults[where])


def wrong_numbers(doc: str, numbers: list[str]) -> list[str]:
    """Numbers of a chapter's equations, if they do not count 7.1, 7.2, 7.3."""
    chapter = re.match(r"chapters/0*(\d+)_", doc)
    expected = [f"{chapter[1]}.{i + 1}" for i in range(len(numbers))] if chapter else numbers
    return [] if numbers == expected else [f"equations {numbers}"]
