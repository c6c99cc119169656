"""Stops: which referrals are in force, and which recorded act or answer lifts one."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation
from recommender.profile import moment
from recommender.stops import not_older
from tests.building import Plain, answer, boolean, concluded, ordinal, rulebook, statuses

MOOD, AGREES, RISK = ordinal("mood"), boolean("agrees"), boolean("risk")
RECOMMEND = {"adaptation.t.mbct": {"when": {}, "recommend": "mbct"}}


def ask(stop: Plain, *, also: dict[str, Plain] | None = None, **parts: Any) -> Recommendation:
    """The answer under one stop, `safety.t.stop`."""
    rules = {"safety.t.stop": {"when": {"mood": "high"}, "refer": "crisis"} | stop}
    pathways = [
        {"id": "soon", "title": "Soon", "urgency": "days", "action": "A."},
        {"id": "today", "title": "Today", "urgency": "same_day", "action": "A."},
        {"id": "elsewhere", "title": "E", "urgency": "routine", "action": "A.", "scope": True},
    ]
    book = rulebook(
        [MOOD, AGREES, RISK, concluded(boolean("danger"), False)],
        RECOMMEND | rules | (also or {}),
        adaptations=["mbct", "ba"],
        pathways=pathways,
    )
    return answer(book, **parts)


def found(value: Any, on: str) -> Plain:
    return {"value": value, "on": f"2026-11-{on}"}


def in_force(given: Recommendation) -> list[str]:
    return [stop.rule.id.rsplit(".", 1)[1] for stop in given.plan.stops]


# ------------------------------------------------------------------------------- in force


@pytest.mark.parametrize(
    ("observed", "unknown", "stopped"),
    [
        ("high", "caution", True),
        ("low", "block", False),
        (None, "block", True),
        (None, "ask", False),
        (None, "caution", False),
        (None, "presume", False),
    ],
)
def test_a_stop_is_in_force_if_true_or_unknown_with_block(
    observed: str | None, unknown: str, stopped: bool
) -> None:
    given = ask({"if_not_known": unknown, "justify": "J."}, observations={"mood": observed})
    assert in_force(given) == (["stop"] if stopped else [])
    assert statuses(given)["mbct"] == ("held" if stopped else "recommended")


def test_a_stop_holds_all_or_a_list() -> None:
    observed: Plain = {"observations": {"mood": "high"}}
    assert ask({}, **observed).status == "stopped"
    listed = ask({"hold": ["ba"]}, **observed)
    assert (listed.status, statuses(listed)) == (
        "recommended",
        {"mbct": "recommended", "ba": "held"},
    )


def test_a_pathway_of_scope_ends_out_of_scope_and_only_when_true() -> None:
    scope = {"refer": "elsewhere", "if_not_known": "ask"}
    assert ask(scope, observations={"mood": "high"}).status == "out_of_scope"
    assert ask(scope).status == "provisional"


def test_stops_are_shown_most_urgent_first_then_by_id() -> None:
    more = {
        f"safety.t.{name}": {"when": {"mood": "high"}, "refer": pathway}
        for name, pathway in (("z", "today"), ("b", "soon"), ("a", "soon"), ("c", "elsewhere"))
    }
    assert in_force(ask({}, also=more, observations={"mood": "high"})) == [
        "stop",
        "z",
        "a",
        "b",
        "c",
    ]


# ------------------------------------------------------------------------------- released

ACT = {"release": "seen"}


def released(
    finding: str, *acts: str, when: Plain | None = None, stop: Plain | None = None, **more: Any
) -> bool:
    rule = ACT | ({"when": when} if when else {}) | (stop or {})
    observations = {"mood": found("high", finding)} | more
    releases = [{"id": "seen", "on": f"2026-11-{act}"} for act in acts]
    return not in_force(ask(rule, observations=observations, releases=releases))


@pytest.mark.parametrize(
    ("finding", "act", "lifted"),
    [
        ("18", "19", True),
        ("18", "18", False),
        ("19", "18", False),
        ("18T10:00", "18T10:01", True),
        ("18T10:00", "18T10:00", False),
        ("18T10:01", "18T10:00", False),
        ("18T10:00", "18", False),
        ("18", "18T23:59", False),
        ("18T23:00", "19", True),
        ("18", "19T00:01", True),
    ],
)
def test_only_an_act_strictly_later_than_the_finding_lifts_a_stop(
    finding: str, act: str, lifted: bool
) -> None:
    assert released(finding, act) is lifted


def test_any_of_several_acts_may_be_the_later_one() -> None:
    assert released("18", "17", "19")
    assert released("18", "19", "17")
    assert not released("18", "16", "17")


def test_of_two_findings_of_one_day_the_one_without_a_time_may_be_the_newer() -> None:
    twice = [found("high", "18T10:00"), found("high", "18")]
    for findings in (twice, twice[::-1]):
        for act, expected in (("18T11:00", ["stop"]), ("19", [])):
            acts = [{"id": "seen", "on": f"2026-11-{act}"}]
            assert in_force(ask(ACT, observations={"mood": findings}, releases=acts)) == expected
    only_timed = [found("high", "18T10:00"), found("high", "18T10:30")]
    acts = [{"id": "seen", "on": "2026-11-18T10:15"}]
    assert in_force(ask(ACT, observations={"mood": only_timed}, releases=acts)) == ["stop"]


def test_another_act_lifts_nothing() -> None:
    given = ask(
        ACT,
        observations={"mood": found("high", "18")},
        releases=[{"id": "other", "on": "2026-11-19"}],
    )
    assert in_force(given) == ["stop"]


def test_a_stop_without_a_release_is_not_lifted() -> None:
    given = ask(
        {},
        observations={"mood": found("high", "18")},
        releases=[{"id": "seen", "on": "2026-11-19"}],
    )
    assert in_force(given) == ["stop"]


def test_a_newer_true_part_brings_the_stop_back() -> None:
    either: Plain = {"any": [{"mood": "high"}, {"risk": True}]}
    assert released("17", "19", when=either, risk=found(True, "18"))
    assert not released("17", "19", when=either, risk=found(True, "20"))
    assert released("17", "19", when=either, risk=found(False, "20"))
    assert released("17", "19", when=either)


def test_an_act_does_not_lift_what_nothing_true_speaks_for() -> None:
    unknown = ask(ACT | {"if_not_known": "block"}, releases=[{"id": "seen", "on": "2026-11-19"}])
    assert in_force(unknown) == ["stop"]
    always = ask(ACT | {"when": {}}, releases=[{"id": "seen", "on": "2026-11-19"}])
    assert in_force(always) == ["stop"]


def test_an_act_lifts_a_stop_through_a_conclusion() -> None:
    rules = {"inference.t.d": {"when": {"mood": "high"}, "conclude": {"danger": True}}}
    for act, expected in (("19", []), ("18", ["stop"])):
        given = ask(
            ACT | {"when": {"danger": True}},
            also=rules,
            observations={"mood": found("high", "18")},
            releases=[{"id": "seen", "on": f"2026-11-{act}"}],
        )
        assert in_force(given) == expected


def test_an_act_lifts_an_exclusion_too() -> None:
    rule = {"safety.t.no": {"when": {"mood": "high"}, "exclude": "mbct", "release": "seen"}}
    book = rulebook([MOOD], RECOMMEND | rule)
    observed = {"mood": found("high", "18")}
    assert statuses(answer(book, observations=observed)) == {"mbct": "excluded"}
    for act, status in (("19", "recommended"), ("18", "excluded")):
        acts = [{"id": "seen", "on": f"2026-11-{act}"}]
        assert statuses(answer(book, observations=observed, releases=acts)) == {"mbct": status}


# ------------------------------------------------------------------------------- answered


@pytest.mark.parametrize(
    ("agrees", "lifted"),
    [
        (None, False),
        (found(True, "18"), True),
        (found(False, "18"), True),
        (found(True, "19"), True),
        (found(True, "17"), False),
        (found(None, "19"), False),
    ],
)
def test_an_answer_of_the_findings_day_or_later_lifts_the_stop(
    agrees: Plain | None, lifted: bool
) -> None:
    observed = {"mood": found("high", "18"), "agrees": agrees}
    given = ask({"answered_by": ["agrees"]}, observations=observed)
    assert in_force(given) == ([] if lifted else ["stop"])


def test_every_answer_is_needed() -> None:
    rule = {"answered_by": ["agrees", "risk"]}
    observed = {"mood": found("high", "18"), "agrees": found(True, "19")}
    assert in_force(ask(rule, observations=observed)) == ["stop"]
    observed |= {"risk": found(False, "19")}
    assert in_force(ask(rule, observations=observed)) == []


def test_an_answer_or_an_act_is_enough() -> None:
    rule = ACT | {"answered_by": ["agrees"]}
    observed = {"mood": found("high", "18")}
    acts = [{"id": "seen", "on": "2026-11-19"}]
    assert in_force(ask(rule, observations=observed, releases=acts)) == []
    assert in_force(ask(rule, observations=observed | {"agrees": found(True, "19")})) == []


@pytest.mark.parametrize(
    ("reply", "finding", "late_enough"),
    [
        ("2026-11-18", "2026-11-18", True),
        ("2026-11-18T10:00", "2026-11-18T10:00", True),
        ("2026-11-18T09:59", "2026-11-18T10:00", False),
        ("2026-11-18", "2026-11-18T10:00", True),
        ("2026-11-18T09:00", "2026-11-18", True),
        ("2026-11-19T01:00", "2026-11-18T10:00", True),
        ("2026-11-17", "2026-11-18", False),
    ],
)
def test_of_one_day_an_answer_with_an_earlier_time_is_too_old(
    reply: str, finding: str, late_enough: bool
) -> None:
    assert not_older(moment(reply), moment(finding)) is late_enough
    assert not not_older(None, moment(finding))
