// The networks of this book, for one sequence at a time. Each function is its equation, in the book's notation; what
// PyTorch computes from the same weights, it computes in double precision.
//
// A vector is a Float64Array, a sequence an array of vectors. A parameter has its shape, as PyTorch keeps it, (out, in),
// and its data, row by row. A network is the object that `unpack` makes, its parts named as the modules in Python are.

/** The networks that `rnn2attn.live.weights.pack` has written, by name. */
export const unpack = (text) => finish(unpacking(text));

/** The same by pieces: it rests after each parameter. */
export function* unpacking(text) {
  const networks = JSON.parse(text);
  const open = [networks];
  while (open.length) {
    const node = open.pop();
    for (const [name, value] of Object.entries(node)) {
      if (value?.shape) {
        node[name] = parameter(value);
        yield;
      } else if (typeof value === "object" && value) open.push(value);
    }
  }
  return networks;
}

/** What a generator returns, all at once. */
export function finish(parts) {
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

function parameter({ shape, float16, int8, scale }) {
  if (float16 !== undefined) {
    const halves = new Uint16Array(bytes(float16));
    return { shape, data: new Float32Array(halves.length).map((_, i) => half(halves[i])) };
  }
  const [whole, scales] = [new Int8Array(bytes(int8)), new Float32Array(bytes(scale))]; // a scale for each row
  const columns = whole.length / shape[0];
  return { shape, data: new Float32Array(whole.length).map((_, i) => whole[i] * scales[Math.floor(i / columns)]) };
}

function bytes(text) {
  const signs = atob(text);
  const codes = new Uint8Array(signs.length);
  for (let i = 0; i < codes.length; i++) codes[i] = signs.charCodeAt(i);
  return codes.buffer;
}

/** The number of a float16: one bit of sign, five of exponent, ten of fraction. */
function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction);
}

// ── Vectors ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const vector = (d, entry) => {
  const v = new Float64Array(d);
  for (let j = 0; j < d; j++) v[j] = entry(j);
  return v;
};
export const dot = (a, b) => {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
};
export const add = (...vectors) => {
  const sum = new Float64Array(vectors[0].length);
  for (const v of vectors) for (let j = 0; j < sum.length; j++) sum[j] += v[j];
  return sum;
};
export const multiply = (a, b) => vector(a.length, (j) => a[j] * b[j]); // a ⊙ b
// [a ; b]
export const join = (...vectors) => {
  const joined = new Float64Array(vectors.reduce((sum, v) => sum + v.length, 0));
  vectors.reduce((at, v) => (joined.set(v, at), at + v.length), 0);
  return joined;
};
export function split(v, parts) {
  const d = v.length / parts;
  return Array.from({ length: parts }, (_, n) => v.subarray(n * d, (n + 1) * d));
}
export const sigmoid = (v) => vector(v.length, (j) => 1 / (1 + Math.exp(-v[j])));
export const tanh = (v) => vector(v.length, (j) => Math.tanh(v[j]));
export const relu = (v) => vector(v.length, (j) => Math.max(v[j], 0));
export const argmax = (v) => v.reduce((best, a, j) => (a > v[best] ? j : best), 0);
export const mean = (vectors) => add(...vectors).map((sum) => sum / vectors.length);
/** Σ_i w_i v_i */
export function weighted(weights, vectors) {
  const sum = new Float64Array(vectors[0].length);
  for (let i = 0; i < vectors.length; i++)
    for (let j = 0; j < sum.length; j++) sum[j] += weights[i] * vectors[i][j];
  return sum;
}

/** W x, of the rows `from` to `to` of W and the columns that begin at `first`. */
export function times({ shape, data }, x, from = 0, to = shape[0], first = 0) {
  const columns = shape[1];
  const product = new Float64Array(to - from);
  const last = product.length - 1;
  const start = (j) => (from + Math.min(j, last)) * columns + first;
  // Four rows side by side: in one, each addition waits for that before it.
  for (let j = 0; j <= last; j += 4) {
    const p = start(j), q = start(j + 1), r = start(j + 2), s = start(j + 3); // prettier-ignore
    let a = 0, b = 0, c = 0, d = 0; // prettier-ignore
    for (let k = 0; k < x.length; k++) {
      const x_k = x[k];
      a += data[p + k] * x_k;
      b += data[q + k] * x_k;
      c += data[r + k] * x_k;
      d += data[s + k] * x_k;
    }
    product[Math.min(j + 3, last)] = d;
    product[Math.min(j + 2, last)] = c;
    product[Math.min(j + 1, last)] = b;
    product[j] = a;
  }
  return product;
}

/** Wᵀ x */
export function timesTransposed({ shape: [rows, columns], data }, x) {
  const product = new Float64Array(columns);
  for (let j = 0, at = 0; j < rows; j++) for (let k = 0; k < columns; k++, at++) product[k] += data[at] * x[j];
  return product;
}

/** p_j = exp(e_j) / Σ_k exp(e_k). An entry of −∞ has no share. */
export function softmax(e) {
  const largest = Math.max(...e);
  const powers = vector(e.length, (i) => Math.exp(e[i] - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return vector(e.length, (i) => powers[i] / total);
}

/** ln of `softmax`. */
export function logSoftmax(e) {
  const largest = Math.max(...e);
  const total = Math.log(e.reduce((sum, score) => sum + Math.exp(score - largest), 0));
  return e.map((score) => score - largest - total);
}

/** W x + b */
export const linear = (x, { weight, bias }) => (bias ? add(times(weight, x), bias.data) : times(weight, x));

/** The row of E that a token's number names. */
export const embedding = (id, { weight: { shape, data } }) =>
  Float64Array.from(data.subarray(id * shape[1], (id + 1) * shape[1]));

// ── Recurrent networks ─────────────────────────────────────────────────────────────────────────────────────────────

/** h_t = tanh(W_xh x_t + W_hh h_{t−1} + b) */
export const rnnStep = (x, h, { W_xh, W_hh, b }) => tanh(add(times(W_xh, x), times(W_hh, h), b.data));

/** i_t = σ(W_xi x_t + W_hi h_{t−1} + b_i), f_t and o_t alike, and g_t with tanh; the blocks stand in the order i, f, g, o. */
export function lstmGates(x, h, { W_x, W_h, b }) {
  const [i, f, g, o] = split(add(times(W_x, x), times(W_h, h), b.data), 4);
  return [sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)];
}

/** c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t, h_t = o_t ⊙ tanh(c_t) */
export function lstmMix(c, [i, f, g, o]) {
  c = add(multiply(f, c), multiply(i, g));
  return [multiply(o, tanh(c)), c];
}

export const lstmStep = (x, [h, c], weights) => lstmMix(c, lstmGates(x, h, weights));

/** r_t and z_t, and n_t = tanh(W_xn x_t + b_xn + r_t ⊙ (W_hn h_{t−1} + b_hn)), or r_t on h_{t−1} before the matrix. */
export function gruGates(x, h, { W_x, W_h, b_x, b_h, reset_after = true }) {
  const [xr, xz, xn] = split(add(times(W_x, x), b_x.data), 3);
  const from = (h, n) => add(times(W_h, h, n * h.length, (n + 1) * h.length), split(b_h.data, 3)[n]);
  const [r, z] = [sigmoid(add(xr, from(h, 0))), sigmoid(add(xz, from(h, 1)))];
  const old = reset_after ? multiply(r, from(h, 2)) : from(multiply(r, h), 2);
  return [r, z, tanh(add(xn, old))];
}

/** h_t = z_t ⊙ h_{t−1} + (1 − z_t) ⊙ n_t, or the other way round where z takes. */
export const gruMix = (h, [, z, n], z_keeps = true) =>
  vector(h.length, (j) => (z_keeps ? z[j] * h[j] + (1 - z[j]) * n[j] : (1 - z[j]) * h[j] + z[j] * n[j]));

export const gruStep = (x, h, weights) => gruMix(h, gruGates(x, h, weights), weights.z_keeps);

/** One step of a network, whichever it is; the state of an LSTM is [h, c]. */
export const step = (x, state, weights) =>
  ({ RNN: rnnStep, LSTM: lstmStep, GRU: gruStep })[weights.kind](x, state, weights);
export const hidden = (state) => (Array.isArray(state) ? state[0] : state);

/** The states after each input, from zeros if no other is given. */
export function unroll(xs, weights, state) {
  const d_h = (weights.W_hh ?? weights.W_h).shape[1];
  state ??= weights.kind === "LSTM" ? [new Float64Array(d_h), new Float64Array(d_h)] : new Float64Array(d_h);
  return xs.map((x) => (state = step(x, state, weights)));
}

/** All zero, and a one where a token's number says. */
export const oneHot = (id, V) => vector(V, (j) => Number(j === id));

/** Logits of the token that follows each: one-hot in, h_t, W_hy h_t + b_y. */
export function languageModel(ids, { rnn, output }) {
  const xs = ids.map((id) => oneHot(id, rnn.W_xh.shape[1]));
  return unroll(xs, rnn).map((h) => linear(h, output));
}

/**
 * An LSTM reads tokens one-hot, and answers after each. A gate of i, f, g, o that is held has one value in all units,
 * and null where it is free. Of each step: i, f, o and tanh c, and the share of each answer. It rests after each.
 */
export function* readHolding(ids, [cell, output], held) {
  const zeros = () => new Float64Array(cell.W_h.shape[1]);
  let [h, c] = [zeros(), zeros()];
  const steps = [];
  for (const id of ids) {
    const x = oneHot(id, cell.W_x.shape[1]);
    const gates = lstmGates(x, h, cell).map((gate, n) => (held[n] === null ? gate : zeros().fill(held[n])));
    [h, c] = lstmMix(c, gates);
    const [i, f, , o] = gates;
    steps.push([[i, f, o, tanh(c)], softmax(linear(h, output))]);
    yield;
  }
  return steps;
}

// ── Attention ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The keys as a score compares them: under concat W_k k_i, which no query changes; else as they are. */
export const prepare = (keys, { kind, W, v }) =>
  kind === "Concat" ? keys.map((key) => times(W, key, 0, v.shape[0], W.shape[1] - key.length)) : keys;

/** e_{t,i} of one query and prepared keys, by a score that has a name, or by one with parameters. */
export function scores(query, keys, by) {
  if (by === "dot") return vector(keys.length, (i) => dot(query, keys[i]));
  if (by === "scaled_dot") return scores(query, keys, "dot").map((e) => e / Math.sqrt(query.length));
  if (by.kind === "General") return scores(timesTransposed(by.W, query), keys, by.score); // (Wᵀ q) · k = qᵀ W k
  const from = times(by.W, query); // W [q ; k] = W_q q + W_k k
  return vector(keys.length, (i) => dot(by.v.data, by.tanh ? tanh(add(from, keys[i])) : add(from, keys[i])));
}

/** α = softmax of e over the keys, c = Σ_i α_i v_i. The mask is true where a key may be used. */
export function attend(query, keys, values, by = "scaled_dot", mask) {
  const all = scores(query, keys, by);
  const weights = softmax(mask ? all.map((e, i) => (mask[i] ? e : -Infinity)) : all);
  return [weighted(weights, values), weights];
}

/** K W_k and V W_v, of each state a row of its heads. */
export const project = (states, { W_k, W_v, heads }) =>
  [W_k, W_v].map((W) => states.map((x) => split(linear(x, W), heads)));

/** [head_1 ; … ; head_h] W_o for one query, and the weights of each head. Keys and values are projected already. */
export function multiHead(query, [keys, values], attention, mask) {
  const of = (rows, n) => rows.map((row) => row[n]);
  const found = split(linear(query, attention.W_q), attention.heads).map((q, n) =>
    attend(q, of(keys, n), of(values, n), attention.score, mask),
  );
  return [linear(join(...of(found, 0)), attention.W_o), of(found, 1)];
}

/** The mask with which position t looks at nothing that comes after it. */
export const causal = (t, T) => Array.from({ length: T }, (_, i) => i <= t);

// ── Encoder and decoders ───────────────────────────────────────────────────────────────────────────────────────────
// A memory is what an encoder hands over: its states, and the last of them. A decoder reads a token and the state before
// it, and returns logits, the new state, and the weights with which it looked; a Transformer's, those of each layer.

const bothWays = (xs, direction) => (direction === "backward" ? [...xs].reverse() : xs);

/** h_1 … h_T; read both ways, two states side by side. */
export const encode = (ids, encoder) => finish(encoding(ids, encoder));

/** The same by pieces: it rests after each direction, a Transformer's after each layer. */
export function* encoding(ids, encoder) {
  if (encoder.kind === "TransformerEncoder") return yield* encodingTransformer(ids, encoder);
  const xs = ids.map((id) => embedding(id, encoder.embedding));
  const ways = [];
  for (const [n, direction] of encoder.directions.entries()) {
    ways.push(unroll(bothWays(xs, direction), encoder.rnns[n]));
    yield;
  }
  const inOrder = ways.map((states, n) => bothWays(states, encoder.directions[n]));
  const parts = ways.map((states) => [states.at(-1)].flat());
  const last = parts[0].map((_, n) => join(...parts.map((part) => part[n])));
  return {
    states: ids.map((_, i) => join(...inOrder.map((states) => hidden(states[i])))),
    last: last.length > 1 ? last : last[0],
  };
}

/** s_0: the encoder's last state, through a bridge where it has another size; if it attends, with the keys. */
export function begin(memory, decoder) {
  if (decoder.kind === "TransformerDecoder") return beginTransformer(memory, decoder);
  const [h, c] = [memory.last].flat();
  const [toH, toC] = decoder.bridge;
  const s_0 = toH ? tanh(linear(h, toH)) : h;
  const s = c ? [s_0, toC ? linear(c, toC) : c] : s_0;
  return decoder.score ? { s, keys: prepare(memory.states, decoder.score) } : s;
}

/** One step of a decoder, whichever it is: y_{t−1} and s_{t−1} in, the logits of y_t out. */
export function decode(id, state, memory, decoder) {
  const decoders = { Decoder: decodePlain, AttentionDecoder: decodeAttending, ContextDecoder: decodeContext };
  return (decoders[decoder.kind] ?? decodeTransformer)(id, state, memory, decoder);
}

/** s_t = g(y_{t−1}, s_{t−1}), logits W s_t + b; c, the encoder's last state, is read at each step where it is fed. */
function decodePlain(id, state, memory, decoder) {
  const y = embedding(id, decoder.embedding);
  state = step(decoder.feed_context ? join(y, hidden(memory.last)) : y, state, decoder.rnn);
  return { logits: linear(hidden(state), decoder.output), state };
}

/** s_t = g(y_{t−1}, s_{t−1}), c_t by the query s_t, logits W [c_t ; s_t] + b */
function decodeAttending(id, { s, keys }, { states }, decoder) {
  s = step(embedding(id, decoder.embedding), s, decoder.rnn);
  const [context, weights] = attend(hidden(s), keys, states, decoder.score);
  return { logits: linear(join(context, hidden(s)), decoder.output), state: { s, keys }, weights };
}

/** c_t by the query s_{t−1}, s_t = g(y_{t−1}, s_{t−1}, c_t), logits W s_t + b */
function decodeContext(id, { s, keys }, { states }, decoder) {
  const [context, weights] = attend(hidden(s), keys, states, decoder.score);
  s = step(join(embedding(id, decoder.embedding), context), s, decoder.rnn);
  return { logits: linear(hidden(s), decoder.output), state: { s, keys }, weights };
}

// ── The Transformer ────────────────────────────────────────────────────────────────────────────────────────────────

/** p_{t,2i} = sin(ω_i t), p_{t,2i+1} = cos(ω_i t), ω_i = 10000^(−2i/d) */
export const sinusoid = (t, d) => vector(d, (j) => (j % 2 ? Math.cos : Math.sin)(t * 10000 ** (-(j - (j % 2)) / d)));

/** x_t = √d E[y_t] + p_t */
export function inputEmbedding(id, t, { tokens, learned, positions, d_model: d }) {
  const x = embedding(id, tokens).map((a) => Math.sqrt(d) * a);
  if (positions === "sinusoidal") return add(x, sinusoid(t, d));
  return positions === "learned" ? add(x, learned.data.subarray(t * d, (t + 1) * d)) : x;
}

/** γ ⊙ (x − mean) / √(variance + ε) + β */
export function layerNorm(x, { weight, bias, eps }) {
  const mean = x.reduce((sum, a) => sum + a, 0) / x.length;
  const variance = x.reduce((sum, a) => sum + (a - mean) ** 2, 0) / x.length;
  const size = Math.sqrt(variance + eps);
  return vector(x.length, (j) => (weight.data[j] * (x[j] - mean)) / size + bias.data[j]);
}

/** W_2 relu(W_1 x + b_1) + b_2 */
export const feedForward = (x, { W_1, W_2 }) => linear(relu(linear(x, W_1)), W_2);

/** Post-norm is norm(x + f(x)), pre-norm x + f(norm(x)). */
export const before = (x, { norm, pre_norm }) => (pre_norm ? layerNorm(x, norm) : x);
export const after = (x, y, { norm, pre_norm }) => (pre_norm ? add(x, y) : layerNorm(add(x, y), norm));
const withFeedForward = (x, layer) =>
  after(x, feedForward(before(x, layer.around_feed_forward), layer.feed_forward), layer.around_feed_forward);

/** Self-attention, then the feed-forward network, at each position: the new x, and the weights of each head. */
export function encoderLayer(xs, layer, mask) {
  const ys = xs.map((x) => before(x, layer.around_attention));
  const projected = project(ys, layer.attention);
  const found = ys.map((y) => multiHead(y, projected, layer.attention, mask));
  return [
    xs.map((x, t) => withFeedForward(after(x, found[t][0], layer.around_attention), layer)),
    found.map(([, weights]) => weights),
  ];
}

function* encodingTransformer(ids, encoder) {
  let xs = ids.map((id, t) => inputEmbedding(id, t, encoder.embedding));
  const weights = [];
  for (const layer of encoder.layers) {
    [xs, weights[weights.length]] = encoderLayer(xs, layer);
    yield;
  }
  return { states: encoder.norm ? xs.map((x) => layerNorm(x, encoder.norm)) : xs, weights };
}

/** What each layer keeps: the projected keys and values of its own positions so far, and of the source. */
const beginTransformer = ({ states }, { layers }) =>
  layers.map((layer) => ({ own: [[], []], source: project(states, layer.source_attention) }));

/**
 * Self-attention over the positions in `own`, attention to the source, then the feed-forward network, for the query at
 * one position. The mask says which of its own positions it may use; all, if not given, where none comes after it.
 */
export function decoderLayer(x, y, { own, source }, layer, mask) {
  const [found, weights] = multiHead(y, own, layer.attention, mask);
  x = after(x, found, layer.around_attention);
  const [seen, sourceWeights] = multiHead(before(x, layer.around_source_attention), source, layer.source_attention);
  x = after(x, seen, layer.around_source_attention);
  return [withFeedForward(x, layer), [weights, sourceWeights]];
}

function decodeTransformer(id, state, memory, decoder) {
  let x = inputEmbedding(id, state[0].own[0].length, decoder.embedding);
  const [next, weights] = [[], []];
  decoder.layers.forEach((layer, n) => {
    const y = before(x, layer.around_attention);
    const [[key], [value]] = project([y], layer.attention);
    const cache = {
      ...state[n],
      own: [
        [...state[n].own[0], key],
        [...state[n].own[1], value],
      ],
    };
    const [found, looked] = decoderLayer(x, y, cache, layer);
    x = found;
    next.push(cache);
    weights.push(looked);
  });
  return { logits: linear(decoder.norm ? layerNorm(x, decoder.norm) : x, decoder.output), state: next, weights };
}

/** The logits after each of the tokens, all positions at once: a causal mask stands in the place of the cache. */
export function readTransformer(ids, memory, decoder) {
  let xs = ids.map((id, t) => inputEmbedding(id, t, decoder.embedding));
  for (const layer of decoder.layers) {
    const ys = xs.map((x) => before(x, layer.around_attention));
    const cache = { own: project(ys, layer.attention), source: project(memory.states, layer.source_attention) };
    xs = xs.map((x, t) => decoderLayer(x, ys[t], cache, layer, causal(t, ids.length))[0]);
  }
  return xs.map((x) => linear(decoder.norm ? layerNorm(x, decoder.norm) : x, decoder.output));
}

/** Where one step looked: its weights; of a Transformer the last layer's on the source, the mean over the heads. */
export function alignment({ weights }) {
  if (!Array.isArray(weights)) return weights;
  const [, heads] = weights.at(-1);
  return mean(heads);
}

// ── Decoding ───────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The likeliest token at each step, until the end's: ids, their ln p, the end's included, and what each step returned,
 * the end's as well. It rests after each.
 */
export function* greedy(stepper, state, start, end, maxLength) {
  const [ids, steps] = [[], []];
  let [id, score] = [start, 0];
  for (let t = 0; t < maxLength && id !== end; t++) {
    const found = stepper(id, state);
    id = argmax(found.logits);
    score += logSoftmax(found.logits)[id];
    state = found.state;
    if (id !== end) ids.push(id);
    steps.push(found);
    yield;
  }
  return { ids, score, steps };
}

/** The k best beginnings at each step, by ln p / length^power; one that has ended keeps its place among them. */
export function beam(stepper, state, start, end, maxLength, k, power = 0) {
  let kept = [{ ids: [], token: start, state, logP: 0, length: 0, ended: false }];
  const rank = ({ logP, length }) => logP / length ** power;
  for (let t = 0; t < maxLength && kept.some(({ ended }) => !ended); t++) {
    const following = kept.flatMap((one) => {
      if (one.ended) return [one];
      const { logits, state } = stepper(one.token, one.state);
      return Array.from(logSoftmax(logits), (logP, token) => ({
        ids: token === end ? one.ids : [...one.ids, token],
        token,
        state,
        logP: one.logP + logP,
        length: one.length + 1,
        ended: token === end,
      }));
    });
    kept = following.sort((a, b) => rank(b) - rank(a)).slice(0, k);
  }
  return kept.map((one) => ({ ids: one.ids, score: rank(one) }));
}

/** What a model says to a memory, greedily. It rests after each token. */
export function* saying(memory, { decoder, target }, maxLength) {
  const [start, end] = ["<sos>", "<eos>"].map((token) => target.indexOf(token));
  const stepper = (id, state) => decode(id, state, memory, decoder);
  return yield* greedy(stepper, begin(memory, decoder), start, end, maxLength);
}

/** What it says to a source. It rests as `encoding` does, and after each token. */
export function* translating(ids, model, maxLength) {
  return yield* saying(yield* encoding(ids, model.encoder), model, maxLength);
}
