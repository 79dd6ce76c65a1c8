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
function* recalling({ tables, drinks, begins, asked }, parts, rule) {
  const [table, drink, evening, W_k, W_v, keep, strength, output] = parts;
  const query = (n) => unit(linear(embedding(n, table), W_k));
  const queries = new Map([asked, ...tables].map((n) => [n, query(n)]));
  const q = queries.get(asked);
  let S = { shape: [W_v.weight.shape[0], q.length], data: new Float64Array(W_v.weight.shape[0] * q.length) };
  const steps = [];
  for (const t of tables.keys()) {
    const x = add(embedding(tables[t], table), embedding(drinks[t], drink), embedding(Number(begins[t]), evening));
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
    let [orders, begins] = [0, false];
    for (let n = 0; n < tokens.length; n++) {
      const [one, next] = [tokens[n], tokens[n + 1]];
      if (one === "/") {
        begins = true;
        continue;
      }
      if (!isTable(one) || next === undefined || isTable(next) || next === "/") return ["alone", { token: one }];
      n++;
      if (next !== "?") [orders, begins] = [orders + 1, false];
      else if (n + 1 < tokens.length) return ["late", { token: tokens[n + 1] }];
      else if (!orders) return ["nothing", {}];
      else if (begins) return ["evening", {}];
      else return orders > most ? ["long", { n: orders, longest: most }] : undefined;
    }
    return ["unasked", {}];
  };

  const ordersOf = (tokens) => {
    const found = { tables: [], drinks: [], begins: [], asked: numberOf(tokens.at(-2)) };
    let begins = true;
    for (const [n, one] of tokens.slice(0, -2).entries()) {
      if (one === "/") begins = true;
      if (!isTable(one)) continue;
      found.tables.push(numberOf(one));
      found.drinks.push(Number(tokens[n + 1]) - 1);
      found.begins.push(begins);
      begins = false;
    }
    return found;
  };

  /** For each table that has ordered up to order t, its last drink on this evening; undefined where it has none. */
  const right = ({ tables, drinks, begins }, t) => {
    const found = new Map();
    for (let n = 0; n <= t; n++) {
      if (begins[n]) for (const table of found.keys()) found.set(table, undefined);
      found.set(tables[n], drinks[n]);
    }
    return found;
  };

  const order = ({ tables, drinks }, t) => letterOf(tables[t]) + (drinks[t] + 1);

  const judged = ({ steps }, orders, t) => {
    const drinks = steps[t].logits.length - 1;
    const drink = (number) => (number === undefined || number === drinks ? "nothing" : String(number + 1));
    const wanted = right(orders, t);
    const said = (table) => drink(steps[t].best.get(table));
    const count = [...wanted].filter(([table, number]) => said(table) === drink(number)).length;
    return { drink, said: said(orders.asked), wanted: drink(wanted.get(orders.asked)), count, tables: wanted.size };
  };

  const sentence = (found, orders, t) => {
    const { gates, logits } = found.steps[t];
    const p = softmax(logits);
    const ranks = Array.from(p, (_, i) => i).sort((i, j) => p[j] - p[i]).slice(0, 3); // prettier-ignore
    const { drink } = judged(found, orders, t);
    const named = ranks.filter((i, n) => n === 0 || p[i] >= share).map((i) => `${drink(i)} (${p[i].toFixed(2)})`);
    const open = gates.flatMap((gate, n) => (gate === undefined ? [] : `${"γβ"[n]} ${gate.toFixed(2)}`)).join(", ");
    return `After ${order(orders, t)}${open && ` (${open})`}, asked for ${letterOf(orders.asked)}: ${named.join(", ")}.`;
  };

  const told = (found, orders) => {
    const last = orders.tables.length - 1;
    const { said, wanted, count, tables } = judged(found, orders, last);
    return (
      `After ${last + 1} order${last > 0 ? "s" : ""}, asked for table ${letterOf(orders.asked)}, it says ${said}, ` +
      `with probability ${Math.max(...softmax(found.steps[last].logits)).toFixed(2)}. ` +
      `${said === wanted ? "That is right." : `Right is ${wanted}.`} ` +
      `Of ${tables} table${tables > 1 ? "s" : ""} that ordered it has ${count} right.`
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
    const { said, wanted, count, tables } = judged(found, orders, t);
    const p = Math.max(...softmax(found.steps[t].logits));
    return (
      `<label><input type="radio" name="${group}" value="${t}" autocomplete="off"${t === at ? ' checked=""' : ""}>` +
      `<span>${t && orders.begins[t] ? "/ " : ""}${order(orders, t)}</span><b>${said}</b>` +
      `<i style="--w: ${p.toFixed(3)}"></i><b>${said === wanted ? "✓" : "✗"}</b><small>${count} of ${tables}</small>` +
      `<em>${sentence(found, orders, t)}</em></label>`
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
