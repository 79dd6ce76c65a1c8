// What all figures with a network in them do alike.
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CUT = { words: /[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu, characters: /\S/gu, numbers: /[0-9]+|\S/gu };
const PIECE = 12; // ms of work after which the page gets its turn
const MISSING = "The network’s weights did not arrive. What is shown is its answer to the first input.";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/**
 * The tokens of a text, and a sentence where a network with this vocabulary cannot read them. What a figure knows of
 * their order says `refused`: of tokens it returns the name of a sentence and what is filled in, or nothing.
 */
function readTyped(text, vocabulary, { cut, lower, longest, near, sentences, refused = () => undefined }, answered) {
  const cased = lower ? text.toLowerCase() : text;
  const tokens = cased.replace(UNSEEN, "").normalize("NFC").match(CUT[cut]) ?? [];
  const fill = (name, values) => sentences[name].replace(/{(\w+)}/g, (_, key) => values[key]);
  const token = vocabulary.includes("<unk>") ? undefined : tokens.find((one) => !vocabulary.includes(one));
  const known = vocabulary.filter((one) => one !== "<pad>" && one.toLowerCase().startsWith(token?.toLowerCase()));
  let why = "";
  if (!tokens.length) why = fill("empty");
  else if (token !== undefined)
    why = fill(known.length ? "near" : "unknown", { token, near: known.slice(0, near).join(", ") });
  else if (tokens.length > longest) why = fill("long", { n: tokens.length, longest });
  else if (refused(tokens)) why = fill(...refused(tokens));
  return { tokens, why: why && `${why} ${fill("still", { before: answered })}` };
}

/** Where a network looked for a token, in words: the keys with the largest weights, at most three. */
function looks(token, keys, weights, share) {
  const order = keys.map((_, i) => i).sort((i, j) => weights[j] - weights[i]);
  const named = order.slice(0, 3).filter((i, n) => n === 0 || weights[i] >= share);
  return `For “${token}” it looks at ${named.map((i) => `“${keys[i]}” (${weights[i].toFixed(2)})`).join(", ")}.`;
}

/** Says something to those who hear the page, where typing rests. */
function sayer(status) {
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (status.textContent = text), 500);
  };
}

/** Waits until the page has had its turn: where work is "user-blocking", a key and the frame after it. */
const turnOver = (priority) =>
  window.scheduler?.postTask?.(() => {}, { priority }) ?? new Promise((resolve) => setTimeout(resolve));

/**
 * What a generator returns, by pieces between which the page gets its turn; nothing, once `stale` is true. The first
 * piece is worked off at once: an answer that it finds stands in the very frame that shows what was typed.
 */
async function inPieces(parts, stale = () => false, priority = "user-visible") {
  for (; !stale(); await turnOver(priority)) {
    const until = performance.now() + PIECE;
    do {
      const { done, value } = parts.next();
      if (done) return value;
    } while (performance.now() < until);
  }
}

/**
 * Makes the children of a node like those that are given, and rests after each. What is alike stays as it is, so that a
 * browser has less to do, and a finger that is about to choose something finds it still there.
 */
function* renewing(node, ...wanted) {
  const there = [...node.childNodes].filter((one) => one.nodeType !== Node.COMMENT_NODE || one.remove());
  for (const one of there.slice(wanted.length)) one.remove();
  for (const [n, one] of wanted.entries()) {
    const old = there[n];
    if (!old) node.append(one);
    else if (old.nodeName !== one.nodeName) old.replaceWith(one);
    else if (!old.isEqualNode(one)) {
      if (old.nodeType === Node.TEXT_NODE) old.data = one.data;
      else yield* changing(old, one);
    }
    yield;
  }
}

/** Makes an element like another of its kind, with all that is in it. */
function* changing(old, one) {
  for (const name of old.getAttributeNames()) if (!one.hasAttribute(name)) old.removeAttribute(name);
  for (const name of one.getAttributeNames()) {
    const value = one.getAttribute(name);
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  yield* renewing(old, ...one.childNodes);
}

/** The nodes that HTML stands for. */
function parsed(html) {
  const template = element("template");
  template.innerHTML = html;
  return template.content.childNodes;
}

/**
 * Weights, 0 to 1, side by side: one element, of whose colour a mask leaves as much as each says. A browser is slow at
 * elements, and hardly at what is painted in one. A cell takes this share of its place. The last stop lies
 * outside: a mask that leaves nothing is one that Chromium 150 never ends to print.
 */
function strip(weights, share = 0.95) {
  const wide = 100 / weights.length;
  const end = (n) => `${(n * wide).toFixed(2)}%`;
  const stops = Array.from(weights, (w, n) => `rgb(0 0 0/${w.toFixed(3)}) 0 ${end(n + share)},#0000 0 ${end(n + 1)}`);
  return element("i", { style: `mask:linear-gradient(90deg,${stops.join(",")},#000 101%)` });
}

/** A row of a map: its number, what it shows, and what that is in words, seen when it is picked and heard always. */
function rowOf(t, group, words, ...shown) {
  const radio = { type: "radio", name: group, value: t, autocomplete: "off", "aria-label": words };
  const input = element("input", { ...radio, ...(t === 0 && { checked: "" }) });
  return element("label", {}, input, ...shown, element("em", {}, words));
}

/** The tokens above a map's columns: long ones stand on end. */
function headsOf(tokens) {
  const heads = tokens.map((token) => element("span", token.length > 1 ? {} : { class: "one" }, token));
  return element("div", { class: "heads", "aria-hidden": "true" }, ...heads);
}

/** A map's rows are radio buttons, one of which is always picked. */
function picked(map) {
  if (!map.querySelector(":checked")) map.querySelector("[type=radio]").checked = true;
}

/** Calls what it is given when a figure comes near. */
function whenNear(figure, then) {
  new IntersectionObserver(
    (seen, watch) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      then();
    },
    { rootMargin: "100%" },
  ).observe(figure);
}

/**
 * The way to a figure's networks: a function that calls another with them, at once where they are there. Their weights
 * stand in the figure as text, or in a script beside the page, which sets `packed` on its own element. They come when
 * the figure is near, and are unpacked by pieces, so that the first key has its answer at once; then `near` is called
 * with the networks.
 */
function networks(figure, near) {
  const packed = figure.querySelector(".weights");
  let models, unpacked, arriving, asked;
  function* unpacks() {
    models = yield* unpacking(packed.textContent);
  }
  const parts = () => (unpacked ??= unpacks());
  const arrive = () =>
    (arriving ??= new Promise((resolve) => {
      if (packed.textContent) return resolve();
      const script = element("script", { src: packed.dataset.beside });
      script.addEventListener("load", () => {
        packed.textContent = script.packed;
        resolve();
      });
      script.addEventListener("error", () => {
        const problem = figure.querySelector(".problem");
        problem.textContent = MISSING;
        problem.hidden = false;
      });
      document.head.append(script);
    }));
  const give = (then) => {
    if (!models && packed.textContent) finish(parts());
    if (models) return then(models);
    asked ?? arrive().then(() => give(asked));
    asked = then;
  };
  whenNear(figure, async () => {
    await arrive();
    await inPieces(parts());
    near?.(models);
  });
  return give;
}

/**
 * A figure that answers by networks; returned is the function that asks it. `read` returns what they are asked, and a
 * sentence where they cannot be: then the answer before it stays. `compute` finds the answer by networks, `draw` draws
 * it and returns what is to be said: two generators, which rest where the page may have its turn. A newer question
 * stops them.
 *
 * A browser is slow at what it does for the first time, so it answers once before anybody asks.
 */
function responding(figure, read, compute, draw) {
  const [problem, shown, status] = [".problem", ".answer", "[role=status]"].map((one) => figure.querySelector(one));
  const say = sayer(status);
  let turn = 0;
  function* work(models, asked) {
    return yield* draw(yield* compute(models, asked), asked, models);
  }
  const ask = networks(figure, async (models) => {
    await turnOver("background");
    const { asked, why } = read(models);
    if (!turn && !why) inPieces(work(models, asked), () => turn, "background");
  });
  const answer = async (models) => {
    const { asked, why } = read(models);
    problem.textContent = why;
    problem.hidden = !why;
    if (why) {
      say(why);
      return;
    }
    const mine = ++turn;
    shown.setAttribute("aria-busy", "true");
    const text = await inPieces(work(models, asked), () => mine !== turn, "user-blocking");
    if (mine !== turn) return;
    shown.removeAttribute("aria-busy");
    if (problem.hidden) say(text);
  };
  return () => ask(answer);
}

/** A figure that answers to the tokens of what is typed. */
function answering(figure, options, vocabulary, compute, draw) {
  const field = figure.querySelector("[type=text]");
  let answered = field.value;
  const read = (models) => {
    const { tokens, why } = readTyped(field.value, vocabulary(models), options, answered);
    if (!why) answered = field.value;
    return { asked: tokens, why };
  };
  return responding(figure, read, compute, draw);
}
