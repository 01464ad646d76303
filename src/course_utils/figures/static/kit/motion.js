/** Movement, for readers who want it. */
import { stillness } from "./dom.js";
import { clamp } from "./numbers.js";

/**
 * Call `frame(share)` with a share that grows smoothly from 0 to 1; at once with 1 where the reader
 * asked for less motion. The result stops it.
 * @param {number} duration in milliseconds
 * @param {(share: number) => void} frame
 */
export function animate(duration, frame) {
  if (stillness() || document.hidden) {
    frame(1);
    return () => {};
  }
  const start = performance.now();
  let request = 0;
  const step = (/** @type {number} */ now) => {
    const time = clamp((now - start) / duration, 0, 1);
    if (time < 1) request = requestAnimationFrame(step);
    frame(time * time * (3 - 2 * time));
  };
  request = requestAnimationFrame(step);
  return () => cancelAnimationFrame(request);
}

/**
 * Change a figure's state little by little; what a reader changes meanwhile ends that.
 * @param {import("./view.js").View} view
 * @param {number} duration in milliseconds
 * @param {(share: number) => import("./view.js").State} changes
 */
export function glide(view, duration, changes) {
  let mine = view.turns;
  const stop = animate(duration, (share) => {
    if (view.turns !== mine) {
      stop();
      return;
    }
    view.set(changes(share));
    mine = view.turns;
  });
  view.closers.push(stop);
}

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {number} share
 */
export const between = (from, to, share) => to.map((v, i) => from[i] + (v - from[i]) * share);
