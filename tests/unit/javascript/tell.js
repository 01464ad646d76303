// @ts-nocheck: a page as small as the figures allow, not the browser's own types
/**
 * Runs figures without a browser, for test_figure_words.py: reads a line of orders as JSON,
 * [{module, state, steps}], answers with a line of what each figure says at first and after each
 * step, and so on until its input ends. Layout, styles and canvases are missing; texts and numbers are all there.
 */
const BLOCKS = new Set(
  "p div tr caption legend label button section table text math fieldset".split(" "),
);

class Node {
  parentNode = null;
  get textContent() {
    return "";
  }
  get parent() {
    return this.parentNode;
  }
  remove() {
    const list = this.parentNode?.childNodes ?? [];
    if (list.includes(this)) list.splice(list.indexOf(this), 1);
    this.parentNode = null;
  }
  before(...nodes) {
    this.parentNode.insert(this.parentNode.childNodes.indexOf(this), nodes);
  }
  replaceWith(...nodes) {
    this.before(...nodes);
    this.remove();
  }
  contains(other) {
    for (let node = other; node; node = node.parentNode ?? node.host) {
      if (node === this) return true;
    }
    return false;
  }
  getRootNode() {
    return this.parentNode ? this.parentNode.getRootNode() : this;
  }
}

class Text extends Node {
  constructor(data) {
    super();
    this.data = String(data);
  }
  get textContent() {
    return this.data;
  }
}

/** "input[type=range].a:checked" as a test of one element. */
function matcher(selector) {
  const tests = selector.match(/^[\w-]+|\.[\w-]+|\[[^\]]+\]|:checked/g).map((part) => {
    if (part === ":checked") return (e) => e.checked;
    if (part[0] === ".") return (e) => e.classList.contains(part.slice(1));
    if (part[0] === "[") {
      const [key, value] = part.slice(1, -1).split(/=(.*)/s);
      const wanted = value?.replace(/^["']|["']$/g, "");
      return (e) => value === undefined ? key in e.attributes : e.attributes[key] === wanted;
    }
    return (e) => e.localName === part;
  });
  return (e) => tests.every((test) => test(e));
}

class Element extends Node {
  constructor(space, name) {
    super();
    this.namespaceURI = space;
    this.localName = name;
    this.attributes = {};
    this.childNodes = [];
    this.handlers = {};
    this.style = { setProperty() {} };
    this.dataset = {};
    this.hidden = false;
    this.classList = {
      list: () => (this.attributes.class ?? "").split(" ").filter(Boolean),
      contains: (word) => this.classList.list().includes(word),
      add: (word) => this.classList.toggle(word, true),
      remove: (word) => this.classList.toggle(word, false),
      toggle: (word, on = !this.classList.contains(word)) => {
        const others = this.classList.list().filter((one) => one !== word);
        this.attributes.class = [...others, ...(on ? [word] : [])].join(" ");
      },
    };
  }
  get children() {
    return this.childNodes.filter((node) => node instanceof Element);
  }
  get firstChild() {
    return this.childNodes[0] ?? null;
  }
  get lastChild() {
    return this.childNodes.at(-1) ?? null;
  }
  get textContent() {
    return this.childNodes.map((node) => node.textContent).join("");
  }
  set textContent(text) {
    this.replaceChildren(...(text === "" ? [] : [text]));
  }
  get innerHTML() {
    return this.childNodes.map((n) => n.innerHTML === undefined ? n.data : n.outerHTML).join("");
  }
  get outerHTML() {
    return `<${this.localName} ${JSON.stringify(this.attributes)}>${this.innerHTML}</>`;
  }
  get id() {
    return this.attributes.id ?? "";
  }
  get className() {
    return this.attributes.class ?? "";
  }
  set className(text) {
    this.attributes.class = text;
  }
  getAttribute(key) {
    return this.attributes[key] ?? null;
  }
  setAttribute(key, value) {
    this.attributes[key] = String(value);
    if (key.startsWith("data-")) this.dataset[key.slice(5)] = String(value);
    if (["value", "min", "max", "step", "type"].includes(key)) this[key] = String(value);
    if (key === "disabled" || key === "hidden") this[key] = true;
  }
  removeAttribute(key) {
    delete this.attributes[key];
    if (key === "disabled" || key === "hidden") this[key] = false;
  }
  insert(at, nodes) {
    const made = nodes.map((node) => node instanceof Node ? node : new Text(node));
    for (const node of made) {
      node.remove();
      node.parentNode = this;
    }
    this.childNodes.splice(at, 0, ...made);
  }
  append(...nodes) {
    this.insert(this.childNodes.length, nodes);
  }
  prepend(...nodes) {
    this.insert(0, nodes);
  }
  replaceChildren(...nodes) {
    for (const node of [...this.childNodes]) node.remove();
    this.append(...nodes);
  }
  *all() {
    for (const node of this.children) {
      yield node;
      yield* node.all();
    }
  }
  querySelectorAll(selector) {
    const [last, ...above] = selector.split(" ").reverse().map(matcher);
    return [...this.all()].filter((e) =>
      last(e) && above.every((test) => {
        let node = e.parentNode;
        while (node && !test(node)) node = node.parentNode;
        return node;
      })
    );
  }
  querySelector(selector) {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  closest(selector) {
    return matcher(selector)(this) ? this : this.parentNode?.closest(selector) ?? null;
  }
  addEventListener(event, call) {
    (this.handlers[event] ??= []).push(call);
  }
  removeEventListener() {}
  fire(event, more = {}) {
    for (const call of this.handlers[event] ?? []) {
      call({ target: this, preventDefault() {}, ...more });
    }
  }
  attachShadow() {
    const root = new Element("", "shadow");
    this.shadowRoot = root;
    root.host = this;
    return root;
  }
  getBoundingClientRect() {
    return { left: 0, top: 0, width: 360, height: 230 };
  }
  getContext() {
    return null;
  }
  focus() {}
  matches() {
    return false;
  }
  scrollIntoView() {}
}

const document = {
  documentElement: new Element("", "html"),
  body: new Element("", "body"),
  hidden: false,
  createElementNS: (space, name) => new Element(space, name),
  createElement: (name) => new Element("", name),
  querySelectorAll: () => [],
  addEventListener() {},
};
document.documentElement.lang = "en";
const frames = [];
const wait = globalThis.setTimeout;
const soon = globalThis.setImmediate; // a timer of 0 ms takes 2
const observers = [];
class Observer {
  constructor(call) {
    Object.assign(this, { call, seen: [] });
    observers.push(this);
  }
  observe(node) {
    this.seen.push(node);
  }
  unobserve() {}
  disconnect() {
    this.seen = [];
  }
}

/** Files beside the page, by name: what a script of theirs hands over. */
let files = {};
document.head = {
  append(script) {
    const name = script.src.split("/").at(-1).replace(".js", "");
    if (name in files) globalThis.courseImages(name, files[name]);
    queueMicrotask(name in files ? script.onload : script.onerror);
  },
};

/** Trains nothing: its runs have losses that are made up, by their rate, epoch and number. */
class Worker {
  job = {};
  terminate() {}
  postMessage(order) {
    if (order.type === "images") {
      const count = order.split === "train" ? globalThis.courseImagesAt.partSize : 100;
      this.report({ type: "images", count });
    } else if (order.type === "rate") this.job.lr = order.lr;
    else if (order.type === "start") {
      const { id, settings: { lr, seed, momentum, weightDecay } } = order;
      this.job = { id, lr, seed, plain: !momentum, lost: weightDecay === 1, epoch: 0 };
    }
    if (order.epochs) this.go(order.epochs);
  }
  report(data) {
    queueMicrotask(() => this.onmessage({ data }));
  }
  go(epochs) {
    const { job } = this;
    const { id, lr, seed, plain, lost } = job;
    if (seed === 99) return this.report({ type: "failed", kind: "error", message: "no memory" });
    const last = seed === 98 ? Math.min(epochs, job.epoch + 2) : epochs;
    while (job.epoch < (lost ? 1 : last)) {
      const e = ++job.epoch;
      const wild = lr >= 1;
      const loss = wild ? lr * (1.2 + (e * e % 7) / 9) : 0.35 + 1 / (e + 20 * lr) + id / 90;
      const confusion = Uint16Array.from(
        { length: 100 },
        (_, k) => (7 * k + k * k + e + 3 * id) % 37 + 90 * (k % 11 === 0),
      );
      const sure = wild
        ? { wrong: 10 * id + e, share: 0.8787, divisor: 4 + id, loss: loss / 5 }
        : null;
      const long = plain ? { rose: wild ? 2 + id : 0, from: 0.5 + lr / 40, to: 1 + lr / 3 } : null;
      const accuracy = 0.9 - 1 / (e + 4 * lr + 2) - id / 80;
      const weights = new Float32Array(7840).fill(e / 10);
      const [train, test] = [{ loss: 0.9 * loss, accuracy: accuracy + 0.02 }, {
        loss,
        accuracy,
        confusion,
      }];
      this.report({ type: "epoch", id, epoch: e, train, test, sure, long, weights });
    }
    const reason = lost ? "not finite" : last < epochs ? "stopped" : "done";
    this.report({ type: "end", id, epoch: job.epoch, reason });
  }
}

/** Plots are as wide as this. */
function widen(width) {
  for (const { call, seen } of observers) {
    const plots = seen.filter((node) => node.attributes.viewBox);
    const sizes = plots.map((target) => {
      const height = Number(target.attributes.viewBox.split(" ")[3]);
      return { target, contentRect: { width, height } };
    });
    if (sizes.length) call(sizes);
  }
}
Object.assign(globalThis, {
  document,
  Node,
  Element,
  HTMLElement: Element,
  Worker,
  Response: class {
    body = { pipeThrough: () => this.bytes };
    constructor(bytes) {
      this.bytes = bytes;
    }
    arrayBuffer() {
      return Promise.resolve(this.bytes.buffer);
    }
  },
  ImageData: class {
    constructor(width, height) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  },
  HTMLInputElement: Element,
  ResizeObserver: Observer,
  MutationObserver: Observer,
  CSSStyleSheet: class {
    replaceSync() {}
  },
  matchMedia: () => ({ matches: true }), // less motion: what moves is at its end at once
  requestAnimationFrame: (call) => frames.push(call),
  cancelAnimationFrame() {
    frames.length = 0;
  },
  getComputedStyle: () => ({ getPropertyValue: () => "" }),
  location: { hash: "", pathname: "", search: "" },
  history: { state: null, replaceState() {} },
  setTimeout: (call, ms) => {
    if (ms === 500 || ms === undefined) return call(), 0; // speech at once
    if (ms === 300) return frames.push(call), 0; // what waits for rest, after the step
    return globalThis.courseImagesAt ? soon(call) : wait(call, ms);
  },
});

// Deno would keep it on the disk.
Object.defineProperty(globalThis, "localStorage", { value: undefined });

/** A text a line, cells of a table apart; not what is hidden. */
function lines(node) {
  if (node instanceof Text) return node.data;
  if (node.hidden || node.classList.contains("spoken")) return "";
  const inner = node.childNodes.map(lines).join("");
  if (node.localName === "td" || node.localName === "th") return `${inner} | `;
  return BLOCKS.has(node.localName) ? `\n${inner}\n` : inner;
}

class Model {
  handlers = {};
  constructor(state) {
    this.state = state;
  }
  get(key) {
    return this.state[key];
  }
  set(key, value) {
    if (this.state[key] === value) return;
    this.state[key] = value;
    for (const call of this.handlers[`change:${key}`] ?? []) call();
  }
  on(event, call) {
    (this.handlers[event] ??= []).push(call);
  }
  off() {}
  save_changes() {}
  send() {}
}

const hyphened = (node) => node.textContent.replace(/\u2212/g, "-");
const settle = () => {
  for (let n = 0; frames.length && n < 1e5; n++) frames.shift()(performance.now());
};

/** A table of words, and what gives its texts by their place: of functions(), what they returned. */
function overheard(words) {
  const heard = {};
  const note = (place, value) => {
    if (typeof value === "string") (heard[place] ??= []).push(value);
    else if (value && typeof value === "object") {
      for (const inner of Object.values(value)) note(place, inner);
    }
    return value;
  };
  const wrap = (place, value) => {
    if (typeof value === "function") {
      heard[`${place}()`] = [];
      return (...given) => note(`${place}()`, value(...given));
    }
    if (typeof value !== "object") return note(place, value);
    const entries = Object.entries(value).map(([key, v]) => [key, wrap(`${place}.${key}`, v)]);
    return Array.isArray(value) ? entries.map(([, v]) => v) : Object.fromEntries(entries);
  };
  return [wrap("", words), () => heard];
}

/** What a function may be given: names, numbers, or things whose parts are numbers. */
const GIVEN = [
  (n) => `<${n}>`,
  (n) => n + 0.5,
  (n) => new Proxy({}, { get: (_, key) => n + String(key).charCodeAt(0) / 128 }),
];
const name = (one) => typeof one === "object" ? "<>" : String(one);
/** One thing given may also be this. */
const ALSO = [0, 1, 2, -1, "", true, false, ["a"], ["a", "b"], "float32"];

/** What each function of a table says of what it is given, by its place, each text once. */
function sampled(words, place = "") {
  if (typeof words === "object") {
    const parts = Object.entries(words);
    return Object.assign({}, ...parts.map(([key, part]) => sampled(part, `${place}.${key}`)));
  }
  if (typeof words !== "function") return {};
  const said = new Set();
  for (const given of GIVEN) {
    const usual = Array.from({ length: words.length }, (_, n) => given(n + 1));
    const say = (some, plain) => {
      try {
        const text = JSON.stringify(words(...some)).replace(/^"|"$/g, "");
        if (text !== plain && !/NaN|undefined|object|inf$|inf\W/.test(text)) said.add(text);
        return text;
      } catch { /* it wants something else */ }
    };
    const text = say(usual) ?? "";
    usual.forEach((one, n) => { // what only stands where the other stood is nothing new
      for (const v of ALSO) say(usual.with(n, v), text.replaceAll(name(one), String(v)));
    });
    if (said.size) break;
  }
  return { [`${place}()`]: [...said].join(" / ") };
}

/** What is drawn: texts and images where they stand, of other marks of a kind all numbers. */
function marks(frame) {
  const kinds = new Map();
  for (const node of frame.all()) {
    const { localName, attributes: a, className } = node;
    const styled = /color|fill/.test(a.style) && `${node.textContent} ${a.style}`;
    if (styled) kinds.set(styled, []);
    if (!["circle", "line", "path", "rect", "text", "svg", "g"].includes(localName)) continue;
    if (localName === "svg" ? !a.viewBox : localName === "g" && !a.transform) continue;
    const at = (a.d ?? a.viewBox)?.match(/-?[\d.]+/g) ??
      [a.cx ?? a.x ?? a.x1, a.cy ?? a.y ?? a.y1, a.r ?? a.width ?? a.x2, a.height ?? a.y2];
    const apart = 2 * Math.ceil(at.length / 12); // of a long path six points
    const numbers = [
      ...at.filter((v, n) => v !== undefined && n % apart < 2),
      ...a.transform?.match(/-?[\d.]+/g) ?? [],
    ];
    const name = localName === "text" ? node.textContent : localName;
    const words = localName === "svg" ? [] : className.split(" ").filter(Boolean);
    const kind = [name, ...words].join(".");
    const look = a.fill ?? a.stroke ?? a["aria-label"] ?? "-";
    const key = localName === "text" && !a.fill ? kind : `${kind} ${look}`;
    kinds.set(key, [...kinds.get(key) ?? [], numbers.map((v) => Math.round(v)).join(" ")]);
  }
  return [...kinds].map(([kind, places]) => `${kind} ${places.join(", ")}`);
}

/** What can be done in a figure, as steps. */
const waysOn = (frame) =>
  [...frame.all()].flatMap((node) => {
    if (node.localName === "button") {
      return node.disabled ? [] : [{ click: hyphened(node) }];
    }
    const on = node.dataset.control;
    if (!on) return [];
    return node.type === "range" ? [node.min, node.max].map((to) => ({ on, to })) : [{ on }];
  });

const modules = {};
async function tell({ module, state, steps, page }) {
  globalThis.courseImagesAt = page?.at;
  files = page?.files;
  const listening = module.replace("function wordsOf(", "function chosenWords(") +
    "\nfunction wordsOf(...asked) { return globalThis.hearing(chosenWords(...asked)); }";
  modules[module] ??= import(
    URL.createObjectURL(new Blob([listening], { type: "text/javascript" }))
  );
  let heard = () => ({});
  let own = {};
  globalThis.hearing = (words) => { // the figure's own table is asked for last
    const [table, listen] = overheard(words);
    [heard, own] = [listen, words];
    return table;
  };
  const figure = (await modules[module]).default;
  const model = new Model(state);
  model.inPage = Boolean(page);
  const place = new Element("", "div");
  frames.length = observers.length = 0;
  const close = figure.render({ model, el: place });
  settle();
  const frame = place.children[0].shadowRoot.children[0];
  const all = () => [...frame.all()];
  const look = () => ({
    text: lines(frame).replace(/\n+/g, "\n").trim(),
    spoken: frame.querySelector(".spoken").textContent,
    labels: all().map((e) => e.getAttribute("aria-label")).filter(Boolean),
    values: Object.fromEntries(
      all().filter((e) => e.dataset.q).map((e) => [e.dataset.q, e.getAttribute("data-value")]),
    ),
    disabled: all().filter((e) => e.localName === "button" && e.disabled).map((e) => e.textContent),
    state: structuredClone(model.state),
    ways: waysOn(frame),
    table: heard(),
    samples: steps.length ? {} : sampled(own), // of each function many: once is enough
    drawn: marks(frame),
    sliders: all().filter((e) => e.type === "range").map((e) =>
      `${e.dataset.control} ${e.min} ${e.max} ${e.step}`
    ),
  });
  const told = [look()];
  for (const step of steps) {
    if (step.click) {
      const found = all().find((e) => e.localName === "button" && hyphened(e) === step.click);
      if (!found) throw new Error(`no button ${step.click}`);
      found.fire("click");
    } else if (step.key) {
      all().find((e) => e.handlers.keydown).fire("keydown", { key: step.key });
    } else if (step.on) {
      const input = frame.querySelector(`[data-control="${step.on}"]`);
      if ("to" in step) input.value = String(step.to);
      const { name } = input.attributes;
      if (name) { for (const one of frame.querySelectorAll(`[name=${name}]`)) one.checked = false; }
      input.checked = true;
      input.fire("input");
      input.fire("change");
    } else if (step.wide) {
      widen(step.wide);
    } else for (const [key, value] of Object.entries(step.set)) model.set(key, value);
    await Promise.resolve();
    settle();
    for (let n = 0; page && n < 30; n++) {
      await new Promise(soon);
      settle();
    }
    told.push(look());
  }
  close();
  return told;
}

const { stdin } = Deno;
for await (
  const line of stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lineBreaks())
) {
  let answer;
  try {
    answer = { told: [] };
    for (const order of JSON.parse(line)) answer.told.push(await tell(order));
  } catch (error) {
    answer = { error: String(error.stack) };
  }
  console.log(JSON.stringify(answer));
}
Deno.exit(0);

/** Cuts a stream of texts into lines. */
function lineBreaks() {
  let rest = "";
  return new TransformStream({
    transform(text, out) {
      const parts = (rest + text).split("\n");
      rest = parts.pop();
      for (const part of parts) out.enqueue(part);
    },
  });
}
