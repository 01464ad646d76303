/** Floating-point formats: what they hold, and numbers rounded as they round them. */

/** @typedef {"float16" | "bfloat16" | "float32" | "float64"} Format */

/** Significant bits, smallest normal exponent. @type {Record<Format, [number, number]>} */
export const FORMATS = {
  float16: [11, -14],
  bfloat16: [8, -126],
  float32: [24, -126],
  float64: [53, -1022],
};

/**
 * The distance between neighbouring numbers of a format at the size of x.
 * @param {Format} dtype
 * @param {number} x
 */
export function spacing(dtype, x) {
  const [bits, low] = FORMATS[dtype];
  const size = Math.abs(x);
  let e = Math.floor(Math.log2(size));
  if (2 ** e > size) e -= 1;
  if (2 ** (e + 1) <= size) e += 1;
  return 2 ** (Math.max(e, low) - bits + 1);
}

/**
 * x rounded to a format: to nearest, ties to even, gradual underflow, overflow to infinity.
 * @param {Format} dtype
 * @param {number} x
 */
export function roundTo(dtype, x) {
  if (dtype === "float64" || !Number.isFinite(x) || x === 0) return x;
  if (dtype === "float32") return Math.fround(x);
  const ulp = spacing(dtype, x);
  const big = 2 ** 52;
  const y = (Math.abs(x) / ulp + big - big) * ulp; // adding 2^52 leaves no room for a fraction
  return Math.sign(x) * (y >= 2 ** (2 - FORMATS[dtype][1]) ? Infinity : y);
}

/**
 * The arguments between which exp neither overflows nor becomes zero.
 * @param {Format} dtype
 */
export function expRange(dtype) {
  const [bits, low] = FORMATS[dtype];
  return [(low - bits) * Math.LN2, (1 - low) * Math.LN2 + Math.log(2 - 2 ** -bits)];
}
