"""Mutants that no case can catch, because they are right as well.

Name of the function → change → in how many places it does no harm, and why.
"""

SHAPE = "only the shape of hs[:, 0] is used, and every step has it"
EQUAL = "where the norm is the limit, the factor is 1"
VALID = "another matrix that misleads the rule"
LIST = "a list of the four is taken as well"
FAR = "another latch: the gate stays as far from where it turns"
ALIKE = "two rows, or two numbers of a row, that are equal"
PLACES = "another machine: one place more, or a square turned"
SHARP = "other addresses: a query a little longer, or still long enough"
ALONE = "a tensor with one number is taken as well"
PAIRED = "what is paired has one length"
LARGER = "the larger of two, in either order"
TWICE = "the sign comes in twice, for rows and for columns"
SMALLER = "the smaller of two, in either order"
ONE_AXIS = "there is one axis, the first and the last"
APART = "numbers that are drawn are not equal"
AFTER = "all cells of the cases have forgotten long before"
EQUATIONS = "the same equations in another order"
SQUARED = "the sign of what is squared"
CLOSE = "two numbers are as close in either order"
PASSES = "another latch: a weight of ±1 moves the gate by 3 of 20 at most"

EQUIVALENT = {
    "rnn_backward": {"0  →  1": (1, SHAPE), "0  →  -1": (1, SHAPE)},
    "clip_by_norm": {"norm <= max_norm  →  norm < max_norm": (1, EQUAL)},
    "counterexample": {
        "4  →  5": (1, VALID),
        "4  →  3": (1, VALID),
        "0.5  →  -0.5": (2, VALID),
        "10.0  →  11.0": (1, VALID),
        "10.0  →  9.0": (1, VALID),
    },
    "import_gru": {"tuple(converted)  →  converted": (1, LIST)},
    "waits": {
        "f[n + 1] ** t - f[n] ** t >= 0.2  →  f[n + 1] ** t - f[n] ** t > 0.2": (1, APART),
        "5000  →  5001": (1, AFTER),
        "5000  →  4999": (1, AFTER),
    },
    "latch": {
        "[0.0, 0.0]  →  [0.0, 0.0]": (1, ALIKE),
        "0.0  →  1.0": (4, PASSES),
        "0.0  →  -1.0": (4, PASSES),
        "40.0  →  41.0": (2, FAR),
        "40.0  →  39.0": (2, FAR),
        "20.0  →  21.0": (3, FAR),
        "20.0  →  19.0": (3, FAR),
    },
    "machine": {"1  →  2": (1, PLACES), "torch.zeros(d, d)  →  torch.zeros(d, d)": (1, PLACES)},
    "recovery": {
        "(said[k - 1, rows, k] == target[rows, k]).sum().item()  →  "
        "(said[k - 1, rows, k] == target[rows, k]).sum()": (1, ALONE),
        "rows.sum().item()  →  rows.sum()": (1, ALONE),
    },
    "next_words": {"min(forced, free)  →  min(free, forced)": (1, SMALLER)},
    "pixels_seen": {"max(start, 0)  →  max(0, start)": (1, LARGER)},
    "share_in_box": {
        "(last - k).clamp(0, 1) - (first - k).clamp(0, 1)  →  (first - k).clamp(0, 1) - (last - k).clamp(0, 1)": (
            1,
            TWICE,
        )
    },
    "addresses": {"12.0  →  13.0": (1, SHARP), "12.0  →  11.0": (1, SHARP)},
    "another_map": {
        "[values, torch.ones_like(weights)[:, None]]  →  [torch.ones_like(weights)[:, None], values]": (1, EQUATIONS),
        "direction < 0  →  direction <= 0": (1, APART),
    },
    "on_right_words": {
        "found[counts].double().mean().item()  →  found[counts].double().mean()": (1, ALONE),
        "mass[counts].mean().item()  →  mass[counts].mean()": (1, ALONE),
    },
    "fewest_shut": {"0  →  -1": (3, ONE_AXIS)},
    "decoding_mask": {
        "torch.minimum(T - lengths[:, None, None], query)  →  torch.minimum(query, T - lengths[:, None, None])": (
            1,
            SMALLER,
        )
    },
    "width_needed": {
        "max(1, math.ceil((pairs - 1) / share))  →  max(math.ceil((pairs - 1) / share), 1)": (1, LARGER),
    },
    "least_error": {
        "((read - values) ** 2).sum().item()  →  ((read - values) ** 2).sum()": (1, ALONE),
        "read - values  →  values - read": (1, SQUARED),
    },
    "made_by": {
        "math.isclose(again[1], fresh[1])  →  math.isclose(fresh[1], again[1])": (1, CLOSE),
        "math.isclose(fresh[1], fresh[0])  →  math.isclose(fresh[0], fresh[1])": (2, CLOSE),
        "math.isclose(again[1], 0.5)  →  math.isclose(0.5, again[1])": (1, CLOSE),
    },
}
