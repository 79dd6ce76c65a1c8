"""Chapter 7's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page


class TestInLogTRounds(Evidence):
    notebook = page("07b")
    ablations = {
        # C54: a loop in the place of the scan
        '"scan": lambda x: scan(x.sigmoid(), x)': '"scan": lambda x: loop(x.sigmoid(), x)',
        # C55, C57: gates that see the input only, and a factor above 0, whatever the network is called
        "model = made(frame, V, 20_000, sinusoids)": 'model = made("minGRU", V, 20_000, sinusoids)',
        # C56: an input that is not held over both halves of a step
        "u.repeat_interleave(2, 0)": "u.repeat(2, 1)",
    }
