// The reader's answers: kept in this browser only, under one key, and forgotten on request.
const PLACE = "course_utils.quiz";
const remembered = () => {
  try { return JSON.parse(localStorage.getItem(PLACE)) ?? {}; } catch { return {}; } // private mode, or damaged
};
const remember = (change) => {
  try { localStorage.setItem(PLACE, JSON.stringify({ ...remembered(), ...change })); } catch { /* answers last as long as the page */ }
  dispatchEvent(new Event(PLACE));
};

export default figure({
  version: 1,
  title: "Quick question",
  traits: {
    key: any("", isText),
    question: any("", isText),
    options: any([["yes", "why"], ["no", "why not"]],
      (v) => isList(v, (pair) => isList(pair, isText, 2, 2), 2)),
    right: integer(0, 0, 5),
    chosen: integer(-1, -1, 5),
  },
  build(ui) {
    const options = ui.get("options"), key = ui.get("key");
    const verdict = html("p.say"), count = html("span");
    const forget = html("button", { type: "button" }, "Forget all my answers");
    forget.addEventListener("click", () => {
      remember(Object.fromEntries(Object.keys(remembered()).map((k) => [k, -1])));
    });
    const progress = html("p.faint.progress", count, " ", forget);
    ui.add(ui.radios("chosen", { label: ui.get("question"), options: options.map(([words], i) => [i, words]) }), verdict, progress);
    ui.root.classList.add("cu-quiz");

    const kept = () => { const i = remembered()[key]; return Number.isInteger(i) && i >= -1 && i < options.length ? i : -1; };
    const follow = () => { if (kept() !== ui.get("chosen")) ui.set({ chosen: kept() }); else ui.refresh(); };
    addEventListener(PLACE, follow);
    ui.closers.push(() => removeEventListener(PLACE, follow));
    let before = kept();
    if (before >= 0) { ui.model.set("chosen", before); ui.accept("chosen"); }

    return () => {
      const i = ui.get("chosen");
      if (i !== before) { before = i; remember({ [key]: i }); }
      const answered = Object.values(remembered()).filter((v) => v >= 0).length;
      count.textContent = `${answered} ${answered === 1 ? "question" : "questions"} answered in this browser, kept nowhere else.`;
      progress.hidden = !answered;
      put(ui.root, { "data-verdict": i < 0 ? "open" : i === ui.get("right") ? "right" : "wrong" });
      if (i < 0 || i >= options.length) { verdict.textContent = ""; return ""; }
      const word = i === ui.get("right") ? "Right." : "No.";
      verdict.replaceChildren(html("strong", word), ` ${options[i][1]}`);
      return `${word} ${options[i][1]}`;
    };
  },
});
