import {
  argmax,
  button,
  checkbox,
  choices,
  clamp,
  dot,
  figure,
  fmt,
  four,
  goal,
  guessFirst,
  html,
  isList,
  isNumber,
  isText,
  put,
  quantity,
  range,
  say,
  slider,
  softmax,
  sum,
} from "./kit.js";
import { loadText, packedImages } from "./training/files.js";
import { colourOf, SIDE } from "./training/shades.js";

const PIXELS = SIDE * SIDE;
const BEYOND = 1.05; // part of the smallest change that an answer to the guess shows
const MISTAKES = 30; // the most confident ones, to go through

const WORDS = {
  en: {
    lead: "The score of a class is its bias and a sum over the pixels, brightness times weight.",
    images: "drawings",
    testImage: "Test image",
    mistake: "Confident mistake",
    clear: "Empty",
    question: (
      /** @type {string} */ drawn,
      /** @type {string} */ name,
      /** @type {string} */ p,
    ) =>
      `Of the drawn ${drawn} the model says: ${name}, probability ${p}. How far does the image ` +
      "have to change before it says something else? Root mean square of the pixels; black to " +
      "white is 1.",
    answers: ["less than 0.05", "0.05 to 0.2", "more than 0.2"],
    guessed: (
      /** @type {boolean} */ right,
      /** @type {string} */ size,
      /** @type {string} */ name,
    ) =>
      `${
        right ? "Yes" : "No"
      }: by ${size}, if each pixel goes the right way. At ${BEYOND} of that ` +
      `change the model says ${name}: compare the first image with the changed one.`,
    against: "subtract the score of the most probable other class",
    change: "part of the smallest change",
    way: (/** @type {string} */ from, /** @type {string} */ to) =>
      `At 1, ${from} and ${to} are equally likely; below 0 the way leads away from there.`,
    drawn: (/** @type {string} */ name) => `drawn ${name}: paint on it`,
    image: "image: paint on it",
    keys: "arrows move, space paints, x erases",
    parts: (/** @type {string} */ what) => `what each pixel adds to ${what}: blue more, red less`,
    step: (/** @type {string} */ gain) =>
      `the smallest change, drawn ${gain} times as strong: blue brighter, red darker`,
    secret: "the smallest change: guess first",
    changed: (/** @type {string} */ part) => `the image with ${part} of the change`,
    columns: ["class", "pixels", "bias", "score", "probability"],
    caption: "Scores of the image with the change; choose the class that is taken apart",
    score: (/** @type {string} */ name) => `the score of ${name}`,
    difference: (/** @type {string} */ a, /** @type {string} */ b) => `${a} minus ${b}`,
    says: (
      /** @type {string} */ what,
      /** @type {string} */ plus,
      /** @type {string} */ less,
      /** @type {string} */ bias,
      /** @type {string} */ total,
    ) =>
      `${what[0].toUpperCase()}${what.slice(1)}: pixels add ${plus} and take ${less} away; with ` +
      `the bias (${bias}) it is ${total}.`,
    flip: (
      /** @type {string} */ from,
      /** @type {string} */ to,
      /** @type {string} */ size,
      /** @type {string} */ most,
    ) =>
      `The smallest change that alters the answer turns ${from} into ${to}. It moves the pixels ` +
      `by ${size} in the root mean square and by ${most} at most; black to white is 1, and ` +
      "pixels may leave the range from black to white.",
    farther: (/** @type {string} */ name, /** @type {string} */ size) =>
      ` In the unchanged image the second highest score is that of ${name}, but its border is ` +
      `farther away, at ${size}: its weights differ less.`,
    label: (/** @type {string} */ name, /** @type {string} */ size) =>
      ` The border to ${name}, its label, is at ${size}.`,
    answer: (/** @type {string} */ name, /** @type {string} */ p) =>
      `The model says ${name}, probability ${p}. `,
    truth: (/** @type {string} */ name, /** @type {boolean} */ changed) =>
      `${changed ? "The unchanged image" : "It"} is a test image of the class ${name}. `,
    loading: "Loading the test images…",
    lost: "The test images could not be loaded; the drawings stay.",
    goal: (/** @type {string} */ name) =>
      `from “Empty”, paint until the model says ${name}, with a probability of at least 0.9.`,
    painted: (/** @type {string} */ name) =>
      `It need not look like a ${name}: the score only adds up brightness times weight.`,
    spoken: (/** @type {string} */ name, /** @type {string} */ p, /** @type {string} */ what) =>
      `The model says ${name}, ${p}; ${what}.`,
  },
};

const WANTED = 8; // the class to paint: bags

/** @param {any} m */
const isModel = (m) =>
  isText(m?.weights) && isNumber(m.scale) && isList(m.bias, isNumber, 10, 10) &&
  isList(m.classes, isText, 10, 10) && bytes(m.weights).length === 10 * PIXELS;
/** @param {any} text */
const isSilhouettes = (text) => isText(text) && bytes(text).length === 10 * PIXELS;

/** @param {string} base64 */
function bytes(base64) {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

export default figure(WORDS, (view, words) => {
  /** @type {{ weights: string, scale: number, bias: number[], classes: string[] }} */
  const { weights, scale, bias, classes } = view.get("model");
  const raw = new Int8Array(bytes(weights).buffer);
  /** Weights of each class: ten lists of 784. */
  const W = range(10).map((k) => range(PIXELS).map((p) => raw[10 * p + k] * scale));
  const drawn = bytes(view.get("silhouettes"));
  const silhouette = (/** @type {number} */ i) =>
    Array.from(drawn.subarray(i * PIXELS, (i + 1) * PIXELS), (v) => v / 255);
  /** @type {number[]} */
  let pixels = silhouette(view.get("silhouette"));
  let isSilhouette = true; // and neither painted nor a test image
  let blank = false; // or painted on a blank paper
  let truth = ""; // class of a test image
  let notice = "";
  /** @type {{ pixels: number[], label: number }[]} */
  let tests = [];
  /** @type {number[]} */
  let mistakes = [];
  const turn = { test: 0, mistake: 0 };

  const scoresOf = (/** @type {number[]} */ x) => W.map((w, k) => dot(w, x) + bias[k]);
  /** @param {number[]} z @param {number} not */
  const bestBut = (z, not) => argmax(z.map((v, k) => (k === not ? -Infinity : v)));
  /**
   * The nearest border: where the scores of two classes are equal, a hyperplane.
   * @param {number[]} image
   */
  function border(image) {
    const z = scoresOf(image);
    const first = argmax(z);
    const ways = W.map((w) => w.map((v, p) => v - W[first][p]));
    const lengths = ways.map((way) => Math.sqrt(dot(way, way)) || Infinity);
    const far = z.map((v, c) => (c === first ? Infinity : (z[first] - v) / lengths[c]));
    const second = far.indexOf(Math.min(...far));
    const part = (z[first] - z[second]) / lengths[second] ** 2;
    const step = ways[second].map((v) => part * v);
    const sizes = far.map((v) => v / SIDE); // root mean squares over 28 times 28 pixels
    return { z, first, second, runner: bestBut(z, first), step, sizes };
  }
  /** @param {number[]} image @param {number[]} step @param {number} part */
  const moved = (image, step, part) => image.map((v, p) => v + part * step[p]);

  // --- parts -------------------------------------------------------------------------------
  const canvas = () => html("canvas.pixels", { width: SIDE, height: SIDE });
  const paper = canvas();
  const parts = put(canvas(), { role: "img" });
  const step = put(canvas(), { role: "img" });
  const after = put(canvas(), { role: "img" });
  put(paper, {
    role: "application",
    tabindex: 0,
    "aria-label": `${words.image}; ${words.keys}`,
  });
  view.control(paper);
  const told = html("p.say");
  const way = html("p.why");
  const titles = range(4).map(() => html("p.axis"));
  const flip = html("p.soft");
  const labels = choices(view, "label", classes.map((name, k) => [k, name]));
  const rows = labels.map((choice) => {
    const cells = range(4).map(() => html("td"));
    return { cells, node: html("tr", html("th", { scope: "row" }, choice), ...cells) };
  });
  const table = html(
    "table",
    html("caption", words.caption),
    html("thead", html("tr", ...words.columns.map((text) => html("th", { scope: "col" }, text)))),
    html("tbody", ...rows.map(({ node }) => node)),
  );

  const grey = (/** @type {number} */ v) => Array(3).fill(255 * clamp(v, 0, 1));

  // --- images ------------------------------------------------------------------------------
  /** @param {number[]} image @param {string} name */
  function show(image, name) {
    pixels = image;
    isSilhouette = blank = false;
    truth = name;
    notice = "";
    view.set({ change: 0, label: argmax(scoresOf(image)) });
  }
  const packed = view.model.inPage ? packedImages() : "no images";
  async function load() {
    if (tests.length || typeof packed === "string") return;
    notice = words.loading;
    view.refresh();
    const zipped = bytes(await loadText(packed, "test-0"));
    const stream = /** @type {ReadableStream} */ (new Response(zipped).body);
    const plain = stream.pipeThrough(new DecompressionStream("gzip"));
    const data = new Uint8Array(await new Response(plain).arrayBuffer());
    const count = data.length / (1 + PIXELS / 2);
    if (!Number.isInteger(count)) throw new Error("damaged");
    const found = range(count).map((i) => {
      const from = count + (i * PIXELS) / 2;
      const image = [...data.subarray(from, from + PIXELS / 2)]
        .flatMap((pair) => [(pair >> 4) / 15, (pair & 15) / 15]);
      return { pixels: image, label: data[i] };
    });
    /** @type {{ i: number, p: number }[]} */
    const wrong = [];
    for (let i = 0; i < count; i++) {
      const p = softmax(scoresOf(found[i].pixels));
      const top = argmax(p);
      if (top !== found[i].label) wrong.push({ i, p: p[top] });
      if (i % 100 === 99) await new Promise((done) => setTimeout(done, 0)); // nothing is held up
    }
    mistakes = wrong.sort((a, b) => b.p - a.p).slice(0, MISTAKES).map(({ i }) => i);
    tests = found;
    notice = "";
  }
  /** @param {"test" | "mistake"} kind */
  async function next(kind) {
    try {
      await load();
    } catch {
      notice = words.lost;
      view.refresh();
      return;
    }
    const order = kind === "test" ? range(tests.length) : mistakes;
    if (!order.length) return;
    const { pixels: image, label } = tests[order[turn[kind]++ % order.length]];
    show([...image], classes[label]);
  }

  function restore() {
    pixels = silhouette(view.get("silhouette"));
    isSilhouette = true;
    blank = false;
    truth = "";
  }
  view.head.querySelector(".reset")?.addEventListener("click", () => {
    restore();
    view.refresh();
  });
  const drawings = html(
    "fieldset.radios",
    { "aria-label": words.images },
    ...choices(view, "silhouette", classes.map((_, k) => [k, canvas()])),
  );
  drawings.querySelectorAll("canvas").forEach((small, k) => {
    const image = silhouette(k);
    put(small, { role: "img", "aria-label": classes[k], title: classes[k] });
    fill(small, (p) => grey(image[p]));
  });
  drawings.addEventListener("change", () => { // also to the one that was painted over
    restore();
    view.refresh();
  });
  view.bind(drawings, () => {
    if (view.changed.has("silhouette") && view.started) restore();
    if (isSilhouette) return;
    for (const input of drawings.querySelectorAll("input")) input.checked = false;
  });

  // --- painting ----------------------------------------------------------------------------
  const cursor = { x: 14, y: 14, seen: false };
  /** @param {number} x @param {number} y @param {number} value */
  function paint(x, y, value) {
    const before = argmax(scoresOf(pixels));
    for (
      const [dx, dy, part] of [[0, 0, 1], [1, 0, 0.6], [-1, 0, 0.6], [0, 1, 0.6], [0, -1, 0.6]]
    ) {
      const [i, j] = [x + dx, y + dy];
      if (i < 0 || j < 0 || i >= SIDE || j >= SIDE) continue;
      const at = j * SIDE + i;
      pixels[at] = value ? Math.max(pixels[at], part * value) : Math.min(pixels[at], 1 - part);
    }
    truth = "";
    isSilhouette = false;
    view.touched = true;
    const now = argmax(scoresOf(pixels));
    // The class that is taken apart stays the model's answer, if it was.
    if (view.get("label") === before && now !== before) view.set({ label: now });
    else view.refresh();
  }
  /** @param {PointerEvent} event */
  function paintAt(event) {
    const box = paper.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
    const y = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
    paint(clamp(x, 0, SIDE - 1), clamp(y, 0, SIDE - 1), event.shiftKey ? 0 : 1);
  }
  paper.addEventListener("pointerdown", (event) => {
    paper.setPointerCapture(event.pointerId);
    paintAt(event);
  });
  paper.addEventListener("pointermove", (event) => {
    if (paper.hasPointerCapture(event.pointerId)) paintAt(event);
  });
  paper.addEventListener("keydown", (event) => {
    const [dx, dy] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
        event.key
      ] ?? [0, 0];
    const value = { " ": 1, x: 0 }[event.key];
    if (!dx && !dy && value === undefined) return;
    event.preventDefault();
    cursor.x = clamp(cursor.x + dx, 0, SIDE - 1);
    cursor.y = clamp(cursor.y + dy, 0, SIDE - 1);
    if (value !== undefined) paint(cursor.x, cursor.y, value);
    else view.refresh();
  });
  for (const [event, seen] of /** @type {const} */ ([["focus", true], ["blur", false]])) {
    paper.addEventListener(event, () => {
      cursor.seen = seen && paper.matches(":focus-visible");
      view.refresh();
    });
  }

  // --- drawing -----------------------------------------------------------------------------
  /** @param {HTMLCanvasElement} where @param {(p: number) => number[]} color */
  function fill(where, color) {
    const pen = where.getContext("2d");
    const image = pen?.createImageData(SIDE, SIDE);
    if (!pen || !image) return;
    for (let p = 0; p < PIXELS; p++) image.data.set([...color(p), 255], 4 * p);
    pen.putImageData(image, 0, 0);
  }
  const real = typeof packed !== "string";
  const source = html(
    "div.row",
    drawings,
    ...(real
      ? [
        button(view, words.testImage, () => void next("test")),
        button(view, words.mistake, () => void next("mistake")),
      ]
      : []),
    button(view, words.clear, () => {
      show(Array(PIXELS).fill(0), "");
      blank = true;
    }),
  );
  const against = checkbox(view, "against_rival", { label: words.against });
  for (const node of [source, way, against]) view.control(node);
  view.add(html("p.lead", words.lead));
  ask();
  view.add(
    source,
    html(
      "div.grid2",
      html(
        "div.stack",
        view.bar(slider(view, "change", { label: words.change, step: 0.05 })),
        way,
        html(
          "div.four",
          ...[paper, step, after, parts].map((node, i) => html("div", titles[i], node)),
        ),
        against,
      ),
      html("div.stack", told, flip, table),
    ),
    goal(view, {
      text: words.goal(classes[WANTED]),
      reached: () => blank && softmax(scoresOf(pixels))[WANTED] >= 0.9,
      says: words.painted(classes[WANTED]),
    }),
  );

  function ask() {
    const { z, first, second, step, sizes } = border(pixels);
    const right = [0.05, 0.2, Infinity].findIndex((limit) => sizes[second] < limit);
    const then = argmax(scoresOf(moved(pixels, step, BEYOND)));
    const size = fmt(sizes[second], 3);
    guessFirst(view, {
      question: words.question(
        classes[view.get("silhouette")],
        classes[first],
        fmt(softmax(z)[first], 3),
      ),
      answers: words.answers.map((text, i) => {
        return { text, says: words.guessed(i === right, size, classes[then]) };
      }),
      show: () => view.set({ change: BEYOND }),
    });
  }

  return () => {
    if (view.changed.size) notice = "";
    const near = border(pixels);
    const { first, second, runner, sizes } = near;
    const [from, to, size] = [classes[first], classes[second], fmt(sizes[second], 4)];
    const change = view.get("change");
    const x = moved(pixels, near.step, change);
    const z = scoresOf(x);
    const probs = softmax(z);
    const k = view.get("label");
    const rival = view.get("against_rival") ? bestBut(z, k) : -1;
    const adds = x.map((v, p) => v * (W[k][p] - (rival < 0 ? 0 : W[rival][p])));
    const top = Math.max(...adds.map(Math.abs)) || 1;
    const what = rival < 0 ? words.score(classes[k]) : words.difference(classes[k], classes[rival]);

    fill(paper, (p) => {
      const here = cursor.seen && p === cursor.y * SIDE + cursor.x;
      return here ? [230, 120, 0] : grey(pixels[p]);
    });
    fill(parts, (p) => colourOf(adds[p] / top));
    fill(after, (p) => grey(x[p]));
    const secret = view.locked && !view.onPaper;
    const most = Math.max(...near.step.map(Math.abs));
    const gain = Number((1 / (most || 1)).toPrecision(2));
    fill(step, (p) => colourOf(secret ? 0 : gain * near.step[p]));
    const drawnName = isSilhouette ? words.drawn(classes[view.get("silhouette")]) : words.image;
    const captions = [
      cursor.seen ? words.keys : drawnName,
      secret ? words.secret : words.step(four(gain)),
      words.changed(fmt(change)),
      words.parts(what),
    ];
    titles.forEach((title, i) => say(title, captions[i]));
    [step, after, parts].forEach((node, i) => put(node, { "aria-label": captions[i + 1] }));
    say(way, words.way(from, to));
    rows.forEach(({ cells, node }, c) => {
      const inner = z[c] - bias[c];
      [inner, bias[c], z[c], probs[c]].forEach((v, i) =>
        quantity(cells[i], `${["pixels", "bias", "z", "p"][i]}${c}`, v, fmt(v, i === 3 ? 3 : 2))
      );
      put(node, { class: c === argmax(z) ? "strong" : null });
    });
    const plus = sum(adds.filter((v) => v > 0));
    const less = -sum(adds.filter((v) => v < 0));
    const b = bias[k] - (rival < 0 ? 0 : bias[rival]);
    const total = z[k] - (rival < 0 ? 0 : z[rival]);
    const best = argmax(z);
    const sentence = words.says(what, fmt(plus), fmt(less), fmt(b), fmt(total));
    const answer = words.answer(classes[best], fmt(probs[best], 3));
    told.textContent = notice || `${answer}${truth && words.truth(truth, change !== 0)}${sentence}`;
    const smallest = words.flip(from, to, size, fmt(most, 3));
    const farther = runner === second ? "" : words.farther(classes[runner], fmt(sizes[runner], 4));
    const right = truth && ![from, to, farther && classes[runner]].includes(truth)
      ? words.label(truth, fmt(sizes[classes.indexOf(truth)], 4))
      : "";
    say(flip, secret ? "" : smallest + farther + right);
    return words.spoken(classes[best], fmt(probs[best]), `${what} ${fmt(total)}`);
  };
}, { model: isModel, silhouettes: isSilhouettes });
