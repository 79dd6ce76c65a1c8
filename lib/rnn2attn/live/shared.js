// What all figures with a network in them do alike.
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CUT = { words: /[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu, characters: /\S/gu, numbers: /[0-9]+|\S/gu };
const PIECE = 24; // ms of work after which the page gets its turn
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
function readTyped(text, vocabulary, { cut, longest, near, sentences, refused = () => undefined }, answered) {
  const tokens = text.replace(UNSEEN, "").normalize("NFC").match(CUT[cut]) ?? [];
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

/** Says something to those who hear the page, where typing rests. */
function sayer(status) {
  let waiting;
  return (text) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (status.textContent = text), 500);
  };
}

/** What a generator returns, by pieces between which the page gets its turn; nothing, once `stale` is true. */
async function inPieces(parts, stale = () => false) {
  for (;;) {
    const until = performance.now() + PIECE;
    do {
      const { done, value } = parts.next();
      if (done) return value;
    } while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve));
    if (stale()) return undefined;
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
 * A figure with a field to type in; returned is the function that answers to what it holds. `compute` finds the answer
 * to tokens by networks, `draw` draws it and returns what is to be said: two generators, which rest where the page may
 * have its turn. A newer key stops them. What cannot be read gets a sentence, and the answer before it stays.
 *
 * A browser is slow at what it does for the first time, so it computes once before anybody types.
 */
function answering(figure, options, vocabulary, compute, draw) {
  const [field, problem, shown, status] = ["[type=text]", ".problem", ".answer", "[role=status]"].map((one) =>
    figure.querySelector(one),
  );
  const say = sayer(status);
  let [answered, turn] = [field.value, 0];
  const read = (text, models) => readTyped(text, vocabulary(models), options, answered);
  const first = (models) => compute(models, read(field.defaultValue, models).tokens);
  const ask = networks(figure, (models) => turn || inPieces(first(models), () => turn));
  function* work(models, tokens) {
    return yield* draw(yield* compute(models, tokens), tokens, models);
  }
  const answer = async (models) => {
    const { tokens, why } = read(field.value, models);
    problem.textContent = why;
    problem.hidden = !why;
    if (why) {
      say(why);
      return;
    }
    const mine = ++turn;
    answered = field.value;
    shown.setAttribute("aria-busy", "true");
    const text = await inPieces(work(models, tokens), () => mine !== turn);
    if (mine !== turn) return;
    shown.removeAttribute("aria-busy");
    if (problem.hidden) say(text);
  };
  return () => ask(answer);
}
