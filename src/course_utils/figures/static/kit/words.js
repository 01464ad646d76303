/** The words of the figures, by language: what a page's `lang` asks for, else English. */

/**
 * Choose a table of words; what it lacks is said in English.
 * @template Words
 * @param {{ en: Words } & Record<string, Partial<Words>>} table
 * @param {string} [language] such as "en" or "zh-Hans"
 * @returns {Words}
 */
export function wordsOf(table, language = document.documentElement.lang) {
  return { ...table.en, ...table[language.split("-")[0].toLowerCase()] };
}

/** What the frame of every figure says. */
export const FRAME_WORDS = {
  en: {
    reset: "Reset",
    try: "Try",
    goal: "Goal",
    guessFirst: "Guess first",
    skip: "Skip the question",
    ignored: (/** @type {string} */ key, /** @type {string} */ value) =>
      `${key} ${value} was not understood and is ignored.`,
    clamped: (/** @type {string} */ key, /** @type {string} */ value, /** @type {string} */ good) =>
      `${key} ${value} is out of range: ${good} is shown.`,
    address: (/** @type {string} */ part) =>
      `The address asks for “${part}”, which was not understood and is ignored.`,
  },
};
