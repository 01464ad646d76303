import {
  animate,
  button,
  clamp,
  COLORS,
  dial,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  put,
  quantity,
  range,
  say,
  slider,
  softmax,
  SPEC,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

const [WITH, WITHOUT, Q] = [0, 1, 6]; // their colours
const SIDES = ["without", "with"]; // what tests find them by
const SLOWLY = 6000; // ms of a run
const PAST = 6; // runs that are left in the plot
const MANY = 100; // draws from which on the sentence speaks of where they lead
const THIN = 3; // px: blocks lower than this are not cut apart
const EQUAL = 0.04; // how far from a fifth the goal lets a share be

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "argmax"],
    lead:
      "Words are drawn from q. Each draw adds a block to both bars of its word; the blocks of " +
      "a colour are scaled so that together they make 1.",
    proposal: "q: drag one, others rescale",
    without: "without the correction: exp(z) per draw",
    with: "with it: exp(z − ln q) = exp(z) / q per draw",
    truth: "softmax(z)",
    out: "strong: above softmax(z)",
    latest: "last draw",
    limit: "where “without” ends: softmax(z + ln q)",
    question: "With this q, after 40 draws, the bars without the correction miss softmax(z). " +
      "Draw on, up to 2000 times: where do they go?",
    answers: [
      {
        text: "to softmax(z)",
        says: "No: more draws take away noise. Each word still comes with frequency q and adds " +
          "exp(z); q · exp(z) = exp(z + ln q), so they go to softmax(z + ln q).",
      },
      {
        text: "to q",
        says: "No: how often a word comes is one factor, exp(z) the other. " +
          "q · exp(z) = exp(z + ln q), so they go to softmax(z + ln q).",
      },
      {
        text: "to neither",
        says: "Yes: each word comes with frequency q and adds exp(z). " +
          "q · exp(z) = exp(z + ln q), so they go to softmax(z + ln q).",
      },
    ],
    bars: "share of the blocks of its colour; grey: q",
    rows: ["z", "drawn", "ends"],
    history: "share in the wrong place, above softmax(z)",
    earlier: "faint: other draws from this q",
    q: "q",
    qOf: (/** @type {string} */ name) => `q of “${name}”`,
    more: "Draw 1 more",
    run: "Run",
    stop: "Stop",
    other: "Other draws",
    draws: "draws",
    last: (
      /** @type {number} */ n,
      /** @type {string} */ name,
      /** @type {string[]} */ [plain, q, corrected],
    ) =>
      `Draw ${n} is “${name}”. It adds ${plain} without the correction, ` +
      `${plain} / ${q} ≈ ${corrected} with it.`,
    tilt: (
      /** @type {string} */ name,
      /** @type {string} */ q,
      /** @type {string} */ plain,
      /** @type {string} */ right,
    ) =>
      `q of “${name}” is ${q}: its share ends at ${plain} without the correction, ` +
      `at ${right} with it.`,
    off: (
      /** @type {number} */ n,
      /** @type {string} */ without,
      /** @type {string} */ corrected,
    ) =>
      `${n} draws: without the correction ${without} of the total is in the wrong place, ` +
      `with it ${corrected}.`,
    ends: (/** @type {string} */ limit) => `In the limit: ${limit} and 0.`,
    goal: "drag q until all five dotted lines are level, near 0.2 (✓). Lines level with each " +
      "other stay so, though all of them move: a ✓ can come and go.",
    reached: (/** @type {string} */ inverse) =>
      `q is roughly exp(−z) / sum = ${inverse}. There a word’s frequency cancels what its ` +
      "score contributes. With the correction the bars still go to softmax(z), with enough " +
      "draws (Run).",
    tries: [
      {
        label: "a rare word arrives",
        from: { draws: 10 },
        set: { draws: 19, seed: 15 },
        says: "“loss” came for the first time: its bar leapt from 0 to 0.36 with the correction, " +
          "to 0.14 without.",
      },
      {
        label: "q steeper still",
        set: { q: [0.86, 0.08, 0.03, 0.02, 0.01], draws: 2000 },
        says: "A draw of “loss” now adds 369, not 106: with the correction the shares still get " +
          "there, but in larger steps, and later: at 100 draws 0.19 was in the wrong place, with " +
          "the first q 0.05.",
      },
      {
        label: "even q",
        set: { q: [0.2, 0.2, 0.2, 0.2, 0.2], draws: 2000 },
        says:
          "exp(z) / q is 5 exp(z) for each word. The 5 cancels: both kinds of bars are the same.",
      },
      {
        label: "q = softmax(z)",
        set: { q: [0.148, 0.055, 0.148, 0.404, 0.245], draws: 2000 },
        says: "Each draw adds nearly the same with the correction, about 18.3, so a word’s share " +
          "is how often it came. Without it, z counts twice.",
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

/** @param {number} value */
const three = (value) => String(Number(value.toPrecision(3)));

/** @param {number} q */
const frequency = (q) => q.toFixed(q < 0.0095 ? 3 : 2);

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
    height: 290,
    x: [-0.5, names.length - 0.5],
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    ylabel: words.bars,
    margin: { bottom: 72, left: 44, right: 2 },
  });
  const history = view.plot({
    height: 160,
    x: [0, Math.log10(most)],
    y: [0, 1],
    xticks: [1, 10, 100, most].map((n) => [Math.log10(n), String(n)]),
    ylabel: words.history,
    margin: { left: 44, top: 30 },
  });
  history.drag(([x]) => {
    halt();
    view.set({ draws: clamp(Math.round(10 ** x), 1, most) });
  });
  const said = html("span");
  /** @param {string} look @param {string} color @param {string} text */
  const key = (look, color, text) => html(`span${look}`, { style: `--color: ${color}` }, text);
  const limitKey = key(".goal", TEXT_COLORS[WITHOUT], words.limit);
  const legend = html(
    "p.key",
    key(".proposal", COLORS[Q], words.proposal),
    key(".latest", "var(--cu-surface)", words.latest),
    key(".split", COLORS[WITHOUT], words.without),
    key(".split", COLORS[WITH], words.with),
    key(".mark", "var(--cu-ink)", words.truth),
    key(".out", COLORS[WITHOUT], words.out),
    limitKey,
  );

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
    about = -1;
    view.refresh();
  });

  const { min: least = 0, max: greatest = 1 } = SPEC.traits.q;
  const proposal = () => sharesOf(view.get("q"));
  /** What the sentence is about: how often this word is drawn, or the draws (-1). */
  let about = -1;
  let turned = -1; // the word whose q is being changed by hand
  /**
   * Draw word k with frequency v, or as near to it as the limits of q, which are those of
   * proportions, let it be; the others share the rest as before.
   * @param {number} k
   * @param {number} v
   */
  function propose(k, v) {
    halt();
    turned = k;
    const old = proposal();
    const rest = sharesOf(old.map((w, i) => i === k ? 0 : w));
    const others = rest.filter((_, i) => i !== k);
    const ratio = greatest / least;
    const [low, high] = [Math.max(...others) / ratio, Math.min(...others) * ratio]
      .map((odds) => odds / (1 + odds));
    const mine = Number(clamp(v, low, high).toPrecision(3));
    const q = rest.map((w, i) => i === k ? mine : w * (1 - mine));
    const unit = Math.min(1, Math.min(...q) / least);
    view.set({ q: q.map((w) => clamp(Number((w / unit).toPrecision(4)), least, greatest)) });
  }
  const sliders = html(
    "div.qs",
    html("span.soft", { "aria-hidden": true }, words.q),
    ...names.map((name, k) => {
      const row = dial(view, {
        label: words.q,
        control: `q.${k}`,
        min: least,
        max: greatest,
        step: 0.01,
        show: frequency,
        read: () => proposal()[k],
        write: (v) => propose(k, v),
      });
      const input = row.querySelector("input");
      if (input) put(input, { "aria-label": words.qOf(name) });
      return row;
    }),
  );
  let held = 0;
  bars.drag(([x, y], pressed) => {
    if (pressed) held = clamp(Math.round(x), 0, names.length - 1);
    propose(held, y);
  });
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: () => run(view.get("draws")),
  });
  const there = (/** @type {number} */ share) => Math.abs(share - 1 / names.length) < EQUAL;
  const aim = goal(view, {
    text: words.goal,
    reached: () => !view.locked && biased(view.get("logits"), proposal()).every(there),
    says: () =>
      words.reached(
        softmax(view.get("logits").map((/** @type {number} */ z) => -z)).map((v) => fmt(v)).join(
          ", ",
        ),
      ),
  });
  /** Controls beside what they move, not over it. @param {Node[]} parts */
  const controls = (...parts) => {
    const node = html("div.stack", ...parts);
    view.control(node);
    return node;
  };
  // What a try says holds for these scores and draws.
  const defaults = { logits: SPEC.traits.logits.init, seed: SPEC.traits.seed.init };
  const longest = words.last(most, "argmax", ["7.39", "0.0508", "145"]);
  view.add(
    legend,
    html(
      "div.side",
      html("div.stack", bars.node, controls(sliders)),
      html(
        "div.stack",
        history.node,
        controls(
          slider(view, "draws", {
            label: words.draws,
            step: 1,
            show: String,
            to: (n) => stops.filter((stop) => stop <= n).length - 1,
            from: (position) => stops[position],
          }),
          html("div.row", more, runner, other),
        ),
        html("p.say", { "data-room": longest }, said),
      ),
    ),
    tries(view, words.tries.map((state) => ({ ...state, set: { ...defaults, ...state.set } }))),
    aim,
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
    const width = 0.29 * band;
    const { bottom } = bars.area;
    const cell = (/** @type {number} */ x, /** @type {number} */ row, /** @type {string} */ text) =>
      svgText(x, bottom + 34 + 16 * row, text, { class: "soft" });
    const titles = words.rows.map((name, row) => cell(bars.area.left / 2 - 2, row, name));
    bars.draw(
      ...titles,
      ...names.flatMap((_, k) => {
        const middle = bars.x(k) + width / 2;
        const both = [WITHOUT, WITH].map((color, side) => {
          const y = bars.y(shares[side][k]);
          const x = middle + (side - 1) * width;
          const block = blocks[side][k] * (bottom - bars.area.top);
          const cuts = block < THIN
            ? []
            : range(counts[k] - 1).map((i) => bottom - (i + 1) * block);
          const bar = svg("rect.within", {
            x,
            y,
            width: width - 1,
            height: bottom - y,
            fill: COLORS[color],
            "data-q": `${SIDES[side]} ${k}`,
            "data-value": shares[side][k],
          });
          const latest = { x: x + 1, y: y + 1, width: width - 3, height: block - 2 };
          const out = Math.max(0, bars.y(right[k]) - y);
          return [
            bar,
            svg("rect", { x, y, width: width - 1, height: out, fill: COLORS[color] }),
            svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width - 1}`).join("") }),
            k === last && block >= THIN ? svg("rect.latest", latest) : "",
          ];
        });
        /** @param {string} look @param {number} share @param {number} from @param {number} to */
        const level = (look, share, from, to) =>
          svg(look, { d: `M${middle - width - from},${bars.y(share)}H${middle + to}` });
        const near = !view.locked && there(plain[k]);
        const ends = view.locked ? "?" : plain[k].toFixed(2) + (near ? " ✓" : "");
        return [
          svg("rect.proposal", {
            x: middle - 2 * width,
            y: bars.y(q[k]),
            width: width - 1,
            "data-q": `q ${k}`,
            "data-value": q[k],
            height: bottom - bars.y(q[k]),
          }),
          ...both.flat(),
          // Ground for what may lie on a bar of its colour.
          view.locked ? "" : level("path.under", plain[k], 8, 1),
          level("path.truth", right[k], 2, width + 1),
          view.locked ? "" : level("path.limit", plain[k], 8, 1),
          cell(bars.x(k), 0, four(view.get("logits")[k])),
          quantity(cell(bars.x(k), 1, ""), `count ${k}`, counts[k], String(counts[k])),
          put(cell(bars.x(k), 2, ends), { class: near ? "ends there" : "ends" }),
        ];
      }),
    );
    bars.handles(q.map((y, k) => ({ x: k - 0.29, y, color: COLORS[Q] })));
    sliders.style.setProperty("--left", `${bars.area.left}px`);
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
   * How both sums come closer, or don't: these draws, and faintly those of earlier seeds.
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
        svg(`path.line.${SIDES[side]}${i === ways.length - 1 ? "" : ".faint"}`, {
          d: history.line(way.xs, way.ys[side]),
          stroke: COLORS[color],
        })
      )
    );
    history.draw(
      ...lines,
      ways.length > 1
        ? svgText(end - 2, history.area.top + 10, words.earlier, {
          class: "halo soft",
          "text-anchor": "end",
        })
        : "",
      svg("path.dash", { d: `M${history.x(xs[last])},${history.area.bottom}V0` }),
      view.locked ? "" : svg("path.limit", {
        d: `M${left},${history.y(limit)}H${end}`,
        "data-q": "limit without",
        "data-value": limit,
      }),
      ...[WITHOUT, WITH].map((color, side) =>
        svg("circle.ring", {
          cx: history.x(xs[last]),
          cy: history.y(ys[side][last]),
          r: side ? 5 : 8,
          fill: COLORS[color],
          "data-q": `now ${SIDES[side]}`,
          "data-value": ys[side][last],
        })
      ),
    );
    history.handles([{ x: xs[last], y: 1.15, color: "var(--cu-ink)", way: "across" }]);
    return ys.map((list) => list[last]);
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { logits, draws, seed } = view.state;
    const q = proposal();
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
    const off = words.off(draws, fmt(without), fmt(corrected));
    history.describe(off);
    limitKey.hidden = view.locked;
    more.disabled = draws === most;
    const others = ["draws", "seed", "q"].some((key) => view.changed.has(key));
    if (turned >= 0 || others) about = turned;
    turned = -1;
    let text = words.last(draws, names[k], [exps[k], q[k], terms[1][k]].map(three));
    if (!view.locked && about >= 0) {
      text = words.tilt(
        names[about],
        frequency(q[about]),
        plain[about].toFixed(2),
        right[about].toFixed(2),
      );
    } else if (!view.locked && draws >= MANY) text = `${off} ${words.ends(limit.toFixed(2))}`;
    say(said, text);
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : about < 0 ? off : text;
  };
});
