const SIDE = 6; // the plane is [0, 6] x [0, 6]: the features are not centred, as raw data rarely is
const PER_CLASS = 30;
const CELLS = 120; // resolution of the decision regions
const SHAPES = ["M-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0", "M-3.6,-3.6h7.2v7.2h-7.2z", "M0,-5L4.6,3.4H-4.6z", "M0,-5L4.4,0L0,5L-4.4,0z", "M-1.6,-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z"];
const symbol = (c, attrs) => svg("path.point", { d: SHAPES[c], fill: COLORS[c], ...attrs });
const key = (c) => svg("svg.key", { viewBox: "-6 -6 12 12", "aria-hidden": true }, symbol(c));

const LIMITS = [-1.2, 2.2]; // of the logarithm of the loss
const OLD = [COLORS[1], COLORS[2], COLORS[6]]; // earlier runs

/** Mulberry32: 32 bits of state, the same numbers in every browser. */
const generator = (state) => () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
function cloud(classes, seed) {
  const draw = generator(seed), normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const near = (v) => clamp(Math.round(100 * v) / 100, 0.1, SIDE - 0.1), spread = 1.2 - 0.08 * classes;
  return range(classes * PER_CLASS).map((i) => {
    const c = i % classes, angle = 0.5 + (2 * Math.PI * c) / classes;
    return [near(3 + 1.8 * Math.cos(angle) + spread * normal()), near(3 + 1.8 * Math.sin(angle) + spread * normal()), c];
  });
}
function shuffled(n, draw) {
  const order = range(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(draw() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// A net is a list of [w1, w2, b], one for each class.
const scores = (net, x1, x2) => net.map(([w1, w2, b]) => w1 * x1 + w2 * x2 + b);
function sgdStep(net, batch, lr) {
  const grad = net.map(() => [0, 0, 0]);
  for (const [x1, x2, y] of batch) {
    softmax(scores(net, x1, x2)).forEach((p, c) => {
      const d = (p - (c === y)) / batch.length;
      grad[c][0] += d * x1; grad[c][1] += d * x2; grad[c][2] += d;
    });
  }
  return net.map((row, c) => row.map((v, j) => v - lr * grad[c][j]));
}
const meanLoss = (net, points) => sum(points.map(([x1, x2, y]) => { const z = scores(net, x1, x2); return logsumexp(z) - z[y]; })) / points.length;
const hitRate = (net, points) => points.filter(([x1, x2, y]) => argmax(scores(net, x1, x2)) === y).length / points.length;

class Run { // one training, from zero weights
  constructor(points, seed) {
    Object.assign(this, { net: range(1 + Math.max(...points.map((p) => p[2]))).map(() => [0, 0, 0]), draw: generator(seed), order: [], at: 0, epoch: 0, steps: 0, label: "" });
    this.curve = [[0, meanLoss(this.net, points)]];
  }
  get loss() { return this.curve.at(-1)[1]; }
  step(points, lr, size) {
    if (this.at >= this.order.length) Object.assign(this, { order: shuffled(points.length, this.draw), at: 0 });
    const batch = this.order.slice(this.at, this.at + size).map((i) => points[i]);
    this.label = `lr ${lr}`;
    this.net = sgdStep(this.net, batch, lr);
    this.at += batch.length;
    this.steps += 1;
    const part = this.at / this.order.length;
    this.curve.push([this.epoch + part, meanLoss(this.net, points)]);
    if (part === 1) this.epoch += 1;
  }
}

export default figure({
  version: 1,
  title: "Softmax regression, trained in this page",
  traits: {
    num_classes: choice(3, [3, 4, 5]), lr: number(0.1, 0.001, 10), batch_size: integer(10, 1, 150), epochs: integer(40, 1, 200), seed: integer(1, 0, 2 ** 31),
    new_class: choice(0, range(5)),
    added: { init: [], fix: (v) => (isList(v, (p) => isList(p, isNumber, 3, 3) && range(5).includes(p[2])) ? v.map(([x1, x2, y]) => [clamp(x1, 0, SIDE), clamp(x2, 0, SIDE), y]) : undefined) },
  },
  build(ui) {
    let points = [], run, past = [], frame = 0, known = "", painted, cross = [3, 3];
    const classes = () => ui.get("num_classes"), guess = () => Math.log(classes());
    const step = () => run.step(points, ui.get("lr"), ui.get("batch_size"));
    const finished = () => run.epoch >= ui.get("epochs");
    const train = () => { while (!finished()) step(); };
    const count = () => Math.ceil(points.length / ui.get("batch_size")) * ui.get("epochs"); // steps of a whole run

    // --- parts -------------------------------------------------------------------------------
    const plane = new Plot({ width: 340, height: 340, x: [0, SIDE], y: [0, SIDE], xlabel: "feature x₁", ylabel: "feature x₂", grid: false });
    put(plane.node, { role: "application", tabindex: 0, "data-control": "plane",
      "aria-label": "Plane of the points. Arrow keys move a cross, Enter adds a point of the chosen class." });
    const canvas = html("canvas", { width: CELLS, height: CELLS, "aria-hidden": true });
    const m = plane.m, percent = (v) => `${(100 * v) / 340}%`;
    Object.assign(canvas.style, { left: percent(m.left), top: percent(m.top), width: percent(340 - m.left - m.right), height: percent(340 - m.top - m.bottom) });
    const dots = svg("g"), aim = svg("path.cross", { d: "M-8,0H8M0,-8V8" });
    plane.draw(dots, aim);
    const chart = new Plot({ width: 340, height: 240, x: [0, 40], y: LIMITS, yticks: [[-1, "0.1"], [0, "1"], [1, "10"], [2, "100"]], xlabel: "epoch", ylabel: "loss over all points (nats, log scale)", margin: { right: 52 } });
    const body = html("tbody"), status = html("p.say");
    const table = html("table", html("caption", "Weights and biases"),
      html("thead", html("tr", ...["class", "w₁", "w₂", "b"].map((h) => html("th", { scope: "col" }, h)))), body);

    // --- actions -----------------------------------------------------------------------------
    const play = ui.button("Play", () => (frame ? pause() : start()));
    const one = ui.button("Step", () => { if (finished()) restart(); step(); pause(); });
    const anew = ui.button("Restart", () => { restart(); pause(); });
    const undo = ui.button("Remove last point", () => ui.set({ added: ui.get("added").slice(0, -1) }));
    play.classList.add("cu-primary");
    function restart() {
      if (run?.epoch) past = [...past.filter((p) => p.label !== run.label), run].slice(-3);
      run = new Run(points, ui.get("seed"));
    }
    function start() {
      if (finished()) restart();
      if (stillness()) { train(); pause(); return; } // one repaint, no animation
      let last = performance.now(), due = 0;
      const tick = (now) => { // at least 300 steps a second, at most 8 seconds a run
        due = Math.min(due + (now - last) * Math.max(0.3, count() / 8000), 200);
        last = now;
        const until = performance.now() + 25;
        for (; due >= 1 && !finished() && performance.now() < until; due--) step();
        if (finished()) return pause();
        frame = requestAnimationFrame(tick);
        ui.refresh();
      };
      frame = requestAnimationFrame(tick);
      ui.refresh();
    }
    function pause() {
      cancelAnimationFrame(frame);
      frame = 0;
      ui.refresh();
      share();
    }
    ui.closers.push(() => cancelAnimationFrame(frame));
    function share() { // tells Python, where there is one
      ui.model.set("trained", { steps: run.steps, loss: run.loss, accuracy: hitRate(run.net, points), weight: [0, 1].map((j) => run.net.map((w) => w[j])), bias: run.net.map((w) => w[2]) });
      ui.model.save_changes();
    }
    const add = ([x1, x2]) => {
      const c = Math.min(ui.get("new_class"), classes() - 1);
      ui.set({ added: [...ui.get("added"), [...[x1, x2].map((v) => Math.round(100 * v) / 100), c]] });
      ui.tell(`Point of class ${c} added at ${fmt(x1, 1)}, ${fmt(x2, 1)}.`);
    };
    plane.node.addEventListener("click", (event) => {
      const at = plane.at(event);
      if (at.every((v) => v >= 0 && v <= SIDE)) { cross = at; add(at); }
    });
    plane.node.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      ui.touched = true;
      if (move) {
        cross = cross.map((v, j) => clamp(v + move[j] * (event.shiftKey ? 0.5 : 0.1), 0, SIDE));
        ui.refresh();
        ui.tell(`Cross at ${fmt(cross[0], 1)}, ${fmt(cross[1], 1)}.`);
      } else if (event.key === "Enter" || event.key === " ") add(cross);
      else return;
      event.preventDefault();
    });

    // --- drawing -----------------------------------------------------------------------------
    function gather() { // new points when the classes, the seed or the added points changed
      const now = JSON.stringify([classes(), ui.get("seed")]), all = now + JSON.stringify(ui.get("added"));
      if (all === known) return;
      points = [...cloud(classes(), ui.get("seed")), ...ui.get("added").filter((p) => p[2] < classes())];
      if (!known.startsWith(now)) demonstrate();
      known = all;
      dots.replaceChildren(...points.map(([x1, x2, c]) => symbol(c, { transform: `translate(${plane.x(x1)},${plane.y(x2)})`, "data-point": `${x1},${x2},${c}` })));
    }
    function demonstrate() { // before anyone touches it: far too small, far too large, right
      cancelAnimationFrame(frame);
      frame = 0;
      past = [10, 0.01].map((lr) => {
        run = new Run(points, ui.get("seed"));
        while (run.epoch < ui.get("epochs")) run.step(points, lr, ui.get("batch_size"));
        return run;
      });
      run = new Run(points, ui.get("seed"));
      train();
    }
    function paint() { // the most probable class; stronger where the model is surer
      const css = getComputedStyle(ui.root), pen = canvas.getContext("2d"), image = pen.createImageData(CELLS, CELLS), K = run.net.length;
      const rgb = COLORS.slice(0, K).map((c) => {
        pen.fillStyle = css.getPropertyValue(c.slice(4, -1)).trim() || "#888";
        return [1, 3, 5].map((i) => parseInt(pen.fillStyle.slice(i, i + 2), 16));
      });
      for (let i = 0, at = 0; i < CELLS; i++) {
        const x2 = SIDE * (1 - (i + 0.5) / CELLS);
        for (let j = 0; j < CELLS; j++, at += 4) {
          const x1 = (SIDE * (j + 0.5)) / CELLS;
          let best = 0, top = -Infinity, total = 0;
          for (let c = 0; c < K; c++) {
            const w = run.net[c], z = w[0] * x1 + w[1] * x2 + w[2];
            if (z > top) { total = total * Math.exp(top - z) + 1; top = z; best = c; } else total += Math.exp(z - top);
          }
          const sure = (K / total - 1) / (K - 1);
          image.data.set(rgb[best], at);
          image.data[at + 3] = 255 * (0.06 + 0.42 * sure);
        }
      }
      pen.putImageData(image, 0, 0);
    }
    function curves() {
      const last = Math.max(ui.get("epochs"), run.epoch);
      chart.scale({ x: [0, last] });
      const height = (loss) => chart.y(clamp(Math.log10(loss), ...LIMITS));
      const draw = ({ curve }, stroke, width) => { // 300 points of a long curve will do
        const every = Math.ceil(curve.length / 300), thin = curve.filter((p, i) => i % every === 0 || p === curve.at(-1));
        return svg("path.line", { d: chart.line(thin.map((p) => p[0]), thin.map((p) => clamp(Math.log10(p[1]), ...LIMITS))), stroke, style: `stroke-width:${width}` });
      };
      const old = past.filter((r) => r !== run && r.net.length === run.net.length), level = height(guess());
      const end = (r, stroke) => [r.label, chart.x(r.curve.at(-1)[0]), height(r.loss), stroke];
      const names = endLabels([...old.map((r, i) => end(r, OLD[i])), ["guess", chart.x(last), level, "var(--cu-soft)"], end(run, COLORS[0])]);
      chart.draw(svg("line.dash", { x1: chart.x(0), x2: chart.x(last), y1: level, y2: level }),
        ...old.map((r, i) => draw(r, OLD[i], 1)), draw(run, COLORS[0], 2.5), ...names);
    }
    function weights() {
      if (body.children.length !== run.net.length) {
        body.replaceChildren(...run.net.map((_, c) => html("tr", html("th", { scope: "row" }, key(c), c), ...range(3).map(() => html("td")))));
      }
      run.net.forEach((row, c) => row.forEach((v, j) => quantity(body.children[c].children[j + 1], `${["w1", "w2", "b"][j]}.${c}`, v)));
    }

    const pens = ui.radios("new_class", { label: "New point", options: range(5).map((c) => [c, String(c)]) });
    pens.querySelectorAll("label").forEach((node, c) => node.lastChild.prepend(key(c)));
    ui.add(html("div.grid2",
      html("div.stack", html("div.plane", canvas, plane.node), html("div.row", play, one, anew), status, html("div.row", pens, undo)),
      html("div.stack.form",
        ui.slider("lr", { label: "learning rate", step: 0.1, to: Math.log10, from: (v) => Number((10 ** v).toPrecision(2)), show: String }),
        ui.slider("batch_size", { label: "batch size", step: 1, show: String }),
        ui.slider("epochs", { label: "epochs", step: 1, show: String }),
        ui.radios("num_classes", { label: "Classes" }), chart.node, table)));
    ui.head.querySelector("button").addEventListener("click", () => { demonstrate(); pause(); });
    const recolour = () => { painted = null; ui.refresh(); };
    const themes = new MutationObserver(recolour);
    for (const node of [document.documentElement, document.body]) themes.observe(node, { attributeFilter: ["data-theme", "data-jp-theme-light"] });
    ui.closers.push(() => themes.disconnect());
    requestAnimationFrame(recolour); // colours are known once the figure is on the page

    return () => {
      gather();
      put(aim, { transform: `translate(${plane.x(cross[0])},${plane.y(cross[1])})` });
      pens.querySelectorAll("label").forEach((node, c) => { node.hidden = c >= classes(); });
      if (painted !== run.net) paint();
      painted = run.net;
      curves();
      weights();
      play.textContent = frame ? "Pause" : finished() ? "Play again" : "Play";
      undo.disabled = !ui.get("added").length;
      const epoch = run.curve.slice(-Math.ceil(points.length / ui.get("batch_size"))), worse = sum(epoch.map((p) => p[1])) > 2 * guess() * epoch.length;
      put(status, { class: `cu-say${worse ? " cu-alarm" : ""}` });
      const accuracy = hitRate(run.net, points);
      put(ui.root, { "data-steps": run.steps });
      status.replaceChildren(`Step ${run.steps}, epoch ${run.epoch} of ${ui.get("epochs")}: loss `, bold("loss", run.loss, 3), ", accuracy ", bold("accuracy", accuracy, 3),
        worse ? `. Diverging: over an epoch the loss is above twice that of guessing. The learning rate ${ui.get("lr")} is too large.` : ".");
      chart.describe(`Loss by epoch, log scale. ${[...past, run].map((r) => `${r.label}: ${fmt(r.loss, 2)}`).join(". ")}.`);
      return frame ? "" : status.textContent;
    };
  },
});
