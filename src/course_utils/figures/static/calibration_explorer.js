const isGrid = (g) => {
  const n = g?.temperatures?.length, bins = g?.count?.[0]?.length;
  return isList(g?.temperatures, isNumber, 2) && ["ece", "loss"].every((k) => isList(g[k], isNumber, n, n))
    && ["count", "hits", "confidence"].every((k) => isList(g[k], (row) => isList(row, isNumber, bins, bins), n, n));
};
const words = (least) => (v) => isList(v, isText, least);

export default figure({
  version: 1,
  title: "Calibration and decisions",
  traits: {
    temperature: number(1, 0.25, 4), probability: number(0.1, 0.001, 0.999), grid: any(null, isGrid),
    cost: { ...numbers([0, 5, 20, 200, 25, 10], 0, 200, 4, 6), fix: (v) => (v?.length % 2 ? undefined : numbers([], 0, 200, 4, 6).fix(v)) },
    states: any(["healthy", "ill"], words(2)), actions: any(["send home", "test further", "treat"], words(2)),
  },
  build(ui) {
    const grid = ui.get("grid"), T = grid.temperatures, bins = grid.count[0].length, [well, ill] = ui.get("states");
    const spot = (v) => nearest(T, v);
    const size = 350, top = Math.max(...grid.ece), best = T[argmax(grid.loss.map((v) => -v))];
    const log = T.map(Math.log2), powers = [-2, -1, 0, 1, 2].map((v) => [v, String(2 ** v)]);
    const curve = new Plot({ width: size, height: 290, x: [0, 1], y: [0, 1], xlabel: "confidence: probability of the predicted class", ylabel: "accuracy within a bin" });
    const shares = new Plot({ label: "Share of the examples in each bin", width: size, height: 96, x: [0, 1], y: [0, 1], xticks: [], yticks: [[0, "0"], [1, "1"]], ylabel: "share of the examples", margin: { bottom: 8 } });
    const error = new Plot({ width: size, height: 290, x: [log[0], log.at(-1)], y: [0, 1.1 * top], xticks: powers, xlabel: "temperature (log scale)", ylabel: "expected calibration error" });
    const price = new Plot({ width: size, height: 290, x: [0, 1], y: [0, 100], xlabel: `probability of being ${ill}`, ylabel: "expected cost" });
    const told = html("p.say"), chosen = html("p.say"), costs = html("div.stack.form");
    const line = (plot, x1, y1, x2, y2, attrs) => svg("line", { x1: plot.x(x1), y1: plot.y(y1), x2: plot.x(x2), y2: plot.y(y2), ...attrs });
    const text = (x, y, s, attrs) => svg("text", { x, y, ...attrs }, s);
    const rect = (plot, x1, y1, x2, y2, attrs, ...kids) => svg("rect", { x: plot.x(x1), y: plot.y(Math.max(y1, y2)), width: plot.x(x2) - plot.x(x1), height: Math.abs(plot.y(y1) - plot.y(y2)), ...attrs }, ...kids);

    let drawn, rows = 0;
    function calibration() {
      const k = spot(ui.get("temperature"));
      if (k === drawn) return told.textContent;
      drawn = k;
      const count = grid.count[k], total = sum(count), edge = (i) => i / bins;
      const acc = count.map((c, i) => (c ? grid.hits[k][i] / c : 0)), conf = grid.confidence[k];
      curve.draw(...range(bins).filter((i) => count[i]).flatMap((i) => [
        rect(curve, edge(i), 0, edge(i + 1), acc[i], { fill: COLORS[0], "fill-opacity": 0.75, stroke: "var(--cu-surface)" }, quantity(svg("title"), `accuracy.${i}`, acc[i], `accuracy ${fmt(acc[i], 3)}, ${count[i]} examples`)),
        rect(curve, edge(i), acc[i], edge(i + 1), conf[i], { fill: COLORS[1], "fill-opacity": 0.35 }),
        line(curve, edge(i), conf[i], edge(i + 1), conf[i], { stroke: COLORS[1], "stroke-width": 2 })]),
      line(curve, 0, 0, 1, 1, { class: "cu-ghost" }),
      text(curve.x(0.04), curve.y(0.93), "bar: how often right", { style: `fill:${COLORS[0]}` }), text(curve.x(0.04), curve.y(0.86), "mark: how sure", { style: `fill:${COLORS[1]}` }));
      shares.draw(...count.map((c, i) => rect(shares, edge(i), 0, edge(i + 1), c / total, { fill: "var(--cu-grey)", stroke: "var(--cu-surface)" })));
      const x = error.x(log[k]);
      error.draw(svg("path.line", { d: error.line(log, grid.ece), stroke: COLORS[0] }),
        line(error, Math.log2(best), 0, Math.log2(best), 1.1 * top, { class: "cu-dash" }), text(error.x(Math.log2(best)) + 4, error.y(1.02 * top), `least loss: T = ${fmt(best)}`, { class: "cu-soft" }),
        svg("circle", { cx: x, cy: error.y(grid.ece[k]), r: 6, fill: COLORS[1] }));
      const bias = sum(count.map((c, i) => c * (conf[i] - acc[i]))) / total;
      told.replaceChildren(`Temperature ${fmt(T[k])}: expected calibration error `, bold("ece", grid.ece[k], 4), ", loss ", bold("loss", grid.loss[k], 4),
        `. On average the model is ${fmt(Math.abs(bias), 3)} ${bias > 0 ? "too sure" : "not sure enough"}; accuracy stays `, bold("accuracy", sum(grid.hits[k]) / total, 4), ".");
      curve.describe(`Reliability diagram: ${range(bins).filter((i) => count[i]).map((i) => `confidence ${fmt(conf[i])} accuracy ${fmt(acc[i])}`).join("; ")}.`);
      error.describe(`Expected calibration error by temperature; ${fmt(grid.ece[k], 4)} at ${fmt(T[k])}.`);
      return told.textContent;
    }

    function decision() {
      const cost = ui.get("cost"), m = cost.length / 2, names = ui.get("actions"), t = T[spot(ui.get("temperature"))];
      if (rows !== m) {
        rows = m;
        costs.replaceChildren(...[well, ill].flatMap((state, s) => [html("p.head2", `Cost if ${state}`), ...range(m).map((a) => ui.slider("cost", { index: s * m + a, label: names[a], step: 1, show: (v) => fmt(v, 0) }))]));
      }
      const raw = ui.get("probability"), p = 1 / (1 + ((1 - raw) / raw) ** (1 / t));
      const at = (a, q) => cost[a] * (1 - q) + cost[m + a] * q, all = range(m), cheapest = (q) => all.reduce((b, a) => (at(a, q) < at(b, q) ? a : b));
      const high = Math.max(10, Math.min(60, 1.15 * Math.max(...cost))), now = cheapest(p), runs = []; // [action, from, to]: where it is the cheapest
      price.scale({ y: [0, high] });
      for (const q of range(401).map((i) => i / 400)) { const a = cheapest(q); if (runs.at(-1)?.[0] === a) runs.at(-1)[2] = q; else runs.push([a, runs.at(-1)?.[2] ?? 0, q]); }
      const cut = (a) => (high - cost[a]) / (cost[m + a] - cost[a]); // where the line of an action leaves the plot
      const lines = all.filter((a) => Math.min(cost[a], cost[m + a]) <= high).map((a) => [a, cost[a] > high ? cut(a) : 0, cost[m + a] > high ? cut(a) : 1]);
      price.draw(...runs.map(([a, from, to]) => rect(price, from, 0, to, high, { fill: COLORS[a], "fill-opacity": 0.14 })),
        ...lines.map(([a, from, to]) => line(price, from, at(a, from), to, at(a, to), { stroke: COLORS[a], "stroke-width": 2.5 })),
        line(price, p, 0, p, high, { stroke: "var(--cu-ink)", "stroke-width": 1.5 }),
        ...all.map((a) => at(a, p) <= high ? svg("circle", { cx: price.x(p), cy: price.y(at(a, p)), r: a === now ? 6 : 3.5, fill: COLORS[a] }) : ""),
        ...lines.map(([a, , to]) => text(price.x(to) + (to < 0.75 ? 6 : -4), Math.max(price.y(at(a, to)) - 7, price.y(high) + 12), names[a], { "text-anchor": to < 0.75 ? "start" : "end", class: "cu-strong", style: `fill:${COLORS[a]}` })));
      const likely = p > 0.5 ? ill : well, q = (a) => bold(`cost.${a}`, at(a, p), 1);
      chosen.replaceChildren("The model says ", bold("says", raw, 3), `; at temperature ${fmt(t)} that is `, bold("p", p, 3), `. Expected costs: `, ...all.flatMap((a) => [a ? ", " : "", `${names[a]} `, q(a)]), ". Most probable: ", likely, ". Cheapest: ", put(html("b", names[now]), { "data-decision": names[now] }), ".");
      price.describe(`Expected cost of each action by probability. ${runs.map(([a, from, to]) => `${names[a]} from ${fmt(from)} to ${fmt(to)}`).join("; ")}.`);
      return chosen.textContent;
    }

    const form = (...kids) => html("div.stack.form", ...kids);
    ui.add(form(ui.slider("temperature", { label: "temperature", min: T[0], max: T.at(-1), step: 1, to: spot, from: (i) => T[i] })),
      html("div.grid2", html("div", curve.node, shares.node), html("div.stack", error.node, told)),
      html("p.head2", "What to do: the cheapest action is not always that of the most probable class"),
      html("div.grid2", form(price.node, ui.slider("probability", { label: `model says ${ill}`, step: 0.1, to: (v) => Math.log(v / (1 - v)), from: (z) => Number((1 / (1 + Math.exp(-z))).toPrecision(3)), show: (v) => fmt(v, 3) })),
        html("div.stack", costs)), chosen);
    let last = "";
    return () => {
      const both = [calibration(), decision()], changed = JSON.stringify([ui.get("cost"), ui.get("probability")]);
      const say = changed === last ? both[0] : both[1];
      last = changed;
      return say;
    };
  },
});
