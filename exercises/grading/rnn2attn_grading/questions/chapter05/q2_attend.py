"""5.2: attention over a grid, some of it shut."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A decoder's state $s$ asks the cells of a grid. Some cells are shut, as in the chapter's test of where a word is read:
they get weight 0, and the others share all of it. With the additive score, and $U$ for the set of cells that may be
used:

$$
e_{i,j} = v^\top \tanh(W_s\, s + W_z\, z_{i,j}), \qquad
\alpha_{i,j} = \frac{\exp e_{i,j}}{\sum_{(i',j') \in U} \exp e_{i',j'}} \text{ for } (i,j) \in U,
\qquad c = \sum_{i,j} \alpha_{i,j}\, z_{i,j}
$$

Return $c$ and $\alpha$ for a batch, with one state for each picture. Scores can be large. In every picture there is a
cell that may be used. Not allowed: `rnn2attn.attention`. Checked: the values, and the gradient for all but the mask.
"""

HINTS = r"""
Lay the grid out as a row, do what chapter 4 did, and fold the weights up again at the end. Over how many numbers
does each softmax run, and which of them must not take part?

Cells as (B, H' W', d): `flatten` the last two axes and exchange. $W_s s$ is (B, $d_a$) and needs an axis for the
cells; $W_z z$ is (B, H' W', $d_a$). Scores are (B, H' W'); shut ones are −∞ before the softmax.

`z.flatten(2).mT`; tanh of `(s @ W_s.T)[:, None]` plus cells times the transposed `W_z`; that times `v`;
`torch.where(usable.flatten(1), …, -torch.inf)`; softmax over axis 1; the context is the weighted sum over cells;
and the weights are unflattened to (H', W').
"""

QUESTION = Question(
    "5.2",
    "Attention over a grid, some of it shut",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


def spatial_attend(s, z, usable, W_s, W_z, v):
    """Where a state looks on a grid, and what it finds there.

    Args:
        s: states, (B, d_s).
        z: features, (B, d, H', W').
        usable: True where a cell may be used, bool, (B, H', W').
        W_s: (d_a, d_s).
        W_z: (d_a, d).
        v: (d_a,).

    Returns:
        The tuple (context, weights), (B, d) and (B, H', W').
    """
    cells = z.flatten(2).mT
    hidden = torch.tanh((s @ W_s.T)[:, None] + cells @ W_z.T)
    scores = torch.where(usable.flatten(1), hidden @ v, -torch.inf)
    alpha = scores.softmax(dim=1)
    context = torch.einsum("bk,bkd->bd", alpha, cells)
    return context, alpha.unflatten(1, z.shape[2:])


PART = QUESTION.part(
    spatial_attend,
    3,
    gradients=("s", "z", "W_s", "W_z", "v"),
    forbidden=(
        "rnn2attn.attention",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.MultiheadAttention",
    ),
)


@QUESTION.now("""
Your attention answers questions about pictures. A small network is asked for the first or the last of two digits,
in the order of the caption, and looks once, with your function. Then the cells over the digit that it named are
shut, and it is asked again. Before you run the cell: with the first digit shut, what will it say when it is asked
for the first?
""")
def ask_pictures(spatial_attend):
    from torch import nn

    from rnn2attn import plots
    from rnn2attn.captioning import CNN
    from rnn2attn.tasks import digits

    names = digits.NAMES["en"]

    def load(samples):
        ends = [(s.caption[0], s.caption[-1]) for s in samples]
        values = [[names.index(word) for word in pair] for pair in ends]
        images = torch.stack([sample.image for sample in samples])
        return images, torch.tensor(values)

    torch.manual_seed(0)
    images, values = load(digits.relation(1500))
    encoder, output = CNN(d=32), nn.Linear(32, 10)
    sizes = (32, 2), (32, 32), (32,)
    W_s, W_z, v = (nn.Parameter(0.3 * torch.randn(size)) for size in sizes)

    def look(images, asked, usable):
        z = encoder(images).states.mT.unflatten(2, (8, 8))
        s = F.one_hot(asked, 2).float()
        c, alpha = spatial_attend(s, z, usable, W_s, W_z, v)
        return output(c), alpha

    trained = [*encoder.parameters(), *output.parameters(), W_s, W_z, v]
    adam = torch.optim.Adam(trained, lr=0.01)
    for _ in range(350):
        rows, asked = torch.randint(1500, (48,)), torch.randint(2, (48,))
        logits, _ = look(images[rows], asked, torch.ones(48, 8, 8).bool())
        loss = F.cross_entropy(logits, values[rows, asked])
        adam.zero_grad()
        loss.backward()
        adam.step()
    encoder.eval()
    test = digits.relation(200, test=True)
    images, values = load(test)
    first, usable = torch.zeros(200).long(), torch.ones(200, 8, 8).bool()
    logits, maps = look(images, first, usable)
    right = (logits.argmax(1) == values[:, 0]).double().mean()
    for row, sample in enumerate(test):
        top, left, bottom, right_edge = sample.boxes[0]
        rows = slice(top // 4, -(-bottom // 4))
        usable[row, rows, left // 4 : -(-right_edge // 4)] = False
    again, shut = look(images, first, usable)
    other = (again.argmax(1) == values[:, 1]).double().mean()
    print(f"asked for the first digit, it is right in {right:.0%}")
    print(f"with the first one shut, it names the second in {other:.0%}")
    n = (logits.argmax(1) == values[:, 0]).int().argmax()
    said = [names[z[n].argmax()] for z in (logits, again)]
    return plots.attended(
        images[n], [maps[n].detach(), shut[n].detach()],
        [f"all open: {said[0]}", f"first one shut: {said[1]}"],
    )  # fmt: skip


def inputs(draw, B, d, d_s, d_a, H, W, scale=1.0):
    usable = draw.integers(3, B, H, W) > 0
    # In each row one is open, in the first picture the first is shut.
    usable[:, :, -1], usable[0, 0, 0] = True, False
    return {
        "s": draw.normal(B, d_s),
        "z": draw.normal(B, d, H, W),
        "usable": usable,
        "W_s": draw.normal(d_a, d_s, scale=0.5),
        "W_z": draw.normal(d_a, d, scale=0.5),
        "v": draw.normal(d_a, scale=scale),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 5, 3, 7, 3, 4)
    yield "all sizes equal", inputs(draw, 3, 3, 3, 3, 3, 3)
    yield "one picture", inputs(draw, 1, 3, 2, 5, 2, 3)
    yield "large scores", inputs(draw, 2, 3, 2, 5, 2, 2, scale=600.0)


@PART.edges
def edges(draw):
    alone = inputs(draw, 2, 3, 5, 2, 3, 2)
    alone["usable"][0] = False
    alone["usable"][0, 1, 0] = True
    yield "one cell that may be used", alone
    yield "one row of cells", inputs(draw, 2, 3, 5, 2, 1, 5)
    free = inputs(draw, 2, 2, 3, 5, 3, 2)
    yield "nothing shut", free | {"usable": torch.ones(2, 3, 2).bool()}
    yield "scores far below 0", far(draw, inputs(draw, 2, 3, 2, 5, 2, 3), -1)
    yield "scores far above 0", far(draw, inputs(draw, 2, 3, 2, 5, 2, 3), 1)


def far(draw, given, sign):
    """Scores of tens of thousands, of this sign for cells that may be used, of the other for those that are shut."""
    usable, shape = given["usable"][:, None], given["z"].shape
    cells = torch.arange(1, 1 + usable[0].numel()).view_as(usable[0]) / 10
    side = (cells + draw.normal(*shape).abs() / 100) * (2 * usable.double() - 1)
    return given | {
        "z": side.round(decimals=4),
        "s": given["s"] / 1000,
        "W_z": 0.2 + given["W_z"].abs() / 10,
        "v": sign * (50_000 + draw.normal(len(given["v"])).abs()),
    }


def softmaxed(scores, usable):
    """Weights of the cells, (B, H', W')."""
    shut = scores.masked_fill(~usable, -torch.inf)
    return shut.flatten(1).softmax(dim=1).view_as(scores)


def averaged(alpha, z):
    return torch.einsum("bhw,bdhw->bd", alpha, z)


def variant(
    weigh=softmaxed,
    found=lambda alpha, z, projected: averaged(alpha, z),
    score=lambda hidden, v: torch.tanh(hidden) @ v,
    of_state=lambda s, W: s @ W.T,
    of_cells=lambda grid, W: grid @ W.T,
):
    """The right answer with one part of it replaced."""

    def answer(s, z, usable, W_s, W_z, v):
        grid = z.permute(0, 2, 3, 1)
        projected = of_cells(grid, W_z)
        hidden = of_state(s, W_s)[:, None, None] + projected
        alpha = weigh(score(hidden, v), usable)
        return found(alpha, z, projected), alpha

    return answer


def multiplied(scores, usable):
    return (scores * usable).flatten(1).softmax(dim=1).view_as(scores)


def softmax_first(scores, usable):
    return scores.flatten(1).softmax(dim=1).view_as(scores) * usable


def along(dim):
    def weigh(scores, usable):
        shut = scores.masked_fill(~usable, -torch.inf)
        return shut.softmax(dim=dim).nan_to_num()

    return weigh


def overflowing(scores, usable):
    e = scores.exp() * usable
    return e / e.sum(dim=(1, 2), keepdim=True)


each_row = PART.mistake(
    "Each row of the grid sums to 1, and the map to H'. One softmax over all "
    "cells of a picture, both axes together."
)(variant(along(2)))
each_column = PART.mistake(
    "Each column of the grid sums to 1, and the map to W'. One softmax over "
    "all cells of a picture, both axes together."
)(variant(along(1)))
over_the_batch = PART.mistake(
    "Your weights sum to 1 over the pictures of the batch. Pictures have "
    "nothing to do with each other: a map sums to 1 over its cells."
)(variant(along(0)))
shut_after = PART.mistake(
    "You shut the cells after the softmax: what they had is lost, and the map "
    "no longer sums to 1."
)(variant(softmax_first))
shut_by_zero = PART.mistake(
    "You shut a cell by making its score 0. exp(0) = 1, so it still gets "
    "weight; −∞ gets none."
)(variant(multiplied))
inverted = PART.mistake(
    "The mask is inverted: the weight lies on the cells that are shut. True "
    "means that a cell may be used."
)(variant(lambda scores, usable: softmaxed(scores, ~usable)))
never_shut = PART.mistake(
    "The shut cells are not shut: `usable` changes nothing."
)(variant(lambda scores, usable: softmaxed(scores, usable | True)))
overflow = PART.mistake(
    "Right, except for large scores: there exp overflows. `softmax` subtracts "
    "the largest score first."
)(variant(overflowing))
scores_returned = PART.mistake(
    "The context is right. Return the weights with it, not the scores."
)(
    lambda s, z, usable, W_s, W_z, v: (
        spatial_attend(s, z, usable, W_s, W_z, v)[0],
        variant(lambda scores, usable: scores)(s, z, usable, W_s, W_z, v)[1],
    )
)
no_tanh = PART.mistake(
    "Without tanh the state adds the same to every score, and the softmax "
    "cancels it: it would look at the same cells whatever it asks."
)(variant(score=lambda hidden, v: hidden @ v))
tanh_outside = PART.mistake(
    "tanh belongs inside, before v. Outside it keeps every score within ±1, "
    "and no weight can become sharp."
)(variant(score=lambda hidden, v: torch.tanh(hidden @ v)))
without_v = PART.mistake(
    "The hidden units are added up as they are, without v."
)(variant(score=lambda hidden, v: torch.tanh(hidden).sum(dim=-1)))
without_the_state = PART.mistake(
    "The scores do not depend on s: it is not added inside tanh."
)(variant(of_state=lambda s, W: 0 * (s @ W.T)))
of_the_projected = PART.mistake(
    "The context is a mean of W_z z. It is to be a mean of the features "
    "themselves; W_z is there for the scores."
)(
    variant(
        found=lambda alpha, z, projected: torch.einsum(
            "bhw,bhwa->ba", alpha, projected
        )
    )
)
plain_mean = PART.mistake(
    "The weights are right, and the context does not use them: it is the mean "
    "of all cells."
)(variant(found=lambda alpha, z, projected: z.mean(dim=(2, 3))))
summed = PART.mistake(
    "The weights are right, and the context does not use them: it is the sum "
    "of all cells."
)(variant(found=lambda alpha, z, projected: z.sum(dim=(2, 3))))
divided = PART.mistake(
    "The weights are right, and the context is divided by the number of cells. "
    "The weights are a mean already: add up."
)(
    variant(
        found=lambda alpha, z, projected: averaged(alpha, z) / alpha[0].numel()
    )
)
reshaped = PART.mistake(
    "Features of different places are mixed: `reshape` reads z in the order in "
    "which it lies, features first. Move an axis instead."
)(
    lambda s, z, usable, W_s, W_z, v: spatial_attend(
        s, z.reshape(len(z), -1, z.shape[1]).mT.view_as(z), usable, W_s, W_z, v
    )
)
state_not_transposed = PART.mistake(
    "Weights lie (out, in): W s for a column is `s @ W.T` for a batch of rows. "
    "Where W_s is square, the shapes do not show that it was not transposed."
)(variant(of_state=lambda s, W: s @ W))
cells_not_transposed = PART.mistake(
    "Weights lie (out, in): W z for a column is `z @ W.T` for rows. Where W_z "
    "is square, the shapes do not show that it was not transposed."
)(variant(of_cells=lambda grid, W: grid @ W))
neither_transposed = PART.mistake(
    "Weights lie (out, in), so that a row goes through as `x @ W.T`. Neither "
    "W_s nor W_z was transposed."
)(variant(of_state=lambda s, W: s @ W, of_cells=lambda grid, W: grid @ W))
exchanged = PART.mistake(
    "The state went through the cells' matrix, and the cells through the "
    "state's. That only runs where d = d_s."
)(lambda s, z, usable, W_s, W_z, v: spatial_attend(s, z, usable, W_z, W_s, v))
inverted_by_a_number = PART.mistake(
    "The mask is inverted: a large negative number stands where a cell may be "
    "used. True means that it may."
)(
    variant(
        lambda scores, usable: softmaxed(
            scores.masked_fill(usable, -1e30), usable | True
        )
    )
)
by_number_over_the_batch = PART.mistake(
    "Shut cells got a large negative number, and your weights sum to 1 over "
    "the pictures of the batch. A map sums to 1 over its own cells."
)(
    variant(
        lambda scores, usable: scores.masked_fill(~usable, -1e30).softmax(dim=0)
    )
)
features_zeroed = PART.mistake(
    "You shut a cell by making its features 0. It has a score all the same, "
    "and takes weight away from the others."
)(
    lambda s, z, usable, W_s, W_z, v: never_shut(
        s, z * usable[:, None], usable, W_s, W_z, v
    )
)
scaled = PART.mistake(
    "You divide the scores by a root. This score is additive, and it is used "
    "as it is; the root belongs to dot products."
)(variant(score=lambda hidden, v: torch.tanh(hidden) @ v / len(v) ** 0.5))
