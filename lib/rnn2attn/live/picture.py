"""What a model has answered as HTML: its tokens, and where it looked for each, as a map and in words.

``page.js`` draws the same on the page.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from torch import Tensor

from rnn2attn.seq2seq import Seq2Seq

LIMIT = 30  # tokens after which a model that finds no end is cut
SHARE = 0.1  # a weight below this is not named


class Answer(NamedTuple):
    """What was read, what was said, and the weights with which each token was said, (T', T), if the model attends."""

    read: list[str]
    said: list[str]
    weights: Tensor | None


def answer(model: Seq2Seq, tokens: Sequence[str]) -> Answer:
    """A model's greedy answer to a source."""
    said, weights = model.translate([list(tokens)], LIMIT)[0]
    return Answer(list(tokens), said, weights)


def looks(token: str, read: Sequence[str], weights: Sequence[float]) -> str:
    """Where the model looked for a token, in words: the keys with the largest weights, at most three."""
    order = sorted(range(len(read)), key=lambda i: -weights[i])[:3]
    named = [f"“{read[i]}” ({weights[i]:.2f})" for n, i in enumerate(order) if n == 0 or weights[i] >= SHARE]
    return f"For “{token}” it looks at {', '.join(named)}."


def told(one: Answer, name: str) -> str:
    """The answer in words, for those who hear it."""
    said = f"{name}: {' '.join(one.said) or 'nothing'}."
    if one.weights is None:
        return f"{said} There are no weights."
    most = [one.read[i] for i in one.weights.argmax(dim=1).tolist()]
    return f"{said} It looks most, {', '.join(f'for {y} at {x}' for y, x in zip(one.said, most, strict=True))}."


def html(one: Answer, name: str, group: str) -> str:
    """The answer's HTML.

    Args:
        one: the answer.
        name: the model's, as the figure calls it.
        group: a name that the page's radio buttons have in common nowhere else.
    """
    cut = " …" if len(one.said) == LIMIT else ""
    said = f'<p class="said">{escape(name)}: <b>{escape(" ".join(one.said))}{cut}</b></p>'
    if one.weights is None or not one.said:
        return said
    rows = "".join(_row(t, one, token, group) for t, token in enumerate(one.said))
    legend = "Where it looked for each token"
    return (
        f'{said}<fieldset class="map" style="--columns: {len(one.read)}"><legend>{legend}</legend>'
        f"{heads(one.read)}{rows}</fieldset>"
    )


def heads(tokens: Sequence[str]) -> str:
    """The tokens above a map's columns: long ones stand on end."""
    turned = {True: "<span>", False: '<span class="one">'}
    spans = "".join(f"{turned[len(token) > 1]}{escape(token)}</span>" for token in tokens)
    return f'<div class="heads" aria-hidden="true">{spans}</div>'


def _row(t: int, one: Answer, token: str, group: str) -> str:
    """A token that was said, to be picked: its weights as cells, and in words."""
    row = one.weights[t].tolist()
    head, cells = f"<span>{escape(token)}</span>", f'<span class="cells">{strip(row)}</span>'
    return row_of(t, group, head + cells, looks(token, one.read, row))


def strip(weights: Sequence[float], share: float = 0.95) -> str:
    """Weights, 0 to 1, side by side: one element, of whose colour a mask leaves as much as each says.

    A browser is slow at elements, and hardly at what is painted in one. A cell takes this share of its place. The
    last stop lies outside: a mask that leaves nothing is one that Chromium 150 never ends to print.
    """
    wide = 100 / len(weights)
    stops = (
        f"rgb(0 0 0/{w:.3f}) 0 {(n + share) * wide:.2f}%,#0000 0 {(n + 1) * wide:.2f}%" for n, w in enumerate(weights)
    )
    return f'<i style="mask:linear-gradient(90deg,{",".join(stops)},#000 101%)"></i>'


def row_of(t: int, group: str, shown: str, words: str, picked: int = 0) -> str:
    """A row of a map, one of which is picked.

    Args:
        t: its number.
        group: a name that the page's radio buttons have in common nowhere else.
        shown: its HTML.
        words: what it shows. It is seen when the row is picked, and heard always.
        picked: the number of the row that is picked at first.
    """
    words = escape(words)
    return (
        f'<label><input type="radio" name="{group}" value="{t}" autocomplete="off" aria-label="{words}"'
        f"{' checked' * (t == picked)}>{shown}<em>{words}</em></label>"
    )
