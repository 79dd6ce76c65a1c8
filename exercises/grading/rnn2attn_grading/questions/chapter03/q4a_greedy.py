"""3.4, first part: greedy decoding of a batch."""

import torch

from rnn2attn_grading.questions.chapter03.q4_decoding import QUESTION

TEXT = r"""
**Greedy.** The decoder is a small one. Each word has a row of E, which is added where the state is updated:

$$s_0 = c, \qquad s_t = \tanh(E_{y_{t-1}} + W s_{t-1}), \qquad z_t = U s_t + b$$

Begin with the contexts of a batch and with `<sos>` as $y_0$, say the likeliest word at each step, and go on until
`<eos>`. At each step one word is the likeliest. A row that has not said `<eos>` after `longest` words is cut there.
Return the words of each row, without `<sos>` and `<eos>`. Rows end at different times. Not allowed:
`rnn2attn.decoding`.
"""


def greedy(context, E, W, U, b, sos, eos, longest):
    """The likeliest words of each row, one after the other.

    Args:
        context: c, (B, d_s).
        E: what each word adds, (V, d_s).
        W: (d_s, d_s).
        U: (V, d_s).
        b: (V,).
        sos: the id that is read first.
        eos: the id that ends a row.
        longest: number of steps after which a row is cut, 1 or more.

    Returns:
        A list for each row, of ids.
    """
    state, word = context, torch.full((len(context),), sos)
    said = []
    for _ in range(longest):
        state = torch.tanh(E[word] + state @ W.T)
        word = (state @ U.T + b).argmax(dim=1)
        said.append(word)
    rows = [[*row, eos] for row in torch.stack(said, dim=1).tolist()]
    return [row[: row.index(eos)] for row in rows]


PART = QUESTION.part(greedy, 2, forbidden=("rnn2attn.decoding",), text=TEXT)


CLEAR = 0.05  # by how much the likeliest word leads at each step


def inputs(draw, d_s, V, lengths, longest):
    """A decoder, and contexts whose rows say so many words; where that is `longest`, the row is cut.

    Weights are drawn until there are such rows among those of 300 contexts, each decided by a clear lead.
    """
    while True:
        given = {
            "context": draw.normal(300, d_s, scale=0.6).clamp(-1, 1),
            "E": draw.normal(V, d_s, scale=0.8),
            "W": draw.normal(d_s, d_s, scale=0.7),
            "U": draw.normal(V, d_s),
            "b": draw.normal(V, scale=0.4),
            "sos": draw.choice(*range(0, V, 2)),
            "eos": draw.choice(*range(1, V, 2)),
            "longest": longest,
        }
        found = torch.tensor([len(row) for row in greedy(**given)])
        found[lead(**given) < CLEAR] = -1
        rows = {n: (found == n).nonzero()[:, 0].tolist() for n in lengths}
        if all(len(rows[n]) >= lengths.count(n) for n in lengths):
            chosen = [rows[n].pop() for n in lengths]
            return given | {"context": given["context"][chosen]}


def lead(context, E, W, U, b, sos, eos, longest):
    """The least by which the likeliest word of a row leads, up to its end, (B,)."""
    state, word = context, torch.full((len(context),), sos)
    least, ended = torch.full((len(context),), torch.inf), word < 0
    for _ in range(longest):
        state = torch.tanh(E[word] + state @ W.T)
        best, words = (state @ U.T + b).topk(2)
        ahead = (best[:, 0] - best[:, 1]).masked_fill(ended, torch.inf)
        least, word = least.minimum(ahead), words[:, 0]
        ended = ended | (word == eos)
    return least


@PART.cases
def cases(draw):
    yield (
        "rows that end at different steps",
        inputs(draw, 5, 7, [3, 0, 5, 7], 7),
    )
    yield "one row", inputs(draw, 3, 5, [4], 11)
    yield "as many words as entries of the state", inputs(draw, 5, 5, [2, 4], 6)
    yield "all rows end early", inputs(draw, 5, 7, [2, 3, 1], 13)


@PART.edges
def edges(draw):
    yield "one step", inputs(draw, 3, 5, [1, 0], 1)
    yield "all rows are cut", inputs(draw, 5, 7, [4, 4], 4)
    yield "nothing is said", inputs(draw, 3, 5, [0, 0], 5)
    yield "the end is the last step", inputs(draw, 5, 7, [5, 2], 6)


def variant(
    context, E, W, U, b, sos, eos, longest, *,
    read=None, update=None, logits=None, choose=None, cut=None,
):  # fmt: skip
    """The right answer with one part of it replaced; `cut` makes the rows of what was said at each step."""
    update = update or (lambda state, word: torch.tanh(E[word] + state @ W.T))
    logits = logits or (lambda state, before: state @ U.T + b)
    choose = choose or (lambda z: z.argmax(dim=1))
    state, word = context, torch.full((len(context),), sos)
    said = []
    for _ in range(longest):
        before = state
        state = update(state, word if read is None else read(word))
        word = choose(logits(state, before))
        said.append(word)
    rows = torch.stack(said, dim=1).tolist()
    return (cut or until)(rows, eos)


def until(rows, eos):
    return [row[: [*row, eos].index(eos)] for row in rows]


def until_at_once(rows, eos, more=0):
    at_once = [set(step) == {eos} for step in zip(*rows, strict=True)]
    end = [*at_once, True].index(True) + more
    return [row[:end] for row in rows]


@PART.mistake(
    "<eos> stands at the end of your rows. It says that a row is done, and is "
    "no word of it."
)
def eos_kept(*given):
    def cut(rows, eos):
        return [row[: [*row, eos].index(eos) + 1] for row in rows]

    return variant(*given, cut=cut)


@PART.mistake(
    "Words follow after a row's end: the batch goes on for the other rows, and "
    "what it says in this one no longer counts."
)
def words_after_the_end(*given):
    def cut(rows, eos):
        longest = max(map(len, until(rows, eos)))
        return [[i for i in row[:longest] if i != eos] for row in rows]

    return variant(*given, cut=cut)


@PART.mistake(
    "All rows go on to the last step, and <eos> is only taken out. A row ends "
    "with its first <eos>."
)
def eos_taken_out(*given):
    def cut(rows, eos):
        return [[i for i in row if i != eos] for row in rows]

    return variant(*given, cut=cut)


@PART.mistake(
    "All rows go on to the last step, <eos> or not. A row ends with it."
)
def never_ended(*given):
    return variant(*given, cut=lambda rows, eos: rows)


@PART.mistake(
    "You stop as soon as one row has ended. The other rows had more to say."
)
def stops_with_the_first(*given):
    def cut(rows, eos):
        shortest = min(map(len, until(rows, eos)))
        return [row[:shortest] for row in rows]

    return variant(*given, cut=cut)


@PART.mistake(
    "You stop only if all rows say <eos> at one and the same step. Remember "
    "which rows have ended, and cut each at its own end."
)
def stops_if_all_end_at_once(*given):
    return variant(*given, cut=until_at_once)


@PART.mistake(
    "You stop only if all rows say <eos> at one and the same step, and <eos> is "
    "among your words. Cut each row at its own end, in front of it."
)
def stops_with_the_eos_of_all(*given):
    return variant(*given, cut=lambda *said: until_at_once(*said, more=1))


@PART.mistake(
    "Every step starts from the context again. The state after a step is where "
    "the next one begins."
)
def state_not_carried(context, E, W, *others):
    return variant(
        context, E, W, *others,
        update=lambda state, word: torch.tanh(E[word] + context @ W.T),
    )  # fmt: skip


@PART.mistake(
    "<sos> is read at every step. Only the first reads it; then the decoder "
    "reads what it has said."
)
def sos_each_time(*given):
    sos = given[5]
    return variant(*given, read=lambda word: torch.full_like(word, sos))


@PART.mistake(
    "You begin with a state of zeros. All that the decoder knows of the source "
    "is the context."
)
def from_zeros(context, *others):
    return variant(torch.zeros_like(context), *others)


@PART.mistake(
    "Your words come from the state before the update: z_t belongs to s_t, "
    "which has read y_{t−1}."
)
def from_the_old_state(*given):
    U, b = given[3:5]
    return variant(*given, logits=lambda state, before: before @ U.T + b)


@PART.mistake(
    "Weights lie (out, in): W s for a column is `s @ W.T` for a batch of rows. "
    "W is square, so the shapes do not show that it was not transposed."
)
def not_transposed(context, E, W, *others):
    return variant(context, E, W.T, *others)


@PART.mistake("Linear so far: tanh is missing in the update of the state.")
def no_tanh(context, E, W, *others):
    return variant(
        context, E, W, *others,
        update=lambda state, word: E[word] + state @ W.T,
    )  # fmt: skip


@PART.mistake("b is missing: the logits are U s + b.")
def no_bias(context, E, W, U, b, *others):
    return variant(context, E, W, U, 0 * b, *others)


@PART.mistake("You take the least likely word, the argmin.")
def least_likely(*given):
    return variant(*given, choose=lambda z: z.argmin(dim=1))


@PART.mistake("Your rows begin with <sos>. It is read, and never said.")
def sos_in_front(*given):
    return [[given[5], *row] for row in greedy(*given)]


@PART.mistake(
    "Cut one word too early: `longest` words may be said, and only where the "
    "last is <eos> is it one fewer."
)
def cut_too_early(*given):
    return [row[: given[-1] - 1] for row in greedy(*given)]


@PART.mistake(
    "All rows stop once the first row has said <eos>. Each goes on to its own."
)
def stops_with_row_0(*given):
    def cut(rows, eos):
        end = [*rows[0], eos].index(eos)
        return until([row[: end + 1] for row in rows], eos)

    return variant(*given, cut=cut)


@PART.mistake(
    "All rows stop with the step in which the first <eos> of any of them is "
    "said. Each goes on to its own."
)
def stops_with_any(*given):
    def cut(rows, eos):
        shortest = min(map(len, until(rows, eos)))
        return until([row[: shortest + 1] for row in rows], eos)

    return variant(*given, cut=cut)


@PART.mistake(
    "The word that was said last does not come into the update: where is E?"
)
def word_not_read(context, E, *others):
    return variant(context, 0 * E, *others)


@PART.mistake(
    "One step too many: what is said after `longest` words does not count, and "
    "`<eos>` has no step of its own."
)
def one_step_more(*given):
    return greedy(*given[:-1], given[-1] + 1)


@PART.mistake(
    "A row that has said `<eos>` twice is cut at the second. It ends with the "
    "first."
)
def cut_at_the_last(*given):
    def cut(rows, eos):
        ends = [
            max((t for t, i in enumerate(row) if i == eos), default=len(row))
            for row in rows
        ]
        return [row[:end] for row, end in zip(rows, ends, strict=True)]

    return variant(*given, cut=cut)


@PART.mistake("Word 0 is read first. Which word `sos` is, is an argument.")
def word_0_first(context, E, W, U, b, sos, *others):
    return greedy(context, E, W, U, b, 0, *others)


@PART.mistake(
    "Your first word is said from the context, before anything was read. s_1 "
    "has read `<sos>`, and z_1 is made of s_1."
)
def said_before_reading(context, E, W, U, b, sos, eos, longest):
    first = (context @ U.T + b).argmax(dim=1)
    state, said = context, [first]
    for _ in range(longest - 1):
        state = torch.tanh(E[said[-1]] + state @ W.T)
        said.append((state @ U.T + b).argmax(dim=1))
    return until(torch.stack(said, dim=1).tolist(), eos)


@PART.mistake(
    "The words of all rows are in one list. Asked is a list for each row."
)
def one_list(*given):
    return [word for row in greedy(*given) for word in row]
