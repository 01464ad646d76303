/**
 * A figure's state in the address of the page: `#softmax_playground:logits=2,1,-1&temperature=0.1`.
 * The second figure of a kind on the page is `softmax_playground.2`. A text can link to a state.
 */
import { same } from "./traits.js";

/** @import { Trait } from "./traits.js" */
/** @import { State } from "./view.js" */

const IN_ADDRESS = ["number", "integer", "numbers", "choice", "flag"];

/**
 * The traits of a state that differ from the first one, as they stand in an address.
 * @param {Record<string, Trait>} traits
 * @param {State} state
 * @param {State} first
 */
export function toAddress(traits, state, first) {
  return Object.keys(traits)
    .filter((key) => IN_ADDRESS.includes(traits[key].kind) && !same(state[key], first[key]))
    .map((key) => `${key}=${encodeURIComponent(state[key]).replaceAll("%2C", ",")}`)
    .join("&");
}

/**
 * @param {Trait | undefined} trait
 * @param {string} text
 */
function parse(trait, text) {
  switch (trait?.kind) {
    case "number":
    case "integer":
      return text.trim() ? Number(text) : NaN;
    case "numbers":
      return text.split(",").map((part) => (part.trim() ? Number(part) : NaN));
    case "choice":
      return trait.options?.find((option) => String(option) === text);
    case "flag":
      return { true: true, false: false }[text];
    default:
      return undefined;
  }
}

/**
 * Read an address: the values it asks for, unchecked, and the parts that make no sense.
 * @param {Record<string, Trait>} traits
 * @param {string} address
 */
export function fromAddress(traits, address) {
  /** @type {State} */
  const asked = {};
  /** @type {string[]} */
  const nonsense = [];
  for (const part of address.split("&").filter(Boolean)) {
    const [key, ...rest] = part.split("=");
    let value;
    try {
      value = parse(Object.hasOwn(traits, key) ? traits[key] : undefined, decode(rest.join("=")));
    } catch {
      value = undefined; // a "%" that stands for no letter
    }
    if (value === undefined) nonsense.push(part);
    else asked[key] = value;
  }
  return { asked, nonsense };
}

const decode = decodeURIComponent;
