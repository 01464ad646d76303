/**
 * A figure on the screen: its state, kept in step with the model, and the frame around its parts.
 *
 * A figure's module is an *AFM* (anywidget front-end module): its default export has
 * `render({model, el})`, which anywidget calls in Jupyter and `host.js` in a page without a kernel.
 */
import { html, put } from "./dom.js";
import { brief } from "./format.js";
import { SPEC } from "./spec.js";
import { fix, same } from "./traits.js";

/** @import { Check } from "./traits.js" */
/** @typedef {Record<string, any>} State */
/**
 * As much of a widget's model as a figure uses.
 * @typedef {object} Model
 * @property {(key: string) => any} get
 * @property {(key: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(message: any) => void} send
 * @property {(event: string, call: () => void) => void} on
 * @property {(event: string, call: () => void) => void} off
 */

const QUIET = 500; // ms without a change before a change is spoken

/**
 * Make a figure.
 * @param {(view: View) => (() => string)} build sets the figure up once and returns the function
 *   that draws the state and says in a sentence what it shows
 * @param {Record<string, Check>} [checks] of the traits that carry no limits
 */
export function figure(build, checks = {}) {
  const { traits, version } = SPEC;
  const first = Object.entries(traits).map(([key, { init }]) => [key, structuredClone(init)]);
  return {
    defaults: () => ({ version, ...Object.fromEntries(first) }),
    /** @param {{ model: Model, el: HTMLElement }} place */
    render({ model, el }) {
      const view = new View(model, checks);
      view.start(build);
      el.append(view.root);
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
    /** @type {State} */
    this.state = {};
    /** @type {State} */
    this.first = {};
    /** @type {{ node: Node, redraw: () => void }[]} */
    this.redraws = [];
    /** @type {(() => void)[]} */
    this.closers = [];
    this.held = 0; // changes under way: no repaint yet
    this.touched = false; // nothing is spoken before the reader does something
    this.timer = 0;
    this.draw = () => "";
    this.note = html("p.note");
    this.spoken = html("p.hidden", { "aria-live": "polite", role: "status" });
    const reset = html("button.reset", { type: "button" }, "Reset");
    reset.addEventListener("click", () => this.reset());
    this.head = html("div.head", html("span.title", SPEC.title), reset);
    const frame = { role: "group", "aria-label": SPEC.title };
    this.root = html("div.fig", frame, this.head, this.note, this.spoken);
    // JupyterLab takes arrow keys and Enter from whatever has the focus and does not say this:
    this.root.addEventListener("focusin", (event) => {
      put(/** @type {Element} */ (event.target), { "data-lm-suppress-shortcuts": true });
    });
    if (model.get("notice")) this.say(model.get("notice"));
  }

  /**
   * Read the model's state, build the figure and draw it. An Error says what can't be understood.
   * @param {(view: View) => (() => string)} build
   */
  start(build) {
    const version = this.model.get("version");
    if (version !== SPEC.version) {
      throw new Error(
        `its stored state is version ${brief(version)}, this page understands ` +
          `${SPEC.version}; run the notebook again`,
      );
    }
    for (const key of Object.keys(SPEC.traits)) {
      if (!this.accept(key)) {
        const value = brief(this.model.get(key));
        throw new Error(`its stored "${key}" is ${value}, which it does not understand`);
      }
    }
    this.first = structuredClone(this.state);
    this.draw = build(this);
    for (const key of Object.keys(SPEC.traits)) {
      this.on(`change:${key}`, () => {
        this.accept(key);
        this.refresh();
      });
    }
    this.on("change:notice", () => this.say(this.model.get("notice") ?? ""));
    this.refresh();
  }

  /**
   * Append parts to the figure, above its notices.
   * @param {Node[]} parts
   */
  add(...parts) {
    this.note.before(...parts);
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
      if (key in this.state) this.say(`${key} ${brief(raw)} was not understood and is ignored.`);
      return false;
    }
    this.state[key] = good;
    if (!same(good, raw)) {
      this.say(`${key} ${brief(raw)} is out of range: ${brief(good)} is shown.`);
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
  }

  /** Bring the first state back. */
  reset() {
    const changed = Object.entries(this.first).filter(([key, v]) => !same(v, this.state[key]));
    this.set(structuredClone(Object.fromEntries(changed)));
  }

  /** Repaint; what draw() returns is the figure in a sentence, spoken when it is quiet. */
  refresh() {
    if (this.held) return;
    this.redraws = this.redraws.filter(({ node }) => this.root.contains(node));
    for (const { redraw } of this.redraws) redraw();
    const words = this.draw();
    if (words) this.tell(words);
  }

  /**
   * Speak a sentence once nothing has changed for a while.
   * @param {string} words
   */
  tell(words) {
    clearTimeout(this.timer);
    if (!this.touched || words === this.spoken.textContent) return;
    this.timer = setTimeout(() => {
      this.spoken.textContent = words;
    }, QUIET);
  }

  /**
   * Show a notice below the figure, and speak it; "" takes it away.
   * @param {string} text
   */
  say(text) {
    this.note.textContent = text;
    if (text) this.tell(text);
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
    clearTimeout(this.timer);
    for (const close of this.closers.splice(0)) close();
  }
}
