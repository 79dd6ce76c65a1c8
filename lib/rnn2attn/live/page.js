// A field to type in, and a model's answer below it, computed here by the engine above. Nothing that is typed leaves
// the page.
for (const [place, figure] of document.querySelectorAll("figure[data-live]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.live);
  const { limit, share, names, inputs } = options;
  const [field, shown] = ["[type=text]", ".answer"].map((one) => figure.querySelector(one));
  const choices = [...figure.querySelectorAll(".choices input")];
  const slider = figure.querySelector("[type=range]");
  const group = `${options.group}-${place}`;
  const which = () => Math.max(0, choices.findIndex((one) => one.checked)); // prettier-ignore

  const row = (token, t, source, weights) => {
    const cells = element("span", { class: "cells" }, strip(weights));
    return rowOf(t, group, looks(token, source, weights, share), element("span", {}, token), cells);
  };

  /** The words, then the map. */
  function* drawing(source, said, weights, name) {
    const words = element("b", {}, said.join(" ") + (said.length === limit ? " …" : ""));
    const line = element("p", { class: "said" }, `${name}: `, words);
    if (!weights || !said.length) return yield* renewing(shown, line);
    const map = element("fieldset", { class: "map", style: `--columns: ${source.length}` });
    map.append(element("legend", {}, "Where it looked for each token"));
    map.append(headsOf(source));
    for (const [t, token] of said.entries()) {
      map.append(row(token, t, source, weights[t]));
      yield;
    }
    yield* renewing(shown, line, map);
    return picked(shown);
  }

  const told = (source, said, weights, name) => {
    const words = `${name}: ${said.join(" ") || "nothing"}.`;
    if (!weights) return `${words} There are no weights.`;
    return `${words} It looks most, ${said.map((token, t) => `for ${token} at ${source[argmax(weights[t])]}`).join(", ")}.`;
  };

  function* compute(models, tokens) {
    const model = Object.values(models)[which()];
    const ids = tokens.map((token) => Math.max(model.source.indexOf(token), model.source.indexOf("<unk>")));
    const { ids: found, steps } = yield* translating(ids, model, limit);
    const said = found.map((id) => model.target[id]);
    return { said, weights: steps[0].weights && said.map((_, t) => alignment(steps[t])), name: names[which()] };
  }

  function* draw({ said, weights, name }, tokens) {
    yield* drawing(tokens, said, weights, name);
    return told(tokens, said, weights, name);
  }
  const vocabulary = (models) => Object.values(models)[which()].source;
  const show = answering(figure, options, vocabulary, compute, draw);

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
}
