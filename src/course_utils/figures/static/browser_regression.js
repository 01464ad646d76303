import {
  argmax,
  bold,
  button,
  clamp,
  COLORS,
  endLabels,
  figure,
  fmt,
  goal,
  html,
  isList,
  isNumber,
  logsumexp,
  put,
  quantity,
  radios,
  range,
  slider,
  softmax,
  SPEC,
  stillness,
  sum,
  svg,
  tries,
} from "./kit.js";
import { generator } from "./kit/random.js";

const WORDS = {
  en: {
    lead:
      "Drag a point, or click on it and then on its new place; click elsewhere to add one. The " +
      "classifier is trained anew each time.",
    plane:
      "Plane of the points. Arrow keys move a cross, Enter adds a point of the chosen class, " +
      "Space takes the nearest point along and drops it.",
    features: ["feature x₁", "feature x₂"],
    epoch: "epoch",
    loss: "loss over all points (nats, log scale)",
    weights: "Weights and biases",
    columns: ["class", "w₁", "w₂", "b"],
    play: "Play",
    again: "Play again",
    pause: "Pause",
    step: "Step",
    restart: "Restart",
    undo: "Remove last point",
    pen: "New point",
    lr: "learning rate",
    batch: "batch size",
    epochs: "epochs",
    classes: "Classes",
    guess: "guess",
    added: (/** @type {number} */ c, /** @type {string} */ at) =>
      `Point of class ${c} added at ${at}.`,
    cross: (/** @type {string} */ at) => `Cross at ${at}.`,
    taken: (/** @type {number} */ c) => `Point of class ${c} taken along.`,
    dropped: (/** @type {string} */ at) => `Point dropped at ${at}.`,
    at: (/** @type {number[]} */ [step, epoch, epochs], /** @type {string} */ rate) =>
      `${rate}, step ${step}, epoch ${epoch} of ${epochs}: loss `,
    lossNow: "Loss ",
    accuracy: ", accuracy ",
    remark: " Over the last epoch the mean loss is more than twice that of guessing.",
    chart: (/** @type {string} */ ends) => `Loss by epoch, log scale. ${ends}.`,
    tries: [
      {
        label: "lr 10",
        set: { lr: 10 },
        says: "At the end most points lie on the right side, yet the loss is above that of " +
          "guessing: the few mistakes are confident ones.",
      },
      { label: "lr 0.01", set: { lr: 0.01 }, says: "The loss still falls when the epochs end." },
      {
        label: "one batch",
        set: { batch_size: 150 },
        says: "One step an epoch: a smooth curve that has not come as far.",
      },
    ],
    goal: (/** @type {number} */ loss) =>
      `by the learning rate alone, bring the loss at the end below ${loss}.`,
    reached:
      "Much smaller rates are still on their way when the epochs end; much larger ones leap " +
      "about.",
  },
};

const PER_CLASS = SPEC.constants.per_class;
const INK = "var(--cu-ink)";
/** Rates to compare with; no class has their colours. @type {Map<number, string>} */
const OTHERS = new Map([[10, COLORS[5]], [0.1, INK], [0.01, COLORS[6]]]);
const GOAL = 0.2; // loss
const SLICE = 8; // ms of training between two repaints: the page stays usable
const KEPT = 400; // points of a curve
const CELLS = 120; // resolution of the decision regions

/** @typedef {[number, number, number]} Point features x1 and x2, class */
/** @typedef {[number, number, number]} Row weights w1 and w2, bias: a net has one for each class */

const SHAPES = [
  "M-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0",
  "M-3.6,-3.6h7.2v7.2h-7.2z",
  "M0,-5L4.6,3.4H-4.6z",
  "M0,-5L4.4,0L0,5L-4.4,0z",
  "M-1.6,-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z",
];

/** @param {number} c @param {import("./kit/dom.js").Attributes} [attrs] */
const symbol = (c, attrs) => svg("path.point", { d: SHAPES[c], fill: COLORS[c], ...attrs });

/** @param {number} c */
const key = (c) => svg("svg.key", { viewBox: "-6 -6 12 12", "aria-hidden": true }, symbol(c));

/** @type {[number, number]} of the logarithm of the loss */
const LIMITS = [-1.2, 2.2];
/** @param {number} loss */
const height = (loss) => clamp(Math.log10(loss), ...LIMITS);
/** @type {Record<string, [number, number]>} */
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/**
 * Points around a circle. They aren't centred at zero, as raw data rarely are.
 * @param {number} classes
 * @param {number} seed
 * @param {number} side of the plane [0, side] x [0, side]
 * @returns {Point[]}
 */
function cloud(classes, seed, side) {
  const draw = generator(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const near = (/** @type {number} */ v) => clamp(Math.round(100 * v) / 100, 0.1, side - 0.1);
  const spread = 1.2 - 0.08 * classes;
  return range(classes * PER_CLASS).map((i) => {
    const c = i % classes;
    const angle = 0.5 + (2 * Math.PI * c) / classes;
    return [
      near(3 + 1.8 * Math.cos(angle) + spread * normal()),
      near(3 + 1.8 * Math.sin(angle) + spread * normal()),
      c,
    ];
  });
}

/** @param {number} n @param {() => number} draw */
function shuffled(n, draw) {
  const order = range(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** @param {Row[]} net @param {number} x1 @param {number} x2 */
const scores = (net, x1, x2) => net.map(([w1, w2, b]) => w1 * x1 + w2 * x2 + b);

/**
 * The net after one step of stochastic gradient descent.
 * @param {Row[]} net
 * @param {Point[]} batch
 * @param {number} lr
 */
function sgdStep(net, batch, lr) {
  const grad = net.map(() => [0, 0, 0]);
  for (const [x1, x2, y] of batch) {
    softmax(scores(net, x1, x2)).forEach((p, c) => {
      const d = (p - Number(c === y)) / batch.length;
      grad[c][0] += d * x1;
      grad[c][1] += d * x2;
      grad[c][2] += d;
    });
  }
  const moved = net.map((row, c) => row.map((v, j) => v - lr * grad[c][j]));
  return /** @type {Row[]} */ (moved);
}

/** @param {Row[]} net @param {Point[]} points */
const meanLoss = (net, points) =>
  sum(points.map(([x1, x2, y]) => {
    const z = scores(net, x1, x2);
    return logsumexp(z) - z[y];
  })) / points.length;

/** @param {Row[]} net @param {Point[]} points */
const hitRate = (net, points) =>
  points.filter(([x1, x2, y]) => argmax(scores(net, x1, x2)) === y).length / points.length;

/** One training, from zero weights. */
class Run {
  /**
   * @param {Point[]} points
   * @param {{ lr: number, size: number, epochs: number, seed: number }} settings `size`: of a batch
   */
  constructor(points, settings) {
    const classes = 1 + Math.max(...points.map((p) => p[2]));
    this.points = points;
    this.settings = settings;
    /** @type {Row[]} */
    this.net = range(classes).map(() => [0, 0, 0]);
    this.draw = generator(settings.seed);
    /** @type {number[]} */
    this.order = [];
    this.at = 0; // points of the order that this epoch has used
    this.epoch = 0;
    this.steps = 0;
    this.total = Math.ceil(points.length / settings.size) * settings.epochs; // steps
    this.curve = [[0, this.loss]];
  }

  get label() {
    return `lr ${this.settings.lr}`;
  }

  get loss() {
    return meanLoss(this.net, this.points);
  }

  get finished() {
    return this.steps >= this.total;
  }

  step() {
    const { points, settings } = this;
    if (this.at >= this.order.length) {
      this.order = shuffled(points.length, this.draw);
      this.at = 0;
    }
    const batch = this.order.slice(this.at, this.at + settings.size).map((i) => points[i]);
    this.net = sgdStep(this.net, batch, settings.lr);
    this.at += batch.length;
    this.steps += 1;
    const part = this.at / this.order.length;
    if (this.finished || this.steps % Math.ceil(this.total / KEPT) === 0) {
      this.curve.push([this.epoch + part, this.loss]);
    }
    if (part === 1) this.epoch += 1;
  }

  /** Mean loss over the last epoch, at the points of the curve. */
  get recent() {
    const losses = this.curve.filter(([x]) => x > this.epoch - 1).map(([, loss]) => loss);
    return sum(losses) / losses.length;
  }
}

/** @param {any} list */
const isPoints = (list) => isList(list, (point) => isList(point, isNumber, 3, 3));

export default figure(WORDS, (view, words) => {
  const side = SPEC.constants.side;
  const most = (SPEC.traits.new_class.max ?? 0) + 1; // classes
  /** @type {Point[]} */
  let points = [];
  /** @type {Run} */
  let run;
  /** Runs with other rates, the same otherwise. @type {Run[]} */
  let others = [];
  let frame = 0;
  let known = "";
  /** @type {Row[] | null} */
  let painted;
  /** @type {[number, number]} */
  let cross = [side / 2, side / 2];
  let held = -1; // the point that goes where the reader points next
  let news = ""; // what the next sentence that is spoken begins with
  const classes = () => view.get("num_classes");
  const guess = () => Math.log(classes());
  /** @param {number} lr */
  const fresh = (lr) =>
    new Run(points, {
      lr,
      size: view.get("batch_size"),
      epochs: view.get("epochs"),
      seed: view.get("seed"),
    });

  // --- parts -------------------------------------------------------------------------------
  const plane = view.plot({
    aspect: 1,
    x: [0, side],
    y: [0, side],
    xlabel: words.features[0],
    ylabel: words.features[1],
    grid: false,
  });
  put(plane.svg, {
    role: "application",
    tabindex: 0,
    "data-control": "plane",
    "aria-label": words.plane,
  });
  const canvas = html("canvas", { width: CELLS, height: CELLS, "aria-hidden": true });
  const { left, right, top, bottom } = plane.margin;
  Object.assign(canvas.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `calc(100% - ${left + right}px)`,
    height: `calc(100% - ${top + bottom}px)`,
  });
  plane.box.prepend(canvas);
  plane.node.classList.add("plane");
  const dots = svg("g");
  const aim = svg("path.cross", { d: "M-8,0H8M0,-8V8" });
  plane.draw(dots, aim);
  const chart = view.plot({
    height: 240,
    x: [0, 40],
    y: LIMITS,
    yticks: [[-1, "0.1"], [0, "1"], [1, "10"], [2, "100"]],
    xlabel: words.epoch,
    ylabel: words.loss,
    margin: { right: 52 },
  });
  const body = html("tbody");
  const sentence = html("span");
  const numbers = words.at([9999, 99, 99], "lr 0.01");
  const longest = `${numbers}0.000${words.accuracy}0.000.${words.remark}`;
  const status = html("p.say", { "data-room": longest }, sentence);
  const table = html(
    "table",
    html("caption", words.weights),
    html(
      "thead",
      html("tr", ...words.columns.map((h) => html("th", { scope: "col" }, h))),
    ),
    body,
  );

  // --- actions -----------------------------------------------------------------------------
  const play = button(view, words.play, () => {
    if (frame && !run.finished) {
      pause();
      return;
    }
    if (run.finished) run = fresh(view.get("lr"));
    // At least 120 steps a second, so that one can follow; at most 8 seconds a run:
    go(stillness() ? Infinity : Math.max(0.12, run.total / 8000));
  });
  const one = button(view, words.step, () => {
    if (run.finished) run = fresh(view.get("lr"));
    run.step();
    pause();
  });
  const anew = button(view, words.restart, () => {
    run = fresh(view.get("lr"));
    pause();
  });
  const undo = button(
    view,
    words.undo,
    () => view.set({ added: view.get("added").slice(0, -1) }),
  );
  play.classList.add("primary");
  /**
   * Train the run to its end, then the others; between two slices the page is the reader's.
   * @param {number} pace steps a millisecond
   */
  function go(pace) {
    cancelAnimationFrame(frame);
    let last = performance.now();
    let due = 0;
    const tick = (/** @type {number} */ now) => {
      due = Math.min(due + Math.max(now - last, 0) * pace, 200);
      if (pace === Infinity) due = Infinity;
      last = now;
      const until = performance.now() + SLICE;
      let next = unfinished();
      for (; next && due >= 1 && performance.now() < until; next = unfinished(), due--) next.step();
      if (!next) {
        pause();
        return;
      }
      if (next !== run) due = pace = Infinity; // nobody watches the others
      frame = requestAnimationFrame(tick);
      if (pace !== Infinity || !stillness()) view.refresh();
    };
    frame = requestAnimationFrame(tick);
    put(view.root, { "aria-busy": "true" });
    view.refresh(); // the button says "Pause" before the first frame
  }
  const unfinished = () => [run, ...others].find((one) => !one.finished);
  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
    put(view.root, { "aria-busy": "false" });
    view.refresh();
    share();
  }
  view.closers.push(() => cancelAnimationFrame(frame));
  view.on("change:num_classes", () => { // other clouds, other numbers
    held = -1;
    view.set({ moved: [] });
  });
  function share() { // tells Python, where there is one
    view.model.set("trained", {
      steps: run.steps,
      loss: run.loss,
      accuracy: hitRate(run.net, points),
      weight: [0, 1].map((j) => run.net.map((w) => w[j])),
      bias: run.net.map((w) => w[2]),
    });
    view.model.save_changes();
  }
  /** @param {number[]} spot */
  const place = ([x1, x2]) => `${fmt(x1, 1)}, ${fmt(x2, 1)}`;
  /** @param {number[]} spot */
  const near = (spot) => spot.map((v) => clamp(Math.round(100 * v) / 100, 0, side));
  const add = (/** @type {[number, number]} */ spot) => {
    const c = Math.min(view.get("new_class"), classes() - 1);
    news = words.added(c, place(spot));
    view.set({ added: [...view.get("added"), [...near(spot), c]] });
  };
  /** @param {number} i @param {number[]} spot */
  const move = (i, spot) => {
    const [x1, x2] = near(spot);
    const own = classes() * PER_CLASS;
    if (i < own) {
      const rest = view.get("moved").filter((/** @type {Point} */ m) => m[2] !== i);
      view.set({ moved: [...rest, [x1, x2, i]] });
    } else {
      const shown = view.get("added").filter((/** @type {Point} */ p) => p[2] < classes());
      const old = shown[i - own];
      const moved = [x1, x2, old[2]];
      view.set({ added: view.get("added").map((/** @type {Point} */ p) => p === old ? moved : p) });
    }
  };
  /** The nearest point within some pixels, or -1. @param {number[]} spot @param {number} reach */
  const nearest = ([x1, x2], reach) => {
    const far = points.map((p) =>
      Math.hypot(plane.x(p[0]) - plane.x(x1), plane.y(p[1]) - plane.y(x2))
    );
    const i = argmax(far.map((v) => -v));
    return far[i] <= reach ? i : -1;
  };
  /** @param {number} i */
  const take = (i) => {
    const [x1, x2, c] = points[i];
    held = i;
    cross = [x1, x2];
    view.refresh();
    view.tell(words.taken(c));
  };
  /** A click or a tap. @param {[number, number]} at @param {number} i the point there, or -1 */
  const click = (at, i) => {
    if (held >= 0) {
      const left = held;
      held = -1;
      cross = at;
      news = words.dropped(place(at));
      move(left, at);
    } else if (i >= 0) take(i);
    else {
      cross = at;
      add(at);
    }
  };
  const SLIP = 4; // px that a pointer may move in a click
  /** Where the pointer went down, and the point there. @type {[number, number, number] | null} */
  let press = null;
  let dragged = false;
  plane.svg.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    const i = nearest(plane.at(event), event.pointerType === "mouse" ? 8 : 22);
    press = [event.clientX, event.clientY, i];
    dragged = false;
    if (i >= 0) plane.svg.setPointerCapture(event.pointerId);
  });
  plane.svg.addEventListener("pointermove", (event) => {
    if (!press) plane.svg.classList.toggle("near", nearest(plane.at(event), 8) >= 0);
    if (!press || press[2] < 0) return;
    const [x, y, i] = press;
    dragged ||= Math.hypot(event.clientX - x, event.clientY - y) > SLIP;
    if (!dragged) return;
    held = i;
    move(i, plane.at(event));
  });
  plane.svg.addEventListener("pointerup", (event) => {
    const at = plane.at(event);
    if (press && !dragged && at.every((v) => v >= 0 && v <= side)) click(at, press[2]);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    plane.svg.addEventListener(end, () => {
      if (dragged) {
        held = -1;
        view.refresh();
      }
      press = null;
      dragged = false;
    });
  }
  plane.svg.addEventListener("touchstart", (event) => { // a finger on a point doesn't scroll
    if (nearest(plane.at(/** @type {any} */ (event.touches[0])), 22) >= 0) event.preventDefault();
  }, { passive: false });
  plane.svg.addEventListener("keydown", (event) => {
    const step = MOVES[event.key];
    view.touched = true;
    if (step) {
      const far = event.shiftKey ? 0.5 : 0.1;
      const [x1, x2] = cross.map((v, j) => clamp(v + step[j] * far, 0, side));
      cross = [x1, x2];
      if (held >= 0) move(held, cross);
      else view.refresh();
      view.tell(words.cross(place(cross)));
    } else if (event.key === "Enter") {
      add(cross);
    } else if (event.key === " ") {
      if (held < 0) take(nearest(cross, Infinity));
      else {
        held = -1;
        view.refresh();
        view.tell(words.dropped(place(cross)));
      }
    } else {
      return;
    }
    event.preventDefault();
  });

  // --- drawing -----------------------------------------------------------------------------
  function gather() { // whatever training depends on has changed: train anew
    const keys = ["num_classes", "seed", "added", "moved", "lr", "batch_size", "epochs"];
    const now = JSON.stringify(keys.map((key) => view.get(key)));
    if (now === known) return;
    known = now;
    points = cloud(classes(), view.get("seed"), side);
    for (const [x1, x2, i] of view.get("moved")) {
      if (i < points.length) points[i] = [x1, x2, points[i][2]];
    }
    points.push(...view.get("added").filter((/** @type {Point} */ p) => p[2] < classes()));
    run = fresh(view.get("lr"));
    others = [...OTHERS.keys()].filter((lr) => lr !== view.get("lr")).map(fresh);
    go(Infinity);
  }
  function drawPoints() {
    dots.replaceChildren(
      ...points.map(([x1, x2, c]) =>
        symbol(c, {
          transform: `translate(${plane.x(x1)},${plane.y(x2)})`,
          "data-point": `${x1},${x2},${c}`,
        })
      ),
    );
    if (points[held]) {
      const [x1, x2] = points[held];
      dots.append(svg("circle.held", { cx: plane.x(x1), cy: plane.y(x2), r: 9 }));
    }
  }
  function paint() { // the most probable class; stronger where the model is surer
    const css = getComputedStyle(view.root);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    const image = pen.createImageData(CELLS, CELLS);
    const K = run.net.length;
    const rgb = COLORS.slice(0, K).map((c) => {
      pen.fillStyle = css.getPropertyValue(c.slice(4, -1)).trim() || "#888";
      const colour = String(pen.fillStyle);
      return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    });
    let at = 0;
    for (let i = 0; i < CELLS; i++) {
      const x2 = side * (1 - (i + 0.5) / CELLS);
      for (let j = 0; j < CELLS; j++, at += 4) {
        const x1 = (side * (j + 0.5)) / CELLS;
        let best = 0;
        let top = -Infinity;
        let total = 0;
        for (let c = 0; c < K; c++) {
          const w = run.net[c];
          const z = w[0] * x1 + w[1] * x2 + w[2];
          if (z > top) {
            total = total * Math.exp(top - z) + 1;
            top = z;
            best = c;
          } else {
            total += Math.exp(z - top);
          }
        }
        const sure = (K / total - 1) / (K - 1);
        image.data.set(rgb[best], at);
        image.data[at + 3] = 255 * (0.06 + 0.42 * sure);
      }
    }
    pen.putImageData(image, 0, 0);
  }
  function curves() {
    const last = view.get("epochs");
    chart.scale({ x: [0, last] });
    const stroke = (/** @type {Run} */ r) => OTHERS.get(r.settings.lr) ?? INK;
    /** @param {Run} r @param {number} width */
    const draw = (r, width) =>
      svg("path.line", {
        d: chart.line(r.curve.map((p) => p[0]), r.curve.map((p) => height(p[1]))),
        stroke: stroke(r),
        style: `stroke-width:${width}`,
      });
    const level = chart.y(height(guess()));
    /** @type {(run: Run) => [string, number, number, string]} */
    const end = (r) => {
      const [x, loss] = r.curve[r.curve.length - 1];
      return [r.label, chart.x(x), chart.y(height(loss)), stroke(r)];
    };
    const seen = others.filter((r) => r.finished);
    const names = endLabels([
      ...seen.map(end),
      [words.guess, chart.x(last), level, "var(--cu-soft)"],
      end(run),
    ]);
    chart.draw(
      svg("line.dash", { x1: chart.x(0), x2: chart.x(last), y1: level, y2: level }),
      ...seen.map((r) => draw(r, 1)),
      draw(run, 2.5),
      ...names,
    );
  }
  function weights() {
    if (body.children.length !== run.net.length) {
      body.replaceChildren(
        ...run.net.map((_, c) =>
          html("tr", html("th", { scope: "row" }, key(c), c), ...range(3).map(() => html("td")))
        ),
      );
    }
    run.net.forEach((row, c) =>
      row.forEach((v, j) =>
        quantity(body.children[c].children[j + 1], `${["w1", "w2", "b"][j]}.${c}`, v)
      )
    );
  }

  const pens = radios(view, "new_class", {
    label: words.pen,
    options: range(most).map((c) => [c, String(c)]),
  });
  pens.querySelectorAll("label span").forEach((node, c) => node.prepend(key(c)));
  view.add(
    html("p.lead", words.lead),
    html(
      "div.grid2",
      html(
        "div.stack",
        plane.node,
        html("div.row", play, one, anew),
        status,
        html("div.row", pens, undo),
        goal(view, {
          text: words.goal(GOAL),
          reached: () => run?.finished && run.loss < GOAL && view.shows({ lr: view.get("lr") }),
          says: words.reached,
        }),
      ),
      html(
        "div.stack",
        slider(view, "lr", {
          label: words.lr,
          step: 0.1,
          to: Math.log10,
          from: (v) => Number((10 ** v).toPrecision(2)),
          show: String,
        }),
        slider(view, "batch_size", { label: words.batch, step: 1, show: String }),
        slider(view, "epochs", { label: words.epochs, step: 1, show: String }),
        radios(view, "num_classes", { label: words.classes, options: range(most + 1).slice(3) }),
        tries(view, words.tries),
        chart.node,
        table,
      ),
    ),
  );
  const recolour = () => {
    painted = null;
    view.refresh();
  };
  const themes = new MutationObserver(recolour);
  for (const node of [document.documentElement, document.body]) {
    themes.observe(node, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
  }
  view.closers.push(() => themes.disconnect());

  return () => {
    gather();
    drawPoints();
    put(aim, { transform: `translate(${plane.x(cross[0])},${plane.y(cross[1])})` });
    pens.querySelectorAll("label").forEach((node, c) => {
      node.hidden = c >= classes();
    });
    if (painted !== run.net && view.root.isConnected) { // outside the page no colour is known
      paint();
      painted = run.net;
    }
    curves();
    weights();
    play.textContent = run.finished ? words.again : words.play;
    if (frame && !run.finished) play.textContent = words.pause;
    undo.disabled = !view.get("added").length;
    const worse = run.epoch > 0 && run.recent > 2 * guess();
    const remark = worse ? words.remark : "";
    put(status, { class: `say${worse ? " alarm" : ""}` });
    const accuracy = hitRate(run.net, points);
    put(view.root, { "data-steps": run.steps });
    const { loss, label } = run;
    const numbers = words.at([run.steps, run.epoch, view.get("epochs")], label);
    sentence.replaceChildren(
      numbers,
      bold("loss", loss, 3),
      words.accuracy,
      bold("accuracy", accuracy, 3),
      `.${remark}`,
    );
    const ends = [...others, run].map((r) => `${r.label}: ${fmt(r.loss, 2)}`);
    chart.describe(words.chart(ends.join(". ")));
    if (frame) return "";
    const result = `${fmt(loss, 3)}${words.accuracy}${fmt(accuracy, 3)}.`;
    const short = news || (worse ? `${label}.` : ""); // at most twenty words
    const said = short ? `${short} ${words.lossNow}${result}` : `${numbers}${result}`;
    news = "";
    return `${said}${remark}`;
  };
}, { added: isPoints, moved: isPoints });
