"""Chapter 4's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page


class TestAttention(Evidence):
    notebook = page("04")
    ablations = {
        # C20: no mask in what is written out by hand
        "e.masked_fill(~mask[:, None], -torch.inf)": "e",
        # C21: as many values as keys, where one is to be missing
        "refused(T_v=6)": "refused(T_v=7)",
        # C23: another matrix than I; C24: a tanh where it is to be left out
        "general_by(torch.eye(4))": "general_by(2 * torch.eye(4))",
        "tanh=False": "tanh=True",
        # C27: too few updates to learn where to look
        'date_reader(score, seed, "LSTM", 200)': 'date_reader(score, seed, "LSTM", 2)',
        "trained(model, train, 300, seed)": "trained(model, train, 2, seed)",
        "trained(model, pairs, 300, seed)": "trained(model, pairs, 2, seed)",
        # C38: the way through the output is never closed
        "state = s if through_output else s.detach()": "state = s",
    }


class TestWhatItBuys(Evidence):
    notebook = page("04b")
    ablations = {
        # C22: a general score of the wrong size; too few updates to learn anything
        '"general": count(General(d_q, d_k))': '"general": count(General(d_q, d_q))',
        "updates=100, d_h=64": "updates=2, d_h=64",
        # C25: hardly any training
        '"attention, 250 updates": ("concat", 64, 250)': '"attention, 250 updates": ("concat", 64, 10)',
        '"none, wider, 600 updates": (None, 71, 600)': '"none, wider, 600 updates": (None, 71, 10)',
        # C26: no short cut
        'WITH = {"attention": "scaled dot", "none": None}': 'WITH = {"attention": None, "none": None}',
        # C28: too few updates; the state after the one that must not know
        "direction, seed, updates=300": "direction, seed, updates=2",
        "attending_right(ahead, seed, updates=300)": "attending_right(ahead, seed, updates=2)",
        "h[0, 2].sum()": "h[0, 3].sum()",
    }


class TestNamesIntoHangul(Evidence):
    notebook = page("04c")
    ablations = {
        # C44: the writers that have learned nothing yet
        '("LSTM", 64, General, 400)': '("LSTM", 64, General, 2)',
        '("LSTM", 69, None, 500)': '("LSTM", 69, None, 2)',
        # C45: the eye is turned round; names in which every letter is a vowel
        "[b < a for a, b in steps]": "[b > a for a, b in steps]",
        'in "aeiouyı" for a in x]': 'in "bcdfgklmnprstz" for a in x]',
        "pairs=pairs), pairs, 200, seed)": "pairs=pairs), pairs, 2, seed)",
        # C46: no dropout
        "wrong(0.0), wrong(0.5)": "wrong(0.0), wrong(0.0)",
    }
