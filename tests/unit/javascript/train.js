/**
 * Trains as the page does, for test_trainer.py and the benchmark: reads an order as JSON from the
 * standard input and answers with losses, accuracies, weights and the time, as JSON.
 */
import { trainingCore } from "../../../src/course_utils/figures/static/training/core.js";

const core = trainingCore();
const order = JSON.parse(await new Response(Deno.stdin.readable).text());
/** @param {string} base64 */
const opened = (base64) => core.unpack(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
const train = core.joined(order.train.map(opened));
const test = opened(order.test);
const answers = order.runs.map((/** @type {any} */ { settings, epochs, changes = {} }) => {
  const began = performance.now();
  const run = core.training(train, train.count, settings);
  const history = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    settings.lr = changes[epoch] ?? settings.lr;
    do run.next(); while (run.step < run.steps);
    const { loss, accuracy } = core.evaluate(run.W, test, test.count);
    const { loss: trainLoss, accuracy: trainAccuracy } = core.evaluate(run.W, train, train.count);
    const running = [run.loss / run.seen, run.hits / run.seen];
    history.push([...running, loss, accuracy, trainLoss, trainAccuracy]);
  }
  const ms = performance.now() - began;
  const sure = core.sureness(run.W, test, test.count);
  return { history, weights: [...run.W], ms, sure, long: run.long };
});
console.log(JSON.stringify(answers));
