"""G18 against deciding the promise anew without each rule, and without each two of them."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings

from recommender import Rulebook
from recommender.governance.checks.invariants import decided
from recommender.governance.findings import Verdict
from recommender.governance.registry import CHECKS
from recommender.governance.run import Run
from tests import strategies as drawn
from tests.building import Plain


def with_a_promise(text: Plain) -> Rulebook | None:
    """The rulebook with the promise that its first exclude is kept; None where there is none."""
    excludes = [rule for rule in text["rules"].values() if "exclude" in rule]
    if not excludes:
        return None
    named = excludes[0]["exclude"]
    promise = {
        "title": "It is kept",
        "when": excludes[0]["when"],
        "even_if_unknown": False,
        "never": {"recommended": named if isinstance(named, str) else named[0]},
    }
    return drawn.load({**text, "invariants": {"p": promise}})


def breaks(made: Rulebook, lost: tuple[str, ...]) -> bool:
    less = made.with_rules({n: rule for n, rule in made.rules.items() if n not in lost})
    return decided(Run(less, drawn.AS_OF), made.invariants["p"]).verdict is Verdict.REFUTED


@settings(max_examples=150, deadline=None)
@given(text=drawn.contents(features=3, rules=9, willing=True))
def test_every_rule_and_every_two_that_a_promise_rests_on(text: Plain) -> None:
    made = with_a_promise(text)
    if made is None:
        return
    run = Run(made, drawn.AS_OF)
    if decided(run, made.invariants["p"]).verdict is not Verdict.PROVED:
        return
    (check,) = (one for one in CHECKS if one.code == "G18")
    (one,) = check.run(run, check)
    alone = {name for name in made.rules if breaks(made, (name,))}
    assert set(one.details["alone"]) == alone
    others = [
        name
        for name, rule in made.rules.items()
        if name not in alone and rule.verb.value in ("exclude", "refer")
    ]
    pairs = {pair for pair in combinations(sorted(others), 2) if breaks(made, pair)}
    assert {tuple(pair) for pair in one.details["together"]} == pairs
