"""Two answers side by side, and the smallest changes of one."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation, load_rulebook, recommend
from recommender.explain.minimal import smallest_changes, written
from recommender.explain.render import render_what_if, render_why_not
from recommender.explain.what_if import differences
from tests.building import Plain

RULEBOOK = load_rulebook()
PATIENT: Plain = {
    "schema": "profile/1",
    "id": "p",
    "assessed_on": "2026-11-20",
    "as_of": "2026-11-20",
    "age": 40,
    "assessments": [
        {"instrument": "phq9", "items": [2, 2, 2, 2, 2, 2, 2, 2, 0]},
        {"instrument": "rrs_brooding", "total": 15},
    ],
    "observations": {"diagnosis_confirmed": True, "suicidal_thoughts": False},
    "history": {"treatments": []},
}


def answer(**supposed: Any) -> Recommendation:
    return recommend(PATIENT, RULEBOOK, suppose=supposed)


def compared(**supposed: Any) -> dict[str, Any]:
    before, after = answer().to_dict(), answer(**supposed).to_dict()
    return differences(before, after, RULEBOOK, supposed)


def test_nothing_supposed_changes_nothing() -> None:
    found = compared()
    assert found["adaptations"] == []
    assert len(found["unchanged"]) == len(RULEBOOK.adaptations)
    assert found["rules"] == {}


def test_each_change_names_the_rules_that_made_it() -> None:
    found = {one["adaptation"]: one for one in compared(rrs_brooding=6)["adaptations"]}
    causes = {cause["rule"]: cause for cause in found["rfcbt"]["causes"]}
    cause = causes["adaptation.rumination.marked_rumination"]
    assert (cause["before"], cause["after"]) == ("fired", "silent")


def test_a_stop_that_begins_is_shown_with_what_to_do() -> None:
    found = compared(suicidal_intent=True)
    assert [stop["rule"] for stop in found["stops"]["begin"]] == ["safety.suicide_stops.intent"]
    assert found["status"]["after"] == "stopped"
    before, after = answer().to_dict(), answer(suicidal_intent=True).to_dict()
    text = render_what_if(before, after, found)
    assert "Full suicide assessment today" in text
    assert "no advice to reach a value" in " ".join(text.split())


def test_the_order_of_the_plan_is_a_cause_too() -> None:
    failed = {"kind": "antidepressant", "agent": "sertraline", "outcome": "none"}
    person = PATIENT | {"history": {"treatments": [failed | {"episode": "current"}]}}
    supposed = {"inertia": "marked"}
    before = recommend(person, RULEBOOK).to_dict()
    after = recommend(person, RULEBOOK, suppose=supposed).to_dict()
    rows = differences(before, after, RULEBOOK, supposed)["adaptations"]
    found = {one["adaptation"]: one for one in rows}
    assert any(c["rule"].startswith("combination.order") for c in found["cbt_core"]["causes"])


# ------------------------------------------------------------------------------- smallest changes


def test_one_answer_is_enough_where_one_is() -> None:
    found = smallest_changes(answer(), "cbti")
    assert found.wanted
    (change,) = found.changes
    (edit,) = change.edits
    assert (edit.feature, edit.answers) == ("insomnia", True)
    assert change.enters_plan


def test_age_and_history_are_never_to_be_changed() -> None:
    for name in RULEBOOK.adaptations:
        for change in smallest_changes(answer(), name).changes:
            for edit in change.edits:
                assert edit.answers or RULEBOOK.features[edit.feature].modifiable


def test_what_is_impossible_names_the_rules_in_the_way() -> None:
    found = smallest_changes(answer(), "older_adult")
    assert found.changes == ()
    assert [rule.id for rule in found.impossible_because] == [
        "adaptation.life_situation.older_adult"
    ]


def test_an_exclusion_nothing_can_lift_is_named() -> None:
    shown = recommend(PATIENT, RULEBOOK, suppose={"implants": ["pacemaker"]})
    found = smallest_changes(shown, "tms")
    assert "safety.tms.cardiac_devices" in [rule.id for rule in found.impossible_because]


def test_of_a_recommended_one_it_is_what_would_undo_it() -> None:
    found = smallest_changes(answer(), "rfcbt")
    assert not found.wanted
    assert {e.feature for c in found.changes for e in c.edits} >= {"rumination"}


def test_of_a_declined_one_only_the_wish_may_be_in_the_way() -> None:
    declined = recommend(PATIENT | {"preferences": {"declines": ["rfcbt"]}}, RULEBOOK)
    found = smallest_changes(declined, "rfcbt")
    assert (found.changes, found.impossible_because) == ((), ())


@pytest.mark.parametrize("name", ["tms", "ba", "older_adult", "cbti"])
def test_the_page_says_them_in_words(name: str) -> None:
    shown = answer()
    text = render_why_not(
        shown.to_dict(), name, smallest=written(smallest_changes(shown, name), shown)
    )
    assert "Smallest changes" in text
    assert "None" not in text
