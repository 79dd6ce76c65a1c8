"""Views: where many outputs are right, a question is judged by what one can see of them.

A view takes the output and the inputs, and returns data that are compared in place of the output. Where it cannot, or
where the output lacks the property asked for, it raises `UnfitError`, and says why.
"""

from rnn2attn.check.views.latched import latched
from rnn2attn.check.views.misleading import misleading
from rnn2attn.check.views.pointing import pointing
from rnn2attn.check.views.reversing import reversing
from rnn2attn.check.views.summed import summed
from rnn2attn.check.views.unfit import UnfitError

VIEWS = {"misleading": misleading, "summed": summed, "latched": latched, "reversing": reversing, "pointing": pointing}

__all__ = ["VIEWS", "UnfitError", "latched", "misleading", "pointing", "reversing", "summed"]
