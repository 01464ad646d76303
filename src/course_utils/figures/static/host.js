// Runs the figures' ES modules on a static page: no kernel, no network, works from file://.
{ // a block: the page has other classic scripts
class StaticModel { // as much of a widget model as a figure uses
  constructor(state) { this.state = state; this.handlers = {}; }
  get(key) { return this.state[key]; }
  set(key, value) {
    if (this.state[key] === value) return;
    this.state[key] = value;
    for (const call of this.handlers[`change:${key}`] ?? []) call();
  }
  on(event, call) { (this.handlers[event] ??= []).push(call); }
  off(event, call) { this.handlers[event] = (this.handlers[event] ?? []).filter((f) => f !== call); }
  save_changes() {}
  send() {}
}

const modules = {};
function load(name) { // a blob, because a file:// page may not import a file:// module
  if (typeof window.AFM?.[name] !== "string") throw new Error(`there is no figure "${name}" on this page`);
  const parts = [window.AFM.ui, window.AFM[name]];
  return (modules[name] ??= import(URL.createObjectURL(new Blob(parts, { type: "text/javascript" }))));
}

function stored(script) {
  let state;
  try { state = JSON.parse(script.textContent); } catch { /* said below */ }
  if (!state || typeof state !== "object" || Array.isArray(state)) throw new Error("its stored state can't be read");
  return state;
}

async function mount(div) {
  const script = div.querySelector("script");
  const figure = (await load(div.dataset.afm)).default;
  const model = new StaticModel(script ? stored(script) : figure.defaults()); // a bare <div data-afm> will do
  const words = [...div.childNodes];
  div.replaceChildren();
  try { figure.render({ model, el: div }); } catch (error) { div.replaceChildren(...words); throw error; }
}

for (const div of document.querySelectorAll("div[data-afm]")) { // this file is loaded with "defer"
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
