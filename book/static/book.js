// What needs the laid-out page: where a link points to stays in view while formulas are set, and
// whatever scrolls sideways can be reached by keyboard.
{
  let moved = false; // has the reader scrolled or typed?
  for (const event of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    addEventListener(event, () => {
      moved = true;
    }, { once: true, passive: true });
  }

  const boxes = "mjx-container[display='true'], .bd-article pre, .pst-scrollable-table-container";
  const mark = (found) => {
    for (const { target: box } of found) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) box.tabIndex = 0;
      else if (box.tabIndex === 0) box.removeAttribute("tabindex");
    }
  };

  addEventListener("load", async () => {
    await window.courseMath;
    document.documentElement.classList.add("settled");
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && !moved) target.scrollIntoView();
    // Not the window's resize event: side bars slide after it, and change the boxes once more.
    const watcher = new ResizeObserver(mark);
    for (const box of document.querySelectorAll(boxes)) watcher.observe(box);
  });
}
