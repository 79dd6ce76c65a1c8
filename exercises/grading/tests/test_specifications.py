"""The tests of the tests: references earn everything, mistakes and mutants do not, and each mistake gets its hint."""

import ast
import functools
import json
import linecache
import re
import runpy
from collections import Counter
from pathlib import Path

import pytest
import torch
from equivalent import EQUIVALENT
from ideas import KNOWN, MASKED
from mutants import MOST, mutants

from rnn2attn import attention, captioning, decoding, linear, recurrent, seq2seq, training, transformer
from rnn2attn import text as texts
from rnn2attn.check import examine, questions
from rnn2attn.check.calling import call
from rnn2attn.check.judging import judge
from rnn2attn.check.values import leaves, mapped
from rnn2attn_grading.questions import chapters, specification
from rnn2attn_grading.questions.chapters import CHAPTERS
from rnn2attn_grading.questions.specification import Part, judged, published

PAIRS = [(q, part) for chapter in CHAPTERS for q in chapter.questions for part in q.parts]
NAMES = [part.name for _, part in PAIRS]
PARTS = dict(zip(NAMES, (part for _, part in PAIRS), strict=True))
MODULES = sorted(Path(chapters.__file__).parent.glob("chapter*/q*.py"))
MISTAKES = [(part.name, number) for _, part in PAIRS for number in range(len(part.mistakes))]


# Views that say themselves what is wrong, in the words of the hints: one of them for several mistakes.
BY_BEHAVIOUR = (
    *("misleading", "latched", "reversing", "pointing"),
    *("told_apart", "forced_and_free", "same_context", "another_word", "alike"),
)


@functools.cache
def public(name):
    """What learners hold of a part: what is published, as it comes back from where it is stored."""
    part = published(*next(pair for pair in PAIRS if pair[1].name == name))
    return questions.restore(json.loads(json.dumps(questions.store(part))))


@functools.cache
def hidden(name, salt="a class"):
    return PARTS[name].hidden(salt)


def said(name, function):
    return repr(examine(public(name), function))


def test_names_are_used_once():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_questions_are_numbered_in_order_and_every_part_earns_points(chapter):
    assert [question.number for question in chapter.questions] == [
        f"{chapter.number}.{n}" for n, _ in enumerate(chapter.questions, start=1)
    ]
    assert all(part.points > part.on_edges >= 0 for part in chapter.parts)


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_earns_all_points(name):
    assert examine(public(name), PARTS[name].reference).state == "right"
    for salt in ("a class", "another", ""):
        assert not any(judged(PARTS[name].reference, hidden(name, salt)))


@pytest.mark.parametrize("name", NAMES)
def test_hidden_cases_are_other_cases_and_follow_the_salt(name):
    def drawn(cases):
        return [repr(questions.encode(case.inputs | case.trial)) for case in cases]

    ours, again, theirs = (drawn(hidden(name)), drawn(PARTS[name].hidden("a class")), drawn(hidden(name, "another")))
    assert ours == again
    assert ours != theirs
    assert len(ours) > len(public(name).cases)
    if PARTS[name].view != "misleading":  # there are three rules, and no more
        known = drawn(public(name).cases)
        assert sum(case in known for case in ours) <= len(ours) / 2


@pytest.mark.parametrize("name", NAMES)
def test_edges_have_points_where_there_are_several_and_no_public_case_is_one(name):
    names = {case.name for case in hidden(name) if case.edge}
    assert bool(names) == bool(PARTS[name].on_edges) == (PARTS[name].points > 1 and "edges" in PARTS[name]._draw)
    assert names.isdisjoint(case.name for case in public(name).cases)


@pytest.mark.parametrize("name", [name for name in NAMES if PARTS[name].public()[0].inputs])
def test_who_counts_calls_and_knows_one_class_loses_the_points_in_another(name):
    """Whichever class it is whose right answers come one after the other."""
    salts = [f"class {n}" for n in range(8)]
    for known in salts:
        replies = [call(PARTS[name].reference, case.inputs, tuple(case.gradients)) for case in hidden(name, known)]
        for salt in salts:
            right = not any(map(judge, replies, hidden(name, salt)))
            assert right == (salt == known)


@pytest.mark.parametrize(("name", "number"), MISTAKES, ids=[f"{n}-{i}" for n, i in MISTAKES])
def test_a_mistake_loses_its_points_and_earns_its_hint(name, number):
    wrong, known = PARTS[name].mistakes[number], public(name).mistakes[number]
    cases = [case for case in hidden(name, "a class") if not case.edge]
    assert any(any(judged(wrong.function, [case])) for case in cases), "the hidden cases let it pass"
    text = said(name, wrong.function)
    assert known.hint in text
    others = {other.hint for other in public(name).mistakes} - {known.hint}
    assert not [hint for hint in others if hint in text]


@pytest.mark.parametrize("way", KNOWN)
@pytest.mark.parametrize("makes", MASKED, ids=lambda makes: makes.__name__)
def test_a_mistake_with_the_mask_has_its_hint_wherever_there_is_a_mask(makes, way):
    """As people write it: who has it does not think of rows without a key."""
    weigh, says = KNOWN[way]
    answer = makes(weigh, empty_rows=False) if makes.__name__ == "attend" else makes(weigh)
    assert re.search(says, said(makes.__name__, answer).split("\n")[1])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_function_is_decorated_or_used(path):
    """Without its decorator a mistake, or a function that draws cases, would count for nothing."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.decorator_list}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert plain <= used


def test_cases_are_drawn_by_one_function():
    part = Part(hidden, 1)
    part.cases(test_names_are_used_once)
    with pytest.raises(ValueError, match="hidden has its cases already, test_names_are_used_once"):
        part.cases(said)


@pytest.mark.parametrize("name", NAMES)
def test_every_part_has_mistakes_and_they_differ(name):
    known = public(name).mistakes
    assert len(known) >= 4
    if PARTS[name].view not in BY_BEHAVIOUR:
        assert len({m.hint for m in known}) == len(known)
        assert len({repr(m.outlines) for m in known}) == len(known)


def test_the_question_of_the_instructors_page_works(tmp_path):
    page = Path(__file__).resolve().parents[3] / "book/instructors.md"
    (tmp_path / "q7_rows.py").write_text(
        re.search(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[1], "utf-8"
    )
    scope = runpy.run_path(str(tmp_path / "q7_rows.py"))
    (part,) = scope["QUESTION"].parts
    known = published(scope["QUESTION"], part)
    assert not any(judged(part.reference, part.hidden("a class")))
    assert len(part.mistakes) == 4
    for wrong in part.mistakes:
        assert any(judged(wrong.function, part.hidden("a class")))
        assert wrong.hint in repr(examine(known, wrong.function))


def test_mistakes_that_coincide_on_some_inputs_are_told_apart():
    """With T = 1 several of them are right, or alike."""
    known = public("rnn_backward").mistakes
    columns = list(zip(*(mistake.outlines for mistake in known), strict=True))
    alike = [len(column) - len({repr(o) for o in column}) for column in columns]
    assert max(alike) >= 2, "no two mistakes coincide anywhere: this test shows nothing"
    assert len({repr(m.outlines) for m in known}) == len(known)


# General mistakes, made of the reference: what is said to them, and to which parts they can happen.
def no_return(reference, *args):
    reference(*args)


def in_numpy(reference, *args):
    return on_tensors(lambda y: y.detach().numpy(), reference(*args))


def detached(reference, *args):
    return on_tensors(torch.Tensor.detach, reference(*args))


def single(reference, *args):
    return reference(*on_tensors(lambda a: a.float() if a.is_floating_point() else a, args))


def transposed(reference, *args):
    return on_tensors(lambda y: y.mT if y.dim() > 1 else y, reference(*args))


def changing(reference, *args):
    out = reference(*args)
    tensors = (t for _, t in leaves(args) if isinstance(t, torch.Tensor))
    next(tensors).detach().add_(1)
    return out


def exchanged(reference, *args):
    first, second, *others = reference(*args)
    return second, first, *others


def first_alone(reference, *args):
    return reference(*args)[0]


def of_floats(reference, *args):
    return on_tensors(torch.Tensor.float, reference(*args))


def lengthening(reference, *args):
    out = reference(*args)
    args[0].append(args[0][0])
    return out


def on_tensors(function, value):
    return mapped(value, lambda x: function(x) if isinstance(x, torch.Tensor) else x)


# Parts that return tensors, those whose gradient is compared, and those that get no tensor.
OF_TENSORS = (
    *("rnn_step", "next_token_loss", "jacobian"),
    *("lstm_step", "gru_step", "import_gru", "half_lives", "in_stretches", "perplexities"),
    *("masked_loss", "last_states", "beam_step"),
    *("attend", "general", "concat", "look_after", "look_before"),
    *("to_cells", "picture_maps", "spatial_attend"),
    *("look_or_not", "share_in_box"),
    *("self_attention", "pack_heads", "shares_of_heads"),
    *("cached_step", "moved", "rotated", "encoder_layer"),
    *("write_and_read", "all_at_once", "through_chunk", "delta_step"),
    *("written", "combined", "after_rounds"),
)
OF_IDS = ("teacher_forcing", "mix_inputs", "reverse_source")
WITH_GRADIENT = (
    *("rnn_step", "next_token_loss", "lstm_step", "gru_step", "in_stretches"),
    *("masked_loss", "last_states"),
    *("attend", "general", "concat", "look_after", "look_before"),
    *("to_cells", "picture_maps", "spatial_attend"),
    "look_or_not",
    *("self_attention", "shares_of_heads"),
    *("cached_step", "moved", "rotated", "encoder_layer"),
    *("write_and_read", "all_at_once", "through_chunk", "delta_step"),
    *("written", "combined", "after_rounds"),
)
WITHOUT_TENSORS = (
    *("steps_until", "counterexample"),
    *("latch", "waits"),
    *("teacher_forcing", "machine", "next_words"),
    *("pixels_seen", "blind_cells", "lift"),
    *("score_variance", "twins"),
    *("width_needed", "readings", "made_by"),
)
GENERAL = [
    *((no_return, name, "returns None") for name in NAMES),
    *((in_numpy, name, "type numpy.ndarray") for name in (*OF_TENSORS, *OF_IDS)),
    *((of_floats, name, "is float32; int64") for name in OF_IDS),
    *((detached, name, "no gradient reaches") for name in WITH_GRADIENT),
    *(
        (single, name, "is float32")
        for name in (*(*OF_TENSORS, "rnn_backward", "with_half_lives"), "attend_backward")
    ),
    *(
        (transposed, name, "transposed")
        for name in (
            *("rnn_step", "jacobian"),
            *("lstm_step", "gru_step", "import_gru", "in_stretches"),
            *("mix_inputs", "reverse_source", "last_states", "beam_step"),
            *("attend", "general", "concat", "look_after", "look_before"),
            "attend_backward",
            *("to_cells", "picture_maps", "spatial_attend"),
            *("look_or_not", "blind_cells"),
            *("self_attention", "pack_heads", "shares_of_heads"),
            *("decoding_mask", "cached_step", "moved", "rotated", "encoder_layer"),
            *("write_and_read", "all_at_once", "through_chunk", "delta_step"),
            *("written", "combined", "after_rounds"),
        )
    ),
    *((changing, name, "in place") for name in NAMES if name not in WITHOUT_TENSORS),
    (exchanged, "clip_by_norm", "another order"),
    (exchanged, "lstm_step", "another order"),
    (exchanged, "import_gru", "another order"),
    (exchanged, "latch", "must be three tensors"),
    (exchanged, "teacher_forcing", "another order"),
    (exchanged, "beam_step", "another order"),
    (exchanged, "machine", "must be five tensors"),
    (exchanged, "attend", "another order"),
    (exchanged, "general", "another order"),
    (exchanged, "look_before", "another order"),
    (exchanged, "addresses", "must be two tensors"),
    (exchanged, "on_right_words", "another order"),
    (lengthening, "teacher_forcing", "`targets` in place"),
    (lengthening, "waits", "`biases` in place"),
    (lengthening, "next_words", "`target` in place"),
    (first_alone, "lstm_step", "a tuple of 2 was expected"),
    (first_alone, "with_half_lives", "must be a pair"),
    (first_alone, "beam_step", "a tuple of 3 was expected"),
    (first_alone, "machine", "must be five tensors"),
    (first_alone, "attend", "a tuple of 2 was expected"),
    (first_alone, "addresses", "must be two tensors"),
    (in_numpy, "another_map", "must be a tensor of floats"),
    (in_numpy, "fewest_shut", "must be a tensor of bools"),
    (of_floats, "fewest_shut", "must be a tensor of bools"),
    (in_numpy, "blind_cells", "type numpy.ndarray"),
    (of_floats, "blind_cells", "is float32; bool"),
    (exchanged, "spatial_attend", "another order"),
    (exchanged, "look_or_not", "another order"),
    (first_alone, "spatial_attend", "a tuple of 2 was expected"),
    (first_alone, "look_or_not", "a tuple of 3 was expected"),
    (lengthening, "pixels_seen", "`layers` in place"),
    (lengthening, "lift", "`shares` in place"),
    (in_numpy, "decoding_mask", "type numpy.ndarray"),
    (of_floats, "decoding_mask", "is float32; bool"),
    (exchanged, "self_attention", "another order"),
    (exchanged, "pack_heads", "another order"),
    (exchanged, "cached_step", "another order"),
    (first_alone, "self_attention", "a tuple of 2 was expected"),
    (first_alone, "pack_heads", "a tuple of 2 was expected"),
    (first_alone, "cached_step", "a tuple of 2 was expected"),
    (first_alone, "twins", "must be two sentences"),
    *((exchanged, name, "another order") for name in ("write_and_read", "through_chunk", "combined", "after_rounds")),
    *(
        (first_alone, name, "a tuple of 2 was expected")
        for name in ("write_and_read", "through_chunk", "combined", "after_rounds")
    ),
    (exchanged, "readings", "another order"),
    (first_alone, "readings", "5 entries; 2 were expected"),
    (exchanged, "perplexities", "another order"),
    (first_alone, "perplexities", "a tuple of 2 was expected"),
    (lengthening, "made_by", "`fresh` in place"),
]


@pytest.mark.parametrize(("wrong", "name", "says"), GENERAL, ids=[f"{w.__name__}-{n}" for w, n, _ in GENERAL])
def test_a_general_mistake_is_named(wrong, name, says):
    part = PARTS[name]
    arguments = ", ".join(public(name).arguments)
    scope = {"wrong": wrong, "reference": part.reference}
    exec(f"def answer({arguments}):\n    return wrong(reference, {arguments})", scope)
    assert says in said(name, scope["answer"])
    assert any(any(judged(scope["answer"], [case])) for case in hidden(name))


def test_an_answer_for_one_example_only_is_named():
    def rnn_step(x, h, W_xh, W_hh, b):
        return torch.tanh(W_xh @ x[0] + W_hh @ h[0] + b)[None]

    text = said("rnn_step", rnn_step)
    assert "batch of one" in text
    assert "does not run over the batch" in text


def test_what_is_to_be_written_cannot_be_taken_from_a_library():
    """Whatever `rnn2attn.recurrent` offers is refused where it is to be written, and so are PyTorch's cells."""
    written = ("lstm_step", "gru_step", "import_gru")
    offered = {name: thing for name, thing in vars(recurrent).items() if callable(thing)}
    assert offered.keys() >= {
        *("lstm_step", "lstm_gates", "lstm_mix", "gru_step", "gru_gates"),
        *("gru_mix", "negate_update_gate", "from_torch", "to_torch"),
    }
    for name in written:
        arguments = ", ".join(public(name).arguments)
        for used in offered:
            scope = {"offered": recurrent}
            code = f"def answer({arguments}):\n    return offered.{used}\n"
            answer = readable(code, scope)
            assert "uses `rnn2attn.recurrent`" in said(name, answer), used
    for name, cell in (("lstm_step", "LSTM"), ("gru_step", "GRU")):
        arguments = ", ".join(public(name).arguments)
        for used in (cell, f"{cell}Cell"):
            code = f"def answer({arguments}):\n    return nn.{used}(1, 1)\n"
            answer = readable(code, {"nn": torch.nn})
            assert f"uses `torch.nn.{used}`" in said(name, answer)


@pytest.mark.parametrize(
    ("name", "module", "answers"),
    [
        ("teacher_forcing", texts, ["Batch", "padded", "real"]),
        ("reverse_source", seq2seq, ["reverse_rows", "Encoder"]),
        ("last_states", seq2seq, ["Encoder"]),
        ("greedy", decoding, ["greedy", "beam"]),
        ("beam_step", decoding, ["greedy", "beam"]),
        ("to_cells", captioning, ["CNN", "Captioner"]),
        ("picture_maps", captioning, ["Captioner"]),
        ("spatial_attend", attention, ["attend", "Concat"]),
        ("look_or_not", attention, ["attend"]),
        ("pixels_seen", captioning, ["receptive_field", "influence"]),
        ("share_in_box", captioning, ["shares", "looks"]),
        ("self_attention", attention, ["attend", "MultiHeadAttention"]),
        ("pack_heads", attention, ["split_heads", "merge_heads"]),
        ("shares_of_heads", attention, ["split_heads", "merge_heads"]),
        ("decoding_mask", attention, ["causal_mask"]),
        ("cached_step", attention, ["attend", "MultiHeadAttention"]),
        ("cached_step", transformer, ["DecoderLayer"]),
        ("moved", transformer, ["sinusoidal"]),
        ("rotated", transformer, ["sinusoidal"]),
        ("encoder_layer", transformer, ["AddNorm", "EncoderLayer"]),
        ("write_and_read", linear, ["memory_step", "recurrent"]),
        ("all_at_once", linear, ["parallel", "recurrent"]),
        ("through_chunk", linear, ["chunked"]),
        ("delta_step", linear, ["delta_step"]),
        ("written", linear, ["delta_step"]),
        ("combined", linear, ["scan"]),
        ("after_rounds", linear, ["scan", "MinGRU"]),
    ],
)
def test_what_a_chapters_modules_offer_is_refused(name, module, answers):
    for used in answers:
        arguments = ", ".join(public(name).arguments)
        code = f"def answer({arguments}):\n    return offered.{used}\n"
        answer = readable(code, {"offered": module})
        assert f"uses `{module.__name__}`" in said(name, answer), used


def test_attention_cannot_be_taken_from_a_library():
    for name in ("attend", "general", "concat", "look_after", "look_before"):
        arguments = ", ".join(public(name).arguments)
        for used in ("attend", "dot", "General", "Concat"):
            code = f"def answer({arguments}):\n    return offered.{used}\n"
            answer = readable(code, {"offered": attention})
            assert "uses `rnn2attn.attention`" in said(name, answer), used
    for name in ("attend", "look_after", "look_before"):
        arguments = ", ".join(public(name).arguments)
        code = f"def answer({arguments}):\n    return F.scaled_dot_product_attention\n"
        answer = readable(code, {"F": torch.nn.functional})
        text = said(name, answer)
        assert "uses `torch.nn.functional.scaled_dot_product" in text
    code = "def answer(query, keys, values, weights, dcontext):\n    return torch.autograd.grad(dcontext, query)\n"
    text = said("attend_backward", readable(code, {"torch": torch}))
    assert "uses `torch.autograd`" in text


def test_pytorchs_attention_and_its_layers_are_refused():
    for name, used in (
        ("self_attention", "torch.nn.functional.scaled_dot_product_attention"),
        ("self_attention", "torch.nn.functional.multi_head_attention_forward"),
        ("cached_step", "torch.nn.functional.scaled_dot_product_attention"),
        ("cached_step", "torch.nn.MultiheadAttention"),
        ("encoder_layer", "torch.nn.TransformerEncoderLayer"),
        ("encoder_layer", "torch.nn.TransformerEncoder"),
    ):
        arguments = ", ".join(public(name).arguments)
        code = f"def answer({arguments}):\n    return {used}\n"
        answer = readable(code, {"torch": torch})
        assert f"uses `{used}`" in said(name, answer)


def test_the_librarys_losses_are_refused_and_pytorchs_are_not():
    for used in ("token_loss", "sequence_loss"):
        code = f"def answer(logits, labels, mask):\n    return training.{used}(logits, labels, mask)\n"
        answer = readable(code, {"training": training})
        used = f"uses `rnn2attn.training.{used}`"
        assert used in said("masked_loss", answer)
    code = "def answer(logits, labels, mask):\n    return F.cross_entropy(logits[mask], labels[mask])\n"
    answer = readable(code, {"F": torch.nn.functional})
    assert "masked_loss: right" in said("masked_loss", answer)


def test_pixels_are_not_counted_by_convolutions_or_gradients():
    for used, path in (
        ("torch.conv1d(x, w)", "torch.conv1d"),
        ("F.conv2d(x, w)", "torch.conv2d"),
        ("torch.nn.Conv2d(1, 1, 3)", "torch.nn"),
        ("torch.autograd.grad(y, x)", "torch.autograd"),
        ("torch.func.jacrev(f)(x)", "torch.func.jacrev"),
    ):
        code = f"def answer(layers, size):\n    return {used}\n"
        answer = readable(code, {"torch": torch, "F": torch.nn.functional})
        assert f"uses `{path}`" in said("pixels_seen", answer), used


@pytest.mark.parametrize("name", ["rnn_backward", "jacobian", "attend_backward", "pixels_seen"])
def test_what_takes_gradients_is_refused_where_autograd_is_and_what_repeats_is_not(name):
    differentiate = ("grad", "grad_and_value", "vjp", "jvp", "linearize", "jacrev", "jacfwd", "hessian")
    others = ("functional_call", "functionalize", "stack_module_state", "vmap")
    assert {*differentiate, *others} <= {*dir(torch.func)}
    for function in (*differentiate, *others):
        code = f"def answer({', '.join(public(name).arguments)}):\n    return torch.func.{function}\n"
        refused = f"uses `torch.func.{function}`" in said(name, readable(code, {"torch": torch}))
        assert refused == (function in differentiate)


def readable(code, scope):
    """The function `answer` of some code that `inspect` can read, as it can in a notebook."""
    name = f"<answer {len(linecache.cache)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    exec(compile(code, name, "exec"), scope)
    return scope["answer"]


@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_of_the_reference_is_caught(name, record_property):
    cases, found = hidden(name), mutants(PARTS[name].reference)
    assert 0 < len(found) <= MOST
    reasons, left = EQUIVALENT.get(name, {}), []
    for text, mutant in found:
        answers = (call(mutant, case.inputs, tuple(case.gradients), 0.5) for case in cases)
        if not any(map(judge, answers, cases)):
            left.append(text)
    record_property("mutants", len(found))
    changes = Counter(text.partition(": ")[2] for text in left)
    known = Counter({change: places for change, (places, _) in reasons.items()})
    assert changes - known == Counter(), "no hidden case notices"
    assert known - changes == Counter(), "listed as equivalent, and caught or gone"


def test_a_busy_machine_may_take_its_time_for_a_reference(monkeypatch):
    """Hidden cases are made while a class is graded, on all cores: only an answer has a deadline of seconds."""
    given = []

    def counting(*arguments):
        given.append(arguments[3])
        return call(*arguments)

    monkeypatch.setattr(specification, "call", counting)
    PARTS["lstm_step"].hidden("a class")
    assert given and min(given) >= 60
