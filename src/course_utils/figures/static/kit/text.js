/** How much room text takes, without asking the browser to lay out the page. */
import { put } from "./dom.js";
import { say } from "./format.js";

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

/** Pixels of the text in plots; no text of a figure is smaller. A page of slides sets its own. */
export const TEXT_SIZE = Number(Reflect.get(globalThis, "cuTextSize")) || 12;

/** @type {CanvasRenderingContext2D | null | undefined} */
let pen;

/**
 * Width in pixels of a text as plots show it.
 * @param {string} text
 */
export function textWidth(text, weight = 400) {
  pen ??= globalThis.document?.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 7;
  pen.font = `${weight} ${TEXT_SIZE}px ${FONT}`;
  return pen.measureText(text).width;
}

/**
 * Attributes with which a text of a plot takes at most `room` pixels: its letters get narrower.
 * @param {string} text
 * @param {number} room
 * @param {number} [weight]
 */
export const squeezed = (text, room, weight) =>
  textWidth(text, weight) > room ? { textLength: room, lengthAdjust: "spacingAndGlyphs" } : {};

/**
 * Let a text of a plot say `text` in at most `room` pixels.
 * @param {Element} node
 * @param {string} text
 * @param {number} room
 */
export function fit(node, text, room) {
  say(node, text);
  put(node, { textLength: null, ...squeezed(text, room, 600) });
}
