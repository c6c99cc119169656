"""What if a feature were otherwise: scores and values put in place, and nothing kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from recommender import ProfileError, load_rulebook, recommend
from recommender.errors import Problem
from recommender.suppose import suppose
from tests.building import Plain, problems

RULEBOOK = load_rulebook()
PATIENT: Plain = {
    "schema": "profile/1",
    "id": "p",
    "assessed_on": "2026-11-20",
    "as_of": "2026-11-20",
    "age": 40,
    "assessments": [{"instrument": "rrs_brooding", "total": 15}],
    "observations": {"diagnosis_confirmed": True, "suicidal_thoughts": False},
}


def fact(name: str, **supposed: Any) -> Any:
    answer = recommend(PATIENT, RULEBOOK, suppose=supposed)
    return next(one for one in answer.to_dict()["facts"] if one["feature"] == name)


def refused(**supposed: Any) -> list[Problem]:
    found = problems(lambda: recommend(PATIENT, RULEBOOK, suppose=supposed), ProfileError)
    return list(found)


def test_a_score_is_banded_like_any_other() -> None:
    assert fact("rumination")["possible"] == {"value": "high"}
    assert fact("rumination", rrs_brooding=6)["possible"] == {"value": "low"}


def test_a_finding_takes_the_place_of_what_was_assessed() -> None:
    found = fact("rumination", rumination="mild")
    assert (found["possible"], found["source"]) == ({"value": "mild"}, "supposed")


def test_a_set_is_supposed_whole() -> None:
    found = fact("conditions", conditions=["epilepsy"])
    assert found["possible"] == {"value": ["epilepsy"]}


def test_what_is_read_from_a_field_follows_it() -> None:
    assert fact("cardiac_device", implants=["pacemaker"])["possible"] == {"value": True}
    assert fact("cardiac_device", implants=[])["possible"] == {"value": False}


def test_an_act_on_record_cannot_be_supposed() -> None:
    (found,) = refused(**{"release.risk_assessment_done": True})
    assert found.code == "P203"


def test_an_item_of_a_scale_can_be_supposed() -> None:
    assert fact("phq9.self_harm", **{"phq9.self_harm": 2})["possible"] == {"value": 2}


@pytest.mark.parametrize(
    ("supposed", "code"),
    [
        ({"inertja": "marked"}, "P203"),
        ({"trd_status": "trd"}, "P203"),
        ({"rrs": 400}, "P204"),
        ({"inertia": "huge"}, "P204"),
        ({"inertia": ["marked"]}, "P204"),
        ({"implants": "pacemaker"}, "P204"),
        ({"implants": ["clip"]}, "P204"),
        ({"psychosis": "yes"}, "P204"),
    ],
)
def test_what_cannot_be_is_refused(supposed: Plain, code: str) -> None:
    (found,) = refused(**supposed)
    assert found.code == code
    assert "400" not in str(found)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(refused(inertja="x", rrs=400)) == 2


def test_an_older_score_stays_for_what_measures_change() -> None:
    given = PATIENT | {
        "assessments": [{"instrument": "phq9", "total": 20, "on": "2026-10-01"}],
    }
    from recommender.profile import as_profile

    profile, facts = suppose(as_profile(given), RULEBOOK, {"phq9": 8}, date(2026, 11, 20))
    assert [(one.total, str(one.on)) for one in profile.assessments] == [
        (20, "2026-10-01"),
        (8, "2026-11-20"),
    ]
    assert facts == {}


def test_an_answer_says_what_was_supposed() -> None:
    assert recommend(PATIENT, RULEBOOK).to_dict()["basis"]["supposed"] == []
    answer = recommend(PATIENT, RULEBOOK, suppose={"inertia": "marked"})
    assert answer.to_dict()["basis"]["supposed"] == ["inertia"]
