"""Attention: a query is scored against every key, and the values are averaged with the softmax of the scores.

The scores e_{t,i} = score(q_t, k_i) of query t become its weights α_{t,i}, by a softmax over i, and its context is
c_t = Σ_i α_{t,i} v_i (Bahdanau et al., 2015, eq. 5 and 6). In a decoder the query is its state, and the keys and the
values are the encoder's states h_i; in self-attention all three are made from one sequence.
"""

from rnn2attn.attention.attending import attend, causal_mask
from rnn2attn.attention.multihead import MultiHeadAttention, merge_heads, split_heads
from rnn2attn.attention.scores import SCORES, Concat, General, Score, dot, scaled_dot

__all__ = [
    "SCORES",
    "Concat",
    "General",
    "MultiHeadAttention",
    "Score",
    "attend",
    "causal_mask",
    "dot",
    "merge_heads",
    "scaled_dot",
    "split_heads",
]
