"""live_context in a notebook: PyTorch answers from the spoilt context; wrong arguments are met at the door."""

import pytest
import torch

from rnn2attn.attention import dot
from rnn2attn.live import context, live_context
from rnn2attn.live.context import compared, handed, told
from rnn2attn.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.text import PAD, Vocabulary

LETTERS = "abcde"


def made(cell="LSTM", seed=0, decoder=Decoder):
    torch.manual_seed(seed)
    source, target = Vocabulary(LETTERS, (PAD,)), Vocabulary.of([LETTERS])
    encoder = Encoder(len(source), 4, 6, cell)
    model = Seq2Seq(source, target, encoder, decoder(encoder, len(target)))
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=1.5)
    return model


def shown(monkeypatch, model=None, **options):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    given = {"label": "Letters", "start": "abc", "caption": "Type.", "longest": 8} | options
    return live_context(model or made(), **given)


def test_a_notebook_answers_to_field_and_sliders(monkeypatch):
    figure = shown(monkeypatch)
    field, noise, kept, problem, answer, caption = figure.widget.children
    assert caption.value == "Type." and figure.first() in answer.value
    assert (kept.value, kept.max, noise.value) == (12, 12, 0)
    noise.value, kept.value = 0.5, 6
    right = context.html(figure.handed([*"abc"], 0.5, 6))
    assert right in answer.value and right != figure.first()
    field.value = "cab"
    assert context.html(figure.handed([*"cab"], 0.5, 6)) in answer.value and problem.value == ""
    field.value = "cax"
    assert "never read “x”" in problem.value and context.html(figure.handed([*"cab"], 0.5, 6)) in answer.value
    field.value = "abcdeabcd"
    assert "These are 9 tokens, and the figure has room for 8. Below it still answers to cab." in problem.value
    assert figure.first() in figure._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
def test_what_is_whole_and_without_noise_is_what_the_model_says(monkeypatch, cell):
    figure = shown(monkeypatch, made(cell))
    for text in ("abc", "eedcba", "d"):
        (right,) = figure.model.translate([text], 8 + context.MORE)
        assert figure.handed([*text], 0.0, figure.all).said == right.tokens


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_nothing_of_the_source_is_left_where_nothing_is_kept(monkeypatch, cell):
    figure = shown(monkeypatch, made(cell))
    texts = ["abc", "eedcba", "d", "bbbbb"]
    assert len({tuple(figure.handed([*text], 0.0, figure.all).said) for text in texts}) > 1
    assert len({tuple(figure.handed([*text], 1.0, 0).said) for text in texts}) == 1


def test_half_of_h_and_half_of_the_cell_are_kept_with_the_noise_on_them():
    model = made().double()
    z = torch.randn(2, 6, dtype=torch.float64)
    one = handed(model, z, [*"abcd"], 0.3, 6, "copy", 8)
    h, cell = (part[0] for part in model.encoder(torch.tensor([[1, 2, 3, 4]]), torch.tensor([4])).last)
    right = torch.stack([h + 0.3 * z[0], cell + 0.3 * z[1]]).detach()
    right[:, 3:] = 0
    torch.testing.assert_close(one.given, right)
    assert one.wanted == [*"abcd"]
    torch.testing.assert_close(one.scale, torch.stack([h, cell]).abs().amax(dim=1).clamp(min=1).detach())


def test_the_answer_in_words_counts_places():
    given, scale = torch.zeros(1, 4), torch.ones(1)
    one = context.Handed([*"abc"], [*"cba"], [*"cbb"], given, scale, 2, 0.25)
    assert compared(one) == [("c", "c", True), ("b", "b", True), ("a", "b", False)]
    assert told(one) == ("With 2 of 4 numbers and noise of 0.25 it says cbb. Letters right: 2 of 3. Wrong places: 3.")
    assert compared(one._replace(said=[*"c"]))[1:] == [("b", "–", False), ("a", "–", False)]
    assert told(one._replace(said=[*"cbab"])).endswith("Letters right: 3 of 3. Wrong places: 4.")
    assert "it says nothing. Letters right: 0 of 3" in told(one._replace(said=[]))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"wanted": "sorted"}, ValueError, "wanted is 'sorted'"),
        ({"start": "abx"}, ValueError, "'abx' cannot be an input"),
        ({"start": "a" * 9}, ValueError, "has room for 8"),
        ({"model": made(decoder=lambda e, V: AttentionDecoder(e, V, dot))}, TypeError, "nothing of the source but"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(monkeypatch, options, error, message):
    with pytest.raises(error, match=message):
        shown(monkeypatch, **options)
