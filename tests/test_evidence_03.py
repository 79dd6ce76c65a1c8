"""Chapter 3's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

import pytest

import evidence
from evidence import chapter

CHAPTER = chapter(3)

# What the chapter says → what takes its reason away. Under these every claim of the chapter has to fail.
ABLATIONS = {
    # C14: the causal tagger is given both directions
    "{d: tagger(d) for d in": '{d: tagger("both") for d in',
    # C15 to C19, C36, C37: too few updates to learn anything
    "updates=400, forcing=None, **how": "updates=20, forcing=None, **how",
    "minibatches(64, 600, seed)": "minibatches(64, 20, seed)",
    "minibatches(64, 400, seed)": "minibatches(64, 20, seed)",
    "trained(pairs, seed, updates, cell=cell, d_h=d_h)": "trained(pairs, seed, 20, cell=cell, d_h=d_h)",
    "trained(pairs, seed, 160, forcing,": "trained(pairs, seed, 10, forcing,",
    # C18: read forced where it should be read free
    "for f in (1.0, 0.0)": "for f in (0.0, 1.0)",
    # C18: the right letter where a wrong one should be planted
    "tokens = first + (target[:, t] - first + 1) % 10": "tokens = target[:, t]",
    # C36: the tensors of either in the place of those of both
    "tensors(model.encoder) & tensors(model.decoder)": "tensors(model.encoder) | tensors(model.decoder)",
}


@pytest.fixture(scope="module")
def rows():
    return evidence.measured(CHAPTER)


def test_the_chapters_table_gives_the_registers_verdicts():
    evidence.table_gives_the_registers_verdicts(CHAPTER)


def test_the_stored_rows_stand(rows):
    evidence.stored_rows_stand(rows, CHAPTER)


def test_every_claim_fails_under_its_ablation(rows, tmp_path):
    evidence.every_claim_fails(rows, CHAPTER, ABLATIONS, tmp_path)
