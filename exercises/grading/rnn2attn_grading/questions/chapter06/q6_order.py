"""6.6: which order a network sees."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Somebody has a network that gives one output for each word, and nobody can look inside. Does it see the order of the
words, and if so, on which side? Sentences were read twice, the second time with some words moved: `order[j]` is the
place at which the word in place $j$ of the second reading stood in the first. A network that does not see order gives
each word the output that it had before, wherever it stands now. And one that looks back only cannot know at a place
that anything has changed, as long as everything up to there has stayed. Choose:

- `"blind to order"`: a word was moved in some trial, and in every trial all words kept their outputs.
- `"looks ahead"`: in some trial a word got another output, though up to its place nothing had moved.
- `"looks back only"`: some word got another output; there was a trial in which words moved and the first one did not;
  and in every trial the places before the first that had moved kept their outputs.
- `"cannot tell"`: none of these.

Two outputs are alike where none of their numbers differ by more than `tolerance`. Before you write it: does a network
look back only, if it has no positions, and attends under a causal mask?
"""

QUESTION = Question("6.6", "Which order a network sees", TEXT)


def order_seen(trials, tolerance):
    """Which order a network has shown to see.

    Args:
        trials: a list of (order, first, second): where each word of the
            second reading stood in the first, int64, (T,); and the outputs of
            the two readings, (T, d).
        tolerance: up to which numbers are alike, above 0.

    Returns:
        "blind to order", "looks ahead", "looks back only" or "cannot tell".
    """
    moved = changed = tested = False
    for order, first, second in trials:
        other = ((second - first[order]).abs() > tolerance).any(dim=1)
        stays = (order == torch.arange(len(order))).cumprod(dim=0)
        if (other & stays).any():
            return "looks ahead"
        changed |= any(other)
        moved |= not stays.all()
        tested |= stays[0] and not stays.all()
    if changed:
        return "looks back only" if tested else "cannot tell"
    return "blind to order" if moved else "cannot tell"


PART = QUESTION.part(order_seen, 3)


def attention(x, causal=False, positions=0):
    """Each word looks at all, or at those up to itself; positions add a number of their own to each word."""
    x = x + positions * torch.arange(len(x))[:, None].sin()
    scores = x @ x.T
    if causal:
        later = torch.ones_like(scores).triu(1).bool()
        scores = scores.masked_fill(later, -torch.inf)
    return scores.softmax(dim=1) @ x


def causal(x):
    return attention(x, causal=True)


def with_positions(x):
    return attention(x, positions=1)


def positions_alone(x):
    return x + torch.arange(len(x))[:, None]


def neighbours(x, next_=0.5):
    """Each word with one before it and one after it."""
    padded = torch.cat([0 * x[:1], x, 0 * x[:1]])
    return padded[:-2] + 2 * x + next_ * padded[2:]


def before(x):
    return neighbours(x, next_=0)


def inputs(draw, network, *orders, noise=0.0):
    """Trials with words of two numbers; outputs have four decimals, and none is off by just the tolerance."""
    trials = []
    for order in map(torch.tensor, orders):
        at_the_border = True
        while at_the_border:
            x = draw.normal(len(order), 2)
            first = network(x).round(decimals=4)
            second = (network(x[order]) + noise).round(decimals=4)
            off = (second - first[order]).abs()
            at_the_border = ((off - 0.001).abs() < 5e-5).any()
        trials.append((order, first, second))
    return {"trials": trials, "tolerance": 0.001}


def last_sums(x):
    """Each word by itself, but for the last, whose output counts all, the later the more."""
    weights = 1 + torch.arange(len(x), dtype=x.dtype)
    return torch.cat([x[:-1], weights[None] @ x])


STAYED = (0, 1, 2, 3)


@PART.cases
def cases(draw):
    yield (
        "attention",
        inputs(draw, attention, (4, 3, 2, 1, 0), (2, 0, 1), noise=0.0003),
    )
    for name, network, *orders in (
        ("attention with positions", with_positions, (0, 1, 3, 4, 2), STAYED),
        ("attention, a causal mask", causal, (0, 1, 4, 2, 3), (1, 0, 2, 3)),
        ("a causal mask, the first word moved", causal, (1, 2, 0, 3), (1, 0)),
        ("no word moved", with_positions, STAYED, (0, 1)),
        ("a word and its neighbours", neighbours, (0, 1, 2, 4, 5, 3)),
        ("a causal mask, the last word stayed", causal, (0, 2, 1, 3)),
        (
            "a word and the one before",
            before,
            (2, 0, 1),
            (0, 2, 1, 3),
            STAYED,
        ),
        ("a word and its place", positions_alone, (0, 3, 1, 2), (1, 2, 0)),
        ("the last word alone looks", last_sums, (0, 2, 1, 3)),
    ):
        yield name, inputs(draw, network, *orders)
    yield (
        "attention, not quite exact",
        inputs(draw, attention, (1, 0, 3, 2), STAYED, noise=0.0008),
    )


@PART.edges
def edges(draw):
    yield "no trials", {"trials": [], "tolerance": 0.001}
    yield "one word", inputs(draw, positions_alone, (0,))
    for name, tolerance in (("at", 0.5), ("just above", 0.25)):
        first = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).double()
        trial = (torch.tensor([1, 0]), first, first.flip(0) - 0.5)
        yield (
            f"differences {name} the tolerance",
            {"trials": [trial], "tolerance": tolerance},
        )
    yield (
        "it looks ahead in the last of three trials",
        inputs(draw, neighbours, STAYED, (3, 2, 1, 0), (0, 1, 3, 2)),
    )
    yield (
        "it looks ahead in the first of three trials",
        inputs(draw, neighbours, (0, 1, 3, 2), (3, 2, 1, 0), STAYED),
    )
    far = inputs(draw, with_positions, (0, 2, 1, 3))
    yield "a wide tolerance", far | {"tolerance": 100.0}
    for name, off in (
        ("one number a little larger", (0.0015, 0.0)),
        ("one number a little smaller", (0.0, -0.0015)),
    ):
        yield name, by_hand(readings(draw, (0, 2, 1), {0: off}))
    large = readings(draw, (0, 2, 1), {0: (0.005, 0.005)}, scale=2000)
    yield "large outputs, a little apart", by_hand(large)
    kept, changed = (
        readings(draw, (1, 0)),
        readings(draw, (1, 0), {1: (1.0, 1.0)}),
    )
    yield "all kept in the first of two trials", by_hand(kept, changed)
    yield "all kept in the second of two trials", by_hand(changed, kept)
    still = readings(draw, (0, 2, 1))
    yield (
        "the first word stays in a trial in which all are kept",
        by_hand(still, changed),
    )
    back = readings(draw, (0, 2, 1), {2: (1.0, 1.0)})
    ahead = readings(draw, (0, 1, 3, 2), {1: (1.0, 1.0)})
    yield (
        "it looks ahead in one trial, and not in another",
        by_hand(back, ahead),
    )
    yield "it looks ahead in one trial, not in the other", by_hand(ahead, back)


def readings(draw, order, off=None, scale=1.0):
    """Outputs that the words keep, but for those at some places of the second reading, which are off by so much."""
    order = torch.tensor(order)
    first = draw.normal(len(order), 2, scale=scale)
    first = first + first.sign() * scale
    second = first[order].clone()
    for place, by in (off or {}).items():
        second[place] += torch.tensor(by)
    return order, first, second


def by_hand(*trials):
    return {"trials": list(trials), "tolerance": 0.001}


def rule(
    differ=None, unmoved=None, over=any, untested="cannot tell", still=None
):
    """An answer in which one step is another."""

    def answer(trials, tolerance):
        ahead, changed, moved, tested = [], [], False, False
        for order, first, second in trials:
            other = (differ or differing)(order, first, second, tolerance)
            here = order == torch.arange(len(order))
            stays = here.cumprod(dim=0).bool()
            prefix = unmoved(here, stays) if unmoved else stays
            ahead.append(bool((other & prefix).any()))
            changed.append(bool(other.any()))
            moved |= not here.all()
            tested |= bool(here[0]) and not here.all()
        if any(ahead):
            return "looks ahead"
        if changed and over(changed):
            return "looks back only" if tested else untested
        return "blind to order" if moved else still or "cannot tell"

    return answer


def differing(order, first, second, tolerance):
    return ((second - first[order]).abs() > tolerance).any(dim=1)


def at_one_place(first, second, tolerance):
    return ((second - first).abs() > tolerance).any(dim=1)


def last_word(order, first, second, tolerance):
    other = differing(order, first, second, tolerance)
    return other & (torch.arange(len(order)) == len(order) - 1)


def mean_differs(order, first, second, tolerance):
    off = (second.mean(dim=0) - first.mean(dim=0)).abs() > tolerance
    return off.any().expand(len(order)) & (order != torch.arange(len(order)))


place_by_place = PART.mistake(
    "You compare what stands at the same place. A word that moved took its "
    "output along, or not; compare word by word."
)(rule(differ=lambda order, *outputs: at_one_place(*outputs)))
other_direction = PART.mistake(
    "`order` is used the wrong way round: the word at place j of the second "
    "reading stood at place order[j] of the first. Where words only changed "
    "places in pairs, it makes no difference."
)(
    rule(
        differ=lambda order, first, second, tolerance: differing(
            order.argsort(), first, second, tolerance
        )
    )
)
last_alone = PART.mistake(
    "You look at the last word's output alone. Under a causal mask it is the "
    "one that can stay although order is seen."
)(rule(differ=last_word))
by_means = PART.mistake(
    "You compare means over the words. Words can get other outputs whose mean "
    "stays."
)(rule(differ=mean_differs))
exact = PART.mistake(
    "Where nothing but rounding differs, you see a difference. Up to the "
    "tolerance numbers are alike."
)(
    rule(
        differ=lambda order, first, second, tolerance: (
            second != first[order]
        ).any(dim=1)
    )
)
summed = PART.mistake(
    "You add up the differences of a word's numbers. It is each number that "
    "may differ by the tolerance."
)(
    rule(
        differ=lambda order, first, second, tolerance: (
            (second - first[order]).abs().sum(dim=1) > tolerance
        )
    )
)
in_every_trial = PART.mistake(
    "You want a difference in every trial. One is enough: it shows what the "
    "network can see."
)(rule(over=all))
unmoved_anywhere = PART.mistake(
    "A word that stayed where it was tells of looking ahead only if nothing "
    "before it moved, either. Yours may have seen what moved before it."
)(rule(unmoved=lambda here, stays: here))
first_moved_too = PART.mistake(
    "At the first place that moved there is another word now, so that the "
    "places before it end one earlier."
)(rule(unmoved=lambda here, stays: torch.cat([stays[:1] | True, stays[:-1]])))
first_word_alone = PART.mistake(
    "You look for a change at the first place alone. A network that sees one "
    "word ahead shows it only just before what moved."
)(rule(unmoved=lambda here, stays: stays & (torch.arange(len(stays)) == 0)))
untested_back = PART.mistake(
    'You say `"looks back only"` although in each trial the first word moved. '
    "Then no place was left at which looking ahead could have shown."
)(rule(untested="looks back only"))
nothing_moved = PART.mistake(
    'You say `"blind to order"` although no word was moved in any trial. That '
    "the same sentence gives the same shows nothing."
)(rule(still="blind to order"))


never_in_doubt = PART.mistake(
    'You never say `"cannot tell"`. Where no word moved, nothing could show; '
    "and where the first word moved in each trial, looking ahead could not."
)(rule(untested="looks back only", still="blind to order"))
back_without_doubt = PART.mistake(
    "Two things. A word that stayed where it was tells of looking ahead only "
    'if nothing before it moved, either. And you say `"looks back only"` where '
    "in each trial the first word moved."
)(rule(unmoved=lambda here, stays: here, untested="looks back only"))


@PART.mistake("You look at the first trial alone.")
def first_trial(trials, tolerance):
    return order_seen(trials[:1], tolerance)


@PART.mistake(
    'You never say `"looks back only"`: wherever some word got another output, '
    "you say that it looks ahead."
)
def always_ahead(trials, tolerance):
    says = order_seen(trials, tolerance)
    changed = any(differing(*trial, tolerance).any() for trial in trials)
    return "looks ahead" if changed else says


@PART.mistake(
    "You say that it looks ahead wherever some word got another output, and "
    'else `"blind to order"`. What of the two other answers?'
)
def two_answers(trials, tolerance):
    changed = any(differing(*trial, tolerance).any() for trial in trials)
    return "looks ahead" if changed else "blind to order"
