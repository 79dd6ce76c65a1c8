"""The networks in JavaScript against PyTorch, in Chromium on a page from the disk: same weights, same numbers.

Both compute in double precision from weights rounded as they are packed, so nothing but the order of sums is left
between them. That the comparison sees a mistake is tried with mistakes put in.
"""

import json
import re
from functools import cache, partial
from importlib.resources import files
from random import Random
from typing import NamedTuple

import pytest
import torch
from torch import nn

from rnn2attn import recurrent
from rnn2attn.attention import Concat, General, MultiHeadAttention, attend, dot, scaled_dot
from rnn2attn.captioning import CNN, Captioner, Pictures
from rnn2attn.decoding import beam
from rnn2attn.live.weights import pack, rounded
from rnn2attn.recurrent import GRU, LSTM, RNN, RNNLanguageModel
from rnn2attn.seq2seq import AttentionDecoder, ContextDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.tasks import dates
from rnn2attn.text import EOS, PAD, SOS, Batch, Vocabulary, vocabularies
from rnn2attn.training import fit, set_seed, token_loss
from rnn2attn.transformer import EncoderLayer, transformer

ENGINE = "\n".join(files("rnn2attn.live").joinpath(name).read_text("utf-8") for name in ("engine.js", "pictures.js"))
EXPORTED = re.compile(r"^export (?:function\*?|const) (\w+)", re.MULTILINE)
RUN = """window.run = ([code, script, text, given]) => {
  const engine = new Function(code)();
  const plain = (_, value) => (ArrayBuffer.isView(value) ? [...value] : value);
  return JSON.stringify(eval(script)(engine, text && engine.unpack(text).model, given), plain);
}"""
EXACT = 1e-9  # what the order of sums may change
LETTERS = Vocabulary("abcdefgh", (PAD,)), Vocabulary("uvwxyz", (PAD, SOS, EOS))


class Case(NamedTuple):
    """A model, a script (e, m, a) → numbers of the engine, the model and the arguments, and what is right."""

    model: nn.Module
    script: str
    arguments: object
    right: object
    bits: int = 16


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    """A page from the disk that can be given an engine."""
    path = tmp_path_factory.mktemp("engine") / "engine.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><script>{RUN}</script>', encoding="utf-8")
    page = chromium.new_page()
    page.goto(path.as_uri())
    yield page
    page.close()


def answers(page, case, engine=ENGINE):
    """What the page makes of a case."""
    text = "" if case.model is None else pack({"model": case.model}, case.bits)
    code = re.sub(r"^export ", "", engine, flags=re.MULTILINE)
    code += f"; return {{ {', '.join(EXPORTED.findall(engine))} }}"
    return json.loads(page.evaluate("given => run(given)", [code, case.script, text, case.arguments]))


def distance(page, case, engine=ENGINE):
    """The largest difference from what is right; infinite, if something else than numbers came, or not as many."""
    found = [float("nan") if x is None else x for x in _flat(answers(page, case, engine))]
    right = _flat(case.right)
    if len(found) != len(right):
        return float("inf")
    off = (torch.tensor(found, dtype=torch.float64) - torch.tensor(right, dtype=torch.float64)).abs().max()
    return float("inf") if off.isnan() else off.item()


def _flat(numbers):
    if isinstance(numbers, torch.Tensor):
        return numbers.double().flatten().tolist()
    return [x for part in numbers for x in _flat(part)] if isinstance(numbers, list | tuple) else [numbers]


def double(model, bits=16):
    return rounded(model, bits).double()


# ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

CELLS = {
    "RNN": RNN,
    "LSTM": LSTM,
    "GRU": GRU,
    "GRU, r before the matrix": partial(GRU, reset_after=False),
    "GRU, z takes": partial(GRU, z_keeps=False),
    "nn.RNN": partial(nn.RNN, batch_first=True),
    "nn.LSTM": partial(nn.LSTM, batch_first=True),
    "nn.GRU": partial(nn.GRU, batch_first=True),
}
SCORES = {
    "dot": lambda d: dot,
    "scaled dot": lambda d: scaled_dot,
    "general": lambda d: General(d, d),
    "general, scaled": lambda d: General(d, d, scaled=True),
    "concat": lambda d: Concat(d, d, d + 1),
    "concat, no tanh": lambda d: Concat(d, d, 3, tanh=False),
}


def of_cell(name, seed, bits):
    d_x, d_h, T = (Random(f"{name} {seed}").randint(1, 9) for _ in range(3))
    torch.manual_seed(seed)
    model = CELLS[name](d_x, d_h)
    x = torch.randn(1, T, d_x, dtype=torch.float64)
    script = "(e, m, xs) => e.unroll(xs, m).map((state) => e.hidden(state))"
    return Case(model, script, x[0].tolist(), double(model, bits)(x)[0][0].detach(), bits)


def of_score(name, seed, bits):
    d, T = (Random(f"{name} {seed}").randint(2, 9) for _ in range(2))
    torch.manual_seed(seed)
    score = SCORES[name](d)
    q, k, v = (torch.randn(1, n, size, dtype=torch.float64) for n, size in ((1, d), (T, d), (T, d + 2)))
    mask = torch.rand(1, T) < 0.6
    mask[0, seed % T] = True
    by = double(score, bits) if isinstance(score, nn.Module) else score
    right = [x[0, 0].detach() for x in attend(q, k, v, mask, by)]
    name = getattr(score, "__name__", "")
    script = f"(e, m, [q, k, v, mask]) => e.attend(q, e.prepare(k, m || ''), v, m || {name!r}, mask)"
    given = [q[0, 0].tolist(), k[0].tolist(), v[0].tolist(), mask[0].tolist()]
    return Case(score if isinstance(score, nn.Module) else None, script, given, right, bits)


def of_heads(name, seed, bits):
    heads, d_k, T = (Random(f"{name} {seed}").randint(1, 5) for _ in range(3))
    torch.manual_seed(seed)
    model = MultiHeadAttention(heads * d_k, heads)
    if name == "heads, dot":
        model.score = dot
    x = torch.randn(1, T + 1, heads * d_k, dtype=torch.float64)
    found, weights = double(model, bits)(x[:, :1], x[:, 1:], mask=torch.arange(T)[None] != 1)
    script = "(e, m, [q, k, mask]) => e.multiHead(q, e.project(k, m), m, mask)"
    given = [x[0, 0].tolist(), x[0, 1:].tolist(), [i != 1 for i in range(T)]]
    return Case(model, script, given, [found.detach(), weights[0, :, 0].detach()], bits)


def of_layer(name, seed, bits):
    heads, d_k, T = (Random(f"{name} {seed}").randint(1, 5) for _ in range(3))
    torch.manual_seed(seed)
    model = EncoderLayer(heads * d_k, heads, 7, pre_norm=name == "layer, pre-norm")
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(1, T, heads * d_k, dtype=torch.float64)
    mask = torch.arange(T)[None] != 1
    y, weights = double(model, bits).read(x, mask)
    right = [y[0].detach(), weights[0].transpose(0, 1).detach()]
    return Case(
        model, "(e, m, [xs, mask]) => e.encoderLayer(xs, m, mask)", [x[0].tolist(), mask[0].tolist()], right, bits
    )


def of_language_model(name, seed, bits):
    model = RNNLanguageModel(5, 6)
    ids = torch.randint(0, 5, (1, 7))
    right = double(model, bits)(Batch(ids, ids))[0].detach()
    return Case(model, "(e, m, ids) => e.languageModel(ids, m)", ids[0].tolist(), right, bits)


PARTS = {
    **dict.fromkeys(CELLS, of_cell),
    **dict.fromkeys(SCORES, of_score),
    **dict.fromkeys(("heads", "heads, dot"), of_heads),
    **dict.fromkeys(("layer, pre-norm", "layer, post-norm"), of_layer),
    "language model": of_language_model,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_pytorchs_numbers(page, name):
    for seed in range(4):
        assert distance(page, PARTS[name](name, seed, 8 if seed % 2 else 16)) < EXACT


def test_every_float16_is_read_as_it_is(page):
    numbers = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(torch.float16)
    numbers = numbers[numbers.isfinite()].float()
    model = nn.Embedding.from_pretrained(numbers.reshape(-1, 2))
    script = "(e, m) => [...m.weight.data]"
    assert distance(page, Case(model, script, None, numbers)) == 0


@pytest.mark.parametrize("bits", [8, 16])
def test_the_page_has_the_rounded_weights(page, bits):
    model = model_of("LSTM", "both", "context", "concat")
    twin = rounded(model, bits)
    cell = recurrent.from_torch(twin.decoder.rnn)
    script = "(e, m) => [m.decoder.rnn.W_x, m.decoder.rnn.b, m.encoder.embedding.weight].map((w) => w.data)"
    right = [cell.W_x.detach(), cell.b.detach(), twin.encoder.embedding.weight.detach()]
    assert distance(page, Case(model, script, None, right, bits)) == 0


# ── Whole models, with random weights ───────────────────────────────────────────────────────────────────────────────


@cache
def model_of(cell, direction, decoder, score=None, seed=0):
    torch.manual_seed(seed)
    source, target = LETTERS
    encoder = Encoder(len(source), 5, 6, cell, direction)
    by = {"general": General, "concat": lambda d_q, d_k: Concat(d_q, d_k, 5)}.get(score, lambda *_: scaled_dot)
    made = {
        "plain": lambda: Decoder(encoder, len(target)),
        "fed": lambda: Decoder(encoder, len(target), feed_context=True),
        "attention": lambda: AttentionDecoder(encoder, len(target), by(6, encoder.d_m)),
        "context": lambda: ContextDecoder(encoder, len(target), by(6, encoder.d_m)),
    }[decoder]()
    return Seq2Seq(source, target, encoder, made)


@cache
def transformer_of(**sizes):
    torch.manual_seed(1)
    model = transformer(*LETTERS, **{"d_model": 12, "heads": 3, "layers": 2, "d_ff": 10} | sizes)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model


PAIRS = [("abcde", "uvw"), ("h", "zyxwv"), ("gfedcba", "")]
FORCED = """(e, m, rows) => rows.map(([source, inputs]) => {
  const memory = e.encode(source, m.encoder);
  let state = e.begin(memory, m.decoder);
  return inputs.map((id) => {
    const found = e.decode(id, state, memory, m.decoder);
    state = found.state;
    const weights = e.alignment(found);
    return weights ? [found.logits, weights] : [found.logits];
  });
})"""
AT_ONCE = """(e, m, rows) => rows.map(([source, inputs]) =>
  e.readTransformer(inputs, e.encode(source, m.encoder), m.decoder))"""


def forced(model, bits=16, script=FORCED):
    """Logits and alignment of each row of a padded batch; on the page each row is alone."""
    batch, twin = Batch.of(PAIRS, *LETTERS), double(model, bits)
    logits = twin(batch).detach()
    weights = twin.align(batch).detach() if hasattr(model.decoder, "align") and script is FORCED else None
    rows, right = [], []
    for n, (T, T_target) in enumerate(zip(batch.source_lengths, batch.target_lengths, strict=True)):
        rows.append([batch.source[n, :T].tolist(), batch.inputs[n, :T_target].tolist()])
        for t in range(T_target):
            right.append([logits[n, t], *([] if weights is None else [weights[n, t, :T]])])
    return Case(model, script, rows, right, bits)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("direction", ["forward", "backward", "both"])
def test_encoder_and_decoders_have_pytorchs_logits(page, cell, direction):
    kinds = [("plain", None), ("fed", None), ("attention", "general"), ("attention", "concat"), ("context", "concat")]
    kinds += [] if direction == "both" else [("attention", "scaled"), ("context", "scaled")]
    for n, kind in enumerate(kinds):
        assert distance(page, forced(model_of(cell, direction, *kind), 8 if n % 2 else 16)) < EXACT, kind


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", None])
@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_transformer_has_pytorchs_logits_with_its_cache_and_without(page, positions, pre_norm):
    model = transformer_of(positions=positions, pre_norm=pre_norm)
    assert distance(page, forced(model)) < EXACT
    assert distance(page, forced(model, 8, AT_ONCE)) < EXACT


@cache
def captioner(cell="GRU", **options):
    torch.manual_seed(2)
    encoder = CNN(16, 6, 5, 6, cell, **options)
    for layer in encoder.convolutions:
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(), layer.running_var.uniform_(0.5, 2), nn.init.normal_(layer.weight)
    return Captioner(LETTERS[1], encoder, AttentionDecoder(encoder, len(LETTERS[1]))).eval()


def captions(model):
    picture = torch.rand(1, 16, 16)
    words = "zuv"
    batch, twin = Pictures.of([(picture.double(), words)], LETTERS[1]), double(model)
    script = """(e, m, [data, inputs]) => {
      const memory = e.look({ shape: [1, 16, 16], data: Float64Array.from(data) }, m.encoder);
      let state = e.begin(memory, m.decoder);
      return inputs.map((id) => {
        const found = e.decode(id, state, memory, m.decoder);
        state = found.state;
        return [found.logits, found.weights];
      });
    }"""
    logits, weights = twin(batch)[0].detach(), twin.align(batch)[0].detach()
    given = [picture.double().flatten().tolist(), batch.inputs[0].tolist()]
    return Case(model, script, given, [[*row] for row in zip(logits, weights, strict=True)])


@pytest.mark.parametrize("options", [{}, {"cell": "LSTM"}, {"batch_norm": False}, {"positions": False}])
def test_a_captioner_has_pytorchs_logits(page, options):
    assert distance(page, captions(captioner(**options))) < EXACT


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_a_beam_keeps_what_pytorchs_keeps(page, power):
    model = model_of("GRU", "forward", "attention", "concat")
    sources = ["abc", "hgfedc", "b"]
    step, state, start = double(model).prepare(sources, k=3)
    right = beam(step, state, start, model.target.id(EOS), 8, 3, power)
    script = """(e, m, [sources, start, end, power]) => sources.map((ids) => {
      const memory = e.encode(ids, m.encoder);
      const step = (id, state) => e.decode(id, state, memory, m.decoder);
      return e.beam(step, e.begin(memory, m.decoder), start, end, 8, 3, power).map(({ ids, score }) => [score, ids]);
    })"""
    ids = [model.source.ids(source) for source in sources]
    given = [ids, model.target.id(SOS), model.target.id(EOS), power]
    told = [[[hypothesis.score, hypothesis.ids] for hypothesis in row] for row in right]
    assert distance(page, Case(model, script, given, told)) < EXACT


# ── Trained models ──────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def days():
    return dates.pairs(600, "en", "ko", "full"), dates.pairs(125, "en", "ko", "full", test=True)


@cache
def trained(name):
    train, _ = days()
    set_seed(0)
    source, target = vocabularies(train)
    if name == "Transformer":
        model = transformer(source, target, d_model=24, heads=2, layers=1)
    else:
        cell, direction, score = name
        encoder = Encoder(len(source), 16, 24, cell, direction)
        by = {"general": General, "concat": partial(Concat, d_a=24)}.get(score)
        decoder = AttentionDecoder(encoder, len(target), by(24, encoder.d_m)) if by else Decoder(encoder, len(target))
        model = Seq2Seq(source, target, encoder, decoder)
    batches = Batch.of(train, source, target).minibatches(32, 40, 0)
    fit(model, batches, loss=token_loss, clip=1.0, one_cycle=True, device="cpu")
    return model


TRAINED = {
    ("LSTM", "forward", "concat"): 16,
    ("GRU", "both", "general"): 8,
    ("GRU", "backward", None): 8,
    "Transformer": 16,
}


@pytest.mark.parametrize("name", TRAINED, ids=str)
def test_a_trained_model_says_the_same_tokens(page, name):
    model, bits = trained(name), TRAINED[name]
    sources = [source for source, _ in days()[1]]
    script = "(e, m, sources) => sources.map((ids) => e.finish(e.translating(ids, m, 30)).ids)"
    found = answers(page, Case(model, script, [model.source.ids(source) for source in sources], None, bits))
    said = [model.target.decode(ids) for ids in found]
    assert said == [tokens for tokens, _ in rounded(model, bits).translate(sources, 30)]
    assert len(set(map(tuple, said))) > 2


@pytest.mark.parametrize("name", TRAINED, ids=str)
def test_rounding_moves_logits_little(page, name):
    """By less than the gap that decides most tokens."""
    model, bits = trained(name), TRAINED[name]
    batch = Batch.of(days()[1], model.source, model.target)
    with torch.no_grad():
        off = (model.eval()(batch) - rounded(model, bits)(batch)).abs()[batch.target_mask]
    assert 0 < off.mean() < (0.005 if bits == 16 else 0.15)


# ── Mistakes ────────────────────────────────────────────────────────────────────────────────────────────────────────

MISTAKES = {
    "i and f change places": (
        "const [i, f, g, o] = split",
        "const [f, i, g, o] = split",
        lambda: of_cell("LSTM", 1, 16),
    ),
    "an LSTM's h without tanh": ("multiply(o, tanh(c))", "multiply(o, c)", lambda: of_cell("nn.LSTM", 0, 16)),
    "z takes": ("z_keeps ? z[j]", "!z_keeps ? z[j]", lambda: of_cell("nn.GRU", 1, 16)),
    "r before the matrix": ("reset_after ?", "!reset_after ?", lambda: of_cell("nn.GRU", 1, 16)),
    "a transposed matrix": (
        "  const start =",
        "  data = data.map((_, n) => data[(n % columns) * shape[0] + Math.floor(n / columns)]);\n  const start =",
        lambda: of_cell("RNN", 2, 16),
    ),
    "a mask the wrong way round": ("mask[i] ? e", "!mask[i] ? e", lambda: of_score("concat", 1, 16)),
    "a causal mask that looks ahead": ("i <= t)", "i >= t)", lambda: forced(transformer_of(), script=AT_ONCE)),
    "a dot product that is not scaled": (
        "e / Math.sqrt(query.length)",
        "e",
        lambda: of_heads("heads", 1, 16),
    ),
    "half of W [q ; k]": ("W.shape[1] - key.length)", "0)", lambda: of_score("concat", 1, 16)),
    "the way back from the front": (
        'direction === "backward" ? [...xs].reverse() : xs',
        "xs",
        lambda: forced(model_of("GRU", "both", "plain")),
    ),
    "a variance of T − 1": (
        "** 2, 0) / x.length",
        "** 2, 0) / (x.length - 1)",
        lambda: of_layer("layer, pre-norm", 1, 16),
    ),
    "positions from one": ("t * 10000", "(t + 1) * 10000", lambda: forced(transformer_of())),
    "a bridge without tanh": (
        "tanh(linear(h, toH))",
        "linear(h, toH)",
        lambda: forced(model_of("LSTM", "both", "plain")),
    ),
    "no padding around a picture": ("stride * i + k - padding", "stride * i + k", lambda: captions(captioner())),
    "a float16 of another exponent": ("exponent - 15", "exponent - 16", lambda: of_cell("RNN", 1, 16)),
    "a scale of another row": ("scales[Math.floor(i / columns)]", "scales[0]", lambda: of_cell("LSTM", 1, 8)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(page, name):
    old, new, case = MISTAKES[name]
    assert ENGINE.count(old) == 1
    case = case()
    assert distance(page, case) < EXACT
    assert distance(page, case, ENGINE.replace(old, new)) > 1e-6


# ── What cannot be packed ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_engine_has_not_is_named():
    def odd(query, keys):
        return dot(query, keys)

    model = model_of("GRU", "forward", "attention", "scaled", seed=1)
    model.decoder.score = odd
    with pytest.raises(TypeError, match=r"model\.decoder\.score is .*odd"):
        pack({"model": model})
    with pytest.raises(TypeError, match=r"model\[1\] is a Bilinear"):
        pack({"model": nn.Sequential(nn.Linear(2, 2), nn.Bilinear(2, 2, 2))})


@pytest.mark.parametrize("entry", [float("nan"), float("inf"), 7e4])
def test_a_weight_that_has_no_float16_is_named(entry):
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.bias[1] = entry
    for act in (lambda: pack({"m": model}), lambda: rounded(model)):
        with pytest.raises(ValueError, match="bias has an entry of"):
            act()


def test_too_much_is_refused():
    with pytest.raises(ValueError, match=r"large: \d+ bytes with gzip, but 150000"):
        pack({"large": nn.Linear(300, 300)})
