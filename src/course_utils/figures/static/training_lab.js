import {
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
  isText,
  nearest,
  put,
  range,
  slider,
  sum,
  svg,
  unique,
} from "./kit.js";

const SILENCE = 4000; // ms without a sign of life after which the kernel counts as gone
/** @type {[number, string][]} */
const LOSSES = [0.5, 1, 2, 5, 10, 20, 50].map((v) => [Math.log10(v), String(v)]);
const LIVE = [1, 2, 3, 4].map((i) => COLORS[i]);
/** @type {Measure[]} */
const MEASURES = ["train_loss", "train_accuracy", "test_accuracy"];
/** @import { Limits, Plot, Ticks } from "./kit/plot.js" */
/** @typedef {"train_loss" | "train_accuracy" | "test_accuracy"} Measure */
/**
 * A run as Python tells it, and how its curve is drawn.
 * @typedef {Record<Measure, number[]> & { lr: number, confusion: number[], diverged?: boolean,
 *   remark?: string,
 *   templates?: string, epochs?: number, batch_size?: number, phase?: string }} Run
 * @typedef {Run & { name: string, stroke: string, width: number, live?: boolean }} Curve
 */
/**
 * @typedef {{ lrs: number[], num_epochs: number, batch_size: number, classes: string[],
 *   source: string, runs: Run[], templates: string }} Recording
 */

/** @param {any} r @param {number} n */
const isRun = (r, n) =>
  MEASURES.every((k) => isList(r?.[k], isNumber)) && r.confusion?.length === n * n;
/** @param {any} r */
const isRecording = (r) =>
  isList(r?.classes, isText) && isList(r.lrs, (v) => isNumber(v) && v > 0, 1) &&
  isList(r.runs, (run) => isRun(run, r.classes.length), r.lrs.length, r.lrs.length) &&
  isText(r.templates);

export default figure({ en: {} }, (view) => {
  /** @type {Recording} */
  const rec = view.get("recording");
  const live = view.model.get("live") === true;
  const n = rec.classes.length;
  const spot = (/** @type {number} */ lr) => nearest(rec.lrs, lr);
  const status = () => view.model.get("status") ?? {};
  /** @returns {Run[]} */
  const runs = () => view.model.get("runs") ?? [];
  let asked = 0;
  let gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let hidden = 0;
  const busy = () => !gone && (asked > 0 || status().phase === "training");

  // --- parts -------------------------------------------------------------------------------
  const mode = html("p.mode");
  const words = html("p.say");
  /** @type {(ylabel: string, y: Limits, yticks?: Ticks) => Plot} */
  const chart = (ylabel, y, yticks) =>
    view.plot({
      height: 230,
      x: [1, 10],
      y,
      yticks,
      xlabel: "epoch",
      ylabel,
      margin: { right: 84 },
    });
  const loss = chart("training loss, running (nats, log scale)", [-0.5, 1.8], LOSSES);
  const accuracy = chart("accuracy: test (bold), training (thin)", [0.5, 0.9]);
  const bar = html("progress", { max: 1, value: 0, "aria-label": "Progress of the run" });
  const train = button(view, "Train", () => {
    ask();
  });
  const stop = button(view, "Stop", () => send("stop"));
  train.classList.add("primary");
  const keep = button(view, "Keep this curve", () =>
    view.set({
      kept: [
        ...view.get("kept").filter((/** @type {number} */ v) => v !== shownRate()),
        shownRate(),
      ].slice(-4),
    }));
  const clear = button(view, "Clear", () => {
    hidden = runs().length;
    view.set({ kept: [] });
  });
  const batch = slider(view, "batch_size", {
    label: "batch size",
    step: 1,
    to: Math.log2,
    from: (v) => 2 ** v,
    show: String,
  });
  const why = html("p.soft.why");
  const templates = html("div.templates", { role: "img" });
  const heading = html("p.head2.gap");
  const tiles = rec.classes.map((name) => {
    const tile = html("span");
    templates.append(html("span", tile, name));
    return tile;
  });
  const table = view.plot({
    aspect: 1,
    x: [0, n],
    y: [n, 0],
    xticks: [],
    yticks: rec.classes.map((name, i) => [i + 0.5, name]),
    xlabel: "predicted class, in the same order",
    ylabel: "true class",
    grid: false,
    margin: { right: 4, bottom: 8 },
  });

  // --- the kernel --------------------------------------------------------------------------
  /** @param {string} type */
  function send(type) {
    try {
      view.model.send({ type });
    } catch {
      lost();
    }
  }
  function lost() {
    gone = busy();
    asked = 0;
    view.refresh();
  }
  function watch() {
    clearTimeout(timer);
    if (busy()) timer = setTimeout(lost, SILENCE);
  }
  function ask() {
    gone = false;
    asked = Date.now();
    hidden = Math.max(hidden, runs().length - 3);
    send("train");
    watch();
    view.refresh();
  }
  view.on("change:status", () => {
    gone = false;
    asked = 0;
    watch();
    view.refresh();
  });
  view.on("change:runs", () => view.refresh());
  view.on("comm_live_update", () => {
    if (busy()) lost(); // the kernel went away
  });
  view.closers.push(() => clearTimeout(timer));

  // --- drawing -----------------------------------------------------------------------------
  const shownRate = () => rec.lrs[spot(view.get("lr"))];
  /** @type {(run: Run, epochs: number) => Run} */
  const cut = (run, epochs) => ({
    ...run,
    ...Object.fromEntries(MEASURES.map((k) => [k, run[k].slice(0, epochs)])),
  });
  /** @type {(lr: number, more: { stroke: string, width: number }) => Curve} */
  const recorded = (lr, more) => ({
    ...cut(rec.runs[rec.lrs.indexOf(lr)], view.get("epochs")),
    lr,
    name: String(lr),
    ...more,
  });
  /** What matters most stands last. @returns {Curve[]} */
  function curves() {
    const s = status();
    const finished = runs().slice(hidden);
    const going = s.phase === "training" ? [s] : [];
    const alive = [...finished, ...going].map((r, i) => ({
      ...r,
      name: `live ${r.lr}/${r.batch_size}`,
      live: true,
      stroke: LIVE[(hidden + i) % 4],
      width: 2.5,
    }));
    /** @type {number[]} */
    const rates = view.get("kept").map((/** @type {number} */ lr) => rec.lrs[spot(lr)]);
    const kept = rates.filter((lr, i) => lr !== shownRate() && rates.indexOf(lr) === i);
    return [
      ...kept.map((lr) => recorded(lr, { stroke: "var(--cu-grey)", width: 1.5 })),
      recorded(shownRate(), { stroke: COLORS[0], width: alive.length ? 1.5 : 3 }),
      ...alive,
    ];
  }
  /**
   * @param {Plot} plot
   * @param {Curve[]} all
   * @param {Measure} key
   * @param {Measure | null} thin drawn with a thin line
   */
  function lines(plot, all, key, thin, scale = (/** @type {number} */ v) => v) {
    const [lo, hi] = plot.ylim;
    const at = (/** @type {number} */ v) => clamp(scale(v), lo, hi);
    /** @type {(run: Curve, key: Measure, width: number) => SVGElement} */
    const path = (r, k, width) =>
      svg("path.line", {
        d: plot.line(r[k].map((_, e) => e + 1), r[k].map(at)),
        stroke: r.stroke,
        style: `stroke-width:${width}`,
      });
    const ends = all.filter((r) => r[key].length).map((r) => ({
      r,
      x: plot.x(r[key].length),
      y: plot.y(at(r[key][r[key].length - 1])),
    }));
    plot.draw(
      ...all.flatMap((r) => [...(thin ? [path(r, thin, 1)] : []), path(r, key, r.width)]),
      ...ends.map((
        { r, x, y },
      ) => (r.diverged
        ? svg("path.line", { d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8`, stroke: r.stroke })
        : svg("circle", { cx: x, cy: y, r: r.width, fill: r.stroke }))
      ),
      ...endLabels(
        ends.map((
          { r, x, y },
        ) => [r.diverged && !r.live ? `${r.name} stopped` : r.name, x, y, r.stroke]),
      ),
    );
  }
  /**
   * @param {Run} run
   * @param {string} sprite pictures of the weights, a row for each run
   * @param {number} rows
   * @param {number} row
   * @param {string} caption
   */
  function pictures(run, sprite, rows, row, caption) {
    templates.hidden = !sprite;
    tiles.forEach((tile, c) =>
      Object.assign(tile.style, {
        backgroundImage: `url(${sprite})`,
        backgroundSize: `${100 * n}% ${100 * rows}%`,
        backgroundPosition: `${(100 * c) / (n - 1)}% ${rows > 1 ? (100 * row) / (rows - 1) : 0}%`,
      })
    );
    /** @type {(i: number, j: number) => number} */
    const count = (i, j) => run.confusion[i * n + j];
    const total = range(n).map((i) => sum(range(n).map((j) => count(i, j))));
    const cells = range(n * n).map((k) => [Math.floor(k / n), k % n]);
    const w = table.x(1) - table.x(0);
    const h = table.y(1) - table.y(0);
    table.draw(...cells.flatMap(([i, j]) => {
      const share = count(i, j) / (total[i] || 1);
      return [
        svg("rect", {
          x: table.x(j) + 0.5,
          y: table.y(i) + 0.5,
          width: w - 1,
          height: h - 1,
          rx: 2,
          fill: i === j ? COLORS[0] : COLORS[1],
          "fill-opacity": share ? 0.08 + 0.92 * share ** 0.7 : 0.03,
        }),
        count(i, j)
          ? svg("text", {
            x: table.x(j) + w / 2,
            y: table.y(i) + h / 2 + 4,
            "text-anchor": "middle",
            class: share > 0.45 ? "on" : "cell",
          }, String(count(i, j)))
          : "",
      ];
    }));
    const mistakes = cells.filter(([a, b]) => a !== b);
    const [i, j] = mistakes.sort((a, b) => count(b[0], b[1]) - count(a[0], a[1]))[0];
    table.describe(
      `Confusion matrix on the test pictures. Recall: ${
        rec.classes.map((name, c) => `${name} ${fmt(count(c, c) / (total[c] || 1), 2)}`).join(
          ", ",
        )
      }.`,
    );
    put(templates, { "aria-label": `Weights of the ${n} classes as pictures.` });
    heading.textContent = `${caption}. Most often confused: ${rec.classes[i]} taken for ${
      rec.classes[j]
    }, ${count(i, j)} of ${total[i]}.`;
  }
  /** @type {(run: Run, what: string) => (Node | string)[]} */
  const say = (run, what) => {
    const e = run.test_accuracy.length;
    if (!e) return [`${what}: ${run.remark || "the first epoch is under way"}.`];
    const q = (/** @type {Measure} */ name) => bold(name, run[name][e - 1], 3);
    return [
      `${what}, after epoch ${e}: training loss `,
      q("train_loss"),
      ", training accuracy ",
      q("train_accuracy"),
      ", test accuracy ",
      q("test_accuracy"),
      ".",
      run.remark ? ` ${run.remark[0].toUpperCase()}${run.remark.slice(1)}.` : "",
    ];
  };

  const batchInput = /** @type {HTMLInputElement} */ (batch.querySelector("input"));
  why.id = unique("why");
  watch(); // a view made during a run
  put(batchInput, { disabled: !live, "aria-describedby": live ? null : why.id });
  if (!live) {
    why.textContent =
      `Fixed: all recorded runs used minibatches of ${rec.batch_size}. Changing it needs a kernel.`;
  }
  view.add(
    mode,
    html(
      "div.grid2",
      html(
        "div.stack",
        slider(view, "lr", {
          label: "learning rate",
          step: 1,
          min: rec.lrs[0],
          max: rec.lrs.at(-1),
          to: spot,
          from: (i) => rec.lrs[i],
          show: String,
        }),
        slider(view, "epochs", {
          label: "epochs",
          step: 1,
          max: Math.max(...rec.runs.map((r) => r.test_accuracy.length)),
          show: String,
        }),
        batch,
        why,
      ),
      html(
        "div.stack",
        words,
        html("div.row", ...(live ? [train, stop] : []), keep, clear),
        live ? bar : "",
      ),
    ),
    html("div.grid2.gap", loss.node, accuracy.node),
    heading,
    html(
      "div.grid2",
      html(
        "div",
        templates,
        html(
          "p.soft.why",
          "The weights as pictures: a bright pixel speaks for the class where it is blue, " +
            "against it where it is red.",
        ),
      ),
      table.node,
    ),
  );

  return () => {
    const s = status();
    const all = curves();
    const epochs = Math.max(
      2,
      ...all.map((r) =>
        r.live ? Math.max(r.epochs ?? 0, r.test_accuracy.length) : view.get("epochs")
      ),
    );
    const mine = (/** @type {Run} */ r) => spot(r.lr) === spot(view.get("lr"));
    const last = all[all.length - 1];
    const usable = all.findLast((r) => mine(r) && !(r.phase && gone));
    const front = busy() && last.live || !usable ? last : usable;
    const source = rec.source === "real" ? "" : " on the STAND-IN data, not the real pictures";
    const kinds = {
      gone: " The kernel does not answer (stopped, or busy elsewhere). " +
        "The recorded runs stay usable; Train asks it again.",
      live: ` Train fits a new model${source || " on the 60 000 real pictures"} with these ` +
        "settings. Curves are named live rate/batch size; in blue, the run recorded with " +
        `batch size ${rec.batch_size}.`,
      recorded: ` from when this notebook was run${source}: ${rec.lrs.length} learning rates, ` +
        `${rec.num_epochs} epochs each. With a kernel, this figure trains.`,
    };
    const kind = gone ? "gone" : live ? "live" : "recorded";
    mode.replaceChildren(html("b", kind === "live" ? "Live kernel" : "Recorded runs"), kinds[kind]);
    put(mode, {
      class: `mode${gone ? " alarm" : ""}`,
      "data-runs": live && !gone ? "live" : "recorded",
    });
    const seen = all.flatMap((r) => [...r.train_accuracy, ...r.test_accuracy]);
    /** @type {(round: (v: number) => number, v: number) => number} */
    const tenth = (f, v) => f(v * 10) / 10;
    loss.scale({ x: [1, epochs], yticks: LOSSES });
    accuracy.scale({
      x: [1, epochs],
      y: [
        Math.min(0.5, tenth(Math.floor, Math.min(...seen))),
        Math.max(0.9, tenth(Math.ceil, Math.max(...seen))),
      ],
    });
    lines(loss, all, "train_loss", null, Math.log10);
    lines(accuracy, all, "test_accuracy", "train_accuracy");
    const what = front.live
      ? `Live run, learning rate ${front.lr}, batch size ${front.batch_size}`
      : `Recorded, learning rate ${front.lr}`;
    words.replaceChildren(
      ...(asked
        ? ["Asked the kernel to train…"]
        : s.phase === "failed"
        ? [`Training failed: ${s.message}`]
        : say(front, what)),
    );
    const done = runs().slice(hidden).findLast(mine);
    const k = spot(view.get("lr"));
    if (done) {
      pictures(
        done,
        done.templates ?? "",
        1,
        0,
        `Live run, learning rate ${done.lr}, after epoch ${done.test_accuracy.length}`,
      );
    } else {
      const epoch = rec.runs[k].test_accuracy.length;
      const caption = `Recorded, learning rate ${rec.lrs[k]}, after epoch ${epoch}`;
      pictures(rec.runs[k], rec.templates, rec.lrs.length, k, caption);
    }
    const rates = all.map((r) => r.name).join(", ");
    loss.describe(`Training loss by epoch for learning rates ${rates}.`);
    accuracy.describe(`Accuracy by epoch for learning rates ${rates}.`);
    train.disabled = busy();
    stop.disabled = !busy();
    bar.value = s.phase === "done" ? 1 : 0;
    if (s.phase === "training") bar.value = (s.test_accuracy.length + s.part) / s.epochs;
    const end = front.test_accuracy.length;
    if (asked || s.phase === "failed" || !end) return words.textContent ?? "";
    const result = fmt(front.test_accuracy[end - 1], 3);
    const fate = front.remark ? `; ${front.remark}` : "";
    return `Learning rate ${front.lr}, epoch ${end}: test accuracy ${result}${fate}.`;
  };
}, { recording: isRecording });
