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
  fraction,
  goal,
  guessFirst,
  html,
  labelNodes,
  letter,
  live,
  logarithmic,
  logSoftmax,
  math,
  operator,
  quantity,
  range,
  slider,
  softmax,
  SPEC,
  sum,
  svg,
  TEXT_COLORS,
  tries,
} from "./kit.js";

/** @import { Label } from "./kit/labels.js" */
/** @import { Plot } from "./kit/plot.js" */

const FLAT = "is almost flat where the true class has almost no probability.";
const WORDS = {
  en: {
    lead: "One example of a model: the true class has the score below, all others score 0. " +
      "The descent moves this score alone.",
    question: "At a score of −6 the true class has almost no probability, and the gradient " +
      "of cross-entropy is close to −1. How large is that of squared error?",
    answers: [
      { text: "About as large", says: `No. Watch: squared error ${FLAT}` },
      { text: "About a tenth of it", says: `Still smaller. Watch: squared error ${FLAT}` },
      { text: "Less than a hundredth of it", says: `Yes. Watch: squared error ${FLAT}` },
    ],
    kinds: ["cross-entropy", "squared error", "softmax twice"],
    score: "score z of the true class",
    scoreShort: "score z",
    classes: "classes",
    smoothing: "smoothing",
    rate: "learning rate",
    twice: "softmax applied twice (a mistake)",
    descend: (/** @type {number} */ steps) => `Descend ${steps} steps`,
    loss: "loss (cross-entropy: nats)",
    gradient: "gradient of the loss",
    race: "probability of the true class after each step",
    step: "step",
    pressDescend: "press Descend",
    lossPlot: "The losses against the score of the true class",
    gradientPlot: "The gradients of the losses against the score of the true class",
    racePlot: "Probability of the true class, step by step",
    columns: ["at this score", "loss", "gradient"],
    probability: "The true class has probability ",
    pull: (/** @type {string} */ ratio) =>
      `. Here the gradient of cross-entropy is ${ratio} times that of squared error.`,
    equal: ". Here the gradients of cross-entropy and squared error are about equal.",
    level: ". Here the gradients of cross-entropy and squared error are small.",
    floor: (/** @type {string} */ floor) => `softmax twice stays above ${floor}`,
    ran: (/** @type {number} */ steps, /** @type {string} */ each) =>
      ` After ${steps} steps the probability is ${each}.`,
    swings: " The steps go too far: cross-entropy jumps back and forth across its lowest point.",
    end: (/** @type {string} */ p, /** @type {string} */ kind) => `${p} with ${kind}`,
    out: (/** @type {string} */ kind, /** @type {number} */ step) => `${kind}: step ${step}`,
    goal: "from a score of −6, bring squared error past probability 1/2 in 50 steps.",
    reached: (
      /** @type {number[]} */ [entropy, square],
      /** @type {string} */ rate,
    ) =>
      `At rate ${rate} squared error took ${square} steps, cross-entropy ${entropy}. ` +
      "From −8, 50 steps are too few at every rate here.",
    spoken: (/** @type {string[]} */ [loss0, slope0, loss1, slope1]) =>
      `Cross-entropy ${loss0}, gradient ${slope0}` +
      (loss1 ? `; squared error ${loss1}, gradient ${slope1}.` : "."),
    tries: [
      {
        label: "undecided",
        set: { logit: 0, num_classes: 3 },
        says: "Undecided: the gradient of cross-entropy is 1.5 times that of squared error.",
      },
      {
        label: "sure and right",
        set: { logit: 6, num_classes: 3 },
        says: "Both gradients are near zero: there is little left to learn.",
      },
      {
        label: "smoothing",
        set: { logit: 8, smoothing: 0.1 },
        says: "Smoothed targets push back a score that is too large: the gradient is positive.",
      },
      {
        label: "softmax twice",
        set: { logit: 8, num_classes: 3, double_softmax: true },
        says: "However sure the model, this mistake keeps the loss above 0.55.",
      },
    ],
  },
};

const STEPS = 50;
const START = -6; // of the goal: sure, and wrong
const LEVEL = 0.02; // gradients below this are called small; that of cross-entropy can reach 1
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

/** How many decimal places show at least two digits of a gradient. @param {number} value */
const places = (value) => Math.abs(value) < 0.01 ? 6 : 4;

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
  const race = view.plot({
    label: words.racePlot,
    height: 165,
    x: [0, STEPS],
    y: [0, 1.2], // room for the name of a curve that ends at 1
    yticks: [0, 0.5, 1],
    xlabel: words.step,
    ylabel: words.race,
  });
  const said = html("p.say");
  const body = html("tbody");
  const line = html("div.formula");
  const square = html("div.formula");
  const head = html("tr", ...words.columns.map((name) => html("th", { scope: "col" }, name)));
  const table = html("table", html("thead", head), body);
  let shown = 0; // steps of the descent on the screen
  let stop = () => {};
  const descend = button(view, words.descend(STEPS), () => run());
  descend.classList.add("primary");
  const more = html(
    "div.columns",
    slider(view, "num_classes", { label: words.classes, step: 1, show: String }),
    slider(view, "smoothing", { label: words.smoothing, step: 0.01 }),
    checkbox(view, "double_softmax", { label: words.twice }),
  );
  view.control(more);
  view.add(html("p.lead", words.lead));
  guessFirst(view, { question: words.question, answers: words.answers, show: () => run() });
  const task = goal(view, {
    text: words.goal,
    // What has changed ends the descent, when it is drawn.
    reached: () =>
      shown === STEPS && !view.changed.size && view.get("logit") <= START && outs()[1] > 0,
    says: () => words.reached(outs(), fmt(view.get("lr"), 2)),
  });
  view.add(
    html("div.grid2", loss.node, slope.node),
    view.bar(
      html(
        "div.columns",
        slider(view, "logit", { label: words.scoreShort, show: (v) => fmt(v, 1) }),
        slider(view, "lr", { label: words.rate, step: 0.02, ...logarithmic }),
        descend,
      ),
    ),
    more,
    html("div.grid2", race.node, html("div.stack", table, line, square)),
    said,
    tries(view, words.tries),
    task,
  );
  for (const plot of [loss, slope]) {
    plot.drag(([x]) => view.set({ logit: Math.round(clamp(x, min, max) * 10) / 10 }));
  }

  // The question is about the second loss: until the guess only the first is shown.
  const secret = () => view.locked && !view.onPaper;
  const kinds = () => range(secret() ? 1 : view.get("double_softmax") ? 3 : 2);
  const at = (/** @type {number} */ x) => losses(x, view.get("num_classes"), view.get("smoothing"));
  const stroke = (/** @type {number} */ i) => ({
    stroke: COLORS[HUES[i]],
    "stroke-dasharray": DASHES[i],
  });

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
      const spot = [what === "slopes" ? 88 : 24, 4, 150][i];
      return {
        text: words.kinds[i],
        x: plot.x(xs[spot]),
        y: y(curves[spot][what][i]),
        sides: i ? ["above", "below"] : ["right", "above", "below"],
        color: TEXT_COLORS[HUES[i]],
        weight: 600,
      };
    });
    const { floor } = curves[0];
    const twice = what === "values" && kinds().length === 3;
    if (twice) {
      // Up here, to the right of cross-entropy, no curve passes, whatever the number of classes.
      const color = TEXT_COLORS[HUES[2]];
      labels.push({ text: words.floor(fmt(floor, 4)), x: plot.x(max), y: y(8.5), color });
    }
    const level = { ...plot.area, top: y(floor) - 1, bottom: y(floor) + 1 };
    const crossed = (/** @type {number} */ i, from = 0) =>
      along(plot, xs.slice(from), curves.slice(from).map((c) => c[what][i]));
    const taken = kinds().length < 3
      ? []
      : [...(twice ? [level] : []), ...crossed(2), ...crossed(0, 110)];
    plot.draw(
      svg("path.edge", { d: plot.line(plot.xlim, [0, 0]) }),
      svg("path.ghost", { d: plot.line([x, x], plot.ylim) }),
      twice ? svg("path.ghost", { d: plot.line(plot.xlim, [floor, floor]) }) : "",
      ...kinds().map((i) =>
        svg("path.line", { d: plot.line(xs, curves.map((c) => c[what][i])), ...stroke(i) })
      ),
      ...kinds().flatMap((i) =>
        paths[i].slice(0, shown + 1).map((v, n) => {
          const last = n === shown;
          const inside = clamp(v, min, max);
          return svg(last ? "circle.ring" : "circle", {
            cx: plot.x(inside),
            cy: y(at(inside)[what][i]),
            r: last ? 6 : 2.5,
            fill: COLORS[HUES[i]],
          });
        })
      ),
      ...labelNodes(labels, plot.area, taken),
    );
    const color = TEXT_COLORS[HUES[0]];
    plot.handles(shown ? [] : [{ x, y: clamp(now[0], ...plot.ylim), color, way: "across" }]);
  }

  function drawRace() {
    const steps = range(shown + 1);
    const probs = paths.map((way) => steps.map((n) => at(way[n]).p));
    const past = outs().map((n) => n <= shown ? n : 0);
    /** @type {Label[]} */
    const labels = kinds().map((i) => {
      // The third curve may end where the second does: it is named at a third of its way.
      const named = past[i] || (i < 2 ? shown : Math.round(shown / 3));
      return {
        text: past[i] ? words.out(words.kinds[i], past[i]) : words.kinds[i],
        x: race.x(named),
        y: past[i] ? race.y(0.5) + (i ? 11 : -11) : race.y(probs[i][named]),
        sides: past[i] ? past[i] > STEPS / 2 ? ["left"] : ["right"] : ["above", "below", "left"],
        color: TEXT_COLORS[HUES[i]],
        weight: 600,
      };
    });
    labels.sort((a, b) => a.y - b.y); // the name of the higher curve is the higher one
    const taken = probs.flatMap((ps) => along(race, steps, ps));
    const middle = { x: race.x(STEPS / 2), y: race.y(0.5), text: words.pressDescend };
    race.draw(
      svg("path.ghost", { d: race.line(race.xlim, [0.5, 0.5]) }),
      ...kinds().map((i) => svg("path.line", { d: race.line(steps, probs[i]), ...stroke(i) })),
      ...past.flatMap((n, i) => {
        const spot = { cx: race.x(n), cy: race.y(probs[i][n]), r: 4, fill: COLORS[HUES[i]] };
        return n ? [svg("circle.ring", spot)] : [];
      }),
      ...labelNodes(shown ? labels : secret() ? [] : [middle], race.area, taken),
    );
  }

  /** Where each descent has come to. */
  function ran() {
    const ends = paths.map((way, i) => words.end(fmt(at(way[shown]).p, 3), words.kinds[i]));
    const turns = paths[0].slice(shown - 2, shown + 1).map((x) => at(x));
    const swings = shown === STEPS && turns[0].slopes[0] * turns[1].slopes[0] < 0 &&
      turns[1].slopes[0] * turns[2].slopes[0] < 0 && Math.abs(turns[2].p - turns[1].p) > SWING;
    return words.ran(shown, ends.join(", ")) + (swings ? words.swings : "");
  }

  /** Compare the two gradients, unless there is nothing to compare. @param {number[]} slopes */
  function compared([entropy, square]) {
    // The gradient of squared error is never the larger one.
    if (Math.abs(entropy) < LEVEL) return words.level;
    const ratio = entropy / square;
    if (ratio < 1.05) return words.equal;
    return words.pull(fmt(ratio, ratio < 20 ? 1 : 0));
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
          quantity(html("td"), `loss${i}`, now.values[i], fmt(now.values[i], 4)),
          quantity(
            html("td"),
            `grad${i}`,
            now.slopes[i],
            fmt(now.slopes[i], places(now.slopes[i])),
          ),
        );
      }),
    );
    const derivative = () =>
      fraction(math("mrow", operator("∂"), letter("L")), math("mrow", operator("∂"), letter("z")));
    const k = view.get("num_classes");
    const factor = (2 * k) / (k - 1);
    const pull = factor * now.p * (1 - now.p);
    const number = (/** @type {string} */ name, /** @type {number} */ value, kind = 0) =>
      live(name, value, { digits: places(value), color: TEXT_COLORS[HUES[kind]] });
    const digits = places(now.slopes[0]); // as many as the difference needs
    line.replaceChildren(
      formula(derivative(), operator("="), letter("p"), operator("−"), letter("y")),
      formula(
        operator("="),
        live("p", now.p, { digits }),
        operator("−"),
        live("target", now.target, { digits: view.get("smoothing") ? digits : 0 }),
      ),
      formula(operator("="), number("slope", now.slopes[0])),
    );
    // The others score the same, so squared error has the gap p − y, too, times how p moves with z.
    square.hidden = secret();
    square.replaceChildren(
      html("b", { style: `color: ${TEXT_COLORS[HUES[1]]}` }, words.kinds[1]),
      formula(
        ...[derivative(), operator("="), operator("("), letter("p"), operator("−"), letter("y")],
        ...[operator(")"), operator("·"), live("factor", factor, { digits: factor % 1 ? 2 : 0 })],
        ...[letter("p"), operator("("), math("mn", 1), operator("−"), letter("p"), operator(")")],
      ),
      formula(
        operator("="),
        number("gap", now.slopes[0]),
        operator("·"),
        number("pull", pull, 1),
      ),
      formula(operator("="), number("product", now.slopes[0] * pull, 1)),
    );
    said.replaceChildren(
      html("strong", words.probability, fmt(now.p, 4)),
      secret() ? "." : compared(now.slopes),
      shown ? ran() : "",
      quantity(html("span", { hidden: true }), "floor", now.floor, ""),
      ...paths.map((way, i) => quantity(html("span", { hidden: true }), `end${i}`, way[shown], "")),
    );
  }

  return () => {
    if (view.changed.size) {
      stop();
      shown = 0;
    }
    task.hidden = secret(); // it names the second loss
    compute();
    const now = at(view.get("logit"));
    drawCurves(loss, "values");
    drawCurves(slope, "slopes");
    drawRace();
    drawNumbers(now);
    if (shown) return shown === STEPS ? ran().trim() : "";
    const digits = kinds().slice(0, 2).flatMap((i) => [now.values[i], now.slopes[i]]);
    return words.spoken(digits.map((v) => fmt(v, 3)));
  };
});
