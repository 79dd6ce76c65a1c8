"""5.1: a grid as a row of cells, and back."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
Attention takes a row of vectors and gives a row of weights. A picture is a grid. Two functions: from the grid to the
row, and from the row of weights back to a map that can be laid over the picture.
"""

HINTS = r"""
`to_cells`: the features have to come last before rows and columns of cells are laid end to end, and only then is
nothing mixed. `picture_maps`: write `order` for four cells, say 2, 0, 3, 1. Weight number 0 of the shuffled row
belongs to which cell?

`to_cells`: (B, d, H', W') becomes (B, H', W', d) by `permute`; $p_i$ is the same along a row, (H', 1, d), and $q_j$
along a column, (W', d). `picture_maps`: weight k belongs on cell `order[k]`; seen from the picture, cell n has the
weight at the place where `order` is n.

`to_cells`: permute, add `rows[:, None]` and `columns`, `flatten(1, 2)`. `picture_maps`: `order.argsort()` is the
inverse permutation; index the last axis with it, and `unflatten` that axis to (height, width).
"""

QUESTION = Question(
    "5.1",
    "A grid as a row, and back",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your row of cells is read by a captioner, and your maps lie over the picture. The encoder is the chapter's, but your
first function tells its cells where they are, and then they are shuffled, positions and all. It is trained on 1,500
pictures of two digits. Then one picture twice: its weights as they come, cut into eight rows, and through your
second function. Before you run the cell: does shuffling make the captions worse?
""")
def caption_shuffled(to_cells, picture_maps):
    from rnn2attn import plots
    from rnn2attn.attention import Concat
    from rnn2attn.captioning import CNN, Captioner, Pictures
    from rnn2attn.seq2seq import AttentionDecoder, Memory
    from rnn2attn.tasks import digits
    from rnn2attn.text import Vocabulary
    from rnn2attn.training import evaluate, fit, token_loss

    class Told(CNN):
        def remember(self, z):
            grid = z.mT.unflatten(2, self.grid)
            cells = to_cells(grid, self.rows[:, 0], self.columns[0])
            cells = cells[:, order]
            return Memory(cells, cells[..., 0] == cells[..., 0], cells.mean(1))

    torch.manual_seed(0)
    samples, test = digits.relation(1500), digits.relation(100, test=True)
    words = Vocabulary.of(sample.caption for sample in samples)
    encoder, order = Told(d=32, d_emb=16), torch.randperm(64)
    decoder = AttentionDecoder(encoder, len(words), Concat(32, 32, 32))
    model = Captioner(words, encoder, decoder)
    batches = Pictures.of(samples, words).minibatches(32, 300, seed=0)
    fit(model, batches, lr=0.01, loss=token_loss)
    right = evaluate(model, test)
    print(f"{right.exact:.0%} of captions right, {right.tokens:.0%} of words")
    (said,) = model.translate([test[1].image])
    weights = said.alignment.flatten(1)[None]
    maps = picture_maps(weights, order, 8, 8)[0]
    return plots.attended(
        test[1].image,
        torch.cat([said.alignment, maps]),
        [f"{word}, shuffled" for word in said.tokens] + said.tokens,
        columns=len(said.tokens),
    )
