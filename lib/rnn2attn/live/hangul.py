"""A name in Latin letters as a network writes it in Hangul, and where it looked for each letter of a syllable.

``hangul.js`` computes and draws the same on the page.
"""

from html import escape
from typing import NamedTuple

import ipywidgets
from torch import Tensor

from rnn2attn.explore import ids
from rnn2attn.live import picture, typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.picture import LIMIT, SHARE
from rnn2attn.live.weights import pack, rounded
from rnn2attn.seq2seq import Seq2Seq
from rnn2attn.tasks import names

BITS = 8


class Written(NamedTuple):
    """What was read, what was written, and the weights with which each of its letters was written, (T', T)."""

    read: list[str]
    said: list[str]
    weights: Tensor


def live_names(model: Seq2Seq, *, start: str, caption: str, label: str = "A name") -> "Names":
    """A field for a name, the name in Hangul, and a map of where the network looked for each letter of a syllable.

    Capitals are read as small letters, and spaces are left out.

    Args:
        model: trained on `rnn2attn.tasks.names`, with a decoder that attends; its weights are rounded to eight bits.
        start: what is read first, and what print and a page without JavaScript show.
        caption: what to try.
        label: what is typed.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the model does not attend, or the engine has not what it is made of.
        ValueError: the model cannot read ``start``, or the figure is larger than 150 kB when gzip has packed it.
    """
    if not hasattr(model.decoder, "align"):
        raise TypeError(f"{type(model.decoder).__name__} does not attend, so there is nothing to draw")
    if problem := read(start, model, start).problem:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    return Names(model, label, start, caption)


def read(text: str, model: Seq2Seq, before: str) -> typed.Typed:
    """The letters of a name as the model reads them, or a sentence on why it cannot."""
    return typed.read(text.lower(), model.source, "characters", before)


def written(model: Seq2Seq, letters: list[str]) -> Written:
    """The model's greedy answer to a name."""
    said, weights = model.translate([letters], LIMIT)[0]
    return Written(letters, said, weights)


class Names(Figure):
    """What `live_names` returns."""

    styles = ("page.css", "hangul.css")

    def __init__(self, model, label, start, caption):
        self.packed = pack({"model": model}, BITS)
        self.model = rounded(model, BITS).double()
        self.label, self.start, self.caption = label, start, caption
        self.group = f"hangul-{ids.own(repr([label, start]))[:8]}"
        self.make()

    def __repr__(self) -> str:
        return f"live_names({self.label}: {self.start})"

    def answer(self, text: str, before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the answer's HTML."""
        letters, problem = read(text, self.model, before)
        return (problem, "") if problem else ("", html(written(self.model, letters), self.group))

    def first(self) -> str:
        """The answer to ``start``."""
        return self.answer(self.start)[1]

    def form(self) -> ipywidgets.VBox:
        """Field and answer."""
        field = ipywidgets.Text(value=self.start, description=self.label)
        problem, answer = ipywidgets.HTML(), ipywidgets.HTML()
        before = self.start

        def follow(_=None):
            nonlocal before
            why, found = self.answer(field.value, before)
            problem.value = escape(why)
            if not why:
                before, answer.value = field.value, self.framed(found)

        field.observe(follow, "value")
        follow()
        return ipywidgets.VBox([field, problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """The field is hidden until the script answers to it."""
        data = {
            "cut": "characters", "lower": True, "longest": typed.LONGEST, "near": typed.NEAR, "limit": LIMIT,
            "share": SHARE, "sentences": typed.SENTENCES, "group": self.group,
            "alone": {letter: names.alone(letter) for letter in self.model.target.tokens},
        }  # fmt: skip
        asked = f'<div class="asked">{self.field()}</div>'
        return self.whole("hangul", data, asked, self.caption, self.packed, "hangul.js")


def told(one: Written) -> str:
    """The answer in words, for those who hear it."""
    most = [one.read[i] for i in one.weights.argmax(dim=1).tolist()]
    pairs = ", ".join(f"for {names.alone(y)} at {x}" for y, x in zip(one.said, most, strict=True))
    return f"{names.written(one.said)}. It looks most, {pairs}." if one.said else "It writes nothing."


def html(one: Written, group: str) -> str:
    """The answer's HTML: the name in Hangul, and below it a row for each letter, the first of a syllable with it.

    Args:
        one: the answer.
        group: a name that the page's radio buttons have in common nowhere else.
    """
    cut = " …" if len(one.said) == LIMIT else ""
    said = f'<p class="said hangul" lang="ko">{escape(names.written(one.said) or "–")}{cut}</p>'
    if not one.said:
        return said
    heads = "".join(f"<span>{escape(token)}</span>" for token in one.read)
    rows = "".join(_row(t, t == part[0], part, one, group) for part in names.syllables(one.said) for t in part)
    return (
        f'{said}<fieldset class="map hangul" style="--columns: {len(one.read)}">'
        "<legend>Where it looked for each letter of a syllable</legend>"
        f'<div class="heads" aria-hidden="true">{heads}</div>{rows}</fieldset>'
    )


def _row(t: int, first: bool, part: list[int], one: Written, group: str) -> str:
    """A letter that was written, to be picked: its weights as cells, and in words."""
    weights, letter = one.weights[t].tolist(), names.alone(one.said[t])
    syllable = names.written([one.said[k] for k in part])
    head = f'<b lang="ko">{escape(syllable) if first else ""}</b><span lang="ko">{escape(letter)}</span>'
    cells = f'<span class="cells">{picture.strip(weights)}</span>'
    row = picture.row_of(t, group, head + cells, picture.looks(f"{letter} of {syllable}", one.read, weights))
    return row.replace("<label", '<label class="first"', 1) if first else row
