/** The colours of weights. */

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
