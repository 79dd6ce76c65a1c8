"""A whole Transformer that answers, and its parts to be switched off: heads, positions, the mask, the division.

``parts.js`` computes and draws the same on the page.
"""

from collections.abc import Sequence
from copy import deepcopy
from html import escape
from typing import NamedTuple

import ipywidgets
import torch
from torch import Tensor

from rnn2attn.attention import MultiHeadAttention, causal_mask, dot
from rnn2attn.explore import ids
from rnn2attn.live import picture, typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.weights import pack, rounded
from rnn2attn.seq2seq import Memory, Seq2Seq
from rnn2attn.text import EOS, SOS
from rnn2attn.transformer import TransformerDecoder, TransformerEncoder

SWITCHES = {
    "positions": "Positions",
    "mask": "Causal mask",
    "division": "Division by √d_k",
}
GROUPS = ("Source to source", "Said to said", "Said to source")  # who asks, and whom, in the order of `attentions`
SURE = 0.9  # a token of less is shown with the next one
LEVELS = 10  # of the cells of a small map


class Off(NamedTuple):
    """What is switched off: heads by their numbers, in the order of `attentions`; and the rest."""

    heads: frozenset[int] = frozenset()
    positions: bool = False
    mask: bool = False
    division: bool = False


class Answer(NamedTuple):
    """What a Transformer makes of a source.

    Attributes:
        read: T tokens.
        said: T' tokens.
        rows: those for which it was asked: what it said, and <eos>, unless it was cut.
        logits: (rows, V), from which each was taken.
        weights: of each head, (queries, keys), as they are at the end.
    """

    read: list[str]
    said: list[str]
    rows: list[str]
    logits: Tensor
    weights: list[Tensor]


def live_parts(model: Seq2Seq, *, label: str, start: str, caption: str, bits: int = 8) -> "Parts":
    """A field to type in, a Transformer's answer, the weights of each of its heads, and switches for its parts.

    Args:
        model: trained, of a `TransformerEncoder` and a `TransformerDecoder`; its weights are rounded to what the page
            can carry, and it answers greedily.
        label: what is typed, such as "A date in English".
        start: what is answered first. It is what print and a page without JavaScript show.
        caption: what to try.
        bits: of a weight, see `rnn2attn.live.weights.pack`.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the model is no Transformer.
        ValueError: it cannot read ``start``, or the figure is larger than 150 kB when gzip has packed it.
    """
    for side, kind in ((model.encoder, TransformerEncoder), (model.decoder, TransformerDecoder)):
        if not isinstance(side, kind):
            raise TypeError(f"the model has a {type(side).__name__}, but a {kind.__name__} was expected")
    if problem := typed.read(start, model.source, "words", start).problem:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    return Parts(model, label, start, caption, bits)


def attentions(model: Seq2Seq) -> list[list[MultiHeadAttention]]:
    """The encoder's layers, the decoder's on what was said, and the decoder's on the source."""
    own, source = zip(*((layer.attention, layer.source_attention) for layer in model.decoder.layers), strict=True)
    return [[layer.attention for layer in model.encoder.layers], [*own], [*source]]


@torch.no_grad()
def without(model: Seq2Seq, off: Off) -> Seq2Seq:
    """A copy without what is off, but for the mask. A head that is shut adds nothing: W_o reads zeros from it."""
    twin, number = deepcopy(model), 0
    for attention in (one for group in attentions(twin) for one in group):
        if off.division:
            attention.score = dot
        for columns in attention.W_o.weight.chunk(attention.heads, dim=1):
            if number in off.heads:
                columns.zero_()
            number += 1
    if off.positions:
        twin.encoder.embedding.positions = twin.decoder.embedding.positions = None
    return twin


def read(decoder: TransformerDecoder, inputs: Tensor, memory: Memory, masked: bool) -> tuple[Tensor, list]:
    """All positions at once, with the causal mask or without: logits, and the weights of each layer."""
    x, found = decoder.embedding(inputs), []
    mask = causal_mask(inputs.shape[1]) if masked else None
    for layer in decoder.layers:
        y, own = layer.attention(layer.around_attention.before(x), mask=mask)
        x = layer.around_attention.after(x, y)
        y = layer.around_source_attention.before(x)
        y, source = layer.source_attention(y, memory.states, mask=memory.mask)
        x = layer.around_source_attention.after(x, y)
        x = layer.around_feed_forward.after(x, layer.feed_forward(layer.around_feed_forward.before(x)))
        found.append((own[0], source[0]))
    return decoder.output(decoder.norm(x)), found


@torch.no_grad()
def answer(model: Seq2Seq, tokens: Sequence[str], off: Off = Off()) -> Answer:  # noqa: B008
    """The greedy answer of a model without what is off. Each step reads everything again: no cache holds unmasked."""
    model = without(model, off)
    source, length = model.source.encode(list(tokens))[None], torch.tensor([len(tokens)])
    memory = model.encoder(source, length)
    inputs, said, steps = [model.target.id(SOS)], [], []
    while True:
        logits, found = read(model.decoder, torch.tensor([inputs]), memory, not off.mask)
        steps.append(logits[0, -1])
        token = steps[-1].argmax().item()
        if token == model.target.id(EOS):
            break
        said.append(token)
        if len(said) == picture.LIMIT:
            break
        inputs.append(token)
    own, seen = zip(*found, strict=True)
    heads = [*(layer[0] for layer in model.encoder.weights(source, length)), *own, *seen]
    words = [model.target.tokens[id] for id in said]
    rows = words + [EOS] * (len(steps) - len(said))
    return Answer(list(tokens), words, rows, torch.stack(steps), [head for layer in heads for head in layer])


def names(model: Seq2Seq) -> list[str]:
    """Of each head, as the figure calls it."""
    return [
        f"Layer {n}, head {m}"
        for group in attentions(model)
        for n, one in enumerate(group, 1)
        for m in range(1, one.heads + 1)
    ]


def group_of(number: int, heads: int) -> int:
    """Which of the three groups a head is of; each has as many."""
    return number * len(GROUPS) // heads


def keys_of(one: Answer, group: int) -> tuple[list[str], list[str]]:
    """The tokens that ask, and those that are looked at, in a group of heads."""
    own = [SOS, *one.said][: len(one.rows)]
    return (one.read if group == 0 else one.rows), (own if group == 1 else one.read)


def cells(weights: Tensor) -> str:
    """A small map, the insides of an SVG whose unit is a cell: one path for each tenth."""
    found: dict[int, list[str]] = {}
    for t, row in enumerate(weights.tolist()):
        for i, weight in enumerate(row):
            found.setdefault(int(weight * LEVELS + 0.5), []).append(f"M{i} {t}h1v1h-1z")
    return "".join(f'<path d="{"".join(found[n])}" fill-opacity="{n / LEVELS:g}"></path>' for n in sorted(found) if n)


def chances(one: Answer, whole: Answer, target: Sequence[str]) -> str:
    """What was said, token by token, with its probability; what the whole model does not say there is marked."""
    items = []
    for t, (token, p) in enumerate(zip(one.rows, one.logits.softmax(dim=1), strict=True)):
        first, second = p.topk(2).indices.tolist()
        other = f"<small>{escape(target[second])} {p[second]:.2f}</small>" if p[first] < SURE else ""
        changed = ' class="changed"' if token != (whole.rows[t] if t < len(whole.rows) else None) else ""
        items.append(f"<li{changed}><b>{escape(token)}</b><small>{p[first]:.2f}</small>{other}</li>")
    return "".join(items)


def said(one: Answer) -> str:
    """The answer in one line."""
    return " ".join(one.said) + (" …" if len(one.rows) == len(one.said) else "")


def near(one: Answer, number: int, name: str, group: str) -> str:
    """The map of one head, with its tokens and in words."""
    kind = group_of(number, len(one.weights))
    queries, keys = keys_of(one, kind)
    rows = []
    for t, (token, row) in enumerate(zip(queries, one.weights[number].tolist(), strict=True)):
        shown = f'<span>{escape(token)}</span><span class="cells">{picture.strip(row)}</span>'
        rows.append(picture.row_of(t, f"{group}-row", shown, picture.looks(token, keys, row)))
    return (
        f'<fieldset class="map" style="--columns: {len(keys)}">'
        f"<legend>{escape(legend(name, kind))}</legend>"
        f"{picture.heads(keys)}{''.join(rows)}</fieldset>"
    )


def legend(name: str, kind: int) -> str:
    """What stands above the large map."""
    return f"{GROUPS[kind]}, {name[0].lower()}{name[1:]}: a row is a query, a column a key"


def told(one: Answer, whole: Answer) -> str:
    """The answer in words, for those who hear it."""
    more = "" if one.rows == whole.rows else f" With all parts it says: {said(whole)}."
    return f"It says: {said(one) or 'nothing'}.{more}"


class Parts(Figure):
    """What `live_parts` returns.

    Attributes:
        model: the model with the weights that the page has.
        first_near: the number of the head that is shown large at first: the last layer's first, said to source.
    """

    styles = ("page.css", "parts.css")

    def __init__(self, model, label, start, caption, bits):
        self.packed, self.model = pack({"model": model}, bits), rounded(model, bits).double()
        self.label, self.start, self.caption = label, start, caption
        self.group = f"parts-{ids.own(repr([label, start]))[:8]}"
        self.names, self.on_page = names(self.model), False
        self.first_near = len(self.names) - self.model.decoder.layers[-1].source_attention.heads
        self.make()

    def __repr__(self) -> str:
        return f"live_parts({self.label}: {self.start})"

    def first(self) -> str:  # noqa: D102
        return self.answered(self.start, Off(), self.first_near, self.on_page)

    def answered(self, text: str, off: Off, number: int, switches: bool = False) -> str:
        """The answer's HTML, in which the head of this number is large; with the heads' switches, if wanted."""
        tokens = typed.read(text, self.model.source, "words", "").tokens
        one = answer(self.model, tokens, off)
        whole = one if off == Off() else answer(self.model, tokens)
        hidden = "" if one.rows != whole.rows else " hidden"
        groups = []
        for kind, title in enumerate(GROUPS):
            mine = [n for n in range(len(self.names)) if group_of(n, len(self.names)) == kind]
            heads = "".join(self._head(one, n, off, n == number, switches) for n in mine)
            groups.append(f'<div class="group" role="group" aria-label="{title}"><p>{title}</p>{heads}</div>')
        return (
            f'<p class="said">It says: <b>{escape(said(one))}</b></p>'
            f'<p class="whole"{hidden}>With all parts: <b>{escape(said(whole))}</b></p>'
            f'<ol class="chances">{chances(one, whole, self.model.target.tokens)}</ol>'
            f'<div class="looks">{"".join(groups)}</div>'
            f'<div class="near">{near(one, number, self.names[number], self.group)}</div>'
        )

    def _head(self, one: Answer, number: int, off: Off, large: bool, switches: bool) -> str:
        kind = group_of(number, len(self.names))
        queries, keys = keys_of(one, kind)
        svg = (
            f'<svg viewBox="0 0 {len(keys)} {len(queries)}" preserveAspectRatio="none" aria-hidden="true">'
            f"{cells(one.weights[number])}</svg>"
        )
        shut = " shut" if number in off.heads else ""
        name = escape(self.names[number])
        if not switches:
            return f'<div class="head{shut}"><span>{name}</span>{svg}</div>'
        mark = f'name="{self.group}-near" value="{number}" autocomplete="off"{" checked" * large}'
        return (
            f'<div class="head{shut}"><label class="closer"><input type="radio" {mark}>'
            f"<span>{name}</span>{svg}</label>"
            f'<label class="switch" hidden><input type="checkbox" value="{number}" autocomplete="off" checked>'
            f'on<span class="of">: {GROUPS[kind]}, {self.names[number].lower()}</span></label></div>'
        )

    def form(self) -> ipywidgets.Widget:  # noqa: D102
        field = ipywidgets.Text(
            value=self.start, description=self.label, style={"description_width": "initial"}, layout={"width": "34em"}
        )
        parts = {name: ipywidgets.Checkbox(True, description=text) for name, text in SWITCHES.items()}
        places = [
            f"{GROUPS[group_of(n, len(self.names))]}, {name[0].lower()}{name[1:]}"
            for n, name in enumerate(self.names)
        ]
        heads = [ipywidgets.Checkbox(True, description=place) for place in places]
        closer = ipywidgets.Dropdown(
            options=[(place, n) for n, place in enumerate(places)], value=self.first_near, description="Large"
        )
        problem, shown = ipywidgets.HTML(), ipywidgets.HTML()
        before = self.start

        def follow(_=None):
            nonlocal before
            why = typed.read(field.value, self.model.source, "words", before).problem
            problem.value = escape(why)
            if why:
                return
            before = field.value
            shut = frozenset(n for n, head in enumerate(heads) if not head.value)
            off = Off(shut, **{name: not part.value for name, part in parts.items()})
            shown.value = self.framed(self.answered(before, off, closer.value))

        for one in (field, *parts.values(), *heads, closer):
            one.observe(follow, "value")
        follow()
        columns = ipywidgets.GridBox(heads, layout={"grid_template_columns": "repeat(3, 1fr)"})
        row = ipywidgets.HBox([*parts.values()])
        return ipywidgets.VBox([field, row, columns, closer, problem, shown, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:  # noqa: D102
        self.on_page = True
        data = {
            "cut": "words", "longest": typed.LONGEST, "near": typed.NEAR, "sentences": typed.SENTENCES,
            "limit": picture.LIMIT, "share": picture.SHARE, "sure": SURE, "levels": LEVELS, "groups": GROUPS,
            "names": self.names, "group": self.group,
        }  # fmt: skip
        switches = "".join(
            f'<label class="switch"><input type="checkbox" value="{name}" autocomplete="off" checked>{text}</label>'
            for name, text in SWITCHES.items()
        )
        asked = (
            f'<div class="asked">{self.field()}</div>'
            f'<div class="switches" role="group" aria-label="Parts" hidden>{switches}'
            '<button type="button">All on</button></div>'
        )
        return self.whole("parts", data, asked, self.caption, self.packed, "parts.js")
