"""6.2, second part: what each head adds to the output."""

import torch

from rnn2attn_grading.questions.chapter06.q2_heads import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**Apart.** What the heads found is joined and multiplied by one matrix. That mixes them, it is said, so that nobody
can tell what a head did. But the output is a sum with one summand for each head. Return these summands; here
`W_o` lies (out, in). To see what a layer is without one of its heads, leave its summand out.
"""


def shares_of_heads(contexts, W_o):
    """What each head adds to the output of multi-head attention.

    Args:
        contexts: what the heads found, (B, H, T, d_head).
        W_o: multiplies what is joined, (d_model, H d_head).

    Returns:
        (B, H, T, d_model); the sum over the heads is the output.
    """
    blocks = W_o.unflatten(1, (contexts.shape[1], -1))
    return torch.einsum("bhtk,dhk->bhtd", contexts, blocks)


PART = QUESTION.part(
    shares_of_heads,
    1,
    gradients=("contexts", "W_o"),
    forbidden=READY_MADE[:2],
    text=TEXT,
)


def inputs(draw, B, heads, T, d_head, d_model):
    return {
        "contexts": draw.normal(B, heads, T, d_head),
        "W_o": draw.normal(d_model, heads * d_head),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 2, 7)
    yield (
        "as many words, heads and entries of a head",
        inputs(draw, 1, 2, 2, 2, 4),
    )
    yield "three heads of two", inputs(draw, 1, 3, 2, 2, 6)


@PART.edges
def edges(draw):
    yield "one head", inputs(draw, 3, 1, 2, 3, 3)
    yield "heads of one", inputs(draw, 2, 3, 2, 1, 5)
    yield "one word", inputs(draw, 2, 3, 1, 2, 6)


def variant(contexts, W_o, *, cut):
    """The right answer with another block of W_o for each head; `cut` gives (H, d_head, d_model)."""
    return contexts @ cut(W_o, contexts.shape[1])


def right(W_o, heads):
    return W_o.T.unflatten(0, (heads, -1))


@PART.mistake(
    "That is the sum over the heads, the output itself. Asked is each head's "
    "summand."
)
def summed(contexts, W_o):
    return variant(contexts, W_o, cut=right).sum(dim=1)


@PART.mistake(
    "You cut the rows of `W_o`. They belong to the output; a head's entries "
    "meet d_head columns."
)
def rows_cut(contexts, W_o):
    return variant(
        contexts, W_o, cut=lambda W, heads: W.unflatten(0, (heads, -1))
    )


@PART.mistake(
    "A head's columns lie together, d_head of them. You took every H-th, as if "
    "the heads took turns."
)
def interleaved(contexts, W_o):
    return variant(
        contexts,
        W_o,
        cut=lambda W, heads: W.T.unflatten(0, (-1, heads)).transpose(0, 1),
    )


@PART.mistake(
    "`W_o` was reshaped to blocks without exchanging axes, and a block holds "
    "numbers of several heads. Cut the columns first."
)
def reshaped(contexts, W_o):
    return variant(
        contexts,
        W_o,
        cut=lambda W, heads: W.reshape(heads, -1, len(W)),
    )


@PART.mistake(
    "The heads come out in the reverse order: the first d_head columns belong "
    "to the first head."
)
def reversed_(contexts, W_o):
    return variant(contexts, W_o, cut=lambda W, heads: right(W, heads).flip(0))


@PART.mistake(
    "You join the heads with `reshape` alone. Words and heads are mixed then: "
    "bring the words before the heads first."
)
def joined_without_exchange(contexts, W_o):
    B, heads, T, d_head = contexts.shape
    shares = []
    for h in range(heads):
        alone = torch.zeros_like(contexts)
        alone[:, h] = contexts[:, h]
        shares.append(alone.reshape(B, T, heads * d_head) @ W_o.T)
    return torch.stack(shares, dim=1)


@PART.mistake(
    "You divide by the number of heads. The output is the sum of the summands, "
    "not their mean."
)
def averaged(contexts, W_o):
    return variant(contexts, W_o, cut=right) / contexts.shape[1]


@PART.mistake(
    "Right numbers in another place: the heads are the second axis, before the "
    "words."
)
def words_first(contexts, W_o):
    return variant(contexts, W_o, cut=right).transpose(1, 2)


@PART.mistake("Every head is given the first head's columns. Each has its own.")
def first_block(contexts, W_o):
    return variant(contexts, W_o, cut=lambda W, heads: right(W, heads)[:1])


@PART.mistake(
    "That is the output without the head, for each head. Asked is what the "
    "head adds."
)
def left_out(contexts, W_o):
    shares = variant(contexts, W_o, cut=right)
    return shares.sum(dim=1, keepdim=True) - shares


@PART.mistake(
    "You give each head an equal part of the output. Of two heads one may add "
    "much, and the other nothing."
)
def equal_parts(contexts, W_o):
    shares = variant(contexts, W_o, cut=right)
    return shares.mean(dim=1, keepdim=True).expand_as(shares)
