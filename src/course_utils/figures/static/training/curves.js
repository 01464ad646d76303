/** Curves of runs: what each shows of itself, and how they are drawn. */
import { clamp, endLabels, svg } from "../kit.js";

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
 * @param {[number, string][]} levels to compare with, and their names
 */
export function drawCurves(plot, curves, what, levels = []) {
  const looks = curves.map((run) => [run.name, run.stroke, run.width, run.test_accuracy.length]);
  const key = JSON.stringify([looks, curves.map((run) => run.changes?.length), plot.key]);
  if (drawn.get(plot) === key) return; // many times a second
  drawn.set(plot, key);
  const scale = what === "loss" ? Math.log10 : (/** @type {number} */ v) => v;
  const [low, high] = plot.ylim;
  const at = (/** @type {number} */ v) => clamp(scale(v), low, high);
  /** @param {number[]} values */
  const line = (values) => plot.line(values.map((_, e) => e + 1), values.map(at));
  const lines = curves.flatMap((run) => {
    const { stroke, width } = run;
    return [
      svg("path.line", { d: line(thinLine(run, what) ?? []), stroke, style: "stroke-width:1" }),
      svg("path.line", { d: line(boldLine(run, what)), stroke, style: `stroke-width:${width}` }),
    ];
  });
  const ends = curves.flatMap((run) => {
    const values = boldLine(run, what);
    const last = values[values.length - 1];
    return values.length ? [{ run, x: plot.x(values.length), y: plot.y(at(last)) }] : [];
  });
  const rings = curves.flatMap((run) => turns(plot, run, what, at));
  const { left, right } = plot.area;
  const also = levels.map(([value, text]) => ({ y: plot.y(at(value)), text }));
  /** @type {(text: string, y: number, color: string) => [string, number, number, string]} */
  const label = (text, y, color) => [text, right, y, color];
  plot.draw(
    ...also.map(({ y }) => svg("path.ghost", { d: `M${left},${y}H${right}` })),
    ...lines,
    ...rings.map(({ cx, cy, fill }) =>
      svg("circle.ring", { cx, cy, r: 4, style: `fill: ${fill}` })
    ),
    ...ends.map(({ run, x, y }) =>
      run.diverged
        ? svg("path.line", { d: `M${x - 4},${y - 4}l8,8m0,-8l-8,8`, stroke: run.stroke })
        : svg("circle", { cx: x, cy: y, r: run.width, fill: run.stroke })
    ),
    ...ends.map(({ x, y }) => svg("path.dash", { d: `M${x},${y}H${right}` })),
    // In a column: beside the end of a shorter run the name would stand on other lines.
    ...endLabels([
      ...ends.map(({ run, y }) => label(run.name, y, run.color)),
      ...also.map(({ text, y }) => label(text, y, "var(--cu-ink)")),
    ]),
  );
}

/** What each plot shows. @type {WeakMap<Plot, string>} */
const drawn = new WeakMap();

/** The line that counts. @param {Curve} run @param {"loss" | "accuracy"} what */
const boldLine = (run, what) =>
  what === "loss" ? run.test_loss ?? run.train_loss : run.test_accuracy;

/** The training images', where they have a line of their own. */
function thinLine(/** @type {Curve} */ run, /** @type {"loss" | "accuracy"} */ what) {
  if (what === "accuracy") return run.train_accuracy;
  return run.test_loss && run.train_loss;
}

/**
 * Where the learning rate was changed: a ring.
 * @param {Plot} plot
 * @param {Curve} run
 * @param {"loss" | "accuracy"} what
 * @param {(value: number) => number} at
 */
function turns(plot, run, what, at) {
  const values = boldLine(run, what);
  return (run.changes ?? []).flatMap(({ epoch }) => {
    const i = Math.max(0, Math.floor(epoch) - 1);
    if (i >= values.length) return [];
    return [{ cx: plot.x(i + 1), cy: plot.y(at(values[i])), fill: run.stroke }];
  });
}
