import {
  button,
  clamp,
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
  slider,
  SPEC,
  squeezed,
  stillness,
  subscript,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  tries,
} from "./kit.js";

const WORDS = {
  en: {
    lead:
      "Forward, each box is computed from those before it. Backward, each sends its gradient, " +
      "times the local derivative, to those boxes.",
    question: "The true logit z₁ is used twice: in its exponential and in the loss. " +
      "What will its gradient be?",
    answers: [
      {
        text: "p₁",
        says: "No: that comes through the exponential. With the direct −1 it is p₁ − 1.",
      },
      {
        text: "−1",
        says: "No: that comes on the direct path. With p₁, from the exponential, it is p₁ − 1.",
      },
      { text: "p₁ − 1", says: "Yes: what comes back on different paths is added." },
    ],
    graph: "Graph of the loss: logits, exponentials, their sum, its logarithm, the loss",
    logit: (/** @type {string} */ name) => `logit ${name}`,
    label: "true class",
    stage: "step",
    back: "Back",
    next: "Next",
    play: "Play",
    pause: "Pause",
    descend: "Descend: z − gradient",
    direct: (/** @type {string} */ z) => `−1, straight to ${z}`,
    value: "above: value",
    gradient: "below: gradient of the loss, as far as it has come back",
    start: "The logits are given. Next computes the first exponential.",
    exp: (/** @type {string} */ z, /** @type {string} */ value) =>
      `Forward: exp(${z}) is ${value}.`,
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
    adds: (/** @type {string} */ total) => ` With the direct −1 it makes ${total}.`,
    share: (
      /** @type {string[]} */ [grad, one],
    ) => `Backward: the sum sends ${grad} · 1 to each exponential: ${one}.`,
    shares: (/** @type {string} */ first, /** @type {number} */ second) =>
      `${first} ${second < 0 ? "−" : "+"} ${Math.abs(second)}`,
    all: " The three gradients add up to 0.",
    goal: "after the last step, descend until the loss is below 0.1.",
    reached: "Each descent moved the logits by y − p: ever less, as p comes close to y.",
    tries: [
      {
        label: "sure and right",
        set: { logits: [4, 0, 0], stage: 14 },
        says: "What comes through the exponential, p₁, nearly cancels −1: little is left.",
      },
      {
        label: "sure and wrong",
        set: { logits: [0, 4, 0], stage: 14 },
        says: "p₁ is near 0, so the direct −1 remains. A step against the gradient lowers z₂.",
      },
      {
        label: "undecided",
        set: { logits: [0, 0, 0], stage: 14 },
        says: "Every exponential sends 1/3; only the true logit gets −1 as well.",
      },
    ],
  },
};

const PAUSE = 1100; // ms between two steps of Play

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
    Q: { name: "Q", at: [2, 1], value: Q, seen: 4 },
    l: { name: "ln Q", at: [3, 1], value: lnQ, seen: 5 },
    L: { name: "loss", at: [4, 1], value: lnQ - z[label - 1], seen: 6 },
  };
  /** @type {Way[]} */
  const ways = [
    { from: "L", to: "l", factor: 1, stage: 8 },
    { from: "L", to: `z${label}`, factor: -1, stage: 9 },
    { from: "l", to: "Q", factor: 1 / Q, stage: 10 },
  ];
  z.forEach((value, i) => {
    const k = i + 1;
    const index = subscript(k);
    boxes[`z${k}`] = { name: `z${index}`, at: [0, i], value, seen: 0 };
    boxes[`e${k}`] = { name: `exp z${index}`, at: [1, i], value: exps[i], seen: k };
    ways.push({ from: "Q", to: `e${k}`, factor: 1, stage: 11 });
    ways.push({ from: `e${k}`, to: `z${k}`, factor: exps[i], stage: 11 + k });
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

export default figure(WORDS, (view, words) => {
  const last = SPEC.traits.stage.max ?? 0;
  const plot = view.plot({
    label: words.graph,
    height: 268,
    x: [0, 5],
    y: [0, 3],
    xticks: [],
    yticks: [],
    margin: { top: 2, right: 2, bottom: 22, left: 12 },
  });
  plot.node.classList.add("graph");
  const told = html("span");
  const longest = words.hand("exp z₁", "z₁", ["0.0000000", "0.00000", "−0.0000"]) +
    words.adds("−0.0000");
  const said = html("p.say", { "data-room": longest }, told); // what is below it stays in place
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let due = 0; // where Play is; whoever goes elsewhere has ended it
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    view.refresh();
  };
  view.closers.push(() => clearInterval(timer));
  const go = (/** @type {number} */ stage) => view.set({ stage });
  const play = () => {
    if (stillness()) {
      go(last);
      return;
    }
    if (view.get("stage") === last) go(0);
    due = view.get("stage");
    timer = setInterval(() => {
      due += 1;
      go(due);
      if (due === last) stop();
    }, PAUSE);
    view.refresh();
  };
  const back = button(view, words.back, () => go(view.get("stage") - 1));
  const next = button(view, words.next, () => go(view.get("stage") + 1));
  const player = button(view, words.play, () => timer ? stop() : play());
  let landed = ""; // where the last descent led
  const descend = button(view, words.descend, () => {
    const { ways } = graph(view.get("logits"), view.get("label"));
    const grads = gradients(ways, last);
    const { min = -4, max = 4 } = SPEC.traits.logits;
    const logits = view.get("logits").map((/** @type {number} */ z, /** @type {number} */ i) =>
      clamp(z - grads[`z${i + 1}`], min, max)
    );
    landed = String(logits);
    view.set({ logits });
  });
  next.classList.add("primary");

  view.add(html("p.lead", words.lead));
  guessFirst(view, { question: words.question, answers: words.answers, show: play });
  view.add(
    plot.node,
    html("p.soft", `${words.value}; `, html("span.grad", words.gradient)),
    said,
    view.bar(
      html(
        "div.row",
        back,
        next,
        player,
        slider(view, "stage", { label: words.stage, step: 1, show: String }),
        descend,
      ),
      html(
        "div.columns",
        ...range(3).map((i) =>
          entrySlider(view, "logits", i, {
            label: words.logit(`z${subscript(i + 1)}`),
            color: TEXT_COLORS[i],
            show: (x) => fmt(Math.round(10 * x) / 10, 1),
          })
        ),
      ),
      radios(view, "label", { label: words.label, options: [1, 2, 3] }),
    ),
    tries(view, words.tries),
    goal(view, {
      text: words.goal,
      reached: () => {
        const { logits, label, stage } = view.state;
        return stage === last && String(logits) === landed &&
          graph(logits, label).boxes.L.value < 0.1;
      },
      says: words.reached,
    }),
  );

  /** @param {Box} box */
  const place = ({ at: [column, row] }) => {
    const width = plot.x(0.86) - plot.x(0);
    const height = plot.y(0) - plot.y(0.8);
    const x = plot.x(column + 0.5) - width / 2;
    const y = plot.y(2.5 - row) - height / 2;
    return { x, y, width, height };
  };
  /**
   * The line between two boxes; from the true logit to the loss it runs around the others.
   * @param {Box} from
   * @param {Box} to
   */
  function line(from, to) {
    const a = place(from);
    const b = place(to);
    if (from.at[0] === 0 && to.at[0] === 4) {
      const left = plot.x(0) - 4;
      const low = plot.area.bottom + 12;
      const up = b.x + b.width / 2;
      return `M${a.x},${a.y + a.height / 2}H${left}V${low}H${up}V${b.y + b.height}`;
    }
    return `M${a.x + a.width},${a.y + a.height / 2}L${b.x},${b.y + b.height / 2}`;
  }
  const short = (/** @type {number} */ v) => minus(v.toFixed(Math.abs(v) >= 100 ? 1 : 3));
  // Sentences have room for more decimals; factors have two digits more than their product.
  const long = (/** @type {number} */ v) =>
    v !== 0 && Math.abs(v) < 0.1 ? minus(v.toFixed(5)) : short(v);
  const digits = (/** @type {number} */ v, /** @type {number} */ count) =>
    minus(v.toPrecision(count));

  /**
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {Record<string, number>} grads
   * @param {number} stage
   */
  function draw(boxes, ways, grads, stage) {
    const forward = stage <= SPEC.constants.forward;
    plot.node.classList.toggle("back", !forward);
    const now = ways.filter((way) => way.stage === stage);
    const edges = ways.map((way) => {
      const active = forward ? boxes[way.from].seen === stage && stage > 0 : now.includes(way);
      const used = active || boxes[way.from].seen <= stage;
      return svg("path.edge", {
        class: `edge${used ? " used" : ""}${active ? " now" : ""}`,
        d: line(boxes[way.to], boxes[way.from]),
      });
    });
    const nodes = Object.entries(boxes).flatMap(([key, box]) => {
      const { x, y, width, height } = place(box);
      const seen = box.seen <= stage;
      const active = forward
        ? box.seen === stage && stage > 0
        : now.some((way) => way.to === key) || (key === "L" && stage === 7);
      const middle = x + width / 2;
      const color = key[0] === "z" ? TEXT_COLORS[Number(key[1]) - 1] : "var(--cu-ink)";
      /** @type {(name: string, value: number, y: number, look: object) => SVGTextElement} */
      const number = (name, value, y, look) => {
        const room = squeezed(short(value), width - 4);
        return quantity(svgText(middle, y, "", { ...look, ...room }), name, value, short(value));
      };
      const texts = [svgText(middle, y + 14, box.name, { class: "name", style: `fill:${color}` })];
      if (seen) {
        texts.push(number(key, box.value, y + 29, {}));
      }
      if (key in grads) {
        texts.push(number(`grad ${key}`, grads[key], y + 59, { class: "grad" }));
      }
      const shares = ways.filter((way) => way.to === key && way.stage <= stage);
      if (shares.length > 1) {
        const each = shares.reverse().map(({ from, factor }) => grads[from] * factor);
        const text = words.shares(short(each[0]), each[1]);
        texts.push(svgText(middle, y + 44, text, { class: "grad", ...squeezed(text, width - 4) }));
      }
      const look = `${seen ? "done" : ""}${active ? " now" : ""}`;
      return [svg("rect", { x, y, width, height, rx: 6, class: look }), ...texts];
    });
    const direct = words.direct(boxes[`z${view.get("label")}`].name);
    const low = plot.area.bottom + 7; // on the line around the others
    if (stage > 8) nodes.push(svgText(plot.x(3.25), low, direct, { class: "grad" }));
    plot.draw(...edges, ...nodes);
  }

  /**
   * What the last step did, in words.
   * @param {Record<string, Box>} boxes
   * @param {Way[]} ways
   * @param {Record<string, number>} grads
   * @param {number} stage
   */
  function sentence(boxes, ways, grads, stage) {
    const z = `z${subscript(view.get("label"))}`;
    if (stage === 0) return words.start;
    if (stage <= 3) return words.exp(`z${subscript(stage)}`, long(boxes[`e${stage}`].value));
    if (stage === 4) return words.sum(long(boxes.Q.value));
    if (stage === 5) return words.log(long(boxes.l.value));
    if (stage === 6) return words.loss(z, long(boxes.L.value));
    if (stage === 7) return words.seed;
    const now = ways.filter((way) => way.stage === stage);
    const [{ from, to, factor }] = now;
    const product = grads[from] * factor;
    const numbers = stage > 11
      ? [digits(grads[from], 5), digits(factor, 5), digits(product, 3)]
      : [grads[from], factor, product].map(long);
    if (now.length > 1) return words.share([numbers[0], numbers[2]]);
    const adds = stage > 11 && boxes[to].name === z ? words.adds(long(grads[to])) : "";
    return words.hand(boxes[from].name, boxes[to].name, numbers) + adds;
  }

  return () => {
    const stage = view.get("stage");
    if (stage !== due) {
      clearInterval(timer);
      timer = undefined;
    }
    const { boxes, ways } = graph(view.get("logits"), view.get("label"));
    const grads = gradients(ways, stage);
    draw(boxes, ways, grads, stage);
    const text = sentence(boxes, ways, grads, stage);
    told.textContent = stage === last ? text + words.all : text;
    back.disabled = stage === 0;
    next.disabled = stage === last;
    descend.disabled = stage !== last;
    player.textContent = timer ? words.pause : words.play;
    return timer ? "" : text;
  };
});
