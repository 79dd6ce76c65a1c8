"""The notebooks of a chapter's exercises: the source, with solutions in nbgrader's marks, and the learner's."""

import ast
import inspect
import textwrap
from collections.abc import Callable

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnn2attn_grading.questions.specification import Chapter, Part

INSTALL = """try:
    import rnn2attn  # noqa: F401
except ImportError:  # in Colab: the book's library, and nothing else
    %pip install -q --no-deps "rnn2attn @ git+{address}@{branch}#subdirectory=lib"
    assert not _exit_code, "Library not fetched: is there a network?"  # noqa: F821"""
COLAB = "https://colab.research.google.com/github/{slug}/blob/{branch}/exercises/{stem}.ipynb"
UNANSWERED = "    raise NotImplementedError"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def colab(chapter: Chapter, address: str, branch: str) -> str:
    """The address at which Colab opens the learner's notebook. The arguments are those of `source`."""
    slug = address.removeprefix("https://github.com/")
    return COLAB.format(slug=slug, branch=branch, stem=chapter.stem)


def source(chapter: Chapter, address: str, branch: str) -> str:
    """The source notebook, which nbgrader takes as it is.

    Args:
        chapter: its exercises.
        address: of the repository, https://github.com/OWNER/NAME.
        branch: of it, from which the notebook is opened and the library installed.
    """
    return _notebook(chapter, address, branch, solved=True)


def learners(chapter: Chapter, address: str, branch: str) -> str:
    """The learner's notebook: stubs, and nothing of the answers. The arguments are those of `source`."""
    return _notebook(chapter, address, branch, solved=False)


def _notebook(chapter: Chapter, address: str, branch: str, *, solved: bool) -> str:
    link = f"[Run this page in Colab]({colab(chapter, address, branch)})"
    install = new_code_cell(INSTALL.format(address=address, branch=branch), id="install")
    install.metadata.tags = ["hide-cell"]
    intro = f"# {chapter.title}\n\n{link}\n\n{chapter.opening}\n\n{chapter.text.strip()}"
    cells = [new_markdown_cell(intro, id="intro"), install, new_code_cell(chapter.imports.strip(), id="imports")]
    for question in chapter.questions:
        points = sum(part.points for part in question.parts)
        count = f"{points} point{'s' * (points != 1)}"
        heading = f"## {question.number} {question.title} ({count})"
        number = question.number.replace(".", "-")
        cells.append(new_markdown_cell(f"{heading}\n\n{question.text.strip()}", id=f"question-{number}"))
        for part in question.parts:
            cells += _cells(part, solved)
    cells += [
        new_markdown_cell("## What is done, and what is left", id="end"),
        new_code_cell(f"check.summary({chapter.number})", id="summary"),
    ]
    return nbformat.writes(new_notebook(cells=cells, metadata=METADATA)).rstrip() + "\n"


def _cells(part: Part, solved: bool) -> list:
    """Text if any, stub or solution, check. A failure in one stops no later cell."""
    answer = new_code_cell(solution(part.reference) if solved else stub(part.reference), id=f"answer-{part.name}")
    test = new_code_cell(f'check("{part.name}", {part.name})', id=f"check-{part.name}")
    for cell in (answer, test):
        cell.metadata.tags = ["raises-exception"]
    if solved:
        answer.metadata.nbgrader = _nbgrader(part.name, solution=True)
        test.metadata.nbgrader = _nbgrader(f"check_{part.name}", points=part.points)
    text = []
    if part.text:
        text = [new_markdown_cell(part.text.strip(), id=f"text-{part.name}")]
    return [*text, answer, test]


def _nbgrader(grade_id: str, *, solution: bool = False, points: int | None = None) -> dict:
    """The metadata of nbgrader's schema 3: an answer to be cut out, or a locked test that earns points."""
    marks = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": solution,
        "locked": not solution,
        "task": False,
    }
    return marks if points is None else marks | {"points": points}


def stub(reference: Callable) -> str:
    """Signature and docstring of a reference, and what raises until it is answered."""
    return f"{_split(reference)[0]}\n{UNANSWERED}"


def solution(reference: Callable) -> str:
    """The reference with nbgrader's marks around its body."""
    head, body = _split(reference)
    return f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"


def _split(reference: Callable) -> tuple[str, str]:
    """The source of a function up to the end of its docstring, and the rest."""
    text = textwrap.dedent(inspect.getsource(reference)).rstrip()
    docstring, *_ = ast.parse(text).body[0].body
    lines = text.split("\n")
    return ("\n".join(lines[: docstring.end_lineno]), "\n".join(lines[docstring.end_lineno :]))
