"""What figures with a network cost: what is loaded when, by how much, and in how many pieces it is worked off."""

import gzip
import re

import nbformat
import pytest
import torch
import yaml
from playwright.sync_api import expect
from torch import nn

from building import ROOT, build
from live_page import functions
from looking import PAINTED
from rnn2attn.attention import Concat
from rnn2attn.captioning import CNN
from rnn2attn.live import figure, picture, typed
from rnn2attn.live.weights import BUDGET, pack, rounded
from rnn2attn.recurrent import RNNLanguageModel
from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
from rnn2attn.text import EOS, vocabularies
from rnn2attn.transformer import transformer

FIELD = "[type=text]"
FIGURE = re.compile(r'<figure class="rnn2attn-live".*', re.DOTALL)
# A model whose weights are worth a file, and random.
DATES = """
import torch
from torch import nn

from rnn2attn.attention import Concat
from rnn2attn.live import live
from rnn2attn.seq2seq import AttentionDecoder, Encoder, Seq2Seq
from rnn2attn.tasks import dates
from rnn2attn.text import vocabularies

source, target = vocabularies(dates.pairs(400, "en", "ko"))
torch.manual_seed(0)
encoder = Encoder(len(source), 16, 24)
model = Seq2Seq(source, target, encoder, AttentionDecoder(encoder, len(target), Concat(24, 24, 16)))
for weights in model.parameters():
    nn.init.normal_(weights, std=0.5)
"""
SHOWN = """
live(model, label="A date in English", start="May 14, 2026", caption="Type another date.")
"""
EXTENSIONS = ["book.extension.beside", "book.extension.front"]


def chapter():
    cells = [nbformat.v4.new_markdown_cell("# A chapter\n\n" + "A line.\n\n" * 200), nbformat.v4.new_code_cell(DATES)]
    return nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        cells=[*cells, nbformat.v4.new_code_cell(SHOWN)],
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A book whose front page shows a chapter's figure."""
    root = tmp_path_factory.mktemp("small")
    (root / "book").mkdir()
    (root / "notebooks").mkdir()
    nbformat.write(chapter(), root / "notebooks/01-chapter.ipynb")
    front(root, ":kind: live\n")
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: notebooks/01-chapter\n")
    options = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config = {name: value for name, value in options["sphinx"]["config"].items() if name.startswith("nb_")}
    sphinx = {"recursive_update": True, "local_extensions": dict.fromkeys(EXTENSIONS, str(ROOT)), "config": config}
    execute = options["execute"] | {"execute_notebooks": "cache"}
    (root / "_config.yml").write_text(yaml.safe_dump({"title": "Small", "execute": execute, "sphinx": sphinx}))
    assert (said := built(root)).returncode == 0, said.stderr[-3000:]
    return root


def front(root, option):
    text = f"# A book\n\n```{{figure-of}} notebooks/01-chapter\n{option}```\n"
    (root / "book/index.md").write_text(text, encoding="utf-8")


def built(root):
    # As in the evidence's small book: the extensions are this tree's own.
    return build(
        root, root.with_name("out"), env={"RNN2ATTN_FRAMES": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'lib'}"}, warm=True
    )


def page(root, name):
    return root.with_name("out") / "_build/html" / f"{name}.html"


@pytest.fixture
def fresh(chromium):
    """A tab that has not yet loaded anything, so that nothing is in its memory."""
    tab = chromium.new_page(viewport={"width": 800, "height": 400})
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def model():
    names = {}
    exec(DATES, names)
    return names["model"]


@pytest.mark.soak
def test_the_front_page_can_show_a_network_that_answers(small, tab, model):
    for name in ("book/index", "notebooks/01-chapter"):
        tab.goto(page(small, name).as_uri())
        shown = tab.locator("figure.rnn2attn-live")
        shown.locator(FIELD).fill("Sunday, June 2, 1997")
        right = picture.answer(
            rounded(model, 8).double(), typed.read("Sunday, June 2, 1997", model.source, "words", "").tokens
        )
        expect(shown.get_by_role("status")).to_have_text(picture.told(right, "With attention"))


@pytest.mark.soak
@pytest.mark.heavy
def test_a_front_page_without_such_a_figure_stops_the_build(small):
    front(small, "")
    said = built(small)
    front(small, ":kind: live\n")
    assert said.returncode != 0
    assert "notebooks/01-chapter has no figure with sliders" in said.stderr
    assert built(small).returncode == 0


def test_weights_lie_beside_the_page_and_come_when_the_figure_is_near(small, fresh):
    html = page(small, "notebooks/01-chapter").read_text(encoding="utf-8")
    name = re.search(r'class="weights" data-beside="([^"]+)"></script>', html)[1]
    file = (page(small, "notebooks/01-chapter").parent / name).resolve()
    assert (
        file.stat().st_size > 10_000
        and "float16" in file.read_text()
        and "float16" not in FIGURE.search(html)[0].partition("<script type=")[0]
    )
    assert file.read_text().partition('"')[2][:40] not in html
    asked = []
    fresh.on("request", lambda request: asked.append(request.url))
    fresh.goto(page(small, "notebooks/01-chapter").as_uri())
    fresh.wait_for_load_state("load")
    fresh.wait_for_function(PAINTED)
    assert not any("weights" in url for url in asked)
    shown = fresh.locator("figure.rnn2attn-live")
    with fresh.expect_request(lambda request: request.url == file.as_uri()):
        shown.scroll_into_view_if_needed()


def test_a_key_that_comes_before_the_weights_is_answered_when_they_are_there(small, fresh, model):
    held = []
    fresh.route("**/_static/weights/*", lambda route: held.append(route))
    with fresh.expect_request("**/_static/weights/*"):  # a held script holds up the load
        fresh.goto(page(small, "book/index").as_uri(), wait_until="domcontentloaded")
    shown = fresh.locator("figure.rnn2attn-live")
    before = shown.locator(".answer").inner_html()
    shown.locator(FIELD).fill("May 1")
    shown.locator(FIELD).fill("May 14")
    assert shown.locator(".answer").inner_html() == before
    for route in held:
        route.continue_()
    right = picture.answer(rounded(model, 8).double(), ["May", "1", "4"])
    expect(shown.get_by_role("status")).to_have_text(picture.told(right, "With attention"))


def test_weights_that_do_not_come_are_said_to_be_missing(small, fresh):
    fresh.route("**/_static/weights/*", lambda route: route.abort())
    fresh.goto(page(small, "book/index").as_uri())
    expect(fresh.locator("figure .problem")).to_contain_text("did not arrive")


def test_stored_figures_are_small():
    sizes = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                html = "".join(output.get("data", {}).get("text/html", ""))
                if 'class="rnn2attn-live"' in html:
                    sizes[path.stem, cell.source[:60]] = len(gzip.compress(html.encode(), 9))
    assert sizes and max(sizes.values()) <= BUDGET, sizes


def test_a_figure_that_is_too_large_is_refused():
    """Text that gzip packs hardly at all, a little below the bound and a little above it."""
    noise = bytes(torch.randint(0, 256, (140_000,), generator=torch.Generator().manual_seed(0)).tolist()).hex()
    size = len(gzip.compress(noise.encode(), 9))
    assert figure.bounded("small", [noise[: 2 * 60_000]])
    assert size > BUDGET
    with pytest.raises(ValueError, match=r"large is \d+ bytes with gzip, and 150000"):
        figure.bounded("large", [noise])


# A clock that goes on by so many ms each time that somebody looks at it, and a generator of ten parts; in a browser
# that has postTask, and in one that has only setTimeout.
PIECES = """([code, tick, way]) => {
  let [now, turns] = [0, 0];
  const ways = { postTask: async () => { turns++; }, setTimeout: (then) => { turns++; then(); } };
  const window = way === "postTask" ? { scheduler: { postTask: ways.postTask } } : {};
  const given = { performance: { now: () => (now += tick) }, window, setTimeout: ways.setTimeout };
  const { inPieces } = new Function(...Object.keys(given), code)(...Object.values(given));
  function* parts() { for (let n = 0; n < 10; n++) yield; return 7; }
  return inPieces(parts()).then((value) => [value, turns]);
}"""


@pytest.mark.parametrize("way", ["postTask", "setTimeout"])
@pytest.mark.parametrize(("tick", "turns"), [(0, 0), (100, 10), (3, 2)])
def test_long_work_lets_the_page_have_its_turn(tab, tick, turns, way):
    tab.goto("about:blank")
    value, found = tab.evaluate(PIECES, [functions("letters.js", ["inPieces"]), tick, way])
    assert (value, found) == (7, turns)


# The most products of a matrix and a vector between two rests of a generator, and how many there are in all.
PRODUCTS = """([code, text, make]) => {
  window.products = 0;
  const engine = new Function(code)();
  const parts = eval(make)(engine, engine.unpack(text).model);
  for (let [most, all] = [0, 0]; ; ) {
    const { done } = parts.next();
    [most, all, products] = [Math.max(most, products), all + products, 0];
    if (done) return [most, all];
  }
}"""
COUNTED = "const product = new Float64Array(to - from);"
TOKENS, MOST = typed.LONGEST, picture.LIMIT  # that are read, and that are said


def of_letters():
    return RNNLanguageModel(4, 6)


def of_gates():
    return nn.Sequential(nn.LSTM(5, 4, batch_first=True), nn.Linear(4, 5))


def of_strings(kind):
    """A model that reads ten letters and finds no end."""
    source, target = vocabularies([("abcdefghij", "klmnopqrst")])
    if kind == "Transformer":
        model = transformer(source, target, d_model=8, heads=2, layers=2, d_ff=8)
    else:
        encoder = Encoder(len(source), 4, 6, "LSTM", "both")
        model = Seq2Seq(source, target, encoder, AttentionDecoder(encoder, len(target), Concat(6, 12, 5)))
    with torch.no_grad():
        model.decoder.output.bias[target.id(EOS)] = -1e4
    return model


def of_orders():
    """The parts of a network with a gate and the delta rule."""
    sizes = {"table": 26, "drink": 8, "begins": 2}
    made = [nn.Embedding(n, 6) for n in sizes.values()]
    return nn.ModuleList([*made, *(nn.Linear(6, d, bias=d == 1) for d in (4, 4, 1, 1)), nn.Linear(4, 9)])


IDS = f"Array.from({{ length: {TOKENS} }}, (_, i) => 1 + (i % 4))"
ORDERS = f"{{ tables: {IDS}, drinks: {IDS}, asked: 2 }}"
WORK = {
    "letters": ("letters.js", "readLetters", of_letters, f"readLetters({IDS}.map((id) => id - 1), m, 1)"),
    "gates": ("gates.js", "readHolding", of_gates, f"readHolding({IDS}, m, [null, 0, null, 1])"),
    "recall": ("recall.js", "recalling", of_orders, f"recalling({ORDERS}, m, 'gate, delta rule')"),
    "an LSTM": ("page.js", "translating", lambda: of_strings("LSTM"), f"translating({IDS}, m, {MOST})"),
    "a Transformer": ("page.js", "translating", lambda: of_strings("Transformer"), f"translating({IDS}, m, {MOST})"),
    "parts": (
        "parts.js",
        "answeringParts",
        lambda: of_strings("Transformer"),
        f"answeringParts({IDS}, m, {{ heads: [] }}, {MOST})",
    ),
    "parts without the mask": (
        "parts.js",
        "answeringParts",
        lambda: of_strings("Transformer"),
        f"answeringParts({IDS}, m, {{ heads: [3], mask: true }}, {MOST})",
    ),
}


@pytest.mark.parametrize("name", WORK)
def test_an_answer_rests_after_each_layer_or_token(tab, name):
    """A piece is at most one layer over all tokens, however many steps and layers an answer takes."""
    script, function, made, call = WORK[name]
    torch.manual_seed(0)
    code = functions(script, ["unpack", function])
    assert code.count(COUNTED) == 1
    code = code.replace(COUNTED, f"products++; {COUNTED}")
    tab.goto("about:blank")
    text = pack({"model": made()})
    most, products = tab.evaluate(PRODUCTS, [code, text, f"(e, m) => e.{call}"])
    assert 0 < most <= 10 * MOST
    assert products > 2 * most


DRAWN = """([code, html, other]) => {
  const { renewing, parsed } = new Function(code)();
  const place = document.body.appendChild(document.createElement("div"));
  place.innerHTML = html;
  const before = [...place.querySelectorAll("*")];
  const watch = new MutationObserver(() => {});
  watch.observe(place, { subtree: true, childList: true, attributes: true, characterData: true });
  let rests = 0;
  for (const _ of renewing(place, ...parsed(other))) rests++;
  const kept = before.filter((one) => one.isConnected).length;
  return [place.innerHTML, rests, watch.takeRecords().length, kept];
}"""
STANDS = '<!--a--><p class="said">It says <b>one</b></p><ul><li class="x" title="t">a</li><li>b</li></ul>'
# What comes in the place of what: rests, one for each node but those within what is alike; changes, the comment's
# included; and elements that stay.
CHANGES = {
    "nothing": ("", "", 2, 1, 5),
    "a word": ("one", "two", 5, 2, 5),
    "an attribute that another has": ('class="x" title="t"', 'class="y"', 5, 3, 5),
    "another row": ("</li></ul>", "</li><li>c</li></ul>", 5, 2, 5),
    "a row less": ("<li>b</li>", "", 3, 2, 4),
    "another element": ("<b>one</b>", "<i>one</i>", 4, 2, 4),
}


@pytest.mark.parametrize("name", CHANGES)
def test_drawing_changes_what_is_other_and_rests(tab, name):
    old, new, *right = CHANGES[name]
    other = STANDS.replace("<!--a-->", "").replace(old, new, 1)
    tab.goto("about:blank")
    html, *found = tab.evaluate(DRAWN, [functions("page.js", ["renewing", "parsed"]), STANDS, other])
    assert (html, found) == (other, right)


def test_unpacking_and_looking_rest_after_each_part(tab):
    """So that no task is longer than one parameter, or one row of a convolution, takes."""
    torch.manual_seed(0)
    encoder = CNN(16, 6, 5, 6).eval()
    script = """([code, text]) => {
      const { unpacking, looking } = new Function(code)();
      function count(parts) {
        for (let n = 0; ; n++) {
          const { done, value } = parts.next();
          if (done) return [n, value];
        }
      }
      const [parameters, { model }] = count(unpacking(text));
      const [layers] = count(looking({ shape: [1, 16, 16], data: new Float64Array(256) }, model));
      return [parameters, layers];
    }"""
    tab.goto("about:blank")
    found = tab.evaluate(script, [functions("letters.js", ["unpacking", "looking"]), pack({"model": encoder})])
    buffers = [b for b in encoder.buffers() if b.is_floating_point()]
    x, rows = torch.zeros(1, 1, 16, 16), 0
    for layer in encoder.convolutions:
        x = layer(x)
        rows += x.shape[2] * isinstance(layer, nn.Conv2d)
    assert found == [len(list(encoder.parameters())) + len(buffers), rows + len(encoder.convolutions)]


def test_no_mask_leaves_nothing(tab):
    """One that does is never done with by Chromium 150, when it prints: the last stop is outside, and black."""
    there = tab.evaluate("code => new Function(code)().strip([0, 0.001]).outerHTML", functions("page.js", ["strip"]))
    assert there == picture.strip([0, 0.001]) and there.endswith(',#000 101%)"></i>')
