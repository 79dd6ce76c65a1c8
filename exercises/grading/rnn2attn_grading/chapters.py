"""The chapters that have exercises."""

from rnn2attn_grading import (
    chapter01,
    chapter02,
    chapter03,
    chapter04,
    chapter05,
    chapter06,
)

CHAPTERS = (
    chapter01.CHAPTER,
    chapter02.CHAPTER,
    chapter03.CHAPTER,
    chapter04.CHAPTER,
    chapter05.CHAPTER,
    chapter06.CHAPTER,
)
