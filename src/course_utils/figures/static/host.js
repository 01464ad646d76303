/**
 * Runs the figures of a page without a kernel or a network, also from a disk (file://).
 *
 * `window.AFM` holds the text of the page's figures by name. AFM is short for anywidget front-end
 * module: an ES module whose default export has `render({model, el})`. They are loaded from blobs,
 * because a page from the disk may import no file.
 */

/**
 * @typedef {object} Module
 * @property {{ defaults: () => Record<string, any>, render: (place: object) => void }} default
 */

{ // a block: the page has other classic scripts
  /** @type {Record<string, string>} */
  const texts = /** @type {any} */ (window).AFM ?? {};
  /** @type {Record<string, Promise<Module>>} */
  const modules = {};

  /** As much of a widget's model as a figure uses. */
  class StaticModel {
    /** @param {Record<string, any>} state */
    constructor(state) {
      this.inPage = true;
      this.state = state;
      /** @type {Record<string, (() => void)[]>} */
      this.handlers = {};
    }

    /** @param {string} key */
    get(key) {
      return this.state[key];
    }

    /** @param {string} key @param {any} value */
    set(key, value) {
      if (this.state[key] === value) return;
      this.state[key] = value;
      for (const call of this.handlers[`change:${key}`] ?? []) call();
    }

    /** @param {string} event @param {() => void} call */
    on(event, call) {
      (this.handlers[event] ??= []).push(call);
    }

    /** @param {string} event @param {() => void} call */
    off(event, call) {
      this.handlers[event] = (this.handlers[event] ?? []).filter((one) => one !== call);
    }

    save_changes() {}

    send() {}
  }

  /** @param {string} name */
  const load = (name) => {
    if (!Object.hasOwn(texts, name)) throw new Error(`there is no figure "${name}" on this page`);
    const blob = new Blob([texts.kit, texts[name]], { type: "text/javascript" });
    modules[name] ??= import(URL.createObjectURL(blob));
    return modules[name];
  };

  /** @param {Element} script */
  const stored = (script) => {
    let state;
    try {
      state = JSON.parse(script.textContent);
    } catch {
      state = null; // said below
    }
    if (!state || typeof state !== "object" || Array.isArray(state)) {
      throw new Error("its stored state can't be read");
    }
    return state;
  };

  /** @param {HTMLElement} div */
  const mount = async (div) => {
    const script = div.querySelector("script");
    const figure = (await load(div.dataset.afm ?? "")).default;
    const state = script ? stored(script) : figure.defaults(); // a bare <div data-afm> will do
    const words = [...div.childNodes];
    div.replaceChildren();
    try {
      figure.render({ model: new StaticModel(state), el: div });
    } catch (error) {
      div.replaceChildren(...words);
      throw error;
    }
  };

  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll("div[data-afm]"); // this script is deferred
  for (const div of places) {
    mount(div).catch((error) => {
      const line = document.createElement("p");
      line.className = "cu-error";
      line.setAttribute("role", "alert");
      line.append(`This figure can't start: ${error.message}.`);
      div.append(line);
      console.warn(`${div.dataset.afm}: ${error.message}`);
    });
  }
}
