"""G16: the order of rules decides nothing; and each check has the whole budget of nodes."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from recommender import Rulebook
from recommender.diagrams import Conditions
from recommender.facts import Possible, everything
from recommender.governance.prove import prove
from recommender.governance.registry import CHECKS
from recommender.governance.run import Check, Run
from recommender.governance.witness import Witness, run
from tests import strategies as drawn
from tests.building import AS_OF, Plain
from tests.governance.proving import HIGH, book, claim, verdict

DEVICE: Plain = {"device": True}
Rules = dict[str, Plain]


def recommend(name: str = "mbct", when: Plain = HIGH, **more: Any) -> Plain:
    return {"when": when, "recommend": name} | more


def exclude(when: Plain = DEVICE, unknown: str = "block", name: str = "mbct") -> Plain:
    return {"when": when, "exclude": name, "if_not_known": unknown}


def stop(when: Plain, **more: Any) -> Plain:
    return {"when": when, "refer": "crisis", "if_not_known": "presume"} | more


def everybody(rulebook: Rulebook) -> list[dict[str, Possible]]:
    features = [f for f in rulebook.features.values() if not f.concluded]
    several = [list(drawn.refinements(feature, everything(feature))) for feature in features]
    return [dict(zip((f.id for f in features), one, strict=True)) for one in product(*several)]


# ------------------------------------------------------------------------------- G16

MIXED: Rules = {
    "a": recommend(when={"any": [HIGH, {"count": 3}, {"marks": {"includes": "a"}}]}),
    "b": recommend(when={"kind": ["one", "two"]}),
    "safety.t.x": exclude({"all": [DEVICE, {"ratio": {"at_least": 0.5}}]}, "ask"),
    "safety.t.y": exclude({"agrees": False}),
    "safety.t.s": stop({"not": {"count": {"at_most": 5}}}),
}


@settings(max_examples=30, deadline=None)
@given(rulebook=drawn.rulebooks(features=3, rules=10))
def test_in_any_order_rules_do_the_same(rulebook: Rulebook) -> None:
    checked = Run(rulebook, drawn.AS_OF)
    (check,) = [one for one in CHECKS if one.code == "G16"]
    assert [one.verdict.value for one in check.run(checked, check)] == ["proved"]
    turned = rulebook.with_rules(dict(reversed(list(rulebook.rules.items()))))
    for facts in everybody(rulebook)[:20]:
        plans = [run(Witness(facts, {}), one, drawn.AS_OF)[0] for one in (rulebook, turned)]
        assert plans[0].status is plans[1].status
        assert {n: c.status for n, c in plans[0].candidates.items()} == {
            n: c.status for n, c in plans[1].candidates.items()
        }


@pytest.mark.parametrize("place", range(5))
def test_a_reader_that_goes_by_the_order_is_found(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine for which one place in the file counts for nothing."""
    names = list(MIXED)
    made = book({name: MIXED[name] for name in (*names[place:], *names[:place])})
    assert verdict(made, "G16") == "proved"
    of_rule = Conditions.of_rule

    def forgetful(self: Conditions, rule: Any) -> int:
        first = next(iter(self._rulebook.rules))
        return self.store.terminal(0) if rule.id == first else of_rule(self, rule)

    monkeypatch.setattr(Conditions, "of_rule", forgetful)
    checked = Run(made, drawn.AS_OF)
    (check,) = [one for one in CHECKS if one.code == "G16"]
    assert [one.verdict.value for one in check.run(checked, check)] == ["undecided"]


# ------------------------------------------------------------------------------- budget


def test_a_check_that_comes_late_has_the_whole_budget() -> None:
    """Each alone needs less than there is, all together need more."""
    rules = {f"r{n}": recommend(when={"count": n, "kind": "one"}) for n in range(9)}
    promises = {f"p{n}": claim({"count": n}, never={"recommended": "tms"}) for n in range(9)}
    made = book(rules | {"t": recommend("tms", {"mood": "low"})}, promises)
    chosen = [check for check in CHECKS if check.code in ("G01", "G03", "G05", "G06", "G10")]

    def undecided(budget: int, *checks: Check) -> bool:
        findings = prove(Run(made, AS_OF, budget=budget), checks).findings
        return any(one.verdict.value == "undecided" for one in findings)

    def least(check: Check) -> int:
        return next(n for n in range(10, 4000, 10) if not undecided(n, check))

    assert not undecided(max(map(least, chosen)), *chosen)
