"""G02 and G04: what can be left out is found, and what cannot is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.governance.comparing.effects import seen
from recommender.governance.findings import Verdict
from recommender.governance.mutation.trees import places, without
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from recommender.governance.witness import Witness, run
from tests import strategies as drawn
from tests.building import Plain, concluded, ordinal
from tests.governance.proving import FEATURES, HIGH, book, found
from tests.governance.test_rule_checks import MILD, Rules, exclude, recommend, stop

STAGE = concluded(ordinal("stage", "none some full"), "none")
CONCLUDES: Plain = {"when": HIGH, "conclude": {"stage": "some"}}


def subjects(rules: Rules, code: str, **more: Any) -> set[str]:
    made = book(rules, features=[*FEATURES, STAGE], **more)
    return {one.subject for one in found(made, code) if one.verdict is Verdict.FOUND}


# ------------------------------------------------------------------------------- G04

REDUNDANT: list[tuple[Rules, Rules]] = [
    (
        {"r": recommend(HIGH), "s": recommend(MILD)},
        {"r": recommend(HIGH, strength="strong"), "s": recommend(MILD)},
    ),
    (
        {"r": exclude(HIGH), "s": exclude(MILD), "t": recommend({})},
        {"r": exclude(HIGH), "s": exclude({"mood": "mild"}), "t": recommend({})},
    ),
    (
        {"r": {"when": HIGH, "tailor": "mbct", "focus": "F"}, "s": recommend(HIGH, "act")},
        {"r": {"when": HIGH, "tailor": "mbct", "focus": "F"}, "s": recommend(HIGH)},
    ),
    (
        {"r": {"when": HIGH, "caution": "mbct", "adjust": "A"}, "t": recommend({"mood": "low"})},
        {"r": {"when": HIGH, "caution": "mbct", "adjust": "A"}, "t": recommend(MILD)},
    ),
    (
        {"r": {"when": HIGH, "sequence": ["mbct", "act"]}, "t": recommend({}), "u": stop({})},
        {
            "r": {"when": HIGH, "sequence": ["mbct", "act"]},
            "t": recommend({}),
            "v": recommend({}, "act"),
        },
    ),
    (
        {"r": CONCLUDES, "t": recommend({})},
        {"r": CONCLUDES, "t": recommend({"stage": "some"})},
    ),
    (
        {"r": {"when": HIGH, "choose_one": ["mbct", "act"]}, "t": recommend({})},
        {
            "r": {"when": HIGH, "choose_one": ["mbct", "act"]},
            "t": recommend({}),
            "v": recommend({}, "act"),
        },
    ),
]


@pytest.mark.parametrize(("wrong", "right"), REDUNDANT)
def test_a_rule_that_changes_no_plan_is_found(wrong: Rules, right: Rules) -> None:
    assert "adaptation.t.r" in subjects(wrong, "G04")
    assert "adaptation.t.r" not in subjects(right, "G04")


def test_of_two_copies_one_can_go() -> None:
    made = book({"r": recommend(HIGH), "s": recommend(HIGH), "t": recommend(HIGH, "act")})
    one, other = found(made, "G04")
    assert [one.subject, other.subject] == ["adaptation.t.r", "adaptation.t.s"]
    assert one.details["removable_together"] == ["adaptation.t.r"]


# ------------------------------------------------------------------------------- G02

INERT: list[tuple[Plain, Plain]] = [
    ({**HIGH, "count": {"at_least": 0}}, {**HIGH, "count": {"at_least": 1}}),
    ({"all": [HIGH, MILD]}, {"all": [HIGH, {"count": 3}]}),
    ({"any": [HIGH, MILD]}, {"any": [HIGH, {"count": 3}]}),
    ({"any": [MILD, {**HIGH, "device": True}]}, {"any": [HIGH, {**MILD, "device": True}]}),
    ({**HIGH, "stage": "some"}, {"count": 3, "stage": "some"}),
    ({**HIGH, "not": {"mood": "low"}}, {**HIGH, "not": {"count": 3}}),
]


@pytest.mark.parametrize(("wrong", "right"), INERT)
def test_a_part_that_changes_no_plan_is_found(wrong: Plain, right: Plain) -> None:
    for when, expected in ((wrong, True), (right, False)):
        rules = {"r": recommend(when), "inference.t.c": CONCLUDES}
        assert ("adaptation.t.r" in subjects(rules, "G02")) is expected


def test_a_rule_that_needs_no_condition_at_all_is_found() -> None:
    rules: Rules = {"r": recommend(HIGH), "o": {"when": MILD, "caution": "mbct", "adjust": "A"}}
    (one,) = found(book(rules), "G02")
    assert one.subject == "adaptation.t.o"
    assert one.details["place"] == "when"


def test_a_part_that_dates_a_finding_is_not_inert() -> None:
    """It never decides, and still an act before that finding lifts nothing."""
    when: Plain = {"all": [{"mood": "high"}, {"any": [HIGH, {"count": 3}]}]}
    dated = {"r": stop(when, release="seen"), "t": recommend({})}
    plain = {"r": stop(when), "t": recommend({})}
    assert subjects(plain, "G02") == {"adaptation.t.r"}
    assert subjects(dated, "G02") == set()


# ------------------------------------------------------------------------------- brute force


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_can_be_left_out_changes_nobodys_answer(data: st.DataObject) -> None:
    rulebook = data.draw(drawn.rulebooks(features=2, rules=9))
    made = Run(rulebook, drawn.AS_OF)
    altered: list[Rulebook] = []
    for check in CHECKS:
        for one in check.run(made, check) if check.code in ("G02", "G04") else ():
            if one.verdict is not Verdict.FOUND:
                continue
            rules = dict(rulebook.rules)
            if check.code == "G04":
                del rules[one.subject]
            else:
                rule = rules[one.subject]
                wanted = {".".join(map(str, ("when", *p))): p for p, _ in places(rule.condition)}
                place = wanted[one.details["place"]]
                condition = without(rule.condition, place)
                rules[one.subject] = replace(rule, condition=condition)
            altered.append(rulebook.with_rules(rules))
    for other in altered:
        for _ in range(8):
            facts = {n: f.possible for n, f in data.draw(drawn.facts(rulebook)).items()}
            witness = Witness(facts, {}, frozenset(), data.draw(drawn.declined(rulebook)))
            before, _ = run(witness, rulebook, drawn.AS_OF, beside=other)
            after, _ = run(witness, other, drawn.AS_OF, beside=rulebook)
            assert seen(before) == seen(after)


def test_past_the_budget_they_are_undecided() -> None:
    rules = {"r": recommend(HIGH), "safety.t.x": exclude({"device": True})}
    for code in ("G02", "G04"):
        (one,) = found(book(rules), code, budget=1)
        assert one.verdict is Verdict.UNDECIDED
