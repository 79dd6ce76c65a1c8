"""5.3: a decoder that need not look."""

import math

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
After *left* comes *of*, whatever the picture shows. The weights have to lie somewhere all the same, and a map for
such a word may mean nothing. Lu et al. (2017) give the decoder something else to look at: besides the cells there is
one more vector, the *sentinel* $m_t$, made from what the decoder remembers. It has a score of its own, $e_{t,m}$, and
competes with the cells of the picture:

$$
\alpha_{t,i,j} = \frac{\exp e_{t,i,j}}{Z_t}, \quad \beta_t = \frac{\exp e_{t,m}}{Z_t}, \quad
Z_t = \exp e_{t,m} + \sum_{i,j} \exp e_{t,i,j}, \qquad
c_t = \beta_t\, m_t + \sum_{i,j} \alpha_{t,i,j}\, z_{i,j}
$$

So $\beta_t$ says how much of a context does not come from the picture, and where it is near 1 the map is pale. Return
the contexts, the maps and $\beta$, from scores that are given. They can be large. Not allowed: `rnn2attn.attention`.
Checked: the values, and the gradient for all four arguments.
"""

HINTS = r"""
The sentinel is one more cell, of which nobody says where it lies. One softmax over how many numbers gives $\alpha$
and $\beta$ together, and what do they add up to?

Scores of the cells flattened, (B, T', H' W'), with the sentinel's as one more column: (B, T', H' W' + 1). After the
softmax, the last column is $\beta$ and the others are the maps, as they are: nothing is divided once more, and
nothing multiplied by $1 - \beta$.

`cat` of `scores.flatten(2)` and `sentinel_scores[..., None]` on the last axis; softmax; cut off the last column;
contexts are the rest times `z.flatten(2).mT`, plus `beta[..., None] * sentinels`; and the maps are unflattened.
"""

QUESTION = Question(
    "5.3",
    "To look, or not to look",
    TEXT,
    minutes=30,
    difficulty=2,
    hints=HINTS,
)


def look_or_not(scores, z, sentinel_scores, sentinels):
    """Attention to a picture, or to a vector beside it.

    Args:
        scores: e of the cells, for each word, (B, T', H', W').
        z: features, (B, d, H', W').
        sentinel_scores: e of the sentinel, for each word, (B, T').
        sentinels: a vector for each word, (B, T', d).

    Returns:
        The tuple (contexts, maps, beta), (B, T', d), (B, T', H', W') and
        (B, T').
    """
    together = torch.cat([scores.flatten(2), sentinel_scores[..., None]], -1)
    weights = together.softmax(dim=-1)
    maps, beta = weights[..., :-1], weights[..., -1]
    seen = maps @ z.flatten(2).mT
    contexts = seen + beta[..., None] * sentinels
    return contexts, maps.unflatten(-1, z.shape[2:]), beta


PART = QUESTION.part(
    look_or_not,
    4,
    gradients=("scores", "z", "sentinel_scores", "sentinels"),
    forbidden=(
        "rnn2attn.attention",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.MultiheadAttention",
    ),
)


@QUESTION.now(r"""
A captioner that need not look. It is trained with your function in its decoder: before each word it chooses between
the cells and a sentinel made from its own state. First looking is free; then each look has a price, and the loss
grows by $0.2\,(1 - \beta_t)$ a word. After both it says for each kind of word how much it looked away. Before you
run the cell: for which words of "seven left of two" does it need the picture? And what does it do if looking is
free?
""")
def look_away(look_or_not):
    import itertools

    from torch import nn

    from rnn2attn import plots
    from rnn2attn.captioning import CNN, Pictures
    from rnn2attn.tasks import digits
    from rnn2attn.text import Vocabulary

    samples, test = digits.relation(1500), digits.relation(200, test=True)
    words = Vocabulary.of(sample.caption for sample in samples)

    class Captioner(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = CNN(d=32, d_emb=16)
            self.embedding = nn.Embedding(len(words), 16)
            self.rnn = nn.GRU(16, 32, batch_first=True)
            self.ask, self.remember = nn.Linear(32, 32), nn.Linear(32, 32)
            self.doubt, self.output = (
                nn.Linear(32, 1),
                nn.Linear(64, len(words)),
            )
            nn.init.constant_(self.doubt.bias, math.log(64))  # even at first

        def forward(self, batch):
            z = self.encoder(batch.source).states.mT.unflatten(2, (8, 8))
            s, _ = self.rnn(self.embedding(batch.inputs), z.mean((2, 3))[None])
            scores = torch.einsum("btd,bdij->btij", self.ask(s), z) / math.sqrt(
                32
            )
            c, maps, beta = look_or_not(
                scores, z, self.doubt(s)[..., 0], self.remember(s)
            )
            return self.output(torch.cat([c, s], dim=2)), maps, beta

    batch = Pictures.of(test, words)
    kinds = {"a digit": digits.NAMES["en"], "left, above": ["left", "above"]}
    kinds |= {"of": ["of"], "the end": ["<eos>"]}
    torch.manual_seed(0)
    model = Captioner()
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    batches = Pictures.of(samples, words).minibatches(32, 400, seed=0)
    for price, updates in ((0.0, 250), (0.2, 150)):
        for few in itertools.islice(batches, updates):
            logits, _, beta = model.train()(few)
            mask = few.target_mask
            loss = F.cross_entropy(logits[mask], few.target[mask])
            loss = loss + price * (1 - beta[mask]).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        logits, maps, beta = model.eval()(batch)
        right = (logits.argmax(2) == batch.target)[batch.target_mask]
        print(f"price {price}: {right.double().mean():.0%} of words right")
        for kind, members in kinds.items():
            here = torch.isin(batch.target, words.encode(members))
            away = beta[here & batch.target_mask].mean()
            print(f"  before {kind:11} it looks away by {away:.2f}")
    n = next(n for n, sample in enumerate(test) if "of" in sample.caption)
    caption = test[n].caption
    return plots.attended(
        test[n].image, maps[n, : len(caption)].detach(),
        [f"{w}, {b:.2f}" for w, b in zip(caption, beta[n], strict=False)],
    )  # fmt: skip


def inputs(draw, B, T, d, H, W, scale=1.0):
    return {
        "scores": draw.normal(B, T, H, W, scale=scale),
        "z": draw.normal(B, d, H, W),
        "sentinel_scores": 1 + draw.normal(B, T, scale=scale),
        "sentinels": draw.normal(B, T, d),
    }


@PART.cases
def cases(draw):
    yield "different sizes", inputs(draw, 2, 3, 5, 2, 7)
    yield "all sizes equal", inputs(draw, 3, 3, 3, 3, 3)
    yield "one picture, one word", inputs(draw, 1, 1, 3, 5, 2)
    yield "large scores", inputs(draw, 2, 3, 2, 2, 3, scale=900.0)


@PART.edges
def edges(draw):
    yield "one cell", inputs(draw, 2, 3, 5, 1, 1)
    never = inputs(draw, 2, 3, 2, 2, 3)
    yield (
        "nothing but the sentinel",
        never | {"sentinel_scores": never["sentinel_scores"] + 1000},
    )
    yield (
        "nothing but the picture",
        never | {"sentinel_scores": never["sentinel_scores"] - 1000},
    )


def softmax_of(scores):
    """Over the cells alone."""
    return scores.flatten(2).softmax(dim=-1).view_as(scores)


def averaged(maps, z):
    return torch.einsum("bthw,bdhw->btd", maps, z)


def variant(
    context=lambda seen, beta, s: seen + beta * s,
    joint=lambda together: together.softmax(dim=-1),
    shown=lambda maps: maps,
    as_beta=lambda beta: beta,
):
    """The right answer with one part of it replaced; `context` gets the weighted sum over the cells."""

    def answer(scores, z, sentinel_scores, sentinels):
        flat = scores.flatten(2)
        weights = joint(torch.cat([flat, sentinel_scores[..., None]], -1))
        maps, beta = weights[..., :-1].view_as(scores), weights[..., -1]
        found = context(averaged(maps, z), beta[..., None], sentinels)
        return found, shown(maps), as_beta(beta)

    return answer


def overflowing(together):
    e = together.exp()
    return e / e.sum(dim=-1, keepdim=True)


def own_softmax(mixed, shown=lambda maps, beta: maps):
    """The cells among themselves, and β as `mixed` says."""

    def answer(scores, z, sentinel_scores, sentinels):
        maps, beta = softmax_of(scores), torch.sigmoid(sentinel_scores)
        seen = averaged(maps, z)
        found = mixed(seen, beta[..., None], sentinels)
        return found, shown(maps, beta[..., None, None]), beta

    return answer


a_gate = PART.mistake(
    "Your β is σ of the sentinel's score and knows nothing of the cells. It is "
    "a weight like theirs, from one softmax over H' W' + 1 scores."
)(own_softmax(lambda seen, beta, s: beta * s + (1 - beta) * seen))
a_gate_for_the_maps = PART.mistake(
    "Your map leaves β to the sentinel, and that is right. But your β is σ of "
    "the sentinel's score, whatever the cells' scores are. It is a weight like "
    "theirs, from one softmax over H' W' + 1 scores."
)(
    own_softmax(
        lambda seen, beta, s: beta * s + (1 - beta) * seen,
        shown=lambda maps, beta: (1 - beta) * maps,
    )
)
a_gate_besides = PART.mistake(
    "Two things. β is a weight like those of the cells, from one softmax over "
    "H' W' + 1 scores, not σ of its score. And yours comes on top of weights "
    "that already sum to 1."
)(own_softmax(lambda seen, beta, s: beta * s + seen))
a_gate_and_a_weight = PART.mistake(
    "The maps are right: the sentinel competes with the cells. The weight that "
    "it gets there is β; no σ of its score is needed."
)(
    lambda scores, z, sentinel_scores, sentinels: (
        averaged(look_or_not(scores, z, sentinel_scores, sentinels)[1], z)
        + torch.sigmoid(sentinel_scores)[..., None] * sentinels,
        look_or_not(scores, z, sentinel_scores, sentinels)[1],
        torch.sigmoid(sentinel_scores),
    )
)
over_the_sentinels = PART.mistake(
    "Your β sums to 1 over the words. It is a weight like those of the cells of "
    "its word, from one softmax over H' W' + 1 scores."
)(
    lambda scores, z, sentinel_scores, sentinels: (
        averaged(softmax_of(scores), z)
        + sentinel_scores.softmax(dim=1)[..., None] * sentinels,
        softmax_of(scores),
        sentinel_scores.softmax(dim=1),
    )
)
discounted_twice = PART.mistake(
    "The weights of the cells have given up β to the sentinel already. You "
    "multiply by 1 − β once more."
)(variant(lambda seen, beta, s: beta * s + (1 - beta) * seen))
exchanged = PART.mistake(
    "β is the sentinel's weight. In your context it multiplies what was seen, "
    "and 1 − β the sentinel."
)(variant(lambda seen, beta, s: beta / (1 - beta) * seen + (1 - beta) * s))
not_in_the_context = PART.mistake(
    "The sentinel takes weight and gives nothing: β m is missing in the "
    "context."
)(variant(lambda seen, beta, s: seen))
whole_sentinel = PART.mistake(
    "The sentinel is added whole. It counts by its weight, β."
)(variant(lambda seen, beta, s: seen + s))
maps_of_their_own = PART.mistake(
    "The context is right. Your maps sum to 1: the share that the sentinel "
    "took is to be missing in them."
)(variant(shown=lambda maps: maps / maps.sum(dim=(2, 3), keepdim=True)))
looked = PART.mistake(
    "Your third output is 1 − β, the weight on the picture. β is the weight on "
    "the sentinel."
)(variant(as_beta=lambda beta: 1 - beta))
over_words = PART.mistake(
    "Your weights sum to 1 over the words. Each word has a weight of 1 to give."
)(variant(joint=lambda together: together.softmax(dim=1)))
overflow = PART.mistake(
    "Right, except for large scores: there exp overflows. `softmax` subtracts "
    "the largest score first."
)(variant(joint=overflowing))
scores_shown = PART.mistake(
    "Your weights are the scores themselves: the softmax is missing."
)(variant(joint=lambda together: together))
without_sentinel = PART.mistake(
    "The sentinel does not compete: your weights are those of the cells alone, "
    "and β is what they leave, which is 0."
)(
    lambda scores, z, sentinel_scores, sentinels: (
        averaged(softmax_of(scores), z),
        softmax_of(scores),
        0 * sentinel_scores,
    )
)


@PART.mistake(
    "Each row of the grid competes with the sentinel by itself. One softmax "
    "over all cells of the picture and the sentinel."
)
def row_by_row(scores, z, sentinel_scores, sentinels):
    e = sentinel_scores[..., None, None].expand(*scores.shape[:3], 1)
    weights = torch.cat([scores, e], dim=-1).softmax(dim=-1)
    maps, beta = weights[..., :-1], weights[..., -1].sum(dim=-1)
    found = averaged(maps, z) + beta[..., None] * sentinels
    return found, maps, beta


@PART.mistake(
    "The sentinel was put behind the cells, and then its weight is read in "
    "front of them: every weight belongs to another one's score."
)
def wrong_end(scores, z, sentinel_scores, sentinels):
    weights = torch.cat([scores.flatten(2), sentinel_scores[..., None]], -1)
    weights = weights.softmax(dim=-1)
    maps, beta = weights[..., 1:].view_as(scores), weights[..., 0]
    found = averaged(maps, z) + beta[..., None] * sentinels
    return found, maps, beta


@PART.mistake(
    "Features of different places are mixed: `reshape` reads z in the order in "
    "which it lies, features first. Move an axis instead."
)
def reshaped(scores, z, sentinel_scores, sentinels):
    mixed = z.reshape(len(z), -1, z.shape[1]).mT.view_as(z)
    return look_or_not(scores, mixed, sentinel_scores, sentinels)
