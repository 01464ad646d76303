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
  const ends = curves.flatMap((run) => {
    const { x, y } = boldLine(run, what);
    return x.length ? [{ run, x: plot.x(x[x.length - 1]), y: plot.y(at(y[y.length - 1])) }] : [];
  });
  plot.draw(
    ...curves.flatMap((run) =>
      [thinLine(run, what), boldLine(run, what)].map(({ x, y, width }) =>
        svg("path.line", {
          d: plot.line(x, y.map(at)),
          stroke: run.stroke,
          style: `stroke-width:${width}`,
        })
      )
    ),
    ...curves.flatMap((run) => turns(plot, run, what, at)),
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
  );
}

/** The line that counts. @param {Curve} run @param {"loss" | "accuracy"} what */
function boldLine(run, what) {
  const y = what === "loss" ? run.test_loss ?? run.train_loss : run.test_accuracy;
  return { x: y.map((_, e) => e + 1), y, width: run.width };
}

/** The training images', where they have a line of their own. */
function thinLine(/** @type {Curve} */ run, /** @type {"loss" | "accuracy"} */ what) {
  const own = what === "accuracy" || run.test_loss;
  const y = own ? [...(what === "loss" ? run.train_loss : run.train_accuracy)] : [];
  const x = y.map((_, e) => e + 1);
  if (own && run.partial) {
    x.push(run.partial.epoch);
    y.push(run.partial[what]);
  }
  return { x, y, width: 1 };
}

/**
 * Rings where the learning rate was changed.
 * @param {Plot} plot
 * @param {Curve} run
 * @param {"loss" | "accuracy"} what
 * @param {(value: number) => number} at
 */
function turns(plot, run, what, at) {
  const { x, y } = boldLine(run, what);
  return (run.changes ?? []).flatMap(({ epoch }) => {
    const i = Math.max(0, Math.floor(epoch) - 1);
    if (i >= x.length) return [];
    const ring = svg("circle.ring", { cx: plot.x(x[i]), cy: plot.y(at(y[i])), r: 4 });
    return [put(ring, { style: `fill: ${run.stroke}` })];
  });
}
