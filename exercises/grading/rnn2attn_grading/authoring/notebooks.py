"""The notebooks of a chapter's exercises: the source, with solutions in nbgrader's marks, and the learner's."""

import ast
import inspect
import textwrap
from collections.abc import Callable

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnn2attn_grading.questions.specification import HARDEST, Chapter, Part, Use

INSTALL = """try:
    import rnn2attn  # noqa: F401
except ImportError:  # in Colab: the book's library, and nothing else
    %pip install -q --no-deps "rnn2attn @ git+{address}@{branch}#subdirectory=lib"
    assert not _exit_code, "Library not fetched: is there a network?"  # noqa: F821"""
COLAB = "https://colab.research.google.com/github/{slug}/blob/{branch}/exercises/{stem}.ipynb"
GUIDE = """Difficulty 1 is an equation written down, 2 takes a thought about shapes or cases, 3 takes pen and paper.
Behind each question is a cell that uses what you wrote, once it is right. It earns nothing, and shows what the
function is for."""
UNANSWERED = "    raise NotImplementedError"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def colab(chapter: Chapter, address: str, branch: str) -> str:
    """The address at which Colab opens the learner's notebook. The arguments are those of `source`."""
    slug = address.removeprefix("https://github.com/")
    return COLAB.format(slug=slug, branch=branch, stem=chapter.stem)


def source(chapter: Chapter, address: str, branch: str, *, hints: bool = True) -> str:
    """The source notebook, which nbgrader takes as it is.

    Args:
        chapter: its exercises.
        address: of the repository, https://github.com/OWNER/NAME.
        branch: of it, from which the notebook is opened and the library installed.
        hints: whether hints can be unfolded.
    """
    return _notebook(chapter, address, branch, hints, solved=True)


def learners(chapter: Chapter, address: str, branch: str, *, hints: bool = True) -> str:
    """The learner's notebook: stubs, and nothing of the answers. The arguments are those of `source`."""
    return _notebook(chapter, address, branch, hints, solved=False)


def _notebook(chapter: Chapter, address: str, branch: str, hints: bool, *, solved: bool) -> str:
    link = f"[Run this page in Colab]({colab(chapter, address, branch)})"
    install = new_code_cell(INSTALL.format(address=address, branch=branch), id="install")
    install.metadata.tags = ["hide-cell"]
    intro = f"# {chapter.title}\n\n{link}\n\n{chapter.opening}\n\n{chapter.text.strip()}\n\n{GUIDE}"
    cells = [new_markdown_cell(intro, id="intro"), install, new_code_cell(chapter.imports.strip(), id="imports")]
    for question in chapter.questions:
        points = sum(part.points for part in question.parts)
        count = f"{points} point{'s' * (points != 1)}"
        heading = f"## {question.number} {question.title} ({count})"
        number = question.number.replace(".", "-")
        effort = _effort(question.difficulty, question.minutes)
        earns = _earns(question.parts[0]) if len(question.parts) == 1 else ""
        text = _paragraphs(heading, effort, question.text.strip(), earns)
        cells.append(new_markdown_cell(text, id=f"question-{number}"))
        if hints and question.hints:
            cells.append(new_markdown_cell(_hints(question.hints), id=f"hints-{number}"))
        for part in question.parts:
            cells += _cells(part, solved)
        if question.use:
            cells += _use(question.use, number)
    if chapter.by_hand:
        text = f"## By hand, without points\n\n{chapter.by_hand.strip()}"
        cells.append(new_markdown_cell(text, id="by-hand"))
        if hints:
            cells.append(new_markdown_cell(folded("The derivation", chapter.derived), id="derived"))
    if chapter.discuss:
        text = f"## To discuss, in two sentences\n\n{chapter.discuss.strip()}"
        cells.append(new_markdown_cell(text, id="discuss"))
    cells += [
        new_markdown_cell("## What is done, and what is left", id="end"),
        new_code_cell(f"check.summary({chapter.number})", id="summary"),
        new_code_cell(f"check.built({chapter.number})", id="built"),
    ]
    return nbformat.writes(new_notebook(cells=cells, metadata=METADATA)).rstrip() + "\n"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _effort(difficulty: int, minutes: int = 0) -> str:
    """How hard it is and how long it takes, in words; nothing where neither is said."""
    said = []
    if difficulty:
        said.append(f"Difficulty {difficulty} of {HARDEST}")
    if minutes:
        said.append(f"about {minutes} minutes")
    return f"*{', '.join(said)}.*" if said else ""


def _hints(text: str) -> str:
    """Paragraphs, each of which unfolds."""
    hints = text.strip().split("\n\n")
    return "\n\n".join(folded(f"Hint {n} of {len(hints)}", hint) for n, hint in enumerate(hints, start=1))


def folded(summary: str, text: str) -> str:
    """Markdown that shows a line, and unfolds; so it does in Jupyter, in Colab and in the book."""
    return f"<details><summary>{summary}</summary>\n\n{text.strip()}\n\n</details>"


def _use(use: Use, number: str) -> list:
    """What is done with the answers: text, and a cell that runs once they are right. Neither earns anything."""
    text = new_markdown_cell(f"**Now use it.** {use.text.strip()}", id=f"now-{number}")
    return [text, _failing(new_code_cell(use_code(use.function), id=f"use-{number}"))]


def use_code(function: Callable) -> str:
    """The code of a cell that uses answers: the function without its decorator, run by `check.use`."""
    text = textwrap.dedent(inspect.getsource(function)).rstrip()
    decorator = ast.parse(text).body[0].decorator_list[0]
    return "\n".join(["@check.use", *text.split("\n")[decorator.end_lineno :]])


def _failing(cell: NotebookNode) -> NotebookNode:
    """The cell, after whose failure the later ones are run all the same."""
    cell.metadata.tags = ["raises-exception"]
    return cell


def _cells(part: Part, solved: bool) -> list:
    """Text if any, stub or solution, check."""
    code = solution(part.reference) if solved else stub(part.reference)
    answer = _failing(new_code_cell(code, id=f"answer-{part.name}"))
    test = _failing(new_code_cell(f'check("{part.name}", {part.name})', id=f"check-{part.name}"))
    if solved:
        answer.metadata.nbgrader = _nbgrader(part.name, solution=True)
        test.metadata.nbgrader = _nbgrader(f"check_{part.name}", points=part.points)
    text = []
    if part.text:
        words = _paragraphs(part.text.strip(), _effort(part.difficulty), _earns(part))
        text = [new_markdown_cell(words, id=f"text-{part.name}")]
    return [*text, answer, test]


def _earns(part: Part) -> str:
    """What a function earns, and how much of it cases that the learner does not hold."""
    edges = f", {part.on_edges} of them for special inputs, which `check` does not try" if part.on_edges else ""
    return f"`{part.name}` earns {part.points} point{'s' * (part.points != 1)}{edges}."


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
