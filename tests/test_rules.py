"""Rules as values: one verb, what it is about, how it is ranked, when it is in effect."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from recommender import Rulebook
from recommender.errors import ContentError
from recommender.rules import Certainty, IfNotKnown, Outcome, Period, Rule, Verb, stray_keys
from tests.building import Plain, ordinal, problems, rulebook

WHEN: Plain = {"when": {"mood": "high"}}


def book(**text: Any) -> Rulebook:
    rules = {"adaptation.t.r": WHEN | text}
    return rulebook([ordinal("mood")], rules, adaptations=["mbct", "ba", "act"])


def rule(**text: Any) -> Rule:
    return book(**text).rules["adaptation.t.r"]


def refused(**text: Any) -> list[str]:
    return [problem.code for problem in problems(lambda: book(**text), ContentError)]


# ------------------------------------------------------------------------------- verbs


@pytest.mark.parametrize(
    ("text", "verb", "targets"),
    [
        ({"recommend": "mbct"}, Verb.RECOMMEND, ("mbct",)),
        ({"exclude": "mbct"}, Verb.EXCLUDE, ("mbct",)),
        ({"exclude": ["mbct", "ba"]}, Verb.EXCLUDE, ("mbct", "ba")),
        ({"caution": "ba"}, Verb.CAUTION, ("ba",)),
        ({"tailor": ["ba"]}, Verb.TAILOR, ("ba",)),
        ({"choose_one": ["ba", "mbct"]}, Verb.CHOOSE_ONE, ("ba", "mbct")),
        ({"sequence": ["ba", "mbct", "act"]}, Verb.SEQUENCE, ("ba", "mbct", "act")),
        ({"together": ["ba", "mbct"]}, Verb.TOGETHER, ("ba", "mbct")),
        ({"refer": "crisis"}, Verb.REFER, ()),
        ({"ask": "mood"}, Verb.ASK, ()),
        ({"flag": "Look."}, Verb.FLAG, ()),
        ({"limit": {"new_at_once": 2}}, Verb.LIMIT, ()),
    ],
)
def test_a_rule_has_one_verb_about_some_adaptations(
    text: dict[str, Any], verb: Verb, targets: tuple[str, ...]
) -> None:
    made = rule(**text)
    assert (made.verb, made.targets) == (verb, targets)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ({}, "C221"),
        ({"recommend": "mbct", "flag": "Look."}, "C221"),
        ({"recommend": "mbct", "exclude": "ba", "caution": "act"}, "C221"),
        ({"recomend": "mbct"}, "C211"),
        ({"recommend": "mbct", "justify": "Rare."}, "C222"),
        ({"recommend": "mbct", "until": "Later"}, "C222"),
        ({"caution": "mbct", "strength": "strong"}, "C222"),
        ({"exclude": "mbct", "hold": "all"}, "C222"),
        ({"flag": "Look.", "monitor": "mood"}, "C222"),
        ({"recommend": "mbct", "gate": {"mood": "low"}}, "C222"),
        ({"recommend": ["mbct", "ba"]}, "C213"),
        ({"recommend": "mbct", "strength": "weak"}, "C213"),
        ({"recommend": "mbct", "certainty": "sure"}, "C213"),
        ({"recommend": "mbct", "as": "helper"}, "C213"),
        ({"recommend": "mbct", "phase": 4}, "C213"),
        ({"choose_one": ["mbct"]}, "C213"),
        ({"sequence": []}, "C213"),
        ({"together": "mbct"}, "C213"),
        ({"limit": {"hours": 3}}, "C211"),
        ({"exclude": "mbct", "if_not_known": "perhaps"}, "C213"),
        ({"recommend": "mbct", "status": "approved"}, "C213"),
        ({"recommend": "mbct", "title": 3}, "C213"),
    ],
)
def test_a_rule_that_is_written_wrongly_is_refused(text: dict[str, Any], code: str) -> None:
    assert refused(**text) == [code]


@pytest.mark.parametrize("part", ["title", "because"])
def test_a_rule_says_what_it_is_and_why(part: str) -> None:
    assert refused(recommend="mbct", **{part: None}) == ["C213"]


def test_a_limit_must_limit_something() -> None:
    assert refused(limit={})


@pytest.mark.parametrize("verb", ["exclude", "tailor", "caution"])
def test_a_rule_about_no_adaptation_is_refused(verb: str) -> None:
    assert refused(**{verb: []})


def test_keys_of_another_verb_are_found() -> None:
    assert stray_keys({"recommend": "a", "when": {}, "prefer": "b", "dose": "c"}, "recommend") == [
        "prefer"
    ]


# ------------------------------------------------------------------------------- not known


def test_an_exclude_that_does_not_say_blocks() -> None:
    assert rule(exclude="mbct").unknown_means is IfNotKnown.BLOCK


@pytest.mark.parametrize("weak", ["ask", "caution", "presume"])
def test_weaker_than_block_gives_its_reason(weak: str) -> None:
    assert refused(exclude="mbct", if_not_known=weak, justify="") == ["C224"]
    assert rule(exclude="mbct", if_not_known=weak, justify="Rare.").unknown_means == weak


def test_a_refer_that_presumes_gives_its_reason() -> None:
    assert refused(refer="crisis", if_not_known="presume", justify="") == ["C224"]


# ------------------------------------------------------------------------------- ranks


def test_recommends_rank_by_strength_then_certainty_then_role_then_id() -> None:
    texts: list[Plain] = [
        {"strength": "strong", "certainty": "low"},
        {"strength": "conditional", "certainty": "high"},
        {"strength": "conditional", "certainty": "low", "as": "foundation"},
        {"strength": "conditional", "certainty": "low"},
        {"strength": "conditional"},
    ]
    rules = {
        f"adaptation.t.r{9 - n}": WHEN | {"recommend": "mbct"} | t for n, t in enumerate(texts)
    }
    made = rulebook([ordinal("mood")], rules).rules.values()
    ranked = sorted(made, key=lambda one: one.best_first)
    assert [one.id for one in ranked] == [f"adaptation.t.r{9 - n}" for n in range(5)]


def test_certainty_that_is_not_stated_is_very_low() -> None:
    assert rule(recommend="mbct").certainty is Certainty.VERY_LOW


# ------------------------------------------------------------------------------- in effect

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("period", "covered"),
    [
        ({}, True),
        ({"start": "2026-11-22"}, True),
        ({"start": "2026-11-23"}, False),
        ({"end": "2026-11-22"}, True),
        ({"end": "2026-11-21"}, False),
        ({"start": "2026-11-01", "end": "2026-11-30"}, True),
    ],
)
def test_both_days_of_a_period_are_included(period: dict[str, str], covered: bool) -> None:
    assert Period.model_validate(period).covers(DAY) is covered
    assert rule(recommend="mbct", effective_period=period).in_effect(DAY) is covered


@pytest.mark.parametrize(
    ("status", "evaluated"), [("draft", True), ("active", True), ("retired", False)]
)
def test_only_a_retired_rule_is_not_evaluated(status: str, evaluated: bool) -> None:
    assert rule(recommend="mbct", status=status).in_effect(DAY) is evaluated


def test_a_rule_has_the_status_of_its_rulebook_unless_it_says_otherwise() -> None:
    assert rule(recommend="mbct").status == "draft"
    assert rule(recommend="mbct", status="active").status == "active"


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    backwards = {"start": "2026-11-30", "end": "2026-11-01"}
    assert refused(recommend="mbct", effective_period=backwards)


# ------------------------------------------------------------------------------- invariants


def test_an_outcome_names_one_thing() -> None:
    assert Outcome.model_validate({"recommended": "mbct"}).named == ("recommended", ("mbct",))


def test_an_outcome_that_names_two_things_is_refused() -> None:
    two = {"recommended": "mbct", "held": "all"}
    text = {"title": "T", "when": {}, "even_if_unknown": False, "never": two}
    found = problems(
        lambda: rulebook([ordinal("mood")], invariants={"i": text}),
        ContentError,
    )
    assert found
