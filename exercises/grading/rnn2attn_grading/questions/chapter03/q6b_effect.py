"""3.6, second part: what a narrower gap says about a way of training."""

from rnn2attn_grading.questions.chapter03.q6_gap import QUESTION

TEXT = r"""
**Narrower.** "Forcing first, then free running, closes the gap." A decoder was trained by forcing, and in another
way. Both were measured with the same seeds, and with the same seed both start from the same weights and see the same
data in the same order: compare them seed by seed. Each seed gives a pair (forced, free), the share of right words
when the right words are read, and when its own are. The gap is forced − free. Choose:

- `"helps"`: running freely, the other way is more often right, in every seed.
- `"narrows the gap by hurting"`: it is less often right, and the gap is narrower, both in every seed.
- `"hurts"`: it is less often right in every seed, and in at least one the gap is not narrower.
- `"cannot tell"`: the seeds do not agree about running freely.

Cases 1 and 2 are the chapter's own, the hard switch with an LSTM, and with a GRU at a constant rate. Before you look
at them: which of the two numbers in a pair does somebody who uses the decoder get to feel?
"""


def effect(usual, other):
    """What another way of training does to a decoder.

    Args:
        usual: trained by forcing, a pair (forced, free) of floats for each
            seed.
        other: trained in another way, for the same seeds in that order.

    Returns:
        "helps", "hurts", "narrows the gap by hurting" or "cannot tell".
    """
    pairs = list(zip(usual, other, strict=True))
    if all(new[1] > old[1] for old, new in pairs):
        return "helps"
    if not all(new[1] < old[1] for old, new in pairs):
        return "cannot tell"
    if all(new[0] - new[1] < old[0] - old[1] for old, new in pairs):
        return "narrows the gap by hurting"
    return "hurts"


PART = QUESTION.part(effect, 2, text=TEXT)


# The chapter's study, C19: reversal of 8 letters, seeds 0 to 4.
LSTM = {
    "usual": [
        (0.9940, 0.9842),
        (0.9973, 0.9936),
        (0.9951, 0.9856),
        (0.9942, 0.9858),
        (0.9936, 0.9820),
    ],
    "other": [
        (0.8549, 0.8031),
        (0.8924, 0.8387),
        (0.8636, 0.7958),
        (0.8758, 0.8218),
        (0.8922, 0.8320),
    ],
}
GRU = {
    "usual": [
        (0.9100, 0.8182),
        (0.9082, 0.8129),
        (0.9078, 0.8251),
        (0.9049, 0.8180),
        (0.9153, 0.8282),
    ],
    "other": [
        (0.7524, 0.6782),
        (0.7473, 0.6924),
        (0.7553, 0.6720),
        (0.7640, 0.6833),
        (0.7238, 0.6491),
    ],
}


def changed(draw, *changes):
    """A seed for each of (change of forced, change of free); seeds differ by more than what is changed."""
    usual, other = [], []
    for seed, (of_forced, of_free) in enumerate(changes):
        free = 0.45 + 0.08 * (seed % 5) + draw.uniform(0, 0.03)
        forced = free + draw.uniform(0.08, 0.12)
        usual.append((round(forced, 3), round(free, 3)))
        other.append((round(forced + of_forced, 3), round(free + of_free, 3)))
    return {"usual": usual, "other": other}


@PART.cases
def cases(draw):
    yield "the chapter's LSTM", LSTM
    yield "the chapter's GRU, constant rate", GRU
    a, b = draw.uniform(0.03, 0.05), draw.uniform(0.01, 0.02)
    for name, changes in (
        ("forced up, and free up", [(a, b), (a, b), (b, a), (a, b)]),
        ("forced down, free up", [(-a, b), (-b, b), (-a, a)]),
        ("free up in two seeds of three", [(-a, b), (-b, b), (-a, -a - b)]),
        (
            "free down in two seeds of three",
            [(-a, -b), (-a, -a + 0.01), (b, b)],
        ),
        (
            "gaps narrower, free up in two of three",
            [(-a, b), (-a, -b), (-a, b)],
        ),
        ("forced and free down by far", [(-0.31, -0.3)] * 3),
        (
            "free down, gaps narrower in two of three",
            [(-a, -b), (-a, -b), (-b, -a)],
        ),
        ("free down, forced down or up", [(-b, -a), (b, -b), (-b, -a)]),
        ("five seeds", [(-a, -b)] * 5),
    ):
        yield name, changed(draw, *changes)


@PART.edges
def edges(draw):
    yield "one seed", changed(draw, (-0.04, -0.02))
    yield "ten seeds", changed(draw, *[(-0.01, 0.02)] * 10)
    yield (
        "free up in nine seeds of ten",
        changed(draw, *[(0.05, 0.04)] * 9, (0, -0.01)),
    )
    usual = [(0.75, 0.5), (0.75, 0.5)]  # numbers that a computer holds exactly
    for name, other in (
        (
            "as often right in one seed, else more",
            [(0.75, 0.5), (0.875, 0.625)],
        ),
        ("as often right in one seed, else less", [(0.625, 0.5), (0.5, 0.375)]),
        ("a gap as wide in one seed", [(0.625, 0.375), (0.5, 0.375)]),
    ):
        yield name, {"usual": usual, "other": other}


HURTS, NARROWS = "hurts", "narrows the gap by hurting"


def gap(pair):
    return pair[0] - pair[1]


def free(pair):
    return pair[1]


def rule(better=free, distance=gap, agree=all, agree_on_gap=None, mixed=None):
    """An answer in which one step is another."""

    def answer(usual, other):
        pairs = list(zip(usual, other, strict=True))
        if agree(better(new) > better(old) for old, new in pairs):
            return "helps"
        worse = agree(better(new) < better(old) for old, new in pairs)
        if not worse:
            return mixed or "cannot tell"
        narrower = (distance(new) < distance(old) for old, new in pairs)
        return NARROWS if (agree_on_gap or agree)(narrower) else HURTS

    return answer


def most(answers):
    answers = list(answers)
    return sum(answers) > len(answers) / 2


def of_means(usual, other):
    def mean(pairs):
        columns = zip(*pairs, strict=True)
        return tuple(sum(column) / len(pairs) for column in columns)

    return effect([mean(usual)], [mean(other)])


by_the_gap = PART.mistake(
    "You judge by the gap. It also becomes narrower where both numbers fall, "
    "and a model that is always wrong has none."
)(rule(better=lambda pair: -gap(pair)))
by_forced = PART.mistake(
    "You judge by the forced numbers. Nobody gives the right words to a decoder "
    "that is in use."
)(rule(better=lambda pair: pair[0]))
by_the_sum = PART.mistake(
    "You judge by forced and free together. In use it runs freely, and only "
    "that counts."
)(rule(better=sum))
by_most = PART.mistake(
    "You go by most of the seeds. Asked is what holds in every one of them."
)(rule(agree=most))
by_any = PART.mistake(
    "One seed is enough for you. Asked is what holds in every one of them."
)(rule(agree=any))
by_means = PART.mistake(
    "You compare means over the seeds. A mean does not show whether all seeds "
    "agree."
)(of_means)
gap_by_most = PART.mistake(
    "Right about running freely. The gap has to be narrower in every seed as "
    "well, not in most of them."
)(rule(agree_on_gap=most))
gap_ratio = PART.mistake(
    "Right about running freely. The gap is the difference, forced − free; "
    "yours is a ratio."
)(rule(distance=lambda pair: -pair[1] / pair[0]))
gap_other_way = PART.mistake(
    "Right about running freely. A gap that becomes wider is taken for one "
    "that becomes narrower."
)(rule(distance=lambda pair: -gap(pair)))
never_narrows = PART.mistake(
    'You never say `"narrows the gap by hurting"`: see what the gap does where '
    "it hurts."
)(rule(agree_on_gap=lambda answers: False))
always_narrows = PART.mistake(
    "You do not look at the gap: where it hurts, the gap may also be wider."
)(rule(agree_on_gap=lambda answers: True))
no_doubt = PART.mistake(
    'You never say `"cannot tell"`: where the seeds do not agree, it neither '
    "helps nor hurts."
)(rule(mixed=HURTS))


def narrower_first(otherwise):
    def answer(usual, other):
        narrower = zip(map(gap, other), map(gap, usual), strict=True)
        says = effect(usual, other)
        if says != "helps" and all(new < old for new, old in narrower):
            return NARROWS
        return otherwise if says == "cannot tell" else says

    return answer


unseen_harm = PART.mistake(
    'You say `"narrows the gap by hurting"` wherever the gap is narrower and '
    "nothing helps. Look first whether it hurts."
)(narrower_first(otherwise="cannot tell"))
unseen_harm_and_doubt = PART.mistake(
    'Two things. You say `"narrows the gap by hurting"` without having seen '
    'that it hurts, and never `"cannot tell"`.'
)(narrower_first(otherwise=HURTS))


@PART.mistake(
    "You compare all seeds of one way with all of the other. The same seed "
    "stands in both: compare in pairs, then what differs between seeds drops "
    "out."
)
def not_in_pairs(usual, other):
    old, new = ([free(pair) for pair in pairs] for pairs in (usual, other))
    if min(new) > max(old):
        return "helps"
    if max(new) >= min(old):
        return "cannot tell"
    old, new = ([gap(pair) for pair in pairs] for pairs in (usual, other))
    return NARROWS if max(new) < min(old) else HURTS


@PART.mistake(
    "The two ways are exchanged: `usual` is what `other` is compared with."
)
def exchanged(usual, other):
    return effect(other, usual)
