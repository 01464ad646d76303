import {
  animate,
  argmax,
  between,
  clamp,
  COLORS,
  dial,
  entrySlider,
  figure,
  fmt,
  formula,
  fraction,
  glide,
  goal,
  guessFirst,
  html,
  indexed,
  isList,
  isText,
  joined,
  live,
  logarithmic,
  math,
  minus,
  operator,
  power,
  put,
  quantity,
  radios,
  range,
  roundUp,
  slider,
  softmax,
  SPEC,
  squeezed,
  sum,
  svg,
  svgText,
  TEXT_COLORS,
  textWidth,
  ticks,
  tries,
} from "./kit.js";

/** @import { Limits, Ticks } from "./kit/plot.js" */

const WORDS = {
  en: {
    lead:
      "A model gives every class a score. Softmax divides it by the temperature T and raises e " +
      "to that power; the share of the sum is the probability.",
    canvas: "Bar chart, one bar per class",
    stage: "Bars:",
    stages: { score: "1 scores", exp: "2 exponentials", share: "3 shares" },
    axis: {
      score: "score z",
      exp: "e to the power of z / T",
      share: "probability p: the share of the sum",
    },
    moved: "probability p (dashed: without temperature and factor)",
    rows: { z: "z", exp: "exp", p: "p" },
    score: (/** @type {string} */ name) => `score ${name}`,
    classes: "classes",
    temperature: "temperature T",
    shift: "add to all scores",
    scale: "multiply all scores",
    question: "Add 5 to every score. What happens to the probabilities?",
    answers: [
      {
        text: "All of them grow",
        says: "No. All exponentials grow by the same factor, so the shares stay.",
      },
      {
        text: "Nothing",
        says: "Yes. All exponentials grow by the same factor, so the shares stay.",
      },
      {
        text: "The largest grows, the others shrink",
        says: "No. All exponentials grow by the same factor, so the shares stay.",
      },
    ],
    first: (/** @type {string} */ name) => `${name} is most probable,`,
    tie: (/** @type {string} */ a, /** @type {string} */ b) =>
      `A tie: ${a} and ${b} have equal scores, so equal probabilities at any temperature.`,
    odds: (/** @type {string} */ name, /** @type {string} */ gap) =>
      ` times as probable as ${name}. That is e to the ${gap}, the difference of their z over T.`,
    shifted: (/** @type {string} */ shift) =>
      ` Adding ${shift} to every score changed no probability.`,
    scaled: (/** @type {string} */ scale, /** @type {string} */ temperature) =>
      ` Multiplying by ${scale} does what temperature ${temperature} would do.`,
    tries: [
      {
        label: "T = 0.1",
        set: { temperature: 0.1 },
        says: "Cold: nearly all goes to the largest.",
      },
      {
        label: "T = 10",
        set: { temperature: 10 },
        says: "Hot: the shares come close to each other; their order stays.",
      },
      {
        label: "add 5 to all",
        set: { shift: 5 },
        says: "A common shift cancels: only differences of scores count.",
      },
      { label: "a tie", set: { logits: [2, 2, -1] }, says: "Equal scores have equal shares." },
    ],
    goal: (/** @type {string} */ name) => `give ${name} the probability 0.500, to three digits.`,
    reached: (/** @type {string} */ name) =>
      `To three digits, ${name} now weighs as much as all the others together.`,
  },
};

/** @typedef {"score" | "exp" | "share"} Stage */
/** @typedef {{ top: number, height: number }} Bar in pixels */

const MORE = [0, -2, 1.5, 0.5]; // scores of classes that are added
const ROW = 18; // pixels a line of the table below the bars

/**
 * A number as short as three digits, or one, make it.
 * @param {number} value
 */
function short(value, digits = 3) {
  const size = Math.abs(value);
  if (digits === 1 && size < 1e-3) return "≈0";
  if (size && (size < 1e-3 || size >= 1e4)) {
    return minus(value.toExponential(digits > 1 ? 1 : 0).replace("e+", "e"));
  }
  return minus(String(Number(value.toPrecision(digits))));
}

export default figure(
  WORDS,
  (view, words) => {
    const { min, max, least = 2, most = 6 } = SPEC.traits.logits;
    const name = (/** @type {number} */ i) => view.get("classes")[i];
    view.apart = ["stage"];
    const plot = view.plot({
      label: words.canvas,
      height: 320,
      x: [0, 1],
      y: [0, 1],
      xticks: [],
      margin: { top: 18, left: 46 },
    });
    const sliders = html("div.columns");
    const line = html("div.formula");
    const said = html("p.say");
    let k = 0;
    let grabbed = 0;
    let wide = true; // the names have room in one line
    /** @type {Stage} */
    let stage = view.get("stage");
    /** @type {Bar[]} */
    let shown = [];
    let stop = () => {};

    const bar = view.bar(
      radios(view, "stage", { label: words.stage, options: Object.entries(words.stages) }),
      sliders,
    );
    const more = html(
      "div.columns",
      slider(view, "temperature", { label: words.temperature, step: 0.02, ...logarithmic }),
      slider(view, "shift", { label: words.shift, show: (v) => fmt(v, 1) }),
      slider(view, "scale", { label: words.scale, step: 0.05 }),
      dial(view, {
        label: words.classes,
        control: "classes",
        min: least,
        max: most,
        step: 1,
        show: String,
        read: () => view.get("logits").length,
        write: (n) =>
          view.set({ logits: range(n).map((i) => view.get("logits")[i] ?? MORE[i - 2]) }),
      }),
    );
    view.control(more);
    view.add(html("p.lead", words.lead));
    guessFirst(view, {
      question: words.question,
      answers: words.answers,
      show: () => {
        view.set({ stage: "score" });
        glide(view, 900, (share) => ({
          shift: Math.round(50 * share) / 10,
          ...(share === 1 && { stage: "share" }),
        }));
      },
    });
    view.add(
      plot.node,
      bar,
      more,
      line,
      said,
      tries(view, words.tries),
      goal(view, {
        text: words.goal(name(1)),
        reached: () => Math.abs(numbers().p[1] - 0.5) < 5e-4,
        says: words.reached(name(1)),
      }),
    );

    plot.drag(([x, y], pressed) => {
      if (stage !== "score") return;
      if (pressed) grabbed = clamp(Math.floor(x * k), 0, k - 1);
      const raw = (y - view.get("shift")) / view.get("scale");
      const score = Math.round(clamp(raw, min ?? -10, max ?? 10) * 10) / 10;
      const logits = [...view.get("logits")];
      logits[grabbed] = score;
      view.set({ logits });
    });

    /** Everything that is shown, from the state. */
    function numbers() {
      /** @type {number[]} */
      const raw = view.get("logits");
      const t = view.get("temperature");
      const z = raw.map((v) => v * view.get("scale") + view.get("shift"));
      const exps = z.map((v) => Math.exp(v / t));
      return { z, t, exps, total: sum(exps), p: softmax(z.map((v) => v / t)), plain: softmax(raw) };
    }

    /**
     * The axis of a stage, and what its bars show.
     * @param {ReturnType<typeof numbers>} now
     * @returns {{ values: number[], y: Limits, yticks: Ticks }}
     */
    function axis({ z, exps, p }) {
      if (stage === "share") return { values: p, y: [0, 1], yticks: [0, 0.25, 0.5, 0.75, 1] };
      if (stage === "score") {
        const reach = roundUp(Math.max(...z.map(Math.abs), 2.5));
        return { values: z, y: [-reach, reach], yticks: [-reach, 0, reach] };
      }
      const top = Math.max(...exps);
      const marks = ticks(0, top, 4).map((v) => /** @type {[number, string]} */ ([v, short(v)]));
      return { values: exps, y: [0, top], yticks: marks };
    }

    /** @param {number[]} values */
    const boxes = (values) =>
      values.map((v) => ({
        top: Math.min(plot.y(v), plot.y(0)),
        height: Math.max(1, Math.abs(plot.y(v) - plot.y(0))),
      }));

    /** @param {ReturnType<typeof numbers>} now @param {number[]} values @param {Bar[]} bars */
    function drawBars({ z, exps, p, plain }, values, bars) {
      shown = bars;
      const first = argmax(p);
      const width = plot.x(0.62 / k) - plot.x(0);
      const { bottom } = plot.area;
      const column = (/** @type {number} */ i) => plot.x((i + 0.5) / k);
      const room = plot.x(1 / k) - plot.x(0) - 4;
      const rows = [
        { key: "z", of: z, title: words.rows.z, now: stage === "score" },
        { key: "e", of: exps, title: words.rows.exp, now: stage === "exp" },
        { key: "p", of: p, title: words.rows.p, now: stage === "share" },
      ];
      const tenths = view.get("logits").every((/** @type {number} */ v) =>
        !(Math.round(100 * v) % 10)
      );
      const moved = stage === "share" && p.some((v, i) => Math.abs(v - plain[i]) > 5e-4);
      plot.scale({ ylabel: moved ? words.moved : words.axis[stage] });
      plot.draw(
        svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
        ...bars.map(({ top, height }, i) =>
          svg("rect", {
            x: column(i) - width / 2,
            y: top,
            width,
            height,
            rx: 3,
            fill: COLORS[i],
            stroke: TEXT_COLORS[i],
          })
        ),
        ...(moved ? boxes(plain) : []).map(({ top, height }, i) =>
          svg("rect.ghost", { x: column(i) - width / 2, y: top, width, height, rx: 3 })
        ),
        ...range(k).map((i) => {
          const y = bottom + ROW * (wide || i % 2 === 0 ? 1 : 2);
          return svgText(column(i), y, name(i), { class: p[i] === p[first] && "strong" });
        }),
        ...rows.flatMap(({ key, of, title, now }, row) => {
          const y = bottom + (row + (wide ? 2 : 3)) * ROW;
          const weight = now && "strong";
          return [
            svgText(plot.area.left - 8, y, title, { class: weight, "text-anchor": "end" }),
            ...of.map((v, i) => {
              const node = svgText(column(i), y, "", { class: weight });
              const text = key === "e" ? short(v) : v.toFixed(key === "p" ? 3 : tenths ? 1 : 2);
              const said = minus(textWidth(text, 600) < room ? text : short(v, 1));
              return quantity(put(node, squeezed(said, room, 600)), `${key}${i}`, v, said);
            }),
          ];
        }),
      );
      const grips = values.map((v, i) => ({ x: (i + 0.5) / k, y: v, color: TEXT_COLORS[i] }));
      plot.handles(stage === "score" && !view.locked ? grips : []);
    }

    /** @param {ReturnType<typeof numbers>} now */
    function drawFormula({ z, t, exps, total, p }) {
      const first = argmax(p);
      const some = plot.width < 300 ? [0, k - 1] : [0, 1, k - 1];
      const chosen = k > 3 ? some : range(k);
      const look = (/** @type {number} */ i) => ({ digits: 1, color: TEXT_COLORS[i] });
      const exponential = (/** @type {number} */ i) => {
        const divided = t !== 1 && plot.width > 420;
        const score = live(`f${i}`, divided ? z[i] : z[i] / t, look(i));
        const over = [operator("/"), math("mn", fmt(t))];
        return power(math("mi", "e"), divided ? math("mrow", score, ...over) : score);
      };
      const terms = chosen.map(exponential);
      if (k > 3) terms.splice(-1, 0, math("mo", "⋯"));
      const label = math("mtext", name(first));
      line.replaceChildren(
        formula(indexed(math("mi", "p"), label), operator("=")),
        formula(fraction(exponential(first), joined("+", terms))),
        formula(
          operator("="),
          fraction(math("mn", short(exps[first])), math("mn", short(total))),
          operator("="),
          put(math("mn", fmt(p[first], 3)), { style: `color: ${TEXT_COLORS[first]}` }),
        ),
      );
    }

    /** @param {ReturnType<typeof numbers>} now */
    function drawWords({ z, t, p }) {
      const [first, second] = range(k).sort((a, b) => p[b] - p[a]);
      const gap = (z[first] - z[second]) / t;
      const odds = Math.exp(gap);
      const rounded = odds < 100 ? fmt(odds) : fmt(Number(odds.toPrecision(3)), 0);
      const shift = view.get("shift");
      const scale = view.get("scale");
      const more = (shift ? words.shifted(fmt(shift, 1)) : "") +
        (scale === 1 ? "" : words.scaled(fmt(scale), fmt(1 / scale)));
      const compared = gap
        ? [
          html("strong", words.first(name(first))),
          " ",
          quantity(html("span"), "odds", odds, rounded),
          words.odds(name(second), fmt(gap, 3)),
        ]
        : [words.tie(name(first), name(second))];
      said.replaceChildren(...compared, more);
      put(said, { "data-argmax": first });
    }

    return () => {
      const now = numbers();
      if (now.z.length !== k) {
        k = now.z.length;
        const look = { show: (/** @type {number} */ v) => fmt(v, 1) };
        sliders.replaceChildren(
          ...range(k).map((i) =>
            entrySlider(view, "logits", i, {
              label: words.score(name(i)),
              color: TEXT_COLORS[i],
              ...look,
            })
          ),
        );
      }
      const before = shown;
      const morph = stage !== view.get("stage") && before.length === k;
      stage = view.get("stage");
      const { values, ...limits } = axis(now);
      const room = plot.width / k - 16;
      wide = range(k).every((i) => textWidth(name(i), 600) < room);
      plot.scale({ ...limits, margin: { bottom: (wide ? 4.4 : 5.4) * ROW } });
      const after = boxes(values);
      stop();
      stop = () => {};
      if (morph) {
        stop = animate(500, (share) => {
          const mix = (/** @type {"top" | "height"} */ key) =>
            between(before.map((b) => b[key]), after.map((b) => b[key]), share);
          const heights = mix("height");
          drawBars(now, values, mix("top").map((top, i) => ({ top, height: heights[i] })));
        });
      } else {
        drawBars(now, values, after);
      }
      drawFormula(now);
      drawWords(now);
      return `${range(k).map((i) => `${name(i)} ${fmt(now.p[i], 3)}`).join(", ")}.`;
    };
  },
  { classes: (list) => isList(list, isText, SPEC.traits.logits.most) },
);
