/**
 * A figure on the screen: its state, kept in step with the model, and the frame around its parts.
 *
 * A figure's module is an *AFM* (anywidget front-end module): its default export has
 * `render({model, el})`, which anywidget calls in Jupyter and `host.js` in a page without a kernel.
 * What it shows stands in a shadow root, where the page's style sheets don't reach; only the
 * colours of `theme.css` come in, as custom properties.
 */
import { fromAddress, toAddress } from "./address.js";
import { html } from "./dom.js";
import { brief } from "./format.js";
import { Plot } from "./plot.js";
import { SPEC } from "./spec.js";
import { OWN_STYLE, STYLE } from "./style.js";
import { fix, same } from "./traits.js";
import { FRAME_WORDS, wordsOf } from "./words.js";

/** @import { Check } from "./traits.js" */
/** @import { PlotOptions } from "./plot.js" */
/** @typedef {Record<string, any>} State */
/**
 * As much of a widget's model as a figure uses.
 * @typedef {object} Model
 * @property {boolean} [inPage] whether it belongs to a page without a kernel
 * @property {(key: string) => any} get
 * @property {(key: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(message: any) => void} send
 * @property {(event: string, call: () => void) => void} on
 * @property {(event: string, call: () => void) => void} off
 */

const QUIET = 500; // ms without a change before a change is spoken and stands in the address

/** The style sheet, parsed once for all figures of a kind. @type {CSSStyleSheet | undefined} */
let sheet;

/**
 * Make a figure.
 * @template Words
 * @param {{ en: Words } & Record<string, Partial<Words>>} table the figure's words by language
 * @param {(view: View, words: Words) => (() => string)} build sets the figure up once and returns
 *   the function that draws the state and says in at most twenty words what has changed
 * @param {Record<string, Check>} [checks] of the traits that carry no limits
 */
export function figure(table, build, checks = {}) {
  const { traits, version } = SPEC;
  const first = Object.entries(traits).map(([key, { init }]) => [key, structuredClone(init)]);
  return {
    defaults: () => ({ version, ...Object.fromEntries(first) }),
    /** @param {{ model: Model, el: HTMLElement }} place */
    render({ model, el }) {
      const view = new View(model, checks);
      view.start(() => build(view, wordsOf(table)));
      el.append(view.root);
      if (model.inPage) view.followAddress(el);
      return () => view.close();
    },
  };
}

export class View {
  /**
   * @param {Model} model
   * @param {Record<string, Check>} checks
   */
  constructor(model, checks) {
    this.model = model;
    this.checks = checks;
    this.words = wordsOf(FRAME_WORDS);
    /** @type {State} */
    this.state = {};
    /** @type {State} */
    this.first = {};
    /** What changed since the last repaint. @type {Set<string>} */
    this.changed = new Set();
    /** @type {{ node: Node, redraw: () => void }[]} */
    this.redraws = [];
    /** @type {(() => void)[]} */
    this.closers = [];
    /** What stays closed until the reader has guessed. @type {HTMLElement[]} */
    this.controls = [];
    this.locked = false;
    this.onPaper = false; // a figure may print what its question hides
    /** Traits of how the state is looked at, which Try leaves alone. @type {string[]} */
    this.apart = [];
    this.held = 0; // changes under way: no repaint yet
    this.turns = 0; // how often the state was changed here
    this.started = false;
    this.touched = false; // nothing is spoken before the reader does something
    /** @type {Partial<Record<"speech" | "address" | "sizes", ReturnType<typeof setTimeout>>>} */
    this.timers = {};
    this.anchor = "";
    this.aside = ""; // what a repaint says instead of what draw() returns
    this.draw = () => "";
    /** @type {Map<Element, Plot>} */
    this.plots = new Map();
    this.sizes = new ResizeObserver((entries) => this.resized(entries));
    this.closers.push(() => this.sizes.disconnect());
    for (const event of ["beforeprint", "afterprint"]) {
      const turn = () => {
        this.onPaper = event === "beforeprint";
        this.refresh();
      };
      addEventListener(event, turn);
      this.closers.push(() => removeEventListener(event, turn));
    }

    this.note = html("p.note");
    this.spoken = html("p.spoken", { "aria-live": "polite", role: "status" });
    const reset = html("button.reset", { type: "button" }, this.words.reset);
    reset.addEventListener("click", () => this.reset());
    this.head = html("div.head", html("span.title", SPEC.title), reset);
    this.frame = html("div.frame", this.head, this.note, this.spoken);
    // JupyterLab takes arrow keys and Enter from whatever has the focus and doesn't say this:
    const suppress = { "data-lm-suppress-shortcuts": true };
    this.root = html("div.cu-fig", { role: "group", "aria-label": SPEC.title, ...suppress });
    const shadow = this.root.attachShadow({ mode: "open" });
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE + OWN_STYLE);
    }
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(this.frame);
    if (model.get("notice")) this.say(model.get("notice"));
  }

  /**
   * Read the model's state, build the figure and draw it. An Error says what can't be understood.
   * @param {() => (() => string)} build
   */
  start(build) {
    const version = this.model.get("version");
    if (version !== SPEC.version) {
      throw new Error(
        `its stored state is version ${brief(version)}, this page understands ` +
          `${SPEC.version}; run the notebook again`,
      );
    }
    for (const [key, { init }] of Object.entries(SPEC.traits)) {
      // A state that was stored before the figure learned this.
      if (this.model.get(key) === undefined) this.model.set(key, structuredClone(init));
      if (!this.accept(key)) {
        const value = brief(this.model.get(key));
        throw new Error(`its stored "${key}" is ${value}, which it does not understand`);
      }
    }
    this.first = structuredClone(this.state);
    this.draw = build();
    for (const key of Object.keys(SPEC.traits)) {
      this.on(`change:${key}`, () => {
        this.accept(key);
        this.refresh();
      });
    }
    this.on("change:notice", () => this.say(this.model.get("notice") ?? ""));
    this.started = true;
    this.refresh();
  }

  /**
   * Append parts to the figure, above its notices.
   * @param {(Node | string)[]} parts
   */
  add(...parts) {
    this.note.before(...parts);
  }

  /**
   * A bar of controls. It stays on the screen while the figure is on it, unless it would cover more
   * than a sixth of the window.
   * @param {(Node | string)[]} parts
   */
  bar(...parts) {
    const node = html("div.bar", ...parts);
    const judge = () => {
      const height = node.offsetHeight;
      const low = 6 * height <= innerHeight;
      node.classList.toggle("low", low);
      this.frame.style.setProperty("--bar", low ? `${height}px` : "0px");
    };
    const sizes = new ResizeObserver(judge);
    sizes.observe(node);
    addEventListener("resize", judge);
    this.closers.push(() => {
      sizes.disconnect();
      removeEventListener("resize", judge);
    });
    this.control(node);
    return node;
  }

  /** Close `node` until the reader has guessed. @param {HTMLElement} node */
  control(node) {
    this.controls.push(node);
    node.inert = this.locked;
  }

  /** Close or open the controls. @param {boolean} locked */
  lock(locked) {
    this.locked = locked;
    this.frame.classList.toggle("locked", locked);
    for (const node of this.controls) node.inert = locked;
    this.refresh();
  }

  /**
   * A plot that follows the size of the window.
   * @param {PlotOptions} options
   */
  plot(options) {
    const plot = new Plot(options);
    plot.locked = () => this.locked;
    this.plots.set(plot.svg, plot);
    this.sizes.observe(plot.svg);
    return plot;
  }

  /** @param {ResizeObserverEntry[]} entries */
  resized(entries) {
    const changed = entries.filter(({ target, contentRect }) =>
      this.plots.get(target)?.resize(contentRect.width, contentRect.height)
    );
    // Not within the layout that told of the sizes: the two together would hold the page up.
    if (changed.length) this.timers.sizes = setTimeout(() => this.refresh());
  }

  /** @param {string} key */
  get(key) {
    return this.state[key];
  }

  /**
   * Take over one trait of the model; clamp it and say so; false if it makes no sense.
   * @param {string} key
   */
  accept(key) {
    const raw = this.model.get(key);
    const good = fix(SPEC.traits[key], raw, this.checks[key]);
    if (good === undefined) {
      if (key in this.state) this.say(this.words.ignored(key, brief(raw)));
      return false;
    }
    this.state[key] = good;
    this.changed.add(key);
    if (!same(good, raw)) {
      this.say(this.words.clamped(key, brief(raw), brief(good)));
      this.model.set(key, good);
      this.model.save_changes();
    }
    return true;
  }

  /**
   * Change several traits at once: one repaint, one message to the kernel.
   * @param {State} changes
   */
  set(changes) {
    this.held += 1;
    this.turns += 1;
    this.touched = true;
    this.say("");
    if (this.model.get("notice")) this.model.set("notice", "");
    try {
      for (const [key, value] of Object.entries(changes)) this.model.set(key, value);
    } finally {
      this.held -= 1;
    }
    this.model.save_changes();
    this.refresh();
    if (this.anchor) this.after("address", () => this.writeAddress());
  }

  /** Bring the first state back, or the first state with some changes. */
  reset(changes = {}) {
    const wanted = { ...this.first, ...changes };
    const changed = Object.entries(wanted).filter(([key, v]) => !same(v, this.state[key]));
    this.set(structuredClone(Object.fromEntries(changed)));
  }

  /**
   * The first state with changes; how it is looked at stays.
   * @param {State} changes
   */
  with(changes) {
    const kept = Object.fromEntries(this.apart.map((key) => [key, this.state[key]]));
    return { ...this.first, ...kept, ...changes };
  }

  /** Whether the figure shows the first state with these changes. @param {State} changes */
  shows(changes) {
    return Object.entries(this.with(changes)).every(([key, v]) => same(v, this.state[key]));
  }

  /** Repaint; what draw() returns is what changed in a sentence, spoken when it is quiet. */
  refresh() {
    if (this.held || !this.started) return;
    this.redraws = this.redraws.filter(({ node }) => this.frame.contains(node));
    for (const { redraw } of this.redraws) redraw();
    const words = this.draw();
    const say = this.aside || words;
    this.aside = "";
    this.changed.clear();
    if (say) this.tell(say);
  }

  /**
   * Call once nothing has changed for a while.
   * @param {"speech" | "address"} what
   * @param {() => void} call
   */
  after(what, call) {
    clearTimeout(this.timers[what]);
    this.timers[what] = setTimeout(call, QUIET);
  }

  /**
   * Speak a sentence once it is quiet.
   * @param {string} words
   */
  tell(words) {
    if (!this.touched || words === this.spoken.textContent) {
      clearTimeout(this.timers.speech);
      return;
    }
    this.after("speech", () => {
      this.spoken.textContent = words;
    });
  }

  /**
   * Show a notice below the figure, and speak it; "" takes it away.
   * @param {string} text
   */
  say(text) {
    this.note.textContent = text;
    if (text) this.tell(text);
  }

  /** Follow the address of the page, and keep the state in it. @param {HTMLElement} el */
  followAddress(el) {
    const kin = [...document.querySelectorAll(`[data-afm="${SPEC.name}"]`)];
    const place = kin.indexOf(el);
    this.anchor = place > 0 ? `${SPEC.name}.${place + 1}` : SPEC.name;
    const read = () => this.readAddress();
    addEventListener("hashchange", read);
    this.closers.push(() => removeEventListener("hashchange", read));
    read();
  }

  readAddress() {
    const [name, ...rest] = location.hash.slice(1).split(":");
    if (name !== this.anchor || !rest.length) return;
    const { asked, nonsense } = fromAddress(SPEC.traits, rest.join(":"));
    /** @type {State} */
    const good = {};
    for (const [key, value] of Object.entries(asked)) {
      const valid = fix(SPEC.traits[key], value, this.checks[key]);
      if (valid === undefined) nonsense.push(key);
      else good[key] = value;
    }
    this.lock(false);
    this.reset(good);
    if (nonsense.length) this.say(this.words.address(nonsense.join("&")));
    this.root.scrollIntoView({ block: "nearest" });
  }

  writeAddress() {
    const state = toAddress(SPEC.traits, this.state, this.first);
    const ours = location.hash.startsWith(`#${this.anchor}:`);
    if (!state && !ours) return;
    const address = state ? `#${this.anchor}:${state}` : location.pathname + location.search;
    try {
      history.replaceState(history.state, "", address);
    } catch {
      this.anchor = ""; // a page that may not change its address
    }
  }

  /**
   * Listen to the model for as long as the figure is open.
   * @param {string} event
   * @param {() => void} call
   */
  on(event, call) {
    this.model.on(event, call);
    this.closers.push(() => this.model.off(event, call));
  }

  /**
   * Have `redraw` called whenever the state changed, for as long as `node` is in the figure.
   * @param {Node} node
   * @param {() => void} redraw
   */
  bind(node, redraw) {
    redraw();
    this.redraws.push({ node, redraw });
  }

  close() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    for (const close of this.closers.splice(0)) close();
  }
}
