"""Evidence: claims put to the test, and curves measured over seeds.

A chapter calls `claim` with what it has measured, and the reader sees the verdict or an error. It calls `curve` with
the function that measures one point. `python -m rnn2attn.study`, behind `make study`, executes every chapter at
several seeds; both calls then record what they measure, and results.csv is made of it. A run measures one seed: the
notebook's. In how many seeds a trained statement must hold is judged over the stored rows. A sentence of the running
text that reports a measurement is bound to these rows by `says`.
"""

from rnn2attn.study.claims import ClaimFailed, claim
from rnn2attn.study.curves import Curve, OutsideBand, curve
from rnn2attn.study.register import Claim, register
from rnn2attn.study.results import read as results
from rnn2attn.study.sentences import SentenceFailed, says

__all__ = [
    "Claim",
    "ClaimFailed",
    "Curve",
    "OutsideBand",
    "SentenceFailed",
    "claim",
    "curve",
    "register",
    "results",
    "says",
]
