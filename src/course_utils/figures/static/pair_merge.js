import {
  animate,
  button,
  checkbox,
  clamp,
  COLORS,
  entrySlider,
  figure,
  fmt,
  four,
  glide,
  goal,
  guessFirst,
  html,
  logsumexp,
  minus,
  put,
  quantity,
  radios,
  range,
  say,
  SPEC,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  textWidth,
  tries,
} from "./kit.js";
import { expRange, FORMATS, roundTo } from "./kit/floats.js";

/** @import { Format } from "./kit/floats.js" */

const SHARDS = "ABCDEFGH";
const TINTS = [0, 2, 3, 4, 5, 1, 6, 7];
const INK = "var(--cu-ink)"; // there are seven colours
const FILLS = [...COLORS, INK];
const LETTERS = [...TEXT_COLORS, INK];
/** @type {number[]} */
const BELOW = SPEC.constants.below ?? [];
const EIGHT = [100, 98, 99, 97, 95, 100, 96, 94];
const ALL = 34; // px of the row below the lanes
const THICK = 22; // px, at most
const TEXT = 18; // px of the words above a bar, and of those below it
const PLAIN = 48; // px of the plain sum, below the strip
const STRIP = 128 + PLAIN; // px of the end of the bar, magnified, and of the plain sum
const STEPS = 2; // of the format, that the strip shows on each side
const SPAN = 20; // scores that a slider covers
const BEAT = 550; // ms of a round that is shown
const TREES = 15; // of the 18 orders of four; the others differ only in what is merged first

const WORDS = {
  en: {
    lead: "Each process holds a shard of two scores z: m is the larger, a bar's parts are " +
      "exp(z − m), t is their sum. To merge, one sends m and t to another: the t with the lower " +
      "m is multiplied by exp(lower m − higher m), then they add up.",
    question: "exp(100) is inf in float32. Merge these four in two different orders: what can " +
      "differ?",
    answers: ["the log-sum-exp", "the last digits", "one may overflow"],
    yours: "See for yourself. Drag B onto A, then merge the rest; take them apart, and merge in " +
      "another order.",
    verdicts: [
      "No, with these scores: at most its last digits, or those of t alone. Each merge rounds, " +
      "and another order rounds other sums.",
      "Yes, those of t, and sometimes of the log-sum-exp: each merge rounds. Of the 15 orders of " +
      "four shards one ends elsewhere in float32, with the scores of the start.",
      "No: each exponent, a score minus a maximum, is at most 0. At most the last digits differ.",
    ],
    scores: (/** @type {boolean} */ open) => `scores z${open ? ": slide" : ""}`,
    sums: (/** @type {boolean} */ open) => `t${open ? ": drag onto another" : ""}`,
    shard: (/** @type {string} */ name) => name,
    pair: (/** @type {string} */ top, /** @type {string} */ total) => `m ${top}, t ${total}`,
    gone: (/** @type {string} */ name, /** @type {string} */ into) => `${name} is in ${into}`,
    was: (/** @type {string} */ name, /** @type {string} */ pair) => `${name}: ${pair}`,
    times: (
      /** @type {string} */ total,
      /** @type {string} */ factor,
      /** @type {string} */ term,
    ) => `${total} × ${factor} = ${term}`,
    unscaled: (/** @type {string} */ name) => `${name} as it is`,
    /** @type {(top: string, total: string) => string[]} */
    once: (top, total) => [`all at once, exact: m ${top}, t ${total}`, `exact: t ${total}`],
    exact: "exact",
    plain: (
      /** @type {string} */ total,
    ) => [`plain sum of exp(z): ${total}`, `plain sum: ${total}`],
    inf: "inf",
    /** @type {(format: string, top: string) => string[]} */
    limit: (format, top) => [`largest ${format}, exp(${top})`, `exp(${top})`],
    graph: (/** @type {string} */ list) => `Bars of t. ${list}`,
    apart: "Take apart",
    all: "All 15 orders",
    shards: (/** @type {number} */ count) => `${count} shards`,
    forget: "forget the factor",
    format: "format",
    rounds: (/** @type {number} */ count) => `messages: ${count} round${count === 1 ? "" : "s"}`,
    messages: (/** @type {string} */ list) => `Messages between processes. ${list}`,
    message: (
      /** @type {number} */ round,
      /** @type {string} */ from,
      /** @type {string} */ to,
    ) => `Round ${round}: ${from} to ${to}`,
    /** @type {(count: number, of: number | undefined) => string} */
    seen: (count, of) => `orders seen: ${count}${of ? ` of ${of}` : ""}`,
    /** @type {(totals: string[], right: boolean) => string} */
    beyond: (totals, right) => `${right ? "" : "← "}t ${totals.join(" to ")}${right ? " →" : ""}`,
    /** What the numbers at the lines begin with, unless they stand in full. */
    numbers: (/** @type {string} */ start, /** @type {string} */ format) =>
      `t${start && ` = ${start}…`} in ${format}`,
    goals: [
      "merge all in the fewest rounds, by hand.",
      "find two orders that end at different numbers, by hand, in a format of your choice.",
      "set the scores so that forgetting the factor costs nothing.",
    ],
    fewest: (/** @type {number} */ count, /** @type {number} */ rounds) =>
      `${count} shards take ${rounds} rounds; one after the other, ${count - 1}. ` +
      (count < SHARDS.length ? "How many do 8 take?" : "1024 take ten, against 1023."),
    reached: [
      "Each merge rounds. Without rounding all orders would end at the same number.",
      "With one m for all there is nothing to bring to a common maximum.",
    ],
    start: (/** @type {string[]} */ tops) => `m is ${tops.join(", ")}.`,
    drag: " Drag a bar onto another, or choose two names.",
    picked: (/** @type {string} */ name) => `${name} is chosen. With which one?`,
    shrinks: (/** @type {string} */ name, /** @type {string} */ gap, /** @type {string} */ f) =>
      `${name} is multiplied by exp(${gap}) = ${f}`,
    rounded: (/** @type {string} */ format) => ` in ${format}`,
    tiny: (/** @type {string} */ format, /** @type {string} */ factor) =>
      ` in ${format}, for which ${factor} is too small`,
    even: "Both have the same m, neither is multiplied",
    kept: "The factor is forgotten",
    adds: (
      /** @type {string} */ a,
      /** @type {string} */ b,
      /** @type {string} */ total,
    ) => `: ${a} + ${b} = ${total}. `,
    should: (/** @type {string} */ total) => `It should be ${total}.`,
    result: (/** @type {string} */ total, /** @type {string} */ value) =>
      `All merged: t = ${total}, log-sum-exp ${value}`,
    every: (/** @type {string} */ format, /** @type {string} */ step) =>
      `, where ${format} has steps of ${step}`,
    /** @type {(names: string[], total: string) => string} */
    elsewhere: (names, total) =>
      ` ${names.length > 1 ? `${names.length} orders` : names[0]} ended at t = ${total}.`,
    lost: (/** @type {string} */ total, /** @type {string} */ right) =>
      `All merged: t = ${total} instead of ${right}. For which scores would it be right?`,
    luck: "All m are the same: each factor is exp(0) = 1, and forgetting it costs nothing.",
    wider: " Try float16, whose steps are wider.",
    burst: " The plain sum is inf.",
    zero: " The plain sum is 0.",
    off: (/** @type {string} */ error) => ` The plain way is off by ${error}.`,
    fine: " The plain sum works here, too.",
    tries: [
      {
        label: "one by one",
        set: { order: 1, stage: 3 },
        says: "One running pair takes up a shard at a time, in three rounds: the one-pass softmax.",
      },
      {
        label: "two by two",
        set: { order: 0, stage: 3 },
        says: "Four shards need two rounds this way, not three.",
      },
      {
        label: "8 one by one",
        set: { tops: EIGHT, order: 14281, stage: 7 },
        says: "Seven rounds, and in each one all but two processes wait.",
      },
      {
        label: "8 two by two",
        set: { tops: EIGHT, order: 0, stage: 7 },
        says:
          "Three rounds for the same seven messages: those of a round don't wait for each other.",
      },
      {
        label: "forgotten factor",
        set: { order: 1, stage: 3, forget: true },
        says:
          "B, C and D count as if their m were 100, too: t is more than twice what it should be.",
      },
      {
        label: "bfloat16",
        set: { dtype: "bfloat16", order: 2, stage: 3 },
        says: "The same scores with eight significant bits, instead of 24: the steps are 65 536 " +
          "times as wide.",
      },
      {
        label: "far below 0",
        set: { tops: [-110, -112, -111, -113], order: 0, stage: 3 },
        says: "Other scores: every exp(z) becomes 0, and ln 0 is −inf. The pairs are as good as " +
          "before.",
      },
    ],
  },
};

/**
 * A shard, or what came out of a merge.
 * @typedef {object} Knot
 * @property {string} name "(AB)C"
 * @property {number} top largest score
 * @property {number} total sum of exponentials relative to it
 * @property {number} plain sum of exponentials
 * @property {number[]} parts the two that were merged
 * @property {number[]} factors by which their totals were multiplied
 * @property {number} level 0 for a shard
 * @property {number[]} leaves the shards, in the order in which they stand
 */
/**
 * A bar on its way to another.
 * @typedef {object} Flight
 * @property {number} mover which knot
 * @property {number | undefined} aim the knot it is brought to
 * @property {number} share how far the one with the lower m has shrunk, from 0 to 1
 * @property {number} x of its left end, in pixels
 * @property {number} y of its lane's upper edge
 */

/** @param {number[]} list @returns {[number, number][]} */
const pairsOf = (list) => list.flatMap((a, i) => list.slice(i + 1).map((b) => pair(a, b)));

/** @param {number} a @param {number} b @returns {[number, number]} */
const pair = (a, b) => [a, b];

/** How many pairs the merges of so many shards choose from, one after the other. */
const amongOf = (/** @type {number} */ count) =>
  range(count - 1).map((done) => (count - done) * (count - done - 1) / 2);

/** The pairs that an order takes, as pair_merge.py numbers them. */
function numbersOf(/** @type {number} */ order, /** @type {number} */ count) {
  let rest = order;
  return amongOf(count).reverse().map((among) => {
    const number = rest % among;
    rest = Math.floor(rest / among);
    return number;
  }).reverse();
}

/** What an order merges. @param {number} order @param {number} count of shards */
function mergesOf(order, count) {
  let left = range(count);
  return numbersOf(order, count).map((number, done) => {
    const two = pairsOf(left)[number];
    left = [...left.filter((k) => !two.includes(k)), count + done];
    return two;
  });
}

/**
 * The shards, and the first `stage` merges of an order, each step rounded to the format.
 * @param {import("./kit/view.js").State} state
 */
function build({ tops, dtype, order, stage, forget }) {
  const r = (/** @type {number} */ x) => roundTo(dtype, x);
  const exp = (/** @type {number} */ x) => r(Math.exp(x));
  /** @type {Knot[]} */
  const knots = tops.map((/** @type {number} */ top, /** @type {number} */ k) => ({
    name: SHARDS[k],
    top: r(top),
    total: r(1 + exp(r(r(top + BELOW[k]) - r(top)))),
    plain: r(exp(r(top)) + exp(r(top + BELOW[k]))),
    parts: [],
    factors: [],
    level: 0,
    leaves: [k],
  }));
  for (const two of mergesOf(order, tops.length).slice(0, stage)) {
    const parts = two.sort((i, j) => knots[i].leaves[0] - knots[j].leaves[0]);
    const [a, b] = parts.map((k) => knots[k]);
    const top = Math.max(a.top, b.top);
    const factors = [a, b].map((one) => (forget ? 1 : exp(r(one.top - top))));
    knots.push({
      name: [a, b].map(({ name, level }) => (level ? `(${name})` : name)).join(""),
      top,
      total: r(r(a.total * factors[0]) + r(b.total * factors[1])),
      plain: r(a.plain + b.plain),
      parts,
      factors,
      level: 1 + Math.max(a.level, b.level),
      leaves: [...a.leaves, ...b.leaves],
    });
  }
  return knots;
}

/** @param {Knot[]} knots */
function leftOf(knots) {
  const used = new Set(knots.flatMap(({ parts }) => parts));
  return range(knots.length).filter((k) => !used.has(k));
}

/** Whether all shards have one m, as the format has it. @param {Knot[]} knots */
const alike = (knots) =>
  new Set(knots.filter(({ level }) => !level).map(({ top }) => top)).size === 1;

/** The letters of a knot, without brackets. @param {Knot} knot */
const letters = ({ leaves }) => [...leaves].sort().map((k) => SHARDS[k]).join("");

/** The roundoff of a format. @param {Format} dtype */
const unitOf = (dtype) => 2 ** -FORMATS[dtype][0];

/** The distance of neighbours in a format. @param {Format} dtype @param {number} value */
const stepOf = (dtype, value) => 2 * unitOf(dtype) * 2 ** Math.floor(Math.log2(value));

/** A number with four digits, in at most eight characters. @param {number} value */
function short(value) {
  if (!Number.isFinite(value) || value === 0) return fmt(value, 0);
  const size = Math.abs(value);
  if (size < 1e-2 || size >= 1e5) return minus(value.toExponential(1).replace("e+", "e"));
  return four(value);
}

/** How many characters the texts begin with alike. @param {string[]} texts */
const shared = ([first, ...rest]) =>
  range(first.length).findIndex((i) => rest.some((text) => text[i] !== first[i]));

/** The lowest score of the sliders' window: it stays while the largest score is in it. */
const floorOf = (/** @type {number} */ top) => SPAN * Math.ceil((top - 4) / SPAN - 1) + 4;

export default figure(WORDS, (view, words) => {
  /** The knot that was chosen to be merged. @type {number | undefined} */
  let picked;
  /** How many merges in a row the reader has chosen, from none on. */
  let chosen = 0;
  /** The trees that have been seen, with the number of an order. @type {Map<string, number>} */
  const seen = new Map();
  /** Orders that the reader has merged. @type {Set<number>} */
  const made = new Set();
  /** The lanes onto which knots were dropped. @type {Record<number, number>} */
  let homes = {};
  let known = 0; // how many shards those orders have
  let byHand = false; // a merge that the reader makes, not one that is shown
  /** @type {Flight | undefined} */
  let flight;
  let stop = () => {};
  view.closers.push(() => stop());
  const count = () => view.get("tops").length;
  const plot = view.plot({
    height: count() * 54 + ALL + STRIP,
    x: [0, 1],
    y: [0, 1],
    xticks: [],
    yticks: [],
    margin: { left: 4, top: 0, right: 4, bottom: STRIP },
  });
  const said = html("p.say");
  const columns = svg("svg", { role: "img" });
  const rounds = html("span.axis");
  const orders = html("span.axis");
  /** What is still to be told to the guess. @type {() => void} */
  let tell = () => {};
  let most = 0; // shards that the reader has merged in the fewest rounds
  const limits = SPEC.traits.tops;
  /** @type {HTMLElement[]} */
  const dials = [];
  const picks = range(SHARDS.length).map((lane) => {
    const node = button(view, "", () => pick(knotIn(lane)));
    node.classList.add("pick");
    return node;
  });
  const apart = button(view, words.apart, () => view.set({ stage: 0 }));
  const all = button(view, words.all, () => {
    range(18).forEach((order) => seen.set(whole(order).name, order));
    view.refresh();
  });
  const shards = button(view, "", () => {
    view.set({ tops: count() === 4 ? EIGHT : view.first.tops, order: 0, stage: 0 });
  });

  const now = (changes = {}) => build({ ...view.state, ...changes });
  /** What all merged are. @param {number} order */
  const whole = (order) => now({ order, stage: count() - 1 })[2 * count() - 2];
  /** The sum that all merged end at. @param {number} order */
  const endOf = (order) => whole(order).total;
  /** The lane where a knot lies. @param {Knot[]} knots @param {number} k @returns {number} */
  const home = (knots, k) => {
    const { parts } = knots[k];
    if (!parts.length) return k;
    const both = parts.map((part) => home(knots, part));
    return both.includes(homes[k]) ? homes[k] : Math.min(...both);
  };
  /** The knot that lies in a lane and is still to be merged. @param {number} lane */
  function knotIn(lane) {
    const knots = now();
    return leftOf(knots).find((k) => home(knots, k) === lane);
  }

  /**
   * @param {number} a
   * @param {number} b onto which it is brought
   */
  function merge(a, b) {
    const { order, stage } = view.state;
    const knots = now();
    const two = pairsOf(leftOf(knots)).findIndex((one) => one.includes(a) && one.includes(b));
    const numbers = numbersOf(order, count()).map((number, i) =>
      i < stage ? number : i === stage ? two : 0
    );
    const among = amongOf(count());
    const before = stage ? chosen : 0;
    homes[count() + stage] = home(knots, b);
    byHand = true;
    view.set({
      order: numbers.reduce((sum, number, i) => sum * among[i] + number, 0),
      stage: stage + 1,
    });
    byHand = false;
    chosen = before + 1;
    if (stage === count() - 2) made.add(view.get("order"));
    view.refresh();
  }
  /** Choose a bar, or give it up, or merge it with the one chosen before. */
  function pick(/** @type {number | undefined} */ k) {
    view.touched = true;
    if (k === undefined || leftOf(now()).length === 1) return;
    if (picked !== undefined && picked !== k) return merge(picked, k);
    picked = picked === k ? undefined : k;
    view.refresh();
  }

  const laneHeight = () => (plot.area.bottom - ALL) / count();

  /** Where the pointer is, in pixels of the plot. @param {PointerEvent} event */
  function at(event) {
    const box = plot.svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
  /** What is dragged, and from where. @type {{ k: number, x: number, y: number } | undefined} */
  let held;
  plot.svg.addEventListener("pointerdown", (event) => {
    const bar = /** @type {Element} */ (event.target).closest(".open");
    if (!bar || event.button || view.locked) return;
    event.preventDefault();
    plot.svg.setPointerCapture(event.pointerId);
    stop();
    flight = undefined;
    held = { k: Number(bar.getAttribute("data-knot")), ...at(event) };
  });
  plot.svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    const { x, y } = at(event);
    if (!flight && Math.hypot(x - held.x, y - held.y) < 5) return;
    view.touched = true;
    const knots = now();
    const lane = laneHeight();
    const start = home(knots, held.k);
    const way = y / lane - 0.5;
    const others = leftOf(knots).filter((k) => k !== held?.k);
    others.sort((a, b) => Math.abs(home(knots, a) - way) - Math.abs(home(knots, b) - way));
    const aim = others.at(0);
    const share = aim === undefined ? 0 : clamp(1.2 - Math.abs(home(knots, aim) - way), 0, 1);
    const top = (start + 0.5) * lane + y - held.y - 0.5 * lane;
    flight = { mover: held.k, aim, share, x: plot.x(0) + x - held.x, y: top };
    drawLanes(knots);
  });
  for (const event of ["pointerup", "pointercancel"]) {
    plot.svg.addEventListener(event, () => {
      if (!held) return;
      const { k } = held;
      held = undefined;
      if (!flight) return event === "pointerup" ? pick(k) : undefined;
      const { aim, share } = flight;
      if (event === "pointerup" && aim !== undefined && share > 0.6) return merge(k, aim);
      flight = undefined;
      drawLanes(now());
    });
  }
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    picked = undefined;
    seen.clear();
    made.clear();
    most = 0;
    view.refresh();
  });

  const heading = html("span.axis.heading");
  const messages = html("div.rounds", rounds, columns, orders);
  const lanes = html("div.lanes", heading, messages, plot.node);
  /** A name and a slider for each shard. */
  function furnish() {
    while (dials.length > count()) {
      dials.pop()?.remove();
      picks[dials.length].remove();
    }
    while (dials.length < count()) {
      const k = dials.length;
      const dial = entrySlider(view, "tops", k, {
        label: words.shard(SHARDS[k]),
        color: LETTERS[TINTS[k]],
        step: 1,
        show: (top) => `${short(top)}, ${short(top + BELOW[k])}`,
      });
      dials.push(dial);
      for (const node of [picks[k], dial]) view.control(node);
      messages.before(picks[k], dial);
    }
    lanes.style.setProperty("--count", String(count()));
  }
  furnish();

  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers.map((text) => ({ text, says: words.yours })),
    show: (place) => new Promise((done) => tell = () => done(words.verdicts[place])),
  });
  // No bar, which would stay on the screen of a phone and lie on the lanes.
  const controls = html(
    "div.row.controls",
    apart,
    checkbox(view, "forget", { label: words.forget }),
    radios(view, "dtype", { label: words.format }),
    shards,
    all,
  );
  view.control(controls);
  const chips = tries(view, words.tries);
  for (const chip of chips.querySelectorAll("button")) {
    chip.addEventListener("click", () => beat());
  }
  const fewest = () => Math.ceil(Math.log2(count()));
  view.add(
    lanes,
    said,
    controls,
    chips,
    goal(view, {
      text: words.goals[0],
      reached: () => {
        if (view.changed.size) chosen = 0;
        const whole = chosen === count() - 1 && !view.get("forget") && now()[2 * chosen];
        if (whole && whole.level === fewest()) most = Math.max(most, count());
        return most > 0;
      },
      says: () => words.fewest(most, Math.ceil(Math.log2(most))),
    }),
    goal(view, {
      text: words.goals[1],
      lasts: true,
      reached: () => known === count() && new Set([...made].map(endOf)).size > 1,
      says: words.reached[0],
    }),
    goal(view, {
      text: words.goals[2],
      lasts: true,
      reached: () => view.get("forget") && leftOf(now()).length === 1 && alike(now()),
      says: words.reached[1],
    }),
  );

  let beating = false; // rounds are shown, one after the other
  /** Show the messages of a state that is set, round by round. */
  function beat() {
    const stages = view.get("stage");
    const levels = now().slice(count()).map(({ level }) => level);
    const last = Math.max(...levels);
    stop();
    flight = undefined;
    beating = true;
    glide(view, BEAT * last, (share) => {
      const round = Math.round(share * last);
      const sent = levels.findIndex((level) => level > round);
      beating = share < 1;
      return { stage: sent < 0 ? stages : sent };
    });
  }

  /** All bars, one of them perhaps on its way. @param {Knot[]} knots */
  function drawLanes(knots) {
    const { dtype, forget, tops } = view.state;
    const done = leftOf(knots).length === 1 && !flight;
    const scores = scoresOf();
    const top = Math.max(...scores);
    const exact = Math.exp(logsumexp(scores) - top);
    // As long as the sum of all, or of those that may be merged before a higher m comes.
    const factor = (/** @type {Knot} */ one, /** @type {number} */ to) =>
      forget ? 1 : Math.exp(one.top - to);
    const first = knots.filter(({ level }) => !level);
    const longest = Math.max(...first.map((last) =>
      sum(
        first.map((one) => forget || one.top <= last.top ? one.total * factor(one, last.top) : 0),
      )
    ));
    plot.scale({ x: [0, longest * 1.01], xticks: [], ylabel: words.sums(!view.locked) });
    const height = laneHeight();
    const tall = clamp(height - 2 * TEXT, 1, THICK);
    const unit = plot.x(1) - plot.x(0);
    const [moving, aim] = flight ? [flight.mover, flight.aim] : [];
    const arriving = moving !== undefined && !leftOf(knots).includes(moving);
    const there = arriving ? knots.slice(0, -1) : knots;
    const open = leftOf(there);
    const both = [moving, aim].flatMap((k) => (k === undefined ? [] : [knots[k]]));
    const common = Math.max(...both.map(({ top }) => top));
    /** What a knot is multiplied by at this moment: its m is on the way. @param {Knot} one */
    const scale = (one) => flight && both.includes(one) ? factor(one, common) ** flight.share : 1;
    /** @param {Knot} one @param {number} leaf */
    const part = (one, leaf) => {
      const { top, total } = knots[leaf];
      return total * (forget ? 1 : Math.exp(top - one.top));
    };
    /** @param {number} lane @param {string} text @param {string} look @param {number} below */
    const line = (lane, text, look, below = 0) =>
      svgText(plot.x(0), lane * height + 14 + below, text, {
        "text-anchor": "start",
        class: `halo ${look}`,
      });
    /** How a bar looked before it shrank. @param {number} lane @param {number} total */
    const outline = (lane, total, look = "outline") =>
      svg(`rect.${look}`, {
        x: plot.x(0),
        y: lane * height + TEXT,
        width: total * unit,
        height: tall,
      });
    /**
     * What becomes of a knot that is brought to a higher m, below its bar.
     * @param {number} lane
     * @param {Knot} one
     * @param {number} top
     * @param {number} share of the way to that m
     */
    const shrunk = (lane, one, top, share = 1) => {
      if (one.top >= top) return "";
      const r = (/** @type {number} */ x) => roundTo(dtype, x);
      const f = r(Math.exp(r(share * (one.top - top))));
      const term = short(r(one.total * f));
      const product = words.times(short(one.total), short(f), term);
      const long = [words.was(letters(one), product), product];
      const text = long.find((text) => textWidth(text) < plot.width - 8) ??
        words.was(letters(one), term);
      return line(lane, forget ? words.unscaled(letters(one)) : text, "soft", TEXT + tall);
    };
    /** The words above a bar. @param {Knot} one @returns {string} */
    const above = (one) => words.pair(short(one.top), short(one.total));
    /**
     * The way of m from the lower to the higher one, in place of the words above a bar.
     * @param {number} lane
     * @param {Knot} one
     * @param {number} share
     */
    const ruler = (lane, one, share) => {
      const [from, to] = [`m ${short(one.top)}`, short(common)];
      const y = lane * height + 10;
      const start = plot.x(0) + textWidth(from) + 8;
      const end = start + Math.min(160, plot.area.right - start - textWidth(to) - 10);
      return [
        line(lane, from, ""),
        svg("path.way", { d: `M${start},${y}H${end}M${start},${y - 4}v8M${end},${y - 4}v8` }),
        svg("circle.mine", { cx: start + share * (end - start), cy: y, r: 5 }),
        svgText(end + 6, y + 4, to, { "text-anchor": "start", class: "halo" }),
      ];
    };
    const share = flight?.share ?? 0;
    const lower = (/** @type {Knot} */ one) => share > 0 && both.includes(one) && one.top < common;
    const shrinks = (/** @type {Knot} */ one) => lower(one) && !forget;
    const aimed = aim === undefined ? undefined : knots[aim];
    /** @param {number} k */
    const draw = (k) => {
      const one = knots[k];
      const own = home(there, k);
      const place = { x: plot.x(0), y: own * height };
      const now = scale(one);
      if (flight && k === moving) {
        const end = plot.x(0) + (aimed ? aimed.total * scale(aimed) * unit : 0);
        const rest = aim === undefined ? 0 : home(there, aim) * height;
        const near = flight.share ** 2; // it is drawn to the end of the other bar
        place.x = flight.x + (end - flight.x) * near;
        place.y = flight.y + (rest - flight.y) * near;
      }
      let x = place.x;
      const y = place.y + TEXT;
      const segments = one.leaves.map((leaf) => {
        const value = part(one, leaf) * now;
        const width = value * unit;
        const bar = svg("rect", { x, y, width, height: tall, fill: FILLS[TINTS[leaf]] });
        x += width;
        return put(bar, { "data-q": `part ${SHARDS[leaf]}`, "data-value": value });
      });
      // In each part the term of the largest score ends here; it began as 1.
      const ones = one.leaves.map((leaf, i) => {
        const from = Number(segments[i].getAttribute("x"));
        return `M${from + part(one, leaf) * now * unit / knots[leaf].total},${y}v${tall}`;
      });
      const whole = one.total * unit;
      const lies = !(flight && k === moving);
      const looks = [!done && "open", held?.k === k && "held"].filter(Boolean).join(" ");
      const marked = k === picked || (held && k === aim && (flight?.share ?? 0) > 0.6);
      return svg(
        "g",
        { class: looks, "data-knot": k },
        now < 1 || !lies ? outline(own, one.total) : "",
        // Of one that is carried, what is left of it stays behind.
        now < 1 && !lies ? outline(own, one.total * now, "left") : "",
        svg("rect.reach", {
          x: place.x,
          y: place.y + 2,
          width: Math.max(whole, 44),
          height: height - 4,
        }),
        ...segments,
        svg("path.one", { d: ones.join("") }),
        marked
          ? svg("rect.aim", { x: place.x - 2, y, width: whole * now + 4, height: tall + 2 })
          : "",
        quantity(line(own, "", ""), `t ${one.name}`, one.total, shrinks(one) ? "" : above(one)),
      );
    };
    /** What lay in a lane last, and what it came from there. @param {number} own */
    const lain = (own) => range(there.length).filter((i) => home(there, i) === own).reverse();
    // Where the lower one shrank in its own lane.
    const stayed = range(count()).flatMap((own) => {
      const [k, before] = lain(own);
      const here = open.includes(k) && before !== undefined && !both.includes(there[k]);
      return here ? [shrunk(own, there[before], there[k].top)] : [];
    });
    // Lanes whose bar has gone to another: what it was, and what became of it.
    const gone = range(count()).flatMap((own) => {
      if (open.some((k) => home(there, k) === own)) return [];
      const [k] = lain(own);
      const into = there.find(({ parts }) => parts.includes(k));
      const one = there[k];
      return [
        outline(own, one.total),
        line(own, words.was(letters(one), above(one)), "soft"),
        shrunk(own, one, into?.top ?? one.top),
      ];
    });
    const base = count() * height;
    const end = plot.x(exact);
    const parts = tops.map((/** @type {number} */ z, /** @type {number} */ leaf) => {
      const both = [0, BELOW[leaf]].map((below) => Math.exp(roundTo(dtype, z + below) - top));
      return sum(both) * unit;
    });
    let x = plot.x(0);
    const goalBar = parts.map((/** @type {number} */ width, /** @type {number} */ leaf) => {
      const bar = svg("rect", {
        x,
        y: base + 5,
        width,
        height: 10,
        fill: "none",
        stroke: LETTERS[TINTS[leaf]],
      });
      x += width;
      return bar;
    });
    const once = words.once(short(top), short(exact));
    const said = once.find((text) => textWidth(text) < end - plot.x(0) - 6) ?? once[1];
    const beside = range(count()).map((lane) => `M${end},${lane * height + TEXT}v${tall}`);
    plot.draw(
      svg("path.end", { d: `${beside.join("")}M${end},${base + 6}V${plot.area.bottom}` }),
      svg("path.grid", { d: `M${plot.x(0)},${base + 1}H${plot.area.right}` }),
      ...goalBar,
      quantity(
        svgText(plot.x(0), base + 28, "", { "text-anchor": "start", class: "halo" }),
        "exact",
        exact,
        said,
      ),
      ...strip(exact, end),
      ...plainBar(),
      ...gone,
      ...[...open].sort((a, b) => Number(a === moving) - Number(b === moving)).map(draw),
      ...stayed,
      ...open.filter((k) => lower(there[k])).flatMap((k) => {
        const own = home(there, k);
        return [
          ...(forget ? [] : ruler(own, there[k], share)),
          shrunk(own, there[k], common, share),
        ];
      }),
    );
    plot.describe(
      words.graph(
        leftOf(knots).map((k) => {
          const { top, total } = knots[k];
          return `${letters(knots[k])}: ${words.pair(short(top), short(total))}`;
        }).join("; "),
      ),
    );
  }

  /** The sum of exp(z) without an m. */
  const plainSum = () =>
    now({ stage: 0 }).reduce((a, one) => roundTo(view.get("dtype"), a + one.plain), 0);

  /** The sum without an m, on a log scale from the smallest number of the format to the largest. */
  function plainBar() {
    const { dtype } = view.state;
    const [low, high] = expRange(dtype);
    const { left, right } = plot.area;
    const y = plot.height - 14;
    const limit = right - 50;
    const total = plainSum();
    const burst = total === Infinity;
    const share = total > 0 ? clamp((Math.log(total) - low) / (high - low), 0, 1) : 0;
    const end = left + share * (limit - left);
    const jagged = `H${limit + 4}l10,-6l-3,8l11,3l-11,4l4,8l-11,-5H${left}`;
    const [long, brief] = words.plain(short(total));
    const text = textWidth(long) < right - left ? long : brief;
    const room = limit - left - textWidth(text) - 10;
    const edge = words.limit(dtype, fmt(high, 1)).find((text) => textWidth(text) < room);
    return [
      svgText(left, y - 18, text, { "text-anchor": "start" }),
      edge ? svgText(limit + 2, y - 18, edge, { "text-anchor": "end", class: "soft" }) : "",
      svg("path", {
        class: `plain ${burst ? "burst" : ""}`,
        d: `M${left},${y - 12}${burst ? jagged : `H${end}v12H${left}`}Z`,
      }),
      svg("path.edge2", { d: `M${left},${y - 14}v16M${limit},${y - 14}v16` }),
      burst ? svgText(right, y - 1, words.inf, { "text-anchor": "end", class: "strong" }) : "",
    ];
  }

  /** All scores, as the format has them. @returns {number[]} */
  const scoresOf = () =>
    view.get("tops").flatMap((/** @type {number} */ top, /** @type {number} */ k) =>
      [top, top + BELOW[k]].map((z) => roundTo(view.get("dtype"), z))
    );

  /** Bring the parts of the last merge together before the reader's eyes. @param {Knot[]} knots */
  function play(knots) {
    stop();
    const last = knots.length - 1;
    const { parts } = knots[last];
    const there = knots.slice(0, -1);
    const own = home(knots, last);
    const [mover, aim] = home(there, parts[0]) === own ? [parts[1], parts[0]] : parts;
    const lane = laneHeight();
    const from = flight?.mover === mover && flight.aim === aim
      ? flight
      : { share: 0, x: plot.x(0), y: home(there, mover) * lane };
    const start = { ...from };
    stop = animate(200 + 900 * (1 - start.share), (done) => {
      const share = start.share + (1 - start.share) * done;
      flight = done < 1 ? { mover, aim, share, x: start.x, y: start.y } : undefined;
      drawLanes(now());
    });
  }

  /**
   * The end of the bar, magnified until the numbers of the format are seen, and where the orders
   * that were seen have ended.
   * @param {number} exact the sum of all, relative to the largest score
   * @param {number} end where it stands, in pixels
   */
  function strip(exact, end) {
    const { dtype, order } = view.state;
    const unit = unitOf(dtype);
    const step = stepOf(dtype, exact);
    const middle = step * Math.round(exact / step);
    const { left, right, bottom } = plot.area;
    const top = bottom + 14;
    const low = top + 76;
    const wide = (right - left) / (2 * STEPS + 1);
    const centre = (left + right) / 2;
    /** @param {number} total */
    const place = (total) => centre + wide * ((total - middle) / step);
    const half = (right - left) / 2 - 4;
    /** The orders by where they are drawn, those beyond an edge together. */
    const ends = /** @type {Map<number, { names: string[], totals: number[] }>} */ (new Map());
    const last = now()[2 * count() - 2];
    const mine = last && !flight ? last.name : "";
    const drawn = new Map(seen);
    drawn.delete(mine); // it comes last, above the others
    if (mine) drawn.set(mine, order);
    for (const [name, number] of drawn) {
      const total = endOf(number);
      const off = Math.abs(place(total) - centre) > half;
      const x = off ? (total < middle ? left + 14 : right - 14) : place(total);
      const { names, totals } = ends.get(x) ?? { names: [], totals: [] };
      ends.set(x, { names: [...names, name], totals: [...totals, total] });
    }
    const crowded = [...ends.keys()].some((x) => x - place(exact) > half / 2);
    say(orders, words.seen(drawn.size, count() === 4 ? TREES : undefined));
    const marks = [...ends].flatMap(([x, { names, totals }]) => {
      const off = Math.abs(place(totals[0]) - centre) > half;
      const rows = Math.ceil(names.length / 3);
      const row = (/** @type {number} */ i) => Math.min(3, names.length - 3 * i) - 1;
      const dots = names.map((name, i) => {
        const mark = svg("circle", {
          class: `landed ${off ? "off" : ""} ${name === mine ? "mine" : ""}`,
          cx: x + 9 * (i % 3 - row(Math.floor(i / 3)) / 2),
          cy: low - 6 - 9 * Math.floor(i / 3),
          r: 4,
        });
        const error = (totals[i] / exact - 1) / unit;
        return put(mark, { "data-q": `error ${name}`, "data-value": error });
      });
      // The names of eight are too long to stand beside each other.
      const only = names.length > 1 ? String(names.length) : count() > 4 ? "" : names[0];
      const span = [Math.min(...totals), Math.max(...totals)].map(short);
      const text = off ? words.beyond([...new Set(span)], x > centre) : only;
      const reach = textWidth(text) / 2 + 3;
      const line = place(exact);
      let free = x;
      // On a phone a name leaves the middle, where most orders end, free.
      if (wide < 60 && names.length === 1) free += Math.sign(Math.round(x - centre)) * (reach - 7);
      // Beside the line of the exact sum, not upon it.
      else free = x < line ? Math.min(x, line - reach) : Math.max(x, line + reach);
      const at = clamp(free, left + reach, right - reach);
      return [...dots, svgText(at, low - 8 - 9 * rows, text, { class: "halo" })];
    });
    // Where there is no room, the digits that all have stand once, below.
    const places = Math.max(0, 1 - Math.floor(Math.log10(step)));
    const digits = range(2 * STEPS + 1).map((i) => (middle + step * (i - STEPS)).toFixed(places));
    const [first] = digits;
    /** Whether a text has room where one line in so many has one. */
    const fits = (/** @type {string} */ text, every = 1) => textWidth(text) < every * wide - 3;
    const same = fits(first, 2) ? 0 : shared(digits);
    const rest = (/** @type {string} */ text) => same ? `…${text.slice(same)}` : text;
    // At each line, at each other one, or at the middle one alone.
    const every = [1, 2].find((n) => fits(rest(first), n)) ?? STEPS + 1;
    return [
      svg("path.fan", { d: `M${end},${bottom}L${left},${top}V${low}H${right}V${top}Z` }),
      ...digits.flatMap((text, i) => {
        const x = centre + wide * (i - STEPS);
        return [
          svg("path.edge2", { d: `M${x},${low}v4` }),
          (i - STEPS) % every === 0 ? svgText(x, low + 16, rest(text)) : "",
        ];
      }),
      svg("path.end", { d: `M${place(exact)},${top}V${low}` }),
      svgText(place(exact) + (crowded ? -5 : 5), top + 14, words.exact, {
        class: "halo",
        "text-anchor": crowded ? "end" : "start",
      }),
      ...marks,
      svgText(centre, low + 32, words.numbers(first.slice(0, same), dtype)),
    ];
  }

  /** Who sent to whom, round by round. @param {Knot[]} knots */
  function drawRounds(knots) {
    const many = count() > 4;
    const [gap, tall, apart] = many ? [15, 19, 5] : [34, 30, 12];
    const column = (/** @type {number} */ lane) => 22 + gap * lane;
    const last = Math.max(...knots.map(({ level }) => level));
    const height = (/** @type {number} */ level) => TEXT + tall * (level - 0.5);
    const sent = knots.flatMap((knot, k) => {
      if (!knot.parts.length) return [];
      const to = home(knots, k);
      const from = knot.parts.map((part) => home(knots, part)).find((lane) => lane !== to) ?? to;
      return [{ from, to, level: knot.level, row: 0, y: 0 }];
    });
    // Those of a round of which one reaches over the other stand in rows.
    const ends = ({ from = 0, to = 0 }) => [Math.min(from, to), Math.max(from, to)];
    for (const one of sent) {
      const others = sent.slice(0, sent.indexOf(one)).filter((other) =>
        other.level === one.level && ends(other)[0] < ends(one)[1] && ends(one)[0] < ends(other)[1]
      );
      one.row = [0, 1, 2, 3].find((row) => !others.some((other) => other.row === row)) ?? 0;
    }
    for (const one of sent) {
      const rows = Math.max(
        ...sent.filter(({ level }) => level === one.level).map(({ row }) => row),
      );
      one.y = height(one.level) + apart * (one.row - rows / 2);
    }
    put(columns, { viewBox: `0 0 ${column(count() - 1) + 8} ${TEXT + (count() - 1) * tall}` });
    columns.replaceChildren(
      ...range(last).map((i) => {
        const at = { x: 0, y: TEXT + tall * i + 1, width: "100%", height: tall - 2 };
        return svg("rect.round", at);
      }),
      ...range(count() - 1).map((i) =>
        svgText(7, height(i + 1) + 4, String(i + 1), { class: "soft" })
      ),
      ...range(count()).flatMap((lane) => {
        const until = sent.find(({ from }) => from === lane);
        const y = until?.y ?? TEXT + (count() - 1) * tall;
        const stroke = FILLS[TINTS[lane]];
        return [
          svgText(column(lane), 12, SHARDS[lane], { style: `fill: ${LETTERS[TINTS[lane]]}` }),
          svg("path.process", { d: `M${column(lane)},${TEXT}V${y}`, stroke }),
        ];
      }),
      ...sent.map(({ from, to, y }) => {
        const [x, way] = [column(to), Math.sign(to - from)];
        const head = `M${x - 7 * way},${y - 5}L${x - way},${y}L${x - 7 * way},${y + 5}`;
        return svg("path.message", { d: `M${column(from)},${y}H${x - way}${head}` });
      }),
    );
    const list = sent.map(({ from, to, level }) => words.message(level, SHARDS[from], SHARDS[to]));
    put(columns, { "aria-label": words.messages(list.join("; ")) });
    quantity(rounds, "rounds", last, words.rounds(last));
  }

  return () => {
    const { stage, dtype, tops, forget } = view.state;
    const turned = view.changed.has("stage") || view.changed.has("order");
    if (view.changed.size) picked = undefined;
    if (turned && !byHand) homes = {};
    if (known !== count()) {
      seen.clear();
      made.clear();
      homes = {};
      furnish();
    }
    known = count();
    say(heading, words.scores(!view.locked));
    say(shards, words.shards(count() === 4 ? 8 : 4));
    const low = floorOf(Math.max(...tops));
    dials.forEach((dial, k) => {
      const input = dial.querySelector("input");
      if (!input) return;
      put(input, {
        min: Math.max(limits.min ?? 0, low + 1),
        max: Math.min(limits.max ?? 0, low + SPAN),
      });
      const inside = clamp(tops[k] ?? 0, Number(input.min), Number(input.max));
      if (Math.abs(Number(input.value) - inside) > 0.5) input.value = String(inside);
    });
    const knots = now();
    const open = leftOf(knots);
    const last = knots[knots.length - 1];
    const done = open.length === 1;
    if (done && !forget) seen.set(last.name, view.get("order"));
    if (seen.size > 1 && !forget) tell();
    if (view.touched && stage && turned && !beating) play(knots);
    else {
      if (view.changed.size) {
        stop();
        flight = held = undefined;
      }
      drawLanes(knots);
    }
    picks.forEach((node, lane) => {
      const k = open.find((one) => home(knots, one) === lane);
      say(node, k === undefined ? SHARDS[lane] : letters(knots[k]));
      node.classList.toggle("gone", k === undefined);
      node.classList.toggle("long", k !== undefined && knots[k].leaves.length > 3);
      const into = open.map((one) => knots[one]).find(({ leaves }) => leaves.includes(lane));
      put(node, {
        "aria-label": k === undefined && into ? words.gone(SHARDS[lane], letters(into)) : null,
        "aria-pressed": String(k !== undefined && k === picked),
      });
      node.disabled = k === undefined || done;
    });
    apart.disabled = stage === 0;
    apart.classList.toggle("primary", done);
    // After two orders of one's own; at the end of the row nobody misses it before.
    all.disabled = count() > 4 || seen.size < 2 || seen.size === TREES;
    all.classList.toggle("later", count() > 4 || seen.size < 2);
    const scores = scoresOf();
    const exact = logsumexp(scores);
    const right = Math.exp(exact - Math.max(...scores));
    const plain = plainSum();
    drawRounds(knots);

    let how = words.start(tops.map(short)) + (view.locked ? "" : words.drag);
    let sentence = "";
    /** The sum of all in this order, and in one that ended elsewhere. @type {string[]} */
    let totals = [];
    if (last.parts.length) {
      const [a, b] = last.parts.map((k) => knots[k]);
      const lower = a.top < b.top ? a : b;
      const terms = [a, b].map(({ total }, i) => short(roundTo(dtype, total * last.factors[i])));
      if (forget) how = words.kept;
      else if (a.top === b.top) how = words.even;
      else {
        const gap = lower.top - last.top;
        const factor = Math.min(...last.factors);
        how = words.shrinks(letters(lower), short(gap), short(factor));
        if (factor === 0) how += words.tiny(dtype, short(Math.exp(gap)));
        else if (dtype !== "float32") how += words.rounded(dtype);
      }
      how += words.adds(terms[0], terms[1], short(last.total));
      const should = sum(
        last.leaves.map((k) => knots[k].total * Math.exp(knots[k].top - last.top)),
      );
      const off = Math.abs(last.total / should - 1) > 8 * unitOf(dtype);
      if (forget && !done && off) how += words.should(short(should));
    }
    if (done && forget) {
      sentence = alike(knots) ? words.luck : words.lost(short(last.total), short(right));
    } else if (done) {
      const lse = roundTo(dtype, last.top + roundTo(dtype, Math.log(last.total)));
      const wide = dtype === "float32";
      const value = minus(String(Number(lse.toPrecision(wide ? 8 : 4))));
      const elsewhere = [...seen].map(([name, number]) => ({ name, total: endOf(number) }))
        .filter(({ total }) => total !== last.total);
      const ends = [last, ...elsewhere.slice(0, 1)].map(({ total }) => total);
      totals = ends.map((total) => total.toPrecision(wide ? 8 : 4));
      sentence = words.result(totals[0], value);
      if (!wide && lse) sentence += words.every(dtype, short(stepOf(dtype, Math.abs(lse))));
      sentence += ".";
      if (totals.length > 1) {
        const same = elsewhere.filter(({ total }) => total === ends[1]);
        sentence += words.elsewhere(same.map(({ name }) => name), totals[1]);
      } else if (wide && made.size > 1) sentence += words.wider;
      const error = Math.abs(roundTo(dtype, Math.log(plain)) - exact);
      // A few roundings of the sum, and one or two of the result.
      const rounding = unitOf(dtype) * (8 + 2 * Math.abs(exact));
      if (plain === Infinity) sentence += words.burst;
      else if (plain === 0) sentence += words.zero;
      else sentence += error > rounding ? words.off(short(error)) : words.fine;
    }
    if (picked !== undefined) [how, sentence] = [words.picked(letters(knots[picked])), ""];
    const told = quantity(html("span"), "plain", plain, sentence);
    if (totals.length > 1) {
      // The digits that differ stand out.
      const [[before, between], last] = [sentence.split(totals[0]), sentence.split(totals[1])[1]];
      const same = shared(totals);
      const digits = totals.map((t) => [t.slice(0, same), html("b", t.slice(same))]);
      told.replaceChildren(before, ...digits[0], between.split(totals[1])[0], ...digits[1], last);
    }
    said.replaceChildren(how, told);
    return sentence || how;
  };
});
