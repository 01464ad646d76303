import {
  animate,
  button,
  clamp,
  COLORS,
  dial,
  dot,
  figure,
  fmt,
  glide,
  goal,
  guessFirst,
  html,
  labelNodes,
  minus,
  put,
  quantity,
  range,
  say,
  softmax,
  SPEC,
  subscript,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  textWidth,
  tries,
} from "./kit.js";

/** @import { Plot } from "./kit/plot.js" */
/** @import { State, View } from "./kit/view.js" */

const WORDS = {
  en: {
    lead: "As a nudge of one logit shrinks, change ÷ nudge tends to a column of the Jacobian.",
    question: "Raise z₁: p₁ gains. How do the others share the loss?",
    answers: [
      {
        text: "Equally",
        says: "No, unless the others are equal: as z₁ rises, each keeps the same fraction.",
      },
      {
        text: "In proportion to what they have",
        says: "Yes: as z₁ rises, only the divisor of the others, the sum of exp z, grows.",
      },
      {
        text: "The largest bears it all",
        says: "No: as z₁ rises, each of the others keeps the same fraction.",
      },
    ],
    logitPlot: "The logits, one nudged",
    logitAxis: (/** @type {boolean} */ open) => `logits${open ? ": drag one" : ""}`,
    own: "logits; p(1 − p): ",
    nudge: "nudge",
    sum: "sum",
    halve: "Halve the nudge",
    first: (/** @type {string} */ logit) => `Nudge ${logit} by 1`,
    skip: "skip",
    check: "Check",
    another: (/** @type {boolean} */ more) => more ? "One more class" : "Other logits",
    scale: "Measured: change of p ÷ nudge, −¼ to ¼; the bold line is the slope. " +
      "Left, dashed: p before.",
    area: "A unit square, split both ways by p",
    measure: "Where are slopes? Bring a column within 2\u202f%.",
    foretell: (/** @type {string} */ logit) =>
      `You foretell the column of ${logit}: drag its bars in the table.`,
    which: (/** @type {string} */ tile) =>
      tile ? `Not ${tile}. Tap one as large.` : "Which rectangle is as large? Tap it.",
    slope: (/** @type {string} */ prob, /** @type {string} */ logit) =>
      `slope of ${prob} by ${logit}: `,
    filled: "Filled area: ",
    off: (/** @type {string} */ share) => `${share} off`,
    curve: "A p against the nudge",
    curveAxis: (/** @type {string} */ prob, /** @type {string} */ logit) =>
      `${prob} by the nudge of ${logit}`,
    lines: "chord and dashed tangent",
    moved: (/** @type {string} */ logit, /** @type {string} */ nudge) =>
      `${logit} moves by ${nudge}.`,
    changes: (
      /** @type {string} */ prob,
      /** @type {string} */ change,
      /** @type {string} */ share,
      /** @type {boolean} */ up,
      /** @type {number} */ k,
    ) =>
      ` ${prob} ${up ? "gains" : "loses"} ${change}; ` +
      `${k > 2 ? "each of the others" : "the other"} ${up ? "loses" : "gains"} ` +
      `${share} of what it had. `,
    halved: (
      /** @type {string} */ before,
      /** @type {string} */ now,
      /** @type {boolean} */ half,
    ) =>
      ` Its bars were ${before} off, now they are ${now} off` +
      `${half ? ": half the nudge, about half the miss" : ""}. `,
    again: "Halve it again.",
    right: "Its bars end within 2\u202f% of their marks.",
    next: (/** @type {string} */ logit) => ` Now nudge ${logit}.`,
    shrinkNext: (/** @type {string} */ logit) => ` Now shrink the nudge of ${logit}, too.`,
    ask: (/** @type {string} */ logit) =>
      ` Before you nudge ${logit}: where will its bars end? Drag them there, then Check.`,
    total: (
      /** @type {string} */ logit,
      /** @type {string} */ total,
      /** @type {boolean} */ near,
    ) =>
      `Your column of ${logit} sums to ${total}` +
      `${total === "0" ? ", as it must" : near ? ", near enough" : ""}.`,
    unequal: (/** @type {string} */ by, /** @type {boolean} */ up) =>
      "Not yet: what one gains, the others lose. " +
      `${up ? "Lower" : "Raise"} your bars by ${by} in all.`,
    find: (
      /** @type {number} */ wrong,
      /** @type {string} */ prob,
      /** @type {string} */ logit,
    ) => `Wrong (✗): ${wrong}. Whose slope equals that of ${prob} by ${logit}? Tap it.`,
    no: (/** @type {string} */ other, /** @type {string} */ prob) =>
      `${other ? `That mirrors your ${other}` : "Not that one"}. ` +
      `Which mirrors your ${prob}? It has the same classes.`,
    yes: "Yes. ",
    mirror: (/** @type {string} */ a, /** @type {string} */ b) =>
      `Slopes mirror each other: that of p${a} by z${b} equals that of p${b} by z${a} ` +
      "(double frames).",
    mend: (/** @type {string} */ prob) => ` Set your ${prob} to that, then mend the others.`,
    guessed: (/** @type {number} */ good, /** @type {number} */ k) =>
      ` You had ${good} of ${k} bars about right.`,
    row: (/** @type {number} */ n) => ` Streak of columns checked without a ✗: ${n}.`,
    retry: " Foretell that column at other logits.",
    dies: (/** @type {string} */ prob, /** @type {number} */ to) =>
      `${prob} is nearly ${to}, so its slopes are nearly 0` +
      `${to ? ": a moderate gradient dies out" : ""}.`,
    wrong: (/** @type {string} */ share) =>
      `All p share one divisor, so all bars are ${share} off: halve the nudge.`,
    large: "So large a nudge may come near by chance: halve it.",
    still: (/** @type {string} */ logit) =>
      `Nudge ${logit}: drag the point on the curve. At 0, change ÷ nudge is 0 ÷ 0.`,
    guess: (/** @type {string} */ prob, /** @type {string} */ logit) =>
      `change of ${prob} ÷ nudge of ${logit}`,
    goal: (/** @type {boolean} */ asked) =>
      `bring all bars within 2\u202f% of their marks by nudges of at most ½${
        asked ? "; foretell the last column" : ""
      }.`,
    reached: "Columns sum to 0; slopes mirror each other, so rows of slopes sum to 0, too.",
    before: "(reached before)",
    quarter:
      "drag the logits until two p each have the slope ¼ by their own z. What is left for a third?",
    quartered: "¼ is p(1 − p) at p = ½: no slope is larger. A third p has next to nothing left.",
    productTitle: "The Jacobian times a vector",
    productLead:
      "Columns as wide as p rise from −2 to the height v. Level the ground: what stands " +
      "above the mean fills the hollows below it.",
    productQuestion: "Only the last entry of v rises. Which entries of J v change?",
    productAnswers: [
      {
        text: "Only the last",
        says: "No: all. The mean rises, and every entry is measured from it.",
      },
      {
        text: "All of them",
        says: "Yes. The mean rises, and every entry is measured from it.",
      },
      {
        text: "None: the mean makes up for it",
        says: "No: all. The mean rises, and every entry is measured from it.",
      },
    ],
    productPlot: "Columns as wide as p, up to the height v, and their mean",
    productAxis: (/** @type {boolean} */ past, /** @type {boolean} */ open) =>
      `v${
        open ? ": drag the ground, or the mean" : ""
      }; a block is p wide, v\u00a0−\u00a0mean high` +
      (past ? "; dotted: v before; dashed: its mean" : ""),
    mean: "mean",
    all: "all of v, by its mean",
    table: (/** @type {number} */ k) =>
      `J v without the matrix: ${k} products for the mean, ${k} here; with it ${k * k}`,
    steps: { v: "v", apart: "v − mean", p: "× p", vjp: "= J v", target: "goal" },
    level: (/** @type {string} */ mean) => `The mean of v is ${mean}. `,
    above: (/** @type {string} */ area) =>
      `The blocks above it have the area ${area}, the hollows as much: J v sums to zero.`,
    raised: (/** @type {string} */ by) =>
      `All of v moved by ${by}, and so did its mean: J v is what it was.`,
    pour: "Level the ground",
    back: "Bring it back",
    levelled: (/** @type {string} */ area) =>
      `Level: the area ${area} above the mean has filled the hollows.`,
    flat: "The ground is flat: no block, no hollow, J v is zero.",
    spokenProduct: (/** @type {string} */ entries) => `J v is ${entries}.`,
    productTries: {
      column: {
        label: "one-hot",
        target: "column 2",
        says: "v picks a column: J v is column 2 of the Jacobian.",
      },
      raised: {
        label: "one-hot + 1",
        target: "column 2",
        says: "All of v is 1 higher, and so is its mean: J v is still " +
          "column 2.",
      },
      loss: {
        label: "cross-entropy",
        target: "p − y",
        says:
          "v is the gradient of cross-entropy with respect to p, if class 1 is true; J v is the " +
          "one with respect to z: p − y.",
      },
    },
    zeroGoal: "which v gives J v = 0? Find one that isn't 0.",
    zeroReached: "No entry of v stands above the mean. Any constant v gives " +
      "0; no other does: every p is positive.",
    productGoal: (/** @type {string} */ target) => `make J v = (${target}), each entry to 0.01.`,
    productReached: "v − mean is goal ÷ p, about. The mean may be anything.",
  },
};

/** @typedef {typeof WORDS.en} Words */

const NEAR = 0.0205; // how close a measured column comes, as a share of each slope: reads 2 %
const CLOSE = 0.0101; // as close as a product has to come to its goal
const GUESS = 0.2; // and a guess to a slope, as a share of it, or a step
const STEP = 0.005; // of a guess
const MOST = 0.25; // what bars are drawn for: no slope of softmax, and no chord's, is beyond
const QUARTER = 0.2495; // reads .250
const THIN = 0.01; // a rectangle below it can't be tapped, and no bar is seen
const SMALL = 0.5; // beyond, a chord may be as steep as the tangent by chance
const SAFE = 0.02; // up to it, every bar is at its mark
const LEAST = 0.01; // below, a nudge isn't halved
const PAST = 3; // nudges that were halved, whose chords stay
const MANY = 4; // classes for whose numbers a phone has room
const GRIP = 8; // pixels of a handle below the plot
const NAME = 18; // and of a name

const z = (/** @type {number} */ i) => `z${subscript(i + 1)}`;
const p = (/** @type {number} */ i) => `p${subscript(i + 1)}`;

/** One more decimal for a number that three would hide. @param {number} x */
const decimals = (x) => Math.abs(x) < 5e-4 && Math.abs(x) >= 5e-5 ? 4 : 3;

/**
 * A number of at most six characters, as a narrow cell takes it.
 * @param {number} value
 */
function short(value, digits = decimals(value)) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return Math.abs(value) < 1e-12 ? "0" : "≈0";
  return minus(text.replace("0.", "."));
}

/** Decimals that show two digits of a change, at least three. @param {number} x */
const digitsOf = (x) => clamp(Math.ceil(1 - Math.log10(Math.abs(x) || 1)), 3, 6);

/** A share, with two digits. @param {number} x */
const percent = (x) => `${x < 0.001 ? "<0.1" : Number((100 * x).toPrecision(2))}\u202f%`;

/** A probability, which is neither 0 nor 1. @param {number} x @param {number} [digits] */
function chance(x, digits) {
  const text = short(x, digits);
  if (text === "≈0") return digits === 2 ? "<.01" : "<.0001";
  return Number(text) < 1 ? text : digits === 2 ? ">.99" : ">.999";
}

/** @param {number} change @param {number} [digits] */
const signed = (change, digits) => short(change, digits).replace(/^(?=[^0\u2212≈])/, "+");

const nudged = (/** @type {number} */ nudge) => minus(String(Number(nudge.toFixed(4))));

/**
 * Other logits, from -1.2 to 1.2: multiples of irrational numbers are spread evenly.
 * @param {number} n how many were asked for
 * @param {number} k
 */
const others = (n, k) =>
  range(k).map((i) => Math.round(24 * (n * Math.sqrt(i * i + 2) % 1) - 12) / 10);

/** Where each probability begins, and the last one ends. @param {number[]} probs */
const edges = (probs) => range(probs.length + 1).map((i) => sum(probs.slice(0, i)));

/**
 * A block from one height to another.
 * @param {Plot} plot
 * @param {[number, number]} across
 * @param {[number, number]} up
 * @param {string} look
 * @param {number} i the class
 */
function block(plot, [left, right], [from, to], look, i) {
  const ys = [plot.y(from), plot.y(to)];
  return svg(`rect.${look}`, {
    x: plot.x(left),
    y: Math.min(...ys),
    width: plot.x(right) - plot.x(left),
    height: Math.abs(ys[0] - ys[1]),
    style: `--color: ${COLORS[i]}; --edge: ${TEXT_COLORS[i]}`,
  });
}

/**
 * Handles of a plot, each with a slider that has no look of its own: keys and screen readers reach
 * it, and a finger that taps in its column sets it.
 * @param {View} view
 * @param {Plot} plot
 * @param {(x: number) => number} find the handle whose column that is
 * @param {(i: number, y: number, pressed: boolean, x: number) => void} write
 */
function knobs(view, plot, find, write) {
  const node = html("div.over");
  let dragged = 0;
  /** @param {[number, number]} at @param {boolean} pressed */
  const follow = ([x, y], pressed) => {
    if (pressed) dragged = find(x);
    write(dragged, y, pressed, x);
  };
  plot.drag(follow);
  plot.svg.addEventListener("click", (event) => {
    const touched = /** @type {PointerEvent} */ (event).pointerType === "touch";
    if (touched && !view.locked) follow(plot.at(event), true);
  });
  plot.box.append(node);
  view.control(node);
  const { top, bottom } = plot.area;
  return {
    /** @param {Parameters<typeof dial>[1][]} dials */
    make: (dials) =>
      node.replaceChildren(...dials.map((options) => {
        const row = dial(view, options);
        put(/** @type {Element} */ (row.querySelector("input")), { "aria-label": options.label });
        return row;
      })),
    /** @param {import("./kit/plot.js").Handle[]} handles */
    place: (handles) => {
      plot.handles(handles);
      handles.forEach(({ x }, i) =>
        put(node.children[i], {
          style: `left: ${plot.x(x)}px; top: ${top}px; height: ${bottom - top}px`,
        })
      );
    },
  };
}

/**
 * A goal that stays reached until Reset.
 * @param {View} view
 * @param {() => boolean} now
 * @param {string} words
 * @param {string} before what it says when the state is another again
 * @param {() => boolean} [ready] whether it can be reached now
 */
function kept(view, now, words, before, ready = () => true) {
  let done = false;
  return {
    reached: () => (done = (ready() && now()) || (done && !view.shows({}))),
    says: () => now() ? words : before,
  };
}

/**
 * The matrix, measured column by column: the logits above it, the probabilities beside it.
 * @param {View} view
 * @param {Words} words
 */
function matrix(view, words) {
  const { min: low = -2, max: high = 2 } = SPEC.traits.nudge;
  const { min: least = -5, max: largest = 5 } = SPEC.traits.logits;
  const plot = view.plot({
    x: [0, 1],
    xticks: [],
    y: [least, largest],
    yticks: [least, 0, largest],
    label: words.logitPlot,
    ylabel: words.logitAxis(false),
    height: 140,
    margin: { top: 12, bottom: 12 },
  });
  const curve = view.plot({
    x: [low, high],
    y: [0, 1],
    grid: false,
    label: words.curve,
    xlabel: words.lines,
    height: 180,
  });
  const area = view.plot({
    x: [0, 1],
    xticks: [],
    y: [0, 1],
    yticks: [],
    label: words.area,
    height: 181,
    margin: { top: 16, left: 22, bottom: 2 },
  });
  const table = html("table.heat");
  const told = html("span");
  let k = 0;
  let turn = 0; // how often another logit was asked for
  let origin = ""; // logits, and the column, of what stays from before:
  let last = 0;
  /** The nudges that were halved. @type {number[]} */
  let left = [];
  let step = { to: 0, turn: -1 }; // where the nudge moves, while nothing else was changed
  /** The cell that was clicked. @type {[number, number]} */
  let clicked = [0, 0];
  /** @type {Record<string, HTMLElement>[][]} */
  let cells = [];
  /** @type {{ pick: HTMLButtonElement, by: Element, sum: HTMLElement }[]} */
  let heads = [];
  /** @type {Record<string, any>[]} */
  let rows = [];
  /** What the reader expects of a column. @type {HTMLInputElement[]} */
  let guesses = [];
  let guessed = -1; // the column it is
  let sure = false; // whether they were moved,
  let checked = false; // and checked since,
  let found = -1; // the row of a guess whose mirror image was found
  let answer = ""; // what a tap on a cell is answered
  let won = false; // whether the first goal was reached
  let series = 0; // columns in a row foretold at the first Check; -1 after a wrong one
  let known = false; // whether the rectangle of a slope was found in the square
  let tried = ""; // the rectangle that was tapped instead
  let [aim, reach] = [0, 0]; // nudges up to which the curve is to be drawn, and is drawn
  let raised = -1; // the turn in which a logit was moved last
  let held = false; // whether the point on the curve isn't to be dragged
  let stop = () => {};

  const logits = () => /** @type {number[]} */ (view.get("logits"));
  const size = () => logits().length;
  const column = () => Math.min(view.get("column"), size() - 1);
  /** The row that is drawn as a curve: that of the cell clicked, else of the logit's own. */
  const row = () => clicked[1] === column() && clicked[0] < size() ? clicked[0] : column();
  /** Before the question is answered, nothing has moved; on paper something has. */
  const nudge = () => !view.locked ? view.get("nudge") : view.onPaper ? view.get("nudge") || 1 : 0;
  /** How far each logit is, or was, moved. */
  const nudges = () =>
    range(size()).map((i) => i === column() ? nudge() : view.get("measured")[i] ?? 0);
  /** Whether the nudge moves by itself: nothing is judged then. */
  const running = () => view.turns === step.turn;
  const halved = () => left.filter((old) => old !== nudge());
  const halves = () => Math.abs(nudge()) >= LEAST;
  const slopes = () => {
    const probs = softmax(logits());
    return probs.map((a, i) => probs.map((b, j) => a * (Number(i === j) - b)));
  };
  /**
   * Change ÷ nudge as a share of the slope: the same for all entries of a column. No difference of
   * probabilities is taken, which rounding would spoil where the nudge is tiny.
   * @param {number} j
   * @param {number} by
   */
  const ratio = (j, by) =>
    by ? Math.expm1(by) / by / (1 + softmax(logits())[j] * Math.expm1(by)) : 1;
  /** What each probability changes by. @param {number} j @param {number} by */
  const changes = (j, by) => slopes().map((line) => line[j] * ratio(j, by) * by);
  /** By what share change ÷ nudge misses column j. @param {number} j */
  const miss = (j) => nudges()[j] ? Math.abs(ratio(j, nudges()[j]) - 1) : NaN;
  /** @param {number} j */
  const right = (j) =>
    miss(j) < NEAR && Math.abs(nudges()[j]) <= SMALL && !(running() && j === column());
  const open = () => range(size()).filter((j) => !right(j));
  /** The column that the reader is asked for: the last one. */
  const asked = () => {
    if (view.locked || size() > MANY) return -1;
    const [next = -1, ...later] = open();
    const tiny = slopes().some((line) => Math.abs(line[next]) < STEP);
    return later.length || nudges()[next] || tiny ? -1 : next;
  };
  /** Whether a guess is near a slope. @param {number} i */
  const close = (i) => {
    const slope = slopes()[i][guessed];
    const near = Math.max(GUESS, Math.min(0.5, STEP / Math.abs(slope)));
    return Math.abs(expected()[i] / slope - 1) <= near;
  };
  const wrong = () => range(size()).filter((i) => !close(i));
  /** Whether the last column was guessed, and the guess was right. */
  const foretold = () => size() > MANY || (sure && !wrong().length);
  /**
   * Nudge a logit; the others go back, what was measured is kept.
   * @param {number} j
   * @param {number} by
   */
  const move = (j, by) => view.set({ column: j, nudge: by, measured: nudges() });

  /** A press while the nudge moves ends that. */
  const settle = () => {
    if (running()) view.set({ nudge: step.to });
  };
  /** @param {number} ms @param {number} j @param {number} to */
  const travel = (ms, j, to) => {
    settle();
    const [kept, from] = [nudges(), nudges()[j]];
    step = { to, turn: view.turns };
    zoom(Math.max(Math.abs(from), Math.abs(to)));
    glide(view, ms, (share) => {
      step.turn = share < 1 ? view.turns + 1 : -1;
      return { column: j, nudge: from + (to - from) * share, measured: kept };
    });
  };

  const grips = knobs(
    view,
    plot,
    (x) => clamp(Math.floor(x * k), 0, k - 1),
    (i, y) => raise(i, Number(clamp(y, least, largest).toFixed(1))),
  );
  /** @param {number} i @param {number} to */
  const raise = (i, to) => {
    raised = view.turns + 1;
    view.set({ logits: logits().map((x, n) => n === i ? to : x) });
  };
  const grip = knobs(
    view,
    curve,
    () => 0,
    (_, _y, pressed, x) => {
      if (pressed) held = column() === asked();
      if (held) hold();
      else {
        const most = Math.min(high, 1.1 * reach);
        move(column(), Number(clamp(x, -most, most).toFixed(reach < 1 ? 4 : 2)));
      }
    },
  );
  view.add(html("p.lead", words.lead));
  if (size() > 2) {
    guessFirst(view, {
      question: words.question,
      answers: words.answers,
      show: () => travel(1500, 0, 1),
    });
  }
  const longest = words.moved(z(0), "0.0625") + words.halved("0.11 %", "0.11 %", true) +
    words.ask(z(0));
  const message = html("p.say", { "data-room": longest }, told);
  const halve = button(view, words.halve, () => {
    settle();
    if (halves()) left = [...halved(), nudge()].slice(-PAST);
    travel(500, column(), halves() ? nudge() / 2 : 1);
  });
  const untold = () => !open().length && !foretold() && !won;
  /** The column that was to be foretold. */
  const ended = () => guessed < 0 ? column() : guessed;
  /** Whether one more class is to be had. */
  const more = () => series > 2 && size() < MANY;
  /** Check what is foretold: a right column is measured. Or ask for another. */
  const next = button(view, words.check, () => {
    if (asked() < 0) { // small nudges stay small enough
      turn += 1;
      const fresh = others(turn, size() + Number(more()));
      const j = more() ? k : ended();
      view.set({
        logits: fresh,
        column: j,
        nudge: 0,
        measured: fresh.map((_, i) => i === j ? 0 : clamp(nudges()[i], -SAFE, SAFE)),
      });
      return;
    }
    checked = true;
    answer = "";
    if (!balanced()) view.refresh();
    else if (wrong().length) {
      if (series < 0) found = hinted();
      series = -1;
      view.refresh();
    } else {
      series += 1;
      travel(700, asked(), SAFE);
    }
  });
  const buttons = html("div.row", halve, next);
  view.control(buttons);
  let pressed = -1; // turns when a press began that isn't over: no goal is reached in passing
  for (const event of ["pointerdown", "pointerup", "pointercancel"]) {
    view.frame.addEventListener(event, () => {
      const before = pressed;
      pressed = event === "pointerdown" ? view.turns : -1;
      if (pressed < 0 && before !== view.turns) view.refresh();
    }, true);
  }
  const still = () => pressed < 0 && !running();
  const later = (/** @type {string} */ lesson) => `${words.before} ${lesson}`;
  const first = kept(
    view,
    () => !open().length && foretold(),
    words.reached,
    later(words.reached),
    () => {
      track();
      return still();
    },
  );
  const quarter = goal(view, {
    text: words.quarter,
    ...kept(
      view,
      () => size() > 2 && softmax(logits()).filter((x) => x * (1 - x) >= QUARTER).length > 1,
      words.quartered,
      later(words.quartered),
      still,
    ),
  });
  view.add(
    html(
      "div.board",
      html("div.held", plot.node, table),
      message,
      buttons,
      html("div.stack", curve.node, area.node),
    ),
    goal(view, {
      ...first,
      text: words.goal(size() <= MANY),
      reached: () => (won = first.reached()),
    }),
    quarter,
  );

  function forget() {
    [sure, checked, found, answer] = [false, false, -1, ""];
    for (const input of guesses) put(input, { step: STEP }).value = "0";
  }

  /** Drop what is of other logits, or another column. */
  function track() {
    const [j, now] = [column(), String(logits())];
    if (origin !== now) forget();
    if (origin !== now || j !== last) {
      [origin, last, left, answer, tried] = [now, j, [], "", ""];
    }
  }

  /** A guess was changed. */
  function taken() {
    [sure, checked, answer] = [true, false, ""];
    view.touched = true;
    view.refresh();
  }

  /** The guess whose mirror image is asked for: the first wrong one off the diagonal. */
  const hinted = () => {
    const others = range(k).filter((i) => i !== guessed);
    return others.find((i) => !close(i)) ?? others[0];
  };

  /** Say that a column is to be foretold, not measured. */
  function hold() {
    answer = words.foretell(z(asked()));
    view.refresh();
  }

  /** Whether a mirror image is asked for. */
  const finding = () => asked() >= 0 && checked && balanced() && found < 0;

  /** A measured cell was tapped, as the mirror image of a guess. */
  function tapped(/** @type {number} */ i, /** @type {number} */ j) {
    const wanted = hinted();
    if (i !== guessed || j !== wanted) {
      answer = words.no(i === guessed ? p(j) : "", p(wanted));
    } else {
      found = j;
      put(guesses[j], { step: 0.001 }).value = slopes()[i][j].toFixed(3);
      taken();
      answer = words.yes + words.mirror(subscript(j + 1), subscript(i + 1)) +
        (balanced() ? "" : ` ${summed(guessed)}`);
    }
    view.refresh();
  }

  /** Make the parts that depend on how many classes there are. */
  function rebuild() {
    const every = range(k);
    grips.make(every.map((i) => ({
      label: z(i),
      control: `logits.${i}`,
      min: least,
      max: largest,
      read: () => logits()[i],
      write: (to) => raise(i, to),
    })));
    grip.make([{
      label: words.nudge,
      control: "nudge",
      min: low,
      max: high,
      step: 0.01,
      read: nudge,
      write: (by) => column() === asked() ? hold() : move(column(), by),
      show: nudged,
    }]);
    guesses = every.map((i) => {
      const input = html("input", { type: "range", value: 0, "data-control": `guess.${i}` });
      put(input, { step: STEP, min: -MOST, max: MOST });
      input.addEventListener("input", taken);
      return input;
    });
    heads = every.map((j) => {
      const by = html("span");
      const pick = button(view, "", () => {
        clicked = [j, j];
        settle();
        if (nudges()[j]) move(j, nudges()[j]);
        else travel(700, j, j === asked() ? SAFE : open().length < k ? 0.25 : 1);
      });
      pick.append(html("span", z(j)), " ", by);
      put(pick, { "data-control": `column.${j}` });
      return { pick, by, sum: html("td") };
    });
    rows = every.map(() => ({
      before: html("span"),
      change: html("span.strong"),
      ground: html("i.ground"),
      old: html("i.hollow"),
    }));
    cells = every.map((i) =>
      every.map((j) => {
        const [fill, mark, knob] = [html("i"), html("i.slope"), html("i.mine")];
        const [rate, note] = [html("span"), html("span.off")];
        const rod = html("span.rod", fill, mark, knob);
        const cell = html("td", { "data-cell": `${i}.${j}` }, rate, rod, " ", note);
        cell.addEventListener("click", () => {
          if (view.locked || j === asked()) return;
          if (finding()) tapped(i, j);
          else {
            [clicked, answer] = [[i, j], ""];
            move(j, nudges()[j]);
          }
        });
        const aim = (/** @type {PointerEvent} */ { clientX }) => {
          const { left, width } = rod.getBoundingClientRect();
          guesses[i].value = String(MOST * clamp(2 * (clientX - left) / width - 1, -1, 1));
          taken();
        };
        cell.addEventListener("pointerdown", (event) => {
          if (event.button || view.locked || j !== asked()) return;
          cell.setPointerCapture(event.pointerId);
          event.preventDefault();
          guesses[i].focus({ preventScroll: true });
          aim(event);
        });
        cell.addEventListener("pointermove", (event) => {
          if (cell.hasPointerCapture(event.pointerId)) aim(event);
        });
        return { cell, rate, fill, mark, knob, note };
      })
    );
    table.replaceChildren(
      html("caption", words.scale),
      html(
        "thead",
        html(
          "tr",
          html("td", words.nudge),
          ...heads.map(({ pick }) => html("th", { scope: "col" }, pick)),
        ),
      ),
      html(
        "tbody",
        ...rows.map(({ before, change, ground, old }, i) =>
          html(
            "tr",
            { style: `--color: ${COLORS[i]}; --edge: ${TEXT_COLORS[i]}` },
            html(
              "th",
              { scope: "row" },
              html("span.parts", html("span", p(i)), " ", before),
              html("span.share", ground, old),
              " ",
              change,
            ),
            ...cells[i].map(({ cell }) => cell),
          )
        ),
        html(
          "tr",
          html("th", { scope: "row" }, words.sum),
          ...heads.map(({ sum }) => sum),
        ),
      ),
    );
  }

  function drawTable() {
    const [probs, jacobian, steps] = [softmax(logits()), slopes(), nudges()];
    const real = changes(column(), nudge());
    const rates = jacobian.map((line) => line.map((slope, j) => slope * ratio(j, steps[j])));
    const ask = asked();
    const mine = expected();
    const many = k > MANY;
    /**
     * @param {HTMLElement} node @param {string} name
     * @param {number} value @param {number} [digits]
     */
    const entry = (node, name, value, digits) =>
      quantity(node, name, value, Number.isNaN(value) ? "·" : short(value, digits));
    const at = (/** @type {number} */ value) => 50 + 50 * clamp(value / MOST, -1, 1);
    const fewer = many ? 2 : undefined;
    heads.forEach((head, j) => {
      const by = steps[j];
      head.pick.disabled = view.locked;
      put(head.pick, { "aria-pressed": String(j === column() && by !== 0) });
      const text = by
        ? many ? short(by, Math.abs(by) < 0.995 ? 2 : 1) : nudged(by)
        : j === ask
        ? words.skip
        : "·";
      quantity(head.by, `nudge${j}`, by, text);
      const total = sum(j === ask ? mine : rates.map((line) => line[j]));
      entry(head.sum, `sum${j}`, by || (j === ask && sure) ? total : NaN, fewer);
      head.sum.classList.toggle("unmet", j === ask && sure && !balanced());
    });
    rows.forEach(({ before, change, ground, old }, i) => {
      quantity(before, `p${i}`, probs[i], chance(probs[i], many ? 2 : undefined));
      quantity(change, `real${i}`, real[i], signed(real[i], many ? 3 : digitsOf(real[i])));
      put(ground, { style: `width: ${100 * (probs[i] + real[i])}%` });
      put(old, { style: `width: ${100 * probs[i]}%` });
    });
    cells.forEach((line, i) =>
      line.forEach(({ cell, rate, fill, mark, knob, note }, j) => {
        const by = steps[j];
        const guess = j === ask;
        entry(rate, `J${i}${j}`, by ? rates[i][j] : NaN, fewer);
        if (guess) rate.textContent = sure ? `${short(mine[i])}?` : "?";
        cell.classList.toggle("picked", j === column());
        cell.classList.toggle("drawn", j === column() && i === row());
        cell.classList.toggle("asked", guess);
        const pair = [[found, guessed], [guessed, found]];
        cell.classList.toggle("mirror", found >= 0 && pair.some(([a, b]) => a === i && b === j));
        const judged = j === guessed && sure && (guess ? checked && balanced() : right(j));
        cell.classList.toggle("unmet", judged && !close(i));
        const input = guesses[i];
        if (!guess) {
          if (input.parentNode === cell) input.remove();
        } else if (input.parentNode !== cell) cell.append(input);
        if (guess) put(input, { "aria-label": words.guess(p(i), z(j)) });
        const value = guess ? mine[i] : by ? rates[i][j] : 0;
        const [a, b] = [50, at(value)].sort((x, y) => x - y);
        put(fill, {
          class: guess ? "hollow" : "solid",
          style: `left: ${a}%; width: ${b - a}%`,
        });
        mark.hidden = !by;
        put(mark, { style: `left: ${at(jacobian[i][j])}%` });
        knob.hidden = !guess && !(sure && j === guessed);
        put(knob, { style: `left: ${at(mine[i])}%` });
        const sign = close(i) ? "✓" : "✗";
        const share = percent(miss(j));
        note.textContent = !by
          ? judged && sign === "✗" ? sign : ""
          : sure && j === guessed && right(j)
          ? k > 3 ? sign : `${short(mine[i])}? ${sign}`
          : right(j)
          ? many ? "✓" : `✓ ${share}`
          : many
          ? ""
          : words.off(share);
      })
    );
  }

  const expected = () => guesses.map(({ value }) => Number(value));
  const balanced = () => Math.abs(sum(expected())) <= STEP * (k / 2 + 0.01); // half a step each
  const summed = (/** @type {number} */ j) =>
    words.total(z(j), signed(sum(expected())), balanced());
  /** What the reader's column lacks. @param {number} j */
  function judge(j) {
    if (answer) return answer;
    if (!checked) return summed(j);
    const total = sum(expected());
    if (!balanced()) return words.unequal(short(Math.abs(total)), total > 0);
    return found < 0
      ? words.find(wrong().length, p(hinted()), z(j))
      : words.mirror(subscript(found + 1), subscript(j + 1)) + words.mend(p(found));
  }

  /**
   * Show the curve near its start: as far as twice the nudge, in steps of two.
   * @param {number} by
   */
  function zoom(by) {
    const to = clamp(2 ** Math.ceil(Math.log2(2 * Math.abs(by || high))), 1 / 64, high);
    if (to === aim) return;
    const from = reach ||= to;
    aim = to;
    stop();
    stop = animate(400, (share) => {
      reach = from + (to - from) * share;
      drawCurve();
    });
  }
  view.closers.push(() => stop());

  /** The curve of an entry, with the chord as a line that swings onto the tangent. */
  function drawCurve() {
    const [i, j, by] = [row(), column(), nudge()];
    if (still()) zoom(by);
    const start = softmax(logits())[i];
    const slope = slopes()[i][j];
    const b = 1.1 * reach;
    const xs = range(61).map((n) => b * (n / 30 - 1));
    const ys = xs.map((x) => start + changes(j, x)[i]);
    const end = start + changes(j, by)[i];
    const near = (/** @type {number} */ y, /** @type {number} */ share) =>
      Math.abs(y - start) < share * reach / 2;
    curve.scale({ // the tangent stays where it is
      x: [-b, b],
      xticks: [-reach, 0, reach].map((x) => [x, nudged(x)]),
      y: [start - b / 4, start + b / 4],
      yticks: [[start, chance(start)], ...[0, 1].filter((y) => near(y, 0.55) && !near(y, 0.12))],
      ylabel: words.curveAxis(p(i), z(j)),
      xlabel: by ? words.lines : "",
    });
    /** A line through the start, within the plot. @param {number} steep */
    const through = (steep) => {
      const ends = curve.ylim.map((y) => clamp((y - start) / steep, -b, b));
      return curve.line(ends, ends.map((x) => start + steep * x));
    };
    const look = { style: `--color: ${COLORS[i]}; --edge: ${TEXT_COLORS[i]}` };
    curve.draw(
      svg("path.curve", { d: curve.line(xs, ys), ...look }),
      ...(by
        ? [
          ...halved().map((old) =>
            svg("path.chord.past", { d: through(slope * ratio(j, old)), ...look })
          ),
          svg("path.chord", { d: through(slope * ratio(j, by)), ...look }),
          svg("path.level.tangent", { d: through(slope) }),
          svg("path.edge", { d: `M${curve.x(by)},${curve.y(end)}V${curve.area.bottom}` }),
        ]
        : []),
      svg("circle.end", { cx: curve.x(0), cy: curve.y(start), r: 4.5, ...look }),
    );
    grip.place([{ x: by, y: end, color: TEXT_COLORS[i], way: "across" }]);
  }

  /**
   * The slope whose rectangle is asked for, unless a column is: the largest of the first; and
   * the column again where no rectangle can be told from the others.
   */
  const sought = () => {
    const j = range(k).find(right) ?? -1;
    const others = slopes().map((line, i) => i === j ? 0 : -line[j]);
    const most = Math.max(...others);
    const plain = most <= THIN || new Set(logits()).size < k;
    return [others.indexOf(most), plain || asked() < 0 ? j : -1, plain ? j : -1];
  };
  const equals = (/** @type {number} */ x) => `\u00a0${short(x).replace(/^(?!≈)/, "=\u00a0")}`;
  area.svg.addEventListener("click", (event) => {
    if (view.locked) return;
    const ends = edges(softmax(logits()));
    const [b, a] = area.at(event).map((at, n) =>
      clamp(ends.findLastIndex((end) => end <= (n ? 1 - at : at)), 0, k - 1)
    );
    let [i, j] = [a, b];
    if (!shown()) {
      [i, j] = sought();
      if (j >= 0) {
        const probs = softmax(logits());
        known = Math.abs(probs[a] * probs[b] / probs[i] / probs[j] - 1) < 1e-6;
        tried = p(a) + p(b);
      }
    }
    if (!shown()) view.refresh();
    else if (j !== asked()) cells[i][j].cell.click();
    else if (finding()) tapped(i, j);
    else hold();
  });
  const shown = () => known || won || view.onPaper || sought()[2] >= 0;

  /** An entry as an area: minus a rectangle, or all of its column that the others lose. */
  function drawArea() {
    const [i, j] = [row(), column()];
    const [probs, jacobian] = [softmax(logits()), slopes()];
    const every = range(k);
    const ends = edges(probs);
    const side = Math.min(area.area.bottom - area.area.top, area.width - 24);
    const own = i === j;
    const [a, b] = sought();
    const value = nudges()[j] ? equals(jacobian[i][j]) : "";
    const parts = every.filter((n) => n !== j).map((n) => p(j) + p(n));
    const [ylabel, xlabel] = shown()
      ? [
        words.slope(p(i), z(j)) +
        (own ? `${p(i)}(1\u00a0−\u00a0${p(i)})` : `−${p(i)}${p(j)}`) + value,
        words.filled + (own ? parts.join("\u00a0+\u00a0") : p(i) + p(j)) +
        value.replace("\u2212", ""),
      ]
      : b < 0
      ? [
        words.area,
        running() || range(k).some(right) ? "" : words.measure,
      ]
      : [
        words.slope(p(a), z(b)) + short(jacobian[a][b]),
        words.which(tried),
      ];
    area.scale({ margin: { right: area.width - side - 22 }, ylabel, xlabel });
    area.titles.x.classList.toggle("strong", !shown() && b >= 0);
    /** @param {number} a @param {number} b @param {string} look @param {number} n */
    const tile = (a, b, look, n) =>
      block(area, [ends[b], ends[b + 1]], [1 - ends[a], 1 - ends[a + 1]], look, n);
    const lit = view.locked || !shown() ? [] : own ? every.filter((n) => n !== j) : [i];
    const { left, top } = area.area;
    let free = NAME / 2; // from where there is room for a name
    area.draw(
      ...every.flatMap((a) => every.map((b) => tile(a, b, "tile", a))),
      ...lit.map((n) => tile(n, j, "solid", n)),
      ...every.flatMap((n) => {
        const middle = (ends[n] + ends[n + 1]) / 2 * side;
        if (middle < free) return [];
        free = middle + NAME;
        const look = { class: "strong", style: `fill: ${TEXT_COLORS[n]}` };
        return [
          svgText(left + middle, top - 5, p(n), look),
          svgText(left - 11, top + Math.min(middle + 4, side), p(n), look),
        ];
      }),
    );
  }

  return () => {
    if (size() !== k) {
      k = size();
      rebuild();
    }
    const [j, by] = [column(), nudge()];
    track();
    say(halve, halves() || running() ? words.halve : words.first(z(j)));
    const probs = softmax(logits());
    const ask = asked();
    halve.hidden = ask >= 0; // it would end the question
    halve.disabled = view.locked || halve.hidden;
    const again = open().length > 1 && !nudges()[guessed] && guessed !== ask;
    if (again || (ask >= 0 && ask !== guessed)) forget();
    if (ask >= 0) guessed = ask;
    else if (view.shows({})) {
      forget();
      [series, known] = [0, false];
    }
    const margin = { left: k > MANY ? 46 : clamp(plot.width / 4, 72, 124), right: 0 };
    plot.scale({
      margin,
      ylabel: raised === view.turns && k <= MANY
        ? words.own + probs.map((x, i) => i === ask ? "?" : short(x * (1 - x))).join(", ")
        : words.logitAxis(!view.locked),
    });
    table.classList.toggle("many", k > MANY);
    put(table, { style: `--left: ${margin.left}px` });
    plot.draw(
      svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
      ...logits().map((at, i) =>
        block(plot, [(i + 0.42) / k, (i + 0.58) / k], [0, at], "ground", i)
      ),
      block(
        plot,
        [(j + 0.42) / k, (j + 0.58) / k],
        [logits()[j], clamp(logits()[j] + by, least, largest)],
        "solid",
        j,
      ),
      ...logits().map((at, i) =>
        quantity(
          svgText(
            plot.x((i + 0.5) / k) + 15,
            plot.y(at) + (at < -4 ? -5 : Math.abs(at) > 0.7 ? 4 : at < 0 ? 15 : -5),
            "",
            {
              "text-anchor": "start",
              class: "halo",
            },
          ),
          `z${i}`,
          at,
          k > MANY ? "" : nudged(at),
        )
      ),
    );
    grips.place(logits().map((at, i) => ({ x: (i + 0.5) / k, y: at, color: TEXT_COLORS[i] })));
    drawTable();
    drawCurve();
    drawArea();
    quarter.hidden = k < 3; // it asks for a third class
    const done = !open().length && k <= MANY;
    say(next, done ? words.another(more()) : words.check);
    message.hidden = view.locked && !view.onPaper;
    next.hidden = message.hidden || (ask < 0 && !done);
    next.disabled = next.hidden || (ask >= 0 && (!sure || checked));
    next.classList.toggle("primary", !next.disabled);
    if (message.hidden) return "";
    if (ask >= 0 && (sure || answer)) return (told.textContent = judge(ask));
    const grown = probs[j] * Math.expm1(by);
    const grew = changes(j, by)[j];
    const [after] = open();
    const follows = ask >= 0 ? "ask" : nudges()[after] ? "shrinkNext" : "next";
    const fresh = left.at(-1) === 2 * by; // not after a drag
    const off = percent(miss(j));
    const smaller = fresh ? words.again : words.wrong(off);
    let then = right(j) && after !== undefined ? words[follows](z(after)) : "";
    const verdicts = right(j) && sure && j === guessed; // then what moved is no news
    if (verdicts) then = words.guessed(k - wrong().length, k);
    if (verdicts && checked && !wrong().length && series) then += words.row(series);
    if (untold()) then += words.retry;
    const intro = words.moved(z(j), nudged(by));
    const flat = probs[j] * (1 - probs[j]) < THIN && words.dies(p(j), Math.round(probs[j]));
    const last = ask >= 0 || verdicts || untold() ? then : (flat || words.right) + then;
    const was = Math.abs(ratio(j, 2 * by) - 1);
    const verdict = right(j) ? last : flat || (miss(j) < NEAR ? words.large : smaller);
    if (running()) return (told.textContent = intro);
    if (!by) return (told.textContent = ask >= 0 ? words.ask(z(ask)) : words.still(z(j)));
    told.replaceChildren(
      html("strong", intro),
      verdicts || verdict.startsWith(String(flat)) ? " " : fresh && was >= 0.001 // else <0.1 %
        ? words.halved(percent(was), off, Math.abs(miss(j) / was - 0.5) < 0.05)
        : words.changes(
          p(j),
          short(Math.abs(grew), digitsOf(grew)),
          percent(Math.abs(grown / (1 + grown))),
          by > 0,
          k,
        ),
      verdict,
    );
    return intro + (right(j) && then ? then : ` ${verdict}`); // twenty words
  };
}

/**
 * The product with a vector: the ground levelled.
 * @param {View} view
 * @param {Words} words
 */
function product(view, words) {
  const { min: low = -2, max: high = 2 } = SPEC.traits.v;
  const plot = view.plot({
    x: [0, 1],
    xticks: [],
    y: [low, high],
    yticks: [low, 0, high],
    grid: false,
    label: words.productPlot,
    ylabel: words.productAxis(true, true),
    height: 310,
    margin: { top: 40, right: 74, bottom: 46 },
  });
  const table = html("table.steps");
  const told = html("span");
  let k = 0;
  /** @type {HTMLElement[][]} */
  let cells = [];
  /** @type {HTMLElement[]} */
  let titles = [];
  const v = () =>
    range(view.get("logits").length).map((i) => /** @type {number} */ (view.get("v")[i] ?? 0));
  /** The vector before it was last taken hold of. @type {number[]} */
  let ghost = [];
  const keep = () => {
    ghost = v();
  };
  let fresh = true; // whether the first state was drawn last
  let levelled = 0; // share of the blocks that was poured into the hollows
  let level = false; // whether that is wanted
  let poured = ""; // of which state
  let stop = () => {};
  view.closers.push(() => stop());
  const pour = button(view, words.pour, () => {
    const from = levelled;
    ghost = [];
    level = !level;
    stop();
    stop = animate(1500, (share) => {
      levelled = from + (Number(level) - from) * share;
      view.refresh();
    });
  });
  view.control(pour);

  const mean = () => dot(softmax(view.get("logits")), v());
  /**
   * Set an entry, or raise all of them, as far as there is room.
   * @param {number} i
   * @param {number} y
   */
  const raise = (i, y) => {
    const tenth = (/** @type {number} */ x) => Math.round(10 * x) / 10;
    const [least, largest] = [Math.min(...v()), Math.max(...v())];
    const by = clamp(tenth(y - mean()), low - least, high - largest);
    const moved = (/** @type {number} */ x) => Number((x + by).toFixed(9));
    view.set({
      v: v().map((x, n) => i === k ? moved(x) : n === i ? tenth(clamp(y, low, high)) : x),
    });
  };
  const grips = knobs(
    view,
    plot,
    (x) => {
      const left = edges(softmax(view.get("logits")));
      return clamp(left.findLastIndex((edge) => edge <= x), 0, k);
    },
    (i, y, pressed) => {
      if (pressed) keep();
      raise(i, y);
    },
  );
  plot.box.addEventListener("focusin", keep);
  view.add(html("p.lead", words.productLead));
  guessFirst(view, {
    question: words.productQuestion,
    answers: words.productAnswers,
    show: () => {
      keep();
      const last = view.get("logits").length - 1;
      const from = view.first.v[last] ?? 0;
      glide(view, 1500, (share) => ({
        v: v().map((x, i) => i === last ? Number((from + (high - from) * share).toFixed(2)) : x),
      }));
    },
  });
  const longest = words.level(fmt(-0.111, 3)) + words.above(fmt(0.111, 3));
  const { column, raised, loss } = words.productTries;
  const first = softmax(view.first.logits);
  const unit = (/** @type {number} */ at, /** @type {number} */ size) =>
    first.map((_, i) => i === at ? size : 0);
  const slope = -1 / first[0];
  const second = first.map((x, i) => first[1] * (Number(i === 1) - x));
  /** Vectors to try, and what the product with them is another way. */
  const states = [
    { ...column, set: { v: unit(1, 1) }, aim: second },
    { ...raised, set: { v: unit(1, 1).map((x) => x + 1) }, aim: second },
    ...(slope < low
      ? []
      : [{ ...loss, set: { v: unit(0, slope) }, aim: first.map((x, i) => x - Number(i === 0)) }]),
  ];
  const chips = tries(view, states);
  chips.addEventListener("click", keep, true); // before the chip changes it
  /** What J v is to become, where some v does that. */
  const wanted = first.map((_, i) => [0.1, -0.1][i] ?? 0);
  const reachable = sum(first.slice(0, 2).map((x) => 0.1 / x)) < high - low;
  const now = () => {
    const probs = softmax(view.get("logits"));
    return v().map((x, i) => probs[i] * (x - dot(probs, v())));
  };
  view.add(
    html("p.say", { "data-room": longest }, told),
    plot.node,
    html("div.row", pour),
    table,
    chips,
    goal(view, {
      text: words.zeroGoal,
      ...kept(
        view,
        () => now().every((x) => Math.abs(x) < 1e-9) && v().some((x) => x !== 0),
        words.zeroReached,
        words.before,
      ),
    }),
    reachable
      ? goal(view, {
        text: words.productGoal(wanted.map((x) => minus(String(x))).join(", ")),
        ...kept(
          view,
          () => now().every((x, i) => Math.abs(x - wanted[i]) < CLOSE),
          words.productReached,
          words.before,
        ),
      })
      : "",
  );

  /** Make the parts that depend on how many classes there are. */
  function rebuild() {
    const every = range(k);
    grips.make([...every, k].map((i) => ({
      label: i === k ? words.all : `v${subscript(i + 1)}`,
      control: `v.${i === k ? "all" : i}`,
      min: low,
      max: high,
      read: () => i === k ? mean() : v()[i],
      write: (y) => raise(i, y),
    })));
    titles = Object.values(words.steps).map((text) => html("th", { scope: "row" }, text));
    cells = titles.map(() => every.map(() => html("td")));
    table.replaceChildren(
      html("caption", words.table(k)),
      html(
        "thead",
        html(
          "tr",
          html("td"),
          ...every.map((i) =>
            html("th", { scope: "col", style: `color: ${TEXT_COLORS[i]}` }, String(i + 1))
          ),
        ),
      ),
      html(
        "tbody",
        ...cells.map((row, i) => html("tr", titles[i], ...row)),
      ),
    );
  }

  /**
   * The area of each block: in it, or above the plot with a line that leads there.
   * @param {number[]} found
   * @param {number[]} values
   * @param {number} mean
   * @param {number[]} left
   */
  function areas(found, values, mean, left) {
    const texts = found.map((x) => k > MANY ? short(x, 2) : signed(x));
    const pills = texts.map((text) => textWidth(text, 600) + 8);
    /** @type {number[]} */
    const outside = [];
    const nodes = found.flatMap((_, i) => {
      const [top, bottom] = [values[i], mean].map((y) => plot.y(y)).sort((a, b) => a - b);
      const wide = plot.x(left[i + 1]) - plot.x(left[i]);
      const beside = wide > 2 * pills[i] + 60; // the handle stands in the middle
      if (bottom - top < (beside ? 20 : 46) || wide < pills[i] + 4) {
        outside.push(i);
        return [];
      }
      const at = plot.x(left[i]) + (beside ? wide / 4 : wide / 2);
      const y = (top + bottom) / 2 + (beside ? 0 : values[i] > mean ? 6 : -6);
      return [
        svg("rect.pill", { x: at - pills[i] / 2, y: y - 9, width: pills[i], height: 18, rx: 4 }),
        svgText(at, y + 4, texts[i], { class: "strong" }),
      ];
    });
    const middles = found.map((_, i) => plot.x((left[i] + left[i + 1]) / 2));
    /** @type {number[]} */
    const places = [];
    let free = plot.width;
    for (const i of [...outside].reverse()) { // from the right, each as near as it can be
      places[i] = Math.min(middles[i], free - pills[i] / 2);
      free = places[i] - pills[i] / 2;
    }
    free = 0;
    for (const i of outside) {
      places[i] = Math.max(places[i], free + pills[i] / 2);
      free = places[i] + pills[i] / 2;
    }
    return [
      ...nodes,
      ...outside.flatMap((i) => {
        const end = plot.y(Math.max(values[i], mean)) - (values[i] >= mean ? 12 : 0);
        return [
          svg("path.leader", { d: `M${places[i]},18L${middles[i]},${Math.min(30, end)}V${end}` }),
          svgText(places[i], 14, texts[i], { class: "strong", style: `fill: ${TEXT_COLORS[i]}` }),
        ];
      }),
    ];
  }

  /**
   * Where ground and mean were before the last change.
   * @param {number[]} values
   * @param {number[]} probs
   * @param {number[]} left
   */
  function past(values, probs, left) {
    if (ghost.length !== k || ghost.every((x, i) => x === values[i])) return [];
    const mean = dot(probs, ghost);
    return [
      svg("path.was", {
        d: plot.line(
          [0, ...ghost.flatMap((_, i) => [left[i], left[i + 1]]), 1],
          [low, ...ghost.flatMap((x) => [x, x]), low],
        ),
      }),
      svg("path.was.mean", { d: plot.line([0, 1], [mean, mean]) }),
    ];
  }

  return () => {
    const probs = softmax(view.get("logits"));
    if (probs.length !== k) {
      k = probs.length;
      rebuild();
    }
    const values = v();
    const mean = dot(probs, values);
    const apart = values.map((x) => x - mean);
    const found = probs.map((x, i) => x * apart[i]);
    const left = edges(probs);
    const middle = (/** @type {number} */ i) => (left[i] + left[i + 1]) / 2;
    /** @type {(i: number) => [number, number]} */
    const across = (i) => [left[i], left[i + 1]];
    const state = String([values, probs]);
    if (state !== poured) {
      stop();
      [levelled, level, poured] = [0, false, state];
    }
    const area = sum(found.filter((x) => x > 0));
    /** What fills a hollow: earth of each block, in proportion. */
    const layers = (/** @type {[number, number]} */ [bottom, top]) => {
      let from = bottom;
      return range(k).filter((n) => found[n] > 0).map((n) => {
        /** @type {[number, [number, number]]} */
        const layer = [n, [from, from += (top - bottom) * found[n] / area]];
        return layer;
      });
    };
    say(pour, level ? words.back : words.pour);
    pour.disabled = new Set(values).size === 1; // nothing to level
    if (!fresh && view.shows({ product: true })) ghost = []; // after Reset there is no before
    fresh = view.shows({ product: true });
    const before = past(values, probs, left);
    const shares = probs.map((x) => short(x, k > MANY || plot.width < 300 ? 2 : 3));
    const narrowest = Math.min(...probs) * (plot.area.right - plot.area.left);
    const rows = plot.width < 420 && narrowest > 20 // below each other, where there is less room
      ? [shares.map((_, i) => p(i)), shares]
      : [shares.map((x, i) => `${p(i)} ${x}`)];
    /** @type {("below")[]} */
    const below = ["below"];
    plot.scale({ ylabel: words.productAxis(before.length > 0, !view.locked) });
    plot.draw(
      ...values.flatMap((x, i) => {
        const top = x + levelled * (mean - x);
        return [
          block(plot, across(i), [low, Math.min(x, mean)], "ground", i),
          block(plot, across(i), [x, mean], x > mean && !levelled ? "solid" : "hollow", i),
          ...(!levelled
            ? []
            : x > mean
            ? [block(plot, across(i), [top, mean], "solid", i)]
            : layers(
              [x, top],
            ).map(([n, up]) => block(plot, across(i), up, "solid", n))),
        ];
      }),
      svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
      ...before,
      svg("path.level", { d: plot.line([0, 1], [mean, mean]) }),
      svgText(plot.area.right + 34, plot.y(mean) - 3, words.mean, { "text-anchor": "start" }),
      quantity(
        svgText(plot.area.right + 34, plot.y(mean) + 12, "", {
          "text-anchor": "start",
          class: "strong",
        }),
        "mean",
        mean,
      ),
      ...areas(found, values, mean, left),
      ...rows.flatMap((texts, n) => {
        const y = plot.area.bottom + GRIP + 15 * n;
        const label = (/** @type {string} */ text, /** @type {number} */ i) => ({
          text,
          x: plot.x(middle(i)),
          y,
          sides: below,
          color: TEXT_COLORS[i],
          weight: 600,
        });
        return labelNodes(texts.map(label), { ...plot.area, top: y, bottom: plot.height });
      }),
    );
    const beyond = 1 + 17 / (plot.area.right - plot.area.left);
    grips.place([
      ...values.map((y, i) => ({ x: middle(i), y, color: TEXT_COLORS[i] })),
      { x: beyond, y: mean, color: "var(--cu-ink)" },
    ]);
    [values, apart, probs, found].forEach((row, n) => {
      const name = ["v", "apart", "p", "vjp"][n];
      row.forEach((x, i) =>
        quantity(cells[n][i], `${name}${i}`, x, short(x, n && k <= MANY ? 3 : 2))
      );
    });
    const shown = states.find(({ set }) => view.shows(set));
    const aim = shown?.aim ?? (reachable && probs.length === wanted.length ? wanted : undefined);
    say(titles[4], shown?.target ?? words.steps.target);
    titles[4].classList.toggle("spare", !aim);
    cells[4].forEach((cell, i) => {
      cell.classList.toggle("met", Boolean(aim && Math.abs(found[i] - aim[i]) < CLOSE));
      if (aim) quantity(cell, `target${i}`, aim[i], short(aim[i], k > MANY ? 2 : 3));
      else cell.textContent = "";
    });
    const by = values[0] - ghost[0];
    const alike = before.length && values.every((x, i) => Math.abs(x - ghost[i] - by) < 1e-9);
    told.replaceChildren(
      html("strong", words.level(fmt(mean, 3))),
      new Set(values).size === 1
        ? words.flat
        : levelled === 1
        ? words.levelled(fmt(area, 3))
        : alike
        ? words.raised(fmt(by, 1))
        : words.above(fmt(area, 3)),
    );
    if (levelled === 1) return words.levelled(fmt(area, 3));
    if (alike) return words.raised(fmt(by, 1));
    return words.spokenProduct(
      found.map((x) => fmt(Math.round(100 * x) / 100 || 0)).join(", "),
    );
  };
}

export default figure(WORDS, (view, words) => {
  const parts = { matrix, product };
  /** @type {Record<string, { draw: () => string, nodes: HTMLElement[] }>} */
  const made = {};
  /** The part that is asked for; it is made when it is first seen. */
  const part = () => {
    const name = view.get("product") ? "product" : "matrix";
    if (!made[name]) {
      const before = new Set(view.frame.children);
      view.held += 1; // a question closes the controls, which would draw
      const draw = parts[name](view, words);
      view.held -= 1;
      const all = /** @type {HTMLElement[]} */ ([...view.frame.children]);
      made[name] = { draw, nodes: all.filter((node) => !before.has(node)) };
    }
    const title = name === "product" ? words.productTitle : SPEC.title;
    say(view.head.children[0], title);
    put(view.root, { "aria-label": title });
    for (const [key, { nodes }] of Object.entries(made)) {
      for (const node of nodes) node.hidden = key !== name;
    }
    return made[name];
  };
  part();
  return () => part().draw();
});
