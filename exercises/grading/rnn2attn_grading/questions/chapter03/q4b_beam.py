"""3.4, second part: one step of a beam search."""

import torch

from rnn2attn_grading.questions.chapter03.q4_decoding import QUESTION

TEXT = r"""
**One step of a beam.** A beam of width k keeps k beginnings of each source, with $\ln p$ of each. Continue every
beginning by every word, and keep the k likeliest of all that comes out. A beginning that has ended is not continued:
it stays as it is, once, with its $\ln p$, and competes with the others; as its word give `<eos>`. At the very first
step there is one beginning, and the other places have $\ln p = -\infty$. Of continuations that are possible there
are k or more, and no two of them are equally likely. Not allowed: `rnn2attn.decoding`.
"""


def beam_step(log_p, following, ended, eos):
    """The k best continuations of k beginnings.

    Args:
        log_p: ln p of each beginning, (B, k).
        following: ln p of each word after it, (B, k, V).
        ended: True for a beginning that has said eos, bool, (B, k).
        eos: the id that ends a row.

    Returns:
        The tuple (log_p, origin, word), each (B, k), the likeliest first:
        ln p of what is kept, the number of the beginning that it continues
        (0 … k − 1, int64), and the word that it adds (int64).
    """
    k, V = following.shape[1:]
    stays = torch.full_like(following, -torch.inf)
    stays[:, :, eos] = 0
    following = torch.where(ended[..., None], stays, following)
    together = (log_p[..., None] + following).flatten(1)
    best, place = together.topk(k)
    return best, place // V, place % V


PART = QUESTION.part(beam_step, 2, forbidden=("rnn2attn.decoding",), text=TEXT)


APART = 1e-4  # two continuations differ by more, so that none is a matter of rounding


def inputs(draw, B, k, V, *ended):
    """`ended` are numbers of beginnings that have ended, in every row; the first of them is the likeliest of all.

    Numbers are drawn until in some row a beginning is continued twice, and another not at all.
    """
    while True:
        log_p = -draw.normal(B, k, scale=0.8).abs() - 1.5
        for number in ended[:1]:
            log_p[:, number] = -draw.normal(B, scale=0.3).abs() - 0.5
        following = draw.normal(B, k, V, scale=1.2).log_softmax(dim=-1)
        given = {
            "log_p": log_p,
            "following": following.round(decimals=4),
            "ended": torch.zeros(B, k, dtype=torch.bool),
            "eos": draw.choice(*range(V)),
        }
        given["ended"][:, list(ended)] = True
        together = (log_p[..., None] + following).flatten(1)
        stays = torch.cat([together, log_p[:, list(ended)]], dim=1)
        if stays.sort().values.diff().min() > APART and crossing(given):
            return given


def crossing(given):
    """Whether in some row a beginning is continued twice, or none could be: else k greedy searches find the same."""
    _, origin, _ = beam_step(**given)
    twice = [len(set(row)) < len(row) for row in origin.tolist()]
    return any(twice) or origin.shape[1] == 1 or given["ended"].all()


def first_step(given):
    """One beginning, of which nothing has been said."""
    log_p = torch.full_like(given["log_p"], -torch.inf)
    log_p[:, 0] = 0
    return given | {"log_p": log_p}


def hardly_likely(given):
    """As after some hundred words, whose product is no number of a computer."""
    return given | {"log_p": given["log_p"] - 900}


@PART.cases
def cases(draw):
    yield "three beginnings", inputs(draw, 2, 3, 5)
    yield "one of them has ended", inputs(draw, 2, 3, 7, 1)
    yield "as many beginnings as words", inputs(draw, 2, 5, 5, 0)
    yield "the first step", first_step(inputs(draw, 2, 3, 5))
    yield "a batch of one", inputs(draw, 1, 3, 5, 2, 0)
    yield "hundreds of words", hardly_likely(inputs(draw, 2, 3, 5))


@PART.edges
def edges(draw):
    yield "a beam of one", inputs(draw, 3, 1, 5)
    yield "all have ended", inputs(draw, 2, 3, 5, 1, 0, 2)
    yield "more rows than words", inputs(draw, 7, 2, 5)
    yield "a wide beam", inputs(draw, 2, 7, 11, 4)


def variant(
    log_p, following, ended, eos, *,
    onwards=None, join=torch.add, keep=None, split=None,
):  # fmt: skip
    """The right answer with one part of it replaced; `onwards` says what an ended beginning gives."""
    k, V = following.shape[1:]
    if onwards is None:
        onwards = torch.full((V,), -torch.inf).double()
        onwards[eos] = 0
    following = torch.where(ended[..., None], onwards, following)
    together = join(log_p[..., None], following)
    best, place = (keep or best_of_all)(together)
    origin, word = split(place, k, V) if split else (place // V, place % V)
    return best, origin, word


def best_of_all(together, largest=True):
    k = together.shape[1]
    return together.flatten(1).topk(k, largest=largest)


def pays_again(following, eos):
    """An ended beginning says eos once more, at its price."""
    onwards = torch.full_like(following, -torch.inf)
    onwards[..., eos] = following[..., eos]
    return onwards


@PART.mistake(
    "ln p of the beginning is missing: yours is that of the last word alone. A "
    "sequence is as likely as the product of all its words."
)
def last_word_alone(*given):
    return variant(*given, join=lambda log_p, following: following)


@PART.mistake(
    "You multiply logarithms. Probabilities are multiplied, so their "
    "logarithms are added."
)
def multiplied(*given):
    return variant(*given, join=torch.mul)


@PART.mistake(
    "You add logarithms to probabilities: exp of one of the two is too many."
)
def half_exponentiated(*given):
    return variant(
        *given, join=lambda log_p, following: log_p + following.exp()
    )


@PART.mistake(
    "Each beginning is continued once, by its own likeliest word: those are k "
    "greedy searches side by side. Compare the continuations of all."
)
def k_greedy_searches(*given):
    def keep(together):
        best, word = together.max(dim=2)
        best, order = best.sort(dim=1, descending=True)
        V = together.shape[2]
        return best, order * V + word.gather(1, order)

    return variant(*given, keep=keep)


@PART.mistake(
    "Only the likeliest beginning is continued. A beam compares the "
    "continuations of all k."
)
def only_the_best_beginning(*given):
    def keep(together):
        V = together.shape[2]
        origin = given[0].argmax(dim=1)
        best, word = together[torch.arange(len(origin)), origin].topk(
            together.shape[1]
        )
        return best, origin[:, None] * V + word

    return variant(*given, keep=keep)


@PART.mistake(
    "ln p is right. Your places run over the beginnings first; in a flattened "
    "(k, V) they run over the V words of the first one, then of the second."
)
def beginnings_first(*given):
    return variant(*given, split=lambda place, k, V: (place % k, place // k))


@PART.mistake(
    "ln p is right. Places were divided by k; each beginning has V places."
)
def divided_by_k(*given):
    return variant(*given, split=lambda place, k, V: (place // k, place % k))


@PART.mistake(
    "An ended beginning was continued, like the others. Nothing follows its "
    "<eos>."
)
def ended_goes_on(log_p, following, ended, eos):
    return variant(log_p, following, ended & False, eos)


@PART.mistake(
    "An ended beginning pays for a second <eos>: its ln p falls at every step, "
    "and it loses its place to others. It stays as it is."
)
def ended_pays_again(log_p, following, ended, eos):
    return variant(
        log_p, following, ended, eos, onwards=pays_again(following, eos)
    )


@PART.mistake(
    "An ended beginning is dropped. It is a translation, and keeps its place "
    "while it is one of the k likeliest."
)
def ended_dropped(*given):
    return variant(*given, onwards=torch.tensor(-torch.inf).double())


@PART.mistake(
    "An ended beginning comes V times, once with each word at no cost, and "
    "fills the beam with copies of itself."
)
def ended_copied(*given):
    return variant(*given, onwards=torch.tensor(0.0).double())


@PART.mistake(
    "Right, except after hundreds of words: their probability is too small for "
    "a floating-point number and becomes 0. Stay with logarithms."
)
def in_probabilities(*given):
    return variant(
        *given,
        join=lambda log_p, following: (log_p.exp() * following.exp()).log(),
    )


@PART.mistake(
    "What is kept is right, and stands in the wrong order: likeliest first."
)
def worst_first(*given):
    return tuple(t.flip(1) for t in beam_step(*given))


@PART.mistake("You keep the k least likely.")
def least_likely(*given):
    return variant(*given, keep=lambda t: best_of_all(t, largest=False))


@PART.mistake(
    "`topk` over one axis keeps the k best words of each beginning, and you "
    "took those of the first. Compare all k V continuations."
)
def first_beginning(*given):
    def keep(together):
        best, word = together.topk(together.shape[1], dim=2)
        return best[:, 0], word[:, 0]

    return variant(*given, keep=keep)


@PART.mistake(
    "Right but for the word of an ended beginning: it is `<eos>`, whose number "
    "is an argument, and not 0."
)
def ended_says_0(log_p, following, ended, eos):
    best, origin, word = beam_step(log_p, following, ended, eos)
    return best, origin, word.masked_fill(ended.gather(1, origin), 0)


@PART.mistake(
    "Your first output are probabilities. Asked are their logarithms, which do "
    "not vanish after hundreds of words."
)
def probabilities(*given):
    best, origin, word = beam_step(*given)
    return best.exp(), origin, word


@PART.mistake(
    "What is kept is right, and stands in the order of the beginnings. The "
    "likeliest comes first."
)
def in_order_of_origin(*given):
    kept = beam_step(*given)
    order = kept[1].argsort(dim=1, stable=True)
    return tuple(each.gather(1, order) for each in kept)


@PART.mistake(
    "All that you keep continues the likeliest beginning. A continuation of "
    "another can be likelier than its second best."
)
def best_beginning_alone(log_p, following, ended, eos):
    best = log_p.argmax(dim=1, keepdim=True)
    others = torch.full_like(log_p, -torch.inf).scatter(
        1, best, log_p.gather(1, best)
    )
    return beam_step(others, following, ended, eos)
