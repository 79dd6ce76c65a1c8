// Code, a table or a formula that is wider than its box scrolls inside it: reached by keyboard, and the last two named
// for those who do not see them. What is folded away is looked at when it is opened: else the browser would lay it out
// only to say how wide it is, as it did for the theme's script, whose place this takes (book/extension/light.py).
const boxes = document.querySelectorAll("pre, .cell_output > .output, .pst-scrollable-table-container, div.math");

function nameOf(box) {
  if (box.matches(".math")) return "Formula, scrolls sideways";
  if (!box.matches(":has(table)")) return "";
  const heads = [...box.querySelectorAll("caption, thead th")].map((head) => head.textContent.trim());
  return `Table, scrolls sideways: ${heads.filter(Boolean).join(", ")}`;
}

function label() {
  const seen = [...boxes].filter((box) => box.checkVisibility());
  const wide = new Set(seen.filter((box) => box.scrollWidth > box.clientWidth)); // before anything is changed
  for (const box of seen) {
    for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
    if (!wide.has(box)) continue;
    box.tabIndex = 0;
    const name = nameOf(box);
    if (!name) continue;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
  }
}

let waiting;
function labelSoon() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(label);
}

addEventListener("load", label);
addEventListener("resize", labelSoon);
for (const opened of ["toggle", "change"]) addEventListener(opened, labelSoon, true); // of what folds, and of tabs
