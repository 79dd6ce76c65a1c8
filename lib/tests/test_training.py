"""The loss against its definition, the loop, and how numbers are printed."""

from itertools import repeat
from math import log

import pytest
import torch

from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.tasks import hello
from rnn2attn.training import approx, fit, sequence_loss, set_seed


def test_loss_is_summed_over_time_and_averaged_over_the_batch():
    torch.manual_seed(0)
    logits = torch.randn(3, 5, 7, dtype=torch.float64)
    target = torch.randint(7, (3, 5))
    by_definition = torch.zeros((), dtype=torch.float64)
    for row in range(3):
        for t in range(5):
            by_definition -= logits[row, t].softmax(0)[target[row, t]].log() / 3
    torch.testing.assert_close(sequence_loss(logits, target), by_definition)


def test_uniform_logits_cost_T_ln_V_and_large_ones_stay_finite():
    target = torch.zeros(2, 5, dtype=torch.long)
    torch.testing.assert_close(sequence_loss(torch.zeros(2, 5, 7), target).item(), 5 * log(7))
    assert sequence_loss(torch.full((2, 5, 7), 1e3), target).isfinite()


def test_loss_names_a_wrong_shape():
    with pytest.raises(ValueError, match=r"target has shape \(2, 4\).* T = 5 from logits"):
        sequence_loss(torch.zeros(2, 5, 7), torch.zeros(2, 4, dtype=torch.long))


def test_a_target_that_is_no_token_is_refused():
    with pytest.raises(RuntimeError):
        sequence_loss(torch.zeros(2, 5, 7), torch.full((2, 5), -100))
    with pytest.raises(ValueError, match="the batch is empty"):
        sequence_loss(torch.zeros(0, 5, 7), torch.zeros(0, 5, dtype=torch.long))


def test_fit_counts_updates_and_learns_the_same_from_the_same_seed():
    batch, _ = hello.load()
    runs = []
    for _ in range(2):
        set_seed(3)
        runs.append(fit(RNNLanguageModel(4, 8), repeat(batch, 30), lr=1e-2))
    assert runs[0] == runs[1]
    assert len(runs[0]) == 30
    assert runs[0][-1] < runs[0][0]


def test_a_trained_number_carries_its_sign():
    assert [approx(x) for x in (0.95812, 1234.5, -2e-9, 3.0, 347.2)] == [
        "≈0.958",
        "≈1.23e+03",
        "≈-2.00e-09",
        "≈3.00",
        "≈347",
    ]
