// A switch above the page unfolds all code, and the next page remembers it.
const folded = [...document.querySelectorAll("details.hide")];
const place = document.querySelector(".article-header-buttons");
if (folded.length && place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm all-code";
  button.innerHTML = '<span aria-hidden="true">{ }</span> <span class="words"></span>'; // a phone shows the sign alone

  function unfold(all) {
    for (const one of folded) one.open = all;
    button.setAttribute("aria-pressed", all);
    button.title = button.lastChild.textContent = all ? "Hide code" : "Show all code";
    try {
      localStorage.setItem("all-code", all);
    } catch {} // where nothing may be kept, it is not remembered
  }

  let kept = null;
  try {
    kept = localStorage.getItem("all-code");
  } catch {}
  unfold(kept === "true");
  button.addEventListener("click", () => unfold(button.getAttribute("aria-pressed") !== "true"));
  place.prepend(button);
}
