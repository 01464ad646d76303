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
  same,
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
import { generator } from "./kit/random.js";

const SLOWLY = 7000; // ms of a run
const MANY = 100; // draws from which on the sentence speaks of all of them
const THIN = 3; // px: blocks lower than this are not cut apart
const NEAR = 0.2; // of a share: so near to its mark a bar has to go
const OTHERS = range(20).map((i) => 51 + i); // seeds of runs that are shown beside this one
const LIMIT = 0.1; // of the mean error
const SMALL = 0.1; // marks below this are shown larger, too:
const LARGER = 10; // times
const TOP = 6; // mean blocks that the plot of areas is high
const FOOT = 0.3; // powers of ten that a handle stays above the axis
const [BLUE, ORANGE] = COLORS;

const WORDS = {
  en: {
    names: ["the", "of", "is", "loss", "logit"],
    lead: "Words are drawn from q. Each draw adds a block to its word’s bar. Slim bars: ×10.",
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
    watch: "Watch the run: where do the bars go?",
    where: (/** @type {string} */ name, /** @type {string} */ end) =>
      "With exp(z) per draw, each bar goes to q · exp(z) / sum = softmax(z + ln q): " +
      `“${name}” to ${end} with the figure’s first q.`,
    bars: "share of all blocks",
    ticked: "share of all blocks; ✓: goes near its mark",
    thin: "share of all blocks; thin lines: 20 other runs",
    drawn: "drawn",
    ends: "goes to",
    history: {
      one: "error: all that stands above softmax(z)",
      blocks: "error; thin lines: 20 other runs",
      q: "error; thin: 20 other runs; thick: mean (about)",
    },
    now: "about",
    before: "first q: about",
    hand: "Drag",
    hands: { blocks: "the blocks", q: "q" },
    strip: {
      blocks: "block: what a draw of the word adds",
      q: "q × block = area exp(z); dashed: mean block",
      best: "dashed: mean block; grey: your best q",
    },
    handle: {
      blocks: (/** @type {string} */ name) => `block of “${name}”`,
      q: (/** @type {string} */ name, /** @type {string} */ next) =>
        `edge between “${name}” and “${next}”`,
    },
    rows: { blocks: ["q", "block", "exp(z)"], q: ["q", "block", "mean error"] },
    ask: "Which of these q brings the mean error below 0.1 with the fewest draws?",
    proposals: ["all equal", "the figure’s first q", "softmax(z)"],
    scored: (/** @type {any[]} */ [name, right, equal, first, exact]) =>
      `${name}: ${right ? "yes" : "no"}. Mean error below 0.1 by about draw ${exact} ` +
      `(softmax(z)), ${equal} (all equal), ${first} (first q).`,
    other: "Other draws",
    back: "Your best q",
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
    highest: (
      /** @type {string[]} */ high,
      /** @type {string} */ block,
      /** @type {boolean} */ all,
    ) =>
      all ? `All blocks: about ${block}. ` : `Highest block: ${block} (“${high.join("”, “")}”). `,
    cost: (/** @type {number} */ from) =>
      from <= MOST
        ? `Mean error below 0.1 by about draw ${from}`
        : "Mean error not yet below 0.1 at draw 2000",
    best: (/** @type {number} */ best) => best ? `; best: about ${best}` : "",
    stuck: "This edge stops here: no q over 100 times another. ",
    settle: "drag the blocks until each bar goes to within a fifth of its mark, softmax(z).",
    settled:
      "Done: each block is within a fifth of the same multiple of exp(z) / q, so that q cancels.",
    next: " Next: press “q” beside “the blocks”.",
    save: (/** @type {number} */ exact) =>
      "a draw now adds exp(z) / q. Drag the edges until your q needs fewer draws than " +
      `softmax(z), about ${exact}, for a mean error below 0.1.`,
    saved: (/** @type {number[]} */ [exact, root, best]) =>
      `Done. softmax(z) needs every score and about ${exact} draws, its square root about ${root}` +
      (best ? `, your best q about ${best}.` : "."),
  },
};

const MOST = SPEC.traits.draws.max ?? 1;
// Every number at first, then in steps of a twentieth or so.
const STOPS = [...new Set([...range(132).map((i) => Math.round(10 ** (i / 40))), MOST])];
const COARSE = STOPS.filter((_, i) => i % 3 === 0 || i === STOPS.length - 1);

/** Uniform random numbers by seed, drawn once. @type {Record<number, number[]>} */
const numbers = {};
/** @param {number} seed */
const uniform = (seed) => numbers[seed] ??= range(MOST).map(generator(seed * 0x9e3779b9));

/** Classes that are drawn from q. @param {number[]} q @param {number} seed */
const drawn = (q, seed) =>
  uniform(seed).map((u) => {
    let k = 0;
    while (u >= q[k] && k < q.length - 1) u -= q[k++];
    return k;
  });

/** @param {number} value */
const three = (value) => String(Number(value.toPrecision(3)));

/** A share of any kind: the same number is said alike. @param {number} v */
const share = (v) =>
  v < 5e-4 ? "<0.001" : v > 0.9995 ? ">0.999" : v.toFixed(v < 0.0995 || v > 0.9905 ? 3 : 2);
/** @param {number} v */
const percent = (v) => `${(100 * v).toFixed(v < 0.0095 ? 1 : 0)} %`;

/** @param {number[]} weights */
const sharesOf = (weights) => {
  const total = sum(weights);
  return weights.map((w) => w / total);
};

/**
 * The error of a run after each of these numbers of draws: what would have to move.
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
    return sum(sharesOf(sums).map((v, k) => Math.abs(v - right[k]))) / 2;
  });
}

/**
 * The mean error over all runs, as far as it is known for many draws: a share is a quotient of
 * sums, of which the first order gives a normal distribution. The two other factors are the step to
 * few draws; they were found by comparing with runs, as a test does.
 * @param {number[]} q
 * @param {number[]} right
 */
function expected(q, right) {
  const parts = right.map((p, k) => p * p / q[k]);
  const all = sum(parts);
  const deviations = right.map((p, k) =>
    Math.sqrt(parts[k] * (1 - p) ** 2 + (all - parts[k]) * p * p)
  );
  /** @param {number} n */
  const mean = (n) =>
    sum(deviations.map((v, k) => v * (1 + 0.1 * Math.exp(-n * q[k])))) /
    Math.sqrt(2 * Math.PI * n) * (1 + 1.2 * (all - 1) / n);
  let [low, high] = [0, 16]; // powers of two
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (mean(2 ** middle) > LIMIT) low = middle;
    else high = middle;
  }
  const stops = STOPS.filter((n) => n >= 10 && n > 4 * (all - 1));
  return {
    stops,
    mean: stops.map(mean),
    from: Math.round(2 ** high),
    of: sharesOf(deviations),
  };
}

export default figure(WORDS, (view, words) => {
  const { names } = words;
  const columns = { x: /** @type {[number, number]} */ ([-0.5, names.length - 0.5]) };
  const margin = { left: 62, right: 8 };
  const bars = view.plot({
    ...columns,
    height: 200,
    y: [0, 1],
    xticks: names.map((name, k) => [k, name]),
    ylabel: words.bars,
    margin: { ...margin, bottom: 56 },
  });
  const strip = view.plot({
    ...columns,
    height: 232,
    y: [0, 1],
    margin: { ...margin, top: 14, bottom: 82 },
  });
  const air = svg("g"); // what flies stays there while bars are drawn
  bars.svg.append(air);
  const history = view.plot({
    height: 316,
    x: [0, Math.log10(MOST)],
    y: [-2, 0],
    xticks: [1, 10, 100, MOST].map((n) => [Math.log10(n), String(n)]),
    yticks: [[-2, "≤ 0.01"], [-1, "0.1"], [0, "1"]],
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

  /** Where the reader says the bars go, until something is dragged. @type {number | undefined} */
  let mine;
  let open = false; // whether they are still going there
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let stop = () => {};
  let running = false;
  let own = false; // whether a change is the run's
  const end = () => {
    running = open = false;
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
    stop = animate((SLOWLY * way) / Math.log(MOST), (share) => {
      const now = Math.round(Math.exp(from + share * way));
      if (share === 1) end();
      own = true;
      if (now !== view.get("draws") || share === 1) view.set({ draws: now });
      own = false;
    });
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
  const other = button(view, words.other, () => {
    halt();
    view.set({ seed: view.get("seed") % (SPEC.traits.seed.max ?? 1) + 1 });
  });

  /** What the sentence is about: this word, or all draws (-1). */
  let about = -1;
  let turned = -1; // the word that is being changed by hand
  let stuck = false; // whether it was to go on
  /** The reader's q with the fewest draws. @type {{ from: number, q: number[] } | undefined} */
  let best;
  let asked = false; // which q is best
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    halt();
    about = -1;
    best = mine = undefined;
    scored = "";
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
  const hidden = () => view.locked || open;
  const expectedOf = (q = proposal()) => expected(q, softmax(logits()));
  const kept = () => hand() !== "q" || !best || same(best.q, view.get("q")) ? undefined : best.q;
  /** The reader's fewest draws, if they are fewer than these. @param {number} from */
  const better = (from) => best && best.from < from ? best.from : 0;
  const exact = () => expectedOf(softmax(logits())).from;
  /** Whether it is open which q is best. */
  const asking = () => hand() === "q" && !asked && same(view.get("q"), view.first.q);
  const mean = () => sum(logits().map(Math.exp));
  /** @returns {[number, number]} powers of ten */
  const axis = () => {
    const z = logits().map((v) => v / Math.LN10);
    return [Math.min(...z) - 0.5, Math.max(...z) + 2.2];
  };
  /** Where the words' parts of the line from 0 to 1 end. @param {number[]} q */
  const edgesOf = (q) => q.map((_, k) => sum(q.slice(0, k + 1)));
  /** These shares within the limits of q. @param {number[]} parts */
  const fixed = (parts) => {
    const unit = Math.min(1, Math.min(...parts) / least);
    return parts.map((w) => clamp(Number((w / unit).toPrecision(4)), least, greatest));
  };
  /**
   * Bring the edge after word k to this place, or as near to it as the limits of q, which are those
   * of proportions, let it be: what the word gains, the next one loses.
   * @param {number} k
   * @param {number} place
   */
  function part(k, place) {
    begin();
    turned = k;
    const q = proposal();
    const ratio = greatest / least;
    const both = q[k] + q[k + 1];
    const others = q.filter((_, i) => i !== k && i !== k + 1);
    const low = Math.max(
      Math.max(...others) / ratio,
      both / (ratio + 1),
      both - ratio * Math.min(...others),
    );
    const wanted = place - sum(q.slice(0, k));
    const own = clamp(wanted, low, both - low);
    stuck = Math.abs(own - wanted) > 0.002;
    const parts = q.map((w, i) => i === k ? own : i === k + 1 ? both - own : w);
    const set = fixed(parts);
    const { from } = expectedOf(proposal(set));
    if (from < (best?.from ?? expectedOf(first()).from)) best = { from, q: set };
    view.set({ q: set });
  }
  /** @param {number[]} q */
  function jump(q) {
    begin();
    turned = 0;
    stuck = false;
    scored = "";
    view.set({ q });
  }
  /** What a drag has an end put to. */
  function begin() {
    halt();
    mine = undefined;
  }
  /** Bring the handle of word k to this height. @param {number} k @param {number} power of ten */
  function move(k, power) {
    begin();
    turned = k;
    const [low, high] = axis();
    const correction = [...view.get("correction")];
    const v = 10 ** clamp(power, low + FOOT, high);
    correction[k] = Number((logits()[k] - Math.log(v)).toFixed(3));
    view.set({ correction });
  }
  // By keys a handle is moved by a slider that isn't seen.
  const rows = names.map((name, k) =>
    dial(view, {
      label: words.handle.blocks(name),
      control: `height.${k}`,
      min: -3,
      max: 6,
      step: 0.02,
      show: (power) => three(10 ** power),
      read: () => Math.log10(blocksOf(proposal())[k]),
      write: (power) => move(k, power),
    })
  );
  const edges = names.slice(1).map((next, k) =>
    dial(view, {
      label: words.handle.q(names[k], next),
      control: `edge.${k}`,
      min: 0,
      max: 1,
      step: 0.005,
      show: three,
      read: () => edgesOf(proposal())[k],
      write: (place) => part(k, place),
    })
  );
  for (const row of [...rows, ...edges]) {
    put(row, { class: "slider keyed" });
    view.control(row);
    strip.box.append(row);
  }
  /** Each lower than the last, to leave them room. @param {number} k */
  const levelOf = (k) => mean() * TOP * (0.84 - 0.15 * k);
  let held = 0;
  strip.drag(([x, y], pressed) => {
    if (hand() === "blocks") {
      if (pressed) held = clamp(Math.round(x), 0, names.length - 1);
      move(held, y);
      return;
    }
    if (pressed) {
      const away = edgesOf(proposal()).slice(0, -1).map((edge, k) =>
        Math.hypot(strip.x(edge) - strip.x(x), strip.y(levelOf(k)) - strip.y(y))
      );
      held = away.indexOf(Math.min(...away));
    }
    part(held, x);
  });
  const hands = radios(view, "hand", {
    label: words.hand,
    options: Object.entries(words.hands),
    write: (hand) => {
      begin();
      turned = hand === "q" ? 0 : -1;
      stuck = false;
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
        open = true;
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
  const first = () => proposal(view.first.q);
  /**
   * A goal while this is set by hand; what it says stands where its task stood.
   * @param {"blocks" | "q"} what
   * @param {string} text
   * @param {() => boolean} reached
   * @param {() => string} says
   * @param {string} longest of what it says
   */
  const task = (what, text, reached, says, longest) => {
    const node = goal(view, {
      text: "",
      reached: () => !hidden() && hand() === what && reached(),
      says,
    });
    node.lastChild?.before(html("span.task", text));
    return put(node, { "data-long": longest });
  };
  /** What the second guess was worth, until something changes. */
  let scored = "";
  const question = html("p", html("b", view.words.guessFirst), ` ${words.ask}`);
  /** Each answers the question; then it sets q. */
  const trials = words.proposals.map((name, place) =>
    button(view, name, () => {
      if (!asking()) return jump(proposals()[place]);
      begin();
      asked = true;
      const costs = proposals().map((q) => expectedOf(proposal(q)).from);
      scored = words.scored([name, costs[place] === Math.min(...costs), ...costs]);
      view.refresh();
    })
  );
  /** @returns {number[][]} */
  const proposals = () => [names.map(() => 1), view.first.q, fixed(softmax(logits()))];
  const skip = button(view, view.words.skip, () => {
    asked = true;
    view.refresh();
  });
  skip.classList.add("skip");
  const row = html("div.row", ...trials, skip);
  view.control(row);
  const aims = html(
    "div.aims",
    task(
      "blocks",
      words.settle,
      () => {
        const right = softmax(logits());
        return endsOf().every((end, k) => near(end, right[k]));
      },
      () => words.settled + (same(view.get("q"), view.first.q) ? words.next : ""),
      words.settled + words.next,
    ),
    question,
    task(
      "q",
      words.save(exact()),
      () => expectedOf().from < exact(),
      () => {
        const root = expectedOf(sharesOf(softmax(logits()).map(Math.sqrt))).from;
        return words.saved([exact(), root, better(exact())]);
      },
      words.saved([100, 100, 100]),
    ),
    row,
  );
  view.bind(aims, () => {
    const place = hand() === "blocks" ? 0 : asking() ? 1 : 2;
    put(aims, { class: ["aims", "aims asks", "aims plays"][place] });
    [...aims.children].forEach((node, i) => node.classList.toggle("away", i < 3 && i !== place));
    row.classList.toggle("away", place === 0);
    skip.classList.toggle("away", skip.disabled = place !== 1);
    trials.forEach((node, i) => {
      node.disabled = place === 0;
      node.classList.toggle("chip", place === 2);
      const pressed = same(view.get("q"), proposals()[i]);
      put(node, { "aria-pressed": place === 2 ? String(pressed) : null });
    });
  });
  const controls = html(
    "div.row",
    more,
    runner,
    other,
    slider(view, "draws", {
      label: words.draws,
      step: 1,
      show: String,
      to: (n) => STOPS.filter((stop) => stop <= n).length - 1,
      from: (position) => STOPS[position],
    }),
  );
  view.control(controls);
  const back = button(view, words.back, () => best && jump(best.q));
  const room = words.scored([words.proposals[1], false, 100, 100, 100]);
  view.add(
    html(
      "div.side",
      html("div.stack", legend, bars.node, controls, html("div.row", hands, back), strip.node),
      html(
        "div.stack.words",
        aims,
        html("p.say", { "data-room": room }, said),
        history.node,
      ),
    ),
  );
  view.control(back);

  /** The draws of the other runs, and from which q. @type {number[][]} */
  let others = [];
  let known = "";
  let [drawing, there] = ["", 0]; // the draws that were shown, and how many
  /**
   * A block flies from its word's handle to its place, as large as it is there.
   * @param {{ x: number, y: number, width: number, height: number }} place
   * @param {[number, number]} from where its block is in the lower plot
   * @param {string} block
   */
  function fly({ x, y, width, height }, [side, from], block) {
    const [high, low] = [bars, strip].map((plot) => plot.svg.getBoundingClientRect().top);
    const node = svg(
      "g.flies",
      { style: `--side: ${side - x - width / 2}px; --from: ${low - high + from - y}px` },
      svg("rect", { x, y, width, height: Math.max(height, THIN), fill: BLUE }),
      svgText(x - 4, y + height / 2 + 4, `+${block}`, { class: "halo", "text-anchor": "end" }),
    );
    node.addEventListener("animationend", ({ target }) => {
      if (target === node) node.remove(); // the animation of its number ends before
    });
    air.replaceChildren(node);
  }

  /**
   * @param {number[]} shares
   * @param {number[]} parts the share of one draw of each word
   * @param {number} last the word that came last
   * @param {number[]} right
   * @param {number[]} q
   * @param {number[]} counts
   * @param {[number, number][]} tops where the blocks are in the lower plot
   * @param {string} flying what the last draw added, if it is the only new one
   */
  function drawBars(shares, parts, last, right, q, counts, tops, flying) {
    const width = 0.5 * (bars.x(1) - bars.x(0));
    const { top, bottom } = bars.area;
    const outlined = parts[last] * (bottom - top) >= THIN && !running;
    lastKey.hidden = !outlined;
    const ends = endsOf();
    const few = hidden() || hand() === "blocks" ? [] : others.map((run) => {
      const tally = names.map(() => 0);
      for (const word of run.slice(0, view.get("draws"))) tally[word] += parts[word];
      return sharesOf(tally);
    });
    bars.scale({ ylabel: words[hidden() ? "bars" : hand() === "q" ? "thin" : "ticked"] });
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
        if (flies) fly({ x, y, width, height: part }, tops[k], flying);
        /** @param {string} look @param {number} height @param {number} over */
        const line = (look, height, over) =>
          svg(look, { d: `M${x - over},${bars.y(height)}h${width + 2 * over}` });
        const there = !hidden() && hand() === "blocks" && near(ends[k], right[k]);
        const marked = mine === 0 || mine === 1;
        const [side, slim] = [x + 0.3 * width, 0.4 * width];
        const [large, mark] = [shares[k], right[k]].map((v) => bars.y(Math.min(1, LARGER * v)));
        /** @param {string} look @param {number} foot */
        const tall = (look, foot) =>
          svg(look, { x: side, y: large, width: slim, height: Math.max(0, foot - large) });
        const larger = right[k] >= SMALL ? [] : [
          tall("rect.larger", bottom),
          tall("rect.larger.above", mark),
          svg("path.truth", { d: `M${side - 3},${mark}h${slim + 6}` }),
          svgText(side + slim + 5, mark + 4, `×${LARGER}`, { "text-anchor": "start" }),
        ];
        return [
          put(bar, { "data-q": `share ${k}`, "data-value": shares[k] }),
          over > 0 ? svg("rect.over", { x, y, width, height: over }) : "",
          svg("path.cuts", { d: cuts.map((cut) => `M${x},${cut}h${width}`).join("") }),
          k === last && outlined ? svg("rect.latest", latest) : "",
          flies ? svg("rect.awaits", { x: x - 1, y: y - 1, width: width + 2, height: part }) : "",
          ...larger,
          svg("path.line.faint.runs", {
            d: few.map((run) => `M${x - 6},${bars.y(run[k])}h${0.3 * width + 3}`).join(""),
          }),
          line("path.truth", right[k], 10),
          marked ? line("path.mine", mine ? q[k] : right[k], 14) : "",
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
    svgText(bars.x(k), plot.area.bottom + 34 + 16 * row, text, { class: "soft" });
  /** @param {import("./kit/plot.js").Plot} plot @param {number} row @param {string} text */
  const titled = (plot, row, text) => put(cell(plot, 0, row, text), { x: plot.area.left / 2 - 2 });

  /** What is set by hand. @param {number[]} q @param {number[]} blocks */
  function drawStrip(q, blocks) {
    const label = words.strip[hand()];
    const { nodes, grips, tops } = hand() === "q" ? drawAreas(q, blocks) : drawBlocks(blocks);
    const last = hand() === "q" ? expectedOf(q).of.map(percent) : logits().map(Math.exp).map(three);
    const shown = [q.map(three), blocks.map(three), last];
    const row = hand() === "q" ? 0.625 : 0; // below the leaders
    strip.draw(
      ...nodes,
      ...words.rows[hand()].map((name, i) => titled(strip, i + row, name)),
      ...names.flatMap((name, k) => [
        put(cell(strip, k, row - 1, name), { class: null }),
        ...shown.map((numbers, i) => {
          const text = numbers[k];
          return put(cell(strip, k, i + row, text), squeezed(text, bars.x(1) - bars.x(0) - 4));
        }),
      ]),
    );
    strip.handles(grips);
    [rows, edges].forEach((group, i) =>
      group.forEach((node, k) => {
        node.hidden = (hand() === "q") !== (i === 1);
        const input = /** @type {HTMLInputElement} */ (node.querySelector("input"));
        input.disabled = node.hidden;
        if (node.hidden) return;
        const { x, y } = grips[k];
        node.style.cssText = `left: ${strip.x(x)}px; top: ${strip.y(y)}px`;
        const name = i ? words.handle.q(names[k], names[k + 1]) : words.handle.blocks(names[k]);
        put(input, { "aria-label": name });
      })
    );
    const spoken = hand() === "q"
      ? q.map((v, k) => `${three(v)} × ${three(blocks[k])}`)
      : blocks.map(three);
    strip.describe(`${label}: ` + names.map((name, k) => `${name} ${spoken[k]}`).join("; "));
    return tops;
  }

  /**
   * @typedef {{ nodes: (Node | string)[], grips: import("./kit/plot.js").Handle[],
   *   tops: [number, number][] }} Drawn with the middle of each block's upper edge
   */
  /** @param {number[]} blocks @returns {Drawn} */
  function drawBlocks(blocks) {
    const [low, high] = axis();
    const powers = range(12).map((i) => i - 4).filter((power) => low <= power && power <= high);
    const ys = blocks.map(Math.log10);
    strip.scale({
      x: columns.x,
      y: [low, high],
      xticks: [],
      yticks: powers.map((power) => [power, String(Number((10 ** power).toPrecision(1)))]),
      ylabel: words.strip.blocks,
    });
    const width = 0.4 * (strip.x(1) - strip.x(0));
    return {
      nodes: ys.map((height, k) => {
        const [x, y] = [strip.x(k) - width / 2, strip.y(height)];
        const look = { x, y, width, height: strip.area.bottom - y };
        return put(svg("rect.set", look), { "data-q": `height ${k}`, "data-value": blocks[k] });
      }),
      grips: ys.map((y, x) => ({ x, y, color: BLUE, way: "up" })),
      tops: ys.map((y, k) => [strip.x(k), strip.y(y)]),
    };
  }

  /**
   * The line from 0 to 1, of which each word has its q, and on each part the word's block.
   * @param {number[]} q
   * @param {number[]} blocks
   * @returns {Drawn}
   */
  function drawAreas(q, blocks) {
    const ends = edgesOf(q);
    const high = TOP * mean();
    const theirs = kept();
    strip.scale({
      x: [0, 1],
      y: [0, high],
      xticks: [],
      yticks: [0, [mean(), three(mean())], [high, three(high)]],
      ylabel: words.strip[theirs ? "best" : "q"],
    });
    const { left, right, bottom } = strip.area;
    const [floor, ceiling] = [strip.y(0), strip.y(high)];
    /** @param {number[]} q */
    const outline = (q) =>
      edgesOf(q).map((end, k) => {
        const y = strip.y(Math.min(high, Math.exp(logits()[k]) / q[k]));
        return `${k ? "V" : `M${left},`}${y}H${strip.x(end)}`;
      }).join("");
    const middles = ends.map((end, k) => strip.x(end - q[k] / 2));
    const tops = blocks.map((v) => strip.y(Math.min(v, high)));
    return {
      nodes: [
        ...blocks.flatMap((v, k) => {
          const x = strip.x(ends[k] - q[k]);
          const width = strip.x(ends[k]) - x;
          const look = { x, y: tops[k], width, height: floor - tops[k] };
          const middle = clamp(middles[k], left + 24, right - 20);
          const beyond = v > high && v === Math.max(...blocks) ? `↑ ${three(v)}` : "";
          return [
            put(svg("rect.set", look), { "data-q": `height ${k}`, "data-value": v }),
            svgText(middle, ceiling + 10, beyond, { class: "halo" }),
            svg("path.leader", {
              d: `M${middles[k]},${bottom + 2}L${bars.x(k)},${bottom + 15}`,
            }),
          ];
        }),
        theirs ? svg("path.line.before", { d: outline(proposal(theirs)) }) : "",
        svg("path.level", { d: `M${left},${strip.y(mean())}H${right}` }),
        svg("path.guides", {
          d: ends.slice(0, -1).map((end, k) => `M${strip.x(end)},${floor}V${strip.y(levelOf(k))}`)
            .join(""),
        }),
      ],
      grips: ends.slice(0, -1).map((x, k) => ({
        x,
        y: levelOf(k),
        color: "var(--cu-grey)",
        way: "across",
      })),
      tops: tops.map((y, k) => [middles[k], y]),
    };
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
    history.scale({ ylabel: words.history[hidden() ? "one" : asking() ? "blocks" : hand()] });
    const { left, right: edge } = history.area;
    const level = history.y(Math.log10(LIMIT));
    /** The number of the left dot stands to its left. @param {number} side */
    const mark = (/** @type {number} */ from, /** @type {string} */ text, look = "", side = 1) => {
      if (from > MOST) return [];
      const x = history.x(Math.log10(from));
      const room = 6.5 * text.length;
      const [place, anchor] = side > 0
        ? [Math.min(x + 8, edge - room), "start"]
        : [Math.max(x - 8, left + room), "end"];
      return [
        svg(`circle.dot${look}`, {
          cx: x,
          cy: level,
          r: 5,
          "data-q": look ? null : "from",
          "data-value": from,
        }),
        svgText(place, level + 5 - 11 * side, text, {
          class: look ? "halo soft" : "halo",
          "text-anchor": anchor,
        }),
      ];
    };
    /** @type {Node[]} */
    const marks = [];
    const all = [svg("path.line.now", { d: way(stops, errors) })];
    if (!hidden()) {
      const faint = others.map((run) => way(COARSE, errorsOf(run, blocks, right, COARSE)));
      all.unshift(svg("path.line.faint", { d: faint.join("") }));
      if (hand() === "q") all.push(svg("path.limit", { d: `M${left},${level}H${edge}` }));
      if (hand() === "q" && !asking()) {
        const [now, before] = [expectedOf(), expectedOf(first())];
        all.push(svg("path.line.mean", { d: way(now.stops, now.mean) }));
        if (before.from !== now.from) {
          const side = now.from < before.from ? 1 : -1;
          all.unshift(svg("path.line.before", { d: way(before.stops, before.mean) }));
          marks.push(...mark(before.from, `${words.before} ${before.from}`, ".before", side));
          marks.push(...mark(now.from, `${words.now} ${now.from}`, "", -side));
        } else marks.push(...mark(now.from, `${words.now} ${now.from}`));
      }
    }
    history.draw(
      ...all,
      svg("circle.ring", {
        cx: history.x(Math.log10(n)),
        cy: history.y(Math.log10(Math.max(last, 0.01))),
        r: 7,
        fill: ORANGE,
        "data-q": "now",
        "data-value": last,
      }),
      ...marks, // above the ring
    );
    return last;
  }

  return () => {
    if (running && !own && view.changed.size) halt();
    const { draws, seed } = view.state;
    const q = proposal();
    if (String(q) !== known) others = OTHERS.map((one) => drawn(q, one));
    known = String(q);
    const blocks = blocksOf(q);
    const right = softmax(logits());
    const classes = drawn(q, seed);
    const counts = names.map(() => 0);
    for (let i = 0; i < draws; i++) counts[classes[i]] += 1;
    const sums = counts.map((n, k) => n * blocks[k]);
    const total = sum(sums);
    const k = classes[draws - 1];
    const these = `${seed} ${q} ${blocks}`;
    const next = these === drawing && draws === there + 1 && !running && !stillness();
    if (these !== drawing) air.replaceChildren();
    [drawing, there] = [these, draws];
    const tops = drawStrip(q, blocks);
    back.disabled = !kept();
    back.classList.toggle("away", back.disabled);
    const parts = blocks.map((v) => v / total);
    drawBars(sharesOf(sums), parts, k, right, q, counts, tops, next ? three(blocks[k]) : "");
    const off = words.off(draws, share(drawHistory(classes, blocks, right, draws)));
    history.describe(off);
    mineKey.hidden = mine !== 0 && mine !== 1;
    more.disabled = draws === MOST;
    const changed = ["draws", "seed", "q", "hand", "correction"].some((key) =>
      view.changed.has(key)
    );
    if (turned >= 0 || changed) about = turned;
    if (about < 0) stuck = false;
    turned = -1;
    let text = words.last(draws, names[k], three(blocks[k]));
    if (!hidden() && (about >= 0 || draws >= MANY)) {
      if (hand() === "q") {
        const { from } = expectedOf();
        const top = Math.max(...blocks);
        const high = names.filter((_, i) => blocks[i] > 0.995 * top);
        text = stuck ? words.stuck : words.highest(high, three(top), high.length === names.length);
        if (!asking()) text += words.cost(from) + words.best(stuck ? 0 : better(from)) + ".";
      } else if (about >= 0) {
        const ends = [endsOf()[about], right[about]].map(share);
        text = words.block(names[about], [three(blocks[about]), ...ends]);
      } else text = off;
    }
    if (view.changed.has("seed")) text = off;
    if (changed) scored = "";
    text = scored || text.trim();
    say(said, text);
    runner.textContent = running ? words.stop : words.run;
    return running ? "" : text;
  };
});
