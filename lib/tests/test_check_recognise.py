"""Known mistakes: recognised only where no case contradicts, and of several the one that agrees most often."""

from dataclasses import replace

import torch

from rnn2attn.check.calling import call
from rnn2attn.check.judging import Case
from rnn2attn.check.questions import Known, Part, outline, recognise

CASES = tuple(Case(f"x = {x}", {"x": x}, x * x) for x in (3.0, 1.0, -2.0))


def known(hint, function):
    return Known(hint, tuple(outline(call(function, case.inputs), case) for case in CASES))


def hint(function, *mistakes):
    part = Part("square", 1, "0.0", "", ("x",), (), CASES, mistakes)
    answers = [call(function, case.inputs) for case in CASES]
    return recognise(part, answers)


def stops_below(limit, function):
    def answer(x):
        if x < limit:
            raise ArithmeticError
        return function(x)

    return answer


double = known("doubled", lambda x: 2 * x)


def test_a_mistake_is_recognised_by_what_it_gives():
    assert hint(lambda x: x + x, double) == "doubled"
    assert hint(lambda x: x * x + 1e-3, double) == ""


def test_a_number_in_a_tensor_is_that_number():
    assert hint(lambda x: torch.tensor(2 * x), double) == "doubled"
    assert hint(lambda x: torch.tensor([2 * x]), double) == ""


def test_one_case_that_contradicts_is_enough():
    assert hint(lambda x: 2 * x if x > 0 else 0.0, double) == ""


def test_a_case_in_which_one_of_the_two_stops_says_nothing():
    assert hint(stops_below(0, lambda x: 2 * x), double) == "doubled"
    assert hint(stops_below(9, lambda x: 2 * x), double) == ""


def test_stopping_alone_is_no_mistake_that_is_known():
    assert hint(stops_below(9, abs), known("stops", stops_below(9, abs))) == ""


def test_infinity_in_another_shape_is_not_the_same_mistake():
    """An answer that forgot to choose is not "right, except where it overflows"."""

    def overflows(x):
        return x if x[0] < 2 else x / 0

    cases = [
        Case("small", {"x": torch.ones(2)}, torch.ones(2)),
        Case("large", {"x": torch.ones(2) * 3}, torch.ones(2)),
    ]
    outlines = tuple(outline(call(overflows, case.inputs), case) for case in cases)
    part = Part("all", 1, "0.0", "", ("x",), (), tuple(cases), (Known("overflows", outlines),))

    def said(function):
        answers = [call(function, case.inputs) for case in cases]
        return recognise(part, answers)

    assert said(overflows) == "overflows"
    assert said(lambda x: overflows(x).repeat(2)) == ""


def test_not_being_finite_elsewhere_is_not_the_same_mistake():
    """A softmax of nothing but −∞, for another reason and in another row."""
    given = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    cases = [Case("case", {"x": x}, x * 0) for x in (given, given.T)]

    def row(number):
        def answer(x):
            return x.index_fill(0, torch.tensor(number), torch.nan)

        return answer

    outlines = tuple(outline(call(row(0), case.inputs), case) for case in cases)
    part = Part("rows", 1, "0.0", "", ("x",), (), tuple(cases), (Known("row 0", outlines),))

    def said(function):
        return recognise(part, [call(function, case.inputs) for case in cases])

    assert said(row(0)) == "row 0"
    assert said(row(1)) == ""
    # Elsewhere in one case only, and the same in the other: that is the mistake, and one more.
    assert said(lambda x: row(0)(x) if x[0, 1] == 2 else row(1)(x)) == "row 0"


def test_a_hint_that_leaves_a_fault_out_is_not_given():
    """ "Right, except at 3" is not said of an answer that stops at 1, or is infinite there."""
    except_at_3 = known("right, except at 3", lambda x: 7.0 if x == 3 else x * x)
    assert hint(lambda x: 7.0 if x == 3 else x * x, except_at_3) == "right, except at 3"
    for fault in (lambda: [][0], lambda: float("inf"), lambda: torch.ones(2)):
        assert hint(lambda x, fault=fault: {3: 7.0, 1: None}.get(x, x * x) or fault(), except_at_3) == ""


def test_the_mistake_that_agrees_most_often_is_taken():
    partly = known("partly", stops_below(2, lambda x: 2 * x))
    assert hint(lambda x: 2 * x, partly, double) == "doubled"
    assert hint(lambda x: 2 * x, double, partly) == "doubled"


def test_two_mistakes_that_agree_as_often_are_not_told_apart():
    added, fixed = known("added", lambda x: x + 3), known("fixed", lambda x: 6.0)
    assert hint(stops_below(2, lambda x: 6.0), added) == "added"
    assert hint(stops_below(2, lambda x: 6.0), added, fixed) == ""
    assert hint(stops_below(2, lambda x: 6.0), added, replace(fixed, hint="added")) == "added"
    assert hint(lambda x: 6.0, added, fixed) == "fixed"


def test_agreeing_where_the_answer_is_right_tells_nothing():
    elsewhere_right = known("wrong at 3", lambda x: 7.0 if x == 3 else x * x)
    assert hint(lambda x: x * x if x != 3 else [][0], elsewhere_right) == ""
    assert hint(lambda x: x * x, double) == ""


def test_agreeing_where_the_mistake_is_right_tells_nothing():
    """Another dtype is wrong, and no sketch shows it: what agrees is what is right about both."""
    cases = [Case(f"x = {x}", {"x": torch.tensor([x]).double()}, torch.tensor([x * x]).double()) for x in (3.0, 1.0)]

    def tripled(x):
        return x * x if x == 1 else 3 * x + 1

    outlines = tuple(outline(call(tripled, case.inputs), case) for case in cases)
    part = Part("square", 1, "0.0", "", ("x",), (), tuple(cases), (Known("tripled", outlines),))

    def said(function):
        return recognise(part, [call(function, case.inputs) for case in cases])

    assert said(tripled) == "tripled"
    assert said(lambda x: torch.ones(1) if x == 1 else x @ torch.ones(1)) == ""


def test_what_runs_is_no_mistake_that_stops():
    """Agreeing in one case: "only a square lets that run" is not said of what ran elsewhere, too."""
    square = known("runs at 3 alone", lambda x: 7.0 if x == 3 else [][0])
    assert hint(lambda x: 7.0 if x == 3 else [][0], square) == "runs at 3 alone"
    assert hint(lambda x: 7.0, square) == ""


def test_a_gradient_that_is_wrong_is_not_a_mistake_that_is_right_there():
    """A mistake in one case only is right elsewhere, and its gradients are not kept."""
    cases = [Case(f"x = {x}", {"x": torch.tensor([x])}, torch.tensor([x * x])) for x in (3.0, 1.0)]
    cases = [replace(case, gradients={"x": call(torch.square, case.inputs, ("x",)).gradients["x"]}) for case in cases]

    def overflows(x):
        return x / 0 if x > 2 else x * x

    outlines = tuple(outline(call(overflows, case.inputs), case, gradients=False) for case in cases)
    part = Part("square", 1, "0.0", "", ("x",), (), tuple(cases), (Known("overflows", outlines),))

    def said(function):
        answers = [call(function, case.inputs, ("x",)) for case in cases]
        return recognise(part, answers)

    assert said(overflows) == "overflows"
    assert said(lambda x: x.detach() * x) == ""
