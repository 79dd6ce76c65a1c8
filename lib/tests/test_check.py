"""`check` as a learner meets it: what is said to right, wrong and strange answers, and how fast."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn import RNNCell as Cell

import rnn2attn.recurrent as ready
from rnn2attn.check import Wrong, check, examine, progress
from rnn2attn.check.calling import call
from rnn2attn.check.judging import Case, judge
from rnn2attn.check.questions import chapters, restore, store
from rnn2attn.check.values import mapped

PARTS = {part.name: part for chapter in chapters().values() for part in chapter}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setattr(progress, "_session", {})
    monkeypatch.setattr(progress, "_said", set())
    return tmp_path


def rnn_step(x, h, W_xh, W_hh, b):
    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)


def said(name, answer):
    with pytest.raises(Wrong) as caught:
        check(name, answer)
    return str(caught.value)


def test_a_right_answer_is_told_so_and_returns_none(capsys):
    assert check("rnn_step", rnn_step) is None
    assert "rnn_step: right. 2 of 2 points.\n  1 of them is for special inputs" in capsys.readouterr().out


def test_nothing_to_say_is_wrong_without_an_answer():
    def rnn_step(x, h, W_xh, W_hh, b):
        raise NotImplementedError

    assert "not answered yet. 0 of 2 points" in said("rnn_step", rnn_step)


def test_each_first_fault_is_named():
    right = rnn_step

    def none(x, h, W_xh, W_hh, b):
        right(x, h, W_xh, W_hh, b)

    def tuple_(x, h, W_xh, W_hh, b):
        return right(x, h, W_xh, W_hh, b), h

    def shape(x, h, W_xh, W_hh, b):
        return right(x, h, W_xh, W_hh, b)[:, :-1]

    def dtype(x, h, W_xh, W_hh, b):
        return right(x, h, W_xh, W_hh, b).float()

    def value(x, h, W_xh, W_hh, b):
        out = right(x, h, W_xh, W_hh, b)
        return out + 0.25 * (torch.arange(out.numel()).reshape(out.shape) == 3)

    def in_float32(x, h, W_xh, W_hh, b):
        return right(*(a.float() for a in (x, h, W_xh, W_hh, b))).double()

    def nan(x, h, W_xh, W_hh, b):
        return right(x, h, W_xh, W_hh, b) / 0 * 0

    def in_place(x, h, W_xh, W_hh, b):
        out = right(x, h, W_xh, W_hh, b)
        h *= 0.5
        return out

    def gradient(x, h, W_xh, W_hh, b):
        return right(x, h.detach(), W_xh, W_hh, b)

    def overwritten(x, h, W_xh, W_hh, b):
        out = right(x, h, W_xh, W_hh, b)
        out *= 1  # which tanh's derivative is made of
        return out

    def half_the_gradient(x, h, W_xh, W_hh, b):
        return right(x, h, W_xh, (W_hh + W_hh.detach()) / 2, b)

    expected = {
        none: "returns None. Is `return` missing?",
        tuple_: "is a tuple of 2; a tensor of shape (2, 7) was expected",
        shape: "has shape (2, 6); (2, 7) was expected",
        dtype: "is float32; float64 was expected",
        value: "Case 1 of 3, different sizes: Your output is off by 0.25 at [0, 3]. 1 of its 14 numbers differ.",
        in_float32: "Six digits are right: something was rounded to float32 on the way",
        nan: "is NaN or infinite at [0, 0]",
        in_place: "changes its input `h` in place",
        gradient: "no gradient reaches `h`",
        overwritten: "so does overwriting in place a tensor that was used already.",
        half_the_gradient: "Is a part of the computation cut off, by `.detach()`",
    }
    for function, says in expected.items():
        assert says in said("rnn_step", function), function.__name__


def test_an_error_is_shown_with_the_learners_line():
    def rnn_step(x, h, W_xh, W_hh, b):
        wide = x @ W_xh
        return wide + h

    text = said("rnn_step", rnn_step)
    assert "stops with RuntimeError" in text
    assert f"in line {rnn_step.__code__.co_firstlineno + 1} of `rnn_step`: `wide = x @ W_xh`" in text


def test_an_error_deep_in_pytorch_is_shown_where_the_learner_called():
    def next_token_loss(logits, ids):
        return F.cross_entropy(logits, ids)

    assert "`return F.cross_entropy(logits, ids)`" in said("next_token_loss", next_token_loss)


def test_a_product_whose_sizes_do_not_fit_is_told_how_weights_lie():
    def wrong(product):
        def lstm_step(x, state, W_x, W_h, b):
            return product(W_x, x) + product(W_h, state[0])

        return lstm_step

    for product in (torch.matmul, lambda W, x: x @ W):
        assert "W x for its rows is `x @ W.T`" in said("lstm_step", wrong(product))
    assert "x @ W.T" not in said("lstm_step", wrong(torch.add))


def test_who_has_turned_a_matrix_is_not_told_how_weights_lie():
    def cut_in_the_middle(query, keys, W, v):
        W_q, W_k = W.chunk(2, dim=1)
        return torch.tanh((query @ W_q.T)[:, :, None] + (keys @ W_k.T)[:, None]) @ v

    text = said("concat", cut_in_the_middle)
    assert "inner sizes have to be alike." in text
    assert "Weights lie" not in text


def test_axes_that_are_exchanged_are_named():
    def shown(axes):
        return lambda contexts, W_o: torch.einsum(axes, contexts, W_o.unflatten(1, (contexts.shape[1], -1)))

    assert "transposed: its axes 0 and 1 are exchanged." in said("shares_of_heads", shown("bhte,ohe->hbto"))
    assert "transposed: its last two axes are exchanged." in said("shares_of_heads", shown("bhte,ohe->bhot"))


def test_a_loop_without_an_end_is_stopped(monkeypatch):
    def steps_until(sigma, gamma, eps):
        while True:
            pass

    monkeypatch.setattr("rnn2attn.check.call", lambda *arguments: call(*arguments, seconds=0.1))
    start = time.perf_counter()
    assert "Does a loop go on for ever?" in said("steps_until", steps_until)
    assert time.perf_counter() - start < 5


def test_other_arguments_are_refused_by_name():
    def rnn_step(x, h):
        return x + h

    assert "takes (x, h); the question calls it with (x, h, W_xh, W_hh, b)" in said("rnn_step", rnn_step)


def test_no_function_and_no_question_are_told():
    assert "without brackets" in said("rnn_step", torch.zeros(2))
    assert "Do you mean 'rnn_step'?" in said("rnn_stepp", rnn_step)
    everything = said("nothing of the kind", rnn_step)
    assert all(name in everything for name in PARTS)


def test_strange_answers_are_told_and_nothing_breaks():
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("compared")

    loop = []
    loop.append(loop)
    for value in (
        Odd(),
        loop,
        {1: 2},
        "text",
        3,
        object,
        torch.zeros(2, 2).to_sparse(),
        torch.zeros(2, 7) + 0j,
        rnn_step,
    ):

        def answer(x, h, W_xh, W_hh, b, value=value):
            return value

        assert "was expected" in said("rnn_step", answer), value


def test_a_change_is_seen_wherever_it_is_and_nan_is_none():
    nan = float("nan")
    inputs = {"x": nan, "rows": [[nan, 1.0]], "t": torch.tensor([nan, 1]), "state": (torch.zeros(2), {"k": nan})}

    def change(x, rows, t, state):
        rows[0][1] = 2.0
        t[1] = nan
        state[1]["k"] = 0.0

    assert call(lambda *given: 0, inputs).changed == ()
    assert call(change, inputs).changed == ("rows", "t", "state")


def test_settings_and_random_states_are_left_as_they_were():
    def careless(x, h, W_xh, W_hh, b):
        torch.manual_seed(7)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        return rnn_step(x, h, W_xh, W_hh, b)

    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    said("rnn_step", careless)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    with torch.no_grad():
        assert examine(PARTS["rnn_step"], rnn_step).state == "right"
        assert not torch.is_grad_enabled()


def settings():
    """What an answer or a notebook may set for the whole process."""
    strict = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    modes = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    defaults = torch.get_default_device(), torch.get_default_dtype(), torch.get_num_threads()
    return *strict, *modes, *defaults, tuple(warnings.filters), Path.cwd(), torch.random.get_rng_state().tolist()


@contextlib.contextmanager
def device(name):
    torch.set_default_device(name)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def strict_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def warning(x, h, W_xh, W_hh, b):
    warnings.warn("deprecated", stacklevel=1)
    return rnn_step(x, h, W_xh, W_hh, b)


@pytest.mark.parametrize(
    "setting",
    [lambda: device("meta"), torch.inference_mode, torch.no_grad, deterministic, strict_warnings],
    ids=["a default device", "inference mode", "no gradients", "deterministic", "warnings are errors"],
)
def test_a_right_answer_is_right_whatever_the_notebook_has_set(setting, capsys):
    with setting():
        before = settings()
        chapters.cache_clear()
        check("rnn_step", warning)
        check.summary(1)
        with pytest.raises(Wrong, match="off by"):
            check("rnn_step", lambda x, h, W_xh, W_hh, b: 2 * rnn_step(x, h, W_xh, W_hh, b))
        assert settings() == before
    assert capsys.readouterr().out.count("rnn_step: right.") == 1


def test_whatever_an_answer_sets_is_undone(tmp_path):
    def careless(x, h, W_xh, W_hh, b):
        out = rnn_step(x, h, W_xh, W_hh, b)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        torch.set_num_threads(1 + torch.get_num_threads() % 2)
        warnings.simplefilter("error")
        os.chdir("/")
        return out

    def on_meta(x, h, W_xh, W_hh, b):
        return rnn_step(x, h, W_xh, W_hh, b).to("meta")

    before = settings()
    check("rnn_step", careless)
    assert "of type tensor on the device meta" in said("rnn_step", on_meta)
    assert settings() == before


def test_an_endless_loop_is_waited_for_once(monkeypatch):
    calls = []

    def waits(biases):
        calls.append(1)
        while True:
            pass

    monkeypatch.setattr("rnn2attn.check.call", lambda *arguments: call(*arguments, seconds=0.1))
    assert "Does a loop go on for ever?" in said("waits", waits)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("back", "says"),
    [
        (lambda g: g.numbers(), "stops with AttributeError in line"),
        (lambda g: time.sleep(9), "had not come to an end"),
    ],
)
def test_a_way_back_that_stops_or_has_no_end_is_told(monkeypatch, back, says):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.clone()

        @staticmethod
        def backward(context, g):
            return back(g)

    def answer(x, h, W_xh, W_hh, b):
        return Own.apply(rnn_step(x, h, W_xh, W_hh, b))

    monkeypatch.setattr("rnn2attn.check.call", lambda *arguments: call(*arguments, seconds=0.1))
    assert says in said("rnn_step", answer)


def test_text_of_a_subclass_is_text():
    class Yes(str):
        __eq__ = lambda self, other: True  # noqa: E731
        __hash__ = str.__hash__

    assert "Your output, 'x', is not right." in said("made_by", lambda fresh, again: Yes("x"))
    assert "is a string; an int was expected" in said("width_needed", lambda pairs, share: Yes("x"))


def test_what_an_answer_prints_is_cut(capsys):
    def chatty(x, h, W_xh, W_hh, b):
        for _ in range(5000):
            print("here")
        return rnn_step(x, h, W_xh, W_hh, b)

    check("rnn_step", chatty)
    out = capsys.readouterr().out
    assert out.startswith("here\nhere\n")
    assert "[Your function prints more than is shown here.]" in out
    assert "rnn_step: right" in out
    assert len(out) < 6000


def test_leaving_python_is_an_error_like_any_other():
    def rnn_step(x, h, W_xh, W_hh, b):
        sys.exit("done")

    assert "stops with SystemExit" in said("rnn_step", rnn_step)


def test_the_function_alone_is_enough_and_the_name_comes_first(capsys):
    check(rnn_step)
    assert "rnn_step: right." in capsys.readouterr().out
    with pytest.raises(Wrong, match="name first"):
        check(rnn_step, "rnn_step")
    with pytest.raises(Wrong, match="needs your function"):
        check("rnn_step")


def test_a_compiled_function_is_told_at_once():
    text = said("rnn_step", torch.compile(rnn_step))
    assert "without `torch.compile`" in text


def test_arguments_in_another_order_are_named():
    def turned(h, x, W_xh, W_hh, b):
        return rnn_step(x, h, W_xh, W_hh, b)

    text = said("rnn_step", turned)
    assert "takes (h, x, W_xh, W_hh, b); the question calls it with (x, h, W_xh, W_hh, b), in this order." in text

    def renamed(a, h, W_xh, W_hh, b):
        return rnn_step(a, h, W_xh, W_hh, b)

    assert examine(PARTS["rnn_step"], renamed).state == "right"


def test_what_is_to_be_written_must_not_be_called():
    cell = nn.RNNCell(5, 7)

    def helper(x, h):
        return Cell(5, 7)(x, h)

    def plainly(x, h, W_xh, W_hh, b):
        return nn.RNNCell(x.shape[1], h.shape[1])(x, h)

    def by_a_helper(x, h, W_xh, W_hh, b):
        return helper(x, h)

    def an_instance(x, h, W_xh, W_hh, b):
        return cell(x, h)

    def within(x, h, W_xh, W_hh, b):
        from rnn2attn.recurrent import rnn_step as done

        return done(x, h, W_xh, W_hh, b)

    def the_library(x, h, W_xh, W_hh, b):
        return ready.rnn_step(x, h, W_xh, W_hh, b)

    for function in (plainly, by_a_helper, an_instance):
        assert "uses `torch.nn.RNNCell`. This question asks you to write the computation yourself" in said(
            "rnn_step", function
        )
    for function in (within, the_library, ready.rnn_step):
        assert "uses `rnn2attn.recurrent`" in said("rnn_step", function)


def test_autograd_is_seen_where_it_is_not_allowed():
    def method(x, hs, W_xh, W_hh, dh):
        W_hh.sum().backward()

    def function(x, hs, W_xh, W_hh, dh):
        from torch import autograd as a

        return a.grad(hs.sum(), W_hh)

    assert "uses the method `.backward()`" in said("rnn_backward", method)
    assert "uses `torch.autograd`" in said("rnn_backward", function)


def test_other_callables_than_functions_are_called_like_them():
    class Step:
        def __call__(self, x, h, W_xh, W_hh, b):
            return rnn_step(x, h, W_xh, W_hh, b)

    check("rnn_step", Step())
    check("rnn_step", functools.partial(rnn_step))
    assert "uses `torch.nn.RNNCell`" in said("rnn_step", lambda x, h, W_xh, W_hh, b: nn.RNNCell(1, 1)(x, h))
    assert "stops with TypeError" in said("rnn_step", nn.Linear)


def test_a_verdict_in_other_words_is_told_which_there_are():
    def verdict(W, phi):
        return "vanish"

    assert "must be one of 'cannot tell', 'vanishes'" in said("verdict", verdict)
    assert "was expected" in said("verdict", lambda W, phi: [W])


def test_code_that_cannot_be_read_is_not_refused():
    scope = {"Cell": Cell, "torch": torch}
    exec("def rnn_step(x, h, W_xh, W_hh, b):\n    Cell\n    return torch.tanh(x @ W_xh.T + h @ W_hh.T + b)", scope)
    check("rnn_step", scope["rnn_step"])


def test_no_right_number_is_shown():
    def zeros(x, h, W_xh, W_hh, b):
        return torch.zeros_like(h)

    text = said("rnn_step", zeros)
    (first,) = (PARTS["rnn_step"].cases[0].expected,)
    assert f"{first[0, 1]:.3g}" not in text.replace(f"{abs(first[0, 0]):.3g}", "")


def lstm_step(x, state, W_x, W_h, b):
    h, c = state
    i, f, g, o = (x @ W_x.T + h @ W_h.T + b).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def test_a_part_of_a_tuple_is_an_input_like_any_other():
    def detached(x, state, W_x, W_h, b):
        return lstm_step(x, (state[0], state[1].detach()), W_x, W_h, b)

    def halved(x, state, W_x, W_h, b):
        h = (state[0] + state[0].detach()) / 2
        return lstm_step(x, (h, state[1]), W_x, W_h, b)

    def in_place(x, state, W_x, W_h, b):
        out = lstm_step(x, state, W_x, W_h, b)
        state[1].mul_(2)
        return out

    check("lstm_step", lstm_step)
    assert "no gradient reaches `state[1]`." in said("lstm_step", detached)
    assert "the gradient of `state[0]` is off by" in said("lstm_step", halved)
    assert "changes its input `state` in place" in said("lstm_step", in_place)


def test_no_gradient_is_a_gradient_of_zeros():
    """A loop that leaves a row out, a cache that is used where there is one: nothing is cut off."""

    def attend(query, keys, values, mask):
        contexts = values.new_zeros(*query.shape[:2], values.shape[2])
        weights = query.new_zeros(*query.shape[:2], keys.shape[1])
        for b, row in enumerate(mask):
            if row.any():
                scores = query[b] @ keys[b, row].T / keys.shape[2] ** 0.5
                weights[b, :, row] = scores.softmax(dim=1)
                contexts[b] = weights[b, :, row] @ values[b, row]
        return contexts, weights

    def cached_step(q, k, v, cache):
        keys, values = k[:, :, None], v[:, :, None]
        if not cache[0].shape[2]:
            return v.flatten(1), (keys, values)
        keys, values = torch.cat([cache[0], keys], dim=2), torch.cat([cache[1], values], dim=2)
        scores = (keys * q[:, :, None]).sum(dim=3) / q.shape[2] ** 0.5
        return (scores.softmax(dim=2)[..., None] * values).sum(dim=2).flatten(1), (keys, values)

    for answer in (attend, cached_step):
        assert examine(PARTS[answer.__name__], answer).state == "right"
        detached = functools.wraps(answer)(lambda *given, answer=answer: mapped(answer(*given), torch.Tensor.detach))
        assert "no gradient reaches" in said(answer.__name__, detached)
    empty = {name: values[:1] for name, values in PARTS["attend"].cases[0].inputs.items()} | {
        "mask": torch.zeros(1, 5, dtype=torch.bool)
    }
    outputs = attend(**empty)
    case = Case(
        "nothing but padding", empty, outputs, {name: 0 * empty[name] for name in ("query", "keys", "values")}
    )
    assert judge(call(attend, empty, tuple(case.gradients)), case) is None
    other = replace(case, gradients=case.gradients | {"keys": 0 * empty["keys"] + 0.1})
    assert "no gradient reaches `keys`." in judge(call(attend, empty, tuple(case.gradients)), other).says


def test_an_answer_without_arguments_is_not_sent_to_its_inputs():
    assert "Its inputs are" not in said("latch", lambda: (torch.zeros(4, 2), torch.zeros(4, 1), torch.zeros(4)))
    assert "Its inputs are" in said("rnn_step", lambda x, h, W_xh, W_hh, b: h + 1)


def test_the_inputs_of_a_case_can_be_had():
    given = check.inputs("rnn_step", 1)
    assert list(given) == ["x", "h", "W_xh", "W_hh", "b"]
    given["x"].zero_()
    assert check.inputs("rnn_step", 1)["x"].any()
    with pytest.raises(ValueError, match="1 to 3, not 4"):
        check.inputs("rnn_step", 4)


@pytest.mark.parametrize("name", PARTS)
def test_a_verdict_takes_less_than_a_second(name):
    def wrong(*args):
        return torch.zeros(2, 2)

    start = time.perf_counter()
    said(name, wrong)
    assert time.perf_counter() - start < 1


def test_parts_survive_being_stored():
    for path in Path(progress.__file__).parent.glob("*.json"):
        for stored in json.loads(path.read_text("utf-8"))["parts"]:
            assert store(restore(stored)) == stored


def test_a_script_sees_the_card_at_the_end_of_its_traceback(tmp_path):
    script = tmp_path / "answer.py"
    script.write_text(
        "from rnn2attn.check import check\n\n\ndef rnn_step(x, h, W_xh, W_hh, b):\n    return x\n\n\n"
        'check("rnn_step", rnn_step)\n',
        encoding="utf-8",
    )
    result = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Wrong: ✗ rnn_step: not right yet. 0 of 2 points.\n  Case 1 of 3" in result.stderr
    assert (tmp_path / progress.FILE).exists()
