/** Curves of runs: what each shows of itself, and how they are drawn. */
import { clamp, labelNodes, put, svg } from "../kit.js";

/** @import { Plot } from "../kit/plot.js" */
/** @typedef {"train_loss" | "train_accuracy" | "test_loss" | "test_accuracy"} Measure */
/**
 * A run, whatever trained it, and how it is drawn; each list has an entry per epoch.
 * @typedef {object} Curve
 * @property {string} name
 * @property {number} lr
 * @property {number[]} train_loss
 * @property {number[]} train_accuracy
 * @property {number[]} [test_loss]
 * @property {number[]} test_accuracy
 * @property {{ epoch: number, loss: number, accuracy: number } | null} [partial] running
 *   averages of the epoch under way
 * @property {{ epoch: number }[]} [changes] of the learning rate in mid run
 * @property {boolean} [diverged]
 * @property {string} stroke
 * @property {string} color of its name
 * @property {number} width
 */

export const LOSS_TICKS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
  .map((v) => /** @type {[number, string]} */ ([Math.log10(v), String(v)]));

/**
 * @param {Plot} plot
 * @param {Curve[]} curves the most important last
 * @param {"loss" | "accuracy"} what
 */
export function drawCurves(plot, curves, what) {
  const scale = what === "loss" ? Math.log10 : (/** @type {number} */ v) => v;
  const [low, high] = plot.ylim;
  const at = (/** @type {number} */ v) => clamp(scale(v), low, high);
  const lines = curves.flatMap((run) => {
    const bold = boldLine(run, what);
    const thin = thinLine(run, what);
    const stroke = run.stroke;
    return [
      { d: thin ? grown(plot, thin, run.partial, what, at) : "", stroke, style: "stroke-width:1" },
      { d: through(plot, bold, at), stroke, style: `stroke-width:${run.width}` },
    ];
  });
  const ends = curves.flatMap((run) => {
    const values = boldLine(run, what);
    const last = values[values.length - 1];
    return values.length ? [{ run, x: plot.x(values.length), y: plot.y(at(last)) }] : [];
  });
  const rings = curves.flatMap((run) => turns(plot, run, what, at));
  // Many times a second a thin line grows and nothing else changes: all other nodes stay.
  const made = drawn.get(plot) ?? { paths: [], marks: [], key: "" };
  drawn.set(plot, made);
  made.paths = lines.map((line, i) => put(made.paths[i] ?? svg("path.line"), line));
  const looks = ends.map((
    { run: { name, color, stroke, width, diverged }, x, y },
  ) => [x, y, name, color, stroke, width, diverged]);
  const key = JSON.stringify([looks, rings, plot.area, plot.width]);
  if (key !== made.key) made.marks = marks(plot, ends, rings);
  made.key = key;
  plot.draw(...made.paths, ...made.marks);
}

/**
 * The nodes of each plot's curves.
 * @type {WeakMap<Plot, { paths: SVGElement[], marks: SVGElement[], key: string }>}
 */
const drawn = new WeakMap();

/**
 * What stands on the lines: rings, their ends and their names.
 * @param {Plot} plot
 * @param {{ run: Curve, x: number, y: number }[]} ends
 * @param {{ cx: number, cy: number, fill: string }[]} rings
 */
function marks(plot, ends, rings) {
  return [
    ...rings.map(({ cx, cy, fill }) =>
      svg("circle.ring", { cx, cy, r: 4, style: `fill: ${fill}` })
    ),
    ...ends.map(({ run, x, y }) =>
      run.diverged
        ? svg("path.line", { d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8`, stroke: run.stroke })
        : svg("circle", { cx: x, cy: y, r: run.width, fill: run.stroke })
    ),
    ...labelNodes(
      ends.toReversed().map(({ run: { name, color }, x, y }) => {
        return { text: name, x, y, sides: ["right"], gap: 7, color };
      }),
      { ...plot.area, right: plot.width },
    ),
  ];
}

/** The line that counts. @param {Curve} run @param {"loss" | "accuracy"} what */
const boldLine = (run, what) =>
  what === "loss" ? run.test_loss ?? run.train_loss : run.test_accuracy;

/** The training images', where they have a line of their own. */
function thinLine(/** @type {Curve} */ run, /** @type {"loss" | "accuracy"} */ what) {
  if (what === "accuracy") return run.train_accuracy;
  return run.test_loss && run.train_loss;
}

/** @typedef {(value: number) => number} Scale */
/**
 * Path data of lists of values, which only ever grow, and the state in which they were made.
 * @type {WeakMap<number[], { key: string, d: string }>}
 */
const paths = new WeakMap();

/**
 * A line through the values at the ends of epochs.
 * @param {Plot} plot
 * @param {number[]} values
 * @param {Scale} at
 */
function through(plot, values, at) {
  const key = `${values.length} ${plot.key}`;
  const known = paths.get(values);
  if (known?.key === key) return known.d;
  const d = plot.line(values.map((_, e) => e + 1), values.map(at));
  paths.set(values, { key, d });
  return d;
}

/**
 * The same, and on to the epoch under way.
 * @param {Plot} plot
 * @param {number[]} values
 * @param {Curve["partial"]} partial
 * @param {"loss" | "accuracy"} what
 * @param {Scale} at
 */
function grown(plot, values, partial, what, at) {
  const d = through(plot, values, at);
  const end = partial ? plot.line([partial.epoch], [at(partial[what])]) : "";
  return d && end ? `${d}L${end.slice(1)}` : d + end;
}

/**
 * Where the learning rate was changed: a ring.
 * @param {Plot} plot
 * @param {Curve} run
 * @param {"loss" | "accuracy"} what
 * @param {Scale} at
 */
function turns(plot, run, what, at) {
  const values = boldLine(run, what);
  return (run.changes ?? []).flatMap(({ epoch }) => {
    const i = Math.max(0, Math.floor(epoch) - 1);
    if (i >= values.length) return [];
    return [{ cx: plot.x(i + 1), cy: plot.y(at(values[i])), fill: run.stroke }];
  });
}
