/** Labels that collide neither with each other nor with the edges of a plot. */
import { svg } from "./dom.js";
import { clamp } from "./numbers.js";
import { TEXT_SIZE, textWidth } from "./text.js";

/** @typedef {{ left: number, right: number, top: number, bottom: number }} Box */
/** @typedef {"above" | "below" | "right" | "left"} Side */
/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} x of the point it names
 * @property {number} y
 * @property {Side[]} [sides] where it may stand, the best place first
 * @property {number} [gap] pixels from the point
 * @property {string} [color]
 * @property {number} [weight]
 * @property {boolean} [fixed] stands on one of its sides, or is left out
 */
/** @typedef {Label & { box: Box }} Placed */

const LINE = TEXT_SIZE + 3; // height of a line of text
const APART = 6; // pixels between two labels: more than a space

/** @param {Box} a @param {Box} b */
export const overlap = (a, b) =>
  a.left < b.right + APART && b.left < a.right + APART &&
  a.top < b.bottom && b.top < a.bottom;

/**
 * @param {Label} label
 * @param {Side} side
 * @param {number} width
 * @param {Box} area
 * @returns {Box} where the label stands, moved into the area
 */
function boxAt({ x, y, gap = 6 }, side, width, area) {
  const centres = {
    above: [x, y - gap - LINE / 2],
    below: [x, y + gap + LINE / 2],
    right: [x + gap + width / 2, y],
    left: [x - gap - width / 2, y],
  };
  const [cx, cy] = centres[side];
  const left = clamp(cx - width / 2, area.left, Math.max(area.left, area.right - width));
  const top = clamp(cy - LINE / 2, area.top, area.bottom - LINE);
  return { left, right: left + width, top, bottom: top + LINE };
}

/**
 * Find a place for each label, the most important first: on the first of its sides that is free,
 * else as little further up or down as it takes. A label without any room is left out.
 * @param {Label[]} labels
 * @param {Box} area
 * @param {Box[]} [taken] what labels keep clear of
 * @param {(text: string, weight?: number) => number} [measure]
 * @returns {Placed[]}
 */
export function place(labels, area, taken = [], measure = textWidth) {
  const boxes = [...taken];
  /** @type {Placed[]} */
  const placed = [];
  for (const label of labels) {
    const width = measure(label.text, label.weight);
    const sides = label.sides ?? ["above", "below", "right", "left"];
    const free = (/** @type {Box} */ box) => !boxes.some((other) => overlap(box, other));
    const wanted = sides.map((side) => boxAt(label, side, width, area));
    let box = wanted.find(free);
    for (let step = 2; !box && !label.fixed && step < area.bottom - area.top; step += 2) {
      const moved = [-step, step].flatMap((dy) =>
        wanted.map((one) => ({ ...one, top: one.top + dy, bottom: one.bottom + dy }))
      );
      box = moved.find((one) => one.top >= area.top && one.bottom <= area.bottom && free(one));
    }
    if (!box) continue;
    boxes.push(box);
    placed.push({ ...label, box });
  }
  return placed;
}

/**
 * SVG texts for labels, placed so that they don't collide.
 * @param {Label[]} labels
 * @param {Box} area
 * @param {Box[]} [taken]
 */
export function labelNodes(labels, area, taken) {
  return place(labels, area, taken).map(({ text, box, color, weight }) =>
    svg(
      "text.halo",
      {
        x: (box.left + box.right) / 2,
        y: box.bottom - 4,
        "text-anchor": "middle",
        style: `fill: ${color ?? "var(--cu-ink)"}; font-weight: ${weight ?? 400}`,
      },
      text,
    )
  );
}

/**
 * Names beside the ends of lines, in the order of those: moved up where they would collide, and
 * down again where that leads out of the plot.
 * @param {[string, number, number, string][]} ends words, x, y, colour
 */
export function endLabels(ends) {
  const sorted = [...ends].sort((a, b) => b[2] - a[2]);
  let free = Infinity;
  const ys = sorted.map(([, , y]) => free = Math.min(y + 4, free - LINE));
  let least = TEXT_SIZE;
  for (let i = ys.length - 1; i >= 0; i--) {
    ys[i] = Math.max(ys[i], least);
    least = ys[i] + LINE;
  }
  return sorted.map(([words, x, , colour], i) =>
    svg("text", { x: x + 7, y: ys[i], style: `fill:${colour}` }, words)
  );
}
