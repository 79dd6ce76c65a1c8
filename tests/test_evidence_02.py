"""Chapter 2's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

import pytest

from evidence import Evidence, page, run
from rnn2attn.study.checks import ablated
from rnn2attn.study.runner import RunFailed


class TestGates(Evidence):
    notebook = page("02")
    ablations = {
        # C7: a gate a little below one; a distance at which nothing is lost yet
        "lstm_mix(c, i=zero, f=one,": "lstm_mix(c, i=zero, f=0.999 * one,",
        "sigma(b) ** 1000": "sigma(b) ** 3",
        # C8: two gates exchanged; a gate that closes what it should open; the other meaning of z
        "h_new, c_new = lstm_mix(c, i, f, g, o)": "h_new, c_new = lstm_mix(c, f, i, g, o)",
        "n = torch.tanh(r * 2 * h_1)": "n = torch.tanh((1 - r) * 2 * h_1)",
        "(moved - (1 - z) * (n - h_old)": "(moved - z * (n - h_old)",
        # C10: gates that autograd sees depend on h
        "lstm_gates(x_t, h.detach(),": "lstm_gates(x_t, h,",
        # C12: the reset gate in the place of the update gate
        "gru_mix(h, torch.full_like(h, z), n)": "gru_mix(h, torch.full_like(h, r), n)",
        # C13: weights that were not converted; the reset gate where PyTorch has it
        "converted = negate_update_gate(*parameters)": "converted = parameters",
        "distance(same_weights(reset_after=False))": "distance(same_weights())",
    }


class TestWhatGatesBuy(Evidence):
    notebook = page("02b")
    ablations = {
        # C9: too few updates; gates that keep, in the LSTM that should not learn; other weights made larger
        "lr=5e-3, updates=1000,": "lr=5e-3, updates=20,",
        '"LSTM": lambda: nn.LSTM(4, 32, batch_first=True)': '"LSTM": lambda: biased(nn.LSTM, 3.0)',
        "scaled(2)": "scaled(1)",
        '{"LSTM": early(None)': '{"LSTM": early(3.0)',
        # C10: no forget bias where one is claimed to help; loops as at zero
        'norms("LSTM", seed, 3.0)': 'norms("LSTM", seed, 0.0)',
        "real.append(loop_of(gates, o, slope, W_hg))": "real.append(loop_of(gates, o, torch.ones_like(c), W_hg))",
        # C11: a GRU with one unit more
        "parameters_of(kind) for kind in": "parameters_of(kind, d_h=11 + (kind is nn.GRU)) for kind in",
    }


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("function", "broken"),
    [
        ("def lstm_mix(c, i, f, g, o):", "    c = f * c - i * g\n    return o * torch.tanh(c), c"),
        ("def gru_mix(h, z, n, z_keeps=True):", "    return z * h - (1 - z) * n"),
    ],
)
def test_one_sign_changed_in_a_step_stops_the_page(function, broken, tmp_path):
    library = ablated(tmp_path / "lib", "recurrent.steps", f"{function}\n{broken}")
    with pytest.raises(RunFailed, match="AssertionError"):
        run(page("02"), 0, recording=False, library=library)


class TestANetworkThatWrites(Evidence):
    notebook = page("02c")
    ablations = {
        # C41: a network that was hardly trained; letters drawn nearly alike; a network that was not trained at all
        "train_stream(writer, ids(text), updates=300, lr=3e-2)": (
            "train_stream(writer, ids(text), updates=30, lr=3e-2)"
        ),
        "found = by_temperature(1.0, seed)": "found = by_temperature(3.0, seed)",
        'bits(writer, ids(f"\\n{name}\\n"))': 'bits(Writer(V, 128), ids(f"\\n{name}\\n"))',
        # C42: a cut that both ends of a bracket fit into
        '"cut after 8": {"cut": 8}': '"cut after 8": {"cut": 32}',
        # C43: a network that was not trained in the place of the one that was
        "compared(writer, fresh, names_read": "compared(fresh, fresh, names_read",
    }
