import {
  animate,
  button,
  checkbox,
  clamp,
  COLORS,
  dot,
  figure,
  fmt,
  formula,
  four,
  fraction,
  goal,
  guessFirst,
  html,
  labelNodes,
  letter,
  logarithmic,
  logSoftmax,
  math,
  minus,
  operator,
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
  tries,
} from "./kit.js";

/** @import { Label } from "./kit/labels.js" */
/** @import { Plot } from "./kit/plot.js" */

const PLAIN = { num_classes: 3, smoothing: 0, lr: 1 }; // what the states to try say holds for these
const FLAT = "it has the factor p(1 − p), almost 0 at −6.";
const WORDS = {
  en: {
    lead: "True class: score z, probability p; all others score 0. Gradient descent moves z alone.",
    question: "At a score of −6 the true class has almost no probability, and the gradient " +
      "of cross-entropy is close to −1. How large is that of squared error?",
    answers: [
      { text: "About as large", says: `No: ${FLAT}` },
      { text: "About a tenth of it", says: `Still smaller: ${FLAT}` },
      { text: "Less than a hundredth of it", says: `Yes: ${FLAT}` },
    ],
    kinds: ["cross-entropy", "squared error", "softmax twice"],
    score: "score z of the true class",
    scoreShort: "score z",
    classes: "classes",
    smoothing: "smoothing",
    rate: "learning rate",
    twice: "softmax applied twice (a mistake)",
    log: "p by its powers of ten",
    second:
      "By mistake, softmax is applied twice: the loss is cross-entropy of its probabilities. " +
      "How low can it come?",
    seconds: [["As low as with one", "No"], ["Not so low", "Yes"], ["It never falls", "No"]],
    secondly: (/** @type {string} */ floor) =>
      `it comes down to ${floor} at best, since the second gets numbers at most 1 apart.`,
    descend: (/** @type {number} */ steps) => `Descend ${steps} steps`,
    loss: "loss (cross-entropy: nats); arrows: next step",
    gradient: "gradient of the loss",
    race: "probability of the true class after each step",
    step: "step",
    pull: "pull the ring and let go",
    lossPlot: "The losses against the score of the true class",
    gradientPlot: "The gradients of the losses against the score of the true class",
    racePlot: "Probability of the true class, step by step",
    details: "The gradients: curves, numbers, where the factor comes from",
    columns: ["at this score", "loss", "gradient"],
    probability: (/** @type {string} */ z, /** @type {string} */ p) => `At z = ${z}, p = ${p}.`,
    entropy: (/** @type {string} */ slope) => ` Gradient of cross-entropy ${slope}`,
    /** @type {(slope: string, factor: string, value: string) => string} */
    square: (slope, factor, value) =>
      `; of squared error ${slope}, the first times ${factor}p(1 − p) = ${value}.`,
    /** @type {(factor: string, k: number) => string} */
    share: (factor, k) =>
      `${factor} is 2K/(K − 1), with K = ${k}: the other classes share the gap p − y, so ` +
      "squared error is (p − y)² · K/(K − 1). Its slope has the 2 of the square, and " +
      "dp/dz = p(1 − p).",
    more: (/** @type {string} */ factor, /** @type {string} */ value) =>
      `× ${factor}p(1 − p) = ${value}`,
    of: (/** @type {string} */ kind, /** @type {string} */ what) => `${kind}: ${what}`,
    floor: (/** @type {string} */ floor) => `softmax twice stays above ${floor}`,
    ran: (/** @type {number} */ steps, /** @type {string} */ each) =>
      ` After ${steps} steps p is ${each}.`,
    swings: " The steps go too far: cross-entropy jumps back and forth across its lowest point.",
    end: (/** @type {string} */ p, /** @type {string} */ kind) => `${p} with ${kind}`,
    out: (/** @type {number} */ step) => `passes 1/2 at step ${step}`,
    /** @type {(k: number, lr: string, smoothing: string) => string} */
    lowestGoal: (k, lr, smoothing) =>
      `with ${k} classes, rate ${lr}, smoothing ${smoothing}: find the lowest score, to 0.1, ` +
      "from which squared error passes 1/2 in 50 steps.",
    restGoal: "smooth so that cross-entropy comes to rest at probability 0.80.",
    elsewhere: "What is set now is something else.",
    /** @type {(yes: string, no: string, steps: number[]) => string} */
    lowest: (yes, no, [entropy, square]) =>
      `From ${yes} it takes ${square} steps, cross-entropy ${entropy}; from ${no}, 50 are too few.`,
    /** @type {(yes: string, no: string) => string} */
    between: (yes, no) =>
      [yes && `From ${yes} it does.`, no && `From ${no} it doesn't.`].filter(Boolean).join(" "),
    rests: (
      /** @type {string} */ smoothing,
      /** @type {number} */ classes,
      /** @type {string} */ target,
    ) =>
      `With ${classes} classes and smoothing ${smoothing} the target is ` +
      `1 − ${smoothing} + ${smoothing}/${classes} = ${target}, and there p − y = 0.`,
    spoken: (/** @type {string[]} */ [loss0, slope0, loss1, slope1]) =>
      `Cross-entropy ${loss0}, gradient ${slope0}` +
      (loss1 ? `; squared error ${loss1}, gradient ${slope1}.` : "."),
    tries: [
      {
        label: "undecided",
        set: { ...PLAIN, logit: 0 },
        says: "From a score of 0 squared error passes 1/2 in two steps, as cross-entropy does.",
      },
      {
        label: "smoothing",
        set: { ...PLAIN, logit: 8, smoothing: 0.5, log_p: false },
        says: "The target is 2/3, not 1: cross-entropy brings the score back, squared error " +
          "hardly moves.",
      },
      {
        label: "softmax twice",
        set: { ...PLAIN, logit: -6, double_softmax: true },
        says: "This model ends in softmax, and its cross-entropy applies softmax again.",
      },
    ],
  },
};

const STEPS = 50;
const [REST, NEAR] = [0.8, 0.005]; // of the second goal: where the descent shall end, and how near
const REACH = 2; // scores to each side that a tangent covers
const SWING = 0.05; // a smaller change of the probability back and forth is not spoken of
const DASHES = ["none", "7 4", "2 4"];
const HUES = [0, 1, 3]; // of the three losses

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
  const dp = p.map((s, j) => s * ((j ? 0 : 1) - p[0])); // what the score does to each probability
  const twice = softmax(p);
  const gap = p.map((s, j) => s - target[j]);
  return {
    p: p[0],
    target: target[0],
    values: [-dot(target, logSoftmax(z)), sum(gap.map((v) => v ** 2)), -dot(target, logSoftmax(p))],
    slopes: [gap[0], 2 * dot(gap, dp), dot(twice.map((s, j) => s - target[j]), dp)],
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
function enough(join, digits = 4) {
  const right = digitsOf(join((v) => v), digits);
  const comes = (/** @type {number} */ n) =>
    digitsOf(join((v) => Number(v.toPrecision(n))), digits) === right;
  return [3, 4, 5, 6, 7, 8].find((n) => n >= digits && comes(n)) ?? 9;
}

/** A number in a sentence. @param {number} value */
const inWords = (value) => digitsOf(value, 3);

/**
 * Small boxes along a curve, of which labels keep clear.
 * @param {Plot} plot
 * @param {number[]} xs
 * @param {number[]} ys
 */
const along = (plot, xs, ys) =>
  xs.map((at, i) => {
    const [x, y] = [plot.x(at), plot.y(ys[i])];
    return { left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 };
  });

export default figure(WORDS, (view, words) => {
  const { min = -8, max = 8 } = SPEC.traits.logit;
  const xs = range(161).map((i) => min + (i * (max - min)) / 160);
  /** @type {{ x: [number, number], xlabel: string, xticks: number[], height: number }} */
  const common = {
    x: [min - 0.7, max + 0.7],
    xlabel: words.score,
    xticks: [-8, -4, 0, 4, 8],
    height: 230,
  };
  const loss = view.plot({ ...common, label: words.lossPlot, y: [0, 10.5], ylabel: words.loss });
  const slope = view.plot({
    ...common,
    label: words.gradientPlot,
    y: [-1.1, 0.6],
    yticks: [-1, -0.5, 0, 0.5],
    ylabel: words.gradient,
  });
  view.apart = ["log_p"];
  const race = view.plot({
    label: words.racePlot,
    height: 230,
    x: [0, STEPS],
    y: [0, 1],
    xlabel: words.step,
    ylabel: words.race,
  });
  const said = html("p.say");
  const body = html("tbody");
  const line = html("div.formula");
  const square = html("div.formula");
  const share = html("p.why");
  const head = html("tr", ...words.columns.map((name) => html("th", { scope: "col" }, name)));
  const table = html("table", html("thead", head), body);
  const more = html(
    "details",
    html("summary", words.details),
    html("div.grid2", slope.node, html("div.stack", table, line, square, share)),
  );
  let shown = 0; // steps of the descent on the screen
  let stop = () => {};
  const descend = button(view, words.descend(STEPS), () => run());
  descend.classList.add("primary");
  const shape = html(
    "div.columns",
    slider(view, "num_classes", { label: words.classes, step: 1, show: String }),
    checkbox(view, "double_softmax", { label: words.twice }),
  );
  const powers = checkbox(view, "log_p", { label: words.log });
  const smooth = slider(view, "smoothing", { label: words.smoothing, step: 0.01 });
  for (const node of [shape, smooth, powers, more]) view.control(node);
  view.add(html("p.lead", words.lead));
  guessFirst(view, { question: words.question, answers: words.answers, show: () => watch() });
  const chips = tries(view, words.tries);
  for (const chip of chips.querySelectorAll("button")) {
    chip.addEventListener("click", () => {
      if (!asking()) run();
    });
  }
  // What has changed ends the descent, when it is drawn.
  const ran = () => shown === STEPS && !view.changed.size;
  /** Between which scores the lowest one lies, as far as descents have shown. */
  let tried = { yes: Infinity, no: -Infinity, steps: [0, 0] };
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    tried = { yes: Infinity, no: -Infinity, steps: [0, 0] };
  });
  const counts = () =>
    ["num_classes", "lr", "smoothing"].every((name) => view.get(name) === view.first[name]);
  const bracket = html("span.soft");
  function note() {
    const z = view.get("logit");
    if (secret() || at(z).p > 0.5 || !counts()) return;
    const steps = outs();
    if (!steps[1]) tried.no = Math.max(tried.no, z);
    else if (z < tried.yes) Object.assign(tried, { yes: z, steps });
  }
  const tasks = [
    goal(view, {
      text: words.lowestGoal(
        view.first.num_classes,
        four(view.first.lr),
        four(view.first.smoothing),
      ),
      lasts: true,
      reached: () => {
        if (ran()) note();
        return tried.yes - tried.no < 0.15;
      },
      says: () => words.lowest(fmt(tried.yes, 1), fmt(tried.no, 1), tried.steps),
    }),
    goal(view, {
      text: words.restGoal,
      lasts: true,
      reached: () =>
        ran() && [at(0).target, at(paths[0][STEPS]).p].every((v) => Math.abs(v - REST) < NEAR),
      says: () =>
        words.rests(four(view.get("smoothing")), view.get("num_classes"), four(at(0).target)),
    }),
  ];
  tasks[0].append(bracket);
  let answered = ""; // to the question before the second softmax
  const asking = () => view.get("double_softmax") && !answered;
  const answer = html("span");
  const second = html("section.guess", { "aria-label": words.second });
  const choose = (/** @type {string} */ text, /** @type {string} */ verdict) => {
    const node = html("button", { type: "button" }, text);
    node.addEventListener("click", () => {
      answered = text;
      const told = html(
        "p.answer",
        { tabindex: -1 },
        html("b", `${text}:`),
        ` ${verdict}, `,
        answer,
      );
      if (verdict) second.replaceChildren(told);
      else second.remove();
      if (!view.get("double_softmax")) return; // all questions were skipped at once
      view.touched = true;
      (verdict ? told : descend).focus({ preventScroll: true }); // what had the focus is gone
      run();
    });
    return node;
  };
  const skip = choose(view.words.skip, "");
  skip.classList.add("skip");
  second.append(
    html("p.question", html("b", view.words.guessFirst), ` ${words.second}`),
    html("div.row", ...words.seconds.map(([text, verdict]) => choose(text, verdict)), skip),
  );
  view.control(second);
  view.add(
    chips,
    second,
    html("div.grid2", loss.node, html("div.stack", race.node, powers)),
    view.bar(
      html(
        "div.columns",
        slider(view, "logit", { label: words.scoreShort, show: (v) => fmt(v, 1) }),
        slider(view, "lr", { label: words.rate, step: 0.02, ...logarithmic }),
        descend,
      ),
    ),
    said,
    tasks[0],
    html("div.grid2", tasks[1], smooth),
    shape,
    more,
  );
  let pulled = false;
  loss.drag(([x]) => {
    pulled = true;
    view.set({ logit: Math.round(clamp(x, min, max) * 10) / 10 });
  });
  for (const event of ["pointerup", "pointercancel"]) {
    loss.svg.addEventListener(event, () => {
      if (pulled && event === "pointerup") run();
      pulled = false;
    });
  }

  // The question is about the second loss: until the guess only the first is shown.
  const secret = () => view.locked && !view.onPaper;
  const twice = () => view.get("double_softmax") && (answered || view.onPaper);
  const kinds = () => range(secret() ? 1 : twice() ? 3 : 2);
  const at = (/** @type {number} */ x) => losses(x, view.get("num_classes"), view.get("smoothing"));
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

  /** The scores on the way down one of the losses. @param {number} kind */
  function path(kind) {
    const way = [view.get("logit")];
    while (way.length <= STEPS) {
      const x = way[way.length - 1];
      way.push(x - view.get("lr") * at(x).slopes[kind]);
    }
    return way;
  }

  /** The step at which each descent passes probability 1/2; 0 if none does. */
  const outs = () => paths.map((way) => Math.max(0, way.findIndex((x) => at(x).p > 0.5)));

  function run() {
    stop();
    stop = animate(2500, (share) => {
      shown = Math.round(share * STEPS);
      view.refresh();
    });
  }

  /** Run; on a phone both plots come into view before. */
  function watch() {
    const bar = view.frame.querySelector(".low")?.getBoundingClientRect().height ?? 0;
    const below = race.node.getBoundingClientRect().bottom + bar - globalThis.innerHeight;
    if (below > 0) scrollBy({ top: below, behavior: stillness() ? "instant" : "smooth" });
    run();
  }

  let key = "";
  /** @type {ReturnType<typeof losses>[]} */
  let curves = [];
  /** @type {number[][]} */
  let paths = [];
  function compute() {
    const shape = `${view.get("num_classes")} ${view.get("smoothing")}`;
    if (key !== shape) curves = xs.map(at);
    key = shape;
    paths = kinds().map(path);
  }

  /** @param {Plot} plot @param {"values" | "slopes"} what */
  function drawCurves(plot, what) {
    const x = view.get("logit");
    const now = at(x)[what];
    const y = (/** @type {number} */ v) => plot.y(clamp(v, ...plot.ylim));
    /** @type {Label[]} */
    const labels = kinds().map((i) => {
      // Cross-entropy is named where the other curves, and the handle at first, are not.
      const spot = [what === "slopes" ? 88 : 24, 28, 150][i];
      return {
        text: words.kinds[i],
        x: plot.x(xs[spot]),
        y: y(curves[spot][what][i]) - (spot === 24 ? 8 : 0), // the curve falls from there
        sides: i ? ["above", "below"] : ["right", "above", "below"],
        gap: i ? 6 : 11, // of the handle
        color: TEXT_COLORS[HUES[i]],
        weight: 600,
      };
    });
    if (what === "values" && !secret() && !shown) { // after a descent p is another than above
      const { p } = at(paths[1][shown]);
      const brief = words.more(four(factor()), digitsOf(pullAt(p), 2));
      const long = words.of(words.kinds[1], brief);
      labels.push({
        text: textWidth(long) < plot.area.right - plot.area.left ? long : brief,
        x: plot.x(max),
        y: y(9.2), // up here no curve passes, on a phone either
        color: TEXT_COLORS[HUES[1]],
      });
    }
    const { floor } = curves[0];
    const twice = what === "values" && kinds().length === 3;
    if (twice) {
      // Up here, to the right of cross-entropy, no curve passes, whatever the number of classes.
      const color = TEXT_COLORS[HUES[2]];
      labels.push({ text: words.floor(fmt(floor, 4)), x: plot.x(max), y: y(7.9), color });
    }
    const place = (/** @type {number} */ i, /** @type {number} */ v) => {
      const inside = clamp(v, min, max);
      return { cx: plot.x(inside), cy: y(at(inside)[what][i]) };
    };
    /** Two balls at one place lie side by side. @param {number} i */
    const aside = (i) => {
      if (!i || kinds().length < 3) return 0;
      const [a, b] = [1, 2].map((n) => place(n, paths[n][shown]));
      const near = 13 - Math.hypot(a.cx - b.cx, a.cy - b.cy);
      return near > 0 ? (i === 1 ? near : -near) / 2 : 0;
    };
    const tangent = (/** @type {number} */ i) => {
      const start = clamp(paths[i][shown], min, max);
      const { values, slopes } = at(start);
      const ends = [-REACH, REACH].map((d) => clamp(start + d, ...plot.xlim));
      return plot.line(ends, ends.map((v) => values[i] + slopes[i] * (v - start)));
    };
    const level = { ...plot.area, top: y(floor) - 1, bottom: y(floor) + 1 };
    const crossed = (/** @type {number} */ i, from = 0) =>
      along(plot, xs.slice(from), curves.slice(from).map((c) => c[what][i]));
    const ring = { x: plot.x(x), y: y(now[0]) };
    const taken = [
      ...(what === "values"
        ? [{ left: ring.x - 12, right: ring.x + 12, top: ring.y - 12, bottom: ring.y + 12 }]
        : []),
      ...(twice ? [level] : []),
      ...(kinds().length < 3 ? [] : [...crossed(2), ...crossed(0, 110)]),
    ];
    /** The next step, below all balls but the first where there is room. @param {number} i */
    const arrow = (i) => {
      const z = paths[i][shown];
      const from = place(i, z);
      const end = place(i, z - view.get("lr") * at(z).slopes[i]).cx;
      const below = i && plot.area.bottom - from.cy > 20;
      const height = from.cy + (below ? 13 : i || shown ? -12 : -17);
      const head = Math.abs(end - from.cx) > 5 ? Math.sign(end - from.cx) * 4 : 0;
      const tip = head ? `m${-head},-3l${head},3l${-head},3` : "";
      return `M${from.cx},${height - 4}v8m0,-4H${end}${tip}`;
    };
    plot.draw(
      svg("path.edge", { d: plot.line(plot.xlim, [0, 0]) }),
      svg("path.ghost", { d: plot.line([x, x], plot.ylim) }),
      twice ? svg("path.ghost", { d: plot.line(plot.xlim, [floor, floor]) }) : "",
      ...kinds().map((i) =>
        svg("path.line", { d: plot.line(xs, curves.map((c) => c[what][i])), ...stroke(i) })
      ),
      ...(what === "values" ? kinds() : []).flatMap((i) => [
        svg("path.tangent", { d: tangent(i), stroke: COLORS[HUES[i]] }),
        svg("path.arrow", { d: arrow(i), stroke: TEXT_COLORS[HUES[i]] }),
      ]),
      ...kinds().flatMap((i) =>
        paths[i].slice(0, shown + 1).map((v, n) => {
          const last = n === shown;
          const spot = place(i, v);
          const look = { r: last ? 6 : 2.5, fill: COLORS[HUES[i]] };
          const cx = spot.cx + (last ? aside(i) : 0);
          return svg(last ? "circle.ring" : "circle", { ...spot, cx, ...look });
        })
      ),
      ...labelNodes(labels, plot.area, taken),
    );
    const color = TEXT_COLORS[HUES[0]];
    const grip = { x, y: clamp(now[0], ...plot.ylim), color, way: /** @type {const} */ ("across") };
    plot.handles(what === "values" ? [grip] : []);
  }

  function drawRace() {
    const steps = range(shown + 1);
    const probs = paths.map((way) => steps.map((n) => at(way[n]).p));
    const log = view.get("log_p");
    const h = log ? Math.log10 : (/** @type {number} */ p) => p;
    if (log) {
      const low = Math.min(-1, Math.floor(Math.log10(Math.min(...probs.flat()))));
      const powers = range(1 - low).map((n) => n + low);
      race.scale({
        y: [low, low / -8],
        yticks: [...(low > -4 && race.height > 200 ? [0.5] : []), ...powers.map((n) => 10 ** n)]
          .map((p) => [
            Math.log10(p),
            String(Number(p.toPrecision(1))),
          ]),
      });
    } else {
      // above, room for the name of a curve that ends at 1
      race.scale({ y: [0, 1.2], yticks: [0, 0.5, [REST, REST.toFixed(2)], 1] });
    }
    const past = outs().map((n) => n <= shown ? n : 0);
    const above = race.y(h(1)) - 12;
    /** @type {Label[]} */
    const labels = kinds().flatMap((i) => {
      const look = { color: TEXT_COLORS[HUES[i]], weight: 600 };
      // The third curve may end where the second does: it is named at a third of its way.
      const end = i < 2 ? shown : Math.round(shown / 3);
      /** @type {Label} */
      const name = {
        text: words.kinds[i],
        x: race.x(end),
        y: race.y(h(probs[i][end])),
        sides: ["above", "below", "left"],
        ...look,
      };
      /** @type {Label} */
      const passing = {
        text: words.out(past[i]),
        x: race.x(past[i]),
        y: i === 0 && swings() ? above : race.y(h(0.5)) + (log ? 12 + 15 * i : i ? 13 : -13),
        sides: past[i] > STEPS / 2 ? ["left"] : ["right"],
        gap: past[i] > STEPS / 2 ? 34 : 6, // a late curve is bent
        ...look,
      };
      return past[i] ? [name, passing] : [name];
    });
    labels.sort((a, b) => a.y - b.y); // the name of the higher curve is the higher one
    const heights = probs.map((ps) => ps.map(h));
    const taken = heights.flatMap((ps) => along(race, steps, ps));
    const middle = {
      x: race.x(STEPS / 2),
      y: (race.area.top + race.area.bottom) / 2,
      text: words.pull,
    };
    race.draw(
      ...(log ? [0.5] : [0.5, REST]).map((p) =>
        svg("path.ghost", { d: race.line(race.xlim, [h(p), h(p)]) })
      ),
      ...kinds().map((i) => svg("path.line", { d: race.line(steps, heights[i]), ...stroke(i) })),
      ...past.flatMap((n, i) => {
        const spot = { cx: race.x(n), cy: race.y(heights[i][n]), r: 4, fill: COLORS[HUES[i]] };
        return n ? [svg("circle.ring", spot)] : [];
      }),
      ...labelNodes(shown ? labels : secret() ? [] : [middle], race.area, taken),
    );
  }

  /** Where each descent has come to. */
  function descent() {
    const ends = paths.map((way, i) => words.end(inWords(at(way[shown]).p), words.kinds[i]));
    const tail = shown === STEPS && swings() ? words.swings : "";
    return words.ran(shown, ends.join(", ")) + tail;
  }

  /** Whether the descent of cross-entropy jumps back and forth in the end. */
  function swings() {
    const [a, b, c] = paths[0].slice(STEPS - 2).map((x) => at(x));
    return a.slopes[0] * b.slopes[0] < 0 && b.slopes[0] * c.slopes[0] < 0 &&
      Math.abs(c.p - b.p) > SWING;
  }

  /** @param {ReturnType<typeof losses>} now */
  function drawNumbers(now) {
    body.replaceChildren(
      ...kinds().map((i) => {
        const sample = svg("path.line", { d: "M1,5H27", ...stroke(i) });
        const key = svg("svg.sample", { viewBox: "0 0 28 10", "aria-hidden": true }, sample);
        return html(
          "tr",
          html("th", { scope: "row" }, key, words.kinds[i]),
          quantity(html("td"), `loss${i}`, now.values[i], four(now.values[i])),
          quantity(html("td"), `grad${i}`, now.slopes[i], digitsOf(now.slopes[i])),
        );
      }),
    );
    const derivative = () =>
      fraction(math("mrow", operator("∂"), letter("L")), math("mrow", operator("∂"), letter("z")));
    const pull = pullAt(now.p);
    const number = (
      /** @type {string} */ name,
      /** @type {number} */ value,
      /** @type {{ kind?: number, digits?: number }} */ { kind, digits = 4 } = {},
    ) => {
      const text = digitsOf(value, digits);
      const style = kind === undefined ? null : `color: ${TEXT_COLORS[HUES[kind]]}`;
      return put(quantity(math("mn"), name, value, text), { style });
    };
    const exact = enough((r) => r(now.p) - r(now.target));
    line.replaceChildren(
      formula(derivative(), operator("="), letter("p"), operator("−"), letter("y")),
      formula(
        operator("="),
        number("p", now.p, { digits: exact }),
        operator("−"),
        number("target", now.target, { digits: exact }),
      ),
      formula(operator("="), number("slope", now.slopes[0], { kind: 0 })),
    );
    // The others score the same, so squared error has the gap p − y, too, times how p moves with z.
    square.hidden = share.hidden = secret();
    say(share, words.share(four(factor()), view.get("num_classes")));
    const digits = enough((r) => r(now.slopes[0]) * r(pull));
    square.replaceChildren(
      html("b", { style: `color: ${TEXT_COLORS[HUES[1]]}` }, words.kinds[1]),
      formula(
        ...[derivative(), operator("="), operator("("), letter("p"), operator("−"), letter("y")],
        ...[operator(")"), operator("·"), number("factor", factor())],
        ...[letter("p"), operator("("), math("mn", 1), operator("−"), letter("p"), operator(")")],
      ),
      formula(
        operator("="),
        number("gap", now.slopes[0], { kind: 0, digits }),
        operator("·"),
        number("pull", pull, { kind: 1, digits }),
      ),
      formula(operator("="), number("product", now.slopes[0] * pull, { kind: 1 })),
    );
    const few = enough((r) => r(now.slopes[0]) * r(pull), 2);
    const times = digitsOf(pull, few);
    said.replaceChildren(
      html("strong", words.probability(fmt(view.get("logit"), 1), inWords(now.p))),
      words.entropy(digitsOf(now.slopes[0], few)),
      secret() ? "." : words.square(digitsOf(now.slopes[1], 2), four(factor()), times),
      shown ? descent() : "",
      quantity(html("span", { hidden: true }), "floor", now.floor, ""),
      ...paths.map((way, i) => quantity(html("span", { hidden: true }), `end${i}`, way[shown], "")),
    );
  }

  return () => {
    if ([...view.changed].some((name) => name !== "log_p")) {
      stop();
      shown = 0;
    }
    for (const node of [...tasks, smooth]) node.hidden = secret(); // they name the second loss
    second.hidden = secret() || !view.get("double_softmax");
    chips.classList.toggle("asking", asking());
    compute();
    const { yes, no } = tried;
    const found = [yes, no].map((z) => Number.isFinite(z) ? fmt(z, 1) : "");
    const open = !tasks[0].classList.contains("done");
    say(bracket, !open ? "" : counts() ? words.between(found[0], found[1]) : words.elsewhere);
    say(answer, words.secondly(fmt(curves[0].floor, 4)));
    const now = at(view.get("logit"));
    drawCurves(loss, "values");
    drawCurves(slope, "slopes");
    drawRace();
    drawNumbers(now);
    if (shown) return shown === STEPS ? descent().trim() : "";
    const digits = kinds().slice(0, 2).flatMap((i) => [now.values[i], now.slopes[i]]);
    return words.spoken(digits.map(inWords));
  };
});
