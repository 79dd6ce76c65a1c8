"""3.1: what the decoder reads."""

import torch
import torch.nn.functional as F

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
At each step a decoder reads the word before the one that it has to say. In training that word comes from the
reference, or from the model itself, or now from the one and now from the other. Two functions.
"""

HINTS = r"""
Write the three rows for two words and for none on paper, with `<sos>`, `<eos>` and `<pad>` in them: what is read,
what is said, what counts. For the mixture: the word that is read at place t was said at which step?

`teacher_forcing`: a row of n words is read as sos and n words, said as n words and eos; n + 1 places count, and the
rest up to T' is padding on both sides. `mix_inputs`: `logits[:, t]` is what step t says, and it is read at t + 1;
so the last step's logits are read by nobody, and place 0 has nothing to mix.

`teacher_forcing`: T' is 1 + the longest length; for each row build three lists, filled up to T' with `pad`, `pad`
and False, and make tensors of the lists. `mix_inputs`: `torch.where` on `use_gold`, `inputs` and the argmax over
the last axis, with the first column of the first two and the last column of the argmax cut off; put the first
column of `inputs` back in front.
"""

QUESTION = Question(
    "3.1", "What the decoder reads", TEXT, minutes=30, difficulty=2, hints=HINTS
)


@QUESTION.now("""
Your rows teach a translator. An encoder and a decoder of the library learn Korean from a thousand phrases; what the
decoder reads and has to say comes from your function. At times your mixture shows what one sentence's decoder would
read if a coin decided between the reference and itself. Before you run the cell: in the first mixture, which words
are the model's?
""")
def teach_a_translator(teacher_forcing, mix_inputs):
    from rnn2attn.seq2seq import Decoder, Encoder, Seq2Seq
    from rnn2attn.tasks import phrases
    from rnn2attn.text import EOS, PAD, SOS, padded, vocabularies

    pairs = phrases.pairs("ko")
    en, ko = vocabularies(pairs)
    source, lengths = padded([left for left, _ in pairs], en)
    inputs, labels, mask = teacher_forcing(
        [ko.ids(right) for _, right in pairs],
        ko.id(SOS),
        ko.id(EOS),
        ko.id(PAD),
    )
    torch.manual_seed(0)
    encoder = Encoder(len(en), d_emb=24, d_h=48, cell="GRU")
    model = Seq2Seq(en, ko, encoder, Decoder(encoder, len(ko)))
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for update in range(201):
        rows = torch.randint(len(pairs), (32,))
        memory = encoder(source[rows], lengths[rows])
        begin = model.decoder.begin(memory)
        logits = model.decoder(inputs[rows], begin, memory)[0]
        if update in (0, 30, 200):
            coins = torch.rand(mask[rows].shape) < 0.5
            mixed = mix_inputs(inputs[rows], logits, coins)
            print(f"{update:3}, read:", *ko.decode(mixed[0][mask[rows[0]]]))
            print("    to say:", *ko.decode(labels[rows[0]][mask[rows[0]]]))
        loss = F.cross_entropy(logits[mask[rows]], labels[rows][mask[rows]])
        adam.zero_grad()
        loss.backward()
        adam.step()
    for sentence in phrases.EXAMPLES:
        (said,) = model.translate([sentence.split()])
        print(f"{sentence}: {' '.join(said.tokens)}")
