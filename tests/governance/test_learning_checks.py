"""G12 to G14: what learning more can take away."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings

from recommender import Rulebook
from recommender.candidates import Status
from recommender.conditions import AllOf, Condition, Not
from recommender.conditions import Test as Asked
from recommender.facts import everything
from recommender.governance.findings import Finding, Verdict
from recommender.governance.registry import EVERY_CHECK
from recommender.governance.run import Run
from recommender.governance.witness import Witness, run
from recommender.recommendation import Recommendation
from tests import strategies as drawn
from tests.building import Plain, concluded, ordinal
from tests.governance.proving import FEATURES, HIGH, book, found
from tests.governance.test_rule_checks import MILD, Rules, exclude, recommend, stop

STAGE = concluded(ordinal("stage", "none some full"), "none")
BARRED = (Status.EXCLUDED, Status.WITHHELD, Status.HELD)
KNOWN = Asked("device", "known", (True,))
"""What no rule that bars may ask: the loader refuses it, so these tests put it there."""


def asking(rules: Rules, conditions: dict[str, Condition]) -> Rulebook:
    """A rulebook whose rules ask whether something is known, as no file may."""
    made = book(rules, features=[*FEATURES, STAGE])
    changed = {
        name: replace(rule, condition=conditions.get(name, rule.condition))
        for name, rule in made.rules.items()
    }
    return made.with_rules(changed)


def verdicts(made: Rulebook, code: str) -> dict[str, Verdict]:
    return {one.subject: one.verdict for one in found(made, code)}


# ------------------------------------------------------------------------------- G12

AGREES = Asked("agrees", "is", (True,))
TWICE: list[tuple[Plain, Condition]] = [
    (exclude(HIGH), KNOWN),
    (exclude(HIGH, unknown="block"), KNOWN),
    (exclude(HIGH, unknown="ask"), AllOf((KNOWN, AGREES))),
    (stop(HIGH), KNOWN),
    (stop(HIGH, hold=["mbct"]), KNOWN),
    ({**stop(HIGH), "if_not_known": "block"}, AllOf((KNOWN, Asked("mood", "is", ("high",))))),
]


@pytest.mark.parametrize(("rule", "condition"), TWICE)
def test_a_bar_that_asks_whether_something_is_known_is_found(
    rule: Plain, condition: Condition
) -> None:
    rules = {"x": rule, "r": recommend({})}
    wrong = asking(rules, {"adaptation.t.x": condition})
    (one,) = found(wrong, "G12")
    assert (one.subject, one.verdict) == ("mbct", Verdict.REFUTED)
    assert [w["role"] for w in one.witnesses] == ["before", "after"]
    right = asking(rules, {"adaptation.t.x": Asked("device", "is", (True,))})
    assert set(verdicts(right, "G12").values()) == {Verdict.PROVED}


def test_a_bar_that_rests_on_such_a_conclusion_is_found() -> None:
    rules: Rules = {
        "inference.t.c": {"when": HIGH, "conclude": {"stage": "some"}},
        "x": exclude({"stage": "some"}),
        "r": recommend({}),
    }
    assert verdicts(asking(rules, {"inference.t.c": KNOWN}), "G12") == {"mbct": Verdict.REFUTED}
    assert verdicts(asking(rules, {}), "G12") == {"every adaptation": Verdict.PROVED}


# ------------------------------------------------------------------------------- G13

UNDONE: list[tuple[Plain, Condition]] = [
    (exclude(HIGH), Not(KNOWN)),
    (exclude(HIGH, unknown="block"), Not(KNOWN)),
    (exclude(HIGH), AllOf((Not(KNOWN), AGREES))),
    (exclude(HIGH), Asked("device", "known", (False,))),
    (exclude(HIGH, unknown="ask"), AllOf((Not(KNOWN), Asked("mood", "is", ("high",))))),
]


@pytest.mark.parametrize(("rule", "condition"), UNDONE)
def test_an_exclusion_that_learning_undoes_is_found(rule: Plain, condition: Condition) -> None:
    rules = {"x": rule, "r": recommend({})}
    wrong = asking(rules, {"adaptation.t.x": condition})
    assert verdicts(wrong, "G13") == {"mbct": Verdict.REFUTED}
    right = asking(rules, {"adaptation.t.x": Not(Asked("device", "is", (True,)))})
    assert verdicts(right, "G13") == {"every adaptation": Verdict.PROVED}


def test_an_exclusion_that_becomes_a_stop_persists() -> None:
    rules = {"x": exclude(HIGH), "s": stop(HIGH), "r": recommend({})}
    both = {"adaptation.t.x": Not(KNOWN), "adaptation.t.s": KNOWN}
    assert verdicts(asking(rules, both), "G13") == {"every adaptation": Verdict.PROVED}


# ------------------------------------------------------------------------------- G14

TAKEN: list[tuple[Plain, set[str]]] = [
    (exclude(HIGH, unknown="ask"), {"mood"}),
    (exclude(HIGH, unknown="caution"), {"mood"}),
    (exclude(HIGH, unknown="presume"), {"mood"}),
    (exclude(HIGH, unknown="block"), set()),
    (exclude(HIGH, "act", unknown="ask"), set()),
    (exclude({**HIGH, "device": True}, unknown="ask"), {"mood", "device"}),
    (exclude({"stage": "some"}, unknown="ask"), {"count"}),
    (stop(HIGH, hold=["mbct"]), {"mood"}),
    ({**stop(HIGH, hold=["mbct"]), "if_not_known": "block"}, set()),
    (exclude({"marks": {"includes_any": ["a", "b"]}}, unknown="ask"), {"marks"}),
    (exclude({**HIGH, "not": MILD}, unknown="ask"), set()),
]


@pytest.mark.parametrize(("rule", "expected"), TAKEN)
def test_what_learning_can_take_away_is_listed(rule: Plain, expected: set[str]) -> None:
    settling: Plain = {"when": {"count": 3}, "conclude": {"stage": "some"}}
    rules = {"x": rule, "r": recommend({}), "inference.t.c": settling}
    listed = found(book(rules, features=[*FEATURES, STAGE]), "G14")
    assert {one["feature"] for f in listed for one in f.details["learning"]} == expected
    assert all(one.verdict is Verdict.FOUND and len(one.witnesses) == 2 for one in listed)


def test_a_stop_for_everything_is_listed_once() -> None:
    rules = {"s": stop(HIGH), "r": recommend({}), "v": recommend({}, "act")}
    (one,) = found(book(rules), "G14")
    assert one.subject == "adaptation.t.s"


# ------------------------------------------------------------------------------- brute force


@settings(max_examples=40, deadline=None)
@given(rulebook=drawn.rulebooks(features=2, rules=8))
def test_they_agree_with_every_fact_and_everything_it_can_become(rulebook: Rulebook) -> None:
    """Acts aside: over all facts of two features, and all that further answers leave of them."""
    features = [f for f in rulebook.features.values() if not f.concluded]
    ways = [drawn.refinements(feature, everything(feature)) for feature in features]
    names = [feature.id for feature in features]
    if len(list(product(*ways))) > 60:
        return
    answers: dict[tuple[object, ...], Recommendation] = {}

    def answer(facts: tuple[object, ...]) -> Recommendation:
        if facts not in answers:
            witness = Witness(dict(zip(names, facts, strict=True)), {})  # type: ignore[arg-type]
            answers[facts] = run(witness, rulebook, drawn.AS_OF)[0]
        return answers[facts]

    taken: set[tuple[str, str]] = set()
    for before in product(*ways):
        narrower = [drawn.refinements(f, one) for f, one in zip(features, before, strict=True)]
        old = answer(before)
        for after in product(*narrower):
            changed = [n for n, a, b in zip(names, before, after, strict=True) if a != b]
            for name, now in answer(after).candidates.items():
                was = old.candidates[name]
                if was.status is Status.EXCLUDED:
                    assert now.status in (Status.EXCLUDED, Status.HELD)
                if was.status is Status.RECOMMENDED and now.status in BARRED:
                    rests_on = {*was.assumes, *_presumed(rulebook, old)}
                    assert rests_on & set(changed)
                    if len(changed) == 1:
                        taken.add((name, changed[0]))
    made = Run(rulebook, drawn.AS_OF)
    safe = {code: _findings(made, code) for code in ("G12", "G13", "G14")}
    assert {one.verdict for one in (*safe["G12"], *safe["G13"])} == {Verdict.PROVED}
    listed = {one["feature"] for f in safe["G14"] for one in f.details["learning"]}
    assert {feature for _, feature in taken} <= listed


def _findings(made: Run, code: str) -> list[Finding]:
    return [one for c in EVERY_CHECK if c.code == code for one in c.run(made, c)]


def _presumed(rulebook: Rulebook, answer: Recommendation) -> set[str]:
    rules = [r for r in rulebook.rules.values() if r.text.if_not_known == "presume"]
    return {f for r in rules for f in answer.trace.open_behind(r)}
