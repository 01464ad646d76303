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
  radios,
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

const SLOWLY = 6000; // ms of a run
const PAST = 6; // runs that are left in the plot
const MANY = 100; // draws from which on the sentence speaks of where they lead
const THIN = 3; // px: blocks lower than this are not cut apart
const EVEN = 0.04; // how far from a fifth the goal lets a bar end

/**
 * What a draw of a word adds: exp(z) times a power of q, and the colour of its bars.
 * @type {Record<string, { power: number, color: number }>}
 */
const KINDS = {
  plain: { power: 0, color: 1 },
  divided: { power: -1, color: 0 },
  multiplied: { power: 1, color: 3 },
};
const [PLAIN, RIGHT] = Object.keys(KINDS);

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "argmax"],
    lead: "Words are drawn from q. Each draw adds a block to its word's bar; all blocks together " +
      "are scaled to 1.",
    kind: "each draw adds",
    kinds: { plain: "exp(z)", divided: "exp(z) / q", multiplied: "exp(z) · q" },
    truth: "softmax(z)",
    latest: "last draw",
    limit: "where the bars end",
    mine: "your guess",
    question: "With exp(z) per draw the bars miss softmax(z) after 40 draws. Where are they " +
      "after 2000?",
    answers: [
      {
        text: "at softmax(z)",
        verdict: "No: more draws only take away noise.",
      },
      {
        text: "at q",
        verdict: "No: q is one factor, what is added another.",
      },
      {
        text: "at neither",
        verdict: "Yes: with frequency q, a word adds exp(z).",
      },
    ],
    watch: "Watch the run: is that where they go?",
    where: "They go to q · exp(z) / sum = softmax(z + ln q).",
    bars: "share of the blocks",
    rows: ["z", "drawn", "ends"],
    history: "part of the bars above softmax(z)",
    earlier: "faint: other draws from this q",
    strip: "q, how often each is drawn: drag one, others rescale",
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
      /** @type {string} */ term,
    ) => `Draw ${n} is “${name}”: it adds ${term}.`,
    sum: (/** @type {string[]} */ [z, times, term]) => `exp(${z})${times} ≈ ${term}`,
    tilt: (
      /** @type {string} */ name,
      /** @type {string[]} */ [q, end, right],
    ) => `q of “${name}” is ${q}: its bar ends at ${end}; softmax(z) is ${right}.`,
    stuck: " It stops here: no q may be more than 100 times another.",
    off: (
      /** @type {number} */ n,
      /** @type {string} */ kind,
      /** @type {string} */ share,
    ) => `${n} draws of ${kind}: ${share} of the bars lies above softmax(z).`,
    ends: (/** @type {string} */ limit) => ` In the limit: ${limit}.`,
    choose: "choose what each draw must add for the bars to settle on softmax(z).",
    settled: "Done: a word comes with frequency q and adds exp(z) / q: q cancels, exp(z) is left.",
    goal: "with exp(z), drag q until each bar ends at 0.20, the grey line (✓): then no score " +
      "shows. Words you don’t drag keep their proportions.",
    reached: (/** @type {string} */ inverse) =>
      `Done: q near exp(−z) / sum = ${inverse}. A word’s frequency cancels what its score adds.`,
    tries: [
      {
        label: "a rare word arrives",
        from: { draws: 10 },
        right: true,
        set: { draws: 19, seed: 15 },
        says: "“loss” came for the first time: its bar leapt from 0 to 0.36. With exp(z) alone " +
          "it would be 0.14.",
      },
      {
        label: "q steeper still",
        right: true,
        set: { q: [0.86, 0.08, 0.03, 0.02, 0.01], draws: 2000 },
        says: "“loss” now adds 369, not 106: larger steps. After 100 draws 0.19 was above " +
          "softmax(z), with the first q 0.05.",
      },
      {
        label: "even q",
        set: { q: [0.2, 0.2, 0.2, 0.2, 0.2], draws: 2000 },
        says:
          "1 / q = 5 and q = 0.2 are the same for each word: all three ways give the same bars.",
      },
      {
        label: "q = softmax(z)",
        right: true,
        set: { q: [0.148, 0.055, 0.148, 0.404, 0.245], draws: 2000 },
        says: "Each draw adds nearly the same, about 18.3, so a word’s share is how often it " +
          "came.",
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

export default figure(WORDS, (view, words) => {
  const most = SPEC.traits.draws.max ?? 1;
  // Where the slider stops: at every number at first, then in steps of a twentieth or so.
  const grid = range(132).map((i) => Math.round(10 ** (i / 40)));
  const stops = [...new Set([...grid, most])];
  const { names } = words;
  const drawn = drawer();
  const columns = { x: /** @type {[number, number]} */ ([-0.5, names.length - 0.5]) };
  const bars = view.plot({
    ...columns,
    height: 250,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    ylabel: words.bars,
    margin: { bottom: 72, left: 44, right: 2 },
  });
  const strip = view.plot({
    ...columns,
    height: 96,
    y: [0, 1],
    xticks: [],
    yticks: [0, 1],
    ylabel: words.strip,
    margin: { top: 12, bottom: 12, left: 44, right: 2 },
  });
  const history = view.plot({
    height: 230,
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
  const key = (/** @type {string} */ look, /** @type {string} */ text) => html(`span${look}`, text);
  const limitKey = key(".goal", words.limit);
  const mineKey = key(".mine", words.mine);
  const legend = html(
    "p.key",
    key(".mark", words.truth),
    key(".latest", words.latest),
    limitKey,
    mineKey,
  );

  /** Seeds whose draws were seen before. @type {number[]} */
  let past = [];
  /** Kinds whose lines stay in the plot. @type {Set<string>} */
  let tried = new Set();
  /** Where the reader says the bars go, while they go there. @type {number | undefined} */
  let mine;
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let chosen = ""; // the kind, by hand
  let [settled, leveled] = ["", ""]; // what the goals said when they were reached
  let stop = () => {};
  let running = false;
  let own = false; // whether a change is the run's
  const end = () => {
    running = false;
    mine = undefined;
    settle?.();
    settle = undefined;
  };
  const halt = () => {
    stop();
    end();
  };
  view.closers.push(halt);
  /** Draw on to the end. @param {number} draws how many there are */
  function run(draws) {
    const from = Math.log(draws);
    const way = Math.log(most) - from;
    running = true;
    const stopped = animate((SLOWLY * way) / Math.log(most), (share) => {
      const now = Math.round(Math.exp(from + share * way));
      if (share === 1) end();
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
    tried = new Set();
    chosen = settled = leveled = "";
    about = -1;
    view.refresh();
  });

  const { min: least = 0, max: greatest = 1 } = SPEC.traits.q;
  const proposal = () => sharesOf(view.get("q"));
  /** What the sentence is about: how often this word is drawn, or the draws (-1). */
  let about = -1;
  let turned = -1; // the word whose q is being changed by hand
  let stuck = false; // whether it was to go on
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
    const own = Number(clamp(v, low, high).toPrecision(3));
    stuck = clamp(v, 0, 1) !== v ? stuck : Math.abs(v - own) > 0.004;
    const q = rest.map((w, i) => i === k ? own : w * (1 - own));
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
  strip.drag(([x, y], pressed) => {
    if (pressed) held = clamp(Math.round(x), 0, names.length - 1);
    propose(held, y);
  });
  const kinds = radios(view, "kind", {
    label: words.kind,
    options: Object.entries(words.kinds),
    write: (kind) => {
      halt();
      chosen = kind;
      view.set({ kind, draws: 1 });
      run(1);
    },
  });
  view.control(kinds);
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers.map(({ text }) => ({ text, says: words.watch })),
    show: (place) =>
      new Promise((resolve) => {
        mine = place;
        settle = () => resolve(`${words.answers[place].verdict} ${words.where}`);
        run(view.get("draws"));
      }),
  });
  const logits = () => view.get("logits");
  /** Terms of a draw of each word. @type {(kind: string, q: number[]) => number[]} */
  const termsOf = (kind, q) =>
    logits().map((/** @type {number} */ z, /** @type {number} */ k) =>
      Math.exp(z) * q[k] ** KINDS[kind].power
    );
  /** Where the shares go. @param {string} kind @param {number[]} q */
  const endsOf = (kind, q) => sharesOf(termsOf(kind, q).map((v, k) => v * q[k]));
  const even = (/** @type {number} */ end) => Math.abs(end - 1 / names.length) < EVEN;
  /** Whether it is open where the bars go. */
  const hidden = () => view.locked || mine !== undefined;
  /**
   * A goal that stays reached; what it says then stands where its task stood.
   * @param {string} text
   * @param {() => string} told
   * @param {string} longest
   */
  const lasting = (text, told, longest) => {
    const node = goal(view, { text: "", reached: () => told() !== "", says: told });
    node.lastChild?.before(html("span.task", text));
    return put(node, { "data-long": longest });
  };
  const inverse = () => softmax(logits().map((/** @type {number} */ z) => -z)).map((v) => fmt(v));
  const aims = html(
    "div.stack",
    lasting(words.choose, () => {
      const shown = chosen === view.get("kind") && view.get("draws") === most;
      if (shown && chosen === RIGHT && !running) settled = words.settled;
      return settled;
    }, words.settled),
    lasting(
      words.goal,
      () => {
        const there = view.get("kind") === PLAIN && endsOf(PLAIN, proposal()).every(even);
        if (!hidden() && there) leveled ||= words.reached(inverse().join(", "));
        return leveled;
      },
      words.reached("0.00, 0.00, 0.00, 0.00, 0.00"),
    ),
  );
  /** Controls beside what they move, not over it. @param {Node[]} parts */
  const controls = (...parts) => {
    const node = html("div.stack", ...parts);
    view.control(node);
    return node;
  };
  // What a try says holds for these scores and draws.
  const { logits: scores, q: first, seed: early } = SPEC.traits;
  const defaults = { logits: scores.init, q: first.init, seed: early.init };
  view.apart = ["kind"];
  const term = words.sum(["1.5", " / 0.05", "145"]);
  view.add(
    tries(
      view,
      words.tries.map(({ right, set, ...state }) => ({
        ...state,
        set: { ...defaults, ...right && { kind: RIGHT }, ...set },
      })),
    ),
    html("div.row", kinds, legend),
    html(
      "div.side",
      html("div.stack", bars.node, strip.node, controls(sliders)),
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
        html("p.say", { "data-room": words.last(most, "argmax", term) + words.stuck }, said),
      ),
    ),
    aims,
  );

  /**
   * @param {number[]} shares
   * @param {number[]} blocks the share of one draw of each word
   * @param {number} last the word that came last
   * @param {number[]} right
   * @param {number[]} ends
   * @param {number[]} q
   * @param {number[]} counts
   */
  function drawBars(shares, blocks, last, right, ends, q, counts) {
    const band = bars.x(1) - bars.x(0);
    const width = 0.5 * band;
    const { top, bottom } = bars.area;
    const cell = (/** @type {number} */ x, /** @type {number} */ row, /** @type {string} */ text) =>
      svgText(x, bottom + 34 + 16 * row, text, { class: "soft" });
    const titles = words.rows.map((name, row) => cell(bars.area.left / 2 - 2, row, name));
    const aimed = view.get("kind") === PLAIN && !hidden();
    const color = COLORS[KINDS[view.get("kind")].color];
    bars.draw(
      ...titles,
      aimed
        ? svg("path.aim", { d: `M${bars.area.left},${bars.y(1 / names.length)}H${bars.width}` })
        : "",
      ...names.flatMap((_, k) => {
        const x = bars.x(k) - width / 2;
        const y = bars.y(shares[k]);
        const block = blocks[k] * (bottom - top);
        const cuts = block < THIN ? [] : range(counts[k] - 1).map((i) => bottom - (i + 1) * block);
        const bar = svg("rect.within", {
          x,
          y,
          width,
          height: bottom - y,
          fill: color,
          stroke: color,
        });
        const latest = { x: x + 1, y: y + 1, width: width - 2, height: block - 2 };
        /** @param {string} look @param {number} share @param {number} over */
        const line = (look, share, over) =>
          svg(look, { d: `M${x - over},${bars.y(share)}h${width + 2 * over}` });
        const told = hidden() ? "?" : ends[k].toFixed(2) + (aimed && even(ends[k]) ? " ✓" : "");
        return [
          put(bar, { "data-q": `share ${k}`, "data-value": shares[k] }),
          svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width}`).join("") }),
          k === last && block >= THIN ? svg("rect.latest", latest) : "",
          line("path.truth", right[k], 4),
          hidden() ? "" : line("path.limit", ends[k], 10),
          ...mine === 0 || mine === 1 ? [line("path.mine", mine ? q[k] : right[k], 10)] : [],
          cell(bars.x(k), 0, four(logits()[k])),
          quantity(cell(bars.x(k), 1, ""), `count ${k}`, counts[k], String(counts[k])),
          put(cell(bars.x(k), 2, told), { class: aimed && even(ends[k]) ? "ends there" : "ends" }),
        ];
      }),
    );
    strip.draw(...names.map((_, k) =>
      svg("rect.proposal", {
        x: strip.x(k) - width / 2,
        y: strip.y(q[k]),
        width,
        height: strip.area.bottom - strip.y(q[k]),
        "data-q": `q ${k}`,
        "data-value": q[k],
      })
    ));
    strip.handles(q.map((y, k) => ({ x: k, y, color: "var(--cu-grey)" })));
    sliders.style.setProperty("--left", `${bars.area.left}px`);
    bars.describe(
      `${words.bars}: ` + names.map((name, k) => `${name} ${fmt(shares[k])}`).join("; "),
    );
    strip.describe(
      `${words.strip}: ` + names.map((name, k) => `${name} ${frequency(q[k])}`).join("; "),
    );
  }

  /**
   * How far the shares are from the softmax after each draw.
   * @param {number[]} classes
   * @param {number[]} terms of each word
   * @param {number[]} right
   * @param {number} n
   */
  function distances(classes, terms, right, n) {
    const sums = terms.map(() => 0);
    /** @type {number[]} */
    const xs = [];
    /** @type {number[]} */
    const ys = [];
    let next = 1;
    for (let i = 1; i <= n; i++) {
      const k = classes[i - 1];
      sums[k] += terms[k];
      if (i < next && i < n) continue;
      next = i * 1.03;
      xs.push(Math.log10(i));
      ys.push(misplaced(sharesOf(sums), right));
    }
    return { xs, ys };
  }

  /**
   * How the shares come closer, or don't: of these draws the kinds that were tried, and faintly
   * the present kind of earlier seeds.
   * @param {number[][]} earlier classes drawn
   * @param {number[]} classes
   * @param {number[]} q
   * @param {number[]} right
   * @param {number} limit
   * @param {number} n
   */
  function drawHistory(earlier, classes, q, right, limit, n) {
    const { left, right: end } = history.area;
    const present = view.get("kind");
    const way = (
      /** @type {string} */ kind,
      /** @type {number[]} */ list,
      /** @type {string} */ look,
    ) => {
      const { xs, ys } = distances(list, termsOf(kind, q), right, n);
      const stroke = COLORS[KINDS[kind].color];
      return { xs, ys, line: svg(`path.line${look}`, { d: history.line(xs, ys), stroke }) };
    };
    const others = Object.keys(KINDS).filter((kind) => kind !== present && tried.has(kind));
    const { xs, ys, line } = way(present, classes, ".now");
    const last = ys[ys.length - 1];
    const x = history.x(xs[xs.length - 1]);
    history.draw(
      ...earlier.map((list) => way(present, list, ".faint").line),
      ...others.map((kind) => way(kind, classes, ".tried").line),
      line,
      earlier.length
        ? svgText(end - 2, history.area.top + 10, words.earlier, {
          class: "halo soft",
          "text-anchor": "end",
        })
        : "",
      svg("path.dash", { d: `M${x},${history.area.bottom}V0` }),
      hidden() ? "" : svg("path.limit", {
        d: `M${left},${history.y(limit)}H${end}`,
        "data-q": "limit",
        "data-value": limit,
      }),
      svg("circle.ring", {
        cx: x,
        cy: history.y(last),
        r: 7,
        fill: COLORS[KINDS[present].color],
        "data-q": "now",
        "data-value": last,
      }),
    );
    history.handles([{ x: xs[xs.length - 1], y: 1.1, color: "var(--cu-ink)", way: "across" }]);
    return last;
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { kind, draws, seed } = view.state;
    const q = proposal();
    const terms = termsOf(kind, q);
    const label = Object.entries(words.kinds).find(([key]) => key === kind)?.[1] ?? "";
    const right = softmax(logits());
    const ends = endsOf(kind, q);
    const classes = drawn(q, seed, most);
    const counts = names.map(() => 0);
    for (let i = 0; i < draws; i++) counts[classes[i]] += 1;
    const sums = counts.map((n, k) => n * terms[k]);
    const total = sum(sums);
    const k = classes[draws - 1];
    if (!view.locked) tried.add(kind);
    drawBars(sharesOf(sums), terms.map((v) => v / total), k, right, ends, q, counts);
    const limit = misplaced(ends, right);
    const earlier = past.filter((one) => one !== seed).map((one) => drawn(q, one, most));
    const off = words.off(draws, label, fmt(drawHistory(earlier, classes, q, right, limit, draws)));
    history.describe(off);
    limitKey.hidden = hidden();
    mineKey.hidden = mine !== 0 && mine !== 1;
    bars.svg.style.setProperty("--color", TEXT_COLORS[KINDS[kind].color]);
    history.svg.style.setProperty("--color", TEXT_COLORS[KINDS[kind].color]);
    more.disabled = draws === most;
    const others = ["draws", "seed", "q", "kind"].some((key) => view.changed.has(key));
    if (turned >= 0 || others) about = turned;
    turned = -1;
    const { power } = KINDS[kind];
    const times = power ? ` ${power < 0 ? "/" : "·"} ${three(q[k])}` : "";
    const term = words.sum([four(logits()[k]), times, three(terms[k])]);
    let text = words.last(draws, names[k], term);
    if (!hidden() && about >= 0) {
      const numbers = [frequency(q[about]), ends[about].toFixed(2), right[about].toFixed(2)];
      text = words.tilt(names[about], numbers);
    } else if (!hidden() && draws >= MANY) text = off + words.ends(limit.toFixed(2));
    say(said, text + (stuck && !hidden() && about >= 0 ? words.stuck : ""));
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : about < 0 ? off : text;
  };
});
