"""The loss against its definition, the loop, and how numbers are printed."""

from itertools import repeat
from math import log

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.seq2seq import Translation, model_of
from rnn2attn.tasks import hello
from rnn2attn.text import Batch, Vocabulary
from rnn2attn.training import approx, by_place, evaluate, fit, sequence_loss, set_seed, token_loss, trained


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


def padded_logits():
    torch.manual_seed(0)
    mask = torch.arange(5) < torch.tensor([5, 2, 3])[:, None]
    return torch.randn(3, 5, 7, dtype=torch.float64, requires_grad=True), torch.randint(7, (3, 5)), mask


def test_masked_losses_are_their_definitions():
    logits, target, mask = padded_logits()
    costs = F.cross_entropy(logits.transpose(1, 2), target, reduction="none")
    torch.testing.assert_close(sequence_loss(logits, target, mask), (costs * mask).sum() / 3)
    torch.testing.assert_close(token_loss(logits, target, mask), (costs * mask).sum() / 10)
    torch.testing.assert_close(token_loss(logits, target), costs.mean())


@pytest.mark.parametrize("loss", [sequence_loss, token_loss])
def test_what_stands_on_padding_costs_nothing_and_has_no_gradient(loss):
    logits, target, mask = padded_logits()
    value = loss(logits, target, mask)
    (gradient,) = torch.autograd.grad(value, logits)
    assert (gradient[~mask] == 0).all() and (gradient[mask].abs().sum(-1) > 0).all()
    spoilt = torch.where(mask[..., None], logits, torch.nan)
    assert torch.equal(loss(spoilt, target.masked_fill(~mask, -100), mask), value)
    (gradient,) = torch.autograd.grad(loss(spoilt, target.masked_fill(~mask, -100), mask), logits)
    assert gradient.isfinite().all()
    longer = F.pad(logits, (0, 0, 0, 4)), F.pad(target, (0, 4)), F.pad(mask, (0, 4))
    torch.testing.assert_close(loss(*longer), value)


def test_a_mask_that_does_not_fit_is_named():
    logits, target, mask = padded_logits()
    with pytest.raises(ValueError, match=r"mask has shape \(3, 4\).* T = 5 from logits"):
        token_loss(logits, target, mask[:, :4])
    with pytest.raises(TypeError, match="mask must be bool, True where a target counts"):
        token_loss(logits, target, mask.float())
    with pytest.raises(ValueError, match="the mask counts none of the 15 targets"):
        token_loss(logits, target, mask & False)


class Constant(nn.Module):
    """The same logits whatever it reads; it records what else it was given."""

    def __init__(self, V, scale=1.0):
        super().__init__()
        self.z, self.scale, self.forcing, self.seen = nn.Parameter(torch.zeros(V)), scale, [], []

    def forward(self, batch, **options):
        self.forcing.append(options.get("forcing"))
        self.seen.append(self.z.detach().clone())
        return self.scale * self.z.expand(*batch.target.shape, -1)


def constant_batch():
    return Batch.of([("a", "b"), ("aa", "bbb")], Vocabulary.of(["ab"]))


def test_fit_leaves_padding_out():
    model = Constant(5)
    (loss,) = fit(model, [constant_batch()], loss=token_loss)
    assert loss == pytest.approx(log(5))
    (loss,) = fit(Constant(5), [constant_batch()])
    assert loss == pytest.approx((2 + 4) / 2 * log(5)), "two tokens and four, each with <eos>, and two rows"


def test_fit_shortens_the_gradient_to_the_norm():
    for clip in (None, 0.5, 1e6):
        model = Constant(5, scale=100.0)
        fit(model, [constant_batch()], clip=clip)
        norm = model.z.grad.norm().item()
        assert norm == pytest.approx(0.5, rel=1e-4) if clip == 0.5 else norm > 10


def test_one_cycle_rises_to_the_rate_and_falls_to_nothing():
    model = Constant(5)
    fit(model, iter([constant_batch()] * 100), lr=1e-2, one_cycle=True)
    steps = torch.stack([*model.seen, model.z.detach()]).diff(dim=0).abs().amax(dim=1)
    assert steps[0] < 2e-3 and steps[-1] < 1e-4
    assert 20 < steps.argmax() < 45 and steps.max() > 5e-3
    assert fit(model, [], one_cycle=True) == []


def test_forcing_follows_its_schedule():
    model = Constant(5)
    fit(model, [constant_batch()] * 4, forcing=lambda update: 1.0 if update < 2 else 0.5)
    fit(model, [constant_batch()])
    assert model.forcing == [1.0, 1.0, 0.5, 0.5, None]


def test_trained_is_fit_as_most_chapters_use_it():
    pairs = [("ab", "ba"), ("abb", "bba"), ("b", "b")]

    def fresh():
        set_seed(0)
        return model_of(pairs)

    mine, theirs, other = fresh(), fresh(), fresh()
    batches = Batch.of(pairs, mine.source, mine.target).minibatches(64, 5, 3)
    fit(mine, batches, 1e-2, loss=token_loss, clip=1.0, one_cycle=True)
    assert trained(theirs, pairs, 5, 3) is theirs
    trained(other, pairs, 5, 3, 5e-3, one_cycle=False)
    for one, same in zip(mine.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, same)
    assert not torch.equal(one, [*other.parameters()][-1])


def test_evaluate_translates_the_sources_and_compares():
    class Shout:
        def translate(self, sources, **options):
            assert options == {"k": 3}
            return [Translation(list(source.upper())) for source in sources]

    scores = evaluate(Shout(), [("ab", "AB"), ("abc", "ABX", "what else there is")], k=3)
    assert scores == (0.5, 0.8) and (scores.exact, scores.tokens) == scores


def test_each_place_is_counted_by_itself():
    target = torch.tensor([[0, 1], [2, 1]])
    logits = F.one_hot(torch.tensor([[0, 1], [1, 1]]), 3).double()
    assert by_place(logits, target).tolist() == [0.5, 1.0]
    with pytest.raises(ValueError, match="target"):
        by_place(logits, target[:, :1])
