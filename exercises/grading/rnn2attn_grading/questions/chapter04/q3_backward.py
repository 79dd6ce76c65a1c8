"""4.3: the way back through attention, by hand."""

import math

import torch

from rnn2attn_grading.questions.autograd import AUTOGRAD
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Given is what attention computed, $\alpha$, and the loss's gradients at its contexts, $\partial L / \partial c_t$.
Find those at queries, keys and values, without autograd. The scores were $e_{t,i} = q_t \cdot k_i / \sqrt{d_k}$.
Where the mask excluded a key its weight is 0, and no more need be known of the mask.

The chapter has the step through the softmax, $\partial L / \partial e_{t,i}$. Before you begin, draw the ways by
which a change of one key reaches the loss: how many contexts does it move? Not allowed: autograd.
"""

HINTS = r"""
Go backwards through three lines: contexts from weights and values, weights from scores by softmax, scores from
queries and keys. A value takes part in the contexts of all queries, so its gradient is a sum over t; and so is a
key's.

$\partial L/\partial v_i = \sum_t \alpha_{t,i}\, \partial L/\partial c_t$ and $\partial L/\partial \alpha_{t,i} =
v_i \cdot \partial L/\partial c_t$. Through the softmax, $\partial L/\partial e_{t,i} = \alpha_{t,i}\,(g_{t,i} -
\sum_j \alpha_{t,j}\, g_{t,j})$ with $g = \partial L/\partial \alpha$. And $e = q \cdot k / \sqrt{d_k}$ gives a root
on the way back.

With $g$ as `dcontext @ values.mT`: weights times ($g$ minus the sum over keys of weights times $g$), divided by the
root; that times `keys` for the queries, its transpose times `query` for the keys; and the transposed weights times
`dcontext` for the values.
"""

QUESTION = Question(
    "4.3", "Attention backwards", TEXT, minutes=40, difficulty=3, hints=HINTS
)


def attend_backward(query, keys, values, weights, dcontext):
    """The gradients of scaled dot-product attention.

    Args:
        query: (B, T', d_k).
        keys: (B, T, d_k).
        values: (B, T, d_v).
        weights: α, (B, T', T).
        dcontext: the loss's gradients at the contexts, (B, T', d_v).

    Returns:
        The gradients, a dict with the keys "query", "keys" and "values", each
        of the shape of what it belongs to.
    """
    dweights = dcontext @ values.mT
    through = (weights * dweights).sum(dim=2, keepdim=True)
    dscores = weights * (dweights - through) / math.sqrt(keys.shape[2])
    return {
        "query": dscores @ keys,
        "keys": dscores.mT @ query,
        "values": weights.mT @ dcontext,
    }


PART = QUESTION.part(
    attend_backward,
    4,
    forbidden=(
        *AUTOGRAD,
        ".requires_grad_",
        "rnn2attn.attention",
    ),
)


@QUESTION.now("""
Your gradients teach attention to spell, without autograd. Nine places hold the letters of *attention*; nine steps
are to find the letters of *noitnetta*. Queries and keys are learned from nothing, by your function alone. Before
you run the cell: there are three t's to look at. Must the weights for a t go to one of them?
""")
def spell_backwards(attend_backward):
    from rnn2attn import plots
    from rnn2attn.attention import attend

    word = "attention"
    letters = sorted(set(word))
    ids = torch.tensor([letters.index(letter) for letter in word])
    values = torch.eye(len(letters)).double()[ids][None]
    torch.manual_seed(0)
    query, keys = torch.randn(2, 1, 9, 8).double().unbind()
    adam = torch.optim.Adam([query, keys], lr=0.05)
    for update in range(201):
        contexts, weights = attend(query, keys, values)
        p = contexts[0].gather(1, ids.flip(0)[:, None])
        if update in (0, 10, 50, 200):
            said = "".join(letters[i] for i in contexts[0].argmax(1))
            print(f"{update:3} updates: {said}, loss {-p.log().sum():.2f}")
        dcontext = torch.zeros_like(contexts)
        dcontext[0].scatter_(1, ids.flip(0)[:, None], -1 / p)
        found = attend_backward(query, keys, values, weights, dcontext)
        query.grad, keys.grad = found["query"], found["keys"]
        adam.step()
    return plots.heatmap(
        weights[0], word[::-1], word, xlabel="place", ylabel="asked for"
    )


def inputs(draw, T_query, d_k, d_v, *lengths, scale=0.6):
    """Scores of moderate size, so that no gradient is nearly 0 by saturation."""
    B, T = len(lengths), max(lengths)
    query = draw.normal(B, T_query, d_k, scale=scale)
    keys = draw.normal(B, T, d_k, scale=scale)
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]
    scores = (query @ keys.mT / math.sqrt(d_k)).masked_fill(
        ~mask[:, None], -torch.inf
    )
    return {
        "query": query,
        "keys": keys,
        "values": draw.normal(B, T, d_v),
        "weights": scores.softmax(dim=2).mul(1e8).round().div(1e8),
        "dcontext": draw.normal(B, T_query, d_v),
    }


@PART.cases
def cases(draw):
    yield "sources of different lengths", inputs(draw, 3, 7, 4, 5, 1)
    yield "one row", inputs(draw, 2, 5, 3, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 2, 3)
    yield "one query, one key", inputs(draw, 1, 3, 2, 1)


@PART.edges
def edges(draw):
    yield "one key for many queries", inputs(draw, 5, 3, 7, 1, 1)
    yield "saturated weights", inputs(draw, 3, 5, 2, 4, 3, scale=9.0)
    yield "as many values' entries as keys'", inputs(draw, 2, 5, 5, 3, 4)


def variant(
    query, keys, values, weights, dcontext, *,
    through=None, slope=None, divisor=None, dweights=None,
):  # fmt: skip
    """The right answer with one step of it replaced."""
    if dweights is None:
        dweights = dcontext @ values.mT
    if through is None:
        through = (weights * dweights).sum(dim=2, keepdim=True)
    dscores = (weights if slope is None else slope) * (dweights - through)
    dscores = dscores / (divisor or math.sqrt(keys.shape[2]))
    return {
        "query": dscores @ keys,
        "keys": dscores.mT @ query,
        "values": weights.mT @ dcontext,
    }


@PART.mistake(
    "The gradients at the values are right. In the step through the softmax "
    "something is missing: raising one weight lowers the others of its row. "
    "It is v − c that meets ∂L/∂c, not v."
)
def others_not_lowered(*given):
    return variant(*given, through=0.0)


@PART.mistake(
    "The gradients at the values are right. You went through the softmax as if "
    "it were a σ, with α (1 − α): each score also changes the other weights of "
    "its row."
)
def as_a_sigmoid(*given):
    weights = given[3]
    return variant(*given, through=0.0, slope=weights * (1 - weights))


@PART.mistake(
    "The gradients at the values are right. In the step through the softmax "
    "you subtract a plain mean; the mean is weighted by α."
)
def plain_mean(query, keys, values, weights, dcontext):
    dweights = dcontext @ values.mT
    return variant(
        query, keys, values, weights, dcontext,
        through=dweights.mean(dim=2, keepdim=True),
    )  # fmt: skip


@PART.mistake(
    "The gradients at the values are right. In the step through the softmax "
    "you subtract a plain sum; the sum is weighted by α."
)
def plain_sum(query, keys, values, weights, dcontext):
    dweights = dcontext @ values.mT
    return variant(
        query, keys, values, weights, dcontext,
        through=dweights.sum(dim=2, keepdim=True),
    )  # fmt: skip


@PART.mistake(
    "The gradients at the values are right. In the step through the softmax "
    "the sum runs over the queries; it runs over the keys."
)
def summed_over_the_queries(query, keys, values, weights, dcontext):
    through = (weights * (dcontext @ values.mT)).sum(dim=1, keepdim=True)
    return variant(query, keys, values, weights, dcontext, through=through)


@PART.mistake(
    "The gradients at the values are right. The softmax is left out: you send "
    "∂L/∂α on as if it were ∂L/∂e."
)
def softmax_left_out(*given):
    weights = given[3]
    return variant(*given, through=0.0, slope=torch.ones_like(weights))


@PART.mistake(
    "The gradients at the values are right. Those at the scores lack the "
    "factor α: a key that is not looked at hears nothing."
)
def without_the_weight(*given):
    return variant(*given, slope=torch.ones_like(given[3]))


@PART.mistake(
    "The gradients at the values are right. The scores were divided by the "
    "root of d_k, and so is what goes back through them."
)
def not_divided(*given):
    return variant(*given, divisor=1.0)


@PART.mistake(
    "The gradients at the values are right. You multiply by the root of d_k; "
    "the way back divides by it as well."
)
def multiplied(*given):
    return variant(*given, divisor=given[1].shape[2] ** -0.5)


@PART.mistake(
    "The gradients at the values are right. You divide by d_k, once for the "
    "query and once for the key; each of them has one root of it."
)
def divided_twice(*given):
    return variant(*given, divisor=given[1].shape[2])


@PART.mistake(
    "The gradients at the values are right. You divide by the root of the size "
    "of a value. The scores were divided by the root of the size of a key."
)
def divided_by_root_d_v(*given):
    return variant(*given, divisor=given[2].shape[2] ** 0.5)


def values_by(change):
    def answer(query, keys, values, weights, dcontext):
        right = attend_backward(query, keys, values, weights, dcontext)
        return right | {"values": change(values, weights, dcontext)}

    return answer


values_not_transposed = PART.mistake(
    "Queries and keys are right. At the values you use α as it is. Value i "
    "hears of every query t by its α_{t,i}: the sum runs over t."
)(values_by(lambda values, weights, dcontext: weights @ dcontext))
values_unweighted = PART.mistake(
    "Queries and keys are right. Each of your values gets the whole ∂L/∂c; it "
    "went into a context with its weight only."
)(
    values_by(
        lambda values, weights, dcontext: (
            dcontext.sum(dim=1, keepdim=True) + 0 * values
        )
    )
)
values_last_query = PART.mistake(
    "Queries and keys are right. At the values only the last query counts. A "
    "value goes into the contexts of all of them."
)(
    values_by(
        lambda values, weights, dcontext: weights[:, -1:].mT @ dcontext[:, -1:]
    )
)


@PART.mistake(
    "The values are right. Queries and keys are exchanged: q · k changes with "
    "the query by k, and with the key by q."
)
def exchanged(query, keys, values, weights, dcontext):
    right = attend_backward(query, keys, values, weights, dcontext)
    return right | {"query": right["keys"], "keys": right["query"]}


@PART.mistake(
    "Queries and values are right. At the keys ∂L/∂e is not transposed: key i "
    "hears of every query t."
)
def keys_not_transposed(query, keys, values, weights, dcontext):
    right = attend_backward(query, keys, values, weights, dcontext)
    dscores = variant(
        query, torch.eye(keys.shape[1]).double().expand(len(keys), -1, -1),
        values, weights, dcontext, divisor=math.sqrt(keys.shape[2]),
    )["query"]  # fmt: skip
    return right | {"keys": dscores @ query}


@PART.mistake(
    "Queries and values are right. At the keys only the last query counts. A "
    "key has a score for all of them."
)
def keys_last_query(query, keys, values, weights, dcontext):
    right = attend_backward(query, keys, values, weights, dcontext)
    last = attend_backward(
        query[:, -1:], keys, values, weights[:, -1:], dcontext[:, -1:]
    )
    return right | {"keys": last["keys"]}


@PART.mistake(
    "The gradients at the queries and at the values are right. Those at the keys "
    "go back through the same division by the root of d_k."
)
def keys_not_divided(*given):
    right = attend_backward(*given)
    return right | {"keys": not_divided(*given)["keys"]}


@PART.mistake(
    "The gradients at the keys and at the values are right. Those at the queries "
    "go back through the same division by the root of d_k."
)
def query_not_divided(*given):
    right = attend_backward(*given)
    return right | {"query": not_divided(*given)["query"]}


@PART.mistake(
    "The sum over the keys lost its axis, and where your code runs it is "
    "subtracted from another row. `keepdim=True` leaves an axis of size 1."
)
def without_keepdim(query, keys, values, weights, dcontext):
    through = (weights * (dcontext @ values.mT)).sum(dim=2)
    return variant(query, keys, values, weights, dcontext, through=through)


@PART.mistake(
    "You divided by the number of rows. ∂L/∂c holds whatever mean there was."
)
def divided_by_B(query, keys, values, weights, dcontext):
    right = attend_backward(query, keys, values, weights, dcontext)
    return {name: gradient / len(query) for name, gradient in right.items()}


@PART.mistake(
    "The gradients at the queries are right. Those at keys and values are "
    "means over the queries; every query adds its own."
)
def means_over_the_queries(*given):
    right = attend_backward(*given)
    T_query = given[0].shape[1]
    means = {name: right[name] / T_query for name in ("keys", "values")}
    return right | means


@PART.mistake(
    "You compute the weights anew, and without the mask. They are given: where "
    "a key was excluded its weight is 0."
)
def weights_anew(query, keys, values, weights, dcontext):
    scores = query @ keys.mT / math.sqrt(keys.shape[2])
    return variant(query, keys, values, scores.softmax(dim=2), dcontext)
