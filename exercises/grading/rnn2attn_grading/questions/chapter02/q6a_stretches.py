"""2.6, first part: back-propagation through time in stretches."""

import torch

from rnn2attn import recurrent
from rnn2attn_grading.questions.chapter02.q6_memory import QUESTION

TEXT = r"""
**In stretches.** Truncated back-propagation through time reads a text stretch by stretch. Where a stretch begins, the
state goes on as it is, and the gradient ends. Return the states of an LSTM over a sequence that is read in stretches
of `steps` steps; the last may be shorter. You need not write the step once more: `recurrent.lstm_step(x, (h, c),
W_x, W_h, b)` returns the new pair. Checked: the states, and the gradient for x and the three parameters, in which
the cuts show.

Before you begin: which of the states would be other numbers without the cuts? And through which of them would the
gradient then be another one?
"""


def in_stretches(x, state, W_x, W_h, b, steps):
    """States of an LSTM, with a gradient that stays within stretches.

    Args:
        x: a sequence, (B, T, d_x).
        state: the pair h, c before the first step, both (B, d_h).
        W_x: blocks i, f, g, o, (4 d_h, d_x).
        W_h: the same blocks, (4 d_h, d_h).
        b: the same blocks, (4 d_h,).
        steps: of a stretch, 1 or more.

    Returns:
        The states h of all steps, (B, T, d_h).
    """
    states = []
    for t in range(x.shape[1]):
        if t % steps == 0:
            state = tuple(part.detach() for part in state)
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        states.append(state[0])
    return torch.stack(states, dim=1)


PART = QUESTION.part(
    in_stretches,
    1,
    gradients=("x", "W_x", "W_h", "b"),
    text=TEXT,
    difficulty=2,
)


def inputs(draw, B, T, d_x, d_h, steps):
    return {
        "x": draw.normal(B, T, d_x),
        "state": (draw.normal(B, d_h), draw.normal(B, d_h)),
        "W_x": draw.normal(4 * d_h, d_x),
        "W_h": draw.normal(4 * d_h, d_h),
        "b": draw.normal(4 * d_h),
        "steps": steps,
    }


@PART.cases
def cases(draw):
    yield "stretches of 3, the last is shorter", inputs(draw, 2, 8, 1, 2, 3)
    yield "stretches of 2, none is shorter", inputs(draw, 1, 6, 2, 1, 2)
    yield "one row", inputs(draw, 1, 7, 1, 2, 4)
    yield "a sequence within one stretch", inputs(draw, 2, 3, 2, 1, 5)


@PART.edges
def edges(draw):
    yield "stretches of one step", inputs(draw, 2, 4, 2, 2, 1)
    yield "one step", inputs(draw, 2, 1, 3, 2, 3)
    yield "as many steps as a stretch has", inputs(draw, 1, 4, 2, 3, 4)
    yield "a long sequence", inputs(draw, 1, 23, 1, 2, 5)


def variant(
    x, state, W_x, W_h, b, steps, *,
    cut=lambda t, steps: t % steps == 0,
    after=lambda state, start: tuple(part.detach() for part in state),
    said=lambda h, t: h,
):  # fmt: skip
    """The right answer with the cuts at other steps, or other states after them, or other states returned."""
    start, states = state, []
    for t in range(x.shape[1]):
        if cut(t, steps):
            state = after(state, start)
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        states.append(said(state[0], t))
    return torch.stack(states, dim=1)


@PART.mistake(
    "The states are right, and nothing is cut: the gradient of the last step "
    "goes back to the first."
)
def never_cut(*given):
    return variant(*given, cut=lambda t, steps: False)


@PART.mistake(
    "The states are right. You cut h alone, and the gradient goes on through "
    "the cell. That is the way it likes best."
)
def h_alone(*given):
    return variant(
        *given, after=lambda state, start: (state[0].detach(), state[1])
    )


@PART.mistake(
    "The states are right. You cut c alone, and the gradient goes on through "
    "h, which the gates look at."
)
def c_alone(*given):
    return variant(
        *given, after=lambda state, start: (state[0], state[1].detach())
    )


@PART.mistake(
    "The states are right, and cut after every step. Within a stretch the "
    "gradient has to go on."
)
def always_cut(*given):
    return variant(*given, cut=lambda t, steps: True)


@PART.mistake(
    "The states are right. The cuts come one step early: the first stretch has "
    "a step too few."
)
def one_early(*given):
    return variant(*given, cut=lambda t, steps: (t + 1) % steps == 0)


@PART.mistake(
    "The states are right. It is the states that you return that are cut, at "
    "the end of a stretch: they belong to it, and their gradient with them. "
    "What goes on into the next stretch is cut."
)
def last_states_cut(x, state, W_x, W_h, b, steps):
    return variant(
        x, state, W_x, W_h, b, steps,
        said=lambda h, t: h.detach() if (t + 1) % steps == 0 else h,
    )  # fmt: skip


@PART.mistake(
    "Only the last stretch has a gradient in your answer. All have one, each "
    "its own."
)
def last_stretch_alone(x, state, W_x, W_h, b, steps):
    last = (x.shape[1] - 1) // steps * steps
    return variant(
        x, state, W_x, W_h, b, steps,
        said=lambda h, t: h if t >= last else h.detach(),
    )  # fmt: skip


@PART.mistake(
    "Each stretch begins with zeros. The gradient ends there, and the state "
    "goes on."
)
def zeros(x, state, W_x, W_h, b, steps):
    return variant(
        x, state, W_x, W_h, b, steps,
        cut=lambda t, steps: t > 0 and t % steps == 0,
        after=lambda state, start: tuple(map(torch.zeros_like, state)),
    )  # fmt: skip


@PART.mistake(
    "All stretches begin with zeros, the first one, too: the state that is "
    "given is not used."
)
def zeros_at_first(*given):
    return variant(
        *given,
        after=lambda state, start: tuple(map(torch.zeros_like, state)),
    )


@PART.mistake(
    "Each stretch begins with the state that was given for the first. It goes "
    "on from where the one before has ended."
)
def given_state(*given):
    return variant(*given, after=lambda state, start: start)


@PART.mistake(
    "h goes on from stretch to stretch, and the cell begins with zeros each "
    "time. What was kept is lost."
)
def cell_lost(x, state, W_x, W_h, b, steps):
    return variant(
        x, state, W_x, W_h, b, steps,
        cut=lambda t, steps: t > 0 and t % steps == 0,
        after=lambda state, start: (
            state[0].detach(),
            torch.zeros_like(state[1]),
        ),
    )  # fmt: skip


@PART.mistake(
    "You return the cells. Asked are the states h, which the output layer sees."
)
def cells(x, state, W_x, W_h, b, steps):
    states = []
    for t in range(x.shape[1]):
        if t % steps == 0:
            state = tuple(part.detach() for part in state)
        state = recurrent.lstm_step(x[:, t], state, W_x, W_h, b)
        states.append(state[1])
    return torch.stack(states, dim=1)


@PART.mistake(
    "The steps that are left over at the end are missing. The last stretch may "
    "be shorter."
)
def rest_missing(x, state, W_x, W_h, b, steps):
    whole = max(1, x.shape[1] // steps) * steps
    return variant(x[:, :whole], state, W_x, W_h, b, steps)
