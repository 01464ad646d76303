/**
 * What the Python class of the figure says about it. This is a stand-in for the type checker: when
 * a figure is read, `course_utils.figures.scripts` puts the class's own values in its place, so
 * that limits and defaults are written once, in Python.
 */

/** @import { Trait } from "./traits.js" */

/**
 * @typedef {object} Spec
 * @property {string} name of the figure's module
 * @property {string} title
 * @property {number} version of the state's meaning
 * @property {Record<string, Trait>} traits
 * @property {Record<string, any>} constants other numbers that Python and the front end share
 */

export const SPEC =
  /** @type {Spec} */ ({ name: "", title: "", version: 1, traits: {}, constants: {} });
