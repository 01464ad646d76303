import {
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
  same,
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
/** @import { State } from "./kit/view.js" */

const WORDS = {
  en: {
    lead: "Nudge one logit, and every probability changes. Change ÷ nudge, for small nudges, " +
      "is one column of the Jacobian.",
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
    change: "change of p: dots what happens, bars the slope at the start times the nudge",
    changePlot: "Change of each probability when one logit is nudged",
    rows: { p: "p", linear: "bar", real: "dot", v: "v", apart: "v − mean", vjp: "J v" },
    limit: (/** @type {string} */ name) => `1 − ${name}`,
    column: "nudge",
    nudge: "by",
    logit: (/** @type {string} */ name) => `logit ${name}`,
    classes: "classes",
    matrix: "Measured: change of p (rows) ÷ nudge of z (columns)",
    sum: "sum",
    productLead: "J v without the matrix: take from each entry of v the mean of v under p, and " +
      "multiply by p.",
    vectorPlot: "The vector v and its mean",
    vectorAxis: (/** @type {string} */ mean) => `v; dashed: its mean ⟨p, v⟩ = ${mean}`,
    productPlot: "Product of the Jacobian and v",
    productAxis: "outline: v − ⟨p, v⟩; filled: p times that, J v",
    said: (/** @type {string} */ logit, /** @type {string} */ nudge) =>
      `Moving ${logit} by ${nudge}`,
    changes: (
      /** @type {string} */ prob,
      /** @type {string} */ real,
      /** @type {string} */ ratio,
    ) => ` changes ${prob} by ${real}: ${ratio} per unit. `,
    still: (/** @type {string} */ logit) => `Now nudge ${logit}.`,
    right: "That is right to 0.01. ",
    off: "Small enough nudges come close to the slope at the start. ",
    lose: "What one probability gains, the others lose: each column sums to zero.",
    mean: (/** @type {string} */ mean) => `The mean of v is ${mean}. `,
    signs: "Where v is above it, J v is positive, below it negative; the entries sum to zero.",
    gone: "All entries of v are equal, so J v is zero.",
    spokenProduct: (/** @type {string} */ entries) => `J v is ${entries}.`,
    spoken: (/** @type {string} */ logit, /** @type {string} */ changes) =>
      `Nudging ${logit} changes the probabilities by ${changes}.`,
    tries: [
      {
        label: "a small nudge",
        set: { nudge: 0.1 },
        says: "Bars and dots agree: change ÷ nudge is the slope.",
      },
      {
        label: "a large nudge",
        set: { nudge: 2 },
        says: "The dots fall short of their bars: the slopes shrink on the way.",
      },
      {
        label: "sure",
        set: { logits: [5, -1, -3], nudge: 0.1 },
        says: "Where one class has nearly everything, a nudge moves little.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], nudge: 0.1 },
        says: "Equal probabilities: the others share the loss equally.",
      },
    ],
    goal: "measure the whole matrix, each column with a nudge so small that it is right to 0.01.",
    reached:
      "This is the Jacobian: each column is what one small nudge does, divided by the nudge.",
    productTries: [
      {
        label: "one-hot",
        set: { v: [0, 1, 0] },
        says: "v picks a column: J v is column 2 of the matrix.",
      },
      {
        label: "one-hot + 1",
        set: { v: [1, 2, 1] },
        says: "1 more in each entry, so in the mean, too: J v is still column 2.",
      },
    ],
    productGoal: "make J v zero, but not v.",
    productReached: "Entries that are equal are equal to their mean: nothing is left.",
  },
};

const MORE = [0, -0.5, 1.5, 0.5]; // logits of classes that are added
const NEAR = 0.01; // as close as a measured column has to come
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
  const { min: low = -2, max: high = 2 } = SPEC.traits.v;
  const small = { ...common, height: 210, margin: { bottom: 4.4 * ROW, top: 14, left: 72 } };
  const vector = view.plot({
    ...small,
    label: words.vectorPlot,
    y: [low, high],
    yticks: [low, 0, high],
  });
  const product = view.plot({ ...small, label: words.productPlot, ylabel: words.productAxis });
  const vs = html("div.columns");
  const saidProduct = html("p.say");
  const picker = html("div");
  const table = html("table.heat");
  const line = html("div.formula");
  const said = html("p.say");
  let k = 0;
  let dragged = 0;
  /** @type {HTMLTableCellElement[][]} */
  let cells = [];
  /** @type {HTMLTableCellElement[]} */
  let heads = [];

  const size = () => view.get("logits").length;
  const v = () => range(size()).map((i) => view.get("v")[i] ?? 0);
  const column = () => Math.min(view.get("column"), size() - 1);
  /** How far each logit is, or was, moved. */
  const nudges = () =>
    range(most).map((i) => i === column() ? view.get("nudge") : view.get("measured")[i] ?? 0);
  /** What column j would be after a nudge. @param {number} j @param {number} nudge */
  const moved = (j, nudge) => {
    const z = view.get("logits");
    const after = softmax(
      z.map((/** @type {number} */ x, /** @type {number} */ i) => x + (i === j ? nudge : 0)),
    );
    return softmax(z).map((before, i) => after[i] - before);
  };
  /** Whether change ÷ nudge is column j. @param {number} j */
  const right = (j) => {
    const nudge = nudges()[j];
    const probs = softmax(view.get("logits"));
    return nudge !== 0 &&
      moved(j, nudge).every((change, i) =>
        Math.abs(change / nudge - probs[i] * (Number(i === j) - probs[j])) < NEAR
      );
  };
  /** Go on with another logit; what was measured is kept. @param {number} to @param {State} more */
  const pick = (to, more = {}) => {
    const measured = nudges();
    view.set({ column: to, nudge: measured[to], measured, ...more });
  };
  /** @param {number} n */
  const resize = (n) =>
    pick(Math.min(column(), n - 1), {
      logits: range(n).map((i) => view.get("logits")[i] ?? MORE[i - 2]),
    });
  vector.drag(([x, y], pressed) => {
    if (pressed) dragged = clamp(Math.floor(x * k), 0, k - 1);
    const entry = Math.round(10 * clamp(y, low, high)) / 10;
    view.set({ v: v().map((old, i) => i === dragged ? entry : old) });
  });
  const more = html("div.columns");
  view.control(more);
  /** @type {HTMLElement[]} */
  let matrixPart = [];
  /** @type {HTMLElement[]} */
  let productPart = [];

  function addMatrix() {
    const lead = html("p.lead", words.lead);
    view.add(lead);
    if (!view.started) {
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
    }
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
    const task = goal(view, {
      text: words.goal,
      reached: () => range(size()).every(right),
      says: words.reached,
    });
    const rest = [
      html("div.grid2", change.node, html("div.stack", table, line)),
      view.bar(
        html("div.columns", picker, slider(view, "nudge", { label: words.nudge }), classes),
      ),
      more,
      said,
      tries(view, words.tries),
      task,
    ];
    view.add(...rest);
    matrixPart = [lead, ...rest];
  }

  function addProduct() {
    productPart = [
      html("p.lead", words.productLead),
      html("div.grid2", vector.node, product.node),
      view.bar(vs),
      saidProduct,
      tries(view, words.productTries),
      goal(view, {
        text: words.productGoal,
        reached: () => v()[0] !== 0 && new Set(v()).size === 1,
        says: words.productReached,
      }),
    ];
    view.add(...productPart);
  }

  /** Show the matrix or the product. */
  function choose() {
    const alone = view.get("product");
    // A state from before the product stood apart may ask for it.
    const asked = alone || !same(view.get("v"), view.first.v);
    const missing = [!alone && !matrixPart.length, asked && !productPart.length];
    if (missing[0]) addMatrix();
    if (missing[1]) addProduct();
    if (missing.includes(true)) k = 0; // what depends on the number of classes is made anew
    for (const node of matrixPart) node.hidden = alone;
    for (const node of productPart) node.hidden = !asked;
  }
  choose();

  /** Make the parts that depend on how many classes there are. */
  function rebuild() {
    const show = (/** @type {number} */ x) => fmt(x, 1);
    const every = range(k);
    const options = every.map((i) => [i, z(i)]);
    picker.replaceChildren(radios(view, "column", { label: words.column, options, write: pick }));
    more.replaceChildren(...every.map((i) => {
      const look = { label: words.logit(z(i)), color: TEXT_COLORS[i], show };
      return entrySlider(view, "logits", i, look);
    }));
    vs.replaceChildren(
      ...every.map((i) =>
        entrySlider(view, "v", i, {
          label: `v${subscript(i + 1)}`,
          color: TEXT_COLORS[i],
          missing: 0,
          show,
        })
      ),
    );
    cells = every.map((i) =>
      every.map((j) => {
        const cell = html("td");
        cell.addEventListener("click", () => !view.locked && pick(j));
        return put(cell, { "data-cell": `${i}.${j}` });
      })
    );
    cells.push(every.map(() => html("td")), every.map(() => html("td")));
    heads = every.map(() => html("th", { scope: "col" }));
    table.replaceChildren(
      html("caption", words.matrix),
      html(
        "thead",
        html("tr", html("td"), ...heads),
      ),
      html(
        "tbody",
        ...cells.map((row, i) =>
          html(
            "tr",
            html("th", { scope: "row" }, [...every.map(p), words.sum, words.nudge][i]),
            ...row,
          )
        ),
      ),
    );
  }

  /**
   * Give a plot an axis that holds these values.
   * @param {Plot} plot
   * @param {number[]} values
   * @param {number} least
   */
  function fit(plot, values, least) {
    const reach = Math.max(least, roundUp(1.05 * Math.max(...values.map(Math.abs))));
    plot.scale({ y: [-reach, reach], yticks: [-reach, 0, reach] });
  }

  /**
   * Bars around zero.
   * @param {Plot} plot
   * @param {number[]} values
   * @param {string} name
   * @param {boolean} [filled]
   */
  function bars(plot, values, name, filled = true) {
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
          fill: filled ? COLORS[i] : "none",
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

  /** @param {number} picked */
  function drawTable(picked) {
    const steps = nudges();
    range(k).forEach((j) => {
      const good = right(j);
      heads[j].textContent = good ? `${z(j)} ✓` : z(j);
      const rates = moved(j, steps[j]).map((change) => change / steps[j]);
      [...rates, sum(rates), steps[j]].forEach((value, i) => {
        const cell = cells[i][j];
        const inside = i < k;
        const text = !steps[j] ? "·" : i > k ? fmt(value, 1) : short(value);
        const name = inside ? `J${i}${j}` : i > k ? `nudge${j}` : `sum${j}`;
        quantity(cell, name, steps[j] ? value : NaN, text);
        cell.classList.toggle("picked", inside && j === picked);
        const share = inside && steps[j] ? Math.round(clamp(Math.abs(value), 0, 0.25) * 220) : 0;
        const color = COLORS[value < 0 ? 1 : 0];
        cell.style.background = `color-mix(in srgb, ${color} ${share}%, transparent)`;
      });
    });
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

  /** @param {number[]} probs */
  function drawProduct(probs) {
    const w = v();
    const mean = dot(probs, w);
    const apart = w.map((x) => x - mean);
    const vjp = probs.map((s, i) => s * apart[i]);
    const { rows } = words;
    const names = range(k).map((i) => String(i + 1));
    vector.draw(
      ...bars(vector, w, "v"),
      svg("path.ghost", { d: vector.line([0, 1], [mean, mean]) }),
      ...numbers(vector, [["", names], [rows.v, w], [rows.p, probs]]),
    );
    vector.scale({ ylabel: words.vectorAxis(fmt(mean)) });
    vector.handles(w.map((y, i) => ({ x: (i + 0.5) / k, y, color: TEXT_COLORS[i] })));
    fit(product, apart, 1); // J v is within it: no probability is above 1
    product.draw(
      ...bars(product, vjp, "vjp"),
      ...bars(product, apart, "apart", false),
      ...numbers(product, [["", names], [rows.apart, apart], [rows.p, probs], [rows.vjp, vjp]]),
    );
    saidProduct.replaceChildren(
      html("strong", words.mean(fmt(mean, 3))),
      new Set(w).size === 1 ? words.gone : words.signs,
    );
    return vjp;
  }

  return () => {
    choose();
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
    const real = moved(j, nudge);
    const every = range(k);
    fit(change, [...linear, ...real], 0.01);
    const limit = change.y(1 - probs[j]);
    const near = !view.locked && nudge > 0 && limit > change.area.top;
    // The other bars point down: beside this one there is room.
    const [side, anchor] = j < k - 1 ? [j + 0.9, "start"] : [j + 0.1, "end"];
    change.draw(
      ...bars(change, linear, "linear"),
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
    drawTable(j);
    drawFormula(probs, j);
    const good = right(j);
    line.style.visibility = good ? "visible" : "hidden";
    said.replaceChildren(
      ...(nudge
        ? [
          html("strong", words.said(z(j), fmt(nudge, 1))),
          words.changes(p(j), fmt(real[j], 3), fmt(real[j] / nudge, 3)),
          good ? words.right : words.off,
          words.lose,
        ]
        : [html("strong", words.still(z(j)))]),
    );
    const vjp = drawProduct(probs);
    return view.get("product")
      ? words.spokenProduct(vjp.map((x) => fmt(x, 2)).join(", "))
      : words.spoken(z(j), real.map((x) => fmt(x, 2)).join(", "));
  };
});
