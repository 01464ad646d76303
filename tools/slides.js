/**
 * Turns the slides, and fills those of a chapter. `main` holds pieces of these kinds: "bound" stays
 * with the piece before it and "near" should, "more" continues its code, "slide" begins a slide, and
 * a "figure", joined with its neighbours of that kind in a chapter, has one of its own. In a deck
 * that is written by hand only "slide" begins one; what is "later" there, and the steps of a
 * derivation, are hidden until one goes on. A "note" is on no slide, but in the notes of the piece
 * before it; an "extra" begins what may be left out. Without this script the pieces stand below each other.
 *
 * Space, Page Down and the arrows downwards go through all slides, one that is higher than the
 * window in steps; the arrows left and right go from section to section. Escape or o shows the
 * whole, b a black screen, f fills the screen, n opens a window for who speaks, z makes figures large.
 */
{
  const hand = document.documentElement.className === "hand"; // each slide as it was written
  if (hand) Object.assign(globalThis, { cuTextSize: 18 }); // pixels of the letters in plots
  const FULL = 1.12; // of a slide's height: what is too much is made smaller, code to 14 of 720 pixels
  const COLUMNS = new CSSStyleSheet(); // of a figure: it is higher than wide, a slide wider than high
  COLUMNS.replaceSync(`
    :host { max-width: none !important; }
    .frame { display: block; columns: 2; column-gap: 2em; }
    .frame > *, .grid2:nth-child(3):nth-last-child(3) > .stack > * { break-inside: avoid; margin-bottom: .75em; }
    .frame > .bar { position: static; }
    .frame:has(.lanes) > .lead { display: none; }
    .frame:has(> .grid2:nth-child(3):nth-last-child(3)) { columns: 3; }
    .grid2:nth-child(3):nth-last-child(3), .grid2:nth-child(3):nth-last-child(3) > .stack { display: contents; }
    .frame:has(> .side) { columns: 3; }
    .side, .side > .stack { display: contents; }
    .frame:has(.heat) { columns: 3; }
    .frame:has(> .graph) { display: grid; grid-template: repeat(10, auto) 1fr / 1fr 1fr; gap: 0 2em; }
    .frame > .graph { grid-area: 1 / 2 / 12 / 3; }
    .frame:has(.heat) > .grid2, .frame:has(.heat) > .grid2 > .stack { display: contents; }
    .frame:has(.heat) > .grid2 :is(.near, .formula) { break-inside: avoid; margin-bottom: .75em; }
    .side > *, .side > .stack > * { break-inside: avoid; margin-bottom: .75em; }
  `);
  const main = /** @type {HTMLElement} */ (document.querySelector("main"));
  const paper = document.head.appendChild(document.createElement("style"));
  const nav = document.createElement("nav");
  const place = document.createElement("span");
  for (const next of hand ? [] : main.querySelectorAll(".figure + .figure")) {
    next.previousElementSibling?.append(...next.children);
    next.remove();
  }
  /** What no slide shows, by the piece before it. @type {Map<Element, Element[]>} */
  const notes = new Map();
  for (const note of main.querySelectorAll(":scope > .note")) {
    const its = /** @type {Element} */ (note.previousElementSibling); // no slide begins with a note
    notes.set(its, [...(notes.get(its) ?? []), note]);
    note.remove();
  }
  const pieces = /** @type {HTMLElement[]} */ ([...main.children]);
  const figures = pieces.filter((piece) => piece.matches(".figure"));
  /** @type {HTMLElement[]} */
  let all = [];
  let now = 0;
  let large = false; // the figures of this slide: in one column, and to be scrolled
  let [room, width] = [0, 0]; // inside a slide

  /** What is gained by a break before a piece, where a slide costs 1. */
  const gain = (/** @type {HTMLElement} */ piece) => {
    if (piece.querySelector("h1, h2")) return 0.4;
    if (piece.querySelector("h3")) return 0.15;
    const announced = piece.previousElementSibling?.textContent?.trimEnd().endsWith(":");
    return announced || piece.matches(".near") ? -0.5 : 0;
  };

  /** @typedef {{ pieces: HTMLElement[], top: number, bottom: number, gain: number }} Group */

  /** Pieces that no slide parts, as they stand below each other. @return {Group[]} */
  const grouped = () => {
    /** @type {HTMLElement[][]} */
    const groups = [];
    for (const piece of pieces) {
      const before = /** @type {HTMLElement | null} */ (piece.previousElementSibling);
      const heading = before?.lastElementChild?.matches("h1, h2, h3");
      const goes = hand ? !piece.matches(".slide") : heading || piece.matches(".bound");
      if (groups.length && goes) {
        groups[groups.length - 1].push(piece);
      } else groups.push([piece]);
    }
    return groups.map((these) => {
      const last = these[these.length - 1];
      const [top, bottom] = [these[0].offsetTop, last.offsetTop + last.offsetHeight];
      return { pieces: these, top, bottom, gain: gain(these[0]) };
    });
  };

  const isAlone = (/** @type {Group} */ group) => group.pieces.some((p) => p.matches(".figure"));

  /** The slides that leave least room empty, counted back from the last. */
  const filled = (/** @type {Group[]} */ groups) => {
    const best = [{ cost: 0, slides: /** @type {Group[][]} */ ([]) }];
    for (let i = groups.length - 1; i >= 0; i--) {
      let found = { cost: Infinity, slides: /** @type {Group[][]} */ ([]) };
      for (let end = i + 1; end <= groups.length; end++) {
        const slide = groups.slice(i, end);
        const added = slide[slide.length - 1];
        const used = isAlone(added) ? 1 : (added.bottom - slide[0].top) / room;
        const apart = slide.some(isAlone) || used > FULL || added.pieces[0].matches(".slide");
        if (slide.length > 1 && apart) break;
        const waste = used > 1 ? 2 * (used - 1) : (1 - used) ** 2 + Number(used < 0.4);
        const rest = best[groups.length - end];
        const cost = 1 + waste - (groups[end]?.gain ?? 0) + rest.cost;
        if (cost < found.cost) found = { cost, slides: [slide, ...rest.slides] };
      }
      best.push(found);
    }
    return best[groups.length].slides;
  };

  const shrink = (/** @type {HTMLElement} */ element, /** @type {number} */ share) => {
    if (share < 1) element.style.zoom = String(Math.max(0.6, share));
  };

  /**
   * Puts the parts of a figure into columns, once. Which begins one stays so: it must not
   * leap while a slider is moved.
   */
  const inColumns = (/** @type {HTMLElement} */ figure) => {
    const root = figure.querySelector(".cu-fig")?.shadowRoot;
    const frame = root?.querySelector(".frame:not(.quiz)");
    if (!root || !frame || root.adoptedStyleSheets.includes(COLUMNS)) return;
    root.adoptedStyleSheets.push(COLUMNS);
    figure.classList.add("columns");
    /** @return {Element[]} */
    const flat = (/** @type {Element} */ part) =>
      getComputedStyle(part).display === "contents" ? [...part.children].flatMap(flat) : [part];
    const parts = [...frame.children].flatMap(flat).filter((part) => part.getClientRects().length);
    const left = parts.map((part) => part.getBoundingClientRect().left);
    parts.forEach((part, i) => {
      const begins = i > 0 && left[i] > left[i - 1] + 99;
      if (begins) /** @type {HTMLElement} */ (part).style.breakBefore = "column";
    });
  };

  /** Hides the steps of a derivation but the first. */
  const inSteps = (/** @type {HTMLElement} */ slide) => {
    for (const step of slide.querySelectorAll(".step + .step")) step.classList.add("later");
  };

  /** The foot of a slide: its chapter, and the section that it goes on with. */
  const foot = (/** @type {HTMLElement} */ first) => {
    const node = document.createElement("footer");
    if (first.querySelector("h1")) return node;
    const before = pieces.slice(0, pieces.indexOf(first) + 1);
    const start = before.findLastIndex((piece) => piece.dataset.chapter);
    const title = before.slice(start).findLast((piece) => piece.querySelector("h2"))
      ?.querySelector("h2");
    node.append(before[start].dataset.chapter ?? "");
    if (title && !first.contains(title)) node.append(" · ", ...title.cloneNode(true).childNodes);
    return node;
  };

  /** Height of what a slide shows. */
  const used = (/** @type {HTMLElement} */ slide) => {
    const parts = [...slide.querySelectorAll(":scope > .piece, .beside")];
    const boxes = parts.map((part) => part.getBoundingClientRect());
    return Math.max(...boxes.map((box) => box.bottom)) - boxes[0].top;
  };

  /** Gives the words of a slide the largest letters that it has room for, beside its pictures. */
  const grow = (/** @type {HTMLElement} */ slide) => {
    const find = (
      /** @type {string} */ what,
    ) => /** @type {HTMLElement[]} */ ([...slide.querySelectorAll(what)]);
    const parts = find(":scope > .piece:not(.figure)");
    const pictures = find("img:not(.beside), :not(.beside) > svg[width]");
    const wide = [slide, ...find("pre, table, .formula, .derivation")];
    const asks = slide.querySelector("blockquote") ? 0.95 : 1;
    const seen = pictures.some((picture) => !picture.closest(".later"));
    const largest = slide.querySelector(".figure") ? 1 : seen ? asks : 1.4;
    for (let zoom = largest; zoom > 0.5; zoom -= 0.05) {
      for (const part of parts) part.style.zoom = String(zoom);
      for (const picture of find("img.beside")) {
        const above = picture.getBoundingClientRect().top - parts[0].getBoundingClientRect().top;
        picture.style.maxHeight = `${(room - above) / zoom}px`;
      }
      for (const picture of pictures) {
        const share = picture.matches("svg") ? 0.62 : 0.76; // the letters of a drawing are larger
        const least = share * room / pictures.length;
        picture.style.maxHeight = "";
        const over = Math.max(0, used(slide) - room);
        const height = picture.getBoundingClientRect().height;
        picture.style.maxHeight = `${Math.max(height - over, Math.min(height, least)) / zoom}px`;
      }
      if (used(slide) > room || wide.some((e) => e.scrollWidth > e.clientWidth + 1)) continue;
      for (const img of slide.querySelectorAll("img:not(.beside)")) { // it takes what is left
        const picture = /** @type {HTMLImageElement} */ (img);
        const box = picture.getBoundingClientRect();
        const shape = picture.naturalWidth / picture.naturalHeight;
        const free = (room - used(slide)) / pictures.length;
        const across = Math.min(width, box.width + free * shape, (box.height + free) * shape);
        picture.style.maxHeight = "none";
        picture.style.width = `${across / zoom}px`;
      }
      return;
    }
  };

  /** Hides what the deck doesn't want of a figure, once. */
  const trim = (/** @type {HTMLElement} */ figure) => {
    const root = figure.querySelector(".cu-fig")?.shadowRoot;
    const parts = figure.querySelector("[data-without]")?.getAttribute("data-without");
    if (!root?.querySelector(".frame") || !parts || figure.matches(".trimmed")) return;
    if (parts.includes(".guess")) root.querySelector(".skip")?.click();
    figure.classList.add("trimmed");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      :is(${parts}) { display: none !important; }
      .frame > .board { display: grid; grid-template-columns: 11fr 9fr; gap: 0 1.5em; align-items: start; }
      .frame:has(> .graph) { display: grid; grid-template: repeat(8, auto) 1fr auto / 3fr 2fr; gap: 0 1.5em; }
      .frame > .graph { grid-area: 1 / 1 / 11 / 2; display: block; }
      .frame > .meet { grid-area: 9 / 2; align-self: end; }
      .graph .panel { left: calc(100% + 1.5em); width: calc(66% - 1.5em); height: auto; }
      .frame:has(> .graph .panel) > .row { grid-area: 10 / 2; align-self: end; font-size: 20px; }
      .frame:has(> .key) { display: grid; grid-template-columns: 1fr 1fr; gap: .5em 1em; }
      .frame:has(> .key) > :not(.key) { grid-column: 1 / 3; }
      .frame:has(> .key) > .grid2 { grid-row: 1; }
      .frame > .key { grid-area: 1 / 2; align-self: end; }
      .frame, svg text, svg text.big, .axis, .heat, .steps small, .off, .key, .say { font-size: 18px; line-height: 1.2; }
      .graph svg text, .graph .panel, .graph .say { font-size: 20px; }
    `);
    root.adoptedStyleSheets.push(sheet);
  };

  /** Gives figures the room that the words of their slide leave. */
  const fit = (/** @type {HTMLElement} */ figure) => {
    const slide = figure.parentElement;
    if (!slide || document.body.className !== "turning" || figure.matches(":active")) return;
    figure.style.zoom = "1";
    if (hand) trim(figure);
    figure.style.width = large || hand ? "864px" : "";
    const wanted = figure.querySelector("[data-columns]"); // by the deck
    if (!hand || wanted || figure.offsetHeight > 700) inColumns(figure);
    if (!large && figure.matches(".columns")) figure.style.width = "";
    const words = used(slide) - figure.offsetHeight;
    const across = width / figure.offsetWidth;
    const share = [across, (room - words) / figure.offsetHeight, room / (hand ? 400 : 500)];
    figure.style.zoom = String(large ? across : Math.max(0.5, Math.min(...share)));
  };

  const layOut = () => {
    const first = all[now]?.firstElementChild;
    const whole = document.createElement("section");
    document.body.className = "";
    main.replaceChildren(whole);
    whole.append(...pieces);
    for (const piece of pieces) piece.style.zoom = "";
    for (const picture of whole.querySelectorAll("img")) {
      picture.style.maxHeight = "";
      picture.style.width = picture.dataset.width ??= picture.style.width;
    }
    const style = getComputedStyle(whole);
    const margins = 1.2 * parseFloat(style.fontSize); // of the first piece and of the last
    room = innerHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom) - margins;
    width = pieces[0].offsetWidth;
    for (const wide of whole.querySelectorAll("pre, table, .formula, .derivation")) {
      const element = /** @type {HTMLElement} */ (wide);
      element.style.zoom = "";
      shrink(element, Math.min(element.clientWidth, width) / element.scrollWidth);
    }
    all = filled(grouped()).map((groups) => {
      const slide = document.createElement("section");
      const height = groups[groups.length - 1].bottom - groups[0].top;
      const parts = groups.flatMap((group) => group.pieces);
      const pictures = parts.flatMap((piece) => [...piece.querySelectorAll("img")]);
      for (const picture of pictures) {
        const free = Math.max(0, room - height) / pictures.length;
        picture.style.maxHeight = `${picture.offsetHeight + free}px`;
      }
      if (!hand && !groups.some(isAlone)) {
        for (const piece of parts) shrink(piece, room / height);
      }
      slide.append(...parts, foot(parts[0]));
      return slide;
    });
    main.replaceChildren(...all);
    if (hand) all.forEach(inSteps);
    for (const slide of all) {
      if (hand) grow(slide);
      const share = hand ? 1 : room / used(slide); // smaller letters may break lines elsewhere
      if (share >= 1 || slide.querySelector(".figure")) continue;
      for (const piece of slide.querySelectorAll(":scope > .piece")) {
        const element = /** @type {HTMLElement} */ (piece);
        shrink(element, share * Number(element.style.zoom || 1));
      }
    }
    all.forEach((slide, i) => {
      slide.dataset.number = `${i + 1} / ${all.length}`;
      slide.onclick = () => { // false would take the click from what is on the slide
        if (document.body.className === "all") show(i);
      };
    });
    paper.textContent = `@page { size: ${innerWidth}px ${innerHeight}px; margin: 0; }`;
    return all.findIndex((slide) => slide.contains(first ?? null));
  };

  const show = (/** @type {number} */ to) => {
    COLUMNS.disabled = large &&= to === now;
    now = Math.max(0, Math.min(all.length - 1, to));
    document.body.className = "turning";
    all.forEach((slide, i) => slide.inert = !slide.classList.toggle("now", i === now));
    all[now].classList.toggle("large", large);
    all[now].scrollTop = 0;
    figures.forEach(fit);
    place.textContent = all[now].dataset.number ?? "";
    history.replaceState(now, "", `#${now + 1}`); // a figure writes its address, and keeps the state
    tell();
  };

  /** The window of who speaks: its clock starts when it opens. @type {Window | null} */
  let speaker = null;
  let began = 0;

  const title = (/** @type {HTMLElement | undefined} */ slide) => {
    const parts = /** @type {HTMLElement[]} */ ([
      ...slide?.querySelectorAll("h1, h2, h3, blockquote, .piece") ?? [],
    ]);
    const first = parts.find((part) => part.matches("h1, h2, h3, blockquote")) ??
      parts.find((part) => part.matches(".figure") || part.innerText.trim()); // a picture has no words
    const extra = slide?.querySelector(".extra") ? " (may be left out)" : "";
    return first?.matches(".figure") ? "a figure" : (first?.innerText.trim() ?? "") + extra;
  };

  /** The notes of a slide. */
  const noted = (/** @type {HTMLElement} */ slide) =>
    [...slide.querySelectorAll(":scope > .piece")].flatMap((piece) => notes.get(piece) ?? []);

  /** The minute at which the section of a slide ends, if there is a plan. */
  const until = (/** @type {HTMLElement} */ slide) => {
    const before = pieces.slice(
      0,
      pieces.indexOf(/** @type {HTMLElement} */ (slide.firstChild)) + 1,
    );
    const minute = before.findLast((piece) => piece.dataset.until)?.dataset.until;
    return minute ? ` · to minute ${minute}` : "";
  };

  /** Shows the notes of the slide, what the next press shows, and how long it has been. */
  const tell = () => {
    if (!speaker || speaker.closed) return;
    const head = document.createElement("p");
    const clock = document.createElement("strong");
    const following = title(all[now + 1]).replace(/\s+/g, " ");
    const words = /^.{0,90}(?!\S)/su.exec(following)?.[0] ?? following;
    const step = hidden();
    const question = step?.matches(".piece")
      ? step.previousElementSibling
      : step?.closest(".piece");
    const answer = question?.querySelector("blockquote"); // a picture beside it answers it, too
    const next = answer ? "the answer" : step ? "the next step" : words;
    const ahead = next ? `next: ${next}` : "the end";
    head.append(clock, `${until(all[now])} · ${place.textContent} · ${ahead}`);
    clock.id = "clock";
    const coming = step ? [step] : [];
    speaker.document.body.replaceChildren(
      head,
      ...[...noted(all[now]), ...coming].map((part) => part.cloneNode(true)),
    );
    speaker.scrollTo(0, 0);
    tick();
  };
  const tick = () => {
    const clock = speaker?.document.querySelector("#clock");
    const seconds = Math.floor((Date.now() - began) / 1000);
    const rest = String(seconds % 60).padStart(2, "0");
    if (clock) clock.textContent = `${Math.floor(seconds / 60)}:${rest}`;
  };
  const speak = () => {
    if (!speaker || speaker.closed) {
      speaker = open("", "", "width=900,height=700");
      if (!speaker) return; // the browser lets no window open
      began = Date.now();
      const styles = document.querySelectorAll("style");
      speaker.document.head.append(...[...styles].map((style) => style.cloneNode(true)));
      speaker.document.documentElement.className = "speaker";
      speaker.document.title = document.title;
      speaker.addEventListener("keydown", pressed);
      speaker.setInterval(tick, 1000); // ends with the window
    }
    speaker.focus();
    tell();
  };

  /** The next answer or step on this slide that was not told. */
  const hidden = () => all[now].querySelector(".later:not(.told)");

  /** Tells an answer or hides the last, or turns to a neighbour, where nothing more is on that side. */
  const step = (/** @type {1 | -1} */ by) => {
    const slide = all[now];
    const answer = by > 0 && document.body.className === "turning" && hidden();
    if (answer) {
      answer.classList.add("told");
      return tell();
    }
    const told = [...slide.querySelectorAll(".told")].pop();
    if (by < 0 && told) {
      told.classList.remove("told");
      return tell();
    }
    const below = slide.scrollHeight - slide.clientHeight - slide.scrollTop;
    const more = by > 0 ? below : slide.scrollTop;
    if (document.body.className !== "turning" || more < 1) show(now + by);
    else slide.scrollBy(0, by * 0.8 * slide.clientHeight);
  };

  const begins = (/** @type {HTMLElement} */ slide) =>
    Boolean(slide.querySelector(hand ? "[data-until]" : "h1, h2"));
  const isExtra = (/** @type {HTMLElement} */ slide) => Boolean(slide.querySelector(".extra"));
  const nextPart = () => all.findIndex((slide, i) => i > now && begins(slide) && !isExtra(slide));
  const lastPart = () => all.findLastIndex((slide, i) => i < now && begins(slide));

  const overview = () => {
    if (document.body.className === "all") return show(now);
    document.body.className = "all";
    for (const slide of all) slide.inert = false;
    all[now].scrollIntoView({ block: "center" });
  };
  const black = () => {
    if (document.body.className === "black") show(now);
    else document.body.className = "black";
  };
  const enlarge = () => {
    large = !large;
    show(now);
  };
  const wholeScreen = () =>
    document.fullscreenElement ? document.exitFullscreen() : document.body.requestFullscreen();

  /** @type {Record<string, () => void>} */
  const keys = {
    " ": () => step(1),
    PageDown: () => step(1),
    ArrowDown: () => step(1),
    PageUp: () => step(-1),
    ArrowUp: () => step(-1),
    ArrowRight: () => show(nextPart() < 0 ? all.length - 1 : nextPart()),
    ArrowLeft: () => show(lastPart()),
    Home: () => show(0),
    End: () => show(all.length - 1),
    Escape: overview,
    o: overview,
    b: black,
    ".": black,
    f: wholeScreen,
    n: speak,
    z: enlarge,
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const at = /** @type {Element} */ (event.composedPath()[0]);
    const used = at.matches?.("input, select, summary") || // a figure's keys are its own
      (at.matches?.("button, a") && [" ", "Enter"].includes(event.key)); // the others go on
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!Object.hasOwn(keys, event.key) || (used && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === " " && event.shiftKey) step(-1);
    else keys[event.key]();
  };
  addEventListener("keydown", pressed);

  /** @type {[string, string, () => void][]} */
  const buttons = [
    ["‹", "Previous slide", keys.PageUp],
    ["›", "Next slide", keys.PageDown],
    ["All", "All slides", overview],
    ["Notes", "A window with notes and a clock", speak],
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

  const addressed = () => show(Number(location.hash.slice(1)) - 1 || history.state || 0);
  addEventListener("load", async () => {
    await document.fonts.ready; // and the pictures: both have heights
    layOut();
    addressed();
    addEventListener("hashchange", addressed);
    addEventListener("resize", () => show(layOut()));
    addEventListener("click", () => figures.forEach(fit));
    const grown = new ResizeObserver(() => figures.forEach(fit));
    for (const figure of figures) grown.observe(figure);
  });
}
