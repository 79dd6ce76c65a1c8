"""5.6: the cells on which a word depends."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"It says *five* and lights up the five: it reads the word there." The map shows weights. On which cells the word
depends shows when they are taken away, and which ones to take away is up to you.

Each open cell i has a score $e_i$ and features $z_i$. The decoder's weights are the softmax of the scores over the
open cells, and it says the word whose number in $W_o\, c$ is the largest, with $c = \sum_i \alpha_i z_i$ over the
open cells. At first all cells are open. Shut as few as possible such that another word is said, whichever, and leave
one open at least. Checked: what is said with your cells shut, and whether fewer would do.

Before you begin: must it be the cells with the largest weights? Give an example in which it is none of them. And
must it be the word that came second that is said then?
"""

HINTS = r"""
The division by the softmax's sum does not change which word is the largest. Without it, what a word gets is a sum
over open cells, and shutting a cell takes its term away, no more.

Two words: cell i gives the first a lead of $e^{e_i}\, (w_a - w_b) \cdot z_i$ over the second, which may be negative.
The second is said as soon as the sum of the leads of the open cells is below 0. Which cells do you shut first to get
there with the fewest? And with V words, over which of the others?

For each other word sort the leads over it, the largest first, and take away as many as it needs for the rest to sum
to less than 0 (`cumsum`). Of all words keep the one that needs the fewest cells. It need not be the second.
"""

QUESTION = Question(
    "5.6",
    "The fewest cells that change the word",
    TEXT,
    minutes=35,
    difficulty=3,
    hints=HINTS,
)


def fewest_shut(scores, z, W_o):
    """Shut the fewest cells without which another word is said.

    Args:
        scores: e of each cell, (H, W).
        z: features of the picture, (D, H, W).
        W_o: maps a context to a number for each word, (V, D).

    Returns:
        True at the cells that stay open, bool, (H, W).
    """
    weights = scores.flatten().softmax(dim=0)
    votes = weights * (W_o @ z.flatten(1))  # of each cell for each word
    said = votes.sum(dim=1).argmax()
    enough = []
    for lead in votes[said] - votes:  # over another word, cell by cell
        largest = lead.argsort(descending=True)
        left = lead.sum() - lead[largest].cumsum(dim=0)
        before = (left >= 0).cumprod(dim=0).sum()
        enough.append(largest[: before + 1])
    usable = torch.ones(scores.numel()).bool()
    usable[min(enough, key=len)] = False
    return usable.view_as(scores)


PART = QUESTION.part(fewest_shut, 3, view="another_word")


@QUESTION.now("""
A small network learns to say which of three letters is the most frequent on a grid that has empty cells as well.
Then a grid that it has not seen is printed, with what it says; and once more, with # in place of the fewest cells
without which it says something else. Before you run the cell: can you tell from the numbers of a, b and c which
cells will go, and how many?
""")
def take_away(fewest_shut):
    from torch import nn

    def grids(n):
        kinds = torch.randint(6, (n, 4, 6)).clamp(max=3)  # 3 is an empty cell
        counts = F.one_hot(kinds, 4)[..., :3].sum(dim=(1, 2))
        clear = counts.topk(2).values.diff()[:, 0] <= -2
        x = F.one_hot(kinds, 4).float().permute(0, 3, 1, 2)
        x = x + 0.1 * torch.randn_like(x)
        return kinds[clear], x[clear], counts.argmax(dim=1)[clear]

    torch.manual_seed(0)
    features = nn.Sequential(nn.Conv2d(4, 8, 1), nn.Tanh())
    score, W_o = nn.Conv2d(8, 1, 1), nn.Linear(8, 3, bias=False)
    network = nn.ModuleList([features, score, W_o])
    adam = torch.optim.Adam(network.parameters(), 0.03)

    def read(x, usable=True):
        z = features(x)
        scores = score(z).where(torch.as_tensor(usable), -torch.inf)
        alpha = scores.flatten(2).softmax(dim=2)
        return scores, z, W_o((alpha * z.flatten(2)).sum(dim=2))

    for _ in range(150):
        _, x, most = grids(100)
        loss = F.cross_entropy(read(x)[2], most)
        adam.zero_grad()
        loss.backward()
        adam.step()
    kinds, x, _ = (t[:1] for t in grids(100))
    scores, z, _ = (t.detach() for t in read(x))
    everything = torch.ones(4, 6).bool()
    shut = fewest_shut(scores[0, 0], z[0], W_o.weight.detach())
    for usable in (everything, shut):
        marked = kinds[0].masked_fill(~usable, 4)
        print("it says", "abc"[read(x, usable)[2].argmax()])
        for row in marked.tolist():
            print("   ", *("abc.#"[k] for k in row))
    counts = (kinds[0].flatten()[:, None] == torch.arange(3)).sum(dim=0)
    print(
        "there are", *(f"{n} {k}" for n, k in zip(counts, "abc", strict=True))
    )


CLEAR = 1e-3  # by how much a word leads, whatever is shut on the way


def said(usable, scores, z, W_o):
    """The number of each word if these cells are open."""
    weights = scores.masked_fill(~usable, -torch.inf).flatten().softmax(dim=0)
    return W_o @ (z.flatten(1) @ weights)


def leading(usable, scores, z, W_o):
    """By how much the word that is said leads, and which it is."""
    two = said(usable, scores, z, W_o).topk(2)
    return two.values[0] - two.values[1], two.indices[0]


def count(usable):
    return (~usable).sum().item()


def inputs(draw, H, W, D, V, fewest, trap=None):
    """So that so many cells are the fewest, and whoever goes by the trap shuts more."""
    while True:
        scores = draw.normal(H, W, scale=1.5)
        z, W_o = draw.normal(D, H, W), draw.normal(V, D)
        given = {"scores": scores, "z": z, "W_o": W_o}
        usable = fewest_shut(**given)
        if count(usable) != fewest:
            continue
        leads = [
            leading(cells, **given)[0] for cells in (usable, usable | True)
        ]
        trapped = trap is None or count(trap(**given)) > fewest
        if min(leads) > CLEAR and trapped:
            return given, {"fewest": fewest}


def one_by_one(following):
    """Shuts cells, each time the one that `following` scores highest, until another word is said."""

    def answer(scores, z, W_o):
        usable = scores < torch.inf
        first = said(usable, scores, z, W_o).argmax()
        while usable.sum() > 1:
            if said(usable, scores, z, W_o).argmax() != first:
                return usable
            worth = following(usable, scores, z, W_o, first)
            worth = worth.masked_fill(~usable.flatten(), -torch.inf)
            usable = usable.clone()
            usable.view(-1)[worth.argmax()] = False
        return usable

    return answer


def by_weight(usable, scores, z, W_o, first):
    return scores.flatten()


def by_its_word(usable, scores, z, W_o, first):
    return scores.flatten().exp() * (W_o[first] @ z.flatten(1))


def lead_over_second(usable, scores, z, W_o, first):
    second = said(scores < torch.inf, scores, z, W_o).topk(2).indices[1]
    return scores.flatten().exp() * ((W_o[first] - W_o[second]) @ z.flatten(1))


def lead_over_next(usable, scores, z, W_o, first):
    """The second of those words that are said with the cells shut that are shut so far."""
    second = said(usable, scores, z, W_o).topk(2).indices[1]
    return scores.flatten().exp() * ((W_o[first] - W_o[second]) @ z.flatten(1))


def lead_over_mean(usable, scores, z, W_o, first):
    return scores.flatten().exp() * (
        (W_o[first] - W_o.mean(dim=0)) @ z.flatten(1)
    )


def lead_without_weights(usable, scores, z, W_o, first):
    second = said(scores < torch.inf, scores, z, W_o).topk(2).indices[1]
    return (W_o[first] - W_o[second]) @ z.flatten(1)


@PART.cases
def cases(draw):
    weight, own = one_by_one(by_weight), one_by_one(by_its_word)
    second, next_ = one_by_one(lead_over_second), one_by_one(lead_over_next)
    features, mean = (
        one_by_one(lead_without_weights),
        one_by_one(lead_over_mean),
    )
    yield "two words", *inputs(draw, 3, 3, 4, 2, 2, weight)
    yield "one cell is enough", *inputs(draw, 2, 4, 3, 3, 1, weight)
    yield "four words", *inputs(draw, 4, 3, 3, 4, 2, second)
    yield "five words", *inputs(draw, 3, 5, 4, 5, 2, own)
    yield "six words", *inputs(draw, 3, 4, 3, 6, 2, next_)
    yield "eight words", *inputs(draw, 4, 3, 4, 8, 2, mean)
    yield "three cells have to go", *inputs(draw, 4, 4, 3, 3, 3, features)


@PART.edges
def edges(draw):
    second, next_ = one_by_one(lead_over_second), one_by_one(lead_over_next)
    yield "four cells have to go", *inputs(draw, 4, 4, 4, 2, 4)
    yield "a row of cells", *inputs(draw, 1, 7, 3, 3, 2, one_by_one(by_weight))
    yield "nine words", *inputs(draw, 3, 4, 5, 9, 2, second)
    yield "seven words", *inputs(draw, 3, 5, 4, 7, 2, next_)


BY_WEIGHT = "Yours are the cells with the largest weights"
SECOND = "against the word that comes second. Is there one that is nearer?"
COUNTS = "By how much does a cell help one word against another?"
STILL = "Which cells hold it up?"
OTHER_WAY = "the other way round"
SHAPE = "must be a tensor of bools"

PART.mistake(BY_WEIGHT)(one_by_one(by_weight))
PART.mistake(COUNTS)(one_by_one(by_its_word))
PART.mistake(SECOND)(one_by_one(lead_over_second))
PART.mistake(COUNTS)(one_by_one(lead_without_weights))
PART.mistake(COUNTS)(one_by_one(lead_over_next))
PART.mistake(COUNTS)(one_by_one(lead_over_mean))


@PART.mistake(STILL)
def the_largest_weight(scores, z, W_o):
    return scores < scores.max()


@PART.mistake(STILL)
def nothing_shut(scores, z, W_o):
    return scores < torch.inf


@PART.mistake(OTHER_WAY)
def shut_cells(scores, z, W_o):
    return ~fewest_shut(scores, z, W_o)


@PART.mistake("You shut all cells")
def everything_shut(scores, z, W_o):
    return scores > torch.inf


@PART.mistake(COUNTS)
def all_but_one(scores, z, W_o):
    """That cell which alone says most clearly something else."""
    _, first = leading(scores < torch.inf, scores, z, W_o)
    alone = W_o @ z.flatten(1)
    other = (alone.max(dim=0).values - alone[first]).argmax()
    return (torch.arange(scores.numel()) == other).view_as(scores)


@PART.mistake(SHAPE)
def numbers_of_cells(scores, z, W_o):
    return (~fewest_shut(scores, z, W_o)).nonzero()


@PART.mistake(SHAPE)
def flat(scores, z, W_o):
    return fewest_shut(scores, z, W_o).flatten()
