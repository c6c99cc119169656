"""G01, G03, G05, G06, G08: planted defects are found, their clean twins pass."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.candidates import Status
from recommender.conditions import TRUE
from recommender.facts import Possible, everything
from recommender.governance.findings import Verdict
from recommender.governance.registry import CHECKS
from recommender.governance.run import Check, Run
from recommender.governance.validate import Evaluator
from recommender.governance.witness import Witness, run
from tests import strategies as drawn
from tests.building import Plain, concluded, ordinal
from tests.governance.proving import FEATURES, HIGH, book, found

STAGE = concluded(ordinal("stage", "none some full"), "none")
MILD: Plain = {"mood": {"at_least": "mild"}}
Rules = dict[str, Plain]


def recommend(when: Plain, name: str = "mbct", **more: Any) -> Plain:
    return {"when": when, "recommend": name} | more


def exclude(when: Plain, name: str = "mbct", unknown: str = "presume", **more: Any) -> Plain:
    return {"when": when, "exclude": name, "if_not_known": unknown} | more


def stop(when: Plain, **more: Any) -> Plain:
    return {"when": when, "refer": "crisis", "if_not_known": "presume"} | more


def subjects(rules: Rules, code: str, **more: Any) -> set[str]:
    made = book(rules, features=[*FEATURES, STAGE], **more)
    return {one.subject for one in found(made, code)}


# ------------------------------------------------------------------------------- G01

DEAD: list[tuple[Plain, Plain]] = [
    ({"all": [{"mood": "low"}, HIGH]}, {"any": [{"mood": "low"}, HIGH]}),
    ({"count": {"more_than": 9}}, {"count": {"more_than": 8}}),
    ({"ratio": {"less_than": 0.0}}, {"ratio": {"at_most": 0.0}}),
    (
        {"marks": {"includes": "a"}, "not": {"marks": {"includes_any": ["a", "b"]}}},
        {"marks": {"includes": "a"}, "not": {"marks": {"includes_all": ["a", "b"]}}},
    ),
    ({"stage": "full"}, {"stage": "some"}),
    ({"all": [{"kind": "one"}, {"kind": ["two", "three"]}]}, {"kind": ["one", "two"]}),
    ({"device": True, "not": {"device": True}}, {"device": True, "not": {"agrees": True}}),
]


@pytest.mark.parametrize(("never", "sometimes"), DEAD)
def test_a_rule_that_nobody_meets_is_found(never: Plain, sometimes: Plain) -> None:
    settling: Plain = {"when": HIGH, "conclude": {"stage": "some"}}
    for when, expected in ((never, {"adaptation.t.r"}), (sometimes, set())):
        rules = {"r": recommend(when), "inference.t.c": settling}
        assert subjects(rules, "G01") == expected


def test_a_link_can_make_a_rule_dead() -> None:
    link = {"title": "L", "when": HIGH, "then": {"device": False}}
    rules = {"r": recommend({**HIGH, "device": True})}
    assert subjects(rules, "G01") == set()
    assert subjects(rules, "G01", header={"links": [link]}) == {"adaptation.t.r"}


# ------------------------------------------------------------------------------- G03

MASKED: list[tuple[Rules, Rules]] = [
    (
        {"r": recommend(HIGH), "safety.t.x": exclude(MILD)},
        {"r": recommend(MILD), "safety.t.x": exclude(HIGH)},
    ),
    (
        {"r": recommend(HIGH), "safety.t.s": stop(MILD)},
        {"r": recommend(HIGH), "safety.t.s": stop(MILD, release="seen")},
    ),
    (
        {"r": recommend(HIGH), "safety.t.s": stop(MILD, hold=["mbct"])},
        {"r": recommend(HIGH), "safety.t.s": stop(MILD, hold=["act"])},
    ),
    (
        {"r": {"when": HIGH, "tailor": "mbct", "focus": "F"}, "safety.t.x": exclude(HIGH)},
        {"r": {"when": HIGH, "tailor": "mbct", "focus": "F"}, "safety.t.x": exclude(HIGH, "act")},
    ),
    (
        {"r": {"when": HIGH, "caution": "mbct"}, "safety.t.x": exclude({"stage": "some"})},
        {"r": {"when": MILD, "caution": "mbct"}, "safety.t.x": exclude({"stage": "some"})},
    ),
    (
        {"r": recommend({**HIGH, "count": 3}), "safety.t.x": exclude({"count": {"at_most": 3}})},
        {"r": recommend({**HIGH, "count": 3}), "safety.t.x": exclude({"count": {"at_most": 2}})},
    ),
]


@pytest.mark.parametrize(("wrong", "right"), MASKED)
def test_a_rule_whose_adaptation_is_barred_whenever_it_fires_is_found(
    wrong: Rules, right: Rules
) -> None:
    settling: Plain = {"when": HIGH, "conclude": {"stage": "some"}}
    assert subjects(wrong | {"inference.t.c": settling}, "G03") == {"adaptation.t.r"}
    assert subjects(right | {"inference.t.c": settling}, "G03") == set()


def test_what_masks_a_rule_is_named() -> None:
    made = book({"r": recommend(HIGH), "safety.t.x": exclude(MILD), "safety.t.s": stop(HIGH)})
    (one,) = found(made, "G03")
    assert one.details["barred_by"] == ["safety.t.s", "safety.t.x"]


# ------------------------------------------------------------------------------- G05

SUBSUMED: list[tuple[Plain, Plain, Plain]] = [
    # (a rule, another that makes it needless, another that does not)
    (recommend(HIGH), recommend(MILD), recommend({"mood": "mild"})),
    (recommend({"count": 3}), recommend({"count": {"at_least": 3}}), recommend({"count": 4})),
    (exclude({"device": True}), exclude({}), exclude({"device": True}, unknown="block")),
    (
        exclude({**HIGH, "device": True}),
        exclude(HIGH),
        exclude(HIGH, release="seen"),
    ),
    (stop(HIGH), stop(MILD), stop(MILD, hold=["mbct"])),
    (
        {"when": HIGH, "tailor": "mbct", "focus": "F"},
        {"when": MILD, "tailor": "mbct", "focus": "F"},
        {"when": MILD, "tailor": "mbct", "focus": "G"},
    ),
    (
        recommend(HIGH, certainty="low"),
        recommend(MILD, certainty="low"),
        recommend(MILD, certainty="high"),
    ),
]


@pytest.mark.parametrize(("rule", "wider", "other"), SUBSUMED)
def test_a_rule_another_makes_needless_is_found(rule: Plain, wider: Plain, other: Plain) -> None:
    assert subjects({"r": rule, "s": wider}, "G05") == {"adaptation.t.r"}
    assert subjects({"r": rule, "s": other}, "G05") == set()


def test_two_ways_to_write_one_condition_are_one_rule_twice() -> None:
    rules = {
        "r": recommend({"count": {"more_than": 3}}),
        "s": recommend({"count": [4, 5, 6, 7, 8, 9]}),
    }
    (one,) = found(book(rules), "G05")
    assert one.subject == "adaptation.t.s"
    assert "twice" in one.why


def test_an_exclude_that_is_sooner_unknown_is_not_needless() -> None:
    """Where the wider one is known not to hold, the narrower may still be open."""
    narrower = {"all": [{"device": True}, {"any": [{"agrees": True}, {"not": {"agrees": True}}]}]}
    rules = {
        "safety.t.x": exclude({"any": [HIGH, narrower]}, unknown="block"),
        "safety.t.y": exclude(HIGH, unknown="block"),
    }
    assert subjects(rules, "G05") == {"safety.t.y"}


# ------------------------------------------------------------------------------- G06

MEETING: list[tuple[Plain, Plain, Plain]] = [
    (HIGH, {"device": True}, {"mood": "low"}),
    ({"count": {"at_least": 3}}, {"count": {"at_most": 3}}, {"count": {"at_most": 2}}),
    ({"kind": "one"}, {"kind": ["one", "two"]}, {"kind": "two"}),
    ({"marks": {"includes": "a"}}, {"marks": {"includes": "b"}}, {"marks": {"empty": True}}),
    ({"ratio": {"at_least": 0.5}}, {"ratio": {"at_most": 0.5}}, {"ratio": {"less_than": 0.5}}),
    ({"stage": "some"}, HIGH, {"mood": "low"}),
]


@pytest.mark.parametrize(("when", "meets", "apart"), MEETING)
def test_reasons_for_and_against_that_can_meet_are_listed(
    when: Plain, meets: Plain, apart: Plain
) -> None:
    settling: Plain = {"when": HIGH, "conclude": {"stage": "some"}}
    rules = {"r": recommend(when), "inference.t.c": settling}
    (one,) = found(book(rules | {"safety.t.x": exclude(meets)}, features=[*FEATURES, STAGE]), "G06")
    assert one.subject == "mbct"
    assert one.details["excluded_by"] == ["safety.t.x"]
    assert len(one.witnesses) == 1
    assert subjects(rules | {"safety.t.x": exclude(apart)}, "G06") == set()


# ------------------------------------------------------------------------------- G08


def order(*names: str) -> Plain:
    return {"when": {}, "sequence": list(names)}


ORDERED: list[tuple[Rules, Rules]] = [
    (
        {
            "a": order("mbct", "act"),
            "b": order("act", "mbct"),
        },
        {
            "a": order("mbct", "act"),
            "b": order("act", "tms"),
        },
    ),
    (
        {
            "a": order("mbct", "act"),
            "b": order("act", "tms"),
            "c": order("tms", "mbct"),
        },
        {
            "a": order("mbct", "act"),
            "b": order("act", "tms"),
            "c": order("mbct", "tms"),
        },
    ),
    (
        {
            "a": {"when": {"device": True}, "sequence": ["mbct", "act"]},
            "b": {"when": {"count": 3}, "sequence": ["act", "mbct"]},
        },
        {
            "a": {"when": {"stage": "some"}, "sequence": ["mbct", "act"]},
            "b": {"when": {"mood": "low"}, "sequence": ["act", "mbct"]},
            "inference.t.c": {"when": HIGH, "conclude": {"stage": "some"}},
            "r": recommend(HIGH),
        },
    ),
    (
        {"a": order("mbct", "idle")},
        {"a": order("mbct", "tms")},
    ),
    (
        {"a": {"when": {}, "choose_one": ["mbct", "idle"]}},
        {"a": {"when": {}, "choose_one": ["mbct", "tms"]}},
    ),
    (
        {"a": {"when": {}, "together": ["idle", "act"]}},
        {"a": {"when": {}, "together": ["tms", "act"]}},
    ),
]


@pytest.mark.parametrize(("wrong", "right"), ORDERED)
def test_an_order_that_cannot_be_kept_is_found(wrong: Rules, right: Rules) -> None:
    given_ = {name: recommend({}, name) for name in ("mbct", "act", "tms")}
    always = {f"adaptation.u.{name}": rule for name, rule in given_.items()}
    names = ["mbct", "act", "tms", "idle"]
    if "r" in right:
        always.pop("adaptation.u.mbct")
        wrong = wrong | {"adaptation.u.mbct": given_["mbct"]}
    assert subjects(always | wrong, "G08", adaptations=names) == {"adaptation.t.a"}
    assert subjects(always | right, "G08", adaptations=names) == set()


# ------------------------------------------------------------------------------- brute force


@settings(max_examples=40)
@given(rulebook=drawn.rulebooks(features=2, rules=7))
def test_what_is_dead_or_masked_is_so_for_every_fact(rulebook: Rulebook) -> None:
    features = [f for f in rulebook.features.values() if not f.concluded]
    ways = [drawn.refinements(feature, everything(feature)) for feature in features]
    if len(list(product(*ways))) > 400:
        return
    facts: list[dict[str, Possible]] = [
        dict(zip((f.id for f in features), one, strict=True)) for one in product(*ways)
    ]
    inactive = rulebook.inactive(drawn.AS_OF)
    evaluator = Evaluator(rulebook, inactive)
    fired = {
        rule.id
        for rule in rulebook.rules.values()
        if any(evaluator.truth(rule.condition, one) == TRUE for one in facts)
    }
    active = set(rulebook.rules) - inactive
    made = Run(rulebook, drawn.AS_OF)
    (dead, masked) = (
        {one.subject for one in check.run(made, check)} for check in _checks("G01", "G03")
    )
    assert dead == active - fired
    for name in masked:
        rule = rulebook.rules[name]
        for one in facts:
            if evaluator.truth(rule.condition, one) != TRUE:
                continue
            answer, _ = run(Witness(one, {}), rulebook, drawn.AS_OF)
            assert any(
                answer.candidates[target].status in (Status.HELD, Status.EXCLUDED, Status.WITHHELD)
                for target in rule.targets
            )


def _checks(*codes: str) -> list[Check]:
    return [one for one in CHECKS if one.code in codes]


@settings(max_examples=30)
@given(data=st.data())
def test_a_needless_rule_changes_nobodys_answer(data: st.DataObject) -> None:
    rulebook = data.draw(drawn.rulebooks(features=2, rules=10))
    made = Run(rulebook, drawn.AS_OF)
    (check,) = _checks("G05")
    evaluator = Evaluator(rulebook, rulebook.inactive(drawn.AS_OF))
    for one in check.run(made, check):
        inner, outer = rulebook.rules[one.subject], rulebook.rules[one.details["other"]]
        for _ in range(6):
            facts = {n: f.possible for n, f in data.draw(drawn.facts(rulebook)).items()}
            truths = [evaluator.truth(rule.condition, facts) for rule in (inner, outer)]
            assert truths[0] <= truths[1]


def test_past_the_budget_a_check_is_undecided() -> None:
    rules = {"r": recommend(HIGH), "safety.t.x": exclude({"device": True})}
    (one,) = found(book(rules), "G03", budget=1)
    assert one.verdict is Verdict.UNDECIDED
    assert "nodes" in one.why
