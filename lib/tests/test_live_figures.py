"""Letters and digits in a notebook: PyTorch answers to what is typed and chosen; wrong arguments are refused."""

import pytest
import torch
import torch.nn.functional as F

from rnn2attn.attention import Concat, General
from rnn2attn.captioning import CNN, Captioner
from rnn2attn.live import canvas, hangul, letters, live_canvas, live_letters, live_names
from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.seq2seq import AttentionDecoder, Decoder, Encoder, Seq2Seq
from rnn2attn.tasks import digits, names
from rnn2attn.text import Vocabulary, vocabularies

WORDS = Vocabulary("helo")
TEST = digits.relation(100, test=True)


@pytest.fixture(autouse=True)
def in_a_notebook(monkeypatch):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    torch.manual_seed(0)


def speller():
    model = RNNLanguageModel(4, 6)
    for weights in model.parameters():
        torch.nn.init.normal_(weights)
    return model


def captioner(**options):
    vocabulary = Vocabulary.of(sample.caption for sample in TEST)
    encoder = CNN(d=8, d_emb=6, **options)
    return Captioner(vocabulary, encoder, AttentionDecoder(encoder, len(vocabulary), Concat(8, 8, 5)))


def writer(attends=True):
    source, target = vocabularies([(list("adgimnr"), names.spelled("가난다란마"))])
    encoder = Encoder(len(source), 5, 6, direction="both")
    if not attends:
        return Seq2Seq(source, target, encoder, Decoder(encoder, len(target)))
    return Seq2Seq(source, target, encoder, AttentionDecoder(encoder, len(target), General(6, 12)))


def test_what_is_kept_of_a_letter_is_how_far_another_would_move_the_last_state():
    """By its definition, a text at a time; and a loop that is scaled is one whose matrix is."""
    model = speller().double()
    found = letters.reading(model, list("hello"), WORDS, 0.5)
    model.rnn.W_hh.data *= 0.5

    def states(text):
        return model.rnn(F.one_hot(torch.tensor([WORDS.ids(text)]), 4).double())[0][0].detach()

    right = states("hello")
    torch.testing.assert_close(found.states, right)
    torch.testing.assert_close(found.p, model.output(right).softmax(dim=1).detach())
    for t, letter in enumerate("hello"):
        others = ["hello"[:t] + other + "hello"[t + 1 :] for other in "helo" if other != letter]
        away = torch.stack([(states(other)[-1] - right[-1]).norm() for other in others])
        torch.testing.assert_close(found.kept[t], away.mean())


def test_letters_are_answered_in_a_notebook():
    figure = live_letters(speller(), WORDS, start="hell", caption="Type.")
    field, slider, problem, answer, caption = figure.widget.children
    assert caption.value == "Type."

    def right(text, times=1.0):
        found = letters.reading(figure.model, list(text), WORDS, times)
        return letters.html(found, WORDS, figure.group)

    assert right("hell") in answer.value
    field.value = "ohe"
    assert right("ohe") in answer.value and problem.value == ""
    slider.value = 0
    assert right("ohe", 0) in answer.value and right("ohe", 0) != right("ohe")
    field.value = "x"
    assert "never read “x”. Below it still answers to ohe." in problem.value and right("ohe", 0) in answer.value
    bundle = figure._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.widget.model_id
    assert right("hell") in bundle["text/html"] and "<script" not in bundle["text/html"]
    assert bundle["text/plain"] == "live_letters(Letters: hell)"


def test_names_are_answered_in_a_notebook():
    figure = live_names(writer(), start="Ingrid", caption="Type.")
    field, problem, answer, caption = figure.widget.children
    assert caption.value == "Type."

    def right(name):
        return hangul.html(hangul.written(figure.model, list(name)), figure.group)

    assert right("ingrid") in answer.value
    field.value = "Anna  MARIA"
    assert right("annamaria") in answer.value and problem.value == ""
    field.value = "Bo"
    assert "never read “b”. Below it still answers to Anna  MARIA." in problem.value
    assert right("annamaria") in answer.value
    bundle = figure._repr_mimebundle_()
    assert right("ingrid") in bundle["text/html"] and "<script" not in bundle["text/html"]
    assert bundle["text/plain"] == "live_names(A name: Ingrid)"


def test_a_name_is_drawn_in_blocks_each_beside_the_first_of_its_letters():
    said = names.spelled("간다")
    weights = torch.tensor([[0.9, 0.05, 0.05]] * len(said)).double()
    html = hangul.html(hangul.Written(list("gan"), said, weights), "g")
    assert html.count("<b lang") == 5 and html.count('class="first"') == 2
    assert [block for block in ("간", "다") if f">{block}</b>" in html] == ["간", "다"]
    assert "For “ㄴ of 간” it looks at “g” (0.90)." in html and ">간다</p>" in html
    assert hangul.told(hangul.Written(list("gan"), said, weights)).startswith("간다. It looks most, for ㄱ at g,")
    empty = hangul.Written(list("g"), [], torch.zeros(0, 1))
    assert hangul.html(empty, "g").count("<") == 2 and hangul.told(empty) == "It writes nothing."


def test_digits_are_answered_in_a_notebook():
    figure = live_canvas(captioner(), TEST, caption="Draw.")
    first, second, lie, note, answer, _ = figure.widget.children

    def right(names, arrangement):
        return canvas.html(figure.answer(*figure.picture(names, arrangement)), figure.group)

    assert right(("two", "seven"), "side by side") in answer.value
    second.value = "four"
    assert right(("two", "four"), "side by side") in answer.value
    lie.value = "one above the other"
    assert right(("two", "four"), "one above the other") in answer.value and note.value == ""
    first.value = "four"
    assert "two equal digits" in note.value
    assert right(("two", "seven"), "side by side") in figure._repr_mimebundle_()["text/html"]


def test_a_chosen_digit_is_the_tests_own():
    """To the nearest of 255 levels of ink, the picture is that of a canvas whose digits lie there."""
    found = canvas.inks(TEST)
    assert list(found) == digits.NAMES["en"]
    image, words, named, boxes = TEST[0]
    for word, box in zip(words, named, strict=True):
        if box is not None:
            top, left, bottom, right = boxes[box]
            off = (found[word].double() / 255 - image[0, top:bottom, left:right]).abs().max()
            assert off <= 0.5 / 255 + 1e-6


def test_digits_are_called_by_how_they_lie():
    beside = [(10, 18, 22, 30), (12, 2, 24, 14)]
    assert canvas.sides(beside) == {"left": 1, "right": 0}
    assert canvas.sides([(2, 10, 14, 22), (18, 12, 30, 24)]) == {"upper": 0, "lower": 1}
    assert canvas.sides(beside[:1]) == {}


def test_wrong_letters_are_met_at_the_door():
    with pytest.raises(TypeError, match="Linear, but an RNNLanguageModel"):
        live_letters(torch.nn.Linear(4, 4), WORDS, start="h", caption="")
    with pytest.raises(ValueError, match="vocabulary has 3 letters, and the model 4"):
        live_letters(speller(), Vocabulary("abc"), start="a", caption="")
    for start, why in (("help", "never read “p”"), ("", "Nothing is typed")):
        with pytest.raises(ValueError, match=why):
            live_letters(speller(), WORDS, start=start, caption="")


def test_wrong_names_are_met_at_the_door():
    with pytest.raises(TypeError, match="Decoder does not attend"):
        live_names(writer(attends=False), start="anna", caption="")
    for start, why in (("bob", "never read “b”"), (" ", "Nothing is typed")):
        with pytest.raises(ValueError, match=why):
            live_names(writer(), start=start, caption="")


def test_wrong_canvases_are_met_at_the_door():
    model = captioner()
    with pytest.raises(TypeError, match="not RNNLanguageModel"):
        live_canvas(speller(), TEST, caption="")
    plain = Captioner(model.target, model.encoder, Decoder(model.encoder, len(model.target)))
    with pytest.raises(TypeError, match="a decoder that attends"):
        live_canvas(plain, TEST, caption="")
    with pytest.raises(ValueError, match="16 pixels a side, not of 32"):
        live_canvas(captioner(size=16), TEST, caption="")
    with pytest.raises(ValueError, match="'ten' is on none of the canvases"):
        live_canvas(model, TEST, caption="", start=("ten", "two"))
    with pytest.raises(ValueError, match="arrangement is 'across'"):
        live_canvas(model, TEST, caption="", arrangement="across")
