"""explore: live a widget, on the page the same figures, packed."""

import base64
import html
import io
import itertools
import json
import re
import time
import zlib
from collections import Counter

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import rnn2attn.explore as module
from rnn2attn import plots
from rnn2attn.explore import Explorable, WordByWord, explore
from rnn2attn.explore.frames import pack
from rnn2attn.plots import Figure
from rnn2attn.plots.svg import svg

RHO, STEPS = [0.5, 0.9, 1.0, 1.1], ["ten", "twenty", "forty"]


def draw(rho, steps):
    x = np.arange(1, {"ten": 11, "twenty": 21, "forty": 41}[steps])
    figure = plots.lines({"거듭제곱": rho**x, "half": 0.5**x}, x=x, xlabel="distance in steps", ylabel="norm")
    figure.axes[0].set(xlim=(0, 45), ylim=(0, 4))
    return figure


def describe(rho, steps):
    return f'After {steps} steps "{rho}" is raised to that power & drawn.'


def small(**changes):
    return explore(draw, **{"describe": describe, "rho": RHO, "steps": STEPS} | changes)


def anew(patch):
    """Static, and as in a kernel that has shown nothing yet."""
    patch.setenv("RNN2ATTN_FRAMES", "1")
    patch.setattr("rnn2attn.explore.ids._shown", Counter())


@pytest.fixture
def static(monkeypatch):
    anew(monkeypatch)


@pytest.fixture
def live(monkeypatch):
    monkeypatch.delenv("RNN2ATTN_FRAMES", raising=False)


FRAMES = {}


def remembered(explorable, frame=Explorable.frame, **values):
    """A frame of `small`, drawn once."""
    key = explorable.salt, *values.items()
    return FRAMES[key] if key in FRAMES else FRAMES.setdefault(key, frame(explorable, **values))


@pytest.fixture
def drawn_once(static, monkeypatch):
    """For those who look at what is around the frames."""
    monkeypatch.setattr(Explorable, "frame", remembered)


@pytest.fixture(scope="module")
def page():
    """The HTML of `small`, for those who only read it."""
    with pytest.MonkeyPatch.context() as patch:
        anew(patch)
        patch.setattr(Explorable, "frame", remembered)
        return small().html


def unpack(packed):
    """What page.js does, in Python: (frame, description) of every place."""
    content = json.loads(zlib.decompress(base64.b64decode(packed)))
    for runs, numbers, text in zip(content["runs"], content["numbers"], content["texts"], strict=True):
        for i in range(2, len(numbers)):
            numbers[i] += numbers[i - 2]
        tenths = iter(numbers)
        frame = "\n".join(line for first, count in runs for line in content["lines"][first : first + count])
        yield re.sub("\x7f", lambda _, tenths=tenths: f"{next(tenths) / 10:.1f}", frame), text


def frames_in(page):
    return list(unpack(re.search(r'class="frames">([^<]*)<', page)[1]))


def test_live_it_is_a_widget_and_no_html(live):
    shown = small()
    bundle = shown._repr_mimebundle_(include=None, exclude=None)
    view = {"version_major": 2, "version_minor": 0, "model_id": shown.widget.model_id}
    assert bundle.pop("image/png").startswith(b"\x89PNG")
    assert bundle == {
        "application/vnd.jupyter.widget-view+json": view,
        "text/plain": "explore(rho: 4 values, steps: 3 values)",
    }
    assert not isinstance(shown, ipywidgets.Widget)


def test_live_where_widgets_are_blocked_the_first_figure_stands(live):
    def pixels(shown):
        return plt.imread(io.BytesIO(shown._repr_mimebundle_()["image/png"]))

    first = pixels(small(start={"rho": 1.1, "steps": "ten"}))
    assert np.array_equal(first, pixels(draw(1.1, "ten")))
    assert not np.array_equal(first, pixels(small()))


def test_static_it_is_html_and_no_widget(drawn_once, monkeypatch):
    # JupyterLab prefers a stored widget to stored HTML, and then has no model for it.
    monkeypatch.delattr(ipywidgets, "VBox")
    shown = small()
    assert shown._repr_mimebundle_(include=None, exclude=None) == {"text/html": shown.html, "text/plain": repr(shown)}


def test_live_the_picture_follows_the_sliders(live):
    rho, steps, picture = small(start={"rho": 1.0}, labels={"rho": "spectral radius ρ"}).widget.children
    assert (rho.description, steps.description) == ("spectral radius ρ", "steps")
    assert (rho.value, steps.value) == (1.0, "twenty")
    for slider, value in ((rho, 0.5), (steps, "forty")):
        slider.value = value
        here = {"rho": rho.value, "steps": steps.value}
        assert html.escape(describe(**here)) in picture.value
        assert re.search(r"<svg.*</svg>", picture.value, re.DOTALL)[0].count("<path") > 3


def test_live_an_error_in_draw_is_seen(live):
    def fails_later(rho):
        if rho > 1:
            raise OverflowError("too <large>")
        return draw(rho, "ten")

    slider, picture = explore(fails_later, describe=lambda rho: f"{rho}", rho=[0.5, 1.5]).widget.children
    with pytest.raises(OverflowError):
        slider.value = 1.5
    assert picture.value == "<pre>OverflowError: too &lt;large&gt;</pre>"


def test_frames_decode_to_what_was_drawn(drawn_once, page):
    salt = small().salt
    expected = [(svg(draw(rho, steps), salt), describe(rho, steps)) for rho, steps in itertools.product(RHO, STEPS)]
    assert frames_in(page) == expected
    assert len({frame for frame, _ in expected}) == len(expected)


def test_a_description_has_its_numbers_as_the_text_has_them(static):
    said = explore(lambda at: draw(1.0, "ten"), describe=lambda at: "-0.35, -0.00, ≈1.2e+09, 3e-07, x-1", at=[1])
    assert frames_in(said.html)[0][1] == "−0.35, 0.00, ≈1.2 × 10⁹, 3 × 10⁻⁷, x-1"


@given(st.lists(st.text("-0189.\n aL²٣") | st.text(st.characters(codec="utf-8", exclude_characters="\x7f"))))
@example(["-0.0", "00.5 1.5", "1.2.3", "1.25", "٣.٤"])
def test_any_text_survives_packing(frames):
    assert list(unpack(pack(frames, frames))) == [(frame, frame) for frame in frames]


def test_the_start_stands_in_the_page(drawn_once):
    shown = small(start={"rho": 1.1, "steps": "ten"})
    frame, text = frames_in(shown.html)[3 * 3 + 0]
    picture = f'<div role="img" aria-label="{html.escape(text)}"><!--drawn-->{frame}<!--/drawn--></div>'
    assert picture in shown.html
    assert 'value="3" aria-valuetext="1.1"' in shown.html
    assert 'value="0" autocomplete="off" checked>ten</label>' in shown.html


def test_without_start_it_is_the_middle(page):
    assert 'value="1" aria-valuetext="0.9"' in page
    assert 'value="1" autocomplete="off" checked>twenty</label>' in page


def test_same_draw_same_bytes(static, page):
    assert small().html == page


def test_one_regex_blanks_all_that_is_drawn(static, page, monkeypatch):
    def blanked(page):
        return re.sub(r"(?s)<!--drawn-->.*?<!--/drawn-->", "drawn", page)

    before = blanked(page)
    monkeypatch.setitem(plots.STYLE, "lines.linewidth", 3)
    assert blanked(small().html) == before
    assert "<path" not in before and "twenty" in before and "distance" not in before


def test_two_that_look_the_same_have_ids_of_their_own(static):
    made = [explore(gradient, describe=lambda **_: "x", rho=[0.9, 1.1], scale=[1, 2]).html for _ in range(3)]
    words = WordByWord(["a"], ["b", "c"], [[0.2, 0.8]])
    shown = [words._repr_html_(), WordByWord(["a"], ["b", "c"], [[0.9, 0.1]])._repr_html_(), words._repr_html_()]
    for pages in (made, shown):
        ids = [set(re.findall(r'\bid="([^"]*)"', page)) for page in pages]
        assert all(ids) and not ids[0] & ids[1] and not ids[0] & ids[2] and not ids[1] & ids[2]


def test_ids_are_those_referred_to_and_differ_between_explorables(drawn_once):
    pages = [small(labels={"rho": label}).html for label in ("ρ", "radius")]
    ids = [set(re.findall(r' id="([^"]*)"', page)) for page in pages]
    assert ids[0] and ids[1] and not ids[0] & ids[1]
    for frame, _ in frames_in(pages[0]):
        assert set(re.findall(r' id="([^"]*)"', frame)) == set(re.findall(r'(?:href="|url\()#([\w-]+)', frame))


def test_ink_is_the_pages_and_letters_are_text(page):
    frame, _ = frames_in(page)[0]
    assert plots.INK not in frame and "currentColor" in frame
    assert ">거듭제곱</text>" in frame and "DejaVu" not in frame
    assert "<style" not in frame and "<!--" not in frame and "xlink" not in frame


def test_nothing_points_elsewhere(page):
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", re.sub(r'"frames">[^<]*<|// .*', "", page))


def gradient(rho, scale):
    """A figure as chapters draw it: three curves of 60 points on a logarithmic axis."""
    x = np.arange(1, 61)
    series = {
        name: rho**x * (1 + scale * np.sin(k + x / 3) ** 2) for k, name in enumerate(("tanh", "ReLU", "linear"))
    }
    figure = plots.lines(series, x=x, xlabel="distance in steps", ylabel="norm of the gradient", log=True)
    figure.axes[0].set_ylim(1e-12, 1e12)
    return figure


@pytest.mark.soak
def test_81_frames_keep_the_budget(static):
    shown = explore(
        gradient,
        describe=lambda rho, scale: (
            f"At spectral radius {rho} and scale {scale}, the gradient ends at {rho**60:.2g}."
        ),
        rho=np.linspace(0.6, 1.4, 9),
        scale=np.linspace(0, 2, 9),
    )
    assert len(frames_in(shown.html)) == 81
    assert len(shown.html.encode()) < 100_000


def test_a_frame_takes_no_longer_than_a_picture():
    """It takes a third of that, with formulas remembered and no drawing for nobody to see."""

    def seconds(showing):
        start = time.process_time()
        for rho in (0.6, 1.4):
            showing(gradient(rho, 1.0))
        return time.process_time() - start

    frames = min(seconds(lambda figure: svg(figure, "salt")) for _ in range(2))
    assert frames < seconds(Figure._repr_mimebundle_)


def test_beyond_the_budget_it_raises(drawn_once, page, monkeypatch):
    size = len(page.encode())
    monkeypatch.setattr(module, "BUDGET", size)
    small()
    monkeypatch.setattr(module, "BUDGET", size - 1)
    with pytest.raises(ValueError, match=rf"{size} bytes, and {size - 1} are allowed: .* 12 places"):
        small()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.1 + 0.2, -1.5, 2], ["0.3", "−1.5", "2"]),
        (np.linspace(0, 1, 3), ["0", "0.5", "1"]),
        (range(10, 40, 10), ["10", "20", "30"]),
        ([1_000_000, 1e-5], ["1000000", "1e−05"]),
        (("a & b", "c"), ["a & b", "c"]),
    ],
)
def test_values_read_well(static, values, texts):
    shown = explore(lambda at: draw(1.0, "ten"), describe=lambda at: "A line.", at=values)
    assert json.loads(html.unescape(re.search(r'data-values="([^"]*)"', shown.html)[1])) == texts


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"describe": None}, TypeError, r"describe must be a function of \(rho, steps\) that returns in words"),
        ({"describe": lambda **_: " "}, TypeError, r"describe\(rho=0.5, .*\) must return in words what .*, not ' '"),
        ({"rho": []}, ValueError, r"rho needs at least one value"),
        ({"rho": [1, 1.0]}, ValueError, r"rho needs .* each only once; it reads \['1', '1'\]"),
        ({"rho": 0.5}, TypeError, r"rho must be a list of numbers or strings, not 0.5"),
        ({"steps": "ten"}, TypeError, r"steps must be a list of numbers or strings, not 'ten'"),
        ({"rho": [[1]]}, TypeError, r"rho must hold numbers or strings, and holds \[1\], a list"),
        ({"start": {"rho": None}}, ValueError, r"rho cannot start at None: its values are"),
        ({"start": {"rho": 2}}, ValueError, r"rho cannot start at 2: its values are \['0.5', '0.9', '1', '1.1'\]"),
        ({"start": {"speed": 2}}, ValueError, r"start names 'speed', which is no axis; the axes are rho, steps"),
        ({"labels": {"speed": "v"}}, ValueError, r"labels names 'speed', which is no axis"),
    ],
)
def test_bad_input_is_named(static, changes, error, message):
    with pytest.raises(error, match=message):
        small(**changes)


def test_no_axes_and_no_figure(live):
    with pytest.raises(ValueError, match="at least one axis"):
        explore(draw, describe=describe)
    with pytest.raises(TypeError, match=r"draw\(rho=1\) must return a rnn2attn.plots.Figure, not NoneType"):
        explore(lambda rho: None, describe=lambda rho: "Nothing.", rho=[1])


AMONG = plots.AmongKeys([[1.0, 0.0], [0.0, 1.0]], ["a", "<b>"], extent=2)


def test_a_query_among_keys_has_sliders_live_and_is_computed_on_the_page(live, monkeypatch):
    def told(x, y):
        return "Query {:g}, {:g}; weights {:.2f}, {:.2f}; context {:.2f}, {:.2f}".format(
            x, y, *2 * [*AMONG.weights(x, y)]
        )

    def among(**changes):
        return explore(AMONG, **{"describe": told, "x": [0.0, 1.0], "y": [0.0, 1.0]} | changes)

    x, _, picture = among().widget.children
    x.value = 1.0
    assert told(1.0, 0.0) in picture.value
    anew(monkeypatch)
    page = among().html
    assert "&lt;b&gt;" in page and "<b>" not in page and "frames" not in re.sub("<script.*?</script>", "", page)
    assert len(page.encode()) < 15_000
    with pytest.raises(ValueError, match=r"in this order: 0.00, 0.00, 0.50, 0.50, 0.50, 0.50; it returns 'A query.'"):
        among(describe=lambda x, y: "A query.")


def test_words_are_listed_with_their_weights():
    words = WordByWord(["나는", "<eos>"], ["I", "<am>"], [[0.75, 0.25], [0.0, 1.0]])
    assert repr(words) == "나는 ← I ≈0.75, <am> ≈0.25\n<eos> ← I ≈0.00, <am> ≈1.00"
    html = words._repr_html_()
    assert "&lt;am&gt;" in html and "<am>" not in html
    assert "<script" not in html and not re.search(r"https?:", html)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a"], ["x", "y"], [[1.0]]), r"shape \(1, 1\), but 1 target words and 2 source words"),
        ((["a"], ["x", "y"], [[0.5, 0.6]]), "0 or more and sum to 1; they sum to 1.1"),
        ((["a"], ["x", "y"], [[1.5, -0.5]]), "0 or more and sum to 1"),
        ((["a"], ["x", "y"], [[0.5, float("nan")]]), "they sum to nan"),
        ((["a"], ["x", "y"], [[0.5, 0.5]], 1), r"start is 1, but a number of 0 … 0"),
    ],
)
def test_weights_that_are_none_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        WordByWord(*arguments)
