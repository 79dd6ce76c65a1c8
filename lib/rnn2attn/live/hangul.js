// A name in, and below it the name in Hangul, with the weights by which a network wrote each letter of a syllable.
// Nothing that is typed leaves the page.

/** Which letters form one syllable, by their numbers: it begins where an initial consonant stands, ᄀ … ᄒ. */
function syllables(letters) {
  const parts = [];
  for (const [t, letter] of letters.entries()) {
    if (!parts.length || ("ᄀ" <= letter && letter <= "ᄒ")) parts.push([]);
    parts.at(-1).push(t);
  }
  return parts;
}

const joined = (letters) => letters.join("").normalize("NFC");

for (const [place, figure] of document.querySelectorAll("figure[data-hangul]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.hangul);
  const { limit, alone } = options;
  const [field, problem, shown, status] = ["[type=text]", ".problem", ".answer", "[role=status]"].map((one) =>
    figure.querySelector(one),
  );
  const [ask, say] = [networks(figure), sayer(status)];
  const group = `${options.group}-${place}`;
  let answered = field.value;

  const looks = (name, source, weights) => {
    const order = source.map((_, i) => i).sort((i, j) => weights[j] - weights[i]);
    const named = order.slice(0, 3).filter((i, n) => n === 0 || weights[i] >= 0.1);
    return `For “${name}” it looks at ${named.map((i) => `“${source[i]}” (${weights[i].toFixed(2)})`).join(", ")}.`;
  };

  const row = (t, part, source, said, weights) => {
    const [first, syllable] = [t === part[0], joined(part.map((k) => said[k]))];
    const radio = element("input", { type: "radio", name: group, value: t, autocomplete: "off" });
    radio.checked = t === 0;
    return element(
      "label",
      first ? { class: "first" } : {},
      radio,
      element("b", { lang: "ko" }, first ? syllable : ""),
      element("span", { lang: "ko" }, alone[said[t]]),
      ...Array.from(weights[t], (w) => element("i", { style: `--w: ${w.toFixed(3)}` })),
      element("em", {}, looks(`${alone[said[t]]} of ${syllable}`, source, weights[t])),
    );
  };

  const draw = (source, said, weights) => {
    const cut = said.length === limit ? " …" : "";
    const drawn = [element("p", { class: "said hangul", lang: "ko" }, (joined(said) || "–") + cut)];
    if (said.length) {
      const map = element("fieldset", { class: "map hangul", style: `--columns: ${source.length}` });
      map.append(element("legend", {}, "Where it looked for each letter of a syllable"));
      const heads = source.map((token) => element("span", {}, token));
      map.append(element("div", { class: "heads", "aria-hidden": "true" }, ...heads));
      for (const part of syllables(said)) map.append(...part.map((t) => row(t, part, source, said, weights)));
      drawn.push(map);
    }
    const chosen = figure.querySelector(".map :checked")?.value;
    shown.replaceChildren(...drawn);
    const again = figure.querySelector(`.map [value="${chosen}"]`);
    if (again) again.checked = true;
  };

  const told = (source, said, weights) => {
    if (!said.length) return "It writes nothing.";
    const pairs = said.map((letter, t) => `for ${alone[letter]} at ${source[argmax(weights[t])]}`).join(", ");
    return `${joined(said)}. It looks most, ${pairs}.`;
  };

  const answer = ({ model }) => {
    const { tokens, why } = readTyped(field.value.toLowerCase(), model.source, options, answered);
    problem.textContent = why;
    problem.hidden = !why;
    if (why) return say(why);
    answered = field.value;
    const { ids, steps } = translate(tokens.map((token) => model.source.indexOf(token)), model, limit); // prettier-ignore
    const [said, weights] = [ids.map((id) => model.target[id]), steps.map(alignment)];
    draw(tokens, said, weights);
    say(told(tokens, said, weights));
  };

  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  field.hidden = false;
  field.addEventListener("input", () => ask(answer));
}
