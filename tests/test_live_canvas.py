"""Two digits in the page, drawn or chosen: what the captioner says, and where it looked, is what PyTorch says."""

import base64
import re
import struct

import pytest
import torch
from playwright.sync_api import expect
from torch.nn.functional import interpolate

from live_page import WEIGHTS, drawn, functions, opened, settled, telephone, write
from looking import faults, too_wide
from rnn2attn.attention import Concat
from rnn2attn.captioning import CNN, Captioner, Pictures
from rnn2attn.live import canvas, live_canvas
from rnn2attn.seq2seq import AttentionDecoder
from rnn2attn.tasks import digits
from rnn2attn.text import Vocabulary
from rnn2attn.training import fit, set_seed, token_loss

TEST = digits.relation(100, test=True)
ARRANGED = list(canvas.PLACES)


def made():
    """A small captioner, trained until it says different things of different pictures."""
    set_seed(0)
    train = digits.relation(600)
    vocabulary = Vocabulary.of(sample.caption for sample in TEST)
    encoder = CNN(d=16, d_emb=8)
    model = Captioner(vocabulary, encoder, AttentionDecoder(encoder, len(vocabulary), Concat(16, 16, 12)))
    batches = Pictures.of(train, vocabulary).minibatches(32, 150, 0)
    fit(model, batches, lr=1e-2, loss=token_loss, clip=1.0, one_cycle=True, device="cpu")
    return model.eval()


@pytest.fixture(scope="module")
def shown():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RNN2ATTN_FRAMES", "1")
        return live_canvas(made(), TEST, caption="Draw two other digits.")


@pytest.fixture(scope="module")
def address(shown, tmp_path_factory):
    return write(tmp_path_factory.mktemp("canvas") / "page.html", [shown.html, shown.html])


@pytest.fixture
def page(tab, address):
    with opened(tab, address):
        expect(tab.locator(".pad").last).to_be_visible()
        yield tab


SEEN = f"""figure => ({{
  said: figure.querySelector(".said b").textContent,
  picture: figure.querySelector(".seen").style.getPropertyValue("--picture"),
  words: [...figure.querySelectorAll(".map label")].map((label) => ({{
    word: label.querySelector(".cells + span").textContent,
    weights: ({WEIGHTS})(label),
    told: label.querySelector("em").textContent,
  }})),
}})"""


def picture_of(address):
    """The picture in a bitmap's address, uint8, (32, 32)."""
    data = base64.b64decode(re.search(r"base64,([^)\"]+)", address)[1])
    head, width, height, depth = (struct.unpack_from("<I", data, at)[0] for at in (10, 18, 22, 28))
    assert (width, height, depth & 0xFFFF) == (32, 32, 24)
    pixels = torch.frombuffer(bytearray(data[head:]), dtype=torch.uint8).reshape(32, 32, 3).flip(0)
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


def differs(figure, shown, boxes, picture=None):
    """How far a figure's weights are from PyTorch's for the picture that it shows; infinite where words differ."""
    seen = settled(figure).evaluate(SEEN)
    if picture is not None and not torch.equal(picture_of(seen["picture"]), picture):
        return float("inf")
    right = shown.answer(picture_of(seen["picture"]), boxes)
    told = [canvas.looks(right, t) for t in range(len(right.said))]
    if [word["word"] for word in seen["words"]] != right.said or [word["told"] for word in seen["words"]] != told:
        return float("inf")
    found = torch.tensor([word["weights"] for word in seen["words"]], dtype=torch.float64)
    return (found - right.maps.flatten(1) / right.maps.max()).abs().max().item()


def choose(figure, names, arrangement):
    figure.get_by_role("radio", name=arrangement).check()
    for select, name in zip(figure.locator("select").all(), names, strict=True):
        select.select_option(name)


def answered(figure, status):
    """Wait until what is said is told; the answer stands by then."""
    expect(figure.get_by_role("status")).to_have_text(status)


@pytest.mark.parametrize("arrangement", ARRANGED)
@pytest.mark.parametrize("names", [("two", "seven"), ("nine", "zero"), ("four", "three"), ("one", "six")])
def test_chosen_digits_get_pytorchs_caption(page, shown, names, arrangement):
    first, again = page.locator("figure").all()
    before = drawn(again)
    choose(first, names, arrangement)
    picture, boxes = shown.picture(names, arrangement)
    answered(first, canvas.told(shown.answer(picture, boxes)))
    assert differs(first, shown, boxes, picture) < 0.00051
    assert drawn(again) == before
    expect(first.locator(".where")).to_have_text(canvas.CALLED[arrangement])
    # On the pad lies what was chosen.
    assert torch.equal(picture_of(first.locator(".pad").evaluate("pad => pad.style.backgroundImage")), picture)


def test_the_network_of_these_tests_says_different_things(shown):
    pairs = [("two", "seven"), ("nine", "zero"), ("four", "three"), ("one", "six")]
    said = [shown.answer(*shown.picture(pair, arrangement)).said for pair in pairs for arrangement in ARRANGED]
    assert len(set(map(tuple, said))) >= 4


# In thirds of a digit's height: lines as a hand draws them, more than one where the pen is lifted.
SEVEN = [[(0, 0), (2, 0), (1, 3)]]
FOUR = [[(1.4, 0), (0, 2), (2.2, 2)], [(1.7, 1), (1.7, 3)]]


def draw(page, figure, strokes, corner, height):
    """Draw strokes into a box, in pixels of the model's picture; return the box around them."""
    pad = figure.locator(".pad").bounding_box()
    scale = pad["width"] / 32
    placed = [[(corner[0] + x * height / 3, corner[1] + y * height / 3) for x, y in line] for line in strokes]
    for line in placed:
        for n, (x, y) in enumerate(line):
            page.mouse.move(pad["x"] + x * scale, pad["y"] + y * scale, steps=1 if n == 0 else 6)
            if n == 0:
                page.mouse.down()
        page.mouse.up()
    xs, ys = zip(*(point for line in placed for point in line), strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def box_of(left, top, right, bottom):
    """Where a drawing is put: 12 × 12 pixels around its middle."""
    corner = [min(20, max(0, round((first + last) / 2 - 6))) for first, last in ((top, bottom), (left, right))]
    return (*corner, corner[0] + 12, corner[1] + 12)


def clear(figure):
    figure.get_by_role("button", name="Clear").click()


@pytest.mark.parametrize(
    ("places", "heights"), [(((3.1, 5.3), (19.4, 11.1)), (14, 9)), (((10.2, 1.3), (12.4, 18.2)), (11, 12))]
)
def test_drawn_digits_get_pytorchs_caption(page, shown, places, heights):
    first = page.locator("figure").first
    clear(first)
    around = [
        draw(page, first, strokes, corner, height)
        for strokes, corner, height in zip((SEVEN, FOUR), places, heights, strict=True)
    ]
    expect(first.locator(".problem")).to_be_hidden()
    boxes = [box_of(*one) for one in around]
    seen = picture_of(settled(first).evaluate(SEEN)["picture"])
    outside = seen.clone()
    for top, left, bottom, right in boxes:
        assert seen[top:bottom, left:right].double().mean() / 255 > 0.1
        assert seen[top].any() or seen[top + 1].any()
        outside[top:bottom, left:right] = 0
    assert not outside.any(), "ink lies in the two boxes alone"
    answered(first, canvas.told(shown.answer(seen, boxes)))
    assert differs(first, shown, boxes) < 0.00051


def test_drawing_and_choosing_go_together(page, shown):
    first = page.locator("figure").first
    around = draw(page, first, SEVEN, (18.9, 9.3), 12)
    left, right = first.locator("select").all()
    expect(left).to_have_value("two")
    expect(right).to_have_value("")
    boxes = [(10, 2, 22, 14), box_of(*around)]
    answered(first, canvas.told(shown.answer(picture_of(settled(first).evaluate(SEEN)["picture"]), boxes)))
    assert differs(first, shown, boxes) < 0.00051
    assert first.locator(".pad polyline").count() == 1
    right.select_option("five")
    assert first.locator(".pad polyline").count() == 0
    picture, boxes = shown.picture(("two", "five"), ARRANGED[0])
    answered(first, canvas.told(shown.answer(picture, boxes)))
    assert differs(first, shown, boxes, picture) < 0.00051


def test_what_is_no_picture_of_two_gets_a_sentence_and_is_kept(page, shown):
    first = page.locator("figure").first
    before = drawn(first)
    problem, still = first.locator(".problem"), canvas.SENTENCES["still"]
    clear(first)
    expect(problem).to_have_text(f"{canvas.SENTENCES['none']} {still}")
    pad = first.locator(".pad").bounding_box()
    page.mouse.click(pad["x"] + 40, pad["y"] + 40)
    expect(problem).to_have_text(f"{canvas.SENTENCES['small']} {still}")
    draw(page, first, SEVEN, (2, 10), 12)
    expect(problem).to_have_text(f"{canvas.SENTENCES['one']} {still}")
    expect(first.get_by_role("status")).to_have_text(problem.text_content())
    assert drawn(first) == before
    assert first.locator(".pad polyline").count() == 2
    draw(page, first, FOUR, (20, 2), 9)
    expect(problem).to_be_hidden()
    expect(first.locator(".note")).to_be_hidden()
    draw(page, first, SEVEN, (20, 20), 9)
    expect(first.locator(".note")).to_have_text(canvas.SENTENCES["many"].format(n=3))
    expect(first.get_by_role("status")).to_contain_text("It answers all the same. It says")
    choose(first, ("two", "two"), ARRANGED[1])
    clear(first)
    choose(first, ("two", "two"), ARRANGED[1])
    expect(first.locator(".note")).to_have_text(canvas.SENTENCES["equal"])


NAMES = ["drawings", "fitted", "enlarged", "bitmap", "around"]


def evaluated(tab, script, given):
    code = functions("canvas.js", NAMES)
    tab.goto("about:blank")
    return tab.evaluate(
        f"([code, given]) => {{ const f = new Function(code)(); return ({script})(f, given) }}", [code, given]
    )


def test_a_drawn_digit_is_enlarged_as_the_trainings_were(tab):
    squares = torch.rand(8, 8, dtype=torch.float64)
    found = evaluated(tab, "(f, squares) => [...f.enlarged(squares, 12)]", squares.flatten().tolist())
    right = interpolate(squares[None, None], (12, 12), mode="bilinear", align_corners=False)
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), right.flatten())


def test_a_drawn_digit_is_as_high_and_as_inked_as_the_trainings(tab):
    """The share of ink of a hand's seven and four lies among those of the training's, and they fill the height."""
    handwriting, values = digits._handwriting()
    for value, strokes in ((7, SEVEN), (4, FOUR)):
        lines = [[{"x": 5 * x, "y": 5 * y} for x, y in line] for line in strokes]
        found = torch.tensor(evaluated(tab, "(f, lines) => [...f.fitted(lines)]", lines)).reshape(8, 8)
        ink = torch.stack([picture for picture, v in zip(handwriting, values, strict=True) if v == value]).mean(
            (1, 2)
        )
        assert ink.quantile(0.02) < found.mean() < ink.quantile(0.98)
        assert found[0].any() and found[-1].any()
        assert ((found * 16) % 1 == 0).all()


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ([[(0, 0), (5, 9)]], 1),
        ([[(0, 0), (5, 9)], [(3, 4), (9, 4)]], 1),  # they cross
        ([[(0, 0), (5, 9)], [(5.5, 0), (9, 4)]], 1),  # they nearly touch
        ([[(0, 0), (5, 9)], [(7, 0), (12, 9)]], 2),
        ([[(0, 0), (5, 9)], [(7, 0), (12, 9)], [(20, 0), (25, 9)]], 2),  # of three, two that are near are one
        ([[(0, 0), (5, 9)], [(10, 0), (15, 9)], [(20, 0), (25, 9)]], 3),
    ],
)
def test_lines_that_belong_together_are_one_digit(tab, lines, count):
    given = [[{"x": x, "y": y} for x, y in line] for line in lines]
    found = evaluated(tab, "(f, lines) => f.drawings(lines).map((one) => one.length)", given)
    assert len(found) == count and sum(found) == len(lines)


MISTAKES = {
    "the model gets levels and not shares": ("(level) => level / levels)", "(level) => level)"),
    "a row is taken for a column": ("column ${(at % columns) + 1}", "column ${Math.floor(at / columns) + 1}"),
    "left and right are exchanged": ("[[near, first], [far, 1 - first]]", "[[near, 1 - first], [far, first]]"),
    "a picture stands on its head": (
        "3 * ((size - 1 - Math.floor(n / size)) * size",
        "3 * (Math.floor(n / size) * size",
    ),
    "no ReLU": ("data: relu(data)", "data"),
    "weights of the word before": (
        "ids.map((_, t) => steps[t].weights)",
        "ids.map((_, t) => steps[Math.max(0, t - 1)].weights)",
    ),
    "a share that counts cells whole": (
        "(n + 1) * width) - Math.max(first, n * width)) / width",
        "(n + 1) * width) - Math.max(first, n * width)) > 0",
    ),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(tab, shown, tmp_path, name):
    old, new = MISTAKES[name]
    assert shown.html.count(old) == 1
    picture, boxes = shown.picture(("nine", "four"), ARRANGED[1])
    for html, wrong in ((shown.html, False), (shown.html.replace(old, new), True)):
        tab.goto(write(tmp_path / "page.html", [html]))
        figure = tab.locator("figure")
        choose(figure, ("nine", "four"), ARRANGED[1])
        assert (differs(figure, shown, boxes, picture) > 0.001) == wrong


def test_a_word_that_is_being_picked_stays_when_the_answer_changes(page, shown):
    """Between the press and the release another picture is answered."""
    first = page.locator("figure").first
    choose(first, ("nine", "zero"), ARRANGED[0])
    word = settled(first).locator(".map label").nth(1)
    box = word.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    before = drawn(first)
    first.locator("select").first.evaluate("one => { one.value = 'four'; one.dispatchEvent(new Event('input')) }")
    assert drawn(first) != before
    page.mouse.up()
    expect(word.get_by_role("radio")).to_be_checked()


def test_the_keyboard_is_enough(page, shown):
    first = page.locator("figure").first
    page.keyboard.press("Tab")
    expect(first.locator("select").first).to_be_focused()
    assert first.get_by_role("combobox", name="left").count() == 1
    page.keyboard.type("nine")
    page.keyboard.press("Tab")
    expect(first.locator("select").last).to_be_focused()
    page.keyboard.type("four")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(first.get_by_role("radio", name=ARRANGED[1])).to_be_checked()
    picture, boxes = shown.picture(("nine", "four"), ARRANGED[1])
    answered(first, canvas.told(shown.answer(picture, boxes)))
    assert differs(first, shown, boxes, picture) < 0.00051
    page.keyboard.press("Tab")
    expect(first.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Tab")
    words = first.locator(".map label").all()
    expect(words[0].get_by_role("radio")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(words[1].get_by_role("radio")).to_be_checked()
    sentence = words[1].locator("em").text_content()
    assert words[1].get_by_role("radio", name=sentence).count() == 1 and words[1].locator("em").is_visible()


def test_what_stands_without_a_script_is_what_the_script_shows(page, address, chromium):
    still = chromium.new_page(java_script_enabled=False)
    still.goto(address)
    standing = still.locator("figure").first
    expect(standing.locator(".map")).to_be_visible()
    expect(standing.locator(".pad")).to_be_hidden()
    first = page.locator("figure").first
    first.locator("select").first.dispatch_event("input")
    both = drawn(standing), drawn(first)
    alike = [re.sub(r' checked=""|&quot;|"', "", re.sub(r'name="[^"]*"', "", one)) for one in both]
    assert alike[0] == alike[1]
    still.close()


def test_print_shows_the_answer(page):
    first = page.locator("figure").first
    page.emulate_media(media="print")
    expect(first.locator(".map")).to_be_visible()
    expect(first.locator(".pad")).to_be_hidden()


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_it_whole_and_axe_finds_nothing(chromium, address, scheme):
    page = telephone(chromium, address, scheme)
    first, again = page.locator("figure").all()
    first.get_by_text(ARRANGED[1]).tap()
    first.locator(".clear").tap()
    expect(first.locator(".problem")).to_be_visible()
    finger = page.context.new_cdp_session(page)
    pad = first.locator(".pad").bounding_box()
    for corner in (0.1, 0.6):
        points = [
            {"x": pad["x"] + pad["width"] * (corner + a), "y": pad["y"] + pad["height"] * (corner + a)}
            for a in (0, 0.15, 0.3)
        ]
        for kind, touched in (
            ("touchStart", points[:1]),
            ("touchMove", points[1:2]),
            ("touchMove", points[2:]),
            ("touchEnd", []),
        ):
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})
    expect(first.locator(".pad polyline")).to_have_count(2)
    expect(first.locator(".problem")).to_be_hidden()
    assert page.evaluate("scrollY") == 0, "the finger draws and does not scroll"
    expect(settled(first).get_by_role("status")).to_contain_text("It says")
    word = first.locator(".map label").nth(1)
    word.tap()
    expect(word.get_by_role("radio")).to_be_checked()
    assert word.locator("i").count() == 8
    for row in word.locator("i").all():
        assert row.bounding_box()["height"] >= 8 <= row.bounding_box()["width"] / 8, "the weights can be seen"
    assert too_wide(page)[0] == []
    for part in first.locator(":is(input, select, button, svg, em, label, .cells)").all()[:200]:
        box = part.bounding_box()
        if box is not None:
            assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    again.evaluate("figure => figure.remove()")
    assert faults(page, ".rnn2attn-live") == []
    page.close()
