// A field to type in, and a model's answer below it, computed here by the engine above. Nothing that is typed leaves
// the page.
for (const [place, figure] of document.querySelectorAll("figure.rnn2attn-live:not([data-answers])").entries()) {
  figure.dataset.answers = "";
  const options = JSON.parse(figure.dataset.live);
  const { limit, share, names, inputs } = options;
  const [field, problem, shown, status] = ["[type=text]", ".problem", ".answer", "[role=status]"].map((one) =>
    figure.querySelector(one),
  );
  const choices = [...figure.querySelectorAll(".choices input")];
  const slider = figure.querySelector("[type=range]");
  const group = `${shown.dataset.group}-${place}`;
  const [ask, say] = [networks(figure), sayer(status)];
  let answered = field.value;

  const looks = (token, source, weights) => {
    const order = source.map((_, i) => i).sort((i, j) => weights[j] - weights[i]);
    const named = order.slice(0, 3).filter((i, n) => n === 0 || weights[i] >= share);
    return `For ${token} it looks at ${named.map((i) => `${source[i]} ${weights[i].toFixed(2)}`).join(", ")}.`;
  };

  const draw = (source, said, weights, name) => {
    const words = element("b", {}, said.join(" ") + (said.length === limit ? " …" : ""));
    const drawn = [element("p", { class: "said" }, `${name}: `, words)];
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
      drawn.push(map);
    }
    shown.replaceChildren(...drawn);
  };

  const told = (source, said, weights, name) => {
    const words = `${name}: ${said.join(" ") || "nothing"}.`;
    if (!weights) return `${words} There are no weights.`;
    return `${words} It looks most, ${said.map((token, t) => `for ${token} at ${source[argmax(weights[t])]}`).join(", ")}.`;
  };

  const answer = (models) => {
    const which = Math.max(0, choices.findIndex((one) => one.checked)); // prettier-ignore
    const model = Object.values(models)[which];
    const { tokens, why } = readTyped(field.value, model.source, options, answered);
    problem.textContent = why;
    problem.hidden = !why;
    let text = why;
    if (!why) {
      answered = field.value;
      const ids = tokens.map((token) => Math.max(model.source.indexOf(token), model.source.indexOf("<unk>")));
      const { ids: found, steps } = translate(ids, model, limit);
      const said = found.map((id) => model.target[id]);
      const weights = steps[0]?.weights && steps.map(alignment);
      const chosen = figure.querySelector(".map :checked")?.value;
      draw(tokens, said, weights, names[which]);
      const kept = figure.querySelector(`.map [value="${chosen}"]`);
      if (kept) kept.checked = true;
      text = told(tokens, said, weights, names[which]);
    }
    say(text);
  };
  const show = () => ask(answer);

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
