"""G15: everybody gets a plan, a stop, or a question that can change that."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.governance.checks.floor import EVERYBODY, _is_left_alone
from recommender.governance.findings import Finding, Severity, Verdict
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from recommender.governance.witness import Witness, run
from tests import strategies as drawn
from tests.building import Plain
from tests.governance.proving import HIGH, book, found
from tests.governance.test_rule_checks import MILD, Rules, exclude, recommend, stop

LOW: Plain = {"mood": "low"}


def left_alone(made: Rulebook) -> Finding:
    (one,) = (one for one in found(made, "G15") if one.subject == EVERYBODY)
    return one


FLOORS: list[tuple[Rules, Rules]] = [
    ({"r": recommend(HIGH)}, {"r": recommend({})}),
    (
        {"r": recommend(MILD), "s": recommend({"count": 3}, "act")},
        {"r": recommend(MILD), "s": recommend(LOW, "act")},
    ),
    (
        {"r": recommend({}), "x": exclude(HIGH)},
        {"r": recommend({}), "x": exclude(HIGH), "s": recommend(HIGH, "act")},
    ),
    (
        {"r": recommend(MILD), "s": stop({"mood": "low", "device": True})},
        {"r": recommend(MILD), "s": stop(LOW)},
    ),
    (
        {"r": recommend({}), "x": exclude(HIGH), "s": stop(HIGH, release="seen")},
        {"r": recommend({}), "x": exclude(HIGH), "s": stop(HIGH)},
    ),
    (
        {"r": recommend({}), "x": exclude({"device": True}, unknown="block")},
        {
            "r": recommend({}),
            "x": exclude({"device": True}, unknown="block"),
            "s": recommend({"device": True}, "act"),
        },
    ),
]


@pytest.mark.parametrize(("wrong", "right"), FLOORS)
def test_who_is_left_alone_is_found(wrong: Rules, right: Rules) -> None:
    one = left_alone(book(wrong))
    assert one.verdict is Verdict.REFUTED
    assert len(one.witnesses) == 1
    assert left_alone(book(right)).verdict is Verdict.PROVED


def test_what_is_unknown_is_asked() -> None:
    """Nobody is recommended anything yet, and each answer leads on."""
    rules = {"r": recommend(HIGH), "s": recommend({"mood": "mild"}, "act"), "t": stop(LOW)}
    assert left_alone(book(rules)).verdict is Verdict.PROVED


def test_a_stop_that_is_presumed_away_is_no_floor() -> None:
    assert left_alone(book({"s": stop({})})).verdict is Verdict.PROVED
    assert left_alone(book({"s": stop(HIGH)})).verdict is Verdict.REFUTED


def test_access_counts() -> None:
    """What cannot be had is not in the plan."""
    made = {"id": "mbct", "title": "M", "phase": 1, "needs": ["device"]}
    rules = {"r": recommend({})}
    adaptations = [made, "act", "tms"]
    assert left_alone(book(rules, adaptations=adaptations)).verdict is Verdict.REFUTED
    rules["s"] = recommend({"device": False}, "act")
    assert left_alone(book(rules, adaptations=adaptations)).verdict is Verdict.PROVED


def test_a_safe_base_makes_it_a_warning() -> None:
    rules = {"r": recommend(HIGH)}
    one = left_alone(book(rules, header={"safe_base": "Stay in contact."}))
    assert one.severity is Severity.WARNING
    one = left_alone(book(rules, header={"safe_base": ""}))
    assert one.severity is Severity.ERROR


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_nobody_breaks_a_proved_floor(data: st.DataObject) -> None:
    rulebook = data.draw(drawn.rulebooks(features=3, rules=9))
    made = Run(rulebook, drawn.AS_OF)
    (check,) = (one for one in CHECKS if one.code == "G15")
    one = next(f for f in check.run(made, check) if f.subject == EVERYBODY)
    if one.verdict is not Verdict.PROVED:
        return
    for _ in range(12):
        facts = {n: f.possible for n, f in data.draw(drawn.facts(rulebook)).items()}
        lifted = {r.id for r in rulebook.rules.values() if r.text.release}
        acts = frozenset(lifted if data.draw(st.booleans()) else ())
        witness = Witness(facts, {}, acts, data.draw(drawn.declined(rulebook)))
        assert not _is_left_alone(*run(witness, rulebook, drawn.AS_OF))
