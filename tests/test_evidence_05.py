"""Chapter 5's evidence: stored rows stand when measured again, and every claim fails under a named ablation."""

import pytest

import evidence
from evidence import chapter

CHAPTER = chapter(5)

# What the chapter says → what takes its reason away. Under these every claim of the chapter has to fail.
ABLATIONS = {
    # C30: hardly any training, so that nothing is right, nothing is looked at, and nothing changes
    "minibatches(64, updates, seed)": "minibatches(64, 4, seed)",
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
