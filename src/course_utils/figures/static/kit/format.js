/** Numbers as people write them, and numbers that tests and copy-and-paste find in full. */
import { html, put } from "./dom.js";

const NAMES = ["blue", "vermillion", "green", "purple", "orange", "sky", "grey"];

/** The colours of the plots, and their kin that are dark enough for text and outlines. */
export const COLORS = NAMES.map((name) => `var(--cu-${name})`);
export const TEXT_COLORS = NAMES.map((name) => `var(--cu-${name}-text)`);

/** @param {string} text */
export const minus = (text) => text.replace(/-/g, "\u2212");

/** @param {number} index */
export const subscript = (index) =>
  String(index).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);

/**
 * A number with `digits` decimals, or in scientific notation where that would hide it.
 * @param {number} value
 */
export function fmt(value, digits = 2) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "\u2212inf";
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 0.5 * 10 ** -digits)) {
    return minus(value.toExponential(Math.min(digits, 2)).replace("e+", "e"));
  }
  return minus(value.toFixed(digits));
}

/** A number with four digits. @param {number} value */
export const four = (value) => minus(String(Number(value.toPrecision(4))));

/**
 * Let `node` say `text`; nothing is laid out again where it says so already.
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Show a number in `node`, with its full precision in data-value.
 * @template {Element} Node
 * @param {Node} node
 * @param {string} name
 * @param {number} value
 */
export function quantity(node, name, value, text = fmt(value)) {
  say(node, text);
  return put(node, { "data-q": name, "data-value": String(value) });
}

/**
 * A number in the running text of a figure.
 * @param {string} name
 * @param {number} value
 * @param {number} [digits]
 */
export const bold = (name, value, digits) => quantity(html("b"), name, value, fmt(value, digits));

/**
 * A value of the state in at most forty characters.
 * @param {unknown} value
 */
export function brief(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
