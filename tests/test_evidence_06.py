"""Chapter 6's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page


class TestTheTransformer(Evidence):
    notebook = page("06")
    ablations = {
        # C31: attention one input after the other
        '"attention": lambda x: attend(x, x, x)': '"attention": recurrent.RNN(5, 7)',
        # C32: entries of another size; small vectors, whose scores need no division
        "entries = torch.tensor([mean - size, mean + size]": "entries = torch.tensor([mean - size, mean + 2 * size]",
        "gradient_left(256, seed)": "gradient_left(1, seed)",
        # C34: a mask that is none
        "swapped_apart(causal_mask(7))": "swapped_apart()",
    }


class TestWhatItBuys(Evidence):
    notebook = page("06b")
    ablations = {
        # C31: the table is made where it should not be
        '"fused": fused': '"fused": naive',
        # C39: a state that is far from the first input only in name; a stack that is not one
        "y = FRESH[network]()(x)[0][:, -1]": "y = FRESH[network]()(x)[0][:, 0]",
        "gradients_of(d, design, seed) for": "gradients_of(1, design, seed) for",
        # C32, C33, C34: hardly any training
        "batches.minibatches(64, updates, seed)": "batches.minibatches(64, 3, seed)",
        # C35: the model without attention in the place of the one with it
        'at_seed("LSTM alone"), at_seed("attention")': 'at_seed("LSTM alone"), at_seed("LSTM alone")',
    }
