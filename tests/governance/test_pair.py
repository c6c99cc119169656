"""Two rulebooks beside each other: equal plans are proved, differences shown on somebody."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import Rulebook
from recommender.facts import Possible, everything
from recommender.governance.comparing.effects import seen
from recommender.governance.comparing.pair import Difference, Pair
from recommender.governance.witness import Witness, run
from recommender.rules import IfNotKnown
from tests import strategies as drawn
from tests.building import AS_OF, Plain, boolean, integer, ordinal, rulebook

FEATURES = [ordinal("mood"), boolean("device"), integer("count", 0, 9)]
HIGH: Plain = {"mood": "high"}
BASE: dict[str, Plain] = {
    "adaptation.t.mbct": {"when": HIGH, "recommend": "mbct"},
    "adaptation.t.act": {"when": HIGH, "recommend": "act"},
    "safety.t.out": {"when": {"device": True}, "exclude": "mbct", "if_not_known": "block"},
    "safety.t.stop": {"when": {"count": {"at_least": 5}}, "refer": "crisis"}
    | {"if_not_known": "caution", "justify": "J"},
    "safety.t.care": {"when": {"count": 3}, "caution": "act", "adjust": "A"},
    "tailoring.t.fit": {"when": {"count": 4}, "tailor": "act", "focus": "F"},
    "combination.t.first": {"when": {}, "sequence": ["act", "mbct"]},
}


def book(rules: dict[str, Plain]) -> Rulebook:
    return rulebook(FEATURES, rules, adaptations=["mbct", "act"])


def edited(name: str, **keys: Any) -> dict[str, Plain]:
    """The rules with some keys of one written otherwise; None leaves a key out."""
    rules = deepcopy(BASE)
    for key, value in keys.items():
        key = key.rstrip("_")
        if value is None:
            del rules[name][key]
        else:
            rules[name][key] = value
    return rules


def without(name: str) -> dict[str, Plain]:
    return {key: rule for key, rule in BASE.items() if key != name}


def differences(new: dict[str, Plain]) -> tuple[Pair, list[Difference]]:
    pair = Pair(book(BASE), book(new), AS_OF)
    return pair, list(pair.differences())


CHANGES: list[tuple[str, dict[str, Plain], set[str]]] = [
    ("a threshold", edited("safety.t.stop", when={"count": {"at_least": 6}}), {"stop"}),
    ("a condition", edited("adaptation.t.mbct", when={"mood": "mild"}), {"membership"}),
    ("unknown only warns", edited("safety.t.out", if_not_known="caution", justify="J"),
     {"membership"}),
    ("an exclusion is gone", without("safety.t.out"), {"membership"}),
    ("a stop is gone", without("safety.t.stop"), {"stop"}),
    ("a stop holds less", edited("safety.t.stop", hold=["act"]), {"stop"}),
    ("a caution is gone", without("safety.t.care"), {"caution"}),
    ("a caution says another thing", edited("safety.t.care", adjust="B"), {"caution"}),
    ("tailoring is gone", without("tailoring.t.fit"), {"tailoring"}),
    ("an order is gone", without("combination.t.first"), {"order"}),
    ("one of two is chosen", BASE | {"combination.t.one": {
        "when": HIGH, "choose_one": ["mbct", "act"]}}, {"choice"}),
    ("both in the same weeks", BASE | {"combination.t.both": {
        "when": HIGH, "together": ["mbct", "act"]}}, {"together"}),
    ("a question", BASE | {"safety.t.ask": {"when": HIGH, "ask": "count"}}, {"question"}),
    ("a notice", BASE | {"safety.t.note": {"when": HIGH, "flag": "F"}}, {"notice"}),
    ("another role", edited("adaptation.t.act", as_="foundation"), {"strength"}),
]  # fmt: skip


@pytest.mark.parametrize(("new", "kinds"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_differs_is_found_and_shown(new: dict[str, Plain], kinds: set[str]) -> None:
    pair, found = differences(new)
    assert kinds <= {one.effect.kind for one in found}
    for one in found:
        witness = pair.somebody(one)
        assert witness is not None, one
        before, after = pair.answers(witness)
        assert seen(before) != seen(after)


SAME: list[tuple[str, dict[str, Plain]]] = [
    ("only a title", edited("adaptation.t.mbct", title="Otherwise said")),
    ("in another way", edited("safety.t.stop", when={"not": {"count": {"less_than": 5}}})),
    ("what is always so beside it", edited(
        "adaptation.t.act", when={"all": [HIGH, {"count": {"at_least": 0}}]})),
    ("a rule twice", BASE | {"adaptation.t.more": BASE["adaptation.t.act"]}),
    ("an exclusion of what is excluded", BASE | {"safety.t.more": {
        "when": {"device": True, "mood": "high"}, "exclude": "mbct", "if_not_known": "block"}}),
    ("a caution nobody sees", BASE | {"safety.t.never": {
        "when": {"mood": "low"}, "caution": "act", "adjust": "A"}}),
    ("a rule out of its period", BASE | {"adaptation.t.late": {
        "when": {}, "recommend": "mbct", "effective_period": {"start": "2099-01-01"}}}),
]  # fmt: skip


@pytest.mark.parametrize("new", [c[1] for c in SAME], ids=[c[0] for c in SAME])
def test_equal_plans_are_proved(new: dict[str, Plain]) -> None:
    _, found = differences(new)
    assert not found


def test_who_a_stop_holds_anyway_sees_no_other_status() -> None:
    rules: dict[str, Plain] = {
        "adaptation.t.mbct": {"when": HIGH, "recommend": "mbct"},
        "safety.t.stop": {"when": HIGH, "refer": "crisis"},
    }
    new = rules | {"safety.t.out": {"when": HIGH, "exclude": "mbct"}}
    pair = Pair(book(rules), book(new), AS_OF)
    found = [one for one in pair.differences() if one.effect.kind == "membership"]
    held = [one for one in found if one.before == "recommended"]
    assert held
    assert all(pair.free(one.where, ("mbct",)) == pair.before.world.no for one in held)


def test_features_that_mean_another_thing_are_not_compared() -> None:
    other = [ordinal("mood", "low high"), *FEATURES[1:]]
    new = rulebook(other, BASE, adaptations=["mbct", "act"])
    pair = Pair(book(BASE), new, AS_OF)
    assert pair.unmapped == ("mood",)
    with pytest.raises(ValueError, match="mood"):
        list(pair.differences())


# ------------------------------------------------------------------------------- brute force


@st.composite
def two(draw: drawn.Draw) -> tuple[Rulebook, Rulebook]:
    """A rulebook and the same with one rule dropped, or written otherwise."""
    content = draw(drawn.contents(features=2, rules=8, willing=draw(st.booleans())))
    new = deepcopy(content)
    name = draw(st.sampled_from(sorted(content["rules"])))
    rule = new["rules"][name]
    what = draw(st.sampled_from(["drop", "when", "unknown"]))
    if what == "unknown" and ("exclude" in rule or "refer" in rule):
        means = [one.value for one in IfNotKnown if rule.get("refer") != "p1" or one != "block"]
        weaker = draw(st.sampled_from(means))
        rule |= {"if_not_known": weaker, "justify": "J"}
    elif what == "when" and "conclude" not in rule:
        base = [feature for feature in content["features"] if "default" not in feature]
        rule["when"] = draw(drawn.whens(base))
    elif what == "drop":
        del new["rules"][name]
    return drawn.load(content), drawn.load(new)


@settings(max_examples=150)
@given(books=two())
def test_the_plans_of_everybody_tell_the_same(books: tuple[Rulebook, Rulebook]) -> None:
    old, new = books
    pair = Pair(old, new, drawn.AS_OF)
    found = list(pair.differences())
    features = [f for f in old.features.values() if not f.concluded]
    ways = [drawn.refinements(feature, everything(feature)) for feature in features]
    everybody = list(product(*ways))
    if len(everybody) > 300:
        return
    differing = False
    for combination in everybody:
        facts: dict[str, Possible] = dict(zip((f.id for f in features), combination, strict=True))
        patient = Witness(facts, {})
        before, _ = run(patient, old, drawn.AS_OF, beside=new)
        after, _ = run(patient, new, drawn.AS_OF, beside=old)
        differing |= seen(before) != seen(after)
    if differing:
        assert found
    shown = [one for one in found if pair.somebody(one) is not None]
    if shown:
        exact = [one for one in shown if not _rests_on_lifting(pair, one)]
        assert differing or not exact


def _rests_on_lifting(pair: Pair, difference: Difference) -> bool:
    witness = pair.somebody(difference)
    assert witness is not None
    return bool(witness.lifted or witness.declined)


# ------------------------------------------------------------------------------- choices


def choosing(**choices: Plain) -> Rulebook:
    """The rules with choices between two recommended together, by name."""
    both = {"when": HIGH, "choose_one": ["mbct", "act"]}
    more = {f"combination.t.{name}": both | keys for name, keys in choices.items()}
    return book(BASE | more)


def test_a_choice_that_only_a_wish_would_turn_is_shown_by_a_wish() -> None:
    pair = Pair(choosing(one={"prefer": "act"}), choosing(one={}), AS_OF)
    (difference,) = pair.differences()
    witness = pair.somebody(difference)
    assert witness is not None
    assert witness.prefers == ("mbct",)
    before, after = pair.answers(witness)
    assert ("act" in before.recommended, "act" in after.recommended) == (True, False)


def test_a_choice_that_another_has_settled_before_changes_nobody_s_plan() -> None:
    first: Plain = {"when": {}, "prefer": "mbct"}
    pair = Pair(choosing(a=first, b={"prefer": "act"}), choosing(a=first), AS_OF)
    assert list(pair.differences()) == []
    later = Pair(choosing(z=first, b={"prefer": "act"}), choosing(z=first), AS_OF)
    (difference,) = later.differences()
    assert later.somebody(difference) is not None
