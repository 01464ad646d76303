import {
  animate,
  button,
  COLORS,
  entrySlider,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  quantity,
  range,
  slider,
  softmax,
  SPEC,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

const [WITH, WITHOUT] = [0, 1]; // their colours
const SLOWLY = 6000; // ms of a run

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "argmax"],
    lead:
      "A softmax needs the sum of exp(z) over all words; drawn words stand for all. Each draw " +
      "adds a term to two sums. The bars are the words' shares of the sums so far, which is the " +
      "gradient of their logarithms.",
    without: "without: exp(z)",
    with: "with: exp(z − ln q)",
    truth: "softmax(z)",
    limit: "softmax(z + ln q)",
    question: "Draw on, up to 2000 times: where do the bars without the correction go?",
    answers: [
      {
        text: "to softmax(z)",
        says: "No: more draws take away noise. Each word still comes in q times as often, " +
          "and q · exp(z) = exp(z + ln q).",
      },
      {
        text: "to another distribution",
        says: "Yes: each word comes in q times as often, and q · exp(z) = exp(z + ln q).",
      },
      {
        text: "to q",
        says: "No: how often a word comes is one factor, exp(z) the other. " +
          "Their product is exp(z + ln q).",
      },
    ],
    bars: "Shares of the words in the two sums",
    below: "below each word: its q, and how often it was drawn",
    history: "share at wrong words",
    axis: "draws",
    q: (/** @type {string} */ q) => `q ${q}`,
    times: (/** @type {number} */ n) => `${n}×`,
    more: (/** @type {number} */ n) => `Draw ${n} more`,
    run: "Run",
    stop: "Stop",
    other: "Other draws",
    draws: "draws",
    skew: "q falls as 1 / rank to the power",
    score: (/** @type {string} */ name) => `z of “${name}”`,
    columns: ["share at wrong words", "now", "in the long run"],
    rows: ["without", "with"],
    total: (/** @type {string} */ ratio) =>
      `The mean of the corrected terms estimates the whole sum Z: it is ${ratio} of Z now.`,
    last: (
      /** @type {number} */ n,
      /** @type {string} */ name,
      /** @type {string[]} */ [plain, q, corrected],
    ) =>
      `Draw ${n} is “${name}”. It adds ${plain} without the correction, ` +
      `${plain} / ${q} = ${corrected} with it.`,
    off: (
      /** @type {number} */ n,
      /** @type {string} */ without,
      /** @type {string} */ corrected,
    ) =>
      `${n} draws: without the correction ${without} of the share stands at wrong words, ` +
      `with it ${corrected}.`,
    goal: "make “without” wrong by more than 0.6 in the long run.",
    reached: "More than half of the share has moved to words that q draws more often.",
    tries: [
      {
        label: "ten draws",
        set: { logits: [1, 0, 1, 3, 2], skew: 1.5, draws: 10, seed: 1 },
        says: "A word that has not come yet has no share, in either sum.",
      },
      {
        label: "2000 draws",
        set: { logits: [1, 0, 1, 3, 2], skew: 1.5, draws: 2000, seed: 1 },
        says: "Both have settled: one near softmax(z), the other near softmax(z + ln q).",
      },
      {
        label: "even proposal",
        set: { logits: [1, 0, 1, 3, 2], skew: 0, draws: 2000, seed: 1 },
        says: "ln q is the same for all words now: both sums have the same shares.",
      },
      {
        label: "ln q taken out of the scores",
        set: { logits: [0, 0, 1.6, 4.1, 3.4], skew: 1.5, draws: 2000, seed: 1 },
        says: "The scores 1, 0, 1, 3, 2 less ln q, up to a constant: without the correction the " +
          "shares go to the softmax of 1, 0, 1, 3, 2. Training without it ends near such scores.",
      },
      {
        label: "scores like ln q",
        set: { logits: [0, -1, -1.6, -2.1, -2.4], skew: 1.5, draws: 10, seed: 1 },
        says: "The corrected terms are nearly equal: the estimate of Z is good after ten draws.",
      },
    ],
  },
};

/**
 * Uniform random numbers (mulberry32).
 * @param {number} seed
 */
function uniform(seed) {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes a function that draws classes from q, and draws the same ones only once.
 */
function drawer() {
  let key = "";
  /** @type {number[]} */
  let classes = [];
  /** @param {number[]} q @param {number} seed @param {number} count */
  return (q, seed, count) => {
    const asked = `${seed} ${count} ${q}`;
    if (asked === key) return classes;
    key = asked;
    const next = uniform(seed);
    classes = range(count).map(() => {
      let u = next();
      let k = 0;
      while (u >= q[k] && k < q.length - 1) u -= q[k++];
      return k;
    });
    return classes;
  };
}

/** @param {number[]} weights */
const sharesOf = (weights) => {
  const total = sum(weights);
  return weights.map((w) => w / total);
};

/**
 * The part of a distribution that would have to move to make it another one.
 * @param {number[]} a
 * @param {number[]} b
 */
const misplaced = (a, b) => sum(a.map((v, i) => Math.abs(v - b[i]))) / 2;

/**
 * Where the shares go without the correction.
 * @param {number[]} logits
 * @param {number[]} q
 */
const biased = (logits, q) => sharesOf(logits.map((z, k) => Math.exp(z) * q[k]));

export default figure(WORDS, (view, words) => {
  const most = SPEC.traits.draws.max ?? 1;
  // Where the slider stops: at every number at first, then in steps of a twentieth or so.
  const grid = range(132).map((i) => Math.round(10 ** (i / 40)));
  const stops = [...new Set([...grid, most])];
  const { names } = words;
  const drawn = drawer();
  const bars = view.plot({
    height: 268,
    x: [-0.5, names.length - 0.5],
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    xlabel: words.below,
    ylabel: words.bars,
    margin: { bottom: 56, right: 2 },
  });
  const history = view.plot({
    height: 190,
    x: [0, Math.log10(most)],
    y: [0, 1],
    xticks: [1, 10, 100, most].map((n) => [Math.log10(n), String(n)]),
    xlabel: words.axis,
    ylabel: words.history,
  });
  const said = html("p.say");
  const total = html("p.soft");
  const table = html("table");
  /** @param {string} look @param {string} color @param {string} text */
  const key = (look, color, text) => html(`span${look}`, { style: `--color: ${color}` }, text);
  const legend = html(
    "p.key",
    key(".without", COLORS[WITHOUT], words.without),
    key(".with", COLORS[WITH], words.with),
    key(".mark", "var(--cu-ink)", words.truth),
  );
  const limitKey = key(".without.goal", TEXT_COLORS[WITHOUT], words.limit);
  legend.append(limitKey);

  let stop = () => {};
  let running = false;
  let own = false; // whether a change is the run's
  const halt = () => {
    stop();
    running = false;
  };
  view.closers.push(halt);
  /** Draw on to the end, from the first draw if it is reached. */
  function run() {
    const { draws } = view.state;
    const from = Math.log(draws < most ? draws : 1);
    const way = Math.log(most) - from;
    running = true;
    const stopped = animate((SLOWLY * way) / Math.log(most), (share) => {
      const now = Math.round(Math.exp(from + share * way));
      if (share === 1) running = false;
      own = true;
      if (now !== view.get("draws") || share === 1) view.set({ draws: now });
      own = false;
    });
    stop = stopped;
    view.refresh();
  }
  /** @param {number} n */
  const more = (n) =>
    button(view, words.more(n), () => {
      halt();
      view.set({ draws: Math.min(most, view.get("draws") + n) });
    });
  const runner = button(view, words.run, () => {
    if (running) {
      halt();
      view.refresh();
    } else run();
  });
  runner.classList.add("primary");
  const other = button(view, words.other, () => {
    halt();
    const { min = 1, max = 1 } = SPEC.traits.seed;
    const seed = view.get("seed");
    view.set({ seed: seed < max ? seed + 1 : min });
  });
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    halt();
    view.refresh();
  });

  const scores = html(
    "div.columns",
    ...names.map((name, k) =>
      entrySlider(view, "logits", k, { label: words.score(name), show: (z) => fmt(z, 1) })
    ),
  );
  view.control(scores);
  const proposal = (/** @type {number} */ skew) => sharesOf(names.map((_, k) => (k + 1) ** -skew));
  view.add(html("p.lead", words.lead));
  guessFirst(view, { question: words.question, answers: words.answers, show: run });
  view.add(
    legend,
    html("div.side", bars.node, html("div.stack", history.node, table, total)),
    said,
    view.bar(
      html("div.row", more(1), more(10), runner, other),
      html(
        "div.columns",
        slider(view, "draws", {
          label: words.draws,
          step: 1,
          show: String,
          to: (n) => stops.filter((stop) => stop <= n).length - 1,
          from: (position) => stops[position],
        }),
        slider(view, "skew", { label: words.skew }),
      ),
    ),
    scores,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        const { logits, skew } = view.state;
        const q = proposal(skew);
        return !view.locked && misplaced(biased(logits, q), softmax(logits)) > 0.6;
      },
      says: words.reached,
    }),
  );

  /**
   * @param {number[][]} shares without, with
   * @param {number[]} right
   * @param {number[]} plain
   * @param {number[]} q
   * @param {number[]} counts
   */
  function drawBars(shares, right, plain, q, counts) {
    const band = bars.x(1) - bars.x(0);
    const width = Math.min(0.38 * band, 40);
    const { bottom } = bars.area;
    bars.draw(...names.flatMap((_, k) => {
      const middle = bars.x(k);
      const both = [WITHOUT, WITH].map((color, side) => {
        const y = bars.y(shares[side][k]);
        return svg("rect", {
          x: middle + (side - 1) * width,
          y,
          width: width - 1,
          height: bottom - y,
          fill: COLORS[color],
          "data-q": `${words.rows[side]} ${k}`,
          "data-value": shares[side][k],
        });
      });
      const truth = bars.y(right[k]);
      const limit = bars.y(plain[k]);
      return [
        ...both,
        svg("path.truth", { d: `M${middle - width - 3},${truth}H${middle + width + 3}` }),
        view.locked
          ? ""
          : svg("path.limit", { d: `M${middle - width - 3},${limit}H${middle + 1}` }),
        quantity(
          svgText(middle, bottom + 34, "", { class: "soft" }),
          `q ${k}`,
          q[k],
          words.q(
            fmt(q[k]),
          ),
        ),
        quantity(
          svgText(middle, bottom + 50, "", { class: "soft" }),
          `count ${k}`,
          counts[k],
          words.times(counts[k]),
        ),
      ];
    }));
    bars.describe(
      `${words.bars}: ` +
        names.map((name, k) => `${name} ${shares.map((s) => fmt(s[k])).join(", ")}`).join("; "),
    );
  }

  /**
   * How both sums come closer, or don't, over all draws that are possible.
   * @param {number[]} classes
   * @param {number[][]} terms of each word: without, with
   * @param {number[]} right
   * @param {number} limit
   * @param {number} n
   */
  function drawHistory(classes, terms, right, limit, n) {
    const sums = terms.map((list) => list.map(() => 0));
    /** @type {number[]} */
    const xs = [];
    /** @type {number[][]} */
    const ys = [[], []];
    let next = 1;
    for (let i = 1; i <= n; i++) {
      const k = classes[i - 1];
      sums.forEach((list, side) => list[k] += terms[side][k]);
      if (i < next && i < n) continue;
      next = i * 1.03;
      xs.push(Math.log10(i));
      sums.forEach((list, side) => ys[side].push(misplaced(sharesOf(list), right)));
    }
    const { left, right: end } = history.area;
    const last = xs.length - 1;
    history.draw(
      view.locked ? "" : svg("path.limit", { d: `M${left},${history.y(limit)}H${end}` }),
      ...[WITHOUT, WITH].flatMap((color, side) => [
        svg("path.line", { d: history.line(xs, ys[side]), stroke: COLORS[color] }),
        svg("circle.ring", {
          cx: history.x(xs[last]),
          cy: history.y(ys[side][last]),
          r: 6,
          fill: COLORS[color],
        }),
      ]),
    );
    return ys.map((list) => list[last]);
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { logits, skew, draws, seed } = view.state;
    const q = proposal(skew);
    const exps = logits.map(Math.exp);
    const terms = [exps, exps.map((/** @type {number} */ e, /** @type {number} */ k) => e / q[k])];
    const right = softmax(logits);
    const plain = biased(logits, q);
    const classes = drawn(q, seed, most);
    const counts = names.map(() => 0);
    for (let i = 0; i < draws; i++) counts[classes[i]] += 1;
    const sums = terms.map((list) => counts.map((n, k) => n * list[k]));
    const limit = misplaced(plain, right);
    drawBars(sums.map(sharesOf), right, plain, q, counts);
    const [without, corrected] = drawHistory(classes, terms, right, limit, draws);
    history.describe(words.off(draws, fmt(without), fmt(corrected)));
    limitKey.hidden = view.locked;
    const rows = [[without, limit], [corrected, 0]].map((values, side) =>
      html(
        "tr",
        { class: side ? "with" : "without" },
        html("th", { scope: "row" }, words.rows[side]),
        ...values.map((v, i) =>
          view.locked && i ? html("td", "?") : quantity(
            html("td"),
            `${["now", "limit"][i]} ${words.rows[side]}`,
            v,
            fmt(Math.abs(v) < 1e-9 ? 0 : v),
          )
        ),
      )
    );
    table.replaceChildren(
      html("thead", html("tr", ...words.columns.map((name) => html("th", { scope: "col" }, name)))),
      html("tbody", ...rows),
    );
    const ratio = sum(sums[1]) / draws / sum(exps);
    quantity(total, "ratio", ratio, words.total(fmt(ratio)));
    const k = classes[draws - 1];
    said.textContent = words.last(draws, names[k], [exps[k], q[k], terms[1][k]].map(four));
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : words.off(draws, fmt(without), fmt(corrected));
  };
});
