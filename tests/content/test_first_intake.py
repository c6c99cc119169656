"""An ordinary first intake, on which little was asked, still gets a useful answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from recommender import conditions, content, load_rulebook, recommend
from recommender.explain.view import FIRST_QUESTIONS, question_lines
from recommender.profile import read_profile
from recommender.rules import IfNotKnown, Verb

RULEBOOK = load_rulebook()
CORE: Mapping[str, set[str]] = {
    "first_intake_item9_zero": {"cbt_core", "rfcbt", "med_review"},
    "first_intake_item9_positive": {"cbt_core", "rfcbt", "med_review"},
    "first_intake_item9_daily": set(),
    "first_intake_inactive": {"ba", "cbt_core", "med_review"},
    "first_intake_records_missing": {"cbt_core", "rfcbt", "med_review"},
    "first_intake_after_cbt": {"rfcbt", "med_review"},
}
"""What has to be in the plan; nothing where the plan is stopped."""


@cache
def answer(name: str) -> Mapping[str, Any]:
    data = (content.root() / "profiles" / f"{name}.yaml").read_bytes()
    return recommend(read_profile(data, name), RULEBOOK).to_dict()


@pytest.mark.parametrize("name", CORE)
def test_the_core_is_in_the_plan(name: str) -> None:
    assert {entry["adaptation"] for entry in answer(name)["plan"]} >= CORE[name]
    assert bool(answer(name)["stops"]) is not bool(CORE[name])


@pytest.mark.parametrize("name", CORE)
def test_a_page_shows_few_questions_and_suicide_first(name: str) -> None:
    lines = question_lines(answer(name)["ask"])
    assert FIRST_QUESTIONS <= 7
    assert lines[0][0]["panel"] == "suicide"


@pytest.mark.parametrize("name", CORE)
def test_nothing_that_is_presumed_is_asked(name: str) -> None:
    """A feature that only presumed rules read is neither assumed nor asked."""
    read: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in RULEBOOK.rules.values():
        presumed = rule.verb in (Verb.EXCLUDE, Verb.REFER) and (
            rule.unknown_means is IfNotKnown.PRESUME
        )
        read[presumed] |= {test.feature for test in conditions.tests_of(rule.condition)}
        read[False] |= {rule.text.ask or ""}
    only_presumed = read[True] - read[False]
    assert only_presumed
    assert not {entry["feature"] for entry in answer(name)["ask"]} & only_presumed


@pytest.mark.parametrize("name", CORE)
def test_no_part_carries_more_than_five_assumptions(name: str) -> None:
    assert [e["adaptation"] for e in answer(name)["plan"] if len(e["assumes"]) > 5] == []


@pytest.mark.parametrize("name", CORE)
def test_stimulation_is_possible_later_and_never_called_contraindicated(name: str) -> None:
    aside = {entry["adaptation"]: entry["status"] for entry in answer(name)["set_aside"]}
    assert aside["tms"] in ("withheld", "cannot_say", "held")
    assert aside["crt"] in ("cannot_say", "held")


def test_suspected_resistance_is_said_in_words() -> None:
    flags = [flag["rule"] for flag in answer("first_intake_records_missing")["flags"]]
    assert "safety.resistance_label.suspected_trd" in flags
