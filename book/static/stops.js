// Terms, claims' numbers, copy buttons, folded code and the heads of a network are hundreds in a chapter, and each page
// has a link in the contents of all. Tab stops at one of them in each section, and in each part of the contents; the
// arrows up and down go from there to the others, and on through the page or the contents.
{
  const HEADS = ".looks .switch input"; // shown by a script that comes later
  const LINKS = ":is(.bd-docs-nav, .page-toc) a"; // on a phone in drawers, which are closed at first
  const AIDS = `article :is(.copybtn, a[data-card], details.hide > summary, .claim summary, ${HEADS}), ${LINKS}`;
  const sections = new Map(); // section → the aid at which Tab stops
  const section = (aid) =>
    aid.closest(".looks, article > section > section, .bd-sidenav, .page-toc") ?? document.body;

  function stopAt(aid) {
    sections.get(section(aid))?.setAttribute("tabindex", "-1");
    sections.set(section(aid), aid);
    aid.setAttribute("tabindex", "0");
  }

  // All are looked at before one is changed: else the page would be laid out anew for each.
  const aids = [...document.querySelectorAll(AIDS)];
  for (const aid of aids) {
    const first = !sections.has(section(aid)) && (aid.checkVisibility() || aid.matches(`${HEADS}, ${LINKS}`));
    if (first || aid.matches(".bd-docs-nav .current")) sections.set(section(aid), aid);
  }
  const stops = new Set(sections.values());
  for (const aid of aids) {
    aid.setAttribute("tabindex", stops.has(aid) ? "0" : "-1");
    aid.setAttribute("aria-keyshortcuts", "ArrowDown ArrowUp");
    if (aid.matches(".copybtn")) aid.setAttribute("aria-label", "Copy");
  }
  document.addEventListener("focusin", (event) => event.target.matches(AIDS) && stopAt(event.target));
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(AIDS) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const around = event.target.closest("article, .bd-docs-nav, .page-toc");
    const all = [...around.querySelectorAll(AIDS)].filter((aid) => aid.checkVisibility());
    all[all.indexOf(event.target) + step]?.focus();
  });
}
