/** Native inputs, each kept in step with one trait in both directions. */
import { html, put, unique } from "./dom.js";
import { fmt, say } from "./format.js";
import { clamp } from "./numbers.js";
import { SPEC } from "./spec.js";
import { same } from "./traits.js";

/** @import { View } from "./view.js" */
/**
 * How a slider looks and speaks.
 * @typedef {object} Look
 * @property {string} label
 * @property {string} [color] of what it moves
 * @property {number} [step] of the position
 * @property {(value: number) => number} [to] from the value to the position, such as Math.log10
 * @property {(position: number) => number} [from] and back
 * @property {(value: number) => string} [show] the value in words
 * @property {number} [min]
 * @property {number} [max]
 */
/**
 * @typedef {object} Access
 * @property {string} control what tests find the input by
 * @property {() => number | undefined} read
 * @property {(value: number) => void} write
 */

/** A slider for positive numbers: its position is the logarithm of the value. */
export const logarithmic = {
  to: Math.log10,
  from: (/** @type {number} */ position) => Number((10 ** position).toPrecision(3)),
};

/**
 * A range input with label and output for any number.
 * @param {View} view
 * @param {Look & Access & { min: number, max: number }} options
 */
export function dial(view, options) {
  const { label, control, min, max, step = 0.1, read, write, show = fmt } = options;
  const { to = (v) => v, from = (v) => v, color } = options;
  const limits = { type: "range", min: to(min), max: to(max), step };
  const input = html("input", { ...limits, "data-control": control });
  const output = html("output", { "aria-live": "off" });
  input.addEventListener("input", () => write(clamp(from(Number(input.value)), min, max)));
  const row = html("div.slider", html("label", html("span", label), input), output);
  if (color) put(row, { class: "slider coloured", style: `--color: ${color}` });
  view.bind(row, () => {
    const value = read();
    if (value === undefined) return; // about to be rebuilt
    const position = to(value); // a dragged thumb is left alone:
    if (Math.abs(Number(input.value) - position) > step / 2) input.value = String(position);
    const text = show(value);
    put(input, { "aria-valuetext": text });
    say(output, text);
  });
  return row;
}

/**
 * A slider for a number trait.
 * @param {View} view
 * @param {string} key
 * @param {Look} look
 */
export function slider(view, key, look) {
  const { min = 0, max = 1 } = SPEC.traits[key];
  return dial(view, {
    min,
    max,
    control: key,
    read: () => view.get(key),
    write: (value) => view.set({ [key]: value }),
    ...look,
  });
}

/**
 * A slider for one entry of a trait that is a list of numbers.
 * @param {View} view
 * @param {string} key
 * @param {number} index
 * @param {Look} look
 */
export function entrySlider(view, key, index, look) {
  const { min = 0, max = 1 } = SPEC.traits[key];
  return dial(view, {
    min,
    max,
    control: `${key}.${index}`,
    read: () => view.get(key)[index],
    write: (value) => {
      const list = [...view.get(key)];
      list[index] = value;
      view.set({ [key]: list });
    },
    ...look,
  });
}

/**
 * A radio button for each option: [value, text] pairs or plain values.
 * @param {View} view
 * @param {string} key
 * @param {any[]} options
 * @param {(value: any) => void} [write] takes the place of setting the trait
 */
export function choices(view, key, options, write = (value) => view.set({ [key]: value })) {
  const name = unique(key);
  return options.map((option) => {
    const [value, text] = Array.isArray(option) ? option : [option, String(option)];
    const input = html("input", { type: "radio", name, "data-control": `${key}.${value}` });
    input.addEventListener("change", () => write(value));
    const node = html("label.choice", input, html("span", text));
    view.bind(node, () => {
      input.checked = same(value, view.get(key));
    });
    return node;
  });
}

/**
 * Radio buttons in one line.
 * @param {View} view
 * @param {string} key
 * @param {{ label: string, options?: any[], write?: (value: any) => void }} look
 */
export function radios(view, key, { label, options = SPEC.traits[key].options ?? [], write }) {
  return html("fieldset.radios", html("legend", label), ...choices(view, key, options, write));
}

/**
 * A checkbox for a true/false trait.
 * @param {View} view
 * @param {string} key
 * @param {{ label: string }} look
 */
export function checkbox(view, key, { label }) {
  const input = html("input", { type: "checkbox", "data-control": key });
  input.addEventListener("change", () => view.set({ [key]: input.checked }));
  const row = html("label.check", input, html("span", label));
  view.bind(row, () => {
    input.checked = view.get(key);
  });
  return row;
}

/**
 * @param {View} view
 * @param {string} label
 * @param {() => void} call
 */
export function button(view, label, call) {
  const node = html("button", { type: "button" }, label);
  node.addEventListener("click", () => {
    view.touched = true;
    call();
  });
  return node;
}
