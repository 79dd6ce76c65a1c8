"""3.3: an encoder and its padding."""

import torch

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
`nn.LSTM` and `nn.GRU` know nothing of padding: in a batch they read it like any other word. What an encoder hands
over for a sentence must not depend on the sentences that happen to lie beside it. Two functions.
"""

HINTS = r"""
Take a row of two words in a batch of four columns and write down, for each column of the result, from which column
of the input it comes. For the last states: where in `outputs` does the forward half end, and where did the backward
half, which began at the row's last word, end?

`reverse_source`: column j takes from column lengths − 1 − j as long as j is below the length, and from j itself
beyond it; that is one index for each place, (B, T), and `gather` follows it. `last_states`: forward at lengths − 1,
another place in each row; backward at place 0 in all of them.

`reverse_source`: with `place = torch.arange(T)`, a `torch.where` of `lengths[:, None] - 1 - place` and `place`,
then `ids.gather(1, …)`. `last_states`: two halves by `chunk(2, dim=2)`; of the first, row numbers and `lengths - 1`
as a pair of indices; of the second, `[:, 0]`; side by side with `cat`.
"""

QUESTION = Question(
    "3.3",
    "An encoder and its padding",
    TEXT,
    minutes=25,
    difficulty=2,
    hints=HINTS,
)


@QUESTION.now("""
Your two functions make an encoder that reads both ways. One GRU reads the source, another what your first function
turned around; its states are put back into order by turning the numbers of the places around as well; and your
second function hands over. It learns French phrases. Then each sentence is translated alone and beside longer ones.
Before you run the cell: what would change if the way back began at the padding?
""")
def read_both_ways(reverse_source, last_states):
    from torch import nn

    from rnn2attn.seq2seq import Decoder, Memory, Seq2Seq
    from rnn2attn.tasks import phrases
    from rnn2attn.text import Batch, real, vocabularies
    from rnn2attn.training import fit, token_loss

    class BothWays(nn.Module):
        d_emb, d_h, d_m, cell = 24, 48, 96, "GRU"

        def __init__(self, V):
            super().__init__()
            self.embedding = nn.Embedding(V, 24)
            self.ahead = nn.GRU(24, 48, batch_first=True)
            self.back = nn.GRU(24, 48, batch_first=True)

        def forward(self, source, lengths):
            places = torch.arange(source.shape[1]).repeat(len(source), 1)
            order = reverse_source(places, lengths)[..., None].expand(
                -1, -1, 48
            )
            turned = self.embedding(reverse_source(source, lengths))
            halves = (
                self.ahead(self.embedding(source))[0],
                self.back(turned)[0].gather(1, order),
            )
            outputs = torch.cat(halves, dim=2)
            last = last_states(outputs, lengths)
            return Memory(outputs, real(lengths, source.shape[1]), last)

    pairs = phrases.pairs("fr")
    en, fr = vocabularies(pairs)
    torch.manual_seed(0)
    encoder = BothWays(len(en))
    model = Seq2Seq(en, fr, encoder, Decoder(encoder, len(fr)))
    batches = Batch.of(pairs, en, fr).minibatches(32, 250, seed=0)
    fit(model, batches, lr=0.01, loss=token_loss)
    sentences = [left for left, _ in phrases.pairs("fr", test=True)[:60]]
    together = [said.tokens for said in model.translate(sentences)]
    alone = [model.translate([sentence])[0].tokens for sentence in sentences]
    same = sum(a == b for a, b in zip(together, alone, strict=True))
    print(f"{same} of {len(sentences)} are the same, alone and together, as")
    for left, right in list(zip(sentences, together, strict=True))[::20]:
        print(f"  {' '.join(left)}: {' '.join(right)}")
