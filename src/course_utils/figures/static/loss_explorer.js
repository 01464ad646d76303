import {
  checkbox,
  clamp,
  COLORS,
  dot,
  figure,
  fmt,
  html,
  logSoftmax,
  quantity,
  range,
  slider,
  softmax,
  sum,
  svg,
  svgText,
} from "./kit.js";

const XS = range(161).map((i) => -8 + i / 10);
/** @type {[string, number, string][]} name, colour, dashes */
const KINDS = [
  ["cross-entropy", 0, "none"],
  ["squared error", 1, "7 4"],
  ["softmax twice", 3, "2 4"],
];

/** Values and derivatives of the losses when the true class scores x and k - 1 others score 0. */
function losses(x, k, smoothing) {
  const z = [x, ...range(k - 1).map(() => 0)];
  const p = softmax(z);
  const rest = smoothing / k;
  const q = p.map((_, j) => rest + (j ? 0 : 1 - smoothing)); // the target
  const dp = p.map((s, j) => s * ((j ? 0 : 1) - p[0])); // first row of the Jacobian
  const twice = softmax(p);
  return {
    p: p[0],
    values: [-dot(q, logSoftmax(z)), sum(p.map((s, j) => (s - q[j]) ** 2)), -dot(q, logSoftmax(p))],
    grads: [
      p[0] - q[0],
      2 * dot(p.map((s, j) => s - q[j]), dp),
      dot(twice.map((s, j) => s - q[j]), dp),
    ],
    floor: Math.log(Math.E + k - 1) - q[0],
  };
}

export default figure({ en: {} }, (view) => {
  /** @type {{ height: number, x: [number, number], xticks: number[], xlabel: string }} */
  const common = {
    height: 240,
    x: [-8, 8],
    xticks: [-8, -4, 0, 4, 8],
    xlabel: "score of the true class",
  };
  const loss = view.plot({
    ...common,
    label: "The losses against the score of the true class",
    y: [0, 10.5],
    yticks: [0, 2, 4, 6, 8, 10],
    ylabel: "loss (nats)",
  });
  const grad = view.plot({
    ...common,
    label: "The gradients of the losses against the score of the true class",
    y: [-1.1, 0.6],
    yticks: [-1, -0.5, 0, 0.5],
    ylabel: "gradient of the loss",
  });
  const words = html("p.say");
  const body = html("tbody");
  view.add(
    html(
      "div.grid2",
      html(
        "div.stack",
        slider(view, "logit", { label: "true score", show: (v) => fmt(v, 1) }),
        slider(view, "num_classes", { label: "classes", step: 1, show: String }),
      ),
      html(
        "div.stack",
        slider(view, "smoothing", { label: "smoothing", step: 0.01 }),
        checkbox(view, "double_softmax", { label: "softmax applied twice (a mistake)" }),
      ),
    ),
    html("div.grid2", loss.node, grad.node),
    html(
      "table",
      html(
        "thead",
        html(
          "tr",
          ...["at this score", "loss", "gradient"].map((t) => html("th", { scope: "col" }, t)),
        ),
      ),
      body,
    ),
    words,
  );
  for (const plot of [loss, grad]) {
    plot.drag(([x]) => view.set({ logit: Math.round(clamp(x, -8, 8) * 10) / 10 }));
  }

  const shown = () => KINDS.slice(0, view.get("double_softmax") ? 3 : 2);
  const stroke = ([, colour, dashes]) => ({ stroke: COLORS[colour], "stroke-dasharray": dashes });
  /** @type {any[]} */
  let curves;
  /** @type {SVGElement[][]} */
  let drawn; // the curves depend on all but the moving score
  function redraw(k, smoothing) {
    curves = XS.map((x) => losses(x, k, smoothing));
    const note = (plot, x, y, text, anchor = "start") =>
      svgText(plot.x(x), plot.y(y) - 6, text, { class: "halo", "text-anchor": anchor });
    const lines = (plot, key) =>
      shown().map((kind, i) =>
        svg("path.line", { d: plot.line(XS, curves.map((c) => c[key][i])), ...stroke(kind) })
      );
    const { floor, values, grads } = curves[0];
    drawn = [[
      ...lines(loss, "values"),
      note(loss, -3.4, losses(-3.4, k, smoothing).values[0] + 0.3, KINDS[0][0]),
      note(loss, -8, values[1], KINDS[1][0]),
      ...(view.get("double_softmax")
        ? [
          svg("path.ghost", { d: loss.line([-8, 8], [floor, floor]) }),
          note(
            loss,
            8,
            Math.max(floor, curves[curves.length - 1].values[0]) + 0.8,
            `floor of softmax twice: ${fmt(floor, 4)}`,
            "end",
          ),
        ]
        : []),
    ], [
      svg("path.edge", { d: grad.line([-8, 8], [0, 0]) }),
      ...lines(grad, "grads"),
      note(grad, -7.9, grads[0] + 0.03, KINDS[0][0]),
      note(grad, -7.9, 0, KINDS[1][0]),
    ]];
  }

  let key;
  return () => {
    const x = view.get("logit");
    const k = view.get("num_classes");
    const smoothing = view.get("smoothing");
    const now = losses(x, k, smoothing);
    if (key !== (key = `${k} ${smoothing} ${view.get("double_softmax")}`)) redraw(k, smoothing);
    for (const [n, plot] of [loss, grad].entries()) {
      const ys = n ? now.grads : now.values;
      const rings = shown().map(([, colour], i) =>
        svg("circle.ring", { cx: plot.x(x), cy: plot.y(ys[i]), r: 4.5, fill: COLORS[colour] })
      );
      plot.draw(svg("path.ghost", { d: plot.line([x, x], plot.ylim) }), ...drawn[n], ...rings);
    }
    body.replaceChildren(
      ...shown().map((kind, i) =>
        html(
          "tr",
          html(
            "th",
            { scope: "row" },
            svg(
              "svg.sample",
              { viewBox: "0 0 28 10", "aria-hidden": true },
              svg("path.line", { d: "M1,5H27", ...stroke(kind) }),
            ),
            kind[0],
          ),
          quantity(html("td"), `loss${i}`, now.values[i], fmt(now.values[i], 4)),
          quantity(html("td"), `grad${i}`, now.grads[i], fmt(now.grads[i], 4)),
        )
      ),
    );
    const ratio = Math.abs(now.grads[0] / now.grads[1]);
    const pull = ratio > 2
      ? `Here cross-entropy pulls ${fmt(ratio, ratio < 20 ? 1 : 0)} times as hard as squared error.`
      : "Here the two pull about equally hard.";
    const more = view.get("double_softmax")
      ? ` However sure the model, softmax twice can't bring the loss below ${fmt(now.floor, 4)}.`
      : "";
    words.replaceChildren(
      html(
        "strong",
        "The true class has probability ",
        quantity(html("span"), "p", now.p, fmt(now.p, 4)),
        ".",
      ),
      ` ${pull}${more}`,
    );
    words.append(quantity(html("span", { hidden: true }), "floor", now.floor, ""));
    return words.textContent;
  };
});
