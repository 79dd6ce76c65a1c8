"""6.3, second part: one step of attention with a cache."""

import math

import torch

from rnn2attn_grading.questions.chapter06.q3_cache import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**One step.** The newest word has made a query, a key and a value for each head. The cache holds the keys and the
values of the words before it, in their order; for the first word it is empty, with 0 in place of t. Return the new
cache, and what the heads found, side by side, head 1 first. Together over all words that has to be what one pass over
the sentence gives under a causal mask. The cache that came in may still be needed, by another hypothesis of a
beam. All rows are of one length. Checked: everything that is returned, and the gradient for all five tensors.
"""


def cached_step(q, k, v, cache):
    """Attention of the newest word to itself and to all words before it.

    Args:
        q: its queries, (B, H, d_k).
        k: its keys, (B, H, d_k).
        v: its values, (B, H, d_v).
        cache: the pair of keys, (B, H, t, d_k), and values, (B, H, t, d_v),
            of the t words before it.

    Returns:
        The tuple (contexts, cache): the contexts of all heads side by side,
        (B, H d_v), and the cache with the newest word at its end.
    """
    keys = torch.cat([cache[0], k[:, :, None]], dim=2)
    values = torch.cat([cache[1], v[:, :, None]], dim=2)
    scores = keys @ q[..., None] / math.sqrt(q.shape[2])
    contexts = (scores.softmax(dim=2) * values).sum(dim=2)
    return contexts.flatten(1), (keys, values)


PART = QUESTION.part(
    cached_step,
    2,
    gradients=("q", "k", "v", "cache[0]", "cache[1]"),
    forbidden=READY_MADE,
    text=TEXT,
)


def inputs(draw, B, heads, d_k, d_v, t, scale=1.0):
    return {
        "q": draw.normal(B, heads, d_k, scale=scale),
        "k": draw.normal(B, heads, d_k, scale=scale),
        "v": draw.normal(B, heads, d_v),
        "cache": (
            draw.normal(B, heads, t, d_k, scale=scale),
            draw.normal(B, heads, t, d_v),
        ),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 2, 4)
    yield "all sizes alike", inputs(draw, 2, 2, 2, 2, 2)
    yield "the first word", inputs(draw, 2, 3, 5, 2, 0)
    yield "the second word", inputs(draw, 1, 2, 3, 5, 1)


@PART.edges
def edges(draw):
    yield "one head", inputs(draw, 2, 1, 3, 2, 5)
    yield "large scores", inputs(draw, 2, 3, 2, 5, 3, scale=30)
    yield "one number each", inputs(draw, 1, 1, 1, 1, 2)


def variant(
    q, k, v, cache, *,
    seen=None, divide=None, softmax=2, join=None, kept=None,
):  # fmt: skip
    """The right answer with one part of it replaced: what is seen, how it is weighed, joined, and what is kept."""
    keys = torch.cat([cache[0], k[:, :, None]], dim=2)
    values = torch.cat([cache[1], v[:, :, None]], dim=2)
    used = (keys, values) if seen is None else seen(keys, values)
    root = math.sqrt(q.shape[2]) if divide is None else divide
    scores = (used[0] * q[:, :, None]).sum(dim=3) / root
    weights = scores.softmax(dim=softmax)
    contexts = (weights[..., None] * used[1]).sum(dim=2)
    new = (keys, values) if kept is None else kept(keys, values)
    return contexts.flatten(1) if join is None else join(contexts), new


@PART.mistake(
    "The new cache is right. The newest word does not see itself: its key and "
    "value belong among those that are used."
)
def newest_unseen(*given):
    return variant(*given, seen=lambda keys, values: given[3])


@PART.mistake(
    "The first word is right, and the new cache. From the second word on the "
    "newest does not see itself: its key and value belong among those that are "
    "used."
)
def newest_unseen_but_for_the_first(*given):
    first = given[3][0].shape[2] == 0
    return variant(
        *given,
        seen=lambda keys, values: (keys, values) if first else given[3],
    )


@PART.mistake(
    "The new cache is right. The newest word sees itself alone: the query is "
    "to be scored against every key of the new cache."
)
def cache_unseen(*given):
    return variant(
        *given,
        seen=lambda keys, values: (keys[:, :, -1:], values[:, :, -1:]),
    )


@PART.mistake(
    "The new cache is right. The query sees the first word alone. A causal "
    "mask of one row, aligned at the top, lets only that through; the newest "
    "word may see all."
)
def first_alone_seen(*given):
    return variant(
        *given,
        seen=lambda keys, values: (keys[:, :, :1], values[:, :, :1]),
    )


@PART.mistake(
    "The contexts are right. The cache is returned as it came: at the next "
    "step this word would be missing."
)
def cache_not_extended(*given):
    return variant(*given, kept=lambda keys, values: given[3])


@PART.mistake(
    "The contexts are right. The new cache holds the newest word alone; those "
    "before it are lost."
)
def cache_overwritten(*given):
    return variant(
        *given,
        kept=lambda keys, values: (keys[:, :, -1:], values[:, :, -1:]),
    )


@PART.mistake(
    "The contexts are right. In the cache the newest word stands before the "
    "others. Attention does not notice; whoever looks for a word's place does."
)
def newest_first(*given):
    return variant(
        *given,
        kept=lambda keys, values: (
            keys.roll(1, dims=2),
            values.roll(1, dims=2),
        ),
    )


@PART.mistake("The new cache is right. The scores are not divided by √d_k.")
def not_scaled(*given):
    return variant(*given, divide=1)


@PART.mistake(
    "The new cache is right. The scores are divided by √d_model, of all heads "
    "together. Each head sums over d_k of its own."
)
def scaled_by_d_model(*given):
    heads, d_k = given[0].shape[1:]
    return variant(*given, divide=math.sqrt(heads * d_k))


@PART.mistake(
    "The new cache is right. You normalise over the heads: it is over the "
    "words that the weights add up to 1, in each head by itself."
)
def over_heads(*given):
    return variant(*given, softmax=1)


@PART.mistake(
    "The new cache is right. The heads take turns in your contexts: all of "
    "head 1 comes first, then all of head 2."
)
def heads_interleaved(*given):
    return variant(*given, join=lambda contexts: contexts.mT.flatten(1))


@PART.mistake(
    "The new cache is right. The contexts of the heads are added up; put them "
    "side by side."
)
def heads_added(*given):
    return variant(*given, join=lambda contexts: contexts.sum(dim=1))


@PART.mistake(
    "The contexts are not joined: side by side, those of all heads make one "
    "vector of H d_v numbers."
)
def heads_apart(*given):
    return variant(*given, join=lambda contexts: contexts)


@PART.mistake(
    "The new cache is right. Your weights average the keys. What is averaged "
    "is the values."
)
def keys_averaged(*given):
    return variant(*given, seen=lambda keys, values: (keys, keys))


@PART.mistake(
    "Your query went into the cache in place of the key. No later word needs "
    "it: each asks with its own."
)
def query_cached(q, k, v, cache):
    return variant(q, q, v, cache)


@PART.mistake(
    "The new cache is right. The scores are divided by the root of the size of "
    "a value. Values have no part in the scores."
)
def scaled_by_d_v(*given):
    return variant(*given, divide=math.sqrt(given[2].shape[2]))
