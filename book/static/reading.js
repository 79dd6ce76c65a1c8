// Where one is on a page: its title and how far, in the head of a phone; ← and → turn the pages.
{
  const head = document.querySelector(".bd-header-article");
  const title = document.querySelector("article h1");
  if (head && title) {
    const here = document.createElement("span");
    here.className = "here";
    const name = title.cloneNode(true);
    for (const link of name.querySelectorAll(".headerlink")) link.remove();
    here.append(...name.childNodes);
    here.ariaHidden = "true"; // it is read out as the heading
    head.querySelector(".header-article-items__start").append(here);
    const far = document.createElement("div");
    far.className = "far";
    head.append(far);
    const spare = [...head.querySelectorAll(".dropdown, .btn-fullscreen-button")];
    const update = () => {
      const whole = document.documentElement.scrollHeight - innerHeight;
      far.style.transform = `scaleX(${whole > 0 ? Math.min(1, scrollY / whole) : 0})`;
      here.classList.toggle("seen", title.getBoundingClientRect().bottom < head.offsetHeight);
    };
    addEventListener("scroll", update, { passive: true });
    const resize = () => {
      head.style.setProperty("--spare", `${spare.reduce((sum, one) => sum + one.offsetWidth, 0)}px`);
      update();
    };
    addEventListener("resize", resize);
    resize();
  }

  // Not where the arrows have a use of their own: in a field, a figure, or what scrolls sideways.
  const OWN = "input, select, textarea, dialog, figure, pre, [role=group], [role=slider], [contenteditable]";
  addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (!turn || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target.closest(OWN) || document.querySelector("dialog[open]")) return;
    const page = document.querySelector(`link[rel=${turn}]`);
    if (page) location.href = page.href;
  });
}

// The section that one reads is marked in the page's contents: the last that begins above a line in the upper third of
// the window. The theme's own script marks what came last into sight, which after a jump may be another.
const contents = document.querySelector("#pst-page-toc-nav");
if (contents) {
  contents.removeAttribute("id"); // by which the theme's script would find them
  const begun = new Set();
  const links = [...contents.querySelectorAll("a[href^='#']")];
  const sections = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const watch = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) begun[isIntersecting ? "add" : "delete"](target);
      const here = links[sections.findLastIndex((section) => begun.has(section))];
      for (const link of links) link.ariaCurrent = link === here ? "true" : null;
      for (const entry of contents.querySelectorAll("li")) entry.classList.toggle("active", entry.contains(here));
    },
    { rootMargin: "9999999px 0px -70% 0px" }
  );
  for (const section of sections) if (section) watch.observe(section);
}

// On paper stands what was typed to a network, in the place of the field.
addEventListener("beforeprint", () => {
  for (const field of document.querySelectorAll(".rnn2attn-live [type=text]")) {
    field.nextElementSibling.textContent = field.value;
  }
});
