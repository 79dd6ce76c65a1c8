"""The chapters that have exercises: each a folder beside this file."""

from importlib import import_module
from pathlib import Path

CHAPTERS = tuple(
    import_module(f"rnn2attn_grading.questions.{folder.name}").CHAPTER
    for folder in sorted(Path(__file__).parent.glob("chapter[0-9]*"))
)
