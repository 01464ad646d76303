import {
  animate,
  button,
  checkbox,
  clamp,
  COLORS,
  entrySlider,
  figure,
  fmt,
  FORMATS,
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
  roundTo,
  say,
  SPEC,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

/** @import { Format } from "./kit/floats.js" */

const SHARDS = "ABCD";
const TINTS = [0, 2, 3, 4];
/** @type {number[]} */
const BELOW = SPEC.constants.below ?? [];
const ALL = 44; // px of the row below the lanes
const THICK = 22; // px, at most
const ABOVE = 19; // px of the text above a bar
const SPAN = 20; // scores that a slider covers
const SLOWLY = 5200; // ms of three merges
const ROWS = 3; // orders that are listed

const WORDS = {
  en: {
    lead: "Four shards of two scores z each. m is the larger one, the bar t the sum of " +
      "exp(z − m). Drag a bar onto another: the one with the lower m shrinks, then they add up.",
    question: "exp(100) is inf in float32. Merge these four in two different orders: what can " +
      "differ?",
    answers: [
      {
        text: "the log-sum-exp",
        says: "No, only its last digits. All terms end relative to the same m, in whatever order " +
          "they get there.",
      },
      {
        text: "the last digits",
        says: "Yes. All terms end relative to the same m, in whatever order they get there; only " +
          "the rounding differs.",
      },
      {
        text: "one may overflow",
        says: "No: each exponent, a score minus a maximum, is at most 0. Only the last digits " +
          "differ.",
      },
    ],
    scores: "scores z: slide",
    sums: "t: drag onto another",
    shard: (/** @type {string} */ name) => name,
    pair: (/** @type {string} */ top, /** @type {string} */ total) => `m ${top}, t ${total}`,
    gone: (/** @type {string} */ name, /** @type {string} */ into) => `${name} is in ${into}`,
    times: (
      /** @type {string} */ name,
      /** @type {string} */ gap,
      /** @type {string} */ factor,
    ) => `${name} × exp(${gap}) = ${factor}`,
    unscaled: (/** @type {string} */ name) => `${name} as it is`,
    once: (/** @type {string} */ top, /** @type {string} */ total) => `all: m ${top}, t ${total}`,
    graph: (/** @type {string} */ list) => `Bars of t. ${list}`,
    undo: "Undo",
    apart: "Take apart",
    forget: "forget the factor",
    format: "format",
    caption: (/** @type {number} */ seen, /** @type {string} */ format) =>
      `Orders seen: ${seen} of 15. u is the roundoff of ${format}.`,
    columns: ["order", "rounds", "t", "error"],
    error: (/** @type {string} */ size) => `${size} u`,
    plain: "Σ exp(z)",
    exact: "all at once",
    goal: "merge all four in two rounds, by hand. (Merges that don't wait for each other share " +
      "one.)",
    reached: "So 1024 shards need ten rounds; one after the other, 1023. The sum is the same.",
    start: (/** @type {string[]} */ tops) =>
      `m is ${tops.join(", ")}. Drag a bar onto another, or choose two names.`,
    picked: (/** @type {string} */ name) => `${name} is chosen. With which one?`,
    shrinks: (/** @type {string} */ name, /** @type {string} */ gap, /** @type {string} */ f) =>
      `${name} shrinks by exp(${gap}) = ${f}`,
    even: "Both have the same m, none shrinks",
    kept: "The factor is forgotten",
    adds: (
      /** @type {string} */ a,
      /** @type {string} */ b,
      /** @type {string} */ total,
    ) => `: ${a} + ${b} = ${total}. `,
    should: (/** @type {string} */ total) => `It should be ${total}.`,
    result: (/** @type {string} */ total, /** @type {string} */ value) =>
      `All merged: t = ${total}, log-sum-exp ${value}.`,
    lost: (/** @type {string} */ total, /** @type {string} */ right) =>
      `All merged: t = ${total} instead of ${right}. For which scores would it be right?`,
    luck: "All m are the same: each factor is exp(0) = 1, and forgetting it costs nothing.",
    inf: " The plain sum is inf.",
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
        label: "forgotten factor",
        set: { order: 1, stage: 3, forget: true },
        says: "The terms of B, C and D count as if their m were 100, too: t is more than twice " +
          "what it should be.",
      },
      {
        label: "bfloat16",
        set: { tops: [2, 0, 1, -1], dtype: "bfloat16", order: 2, stage: 3 },
        says: "With eight bits the order shows in t, and still only by rounding.",
      },
      {
        label: "far below 0",
        set: { tops: [-110, -112, -111, -113], order: 0, stage: 3 },
        says: "Every exp(z) becomes 0, and ln 0 is −inf. The pairs are as good as before.",
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

/**
 * What an order merges; pair_merge.py says how they are numbered.
 * @param {number} order
 */
function mergesOf(order) {
  let left = range(4);
  return [Math.floor(order / 3), order % 3, 0].map((number, done) => {
    const two = pairsOf(left)[number];
    left = [...left.filter((k) => !two.includes(k)), 4 + done];
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
  for (const two of mergesOf(order).slice(0, stage)) {
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

/** The letters of a knot, without brackets. @param {Knot} knot */
const letters = ({ leaves }) => [...leaves].sort().map((k) => SHARDS[k]).join("");

/** The roundoff of a format. @param {Format} dtype */
const unitOf = (dtype) => 2 ** -FORMATS[dtype][0];

/** A number with four digits, in at most eight characters. @param {number} value */
function short(value) {
  if (!Number.isFinite(value) || value === 0) return fmt(value, 0);
  const size = Math.abs(value);
  if (size < 1e-2 || size >= 1e5) return minus(value.toExponential(1).replace("e+", "e"));
  return four(value);
}

/** The lowest score of the sliders' window: it stays while the largest score is in it. */
const floorOf = (/** @type {number} */ top) => SPAN * Math.ceil((top - 4) / SPAN - 1) + 4;

export default figure(WORDS, (view, words) => {
  /** The knot that was chosen to be merged. @type {number | undefined} */
  let picked;
  /** How many merges in a row the reader has chosen, from none on. */
  let chosen = 0;
  /** The trees that have been seen, with the number of an order. @type {Map<string, number>} */
  const seen = new Map();
  /** The lanes onto which knots were dropped. @type {Record<number, number>} */
  const homes = {};
  /** @type {Flight | undefined} */
  let flight;
  let stop = () => {};
  view.closers.push(() => stop());
  const most = sum(BELOW.map((below) => 1 + Math.exp(below)));
  const plot = view.plot({
    height: 4 * 54 + ALL + 24,
    x: [0, most * 1.01],
    y: [0, 1],
    yticks: [],
    ylabel: words.sums,
    margin: { left: 4, top: 0, right: 4 },
  });
  const said = html("p.say");
  const table = html("table");
  const limits = SPEC.traits.tops;
  const dials = range(4).map((k) =>
    entrySlider(view, "tops", k, {
      label: words.shard(SHARDS[k]),
      color: TEXT_COLORS[TINTS[k]],
      step: 1,
      show: (top) => `${short(top)}, ${short(top + BELOW[k])}`,
    })
  );
  const picks = range(4).map((lane) => {
    const node = button(view, "", () => pick(knotIn(lane)));
    node.classList.add("pick");
    return node;
  });
  const undo = button(view, words.undo, () => view.set({ stage: view.get("stage") - 1 }));
  const apart = button(view, words.apart, () => view.set({ stage: 0 }));

  const now = (changes = {}) => build({ ...view.state, ...changes });
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
    const orderOf = [3 * two, 3 * Math.floor(order / 3) + two, order];
    const before = stage ? chosen : 0;
    homes[4 + stage] = home(knots, b);
    view.set({ order: orderOf[stage], stage: stage + 1 });
    chosen = before + 1;
    view.refresh();
  }
  /** Choose a bar, or give it up, or merge it with the one chosen before. */
  function pick(/** @type {number | undefined} */ k) {
    view.touched = true;
    if (k === undefined || view.get("stage") === 3) return;
    if (picked !== undefined && picked !== k) return merge(picked, k);
    picked = picked === k ? undefined : k;
    view.refresh();
  }

  const laneHeight = () => (plot.area.bottom - ALL) / 4;

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
    view.refresh();
  });

  const left = [
    html("span.axis.heading", words.scores),
    ...range(4).flatMap((k) => [picks[k], dials[k]]),
  ];
  for (const node of left.slice(1)) view.control(node);
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: () => {
      view.set({ order: 1, stage: 0 });
      glide(view, SLOWLY, (share) => ({ stage: Math.min(3, 1 + Math.floor(3 * share)) }));
    },
  });
  view.add(
    html("div.lanes", ...left, plot.node),
    said,
    view.bar(
      html(
        "div.row",
        undo,
        apart,
        checkbox(view, "forget", { label: words.forget }),
        radios(view, "dtype", { label: words.format }),
      ),
    ),
    table,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        if (view.changed.size) chosen = 0;
        return chosen === 3 && !view.get("forget") && now()[6].level === 2;
      },
      says: words.reached,
    }),
  );

  /** All bars, one of them perhaps on its way. @param {Knot[]} knots */
  function drawLanes(knots) {
    const { forget, stage } = view.state;
    const done = stage === 3 && !flight;
    const height = laneHeight();
    const tall = Math.min(THICK, height - ABOVE - 6);
    const unit = plot.x(1) - plot.x(0);
    const [moving, aim] = flight ? [flight.mover, flight.aim] : [];
    const arriving = moving !== undefined && !leftOf(knots).includes(moving);
    const there = arriving ? knots.slice(0, -1) : knots;
    const open = leftOf(there);
    const both = [moving, aim].flatMap((k) => (k === undefined ? [] : [knots[k]]));
    const common = Math.max(...both.map(({ top }) => top));
    const factor = (/** @type {Knot} */ one) => forget ? 1 : Math.exp(one.top - common);
    /** What a knot is multiplied by at this moment. @param {Knot} one */
    const scale = (one) => flight && both.includes(one) ? 1 + (factor(one) - 1) * flight.share : 1;
    /** @param {Knot} one @param {number} leaf */
    const part = (one, leaf) => {
      const { top, total } = knots[leaf];
      return total * (forget ? 1 : Math.exp(top - one.top));
    };
    /** @param {number} lane @param {string} text @param {string} look */
    const line = (lane, text, look) =>
      svgText(plot.x(0), lane * height + 14, text, {
        "text-anchor": "start",
        class: `halo ${look}`,
      });
    /** How a bar looked before it shrank. @param {number} lane @param {number} total */
    const outline = (lane, total) =>
      svg("rect.outline", {
        x: plot.x(0),
        y: lane * height + ABOVE,
        width: total * unit,
        height: tall,
      });
    /** What a knot is multiplied by. @param {Knot} one @param {number} top @param {number} f */
    const times = (one, top, f) =>
      forget
        ? words.unscaled(letters(one))
        : words.times(letters(one), short(one.top - top), short(f));
    /** The words above a bar. @param {Knot} one @returns {string} */
    const above = (one) =>
      flight?.share && both.includes(one) && one.top < common
        ? times(one, common, factor(one))
        : words.pair(short(one.top), short(one.total));
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
      const y = place.y + ABOVE;
      const segments = one.leaves.map((leaf) => {
        const value = part(one, leaf) * now;
        const width = value * unit;
        const bar = svg("rect", { x, y, width, height: tall, fill: COLORS[TINTS[leaf]] });
        x += width;
        return put(bar, { "data-q": `part ${SHARDS[leaf]}`, "data-value": value });
      });
      const whole = one.total * unit;
      const lies = !(flight && k === moving);
      const looks = [!done && "open", held?.k === k && "held"].filter(Boolean).join(" ");
      const marked = k === picked || (held && k === aim && (flight?.share ?? 0) > 0.6);
      return svg(
        "g",
        { class: looks, "data-knot": k },
        now < 1 || !lies ? outline(own, one.total) : "",
        svg("rect.reach", {
          x: place.x,
          y: place.y + 2,
          width: Math.max(whole, 44),
          height: height - 4,
        }),
        ...segments,
        marked
          ? svg("rect.aim", { x: place.x - 2, y: y - 2, width: whole * now + 4, height: tall + 4 })
          : "",
        quantity(line(own, "", ""), `t ${one.name}`, one.total, above(one)),
      );
    };
    // Lanes whose bar has gone to another: what it was, and what became of it.
    const gone = range(4).flatMap((own) => {
      if (open.some((k) => home(there, k) === own)) return [];
      const k = range(there.length).filter((i) => home(there, i) === own).at(-1) ?? own;
      const into = there.findIndex(({ parts }) => parts.includes(k));
      const one = there[k];
      const { top, parts, factors } = there[into];
      return [
        outline(own, one.total),
        line(own, times(one, top, factors[parts.indexOf(k)]), "soft"),
      ];
    });
    const scores = scoresOf();
    const top = Math.max(...scores);
    const exact = Math.exp(logsumexp(scores) - top);
    const base = 4 * height;
    const end = plot.x(exact);
    const parts = range(4).map((leaf) => {
      const total = sum(
        [0, BELOW[leaf]].map((below) =>
          Math.exp(roundTo(view.get("dtype"), view.get("tops")[leaf] + below) - top)
        ),
      );
      return total * unit;
    });
    let x = plot.x(0);
    const goalBar = parts.map((width, leaf) => {
      const bar = svg("rect", {
        x,
        y: base + ABOVE + 2,
        width,
        height: 14,
        fill: "none",
        stroke: TEXT_COLORS[TINTS[leaf]],
      });
      x += width;
      return bar;
    });
    plot.draw(
      svg("path.end", { d: `M${end},4V${base + ABOVE + 18}` }),
      svg("path.grid", { d: `M${plot.x(0)},${base + 1}H${plot.area.right}` }),
      ...goalBar,
      svgText(plot.x(0), base + 15, words.once(short(top), short(exact)), {
        "text-anchor": "start",
      }),
      ...gone,
      ...[...open].sort((a, b) => Number(a === moving) - Number(b === moving)).map(draw),
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

  /** @param {number} exact the sum of all, relative to the largest score @param {number} plain */
  function drawTable(exact, plain) {
    const { dtype } = view.state;
    const unit = unitOf(dtype);
    const digits = { float16: 4, bfloat16: 3, float32: 8, float64: 16 }[
      /** @type {Format} */ (
        dtype
      )
    ];
    const text = (/** @type {number} */ v, more = 0) => minus(v.toPrecision(digits + more));
    const listed = [...seen].slice(-ROWS).map(([name, order]) => {
      const { total, level } = now({ order, stage: 3 })[6];
      const error = (total / exact - 1) / unit;
      return html(
        "tr",
        { class: Math.abs(error) > 100 ? "bad" : null },
        html("th", { scope: "row" }, name),
        html("td", String(level)),
        html("td", text(total)),
        quantity(html("td"), `error ${name}`, error, words.error(fmt(error, 1))),
      );
    });
    while (listed.length < ROWS) {
      listed.push(html("tr", html("td", "–"), ...range(3).map(() => html("td"))));
    }
    const bad = plain === 0 || !Number.isFinite(plain);
    table.replaceChildren(
      html("caption", words.caption(seen.size, dtype)),
      html("thead", html("tr", ...words.columns.map((name) => html("th", { scope: "col" }, name)))),
      html(
        "tbody",
        ...listed,
        html(
          "tr",
          html("th", { scope: "row" }, words.exact),
          html("td"),
          quantity(html("td"), "exact", exact, text(exact, 2)),
          html("td", "0"),
        ),
        html(
          "tr",
          { class: bad ? "bad" : null },
          html("th", { scope: "row" }, words.plain),
          html("td"),
          quantity(html("td"), "plain", plain, short(plain)),
          html("td"),
        ),
      ),
    );
  }

  return () => {
    const { stage, dtype, tops, forget } = view.state;
    const turned = view.changed.has("stage") || view.changed.has("order");
    if (view.changed.size) picked = undefined;
    const low = floorOf(Math.max(...tops));
    dials.forEach((dial, k) => {
      const input = dial.querySelector("input");
      if (!input) return;
      put(input, {
        min: Math.max(limits.min ?? 0, low + 1),
        max: Math.min(limits.max ?? 0, low + SPAN),
      });
      const inside = clamp(tops[k], Number(input.min), Number(input.max));
      if (Math.abs(Number(input.value) - inside) > 0.5) input.value = String(inside);
    });
    const knots = now();
    const open = leftOf(knots);
    const last = knots[knots.length - 1];
    const done = stage === 3;
    if (done) seen.set(last.name, view.get("order"));
    if (view.touched && stage && turned) play(knots);
    else {
      if (view.changed.size) {
        stop();
        flight = held = undefined;
      }
      drawLanes(knots);
    }
    picks.forEach((node, lane) => {
      const k = open.find((one) => home(knots, one) === lane);
      say(node, k === undefined ? "" : letters(knots[k]));
      put(node, {
        "aria-label": k === undefined ? words.gone(SHARDS[lane], letters(last)) : null,
        "aria-pressed": String(k !== undefined && k === picked),
      });
      node.disabled = k === undefined || done;
    });
    undo.disabled = stage === 0;
    apart.disabled = stage === 0;
    apart.classList.toggle("primary", done);
    const scores = scoresOf();
    const exact = logsumexp(scores);
    const right = Math.exp(exact - Math.max(...scores));
    const plain = knots.slice(0, 4).reduce((a, one) => roundTo(dtype, a + one.plain), 0);
    drawTable(right, plain);

    let how = words.start(tops.map(short));
    let sentence = "";
    if (last.parts.length) {
      const [a, b] = last.parts.map((k) => knots[k]);
      const lower = a.top < b.top ? a : b;
      const terms = [a, b].map(({ total }, i) => short(total * last.factors[i]));
      if (forget) how = words.kept;
      else if (a.top === b.top) how = words.even;
      else {
        const gap = lower.top - last.top;
        how = words.shrinks(letters(lower), short(gap), short(Math.exp(gap)));
      }
      how += words.adds(terms[0], terms[1], short(last.total));
      const should = sum(
        last.leaves.map((k) => knots[k].total * Math.exp(knots[k].top - last.top)),
      );
      if (forget && !done && a.top !== b.top) how += words.should(short(should));
    }
    if (done && forget) {
      sentence = new Set(tops).size === 1
        ? words.luck
        : words.lost(short(last.total), short(right));
    } else if (done) {
      const lse = roundTo(dtype, last.top + roundTo(dtype, Math.log(last.total)));
      const digits = { float16: 4, bfloat16: 3, float32: 8 }[/** @type {"float16"} */ (dtype)];
      sentence = words.result(
        short(last.total),
        minus(String(Number(lse.toPrecision(digits)))),
      );
      const error = Math.abs(roundTo(dtype, Math.log(plain)) - exact);
      // A few roundings of the sum, and one or two of the result.
      const rounding = unitOf(dtype) * (8 + 2 * Math.abs(exact));
      if (plain === Infinity) sentence += words.inf;
      else if (plain === 0) sentence += words.zero;
      else sentence += error > rounding ? words.off(short(error)) : words.fine;
    }
    if (picked !== undefined) [how, sentence] = [words.picked(letters(knots[picked])), ""];
    said.textContent = how + sentence;
    return sentence || how;
  };
});
