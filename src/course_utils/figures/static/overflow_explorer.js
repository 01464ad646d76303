import {
  clamp,
  COLORS,
  figure,
  fmt,
  html,
  logarithmic,
  logSoftmax,
  minus,
  quantity,
  radios,
  slider,
  svg,
  svgText,
} from "./kit.js";

// Formats: significant bits, smallest normal exponent.
const FORMATS = {
  float16: [11, -14],
  bfloat16: [8, -126],
  float32: [24, -126],
  float64: [53, -1022],
};
const PATTERNS = [
  ["1, ½, 0", [1, 0.5, 0]],
  ["1, 0, 0", [1, 0, 0]],
  ["1, 0, −1", [1, 0, -1]],
  ["−1, −2, −3", [-1, -2, -3]],
];

/** x rounded to a format: to nearest, ties to even, gradual underflow, overflow to infinity. */
export function roundTo(dtype, x) {
  if (dtype === "float64" || !Number.isFinite(x) || x === 0) return x;
  if (dtype === "float32") return Math.fround(x);
  const [bits, low] = FORMATS[dtype];
  const size = Math.abs(x);
  let e = Math.floor(Math.log2(size));
  if (2 ** e > size) e -= 1;
  if (2 ** (e + 1) <= size) e += 1;
  const ulp = 2 ** (Math.max(e, low) - bits + 1);
  const big = 2 ** 52;
  const y = (size / ulp + big - big) * ulp; // adding 2^52 leaves no room for a fraction
  return Math.sign(x) * (y >= 2 ** (2 - low) ? Infinity : y);
}
/** The arguments between which exp neither overflows nor becomes zero. */
export function expRange(dtype) {
  const [bits, low] = FORMATS[dtype];
  const ln2 = Math.LN2;
  return [(low - bits) * ln2, (1 - low) * ln2 + Math.log(2 - 2 ** -bits)];
}

/** Every step of the three forms, as rows [name, key, values]. */
export function steps(dtype, scores) {
  const r = (x) => roundTo(dtype, x);
  const each = (xs, f) => xs.map((x, i) => r(f(x, i)));
  const add = (xs) => xs.reduce((a, b) => r(a + b));
  const z = each(scores, (x) => x);
  const m = Math.max(...z);
  const d = each(z, (x) => x - m);
  const quotient = (from) => {
    const e = each(from, Math.exp);
    const total = add(e);
    const p = each(e, (x) => x / total);
    return [["exp", "exp", e], ["sum", "sum", [total]], ["quotient", "p", p], [
      "log",
      "log",
      each(p, Math.log),
    ]];
  };
  const e = each(d, Math.exp);
  const total = add(e);
  const l = r(Math.log(total));
  return {
    naive: [["z", "z", z], ...quotient(z)],
    shifted: [["z − max", "z", d], ...quotient(d)],
    fused: [["z − max", "z", d], ["exp", "exp", e], ["sum", "sum", [total]], ["log sum", "logsum", [
      l,
    ]], ["difference", "log", each(d, (x) => x - l)]],
  };
}

/** What went wrong in this step: only where it arises, not where it is handed on. */
function event(key, value, before, form) {
  if (Number.isNaN(value)) {
    return before.some(Number.isNaN)
      ? ""
      : key === "p"
      ? (before[0] === 0 ? "0 / 0" : "inf / inf")
      : "inf − inf";
  }
  if (Math.abs(value) === Infinity) {
    return before.some((v) => !Number.isFinite(v)) ? "" : key === "log" ? "log of 0" : "overflow";
  }
  if (key === "exp" && value === 0 && before[0] !== -Infinity) {
    return form === "fused" ? "0, harmless" : "underflow";
  }
  if (key === "p" && value === 0 && before[0] !== 0) {
    return before[1] === Infinity ? "x / inf" : "underflow";
  }
  return "";
}
const show = (v) => {
  const size = Math.abs(v);
  return !Number.isFinite(v)
    ? fmt(v)
    : size && (size < 1e-3 || size >= 1e6)
    ? minus(v.toExponential(2).replace("e+", "e"))
    : minus(String(Number(v.toPrecision(5))));
};

export default figure({ en: {} }, (view) => {
  const strip = view.plot({
    label: "Which arguments exp can take in this format",
    height: 150,
    margin: { top: 24 },
    grid: false,
    x: [-1, 1],
    y: [0, 1],
    yticks: [[0.72, "z"], [0.28, "z − max"]],
    xticks: [],
    xlabel: "argument of exp",
    ylabel: "Where exp(x) fits in the format",
  });
  const tables = html("div.three");
  const words = html("p.say");
  const log = {
    ...logarithmic,
    step: 0.01,
    show: (v) => v.toLocaleString("en", { maximumSignificantDigits: 3 }),
  };
  const overview = html("div.stack", strip.node, words);
  view.add(
    html(
      "div.stack",
      radios(view, "dtype", { label: "format" }),
      radios(view, "pattern", {
        label: "scores = size ×",
        options: PATTERNS.map(([text, p]) => [p, text]),
      }),
      slider(view, "size", { label: "size", ...log }),
    ),
    tables,
  );

  const NAMES = {
    naive: "Naive: exp, then divide",
    shifted: "Shifted: subtract the maximum first",
    fused: "Fused: log-softmax, no division",
  };
  function table(form, rows, exact, u) {
    let worst = "right";
    const body = rows.map(([name, key, values], n) => {
      const [, , before] = rows[n - 1] ?? [];
      const [, , exps] = rows[1];
      return html(
        "tr",
        { class: key === "log" && "last" },
        html("th", { scope: "row" }, name),
        ...values.map((v, i) => {
          const source = key === "z"
            ? [view.get("pattern")[i] * view.get("size")]
            : key === "p"
            ? [exps[i], before[0]]
            : key === "sum"
            ? exps
            : form === "fused" && key === "log"
            ? [rows[0][2][i], before[0]]
            : [before[i]];
          let mark = event(key, v, source, form);
          if (key === "log") {
            const off = Math.abs(v - exact[i]);
            if (!Number.isFinite(v)) worst = worst === "nan" || Number.isNaN(v) ? "nan" : fmt(v);
            else if (off > 16 * u * (1 + Math.abs(exact[i]))) {
              mark ||= `off by ${show(Number(off.toPrecision(2)))}`;
              if (worst === "right") worst = mark;
            }
          }
          const bad = !Number.isFinite(v) || (mark && !mark.endsWith("harmless"));
          const text = quantity(html("span"), `${form}.${key}.${i}`, v, show(v));
          return html(
            "td",
            { colspan: values.length === 1 && exact.length, class: bad && "bad" },
            bad ? "⚠ " : "",
            text,
            ...(mark ? [html("small", mark)] : []),
          );
        }),
      );
    });
    const last = html(
      "tr.exact",
      html("th", { scope: "row" }, "exact"),
      ...exact.map((v) => html("td", Number.isFinite(v) ? show(v) : "–")),
    );
    return [
      html("table.steps", html("caption", NAMES[form]), html("tbody", ...body, last)),
      worst,
    ];
  }

  function axis(scores, dtype) {
    const [low, high] = expRange(dtype);
    const end = 2 * Math.max(-low, high);
    const top = Math.max(...scores);
    const text = (v) => minus(v.toFixed(2));
    strip.scale({ x: [-end, end], xticks: [[low, text(low)], [0, "0"], [high, text(high)]] });
    const at = (v) => strip.x(clamp(v, -end, end));
    // What lies beyond is drawn at the edge.
    const box = { y: strip.y(1), height: strip.y(0) - strip.y(1) };
    const zone = (x, name) => svgText(strip.x(x), 16, name);
    strip.draw(
      svg("rect", {
        ...box,
        x: at(low),
        width: at(high) - at(low),
        fill: COLORS[2],
        opacity: 0.25,
      }),
      ...[low, high].map((v) =>
        svg("rect", { ...box, x: at(v) - 0.5, width: 1, fill: "var(--cu-soft)" })
      ),
      zone((low - end) / 2, "becomes 0"),
      zone((low + high) / 2, dtype),
      zone((high + end) / 2, "becomes inf"),
      ...scores.flatMap((
        z,
      ) => [
        svg("circle.ring", { cx: at(z), cy: strip.y(0.72), r: 5.5, fill: COLORS[1] }),
        svg("path.ring", {
          d: `M${at(z - top)},${strip.y(0.28) - 6.5}l6.5,6.5l-6.5,6.5l-6.5-6.5z`,
          fill: COLORS[0],
        }),
      ]),
    );
  }

  return () => {
    const dtype = view.get("dtype");
    const scores = view.get("pattern").map((p) => p * view.get("size"));
    const all = steps(dtype, scores);
    const stored = all.naive[0][2];
    const exact = logSoftmax(stored);
    const u = 2 ** -FORMATS[dtype][0];
    axis(scores, dtype);
    const made = Object.entries(all).map((
      [form, rows],
    ) => [form, ...table(form, rows, exact, u)]);
    tables.replaceChildren(overview, ...made.map(([, node]) => node));
    const verdict = made.map(([form, , worst]) => `${worst} (${form})`).join(", ");
    words.replaceChildren(
      html("strong", `Scores ${scores.map(show).join(", ")} in ${dtype}:`),
      ` the log-probabilities come out ${verdict}.`,
    );
    return words.textContent;
  };
});
