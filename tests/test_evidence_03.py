"""Chapter 3's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page

# C14 to C19, C36, C37: too few updates to learn anything
SHORT = {
    "updates=400, forcing=None, **how": "updates=20, forcing=None, **how",
    "minibatches(64, 600, seed)": "minibatches(64, 20, seed)",
    "trained(pairs, seed, 160, forcing,": "trained(pairs, seed, 10, forcing,",
}


class TestSequenceToSequence(Evidence):
    notebook = page("03")
    ablations = SHORT | {
        "minibatches(64, 400, seed)": "minibatches(64, 20, seed)",
        # C14: the causal tagger is given both directions
        "{d: tagger(d) for d in": '{d: tagger("both") for d in',
        # C18: read forced where it should be read free
        "for f in (1.0, 0.0)": "for f in (0.0, 1.0)",
        # C18: the right letter where a wrong one should be planted
        "tokens = first + (target[:, t] - first + 1) % 10": "tokens = target[:, t]",
        # C36: the tensors of either in the place of those of both
        "tensors(model.encoder) & tensors(model.decoder)": "tensors(model.encoder) | tensors(model.decoder)",
    }


class TestOneVector(Evidence):
    notebook = page("03b")
    ablations = SHORT | {
        "trained(pairs, seed, updates, cell=cell, d_h=d_h,": "trained(pairs, seed, 20, cell=cell, d_h=d_h,"
    }
