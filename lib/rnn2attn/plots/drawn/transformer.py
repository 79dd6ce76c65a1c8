"""Drawings of chapter 6: the layers of the Transformer, and the whole of it with the shapes of its tensors."""

import torch

from rnn2attn.attention import causal_mask
from rnn2attn.plots.drawn.canvas import SMALL, Canvas, Point
from rnn2attn.plots.drawn.drawing import Drawing
from rnn2attn.text import Batch, vocabularies
from rnn2attn.transformer import DecoderLayer, EncoderLayer
from rnn2attn.transformer import transformer as model_of

PAIR = ["I", "love", "you"], ["나는", "너를", "사랑해"]
PART, APART = 26, 40  # height of a part, and between the middles of two


def shapes() -> dict[str, str]:
    """Shapes of what goes through the library's Transformer, in the book's size, on one pair of sentences."""
    with torch.random.fork_rng(devices=[]):
        model = model_of(*vocabularies([PAIR]))
    batch = Batch.of([PAIR], model.source, model.target)
    memory = model.encoder(batch.source, batch.source_lengths)
    state = model.decoder.begin(memory)
    own, looked = model.decoder.weights(batch.inputs, state, memory)[0]
    found = {
        "source": batch.source,
        "x": model.encoder.embedding(batch.source),
        "read": model.encoder.weights(batch.source, batch.source_lengths)[0],
        "states": memory.states,
        "inputs": batch.inputs,
        "y": model.decoder.embedding(batch.inputs),
        "own": own,
        "looked": looked,
        "s": model.decoder.layers[0](model.decoder.embedding(batch.inputs), state[0], memory.mask)[0],
        "logits": model.decoder(batch.inputs, state, memory)[0],
    }
    return {name: str(tuple(tensor.shape)) for name, tensor in found.items()}


def _up(canvas: Canvas, x: float, y0: float, y1: float, shape: str = "", kind: str = "state") -> None:
    """An arrow up, with a shape beside it."""
    canvas.arrow((x, y0), (x, y1), kind=kind, width=2 if kind == "state" else 1.5)
    canvas.text(x + 8, (y0 + y1) / 2 + 1, shape, SMALL, anchor="start")


def _words(canvas: Canvas, x: float, y: float, words: list[str], kind: str) -> None:
    for n, word in enumerate(words):
        canvas.box(x + 50 * (n - (len(words) - 1) / 2), y, word, kind, w=48, size=SMALL)


def _stack(canvas: Canvas, x: float, y: float, words: list[str], parts: dict[str, str], *shape: str) -> float:
    """Words, their vectors, and a layer of these parts with the shapes of their weights; the middle of the last."""
    _words(canvas, x, y, words, "input")
    _up(canvas, x, y - 12, y - 43, shape[0], "input")
    canvas.box(x, y - 56, "embedding, position", "input", w=184, h=PART, size=SMALL)
    _up(canvas, x, y - 69, y - 113, shape[1])
    top = y - 126 - APART * (len(parts) - 1)
    canvas.box(x, (top + y - 126) / 2, "", w=200, h=y - 126 - top + 44, filled=0.05)
    for n, (name, weights) in enumerate(parts.items()):
        at = y - 126 - APART * n
        if n:
            _up(canvas, x, at + APART - PART / 2, at + PART / 2)
        canvas.box(x, at, name, "weight" if weights else "ink", w=184, h=PART, size=SMALL)
        if weights:
            canvas.box(x + 154, at, weights, "weight", w=96, h=20, size=SMALL, filled=0)
    canvas.text(x + 112, top - 12, "× 2", anchor="start")
    return top


def _whole(canvas: Canvas, encoder: Point, decoder: Point, around: float | None = None) -> Canvas:
    """Encoder and decoder with the middle of their words here; the states go around at this x, if one is given."""
    shape = shapes()
    (x, y), parts = encoder, {"self-attention": shape["read"], "feed-forward": ""}
    top = _stack(canvas, x, y, PAIR[0], parts, shape["source"], shape["x"])
    norm = top - 52
    _up(canvas, x, top - PART / 2, norm + PART / 2)
    canvas.box(x, norm, "norm", w=70, h=PART, size=SMALL)
    u, v = decoder
    cross = v - 126 - APART
    if around is None:
        line = (x, norm - PART / 2), (x, norm - 38), ((x + u) / 2, norm - 38), ((x + u) / 2, cross), (u - 92, cross)
        canvas.text(x + 8, norm - 52, f"states {shape['states']}", SMALL, anchor="start")
    else:
        line = (x - 35, norm), (around, norm), (around, cross), (u - 92, cross)
        canvas.text(x + 44, norm, f"states {shape['states']}", SMALL, anchor="start")
    canvas.arrow(*line, kind="state", width=2)
    parts = {"causal self-attention": shape["own"], "cross-attention": shape["looked"], "feed-forward": ""}
    top = _stack(canvas, u, v, ["<sos>", *PAIR[1]], parts, shape["inputs"], shape["y"])
    _up(canvas, u, top - PART / 2, top - 58, shape["s"])
    canvas.box(u, top - 71, "norm, linear, softmax", "output", w=184, h=PART, size=SMALL)
    _up(canvas, u, top - 84, top - 115, shape["logits"], "output")
    _words(canvas, u, top - 127, [*PAIR[1], "<eos>"], "output")
    return canvas


def transformer() -> Drawing:
    """The whole Transformer, with the shapes of its tensors for one pair of sentences."""
    shape = shapes()
    return Drawing(
        title="The Transformer, and the shapes that go through it",
        shows=f"In the encoder three words, {shape['source']}, become vectors with positions, {shape['x']}, and "
        f"go through two layers of self-attention, with weights {shape['read']}, and "
        f"feed-forward, and a norm. The states, {shape['states']}, lead to the cross-attention of the decoder. There "
        f"four words, {shape['inputs']}, become vectors {shape['y']} and go through two layers of causal "
        f"self-attention, weights {shape['own']}, cross-attention, weights {shape['looked']}, and feed-forward; then "
        f"through norm, linear map and softmax, {shape['logits']}, to the next word at each place.",
        caption="What this chapter builds, part by part. Along the arrows stand the shapes: sentences, words, and "
        "entries of each. Purple are the tables of weights: sentences, heads, who asks, and who is looked at. Blue "
        "vectors keep their shape from the first layer to the last, so that layers can be stacked.",
        wide=_whole(Canvas(690, 366), (142, 352), (470, 352)),
        narrow=_whole(Canvas(330, 660), (124, 646), (124, 352), 8),
    )


def sublayers(kind: type[EncoderLayer | DecoderLayer], pre_norm: bool) -> list[list[float]]:
    """What the vector of the second of three words is, before a fresh layer and after each of its sublayers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = kind(4, heads=2, d_ff=16, pre_norm=pre_norm).double()
        x, states = torch.randn(2, 1, 3, 4, dtype=torch.float64)
    back = causal_mask(3) if kind is DecoderLayer else None
    steps = [(layer.around_attention, lambda y: layer.attention(y, mask=back)[0])]
    if kind is DecoderLayer:
        steps.append((layer.around_source_attention, lambda y: layer.source_attention(y, states)[0]))
    found = [x]
    for around, sublayer in [*steps, (layer.around_feed_forward, layer.feed_forward)]:
        found.append(around.after(found[-1], sublayer(around.before(found[-1]))))
    torch.testing.assert_close(found[-1], layer(x) if back is None else layer(x, layer.begin(states))[0])
    return [vector[0, 1].tolist() for vector in found]


def _layer(canvas: Canvas, bottom: float, title: str, kind: type, pre_norm: bool = True) -> None:
    """A layer as a wire that its parts read and add to, with the vector of one word on it; 330 units wide."""
    parts = [("causal self-attention", "earlier"), ("cross-attention", "states"), ("feed-forward", "")]
    parts = parts if kind is DecoderLayer else [("self-attention", "others"), parts[-1]]
    x, side, pitch = 72, 226, 128
    vectors = sublayers(kind, pre_norm)
    top = bottom - pitch * len(parts)
    canvas.text(4, top - 54, title, anchor="start", bold=True)
    canvas.box(x, bottom + 36, PAIR[0][1] if kind is EncoderLayer else PAIR[1][1], "input", w=48)
    canvas.arrow((x, bottom + 24), (x, bottom + 10), kind="input")
    for n, vector in enumerate(vectors):
        y = bottom - pitch * n
        canvas.cells(x, y, vector, "state", across=True, w=34)
        if n == len(parts):
            canvas.arrow((x, y - 10), (x, y - 38), kind="state", width=3)
            break
        name, others = parts[n]
        attends = "weight" if others else "ink"
        plus, part, ends = (y - 96, y - 66, y - pitch + 10) if pre_norm else (y - 76, y - 46, y - 87)
        canvas.arrow((x, y - 10), (x, plus + 9), kind="state", width=3, head=False)
        canvas.dot(x, y - 20, "state", 4)
        if pre_norm:
            canvas.arrow((x, y - 20), (side, y - 20), (side, y - 26), kind="state", head=False)
            canvas.box(side, y - 35, "norm", w=60, h=18, size=SMALL)
            canvas.arrow((side, y - 44), (side, part + 12), kind="state")
        else:
            canvas.arrow((x, y - 20), (side, y - 20), (side, part + 12), kind="state")
        canvas.box(side, part, name, attends, w=178 if kind is DecoderLayer else 130, size=SMALL)
        canvas.arrow((side, part - 12), (side, plus), (x + 9, plus), kind=attends)
        canvas.node(x, plus, "+", "state")
        canvas.arrow((x, plus - 9), (x, ends), kind="state", width=3, head=pre_norm)
        if not pre_norm:
            canvas.box(x, y - 97, "norm", w=60, h=18, size=SMALL)
            canvas.arrow((x, y - 106), (x, y - pitch + 10), kind="state", width=3)
        if others:
            at = y - 35 if pre_norm else y - 14
            canvas.text(side + 38, at, others, SMALL, anchor="start")
            canvas.arrow((side + 56, at - 8), (side + 56, part + 12), kind="state")


def encoder_layer() -> Drawing:
    """The encoder's layer in both designs, with the norm before its parts and after the sum."""
    wide, narrow = Canvas(690, 372), Canvas(330, 764)
    for canvas, x, y in ((wide, 360, 0), (narrow, 0, 392)):
        _layer(canvas, 322, "post-norm", EncoderLayer, pre_norm=False)
        with canvas.shifted(x, y):
            _layer(canvas, 322, "pre-norm", EncoderLayer)
    return Drawing(
        title="An encoder layer, post-norm and pre-norm",
        shows="Two drawings of the layer for one word, whose vector of four numbers goes up along a wire. "
        "Self-attention reads the wire, and the vectors of the other words; what it finds is added to the wire. "
        "Then feed-forward reads and adds. In post-norm a norm lies on the wire after each sum. In pre-norm it lies "
        "in front of each part, and the wire itself is only added to.",
        caption="The vector of one word on its way through the layer, with four entries and fresh weights. What goes "
        "around a part is the residual connection. In pre-norm nothing lies on the wire but sums.",
        wide=wide,
        narrow=narrow,
    )


def decoder_layer() -> Drawing:
    """The layers of encoder and decoder side by side."""
    wide, narrow = Canvas(690, 500), Canvas(330, 892)
    _layer(narrow, 322, "encoder layer", EncoderLayer)
    with wide.shifted(0, 128):
        _layer(wide, 322, "encoder layer", EncoderLayer)
    for canvas, x, y in ((wide, 360, 128), (narrow, 0, 520)):
        with canvas.shifted(x, y):
            _layer(canvas, 322, "decoder layer", DecoderLayer)
    return Drawing(
        title="An encoder layer and a decoder layer",
        shows="Beside the encoder layer, with self-attention and feed-forward, a decoder layer. Its wire is read and "
        "added to by three parts: causal self-attention, which gets the vectors of the word and of earlier ones, "
        "cross-attention, which gets the states of the encoder, and feed-forward. Each has a norm in front.",
        caption="The layer of the decoder has a part more. Its first looks back only; its second gets the query "
        "from the decoder, keys and values from the states of the encoder.",
        wide=wide,
        narrow=narrow,
    )
