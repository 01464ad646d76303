// What the reader has done: ticks, and answers to the quick questions. Kept in this browser only.
{
  // A tick: chapter "7" or exercise "7.2". An answer, kept by its question: "7.a" -> option.
  const KINDS = {
    marks: { place: "course_utils.progress", key: /^\d+(\.\d+)?$/, good: (v) => v === 1 },
    answers: {
      place: "course_utils.quiz",
      key: /^\d+\.[a-z]$/,
      good: (v) => Number.isInteger(v) && v >= 0,
    },
  };
  const memory = { marks: {}, answers: {} }; // where the browser keeps nothing
  let refused = "standsIn" in localStorage; // see layout.html
  let damaged = false;

  const all = (selector) => [...document.querySelectorAll(selector)];
  const isGood = (kind) => ([key, value]) => KINDS[kind].key.test(key) && KINDS[kind].good(value);

  const read = (kind) => {
    if (refused) return memory[kind];
    try {
      const kept = JSON.parse(localStorage.getItem(KINDS[kind].place)) ?? {};
      return Object.fromEntries(Object.entries(kept).filter(isGood(kind)));
    } catch {
      damaged = true;
      return {}; // what is done from now on is kept again
    }
  };
  const write = (kind, value) => {
    memory[kind] = value;
    try {
      localStorage.setItem(KINDS[kind].place, JSON.stringify(value));
    } catch {
      refused = true; // it is full
    }
  };

  const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const list = (parts) => parts.filter(Boolean).join(", ");
  const show = () => {
    const marks = read("marks");
    const answers = read("answers");
    const sums = [0, 0, 0];
    for (const box of all("[data-mark]")) box.checked = box.dataset.mark in marks;
    for (const line of all("[data-chapter]")) {
      const { chapter, questions, exercises } = line.dataset;
      const [asked, set] = [questions, exercises].map((keys) => keys.split(" ").filter(Boolean));
      const isRead = chapter in marks;
      const answered = asked.filter((key) => key in answers).length;
      const done = set.filter((key) => key in marks).length;
      for (const [i, n] of [isRead, answered, done].entries()) sums[i] += Number(n);
      const inMap = line.matches(".mine-map"); // where no box says whether it is read
      const words = list([
        isRead && inMap && "read",
        answered && `${answered} of ${counted(asked.length, "question")} answered`,
        done && `${done} of ${counted(set.length, "exercise")} done`,
      ]);
      line.textContent = words && `${inMap ? "✓ " : ""}${words}`;
    }
    for (const line of all("details.mine summary")) {
      const words = list([
        sums[0] && `${counted(sums[0], "chapter")} read`,
        sums[1] && `${counted(sums[1], "question")} answered`,
        sums[2] && `${counted(sums[2], "exercise")} done`,
      ]);
      line.textContent = `Your progress${words && `: ${words}`}`;
    }
    for (const line of all(".mine-where")) {
      line.textContent = refused
        ? "This browser keeps nothing for this page: a tick lasts until you leave it."
        : `${damaged ? "What was kept could not be read. " : ""}Kept in this browser only.`;
    }
  };

  document.addEventListener("change", ({ target }) => {
    const { mark } = target.dataset;
    if (!mark) return;
    const { [mark]: _, ...others } = read("marks");
    write("marks", target.checked ? { ...others, [mark]: 1 } : others);
    show();
  });
  addEventListener(KINDS.answers.place, ({ detail }) => { // a question was answered
    memory.answers = Object.fromEntries(Object.entries(detail).filter(isGood("answers")));
    show();
  });
  addEventListener("storage", show); // another tab
  addEventListener("pageshow", show); // also on the way back
  window.courseProgress = { KINDS, isGood, read, write, show };
  show();
}
