/**
 * What all figures share. A figure imports from here; when it is read, `figures/scripts.py` joins
 * these modules, in this order, and the figure's own module to one, because a page from the disk
 * (file://) may import nothing and anywidget takes a single module.
 */
export * from "./kit/spec.js";
export * from "./kit/style.js";
export * from "./kit/dom.js";
export * from "./kit/numbers.js";
export * from "./kit/format.js";
export * from "./kit/text.js";
export * from "./kit/traits.js";
export * from "./kit/words.js";
export * from "./kit/address.js";
export * from "./kit/labels.js";
export * from "./kit/plot.js";
export * from "./kit/view.js";
export * from "./kit/controls.js";
export * from "./kit/teach.js";
export * from "./kit/formula.js";
export * from "./kit/motion.js";
