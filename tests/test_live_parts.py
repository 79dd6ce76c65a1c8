"""A Transformer with parts to switch off: Chromium's tokens, logits and weights are PyTorch's, with each switch."""

import json
import re
from importlib.resources import files

import nbformat
import pytest
import torch
from playwright.sync_api import expect

from building import ROOT
from live_page import drawn, opened, telephone, write
from looking import faults, too_wide
from rnn2attn.live import parts, typed
from rnn2attn.live.parts import Off, live_parts
from rnn2attn.seq2seq import Decoder, Encoder, Seq2Seq
from rnn2attn.tasks import dates
from rnn2attn.text import Batch, vocabularies
from rnn2attn.training import evaluate, fit, set_seed, token_loss
from rnn2attn.transformer import transformer

CODE = "\n".join(
    files("rnn2attn.live").joinpath(name).read_text("utf-8") for name in ("engine.js", "shared.js", "parts.js")
)
RUN = """window.run = ([code, text, given]) => {
  const engine = new Function(code)();
  const { model } = engine.unpack(text);
  const plain = (_, value) => (ArrayBuffer.isView(value) ? [...value] : value);
  return JSON.stringify(given.map(([ids, off]) => engine.answerParts(ids, model, off, 30)), plain);
}"""
DATE, OTHER = "Thursday, May 14, 2026", "Monday, June 2, 1997"
FIELD = "[type=text]"
SWITCHED = {
    "nothing": Off(),
    "positions": Off(positions=True),
    "the mask": Off(mask=True),
    "the division": Off(division=True),
    **{f"head {n}": Off(frozenset([n])) for n in range(12)},
    "a layer's heads": Off(frozenset([0, 1])),
    "all": Off(frozenset(range(12)), True, True, True),
    "all but the heads": Off(frozenset(), True, True, True),
}


@pytest.fixture(scope="module")
def figure():
    """Of a small Transformer that has begun to read dates."""
    pairs = dates.pairs(600, "en", "ko")
    set_seed(0)
    model = transformer(*vocabularies(pairs), d_model=16, heads=2, layers=2, d_ff=32)
    batches = Batch.of(pairs, model.source, model.target).minibatches(32, 100, 0)
    fit(model, batches, loss=token_loss, clip=1.0, one_cycle=True, device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return live_parts(model, label="A date in English", start=DATE, caption="Switch something off.")


@pytest.fixture(scope="module")
def address(figure, tmp_path_factory):
    """A page with the figure twice."""
    path = tmp_path_factory.mktemp("parts") / "page.html"
    return write(path, [figure.html, figure.html], "Parts", f"<script>{RUN}</script>")


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(FIELD).last).to_be_visible()
        yield tab


def tokens(figure, text):
    return typed.read(text, figure.model.source, "words", "").tokens


def computed(page, figure, offs, code=CODE):
    """Of a date without each of these: what the page's code finds."""
    names = re.findall(r"^export (?:function\*?|const) (\w+)", code, re.MULTILINE)
    code = re.sub(r"^export ", "", code, flags=re.MULTILINE) + f"; return {{ {', '.join(names)} }}"
    ids = figure.model.source.ids(tokens(figure, DATE))
    given = [[ids, off._asdict() | {"heads": sorted(off.heads)}] for off in offs]
    return json.loads(page.evaluate("given => run(given)", [code, figure.packed, given]))


def distance(found, right, target):
    """The largest difference in logits and weights; infinite where tokens or shapes differ."""
    if [target.tokens[id] for id in found["ids"]] != right.said:
        return float("inf")
    pairs = [(found["steps"], right.logits), *zip(found["weights"], right.weights, strict=True)]
    off = 0.0
    for mine, theirs in pairs:
        mine = torch.tensor(mine, dtype=torch.float64)
        if mine.shape != theirs.shape:
            return float("inf")
        off = max(off, (mine - theirs).abs().max().item())
    return off


@pytest.mark.parametrize("name", SWITCHED)
def test_each_switch_leaves_pytorchs_tokens_logits_and_weights(page, figure, name):
    right = parts.answer(figure.model, tokens(figure, DATE), SWITCHED[name])
    (found,) = computed(page, figure, [SWITCHED[name]])
    assert distance(found, right, figure.model.target) < 1e-9
    if name != "nothing":
        whole = parts.answer(figure.model, tokens(figure, DATE))
        assert distance(found, whole, figure.model.target) > 1e-3


def test_what_is_switched_off_changes_what_is_said(figure):
    said = {tuple(parts.answer(figure.model, tokens(figure, DATE), off).rows) for off in SWITCHED.values()}
    assert len(said) > 4 and any(rows[-1] == "<eos>" for rows in said)


def test_with_all_parts_it_says_what_the_model_says_with_its_cache(figure):
    for text in (DATE, OTHER, "May", "1 2 3"):
        source = tokens(figure, text)
        one = parts.answer(figure.model, source)
        said, weights = figure.model.translate([source], 30)[0]
        assert one.said == said
        heads = torch.stack(one.weights[figure.first_near :])[:, : len(said)]
        torch.testing.assert_close(heads.mean(dim=0), weights, rtol=0, atol=1e-12)


def test_without_the_mask_the_last_row_of_the_first_layer_stays(figure):
    source = torch.tensor([figure.model.source.ids(tokens(figure, DATE))])
    memory = figure.model.encoder(source, torch.tensor([source.shape[1]]))
    inputs = torch.arange(2, 9)[None]
    masked, open_ = (parts.read(figure.model.decoder, inputs, memory, mask)[1] for mask in (True, False))
    assert torch.equal(masked[0][0][:, -1], open_[0][0][:, -1])
    assert (masked[0][0][:, 0] - open_[0][0][:, 0]).abs().max() > 0.1
    assert (masked[1][0][:, -1] - open_[1][0][:, -1]).abs().max() > 1e-3


LEFT = "const left = without(model, off);"
MISTAKES = {
    "another head is shut": ("off.heads.includes(number++)", "off.heads.includes(++number)", SWITCHED["head 5"]),
    "a head's rows are shut": ("(at % shape[1]) / d_k", "at / shape[1] / d_k", SWITCHED["head 5"]),
    "positions stay": ("{ ...one, positions: null }", "one", SWITCHED["positions"]),
    "the mask stays": (
        "cache[n].source }, layer)",
        "cache[n].source }, layer, causal(t, ids.length))",
        SWITCHED["the mask"],
    ),
    "the mask is never there": (LEFT, f"off = {{ ...off, mask: true }}; {LEFT}", SWITCHED["nothing"]),
    "what comes later has a weight": ("weights[i] ?? 0", "weights[i] ?? 1", SWITCHED["nothing"]),
    "the division stays": ('off.division ? "dot"', 'off.division ? "scaled_dot"', SWITCHED["the division"]),
    "the source is read with the own weights": ('"source_attention");', '"attention");', SWITCHED["head 9"]),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(page, figure, name):
    old, new, off = MISTAKES[name]
    assert CODE.count(old) == 1
    right = parts.answer(figure.model, tokens(figure, DATE), off)
    (found,) = computed(page, figure, [off], CODE.replace(old, new))
    assert distance(found, right, figure.model.target) > 1e-6


def bare(html):
    """HTML without what differs between the two forms: names of radio buttons, and what is checked or hidden."""
    html = re.sub(r'<!--.*?-->| (?:name|checked|hidden)="[^"]*"| (?:checked|hidden)(?=[ >])', "", html)
    return re.sub(r"\s+", " ", html).strip()


def agrees(shown, figure, text, off=None, number=None):
    """That a figure shows what the form of Python has for a text."""
    number = figure.first_near if number is None else number
    html = figure.answered(text, off or Off(), number, switches=True)
    right = shown.page.evaluate(
        "html => Object.assign(document.createElement('div'), { innerHTML: html }).innerHTML", html
    )
    assert bare(drawn(shown)) == bare(right)


def test_what_stands_without_a_script_is_what_the_script_shows(chromium, page, address, figure):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    first = still.locator("figure").first
    expect(first.locator(".asked output")).to_have_text(DATE)
    hidden = ":is([type=text], .switches, .switch)"
    assert not any(part.is_visible() for part in first.locator(hidden).all())
    agrees(first, figure, DATE)
    still.close()
    again = page.locator("figure").first
    again.locator(FIELD).dispatch_event("input")
    agrees(again, figure, DATE)
    assert again.locator(".whole").is_hidden()


def test_switches_text_and_the_large_map_are_answered(page, figure):
    first, again = page.locator("figure").all()
    before = drawn(again)
    first.get_by_role("checkbox", name="Positions").uncheck()
    agrees(first, figure, DATE, Off(positions=True))
    first.get_by_role("checkbox", name="Said to said, layer 2, head 1").uncheck()
    off = Off(frozenset([6]), positions=True)
    agrees(first, figure, DATE, off)
    expect(first.locator(".whole")).to_be_visible()
    expect(first.locator(".head.shut")).to_have_count(1)
    first.locator(FIELD).fill(OTHER)
    agrees(first, figure, OTHER, off)
    first.get_by_role("radio", name="Layer 1, head 2").first.check()
    agrees(first, figure, OTHER, off, 1)
    one, whole = (parts.answer(figure.model, tokens(figure, OTHER), switched) for switched in (off, Off()))
    expect(first.get_by_role("status")).to_have_text(parts.told(one, whole))
    first.locator(FIELD).fill("Thor")
    expect(first.locator(".problem")).to_contain_text("never read “Thor”")
    agrees(first, figure, OTHER, off, 1)
    first.locator(FIELD).fill(DATE)
    first.get_by_role("button", name="All on").click()
    agrees(first, figure, DATE, Off(), 1)
    expect(first.get_by_role("checkbox", checked=False)).to_have_count(0)
    assert drawn(again) == before


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.locator(FIELD).fill("Wednesday, September 30, 1999")
    first.get_by_role("checkbox", name="Division").tap()
    assert too_wide(page)[0] == []
    for part in first.locator(":is(input, svg, b, label, button)").all()[:200]:
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()


def test_print_shows_the_answer(page):
    first = page.locator("figure").first
    page.emulate_media(media="print")
    expect(first.locator(".chances")).to_be_visible()
    expect(first.locator(".switches")).to_be_hidden()


def test_a_notebook_answers_with_pytorch(monkeypatch, figure):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)
    shown = live_parts(figure.model.float(), label="A date in English", start=DATE, caption="Try.", bits=16)
    field, row, heads, closer, problem, answer, caption = shown.widget.children
    assert len(heads.children) == 12 and closer.value == 10 and caption.value == "Try."
    assert shown.answered(DATE, Off(), 10) in answer.value and '<input type="checkbox"' not in answer.value
    row.children[0].value = False
    heads.children[3].value = False
    closer.value = 3
    off = Off(frozenset([3]), positions=True)
    assert shown.answered(DATE, off, 3) in answer.value
    field.value = "Thor"
    assert "never read “Thor”" in problem.value and shown.answered(DATE, off, 3) in answer.value
    assert set(shown._repr_mimebundle_()) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}


def test_wrong_arguments_are_met_at_the_door(figure):
    model = figure.model
    encoder = Encoder(len(model.source), 4, 6)
    other = Seq2Seq(model.source, model.target, encoder, Decoder(encoder, len(model.target)))
    with pytest.raises(TypeError, match="has a Encoder, but a TransformerEncoder"):
        live_parts(other, label="", start=DATE, caption="")
    with pytest.raises(ValueError, match=r"'Thor' cannot be an input: .* never read “Thor”"):
        live_parts(model, label="", start="Thor", caption="")


def of_the_page(seed):
    """The network that chapter 6 trains, and its test dates."""
    names = {"__name__": "page"}
    for cell in nbformat.read(ROOT / "notebooks/06-self-attention.ipynb", as_version=4).cells:
        title = cell.source.split("\n")[0]
        hidden = title.startswith("# @title") and not title.startswith(("# @title Imports", "# @title small:"))
        if cell.cell_type == "code" and not hidden and "hide-cell" not in cell.metadata.get("tags", []):
            exec(compile(cell.source.replace("seed = 0", f"seed = {seed}"), title, "exec"), names)
    return names["small"], names["test"][:100]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_its_network_is_what_chapter_6_says(seed):
    model, test = of_the_page(seed)

    def right(off):
        return evaluate(parts.without(model, off), test).exact

    assert right(Off(positions=True)) < 0.05
    assert right(Off(division=True)) < right(Off())
    alone = [right(Off(frozenset([n]))) for n in range(12)]
    assert sum(share > 0.95 for share in alone) >= 4 and min(alone) < 0.9
    said = [[parts.answer(model, source, off).said for source, _ in test[:20]] for off in (Off(), Off(mask=True))]
    assert sum(one == other for one, other in zip(*said, strict=True)) >= 19
