/**
 * Turns slides: space, Page Down and the arrows downwards go through all of them, a slide that is
 * higher than the window in steps; the arrows left and right go from section to section, Escape
 * shows the whole. Without it the slides stand below each other.
 */
{
  const all = [...document.querySelectorAll("section")];
  const nav = document.createElement("nav");
  const place = document.createElement("span");
  let now = 0;

  /** Makes the letters of a slide smaller until it fits, down to two thirds. */
  const fit = (/** @type {HTMLElement} */ slide) => {
    slide.style.fontSize = "";
    if (slide.querySelector("[data-afm]")) return; // it scrolls: a figure needs its size
    for (let size = 95; size >= 65 && slide.scrollHeight > slide.clientHeight; size -= 5) {
      slide.style.fontSize = `${size}%`;
    }
  };

  const show = (/** @type {number} */ to) => {
    now = Math.max(0, Math.min(all.length - 1, to));
    document.body.className = "turning";
    all.forEach((slide, i) => slide.classList.toggle("now", i === now));
    all[now].scrollTop = 0;
    fit(all[now]);
    place.textContent = `${now + 1} / ${all.length}`;
    history.replaceState(null, "", `#${now + 1}`);
  };

  /** Turns to a neighbour, where this slide has no more to show on that side. */
  const step = (/** @type {1 | -1} */ by) => {
    const slide = all[now];
    const below = slide.scrollHeight - slide.clientHeight - slide.scrollTop;
    const more = by > 0 ? below : slide.scrollTop;
    if (document.body.className !== "turning" || more < 1) show(now + by);
    else slide.scrollBy(0, by * 0.8 * slide.clientHeight);
  };

  const parts = all.flatMap((slide, i) => slide.classList.contains("part") ? [i] : []);
  const nextPart = () => parts.find((i) => i > now) ?? all.length - 1;
  const lastPart = () => parts.findLast((i) => i < now) ?? 0;

  const overview = () => {
    if (document.body.className === "all") return show(now);
    document.body.className = "all";
    for (const slide of all) slide.style.fontSize = "";
    all[now].scrollIntoView({ block: "center" });
  };

  /** @type {Record<string, () => void>} */
  const keys = {
    " ": () => step(1),
    PageDown: () => step(1),
    ArrowDown: () => step(1),
    PageUp: () => step(-1),
    ArrowUp: () => step(-1),
    ArrowRight: () => show(nextPart()),
    ArrowLeft: () => show(lastPart()),
    Home: () => show(0),
    End: () => show(all.length - 1),
    Escape: overview,
  };
  addEventListener("keydown", (event) => {
    const at = /** @type {Element} */ (event.composedPath()[0]);
    const used = at.matches?.("input, button, a, select, summary"); // a figure's keys are its own
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!Object.hasOwn(keys, event.key) || (used && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === " " && event.shiftKey) step(-1);
    else keys[event.key]();
  });
  all.forEach((slide, i) =>
    slide.addEventListener("click", () => document.body.className === "all" && show(i))
  );
  addEventListener("resize", () => document.body.className === "turning" && fit(all[now]));
  addEventListener("beforeprint", () => {
    for (const slide of all) slide.style.fontSize = "";
  });

  /** @type {[string, string, () => void][]} */
  const buttons = [
    ["‹", "Previous slide", keys.PageUp],
    ["›", "Next slide", keys.PageDown],
    ["All", "All slides", overview],
  ];
  for (const [sign, name, act] of buttons) {
    const button = document.createElement("button");
    button.textContent = sign;
    button.ariaLabel = name;
    button.onclick = () => {
      act();
      button.blur(); // else the space bar would press it again
    };
    nav.append(button);
  }
  nav.prepend(place);
  document.body.append(nav);
  const start = () => show((Number(location.hash.slice(1)) || 1) - 1);
  addEventListener("hashchange", start);
  start();
  document.fonts.ready.then(() => fit(all[now]));
}
