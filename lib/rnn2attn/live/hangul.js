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
  const { limit, share, alone } = options;
  const [field, shown] = ["[type=text]", ".answer"].map((one) => figure.querySelector(one));
  const group = `${options.group}-${place}`;

  const row = (t, part, source, said, weights) => {
    const [first, syllable] = [t === part[0], joined(part.map((k) => said[k]))];
    const cells = element("span", { class: "cells" }, strip(weights[t]));
    const heads = [element("b", { lang: "ko" }, first ? syllable : ""), element("span", { lang: "ko" }, alone[said[t]])];
    const made = rowOf(t, group, looks(`${alone[said[t]]} of ${syllable}`, source, weights[t], share), ...heads, cells);
    if (first) made.className = "first";
    return made;
  };

  function* draw({ said, weights }, source) {
    const cut = said.length === limit ? " …" : "";
    const drawn = [element("p", { class: "said hangul", lang: "ko" }, (joined(said) || "–") + cut)];
    if (said.length) {
      const map = element("fieldset", { class: "map hangul", style: `--columns: ${source.length}` });
      map.append(element("legend", {}, "Where it looked for each letter of a syllable"));
      const heads = source.map((token) => element("span", {}, token));
      map.append(element("div", { class: "heads", "aria-hidden": "true" }, ...heads));
      for (const part of syllables(said)) {
        map.append(...part.map((t) => row(t, part, source, said, weights)));
        yield;
      }
      drawn.push(map);
    }
    yield* renewing(shown, ...drawn);
    if (said.length) picked(shown);
    return told(source, said, weights);
  }

  const told = (source, said, weights) => {
    if (!said.length) return "It writes nothing.";
    const pairs = said.map((letter, t) => `for ${alone[letter]} at ${source[argmax(weights[t])]}`).join(", ");
    return `${joined(said)}. It looks most, ${pairs}.`;
  };

  function* compute({ model }, tokens) {
    const ids = tokens.map((token) => model.source.indexOf(token));
    const { ids: found, steps } = yield* translating(ids, model, limit);
    return { said: found.map((id) => model.target[id]), weights: steps.map(alignment) };
  }

  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  field.hidden = false;
  field.addEventListener("input", answering(figure, options, ({ model }) => model.source, compute, draw));
}
