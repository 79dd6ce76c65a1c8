"""4.6, first part: how much of the weight lies on right words."""

import torch

from rnn2attn_grading.questions.chapter04.q6_map import QUESTION

TEXT = r"""
**Count.** `gold` is True where a source word is one that the target word comes from. There may be several, as the
four digits of a year, and then any of them is right. A row of `gold` without any True is a word that comes from none,
or padding, and does not count. Return two shares over all rows that count, those of all sentences together: how often
the largest weight lies on a right word, and how much weight lies on right words. No row that counts has two largest
weights.
"""


def on_right_words(weights, gold):
    """Where weights lie, against an alignment that is known.

    Args:
        weights: α, (B, T', T).
        gold: True at the right words of each row, bool, (B, T', T). At least
            one row has one.

    Returns:
        The tuple (largest, mass), two floats from 0 to 1.
    """
    counts = gold.any(dim=2)
    found = gold.gather(2, weights.argmax(dim=2, keepdim=True))
    mass = weights.where(gold, 0).sum(dim=2)
    return found[counts].double().mean().item(), mass[counts].mean().item()


PART = QUESTION.part(on_right_words, 1, text=TEXT, difficulty=2)


APART = 0.005  # by how much two scores of a row differ: none has two largest weights


def inputs(draw, *sizes, sharp=2.0):
    """Sentences with (target words, source words); of three rows one has no right word, and one has two."""
    rows, columns = (max(column) for column in zip(*sizes, strict=True))
    weights = torch.zeros(len(sizes), rows, columns).double()
    gold = weights.bool()
    for b, (T_target, T) in enumerate(sizes):
        scores = draw.normal(T_target, T, scale=sharp)
        while (scores.sort().values.diff() < APART).any():
            scores = draw.normal(T_target, T, scale=sharp)
        first = draw.integers(3, 1).item()
        for t in range(T_target):
            kind = (first + t) % 3
            at = draw.integers(T, 1).item()
            if kind:
                gold[b, t, at] = True
                scores[t, at] += draw.choice(0.0, 3.003)
            if kind == 2:
                gold[b, t, (at + 1) % T] = True
        weights[b, :T_target, :T] = scores.softmax(dim=1)
    return {"weights": weights.mul(1e6).round().div(1e6), "gold": gold}


@PART.cases
def cases(draw):
    yield "sentences of all lengths", inputs(draw, (5, 7), (3, 2), (7, 4))
    yield "one sentence", inputs(draw, (5, 3))
    yield "as many words in both", inputs(draw, (5, 5), (4, 3), (5, 5))
    yield "flat weights", inputs(draw, (7, 5), (3, 5), sharp=0.2)


@PART.edges
def edges(draw):
    every = inputs(draw, (5, 3), (4, 3))
    every["gold"] = every["weights"] > 0
    yield "every word is right", every
    yield "many sentences", inputs(draw, *[(7, 5), (3, 4), (11, 8)] * 3)
    one = inputs(draw, (5, 4), (3, 4))
    one["gold"][:] = False
    one["gold"][1, 2, 3] = True
    yield "one row counts", one


def share(largest=None, mass=None):
    """An answer with another first number, or another second; each is given weights and gold."""

    def answer(weights, gold):
        right = on_right_words(weights, gold)
        ours = largest(weights, gold) if largest else right[0]
        theirs = mass(weights, gold) if mass else right[1]
        return float(ours), float(theirs)

    return answer


def hits(weights, gold):
    return gold.gather(2, weights.argmax(dim=2, keepdim=True))[..., 0].double()


def masses(weights, gold):
    return (weights * gold).sum(dim=2)


def of_sentences(what):
    """Mean of the sentences' means."""

    def mean(weights, gold):
        counts = gold.any(dim=2)
        found = what(weights, gold).where(counts, 0).sum(dim=1)
        return (found / counts.sum(dim=1)).nanmean()

    return mean


def of_all_rows(what):
    """Over the rows of the target, those that come from no word included."""
    return lambda weights, gold: what(weights, gold)[weights.any(dim=2)].mean()


def of_padding_too(what):
    return lambda weights, gold: what(weights, gold).mean()


def of_targets(weights, gold):
    found = gold.gather(1, weights.argmax(dim=1, keepdim=True))
    return found[:, 0][gold.any(dim=1)].double().mean()


def of_columns(weights, gold):
    return gold.gather(1, weights.argmax(dim=1, keepdim=True)).double().mean()


def of_first(weights, gold):
    found = weights.argmax(dim=2) == gold.int().argmax(dim=2)
    return found[gold.any(dim=2)].double().mean()


def first_mass(weights, gold):
    first = gold.int().argmax(dim=2, keepdim=True)
    return weights.gather(2, first)[..., 0][gold.any(dim=2)].mean()


def of_largest_above_half(weights, gold):
    found = (weights.amax(dim=2) > 0.5) * hits(weights, gold)
    return found[gold.any(dim=2)].mean()


mean_of_means = PART.mistake(
    "Those are means of the sentences' means. Each row that counts weighs "
    "alike, in a long sentence as in a short one."
)(share(of_sentences(hits), of_sentences(masses)))
no_partner_counted = PART.mistake(
    "Words that come from none are counted, as wrong ones. There is nothing "
    "that they could look at rightly."
)(share(of_all_rows(hits), of_all_rows(masses)))
padding_counted = PART.mistake(
    "All rows are counted, padding and words that come from none among them. "
    "Only rows with a True in `gold` count."
)(share(of_padding_too(hits), of_padding_too(masses)))
by_columns = PART.mistake(
    "The mass is right. Your argmax runs over the target's words. A row is one "
    "of them; within it the largest weight is that over the source."
)(share(of_targets))
by_columns_all = PART.mistake(
    "The mass is right. Your argmax runs over the target's words, and asks of "
    "every source word, padding too. For each row that counts it runs over "
    "the source."
)(share(of_columns))
above_half = PART.mistake(
    "The mass is right. You count a largest weight only above one half. It is "
    "the largest of its row, however small."
)(share(of_largest_above_half))
by_half = PART.mistake(
    "The mass is right. A largest weight need not be above one half."
)(
    share(
        lambda weights, gold: (
            (masses(weights, gold) > 0.5)[gold.any(dim=2)].double().mean()
        )
    )
)
first_only = PART.mistake(
    "The mass is right. For the largest weight you take the first right word "
    "alone. Where there are several, any of them is right."
)(share(of_first))
per_right_word = PART.mistake(
    "The share of largest weights is right. Your mass is the mean over the "
    "right words; those of a row are to be added up."
)(share(mass=lambda weights, gold: weights[gold].mean()))
mass_of_all_rows = PART.mistake(
    "The share of largest weights is right. Your mass is divided by the number "
    "of all rows that have weights; divide by that of the rows that count."
)(share(mass=of_all_rows(masses)))
mass_of_largest = PART.mistake(
    "The share of largest weights is right. Your mass is that of the largest "
    "weights, wherever they lie."
)(share(mass=lambda weights, gold: weights.amax(dim=2)[gold.any(dim=2)].mean()))
first_mass_only = PART.mistake(
    "The share of largest weights is right. Your mass is that of each row's "
    "first right word; there may be several."
)(share(mass=first_mass))
first_for_both = PART.mistake(
    "Both your numbers know of the first right word of a row alone. There may "
    "be several, and any of them is right."
)(share(of_first, first_mass))
mass_of_hits = PART.mistake(
    "The share of largest weights is right. Your mass counts the largest "
    "weight alone, where it is on a right word; all weight on right words "
    "counts."
)(
    share(
        mass=lambda weights, gold: (weights.amax(dim=2) * hits(weights, gold))[
            gold.any(dim=2)
        ].mean()
    )
)


@PART.mistake(
    "Those are numbers of rows. Divide them by the number of rows that count."
)
def summed(weights, gold):
    return hits(weights, gold).sum().item(), masses(weights, gold).sum().item()
