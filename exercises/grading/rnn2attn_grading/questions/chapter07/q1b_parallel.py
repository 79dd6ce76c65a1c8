"""7.1, second part: the same, all steps at once."""

import torch

from rnn2attn_grading.questions.chapter07.q1_forms import QUESTION
from rnn2attn_grading.questions.chapter07.q1a_step import shares
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE

TEXT = r"""
**All at once.** Begin with $S_0 = 0$, unroll the recurrence, and write down $o_t$ without $S$: as a sum over the
pairs $i \le t$, each with a factor of its own. Return all outputs. A gate may be 0: then all that came before is
gone, and the sum must not become 0/0. Checked: the values, and the gradient for all four arguments. A loop over steps
is right as well; can you do without one?
"""


def all_at_once(q, k, v, a):
    """Outputs of linear attention with a gate, without its state.

    Args:
        q: queries, (B, T, d_k).
        k: keys, (B, T, d_k).
        v: values, (B, T, d_v).
        a: the share of the state that is kept in each step, (B, T), from 0,
            which forgets everything, to 1.

    Returns:
        The outputs, (B, T, d_v).
    """
    t = torch.arange(a.shape[1])
    later = t[:, None] > t  # [j, i]: step j is after step i
    kept = torch.where(later, a[:, :, None], 1).cumprod(dim=1).tril()
    return (q @ k.mT * kept) @ v


PART = QUESTION.part(
    all_at_once,
    2,
    gradients=("q", "k", "v", "a"),
    forbidden=READY_MADE,
    text=TEXT,
)


def inputs(draw, B, T, d_v, d_k):
    return {
        "q": draw.normal(B, T, d_k),
        "k": draw.normal(B, T, d_k),
        "v": draw.normal(B, T, d_v),
        "a": shares(draw, B, T),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 7, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3)
    yield "a batch of one", inputs(draw, 1, 4, 2, 5)


@PART.edges
def edges(draw):
    given = inputs(draw, 2, 6, 3, 4)
    given["a"][0, 2] = given["a"][1, 4] = 0
    yield "a gate that shuts", given
    given = inputs(draw, 2, 5, 2, 3)
    given["a"][:, 1:4] = 0
    yield "a gate that shuts several times", given
    yield "one step", inputs(draw, 2, 1, 3, 2)
    yield "many steps", inputs(draw, 1, 17, 2, 3)


def products(a, first=1):
    """Of the shares from step i + first to step t, [t, i]; 1 where there are none."""
    T = a.shape[1]
    counts = torch.ones(T, T).tril(-first).bool()
    return torch.where(counts, a[:, :, None], 1).cumprod(dim=1)


def variant(q, k, v, a, *, kept=None, scores=None):
    """The right answer with the factors, or the products of queries and keys, replaced."""
    e = scores(q, k) if scores else q @ k.mT
    return (e * (products(a).tril() if kept is None else kept)) @ v


@PART.mistake(
    "Your outputs know the future: pairs that come after step t count in o_t, "
    "too."
)
def not_causal(q, k, v, a):
    return variant(q, k, v, a, kept=products(a))


@PART.mistake(
    "Your outputs know the future, and there a quotient of products is one "
    "over the gates between: pairs of later steps even count more than once."
)
def mask_forgotten(q, k, v, a):
    total = a.cumprod(dim=1)
    return variant(q, k, v, a, kept=total[:, :, None] / total[:, None])


@PART.mistake(
    "The pair of step t is missing in o_t. It is written before it is read."
)
def own_pair_missing(q, k, v, a):
    return variant(q, k, v, a, kept=products(a).tril(-1))


@PART.mistake(
    "One factor too many: the gate of step i acts on what was there before "
    "the pair i."
)
def own_gate(q, k, v, a):
    return variant(q, k, v, a, kept=products(a, first=0).tril())


@PART.mistake(
    "Your products end a step too early, and begin a step too early: they are "
    "those of the gates i … t − 1. Which gate acts first on the pair i?"
)
def gates_shifted(q, k, v, a):
    before = torch.cat([torch.ones_like(a[:, :1]), a[:, :-1]], dim=1)
    return variant(q, k, v, before)


@PART.mistake(
    "Every pair is multiplied by all gates from the first step to t. Those "
    "before it was written did not touch it."
)
def from_the_start(q, k, v, a):
    return variant(q, k, v, a, kept=a.cumprod(dim=1)[:, :, None].tril())


@PART.mistake(
    "Nothing is forgotten: old pairs count as much as new ones in your answer."
)
def nothing_forgotten(q, k, v, a):
    return variant(q, k, v, torch.ones_like(a))


@PART.mistake(
    "You take a power of the gate of step t. In the steps on the way, other "
    "gates stood there."
)
def power_of_the_last(q, k, v, a):
    t = torch.arange(a.shape[1])
    ages = (t[:, None] - t).clamp(min=0)
    return variant(q, k, v, a, kept=(a[:, :, None] ** ages).tril())


@PART.mistake(
    "You take a power of the gate of step i. In the steps on the way, other "
    "gates stood there."
)
def power_of_the_first(q, k, v, a):
    t = torch.arange(a.shape[1])
    ages = (t[:, None] - t).clamp(min=0)
    return variant(q, k, v, a, kept=(a[:, None] ** ages).tril())


@PART.mistake(
    "Only the gate of step t acts on the past. A pair that was written three "
    "steps ago has met three gates."
)
def last_gate_alone(q, k, v, a):
    T = a.shape[1]
    factor = a[:, :, None].expand(-1, -1, T).tril(-1)
    return variant(q, k, v, a, kept=factor + torch.eye(T))


@PART.mistake(
    "There is a softmax in your answer. Then it is the attention of chapter 4 "
    "again, and no recurrence gives the same."
)
def softmax(q, k, v, a):
    future = torch.ones(len(a[0]), len(a[0])).triu(1).bool()
    e = (q @ k.mT).masked_fill(future, -torch.inf).softmax(dim=2)
    return variant(q, k, v, a, scores=lambda q, k: e)


@PART.mistake(
    "The products of queries and keys are divided by √d_k. That was there to "
    "tame a softmax; there is none."
)
def scaled(q, k, v, a):
    return variant(q, k, v, a, scores=lambda q, k: q @ k.mT / q.shape[2] ** 0.5)


@PART.mistake(
    "You divide by the sum of the weights. That makes an average, as the "
    "softmax did; the recurrence adds, and divides by nothing."
)
def averaged(q, k, v, a):
    weights = q @ k.mT * products(a).tril()
    return weights / weights.sum(dim=2, keepdim=True) @ v


@PART.mistake(
    "Queries and keys are exchanged: it is the query of the later step that "
    "asks, and the key of the earlier one that answers."
)
def exchanged(q, k, v, a):
    return variant(q, k, v, a, scores=lambda q, k: k @ q.mT)


@PART.mistake("Inverted: a is the share that stays, not the one that goes.")
def inverted(q, k, v, a):
    return variant(q, k, v, 1 - a)


@PART.mistake(
    "The factors are added where they have to be multiplied: what is left of a "
    "half after a half is a quarter."
)
def summed(q, k, v, a):
    total = a.cumsum(dim=1)
    T = a.shape[1]
    factor = (total[:, :, None] - total[:, None]).tril(-1)
    return variant(q, k, v, a, kept=factor + torch.eye(T))
