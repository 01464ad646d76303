import {
  argmax,
  bold,
  COLORS,
  figure,
  fmt,
  glide,
  goal,
  guessFirst,
  html,
  isList,
  isNumber,
  labelNodes,
  nearest,
  quantity,
  range,
  slider,
  sum,
  svg,
  tries,
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

const [RIGHT, OVER, UNDER] = [0, 1, 2]; // colours: accuracy, and gaps to its two sides

const WORDS = {
  en: {
    lead: "Examples sorted by the probability of the predicted class. In each bin the bar is how " +
      "often the prediction was right, the mark how sure the model was.",
    question: "All scores are divided by a temperature of 2. What changes?",
    answers: [
      {
        text: "which class is predicted",
        says: "No: the order of the scores stays, and with it every prediction and the accuracy. " +
          "Examples move to other bins.",
      },
      {
        text: "how sure the model is",
        says: "Yes: examples move to other bins. The order of the scores stays, and with it " +
          "every prediction.",
      },
      {
        text: "both",
        says: "Only how sure the model is: the order of the scores stays, and with it " +
          "every prediction.",
      },
    ],
    accuracy: "how often right",
    confidence: "how sure",
    over: "mark above the bar: too sure",
    under: "bar above the mark: not sure enough",
    temperature: "temperature",
    logScale: "temperature (log scale)",
    xlabel: "confidence: probability of the predicted class",
    ylabel: "accuracy within a bin",
    shares: "share of the examples",
    sharesPlot: "Share of the examples in each bin",
    error: "expected calibration error",
    best: (/** @type {string} */ t) => `least loss: T = ${t}`,
    bar: (/** @type {string} */ accuracy, /** @type {number} */ count) =>
      `accuracy ${accuracy}, ${count} examples`,
    spoken: (/** @type {string} */ error, /** @type {string} */ loss) =>
      `Expected calibration error ${error}, loss ${loss}.`,
    now: (/** @type {string} */ t) => `Temperature ${t}: expected calibration error `,
    loss: ", loss ",
    bias: (/** @type {number} */ bias, /** @type {string} */ size) =>
      `. On average the model is ${
        bias > 0 ? "too sure" : "not sure enough"
      }, by ${size}; its accuracy stays `,
    diagram: "Reliability diagram",
    point: (/** @type {string} */ conf, /** @type {string} */ acc) =>
      `confidence ${conf} accuracy ${acc}`,
    curve: (/** @type {string} */ error, /** @type {string} */ t) =>
      `Expected calibration error by temperature; ${error} at ${t}.`,
    tries: {
      asIs: "T = 1",
      asIsSays: (/** @type {string} */ error) =>
        `The probabilities as the model gives them: calibration error ${error}.`,
      best: "least loss",
      bestSays: (/** @type {string} */ t, /** @type {string} */ error) =>
        `Of the slider's temperatures, ${t} has the least loss. Its calibration error is ${error}.`,
      soft: "T = 4",
      softSays: (/** @type {number} */ below, /** @type {number} */ all) =>
        `Flattened: in ${below} of ${all} bins the model is right more often than it says.`,
      sharp: "T = 0.25",
      sharpSays: (/** @type {string} */ share) =>
        `Sharpened: ${share} of all examples are in the last bin.`,
    },
    goal: "find the temperature with the least calibration error.",
    reached: (/** @type {string} */ t, /** @type {boolean} */ same) =>
      `It is ${t}: ${same ? "here the loss is least, too" : "not quite where the loss is least"}.`,
  },
};

export default figure(WORDS, (view, words) => {
  /** @type {Grid} */
  const grid = view.get("grid");
  const T = grid.temperatures;
  const bins = grid.count[0].length;
  const spot = (/** @type {number} */ v) => nearest(T, v);
  const top = Math.max(...grid.ece);
  const least = argmax(grid.loss.map((v) => -v));
  const lowest = argmax(grid.ece.map((v) => -v));
  const log = T.map(Math.log2);
  /** @type {[number, string][]} */
  const powers = [-2, -1, 0, 1, 2].map((v) => [v, String(2 ** v)]);
  const curve = view.plot({
    height: 280,
    x: [0, 1],
    y: [0, 1],
    xlabel: words.xlabel,
    ylabel: words.ylabel,
  });
  const shares = view.plot({
    label: words.sharesPlot,
    height: 90,
    x: [0, 1],
    y: [0, 1],
    xticks: [],
    yticks: [[0, "0"], [1, "1"]],
    ylabel: words.shares,
    margin: { bottom: 8 },
  });
  const error = view.plot({
    height: 230,
    x: [log[0], log[log.length - 1]],
    y: [0, 1.1 * top],
    xticks: powers,
    xlabel: words.logScale,
    ylabel: words.error,
  });
  const told = html("p.say");
  /** @param {string} look @param {string} color @param {string} text */
  const key = (look, color, text) => html(`span${look}`, { style: `--color: ${color}` }, text);

  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: () => {
      const from = Math.log2(view.get("temperature"));
      glide(view, 1500, (share) => ({ temperature: 2 ** (from + (1 - from) * share) }));
    },
  });
  const { tries: t } = words;
  const { count: flat, hits, confidence } = grid;
  const end = T.length - 1;
  const filled = range(bins).filter((i) => flat[end][i]);
  const below = filled.filter((i) => hits[end][i] / flat[end][i] > confidence[end][i]);
  view.add(
    html(
      "p.key",
      key("", COLORS[RIGHT], words.accuracy),
      key(".mark", "var(--cu-ink)", words.confidence),
      key("", COLORS[OVER], words.over),
      key("", COLORS[UNDER], words.under),
    ),
    html("div.grid2", html("div", curve.node, shares.node), html("div.stack", error.node, told)),
    view.bar(
      slider(view, "temperature", {
        label: words.temperature,
        min: T[0],
        max: T.at(-1),
        step: 1,
        to: spot,
        from: (i) => T[i],
      }),
    ),
    tries(view, [
      { label: t.asIs, set: { temperature: 1 }, says: t.asIsSays(fmt(grid.ece[spot(1)], 3)) },
      {
        label: t.best,
        set: { temperature: T[least] },
        says: t.bestSays(fmt(T[least]), fmt(grid.ece[least], 3)),
      },
      {
        label: t.soft,
        set: { temperature: T[end] },
        says: t.softSays(below.length, filled.length),
      },
      {
        label: t.sharp,
        set: { temperature: T[0] },
        says: t.sharpSays(fmt(flat[0][bins - 1] / sum(flat[0]))),
      },
    ]),
    goal(view, {
      text: words.goal,
      reached: () => spot(view.get("temperature")) === lowest,
      says: words.reached(fmt(T[lowest]), lowest === least),
    }),
  );

  /**
   * @param {Plot} plot
   * @param {number} bin
   * @param {number} low
   * @param {number} high
   * @param {Attributes} attrs
   * @param {Node[]} kids
   */
  const block = (plot, bin, low, high, attrs, ...kids) =>
    svg("rect", {
      x: plot.x(bin / bins) + 0.5,
      y: plot.y(high),
      width: plot.x(1 / bins) - plot.x(0) - 1,
      height: plot.y(low) - plot.y(high),
      ...attrs,
    }, ...kids);

  let drawn = ""; // temperature and width of the plot
  let said = "";
  return () => {
    const k = spot(view.get("temperature"));
    const now = `${k} ${curve.width} ${error.width} ${view.locked}`;
    if (now === drawn) return said;
    drawn = now;
    const count = grid.count[k];
    const total = sum(count);
    const acc = count.map((c, i) => (c ? grid.hits[k][i] / c : 0));
    const conf = grid.confidence[k];
    const full = range(bins).filter((i) => count[i]);
    curve.draw(
      ...full.flatMap((i) => [
        // As far as both agree, then the gap in the colour of its kind: nothing lies over another.
        block(
          curve,
          i,
          0,
          Math.min(acc[i], conf[i]),
          { fill: COLORS[RIGHT] },
          quantity(
            svg("title"),
            `accuracy.${i}`,
            acc[i],
            words.bar(fmt(acc[i], 3), count[i]),
          ),
        ),
        block(curve, i, Math.min(acc[i], conf[i]), Math.max(acc[i], conf[i]), {
          fill: COLORS[conf[i] > acc[i] ? OVER : UNDER],
          "fill-opacity": 0.55,
        }),
        svg("path.sure", {
          d: `M${curve.x(i / bins)},${curve.y(conf[i])}H${curve.x((i + 1) / bins)}`,
        }),
      ]),
      svg("path.ghost", { d: `M${curve.x(0)},${curve.y(0)}L${curve.x(1)},${curve.y(1)}` }),
    );
    shares.draw(...full.map((i) => block(shares, i, 0, count[i] / total, { fill: COLORS[6] })));
    const x = error.x(log[least]);
    error.draw(
      svg("path.line", { d: error.line(log, grid.ece), stroke: "var(--cu-ink)" }),
      view.locked ? "" : svg("path.dash", { d: `M${x},${error.area.bottom}V${error.area.top}` }),
      ...(view.locked ? [] : labelNodes([{
        text: words.best(fmt(T[least])),
        x,
        y: error.area.top + 8,
        sides: ["right", "left"],
      }], error.area)),
      svg("circle", {
        cx: error.x(log[k]),
        cy: error.y(grid.ece[k]),
        r: 6,
        fill: "var(--cu-ink)",
      }),
    );
    const bias = sum(count.map((c, i) => c * (conf[i] - acc[i]))) / total;
    told.replaceChildren(
      words.now(fmt(T[k])),
      bold("ece", grid.ece[k], 4),
      words.loss,
      bold("loss", grid.loss[k], 4),
      words.bias(bias, fmt(Math.abs(bias), 3)),
      bold("accuracy", sum(grid.hits[k]) / total, 4),
      ".",
    );
    const points = full.map((i) => words.point(fmt(conf[i]), fmt(acc[i])));
    curve.describe(`${words.diagram}: ${points.join("; ")}.`);
    error.describe(words.curve(fmt(grid.ece[k], 4), fmt(T[k])));
    said = words.spoken(fmt(grid.ece[k], 4), fmt(grid.loss[k], 4));
    return said;
  };
}, { grid: isGrid });
