"""Drawings: what they say is true, the same every time, in words as well, and readable on both grounds."""

import math
import os
import re
import subprocess
import sys

import pytest
from test_plots import DARK, WHITE, contrast

from rnn2attn.plots import drawn
from rnn2attn.plots.drawn import (
    attention,
    canvas,
    gated,
    kept,
    memory,
    opening,
    recurrent,
    self_attention,
    spatial,
    translating,
)  # fmt: skip
from rnn2attn.plots.drawn.canvas import Canvas

INKS = {WHITE: "#222832", DARK: "#ced6dd"}  # of the book's text, on its two grounds


def over(colour: str, share: float, ground: str) -> str:
    """A colour that lets the ground through."""
    mixed = [round(share * int(colour[i : i + 2], 16) + (1 - share) * int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize("name", drawn.FIGURES)
def test_a_drawing_says_what_it_shows(name):
    figure = drawn.show(name)
    assert 5 <= len(figure.title) <= 70 and not figure.title.endswith(".")
    assert len(figure.shows) >= 80 and "$" not in figure.shows
    assert 40 <= len(figure.caption) <= 600 and figure.caption.endswith((".", "?"))
    assert figure.narrow.width <= 330, "text would be too small on a phone"
    html = figure._repr_html_()
    assert not re.search(r"\bid=|url\(|<script|\bnan\b", html)
    assert len(html.encode()) < 40_000


def test_drawings_are_the_same_in_every_process():
    print_all = "from rnn2attn.plots import drawn; print(*(drawn.show(name)._repr_html_() for name in drawn.FIGURES))"
    made = {
        subprocess.run(
            [sys.executable, "-c", print_all], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert len(made) == 1


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no figure 'rnn', only rnn-unrolled"):
        drawn.show("rnn")


@pytest.mark.parametrize("ground", [WHITE, DARK])
@pytest.mark.parametrize("kind", canvas.KINDS)
def test_colours_hold_on_both_grounds(kind, ground):
    colour = INKS[ground] if kind == "ink" else canvas.KINDS[kind]
    assert contrast(colour, ground) >= 3
    drawing = canvas.Canvas(80, 40)
    drawing.cells(40, 20, [1.0, -1.0], kind)
    for sign, depth in re.findall(r'class="c [^"]*?( n)?"[^>]*fill-opacity="([\d.]+)"', drawing.svg("")):
        assert contrast(INKS[ground], over(INKS[ground] if sign else colour, float(depth), ground)) >= 4.5


def test_a_formula_is_set_with_its_index():
    assert (
        canvas.marked("so $h_{t−1}$ & $W_hh$")
        == "so <i>h</i><sub><i>t</i>−1</sub> &amp; <i>W</i><sub><i>h</i><i>h</i></sub>"
    )
    assert canvas.marked("$tanh(a)$") == "tanh(<i>a</i>)"


def test_values_are_printed_with_a_true_minus_and_no_negative_zero():
    assert [canvas.number(value, 1) for value in (-0.84, -0.04, 0.0, 1)] == ["−0.8", "0.0", "0.0", "1.0"]


def test_an_arrow_ends_where_it_should():
    one = Canvas(10, 10)
    one.arrow((0, 0), (8, 0))
    assert 'd="M8 0L' in one.svg("wide")


def test_the_network_of_the_first_drawing_spells():
    _, said, p = recurrent.spelled()
    assert "".join(said) == "ello" and min(p) > 0.9


def test_a_gradient_fades_step_by_step():
    _, gradients = recurrent.faded()
    lengths = gradients.norm(dim=1)
    assert (lengths[:-1] < 0.8 * lengths[1:]).all()


def test_the_gates_of_the_example_do_what_is_said_of_them():
    step = gated.lstm_example()
    assert step.f[0, 0] > 0.9 and step.f[0, 1] < 0.2 and step.i[0, 1] > 0.8
    assert abs(step.c[0, 2]) > 0.5 and abs(step.h[0, 2]) < 0.1


def test_the_decoder_translates_and_goes_astray_without_its_context():
    h = translating.encoded(translating.SOURCE)
    assert tuple(translating.decoded(h[-1])[2]) == translating.RIGHT
    _, read, said = translating.decoded(0 * h[-1], translating.RIGHT)
    assert read == ["<sos>", *translating.RIGHT[:-1]] and said[0] != translating.RIGHT[0]
    assert tuple(said[1:]) == translating.RIGHT[1:]
    _, read, said = translating.decoded(0 * h[-1])
    assert read == ["<sos>", *said[:-1]] and not any(map(str.__eq__, said, translating.RIGHT))


def test_the_beam_finds_what_greedy_decoding_does_not():
    (greedy, p), (best, better) = translating.kept(1, 2)[0], translating.kept(2, 2)[0]
    assert (greedy, best) == (("A", "C"), ("B", "D"))
    assert (p, better) == pytest.approx((0.6 * 0.5, 0.4 * 0.9))


def test_a_map_is_drawn_where_it_is_not_empty():
    one = Canvas(4, 4)
    one.grid(0, 0, [[0, 1], [1, 1]], "weight", 2)
    assert 'd="M2 0h2v2h-2zM0 2h4v2h-4z" fill-opacity="1"' in one.svg("wide")


def test_the_look_up_has_the_shares_that_the_chapter_derives():
    scores, weights, context = attention.looked_up()
    assert scores == [1, 1, 2]
    assert weights == pytest.approx([1 / (2 + math.e), 1 / (2 + math.e), math.e / (2 + math.e)])
    assert context == pytest.approx([weights[0] + weights[2]] * 2)


def test_each_word_of_the_spatial_drawing_is_said_with_its_digit_in_view():
    *_, looks = spatial.looked_at()
    assert all(look.share > 0.9 for look in looks), [look.share for look in looks]


def test_under_the_causal_mask_no_weight_is_on_what_comes_later():
    _, mask, weights = self_attention.masked()
    assert (weights[~mask] == 0).all() and (weights[mask] > 0).all()


def test_the_matrix_confuses_what_the_list_tells_apart():
    """The first table's drink comes back with what its key shares with the third; the softmax makes it stand out."""
    one = memory.three_orders()
    shared = (one.k[0] @ one.k[2]).item()
    assert (one.after @ one.k[0]).tolist() == pytest.approx([1, 0, shared]) and shared == pytest.approx(0.6)
    scores, weights, o = memory.looked_through()
    assert weights.sum().item() == pytest.approx(1) and o.tolist() == pytest.approx(weights.tolist())
    assert (weights[0] / weights[2]).item() == pytest.approx(math.exp(scores[0] - scores[2]))
    assert o[2] / o[0] < shared


def test_the_joined_note_says_where_the_film_leaves_each_thing():
    swaps, (*_, (whole,)) = kept.film()
    for cup in range(3):
        thing = swaps.new_zeros(3)
        thing[cup] = 1
        for swap in swaps.flatten(0, 1):
            thing = swap @ thing
        assert thing.argmax() == whole[:, cup].argmax()


def test_a_gate_leaves_as_much_on_the_way_back_as_on_the_way_forth():
    for bias in opening.BEGINNERS.values():
        gate, left = opening.left_of_an_order(bias)
        assert left == pytest.approx([gate**k for k in range(len(opening.EVENING))])
