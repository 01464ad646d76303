"""What is asked of a page of the book in a browser: colours, access, width, pictures in the dark.

Each question is a script that runs in the page and a function that asks it.
"""

from io import BytesIO
from pathlib import Path

import axe_playwright_python
from browser_tools import PAINTED
from PIL import Image

#: A function that also finds what stands in shadow roots, as the figures do.
DEEP = """const deep = (selector, root = document) => {
  const hosts = [...root.querySelectorAll("*")].filter((e) => e.shadowRoot);
  const inner = hosts.flatMap((e) => deep(selector, e.shadowRoot));
  return [...root.querySelectorAll(selector), ...inner];
};
"""
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
COLOURS = ["color-contrast", "link-in-text-block"]
#: What axe finds within the elements that a selector gives, or on the whole page.
BREACHES = """async ([selector, options]) => {
  const where = selector ? deep(selector) : document;
  const found = await axe.run(where, {resultTypes: ["violations"], preload: false, ...options});
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 140)}`));
}"""
#: Marks one of all texts that agree in size, weight, colour, background and the colour around
#: them: with these alone axe takes half of the time.
MARK_KINDS = """() => {
  const shades = (e) => {
    const found = [];
    for (let box = e; box; box = box.parentElement ?? box.getRootNode().host) {
      const {backgroundColor, backgroundImage, opacity, filter} = getComputedStyle(box);
      found.push(opacity, filter, backgroundImage);
      if (!/, 0\\)$/.test(backgroundColor)) found.push(backgroundColor);
    }
    return found.filter((shade) => shade !== "1" && shade !== "none");
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const kinds = new Map();
  for (const e of deep("*")) {
    delete e.dataset.kind;
    if (!hasText(e) || !e.checkVisibility()) continue;
    const {color, fontSize, fontWeight} = getComputedStyle(e);
    const around = getComputedStyle(e.parentElement ?? e.getRootNode().host).color;
    kinds.set(JSON.stringify([color, fontSize, fontWeight, around, shades(e)]), e);
  }
  for (const e of kinds.values()) e.dataset.kind = "";
}"""
#: What repeats is looked at once: five formulas of each kind, one token of code for all of the same
#: class on the same background. That halves the time.
CONDENSE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  for (const kind of ["math[display]", "math:not([display])"]) {
    for (const formula of all(kind).slice(5)) formula.replaceWith("x");
  }
  const boxes = all(".highlight pre");
  const grounds = boxes.map((box) => getComputedStyle(box).backgroundColor);
  const seen = new Set();
  for (const [i, box] of boxes.entries()) {
    for (const token of box.querySelectorAll("span[class]")) {
      const kind = token.className + grounds[i];
      if (seen.has(kind)) token.replaceWith(...token.childNodes);
      seen.add(kind);
    }
  }
}"""
#: Boxes that scroll sideways but cannot be reached by keyboard; a script marks them with a delay.
UNREACHABLE = """() => deep("main *, .frame *").filter((e) =>
    e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX)
    && e.clientWidth && e.tabIndex < 0 && !e.querySelector("a, button, input, [tabindex='0']"))
  .map((e) => e.outerHTML.slice(0, 120))"""
#: Leaves only the plots and pictures on the page, small, and says where each stands.
PICTURES_ALONE = """async () => {
  const all = [...document.querySelectorAll("img.plot, img.picture")];
  const place = document.querySelector(".bd-content");
  place.replaceChildren(...all);
  document.body.replaceChildren(place);
  for (const img of all) img.style = "display: block; height: 80px; width: auto; margin: 0";
  await Promise.all(all.map((img) => { img.loading = "eager"; return img.decode(); }));
  return all.map((img) => {
    const box = img.getBoundingClientRect();
    const kind = img.classList.contains("plot") ? "plot" : "picture";
    return [kind, box.left, box.top + scrollY, box.right, box.bottom + scrollY].map(
      (edge) => typeof edge === "number" ? Math.round(edge) : edge);
  });
}"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  deep("*").filter((e) =>
    e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((e) => e.outerHTML.slice(0, 120))"""


def with_deep(function: str) -> str:
    """Return a JavaScript function that may call ``deep``."""
    return f"(...given) => {{ {DEEP} return ({function})(...given); }}"


def open_folds(page) -> None:
    """Show solutions and folded code: what is in them must fit, too."""
    page.evaluate("document.querySelectorAll('article details').forEach((e) => { e.open = true; })")


def prepare(page) -> None:
    """Load axe and condense the page. Afterwards only `breaches` and what follows make sense."""
    page.add_script_tag(path=AXE)
    page.add_style_tag(content="* {transition: none !important}")  # colours would fade
    page.evaluate(CONDENSE)


def breaches(page) -> list[str]:
    """Return what axe finds by the rules that do not depend on colours."""
    rules = {name: {"enabled": False} for name in COLOURS}
    return page.evaluate(with_deep(BREACHES), ["", {"rules": rules}])


def colour_breaches(page) -> list[str]:
    """Return what axe finds by the rules on colours, in the theme that is on."""
    page.evaluate(with_deep(MARK_KINDS))
    return page.evaluate(with_deep(BREACHES), ["[data-kind]", {"runOnly": COLOURS}])


def too_wide(page) -> list[str]:
    """Return elements that stick out of the window, if it scrolls sideways."""
    page.evaluate(PAINTED)  # a figure's plots are drawn to a new width in a task of their own
    return page.evaluate(with_deep(TOO_WIDE))


def unreachable(page) -> list[str]:
    """Return boxes that scroll but cannot be reached by keyboard; the page has two seconds."""
    for _ in range(20):
        if not page.evaluate(with_deep(UNREACHABLE)):
            return []
        page.wait_for_timeout(100)
    return page.evaluate(with_deep(UNREACHABLE))


def dark_shares(page) -> list[tuple[str, float]]:
    """Return the kind of each plot and picture, and how much of it is dark as shown."""
    boxes = page.evaluate(PICTURES_ALONE)
    shot = Image.open(BytesIO(page.screenshot(full_page=True))).convert("L")
    histograms = [(kind, shot.crop(box).histogram()) for kind, *box in boxes]
    return [(kind, sum(counts[:60]) / sum(counts)) for kind, counts in histograms]
