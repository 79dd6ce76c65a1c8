"""4.4, second part: the look first, then the state."""

import torch

from rnn2attn_grading.questions.chapter04.q4_designs import QUESTION
from rnn2attn_grading.questions.chapter04.q4a_after import far_below
from rnn2attn_grading.questions.chapter04.q4a_after import (
    inputs as inputs_after,
)

TEXT = r"""
**First the look, then the state.** The old state asks, and what it finds is read beside $y_t$:

$$
\alpha_t = \mathrm{softmax}_i(s_{t-1} \cdot h_i), \qquad
c_t = \sum_i \alpha_{t,i} h_i, \qquad
s_t = \tanh(W_x [y_t ; c_t] + W_h s_{t-1} + b)
$$

Return the states $s_1, s_2, \dots$ and the weights $\alpha_1, \alpha_2, \dots$ Checked: values, and the gradients
for all but the mask.
"""


def look_before(y, s, h, mask, W_x, W_h, b):
    """A decoder whose old state asks.

    Args:
        y: what is read at each step, (B, T', d_y).
        s: s_0, (B, d).
        h: states of the encoder, (B, T, d).
        mask: True where a state may be used, bool, (B, T).
        W_x: (d, d_y + d).
        W_h: (d, d).
        b: (d,).

    Returns:
        The tuple (states, weights), (B, T', d) and (B, T', T).
    """
    states, weights = [], []
    for y_t in y.unbind(dim=1):
        scores = torch.einsum("bd,bid->bi", s, h).masked_fill(~mask, -torch.inf)
        weights.append(scores.softmax(dim=1))
        c = torch.einsum("bi,bid->bd", weights[-1], h)
        s = torch.tanh(torch.cat([y_t, c], dim=1) @ W_x.T + s @ W_h.T + b)
        states.append(s)
    return torch.stack(states, dim=1), torch.stack(weights, dim=1)


PART = QUESTION.part(
    look_before,
    2,
    gradients=("y", "s", "h", "W_x", "W_h", "b"),
    forbidden=(
        "rnn2attn.attention",
        "rnn2attn.seq2seq",
        "torch.nn.functional.scaled_dot_product_attention",
    ),
    text=TEXT,
)


def inputs(draw, T_target, d_y, d, *lengths, scale=1.0):
    given = inputs_after(draw, T_target, d_y, d, *lengths, scale=scale)
    return given | {"W_x": draw.normal(d, d_y + d, scale=0.5)}


@PART.cases
def cases(draw):
    yield "sources of different lengths", inputs(draw, 3, 7, 5, 4, 1)
    yield "one row", inputs(draw, 2, 5, 3, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 2, 3)
    yield "one step", inputs(draw, 1, 3, 2, 2, 5)


@PART.edges
def edges(draw):
    yield "a source of one word", inputs(draw, 3, 2, 5, 1, 1)
    yield "large states", inputs(draw, 3, 2, 3, 4, 7, scale=9.0)
    left = inputs(draw, 3, 2, 5, 4, 2)
    left["mask"] = left["mask"].flip(1)
    yield "padding in front", left
    below = far_below(draw, inputs(draw, 1, 2, 5, 4, 3, 2))
    below["W_x"] = -below["W_x"].abs()  # what is found is far below 0 too
    yield "scores far below 0", below


def variant(
    y, s, h, mask, W_x, W_h, b, *,
    ask=None, read=None, update=None, old=None,
):  # fmt: skip
    """The right answer with one part of it replaced.

    `ask` makes (weights, c) of a query; `read` what is read, of (y_t, c, the c before); `old` the state that a step
    starts from, of (s, s_0).
    """
    ask = ask or (lambda s: looked(s, h, mask))
    read = read or (lambda y_t, c, before: torch.cat([y_t, c], dim=1))
    update = update or (lambda x, s: torch.tanh(x @ W_x.T + s @ W_h.T + b))
    first, before = s, torch.zeros_like(s)
    states, weights = [], []
    for y_t in y.unbind(dim=1):
        alpha, c = ask(s)
        s = update(read(y_t, c, before), old(s, first) if old else s)
        before = c
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, dim=1), torch.stack(weights, dim=1)


def looked(s, h, mask):
    alpha = (h @ s[..., None])[..., 0].masked_fill(~mask, -torch.inf)
    alpha = alpha.softmax(dim=1)
    return alpha, (alpha[..., None] * h).sum(dim=1)


@PART.mistake(
    "Your new state asks: you update with the context of zeros, look, and "
    "update again. Here the old state asks, once a step."
)
def new_state_asks(y, s, h, mask, W_x, W_h, b):
    states, weights = [], []
    for y_t in y.unbind(dim=1):
        blank = torch.cat([y_t, torch.zeros_like(s)], dim=1)
        alpha, c = looked(
            torch.tanh(blank @ W_x.T + s @ W_h.T + b), h, mask
        )  # fmt: skip
        joined = torch.cat([y_t, c], dim=1)
        s = torch.tanh(joined @ W_x.T + s @ W_h.T + b)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, dim=1), torch.stack(weights, dim=1)


@PART.mistake(
    "The states are right. The weights beside them are those of s_t, one row "
    "too late: return those with which s_{t−1} asked."
)
def weights_one_late(*given):
    _, _, h, mask, *_ = given
    states, _ = look_before(*given)
    rows = [looked(state, h, mask)[0] for state in states.unbind(dim=1)]
    return states, torch.stack(rows, dim=1)


@PART.mistake(
    "A step of yours reads the context of the step before, and the first one "
    "zeros. What s_{t−1} finds goes into s_t."
)
def one_step_late(*given):
    return variant(
        *given, read=lambda y_t, c, before: torch.cat([y_t, before], dim=1)
    )


@PART.mistake(
    "Your new state asks, and what it finds is read at the next step. That is "
    "input feeding, a third design. Here the old state asks, and what it finds "
    "goes into the very next state."
)
def input_feeding(y, s, h, mask, W_x, W_h, b):
    states, weights, c = [], [], torch.zeros_like(s)
    for y_t in y.unbind(dim=1):
        joined = torch.cat([y_t, c], dim=1)
        s = torch.tanh(joined @ W_x.T + s @ W_h.T + b)
        alpha, c = looked(s, h, mask)
        states.append(s)
        weights.append(alpha)
    return torch.stack(states, dim=1), torch.stack(weights, dim=1)


@PART.mistake(
    "The state never hears what was found: zeros stand where the context is to "
    "be read."
)
def not_fed(*given):
    return variant(
        *given, read=lambda y_t, c, before: torch.cat([y_t, 0 * c], dim=1)
    )


@PART.mistake(
    "You read [c ; y]. What is read stands first, and the columns of W_x lie "
    "accordingly."
)
def context_first(*given):
    return variant(
        *given, read=lambda y_t, c, before: torch.cat([c, y_t], dim=1)
    )


@PART.mistake(
    "All your steps look with s_0. The state that asks is the one before the "
    "step."
)
def first_state_asks(*given):
    _, s, h, mask, *_ = given
    return variant(*given, ask=lambda _: looked(s, h, mask))


@PART.mistake(
    "The state does not go on: every step of yours is updated from s_0."
)
def not_carried(*given):
    return variant(*given, old=lambda s, first: first)


@PART.mistake(
    "All your steps are alike but for what they read: s_0 asks, and s_0 is "
    "updated, at every step. Carry the state on."
)
def all_from_the_first(*given):
    _, first, h, mask, *_ = given
    return variant(
        *given, ask=lambda _: looked(first, h, mask), old=lambda s, first: first
    )


@PART.mistake(
    "The context takes the place of the state: s_{t−1} has a term of its own "
    "in the sum."
)
def state_replaced(*given):
    return variant(*given, old=lambda s, first: 0 * s)


@PART.mistake("The mask has no effect: padding is looked at as well.")
def not_masked(*given):
    _, _, h, mask, *_ = given
    everywhere = torch.ones_like(mask)
    return variant(*given, ask=lambda s: looked(s, h, everywhere))


def weighed(weigh):
    """An answer that makes weights of scores and mask, (B, T), in another way."""

    def answer(*given):
        _, _, h, mask, *_ = given

        def ask(s):
            alpha = weigh((h @ s[..., None])[..., 0], mask)
            return alpha, (alpha[..., None] * h).sum(dim=1)

        return variant(*given, ask=ask)

    return answer


scores_zeroed = PART.mistake(
    "You multiply scores by the mask. A score of 0 is not low: it may be the "
    "highest of all."
)(weighed(lambda scores, mask: (scores * mask).softmax(dim=1)))
masked_afterwards = PART.mistake(
    "The mask comes after the softmax: what was on the padding is thrown away, "
    "and the rest no longer sums to 1. From there on the states differ as well."
)(weighed(lambda scores, mask: scores.softmax(dim=1) * mask))
inverted_by_a_number = PART.mistake(
    "The mask is inverted: a large negative number stands where a word is real. "
    "A row without padding is looked at evenly."
)(weighed(lambda scores, mask: scores.masked_fill(mask, -1e9).softmax(dim=1)))


@PART.mistake("The mask is inverted: it is padding that is looked at.")
def inverted(*given):
    _, _, h, mask, *_ = given
    return variant(*given, ask=lambda s: looked(s, h, ~mask))


@PART.mistake(
    "The scores are divided by √d; plain dot products were asked for. From the "
    "second step on the states differ as well."
)
def divided(*given):
    _, s, h, mask, *_ = given
    return variant(*given, ask=lambda q: looked(q / s.shape[1] ** 0.5, h, mask))


@PART.mistake(
    "Your state finds the plain mean of what may be looked at. Weigh the "
    "states by the softmax of their scores."
)
def plain_mean(*given):
    _, _, h, mask, *_ = given
    return variant(*given, ask=lambda s: looked(0 * s, h, mask))


@PART.mistake(
    "States are right, and scores stand beside them. Asked are the weights, "
    "after the softmax."
)
def scores_returned(*given):
    _, s, h, *_ = given
    states, _ = look_before(*given)
    asked = torch.cat([s[:, None], states[:, :-1]], dim=1)
    return states, asked @ h.mT


@PART.mistake("b is missing in the sum.")
def no_bias(y, s, h, mask, W_x, W_h, b):
    return look_before(y, s, h, mask, W_x, W_h, 0 * b)


@PART.mistake(
    "Weights lie (out, in): W s for a column is `s @ W.T` for a batch of rows. "
    "W_h is square, so no shape shows that it was not transposed."
)
def not_transposed(y, s, h, mask, W_x, W_h, b):
    return look_before(y, s, h, mask, W_x, W_h.T, b)
