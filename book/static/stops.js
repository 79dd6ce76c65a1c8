// Terms, claims' numbers, copy buttons, folded code and the heads of a network are hundreds in a chapter. Tab stops at
// one of them in each section; the arrows up and down go from there to the others, and on through the page.
{
  const HEADS = ".looks .switch input"; // shown by a script that comes later
  const AIDS = `article :is(.copybtn, a[data-card], details.hide > summary, .claim summary, ${HEADS})`;
  const sections = new Map(); // section → the aid at which Tab stops
  const aids = () => [...document.querySelectorAll(AIDS)].filter((aid) => aid.checkVisibility());
  const section = (aid) => aid.closest(".looks, article > section > section") ?? document.body;

  function stopAt(aid) {
    sections.get(section(aid))?.setAttribute("tabindex", "-1");
    sections.set(section(aid), aid);
    aid.setAttribute("tabindex", "0");
  }

  for (const aid of document.querySelectorAll(AIDS)) {
    aid.setAttribute("tabindex", "-1");
    aid.setAttribute("aria-keyshortcuts", "ArrowDown ArrowUp");
    if (aid.matches(".copybtn")) aid.setAttribute("aria-label", "Copy");
    if (!sections.has(section(aid)) && (aid.checkVisibility() || aid.matches(HEADS))) stopAt(aid);
  }
  document.addEventListener("focusin", (event) => event.target.matches(AIDS) && stopAt(event.target));
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(AIDS) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const all = aids();
    all[all.indexOf(event.target) + step]?.focus();
  });
}
