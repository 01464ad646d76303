/** Formulas with live numbers, as MathML: browsers set it and screen readers read it. */
import { math, put } from "./dom.js";
import { fmt, quantity } from "./format.js";

/** @import { Child } from "./dom.js" */

/** @param {string} sign */
export const operator = (sign) => math("mo", sign);

/**
 * A live number in the colour of what it stands for; a negative one stands in brackets.
 * @param {string} name
 * @param {number} value
 * @param {{ digits?: number, color?: string }} [look]
 */
export function live(name, value, { digits = 2, color } = {}) {
  const node = quantity(math("mn"), name, value, fmt(value, digits));
  return color ? put(node, { style: `color: ${color}` }) : node;
}

/** @param {Child[]} parts */
export const row = (...parts) => math("mrow", ...parts);

/** @param {Child} above @param {Child} below */
export const fraction = (above, below) => math("mfrac", above, below);

/** @param {Child} base @param {Child} above */
export const power = (base, above) => math("msup", base, above);

/** @param {Child} base @param {Child} below */
export const indexed = (base, below) => math("msub", base, below);

/**
 * Put an operator between parts.
 * @param {string} sign
 * @param {Child[]} parts
 */
export const joined = (sign, parts) =>
  row(...parts.flatMap((part, i) => (i ? [operator(sign), part] : [part])));

/** @param {Child[]} parts */
export const formula = (...parts) =>
  math("math", math("mstyle", { displaystyle: "true" }, ...parts));
