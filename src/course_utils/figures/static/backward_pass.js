import {
  button,
  entrySlider,
  figure,
  fmt,
  goal,
  guessFirst,
  html,
  minus,
  quantity,
  radios,
  range,
  SPEC,
  squeezed,
  subscript,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  textWidth,
  tries,
} from "./kit.js";

const WORDS = {
  en: {
    lead: "Forward, upwards, each box is computed from those below it. Backward, each sends its " +
      "gradient down, times the local derivative on the line. The more a line sends, the " +
      "thicker it is, up to 1.",
    question: "The true logit z₁ is used twice: in its exponential and in the loss. " +
      "What will its gradient be?",
    answers: ["p₁", "−1", "p₁ − 1"].map((text) => ({
      text,
      says: "Walk back with class 1 as the true one: what arrives at z₁ will tell.",
    })),
    verdicts: [
      "No: that came through the exponential. With the direct −1 it is p₁ − 1.",
      "No: that came on the direct path. With p₁, from the exponential, it is p₁ − 1.",
      "Yes: what comes back on different paths is added.",
    ],
    last: "loss",
    theLoss: "the loss",
    graph: "Graph of the loss: logits, exponentials, their sum, its logarithm, the loss",
    label: "true class",
    nudge: "nudge",
    none: "none",
    back: "Back",
    next: "Next",
    value: "value",
    gradient: "gradient of the loss, so far",
    change: "Δ: change ÷ nudge",
    ask: (/** @type {string} */ from, /** @type {string} */ to, /** @type {string} */ grad) =>
      `From ${from} back to ${to}: ${grad} times which local derivative?`,
    each: "each exponential",
    logits: "its logit",
    forward: "Next leads to the loss and its gradient, 1; then you choose.",
    done: "All local derivatives are on the lines. Nudge a logit: they carry its change up, too.",
    factors: ["−1", "1", "1/Q", "Q", "exp z"],
    times: (/** @type {string} */ factor) => `× ${factor}`,
    start: "The logits are given. Next computes their exponentials.",
    exp: (/** @type {string} */ values) => `Forward: the exponentials are ${values}.`,
    sum: (/** @type {string} */ value) => `Forward: the sum Q is ${value}.`,
    log: (/** @type {string} */ value) => `Forward: ln Q is ${value}.`,
    loss: (/** @type {string} */ z, /** @type {string} */ value) =>
      `Forward: the loss ln Q − ${z} is ${value}.`,
    seed: "Backward: the loss grows as fast as itself, so its own gradient is 1.",
    hand: (
      /** @type {string} */ from,
      /** @type {string} */ to,
      /** @type {string[]} */ [grad, factor, result],
    ) => `Backward: ${from} sends ${grad} · ${factor} = ${result} to ${to}.`,
    share: (
      /** @type {string[]} */ [grad, one],
    ) => `Backward: the sum sends ${grad} · 1 to each exponential: ${one}.`,
    exps: (
      /** @type {string} */ z,
      /** @type {string[]} */ [result, total],
    ) =>
      `Backward: exp ${z} sends 1/Q · exp ${z} = ${result} to ${z}. With the direct −1 it ` +
      `makes ${total}.`,
    all: " The three gradients add up to 0.",
    given: " Next showed this one: for the goal, go Back and choose it.",
    open: (/** @type {number} */ count) =>
      `All are on the lines; you chose ${count} of 5. Back leads to those that Next showed.`,
    miss: (
      /** @type {string} */ pick,
      /** @type {string} */ held,
      /** @type {string} */ to,
      /** @type {string} */ from,
      /** @type {string} */ change,
    ) =>
      `Not ${pick}. On this line alone${held}: ` +
      `if ${to} grows by 0.01, ${from} changes by ${change}.`,
    held: (/** @type {string} */ what) => `, with ${what} held`,
    others: "the other exponentials",
    chance: (/** @type {string} */ pick) =>
      `${pick} has the right value here, but not for other logits.`,
    nudged: (
      /** @type {string} */ z,
      /** @type {string[]} */ [exp, log, loss],
    ) =>
      `Each line up from ${z} multiplies the nudge: ${exp} nudges at exp ${z}, ${log} at ln Q, ` +
      `${loss} at the loss`,
    spokenNudge: (
      /** @type {string} */ z,
      /** @type {string[]} */ [exp, log, loss],
    ) => `Nudge of ${z}: ${exp} at exp ${z}, ${log} at ln Q, ${loss} at the loss.`,
    early: (/** @type {string} */ z) =>
      `${z} is nudged: each box shows its change once it is computed.`,
    direct: (/** @type {string[]} */ [log, loss]) => `${log} − 1 = ${loss}`,
    same: (/** @type {string} */ z) => `, the gradient of ${z}.`,
    shares: (/** @type {string} */ first, /** @type {number} */ second) =>
      `${first} ${second < 0 ? "−" : "+"} ${Math.abs(second)}`,
    goal: "on the way back, choose all five local derivatives yourself, without Next.",
    reached: (/** @type {number} */ misses) =>
      `${misses ? `Done, after ${misses} that did not fit` : "Done, and none was wrong"}: five ` +
      "derivatives of single operations gave the gradients of all logits.",
    tries: [
      {
        label: "sure and right",
        set: { logits: [4, 0, 0], stage: 10 },
        says: "What comes through the exponential, p₁, nearly cancels −1: little is left.",
      },
      {
        label: "sure and wrong",
        set: { logits: [0, 4, 0], stage: 10 },
        says: "p₁ is near 0, so nearly all of the direct −1 remains; z₂ gets nearly +1.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], stage: 10 },
        says: "Every exponential sends 1/3; only the true logit gets −1 as well.",
      },
    ],
  },
};

const RIGHT = [1, 0, 2, 1, 4]; // places of the local derivatives among those to choose from
const NUDGE = 1e-6;
const STEP = 0.01; // of the hints
const [ROW, LOW, GAP] = [15, 48, 32]; // pixels: a line of text, a box, between boxes
const BARS = 19; // pixels for the bars of what reaches a logit
const TALL = LOW + ROW + BARS; // the box of a logit: two shares may reach it
const THICK = 10; // pixels: a line that sends 1
const SIDE = THICK + 2; // pixels around the boxes, for the direct line

/**
 * A box of the graph.
 * @typedef {object} Box
 * @property {string} name
 * @property {[number, number]} at column and row
 * @property {number} value
 * @property {number} seen the step that computes the value
 */
/**
 * A way back: what a step sends back.
 * @typedef {object} Way
 * @property {string} from
 * @property {string} to
 * @property {number} factor derivative of `from` with respect to `to`
 * @property {string} law the same in letters, if it is no plain 1 or −1
 * @property {number} stage
 */

/**
 * Boxes and ways back of one state.
 * @param {number[]} z
 * @param {number} label
 */
function graph(z, label) {
  const exps = z.map(Math.exp);
  const Q = sum(exps);
  const lnQ = Math.log(Q);
  /** @type {Record<string, Box>} */
  const boxes = {
    Q: { name: "Q", at: [1, 2], value: Q, seen: 2 },
    l: { name: "ln Q", at: [1, 1], value: lnQ, seen: 3 },
    L: { name: "loss", at: [1, 0], value: lnQ - z[label - 1], seen: 4 },
  };
  /** @type {Way[]} */
  const ways = [
    { from: "L", to: "l", factor: 1, law: "", stage: 6 },
    { from: "L", to: `z${label}`, factor: -1, law: "", stage: 7 },
    { from: "l", to: "Q", factor: 1 / Q, law: "1/Q", stage: 8 },
  ];
  z.forEach((value, i) => {
    const k = i + 1;
    const index = subscript(k);
    boxes[`z${k}`] = { name: `z${index}`, at: [i, 4], value, seen: 0 };
    boxes[`e${k}`] = { name: `exp z${index}`, at: [i, 3], value: exps[i], seen: 1 };
    ways.push({ from: "Q", to: `e${k}`, factor: 1, law: "", stage: 9 });
    ways.push({ from: `e${k}`, to: `z${k}`, factor: exps[i], law: `exp z${index}`, stage: 10 });
  });
  return { boxes, ways };
}

/**
 * Gradients after some steps: what has come back to each box so far.
 * @param {Way[]} ways
 * @param {number} stage
 */
function gradients(ways, stage) {
  /** @type {Record<string, number>} */
  const found = stage > SPEC.constants.forward ? { L: 1 } : {};
  for (const { from, to, factor } of ways.filter((way) => way.stage <= stage)) {
    found[to] = (found[to] ?? 0) + found[from] * factor;
  }
  return found;
}

/**
 * What a small change of logit k changes, as multiples of it.
 * @param {number[]} z
 * @param {number} label
 * @param {number} k from 1; 0 changes nothing
 */
function changes(z, label, k) {
  const before = graph(z, label).boxes;
  const moved = graph(z.map((value, i) => i === k - 1 ? value + NUDGE : value), label).boxes;
  const all = Object.keys(before).map((key) => /** @type {[string, number]} */ ([
    key,
    (moved[key].value - before[key].value) / NUDGE,
  ]));
  return new Map(all.filter(([, change]) => change));
}

export default figure(WORDS, (view, words) => {
  const last = SPEC.traits.stage.max ?? 0;
  const first = SPEC.constants.forward + 2; // the first step that takes a local derivative
  const plot = view.plot({
    label: words.graph,
    height: 4 * (LOW + GAP) + TALL + 4 + SIDE,
    x: [0, 3],
    y: [0, 1],
    xticks: [],
    yticks: [],
    margin: { top: 2, right: SIDE, bottom: 2 + SIDE, left: SIDE },
  });
  plot.node.classList.add("graph");
  const told = html("span");
  const longest = words.exps("z₁", ["0.000000", "−0.000"]) + words.given;
  const said = html("p.say", { "data-room": longest }, told); // what is below it stays in place
  const prompt = html("span");
  /** The local derivatives that the reader chose. @type {Set<number>} */
  const mine = new Set();
  /** Those that Next showed. @type {Set<number>} */
  const given = new Set();
  let misses = 0;
  let won = ""; // what the goal said when it was reached
  /** Says what the guess was worth. @type {(() => void) | undefined} */
  let settle;
  let missed = ""; // the state in which a wrong one was chosen
  let picked = 0;
  const now = () => JSON.stringify([view.get("logits"), view.get("label"), view.get("stage")]);
  const go = (/** @type {number} */ stage) => view.set({ stage });
  const back = button(view, words.back, () => go(view.get("stage") - 1));
  const next = button(view, words.next, () => {
    const stage = view.get("stage") + 1;
    if (stage >= first && !mine.has(stage)) given.add(stage);
    go(stage);
  });
  const choices = words.factors.map((text, i) =>
    button(view, text, () => {
      const stage = view.get("stage") + 1;
      if (i === RIGHT[stage - first]) {
        mine.add(stage);
        given.delete(stage);
        go(stage);
        return;
      }
      picked = i;
      missed = now();
      misses += 1;
      view.refresh();
    })
  );
  const ask = html("div.stack.ask", prompt, html("div.row", ...choices));
  view.control(ask);

  view.add(html("p.lead", words.lead));
  guessFirst(view, {
    question: words.question,
    answers: words.answers,
    show: (place) =>
      new Promise((resolve) => {
        settle = () => resolve(words.verdicts[place]);
      }),
  });
  // No bar, which would stay on the screen and lie on the choices.
  const settings = html(
    "div.stack.settings",
    html(
      "div.below",
      ...range(3).map((i) =>
        entrySlider(view, "logits", i, {
          label: `z${subscript(i + 1)}`,
          color: TEXT_COLORS[i],
          show: (x) => fmt(Math.round(10 * x) / 10, 1),
        })
      ),
    ),
    html(
      "div.row",
      back,
      next,
      radios(view, "label", { label: words.label, options: [1, 2, 3] }),
      radios(view, "nudge", {
        label: words.nudge,
        options: [[0, words.none], ...range(3).map((i) => [i + 1, `z${subscript(i + 1)}`])],
      }),
    ),
  );
  view.control(settings);
  view.add(
    plot.node,
    html(
      "p.row",
      html("span", words.value),
      html("span.grad", words.gradient),
      html("span.change", words.change),
    ),
    ask,
    said,
    settings,
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        if (view.get("stage") === last && mine.size === RIGHT.length) won ||= words.reached(misses);
        return won !== "";
      },
      says: () => won,
    }),
  );

  // A click on a logit nudges it; the buttons do the same for keys.
  plot.svg.addEventListener("click", (event) => {
    const [x, y] = plot.at(event);
    if (view.locked || x < 0 || x >= 3 || y > TALL / (plot.area.bottom - plot.area.top)) return;
    const nudge = Math.floor(x) + 1;
    view.set({ nudge: nudge === view.get("nudge") ? 0 : nudge });
  });

  /** @param {Box} box */
  const place = ({ at: [column, row] }) => {
    const pitch = plot.x(1) - plot.x(0);
    const width = Math.min(pitch - 6, 190);
    const x = plot.x(column + 0.5) - width / 2;
    const y = plot.area.top + row * (LOW + GAP);
    return { x, y, width, height: row === 4 ? TALL : LOW, middle: x + width / 2 };
  };
  /**
   * The line between two boxes, where its local derivative stands, and whether it is drawn
   * downwards. From the loss to the true logit it runs around all others.
   * @param {Box} from
   * @param {Box} to
   */
  function line(from, to) {
    const [a, b] = [place(from), place(to)];
    const column = to.at[0];
    if (from.at[1] === 0 && to.at[1] === 4) {
      const [start, end, x] = column
        ? [a.x + a.width, b.x + b.width, plot.x(3) + SIDE / 2]
        : [a.x, b.x, plot.x(0) - SIDE / 2];
      const below = b.y + TALL + 2 + SIDE / 2;
      const foot = column === 1
        ? `V${below}H${b.middle}V${b.y + TALL}`
        : `V${b.y + TALL / 2}H${end}`;
      const d = `M${start},${a.y + LOW / 2}H${x}${foot}`;
      return { d, x: (start + x) / 2, y: a.y + LOW / 2 - 16, anchor: "middle", down: true };
    }
    if (b.middle !== a.middle) {
      const aside = Math.sign(column - 1) * 10;
      const d = `M${b.middle},${b.y}L${a.middle},${a.y + LOW}`;
      const anchor = aside < 0 ? "end" : "start";
      return { d, x: b.middle + aside, y: b.y - 12, anchor, down: false };
    }
    // Beside a logit's line its local derivative has the width of the box.
    const x = b.middle - (to.at[1] === 4 && !wide() ? 27 : 0);
    return {
      d: `M${x},${b.y}V${a.y + LOW}`,
      x: x + (wide() ? 10 : 7),
      y: b.y - GAP / 2,
      anchor: "start",
      down: false,
    };
  }
  const wide = () => plot.width > 500;
  const digits = (/** @type {number} */ v, /** @type {number} */ count) =>
    minus(v.toPrecision(count));
  // Boxes and sentences say a number alike.
  const short = (/** @type {number} */ v) => {
    const [size, narrow] = [Math.abs(v), plot.width < 300];
    if (Number.isInteger(v)) return minus(String(v));
    if (size < 0.1) return digits(v, narrow ? 2 : 3);
    return minus(v.toFixed(size >= 100 ? 1 : size >= 10 || (size >= 1 && narrow) ? 2 : 3));
  };
  const called = (/** @type {Box} */ { name }) => name === words.last ? words.theLoss : name;
  const three = (/** @type {number} */ v) => Math.abs(v) < 1e-9 ? "0" : digits(v, 3);

  let before = 0; // the step that was drawn last

  /**
   * The lines, what stands on them, and those on which something comes back in this step.
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {number} stage
   * @param {Map<string, number>} moved
   * @param {Record<string, number>} grads
   */
  function lines(boxes, ways, stage, moved, grads) {
    const forward = stage <= SPEC.constants.forward;
    const texts = [];
    /** @type {{ d: string, down: boolean }[]} */
    const lit = [];
    const paths = [];
    const flows = [];
    for (const { from, to, factor, law, stage: step } of ways) {
      const { d, x, y, anchor, down } = line(boxes[from], boxes[to]);
      const done = boxes[from].seen <= stage;
      const now = stage > 0 && stage === (forward ? boxes[from].seen : step);
      const asked = step === stage + 1;
      const carries = done && moved.has(from) && moved.has(to);
      const states = { used: done, now, asked, carries };
      const look = Object.entries(states).filter(([, is]) => is).map(([name]) => name);
      paths.push(svg("path", { class: ["edge", ...look].join(" "), d }));
      if (now && !forward) lit.push({ d, down });
      if (step <= stage) {
        const width = THICK * Math.min(1, Math.abs(grads[from] * factor));
        flows.push(svg("path.flow", { d, "stroke-width": width }));
      }
      /** @type {(text: string, dy: number) => SVGTextElement} */
      const note = (text, dy) =>
        svgText(x, y + dy, text, { "text-anchor": anchor, class: asked ? "halo asked" : "halo" });
      if (asked) {
        texts.push(note(words.times("?"), 4));
      } else if (step <= stage && !law) {
        texts.push(note(words.times(factor < 0 ? words.factors[0] : words.factors[1]), 4));
      } else if (step <= stage) {
        const [letters, number] = [words.times(law), `= ${short(factor)}`];
        texts.push(
          ...wide() ? [note(`${letters} ${number}`, 4)] : [note(letters, -3), note(number, 11)],
        );
      }
    }
    return { paths: [...flows, ...paths], texts, lit };
  }

  /**
   * Bars of what has reached a logit: left of the middle below 0, half the box is 1. Two shares
   * stand above what they make.
   * @param {number} middle
   * @param {number} y
   * @param {number} width
   * @param {number[]} shares
   */
  function bars(middle, y, width, shares) {
    const one = width / 2 - 6;
    const bar = (/** @type {number} */ v, /** @type {string} */ look, /** @type {number} */ row) =>
      svg(`rect.${look}`, {
        x: middle + Math.min(0, v * one),
        y: y + row * 9,
        width: Math.abs(v * one),
        height: 7,
      });
    return [
      ...shares.length > 1 ? shares.map((v) => bar(v, "share", 0)) : [],
      bar(sum(shares), "total", 1),
      svg("path.zero", { d: `M${middle},${y - 1}v18` }),
    ];
  }

  /**
   * A box with its value, what has come back to it and what a nudge makes of it.
   * @param {string} key
   * @param {Box} box
   * @param {Way[]} ways
   * @param {Record<string, number>} grads
   * @param {number} stage
   * @param {number | undefined} change
   */
  function drawn(key, box, ways, grads, stage, change) {
    const { x, y, width, height, middle } = place(box);
    const bottom = y + height - 5;
    const seen = box.seen <= stage;
    const arrived = ways.filter((way) => way.to === key && way.stage <= stage);
    const now = stage <= SPEC.constants.forward
      ? box.seen === stage && stage > 0
      : arrived.some((way) => way.stage === stage) || (key === "L" && stage === first - 1);
    const color = key[0] === "z" ? TEXT_COLORS[Number(key[1]) - 1] : "var(--cu-ink)";
    const name = { class: "name", style: `fill:${color}`, "text-anchor": "start" };
    /** @type {SVGElement[]} */
    const texts = [svgText(x + 4, y + ROW, box.name, name)];
    /** @type {(name: string, value: number, text: string, row: number, look: string) => void} */
    const tell = (name, value, text, row, look) => {
      const node = svgText(middle, bottom - row * ROW, "", {
        class: look,
        ...squeezed(text, width - 6),
      });
      texts.push(quantity(node, name, value, text));
    };
    if (seen) {
      const value = short(box.value);
      const room = squeezed(value, width - 11 - textWidth(box.name, 600));
      const node = svgText(x + width - 4, y + ROW, "", { "text-anchor": "end", ...room });
      texts.push(quantity(node, key, box.value, value));
    }
    if (key in grads) tell(`grad ${key}`, grads[key], short(grads[key]), 1, "grad");
    const shares = arrived.map(({ from, factor }) => grads[from] * factor);
    if (arrived.length && key[0] === "z") texts.push(...bars(middle, y + ROW + 3, width, shares));
    if (arrived.length > 1) {
      const [direct, other] = shares;
      tell(`shares ${key}`, direct + other, words.shares(short(other), direct), 2, "grad");
    }
    if (seen && change) tell(`change ${key}`, change, `Δ ${three(change)}`, 0, "change");
    const look = `${seen ? "done" : ""}${now ? " now" : ""}`;
    return [svg("rect", { x, y, width, height, rx: 6, class: look }), ...texts];
  }

  /**
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {Record<string, number>} grads
   * @param {number} stage
   * @param {Map<string, number>} moved
   */
  function draw(boxes, ways, grads, stage, moved) {
    plot.node.classList.toggle("back", stage > SPEC.constants.forward);
    const { paths, texts, lit } = lines(boxes, ways, stage, moved, grads);
    const nodes = Object.entries(boxes).flatMap(([key, box]) =>
      drawn(key, box, ways, grads, stage, moved.get(key))
    );
    // What comes back runs along its line; most lines are drawn upwards.
    const dots = stage === before + 1
      ? lit.map(({ d, down }) =>
        svg(`circle.runs${down ? ".down" : ""}`, { r: 6, style: `offset-path: path("${d}")` })
      )
      : [];
    before = stage;
    plot.draw(...paths, ...dots, ...nodes, ...texts);
  }

  /**
   * What the last step did, in words.
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {Record<string, number>} grads
   * @param {number} stage
   */
  function sentence(boxes, ways, grads, stage) {
    const key = `z${view.get("label")}`;
    const z = boxes[key].name;
    if (stage === 0) return words.start;
    if (stage === 1) {
      return words.exp([1, 2, 3].map((k) => short(boxes[`e${k}`].value)).join(", "));
    }
    if (stage === 2) return words.sum(short(boxes.Q.value));
    if (stage === 3) return words.log(short(boxes.l.value));
    if (stage === 4) return words.loss(z, short(boxes.L.value));
    if (stage === 5) return words.seed;
    const { from, to, factor, law } = /** @type {Way} */ (
      ways.find((way) => way.stage === stage && (stage < last || way.to === key))
    );
    const product = grads[from] * factor;
    if (stage === last) {
      return words.exps(z, [product, grads[key]].map(short));
    }
    if (stage === last - 1) return words.share([grads[from], product].map(short));
    const [grad, result] = [grads[from], product].map(short);
    return words.hand(called(boxes[from]), boxes[to].name, [grad, law || short(factor), result]);
  }

  /**
   * What a wrong choice says: how the box changes with this one below it, all others held.
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {number} stage
   */
  function missing(boxes, ways, stage) {
    const key = `z${view.get("label")}`;
    const asked = ways.filter((way) => way.stage === stage + 1);
    const { from, to, factor } = asked.find((way) => way.to === key) ?? asked[0];
    const Q = boxes.Q.value;
    const values = [-1, 1, 1 / Q, Q, boxes[`e${key[1]}`].value];
    const pick = words.factors[picked];
    if (Math.abs(values[picked] - factor) < 1e-9) return words.chance(pick);
    const change = from === "l"
      ? Math.log1p(STEP / Q)
      : from[0] === "e"
      ? boxes[from].value * Math.expm1(STEP)
      : factor * STEP;
    const other = from === "L"
      ? boxes[to === "l" ? key : "l"].name
      : from === "Q"
      ? words.others
      : "";
    const held = other && words.held(other);
    return words.miss(
      pick,
      held,
      boxes[to].name,
      called(boxes[from]),
      change < 0 ? short(change) : `+${short(change)}`,
    );
  }

  return () => {
    const stage = view.get("stage");
    const nudge = view.get("nudge");
    const label = view.get("label");
    const { boxes, ways } = graph(view.get("logits"), label);
    const grads = gradients(ways, stage);
    const moved = changes(view.get("logits"), label, nudge);
    draw(boxes, ways, grads, stage, moved);
    const asked = ways.filter((way) => way.stage === stage + 1);
    const asking = asked.length > 0;
    for (const choice of choices) choice.disabled = !asking;
    if (asking) {
      const [{ from, to }] = asked;
      const ends = asked.length === 1
        ? [called(boxes[from]), boxes[to].name]
        : stage === last - 1
        ? [words.each, words.logits]
        : [boxes[from].name, words.each];
      prompt.textContent = words.ask(ends[0], ends[1], short(grads[from]));
    } else {
      const mixed = mine.size > 0 && given.size > 0;
      prompt.textContent = stage < last
        ? words.forward
        : mixed
        ? words.open(mine.size)
        : words.done;
    }
    let text = sentence(boxes, ways, grads, stage);
    let spoken = text;
    if (missed === now()) {
      text = spoken = missing(boxes, ways, stage);
    } else if (nudge) {
      const z = boxes[`z${nudge}`].name;
      const [exp, log, loss] = [`e${nudge}`, "l", "L"].map((key) => three(moved.get(key) ?? 0));
      const total = nudge === label ? words.direct([log, loss]) : loss;
      text = stage < SPEC.constants.forward
        ? words.early(z)
        : words.nudged(z, [exp, log, total]) + (stage === last ? words.same(z) : ".");
      spoken = stage < SPEC.constants.forward ? text : words.spokenNudge(z, [exp, log, loss]);
    } else if (given.size === 1 && given.has(stage)) {
      text = spoken = text + words.given;
    } else if (stage === last) {
      text += words.all;
    }
    if (stage === last && label === 1) settle?.();
    told.textContent = text;
    back.disabled = stage === 0;
    next.disabled = stage === last;
    next.classList.toggle("primary", stage < first - 1); // from there on the reader chooses
    return spoken;
  };
});
