"""3.3, second part: the last states of an encoder that reads both ways."""

import torch

from rnn2attn_grading.questions.chapter03.q3_padding import QUESTION

TEXT = r"""
**Hand over.** An encoder has read its rows both ways. Its way back began at each row's own last word, and its states
were put back into the source's order, so that `outputs[b, i]` holds what it knew at word i: in the first half of the
entries, coming from the left, in the second half, coming from the right. Return the state of each half after its own
last step, side by side again: that is the context. Not allowed: `rnn2attn.seq2seq`. Checked: the values, and the
gradient for `outputs`.
"""


def last_states(outputs, lengths):
    """The state that each half of a two-way encoder ends with.

    Args:
        outputs: at each word, forward half and backward half, (B, T, 2 d_h);
            of any value on padding.
        lengths: of the rows, 1 … T, int64, (B,).

    Returns:
        (B, 2 d_h), forward half and backward half.
    """
    forward, backward = outputs.chunk(2, dim=-1)
    last = forward[torch.arange(len(lengths)), lengths - 1]
    return torch.cat([last, backward[:, 0]], dim=1)


PART = QUESTION.part(
    last_states,
    2,
    gradients=("outputs",),
    forbidden=("rnn2attn.seq2seq",),
    text=TEXT,
)


def inputs(draw, d_h, *lengths, more=0):
    T = max(lengths) + more
    return {
        "outputs": draw.normal(len(lengths), T, 2 * d_h),
        "lengths": torch.tensor(lengths),
    }


@PART.cases
def cases(draw):
    yield "rows of all lengths", inputs(draw, 3, 5, 1, 4, 2)
    yield "one row", inputs(draw, 5, 3)
    yield "as many rows as steps", inputs(draw, 2, 2, 4, 3, 1)
    yield "columns of padding only", inputs(draw, 3, 2, 1, more=2)
    yield "as many steps as entries", inputs(draw, 2, 3, 4)


@PART.edges
def edges(draw):
    yield "one step", inputs(draw, 5, 1, 1)
    yield "rows of one length", inputs(draw, 3, 4, 4)
    yield "one unit", inputs(draw, 1, 3, 2)
    for name, value in (("NaN", torch.nan), ("infinity", torch.inf)):
        given = inputs(draw, 3, 5, 2, 1, 4)
        padding = torch.arange(5) >= given["lengths"][:, None]
        given["outputs"][padding] = value
        yield f"{name} on padding", given


def taken(outputs, forward_at, backward_at):
    """Each half at places of its own, (B,) or a number."""
    forward, backward = outputs.chunk(2, dim=-1)
    rows = torch.arange(len(outputs))
    return torch.cat(
        [forward[rows, forward_at], backward[rows, backward_at]], dim=-1
    )


@PART.mistake(
    "You take the last column. In a short row that is padding, and what stands "
    "there depends on the row's neighbours."
)
def last_column(outputs, lengths):
    return outputs[:, -1]


@PART.mistake(
    "The forward half is right. Where n words were read, the way back has just "
    "begun at n − 1: it has read one word there. Where does it end?"
)
def both_at_the_end(outputs, lengths):
    return taken(outputs, lengths - 1, lengths - 1)


@PART.mistake(
    "The backward half is right. At its first place the forward half has read "
    "one word. Where does it end?"
)
def both_at_the_beginning(outputs, lengths):
    return outputs[:, 0]


@PART.mistake(
    "The halves are exchanged in time: you take the forward half where it "
    "begins, and the backward half where that begins."
)
def where_they_begin(outputs, lengths):
    return taken(outputs, 0, lengths - 1)


@PART.mistake(
    "The backward half is right. The forward half is taken at the last column, "
    "which in a short row is padding."
)
def forward_at_the_last_column(outputs, lengths):
    return taken(outputs, -1, 0)


@PART.mistake(
    "The forward half is right. The backward half is taken at the last column: "
    "there it begins, and in a short row that is padding."
)
def backward_at_the_last_column(outputs, lengths):
    return taken(outputs, lengths - 1, -1)


@PART.mistake(
    "The backward half is right. The forward half is taken one place too far: "
    "the last of n words stands at n − 1."
)
def one_too_far(outputs, lengths):
    return taken(outputs, lengths.clamp(max=outputs.shape[1] - 1), 0)


@PART.mistake(
    "`outputs[:, lengths − 1]` takes every one of these places from every row. "
    "For one place from each row, give the rows as well."
)
def all_places_of_all_rows(outputs, lengths):
    forward, backward = outputs.chunk(2, dim=-1)
    first = backward[:, :1].expand(-1, len(lengths), -1)
    return torch.cat([forward[:, lengths - 1], first], dim=-1)


@PART.mistake(
    "`outputs[:, lengths − 1]` takes every one of these places from every row. "
    "And at n − 1 the way back has read one word only."
)
def all_places_both_halves(outputs, lengths):
    return outputs[:, lengths - 1]


@PART.mistake(
    "The states are right, and the halves exchanged: forward comes first."
)
def backward_first(outputs, lengths):
    return taken(outputs, lengths - 1, 0).roll(outputs.shape[-1] // 2, -1)


@PART.mistake(
    "The halves lie one behind the other. You took every second entry for one "
    "of them, as if they took turns."
)
def interleaved(outputs, lengths):
    forward, backward = outputs[..., ::2], outputs[..., 1::2]
    return last_states(torch.cat([forward, backward], dim=-1), lengths)


@PART.mistake(
    "That is the mean over the words of each row. A last state has read them "
    "all; no mean is asked for."
)
def mean_over_words(outputs, lengths):
    real = torch.arange(outputs.shape[1]) < lengths[:, None]
    return (outputs * real[..., None]).sum(dim=1) / lengths[:, None]


@PART.mistake(
    "The backward half is right. The forward half is taken where the longest "
    "row ends; each row has its own end."
)
def forward_at_the_longest(outputs, lengths):
    return taken(outputs, lengths.max() - 1, 0)


@PART.mistake(
    "The backward half is right. The forward half is a mean over the words; its "
    "last state has read them all."
)
def forward_mean(outputs, lengths):
    real = torch.arange(outputs.shape[1]) < lengths[:, None]
    mean = (outputs * real[..., None]).sum(dim=1) / lengths[:, None]
    forward, _ = mean.chunk(2, dim=-1)
    return torch.cat([forward, outputs[:, 0].chunk(2, dim=-1)[1]], dim=-1)


@PART.mistake(
    "The two states were added to each other. They stand side by side, so that "
    "the context is as wide as `outputs`."
)
def added(outputs, lengths):
    return sum(last_states(outputs, lengths).chunk(2, dim=-1))
