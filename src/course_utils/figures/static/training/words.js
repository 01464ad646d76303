/** The words of the training lab, by language. */
import { fmt } from "../kit.js";

const count = (/** @type {any} */ n) => n < 10_000 ? String(n) : grouped(n);
const grouped = (/** @type {any} */ n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");

const RATE_1 = {
  label: "rate 1",
  set: { lr: 1 },
  says: "Train, then turn the rate down to 0.05 and Continue: watch the test loss.",
};
const TRIES = [
  RATE_1,
  {
    label: "momentum 0.9",
    set: { momentum: 0.9 },
    says: "Each step keeps nine tenths of the one before. Compare with momentum 0.",
  },
  {
    label: "one image per step",
    set: { batch_size: 1, lr: 0.01, epochs: 3 },
    says: "10\u202f000 steps per epoch: compare the first epoch with that of 256 images per step.",
  },
  {
    label: "all 60\u202f000 images",
    set: { images: 60_000 },
    says: "Six times the images: about 17 MB.",
  },
];
const REGIMES = [
  {
    label: "rate 0.003, 50 epochs",
    set: { lr: 0.003, epochs: 50 },
    says: "Train. Compare its accuracy, then its test loss, with those of rate 0.05 after ten.",
  },
  RATE_1,
  {
    label: "rate 10, weight decay 1",
    set: { lr: 10, weight_decay: 1 },
    says: "Each step first multiplies the weights by 1 \u2212 10 · 1 = \u22129. Train.",
  },
];

/**
 * A run after a question: test losses, how often they rose, steps per epoch, how long they were.
 * @typedef {{ lr: number, losses: number[], rises: number, steps: number,
 *   long: import("./core.js").Long | null }} Facts
 */

/** @param {Facts[]} runs @param {(run: Facts) => any} number */
const each = (runs, number) => runs.map((run) => `${number(run)} with ${run.lr}`).join(", ");

/** @param {Facts[]} runs */
const tooLong = (runs) =>
  ` Steps among the first ${runs[0].steps} that raised the loss of their own images: ` +
  `${each(runs, ({ long }) => long?.rose)}.`;

/** @param {Facts[]} runs */
const ratesBecause = (runs) =>
  runs.filter(({ lr }) => lr !== 0.1).map(({ lr, losses, rises }) =>
    rises
      ? `With ${lr} it swings from ${fmt(Math.min(...losses))} to ${fmt(Math.max(...losses))}.` +
        `${tooLong(runs)} Turn the rate down to 0.1 and Continue.`
      : `With ${lr} it fell in each epoch.`
  ).join(" ");

/** @param {Facts[]} runs */
const regimesBecause = (runs) =>
  `Epochs in which it rose: ${each(runs, ({ rises }) => rises)}.${tooLong(runs)}` +
  runs.filter(({ rises, long }) => rises && long?.rose === 0).map(({ lr }) =>
    ` With ${lr} none did; it rose later: a step that lowers its own images' ` +
    "loss can raise that of others."
  ).join("");

/** @param {Facts[]} runs */
const batchesBecause = (runs) =>
  `Steps in ten epochs: ${runs.map(({ steps }) => count(10 * steps)).join(", ")}.`;

export const LAB_WORDS = {
  en: {
    count,
    lr: "learning rate",
    epochs: "epochs",
    batch_size: "images per step",
    images: "training images",
    seed: "seed",
    momentum: "momentum",
    weight_decay: "weight decay",
    atEpoch: "epoch shown below",
    all: (/** @type {number} */ n) => `all ${count(n)}`,
    train: "Train",
    stop: "Stop",
    goOn: "Continue",
    keep: "Keep this curve",
    clear: "Clear",
    progress: "Progress of the run",
    epoch: "epoch",
    trainingLoss: "training loss, running (nats, log scale)",
    loss: "loss (nats, log scale): test (bold), training (thin)",
    accuracy: "accuracy: test (bold), training (thin)",
    accuracies: "accuracy: test (bold), training, running (thin)",
    guessing: "guessing",
    more: "More settings",
    ready: "Nothing is trained yet: the curves of your runs will stand here.",
    predicted: "predicted class, in the same order",
    true: "true class",
    fixed: (/** @type {number} */ batch) =>
      `Fixed: all recorded runs used minibatches of ${batch}. Changing it needs a kernel.`,
    live: "Live kernel",
    page: "Trains in this page",
    recorded: "Recorded runs",
    standIn: " on the STAND-IN data, not the real images",
    kernelSays: (/** @type {string} */ on, /** @type {number} */ batch) =>
      ` Train fits a new model${on || " on the 60 000 real images"} with these settings. ` +
      `Curves are named live rate/batch size; in blue, the run recorded with batch size ${batch}.`,
    goneSays: " The kernel does not answer (stopped, or busy elsewhere). " +
      "The recorded runs stay usable; Train asks it again.",
    pageSays: (/** @type {string} */ size) =>
      ` on real images${size && `; the first run loads ${size}`}.`,
    recordedSays: (
      /** @type {string} */ on,
      /** @type {number} */ rates,
      /** @type {number} */ epochs,
    ) => ` from when this notebook was run${on}: ${rates} learning rates, ${epochs} epochs each.`,
    why: {
      notebook: " With a kernel, this figure trains.",
      "no images": " With a kernel, this figure trains. This copy of the book holds no images, " +
        "so it can't train in the page.",
      "no worker": " This browser can't train in the page: it has no workers or can't unpack " +
        "the images. With a kernel, this figure trains.",
    },
    megabytes: (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
    source:
      "Images: Fashion-MNIST by Zalando Research (MIT licence), 4 bits a pixel. Tested on every " +
      "fifth test image.",
    loading: (/** @type {number} */ done, /** @type {number} */ needed) =>
      `Loading the images: ${done} of ${needed} files are here.`,
    faults: {
      missing: (/** @type {string} */ file) =>
        `The file ${file} of the images is missing or could not be loaded. ` +
        "Train tries it again.",
      damaged: (/** @type {string} */ file) =>
        `The file ${file} of the images is damaged. Train loads the images again.`,
      worker: () => "The browser does not let this page start a worker, so nothing can be trained.",
      error: (/** @type {string} */ text) => `Training failed: ${text}. Train starts anew.`,
    },
    asked: "Asked the kernel to train…",
    failed: (/** @type {string} */ text) => `Training failed: ${text}`,
    underWay: "the first epoch is under way",
    noEpoch: "stopped before the end of an epoch",
    liveRun: (/** @type {number} */ lr, /** @type {number} */ batch) =>
      `Live run, learning rate ${lr}, batch size ${batch}`,
    recordedRun: (/** @type {number} */ lr) => `Recorded, learning rate ${lr}`,
    pageRun: (/** @type {number} */ id, /** @type {string} */ rate) =>
      `Run ${id}, learning rate ${rate}`,
    after: (/** @type {string} */ what, /** @type {number} */ epoch) =>
      `${what}, after epoch ${epoch}`,
    running: "running ",
    values: {
      train_loss: "training loss ",
      test_loss: "test loss ",
      train_accuracy: "training accuracy ",
      test_accuracy: "test accuracy ",
    },
    remarks: {
      "not finite": "stopped: the loss is no longer a finite number",
      stopped: "stopped early; Continue goes on",
    },
    sure: (/** @type {import("./worker.js").Sureness} */ { wrong, share, divisor, loss }) =>
      `Why so large a loss? ${wrong} wrong answers make ${fmt(Math.floor(1000 * share) / 10, 1)} ` +
      `% of it, and the model is sure of them: dividing all scores by ${divisor} changes no ` +
      `answer and makes the loss ${fmt(loss)}.`,
    tooFar: (/** @type {import("./core.js").Long} */ { from, to }) =>
      `An early step was too long: it raised the loss of its own images from ${fmt(from)} to ` +
      `${fmt(to)}.`,
    run: (/** @type {number} */ id, /** @type {string} */ what) => `run ${id}, ${what}`,
    best: (/** @type {string} */ loss, /** @type {string} */ accuracy) =>
      `Lowest test loss listed: ${loss}; highest test accuracy: ${accuracy}.`,
    slim: (/** @type {number} */ lead, /** @type {number} */ swing) =>
      ` The lead in test loss is ${fmt(lead, 3)}; from epoch to epoch that loss still changes by ` +
      `up to ${fmt(swing, 3)}.`,
    recall: (/** @type {number} */ v) => `recall ${fmt(v)}`,
    runs: "Runs in this page",
    columns: ["run", "settings", "test loss", "training accuracy", "test accuracy"],
    bestMark: "best",
    settings: {
      batch_size: (/** @type {any} */ v) => `${count(v)} per step`,
      momentum: (/** @type {any} */ v) => `momentum ${v}`,
      weight_decay: (/** @type {any} */ v) => `weight decay ${v}`,
      images: (/** @type {any} */ v) => `${count(v)} images`,
      lr: (/** @type {any} */ v) => `rate ${v}`,
      epochs: (/** @type {any} */ v) => `${v} epochs`,
      seed: (/** @type {any} */ v) => `seed ${v}`,
    },
    show: (/** @type {number} */ id) => `Show run ${id}`,
    templates: "The weights of the classes as images.",
    templatesSay: "The weights as images: a bright pixel speaks for the class where it is blue, " +
      "against it where it is red.",
    recalls: (/** @type {string} */ list) =>
      `Confusion matrix on the test images. Recall: ${list}.`,
    confused: (/** @type {string} */ caption, /** @type {string} */ what) =>
      `${caption}. Most often confused: ${what}.`,
    takenFor: (
      /** @type {string} */ a,
      /** @type {string} */ b,
      /** @type {number} */ n,
      /** @type {number} */ of,
    ) => `${a} taken for ${b}, ${n} of ${of}`,
    plots: (/** @type {string} */ runs) =>
      ["Loss", "Accuracy"].map((what) => `${what} by epoch of the runs ${runs}.`),
    spoken: (
      /** @type {string} */ what,
      /** @type {number} */ epoch,
      /** @type {string} */ accuracy,
      /** @type {string} */ fate,
    ) => `${what}, epoch ${epoch}: test accuracy ${accuracy}${fate && `; ${fate}`}.`,
    questions: {
      rates: {
        question: "Three runs of ten epochs differ in nothing but the learning rate. Which one " +
          "will have the smallest test loss?",
        answers: ["0.01", "0.1", "10"],
        set: [{ lr: 0.01 }, { lr: 0.1 }, { lr: 10 }],
        found: "The rate with the smallest test loss at the end",
        because: ratesBecause,
      },
      regimes: {
        question:
          "Four runs of ten epochs differ in nothing but the learning rate. For which one " +
          "will the test loss fall in every epoch?",
        answers: ["0.003", "0.05", "1", "10"],
        set: [{ lr: 0.003 }, { lr: 0.05 }, { lr: 1 }, { lr: 10 }],
        found: "Rates whose test loss fell in every epoch",
        because: regimesBecause,
      },
      "batch sizes": {
        question: "Three runs of ten epochs differ in nothing but the images per step. Which " +
          "one will have the smallest test loss?",
        answers: ["16", "256", "all 10\u202f000"],
        set: [{ batch_size: 16 }, { batch_size: 256 }, { batch_size: 65_536 }],
        found: "Images per step with the smallest test loss at the end",
        because: batchesBecause,
      },
    },
    verdict: (
      /** @type {string} */ found,
      /** @type {string[]} */ right,
      /** @type {string} */ mine,
    ) =>
      `${found}: ${right.join(", ") || "none of them"}` +
      (right.includes(mine) ? ", as you guessed." : `. You guessed ${mine}.`),
    spoilt: "A run was stopped or its rate changed: no answer to the question.",
    watch: "They are trained now, one after the other: compare the curves.",
    tries: { rates: TRIES, "batch sizes": TRIES, regimes: REGIMES },
  },
};
