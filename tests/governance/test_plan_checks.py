"""G02, G04, G07, G12 to G15, G18: planted defects are found, their clean twins pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.conditions import UNKNOWN
from recommender.gather import Gathered
from recommender.governance.comparing.effects import seen
from recommender.governance.findings import Finding, Severity
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from recommender.governance.validate import Evaluator
from recommender.governance.witness import Witness, run
from recommender.rulebook import build
from recommender.rules import Verb
from tests import strategies as drawn
from tests.building import Plain, concluded, content, ordinal
from tests.governance.proving import FEATURES, HIGH, book, claim, found

STAGE = concluded(ordinal("stage", "none some full"), "none")
MILD: Plain = {"mood": {"at_least": "mild"}}
ON: Plain = {"device": True}
Rules = dict[str, Plain]


def recommend(when: Plain, name: str = "mbct", **more: Any) -> Plain:
    return {"when": when, "recommend": name} | more


def exclude(when: Plain, name: str = "mbct", unknown: str = "block", **more: Any) -> Plain:
    return {"when": when, "exclude": name, "if_not_known": unknown} | more


def subjects(rules: Rules, code: str, **more: Any) -> set[str]:
    made = book(rules, features=[*FEATURES, STAGE], **more)
    return {one.subject for one in found(made, code) if not one.is_clean}


# ------------------------------------------------------------------------------- G04

NEEDLESS: list[tuple[Plain, Plain, Plain]] = [
    # (a rule, one beside which it is needless, one beside which it is not)
    (recommend(HIGH), recommend(MILD), recommend({"mood": "mild"})),
    (exclude(HIGH), exclude(MILD), exclude(MILD, "act")),
    (
        {"when": HIGH, "caution": "act", "adjust": "A"},
        {"when": {}, "exclude": "act"},
        {"when": ON, "exclude": "act"},
    ),
    (
        {"when": HIGH, "tailor": "act", "focus": "F"},
        {"when": {"mood": {"at_least": "mild"}}, "exclude": "act", "if_not_known": "block"},
        {"when": HIGH, "exclude": "mbct", "if_not_known": "block"},
    ),
    (
        {"when": {}, "choose_one": ["act", "mbct"]},
        {"when": {}, "exclude": "act"},
        {"when": ON, "exclude": "act"},
    ),
    (
        {"when": ON, "sequence": ["mbct", "act"]},
        {"when": {"device": [True, False]}, "sequence": ["mbct", "act"]},
        {"when": {"device": False}, "sequence": ["mbct", "act"]},
    ),
]


@pytest.mark.parametrize(("rule", "beside", "apart"), NEEDLESS)
def test_a_rule_without_which_the_plan_is_the_same_is_found(
    rule: Plain, beside: Plain, apart: Plain
) -> None:
    base = {"m": recommend({"count": 3}), "n": recommend({"count": {"at_least": 2}}, "act")}
    assert "adaptation.t.r" in subjects({**base, "r": rule, "s": beside}, "G04")
    others = {**base, "r": rule, "s": apart}
    assert "adaptation.t.r" not in subjects(others, "G04")


def test_of_two_copies_each_is_needless_and_one_can_go() -> None:
    rules = {"r": recommend(HIGH), "s": recommend(HIGH)}
    both = found(book(rules), "G04")
    assert {one.subject for one in both} == {"adaptation.t.r", "adaptation.t.s"}
    assert {tuple(one.details["removable_together"]) for one in both} == {("adaptation.t.r",)}


def test_a_conclusion_that_changes_no_plan_is_told_as_information() -> None:
    rules = {"inference.t.c": {"when": HIGH, "conclude": {"stage": "some"}}, "r": recommend(MILD)}
    (one,) = found(book(rules, features=[*FEATURES, STAGE]), "G04")
    assert (one.subject, one.severity) == ("inference.t.c", Severity.INFO)


# ------------------------------------------------------------------------------- G02

ALWAYS_HIGH: Plain = {"any": [HIGH, {"all": [HIGH, ON]}]}
INERT: list[tuple[Plain, Plain]] = [
    (ALWAYS_HIGH, {"any": [HIGH, {"all": [MILD, ON]}]}),
    ({"any": [MILD, HIGH]}, {"any": [{"mood": "mild"}, HIGH]}),
    ({"all": [HIGH, MILD]}, {"all": [HIGH, ON]}),
    ({"all": [{"count": 3}, {"count": {"at_most": 5}}]}, {"all": [{"count": 3}, ON]}),
    ({"all": [HIGH, {"ratio": {"at_least": 0.0}}]}, {"all": [HIGH, {"ratio": {"at_least": 0.5}}]}),
    (
        {"all": [{"stage": "full"}, HIGH]},
        {"all": [{"stage": "some"}, ON]},
    ),
]


@pytest.mark.parametrize(("wrong", "right"), INERT)
def test_a_test_that_decides_nothing_is_found(wrong: Plain, right: Plain) -> None:
    settling: Plain = {"when": {"count": 7}, "conclude": {"stage": "some"}}
    for when, expected in ((wrong, True), (right, False)):
        rules = {"r": recommend(when), "inference.t.c": settling, "s": recommend(ON, "act")}
        told = subjects(rules, "G02") | subjects(rules, "G01") | subjects(rules, "G04")
        if "stage" not in str(when):
            told -= {"inference.t.c"}
        assert ("adaptation.t.r" in told) is expected


def test_the_place_of_the_test_is_named() -> None:
    rules = {"r": recommend({"any": [MILD, {"all": [HIGH, ON]}]})}
    (one,) = found(book(rules), "G02")
    assert one.details["place"] == "when.1.1"
    assert one.severity is Severity.WARNING


def test_a_test_that_only_repeats_what_others_say_is_information() -> None:
    rules = {"r": recommend({"all": [HIGH, MILD]})}
    (one,) = found(book(rules), "G02")
    assert (one.details["place"], one.severity) == ("when.1", Severity.INFO)


def test_a_test_that_is_masked_whatever_it_says_is_a_warning() -> None:
    """Whether or not the device is there, whoever has a high mood is excluded all the same."""
    rules = {
        "m": recommend({}),
        "safety.t.x": exclude({"any": [{"count": 3}, {"all": [HIGH, ON]}]}),
        "safety.t.y": exclude(HIGH),
    }
    (one,) = [one for one in found(book(rules), "G02") if one.subject == "safety.t.x"]
    assert (one.details["place"], one.severity) == ("when.1.1", Severity.WARNING)


# ------------------------------------------------------------------------------- G07

CHOICES: list[Plain] = [
    {"when": {}, "choose_one": ["mbct", "act"]},
    {"when": HIGH, "choose_one": ["mbct", "act"]},
    {"when": {}, "choose_one": ["mbct", "act", "tms"]},
    {"when": ON, "choose_one": ["act", "tms"], "prefer": "tms"},
    {"when": {"stage": "some"}, "choose_one": ["mbct", "act"]},
]


@pytest.mark.parametrize("choice", CHOICES)
def test_rivals_are_proved_apart(choice: Plain) -> None:
    rules = {name: recommend({}, name) for name in ("mbct", "act", "tms")}
    rules |= {"inference.t.c": {"when": HIGH, "conclude": {"stage": "some"}}, "one": choice}
    (proved,) = found(book(rules, features=[*FEATURES, STAGE]), "G07")
    assert (proved.subject, proved.verdict) == ("adaptation.t.one", "proved")


# ------------------------------------------------------------------------------- G12, G13, G14


def unchecked(rules: Rules, **more: Any) -> Rulebook:
    """A rulebook the loader would refuse: `known` in rules that have to be monotone."""
    named = {name if "." in name else f"adaptation.t.{name}": r for name, r in rules.items()}
    more.setdefault("features", [*FEATURES, STAGE])
    made = content(more.pop("features"), named, adaptations=["mbct", "tms", "act"], **more)
    return build(Gathered(made, checked=True))


def verdicts(made: Rulebook, code: str) -> set[str]:
    return {one.verdict.value for one in found(made, code) if one.severity is Severity.ERROR}


KNOWN: Plain = {"device": {"known": True}}
LATE: list[Plain] = [
    exclude({"device": {"known": True}}),
    exclude({"all": [HIGH, {"device": {"known": True}}]}, unknown="block"),
    exclude({"any": [{"count": {"known": True}}, ON]}, unknown="ask"),
    exclude({"not": {"device": {"known": False}}}, unknown="caution"),
    {"when": {"kind": {"known": True}}, "refer": "crisis", "if_not_known": "block"},
]
SOUND: list[Plain] = [
    exclude(ON),
    exclude({"all": [HIGH, ON]}, unknown="ask"),
    exclude({"any": [{"count": 3}, ON]}, unknown="caution"),
    exclude({"not": ON}, unknown="presume"),
    {"when": {"kind": "one"}, "refer": "crisis", "if_not_known": "block"},
]


@pytest.mark.parametrize(("wrong", "right"), list(zip(LATE, SOUND, strict=True)))
def test_what_an_answer_turns_on_unannounced_is_refuted(wrong: Plain, right: Plain) -> None:
    assert "refuted" in verdicts(unchecked({"m": recommend({}), "x": wrong}), "G12")
    assert verdicts(unchecked({"m": recommend({}), "x": right}), "G12") == {"proved"}


LOST: list[tuple[Plain, Plain]] = [
    (exclude({"device": {"known": False}}), exclude({"device": False})),
    (exclude({"any": [{"device": {"known": False}}, HIGH]}), exclude({"any": [ON, HIGH]})),
    (exclude({"not": {"count": {"known": True}}}, unknown="ask"), exclude(HIGH, unknown="ask")),
    (exclude({"all": [HIGH, {"kind": {"known": False}}]}), exclude({"all": [HIGH, ON]})),
    (
        exclude({"marks": {"known": False}}, unknown="presume"),
        exclude({"marks": {"includes": "a"}}, unknown="presume"),
    ),
]


@pytest.mark.parametrize(("wrong", "right"), LOST)
def test_an_exclusion_that_an_answer_ends_is_refuted(wrong: Plain, right: Plain) -> None:
    assert verdicts(unchecked({"m": recommend({}), "x": wrong}), "G13") == {"refuted"}
    assert verdicts(unchecked({"m": recommend({}), "x": right}), "G13") == {"proved"}


TAKES: list[tuple[Plain, set[str]]] = [
    (exclude(ON, unknown="ask"), {"device"}),
    (exclude({"all": [HIGH, ON]}, unknown="caution"), {"mood", "device"}),
    (exclude({"any": [{"count": 3}, ON]}, unknown="ask"), {"count", "device"}),
    (exclude({"stage": "some"}, unknown="caution"), {"kind"}),
    (exclude({"marks": {"includes_any": ["a", "b"]}}, unknown="ask"), {"marks"}),
    (exclude(ON, unknown="block"), set()),
    (exclude(ON, unknown="presume"), set()),
    (exclude(ON, "act", unknown="ask"), set()),
    ({"when": ON, "caution": "mbct"}, set()),
    ({"when": ON, "refer": "crisis", "if_not_known": "block"}, set()),
    ({"when": ON, "refer": "crisis", "if_not_known": "ask", "hold": ["mbct"]}, {"device"}),
]


@pytest.mark.parametrize(("rule", "features"), TAKES)
def test_what_would_take_a_recommendation_away_is_listed(rule: Plain, features: set[str]) -> None:
    settling: Plain = {"when": {"kind": "one"}, "conclude": {"stage": "some"}}
    rules = {"m": recommend({}), "inference.t.c": settling, "x": rule}
    listed = found(book(rules, features=[*FEATURES, STAGE]), "G14")
    assert not [one for one in listed if one.severity is Severity.ERROR and not one.is_clean]
    told = {one.subject: set(one.details["features"]) for one in listed if one.details}
    assert told.get("mbct", set()) == features


# ------------------------------------------------------------------------------- G15


def _torn(when: Plain, one: Plain, other: Plain) -> dict[str, Any]:
    """Links of which a person of whom `when` holds can keep one or the other, not both."""
    return {"links": [{"title": "L", "when": when, "then": then} for then in (one, other)]}


STUCK: list[tuple[Plain, dict[str, Any], dict[str, Any]]] = [
    # (a condition, links nobody can keep who answers, links that can be kept)
    ({"count": 3}, _torn(ON, {"count": 3}, {"count": 5}), _torn(ON, {"count": 3}, MILD)),
    (HIGH, _torn(ON, HIGH, {"mood": "low"}), _torn(ON, MILD, {"mood": ["low", "high"]})),
    ({"kind": "one"}, _torn(HIGH, {"kind": "one"}, {"kind": "two"}), _torn(HIGH, ON, {})),
    (
        {"marks": {"includes": "a"}},
        _torn(ON, {"marks": {"includes": "a"}}, {"marks": {"empty": True}}),
        _torn(ON, {"marks": {"includes": "a"}}, {"marks": {"includes": "b"}}),
    ),
    (
        {"ratio": {"at_least": 0.5}},
        _torn({"kind": "one"}, {"ratio": {"at_least": 0.5}}, {"ratio": {"less_than": 0.5}}),
        _torn({"kind": "one"}, {"ratio": {"at_least": 0.5}}, {"ratio": {"less_than": 0.7}}),
    ),
    (
        {"stage": "some"},
        _torn(ON, {"kind": "one"}, {"kind": "two"}),
        _torn(ON, {"kind": "one"}, {"kind": ["one", "two"]}),
    ),
]


@pytest.mark.parametrize(("when", "torn", "kept"), STUCK)
def test_who_could_wait_for_ever_is_found(
    when: Plain, torn: dict[str, Any], kept: dict[str, Any]
) -> None:
    settling: Plain = {"when": {"kind": "one"}, "conclude": {"stage": "some"}}
    rules = {"r": recommend(when), "inference.t.c": settling}
    for header, expected in ((torn, "refuted"), (kept, "proved")):
        made = unchecked(rules, header=header | {"safe_base": "Care goes on."})
        assert verdicts(made, "G15") == {expected}


def test_the_text_for_when_nothing_is_recommended_has_to_be_there() -> None:
    made = unchecked({"r": recommend(HIGH)}, header={"safe_base": ""})
    assert "safe_base" in {one.subject for one in found(made, "G15") if not one.is_clean}


# ------------------------------------------------------------------------------- G18

NEVER = {"p": claim({"device": True}, unknown=True, never={"recommended": "mbct"})}
RESTING: list[tuple[Rules, list[str], list[list[str]]]] = [
    ({"safety.t.x": exclude(ON)}, ["safety.t.x"], []),
    ({"safety.t.x": exclude(ON), "safety.t.y": exclude(ON)}, [], [["safety.t.x", "safety.t.y"]]),
    (
        {"safety.t.x": {"when": ON, "refer": "crisis", "if_not_known": "block"}},
        ["safety.t.x"],
        [],
    ),
    (
        {"safety.t.x": exclude(ON), "safety.t.y": exclude({"all": [{"count": 3}, ON]})},
        ["safety.t.x"],
        [],
    ),
    (
        {"safety.t.x": exclude({"all": [HIGH, ON]}), "safety.t.y": exclude({
            "all": [{"not": HIGH}, ON]}), "safety.t.z": exclude(ON)},
        [],
        [["safety.t.x", "safety.t.z"]],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "alone", "together"), RESTING)
def test_what_a_promise_rests_on(rules: Rules, alone: list[str], together: list[list[str]]) -> None:
    made = book({"m": recommend(HIGH), **rules}, NEVER)
    (one,) = found(made, "G18")
    assert one.details["alone"] == alone
    assert one.details["together"] == together


def test_a_promise_that_no_rule_can_break_rests_on_none() -> None:
    made = book({"m": recommend({"device": False})}, NEVER)
    (one,) = found(made, "G18")
    assert (one.details["alone"], one.details["together"]) == ([], [])


# ------------------------------------------------------------------------------- G16


@settings(max_examples=40)
@given(text=drawn.contents(features=3, rules=8), data=st.data())
def test_the_order_of_rules_and_a_second_copy_change_no_plan(
    text: Plain, data: st.DataObject
) -> None:
    """Permuted, with one rule twice under another id, the plan says the same."""
    names = data.draw(st.permutations(sorted(text["rules"])))
    permuted = {**text, "rules": {name: text["rules"][name] for name in names}}
    one, other = drawn.load(text), drawn.load(permuted)
    assert one.digest == other.digest
    facts = {n: f.possible for n, f in data.draw(drawn.facts(one)).items()
             if not one.features[n].concluded}  # fmt: skip
    answers = [seen(run(Witness(facts, {}), made, drawn.AS_OF)[0]) for made in (one, other)]
    assert answers[0] == answers[1]
    verbs = (Verb.RECOMMEND, Verb.EXCLUDE)
    twice = data.draw(st.sampled_from([r.id for r in one.rules.values() if r.verb in verbs]))
    copied = one.with_rules({**one.rules, f"{twice}z": replace(one.rules[twice], id=f"{twice}z")})
    assert seen(run(Witness(facts, {}), copied, drawn.AS_OF)[0]) == answers[0]


# ------------------------------------------------------------------------------- brute force


def _check(made: Rulebook, code: str) -> list[Finding]:
    run_ = Run(made, drawn.AS_OF)
    return [one for check in CHECKS if check.code == code for one in check.run(run_, check)]


@settings(max_examples=40)
@given(data=st.data())
def test_a_needless_rule_changes_no_drawn_persons_plan(data: st.DataObject) -> None:
    made = data.draw(drawn.rulebooks(features=2, rules=10))
    for one in _check(made, "G04"):
        less = made.with_rules({n: r for n, r in made.rules.items() if n != one.subject})
        for _ in range(6):
            facts = {n: f.possible for n, f in data.draw(drawn.facts(made)).items()
                     if not made.features[n].concluded}  # fmt: skip
            patient = Witness(facts, {})
            before, _ = run(patient, made, drawn.AS_OF, beside=less)
            after, _ = run(patient, less, drawn.AS_OF, beside=made)
            assert seen(before) == seen(after)


@settings(max_examples=40)
@given(data=st.data())
def test_what_is_excluded_stays_so_for_drawn_people(data: st.DataObject) -> None:
    made = data.draw(drawn.rulebooks(features=3, rules=10))
    assert [one.verdict.value for one in _check(made, "G13")] == ["proved"]
    assert [one.verdict.value for one in _check(made, "G12")] == ["proved"]
    assert {one.verdict.value for one in _check(made, "G14")} <= {"proved", "found"}
    before = data.draw(drawn.facts(made))
    evaluator = Evaluator(made, made.inactive(drawn.AS_OF))
    old = {n: f.possible for n, f in before.items()}
    new = {n: data.draw(drawn.narrowing(made.features[n], p)) for n, p in old.items()}
    for rule in made.rules.values():
        if rule.verb.value in ("exclude", "refer"):
            was, becomes = (evaluator.truth(rule.condition, one) for one in (old, new))
            assert was in (UNKNOWN, becomes)
