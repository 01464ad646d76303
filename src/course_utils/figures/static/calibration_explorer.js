import {
  argmax,
  bold,
  COLORS,
  entrySlider,
  figure,
  fmt,
  html,
  isList,
  isNumber,
  isText,
  labelNodes,
  nearest,
  put,
  quantity,
  range,
  slider,
  sum,
  svg,
  TEXT_COLORS,
} from "./kit.js";

/** @import { Attributes } from "./kit/dom.js" */
/** @import { Plot } from "./kit/plot.js" */
/**
 * What the figure shows at each temperature; the last three have a list of bins for each.
 * @typedef {{ temperatures: number[], ece: number[], loss: number[], count: number[][],
 *   hits: number[][], confidence: number[][] }} Grid
 */

/** @param {any} g */
const isGrid = (g) => {
  const n = g?.temperatures?.length;
  const bins = g?.count?.[0]?.length;
  return isList(g?.temperatures, isNumber, 2) &&
    ["ece", "loss"].every((k) => isList(g[k], isNumber, n, n)) &&
    ["count", "hits", "confidence"].every((k) =>
      isList(g[k], (row) => isList(row, isNumber, bins, bins), n, n)
    );
};
/** @param {any} list */
const isNames = (list) => isList(list, isText, 2);
/** @param {any} cost */
const isCost = (cost) => isList(cost, isNumber, 4, 6) && cost.length % 2 === 0;

export default figure({ en: {} }, (view) => {
  /** @type {Grid} */
  const grid = view.get("grid");
  const T = grid.temperatures;
  const bins = grid.count[0].length;
  const [well, ill] = view.get("states");
  const spot = (/** @type {number} */ v) => nearest(T, v);
  const top = Math.max(...grid.ece);
  const best = T[argmax(grid.loss.map((v) => -v))];
  const log = T.map(Math.log2);
  /** @type {[number, string][]} */
  const powers = [-2, -1, 0, 1, 2].map((v) => [v, String(2 ** v)]);
  const curve = view.plot({
    height: 290,
    x: [0, 1],
    y: [0, 1],
    xlabel: "confidence: probability of the predicted class",
    ylabel: "accuracy within a bin",
  });
  const shares = view.plot({
    label: "Share of the examples in each bin",
    height: 96,
    x: [0, 1],
    y: [0, 1],
    xticks: [],
    yticks: [[0, "0"], [1, "1"]],
    ylabel: "share of the examples",
    margin: { bottom: 8 },
  });
  const error = view.plot({
    height: 290,
    x: [log[0], log[log.length - 1]],
    y: [0, 1.1 * top],
    xticks: powers,
    xlabel: "temperature (log scale)",
    ylabel: "expected calibration error",
  });
  const price = view.plot({
    height: 290,
    x: [0, 1],
    y: [0, 100],
    xlabel: `probability of being ${ill}`,
    ylabel: "expected cost",
  });
  const told = html("p.say");
  const chosen = html("p.say");
  const costs = html("div.stack");
  /**
   * @param {Plot} plot
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {Attributes} attrs
   */
  const line = (plot, x1, y1, x2, y2, attrs) =>
    svg("line", { x1: plot.x(x1), y1: plot.y(y1), x2: plot.x(x2), y2: plot.y(y2), ...attrs });
  /** @type {(x: number, y: number, s: string, attrs: Attributes) => Node} */
  const text = (x, y, s, attrs) => svg("text", { x, y, ...attrs }, s);
  /**
   * @param {Plot} plot
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {Attributes} attrs
   * @param {Node[]} kids
   */
  const rect = (plot, x1, y1, x2, y2, attrs, ...kids) =>
    svg("rect", {
      x: plot.x(x1),
      y: plot.y(Math.max(y1, y2)),
      width: plot.x(x2) - plot.x(x1),
      height: Math.abs(plot.y(y1) - plot.y(y2)),
      ...attrs,
    }, ...kids);

  let drawn = ""; // temperature and width of the plot
  let rows = 0;
  function calibration() {
    const k = spot(view.get("temperature"));
    const now = `${k} ${curve.width}`;
    const words = `Expected calibration error ${fmt(grid.ece[k], 4)}, loss ${
      fmt(grid.loss[k], 4)
    }.`;
    if (now === drawn) return words;
    drawn = now;
    const count = grid.count[k];
    const total = sum(count);
    const edge = (/** @type {number} */ i) => i / bins;
    const acc = count.map((c, i) => (c ? grid.hits[k][i] / c : 0));
    const conf = grid.confidence[k];
    curve.draw(
      ...range(bins).filter((i) => count[i]).flatMap((i) => [
        rect(
          curve,
          edge(i),
          0,
          edge(i + 1),
          acc[i],
          { fill: COLORS[0], "fill-opacity": 0.75, stroke: "var(--cu-surface)" },
          quantity(
            svg("title"),
            `accuracy.${i}`,
            acc[i],
            `accuracy ${fmt(acc[i], 3)}, ${count[i]} examples`,
          ),
        ),
        rect(curve, edge(i), acc[i], edge(i + 1), conf[i], {
          fill: COLORS[1],
          "fill-opacity": 0.35,
        }),
        line(curve, edge(i), conf[i], edge(i + 1), conf[i], {
          stroke: COLORS[1],
          "stroke-width": 2,
        }),
      ]),
      line(curve, 0, 0, 1, 1, { class: "ghost" }),
      text(curve.x(0.04), curve.y(0.93), "bar: how often right", {
        style: `fill:${TEXT_COLORS[0]}`,
      }),
      text(curve.x(0.04), curve.y(0.86), "mark: how sure", { style: `fill:${TEXT_COLORS[1]}` }),
    );
    shares.draw(
      ...count.map((c, i) =>
        rect(shares, edge(i), 0, edge(i + 1), c / total, {
          fill: "var(--cu-grey)",
          stroke: "var(--cu-surface)",
        })
      ),
    );
    const x = error.x(log[k]);
    error.draw(
      svg("path.line", { d: error.line(log, grid.ece), stroke: COLORS[0] }),
      line(error, Math.log2(best), 0, Math.log2(best), 1.1 * top, { class: "dash" }),
      ...labelNodes([{
        text: `least loss: T = ${fmt(best)}`,
        x: error.x(Math.log2(best)),
        y: error.area.top + 8,
        sides: ["right", "left"],
      }], error.area),
      svg("circle", { cx: x, cy: error.y(grid.ece[k]), r: 6, fill: COLORS[1] }),
    );
    const bias = sum(count.map((c, i) => c * (conf[i] - acc[i]))) / total;
    told.replaceChildren(
      `Temperature ${fmt(T[k])}: expected calibration error `,
      bold("ece", grid.ece[k], 4),
      ", loss ",
      bold("loss", grid.loss[k], 4),
      `. On average the model is ${fmt(Math.abs(bias), 3)} ${
        bias > 0 ? "too sure" : "not sure enough"
      }; accuracy stays `,
      bold("accuracy", sum(grid.hits[k]) / total, 4),
      ".",
    );
    curve.describe(
      `Reliability diagram: ${
        range(bins).filter((i) => count[i]).map((i) =>
          `confidence ${fmt(conf[i])} accuracy ${fmt(acc[i])}`
        ).join("; ")
      }.`,
    );
    error.describe(
      `Expected calibration error by temperature; ${fmt(grid.ece[k], 4)} at ${fmt(T[k])}.`,
    );
    return words;
  }

  function decision() {
    /** @type {number[]} */
    const cost = view.get("cost");
    const m = cost.length / 2;
    const names = view.get("actions");
    const t = T[spot(view.get("temperature"))];
    if (rows !== m) {
      rows = m;
      const show = (/** @type {number} */ v) => fmt(v, 0);
      costs.replaceChildren();
      for (const [s, state] of [well, ill].entries()) {
        costs.append(html("p.head2", `Cost if ${state}`));
        for (const a of range(m)) {
          const look = { label: names[a], step: 1, show };
          costs.append(entrySlider(view, "cost", s * m + a, look));
        }
      }
    }
    const raw = view.get("probability");
    const p = 1 / (1 + ((1 - raw) / raw) ** (1 / t));
    /** @type {(action: number, probability: number) => number} the expected cost */
    const at = (a, q) => cost[a] * (1 - q) + cost[m + a] * q;
    const all = range(m);
    const cheapest = (/** @type {number} */ q) =>
      all.reduce((b, a) => (at(a, q) < at(b, q) ? a : b));
    const high = Math.max(10, Math.min(60, 1.15 * Math.max(...cost)));
    const now = cheapest(p);
    /** @type {[number, number, number][]} action, and from where to where it is the cheapest */
    const runs = [];
    price.scale({ y: [0, high] });
    for (const q of range(401).map((i) => i / 400)) {
      const a = cheapest(q);
      const before = runs.at(-1);
      if (before?.[0] === a) before[2] = q;
      else runs.push([a, before?.[2] ?? 0, q]);
    }
    // Where the line of an action leaves the plot:
    const cut = (/** @type {number} */ a) => (high - cost[a]) / (cost[m + a] - cost[a]);
    const drawable = all.filter((a) => Math.min(cost[a], cost[m + a]) <= high);
    const lines = drawable.map((a) => [
      a,
      cost[a] > high ? cut(a) : 0,
      cost[m + a] > high ? cut(a) : 1,
    ]);
    price.draw(
      ...runs.map(([a, from, to]) =>
        rect(price, from, 0, to, high, { fill: COLORS[a], "fill-opacity": 0.14 })
      ),
      ...lines.map(([a, from, to]) =>
        line(price, from, at(a, from), to, at(a, to), { stroke: COLORS[a], "stroke-width": 2.5 })
      ),
      line(price, p, 0, p, high, { stroke: "var(--cu-ink)", "stroke-width": 1.5 }),
      ...all.map((a) =>
        at(a, p) <= high
          ? svg("circle", {
            cx: price.x(p),
            cy: price.y(at(a, p)),
            r: a === now ? 6 : 3.5,
            fill: COLORS[a],
          })
          : ""
      ),
      ...labelNodes(
        lines.map(([a, , to]) => ({
          text: names[a],
          x: price.x(to),
          y: price.y(at(a, to)),
          sides: to < 0.75 ? ["right", "left"] : ["above", "below"],
          color: TEXT_COLORS[a],
          weight: 600,
        })),
        price.area,
      ),
    );
    const likely = p > 0.5 ? ill : well;
    const q = (/** @type {number} */ a) => bold(`cost.${a}`, at(a, p), 1);
    chosen.replaceChildren(
      "The model says ",
      bold("says", raw, 3),
      `; at temperature ${fmt(t)} that is `,
      bold("p", p, 3),
      `. Expected costs: `,
      ...all.flatMap((a) => [a ? ", " : "", `${names[a]} `, q(a)]),
      ". Most probable: ",
      likely,
      ". Cheapest: ",
      put(html("b", names[now]), { "data-decision": names[now] }),
      ".",
    );
    price.describe(
      `Expected cost of each action by probability. ${
        runs.map(([a, from, to]) => `${names[a]} from ${fmt(from)} to ${fmt(to)}`).join("; ")
      }.`,
    );
    return `Cheapest: ${names[now]}, expected cost ${fmt(at(now, p), 1)}.`;
  }

  const form = (/** @type {Node[]} */ ...kids) => html("div.stack", ...kids);
  view.add(
    form(
      slider(view, "temperature", {
        label: "temperature",
        min: T[0],
        max: T.at(-1),
        step: 1,
        to: spot,
        from: (i) => T[i],
      }),
    ),
    html("div.grid2", html("div", curve.node, shares.node), html("div.stack", error.node, told)),
    html(
      "p.head2",
      "What to do: the cheapest action is not always that of the most probable class",
    ),
    html(
      "div.grid2",
      form(
        price.node,
        slider(view, "probability", {
          label: `model says ${ill}`,
          step: 0.1,
          to: (v) => Math.log(v / (1 - v)),
          from: (z) => Number((1 / (1 + Math.exp(-z))).toPrecision(3)),
          show: (v) => fmt(v, 3),
        }),
      ),
      html("div.stack", costs),
    ),
    chosen,
  );
  let last = "";
  return () => {
    const both = [calibration(), decision()];
    const changed = JSON.stringify([view.get("cost"), view.get("probability")]);
    const say = changed === last ? both[0] : both[1];
    last = changed;
    return say;
  };
}, { grid: isGrid, states: isNames, actions: isNames, cost: isCost });
