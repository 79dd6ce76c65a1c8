// A formula is set when it comes within a screen of being seen, so that a long page need not wait for all of its own.
// MathJax itself is fetched for the first of them, or when ten seconds have passed, and in no case before the page has
// been painted. Before printing, all are set.
window.MathJax ??= {};
{
  const source = new URL("mathjax/tex-chtml.js", document.currentScript.src);
  const waiting = new Set(document.querySelectorAll(".math"));
  const near = new Set();
  let asked = false;
  let ready = false;

  function need() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = source;
    const append = () => setTimeout(() => document.head.append(script));
    document.hidden ? append() : requestAnimationFrame(append); // what nobody sees is not painted
  }

  async function set(formulas) {
    await MathJax.typesetPromise(formulas.filter((formula) => waiting.delete(formula)));
    document.documentElement.dataset.maths = "set";
  }

  function later(formulas) {
    formulas.forEach((formula) => near.add(formula));
    need();
  }

  const observer = new IntersectionObserver(
    (entries) => {
      const formulas = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
      formulas.forEach((formula) => observer.unobserve(formula));
      if (formulas.length) ready ? set(formulas) : later(formulas);
    },
    { rootMargin: "100% 0px" },
  );
  waiting.forEach((formula) => observer.observe(formula));

  MathJax.startup = {
    typeset: false,
    async pageReady() {
      await MathJax.startup.defaultPageReady();
      ready = true;
      await set([...near]);
    },
  };
  setTimeout(need, 10_000);
  addEventListener("beforeprint", () => {
    if (!ready) return later(waiting);
    MathJax.typeset([...waiting]);
    waiting.clear();
  });
}
