"""Drawn people under the shipped rulebook: no invariant breaks, engines agree, no page is empty.

SHIPPED_PEOPLE=10000 makes the long run; each person answers a random share of everything.
"""

from __future__ import annotations

import os
import random

import pytest

from recommender import Recommendation, load_rulebook, recommend
from recommender.explain.render import render
from recommender.governance.synthetic import synthetic
from recommender.pipeline import infer
from recommender.schemas import RecommendationDocument

RULEBOOK = load_rulebook()
PEOPLE = int(os.environ.get("SHIPPED_PEOPLE", "400"))
BATCH = 50


def answer_of(seed: int) -> Recommendation:
    """Raises when an invariant of the rulebook breaks."""
    share = random.Random(seed).choice((0.02, 0.1, 0.3, 0.5, 0.8, 0.95))
    return recommend(synthetic(RULEBOOK, seed, share), RULEBOOK)


@pytest.mark.parametrize("first", range(0, PEOPLE, BATCH))
def test_every_answer_keeps_its_promises(first: int) -> None:
    for seed in range(first, first + BATCH):
        answer = answer_of(seed)
        document = answer.to_dict()
        RecommendationDocument.model_validate(document)
        entries = [e["adaptation"] for e in (*document["plan"], *document["set_aside"])]
        assert sorted(entries) == sorted(RULEBOOK.adaptations), seed
        assert all(entry["because"] for entry in document["plan"]), seed
        next_step = document["plan"] or document["stops"] or document["basis"]["safe_base"]
        assert next_step, seed
        if document["status"] == "stopped":
            assert not document["plan"], seed
        page = render(document)
        assert "None" not in page, seed
        for entry in document["plan"]:
            for caution in entry["cautions"]:
                assert caution["rule"] in page, seed


@pytest.mark.durable
@pytest.mark.parametrize("first", range(0, PEOPLE, BATCH))
def test_both_engines_agree(first: int) -> None:
    """A disagreement is an EngineError."""
    for seed in range(first, first + BATCH):
        trace = answer_of(seed).trace
        infer(trace.facts, RULEBOOK, trace.as_of, cross_check=True)
