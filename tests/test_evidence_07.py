"""Chapter 7's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

from evidence import Evidence, page


class TestBackToRecurrence(Evidence):
    notebook = page("07")
    ablations = {
        # C50: chunks that forget the ones before; a triangle without the keys; a state that is not handed on
        "out.append(q_c @ S.mT + parallel(q_c, k_c, v_c))": "out.append(parallel(q_c, k_c, v_c))",
        "A = (beta[:, :, None] * left * (k @ k.mT)).tril(-1)": "A = (beta[:, :, None] * left).tril(-1)",
        # C51: keys that are all alike; a list whose query is too short to tell them
        "k = directions(rows, n, d, generator=generator)": (
            "k = F.normalize(1 + directions(rows, n, d, generator=generator), dim=-1)"
        ),
        "attend(16 * k, k, v, score=dot)": "attend(1 * k, k, v, score=dot)",
        "k = torch.linalg.qr(k.T)[0].T": "k = F.normalize(k, dim=1)",
    }


class TestWaitersWhoLearn(Evidence):
    notebook = page("07b")
    ablations = {
        # C52, C53: networks that are all hardly trained
        "train(net, kind, seed, 250 * times, 2e-2 / times)": "train(net, kind, seed, 10)",
    }


class TestInLogTRounds(Evidence):
    notebook = page("07c")
    ablations = {
        # C54: a loop in the place of the scan
        '"scan": lambda x: scan(x.sigmoid(), x)': '"scan": lambda x: loop(x.sigmoid(), x)',
        # C55, C57: gates that see the input only, and a factor above 0, whatever the network is called
        "model = made(frame, V, 20_000, sinusoids)": 'model = made("minGRU", V, 20_000, sinusoids)',
        # C56: an input that is not held over both halves of a step
        "u.repeat_interleave(2, 0)": "u.repeat(2, 1)",
    }
