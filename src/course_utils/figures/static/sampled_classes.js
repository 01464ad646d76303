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
  labelNodes,
  put,
  quantity,
  radios,
  range,
  say,
  slider,
  softmax,
  SPEC,
  stillness,
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
const EVEN = [0.16, 0.24]; // within these the goal lets a bar end
const FAR = 42; // px from the words of the upper plot to the lower one
const ASIDE = 0.44; // of a column: the handles stand beside their bars

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
    lead: "Words are drawn from q; each draw adds a block to its word's bar. All are scaled to 1.",
    kind: "each draw adds",
    kinds: { plain: "exp(z)", divided: "exp(z) / q", multiplied: "exp(z) · q" },
    truth: "softmax(z)",
    over: "above softmax(z)",
    latest: "last draw",
    limit: "where the bars end",
    aim: "0.20",
    mine: "your guess",
    question: "With exp(z) per draw, where will the bars be after 2000 draws?",
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
    where: (
      /** @type {string} */ name,
      /** @type {string[]} */ [q, adds, both, all, end],
    ) =>
      `In that run “${name}” has ${q} · ${adds} ≈ ${both} of ${all} for all words: its bar goes ` +
      `to ${end}. With exp(z), each goes to q · exp(z) / sum = softmax(z + ln q).`,
    bars: "share of the blocks",
    rows: ["z", "drawn", "ends"],
    history: "solid parts, added up: how far from softmax(z)",
    same: (/** @type {string} */ kind) => `${kind}, same draws`,
    earlier: "faint: other draws from this q",
    strip: "q, how often each is drawn: drag one, others rescale",
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
    sum: (/** @type {string[]} */ [z, times, sign, term]) => `exp(${z})${times} ${sign} ${term}`,
    tilt: (
      /** @type {string} */ name,
      /** @type {string[]} */ [q, end, right],
    ) => `q of “${name}” is ${q}: its bar ends at ${end}; softmax(z) is ${right}.`,
    stuck: " It stops here: no q may be more than 100 times another.",
    off: (
      /** @type {number} */ n,
      /** @type {string} */ kind,
      /** @type {string} */ share,
    ) =>
      `${n} ${
        n > 1 ? "draws" : "draw"
      } of ${kind}: the solid parts, above softmax(z), add up to ${share}.`,
    ends: (/** @type {string} */ limit) => ` In the limit: ${limit}.`,
    choose: "choose what each draw must add for the bars to settle on softmax(z).",
    settled: "Done: a word comes with frequency q and adds exp(z) / q: q cancels, exp(z) is left.",
    goal: "with exp(z), drag q until each bar ends near 0.20 (✓: 0.16 to 0.24). " +
      "Words you don’t drag keep their proportions.",
    reached: (/** @type {string} */ inverse) =>
      `Done: your q came near exp(−z) / sum = ${inverse}. With that q all end alike: what adds ` +
      "exp(z) comes exp(−z) as often, and exp(z) · exp(−z) = 1 for each word.",
    tries: [
      {
        label: "a rare word arrives",
        from: { draws: 10 },
        right: true,
        set: { draws: 19, seed: 15 },
        says: "“loss” came for the first time: its bar leapt from 0 to 0.36. With exp(z): to 0.14.",
      },
      {
        label: "q steeper still",
        right: true,
        set: { q: [0.86, 0.08, 0.03, 0.02, 0.01], draws: 2000 },
        says: "“loss” adds 369, not 106. After 100 draws 0.19 was solid, with the first q 0.05.",
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
        set: { q: [0.1485, 0.0546, 0.1485, 0.4036, 0.2448], draws: 2000 },
        says: "Each draw adds nearly the same, about 18.3: a word’s share is how often it came.",
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

/** A share of any kind: the same number is said alike. @param {number} v */
const share = (v) => v < 5e-4 ? "0" : v.toFixed(v < 0.0095 ? 3 : 2);

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
  const strip = view.plot({
    ...columns,
    height: 146,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    yticks: [0, 0.5, 1],
    ylabel: words.strip,
    margin: { top: 14, bottom: 20, left: 44, right: 8 },
  });
  const bars = view.plot({
    ...columns,
    height: 236,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    ylabel: words.bars,
    margin: { bottom: 72, left: 44, right: 8 },
  });
  const air = svg("g"); // what falls stays there while bars are drawn
  bars.svg.append(air);
  const history = view.plot({
    height: 240,
    x: [0, Math.log10(most)],
    y: [0, 1],
    xticks: [1, 10, 100, most].map((n) => [Math.log10(n), String(n)]),
    ylabel: words.history,
    xlabel: words.draws,
    margin: { left: 44 },
  });
  const said = html("span");
  const key = (/** @type {string} */ look, /** @type {string} */ text) => html(`span${look}`, text);
  const limitKey = key(".goal", words.limit);
  const mineKey = key(".mine", words.mine);
  const aimKey = key(".aim", words.aim);
  const legend = html(
    "p.key",
    key(".mark", words.truth),
    key(".over", words.over),
    key(".latest", words.latest),
    limitKey,
    aimKey,
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
    chosen = "";
    tuned = false;
    about = -1;
    view.refresh();
  });

  const { min: least = 0, max: greatest = 1 } = SPEC.traits.q;
  const proposal = () => sharesOf(view.get("q"));
  /** What the sentence is about: how often this word is drawn, or the draws (-1). */
  let about = -1;
  let turned = -1; // the word whose q is being changed by hand
  let stuck = false; // whether it was to go on
  let tuned = false; // whether q was changed by hand
  /**
   * Draw word k with frequency v, or as near to it as the limits of q, which are those of
   * proportions, let it be; the others share the rest as before.
   * @param {number} k
   * @param {number} v
   */
  function propose(k, v) {
    halt();
    turned = k;
    tuned = true;
    const old = proposal();
    const rest = sharesOf(old.map((w, i) => i === k ? 0 : w));
    const others = rest.filter((_, i) => i !== k);
    const ratio = greatest / least;
    const [low, high] = [Math.max(...others) / ratio, Math.min(...others) * ratio]
      .map((odds) => odds / (1 + odds));
    const own = Number(clamp(v, low, high).toPrecision(3));
    stuck = Math.abs(clamp(v, 0, 1) - own) > 0.002;
    const q = rest.map((w, i) => i === k ? own : w * (1 - own));
    const unit = Math.min(1, Math.min(...q) / least);
    view.set({ q: q.map((w) => clamp(Number((w / unit).toPrecision(4)), least, greatest)) });
  }
  // By keys a handle is moved by a slider that isn't seen.
  const rows = names.map((name, k) => {
    const row = dial(view, {
      label: words.qOf(name),
      control: `q.${k}`,
      min: least,
      max: greatest,
      step: 0.01,
      show: share,
      read: () => proposal()[k],
      write: (v) => propose(k, v),
    });
    put(row, { class: "slider keyed" }).querySelector("input")?.setAttribute(
      "aria-label",
      words.qOf(name),
    );
    view.control(row);
    return row;
  });
  strip.box.append(...rows);
  let held = 0;
  strip.drag(([x, y], pressed) => {
    if (pressed) held = clamp(Math.round(x - 0.7 * ASIDE), 0, names.length - 1);
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
        settle = () => resolve(`${words.answers[place].verdict} ${where()}`);
        run(view.get("draws"));
      }),
  });
  const logits = () => view.get("logits");
  /** Terms of a draw of each word. @type {(kind: string, q: number[]) => number[]} */
  const termsOf = (kind, q) =>
    logits().map((/** @type {number} */ z, /** @type {number} */ k) =>
      Math.exp(z) * q[k] ** KINDS[kind].power
    );
  const labelOf = (/** @type {string} */ kind) =>
    Object.entries(words.kinds).find(([key]) => key === kind)?.[1] ?? "";
  /** Where the shares go. @param {string} kind @param {number[]} q */
  const endsOf = (kind, q) => sharesOf(termsOf(kind, q).map((v, k) => v * q[k]));
  /** In numbers, for the first word. */
  const where = () => {
    const q = proposal();
    const adds = termsOf(PLAIN, q);
    const both = adds.map((v, k) => q[k] * v);
    const numbers = [q[0], adds[0], both[0], sum(both), both[0] / sum(both)].map(share);
    return words.where(names[0], numbers);
  };
  const even = (/** @type {number} */ end) => {
    const shown = Number(share(end));
    return EVEN[0] <= shown && shown <= EVEN[1];
  };
  /** Whether it is open where the bars go. */
  const hidden = () => view.locked || mine !== undefined;
  /**
   * A goal that stays reached; what it says then stands where its task stood.
   * @param {string} text
   * @param {() => boolean} reached
   * @param {() => string} says
   */
  const lasting = (text, reached, says) => {
    const node = goal(view, { text: "", reached, says, lasts: true });
    node.lastChild?.before(html("span.task", text));
    return put(node, { "data-long": says() });
  };
  const inverse = () => softmax(logits().map((/** @type {number} */ z) => -z)).map((v) => fmt(v));
  const aims = [
    lasting(
      words.choose,
      () =>
        chosen === RIGHT && view.get("kind") === RIGHT && view.get("draws") === most && !running,
      () => words.settled,
    ),
    lasting(
      words.goal,
      () => !hidden() && view.get("kind") === PLAIN && endsOf(PLAIN, proposal()).every(even),
      () => words.reached(inverse().join(", ")),
    ),
  ];
  const controls = html(
    "div.row",
    more,
    runner,
    other,
    slider(view, "draws", {
      label: words.draws,
      step: 1,
      show: String,
      to: (n) => stops.filter((stop) => stop <= n).length - 1,
      from: (position) => stops[position],
    }),
  );
  view.control(controls);
  // What a try says holds for these scores and draws.
  const { logits: scores, q: first, seed: early } = SPEC.traits;
  const defaults = { logits: scores.init, q: first.init, seed: early.init };
  view.apart = ["kind"];
  const term = words.sum(["1.5", " / 0.05", "≈", "145"]);
  view.add(
    tries(
      view,
      words.tries.map(({ right, set, ...state }) => ({
        ...state,
        set: { ...defaults, ...right && { kind: RIGHT }, ...set },
      })),
    ),
    kinds,
    controls,
    html(
      "div.side",
      html("div.stack", strip.node, bars.node),
      html(
        "div.stack",
        legend,
        html("p.say", { "data-room": words.last(most, "argmax", term) + words.stuck }, said),
        history.node,
      ),
    ),
    ...aims,
  );

  let [drawing, there] = ["", 0]; // the draws that were shown, and how many
  /**
   * A block falls from its word's q to its place, as large as it is there.
   * @param {{ x: number, y: number, width: number, height: number }} place
   * @param {string} color
   * @param {string} term
   */
  function fall({ x, y, width, height }, color, term) {
    const block = svg(
      "g.falls",
      { style: `--from: ${-FAR - y - height}px` },
      svg("rect", { x, y, width, height: Math.max(height, THIN), fill: color }),
      svgText(x + width + 4, y + height / 2 + 4, `+${term}`, {
        class: "halo",
        "text-anchor": "start",
      }),
    );
    block.addEventListener("animationend", () => block.remove());
    air.append(block);
  }

  /**
   * @param {number[]} shares
   * @param {number[]} blocks the share of one draw of each word
   * @param {number} last the word that came last
   * @param {number[]} right
   * @param {number[]} ends
   * @param {number[]} q
   * @param {number[]} counts
   * @param {string} falling what the last draw added, if it is the only new one
   */
  function drawBars(shares, blocks, last, right, ends, q, counts, falling) {
    const band = bars.x(1) - bars.x(0);
    const width = 0.5 * band;
    const { top, bottom } = bars.area;
    const cell = (/** @type {number} */ x, /** @type {number} */ row, /** @type {string} */ text) =>
      svgText(x, bottom + 34 + 16 * row, text, { class: "soft" });
    const titles = words.rows.map((name, row) => cell(bars.area.left / 2 - 2, row, name));
    const aimed = tuned && view.get("kind") === PLAIN && !hidden();
    aimKey.hidden = !aimed;
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
        const over = bars.y(right[k]) - y;
        const latest = { x: x + 1, y: y + 1, width: width - 2, height: block - 2 };
        const drops = k === last && falling !== "";
        if (drops) fall({ x, y, width, height: block }, color, falling);
        /** @param {string} look @param {number} height @param {number} over */
        const line = (look, height, over) =>
          svg(look, { d: `M${x - over},${bars.y(height)}h${width + 2 * over}` });
        const told = hidden() ? "?" : share(ends[k]) + (aimed && even(ends[k]) ? " ✓" : "");
        return [
          put(bar, { "data-q": `share ${k}`, "data-value": shares[k] }),
          over > 0 ? svg("rect.over", { x, y, width, height: over, fill: color }) : "",
          svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width}`).join("") }),
          k === last && block >= THIN ? svg("rect.latest", latest) : "",
          drops ? svg("rect.awaits", { x: x - 1, y: y - 1, width: width + 2, height: block }) : "",
          hidden() ? "" : line("path.limit", ends[k], 10),
          line("path.truth", right[k], 4),
          ...mine === 0 || mine === 1 ? [line("path.mine", mine ? q[k] : right[k], 10)] : [],
          cell(bars.x(k), 0, four(logits()[k])),
          quantity(cell(bars.x(k), 1, ""), `count ${k}`, counts[k], String(counts[k])),
          put(cell(bars.x(k), 2, told), { class: aimed && even(ends[k]) ? "ends there" : "ends" }),
        ];
      }),
    );
    strip.draw(...names.flatMap((_, k) => [
      svg("rect.proposal", {
        x: strip.x(k) - 0.4 * width,
        y: strip.y(q[k]),
        width: 0.8 * width,
        height: strip.area.bottom - strip.y(q[k]),
        "data-q": `q ${k}`,
        "data-value": q[k],
      }),
      svgText(
        strip.x(k) + 0.4 * width,
        strip.y(q[k]) - 4,
        // without the 0 where the next handle is near
        width < 23 || q[k] < 0.0095 ? share(q[k]).replace("0.", ".") : share(q[k]),
        { "text-anchor": "end" },
      ),
    ]));
    strip.handles(q.map((y, k) => ({ x: k + ASIDE, y, color: "var(--cu-grey)" })));
    q.forEach((y, k) => {
      rows[k].style.cssText = `left: ${strip.x(k + ASIDE)}px; top: ${strip.y(y)}px`;
    });
    bars.describe(
      `${words.bars}: ` + names.map((name, k) => `${name} ${fmt(shares[k])}`).join("; "),
    );
    strip.describe(
      `${words.strip}: ` + names.map((name, k) => `${name} ${share(q[k])}`).join("; "),
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
    /** What labels keep clear of. @type {import("./kit/labels.js").Box[]} */
    const taken = [];
    const way = (
      /** @type {string} */ kind,
      /** @type {number[]} */ list,
      /** @type {string} */ look,
    ) => {
      const { xs, ys } = distances(list, termsOf(kind, q), right, n);
      if (look !== ".faint") {
        xs.forEach((at, i) => {
          const [x, y] = [history.x(at), history.y(ys[i])];
          taken.push({ left: x - 2, right: x + 2, top: y - 2, bottom: y + 2 });
        });
      }
      const stroke = COLORS[KINDS[kind].color];
      return { xs, ys, line: svg(`path.line${look}`, { d: history.line(xs, ys), stroke }) };
    };
    const others = Object.keys(KINDS).filter((kind) => kind !== present && tried.has(kind));
    const { xs, ys, line } = way(present, classes, ".now");
    const last = ys[ys.length - 1];
    const x = history.x(xs[xs.length - 1]);
    const before = others.map((kind) => ({ kind, ...way(kind, classes, ".tried") }));
    const { top } = history.area;
    taken.push({
      left: x - 7,
      right: x + 7,
      top: history.y(last) - 7,
      bottom: history.y(last) + 7,
    });
    if (earlier.length) taken.push({ left: end - 190, right: end, top: 0, bottom: top + 14 });
    const labels = before.map(({ kind, ys }) => ({
      text: history.height < 200 ? labelOf(kind) : words.same(labelOf(kind)),
      x,
      y: history.y(ys[ys.length - 1]),
      sides: /** @type {("right" | "above" | "below")[]} */ (
        x < (left + end) / 2 ? ["right"] : ["above", "below"]
      ),
      color: TEXT_COLORS[KINDS[kind].color],
    }));
    history.draw(
      ...earlier.map((list) => way(present, list, ".faint").line),
      ...before.map(({ line }) => line),
      line,
      earlier.length
        ? svgText(end - 2, top + 10, words.earlier, {
          class: "halo soft",
          "text-anchor": "end",
        })
        : "",
      ...labelNodes(labels.sort((a, b) => a.y - b.y), history.area, taken),
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
    return last;
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { kind, draws, seed } = view.state;
    const q = proposal();
    const terms = termsOf(kind, q);
    const right = softmax(logits());
    const ends = endsOf(kind, q);
    const classes = drawn(q, seed, most);
    const counts = names.map(() => 0);
    for (let i = 0; i < draws; i++) counts[classes[i]] += 1;
    const sums = counts.map((n, k) => n * terms[k]);
    const total = sum(sums);
    const k = classes[draws - 1];
    if (!view.locked) tried.add(kind);
    const these = `${kind} ${seed} ${q} ${logits()}`;
    const next = these === drawing && draws === there + 1 && !stillness();
    if (these !== drawing) air.replaceChildren();
    [drawing, there] = [these, draws];
    const blocks = terms.map((v) => v / total);
    drawBars(sharesOf(sums), blocks, k, right, ends, q, counts, next ? three(terms[k]) : "");
    const limit = misplaced(ends, right);
    const earlier = past.filter((one) => one !== seed).map((one) => drawn(q, one, most));
    const off = words.off(
      draws,
      labelOf(kind),
      share(drawHistory(earlier, classes, q, right, limit, draws)),
    );
    history.describe(off);
    limitKey.hidden = hidden();
    mineKey.hidden = mine !== 0 && mine !== 1;
    for (const { style } of [bars.svg, history.svg, legend]) {
      style.setProperty("--color", TEXT_COLORS[KINDS[kind].color]);
    }
    more.disabled = draws === most;
    const others = ["draws", "seed", "q", "kind"].some((key) => view.changed.has(key));
    if (turned >= 0 || others) about = turned;
    turned = -1;
    const { power } = KINDS[kind];
    const times = power ? ` ${power < 0 ? "/" : "·"} ${three(q[k])}` : "";
    const adds = three(terms[k]);
    const sign = Math.abs(terms[k] - Number(adds)) < 1e-9 ? "=" : "≈";
    const term = words.sum([four(logits()[k]), times, sign, adds]);
    let text = words.last(draws, names[k], term);
    if (!hidden() && about >= 0) {
      text = words.tilt(names[about], [q[about], ends[about], right[about]].map(share));
    } else if (!hidden() && draws >= MANY) text = off + words.ends(share(limit));
    say(said, text + (stuck && !hidden() && about >= 0 ? words.stuck : ""));
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : about < 0 ? off : text;
  };
});
