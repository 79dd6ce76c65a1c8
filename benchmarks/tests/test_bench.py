"""The benchmark, at sizes that take no time: each variant trains, and all ways to compute one model agree."""

from collections import defaultdict
from itertools import pairwise

import pandas as pd
import pytest
import torch

import caching
from speed import measure
from tables import CACHE_RESULTS, CACHE_TABLE, RESULTS, TABLES, cache_table, tables
from variants import Sizes, Tied, changes, data, decoder, decoding, trainer, variants

V, SIZES = 11, Sizes(batch=4, source=5, target=3, d=6)
EVERY = [*variants(), *changes()]
MODELS = defaultdict(list)
for one in EVERY:
    if one.way != "limit" and one.make is not Tied:
        MODELS[one.cell, one.decoder].append(one)


def name(variant):
    return f"{variant.cell} {variant.decoder} {variant.way}"


def results(variant):
    """Weights, logits, loss and gradients, in float64."""
    batch, vocabulary = data(V, SIZES)
    model = variant.model(vocabulary, SIZES.d).double()
    loss = variant.loss(model, batch)
    loss.backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return {"weights": model.state_dict(), "logits": model(batch).detach(), "loss": loss, "gradients": gradients}


@pytest.mark.parametrize("variant", EVERY, ids=name)
def test_every_variant_trains(variant):
    update = trainer(variant, V, SIZES)
    losses = [update() for _ in range(5)]
    assert all(later < earlier for earlier, later in pairwise(losses))


@pytest.mark.parametrize("ways", MODELS.values(), ids=lambda ways: name(ways[0]))
def test_all_ways_to_compute_a_model_agree(ways):
    ours, *others = ways
    expected, said = results(ours), [row.ids for row in decoder(ours, V, SIZES)()]
    assert [len(ids) for ids in said] == [SIZES.target] * SIZES.batch
    for other in others:
        torch.testing.assert_close(results(other), expected, msg=lambda text, other=other: f"{name(other)}: {text}")
        assert [row.ids for row in decoder(other, V, SIZES)()] == said


@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_the_limit_has_the_parameters_of_dot_and_does_not_attend(cell):
    batch, vocabulary = data(V, SIZES)
    chosen = [v for v in variants() if (v.cell, v.decoder) == (cell, "attention, dot")]
    models = {v.way: v.model(vocabulary, SIZES.d) for v in chosen}
    ours, limit = models["ours"], models["limit"]
    torch.testing.assert_close(limit.state_dict(), ours.state_dict(), rtol=0, atol=0)
    memory = limit.encoder(batch.source, batch.source_lengths)
    state = limit.decoder.begin(memory)
    other = memory._replace(states=torch.randn_like(memory.states))
    torch.testing.assert_close(limit.decoder(batch.inputs, state, other), limit.decoder(batch.inputs, state, memory))


def test_the_stored_numbers_are_of_these_variants_and_the_pages_tables_of_these_numbers():
    columns = ["task", "cell", "decoder", "way"]
    stored, now = pd.read_csv(RESULTS), measure(1, SIZES, (V,))
    assert list(stored.columns) == list(now.columns)
    assert {*stored[columns].itertuples(index=False)} == {*now[columns].itertuples(index=False)}
    assert TABLES.read_text(encoding="utf-8") == tables(stored)


def test_with_the_cache_and_without_the_same_is_said():
    batch, vocabulary = data(V, SIZES)
    models = caching.models(vocabulary, d=8)
    said = {name: [row.ids for row in decoding(model, batch, 7)()] for name, model in models.items()}
    assert said["cache"] == said["no cache"] and len({*map(tuple, said["cache"])}) > 1
    assert all(len(ids) == 7 for rows in said.values() for ids in rows)
    with torch.no_grad():
        for parameter in models["cache"].parameters():
            parameter.zero_()
    assert [row.ids for row in decoding(models["no cache"], batch, 7)()] == [[0] * 7] * 4, "they are one model"


def test_the_stored_numbers_of_the_cache_are_of_these_models_and_the_table_of_these_numbers():
    stored, now = pd.read_csv(CACHE_RESULTS), caching.measure(1, caching.Lengths(2, 3, 8, V))
    assert list(stored.columns) == list(now.columns)
    columns = ["model", "target"]
    assert {*stored[columns].itertuples(index=False)} == {*now[columns].itertuples(index=False)}
    assert CACHE_TABLE.read_text(encoding="utf-8") == cache_table(stored)
