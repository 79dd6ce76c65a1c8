// What a reader expects is chosen before the text goes on. The first choice is kept, in this browser alone.
{
  const KEY = "predictions";
  const page = document.getElementById("where-i-was-wrong");
  const boxes = [...document.querySelectorAll(".callout-predict:has(.choices)")];
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {} // where nothing may be kept, a choice lasts as long as the page

  function keep() {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {}
  }

  const words = (item) => item.textContent.replace(/\s+/g, " ").trim();

  for (const box of boxes) {
    const choices = [...box.querySelectorAll(".choices > li")];
    const answers = [...box.querySelectorAll(".answers > li")];
    const said = document.createElement("div");
    said.className = "said";
    said.setAttribute("role", "status");
    box.querySelector("details").replaceWith(said);
    const list = box.querySelector(".choices");
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-label", "Your prediction");
    const names = choices.map(words);

    function answer(number) {
      for (const [n, item] of choices.entries()) {
        item.classList.toggle("chosen", n === number);
        item.classList.toggle("first", names[n] === kept[box.id]?.choice);
      }
      said.innerHTML = answers[number].innerHTML;
      said.classList.toggle("right", choices[number].classList.contains("right"));
    }

    for (const [n, item] of choices.entries()) {
      item.setAttribute("role", "presentation");
      const label = document.createElement("label");
      const button = Object.assign(document.createElement("input"), { type: "radio", name: box.id, value: n });
      label.append(button, " ", ...item.childNodes);
      item.append(label);
      button.addEventListener("change", () => {
        kept[box.id] ??= { choice: names[n], right: item.classList.contains("right") };
        keep();
        answer(n);
      });
    }
    const before = names.indexOf(kept[box.id]?.choice);
    if (before >= 0) {
      choices[before].querySelector("input").checked = true;
      answer(before);
    }
  }

  if (page) {
    const line = page.querySelector(".so-far");
    const forget = Object.assign(document.createElement("button"), {
      type: "button", className: "forget", textContent: "Forget all predictions",
    });
    function count() {
      const made = boxes.filter((box) => box.querySelector(".first"));
      const wrong = made.filter((box) => !box.querySelector(".first.right"));
      const off = wrong.length === 1 ? "1 of them was" : `${wrong.length} of them were`;
      line.textContent = made.length
        ? `You have made ${made.length} of ${boxes.length} predictions that offer choices; ${off} not what came out.`
        : `You have made none of ${boxes.length} predictions that offer choices in this browser yet.`;
      for (const box of boxes) {
        box.hidden = !made.includes(box);
        box.classList.toggle("missed", wrong.includes(box));
      }
      for (const head of page.querySelectorAll(".predictions-of")) {
        let next = head.nextElementSibling;
        while (next?.hidden) next = next.nextElementSibling;
        head.hidden = !next?.matches(".callout-predict");
      }
      forget.hidden = !made.length;
    }
    forget.addEventListener("click", () => {
      kept = {};
      keep();
      location.reload();
    });
    for (const input of page.querySelectorAll(".choices input")) input.disabled = true; // to look back, not to choose
    line.after(forget);
    count();
  }
}
