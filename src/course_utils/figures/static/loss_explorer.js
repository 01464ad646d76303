import {
  animate,
  button,
  checkbox,
  clamp,
  COLORS,
  dial,
  dot,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  labelNodes,
  logarithmic,
  logSoftmax,
  minus,
  place,
  put,
  quantity,
  range,
  say,
  slider,
  softmax,
  SPEC,
  stillness,
  sum,
  svg,
  TEXT_COLORS,
  textWidth,
  ticks,
  tries,
} from "./kit.js";

/** @import { Label } from "./kit/labels.js" */
/** @import { Plot } from "./kit/plot.js" */

const STEPS = 50;
const LATER = 58; // where a mark says: not within those steps
const [REST, NEAR] = [0.8, 0.005]; // of the second goal: where the target shall be, and how near
const STILL = 0.0005; // so near its target, a probability is at rest
const TRACK = 33; // pixels below the axis: there the handle that looks back has its way
const SWING = 0.05; // a smaller change of the probability back and forth is not spoken of
const HEADER = 64; // pixels of a page's own bar, with some air
const DASHES = ["none", "7 4", "2 4"];
const BORDERS = ["solid", "dashed", "dotted"]; // below their names
const HUES = [0, 1, 3]; // of the three losses
const FACTOR = 2; // the hue of what multiplies

const PLAIN = { num_classes: 3, smoothing: 0, lr: 1 }; // what the states to try say holds for these
const ASKS = { // states about which the figure asks before it runs
  twice: { ...PLAIN, logit: -2, double_softmax: true },
  large: { ...PLAIN, logit: -6, smoothing: 0.5, lr: 10 },
};
const FLAT = "1/270 at −6, by its factor 3p(1 − p).";
const WATCHED = "-"; // instead of an answer
const [SMALL, WIDE] = [0.05, 0.1]; // a factor that is almost 0; a gap of p that is not
const TINY = 1e-4; // a smaller gradient is about 0
const WORDS = {
  en: {
    lead: "True class: score z, probability p; all others score 0.",
    start: " Pull the ring to a start.",
    question: "At a score of −6 the true class has almost no probability, and the gradient " +
      "of cross-entropy is close to −1. How large is that of squared error?",
    answers: [
      { text: "About as large", says: `No, ${FLAT}` },
      { text: "About a tenth of it", says: `Still smaller, ${FLAT}` },
      { text: "Less than a hundredth of it", says: `Yes, ${FLAT}` },
    ],
    kinds: ["cross-entropy", "squared error", "softmax twice"],
    score: "score z of the true class",
    smoothing: "smoothing",
    rate: "learning rate",
    descend: (/** @type {number} */ steps) => `Descend ${steps} steps`,
    loss: "loss (cross-entropy: nats)",
    gradient: "gradient",
    race: "p:",
    step: "step",
    lossPlot: "The losses against the score of the true class",
    gradientPlot: "The gradients of the losses against the score of the true class",
    racePlot: "Probability of the true class, step by step",
    guess: "Guess:",
    when: (/** @type {string} */ kind) =>
      `at which step does ${kind} pass ½? Drag the mark there and let go.`,
    where: (/** @type {string} */ kind) =>
      `what is p with ${kind} at step 50? Drag the mark there and let go.`,
    keys: " (By keys: Enter.)",
    withdrawn: "Settings changed: question withdrawn.",
    rises: "From here p only rises. To guess, start below ½, or add smoothing.",
    mark: "your guess",
    later: "later",
    further: "Go on to p = ½",
    /** @type {(step: number, p: string, kind: string) => string} */
    running: (step, p, kind) => `Step ${step}: p is ${p} with ${kind}`,
    losing: (/** @type {number} */ step, /** @type {string} */ loss) =>
      `Step ${step}: the loss is ${loss}`,
    youSaid: (/** @type {string} */ mine) => `; you said ${mine}`,
    answered: (/** @type {string} */ mine) => mine === WATCHED ? "" : `You said: ${mine}. `,
    passes: (/** @type {string} */ kind, /** @type {number} */ n) =>
      `${kind} passes ½ at step ${n}`,
    fails: (/** @type {string} */ kind) => `${kind} does not pass ½ in 50 steps`,
    /** @type {(kind: string, n: number, entropy: number) => string} */
    both: (kind, n, entropy) =>
      `${kind} passes ½ at step ${n}${entropy ? `, cross-entropy at step ${entropy}` : ""}`,
    ends: (/** @type {string} */ kind, /** @type {string} */ p) =>
      `${kind}: after ${STEPS} steps p = ${p}`,
    guessed: (/** @type {string} */ mine) => `; your guess: ${mine}`,
    close: (/** @type {number} */ near, /** @type {number} */ all) =>
      ` Close so far: ${near} of ${all}.`,
    back: "drag to look back",
    /** @type {(times: string, first: string, last: string) => string} */
    longer: (times, first, last) =>
      `About ${times} times as many: the first step raised z by ${first}, the last by ${last}.`,
    /** @type {(first: string, step: number, last: string) => string} */
    grew: (first, step, last) => `The first step raised z by ${first}, step ${step} by ${last}.`,
    stuck: (/** @type {string} */ p, /** @type {string} */ pull) =>
      `Squared error is still at ${p}: its factor there is ${pull}.`,
    nearer: (/** @type {string} */ target) => `More steps would bring it nearer to ${target}.`,
    arrives: (/** @type {string} */ p) => `Squared error arrives, at p = ${p}.`,
    /** @type {(pull: string, pace: string) => string} */
    slower: (pull, pace) =>
      `With squared error's factor, ${pull}, the product is ${pace}: squared error arrives.`,
    /** @type {(p: string, target: string, most: string) => string} */
    beyond: (p, target, most) =>
      `Softmax twice is at p = ${p}, beyond the target ${target}: ` +
      `its second softmax gives at most ${most}.`,
    next: "Pull the ring to another start.",
    rest: "There p − y is almost 0, so z hardly moves.",
    /** @type {(pull: string, entropy: number) => string} */
    paced: (pull, entropy) =>
      `Cross-entropy is quicker (step ${entropy}): at the start the factor is ${pull}.`,
    equal: (/** @type {number} */ n) =>
      `Both pass ½ at step ${n}; from a far lower start squared error takes longer.`,
    asks: {
      twice: {
        question: "By mistake, softmax is applied twice. With one, the loss nears 0. With two?",
        answers: [["As low", "No"], ["Not so low", "Yes"], ["It stays", "No"]],
      },
      large: {
        question: "Rate 10, smoothing 0.5: what does cross-entropy do?",
        answers: [["Settle", "No"], ["Swing", "Yes"], ["Run away", "No"]],
      },
    },
    sees: (/** @type {string} */ seen, /** @type {string} */ most) =>
      `After ${STEPS} steps it gives p = ${seen}; it can give at most ${most}.`,
    now: "2nd softmax",
    most: (/** @type {string} */ most) => `at most ${most}`,
    seen: (/** @type {string} */ p) => `, whose second softmax gives ${p}`,
    /** @type {(it: string, end: string, floor: string) => string} */
    twice: (it, end, floor) =>
      `after ${STEPS} steps ${it} is at ${end}, never below ${floor}: ` +
      "the second softmax gets numbers at most 1 apart.",
    /** @type {(it: string, pace: string) => string} */
    large: (it, pace) =>
      `once near, ${it} jumps across its lowest point and back: rate × p(1 − p) is ${pace} ` +
      "there, and above 2 a step overshoots by more than it lacked.",
    probability: (/** @type {string} */ z, /** @type {string} */ p) => `At z = ${z}, p = ${p}. `,
    began: (/** @type {string} */ z, /** @type {string} */ p) => `From z = ${z} (p = ${p}): `,
    entropy: (/** @type {string} */ slope) => `Cross-entropy has gradient ${slope}.`,
    times: (/** @type {string} */ factor, /** @type {string} */ tail) =>
      `Squared error has the gradient of cross-entropy times ${factor}p(1 − p)${tail}.`,
    flat: (/** @type {string} */ n) => ` = 1/${n}, almost 0 though p should be 1`,
    here: (/** @type {string} */ z) => `z = ${z}`,
    tiny: "about 0",
    hill: (/** @type {string} */ factor) => `${factor}p(1 − p)`,
    floor: (/** @type {string} */ floor) => `floor ${floor}`,
    target: "target",
    ran: (/** @type {number} */ steps, /** @type {string} */ each) =>
      `after ${steps} step${steps === 1 ? "" : "s"} p is ${each}.`,
    swings: "Cross-entropy jumps back and forth across its lowest point. ",
    end: (/** @type {string} */ p, /** @type {string} */ kind) => `${p} with ${kind}`,
    out: (/** @type {number} */ step) => `step ${step}`,
    lowestGoal: (/** @type {string} */ lr, /** @type {string} */ smoothing) =>
      "find the lowest start, to 0.1, from which squared error passes ½ within 50 steps " +
      `(rate ${lr}, smoothing ${smoothing}).`,
    restGoal: (/** @type {number} */ classes) =>
      "find the smoothing s with which cross-entropy rests at " +
      `p = 1 − s + s/${classes} = ${REST}.`,
    lowestMet: (/** @type {string} */ start) => `✓ Goal: ${start} is the lowest start.`,
    restMet: (/** @type {string} */ p) => `✓ Goal: p rests at ${p}.`,
    elsewhere: "The settings differ now, so runs don't count.",
    /** @type {(starts: string[], steps: number[]) => string} */
    lowest: ([yes, no], [entropy, square]) =>
      `From ${yes}: ${square} steps, cross-entropy ${entropy}; from ${no}: over ${STEPS}. ` +
      "Far down, 1 lower takes about 2.7 times as many.",
    taken: (/** @type {string[]} */ from, /** @type {string} */ ask) =>
      from.length ? `Steps from ${from.join(", ")}.${ask && ` And from ${ask}?`}` : "",
    /** @type {(smoothing: string, classes: number, target: string) => string} */
    rests: (smoothing, classes, target) =>
      `With ${classes} classes and smoothing ${smoothing} the target is ` +
      `1 − ${smoothing} + ${smoothing}/${classes} = ${target}, and there p − y = 0.`,
    spoken: (/** @type {string[]} */ [loss0, slope0, loss1, slope1]) =>
      `Cross-entropy ${loss0}, gradient ${slope0}` +
      (loss1 ? `; squared error ${loss1}, gradient ${slope1}.` : "."),
    tries: [
      { label: "undecided", set: { ...PLAIN, logit: 0 }, says: "" },
      { label: "smoothing", set: { ...PLAIN, logit: 8, smoothing: 0.5 }, says: "" },
      { label: "rate 10", set: ASKS.large, says: "" },
      { label: "softmax twice", set: ASKS.twice, says: "" },
    ],
  },
};

/** The probability of a class that scores x when k - 1 others score y. */
const probability = (/** @type {number} */ x, /** @type {number} */ k, y = 0) =>
  1 / (1 + (k - 1) * Math.exp(y - x));

/**
 * Derivatives of the losses by the score x of the true class; k - 1 others score 0.
 * @param {number} x
 * @param {number} k
 * @param {number} smoothing
 */
function slopes(x, k, smoothing) {
  const p = probability(x, k);
  const target = 1 - smoothing + smoothing / k;
  const pull = k / (k - 1) * p * (1 - p);
  const seen = probability(p, k, (1 - p) / (k - 1));
  return [p - target, 2 * pull * (p - target), pull * (seen - target)];
}

/**
 * Values and derivatives of the losses when the true class scores x and k - 1 others score 0.
 * @param {number} x
 * @param {number} k
 * @param {number} smoothing
 */
function losses(x, k, smoothing) {
  const z = [x, ...range(k - 1).map(() => 0)];
  const p = softmax(z);
  const target = p.map((_, j) => smoothing / k + (j ? 0 : 1 - smoothing));
  const gap = p.map((s, j) => s - target[j]);
  return {
    p: p[0],
    target: target[0],
    seen: softmax(p)[0],
    values: [-dot(target, logSoftmax(z)), sum(gap.map((v) => v ** 2)), -dot(target, logSoftmax(p))],
    slopes: slopes(x, k, smoothing),
    floor: Math.log(Math.E + k - 1) - target[0],
  };
}

/**
 * A number with so many digits, or as many more as keep it from being 1.
 * @param {number} value
 * @returns {string}
 */
function digitsOf(value, digits = 4) {
  const rounded = Number(value.toPrecision(digits));
  const one = digits < 9 && Math.abs(rounded) === 1 && rounded !== value;
  return one ? digitsOf(value, digits + 1) : minus(String(rounded));
}

/**
 * How many digits a number needs for what is shown of a calculation to come out as its result.
 * @param {(rounded: (value: number) => number) => number} join
 * @param {number} digits of the result
 */
function enough(join, digits) {
  const right = digitsOf(join((v) => v), digits);
  const comes = (/** @type {number} */ n) =>
    digitsOf(join((v) => Number(v.toPrecision(n))), digits) === right;
  return [3, 4, 5, 6, 7, 8].find(comes) ?? 9;
}

/** With two digits. @param {number} value */
const rough = (value) => digitsOf(value, 2);

/** A number in a sentence. @param {number} value */
const inWords = (value) => digitsOf(value, 3);

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/**
 * Small boxes along a curve, of which labels keep clear.
 * @param {Plot} plot
 * @param {number[]} xs
 * @param {number[]} ys
 */
const along = (plot, xs, ys) =>
  xs.map((at, i) => {
    const j = Math.max(0, i - 1);
    const [top, bottom] = [plot.y(ys[i]), plot.y(ys[j])].sort((a, b) => a - b);
    return { left: plot.x(xs[j]), right: plot.x(at), top: top - 1, bottom: bottom + 1 };
  });

const around = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ r) => ({
  left: x - r,
  right: x + r,
  top: y - r,
  bottom: y + r,
});

/**
 * Add the first of these labels for which there is room.
 * @param {Label[]} labels
 * @param {Label[]} options
 * @param {Plot["area"]} area
 * @param {Plot["area"][]} taken
 */
function addFirst(labels, options, area, taken) {
  const found = options.find((one) => place([...labels, one], area, taken).length > labels.length);
  if (found) labels.push(found);
}

export default figure(WORDS, (view, words) => {
  const { min = -8, max = 8 } = SPEC.traits.logit;
  const xs = range(161).map((i) => min + (i * (max - min)) / 160);
  /** @type {{ x: [number, number], xticks: number[], margin: { left: number } }} */
  const common = { x: [min - 0.7, max + 0.7], xticks: [-8, -4, 0, 4, 8], margin: { left: 34 } };
  const loss = view.plot({
    ...common,
    margin: { left: 34, bottom: 5 },
    label: words.lossPlot,
    height: 165,
    y: [0, 1],
    xticks: [],
    ylabel: words.loss,
  });
  const slope = view.plot({
    ...common,
    label: words.gradientPlot,
    height: 190,
    y: [-1.15, 1.15],
    yticks: [-1, 0, 1],
    xlabel: words.score,
    ylabel: words.gradient,
  });
  const race = view.plot({
    label: words.racePlot,
    height: 271,
    x: [0, LATER + 2],
    y: [0, 1.04],
    yticks: [0, [0.5, "½"], 1],
    margin: { bottom: TRACK + 13 },
  });
  const twice = checkbox(view, "double_softmax", { label: words.kinds[2] });
  view.control(twice);
  // By hand it is ticked, without the question.
  twice.addEventListener("change", () => {
    answers.twice ||= WATCHED;
  }, true);
  // What the colours and dashes of the lines mean; the third can be put off there.
  const names = [...words.kinds.slice(0, 2), twice].map((name, i) =>
    html(
      "span",
      { style: `color: ${TEXT_COLORS[HUES[i]]}; border-bottom-style: ${BORDERS[i]}` },
      name,
    )
  );
  const legend = html("div.axis.names");
  let named = 0;
  race.box.before(legend);
  const said = html("p.say");
  const product = html("div.product");
  slope.box.before(product);
  const ask = html("section.guess.ask", { "aria-label": words.guess });
  let length = STEPS; // of the descent
  let shown = 0; // steps of it on the screen
  let look = Infinity; // to which of them the reader looks back
  const settled = () => shown === length;
  const step = () => Math.min(shown, look);
  let stop = () => {};
  const descend = button(view, words.descend(STEPS), () => run());
  descend.classList.add("primary");
  const begin = html("span", words.start);
  view.add(html("p.lead", words.lead, begin));
  guessFirst(view, { question: words.question, answers: words.answers, show: () => watch(true) });
  const chips = tries(view, words.tries);
  for (const chip of chips.querySelectorAll("button")) {
    chip.addEventListener("click", () => { // once more, too
      afresh();
      view.refresh();
      watch();
    });
  }

  // The question is about the second loss: until the guess only the first is shown.
  const secret = () => view.locked && !view.onPaper;
  const probOf = (/** @type {number} */ x) => probability(x, view.get("num_classes"));
  const at = (/** @type {number} */ x) => losses(x, view.get("num_classes"), view.get("smoothing"));
  /** What the chip asks whose state is shown. @returns {keyof typeof ASKS | undefined} */
  const topic = () => {
    const kinds = /** @type {(keyof typeof ASKS)[]} */ (Object.keys(ASKS));
    return secret() ? undefined : kinds.find((kind) => view.shows(ASKS[kind]));
  };
  /** That question while it is open. */
  const open = () => [topic()].find((kind) => kind && !answers[kind]);
  /** What was answered to the questions of chips, or that the run was watched without. */
  let answers = { twice: "", large: "" };
  /** @type {keyof typeof ASKS | undefined} */
  let answered; // the question whose answer stands while the run does
  let [posed, withdrawn] = [false, false]; // such a question; by a changed setting
  /** Where the marks stand: at a step on the line p = ½; at a probability on that of step 50. */
  let marks = [25, 0.5];
  let placed = false; // by the reader, for this run
  let known = false; // what comes of it
  let [near, all, scored] = [0, 0, false]; // guesses; whether this one is among them
  /** Whether the start is beyond ½, so that the end is asked for. */
  const late = () => Number(at(view.get("logit")).p >= 0.5);
  const sure = () => late() && !view.get("smoothing"); // it comes near 1: no guess
  const asked = () => late() ? 0 : kinds().length - 1; // whose descent is guessed
  const ready = () => !known && !secret() && !open() && !sure();
  const kinds = () =>
    range(
      secret() ? 1 : view.get("double_softmax") && (open() !== "twice" || view.onPaper) ? 3 : 2,
    );

  /** @param {number} which @param {number} value */
  function mark(which, value) {
    if (!ready()) return;
    marks[which] = which
      ? Math.round(clamp(value, 0, 1) * 100) / 100
      : value > STEPS + 0.5
      ? LATER
      : Math.round(clamp(value, 1, STEPS));
    placed = true;
    view.touched = true;
    view.refresh();
  }
  /** @param {number} value */
  function lookAt(value) {
    if (!settled()) return;
    look = Math.round(clamp(value, 0, length));
    view.refresh();
  }
  const shownMark = (/** @type {number} */ which) =>
    which ? four(marks[1]) : marks[0] > STEPS ? words.later : String(marks[0]);

  const past = () => known && !view.changed.size;
  const stride = () => length > STEPS ? length / 100 : 1;
  // By keys a handle (of the mark; after a run, of the step) is moved by a slider that isn't seen.
  const guessKeys = dial(view, {
    label: words.mark,
    control: "guess",
    min: 0,
    max: 100,
    step: 1,
    show: () => past() ? String(step()) : shownMark(late()),
    read: () =>
      past() ? step() / stride() : late() ? 100 * marks[1] : Math.min(marks[0], STEPS + 1),
    write: (v) => known ? lookAt(v * stride()) : mark(late(), late() ? v / 100 : v),
  });
  const scoreKeys = slider(view, "logit", { label: words.score, show: (v) => fmt(v, 1) });
  guessKeys.addEventListener("keydown", ({ key }) => {
    if (key !== "Enter" || !ready()) return;
    placed = true;
    run();
  });
  for (const row of [guessKeys, scoreKeys]) {
    put(row, { class: "slider keyed" });
    for (const input of row.querySelectorAll("input")) {
      put(input, { "aria-label": row.querySelector("label")?.textContent });
    }
    view.control(row);
  }
  loss.box.append(scoreKeys);
  race.box.append(guessKeys);

  // What has changed ends the descent, when it is drawn.
  const ran = () => settled() && !view.changed.size;
  /** From which scores the descents began, and when they passed ½. @type {Map<number, number[]>} */
  const tried = new Map();
  /** The lowest of them from which it was soon enough, the highest from which it wasn't. */
  function bounds() {
    const z = view.get("logit");
    if (ran() && !secret() && !late() && counts() && !tried.get(z)?.[1]) {
      compute();
      tried.set(z, outs);
    }
    const soon = (/** @type {number} */ z) => (tried.get(z)?.[1] || LATER) <= STEPS;
    const starts = [...tried.keys()];
    return [Math.min(...starts.filter(soon)), Math.max(...starts.filter((z) => !soon(z)))];
  }
  /** Back to before the run, with its question. */
  function afresh(told = { twice: "", large: "" }) {
    stop();
    [placed, known, scored, answered, withdrawn] = [false, false, false, undefined, false];
    [length, shown, look] = [STEPS, 0, Infinity];
    answers = told;
  }
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    afresh();
    [marks, near, all] = [[25, 0.5], 0, 0];
    view.refresh();
  });
  const counts = () =>
    ["num_classes", "lr", "smoothing"].every((name) => view.get(name) === view.first[name]);
  const bracket = html("span.soft");
  /** What is said of the goals once they are reached, Reset or not. */
  const met = ["", ""];
  let won = ""; // by this run
  /** @param {number} i @param {boolean} now @param {() => string[]} say in the box, below */
  const meet = (i, now, say) => {
    if (now && !met[i]) [won, met[i]] = say();
    return met[i] !== "";
  };
  /** Whether cross-entropy has come to its target, and stays. */
  function rests() {
    compute();
    return [1, 0].every((n) => Math.abs(gapOf(0, length - n)) < STILL);
  }
  /** @param {number} z @param {number} no */
  const lowest = (z, no) => words.lowest([fmt(z, 1), fmt(no, 1)], tried.get(z) ?? []);
  const tasks = [
    goal(view, {
      text: words.lowestGoal(four(view.first.lr), four(view.first.smoothing)),
      reached: () => {
        const [yes, no] = bounds();
        return meet(0, yes - no < 0.15, () => [words.lowestMet(fmt(yes, 1)), lowest(yes, no)]);
      },
      says: () => met[0],
    }),
    goal(view, {
      text: words.restGoal(view.first.num_classes),
      reached: () => {
        const [s, k, y] = [four(view.get("smoothing")), view.get("num_classes"), at(0).target];
        const near = ran() && Math.abs(y - REST) < NEAR && rests();
        return meet(1, near, () => [words.restMet(four(y)), words.rests(s, k, four(y))]);
      },
      says: () => met[1],
    }),
  ];
  tasks[0].append(bracket);
  const right = html("div.stack", ask, race.node);
  view.add(
    chips,
    html("div.grid2", html("div.stack", loss.node, slope.node), right),
    said,
    view.bar(
      html(
        "div.columns",
        slider(view, "lr", { label: words.rate, step: 0.02, ...logarithmic }),
        slider(view, "smoothing", { label: words.smoothing, step: 0.01 }),
        descend,
      ),
    ),
    html("div.grid2", ...tasks),
  );
  for (const plot of [loss, slope]) {
    plot.drag(([x]) => view.set({ logit: Math.round(clamp(x, min, max) * 10) / 10 }));
  }
  race.drag(([x, y]) => ready() ? mark(late(), late() ? y : x) : lookAt(x));
  race.svg.addEventListener("pointerup", (event) => {
    if (!ready() || !race.svg.hasPointerCapture(event.pointerId)) return;
    mark(late(), race.at(event)[late()]); // a quick hand is there before its last move is told
    run();
  });

  const stroke = (/** @type {number} */ i) => ({
    stroke: COLORS[HUES[i]],
    "stroke-dasharray": DASHES[i],
  });

  /**
   * What the gradient of squared error is multiplied by, beside the gap p − y: it is this, times
   * p(1 − p), as the others all score the same.
   */
  const factor = () => 2 * view.get("num_classes") / (view.get("num_classes") - 1);
  const pullAt = (/** @type {number} */ p) => factor() * p * (1 - p);

  /** Where squared error stands: its gradient there is worked out. */
  const pulled = () => paths[secret() ? 0 : 1][step()];

  /** The scores on the way down one of the losses. @param {number} kind */
  function path(kind) {
    const way = [view.get("logit")];
    while (way.length <= length) way.push(next(way[way.length - 1], kind));
    return way;
  }

  /** @param {number} x @param {number} kind */
  const next = (x, kind) =>
    x - view.get("lr") * slopes(x, view.get("num_classes"), view.get("smoothing"))[kind];
  /** Where p is ½. */
  const half = () => Math.log(view.get("num_classes") - 1);

  function run() {
    stop();
    answered = placed ? undefined : topic(); // to a mark it is said whether it was near
    if (answered) answers[answered] ||= WATCHED;
    start();
  }

  /** Run on to the step at which p passes ½: the targets are above it, so there is one. */
  function goOn() {
    const kind = asked();
    let [x, n] = [paths[kind][STEPS], STEPS];
    for (; x <= half(); n += 1) x = next(x, kind);
    start(n);
    descend.focus({ preventScroll: true }); // what had the focus is gone
  }

  function start(steps = STEPS) {
    const from = steps > STEPS ? STEPS : 0;
    [known, length, shown, look] = [true, steps, from, Infinity];
    [won, withdrawn, view.spoken.textContent] = ["", false, ""];
    watch();
    stop = animate(steps > STEPS ? 4000 : 2500, (share) => {
      shown = Math.round(from + share * (steps - from));
      if (settled() && placed && !scored) {
        [scored, all] = [true, all + 1];
        near += Number(close());
      }
      view.refresh();
    });
  }

  /** Bring the race into view, and on a phone its question; what was just answered stays there. */
  function watch(first = false) {
    const box = (/** @type {string} */ what) =>
      view.frame.querySelector(what)?.getBoundingClientRect();
    const below = Math.min(
      right.getBoundingClientRect().bottom + (box(".low")?.height ?? 0) - globalThis.innerHeight,
      first ? (box(".answer")?.top ?? 0) - HEADER : Infinity,
    );
    if (below > 0) scrollBy({ top: below, behavior: stillness() ? "instant" : "smooth" });
  }

  /** How far a guess that counts may be off: 0.05 of p, a fifth of the steps. */
  const within = () => late() ? 0.05 : Math.max(1, Math.floor(outs[asked()] / 5));

  /** Whether the mark is where the run comes to. */
  function close() {
    if (late()) return Math.abs(marks[1] - at(paths[0][STEPS]).p) <= within();
    const n = outs[asked()] || LATER;
    return marks[0] > STEPS ? n > STEPS : Math.abs(marks[0] - n) <= within();
  }

  /** What came, and what was guessed. */
  function outcome() {
    const kind = capital(words.kinds[asked()]);
    const n = outs[asked()];
    if (length > STEPS) return `${words.both(kind, n, outs[0])}.`;
    const came = late()
      ? words.ends(kind, inWords(at(paths[0][STEPS]).p))
      : n
      ? words.passes(kind, n)
      : words.fails(kind);
    const mine = placed ? `${words.guessed(shownMark(late()))}${close() ? " ✓" : ""}` : "";
    return `${came}${mine}.`;
  }

  /** The question that is open, or what came of it. */
  function drawAsk() {
    const question = open();
    const guess = words[late() ? "where" : "when"](words.kinds[asked()]);
    const keys = html("span.keys", words.keys);
    let nodes = [
      html("p", ...(sure() ? [words.rises] : [html("b", words.guess), ` ${guess}`, keys])),
    ];
    if (withdrawn) nodes.unshift(html("p.soft", words.withdrawn));
    if (question) {
      const { question: text, answers: choices } = words.asks[question];
      nodes = [
        html("p", text),
        html(
          "div.row",
          ...choices.map(([text]) =>
            button(view, text, () => {
              [answers[question], answered] = [text, question];
              start();
              descend.focus({ preventScroll: true }); // what had the focus is gone
            })
          ),
        ),
      ];
    } else if (known && !settled()) {
      const kind = answered === "large" ? 0 : asked();
      const { p, values } = at(paths[kind][shown]);
      const now = answered === "twice"
        ? words.losing(shown, inWords(values[2]))
        : words.running(shown, inWords(p), words.kinds[kind]);
      const mine = placed && length === STEPS ? words.youSaid(shownMark(late())) : "";
      nodes = answered
        ? [
          html("p.soft", words.asks[answered].question),
          html("p", `${words.answered(answers[answered])}${now}.`),
        ]
        : [html("p", `${now}${mine}.`)];
    } else if (known && !secret()) {
      const stalled = !late() && !answered && !outs[asked()];
      const score = placed && !won && length === STEPS ? words.close(near, all) : "";
      nodes = [
        ...(won ? [html("p.done", won)] : []),
        ...(won && stalled && !placed ? [] : [html("p", verdict() || outcome() + score)]),
        ...(stalled ? [html("div.row", button(view, words.further, goOn))] : []),
        ...(won || stalled ? [] : [html("p.soft", noticed())]),
      ];
    }
    const key = nodes.map((node) => node.textContent).join();
    if (ask.dataset.key === key) return; // buttons that have the focus stay
    ask.dataset.key = key;
    ask.replaceChildren(...nodes);
  }

  /** How far the probability is from its target in the end. @param {number} kind */
  const gapOf = (kind, n = length) => at(paths[kind][n]).p - at(0).target;

  /** What a step of cross-entropy is, near its target, of the way to there. */
  const pace = () => view.get("lr") * at(0).target * (1 - at(0).target);

  /** What a run shows besides its end. */
  function noticed() {
    const { p, target } = at(paths[1][length]);
    if (swings()) {
      if (answered) return words.slower(inWords(pullAt(target)), rough(pullAt(target) * pace()));
      return words.swings + (Math.abs(gapOf(1)) < NEAR ? words.arrives(inWords(p)) : "");
    }
    const second = at(paths[2]?.[length] ?? min);
    const most = inWords(probability(1, view.get("num_classes")));
    if (answered) return words.sees(inWords(second.seen), most);
    if (second.p > target + NEAR) return words.beyond(inWords(second.p), inWords(target), most);
    const way = paths[asked()];
    if (late()) {
      const [before, last] = [gapOf(0, STEPS - 1), gapOf(0)];
      if (before * last > 0 && Math.abs(last) > STILL) return words.nearer(inWords(target));
      const stuck = pullAt(p) < SMALL && Math.abs(gapOf(1)) > WIDE;
      if (stuck) return words.stuck(inWords(p), inWords(pullAt(p)));
      return Math.abs(last) > STILL ? words.next : words.rest;
    }
    const n = outs[asked()];
    const [first, last] = [way[1] - way[0], way[n] - way[n - 1]];
    if (length > STEPS && outs[0]) {
      return words.longer(rough(n / outs[0]), rough(first), rough(last));
    }
    if (last > 1.5 * first) return words.grew(rough(first), n, rough(last));
    if (asked() !== 1) return words.next;
    return n > outs[0] ? words.paced(inWords(pullAt(at(way[0]).p)), outs[0]) : words.equal(n);
  }

  /** What is said to the answer to a chip's question. */
  function verdict() {
    if (!answered) return "";
    const mine = answers[answered];
    const right = words.asks[answered].answers.find(([text]) => text === mine)?.[1];
    const end = fmt(at(paths[2]?.[STEPS] ?? 0).values[2], 3);
    const large = answered === "large";
    const it = right ? "it" : words.kinds[large ? 0 : 2];
    const came = large
      ? words.large(it, rough(pace()))
      : words.twice(it, end, fmt(curves[0].floor, 4));
    return right ? `${mine}: ${right}, ${came}` : capital(came);
  }

  let key = "";
  /** @type {ReturnType<typeof losses>[]} */
  let curves = [];
  /** @type {number[][]} */
  let paths = [];
  /** The step at which each descent passes probability 1/2; 0 if it doesn't. @type {number[]} */
  let outs = [];
  let pathKey = "";
  function compute() {
    const shape = `${view.get("num_classes")} ${view.get("smoothing")}`;
    if (key !== shape) curves = xs.map(at);
    key = shape;
    const start = `${shape} ${view.get("logit")} ${view.get("lr")} ${kinds().length} ${length}`;
    if (pathKey === start) return;
    pathKey = start;
    paths = kinds().map(path);
    outs = paths.map((way) => Math.max(0, way.findIndex((x) => x > half())));
  }

  /** @param {Plot} plot @param {"values" | "slopes"} what */
  function drawCurves(plot, what) {
    const x = view.get("logit");
    const now = at(x);
    const valued = what === "values";
    if (valued) plot.scale({ y: [0, Math.log(view.get("num_classes") - 1) - min + 0.5] });
    const y = (/** @type {number} */ v) => plot.y(clamp(v, ...plot.ylim));
    const ring = { x: plot.x(x), y: y(now[what][0]) };
    const bar = clamp(pulled(), min, max);
    const pulls = curves.map(({ p }) => pullAt(p));
    const { floor } = curves[0];
    const twice = valued && kinds().length === 3;
    // Each name stands at its own curve, or is left out: the legend has its colour, too.
    const nameOf = (/** @type {number} */ i, /** @type {Partial<Label>} */ where) => ({
      text: words.kinds[i],
      x: plot.x(min),
      y: y(curves[0][what][i]),
      gap: 3,
      color: TEXT_COLORS[HUES[i]],
      weight: 600,
      fixed: true,
      ...where,
    });
    // Cross-entropy is named beside the ring; in the plot of the gradients, on its way up.
    const low = half() - 1.8;
    const free = Math.abs(x - low - 1.1) > 1.8;
    const hill = {
      text: words.hill(four(factor())),
      x: plot.x(half()),
      y: y(factor() / 4),
      color: TEXT_COLORS[FACTOR],
    };
    const rising = { x: plot.x(low), y: y(at(low).slopes[0]), gap: 28 };
    /** Along its curve, from the left. @type {(i: number) => Label[]} */
    const beside = (i) =>
      range(max - min).flatMap((j) => {
        const one = { x: plot.x(min + j), y: y(curves[10 * j][what][i]) };
        return [
          nameOf(i, { ...one, sides: ["below"] }),
          nameOf(i, { ...one, gap: 9, sides: ["below"] }),
          nameOf(i, { ...one, sides: ["above"] }),
          nameOf(i, { x: one.x, y: one.y - 8, gap: 19, sides: ["right"] }),
        ];
      });
    /** @type {Label[][]} */
    const wanted = [
      [
        valued
          ? nameOf(0, { ...ring, y: ring.y - 8, gap: 19, sides: ["right", "above"] })
          : nameOf(0, free ? { ...rising, sides: ["right"] } : { gap: 6, sides: ["above"] }),
        ...beside(0),
      ],
      ...(valued || secret()
        ? []
        : [[nameOf(2, { ...hill, gap: 8, sides: ["above", "left", "right"] })]]),
      ...kinds().slice(1).map(beside),
    ];
    const right = plot.xlim[1];
    if (twice) {
      const text = words.floor(fmt(floor, 4));
      const name = nameOf(2, { text, y: y(floor), gap: 10, sides: ["above", "below"] });
      const places = range(right).reverse().map((v) => ({ ...name, x: plot.x(v) }));
      wanted.unshift([...places, { ...places[0], fixed: false }]);
    }
    const place = (/** @type {number} */ i, /** @type {number} */ v) => {
      const inside = clamp(v, min, max);
      return { cx: plot.x(inside), cy: y(at(inside)[what][i]) };
    };
    const tie = { x: plot.x(bar), y: y(at(bar).slopes[0]) };
    const tied = !valued && !secret();
    /** A dot for each step; those at one place are one. @param {number} i */
    const steps = (i) => {
      const way = paths[i].slice(0, step());
      const places = new Map(way.map((v) => [Math.round(plot.x(clamp(v, min, max))), v]));
      return [...places.values()].map((v) => ({ v, last: false })).concat({
        v: paths[i][step()],
        last: true,
      });
    };
    const taken = [
      around(ring.x, ring.y, 12),
      ...(tied ? [{ left: tie.x - 1, right: tie.x + 1, top: 0, bottom: y(0.65) }] : []),
      ...kinds().flatMap((i) => [
        around(plot.x(clamp(paths[i][step()], min, max)), place(i, paths[i][step()]).cy, 7),
        ...along(plot, xs, curves.map((c) => c[what][i])),
      ]),
    ];
    const area = { ...plot.area, left: plot.area.left + 4 };
    /** @type {Label[]} */
    const labels = [];
    for (const options of wanted) addFirst(labels, options, area, taken);
    plot.draw(
      svg("path.edge", { d: plot.line(plot.xlim, [0, 0]) }),
      ...(valued || secret() ? [] : [
        svg("path.hill", { d: `${plot.line(xs, pulls)}L${plot.x(max)},${y(0)}H${plot.x(min)}Z` }),
        svg("path.pull", { d: plot.line([bar, bar], [0, pullAt(at(bar).p)]) }),
        // From the product to what it is of: the bar, and both curves at that score.
        svg("path.tie", {
          d: `M${Math.max(tie.x, plot.width - textWidth(product.textContent ?? "", 600))},0` +
            `L${tie.x},${plot.area.top}V${tie.y}`,
        }),
      ]),
      svg("path.ghost", { d: plot.line([x, x], plot.ylim) }),
      twice ? svg("path.ghost", { d: plot.line([half(), right], [floor, floor]) }) : "",
      ...kinds().map((i) =>
        svg("path.line", {
          d: plot.line(xs, curves.map((c) => c[what][i] > plot.ylim[1] ? NaN : c[what][i])),
          ...stroke(i),
        })
      ),
      ...kinds().flatMap((i) =>
        steps(i).map(({ v, last }) => {
          // Balls at one place lie around each other.
          const look = { r: last ? 8.5 - 2.5 * i : 2.5, fill: COLORS[HUES[i]] };
          return svg(last ? "circle.ring" : "circle", { ...place(i, v), ...look });
        })
      ),
      tied ? svg("circle.here", { cx: tie.x, cy: tie.y, r: 3.5, stroke: COLORS[HUES[0]] }) : "",
      ...labelNodes(labels, area, taken),
    );
    const color = TEXT_COLORS[HUES[0]];
    plot.handles([{ x, y: clamp(now[what][0], ...plot.ylim), color, way: "across" }]);
    if (valued) scoreKeys.style.cssText = `left: ${ring.x}px; top: ${ring.y}px`;
  }

  function drawRace() {
    const which = late();
    const end = Math.max(LATER + 2, shown > STEPS ? 1.2 * shown : 0);
    const later = which ? [] : [/** @type {[number, string]} */ ([LATER, words.later])];
    race.scale({
      x: [0, end],
      xticks: [
        [0, `${words.step} 0`],
        ...(end > LATER + 2
          ? ticks(0, end, 5).slice(1)
          : [...range(STEPS / 10).map((i) => 10 * (i + 1)), ...later]),
      ],
    });
    // Of a long way not every step is drawn.
    const every = Math.max(1, shown / 300);
    const steps = range(Math.floor(shown / every) + 1).map((i) => Math.round(i * every));
    const probs = paths.map((way) => steps.map((n) => probOf(way[n])));
    const past = outs.map((n) => n <= shown ? n : 0);
    const [x, y] = which ? [STEPS, marks[1]] : [marks[0], 0.5];
    const color = TEXT_COLORS[HUES[asked()]];
    const truth = which ? at(paths[0][STEPS]).p : outs[asked()] || LATER;
    const { target } = at(0);
    const level = settled() && view.get("smoothing");
    const most = probability(1, view.get("num_classes"));
    const seen = paths[2] && shown ? steps.map((n) => at(paths[2][n]).seen) : [];
    const heard = placed && length === STEPS && (settled() || !ready());
    const marked = heard || (placed && ready());
    const spot = { x: race.x(x), y: race.y(y) };
    const taken = [
      ...[...probs, ...(seen.length ? [seen] : [])].flatMap((ps) => along(race, steps, ps)),
      ...(marked ? [around(spot.x, spot.y, 8)] : []),
      { ...race.area, top: race.y(0.5) - 1, bottom: race.y(0.5) + 1 },
    ];
    // A step is named to the right of its line or to the left, or not at all.
    const tight = outs.length > 2 || (outs[1] && outs[1] - outs[0] < end / 5);
    /** @type {Label[]} */
    const labels = past.flatMap((n, i) => {
      const text = tight ? String(n) : words.out(n);
      const shared = past.some((m, j) => m === n && j !== i);
      const color = shared ? "var(--cu-ink)" : TEXT_COLORS[HUES[i]];
      const name = { text, x: race.x(n), color, weight: 600, fixed: true };
      /** @type {Label[]} */
      const places = [
        { ...name, y: race.y(0.5) + 13, sides: ["right"] },
        { ...name, y: race.y(probOf(paths[i][n])) - 9, sides: ["left"] },
      ];
      return places.filter((one) => n && place([one], race.area, taken).length).slice(0, 1);
    });
    if (level) {
      const beyond = { x: race.x(0.925 * end), y: race.y(target), gap: 2, color: "var(--cu-soft)" };
      labels.push({ ...beyond, text: words.target, sides: ["above"] });
      labels.push({ ...beyond, text: inWords(target), gap: 0, sides: ["below"] });
    }
    if (seen.length) {
      const pink = { gap: 3, color: TEXT_COLORS[HUES[2]], fixed: true };
      /** @type {(text: string, y: (n: number) => number, sides: ("above" | "below")[]) => void} */
      const name = (text, y, sides) => {
        const ns = range(11).map((i) => Math.round((1 - i / 10) * shown));
        const spots = ns.map((n) => ({ ...pink, text, x: race.x(n), y: race.y(y(n)) }));
        const options = spots.flatMap((one) => sides.map((side) => ({ ...one, sides: [side] })));
        const beyond = options.map((one) => ({ ...one, gap: 14 })); // the line at ½
        addFirst(labels, [...options, ...beyond], race.area, taken);
      };
      name(words.most(inWords(most)), () => most, ["above", "below"]);
      if (settled()) name(words.now, (n) => at(paths[2][n]).seen, ["below", "above"]);
    }
    const track = -TRACK / (race.y(0) - race.y(1));
    const looking = known && settled();
    const ball = (/** @type {number} */ i, /** @type {number} */ n) => ({
      cx: race.x(n),
      cy: race.y(probOf(paths[i][n])),
      r: 4,
      fill: COLORS[HUES[i]],
    });
    race.draw(
      svg("path.ghost", { d: race.line([0, end], [0.5, 0.5]) }),
      level ? svg("path.dash", { d: race.line([0, end], [target, target]) }) : "",
      ready() && which ? svg("path.ghost", { d: race.line([STEPS, STEPS], [0, 1]) }) : "",
      heard && settled()
        ? svg("path.miss", {
          d: which
            ? race.line([STEPS, STEPS], [marks[1], truth])
            : race.line([marks[0], truth], [0.5, 0.5]),
          stroke: color,
        })
        : "",
      ...(seen.length ? [race.line(steps, seen), race.line([0, end], [most, most])] : []).map((d) =>
        svg("path.thin", { d, stroke: COLORS[HUES[2]] })
      ),
      ...kinds().map((i) => svg("path.line", { d: race.line(steps, probs[i]), ...stroke(i) })),
      look < shown ? svg("path.ghost", { d: race.line([look, look], [0, 1]) }) : "",
      ...kinds().map((i) => svg("circle", ball(i, step()))),
      ...past.flatMap((n, i) => n ? [svg("circle.ring", ball(i, n))] : []),
      marked
        ? svg("path.mark", {
          d: `M${spot.x},${spot.y - 8}l7,8l-7,8l-7,-8Z`,
          style: `--color: ${color}`,
        })
        : "",
      looking
        ? svg(
          "text.soft",
          {
            x: race.x((step() > length / 2 ? 0.25 : 0.75) * length),
            y: race.area.bottom + TRACK + 4,
            "text-anchor": "middle",
          },
          words.back,
        )
        : "",
      ...labelNodes(labels, race.area, taken),
    );
    race.handles(
      ready()
        ? [{ x, y, color, way: which ? "up" : "across" }]
        : looking
        ? [{ x: step(), y: track, color: "var(--cu-ink)", way: "across" }]
        : [],
    );
    guessKeys.inert = !known && !ready();
    const [keyX, keyY] = known ? [race.x(step()), race.y(track)] : [spot.x, spot.y];
    guessKeys.style.cssText = `left: ${keyX}px; top: ${keyY}px`;
    put(/** @type {Element} */ (guessKeys.querySelector("input")), {
      "aria-label": known ? words.step : words.mark,
    });
    // Once it was shown, the third can be put on again.
    const shows = open() === "twice" ? paths.length : Math.max(named, paths.length);
    if (legend.childElementCount !== shows) {
      legend.replaceChildren(words.race, ...names.slice(0, shows));
    }
    named = Math.max(named, shows);
    // Out of sight it isn't kept up to date.
    /** @type {HTMLInputElement} */ (twice.querySelector("input")).checked = view.get(
      "double_softmax",
    );
  }

  /** Where each descent has come to. */
  function descent() {
    const ends = paths.map((way, i) => words.end(inWords(at(way[step()]).p), words.kinds[i]));
    const seen = paths[2] ? words.seen(inWords(at(paths[2][step()]).seen)) : "";
    return words.ran(step(), ends.join(", ") + seen);
  }

  /** Whether the descent of cross-entropy jumps back and forth in the end. */
  function swings() {
    const [a, b, c] = paths[0].slice(-3).map((x) => at(x));
    return a.slopes[0] * b.slopes[0] < 0 && b.slopes[0] * c.slopes[0] < 0 &&
      Math.abs(c.p - b.p) > SWING;
  }

  /** @param {ReturnType<typeof losses>} now */
  function drawNumbers(now) {
    const z = Math.round(1000 * pulled()) / 1000 || 0; // of which all is that stands beside it
    const there = at(z);
    const pull = pullAt(there.p);
    const few = enough((r) => r(there.slopes[0]) * r(pull), 2);
    const number = (/** @type {number} */ value, /** @type {number} */ digits, hue = 0) =>
      html(
        "b",
        { style: `color: ${TEXT_COLORS[hue]}` },
        hue !== FACTOR && Math.abs(value) < TINY ? words.tiny : digitsOf(value, digits),
      );
    const hidden = (/** @type {string} */ name, /** @type {number} */ value) =>
      quantity(html("span", { hidden: true }), name, value, "");
    const flat = pullAt(now.p) < SMALL && Math.abs(now.p - now.target) > WIDE;
    // With smoothing, where it should be is what a goal asks for.
    const tail = flat && !view.get("smoothing") ? words.flat(rough(1 / pullAt(now.p))) : "";
    product.replaceChildren(
      ...(secret() ? [] : [
        html("b", { style: `color: ${TEXT_COLORS[HUES[1]]}` }, words.here(four(z))), // of its ball
        ": ",
        number(there.slopes[0], few),
        " × ",
        number(pull, few, FACTOR),
        " = ",
        number(there.slopes[1], 2, HUES[1]),
      ]),
    );
    said.replaceChildren(
      html(
        "strong",
        words[shown ? "began" : "probability"](fmt(view.get("logit"), 1), inWords(now.p)),
      ),
      shown
        ? descent()
        : secret()
        ? words.entropy(inWords(now.slopes[0]))
        : words.times(four(factor()), tail),
      hidden("floor", now.floor),
      hidden("target", now.target),
      ...kinds().flatMap((i) => [
        hidden(`loss${i}`, now.values[i]),
        hidden(`grad${i}`, now.slopes[i]),
        hidden(`end${i}`, paths[i][step()]),
      ]),
    );
  }

  return () => {
    if (view.changed.size) {
      const left = posed || (withdrawn && !view.changed.has("logit"));
      afresh(answers);
      withdrawn = left && !open();
    }
    posed = Boolean(open());
    begin.hidden = secret(); // the ring is locked
    for (const node of [...tasks, ask]) node.hidden = secret(); // they name the second loss
    compute();
    const [yes, no] = bounds();
    const edge = Math.min(yes, max);
    const from = [...tried].sort(([a], [b]) => Math.abs(a - edge) - Math.abs(b - edge)).slice(0, 4)
      .sort(([a], [b]) => b - a).map(([z, [, n]]) => `${fmt(z, 1)}: ${n || `> ${STEPS}`}`);
    const below = Number.isFinite(yes) && !Number.isFinite(no) ? fmt(yes - 0.1, 1) : "";
    const undone = !tasks[0].classList.contains("done");
    say(bracket, !undone ? "" : counts() ? words.taken(from, below) : words.elsewhere);
    const now = at(view.get("logit"));
    drawNumbers(now);
    drawCurves(loss, "values");
    drawCurves(slope, "slopes");
    drawRace();
    drawAsk();
    if (step() < shown) return capital(descent());
    if (shown && !settled()) return "";
    if (shown) {
      return verdict() || (placed || length > STEPS ? outcome() : capital(descent()));
    }
    if (placed) return ""; // its slider says where the mark is
    const digits = kinds().slice(0, 2).flatMap((i) => [now.values[i], now.slopes[i]]);
    return words.spoken(digits.map(inWords));
  };
});
