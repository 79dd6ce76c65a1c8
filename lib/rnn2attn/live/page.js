// A field to type in, and a model's answer below it, computed here by the engine above. Nothing that is typed leaves
// the page.
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CUT = { words: /[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu, characters: /\S/gu };

for (const [place, figure] of document.querySelectorAll("figure.rnn2attn-live:not([data-answers])").entries()) {
  figure.dataset.answers = "";
  const { cut, longest, near, limit, share, sentences, names, inputs } = JSON.parse(figure.dataset.live);
  const [field, problem, shown, status, packed] = [
    "[type=text]",
    ".problem",
    ".answer",
    "[role=status]",
    ".weights",
  ].map((one) => figure.querySelector(one));
  const choices = [...figure.querySelectorAll(".choices input")];
  const slider = figure.querySelector("[type=range]");
  const group = `${shown.dataset.group}-${place}`;
  let models, waiting;
  let answered = field.value;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...children);
    return made;
  };

  /** The tokens, and a sentence where the model cannot read them. */
  const read = (text, vocabulary) => {
    const tokens = text.replace(UNSEEN, "").normalize("NFC").match(CUT[cut]) ?? [];
    const fill = (name, values) => sentences[name].replace(/{(\w+)}/g, (_, key) => values[key]);
    const token = vocabulary.includes("<unk>") ? undefined : tokens.find((one) => !vocabulary.includes(one));
    const known = vocabulary.filter((one) => one !== "<pad>" && one.toLowerCase().startsWith(token?.toLowerCase()));
    let why = "";
    if (!tokens.length) why = fill("empty");
    else if (token !== undefined)
      why = fill(known.length ? "near" : "unknown", { token, near: known.slice(0, near).join(", ") });
    else if (tokens.length > longest) why = fill("long", { n: tokens.length, longest });
    return { tokens, why: why && `${why} ${fill("still", { before: answered })}` };
  };

  const looks = (token, source, weights) => {
    const order = source.map((_, i) => i).sort((i, j) => weights[j] - weights[i]);
    const named = order.slice(0, 3).filter((i, n) => n === 0 || weights[i] >= share);
    return `For ${token} it looks at ${named.map((i) => `${source[i]} ${weights[i].toFixed(2)}`).join(", ")}.`;
  };

  const draw = (source, said, weights, name) => {
    const words = element("b", {}, said.join(" ") + (said.length === limit ? " …" : ""));
    const answer = [element("p", { class: "said" }, `${name}: `, words)];
    if (weights && said.length) {
      const heads = source.map((token) => element("span", {}, token));
      const rows = said.map((token, t) => {
        const cells = [...weights[t]].map((w) => element("i", { style: `--w: ${w.toFixed(3)}` }));
        const radio = element("input", { type: "radio", name: group, value: t, autocomplete: "off" });
        radio.checked = t === 0;
        return element(
          "label",
          {},
          radio,
          element("span", {}, token),
          ...cells,
          element("em", {}, looks(token, source, weights[t])),
        );
      });
      const map = element("fieldset", { class: "map", style: `--columns: ${source.length}` });
      map.append(element("legend", {}, "Where it looked for each token"));
      map.append(element("div", { class: "heads", "aria-hidden": "true" }, ...heads), ...rows);
      answer.push(map);
    }
    shown.replaceChildren(...answer);
  };

  const told = (source, said, weights, name) => {
    const words = `${name}: ${said.join(" ") || "nothing"}.`;
    if (!weights) return `${words} There are no weights.`;
    return `${words} It looks most, ${said.map((token, t) => `for ${token} at ${source[argmax(weights[t])]}`).join(", ")}.`;
  };

  const show = () => {
    models ??= unpack(packed.textContent);
    const which = Math.max(0, choices.findIndex((one) => one.checked)); // prettier-ignore
    const model = Object.values(models)[which];
    const { tokens, why } = read(field.value, model.source);
    problem.textContent = why;
    problem.hidden = !why;
    let text = why;
    if (!why) {
      answered = field.value;
      const ids = tokens.map((token) => Math.max(model.source.indexOf(token), model.source.indexOf("<unk>")));
      const { ids: answer, steps } = translate(ids, model, limit);
      const said = answer.map((id) => model.target[id]);
      const weights = steps[0]?.weights && steps.map(alignment);
      const chosen = figure.querySelector(".map :checked")?.value;
      draw(tokens, said, weights, names[which]);
      const kept = figure.querySelector(`.map [value="${chosen}"]`);
      if (kept) kept.checked = true;
      text = told(tokens, said, weights, names[which]);
    }
    clearTimeout(waiting); // said where typing rests
    waiting = setTimeout(() => (status.textContent = text), 500);
  };

  // The same figure may be on a page twice. Before its radio buttons had names of their own, one put the other out.
  for (const one of choices) [one.name, one.checked] = [`${one.name}-${place}`, one.defaultChecked];
  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  for (const part of figure.querySelectorAll("[type=text], .longer, .choices")) part.hidden = false;
  field.addEventListener("input", show);
  for (const one of choices) one.addEventListener("input", show);
  slider?.addEventListener("input", () => {
    field.value = inputs[slider.valueAsNumber];
    slider.setAttribute("aria-valuetext", field.value);
    show();
  });
  // The weights are unpacked when the figure comes near, so that the first key has its answer at once.
  new IntersectionObserver(
    ([{ isIntersecting }], watch) => {
      if (!isIntersecting) return;
      watch.disconnect();
      models ??= unpack(packed.textContent);
    },
    { rootMargin: "100%" },
  ).observe(figure);
}
