import { figure, html, isList, isText, put, radios } from "./kit.js";

// The reader's answers: kept in this browser only, under one key, and forgotten on request.
const PLACE = "course_utils.quiz";
const remembered = () => {
  try {
    return JSON.parse(localStorage.getItem(PLACE) ?? "{}");
  } catch {
    return {}; // private mode, or damaged
  }
};
const remember = (change) => {
  try {
    localStorage.setItem(PLACE, JSON.stringify({ ...remembered(), ...change }));
  } catch { /* answers last as long as the page */ }
  dispatchEvent(new Event(PLACE));
};

/** @param {any} list */
const areOptions = (list) => isList(list, (pair) => isList(pair, isText, 2, 2), 2);

export default figure({ en: {} }, (view) => {
  const options = view.get("options");
  const key = view.get("key");
  const verdict = html("p.say");
  const count = html("span");
  const forget = html("button", { type: "button" }, "Forget all my answers");
  forget.addEventListener("click", () => {
    remember(Object.fromEntries(Object.keys(remembered()).map((k) => [k, -1])));
  });
  const progress = html("p.faint.progress", count, " ", forget);
  view.add(
    radios(view, "chosen", {
      label: view.get("question"),
      options: options.map(([words], i) => [i, words]),
    }),
    verdict,
    progress,
  );
  view.frame.classList.add("quiz");

  const kept = () => {
    const i = remembered()[key];
    return Number.isInteger(i) && i >= -1 && i < options.length ? i : -1;
  };
  const follow = () => {
    if (kept() !== view.get("chosen")) view.set({ chosen: kept() });
    else view.refresh();
  };
  addEventListener(PLACE, follow);
  view.closers.push(() => removeEventListener(PLACE, follow));
  let before = kept();
  if (before >= 0) {
    view.model.set("chosen", before);
    view.accept("chosen");
  }

  return () => {
    const i = view.get("chosen");
    if (i !== before) {
      before = i;
      remember({ [key]: i });
    }
    const answered = Object.values(remembered()).filter((v) => v >= 0).length;
    const questions = answered === 1 ? "1 question" : `${answered} questions`;
    count.textContent = `${questions} answered in this browser, kept nowhere else.`;
    progress.hidden = !answered;
    put(view.frame, {
      "data-verdict": i < 0 ? "open" : i === view.get("right") ? "right" : "wrong",
    });
    if (i < 0 || i >= options.length) {
      verdict.textContent = "";
      return "";
    }
    const word = i === view.get("right") ? "Right." : "No.";
    verdict.replaceChildren(html("strong", word), ` ${options[i][1]}`);
    return `${word} ${options[i][1]}`;
  };
}, { options: areOptions });
