// MathJax waits until the page's figures answer; then it sets the formulas a few at a time, from
// the top, so that the page never stops answering. `courseMath` is done when all are set.
window.courseMath = (async () => {
  const folder = document.currentScript.src.replace(/\/[^/]*$/, "");
  const pause = () => new Promise((done) => setTimeout(done, 16));
  const waiting = () => [...document.querySelectorAll("[data-afm]")]
    .some((figure) => !figure.querySelector(".cu-fig, .cu-error"));
  for (let i = 0; i < 300 && waiting(); i++) await pause();
  window.MathJax = { ...window.MathJax, loader: { paths: { mathjax: folder } }, startup: { typeset: false } };
  (() => { /* MATHJAX */ })();
  await MathJax.startup.promise;
  const formulas = [...document.querySelectorAll(".math")];
  while (formulas.length) {
    await MathJax.typesetPromise(formulas.splice(0, 10));
    await pause();
  }
})();
