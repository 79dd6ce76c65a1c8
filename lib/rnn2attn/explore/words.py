"""Weights word by word: pick one word and see how the others are weighed for it. HTML and CSS alone."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

import numpy as np

from rnn2attn.explore import ids
from rnn2attn.words import clean

TOLERANCE = 1e-3  # by which the weights of a word may miss a sum of one


class WordByWord:
    """Words to pick from, by pointer or keyboard, each with its weights over the other words as bars.

    Weights are printed as trained numbers, with ≈. It needs no kernel, no script and no network: a word that is
    pointed at, or chosen among the radio buttons, shows its row. Printed, or read aloud, it is a list.

    Args:
        target: the T' words to pick from.
        source: the T words that are weighed.
        weights: (T', T), each row not negative and summing to 1.
        start: which word is shown first.

    Raises:
        ValueError: the weights have another shape, are negative or do not sum to 1, or start is no target's number.
    """

    def __init__(self, target: Sequence[str], source: Sequence[str], weights, start: int = 0):
        weights = np.asarray(weights, dtype=float)
        if weights.shape != (len(target), len(source)) or not weights.size:
            raise ValueError(
                f"weights has shape {weights.shape}, but {len(target)} target words and {len(source)} source words "
                "were given"
            )
        if not (weights >= 0).all() or not np.allclose(weights.sum(axis=1), 1, atol=TOLERANCE):
            sums = ", ".join(f"{total:.3g}" for total in weights.sum(axis=1))
            raise ValueError(f"each row of weights must be 0 or more and sum to 1; they sum to {sums}")
        if not 0 <= start < len(target):
            raise ValueError(f"start is {start}, but a number of 0 … {len(target) - 1} was expected")
        self.target, self.source = [*map(clean, target)], [*map(clean, source)]
        self.weights, self.start = weights, start

    def __repr__(self) -> str:
        return "\n".join(
            f"{word} ← " + ", ".join(f"{name} ≈{x:.2f}" for name, x in zip(self.source, row, strict=True))
            for word, row in zip(self.target, self.weights, strict=True)
        )

    def _repr_html_(self) -> str:
        id = f"words-{ids.own(repr((self.target, self.source)))[:8]}"
        style = files(__package__).joinpath("words.css").read_text("utf-8")
        picks, rows, shown, bars = [], [], [], []
        hovered = ":has(label:hover)"  # three of them outweigh the word that is checked
        for t, word in enumerate(self.target):
            checked = " checked" if t == self.start else ""
            button = f'<input type="radio" name="{id}" value="{t}"{checked}>'
            picks.append(f'<label class="pick-{t}">{button} {escape(word)}</label>')
            items = "".join(
                f'<li><span class="word">{escape(name)}</span> <span class="bar"></span> ≈{x:.2f}</li>'
                for name, x in zip(self.source, self.weights[t], strict=True)
            )
            rows.append(f'<ul class="row-{t}" aria-label="weights for {escape(word)}">{items}</ul>')
            shown += [f"#{id}:has(.pick-{t} :checked) .row-{t}", f"#{id}{3 * hovered}:has(.pick-{t}:hover) .row-{t}"]
            bars += [
                f"#{id} .row-{t} li:nth-child({i}) .bar{{inline-size:{9 * x:.2f}em}}"
                for i, x in enumerate(self.weights[t], 1)
            ]
        return "\n".join(
            [
                f'<div class="rnn2attn-words tex2jax_ignore mathjax_ignore" id="{id}">',
                f"<style>{style}#{id}{3 * hovered} ul {{ display: none; }}",
                f"{', '.join(shown)} {{ display: block; }}</style>",
                f"<!--drawn--><style>{' '.join(bars)}</style><!--/drawn-->",
                f"<fieldset><legend>Pick a word</legend>{''.join(picks)}</fieldset>",
                f'<div aria-live="polite">{"".join(rows)}</div>',
                "</div>",
            ]
        )
