"""Which answers can bring back, or lift, what an act or an answer may lift."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation
from tests.building import Plain, answer, boolean, ordinal, rulebook, statuses

FEATURES = [ordinal("mood"), boolean("agrees"), boolean("risk")]
EITHER: Plain = {"any": [{"mood": "high"}, {"risk": True}]}
MBCT: Plain = {"when": {}, "recommend": "mbct"}


def ask(rule: Plain, *, released: str | None = "19", **observed: Any) -> Recommendation:
    """The answer under one rule that may be lifted; findings are (value, day of November)."""
    book = rulebook(FEATURES, {"safety.t.r": rule, "adaptation.t.mbct": MBCT})
    found = {name: {"value": v, "on": f"2026-11-{day}"} for name, (v, day) in observed.items()}
    acts = [{"id": "seen", "on": f"2026-11-{released}"}] if released else []
    return answer(book, observations=found, releases=acts)


def asked(given: Recommendation) -> set[str]:
    return {question.feature for question in given.ask}


def stop(when: Plain, **more: Any) -> Plain:
    return {"when": when, "refer": "crisis"} | more


# ------------------------------------------------------------------------------- acts


def test_an_answer_still_to_come_is_newer_than_any_release() -> None:
    given = ask(stop(EITHER, release="seen"), mood=("high", "18"))
    assert not given.plan.stops
    assert not given.stops_settled
    assert asked(given) == {"risk"}


def test_a_lifted_stop_with_nothing_open_is_settled() -> None:
    given = ask(stop(EITHER, release="seen"), mood=("high", "18"), risk=(False, "18"))
    assert not given.plan.stops
    assert given.stops_settled
    assert asked(given) == set()


def test_a_stop_that_was_not_lifted_in_time_stays_whatever_comes() -> None:
    given = ask(stop(EITHER, release="seen"), mood=("high", "20"))
    assert given.plan.stops
    assert given.stops_settled
    assert asked(given) == set()


def test_an_open_part_of_the_condition_may_bring_it_back() -> None:
    both = {"mood": "high", "agrees": True}
    given = ask(stop(both, release="seen", if_not_known="block"), mood=("high", "18"))
    assert not given.plan.stops
    # The answer would be a true part newer than the act.
    assert asked(given) == {"agrees"}


def test_a_lifted_exclusion_comes_back_with_a_newer_answer() -> None:
    rule = {"when": EITHER, "exclude": "mbct", "release": "seen"}
    given = ask(rule, mood=("high", "18"))
    assert statuses(given) == {"mbct": "recommended"}
    assert not given.settled["mbct"]
    assert asked(given) == {"risk"}
    again = ask(rule, mood=("high", "18"), risk=(True, "20"))
    assert statuses(again) == {"mbct": "excluded"}
    assert again.settled["mbct"]


def test_without_the_act_recorded_a_true_exclusion_is_settled() -> None:
    rule = {"when": EITHER, "exclude": "mbct", "release": "seen"}
    given = ask(rule, released=None, mood=("high", "18"))
    assert (statuses(given), given.settled["mbct"]) == ({"mbct": "excluded"}, True)


# ------------------------------------------------------------------------------- answers


def test_the_answer_that_would_lift_a_stop_is_asked_for() -> None:
    rule = stop({"mood": "high"}, answered_by=["risk"])
    given = ask(rule, released=None, mood=("high", "18"))
    assert given.plan.stops
    assert not given.stops_settled
    assert asked(given) == {"risk"}


def test_once_answered_nothing_is_open() -> None:
    rule = stop({"mood": "high"}, answered_by=["risk"])
    given = ask(rule, released=None, mood=("high", "18"), risk=(False, "18"))
    assert not given.plan.stops
    assert given.stops_settled
    assert asked(given) == set()


def test_an_answer_lifts_even_where_it_also_speaks_for_the_stop() -> None:
    rule = stop(EITHER, answered_by=["risk"])
    given = ask(rule, released=None, mood=("high", "18"))
    assert asked(given) == {"risk"}
    for value in (True, False):
        later = ask(rule, released=None, mood=("high", "18"), risk=(value, "20"))
        assert not later.plan.stops


def test_an_answer_does_not_lift_what_a_later_finding_raises() -> None:
    rule = stop(EITHER, answered_by=["agrees"])
    given = ask(rule, released=None, mood=("high", "20"), agrees=(True, "18"))
    assert given.plan.stops
    assert given.stops_settled


@pytest.mark.parametrize("answered", [(True, "18"), (False, "18")])
def test_both_answers_are_needed_while_one_is_open(answered: tuple[bool, str]) -> None:
    rule = stop({"mood": "high"}, answered_by=["risk", "agrees"])
    given = ask(rule, released=None, mood=("high", "18"), agrees=answered)
    assert given.plan.stops
    assert asked(given) == {"risk"}
