import {
  button,
  clamp,
  dial,
  entrySlider,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  logarithmic,
  minus,
  put,
  quantity,
  radios,
  range,
  say,
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

const FEW = 2; // wrong choices that the goal lets pass

const WORDS = {
  en: {
    lead: "Each box sends its gradient down, times the line's local derivative: choose it. " +
      "Thicker lines send more.",
    question: "With class 1 the true one, z₁ is used twice: in its exponential and in the loss. " +
      "What will its gradient be?",
    answers: ["p₁", "−1", "p₁ − 1"].map((text) => ({
      text,
      says: "Walk back with class 1 as the true one: two lines lead to z₁, so wait for both.",
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
    anew: "Walk again",
    key: "In boxes:",
    value: "value",
    gradient: "gradient",
    change: "change ÷ nudge",
    by: "by",
    guess: "guess",
    ask: (/** @type {string} */ from, /** @type {string} */ to) =>
      `From ${from} to ${to}: times what?`,
    join: (/** @type {string} */ z, /** @type {string[]} */ [direct, other]) =>
      `${z} has ${direct} and ${other}: add or multiply?`,
    each: "each exponential",
    logits: "its logit",
    done: "Nudge a logit (tap its box, or drag it sideways), or walk again with another class.",
    again: (/** @type {number} */ misses) =>
      `${misses} choices did not fit: walk again, with at most ${FEW}.`,
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
      `The gradient of ${z} is ${z.replace("z", "p")} − 1 = ${parts} = ${total}.`,
    named: (/** @type {string} */ z, /** @type {string} */ share) =>
      `${z.replace("z", "p")} = ${share}`,
    all: " The three gradients add up to 0.",
    rounded: " Before they are rounded, the three gradients add up to 0.",
    given: " Shown, not chosen: Back lets you choose it.",
    open: (/** @type {number} */ count) =>
      `You chose ${count || "none"} of 6: Back leads to ${count ? "the others" : "them"}.`,
    miss: (
      /** @type {string[]} */ [pick, held, to, from],
      /** @type {string[]} */ [would, change],
    ) =>
      `Not ${pick}. If ${to} grows by 0.01${held}, times ${pick} would give ${would}, but ` +
      `${from} changes by ${change}.`,
    spokenMiss: (
      /** @type {string[]} */ [pick, , , from],
      /** @type {string[]} */ [would, change],
    ) => `Not ${pick}: it would give ${would}, but ${from} changes by ${change}.`,
    held: (/** @type {string} */ what) => ` and ${what} stays`,
    others: " and the others stay",
    apart: (
      /** @type {string} */ z,
      /** @type {string[]} */ [log, direct],
    ) =>
      `Not ×. ${z} grows by 0.01: the loss changes by ${log} through ln Q and by ${direct} ` +
      "directly.",
    chance: (/** @type {string} */ pick, /** @type {string} */ z) =>
      `${pick} fits these numbers only by chance: slide ${z} and it no longer does.`,
    nudged: (
      /** @type {string} */ z,
      /** @type {string} */ by,
      /** @type {string[]} */ [exp, log, loss, whole],
    ) =>
      `${z} is nudged by ${by}. Change ÷ nudge: ${exp} at exp ${z} and Q, ${log} at ln Q, ` +
      `${loss} at the loss, which changes by ${whole}.`,
    spokenNudge: (
      /** @type {string} */ z,
      /** @type {string} */ by,
      /** @type {string[]} */ [loss, whole],
    ) => `${z} nudged by ${by}: the loss changes by ${whole}, ${loss} times the nudge.`,
    later: (/** @type {string} */ z) => `What a nudge of ${z} does shows when the walk is done.`,
    nudgedBy: (/** @type {string} */ by) => `nudge ${by}`,
    direct: (/** @type {string[]} */ [log, loss]) => `${log} − 1 = ${loss}`,
    same: (/** @type {string} */ grad) =>
      ` The smaller the nudge, the closer to the gradient, ${grad}.`,
    both: (/** @type {string[]} */ [direct, other]) => `${direct} and ${other}`,
    shares: (/** @type {string} */ other) => `${other} − 1`,
    total: (/** @type {string} */ total) => `= ${total}`,
    goal: `walk back with none shown and at most ${FEW} wrong choices.`,
    reached: (/** @type {number} */ misses) =>
      `Done, ${misses || "none"} wrong: five derivatives and one sum.`,
    foresee: "before “exp z” is chosen, drag the guess in z₂'s box to its gradient.",
    foreseen: (/** @type {string} */ guess, /** @type {string} */ grad) =>
      `Done: you said ${guess}; ${grad} came.`,
    missed: (/** @type {string} */ guess, /** @type {string} */ grad) =>
      `Your guess stood at ${guess}; ${grad} came. Walk again with another logit.`,
    known: "Seen already: move a logit, and walk again.",
    tries: [
      {
        label: "sure and right",
        set: { logits: [4, 0, 0], label: 1 },
        says: "Nearly all of Q is exp z₁. When its two shares are joined, how much is left at z₁?",
      },
      {
        label: "sure and wrong",
        set: { logits: [0, 4, 0], label: 1 },
        says: "Nearly all of Q is exp z₂, of a wrong class. Which gradients are large?",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], label: 1 },
        says: "Each exponential is a third of Q. Which gradients does that make?",
      },
    ],
  },
};

const RIGHT = [1, 0, 2, 1, 4, 0]; // places of what is right among what a step has to choose from
const LEAST = 0.001; // of a nudge
const NEAR = 0.03; // how far a guess may be off
const GUESSED = "z2";
const STEP = 0.01; // of the hints
const coarse = matchMedia("(pointer: coarse)").matches;
// Pixels: a line of text, a box, between boxes, where a row of choices stands.
const [ROW, LOW, GAP] = [15, 38, coarse ? 48 : 34];
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
 * What a change of logit k by `by` changes, as multiples of it.
 * @param {number[]} z
 * @param {number} label
 * @param {number} k from 1; 0 changes nothing
 * @param {number} by
 */
function changes(z, label, k, by) {
  const before = graph(z, label).boxes;
  const moved = graph(z.map((value, i) => i === k - 1 ? value + by : value), label).boxes;
  const all = Object.keys(before).map((key) => /** @type {[string, number]} */ ([
    key,
    (moved[key].value - before[key].value) / by,
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
  const longest = words.nudged("z₁", "0.001", ["0.000", "0.000", "0.000 − 1 = −0.000", "0.000"]) +
    words.same("−0.000");
  // What is below it stays in place.
  const said = html("p.say", { "data-room": longest }, html("span", told, " ", prompt));
  /** The steps that the reader chose. @type {Set<number>} */
  const mine = new Set();
  let misses = 0;
  let won = ""; // what the goal said when it was reached
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let by = LEAST; // the size of the nudge
  let guess = 0; // of the gradient of z₂
  let open = false; // whether it waits for the answer
  let judged = ""; // the puzzle that answered it
  let answer = "";
  let foreseen = ""; // what the second goal said when it was reached
  /** Logits and classes whose gradients were seen. @type {Set<string>} */
  const solved = new Set();
  let missed = -1; // the turn in which a wrong one was chosen
  let picked = 0;
  /** All wrong ones of that turn. @type {Set<number>} */
  const refused = new Set();
  // On the way, a nudge ends with a step: its sentence would hide what the step did.
  const go = (/** @type {number} */ stage) =>
    view.set(stage < last ? { stage, nudge: 0 } : { stage });
  const back = button(view, words.back, () => go(view.get("stage") - 1));
  const show = button(
    view,
    words.show,
    () => go(view.get("stage") < last ? view.get("stage") + 1 : 0),
  );
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
    if (missed !== view.turns) refused.clear();
    refused.add(i);
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
    if (stage === 0 && missed !== view.turns) misses = 0; // a walk begins
  });
  view.apart = ["stage", "nudge"];
  const puzzle = () => `${view.get("logits")} ${view.get("label")}`;
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    won =
      foreseen =
      judged =
      answer =
        "";
    [guess, by, open] = [0, LEAST, false];
    mine.clear();
    solved.clear();
    view.refresh();
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
  const size = dial(view, {
    label: words.by,
    control: "by",
    min: LEAST,
    max: 1,
    step: 0.05,
    ...logarithmic,
    show: four,
    read: () => by,
    write: (v) => {
      by = v;
      view.refresh();
    },
  });
  const nudges = html(
    "div.row",
    radios(view, "nudge", {
      label: words.nudge,
      options: [[0, words.none], ...range(3).map((i) => [i + 1, `z${subscript(i + 1)}`])],
    }),
    size,
  );
  const settings = html(
    "div.row",
    back,
    show,
    radios(view, "label", { label: words.label, options: [1, 2, 3] }),
    nudges,
  );
  const late = () => view.get("stage") >= last - 1;
  /** @param {number} v */
  function foresee(v) {
    guess = clamp(Math.round(100 * v) / 100, -1, 1);
    judged = "";
    answer = late() || solved.has(puzzle()) ? words.known : "";
    view.touched = true;
    view.refresh();
  }
  const foreseeing = dial(view, {
    label: words.guess,
    control: "guess",
    min: -1,
    max: 1,
    step: 0.01,
    read: () => guess,
    write: foresee,
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
    foreseeing,
  );
  /** Compares the guess with what came, once for each logits that are new. */
  function judge() {
    const [stage, label] = [view.get("stage"), view.get("label")];
    if (!late()) open = true;
    if (!late() || (label === 2 && stage < last)) return;
    const key = puzzle();
    if (open && !solved.has(key)) {
      const grad = softmax(view.get("logits"))[1] - Number(label === 2);
      const hit = Math.abs(grad - guess) < NEAR;
      const [mark, came] = [fmt(guess), fmt(grad, 3)];
      if (hit) foreseen = words.foreseen(mark, came);
      answer = hit ? "" : words.missed(mark, came);
      judged = key;
    } else if (judged !== key) answer = "";
    open = false;
    solved.add(key);
  }
  const off = html("span");
  view.control(sliders);
  view.control(settings);
  const second = goal(view, {
    text: words.foresee,
    reached: () => {
      judge();
      return foreseen !== "";
    },
    says: () => foreseen,
  });
  second.append(" ", off);
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
        const all = view.get("stage") === last && mine.size === last;
        if (all && misses <= FEW) won ||= words.reached(misses);
        return won !== "";
      },
      says: () => won,
    }),
    second,
  );

  /** The logit whose box this is, from 1; 0 is none. @param {number[]} at */
  const logitAt = ([x, y]) => {
    const high = TALL / (plot.area.bottom - plot.area.top);
    return x >= 0 && x < 3 && y < high ? Math.floor(x) + 1 : 0;
  };
  // In its box, z₂'s gradient is foreseen; at the end a logit is nudged, which a click does, too.
  let held = 0;
  let from = 0;
  let moved = false;
  plot.drag(([x, y], pressed) => {
    if (pressed) [held, from, moved] = [logitAt([x, y]), x, false];
    if (!late() && held === 2) foresee((plot.x(x) - place(boxes[GUESSED]).middle) / one());
    if (view.get("stage") < last || !held || (!moved && Math.abs(x - from) < 0.02)) return;
    moved = true;
    by = Number(clamp(2 * Math.abs(x - from), LEAST, 1).toPrecision(3));
    view.set({ nudge: held });
  });
  plot.svg.addEventListener("click", (event) => {
    const nudge = logitAt(plot.at(event));
    if (view.locked || moved || !nudge || view.get("stage") < last) return;
    view.set({ nudge: nudge === view.get("nudge") ? 0 : nudge });
  });

  let before = -1; // the step that was drawn last
  let nudged = 0; // the same of the nudge
  const rises = () => view.get("nudge") !== nudged;
  /** When a change gets to a row from below. @param {number} row */
  const wait = (row) => `--wait: ${0.4 * (4 - row)}s`;
  const seen = () => {
    const [label, stage] = [view.get("label"), view.get("stage")];
    const { boxes, ways } = graph(view.get("logits"), label);
    const carried = changes(view.get("logits"), label, stage < last ? 0 : view.get("nudge"), by);
    return { stage, truth: `z${label}`, boxes, ways, carried, grads: gradients(ways, stage) };
  };
  let { stage, truth, boxes, ways, carried, grads } = seen(); // what is drawn

  /** @param {Box} box */
  const place = ({ at: [column, row] }) => {
    const pitch = plot.x(1) - plot.x(0);
    const width = Math.min(pitch - 6, 190);
    const x = plot.x(column + 0.5) - width / 2;
    const y = plot.area.top + row * (LOW + GAP);
    return { x, y, width, height: row === 4 ? TALL : LOW, middle: x + width / 2 };
  };
  /** Pixels of the gradient 1 in the box of a logit. */
  const one = () => place(boxes[GUESSED]).width / 2 - 6;
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
  // What a logit gets: all with as many decimals, so that the sums come out.
  const share = (/** @type {number} */ v) =>
    minus(v.toFixed(Math.min(...softmax(view.get("logits"))) < 0.005 ? 4 : 3));
  const pair = (/** @type {number} */ p) => [share(p), share(p - 1)];
  const called = (/** @type {Box} */ { name }) => name === words.last ? words.theLoss : name;
  const three = (/** @type {number} */ v) => Math.abs(v) < 1e-9 ? "0" : digits(v, 3);
  const signed = (/** @type {number} */ v) => `${v < 0 ? "" : "+"}${short(v)}`;
  /** What a way sends, as it is written. @param {Way} way */
  const sent = ({ from, factor, stage }) => {
    const product = grads[from] * factor;
    return stage === 5 ? share(product) : short(product);
  };
  const change = (/** @type {string} */ key) =>
    (key === "l" || key === "L" ? share : three)(carried.get(key) ?? 0);

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
      const states = { now, asked, carries: carried.has(from) && carried.has(to) };
      const look = Object.entries(states).filter(([, is]) => is).map(([name]) => name);
      const edge = svg("path", { class: ["edge", ...look].join(" "), d });
      if (states.carries && rises()) {
        put(edge, { class: "edge carries rises", pathLength: 1, style: wait(boxes[to].at[1]) });
      }
      paths.push(edge);
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
   * @param {number[]} shares
   * @param {boolean} added
   * @param {string} fresh class of what has just come
   */
  function bars(middle, y, shares, added, fresh) {
    const unit = one();
    const two = shares.length > 1;
    const bar = (
      /** @type {number} */ start,
      /** @type {number} */ v,
      /** @type {string} */ look,
      /** @type {number} */ row,
    ) =>
      svg("rect", {
        class: look,
        x: middle + (start + Math.min(0, v)) * unit,
        y: y + row * 8,
        width: Math.abs(v * unit),
        height: 6,
      });
    const slides = added && fresh ? "slides" : added ? "" : fresh;
    const second = two ? bar(added ? shares[0] : 0, shares[1], `share ${slides}`, 1) : "";
    if (second) second.style.setProperty("--from", `${unit}px`);
    return [
      ...two || shares[0] < 0 ? [bar(0, shares[0], `share ${two ? "" : fresh}`, 0)] : [],
      ...second ? [second] : [],
      ...added || shares[0] > 0 ? [bar(0, sum(shares), `total ${fresh}`, 2)] : [],
      svg("path.zero", { d: `M${middle},${y - 1}v24` }),
    ];
  }

  /**
   * What the reader says will come, on the axis of the bars.
   * @param {number} middle
   * @param {number} y
   * @param {number} bottom
   */
  function foreseenMark(middle, y, bottom) {
    const [low, high] = plot.width < 300 ? ["", ""] : [minus("-1"), "1"]; // as far as there is room
    const names = [low, words.guess, high];
    const ticks = names.map((name, i) =>
      svgText(middle + (i - 1) * (one() - 8), bottom, name, { class: "soft" })
    );
    const axis = svg("path.dash", { d: `M${middle - one()},${y + 12}h${2 * one()}` });
    const mark = svg("path.guess", { d: `M${middle + guess * one()},${y - 1}v${BARS}` });
    return [axis, mark, ...late() ? [] : ticks];
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
      const aside = key[0] === "z" ? 0 : look === "change" ? 1 : -1; // two in a row
      const node = svgText(middle + aside * (width / 2 - 4), bottom - row * ROW, "", {
        class: look,
        "text-anchor": ["start", "middle", "end"][aside + 1],
        ...squeezed(text, aside ? width / 2 - 6 : width - 6),
        style: wait(box.at[1]),
      });
      texts.push(quantity(node, name, value, text));
    };
    const logit = minus(String(Number(box.value.toPrecision(3))));
    const value = key[0] === "z" ? logit : short(box.value);
    const room = squeezed(value, width - 11 - textWidth(box.name, 600));
    const node = svgText(x + width - 4, y + ROW, "", { "text-anchor": "end", ...room });
    texts.push(quantity(node, key, box.value, value));
    if (shares.length && key[0] === "z") {
      texts.push(...bars(middle, y + ROW + 3, shares, added, fresh));
    }
    if (key === GUESSED && (!late() || judged === puzzle())) {
      texts.push(...foreseenMark(middle, y + ROW + 3, bottom));
    }
    if (shares.length > 1) {
      const [other, total] = pair(shares[1]);
      const text = added ? words.shares(other) : words.both([short(shares[0]), other]);
      const row = added ? 2 : (GAP - 2) / ROW;
      tell(`shares ${key}`, sum(shares), text, row, `grad ${added ? "" : fresh}`);
      if (added) tell(`grad ${key}`, grads[key], words.total(total), 1, `grad ${fresh}`);
    } else if (key in grads) {
      const [row, text] = key[0] === "z" && stage >= last - 1
        ? [1, words.named(box.name, share(grads[key]))]
        : [key[0] === "z" ? 1 : 0, short(grads[key])];
      tell(`grad ${key}`, grads[key], text, row, `grad ${fresh}`);
    }
    const exact = carried.get(key);
    if (exact) {
      const text = key[0] === "z" ? words.nudgedBy(four(by)) : change(key);
      tell(`change ${key}`, exact, text, 0, rises() ? "change rises" : "change");
    }
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
      node.classList.toggle("wrong", missed === view.turns && refused.has(i));
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
    const result = stage === 5 ? words.named(boxes[to].name, sent(way)) : sent(way);
    return words.sends(called(boxes[from]), target, [grad, law || short(factor), result]);
  }

  let spokenMiss = "";
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
    const exp = boxes[`e${truth[1]}`];
    const fits = [-1, 1, 1 / Q, Q, exp.value][picked];
    const pick = picked === 4 ? exp.name : words.factors[picked];
    const moves = from === "l" ? Math.log1p(STEP / Q) : from[0] === "e" ? rise : factor * STEP;
    const [would, changes] = [fits * STEP, moves].map(signed);
    if (would === changes || Math.abs(fits - factor) < 1e-9) return words.chance(pick, z.name);
    const held = from === "L"
      ? words.held(boxes[to === "l" ? truth : "l"].name)
      : from === "Q"
      ? words.others
      : "";
    const names = [pick, held, boxes[to].name, called(boxes[from])];
    spokenMiss = words.spokenMiss(names, [would, changes]);
    return words.miss(names, [would, changes]);
  }

  /** What comes next, in words. */
  function question() {
    if (stage === last) {
      if (view.get("nudge")) return "";
      if (mine.size < last) return words.open(mine.size);
      return misses > FEW && !won ? words.again(misses) : words.done;
    }
    if (stage === last - 1) {
      return words.join(boxes[truth].name, [short(-1), pair(grads[truth] + 1)[0]]);
    }
    const { from, to } = /** @type {Way} */ (ways.find((way) => way.stage === stage + 1));
    if (stage === 4) return words.ask(words.each, words.logits);
    return words.ask(called(boxes[from]), stage === 3 ? words.each : boxes[to].name);
  }

  return () => {
    ({ stage, truth, boxes, ways, carried, grads } = seen());
    const { paths, texts, runs } = lines();
    const nodes = Object.keys(boxes).flatMap(drawn);
    before = stage;
    nudged = view.get("nudge");
    plot.draw(...paths, ...nodes, ...texts, ...runs);
    ask();

    const asks = question();
    const nudge = view.get("nudge");
    let text = sentence();
    if (nudge && stage < last) text = words.later(boxes[`z${nudge}`].name);
    let spoken = `${text} ${asks}`;
    if (missed === view.turns) {
      spokenMiss = "";
      text = missing();
      spoken = spokenMiss || text;
    } else if (nudge && stage === last) {
      const z = boxes[`z${nudge}`].name;
      const [exp, log, loss] = [`e${nudge}`, "l", "L"].map(change);
      const total = `z${nudge}` === truth ? words.direct([log, loss]) : loss;
      const whole = three(by * (carried.get("L") ?? 0));
      text = words.nudged(z, four(by), [exp, log, total, whole]) +
        words.same(share(grads[`z${nudge}`]));
      spoken = words.spokenNudge(z, four(by), [loss, whole]);
    } else if (stage && mine.size === stage - 1 && !mine.has(stage)) {
      text = spoken = text + words.given;
    } else if (stage === last) {
      const shown = sum(range(3).map((i) => Number(share(grads[`z${i + 1}`]).replace("−", "-"))));
      text = spoken = text + (Math.abs(shown) < 1e-9 ? words.all : words.rounded);
    }
    if (stage === last && truth === "z1") settle?.();
    told.textContent = text;
    prompt.textContent = asks;
    back.disabled = stage === 0;
    say(show, stage < last ? words.show : words.anew);
    off.textContent = foreseen ? "" : answer;
    const { middle, y } = place(boxes[GUESSED]);
    const { left, right, top, bottom } = plot.area;
    const grip = {
      x: 3 * (middle + guess * one() - left) / (right - left),
      y: (bottom - y - ROW - 15) / (bottom - top),
      color: "var(--cu-gradient)",
      way: /** @type {const} */ ("across"),
    };
    plot.handles(late() ? [] : [grip]);
    return spoken;
  };
});
