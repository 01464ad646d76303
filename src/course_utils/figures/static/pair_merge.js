import {
  animate,
  button,
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
  slider,
  SPEC,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

/** @import { Format } from "./kit/floats.js" */

const SHARDS = "ABCD";
const TINTS = [0, 2, 3, 4].map((i) => TEXT_COLORS[i]);
const ROOM = 156; // px for the factor beside a bar
/** The colour of a shard, or of the first or second part of a merge that is none. */
const tint = (/** @type {number} */ k, place = 0) => TINTS[k] ?? TEXT_COLORS[5 + place];
/** @type {number[]} */
const BELOW = SPEC.constants.below ?? [];
const LEAD = 16; // px of a line of text in a box
const HIGH = 4 * LEAD + 8; // of a box
const GAP = 30; // between two levels
const SLOWLY = 3900; // ms of three merges

const WORDS = {
  en: {
    lead: "Four shards have two scores each. m is the largest score of a shard, t the sum of " +
      "exp(z − m); Σ is the plain sum of exp(z). A merge shrinks the t with the lower m, and adds.",
    question: "exp(100) is inf in float32. Merge the pairs of these shards in some other order: " +
      "what can change?",
    answers: [
      {
        text: "the log-sum-exp",
        says: "No, only its last digits: the pair of a union is what it is, however the union " +
          "came about.",
      },
      {
        text: "the last digits",
        says: "Yes. The pair of a union is what it is; orders differ by their rounding only.",
      },
      {
        text: "it may overflow",
        says: "No: each exponent, a score minus a maximum, is at most 0. Only the last digits " +
          "change.",
      },
    ],
    bars: (/** @type {string} */ top) => `t, brought to the common m = ${top} and added`,
    unmerged: "t of each shard, relative to its own m",
    shrunk: (
      /** @type {string} */ name,
      /** @type {string[]} */ parts,
      /** @type {string} */ total,
    ) => `Bars of t: ${parts.join(" and ")}; of ${name} ${total}`,
    graph: (/** @type {string} */ names) => `Tree of merges; now left: ${names}`,
    rounds: (/** @type {number} */ n) => `${n} rounds`,
    shard: (/** @type {string} */ name) => `shard ${name}`,
    scores: "Scores of each shard",
    order: "order",
    stage: "merges done",
    back: "Back",
    next: "Next merge",
    another: "Another order",
    pick: "merge two:",
    hint: "choose two boxes to merge",
    format: "format",
    columns: ["way", "sum", "log-sum-exp"],
    pair: "pair",
    plain: "plain Σ",
    exact: "exact",
    caption: (/** @type {string} */ format) => `All eight scores, in ${format}`,
    axis: "error of t, in units of the roundoff u",
    spread: "all 15 orders, a dot each; filled: seen",
    same: (/** @type {string} */ worst) =>
      `All 15 orders give the same t, ${worst} u from the exact one.`,
    differ: (/** @type {number} */ count, /** @type {string} */ worst) =>
      `The 15 orders give ${count} different t, at most ${worst} u from the exact one.`,
    goal: "merge the four box by box, in as few rounds as can be.",
    reached:
      "Two merges that don't wait for each other share a round. 1024 shards need ten rounds.",
    start: "Four pairs, none merged. Choose two, or press Next merge.",
    picked: (/** @type {string} */ name) => `${name} is chosen. With which one?`,
    merged: (
      /** @type {string[]} */ [a, b],
      /** @type {string} */ top,
      /** @type {string} */ total,
    ) => `${a} and ${b} merge to m = ${top}, t = ${total}.`,
    result: (/** @type {string} */ value) => ` Log-sum-exp ${value}.`,
    inf: " The plain sum is inf.",
    zero: " The plain sum is 0.",
    off: (/** @type {string} */ error) => ` The plain way is off by ${error}.`,
    fine: " The plain sum works here, too.",
    tries: [
      {
        label: "one after the other",
        set: { tops: [100, 98, 99, 97], dtype: "float32", order: 1, stage: 3 },
        says: "One running pair takes up a shard at a time, in three rounds: the one-pass softmax.",
      },
      {
        label: "two by two",
        set: { tops: [100, 98, 99, 97], dtype: "float32", order: 0, stage: 3 },
        says: "Four shards need two rounds this way, not three.",
      },
      {
        label: "bfloat16",
        set: { tops: [2, 0, 1, -1], dtype: "bfloat16", order: 2, stage: 3 },
        says: "With eight bits the order shows in t, and still only by rounding.",
      },
      {
        label: "far below 0",
        set: { tops: [-110, -112, -111, -113], dtype: "float32", order: 0, stage: 3 },
        says: "Every exp(z) becomes 0, and ln 0 is −inf. The pairs are as good as before.",
      },
      {
        label: "one shard far above",
        set: { tops: [100, -20, -30, -100], dtype: "float32", order: 13, stage: 3 },
        says: "The factors of the others are tiny or 0: beside t = 1.368 they add nothing.",
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
 * @param {number[]} tops
 * @param {Format} dtype
 * @param {number} order
 * @param {number} stage
 */
function build(tops, dtype, order, stage) {
  const r = (/** @type {number} */ x) => roundTo(dtype, x);
  const exp = (/** @type {number} */ x) => r(Math.exp(x));
  /** @type {Knot[]} */
  const knots = tops.map((top, k) => ({
    name: SHARDS[k],
    top: r(top),
    total: r(1 + exp(r(r(top + BELOW[k]) - r(top)))),
    plain: r(exp(r(top)) + exp(r(top + BELOW[k]))),
    parts: [],
    factors: [],
    level: 0,
    leaves: [k],
  }));
  for (const parts of mergesOf(order).slice(0, stage)) {
    const [a, b] = parts.map((k) => knots[k]);
    const top = Math.max(a.top, b.top);
    const factors = [a, b].map((one) => exp(r(one.top - top)));
    const first = a.leaves[0] < b.leaves[0] ? 0 : 1;
    const turned = first ? [b, a] : [a, b];
    const [left, right] = turned.map(({ name, level }) => (level ? `(${name})` : name));
    knots.push({
      name: left + right,
      top,
      total: r(r(a.total * factors[0]) + r(b.total * factors[1])),
      plain: r(a.plain + b.plain),
      parts: first ? [parts[1], parts[0]] : parts,
      factors: first ? [factors[1], factors[0]] : factors,
      level: 1 + Math.max(a.level, b.level),
      leaves: turned.flatMap(({ leaves }) => leaves),
    });
  }
  return knots;
}

/** @param {Knot[]} knots */
function leftOf(knots) {
  const used = new Set(knots.flatMap(({ parts }) => parts));
  return range(knots.length).filter((k) => !used.has(k));
}

/** The roundoff of a format. @param {Format} dtype */
const unitOf = (dtype) => 2 ** -FORMATS[dtype][0];

/** A number with four digits, in at most eight characters. @param {number} value */
function short(value) {
  if (!Number.isFinite(value) || value === 0) return fmt(value, 0);
  const size = Math.abs(value);
  if (size < 1e-2 || size >= 1e5) return minus(value.toExponential(1).replace("e+", "e"));
  return four(value);
}

export default figure(WORDS, (view, words) => {
  /** The box that was chosen to be merged. @type {number | undefined} */
  let picked;
  /** How many merges in a row the reader has chosen, from none on. */
  let chosen = 0;
  /** The trees that have been seen. @type {Set<string>} */
  const seen = new Set();
  const plot = view.plot({
    height: 4 * HIGH + 3 * GAP + 6,
    x: [0, 4],
    y: [0, 1],
    xticks: [],
    yticks: [],
    margin: { top: 3, right: 0, bottom: 3, left: 0 },
  });
  plot.node.classList.add("tree");
  const spread = view.plot({
    height: 150,
    x: [-3, 3],
    y: [0, 15.5],
    yticks: [],
    ylabel: words.spread,
    xlabel: words.axis,
    margin: { left: 10 },
  });
  spread.node.classList.add("spread");
  const bars = view.plot({
    height: 138,
    x: [0, 8],
    y: [0, 1],
    yticks: [],
    ylabel: words.unmerged,
    margin: { left: 52, right: 8 },
  });
  /** How far the bars of a merge have shrunk, from 0 to 1. */
  let shrunk = 1;
  let stop = () => {};
  view.closers.push(() => stop());
  const said = html("p.say");
  const orders = html("p.soft");
  const table = html("table");
  const choices = html("fieldset.radios");
  const rows = range(4).map((k) =>
    entrySlider(view, "tops", k, {
      label: words.shard(SHARDS[k]),
      color: TINTS[k],
      step: 1,
      show: (top) => `${short(top)}, ${short(top + BELOW[k])}`,
    })
  );
  const go = (/** @type {number} */ stage) => view.set({ stage });
  const back = button(view, words.back, () => go(view.get("stage") - 1));
  const next = button(view, words.next, () => go(view.get("stage") + 1));
  next.classList.add("primary");
  const another = button(view, words.another, () => {
    view.set({ order: (view.get("order") + 1) % 18, stage: 3 });
  });

  /** @param {number} a @param {number} b */
  function merge(a, b) {
    const { order, stage } = view.state;
    const two = pairsOf(leftOf(now())).findIndex((one) => one.includes(a) && one.includes(b));
    const orderOf = [3 * two, 3 * Math.floor(order / 3) + two, order];
    const before = stage ? chosen : 0;
    view.set({ order: orderOf[stage], stage: stage + 1 });
    chosen = before + 1;
    view.refresh();
  }
  /** Choose a box, or give it up, or merge it with the one chosen before. @param {number} k */
  function pick(k) {
    view.touched = true;
    if (view.get("stage") === 3) view.set({ stage: 0 });
    if (picked !== undefined && picked !== k) return merge(picked, k);
    picked = picked === k ? undefined : k;
    view.refresh();
  }
  plot.svg.addEventListener("click", (event) => {
    const box = /** @type {Element} */ (event.target).closest(".open");
    if (box && !view.locked) pick(Number(box.getAttribute("data-knot")));
  });
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    picked = undefined;
    seen.clear();
    view.refresh();
  });

  /** Merge in another order, before the reader's eyes. */
  function run() {
    view.set({ order: 14, stage: 0 });
    glide(view, SLOWLY, (share) => ({ stage: Math.min(3, 1 + Math.floor(3 * share)) }));
  }

  /** @param {number} [order] @param {number} [stage] */
  function now(order = view.get("order"), stage = view.get("stage")) {
    return build(view.get("tops"), view.get("dtype"), order, stage);
  }

  const more = html(
    "div.stack",
    html("p.strong", words.scores),
    html("div.columns.shards", ...rows),
    radios(view, "dtype", { label: words.format }),
  );
  view.control(more);
  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: run,
  });
  view.add(
    html("div.side", plot.node, html("div.stack", bars.node, table, spread.node, orders)),
    said,
    view.bar(
      html("div.row", back, next, another, choices),
      html(
        "div.columns",
        slider(view, "order", {
          label: words.order,
          step: 1,
          show: (order) => now(order, 3)[6].name,
        }),
        slider(view, "stage", { label: words.stage, step: 1, show: String }),
      ),
    ),
    more,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        if (view.changed.size) chosen = 0;
        return chosen === 3 && now()[6].level === 2;
      },
      says: words.reached,
    }),
  );

  /** @param {Knot[]} knots @param {number[]} left */
  function drawTree(knots, left) {
    const places = left
      .map((k) => knots[k].leaves)
      .sort((a, b) => a[0] - b[0])
      .flat();
    const levels = now(view.get("order"), 3)[6].level;
    const step = (3 * (HIGH + GAP)) / levels;
    const spans = knots.map(({ leaves, level }) => {
      const columns = leaves.map((leaf) => places.indexOf(leaf));
      const middle = plot.x(sum(columns) / columns.length + 0.5);
      return { middle, y: 3 + level * step };
    });
    const width = Math.min(plot.x(0.93) - plot.x(0), 150);
    const last = knots.length - 1;
    const merged = last > 3;
    const ways = knots.flatMap(({ parts, factors }, k) =>
      parts.flatMap((part, i) => {
        const from = spans[part];
        const to = spans[k];
        const start = from.y + HIGH;
        const look = merged && k === last ? "way now" : "way";
        const bend = to.y - 7;
        return [
          svg("path", {
            class: look,
            d: `M${from.middle},${start + 20}V${bend}H${to.middle}V${to.y}`,
          }),
          quantity(
            svgText(from.middle, start + 15, "", { class: "halo" }),
            `factor ${part}`,
            factors[i],
            `× ${short(factors[i])}`,
          ),
        ];
      })
    );
    const boxes = knots.map(({ name, top, total, plain, leaves }, k) => {
      const { middle, y } = spans[k];
      const open = left.length > 1 ? left.includes(k) : k < 4;
      const looks = [
        "knot",
        open && "open",
        k === picked && "picked",
        merged && k === last && "now",
      ];
      const bad = plain === Infinity || plain === 0;
      const style = k < 4 ? `fill:${TINTS[k]}` : null;
      const texts = [
        svgText(middle, y + LEAD, [...leaves].sort().map((leaf) => SHARDS[leaf]).join(""), {
          class: "strong",
          style,
        }),
        quantity(svgText(middle, y + 2 * LEAD, ""), `m ${name}`, top, `m ${short(top)}`),
        quantity(svgText(middle, y + 3 * LEAD, ""), `t ${name}`, total, `t ${short(total)}`),
        quantity(
          svgText(middle, y + 4 * LEAD, "", { class: bad ? "plain bad" : "plain" }),
          `plain ${name}`,
          plain,
          `Σ ${short(plain)}`,
        ),
      ];
      return svg(
        "g",
        { class: looks.filter(Boolean).join(" "), "data-knot": k },
        svg("rect", { x: middle - width / 2, y, width, height: HIGH, rx: 6 }),
        ...texts,
      );
    });
    const bottom = Math.max(...spans.map(({ y }) => y)) + HIGH;
    const aside = left.length > 1
      ? svgText(plot.x(2), bottom + 32, words.hint, { class: "soft" })
      : quantity(
        svgText(plot.x(0.75), bottom - HIGH / 2 + 4, "", { class: "strong" }),
        "rounds",
        levels,
        words.rounds(levels),
      );
    plot.draw(...ways, ...boxes, aside);
    plot.describe(words.graph(left.map((k) => knots[k].name).join(", ")));
  }

  /** The last merge as bars: both t shrink to the common m, and are put end to end. */
  function drawBars() {
    const knots = now();
    const { name, top, total, parts, factors } = knots[knots.length - 1];
    const shown = parts.length ? parts : range(4);
    const widest = Math.max(...shown.map((k) => knots[k].total), total);
    const room = bars.area.right - bars.area.left;
    bars.scale({
      x: [0, (widest * room) / (room - (parts.length && ROOM))],
      ylabel: parts.length ? words.bars(short(top)) : words.unmerged,
    });
    const { left, bottom, top: start } = bars.area;
    const lane = (bottom - start) / (parts.length ? 3 : 4);
    const middle = (/** @type {number} */ i) => start + (i + 0.5) * lane;
    const width = (/** @type {number} */ t) => bars.x(t) - left;
    const tall = lane - 8;
    const label = (/** @type {number} */ i, /** @type {string} */ text) =>
      svgText(left - 6, middle(i) + 4, text, { "text-anchor": "end" });
    /** @param {number} i @param {number} from @param {number} t @param {string} look */
    const bar = (i, from, t, look) =>
      svg("rect", {
        x: bars.x(from),
        y: middle(i) - tall / 2,
        width: Math.max(0, width(t)),
        height: tall,
        style: look,
      });
    let end = 0;
    const drawn = shown.flatMap((k, i) => {
      const one = knots[k];
      const color = tint(k, i);
      const whole = `fill: none; stroke: ${color}; stroke-dasharray: 3 3`;
      const text = label(i, [...one.leaves].sort().map((leaf) => SHARDS[leaf]).join(""));
      if (!parts.length) return [text, bar(i, 0, one.total, `fill: ${color}`)];
      const t = one.total * (1 + (factors[i] - 1) * shrunk);
      const from = end;
      end += t;
      return [
        text,
        bar(i, 0, one.total, whole),
        put(bar(i, 0, t, `fill: ${color}`), { "data-q": `shrunk ${i}`, "data-value": t }),
        shrunk === 1 ? bar(2, from, t, `fill: ${color}`) : "",
        svgText(
          bars.x(one.total) + 6,
          middle(i) + 4,
          `× exp(${short(one.top - top)}) = ${short(factors[i])}`,
          { "text-anchor": "start" },
        ),
      ];
    });
    const sum = parts.length ? label(2, words.columns[1]) : "";
    bars.draw(...drawn, sum);
    bars.describe(words.shrunk(name, shown.map((k) => short(knots[k].total)), short(total)));
  }

  /** Let the bars of the last merge shrink before the reader's eyes. */
  function play() {
    stop();
    shrunk = 0;
    stop = animate(900, (share) => {
      shrunk = share;
      drawBars();
    });
  }

  /** @param {Knot} all @param {Format} dtype @param {number} exact @param {boolean} done */
  function drawTable(all, dtype, exact, done) {
    const digits = { float16: 4, bfloat16: 3, float32: 8, float64: 16 }[dtype];
    const text = (/** @type {number} */ v, more = 0) =>
      Number.isFinite(v) ? minus(String(Number(v.toPrecision(digits + more)))) : fmt(v);
    const lse = roundTo(dtype, all.top + roundTo(dtype, Math.log(all.total)));
    const plain = roundTo(dtype, Math.log(all.plain));
    /** @param {string} name @param {number} total @param {number} log */
    const line = (name, total, log) => {
      const cells = [["sum", total, short(total)], ["lse", log, text(log)]].map(([q, v, shown]) =>
        done ? quantity(html("td"), `${q} ${name}`, Number(v), String(shown)) : html("td", "–")
      );
      const bad = done && !Number.isFinite(log);
      return html(
        "tr",
        { class: bad ? "plain bad" : null },
        html("th", { scope: "row" }, name),
        ...cells,
      );
    };
    table.replaceChildren(
      html("caption", words.caption(dtype)),
      html("thead", html("tr", ...words.columns.map((name) => html("th", { scope: "col" }, name)))),
      html(
        "tbody",
        line(words.pair, all.total, lse),
        line(words.plain, all.plain, plain),
        html(
          "tr",
          html("th", { scope: "row" }, words.exact),
          html("td"),
          quantity(html("td"), "lse exact", exact, text(exact, 2)),
        ),
      ),
    );
    return { lse, plain, text };
  }

  /** How far the sums of all orders are off. @param {string} mine @param {Format} dtype */
  function drawSpread(mine, dtype, exact = 0) {
    const unit = unitOf(dtype);
    /** @type {Record<string, number>} the total that each tree gives */
    const totals = {};
    for (const order of range(18)) {
      const { name, total } = now(order, 3)[6];
      totals[name] = total;
    }
    const errors = Object.fromEntries(
      Object.entries(totals).map(([name, total]) => [name, (total / exact - 1) / unit]),
    );
    const worst = Math.max(...Object.values(errors).map(Math.abs));
    const end = Math.max(3, Math.ceil(worst + 0.2));
    spread.scale({ x: [-end, end] });
    /** @type {Record<string, number>} how many stand at one place */
    const stack = {};
    const zero = spread.x(0);
    const names = Object.keys(errors);
    // The one that is shown comes last, so it lies on top of its column.
    names.sort((a, b) => Number(a === mine) - Number(b === mine));
    const dots = names.map((name) => {
      const error = errors[name];
      const height = stack[error] = (stack[error] ?? 0) + 1;
      return svg("circle", {
        cx: spread.x(error),
        cy: spread.y(height - 0.4),
        r: name === mine ? 5 : 3.2,
        class: name === mine ? "ring mine" : seen.has(name) ? "ring" : "ring unseen",
        "data-q": `error ${name}`,
        "data-value": error,
      });
    });
    spread.draw(
      svg("path.dash", { d: `M${zero},${spread.area.top}V${spread.area.bottom}` }),
      ...dots,
    );
    const count = Object.keys(stack).length;
    const text = count > 1 ? words.differ(count, fmt(worst, 1)) : words.same(fmt(worst, 1));
    orders.textContent = text;
    spread.describe(text);
  }

  /**
   * The boxes that can be chosen, once more for the keyboard.
   * @param {Knot[]} knots
   * @param {number[]} left
   */
  function drawChoices(knots, left) {
    const key = left.length > 1 ? left.map((k) => knots[k].name).join() : "";
    if (choices.dataset.key !== key) {
      const held = choices.contains(view.root.shadowRoot?.activeElement ?? null);
      choices.dataset.key = key;
      const nodes = (key ? left : []).map((k) => {
        const input = html("input", { type: "checkbox", "data-control": `pick.${k}` });
        input.addEventListener("change", () => pick(k));
        return html("label", input, html("span", knots[k].name));
      });
      choices.replaceChildren(...(key ? [html("legend", words.pick)] : []), ...nodes);
      const heir = key ? nodes[nodes.length - 1].querySelector("input") : back;
      if (held) heir?.focus();
    }
    choices.hidden = !key;
    left.forEach((k) => {
      const input = choices.querySelector(`[data-control="pick.${k}"]`);
      if (input instanceof HTMLInputElement) input.checked = k === picked;
    });
  }

  return () => {
    if (view.changed.size) picked = undefined;
    const { stage, dtype, tops } = view.state;
    const knots = now();
    const left = leftOf(knots);
    const last = knots[knots.length - 1];
    const done = stage === 3;
    const scores = tops.flatMap((/** @type {number} */ top, /** @type {number} */ k) =>
      [top, top + BELOW[k]].map((z) => roundTo(dtype, z))
    );
    const exact = logsumexp(scores);
    drawTree(knots, left);
    const turned = view.changed.has("stage") || view.changed.has("order");
    if (view.touched && stage && turned) play();
    else drawBars();
    const { lse, plain, text } = drawTable(last, dtype, exact, done);
    if (done) seen.add(last.name);
    drawSpread(done ? last.name : "", dtype, Math.exp(exact - Math.max(...scores)));
    drawChoices(knots, left);
    back.disabled = stage === 0;
    next.disabled = done;
    let sentence = stage
      ? words.merged(
        last.parts.map((k) => knots[k].name),
        short(last.top),
        short(last.total),
      )
      : words.start;
    if (picked !== undefined) sentence = words.picked(knots[picked].name);
    if (done) {
      const error = Math.abs(plain - exact);
      // A few roundings of the sum, and one or two of the result.
      const rounding = unitOf(dtype) * (8 + 2 * Math.abs(exact));
      sentence += words.result(text(lse));
      if (last.plain === Infinity) sentence += words.inf;
      else if (last.plain === 0) sentence += words.zero;
      else sentence += error > rounding ? words.off(short(error)) : words.fine;
    }
    said.textContent = sentence;
    return sentence;
  };
});
