"""6.5: a layer of the encoder."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.chapter06.ready_made import READY_MADE
from rnn2attn_grading.questions.specification import Question

TEXT = r"""
A layer of the encoder has two sublayers, attention and a feed-forward network. Around each there is a residual
connection and a layer normalisation, in one of two orders:

| | after the first sublayer | after the second |
|---|---|---|
| post-norm (the paper) | $u = \mathrm{norm}_1(x + \mathrm{attention}(x))$ | $\mathrm{norm}_2(u + \mathrm{feed}(u))$ |
| pre-norm | $u = x + \mathrm{attention}(\mathrm{norm}_1(x))$ | $u + \mathrm{feed}(\mathrm{norm}_2(u))$ |

It is the wiring that is asked, so attention is a simple one: its weights $A$ are given, whatever it reads, and of
its matrices there is one. For word $t$

$$
\mathrm{attention}(y)_t = \sum_i A_{t,i}\, W y_i \qquad
\mathrm{feed}(y) = W_2 \max(0,\ W_1 y + b_1) + b_2
$$

`F.layer_norm` is allowed, with the ε it has by itself; `nn.TransformerEncoderLayer` is not. Checked: the values, and
the gradient for $x$ and all that is trained.
"""

HINTS = r"""
The plain path has to stay plain: in both orders something is added to x itself. The orders differ in where the norm
stands. Write both rows of the table as four lines of code each, then see which lines are the same.

In post-norm a norm is around the sum; in pre-norm it is around what a sublayer reads, and the sum is left alone.
Attention of y is A times y times the transposed W, (B, T, d): the weights mix words, W mixes features.

`u = x + A @ norm(x) @ W.T` or `u = norm(x + A @ x @ W.T)`; then the same with `feed`, where `feed(y)` is `relu(y @
W_1.T + b_1) @ W_2.T + b_2`. A norm is `F.layer_norm(y, y.shape[-1:], gain, bias)`.
"""

QUESTION = Question(
    "6.5", "A layer of the encoder", TEXT, minutes=25, difficulty=2, hints=HINTS
)


def encoder_layer(x, attention, norm1, feed, norm2, pre_norm):
    """A layer of the Transformer's encoder.

    Args:
        x: sequences, (B, T, d).
        attention: the pair of the weights A, (B, T, T), and W, (d, d).
        norm1: gain and bias, each (d,).
        feed: W_1, (d_ff, d), b_1, (d_ff,), W_2, (d, d_ff), b_2, (d,).
        norm2: gain and bias, each (d,).
        pre_norm: True for pre-norm, False for post-norm.

    Returns:
        (B, T, d).
    """
    (A, W), (W_1, b_1, W_2, b_2) = attention, feed
    size = x.shape[2:]
    y = F.layer_norm(x, size, *norm1) if pre_norm else x
    u = x + A @ y @ W.T
    if not pre_norm:
        u = F.layer_norm(u, size, *norm1)
    y = F.layer_norm(u, size, *norm2) if pre_norm else u
    out = u + F.relu(y @ W_1.T + b_1) @ W_2.T + b_2
    return out if pre_norm else F.layer_norm(out, size, *norm2)


PART = QUESTION.part(
    encoder_layer,
    3,
    gradients=(
        "x",
        "attention[1]",
        *(f"{name}[{n}]" for name in ("norm1", "norm2") for n in (0, 1)),
        *(f"feed[{n}]" for n in range(4)),
    ),
    forbidden=(
        *READY_MADE,
        "torch.nn.TransformerEncoder",
        "torch.nn.TransformerEncoderLayer",
    ),
)


@QUESTION.now("""
Your layer joins five others, and they translate. Six of your layers are the encoder of a Transformer, whose decoder
is the library's; it learns Korean from the phrases of chapter 3, once in pre-norm and once in post-norm, at the
same rate and for the same short time. Before you run the cell: which of the two has a path from the last layer to
the first on which nothing happens, and will one see it in the losses?
""")
def translate_with_six(encoder_layer):
    from torch import nn

    from rnn2attn import plots, transformer
    from rnn2attn.attention import attend
    from rnn2attn.seq2seq import Memory, Seq2Seq
    from rnn2attn.tasks import phrases
    from rnn2attn.text import Batch, real, vocabularies
    from rnn2attn.training import fit, token_loss

    class Layer(nn.Module):
        def __init__(self, d=32):
            super().__init__()
            self.q, self.k, self.v = (
                nn.Linear(d, d, bias=False) for _ in "qkv"
            )
            self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.W_1, self.W_2 = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

        def forward(self, x, mask, pre_norm):
            y = self.norm1(x) if pre_norm else x
            _, A = attend(self.q(y), self.k(y), y, mask)
            feed = (*self.W_1.parameters(), *self.W_2.parameters())
            norms = [tuple(n.parameters()) for n in (self.norm1, self.norm2)]
            attention = A, self.v.weight
            return encoder_layer(
                x, attention, norms[0], feed, norms[1], pre_norm
            )

    class Six(nn.Module):
        def __init__(self, V, pre_norm):
            super().__init__()
            self.embedding = transformer.InputEmbedding(
                V, 32, "sinusoidal", max_length=128, dropout=0.0
            )
            self.layers = nn.ModuleList(Layer() for _ in range(6))
            self.pre_norm = pre_norm

        def forward(self, source, lengths):
            x, mask = self.embedding(source), real(lengths, source.shape[1])
            for layer in self.layers:
                x = layer(x, mask, self.pre_norm)
            return Memory(x, mask, ())

    pairs = phrases.pairs("ko")
    en, ko = vocabularies(pairs)
    curves = {}
    for name in ("post-norm", "pre-norm"):
        torch.manual_seed(0)
        one = transformer.TransformerEncoder(1, d_model=32, layers=1)
        decoder = transformer.TransformerDecoder(one, len(ko))
        model = Seq2Seq(en, ko, Six(len(en), name == "pre-norm"), decoder)
        batches = Batch.of(pairs, en, ko).minibatches(32, 150, seed=0)
        curves[name] = fit(model, batches, lr=0.01, loss=token_loss)
    for sentence in phrases.EXAMPLES:
        (said,) = model.translate([sentence.split()])
        print(f"{sentence}: {' '.join(said.tokens)}")
    return plots.lines(curves, xlabel="update", ylabel="loss a word")


def inputs(draw, pre_norm, B, T, d, d_ff, scale=1.0):
    """Weights of attention that add up to 1 in each row, gains that are far from 1."""
    A = draw.normal(B, T, T).softmax(dim=2).round(decimals=3)
    return {
        "x": draw.normal(B, T, d, scale=scale),
        "attention": (A, draw.normal(d, d)),
        "norm1": (1.5 + draw.normal(d, scale=0.5), draw.normal(d)),
        "feed": (
            draw.normal(d_ff, d, scale=0.5),
            draw.normal(d_ff, scale=0.5),
            draw.normal(d, d_ff, scale=0.5),
            draw.normal(d),
        ),
        "norm2": (1.5 + draw.normal(d, scale=0.5), draw.normal(d)),
        "pre_norm": pre_norm,
    }


@PART.cases
def cases(draw):
    yield "post-norm", inputs(draw, False, 2, 3, 5, 7)
    yield "pre-norm", inputs(draw, True, 2, 3, 5, 7)
    yield "post-norm, all sizes alike", inputs(draw, False, 3, 3, 3, 3)
    yield "pre-norm, all sizes alike", inputs(draw, True, 3, 3, 3, 3)


@PART.edges
def edges(draw):
    yield "one word", inputs(draw, True, 1, 1, 5, 3)
    yield "small x, post-norm", inputs(draw, False, 1, 2, 3, 5, scale=0.02)
    yield "small x, pre-norm", inputs(draw, True, 1, 2, 3, 5, scale=0.02)


def norm(y, parameters):
    return F.layer_norm(y, y.shape[2:], *parameters)


def variant(
    x, attention, norm1, feed, norm2, pre_norm, *,
    first=None, second=None, norm=norm, attend=None, forward=None,
):  # fmt: skip
    """The right answer with another wiring of a sublayer, (x, f, norm, pre_norm) → u, or another sublayer."""
    A, W = attention
    u = (first or wired)(
        x,
        attend or (lambda y: A @ y @ W.T),
        lambda y: norm(y, norm1),
        pre_norm,
    )
    return (second or wired)(
        u,
        (lambda y: forward(y, *feed)) if forward else (lambda y: fed(y, *feed)),
        lambda y: norm(y, norm2),
        pre_norm,
    )


def fed(y, W_1, b_1, W_2, b_2):
    return F.relu(y @ W_1.T + b_1) @ W_2.T + b_2


def wired(x, f, norm, pre_norm):
    return x + f(norm(x)) if pre_norm else norm(x + f(x))


def around(post=None, pre=None):
    """A wiring that is right but in one of the two orders."""

    def other(x, f, norm, pre_norm):
        wiring = pre if pre_norm else post
        return wiring(x, f, norm) if wiring else wired(x, f, norm, pre_norm)

    return other


def both(**wirings):
    return {"first": around(**wirings), "second": around(**wirings)}


@PART.mistake("The two orders are exchanged: `pre_norm` is True for pre-norm.")
def exchanged(*given):
    return variant(*given[:5], not given[5])


@PART.mistake("You wrote post-norm; with `pre_norm` True the order is another.")
def always_post(*given):
    return variant(*given[:5], False)


@PART.mistake("You wrote pre-norm; with `pre_norm` False the order is another.")
def always_pre(*given):
    return variant(*given[:5], True)


@PART.mistake(
    "Right for post-norm. In pre-norm you add norm(x) to what the sublayer "
    "gives. The plain path has to stay plain: x is added."
)
def path_normalised(*given):
    return variant(*given, **both(pre=lambda x, f, norm: norm(x) + f(norm(x))))


@PART.mistake(
    "Right for pre-norm. In post-norm you normalise what the sublayer gives, "
    "and then add x. The sum is what is normalised."
)
def sublayer_normalised(*given):
    return variant(*given, **both(post=lambda x, f, norm: x + norm(f(x))))


@PART.mistake("The residual connections are missing: x is not added.")
def no_residual(*given):
    return variant(
        *given,
        **both(
            post=lambda x, f, norm: norm(f(x)),
            pre=lambda x, f, norm: f(norm(x)),
        ),
    )


@PART.mistake("The residual connection around attention is missing.")
def no_first_residual(*given):
    first = around(
        post=lambda x, f, norm: norm(f(x)), pre=lambda x, f, norm: f(norm(x))
    )
    return variant(*given, first=first)


@PART.mistake(
    "The residual connection around the feed-forward network is missing."
)
def no_second_residual(*given):
    second = around(
        post=lambda x, f, norm: norm(f(x)), pre=lambda x, f, norm: f(norm(x))
    )
    return variant(*given, second=second)


@PART.mistake(
    "The feed-forward network reads x. What it is to read is what attention's "
    "sublayer made of it."
)
def parallel(*given):
    x = given[0]
    return variant(
        *given,
        second=around(
            post=lambda u, f, norm: norm(u + f(x)),
            pre=lambda u, f, norm: u + f(norm(x)),
        ),
    )


@PART.mistake(
    "The second residual connection adds x once more. It goes around the "
    "second sublayer alone, so it adds what that reads."
)
def residual_from_the_start(*given):
    x = given[0]
    return variant(
        *given,
        second=around(
            post=lambda u, f, norm: norm(x + f(u)),
            pre=lambda u, f, norm: x + f(norm(u)),
        ),
    )


@PART.mistake("You normalise with norm1 in both places. The second has norm2.")
def norm1_twice(x, attention, norm1, feed, norm2, pre_norm):
    return variant(x, attention, norm1, feed, norm1, pre_norm)


@PART.mistake(
    "Right for post-norm. In pre-norm you normalise what comes out as well. A "
    "stack of such layers has one more norm, but behind its last layer."
)
def last_norm(*given):
    out = encoder_layer(*given)
    return norm(out, given[4]) if given[5] else out


@PART.mistake("norm1 and norm2 are exchanged.")
def norms_exchanged(x, attention, norm1, feed, norm2, pre_norm):
    return variant(x, attention, norm2, feed, norm1, pre_norm)


@PART.mistake("The norms' gain and bias are not used.")
def bare_norm(*given):
    return variant(*given, norm=lambda y, _: F.layer_norm(y, y.shape[2:]))


def normalised(root):
    """An answer whose norm divides by a root of its own, of the features that were centred."""

    def other(y, parameters):
        gain, bias = parameters
        centred = y - y.mean(dim=2, keepdim=True)
        return centred / root(centred) * gain + bias

    return lambda *given: variant(*given, norm=other)


def variance(centred, less=0):
    """Over the features, d − `less` of them."""
    squares = centred.square().sum(dim=2, keepdim=True)
    return squares / (centred.shape[2] - less)


unbiased = PART.mistake(
    "Your standard deviation divides by d − 1, as `std` does. Layer "
    "normalisation divides by d."
)(normalised(lambda y: variance(y, less=1).sqrt()))
unbiased_variance = PART.mistake(
    "Your variance divides by d − 1, as `var` does by itself. Layer "
    "normalisation divides by d. Your ε is right."
)(normalised(lambda y: (variance(y, less=1) + 1e-5).sqrt()))
unbiased_eps_outside = PART.mistake(
    "Two things. Your standard deviation divides by d − 1, as `std` does; layer "
    "normalisation divides by d. And its ε stands under the root, beside the "
    "variance."
)(normalised(lambda y: variance(y, less=1).sqrt() + 1e-5))
unbiased_with_another_eps = PART.mistake(
    "Two things. Your standard deviation divides by d − 1, as `std` does; layer "
    "normalisation divides by d. And ε is not that of `layer_norm`."
)(normalised(lambda y: variance(y, less=1).sqrt() + 1e-6))
eps_outside = PART.mistake(
    "Right but for the last digits: your ε is added to the standard deviation. "
    "It stands under the root, beside the variance."
)(normalised(lambda y: variance(y).sqrt() + 1e-5))
smaller_eps = PART.mistake(
    "Right but for the last digits: your ε is smaller than that of "
    "`layer_norm`. It matters where a word's features hardly differ."
)(normalised(lambda y: (variance(y) + 1e-6).sqrt()))
no_eps = PART.mistake(
    "Right but for the last digits: there is no ε, or hardly any. `layer_norm` "
    "has one, and it matters where a word's features hardly differ."
)(normalised(lambda y: variance(y).sqrt()))


@PART.mistake(
    "You normalise over the words. Each word is normalised by itself, over its "
    "d features."
)
def norm_over_words(*given):
    def other(y, parameters):
        gain, bias = parameters
        return F.layer_norm(y.mT, y.shape[1:2]).mT * gain + bias

    return variant(*given, norm=other)


@PART.mistake(
    "You normalise over words and features together. Each word is normalised "
    "by itself, over its d features."
)
def norm_over_both(*given):
    def other(y, parameters):
        gain, bias = parameters
        return F.layer_norm(y, y.shape[1:]) * gain + bias

    return variant(*given, norm=other)


@PART.mistake("There is no max(0, ·) in your feed-forward network.")
def no_relu(*given):
    return variant(
        *given,
        forward=lambda y, W_1, b_1, W_2, b_2: (y @ W_1.T + b_1) @ W_2.T + b_2,
    )


@PART.mistake(
    "Between the two matrices stands max(0, ·), not GELU, which later networks "
    "have there."
)
def gelu(*given):
    return variant(
        *given,
        forward=lambda y, W_1, b_1, W_2, b_2: (
            F.gelu(y @ W_1.T + b_1) @ W_2.T + b_2
        ),
    )


@PART.mistake(
    "max(0, ·) stands around the whole feed-forward network. It belongs "
    "between the two matrices."
)
def relu_outside(*given):
    return variant(
        *given,
        forward=lambda y, W_1, b_1, W_2, b_2: F.relu(
            (y @ W_1.T + b_1) @ W_2.T + b_2
        ),
    )


@PART.mistake(
    "max(0, ·) stands between the two matrices and once more behind them. What "
    "the second gives may be negative."
)
def relu_twice(*given):
    return variant(*given, forward=lambda y, *feed: F.relu(fed(y, *feed)))


@PART.mistake(
    "A word is made of the words that look at it: A is transposed. Row t holds "
    "the weights with which word t looks."
)
def columns(*given):
    A, W = given[1]
    return variant(*given, attend=lambda y: A.mT @ y @ W.T)


@PART.mistake(
    "Weights lie (out, in), and W is square: the shapes do not show that it "
    "was not transposed."
)
def not_transposed(*given):
    A, W = given[1]
    return variant(*given, attend=lambda y: A @ y @ W)
