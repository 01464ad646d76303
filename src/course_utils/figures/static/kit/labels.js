/** Labels that do not collide. */
import { svg } from "./dom.js";

const APART = 12; // pixels between two lines of text

/**
 * Names beside the ends of lines, from below upwards.
 * @param {[string, number, number, string][]} ends words, x, y, colour
 */
export function endLabels(ends) {
  let free = Infinity;
  return [...ends].sort((a, b) => b[2] - a[2]).map(([words, x, y, colour]) => {
    free = Math.min(y + 4, free - APART);
    return svg("text", { x: x + 7, y: free, style: `fill:${colour}` }, words);
  });
}
