/**
 * Runs the figures of a page without a kernel or a network, also from a disk (file://).
 *
 * `window.AFM` holds the text of the page's figures by name. AFM is short for anywidget front-end
 * module: an ES module whose default export has `render({model, el})`. They are loaded from blobs,
 * because a page from the disk may import no file. `window.AFM_FILES` names the files beside this
 * script that put further texts there.
 *
 * A figure starts when it is at most a window's height away, or when the page's address names it:
 * nobody waits for what is far below. All start at the first key (one can tab to them) and before
 * printing.
 */

/**
 * @typedef {object} Module
 * @property {{ defaults: () => Record<string, any>, render: (place: object) => void }} default
 */

{ // a block: the page has other classic scripts
  /** @type {Record<string, string>} */
  const texts = (/** @type {any} */ (window).AFM ??= {});
  /** @type {Record<string, string>} */
  const files = /** @type {any} */ (window).AFM_FILES ?? {};
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** @type {Record<string, Promise<Module>>} */
  const modules = Object.create(null); // which has no "constructor"

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
  const fetched = (name) =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = new URL(files[name], here).href;
      script.onload = done;
      script.onerror = () => fail(new Error(`its file ${name}.js can't be loaded`));
      document.head.append(script);
    });

  /** @param {string} name @return {Promise<Module>} */
  const load = async (name) => {
    if (!Object.hasOwn(texts, name) && Object.hasOwn(files, name)) await fetched(name);
    if (!Object.hasOwn(texts, name)) throw new Error(`there is no figure "${name}" on this page`);
    return import(URL.createObjectURL(
      new Blob([texts.kit, texts[name]], { type: "text/javascript" }),
    ));
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
    const name = div.dataset.afm ?? "";
    const figure = (await (modules[name] ??= load(name))).default;
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

  /** @param {HTMLElement} div */
  const start = (div) => {
    near.unobserve(div);
    if (!waiting.delete(div)) return;
    mount(div).catch((error) => {
      const line = document.createElement("p");
      line.className = "cu-error";
      line.setAttribute("role", "alert");
      line.append(`This figure can't start: ${error.message}.`);
      div.append(line);
      console.warn(`${div.dataset.afm}: ${error.message}`);
    });
  };

  /** @type {Set<HTMLElement>} */
  const waiting = new Set(document.querySelectorAll("div[data-afm]")); // this script is deferred
  const near = new IntersectionObserver(
    (places) => {
      for (const { isIntersecting, target } of places) {
        if (isIntersecting) start(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: "100%" },
  );
  for (const div of waiting) near.observe(div);
  for (const event of ["keydown", "beforeprint"]) {
    addEventListener(event, () => [...waiting].forEach(start), { once: true });
  }

  /** Start the figures whose state the page's address names; they read it themselves. */
  const addressed = () => {
    const [name] = location.hash.slice(1).split(/[.:]/);
    for (const div of [...waiting]) if (div.dataset.afm === name) start(div);
  };
  addressed();
  addEventListener("hashchange", addressed);
}
