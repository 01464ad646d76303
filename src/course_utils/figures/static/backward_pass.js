import {
  button,
  clamp,
  dial,
  entrySlider,
  figure,
  fmt,
  goal,
  guessFirst,
  html,
  minus,
  put,
  quantity,
  radios,
  range,
  say,
  softmax,
  SPEC,
  squeezed,
  stillness,
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
    lead: "Boxes send their gradient down, times the local derivative: choose it. The " +
      "thicker a line, the larger what it sends, up to 1.",
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
    back: "Back",
    show: "Show me",
    anew: (/** @type {number} */ label) => `Walk with class ${label}`,
    key: "In boxes:",
    value: "value",
    gradient: "gradient",
    change: "change",
    guess: "guess",
    guessOf: (/** @type {string} */ z) => `guess of ${z}'s gradient`,
    nudgeOf: (/** @type {string} */ z) => `nudge of ${z}`,
    ask: (/** @type {string} */ from, /** @type {string} */ to) =>
      `From ${from} to ${to}: times what?`,
    join: (/** @type {string} */ z, /** @type {string[]} */ [direct, other]) =>
      `${z} has ${direct} and ${other}: add or multiply?`,
    each: "each exponential",
    logits: "its logit",
    done: "Nudge a logit: drag its handle. Or walk with another class.",
    again: (/** @type {number} */ misses) =>
      `${misses} wrong choices: walk again, with at most ${FEW}.`,
    factors: ["−1", "1", "1/Q", "Q", "exp z"],
    joints: [["+", "add"], ["×", "multiply"]],
    times: (/** @type {string} */ factor) => `× ${factor}`,
    start: "The loss's own gradient is 1: it grows as fast as itself.",
    sends: (
      /** @type {string} */ from,
      /** @type {string} */ to,
      /** @type {string[]} */ [grad, factor, result],
    ) => `${from} sends ${grad} · ${factor} = ${result} to ${to}.`.replace(/^the/, "The"),
    sendAll: (/** @type {string} */ parts) => `Each exp z sends 1/Q · exp z = p: ${parts}.`,
    part: (/** @type {string} */ share, /** @type {string} */ z) => `${share} to ${z}`,
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
      /** @type {string[]} */ [exp, log, loss, ratio, grad],
    ) =>
      `${z} nudged by ${by}: exp ${z} and Q change by ${exp}, ln Q by ${log}, the loss by ` +
      `${loss}: ${ratio} times the nudge. Its gradient is ${grad}; the smaller the nudge, ` +
      "the closer.",
    spokenNudge: (
      /** @type {string} */ z,
      /** @type {string} */ by,
      /** @type {string[]} */ [loss, ratio, grad],
    ) =>
      `${z} nudged by ${by}: the loss changes by ${loss}, ${ratio} times that; gradient ${grad}.`,
    direct: (/** @type {string[]} */ [log, sign, by, loss]) => `${log} ${sign} ${by} = ${loss}`,
    ratio: (/** @type {string} */ ratio) => `÷ nudge = ${ratio}`,
    gradIs: (/** @type {string} */ grad) => `gradient ${grad}`,
    half: (/** @type {string} */ share) => [`${share} so far,`, "one more path", "to come"],
    both: (/** @type {string[]} */ [direct, other]) => `${direct} and ${other}`,
    shares: (/** @type {string} */ other) => `${other} − 1`,
    total: (/** @type {string} */ total) => `= ${total}`,
    goal: `walk back with none shown and at most ${FEW} wrong choices.`,
    reached: (/** @type {number} */ misses) =>
      `Done, ${misses || "none"} wrong: five derivatives and one sum.`,
    foresee: "before you choose for the lowest lines, drag the three guesses to the gradients to " +
      "come (within 0.05).",
    foreseen: (/** @type {string[]} */ [said, came]) => `Done: you said ${said}; ${came} came.`,
    missed: (/** @type {string[]} */ [said, came, next]) =>
      `You said ${said}; ${came} came. ${next}`,
    chosen: "Now choose each step, too.",
    every: "Guess all three.",
    other: "Walk with another class, or move a logit.",
    known: "Seen already: move a logit, or take another class.",
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
const NUDGE = 0.3; // of a logit that is nudged without a hand
const NEAR = 0.05; // how far a guess may be off

const STEP = 0.01; // of the hints
const coarse = matchMedia("(pointer: coarse)").matches;
// Pixels: a line of text, a box, between boxes, where a row of choices stands.
const [ROW, LOW, GAP] = [15, 38, coarse ? 48 : 34];
const BARS = 26; // pixels for the bars of what reaches a logit
const TALL = 2 * ROW + 3 + BARS + GAP + 8; // the box of a logit: bars, shares, choices, a handle
const THICK = 10; // pixels: a line that sends 1
const BUTTON = coarse ? 44 : 30; // pixels of a choice
const KNOB = 14; // pixels from the foot of a logit's box to the middle of its handle
const SETTLED = 250; // ms after the last move of a nudge, which then runs up
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
 * What a change of logit k by `by` changes, and by how much.
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
    moved[key].value - before[key].value,
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
  const longest = words.nudged("z₁", "−0.30", [
    "−0.000",
    "−0.0000",
    words.direct(["−0.0000", "+", "0.30", "−0.0000"]),
    "−0.000",
    "−0.000",
  ]);
  // What is below it stays in place.
  const said = html("p.say", { "data-room": longest }, html("span", told, " ", prompt));
  /** The steps that the reader chose. @type {Set<number>} */
  const mine = new Set();
  let misses = 0;
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let by = NUDGE;
  let guesses = [0, 0, 0]; // of the gradients
  /** Which of them the reader made. @type {Set<number>} */
  const made = new Set();
  let open = false; // whether it waits for the answer
  let judged = ""; // the puzzle that answered it
  let answer = "";
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
    () => view.get("stage") < last ? go(view.get("stage") + 1) : begin(next()),
  );
  show.classList.add("step");
  const next = () => view.get("label") % 3 + 1;
  // A true class begins a walk: its graph is not filled by itself.
  const begin = (/** @type {number} */ label) => {
    guesses = [0, 0, 0];
    made.clear();
    view.set({ label, stage: 0, nudge: 0 });
  };
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
    judged =
      answer =
        "";
    [guesses, by, open] = [[0, 0, 0], NUDGE, false];
    made.clear();
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
  const settings = html(
    "div.row",
    back,
    show,
    radios(view, "label", { label: words.label, options: [1, 2, 3], write: begin }),
  );
  const late = () => view.get("stage") >= last - 1;
  /** @param {number} i @param {number} v */
  function foresee(i, v) {
    guesses[i] = clamp(Math.round(100 * v) / 100, -1, 1);
    made.add(i);
    judged = "";
    answer = late() || solved.has(puzzle()) ? words.known : "";
    view.touched = true;
    view.refresh();
  }
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
  /** @param {number} k @param {number} v */
  function push(k, v) {
    by = clamp(Math.round(100 * v) / 100, -1, 1);
    view.set({ nudge: by ? k : 0 });
  }
  /**
   * By keys a handle is moved by a slider that isn't seen.
   * @param {string} label
   * @param {string} control
   * @param {() => number} read
   * @param {(v: number) => void} write
   */
  const keys = (label, control, read, write) => {
    const row = dial(view, { label, control, min: -1, max: 1, step: 0.01, read, write });
    const input = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    put(row, { class: "slider keyed" });
    put(input, { "aria-label": label });
    return { row, input };
  };
  const foreseeing = range(3).map((i) =>
    keys(
      words.guessOf(`z${subscript(i + 1)}`),
      `guess.${i}`,
      () => guesses[i],
      (v) => foresee(i, v),
    )
  );
  const pushing = range(3).map((i) =>
    keys(
      words.nudgeOf(`z${subscript(i + 1)}`),
      `nudge.${i}`,
      () => view.get("nudge") === i + 1 ? by : 0,
      (v) => push(i + 1, v),
    )
  );
  /** What was guessed, and what came. */
  const compared = () => {
    const p = softmax(view.get("logits"));
    const came = p.map((v, i) => v - Number(i + 1 === view.get("label")));
    return {
      near: came.every((v, i) => made.has(i) && Math.abs(v - guesses[i]) < NEAR),
      texts: [guesses.map((v, i) => made.has(i) ? fmt(v) : "?"), came.map(share)]
        .map((all) => all.join(", ")),
    };
  };
  let hit = false;
  /** Compares the guesses with what came, once for each logits that are new. */
  function judge() {
    hit = false;
    if (!late()) open = true;
    if (view.get("stage") < last) return;
    const key = puzzle();
    if (open && made.size && !solved.has(key)) {
      const { near, texts } = compared();
      hit = near && mine.size === last;
      const next = near ? words.chosen : made.size < 3 ? words.every : words.other;
      const again = second.classList.contains("done") ? words.foreseen(texts) : "";
      answer = hit ? again : words.missed([...texts, next]);
      judged = key;
    } else if (judged !== key) answer = "";
    open = false;
    solved.add(key);
  }
  view.bind(pad, judge);
  const off = html("span");
  // All that moves something in the plot, in its box.
  plot.box.append(sliders, ...[...foreseeing, ...pushing].map(({ row }) => row));
  for (const node of [sliders, settings, ...foreseeing.map(({ row }) => row)]) view.control(node);
  const first = goal(view, {
    text: words.goal,
    reached: () => view.get("stage") === last && mine.size === last && misses <= FEW,
    says: () => words.reached(misses),
    lasts: true,
  });
  const second = goal(view, {
    text: words.foresee,
    reached: () => hit,
    says: () => words.foreseen(compared().texts),
    lasts: true,
  });
  second.append(" ", off);
  const chips = tries(view, words.tries);
  for (const chip of chips.querySelectorAll("button")) {
    chip.addEventListener("click", () => begin(view.get("label")));
  }
  const changed = html("span.change", words.change);
  view.add(
    said,
    html(
      "p.row",
      html("span.soft", words.key),
      html("span", words.value),
      html("span.grad", words.gradient),
      changed,
    ),
    plot.node,
    settings,
    chips,
    first,
    second,
  );

  /** The logit whose box this is, from 1; 0 is none. @param {number[]} at */
  const logitAt = ([x, y]) => {
    const high = TALL / (plot.area.bottom - plot.area.top);
    return x >= 0 && x < 3 && y < high ? Math.floor(x) + 1 : 0;
  };
  // In its box, a logit's gradient is foreseen; at the end the logit is nudged.
  let held = 0;
  plot.drag(([x, y], pressed) => {
    if (pressed) held = logitAt([x, y]);
    const at = (plot.x(x) - plot.x(held - 0.5)) / one();
    if (held && !late()) foresee(held - 1, at);
    if (held && view.get("stage") === last) push(held, at);
  });

  const air = svg("g"); // what runs up stays there while the graph is drawn
  plot.svg.append(air);
  let risen = ""; // the nudge that ran up, or waits for it
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  view.closers.push(() => clearTimeout(timer));
  let before = -1; // the step that was drawn last
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
  const one = () => place(boxes.z1).width / 2 - 6;
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
  const signed = (/** @type {number} */ v) => `${v < 0 ? "" : "+"}${short(v)}`;
  /** What a way sends, as it is written. @param {Way} way */
  const sent = ({ from, factor, stage }) => {
    const product = grads[from] * factor;
    return stage === 5 ? share(product) : short(product);
  };
  /** A gradient, or change ÷ nudge. @param {number} v */
  const slope = (v) => Math.abs(v) < 0.005 ? digits(v, 2) : share(v);
  /** What changes by a nudge: with as many decimals where a sum must come out. */
  const change = (/** @type {string} */ key) => {
    const v = carried.get(key) ?? 0;
    const ends = ["l", "L"];
    const least = Math.min(...ends.map((end) => Math.abs(carried.get(end) || 1)));
    const places = clamp(2 - Math.floor(Math.log10(least)), 4, 7);
    return (v < 0 ? "" : "+") + (ends.includes(key) ? minus(v.toFixed(places)) : short(v));
  };

  /**
   * Sends a nudge up the lines as the gradient came down, all of it to reach the loss at once.
   */
  function rise() {
    const carrying = ways.filter(({ from, to }) => carried.has(from) && carried.has(to));
    air.replaceChildren(...carrying.map((way) => {
      const [low, high] = [boxes[way.to].at[1], boxes[way.from].at[1]];
      const style = `offset-path: path("${line(way).d}"); --rows: ${low - high}; --start: ${
        4 - low
      }`;
      const node = svg("circle.runs.up", { r: 7, style });
      node.addEventListener("animationend", () => node.remove());
      return node;
    }));
    // The number in a box comes with it.
    for (const node of plot.layer.querySelectorAll("[data-q^=change], [data-q^=slope]")) {
      const [, key] = (node.getAttribute("data-q") ?? "").split(" ");
      put(node, { style: `animation: hides ${0.5 * (4 - (boxes[key]?.at[1] ?? 0))}s` });
    }
  }

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
      const carries = carried.has(from) && carried.has(to);
      const states = { now, asked, walked: step <= stage, carries };
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
        const [old, result] = both.map((text) => svgText(0, 4, text, { class: "grad" }));
        old.classList.add("old");
        result.classList.add("result");
        const room = Math.max(...both.map((text) => textWidth(text))) + 12;
        const pill = svg("rect", { x: -room / 2, y: -10, width: room, height: 20, rx: 10 });
        runs.push(svg("g.runs", { style: `offset-path: path("${d}")` }, pill, old, result));
      }
      /** @type {(text: string, dy: number) => SVGTextElement} */
      const note = (text, dy) =>
        svgText(x, y + dy, text, { "text-anchor": anchor, class: asked ? "halo asked" : "halo" });
      if (asked && !chosenBeside(way)) {
        texts.push(note(words.times("?"), 4));
      } else if (step <= stage && !law) {
        texts.push(note(words.times(factor < 0 ? words.factors[0] : words.factors[1]), 4));
      } else if (step <= stage) {
        const [letters, number] = [words.times(law), `= ${short(factor)}`];
        texts.push(
          ...wide() && step < 5
            ? [note(`${letters} ${number}`, 4)]
            : [note(letters, -4), note(number, 12)],
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
   * @param {number} guess
   */
  function foreseenMark(middle, y, bottom, guess) {
    const [low, high] = plot.width < 300 ? ["", ""] : [minus("-1"), "1"]; // as far as there is room
    const names = [low, words.guess, high];
    const ticks = names.map((name, i) =>
      svgText(middle + (i - 1) * (one() - 8), bottom, name, { class: "soft" })
    );
    const mark = svg("path.guess", { d: `M${middle + guess * one()},${y - 1}v${BARS}` });
    return [axis(middle, y + 12), mark, ...late() ? [] : ticks];
  }
  /** Where a handle goes, from -1 to 1. @param {number} middle @param {number} y */
  const axis = (middle, y) => svg("path.dash", { d: `M${middle - one()},${y}h${2 * one()}` });

  /**
   * A box with its value, what has come back to it and what a nudge makes of it.
   * @param {string} key
   */
  function drawn(key) {
    const box = boxes[key];
    const { x, y, width, height, middle } = place(box);
    const logit = key[0] === "z";
    const bottom = y + height - (logit ? 14 : 5);
    const arrived = ways.filter((way) => way.to === key && way.stage <= stage);
    const shares = arrived.map(({ from, factor }) => grads[from] * factor);
    const added = shares.length > 1 && stage === last;
    const now = arrived.some((way) => way.stage === stage) || added;
    const fresh = now && stage === before + 1 ? "comes" : "";
    const color = logit ? TEXT_COLORS[Number(key[1]) - 1] : "var(--cu-ink)";
    const name = { class: "name", style: `fill:${color}`, "text-anchor": "start" };
    /** @type {SVGElement[]} */
    const texts = [svgText(x + 4, y + ROW, box.name, name)];
    /** @type {(name: string, value: number, text: string, row: number, look: string) => void} */
    const tell = (name, value, text, row, look) => {
      const aside = logit ? 0 : look === "change" ? 1 : -1; // two in a row
      const node = svgText(middle + aside * (width / 2 - 4), bottom - row * ROW, "", {
        class: look,
        "text-anchor": ["start", "middle", "end"][aside + 1],
        ...squeezed(text, aside ? width / 2 - 6 : width - 6),
      });
      texts.push(quantity(node, name, value, text));
    };
    const exact = carried.get(key) ?? 0;
    const z = minus(String(Number(box.value.toPrecision(3))));
    const plus = exact ? ` ${exact < 0 ? "−" : "+"} ${fmt(Math.abs(exact))}` : "";
    const value = logit ? z + plus : short(box.value);
    const room = squeezed(value, width - 11 - textWidth(box.name, 600));
    const look = logit && exact ? "change" : "";
    const node = svgText(x + width - 4, y + ROW, "", {
      "text-anchor": "end",
      class: look,
      ...room,
    });
    texts.push(quantity(node, key, box.value, value));
    if (shares.length && logit) {
      texts.push(...bars(middle, y + ROW + 3, shares, added, fresh));
    }
    const guessed = logit && (!late() || (judged === puzzle() && made.has(box.at[0])));
    if (guessed) {
      const mark = guesses[box.at[0]];
      texts.push(...foreseenMark(middle, y + ROW + 3, y + height - 5, mark));
    }
    if (logit && stage === last) texts.push(axis(middle, y + height - KNOB));
    if (shares.length > 1) {
      const [other, total] = pair(shares[1]);
      const text = added ? words.shares(other) : words.both([short(shares[0]), other]);
      const row = added ? 2 : (GAP - 2) / ROW;
      tell(`shares ${key}`, sum(shares), text, row, `grad ${added ? "" : fresh}`);
      if (added) tell(`grad ${key}`, grads[key], words.total(total), 1, `grad ${fresh}`);
    } else if (key in grads) {
      if (logit && stage < last - 1) {
        words.half(short(grads[key])).forEach((text, i) => {
          const row = (TALL - 65) / ROW - i; // below the handle of the guess
          if (i) tell(`waits ${key}`, i, text, row, "soft");
          else tell(`grad ${key}`, grads[key], text, row, `grad ${fresh}`);
        });
      } else {
        const text = logit ? words.named(box.name, share(grads[key])) : short(grads[key]);
        tell(`grad ${key}`, grads[key], text, logit ? 1 : 0, `grad ${fresh}`);
      }
    }
    if (exact && !logit) {
      tell(`change ${key}`, exact, change(key), 0, "change");
    }
    if (exact && key === "L") {
      const right = view.get("label") === 1;
      const start = right ? x + width + 8 : x - 8;
      const grad = `z${view.get("nudge")}`;
      const notes = [
        {
          look: "change",
          text: words.ratio(slope(exact / by)),
          name: "slope nudge",
          number: exact / by,
        },
        {
          look: "grad",
          text: words.gradIs(slope(grads[grad])),
          name: "slope gradient",
          number: grads[grad],
        },
      ];
      notes.forEach(({ look, text, name, number }, row) => {
        const node = svgText(start, y + ROW + row * (ROW + 2), "", {
          class: look,
          "text-anchor": right ? "start" : "end",
          ...squeezed(text, (plot.width - width) / 2 - SIDE - 8),
        });
        texts.push(quantity(node, name, number, text));
      });
    }
    return [svg("rect", { x, y, width, height, rx: 6, class: now ? "now" : "" }), ...texts];
  }

  /** Whether the choices of a step stand close beside this line. @param {Way} way */
  const chosenBeside = (way) =>
    wide() && !coarse
      ? boxes[way.to].at[0] === 1 && way.stage !== 4 && !direct(way)
      : way.stage === 5;

  /**
   * Puts the choices beside the line that is asked for: in a row where there is room, else as a
   * block beside the boxes, or, between the boxes, as far as lines let them. Those of the sum stand
   * in the box that got two shares.
   */
  function ask() {
    const shown = stage === last ? [] : stage === last - 1 ? joints : factors;
    if (pad.childNodes[0] !== shown[0]) pad.replaceChildren(...shown);
    shown.forEach((node, i) => {
      node.classList.toggle("wrong", missed === view.turns && refused.has(i));
    });
    const step = stage + 1;
    const way = ways.find((way) => way.stage === step);
    const own = view.get("label") === 1;
    let [side, x, y, columns] = ["left", 0, plot.area.bottom - BUTTON - 4, 5];
    const spread = step === 5 && (coarse || !wide());
    const skip = Math.max(0, plot.x(1) - plot.x(0) - 2 * BUTTON - 4); // to the next line
    if (!way) x = place(boxes[truth]).middle - BUTTON - 1;
    else if (spread) {
      x = skip ? place(boxes.z1).middle + (wide() ? 10 : -19) : SIDE;
      y = place(boxes.z1).y - (GAP + BUTTON) / 2;
    } else {
      const { x: start, y: top, width, middle } = place(boxes[way.from]);
      const room = direct(way) ? start - SIDE - 8 : start;
      if (direct(way) || !wide()) {
        columns = clamp(Math.floor(room / (BUTTON + 2)), 1, wide() ? 5 : 2);
      }
      const height = Math.ceil(5 / columns) * (BUTTON + 2);
      x = step === 4 ? start + width + 6 : (step === 5 ? plot.x(1.5) : middle) + 12;
      if (!wide()) x = Math.max(0, start - columns * (BUTTON + 2) - 24);
      y = step === 4 ? top + LOW - height : Math.max(0, top + LOW + (GAP - height) / 2);
      if (direct(way)) [x, y] = [SIDE + 6, top + LOW / 2 + THICK];
      if (direct(way) ? !own : own && !wide()) side = "right"; // where the direct line is, or isn't
    }
    pad.className = spread ? "pad spread" : "pad";
    const style = `top: ${y}px; --columns: ${columns}; --skip: ${skip}px`;
    pad.style.cssText = `${side}: ${x}px; ${style}`;
  }

  /** What the last three lines sent. */
  const parts = () =>
    ways.filter((way) => way.stage === stage)
      .map((way) => words.part(sent(way), boxes[way.to].name)).join(", ");

  /** What the last step did, in words. */
  function sentence() {
    if (stage === 0) return words.start;
    if (stage === last) {
      const [other, total] = pair(grads[truth] + 1);
      return words.joined(boxes[truth].name, [total, words.shares(other)]);
    }
    if (stage === last - 1) return words.sendAll(parts());
    const way = /** @type {Way} */ (ways.find((way) => way.stage === stage));
    const { from, to, factor, law } = way;
    const target = stage === 4 ? words.each : boxes[to].name;
    const numbers = [short(grads[from]), law || short(factor), sent(way)];
    return words.sends(called(boxes[from]), target, numbers);
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
    const ours = asked.find((way) => way.to === truth) ?? asked[0];
    /** @param {Way} way */
    const expOf = (way) => boxes[`e${(way.from[0] === "e" ? way.to : truth)[1]}`];
    /** What was picked, on a line. @param {Way} way */
    const value = (way) => [-1, 1, 1 / Q, Q, expOf(way).value][picked];
    /** @param {Way} way */
    const off = (way) => Math.abs(value(way) - way.factor) > 1e-9;
    const shown = off(ours) ? ours : asked.find(off) ?? ours; // a choice may fit one line by chance
    const { from, to, factor } = shown;
    const exp = expOf(shown);
    const fits = value(shown);
    const pick = picked === 4 ? exp.name : words.factors[picked];
    const moves = from === "l"
      ? Math.log1p(STEP / Q)
      : from[0] === "e"
      ? exp.value * Math.expm1(STEP)
      : factor * STEP;
    const [would, changes] = [fits * STEP, moves].map(signed);
    if (would === changes || !off(shown)) return words.chance(pick, z.name);
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
      return misses > FEW && !first.classList.contains("done") ? words.again(misses) : words.done;
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
    plot.draw(...paths, ...nodes, ...texts, ...runs);
    ask();

    const asks = question();
    const nudge = view.get("nudge");
    let text = sentence();
    let spoken = `${stage === last - 1 ? `${parts()}.` : text} ${asks}`;
    if (missed === view.turns) {
      spokenMiss = "";
      text = missing();
      spoken = spokenMiss || text;
    } else if (nudge && stage === last) {
      const z = boxes[`z${nudge}`].name;
      const [exp, log, loss] = [`e${nudge}`, "l", "L"].map((k) => change(k).replace("+", ""));
      const [sign, size] = [by < 0 ? "+" : "−", fmt(Math.abs(by))];
      const total = `z${nudge}` === truth ? words.direct([log, sign, size, loss]) : loss;
      const slopes = [(carried.get("L") ?? 0) / by, grads[`z${nudge}`]].map(slope);
      text = words.nudged(z, fmt(by), [exp, log, total, ...slopes]);
      spoken = words.spokenNudge(z, fmt(by), [loss, ...slopes]);
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
    say(show, stage < last ? words.show : words.anew(next()));
    changed.hidden = stage < last;
    off.textContent = answer;
    const { left, right, top, bottom } = plot.area;
    const grip = (
      /** @type {{ row: HTMLElement, input: HTMLInputElement }} */ { row, input },
      /** @type {number} */ k,
      /** @type {number} */ v,
      /** @type {boolean} */ shown,
    ) => {
      const { middle, y: head } = place(boxes[`z${k}`]);
      const y = head + (stage === last ? TALL - KNOB : ROW + 15);
      const x = middle + v * one();
      input.disabled = !shown;
      row.style.cssText = `left: ${x}px; top: ${y}px`;
      return {
        x: 3 * (x - left) / (right - left),
        y: (bottom - y) / (bottom - top),
        color: stage === last ? "var(--cu-orange-text)" : "var(--cu-gradient)",
        way: /** @type {const} */ ("across"),
      };
    };
    const guessed = foreseeing.map((one, i) => grip(one, i + 1, guesses[i], !late()));
    const pushed = pushing.map((one, i) =>
      grip(one, i + 1, nudge === i + 1 ? by : 0, stage === last)
    );
    plot.handles(stage === last ? pushed : late() ? [] : guessed);
    const now = nudge && stage === last ? `${nudge} ${by} ${puzzle()}` : "";
    if (now !== risen) {
      clearTimeout(timer);
      air.replaceChildren();
      if (now && !stillness()) timer = setTimeout(rise, SETTLED);
    }
    risen = now;
    return spoken;
  };
});
