"""Membership of each adaptation, from the rules that fired and those that are unknown."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation
from recommender.candidates import Candidate
from tests.building import Plain, answer, boolean, concluded, ordinal, rulebook, statuses

FEATURES = [ordinal("mood"), boolean("agrees"), boolean("device"), boolean("risk")]
WHEN: dict[str, Plain] = {"T": {"mood": "high"}, "U": {"agrees": True}, "F": {"mood": "low"}}
"""Conditions by their truth for a patient of whom only a high mood is known."""
KNOWN = {"observations": {"mood": "high"}}


def ask(*rules: Plain, features: tuple[Plain, ...] = (), **parts: Any) -> Recommendation:
    named = {f"safety.t.r{n}": rule for n, rule in enumerate(rules)}
    book = rulebook([*FEATURES, *features], named, adaptations=["mbct", "ba"])
    return answer(book, **(KNOWN | parts))


def status(*rules: Plain, **parts: Any) -> str:
    return statuses(ask(*rules, **parts))["mbct"]


def candidate(*rules: Plain, **more: Any) -> Candidate:
    return ask(*rules, **more).candidates["mbct"]


def recommend(truth: str, **more: Any) -> Plain:
    return {"when": WHEN[truth], "recommend": "mbct"} | more


def exclude(truth: str, **more: Any) -> Plain:
    return {"when": WHEN[truth], "exclude": "mbct"} | more


def refer(truth: str, **more: Any) -> Plain:
    return {"when": WHEN[truth], "refer": "crisis"} | more


# ------------------------------------------------------------------------------- membership


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], "not_indicated"),
        ([recommend("F")], "not_indicated"),
        ([recommend("U")], "cannot_say"),
        ([recommend("T")], "recommended"),
        ([recommend("T"), recommend("U"), recommend("F")], "recommended"),
        ([exclude("T")], "excluded"),
        ([exclude("T"), recommend("T")], "excluded"),
        ([exclude("F"), recommend("T")], "recommended"),
        ([exclude("U"), recommend("T")], "withheld"),
        ([exclude("U"), recommend("U")], "withheld"),
        ([exclude("U")], "not_indicated"),
        ([exclude("U", if_not_known="ask"), recommend("T")], "recommended"),
        ([exclude("U", if_not_known="caution"), recommend("U")], "cannot_say"),
        ([exclude("U", if_not_known="presume"), recommend("T")], "recommended"),
        ([exclude("T", if_not_known="presume"), recommend("T")], "excluded"),
        ([refer("T"), recommend("T")], "held"),
        ([refer("T")], "held"),
        ([refer("T"), exclude("T")], "held"),
        ([refer("T", hold=["mbct"])], "held"),
        ([refer("T", hold=["ba"]), recommend("T")], "recommended"),
    ],
)
def test_the_first_that_applies_is_the_status(rules: list[Plain], expected: str) -> None:
    assert status(*rules) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([recommend("T")], "declined"),
        ([recommend("U")], "declined"),
        ([recommend("U"), exclude("U")], "declined"),
        ([recommend("F")], "not_indicated"),
        ([recommend("T"), exclude("T")], "excluded"),
        ([recommend("T"), refer("T")], "held"),
    ],
)
def test_what_is_declined_stays_out_where_it_was_indicated(
    rules: list[Plain], expected: str
) -> None:
    assert status(*rules, preferences={"declines": ["mbct"]}) == expected


def test_a_list_is_excluded_as_a_whole() -> None:
    given = ask({"when": {}, "exclude": ["mbct", "ba"]})
    assert statuses(given) == {"mbct": "excluded", "ba": "excluded"}


def test_every_adaptation_is_a_candidate_with_the_rules_that_speak_about_it() -> None:
    one = candidate(
        recommend("U"),
        recommend("T", certainty="low"),
        recommend("T", certainty="high"),
        exclude("U"),
        {"when": WHEN["T"], "caution": "mbct"},
        {"when": WHEN["U"], "caution": ["mbct", "ba"]},
        {"when": WHEN["T"], "tailor": "mbct"},
        {"when": WHEN["U"], "tailor": "mbct"},
    )
    ids = {
        name: [rule.id[-2:] for rule in getattr(one, name)]
        for name in ("recommends", "maybe", "withholds", "cautions", "open_cautions", "tailoring")
    }
    assert ids == {
        "recommends": ["r2", "r1"],
        "maybe": ["r0"],
        "withholds": ["r3"],
        "cautions": ["r4"],
        "open_cautions": ["r5"],
        "tailoring": ["r6"],
    }
    assert one.best is not None
    assert one.best.id == "safety.t.r2"


def test_held_leaves_the_membership_of_its_own_visible() -> None:
    one = candidate(refer("T"), recommend("T"))
    assert (one.status, one.membership) == ("held", "recommended")


@pytest.mark.parametrize(("truth", "by"), [("T", ["r1"]), ("U", ["r1"])])
def test_what_is_declined_names_what_would_recommend_it(truth: str, by: list[str]) -> None:
    declines = {"declines": ["mbct"]}
    one = candidate(recommend("F"), recommend(truth), preferences=declines)
    assert [rule.id[-2:] for rule in one.by] == by


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ([refer("T"), recommend("T")], ["r0"]),
        ([exclude("T"), recommend("T")], ["r0"]),
        ([exclude("U"), recommend("T")], ["r0"]),
        ([recommend("F"), recommend("U")], ["r1"]),
        ([recommend("F")], []),
    ],
)
def test_a_status_names_the_rules_that_made_it(rules: list[Plain], by: list[str]) -> None:
    assert [rule.id[-2:] for rule in candidate(*rules).by] == by


# ------------------------------------------------------------------------------- assumes


@pytest.mark.parametrize(
    ("rule", "assumes", "provisional"),
    [
        (exclude("U", if_not_known="ask"), ("agrees",), True),
        (exclude("U", if_not_known="caution"), ("agrees",), False),
        (exclude("U", if_not_known="presume"), (), False),
        (refer("U", if_not_known="ask"), ("agrees",), True),
        (refer("U", if_not_known="caution"), ("agrees",), False),
        (refer("U", if_not_known="presume"), (), False),
        (refer("U", if_not_known="ask", hold=["ba"]), (), False),
        (refer("F", if_not_known="ask"), (), False),
        ({"when": WHEN["U"], "caution": "mbct"}, (), False),
    ],
)
def test_a_recommended_adaptation_names_what_it_assumes(
    rule: Plain, assumes: tuple[str, ...], provisional: bool
) -> None:
    one = candidate(recommend("T"), rule)
    assert (one.assumes, one.provisional) == (assumes, provisional)


def test_what_is_not_recommended_assumes_nothing() -> None:
    weak = exclude("U", if_not_known="ask")
    for rules in ([recommend("U"), weak], [recommend("T"), weak, exclude("T")], [weak]):
        assert candidate(*rules).assumes == ()
        assert not candidate(*rules).provisional


def test_only_the_open_parts_are_assumed() -> None:
    when = {"any": [{"mood": "low"}, {"all": [{"agrees": True}, {"device": True}]}]}
    rule = {"when": when, "exclude": "mbct", "if_not_known": "caution"}
    assert candidate(recommend("T"), rule).assumes == ("agrees", "device")
    one = candidate(recommend("T"), rule, observations={"mood": "high", "device": True})
    assert one.assumes == ("agrees",)


def test_a_concluded_feature_is_assumed_as_what_it_rests_on() -> None:
    rules = [
        recommend("T"),
        {"when": {"danger": True}, "exclude": "mbct", "if_not_known": "caution"},
        {"when": {"any": [{"risk": True}, {"device": True}]}, "conclude": {"danger": True}},
    ]
    assert candidate(*rules, features=(concluded(boolean("danger"), False),)).assumes == (
        "risk",
        "device",
    )


def test_a_released_stop_is_not_assumed() -> None:
    both = {"any": [{"mood": "high", "agrees": True}]}
    rule = {"when": both, "refer": "crisis", "if_not_known": "caution", "release": "seen"}
    observed = {"mood": {"value": "high", "on": "2026-11-18"}}
    acts = [{"id": "seen", "on": "2026-11-19"}]
    assert candidate(recommend("T"), rule, observations=observed).assumes == ("agrees",)
    assert candidate(recommend("T"), rule, observations=observed, releases=acts).assumes == ()


# ------------------------------------------------------------------------------- questions demanded


@pytest.mark.parametrize(
    ("rule", "provisional"),
    [
        ({"when": WHEN["T"], "ask": "risk"}, True),
        ({"when": WHEN["T"], "ask": "risk", "for": ["mbct"]}, True),
        ({"when": WHEN["T"], "ask": "risk", "for": ["ba"]}, False),
        ({"when": WHEN["T"], "ask": "mood"}, False),
        ({"when": WHEN["U"], "ask": "risk"}, False),
        ({"when": WHEN["F"], "ask": "risk"}, False),
    ],
)
def test_a_demanded_answer_makes_a_recommendation_provisional(
    rule: Plain, provisional: bool
) -> None:
    one = candidate(recommend("T"), rule)
    assert one.provisional is provisional
    assert one.assumes == ()


@pytest.mark.parametrize(
    ("answered", "known"), [("17", False), ("18", True), ("19", True), (None, False)]
)
def test_an_answer_older_than_the_finding_does_not_count(answered: str | None, known: bool) -> None:
    rule = {"when": WHEN["T"], "ask": "risk", "after_finding": True}
    observed: Plain = {"mood": {"value": "high", "on": "2026-11-18T12:00"}}
    if answered:
        observed["risk"] = {"value": False, "on": f"2026-11-{answered}"}
    assert candidate(recommend("T"), rule, observations=observed).provisional is not known
    plain = rule | {"after_finding": False}
    expected = answered is None
    assert candidate(recommend("T"), plain, observations=observed).provisional is expected
