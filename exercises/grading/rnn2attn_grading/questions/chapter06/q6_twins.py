"""6.6: sentences that a network cannot tell apart."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
What a network cannot see is shown by two sentences to which it answers the same. You know how a network is built,
and not its weights:

- Each of the V words has a vector, and each of `layers` layers adds self-attention with one head:
  $x \leftarrow x + \text{attention}(x)$.
- If it is `causal`, no word looks at later ones. If there is a `window`, a word looks only at words that are at most
  so many places away. Each word looks at itself.
- If there is a `period`, the vectors of the words are added to those of their places, and the places t and t +
  period have the same. Else there are no positions.

Return two different sentences of `length` words for which the output at the *last* place is the same, whatever the
weights. The last place at which the two differ is to be as late as possible, so that they show how much the network
sees. Checked: both are read by a network with weights drawn anew, and whether they could differ later. All networks
tried have such sentences; those of several layers with a window of 2 or more have positions that never come again,
as `period` is `length`.

Before you begin: what does each of the three options hide from the last word, in one layer, and what in two? And
which network that is built like this has no such sentences?
"""

HINTS = r"""
Two things escape it. A word that is too far away may be replaced. And a softmax over keys is a sum: if two words
that are seen exchange their places, nothing changes, unless something else tells the places.

Each layer passes on what lies `window` places away, so that after all layers the last word has heard of
`layers * window` places before it. Order is lost on a word that sees all others with no mask, in any number of
layers. Under a mask or a window that is so in the first layer alone: the second reads words each of which has seen
something else.

Exchange two words with positions that are the same, the later one just before the last: at `length - 2` and `period`
places earlier, or one if there are no positions. That needs one layer, or no mask and no window, and both places
within reach. Else replace the latest word out of reach, at `length - 2 - layers * window`.
"""

QUESTION = Question(
    "6.6",
    "What a network cannot tell apart",
    TEXT,
    minutes=35,
    difficulty=3,
    hints=HINTS,
)


def twins(length, V, layers, causal, window, period):
    """Two sentences that a network cannot tell apart by the last output.

    Args:
        length: of the sentences, in words.
        V: number of words, two or more.
        layers: number of layers.
        causal: whether a word looks only at itself and earlier ones.
        window: how many places away a word looks at most; None: no limit.
        period: after which positions come again; None: there are none.

    Returns:
        The pair of sentences, two lists of words from 0 to V − 1.
    """
    last = length - 1
    reach = last if window is None else layers * window
    # Two words that are seen exchange places: nobody notices, unless they had
    # other positions, or others have looked at one of them and not at both.
    late = last - 1
    early = late - (1 if period is None else period)
    first, second = [0] * length, [0] * length
    alike = layers == 1 or (window is None and not causal)
    if alike and early >= last - reach:
        first[early] = second[late] = 1
    else:
        first[last - reach - 1] = 1
    return first, second


PART = QUESTION.part(twins, 3, view="alike")


@QUESTION.now("""
PyTorch's layers read your sentences. `nn.TransformerEncoder` has feed-forward layers, norms and four heads, which
your function was not told of; the numbers printed are the largest difference between its two last outputs. Before
you run the cell: do the twins survive all that? The pair at the end is read by two layers with a window of 2 and
without positions. Why is it nothing that your rule finds, and why can they not tell it apart?
""")
def let_pytorch_read(twins):
    from torch import nn

    words = ["so", "on", "and", "it", "goes"]
    torch.manual_seed(0)
    E = torch.randn(len(words), 16).double()
    away = torch.arange(9)[:, None] - torch.arange(9)

    def read(layers, causal, window, pair):
        layer = nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True)
        network = nn.TransformerEncoder(
            layer, layers, enable_nested_tensor=False
        ).double()
        unseen = away.abs() > (9 if window is None else window)
        unseen |= causal & (away < 0)
        read_by = (network(E[torch.as_tensor(row)], unseen) for row in pair)
        one, two = (outputs[-1] for outputs in read_by)
        off = (one - two).abs().max()
        print(f"{layers} layers, causal {causal}, window {window}: {off:.1e}")

    for built in (
        (1, False, None),
        (3, False, None),
        (1, True, None),
        (3, True, 1),
    ):
        pair = twins(9, len(words), *built, None)
        read(*built, pair)
    print("twins of one causal layer, read by two:")
    read(2, True, None, twins(9, len(words), 1, True, None, None))
    odd = ["it goes it goes on and so on it", "it goes it goes so and on so it"]
    print(*odd, sep="\n")
    read(2, True, 2, [[words.index(w) for w in row.split()] for row in odd])


D = 4  # numbers of a vector


def network(draw, length, V, layers=1, causal=True, window=None, period=None):
    """How a network is built; how late twins differ, the vectors of its words, and W_q, W_k, W_v of each layer."""
    given = {
        "length": length,
        "V": V,
        "layers": layers,
        "causal": causal,
        "window": window,
        "period": period,
    }
    E = draw.normal(V, D)
    W = draw.normal(layers, 3, D, D, scale=0.5)
    return given, {"latest": last_difference(*twins(**given)), "E": E, "W": W}


def last_difference(one, two):
    return max(
        t
        for t, pair in enumerate(zip(one, two, strict=True))
        if len({*pair}) > 1
    )


@PART.cases
def cases(draw):
    T, V = 6 + draw.integers(4, 1).item(), 2 + draw.integers(4, 1).item()
    w, P = 2 + draw.integers(2, 1).item(), 2 + draw.integers(3, 1).item()
    far = 2 * w + 2
    for name, length, options in (
        ("no mask, no positions", T, {"causal": False}),
        ("a causal mask", T, {}),
        ("two layers without a mask", T, {"layers": 2, "causal": False}),
        ("positions that come again", T, {"period": P}),
        (
            "positions that come again, no mask, two layers",
            T,
            {"layers": 2, "causal": False, "period": P},
        ),
        (
            "a window, positions that do not come again",
            T + w,
            {"window": w, "period": T + w},
        ),
        ("a window, no positions", T + w, {"window": w}),
        (
            "a window in which positions do not quite come again",
            T + w,
            {"window": w, "period": w},
        ),
        ("two layers, a window of one", T, {"layers": 2, "window": 1}),
        (
            "three layers, a window of one to both sides",
            T,
            {"layers": 3, "causal": False, "window": 1},
        ),
        (
            "two layers with a window, positions that do not come again",
            T + far,
            {"layers": 2, "window": w, "period": T + far},
        ),
    ):
        yield name, *network(draw, length, V, **options)


@PART.edges
def edges(draw):
    V, w = 2 + draw.integers(4, 1).item(), 3 + draw.integers(3, 1).item()
    either = {"causal": draw.choice(True, False)}
    far = 3 * w + 2
    for name, length, options in (
        ("a window on all words", w + 1, {"window": w}),
        (
            "a window in which positions come again",
            3 * w,
            {"window": w, "period": w - 1} | either,
        ),
        (
            "three layers, and one word out of reach",
            far,
            {"V": 2, "layers": 3, "window": w, "period": far} | either,
        ),
        (
            "two layers with a window, and more words out of reach",
            far,
            {"layers": 2, "window": w, "period": far} | either,
        ),
        ("a window of one", 7, {"window": 1} | either),
        ("a window of two, two words", 7, {"V": 2, "window": 2} | either),
        (
            "layers with a window of one",
            w + 7,
            {"layers": w, "window": 1} | either,
        ),
        ("three places, two words", 3, {"V": 2}),
        (
            "three layers without a mask",
            w + 2,
            {"layers": 3, "causal": False},
        ),
    ):
        yield name, *network(draw, length, **({"V": V} | options))


SAME = "Your two sentences are the same"
LAST = "it is this place whose output counts"
REPLACED = "Follow through the layers from where"
MOVED = "and their places have other positions"
ORDER = "what do the layers before make of it?"
LATER = "and others differ later"
SENTENCES = "must be two sentences"


def replaced(length, place):
    """A word in one sentence, and another one in its place in the other."""
    return [int(t == place) for t in range(length)], [0] * length


def exchanged(length, place):
    """A word, and the same one place later in the other sentence."""
    one = replaced(length, place)[0]
    return one, [0, *one[:-1]]


def unless_exchanged(place):
    """Twins; but if it is one word that has to be out of reach, it is the one in that place."""

    def answer(length, V, layers, causal, window, period):
        right = twins(length, V, layers, causal, window, period)
        if sum(right[1]):
            return right
        return replaced(length, place(length, layers, window))

    return answer


PART.mistake(REPLACED)(
    unless_exchanged(lambda length, layers, window: length - 2 - window)
)
PART.mistake(REPLACED)(
    unless_exchanged(
        lambda length, layers, window: length - 2 - layers * (window - 1)
    )
)
PART.mistake(REPLACED)(
    unless_exchanged(
        lambda length, layers, window: length - 1 - layers * window
    )
)
PART.mistake(LATER)(unless_exchanged(lambda length, layers, window: 0))


@PART.mistake(REPLACED)
def the_word_before_the_last(length, V, layers, causal, window, period):
    return replaced(length, length - 2)


@PART.mistake(LATER)
def first_words_exchanged(length, V, layers, causal, window, period):
    return exchanged(length, 0)


@PART.mistake(MOVED)
def positions_ignored(length, V, layers, causal, window, period):
    return twins(length, V, layers, causal, window, None)


@PART.mistake(MOVED)
def one_place_beyond_the_period(length, V, layers, causal, window, period):
    return twins(length, V, layers, causal, window, period and period + 1)


@PART.mistake(ORDER)
def no_order_without_positions(length, V, layers, causal, window, period):
    if period is None and (window is None or layers * window > 1):
        return exchanged(length, length - 3)
    return twins(length, V, layers, causal, window, period)


@PART.mistake(ORDER)
def no_order_without_a_mask(length, V, layers, causal, window, period):
    change = twins if causal else no_order_without_positions
    return change(length, V, layers, causal, window, period)


@PART.mistake(LAST)
def turned_around(length, V, layers, causal, window, period):
    first, _ = replaced(length, 0)
    return first, first[::-1]


@PART.mistake(LAST)
def the_last_word(length, V, layers, causal, window, period):
    return replaced(length, length - 1)


@PART.mistake(SAME)
def equal(length, V, layers, causal, window, period):
    return [0] * length, [0] * length


@PART.mistake(SENTENCES)
def a_word_more(length, V, layers, causal, window, period):
    return [0] * length, [0] * (length + 1)


@PART.mistake(SENTENCES)
def words_from_one(length, V, layers, causal, window, period):
    pair = twins(length, V, layers, causal, window, period)
    return tuple([w + V - 1 for w in sentence] for sentence in pair)
