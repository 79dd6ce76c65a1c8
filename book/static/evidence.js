// The page of evidence: show the claims that were asked for, keep the choice in the address, open the claim it names.
const form = document.querySelector(".evidence-filter");
const rows = [...document.querySelectorAll("table.evidence > tbody > tr")];
const folds = rows.map((row) => row.querySelector("details"));
const button = form.querySelector("button");
const status = form.querySelector("[role=status]");
const texts = rows.map((row) => row.textContent.toLowerCase());

function choose() {
  const chosen = [...form.querySelectorAll("select")].map((select) => select.value).filter(Boolean);
  const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  rows.forEach((row, i) => {
    row.hidden = !(chosen.every((name) => row.classList.contains(name)) && words.every((w) => texts[i].includes(w)));
  });
  const shown = rows.filter((row) => !row.hidden).length;
  const text = shown < rows.length ? status.dataset.some : status.dataset.all;
  status.textContent = text.replace("{shown}", shown).replace("{all}", rows.length);
}

// The address ends in #c9, a claim, or in #chapter=2&words=gate, a choice.
function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const field of form.elements) {
    if (field.name) field.value = asked.has(field.name) ? value(field, asked.get(field.name)) : "";
  }
  choose();
  const claim = rows.find((row) => `#${row.id}` === location.hash.toLowerCase());
  if (!claim) return;
  claim.querySelector("details").open = true;
  claim.scrollIntoView();
}

const value = (field, text) => (field.name === "words" ? text : `${field.name}-${text}`);

form.addEventListener("input", () => {
  const asked = [...form.elements].filter((field) => field.name && field.value);
  const pairs = asked.map((field) => [field.name, field.value.replace(`${field.name}-`, "")]);
  history.replaceState(null, "", `#${new URLSearchParams(pairs)}`);
  choose();
});
form.addEventListener("submit", (event) => event.preventDefault());
button.addEventListener("click", () => {
  const open = !folds.every((fold) => fold.open);
  for (const fold of folds) fold.open = open;
  button.textContent = open ? "Fold all" : "Unfold all";
});
addEventListener("hashchange", follow);
form.hidden = false;
follow();
