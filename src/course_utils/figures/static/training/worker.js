/**
 * The trainer in a worker: it keeps the images, trains in slices, and reports.
 *
 * `scripts.trainer_text` joins it to the core; `client.js` makes a worker of that text.
 */

/** @import { trainingCore } from "./core.js" */
/** @import { Images, Long, Settings } from "./core.js" */
/**
 * What the page sends.
 * @typedef {{ type: "images", split: "train" | "test", part: number, base64: string }
 *   | { type: "start", id: number, images: number, epochs: number, settings: Settings }
 *   | { type: "continue", id: number, epochs: number }
 *   | { type: "rate", lr: number }
 *   | { type: "stop" }} Order
 */
/**
 * What it answers. Losses in nats, accuracies as fractions, all of the weights that come with them;
 * `sure` says why a test loss is large where the scores are,
 * `long` how long the steps of the first epoch were.
 * @typedef {{ type: "images", split: string, part: number, count: number }
 *   | { type: "failed", kind: "damaged" | "error", message: string }
 *   | { type: "progress", id: number, epoch: number, part: number, weights: Float32Array }
 *   | { type: "epoch", id: number, epoch: number, train: Evaluated, test: Evaluated,
 *       sure: Sureness | null, long: Long | null, weights: Float32Array }
 *   | { type: "end", id: number, epoch: number,
 *       reason: "done" | "stopped" | "not finite" }} Report
 */
/** @typedef {{ loss: number, accuracy: number, confusion: Uint16Array }} Evaluated */
/** @typedef {{ wrong: number, share: number, divisor: number, loss: number }} Sureness */

/**
 * @param {{ onmessage: ((event: MessageEvent) => void) | null,
 *   postMessage: (report: Report) => void }} scope the worker's global object
 * @param {ReturnType<typeof trainingCore>} core
 */
export function trainingWorker(scope, core) {
  const SLICE = 40; // ms between two looks at what the page has sent
  /** @type {Record<string, Images[]>} */
  const parts = { train: [], test: [] };
  /** @type {{ id: number, run: any, images: number, epochs: number, settings: Settings } | null} */
  let job = null;
  let going = false;
  let stopping = false;

  /** @param {string} base64 */
  async function opened(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    // WebKit can't read a Blob's stream in a worker of a page from the disk; a Response's it can.
    const stream = /** @type {ReadableStream} */ (new Response(bytes).body);
    const plain = stream.pipeThrough(new DecompressionStream("gzip"));
    return core.unpack(new Uint8Array(await new Response(plain).arrayBuffer()));
  }

  /** @param {"train" | "test"} split */
  function images(split) {
    if (parts[split].length > 1) parts[split] = [core.joined(parts[split])];
    return parts[split][0];
  }

  const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

  /** Train the job at hand until its epochs are done, it is stopped, or it makes no sense. */
  async function work() {
    if (going || job === null) return;
    going = true;
    stopping = false;
    const { id, run, epochs } = job;
    const [train, test] = [images("train"), images("test")];
    const count = job.images;
    /** @type {"done" | "stopped" | "not finite"} */
    let reason = "done";
    let looked = performance.now();
    while (run.epoch < epochs || run.step < run.steps) {
      run.next();
      if (!Number.isFinite(run.loss)) {
        reason = "not finite";
        break;
      }
      const weights = () => Float32Array.from(run.W);
      if (run.step === run.steps) {
        const tested = core.evaluate(run.W, test, test.count);
        const large = tested.loss > 1; // nats
        scope.postMessage({
          type: "epoch",
          id,
          epoch: run.epoch,
          train: core.evaluate(run.W, train, count),
          test: tested,
          sure: large ? core.sureness(run.W, test, test.count) : null,
          long: run.long,
          weights: weights(),
        });
      }
      if (performance.now() - looked > SLICE) {
        const part = run.step / run.steps;
        if (part < 1) {
          const { epoch } = run;
          scope.postMessage({ type: "progress", id, epoch, part, weights: weights() });
        }
        await pause();
        looked = performance.now();
        if (stopping) {
          reason = "stopped";
          break;
        }
      }
    }
    going = false;
    scope.postMessage({ type: "end", id, epoch: run.epoch, reason });
  }

  /** @param {Order} order */
  async function obey(order) {
    if (order.type === "images") {
      const { split, part, base64 } = order;
      const images = await opened(base64).catch(() => {
        throw Object.assign(new Error(`${split}-${part}.js`), { kind: "damaged" });
      });
      parts[split].push(images); // the page sends them in their order
      scope.postMessage({ type: "images", split, part, count: images.count });
    } else if (order.type === "stop") {
      stopping = true;
    } else if (order.type === "rate") {
      if (job !== null) job.settings.lr = order.lr;
    } else {
      while (going) { // a new order ends the run under way
        stopping = true;
        await pause();
      }
      if (order.type === "start") {
        const { id, epochs, settings } = order;
        const run = core.training(images("train"), order.images, settings);
        job = { id, run, images: order.images, epochs, settings };
      } else if (job !== null) {
        job.epochs = order.epochs;
      }
      await work();
    }
  }

  scope.onmessage = ({ data }) => {
    obey(data).catch((error) => {
      going = false;
      const kind = error?.kind ?? "error";
      scope.postMessage({ type: "failed", kind, message: String(error?.message ?? error) });
    });
  };
}
