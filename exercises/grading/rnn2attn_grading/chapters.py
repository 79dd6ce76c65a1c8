"""The chapters that have exercises."""

from rnn2attn_grading import chapter01

CHAPTERS = (chapter01.CHAPTER,)
