/** Arithmetic on lists of numbers. */

/** @param {number[]} xs */
export const sum = (xs) => xs.reduce((a, b) => a + b, 0);

/**
 * @param {number[]} a
 * @param {number[]} b
 */
export const dot = (a, b) => sum(a.map((v, i) => v * b[i]));

/** @param {number[]} xs */
export const argmax = (xs) => xs.indexOf(Math.max(...xs));

/** @param {number} n */
export const range = (n) => Array.from({ length: n }, (_, i) => i);

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @param {number[]} z */
export function logsumexp(z) {
  const top = Math.max(...z);
  return top + Math.log(sum(z.map((v) => Math.exp(v - top))));
}

/** @param {number[]} z */
export function logSoftmax(z) {
  const total = logsumexp(z);
  return z.map((v) => v - total);
}

/** @param {number[]} z */
export function softmax(z) {
  const top = Math.max(...z);
  const exps = z.map((v) => Math.exp(v - top));
  const total = sum(exps);
  return exps.map((v) => v / total);
}

/**
 * Index of the entry of `xs` closest to `value`, by ratio.
 * @param {number[]} xs
 * @param {number} value
 */
export const nearest = (xs, value) => argmax(xs.map((x) => -Math.abs(Math.log(x / value))));

/**
 * The least of 1, 2, 5, 10, 20, 50, ... that is not below `value`.
 * @param {number} value
 */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((m) => m * power >= value * 0.999) ?? 10);
}

/**
 * Round positions within low..high, about `count` of them.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high, count = 5) {
  const step = roundUp((high - low) / count);
  const first = Math.ceil(low / step - 1e-9);
  return range(Math.floor((high - low) / step) + 2)
    .map((i) => (first + i) * step)
    .filter((v) => v <= high + step * 1e-6)
    .map((v) => Number(v.toPrecision(12)));
}
