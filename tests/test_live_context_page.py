"""The one vector in the page: logits and letters from a spoilt context are PyTorch's, and what is drawn is too."""

import json
import re
from importlib.resources import files

import pytest
import torch
from playwright.sync_api import expect

from live_page import drawn, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn.live import context, live_context
from rnn2attn.seq2seq import Decoder, Encoder, Seq2Seq
from rnn2attn.tasks import strings
from rnn2attn.text import Batch, vocabularies
from rnn2attn.training import fit, set_seed, token_loss

LIVE = files("rnn2attn.live")
ENGINE = re.sub(r"^export ", "", LIVE.joinpath("engine.js").read_text("utf-8"), flags=re.MULTILINE)
CONTEXT = LIVE.joinpath("context.js").read_text("utf-8").partition("\nfor (const figure")[0]
FORCED = """
const models = unpack(text);
const { encoder, decoder } = models.model;
const memory = handOver(encode(ids, encoder), models.noise, noise, kept);
let state = begin(memory, decoder);
const logits = inputs.map((id) => {
  const found = decode(id, state, memory, decoder);
  state = found.state;
  return [...found.logits];
});
return JSON.stringify([logits, finish(sayFrom(ids, models, noise, kept, 12)).ids]);
"""
EXACT = 1e-9  # what the order of sums may change
SPOILT = [(0.0, 24), (0.3, 24), (0.0, 12), (0.7, 16), (1.0, 0)]
FIELD = "[type=text]"


def trained(cell="LSTM", direction="forward"):
    """Trained to reverse a few letters, well enough to get some of them right."""
    set_seed(0)
    pairs = strings.pairs(2000, strings.reverse, (2, 4), seed=0)
    source, target = vocabularies(pairs)
    encoder = Encoder(len(source), 8, 12, cell, direction)
    model = Seq2Seq(source, target, encoder, Decoder(encoder, len(target)))
    batches = Batch.of(pairs, source, target).minibatches(32, 200, 0)
    fit(model, batches, loss=token_loss, clip=1.0, one_cycle=True, device="cpu")
    return model


def figure_of(model, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        given = {"label": "Letters, a to j", "start": "abcdefgh", "caption": "Type, and move the sliders."}
        return live_context(model, **given | options)


@pytest.fixture(scope="module")
def shown():
    return figure_of(trained())


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    """A page with the figure, twice."""
    return write(tmp_path_factory.mktemp("context") / "page.html", [shown.html, shown.html])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


def spoilt(tab, figure, text, noise, kept, code=CONTEXT):
    """Logits under teacher forcing and ids said freely, of the page; and the same of PyTorch, from the equations."""
    model, ids = figure.model, figure.model.source.ids([*text])
    inputs = model.target.ids(["<sos>", *reversed(text)])
    run = f"({{ text, ids, inputs, noise, kept }}) => {{ {ENGINE}\n{code}\n{FORCED} }}"
    given = {"text": figure.packed, "ids": ids, "inputs": inputs, "noise": noise, "kept": kept}
    logits, said = json.loads(tab.evaluate(run, given))

    with torch.no_grad():
        memory = model.encoder(torch.tensor([ids]), torch.tensor([len(ids)]))
        parts = memory.last if isinstance(memory.last, tuple) else (memory.last,)
        handed = [(part + noise * z).clone() for part, z in zip(parts, figure.z, strict=True)]
        for part in handed:
            part[:, kept // len(parts) :] = 0
        memory = memory._replace(last=tuple(handed) if len(parts) > 1 else handed[0])
        right, _ = model.decoder(torch.tensor([inputs]), model.decoder.begin(memory), memory)
    freely = model.target.ids(context.handed(model, figure.z, [*text], noise, kept, "reverse", 12).said)
    return torch.tensor(logits, dtype=torch.float64), said, right[0], freely


@pytest.mark.parametrize(("cell", "direction"), [("LSTM", "forward"), ("GRU", "forward"), ("LSTM", "both")])
def test_logits_and_letters_from_a_spoilt_context_are_pytorchs(page, shown, cell, direction):
    figure = shown if (cell, direction) == ("LSTM", "forward") else figure_of(trained(cell, direction))
    answers = set()
    for noise, kept in SPOILT:
        kept = kept * figure.all // 24
        for text in ("abcdefgh", "jib", "ba", "deed"):
            logits, said, right, freely = spoilt(page, figure, text, noise, kept)
            assert (logits - right).abs().max() < EXACT and said == freely
            answers.add(tuple(said))
    assert len(answers) > 4


MISTAKES = {
    "h's noise on the cell as well": ("data[n * c.length + j]", "data[j]"),
    "no noise": ("noise * data", "0 * data"),
    "what is cut has its noise": (": 0))", ": noise * data[n * c.length + j]))"),
    "twice as much is kept": ("const units = kept / parts.length", "const units = kept"),
    "the last are kept": ("j < units", "j >= c.length - units"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_handing_over_is_seen(page, shown, name):
    old, new = MISTAKES[name]
    assert CONTEXT.count(old) == 1
    logits, _, right, _ = spoilt(page, shown, "abcdefgh", 0.7, 16, CONTEXT.replace(old, new))
    assert (logits - right).abs().max() > 1e-3


def moved(figure, noise, kept):
    for name, value in (("noise", noise), ("kept", kept)):
        slider = figure.locator(f".{name} input")
        slider.evaluate("(one, value) => { one.value = value; one.dispatchEvent(new Event('input')) }", str(value))


@pytest.mark.parametrize(("noise", "kept"), [(0.0, 24), (0.35, 24), (0.0, 10), (0.8, 4), (1.0, 0)])
def test_the_page_draws_what_the_notebook_draws(page, shown, noise, kept):
    first, again = page.locator("figure").all()
    before = drawn(again)
    first.locator(FIELD).fill("gfedcbaj")
    moved(first, noise, kept)
    right = shown.answer("gfedcbaj", noise, kept)[1]
    assert drawn(first) == right
    expect(first.locator("[role=status]")).to_have_text(first.locator("p.said").text_content())
    expect(first.locator(".noise output")).to_have_text(f"{noise:.2f}")
    expect(first.locator(".kept output")).to_have_text(str(kept))
    assert drawn(again) == before == shown.first()


def test_right_and_wrong_differ_by_more_than_colour(page, shown):
    first = page.locator("figure").first
    first.locator(FIELD).fill("jib")
    places = context.compared(shown.handed([*"jib"], 0.0, 24))
    assert {right for _, _, right in places} == {True, False}
    marks = settled(first).locator(".line").last.locator("b").all_text_contents()
    assert marks == ["✓" if right else "✗" for _, _, right in places]
    lines = "all => all.map((one) => getComputedStyle(one).outlineStyle)"
    assert set(first.locator(".wrong").evaluate_all(lines)) == {"dashed"}
    assert set(first.locator(".right").evaluate_all(lines)) == {"none"}


def test_what_cannot_be_read_gets_a_sentence(page, shown):
    first = page.locator("figure").first
    for text in ("", "abk", "a" * 17):
        first.locator(FIELD).fill(text)
        expect(first.locator(".problem")).to_have_text(shown.read(text, "abcdefgh").problem)
    assert drawn(first) == shown.first()


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator(FIELD)).to_be_focused()
    page.keyboard.press("Tab")
    expect(first.get_by_role("slider", name="noise")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(first.get_by_role("slider", name="numbers kept")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    assert drawn(first) == shown.answer("abcdefgh", context.STEP, 22)[1]


def test_without_a_script_and_in_print_stands_the_first_answer(chromium, address, shown, page):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    first = still.locator("figure").first
    assert drawn(first) == shown.first() and not first.locator("input:visible").count()
    expect(first.locator(".asked output").first).to_have_text("abcdefgh")
    still.close()
    page.emulate_media(media="print")
    expect(page.locator(".context").first).to_be_visible()
    expect(page.locator(".moved").first).to_be_hidden()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.locator(FIELD).fill("abcdefghijabcdef")
    moved(first, 1.0, 12)
    assert too_wide(page)[0] == []
    for part in first.locator(":is(input, i, b, label, p)").all():
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
