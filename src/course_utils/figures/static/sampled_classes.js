import {
  animate,
  button,
  clamp,
  COLORS,
  dial,
  figure,
  fmt,
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
  squeezed,
  stillness,
  sum,
  svg,
  svgText,
} from "./kit.js";

const SLOWLY = 6000; // ms of a run
const MANY = 100; // draws from which on the sentence speaks of all of them
const THIN = 3; // px: blocks lower than this are not cut apart
const NEAR = 0.2; // of a share: so near to its mark a bar has to go
const RUNS = 50; // of which the mean error is taken
const FAINT = 20; // of them are drawn
const LIMIT = 0.1; // of the mean error
const FEW = 60; // draws in which it is to come below
const LOW = 0.001; // where the axis of q begins
const FOOT = 0.3; // powers of ten that a handle stays above the axis
const MEAN = 1.3; // powers of ten from there to the mean block
const [BLUE, ORANGE] = COLORS;

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "logit"],
    lead:
      "Words are drawn from q. Each draw adds a block to its word’s bar; together the bars make 1.",
    truth: "softmax(z)",
    over: "error",
    latest: "last draw",
    mine: "your guess",
    question: "With exp(z) per draw, where will the bars be after 2000 draws?",
    answers: [
      {
        text: "at softmax(z)",
        verdict: "No: more draws only take away noise.",
      },
      {
        text: "at q",
        verdict: "No: q is one factor, the block another.",
      },
      {
        text: "at neither",
        verdict: "Yes: how often, times how much.",
      },
    ],
    watch: "Watch the run: is that where they go?",
    where: (/** @type {string} */ name, /** @type {string} */ end) =>
      `Each goes to q · exp(z) / sum = softmax(z + ln q): with the first q, “${name}” to ${end}.`,
    bars: "share of all blocks",
    drawn: "drawn",
    ends: "goes to",
    history: "error: all that stands above softmax(z)",
    lines: { now: "this run", mean: "mean of 50 runs", faint: "20 of them" },
    before: (/** @type {number} */ from) => `first q: ${from}`,
    hand: "Drag",
    hands: { blocks: "the blocks", q: "q" },
    strip: {
      blocks: "block: what a draw of the word adds",
      q: "q; blue, own scale: block; dashed: mean per draw",
    },
    handle: {
      blocks: (/** @type {string} */ name) => `block of “${name}”`,
      q: (/** @type {string} */ name) => `q of “${name}”`,
    },
    rows: { blocks: ["q", "block", "exp(z)"], q: ["q", "× block", "= exp(z)"] },
    more: "Draw 1 more",
    run: "Run",
    stop: "Stop",
    draws: "draws",
    last: (/** @type {number} */ n, /** @type {string} */ name, /** @type {string} */ block) =>
      `Draw ${n} is “${name}”: it adds ${block}.`,
    off: (/** @type {number} */ n, /** @type {string} */ error) =>
      `${n} ${n > 1 ? "draws" : "draw"}: error ${error}, so much stands above softmax(z).`,
    block: (/** @type {string} */ name, /** @type {string[]} */ [block, end, right]) =>
      `A draw of “${name}” adds ${block}: its bar goes to ${end}; softmax(z) is ${right}.`,
    tilt: (/** @type {string} */ name, /** @type {string[]} */ [q, block]) =>
      `q of “${name}” is ${q}, its block ${block}. `,
    cost: (/** @type {number} */ from) =>
      from < Infinity
        ? `Mean error below 0.1 from draw ${from} on`
        : "Mean error not yet below 0.1 at draw 2000",
    best: (/** @type {number} */ best) => best ? `; your best: ${best}.` : ".",
    stuck: "It stops here: no q may be more than 100 times another.",
    settle: "drag the blocks until each bar goes to its mark, softmax(z) (✓: within a fifth).",
    settled: (/** @type {string} */ factor) =>
      `Done: q times block is within a fifth of ${factor} · exp(z) for each word: a block is ` +
      "about exp(z) / q, up to a factor, and q cancels.",
    next: " Next: drag q.",
    save: "a draw now adds exp(z) / q. Drag q until the mean error is below 0.1 from draw 60 on.",
    saved:
      "Done. Rare words with large blocks make the bars leap. At q = softmax(z) all blue bars " +
      "meet the dashes: each draw tells the same, but that takes the sum you wanted to avoid.",
  },
};

const MOST = SPEC.traits.draws.max ?? 1;
// Every number at first, then in steps of a twentieth or so.
const STOPS = [...new Set([...range(132).map((i) => Math.round(10 ** (i / 40))), MOST])];

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
  /** @param {number[]} q @param {number} seed */
  return (q, seed) => {
    if (String(q) !== key) known = {};
    key = String(q);
    if (known[seed]) return known[seed];
    const next = uniform(seed);
    return known[seed] = range(MOST).map(() => {
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
const share = (v) => v < 5e-4 ? "<0.001" : v.toFixed(v < 0.0095 ? 3 : 2);

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
 * The error of a run after each of these numbers of draws.
 * @param {number[]} classes drawn
 * @param {number[]} blocks of each word
 * @param {number[]} right
 * @param {number[]} stops
 */
function errorsOf(classes, blocks, right, stops) {
  const sums = blocks.map(() => 0);
  let i = 0;
  return stops.map((stop) => {
    for (; i < stop; i++) sums[classes[i]] += blocks[classes[i]];
    return misplaced(sharesOf(sums), right);
  });
}

/**
 * Makes a function of the errors of many runs, their mean, and the draw from which on that is
 * below the limit. It remembers its last answer.
 * @param {(q: number[], seed: number) => number[]} drawn
 */
function fan(drawn) {
  let key = "";
  /** @type {{ runs: number[][], mean: number[], from: number }} */
  let known = { runs: [], mean: [], from: Infinity };
  /** @param {number[]} q @param {number[]} blocks @param {number[]} right */
  return (q, blocks, right) => {
    const asked = [q, blocks, right].join(" ");
    if (asked === key) return known;
    key = asked;
    const runs = range(RUNS).map((i) => errorsOf(drawn(q, i + 1), blocks, right, STOPS));
    const mean = STOPS.map((_, i) => sum(runs.map((run) => run[i])) / RUNS);
    const from = STOPS[mean.findLastIndex((v) => v > LIMIT) + 1] ?? Infinity;
    return known = { runs, mean, from };
  };
}

export default figure(WORDS, (view, words) => {
  const { names } = words;
  const drawn = drawer();
  const [fanNow, fanFirst] = [fan(drawn), fan(drawer())];
  const columns = { x: /** @type {[number, number]} */ ([-0.5, names.length - 0.5]) };
  const margin = { left: 62, right: 8 };
  const bars = view.plot({
    ...columns,
    height: 226,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    ylabel: words.bars,
    margin: { ...margin, bottom: 56 },
  });
  const strip = view.plot({
    ...columns,
    height: 210,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    margin: { ...margin, top: 14, bottom: 72 },
  });
  const air = svg("g"); // what flies stays there while bars are drawn
  bars.svg.append(air);
  const history = view.plot({
    height: 370,
    x: [0, Math.log10(MOST)],
    y: [-2, 0],
    xticks: [1, 10, 100, MOST].map((n) => [Math.log10(n), String(n)]),
    yticks: [[-2, "≤ 0.01"], [-1, "0.1"], [0, "1"]],
    ylabel: words.history,
    xlabel: words.draws,
    margin: { left: 54 },
  });
  const said = html("span");
  const key = (/** @type {string} */ look, /** @type {string} */ text) => html(`span${look}`, text);
  const lastKey = key(".latest", words.latest);
  const mineKey = key(".mine", words.mine);
  const legend = html(
    "p.key",
    key(".mark", words.truth),
    key(".over", words.over),
    lastKey,
    mineKey,
  );

  /** Where the reader says the bars go, while they go there. @type {number | undefined} */
  let mine;
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
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
    const way = Math.log(MOST) - from;
    running = true;
    const stopped = animate((SLOWLY * way) / Math.log(MOST), (share) => {
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
    view.set({ draws: Math.min(MOST, view.get("draws") + 1) });
  });
  const runner = button(view, words.run, () => {
    if (running) {
      halt();
      view.refresh();
    } else run(view.get("draws") % MOST || 1);
  });
  runner.classList.add("primary");

  /** What the sentence is about: this word, or all draws (-1). */
  let about = -1;
  let turned = -1; // the word that is being changed by hand
  let stuck = false; // whether it was to go on
  let best = Infinity; // the draw from which on the error was small, at its earliest
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    halt();
    about = -1;
    best = Infinity;
    view.refresh();
  });

  const { min: least = 0, max: greatest = 1 } = SPEC.traits.q;
  /** @returns {"blocks" | "q"} what is set by hand */
  const hand = () => view.get("hand");
  /** @returns {number[]} */
  const logits = () => view.get("logits");
  const proposal = (q = view.get("q")) => sharesOf(q);
  /** What a draw of each word adds. @param {number[]} q */
  const blocksOf = (q) =>
    logits().map((z, k) =>
      hand() === "q" ? Math.exp(z) / q[k] : Math.exp(z - view.get("correction")[k])
    );
  /** Where the shares go. */
  const endsOf = () => {
    const q = proposal();
    return sharesOf(blocksOf(q).map((v, k) => v * q[k]));
  };
  /** Whether it is open where the bars go. */
  const hidden = () => view.locked || mine !== undefined;
  const fanOf = () => fanNow(proposal(), blocksOf(proposal()), softmax(logits()));
  /** @returns {[number, number]} powers of ten */
  const axis = () => {
    const z = logits().map((v) => v / Math.LN10);
    return hand() === "q" ? [Math.log10(LOW), 0] : [Math.min(...z) - 0.5, Math.max(...z) + 2.2];
  };
  /**
   * Draw word k with frequency v, or as near to it as the limits of q, which are those of
   * proportions, let it be; the others share the rest as before.
   * @param {number} k
   * @param {number} v
   */
  function propose(k, v) {
    const rest = sharesOf(proposal().map((w, i) => i === k ? 0 : w));
    const others = rest.filter((_, i) => i !== k);
    const ratio = greatest / least;
    const [low, high] = [Math.max(...others) / ratio, Math.min(...others) * ratio]
      .map((odds) => odds / (1 + odds));
    const own = Number(clamp(v, low, high).toPrecision(3));
    stuck = v < 0.98 * low || v > high + 0.002;
    const q = rest.map((w, i) => i === k ? own : w * (1 - own));
    const unit = Math.min(1, Math.min(...q) / least);
    view.set({ q: q.map((w) => clamp(Number((w / unit).toPrecision(4)), least, greatest)) });
  }
  /** Bring the handle of word k to this height. @param {number} k @param {number} power of ten */
  function move(k, power) {
    halt();
    turned = k;
    stuck = false;
    const [low, high] = axis();
    const v = 10 ** clamp(power, low + FOOT, high);
    if (hand() === "q") propose(k, v);
    else {
      const correction = [...view.get("correction")];
      correction[k] = Number((logits()[k] - Math.log(v)).toFixed(3));
      view.set({ correction });
    }
  }
  const heights = () => hand() === "q" ? proposal() : blocksOf(proposal());
  // By keys a handle is moved by a slider that isn't seen.
  const rows = names.map((name, k) => {
    const row = dial(view, {
      label: name,
      control: `height.${k}`,
      min: -3,
      max: 6,
      step: 0.02,
      show: (power) => three(10 ** power),
      read: () => Math.log10(heights()[k]),
      write: (power) => move(k, power),
    });
    put(row, { class: "slider keyed" });
    view.control(row);
    return row;
  });
  strip.box.append(...rows);
  let held = 0;
  strip.drag(([x, power], pressed) => {
    if (pressed) held = clamp(Math.round(x), 0, names.length - 1);
    move(held, power);
  });
  const hands = radios(view, "hand", {
    label: words.hand,
    options: Object.entries(words.hands),
    write: (hand) => {
      halt();
      view.set({ hand });
    },
  });
  view.control(hands);
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers.map(({ text }) => ({ text, says: words.watch })),
    show: (place) =>
      new Promise((resolve) => {
        mine = place;
        settle = () => {
          const q = proposal(view.first.q);
          const ends = sharesOf(q.map((v, k) => v * Math.exp(logits()[k])));
          resolve(`${words.answers[place].verdict} ${words.where(names[0], share(ends[0]))}`);
        };
        bars.node.scrollIntoView({ block: "nearest", behavior: stillness() ? "auto" : "smooth" });
        run(view.get("draws"));
      }),
  });
  /** Whether a bar goes to its mark. @param {number} end @param {number} right */
  const near = (end, right) => Math.abs(end / right - 1) <= NEAR;
  /** By how much a block times q is larger than exp(z). */
  const factor = () => {
    const q = proposal();
    return three(sum(blocksOf(q).map((v, k) => v * q[k])) / sum(logits().map(Math.exp)));
  };
  const first = () => {
    const q = proposal(view.first.q);
    const blocks = logits().map((z, k) => Math.exp(z) / q[k]);
    return fanFirst(q, blocks, softmax(logits()));
  };
  /**
   * A goal while this is set by hand; what it says stands where its task stood.
   * @param {"blocks" | "q"} what
   * @param {string} text
   * @param {() => boolean} reached
   * @param {() => string} says
   */
  const task = (what, text, reached, says) => {
    const mine = () => hand() === what;
    const node = goal(view, { text: "", reached: () => !hidden() && mine() && reached(), says });
    node.lastChild?.before(html("span.task", text));
    view.bind(node, () => {
      node.hidden = !mine();
    });
    return put(node, { "data-long": words.saved });
  };
  const aims = [
    task(
      "blocks",
      words.settle,
      () => {
        const right = softmax(logits());
        return endsOf().every((end, k) => near(end, right[k]));
      },
      () =>
        words.settled(factor()) +
        (String(view.get("q")) === String(view.first.q) ? words.next : ""),
    ),
    task(
      "q",
      words.save,
      () => fanOf().from <= FEW,
      () => words.saved,
    ),
  ];
  const controls = html(
    "div.row",
    more,
    runner,
    slider(view, "draws", {
      label: words.draws,
      step: 1,
      show: String,
      to: (n) => STOPS.filter((stop) => stop <= n).length - 1,
      from: (position) => STOPS[position],
    }),
  );
  view.control(controls);
  const room = words.tilt("logit", ["0.00954", "89.6"]) + words.cost(1000) + words.best(1000);
  view.add(
    html(
      "div.side",
      html("div.stack", legend, bars.node, controls, hands, strip.node),
      html(
        "div.stack",
        ...aims,
        html("p.say", { "data-room": room }, said),
        history.node,
      ),
    ),
  );

  let [drawing, there] = ["", 0]; // the draws that were shown, and how many
  /**
   * A block flies from its word's handle to its place, as large as it is there.
   * @param {{ x: number, y: number, width: number, height: number }} place
   * @param {number} from the handle's height in the lower plot
   * @param {string} block
   */
  function fly({ x, y, width, height }, from, block) {
    const [high, low] = [bars, strip].map((plot) => plot.svg.getBoundingClientRect().top);
    const node = svg(
      "g.flies",
      { style: `--from: ${low - high + from - y}px` },
      svg("rect", { x, y, width, height: Math.max(height, THIN), fill: BLUE }),
      svgText(x + width + 4, y + height / 2 + 4, `+${block}`, {
        class: "halo",
        "text-anchor": "start",
      }),
    );
    node.addEventListener("animationend", () => node.remove());
    air.append(node);
  }

  /**
   * @param {number[]} shares
   * @param {number[]} parts the share of one draw of each word
   * @param {number} last the word that came last
   * @param {number[]} right
   * @param {number[]} q
   * @param {number[]} counts
   * @param {string} flying what the last draw added, if it is the only new one
   */
  function drawBars(shares, parts, last, right, q, counts, flying) {
    const width = 0.5 * (bars.x(1) - bars.x(0));
    const { top, bottom } = bars.area;
    const outlined = parts[last] * (bottom - top) >= THIN && !running;
    lastKey.hidden = !outlined;
    const ends = endsOf();
    const short = (/** @type {number} */ v) => width < 20 ? share(v).replace("0.", ".") : share(v);
    bars.draw(
      ...[words.drawn, words.ends].map((name, row) => titled(bars, row, name)),
      ...names.flatMap((_, k) => {
        const x = bars.x(k) - width / 2;
        const y = bars.y(shares[k]);
        const part = parts[k] * (bottom - top);
        const cuts = part < THIN ? [] : range(counts[k] - 1).map((i) => bottom - (i + 1) * part);
        const bar = svg("rect.within", { x, y, width, height: bottom - y });
        const over = bars.y(right[k]) - y;
        const latest = { x: x + 1, y: y + 1, width: width - 2, height: part - 2 };
        const flies = k === last && flying !== "";
        if (flies) fly({ x, y, width, height: part }, strip.y(Math.log10(heights()[k])), flying);
        /** @param {string} look @param {number} height @param {number} over */
        const line = (look, height, over) =>
          svg(look, { d: `M${x - over},${bars.y(height)}h${width + 2 * over}` });
        const there = !hidden() && near(ends[k], right[k]);
        return [
          put(bar, { "data-q": `share ${k}`, "data-value": shares[k] }),
          over > 0 ? svg("rect.over", { x, y, width, height: over }) : "",
          svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width}`).join("") }),
          k === last && outlined ? svg("rect.latest", latest) : "",
          flies ? svg("rect.awaits", { x: x - 1, y: y - 1, width: width + 2, height: part }) : "",
          line("path.truth", right[k], 4),
          ...mine === 0 || mine === 1 ? [line("path.mine", mine ? q[k] : right[k], 10)] : [],
          quantity(cell(bars, k, 0, ""), `count ${k}`, counts[k], String(counts[k])),
          put(cell(bars, k, 1, hidden() ? "?" : short(ends[k]) + (there ? " ✓" : "")), {
            class: there ? "ends there" : "ends",
          }),
        ];
      }),
    );
    bars.describe(
      `${words.bars}: ` + names.map((name, k) => `${name} ${fmt(shares[k])}`).join("; "),
    );
  }

  /**
   * A number in a row below a plot.
   * @param {import("./kit/plot.js").Plot} plot
   * @param {number} k
   * @param {number} row
   * @param {string} text
   */
  const cell = (plot, k, row, text) =>
    svgText(plot.x(k), plot.area.bottom + 34 + 16 * row, text, { class: "soft" });
  /** @param {import("./kit/plot.js").Plot} plot @param {number} row @param {string} text */
  const titled = (plot, row, text) => put(cell(plot, 0, row, text), { x: plot.area.left / 2 - 2 });

  /** What is set by hand. @param {number[]} q @param {number[]} blocks */
  function drawStrip(q, blocks) {
    const [low, high] = axis();
    const width = 0.4 * (strip.x(1) - strip.x(0));
    const label = words.strip[hand()];
    const powers = range(12).map((i) => i - 4).filter((power) => low <= power && power <= high);
    strip.scale({
      y: [low, high],
      yticks: powers.map((power) => [power, String(Number((10 ** power).toPrecision(1)))]),
      ylabel: label,
    });
    const ys = heights().map(Math.log10);
    // Beside q the blocks stand on a scale of their own: that of the mean one has its place.
    const levels = hand() === "q" ? softmax(logits()).map((p, k) => p / q[k]) : [];
    const mean = low + MEAN;
    strip.draw(
      hand() === "q"
        ? svg("path.level", { d: `M${strip.area.left},${strip.y(mean)}H${strip.area.right}` })
        : "",
      ...levels.map((level, k) => {
        const y = strip.y(clamp(mean + Math.log10(level), low, high));
        const x = strip.x(k + 0.29);
        const look = { x, y, width: width / 2, height: strip.area.bottom - y };
        return put(svg("rect.beside", look), { "data-q": `level ${k}`, "data-value": level });
      }),
      ...words.rows[hand()].map((name, row) => titled(strip, row, name)),
      ...names.flatMap((_, k) => {
        const y = strip.y(ys[k]);
        const height = strip.area.bottom - y;
        const look = { x: strip.x(k) - width / 2, y, width, height, class: `set ${hand()}` };
        const rows = [three(q[k]), three(blocks[k]), three(Math.exp(logits()[k]))];
        return [
          put(svg("rect", look), { "data-q": `height ${k}`, "data-value": heights()[k] }),
          ...rows.map((text, row) =>
            put(cell(strip, k, row, text), squeezed(text, strip.x(1) - strip.x(0) - 4))
          ),
        ];
      }),
    );
    const color = hand() === "q" ? "var(--cu-grey)" : BLUE;
    strip.handles(ys.map((y, x) => ({ x, y, color })));
    ys.forEach((y, k) => {
      rows[k].style.cssText = `left: ${strip.x(k)}px; top: ${strip.y(y)}px`;
      put(/** @type {Element} */ (rows[k].querySelector("input")), {
        "aria-label": words.handle[hand()](names[k]),
      });
    });
    const spoken = hand() === "q"
      ? q.map((v, k) => `${three(v)} × ${three(blocks[k])}`)
      : blocks.map(three);
    strip.describe(`${label}: ` + names.map((name, k) => `${name} ${spoken[k]}`).join("; "));
  }

  /**
   * How the bars come closer, or don't.
   * @param {number[]} classes
   * @param {number[]} blocks
   * @param {number[]} right
   * @param {number} n
   */
  function drawHistory(classes, blocks, right, n) {
    /** @param {number[]} stops @param {number[]} errors */
    const way = (stops, errors) =>
      history.line(stops.map(Math.log10), errors.map((v) => Math.log10(Math.max(v, 0.01))));
    const stops = [...STOPS.filter((stop) => stop < n), n];
    const errors = errorsOf(classes, blocks, right, stops);
    const last = errors[errors.length - 1];
    const { left, right: edge, bottom } = history.area;
    const level = history.y(Math.log10(LIMIT));
    /** The number of the left dot stands to its left. @param {number} side */
    const mark = (/** @type {number} */ from, /** @type {string} */ text, look = "", side = 1) => {
      if (from === Infinity) return [];
      const x = history.x(Math.log10(from));
      const most = edge - 6.5 * text.length;
      return [
        svg(`circle.dot${look}`, {
          cx: x,
          cy: level,
          r: 5,
          "data-q": look ? null : "from",
          "data-value": from,
        }),
        svgText(side > 0 ? Math.min(x + 8, most) : x - 8, level + 5 - 11 * side, text, {
          class: look ? "halo soft" : "halo",
          "text-anchor": side > 0 ? "start" : "end",
        }),
      ];
    };
    /** @type {Node[]} */
    const all = [svg("path.line.now", { d: way(stops, errors) })];
    if (!hidden()) {
      const { runs, mean, from } = fanOf();
      const faint = runs.slice(0, FAINT).map((run) => way(STOPS, run)).join("");
      all.unshift(svg("path.line.faint", { d: faint }));
      all.push(svg("path.line.mean", { d: way(STOPS, mean) }));
      if (hand() === "q") {
        const before = first().from;
        all.push(svg("path.limit", { d: `M${left},${level}H${edge}` }));
        if (before !== from) {
          all.unshift(svg("path.line.before", { d: way(STOPS, first().mean) }));
          all.push(...mark(before, words.before(before), ".before", from < before ? 1 : -1));
        }
        all.push(...mark(from, String(from), "", from > before ? 1 : -1));
      }
    }
    const looks = /** @type {const} */ (["now", "mean", "faint"]).slice(0, hidden() ? 1 : 3);
    history.draw(
      ...all,
      ...looks.flatMap((look, i) => {
        const y = bottom - 44 + 16 * i;
        return [
          svg(`path.line.${look}`, { d: `M${left + 8},${y}h20` }),
          svgText(left + 34, y + 4, words.lines[look], { class: "halo", "text-anchor": "start" }),
        ];
      }),
      svg("circle.ring", {
        cx: history.x(Math.log10(n)),
        cy: history.y(Math.log10(Math.max(last, 0.01))),
        r: 7,
        fill: ORANGE,
        "data-q": "now",
        "data-value": last,
      }),
    );
    return last;
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { draws, seed } = view.state;
    const q = proposal();
    const blocks = blocksOf(q);
    const right = softmax(logits());
    const classes = drawn(q, seed);
    const counts = names.map(() => 0);
    for (let i = 0; i < draws; i++) counts[classes[i]] += 1;
    const sums = counts.map((n, k) => n * blocks[k]);
    const total = sum(sums);
    const k = classes[draws - 1];
    const these = `${seed} ${q} ${blocks}`;
    const next = these === drawing && draws === there + 1 && !stillness();
    if (these !== drawing) air.replaceChildren();
    [drawing, there] = [these, draws];
    drawStrip(q, blocks);
    const parts = blocks.map((v) => v / total);
    drawBars(sharesOf(sums), parts, k, right, q, counts, next ? three(blocks[k]) : "");
    const off = words.off(draws, share(drawHistory(classes, blocks, right, draws)));
    history.describe(off);
    mineKey.hidden = mine !== 0 && mine !== 1;
    more.disabled = draws === MOST;
    const others = ["draws", "seed", "q", "hand", "correction"].some((key) =>
      view.changed.has(key)
    );
    if (turned >= 0 || others) about = turned;
    turned = -1;
    let text = words.last(draws, names[k], three(blocks[k]));
    if (!hidden() && (about >= 0 || draws >= MANY)) {
      if (hand() === "q") {
        const { from } = fanOf();
        if (from < first().from) best = Math.min(best, from); // the first isn't the reader's
        const numbers = about < 0 ? [] : [three(q[about]), three(blocks[about])];
        const tilt = about < 0 ? "" : words.tilt(names[about], numbers);
        const cost = words.cost(from) + words.best(best < from ? best : 0);
        text = tilt + (stuck && tilt ? words.stuck : cost);
      } else if (about >= 0) {
        const ends = [endsOf()[about], right[about]].map(share);
        text = words.block(names[about], [three(blocks[about]), ...ends]);
      } else text = off;
    }
    say(said, text);
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : text;
  };
});
