import {
  clamp,
  COLORS,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  labelNodes,
  logarithmic,
  logSoftmax,
  minus,
  quantity,
  radios,
  slider,
  SPEC,
  svg,
  TEXT_COLORS,
  tries,
} from "./kit.js";
import { expRange, FORMATS, roundTo } from "./kit/floats.js";

/** @import { Format } from "./kit/floats.js" */
/** @typedef {"naive" | "shifted" | "fused"} Form */
/** @typedef {"z" | "exp" | "sum" | "p" | "logsum" | "log"} Key */
/** @typedef {{ key: Key, values: number[] }} Step one value, or one for each class */

/** @type {[number[], string][]} */
const PATTERNS = [
  [[1, 0.5, 0], "1, ½, 0"],
  [[1, 0, 0], "1, 0, 0"],
  [[1, 0, -1], "1, 0, −1"],
  [[-1, -2, -3], "−1, −2, −3"],
];

const WORDS = {
  en: {
    lead: "Three ways to compute the logarithm of softmax for three logits. " +
      "Every step is rounded as the format rounds it.",
    question: "The logits become −200, −400 and −600. What is exp(−200) divided by the sum, " +
      "in float32?",
    answers: [
      { text: "1", says: "No. All three exponentials and their sum become 0, and 0 / 0 is nan." },
      { text: "0", says: "Not quite: exp(−200) becomes 0, but so does the sum. 0 / 0 is nan." },
      {
        text: "nan",
        says: "Yes. All three exponentials and their sum become 0, and 0 / 0 is nan.",
      },
    ],
    format: "format",
    pattern: "logits = size ×",
    size: "size",
    form: "form",
    forms: { naive: "naive", shifted: "shifted", fused: "fused" },
    titles: {
      naive: "Naive: exp, then divide",
      shifted: "Shifted: subtract the maximum first",
      fused: "Fused: log-softmax, no division",
    },
    steps: { exp: "exp", sum: "sum", p: "quotient", logsum: "log sum", log: "log" },
    scores: "z",
    shifted: "z − max",
    exact: "exact",
    right: "right",
    off: (/** @type {string} */ error) => `off by ${error}`,
    harmless: "0, harmless",
    canvas: "Number line of the arguments of exp",
    axis: "argument of exp",
    line: "where exp fits in the format: circles z, diamonds z − max",
    zero: "exp becomes 0",
    inf: "becomes inf",
    said: (/** @type {string} */ scores, /** @type {string} */ format) =>
      `Logits ${scores} in ${format}:`,
    ends: (
      /** @type {string} */ naive,
      /** @type {string} */ shifted,
      /** @type {string} */ fused,
    ) => ` naive ends ${naive}, shifted ${shifted}, fused ${fused}.`,
    tries: [
      {
        label: "float16, size 20",
        set: { dtype: "float16", size: 20 },
        says: "In float16 exp overflows above 11.09: the naive form gives nan for a logit of 20.",
      },
      {
        label: "all far below zero",
        set: { pattern: [-1, -2, -3], size: 200 },
        says:
          "Naive: 0 / 0 is nan. Shifted: the quotients are 1, 0 and 0, but the log of 0 is −inf.",
      },
      {
        label: "a shift isn't enough",
        set: { pattern: [1, 0, 0], size: 200, form: "shifted" },
        says: "The largest is safe now, but the log of 0 is −inf. Fused is right.",
      },
      {
        label: "float64, size 800",
        set: { dtype: "float64", size: 800 },
        says: "With more bits for the exponent the limit is 709.78; 800 is still beyond it.",
      },
    ],
    goal: "make even the fused form end in nan.",
    reached:
      "A logit is infinite before any form begins: only a format that reaches further helps.",
  },
};

/**
 * Every step of the three ways.
 * @param {Format} dtype
 * @param {number[]} scores
 * @returns {Record<Form, Step[]>}
 */
export function steps(dtype, scores) {
  const r = (/** @type {number} */ x) => roundTo(dtype, x);
  /** @param {number[]} xs @param {(x: number) => number} f */
  const each = (xs, f) => xs.map((x) => r(f(x)));
  const add = (/** @type {number[]} */ xs) => xs.reduce((a, b) => r(a + b));
  const z = each(scores, (x) => x);
  const top = Math.max(...z);
  const shifted = each(z, (x) => x - top);
  /** @param {number[]} from @returns {Step[]} */
  const quotient = (from) => {
    const exps = each(from, Math.exp);
    const total = add(exps);
    const p = each(exps, (x) => x / total);
    return [
      { key: "z", values: from },
      { key: "exp", values: exps },
      { key: "sum", values: [total] },
      { key: "p", values: p },
      { key: "log", values: each(p, Math.log) },
    ];
  };
  const exps = each(shifted, Math.exp);
  const total = add(exps);
  const logsum = r(Math.log(total));
  return {
    naive: quotient(z),
    shifted: quotient(shifted),
    fused: [
      { key: "z", values: shifted },
      { key: "exp", values: exps },
      { key: "sum", values: [total] },
      { key: "logsum", values: [logsum] },
      { key: "log", values: each(shifted, (x) => x - logsum) },
    ],
  };
}

/**
 * What the value of class `i` in step `n` is computed from.
 * @param {Step[]} list
 * @param {number} n
 * @param {number} i
 */
function sources(list, n, i) {
  const { key } = list[n];
  const of = (/** @type {Key} */ wanted) => list.find((step) => step.key === wanted)?.values ?? [];
  if (key === "sum") return of("exp");
  if (key === "p") return [of("exp")[i], of("sum")[0]];
  if (key === "log" && of("logsum").length) return [of("z")[i], of("logsum")[0]];
  const before = list[n - 1]?.values ?? [];
  return [before[before.length > 1 ? i : 0] ?? 0];
}

/**
 * What went wrong in this step: only where it arises, not where it is handed on.
 * @param {Key} key
 * @param {number} value
 * @param {number[]} from
 */
function event(key, value, from) {
  if (Number.isNaN(value)) {
    if (from.some(Number.isNaN)) return "";
    if (key === "p") return from[0] === 0 ? "0 / 0" : "inf / inf";
    return "inf − inf";
  }
  if (!Number.isFinite(value)) {
    if (from.some((v) => !Number.isFinite(v))) return "";
    return key === "log" ? "log of 0" : "overflow";
  }
  if (value === 0 && key === "exp" && from[0] !== -Infinity) return "underflow";
  if (value === 0 && key === "p" && from[0] !== 0) {
    return from[1] === Infinity ? "x / inf" : "underflow";
  }
  return "";
}

/**
 * A number with four digits, in at most nine characters.
 * @param {number} value
 */
function show(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return fmt(value);
  if (size && (size < 1e-3 || size >= 1e5)) {
    return minus(value.toExponential(2).replace("e+", "e"));
  }
  return four(value);
}

export default figure(WORDS, (view, words) => {
  /** @returns {number[]} */
  const logits = () => view.get("pattern").map((/** @type {number} */ p) => p * view.get("size"));
  const plot = view.plot({
    label: words.canvas,
    height: 210,
    margin: { top: 26, left: 12, right: 12 },
    grid: false,
    x: [-1, 1],
    y: [0, 1],
    yticks: [],
    xticks: [],
    xlabel: words.axis,
    ylabel: words.line,
  });
  const table = html("table.steps");
  const said = html("p.say");
  const ways = radios(view, "form", { label: words.form, options: Object.entries(words.forms) });
  const more = html(
    "div.grid2",
    radios(view, "dtype", { label: words.format }),
    radios(view, "pattern", { label: words.pattern, options: PATTERNS }),
  );
  view.control(more);
  view.apart = ["form"];
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: () => {
      view.set({ dtype: "float32", form: "naive", pattern: [-1, -2, -3], size: 200 });
    },
  });
  view.add(
    html("div.grid2", plot.node, html("div.held", table)),
    view.bar(
      ways,
      slider(view, "size", {
        label: words.size,
        step: 0.01,
        show: (v) => v.toLocaleString("en", { maximumSignificantDigits: 3 }),
        ...logarithmic,
      }),
    ),
    more,
    said,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () =>
        steps(view.get("dtype"), logits()).fused.some(({ values }) => values.some(Number.isNaN)),
      says: words.reached,
    }),
  );

  /**
   * How a way ends: "right", the worst that came out, or how far it is off.
   * @param {Step[]} list
   * @param {number[]} exact
   * @param {number} unit the format's unit roundoff
   */
  function verdict(list, exact, unit) {
    const ends = list[list.length - 1].values;
    if (ends.some(Number.isNaN)) return "nan";
    const infinite = ends.find((v) => !Number.isFinite(v));
    if (infinite !== undefined) return fmt(infinite);
    const errors = ends.map((v, i) => Math.abs(v - exact[i]) / (1 + Math.abs(exact[i])));
    const worst = errors.indexOf(Math.max(...errors));
    if (!(errors[worst] > 16 * unit)) return words.right;
    return words.off(show(Number(Math.abs(ends[worst] - exact[worst]).toPrecision(2))));
  }

  /** @param {Form} form @param {Step[]} list @param {number[]} exact @param {number} unit */
  function drawTable(form, list, exact, unit) {
    const first = form === "naive" ? words.scores : words.shifted;
    const cell = (/** @type {Step} */ { key, values }, /** @type {number} */ n) =>
      values.map((value, i) => {
        let mark = event(key, value, sources(list, n, i));
        const harmless = form === "fused" && mark === "underflow";
        if (harmless) mark = words.harmless;
        const error = Math.abs(value - exact[i]);
        if (key === "log" && error > 16 * unit * (1 + Math.abs(exact[i])) && !mark) {
          mark = Number.isFinite(error) ? words.off(show(Number(error.toPrecision(2)))) : "";
        }
        const bad = !Number.isFinite(value) || (mark && !harmless);
        return html(
          "td",
          { colspan: values.length === 1 && exact.length, class: bad && "bad" },
          bad ? "⚠ " : "",
          quantity(html("span"), `${form}.${key}.${i}`, value, show(value)),
          mark ? html("small", mark) : "",
        );
      });
    table.replaceChildren(
      html("caption", words.titles[form]),
      html(
        "tbody",
        ...list.map((step, n) =>
          html(
            "tr",
            { class: step.key === "log" && "last" },
            html("th", { scope: "row" }, step.key === "z" ? first : words.steps[step.key]),
            ...cell(step, n),
          )
        ),
        html(
          "tr.exact",
          html("th", { scope: "row" }, words.exact),
          ...exact.map((v) => html("td", Number.isFinite(v) ? show(v) : "–")),
        ),
      ),
    );
  }

  /** @param {Format} dtype @param {number[]} scores */
  function drawLine(dtype, scores) {
    const [low, high] = expRange(dtype);
    const end = 2 * Math.max(-low, high);
    const top = Math.max(...scores);
    const text = (/** @type {number} */ v) => minus(v.toFixed(2));
    const all = [...scores, ...scores.map((z) => z - top)];
    const first = -clamp(-1.1 * Math.min(...all), end, 4 * end);
    const last = clamp(1.1 * Math.max(...all), end, 4 * end);
    plot.scale({ x: [first, last], xticks: [[low, text(low)], [0, "0"], [high, text(high)]] });
    const at = (/** @type {number} */ v) => plot.x(clamp(v, first, last)); // beyond: at the edge
    const named = (/** @type {number} */ v) =>
      `${v < first ? "← " : ""}${show(v)}${v > last ? " →" : ""}`;
    const { top: above, bottom, left, right } = plot.area;
    const rows = [plot.y(0.7), plot.y(0.25)];
    const zones = [
      { from: left, to: at(low), name: words.zero, fill: "var(--cu-inset)" },
      { from: at(low), to: at(high), name: dtype, fill: COLORS[2], opacity: 0.25 },
      { from: at(high), to: right, name: words.inf, fill: "var(--cu-inset)" },
    ];
    const marks = scores.map((z) => ({ z, x: at(z), d: z - top, shifted: at(z - top) }));
    const taken = marks.flatMap(({ x, shifted }) =>
      [x, shifted].map((v, i) => ({
        left: v - 7,
        right: v + 7,
        top: rows[i] - 7,
        bottom: rows[i] + 7,
      }))
    );
    const labels = [0, 1].flatMap((row) => {
      const values = [...new Set(marks.map(({ z, d }) => (row ? d : z)))];
      return values.map((v) => ({
        text: named(v),
        x: at(v),
        y: rows[row],
        gap: 8,
        sides: /** @type {("above" | "below")[]} */ (row ? ["below", "above"] : ["above", "below"]),
        color: TEXT_COLORS[row ? 0 : 1],
      }));
    });
    plot.draw(
      ...zones.map(({ from, to, fill, opacity = 1 }) =>
        svg("rect", { x: from, y: above, width: to - from, height: bottom - above, fill, opacity })
      ),
      ...labelNodes(
        zones.map(({ from, to, name }) => ({
          text: name,
          x: (from + to) / 2,
          y: above - 2,
          gap: 0,
          sides: ["above"],
        })),
        { ...plot.area, top: 4, bottom: above },
      ),
      ...marks.map(({ x, shifted }) =>
        svg("path.ghost", { d: `M${x},${rows[0] + 7}L${shifted},${rows[1] - 9}` })
      ),
      ...marks.flatMap(({ x, shifted }) => [
        svg("circle.ring", { cx: x, cy: rows[0], r: 6, fill: COLORS[1] }),
        svg("path.ring", {
          d: `M${shifted},${rows[1] - 7}l7,7l-7,7l-7-7z`,
          fill: COLORS[0],
        }),
      ]),
      ...labelNodes(labels, plot.area, taken),
    );
    plot.describe(
      `${words.canvas}: ${dtype} ${text(low)} … ${text(high)}; ${words.scores} ` +
        `${scores.map(show).join(", ")}; ${words.shifted} ${
          marks.map(({ d }) => show(d)).join(", ")
        }`,
    );
  }

  return () => {
    /** @type {Format} */
    const dtype = view.get("dtype");
    /** @type {Form} */
    const form = view.get("form");
    const scores = logits();
    const all = steps(dtype, scores);
    const exact = logSoftmax(all.naive[0].values);
    const unit = 2 ** -FORMATS[dtype][0];
    /** @type {Form[]} */
    const forms = SPEC.traits.form.options ?? [];
    const ends = forms.map((name) => verdict(all[name], exact, unit));
    drawLine(dtype, scores);
    drawTable(form, all[form], exact, unit);
    ways.querySelectorAll("label span").forEach((node, i) => {
      node.textContent = `${words.forms[forms[i]]}: ${ends[i]}`;
    });
    const [naive, shifted, fused] = ends;
    const summary = words.ends(naive, shifted, fused);
    said.replaceChildren(html("strong", words.said(scores.map(show).join(", "), dtype)), summary);
    return summary.trim();
  };
});
