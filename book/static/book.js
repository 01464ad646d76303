// Small repairs that need the laid-out page: whatever scrolls sideways can be reached by keyboard.
{
  const boxes = "mjx-container[display='true'], .bd-article pre, .pst-scrollable-table-container";
  const mark = () => {
    for (const box of document.querySelectorAll(boxes)) {
      const scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls) box.tabIndex = 0;
      else if (box.tabIndex === 0) box.removeAttribute("tabindex");
    }
  };
  addEventListener("load", async () => {
    await window.courseMath;
    document.documentElement.classList.add("settled");
    mark();
    addEventListener("resize", mark);
  });
}
