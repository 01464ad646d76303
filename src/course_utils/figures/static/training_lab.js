import {
  bold,
  button,
  clamp,
  COLORS,
  dial,
  figure,
  fmt,
  guessFirst,
  html,
  isList,
  isNumber,
  isText,
  nearest,
  put,
  say,
  slider,
  SPEC,
  stillness,
  TEXT_COLORS,
  textWidth,
  tries,
  unique,
} from "./kit.js";
import { packedImages } from "./training/files.js";
import { PageTrainer } from "./training/client.js";
import { drawCurves, LOSS_TICKS } from "./training/curves.js";
import { confusionFacts, drawConfusion, Templates } from "./training/pictures.js";
import {
  alwaysFell,
  bestRuns,
  facts,
  lowestLoss,
  ratesOf,
  RunTable,
  slimLead,
} from "./training/runs.js";
import { LAB_WORDS } from "./training/words.js";

const SILENCE = 4000; // ms without a sign of life after which the kernel counts as gone
const REST = 100; // ms between two looks at templates, matrix and table while a run is trained
/** The learning rates on the slider, where any rate can be trained. */
const RATES = [-3, -2, -1, 0].flatMap((power) =>
  [1, 1.5, 2, 3, 5, 7].map((v) => Number((v * 10 ** power).toPrecision(2)))
).concat(10);
/** @type {(keyof Knobs)[]} */
const KNOBS = ["lr", "batch_size", "momentum", "weight_decay", "images", "epochs", "seed"];
/** Knobs that few readers need: they stand apart. */
const MORE = ["images", "momentum", "weight_decay", "seed"];
const DECAYS = [0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1];
/** @type {("train_loss" | "train_accuracy" | "test_accuracy")[]} */
const MEASURES = ["train_loss", "train_accuracy", "test_accuracy"];
/** @import { Limits, Plot, Ticks } from "./kit/plot.js" */
/** @import { View } from "./kit/view.js" */
/** @import { Knobs, PageRun } from "./training/client.js" */
/** @import { Curve, Measure } from "./training/curves.js" */
/**
 * A run as Python tells it.
 * @typedef {object} Run
 * @property {number} lr
 * @property {number[]} train_loss
 * @property {number[]} train_accuracy
 * @property {number[]} test_accuracy
 * @property {number[]} confusion
 * @property {boolean} [diverged]
 * @property {string} [remark]
 * @property {string} [templates]
 * @property {number} [epochs]
 * @property {number} [batch_size]
 * @property {string} [phase]
 */
/**
 * What a curve is drawn of, beside its lists.
 * @typedef {Curve & Partial<PageRun> & { kind?: "kernel", batch_size?: number, epochs?: number,
 *   phase?: string, remark?: string }} Drawn
 */
/**
 * @typedef {{ lrs: number[], num_epochs: number, batch_size: number, classes: string[],
 *   source: string, runs: Run[], templates: string }} Recording
 */

/** @param {any} r @param {number} n */
const isRun = (r, n) =>
  MEASURES.every((k) => isList(r?.[k], isNumber)) && r.confusion?.length === n * n;
/** @param {any} r */
const isRecording = (r) =>
  isList(r?.classes, isText) && isList(r.lrs, (v) => isNumber(v) && v > 0, 1) &&
  isList(r.runs, (run) => isRun(run, r.classes.length), r.lrs.length, r.lrs.length) &&
  isText(r.templates);

/**
 * A setting of a run.
 * @param {PageRun} run
 * @param {keyof Knobs} key
 */
function knobOf(run, key) {
  if (key === "lr") return ratesOf(run);
  return key === "batch_size" ? Math.min(run.knobs.batch_size, run.knobs.images) : run.knobs[key];
}

/** @param {(value: number) => number} round @param {number} value */
const tenth = (round, value) => round(value * 10) / 10;
/** @param {string} text */
const sentence = (text) => text && ` ${text[0].toUpperCase()}${text.slice(1)}.`;

export default figure(LAB_WORDS, (view, words) => {
  /** @type {Recording} */
  const rec = view.get("recording");
  const live = view.model.get("live") === true;
  const packed = packedImages();
  const page = !live && view.model.inPage && typeof packed !== "string"
    ? new PageTrainer(packed, later)
    : null;
  const n = rec.classes.length;
  const spot = (/** @type {number} */ lr) => nearest(rec.lrs, lr);
  const status = () => view.model.get("status") ?? {};
  /** @returns {Run[]} */
  const runs = () => view.model.get("runs") ?? [];
  let asked = 0;
  let gone = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let hidden = 0;
  let racing = false; // several runs in a row
  let chosen = 0; // id of the run in the page that is shown; 0 for the newest
  const kernelBusy = () => !gone && (asked > 0 || status().phase === "training");
  const busy = () => racing || (page ? page.busy : kernelBusy());

  // --- parts -------------------------------------------------------------------------------
  const mode = html("p.mode");
  const told = html("p.say");
  /** @type {(ylabel: string, y: Limits, yticks?: Ticks) => Plot} */
  const chart = (ylabel, y, yticks) =>
    view.plot({ height: 205, x: [1, 10], y, yticks, xlabel: words.epoch, ylabel });
  const loss = chart(words.trainingLoss, [-0.5, 1.8], LOSS_TICKS);
  const accuracy = chart(words.accuracy, [0.5, 0.9]);
  const bar = html("progress", { "aria-label": words.progress });
  const train = button(view, words.train, () => {
    if (page) page.train(knobs());
    else ask();
    view.refresh(); // at once, so that nobody presses twice
  });
  const stop = button(view, words.stop, () => {
    racing = false;
    if (page) page.stop();
    else send({ type: "stop" });
  });
  const goOn = button(view, words.goOn, () => {
    chosen = 0;
    page?.goOn(view.get("epochs"), view.get("lr"));
    view.refresh();
  });
  train.classList.add("primary");
  const keep = button(view, words.keep, () =>
    view.set({
      kept: [
        ...view.get("kept").filter((/** @type {number} */ v) => v !== shownRate()),
        shownRate(),
      ].slice(-4),
    }));
  const clear = button(view, words.clear, () => {
    hidden = runs().length;
    chosen = 0;
    page?.clear();
    view.set({ kept: [] });
  });
  const why = html("p.soft.why", { id: unique("why") });
  const templates = new Templates(rec.classes, words.templates);
  const heading = html("p.head2.gap");
  const matrix = view.plot({
    aspect: 1,
    x: [0, n],
    y: [n, 0],
    xticks: [],
    yticks: rec.classes.map((name, i) => [i + 0.5, name]),
    xlabel: words.predicted,
    ylabel: words.true,
    grid: false,
    margin: { right: 4, bottom: 8 },
  });
  const table = new RunTable(words, (id) => {
    chosen = id;
    view.touched = true;
    view.refresh();
  });
  const atEpoch = html("div");
  view.bind(atEpoch, () => { // before the slider itself is put in its place
    const ends = shownRun()?.ends.length ?? 0;
    atEpoch.hidden = ends < 2;
    const input = atEpoch.querySelector("input");
    if (input) put(input, { max: Math.max(2, ends), disabled: ends < 2 });
  });

  // --- training in the page ----------------------------------------------------------------
  /** @returns {Knobs} */
  const knobs = () => {
    chosen = 0;
    return /** @type {any} */ (Object.fromEntries(KNOBS.map((key) => [key, view.get(key)])));
  };
  function shownRun() {
    return page?.runs.find(({ id }) => id === chosen) ?? page?.last;
  }
  let waiting = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let restDue;
  /** Repaint soon, in a task of its own: the frame after it has only to lay out and paint. */
  function later() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      view.refresh();
    }, document.hidden ? 300 : 16);
  }
  /**
   * Train once for each set of changes; gives those runs, or none if one was stopped or changed.
   * @param {Record<string, number>[]} sets
   * @returns {Promise<PageRun[]>}
   */
  async function race(sets) {
    racing = true;
    /** @type {PageRun[]} */
    const raced = [];
    for (const set of sets) {
      if (!racing) break;
      view.set(view.with({ ...set, epochs: 10 }));
      await page?.train(knobs());
      const run = page?.last;
      if (page?.fault || !run?.test_loss.length || run.fate === "stopped") break;
      raced.push(run);
    }
    racing = false;
    view.refresh();
    const fair = raced.length === sets.length && raced.every((run) => !run.changes.length);
    return fair ? raced : []; // a rate changed in mid-run answers another question
  }
  view.closers.push(() => page?.close(), () => clearTimeout(restDue));

  // --- the kernel --------------------------------------------------------------------------
  /** @param {{ type: string, settings?: Record<string, number> }} order */
  function send(order) {
    try {
      view.model.send(order);
    } catch {
      lost();
    }
  }
  function lost() {
    gone = kernelBusy();
    asked = 0;
    view.refresh();
  }
  function watch() {
    clearTimeout(timer);
    if (kernelBusy()) timer = setTimeout(lost, SILENCE);
  }
  function ask() {
    gone = false;
    asked = Date.now();
    hidden = Math.max(hidden, runs().length - 3);
    const [lr, epochs, batch_size] = ["lr", "epochs", "batch_size"].map((key) => view.get(key));
    send({ type: "train", settings: { lr, epochs, batch_size } }); // it can overtake the sliders
    watch();
    view.refresh();
  }
  view.on("change:status", () => {
    gone = false;
    asked = 0;
    watch();
    view.refresh();
  });
  view.on("change:runs", () => view.refresh());
  view.on("comm_live_update", () => {
    if (kernelBusy()) lost(); // the kernel went away
  });
  view.closers.push(() => clearTimeout(timer));

  // --- curves ------------------------------------------------------------------------------
  const mine = (/** @type {{ lr: number }} */ r) => spot(r.lr) === spot(view.get("lr"));
  const shownRate = () => rec.lrs[spot(view.get("lr"))];
  /** @type {(lr: number, slot: number, width: number) => Drawn} */
  const recorded = (lr, slot, width) => {
    const run = rec.runs[rec.lrs.indexOf(lr)];
    const cut = MEASURES.map((key) => [key, run[key].slice(0, view.get("epochs"))]);
    return {
      .../** @type {Run} */ (Object.fromEntries(cut)),
      lr,
      epochs: view.get("epochs"),
      remark: run.remark,
      diverged: run.diverged,
      name: run.diverged ? `${lr} stopped` : String(lr),
      stroke: COLORS[slot],
      color: TEXT_COLORS[slot],
      width,
    };
  };
  const slotOf = (/** @type {PageRun} */ run) => (run.id - 1) % 6;
  /**
   * What the name of a run tells: the knob whose value it shares with the fewest others; fully,
   * also the knob that tells it best from those, or its rate.
   * @param {PageRun} run
   * @param {boolean} [fully]
   * @returns {string}
   */
  function telling(run, fully, like = page?.runs ?? []) {
    const shared = (/** @type {keyof Knobs} */ key) =>
      like.filter((other) => knobOf(other, key) === knobOf(run, key));
    const key = KNOBS.reduce((a, b) => (shared(b).length < shared(a).length ? b : a));
    const told = words.settings[key](knobOf(run, key));
    return [...new Set([told, fully ? telling(run, false, shared(key)) : told])].join(", ");
  }
  /** @param {PageRun} run @returns {Drawn} */
  const inPage = (run) => ({
    ...run,
    lr: run.knobs.lr,
    epochs: run.knobs.epochs,
    name: `${run.id}: ${telling(run).replace(loss.width < 300 ? /.*→/ : /→.*→/, "…")}`,
    diverged: run.fate === "not finite",
    stroke: COLORS[slotOf(run)],
    color: TEXT_COLORS[slotOf(run)],
    width: run === shownRun() ? 3 : 1.75,
  });
  /** Whether what is trained here is shown, not a recording: that is for paper. */
  const own = () => page && (page.runs.length > 0 || !view.onPaper);
  /** What matters most stands last. @returns {Drawn[]} */
  function curves() {
    if (page && own()) {
      const shown = shownRun();
      // Those who prefer less motion see a run when it has ended.
      const all = page.runs.filter((run) => !(stillness() && page.busy && run === page.last));
      return all.sort((a, b) => Number(a === shown) - Number(b === shown)).map(inPage);
    }
    const s = status();
    const going = s.phase === "training" ? [s] : [];
    const alive = [...runs().slice(hidden), ...going].map((r, i) => {
      const slot = 1 + (hidden + i) % 4;
      return /** @type {Drawn} */ ({
        ...r,
        kind: "kernel",
        test_loss: undefined, // the plot compares with the recording, which has none
        name: `live ${r.lr}/${r.batch_size}`,
        stroke: COLORS[slot],
        color: TEXT_COLORS[slot],
        width: 2.5,
      });
    });
    /** @type {number[]} */
    const rates = view.get("kept").map((/** @type {number} */ lr) => rec.lrs[spot(lr)]);
    const kept = rates.filter((lr, i) => lr !== shownRate() && rates.indexOf(lr) === i);
    return [
      ...kept.map((lr) => recorded(lr, 6, 1.5)),
      recorded(shownRate(), 0, alive.length ? 1.5 : 3),
      ...alive,
    ];
  }
  /** @param {Drawn[]} all */
  function draw(all) {
    const longest = all.map((r) => Math.max(r.epochs ?? 0, r.test_accuracy.length));
    const epochs = Math.max(2, ...(all.length ? longest : [view.get("epochs")]));
    const losses = all.flatMap((r) => [...r.train_loss, ...(r.test_loss ?? [])]);
    const top = clamp(tenth(Math.ceil, Math.log10(Math.max(3, ...losses))), 0.5, 3);
    const seen = all.flatMap((r) => [...r.train_accuracy, ...r.test_accuracy]);
    const y = /** @type {Limits} */ ([-0.5, own() ? top : 1.8]);
    const names = all.map((r) => r.name);
    const room = 14 + Math.max(...[words.guessing, ...names].map((name) => textWidth(name)));
    const common = {
      x: /** @type {Limits} */ ([1, epochs]),
      margin: { right: Math.min(room, 0.4 * loss.width) },
    };
    const yticks = LOSS_TICKS.filter(([v]) => v <= y[1]);
    loss.scale({ ...common, y, yticks, ylabel: own() ? words.loss : words.trainingLoss });
    accuracy.scale({
      ...common,
      ylabel: own() ? words.accuracy : words.accuracies,
      y: [
        Math.min(0.5, tenth(Math.floor, Math.min(...seen))),
        Math.max(0.9, tenth(Math.ceil, Math.max(...seen))),
      ],
    });
    drawCurves(loss, all, "loss", [[Math.log(n), words.guessing]]);
    drawCurves(accuracy, all, "accuracy");
    const list = names.join(", ");
    [loss, accuracy].forEach((plot, i) => plot.describe(list ? words.plots(list)[i] : words.ready));
  }

  // --- templates and confusion -------------------------------------------------------------
  /** What the matrix shows, and at which size. */
  let shownCounts = {
    counts: /** @type {ArrayLike<number>} */ ([]),
    width: 0,
    recall: /** @type {number[]} */ ([]),
    mistake: "",
  };
  /** @param {ArrayLike<number>} counts @param {string} caption */
  function confusion(counts, caption) {
    if (counts !== shownCounts.counts || matrix.width !== shownCounts.width) {
      const { total, recall, worst } = confusionFacts(counts, n);
      drawConfusion(matrix, counts, total);
      matrix.describe(
        words.recalls(rec.classes.map((name, c) => `${name} ${fmt(recall[c])}`).join(", ")),
      );
      const { i, j, count } = worst;
      const mistake = words.takenFor(rec.classes[i], rec.classes[j], count, total[i]);
      shownCounts = { counts, width: matrix.width, recall, mistake };
    }
    say(heading, words.confused(caption, shownCounts.mistake));
    return shownCounts.recall;
  }
  /** Show the model of the run that is looked at. */
  function pictures() {
    const run = shownRun();
    if (run?.weights && !(stillness() && page?.busy)) {
      const epoch = Math.min(view.get("at_epoch"), run.ends.length);
      const end = run.ends[epoch - 1];
      const newest = !end || view.get("at_epoch") > run.ends.length;
      const caption = words.after(words.pageRun(run.id, ratesOf(run)), epoch);
      const recall = end ? confusion(end.confusion, caption) : [];
      templates.weights(newest ? run.weights : end.weights, recall.map(words.recall));
      return;
    }
    const done = runs().slice(hidden).findLast(mine);
    const k = spot(view.get("lr"));
    const shown = done ?? rec.runs[k];
    const what = done
      ? words.liveRun(done.lr, done.batch_size ?? 0)
      : words.recordedRun(rec.lrs[k]);
    if (done) templates.sprite(done.templates ?? "", 1, 0);
    else templates.sprite(rec.templates, rec.lrs.length, k);
    confusion(shown.confusion, words.after(what, shown.test_accuracy.length));
  }

  /** What need not follow each step: templates, matrix and table. */
  function rest() {
    clearTimeout(restDue);
    restDue = undefined;
    below.hidden = Boolean(own() && !page?.runs.length);
    if (!below.hidden) pictures();
    if (page) table.draw(page.runs, shownRun()?.id ?? 0, (run) => COLORS[slotOf(run)]);
  }

  // --- words -------------------------------------------------------------------------------
  /** @param {Drawn} run */
  const remark = (run) => run.fate ? words.remarks[run.fate] : run.remark ?? "";
  /** @param {Drawn} run */
  const named = (run) => {
    if (run.kind === "kernel") return words.liveRun(run.lr, run.batch_size ?? 0);
    return run.id
      ? words.pageRun(run.id, ratesOf(/** @type {PageRun} */ (run)))
      : words.recordedRun(run.lr);
  };
  /** @param {Drawn} run @returns {(Node | string)[]} */
  function says(run) {
    const e = run.test_accuracy.length;
    const fate = remark(run);
    if (!e) return [`${named(run)}: ${fate || (busy() ? words.underWay : words.noEpoch)}.`];
    const keys = /** @type {Measure[]} */ (Object.keys(words.values));
    const running = run.id ? "" : words.running;
    const numbers = keys.flatMap((key) => {
      const values = run[key];
      const name = (key[1] === "r" ? running : "") + words.values[key];
      return values ? [", ", name, bold(key, values[e - 1], 3)] : [];
    });
    const sure = run.ends?.[e - 1].sure;
    const { long } = run;
    return [
      `${words.after(named(run), e)}: `,
      ...numbers.slice(1),
      ".",
      sentence(fate),
      ...(long?.rose ? [html("br"), words.tooFar(long)] : []),
      ...(sure ? [html("br"), words.sure(sure)] : []),
    ];
  }
  /** Which runs are the best, by what tells the runs apart. */
  function best() {
    const all = page?.runs ?? [];
    const name = (/** @type {number | undefined} */ id) =>
      all.filter((run) => run.id === id).map((run) => words.run(run.id, telling(run, true)))[0];
    const { loss, accuracy } = bestRuns(all);
    return loss ? words.best(name(loss), name(accuracy)) + slimLead(all, words.slim) : "";
  }
  /** @param {Drawn} front @returns {(Node | string)[]} */
  function news(front) {
    if (page?.fault) return [words.faults[page.fault.kind](page.fault.what)];
    if (page?.phase === "loading" && page.files.needed) {
      return [words.loading(page.files.done, page.files.needed)];
    }
    if (asked) return [words.asked];
    if (status().phase === "failed") return [words.failed(status().message)];
    if (own() && !page?.runs.length) return [words.ready];
    return [...says(front), ...(page && !busy() ? [html("br"), best()] : [])];
  }
  /** @param {(Node | string)[]} parts */
  function tell(parts) {
    const line = html("p", ...parts);
    if (told.innerHTML !== line.innerHTML) told.replaceChildren(...line.childNodes);
  }
  function modeLine() {
    const on = rec.source === "real" ? "" : words.standIn;
    const kind = live ? "live" : own() ? "page" : "recorded";
    const runs = gone ? "recorded" : kind;
    const { partSize = 1, partBytes = 0 } = page?.packed ?? {};
    const bytes = (Math.ceil(view.get("images") / partSize) + 1) * partBytes;
    const text = {
      live: gone ? words.goneSays : words.kernelSays(on, rec.batch_size),
      page: words.pageSays(page?.parts.train ? "" : words.megabytes(bytes)),
      recorded: words.recordedSays(on, rec.lrs.length, rec.num_epochs) +
        words.why[view.model.inPage && typeof packed === "string" ? packed : "notebook"],
    };
    if (mode.textContent !== words[runs] + text[kind]) {
      mode.replaceChildren(html("b", words[runs]), text[kind]);
    }
    put(mode, { class: `mode${gone ? " alarm" : ""}`, "data-runs": runs });
  }

  // --- the whole ---------------------------------------------------------------------------
  watch(); // a view made during a run
  const batch = slider(view, "batch_size", {
    label: words.batch_size,
    step: 1,
    to: Math.log2,
    from: (v) => 2 ** v,
    show: (v) => page && v >= view.get("images") ? words.all(view.get("images")) : words.count(v),
  });
  const batchInput = batch.querySelector("input");
  const fixed = !live && !page;
  if (batchInput) put(batchInput, { disabled: fixed, "aria-describedby": fixed ? why.id : null });
  why.textContent = words.fixed(rec.batch_size);
  const rates = fixed ? rec.lrs : RATES;
  const longest = Math.max(...rec.runs.map((r) => r.test_accuracy.length));
  const sliders = [
    slider(view, "lr", {
      label: words.lr,
      step: 1,
      min: rates[0],
      max: rates.at(-1),
      to: (lr) => nearest(rates, lr),
      from: (i) => rates[i],
      show: String,
    }),
    slider(view, "epochs", {
      label: words.epochs,
      step: 1,
      max: fixed ? longest : SPEC.traits.epochs.max,
      show: String,
    }),
    batch,
  ];
  const buttons = page ? [train, stop, goOn, clear] : [...(live ? [train, stop] : []), keep, clear];
  view.apart = ["at_epoch", "kept", "question"];
  const below = html(
    "div.below",
    heading,
    atEpoch,
    html(
      "div.grid2",
      html("div", templates.node, html("p.soft.why", words.templatesSay)),
      matrix.node,
    ),
    page ? html("p.soft.why", words.source) : "",
  );
  const asks = /** @type {keyof typeof words.questions} */ (view.get("question"));
  view.add(mode);
  if (page) {
    const { question, answers, set, found, because } = words.questions[asks];
    guessFirst(view, {
      question,
      answers: answers.map((text) => ({ text, says: words.watch })),
      show: async (mine) => {
        const raced = await race(set);
        if (!raced.length) return page.fault ? "" : words.spoilt;
        const right = (asks === "regimes" ? alwaysFell : lowestLoss)(raced);
        const verdict = words.verdict(found, right.map((i) => answers[i]), answers[mine]);
        return `${verdict} ${because(raced.map(facts))}`;
      },
    });
  }
  view.add(
    view.bar(
      html("div.columns", ...sliders),
      fixed ? why : "",
      html("div.row", ...buttons, fixed ? "" : bar),
    ),
    page ? moreKnobs(view, words) : "",
    html("div.grid2", loss.node, accuracy.node),
    told,
    ...(page ? [tries(view, words.tries[asks]), table.node] : []),
    below,
  );
  if (page) {
    atEpoch.append(dial(view, {
      label: words.atEpoch,
      control: "at_epoch",
      min: 1,
      max: 50,
      step: 1,
      read: () => Math.min(view.get("at_epoch"), Math.max(1, shownRun()?.ends.length ?? 1)),
      write: (value) => {
        const last = shownRun()?.ends.length ?? 1;
        view.set({ at_epoch: value >= last ? 50 : value }); // the last one stays the last one
      },
      show: String,
    }));
  }

  return () => {
    if (page?.phase === "training" && view.changed.has("lr")) page.setRate(view.get("lr"));
    const s = status();
    const all = curves();
    const last = all[all.length - 1] ?? recorded(shownRate(), 0, 3);
    const usable = all.findLast((r) => mine(r) && !(r.phase && gone));
    const front = page?.runs.length || (busy() && last.kind === "kernel") ? last : usable ?? last;
    modeLine();
    draw(all);
    tell(news(front));
    // Cells of another size than the matrix don't wait.
    if (page?.phase !== "training" || shownCounts.width !== matrix.width) rest();
    else restDue ??= setTimeout(rest, REST); // with the curves it would block too long
    train.disabled = busy();
    stop.disabled = !busy();
    goOn.disabled = !page?.canContinue || racing;
    clear.disabled = busy() || !!below.hidden;
    bar.hidden = !busy();
    const part = s.phase === "training" ? (s.test_accuracy.length + s.part) / s.epochs : 0;
    bar.value = page?.busy ? share() : part;
    const end = front.test_accuracy.length;
    const none = own() && !page?.runs.length; // what is recorded isn't shown
    if (asked || none || page?.fault || page?.phase === "loading" || s.phase === "failed" || !end) {
      return told.textContent ?? "";
    }
    return words.spoken(named(front), end, fmt(front.test_accuracy[end - 1], 3), remark(front));
  };

  /** How much of what the page does is done. */
  function share() {
    if (!page?.last || page.phase === "loading") {
      return (page?.files.done ?? 0) / (page?.files.needed || 1);
    }
    return page.last.done / page.last.knobs.epochs;
  }
}, { recording: isRecording });

/**
 * The sliders for what only the trainer in the page can vary. They fold away; they are in sight
 * when one of them is changed from what it is at first.
 * @param {View} view
 * @param {typeof LAB_WORDS.en} words
 */
function moreKnobs(view, words) {
  const sliders = [
    slider(view, "images", { label: words.images, step: 2500, show: words.count }),
    slider(view, "momentum", { label: words.momentum, step: 0.01 }),
    slider(view, "weight_decay", {
      label: words.weight_decay,
      step: 1,
      to: (value) => value > 0 ? nearest(DECAYS.slice(1), value) + 1 : 0,
      from: (i) => DECAYS[i],
      show: String,
    }),
    slider(view, "seed", { label: words.seed, step: 1, show: String }),
  ];
  const node = html("details", html("summary", words.more), html("div.columns", ...sliders));
  view.control(node);
  view.bind(node, () => {
    const changed = (/** @type {string} */ key) =>
      view.changed.has(key) && view.get(key) !== SPEC.traits[key].init;
    if (MORE.some(changed)) node.open = true;
  });
  return node;
}
