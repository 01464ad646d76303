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
    lead: "Change ÷ nudge, as the nudge of one logit shrinks, is a column of the Jacobian.",
    question: "Raise z₁: p₁ gains. How do the others share the loss?",
    answers: [
      {
        text: "Equally",
        says: "No, unless they have equally much: each keeps the same fraction.",
      },
      {
        text: "In proportion to what they have",
        says: "Yes: only their divisor, the sum of exp z, grows.",
      },
      {
        text: "The largest of them bears it all",
        says: "No: all lose, each keeps the same fraction.",
      },
    ],
    logitPlot: "How far each logit is nudged",
    logitAxis: (/** @type {boolean} */ open) =>
      `nudge of each logit${open ? ": drag one up or down" : ""}`,
    logit: "logit",
    sum: "sum",
    by: "÷ nudge",
    nudge: (/** @type {string} */ name) => `nudge ${name}`,
    halve: "Halve the nudge",
    first: (/** @type {string} */ logit) => `Nudge ${logit} by 1`,
    anew: "Other logits",
    another: (/** @type {string} */ logit) => `Another ${logit}`,
    scale: (/** @type {string} */ most) =>
      `Cell: change of p ÷ nudge; bar from −${most} to ${most}; mark: slope.`,
    off: (/** @type {string} */ share) => `${share} off`,
    little: "<0.1\u202f%",
    on: (/** @type {string} */ share) => `✓ ${share}`,
    trail: "By how much change ÷ nudge misses the slopes, for each nudge that was halved, and now",
    trailAxis: (/** @type {string} */ logit) => `what the bars of ${logit} miss`,
    noTrail: "Halved nudges show here.",
    curve: "A probability against the nudge, with chord and tangent",
    curveAxis: (
      /** @type {string} */ prob,
      /** @type {string} */ logit,
      /** @type {boolean} */ moved,
    ) => `${prob} by nudge of ${logit}` + (moved ? ": chord, tangent" : ""),
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
      /** @type {"half" | "more" | "less"} */ how,
    ) =>
      ` What its bars miss went from ${before} to ${now}` + {
        half: ": half the nudge, about half the miss. ",
        more: ": at the larger nudge the chord happened to be nearer to the tangent's slope. ",
        less: ". ",
      }[how],
    again: "Halve it again.",
    right: "All its bars end at their marks, to 2\u202f%.",
    next: (/** @type {string} */ logit) => ` Now nudge ${logit}.`,
    shrinkNext: (/** @type {string} */ logit) => ` Now shrink the nudge of ${logit}, too.`,
    ask: (/** @type {string} */ logit) =>
      ` Before you nudge ${logit}: where will its bars end? Put them there.`,
    total: (/** @type {string} */ total, /** @type {string} */ prob) =>
      `Your column sums to ${total}, each other one to 0. It must mirror the row of ${prob}, too.`,
    none: (/** @type {boolean} */ about) => `Your column sums to ${about ? "about " : ""}0`,
    mirror: (/** @type {string} */ prob) =>
      `. But it isn't the row of ${prob}: see what is framed there.`,
    ready: (
      /** @type {string} */ prob,
      /** @type {string} */ logit,
      /** @type {string} */ near,
    ) => `, like the others, and mirrors the row of ${prob}, to ${near}. Nudge ${logit}.`,
    guessed: (
      /** @type {number} */ good,
      /** @type {number} */ k,
      /** @type {string} */ near,
    ) => ` Of your ${k} guesses (circles), right to ${near}: ${good}.`,
    near: (/** @type {string} */ least) => `20\u202f% or ${least}`,
    retry: (/** @type {string} */ logit) => ` Framed: what the guesses miss. Try another ${logit}.`,
    untold: (/** @type {string} */ logit) =>
      ` But the column of ${logit} was not foretold: take another ${logit}.`,
    unhalved: " For the goal, halve this nudge twice.",
    wrong: (/** @type {string} */ share) =>
      `All bars of the column miss their marks by ${share}: halve the nudge.`,
    large: "So large a nudge may meet the marks, to 2\u202f%, by chance: halve it.",
    still: (/** @type {string} */ logit) => `Drag ${logit} up or down.`,
    nothing: " At a nudge of 0 nothing changes, and 0 ÷ 0 says nothing.",
    guess: (/** @type {string} */ prob, /** @type {string} */ logit) =>
      `change of ${prob} ÷ nudge of ${logit}`,
    tries: [
      {
        label: "one half",
        set: { logits: [0.693, 0, 0], nudge: 0.02 },
        says: "p₁ is one half, and the slope is ¼: no slope of softmax is larger.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], nudge: 0.02 },
        says: "z₁ rises, and p₂ and p₃, being equal, lose equally: half of the gain each.",
      },
      {
        label: "sure",
        set: { logits: [5, -1, -3], nudge: 2 },
        says: "Class 1 has nearly all: raising z₁ by 2 adds only 0.002. Slopes are near 0, bars " +
          "stretched.",
      },
      {
        label: "two classes",
        set: { logits: [1, 0], nudge: 0.0625 },
        says: "What one gains the other loses: all four slopes are p₁(1 − p₁), up to the sign.",
      },
    ],
    goal: (/** @type {boolean} */ asked) =>
      "all bars at their marks (2\u202f%), one column halved at least twice" +
      (asked ? ", the last foretold." : "."),
    reached:
      "Columns sum to 0. But for what bars still miss, so do rows (the same added to all logits " +
      "changes nothing), and entries mirror each other (choose one: the other is dashed).",
    before: "(reached before)",
    why: "Why: the pieces by which the slopes of a column come about",
    whyAxis: (
      /** @type {string} */ prob,
      /** @type {string} */ share,
      /** @type {number} */ j,
      /** @type {boolean} */ told,
    ) =>
      told
        ? `why: per unit of nudge Q, the sum of exp z, grows by ${prob} = ${share} of itself: ` +
          `each bar gives that share to bar ${j}. Column ${j} is ${prob} · (one-hot − p).`
        : "why? This opens when this column is at its marks",
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
        says:
          "No: all. The mean rises by less than the entry, and every entry is measured from it.",
      },
    ],
    productPlot: "Columns as wide as the probabilities, up to the height v, and their mean level",
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
      `Level: what stood above the mean, ${area}, has filled the hollows, ${area}, in its colours.`,
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
        says: "All of v is 1 higher than the one-hot vector, and so is its mean: J v is still " +
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
    zeroReached:
      "All entries of v are equal, so none stands above the mean. Any constant v gives " +
      "0; no other does, because every p is positive.",
    productGoal: (/** @type {string} */ target) => `make J v = (${target}), each entry to 0.01.`,
    productReached: "v − mean must be goal ÷ p, about. The mean may be anything: " +
      "raise all of v alike, and J v stays.",
  },
};

/** @typedef {typeof WORDS.en} Words */

const NEAR = 0.02; // as close as a measured column has to come, as a share of each slope
const CLOSE = 0.0101; // as close as a product has to come to its goal
const GUESS = 0.2; // and a guess to a slope, as a share of it, or a step of the guesses
const STEPS = 50; // of a guess, to each side
const SMALL = 0.5; // beyond, a chord may be as steep as the tangent by chance
const SAFE = 0.03; // up to it, every bar is at its mark
const LEAST = 0.01; // below, a nudge isn't halved
const PAST = 3; // nudges that were halved, for whose misses there is room
const MANY = 4; // classes for whose numbers a phone has room
/** What bars are drawn for: no slope of softmax, and no change ÷ nudge, is beyond the first. */
const SCALES = [0.25, 0.1, 0.025, 0.01, 0.0025, 0.001, 0.00025, 0.0001];
const GRIP = 8; // pixels of a handle below the plot

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

/** A change in a sentence. @param {number} x */
const fine = (x) => fmt(x, digitsOf(x));

/** A share, with two digits. @param {number} x */
const percent = (x) => `${Number((100 * x).toPrecision(2))}\u202f%`;

/** @param {number} change @param {number} [digits] */
const signed = (change, digits) => short(change, digits).replace(/^(?=[^0\u2212≈])/, "+");

/** A nudge, with as many of four decimals as it needs. @param {number} nudge */
const nudged = (nudge) =>
  fmt(nudge, [2, 3].find((n) => Math.abs(nudge - Number(nudge.toFixed(n))) < 1e-9) ?? 4);

/**
 * Other logits, from -1.2 to 1.2: multiples of irrational numbers are spread evenly.
 * @param {number} n how many were asked for
 * @param {number} k
 */
const others = (n, k) =>
  [2, 3, 5, 7, 11, 13].slice(0, k).map((root) =>
    Math.round(24 * (n * Math.sqrt(root) % 1) - 12) / 10
  );

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
 * @param {(i: number, y: number, pressed: boolean) => void} write
 */
function knobs(view, plot, find, write) {
  const node = html("div.over");
  let dragged = 0;
  /** @param {[number, number]} at @param {boolean} pressed */
  const follow = ([x, y], pressed) => {
    if (pressed) dragged = find(x);
    write(dragged, y, pressed);
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
 * A goal that stays reached until Reset; what it says holds only while it is.
 * @param {View} view
 * @param {() => boolean} now
 * @param {string} words
 * @param {string} before what it says later
 */
function kept(view, now, words, before) {
  let done = false;
  return {
    reached: () => (done = now() || (done && !view.shows({}))),
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
  const plot = view.plot({
    x: [0, 1],
    xticks: [],
    y: [low, high],
    yticks: [low, 0, high],
    label: words.logitPlot,
    ylabel: words.logitAxis(false),
    height: 112,
    margin: { top: 12, bottom: 12 },
  });
  const curve = view.plot({
    x: [low, high],
    xticks: [0],
    y: [0, 1],
    yticks: [],
    grid: false,
    label: words.curve,
    ylabel: words.curveAxis(p(0), z(0), false),
    height: 150,
    margin: { left: 56, right: 24 },
  });
  const trail = view.plot({
    x: [0, PAST + 1],
    y: [0, 1],
    yticks: [[NEAR, percent(NEAR)]],
    label: words.trail,
    ylabel: words.trailAxis(z(0)),
    height: 140,
    margin: { top: 18 },
  });
  const why = view.plot({
    x: [0, 1],
    xticks: [],
    y: [0, 1],
    label: words.why,
    grid: false,
    height: 118,
    margin: { top: 6, right: 124, bottom: 4 },
  });
  const table = html("table.heat");
  const scale = html("span");
  const told = html("span");
  let k = 0;
  let turn = 0; // how often other logits were asked for
  let origin = ""; // logits, and the column, of what stays from before:
  let last = 0;
  /** The nudges that were halved. @type {number[]} */
  let left = [];
  let step = { to: 0, turn: -1 }; // where the nudge moves, while nothing else was changed
  let wide = high; // of the curve, to either side
  let reach = high; // of the handles: it follows that, but not under the hand
  let held = false;
  /** The cell that was clicked. @type {[number, number]} */
  let clicked = [0, 0];
  /** @type {Record<string, HTMLElement>[][]} */
  let cells = [];
  /** @type {Record<string, HTMLElement>[]} */
  let heads = [];
  /** @type {Record<string, HTMLElement>[]} */
  let rows = [];
  /** What the reader expects of a column. @type {HTMLInputElement[]} */
  let guesses = [];
  let guessed = -1; // the column it is
  let sure = false; // whether they were moved
  let twice = false; // whether bars came to their marks by two halvings
  let opened = ""; // for which column, and logits, the pieces were moved,
  let flown = 0; // and how far
  let fly = () => {};
  view.closers.push(() => fly());

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
  const right = (j) => miss(j) < NEAR && Math.abs(nudges()[j]) <= SMALL;
  const open = () => range(size()).filter((j) => !right(j));
  /** The column that the reader is asked for: the last one, before it is measured. */
  const asked = () => {
    const [next = -1, ...later] = open();
    return later.length || nudges()[next] || size() > MANY ? -1 : next;
  };
  /** What the bars are drawn for: the slopes at these logits, and chords three times as steep. */
  const most = () => {
    const steepest = 3 * Math.max(...slopes().map((line, i) => line[i]));
    return SCALES.findLast((scale) => scale >= steepest) ?? SCALES[0];
  };
  const near = () => words.near(String(Number((most() / STEPS).toPrecision(1))));
  /** Whether a guess is near a slope. @param {number} mine @param {number} slope */
  const close = (mine, slope) =>
    Math.abs(mine - slope) <= 1.001 * Math.max(GUESS * Math.abs(slope), most() / STEPS);
  const good = () => slopes().filter((line, n) => close(expected()[n], line[guessed])).length;
  /** Whether the last column was guessed, and the guess was right. */
  const foretold = () => size() > MANY || (sure && good() === size());
  /**
   * Nudge a logit; the others go back, what was measured is kept.
   * @param {number} j
   * @param {number} by
   */
  const move = (j, by) => view.set({ column: j, nudge: by, measured: nudges() });

  /** @param {number} ms @param {number} j @param {number} to */
  const travel = (ms, j, to) => {
    const [kept, from] = [nudges(), j === column() ? nudge() : 0];
    step = { to, turn: view.turns };
    glide(view, ms, (share) => {
      step.turn = share < 1 ? view.turns + 1 : -1;
      return { column: j, nudge: from + (to - from) * share, measured: kept };
    });
  };

  const grips = knobs(
    view,
    plot,
    (x) => clamp(Math.floor(x * k), 0, k - 1),
    (i, y) => move(i, Number((Math.round(100 * clamp(y / reach, -1, 1)) * reach / 100).toFixed(5))),
  );
  for (const event of ["pointerdown", "pointerup", "pointercancel"]) {
    plot.svg.addEventListener(event, () => {
      held = event === "pointerdown";
      view.refresh();
    }, true);
  }
  view.add(html("p.lead", words.lead));
  if (size() > 2) {
    guessFirst(view, {
      question: words.question,
      answers: words.answers,
      show: () => travel(1500, 0, 1),
    });
  }
  const share = percent(0.0011);
  const longest = words.moved(z(0), "0.0625") + words.halved(share, share, "half") +
    words.ask(z(0));
  const message = html("p.say", { "data-room": longest }, told);
  const halve = button(view, words.halve, () => {
    if (view.turns === step.turn) view.set({ nudge: step.to }); // a press while it moves ends that
    if (halves()) left = [...halved(), nudge()].slice(-PAST);
    travel(500, column(), halves() ? nudge() / 2 : 1);
  });
  const untold = () => !open().length && !foretold();
  /** The column that was to be foretold. */
  const ended = () => guessed < 0 ? column() : guessed;
  const anew = button(view, words.anew, () => {
    turn += 1;
    if (untold()) { // only its logit is another: so small nudges stay small enough
      const [j, found] = [ended(), others(turn, size())];
      view.set({
        logits: logits().map((x, i) => i === j ? found[i] : x),
        column: j,
        nudge: 0,
        measured: nudges().map((by, i) => i === j ? 0 : clamp(by, -SAFE, SAFE)),
      });
      return;
    }
    const found = others(turn, view.first.logits.length);
    view.set({ logits: found, column: 0, nudge: 0, measured: found.map(() => 0) });
  });
  const buttons = html("div.row", halve, anew);
  view.control(buttons);
  view.add(
    message,
    html(
      "div.board",
      html("div.held", plot.node, table),
      html("div.stack", trail.node, curve.node),
      html(
        "div.stack",
        buttons,
        goal(view, {
          text: words.goal(size() <= MANY),
          ...kept(
            view,
            () => track() && !open().length && foretold(),
            words.reached,
            words.before,
          ),
        }),
      ),
    ),
    why.node,
    tries(view, words.tries),
  );

  function forget() {
    sure = false;
    for (const input of guesses) input.value = "0";
  }

  /** Drop what is of other logits, or another column; note a column that was halved twice. */
  function track() {
    const [j, by, now] = [column(), nudge(), String(logits())];
    if (origin !== now) forget();
    if (origin !== now || j !== last) [origin, last, left] = [now, j, []];
    const [old, older] = left.slice(-2).reverse();
    twice = !view.shows({}) && (twice || (right(j) && old === 2 * by && older === 4 * by));
    return twice;
  }

  /** A guess was changed. */
  function taken() {
    sure = true;
    view.touched = true;
    view.refresh();
  }

  /** Make the parts that depend on how many classes there are. */
  function rebuild() {
    const every = range(k);
    grips.make(every.map((i) => ({
      label: words.nudge(z(i)),
      control: `nudge.${i}`,
      min: low,
      max: high,
      step: 0.01,
      read: () => i === column() ? nudge() : 0,
      write: (by) => move(i, by),
      show: nudged,
    })));
    guesses = every.map((i) => {
      const input = html("input", { type: "range", value: 0, "data-control": `guess.${i}` });
      input.addEventListener("input", taken);
      return input;
    });
    heads = every.map(() => ({ z: html("span"), by: html("span"), sum: html("td") }));
    rows = every.map(() => ({
      before: html("span"),
      change: html("span.strong"),
      ground: html("i.ground"),
      part: html("i"),
      sum: html("td"),
    }));
    cells = every.map((i) =>
      every.map((j) => {
        const [fill, mark, knob] = [html("i"), html("i.slope"), html("i.mine")];
        const [rate, note] = [html("span"), html("span.off")];
        const rod = html("span.rod", fill, mark, knob);
        const cell = html("td", { "data-cell": `${i}.${j}` }, rate, rod, " ", note);
        cell.addEventListener("click", () => {
          if (view.locked || j === asked()) return;
          clicked = [i, j];
          move(j, nudges()[j]);
        });
        const aim = (/** @type {PointerEvent} */ { clientX }) => {
          const { left, width } = rod.getBoundingClientRect();
          guesses[i].value = String(most() * clamp(2 * (clientX - left) / width - 1, -1, 1));
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
      html("caption", scale),
      html(
        "thead",
        html(
          "tr",
          html("td", html("span", words.logit), " ", html("span", words.by)),
          ...heads.map((head, j) =>
            html("th", { scope: "col" }, html("span", `${z(j)} `, head.z), " ", head.by)
          ),
          html("th", { scope: "col" }, words.sum),
        ),
      ),
      html(
        "tbody",
        ...rows.map(({ before, change, ground, part, sum }, i) =>
          html(
            "tr",
            { style: `--color: ${COLORS[i]}; --edge: ${TEXT_COLORS[i]}` },
            html(
              "th",
              { scope: "row" },
              html("span.parts", html("span", p(i)), " ", before),
              html("span.share", ground, part),
              " ",
              change,
            ),
            ...cells[i].map(({ cell }) => cell),
            sum,
          )
        ),
        html(
          "tr",
          html("th", { scope: "row" }, words.sum),
          ...heads.map(({ sum }) => sum),
          html("td"),
        ),
      ),
    );
  }

  /** @param {number[]} probs @param {number[][]} jacobian @param {number[]} real */
  function drawTable(probs, jacobian, real) {
    const steps = nudges();
    const rates = jacobian.map((line) => line.map((slope, j) => slope * ratio(j, steps[j])));
    const ask = asked();
    const mine = expected();
    const many = k > MANY;
    const room = plot.x(1 / k) - plot.x(0);
    const narrow = room < 56;
    const end = most();
    const name = end === SCALES[0] ? "¼" : String(end);
    say(scale, words.scale(name));
    /**
     * @param {HTMLElement} node @param {string} name
     * @param {number} value @param {number} [digits]
     */
    const entry = (node, name, value, digits) =>
      quantity(node, name, value, Number.isNaN(value) ? "·" : short(value, digits));
    const at = (/** @type {number} */ value) => 50 + 50 * clamp(value / end, -1, 1);
    const fewer = many ? 2 : end < 0.05 ? 4 : undefined;
    heads.forEach((head, j) => {
      const by = steps[j];
      const now = logits()[j] + (j === column() ? nudge() : 0);
      quantity(head.z, `z${j}`, now, fmt(now, many ? 1 : 2));
      for (const node of [head.z, head.by]) {
        node.classList.toggle("strong", j === column() && by !== 0);
      }
      const small = short(by, Math.abs(by) < 0.995 ? 2 : 1);
      quantity(
        head.by,
        `nudge${j}`,
        by,
        by ? many ? small : `${room < 80 ? "" : "÷ "}${nudged(by)}` : "·",
      );
      const total = sum(j === ask ? mine : rates.map((line) => line[j]));
      entry(head.sum, `sum${j}`, by || (j === ask && sure) ? total : NaN, fewer);
      const unmet = j === guessed && sure && !balanced();
      head.sum.classList.toggle("unmet", unmet);
      if (unmet) head.sum.textContent = `○ ${short(sum(mine))}`;
    });
    const full = steps.every((by) => by !== 0);
    rows.forEach(({ before, change, ground, part, sum: node }, i) => {
      quantity(before, `p${i}`, probs[i], short(probs[i], many ? 2 : undefined));
      quantity(change, `real${i}`, real[i], signed(real[i], many ? 3 : digitsOf(real[i])));
      const [less, more] = [probs[i], probs[i] + real[i]].sort((a, b) => a - b);
      put(ground, { style: `width: ${100 * less}%` });
      put(part, {
        class: real[i] > 0 ? "solid" : "hollow",
        style: `left: ${100 * less}%; width: ${100 * (more - less)}%`,
      });
      part.hidden = !real[i];
      entry(node, `row${i}`, full ? sum(rates[i]) : NaN, 2);
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
        const mirrors = i === column() && j === row() && i !== j && steps[i] && by;
        cell.classList.toggle("mirror", Boolean(mirrors));
        const unmet = i === guessed && sure && balanced() && !close(mine[j], jacobian[i][j]);
        cell.classList.toggle("unmet", unmet);
        const there = guesses[i].parentNode === cell;
        if (guess && !there) cell.append(guesses[i]);
        if (guess) {
          const limits = { step: end / STEPS, min: -end, max: end }; // 0 is a step from min
          put(guesses[i], { ...limits, "aria-label": words.guess(p(i), z(j)) });
        }
        if (there && !guess) guesses[i].remove();
        const value = guess ? mine[i] : by ? rates[i][j] : 0;
        const [a, b] = [50, at(value)].sort((x, y) => x - y);
        put(fill, {
          class: guess ? "hollow" : "solid",
          style: `left: ${a}%; width: ${b - a}%`,
        });
        mark.hidden = !by;
        put(mark, { style: `left: ${at(jacobian[i][j])}%` });
        knob.hidden = j !== guessed || !(guess || sure);
        put(knob, { style: `left: ${at(mine[i])}%` });
        const share = many ? "" : miss(j) < 0.001 ? words.little : percent(miss(j));
        const told = narrow ? right(j) ? "✓" : share : words[right(j) ? "on" : "off"](share);
        const met = close(mine[i], jacobian[i][j]) ? "✓" : "✗";
        const verdict = room < 70 ? `○ ${met}` : `○ ${short(mine[i])} ${met}`;
        note.textContent = !by ? "" : sure && j === guessed && right(j) ? verdict : told;
      })
    );
  }

  const expected = () => guesses.map(({ value }) => Number(value));
  /** How far the guesses are from 0 in sum, in steps. */
  const lacks = () => Math.abs(sum(expected())) / most() * STEPS;
  const balanced = () => lacks() <= k / 2 + 0.01; // each may miss half a step
  /** What the reader's column lacks. @param {number} j */
  function judge(j) {
    if (!balanced()) return words.total(signed(sum(expected())), p(j));
    return words.none(lacks() > 0.1) +
      (good() === k ? words.ready(p(j), z(j), near()) : words.mirror(p(j)));
  }

  /**
   * The curve of an entry: the nearer the nudge, the closer the look.
   * @param {number} i
   * @param {number} j
   * @param {number} by
   * @param {number} slope
   */
  function drawCurve(i, j, by, slope) {
    const start = softmax(logits())[i];
    const change = changes(j, by)[i];
    const tall = 1.35 * Math.max(wide * Math.abs(slope), Math.abs(change), 1e-9);
    const digits = clamp(Math.ceil(1 - Math.log10(tall)), 3, 5);
    const ticks = Math.abs(change) > tall / 4 ? [start, start + change] : [start];
    curve.scale({
      x: [-wide, wide],
      y: [start - tall, start + tall],
      xticks: by < 0 ? [[by, nudged(by)], 0] : by ? [0, [by, nudged(by)]] : [0],
      yticks: ticks.map((y) => [y, fmt(y, digits)]),
      ylabel: words.curveAxis(p(i), z(j), by !== 0),
    });
    const xs = range(61).map((n) => (n / 30 - 1) * wide);
    const inside = (/** @type {number} */ y) => Math.abs(y - start) <= tall ? y : NaN;
    const ys = xs.map((x) => inside(start + changes(j, x)[i]));
    const look = { style: `--color: ${COLORS[i]}; --edge: ${TEXT_COLORS[i]}` };
    const ends = [[0, start], ...(by ? [[by, start + change]] : [])];
    curve.draw(
      svg("path.curve", { d: curve.line(xs, ys), ...look }),
      ...(by
        ? [
          svg("path.level", {
            d: curve.line([-wide, wide], [start - wide * slope, start + wide * slope]),
          }),
          svg("path.chord", { d: curve.line([0, by], [start, start + change]), ...look }),
        ]
        : []),
      ...ends.map(([x, y]) =>
        svg("circle.end", { cx: curve.x(x), cy: curve.y(y), r: 4.5, ...look })
      ),
    );
  }

  /** What the bars of column j missed at each nudge that was halved, and miss now. */
  function drawTrail(/** @type {number} */ j, /** @type {number} */ by) {
    const past = halved();
    const steps = by ? [...past, by] : [];
    const missed = steps.map((old) => Math.abs(ratio(j, old) - 1));
    let top = 0.05;
    while (top < Math.max(...missed)) top *= 2; // it stays while a bar is dragged a little
    trail.scale({
      x: [0, PAST + 1],
      y: [0, top],
      xticks: steps.map((old, n) => [n + 0.5, nudged(old).replace(/^(\u2212?)0\./, "$1.")]),
      yticks: [[NEAR, percent(NEAR)]],
      ylabel: words.trailAxis(z(j)),
    });
    const { left: start, right: end, top: high, bottom } = trail.area;
    trail.draw(
      ...missed.flatMap((share, n) => [
        block(trail, [n + 0.15, n + 0.85], [0, share], n < past.length ? "ground" : "solid", j),
        svgText(trail.x(n + 0.5), trail.y(share) - 5, percent(share), { class: "strong" }),
      ]),
      steps.length ? "" : svgText((start + end) / 2, (high + bottom) / 2, words.noTrail),
    );
  }

  /**
   * The pieces of the bars, one from each in proportion, that join the bar of the logit nudged.
   * @param {number} j
   * @param {number[]} probs
   * @param {boolean} told
   */
  function drawWhy(j, probs, told) {
    const state = `${j} ${origin}`;
    if (!told) [opened, flown] = ["", 0];
    else if (opened !== state) {
      [opened, flown] = [state, 0];
      fly();
      let later = false; // not in this drawing
      fly = animate(1200, (share) => {
        flown = share;
        if (later) view.refresh();
      });
      later = true;
    }
    why.scale({
      y: [k, 0],
      yticks: probs.map((_, i) => [i + 0.5, p(i)]),
      ylabel: words.whyAxis(p(j), short(probs[j]), j + 1, told),
    });
    let end = probs[j];
    const moved = (/** @type {number} */ a, /** @type {number} */ b) => a + flown * (b - a);
    why.draw(
      ...probs.flatMap((x, i) => {
        const piece = x * probs[j];
        const left = moved(x - piece, i === j ? x - piece : end);
        if (i !== j) end += piece;
        const y = moved(0, j - i);
        /** @type {[number, number]} */
        const up = [i + 0.15, i + 0.85];
        const text = `${i === j ? `${p(j)}(1 − ${p(j)})` : `−${p(i)}${p(j)}`} = ${
          short(i === j ? x - piece : -piece)
        }`;
        return [
          block(why, [0, told ? x - piece : x], up, "ground", i),
          ...(told
            ? [
              block(why, [x - piece, x], up, "hollow", i),
              block(why, [left, left + piece], [up[0] + y, up[1] + y], "solid", i),
              svgText(why.width, why.y(i + 0.5) + 4, text, { "text-anchor": "end" }),
            ]
            : []),
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
    wide = by ? clamp(1.25 * Math.abs(by), 1.25 * LEAST, high) : high;
    if (!held) reach = wide;
    say(halve, halves() ? words.halve : words.first(z(j)));
    const probs = softmax(logits());
    const jacobian = slopes();
    const real = changes(j, by);
    const every = range(k);
    const ask = asked();
    const again = open().length > 1 && !nudges()[guessed];
    if (again || (ask >= 0 && ask !== guessed)) forget();
    if (ask >= 0) guessed = ask;
    const margin = {
      left: k > MANY ? 46 : clamp(plot.width / 4, 72, 124),
      right: clamp(plot.width / 10, 30, 60),
    };
    plot.scale({
      margin,
      y: [-reach, reach],
      yticks: by ? [[by, nudged(by)], 0] : [-reach, 0, reach],
      ylabel: words.logitAxis(!view.locked),
    });
    table.classList.toggle("many", k > MANY);
    put(table, { style: `--left: ${margin.left}px; --right: ${margin.right}px` });
    plot.draw(
      ...every.map((i) => {
        const x = plot.x((i + 0.5) / k);
        return svg("path.track", { d: `M${x},${plot.area.top}V${plot.area.bottom}` });
      }),
      svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
      block(plot, [(j + 0.4) / k, (j + 0.6) / k], [0, by], "solid", j),
    );
    grips.place(every.map((i) => ({
      x: (i + 0.5) / k,
      y: i === j ? by : 0,
      color: TEXT_COLORS[i],
    })));
    drawTable(probs, jacobian, real);
    const ahead = ask >= 0 && sure; // what is foretold was not measured yet
    const i = ahead ? ask : row();
    drawCurve(i, ahead ? ask : j, ahead ? 0 : by, jacobian[i][ahead ? ask : j]);
    drawTrail(ahead ? ask : j, ahead ? 0 : by);
    drawWhy(j, probs, right(j) && !ahead);
    message.hidden = view.locked && !view.onPaper;
    if (message.hidden) return "";
    const done = untold();
    anew.classList.toggle("primary", done);
    say(anew, done ? words.another(z(ended())) : words.anew);
    if (ask >= 0 && sure) {
      told.textContent = judge(ask);
      return told.textContent;
    }
    const grown = probs[j] * Math.expm1(by);
    const [next] = open();
    const follows = ask >= 0 ? "ask" : nudges()[next] ? "shrinkNext" : "next";
    const intro = words.moved(z(j), nudged(by));
    const before = left.at(-1) === 2 * by ? 2 * by : undefined; // not after a drag
    const off = percent(miss(j));
    const more = before === undefined ? words.wrong(off) : words.again;
    let then = right(j) && next !== undefined ? words[follows](z(next)) : "";
    const verdicts = right(j) && sure && j === guessed; // then what moved is no news
    if (verdicts) then = words.guessed(good(), k, near());
    if (right(j) && done) then += words[sure ? "retry" : "untold"](z(ended()));
    if (right(j) && !open().length && !done && !twice) then += words.unhalved;
    const after = ask >= 0 || done ? then : words.right + then; // the marks show it
    const verdict = right(j) ? after : miss(j) < NEAR ? words.large : more;
    if (!by) {
      told.replaceChildren(
        ...(ask >= 0 ? [words.ask(z(ask))] : [html("strong", words.still(z(j))), words.nothing]),
      );
      return told.textContent;
    }
    const was = Math.abs(ratio(j, 2 * by) - 1);
    const half = Math.abs(miss(j) / was - 0.5) < 0.05;
    const how = half ? "half" : miss(j) > was ? "more" : "less";
    const share = percent(Math.abs(grown / (1 + grown)));
    told.replaceChildren(
      html("strong", intro),
      verdicts
        ? " "
        : before === undefined
        ? words.changes(p(j), fine(Math.abs(real[j])), share, by > 0, k)
        : words.halved(percent(was), off, how),
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
  /** Where the columns begin, and where the last one ends. @param {number[]} probs */
  const edges = (probs) => range(probs.length + 1).map((i) => sum(probs.slice(0, i)));

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
