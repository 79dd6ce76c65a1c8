// Letters in, and below them what a language model makes of each: its state, the next letter's probabilities, and what
// the last state has kept of it. Nothing that is typed leaves the page.

/** The states, the probabilities, and how far the last state would be, had a letter been another, where W_hh is scaled. */
function readLetters(ids, { rnn, output }, times) {
  const scaled = { ...rnn, W_hh: { ...rnn.W_hh, data: Float64Array.from(rnn.W_hh.data, (w) => times * w) } };
  const V = output.weight.shape[0];
  const run = (letters) => unroll(letters.map((id) => oneHot(id, V)), scaled); // prettier-ignore
  const states = run(ids);
  const away = (one, other) => Math.sqrt(one.reduce((sum, a, j) => sum + (a - other[j]) ** 2, 0));
  const kept = ids.map((id, t) => {
    let sum = 0;
    for (let n = 1; n < V; n++) sum += away(run(ids.with(t, (id + n) % V)).at(-1), states.at(-1));
    return sum / (V - 1);
  });
  return { states, p: states.map((h) => softmax(linear(h, output))), kept };
}

for (const [place, figure] of document.querySelectorAll("figure[data-letters]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.letters);
  const { vocabulary, share } = options;
  const [field, slider, times, problem, shown, status] = [
    "[type=text]",
    "[type=range]",
    ".at",
    ".problem",
    ".answer",
    "[role=status]",
  ].map((one) => figure.querySelector(one));
  const [ask, say] = [networks(figure), sayer(status)];
  const group = `${options.group}-${place}`;
  let answered = field.value;

  const sentence = (letters, { p, kept }, t) => {
    const order = vocabulary.map((_, i) => i).sort((i, j) => p[t][j] - p[t][i]);
    const named = order.slice(0, 3).filter((i, n) => n === 0 || p[t][i] >= share);
    return (
      `After ${letters.slice(0, t + 1).join("")} comes ` +
      `${named.map((i) => `${vocabulary[i]} ${p[t][i].toFixed(2)}`).join(", ")}. With another letter in the place of ` +
      `this ${letters[t]}, the last state would be ${kept[t].toFixed(2)} away.`
    );
  };

  const row = (letters, found, t) => {
    const half = Math.sqrt(found.states[t].length); // of the distance beyond which no two states lie apart
    const bar = (w, kind) => element("i", { ...(kind && { class: kind }), style: `--w: ${w.toFixed(3)}` });
    const radio = element("input", { type: "radio", name: group, value: t, autocomplete: "off" });
    radio.checked = t === 0;
    return element(
      "label",
      {},
      radio,
      element("span", {}, letters[t]),
      ...Array.from(found.states[t], (h) => bar(Math.abs(h), h < 0 ? "unit less" : "unit")),
      ...Array.from(found.p[t], (p) => bar(p)),
      element("b", {}, vocabulary[argmax(found.p[t])]),
      bar(Math.min(1, found.kept[t] / half), "kept"),
      element("em", {}, sentence(letters, found, t)),
    );
  };

  const draw = (letters, found) => {
    const p = found.p.at(-1);
    const best = argmax(p);
    const said = element("p", { class: "said" }, `After ${letters.join("")} comes `);
    said.append(element("b", {}, vocabulary[best]), `, with ${p[best].toFixed(2)}.`);
    const heads = element("div", { class: "heads", "aria-hidden": "true" });
    heads.append(element("span", { class: "state" }, "state"));
    heads.append(...vocabulary.map((token) => element("span", {}, token)));
    heads.append(element("span", { class: "left" }, "kept"));
    const style = `--units: ${found.states[0].length}; --letters: ${vocabulary.length}`;
    const map = element("fieldset", { class: "map letters", style });
    map.append(element("legend", {}, "For each letter read: the state, the next letter, and what is kept of it"));
    map.append(heads, ...letters.map((_, t) => row(letters, found, t)));
    const chosen = figure.querySelector(".map :checked")?.value;
    shown.replaceChildren(said, map);
    const again = figure.querySelector(`.map [value="${chosen}"]`);
    if (again) again.checked = true;
  };

  const told = (letters, { p, kept }) => {
    const pairs = letters.map((letter, t) => `after ${letter} ${vocabulary[argmax(p[t])]}`).join(", ");
    const each = letters.map((letter, t) => `${letter} ${kept[t].toFixed(2)}`).join(", ");
    return `It says, ${pairs}. How far the last state depends on each: ${each}.`;
  };

  const answer = ({ model }) => {
    times.textContent = String(Math.round(100 * slider.valueAsNumber) / 100);
    const { tokens, why } = readTyped(field.value, vocabulary, options, answered);
    problem.textContent = why;
    problem.hidden = !why;
    if (why) return say(why);
    answered = field.value;
    const found = readLetters(tokens.map((token) => vocabulary.indexOf(token)), model, slider.valueAsNumber); // prettier-ignore
    draw(tokens, found);
    say(told(tokens, found));
  };

  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  for (const part of figure.querySelectorAll("[type=text], .times")) part.hidden = false;
  for (const one of [field, slider]) one.addEventListener("input", () => ask(answer));
}
