"""Views: where many outputs are right, a question is judged by what one can see of them.

A view takes the output and the inputs, and returns data that are compared in place of the output. Where it cannot, or
where the output lacks the property asked for, it raises `UnfitError`, and says why.
"""

from rnn2attn.check.views.alike import alike
from rnn2attn.check.views.another_word import another_word
from rnn2attn.check.views.forced_and_free import forced_and_free
from rnn2attn.check.views.latched import latched
from rnn2attn.check.views.misleading import misleading
from rnn2attn.check.views.pointing import pointing
from rnn2attn.check.views.reversing import reversing
from rnn2attn.check.views.same_context import same_context
from rnn2attn.check.views.summed import summed
from rnn2attn.check.views.told_apart import told_apart
from rnn2attn.check.views.unfit import UnfitError

VIEWS = {
    view.__name__: view
    for view in (
        misleading,
        summed,
        latched,
        reversing,
        pointing,
        told_apart,
        forced_and_free,
        same_context,
        another_word,
        alike,
    )
}

__all__ = [
    "VIEWS",
    "UnfitError",
    "alike",
    "another_word",
    "forced_and_free",
    "latched",
    "misleading",
    "pointing",
    "reversing",
    "same_context",
    "summed",
    "told_apart",
]
