/** What a trained model looks like: its weights as images, and its confusion matrix. */
import { clamp, COLORS, fit, html, put, range, say, sum, svg, svgText } from "../kit.js";
import { colourOf, SIDE } from "./shades.js";

/** @import { Plot } from "../kit/plot.js" */

const SHADES = 256; // on each side of white
/** The colours of -SHADES to SHADES as a canvas keeps them: bytes red, green, blue and opaque. */
const SHADE = Uint32Array.from({ length: 2 * SHADES + 1 }, (_, i) => {
  const bytes = Uint8ClampedArray.of(...colourOf(i / SHADES - 1), 255);
  return new Uint32Array(bytes.buffer)[0];
});

/** A row of images, one for each class, with names and a number below them. */
export class Templates {
  /** @param {string[]} classes @param {string} label */
  constructor(classes, label) {
    this.tiles = classes.map((name) => {
      const canvas = html("canvas", { width: SIDE, height: SIDE });
      const image = html("span.image", canvas);
      const number = html("span.number");
      return { image, canvas, number, node: html("span", image, html("span", name), number) };
    });
    const nodes = this.tiles.map(({ node }) => node);
    this.node = html("div.templates", { role: "img", "aria-label": label }, ...nodes);
    /** @type {ArrayLike<number> | null} */
    this.shown = null;
  }

  /**
   * Show a row of a sheet of images, as `lab_data.template_sprite` makes it.
   * @param {string} sheet address of the sheet, "" for none
   * @param {number} rows
   * @param {number} row
   */
  sprite(sheet, rows, row) {
    this.node.hidden = !sheet;
    this.shown = null;
    const n = this.tiles.length;
    this.tiles.forEach(({ image, canvas, number }, c) => {
      canvas.hidden = true;
      say(number, "");
      Object.assign(image.style, {
        backgroundImage: `url(${sheet})`,
        backgroundSize: `${100 * n}% ${100 * rows}%`,
        backgroundPosition: `${(100 * c) / (n - 1)}% ${rows > 1 ? (100 * row) / (rows - 1) : 0}%`,
      });
    });
  }

  /**
   * Show weights (784, n), row by row; the scale is that of the largest of them.
   * @param {Float32Array} weights
   * @param {string[]} numbers below the names
   */
  weights(weights, numbers) {
    const n = this.tiles.length;
    this.node.hidden = false;
    this.tiles.forEach(({ number }, c) => {
      say(number, numbers[c] ?? "");
    });
    if (weights === this.shown) return;
    this.shown = weights;
    const sizes = weights.slice(0, SIDE * SIDE * n).map(Math.abs).sort();
    const top = sizes[Math.floor(0.995 * (sizes.length - 1))] || 1;
    this.tiles.forEach(({ image, canvas }, c) => {
      image.style.backgroundImage = "";
      canvas.hidden = false;
      const pixels = new ImageData(SIDE, SIDE);
      const shades = new Uint32Array(pixels.data.buffer);
      for (let p = 0; p < SIDE * SIDE; p++) {
        const share = clamp(weights[p * n + c] / top, -1, 1);
        shades[p] = SHADE[Math.round(SHADES * (1 + share))];
      }
      canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    });
  }
}

/**
 * What a confusion matrix says: how many images of each class there are, how many of them were
 * recognized, and the most frequent mistake.
 * @param {ArrayLike<number>} counts true classes by row
 * @param {number} n classes
 */
export function confusionFacts(counts, n) {
  const total = range(n).map((i) => sum(range(n).map((j) => counts[i * n + j])));
  const recall = range(n).map((i) => counts[i * n + i] / (total[i] || 1));
  const mistakes = range(n * n).filter((k) => Math.floor(k / n) !== k % n);
  const worst = mistakes.reduce((a, b) => (counts[b] > counts[a] ? b : a));
  return { total, recall, worst: { i: Math.floor(worst / n), j: worst % n, count: counts[worst] } };
}

/**
 * Draw a confusion matrix; where one of that size stands already, only what differs is changed.
 * @param {Plot} plot
 * @param {ArrayLike<number>} counts true classes by row
 * @param {number[]} total images by true class
 */
export function drawConfusion(plot, counts, total) {
  const n = total.length;
  const w = plot.x(1) - plot.x(0);
  const h = plot.y(1) - plot.y(0);
  const old = [...plot.layer.children];
  const place = { x: plot.x(0) + 0.5, width: w - 1, height: h - 1 };
  const stands = old.length === 2 * n * n &&
    Object.entries(place).every(([key, value]) => old[0].getAttribute(key) === String(value));
  const cells = range(n * n).map((k) => {
    if (stands) return { rect: old[2 * k], text: old[2 * k + 1] };
    const [i, j] = [Math.floor(k / n), k % n];
    const fill = i === j ? COLORS[0] : COLORS[1];
    const rect = { ...place, x: plot.x(j) + 0.5, y: plot.y(i) + 0.5, rx: 2, fill };
    return {
      rect: svg("rect", rect),
      text: svgText(plot.x(j) + w / 2, plot.y(i) + h / 2 + 4, ""),
    };
  });
  cells.forEach(({ rect, text }, k) => {
    const share = counts[k] / (total[Math.floor(k / n)] || 1);
    put(rect, { "fill-opacity": share ? 0.08 + 0.92 * share ** 0.7 : 0.03 });
    put(text, { class: share > 0.45 ? "on" : "cell" });
    fit(text, String(counts[k] || ""), w);
  });
  if (!stands) plot.draw(...cells.flatMap(({ rect, text }) => [rect, text]));
}
