// What needs the laid-out page.
{
  // Whatever scrolls sideways can be reached by keyboard.
  const boxes =
    ".bd-article :is(.formula, pre, .output, figure > a), .pst-scrollable-table-container";
  // A plot that goes on to the right shows it (book.css).
  const fade = (box) =>
    box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 8);
  const mark = (found) => {
    for (const { target } of found) {
      const box = target.matches(boxes) ? target : target.parentElement;
      if (!box) continue; // taken out of the page
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) box.tabIndex = 0;
      else if (box.tabIndex === 0) box.removeAttribute("tabindex");
      fade(box);
    }
  };
  // Not the window's resize event: side bars slide after it, and change the boxes once more.
  // A frame later: what is marked may change sizes, and a round of notifications has an end.
  const watcher = new ResizeObserver((found) => requestAnimationFrame(() => mark(found)));
  const idle = globalThis.requestIdleCallback ?? setTimeout;
  addEventListener("load", async () => {
    await new Promise((go) => idle(go));
    for (const box of document.querySelectorAll(boxes)) {
      watcher.observe(box);
      box.addEventListener("scroll", () => fade(box), { passive: true });
      // What is inside may grow, when its font arrives, though the box does not.
      if (box.firstElementChild) watcher.observe(box.firstElementChild);
    }
    for (const waiting of document.querySelectorAll('script[type="text/later"]')) { // assets.py
      await new Promise((go) => idle(go));
      const script = document.createElement("script");
      script.async = false; // in their order
      script.src = waiting.src;
      waiting.replaceWith(script);
    }
  });

  // Sections that wait (layout.html) are laid out at leisure, from the first move of the reader.
  const moves = ["scroll", "keydown"];
  const layOut = async () => {
    for (const move of moves) removeEventListener(move, layOut);
    for (const section of document.querySelectorAll(".bd-article > section > section")) {
      await new Promise((go) => idle(go));
      section.classList.add("laid-out");
    }
    delete document.documentElement.dataset.below;
  };
  for (const move of moves) addEventListener(move, layOut);

  // Paper is light.
  const page = document.documentElement.dataset;
  let theme = page.theme;
  addEventListener("beforeprint", () => {
    theme = page.theme;
    page.theme = "light";
  });
  addEventListener("afterprint", () => {
    page.theme = theme;
  });

  // A formula is copied as its TeX, and always whole.
  const around = (node) => {
    const element = node.nodeType === 1 ? node : node.parentElement;
    return element.closest(".derivation") ?? element.closest("math");
  };
  const tex = (formula) => formula.querySelector("annotation").textContent;
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || event.target.closest?.("input, textarea")) return;
    const range = selection.getRangeAt(0).cloneRange();
    const first = around(range.startContainer);
    const last = around(range.endContainer);
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const copy = document.createElement("div");
    copy.append(range.cloneContents());
    if (!copy.querySelector("math")) return;
    event.clipboardData.setData("text/html", copy.innerHTML);
    for (const display of copy.querySelectorAll("div.formula, .derivation")) {
      const lines = document.createElement("pre");
      lines.textContent = `$$\n${tex(display)}\n$$`;
      display.replaceWith(lines);
    }
    for (const formula of copy.querySelectorAll("math")) {
      formula.replaceWith(tex(formula) && `$${tex(formula)}$`);
    }
    copy.style = "position: fixed; left: 200vw"; // laid out, for the line breaks of its text
    document.body.append(copy);
    event.clipboardData.setData("text/plain", copy.innerText);
    copy.remove();
    event.preventDefault();
  });
}
