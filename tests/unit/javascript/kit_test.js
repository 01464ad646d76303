/** The pure parts of the figure kit; tests/unit/test_javascript.py runs them with deno. */
import assert from "node:assert/strict";
import { fromAddress, toAddress } from "../../../src/course_utils/figures/static/kit/address.js";
import { html } from "../../../src/course_utils/figures/static/kit/dom.js";
import { overlap, place } from "../../../src/course_utils/figures/static/kit/labels.js";
import {
  logsumexp,
  nearest,
  roundUp,
  softmax,
  sum,
  ticks,
} from "../../../src/course_utils/figures/static/kit/numbers.js";
import { fix, isList, isNumber } from "../../../src/course_utils/figures/static/kit/traits.js";
import {
  alwaysFell,
  bestRuns,
  facts,
  lowestLoss,
  slimLead,
} from "../../../src/course_utils/figures/static/training/runs.js";
import { LAB_WORDS } from "../../../src/course_utils/figures/static/training/words.js";
import { colourOf } from "../../../src/course_utils/figures/static/training/shades.js";
import { wordsOf } from "../../../src/course_utils/figures/static/kit/words.js";

/** @import { Label } from "../../../src/course_utils/figures/static/kit/labels.js" */
/** @import { Trait } from "../../../src/course_utils/figures/static/kit/traits.js" */

/** @type {Record<string, Trait>} */
const TRAITS = {
  rate: { kind: "number", init: 1, min: 0, max: 10 },
  count: { kind: "integer", init: 2, min: 1, max: 5 },
  scores: { kind: "numbers", init: [1, 2], min: -5, max: 5, least: 2, most: 3 },
  form: { kind: "choice", init: "a", options: ["a", "b b"] },
  twice: { kind: "flag", init: false },
  data: { kind: "other", init: null },
};

Deno.test("an element has each of its classes, its attributes and its children", () => {
  /** @param {string} space @param {string} name */
  const createElementNS = (space, name) => {
    /** @type {Record<string, string>} */
    const attributes = {};
    return {
      made: [space, name, attributes],
      getAttribute: (/** @type {string} */ key) => attributes[key],
      setAttribute: (/** @type {string} */ key, /** @type {string} */ text) =>
        attributes[key] = text,
      removeAttribute: () => {},
      append(/** @type {any[]} */ ...parts) {
        this.made.push(...parts);
      },
    };
  };
  Object.assign(globalThis, { document: { createElementNS } });
  const { made } =
    /** @type {any} */ (html("p.note.soft.why", { title: "t", hidden: null }, "a", 1));
  const attributes = { class: "note soft why", title: "t" };
  assert.deepEqual(made, ["http://www.w3.org/1999/xhtml", "p", attributes, "a", 1]);
  assert.deepEqual(/** @type {any} */ (html("b", "c")).made.slice(2), [{}, "c"]);
});

Deno.test("a weight against a class is red, one for it blue, as in lab_data.py", () => {
  assert.deepEqual([-1, -2, 0, 1, 2].map(colourOf), [
    [178, 24, 43],
    [178, 24, 43],
    [250, 250, 250],
    [33, 102, 172],
    [33, 102, 172],
  ]);
});

Deno.test("which runs a guess was right about", () => {
  const runs = [[3, 2, 1], [3, 4, 1], [2, 2, 1.5], [5]].map((test_loss) => /** @type {any} */ ({
    test_loss,
  }));
  assert.deepEqual(alwaysFell(runs), [0, 3]);
  assert.deepEqual(lowestLoss(runs), [0, 1]);
});

Deno.test("why a rate was worse: in how many epochs its loss rose", () => {
  const { because } = LAB_WORDS.en.questions.rates;
  const run = (/** @type {number} */ lr, /** @type {number[]} */ test_loss, rose = 0) =>
    facts(
      /** @type {any} */ ({ knobs: { lr, batch_size: 3, images: 10 }, test_loss, long: { rose } }),
    );
  assert.equal(run(1, [1]).steps, 4);
  const said = because([run(0.01, [3, 2, 1]), run(0.1, [2, 9]), run(10, [9, 30, 8, 40], 3)]);
  assert.equal(
    said,
    "With 0.01 it fell in each epoch. With 10 it swings from 8.00 to 40.00. Steps among the " +
      "first 4 that raised the loss of their own images: 0 with 0.01, 0 with 0.1, 3 with 10. " +
      "Turn the rate down to 0.1 and Continue.",
  );
  const { regimes, "batch sizes": sizes } = LAB_WORDS.en.questions;
  const why = regimes.because([run(1, [1, 2], 4), run(2, [2, 1]), run(3, [1, 2])]);
  assert.equal(
    why,
    "Epochs in which it rose: 1 with 1, 0 with 2, 1 with 3. Steps among the first 4 that raised " +
      "the loss of their own images: 4 with 1, 0 with 2, 0 with 3. With 3 none did; it rose " +
      "later: a step that lowers its own images' loss can raise that of others.",
  );
  const steps = [run(1, [1]), { ...run(1, [1]), steps: 1234 }];
  assert.equal(sizes.because(steps), "Steps in ten epochs: 40, 12\u202f340.");
});

Deno.test("a guess is compared with what came out", () => {
  const { verdict } = LAB_WORDS.en;
  assert.equal(verdict("Rates", ["1", "10"], "10"), "Rates: 1, 10, as you guessed.");
  assert.equal(verdict("Rates", ["1"], "10"), "Rates: 1. You guessed 10.");
  assert.equal(verdict("Rates", [], "10"), "Rates: none of them. You guessed 10.");
});

Deno.test("the best in loss and in accuracy are named each for what it is", () => {
  const runs = /** @type {any[]} */ ([
    { id: 1, test_loss: [0.4, 0.9], test_accuracy: [0.9, 0.8] },
    { id: 2, test_loss: [0.6], test_accuracy: [0.7] },
    { id: 3, test_loss: [], test_accuracy: [] },
  ]);
  assert.deepEqual(bestRuns(runs), { loss: 2, accuracy: 1 });
  assert.deepEqual(bestRuns(runs.slice(1)), {});
  const { best } = LAB_WORDS.en;
  assert.equal(
    best("run 2", "run 1"),
    "Lowest test loss listed: run 2; highest test accuracy: run 1.",
  );
});

Deno.test("a lead is slim where the winner's loss changes by more from epoch to epoch", () => {
  const run = (/** @type {number[]} */ test_loss) => /** @type {any} */ ({ test_loss });
  const { slim } = LAB_WORDS.en;
  const steady = run([9, 2, 2, 2, 2, 2, 2]); // only its first step is large
  assert.equal(slimLead([steady, run([2.5])], slim), "");
  const said = slimLead([run([3.5]), run([]), run([2, 4, 3])], slim);
  assert(said.includes("lead in test loss is 0.500;") && said.endsWith("up to 2.000."));
  assert.equal(slimLead([run([2, 2.5, 3]), run([3.5])], slim), ""); // equal is not less
});

Deno.test("a valid value is clamped, one that makes no sense is none", () => {
  assert.equal(fix(TRAITS.rate, 99), 10);
  assert.equal(fix(TRAITS.count, 2.6), 3);
  assert.deepEqual(fix(TRAITS.scores, [9, 0]), [5, 0]);
  assert.equal(fix(TRAITS.form, "b b"), "b b");
  assert.equal(fix(TRAITS.twice, true), true);
  for (const value of [NaN, "1", null, undefined, [1]]) {
    assert.equal(fix(TRAITS.rate, value), undefined);
  }
  for (const value of [[1], [1, 2, 3, 4], [1, NaN], 3]) {
    assert.equal(fix(TRAITS.scores, value), undefined);
  }
  assert.equal(fix(TRAITS.form, "c"), undefined);
  assert.equal(fix(TRAITS.twice, 1), undefined);
  assert.equal(fix(TRAITS.data, null), undefined);
  assert.equal(fix(TRAITS.data, [1], (list) => isList(list, isNumber, 2)), undefined);
  assert.equal(fix(TRAITS.rate, 3, (v) => v < 3), undefined);
});

Deno.test("a state goes into an address and comes back", () => {
  const first = { rate: 1, count: 2, scores: [1, 2], form: "a", twice: false, data: null };
  const state = { ...first, rate: 0.5, scores: [-1, 2.5], form: "b b", twice: true, data: [1] };
  const address = toAddress(TRAITS, state, first);
  assert.equal(address, "rate=0.5&scores=-1,2.5&form=b%20b&twice=true");
  const { asked, nonsense } = fromAddress(TRAITS, address);
  assert.deepEqual(asked, { rate: 0.5, scores: [-1, 2.5], form: "b b", twice: true });
  assert.deepEqual(nonsense, []);
  assert.equal(toAddress(TRAITS, first, first), "");
});

Deno.test("parts of an address that name nothing are told apart from values to be checked", () => {
  const { asked, nonsense } = fromAddress(
    TRAITS,
    "rate=&none=1&toString=2&twice=maybe&data=1&form=%",
  );
  assert.deepEqual(nonsense, ["none=1", "toString=2", "twice=maybe", "data=1", "form=%"]);
  assert.ok(Number.isNaN(asked.rate)); // which the trait refuses
});

Deno.test("labels never collide and stay within the area, however they are thrown", () => {
  let seed = 7;
  const draw = () => (seed = (Math.imul(seed, 48271) >>> 0) % 2147483647) / 2147483647;
  const area = { left: 0, right: 300, top: 0, bottom: 240 };
  for (let round = 0; round < 300; round++) {
    /** @type {Label[]} */
    const labels = Array.from({ length: 9 }, (_, i) => ({
      text: "label ".repeat(1 + (i % 2)),
      x: 320 * draw() - 10,
      y: 100 + 50 * draw(),
    }));
    const taken = [{ left: 100, right: 140, top: 70, bottom: 170 }];
    const placed = place(labels, area, taken, (text) => 6 * text.length);
    assert.equal(placed.length, 9);
    const boxes = [...taken, ...placed.map(({ box }) => box)];
    for (const [i, box] of boxes.entries()) {
      assert.ok(box.left >= 0 && box.right <= 300 && box.top >= 0 && box.bottom <= 240);
      assert.ok(boxes.every((other, j) => i === j || !overlap(box, other)));
    }
  }
});

Deno.test("a label stands on the first of its sides that is free; one without room is left out", () => {
  const area = { left: 0, right: 200, top: 0, bottom: 100 };
  const measure = () => 30;
  /** @type {Label} */
  const label = { text: "a", x: 100, y: 50, sides: ["above", "below"] };
  const [first, second] = place([label, label], area, [], measure);
  assert.ok(first.box.bottom <= 50 && second.box.top >= 50);
  assert.deepEqual(place([label], area, [area], measure), []);
});

Deno.test("ticks are round, within the limits, and about as many as wanted", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-1.2, 2.2, 3), [0, 2]);
  for (const high of [1e-7, 0.3, 7, 1234, 5e173]) {
    const found = ticks(0, high, 4);
    assert.ok(found.length >= 2 && found.length <= 5);
    assert.ok(found.every((v) => v >= 0 && v <= high * 1.000001));
  }
  assert.deepEqual([0.3, 1, 1.1, 5, 6, 73].map(roundUp), [0.5, 1, 2, 5, 10, 100]);
});

Deno.test("softmax and logsumexp don't overflow", () => {
  const p = softmax([1000, 999, -1000]);
  assert.ok(Math.abs(sum(p) - 1) < 1e-15);
  assert.ok(Math.abs(p[0] / p[1] - Math.E) < 1e-12);
  assert.equal(logsumexp([1000, -Infinity]), 1000);
  assert.equal(nearest([0.1, 1, 10], 4), 2);
});

Deno.test("words come in the language asked for, else in English", () => {
  const table = { en: { yes: "yes", no: "no" }, de: { yes: "ja" } };
  assert.deepEqual(wordsOf(table, "de-CH"), { yes: "ja", no: "no" });
  assert.deepEqual(wordsOf(table, "fr"), table.en);
  assert.deepEqual(wordsOf(table, ""), table.en);
});
