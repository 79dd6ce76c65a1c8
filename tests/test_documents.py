"""The page of the five documents: each section names the claims of its document, and rows hold what it reports."""

import re

import pytest
from bs4 import BeautifulSoup

from building import ROOT
from rnn2attn.study.register import register
from rnn2attn.study.results import read
from rnn2attn.study.sentences import Sentence

PAGE = ROOT / "book/documents.md"
NAMED = re.compile(r"\{claim\}`(C\d+)`")


def sections():
    """Number of a document → the text of its section."""
    text = PAGE.read_text(encoding="utf-8")
    return {int(n): part for n, part in re.findall(r"## Document (\d): [^\n]*\n(.*?)(?=\n## |\Z)", text, re.DOTALL)}


def items():
    """What the book puts right, an entry of the lists each."""
    return [line for text in sections().values() for line in text.splitlines() if line.startswith("- ")]


# The sentences of the page that report a measurement, and what the rows of each seed must be for them.
SAID = [
    Sentence("C3", "inputs decide with them", lambda row: (
        row["growth: tanh, inputs of size 3", "k=50"] < 0.1 * row["growth: tanh, no input", "k=50"]
        and row["growth: tanh, inputs of size 3", "k=50"] < 1 < row["growth: linear", "k=50"]
    )),
    Sentence("C5", "leaves its direction as it is", lambda row: row["by norm"] < 1e-6 < 1 < row["per tensor"],
             of="angle in degrees between the gradient and the clipped one"),
    Sentence("C5", "It made a learning rate usable that is not without it", lambda row: (
        max(row[way] for way in ("by norm", "by value", "per tensor")) < 0.5 < row["none"]
    ), of="median loss of the last 20 updates"),
    Sentence("C5", "with each of the three ways of clipping the loss came down, in most seeds to near zero",
             lambda row: max(row[way] for way in ("by norm", "by value", "per tensor")) < 0.05, 4,
             of="median loss of the last 20 updates"),
    Sentence("C9", "Where two of forty numbers are to be added, the LSTM carries farther than the tanh RNN, in "
             "nearly every seed, and so does a ReLU network without gates.", lambda row: (
        max(row["LSTM", "T=40"], row["identity ReLU RNN", "T=40"]) < 0.03 < 0.1 < row["RNN", "T=40"]
    ), 4, of="adding"),
    Sentence("C9", "the LSTM as PyTorch starts it learns that in no run, and the plain RNN in most. With a forget "
             "bias of 2 or 3 the LSTM learns it, too", lambda row: (
        row["LSTM"] == 0 and row["RNN"] > 0.5 and min(row["LSTM, forget bias 2"], row["LSTM, forget bias 3"]) == 1
    ), of="first of 15 letters: share of 5 runs that learn it"),
    Sentence("C11", "which does not have to make it faster", lambda row: (
        row["GRU by LSTM"] > 1
    ), of="ratio of times, 100 steps forward and back, one thread"),
    Sentence("C14", "because it must answer too early, and not because it is recurrent", lambda row: (
        row["causal, best of places 1 to 4"] < 0.15 < 0.9
        < min(row["causal, worst of 5 to 8"], row["both ways, worst of all"], row["encoder–decoder, worst of all"])
    ), of="8 letters in reverse: share right by place"),
    Sentence("C22", "Whether it learns quickly depends on the size of the scores", lambda row: (
        row["scaled dot"] + 0.5 < row["dot"]
    ), of="dates, LSTM, 100 updates: exact match"),
    Sentence("C6", "Contraction does most of it going back", lambda row: (
        row["tanh"] < row["linear"] < 0.7 * row["tanh"]
    ), of="back: powers of ten a step, over 40 steps"),
    Sentence("C6", "by itself it hides the past going forward if the noise is large enough", lambda row: (
        row["contracting, linear"] < 0.3 < 0.9
        < min(row["contracting, linear, no noise"], row["orthogonal, linear"])
    ), of="forward: what a probe finds 40 steps back"),
    Sentence("C40", "The state is all that the future gets of the past.", lambda row: (
        row["two pasts, one state: largest gap from there on"] < 1e-12
    )),
    Sentence("C40", "It need not hold the whole of it", lambda row: (
        row["200 inputs in 64 numbers: what a probe finds 40 steps back"] < 0.5
    )),
    Sentence("C16", "The context holds mostly the last words before training.", lambda row: (
        min(row["", "letter=7"], row["", "letter=8"]) > 0.9
        and max(row["", f"letter={j}"] for j in (1, 2, 3, 4, 5)) < 0.55
    ), of="share right: probe, untrained"),
    Sentence("C16", "After training it depends on the task", lambda row: (
        row["trained to reverse"] < 0.5 and row["trained to copy"] > 1.2
    ), of="gradient of the loss at the first letter by that at the last"),
    Sentence("C28", "Attention can take a state that has only just read the word, and so it does not need an encoder "
             "that reads both ways.", lambda row: min(row["", "ahead=1"], row["", "ahead=-8"]) > 0.99,
             of="parity: attention, encoder forward"),
    Sentence("C28", "Reading both ways gives a state what comes after it", lambda row: (
        row["tagger, forward", "ahead=1"] < 0.55 and row["tagger, both ways", "ahead=1"] > 0.99
    ), of="parity"),
    Sentence("C28", "in most seeds does not help to learn what lies far back", lambda row: (
        row["tagger, both ways", "ahead=-8"] <= row["tagger, forward", "ahead=-8"]
    ), 4, of="parity"),
    Sentence("C39", "the gradient of a fresh network falls as a power of the length", lambda row: (
        all(abs(row[name] + 1) < 0.15 for name in ("one layer", "six layers")) and row["tanh RNN"] < -3
    ), of="slope of the gradient's logarithm in that of T"),
    Sentence("C39", "equally for near and far", lambda row: all(
        0.8 < row[key] < 1.25
        for key in (("", "network=one layer"), ("", "network=six layers"), ("", "network=six layers, post-norm"))
    ), of="gradient at 40 places: first by thirty-ninth"),
    Sentence("C39", "From layer to layer it vanishes where there are neither residual connections nor norms",
             lambda row: row["neither"] < 1e-4 < 0.05 < min(row["pre-norm"], row["post-norm"], row["no residual"]),
             of="gradient at the input, 32 layers by 1"),
    Sentence("C15", "With 64 units it was not: more training brought most of it back.", lambda row: (
        row["", "model=LSTM 64, 1000"] > (1 + row["", "model=LSTM 64, 250"]) / 2
    ), of="reversal: T = 16"),
    Sentence("C15", "With 16 learning went on slowly", lambda row: (
        row["T = 16, read forced", "model=LSTM 16, 250"] + 0.1 < row["T = 16, read forced", "model=LSTM 16, 3000"]
        and row["T = 16", "model=LSTM 16, 3000"] < 0.4
    ), of="reversal"),
    Sentence("C15", "a network of 64 units got, in time, far more through as few numbers", lambda row: (
        row["64 units, squeezed to 32 numbers: T = 16", "updates=3000"]
        > row["reversal: T = 16", "model=LSTM 16, 3000"] + 0.1
    )),
    Sentence("C25", "Attention removes the bottleneck on lengths that it was trained on", lambda row: all(
        row[f"T = {T}", "model=attention, 250 updates"] > 0.95 for T in (4, 8, 12, 16)
    ), of="reversal"),
    Sentence("C25", "two numbers handed over were enough beside it for most of sixteen letters", lambda row: (
        row["", "model=none"] < 0.12 and row["", "model=attention"] > 0.7
    ), of="two numbers handed over, 500 updates: T = 16"),
    Sentence("C25", "Beyond them it fails as well", lambda row: all(
        row["T = 32", f"model=attention, {n} updates"] < 0.5 for n in ("250", "1,000")
    ), of="reversal"),
    Sentence("C37", "Before training an encoder's state depends most on its own word", lambda row: (
        max(row["farther ÷ nearer, largest, one way"], row["farther ÷ nearer, largest, both ways"]) < 1
    ), of="norm of ∂h_i/∂x_j"),
    Sentence("C37", "the word beside it can be read from the state as surely", lambda row: (
        row["letter 2 in h_1, untrained"] > row["own letter, untrained"] - 0.02 > 0.93
    ), of="both ways: share right by a probe of h_i"),
    Sentence("C37", "After training the word that the task asks for can be read from it too", lambda row: (
        row["mirror letter, untrained"] < 0.5 < 0.95 < min(row["mirror letter, trained"], row["own letter, trained"])
    ), of="both ways: share right by a probe of h_i"),
    Sentence("C35", "On real sentences BLEU is highest in the second fifth of the lengths and lowest in the longest, "
             "with attention as without.", lambda row: all(
        row["15 to 31 words", model] < row[f"{others} words", model] < row["9 to 11 words", model]
        for model in ("model=LSTM alone", "model=attention") for others in ("5 to 9", "11 to 12", "12 to 15")
    ), of="BLEU"),
    Sentence("C35", "attention more than doubles the score of every fifth", lambda row: (
        row["attention by LSTM alone, least of the fifths"] > 2
    ), of="BLEU by length of the source"),
    Sentence("C34", "Without a mask self-attention knows no order.", lambda row: (
        row["", "positions=none"] < row["", "positions=sinusoidal"] - 0.2
    ), of="dates, 200 updates: exact match"),
    Sentence("C36", "A model that shares them learned much of copying, and had fewer letters right after as many "
             "updates", lambda row: 0.6 < row["", "weights=tied"] < row["", "weights=own"] - 0.05,
             of="copying, GRU: token accuracy"),
    Sentence("C17", "Reading the source backwards makes copying sooner learned.", lambda row: (
        row["reversed"] > row["forward"] + 0.1
    ), of="LSTM, copying 8 letters, 400 updates: share of strings right"),
    Sentence("C17", "With an LSTM and more training little of the difference was left", lambda row: (
        row["backward", "case=LSTM, copying, 1,000 updates"] - 0.05
        < row["forward", "case=LSTM, copying, 1,000 updates"]
    ), of="exact match"),
    Sentence("C18", "Teacher forcing learns faster on dates.", lambda row: (
        row["forced"] > 2 * row["on its own words"]
    ), 4, of="dates, 160 updates: share right, judged free-running"),
    Sentence("C18", "one wrong word throws the decoder off", lambda row: row["forced-trained"] < 0.3,
             of="reversal: share right just after a planted error"),
    Sentence("C19", "Forcing first and free running later did not close the gap at the budget of the chapter, and "
             "cost accuracy.", lambda row: (
        row["gap, hard switch"] > row["gap, forced"]
        and row["read free, hard switch"] < row["read free, forced"] - 0.1
    ), of="LSTM, switch halfway"),
    Sentence("C19", "What it improved is the recovery from an error", lambda row: (
        row["after an error, hard switch"] > row["after an error, forced"] + 0.1
    ), of="LSTM, switch halfway"),
    Sentence("C26", "Attention adds a way for gradients that is as wide as its weight.", lambda row: (
        -1.1 < row["attention"] < -0.9
    ), of="slope of the gradient's logarithm in that of T"),
    Sentence("C26", "Through the recurrence they vanish as before, unless its gates are open", lambda row: (
        row["", "forget bias=0.0"] < -3 and row["", "forget bias=3.0"] > -0.5
    ), of="by bias: slope, none"),
    Sentence("C27", "Models with other maps give the same answers", lambda row: (
        row["concat: right"] == row["general, scaled: right"] == 1
        and row["concat: largest right"] > row["general, scaled: largest right"] + 0.05
    ), of="parity of the next letter"),
    Sentence("C30", "was measured, against chance and by covering things up. It holds", lambda row: (
        row["share of attention: on the named digit"] > 3 * row["share of attention: a digit's area"]
        and row["the first word changes, a digit covered: its own digit", "model=attention"]
        > row["the first word changes, a digit covered: the other", "model=attention"] + 0.5
    )),
    Sentence("C31", "What is parallel is the training", lambda row: (
        row["attention"] == 0 < 4 <= min(row["RNN"], row["LSTM"], row["GRU"])
    ), of="operations that wait, more for each further input"),
    Sentence("C33", "On dates a Transformer did as well as an LSTM that attends, after as many updates", lambda row: (
        row["dates, 200 updates: exact match"] >= row["exact match: dates", "model=attention, 200 updates"]
    )),
    Sentence("C33", "about as well or better on strings of lengths that it was trained on", lambda row: (
        row["reversal, and after an error: reversal, 16 letters", "model=Transformer, 200 updates"]
        > row["reversal, and after an error: reversal, 16 letters", "model=attention, 200 updates"] - 0.05
        and row["copies: copying, 16 letters", "model=Transformer, 200 updates"]
        > row["copies: copying, 16 letters", "model=attention, 200 updates"] + 0.1
    )),
    Sentence("C33", "On longer ones it failed at reversing", lambda row: (
        row["Transformer"] < 0.15 < row["attention"] - 0.15
    ), of="reversing 24 letters, trained on up to 16, 200 updates"),
    Sentence("C33", "at copying it broke off about where training had ended", lambda row: (
        row["", "place=12"] > 0.95 and max(row["", f"place={n}"] for n in (18, 20, 22, 24)) < 0.05
    ), of="24 letters by place: copying, Transformer"),
    Sentence("C33", "still with more letters right than that LSTM", lambda row: (
        row["", "model=Transformer, 200 updates"] > row["", "model=attention, 200 updates"]
    ), of="copies: copying, 24 letters"),
    Sentence("C58", "it did less well", lambda row: (
        row["Transformer, 64 names"] > row["LSTM with attention, 64 names"] + 0.03
    ), 4, of="letters wrong in new names"),
]  # fmt: skip


def test_each_document_has_a_section_whose_claims_are_its_own():
    claims = register()
    assert set(sections()) == set(range(5))
    for number, text in sections().items():
        for claim in NAMED.findall(text):
            assert number in claims[claim].documents, f"document {number} does not make claim {claim}"


def test_each_claim_that_does_not_hold_as_it_stands_is_named_under_each_document_that_makes_it():
    missing = [
        f"{claim.id} under document {number}"
        for claim in register().values()
        for number in claim.documents
        if claim.verdict != "confirmed" and claim.id not in NAMED.findall(sections()[number])
    ]
    assert not missing, ", ".join(missing)


@pytest.mark.parametrize("sentence", SAID, ids=lambda sentence: f"{sentence.claim}, {sentence.text}")
def test_a_sentence_that_reports_a_measurement_is_on_the_page_and_held_by_the_rows(sentence):
    assert [item for item in items() if sentence.text in item], "no entry of the lists says so"
    assert (held := sentence.held(read())).enough, repr(held)


def test_what_the_page_says_of_a_claim_that_was_measured_is_bound():
    """Of each claim in an entry of the lists, at least one sentence."""
    for item in items():
        for claim in NAMED.findall(item):
            if {"trained", "timed"} & set(register()[claim].kind):
                assert [one for one in SAID if one.claim == claim and one.text in item], f"{claim}: {item}"


def test_each_section_says_what_it_covers_and_links_to_all_of_its_claims(book):
    page = BeautifulSoup((book / "book/documents.html").read_text(encoding="utf-8"), "lxml")
    for number in range(5):
        section = page.select_one(f"section[id^='document-{number}-']")
        rows = section.select("tbody tr")
        assert len(rows) >= 5
        for row in rows:
            assert row.select("a[href^='../notebooks/0']"), row.get_text()
        assert section.select_one(f"a[href='evidence.html#document={number}']")
