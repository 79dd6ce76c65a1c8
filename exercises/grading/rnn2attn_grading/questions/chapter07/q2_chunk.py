"""7.2: a chunk, at once within, and by its state from one to the next."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter07.q1a_step import shares
from rnn2attn_grading.questions.chapter07.ready_made import READY_MADE
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Step by step takes T rounds; all at once takes T² products. A chunk of C steps takes the best of both: the state that
arrives stands for all that came before, and within the chunk everything is computed at once. Write one chunk of

$$
S_t = \gamma S_{t-1} + v_t k_t^\top \qquad o_t = S_t q_t \qquad t = 1 \dots C
$$

for several heads, as RetNet has them (Sun et al., 2023): each head has its own queries, keys and values, its own
state, and its own $\gamma$. The state that you return is the one that the next chunk gets. Checked: outputs and
state, and the gradient for the state, the queries, the keys and the values. A loop over the steps is right as well,
and is what the chunk is there to avoid.
"""

HINTS = r"""
An output has two parts. One is read from the state that arrived, which has grown older by then; the other comes from
pairs of this chunk, each with its own age. How old is the arriving state at step 1, and how old is the pair of step 1
at step C?

With t = 1 … C: the arriving state reaches step t with the factor $\gamma^t$; a pair i of the chunk reaches it with
$\gamma^{t-i}$, if i ≤ t. At the end, the arriving state has $\gamma^C$ and the pair i has $\gamma^{C-i}$. Each of
these is a tensor with one axis for heads: (H, C, 1), (H, C, C), (H, 1, 1) and (H, C, 1).

`t = 1 + torch.arange(C)`; within: `(q @ k.mT * gamma[:, None, None] ** (t[:, None] - t).tril()).tril() @ v`, where
the first `tril` keeps γ from powers that are huge; from before: `gamma[:, None, None] ** t[:, None] * (q @ S.mT)`; at
the end, with `left = gamma[:, None, None] ** (C - t[:, None])`, `(left * v).mT @ k` is the sum of all $v_i
k_i^\top$ with their factors; to it comes what is left of `S`.
"""

QUESTION = Question(
    "7.2",
    "A chunk",
    TEXT,
    minutes=30,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your chunk trains a network. Twelve of 48 signs go by, each with a digit, and in the end one of them comes again
alone: which digit stood beside it? The network has two heads, one with a γ of 1 and one with 0.9; it learns its keys,
queries and values in a few seconds, and reads in chunks of four. Then it reads 24 and 48 pairs, in chunks of other
sizes. Before you run the cell: does the size of a chunk matter to what is answered? Which of the heads will be of
more use, and what will 48 pairs do to keys of 24 numbers?
""")
def look_up(through_chunk):
    letters, d, heads = 48, 24, 2
    gamma = torch.tensor([1.0, 0.9])
    torch.manual_seed(0)
    K, Q = (torch.randn(letters, heads, d) * d**-0.5 for _ in range(2))
    V, out = (torch.randn(10, heads, d) * d**-0.5 for _ in range(2))
    weights = [W.requires_grad_() for W in (K, Q, V, out)]
    adam = torch.optim.Adam(weights, lr=0.02)

    def batch(pairs, count=128):
        rows = torch.rand(count, letters).argsort(1)[:, :pairs]
        digits = torch.randint(10, (count, pairs))
        asked = torch.randint(pairs, (count, 1))
        return (
            rows,
            digits,
            rows.gather(1, asked),
            digits.gather(1, asked)[:, 0],
        )

    def answer(rows, digits, asked, size):
        k, v = K[rows].transpose(1, 2), V[digits].transpose(1, 2)
        q = Q[asked].transpose(1, 2)
        S, count = torch.zeros(len(rows), heads, d, d), rows.shape[1]
        for a in range(0, count, size):
            k_c, v_c = k[:, :, a : a + size], v[:, :, a : a + size]
            _, S = through_chunk(S, k_c, k_c, v_c, gamma)
        nothing = torch.zeros_like(q)
        o, _ = through_chunk(S, q, nothing, nothing, gamma)
        return torch.einsum("bhd,nhd->bhn", o[:, :, 0], out)

    for _ in range(250):
        rows, digits, asked, right = batch(12)
        loss = F.cross_entropy(answer(rows, digits, asked, 4).sum(1), right)
        adam.zero_grad()
        loss.backward()
        adam.step()
    for pairs, size in (12, 4), (12, 12), (24, 5), (48, 16):
        rows, digits, asked, right = batch(pairs, 1000)
        heads_say = answer(rows, digits, asked, size)
        shares = []
        for part in heads_say.sum(1), heads_say[:, 0], heads_say[:, 1]:
            shares.append((part.argmax(1) == right).double().mean().item())
        text = (
            "{:.0%} right; with the first head alone {:.0%}, the second {:.0%}"
        )
        print(f"{pairs} pairs in chunks of {size}:", text.format(*shares))


def through_chunk(S, q, k, v, gamma):
    """One chunk of linear attention with heads that forget.

    Args:
        S: the state before the chunk, (B, H, d_v, d_k).
        q: queries, (B, H, C, d_k).
        k: keys, (B, H, C, d_k).
        v: values, (B, H, C, d_v).
        gamma: the share of the state that each head keeps in a step, (H,),
            above 0, at most 1.

    Returns:
        The tuple of outputs, (B, H, C, d_v), and the state after the chunk.
    """
    C = q.shape[2]
    t = torch.arange(1, C + 1)
    g = gamma[:, None, None]
    ages = (t[:, None] - t).tril()  # no power of γ is above 1
    within = (q @ k.mT * g**ages).tril() @ v
    before = g ** t[:, None] * (q @ S.mT)
    left = g ** (C - t[:, None])
    return within + before, g**C * S + (left * v).mT @ k


PART = QUESTION.part(
    through_chunk,
    4,
    gradients=("S", "q", "k", "v"),
    forbidden=READY_MADE,
)


def inputs(draw, B, H, C, d_v, d_k):
    return {
        "S": draw.normal(B, H, d_v, d_k),
        "q": draw.normal(B, H, C, d_k),
        "k": draw.normal(B, H, C, d_k),
        "v": draw.normal(B, H, C, d_v),
        "gamma": shares(draw, H, low=0.4),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 4, 7)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 3)
    yield "a batch of one", inputs(draw, 1, 2, 4, 3, 5)
    first = inputs(draw, 2, 2, 3, 2, 4)
    yield "the first chunk", first | {"S": torch.zeros_like(first["S"])}


@PART.edges
def edges(draw):
    yield "a chunk of one step", inputs(draw, 2, 2, 1, 3, 5)
    given = inputs(draw, 2, 3, 4, 5, 2)
    given["gamma"][1] = 1
    yield "a head that forgets nothing", given
    yield "one head", inputs(draw, 2, 1, 6, 2, 3)
    given = inputs(draw, 1, 2, 40, 2, 3)
    given["gamma"] = torch.tensor([10.0 ** -draw.choice(8, 9), 0.03]).double()
    yield "heads that forget nearly all, many steps", given


def variant(
    S, q, k, v, gamma, *,
    ages=None, since=None, left=None, whole=None, mask=None,
    out=lambda within, before: within + before,
    after=lambda old, new: old + new,
):  # fmt: skip
    """The right answer with one part of it replaced: exponents, as functions of t and C, or how parts are joined."""
    C = q.shape[2]
    t = torch.arange(1, C + 1)
    g = gamma[:, None, None]
    exponent = (t[:, None] - t).clamp(min=0)
    scores = q @ k.mT * g ** (ages(exponent) if ages else exponent)
    within = (mask(scores) if mask else scores.tril()) @ v
    before = g ** (since(t) if since else t)[:, None] * (q @ S.mT)
    factor = g ** (left(t, C) if left else C - t)[:, None]
    old = g ** (C if whole is None else whole) * S
    return out(within, before), after(old, (factor * v).mT @ k)


@PART.mistake(
    "The outputs read the arriving state as it was. It loses a share in each "
    "step of the chunk, too."
)
def state_as_it_was(*given):
    return variant(*given, since=lambda t: 0 * t)


@PART.mistake(
    "The arriving state is one step too young wherever it is read: at step 1 "
    "it has lost its first share."
)
def state_too_young(*given):
    return variant(*given, since=lambda t: t - 1)


@PART.mistake(
    "Your t begins at 0. So the arriving state is one step too young wherever "
    "it is read, and each pair enters the new state one step too old."
)
def counted_from_zero(*given):
    return variant(*given, since=lambda t: t - 1, left=lambda t, C: C - t + 1)


@PART.mistake(
    "Your t begins at 0, and ends at C − 1. The pairs have their right ages; "
    "the arriving state is one step too young, both where it is read and in "
    "the state that you return."
)
def state_counted_from_zero(S, q, k, v, gamma):
    return variant(
        S, q, k, v, gamma, since=lambda t: t - 1, whole=q.shape[2] - 1
    )


@PART.mistake(
    "All steps of the chunk read the arriving state with the factor of its "
    "end. At step t it is t steps old."
)
def state_too_old(*given):
    return variant(*given, since=lambda t: 0 * t + len(t))


@PART.mistake(
    "The outputs are right. In the state that you return, the old one has lost "
    "one share. How many steps has the chunk?"
)
def one_share_lost(*given):
    return variant(*given, whole=1)


@PART.mistake(
    "The outputs are right. In the state that you return, the old one is as "
    "old as the pair of step 1. Which of the two was there first?"
)
def last_share_missing(S, q, k, v, gamma):
    return variant(S, q, k, v, gamma, whole=q.shape[2] - 1)


@PART.mistake(
    "The outputs are right. In the state that you return, the old one has lost "
    "nothing."
)
def no_share_lost(*given):
    return variant(*given, whole=0)


@PART.mistake(
    "The outputs are right. The pairs enter the new state as if all had been "
    "written in the last step."
)
def pairs_as_new(*given):
    return variant(*given, left=lambda t, C: 0 * t)


@PART.mistake(
    "The outputs are right. In the new state each pair has lost one share too "
    "many: that of the last step has lost none."
)
def pairs_too_old(*given):
    return variant(*given, left=lambda t, C: C - t + 1)


@PART.mistake(
    "The outputs are right. In the new state the factors of the pairs run the "
    "wrong way: it is the oldest that has lost most."
)
def pairs_reversed(*given):
    return variant(*given, left=lambda t, C: t - 1)


@PART.mistake("Within the chunk nothing is forgotten in your outputs.")
def nothing_forgotten_within(*given):
    return variant(*given, ages=lambda ages: 0 * ages)


@PART.mistake(
    "Within the chunk each pair is one step too old: a step reads its own pair "
    "whole."
)
def too_old_within(*given):
    return variant(*given, ages=lambda ages: ages + 1)


@PART.mistake(
    "Within the chunk your outputs know the future: pairs after step t count "
    "in o_t, too."
)
def not_causal(*given):
    return variant(*given, mask=lambda scores: scores)


@PART.mistake(
    "Within the chunk your outputs know the future, and there the power of γ "
    "is negative: pairs of later steps even count more than once."
)
def mask_forgotten(S, q, k, v, gamma):
    t = torch.arange(q.shape[2])
    ages = gamma[:, None, None] ** (t[:, None] - t)
    return variant(
        S, q, k, v, gamma, ages=lambda _: 0, mask=lambda scores: scores * ages
    )


@PART.mistake(
    "Within the chunk a step does not see its own pair. It is written before "
    "it is read."
)
def own_pair_missing(*given):
    return variant(*given, mask=lambda scores: scores.tril(-1))


@PART.mistake(
    "The state is right. Your outputs see this chunk alone, and nothing of what "
    "came before."
)
def within_alone(*given):
    return variant(*given, out=lambda within, before: within)


@PART.mistake(
    "The state is right. Your outputs see what came before the chunk, and "
    "nothing of the chunk."
)
def before_alone(*given):
    return variant(*given, out=lambda within, before: before)


@PART.mistake(
    "The outputs are right. The state that you return holds this chunk alone: "
    "what arrived is lost."
)
def state_lost(*given):
    return variant(*given, after=lambda old, new: new)


@PART.mistake(
    "The state is right. All your outputs are read from it: so the first step "
    "knows the pairs of the last one."
)
def read_at_the_end(S, q, k, v, gamma):
    _, after = variant(S, q, k, v, gamma)
    return q @ after.mT, after


@PART.mistake(
    "All heads forget as the first one does. Each has a γ of its own."
)
def first_gamma(S, q, k, v, gamma):
    return variant(S, q, k, v, gamma[:1])


@PART.mistake(
    "γ is spread along the wrong axis: it belongs to the heads, and not to the "
    "steps or to the entries of a vector."
)
def along_the_last_axis(S, q, k, v, gamma):
    t = torch.arange(1, q.shape[2] + 1)
    ages = (t[:, None] - t).clamp(min=0)
    within = (q @ k.mT * gamma**ages).tril() @ v
    before = gamma ** t[:, None] * (q @ S.mT)
    left = gamma ** (len(t) - t[:, None])
    return within + before, gamma ** len(t) * S + (left * v).mT @ k


@PART.mistake(
    "Nothing is forgotten, neither within the chunk nor before it: γ does not "
    "come up in your answer."
)
def nothing_forgotten(S, q, k, v, gamma):
    return variant(S, q, k, v, torch.ones_like(gamma))


@PART.mistake(
    "The outputs are right. The new state lies (d_k, d_v): each pair is k vᵀ, "
    "where it has to be v kᵀ."
)
def written_transposed(S, q, k, v, gamma):
    return variant(S, q, k, v, gamma, after=lambda old, new: old + new.mT)


@PART.mistake(
    "The state is right. You read the arriving one the wrong way round: S q is "
    "`q @ S.mT` for rows."
)
def read_transposed(S, q, k, v, gamma):
    g = gamma[:, None, None]
    t = torch.arange(1, q.shape[2] + 1)[:, None]
    right = variant(S, q, k, v, gamma)
    turned = g**t * (q @ S) - g**t * (q @ S.mT)
    return right[0] + turned, right[1]


@PART.mistake(
    "The state is right. The products of queries and keys within the chunk are "
    "divided by √d_k, which was there to tame a softmax."
)
def scaled_within(S, q, k, v, gamma):
    return variant(
        S, q, k, v, gamma,
        mask=lambda scores: scores.tril() / q.shape[3] ** 0.5,
    )  # fmt: skip
