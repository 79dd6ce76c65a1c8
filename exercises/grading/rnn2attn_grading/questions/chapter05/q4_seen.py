"""5.4: what a cell has seen, and what none of some cells has."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
The chapter shuts the cells that lie over a digit. Cells beside it have seen parts of the digit, too. To shut off all
of it one has to know what each cell has seen. Two functions, and no gradient: counting is enough.
"""

QUESTION = Question("5.4", "What a cell has seen", TEXT)
