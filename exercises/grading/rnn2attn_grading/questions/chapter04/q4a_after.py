"""4.4, first part: the state first, then the look."""

import torch

from rnn2attn_grading.questions.chapter04.q4_designs import QUESTION

TEXT = r"""
**First the state, then the look.** The new state asks, and what it finds goes to the output layer:

$$
s_t = \tanh(W_x y_t + W_h s_{t-1} + b), \qquad
\alpha_t = \mathrm{softmax}_i(s_t \cdot h_i), \qquad
c_t = \sum_i \alpha_{t,i} h_i
$$

Return what the output layer gets at each step, $[c_t ; s_t]$. Checked: values, and the gradients for all but the
mask. What needs a loop here, and what does not?
"""


def look_after(y, s, h, mask, W_x, W_h, b):
    """A decoder whose new state asks.

    Args:
        y: what is read at each step, (B, T', d_y).
        s: s_0, (B, d).
        h: states of the encoder, (B, T, d).
        mask: True where a state may be used, bool, (B, T).
        W_x: (d, d_y).
        W_h: (d, d).
        b: (d,).

    Returns:
        [c_t ; s_t] at each step, (B, T', 2 d).
    """
    states = []
    for y_t in y.unbind(dim=1):
        s = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)
        states.append(s)
    queries = torch.stack(states, dim=1)
    scores = (queries @ h.mT).masked_fill(~mask[:, None], -torch.inf)
    return torch.cat([scores.softmax(dim=2) @ h, queries], dim=2)


PART = QUESTION.part(
    look_after,
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
    B, T = len(lengths), max(lengths)
    return {
        "y": draw.normal(B, T_target, d_y),
        "s": draw.normal(B, d, scale=0.5).clamp(-1, 1),
        "h": draw.normal(B, T, d, scale=scale),
        "mask": torch.arange(T) < torch.tensor(lengths)[:, None],
        "W_x": draw.normal(d, d_y, scale=0.6),
        "W_h": draw.normal(d, d, scale=0.6),
        "b": draw.normal(d, scale=0.4),
    }


@PART.cases
def cases(draw):
    yield "sources of different lengths", inputs(draw, 3, 7, 5, 4, 1)
    yield "one row", inputs(draw, 2, 5, 3, 3)
    yield "all sizes alike", inputs(draw, 3, 3, 3, 3, 2, 3)
    yield "one step", inputs(draw, 1, 3, 2, 2, 5)


@PART.edges
def edges(draw):
    yield "a source of one word", inputs(draw, 3, 2, 5, 1, 1)
    yield "large states", inputs(draw, 5, 2, 3, 4, 7, scale=40.0)
    left = inputs(draw, 3, 2, 5, 4, 2)
    left["mask"] = left["mask"].flip(1)
    yield "padding in front", left
    yield "scores far below 0", far_below(draw, inputs(draw, 3, 2, 5, 4, 3, 2))


def far_below(draw, given):
    """Scores of tens of thousands: below 0 for real words, above 0 on padding. All states are near 1."""
    s, h, mask = given["s"], given["h"], given["mask"]
    steps = torch.arange(1, h.shape[1] + 1)[:, None]
    real = (steps * -20_000 + draw.normal(*h.shape)).double()
    return given | {
        "s": 0.5 + s.abs() / 2,
        "h": torch.where(mask[..., None], real, 20_000 + h.abs()),
        "W_x": given["W_x"] / 10,
        "W_h": given["W_h"].abs(),
        "b": 2 + given["b"].abs(),
    }


def run(y, s, W_x, W_h, b):
    """s_1 … s_T', (B, T', d)."""
    states = []
    for y_t in y.unbind(dim=1):
        s = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)
        states.append(s)
    return torch.stack(states, dim=1)


def look(queries, h, mask):
    scores = (queries @ h.mT).masked_fill(~mask[:, None], -torch.inf)
    return scores.softmax(dim=2) @ h


def variant(run=run, found=None):
    """An answer with other states, or with something else found, of (s_0, its states, h, mask)."""

    def answer(y, s, h, mask, W_x, W_h, b):
        states = run(y, s, W_x, W_h, b)
        if found is None:
            return torch.cat([look(states, h, mask), states], dim=2)
        return torch.cat([found(s, states, h, mask), states], dim=2)

    return answer


def before(s, states, h, mask):
    old = torch.cat([s[:, None], states[:, :-1]], dim=1)
    return look(old, h, mask)


def over_steps(s, states, h, mask):
    alpha = (states @ h.mT).softmax(dim=1)
    return alpha.masked_fill(~mask[:, None], 0) @ h


def last_of_source(s, states, h, mask):
    place = torch.arange(h.shape[1])
    last = h[torch.arange(len(h)), (place * mask).amax(dim=1)]
    return last[:, None].expand_as(states)


def from_s_0(y, s, W_x, W_h, b):
    return torch.tanh(y @ W_x.T + (s @ W_h.T)[:, None] + b)


def linear(y, s, W_x, W_h, b):
    states = []
    for y_t in y.unbind(dim=1):
        s = y_t @ W_x.T + s @ W_h.T + b
        states.append(s)
    return torch.stack(states, dim=1)


old_state_asks = PART.mistake(
    "The states are right. It is the old state that asks in your answer; here "
    "the new one does, s_t for c_t."
)(variant(found=before))


@PART.mistake(
    "Your states begin with s_0, and the last one is missing. What is returned "
    "at step t is s_t, the state after y_t was read."
)
def one_step_late(y, s, h, mask, W_x, W_h, b):
    old = torch.cat([s[:, None], run(y, s, W_x, W_h, b)[:, :-1]], dim=1)
    return torch.cat([look(old, h, mask), old], dim=2)


@PART.mistake(
    "Contexts and states are right, and exchanged: the context comes first. "
    "The columns of the output layer lie accordingly."
)
def state_first(*given):
    d = given[1].shape[1]
    return look_after(*given).roll(d, dims=2)


divided = PART.mistake(
    "The states are right. The scores are divided by √d; plain dot products "
    "were asked for."
)(
    variant(
        found=lambda s, states, h, mask: look(
            states / s.shape[1] ** 0.5, h, mask
        )
    )
)
not_masked = PART.mistake(
    "The states are right. The mask has no effect: padding is looked at as "
    "well."
)(
    variant(
        found=lambda s, states, h, mask: look(states, h, torch.ones_like(mask))
    )
)
scores_zeroed = PART.mistake(
    "The states are right. You multiply scores by the mask. A score of 0 is "
    "not low: it may be the highest of all."
)(
    variant(
        found=lambda s, states, h, mask: (
            (states @ h.mT * mask[:, None]).softmax(dim=2) @ h
        )
    )
)
inverted = PART.mistake(
    "The states are right. The mask is inverted: padding is looked at."
)(variant(found=lambda s, states, h, mask: look(states, h, ~mask)))
over_the_steps = PART.mistake(
    "The states are right. Your softmax runs over the steps of the target; for "
    "each step it runs over the source."
)(variant(found=over_steps))
last_state_asks = PART.mistake(
    "The states are right. All steps have one context, that of the last state. "
    "Each state asks for itself."
)(
    variant(
        found=lambda s, states, h, mask: look(
            states[:, -1:].expand_as(states), h, mask
        )
    )
)
bottleneck = PART.mistake(
    "The states are right. Your context is the encoder's last state, whatever "
    "the query: that is chapter 3's bottleneck."
)(variant(found=last_of_source))
not_carried = PART.mistake(
    "The state does not go on: every step of yours starts from s_0. Contexts "
    "follow from their states."
)(variant(from_s_0))


@PART.mistake(
    "In your answer the context goes into the next state. In this design no "
    "state hears of a context, which is why all can be made before any look."
)
def context_fed(y, s, h, mask, W_x, W_h, b):
    said, c = [], 0
    for y_t in y.unbind(dim=1):
        s = torch.tanh(y_t @ W_x.T + (s + c) @ W_h.T + b)
        c = look(s[:, None], h, mask)[:, 0]
        said.append(torch.cat([c, s], dim=1))
    return torch.stack(said, dim=1)


@PART.mistake(
    "In your answer the context takes the state's place at the next step. In "
    "this design no state hears of a context."
)
def context_carried(y, s, h, mask, W_x, W_h, b):
    said = []
    for y_t in y.unbind(dim=1):
        new = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)
        s = look(new[:, None], h, mask)[:, 0]
        said.append(torch.cat([s, new], dim=1))
    return torch.stack(said, dim=1)


@PART.mistake("b is missing: the sum in tanh has three terms.")
def no_bias(y, s, h, mask, W_x, W_h, b):
    return look_after(y, s, h, mask, W_x, W_h, 0 * b)


@PART.mistake(
    "Weights lie (out, in): W s for a column is `s @ W.T` for a batch of rows. "
    "W_h is square, so no shape shows that it was not transposed."
)
def not_transposed(y, s, h, mask, W_x, W_h, b):
    return look_after(y, s, h, mask, W_x, W_h.T, b)


no_tanh = PART.mistake(
    "Linear so far: tanh is missing in the update of the state."
)(variant(linear))


masked_afterwards = PART.mistake(
    "The states are right. The mask comes after the softmax: what was on the "
    "padding is thrown away, and the rest no longer sums to 1."
)(
    variant(
        found=lambda s, states, h, mask: (
            (states @ h.mT).softmax(dim=2) * mask[:, None] @ h
        )
    )
)
inverted_by_a_number = PART.mistake(
    "The states are right. The mask is inverted: a large negative number "
    "stands where a word is real. A row without padding is looked at evenly."
)(
    variant(
        found=lambda s, states, h, mask: (
            (states @ h.mT).masked_fill(mask[:, None], -1e9).softmax(dim=2) @ h
        )
    )
)
