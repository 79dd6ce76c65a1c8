"""A language model that reads letters: what it says after each, from which state, and what it has kept of each.

``letters.js`` computes and draws the same on the page.
"""

from copy import deepcopy
from html import escape
from typing import NamedTuple

import ipywidgets
import torch
import torch.nn.functional as F
from torch import Tensor

from rnn2attn.explore import ids
from rnn2attn.live import picture, typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.picture import SHARE
from rnn2attn.live.weights import pack, rounded
from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.text import Vocabulary

MOST, STEP = 2.0, 0.05  # of the factor of W_hh
BITS = 16


class Reading(NamedTuple):
    """What a model makes of a text.

    Attributes:
        letters: T of them.
        states: (T, d_h), after each letter.
        p: (T, V), the probabilities of the next letter.
        kept: (T,), how far the last state would be from what it is, had this letter been another: the mean over the
            others.
    """

    letters: list[str]
    states: Tensor
    p: Tensor
    kept: Tensor


def live_letters(
    model: RNNLanguageModel, vocabulary: Vocabulary, *, start: str, caption: str, label: str = "Letters"
) -> "Letters":
    """A field for letters, a slider that scales W_hh, and below them the state and the next letter's probabilities.

    Args:
        model: trained; its weights are rounded to float16.
        vocabulary: its letters, one character each.
        start: what is read first, and what print and a page without JavaScript show.
        caption: what to try.
        label: what is typed.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the model is no `RNNLanguageModel`.
        ValueError: vocabulary and model differ in size, or the model cannot read ``start``.
    """
    if not isinstance(model, RNNLanguageModel):
        raise TypeError(f"model is a {type(model).__name__}, but an RNNLanguageModel was expected")
    if len(vocabulary) != model.output.out_features:
        raise ValueError(f"the vocabulary has {len(vocabulary)} letters, and the model {model.output.out_features}")
    if problem := typed.read(start, vocabulary, "characters", start).problem:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    return Letters(model, vocabulary, label, start, caption)


@torch.no_grad()
def reading(model: RNNLanguageModel, letters: list[str], vocabulary: Vocabulary, times: float) -> Reading:
    """What a model makes of letters when its W_hh is multiplied by a number."""
    scaled = deepcopy(model)
    scaled.rnn.W_hh *= times
    V, T = len(vocabulary), len(letters)
    source = torch.tensor(vocabulary.ids(letters))
    others = (source[:, None] + torch.arange(1, V)) % V  # (T, V − 1)
    changed = source.repeat(T, V - 1, 1)  # a text for each letter and each other one in its place
    changed[range(T), :, range(T)] = others
    states, _ = scaled.rnn(F.one_hot(source, V).to(scaled.rnn.b.dtype)[None])
    _, ends = scaled.rnn(F.one_hot(changed.flatten(0, 1), V).to(states.dtype))
    away = (ends - states[0, -1]).norm(dim=1).reshape(T, V - 1)
    return Reading(letters, states[0], scaled.output(states[0]).softmax(dim=-1), away.mean(dim=1))


class Letters(Figure):
    """What `live_letters` returns."""

    styles = ("page.css", "letters.css")

    def __init__(self, model, vocabulary, label, start, caption):
        self.packed = pack({"model": model}, BITS)
        self.model, self.vocabulary = rounded(model, BITS).double(), vocabulary
        self.label, self.start, self.caption = label, start, caption
        self.group = f"letters-{ids.own(repr([label, start]))[:8]}"
        self.make()

    def __repr__(self) -> str:
        return f"live_letters({self.label}: {self.start})"

    def answer(self, text: str, times: float = 1.0, before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the answer's HTML."""
        tokens, problem = typed.read(text, self.vocabulary, "characters", before)
        if problem:
            return problem, ""
        return "", html(reading(self.model, tokens, self.vocabulary, times), self.vocabulary, self.group)

    def first(self) -> str:
        """The answer to ``start``."""
        return self.answer(self.start)[1]

    def form(self) -> ipywidgets.VBox:
        """Field, slider and answer."""
        field = ipywidgets.Text(value=self.start, description=self.label)
        slider = ipywidgets.FloatSlider(value=1, min=0, max=MOST, step=STEP, description="W_hh times")
        problem, answer = ipywidgets.HTML(), ipywidgets.HTML()
        before = self.start

        def follow(_=None):
            nonlocal before
            why, found = self.answer(field.value, slider.value, before)
            problem.value = escape(why)
            if not why:
                before, answer.value = field.value, self.framed(found)

        for one in (field, slider):
            one.observe(follow, "value")
        follow()
        return ipywidgets.VBox([field, slider, problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """Field and slider are hidden until the script answers to them."""
        asked = (
            f'<div class="asked">{self.field()}'
            '<label class="times" hidden><span><i>W</i><sub>hh</sub> times <span class="at">1</span></span> '
            f'<input type="range" min="0" max="{MOST:g}" step="{STEP}" value="1" autocomplete="off"></label></div>'
        )
        data = {
            "cut": "characters", "longest": typed.LONGEST, "near": typed.NEAR, "share": SHARE,
            "sentences": typed.SENTENCES, "vocabulary": list(self.vocabulary.tokens), "group": self.group,
        }  # fmt: skip
        return self.whole("letters", data, asked, self.caption, self.packed, "letters.js")


def sentence(one: Reading, t: int, vocabulary: Vocabulary) -> str:
    """What is said after letter t, and what is kept of it."""
    order = sorted(range(len(vocabulary)), key=lambda i: -one.p[t, i])[:3]
    named = [
        f"{vocabulary.tokens[i]} {one.p[t, i]:.2f}" for n, i in enumerate(order) if n == 0 or one.p[t, i] >= SHARE
    ]
    read, letter = "".join(one.letters[: t + 1]), one.letters[t]
    return (
        f"After {read} comes {', '.join(named)}. With another letter in the place of this {letter}, "
        f"the last state would be {one.kept[t]:.2f} away."
    )


def told(one: Reading, vocabulary: Vocabulary) -> str:
    """The answer in words, for those who hear it."""
    says = [vocabulary.tokens[i] for i in one.p.argmax(dim=1).tolist()]
    pairs = ", ".join(f"after {x} {y}" for x, y in zip(one.letters, says, strict=True))
    kept = ", ".join(f"{x} {distance:.2f}" for x, distance in zip(one.letters, one.kept.tolist(), strict=True))
    return f"It says, {pairs}. How far the last state depends on each: {kept}."


def html(one: Reading, vocabulary: Vocabulary, group: str) -> str:
    """The answer's HTML: a row for each letter that was read.

    Args:
        one: the answer.
        vocabulary: of the letters that may come next.
        group: a name that the page's radio buttons have in common nowhere else.
    """
    d, V = one.states.shape[1], len(vocabulary)
    best = one.p[-1].argmax().item()
    said = (
        f'<p class="said">After {escape("".join(one.letters))} comes <b>{escape(vocabulary.tokens[best])}</b>, '
        f"with {one.p[-1, best]:.2f}.</p>"
    )
    next_letters = "".join(f"<span>{escape(token)}</span>" for token in vocabulary.tokens)
    heads = f'<span class="state">state</span>{next_letters}<span class="left">kept</span>'
    rows = "".join(_row(t, one, vocabulary, group) for t in range(len(one.letters)))
    return (
        f'{said}<fieldset class="map letters" style="--units: {d}; --letters: {V}">'
        "<legend>For each letter read: the state, the next letter, and what is kept of it</legend>"
        f'<div class="heads" aria-hidden="true">{heads}</div>{rows}</fieldset>'
    )


def _row(t: int, one: Reading, vocabulary: Vocabulary, group: str) -> str:
    """A letter that was read, to be picked."""
    half = one.states.shape[1] ** 0.5  # of the distance beyond which no two states lie apart
    units = "".join(
        f'<i class="unit{" less" * (h < 0)}" style="--w: {abs(h):.3f}"></i>' for h in one.states[t].tolist()
    )
    bars = "".join(f'<i style="--w: {p:.3f}"></i>' for p in one.p[t].tolist())
    says = escape(vocabulary.tokens[one.p[t].argmax().item()])
    kept = f'<i class="kept" style="--w: {min(1, one.kept[t].item() / half):.3f}"></i>'
    shown = f"<span>{escape(one.letters[t])}</span>{units}{bars}<b>{says}</b>{kept}"
    return picture.row_of(t, group, shown, sentence(one, t, vocabulary))
