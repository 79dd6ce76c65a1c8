"""Decoding: from a step function, which gives the next token's logits, to whole sequences.

A ``step`` is any function ``step(tokens, state)`` → (logits, new state): tokens are ids (B,), logits (B, V), and a
state is a tensor with B rows, or tuples and lists of such. What a model is, decoding need not know. No gradient goes
through a choice, and none is kept.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rnn2attn.shapes import expect

Step = Callable[[Tensor, object], tuple[Tensor, object]]


class Hypothesis(NamedTuple):
    """A sequence that a model may say: its ids, without the end's, and its score.

    The score is ln p of the sequence, its end included, divided by length^power where a power was asked for.
    """

    ids: list[int]
    score: float


@torch.no_grad()
def greedy(step: Step, state, start: Tensor, end: int, max_length: int) -> list[Hypothesis]:
    """Take the likeliest token at each step; every row goes on until its own end.

    Args:
        step: tokens (B,) and state → logits (B, V) and the new state.
        state: before the first token.
        start: what is read first, ids (B,).
        end: the id that ends a row.
        max_length: a row that has not ended by then is cut; the end counts.

    Returns:
        One `Hypothesis` a row.

    Raises:
        ValueError: a shape does not fit, or max_length is below 1.
    """
    _check(start, max_length)
    tokens, said = start, []
    ended, score = torch.zeros_like(start, dtype=torch.bool), torch.zeros_like(start, dtype=torch.float64)
    while len(said) < max_length and not ended.all():
        logits, state = step(tokens, state)
        expect(start=(start, "B"), logits=(logits, "B V"))
        log_p, tokens = logits.log_softmax(dim=-1).max(dim=-1)
        score += log_p.masked_fill(ended, 0)
        ended = ended | (tokens == end)
        said.append(tokens)
    rows = torch.stack(said, dim=1).tolist()
    return [Hypothesis(_before(end, row), total) for row, total in zip(rows, score.tolist(), strict=True)]


@torch.no_grad()
def beam(
    step: Step, state, start: Tensor, end: int, max_length: int, k: int, length_power: float = 0.0
) -> list[list[Hypothesis]]:
    """Keep the k best beginnings at each step, and take the best k of all that one more token makes of them.

    Beam search as in Sutskever et al. (2014, section 3.2), except that a hypothesis that has ended keeps its place
    among the k. With k = 1 it is `greedy`.

    Args:
        step: it is called with B k rows, the k of the first source in front. What it holds outside the state must
            have as many, see `repeat`.
        state: before the first token, B rows.
        start: what is read first, ids (B,).
        end: the id that ends a row.
        max_length: hypotheses that have not ended by then are cut; the end counts.
        k: how many hypotheses are kept.
        length_power: hypotheses compete by ln p / length^length_power: 0 favours short ones, 1 compares ln p a token.

    Returns:
        For each row up to k different hypotheses, the best first.

    Raises:
        ValueError: a shape does not fit, or max_length or k is below 1.
    """
    _check(start, max_length)
    if k < 1:
        raise ValueError(f"k is {k}, but 1 or more was expected")
    B = len(start)
    tokens, state = repeat((start, state), B, k)
    first = k * torch.arange(B, device=start.device)[:, None]
    said = torch.empty(B, k, 0, dtype=torch.long, device=start.device)
    lengths = torch.zeros(B, k, dtype=torch.long, device=start.device)
    ended = lengths > 0
    log_p = torch.full((B, k), -torch.inf, dtype=torch.float64, device=start.device)
    log_p[:, 0] = 0  # the k beginnings are still the same
    for _ in range(max_length):
        if (ended | log_p.isinf()).all():
            break
        logits, state = step(tokens, state)
        expect(tokens=(tokens, "Bk"), logits=(logits, "Bk V"))
        V = logits.shape[1]
        following = logits.double().log_softmax(dim=-1).reshape(B, k, V)
        nothing_more = torch.full_like(following[0, 0], -torch.inf)
        nothing_more[end] = 0
        following = torch.where(ended[..., None], nothing_more, following)
        candidates = log_p[..., None] + following
        lengths = lengths + (~ended).long()
        chosen = (candidates / lengths[..., None] ** length_power).flatten(1).topk(k).indices
        origin, token = chosen // V, chosen % V
        log_p = candidates.flatten(1).gather(1, chosen)
        said = torch.cat([said.gather(1, origin[..., None].expand(B, k, said.shape[2])), token[..., None]], dim=2)
        lengths, ended = lengths.gather(1, origin), ended.gather(1, origin) | (token == end)
        tokens, state = token.flatten(), select(state, (first + origin).flatten())
    scores = log_p / lengths**length_power
    return [
        [Hypothesis(_before(end, ids), score) for ids, score in zip(*row, strict=True) if score > -torch.inf]
        for row in zip(said.tolist(), scores.tolist(), strict=True)
    ]


def select(state, rows: Tensor):
    """The chosen rows, (N,), of a state: of every tensor in it, in tuples, named tuples and lists at any depth.

    Raises:
        TypeError: there is something else in it.
    """
    if isinstance(state, Tensor):
        return state[rows]
    if not isinstance(state, tuple | list):
        raise TypeError(f"a state is a tensor, or tuples and lists of tensors, not {type(state).__name__}")
    parts = [select(part, rows) for part in state]
    return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)


def repeat(state, B: int, k: int):
    """A state of B rows with each row k times, the copies side by side, as `beam` has them. Raises as `select`."""
    return select(state, torch.arange(B).repeat_interleave(k))


def _before(end: int, ids: list[int]) -> list[int]:
    return ids[: ids.index(end)] if end in ids else ids


def _check(start: Tensor, max_length: int) -> None:
    expect(start=(start, "B"))
    if max_length < 1:
        raise ValueError(f"max_length is {max_length}, but 1 or more was expected")
