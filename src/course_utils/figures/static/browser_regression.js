import {
  argmax,
  bold,
  button,
  clamp,
  COLORS,
  endLabels,
  figure,
  fmt,
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
} from "./kit.js";

const PER_CLASS = 30;
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
const OLD = [COLORS[1], COLORS[2], COLORS[6]]; // earlier runs

/**
 * Mulberry32: 32 bits of state, the same numbers in every browser.
 * @param {number} state
 */
const generator = (state) => () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
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
  /** @param {Point[]} points @param {number} seed */
  constructor(points, seed) {
    const classes = 1 + Math.max(...points.map((p) => p[2]));
    /** @type {Row[]} */
    this.net = range(classes).map(() => [0, 0, 0]);
    this.draw = generator(seed);
    /** @type {number[]} */
    this.order = [];
    this.at = 0; // points of the order that this epoch has used
    this.epoch = 0;
    this.steps = 0;
    this.label = "";
    this.loss = meanLoss(this.net, points);
    this.curve = [[0, this.loss]];
  }

  /** @param {Point[]} points @param {number} lr @param {number} size of the minibatch */
  step(points, lr, size) {
    if (this.at >= this.order.length) {
      this.order = shuffled(points.length, this.draw);
      this.at = 0;
    }
    const batch = this.order.slice(this.at, this.at + size).map((i) => points[i]);
    this.label = `lr ${lr}`;
    this.net = sgdStep(this.net, batch, lr);
    this.at += batch.length;
    this.steps += 1;
    const part = this.at / this.order.length;
    this.loss = meanLoss(this.net, points);
    this.curve.push([this.epoch + part, this.loss]);
    if (part === 1) this.epoch += 1;
  }
}

/** @param {any} list */
const isPoints = (list) => isList(list, (point) => isList(point, isNumber, 3, 3));

export default figure({ en: {} }, (view) => {
  const side = SPEC.constants.side;
  const most = (SPEC.traits.new_class.max ?? 0) + 1; // classes
  /** @type {Point[]} */
  let points = [];
  /** @type {Run} */
  let run;
  /** @type {Run[]} */
  let past = [];
  let frame = 0;
  let known = "";
  /** @type {Row[] | null} */
  let painted;
  /** @type {[number, number]} */
  let cross = [side / 2, side / 2];
  const classes = () => view.get("num_classes");
  const guess = () => Math.log(classes());
  const step = () => run.step(points, view.get("lr"), view.get("batch_size"));
  const finished = () => run.epoch >= view.get("epochs");
  const train = () => {
    while (!finished()) step();
  };
  // Steps of a whole run:
  const count = () => Math.ceil(points.length / view.get("batch_size")) * view.get("epochs");

  // --- parts -------------------------------------------------------------------------------
  const plane = view.plot({
    aspect: 1,
    x: [0, side],
    y: [0, side],
    xlabel: "feature x₁",
    ylabel: "feature x₂",
    grid: false,
  });
  put(plane.svg, {
    role: "application",
    tabindex: 0,
    "data-control": "plane",
    "aria-label":
      "Plane of the points. Arrow keys move a cross, Enter adds a point of the chosen class.",
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
    xlabel: "epoch",
    ylabel: "loss over all points (nats, log scale)",
    margin: { right: 52 },
  });
  const body = html("tbody");
  const status = html("p.say");
  const table = html(
    "table",
    html("caption", "Weights and biases"),
    html(
      "thead",
      html("tr", ...["class", "w₁", "w₂", "b"].map((h) => html("th", { scope: "col" }, h))),
    ),
    body,
  );

  // --- actions -----------------------------------------------------------------------------
  const play = button(view, "Play", () => (frame ? pause() : start()));
  const one = button(view, "Step", () => {
    if (finished()) restart();
    step();
    pause();
  });
  const anew = button(view, "Restart", () => {
    restart();
    pause();
  });
  const undo = button(
    view,
    "Remove last point",
    () => view.set({ added: view.get("added").slice(0, -1) }),
  );
  play.classList.add("primary");
  function restart() {
    if (run?.epoch) past = [...past.filter((p) => p.label !== run.label), run].slice(-3);
    run = new Run(points, view.get("seed"));
  }
  function start() {
    if (finished()) restart();
    if (stillness()) {
      train();
      pause();
      return; // one repaint, no animation
    }
    let last = performance.now();
    let due = 0;
    // At least 300 steps a second, at most 8 seconds a run:
    const tick = (/** @type {number} */ now) => {
      due = Math.min(due + (now - last) * Math.max(0.3, count() / 8000), 200);
      last = now;
      const until = performance.now() + 25;
      for (; due >= 1 && !finished() && performance.now() < until; due--) step();
      if (finished()) {
        pause();
        return;
      }
      frame = requestAnimationFrame(tick);
      view.refresh();
    };
    frame = requestAnimationFrame(tick);
    view.refresh();
  }
  function pause() {
    cancelAnimationFrame(frame);
    frame = 0;
    view.refresh();
    share();
  }
  view.closers.push(() => cancelAnimationFrame(frame));
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
  const add = (/** @type {[number, number]} */ [x1, x2]) => {
    const c = Math.min(view.get("new_class"), classes() - 1);
    view.set({
      added: [...view.get("added"), [...[x1, x2].map((v) => Math.round(100 * v) / 100), c]],
    });
    view.tell(`Point of class ${c} added at ${fmt(x1, 1)}, ${fmt(x2, 1)}.`);
  };
  plane.svg.addEventListener("click", (event) => {
    const at = plane.at(event);
    if (at.every((v) => v >= 0 && v <= side)) {
      cross = at;
      add(at);
    }
  });
  plane.svg.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    view.touched = true;
    if (move) {
      const far = event.shiftKey ? 0.5 : 0.1;
      const [x1, x2] = cross.map((v, j) => clamp(v + move[j] * far, 0, side));
      cross = [x1, x2];
      view.refresh();
      view.tell(`Cross at ${fmt(cross[0], 1)}, ${fmt(cross[1], 1)}.`);
    } else if (event.key === "Enter" || event.key === " ") {
      add(cross);
    } else {
      return;
    }
    event.preventDefault();
  });

  // --- drawing -----------------------------------------------------------------------------
  function gather() { // new points when the classes, the seed or the added points changed
    const now = JSON.stringify([classes(), view.get("seed")]);
    const all = now + JSON.stringify(view.get("added"));
    if (all === known) return;
    points = [
      ...cloud(classes(), view.get("seed"), side),
      ...view.get("added").filter((/** @type {Point} */ p) => p[2] < classes()),
    ];
    if (!known.startsWith(now)) demonstrate();
    known = all;
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
  }
  function demonstrate() { // before anyone touches it: far too small, far too large, right
    cancelAnimationFrame(frame);
    frame = 0;
    past = [10, 0.01].map((lr) => {
      run = new Run(points, view.get("seed"));
      while (run.epoch < view.get("epochs")) run.step(points, lr, view.get("batch_size"));
      return run;
    });
    run = new Run(points, view.get("seed"));
    train();
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
    const last = Math.max(view.get("epochs"), run.epoch);
    chart.scale({ x: [0, last] });
    /** @param {Run} run @param {string} stroke @param {number} width */
    const draw = ({ curve }, stroke, width) => { // 300 points of a long curve will do
      const every = Math.ceil(curve.length / 300);
      const thin = curve.filter((p, i) => i % every === 0 || p === curve.at(-1));
      return svg("path.line", {
        d: chart.line(thin.map((p) => p[0]), thin.map((p) => height(p[1]))),
        stroke,
        style: `stroke-width:${width}`,
      });
    };
    const old = past.filter((r) => r !== run && r.net.length === run.net.length);
    const level = chart.y(height(guess()));
    /** @type {(run: Run, stroke: string) => [string, number, number, string]} */
    const end = (r, stroke) => {
      const x = r.curve[r.curve.length - 1][0];
      return [r.label, chart.x(x), chart.y(height(r.loss)), stroke];
    };
    const names = endLabels([
      ...old.map((r, i) => end(r, OLD[i])),
      ["guess", chart.x(last), level, "var(--cu-soft)"],
      end(run, COLORS[0]),
    ]);
    chart.draw(
      svg("line.dash", { x1: chart.x(0), x2: chart.x(last), y1: level, y2: level }),
      ...old.map((r, i) => draw(r, OLD[i], 1)),
      draw(run, COLORS[0], 2.5),
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
    label: "New point",
    options: range(most).map((c) => [c, String(c)]),
  });
  pens.querySelectorAll("label span").forEach((node, c) => node.prepend(key(c)));
  view.add(
    html(
      "div.grid2",
      html(
        "div.stack",
        plane.node,
        html("div.row", play, one, anew),
        status,
        html("div.row", pens, undo),
      ),
      html(
        "div.stack",
        slider(view, "lr", {
          label: "learning rate",
          step: 0.1,
          to: Math.log10,
          from: (v) => Number((10 ** v).toPrecision(2)),
          show: String,
        }),
        slider(view, "batch_size", { label: "batch size", step: 1, show: String }),
        slider(view, "epochs", { label: "epochs", step: 1, show: String }),
        radios(view, "num_classes", { label: "Classes", options: range(most + 1).slice(3) }),
        chart.node,
        table,
      ),
    ),
  );
  view.head.querySelector("button")?.addEventListener("click", () => {
    demonstrate();
    pause();
  });
  const recolour = () => {
    painted = null;
    view.refresh();
  };
  const themes = new MutationObserver(recolour);
  for (const node of [document.documentElement, document.body]) {
    themes.observe(node, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
  }
  view.closers.push(() => themes.disconnect());
  requestAnimationFrame(recolour); // colours are known once the figure is on the page

  return () => {
    gather();
    drawPoints();
    put(aim, { transform: `translate(${plane.x(cross[0])},${plane.y(cross[1])})` });
    pens.querySelectorAll("label").forEach((node, c) => {
      node.hidden = c >= classes();
    });
    if (painted !== run.net) paint();
    painted = run.net;
    curves();
    weights();
    play.textContent = finished() ? "Play again" : "Play";
    if (frame) play.textContent = "Pause";
    undo.disabled = !view.get("added").length;
    const epoch = run.curve.slice(-Math.ceil(points.length / view.get("batch_size")));
    const worse = sum(epoch.map((p) => p[1])) > 2 * guess() * epoch.length;
    const remark = "Over the last epoch the loss is more than twice that of guessing.";
    put(status, { class: `say${worse ? " alarm" : ""}` });
    const accuracy = hitRate(run.net, points);
    put(view.root, { "data-steps": run.steps });
    status.replaceChildren(
      `Step ${run.steps}, epoch ${run.epoch} of ${view.get("epochs")}: loss `,
      bold("loss", run.loss, 3),
      ", accuracy ",
      bold("accuracy", accuracy, 3),
      worse ? `. ${remark}` : ".",
    );
    const ends = [...past, run].map((r) => `${r.label}: ${fmt(r.loss, 2)}`);
    chart.describe(`Loss by epoch, log scale. ${ends.join(". ")}.`);
    const numbers = `loss ${fmt(run.loss, 3)}, accuracy ${fmt(accuracy, 3)}.`;
    return frame ? "" : `${worse ? "Diverging: " : ""}step ${run.steps}, ${numbers}`;
  };
}, { added: isPoints });
