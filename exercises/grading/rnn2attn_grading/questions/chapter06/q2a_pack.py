"""6.2, first part: the paper's small matrices in PyTorch's layer."""

import torch

from rnn2attn_grading.questions.chapter06.q2_heads import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**Together.** In the paper a sequence is multiplied from the left: head $h$ has $Q_h = X W^Q_h$, and so on, and

$$\text{output} = [\text{head}_1; \dots; \text{head}_H]\, W^O$$

So here the matrices lie (in, out). `nn.MultiheadAttention` has two. `in_proj_weight` makes all queries, then all
keys, then all values; of its queries the first `d_head` belong to the first head, the next to the second, and so on.
`out_proj.weight` is what $W^O$ is. Both lie (out, in). Return the two, so that the layer gives what the paper's heads
give.
"""


def pack_heads(W_q, W_k, W_v, W_o):
    """The weights of `nn.MultiheadAttention` from matrices for each head.

    Args:
        W_q: (H, d_model, d_head), with H d_head = d_model.
        W_k: the same.
        W_v: the same.
        W_o: (H d_head, d_model).

    Returns:
        The tuple of in_proj_weight, (3 d_model, d_model), and
        out_proj.weight, (d_model, d_model).
    """
    rows = [W.mT.flatten(0, 1) for W in (W_q, W_k, W_v)]
    return torch.cat(rows), W_o.T


PART = QUESTION.part(pack_heads, 2, forbidden=READY_MADE[:2], text=TEXT)


def inputs(draw, heads, d_head):
    d_model = heads * d_head
    return {
        "W_q": draw.normal(heads, d_model, d_head),
        "W_k": draw.normal(heads, d_model, d_head),
        "W_v": draw.normal(heads, d_model, d_head),
        "W_o": draw.normal(heads * d_head, d_model),
    }


@PART.cases
def cases(draw):
    yield "three heads of two", inputs(draw, 3, 2)
    yield "two heads of two", inputs(draw, 2, 2)
    yield "one head", inputs(draw, 1, 3)


@PART.edges
def edges(draw):
    yield "two heads of three", inputs(draw, 2, 3)
    yield "heads of one", inputs(draw, 3, 1)


def variant(
    W_q, W_k, W_v, W_o, *,
    rows=lambda W: W.mT.flatten(0, 1), together=torch.cat, out=lambda W: W.T,
):  # fmt: skip
    """The right answer with one part of it replaced."""
    return together([rows(W) for W in (W_q, W_k, W_v)]), out(W_o)


def by_entry(W):
    """Rows of the first entry of all heads, then of the second."""
    return W.permute(2, 0, 1).flatten(0, 1)


@PART.mistake(
    "`reshape` keeps the numbers in the order in which they lie, so the rows "
    "are made of pieces of others. Exchange the axes of each head first."
)
def reshaped(*given):
    return variant(*given, rows=lambda W: W.reshape(W.shape[1], W.shape[1]))


@PART.mistake(
    "Side by side the heads make the matrix (in, out). `in_proj_weight` lies "
    "(out, in)."
)
def side_by_side(*given):
    return variant(*given, rows=lambda W: torch.cat(list(W), dim=1))


@PART.mistake(
    "The heads take turns in your rows: first entry 1 of every head, then "
    "entry 2. The d_head rows of one head lie together."
)
def interleaved(*given):
    return variant(*given, rows=by_entry)


@PART.mistake(
    "`out_proj.weight` is right. In `in_proj_weight` the first head has its "
    "queries, keys and values, then the second. Some programs store it so; "
    "here come the queries of all heads first."
)
def head_by_head(*given):
    def together(blocks):
        heads = len(given[0])
        parts = [block.chunk(heads) for block in blocks]
        return torch.cat([part[h] for h in range(heads) for part in parts])

    return variant(*given, together=together)


@PART.mistake("The order is queries, keys, values. Yours is another.")
def keys_first(W_q, W_k, W_v, W_o):
    return variant(W_k, W_q, W_v, W_o)


@PART.mistake(
    "`out_proj.weight` is right. `in_proj_weight` is one matrix: its three "
    "blocks lie below each other, not side by side."
)
def blocks_side_by_side(*given):
    return variant(*given, together=lambda blocks: torch.cat(blocks, dim=1))


@PART.mistake(
    "Your queries are divided by √d_head. The layer divides by it itself, and "
    "then it would happen twice."
)
def scaled(W_q, *others):
    return variant(W_q / W_q.shape[2] ** 0.5, *others)


@PART.mistake(
    "`in_proj_weight` is right. In W^O you cut the heads apart and put their "
    "rows in another order. The heads' outputs are joined head by head, as in "
    "the layer."
)
def out_interleaved(*given):
    heads = len(given[0])

    def out(W_o):
        return W_o.T.unflatten(1, (heads, -1)).mT.flatten(1)

    return variant(*given, out=out)
