/** What a trained model looks like: its weights as images, and its confusion matrix. */
import { COLORS, html, range, sum, svg } from "../kit.js";

/** @import { Plot } from "../kit/plot.js" */

// As in lab_data.py: red for the most negative weight, blue for the most positive one.
const [RED, WHITE, BLUE] = [[178, 24, 43], [250, 250, 250], [33, 102, 172]];
export const SIDE = 28;

/**
 * The colour of a weight, or of what a pixel adds: red, green and blue, 0 to 255.
 * @param {number} share of the largest, -1 to 1
 */
export function colourOf(share) {
  const end = share < 0 ? RED : BLUE;
  const part = Math.min(1, Math.abs(share)) ** 0.8;
  return WHITE.map((white, i) => white + (end[i] - white) * part);
}

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
      number.textContent = "";
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
      number.textContent = numbers[c] ?? "";
    });
    if (weights === this.shown) return;
    this.shown = weights;
    const sizes = weights.slice(0, SIDE * SIDE * n).map(Math.abs).sort();
    const top = sizes[Math.floor(0.995 * (sizes.length - 1))] || 1;
    this.tiles.forEach(({ image, canvas }, c) => {
      image.style.backgroundImage = "";
      canvas.hidden = false;
      const pen = canvas.getContext("2d");
      const pixels = pen?.createImageData(SIDE, SIDE);
      if (!pen || !pixels) return;
      for (let p = 0; p < SIDE * SIDE; p++) {
        pixels.data.set([...colourOf(weights[p * n + c] / top), 255], 4 * p);
      }
      pen.putImageData(pixels, 0, 0);
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
 * @param {Plot} plot
 * @param {ArrayLike<number>} counts true classes by row
 * @param {number[]} total images by true class
 */
export function drawConfusion(plot, counts, total) {
  const n = total.length;
  const w = plot.x(1) - plot.x(0);
  const h = plot.y(1) - plot.y(0);
  plot.draw(
    ...range(n * n).flatMap((k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      const share = counts[k] / (total[i] || 1);
      return [
        svg("rect", {
          x: plot.x(j) + 0.5,
          y: plot.y(i) + 0.5,
          width: w - 1,
          height: h - 1,
          rx: 2,
          fill: i === j ? COLORS[0] : COLORS[1],
          "fill-opacity": share ? 0.08 + 0.92 * share ** 0.7 : 0.03,
        }),
        counts[k]
          ? svg("text", {
            x: plot.x(j) + w / 2,
            y: plot.y(i) + h / 2 + 4,
            "text-anchor": "middle",
            class: share > 0.45 ? "on" : "cell",
          }, String(counts[k]))
          : "",
      ];
    }),
  );
}
