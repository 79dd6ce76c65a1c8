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


class TestATransformerThatWrites(Evidence):
    notebook = page("06c")
    ablations = {
        # C47: an LSTM that learns nothing
        'how = {"rows": 16, "lr": 0.12} if kind == LSTM': 'how = {"lr": 1e-7} if kind == LSTM',
        # C48, C49: networks that were hardly trained
        "ours, ids(text), 300, **SHORT": "ours, ids(text), 2, **SHORT",
        "found = fit_stream(model, ids(text), updates,": "found = fit_stream(model, ids(text), 2,",
        # C48: keys that are not turned; strings as long as in training, read where training was
        "turn(q) @ turn(k).mT - turn(q, 1000) @ turn(k, 1000).mT": "turn(q) @ k.mT - turn(q, 1000) @ k.mT",
        'of_16 = right_at("rotary", 16, 0, seed)': 'of_16 = right_at("rotary", 10, 0, seed)',
        # C58: both clerks are Transformers
        'if kind == "Transformer":\n        return transformer(source': "if kind:\n        return transformer(source",
    }
