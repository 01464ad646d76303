import {
  button,
  entrySlider,
  figure,
  fmt,
  goal,
  guessFirst,
  html,
  minus,
  quantity,
  radios,
  range,
  softmax,
  SPEC,
  squeezed,
  subscript,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  textWidth,
  tries,
} from "./kit.js";

const WORDS = {
  en: {
    lead: "Each box is computed from those below it. On the way back it sends its gradient down, " +
      "times the line's local derivative, which you choose. Thicker lines send more, up to 1.",
    question: "With class 1 the true one, z₁ is used twice: in its exponential and in the loss. " +
      "What will its gradient be?",
    answers: ["p₁", "−1", "p₁ − 1"].map((text) => ({
      text,
      says: "Walk back with class 1 as the true one: what arrives at z₁ will tell.",
    })),
    verdicts: [
      "No: that came through exp z₁. With the direct −1 it is p₁ − 1 while class 1 is true.",
      "No: that came directly. With p₁, from the exponential, it is p₁ − 1 while class 1 is true.",
      "Yes: what comes back on different paths is added.",
    ],
    last: "loss",
    theLoss: "the loss",
    graph: "Graph of the loss: logits, exponentials, their sum, its logarithm, the loss",
    choices: "what to multiply by, or how to join",
    label: "true class",
    nudge: "nudge",
    none: "none",
    back: "Back",
    show: "Show me",
    key: "In boxes:",
    value: "value",
    gradient: "gradient so far",
    change: "Δ per nudge",
    ask: (/** @type {string} */ from, /** @type {string} */ to) =>
      `From ${from} to ${to}: times what?`,
    join: (/** @type {string} */ z, /** @type {string[]} */ [direct, other]) =>
      `${z} has ${direct} and ${other}: add or multiply?`,
    each: "each exponential",
    logits: "its logit",
    done: "Nudge a logit: the factors on the lines carry its change up, too.",
    factors: ["−1", "1", "1/Q", "Q", "exp z"],
    joints: [["+", "add"], ["×", "multiply"]],
    times: (/** @type {string} */ factor) => `× ${factor}`,
    start: "The loss's own gradient is 1: it grows as fast as itself.",
    sends: (
      /** @type {string} */ from,
      /** @type {string} */ to,
      /** @type {string[]} */ [grad, factor, result],
    ) => `${from} sends ${grad} · ${factor} = ${result} to ${to}.`.replace(/^the/, "The"),
    joined: (/** @type {string} */ z, /** @type {string[]} */ [total, parts]) =>
      `The gradient of ${z} is ${parts} = ${total}.`,
    all: " The three gradients add up to 0.",
    given: " Shown, not chosen: Back lets you choose it.",
    open: (/** @type {number} */ count) => `You chose ${count} of 6: Back leads to the others.`,
    miss: (
      /** @type {string} */ pick,
      /** @type {string} */ held,
      /** @type {string} */ to,
      /** @type {string} */ from,
      /** @type {string} */ change,
    ) => `Not ${pick}. If ${to} grows by 0.01${held}, ${from} changes by ${change}.`,
    held: (/** @type {string} */ what) => ` and ${what} stays`,
    others: " and the others stay",
    apart: (
      /** @type {string} */ z,
      /** @type {string[]} */ [log, direct],
    ) =>
      `Not ×. ${z} grows by 0.01: the loss changes by ${log} through ln Q and by ${direct} ` +
      "directly.",
    chance: (/** @type {string} */ pick) => `${pick} is right only where the logit is 0.`,
    nudged: (
      /** @type {string} */ z,
      /** @type {string[]} */ [exp, log, loss],
    ) =>
      `Each line up from ${z} multiplies the nudge: ${exp} nudges at exp ${z}, ${log} at ln Q, ` +
      `${loss} at the loss`,
    spokenNudge: (
      /** @type {string} */ z,
      /** @type {string[]} */ [exp, log, loss],
    ) => `Nudge of ${z}: ${exp} at exp ${z}, ${log} at ln Q, ${loss} at the loss.`,
    direct: (/** @type {string[]} */ [log, loss]) => `${log} − 1 = ${loss}`,
    same: (/** @type {string} */ z) => `, the gradient of ${z}.`,
    both: (/** @type {string[]} */ [direct, other]) => `${direct} and ${other}`,
    shares: (/** @type {string} */ other) => `${other} − 1`,
    total: (/** @type {string} */ total) => `= ${total}`,
    goal: "walk all the way back without Show me.",
    reached: (/** @type {number} */ misses) =>
      `${misses ? `Done, after ${misses} that did not fit` : "Done, and none was wrong"}: five ` +
      "local derivatives and one sum gave the gradients of all logits.",
    halfGoal: "then slide until the gradient of the true logit is −0.5.",
    half: (/** @type {string} */ z) =>
      `Done: exp ${z} is about as large as the other two together.`,
    tries: [
      {
        label: "sure and right",
        set: { logits: [4, 0, 0], stage: 6 },
        says: "What comes through the exponential, p₁, nearly cancels −1: little is left.",
      },
      {
        label: "sure and wrong",
        set: { logits: [0, 4, 0], stage: 6 },
        says: "p₁ is near 0, so nearly all of the direct −1 remains; z₂ gets nearly +1.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], stage: 6 },
        says: "Every exponential sends 1/3; only the true logit gets −1 as well.",
      },
    ],
  },
};

const RIGHT = [1, 0, 2, 1, 4, 0]; // places of what is right among what a step has to choose from
const NUDGE = 1e-6;
const STEP = 0.01; // of the hints
const coarse = matchMedia("(pointer: coarse)").matches;
// Pixels: a line of text, a box, between boxes, where a row of choices stands.
const [ROW, LOW, GAP] = [15, 48, coarse ? 48 : 42];
const BARS = 26; // pixels for the bars of what reaches a logit
const TALL = 2 * ROW + 3 + BARS + GAP; // the box of a logit: below the bars, shares and choices
const THICK = 10; // pixels: a line that sends 1
const SIDE = THICK + 2; // pixels around the boxes, for the direct line

/**
 * A box of the graph.
 * @typedef {object} Box
 * @property {string} name
 * @property {[number, number]} at column and row
 * @property {number} value
 */
/**
 * A way back: what a step sends back.
 * @typedef {object} Way
 * @property {string} from
 * @property {string} to
 * @property {number} factor derivative of `from` with respect to `to`
 * @property {string} law the same in letters, if it is no plain 1 or −1
 * @property {number} stage
 */

/**
 * Boxes and ways back of one state.
 * @param {number[]} z
 * @param {number} label
 */
function graph(z, label) {
  const exps = z.map(Math.exp);
  const Q = sum(exps);
  const lnQ = Math.log(Q);
  /** @type {Record<string, Box>} */
  const boxes = {
    Q: { name: "Q", at: [1, 2], value: Q },
    l: { name: "ln Q", at: [1, 1], value: lnQ },
    L: { name: "loss", at: [1, 0], value: lnQ - z[label - 1] },
  };
  /** @type {Way[]} */
  const ways = [
    { from: "L", to: "l", factor: 1, law: "", stage: 1 },
    { from: "L", to: `z${label}`, factor: -1, law: "", stage: 2 },
    { from: "l", to: "Q", factor: 1 / Q, law: "1/Q", stage: 3 },
  ];
  z.forEach((value, i) => {
    const k = i + 1;
    const index = subscript(k);
    boxes[`z${k}`] = { name: `z${index}`, at: [i, 4], value };
    boxes[`e${k}`] = { name: `exp z${index}`, at: [i, 3], value: exps[i] };
    ways.push({ from: "Q", to: `e${k}`, factor: 1, law: "", stage: 4 });
    ways.push({ from: `e${k}`, to: `z${k}`, factor: exps[i], law: `exp z${index}`, stage: 5 });
  });
  return { boxes, ways };
}

/**
 * Gradients after some steps: what has come back to each box so far.
 * @param {Way[]} ways
 * @param {number} stage
 */
function gradients(ways, stage) {
  /** @type {Record<string, number>} */
  const found = { L: 1 };
  for (const { from, to, factor } of ways.filter((way) => way.stage <= stage)) {
    found[to] = (found[to] ?? 0) + found[from] * factor;
  }
  return found;
}

/**
 * What a small change of logit k changes, as multiples of it.
 * @param {number[]} z
 * @param {number} label
 * @param {number} k from 1; 0 changes nothing
 */
function changes(z, label, k) {
  const before = graph(z, label).boxes;
  const moved = graph(z.map((value, i) => i === k - 1 ? value + NUDGE : value), label).boxes;
  const all = Object.keys(before).map((key) => /** @type {[string, number]} */ ([
    key,
    (moved[key].value - before[key].value) / NUDGE,
  ]));
  return new Map(all.filter(([, change]) => change));
}

export default figure(WORDS, (view, words) => {
  const last = SPEC.traits.stage.max ?? 0;
  const plot = view.plot({
    label: words.graph,
    height: 4 * (LOW + GAP) + TALL + 4 + SIDE,
    x: [0, 3],
    y: [0, 1],
    xticks: [],
    yticks: [],
    margin: { top: 2, right: SIDE, bottom: 2 + SIDE, left: SIDE },
  });
  plot.node.classList.add("graph");
  const told = html("span");
  const prompt = html("b.asks");
  const longest = words.nudged("z₁", ["0.00000", "0.000", "0.000000 − 1 = −0.000000"]) +
    words.same("z₁");
  // What is below it stays in place.
  const said = html("p.say", { "data-room": longest }, html("span", told, " ", prompt));
  /** The steps that the reader chose. @type {Set<number>} */
  const mine = new Set();
  let misses = 0;
  let won = ""; // what the goal said when it was reached
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let missed = -1; // the turn in which a wrong one was chosen
  let picked = 0;
  // On the way, a nudge ends with a step: its sentence would hide what the step did.
  const go = (/** @type {number} */ stage) =>
    view.set(stage < last ? { stage, nudge: 0 } : { stage });
  const back = button(view, words.back, () => go(view.get("stage") - 1));
  const show = button(view, words.show, () => go(view.get("stage") + 1));
  const choose = (/** @type {number} */ i) => {
    const stage = view.get("stage") + 1;
    if (i === RIGHT[stage - 1]) {
      mine.add(stage);
      go(stage);
      // Where the button is gone, the focus goes to what takes its place.
      if (!pad.childNodes.length) back.focus({ preventScroll: true });
      else if (stage === last - 1) joints[0].focus({ preventScroll: true });
      return;
    }
    picked = i;
    missed = view.turns;
    misses += 1;
    view.refresh();
  };
  const factors = words.factors.map((text, i) => button(view, text, () => choose(i)));
  const joints = words.joints.map(([text, name], i) => {
    const node = button(view, text, () => choose(i));
    node.setAttribute("aria-label", name);
    return node;
  });
  const pad = html("div.pad", { role: "group", "aria-label": words.choices });
  plot.box.append(pad);
  view.control(pad);

  view.bind(pad, () => {
    const stage = view.get("stage");
    for (const step of mine) if (step > stage) mine.delete(step);
    if (stage === 0 && missed !== view.turns) { // a walk begins
      misses = 0;
      won = "";
    }
  });

  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: (place) =>
      new Promise((resolve) => {
        settle = () => resolve(words.verdicts[place]);
      }),
  });
  const sliders = html(
    "div.below",
    ...range(3).map((i) =>
      entrySlider(view, "logits", i, {
        label: `z${subscript(i + 1)}`,
        color: TEXT_COLORS[i],
        show: (x) => fmt(Math.round(10 * x) / 10, 1),
      })
    ),
  );
  const settings = html(
    "div.row",
    back,
    show,
    radios(view, "label", { label: words.label, options: [1, 2, 3] }),
    radios(view, "nudge", {
      label: words.nudge,
      options: [[0, words.none], ...range(3).map((i) => [i + 1, `z${subscript(i + 1)}`])],
    }),
  );
  view.control(sliders);
  view.control(settings);
  view.add(
    html(
      "p.row",
      html("span.soft", words.key),
      html("span", words.value),
      html("span.grad", words.gradient),
      html("span.change", words.change),
    ),
    plot.node,
    sliders,
    said,
    settings,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        if (view.get("stage") === last && mine.size === last) won ||= words.reached(misses);
        return won !== "";
      },
      says: () => won,
    }),
    goal(view, {
      text: words.halfGoal,
      reached: () => {
        const share = softmax(view.get("logits"))[view.get("label") - 1];
        return view.get("stage") === last && Math.abs(share - 0.5) < 0.01;
      },
      says: () => words.half(`z${subscript(view.get("label"))}`),
    }),
  );

  // A click on a logit nudges it; the buttons do the same for keys.
  plot.svg.addEventListener("click", (event) => {
    const [x, y] = plot.at(event);
    if (view.locked || x < 0 || x >= 3 || y > TALL / (plot.area.bottom - plot.area.top)) return;
    const nudge = Math.floor(x) + 1;
    view.set({ nudge: nudge === view.get("nudge") ? 0 : nudge });
  });

  let before = -1; // the step that was drawn last
  const seen = () => {
    const [label, stage] = [view.get("label"), view.get("stage")];
    const { boxes, ways } = graph(view.get("logits"), label);
    const moved = changes(view.get("logits"), label, view.get("nudge"));
    return { stage, truth: `z${label}`, boxes, ways, moved, grads: gradients(ways, stage) };
  };
  let { stage, truth, boxes, ways, moved, grads } = seen(); // what is drawn

  /** @param {Box} box */
  const place = ({ at: [column, row] }) => {
    const pitch = plot.x(1) - plot.x(0);
    const width = Math.min(pitch - 6, 190);
    const x = plot.x(column + 0.5) - width / 2;
    const y = plot.area.top + row * (LOW + GAP);
    return { x, y, width, height: row === 4 ? TALL : LOW, middle: x + width / 2 };
  };
  /** Whether a line is the one from the loss to the true logit. @param {Way} way */
  const direct = ({ stage }) => stage === 2;
  /**
   * The line between two boxes, downwards, and where its local derivative stands. From the loss to
   * the true logit it runs around all others.
   * @param {Way} way
   */
  function line(way) {
    const [from, to] = [boxes[way.from], boxes[way.to]];
    const [a, b] = [place(from), place(to)];
    const column = to.at[0];
    if (direct(way)) {
      const [start, end, x] = column
        ? [a.x + a.width, b.x + b.width, plot.x(3) + SIDE / 2]
        : [a.x, b.x, plot.x(0) - SIDE / 2];
      const below = b.y + TALL + 2 + SIDE / 2;
      const foot = column === 1
        ? `V${below}H${b.middle}V${b.y + TALL}`
        : `V${b.y + TALL / 2}H${end}`;
      const d = `M${start},${a.y + LOW / 2}H${x}${foot}`;
      return { d, x: (start + x) / 2, y: a.y + LOW / 2 - 16, anchor: "middle" };
    }
    const top = a.y + LOW;
    if (b.middle !== a.middle) {
      const aside = Math.sign(column - 1) * 10;
      const anchor = aside < 0 ? "end" : "start";
      const d = `M${a.middle},${top}L${b.middle},${b.y}`;
      return { d, x: b.middle + aside, y: b.y - 12, anchor };
    }
    // Beside a logit's line its local derivative has the width of the box.
    const x = b.middle - (to.at[1] === 4 && !wide() ? 27 : 0);
    return {
      d: `M${x},${top}V${b.y}`,
      x: x + (wide() ? 10 : 7),
      y: b.y - GAP / 2,
      anchor: "start",
    };
  }
  const wide = () => plot.width > 600;
  const digits = (/** @type {number} */ v, /** @type {number} */ count) =>
    minus(v.toPrecision(count));
  // Boxes and sentences say a number alike.
  const short = (/** @type {number} */ v) => {
    const [size, narrow] = [Math.abs(v), plot.width < 300];
    if (Number.isInteger(v)) return minus(String(v));
    if (size < 0.1) return digits(v, narrow ? 2 : 3);
    return minus(v.toFixed(size >= 100 ? 1 : size >= 10 || (size >= 1 && narrow) ? 2 : 3));
  };
  // A share p of the true logit and p − 1, with as many decimals.
  const pair = (/** @type {number} */ p) => {
    const decimals = (/** @type {number} */ v) => short(v).split(".")[1]?.length ?? 0;
    const count = Math.max(decimals(p), decimals(p - 1));
    return [p, p - 1].map((v) => minus(v.toFixed(count)));
  };
  const called = (/** @type {Box} */ { name }) => name === words.last ? words.theLoss : name;
  const three = (/** @type {number} */ v) => Math.abs(v) < 1e-9 ? "0" : digits(v, 3);
  const signed = (/** @type {number} */ v) => `${v < 0 ? "" : "+"}${short(v)}`;
  /** What a way sends, as it is written. @param {Way} way */
  const sent = ({ from, to, factor, stage }) => {
    const product = grads[from] * factor;
    return stage === 5 && to === truth ? pair(product)[0] : short(product);
  };
  // What two paths bring to the loss has as many decimals as their sum.
  const change = (/** @type {string} */ key) =>
    moved.has(truth) && (key === "l" || key === "L")
      ? pair(moved.get("l") ?? 0)[key === "l" ? 0 : 1]
      : three(moved.get(key) ?? 0);

  /** The lines, what stands on them, and what runs down those of this step. */
  function lines() {
    const texts = [];
    const paths = [];
    const flows = [];
    const runs = [];
    for (const way of ways) {
      const { from, to, factor, law, stage: step } = way;
      const { d, x, y, anchor } = line(way);
      const now = step === stage;
      const asked = step === stage + 1;
      const states = { now, asked, carries: moved.has(from) && moved.has(to) };
      const look = Object.entries(states).filter(([, is]) => is).map(([name]) => name);
      paths.push(svg("path", { class: ["edge", ...look].join(" "), d }));
      if (step <= stage) {
        const width = THICK * Math.min(1, Math.abs(grads[from] * factor));
        const flow = svg("path.flow", { d, "stroke-width": width, pathLength: 1 });
        flow.classList.toggle("grows", now && stage === before + 1);
        flows.push(flow);
      }
      if (now && stage === before + 1) {
        const both = [short(grads[from]), sent(way)];
        const room = Math.max(...both.map((text) => textWidth(text))) + 12;
        const pill = svg("rect", { x: -room / 2, y: -10, width: room, height: 20, rx: 10 });
        const [old, result] = both.map((text) => svgText(0, 4, text, { class: "grad" }));
        old.classList.add("old");
        result.classList.add("result");
        runs.push(svg("g.runs", { style: `offset-path: path("${d}")` }, pill, old, result));
      }
      /** @type {(text: string, dy: number) => SVGTextElement} */
      const note = (text, dy) =>
        svgText(x, y + dy, text, { "text-anchor": anchor, class: asked ? "halo asked" : "halo" });
      if (asked && wide() && boxes[to].at[0] !== 1 && !direct(way)) {
        texts.push(note(words.times("?"), 4)); // on the other lines, the choices stand
      } else if (step <= stage && !law) {
        texts.push(note(words.times(factor < 0 ? words.factors[0] : words.factors[1]), 4));
      } else if (step <= stage) {
        const [letters, number] = [words.times(law), `= ${short(factor)}`];
        texts.push(
          ...wide() ? [note(`${letters} ${number}`, 4)] : [note(letters, -4), note(number, 12)],
        );
      }
    }
    return { paths: [...flows, ...paths], texts, runs };
  }

  /**
   * Bars of what has reached a logit: left of the middle below 0, half the box is 1. The second of
   * two shares is put to the end of the first when they are added.
   * @param {number} middle
   * @param {number} y
   * @param {number} width
   * @param {number[]} shares
   * @param {boolean} added
   * @param {string} fresh class of what has just come
   */
  function bars(middle, y, width, shares, added, fresh) {
    const one = width / 2 - 6;
    const two = shares.length > 1;
    const bar = (
      /** @type {number} */ start,
      /** @type {number} */ v,
      /** @type {string} */ look,
      /** @type {number} */ row,
    ) =>
      svg("rect", {
        class: look,
        x: middle + (start + Math.min(0, v)) * one,
        y: y + row * 8,
        width: Math.abs(v * one),
        height: 6,
      });
    const slides = added && fresh ? "slides" : added ? "" : fresh;
    const second = two ? bar(added ? shares[0] : 0, shares[1], `share ${slides}`, 1) : "";
    if (second) second.style.setProperty("--from", `${one}px`);
    return [
      ...two || shares[0] < 0 ? [bar(0, shares[0], `share ${two ? "" : fresh}`, 0)] : [],
      ...second ? [second] : [],
      ...added || shares[0] > 0 ? [bar(0, sum(shares), `total ${fresh}`, 2)] : [],
      svg("path.zero", { d: `M${middle},${y - 1}v24` }),
    ];
  }

  /**
   * A box with its value, what has come back to it and what a nudge makes of it.
   * @param {string} key
   */
  function drawn(key) {
    const box = boxes[key];
    const { x, y, width, height, middle } = place(box);
    const bottom = y + height - 5;
    const arrived = ways.filter((way) => way.to === key && way.stage <= stage);
    const shares = arrived.map(({ from, factor }) => grads[from] * factor);
    const added = shares.length > 1 && stage === last;
    const now = arrived.some((way) => way.stage === stage) || added;
    const fresh = now && stage === before + 1 ? "comes" : "";
    const color = key[0] === "z" ? TEXT_COLORS[Number(key[1]) - 1] : "var(--cu-ink)";
    const name = { class: "name", style: `fill:${color}`, "text-anchor": "start" };
    /** @type {SVGElement[]} */
    const texts = [svgText(x + 4, y + ROW, box.name, name)];
    /** @type {(name: string, value: number, text: string, row: number, look: string) => void} */
    const tell = (name, value, text, row, look) => {
      const node = svgText(middle, bottom - row * ROW, "", {
        class: look,
        ...squeezed(text, width - 6),
      });
      texts.push(quantity(node, name, value, text));
    };
    const logit = minus(String(Number(box.value.toPrecision(3))));
    const value = key[0] === "z" ? logit : short(box.value);
    const room = squeezed(value, width - 11 - textWidth(box.name, 600));
    const node = svgText(x + width - 4, y + ROW, "", { "text-anchor": "end", ...room });
    texts.push(quantity(node, key, box.value, value));
    if (shares.length && key[0] === "z") {
      texts.push(...bars(middle, y + ROW + 3, width, shares, added, fresh));
    }
    if (shares.length > 1) {
      const [other, total] = pair(shares[1]);
      const text = added ? words.shares(other) : words.both([short(shares[0]), other]);
      const row = added ? 2 : (GAP - 2) / ROW;
      tell(`shares ${key}`, sum(shares), text, row, `grad ${added ? "" : fresh}`);
      if (added) tell(`grad ${key}`, grads[key], words.total(total), 1, `grad ${fresh}`);
    } else if (key in grads) {
      tell(`grad ${key}`, grads[key], short(grads[key]), 1, `grad ${fresh}`);
    }
    const exact = moved.get(key);
    if (exact) tell(`change ${key}`, exact, `Δ ${change(key)}`, 0, "change");
    return [svg("rect", { x, y, width, height, rx: 6, class: now ? "now" : "" }), ...texts];
  }

  /**
   * Puts the choices where they belong: on the line that is asked for, on the middle one of three,
   * beside the one that runs around the graph, or in the box that got two shares.
   */
  function ask() {
    const shown = stage === last ? [] : stage === last - 1 ? joints : factors;
    if (pad.childNodes[0] !== shown[0]) pad.replaceChildren(...shown);
    const way = ways.find((way) => way.stage === stage + 1);
    const [x, y] = way
      ? [plot.x(1.5), place(boxes[way.to]).y - GAP / 2]
      : [place(boxes[truth]).middle, plot.area.bottom - GAP / 2 - 1];
    let style = `left: ${x}px; top: ${y}px`;
    let look = "pad";
    if (way && direct(way)) {
      const { x: left, y: top, width } = place(boxes.L);
      const right = boxes[way.to].at[0] > 0;
      const room = left - SIDE - 10;
      const start = right ? left + width + 7 : SIDE + 4;
      const y = top + LOW / 2;
      if (room > (coarse ? 250 : 200)) style = `left: ${start + room / 2}px; top: ${y}px`;
      else {
        look = `pad aside ${right ? "right" : ""}`;
        style = `left: ${start}px; top: ${y + THICK}px; width: ${room}px`;
      }
    }
    pad.className = look;
    pad.style.cssText = style;
    shown.forEach((node, i) => {
      node.classList.toggle("wrong", missed === view.turns && i === picked);
    });
  }

  /** What the last step did, in words. */
  function sentence() {
    if (stage === 0) return words.start;
    if (stage === last) {
      const [other, total] = pair(grads[truth] + 1);
      return words.joined(boxes[truth].name, [total, words.shares(other)]);
    }
    const way = /** @type {Way} */ (
      ways.find((way) => way.stage === stage && (stage < last - 1 || way.to === truth))
    );
    const { from, to, factor, law } = way;
    const target = stage === 4 ? words.each : boxes[to].name;
    const grad = stage === 5 ? "1/Q" : short(grads[from]);
    return words.sends(called(boxes[from]), target, [grad, law || short(factor), sent(way)]);
  }

  /** What a wrong choice says: how the box changes with this one below it, all others held. */
  function missing() {
    const z = boxes[truth];
    const Q = boxes.Q.value;
    const rise = boxes[`e${truth[1]}`].value * Math.expm1(STEP);
    if (stage === last - 1) {
      return words.apart(z.name, [signed(Math.log1p(rise / Q)), signed(-STEP)]);
    }
    const asked = ways.filter((way) => way.stage === stage + 1);
    const { from, to, factor } = asked.find((way) => way.to === truth) ?? asked[0];
    const pick = words.factors[picked];
    const ones = ["1", "exp z"]; // equal where the logit is 0
    if (z.value === 0 && ones.includes(pick) && Math.abs(factor - 1) < 1e-9) {
      return words.chance(pick);
    }
    const moves = from === "l" ? Math.log1p(STEP / Q) : from[0] === "e" ? rise : factor * STEP;
    const held = from === "L"
      ? words.held(boxes[to === "l" ? truth : "l"].name)
      : from === "Q"
      ? words.others
      : "";
    return words.miss(pick, held, boxes[to].name, called(boxes[from]), signed(moves));
  }

  /** What comes next, in words. */
  function question() {
    if (stage === last) {
      if (view.get("nudge")) return "";
      return mine.size > 0 && mine.size < last ? words.open(mine.size) : words.done;
    }
    if (stage === last - 1) {
      return words.join(boxes[truth].name, [short(-1), pair(grads[truth] + 1)[0]]);
    }
    const { from, to } = /** @type {Way} */ (ways.find((way) => way.stage === stage + 1));
    if (stage === 4) return words.ask(words.each, words.logits);
    return words.ask(called(boxes[from]), stage === 3 ? words.each : boxes[to].name);
  }

  return () => {
    ({ stage, truth, boxes, ways, moved, grads } = seen());
    const { paths, texts, runs } = lines();
    const nodes = Object.keys(boxes).flatMap(drawn);
    before = stage;
    plot.draw(...paths, ...nodes, ...texts, ...runs);
    ask();

    const asks = question();
    const nudge = view.get("nudge");
    let text = sentence();
    let spoken = `${text} ${asks}`;
    if (missed === view.turns) {
      text = spoken = missing();
    } else if (nudge) {
      const z = boxes[`z${nudge}`].name;
      const [exp, log, loss] = [`e${nudge}`, "l", "L"].map(change);
      const total = `z${nudge}` === truth ? words.direct([log, loss]) : loss;
      text = words.nudged(z, [exp, log, total]) + (stage === last ? words.same(z) : ".");
      spoken = words.spokenNudge(z, [exp, log, loss]);
    } else if (stage && mine.size === stage - 1 && !mine.has(stage)) {
      text = spoken = text + words.given;
    } else if (stage === last) {
      text = spoken = text + words.all;
    }
    if (stage === last && truth === "z1") settle?.();
    told.textContent = text;
    prompt.textContent = asks;
    back.disabled = stage === 0;
    show.disabled = stage === last;
    return spoken;
  };
});
