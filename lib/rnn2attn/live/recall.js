// Pairs in, and a memory that is a matrix, after each of them: what a query reads from it, and what is said. Nothing
// that is typed leaves the page.

/** x / ‖x‖ */
const unit = (x) => {
  const size = Math.max(Math.sqrt(dot(x, x)), 1e-12);
  return x.map((a) => a / size);
};

/** S ← γ S, then S + v kᵀ, or with a strength β the difference to what is there, S + β (v − S k) kᵀ */
function memoryStep({ shape, data }, k, v, gamma = 1, beta = undefined) {
  const left = { shape, data: data.map((s) => gamma * s) };
  const found = times(left, k);
  const u = beta === undefined ? v : vector(v.length, (i) => beta * (v[i] - found[i]));
  return { shape, data: left.data.map((s, n) => s + u[Math.floor(n / k.length)] * k[n % k.length]) };
}

/**
 * What a network makes of orders: after each the state, its key, γ and β where the rule has them, what the query reads,
 * the logits of the answer, and the answers for all tables that have ordered so far. It rests after each.
 */
function* recalling({ tables, drinks, asked }, parts, rule) {
  const [table, drink, begins, W_k, W_v, keep, strength, output] = parts;
  const query = (n) => unit(linear(embedding(n, table), W_k));
  const queries = new Map([asked, ...tables].map((n) => [n, query(n)]));
  const q = queries.get(asked);
  let S = { shape: [W_v.weight.shape[0], q.length], data: new Float64Array(W_v.weight.shape[0] * q.length) };
  const steps = [];
  for (const t of tables.keys()) {
    const x = add(embedding(tables[t], table), embedding(drinks[t], drink), embedding(Number(t === 0), begins));
    const k = unit(linear(x, W_k));
    const [gamma] = rule.includes("gate") ? sigmoid(linear(x, keep)) : [];
    const [beta] = rule.includes("delta") ? sigmoid(linear(x, strength)) : [];
    S = memoryStep(S, k, linear(x, W_v), gamma, beta);
    const named = tables.slice(0, t + 1).concat(asked);
    const best = new Map(named.map((n) => [n, argmax(linear(times(S, queries.get(n)), output))]));
    const out = times(S, q);
    steps.push({ S, k, gates: [gamma, beta], out, logits: linear(out, output), best });
    yield;
  }
  return { q, steps };
}

for (const [place, figure] of document.querySelectorAll("figure[data-recall]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const { vocabulary, names, rules, cell, share, most, ...given } = JSON.parse(figure.dataset.recall);
  const [field, choices, shown] = ["[type=text]", ".choices", ".answer"].map((one) => figure.querySelector(one));
  const group = `${given.group}-${place}`;
  const isTable = (token) => /^[a-z]$/.test(token ?? "");
  const numberOf = (letter) => letter.charCodeAt(0) - 97;
  const letterOf = (number) => String.fromCharCode(97 + number);

  /** What is wrong with the order of tokens that are known: the name of a sentence, and what is filled in. */
  const refused = (tokens) => {
    for (let n = 0; n < tokens.length; n += 2) {
      const [one, next] = [tokens[n], tokens[n + 1]];
      if (!isTable(one) || next === undefined || isTable(next)) return ["alone", { token: one }];
      if (next !== "?") continue;
      if (n + 2 < tokens.length) return ["late", { token: tokens[n + 2] }];
      if (!n) return ["nothing", {}];
      return n / 2 > most ? ["long", { n: n / 2, longest: most }] : undefined;
    }
    return ["unasked", {}];
  };

  const ordersOf = (tokens) => {
    const [tables, drinks] = [0, 1].map((side) => tokens.filter((_, n) => n % 2 === side));
    const asked = numberOf(tables.pop());
    return { tables: tables.map(numberOf), drinks: drinks.slice(0, -1).map((number) => number - 1), asked };
  };

  const order = ({ tables, drinks }, t) => letterOf(tables[t]) + (drinks[t] + 1);

  const drink = (number, { logits }) => (number < logits.length - 1 ? String(number + 1) : "nothing");

  /** What is said after order t, and by what probability; what is right; and of how many tables how many are right. */
  const judged = ({ steps }, { tables, drinks, asked }, t) => {
    const last = new Map(tables.slice(0, t + 1).map((table, n) => [table, drinks[n]]));
    const { best, logits } = steps[t];
    const rights = [...last].filter(([table, number]) => best.get(table) === number).length;
    return { best: best.get(asked), p: Math.max(...softmax(logits)), wanted: last.get(asked), rights, all: last.size };
  };

  const sentence = (found, orders, t) => {
    const { gates, logits } = found.steps[t];
    const p = softmax(logits);
    const ranks = Array.from(p, (_, i) => i).sort((i, j) => p[j] - p[i]).slice(0, 3); // prettier-ignore
    const likely = ranks.filter((i, n) => n === 0 || p[i] >= share);
    const named = likely.map((i) => `${drink(i, found.steps[t])} (${p[i].toFixed(2)})`);
    const open = gates.flatMap((gate, n) => (gate === undefined ? [] : `${"γβ"[n]} ${gate.toFixed(2)}`)).join(", ");
    return `After ${order(orders, t)}${open && ` (${open})`}, asked for ${letterOf(orders.asked)}: ${named.join(", ")}.`;
  };

  const told = (found, orders) => {
    const T = orders.tables.length;
    const { best, p, wanted, rights, all } = judged(found, orders, T - 1);
    const known = best === wanted ? "That is right." : `Right is ${wanted + 1}.`;
    return (
      `After ${T} order${T > 1 ? "s" : ""}, asked for table ${letterOf(orders.asked)}, it says ` +
      `${drink(best, found.steps[T - 1])}, with probability ${p.toFixed(2)}. ` +
      `${wanted === undefined ? "That table has not ordered." : known} ` +
      `Of ${all} table${all > 1 ? "s" : ""} that ordered it has ${rights} right.`
    );
  };

  /** A matrix as an SVG: a square for each entry, by its area; full where it is positive, a frame where negative. */
  const squares = (data, rows, columns, largest) => {
    const kinds = { more: "", less: "" };
    for (const [n, entry] of data.entries()) {
      const half = largest ? Math.floor(0.48 * cell * Math.sqrt(Math.abs(entry) / largest) + 0.5) : 0;
      if (!half) continue;
      const [x, y] = [n % columns, Math.floor(n / columns)].map((at) => cell * at + Math.floor(cell / 2));
      const square = (a) => `M${x - a} ${y - a}h${2 * a}v${2 * a}h-${2 * a}z`;
      const inner = entry < 0 ? Math.floor(half / 2) : 0;
      kinds[entry < 0 ? "less" : "more"] += square(half) + (inner ? square(inner) : "");
    }
    const paths = Object.entries(kinds).map(([kind, path]) => `<path class="${kind}" d="${path}"></path>`);
    return `<svg viewBox="0 0 ${cell * columns} ${cell * rows}">${paths.join("")}</svg>`;
  };

  /** The state after an order, and what is read from it. */
  const pictures = ({ q, steps }, orders, at) => {
    const largest = (vectors) => vectors.flatMap((v) => [...v]).reduce((most, a) => Math.max(most, Math.abs(a)), 0);
    const [{ S, k, out }, d] = [steps[at], q.length];
    const [toS, toOut] = [largest(steps.map((one) => one.S.data)), largest(steps.map((one) => one.out))];
    const all = [
      ["k", `k of ${order(orders, at)}`, squares(k, 1, d, 1)],
      ["q", `q of ${letterOf(orders.asked)}`, squares(q, 1, d, 1)],
      ["S", `S, to ${toS.toFixed(1)}`, squares(S.data, out.length, d, toS)],
      ["o", `S q, to ${toOut.toFixed(1)}`, squares(out, out.length, 1, toOut)],
    ];
    return all.map(([kind, name, svg]) => `<div class="${kind}"><span>${name}</span>${svg}</div>`).join("");
  };

  const row = (found, orders, t, at) => {
    const { best, p, wanted, rights, all } = judged(found, orders, t);
    const mark = wanted === undefined ? "–" : best === wanted ? "✓" : "✗";
    const words = sentence(found, orders, t);
    return (
      `<label><input type="radio" name="${group}" value="${t}" autocomplete="off" aria-label="${words}"` +
      `${t === at ? ' checked=""' : ""}>` +
      `<span>${order(orders, t)}</span><b>${drink(best, found.steps[t])}</b><i style="--w: ${p.toFixed(3)}"></i>` +
      `<b>${mark}</b><small>${rights} of ${all}</small><em>${words}</em></label>`
    );
  };

  function* show(found, at) {
    const { orders } = found;
    const rows = [];
    for (const t of orders.tables.keys()) {
      rows.push(row(found, orders, t, at));
      yield;
    }
    const legend = `After each order: what it says for ${letterOf(orders.asked)}, and how many tables it has right`;
    const html =
      `<p class="said">${told(found, orders)}</p><div class="recall"><div class="read" aria-hidden="true" ` +
      `style="--d: ${found.q.length}">${pictures(found, orders, at)}</div><fieldset class="map orders">` +
      `<legend>${legend}</legend>${rows.join("")}</fieldset></div>`;
    yield* renewing(shown, ...parsed(html));
    shown.querySelector(`[value="${at}"]`).checked = true;
  }

  let [picked, last] = [undefined, undefined]; // the row that a reader has picked, if any, and what is shown

  function* compute(models, tokens) {
    const which = choices.querySelector(":checked").value;
    const orders = ordersOf(tokens);
    return { orders, ...(yield* recalling(orders, models[names[which]], rules[which])) };
  }

  function* draw(found) {
    last = found;
    yield* show(found, Math.min(picked ?? Infinity, found.orders.tables.length - 1));
    return told(found, found.orders);
  }
  const options = { ...given, refused };
  const answer = answering(figure, options, () => vocabulary, compute, draw);

  for (const one of shown.querySelectorAll("input")) [one.name, one.checked] = [group, one.defaultChecked];
  for (const one of choices.querySelectorAll("input"))
    [one.name, one.checked] = [`${one.name}-${place}`, one.defaultChecked];
  for (const part of [field, choices]) part.hidden = false;
  field.addEventListener("input", () => {
    picked = undefined;
    answer();
  });
  choices.addEventListener("input", answer);
  shown.addEventListener("input", ({ target }) => {
    picked = Number(target.value);
    if (last && !figure.querySelector(".problem").hidden) finish(show(last, picked));
    else answer();
  });
}
