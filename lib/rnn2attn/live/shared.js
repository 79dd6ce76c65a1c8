// What all figures with a network in them do alike.
const UNSEEN = /[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const CUT = { words: /[\p{L}\p{M}]+|[^\s\p{L}\p{M}]/gu, characters: /\S/gu };
const PIECE = 16; // ms of work after which the page gets its turn
const MISSING = "The network’s weights did not arrive. What is shown is its answer to the first input.";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** The tokens of a text, and a sentence where a network with this vocabulary cannot read them. */
function readTyped(text, vocabulary, { cut, longest, near, sentences }, answered) {
  const tokens = text.replace(UNSEEN, "").normalize("NFC").match(CUT[cut]) ?? [];
  const fill = (name, values) => sentences[name].replace(/{(\w+)}/g, (_, key) => values[key]);
  const token = vocabulary.includes("<unk>") ? undefined : tokens.find((one) => !vocabulary.includes(one));
  const known = vocabulary.filter((one) => one !== "<pad>" && one.toLowerCase().startsWith(token?.toLowerCase()));
  let why = "";
  if (!tokens.length) why = fill("empty");
  else if (token !== undefined)
    why = fill(known.length ? "near" : "unknown", { token, near: known.slice(0, near).join(", ") });
  else if (tokens.length > longest) why = fill("long", { n: tokens.length, longest });
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
 * the figure is near, and are unpacked by pieces, so that the first key has its answer at once.
 */
function networks(figure) {
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
    inPieces(parts());
  });
  return give;
}
