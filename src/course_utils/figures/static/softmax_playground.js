const MORE = [0, -2, 1.5, 0.5]; // scores of classes that are added

export default figure({
  version: 1,
  title: "Softmax playground",
  traits: {
    logits: numbers([2, 1, -1], -10, 10, 2, 6),
    temperature: number(1, 0.1, 10),
    shift: number(0, -10, 10),
    scale: number(1, 0.1, 3),
    classes: any(["dog", "cat", "chicken", "horse", "bird", "fish"], (v) => Array.isArray(v) && v.length >= 6 && v.every((c) => typeof c === "string")),
  },
  build(ui) {
    const name = (i) => ui.get("classes")[i];
    const scores = new Plot({ label: "Bar chart of the scores", height: 175, x: [0, 1], y: [-10, 10], xticks: [], ylabel: "score z" });
    const probs = new Plot({ label: "Bar chart of the probabilities", height: 210, x: [0, 1], y: [0, 1], xticks: [], ylabel: "probability" });
    const sliders = html("div", { class: "cu-stack" });
    const count = html("input", { type: "range", min: 2, max: 6, step: 1, "data-control": "count" });
    const odds = html("p", { class: "cu-say" });
    let k = 0;

    /** As many sliders as classes; `set` changes the number of classes itself. */
    function rebuild() {
      k = ui.get("logits").length;
      sliders.replaceChildren();
      for (const i of range(k)) sliders.append(ui.slider("logits", { index: i, label: `score ${name(i)}`, show: (v) => fmt(v, 1) }));
    }
    const resize = (n) => {
      const old = ui.get("logits");
      ui.set({ logits: range(n).map((i) => old[i] ?? MORE[i - 2]) });
    };
    count.addEventListener("input", () => resize(Number(count.value)));
    const out = html("output", { "aria-live": "off" });
    const log = { to: Math.log10, from: (v) => Number((10 ** v).toPrecision(3)), step: 0.02 };
    ui.add(html("div", { class: "cu-side" },
      html("div", { class: "cu-stack" },
        html("div", { class: "cu-slider" }, html("label", {}, html("span", {}, "classes"), count), out),
        sliders, html("hr"),
        ui.slider("temperature", { label: "temperature", ...log }),
        ui.slider("shift", { label: "add to all", show: (v) => fmt(v, 1) }),
        ui.slider("scale", { label: "multiply all", step: 0.05 })),
      html("div", { class: "cu-stack" }, scores.node, probs.node)), odds);

    let grabbed = 0;
    scores.drag(([x, y], first) => {
      if (first) grabbed = clamp(Math.floor(x * k), 0, k - 1);
      const z = clamp((y - ui.get("shift")) / ui.get("scale"), -10, 10);
      ui.set({ logits: ui.get("logits").map((old, i) => (i === grabbed ? Math.round(z * 10) / 10 : old)) });
    });

    return () => {
      const raw = ui.get("logits"), t = ui.get("temperature");
      if (raw.length !== k) rebuild();
      count.value = k;
      put(count, { "aria-valuetext": `${k} classes` });
      out.textContent = k;
      const z = raw.map((v) => v * ui.get("scale") + ui.get("shift"));
      const p = softmax(z.map((v) => v / t)), plain = softmax(raw), top = argmax(p);
      const reach = Math.max(...z.map(Math.abs)) <= 10 ? 10 : 40;
      scores.scale({ y: [-reach, reach], yticks: [-reach, -reach / 2, 0, reach / 2, reach] });
      const w = 0.62 / k, at = (i) => (i + 0.5) / k;
      const bar = (plot, i, v, extra) => svg("rect", { x: plot.x(at(i) - w / 2), width: plot.x(w) - plot.x(0), y: plot.y(Math.max(v, 0)),
        height: Math.max(0.5, Math.abs(plot.y(v) - plot.y(0))), fill: COLORS[i], rx: 2, ...extra });
      const text = (x, y, words, more = {}) => svg("text", { x, y, "text-anchor": "middle", ...more }, words);
      scores.draw(
        svg("line", { x1: scores.x(0), x2: scores.x(1), y1: scores.y(0), y2: scores.y(0), class: "cu-frame" }),
        ...z.flatMap((v, i) => [bar(scores, i, v),
          quantity(text(scores.x(at(i)), scores.y(v) + (v < 0 ? 14 : -5), ""), `z${i}`, v, fmt(v, 1)),
          text(scores.x(at(i)), 169, name(i))]));
      probs.draw(...p.flatMap((v, i) => [bar(probs, i, v), bar(probs, i, plain[i], { class: "cu-ghost", fill: "none" }),
        quantity(text(probs.x(at(i)), Math.min(probs.y(v), probs.y(plain[i])) - 5, "", i === top ? { class: "cu-strong" } : {}), `p${i}`, v, fmt(v, 3)),
        text(probs.x(at(i)), 187, name(i)), i === top && text(probs.x(at(i)), 202, "▲ argmax", { class: "cu-strong" })].filter(Boolean)));
      const others = range(k).filter((i) => i !== top), ratio = (i) => (z[top] - z[i]) / t;
      odds.replaceChildren(html("span", { class: "cu-strong" }, `${name(top)} is most probable. `), "Odds ",
        ...others.flatMap((i, n) => [n ? ", " : "", `${name(top)} : ${name(i)} = `, quantity(html("span"), `odds${i}`, Math.exp(ratio(i)), fmt(Math.exp(ratio(i)), 2)),
          ` (e`, html("sup", {}, fmt(ratio(i), 1)), ")"]), ".");
      return `${name(top)} is most probable: ${fmt(p[top], 3)}.`;
    };
  },
});
