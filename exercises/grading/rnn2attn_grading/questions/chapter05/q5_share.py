"""5.5: how much attention is on a box, and how much would be by chance."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The model looks at the dog." How much of its attention is on the dog's box, and how much would be there if it looked
everywhere alike? Two functions.
"""

HINTS = r"""
`share_in_box`: how much of cell k, which reaches from k to k + 1, lies between two points of a line, and what are
the box's edges in units of cells? Rows and columns can be taken one after the other. `lift`: which mean is divided
by which; and is a mean of quotients the same?

`share_in_box`: an edge at pixel x of `size` is at x · cells / size in cells. Of cell k, the part left of an edge e
is e − k, cut to 0 … 1; the part between two edges is a difference of two such. `lift`: the mean share on named
boxes over the mean area of those boxes, and words that name nothing count in neither.

`share_in_box`: two vectors, one of parts of rows, one of parts of columns, each by `clamp(0, 1)` of both edges and
a difference; `maps` times the columns' vector, times the rows'. `lift`: the sum of the shares that are not None,
divided by the sum of the areas that are not None, since both means have the same number of words.
"""

QUESTION = Question(
    "5.5", "Attention on a box", TEXT, minutes=30, difficulty=2, hints=HINTS
)


@QUESTION.now("""
Your measure on a captioner, before it is trained and after. For 100 pictures that it never saw, your first function
takes the share of attention on the box of the digit that a word names, and your second says how many times chance
that is. Before you run the cell: what should come out before training, and could it be less than 1 after it?
""")
def measure_looks(share_in_box, lift):
    from rnn2attn import plots
    from rnn2attn.attention import Concat
    from rnn2attn.captioning import CNN, Captioner, Pictures
    from rnn2attn.seq2seq import AttentionDecoder
    from rnn2attn.tasks import digits
    from rnn2attn.text import Vocabulary
    from rnn2attn.training import fit, token_loss

    torch.manual_seed(0)
    samples, test = digits.relation(1500), digits.relation(100, test=True)
    words = Vocabulary.of(sample.caption for sample in samples)
    encoder = CNN(d=32, d_emb=16)
    decoder = AttentionDecoder(encoder, len(words), Concat(32, 32, 32))
    model = Captioner(words, encoder, decoder)
    batches = list(Pictures.of(samples, words).minibatches(32, 300, seed=0))
    updates, lifts = [0, 50, 100, 200, 300], []
    for begin, end in zip([0, *updates], updates, strict=False):
        fit(model, batches[begin:end], lr=0.01, loss=token_loss)
        shares, areas = [], []
        with torch.no_grad():
            weights = model.eval().align(Pictures.of(test, words))
        model.train()
        for sample, maps in zip(
            test, weights.unflatten(2, (8, 8)), strict=True
        ):
            for word, named in enumerate(sample.named):
                if named is None:
                    shares.append(None), areas.append(None)
                    continue
                box = sample.boxes[named]
                share = share_in_box(maps[word : word + 1], box, 32, 32)
                shares.append(share.item()), areas.append(12 * 12 / 32**2)
        lifts.append(lift(shares, areas))
        print(f"after {end:3} updates: {lifts[-1]:.2f} times chance")
    return plots.lines(
        {"": lifts}, x=updates, xlabel="update", ylabel="times chance",
        levels={"chance": 1},
    )  # fmt: skip
