"""What a profile states outside its instruments must fit the rulebook, and is told where not."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.assess import assess
from recommender.errors import ProfileError
from recommender.profile import as_profile
from tests.building import (
    AS_OF,
    Plain,
    boolean,
    choice,
    concluded,
    decimal,
    facts,
    integer,
    members,
    ordinal,
    patient,
    problems,
    rulebook,
    shown,
)

SCALE: Plain = {"id": "scale", "title": "Scale", "range": [0, 9]}
STAGE = concluded(ordinal("stage", "none some"), "none")
BOOK = rulebook(
    [
        ordinal("mood"),
        decimal("ratio", 0.0, 1.0),
        integer("count", 0, 9),
        boolean("agrees"),
        choice("kind", "a b"),
        members("marks", "scar burn"),
        ordinal("scored") | {"from": [{"instrument": "scale", "ranges": {"low": [0, 9]}}]},
        STAGE,
        boolean("access.vr"),
        boolean("preferences.group_ok"),
        members("preferences.declines", "mbct", accepts_other=True),
        members("conditions", "ptsd"),
        members("medications", "lithium", accepts_other=True),
        integer("history.episodes", 0, 99),
    ],
    watch=True,
    instruments=[SCALE],
    doses={"antidepressant": {"sertraline": 50}},
    adaptations=["mbct", "ba"],
)


def refused(**parts: Any) -> list[tuple[str, str, str]]:
    """(code, path, message and hint) of every problem."""
    profile = as_profile(patient(**parts))
    found = problems(lambda: assess(profile, BOOK, AS_OF), ProfileError)
    return [(p.code, p.path, f"{p.message} {p.hint}") for p in found]


# ------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("mood", "awful"), ("mood", 1), ("mood", True), ("mood", ["low"]), ("mood", [])),
        *(("ratio", 1.01), ("ratio", -0.1), ("ratio", "high"), ("ratio", True)),
        *(("count", 10), ("count", 3.5), ("count", True)),
        *(("agrees", "yes"), ("agrees", 1), ("agrees", "true")),
        *(("kind", "c"), ("marks", "scar"), ("marks", True), ("marks", ["tattoo"])),
    ],
)
def test_a_value_that_the_feature_cannot_have_is_refused(name: str, value: Any) -> None:
    ((code, path, _),) = refused(observations={name: value})
    assert code == "P204"
    assert path.startswith(f"observations.{name}")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("mood", "mild", {"value": "mild"}),
        ("ratio", 0, {"value": 0}),
        ("ratio", 1.0, {"value": 1.0}),
        ("count", 0, {"value": 0}),
        ("count", 9, {"value": 9}),
        ("agrees", False, {"value": False}),
        ("kind", "b", {"value": "b"}),
        ("marks", [], {"value": []}),
        ("marks", ["burn"], {"value": ["burn"]}),
        ("marks", {"value": ["burn"]}, {"value": ["burn"]}),
        ("marks", {"value": {"present": ["burn"], "absent": ["scar"]}}, {"value": ["burn"]}),
        ("mood", None, {"everything": True}),
        ("mood", {"value": None, "on": "2026-11-20"}, {"everything": True}),
    ],
)
def test_a_value_may_be_plain_dated_or_missing(name: str, value: Any, expected: Plain) -> None:
    assert shown(BOOK, facts(BOOK, observations={name: value})[name]) == expected


def test_what_would_fit_is_said() -> None:
    assert "(low, mild, high)" in refused(observations={"mood": "awful"})[0][2]
    assert "a whole number from 0 to 9" in refused(observations={"count": 10})[0][2]
    assert "Did you mean 'scar'?" in refused(observations={"marks": ["scaar"]})[0][2]


def test_a_wrong_value_in_a_series_is_placed() -> None:
    series = [{"value": "low", "on": "2026-11-01"}, {"value": "lowish", "on": "2026-11-02"}]
    assert refused(observations={"mood": series})[0][:2] == ("P204", "observations.mood.1.value")


def test_a_member_cannot_be_both_present_and_absent() -> None:
    both = {"present": ["ptsd"], "absent": ["ptsd"]}
    assert refused(conditions=both)[0][:2] == ("P209", "conditions")


# ------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("parts", "path", "told"),
    [
        ({"observations": {"moood": "low"}}, "observations.moood", "'mood'"),
        ({"observations": {"stage": "some"}}, "observations.stage", "concluded by rules"),
        ({"observations": {"scored": "low"}}, "observations.scored", "taken from scale"),
        ({"observations": {"scale": 3}}, "observations.scale", "taken from scale"),
        ({"observations": {"conditions": []}}, "observations.conditions", "field of the profile"),
        ({"access": {"vrr": True}}, "access.vrr", "'access.vr'"),
        ({"preferences": {"groups_ok": True}}, "preferences.groups_ok", "'preferences.group_ok'"),
        ({"history": {"episods": 4}}, "history.episods", "'history.episodes'"),
    ],
)
def test_a_name_the_rulebook_does_not_know_is_refused(parts: Plain, path: str, told: str) -> None:
    ((code, found, message),) = refused(**parts)
    assert (code, found) == ("P203", path)
    assert told in message


@pytest.mark.parametrize("wish", ["prefers", "declines"])
def test_a_wish_names_an_adaptation(wish: str) -> None:
    ((code, path, message),) = refused(preferences={wish: ["ba", "mcbt"]})
    assert (code, path) == ("P210", f"preferences.{wish}.1")
    assert "'mbct'" in message


def test_a_field_that_no_rule_needs_is_no_mistake() -> None:
    bare = rulebook([ordinal("mood")], watch=True)
    assert facts(bare, sex="female", medications=["lithium"], history={"episodes": 3})


# ------------------------------------------------------------------------------- treatments


@pytest.mark.parametrize("number", ["dose_mg", "weeks", "sessions", "attended"])
def test_an_amount_below_nothing_is_refused(number: str) -> None:
    treatment = {"kind": "psychotherapy", number: -1}
    ((code, path, _),) = refused(history={"treatments": [treatment]})
    assert (code, path) == ("P206", f"history.treatments.0.{number}")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("part", ["dose_mg", "weeks"])
def test_an_amount_that_is_no_number_is_refused(part: str, number: float) -> None:
    treatment = {"kind": "antidepressant", part: number}
    raising = patient(history={"treatments": [treatment]})
    assert problems(lambda: assess(as_profile(raising), BOOK, AS_OF), ProfileError)


def test_a_misspelt_agent_is_refused_and_a_rare_one_kept() -> None:
    treatment = {"kind": "antidepressant", "agent": "sertralin"}
    ((code, path, message),) = refused(history={"treatments": [treatment]})
    assert (code, path) == ("P211", "history.treatments.0.agent")
    assert "'sertraline'" in message
    assert facts(BOOK, history={"treatments": [treatment | {"agent": "tianeptine"}]})
    assert facts(BOOK, history={"treatments": [{"kind": "other", "agent": "sertralin"}]})


@pytest.mark.parametrize("wishes", [{}, {"declines": []}, {"declines": ["mbct"]}])
def test_what_is_declined_is_a_complete_list_that_rules_can_read(wishes: Plain) -> None:
    found = facts(BOOK, preferences=wishes)["preferences.declines"]
    assert found.state == "known"
    assert shown(BOOK, found) == {"value": wishes.get("declines", [])}


def test_an_adaptation_that_no_rule_reads_may_be_declined_as_well() -> None:
    found = facts(BOOK, preferences={"declines": ["ba"]})["preferences.declines"]
    assert found.extra == ("ba",)
    assert refused(preferences={"declines": ["juggling"]})[0][0] == "P210"
