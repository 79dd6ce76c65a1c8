"""3.6, second part: decoders with any gap."""

from rnn2attn_grading.questions.chapter03.q6_gap import QUESTION

TEXT = r"""
**A gap made to order.** The simplest decoder has no state: after reading the word w it says `table[w]`, and that is
all it knows. Word V is `<sos>`. The right sentence is `target`, in which no word comes twice. The decoder runs in
two ways. *Forced*, it reads `<sos>` and then, whatever it says, the right words. *Free*, it reads `<sos>` and then
what it has said. A word is right if it is the word of `target` at its place.

No training: choose the table, such that forced exactly `forced` words are right, and free exactly `free`. Checked:
both runs. In some cases `free` is the larger of the two.

Before you begin: one entry of a perfect table is changed. How much harm can that do to the free run, and how little?
And how can a decoder be right with its own words where it is wrong with the right ones?
"""


def next_words(target, V, forced, free):
    """A table of words by which a decoder is so often right in two ways.

    Args:
        target: the right sentence, a list of T different words, each from 0
            to V − 1; V is 2 T or more.
        V: number of words, and the word <sos>.
        forced: how many words are to be right if the right ones are read.
        free: how many if its own are read. Both can be had together.

    Returns:
        The list of V + 1 words, each from 0 to V − 1: table[w] is said after
        reading w.
    """
    lost, *detours = (w for w in range(V) if w not in target)
    table = [lost] * (V + 1)  # who says `lost` never finds back
    read = [V, *target]
    on = min(forced, free)
    # Right in both ways up to here; the next word is wrong. More that are
    # right when forced come behind it.
    for t in range(on):
        table[read[t]] = target[t]
    for t in range(on + 1, on + 1 + forced - free):
        table[read[t]] = target[t]
    # More that are right when free: an error each, which leads back.
    for k in range(free - forced):
        t = on + 2 * k
        table[read[t]] = detours[k]
        table[detours[k]] = target[t + 1]
    return table


PART = QUESTION.part(next_words, 2, view="forced_and_free", text=TEXT)


def inputs(draw, T, forced, free, more=1):
    V = 2 * T + draw.integers(3, 1).item() + more
    target = draw.shuffled(list(range(V)))[:T]
    return {"target": target, "V": V, "forced": forced, "free": free}


@PART.cases
def cases(draw):
    T = 6 + draw.integers(4, 1).item()
    few = 1 + draw.integers(2, 1).item()
    yield "all right in both ways", inputs(draw, T, T, T)
    yield "one error, and all is lost", inputs(draw, T, T - 1, 0)
    yield "one error, and some words before it", inputs(draw, T, T - 1, few)
    yield "one error, and no harm", inputs(draw, T, T - 1, T - 1)
    yield "some errors, and half is lost", inputs(draw, T, T - 2, T // 2)
    yield "one right word more when free", inputs(draw, T, T - 3, T - 2)
    yield "never right when forced", inputs(draw, T, 0, T // 2)


@PART.edges
def edges(draw):
    T = 10 + draw.integers(5, 1).item()
    few = 2 + draw.integers(3, 1).item()
    yield "never right", inputs(draw, T, 0, 0)
    yield "right when forced, and once when free", inputs(draw, T, T - few, 1)
    yield "more right when free", inputs(draw, T, few, (T + few) // 2)
    yield "two right words more when free", inputs(draw, T, few, few + 2)
    yield "as often right", inputs(draw, T, few, few)
    yield "two words", inputs(draw, 2, 0, 1, more=0)
    yield "one word", inputs(draw, 1, 0, 0)


def forced_alone(at_the_end):
    """As many entries wrong as are asked for, one after the other; what a free run makes of it is not looked at."""

    def answer(target, V, forced, free):
        lost = next(w for w in range(V) if w not in target)
        read = [V, *target[:-1]]
        table = [lost] * (V + 1)
        for t, w in enumerate(read):
            wrong = t >= forced if at_the_end else t < len(target) - forced
            table[w] = lost if wrong else target[t]
        return table

    return answer


WORDS = "must be a list of"
ENTRIES = "Which entries are used in this run, and how many of them are right?"
PLACES = "An entry belongs to the word that was read, not to a place"
LATE = "so that has to come at place"
TOO_FEW = "What may be said after them?"

PART.mistake(LATE)(forced_alone(at_the_end=True))
PART.mistake(TOO_FEW)(forced_alone(at_the_end=False))


@PART.mistake(ENTRIES)
def free_alone(target, V, forced, free):
    return next_words(target, V, min(free, len(target)), free)


@PART.mistake(TOO_FEW)
def no_detour(target, V, forced, free):
    return next_words(target, V, forced, min(forced, free))


@PART.mistake(ENTRIES)
def without_sos(target, V, forced, free):
    return [*next_words(target, V, forced, free)[:V], target[-1]]


@PART.mistake(PLACES)
def by_place(target, V, forced, free):
    """The word at each place, whatever was read."""
    return [*target, *[0] * (V + 1 - len(target))]


@PART.mistake(ENTRIES)
def says_what_it_reads(target, V, forced, free):
    table = list(range(V + 1))
    table[V] = target[0]
    return table


@PART.mistake(LATE)
def first_error_one_word_late(target, V, forced, free):
    on = min(free + 1, len(target))
    return (
        next_words(target, V, forced, on)
        if forced > on
        else next_words(target, V, forced, forced)
    )


@PART.mistake(WORDS)
def entries_for_the_words_alone(target, V, forced, free):
    return next_words(target, V, forced, free)[:V]


@PART.mistake(WORDS)
def as_a_dict(target, V, forced, free):
    return dict(enumerate(next_words(target, V, forced, free)))


@PART.mistake(WORDS)
def says_sos(target, V, forced, free):
    lost = next(w for w in range(V) if w not in target)
    return [V if w == lost else w for w in next_words(target, V, forced, free)]
