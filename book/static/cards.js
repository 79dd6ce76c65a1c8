// A card shows what a term means or a claim says, where the pointer rests on a link to it or the keyboard has come.
{
  const card = document.createElement("div");
  card.id = "card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  document.querySelector("main").append(card);
  let link = null;
  let later = 0;

  function show(one) {
    clearTimeout(later);
    if (link !== one) hide();
    link = one;
    card.textContent = one.dataset.card;
    card.hidden = false;
    one.setAttribute("aria-describedby", "card");
    const [box, { width, height }] = [one.getClientRects()[0], card.getBoundingClientRect()];
    const below = box.bottom + height + 8 < innerHeight;
    card.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - width - 8))}px`;
    card.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
  }

  function hide() {
    clearTimeout(later);
    link?.removeAttribute("aria-describedby");
    link = null;
    card.hidden = true;
  }

  const wait = (what, time) => {
    clearTimeout(later);
    later = setTimeout(what, time);
  };
  const of = (event) => event.target.closest?.("a[data-card]");
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const one = of(event);
    if (one) wait(() => show(one), 150);
    else if (event.target === card) clearTimeout(later); // one may go there to read, or to copy
    else if (link && link !== document.activeElement) wait(hide, 200);
    else if (!link) clearTimeout(later);
  });
  document.addEventListener("focusin", (event) => (of(event)?.matches(":focus-visible") ? show(of(event)) : hide()));
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", () => link && link !== document.activeElement && hide(), { passive: true });
}
