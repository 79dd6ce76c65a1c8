// Letters in, and the one vector that the decoder gets of them: noise is added to it, its numbers are cut, and below it
// stands what the decoder still says. Nothing that is typed leaves the page.

/** The memory with c + σ z in the place of c, of which the first numbers are kept and the others are 0. */
function handOver(memory, { weight: { data } }, noise, kept) {
  const parts = [memory.last].flat();
  const units = kept / parts.length;
  const given = parts.map((c, n) => vector(c.length, (j) => (j < units ? c[j] + noise * data[n * c.length + j] : 0)));
  return { ...memory, last: parts.length > 1 ? given : given[0] };
}

/** What the decoder was given, what the encoder had handed over, and the ids that were said. It rests. */
function* sayFrom(ids, { model, noise: z }, noise, kept, limit) {
  const handed = yield* encoding(ids, model.encoder);
  const memory = handOver(handed, z, noise, kept);
  const found = yield* saying(memory, model, limit);
  return { context: [handed.last].flat(), given: [memory.last].flat(), ids: found.ids };
}

for (const figure of document.querySelectorAll("figure[data-context]:not([data-ready])")) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.context);
  const [field, noise, kept, shown] = ["[type=text]", ".noise input", ".kept input", ".answer"].map((one) =>
    figure.querySelector(one),
  );

  const row = (columns, name, letters, kinds = []) => {
    const all = letters.map((letter, t) => element("b", kinds[t] ? { class: kinds[t] } : {}, letter));
    return element("div", { class: "line", style: `--letters: ${columns}` }, element("span", {}, name), ...all);
  };

  const strip = (name, context, given, units) => {
    const scale = context.reduce((most, a) => Math.max(most, Math.abs(a)), 1);
    const bar = (a) => `--w: ${Math.min(1, Math.abs(a) / scale).toFixed(3)}`;
    const cells = Array.from(given, (a, j) =>
      element("i", j < units ? { class: a < 0 ? "less" : "more", style: bar(a) } : { class: "cut" }),
    );
    const box = element("div", { style: `--columns: ${Math.min(options.columns, given.length)}` }, ...cells);
    return element("div", { class: "strip" }, element("span", {}, `${name}, to ${scale.toFixed(1)}`), box);
  };

  const told = (said, places, T) => {
    const fill = (text, values) => text.replace(/{(\w+)}/g, (_, key) => values[key]);
    const wrong = places.flatMap(([right, letter], t) => (right === letter ? [] : [t + 1]));
    const text = fill(options.sentence, {
      kept: kept.value,
      all: kept.max,
      noise: noise.valueAsNumber.toFixed(2),
      said: said.join("") || "nothing",
      right: places.length - wrong.length,
      T,
    });
    return text + (wrong.length ? fill(options.wrong, { places: wrong.join(", ") }) : "");
  };

  function* compute(models, tokens) {
    const ids = tokens.map((token) => models.model.source.indexOf(token));
    return yield* sayFrom(ids, models, noise.valueAsNumber, kept.valueAsNumber, options.limit);
  }

  function* draw(found, tokens, { model }) {
    const said = found.ids.map((id) => model.target[id]);
    const wanted = options.wanted === "reverse" ? [...tokens].reverse() : tokens;
    const T = Math.max(wanted.length, said.length);
    const places = Array.from({ length: T }, (_, t) => [wanted[t] ?? "–", said[t] ?? "–"]);
    const isRight = places.map(([right, letter]) => right === letter);
    const units = kept.valueAsNumber / found.given.length;
    const strips = found.given.map((given, n) => strip(["h", "cell"][n], found.context[n], given, units));
    const line = (...shown) => row(Math.max(T, tokens.length), ...shown);
    const drawn = element("div", { class: "context", "aria-hidden": "true" }, line("typed", tokens), ...strips);
    const [right, letters] = [places.map(([one]) => one), places.map(([, one]) => one)];
    drawn.append(line("to say", right));
    drawn.append(line("says", letters, isRight.map((yes) => (yes ? "right" : "wrong")))); // prettier-ignore
    drawn.append(line("", isRight.map((yes) => (yes ? "✓" : "✗")))); // prettier-ignore
    const words = told(said, places, wanted.length);
    yield* renewing(shown, drawn, element("p", { class: "said" }, words));
    return words;
  }
  const answer = answering(figure, options, ({ model }) => model.source, compute, draw);

  for (const part of figure.querySelectorAll("[type=text], .moved")) part.hidden = false;
  field.addEventListener("input", answer);
  for (const one of [noise, kept])
    one.addEventListener("input", () => {
      one.nextElementSibling.textContent = one === kept ? one.value : one.valueAsNumber.toFixed(2);
      answer();
    });
}
