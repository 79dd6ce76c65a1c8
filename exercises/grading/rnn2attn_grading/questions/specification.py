"""What a question is. From it come the notebooks, what `check` stores, and the hidden cases of a class."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from rnn2attn.check import questions
from rnn2attn.check.calling import Answer, call
from rnn2attn.check.judging import Case, Fault, judge, seen
from rnn2attn_grading.questions.drawing import Draw

COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")  # fmt: skip
PUBLIC = "public"  # the seed of the cases that learners hold
PATIENCE = 120  # seconds for a function of ours, on a machine that is busy
HARDEST = 3  # 1 is an equation written down, 2 takes a thought about shapes or cases, 3 takes pen and paper

# What draws inputs: (name of the case, argument → value), several times; with a third entry, the `trial` of a view.
Drawing = Callable[[Draw], Iterable[tuple]]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give.

    Attributes:
        function: gives what they give.
        hint: what `check` says to it; or a function of (inputs, output) that
            makes the sentence, with a number in it, from the first public case
            in which the mistake shows.
    """

    function: Callable
    hint: str | Callable[[dict, object], str]


@dataclass(frozen=True)
class Hidden(Case):
    """A case of a class.

    Attributes:
        edge: whether it has points of its own, see `Part.on_edges`.
    """

    edge: bool = False


@dataclass(eq=False)
class Part:
    """One function that a question asks for. Decorators collect its cases and mistakes; `Question.part` makes it.

    Attributes:
        reference: a right answer; its signature and docstring are the stub.
        points: it earns, some of them on the edges alone, see `on_edges`.
        gradients: the arguments whose gradient is compared; "state[0]" is a part of one.
        forbidden: what the answer must not call, see `rnn2attn.check.reading`.
        view: see `rnn2attn.check.views`.
        text: Markdown above the stub, where the question has several parts.
        difficulty: from 1 to `HARDEST`, of a part that is easier or harder than its question; 0 of the others.
        mistakes: those collected by `mistake`, in the order in which they are written.
    """

    reference: Callable
    points: int
    gradients: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    view: str = ""
    text: str = ""
    difficulty: int = 0
    mistakes: list[Mistake] = field(default_factory=list, init=False)
    _draw: dict[str, Drawing] = field(default_factory=dict, init=False)

    def cases(self, drawing: Drawing) -> Drawing:
        """Decorate the function that draws the public cases, and hidden ones with another seed."""
        return self._only("cases", drawing)

    def edges(self, drawing: Drawing) -> Drawing:
        """Decorate the function that draws the cases that are never public."""
        return self._only("edges", drawing)

    def mistake(
        self, hint: str | Callable[[dict, object], str]
    ) -> Callable[[Callable], Callable]:
        """Decorate a function that is a `Mistake`."""

        def collect(function: Callable) -> Callable:
            self.mistakes.append(Mistake(function, hint))
            return function

        return collect

    def _only(self, role: str, drawing: Drawing) -> Drawing:
        if role in self._draw:
            raise ValueError(
                f"{self.name} has its {role} already, {self._draw[role].__name__}"
            )
        self._draw[role] = drawing
        return drawing

    @property
    def name(self) -> str:
        """The function's name."""
        return self.reference.__name__

    @property
    def on_edges(self) -> int:
        """The points for being right on the edges too: one of two or more, where it has any."""
        return int(self.points > 1 and "edges" in self._draw)

    def public(self) -> list[Case]:
        """The cases that `check` stores."""
        drawn = self._draw["cases"](Draw(PUBLIC, self.name))
        return [self._solved(*case) for case in drawn]

    def hidden(self, salt: str) -> list[Hidden]:
        """The cases of a class: drawn with its secret salt, twice, and the edges, all in an order of the salt's.

        Without that, an answer of one word could be right by counting how often it was called.

        Args:
            salt: any text; whoever knows it can draw the same cases.
        """
        drawn = []
        for repeat in range(2):
            draw = Draw(f"{salt}\0{repeat}", self.name)
            for role, drawing in self._draw.items():
                edge = role == "edges" and self.on_edges > 0
                drawn += [(edge, case) for case in drawing(draw)]
        return [
            Hidden(**vars(self._solved(*case)), edge=edge)
            for edge, case in Draw(f"{salt}\0order", self.name).shuffled(drawn)
        ]

    def _solved(
        self, name: str, inputs: dict[str, object], trial: dict | None = None
    ) -> Case:
        case = Case(name, inputs, view=self.view, trial=trial or {})
        right = call(self.reference, inputs, self.gradients, PATIENCE)
        if right.error or None in right.gradients.values():
            raise RuntimeError(f"{self.name}, {name}: {right}")
        expected = seen(right, case)
        return replace(case, expected=expected, gradients=right.gradients)


@dataclass(frozen=True)
class Use:
    """What follows a question, without points: the learner's own functions do something that only now can be done.

    Attributes:
        text: Markdown, what will happen and what to think about.
        function: the code of the cell; its arguments are called like the functions of the learner that it uses, and
            it imports what it needs. What it returns is shown.
    """

    text: str
    function: Callable


@dataclass(eq=False)
class Question:
    """A question, and the functions it asks for.

    Attributes:
        number: of it in the book, as "1.3".
        title: a few words.
        text: Markdown.
        minutes: that it takes somebody who has read the chapter; 0 if that is not said.
        difficulty: from 1 to `HARDEST`; 0 if that is not said.
        hints: Markdown, each a paragraph, from what to look at to nearly the code; they unfold one by one.
        use: what follows it, if anything.
    """

    number: str
    title: str
    text: str
    minutes: int = 0
    difficulty: int = 0
    hints: str = ""
    parts: list[Part] = field(default_factory=list, init=False)
    use: Use | None = field(default=None, init=False)

    def part(self, reference: Callable, points: int, **more: object) -> Part:
        """One more function that it asks for; the arguments are those of `Part`."""
        self.parts.append(Part(reference, points, **more))
        return self.parts[-1]

    def now(self, text: str) -> Callable[[Callable], Callable]:
        """Decorate the function that is its `Use`."""

        def collect(function: Callable) -> Callable:
            self.use = Use(text, function)
            return function

        return collect


def questions_in(package: str) -> tuple[Question, ...]:
    """The questions of a chapter.

    Args:
        package: of the chapter. Each of its modules named q… belongs to a question, which it calls QUESTION; they are
            loaded in the order of their names.
    """
    folder = Path(import_module(package).__file__).parent
    modules = [
        import_module(f"{package}.{path.stem}")
        for path in sorted(folder.glob("q*.py"))
    ]
    return tuple(dict.fromkeys(module.QUESTION for module in modules))


@dataclass(frozen=True)
class Chapter:
    """The exercises of a chapter.

    Attributes:
        number: of the chapter.
        stem: of its notebook's file name.
        title: of its page.
        text: Markdown below the opening.
        imports: code of the second cell.
        questions: in order.
        by_hand: Markdown, a derivation on paper, without points.
        derived: Markdown, the same carried out; it unfolds.
        discuss: Markdown, a question that two sentences answer, without points.
    """

    number: int
    stem: str
    title: str
    text: str
    imports: str
    questions: tuple[Question, ...]
    by_hand: str = ""
    derived: str = ""
    discuss: str = ""

    @property
    def parts(self) -> list[Part]:
        """All functions asked for, in order."""
        return [part for question in self.questions for part in question.parts]

    @property
    def points(self) -> int:
        """All that can be earned."""
        return sum(part.points for part in self.parts)

    @property
    def time(self) -> str:
        """How long its questions take together, as "about two hours"."""
        minutes = sum(question.minutes for question in self.questions)
        if minutes < 60:
            return f"about {minutes} minutes"
        hours, half = divmod(round(minutes / 30), 2)
        return f"about {COUNTS[hours].lower()}{' and a half' * half} hour{'s' * (hours > 1 or half)}"

    @property
    def opening(self) -> str:
        """The first paragraph of its page: how much is asked, and how long that takes."""
        count = len(self.questions)
        word = COUNTS[count] if count < len(COUNTS) else str(count)
        return (
            f"{word} question{'s' * (count != 1)} on chapter {self.number}, {self.points} points, {self.time}. "
            "Everything runs in seconds on a CPU."
        )


def judged(
    function: Callable, cases: list[Case], seconds: float = PATIENCE
) -> list[Fault | None]:
    """What is wrong with a function in each of the cases. It runs here: only for code that can be trusted."""
    return [judge(attempt(function, case, seconds), case) for case in cases]


def attempt(
    function: Callable, case: Case, seconds: float = PATIENCE
) -> Answer:
    """Call a function as the case asks, and stop it after so many seconds."""
    return call(function, case.inputs, tuple(case.gradients), seconds)


def published(question: Question, part: Part) -> questions.Part:
    """What `check` may know of a part: no code and no hidden case."""
    cases = part.public()
    known = tuple(_known(wrong, cases) for wrong in part.mistakes)
    arguments = tuple(cases[0].inputs)
    return questions.Part(
        part.name, part.points, question.number, question.title,
        arguments, part.forbidden, tuple(cases), known, unseen=part.on_edges,
    )  # fmt: skip


def _known(wrong: Mistake, cases: list[Case]) -> questions.Known:
    """The mistake as data. Its gradients are kept only if its values are right, for then they alone betray it."""
    answers = [attempt(wrong.function, case) for case in cases]
    bare = [replace(case, gradients={}) for case in cases]
    faults = [judge(a, c) for a, c in zip(answers, bare, strict=True)]
    hint = wrong.hint
    if callable(hint):
        shown = next(
            n
            for n, answer in enumerate(answers)
            if faults[n] and not answer.error
        )
        hint = hint(cases[shown].inputs, answers[shown].value)
    outlines = tuple(
        questions.outline(answer, case, gradients=not any(faults))
        for answer, case in zip(answers, cases, strict=True)
    )
    return questions.Known(hint, outlines)
