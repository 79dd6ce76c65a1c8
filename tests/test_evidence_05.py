"""Chapter 5's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page


class TestChapter5(Evidence):
    notebook = page("05")
    ablations = {
        # C30: hardly any training, so that nothing is right, nothing is looked at, and nothing changes
        "minibatches(64, updates, seed)": "minibatches(64, 4, seed)",
    }
