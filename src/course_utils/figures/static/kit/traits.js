/** What each part of a figure's state accepts: the limits are those of the Python class. */
import { clamp } from "./numbers.js";

/**
 * One trait of the Python class, as `course_utils.figures.scripts.spec` describes it.
 * @typedef {object} Trait
 * @property {"number" | "integer" | "numbers" | "choice" | "flag" | "text" | "other"} kind
 * @property {any} init the default value
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [least] of a list: the fewest entries
 * @property {number} [most] of a list: the most entries
 * @property {any[]} [options]
 */
/** @typedef {(value: any) => boolean} Check */

/** @type {Check} */
export const isNumber = (value) => typeof value === "number" && !Number.isNaN(value);

/** @type {Check} */
export const isText = (value) => typeof value === "string";

/**
 * Whether `value` is a list of `least` to `most` valid entries.
 * @param {any} value
 * @param {Check} valid
 */
export const isList = (value, valid, least = 0, most = Infinity) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(valid);

/** @param {any} a @param {any} b */
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Return a valid value for a trait: `value`, clamped if need be, or undefined if it makes no sense.
 * @param {Trait} trait
 * @param {any} value
 * @param {Check} [check] what the limits can't say
 */
export function fix(trait, value, check = (v) => v !== undefined && v !== null) {
  return check(value) ? withinLimits(trait, value) : undefined;
}

/** @param {Trait} trait @param {any} value */
function withinLimits(trait, value) {
  const { kind, min = -Infinity, max = Infinity, least, most, options = [] } = trait;
  switch (kind) {
    case "number":
      return isNumber(value) ? clamp(value, min, max) : undefined;
    case "integer":
      return isNumber(value) ? Math.round(clamp(value, min, max)) : undefined;
    case "numbers":
      return isList(value, isNumber, least, most)
        ? value.map((/** @type {number} */ v) => clamp(v, min, max))
        : undefined;
    case "choice":
      return options.includes(value) ? value : undefined;
    case "flag":
      return typeof value === "boolean" ? value : undefined;
    case "text":
      return isText(value) ? value : undefined;
    default:
      return value;
  }
}
