"""A memory that is a matrix, order by order: pairs are typed, one is asked for, and the state is seen that answers.

``recall.js`` computes and draws the same on the page.
"""

from collections.abc import Mapping, Sequence
from html import escape
from string import ascii_lowercase
from typing import NamedTuple

import ipywidgets
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn2attn.explore import ids
from rnn2attn.linear import delta_step, memory_step
from rnn2attn.live import typed
from rnn2attn.live.figure import Figure
from rnn2attn.live.picture import SHARE, row_of
from rnn2attn.live.weights import pack, rounded
from rnn2attn.text import Vocabulary

BITS = 16
RULES = ("added", "gate", "delta rule", "gate, delta rule")
PARTS = ("table", "drink", "begins", "W_k", "W_v", "keep", "strength", "output")
ASKS = "?"
SENTENCES = {name: typed.SENTENCES[name] for name in ("empty", "unknown", "near", "still")} | {
    "long": "These are {n} orders, and the figure has room for {longest}.",
    "alone": "An order is a letter and a number, such as a1, and “{token}” stands alone.",
    "unasked": "No question is asked: write a letter and a question mark at the end, such as b?",
    "late": "The question comes last, and after it stands “{token}”.",
    "nothing": "Nothing was ordered before the question.",
}
CELL = 100  # units of a picture for an entry of a vector


class Orders(NamedTuple):
    """What was typed: T orders, and a question.

    Attributes:
        tables: which table orders.
        drinks: what it orders.
        asked: the table that is asked for.
    """

    tables: list[int]
    drinks: list[int]
    asked: int


class Recall(NamedTuple):
    """What a network makes of orders, after each of them.

    Attributes:
        S: the state, (T, d, d).
        k: the key under which the order was written, (T, d).
        gates: γ_t and β_t, each (T,), or None where the rule has none.
        q: the query of what is asked, (d,).
        out: what it reads, S_t q, (T, d).
        logits: of the answer to it, (T, V).
        best: the answer for each table there is, (T, tables).
    """

    S: Tensor
    k: Tensor
    gates: tuple[Tensor | None, Tensor | None]
    q: Tensor
    out: Tensor
    logits: Tensor
    best: list[list[int]]


def live_recall(
    networks: Mapping[str, nn.Module], *, start: str, caption: str, label: str = "Orders, and a question", longest=16
) -> "Asked":
    """A field for pairs and a question, a choice of rules, and after each pair the matrix, what is read, the answer.

    Args:
        networks: by the names that a reader chooses from, trained, all of one size. Such a network has a ``rule`` of
            `RULES` and the parts of `PARTS`: embeddings of tables, of drinks and of whether an order is the first;
            linear maps to keys and values without biases, to γ_t and to β_t before the σ; and one from what is read
            to the logits of the drinks and of nothing. An order, the sum of its embeddings, is stored by
            `memory_step` or `delta_step` under a key of length 1. A query has length 1 and is the same map of a
            table's embedding. The first 26 tables can be typed. The weights are rounded to float16.
        start: what is read first, by the first network, and what print and a page without JavaScript show.
        caption: what to try.
        label: what is typed.
        longest: the most orders for which there is room.

    Returns:
        What a notebook shows when it is a cell's last value.

    Raises:
        ValueError: there is no network, a rule is not known, or start cannot be read.
    """
    if not networks:
        raise ValueError("networks is empty, where one or more were expected")
    for name, network in networks.items():
        if network.rule not in RULES:
            raise ValueError(f"the rule of {name!r} is {network.rule!r}; one of {', '.join(RULES)} was expected")
    figure = Asked(networks, label, start, caption, longest)
    if problem := figure.read(start, start)[1]:
        raise ValueError(f"{start!r} cannot be an input: {problem}")
    figure.make()
    return figure


def refused(tokens: Sequence[str], longest: int) -> tuple[str, dict] | None:
    """What is wrong with the order of tokens that are known: a key of `SENTENCES`, and what is filled in."""
    for n in range(0, len(tokens), 2):
        one, after = (*tokens[n : n + 2], None)[:2]
        if not one.isalpha() or after is None or after.isalpha():
            return "alone", {"token": one}
        if after != ASKS:
            continue
        if n + 2 < len(tokens):
            return "late", {"token": tokens[n + 2]}
        if not n:
            return "nothing", {}
        return ("long", {"n": n // 2, "longest": longest}) if n // 2 > longest else None
    return "unasked", {}


def parsed(tokens: Sequence[str]) -> Orders:
    """The orders and the question of tokens that are not `refused`."""
    *tables, asked = map(ascii_lowercase.index, tokens[::2])
    return Orders(tables, [int(number) - 1 for number in tokens[1:-1:2]], asked)


@torch.no_grad()
def recalled(parts: nn.ModuleList, rule: str, orders: Orders) -> Recall:
    """What a network makes of orders, one after the other.

    Args:
        parts: those of `PARTS`.
        rule: one of `RULES`.
        orders: what it reads, and what is asked.
    """
    table, drink, begins, W_k, W_v, keep, strength, output = parts
    first = (torch.arange(len(orders.tables)) == 0).long()
    x = table(torch.tensor(orders.tables)) + drink(torch.tensor(orders.drinks)) + begins(first)
    k, v, queries = F.normalize(W_k(x), dim=1), W_v(x), F.normalize(W_k(table.weight), dim=1)
    gamma = torch.sigmoid(keep(x)) if "gate" in rule else None
    beta = torch.sigmoid(strength(x)) if "delta" in rule else None
    S, states = k.new_zeros(1, v.shape[1], k.shape[1]), []
    for t in range(len(x)):
        left = 1.0 if gamma is None else gamma[t : t + 1]
        at = S, k[t : t + 1], v[t : t + 1]
        S = memory_step(*at, left) if beta is None else delta_step(*at, beta[t : t + 1], left)
        states.append(S[0])
    S = torch.stack(states)
    best = output(queries @ S.mT).argmax(dim=2).tolist()
    q = queries[orders.asked]
    gates = tuple(None if gate is None else gate[:, 0] for gate in (gamma, beta))
    return Recall(S, k, gates, q, S @ q, output(S @ q), best)


class Asked(Figure):
    """What `live_recall` returns."""

    styles = ("page.css", "recall.css")

    def __init__(self, networks, label, start, caption, longest):
        parts = {name: _parts(network) for name, network in networks.items()}
        self.packed = pack(parts, BITS)
        self.networks = [rounded(one, BITS).double() for one in parts.values()]
        self.names, self.rules = list(networks), [network.rule for network in networks.values()]
        self.label, self.start, self.caption, self.longest = label, start, caption, longest
        self.group = f"recall-{ids.own(repr([label, start, self.names]))[:8]}"
        self.drinks = self.networks[0][1].num_embeddings
        self.vocabulary = Vocabulary([*ascii_lowercase, *map(str, range(1, self.drinks + 1)), ASKS])

    def __repr__(self) -> str:
        return f"live_recall({self.label}: {self.start})"

    def read(self, text: str, before: str) -> tuple[Orders | None, str]:
        """The orders that were typed, or a sentence that says why they are none."""
        tokens, problem = typed.read(text, self.vocabulary, "numbers", before, float("inf"))
        if not problem and (why := refused(tokens, self.longest)):
            name, values = why
            problem = f"{SENTENCES[name].format(**values)} {SENTENCES['still'].format(before=before)}"
        return (None, problem) if problem else (parsed(tokens), "")

    def recalled(self, orders: Orders, which: int) -> Recall:
        """What one of the networks makes of orders."""
        return recalled(self.networks[which], self.rules[which], orders)

    def answer(self, text: str, which: int = 0, at: int | None = None, before: str = "") -> tuple[str, str]:
        """A sentence on what cannot be read, or else the answer's HTML, which shows the state after order ``at``."""
        orders, problem = self.read(text, before)
        if problem:
            return problem, ""
        last = len(orders.tables) - 1
        at = last if at is None else min(at, last)
        return "", html(self.recalled(orders, which), orders, at, self.group)

    def first(self) -> str:
        """The answer to ``start``."""
        return self.answer(self.start)[1]

    def form(self) -> ipywidgets.VBox:
        """Field, choice of the rule, slider through the orders, and answer."""
        wide = {"style": {"description_width": "initial"}, "layout": {"width": "34em"}}
        field = ipywidgets.Text(value=self.start, description=self.label, **wide)
        which = ipywidgets.ToggleButtons(options=[(name, n) for n, name in enumerate(self.names)])
        place = ipywidgets.IntSlider(value=1, min=1, max=1, description="after order", **wide)
        problem, answer, before = ipywidgets.HTML(), ipywidgets.HTML(), self.start

        def follow(change=None):
            nonlocal before
            why, found = self.answer(field.value, which.value, place.value - 1, before)
            problem.value = escape(why)
            if why:
                return
            before = field.value
            if change is None or change["owner"] is field:
                place.max = place.value = len(self.read(before, before)[0].tables)
                found = self.answer(before, which.value)[1]
            answer.value = self.framed(found)

        for one in (field, which, place):
            one.observe(follow, "value")
        follow()
        return ipywidgets.VBox([field, which, place, problem, answer, ipywidgets.HTML(escape(self.caption))])

    def page(self) -> str:
        """Field and choice are hidden until the script answers to them."""
        choices = "".join(
            f'<label><input type="radio" name="{self.group}-which" value="{n}" autocomplete="off"'
            f"{' checked' * (n == 0)}>{escape(name)}</label>"
            for n, name in enumerate(self.names)
        )
        asked = (
            f'<div class="asked">{self.field()}<span class="choices" role="radiogroup" aria-label="rule" hidden>'
            f"{choices}</span></div>"
        )
        data = {
            "cut": "numbers", "near": typed.NEAR, "sentences": SENTENCES, "most": self.longest, "share": SHARE,
            "vocabulary": list(self.vocabulary.tokens), "names": self.names, "rules": self.rules, "cell": CELL,
            "group": self.group,
        }  # fmt: skip
        return self.whole("recall", data, asked, self.caption, self.packed, "recall.js")


def _parts(network: nn.Module) -> nn.ModuleList:
    """The parts of a network, with the tables that can be typed."""
    parts = {name: getattr(network, name) for name in PARTS}
    parts["table"] = nn.Embedding.from_pretrained(parts["table"].weight.detach()[: len(ascii_lowercase)].clone())
    return nn.ModuleList(parts.values())


def drink(number: int, drinks: int) -> str:
    """An answer as it is shown."""
    return str(number + 1) if number < drinks else "nothing"


def shares(one: Recall, t: int) -> str:
    """The likeliest answers after order t, with their probabilities."""
    p, drinks = one.logits[t].softmax(dim=0), one.logits.shape[1] - 1
    order = sorted(range(drinks + 1), key=lambda i: -p[i])[:3]
    return ", ".join(f"{drink(i, drinks)} ({p[i]:.2f})" for n, i in enumerate(order) if n == 0 or p[i] >= SHARE)


def judged(one: Recall, orders: Orders, t: int) -> tuple[int | None, list[bool]]:
    """What the asked table has ordered last, up to order t, and for each table so far whether it is told right."""
    last = dict(zip(orders.tables[: t + 1], orders.drinks, strict=False))
    return last.get(orders.asked), [one.best[t][table] == number for table, number in last.items()]


def sentence(one: Recall, orders: Orders, t: int) -> str:
    """What stands below the rows when order t is picked."""
    gates = [f"{name} {gate[t]:.2f}" for name, gate in zip("γβ", one.gates, strict=True) if gate is not None]
    asked, order = ascii_lowercase[orders.asked], _order(orders, t)
    by = f" ({', '.join(gates)})" if gates else ""
    return f"After {order}{by}, asked for {asked}: {shares(one, t)}."


def told(one: Recall, orders: Orders) -> str:
    """The answer in words."""
    T, drinks = len(orders.tables), one.logits.shape[1] - 1
    wanted, rights = judged(one, orders, T - 1)
    best, p = one.best[-1][orders.asked], one.logits[-1].softmax(dim=0).max()
    if wanted is None:
        verdict = "That table has not ordered."
    else:
        verdict = "That is right." if best == wanted else f"Right is {drink(wanted, drinks)}."
    return (
        f"After {T} order{'s' * (T > 1)}, asked for table {ascii_lowercase[orders.asked]}, it says "
        f"{drink(best, drinks)}, with probability {p:.2f}. {verdict} "
        f"Of {len(rights)} table{'s' * (len(rights) > 1)} that ordered it has {sum(rights)} right."
    )


def html(one: Recall, orders: Orders, at: int, group: str) -> str:
    """The answer's HTML: it in words, the state after an order with what is read from it, and a row for each order.

    Args:
        one: the answer.
        orders: what was read.
        at: the order after which the state is shown.
        group: a name that the page's radio buttons have in common nowhere else.
    """
    asked = ascii_lowercase[orders.asked]
    most = [x.abs().max().item() for x in (one.S, one.out)]
    pictures = [
        ("k", f"k of {_order(orders, at)}", one.k[at][None], 1.0),
        ("q", f"q of {asked}", one.q[None], 1.0),
        ("S", f"S, to {most[0]:.1f}", one.S[at], most[0]),
        ("o", f"S q, to {most[1]:.1f}", one.out[at][:, None], most[1]),
    ]
    drawn = "".join(
        f'<div class="{kind}"><span>{name}</span>{squares(x, to)}</div>' for kind, name, x, to in pictures
    )
    rows = "".join(_row(one, orders, t, at, group) for t in range(len(orders.tables)))
    style = f'style="--d: {one.S.shape[2]}"'
    return (
        f'<p class="said">{escape(told(one, orders))}</p><div class="recall"><div class="read" aria-hidden="true" '
        f'{style}>{drawn}</div><fieldset class="map orders"><legend>After each order: what it says for {asked}, and '
        f"how many tables it has right</legend>{rows}</fieldset></div>"
    )


def squares(x: Tensor, largest: float) -> str:
    """A matrix as an SVG: a square for each entry, by its area; full where it is positive, a frame where negative."""
    kinds: dict[str, list[str]] = {"more": [], "less": []}
    for i, row in enumerate(x.tolist()):
        for j, entry in enumerate(row):
            half = int(0.48 * CELL * (abs(entry) / largest) ** 0.5 + 0.5) if largest else 0
            if half:
                left, top, inner = CELL * j + CELL // 2 - half, CELL * i + CELL // 2 - half, half // 2
                path = f"M{left} {top}h{2 * half}v{2 * half}h-{2 * half}z"
                if entry < 0 and inner:
                    left, top, hole = left + half - inner, top + half - inner, 2 * inner
                    path += f"M{left} {top}h{hole}v{hole}h-{hole}z"
                kinds["less" if entry < 0 else "more"].append(path)
    rows, columns = x.shape
    paths = "".join(f'<path class="{kind}" d="{"".join(found)}"></path>' for kind, found in kinds.items())
    return f'<svg viewBox="0 0 {CELL * columns} {CELL * rows}">{paths}</svg>'


def _order(orders: Orders, t: int) -> str:
    return f"{ascii_lowercase[orders.tables[t]]}{orders.drinks[t] + 1}"


def _row(one: Recall, orders: Orders, t: int, at: int, group: str) -> str:
    """An order that was read, to be picked."""
    wanted, rights = judged(one, orders, t)
    best, p = one.best[t][orders.asked], one.logits[t].softmax(dim=0).max()
    mark = "–" if wanted is None else "✓" if best == wanted else "✗"
    shown = (
        f"<span>{_order(orders, t)}</span><b>{drink(best, one.logits.shape[1] - 1)}</b>"
        f'<i style="--w: {p:.3f}"></i><b>{mark}</b><small>{sum(rights)} of {len(rights)}</small>'
    )
    return row_of(t, group, shown, sentence(one, orders, t), at)
