/**
 * An SVG plot with axes, one unit a pixel, so that text keeps its size in every window. The style
 * sheet decides how large a plot is; a figure draws into its layer and maps data with `x` and `y`.
 */
import { html, put, svg, svgText } from "./dom.js";
import { minus } from "./format.js";
import { clamp, ticks } from "./numbers.js";
import { textWidth } from "./text.js";

/** @import { Box } from "./labels.js" */
/** @typedef {[number, number]} Limits */
/** @typedef {(number | [number, string])[]} Ticks numbers, or numbers with their names */
/**
 * @typedef {object} PlotOptions
 * @property {Limits} x
 * @property {Limits} y
 * @property {string} [label] the text alternative
 * @property {number} [height] in pixels
 * @property {number} [aspect] width / height, instead of a height
 * @property {string} [xlabel] below the plot
 * @property {string} [ylabel] above it
 * @property {Ticks} [xticks] round numbers, if absent
 * @property {Ticks} [yticks]
 * @property {boolean} [grid]
 * @property {{ top?: number, right?: number, bottom?: number, left?: number }} [margin] pixels; on
 *   the left, at least as much as the names of the ticks need
 */
/**
 * Something to drag by.
 * @typedef {object} Handle
 * @property {number} x in data units
 * @property {number} y
 * @property {string} color
 * @property {"up" | "across"} [way]
 */

const MARGIN = { top: 10, right: 12, bottom: 24 };
const ARROWS = { up: "M-4,-3L0,-7L4,-3M-4,3L0,7L4,3", across: "M-3,-4L-7,0L-3,4M3,-4L7,0L3,4" };

export class Plot {
  /** @param {PlotOptions} options */
  constructor({ label = "", height = 230, aspect, margin = {}, ...options }) {
    this.fixed = margin;
    this.margin = { ...MARGIN, left: 42, ...margin };
    this.width = 360;
    this.height = aspect ? this.width / aspect : height;
    this.options = options;
    this.key = "";
    this.locked = () => false;
    this.axes = svg("g.axes", { "aria-hidden": true });
    this.layer = svg("g.marks");
    this.grips = svg("g", { "aria-hidden": true });
    this.svg = svg("svg", { role: "img" }, this.axes, this.layer, this.grips);
    this.svg.style.cssText = aspect ? `aspect-ratio: ${aspect}` : `height: ${height}px`;
    this.box = html("div.box", this.svg);
    this.titles = { x: html("div.axis.xaxis"), y: html("div.axis") };
    this.node = html("div.plot", this.titles.y, this.box, this.titles.x);
    for (const title of Object.values(this.titles)) put(title, { "aria-hidden": true });
    this.describe(label);
    this.scale({});
  }

  get xlim() {
    return this.options.x;
  }

  get ylim() {
    return this.options.y;
  }

  /** The part within the axes, in pixels. @returns {Box} */
  get area() {
    const { top, right, bottom, left } = this.margin;
    return { top, left, right: this.width - right, bottom: this.height - bottom };
  }

  /** @param {number} value */
  x(value) {
    const { left, right } = this.area;
    const [low, high] = this.xlim;
    return left + ((value - low) / (high - low)) * (right - left);
  }

  /** @param {number} value */
  y(value) {
    const { top, bottom } = this.area;
    const [low, high] = this.ylim;
    return bottom - ((value - low) / (high - low)) * (bottom - top);
  }

  /**
   * Take over the size that the style sheet gave the plot; false if it had that size already, or
   * if axes and their names would leave no room: then all of it is drawn smaller.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (width < 120 || !height || (width === this.width && height === this.height)) return false;
    this.width = width;
    this.height = height;
    this.scale({});
    return true;
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
    const { margin, ...options } = given;
    this.fixed = { ...this.fixed, ...margin };
    this.margin = { ...this.margin, ...margin };
    this.options = { ...this.options, ...forgotten, ...options };
    const { x, y, xticks, yticks, grid = true, xlabel = "", ylabel = "" } = this.options;
    const { width, height } = this;
    const key = JSON.stringify([x, y, xticks, yticks, xlabel, ylabel, width, height, this.fixed]);
    if (key === this.key) return;
    this.key = key;
    put(this.svg, { viewBox: `0 0 ${width} ${height}` });
    this.titles.x.textContent = xlabel;
    this.titles.y.textContent = ylabel;
    const rows = named(yticks, y, height / 50);
    const widest = Math.max(0, ...rows.map(([, text]) => textWidth(text)));
    this.margin.left = Math.max(this.fixed.left ?? 12, widest && Math.ceil(widest) + 12);
    const columns = named(xticks, x, width / 70);
    const { left, right, top, bottom } = this.area;
    this.axes.replaceChildren(
      ...rows.flatMap(([value, text]) => [
        grid ? svg("path.grid", { d: `M${left},${this.y(value)}H${right}` }) : "",
        svgText(left - 6, this.y(value) + 4, text, { "text-anchor": "end" }),
      ]),
      ...this.columnNames(columns),
      svg("path.edge", { d: `M${left},${top}V${bottom}H${right}` }),
    );
  }

  /**
   * The names of the ticks on the x axis; one that would run into its neighbour is left out.
   * @param {[number, string][]} columns
   */
  columnNames(columns) {
    let free = 0;
    return columns.flatMap(([value, text]) => {
      const half = textWidth(text) / 2;
      const x = clamp(this.x(value), half, this.width - half);
      if (x - half < free) return [];
      free = x + half + 4;
      return [svgText(x, this.area.bottom + 18, text)];
    });
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
    put(this.svg, { "aria-label": label });
  }

  /**
   * Show these nodes and no others. Those that are there already, in their order, are left alone.
   * @param {(Node | string)[]} children
   */
  draw(...children) {
    const there = this.layer.childNodes;
    let same = 0;
    while (same < children.length && there[same] === children[same]) same += 1;
    while (there.length > same) this.layer.lastChild?.remove();
    this.layer.append(...children.slice(same));
  }

  /**
   * Where the pointer is, in data units.
   * @param {MouseEvent} event
   * @returns {[number, number]}
   */
  at(event) {
    const box = this.svg.getBoundingClientRect();
    const { left, right, top, bottom } = this.area;
    const u = ((event.clientX - box.left) * (this.width / box.width) - left) / (right - left);
    const v = (bottom - (event.clientY - box.top) * (this.height / box.height)) / (bottom - top);
    const [x0, x1] = this.xlim;
    const [y0, y1] = this.ylim;
    return [x0 + u * (x1 - x0), y0 + v * (y1 - y0)];
  }

  /**
   * Show what can be dragged. The nodes stay the same ones while they are dragged.
   * @param {Handle[]} handles
   */
  handles(handles) {
    while (this.grips.childNodes.length > handles.length) this.grips.lastChild?.remove();
    handles.forEach(({ x, y, color, way = "up" }, i) => {
      const grip = /** @type {Element} */ (this.grips.childNodes[i] ?? newGrip());
      if (!grip.parentNode) this.grips.append(grip);
      put(grip, {
        class: `grip ${way}`,
        transform: `translate(${this.x(x).toFixed(1)},${this.y(y).toFixed(1)})`,
        style: `--color: ${color}`,
      });
      put(grip.children[2], { d: ARROWS[way] });
    });
  }

  /**
   * Call `move([x, y], pressed)`, in data units, while the pointer is down: anywhere on the plot
   * with a mouse, on a handle with a finger, so that a page still scrolls.
   * @param {(at: [number, number], pressed: boolean) => void} move
   */
  drag(move) {
    this.svg.classList.add("drag");
    this.svg.addEventListener("pointerdown", (event) => {
      const grip = /** @type {Element} */ (event.target).closest(".grip");
      if (event.button || this.locked() || (event.pointerType === "touch" && !grip)) return;
      this.svg.setPointerCapture(event.pointerId);
      event.preventDefault();
      move(this.at(event), true);
    });
    this.svg.addEventListener("pointermove", (event) => {
      if (this.svg.hasPointerCapture(event.pointerId)) move(this.at(event), false);
    });
  }
}

const newGrip = () =>
  svg("g.grip", svg("circle.reach", { r: 22 }), svg("circle.knob", { r: 11 }), svg("path.arrows"));

/**
 * @param {Ticks | undefined} given
 * @param {Limits} limits
 * @param {number} count of ticks for which there is room
 * @returns {[number, string][]}
 */
function named(given, limits, count) {
  const list = given ?? ticks(...limits, clamp(Math.round(count), 2, 6));
  return list.map((tick) => Array.isArray(tick) ? tick : [tick, minus(String(tick))]);
}
