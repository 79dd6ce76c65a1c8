"""Mutants that no case can catch, because they are right as well: name of the function → change → reason."""

SHAPE = "only the shape of hs[:, 0] is used, and every step has it"
EQUAL = "where the norm is the limit, the factor is 1"
VALID = "another matrix that misleads the rule"

EQUIVALENT = {
    "rnn_backward": {"0  →  1": SHAPE, "0  →  -1": SHAPE},
    "clip_by_norm": {"norm <= max_norm  →  norm < max_norm": EQUAL},
    "counterexample": {
        "4  →  5": VALID,
        "4  →  3": VALID,
        "0.5  →  -0.5": VALID,
        "10.0  →  11.0": VALID,
        "10.0  →  9.0": VALID,
    },
}
