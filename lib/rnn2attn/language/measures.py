"""How well a text is foreseen: bits a letter, and perplexity."""

from math import log

import torch
from torch import Tensor
from torch.nn import functional as F

from rnn2attn.language.stream import stretches


@torch.no_grad()
def bits(model, ids: Tensor, steps: int = 200) -> float:
    """−log₂ p(x_{t+1} | x_1 … x_t) on the mean over a text, read once from its first letter to its last.

    Args:
        model: maps ids (1, T) and a state to logits (1, T, V) and a state.
        ids: of the text, (N,), N ≥ 2. Its first letter is given, and not counted.
        steps: letters that are read at once; the state goes on.

    Raises:
        ValueError: the text is too short.
    """
    total, state = 0.0, None
    for source, target in stretches(ids, 1, steps):
        logits, state = model(source, state)
        total += F.cross_entropy(logits[0], target[0], reduction="sum").item()
    return total / log(2) / (len(ids) - 1)


def perplexity(bits: float) -> float:
    """2 to the power of the bits: among how many equally likely letters one would be as unsure."""
    return 2.0**bits
