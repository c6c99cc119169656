"""What is settled, and which answers can still change something."""

from __future__ import annotations

from typing import Any

import pytest

from recommender import Recommendation
from tests.building import Plain, answer, boolean, concluded, integer, members, ordinal, rulebook

FEATURES = [
    ordinal("mood"),
    boolean("agrees"),
    boolean("device"),
    boolean("risk"),
    integer("count", 0, 9),
    members("marks", "a b"),
]
HIGH: Plain = {"when": {"mood": "high"}, "recommend": "mbct"}
DEVICE: Plain = {"when": {"device": True}, "exclude": "mbct"}
STOP: Plain = {"when": {"risk": True}, "refer": "crisis"}


def ask(*rules: Plain, features: tuple[Plain, ...] = (), **parts: Any) -> Recommendation:
    named = {f"safety.t.r{n}": rule for n, rule in enumerate(rules)}
    book = rulebook([*FEATURES, *features], named, adaptations=["mbct", "ba"])
    return answer(book, **parts)


def observed(**values: Any) -> Plain:
    return {"observations": values}


def asked(given: Recommendation) -> set[str]:
    return {question.feature for question in given.ask}


# ------------------------------------------------------------------------------- settled


@pytest.mark.parametrize(
    ("rules", "parts", "settled", "questions"),
    [
        ([HIGH], {}, False, {"mood"}),
        ([HIGH], observed(mood="high"), True, set()),
        ([HIGH], observed(mood="low"), True, set()),
        ([], {}, True, set()),
        ([HIGH, DEVICE], observed(mood="high"), False, {"device"}),
        # An exclusion changes «not indicated» to «excluded»: still a change.
        ([HIGH, DEVICE], observed(mood="low"), False, {"device"}),
        ([HIGH, DEVICE], observed(device=True), True, set()),
        ([HIGH, DEVICE], {}, False, {"mood", "device"}),
        # What a second rule has decided already.
        (
            [HIGH, {"when": {"count": {"at_least": 3}}, "recommend": "mbct"}],
            observed(count=3),
            True,
            set(),
        ),
        # An unknown that only warns is assumed, and could exclude.
        ([HIGH, DEVICE | {"if_not_known": "caution"}], observed(mood="high"), False, {"device"}),
        # What is presumed is neither assumed nor asked.
        ([HIGH, DEVICE | {"if_not_known": "presume"}], observed(mood="high"), True, set()),
        (
            [HIGH, DEVICE | {"if_not_known": "presume"}],
            observed(mood="high", device=True),
            True,
            set(),
        ),
        # Cautions and flags change no membership.
        ([HIGH, {"when": {"agrees": True}, "caution": "mbct"}], observed(mood="high"), True, set()),
        ([HIGH, {"when": {"agrees": True}, "flag": "F"}], observed(mood="high"), True, set()),
        # Part of a value may be enough.
        (
            [{"when": {"marks": {"includes": "a"}}, "recommend": "mbct"}],
            observed(marks={"absent": ["a"]}),
            True,
            set(),
        ),
        (
            [{"when": {"marks": {"includes": "a"}}, "recommend": "mbct"}],
            observed(marks={"absent": ["b"]}),
            False,
            {"marks"},
        ),
    ],
)
def test_settled_means_that_no_answer_can_change_it(
    rules: list[Plain], parts: Plain, settled: bool, questions: set[str]
) -> None:
    given = ask(*rules, **parts)
    assert given.settled["mbct"] is settled
    assert asked(given) == questions


def test_two_ways_of_the_same_answer_need_not_be_asked() -> None:
    either = [
        {"when": {"agrees": True}, "recommend": "mbct"},
        {"when": {"agrees": False}, "recommend": "mbct"},
    ]
    given = ask(*either)
    # Each test is judged alone: unknown now, recommended after either answer.
    assert (given.settled["mbct"], asked(given)) == (False, {"agrees"})


def test_a_part_of_a_condition_that_cannot_matter_is_not_asked() -> None:
    rule = {"when": {"mood": "high", "agrees": True, "count": {"at_least": 3}}, "recommend": "mbct"}
    assert asked(ask(rule, **observed(mood="low"))) == set()
    assert asked(ask(rule, **observed(mood="high"))) == {"agrees", "count"}


def test_a_conclusion_asks_for_what_it_rests_on() -> None:
    stage = concluded(ordinal("stage", "none some full"), "none")
    rules: list[Plain] = [
        {"when": {"stage": "full"}, "recommend": "mbct"},
        {"when": {"mood": "high"}, "conclude": {"stage": "some"}},
        {"when": {"agrees": True}, "conclude": {"stage": "full"}},
    ]
    assert asked(ask(*rules, features=(stage,))) == {"agrees"}


def test_a_change_from_declined_does_not_count() -> None:
    declines: Plain = {"preferences": {"declines": ["mbct"]}}
    given = ask(HIGH, DEVICE, **declines, **observed(mood="high"))
    assert asked(given) == set()
    assert not given.settled["mbct"]
    assert asked(ask(HIGH, DEVICE, **declines, **observed(device=False))) == set()


def test_what_an_answer_can_change_is_named() -> None:
    both = {"when": {"device": True}, "exclude": ["mbct", "ba"]}
    given = ask(HIGH, both, STOP | {"when": {"device": True}}, **observed(mood="high"))
    (question,) = given.ask
    assert question.can_change == ("mbct", "ba", "safety.t.r2")


# ------------------------------------------------------------------------------- stops


@pytest.mark.parametrize(
    ("stop", "parts", "settled", "questions"),
    [
        (STOP | {"if_not_known": "block"}, {}, False, {"risk"}),
        (STOP | {"if_not_known": "ask"}, {}, False, {"risk"}),
        (STOP | {"if_not_known": "caution"}, {}, False, {"risk"}),
        (STOP | {"if_not_known": "presume"}, {}, True, set()),
        (STOP, observed(risk=True), True, set()),
        (STOP, observed(risk=False), True, set()),
        # Blocked through the unknown, and true either way: the force cannot change.
        (
            {
                "when": {"any": [{"mood": "high", "risk": True}, {"mood": "high"}]},
                "refer": "crisis",
                "if_not_known": "block",
            },
            observed(mood="high"),
            True,
            set(),
        ),
    ],
)
def test_stops_are_settled_when_no_answer_changes_their_force(
    stop: Plain, parts: Plain, settled: bool, questions: set[str]
) -> None:
    given = ask(stop, **parts)
    assert given.stops_settled is settled
    assert asked(given) == questions


def test_what_a_stop_holds_keeps_its_own_questions() -> None:
    given = ask(HIGH, STOP, **observed(risk=True))
    assert given.settled == {"mbct": False, "ba": True}
    assert asked(given) == {"mood"}


# ------------------------------------------------------------------------------- required


def test_a_demanded_question_is_asked_although_it_changes_nothing() -> None:
    rule = {"when": {"mood": "high"}, "ask": "risk"}
    (question,) = ask(rule, **observed(mood="high")).ask
    assert (question.feature, question.required, question.can_change) == ("risk", True, ())
    assert asked(ask(rule, **observed(mood="high", risk=False))) == set()
    assert asked(ask(rule, **observed(mood="low"))) == set()


def test_an_answer_older_than_the_finding_is_asked_for_again() -> None:
    rule = {"when": {"mood": "high"}, "ask": "risk", "after_finding": True}
    found = {"value": "high", "on": "2026-11-18"}
    for day, again in (("2026-11-17", True), ("2026-11-18", False)):
        given = ask(rule, **observed(mood=found, risk={"value": False, "on": day}))
        assert bool(given.ask) is again


def test_required_come_first_then_as_declared_and_a_panel_stands_together() -> None:
    features = [
        boolean("a"),
        boolean("b", panel="two"),
        boolean("c"),
        boolean("d", panel="two"),
        boolean("e"),
    ]
    when = {"any": [{f["id"]: True} for f in features]}
    rules = {"adaptation.t.r": {"when": when, "recommend": "mbct"}}
    plain = answer(rulebook(features, rules))
    assert [question.feature for question in plain.ask] == ["a", "b", "d", "c", "e"]
    demanded = rules | {"safety.t.ask": {"when": {}, "ask": "d"}}
    given = answer(rulebook(features, demanded))
    assert [question.feature for question in given.ask] == ["d", "b", "a", "c", "e"]
    assert [question.required for question in given.ask] == [True, False, False, False, False]
