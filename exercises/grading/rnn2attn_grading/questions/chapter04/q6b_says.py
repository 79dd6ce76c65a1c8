"""4.6, second part: what a map says about the answers."""

from rnn2attn_grading.questions.chapter04.q6_map import QUESTION

TEXT = r"""
**Conclude.** The claim is that a map shows which word an answer comes from. For each seed there are four numbers,
each a share from 0 to 1: `right`, the answers of a model that attends; `largest` and `mass`, those of its largest
weights and of its weight that lie on right words; and `without`, the right answers of a model without attention,
trained as long from the same seed. Attention *is needed* where `right` exceeds `without` by more than 0.05. Choose:

- `"not needed"`: in no seed is it needed. Whatever the map shows, there are answers as good without it.
- `"may be read"`: in every seed it is needed, and at least 0.9 of the largest weights lie on right words.
- `"looks elsewhere"`: in every seed it is needed, and less than 0.9 of them lie there.
- `"cannot tell"`: the seeds do not agree.

Cases 1 to 4 were measured with the chapter's own models: Korean phrases, and dates with three scores. Before you look
at them: which of the four numbers decides nothing here, and which two does a map not show?
"""


def map_says(seeds):
    """What a map of weights says about where answers come from.

    Args:
        seeds: for each a tuple (right, largest, mass, without) of floats.

    Returns:
        "not needed", "may be read", "looks elsewhere" or "cannot tell".
    """
    needed = [right - without > 0.05 for right, _, _, without in seeds]
    on_words = [largest >= 0.9 for _, largest, _, _ in seeds]
    if not any(needed):
        return "not needed"
    if all(needed) and all(on_words):
        return "may be read"
    if all(needed) and not any(on_words):
        return "looks elsewhere"
    return "cannot tell"


PART = QUESTION.part(map_says, 2, text=TEXT)


# The chapter's study, C27, seeds 0 to 4. For dates `without` was measured by the chapter's `date_reader` with no
# score, 200 updates, judged on the same dates.
PHRASES = [
    (1.0, 0.504348, 0.501108, 1.0),
    (1.0, 0.480435, 0.476268, 1.0),
    (1.0, 0.452174, 0.427019, 1.0),
    (1.0, 0.782609, 0.726243, 1.0),
    (1.0, 0.606522, 0.476868, 1.0),
]
NO_ATTENTION = (0.053333, 0.066667, 0.116667, 0.196667, 0.086667)
DATES = {
    "concat": [
        (1.0, 1.0, 0.960889),
        (1.0, 1.0, 0.985497),
        (1.0, 0.962025, 0.959039),
        (1.0, 1.0, 0.980987),
        (1.0, 0.929348, 0.931458),
    ],
    "scaled dot": [
        (0.993333, 0.671567, 0.600549),
        (1.0, 0.892887, 0.682379),
        (0.98, 0.671308, 0.578126),
        (1.0, 0.67539, 0.594751),
        (1.0, 0.768395, 0.625369),
    ],
    "general, scaled": [
        (1.0, 0.871483, 0.851574),
        (1.0, 0.993724, 0.968841),
        (1.0, 0.991561, 0.976656),
        (1.0, 1.0, 0.983802),
        (1.0, 0.858278, 0.830354),
    ],
}


def dates(score):
    rows = zip(DATES[score], NO_ATTENTION, strict=True)
    return {"seeds": [(*row, without) for row, without in rows]}


# What a seed is like: attention needed or not, largest weights on right words or not.
READ, ELSEWHERE = (True, True), (True, False)
LUCKY, IDLE = (False, True), (False, False)


def drawn(draw, *kinds, right=(0.92, 1.0), mass=None):
    """A seed for each kind, with numbers clear of the borders."""
    seeds = []
    for needed, on_words in kinds:
        answers = draw.uniform(*right)
        gap = draw.uniform(0.08, 0.5) if needed else draw.uniform(-0.02, 0.03)
        low, high = (0.92, 1.0) if on_words else (0.3, 0.65)
        largest = draw.uniform(low, high)
        within = (
            draw.uniform(0.6, 0.95) if mass is None else draw.uniform(*mass)
        )
        without = round(min(1.0, answers - gap), 2)
        seeds.append((answers, largest, round(largest * within, 2), without))
    return {"seeds": seeds}


@PART.cases
def cases(draw):
    yield "Korean phrases", {"seeds": PHRASES}
    yield "dates, concat", dates("concat")
    yield "dates, scaled dot", dates("scaled dot")
    yield "dates, general, scaled", dates("general, scaled")
    for name, kinds in (
        ("needed nowhere, on right words", [LUCKY] * 3),
        ("needed nowhere, on right words in one seed", [IDLE, LUCKY, IDLE]),
        ("needed in one seed", [LUCKY, READ, LUCKY]),
        ("needed in all seeds but one", [READ, READ, LUCKY]),
        ("elsewhere, needed in all seeds but one", [ELSEWHERE] * 3 + [IDLE]),
        ("on right words in one seed", [ELSEWHERE, READ, ELSEWHERE]),
        ("on right words in two seeds of three", [READ, READ, ELSEWHERE]),
    ):
        yield name, drawn(draw, *kinds)
    yield (
        "on right words, with less mass",
        drawn(draw, READ, READ, READ, mass=(0.4, 0.6)),
    )
    yield (
        "half of the answers are right",
        drawn(draw, READ, READ, READ, right=(0.5, 0.6)),
    )


@PART.edges
def edges(draw):
    for name, kind in (
        ("read", READ),
        ("elsewhere", ELSEWHERE),
        ("idle", IDLE),
    ):
        yield f"one seed, {name}", drawn(draw, kind)
    yield "ten seeds", drawn(draw, *[READ] * 10)
    yield "ten seeds, one of them idle", drawn(draw, *[READ] * 9, LUCKY)
    yield "nine tenths", {"seeds": [(1.0, 0.9, 0.8, 0.5)] * 2}
    yield "just below", {"seeds": [(1.0, 0.89, 0.8, 0.5)] * 2}
    yield "more by 0.06", {"seeds": [(0.96, 0.95, 0.8, 0.9)] * 2}
    yield "more by 0.04", {"seeds": [(0.94, 0.95, 0.8, 0.9)] * 2}
    yield "more by 0.05", {"seeds": [(0.05, 0.95, 0.8, 0.0)] * 2}
    yield "better without", {"seeds": [(0.5, 0.95, 0.8, 0.9)] * 2}


def gained(seed):
    right, _, _, without = seed
    return right - without > 0.05


def on_right_words(seed):
    return seed[1] >= 0.9


def rule(
    needed=gained, on_words=on_right_words, every=all, some=any, mixed=None
):
    """An answer in which one step is another."""

    def answer(seeds):
        need, lie = map(needed, seeds), map(on_words, seeds)
        need, lie = list(need), list(lie)
        if not some(need):
            return "not needed"
        if every(need) and every(lie):
            return "may be read"
        if every(need) and not some(lie):
            return "looks elsewhere"
        return mixed(lie) if mixed else "cannot tell"

    return answer


def most(answers):
    answers = list(answers)
    return sum(answers) > len(answers) / 2


def of_means(seeds):
    columns = zip(*seeds, strict=True)
    return map_says([tuple(sum(column) / len(seeds) for column in columns)])


map_alone = PART.mistake(
    "You go by the map alone. Where a model without attention answers as well, "
    "nothing hangs on where the weights lie."
)(rule(needed=lambda seed: True))


@PART.mistake(
    'Two things. You go by the map alone, and you never say `"cannot tell"`. '
    "Look first whether attention is needed at all."
)
def map_alone_without_doubt(seeds):
    readable = all(map(on_right_words, seeds))
    return "may be read" if readable else "looks elsewhere"


by_answers = PART.mistake(
    "You take right answers for a sign that the map is right. A model can be "
    "right that looks elsewhere."
)(rule(on_words=lambda seed: seed[0] >= 0.9))
by_mass = PART.mistake(
    "You look at the mass. Asked is how often the largest weight lies on a "
    "right word."
)(rule(on_words=lambda seed: seed[2] >= 0.9))
by_half = PART.mistake(
    "You are content where most of the largest weights lie on right words. At "
    "least 0.9 of them have to."
)(rule(on_words=lambda seed: seed[1] > 0.5))
without_is_bad = PART.mistake(
    "You call attention needed where the other model is often wrong. It is "
    "needed where it does better than the other."
)(rule(needed=lambda seed: seed[3] < 0.5))
right_is_good = PART.mistake(
    "You call attention needed where the model that attends is often right. "
    "Compare with what the other model can do."
)(rule(needed=lambda seed: seed[0] > 0.9))
by_most = PART.mistake(
    "You go by most of the seeds. Asked is what holds in every one of them."
)(rule(every=most, some=most))
by_means = PART.mistake(
    "You take means over the seeds. A mean does not show whether all seeds "
    "agree."
)(of_means)
one_is_needed = PART.mistake(
    "One seed in which attention is needed is enough for you. It has to be "
    "needed in every one."
)(
    lambda seeds: map_says(
        [(1.0, *seed[1:3], 0.0) for seed in seeds]
        if any(map(gained, seeds))
        else seeds
    )
)


@PART.mistake(
    'You say `"not needed"` as soon as one seed does without. That is for '
    "where none needs it."
)
def one_is_not(seeds):
    return map_says(seeds) if all(map(gained, seeds)) else "not needed"


no_doubt = PART.mistake(
    'You never say `"cannot tell"`: where the seeds do not agree, a map may '
    "be read in one and not in the next."
)(rule(mixed=lambda lie: "may be read" if most(lie) else "looks elsewhere"))


@PART.mistake(
    'You say `"looks elsewhere"` wherever the largest weights are not right in '
    "every seed. That is for where they are in none."
)
def elsewhere_by_default(seeds):
    if all(map(gained, seeds)) and not all(map(on_right_words, seeds)):
        return "looks elsewhere"
    return map_says(seeds)


@PART.mistake(
    'You say `"not needed"` only where the weights lie elsewhere. Weights may '
    "also lie on right words and not be needed."
)
def idle_only_elsewhere(seeds):
    said = map_says(seeds)
    if said == "not needed" and any(map(on_right_words, seeds)):
        return "may be read" if all(map(on_right_words, seeds)) else UNSURE
    return said


UNSURE = "cannot tell"
