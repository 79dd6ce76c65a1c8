"""Captioning: the grid flattened is the grid, attention over it is a double sum, and the picture matters."""

import pytest
import torch
from torch import nn

from rnn2attn.attention import Concat, General, dot, scaled_dot
from rnn2attn.captioning import (
    CNN,
    OVERLAPPING,
    PATCHES,
    Captioner,
    Pictures,
    Shuffled,
    influence,
    looks,
    receptive_field,
    shares,
    uniform,
)
from rnn2attn.seq2seq import AttentionDecoder, ContextDecoder, Decoder
from rnn2attn.tasks import digits
from rnn2attn.text import Batch, Vocabulary
from rnn2attn.training import evaluate, fit, set_seed, token_loss

CANVASES = [*digits.relation(6, seed=1), *digits.reading(6, seed=1)]
VOCABULARY = Vocabulary.of(canvas.caption for canvas in CANVASES)
BATCH = Pictures.of(CANVASES, VOCABULARY)
DECODERS = [AttentionDecoder, ContextDecoder]


def make(decoder=AttentionDecoder, score="concat", seed=0, d=8, d_h=None, **options):
    set_seed(seed)
    encoder = CNN(d=d, d_emb=5, d_h=d_h, **options)
    scores = {
        "dot": dot,
        "scaled_dot": scaled_dot,
        "general": General(d_h or d, d),
        "concat": Concat(d_h or d, d, 6),
        "uniform": uniform,
    }
    model = Captioner(VOCABULARY, encoder, decoder(encoder, len(VOCABULARY), scores[score]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in ("output", "embedding", "bridge", "score")):
                parameter.normal_()
    return model.double().eval()


def doubled(batch=BATCH):
    return Pictures(batch.source.double(), batch.target, None, batch.target_lengths, batch.inputs)


def test_the_cell_of_row_i_and_column_j_is_number_8i_plus_j():
    encoder = make().encoder
    maps, z = encoder.convolutions(doubled().source), encoder.features(doubled().source)
    states = encoder(doubled().source).states
    assert encoder.grid == (8, 8) and z.shape == (12, 64, 8)
    for i in range(8):
        for j in range(8):
            assert torch.equal(z[:, 8 * i + j], maps[:, :, i, j])
            expected = maps[:, :, i, j] + encoder.rows[i, 0] + encoder.columns[0, j]
            torch.testing.assert_close(states[:, 8 * i + j], expected)


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("d_h", [8, 5])
def test_the_decoder_starts_from_the_mean_of_the_cells(positions, cell, d_h):
    model = make(d_h=d_h, cell=cell, positions=positions)
    memory = model.encoder(doubled().source)
    last = memory.last[0] if cell == "LSTM" else memory.last
    torch.testing.assert_close(last, sum(memory.states[:, k] for k in range(64)) / 64)
    assert memory.mask.all() and memory.mask.shape == (12, 64)
    assert model(doubled()).shape == (*BATCH.target.shape, len(VOCABULARY))


def score_of(score, s, z):
    """One query, one cell, one number."""
    if isinstance(score, General):
        return s @ score.W @ z
    if isinstance(score, Concat):
        return score.v @ torch.tanh(score.W @ torch.cat([s, z]))
    return s @ z / (8**0.5 if score is scaled_dot else 1)


@pytest.mark.parametrize("score", ["dot", "scaled_dot", "general", "concat"])
def test_attention_over_the_flattened_grid_is_a_double_sum_over_rows_and_columns(score):
    model = make(score=score)
    batch, decoder = doubled().rows(slice(0, 2)), model.decoder
    logits, weights = model(batch), model.align(batch)
    maps = model.encoder.convolutions(batch.source)
    grid = maps.permute(0, 2, 3, 1) + model.encoder.rows + model.encoder.columns
    s = decoder.rnn(decoder.embedding(batch.inputs), grid.mean(dim=(1, 2))[None])[0]
    for row in range(2):
        for t in range(batch.target.shape[1]):
            powers = {
                (i, j): score_of(decoder.score, s[row, t], grid[row, i, j]).exp() for i in range(8) for j in range(8)
            }
            alpha = {cell: power / sum(powers.values()) for cell, power in powers.items()}
            context = sum(alpha[i, j] * grid[row, i, j] for i in range(8) for j in range(8))
            for (i, j), weight in alpha.items():
                torch.testing.assert_close(weights[row, t].unflatten(0, (8, 8))[i, j], weight)
            expected = decoder.output.weight @ torch.cat([context, s[row, t]]) + decoder.output.bias
            torch.testing.assert_close(logits[row, t], expected)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("positions", [True, False])
def test_the_grid_is_a_set_unless_positions_are_added(decoder, positions):
    model = make(decoder, positions=positions)
    order = torch.randperm(64)
    shuffled = Captioner(VOCABULARY, Shuffled(model.encoder, order), model.decoder).eval()
    same = torch.allclose(shuffled(doubled()), model(doubled()), rtol=0, atol=1e-12)
    moved = torch.allclose(shuffled.align(doubled()), model.align(doubled())[:, :, order], rtol=0, atol=1e-12)
    assert same is moved is (not positions)
    assert not torch.allclose(shuffled.align(doubled()), model.align(doubled()), rtol=0, atol=1e-4)


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_cell_reaches_every_word_and_so_does_the_picture(decoder):
    model = make(decoder)
    batch = doubled().rows(slice(0, 2))
    z = model.encoder.features(batch.source).detach().requires_grad_()
    memory = model.encoder.remember(z)
    logits, _ = model.decoder(batch.inputs, model.decoder.begin(memory), memory)
    for t in range(batch.target.shape[1]):
        (gradient,) = torch.autograd.grad(logits[:, t].sum(), z, retain_graph=True)
        assert (gradient != 0).any(dim=2).all()
    other = Pictures(batch.source.flip(0), batch.target, None, batch.target_lengths, batch.inputs)
    assert (model(other) - model(batch)).abs().amax(dim=2).min() > 1e-6


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_gradient_reaches_every_parameter(decoder):
    model = make(decoder, d=8).train()
    token_loss(model(doubled()), BATCH.target, BATCH.target_mask).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any(), name


def test_a_uniform_score_is_mean_pooling():
    model = make(score="uniform")
    batch = doubled()
    assert torch.equal(model.align(batch), torch.full((12, batch.target.shape[1], 64), 1 / 64).double())
    memory, decoder = model.encoder(batch.source), model.decoder
    s = decoder.rnn(decoder.embedding(batch.inputs), memory.last[None])[0]
    mean = memory.states.mean(dim=1, keepdim=True).expand_as(s)
    torch.testing.assert_close(model(batch), decoder.output(torch.cat([mean, s], dim=2)))
    with pytest.raises(ValueError, match="query has shape"):
        uniform(torch.zeros(2, 3), torch.zeros(2, 4, 3))


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_caption_brings_a_map_for_each_word(decoder):
    model = make(decoder).train()
    pictures = [canvas.image.double() for canvas in CANVASES]
    said = model.translate(pictures, max_length=4)
    assert model.training, "the mode is as it was"
    model.eval()
    for picture, (tokens, alignment) in zip(pictures, said, strict=True):
        assert alignment.shape == (len(tokens), 8, 8)
        batch = Pictures.of([(picture, tokens)], VOCABULARY)
        torch.testing.assert_close(alignment.flatten(1), model.align(batch)[0, : len(tokens)])
    plain = Captioner(VOCABULARY, model.encoder, Decoder(model.encoder, len(VOCABULARY)).double())
    assert [alignment for _, alignment in plain.translate(pictures[:2])] == [None, None]


def test_a_batch_of_pictures_is_a_batch_of_captions_with_pictures():
    captions = Batch.of([("", canvas.caption) for canvas in CANVASES], VOCABULARY)
    for name in ("target", "inputs", "target_lengths", "target_mask"):
        assert torch.equal(getattr(BATCH, name), getattr(captions, name))
    shown = {}
    for batch in BATCH.minibatches(5, 3, seed=0):
        for row in range(len(batch)):
            words = VOCABULARY.decode(batch.target[row, : batch.target_lengths[row] - 1])
            (match,) = [c for c in CANVASES if torch.equal(c.image, batch.source[row])]
            assert words == match.caption
            assert VOCABULARY.decode(batch.inputs[row, : len(words) + 1]) == ["<sos>", *words]
            shown[batch.source[row].numpy().tobytes()] = words
        assert batch.target.shape[1] == batch.target_lengths.max() == batch.inputs.shape[1]
    assert len(shown) == len(CANVASES)


@pytest.mark.parametrize("score", ["scaled_dot", "concat"])
def test_a_small_model_learns_a_few_captions_by_heart(score):
    model = make(score=score, d=16).float().train()
    fit(model, [BATCH] * 120, 1e-2, loss=token_loss)
    assert evaluate(model, CANVASES).exact == 1
    strangers = [(canvas.image.flip(1), canvas.caption) for canvas in CANVASES]
    assert evaluate(model, strangers).exact < 0.5, "it was the picture from which it knew"


def test_shares_are_those_of_the_weights_spread_over_the_pixels():
    torch.manual_seed(0)
    alignment = torch.rand(3, 64).softmax(dim=1).reshape(3, 8, 8)
    boxes = [(0, 0, 32, 32), (3, 5, 15, 17), (31, 0, 32, 1), (8, 8, 12, 12), (2, 1, 3, 30)]
    pixels = alignment.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2) / 16
    expected = torch.stack(
        [pixels[:, top:bottom, left:right].sum(dim=(1, 2)) for top, left, bottom, right in boxes], 1
    )
    torch.testing.assert_close(shares(alignment, boxes, 32), expected)
    even = torch.full((1, 8, 8), 1 / 64)
    areas = torch.tensor([[(b[2] - b[0]) * (b[3] - b[1]) / 1024 for b in boxes]])
    torch.testing.assert_close(shares(even, boxes, 32), areas)
    torch.testing.assert_close(shares(torch.full((1, 3, 5), 1 / 15), boxes, 32), areas)


def test_looks_are_the_shares_of_gold_captions_read_without_training():
    model = make().float().train()
    found = looks(model, CANVASES)
    assert model.training
    weights, at = model.eval().align(BATCH).detach(), 0
    for row, canvas in enumerate(CANVASES):
        for t, (word, named) in enumerate(zip(canvas.caption, canvas.named, strict=True)):
            look = found[at]
            expected = shares(weights[row, t].reshape(1, 8, 8), canvas.boxes, 32)[0]
            torch.testing.assert_close(torch.tensor(look.shares), expected)
            assert look.word == word and look.named == (None if named is None else look.shares[named])
            assert look.area == (None if named is None else 144 / 1024)
            at += 1
    assert at == len(found)
    even = looks(make(score="uniform").float(), CANVASES)
    assert all(look.named == pytest.approx(look.area, abs=1e-6) for look in even if look.named is not None)


@pytest.mark.parametrize(("layers", "side"), [(OVERLAPPING, 15), (PATCHES, 4), (((5, 2), (3, 2), (1, 1)), 9)])
def test_a_cell_sees_so_many_pixels_and_no_other(layers, side):
    encoder = make(layers=layers).encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    field = receptive_field(encoder, (4, 3))
    rows, columns = field.any(dim=1).nonzero().flatten().tolist(), field.any(dim=0).nonzero().flatten().tolist()
    assert len(rows) == len(columns) == side and field.sum() == side**2, "a square"
    assert rows[0] <= 16 <= 19 <= rows[-1] and columns[0] <= 12 <= 15 <= columns[-1], "its own 4 × 4 are inside"
    assert receptive_field(encoder, (0, 0)).sum() < side**2 or side == 4, "the edge cuts it"
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    torch.manual_seed(0)
    picture = torch.rand(1, 1, 32, 32).double()
    cell = encoder.features(picture)[0, 4 * 8 + 3]
    outside = torch.where(field, picture, torch.rand(1, 1, 32, 32).double())
    inside = torch.where(field, torch.rand(1, 1, 32, 32).double(), picture)
    assert torch.equal(encoder.features(outside)[0, 35], cell)
    assert not torch.allclose(encoder.features(inside)[0, 35], cell)


def test_what_a_cell_can_see_does_not_depend_on_the_weights():
    encoder = CNN(d=4)
    field = receptive_field(encoder, (4, 3))
    for layer in encoder.convolutions:
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, -1.0), nn.init.constant_(layer.bias, -9.0)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.fill_(50.0)
    assert not influence(encoder, torch.ones(1, 32, 32), (4, 3)).any(), "every path is closed"
    assert field.sum() == 225 and torch.equal(receptive_field(encoder, (4, 3)), field)


def test_influence_is_the_norm_of_differences():
    encoder = make().encoder.train()
    torch.manual_seed(0)
    picture = torch.rand(1, 32, 32).double()
    found = influence(encoder, picture, (2, 6))
    assert encoder.training and found.shape == (32, 32) and not found.requires_grad
    encoder.eval()
    field = receptive_field(encoder, (2, 6))
    assert field[found > 0].all() and (found > 0).sum() > 100
    for u, v in [(8, 24), (2, 20), (14, 30), (9, 27)]:
        step = torch.zeros(1, 32, 32).double()
        step[0, u, v] = 1e-6
        up, down = (encoder.features((picture + sign * step)[None])[0, 22] for sign in (1, -1))
        torch.testing.assert_close(found[u, v], ((up - down) / 2e-6).norm(), rtol=1e-5, atol=1e-8)


def test_batch_norm_and_positions_can_be_left_out():
    plain = CNN(d=8, batch_norm=False, positions=False)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in plain.modules())
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in CNN(d=8).modules()) == 3
    memory = plain(BATCH.source)
    assert torch.equal(memory.states, plain.features(BATCH.source))
    assert CNN(size=16, d=8, layers=PATCHES).grid == (4, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CNN(cell="gru"), "cell is 'gru', but one of 'RNN', 'LSTM', 'GRU'"),
        (lambda: CNN(size=30), r"size is 30, but the strides"),
        (lambda: CNN()(torch.zeros(2, 32, 32)), r"pictures has shape \(2, 32, 32\), but \(B, 1, 32, 32\)"),
        (lambda: CNN()(torch.zeros(2, 1, 28, 28)), r"shape \(2, 1, 28, 28\), but \(B, 1, 32, 32\)"),
        (lambda: make().translate([]), "there are no pictures"),
        (lambda: make().translate([torch.zeros(32, 32)]), r"picture 0 is \(32, 32\), but a tensor \(1, H, W\)"),
        (lambda: make().translate([torch.zeros(1, 32, 32), "six"]), "picture 1 is str"),
        (lambda: Pictures.of([], VOCABULARY), "at least one"),
        (lambda: Pictures.of([(torch.zeros(1, 8, 8), ["ten"])], VOCABULARY), "token 'ten' at position 0"),
        (
            lambda: Pictures.of([(torch.zeros(1, 8, 8), []), (torch.zeros(1, 8, 9), [])], VOCABULARY),
            r"picture 1 is \(1, 8, 9\)",
        ),
        (lambda: Pictures(torch.zeros(2, 8), BATCH.target, None, None, BATCH.inputs), r"source has shape \(2, 8\)"),
        (lambda: Shuffled(CNN(), torch.arange(63)), "order must be a permutation of 0 … 63"),
        (lambda: Shuffled(CNN(), torch.zeros(64)), "order must be a permutation of 0 … 63"),
        (lambda: shares(torch.zeros(1, 64), [(0, 0, 1, 1)], 32), r"alignment has shape \(1, 64\)"),
        (lambda: shares(torch.zeros(1, 8, 8), [], 32), "there are no boxes"),
        (lambda: shares(torch.zeros(1, 8, 8), [(0, 0, 33, 1)], 32), r"box \(0, 0, 33, 1\)"),
        (lambda: shares(torch.zeros(1, 8, 8), [(5, 0, 5, 1)], 32), r"box \(5, 0, 5, 1\)"),
        (lambda: influence(CNN(), torch.zeros(1, 32, 32), (8, 0)), r"cell is \(8, 0\).* 8 × 8"),
        (lambda: influence(CNN(), torch.zeros(32, 32), (0, 0)), "pictures has shape"),
        (lambda: Captioner(Vocabulary(["six"]), CNN(), None), "has no <sos>"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_where_there_is_no_attention_there_is_nothing_to_look_at():
    encoder = CNN(d=8)
    with pytest.raises(TypeError, match="Decoder does not attend"):
        looks(Captioner(VOCABULARY, encoder, Decoder(encoder, len(VOCABULARY))), CANVASES)
