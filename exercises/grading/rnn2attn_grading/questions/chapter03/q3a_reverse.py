"""3.3, first part: the source turned around."""

import torch

from rnn2attn_grading.questions.chapter03.q3_padding import QUESTION

TEXT = r"""
**Turn around.** Return each row from its last word to its first. Padding stays where it is, on the right. A word may
have the number of `<pad>`. Not allowed: `rnn2attn.seq2seq`.

What does a source read backwards do to a decoder that reverses? That is question 5 at the end of the chapter. To
measure it, add a cell to the chapter's own notebook, which has what this one lacks: compare `reverser(seed)` with
`trained(letters(strings.reverse, seed)[0], seed, direction="backward")`, both by `evaluate(…, test_pairs)`.
"""


def reverse_source(ids, lengths):
    """Each row from its own end to its beginning.

    Args:
        ids: int64, (B, T), padded on the right.
        lengths: of the rows, 1 … T, int64, (B,).

    Returns:
        Ids, int64, (B, T).
    """
    place = torch.arange(ids.shape[1])
    real = place < lengths[:, None]
    turned = torch.where(real, lengths[:, None] - 1 - place, place)
    return ids.gather(1, turned)


PART = QUESTION.part(
    reverse_source, 1, forbidden=("rnn2attn.seq2seq",), text=TEXT
)


def inputs(draw, *lengths, pad=0, pad_said=False):
    """Rows of words from 10 on; if asked for, the second word of the longer ones has the number of pad."""
    T = max(lengths)
    ids = 10 + draw.integers(80, len(lengths), T)
    if pad_said:
        ids[:, 1:3] = torch.tensor([pad, 9])
    counts = torch.tensor(lengths)
    ids = ids.where(torch.arange(T) < counts[:, None], pad)
    return {"ids": ids, "lengths": counts}


@PART.cases
def cases(draw):
    yield "rows of all lengths", inputs(draw, 5, 3, 1, 4)
    yield "one row", inputs(draw, 3)
    yield "as many rows as steps", inputs(draw, 2, 4, 3, 1)
    yield (
        "a word with the number of <pad>",
        inputs(draw, 4, 5, 3, pad_said=True),
    )
    yield "columns of padding only", with_columns(inputs(draw, 2, 3))
    yield "<pad> is not 0", inputs(draw, 2, 6, 4, pad=7, pad_said=True)


@PART.edges
def edges(draw):
    yield "rows of one length", inputs(draw, 5, 5, 5)
    yield "one step", inputs(draw, 1, 1)
    yield "all is padding but a word", inputs(draw, 1, 7, 1, pad=3)


def with_columns(given):
    """Wider than its longest row."""
    more = torch.zeros_like(given["ids"][:, :2])
    return given | {"ids": torch.cat([given["ids"], more], dim=1)}


def rows(change):
    """An answer that changes each row's words and leaves its padding."""

    def answer(ids, lengths):
        return torch.stack(
            [
                torch.cat([change(row[:n]), row[n:]])
                for row, n in zip(ids, lengths, strict=True)
            ]
        )

    return answer


@PART.mistake(
    "The whole row is turned around: its padding comes first now, and the "
    "encoder would read that before the words."
)
def whole_rows(ids, lengths):
    return ids.flip(1)


@PART.mistake(
    "You turned the batch around, its first axis. Words of a row lie along the "
    "second."
)
def the_batch(ids, lengths):
    return ids.flip(0)


@PART.mistake(
    "Rows and words are both turned around. The rows stay in their order."
)
def both_axes(ids, lengths):
    return reverse_source(ids.flip(0), lengths)


@PART.mistake(
    "One place too far: the last word of a row of n stands at n − 1, and yours "
    "begins at n."
)
def one_too_far(ids, lengths):
    place = torch.arange(ids.shape[1])
    turned = (lengths[:, None] - place).clamp(0, ids.shape[1] - 1)
    return ids.gather(1, torch.where(place < lengths[:, None], turned, place))


@PART.mistake(
    "The rows' words are moved by one place round the end, not reversed."
)
def rolled(ids, lengths):
    return rows(lambda row: row.roll(1))(ids, lengths)


@PART.mistake(
    "All rows are turned at the end of the longest sentence. Each has an end "
    "of its own."
)
def at_the_longest(ids, lengths):
    longest = lengths.max().expand_as(lengths)
    return reverse_source(ids, longest)


@PART.mistake(
    "All rows are turned at the end of the first. Each has its own end."
)
def at_the_first(ids, lengths):
    return reverse_source(ids, lengths[:1].expand_as(lengths))


@PART.mistake(
    "You count what is not <pad>, and a word may have its number. The lengths "
    "say where a row ends."
)
def by_number(ids, lengths):
    return reverse_source(ids, (ids != 0).sum(dim=1))


@PART.mistake(
    "You move the padding by its number, and a word may have it: such a word "
    "goes to the end with the padding. The lengths say where a row ends."
)
def gathered_by_number(ids, lengths):
    rows = [row[row != 0].flip(0).tolist() for row in ids]
    T = ids.shape[1]
    return torch.tensor([row + [0] * (T - len(row)) for row in rows])


@PART.mistake(
    "Rows and columns are taken for each other: each row's words are those of "
    "one column."
)
def columns(ids, lengths):
    return reverse_source(ids.T, lengths)


@PART.mistake(
    "The words are sorted. They are to be reversed, whatever they are."
)
def sorted_(ids, lengths):
    return rows(lambda row: row.sort(descending=True).values)(ids, lengths)


@PART.mistake("The rows come back as they were.")
def unchanged(ids, lengths):
    return ids.clone()


@PART.mistake(
    "Padding comes back as 0. Which number it has is not said, and it stays as "
    "it is."
)
def padding_is_zero(ids, lengths):
    real = torch.arange(ids.shape[1]) < lengths[:, None]
    return reverse_source(ids, lengths).where(real, 0)


@PART.mistake(
    "Each row begins with what stands behind its last word: the words of a row "
    "of n lie at 0 … n − 1."
)
def begins_behind(ids, lengths):
    place = torch.arange(ids.shape[1])
    source = lengths[:, None] - place
    inside = (source >= 0) & (source < ids.shape[1])
    return ids.gather(1, torch.where(inside, source, place))


@PART.mistake(
    "What is not 0 is turned around and written over the front of a row. A word "
    "may be 0 as well; the lengths say where a row ends."
)
def written_over_the_front(ids, lengths):
    out = ids.clone()
    for row, given in zip(out, ids, strict=True):
        words = given[given != 0]
        row[: len(words)] = words.flip(0)
    return out
