// MathJax is fetched once the page has been painted, so that the text need not wait for it. A formula is set when it
// comes within a screen of being seen, so that a long page need not wait for all of its own. Before printing, all are.
window.MathJax ??= {};
window.MathJax.startup = {
  typeset: false,
  async pageReady() {
    await MathJax.startup.defaultPageReady();
    const waiting = new Set(document.querySelectorAll(".math"));
    const observer = new IntersectionObserver(
      async (entries) => {
        const near = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
        near.forEach((formula) => observer.unobserve(formula));
        await MathJax.typesetPromise(near.filter((formula) => waiting.delete(formula)));
        document.documentElement.dataset.maths = "set";
      },
      { rootMargin: "100% 0px" },
    );
    waiting.forEach((formula) => observer.observe(formula));
    addEventListener("beforeprint", () => {
      MathJax.typeset([...waiting]);
      waiting.clear();
    });
  },
};

{
  const script = document.createElement("script");
  script.src = new URL("mathjax/tex-chtml.js", document.currentScript.src);
  const fetch = () => setTimeout(() => document.head.append(script));
  document.hidden ? fetch() : requestAnimationFrame(fetch);  // what nobody sees is not painted
}
