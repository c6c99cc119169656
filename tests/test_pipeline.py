"""The whole flow: which day, which patient, which engine; pure and repeatable."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from recommender import EngineError, ProfileError, Rulebook, recommend
from recommender.conditions import FALSE
from recommender.engines import durable, native
from recommender.pipeline import infer
from recommender.profile import as_profile
from recommender.trace import Trace
from recommender.version import VERSION
from tests.building import AS_OF, facts, ordinal, patient, problems, rulebook


@pytest.fixture(scope="module")
def book() -> Rulebook:
    rules = {
        "adaptation.t.high": {"when": {"mood": "high"}, "recommend": "mbct"},
        "adaptation.t.soon": {
            "when": {},
            "recommend": "ba",
            "effective_period": {"start": "2026-11-23"},
        },
    }
    features = [ordinal("mood", valid_for="P7D")]
    return rulebook(features, rules, adaptations=["mbct", "ba"])


HIGH = patient(observations={"mood": "high"})


# ------------------------------------------------------------------------------- doors


def test_a_profile_comes_as_mapping_text_bytes_or_profile(book: Rulebook) -> None:
    text = json.dumps(HIGH)
    answers = [
        recommend(form, book).to_dict() for form in (HIGH, text, text.encode(), as_profile(HIGH))
    ]
    assert answers[1:] == answers[:1] * 3


def test_the_mapping_given_is_left_as_it_was(book: Rulebook) -> None:
    before = json.dumps(HIGH)
    recommend(HIGH, book)
    assert json.dumps(HIGH) == before


# ------------------------------------------------------------------------------- the day


def test_the_day_given_counts_before_the_profiles_own(book: Rulebook) -> None:
    later = recommend(HIGH, book, as_of=date(2026, 11, 28))
    assert later.as_of == date(2026, 11, 28)
    assert recommend(HIGH, book).as_of == AS_OF


def test_the_day_decides_how_old_a_value_is_and_which_rules_are_in_effect(book: Rulebook) -> None:
    assert recommend(HIGH, book).recommended == ("mbct",)
    assert recommend(HIGH, book, as_of=date(2026, 11, 23)).recommended == ("ba", "mbct")
    assert recommend(HIGH, book, as_of=date(2026, 11, 28)).recommended == ("ba",)


def test_without_a_day_there_is_no_answer(book: Rulebook) -> None:
    undated = {key: value for key, value in HIGH.items() if key != "as_of"}
    (problem,) = problems(lambda: recommend(undated, book), ProfileError)
    assert (problem.code, problem.path) == ("P221", "as_of")
    assert recommend(undated, book, as_of=AS_OF).recommended == ("mbct",)


def test_a_day_before_the_assessment_is_refused(book: Rulebook) -> None:
    (problem,) = problems(lambda: recommend(HIGH, book, as_of=date(2026, 11, 19)), ProfileError)
    assert (problem.code, problem.path) == ("P201", "assessed_on")


# ------------------------------------------------------------------------------- the patient


def test_the_patient_meant_must_be_the_profiles(book: Rulebook) -> None:
    assert recommend(HIGH, book, patient_id="tiny").recommended
    (problem,) = problems(lambda: recommend(HIGH, book, patient_id="other-17"), ProfileError)
    assert problem.code == "P220"
    assert "other-17" not in str(problem)
    assert "tiny" not in str(problem)


# ------------------------------------------------------------------------------- engines


def test_the_answer_says_what_made_it(book: Rulebook) -> None:
    made = recommend(HIGH, book).to_dict()["produced_by"]
    assert made == {"software": f"recommender {VERSION}", "engine": "native", "cross_check": None}


@pytest.mark.durable
def test_both_engines_give_the_same_answer(book: Rulebook) -> None:
    first = recommend(HIGH, book).to_dict()
    second = recommend(HIGH, book, engine="durable").to_dict()
    checked = recommend(HIGH, book, cross_check=True).to_dict()
    assert second["produced_by"]["engine"] == "durable"
    assert checked["produced_by"]["cross_check"] == "native, durable"
    for one in (first, second, checked):
        del one["produced_by"]
    assert first == second == checked


def _contrary(known: Any, book: Rulebook, as_of: date) -> Trace:
    """An engine that finds every rule silent."""
    made = native.infer(known, book, as_of)
    return Trace(book, as_of, made.facts, dict.fromkeys(made.truths, FALSE), made.row, made.place)


def test_engines_that_disagree_give_an_error_and_no_plan(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "infer", _contrary)
    (problem,) = problems(lambda: recommend(HIGH, book, cross_check=True), EngineError)
    assert problem.code == "E102"
    assert "adaptation.t.high" in problem.message


def test_engines_are_compared_whichever_is_first(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "infer", _contrary)
    known = facts(book, observations={"mood": "high"})
    with pytest.raises(EngineError):
        infer(known, book, AS_OF, engine="durable", cross_check=True)


# ------------------------------------------------------------------------------- pure


def test_an_answer_for_one_patient_leaves_nothing_for_the_next(book: Rulebook) -> None:
    low = patient(observations={"mood": "low"})
    alone = recommend(low, book).to_dict()
    recommend(HIGH, book).to_dict()
    assert recommend(low, book).to_dict() == alone
