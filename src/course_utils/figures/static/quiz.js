import { button, figure, html, isList, isText, put, unique } from "./kit.js";

const WORDS = {
  en: {
    title: (/** @type {string} */ key) => `Question ${key}`,
    check: "Check",
    right: "Right.",
    wrong: "No.",
    choose: "Choose an answer first.",
  },
};

// The reader's answers: kept in this browser only, under one key. The book's page shows how many
// there are, and forgets them on request (book/static/progress.js).
const PLACE = "course_utils.quiz";

/** What the browser keeps; else, as long as the page is open, this. @type {Record<string, any>} */
let answers = {};
let refused = false;

/** @returns {Record<string, any>} */
const remembered = () => {
  try {
    const kept = refused ? answers : JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return kept?.constructor === Object ? kept : {};
  } catch {
    return answers; // not allowed, or damaged
  }
};

/** @param {Record<string, number>} change */
const remember = (change) => {
  answers = { ...remembered(), ...change };
  try {
    localStorage.setItem(PLACE, JSON.stringify(answers));
  } catch {
    refused = true;
  }
  dispatchEvent(new CustomEvent(PLACE, { detail: answers }));
};

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
  const fits = () => {
    const hidden = !inputs[view.get("chosen")]?.checked; // it was on another answer
    verdict.style.visibility = hidden ? "hidden" : "visible";
  };
  for (const input of inputs) input.addEventListener("change", fits);
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
  );
  view.frame.classList.add("quiz");

  const mine = () => {
    const answer = remembered()[key];
    return Number.isInteger(answer) && options[answer] ? answer : -1;
  };
  const follow = () => {
    if (mine() !== view.get("chosen")) view.set({ chosen: mine() });
  };
  addEventListener("storage", follow); // answered or forgotten in another tab
  view.closers.push(() => removeEventListener("storage", follow));
  let before = mine();
  if (before >= 0) {
    view.model.set("chosen", before);
    view.accept("chosen");
  }
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
    const answer = options[chosen];
    if (!answer) {
      verdict.replaceChildren();
      return "";
    }
    const word = right ? words.right : words.wrong;
    verdict.replaceChildren(html("strong", word), ` ${answer[1]}`);
    fits();
    return `${word} ${answer[1]}`;
  };
}, { options: areOptions });
