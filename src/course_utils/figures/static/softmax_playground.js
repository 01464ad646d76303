import {
  argmax,
  clamp,
  COLORS,
  dial,
  entrySlider,
  figure,
  fmt,
  html,
  isList,
  isText,
  logarithmic,
  Plot,
  quantity,
  range,
  slider,
  softmax,
  SPEC,
  svg,
  svgText,
} from "./kit.js";

const MORE = [0, -2, 1.5, 0.5]; // scores of classes that are added

export default figure((view) => {
  const name = (i) => view.get("classes")[i];
  const scores = new Plot({
    label: "Bar chart of the scores",
    height: 160,
    margin: { bottom: 22 },
    x: [0, 1],
    y: [-10, 10],
    xticks: [],
    ylabel: "score z",
  });
  const probs = new Plot({
    label: "Bar chart of the probabilities",
    height: 212,
    x: [0, 1],
    y: [0, 1],
    xticks: [],
    ylabel: "probability",
    yticks: [0, 0.25, 0.5, 0.75, 1],
  });
  probs.node.append(
    svgText(348, 12, "dashed: from the sliders' scores alone", {
      class: "cu-faint",
      "text-anchor": "end",
    }),
  );
  const sliders = html("div.stack");
  const words = html("p.say");
  let k = 0;
  let grabbed = 0;

  const resize = (n) =>
    view.set({ logits: range(n).map((i) => view.get("logits")[i] ?? MORE[i - 2]) });
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
        sliders,
        html("hr"),
        slider(view, "temperature", { label: "temperature", step: 0.02, ...logarithmic }),
        slider(view, "shift", { label: "add to all", show: (v) => fmt(v, 1) }),
        slider(view, "scale", { label: "multiply all", step: 0.05 }),
      ),
      html("div.stack", scores.node, probs.node),
    ),
    words,
  );

  scores.drag(([x, y], first) => {
    if (first) grabbed = clamp(Math.floor(x * k), 0, k - 1);
    const z = clamp((y - view.get("shift")) / view.get("scale"), -10, 10);
    view.set({
      logits: view.get("logits").map((old, i) => (i === grabbed ? Math.round(z * 10) / 10 : old)),
    });
  });

  function bars(plot, values, below, extra) {
    const w = plot.x(0.62 / k) - plot.x(0);
    const zero = plot.y(0);
    return values.flatMap((v, i) => {
      const x = plot.x((i + 0.5) / k);
      const y = plot.y(v);
      const box = { x: x - w / 2, width: w };
      return [
        svg("rect", {
          ...box,
          y: Math.min(y, zero),
          height: Math.max(1, Math.abs(y - zero)),
          fill: COLORS[i],
          rx: 2,
        }),
        ...extra(i, v, x, y, box),
        svgText(x, below, name(i)),
      ];
    });
  }

  return () => {
    const raw = view.get("logits");
    const t = view.get("temperature");
    const shift = view.get("shift");
    const scale = view.get("scale");
    if (raw.length !== k) {
      k = raw.length;
      sliders.replaceChildren();
      for (const i of range(k)) {
        sliders.append(
          entrySlider(view, "logits", i, { label: `score ${name(i)}`, show: (v) => fmt(v, 1) }),
        );
      }
    }
    const z = raw.map((v) => v * scale + shift);
    const p = softmax(z.map((v) => v / t));
    const plain = softmax(raw);
    const top = argmax(p);
    const reach = [5, 10, 20, 40].find((r) => Math.max(...z.map(Math.abs)) <= r) ?? 40;
    scores.scale({ y: [-reach, reach], yticks: [-reach, 0, reach] });
    scores.draw(
      svg("path.frame", { d: scores.line([0, 1], [0, 0]) }),
      ...bars(scores, z, 154, (i, v, x, y) => [
        quantity(svgText(x, y + (v < 0 ? 14 : -5), ""), `z${i}`, v, fmt(v, 1)),
      ]),
    );
    probs.draw(...bars(probs, p, 189, (i, v, x, y, box) => {
      const ghost = probs.y(plain[i]);
      const strong = i === top && "cu-strong";
      return [
        svg("rect.ghost", { ...box, y: ghost, height: probs.y(0) - ghost, rx: 2 }),
        quantity(
          svgText(x, Math.min(y, ghost) - 5, "", { class: strong }),
          `p${i}`,
          v,
          fmt(v, 3),
        ),
        strong ? quantity(svgText(x, 205, "", { class: strong }), "argmax", top, "▲ argmax") : "",
      ];
    }));

    const others = range(k).filter((i) => i !== top);
    const odds = others.flatMap((i, n) => {
      const gap = (z[top] - z[i]) / t;
      return [
        n ? ", " : "",
        `${name(i)} `,
        quantity(html("span"), `odds${i}`, Math.exp(gap), fmt(Math.exp(gap))),
        " to 1 (e",
        html("sup", fmt(gap, 1)),
        ")",
      ];
    });
    const more = [
      shift ? ` Adding ${fmt(shift, 1)} to every score changed no probability.` : "",
      scale === 1
        ? ""
        : ` Multiplying by ${fmt(scale)} does what temperature ${fmt(1 / scale)} would do.`,
    ].join("");
    words.replaceChildren(
      html("strong", `${name(top)} is most probable.`),
      " Its odds against ",
      ...odds,
      `.${more}`,
    );
    return `${range(k).map((i) => `${name(i)} ${fmt(p[i], 3)}`).join(", ")}.${more}`;
  };
}, { classes: (list) => isList(list, isText, SPEC.traits.logits.most) });
