"""6.1, first part: self-attention with one head."""

import math

import torch

from rnn2attn_grading.questions.chapter06.q1_scores import QUESTION
from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE

TEXT = r"""
**One head.** Write self-attention for a batch of sequences:

$$
q_t = W_q x_t \qquad k_i = W_k x_i \qquad v_i = W_v x_i \qquad
\alpha_{t,i} = \operatorname{softmax}_i \frac{q_t \cdot k_i}{\sqrt{d_k}} \qquad
c_t = \sum_i \alpha_{t,i}\, v_i
$$

The mask is True where a word is real, and in each row one is. A word that is not must get weight 0 from every query.
It asks a query of its own all the same, and gets weights and a context like every other word: a network makes no use
of them, but `check` compares them. Scores can be large. Not allowed: `rnn2attn.attention` and PyTorch's ready-made
attention. Checked: contexts and weights, and the gradient for $x$ and the three matrices.
"""


def self_attention(x, W_q, W_k, W_v, mask):
    """Scaled dot-product self-attention with one head.

    Args:
        x: sequences, (B, T, d_model).
        W_q: makes queries, (d_k, d_model).
        W_k: makes keys, (d_k, d_model).
        W_v: makes values, (d_v, d_model).
        mask: True where a word is real, bool, (B, T), at least one in each
            row; or None if all are.

    Returns:
        The tuple of contexts, (B, T, d_v), and weights, (B, T, T), row t
        those of query t.
    """
    scores = (x @ W_q.T) @ (x @ W_k.T).mT / math.sqrt(len(W_k))
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None], -math.inf)
    weights = scores.softmax(dim=2)
    return weights @ (x @ W_v.T), weights


PART = QUESTION.part(
    self_attention,
    2,
    gradients=("x", "W_q", "W_k", "W_v"),
    forbidden=READY_MADE,
    text=TEXT,
)


def inputs(draw, T, d_model, d_k, d_v, *lengths, scale=0.5):
    """Rows of these lengths, with a mask; one row, and no mask, without lengths."""
    B = len(lengths) or 1
    given = {
        "x": draw.normal(B, T, d_model),
        "W_q": draw.normal(d_k, d_model, scale=scale),
        "W_k": draw.normal(d_k, d_model, scale=scale),
        "W_v": draw.normal(d_v, d_model, scale=scale),
        "mask": torch.arange(T) < torch.tensor(lengths or [T])[:, None],
    }
    return given if lengths else given | {"mask": None}


@PART.cases
def cases(draw):
    yield "different sizes, ragged rows", inputs(draw, 5, 7, 3, 2, 5, 1, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 2, 1, 2)
    yield "one row, no mask", inputs(draw, 4, 3, 5, 2)
    yield "large scores", inputs(draw, 3, 5, 2, 2, 3, 2, scale=30)


@PART.edges
def edges(draw):
    yield "one word", inputs(draw, 1, 3, 2, 5, 1, 1)
    gaps = inputs(draw, 5, 3, 2, 3, 5, 5)
    gaps["mask"][:, 1] = gaps["mask"][0, 0] = False
    yield "words left out in the middle, and the first", gaps
    below = far_below(draw, inputs(draw, 4, 3, 2, 5, 4, 2, 3))
    yield "scores far below 0", below
    yield (
        "far above 0 where no word is",
        far_above(inputs(draw, 4, 3, 2, 5, 4, 2, 3)),
    )


def far_below(draw, given):
    """All scores are below −10,000, and each word's keys far apart."""
    B, T, d = given["x"].shape
    W = 100 * (0.5 + given["W_q"].abs())
    apart = 1 + 0.5 * torch.arange(T)[:, None]
    x = (apart + draw.normal(B, T, d).abs() / 100).double()
    return given | {"x": x, "W_q": W, "W_k": -W}


def far_above(given):
    """The first query of each row scores 1,000 and more where there is no word; the exponential is infinite there."""
    x, W_q, W_k = given["x"], given["W_q"], given["W_k"]
    towards = x[:, :1] @ W_q.T @ W_k
    length = (towards**2).sum(dim=2, keepdim=True)
    there = (2000 * math.sqrt(len(W_k)) * towards / length).round(decimals=3)
    return given | {"x": torch.where(given["mask"][..., None], x, there)}


def masked(scores, mask):
    if mask is None:
        return scores
    return scores.masked_fill(~mask[:, None], -math.inf)


def variant(
    x, W_q, W_k, W_v, mask, *,
    project=lambda x, W: x @ W.T, divide=None, weigh=None, average=None,
):  # fmt: skip
    """The right answer with one part of it replaced."""
    q, k, v = (project(x, W) for W in (W_q, W_k, W_v))
    scores = q @ k.mT / (math.sqrt(len(W_k)) if divide is None else divide)
    weights = weigh(scores) if weigh else masked(scores, mask).softmax(dim=2)
    return (average(weights, k, v) if average else weights @ v), weights


def multiplied(weights, mask):
    return weights if mask is None else weights * mask[:, None]


@PART.mistake("The scores are not divided by √d_k.")
def not_scaled(*given):
    return variant(*given, divide=1)


@PART.mistake(
    "The scores are divided by √d_model. A score is a sum over d_k products; "
    "that is where its size comes from."
)
def scaled_by_d_model(*given):
    return variant(*given, divide=math.sqrt(given[0].shape[2]))


@PART.mistake("The scores are divided by d_k. The root is missing.")
def no_root(*given):
    return variant(*given, divide=len(given[2]))


@PART.mistake("The scores are multiplied by √d_k, and become larger still.")
def scaled_up(*given):
    return variant(*given, divide=1 / math.sqrt(len(given[2])))


@PART.mistake(
    "The scores are divided by √T. The sum in a score runs over the entries of "
    "a key, not over the words."
)
def scaled_by_length(*given):
    return variant(*given, divide=math.sqrt(given[0].shape[1]))


@PART.mistake(
    "You divide by √d_k after the softmax. So the weights of a query add up to "
    "1/√d_k, and large scores are not tamed."
)
def scaled_afterwards(*given):
    root = math.sqrt(len(given[2]))
    return variant(
        *given,
        divide=1,
        weigh=lambda scores: masked(scores, given[4]).softmax(dim=2) / root,
    )


@PART.mistake(
    "You normalise over the queries, not over the keys: each row of the "
    "weights has to add up to 1, not each column."
)
def over_queries(*given):
    return variant(
        *given,
        weigh=lambda scores: multiplied(scores.softmax(dim=1), given[4]),
    )


@PART.mistake(
    "Masked words got a large negative number, and you normalise over the "
    "queries. Each query shares a weight of 1 out among the keys."
)
def over_queries_by_a_number(*given):
    def weigh(scores):
        if given[4] is not None:
            scores = scores.masked_fill(~given[4][:, None], -1e30)
        return scores.softmax(dim=1)

    return variant(*given, weigh=weigh)


@PART.mistake(
    "The scores are divided by the root of the size of a value. Values have no "
    "part in them."
)
def scaled_by_d_v(*given):
    return variant(*given, divide=math.sqrt(len(given[3])))


@PART.mistake(
    "Your words look at themselves and earlier ones only. No causal mask was "
    "asked for: whoever reads a sentence sees all of it."
)
def causal(*given):
    def weigh(scores):
        later = torch.ones_like(scores).triu(1) > 0
        return masked(scores.masked_fill(later, -1e30), given[4]).softmax(dim=2)

    return variant(*given, weigh=weigh)


@PART.mistake(
    "The weights are right. In the contexts they are transposed: context t is "
    "the average with row t, not with column t."
)
def averaged_by_columns(*given):
    return variant(*given, average=lambda weights, k, v: weights.mT @ v)


@PART.mistake(
    "The weights are right. What is averaged is the keys; the values are made "
    "by a matrix of their own."
)
def keys_averaged(*given):
    return variant(*given, average=lambda weights, k, v: weights @ k)


@PART.mistake(
    "The weights are right. What is averaged is x itself; the values are made "
    "of it by W_v."
)
def words_averaged(*given):
    return variant(*given, average=lambda weights, k, v: weights @ given[0])


@PART.mistake(
    "The keys were made with W_q. Then word t scores word i as word i scores "
    "word t."
)
def one_matrix(x, W_q, W_k, W_v, mask):
    return variant(x, W_q, W_q, W_v, mask)


@PART.mistake(
    "Queries and keys are exchanged: row t of the scores belongs to query t, "
    "and yours to key t."
)
def exchanged(x, W_q, W_k, W_v, mask):
    return variant(x, W_k, W_q, W_v, mask)


@PART.mistake(
    "Weights lie (out, in): W x for a column is `x @ W.T` for rows. Where a "
    "matrix is square, the shapes do not show that it was not transposed."
)
def not_transposed(*given):
    return variant(*given, project=lambda x, W: x @ W)


@PART.mistake("The mask is not used: words that are not real get weight.")
def mask_ignored(*given):
    return variant(*given[:4], None)


@PART.mistake(
    "The mask is inverted. True means that a word is real. "
    "(`nn.MultiheadAttention` has it the other way round.)"
)
def mask_inverted(*given):
    return variant(*given[:4], None if given[4] is None else ~given[4])


@PART.mistake(
    "The mask is inverted: a large negative number stands where a word is real. "
    "True means that it is."
)
def inverted_by_a_number(*given):
    def weigh(scores):
        if given[4] is not None:
            scores = scores.masked_fill(given[4][:, None], -1e9)
        return scores.softmax(dim=2)

    return variant(*given, weigh=weigh)


@PART.mistake(
    "You use the mask after the softmax. The weights of a query no longer add "
    "up to 1: what the masked words had is lost."
)
def mask_afterwards(*given):
    return variant(
        *given,
        weigh=lambda scores: multiplied(scores.softmax(dim=2), given[4]),
    )


@PART.mistake(
    "You set the scores of masked words to 0. exp(0) is 1, so that they still "
    "get weight; only −∞ gives 0."
)
def scores_zeroed(*given):
    return variant(
        *given, weigh=lambda s: multiplied(s, given[4]).softmax(dim=2)
    )


def queries_masked(fill):
    def answer(*given):
        def weigh(scores):
            if given[4] is not None:
                scores = scores.masked_fill(~given[4][:, :, None], fill)
            return scores.softmax(dim=2)

        return variant(*given, weigh=weigh)

    return answer


queries_without_keys = PART.mistake(
    "Not a number: your mask acts on the queries, `mask[:, :, None]`, and a "
    "query whose scores are all −∞ has no weights. Keys lie along the last "
    "axis."
)(queries_masked(-math.inf))
queries_indifferent = PART.mistake(
    "Your mask acts on the queries, `mask[:, :, None]`. It has to say which "
    "keys may be used, and keys lie along the last axis."
)(queries_masked(-1e9))


@PART.mistake(
    "Right for the queries of real words. One that is padding asks, too; your "
    "mask takes its weights away. Mask the keys alone."
)
def both_masked(x, W_q, W_k, W_v, mask):
    found = self_attention(x, W_q, W_k, W_v, mask)
    if mask is None:
        return found
    return tuple(each * mask[:, :, None] for each in found)


@PART.mistake(
    "The contexts are right. Beside them you return the scores; asked are the "
    "weights, after the softmax."
)
def returns_scores(x, W_q, W_k, W_v, mask):
    context, _ = self_attention(x, W_q, W_k, W_v, mask)
    scores = (x @ W_q.T) @ (x @ W_k.T).mT / math.sqrt(len(W_k))
    return context, scores


@PART.mistake(
    "Not a number where scores are large: exp overflows. `softmax` subtracts "
    "the largest score first."
)
def overflow(*given):
    def weigh(scores):
        p = multiplied(scores.exp(), given[4])
        return p / p.sum(dim=2, keepdim=True)

    return variant(*given, weigh=weigh)
