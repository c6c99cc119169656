"""Invariants are checked on each answer; a broken one gives the stops, and never a plan."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation, Rulebook
from recommender.errors import EngineError
from recommender.invariants import BrokenInvariant
from tests.building import Plain, answer, boolean, ordinal, rulebook

FEATURES = [ordinal("mood"), boolean("agrees"), boolean("device")]
HIGH: Plain = {"mood": "high"}
RULES: dict[str, Plain] = {
    "adaptation.t.mbct": {"when": HIGH, "recommend": "mbct"},
    "adaptation.t.tms": {"when": HIGH, "recommend": "tms"},
    "adaptation.t.act": {"when": HIGH, "recommend": "act"},
    "safety.t.tms": {"when": {"device": True}, "exclude": "tms"},
    "safety.t.ask": {"when": HIGH, "ask": "agrees", "for": ["act"]},
    "safety.t.stop": {"when": {"mood": "mild"}, "refer": "crisis", "release": "seen"},
    "safety.t.part": {
        "when": {"agrees": False},
        "refer": "crisis",
        "hold": ["act"],
        "if_not_known": "caution",
    },
}


def book(claim: Plain, *, unknown: bool = False, when: Plain = HIGH) -> Rulebook:
    covered = {} if "monotone" in claim else {"when": when, "even_if_unknown": unknown}
    invariant = {"title": "It holds"} | covered | claim
    return rulebook(
        FEATURES, RULES, adaptations=["mbct", "tms", "act"], invariants={"promise": invariant}
    )


def ask(claim: Plain, *, unknown: bool = False, when: Plain = HIGH, **parts: Any) -> Recommendation:
    return answer(book(claim, unknown=unknown, when=when), **parts)


def breaks(claim: Plain, *, unknown: bool = False, when: Plain = HIGH, **parts: Any) -> bool:
    try:
        ask(claim, unknown=unknown, when=when, **parts)
    except EngineError:
        return True
    return False


def observed(**values: Any) -> Plain:
    return {"observations": values}


# ------------------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("outcome", "parts", "holds"),
    [
        ({"recommended": "mbct"}, observed(mood="high"), True),
        ({"recommended": "tms"}, observed(mood="high"), False),
        ({"recommended": "tms"}, observed(mood="high", device=False), True),
        ({"excluded": "tms"}, observed(mood="high", device=True), True),
        ({"excluded": "tms"}, observed(mood="high"), False),
        ({"withheld": "tms"}, observed(mood="high"), True),
        ({"withheld": "tms"}, observed(mood="high", device=False), False),
        ({"held": "act"}, observed(mood="high", agrees=False), True),
        ({"held": "act"}, observed(mood="high", agrees=True), False),
        ({"held": "all"}, observed(mood="high", agrees=False), False),
        ({"referred": "crisis"}, observed(mood="high", agrees=False), True),
        ({"referred": "crisis"}, observed(mood="high"), False),
        ({"asked": "agrees"}, observed(mood="high"), True),
        ({"asked": "agrees"}, observed(mood="high", agrees=True), False),
        ({"status": "recommended"}, observed(mood="high"), True),
        ({"status": "stopped"}, observed(mood="high"), False),
    ],
)
def test_an_outcome_is_looked_up_in_the_answer(outcome: Plain, parts: Plain, holds: bool) -> None:
    assert breaks({"always": outcome}, **parts) is not holds
    assert breaks({"never": outcome}, **parts) is holds
    assert breaks({"cover": [{"status": "out_of_scope"}, outcome]}, **parts) is not holds


def test_a_stop_that_holds_all_is_held_for_each_and_referred() -> None:
    when = {"mood": "mild"}
    for outcome in ({"held": "all"}, {"held": "tms"}, {"referred": "crisis"}):
        assert not breaks({"always": outcome}, when=when, **observed(mood="mild"))


def test_one_stop_that_holds_all_is_enough() -> None:
    parts = observed(mood="mild", agrees=False)
    assert not breaks({"always": {"held": "all"}}, when={"mood": "mild"}, **parts)


def test_a_stop_that_an_act_has_lifted_still_counts_as_referred_and_held() -> None:
    parts = observed(mood={"value": "mild", "on": "2026-11-18"})
    parts["releases"] = [{"id": "seen", "on": "2026-11-19"}]
    for outcome in ({"held": "all"}, {"referred": "crisis"}):
        given = ask({"always": outcome}, when={"mood": "mild"}, **parts)
        assert given.status == "nothing_indicated"
        assert not given.plan.stops


def test_a_membership_counts_although_a_stop_holds_everything() -> None:
    when = {"device": True}
    parts = observed(mood="mild", device=True)
    assert not breaks({"always": {"excluded": "tms"}}, when=when, **parts)


def test_a_list_of_recommended_means_all_of_them_in_the_plan() -> None:
    parts = observed(mood="high")
    assert not breaks({"never": {"recommended": ["mbct", "tms"]}}, **parts)
    assert breaks({"never": {"recommended": ["mbct", "mbct"]}}, **parts)
    assert breaks({"always": {"recommended": ["mbct", "tms"]}}, **parts)


@pytest.mark.parametrize(
    ("outcome", "parts", "met"),
    [
        ({"recommended": "mbct"}, observed(mood="high"), True),
        ({"recommended": "mbct"}, observed(mood="low"), False),
        ({"recommended": "tms"}, observed(mood="high", device=False), True),
        ({"recommended": "tms"}, observed(mood="high", device=True), False),
        ({"withheld": "tms"}, observed(mood="high"), True),
        ({"withheld": "tms"}, observed(mood="high", device=False), False),
    ],
)
def test_what_the_patient_declines_was_offered(outcome: Plain, parts: Plain, met: bool) -> None:
    """Where an outcome is wanted, nobody breaks a promise by declining; else it is."""
    parts = parts | {"preferences": {"declines": ["mbct", "tms"]}}
    assert breaks({"always": outcome}, when={}, **parts) is not met
    assert not breaks({"never": outcome}, when={}, **parts)


# ------------------------------------------------------------------------------- whom it covers


@pytest.mark.parametrize(
    ("mood", "unknown", "covered"),
    [
        ("high", False, True),
        ("high", True, True),
        ("low", True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_an_open_condition_is_covered_only_if_it_says_so(
    mood: str | None, unknown: bool, covered: bool
) -> None:
    impossible = {"always": {"status": "out_of_scope"}}
    assert breaks(impossible, unknown=unknown, **observed(mood=mood)) is covered


def test_known_may_stand_in_an_invariant() -> None:
    when = {"mood": {"known": False}}
    assert breaks({"never": {"status": "cannot_say"}}, when=when)
    assert not breaks({"never": {"status": "cannot_say"}}, when=when, **observed(mood="high"))


def test_a_monotone_claim_cannot_be_seen_on_one_answer() -> None:
    claim = {"monotone": {"feature": "mood", "keeps": {"referred": "crisis"}}}
    assert not breaks(claim, **observed(mood="high"))


# ------------------------------------------------------------------------------- broken


def test_a_broken_invariant_is_named_and_there_is_no_plan() -> None:
    with pytest.raises(BrokenInvariant) as caught:
        ask({"never": {"recommended": "mbct"}}, **observed(mood="high"))
    (problem,) = caught.value.problems
    assert problem.code == "E110"
    assert "promise" in problem.message
    assert "It holds" in problem.message
    assert caught.value.exit_code == 5


def test_a_broken_invariant_carries_the_stops_in_force() -> None:
    with pytest.raises(BrokenInvariant) as caught:
        ask({"never": {"referred": "crisis"}}, **observed(mood="high", agrees=False))
    assert [stop["rule"] for stop in caught.value.stops] == ["safety.t.part"]
    with pytest.raises(BrokenInvariant) as caught:
        ask({"never": {"recommended": "mbct"}}, **observed(mood="high"))
    assert caught.value.stops == ()


def test_every_broken_invariant_is_named() -> None:
    claims = {
        name: {"title": name, "when": {}, "even_if_unknown": False, "never": {"status": status}}
        for name, status in (("a", "recommended"), ("b", "stopped"), ("c", "recommended"))
    }
    rules = {"adaptation.t.r": {"when": {}, "recommend": "mbct"}}
    made = rulebook(FEATURES, rules, invariants=claims)
    with pytest.raises(BrokenInvariant) as caught:
        answer(made)
    assert len(caught.value.problems) == 2
