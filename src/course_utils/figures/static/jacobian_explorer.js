import {
  button,
  clamp,
  COLORS,
  dial,
  dot,
  entrySlider,
  figure,
  fmt,
  formula,
  fraction,
  glide,
  goal,
  guessFirst,
  html,
  indexed,
  letter,
  live,
  math,
  minus,
  operator,
  put,
  quantity,
  radios,
  range,
  roundUp,
  slider,
  softmax,
  SPEC,
  squeezed,
  subscript,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

/** @import { Plot } from "./kit/plot.js" */

const WORDS = {
  en: {
    lead: "Nudge one logit, and every probability moves. One column of the Jacobian says how, " +
      "for small nudges.",
    question: "The first logit rises further and further. Where does the first dot, the change " +
      "of p₁, end?",
    answers: [
      {
        text: "On top of its bar",
        says: "No: at 1 − p₁, for p₁ goes to 1. The bar grows in proportion to the nudge.",
      },
      {
        text: "At 1 − p₁",
        says: "Yes. p₁ goes to 1, so it gains what it lacks now. The bar grows beyond that.",
      },
      {
        text: "At 1",
        says: "No: at 1 − p₁. p₁ goes to 1, but it does not start at 0.",
      },
    ],
    change: "change of p: bars what the column says, dots what happens",
    changePlot: "Change of each probability when one logit is nudged",
    rows: { p: "p", linear: "bar", real: "dot" },
    limit: (/** @type {string} */ name) => `1 − ${name}`,
    column: "nudge",
    nudge: "by",
    logit: (/** @type {string} */ name) => `logit ${name}`,
    classes: "classes",
    matrix: "The Jacobian: how fast p (rows) changes with z (columns)",
    sum: "sum",
    product: "Times a vector v: J v, without forming J",
    productPlot: "Product of the Jacobian and v",
    productAxis: "p ⊙ (v − ⟨p, v⟩)",
    ones: "v = all ones",
    hot: "v = one-hot",
    said: (/** @type {string} */ logit, /** @type {string} */ nudge) =>
      `Moving ${logit} by ${nudge}`,
    changes: (
      /** @type {string} */ prob,
      /** @type {string} */ real,
      /** @type {string} */ linear,
    ) => ` changes ${prob} by ${real}; the column times the nudge says ${linear}. `,
    lose: "What one probability gains, the others lose: each column sums to zero.",
    gone: " All entries of v are equal, so J v is zero.",
    spoken: (/** @type {string} */ logit, /** @type {string} */ changes) =>
      `Nudging ${logit} changes the probabilities by ${changes}.`,
    tries: [
      {
        label: "a small nudge",
        set: { nudge: 0.1 },
        says: "Bars and dots agree: for small nudges the column says it all.",
      },
      {
        label: "a large nudge",
        set: { nudge: 2 },
        says: "Here the column promises too much: the slopes shrink on the way.",
      },
      {
        label: "sure",
        set: { logits: [5, -1, -3] },
        says: "Where one class has nearly everything, a nudge moves little.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0] },
        says: "Equal probabilities: the others share the loss equally.",
      },
    ],
    goal: "make an entry of the Jacobian as large as it can be.",
    reached: "A diagonal entry p (1 − p) is largest at p = 1/2: there it is 1/4.",
  },
};

const MORE = [0, -0.5, 1.5, 0.5]; // logits of classes that are added
const ROW = 18; // pixels a line of the table below the bars

/**
 * A number of at most five characters, as a narrow cell takes it.
 * @param {number} value
 */
function short(value) {
  const text = value.toFixed(3);
  if (Number(text) === 0) return Math.abs(value) < 1e-12 ? "0" : "≈0";
  return minus(text.replace("0.", "."));
}

export default figure(WORDS, (view, words) => {
  const { least = 2, most = 6 } = SPEC.traits.logits;
  const z = (/** @type {number} */ i) => `z${subscript(i + 1)}`;
  const p = (/** @type {number} */ i) => `p${subscript(i + 1)}`;
  /** @type {{ x: [number, number], y: [number, number], xticks: number[] }} */
  const common = { x: [0, 1], y: [-1, 1], xticks: [] };
  const change = view.plot({
    ...common,
    label: words.changePlot,
    height: 300,
    ylabel: words.change,
    margin: { bottom: 4.4 * ROW, top: 14, left: 46 },
  });
  const product = view.plot({
    ...common,
    label: words.productPlot,
    height: 180,
    ylabel: words.productAxis,
    margin: { bottom: 2.4 * ROW, top: 14, left: 46 },
  });
  const vs = html("div.columns");
  const picker = html("div");
  const table = html("table.heat");
  const line = html("div.formula");
  const said = html("p.say");
  let k = 0;
  /** @type {HTMLTableCellElement[][]} */
  let cells = [];

  const v = () => range(k).map((i) => view.get("v")[i] ?? 0);
  const column = () => Math.min(view.get("column"), k - 1);
  /** @param {number} n */
  const resize = (n) =>
    view.set({
      logits: range(n).map((i) => view.get("logits")[i] ?? MORE[i - 2]),
      v: range(n).map((i) => view.get("v")[i] ?? 0),
      column: Math.min(view.get("column"), n - 1),
    });
  const classes = dial(view, {
    label: words.classes,
    control: "classes",
    min: least,
    max: most,
    step: 1,
    read: () => view.get("logits").length,
    write: resize,
    show: String,
  });
  const times = html(
    "div.stack",
    html("p.head2", words.product),
    vs,
    html(
      "div.row",
      button(view, words.ones, () => view.set({ v: range(k).map(() => 1) })),
      button(view, words.hot, () => view.set({ v: range(k).map((i) => Number(i === column())) })),
    ),
  );
  const more = html("div.columns");
  view.control(more);
  view.control(times);
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: () => {
      const { nudge, logits } = view.first;
      const { max = 1 } = SPEC.traits.nudge;
      glide(view, 2500, (share) => ({
        logits,
        column: 0,
        nudge: Math.round(10 * (nudge + (max - nudge) * share)) / 10,
      }));
    },
  });
  view.add(
    html("div.grid2", change.node, html("div.stack", table, line)),
    view.bar(
      html("div.columns", picker, slider(view, "nudge", { label: words.nudge }), classes),
    ),
    more,
    said,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      // 0.250 as it is shown
      reached: () => softmax(view.get("logits")).some((p) => p * (1 - p) >= 0.2495),
      says: words.reached,
    }),
    html("div.grid2.apart", times, product.node),
  );

  /** Make the parts that depend on how many classes there are. */
  function rebuild() {
    const show = (/** @type {number} */ x) => fmt(x, 1);
    const every = range(k);
    const options = every.map((i) => [i, z(i)]);
    picker.replaceChildren(radios(view, "column", { label: words.column, options }));
    more.replaceChildren(...every.map((i) => {
      const look = { label: words.logit(z(i)), color: TEXT_COLORS[i], show };
      return entrySlider(view, "logits", i, look);
    }));
    vs.replaceChildren(
      ...every.map((i) =>
        entrySlider(view, "v", i, { label: `v${subscript(i + 1)}`, missing: 0, show })
      ),
    );
    cells = every.map((i) =>
      every.map((j) => {
        const cell = html("td");
        cell.addEventListener("click", () => !view.locked && view.set({ column: j }));
        return put(cell, { "data-cell": `${i}.${j}` });
      })
    );
    cells.push(every.map(() => html("td")));
    table.replaceChildren(
      html("caption", words.matrix),
      html(
        "thead",
        html("tr", html("td"), ...every.map((j) => html("th", { scope: "col" }, z(j)))),
      ),
      html(
        "tbody",
        ...cells.map((row, i) =>
          html("tr", html("th", { scope: "row" }, i < k ? p(i) : words.sum), ...row)
        ),
      ),
    );
  }

  /**
   * Bars around zero, and the axis that holds them.
   * @param {Plot} plot
   * @param {number[]} values
   * @param {number[]} others further values that must fit
   * @param {string} name
   */
  function bars(plot, values, others, name) {
    const reach = Math.max(0.01, roundUp(1.05 * Math.max(...[...values, ...others].map(Math.abs))));
    plot.scale({ y: [-reach, reach], yticks: [-reach, 0, reach] });
    const width = plot.x(0.6 / k) - plot.x(0);
    const zero = plot.y(0);
    return [
      svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
      ...values.map((value, i) =>
        svg("rect", {
          x: plot.x((i + 0.5) / k) - width / 2,
          y: Math.min(plot.y(value), zero),
          width,
          height: Math.max(1, Math.abs(plot.y(value) - zero)),
          rx: 2,
          fill: COLORS[i],
          stroke: TEXT_COLORS[i],
          "data-q": `${name}${i}`,
          "data-value": String(value),
        })
      ),
    ];
  }

  /**
   * Lines of numbers below the bars.
   * @param {Plot} plot
   * @param {[string, (string | number)[]][]} rows
   */
  const numbers = (plot, rows) =>
    rows.flatMap(([title, values], row) => {
      const y = plot.area.bottom + (row + 1) * ROW;
      return [
        svgText(plot.area.left - 8, y, title, { "text-anchor": "end", class: "strong" }),
        ...values.map((value, i) => {
          const text = typeof value === "number" ? short(value) : value;
          const room = plot.x(1 / k) - plot.x(0) - 4;
          return svgText(plot.x((i + 0.5) / k), y, text, squeezed(text, room));
        }),
      ];
    });

  /** @param {number[][]} jacobian @param {number} picked */
  function drawTable(jacobian, picked) {
    const sums = range(k).map((j) => sum(jacobian.map((row) => row[j])));
    [...jacobian, sums].forEach((row, i) =>
      row.forEach((value, j) => {
        const cell = quantity(cells[i][j], i < k ? `J${i}${j}` : `sum${j}`, value, short(value));
        cell.classList.toggle("picked", j === picked && i < k);
        const share = Math.round(clamp(Math.abs(value), 0, 0.25) * 220); // at most 1/4
        const color = COLORS[value < 0 ? 1 : 0];
        cell.style.background = `color-mix(in srgb, ${color} ${share}%, transparent)`;
      })
    );
  }

  /** @param {number[]} probs @param {number} j */
  function drawFormula(probs, j) {
    const i = j === 0 ? 1 : 0;
    const colored = (/** @type {number} */ n) =>
      live(`f${n}`, probs[n], { digits: 3, color: TEXT_COLORS[n] });
    const index = (/** @type {string} */ name, /** @type {number} */ n) =>
      indexed(letter(name), math("mn", n + 1));
    const derivative = (/** @type {number} */ n) =>
      fraction(
        math("mrow", operator("∂"), index("p", n)),
        math("mrow", operator("∂"), index("z", j)),
      );
    line.replaceChildren(
      formula(
        derivative(j),
        operator("="),
        colored(j),
        operator("("),
        math("mn", 1),
        operator("−"),
        colored(j),
        operator(")"),
      ),
      formula(
        derivative(i),
        operator("="),
        operator("−"),
        colored(i),
        operator("·"),
        colored(j),
      ),
    );
  }

  return () => {
    /** @type {number[]} */
    const logits = view.get("logits");
    if (logits.length !== k) {
      k = logits.length;
      rebuild();
    }
    const j = column();
    const nudge = view.get("nudge");
    const probs = softmax(logits);
    const jacobian = probs.map((a, i) => probs.map((b, n) => a * (Number(i === n) - b)));
    const linear = jacobian.map((row) => row[j] * nudge);
    const nudged = softmax(logits.map((x, i) => x + (i === j ? nudge : 0)));
    const real = nudged.map((x, i) => x - probs[i]);
    const every = range(k);
    const drawn = bars(change, linear, real, "linear");
    const limit = change.y(1 - probs[j]);
    const near = !view.locked && nudge > 0 && limit > change.area.top;
    // The other bars point down: beside this one there is room.
    const [side, anchor] = j < k - 1 ? [j + 0.9, "start"] : [j + 0.1, "end"];
    change.draw(
      ...drawn,
      ...real.map((value, i) => {
        const at = { cx: change.x((i + 0.5) / k), cy: change.y(value), r: 5 };
        return quantity(svg("circle.dot", at), `real${i}`, value, "");
      }),
      ...numbers(change, [
        ["", every.map(p)],
        [words.rows.p, probs],
        [words.rows.linear, linear],
        [words.rows.real, real],
      ]),
      ...(near
        ? [
          svg("path.ghost", { d: `M${change.x(j / k)},${limit}H${change.x((j + 1) / k)}` }),
          svgText(change.x(side / k), limit - 4, words.limit(p(j)), { "text-anchor": anchor }),
        ]
        : []),
    );
    const w = v();
    const mean = dot(probs, w);
    const vjp = probs.map((s, i) => s * (w[i] - mean));
    product.draw(
      ...bars(product, vjp, [], "vjp"),
      ...numbers(product, [["", every.map((i) => String(i + 1))], ["J v", vjp]]),
    );
    drawTable(jacobian, j);
    drawFormula(probs, j);
    said.replaceChildren(
      html("strong", words.said(z(j), fmt(nudge, 1))),
      words.changes(p(j), fmt(real[j], 3), fmt(linear[j], 3)),
      words.lose,
      Math.max(...w) === Math.min(...w) ? words.gone : "",
    );
    return words.spoken(z(j), real.map((x) => fmt(x, 2)).join(", "));
  };
});
