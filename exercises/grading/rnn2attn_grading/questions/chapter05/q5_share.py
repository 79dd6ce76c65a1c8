"""5.5: how much attention is on a box, and how much would be by chance."""

from rnn2attn_grading.questions.specification import Question

TEXT = r"""
"The model looks at the dog." How much of its attention is on the dog's box, and how much would be there if it looked
everywhere alike? Two functions.
"""

QUESTION = Question("5.5", "Attention on a box", TEXT)
