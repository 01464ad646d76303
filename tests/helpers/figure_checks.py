"""What a figure must never do in any of its states: cut something off, overlap, print too small."""

from page_checks import with_deep

#: Draws numbers from 0 to 1, by a seed.
DRAW = """(state) => () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}"""
#: Sets this share of the sliders of a figure, and a third of the rest, to values that are drawn.
SHUFFLE = """(frame, draw, share) => {
  const edge = () => [0, 1, draw(), draw()][Math.floor(4 * draw())]; // the ends are the hard cases
  const names = [...frame.querySelectorAll("[data-control]")].map((e) => e.dataset.control);
  for (const name of names) {
    const input = frame.querySelector(`[data-control="${name}"]`);
    if (!input || input.disabled) continue;
    if (input.type === "range") {
      if (draw() >= share) continue;
      const [low, high, step] = [input.min, input.max, input.step].map(Number);
      input.value = low + step * Math.round(edge() * (high - low) / step);
      input.dispatchEvent(new Event("input", {bubbles: true}));
    } else if (input.type === "checkbox" || input.type === "radio") {
      if (draw() < 0.3 && !(input.type === "radio" && input.checked)) input.click();
    }
  }
}"""
#: Returns what is wrong with a figure as it stands, one line each.
FAULTS = """(frame) => {
  const found = [];
  const inside = frame.getBoundingClientRect();
  const shown = (e) => e.checkVisibility({visibilityProperty: true}) && !e.closest(".spoken");
  const say = (fault, e) => found.push(`${fault}: ${(e.textContent || e.outerHTML).slice(0, 60)}`);
  for (const svg of frame.querySelectorAll(".box > svg")) {
    if (!shown(svg)) continue;
    const texts = [...svg.querySelectorAll("text")].filter((t) => t.textContent && shown(t));
    const boxes = texts.map((t) => t.getBoundingClientRect());
    const [, , width] = svg.getAttribute("viewBox").split(" ");
    const around = svg.getBoundingClientRect();
    const scale = around.width / width;
    if (Math.abs(scale - 1) > 0.02) say(`drawn at ${scale.toFixed(2)} of its size`, svg);
    texts.forEach((text, i) => {
      const a = boxes[i];
      const beyond = a.top < around.top - 8 || a.bottom > around.bottom + 8;
      if (a.left < inside.left || a.right > inside.right || beyond) say("cut off", text);
      for (let j = i + 1; j < boxes.length; j++) {
        const b = boxes[j];
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 3) say(`overlaps "${texts[j].textContent}"`, text);
      }
    });
  }
  for (const e of frame.querySelectorAll("*")) {
    if (!shown(e)) continue;
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (hasText && parseFloat(getComputedStyle(e).fontSize) < 12) say("smaller than 12 px", e);
    if (e.namespaceURI.endsWith("svg") && e.localName !== "svg") continue;
    const box = e.getBoundingClientRect();
    if (e.closest(".scrolls") || e.parentElement.closest("math")) continue;
    if (box.right > inside.right + 0.5 || box.left < inside.left - 0.5) say("sticks out", e);
    const style = getComputedStyle(e);
    const fixed = style.overflowX !== "visible" || e.matches("td, th, button, p, .formula");
    if (fixed && e.scrollWidth > e.clientWidth + 1 && e.clientWidth) say("cut off", e);
  }
  const texts = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
  const lines = []; // of text outside of plots
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const around = node.parentElement;
    if (!node.data.trim() || !shown(around) || around.closest("svg, .scrolls")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const [math, bar] = [around.closest("math"), around.closest(".bar")]; // a bar lies over others
    for (const box of range.getClientRects()) lines.push({node, box, math, bar});
  }
  lines.forEach((a, i) => {
    for (const b of lines.slice(i + 1)) {
      if (a.node === b.node || a.bar !== b.bar || (a.math && a.math === b.math)) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      const least = a.math || b.math ? 8 : 3;
      if (across > 1 && down > least) say(`lies over "${b.node.data}"`, a.node);
    }
  });
  for (const table of frame.querySelectorAll("table")) {
    const cells = [...table.querySelectorAll("td, th")].filter((e) => shown(e) && e.textContent);
    for (const cell of cells) {
      const range = document.createRange();
      range.selectNodeContents(cell);
      const box = cell.getBoundingClientRect();
      const text = range.getBoundingClientRect();
      const fits = text.right < box.right + 1.5 && text.left > box.left - 1.5;
      if (!fits) say("runs out of its cell", cell);
    }
  }
  return found;
}"""
#: Waits until a figure's work is done, such as a training.
DONE = """async (frame) => {
  const root = frame.getRootNode().host;
  while (root.ariaBusy === "true") await new Promise(requestAnimationFrame);
}"""
#: Drives a figure through states and what it offers to try; returns what goes wrong, and where, and
#: what a screen reader hears. A plot learns its size in the frame that shows it, before anything is
#: painted: what is gone when that frame has come, nobody has seen.
SWEEP = f"""async ([states, seed]) => {{
  const frame = deep(".frame")[0];
  const draw = ({DRAW})(seed);
  const shuffle = {SHUFFLE};
  const done = {DONE};
  const faults = {FAULTS};
  const painted = () => new Promise((call) => requestAnimationFrame(() =>
    setTimeout(() => setTimeout(call)))); // new sizes are drawn in a task of their own
  const seen = async () => {{
    if (!faults(frame).length) return [];
    await painted();
    return faults(frame);
  }};
  const found = new Set((await seen()).map((fault) => `at first: ${{fault}}`));
  const heard = new Set();
  const hear = () => heard.add(frame.querySelector(".spoken").textContent);
  for (let i = 0; i < states; i++) {{
    shuffle(frame, draw, i ? 0.4 : 1); // every change draws the figure anew
    await done(frame);
    hear();
    for (const fault of await seen()) found.add(`state ${{i}}: ${{fault}}`);
    if (found.size > 8) break;
  }}
  for (const chip of frame.querySelectorAll(".tries button")) {{
    chip.click();
    await done(frame);
    for (const fault of await seen()) found.add(`${{chip.textContent}}: ${{fault}}`);
  }}
  return [[...found], [...heard]];
}}"""
#: Runs before the page's scripts: nothing waits until it is quiet.
AT_ONCE = """const wait = window.setTimeout;
window.setTimeout = (call, ms) => ms === 500 ? (call(), 0) : wait(call, ms);
history.replaceState = () => {};"""


def sweep(page, states: int, seed: int = 1) -> tuple[list[str], list[str]]:
    """Drive the first figure of a page through random states.

    Returns what goes wrong in any, and what is spoken: all of it if the page was made ``AT_ONCE``.
    """
    return tuple(page.evaluate(with_deep(SWEEP), [states, seed]))


def faults(page, states: int, seed: int = 1) -> list[str]:
    """Return what goes wrong in random states of the first figure of a page."""
    return sweep(page, states, seed)[0]
