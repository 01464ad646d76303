// Shared by every figure: put before each figure's module (no bundler). See base.py.

// --- nodes ---------------------------------------------------------------------------------
const put = (node, attrs) => {
  for (const [key, value] of Object.entries(attrs)) {
    if (value === false || value == null) node.removeAttribute(key);
    else node.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : value);
  }
  return node;
};
const grow = (space) => (tag, ...args) => {
  const [name, ...kinds] = tag.split("."), node = document.createElementNS(`http://www.w3.org/${space}`, name);
  if (kinds[0]) put(node, { class: kinds.map((kind) => `cu-${kind}`).join(" ") });
  if (args[0]?.constructor === Object) put(node, args.shift());
  node.append(...args);
  return node;
};
/** html("p.note.soft", { title: "…" }, "text", node): an element of classes cu-note and cu-soft; attributes may be left out. */
const html = grow("1999/xhtml"), svg = grow("2000/svg");
/** Text in an SVG, centred on x unless told otherwise. */
const svgText = (x, y, text, attrs) => svg("text", { x, y, "text-anchor": "middle", ...attrs }, text);

// --- numbers -------------------------------------------------------------------------------
const COLORS = ["blue", "vermillion", "green", "purple", "orange", "sky", "grey"].map((c) => `var(--cu-${c})`);
const sum = (xs) => xs.reduce((a, b) => a + b, 0);
const dot = (a, b) => sum(a.map((v, i) => v * b[i]));
const argmax = (xs) => xs.indexOf(Math.max(...xs));
const range = (n) => Array.from({ length: n }, (_, i) => i);
const clamp = (v, lo, hi) => Math.min(hi, Math.max(lo, v));
const logsumexp = (z) => { const m = Math.max(...z); return m + Math.log(sum(z.map((v) => Math.exp(v - m)))); };
const logSoftmax = (z) => { const l = logsumexp(z); return z.map((v) => v - l); };
const softmax = (z) => {
  const m = Math.max(...z), e = z.map((v) => Math.exp(v - m)), total = sum(e);
  return e.map((v) => v / total);
};
/** Index of the entry of `xs` closest to `v`, by ratio. */
const nearest = (xs, v) => argmax(xs.map((x) => -Math.abs(Math.log(x / v))));
const minus = (text) => text.replace(/-/g, "\u2212");
const sub = (i) => String(i).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);
/** A number as people write it: `digits` decimals, or scientific where that would hide it. */
function fmt(v, digits = 2) {
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "nan" : v > 0 ? "inf" : "\u2212inf";
  const size = Math.abs(v);
  const text = size >= 1e6 || (size && size < 0.5 * 10 ** -digits) ? v.toExponential(Math.min(digits, 2)).replace("e+", "e") : v.toFixed(digits);
  return minus(text);
}
/** Show a number in `node`; tests and copy-and-paste find it at full precision in data-value. */
function quantity(node, name, value, text = fmt(value)) {
  if (node.textContent !== text) node.textContent = text;
  return put(node, { "data-q": name, "data-value": String(value) });
}
/** A number in the running text of a figure. */
const bold = (name, value, digits) => quantity(html("b"), name, value, fmt(value, digits));
const unique = (word) => `cu-${word}-${Math.random().toString(36).slice(2)}`;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const stillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// --- the state: what a trait accepts; fix() returns a valid value, or undefined ---------------
const isNumber = (v) => typeof v === "number" && !Number.isNaN(v);
const isText = (v) => typeof v === "string";
const isList = (v, valid, least = 0, most = Infinity) => Array.isArray(v) && v.length >= least && v.length <= most && v.every((x) => valid(x));
const number = (init, min, max) => ({ init, min, max, fix: (v) => (isNumber(v) ? clamp(v, min, max) : undefined) });
const integer = (init, min, max) => ({ init, min, max, fix: (v) => (isNumber(v) ? Math.round(clamp(v, min, max)) : undefined) });
const numbers = (init, min, max, least, most) => ({ init, min, max, least, most,
  fix: (v) => (isList(v, isNumber, least, most) ? v.map((x) => clamp(x, min, max)) : undefined) });
const choice = (init, options) => ({ init, options, fix: (v) => (options.includes(v) ? v : undefined) });
const flag = (init) => ({ init, fix: (v) => (typeof v === "boolean" ? v : undefined) });
const any = (init, valid = () => true) => ({ init, fix: (v) => (v !== undefined && valid(v) ? v : undefined) });
const brief = (v) => { const s = JSON.stringify(v) ?? "nothing"; return s.length > 40 ? `${s.slice(0, 40)}…` : s; };

/** Make a figure: `build(ui)` sets it up once and returns the function that draws the state. */
function figure({ version, title, traits, build }) {
  return {
    version, traits,
    defaults: () => ({ version, ...Object.fromEntries(Object.entries(traits).map(([k, trait]) => [k, structuredClone(trait.init)])) }),
    render({ model, el }) {
      const ui = new UI(model, traits, title);
      if (model.get("version") !== version) {
        throw new Error(`its stored state is version ${brief(model.get("version"))}, this page understands ${version}; run the notebook again`);
      }
      for (const key of Object.keys(traits)) {
        if (!ui.accept(key)) throw new Error(`its stored "${key}" is ${brief(model.get(key))}, which it does not understand`);
      }
      ui.first = structuredClone(ui.state);
      ui.draw = build(ui) ?? (() => {});
      for (const key of Object.keys(traits)) ui.on(`change:${key}`, () => { ui.accept(key); ui.refresh(); });
      ui.on("change:notice", () => ui.say(model.get("notice") ?? ""));
      ui.refresh();
      el.append(ui.root);
      return () => ui.close();
    },
  };
}

class UI {
  constructor(model, traits, title) {
    Object.assign(this, { model, traits, state: {}, redraws: [], closers: [], held: 0, touched: false });
    this.note = html("p.note");
    this.spoken = html("p.hidden", { "aria-live": "polite", role: "status" });
    const reset = html("button.reset", { type: "button" }, "Reset");
    reset.addEventListener("click", () => this.set(structuredClone(Object.fromEntries(
      Object.entries(this.first).filter(([key, v]) => !same(v, this.state[key]))))));
    this.head = html("div.head", html("span.title", title), reset);
    this.root = html("div.fig", { role: "group", "aria-label": title }, this.head, this.note, this.spoken);
    // JupyterLab takes arrow keys and Enter from whatever has the focus and does not say this:
    this.root.addEventListener("focusin", (event) => put(event.target, { "data-lm-suppress-shortcuts": true }));
    if (model.get("notice")) this.say(model.get("notice"));
  }
  /** Append parts to the figure, above its notices. */
  add(...parts) { this.note.before(...parts); }
  get(key) { return this.state[key]; }
  /** Take over one trait of the model; clamp it and say so; false if it makes no sense. */
  accept(key) {
    const raw = this.model.get(key), good = this.traits[key].fix(raw);
    if (good === undefined) {
      if (key in this.state) this.say(`${key} ${brief(raw)} was not understood and is ignored.`);
      return false;
    }
    this.state[key] = good;
    if (good !== raw && !same(good, raw)) {
      this.say(`${key} ${brief(raw)} is out of range: ${brief(good)} is shown.`);
      this.model.set(key, good);
      this.model.save_changes();
    }
    return true;
  }
  /** Change several traits at once: one repaint, one message to the kernel. */
  set(changes) {
    this.held += 1;
    this.touched = true;
    this.say("");
    if (this.model.get("notice")) this.model.set("notice", "");
    try { for (const [key, value] of Object.entries(changes)) this.model.set(key, value); } finally { this.held -= 1; }
    this.model.save_changes();
    this.refresh();
  }
  /** Repaint; what draw() returns is the figure in a sentence, shown at once and spoken when quiet. */
  refresh() {
    if (this.held || !this.draw) return;
    this.redraws = this.redraws.filter(({ node }) => this.root.contains(node));
    for (const { redraw } of this.redraws) redraw();
    const words = this.draw();
    if (words) this.tell(words);
  }
  tell(words) {
    clearTimeout(this.timer);
    if (!this.touched || words === this.spoken.textContent) return;
    this.timer = setTimeout(() => { this.spoken.textContent = words; }, 500);
  }
  say(text) { this.note.textContent = text; if (text) this.tell(text); }
  on(event, call) {
    this.model.on(event, call);
    this.closers.push(() => this.model.off(event, call));
  }
  close() {
    clearTimeout(this.timer);
    for (const close of this.closers.splice(0)) close();
  }

  // --- controls: native inputs, each kept in step with one trait in both directions ------------
  /** A range input with label and output. `read` and `write` get and set the value, `to` and `from` */
  /** map value and position (e.g. Math.log10 and back), `show` gives the value in words. */
  dial({ label, control, min, max, step = 0.1, read, write, to = (v) => v, from = (v) => v, show = (v) => fmt(v) }) {
    const input = html("input", { type: "range", min: to(min), max: to(max), step, "data-control": control });
    const out = html("output", { "aria-live": "off" });
    input.addEventListener("input", () => write(clamp(from(Number(input.value)), min, max)));
    const row = html("div.slider", html("label", html("span", label), input), out);
    this.bind(row, () => {
      const v = read();
      if (v === undefined) return; // about to be rebuilt
      if (Math.abs(Number(input.value) - to(v)) > step / 2) input.value = to(v); // else leave a dragged thumb alone
      const text = show(v);
      put(input, { "aria-valuetext": text });
      out.textContent = text;
    });
    return row;
  }
  /** A dial for the number trait `key`, or for entry `index` of the list trait `key`. */
  slider(key, { index, ...options }) {
    const { min, max } = this.traits[key], whole = index == null;
    return this.dial({ min, max, control: whole ? key : `${key}.${index}`, ...options,
      read: () => (whole ? this.get(key) : this.get(key)[index]),
      write: (v) => this.set({ [key]: whole ? v : this.get(key).map((old, i) => (i === index ? v : old)) }) });
  }
  /** Radio buttons in one line, one for each option: [value, text] pairs or plain values. */
  radios(key, { label, options = this.traits[key].options }) {
    const name = unique(key);
    const inputs = options.map((option) => {
      const [value, text] = Array.isArray(option) ? option : [option, String(option)];
      const input = html("input", { type: "radio", name, "data-control": `${key}.${value}` });
      input.addEventListener("change", () => this.set({ [key]: value }));
      return { value, input, node: html("label", input, html("span", text)) };
    });
    const row = html("fieldset.radios", html("legend", label), ...inputs.map((i) => i.node));
    this.bind(row, () => inputs.forEach(({ value, input }) => { input.checked = same(value, this.get(key)); }));
    return row;
  }
  /** A checkbox for a true/false trait. */
  checkbox(key, { label }) {
    const input = html("input", { type: "checkbox", "data-control": key });
    input.addEventListener("change", () => this.set({ [key]: input.checked }));
    const row = html("label.check", input, html("span", label));
    this.bind(row, () => { input.checked = this.get(key); });
    return row;
  }
  button(label, call) {
    const node = html("button", { type: "button" }, label);
    node.addEventListener("click", () => { this.touched = true; call(); });
    return node;
  }
  /** Have `redraw` called whenever the state changed, for as long as `node` is in the figure. */
  bind(node, redraw) {
    redraw();
    this.redraws.push({ node, redraw });
  }
}

// --- plots ---------------------------------------------------------------------------------
/** Round tick positions within lo..hi, about n of them. */
function ticks(lo, hi, n = 5) {
  const raw = (hi - lo) / n, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
  return range(Math.floor((hi - lo) / step) + 2).map((i) => (Math.ceil(lo / step - 1e-9) + i) * step)
    .filter((v) => v <= hi + step * 1e-6).map((v) => Number(v.toPrecision(12)));
}
/** Names beside the ends of lines, at least 12 apart. Each end: [words, x, y, colour]. */
const endLabels = (ends) => {
  let free = Infinity; // from below upwards
  return [...ends].sort((a, b) => b[2] - a[2]).map(([words, x, y, fill]) => {
    free = Math.min(y + 4, free - 12);
    return svg("text", { x: x + 7, y: free, style: `fill:${fill}` }, words);
  });
};
/** An SVG plot with axes. `label` is its text alternative; draw into `layer`; `x`, `y` map data. */
class Plot {
  constructor({ label = "", width = 360, height = 230, x, y, xlabel = "", ylabel = "", xticks, yticks, grid = true, margin = {} }) {
    this.m = { top: 22, right: 12, bottom: 38, left: 42, ...margin };
    Object.assign(this, { width, height, xlabel, ylabel, grid });
    this.axes = svg("g.axes", { "aria-hidden": true });
    this.layer = svg("g");
    this.node = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }, this.axes, this.layer);
    this.describe(label);
    this.scale({ x, y, xticks, yticks });
  }
  /** Set limits and redraw the axes, if anything changed. Ticks: numbers or [number, text] pairs; */
  /** an axis given new limits without ticks gets round ones. */
  scale(given) {
    const { xlim: x, ylim: y, xticks, yticks } = { ...this,
      ...(given.x && { xlim: given.x, xticks: given.xticks }), ...(given.y && { ylim: given.y, yticks: given.yticks }) };
    const key = JSON.stringify([x, y, xticks, yticks]);
    if (key === this.key) return;
    Object.assign(this, { key, xlim: x, ylim: y, xticks, yticks });
    const { top, right, bottom, left } = this.m, w = this.width - right, h = this.height - bottom;
    this.x = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (w - left);
    this.y = (v) => h - ((v - y[0]) / (y[1] - y[0])) * (h - top);
    const named = (given, [lo, hi]) => (given ?? ticks(lo, hi)).map((t) => (Array.isArray(t) ? t : [t, minus(String(t))]));
    this.axes.replaceChildren(
      ...named(yticks, y).flatMap(([v, text]) => [
        this.grid ? svg("path.grid", { d: `M${left},${this.y(v)}H${w}` }) : "",
        svgText(left - 6, this.y(v) + 4, text, { "text-anchor": "end" })]),
      ...named(xticks, x).map(([v, text]) => svgText(this.x(v), h + 15, text)),
      svg("path.frame", { d: `M${left},${top}V${h}H${w}` }),
      svgText((left + w) / 2, this.height - 5, this.xlabel, { class: "cu-axis" }),
      svgText(2, 12, this.ylabel, { class: "cu-axis", "text-anchor": "start" }));
  }
  /** Path data of a line through the points; it breaks where a value is not finite. */
  line(xs, ys) {
    let d = "", pen = "M";
    xs.forEach((v, i) => {
      if (!Number.isFinite(ys[i]) || !Number.isFinite(v)) { pen = "M"; return; }
      d += `${pen}${this.x(v).toFixed(2)},${this.y(ys[i]).toFixed(2)}`;
      pen = "L";
    });
    return d;
  }
  describe(label) { put(this.node, { "aria-label": label }); }
  draw(...kids) { this.layer.replaceChildren(...kids); }
  /** Where the pointer is, in data units. */
  at(event) {
    const box = this.node.getBoundingClientRect(), k = this.width / box.width, { left, right, top, bottom } = this.m;
    const u = ((event.clientX - box.left) * k - left) / (this.width - left - right);
    const v = (this.height - bottom - (event.clientY - box.top) * k) / (this.height - top - bottom);
    return [this.xlim[0] + u * (this.xlim[1] - this.xlim[0]), this.ylim[0] + v * (this.ylim[1] - this.ylim[0])];
  }
  /** Call `move([x, y])`, in data units, while the pointer is down on the plot. */
  drag(move) {
    this.node.classList.add("cu-drag");
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.node.setPointerCapture(event.pointerId);
      event.preventDefault();
      move(this.at(event), true); // true: the press itself
    });
    this.node.addEventListener("pointermove", (event) => {
      if (this.node.hasPointerCapture(event.pointerId)) move(this.at(event), false);
    });
  }
}
