import {
  button,
  COLORS,
  dial,
  dot,
  entrySlider,
  figure,
  fmt,
  html,
  minus,
  quantity,
  range,
  slider,
  softmax,
  subscript,
  sum,
  svg,
  svgText,
  unique,
} from "./kit.js";

const MORE = [0, -0.5, 1.5, 0.5]; // scores of classes that are added

export default figure({ en: {} }, (view) => {
  const change = view.plot({
    label: "Change of each probability when one score is nudged",
    height: 262,
    margin: { bottom: 24 },
    x: [0, 1],
    y: [-0.3, 0.3],
    xticks: [],
    ylabel: "change of probability",
  });
  const back = view.plot({
    label: "Product of v and the Jacobian",
    height: 200,
    margin: { bottom: 24 },
    x: [0, 1],
    y: [-0.3, 0.3],
    xticks: [],
    ylabel: "s ∘ (v − ⟨s, v⟩)",
  });
  const scores = html("div.stack");
  const vs = html("div.stack");
  const table = html("table.heat");
  const words = html("p.say");
  const group = unique("row");
  let k = 0;
  let cells;
  let sums;
  let picks;

  const v = () => range(k).map((i) => view.get("v")[i] ?? 0);
  const row = () => Math.min(view.get("row"), k - 1);
  const resize = (n) =>
    view.set({
      logits: range(n).map((i) => view.get("logits")[i] ?? MORE[i - 2]),
      v: range(n).map((i) => view.get("v")[i] ?? 0),
      row: Math.min(view.get("row"), n - 1),
    });
  view.add(
    html(
      "div.side",
      html(
        "div.stack",
        dial(view, {
          label: "classes",
          control: "classes",
          min: 2,
          max: 6,
          step: 1,
          read: () => view.get("logits").length,
          write: resize,
          show: String,
        }),
        scores,
      ),
      table,
    ),
    html(
      "div.grid2",
      html(
        "div.stack",
        html("strong", "Nudge the score of the picked row"),
        slider(view, "nudge", { label: "nudge" }),
        change.node,
      ),
      html(
        "div.stack",
        html("strong", "Multiply by a vector v"),
        vs,
        html(
          "div.row",
          button(view, "all ones", () => view.set({ v: range(k).map(() => 1) })),
          button(
            view,
            "one-hot of the row",
            () => view.set({ v: range(k).map((i) => Number(i === row())) }),
          ),
        ),
        back.node,
      ),
    ),
    words,
  );

  function rebuild() {
    k = view.get("logits").length;
    const show = (x) => fmt(x, 1);
    scores.replaceChildren();
    vs.replaceChildren();
    for (const i of range(k)) {
      scores.append(entrySlider(view, "logits", i, { label: `score z${subscript(i + 1)}`, show }));
      vs.append(
        entrySlider(view, "v", i, { label: `v${subscript(i + 1)}`, missing: 0, show }),
      );
    }
    cells = range(k).map(() => range(k).map(() => html("td")));
    sums = range(k).map(() => html("td.sum"));
    picks = range(k).map((i) => {
      const input = html("input", {
        type: "radio",
        name: group,
        "data-control": `row.${i}`,
        "aria-label": `row ${i + 1}: nudge score ${i + 1}`,
      });
      input.addEventListener("change", () => view.set({ row: i }));
      return input;
    });
    table.classList.toggle("tight", k > 4);
    table.replaceChildren(
      html("caption", "∂ probability / ∂ score"),
      html(
        "thead",
        html(
          "tr",
          html("th", { scope: "col" }, "row"),
          ...range(k).map((j) => html("th", { scope: "col" }, `∂z${subscript(j + 1)}`)),
          html("th", { scope: "col" }, "sum"),
        ),
      ),
      html(
        "tbody",
        ...range(k).map((i) => {
          const line = html(
            "tr",
            html("th", { scope: "row" }, html("label", picks[i], ` ∂p${subscript(i + 1)}`)),
            ...cells[i],
            sums[i],
          );
          line.addEventListener("click", () => row() !== i && view.set({ row: i }));
          return line;
        }),
      ),
    );
  }

  /** Bars around zero, with their values; `mark` adds a dot for a second value. */
  function bars(plot, name, values, mark) {
    const most = Math.max(...values.concat(mark ?? []).map(Math.abs));
    const reach = [0.1, 0.3, 0.6, 1, 2, 4].find((r) => most <= r * 0.8) ?? 6;
    plot.scale({ y: [-reach, reach], yticks: [-reach, 0, reach] });
    const w = plot.x(0.56 / k) - plot.x(0);
    const zero = plot.y(0);
    plot.draw(
      svg("path.edge", { d: plot.line([0, 1], [0, 0]) }),
      ...values.flatMap((value, i) => {
        const x = plot.x((i + 0.5) / k);
        const y = plot.y(value);
        const end = mark ? plot.y(mark[i]) : y;
        const text = mark ? mark[i] : value;
        const edge = text < 0 ? Math.max(y, end) + 16 : Math.min(y, end) - 7;
        return [
          svg("rect", {
            x: x - w / 2,
            width: w,
            y: Math.min(y, zero),
            height: Math.max(1, Math.abs(y - zero)),
            rx: 2,
            fill: value < 0 ? COLORS[1] : COLORS[0],
            "data-q": `${name}${i}`,
            "data-value": value,
          }),
          mark
            ? quantity(svg("circle.dot", { cx: x, cy: end, r: 4 }), `real${i}`, mark[i], "")
            : "",
          svgText(x, edge, fmt(text, 3)),
          svgText(x, plot.height - 4, `${mark ? "p" : "z"}${subscript(i + 1)}`),
        ];
      }),
    );
  }

  return () => {
    const z = view.get("logits");
    const fresh = z.length !== k;
    if (fresh) rebuild();
    const p = softmax(z);
    const r = row();
    const nudge = view.get("nudge");
    const w = v();
    const digits = k > 4 ? 2 : 3;
    const jacobian = p.map((a, i) => p.map((b, j) => a * (Number(i === j) - b)));
    jacobian.forEach((line, i) => {
      picks[i].checked = i === r;
      picks[i].closest("tr").classList.toggle("picked", i === r);
      line.forEach((d, j) => {
        // At most 1/4, so full colour means 1/4:
        quantity(cells[i][j], `J${i}${j}`, d, minus(d.toFixed(digits)));
        cells[i][j].style.background = `color-mix(in srgb, ${COLORS[d < 0 ? 1 : 0]} ${
          Math.round(Math.abs(d) * 220)
        }%, transparent)`;
      });
      const total = sum(line);
      quantity(
        sums[i],
        `sum${i}`,
        total,
        minus(total.toFixed(digits).replace(/-(?=[0.]+$)/, "")),
      );
    });
    const real = softmax(z.map((x, i) => x + Number(i === r) * nudge)).map((x, i) => x - p[i]);
    bars(change, "linear", jacobian[r].map((d) => d * nudge), real);
    const mean = dot(p, w);
    bars(back, "vjp", p.map((s, i) => s * (w[i] - mean)));
    const n = subscript(r + 1);
    const gone = Math.max(...w) === Math.min(...w);
    words.replaceChildren(
      html("strong", `Moving z${n} by ${fmt(nudge, 1)} changes p${n} by ${fmt(real[r], 3)}`),
      ` (dot); the row times the nudge (bar) says ${
        fmt(jacobian[r][r] * nudge, 3)
      }. What one probability gains, the others lose: every row sums to zero. `,
      gone
        ? "All entries of v are equal: the product is zero."
        : `The product with v, ${w.map((x) => fmt(x, 1)).join(", ")}, needs no matrix.`,
    );
    return words.textContent;
  };
});
