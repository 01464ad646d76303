import {
  argmax,
  button,
  figure,
  goal,
  guessFirst,
  html,
  isList,
  isNumber,
  isText,
  put,
  quantity,
  range,
  slider,
  svg,
  tries,
} from "./kit.js";

const SIDE = 28;
const ENOUGH = 10; // images to judge

const WORDS = {
  en: {
    lead: "Of each of these training images, most of the ten nearest carry one other label. " +
      "Judge the image first; " +
      "the data set's label appears after your answer.",
    question: "In how many of ten will you side with the data set's label?",
    answers: ["fewer than 4", "4 to 6", "more than 6"].map((text) => ({
      text,
      says: "Now judge ten: the tally below counts, and nobody has a list of the truth.",
    })),
    image: (/** @type {number} */ n) => `Training image ${n}, 28 by 28 grey pixels`,
    ask: (/** @type {string[]} */ [a, b]) => `Is it ${a} or ${b}?`,
    neither: "neither, or can't say",
    told: (/** @type {string} */ given, /** @type {string} */ votes) =>
      `The data set says ${given}. Labels of the ten nearest: ${votes}.`,
    mine: [
      "",
      "You agree with the data set. ",
      "You agree with the neighbours. ",
      "You named neither. ",
    ],
    nearest: "The nearest three training images",
    hidden: "Its nearest images, and its label, show once you have answered.",
    back: "Back",
    next: "Next image",
    shown: "image",
    of: (/** @type {number} */ i, /** @type {number} */ n) => `${i} of ${n}`,
    tally: (/** @type {number} */ n, /** @type {number[]} */ [given, other, neither]) =>
      `Judged ${n}: ${given} with the data set's label, ${other} with the neighbours', ` +
      `${neither} with neither.`,
    guessed: (/** @type {string} */ share, /** @type {string} */ mine) =>
      ` You sided with the label in ${share} of ten; you guessed ${mine}.`,
    open: "None is judged yet.",
    tries: [
      {
        label: "one with most against it",
        says: (/** @type {number} */ n) => `${n} of its ten nearest images carry one other label.`,
      },
      {
        label: "one with least against it",
        says: (/** @type {number} */ n, /** @type {number} */ given) =>
          `${n} of its ten nearest images carry one other label, ${given} ${
            given === 1 ? "carries" : "carry"
          } its own.`,
      },
    ],
    goal: `judge ${ENOUGH} images.`,
    reached: "The tally says how often you sided with the label.",
    drawn: "These images are the stand-in's: code drew them, each for its label, so no label is " +
      "wrong. With the real data the figure shows real images.",
    empty: "There are no doubted images here. The figure takes them from the data set when its " +
      "cell is run: LabelSuspects.of(images, labels, classes, suspects).",
  },
};

/**
 * @typedef {object} Data
 * @property {string} sheet
 * @property {string[]} classes
 * @property {string} source
 * @property {number[]} numbers
 * @property {number[]} given
 * @property {number[][]} near
 * @property {number[][]} votes
 */

/** @param {any} d */
const isData = (d) => {
  if (d && Object.keys(d).length === 0) return true;
  const n = d?.numbers?.length;
  const isLabel = (/** @type {any} */ v) => isNumber(v) && v in d.classes;
  return isText(d?.sheet) && isText(d.source) && isList(d.classes, isText, 2) &&
    isList(d.numbers, isNumber) && isList(d.given, isLabel, n, n) &&
    isList(d.near, (list) => isList(list, isLabel, 1), n, n) &&
    isList(d.votes, (list) => isList(list, isNumber, d.classes.length, d.classes.length), n, n);
};

export default figure(WORDS, (view, words) => {
  /** @type {Data} */
  const data = view.get("data");
  const count = data.numbers?.length ?? 0;
  if (!count) {
    view.add(html("p.say", words.empty));
    return () => "";
  }
  const { classes, given, votes, near, numbers } = data;
  const columns = 1 + near[0].length;
  const others = votes.map((list, i) => argmax(list.map((v, k) => (k === given[i] ? -1 : v))));
  /** The two names in the order of the classes, which doesn't tell which is the label. */
  const pairs = given.map((label, i) => [label, others[i]].sort((a, b) => a - b));

  /** An image of the sheet. @param {string} look */
  const picture = (look) => {
    const size = { width: SIDE * columns, height: SIDE * count };
    return svg(`svg${look}`, { role: "img" }, svg("image", { href: data.sheet, ...size }));
  };
  /** @param {SVGElement} node @param {number} row @param {number} column @param {string} label */
  const look = (node, row, column, label) =>
    put(node, {
      viewBox: `${column * SIDE} ${row * SIDE} ${SIDE} ${SIDE}`,
      "aria-label": label,
    });
  const main = picture(".picture");
  const witnesses = range(columns - 1).map(() => {
    const image = picture(".picture");
    const name = html("div");
    return { image, name, node: html("div", image, name) };
  });
  const here = () => Math.min(view.get("shown"), count - 1);
  const verdictOf = (/** @type {number} */ i) => Math.round(view.get("verdicts")[i] ?? 0);
  const judge = (/** @type {number} */ verdict) => {
    const list = range(count).map(verdictOf);
    list[here()] = verdict;
    view.set({ verdicts: list });
  };
  const answers = [0, 1].map((side) =>
    button(view, "", () => judge(pairs[here()][side] === given[here()] ? 1 : 2))
  );
  const neither = button(view, words.neither, () => judge(3));
  const back = button(view, words.back, () => view.set({ shown: here() - 1 }));
  const next = button(view, words.next, () => view.set({ shown: here() + 1 }));
  const asked = html("p.strong");
  const said = html("p.say");
  const title = html("p.soft");
  const row = html("div.witnesses", ...witnesses.map(({ node }) => node));
  const dots = html("div.dots", { "aria-hidden": true }, ...range(count).map(() => html("span")));
  const tally = html("p");
  const judged = () => range(count).filter((i) => verdictOf(i)).length;

  const votesAgainst = votes.map((list, i) => list[others[i]]);
  const leads = votesAgainst.map((n, i) => n - votes[i][given[i]]);
  // of several with least the last: a figure that opens on the first shows no chip as chosen.
  const places = [argmax(votesAgainst), leads.lastIndexOf(Math.min(...leads))];
  const chips = words.tries.map(({ label, says }, t) => {
    const i = places[t];
    return { label, set: { shown: i }, says: says(votesAgainst[i], votes[i][given[i]]) };
  });
  view.apart = ["verdicts"];

  view.add(html("p.lead", words.lead));
  if (data.source !== "real") view.add(html("p.soft", words.drawn));
  let mine = "";
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: (place) => {
      mine = words.answers[place].text;
    },
  });
  view.add(
    html("div.suspect", main, html("div.stack", title, row, said)),
    view.bar(
      asked,
      html("div.row", ...answers, neither),
      html("div.row", back, next),
      slider(view, "shown", {
        label: words.shown,
        step: 1,
        max: count - 1,
        show: (i) => words.of(Math.min(i, count - 1) + 1, count),
      }),
    ),
    tries(view, chips),
    dots,
    tally,
    goal(view, {
      text: words.goal,
      reached: () => judged() >= Math.min(ENOUGH, count),
      says: words.reached,
    }),
  );

  return () => {
    const i = here();
    const verdict = verdictOf(i);
    const names = pairs[i].map((k) => classes[k]);
    look(main, i, 0, words.image(numbers[i]));
    asked.textContent = words.ask(names);
    answers.forEach((node, side) => {
      node.textContent = names[side];
      const mine = pairs[i][side] === given[i] ? 1 : 2;
      put(node, { "aria-pressed": String(verdict === mine) });
    });
    put(neither, { "aria-pressed": String(verdict === 3) });
    back.disabled = i === 0;
    next.disabled = i === count - 1;
    title.textContent = verdict ? words.nearest : words.hidden;
    row.style.visibility = verdict ? "visible" : "hidden";
    witnesses.forEach(({ image, name }, j) => {
      look(image, i, j + 1, verdict ? classes[near[i][j]] : "");
      name.textContent = verdict ? classes[near[i][j]] : "";
    });
    const order = range(classes.length).filter((k) => votes[i][k])
      .sort((a, b) => votes[i][b] - votes[i][a]);
    const text = words.told(
      classes[given[i]],
      order.map((k) => `${classes[k]} ${votes[i][k]}`).join(", "),
    );
    said.textContent = verdict ? words.mine[verdict] + text : "";
    [...dots.children].forEach((dot, j) => {
      dot.className = `v${verdictOf(j)}${i === j ? " here" : ""}`;
    });
    const counts = [1, 2, 3].map((v) => range(count).filter((j) => verdictOf(j) === v).length);
    const n = judged();
    const found = String(Number((10 * counts[0] / n).toFixed(1)));
    const guessed = mine && n >= ENOUGH ? words.guessed(found, mine) : "";
    quantity(tally, "judged", n, n ? words.tally(n, counts) + guessed : words.open);
    return verdict ? text : `${words.of(i + 1, count)}. ${words.ask(names)}`;
  };
}, { data: isData });
