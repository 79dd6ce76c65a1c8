"""The data file of `check`: a chapter's public cases and known mistakes. It holds no code and no hidden case."""

import json

from rnn2attn.check import questions
from rnn2attn_grading.questions.specification import Chapter, published


def data(chapter: Chapter) -> str:
    """The file's text: JSON, a line for each case and each mistake, so that a change can be read."""
    parts = [
        _part(questions.store(published(question, part))) for question in chapter.questions for part in question.parts
    ]
    together = ",\n".join(parts)
    return f'{{"chapter": {chapter.number}, "parts": [\n{together}\n]}}\n'


def _part(stored: dict) -> str:
    lists = {key: stored.pop(key) for key in ("cases", "mistakes")}
    text = _json(stored).removesuffix("}")
    for key, rows in lists.items():
        text += f', "{key}": [\n' + ",\n".join(map(_json, rows)) + "\n]"
    return text + "}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
