"""5.5, second part: attention against chance."""

from statistics import median

from rnn2attn_grading.questions.chapter05.q5_share import QUESTION

TEXT = r"""
**Against chance.** A share of 0.3 is much on a small box and nothing on a large one. For each word of many captions
you have the share of attention on the box that it names, and the box's share of the picture's area. Words that name
nothing have None for both. Return how many times chance the attention on named boxes is: the mean share, divided by
the mean share that equal weights would have.
"""


def lift(shares, areas):
    """Attention on named boxes, as a multiple of chance.

    Args:
        shares: of attention on the box that a word names, a float, or None
            for a word that names nothing.
        areas: of that box, as a share of the picture, a float above 0, or
            None for the same words.

    Returns:
        A float.
    """
    # A share of 0 may go as well: it adds nothing.
    return sum(filter(None, shares)) / sum(filter(None, areas))


PART = QUESTION.part(lift, 1, text=TEXT, difficulty=1)


def inputs(draw, *areas):
    """A word for each area; the smaller a box, the more times chance it gets."""
    shares = [
        None
        if area is None
        else round(area**0.5 + draw.uniform(-0.06, 0.06), 3)
        for area in areas
    ]
    return {"shares": shares, "areas": list(areas)}


@PART.cases
def cases(draw):
    areas = [draw.uniform(0.02, 0.05), None, 0.4, 0.17, None, 0.29, 0.08]
    yield "boxes of many sizes", inputs(draw, *areas)
    yield "boxes of one size", inputs(draw, *[0.14, None, 0.14, 0.14] * 2)
    yield "one box", inputs(draw, 0.25)
    less = inputs(draw, 0.36, None, 0.49, 0.64)
    less["shares"] = [s and round(s / 4, 3) for s in less["shares"]]
    yield "less than chance", less
    nowhere = inputs(draw, 0.21, None, 0.13, 0.34)
    nowhere["shares"][2] = 0.0
    yield "nothing on one of the boxes", nowhere


@PART.edges
def edges(draw):
    yield "the first word names nothing", inputs(draw, None, 0.31, 0.11, None)
    nowhere = inputs(draw, 0.2, None, draw.uniform(0.1, 0.3))
    yield "nothing on the boxes", nowhere | {"shares": [0.0, None, 0.0]}


def pairs(shares, areas):
    both = zip(shares, areas, strict=True)
    return [(s, a) for s, a in both if s is not None]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


@PART.mistake(
    "That is the mean of the quotients: tiny boxes outweigh all others. Divide "
    "the mean share by the mean area."
)
def mean_of_quotients(shares, areas):
    return mean(s / a for s, a in pairs(shares, areas))


@PART.mistake("Upside down: chance is what you divide by.")
def upside_down(shares, areas):
    return 1 / lift(shares, areas)


@PART.mistake(
    "That is the difference to chance. Asked is how many times chance it is."
)
def difference(shares, areas):
    named = pairs(shares, areas)
    return mean(s for s, _ in named) - mean(a for _, a in named)


@PART.mistake(
    "That is how much more than chance, as a multiple of it. Exactly chance is "
    "to give 1."
)
def more_than_chance(shares, areas):
    return lift(shares, areas) - 1


@PART.mistake("That is the mean share. Divide it by what chance would give.")
def share_alone(shares, areas):
    return mean(s for s, _ in pairs(shares, areas))


@PART.mistake(
    "Words that name nothing are counted as a share of 0. They name no box on "
    "which attention could be: leave them out."
)
def none_as_zero(shares, areas):
    named = pairs(shares, areas)
    return mean(s or 0.0 for s in shares) / mean(a for _, a in named)


@PART.mistake(
    "For words that name nothing you take the whole picture as the box, 1 for "
    "both. Leave them out."
)
def none_as_all(shares, areas):
    def filled(values):
        return [1.0 if value is None else value for value in values]

    return lift(filled(shares), filled(areas))


@PART.mistake(
    "You count in how many words the share is above chance. Asked is by how "
    "much it is, as a multiple."
)
def how_often(shares, areas):
    return mean(float(s > a) for s, a in pairs(shares, areas))


@PART.mistake(
    "You add up without dividing: more words would give more. Divide by the "
    "sum of the areas."
)
def summed(shares, areas):
    return sum(s / a for s, a in pairs(shares, areas))


@PART.mistake(
    "You take the product of share and area. Chance is what you divide by."
)
def product(shares, areas):
    named = pairs(shares, areas)
    return mean(s for s, _ in named) * mean(a for _, a in named)


@PART.mistake(
    "A share of 0 is taken for no share, and its box left out. It names a box, "
    "and nobody looked there: that counts. Ask `is None`."
)
def zero_as_none(shares, areas):
    both = [(s, a) for s, a in pairs(shares, areas) if s] or [(0.0, 1.0)]
    return mean(s for s, _ in both) / mean(a for _, a in both)


@PART.mistake(
    "For words that name nothing you take a share of 0 on the whole picture. "
    "Leave them out of both means."
)
def none_as_nowhere(shares, areas):
    whole = [1.0 if area is None else area for area in areas]
    return mean(s or 0.0 for s in shares) / mean(whole)


@PART.mistake("Those are medians. A mean counts every box, the large ones too.")
def medians(shares, areas):
    named = pairs(shares, areas)
    return median(s for s, _ in named) / median(a for _, a in named)
