/** An SVG plot with axes: a figure draws into its layer and maps data with `x` and `y`. */
import { put, svg, svgText } from "./dom.js";
import { minus } from "./format.js";
import { ticks } from "./numbers.js";

/** @import { Child } from "./dom.js" */
/** @typedef {[number, number]} Limits */
/** @typedef {(number | [number, string])[]} Ticks numbers, or numbers with their names */
/**
 * @typedef {object} PlotOptions
 * @property {Limits} x
 * @property {Limits} y
 * @property {string} [label] the text alternative
 * @property {number} [width]
 * @property {number} [height]
 * @property {string} [xlabel]
 * @property {string} [ylabel]
 * @property {Ticks} [xticks] round numbers, if absent
 * @property {Ticks} [yticks]
 * @property {boolean} [grid]
 * @property {{ top?: number, right?: number, bottom?: number, left?: number }} [margin]
 */

const MARGIN = { top: 22, right: 12, bottom: 38, left: 42 };

/**
 * @param {Ticks | undefined} given
 * @param {Limits} limits
 * @returns {[number, string][]}
 */
const named = (given, limits) =>
  (given ?? ticks(...limits)).map((tick) =>
    Array.isArray(tick) ? tick : [tick, minus(String(tick))]
  );

export class Plot {
  /** @param {PlotOptions} options */
  constructor({ label = "", width = 360, height = 230, margin, ...options }) {
    this.margin = { ...MARGIN, ...margin };
    this.width = width;
    this.height = height;
    this.options = options;
    this.key = "";
    this.axes = svg("g.axes", { "aria-hidden": true });
    this.layer = svg("g");
    const box = { viewBox: `0 0 ${width} ${height}`, role: "img" };
    this.node = svg("svg", box, this.axes, this.layer);
    this.describe(label);
    this.scale({});
  }

  get xlim() {
    return this.options.x;
  }

  get ylim() {
    return this.options.y;
  }

  /** @param {number} value */
  x(value) {
    const { left, right } = this.margin;
    const [low, high] = this.xlim;
    return left + ((value - low) / (high - low)) * (this.width - right - left);
  }

  /** @param {number} value */
  y(value) {
    const { top, bottom } = this.margin;
    const [low, high] = this.ylim;
    const floor = this.height - bottom;
    return floor - ((value - low) / (high - low)) * (floor - top);
  }

  /**
   * Set limits and redraw the axes, if anything changed. An axis that is given new limits without
   * ticks gets round ones.
   * @param {Partial<PlotOptions>} given
   */
  scale(given) {
    const forgotten = {
      ...(given.x && { xticks: undefined }),
      ...(given.y && { yticks: undefined }),
    };
    this.options = { ...this.options, ...forgotten, ...given };
    const { x, y, xticks, yticks, grid = true, xlabel = "", ylabel = "" } = this.options;
    const key = JSON.stringify([x, y, xticks, yticks]);
    if (key === this.key) return;
    this.key = key;
    const { top, right, left, bottom } = this.margin;
    const end = this.width - right;
    const floor = this.height - bottom;
    const rows = named(yticks, y).flatMap(([value, text]) => [
      grid ? svg("path.grid", { d: `M${left},${this.y(value)}H${end}` }) : "",
      svgText(left - 6, this.y(value) + 4, text, { "text-anchor": "end" }),
    ]);
    this.axes.replaceChildren(
      ...rows,
      ...named(xticks, x).map(([value, text]) => svgText(this.x(value), floor + 15, text)),
      svg("path.frame", { d: `M${left},${top}V${floor}H${end}` }),
      svgText((left + end) / 2, this.height - 5, xlabel, { class: "cu-axis" }),
      svgText(2, 12, ylabel, { class: "cu-axis", "text-anchor": "start" }),
    );
  }

  /**
   * Path data of a line through the points; it breaks where a value is not finite.
   * @param {number[]} xs
   * @param {number[]} ys
   */
  line(xs, ys) {
    let path = "";
    let pen = "M";
    xs.forEach((x, i) => {
      if (Number.isFinite(x) && Number.isFinite(ys[i])) {
        path += `${pen}${this.x(x).toFixed(2)},${this.y(ys[i]).toFixed(2)}`;
        pen = "L";
      } else {
        pen = "M";
      }
    });
    return path;
  }

  /** @param {string} label the text alternative */
  describe(label) {
    put(this.node, { "aria-label": label });
  }

  /** @param {(Node | string)[]} children */
  draw(...children) {
    this.layer.replaceChildren(...children);
  }

  /**
   * Where the pointer is, in data units.
   * @param {MouseEvent} event
   * @returns {[number, number]}
   */
  at(event) {
    const box = this.node.getBoundingClientRect();
    const unit = this.width / box.width;
    const { left, right, top, bottom } = this.margin;
    const u = ((event.clientX - box.left) * unit - left) / (this.width - left - right);
    const v = (this.height - bottom - (event.clientY - box.top) * unit) /
      (this.height - top - bottom);
    const [x0, x1] = this.xlim;
    const [y0, y1] = this.ylim;
    return [x0 + u * (x1 - x0), y0 + v * (y1 - y0)];
  }

  /**
   * Call `move([x, y], pressed)`, in data units, while the pointer is down on the plot.
   * @param {(at: [number, number], pressed: boolean) => void} move
   */
  drag(move) {
    this.node.classList.add("cu-drag");
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.node.setPointerCapture(event.pointerId);
      event.preventDefault();
      move(this.at(event), true);
    });
    this.node.addEventListener("pointermove", (event) => {
      if (this.node.hasPointerCapture(event.pointerId)) move(this.at(event), false);
    });
  }
}
