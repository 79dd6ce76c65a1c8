// Letters in, and below them what a language model makes of each: its state, the next letter's probabilities, and what
// the last state has kept of it. Nothing that is typed leaves the page.

/**
 * The states, the probabilities, and how far the last state would be, had a letter been another, where W_hh is scaled.
 * It rests after each other letter; up to it the states are the same.
 */
function* readLetters(ids, { rnn, output }, times) {
  const scaled = { ...rnn, W_hh: { ...rnn.W_hh, data: Float64Array.from(rnn.W_hh.data, (w) => times * w) } };
  const V = output.weight.shape[0];
  const run = (letters, h) => unroll(letters.map((id) => oneHot(id, V)), scaled, h); // prettier-ignore
  const states = run(ids);
  const away = (one, other) => Math.sqrt(one.reduce((sum, a, j) => sum + (a - other[j]) ** 2, 0));
  const kept = [];
  for (const [t, id] of ids.entries()) {
    let sum = 0;
    for (let n = 1; n < V; n++) {
      const other = run([(id + n) % V, ...ids.slice(t + 1)], states[t - 1]);
      sum += away(other.at(-1), states.at(-1));
      yield;
    }
    kept.push(sum / (V - 1));
  }
  return { states, p: states.map((h) => softmax(linear(h, output))), kept };
}

for (const [place, figure] of document.querySelectorAll("figure[data-letters]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.letters);
  const { vocabulary, share } = options;
  const [field, slider, times, shown] = ["[type=text]", "[type=range]", ".at", ".answer"].map((one) =>
    figure.querySelector(one),
  );
  const group = `${options.group}-${place}`;

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
    return rowOf(
      t,
      group,
      sentence(letters, found, t),
      element("span", {}, letters[t]),
      ...Array.from(found.states[t], (h) => bar(Math.abs(h), h < 0 ? "unit less" : "unit")),
      ...Array.from(found.p[t], (p) => bar(p)),
      element("b", {}, vocabulary[argmax(found.p[t])]),
      bar(Math.min(1, found.kept[t] / half), "kept"),
    );
  };

  function* draw(found, letters) {
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
    map.append(heads);
    for (const t of letters.keys()) {
      map.append(row(letters, found, t));
      yield;
    }
    yield* renewing(shown, said, map);
    picked(shown);
    return told(letters, found);
  }

  const told = (letters, { p, kept }) => {
    const pairs = letters.map((letter, t) => `after ${letter} ${vocabulary[argmax(p[t])]}`).join(", ");
    const each = letters.map((letter, t) => `${letter} ${kept[t].toFixed(2)}`).join(", ");
    return `It says, ${pairs}. How far the last state depends on each: ${each}.`;
  };

  const compute = ({ model }, letters) =>
    readLetters(letters.map((letter) => vocabulary.indexOf(letter)), model, slider.valueAsNumber); // prettier-ignore
  const answer = answering(figure, options, () => vocabulary, compute, draw);

  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  for (const part of figure.querySelectorAll("[type=text], .times")) part.hidden = false;
  field.addEventListener("input", answer);
  slider.addEventListener("input", () => {
    times.textContent = String(Math.round(100 * slider.valueAsNumber) / 100);
    answer();
  });
}
