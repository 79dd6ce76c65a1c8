// Two digits in, drawn or chosen, and below them what a captioning model says, and where it looked for each word.
// Nothing that is drawn leaves the page.

// A digit of the training's is 8 × 8 squares of 4 × 4 dots of ink or none, enlarged. So is one that is drawn.
const [SQUARES, DOTS] = [8, 4];
const PEN = 0.7; // half the width of a line, in squares
const SMALL = 2; // pixels; what is smaller is no digit
const NEAR = 0.3; // pixels, within which a line needs no further point
const [TOGETHER, APART] = [1, 4]; // pixels between two drawings: below the first they are one, from the second on two

const point = (x, y) => ({ x, y });

/** How far a point is from the line between two others. */
function toLine({ x, y }, from, to) {
  const [u, v] = [to.x - from.x, to.y - from.y];
  const along = Math.min(1, Math.max(0, ((x - from.x) * u + (y - from.y) * v) / (u * u + v * v || 1)));
  return Math.hypot(x - from.x - along * u, y - from.y - along * v);
}

/** The box around some lines, each a list of points. */
function around(lines) {
  const [xs, ys] = [lines.flat().map(({ x }) => x), lines.flat().map(({ y }) => y)];
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  return { left, top, right, bottom, side: Math.max(right - left, bottom - top) };
}

/** Lines by drawings: those that touch are of one, and while there are more than two, those that are near. */
function drawings(lines) {
  const found = lines.map((line) => [line]);
  const gap = (one, other) => {
    const [a, b] = [around(one), around(other)];
    return Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
  };
  for (;;) {
    const pairs = found.flatMap((one, m) => found.slice(0, m).map((other, n) => [gap(one, other), n, m]));
    const [nearest, n, m] = pairs.reduce((a, b) => (b[0] < a[0] ? b : a), [Infinity]);
    if (nearest >= (found.length > 2 ? APART : TOGETHER)) return found;
    found[n].push(...found.splice(m, 1)[0]);
  }
}

/** The share of ink in each of 8 × 8 squares, into which lines have been fitted. */
function fitted(lines) {
  const { left, top, right, bottom, side } = around(lines);
  const scale = (SQUARES - 2 * PEN) / side;
  const within = (a, first, last) => (a - (first + last) / 2) * scale + SQUARES / 2;
  const moved = lines.map((line) => line.map(({ x, y }) => point(within(x, left, right), within(y, top, bottom))));
  const row = SQUARES * DOTS;
  const dots = new Uint8Array(row * row);
  const reach = (a, b) => [Math.min(a, b) - PEN, Math.max(a, b) + PEN].map((end) => Math.floor(end * DOTS));
  const paint = (from, to) => {
    const [[first, last], [top, bottom]] = [reach(from.x, to.x), reach(from.y, to.y)];
    for (let i = Math.max(0, top); i <= Math.min(row - 1, bottom); i++)
      for (let j = Math.max(0, first); j <= Math.min(row - 1, last); j++)
        if (toLine(point((j + 0.5) / DOTS, (i + 0.5) / DOTS), from, to) <= PEN) dots[i * row + j] = 1;
  };
  for (const line of moved) line.forEach((to, n) => paint(line[Math.max(0, n - 1)], to));
  return vector(SQUARES * SQUARES, (n) => {
    const at = DOTS * (row * Math.floor(n / SQUARES) + (n % SQUARES));
    let sum = 0;
    for (let k = 0; k < DOTS * DOTS; k++) sum += dots[at + row * Math.floor(k / DOTS) + (k % DOTS)];
    return sum / (DOTS * DOTS);
  });
}

/** Squares enlarged, between whose middles each pixel is interpolated. */
function enlarged(squares, digit) {
  const places = Array.from({ length: digit }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * SQUARES) / digit - 0.5);
    const first = Math.floor(at);
    return [first, Math.min(first + 1, SQUARES - 1), at - first];
  });
  return vector(digit * digit, (n) => {
    const [[top, bottom, down], [left, right, across]] = [places[Math.floor(n / digit)], places[n % digit]];
    const along = (row) => (1 - across) * squares[row * SQUARES + left] + across * squares[row * SQUARES + right];
    return (1 - down) * along(top) + down * along(bottom);
  });
}

/** Bytes of ink, row by row, as the address of a bitmap that holds them. */
function bitmap(picture, size) {
  const [head, length] = [54, 54 + 3 * size * size];
  const view = new DataView(new ArrayBuffer(length));
  view.setUint16(0, 0x424d); // BM
  for (const [at, number] of [[2, length], [10, head], [14, 40], [18, size], [22, size]]) view.setUint32(at, number, true); // prettier-ignore
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  for (let n = 0; n < size * size; n++) {
    const at = head + 3 * ((size - 1 - Math.floor(n / size)) * size + (n % size));
    for (let k = 0; k < 3; k++) view.setUint8(at + k, picture[n]);
  }
  return `data:image/bmp;base64,${btoa(Array.from(new Uint8Array(view.buffer), (code) => String.fromCharCode(code)).join(""))}`;
}

/** Of so many cells along a side, the share of each that lies within first … last. */
const covered = (first, last, cells, size) =>
  Array.from({ length: cells }, (_, n) => {
    const width = size / cells;
    return Math.max(0, Math.min(last, (n + 1) * width) - Math.max(first, n * width)) / width;
  });

for (const [place, figure] of document.querySelectorAll("figure[data-canvas]:not([data-ready])").entries()) {
  figure.dataset.ready = "";
  const { size, digit, levels, limit, names, places, called, sentences, ...options } = JSON.parse(figure.dataset.canvas);
  const [asked, pad, clear, note, shown] = [".asked", ".pad", ".clear", ".note", ".answer"].map((one) =>
    figure.querySelector(one),
  );
  const digits = [...figure.querySelectorAll("select")];
  const lie = [...figure.querySelectorAll(".choices input")];
  const inks = figure.querySelector(".inks").textContent.split(" ").map((text) => new Uint8Array(bytes(text)));
  const group = `${options.group}-${place}`;
  let lines = [];
  const which = () => Math.max(0, lie.findIndex((one) => one.checked)); // prettier-ignore

  /** The digits that were chosen, and what was drawn as digits: each with its box and its ink. */
  const chosen = () =>
    digits.flatMap(({ value }, n) => {
      const [top, left] = places[which()][n];
      return value ? [{ top, left, name: value, ink: inks[names.indexOf(value)] }] : [];
    });
  const drawn = () =>
    drawings(lines).map((one) => {
      const { left, top, right, bottom, side } = around(one);
      const corner = (first, last) => Math.min(size - digit, Math.max(0, Math.round((first + last - digit) / 2)));
      const ink = () => enlarged(fitted(one), digit).map((share) => Math.round(levels * share));
      return { top: corner(top, bottom), left: corner(left, right), small: side < SMALL, ink: side < SMALL ? [] : ink() };
    });
  const painted = (items) => {
    const picture = new Uint8Array(size * size);
    for (const { top, left, ink } of items)
      ink.forEach((level, n) => {
        const at = (top + Math.floor(n / digit)) * size + left + (n % digit);
        picture[at] = Math.max(picture[at], level);
      });
    return picture;
  };

  const inked = (picture) => ({
    shape: [1, size, size],
    data: Float64Array.from(picture, (level) => level / levels),
  });

  /** What two digits are called by how they lie, and the number of each. */
  const sides = (items) => {
    if (items.length !== 2) return [];
    const [one, other] = items;
    const beside = Math.abs(one.left - other.left) >= Math.abs(one.top - other.top);
    const first = Number(beside ? one.left > other.left : one.top > other.top);
    const [near, far] = called[beside ? 0 : 1];
    return [[near, first], [far, 1 - first]]; // prettier-ignore
  };

  const tells = (word, weights, items, [rows, columns]) => {
    const at = argmax(weights);
    const most =
      `For ${word} it looks most at row ${Math.floor(at / columns) + 1}, column ${(at % columns) + 1} of ` +
      `${rows} × ${columns}, with ${weights[at].toFixed(2)}.`;
    const shares = sides(items).map(([side, n]) => {
      const { top, left } = items[n];
      const [down, across] = [covered(top, top + digit, rows, size), covered(left, left + digit, columns, size)];
      const share = weights.reduce((sum, w, k) => sum + w * down[Math.floor(k / columns)] * across[k % columns], 0);
      return [side, share.toFixed(2)];
    });
    if (!shares.length) return most;
    const [[near, one], [far, other]] = shares;
    return `${most} On the ${near} digit lies ${one} of the weight, on the ${far} one ${other}.`;
  };

  function* draw({ picture, said, maps, grid }, items) {
    const words = element("b", {}, said.join(" ") + (said.length === limit ? " …" : ""));
    const sentencesOfWords = said.map((word, t) => tells(word, maps[t], items, grid));
    const answer = [element("p", { class: "said" }, "It says: ", words)];
    if (said.length) {
      const largest = Math.max(...maps.map((weights) => Math.max(...weights)));
      const map = element("fieldset", { class: "map seen", style: `--columns: ${grid[1]}; --picture: url(${bitmap(picture, size)})` }); // prettier-ignore
      map.append(element("legend", {}, "What it got, and where it looked for each word"));
      for (const [t, word] of said.entries()) {
        const rows = split(maps[t], grid[0]).map((row) => strip(row.map((w) => w / largest), 1)); // prettier-ignore
        const cells = element("span", { class: "cells" }, ...rows);
        map.append(rowOf(t, group, sentencesOfWords[t], cells, element("span", {}, word)));
        yield;
      }
      answer.push(map);
    }
    yield* renewing(shown, ...answer);
    if (said.length) picked(shown);
    return [note.textContent, `It says: ${said.join(" ") || "nothing"}.`, ...sentencesOfWords].join(" ").trim();
  }

  /** Looks at the picture of some digits, and says what it shows. */
  function* compute({ model }, items) {
    const picture = painted(items);
    const memory = yield* looking(inked(picture), model.encoder);
    const { ids, steps } = yield* saying(memory, model, limit);
    const [said, maps] = [ids.map((id) => model.target[id]), ids.map((_, t) => steps[t].weights)];
    return { picture, said, maps, grid: model.encoder.grid };
  }

  /** The digits on the pad, and a sentence where they are too few; the note says what is odd about them. */
  const read = () => {
    const items = [...chosen(), ...drawn()];
    const digitsThere = items.filter(({ small }) => !small);
    let why = "";
    if (!digitsThere.length) why = sentences[items.length ? "small" : "none"];
    else if (digitsThere.length === 1) why = sentences.one;
    const equal = digitsThere.length === 2 && digitsThere[0].name && digitsThere[0].name === digitsThere[1].name;
    note.textContent = digitsThere.length > 2 ? sentences.many.replace("{n}", digitsThere.length) : equal ? sentences.equal : ""; // prettier-ignore
    note.hidden = !note.textContent;
    return { asked: digitsThere, why: why && `${why} ${sentences.still}` };
  };
  const ask = responding(figure, read, compute, draw);

  /** The pad shows what was chosen and drawn as it is; what the model got of it stands below. */
  const show = () => {
    pad.style.backgroundImage = `url(${bitmap(painted(chosen()), size)})`;
    const names = called[which()];
    figure.querySelectorAll(".where").forEach((where, n) => (where.textContent = names[n]));
    ask();
  };

  /** Which of the two places a point is at. */
  const half = ({ x, y }) => Number((which() ? y : x) > size / 2);
  const middle = (line) => {
    const { left, top, right, bottom } = around([line]);
    return point((left + right) / 2, (top + bottom) / 2);
  };
  const keep = (kept) => {
    lines = lines.filter(kept);
    pad.replaceChildren(...lines.map(({ drawn }) => drawn));
  };

  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    return point(((clientX - left) / width) * size, ((clientY - top) / height) * size);
  };
  let line;
  const go = (event) => {
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of (passed.length ? passed : [event]).map(at))
      if (toLine(one, line.at(-1), line.at(-1)) >= NEAR) line.push(one);
    const [first] = line; // twice, so that a line of one point is a dot
    line.drawn.setAttribute("points", [first, ...line].map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "));
  };
  // A stroke that ends at speed would set the page in motion, and the next tap would do no more than stop it.
  pad.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  pad.addEventListener("pointerdown", (event) => {
    if (line || event.button) return;
    pad.setPointerCapture(event.pointerId);
    line = [at(event)];
    line.drawn = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    pad.append(line.drawn);
    go(event);
    digits[half(line[0])].value = "";
    pad.style.backgroundImage = `url(${bitmap(painted(chosen()), size)})`;
  });
  pad.addEventListener("pointermove", (event) => line && go(event));
  for (const over of ["pointerup", "pointercancel"])
    pad.addEventListener(over, () => {
      if (!line) return;
      lines.push(line);
      line = undefined;
      show();
    });
  digits.forEach((one, n) =>
    one.addEventListener("input", () => {
      keep((line) => half(middle(line)) !== n);
      show();
    }),
  );
  for (const one of lie) one.addEventListener("input", show);
  clear.addEventListener("click", () => {
    for (const one of digits) one.value = "";
    keep(() => false);
    show();
  });

  for (const one of lie) [one.name, one.checked] = [`${one.name}-${place}`, one.defaultChecked];
  for (const one of figure.querySelectorAll(".map input")) [one.name, one.checked] = [group, one.defaultChecked];
  asked.hidden = false;
  pad.style.backgroundImage = `url(${bitmap(painted(chosen()), size)})`;
}
