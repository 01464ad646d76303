import {
  bold,
  clamp,
  COLORS,
  entrySlider,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  isList,
  isNumber,
  isText,
  labelNodes,
  put,
  quantity,
  range,
  same,
  slider,
  SPEC,
  svg,
  TEXT_COLORS,
  tries,
} from "./kit.js";

/** @param {string[]} names */
const cheap = (names) => names.length > 1 ? "Equally cheap: " : "Cheapest: ";

/** @param {string[]} states */
const likely = (states) =>
  `${states.length > 1 ? "Equally probable" : "Most probable"}: ${states.join(", ")}`;

const WORDS = {
  en: {
    lead: "Each line is the expected cost of an action. The shading shows which is cheapest.",
    question: (
      /** @type {string} */ action,
      /** @type {string} */ state,
      /** @type {string} */ p,
    ) =>
      `With the costs at the start, “${action}” is cheapest up to a probability of ${p}. If it ` +
      `cost half as much when ${state}, up to which probability would it be cheapest?`,
    answers: ["the same", "a higher one", "0.5"],
    says: (/** @type {string} */ before, /** @type {string} */ after) => {
      const where = "where two expected costs would be equal";
      return [
        `No: the border would move from ${before} to ${after}, ${where}.`,
        `Yes, to ${after}, ${where}.`,
        `No: to ${after}, ${where}; which state is more probable has no part in it.`,
      ];
    },
    axis: (/** @type {string} */ state) => `probability of being ${state}`,
    cost: "expected cost",
    plot: "Expected cost of each action by probability",
    heading: (/** @type {string} */ state) => `cost if ${state}`,
    expected: "Expected costs at probability ",
    likely: (/** @type {string[]} */ states) => `. ${likely(states)}`,
    cheapest: (/** @type {string[]} */ names) => `. ${cheap(names)}`,
    from: (/** @type {string} */ name, /** @type {string} */ low, /** @type {string} */ high) =>
      `${name} from ${low} to ${high}`,
    spoken: (/** @type {string[]} */ names, /** @type {string} */ cost) =>
      `${cheap(names)}${names.join(", ")}, expected cost ${cost}.`,
    goal: (/** @type {string} */ name, /** @type {string} */ state) =>
      `make “${name}” the cheapest at a probability of 0.1 of being ${state}.`,
    reached: (/** @type {string} */ state) =>
      `The most probable state is still ${state}: the costs decide.`,
    tries: {
      at: (/** @type {string} */ state, /** @type {string} */ p) => `P(${state}) = ${p}`,
      says: (/** @type {string[]} */ states, /** @type {string[]} */ names) =>
        `${likely(states)}. ${cheap(names)}${names.join(", ")}.`,
      even: "every mistake costs the same",
      evenSays: "Now the border lies at 0.5: the most probable state decides.",
    },
  },
};

/** @param {any} list */
const isStates = (list) => isList(list, isText, 2, 2);
/** @param {any} list */
const isActions = (list) => isList(list, isText, 2);
/** @param {any} cost */
const isCost = (cost) => isList(cost, isNumber, 4, 6) && cost.length % 2 === 0;

/**
 * Expected cost of an action when the second state has probability p.
 * @param {number[]} cost
 * @param {number} action
 * @param {number} p
 */
const expected = (cost, action, p) => cost[action] * (1 - p) + cost[cost.length / 2 + action] * p;

/**
 * The action that is cheapest, or those that are equally cheap.
 * @param {number[]} cost
 * @param {number} p
 */
function cheapest(cost, p) {
  const costs = range(cost.length / 2).map((a) => expected(cost, a, p));
  return costs.flatMap((v, a) => (v < Math.min(...costs) + 1e-9 ? [a] : []));
}

/**
 * Which actions are the cheapest from where to where. Lines cross where both costs are equal.
 * @param {number[]} cost
 * @returns {[number[], number, number][]} actions, from, to
 */
function runsOf(cost) {
  const all = range(cost.length / 2);
  const edges = [0, 1];
  for (const a of all) {
    for (const b of range(a)) {
      const start = expected(cost, a, 0) - expected(cost, b, 0);
      const end = expected(cost, a, 1) - expected(cost, b, 1);
      if (start * end < 0) edges.push(start / (start - end));
    }
  }
  edges.sort((a, b) => a - b);
  /** @type {[number[], number, number][]} */
  const runs = [];
  for (const i of range(edges.length - 1)) {
    if (edges[i + 1] - edges[i] < 1e-12) continue;
    const actions = cheapest(cost, (edges[i] + edges[i + 1]) / 2);
    const last = runs.at(-1);
    if (last && same(last[0], actions)) last[2] = edges[i + 1];
    else runs.push([actions, edges[i], edges[i + 1]]);
  }
  return runs;
}

export default figure(WORDS, (view, words) => {
  const [first, second] = view.get("states");
  const names = view.get("actions");
  /** @type {number[]} */
  const original = view.get("cost");
  const show = (/** @type {number} */ v) => fmt(v, 0);
  const money = (/** @type {number} */ v) => v.toFixed(1);
  const plot = view.plot({
    label: words.plot,
    height: 280,
    x: [0, 1],
    y: [0, 100],
    xlabel: words.axis(second),
    ylabel: words.cost,
  });
  const { min = 0, max = 1 } = SPEC.traits.probability;
  plot.drag(([x]) => view.set({ probability: Math.round(1000 * clamp(x, min, max)) / 1000 }));
  const told = html("p.say");
  const costs = html("div.grid2");
  view.control(costs);

  view.add(html("p.lead", words.lead));
  const m = original.length / 2;
  const halved = original.map((v, i) => (i === m ? v / 2 : v));
  const [before, after] = [original, halved].map((cost) => runsOf(cost)[0]);
  // It has a border that moves:
  if (same(before[0], [0]) && same(after[0], [0]) && before[2] < after[2]) {
    const says = words.says(fmt(before[2], 3), fmt(after[2], 3));
    guessFirst(view, {
      question: words.question(names[0], second, fmt(before[2], 3)),
      answers: words.answers.map((text, i) => ({ text, says: says[i] })),
      show: () => view.set({ cost: halved }),
    });
  }
  const named = (/** @type {number[]} */ actions) => actions.map((a) => names[a]);
  const { tries: t } = words;
  const probable = (/** @type {number} */ p) =>
    p === 0.5 ? [first, second] : [p > 0.5 ? second : first];
  const even = range(2 * m).map((i) => (i === 0 || i === 2 * m - 1 ? 0 : 50));
  view.add(
    plot.node,
    told,
    view.bar(
      slider(view, "probability", {
        label: words.axis(second),
        step: 0.1,
        to: (v) => Math.log(v / (1 - v)),
        from: (z) => Number((1 / (1 + Math.exp(-z))).toPrecision(3)),
        show: (v) => fmt(v, 3),
      }),
    ),
    costs,
    tries(view, [
      ...[0.01, 0.1, 0.6, 0.8].map((p) => ({
        label: t.at(second, String(p)),
        set: { probability: p, cost: original },
        says: t.says(probable(p), named(cheapest(original, p))),
      })),
      { label: t.even, set: { probability: 0.6, cost: even }, says: t.evenSays },
    ]),
    goal(view, {
      text: words.goal(names[m - 1], second),
      reached: () => {
        const { probability, cost } = view.state;
        return Math.abs(probability - 0.1) < 0.005 &&
          cheapest(cost, probability)[0] === cost.length / 2 - 1;
      },
      says: words.reached(first),
    }),
  );

  let rows = 0;
  /** @param {number} count */
  function buildCosts(count) {
    if (rows === count) return;
    rows = count;
    costs.replaceChildren(...[first, second].map((name, s) =>
      html(
        "div.stack",
        html("p.head2", words.heading(name)),
        ...range(count).map((a) =>
          entrySlider(view, "cost", s * count + a, {
            label: names[a],
            step: 1,
            show,
            color: TEXT_COLORS[a],
          })
        ),
      )
    ));
  }

  return () => {
    /** @type {number[]} */
    const cost = view.get("cost");
    /** @type {number} */
    const p = view.get("probability");
    const count = cost.length / 2;
    const all = range(count);
    buildCosts(count);
    const runs = runsOf(cost);
    const now = cheapest(cost, p);
    // The lowest expected costs stay in view: they are highest at a border or an end.
    const least = Math.max(
      ...runs.flatMap(([[a], ...ends]) => ends.map((x) => expected(cost, a, x))),
    );
    const high = Math.max(10, Math.min(60, 1.15 * Math.max(...cost)), 1.15 * least);
    plot.scale({ y: [0, high] });
    const { top, bottom } = plot.area;
    // Where the line of an action leaves the plot:
    const cut = (/** @type {number} */ a) => (high - cost[a]) / (cost[count + a] - cost[a]);
    const lines = all.filter((a) => Math.min(cost[a], cost[count + a]) <= high).map((a) => ({
      a,
      from: cost[a] > high ? cut(a) : 0,
      to: cost[count + a] > high ? cut(a) : 1,
    }));
    plot.draw(
      ...runs.filter(([{ length }]) => length === 1).map(([[a], from, to]) =>
        svg("rect", {
          x: plot.x(from),
          y: top,
          width: plot.x(to) - plot.x(from),
          height: bottom - top,
          fill: COLORS[a],
          "fill-opacity": 0.14,
        })
      ),
      ...lines.map(({ a, from, to }) =>
        svg("path.line", {
          d: plot.line([from, to], [expected(cost, a, from), expected(cost, a, to)]),
          stroke: COLORS[a],
        })
      ),
      svg("path.border", { d: `M${plot.x(p)},${bottom}V${top}` }),
      ...all.filter((a) => expected(cost, a, p) <= high).map((a) =>
        svg("circle", {
          cx: plot.x(p),
          cy: plot.y(expected(cost, a, p)),
          r: now.includes(a) ? 6 : 3.5,
          fill: COLORS[a],
        })
      ),
      ...labelNodes(
        lines.map(({ a, to }) => ({
          text: names[a],
          x: plot.x(to),
          y: plot.y(expected(cost, a, to)),
          sides: to < 0.75 ? ["right", "left"] : ["above", "below"],
          color: TEXT_COLORS[a],
          weight: 600,
        })),
        plot.area,
        [{ left: plot.x(p) - 13, right: plot.x(p) + 13, top, bottom: top + 25 }],
      ),
    );
    const y = high * (1 - 12 / (bottom - top));
    plot.handles([{ x: p, y, color: "var(--cu-ink)", way: "across" }]);
    const parts = runs.map(([actions, from, to]) =>
      words.from(named(actions).join(", "), four(from), four(to))
    );
    plot.describe(`${words.plot}: ${parts.join("; ")}.`);
    told.replaceChildren(
      words.expected,
      bold("p", p, 3),
      ": ",
      ...all.flatMap((a) => {
        const value = expected(cost, a, p);
        return [
          a ? ", " : "",
          `${names[a]} `,
          quantity(html("b"), `cost.${a}`, value, money(value)),
        ];
      }),
      words.likely(probable(p)),
      words.cheapest(named(now)),
      put(html("b", named(now).join(", ")), { "data-decision": names[now[0]] }),
      ".",
    );
    return words.spoken(named(now), money(expected(cost, now[0], p)));
  };
}, { states: isStates, actions: isActions, cost: isCost });
