"""live in a notebook: the field is answered by PyTorch; wrong arguments are met at the door."""

import pytest
import torch

from rnn2attn.attention import dot
from rnn2attn.live import live, picture, typed
from rnn2attn.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.text import PAD, UNK, Vocabulary


def made(attends=True, seed=0, special=(PAD,)):
    torch.manual_seed(seed)
    source, target = Vocabulary("abc", special), Vocabulary.of(["xyz"])
    encoder = Encoder(len(source), 4, 6, "GRU")
    decoder = AttentionDecoder(encoder, len(target), dot) if attends else Decoder(encoder, len(target))
    return Seq2Seq(source, target, encoder, decoder)


def shown(monkeypatch, **options):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    given = {"label": "Letters", "start": "ab", "caption": "Type.", "cut": "characters"} | options
    return live(given.pop("model", None) or made(), **given)


def test_a_notebook_answers_what_is_typed(monkeypatch):
    figure = shown(monkeypatch, rival=made(False, 1), longer=["a", "ab", "abcabc"])
    field, slider, which, problem, answer, caption = figure.widget.children
    assert caption.value == "Type."

    def right(text, n=0):
        return picture.html(picture.answer(figure.models[n], list(text)), figure.names[n], figure.group)

    assert right("ab") in answer.value
    field.value = "cab"
    assert right("cab") in answer.value and problem.value == ""
    which.value = 1
    assert right("cab", 1) in answer.value and "fieldset" not in right("cab", 1)
    slider.value = "abcabc"
    assert field.value == "abcabc" and right("abcabc", 1) in answer.value
    field.value = "d&"
    assert "never read “d”. Below it still answers to abcabc." in problem.value and right("abcabc", 1) in answer.value
    bundle = figure._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.widget.model_id
    assert right("ab") in bundle["text/html"] and "<script" not in bundle["text/html"]


def test_the_page_needs_no_widget(monkeypatch):
    monkeypatch.setenv("RNN2ATTN_FRAMES", "1")
    figure = live(made(), label="Letters", start="ab", caption="Type.", cut="characters")
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"} and figure.widget is None
    assert bundle["text/plain"] == "live(Letters: ab)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cut": "sentences"}, "cut is 'sentences'"),
        ({"start": "abd"}, "'abd' cannot be an input: .* never read “d”"),
        ({"start": " "}, "Nothing is typed"),
        ({"longer": ["a", "a" * (typed.LONGEST + 1)]}, "has room for"),
    ],
)
def test_wrong_arguments_are_met_at_the_door(monkeypatch, options, message):
    with pytest.raises(ValueError, match=message):
        shown(monkeypatch, **options)


def test_a_model_with_unk_reads_everything():
    vocabulary = Vocabulary("abc", (PAD, UNK))
    assert typed.read("axb", vocabulary, "characters", "").problem == ""
    assert typed.read("axb", Vocabulary("abc", (PAD,)), "characters", "a").problem.startswith("The model has never")


def test_known_words_that_begin_alike_are_named():
    vocabulary = Vocabulary(["May", "March", "Monday", "Mars", "may"], (PAD,))
    assert "knows May, March, Mars." in typed.read("ma 1", vocabulary, "words", "").problem
