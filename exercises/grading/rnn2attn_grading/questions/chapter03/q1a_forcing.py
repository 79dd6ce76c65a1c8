"""3.1, first part: what is read, said and counted under teacher forcing."""

import torch

from rnn2attn_grading.questions.chapter03.q1_reads import QUESTION

TEXT = r"""
**With a teacher.** Translations come as lists of ids, of any length; one may even be empty. Return what the decoder
reads, what it has to say, and which of that counts in the loss. `<sos>` is read first. `<eos>` is said after a row's
last word, and counts. What is left is filled up with `<pad>`, on the right, in what is read as well as in what is
said. What is padding is known from the lengths alone: a word may have the number of `<pad>`. Not allowed:
`rnn2attn.text`. Ids are int64, the mask is bool.
"""


def teacher_forcing(targets, sos, eos, pad):
    """What a decoder reads and has to say under teacher forcing.

    Args:
        targets: a list for each row, of ids, without sos and eos.
        sos: the id that is read first.
        eos: the id that is said last.
        pad: the id that fills up.

    Returns:
        The tuple (inputs, labels, mask), each (B, T'), where T' is the number
        of words in the longest row, and one for eos. The mask is True where
        a label counts.
    """
    T = 1 + max(len(row) for row in targets)
    inputs, labels, mask = [], [], []
    for row in targets:
        fill = [pad] * (T - len(row) - 1)
        inputs.append([sos, *row, *fill])
        labels.append([*row, eos, *fill])
        mask.append([k <= len(row) for k in range(T)])
    return torch.tensor(inputs), torch.tensor(labels), torch.tensor(mask)


PART = QUESTION.part(
    teacher_forcing, 2, forbidden=("rnn2attn.text",), text=TEXT
)


def inputs(draw, *lengths, pad=0, pad_said=False):
    """Rows of words from 10 on; if asked for, the longer ones hold a word with the number of pad (0, 3 or 7)."""
    targets = [(10 + draw.integers(80, n)).tolist() for n in lengths]
    for row in targets:
        if pad_said and len(row) > 2:
            row[1] = pad
    sos, eos = draw.choice(1, 2, 4), draw.choice(5, 6, 8)  # pad is neither
    return {"targets": targets, "sos": sos, "eos": eos, "pad": pad}


@PART.cases
def cases(draw):
    yield "rows of all lengths", inputs(draw, 3, 5, 1, 2)
    yield "the first row the shortest", inputs(draw, 1, 4, 7)
    yield "one row", inputs(draw, draw.choice(2, 3))
    yield (
        "a word with the number of <pad>",
        inputs(draw, 3, 5, 2, pad_said=True),
    )
    yield "an empty row", inputs(draw, 2, 0, 3, pad=3)


@PART.edges
def edges(draw):
    yield "rows of one length", inputs(draw, 5, 5, 5)
    yield "one word each", inputs(draw, 1, 1, 1)
    yield "<pad> is not 0", inputs(draw, 2, 6, 4, pad=7, pad_said=True)
    yield "nothing but an empty row", inputs(draw, 0)


def filled(rows, T, fill):
    """Rows as a tensor of T columns, filled up or cut."""
    return torch.tensor([[*row, *[fill] * T][:T] for row in rows])


def within(lengths, T):
    return torch.arange(T) < torch.tensor(lengths)[:, None]


def variant(
    targets, sos, eos, pad, *,
    read=None, say=None, fill=None, count=None, cut=None,
):  # fmt: skip
    """The right answer with one part of it replaced; `read` and `say` make a row of ids of a row of words."""
    read = read or (lambda row: [sos, *row])
    say = say or (lambda row: [*row, eos])
    said = [say(row) for row in targets]
    T = cut or max(map(len, said))
    inputs = filled(map(read, targets), T, pad)
    labels = filled(said, T, pad if fill is None else fill)
    mask = within([1 + len(row) for row in targets], T)
    return inputs, labels, mask if count is None else count(inputs, labels)


@PART.mistake(
    "The decoder is shown the word that it has to say: what it reads and what "
    "it says are the same. Its loss would go to 0, and its translations be "
    "nonsense."
)
def not_shifted(targets, sos, eos, pad):
    _, labels, mask = teacher_forcing(targets, sos, eos, pad)
    return labels, labels, mask


@PART.mistake(
    "What the decoder has to say is what it has just read, <sos> and all. "
    "At each place it has to say the word that comes next, and <eos> at the end."
)
def says_what_it_read(targets, sos, eos, pad):
    inputs, _, mask = teacher_forcing(targets, sos, eos, pad)
    return inputs, inputs, mask


@PART.mistake(
    "Nothing is shifted: your decoder reads the word that it has to say. Before "
    "the first word there is something to read, too."
)
def sos_not_read(targets, sos, eos, pad):
    return variant(targets, sos, eos, pad, read=lambda row: row)


@PART.mistake(
    "Shifted the wrong way: your decoder reads the word after the one that it "
    "has to say."
)
def shifted_back(targets, sos, eos, pad):
    return variant(targets, sos, eos, pad, read=lambda row: [*row[1:], eos])


@PART.mistake(
    "Your <eos> stands in the last column of every row. It belongs after each "
    "row's own last word, before the padding."
)
def eos_in_the_last_column(targets, sos, eos, pad):
    T = max(map(len, targets))
    return variant(
        targets, sos, eos, pad,
        say=lambda row: [*row, *[pad] * (T - len(row)), eos],
    )  # fmt: skip


@PART.mistake(
    "Your <eos> stands in the last column of every row, and your mask counts it "
    "there. It belongs after each row's own last word, before the padding."
)
def eos_counted_in_the_last_column(targets, sos, eos, pad):
    inputs, labels, mask = eos_in_the_last_column(targets, sos, eos, pad)
    mask = within([len(row) for row in targets], labels.shape[1])
    mask[:, -1] = True
    return inputs, labels, mask


@PART.mistake(
    "Two things. Your <eos> stands in the last column of every row; it belongs "
    "after each row's own last word. And your mask leaves it out."
)
def eos_in_the_last_column_not_counted(targets, sos, eos, pad):
    inputs, labels, _ = eos_in_the_last_column(targets, sos, eos, pad)
    return (
        inputs,
        labels,
        within([len(row) for row in targets], labels.shape[1]),
    )


@PART.mistake(
    "Two things. Your <eos> stands in the last column of every row; it belongs "
    "after each row's own last word. And your mask takes every label with the "
    "number of <pad> for padding, which a word may have as well."
)
def eos_in_the_last_column_by_number(targets, sos, eos, pad):
    inputs, labels, _ = eos_in_the_last_column(targets, sos, eos, pad)
    return inputs, labels, labels != pad


@PART.mistake(
    "There is no <eos> among your labels. A decoder that is never taught to "
    "say it does not learn to stop."
)
def no_eos(*given):
    return variant(*given, say=lambda row: row)


@PART.mistake(
    "Your labels begin with <sos>. It is read and never said: nobody has to "
    "predict it."
)
def sos_is_said(targets, sos, eos, pad):
    def both(row):
        return [sos, *row, eos]

    return variant(targets, sos, eos, pad, read=both, say=both)


@PART.mistake(
    "What is said is right. In what is read, <eos> stands where a shorter row "
    "has ended. That comes of moving all labels by one place; nothing is to be "
    "read there but padding."
)
def eos_is_read(targets, sos, eos, pad):
    return variant(
        targets, sos, eos, pad, read=lambda row: [sos, *row, eos]
    )  # fmt: skip


@PART.mistake(
    "Each row has lost its last word: it was cut off before <eos> came in its "
    "place."
)
def last_word_lost(targets, *special):
    return variant([row[:-1] for row in targets], *special)


@PART.mistake(
    "Ids are right. Your mask takes every label with the number of <pad> for "
    "padding, and a word may have that number. The lengths know better."
)
def mask_from_labels(*given):
    return variant(*given, count=lambda inputs, labels: labels != given[3])


@PART.mistake(
    "Ids are right. Your mask takes every input with the number of <pad> for "
    "padding, and a word may have that number. The lengths know better."
)
def mask_from_inputs(*given):
    return variant(*given, count=lambda inputs, labels: inputs != given[3])


@PART.mistake(
    "Two things. In what is read, <eos> stands where a shorter row has ended: "
    "that comes of moving all labels by one place. And your mask takes every "
    "label with the number of <pad> for padding, which a word may have as well."
)
def eos_is_read_and_mask_from_labels(*given):
    inputs, labels, _ = eos_is_read(*given)
    return inputs, labels, labels != given[3]


@PART.mistake("Ids are right. Your mask is inverted: True is for what counts.")
def mask_inverted(*given):
    inputs, labels, mask = teacher_forcing(*given)
    return inputs, labels, ~mask


@PART.mistake(
    "Ids are right. Your mask leaves <eos> out. It is said, so it counts like "
    "any other word."
)
def eos_not_counted(*given):
    lengths = [len(row) for row in given[0]]
    return variant(
        *given, count=lambda inputs, labels: within(lengths, labels.shape[1])
    )


@PART.mistake("Ids are right. Your mask counts the padding as well.")
def all_counted(*given):
    return variant(*given, count=lambda inputs, labels: labels == labels)


@PART.mistake(
    "The padding lies on the left. Here it lies on the right: column 0 holds "
    "each row's first word."
)
def padded_on_the_left(*given):
    T = 1 + max(map(len, given[0]))

    def moved(rows):
        pairs = zip(rows, given[0], strict=True)
        return torch.stack(
            [row.roll(T - 1 - len(words)) for row, words in pairs]
        )

    return tuple(map(moved, teacher_forcing(*given)))


@PART.mistake(
    "All rows were cut to the shortest. The longest decides the width."
)
def cut_to_the_shortest(*given):
    return variant(*given, cut=1 + min(map(len, given[0])))


@PART.mistake("All rows were cut to the first. The longest decides the width.")
def cut_to_the_first(*given):
    return variant(*given, cut=1 + len(given[0][0]))


@PART.mistake(
    "Your labels are filled up with <eos>. It is said once, and what comes "
    "after it is padding."
)
def filled_with_eos(*given):
    return variant(*given, fill=given[2])


@PART.mistake(
    "Your inputs are one column longer than your labels. After the last word "
    "<eos> is said, and then nothing more is read."
)
def one_input_more(targets, sos, eos, pad):
    inputs, labels, mask = teacher_forcing(targets, sos, eos, pad)
    rows = [[sos, *row, eos] for row in targets]
    return filled(rows, 1 + inputs.shape[1], pad), labels, mask


@PART.mistake(
    "You fill up with 0. Which number `<pad>` has is an argument, and it need "
    "not be 0."
)
def filled_with_zero(targets, sos, eos, pad):
    return teacher_forcing(targets, sos, eos, 0)


@PART.mistake(
    "Each row lost its last word on the way in, and <eos> on the way out. A row "
    "of n words is read in n + 1 steps, and the last one says <eos>."
)
def without_eos(targets, sos, eos, pad):
    T = max(map(len, targets))
    inputs = [[sos, *row][:-1] for row in targets]
    mask = within([len(row) for row in targets], T)
    return filled(inputs, T, pad), filled(targets, T, pad), mask


@PART.mistake(
    "The columns are one too many, and in the last nothing is read or said but "
    "padding. A row needs one place for <eos>, and none for <sos> beside it."
)
def one_column_more(targets, sos, eos, pad):
    right = teacher_forcing(targets, sos, eos, pad)
    fills = pad, pad, False
    return tuple(
        torch.nn.functional.pad(ids, (0, 1), value=fill)
        for ids, fill in zip(right, fills, strict=True)
    )


@PART.mistake(
    "<eos> is read, after each row's last word, for which there is a column "
    "more. It is said, and then nothing more is read."
)
def eos_has_a_column(targets, sos, eos, pad):
    _, labels, mask = one_column_more(targets, sos, eos, pad)
    rows = [[sos, *row, eos] for row in targets]
    return filled(rows, labels.shape[1], pad), labels, mask


@PART.mistake(
    "<sos> and <eos> are in both, so that the decoder has to say what it has "
    "just read. What is read lacks <eos>, what is said lacks <sos>."
)
def both_in_both(targets, sos, eos, pad):
    rows = [[sos, *row, eos] for row in targets]
    T = max(map(len, rows))
    ids = filled(rows, T, pad)
    return ids, ids.clone(), within([len(row) for row in rows], T)
