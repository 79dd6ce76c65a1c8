// A table or formula that is wider than its box scrolls inside it: reached by keyboard, and named for those who do not
// see it.
const boxes = document.querySelectorAll(".pst-scrollable-table-container, .cell_output > .output:has(table), div.math");

function labelWide() {
  const wide = new Set([...boxes].filter((box) => box.scrollWidth > box.clientWidth)); // before anything is changed
  for (const box of boxes) {
    const heads = [...box.querySelectorAll("caption, thead th")];
    const words = heads.map((head) => head.textContent.trim()).filter(Boolean);
    const name = box.matches(".math") ? "Formula, scrolls sideways" : `Table, scrolls sideways: ${words.join(", ")}`;
    const named = { tabindex: "0", role: "group", "aria-label": name };
    for (const [attribute, value] of Object.entries(named)) {
      if (wide.has(box)) box.setAttribute(attribute, value);
      else box.removeAttribute(attribute);
    }
  }
}

addEventListener("load", labelWide);
addEventListener("resize", labelWide);
