"""The answer as a document: every part is there, in the words of the rules and the vocabulary."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from recommender import Recommendation, Rulebook, load_rulebook, recommend
from recommender.profile import read_profile
from recommender.schemas import RecommendationDocument
from tests.building import Plain, answer, boolean, integer, members, ordinal, rulebook

PAPER = {
    "id": "roe_2020",
    "title": "On mood",
    "author": [{"family": "Roe"}],
    "DOI": "10.1000/1",
    "checked": "memory",
    "review_by": "2027-01-01",
}
MBCT: Plain = {
    "id": "mbct",
    "title": "Mindfulness-based cognitive therapy",
    "patient_title": "Mindfulness course",
    "what": "Eight weekly sessions.",
    "phase": 1,
    "burden": {"hours_per_week": 2.5, "homework_streams": 1, "weeks": 8},
    "needs": ["access.group"],
    "fallback": ["act"],
    "monitor": ["scale"],
    "first_steps": "Invite.",
    "review": "After week 4.",
}
FEATURES = [
    ordinal("mood", label="Mood", unit="", question="How is the mood?", panel="feelings")
    | {"from": [{"instrument": "scale", "band": {"few": "low", "many": "high"}}, "clinician"]},
    boolean("device", label="Device"),
    boolean("agrees", label="Agrees"),
    boolean("access.group", label="Group"),
    members("implants", "clip pacemaker", label="Implants"),
    members("medications", "lithium", label="Medication", accepts_other=True),
    integer("count", 0, 9, label="Count", unit="points"),
]
SCALE: Plain = {
    "id": "scale",
    "title": "The scale",
    "range": [0, 9],
    "minutes": 3,
    "bands": [{"id": "few", "range": [0, 4]}, {"id": "many", "range": [5, 9]}],
}
RULES: dict[str, Plain] = {
    "adaptation.t.high": {
        "title": "High mood",
        "when": {"mood": "high"},
        "recommend": "mbct",
        "as": "foundation",
        "strength": "strong",
        "certainty": "moderate",
        "dose": "Eight weeks",
        "because": "It helps.",
        "limits": "Not alone.",
        "evidence": ["roe_2020"],
        "status": "active",
    },
    "adaptation.t.act": {"when": {"mood": "high", "count": {"at_least": 3}}, "recommend": "act"},
    "safety.t.device": {
        "when": {"device": True},
        "exclude": "mbct",
        "if_not_known": "caution",
        "until": "It is cleared",
    },
    "safety.t.no_ba": {
        "when": {"mood": "high"},
        "exclude": "ba",
        "until": "The mood is low",
    },
    "safety.t.presumed": {"when": {"agrees": False}, "exclude": "mbct", "if_not_known": "presume"},
    "safety.t.careful": {
        "when": {"mood": "high"},
        "caution": "mbct",
        "adjust": "Go slowly",
        "monitor": "mood",
    },
    "safety.t.open": {"when": {"implants": {"includes": "clip"}}, "caution": "mbct"},
    "safety.t.stop": {
        "when": {"mood": "low"},
        "refer": "crisis",
        "release": "seen",
        "until": "A clinician has spoken with them",
    },
    "tailoring.t.focus": {
        "when": {"mood": "high"},
        "tailor": "mbct",
        "focus": "Walking",
        "format": "Group",
    },
    "tailoring.t.flag": {"when": {"mood": "high"}, "flag": "Look at this."},
    "tailoring.t.see": {"when": {"medications": {"includes": "lithium"}}, "flag": "Lithium."},
    "combination.t.choose": {"when": {"mood": "high"}, "choose_one": ["mbct", "rfcbt"]},
    "adaptation.t.rfcbt": {"when": {"mood": "high"}, "recommend": "rfcbt"},
}
GIVEN: Plain = {
    "assessments": [{"instrument": "scale", "total": 7, "on": "2026-11-19"}],
    "observations": {"count": 1},
    "implants": {"present": ["pacemaker"]},
    "medications": ["zopiclone"],
}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return rulebook(
        FEATURES,
        RULES,
        adaptations=[MBCT, "act", "ba", "rfcbt"],
        instruments=[SCALE],
        evidence=[PAPER],
        pathways=[
            {
                "id": "day",
                "title": "Day",
                "urgency": "days",
                "action": "A.",
                "contact": "crisis_line",
            }
        ],
        header={
            "safe_base": "Usual care.",
            "contacts": {"crisis_line": None},
            "disclaimer": "Supports, does not decide.",
        },
    )


@pytest.fixture(scope="module")
def given(book: Rulebook) -> Recommendation:
    return answer(book, **GIVEN)


@pytest.fixture(scope="module")
def document(given: Recommendation) -> Plain:
    return given.to_dict()


def fact(document: Plain, name: str) -> Any:
    return next(one for one in document["facts"] if one["feature"] == name)


def aside(document: Plain, name: str) -> Any:
    return next(one for one in document["set_aside"] if one["adaptation"] == name)


# ------------------------------------------------------------------------------- the whole


def _acts(book: Rulebook, *releases: Plain) -> list[Plain]:
    low = {"mood": {"value": "low", "on": "2026-11-18"}}
    stopped = answer(book, observations=low, releases=list(releases)).to_dict()
    acts: list[Plain] = stopped["basis"]["acts"]
    return acts


def test_an_act_on_record_says_who_did_it_and_what_it_lifts(book: Rulebook) -> None:
    later, earlier = ({"id": "seen", "on": f"2026-11-{day}"} for day in ("19", "17"))
    stop = {"rule": "safety.t.stop", "title": book.rules["safety.t.stop"].text.title}
    assert _acts(book, later | {"by": "duty_nurse"}, earlier) == [
        {"release": "seen", "on": "2026-11-19", "by": "duty_nurse", "lifts": [stop]},
        {"release": "seen", "on": "2026-11-17", "by": None, "lifts": []},
    ]
    assert _acts(book, {"id": "other", "on": "2026-11-19"})[0]["lifts"] == []


def test_the_document_is_plain_data_that_fits_its_schema(document: Plain) -> None:
    assert json.loads(json.dumps(document)) == document
    RecommendationDocument.model_validate(document)


def test_the_document_says_whom_and_what_it_is_about(
    document: Plain, given: Recommendation
) -> None:
    assert (document["schema"], document["status"]) == ("recommendation/1", "recommended")
    assert document["as_of"] == "2026-11-22"
    assert document["profile"] == {"id": "tiny", "digest": given.profile.digest}
    about = document["rulebook"]
    assert (about["id"], about["version"], about["language"]) == ("tiny", "1", "en")
    assert about["approved"] is False
    assert about["drafts"] == len(RULES) - 1
    assert document["disclaimer"] == "Supports, does not decide."


def test_the_short_ways_agree_with_the_document(given: Recommendation, document: Plain) -> None:
    assert list(given.recommended) == [one["adaptation"] for one in document["plan"]]
    entries = [*document["plan"], *document["set_aside"]]
    assert given.settled == {one["adaptation"]: one["settled"] for one in entries}
    assert given.stops_settled == document["stops_settled"]
    assert [question.feature for question in given.ask] == [o["feature"] for o in document["ask"]]


def test_what_every_rule_did_is_there(document: Plain) -> None:
    assert list(document["rules"]) == sorted(RULES)
    assert document["rules"]["adaptation.t.high"] == "fired"
    assert document["rules"]["adaptation.t.act"] == "silent"
    assert document["rules"]["safety.t.device"] == "unknown"


def test_asking_twice_gives_the_same_document(given: Recommendation, document: Plain) -> None:
    assert given.to_dict() == document


# ------------------------------------------------------------------------------- the plan


def test_an_entry_of_the_plan_says_everything_about_it(document: Plain) -> None:
    (entry,) = document["plan"]
    assert entry["title"] == MBCT["title"]
    assert entry["patient_title"] == "Mindfulness course"
    assert (entry["role"], entry["strength"], entry["certainty"]) == (
        "foundation",
        "strong",
        "moderate",
    )
    assert (entry["phase"], entry["moved_from"], entry["weeks"]) == (1, None, 8)
    assert entry["burden"] == {"hours_per_week": 2.5, "homework_streams": 1}
    assert (entry["dose"], entry["first_steps"]) == ("Eight weeks", "Invite.")
    assert (entry["monitoring"], entry["review"]) == (["scale"], "After week 4.")
    assert entry["needs_open"] == ["access.group"]
    assert entry["fallback"] == ["act"]
    assert entry["assumes"] == ["device"]


def test_a_reason_names_its_evidence_and_what_decided(document: Plain) -> None:
    (because,) = document["plan"][0]["because"]
    assert because["rule"] == "adaptation.t.high"
    assert (because["text"], because["limits"]) == ("It helps.", "Not alone.")
    assert (because["certainty"], because["strength"]) == ("moderate", "strong")
    assert (because["status"], because["verb"]) == ("active", "recommend")
    (evidence,) = because["evidence"]
    assert evidence["id"] == "roe_2020"
    assert evidence["citation"] == "Roe. On mood"
    assert (evidence["doi"], evidence["checked"]) == ("10.1000/1", "memory")
    assert because["conditions"] == [
        {"feature": "mood", "test": "is high", "words": "Mood is high"}
    ]


def test_cautions_are_there_open_ones_marked(document: Plain) -> None:
    cautions = {one["rule"]: one for one in document["plan"][0]["cautions"]}
    assert cautions["safety.t.careful"]["adjust"] == "Go slowly"
    assert cautions["safety.t.careful"]["monitor"] == "mood"
    assert cautions["safety.t.careful"]["open"] is False
    assert cautions["safety.t.open"]["open"] is True


def test_tailoring_and_alternatives_are_there(document: Plain) -> None:
    (entry,) = document["plan"]
    assert [(one["focus"], one["format"]) for one in entry["tailoring"]] == [("Walking", "Group")]
    assert [(one["adaptation"], one["rule"]) for one in entry["alternatives"]] == [
        ("rfcbt", "combination.t.choose")
    ]


# ------------------------------------------------------------------------------- set aside


def test_what_is_set_aside_has_its_status_its_rules_and_until_when(document: Plain) -> None:
    assert {one["adaptation"]: one["status"] for one in document["set_aside"]} == {
        "act": "not_indicated",
        "ba": "excluded",
        "rfcbt": "displaced",
    }
    excluded = aside(document, "ba")
    assert excluded["by"] == ["safety.t.no_ba"]
    assert excluded["until"] == ["The mood is low"]
    assert [one["rule"] for one in excluded["because"]] == ["safety.t.no_ba"]
    assert aside(document, "rfcbt")["displaced_by"] == "mbct"


def test_what_is_excluded_would_change_with_what_stands_in_the_way(document: Plain) -> None:
    (change,) = aside(document, "ba")["would_change_if"]
    assert (change["feature"], change["state"]) == ("mood", "holds")
    assert change["rule"] == "safety.t.no_ba"


def test_what_is_not_indicated_names_its_nearest_unmet_condition(document: Plain) -> None:
    (change,) = aside(document, "act")["would_change_if"]
    assert (change["feature"], change["test"], change["state"]) == ("count", "at_least 3", "unmet")


def test_what_cannot_be_said_names_what_is_open(book: Rulebook) -> None:
    (change,) = aside(answer(book, observations={"mood": "high"}).to_dict(), "act")[
        "would_change_if"
    ]
    assert (change["feature"], change["state"]) == ("count", "unknown")


# ------------------------------------------------------------------------------- stops, questions


def test_a_stop_says_what_to_do_and_what_lifts_it(book: Rulebook) -> None:
    stopped = answer(book, assessments=[{"instrument": "scale", "total": 1}]).to_dict()
    (stop,) = stopped["stops"]
    assert (stop["rule"], stop["pathway"], stop["urgency"]) == (
        "safety.t.stop",
        "crisis",
        "immediate",
    )
    assert (stop["action"], stop["release"]) == ("Act now.", "seen")
    assert stop["until"] == "A clinician has spoken with them"
    assert (stop["hold"], stop["contact"], stop["through_unknown"]) == ("all", None, False)
    assert [one["words"] for one in stop["conditions"]] == ["Mood is low"]
    assert stopped["basis"]["safe_base"] == "Usual care."
    assert {one["status"] for one in stopped["set_aside"]} == {"held"}


def test_a_question_says_how_it_is_answered(book: Rulebook) -> None:
    asked = {one["feature"]: one for one in answer(book).to_dict()["ask"]}
    mood = asked["mood"]
    assert (mood["label"], mood["panel"], mood["question"]) == (
        "Mood",
        "feelings",
        "How is the mood?",
    )
    assert mood["how"] == [{"instrument": "scale", "title": "The scale", "minutes": 3}]
    assert set(mood["can_change"]) == {"mbct", "act", "ba", "rfcbt", "safety.t.stop"}


def test_flags_that_fired_are_there(document: Plain) -> None:
    because = [{"feature": "mood", "test": "is high", "words": "Mood is high"}]
    flag = {"rule": "tailoring.t.flag", "text": "Look at this.", "conditions": because}
    assert document["flags"] == [flag]


def test_what_is_presumed_is_named(document: Plain, book: Rulebook) -> None:
    presumed = [one["rule"] for one in document["basis"]["presumed"]]
    assert presumed == ["safety.t.presumed"]
    settled = answer(book, **GIVEN | {"observations": {"agrees": True}}).to_dict()
    assert settled["basis"]["presumed"] == []


def test_contacts_that_the_site_has_not_set_are_empty(document: Plain) -> None:
    assert document["basis"]["contacts"] == {"crisis_line": None}


# ------------------------------------------------------------------------------- facts


def test_a_fact_says_what_is_possible_and_where_it_comes_from(document: Plain) -> None:
    mood = fact(document, "mood")
    assert mood["possible"] == {"value": "high"}
    assert (mood["state"], mood["band"], mood["instrument"]) == ("known", "many", "scale")
    assert (mood["on"], mood["source"]) == ("2026-11-19", "scale")
    assert fact(document, "count")["unit"] == "points"


def test_a_fact_that_nobody_asked_for_leaves_everything_possible(document: Plain) -> None:
    agrees = fact(document, "agrees")
    assert (agrees["state"], agrees["possible"]) == ("unknown", {"everything": True})
    assert (agrees["on"], agrees["source"], agrees["others"]) == (None, "", [])


def test_a_partly_known_set_shows_its_members(document: Plain) -> None:
    assert fact(document, "implants")["possible"] == {
        "present": ["pacemaker"],
        "absent": [],
        "open": ["clip"],
    }


def test_members_outside_the_vocabulary_are_shown(document: Plain) -> None:
    assert fact(document, "medications")["other_members"] == ["zopiclone"]


def test_other_values_seen_are_shown(book: Rulebook) -> None:
    two = GIVEN["assessments"] + [{"instrument": "scale", "total": 2, "on": "2026-11-01"}]
    others = fact(answer(book, assessments=two).to_dict(), "mood")["others"]
    assert [(one["possible"], one["on"]) for one in others] == [
        ({"value": "high"}, "2026-11-19"),
        ({"value": "low"}, "2026-11-01"),
    ]


def test_a_total_score_carries_the_scale_it_stands_on(document: Plain) -> None:
    assert fact(document, "mood")["scale"] == {
        "title": "The scale",
        "from": 0,
        "to": 9,
        "direction": "higher_is_worse",
        "unit": "",
        "bands": [
            {"id": "few", "title": "", "from": 0, "to": 4},
            {"id": "many", "title": "", "from": 5, "to": 9},
        ],
        "band": "many",
    }
    assert "scale" not in fact(document, "count")


@pytest.mark.parametrize(
    ("sex", "lowest"), [("female", (0, 1)), ("male", (0, 5)), (None, None)], ids=str
)
def test_bands_that_depend_on_something_are_those_that_apply(
    sex: str | None, lowest: tuple[int, int] | None
) -> None:
    stated: Plain = {
        "schema": "profile/1",
        "id": "one",
        "assessed_on": "2026-11-20",
        "assessments": [{"instrument": "dudit", "total": 12}],
    } | ({"sex": sex} if sex else {})
    profile = read_profile(json.dumps(stated).encode(), "one.json")
    document = recommend(profile, load_rulebook(), as_of=date(2026, 11, 20)).to_dict()
    bands = fact(document, "drug_use")["scale"]["bands"]
    assert [(one["from"], one["to"]) for one in bands[:1]] == ([lowest] if lowest else [])
