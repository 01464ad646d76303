/** What makes a reader think: a guess before the controls open, states to try, a goal. */
import { html, put, unique } from "./dom.js";
import { say } from "./format.js";

/** @import { State, View } from "./view.js" */
/**
 * An answer to choose. A right one and a wrong one both say what is the case.
 * @typedef {object} Answer
 * @property {string} text
 * @property {string} says what the figure answers, in words
 */
/**
 * @typedef {object} Guess
 * @property {string} question
 * @property {Answer[]} answers two to four
 * @property {(answer: number) => Promise<string> | void} [show] lets the figure show what happens;
 *   takes the place of the answer, gives what is to be said to it in the end
 */

/**
 * Ask before the controls open. The reader may skip the question; the answer stays in view.
 * @param {View} view
 * @param {Guess} guess
 */
export function guessFirst(view, { question, answers, show = () => {} }) {
  const { words } = view;
  const heading = html("p.question", { id: unique("question") }, html("b", words.guessFirst), " ");
  heading.append(question);
  const node = html("section.guess", { "aria-labelledby": heading.id }, heading);

  /** @param {Answer} answer @param {number} place */
  const finish = (answer, place) => {
    const says = html("span", answer.says);
    const told = html("p.answer", { tabindex: -1 }, html("b", `${answer.text}:`), " ", says);
    node.replaceChildren(heading, told);
    view.lock(false);
    view.touched = true;
    show(place)?.then((verdict) => {
      if (!verdict) return;
      say(says, verdict);
      view.aside = verdict;
      view.refresh();
    });
    told.focus({ preventScroll: true }); // what had the focus is gone
  };

  const choices = html("div.row");
  answers.forEach((answer, place) => {
    const choice = html("button", { type: "button" }, answer.text);
    choice.addEventListener("click", () => finish(answer, place));
    choices.append(choice);
  });
  const skip = html("button.skip", { type: "button" }, words.skip);
  skip.addEventListener("click", () => {
    node.remove();
    view.lock(false);
    const bar = view.frame.querySelector(".bar") ?? view.frame;
    const input = bar.querySelector("input:checked") ?? bar.querySelector("input");
    if (input instanceof HTMLElement) input.focus({ preventScroll: true });
  });
  choices.append(skip);
  node.append(choices);
  view.lock(true);
  view.bind(node, () => { // an address may open the controls, too
    if (!view.locked && node.contains(choices)) node.remove();
  });
  view.add(node);
}

/**
 * Buttons that set a state, each with a sentence that stands while the figure shows that state.
 * @param {View} view
 * @param {{ label: string, set: State, says: string }[]} states changes to the first state
 */
export function tries(view, states) {
  const told = html("span");
  const buttons = states.map(({ label, set }) => {
    const node = html("button.chip", { type: "button" }, label);
    node.addEventListener("click", () => view.reset(view.with(set)));
    return node;
  });
  const list = html("div.row", html("span.soft", view.words.try), ...buttons);
  const longest = states.reduce((a, { says }) => (says.length > a.length ? says : a), "");
  const node = html("div.tries", list, html("p.told", { "data-room": longest }, told));
  view.control(list);
  view.bind(node, () => {
    const shown = states.findIndex(({ set }) => view.shows(set));
    const says = states[shown]?.says ?? "";
    buttons.forEach((button, i) => put(button, { "aria-pressed": String(i === shown) }));
    if (says && says !== told.textContent) view.aside = says;
    say(told, says);
  });
  return node;
}

/**
 * Something to achieve; once it is, the figure says what that took, for as long as it is so. What
 * `lasts` stays achieved until Reset.
 * @param {View} view
 * @param {object} goal
 * @param {string} goal.text
 * @param {() => boolean} goal.reached
 * @param {string | (() => string)} goal.says
 * @param {boolean} [goal.lasts]
 */
export function goal(view, { text, reached, says, lasts = false }) {
  const mark = html("span.mark", { "aria-hidden": true });
  const told = html("span.told");
  const node = html("p.goal", mark, html("b", `${view.words.goal}:`), ` ${text} `, told);
  let done = false;
  const redraw = () => {
    if (lasts && done) return;
    const now = reached();
    node.classList.toggle("done", now);
    mark.textContent = now ? "✓" : "○";
    told.textContent = now ? typeof says === "string" ? says : says() : "";
    if (now && !done) view.aside = told.textContent;
    done = now;
  };
  view.bind(node, redraw);
  if (lasts) {
    view.head.querySelector(".reset")?.addEventListener("click", () => {
      done = false;
      redraw();
    });
  }
  return node;
}
