"""The chapters that have exercises."""

from rnn2attn_grading import chapter01, chapter02, chapter03

CHAPTERS = (chapter01.CHAPTER, chapter02.CHAPTER, chapter03.CHAPTER)
