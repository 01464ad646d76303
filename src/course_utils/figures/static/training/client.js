/** The page's side of the trainer: loads what it needs, makes the worker, keeps the runs. */
import { Fault, loadText } from "./files.js";

/** @import { Packed } from "./files.js" */
/** @import { Evaluated, Order, Report, Sureness } from "./worker.js" */
/**
 * The knobs of a run.
 * @typedef {object} Knobs
 * @property {number} lr
 * @property {number} epochs
 * @property {number} batch_size
 * @property {number} images
 * @property {number} seed
 * @property {number} momentum
 * @property {number} weight_decay
 */
/** @typedef {{ confusion: Uint16Array, weights: Float32Array, sure: Sureness | null }} End */
/**
 * A run and what is known of it; each list has an entry per epoch, measured at its end.
 * @typedef {object} PageRun
 * @property {number} id
 * @property {Knobs} knobs
 * @property {{ epoch: number, lr: number }[]} changes of the learning rate in mid run
 * @property {number[]} train_loss
 * @property {number[]} train_accuracy
 * @property {number[]} test_loss
 * @property {number[]} test_accuracy
 * @property {End[]} ends what each epoch ended with
 * @property {number} done epochs, with the part of the one under way
 * @property {import("./core.js").Long | null} long of plain gradient descent
 * @property {Float32Array | null} weights the newest
 * @property {"" | "stopped" | "not finite"} fate
 */

const KEPT_RUNS = 6;

/** Training in the page: at most one run at a time, the newest six are kept. */
export class PageTrainer {
  /**
   * @param {Packed} packed
   * @param {() => void} changed is called when there is something new to show
   */
  constructor(packed, changed) {
    this.packed = packed;
    this.changed = changed;
    /** @type {PageRun[]} */
    this.runs = [];
    /** @type {"idle" | "loading" | "training"} */
    this.phase = "idle";
    /** @type {Fault | null} */
    this.fault = null;
    this.files = { done: 0, needed: 0 };
    this.parts = { train: 0, test: 0 };
    this.started = 0;
    this.held = 0; // id of the run that the worker can continue
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {((report: Report) => void) | null} */
    this.waiting = null;
    /** @type {((fault: Fault) => void) | null} */
    this.broken = null;
    /** @type {Fault | null} of the worker, before anyone waited for it */
    this.dead = null;
    this.halted = false; // Stop was pressed while files were loading
  }

  get busy() {
    return this.phase !== "idle";
  }

  /** The run under way, or the newest. @returns {PageRun | undefined} */
  get last() {
    return this.runs.at(-1);
  }

  get canContinue() {
    return !this.busy && this.last?.id === this.held && this.last.fate !== "not finite";
  }

  /**
   * Load what is missing and train a new model; done when the run has ended.
   * @param {Knobs} knobs
   */
  async train(knobs) {
    if (this.busy) return;
    await this.guarded(async () => {
      await this.load(Math.ceil(knobs.images / this.packed.partSize));
      if (this.halted) return;
      const images = Math.min(knobs.images, this.parts.train * this.packed.partSize);
      /** @type {PageRun} */
      const run = {
        id: ++this.started,
        knobs: { ...knobs, images },
        changes: [],
        train_loss: [],
        train_accuracy: [],
        test_loss: [],
        test_accuracy: [],
        ends: [],
        done: 0,
        long: null,
        weights: null,
        fate: "",
      };
      this.runs = [...this.runs, run].slice(-KEPT_RUNS);
      this.held = run.id;
      const { lr, batch_size, seed, momentum, weight_decay, epochs } = knobs;
      const settings = { lr, batchSize: batch_size, seed, momentum, weightDecay: weight_decay };
      await this.work({ type: "start", id: run.id, images, epochs, settings });
    });
  }

  /**
   * Let the newest run go on for some epochs more.
   * @param {number} epochs
   * @param {number} lr
   */
  async goOn(epochs, lr) {
    const run = this.last;
    if (!run || !this.canContinue) return;
    this.setRate(lr);
    run.knobs.epochs = run.test_loss.length + epochs;
    run.fate = "";
    await this.guarded(() => this.work({ type: "continue", id: run.id, epochs: run.knobs.epochs }));
  }

  /** Change the learning rate of the run under way. @param {number} lr */
  setRate(lr) {
    const run = this.last;
    if (!run || run.id !== this.held || lr === (run.changes.at(-1)?.lr ?? run.knobs.lr)) return;
    const epoch = run.done;
    run.changes = [...run.changes.filter((change) => change.epoch < epoch), { epoch, lr }];
    this.worker?.postMessage({ type: "rate", lr });
  }

  stop() {
    if (this.phase === "loading") this.halted = true; // noticed after the file at hand
    else this.worker?.postMessage({ type: "stop" });
    this.changed();
  }

  clear() {
    if (this.busy) return;
    this.runs = [];
    this.fault = null;
    this.changed();
  }

  /** End the worker, whatever it does. */
  close() {
    this.worker?.terminate();
    this.worker = null;
    this.parts = { train: 0, test: 0 };
    this.held = 0;
  }

  /** @param {() => Promise<void>} work what may go wrong */
  async guarded(work) {
    this.fault = null;
    this.halted = false;
    this.phase = "loading";
    this.changed();
    try {
      await work();
    } catch (error) {
      this.fault = error instanceof Fault ? error : new Fault("error", String(error));
      // What the worker holds is uncertain; the next run gets a new one.
      if (this.fault.kind !== "missing") this.close();
    }
    this.phase = "idle";
    this.changed();
  }

  /** @param {number} needed parts of the training images */
  async load(needed) {
    const wanted = Math.min(needed, this.packed.train);
    this.files = { done: 0, needed: Math.max(0, wanted - this.parts.train) };
    if (!this.worker) await this.employ();
    for (const split of /** @type {const} */ (["test", "train"])) {
      const goal = split === "test" ? 1 : wanted;
      while (this.parts[split] < goal && !this.halted) {
        const part = this.parts[split];
        const base64 = await loadText(this.packed, `${split}-${part}`);
        const report = await this.send({ type: "images", split, part, base64 });
        const expected = split === "train" ? this.packed.partSize : undefined;
        if (report.type !== "images" || report.count !== (expected ?? report.count)) {
          throw new Fault("damaged", `${split}-${part}.js`);
        }
        this.parts[split] += 1;
        if (split === "train") this.files.done += 1;
        this.changed();
      }
    }
  }

  /** Make the worker. */
  async employ() {
    const text = await loadText(this.packed, "trainer");
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      this.worker = new Worker(address);
    } catch (error) {
      throw new Fault("worker", String(error));
    }
    this.dead = null;
    this.worker.onmessage = ({ data }) => this.receive(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.dead = new Fault("worker", event.message ?? "");
      this.broken?.(this.dead);
    };
  }

  /**
   * Send an order; the answer is the report that ends it.
   * @param {Order} order
   * @returns {Promise<Report>}
   */
  send(order) {
    return new Promise((resolve, reject) => {
      this.waiting = resolve;
      this.broken = reject;
      if (this.dead) reject(this.dead);
      this.worker?.postMessage(order);
    });
  }

  /** @param {Order} order */
  async work(order) {
    this.phase = "training";
    this.changed();
    await this.send(order);
  }

  /** @param {Report} report */
  receive(report) {
    if (report.type === "failed") {
      this.broken?.(new Fault(report.kind, report.message));
      return;
    }
    if (report.type === "images") {
      this.waiting?.(report);
      return;
    }
    const run = this.runs.find(({ id }) => id === report.id);
    if (run) noted(run, report);
    if (report.type === "end") this.waiting?.(report);
    else this.changed();
  }
}

/**
 * @param {PageRun} run
 * @param {Exclude<Report, { type: "images" | "failed" }>} report
 */
function noted(run, report) {
  if (report.type === "end") {
    run.fate = report.reason === "done" ? "" : report.reason;
    return;
  }
  run.weights = report.weights;
  if (report.type === "progress") {
    run.done = report.epoch - 1 + report.part;
    return;
  }
  const { train, test, sure, long, weights } = report;
  run.long = long;
  run.done = report.epoch;
  run.train_loss.push(train.loss);
  run.train_accuracy.push(train.accuracy);
  run.test_loss.push(test.loss);
  run.test_accuracy.push(test.accuracy);
  run.ends.push({ confusion: test.confusion, weights, sure });
}
