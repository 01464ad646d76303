import {
  animate,
  argmax,
  button,
  COLORS,
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
const SIDES = ["without", "with"]; // what tests find them by
const SLOWLY = 6000; // ms of a run
const PAST = 6; // runs that are left in the plot

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "argmax"],
    lead: "Each word drawn from q adds a block to its two bars: exp(z) to one, exp(z − ln q) = " +
      "exp(z) / q to the other. The bars are the words' shares of the two sums.",
    without: "without: exp(z)",
    with: "with: exp(z) / q",
    latest: "last draw",
    proposal: "q: drag it",
    truth: "softmax(z)",
    limit: "softmax(z + ln q)",
    question: "The bars without the correction miss softmax(z). Draw on, up to 2000 times: " +
      "where do they go?",
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
    below: "below each word: score z, q, times drawn, and times drawn / q",
    history: "distance from softmax(z); faint: earlier draws",
    axis: "draws",
    z: (/** @type {string} */ z) => `z ${z}`,
    q: (/** @type {string} */ q) => `q ${q}`,
    times: (/** @type {number} */ n) => `${n}×`,
    more: "Draw 1 more",
    run: "Run",
    stop: "Stop",
    other: "Other draws",
    draws: "draws",
    skew: "skew of q",
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
      `${n} draws: of the shares without the correction ${without} would have to move, ` +
      `of those with it ${corrected}.`,
    goal: "drag q until both kinds of bars go to softmax(z).",
    reached: "Only the even one: ln q is the same for all words, and cancels in the shares.",
    tries: [
      {
        label: "ten draws",
        set: { logits: [1, 0, 1, 3, 2], skew: 1.5, draws: 10, seed: 1 },
        says: "Each block is one draw. Divided by q, the blocks of rarer words gain on the others.",
      },
      {
        label: "2000 draws",
        set: { logits: [1, 0, 1, 3, 2], skew: 1.5, draws: 2000, seed: 1 },
        says: "Times drawn / q is near 2000 for each word: so exp(z) / q gives softmax(z), " +
          "and exp(z) gives softmax(z + ln q).",
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
  /** @type {Record<number, number[]>} by seed */
  let known = {};
  /** @param {number[]} q @param {number} seed @param {number} count */
  return (q, seed, count) => {
    const asked = `${count} ${q}`;
    if (asked !== key) known = {};
    key = asked;
    if (known[seed]) return known[seed];
    const next = uniform(seed);
    return known[seed] = range(count).map(() => {
      let u = next();
      let k = 0;
      while (u >= q[k] && k < q.length - 1) u -= q[k++];
      return k;
    });
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
    height: 280,
    x: [-0.5, names.length - 0.5],
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    xlabel: words.below,
    ylabel: words.bars,
    margin: { bottom: 88, right: 2 },
  });
  const history = view.plot({
    height: 140,
    x: [0, Math.log10(most)],
    y: [0, 1],
    xticks: [1, 10, 100, most].map((n) => [Math.log10(n), String(n)]),
    xlabel: words.axis,
    ylabel: words.history,
  });
  const said = html("p.say");
  /** @param {string} look @param {string} color @param {string} text */
  const key = (look, color, text) => html(`span${look}`, { style: `--color: ${color}` }, text);
  const legend = html(
    "p.key",
    key(".without", COLORS[WITHOUT], words.without),
    key(".with", COLORS[WITH], words.with),
    key(".latest", "var(--cu-surface)", words.latest),
    key(".proposal", COLORS[6], words.proposal),
    key(".mark", "var(--cu-ink)", words.truth),
  );
  const limitKey = key(".without.goal", TEXT_COLORS[WITHOUT], words.limit);
  legend.append(limitKey);

  /** Seeds whose draws were seen before. @type {number[]} */
  let past = [];
  let stop = () => {};
  let running = false;
  let own = false; // whether a change is the run's
  const halt = () => {
    stop();
    running = false;
  };
  view.closers.push(halt);
  /** Draw on to the end. @param {number} draws how many there are */
  function run(draws) {
    const from = Math.log(draws);
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
  const more = button(view, words.more, () => {
    halt();
    view.set({ draws: Math.min(most, view.get("draws") + 1) });
  });
  const runner = button(view, words.run, () => {
    if (running) {
      halt();
      view.refresh();
    } else run(view.get("draws") % most || 1);
  });
  runner.classList.add("primary");
  const other = button(view, words.other, () => {
    halt();
    const { min = 1, max = 1 } = SPEC.traits.seed;
    const seed = view.get("seed");
    past = [...past.filter((one) => one !== seed), seed].slice(-PAST);
    view.set({ seed: seed < max ? seed + 1 : min });
  });
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    halt();
    past = [];
    view.refresh();
  });

  const proposal = (/** @type {number} */ skew) => sharesOf(names.map((_, k) => (k + 1) ** -skew));
  const { max: skewest = 1 } = SPEC.traits.skew;
  const skews = range(1 + 100 * skewest).map((i) => i / 100);
  /** Whether it is q that is dragged, and not the plot that is pressed somewhere. */
  let held = false;
  bars.drag(([x, y], pressed) => {
    if (pressed) held = x < 0.5;
    if (!held) return;
    halt();
    const miss = skews.map((skew) => -Math.abs(proposal(skew)[0] - y));
    view.set({ skew: skews[argmax(miss)] });
  });
  view.add(html("p.lead", words.lead));
  guessFirst(view, { question: words.question, answers: words.answers, show: () => run(1) });
  view.add(
    legend,
    html("div.side", bars.node, html("div.stack", history.node, said)),
    view.bar(
      html("div.row", more, runner, other),
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
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        const { logits, skew } = view.state;
        const q = proposal(skew);
        return !view.locked && misplaced(biased(logits, q), softmax(logits)) < 0.005;
      },
      says: words.reached,
    }),
  );

  /**
   * @param {number[][]} shares without, with
   * @param {number[][]} blocks the share of one draw of each word
   * @param {number} last the word that came last
   * @param {number[]} right
   * @param {number[]} plain
   * @param {number[]} q
   * @param {number[]} counts
   */
  function drawBars(shares, blocks, last, right, plain, q, counts) {
    const band = bars.x(1) - bars.x(0);
    const width = Math.min(0.38 * band, 40);
    const { bottom } = bars.area;
    bars.draw(...names.flatMap((_, k) => {
      const middle = bars.x(k);
      const both = [WITHOUT, WITH].map((color, side) => {
        const y = bars.y(shares[side][k]);
        const x = middle + (side - 1) * width;
        const block = Math.max(blocks[side][k] * (bottom - bars.area.top), 2);
        const cuts = block < 3 ? [] : range(counts[k] - 1).map((i) => bottom - (i + 1) * block);
        const bar = svg("rect", {
          x,
          y,
          width: width - 1,
          height: bottom - y,
          fill: COLORS[color],
          "data-q": `${SIDES[side]} ${k}`,
          "data-value": shares[side][k],
        });
        // A thin block is marked by a higher frame.
        const height = Math.max(block, 7) - 2;
        const latest = { x: x + 1, y: y + block - height - 1, width: width - 3, height };
        return [
          bar,
          svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width - 1}`).join("") }),
          k === last ? svg("rect.latest", latest) : "",
        ];
      });
      const truth = bars.y(right[k]);
      const limit = bars.y(plain[k]);
      return [
        svg("rect.proposal", {
          x: middle - width - 6,
          y: bars.y(q[k]),
          width: 2 * width + 11,
          height: bottom - bars.y(q[k]),
        }),
        ...both.flat(),
        svg("path.truth", { d: `M${middle - width - 3},${truth}H${middle + width + 3}` }),
        view.locked
          ? ""
          : svg("path.limit", { d: `M${middle - width - 3},${limit}H${middle + 1}` }),
        svgText(middle, bottom + 34, words.z(four(view.get("logits")[k])), { class: "soft" }),
        quantity(
          svgText(middle, bottom + 50, "", { class: "soft" }),
          `q ${k}`,
          q[k],
          words.q(fmt(q[k])),
        ),
        quantity(
          svgText(middle, bottom + 66, "", { class: "soft" }),
          `count ${k}`,
          counts[k],
          words.times(counts[k]),
        ),
        quantity(
          svgText(middle, bottom + 82, "", { class: "strong" }),
          `even ${k}`,
          counts[k] / q[k],
          fmt(counts[k] / q[k], 0),
        ),
      ];
    }));
    bars.handles([{ x: -0.44, y: q[0], color: COLORS[6] }]);
    bars.describe(
      `${words.bars}: ` +
        names.map((name, k) => `${name} ${shares.map((s) => fmt(s[k])).join(", ")}`).join("; "),
    );
  }

  /**
   * How far both sums are from the softmax after each draw.
   * @param {number[]} classes
   * @param {number[][]} terms of each word: without, with
   * @param {number[]} right
   * @param {number} n
   */
  function distances(classes, terms, right, n) {
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
    return { xs, ys };
  }

  /**
   * How both sums come closer, or don't: these draws, and faintly the earlier ones.
   * @param {number[][]} all classes drawn, those of now last
   * @param {number[][]} terms of each word: without, with
   * @param {number[]} right
   * @param {number} limit
   * @param {number} n
   */
  function drawHistory(all, terms, right, limit, n) {
    const { left, right: end } = history.area;
    const ways = all.map((classes) => distances(classes, terms, right, n));
    const { xs, ys } = ways[ways.length - 1];
    const last = xs.length - 1;
    const lines = ways.flatMap((way, i) =>
      [WITHOUT, WITH].map((color, side) =>
        svg(i === ways.length - 1 ? "path.line" : "path.line.faint", {
          d: history.line(way.xs, way.ys[side]),
          stroke: COLORS[color],
        })
      )
    );
    history.draw(
      ...lines,
      view.locked ? "" : svg("path.limit", {
        d: `M${left},${history.y(limit)}H${end}`,
        "data-q": "limit without",
        "data-value": limit,
      }),
      ...[WITHOUT, WITH].map((color, side) =>
        svg("circle.ring", {
          cx: history.x(xs[last]),
          cy: history.y(ys[side][last]),
          r: 6,
          fill: COLORS[color],
          "data-q": `now ${SIDES[side]}`,
          "data-value": ys[side][last],
        })
      ),
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
    const blocks = terms.map((list, side) => {
      const total = sum(sums[side]);
      return list.map((/** @type {number} */ term) => term / total);
    });
    const k = classes[draws - 1];
    drawBars(sums.map(sharesOf), blocks, k, right, plain, q, counts);
    const [without, corrected] = drawHistory(
      [...past.filter((one) => one !== seed).map((one) => drawn(q, one, most)), classes],
      terms,
      right,
      limit,
      draws,
    );
    history.describe(words.off(draws, fmt(without), fmt(corrected)));
    limitKey.hidden = view.locked;
    more.disabled = draws === most;
    said.textContent = words.last(draws, names[k], [exps[k], q[k], terms[1][k]].map(four));
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : words.off(draws, fmt(without), fmt(corrected));
  };
});
