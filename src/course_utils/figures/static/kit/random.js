/** Random numbers; only the figures that draw some import them, so this isn't in `kit.js`. */

/**
 * Uniform numbers by mulberry32: 32 bits of state, the same numbers in every browser.
 * @param {number} state
 */
export const generator = (state) => () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
