"""The one vector between encoder and decoder: noise is added to it, it is cut, and the decoder says what is left.

``context.js`` computes and draws the same on the page. The noise is drawn once, from a seed, and is packed with the
weights.
"""

from html import escape
from typing import NamedTuple

import ipywidgets
import torch
from torch import Tensor, nn

from rnn2attn.decoding import greedy
from rnn2attn.live import typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.weights import pack, rounded
from rnn2attn.seq2seq import Decoder, Seq2Seq
from rnn2attn.text import EOS, padded

MOST, STEP = 1.0, 0.05  # of the noise's standard deviation
PLACES = 16  # of the slider that cuts
MORE = 4  # tokens that may be said beyond what is wanted, before a model that finds no end is cut
COLUMNS = 32  # numbers in a line, for which a phone has room
BITS = 8
WANTED = {"reverse": "from its end to its beginning", "copy": "as it is"}
SENTENCE = "With {kept} of {all} numbers and noise of {noise} it says {said}. Letters right: {right} of {T}."
WRONG = " Wrong places: {places}."


class Handed(NamedTuple):
    """What a decoder was handed, and what it said.

    Attributes:
        read: the T tokens of the source.
        wanted: the tokens that are right.
        said: those that were said.
        given: the numbers that the decoder began from, h and of an LSTM the cell, a row each.
        scale: for each row the largest number that the encoder had put into it, at least 1.
        kept: how many of the numbers were kept.
        noise: the standard deviation of what was added.
    """

    read: list[str]
    wanted: list[str]
    said: list[str]
    given: Tensor
    scale: Tensor
    kept: int
    noise: float


def live_context(
    model: Seq2Seq, *, label: str, start: str, caption: str, wanted: str = "reverse", longest: int = 16, seed: int = 0
) -> "Context":
    """A field for letters, two sliders that spoil the context, the context's numbers, and what the decoder says.

    Args:
        model: trained, its decoder without attention; its weights are rounded to 8 bits.
        label: what is typed, such as "Letters, a to j".
        start: what is read first. With all numbers and no noise, it is what print and a page without JavaScript show.
        caption: what to try.
        wanted: what is right: "reverse" or "copy".
        longest: the most tokens that a source may have.
        seed: of the noise.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        TypeError: the model's decoder is no `rnn2attn.seq2seq.Decoder`, which begins from the context alone.
        ValueError: wanted is not known, or the model cannot read ``start``.
    """
    if not isinstance(model, Seq2Seq) or type(model.decoder) is not Decoder:
        raise TypeError("model must be a Seq2Seq with a Decoder, which has nothing of the source but the context")
    if wanted not in WANTED:
        raise ValueError(f"wanted is {wanted!r}, but one of {', '.join(map(repr, WANTED))} was expected")
    figure = Context(model, label, start, caption, wanted, longest, seed)
    if problem := figure.read(start, start).problem:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    figure.make()
    return figure


@torch.no_grad()
def handed(model: Seq2Seq, z: Tensor, tokens: list[str], noise: float, kept: int, wanted: str, limit: int) -> Handed:
    """What a decoder makes of c + σ z, of which the first numbers are kept and the others are 0.

    Args:
        model: in the precision of z.
        z: (parts, d_m), one part for a GRU, and for an LSTM two, h and the cell.
        tokens: of the source.
        noise: σ.
        kept: how many numbers are kept, as many of each part.
        wanted: a key of `WANTED`.
        limit: tokens after which a model that finds no end is cut.
    """
    memory = model.encoder(*padded([tokens], model.source))
    parts = memory.last if isinstance(memory.last, tuple) else (memory.last,)
    context = torch.cat(parts)  # (parts, d_m)
    stays = torch.arange(context.shape[1]) < kept // len(parts)
    given = torch.where(stays, context + noise * z, 0.0)
    memory = memory._replace(last=tuple(given[:, None]) if len(parts) > 1 else given)

    def step(tokens, state):
        logits, state = model.decoder(tokens[:, None], state, memory)
        return logits[:, 0], state

    _, _, start = model.prepare([tokens])
    (found,) = greedy(step, model.decoder.begin(memory), start, model.target.id(EOS), limit)
    right = tokens[::-1] if wanted == "reverse" else list(tokens)
    scale = context.abs().amax(dim=1).clamp(min=1.0)
    return Handed(list(tokens), right, model.target.decode(found.ids), given, scale, kept, noise)


class Context(Figure):
    """What `live_context` returns."""

    styles = ("page.css", "context.css")

    def __init__(self, model, label, start, caption, wanted, longest, seed):
        parts = 2 if model.encoder.cell == "LSTM" else 1
        shape = parts, model.encoder.d_m
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        packed = {"model": model, "noise": nn.Embedding.from_pretrained(noise)}
        self.packed = pack(packed, BITS)
        self.model = rounded(model, BITS).double()
        self.z = rounded(packed["noise"], BITS).weight.double()
        self.label, self.start, self.caption = label, start, caption
        self.wanted, self.longest, self.all = wanted, longest, noise.numel()

    def __repr__(self) -> str:
        return f"live_context({self.label}: {self.start})"

    def read(self, text: str, before: str) -> typed.Typed:
        """The tokens of what was typed, or a sentence that says why not."""
        return typed.read(text, self.model.source, "characters", before, self.longest)

    def handed(self, tokens: list[str], noise: float, kept: int) -> Handed:
        """What the decoder makes of these tokens."""
        return handed(self.model, self.z, tokens, noise, kept, self.wanted, self.longest + MORE)

    def answer(self, text: str, noise: float = 0.0, kept: int | None = None, before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the answer's HTML."""
        tokens, problem = self.read(text, before)
        return (
            (problem, "") if problem else ("", html(self.handed(tokens, noise, self.all if kept is None else kept)))
        )

    def first(self) -> str:
        """The answer to ``start``."""
        return self.answer(self.start)[1]

    def form(self) -> ipywidgets.VBox:
        """Field, sliders and answer."""
        wide = {"description_width": "initial"}
        field = ipywidgets.Text(value=self.start, description=self.label, style=wide)
        noise = ipywidgets.FloatSlider(value=0, min=0, max=MOST, step=STEP, description="noise σ", style=wide)
        kept = ipywidgets.IntSlider(
            value=self.all, min=0, max=self.all, step=self._step(), description="numbers kept", style=wide
        )
        problem, answer = ipywidgets.HTML(), ipywidgets.HTML()
        before = self.start

        def follow(_=None):
            nonlocal before
            why, found = self.answer(field.value, noise.value, kept.value, before)
            problem.value = escape(why)
            if not why:
                before, answer.value = field.value, self.framed(found)

        for one in (field, noise, kept):
            one.observe(follow, "value")
        follow()
        return ipywidgets.VBox([field, noise, kept, problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """Field and sliders are hidden until the script answers to them."""
        asked = (
            f'<div class="asked">{self.field()}'
            f'<label class="moved noise" hidden>noise σ <input type="range" min="0" max="{MOST:g}" step="{STEP}" '
            'value="0" autocomplete="off"><output aria-live="off">0.00</output></label>'
            f'<label class="moved kept" hidden>numbers kept <input type="range" min="0" max="{self.all}" '
            f'step="{self._step()}" value="{self.all}" autocomplete="off">'
            f'<output aria-live="off">{self.all}</output></label></div>'
        )
        data = {
            "cut": "characters", "longest": self.longest, "near": typed.NEAR, "sentences": typed.SENTENCES,
            "wanted": self.wanted, "limit": self.longest + MORE, "columns": COLUMNS, "sentence": SENTENCE,
            "wrong": WRONG,
        }  # fmt: skip
        return self.whole("context", data, asked, self.caption, self.packed, "context.js")

    def _step(self) -> int:
        """Numbers from one place of the slider to the next, as many of h as of the cell."""
        return max(len(self.z), self.all // PLACES // len(self.z) * len(self.z))


def compared(one: Handed) -> list[tuple[str, str, bool]]:
    """For each place what is wanted, what was said, and whether they are the same; "–" stands for nothing."""
    places = range(max(len(one.wanted), len(one.said)))
    at = [[row[t] if t < len(row) else "–" for t in places] for row in (one.wanted, one.said)]
    return [(right, said, right == said) for right, said in zip(*at, strict=True)]


def told(one: Handed) -> str:
    """The answer in words."""
    places = compared(one)
    wrong = [str(t) for t, (_, _, right) in enumerate(places, 1) if not right]
    sentence = SENTENCE.format(
        kept=one.kept, all=one.given.numel(), noise=f"{one.noise:.2f}", said="".join(one.said) or "nothing",
        right=len(places) - len(wrong), T=len(one.wanted),
    )  # fmt: skip
    return sentence + (WRONG.format(places=", ".join(wrong)) if wrong else "")


def html(one: Handed) -> str:
    """The answer's HTML: what was typed, the numbers as cells, what is wanted and what was said, and it in words."""
    names = ("h", "cell")[: len(one.given)]
    units = one.kept // len(names)
    strips = "".join(
        f'<div class="strip"><span>{name}, to {scale:.1f}</span><div style="--columns: {min(COLUMNS, len(row))}">'
        + "".join(_cell(x, scale, j < units) for j, x in enumerate(row))
        + "</div></div>"
        for name, row, scale in zip(names, one.given.tolist(), one.scale.tolist(), strict=True)
    )
    places = compared(one)
    columns = max(len(places), len(one.read))
    rows = [
        _letters(columns, "typed", one.read),
        strips,
        _letters(columns, "to say", [right for right, _, _ in places]),
        _letters(
            columns, "says", [said for _, said, _ in places], ["right" if yes else "wrong" for _, _, yes in places]
        ),
        _letters(columns, "", ["✓" if right else "✗" for _, _, right in places]),
    ]
    return f'<div class="context" aria-hidden="true">{"".join(rows)}</div><p class="said">{escape(told(one))}</p>'


def _cell(x: float, scale: float, stays: bool) -> str:
    """A number as a bar, up from the middle or down; one that is cut has none."""
    if not stays:
        return '<i class="cut"></i>'
    return f'<i class="{"less" if x < 0 else "more"}" style="--w: {min(1.0, abs(x) / scale):.3f}"></i>'


def _letters(columns: int, name: str, letters: list[str], kinds: list[str] | None = None) -> str:
    """A row of letters. How many have room it knows by itself: what the cells inherited would make them slow."""
    kinds = kinds or [""] * len(letters)
    spans = "".join(
        f'<b class="{kind}">{escape(letter)}</b>' if kind else f"<b>{escape(letter)}</b>"
        for letter, kind in zip(letters, kinds, strict=True)
    )
    return f'<div class="line" style="--letters: {columns}"><span>{name}</span>{spans}</div>'
