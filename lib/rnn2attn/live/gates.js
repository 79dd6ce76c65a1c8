// The gates of an LSTM as lines over what is typed, and buttons that hold a gate, computed here by the engine above.

for (const [place, figure] of document.querySelectorAll("figure[data-gates]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const { reads, says, gates, cell, table, ...options } = JSON.parse(figure.dataset.gates);
  const shown = figure.querySelector(".answer");
  const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

  const path = (values, signed) =>
    `M${values.map((value, t) => `${t + 0.5} ${(signed ? (1 - value) / 2 : 1 - value).toFixed(3)}`).join("L")}`;

  const strip = (title, signs, lines, held) => {
    const signed = title === cell;
    const means = lines.map((units) => units.reduce((sum, value) => sum + Math.abs(value), 0) / units.length);
    let paths = [...lines[0]].map((_, j) => `<path d="${path(lines.map((units) => units[j]), signed)}"></path>`).join("");
    if (!signed) paths += `<path class="mean" d="${path(means)}"></path>`;
    const heading = held === null ? title : `${title} at ${held}`;
    const words = signs.map((sign, t) => `${sign} ${means[t].toFixed(2)}`).join(", ");
    const label = `${heading}. ${signed ? "Mean size" : "Mean"} of ${lines[0].length} units: ${words}.`;
    return `<tr><th scope="row">${heading}</th><td colspan="${signs.length}"><svg viewBox="0 -0.06 ${signs.length} 1.12" \
preserveAspectRatio="none" role="img" aria-label="${escape(label)}">${paths}</svg></td></tr>`;
  };

  const row = (title, signs) =>
    `<tr><th scope="row">${title}</th>${signs.map((sign) => `<td>${escape(sign)}</td>`).join("")}</tr>`;

  function* compute({ model }, signs) {
    const values = Object.keys(gates).map((name) => figure.querySelector(`[data-gate="${name}"] :checked`).value);
    const [i, f, o] = values.map((value) => (value === "" ? null : Number(value)));
    const steps = yield* readHolding(signs.map((sign) => reads.indexOf(sign)), model, [i, f, null, o]); // prettier-ignore
    return { steps, held: [i, f, o, null] };
  }

  function* draw({ steps, held }, signs) {
    const rows = [];
    for (const [n, title] of [...Object.values(gates), cell].entries()) {
      rows.push(strip(title, signs, steps.map(([lines]) => lines[n]), held[n])); // prettier-ignore
      yield;
    }
    const said = steps.map(([, shares]) => says[argmax(shares)]);
    rows.push(row("reads", signs), row("says", said));
    const html = `<table class="gates" aria-label="${table}" style="--columns: ${signs.length}"><tbody>${rows.join("")}</tbody></table>`;
    yield* renewing(shown, ...parsed(html));
    const holding = Object.values(gates).flatMap((title, n) => (held[n] === null ? [] : `${title} is held at ${held[n]}.`));
    return [`It reads ${signs.join(" ")} and says ${said.join(" ")}.`, ...holding].join(" ");
  }
  const show = answering(figure, options, () => reads, compute, draw);

  // The same figure may be on a page twice, and its buttons then have names of their own.
  for (const one of figure.querySelectorAll("[type=radio]"))
    [one.name, one.checked] = [`${one.name}-${place}`, one.defaultChecked];
  for (const part of figure.querySelectorAll("[type=text], .choices")) part.hidden = false;
  figure.querySelector(".asked").addEventListener("input", show);
}
