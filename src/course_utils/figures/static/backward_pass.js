import {
  button,
  clamp,
  dial,
  figure,
  fmt,
  goal,
  guessFirst,
  html,
  minus,
  put,
  quantity,
  radios,
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
  TEXT_SIZE,
  textWidth,
  tries,
} from "./kit.js";

const WORDS = {
  en: {
    inBoxes: "Boxes:",
    value: "value",
    gradient: "gradient",
    change: "change",
    widths: "A line sends:",
    width: ["0.1", "0.3", "1 or more"],
    question: "The true class's logit is used twice: in its exponential and in the loss. " +
      "With p its probability, what will its gradient be?",
    answers: ["p", "−1", "p − 1"].map((text) => ({
      text,
      says: "Walk back: two lines lead to the true class's logit, so wait for both.",
    })),
    verdicts: [
      "No: that came through its exponential. With the direct −1 it is p − 1.",
      "No: that came directly. With p, from the exponential, it is p − 1.",
      "Yes: what comes back on different paths is added.",
    ],
    last: "loss",
    theLoss: "the loss",
    curve: "The loss along a box, and its tangent",
    graph: "Graph of the loss: logits, exponentials, their sum, its logarithm, the loss",
    choices: "what to multiply by, how to join, or where to",
    label: "true class",
    move: "Move the logits",
    nudgeAgain: "Nudge again",
    follow: "Drag a logit: all three gradients follow.",
    back: "Back",
    show: "Show me",
    anew: (/** @type {number} */ label) => `Walk with class ${label}`,
    guess: (/** @type {string} */ guess) => `guess ${guess}`,
    otherWalk: "Walk with other logits",
    guessOf: (/** @type {string} */ z) => `guess of ${z}'s gradient`,
    nudgeOf: (/** @type {string} */ box) => `nudge of ${box}`,
    ask: (/** @type {string} */ to, /** @type {string} */ from) =>
      `Nudge ${to}: ${from} changes by the nudge times what?`,
    expect: (/** @type {string} */ to, /** @type {string} */ by, /** @type {string} */ from) =>
      `${to} will grow by ${by}. Drag the handle: how will ${from} change?`,
    expected: (
      /** @type {string} */ to,
      /** @type {string} */ by,
      /** @type {string[]} */ [from, said, came],
    ) => `${to} grew by ${by}: you foretold ${said} for ${from}, ${came} came.`,
    foretellOf: "expected change",
    unsure: (/** @type {string} */ change) => `${change}?`,
    release: "Let it grow",
    held: (/** @type {string} */ z) => `${z}, ln Q held`,
    holding: "With ln Q held,",
    lock: "held",
    exponential: "an exponential",
    logit: "a logit",
    itsExp: "its exponential",
    name: "Which of these is the factor?",
    join: (/** @type {string} */ z, /** @type {string[]} */ [direct, other]) =>
      `${z} has ${direct} and ${other}: add or multiply?`,
    has: (/** @type {string} */ z, /** @type {string[]} */ [direct, other]) =>
      `${z} has ${direct} and ${other}. It`,
    truth: (/** @type {number} */ label) => `Class ${label} is the true one.`,
    foretell: "Drag each handle to the gradient that you expect.",
    soFar: (/** @type {string} */ total) => `They add up to ${total} so far.`,
    placed: (/** @type {string} */ total) => `They add up to ${total}.`,
    seen: "You saw its gradients.",
    where: "Where does the −1 go?",
    place: "Place all three and say where the −1 goes, or press Show me.",
    notThere: (/** @type {string} */ z, /** @type {string} */ true_) =>
      `Not to ${z}: the loss is ln Q − ${true_}.`,
    done: "Nudge a logit by its handle, any box below the loss by a tap.",
    factors: ["−1", "1", "1/Q", "Q", "exp z"],
    joints: [["+", "add"], ["×", "multiply"]],
    times: (/** @type {string} */ factor) => `× ${factor}`,
    start: "The loss's own gradient is 1.",
    sends: (
      /** @type {string} */ from,
      /** @type {string} */ to,
      /** @type {string[]} */ [grad, factor, result],
    ) => `${from} sends ${grad} · ${factor} = ${result} to ${to}.`.replace(/^the/, "The"),
    each: "each exponential",
    sendAll: "Each exp z sends 1/Q · exp z = p to its logit.",
    total: (/** @type {string} */ p, /** @type {string} */ grad) => `${p} = ${grad}`,
    direct: "direct: −1",
    waits: "one to come",
    through: (/** @type {string} */ share) => `by exp: ${share}`,
    both: (/** @type {string} */ share) => `−1 + ${share} by exp`,
    less: (/** @type {string} */ p) => `${p} − 1`,
    ends: "Each logit gets its p, the true one also −1.",
    all: "The p add up to 1, so the gradients add up to 0.",
    rounded: "The p add up to 1, so the gradients add up to 0, unrounded.",
    miss: (/** @type {string} */ pick) => `Not ${pick}.`,
    worth: (/** @type {string} */ pick, /** @type {string} */ number) => `${pick} = ${number}`,
    product: (/** @type {string} */ number) => `×: that makes ${number}`,
    chance: (/** @type {string} */ pick) =>
      `${pick} fits these numbers only by chance: with other logits it does not.`,
    measured: (
      /** @type {string} */ box,
      /** @type {string} */ by,
      /** @type {string[]} */ [from, change],
    ) => `${box} changed by ${by}, ${from} by ${change}.`,
    nearer: (
      /** @type {string} */ by,
      /** @type {string[]} */ [ratio, factor],
    ) => ` A nudge of ${by} gave × ${ratio}; smaller nudges come nearer to × ${factor}.`,
    ratio: (/** @type {string} */ ratio) => ` That is × ${ratio}.`,
    along: (/** @type {string} */ box) => `The loss along ${box} and its `,
    tangent: "tangent",
    grey: (/** @type {string} */ shares) =>
      shares
        ? ` Grey: off by less than ${shares} of nudge × gradient.`
        : " “Off by” is of nudge × gradient.",
    linear: (
      /** @type {string} */ told,
      /** @type {string} */ came,
    ) => `Nudge × gradient is ${told}. The loss changed by ${came}.`,
    shares: (
      /** @type {string} */ direct,
      /** @type {string} */ through,
      /** @type {string} */ total,
    ) => `${direct} directly and ${through} by exp, together ${total}`,
    off: (/** @type {string} */ share) => `off by ${share}`,
    percent: (/** @type {number} */ v) => `${v} %`,
    straight: "exact",
    rest: "nudge 0",
    approach: "nudge a logit until curve and tangent differ by 10 %; then shrink that to 1 %.",
    reached: "Done: for a small nudge the gradient tells the change.",
    foresee: "foretell all gradients of a later walk within 0.1, one of them below −0.3.",
    foreseen: "Done: each is p, the true one's p − 1.",
    balance: "move the logits until the true one's gradient is −0.5, within 0.02.",
    balanced: "Done: its exponential was about half of Q, about as much as the other two together.",
    by: (/** @type {string} */ z, /** @type {string} */ by) => `${z} by ${by}`,
    small: "move the logits until the true one's gradient is above −0.01. And the others'?",
    smaller: "Done: the others' were below 0.01, too, because all three add up to 0.",
    missed: (/** @type {string} */ all) => `Missed: ${all}. Try again with the next walk.`,
    near: (/** @type {boolean} */ all) =>
      `${all ? "All three are" : "What you placed is"} within 0.1.`,
    tries: [
      {
        label: "sure and right",
        set: { logits: [4, 0, 0], label: 1 },
        says: "Nearly all of Q is exp z₁. When its two shares are joined, how much is left at z₁?",
        then: "Little: by exp it gets nearly 1, directly −1, and the two nearly cancel.",
      },
      {
        label: "sure and wrong",
        set: { logits: [0, 4, 0], label: 1 },
        says: "Nearly all of Q is exp z₂, of a wrong class. Which gradients are large?",
        then: "That of z₁, which keeps nearly all of its −1, and that of z₂, which gets nearly 1.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], label: 1 },
        says: "Each exponential is a third of Q. Which gradients does that make?",
        then: "A third for z₂ and z₃; for z₁, with its −1, minus two thirds.",
      },
    ],
  },
};

// The boxes that can be nudged, as the trait counts them.
const KEYS = ["", "z1", "z2", "z3", "e1", "e2", "e3", "Q", "l"];
const LOGITS = KEYS.slice(1, 4);
const BOXES = Object.fromEntries([
  ["L", WORDS.en.last],
  ["l", "ln Q"],
  ["Q", "Q"],
  ...LOGITS.map((key, i) => [key, `z${subscript(i + 1)}`]),
  ...LOGITS.map((_, i) => [`e${i + 1}`, `exp z${subscript(i + 1)}`]),
]);
const ROWS = { L: 0, l: 1, Q: 2, e: 3, z: 4 };
const RIGHT = [1, 0, 2, 1, 4, 0]; // places of what is right among what a step has to choose from
const NUDGE = 0.5; // by a tap
const HINT = 0.01; // after a wrong choice
const NEAR = 0.1; // how far a guess may be off
const LARGE = 0.3; // below its negative a guess near 0 is none
const [AGREE, DIFFER] = [0.01, 0.1]; // shares of what the gradient tells
const HEARD = 20; // words that are spoken at once
const SETTLED = 300; // ms after the last move: a nudge runs up, a goal is no longer passed by
const PACE = 1900; // ms for each step of a walk that runs by itself

const TINY = 0.1; // by which a logit grows where its effect is foretold
const MOST = SPEC.traits.logits.max ?? 0; // of a logit, and of its negative
const HALF = 0.02; // how far from −0.5 a gradient may be

/** Logits of later walks. */
const OTHERS = [[0.5, -1, 2], [1, 1, -1], [-2, 0.5, 0], [3, 2, 1]];

// Pixels: the first line of text in a box, each further one in a logit's box, a box, a logit's box,
// what is below. Large letters need some more.
const LARGER = TEXT_SIZE - 12;
const [ROW, TEXT_ROW, LOW, TALL, FOOT] = [
  15 + LARGER * 2 / 3,
  14 + LARGER * 2 / 3,
  42 + LARGER / 3,
  104 + 3 * LARGER,
  22,
];
const [BAR, PITCH] = [4, 5]; // pixels: a share, and from one to the next
const KNOB = 13; // pixels that a handle needs on each side
const GAP = 8 / 3 * TEXT_SIZE - LARGER / 3; // between boxes: two lines of text stand there
const THICK = 14; // pixels: a line that sends 1

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
 * Values of all boxes after one was changed.
 * @param {number[]} z
 * @param {number} label
 * @param {string} [key] the changed one
 * @param {number} [by]
 * @param {boolean} [alone] whether a logit's exponential is held
 */
function values(z, label, key = "", by = 0, alone = false) {
  /** @type {Record<string, number>} */
  const found = {};
  const keep = (/** @type {string} */ name, /** @type {number} */ value) =>
    found[name] = value + (name === key ? by : 0);
  const exps = z.map((v, i) => {
    const moved = keep(LOGITS[i], v);
    return keep(`e${i + 1}`, Math.exp(alone ? v : moved));
  });
  keep("L", keep("l", Math.log(keep("Q", sum(exps)))) - found[`z${label}`]);
  return found;
}

/** @param {Record<string, number>} now values @param {number} label @returns {Way[]} */
const waysOf = (now, label) => [
  { from: "L", to: "l", factor: 1, law: "", stage: 1 },
  { from: "L", to: `z${label}`, factor: -1, law: "", stage: 2 },
  { from: "l", to: "Q", factor: 1 / now.Q, law: "1/Q", stage: 3 },
  ...LOGITS.flatMap((to, i) => {
    const e = `e${i + 1}`;
    return [
      { from: "Q", to: e, factor: 1, law: "", stage: 4 },
      { from: e, to, factor: now[e], law: BOXES[e], stage: 5 },
    ];
  }),
];

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
 * What is foretold after some steps: how a box changes with the one below it.
 * @param {number} stage
 * @param {Record<string, number>} now values
 * @param {number} label
 * @returns {{ from: string, to: string, by: number, most: number } | undefined}
 */
function plan(stage, now, label) {
  const [to, e] = [`z${label}`, `e${label}`];
  const ten = (/** @type {number} */ v) => Number(`1e${v}`);
  if (stage === 2) {
    const by = ten(Math.floor(Math.log10(now.Q)) - 1);
    return { from: "l", to: "Q", by, most: Math.max(by, TINY) };
  }
  if (stage === 4) {
    const most = TINY * ten(Math.ceil(Math.log10(1.1 * now[e])));
    return { from: e, to, by: TINY, most };
  }
  if (stage === 5) return { from: "L", to, by: TINY, most: TINY };
}

export default figure(WORDS, (view, words) => {
  const last = SPEC.traits.stage.max ?? 0;
  const plot = view.plot({
    label: words.graph,
    height: 4 * (LOW + GAP) + TALL + FOOT,
    x: [0, 1],
    y: [0, 1],
    xticks: [],
    yticks: [],
    margin: { top: 0, right: 0, bottom: 0, left: 0 },
  });
  plot.node.classList.add("graph");

  let by = NUDGE;
  let walks = 0; // how many came to their end
  let quick = false; // whether this one runs by itself
  let moving = false; // whether handles at the end move the logits
  let [expected, moved, grown] = [0, false, false]; // of a change that is foretold
  let seen = false; // whether it grew in the step before
  let guesses = [0, 0, 0]; // of the gradients
  /** Which of them the reader made. @type {Set<number>} */
  const made = new Set();
  const forget = () => {
    guesses = [0, 0, 0];
    made.clear();
  };
  /** Logits and classes whose gradients were seen. @type {Set<string>} */
  const solved = new Set();
  let far = ""; // the logit whose nudge was large, and the puzzle
  let wrong = ""; // what a wrong choice says
  let missed = -1; // the turn in which it was made
  /** All wrong ones of this step. @type {Set<number>} */
  const refused = new Set();
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;

  const read = () => {
    const [label, stage, logits] = [view.get("label"), view.get("stage"), view.get("logits")];
    const key = KEYS[view.get("nudge")];
    const now = values(logits, label);
    const truth = `z${label}`;
    const alone = stage === 1 && key === truth;
    // An exponential stays above 0, and so does the loss.
    const room = key === "l" || alone ? now.L : Math.min(now[key], now.Q - now[`e${label}`]);
    const limit = Math.min(1, Number((0.9 * room).toPrecision(2)));
    const least = /[eQl]/.test(key) ? -limit : -1;
    const size = clamp(by, least, alone ? limit : 1);
    const moved = values(logits, label, key, size, alone);
    const ways = waysOf(now, label);
    const carried = new Map(
      Object.keys(now).map((name) => /** @type {[string, number]} */ ([
        name,
        name === key ? size : moved[name] - now[name],
      ])).filter(([name, change]) => change && (stage !== 4 || /[ze]/.test(name))),
    );
    const puzzle = `${logits} ${label}`;
    const grads = gradients(ways, stage);
    // Where no box is nudged, the curve is of a logit along which it bends enough.
    const curved = key || [truth, ...LOGITS].find((name) =>
      [-1, 1].some((v) =>
        Math.abs((values(logits, label, name, v).L - now.L) / v / grads[name] - 1) > DIFFER
      )
    ) || truth;
    const foretold = quick ? undefined : plan(stage, now, label);
    return {
      foretold,
      least,
      label,
      stage,
      key,
      now,
      truth,
      size,
      ways,
      carried,
      puzzle,
      grads,
      curved,
    };
  };
  let {
    label,
    stage,
    key,
    now,
    truth,
    size,
    ways,
    carried,
    puzzle,
    grads,
    foretold,
    least,
    curved,
  } = read();
  const panel = html("div.panel");
  view.bind(panel, () => {
    const [old, step] = [puzzle, stage];
    ({
      label,
      stage,
      key,
      now,
      truth,
      size,
      ways,
      carried,
      puzzle,
      grads,
      foretold,
      least,
      curved,
    } = read());
    if (puzzle !== old) {
      forget(); // what was guessed of other numbers
    }
    if (puzzle !== old || stage !== step) {
      seen = grown && stage === step + 1;
      [expected, moved, grown] = [0, false, false];
    }
    moving &&= stage === last;
  });

  /** The lines whose factor this step asks for. */
  const asked = () =>
    ways.filter((way) => way.stage === stage + 1);
  const guessing = () => quick && stage === 0 && !solved.has(puzzle);
  const unplaced = () => guessing() && made.size < 3;
  /** Whether a change is to be foretold, before anything is nudged. */
  const foretelling = () => !grown && foretold && foretold.to !== key ? foretold : undefined;
  const expectedChange = () => Number((expected * (foretold?.most ?? 0)).toPrecision(2));
  /** Whether what was foretold stands beside what came. */
  const met = () => grown && foretold?.to === key && size === foretold.by && missed !== view.turns;
  /** The boxes that can be nudged now. */
  const free = () => {
    if (stage === last) return moving ? [] : KEYS.slice(1);
    return quick || foretelling() ? [] : stage === last - 1 ? [truth] : asked().map(({ to }) => to);
  };
  /** Those with a handle. */
  const gripped = () => {
    if (guessing()) return LOGITS;
    const told = foretelling();
    if (told) return [told.from];
    if (moving) return LOGITS;
    return stage < last ? free() : LOGITS.includes(key) || !key ? LOGITS : [...LOGITS, key];
  };

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pace;
  const go = (/** @type {number} */ to) => {
    clearTimeout(pace);
    refused.clear();
    view.set({ stage: to, nudge: 0 });
  };
  /** The rest of a walk; what a reader does meanwhile ends it. */
  const run = () => {
    if (stillness()) {
      go(last);
      return;
    }
    go(Math.max(2, stage + 1));
    const mine = stage;
    if (stage < last) pace = setTimeout(() => mine === view.get("stage") && run(), PACE);
  };
  view.closers.push(() => clearTimeout(pace));
  const next = () => view.get("label") % 3 + 1;
  const begin = (/** @type {number} */ label, logits = view.get("logits")) => {
    forget();
    quick = walks > 0;
    clearTimeout(pace);
    refused.clear();
    view.set({ label, logits, stage: 0, nudge: 0 });
  };
  /** Logits of the next walk: these, while one of its gradients wasn't seen. */
  const fresh = () =>
    [view.get("logits"), ...OTHERS].find((logits) => !solved.has(`${logits} ${next()}`));
  const back = button(view, words.back, () => go(stage - 1));
  const show = button(view, words.show, () => {
    if (stage === last) begin(next(), fresh());
    else if (quick) run();
    else go(stage + 1);
  });
  show.classList.add("step");
  const mode = button(view, words.move, () => {
    moving = !moving;
    view.set({ nudge: 0 });
    view.refresh();
  });

  /** What a wrong choice says; the nudge that shows it is made. @param {number} i */
  function miss(i) {
    refused.add(i);
    wrong = "";
    let shown = "";
    if (quick) wrong = words.notThere(BOXES[LOGITS[i]], BOXES[truth]);
    else if (stage === last - 1) {
      shown = truth;
      wrong = words.miss(words.product(share(-now[`e${label}`] / now.Q)));
    } else {
      const digit = (/** @type {Way} */ { to }) => /\d/.exec(to)?.[0] ?? label;
      const worth = (/** @type {Way} */ way) => [-1, 1, 1 / now.Q, now.Q, now[`e${digit(way)}`]][i];
      const rank = (/** @type {Way} */ { to }) => 2 * Number(to === key) + Number(ours(to));
      const lines = asked().sort((a, b) => rank(b) - rank(a));
      // A choice may fit one line by chance.
      const way = lines.find((way) => Math.abs(worth(way) - way.factor) > 1e-9);
      const name = i === 4 ? BOXES[`e${digit(way ?? lines[0])}`] : words.factors[i];
      shown = way?.to ?? "";
      wrong = way
        ? words.miss(i < 2 ? name : words.worth(name, short(worth(way))))
        : words.chance(name);
    }
    by = HINT;
    view.set({ nudge: KEYS.indexOf(shown) }); // none where a choice fits by chance
    missed = view.turns;
    view.refresh();
  }
  const choose = (/** @type {number} */ i) => {
    if (i !== (quick ? label - 1 : RIGHT[stage])) {
      miss(i);
      return;
    }
    if (quick) run();
    else go(stage + 1);
    // Where the button is gone, the focus goes to what takes its place.
    if (foretelling()) expecting.input.focus({ preventScroll: true });
    else if (!pad.childNodes.length) show.focus({ preventScroll: true });
  };
  const factors = words.factors.map((text, i) => button(view, text, () => choose(i)));
  const wheres = LOGITS.map((key, i) => button(view, BOXES[key], () => choose(i)));
  const joints = words.joints.map(([text, name], i) =>
    put(button(view, text, () => choose(i)), { "aria-label": name })
  );
  const release = button(view, words.release, () => {
    if (!foretold) return;
    [grown, by] = [true, foretold.by];
    view.set({ nudge: KEYS.indexOf(foretold.to) });
    pad.querySelector("button")?.focus({ preventScroll: true });
  });
  const pad = html("div.pad", { role: "group", "aria-label": words.choices });
  view.control(pad);

  view.apart = ["stage", "nudge"];

  const widths = words.width.map((text, i) =>
    html("span.width", { style: `--w: ${THICK * [0.1, 0.3, 1][i]}px` }, text)
  );
  const lead = [
    html("span", words.inBoxes),
    html("span", words.value),
    html("span.grad", words.gradient),
    html("span.change", words.change),
    html("span", words.widths),
    ...widths,
  ];
  view.add(html("p.lead", ...lead.flatMap((node) => [node, " "])));
  /** Asks the question, after Reset again. */
  function ask() {
    view.frame.querySelector(".guess")?.remove();
    settle = undefined;
    guessFirst(view, {
      question: words.question,
      answers: words.answers,
      show: (place) =>
        new Promise((resolve) => {
          settle = () => resolve(words.verdicts[place]);
        }),
    });
    const node = view.frame.querySelector(".guess");
    if (node && plot.node.parentNode) plot.node.before(node);
  }
  ask();

  /**
   * By keys a handle is moved by a slider that isn't seen.
   * @param {string} label
   * @param {string} control
   * @param {() => number} get
   * @param {(v: number) => void} write
   * @param {object} [scale]
   */
  const keys = (label, control, get, write, scale) => {
    const look = { label, control, min: -1, max: 1, step: 0.01, read: get, write, ...scale };
    const row = dial(view, look);
    const input = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    put(row, { class: "slider keyed" });
    put(input, { "aria-label": label });
    return { row, input };
  };
  /** @param {number} i @param {number} v */
  function foresee(i, v) {
    guesses[i] = clamp(Math.round(100 * v) / 100, -1, 1);
    made.add(i);
    view.touched = true;
    view.refresh();
  }
  /** @param {number} v */
  function foretell(v) {
    [expected, moved] = [clamp(Math.round(100 * v) / 100, -1, 1), true];
    view.touched = true;
    view.refresh();
  }
  /** @param {string} key @param {number} v */
  function push(key, v) {
    [by, moving] = [v, false];
    view.set({ nudge: v || stage === last ? KEYS.indexOf(key) : 0 }); // at 0 the chart stays
  }
  /** @param {number} i @param {number} v */
  function shift(i, v) {
    view.set({ logits: view.get("logits").with(i, Math.round(10 * v) / 10) });
  }
  const shifting = LOGITS.map((key, i) => {
    const scale = { min: -MOST, max: MOST, step: 0.1, show: plain };
    const get = () => view.get("logits")[i];
    return keys(BOXES[key], `logits.${i}`, get, (v) => shift(i, v), scale);
  });
  const foreseeing = LOGITS.map((key, i) =>
    keys(words.guessOf(BOXES[key]), `guess.${i}`, () => guesses[i], (v) => foresee(i, v))
  );
  const expecting = keys(words.foretellOf, "foretold", () => expected, foretell);
  const pushing = KEYS.slice(1).map((name) => {
    const get = () => name === key ? size : 0;
    const write = (/** @type {number} */ v) => push(name, v);
    return keys(words.nudgeOf(BOXES[name]), `nudge.${name}`, get, write, { show: plain });
  });

  let [hit, answer] = [false, ""];
  let before = -1; // the step that was drawn last
  view.bind(panel, () => {
    if (!view.started || stage < last) return;
    const arrives = before < last;
    if (arrives) walks += 1;
    if (arrives && made.size && quick && !solved.has(puzzle)) {
      const missed = LOGITS.flatMap((key, i) => {
        const by = Math.abs(grads[key] - guesses[i]);
        return made.has(i) && by >= NEAR ? words.by(BOXES[key], share(by)) : [];
      });
      hit = made.size === 3 && !missed.length && grads[truth] < -LARGE;
      answer = missed.length ? words.missed(missed.join(", ")) : words.near(made.size === 3);
    } else if (!made.size) [hit, answer] = [false, ""];
    solved.add(puzzle);
  });
  /** By what share the change of the loss differs from what its gradient tells. */
  const differ = () => Math.abs((carried.get("L") ?? 0) / (grads[key] * size) - 1);
  const differs = () =>
    key === "l"
      ? words.straight
      : words.off(words.percent(Number((100 * differ()).toPrecision(2))));
  let [at, passing] = ["", false];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  const arrive = () => {
    clearTimeout(rest);
    passing = false;
    view.refresh();
  };
  view.bind(panel, () => {
    const here = `${puzzle} ${key} ${size}`;
    if (stage < last || here === at) return;
    [at, passing] = [here, true];
    clearTimeout(rest);
    rest = setTimeout(arrive, SETTLED);
  });
  view.frame.addEventListener("pointerup", () => passing && arrive());
  view.closers.push(() => clearTimeout(rest));
  const first = goal(view, {
    text: words.approach,
    reached: () => {
      if (stage < last || passing || !LOGITS.includes(key)) return false;
      const mine = `${key} ${puzzle}`;
      if (differ() >= DIFFER) far = mine;
      return far === mine && differ() < AGREE;
    },
    says: words.reached,
    lasts: true,
  });
  const second = goal(view, {
    text: words.foresee,
    reached: () => stage === last && hit,
    says: words.foreseen,
    lasts: true,
  });
  const both = () => [first, second].every((node) => node.classList.contains("done"));
  const third = goal(view, {
    text: words.balance,
    reached: () => both() && stage === last && !passing && Math.abs(grads[truth] + 0.5) < HALF,
    says: words.balanced,
    lasts: true,
  });
  const fourth = goal(view, {
    text: words.small,
    reached: () =>
      third.classList.contains("done") && stage === last && !passing && grads[truth] > -AGREE,
    says: words.smaller,
    lasts: true,
  });
  // After the goals' own.
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    [walks, quick, moving, by, far] = [0, false, false, NUDGE, ""];
    [expected, moved, grown] = [0, false, false];
    forget();
    for (const set of [solved, refused]) set.clear();
    clearTimeout(pace);
    ask();
    view.refresh();
  });
  const chips = tries(
    view,
    words.tries.map(({ says, then, ...state }) => ({
      ...state,
      get says() {
        return stage === last ? then : says;
      },
    })),
  );
  for (const chip of chips.querySelectorAll("button")) {
    chip.addEventListener("click", () => {
      solved.delete(puzzle); // it stood there for no longer than this
      begin(view.get("label"));
    });
  }
  const settings = html(
    "div.row",
    back,
    show,
    mode,
    radios(view, "label", { label: words.label, write: begin, options: [1, 2, 3] }),
  );
  const told = html("span");
  const prompt = html("b.asks");
  const [along, grey] = [html("span"), html("span")];
  const curve = view.plot({
    label: words.curve,
    height: 130,
    x: [-1, 1],
    y: [0, 1],
    xticks: [-1, -0.5, [0, words.rest], 0.5, 1],
    yticks: [],
    margin: { top: 16, right: 14, left: 14 },
  });
  const meet = html(
    "div.meet",
    html("p", along, html("span.grad", words.tangent), ".", grey),
    curve.node,
    first,
    third,
    fourth,
  );
  panel.append(html("p.say", told, " ", prompt), pad);
  curve.drag(([x]) => push(curved, small(clamp(x, -1, 1))));
  // All that moves something in the plot, in its box.
  plot.box.append(
    panel,
    ...[...foreseeing, expecting, ...pushing, ...shifting].map(({ row }) => row),
  );
  for (const node of [settings, expecting.row, ...foreseeing.map(({ row }) => row)]) {
    view.control(node);
  }
  view.add(plot.node, settings, meet, second, chips);

  /** @param {string} key */
  const place = (key) => {
    const row = ROWS[/** @type {keyof typeof ROWS} */ (key[0])];
    const column = row > 2 ? Number(key[1]) - 1 : wide() ? 1 : 2;
    const pitch = (plot.width - THICK - 12) / 3;
    const width = Math.min(pitch - 6, 190);
    const middle = pitch * (column + 0.5);
    const y = 1 + row * (plot.height - TALL - FOOT) / 4;
    return { x: middle - width / 2, y, width, height: row === 4 ? TALL : LOW, middle };
  };
  const wide = () => plot.width > 600;
  /** Pixels of the gradient 1 in the box of a logit. */
  const one = () => place("z1").width / 2 - KNOB;
  const ours = (/** @type {string} */ to) => to[1] === String(label);
  /** Where the handle of a box is at rest, and how far it goes. @param {string} key */
  const track = (key) => {
    const { y, height, middle, width } = place(key);
    if (key[0] === "z") return { x: middle, y: y + height - 14, half: one() };
    const taken = key in grads && !lone(key) ? 44 : 0; // by its gradient
    return { x: middle + taken / 2, y: y + height - KNOB, half: (width - taken) / 2 - KNOB };
  };
  /** Whether a change is foretold in a box that has no room for its gradient beside the handle. */
  const lone = (/** @type {string} */ key) => !wide() && foretold?.from === key;
  /** Where its handle is. @param {string} name */
  const grip = (name) => {
    const { x, y, half } = track(name);
    const v = guessing()
      ? guesses[LOGITS.indexOf(name)]
      : foretelling()
      ? expected
      : moving
      ? view.get("logits")[LOGITS.indexOf(name)] / MOST
      : name === key
      ? size
      : 0;
    return { x: x + v * half, y };
  };
  /** The box whose handle is within reach. @param {number} x @param {number} y */
  const reached = (x, y) =>
    gripped().find((key) => Math.hypot(grip(key).x - x, grip(key).y - y) < 24) ?? "";
  let [held, aside] = ["", 0]; // and how far beside its middle
  plot.drag(([u, v], pressed) => {
    const [x, y] = [plot.x(u), plot.y(v)];
    if (pressed) held = reached(x, y);
    if (!held) return;
    if (pressed) aside = x - grip(held).x;
    const at = clamp((x - aside - track(held).x) / track(held).half, -1, 1);
    if (guessing()) foresee(LOGITS.indexOf(held), at);
    else if (foretelling()) foretell(at);
    else if (moving) shift(LOGITS.indexOf(held), MOST * at);
    else push(held, small(at));
  });
  plot.svg.addEventListener("click", (event) => {
    const [x, y] = plot.at(event).map((v, i) => i ? plot.y(v) : plot.x(v));
    if (view.locked || guessing() || foretelling() || reached(x, y)) return;
    const tapped = free().find((key) => {
      const box = place(key);
      return x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
    });
    if (tapped) push(tapped, NUDGE);
  });

  /** Whether a line is the one from the loss to the true logit. @param {Way} way */
  const direct = ({ stage }) => stage === 2;
  /** Whether what a line sends is on its way. @param {Way} way */
  const runs = (way) => way.stage <= stage && way.stage > before && stage - before < 3;
  /**
   * The line between two boxes, downwards, and where its local derivative stands. From the loss to
   * the true logit it runs around all others.
   * @param {Way} way
   */
  function line(way) {
    const [a, b] = [place(way.from), place(way.to)];
    if (direct(way)) {
      const [x, foot] = [plot.width - THICK / 2 - 4, b.y + TALL + FOOT - THICK / 2 - 2];
      const d = `M${a.x + a.width},${a.y + LOW / 2}H${x}V${foot}H${b.middle}V${b.y + TALL}`;
      return { d, x: x - THICK / 2 - 5, y: (a.y + LOW + place("l").y) / 2, anchor: "end" };
    }
    const [top, shift] = [a.y + LOW, wide() ? 0 : 27];
    if (b.middle !== a.middle) {
      const aside = Math.sign(b.middle - a.middle) * 10;
      const d = `M${a.middle - shift},${top}L${b.middle},${b.y}`;
      if (way.to[1] === "2") return { d, x: b.middle, y: b.y - 7, anchor: "end" };
      return { d, x: b.middle + aside, y: b.y - 12, anchor: aside < 0 ? "end" : "start" };
    }
    // Beside the line its local derivative has the width of the box.
    const x = b.middle - shift;
    return { d: `M${x},${top}V${b.y}`, x: x + 9, y: (top + b.y) / 2, anchor: "start" };
  }
  /**
   * Where what a line sends runs: between the boxes, apart from its neighbours, below them all.
   * @param {Way} way
   * @param {number} room
   */
  function lane(way, room) {
    const [a, b] = [place(way.from), place(way.to)];
    const foot = b.y + TALL + FOOT / 2;
    if (direct(way)) return `M${plot.width - room / 2 - 2},${foot}H${b.middle}`;
    // In a narrow picture the direct line's factor stands beside it.
    if (way.to === "l" && !wide()) return `M${b.middle - 27},${a.y + LOW + 11}V${b.y - 11}`;
    const start = b.middle + (wide() ? 0.6 * (a.middle - b.middle) : 0);
    return `M${start},${a.y + LOW + 11}L${b.middle},${b.y - 11}`;
  }
  const digits = (/** @type {number} */ v, /** @type {number} */ count) =>
    minus(v.toPrecision(count));
  // Boxes and sentences say a number alike.
  function short(/** @type {number} */ v) {
    const [much, narrow] = [Math.abs(v), plot.width < 300];
    const whole = Math.round(v);
    // What is measured on a straight line misses it by what floats lose.
    if (v === 0 || (whole && Math.abs(v - whole) < 1e-9)) return minus(String(whole));
    if (much < 0.1) return digits(v, narrow ? 2 : 3);
    return minus(v.toFixed(much >= 100 ? 1 : much >= 10 || (much >= 1 && narrow) ? 2 : 3));
  }
  // What a logit gets: all with as many decimals, so that the sums come out.
  function share(/** @type {number} */ v) {
    return minus(v.toFixed(Math.min(...softmax(view.get("logits"))) < 0.005 ? 4 : 3));
  }
  const called = (/** @type {string} */ key) => key === "L" ? words.theLoss : BOXES[key];
  const withSign = (/** @type {string} */ text) => text[0] === "−" ? text : `+${text}`;
  const signed = (/** @type {number} */ v) => withSign(short(v));
  /** What a way sends, as it is written. @param {Way} way */
  const sent = ({ from, factor, stage }) => {
    const product = grads[from] * factor;
    return stage === 5 ? share(product) : short(product);
  };

  const air = svg("g"); // what runs up stays there while the graph is drawn
  plot.svg.append(air);
  let risen = ""; // the nudge that ran up, or waits for it
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  view.closers.push(() => clearTimeout(timer));
  /** The row of a box. @param {string} key */
  const row = (key) => ROWS[/** @type {keyof typeof ROWS} */ (key[0])];
  /** Whether a change passes a line. @param {Way} way */
  const carries = ({ from, to }) => carried.has(from) && carried.has(to);

  /**
   * Sends a nudge up the lines as the gradient came down, all of it to reach the loss at once.
   */
  function rise() {
    const start = row(key);
    air.replaceChildren(
      ...ways.filter(carries).map((way) => {
        const [low, high] = [row(way.to), row(way.from)];
        const style = `offset-path: path("${line(way).d}"); --rows: ${low - high}; --start: ${
          start - low
        }`;
        const node = svg("circle.runs.up", { r: 7, style });
        node.addEventListener("animationend", () => node.remove());
        return node;
      }),
    );
    // The number in a box comes with it.
    const wait = (/** @type {Element} */ node, /** @type {string} */ key) =>
      put(node, { style: `animation: hides ${0.5 * (start - row(key))}s` });
    for (const node of plot.layer.querySelectorAll("[data-q^=change]")) {
      wait(node, (node.getAttribute("data-q") ?? "").split(" ")[1]);
    }
    const bars = plot.layer.querySelectorAll(foretold ? ".came" : ".ghost, .came");
    for (const node of bars) wait(node, foretold?.from ?? "L");
    if (foretold && bars.length) { for (const node of [told, prompt]) wait(node, foretold.from); }
  }

  /** The lines, what stands on them, and what runs down those of this step. */
  function lines() {
    const [texts, paths, flows, pills] = [[], [], [], []].map(() => /** @type {Node[]} */ ([]));
    // Where the direct line leads is asked.
    for (const way of ways.filter((way) => !(quick && !stage && direct(way)))) {
      const { from, to, factor, law, stage: step } = way;
      const { d, x, y, anchor } = line(way);
      const sought = step === stage + 1 && !quick;
      const done = step <= stage;
      const states = { asked: sought, walked: done, carries: carries(way) };
      const look = Object.entries(states).filter(([, is]) => is).map(([name]) => name);
      paths.push(svg("path", { class: ["edge", ...look].join(" "), d }));
      if (done) {
        const width = THICK * Math.min(1, Math.abs(grads[from] * factor));
        const flow = svg("path.flow", { d, "stroke-width": width, pathLength: 1 });
        flow.classList.toggle("grows", runs(way));
        flows.push(flow);
      }
      if (runs(way)) {
        // The number walks, meets the factor, and arrives as their product.
        const grad = short(grads[from]);
        const three = [grad, `${grad} ${words.times(short(factor))}`, sent(way)];
        const room = Math.max(...three.map((text) => textWidth(text))) + 8;
        const pill = svg("rect", { x: -room / 2, y: -10, width: room, height: 20, rx: 10 });
        const said = ["grad old", "grad times", "grad result"].map((look, i) =>
          svgText(0, 4, three[i], { class: look })
        );
        pills.push(
          svg("g.runs", { style: `offset-path: path("${lane(way, room)}")` }, pill, ...said),
        );
      }
      const late = runs(way) ? "comes" : ""; // what runs down stands there first
      const note = (/** @type {string} */ text, /** @type {number} */ dy, look = late) =>
        texts.push(svgText(x, y + dy, text, { "text-anchor": anchor, class: `halo ${look}` }));
      if (sought && carries(way) && key === to && missed === view.turns) {
        note(words.times(short((carried.get(from) ?? 0) / size)), 4, "change");
      } else if (sought) note(words.times("?"), 4, "asks");
      else if (done && law && !(wide() && step < 5)) {
        note(words.times(law), -TEXT_SIZE / 3);
        note(`= ${short(factor)}`, TEXT_SIZE);
      } else if (done) note(words.times(law ? `${law} = ${short(factor)}` : short(factor)), 4);
    }
    return { paths: [...flows, ...paths], texts, pills };
  }

  /**
   * What has come to a logit: lines of text, and below them a bar for each share and one for the
   * sum, from one zero.
   * @param {string} name
   */
  function parts(name) {
    const { y, width, middle } = place(name);
    const [unit, place_] = [one(), LOGITS.indexOf(name)];
    const strip = y + ROW + 3 * TEXT_ROW + 6;
    const mine = name === truth;
    const come = ways.filter((way) => way.to === name && way.stage <= stage);
    const upright = (/** @type {string} */ look, /** @type {number} */ v, size = 18, at = 0) =>
      svg(`path.${look}`, { d: `M${middle + v * unit},${strip + PITCH * at - 2}v${size}` });
    /** @type {Node[]} */
    const nodes = [];
    const line = (
      /** @type {number} */ at,
      /** @type {string} */ text,
      /** @type {string} */ what,
      look = "soft",
      v = 0,
    ) => {
      const room = squeezed(text, width - 6);
      const node = svgText(middle, y + ROW + TEXT_ROW * (at + 1), "", { class: look, ...room });
      nodes.push(quantity(node, `${what} ${name}`, v, text));
    };
    const part = (
      /** @type {number} */ at,
      /** @type {string} */ text,
      /** @type {[string, number, number]} */ [what, v, start],
      /** @type {Way | undefined} */ way = undefined,
    ) => {
      const fresh = way && runs(way) ? "comes" : "";
      const bar = { x: middle + (start + Math.min(0, v)) * unit, y: strip + PITCH * at };
      const size = { width: Math.abs(v * unit), height: BAR };
      nodes.push(svg("rect", { class: `share ${what} ${fresh}`, ...bar, ...size }));
      if (text) line(at, text, what, `grad ${fresh}`, v);
    };
    const own = quick && made.has(place_);
    const p = name.replace("z", "p").replace(/\d/, (digit) => subscript(Number(digit)));
    const guessed = own && mine && stage === last; // both shares on one line
    if (mine && come.length) {
      part(0, guessed ? "" : words.direct, ["direct", -1, 0], come[0]);
      if (come.length < 2) line(1, words.waits, "waits");
      else {
        const v = grads[name] + 1;
        const text = words[guessed ? "both" : "through"](share(v));
        part(1, text, ["through", v, stage === last ? -1 : 0], come[1]);
        if (stage === last) nodes.push(upright("zero", -1, 9));
      }
    }
    if (come.length && (!mine || stage === last)) {
      const text = words.total(mine ? words.less(p) : p, share(grads[name]));
      part(2, text, ["grad", grads[name], 0], come[0]);
    }
    const asks = guessing();
    if (own) {
      const at = guessed ? 0 : asks || mine ? 2 : 1;
      line(at, words.guess(fmt(guesses[place_])), "guess", "grad");
    } else if (asks) line(2, words.guess("?"), "guess");
    if (asks || nodes.length) nodes.unshift(upright("zero", 0));
    if (asks || own) nodes.push(upright("guess", guesses[place_]));
    if (asks) {
      const free = [-1, 1].filter((v) => Math.abs(v - guesses[place_]) > 0.3);
      const ends = free.map((v) =>
        svgText(middle + v * unit, track(name).y - KNOB, minus(String(v)), { class: "soft" })
      );
      nodes.push(...ends);
    }
    return nodes;
  }

  /**
   * A box with its value, what has come back to it and what a nudge makes of it.
   * @param {string} name
   */
  function drawn(name) {
    const { x, y, width, height } = place(name);
    const logit = name[0] === "z";
    const arrived = ways.filter((way) => way.to === name && way.stage <= stage);
    const fresh = arrived.some(runs) ? "comes" : "";
    const color = logit ? TEXT_COLORS[Number(name[1]) - 1] : "var(--cu-ink)";
    const title = { class: "name", style: `fill:${color}`, "text-anchor": "start" };
    /** @type {Node[]} */
    const texts = [svgText(x + 4, y + ROW, BOXES[name], title)];
    const tell = (
      /** @type {string} */ what,
      /** @type {number} */ value,
      /** @type {string} */ text,
      /** @type {string} */ look,
      /** @type {[number, number, number]} */ [left, down, room],
    ) => {
      const anchor = left < x + width / 2 ? "start" : "end";
      const node = svgText(left, down, "", {
        class: look,
        "text-anchor": anchor,
        ...squeezed(text, room),
      });
      texts.push(quantity(node, what, value, text));
    };
    const [right, foot] = [x + width - 4, y + height - 6];
    const value = logit ? minus(String(Number(now[name].toPrecision(3)))) : short(now[name]);
    const nudged = name === key && carried.has(name);
    const tells = foretelling();
    const plus = (/** @type {number} */ v) => `${v < 0 ? "−" : "+"} ${plain(Math.abs(v))}`;
    const sign = nudged
      ? plus(size)
      : tells?.to === name
      ? plus(tells.by)
      : tells?.from === name
      ? words.unsure(moved ? plus(expectedChange()) : "+ ")
      : "";
    const free = width - 11 - textWidth(BOXES[name], 600) - 4 * LARGER;
    const whole = `${value} ${sign}`.trim();
    const text = textWidth(whole) > free && sign ? sign : whole;
    const moves = nudged || tells?.from === name;
    tell(name, now[name], text, moves ? "change" : "", [right, y + ROW, free]);
    const half = width / 2 - 6;
    if (logit) texts.push(...parts(name));
    else if (name in grads && !(tells && lone(name))) {
      tell(`grad ${name}`, grads[name], short(grads[name]), `grad ${fresh}`, [x + 4, foot, half]);
    }
    const change = carried.get(name) ?? 0;
    if (change && !nudged) {
      tell(`change ${name}`, change, signed(change), "change", [right, foot, half]);
    }
    if (name === "l" && stage === 1 && !quick) {
      texts.push(svgText(right, foot, words.lock, { class: "change", "text-anchor": "end" }));
    }
    if (gripped().includes(name)) {
      const { x, y, half } = track(name);
      texts.push(svg("path.dash", { d: `M${x - half},${y}h${2 * half}` }));
    }
    if (foretold?.from === name && (tells ? moved : met())) texts.unshift(...ghosts(name, change));
    if (stage === last && name === "L" && LOGITS.includes(key) && size) texts.unshift(...joined());
    const look = arrived.some((way) => way.stage === stage) ? "now" : "";
    return [svg("rect", { x, y, width, height, rx: 6, class: `box ${look}` }), ...texts];
  }

  /**
   * Bars of what was foretold of a box, and of what came.
   * @param {string} name
   * @param {number} change
   */
  function ghosts(name, change) {
    const { x, y, half } = track(name);
    const bar = (/** @type {string} */ look, /** @type {number} */ v, /** @type {number} */ at) =>
      svg(`rect.${look}`, {
        x: x + half * Math.min(0, v),
        y: y - 11.5 + at,
        width: Math.abs(half * v),
        height: BAR - 1,
      });
    const came = clamp(change / (foretold?.most ?? 1), -1, 1);
    const bars = [bar("ghost", expected, 0), bar("came", came, BAR)];
    return [svg("path.zero", { d: `M${x},${y - 13}v10` }), ...(met() ? bars : bars.slice(0, 1))];
  }

  /** A logit's nudge times each share of its gradient, and what it made of the loss: bars. */
  function joined() {
    const { middle, y } = place("L");
    const direct = key === truth ? -size : 0;
    const spans = [[0, direct], [direct, grads[key] * size], [0, carried.get("L") ?? 0]];
    const bars = spans.map(([from, to], i) =>
      svg(`rect.${i < 2 ? "ghost" : "came"}`, {
        x: middle + one() * Math.min(from, to),
        y: y + 17.5 + 3.3 * i,
        width: one() * Math.abs(to - from),
        height: 3,
      })
    );
    return [svg("path.zero", { d: `M${middle},${y + 16}v12` }), ...bars];
  }

  /** What the last step did, in words. */
  function sentence() {
    if (stage === 0) {
      return quick
        ? [
          words.truth(label),
          guessing() ? words.foretell : words.seen,
          guessing() && made.size
            ? words[made.size < 3 ? "soFar" : "placed"](fmt(Math.round(100 * sum(guesses)) / 100))
            : "",
        ].join(" ").trim()
        : words.start;
    }
    if (stage === last) {
      const shown = sum(LOGITS.map((name) => Number(share(grads[name]).replace("−", "-"))));
      const total = Math.abs(shown) < 1e-9 ? words.all : words.rounded;
      return `${answer || words.ends} ${total}`;
    }
    const sized = seen && plan(stage - 1, now, label);
    let nearer = "";
    if (sized) {
      const { from, to, by } = sized;
      const change = values(view.get("logits"), label, to, by)[from] - now[from];
      const factor = ways.find((way) => way.from === from && way.to === to)?.factor ?? 0;
      const [ratio, limit] = [change / by, factor].map(short);
      if (ratio !== limit) nearer = words.nearer(plain(by), [ratio, limit]);
    }
    if (stage === last - 1) return words.sendAll + nearer;
    const way = /** @type {Way} */ (ways.find((way) => way.stage === stage));
    const { from, to, factor, law } = way;
    const numbers = [short(grads[from]), law || short(factor), sent(way)];
    return words.sends(called(from), stage === 4 ? words.each : BOXES[to], numbers) + nearer;
  }

  /** What comes next, in words. */
  function question() {
    if (stage === last) return moving ? words.follow : words.done;
    if (quick) return stage ? "" : unplaced() ? words.place : words.where;
    const shares = [short(-1), share(grads[truth] + 1)];
    const tells = foretelling();
    if (tells) {
      const to = stage === last - 1 ? words.has(BOXES[truth], shares) : BOXES[tells.to];
      return words.expect(to, plain(tells.by), called(tells.from));
    }
    if (stage === last - 1) return words.join(BOXES[truth], shares);
    if (asked().some(({ to }) => to === key)) return words.name;
    const { from, to } = asked()[0];
    if (stage === 1) return words.ask(words.held(BOXES[to]), words.theLoss);
    if (stage === 3) return words.ask(words.exponential, BOXES[from]);
    if (stage === 4) return words.ask(words.logit, words.itsExp);
    return words.ask(BOXES[to], called(from));
  }

  /** What a nudge does, in words. */
  function measured() {
    if (stage === last) {
      const four = (/** @type {number} */ v) => withSign(plain(Number(v.toPrecision(4))));
      const told = grads[key] * size;
      const total = four(told);
      const through = minus((told + size).toFixed(total.split(".")[1]?.length));
      const direct = withSign(plain(-size));
      const parts = key === truth ? words.shares(direct, withSign(through), total) : total;
      return words.linear(parts, four(carried.get("L") ?? 0));
    }
    if (met() && foretold) {
      const { from, to, by } = foretold;
      const [said, came] = [expectedChange(), carried.get(from) ?? 0];
      const told = [called(from), `${said > 0 ? "+" : ""}${plain(said)}`, signed(came)];
      return words.expected(BOXES[to], plain(by), told);
    }
    const top = asked().find(({ to }) => to === key)?.from ?? "L";
    const change = carried.get(top) ?? 0;
    const pair = [called(top), signed(change)];
    const plainly = words.measured(BOXES[key], withSign(plain(size)), pair);
    const all = missed === view.turns ? plainly + words.ratio(short(change / size)) : plainly;
    return stage === 1 ? `${words.holding} ${all}` : all;
  }

  /** The loss along a box, its tangent, and where the two are close. */
  function draw() {
    const [box, from] = [curved, key ? least : -1];
    const slope = grads[box];
    const xs = Array.from({ length: 401 }, (_, i) => from + i * (1 - from) / 400);
    const ys = xs.map((v) => values(view.get("logits"), label, box, v).L - now.L);
    const all = [...ys, from * slope, slope];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    curve.scale({ y: [low - 0.3 * (high - low), high], yticks: [] });
    const by = key ? size : 0;
    const [x, base, told, came] = [curve.x(by), curve.y(0), slope * by, carried.get("L") ?? 0];
    const { top, bottom, right } = curve.area;
    const after = (/** @type {number} */ x, room = 40) => x > right - room ? "end" : "start";
    const off = xs.map((v, i) => Math.abs(v) > 1e-6 ? Math.abs(ys[i] / (slope * v) - 1) : 0);
    const furthest = Math.max(...off);
    const shares = [DIFFER, AGREE].filter((most) => most < furthest);
    const named = shares.map((most) => words.percent(100 * most)).join(" or ");
    say(grey, key === "l" ? "" : words.grey(named));
    const bands = shares.flatMap((most) => {
      const near = xs.filter((_, i) => off[i] < most);
      const [start, end] = [Math.min(0, ...near), Math.max(0, ...near)].map((v) => curve.x(v));
      const [x, anchor] = most === AGREE
        ? [end, after(end)]
        : [start, start < 54 ? "start" : "end"];
      return [
        svg("rect.band", { x: start, y: top, width: end - start, height: bottom - top }),
        svgText(x, top - 4, words.percent(100 * most), { class: "soft", "text-anchor": anchor }),
      ];
    });
    const bar = (/** @type {string} */ look, /** @type {number} */ v, /** @type {number} */ dx) =>
      svg(`path.bar.${look}`, { d: `M${x + dx},${base}V${curve.y(v)}` });
    curve.draw(
      ...bands,
      svg("path.zero", { d: `M${curve.x(from)},${base}H${right}` }),
      svg("path.tangent", { d: curve.line([from, 1], [slope * from, slope]) }),
      svg("path", { d: curve.line(xs, ys) }),
      svg("path.run", { d: `M${curve.x(0)},${base}H${x}` }),
      ...(by ? [bar("grad", told, -2), bar("change", came, 2)] : []),
      svgText(x, base + (told > 0 ? 16 : -6), by ? differs() : "", {
        "text-anchor": by > 0 ? after(x, 80) : x < 94 ? "start" : "end",
      }),
      svg("circle", { cx: curve.x(0), cy: base, r: 3 }),
    );
    const { ylim: [floor, roof] } = curve;
    curve.handles([{
      x: by,
      y: floor + 14 * (roof - floor) / (bottom - top),
      color: "var(--cu-orange-text)",
      way: "across",
    }]);
  }

  return () => {
    const { paths, texts, pills } = lines();
    const nodes = Object.keys(now).flatMap(drawn);
    plot.draw(...paths, ...nodes, ...texts, ...pills);
    before = stage;

    const choices = stage === last
      ? []
      : quick
      ? stage ? [] : wheres
      : foretelling()
      ? [release]
      : stage === last - 1
      ? joints
      : factors;
    if (pad.childNodes[0] !== choices[0] || !choices.length) pad.replaceChildren(...choices);
    release.disabled = !moved;
    for (const node of wheres) node.disabled = unplaced();
    choices.forEach((node, i) => node.classList.toggle("wrong", refused.has(i)));

    const pushed = key && carried.size > 1;
    const miss = missed === view.turns ? wrong : "";
    const asks = miss ? "" : pushed && stage === last ? "" : question();
    const text = miss ? `${miss} ${pushed ? measured() : ""}` : pushed ? measured() : sentence();
    told.textContent = text;
    prompt.textContent = asks;
    meet.hidden = stage < last;
    mode.hidden = mode.disabled = meet.hidden;
    say(mode, moving ? words.nudgeAgain : words.move);
    if (!meet.hidden) {
      draw();
      say(along, words.along(BOXES[curved]));
    }
    if (stage === last) settle?.();
    back.disabled = stage === 0;
    const again = fresh() === view.get("logits");
    say(show, stage < last ? words.show : again ? words.anew(next()) : words.otherWalk);
    third.hidden = !both();
    fourth.hidden = !third.classList.contains("done");
    const shown = gripped();
    const move = (
      /** @type {{ row: HTMLElement, input: HTMLInputElement }} */ { row, input },
      /** @type {string} */ name,
      /** @type {boolean} */ open,
    ) => {
      const { x, y } = grip(name);
      input.disabled = !open;
      row.style.cssText = `left: ${x}px; top: ${y}px`;
    };
    shifting.forEach((one, i) => move(one, LOGITS[i], moving));
    foreseeing.forEach((one, i) => move(one, LOGITS[i], guessing()));
    move(expecting, foretold?.from ?? "L", Boolean(foretelling()));
    pushing.forEach((one, i) => move(one, KEYS[i + 1], free().includes(KEYS[i + 1])));
    plot.handles(shown.map((name) => {
      const { x, y } = grip(name);
      return {
        x: x / plot.width,
        y: 1 - y / plot.height,
        color: guessing()
          ? "var(--cu-gradient)"
          : moving
          ? TEXT_COLORS[LOGITS.indexOf(name)]
          : "var(--cu-orange-text)",
        way: /** @type {const} */ ("across"),
      };
    }));
    const rising = pushed ? `${key} ${size} ${stage} ${puzzle}` : "";
    if (rising !== risen) {
      clearTimeout(timer);
      air.replaceChildren();
      for (const node of [told, prompt]) node.removeAttribute("style");
      if (rising && !stillness()) timer = setTimeout(rise, met() ? 0 : SETTLED);
    }
    risen = rising;
    if (pushed && stage === last) return `${text.slice(0, -1)}, ${differs()}.`;
    const whole = `${text} ${asks}`.trim();
    return whole.split(" ").length <= HEARD ? whole : stage < last ? asks || miss : text;
  };
});

/** A nudge that a handle makes: so many digits that it stays there. @param {number} v */
const small = (v) => Math.abs(v) < 0.0005 ? 0 : Number(v.toPrecision(3));
/** @param {number} v */
function plain(v) {
  return minus(String(v));
}
