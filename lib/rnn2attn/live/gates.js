// The gates of an LSTM as lines over what is typed, and buttons that hold a gate, computed here by the engine above.
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

for (const [place, figure] of document.querySelectorAll("figure.rnn2attn-gates:not([data-holds])").entries()) {
  figure.dataset.holds = "";
  const { reads, says, gates, cell, table, longest, near, sentences } = JSON.parse(figure.dataset.gates);
  const [field, problem, shown, status, packed] = ["[type=text]", ".problem", ".answer", "[role=status]", ".weights"].map(
    (one) => figure.querySelector(one),
  );
  let model, waiting;
  let answered = field.value;

  const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const fill = (name, values) => sentences[name].replace(/{(\w+)}/g, (_, key) => values[key]);

  /** What cannot be read, in a sentence; else "". */
  const trouble = (signs) => {
    const token = signs.find((sign) => !reads.includes(sign));
    const known = reads.filter((sign) => sign.toLowerCase() === token?.toLowerCase()).slice(0, near);
    if (!signs.length) return fill("empty");
    if (token !== undefined) return fill(known.length ? "near" : "unknown", { token, near: known.join(", ") });
    return signs.length > longest ? fill("long", { n: signs.length, longest }) : "";
  };

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

  const show = () => {
    const signs = field.value.replace(UNSEEN, "").normalize("NFC").match(/\S/gu) ?? [];
    const why = trouble(signs);
    let text = why && `${why} ${fill("still", { before: answered })}`;
    problem.textContent = text;
    problem.hidden = !why;
    if (!why) {
      answered = field.value;
      model ??= unpack(packed.textContent).model;
      const values = Object.keys(gates).map((name) => figure.querySelector(`[data-gate="${name}"] :checked`).value);
      const [i, f, o] = values.map((value) => (value === "" ? null : Number(value)));
      const steps = readHolding(signs.map((sign) => reads.indexOf(sign)), model, [i, f, null, o]); // prettier-ignore
      const rows = [...Object.values(gates), cell].map((title, n) =>
        strip(title, signs, steps.map(([lines]) => lines[n]), [i, f, o, null][n]),
      ); // prettier-ignore
      const said = steps.map(([, shares]) => says[argmax(shares)]);
      rows.push(row("reads", signs), row("says", said));
      shown.innerHTML = `<table aria-label="${table}" style="--columns: ${signs.length}"><tbody>${rows.join("")}</tbody></table>`;
      const held = Object.values(gates).flatMap((title, n) => (values[n] === "" ? [] : `${title} is held at ${values[n]}.`));
      text = [`It reads ${signs.join(" ")} and says ${said.join(" ")}.`, ...held].join(" ");
    }
    clearTimeout(waiting); // said where typing rests
    waiting = setTimeout(() => (status.textContent = text), 500);
  };

  // The same figure may be on a page twice, and its buttons then have names of their own.
  for (const one of figure.querySelectorAll("[type=radio]"))
    [one.name, one.checked] = [`${one.name}-${place}`, one.defaultChecked];
  for (const part of figure.querySelectorAll("[type=text], .choices")) part.hidden = false;
  figure.querySelector(".asked").addEventListener("input", show);
}
