// The page of evidence: show the rows that carry every class chosen, and say how many they are.
const form = document.querySelector(".evidence-filter");
const rows = [...document.querySelectorAll("table.evidence tbody tr")];
const status = form.querySelector("[role=status]");

function choose() {
  const chosen = [...form.querySelectorAll("select")].map((select) => select.value).filter(Boolean);
  for (const row of rows) row.hidden = !chosen.every((name) => row.classList.contains(name));
  const shown = rows.filter((row) => !row.hidden).length;
  const text = chosen.length ? status.dataset.some : status.dataset.all;
  status.textContent = text.replace("{shown}", shown).replace("{all}", rows.length);
}

form.addEventListener("change", choose);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
choose(); // a browser may have kept the choice of the last visit
