"""4.5: where to look, from two numbers."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
No training: choose queries and keys so that attention looks where it is told to. There are T places. Each has a key
of two numbers, and each step a query of two numbers. Scores are plain dot products, $e_{t,i} = q_t \cdot k_i$, and
weights their softmax over the T places. Step t is to have 0.99 of its weight, or more, on place `order[t]`. Some
places may be asked for twice, and some never. Steps and places are counted from 0 here.

Checked: where the weights lie, for up to 60 places; hidden cases have more. No number may be above a million. Before
you begin: where in the plane can a key lie so that there is a query by which it wins over all others? Could one
number do?

Two numbers for each place are enough at any length, if they may be large. Whether training finds them is another
question: in strings longer than those of its training, the chapter's network looks, on average, at a wrong place.
"""

HINTS = r"""
One query is a direction in the plane, and the key that wins is the one that lies furthest out in that direction. So
where may no key lie: inside the others, or on their rim? Name two curves on which every point is on the rim.

On a circle, or on a parabola. Winning is not enough: with T places the winner needs 0.99, so its score has to lead
each of the others by about ln(99 T). Leads grow with the length of the query, and on a circle neighbours come
closer the more there are. What does $q \cdot k$ look like on the parabola $(i, -i^2/2)$ for $q = (p, 1)$?

On the parabola the score of place i, asked for p, is $p\,i - i^2/2 = p^2/2 - (i - p)^2/2$: best at p, and less by ½
beside it and by more further away. So `keys` are i and −i²/2, `queries` are `order` and 1, times a factor that
makes ½ large enough.
"""

QUESTION = Question(
    "4.5",
    "Addresses of two numbers",
    TEXT,
    minutes=40,
    difficulty=3,
    hints=HINTS,
)


def addresses(T, order):
    """Queries and keys by which each step looks at one place.

    Args:
        T: number of places, 1 or more.
        order: place that each step looks at, from 0 to T − 1, int64, (T',).

    Returns:
        The tuple (queries, keys), (T', 2) and (T, 2).
    """
    # p i − i²/2 is p²/2 − (i − p)²/2: largest at i = p, and 1/2 less beside it.
    i = torch.arange(T)
    keys = torch.stack([i, -i * i / 2], dim=1)
    queries = 12.0 * torch.stack([order, torch.ones_like(order)], dim=1)
    return queries, keys


PART = QUESTION.part(addresses, 3, view="pointing")


@QUESTION.now("""
Your addresses spell. The letters of a word lie in a row, and your queries fetch them in another order; weights are
the library's softmax, nothing is trained. Then the same for a whole line, backwards. Before you run the cell: how
long would the queries of a trained network have to be for this, and what would weight decay do to it?
""")
def fetch_letters(addresses):
    from rnn2attn import plots
    from rnn2attn.attention import attend, dot

    def fetch(text, order):
        queries, keys = addresses(len(text), torch.tensor(order))
        values = torch.eye(len(text)).double()
        _, weights = attend(
            queries[None].double(), keys[None].double(), values[None], None, dot
        )
        return "".join(text[i] for i in weights[0].argmax(1)), weights[0]

    said, weights = fetch("listen", [2, 1, 0, 4, 5, 3])
    print("listen:", said)
    line = "two numbers are enough to find a place in a line"
    backwards, found = fetch(line, list(range(len(line)))[::-1])
    print(backwards)
    least = found.max(1).values.min()
    print(f"{len(line)} places, and on the right one {least:.3f} or more")
    return plots.heatmap(
        weights, said, "listen", xlabel="place", ylabel="fetched"
    )


def inputs(T, *order):
    return {"T": T, "order": torch.tensor(order)}


def drawn(draw, T, steps):
    """The first place, the last and a middle one are always among them, and one comes twice."""
    middle = 1 + draw.integers(T - 2, steps - 3)
    return inputs(T, *middle.tolist(), T - 1, 0, middle[0].item())


@PART.cases
def cases(draw):
    yield "five places, three steps more", drawn(draw, 5, 8)
    yield "eleven places, reversed", inputs(11, *reversed(range(11)))
    yield "sixty places", drawn(draw, 60, 7)
    yield "one place", inputs(1, 0, 0)
    yield "two places", inputs(2, 1, 0, draw.choice(0, 1))


@PART.edges
def edges(draw):
    yield "ninety-seven places", drawn(draw, 97, 13)
    yield "three places, one step", inputs(3, 1)
    yield "copied", inputs(23, *range(23))
    yield "other places", drawn(draw, 41, 17)


LINE = "Your keys lie on a line"
TWINS = "are the same point"
NEARLY = "It leads, and not by enough"
LONGER = "is longer"
OTHER = "For which query is this key's score above all others?"
SHAPES = "Your output must be two tensors"


def circle(T, share=1.0):
    angle = share * 2 * torch.pi * torch.arange(T).double() / T
    return torch.stack([angle.cos(), angle.sin()], dim=1)


@PART.mistake(LINE)
def on_a_line(T, order):
    keys = torch.stack([torch.arange(T), torch.ones(T)], dim=1)
    return 12 * keys[order], keys


@PART.mistake(LINE)
def one_number(T, order):
    queries, keys = addresses(T, order)
    return queries * torch.eye(2)[0], keys * torch.eye(2)[0]


@PART.mistake(NEARLY)
def queries_of_length_one(T, order):
    return circle(T)[order], circle(T)


@PART.mistake(NEARLY)
def sharp_for_few_places(T, order):
    return 100 * circle(T)[order], circle(T)


@PART.mistake(NEARLY)
def not_sharp(T, order):
    queries, keys = addresses(T, order)
    return queries / 12, keys


@PART.mistake(TWINS)
def once_around(T, order):
    angle = torch.linspace(0, 2 * torch.pi, T).double()
    keys = torch.stack([angle.cos(), angle.sin()], dim=1)
    return 1e5 * keys[order], keys


@PART.mistake(LONGER)
def query_is_key(T, order):
    _, keys = addresses(T, order)
    return 100 * keys[order], keys


@PART.mistake(OTHER)
def one_place_on(T, order):
    return addresses(T, order + 1)


@PART.mistake(OTHER)
def order_ignored(T, order):
    return addresses(T, torch.arange(len(order)))


@PART.mistake(OTHER)
def upside_down(T, order):
    queries, keys = addresses(T, order)
    return queries, -keys


@PART.mistake(SHAPES)
def exchanged(T, order):
    queries, keys = addresses(T, order)
    return keys, queries


@PART.mistake(SHAPES)
def transposed(T, order):
    queries, keys = addresses(T, order)
    return queries.T, keys.T


@PART.mistake(SHAPES)
def one_hot(T, order):
    return 50 * torch.eye(T)[order], torch.eye(T)
