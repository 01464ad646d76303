// Below the map of chapters: progress is saved to a file, loaded from one, forgotten.
{
  const VERSION = 1;
  const { KINDS, isGood, read, write, show } = window.courseProgress;
  const place = document.querySelector("details.mine");
  const [save, load, forget] = place.querySelectorAll("button");
  const chooser = place.querySelector("[type=file]");
  const kinds = Object.keys(KINDS);
  const everything = () => Object.fromEntries(kinds.map((kind) => [kind, read(kind)]));
  const joined = (parts) =>
    // what is here comes first
    Object.fromEntries(kinds.map((kind) => [kind, { ...parts[kind], ...read(kind) }]));
  const size = (parts) => kinds.reduce((sum, kind) => sum + Object.keys(parts[kind]).length, 0);

  let forgotten; // what "Forget all" took away, until something else is done
  const put = (parts, words, taken) => {
    for (const kind of kinds) write(kind, parts[kind]);
    forgotten = taken;
    forget.textContent = forgotten ? "Bring it back" : "Forget all";
    show();
    say(words);
  };
  const say = (words) => {
    place.querySelector("[role=status]").textContent = words;
  };

  // What a file holds. An Error says what can't be read.
  const understood = (text) => {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      throw new Error("it isn't JSON");
    }
    if (Array.isArray(file)) { // what report().save wrote
      const solved = file.filter((record) => record?.passed === true);
      if (!solved.length) throw new Error("it holds no solved exercise");
      file = { version: VERSION, marks: Object.fromEntries(solved.map((r) => [r.exercise, 1])) };
    }
    if (file?.version === undefined) throw new Error("it holds no progress");
    if (file.version !== VERSION) {
      const version = JSON.stringify(file.version).slice(0, 20);
      throw new Error(`it has version ${version}, this page understands ${VERSION}`);
    }
    for (const kind of kinds) {
      const found = file[kind] ?? {};
      if (found.constructor !== Object) throw new Error(`its ${kind} can't be read`);
      const bad = Object.entries(found).find((entry) => !isGood(kind)(entry));
      if (bad) throw new Error(`${JSON.stringify(bad).slice(1, -1).slice(0, 60)} makes no sense`);
    }
    return file;
  };

  save.addEventListener("click", () => {
    const parts = { course: "Softmax regression", version: VERSION, ...everything() };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(parts, null, 1)]));
    link.download = "softmax-regression-progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
  load.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (!file) return;
    try {
      if (file.size > 1e6) throw new Error("it is too large");
      const parts = joined(understood(await file.text()));
      put(parts, `New from ${file.name}: ${size(parts) - size(everything())}. All else stays.`);
    } catch (error) {
      say(`${file.name} was not loaded: ${error.message}. Nothing has changed.`);
    }
    chooser.value = ""; // the same file can be chosen again
  });
  forget.addEventListener("click", () => {
    if (forgotten) put(joined(forgotten), "Everything is back.");
    else put({ marks: {}, answers: {} }, "Everything is forgotten.", everything());
  });

  const open = () => {
    if (location.hash === `#${place.id}`) place.open = true;
  };
  addEventListener("hashchange", open);
  open();
}
