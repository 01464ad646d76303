/** Making HTML, SVG and MathML nodes. */

/** @typedef {Record<string, string | number | boolean | null | undefined>} Attributes */
/** @typedef {Node | string | number} Child */
/**
 * The element that a name such as "p" or "p.note.soft" makes.
 * @template {string} Tag
 * @template Map
 * @template Other
 * @typedef {Tag extends `${infer Name}.${string}`
 *   ? (Name extends keyof Map ? Map[Name] : Other)
 *   : (Tag extends keyof Map ? Map[Tag] : Other)} Made
 */

/**
 * Set attributes; false, null and undefined remove one, true sets it without a value. One that has
 * its value already is left alone: to the browser, setting it would be a change.
 * @template {Element} Node
 * @param {Node} node
 * @param {Attributes} attributes
 */
export function put(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) {
      node.removeAttribute(key);
    } else {
      const text = value === true && !key.startsWith("aria-") ? "" : String(value);
      if (node.getAttribute(key) !== text) node.setAttribute(key, text);
    }
  }
  return node;
}

/**
 * @param {string} space the end of the namespace's address
 * @param {string} tag name and classes: "p.note.soft" has the classes note and soft
 * @param {any[]} rest attributes (may be left out), then children
 */
function grow(space, tag, rest) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElementNS(`http://www.w3.org/${space}`, name);
  if (classes.length) put(node, { class: classes.join(" ") });
  const [first, ...others] = rest;
  if (first?.constructor === Object) {
    put(node, first);
    node.append(...others);
  } else {
    node.append(...rest);
  }
  return node;
}

/**
 * Make an HTML element: html("p.note", {title: "…"}, "text", node).
 * @template {string} Tag
 * @param {Tag} tag
 * @param {(Attributes | Child)[]} rest
 * @returns {Made<Tag, HTMLElementTagNameMap, HTMLElement>}
 */
export const html = (tag, ...rest) => /** @type {any} */ (grow("1999/xhtml", tag, rest));

/**
 * Make an SVG element.
 * @template {string} Tag
 * @param {Tag} tag
 * @param {(Attributes | Child)[]} rest
 * @returns {Made<Tag, SVGElementTagNameMap, SVGElement>}
 */
export const svg = (tag, ...rest) => /** @type {any} */ (grow("2000/svg", tag, rest));

/**
 * Make a MathML element: math("mfrac", above, below).
 * @param {string} tag
 * @param {(Attributes | Child)[]} rest
 * @returns {MathMLElement}
 */
export const math = (tag, ...rest) => /** @type {any} */ (grow("1998/Math/MathML", tag, rest));

/**
 * Text in an SVG, centred on x unless told otherwise.
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {Attributes} [attributes]
 */
export const svgText = (x, y, text, attributes) =>
  svg("text", { x, y, "text-anchor": "middle", ...attributes }, text);

/** @param {string} word */
export const unique = (word) => `${word}-${Math.random().toString(36).slice(2)}`;

/** Whether the reader asked the system for less motion. */
export const stillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
