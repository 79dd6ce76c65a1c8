// A whole Transformer that answers, and its parts to be switched off; what `parts.py` computes and draws, on the page.

/** A model without what is off, but for the mask. A head that is shut adds nothing: W_o reads zeros from it. */
export function without({ encoder, decoder, ...rest }, off) {
  let number = 0;
  const attention = (one) => {
    const { shape, data } = one.W_o.weight;
    const d_k = shape[1] / one.heads;
    const shut = Array.from({ length: one.heads }, () => off.heads.includes(number++));
    const open = data.map((w, at) => (shut[Math.floor((at % shape[1]) / d_k)] ? 0 : w));
    return {
      ...one,
      score: off.division ? "dot" : one.score,
      W_o: { ...one.W_o, weight: { shape, data: open } },
    };
  };
  const of = (layers, name) => layers.map((layer) => ({ ...layer, [name]: attention(layer[name]) }));
  const placed = (one) => (off.positions ? { ...one, positions: null } : one);
  const sides = {
    encoder: { ...encoder, embedding: placed(encoder.embedding), layers: of(encoder.layers, "attention") },
    decoder: { ...decoder, embedding: placed(decoder.embedding), layers: of(decoder.layers, "attention") },
  };
  sides.decoder.layers = of(sides.decoder.layers, "source_attention");
  return { ...rest, ...sides };
}

/** All positions at once, with the causal mask or without: logits, and of each layer and position both weights. */
export function readParts(ids, memory, decoder, masked) {
  let xs = ids.map((id, t) => inputEmbedding(id, t, decoder.embedding));
  const looked = decoder.layers.map((layer) => {
    const ys = xs.map((x) => before(x, layer.around_attention));
    const cache = { own: project(ys, layer.attention), source: project(memory.states, layer.source_attention) };
    const mask = (t) => (masked ? causal(t, ids.length) : undefined);
    const found = xs.map((x, t) => decoderLayer(x, ys[t], cache, layer, mask(t)));
    xs = found.map(([x]) => x);
    return found.map(([, weights]) => weights);
  });
  return { logits: xs.map((x) => linear(decoder.norm ? layerNorm(x, decoder.norm) : x, decoder.output)), looked };
}

/** The greedy answer of a model without what is off: ids, the logits of each step, and the weights of each head. */
export function answerParts(ids, model, off, limit) {
  const { encoder, decoder, target } = without(model, off);
  const memory = encode(ids, encoder);
  const [start, end] = ["<sos>", "<eos>"].map((token) => target.indexOf(token));
  const [said, steps] = [[], []];
  let found;
  do {
    found = readParts([start, ...said], memory, decoder, !off.mask);
    steps.push(found.logits.at(-1));
    said.push(argmax(steps.at(-1)));
  } while (said.at(-1) !== end && said.length < limit);
  if (said.at(-1) === end) said.pop();
  // From [query][head] to [head][query].
  const turned = (rows) => rows[0].map((_, head) => rows.map((row) => row[head]));
  const own = found.looked.flatMap((layer) => turned(layer.map(([weights]) => weights)));
  const source = found.looked.flatMap((layer) => turned(layer.map(([, weights]) => weights)));
  return { ids: said, steps, weights: [...memory.weights.flatMap(turned), ...own, ...source] };
}

for (const [place, figure] of document.querySelectorAll("figure[data-parts]:not([data-open])").entries()) {
  figure.dataset.open = "";
  const options = JSON.parse(figure.dataset.parts);
  const { limit, share, sure, levels, groups, names, group } = options;
  const one = (selector) => figure.querySelector(selector);
  const all = (selector) => [...figure.querySelectorAll(selector)];
  const [field, problem, closeUp] = [one("[type=text]"), one(".problem"), one(".near")];
  const [parts, heads, closer] = [all(".switches input"), all(".head .switch input"), all(".closer input")];
  const [ask, say] = [networks(figure), sayer(one("[role=status]"))];
  const groupOf = (number) => Math.floor((number * groups.length) / names.length);
  let answered = field.value;

  /** What was said as it is shown: the tokens, and the rows for which there was a step. */
  const shown = (found, read, target) => {
    const said = found.ids.map((id) => target[id]);
    const rows = found.steps.length > said.length ? [...said, "<eos>"] : said;
    const line = said.join(" ") + (rows.length === said.length ? " …" : "");
    return { ...found, read, said, rows, line, own: ["<sos>", ...said].slice(0, rows.length) };
  };
  const keysOf = ({ read, rows, own }, kind) => [kind === 0 ? read : rows, kind === 1 ? own : read];

  const cells = (weights) => {
    const paths = Array.from({ length: levels + 1 }, () => []);
    weights.forEach((row, t) =>
      row.forEach((weight, i) => paths[Math.floor(weight * levels + 0.5)].push(`M${i} ${t}h1v1h-1z`)),
    );
    return paths
      .map((path, n) => (n && path.length ? `<path d="${path.join("")}" fill-opacity="${n / levels}"></path>` : ""))
      .join("");
  };

  const chances = (found, whole, target) =>
    found.rows.map((token, t) => {
      const p = softmax(found.steps[t]);
      const first = argmax(p);
      const second = argmax(p.map((a, j) => (j === first ? -1 : a)));
      const other = p[first] < sure ? [element("small", {}, `${target[second]} ${p[second].toFixed(2)}`)] : [];
      const changed = token === whole.rows[t] ? {} : { class: "changed" };
      const chance = element("small", {}, p[first].toFixed(2));
      return element("li", changed, element("b", {}, token), chance, ...other);
    });

  const looks = (token, keys, weights) => {
    const order = keys.map((_, i) => i).sort((i, j) => weights[j] - weights[i]);
    const named = order.slice(0, 3).filter((i, n) => n === 0 || weights[i] >= share);
    return `For ${token} it looks at ${named.map((i) => `${keys[i]} ${weights[i].toFixed(2)}`).join(", ")}.`;
  };

  /** The large map of one head. */
  const near = (found, number) => {
    const kind = groupOf(number);
    const [queries, keys] = keysOf(found, kind);
    const chosen = Number(one(".map :checked")?.value ?? 0);
    const rows = queries.map((token, t) => {
      const weights = [...found.weights[number][t]];
      const radio = element("input", { type: "radio", name: `${group}-row-${place}`, value: t, autocomplete: "off" });
      radio.checked = t === (chosen < queries.length ? chosen : 0);
      const marks = weights.map((w) => element("i", { style: `--w: ${w.toFixed(3)}` }));
      const words = element("em", {}, looks(token, keys, weights));
      return element("label", {}, radio, element("span", {}, token), ...marks, words);
    });
    const map = element("fieldset", { class: "map", style: `--columns: ${keys.length}` });
    const name = names[number][0].toLowerCase() + names[number].slice(1);
    map.append(element("legend", {}, `${groups[kind]}, ${name}: a row is a query, a column a key`));
    const above = keys.map((token) => element("span", {}, token));
    map.append(element("div", { class: "heads", "aria-hidden": "true" }, ...above), ...rows);
    closeUp.replaceChildren(map);
  };

  const answer = ({ model }) => {
    const { tokens, why } = readTyped(field.value, model.source, options, answered);
    problem.textContent = why;
    problem.hidden = !why;
    if (why) return say(why);
    answered = field.value;
    const ids = tokens.map((token) => Math.max(model.source.indexOf(token), model.source.indexOf("<unk>")));
    const off = { heads: heads.filter((head) => !head.checked).map((head) => Number(head.value)) };
    for (const part of parts) off[part.value] = !part.checked;
    const of = (off) => shown(answerParts(ids, model, off, limit), tokens, model.target);
    const [found, whole] = [of(off), of({ heads: [] })];
    one(".said b").textContent = found.line;
    one(".whole").hidden = found.rows.join(" ") === whole.rows.join(" ");
    one(".whole b").textContent = whole.line;
    one(".chances").replaceChildren(...chances(found, whole, model.target));
    all(".head").forEach((head, number) => {
      const [queries, keys] = keysOf(found, groupOf(number));
      head.classList.toggle("shut", off.heads.includes(number));
      const svg = head.querySelector("svg");
      svg.setAttribute("viewBox", `0 0 ${keys.length} ${queries.length}`);
      svg.innerHTML = cells(found.weights[number].map((row) => [...row]));
    });
    near(found, Number(closer.find((radio) => radio.checked).value));
    const more = one(".whole").hidden ? "" : ` With all parts it says: ${whole.line}.`;
    say(`It says: ${found.line || "nothing"}.${more}`);
  };
  const show = () => ask(answer);

  // The same figure may be on a page twice, and its radio buttons are one another's only in one of them.
  for (const radio of closer) [radio.name, radio.checked] = [`${radio.name}-${place}`, radio.defaultChecked];
  for (const radio of all(".map input")) [radio.name, radio.checked] = [`${radio.name}-${place}`, radio.defaultChecked];
  for (const part of all("[type=text], .switches, .switch")) part.hidden = false;
  for (const part of [field, ...parts, ...heads, ...closer]) part.addEventListener("input", show);
  one(".switches button").addEventListener("click", () => {
    for (const part of [...parts, ...heads]) part.checked = true;
    show();
  });
}
