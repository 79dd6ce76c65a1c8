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

/**
 * Without the causal mask each token changes what all positions before it are: no cache holds, and each step reads
 * everything again. The logits after the last token, and of each layer and position both weights; it rests after each
 * layer. `cache` has the projected source.
 */
function* readUnmasked(ids, cache, decoder) {
  let xs = ids.map((id, t) => inputEmbedding(id, t, decoder.embedding));
  const looked = [];
  for (const [n, layer] of decoder.layers.entries()) {
    const ys = xs.map((x) => before(x, layer.around_attention));
    const own = project(ys, layer.attention);
    const found = xs.map((x, t) => decoderLayer(x, ys[t], { own, source: cache[n].source }, layer));
    xs = found.map(([x]) => x);
    looked.push(found.map(([, weights]) => weights));
    yield;
  }
  const x = decoder.norm ? layerNorm(xs.at(-1), decoder.norm) : xs.at(-1);
  return { logits: linear(x, decoder.output), looked };
}

/** The greedy answer without the mask, in the form of `saying`. */
function* sayUnmasked(memory, { decoder, target }, limit) {
  const [start, end] = ["<sos>", "<eos>"].map((token) => target.indexOf(token));
  const [cache, ids, steps] = [begin(memory, decoder), [], []];
  let id = start;
  while (id !== end && ids.length < limit) {
    steps.push(yield* readUnmasked([start, ...ids], cache, decoder));
    id = argmax(steps.at(-1).logits);
    if (id !== end) ids.push(id);
  }
  return { ids, steps };
}

/** The greedy answer of a model without what is off: ids, the logits of each step, and the weights of each head. */
export const answerParts = (ids, model, off, limit) => finish(answeringParts(ids, model, off, limit));

/** The same by pieces: it rests after each layer of the encoder's, and after each token that is said. */
export function* answeringParts(ids, model, off, limit) {
  const left = without(model, off);
  const memory = yield* encoding(ids, left.encoder);
  const { ids: said, steps } = yield* (off.mask ? sayUnmasked : saying)(memory, left, limit);
  // Of each layer and position both weights: as the last step has them, or, masked, as each step had its own. What a
  // position may not look at has no weight.
  const wide = (weights) => vector(steps.length, (i) => weights[i] ?? 0);
  const masked = (_, n) => steps.map(({ weights }) => [weights[n][0].map(wide), weights[n][1]]);
  const looked = off.mask ? steps.at(-1).looked : left.decoder.layers.map(masked);
  // From [query][head] to [head][query].
  const turned = (rows) => rows[0].map((_, head) => rows.map((row) => row[head]));
  const [own, source] = [0, 1].map((which) => looked.flatMap((layer) => turned(layer.map((both) => both[which]))));
  return { ids: said, steps: steps.map(({ logits }) => logits), weights: [...memory.weights.flatMap(turned), ...own, ...source] }; // prettier-ignore
}

const KNOWN = 4; // answers that need not be computed again

for (const [place, figure] of document.querySelectorAll("figure[data-parts]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const options = JSON.parse(figure.dataset.parts);
  const { limit, share, sure, levels, groups, names, group } = options;
  const one = (selector) => figure.querySelector(selector);
  const all = (selector) => [...figure.querySelectorAll(selector)];
  const [field, closeUp] = [one("[type=text]"), one(".near")];
  const [parts, heads, closer] = [all(".switches input"), all(".head .switch input"), all(".closer input")];
  const groupOf = (number) => Math.floor((number * groups.length) / names.length);

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
    return paths.flatMap((path, n) =>
      n && path.length ? [{ d: path.join(""), "fill-opacity": String(n / levels) }] : [],
    );
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

  /** The large map of one head. */
  function* near(found, number) {
    const kind = groupOf(number);
    const [queries, keys] = keysOf(found, kind);
    const map = element("fieldset", { class: "map", style: `--columns: ${keys.length}` });
    const name = names[number][0].toLowerCase() + names[number].slice(1);
    map.append(element("legend", {}, `${groups[kind]}, ${name}: a row is a query, a column a key`));
    map.append(headsOf(keys));
    for (const [t, token] of queries.entries()) {
      const weights = found.weights[number][t];
      const marks = element("span", { class: "cells" }, strip(weights));
      const words = looks(token, keys, weights, share);
      map.append(rowOf(t, `${group}-row-${place}`, words, element("span", {}, token), marks));
      yield;
    }
    yield* renewing(closeUp, map);
    picked(closeUp);
  }

  /** The small map of one head. */
  function* small(head, number, found, shut) {
    const [queries, keys] = keysOf(found, groupOf(number));
    head.classList.toggle("shut", shut);
    const svg = head.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${keys.length} ${queries.length}`);
    const drawn = cells(found.weights[number]);
    for (const old of [...svg.children].slice(drawn.length)) old.remove();
    for (const [n, path] of drawn.entries()) {
      const there = svg.children[n] ?? svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
      for (const [name, value] of Object.entries(path))
        if (there.getAttribute(name) !== value) there.setAttribute(name, value);
    }
    yield;
  }

  /** What is off where these parts are. */
  const offOf = (unchecked) => ({
    heads: heads.filter(unchecked).map((head) => Number(head.value)),
    ...Object.fromEntries(parts.map((part) => [part.value, unchecked(part)])),
  });

  const nothing = offOf(() => false);
  const known = new Map(); // the answers of late, the latest at the end
  function* answerOf(model, tokens, off) {
    const key = JSON.stringify([tokens, off]);
    const ids = tokens.map((token) => Math.max(model.source.indexOf(token), model.source.indexOf("<unk>")));
    const found = known.get(key) ?? shown(yield* answeringParts(ids, model, off, limit), tokens, model.target);
    known.delete(key);
    known.set(key, found);
    if (known.size > KNOWN) known.delete(known.keys().next().value);
    return found;
  }

  function* compute({ model }, tokens) {
    const off = offOf(({ checked }) => !checked);
    const found = yield* answerOf(model, tokens, off);
    const whole = yield* answerOf(model, tokens, nothing);
    return { off, found, whole };
  }

  function* draw({ off, found, whole }, tokens, { model }) {
    one(".said b").textContent = found.line;
    one(".whole").hidden = found.rows.join(" ") === whole.rows.join(" ");
    one(".whole b").textContent = whole.line;
    yield* renewing(one(".chances"), ...chances(found, whole, model.target));
    yield* near(found, Number(closer.find((radio) => radio.checked).value));
    for (const [number, head] of all(".head").entries()) yield* small(head, number, found, off.heads.includes(number));
    const more = one(".whole").hidden ? "" : ` With all parts it says: ${whole.line}.`;
    return `It says: ${found.line || "nothing"}.${more}`;
  }
  const show = answering(figure, options, ({ model }) => model.source, compute, draw);

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
