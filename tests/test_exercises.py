"""The exercises' notebooks as a whole: executed untouched, answered wrong and right, and through nbgrader."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from building import ROOT
from rnn2attn.check.questions import chapters
from rnn2attn.study.runner import chapter_number
from test_notebooks import MYST
from warm_kernels import warm_kernels

EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
NBGRADER = "nbgrader==0.9.6"


def read(path):
    return nbformat.read(path, as_version=4)


def possible(chapter):
    """All points of a chapter."""
    return sum(part.points for part in chapters()[chapter])


def total(chapter, points):
    """How a summary says that somebody has so many points."""
    return f"Chapter {chapter}: {points} of {possible(chapter)} points."


@warm_kernels()
def execute(notebook, folder):
    """Run a notebook as "Run all" does: a failing cell stops the rest, unless it is tagged."""
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def verdict(cell):
    """What a check cell says: its cards as text, and whether it failed."""
    texts = [o.data["text/plain"] for o in cell.outputs if o.output_type in ("display_data", "execute_result")]
    return "\n".join(texts), any(o.output_type == "error" for o in cell.outputs)


def uses(cells):
    """The cells that use the answers."""
    return [cell for name, cell in cells.items() if name.startswith("use-")]


def shows(cell):
    """Whether a cell prints something or shows a picture."""
    return any(output.get("text", "").strip() or "image/png" in output.get("data", {}) for output in cell.outputs)


@pytest.fixture(params=EXERCISES, ids=lambda path: path.stem)
def path(request):
    return request.param


def test_there_are_exercises():
    assert EXERCISES


def test_the_first_cell_and_the_link_are_those_of_the_chapters(path):
    notebook = read(path)
    chapter = read(ROOT / "notebooks" / path.name)
    assert notebook.cells[1].source == next(c.source for c in chapter.cells if c.cell_type == "code")
    slug = ADDRESS.split(".com/")[1]
    link = f"https://colab.research.google.com/github/{slug}/blob/main/exercises/{path.name}"
    assert f"[Run this page in Colab]({link})" in notebook.cells[0].source


def test_colab_reads_the_text_as_it_is(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", cell.source, flags=re.DOTALL)
            assert not MYST.search(text), cell.source
            assert not re.search(r"\b[A-Za-z]_\w", re.sub(r"\]\([^)]*\)", "", text)), cell.source


def test_no_output_is_stored(path):
    for notebook in (read(path), read(path.parent / "source" / path.name)):
        assert not any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.heavy
def test_an_untouched_notebook_runs_to_its_end_and_earns_nothing(path, tmp_path):
    cells = execute(read(path), tmp_path)
    checks = [cell for name, cell in cells.items() if name.startswith("check-")]
    assert len(checks) == len(chapters()[chapter_number(path)])
    for cell in checks:
        text, failed = verdict(cell)
        assert failed and "not answered yet. 0 of" in text
    for cell in uses(cells):
        assert verdict(cell)[0].startswith("○ This cell runs as soon as")
    assert total(chapter_number(path), 0) in verdict(cells["summary"])[0]


FIRST, *OTHERS = EXERCISES


@pytest.mark.heavy
@pytest.mark.parametrize(
    "path", [FIRST, *(pytest.param(other, marks=pytest.mark.soak) for other in OTHERS)], ids=lambda path: path.stem
)
def test_the_source_earns_everything(path, tmp_path):
    cells = execute(read(path.parent / "source" / path.name), tmp_path)
    assert not any(verdict(cell)[1] for cell in cells.values())
    for cell in uses(cells):
        assert shows(cell), cell.id
    chapter = chapter_number(path)
    said = re.escape(total(chapter, possible(chapter)))
    assert re.search(rf"{said}\n +Nothing is left\.", verdict(cells["summary"])[0])


WRONG = {
    "rnn_step": "def rnn_step(x, h, W_xh, W_hh, b):\n    return torch.tanh(x @ W_xh.T + h @ W_hh + b)",
    "next_token_loss": "def next_token_loss(logits, ids)\n    return 0",  # does not even parse
    "jacobian": "def jacobian(hs, W_hh, t):\n    return torch.autograd.functional.jacobian(None, hs)",
    "clip_by_norm": "def clip_by_norm(grads, max_norm):\n    norm = sum(g.nrom() for g in grads)\n    return norm",
    "steps_until": "def steps_until(sigma, gamma, eps):\n"
    "    return math.floor(math.log(eps) / math.log(gamma * sigma)) + 1",
}


GATES = {  # answers to chapter 2: code, and what is said to it
    "lstm_step": (
        "def lstm_step(x, state, W_x, W_h, b):\n    h, c = state\n"
        "    i, f, g, o = torch.sigmoid(x @ W_x.T + h @ W_h.T + b).chunk(4, 1)\n"
        "    c = f * c + i * g\n    return o * torch.tanh(c), c",
        "The candidate went through σ",
    ),
    "gru_step": (
        "def gru_step(x, h, W_x, W_h, b_x, b_h):\n    return torch.nn.GRUCell(7, 11)(x, h)",
        "uses `torch.nn.GRUCell`",
    ),
    "import_gru": (
        "def import_gru(K_x, K_h, b_x, b_h):\n    from rnn2attn.recurrent import negate_update_gate\n"
        "    return negate_update_gate(K_x.T, K_h.T, b_x, b_h)",
        "uses `rnn2attn.recurrent`",
    ),
    "latch": (
        "def latch():\n    W_x = torch.tensor([[0., 20], [0, -20], [1, 0], [0, 0]])\n"
        "    return W_x, torch.zeros(4, 1), torch.tensor([-10., 5, 0, 20])",
        "Your forget gate falls to 0.9933071 while write = 0",
    ),
    "half_lives": (
        "def half_lives(bias_ih, bias_hh):\n    f = torch.sigmoid(bias_ih + bias_hh).chunk(4)[1]\n"
        "    return -1 / torch.log2(f)",
        "Right, except where the gate rounds to 1",
    ),
    "with_half_lives": (
        "def with_half_lives(half_lives, bias_ih, bias_hh):\n    n = len(half_lives)\n"
        "    bias_ih[n : 2 * n] = -torch.expm1(math.log(2) / half_lives).log() - bias_hh[n : 2 * n]\n"
        "    return bias_ih, bias_hh",
        "changes its input `bias_ih` in place",
    ),
    "in_stretches": (
        "def in_stretches(x, state, W_x, W_h, b, steps):\n    (h, c), states = state, []\n"
        "    for t, x_t in enumerate(x.unbind(1)):\n        if t % steps == 0:\n"
        "            h, c = h.detach(), c.detach()\n"
        "        h, c = recurrent.lstm_step(x_t, (h, c), W_x, W_h, b)\n        states.append(h)\n"
        "    return torch.stack(states, 1)",
        "in_stretches: right. 1 of 1 point.",
    ),
    "perplexities": (
        "def perplexities(logits, labels, mask):\n"
        "    nats = F.cross_entropy(logits.mT, labels, reduction='none').where(mask, 0)\n"
        "    each = (nats.sum(1) / mask.sum(1)).exp()\n    return each, each.mean()",
        "That of all is the mean of theirs",
    ),
    "waits": (
        "def waits(biases):\n    return [round(math.log(2) * math.exp(max(biases)) * 50)]",
        "too late, both have forgotten too much",
    ),
}


SEQUENCES = {  # answers to chapter 3
    "teacher_forcing": (
        "def teacher_forcing(targets, sos, eos, pad):\n"
        "    rows = [torch.tensor([sos, *row, eos]) for row in targets]\n"
        "    whole = pad_sequence(rows, batch_first=True, padding_value=pad)\n"
        "    return whole[:, :-1], whole[:, 1:], whole[:, 1:] != pad",
        "Two things. In what is read, <eos> stands where a shorter row has ended",
    ),
    "mix_inputs": (
        "def mix_inputs(inputs, logits, use_gold):\n    return torch.where(use_gold, inputs, logits.argmax(-1))",
        "Not shifted, and <sos> is gone",
    ),
    "masked_loss": (
        "def masked_loss(logits, labels, mask):\n    from rnn2attn.training import token_loss\n"
        "    return token_loss(logits, labels, mask)",
        "uses `rnn2attn.training.token_loss`",
    ),
    "reverse_source": (
        "def reverse_source(ids, lengths):\n    for row, n in zip(ids, lengths):\n"
        "        row[:n] = row[:n].flip(0)\n    return ids",
        "changes its input `ids` in place",
    ),
    "last_states": (
        "def last_states(outputs, lengths):\n    return outputs[torch.arange(len(outputs)), lengths - 1]",
        "The forward half is right.",
    ),
    "greedy": (
        "def greedy(context, E, W, U, b, sos, eos, longest):\n    rows = []\n    for s in context:\n"
        "        word, row = sos, []\n        while len(row) < longest:\n"
        "            s = torch.tanh(E[word] + W @ s)\n            word = (U @ s + b).argmax().item()\n"
        "            if word == eos:\n                break\n            row.append(word)\n"
        "        rows.append(row)\n    return rows",
        "greedy: right. 2 of 2 points.",
    ),
    "beam_step": (
        "def beam_step(log_p, following, ended, eos):\n"
        "    best, place = (log_p[..., None] + following).flatten(1).topk(log_p.shape[1])\n"
        "    return best, place // following.shape[2], place % following.shape[2]",
        "An ended beginning was continued",
    ),
    "machine": (
        "def machine(V, longest):\n    d = V * longest\n    W_hh = torch.eye(d).roll(V, 0)\n    W_hh[:V] = 0\n"
        "    W_xh, W_o, b_o = torch.eye(d)[:, :V], torch.eye(V + 1, d), torch.zeros(V + 1)\n"
        "    W_o[V], b_o[V] = 0, 0.5\n    return W_xh, W_hh, W_hh.T, W_o, b_o",
        "The letter that was read last is missing.",
    ),
    "recovery": ("def recovery(said, target, lengths):\n    (said == target).mean()", "stops with RuntimeError"),
    "next_words": (
        "def next_words(target, V, forced, free):\n    table = [target[-1]] * (V + 1)\n"
        "    for a, b in zip([V, *target][:forced], target):\n        table[a] = b\n    return table",
        "Which entries are used in this run, and how many of them are right?",
    ),
}


PICTURES = {  # answers to chapter 5
    "to_cells": (
        "def to_cells(z, rows, columns):\n    positions = rows[:, None] + columns\n"
        "    return z.view(len(z), -1, z.shape[1]) + positions.flatten(0, 1)",
        "features of different places are mixed",
    ),
    "picture_maps": (
        "def picture_maps(weights, order, height, width):\n    maps = torch.empty_like(weights)\n"
        "    maps[..., order] = weights\n    return maps.unflatten(2, (height, width))",
        "picture_maps: right. 1 of 1 point.",
    ),
    "spatial_attend": (
        "def spatial_attend(s, z, usable, W_s, W_z, v):\n    cells = z.permute(0, 2, 3, 1)\n"
        "    e = torch.tanh((s @ W_s.T)[:, None, None] + cells @ W_z.T) @ v\n"
        "    alpha = e.masked_fill(~usable, -1e9).softmax(-1)\n"
        "    return (alpha[..., None] * cells).sum((1, 2)), alpha",
        "Each row of the grid sums to 1",
    ),
    "look_or_not": (
        "def look_or_not(scores, z, sentinel_scores, sentinels):\n"
        "    weights = torch.cat([scores.flatten(2), sentinel_scores[..., None]], 2).softmax(2)\n"
        "    alpha, beta = weights[..., :-1], weights[..., -1:]\n"
        "    c = beta * sentinels + (1 - beta) * (alpha @ z.flatten(2).mT)\n"
        "    return c, alpha.view_as(scores), beta[..., 0]",
        "You multiply by 1 − β once more",
    ),
    "pixels_seen": (
        "def pixels_seen(layers, size):\n    import torch.nn as nn\n    return nn.Conv1d(1, 1, layers[0][0])",
        "uses `torch.nn`",
    ),
    "blind_cells": (
        "def blind_cells(rows, columns, box):\n    top, left, bottom, right = box\n"
        "    above = torch.tensor([b <= top or a >= bottom for a, b in rows])\n"
        "    beside = torch.tensor([b <= left or a >= right for a, b in columns])\n"
        "    return above[:, None] & beside",
        "One of the two is enough",
    ),
    "share_in_box": (
        "def share_in_box(maps, box, height, width):\n    top, left, bottom, right = box\n"
        "    pixels = F.interpolate(maps[:, None], (height, width))[:, 0]\n"
        "    return pixels[:, top:bottom, left:right].sum((1, 2)) / pixels.sum((1, 2))",
        "Right where cells end with pixels.",
    ),
    "lift": (
        "def lift(shares, areas):\n    pairs = [p for p in zip(shares, areas) if p[0] is not None]\n"
        "    return sum(s / a for s, a in pairs) / len(pairs)",
        "tiny boxes outweigh all others",
    ),
    "fewest_shut": (
        "def fewest_shut(scores, z, W_o):\n    best = scores.flatten().sort().values[-4]\n    return scores < best",
        "Yours are the cells with the largest weights.",
    ),
}


ATTENDING = {  # answers to chapter 4
    "attend": (
        "def attend(query, keys, values, mask):\n"
        "    e = query @ keys.mT / math.sqrt(keys.shape[2])\n"
        "    e = e.masked_fill(~mask[:, None], -torch.inf)\n"
        "    alpha = e.softmax(2)\n    return alpha @ values, alpha",
        "Right, except where a row has no key: a softmax of nothing but −∞ is 0/0.",
    ),
    "general": (
        "def general(query, keys, W_q, W_k):\n    return W_q.T @ W_k, (query @ W_q.T) @ (keys @ W_k.T).mT",
        "general: right. 1 of 1 point.",
    ),
    "concat": (
        "def concat(query, keys, W, v):\n    from rnn2attn.attention import Concat\n"
        "    return Concat(query.shape[2], keys.shape[2], len(v))(query, keys)",
        "uses `rnn2attn.attention`",
    ),
    "attend_backward": (
        "def attend_backward(query, keys, values, weights, dcontext):\n    de = dcontext @ values.mT\n"
        "    de = weights * (1 - weights) * de / math.sqrt(keys.shape[2])\n"
        "    return {'query': de @ keys, 'keys': de.mT @ query, 'values': weights.mT @ dcontext}",
        "You went through the softmax as if it were a σ",
    ),
    "look_after": (
        "def look_after(y, s, h, mask, W_x, W_h, b):\n    said = []\n    for y_t in y.unbind(1):\n"
        "        e = (h @ s[..., None])[..., 0].masked_fill(~mask, -torch.inf)\n"
        "        c = (e.softmax(1)[..., None] * h).sum(1)\n"
        "        s = torch.tanh(y_t @ W_x.T + s @ W_h.T + b)\n"
        "        said.append(torch.cat([c, s], 1))\n    return torch.stack(said, 1)",
        "It is the old state that asks in your answer",
    ),
    "look_before": ("def look_before(y, s, h, mask, W_x, W_h):\n    return s", "the question calls it with"),
    "addresses": (
        "def addresses(T, order):\n    angle = 2 * math.pi * torch.arange(T) / T\n"
        "    keys = torch.stack([angle.cos(), angle.sin()], 1)\n    return keys[order], keys",
        "It leads, and not by enough: what makes a softmax sharper?",
    ),
    "on_right_words": (
        "def on_right_words(weights, gold):\n    counts = gold.any(2)\n"
        "    found = gold.gather(2, weights.argmax(2, keepdim=True))\n"
        "    return found[counts].double().mean(), (weights * gold).sum(2)[counts].mean()",
        "on_right_words: right. 1 of 1 point.",
    ),
    "another_map": (
        "def another_map(weights, values):\n    return weights.flip(0)",
        "The context is another one",
    ),
}


LAYERS = {  # answers to chapter 6
    "self_attention": (
        "def self_attention(x, W_q, W_k, W_v, mask):\n    q, k, v = x @ W_q.T, x @ W_k.T, x @ W_v.T\n"
        "    scores = q @ k.mT / math.sqrt(x.shape[-1])\n    if mask is not None:\n"
        "        scores = scores.masked_fill(~mask[:, None], -math.inf)\n"
        "    weights = scores.softmax(-1)\n    return weights @ v, weights",
        "The scores are divided by √d_model.",
    ),
    "score_variance": (
        "def score_variance(d_k, mean_q, var_q, mean_k, var_k):\n    return d_k * var_q * var_k",
        "Right for means of 0.",
    ),
    "pack_heads": (
        "def pack_heads(W_q, W_k, W_v, W_o):\n    d = W_o.shape[1]\n"
        "    return torch.cat([W.reshape(d, d) for W in (W_q, W_k, W_v)]), W_o.T",
        "the rows are made of pieces of others",
    ),
    "shares_of_heads": (
        "def shares_of_heads(contexts, W_o):\n    from rnn2attn.attention import merge_heads\n"
        "    return merge_heads(contexts) @ W_o.T",
        "uses `rnn2attn.attention`",
    ),
    "decoding_mask": (
        "def decoding_mask(lengths, T_query, T):\n    causal = torch.ones(T_query, T).tril(T - T_query).bool()\n"
        "    return causal & (torch.arange(T) >= T - lengths[:, None, None])",
        "Right, except where a query is padding: it has no key at all",
    ),
    "cached_step": (
        "def cached_step(q, k, v, cache):\n    keys = torch.cat([cache[0], k[:, :, None]], 2)\n"
        "    values = torch.cat([cache[1], v[:, :, None]], 2)\n"
        "    weights = torch.einsum('bhd,bhtd->bht', q, keys).div(q.shape[2] ** 0.5).softmax(-1)\n"
        "    return torch.einsum('bht,bhtd->bhd', weights, values).flatten(1), (keys, values)",
        "cached_step: right. 2 of 2 points.",
    ),
    "moved": (
        "def moved(p, k, omega):\n    angle = k[:, None] * omega\n"
        "    p[:, ::2] = p[:, ::2] * angle.cos() + p[:, 1::2] * angle.sin()\n"
        "    p[:, 1::2] = p[:, 1::2] * angle.cos() - p[:, ::2] * angle.sin()\n    return p",
        "you wrote over the old ones too early",
    ),
    "rotated": (
        "def rotated(x, places, omega):\n    angle = (places[..., None] * torch.cat([omega, omega]))[:, None]\n"
        "    one, two = x.chunk(2, -1)\n    return x * angle.cos() + torch.cat([-two, one], -1) * angle.sin()",
        "You pair feature i with feature i + d/2.",
    ),
    "encoder_layer": (
        "def encoder_layer(x, attention, norm1, feed, norm2, pre_norm):\n"
        "    (A, W), (W_1, b_1, W_2, b_2) = attention, feed\n"
        "    def norm(y, parameters):\n        return F.layer_norm(y, y.shape[-1:], *parameters)\n"
        "    if pre_norm:\n        x = norm(x, norm1)\n    x = x + A @ x @ W.T\n"
        "    x = norm(x, norm2 if pre_norm else norm1)\n"
        "    x = x + F.relu(x @ W_1.T + b_1) @ W_2.T + b_2\n    return x if pre_norm else norm(x, norm2)",
        "The plain path has to stay plain",
    ),
    "twins": (
        "def twins(length, V, layers, causal, window, period):\n"
        "    one = [t % V for t in range(length)]\n    return one, [one[1], one[0], *one[2:]]",
        "and others differ later",
    ),
}


STATES = {  # answers to chapter 7
    "write_and_read": (
        "def write_and_read(S, q, k, v, a):\n    o = (S @ q[:, :, None])[..., 0]\n"
        "    return o, a[:, None, None] * S + v[:, :, None] * k[:, None]",
        "You read the old one",
    ),
    "all_at_once": (
        "def all_at_once(q, k, v, a):\n    from rnn2attn.linear import parallel\n    return parallel(q, k, v, 0.5)",
        "uses `rnn2attn.linear`",
    ),
    "through_chunk": (
        "def through_chunk(S, q, k, v, gamma):\n    outputs = []\n    for t in range(q.shape[2]):\n"
        "        S *= gamma[:, None, None]\n        S = S + v[:, :, t, :, None] * k[:, :, t, None]\n"
        "        outputs.append((S @ q[:, :, t, :, None])[..., 0])\n    return torch.stack(outputs, 2), S",
        "changes its input `S` in place",
    ),
    "delta_step": (
        "def delta_step(S, k, v, beta, a):\n    error = v - (S @ k[:, :, None])[..., 0]\n"
        "    S = a[:, None, None] * S\n    return S + (beta[:, None] * error)[:, :, None] * k[:, None]",
        "You look at the memory before it has forgotten.",
    ),
    "written": (
        "def written(v, gram, beta):\n    return beta[..., None] * (v - gram.tril(-1) @ v)",
        "a value was not written as it is",
    ),
    "combined": (
        "def combined(first, second):\n    (A, a), (B, b) = first, second\n"
        "    return B @ A, (B @ a[:, :, None])[..., 0] + b",
        "combined: right. 1 of 1 point.",
    ),
    "after_rounds": (
        "def after_rounds(f, x, rounds):\n    for r in range(rounds):\n"
        "        f, x = f * f.roll(2**r, 1), f * x.roll(2**r, 1) + x\n    return f, x",
        "left of the first place there is nothing",
    ),
    "width_needed": ("def width_needed(pairs, share):\n    return pairs", "can all stand at right angles"),
    "least_error": (
        "def least_error(keys, values):\n    S = values.T @ keys\n"
        "    return ((keys @ S.T - values) ** 2).sum().item()",
        "That is the error of the sum",
    ),
    "readings": (
        "def readings(beta, gamma, n):\n    m = torch.arange(n + 1).double()\n"
        "    return (beta * gamma**m).tolist(), (beta * (gamma - gamma * beta) ** m).tolist()",
        "readings: right. 1 of 1 point.",
    ),
    "made_by": (
        "def made_by(fresh, again):\n    return 'linear' if fresh[0] == fresh[-1] else 'GRU'",
        "Your output must be one of",
    ),
}


def with_answers(chapter, answers, folder):
    """A chapter's notebook, executed with these answers."""
    (path,) = (path for path in EXERCISES if chapter_number(path) == chapter)
    notebook = read(path)
    for cell in notebook.cells:
        name = cell.id.removeprefix("answer-")
        if name in answers and cell.id.startswith("answer-"):
            cell.source = answers[name]
    return execute(notebook, folder)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Chapter 1's notebook with wrong answers and a right one, and what it shows."""
    return with_answers(1, WRONG, tmp_path_factory.mktemp("answered"))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("chapter", "answers", "points"),
    [(2, GATES, 1), (3, SEQUENCES, 2), (4, ATTENDING, 2), (5, PICTURES, 1), (6, LAYERS, 2), (7, STATES, 2)],
)
def test_answers_get_their_cards(tmp_path, chapter, answers, points):
    cells = with_answers(chapter, {name: code for name, (code, _) in answers.items()}, tmp_path)
    assert {name for name in cells if name.startswith("check-")} == {f"check-{name}" for name in answers}
    for name, (_, says) in answers.items():
        assert says in verdict(cells[f"check-{name}"])[0], name
    assert total(chapter, points) in verdict(cells["summary"])[0]


@pytest.mark.heavy
def test_wrong_answers_get_cards_and_stop_nothing(answered):
    said = {name: verdict(answered[f"check-{name}"])[0] for name in WRONG}
    assert "Weights lie (out, in)" in said["rnn_step"]
    assert "uses `torch.autograd`" in said["jacobian"]
    assert "stops with AttributeError in line 2: `norm = sum(g.nrom()" in said["clip_by_norm"]
    assert "eps above one: Your output, -1, is not right." in said["steps_until"]
    assert total(1, 0) in verdict(answered["summary"])[0]


@pytest.mark.heavy
def test_a_wrong_answer_shows_one_card_and_no_traceback(answered):
    cell = answered["check-rnn_step"]
    kinds = [output.output_type for output in cell.outputs]
    assert kinds == ["display_data", "error"]
    assert set(cell.outputs[0].data) == {"text/html", "text/plain"}
    assert cell.outputs[1].ename == "Wrong"
    assert cell.outputs[1].traceback == ["rnn_step: not right yet. 0 of 2 points."]


@pytest.fixture(scope="session")
def nbgrader(tmp_path_factory):
    """nbgrader in an environment of its own, because it brings some eighty packages that the book does not need."""
    folder = os.environ.get("RNN2ATTN_NBGRADER")  # one that stands already
    if not folder:
        folder = tmp_path_factory.mktemp("nbgrader")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([Path(folder, "bin/pip"), "install", "-q", NBGRADER], check=True)
    return Path(folder, "bin/nbgrader")


@pytest.mark.soak
def test_nbgrader_takes_the_source_as_it_is(nbgrader, path, tmp_path):
    """It makes an assignment of it, and gives the reference all points and an empty answer none."""
    name = path.stem
    kernels = tmp_path / "share/kernels/python3"
    kernels.mkdir(parents=True)
    kernels.joinpath("kernel.json").write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "Python 3",
                "language": "python",
            }
        )
    )
    search = os.pathsep.join([str(nbgrader.parent), os.environ["PATH"]])  # it calls alembic
    env = {**os.environ, "JUPYTER_PATH": str(tmp_path / "share"), "PATH": search}
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'rnn'\n")
    source = tmp_path / "source" / name
    source.mkdir(parents=True)
    shutil.copy(path.parent / "source" / path.name, source)

    def run(*command):
        result = subprocess.run(
            [nbgrader, *command], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr

    run("generate_assignment", name)
    released = tmp_path / "release" / name / path.name
    assert "NotImplementedError" in released.read_text() and "SOLUTION" not in released.read_text()
    for student, answer in (("reference", source / path.name), ("empty", released)):
        folder = tmp_path / "submitted" / student / name
        folder.mkdir(parents=True)
        shutil.copy(answer, folder)
    run("autograde", name)
    run("export", "--to", "grades.csv")
    lines = (tmp_path / "grades.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    every = possible(chapter_number(path))
    assert {row["student_id"]: float(row["score"]) for row in rows} == {"reference": every, "empty": 0}
    assert {float(row["max_score"]) for row in rows} == {every}
