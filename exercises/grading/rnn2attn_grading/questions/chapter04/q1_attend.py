"""4.1: attention for a batch, padding and all."""

import math

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Scaled dot-product attention, for a batch of sources of different lengths.

$$
e_{t,i} = \frac{q_t \cdot k_i}{\sqrt{d_k}}, \qquad
\alpha_{t,i} = \frac{\exp e_{t,i}}{\sum_j \exp e_{t,j}}, \qquad
c_t = \sum_i \alpha_{t,i}\, v_i
$$

The sums run over the keys that the mask allows; the others get weight 0. Scores can be in the thousands, of either
sign. And a row of the batch may have no key that may be used. The library refuses it. Here it gets weights 0 and
contexts 0, and its gradients are 0 as well: one empty row must not spoil the update for all others. Where all are 0,
a gradient of None says the same, and counts as right. Not allowed: `attend` of the library and
`F.scaled_dot_product_attention`. Checked: contexts, weights, and the gradients for queries, keys and values.
"""

HINTS = r"""
Three lines from three equations: scores, weights, contexts. The mask belongs between the first and the second:
after the softmax it is too late. And what does a softmax make of a row that is −∞ everywhere?

`query @ keys.mT` is (B, T', T): rows are queries. The mask is (B, T) and says the same for every query of a row, so
it needs an axis in the middle. An empty row comes out as NaN; it has to be 0 afterwards, in the weights, and no NaN
may go back: `masked_fill` hands no gradient through what it filled, and a softmax over finite numbers makes no NaN.

Divide the product by `math.sqrt(d_k)`; `masked_fill(~mask[:, None], -torch.inf)`; softmax over the last axis; then
`masked_fill` with 0 where a row of the mask has no True, which is (B, 1, 1); the context is weights times values.
"""

QUESTION = Question(
    "4.1", "Attention for a batch", TEXT, minutes=20, difficulty=2, hints=HINTS
)


def attend(query, keys, values, mask):
    """Scaled dot-product attention under a mask.

    Args:
        query: (B, T', d_k).
        keys: (B, T, d_k).
        values: (B, T, d_v).
        mask: True where a key may be used, bool, (B, T).

    Returns:
        The tuple (contexts, weights), (B, T', d_v) and (B, T', T).
    """
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    scores = scores.masked_fill(~mask[:, None], -torch.inf)
    empty = ~mask.any(dim=1)[:, None, None]
    weights = scores.softmax(dim=-1).masked_fill(empty, 0)
    return weights @ values, weights


PART = QUESTION.part(
    attend,
    3,
    gradients=("query", "keys", "values"),
    forbidden=(
        "rnn2attn.attention",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.MultiheadAttention",
    ),
)


@QUESTION.now("""
Your attention draws its map. A decoder of the library attends with your function and learns to write dates in
Korean, from 2,000 of them; then it writes one that it never saw, and the picture shows where each word was looked
for. Before you run the cell: Korean begins with the year. Where will the first row have its weight? And where a row
for 년, which no English word says?
""")
def map_a_date(attend):
    from rnn2attn import plots
    from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
    from rnn2attn.tasks import dates
    from rnn2attn.text import Batch, vocabularies
    from rnn2attn.training import fit, token_loss

    class Attending(AttentionDecoder):
        def _look(self, s, keys, memory):
            return attend(s, keys, memory.states, memory.mask)

    pairs = dates.pairs(2000)
    en, ko = vocabularies(pairs)
    torch.manual_seed(0)
    encoder = Encoder(len(en), d_h=48, cell="GRU")
    model = Seq2Seq(en, ko, encoder, Attending(encoder, len(ko))).double()
    batches = Batch.of(pairs, en, ko).minibatches(32, 200, seed=0)
    fit(model, batches, lr=0.01, loss=token_loss)
    unseen = dates.pairs(100, test=True)
    said = model.translate([english for english, _ in unseen])
    right = [s.tokens == k for s, (_, k) in zip(said, unseen, strict=True)]
    print(f"{sum(right)} of 100 dates that it never saw are right")
    return plots.heatmap(
        said[0].alignment, said[0].tokens, unseen[0][0],
        xlabel="read", ylabel="said",
    )  # fmt: skip


def inputs(draw, T_query, d_k, d_v, *lengths, scale=1.0):
    """Sources of these lengths; what lies on padding is as large as the rest."""
    B, T = len(lengths), max(1, *lengths, 0)
    return {
        "query": draw.normal(B, T_query, d_k, scale=scale),
        "keys": draw.normal(B, T, d_k, scale=scale),
        "values": draw.normal(B, T, d_v),
        "mask": torch.arange(T) < torch.tensor(lengths)[:, None],
    }


def far(draw, given):
    """For the first query of the last row padding has the highest scores by far, and real keys the lowest."""
    query, keys = given["query"][-1, 0], given["keys"]
    sign = 1 - 2 * given["mask"][-1].double()[:, None]
    keys[-1] = sign * query + draw.normal(*keys.shape[1:], scale=0.02)
    return given


@PART.cases
def cases(draw):
    yield "sources of different lengths", inputs(draw, 3, 7, 4, 5, 1)
    yield "one row", inputs(draw, 2, 5, 3, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 2, 3)
    yield "large scores", far(draw, inputs(draw, 2, 3, 5, 4, 2, scale=40.0))
    yield "a row without a key", inputs(draw, 2, 5, 3, 3, 0)


@PART.edges
def edges(draw):
    yield "one query, one key", inputs(draw, 1, 7, 3, 1, 1)
    gaps = inputs(draw, 3, 5, 2, 5, 5)
    gaps["mask"][0, 1:3], gaps["mask"][1, 0] = False, False
    yield "gaps", gaps
    yield "nothing but an empty row", inputs(draw, 3, 2, 5, 0)
    below = inputs(draw, 3, 5, 2, 4, 3, 2)
    above = 200 * (0.5 + below["keys"].abs())
    below["query"], below["keys"] = -above[:, :3], above
    yield "scores far below 0", below


def variant(
    query, keys, values, mask, *,
    divisor=None, usable=None, score=None, mixed=None,
):  # fmt: skip
    """The right answer with one part of it replaced."""
    scores = query @ keys.mT / (divisor or math.sqrt(keys.shape[-1]))
    scores = scores if score is None else score(scores)
    usable = mask[:, None] if usable is None else usable
    empty = ~usable.any(dim=-1, keepdim=True)
    scores = scores.masked_fill(~(usable | empty), -torch.inf)
    weights = scores.softmax(dim=-1).masked_fill(empty, 0)
    return weights @ (values if mixed is None else mixed), weights


@PART.mistake(
    "The scores are not divided. With entries of variance 1 their variance is "
    "the number of entries that are summed."
)
def not_divided(query, keys, values, mask):
    return variant(query, keys, values, mask, divisor=1.0)


@PART.mistake(
    "You divide by d, which makes the scores' variance 1 / d. Their standard "
    "deviation is what they are divided by."
)
def divided_by_d(query, keys, values, mask):
    return variant(query, keys, values, mask, divisor=keys.shape[-1])


@PART.mistake(
    "You divide by the root of the number of keys. The sum in q · k runs over "
    "the entries."
)
def divided_by_root_T(query, keys, values, mask):
    return variant(query, keys, values, mask, divisor=math.sqrt(keys.shape[1]))


@PART.mistake(
    "You divide by the root of the size of a value. Values have no part in the "
    "scores."
)
def divided_by_root_d_v(query, keys, values, mask):
    return variant(
        query, keys, values, mask, divisor=math.sqrt(values.shape[-1])
    )


@PART.mistake("You multiply by the root of d; it divides.")
def multiplied(query, keys, values, mask):
    return variant(query, keys, values, mask, divisor=keys.shape[-1] ** -0.5)


@PART.mistake(
    "Your weights sum to 1 over the queries. Each query has one distribution, "
    "over the keys."
)
def over_the_queries(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = scores.softmax(dim=1).masked_fill(~mask[:, None], 0)
    return weights @ values, weights


@PART.mistake(
    "The mask comes after the softmax. What was on the padding is thrown away, "
    "and the rest no longer sums to 1."
)
def masked_after(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = scores.softmax(dim=-1) * mask[:, None]
    return weights @ values, weights


@PART.mistake(
    "You multiply scores by the mask. A score of 0 is not low: it may be the "
    "highest of all, and exp(0) = 1."
)
def scores_zeroed(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1]) * mask[:, None]
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


@PART.mistake(
    "A row without a key is right. In the others you multiply scores by the "
    "mask. A score of 0 is not low: it may be the highest of all, and "
    "exp(0) = 1."
)
def scores_zeroed_but_for_empty_rows(query, keys, values, mask):
    _, weights = scores_zeroed(query, keys, values, mask)
    weights = weights.masked_fill(~mask.any(dim=1)[:, None, None], 0)
    return weights @ values, weights


def filled(axes, value):
    """Scores filled with a value where the mask, with these axes, is False."""

    def answer(query, keys, values, mask):
        scores = query @ keys.mT / math.sqrt(keys.shape[-1])
        weights = scores.masked_fill(~axes(mask), value).softmax(dim=-1)
        return weights @ values, weights

    return answer


queries_masked = PART.mistake(
    "Where your code runs, the mask lies on the queries, `mask[:, :, None]`, "
    "and a query with nothing but −∞ has no weights. It has to say which keys "
    "may be used, and keys lie along the last axis."
)(filled(lambda mask: mask[:, :, None], -torch.inf))
queries_indifferent = PART.mistake(
    "Where your code runs, the mask lies on the queries, `mask[:, :, None]`. It "
    "has to say which keys may be used, and keys lie along the last axis."
)(filled(lambda mask: mask[:, :, None], -1e9))
mask_of_another_row = PART.mistake(
    "Your mask (B, T) meets scores (B, T', T): its first axis comes to lie on "
    "the queries, so that query t is masked by row t of the batch, or the code "
    "stops. Give it an axis for the queries."
)(filled(lambda mask: mask, -torch.inf))
inverted_by_a_number = PART.mistake(
    "The mask is inverted: a large negative number stands where a key may be "
    "used. Where no padding is, all scores are alike."
)(filled(lambda mask: ~mask[:, None], -1e9))


@PART.mistake(
    "You zero the keys on padding. That makes their scores 0, which is not "
    "low: it may be the highest of all, and the values there are mixed in."
)
def keys_and_values_zeroed(query, keys, values, mask):
    real = mask[..., None]
    everywhere = torch.ones_like(mask)[:, None]
    context, weights = variant(
        query, keys * real, values * real, mask, usable=everywhere
    )
    return context, weights


@PART.mistake(
    "The mask has no effect: padding is looked at like any other place."
)
def not_masked(query, keys, values, mask):
    return variant(
        query, keys, values, mask, usable=torch.ones_like(mask)[:, None]
    )


@PART.mistake(
    "The mask is inverted: all weight lies on padding. True is for what may be "
    "used."
)
def inverted(query, keys, values, mask):
    return variant(query, keys, values, mask, usable=~mask[:, None])


@PART.mistake(
    "The mask is inverted: you fill −∞ in where a key may be used. Where no "
    "padding is, nothing is left, and the softmax is 0/0."
)
def inverted_nan(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = scores.masked_fill(mask[:, None], -torch.inf).softmax(dim=-1)
    return weights @ values, weights


@PART.mistake(
    "Padding gets a score that is low, and not low enough: real scores can be "
    "lower. Only −∞ is below all of them."
)
def not_low_enough(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    scores = scores.masked_fill(~mask[:, None], -1e2)
    empty = ~mask.any(dim=1)[:, None, None]
    weights = scores.softmax(dim=-1).masked_fill(empty, 0)
    return weights @ values, weights


@PART.mistake(
    "Right, except where a row has no key: with all scores at a large negative "
    "number the softmax makes them equal, and the padding is mixed."
)
def empty_rows_mixed(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    scores = scores.masked_fill(~mask[:, None], -1e9)
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


@PART.mistake(
    "Right, except where a row has no key. The same number added to all its "
    "scores changes nothing in a softmax: its padding is looked at as if there "
    "were no mask."
)
def empty_rows_looked_at(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = (scores - 1e9 * ~mask[:, None]).softmax(dim=-1)
    return weights @ values, weights


@PART.mistake(
    "Right, except where a row has no key: a softmax of nothing but −∞ is 0/0."
)
def empty_rows_nan(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    scores = scores.masked_fill(~mask[:, None], -torch.inf)
    weights = scores.softmax(dim=-1)
    return weights @ values, weights


@PART.mistake(
    "The values are right, and the gradients of the empty row are NaN. −∞ was "
    "added, and the NaN of the softmax replaced. But a sum passes on whatever "
    "gradient comes to it, and through that softmax comes NaN. Fill in −∞: "
    "what is filled in passes nothing on."
)
def nan_replaced(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    added = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
    weights = (scores + added[:, None]).softmax(dim=-1)
    weights = weights.where(~weights.isnan(), 0)
    return weights @ values, weights


@PART.mistake(
    "The values are right, and the gradients of the empty row are NaN. Its "
    "contexts were made of weights that are NaN, and replaced afterwards. "
    "Replace the weights before anything is made of them."
)
def contexts_replaced(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(dim=-1)
    return (weights @ values).nan_to_num(), weights.nan_to_num()


@PART.mistake(
    "Right, except where scores are large. You subtract the largest score of "
    "all keys, padding included; where that is far above the others, their "
    "powers are 0. Mask first."
)
def largest_of_all(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    powers = (scores - scores.amax(dim=-1, keepdim=True)).exp()
    powers = powers * mask[:, None]
    weights = powers / (powers.sum(dim=-1, keepdim=True) + 1e-12)
    return weights @ values, weights


@PART.mistake(
    "Not a finite number where scores are large: exp overflows. A softmax "
    "subtracts the largest score first."
)
def overflow(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    powers = scores.exp() * mask[:, None]
    whole = powers.sum(dim=-1, keepdim=True)
    weights = powers / whole.masked_fill(whole == 0, 1.0)
    return weights @ values, weights


@PART.mistake(
    "Not a finite number in two places. Where scores are large exp overflows; a "
    "softmax subtracts the largest score first. And where a row has no key you "
    "divide 0 by 0."
)
def overflow_and_empty(query, keys, values, mask):
    scores = query @ keys.mT / math.sqrt(keys.shape[-1])
    powers = scores.exp() * mask[:, None]
    weights = powers / powers.sum(dim=-1, keepdim=True)
    return weights @ values, weights


@PART.mistake(
    "Your contexts are means of the keys. Keys say where to look, values what "
    "is found there."
)
def keys_mixed(query, keys, values, mask):
    return variant(query, keys, values, mask, mixed=keys)


@PART.mistake(
    "Contexts are right. What you return beside them are the scores; asked are "
    "the weights."
)
def scores_returned(query, keys, values, mask):
    contexts, _ = attend(query, keys, values, mask)
    return contexts, query @ keys.mT / math.sqrt(keys.shape[-1])


@PART.mistake(
    "Every query gets the same context, the plain mean of the values. Weigh "
    "them."
)
def plain_mean(query, keys, values, mask):
    return variant(query, keys, values, mask, score=lambda e: 0 * e)


@PART.mistake(
    "`reshape` does not turn the keys around: it reads them on in the order in "
    "which they lie, and mixes the entries of different keys. `keys.mT` "
    "exchanges the axes."
)
def keys_reshaped(query, keys, values, mask):
    B, T, d = keys.shape
    turned = keys.reshape(B, d, T).mT
    return attend(query, turned, values, mask)


@PART.mistake(
    "Right, except where a row has no key. Its contexts were cleaned of NaN, "
    "and the weights that they are made of were not."
)
def weights_left_nan(query, keys, values, mask):
    contexts, weights = empty_rows_nan(query, keys, values, mask)
    return contexts.nan_to_num(), weights
