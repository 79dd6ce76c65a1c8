"""The tables of the book's pages about exercises are those of the specifications, and of the attacks."""

import re

import pytest
from book_tables import PAGES, ROOT, page, points

from rnn2attn_grading.questions.chapters import CHAPTERS


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_tables(name):
    path, text = page(name)
    assert path.read_text("utf-8") == text, "Next: make exercises"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_what_is_asked_is_said_of_each_question_with_its_points(chapter):
    text = (ROOT / "book/exercises.md").read_text("utf-8")
    _, _, section = text.partition(f"\n## What is asked in chapter {chapter.number}\n")
    section, _, _ = section.partition("\n## ")
    said = re.findall(r"^\| (\d+\.\d+) \| .+ \| ([\d +]+) \|$", section, re.MULTILINE)
    assert said == [(question.number, points(question)) for question in chapter.questions]
