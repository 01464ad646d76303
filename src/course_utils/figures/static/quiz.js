import { button, figure, html, isList, isText, put, unique } from "./kit.js";

/** @import { View } from "./kit.js" */

const WORDS = {
  en: {
    title: (/** @type {string} */ key) => `Question ${key}`,
    check: "Check",
    right: "Right.",
    wrong: "No.",
    choose: "Choose an answer first.",
    progress: (/** @type {number} */ done, /** @type {number} */ all) =>
      `${done} of ${all} questions on this page answered, kept in this browser only.`,
    forget: "Forget all my answers",
  },
};

// The reader's answers: kept in this browser only, under one key, and forgotten on request.
const PLACE = "course_utils.quiz";

/** @returns {Record<string, unknown>} */
const remembered = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return kept?.constructor === Object ? kept : {};
  } catch {
    return {}; // private mode, or damaged
  }
};

/** @param {Record<string, number>} change */
const remember = (change) => {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...remembered(), ...change }));
  } catch { /* answers last as long as the page */ }
  dispatchEvent(new Event(PLACE));
};

/** The questions of this page, in its order. @type {{ view: View, key: string }[]} */
const onPage = [];

/** @param {any} list */
const areOptions = (list) =>
  isList(list, (/** @type {any} */ pair) => isList(pair, isText, 2, 2), 2);

export default figure(WORDS, (view, words) => {
  /** @type {[string, string][]} */
  const options = view.get("options");
  /** @type {string} */
  const key = view.get("key");
  const name = unique("answer");
  const inputs = options.map((_, i) =>
    html("input", { type: "radio", name, "data-control": `chosen.${i}` })
  );
  const verdict = html("p.say");
  const count = html("span");
  const forget = html("button", { type: "button" }, words.forget);
  const progress = html("p.progress", count, " ", forget);
  const check = button(view, words.check, () => {
    const chosen = inputs.findIndex((input) => input.checked);
    if (chosen < 0) view.say(words.choose);
    else view.set({ chosen });
  });
  check.classList.add("primary");
  view.head.firstChild?.replaceWith(html("span.title", words.title(key)));
  put(view.root, { "aria-label": words.title(key) });
  view.add(
    html(
      "fieldset.options",
      html("legend", view.get("question")),
      ...options.map(([text], i) => html("label", inputs[i], html("span", text))),
    ),
    html("div.row", check),
    verdict,
    progress,
  );
  view.frame.classList.add("quiz");
  forget.addEventListener("click", () => {
    remember(Object.fromEntries(Object.keys(remembered()).map((one) => [one, -1])));
  });

  /** @param {string} one */
  const kept = (one) => {
    const answer = remembered()[one];
    return typeof answer === "number" && Number.isInteger(answer) && answer >= 0 ? answer : -1;
  };
  const mine = () => (kept(key) < options.length ? kept(key) : -1);
  const follow = () => {
    if (mine() !== view.get("chosen")) view.set({ chosen: mine() });
    else view.refresh();
  };
  const entry = { view, key };
  onPage.push(entry);
  addEventListener(PLACE, follow);
  view.closers.push(() => {
    removeEventListener(PLACE, follow);
    onPage.splice(onPage.indexOf(entry), 1);
  });
  let before = mine();
  if (before >= 0) {
    view.model.set("chosen", before);
    view.accept("chosen");
  }
  for (const other of onPage) other.view.refresh(); // the line on progress stands below the last

  return () => {
    /** @type {number} */
    const chosen = view.get("chosen");
    if (view.changed.has("chosen")) {
      inputs.forEach((input, i) => {
        input.checked = i === chosen;
      });
    }
    if (chosen !== before) {
      before = chosen;
      remember({ [key]: chosen });
    }
    const right = chosen === view.get("right");
    put(view.frame, { "data-verdict": chosen < 0 ? "open" : right ? "right" : "wrong" });
    const done = onPage.filter((one) => kept(one.key) >= 0).length;
    count.textContent = words.progress(done, onPage.length);
    progress.hidden = !done || onPage[onPage.length - 1] !== entry || !view.model.inPage;
    const answer = options[chosen];
    if (!answer) {
      verdict.replaceChildren();
      return "";
    }
    const word = right ? words.right : words.wrong;
    verdict.replaceChildren(html("strong", word), ` ${answer[1]}`);
    return `${word} ${answer[1]}`;
  };
}, { options: areOptions });
