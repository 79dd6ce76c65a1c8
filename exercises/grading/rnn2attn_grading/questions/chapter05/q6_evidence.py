"""5.6: what maps and cuts show."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"It says *five* and lights up the five: it reads the word there." Two things are claimed. One can be seen on a map,
the other cannot. For several seeds there are, as means over many pictures with two boxes, the box that a word
names and the other one:

- `"share"`: the share of attention on the named box, and on the other;
- `"area"`: the share of the picture that each of the two covers;
- `"cut"`: how often the word changes if the named box is taken away (covered, or its cells shut), and if the other
  is; None if nothing was taken away.

In a seed the model *looks there* if the named box gets a larger share of the attention than of the area, and if share
divided by area is larger for it than for the other box. The word *depends on* the named box if it changes more often
without that box than without the other. Each of the two is shown if it holds in every seed. Choose:

- `"looks there and depends on it"`: both are shown.
- `"looks there"`: the first is shown, the second is not.
- `"depends on it"`: the second is shown, the first is not.
- `"neither"`: neither is shown.

Case 1 is the chapter's model with the cells of a box shut, seeds 0 to 4. Case 2 is the mean of the cells, seed 0,
with a digit covered. Predict both before you write the function.
"""

QUESTION = Question("5.6", "What a map shows, and what it does not", TEXT)


def evidence(seeds):
    """What is shown about a model that names what lies in a box.

    Args:
        seeds: a list of dicts, each with "share" and "area", pairs of floats
            (named box, other box), and with "cut", such a pair or None.
            Areas are above 0. Either all seeds have None or none has.

    Returns:
        "looks there and depends on it", "looks there", "depends on it" or
        "neither".
    """
    looks = depends = True
    for seed in seeds:
        (named, other), (area, other_area) = seed["share"], seed["area"]
        times = named / area
        if times <= 1 or times <= other / other_area:
            looks = False
        if seed["cut"] is None or seed["cut"][0] <= seed["cut"][1]:
            depends = False
    if looks:
        return "looks there and depends on it" if depends else "looks there"
    return "depends on it" if depends else "neither"


PART = QUESTION.part(evidence, 3)


AREA = (0.1406, 0.1406)
# The chapter's study, C30, shares and first words, cells shut, seeds 0 to 4.
ATTENDING = [
    {"share": share, "area": AREA, "cut": cut}
    for share, cut in (
        ((0.9476, 0.0237), (0.98, 0.0033)),
        ((0.9419, 0.0250), (0.9767, 0.0167)),
        ((0.9353, 0.0224), (0.9867, 0.0067)),
        ((0.8051, 0.0186), (0.8833, 0.0133)),
        ((0.9005, 0.0215), (0.9467, 0.01)),
    )
]
# The chapter's mean of the cells, seed 0, digits covered.
AVERAGING = [{"share": AREA, "area": AREA, "cut": (0.72, 0.31)}]


def seed(draw, lifts=(5.0, 1.0), cut=(0.6, 0.1), areas=(0.12, 0.12)):
    """A seed whose boxes get these multiples of chance; all moved a little."""
    by = 1 + draw.uniform(0, 0.04)
    share = [
        round(a * by * times, 4) for a, times in zip(areas, lifts, strict=True)
    ]
    area = [round(a * by, 4) for a in areas]
    moved = draw.uniform(0, 0.03)
    cut = cut and tuple(round(x + moved, 3) for x in cut)
    return {"share": tuple(share), "area": tuple(area), "cut": cut}


LARGE, SMALL = (0.4, 0.08), (0.08, 0.4)  # areas of the two boxes


@PART.cases
def cases(draw):
    yield "the chapter's model, cells shut", {"seeds": ATTENDING}
    yield "the mean of the cells, covered", {"seeds": AVERAGING}
    few, much, even = (0.05, 0.01), (0.9, 0.8), (0.4, 0.7)
    for name, settings in (
        ("nothing taken away", [{"cut": None}] * 3),
        ("a word that seldom changes", [{"cut": few}, {"cut": (0.2, 0.05)}]),
        ("a word that always changes", [{"cut": much}, {"cut": (0.8, 0.85)}]),
        ("the other box matters more", [{"cut": even}, {"cut": (0.6, 0.9)}]),
        # More weight on the named box, which is the larger one.
        ("a large box", [{"areas": LARGE, "lifts": (1.3, 2.1)}] * 2),
        # Less weight on the named box, which is the smaller one.
        ("a small box", [{"areas": SMALL, "lifts": (3.1, 1.4)}] * 2),
        ("ink, whatever the word", [{"lifts": (3.2, 3.7)}] * 3),
        ("both below chance", [{"lifts": (0.8, 0.4)}] * 3),
        ("a little more than chance", [{"lifts": (1.4, 0.9)}] * 2),
        (
            "far less weight in one seed of three",
            [
                {"lifts": (2.0, 1.0)},
                {"lifts": (0.5, 4.0)},
                {"lifts": (2.0, 1.0)},
            ],
        ),
        (
            "far more often in one seed of three",
            [{"cut": (0.5, 0.4)}, {"cut": (0.2, 0.9)}, {"cut": (0.5, 0.4)}],
        ),
        (
            "less weight in one seed of three",
            [{}, {}, {"lifts": (0.9, 1.4)}],
        ),
        (
            "less weight in two seeds of three, not in the mean",
            [{"lifts": (7.5, 0.3)}, *[{"lifts": (1.5, 1.7)}] * 2],
        ),
        (
            "the other box in one seed of three",
            [{}, {}, {"cut": (0.3, 0.4)}],
        ),
        (
            "the other box in two seeds of three, not in the mean",
            [{"cut": (0.9, 0.1)}, {"cut": (0.3, 0.4)}, {"cut": (0.2, 0.3)}],
        ),
        (
            "no more weight, nothing taken away",
            [{"lifts": (0.9, 1.2), "cut": None}] * 2,
        ),
        (
            "neither in any seed",
            [{"lifts": (1.2, 2.0), "cut": (0.3, 0.5)}] * 2,
        ),
    ):
        yield name, {"seeds": [seed(draw, **one) for one in settings]}


@PART.edges
def edges(draw):
    named = seed(draw)
    area = named["area"]
    alike = named | {"share": (area[0], area[1] / 2)}
    yield "exactly chance", {"seeds": [alike]}
    level = named | {"share": (named["share"][0],) * 2}
    yield "as much on the other box", {"seeds": [level]}
    tied = named | {"cut": (0.4, 0.4)}
    yield "as often without the other", {"seeds": [named, tied]}
    yield "one seed", {"seeds": [seed(draw, lifts=(4.0, 0.5))]}
    late = [seed(draw), seed(draw, lifts=(0.7, 0.2)), seed(draw)]
    yield "below chance in the middle seed", {"seeds": late}
    late = [seed(draw, cut=(0.2, 0.5)), seed(draw)]
    yield "the other box in the first seed", {"seeds": late}


def per_area(seed):
    """Attention on the named box and on the other, as multiples of chance."""
    (named, other), (area, other_area) = seed["share"], seed["area"]
    return named / area, other / other_area


def looking(seed):
    named, other = per_area(seed)
    return named > 1 and named > other


def depending(seed):
    return seed["cut"] is not None and seed["cut"][0] > seed["cut"][1]


def verdict(looks, depends):
    if looks:
        return "looks there and depends on it" if depends else "looks there"
    return "depends on it" if depends else "neither"


def rule(look=looking, depend=depending, all_look=all, all_depend=all):
    """An answer in which one step is another."""

    def answer(seeds):
        return verdict(
            all_look(look(seed) for seed in seeds),
            all_depend(depend(seed) for seed in seeds),
        )

    return answer


def most(answers):
    answers = list(answers)
    return sum(answers) > len(answers) / 2


def without_areas(seed):
    return seed["share"][0] > seed["share"][1]


def of_means(which):
    """An answer that compares means over the seeds, in the attention or after a cut."""

    def mean_of(seeds, key):
        columns = zip(*(seed[key] for seed in seeds), strict=True)
        return tuple(sum(column) / len(seeds) for column in columns)

    def answer(seeds):
        keys = ["share", "area"] + (["cut"] if seeds[0]["cut"] else [])
        means = {"cut": None} | {key: mean_of(seeds, key) for key in keys}
        looks, depends = all(map(looking, seeds)), all(map(depending, seeds))
        if which == "map":
            return verdict(looking(means), depends)
        return verdict(looks, depending(means))

    return answer


raw_shares = PART.mistake(
    "You compare the shares of the two boxes as they are. A larger box gets "
    "more by chance: compare for their areas."
)(rule(without_areas))
raw_and_chance = PART.mistake(
    "Against chance you count the area in, and against the other box you do "
    "not. A larger box gets more by chance: compare share divided by area."
)(rule(lambda seed: per_area(seed)[0] > 1 and without_areas(seed)))
against_chance_alone = PART.mistake(
    "You compare with chance alone. A model that looks at ink, whatever the "
    "word, has much on both boxes: compare with the other box as well."
)(rule(lambda seed: per_area(seed)[0] > 1))
against_other_alone = PART.mistake(
    "You compare with the other box alone. Both may get less than chance."
)(rule(lambda seed: per_area(seed)[0] > per_area(seed)[1]))
more_than_half = PART.mistake(
    "You ask for more than half of the attention. How much is a lot depends on "
    "the area of the box."
)(rule(lambda seed: seed["share"][0] > 0.5))
by_the_map = PART.mistake(
    "You take it from the map that the word depends on the box. The map shows "
    "where features were taken from, and not what became of them."
)(rule(depend=looking))
without_control = PART.mistake(
    "You look at the named box alone. A word that changes whatever is taken "
    "away does not depend on that box more than on the other."
)(rule(depend=lambda s: s["cut"] is not None and s["cut"][0] > 0.5))
whatever_it_is = PART.mistake(
    "That the word changes at all is enough for you. It may do so as often if "
    "the other box is taken away."
)(rule(depend=lambda s: s["cut"] is not None and s["cut"][0] > 0))
none_is_enough = PART.mistake(
    "Nothing was taken away, and you conclude that the word depends on the box. "
    "Nobody looked."
)(rule(depend=lambda s: s["cut"] is None or depending(s)))
by_the_cut = PART.mistake(
    "You take it from the cut that the model looks there. Without the box the "
    "word may change in a model that looks nowhere, as case 2 shows."
)(rule(look=lambda s: looking(s) or depending(s)))
never_without_looking = PART.mistake(
    'You never say `"depends on it"`. A word can depend on a box without the '
    "attention's being there: a mean of all cells has seen it, too."
)(lambda seeds: "neither" if not all(map(looking, seeds)) else evidence(seeds))
most_look = PART.mistake(
    "You go by most of the seeds for the attention. Asked is what holds in "
    "every one of them."
)(rule(all_look=most))
any_looks = PART.mistake(
    "One seed is enough for you for the attention. Asked is what holds in every "
    "one of them."
)(rule(all_look=any))
most_depend = PART.mistake(
    "You go by most of the seeds for what is taken away. Asked is what holds in "
    "every one of them."
)(rule(all_depend=most))
any_depends = PART.mistake(
    "One seed is enough for you for what is taken away. Asked is what holds in "
    "every one of them."
)(rule(all_depend=any))
mean_look = PART.mistake(
    "You compare mean shares over the seeds. A mean does not show whether all "
    "seeds agree."
)(of_means("map"))
mean_depends = PART.mistake(
    "You compare mean changes over the seeds. A mean does not show whether all "
    "seeds agree."
)(of_means("cut"))
exchanged = PART.mistake(
    "The two boxes are exchanged: the named one comes first in every pair."
)(
    lambda seeds: evidence(
        [
            {key: pair and pair[::-1] for key, pair in seed.items()}
            for seed in seeds
        ]
    )
)
