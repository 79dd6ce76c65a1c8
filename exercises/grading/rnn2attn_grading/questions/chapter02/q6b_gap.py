"""2.6, second part: what a measurement says about the reason."""

from rnn2attn_grading.questions.chapter02.q6_cost import QUESTION

TEXT = r"""
**Measured.** On a CPU PyTorch hands its LSTM to a library, oneDNN, and runs its GRU itself. Suppose the GRU turns
out slower, with ¾ of the weights. Is that the library's doing? Both were timed several times, as they are, and
again with the library switched off. Call the GRU *slower* in a setting only if each of its times there is longer than
every one of the LSTM's; where times overlap, no difference was shown. Choose:

- `"no gap"`: as they are, the GRU is not slower.
- `"cannot tell"`: it is, and nothing was measured with the library off.
- `"library"`: it is, and with the library off it is no longer slower.
- `"more than the library"`: it is slower in both settings.

Case 1 was measured on a server's CPU, on one thread, with the chapter's sizes. To look at your own machine, let the
chapter's `milliseconds` return its list of times, and give the lists to your function.
"""


def gap(as_they_are, without):
    """What is behind a GRU's being slower than an LSTM.

    Args:
        as_they_are: {"GRU": times, "LSTM": times}, each a list of floats in
            milliseconds, of any length.
        without: the same with the library switched off, or None if that was
            not measured.

    Returns:
        "no gap", "cannot tell", "library" or "more than the library".
    """
    if min(as_they_are["GRU"]) <= max(as_they_are["LSTM"]):
        return "no gap"
    if without is None:
        return "cannot tell"
    if min(without["GRU"]) > max(without["LSTM"]):
        return "more than the library"
    return "library"


PART = QUESTION.part(gap, 2, text=TEXT)


MEASURED = {
    "as_they_are": {
        "GRU": [12.8, 11.6, 13.9, 11.9, 11.2],
        "LSTM": [2.7, 2.5, 2.6, 2.8, 2.4],
    },
    "without": {
        "GRU": [11.3, 11.3, 11.2, 13.1, 11.6],
        "LSTM": [12.2, 11.8, 12.3, 12.3, 12.2],
    },
}


def times(draw, centre, *also, spread=0.1):
    """Five times about a centre, in any order, and others."""
    low, high = (1 - spread) * centre, (1 + spread) * centre
    return [*(draw.uniform(low, high) for _ in range(5)), *also]


def setting(gru, lstm):
    return {"GRU": gru, "LSTM": lstm}


@PART.cases
def cases(draw):
    yield "measured", MEASURED
    fast, slow = draw.uniform(2, 4), draw.uniform(10, 14)
    gru = times(draw, slow)
    apart = setting(gru, times(draw, fast))
    # Five near three quarters, and one of a busy moment.
    mixed = setting(gru, times(draw, 0.7 * slow, 1.5 * slow))
    # Slower but for one time, which moves the mean beyond the GRU's.
    once = setting(gru, times(draw, fast, 9 * slow))
    # Faster, of more than three quarters of the time, but for one time.
    nearly = setting(
        times(draw, 0.9 * slow, spread=0.03),
        times(draw, slow, 0.8 * slow, spread=0.03),
    )
    for name, as_they_are, without in (
        (
            "a gap that becomes smaller",
            apart,
            setting(gru, times(draw, 1.6 * fast)),
        ),
        ("one setting", apart, None),
        ("times that overlap", once, setting(gru, times(draw, slow / 2))),
        ("times that overlap with the library off", apart, mixed),
        (
            "more than three quarters of the time",
            nearly,
            setting(times(draw, 1.5 * slow), times(draw, slow)),
        ),
        (
            "no gap, and one setting",
            setting(gru, times(draw, 1.3 * slow)),
            None,
        ),
        ("a switch that changes nothing", apart, apart),
    ):
        yield name, {"as_they_are": as_they_are, "without": without}
    # The late time has a partner, if times are taken in pairs.
    lstm = times(draw, fast)
    late = setting(gru, [*lstm[:2], 2 * slow, *lstm[3:]])
    yield "one late time", {"as_they_are": late, "without": apart}


@PART.edges
def edges(draw):
    slow = draw.uniform(10, 14)
    touching = setting([slow, slow + 1], [slow - 1, slow])
    apart = setting([slow, slow + 1], [slow - 2, slow - 1])
    yield "times that touch", {"as_they_are": touching, "without": apart}
    yield (
        "times that touch, library off",
        {
            "as_they_are": apart,
            "without": touching,
        },
    )
    # Longer by six parts in a thousand, each of them.
    close = setting(
        times(draw, 1.006 * slow, spread=0.0003),
        times(draw, slow, spread=0.0003),
    )
    yield "a small gap", {"as_they_are": close, "without": None}
    yield "a small gap, twice", {"as_they_are": close, "without": close}
    yield (
        "a small gap with the library off",
        {"as_they_are": apart, "without": close},
    )
    single = setting([slow], [slow / 2])
    yield "one time each", {"as_they_are": single, "without": single}
    yield (
        "the LSTM slower by far with the library off",
        {
            "as_they_are": apart,
            "without": setting([slow], [5 * slow, 4 * slow]),
        },
    )


def median(times):
    return sorted(times)[len(times) // 2]


def longer(times):
    return min(times["GRU"]) > max(times["LSTM"])


def rule(slower=longer, off=None, one="cannot tell", same="library"):
    """An answer in which one step is another."""
    off = off or slower

    def answer(as_they_are, without):
        if not slower(as_they_are):
            return "no gap"
        if without is None:
            return one
        return "more than the library" if off(without) else same

    return answer


by_median = PART.mistake(
    "You compare the middle of the times. Where single times overlap, no "
    "difference was shown; that is asked here of every pair."
)(rule(lambda t: median(t["GRU"]) > median(t["LSTM"])))
by_mean = PART.mistake(
    "You compare means. One late time moves a mean; asked here is whether "
    "each of the GRU's times is longer than every one of the LSTM's."
)(
    rule(
        lambda t: (
            sum(t["GRU"]) / len(t["GRU"]) > sum(t["LSTM"]) / len(t["LSTM"])
        )
    )
)
by_fastest = PART.mistake(
    "You compare the fastest times. The LSTM's slowest may still be slower "
    "than the GRU's fastest."
)(rule(lambda t: min(t["GRU"]) > min(t["LSTM"])))
by_weights = PART.mistake(
    "You ask whether the GRU takes more than ¾ of the time. Slower means "
    "longer times, not longer than the weights suggest."
)(rule(lambda t: min(t["GRU"]) > 0.75 * max(t["LSTM"])))
always_the_library = PART.mistake(
    "You do not look at the second setting. That the library is there does "
    "not show that it makes the difference."
)(rule(off=lambda t: False, one="library"))
never_compared = PART.mistake(
    "Where both settings were measured, compare them: you say `library` "
    "whenever there is a gap and a second setting."
)(rule(off=lambda t: False))
one_is_enough = PART.mistake(
    "With one setting measured you name a reason. What would the GRU and the "
    "LSTM do without the library? Nobody looked."
)(rule(one="library"))
no_evidence = PART.mistake(
    "That nothing was measured with the library off is no evidence that "
    "something else is behind the gap."
)(rule(one="more than the library"))
other_way = PART.mistake(
    "The other way round: a gap that goes away with the library was the "
    "library's."
)(rule(off=lambda t: not longer(t)))


@PART.mistake(
    "You look at what the switch does to the LSTM. That shows that the library "
    "helps it; whether this is the whole gap, only the GRU beside it can "
    "show."
)
def lstm_by_itself(as_they_are, without):
    if not longer(as_they_are):
        return "no gap"
    if without is None:
        return "cannot tell"
    helped = min(without["LSTM"]) > max(as_they_are["LSTM"])
    return "library" if helped else "more than the library"


@PART.mistake(
    "Look first whether there is a gap at all, and then for its reason: "
    "without a gap as they are, it does not matter what was left out."
)
def reason_first(as_they_are, without):
    if without is None:
        return "cannot tell"
    if not longer(as_they_are):
        return "no gap"
    return "more than the library" if longer(without) else "library"


@PART.mistake(
    "You compare time by time, the first with the first. Which came first says "
    "nothing: each of the GRU's times has to be longer than every one of the "
    "LSTM's."
)
def in_pairs(as_they_are, without):
    def slower(times):
        pairs = zip(times["GRU"], times["LSTM"], strict=False)
        return all(gru > lstm for gru, lstm in pairs)

    return rule(slower)(as_they_are, without)
