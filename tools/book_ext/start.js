// MathJax waits until the page's figures answer; then it sets the formulas a few at a time, from
// the top, so that the page never stops answering. `courseMath` is done when all are set.
window.courseMath = (async () => {
  const folder = document.currentScript.src.replace(/\/[^/]*$/, "");
  const pause = () => new Promise((done) => setTimeout(done, 16));
  // The next frame is on the screen (a hidden page has none, and goes on after 200 ms).
  const frame = () => Promise.race([new Promise((done) => setTimeout(done, 200)),
    new Promise((done) => requestAnimationFrame(() => setTimeout(done)))]);
  const waiting = () => [...document.querySelectorAll("[data-afm]")]
    .some((figure) => !figure.querySelector(".cu-fig, .cu-error"));
  for (let i = 0; i < 300 && waiting(); i++) await pause();
  for (let i = 0; i < 4; i++) await frame(); // a slider that is already held comes first
  window.MathJax = { ...window.MathJax, loader: { paths: { mathjax: folder } }, startup: { typeset: false } };
  (() => { /* MATHJAX */ })();
  await MathJax.startup.promise;
  const formulas = [...document.querySelectorAll(".math")];
  while (formulas.length) {
    await frame();
    await MathJax.typesetPromise(formulas.splice(0, 10));
  }
})();
