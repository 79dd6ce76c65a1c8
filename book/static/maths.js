// Formulas are set a few at a time, in the order of the page, so that a long page answers while they appear.
window.MathJax ??= {};
window.MathJax.startup = {
  typeset: false,
  async pageReady() {
    await MathJax.startup.defaultPageReady();
    const formulas = [...document.querySelectorAll(".math")];
    while (formulas.length) {
      await MathJax.typesetPromise(formulas.splice(0, 8));
      await new Promise((resolve) => setTimeout(resolve));
    }
    document.documentElement.dataset.maths = "set";
  },
};
