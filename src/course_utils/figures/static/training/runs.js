/** The table of the runs trained in this page. */
import { fmt, html, put } from "../kit.js";

/** @import { PageRun } from "./client.js" */
/** @import { LAB_WORDS } from "./words.js" */
/** @typedef {typeof LAB_WORDS.en} Words */

const end = (/** @type {number[]} */ values) => values[values.length - 1];

/**
 * The runs with the smallest test loss and with the highest test accuracy at their ends; none
 * before two have finished an epoch.
 * @param {PageRun[]} runs
 */
export function bestRuns(runs) {
  const known = runs.filter((run) => run.test_loss.length);
  if (known.length < 2) return {};
  return {
    loss: known.reduce((a, b) => (end(b.test_loss) < end(a.test_loss) ? b : a)).id,
    accuracy: known.reduce((a, b) => (end(b.test_accuracy) > end(a.test_accuracy) ? b : a)).id,
  };
}

/**
 * Say how far the run with the smallest test loss at the end leads, where that is less than its own
 * loss has changed between two of its last six epochs.
 * @param {PageRun[]} runs two or more of them with epochs
 * @param {(lead: number, swing: number) => string} say
 */
export function slimLead(runs, say) {
  const [best, next] = runs.map((run) => run.test_loss).filter((losses) => losses.length)
    .sort((a, b) => end(a) - end(b));
  const lead = end(next) - end(best);
  const late = best.slice(-6);
  const swing = Math.max(...late.map((loss, e) => Math.abs(loss - late[e && e - 1])));
  return lead < swing ? say(lead, swing) : "";
}

/** Places of the runs whose test loss is smallest at the end. @param {PageRun[]} runs */
export function lowestLoss(runs) {
  const ends = runs.map(({ test_loss }) => end(test_loss));
  return runs.flatMap((_, i) => (ends[i] === Math.min(...ends) ? [i] : []));
}

/** Places of the runs whose test loss fell in each epoch. @param {PageRun[]} runs */
export const alwaysFell = (runs) =>
  runs.flatMap(({ test_loss }, i) =>
    test_loss.every((loss, e) => !e || loss < test_loss[e - 1]) ? [i] : []
  );

/**
 * What the answer to a guess says of a run.
 * @param {PageRun} run
 * @returns {import("./words.js").Facts}
 */
export function facts({ knobs, test_loss, long }) {
  const { lr, batch_size, images } = knobs;
  const rises = test_loss.filter((loss, e) => e && loss >= test_loss[e - 1]).length;
  return { lr, losses: test_loss, rises, steps: Math.ceil(images / batch_size), long };
}

/**
 * The learning rates of a run, such as 1 → 0.05.
 * @param {PageRun} run
 */
export const ratesOf = (run) => [run.knobs.lr, ...run.changes.map(({ lr }) => lr)].join(" → ");

/**
 * A run's settings in words.
 * @param {PageRun} run
 * @param {Words} words
 */
function settings(run, words) {
  const { batch_size, epochs, images, seed, momentum, weight_decay } = run.knobs;
  const { settings } = words;
  return [
    settings.lr(ratesOf(run)),
    batch_size < images ? settings.batch_size(batch_size) : `${words.all(images)} per step`,
    settings.epochs(epochs),
    settings.images(images),
    momentum && settings.momentum(momentum),
    weight_decay && settings.weight_decay(weight_decay),
    seed && settings.seed(seed),
  ].filter(Boolean).join(", ");
}

/** The table; a run's button shows that run below. */
export class RunTable {
  /**
   * @param {Words} words
   * @param {(id: number) => void} choose
   */
  constructor(words, choose) {
    this.words = words;
    this.choose = choose;
    this.key = "";
    this.body = html("tbody");
    const heads = words.columns.map((text) => html("th", { scope: "col" }, text));
    const head = html("thead", html("tr", ...heads));
    this.node = html("table.runs", html("caption", words.runs), head, this.body);
  }

  /**
   * @param {PageRun[]} runs
   * @param {number} shown id of the run that is shown below
   * @param {(run: PageRun) => string} color
   */
  draw(runs, shown, color) {
    this.node.hidden = !runs.length;
    const best = bestRuns(runs);
    const rows = runs.map((run) => {
      const e = run.test_loss.length - 1;
      const numbers = e < 0
        ? ["", "", ""]
        : [run.test_loss[e], run.train_accuracy[e], run.test_accuracy[e]]
          .map((v) => fmt(v, 3));
      return {
        run,
        cells: [settings(run, this.words), ...numbers],
        best: [best.loss === run.id, false, best.accuracy === run.id],
      };
    });
    const key = JSON.stringify([rows.map(({ run, cells, best }) => [run.id, cells, best]), shown]);
    if (key === this.key) return; // the buttons keep the focus
    this.key = key;
    const focus = this.focused();
    this.body.replaceChildren(...rows.map(({ run, cells, best }) => {
      const label = this.words.show(run.id);
      const button = html("button", { type: "button", "aria-label": label }, String(run.id));
      put(button, { "aria-pressed": String(run.id === shown), style: `--color: ${color(run)}` });
      button.addEventListener("click", () => this.choose(run.id));
      const [first, ...others] = cells;
      const mark = (/** @type {number} */ i) => best[i] ? html("b.best", this.words.bestMark) : "";
      return html(
        "tr",
        html("th", { scope: "row" }, button),
        html("td", first),
        ...others.map((text, i) => html("td", text, mark(i))),
      );
    }));
    if (focus) this.buttons().find((button) => button.textContent === focus)?.focus();
  }

  buttons() {
    return [...this.body.querySelectorAll("button")];
  }

  /** The number on the button that has the focus. */
  focused() {
    const { activeElement } = /** @type {ShadowRoot} */ (this.node.getRootNode());
    return activeElement && this.body.contains(activeElement) ? activeElement.textContent : "";
  }
}
