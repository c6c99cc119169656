"""The shipped vignettes try every rule, every status of every adaptation, and the ordinary intake.

What a rule can never do (one that always holds is never silent) is read off its decision diagram,
so nothing is left out by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import pytest

from recommender import conditions, content, load_rulebook, recommend
from recommender.conditions import TRUE, UNKNOWN
from recommender.diagrams import Conditions
from recommender.plan import PlanStatus
from recommender.profile import Profile, read_profile
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.trace import SAID

RULEBOOK = load_rulebook()
FOLDER = content.root() / "profiles"


class Vignette(NamedTuple):
    """One shipped profile and what became of it."""

    name: str
    profile: Profile
    answer: Mapping[str, Any]


@cache
def vignettes() -> tuple[Vignette, ...]:
    return tuple(_read())


def _read() -> Iterator[Vignette]:
    for path in sorted(FOLDER.glob("*.yaml")):
        profile = read_profile(path.read_bytes(), path.name)
        yield Vignette(path.stem, profile, recommend(profile, RULEBOOK).to_dict())


@cache
def outcomes() -> Mapping[str, set[str]]:
    """By rule, everything it did to somebody."""
    found: dict[str, set[str]] = defaultdict(set)
    for vignette in vignettes():
        for rule, did in vignette.answer["rules"].items():
            found[rule].add(did)
    return found


@cache
def possible_outcomes() -> Mapping[str, set[str]]:
    """By rule, everything it can do to anybody, whatever is known of them."""
    diagrams = Conditions(RULEBOOK, frozenset())
    store = diagrams.store
    found = {}
    for name, rule in RULEBOOK.rules.items():
        if any(test.name == "known" for test in conditions.tests_of(rule.condition)):
            found[name] = {"fired", "silent"}  # a diagram cannot tell whether something is known
            continue
        root = diagrams.of_rule(rule)
        ends = [root, *(child for node in store.below([root]) for child in store.children(node))]
        found[name] = {SAID[store.value(end)] for end in ends if store.is_terminal(end)}
    return found


@pytest.mark.parametrize("rule", RULEBOOK.rules)
def test_every_rule_does_to_somebody_what_it_can_do_to_anybody(rule: str) -> None:
    """It fires for one, is silent for one and unknown for one."""
    assert outcomes()[rule] >= possible_outcomes()[rule]


# ------------------------------------------------------------------------------- adaptations


@cache
def statuses() -> Mapping[str, set[str]]:
    """By adaptation, every place it has in somebody's answer."""
    found: dict[str, set[str]] = defaultdict(set)
    for vignette in vignettes():
        for entry in vignette.answer["plan"]:
            found[entry["adaptation"]].add("recommended")
        for entry in vignette.answer["set_aside"]:
            found[entry["adaptation"]].add(entry["status"])
    return found


def reasons_of(name: str) -> set[str]:
    """Every reason for which an adaptation can be set aside."""
    excludes = [rule for rule in RULEBOOK.by_verb(Verb.EXCLUDE) if name in rule.targets]
    rivals = any(_can_lose(name, rule) for rule in RULEBOOK.by_verb(Verb.CHOOSE_ONE))
    required = [rule for rule in RULEBOOK.by_verb(Verb.SEQUENCE) if rule.text.required]
    waits = RULEBOOK.adaptations[name].needs or any(name in rule.targets[1:] for rule in required)
    blocks = any(rule.unknown_means is IfNotKnown.BLOCK for rule in excludes)
    reasons = {
        "held": True,
        "declined": True,
        "not_indicated": not any(r.text.when == {} for r in _recommends(name)),
        "excluded": bool(excludes),
        "withheld": blocks,
        "displaced": rivals,
        "deferred": bool(waits),
    }
    return {status for status, possible in reasons.items() if possible}


def _can_lose(name: str, choice: Rule) -> bool:
    """Whether a choice may fall on a rival: it prefers another, or cannot say while this is in."""
    if name not in choice.targets or choice.text.prefer != name:
        return name in choice.targets
    diagrams = Conditions(RULEBOOK, frozenset())
    store, chosen = diagrams.store, diagrams.of_rule(choice)
    for rule in _recommends(name):
        both = store.apply(lambda a, b: (a, b) == (TRUE, UNKNOWN), diagrams.of_rule(rule), chosen)
        ends = [both, *(child for node in store.below([both]) for child in store.children(node))]
        if any(store.value(end) for end in ends if store.is_terminal(end)):
            return True
    return False


def _recommends(name: str) -> list[Rule]:
    return [rule for rule in RULEBOOK.by_verb(Verb.RECOMMEND) if name in rule.targets]


@pytest.mark.parametrize("name", RULEBOOK.adaptations)
def test_every_adaptation_is_recommended_to_one_and_set_aside_for_each_reason(name: str) -> None:
    assert statuses()[name] >= {"recommended"} | reasons_of(name)


def test_every_status_of_a_plan_occurs() -> None:
    assert {v.answer["status"] for v in vignettes()} == {status.value for status in PlanStatus}


def test_every_fact_state_occurs() -> None:
    states = {fact["state"] for v in vignettes() for fact in v.answer["facts"]}
    assert states == {"known", "partial", "unknown", "stale", "conflicting"}


def test_every_exclusion_is_found_ruled_out_and_open() -> None:
    for rule in RULEBOOK.by_verb(Verb.EXCLUDE):
        assert outcomes()[rule.id] == {"fired", "silent", "unknown"}, rule.id


@pytest.mark.parametrize("vignette", vignettes(), ids=lambda vignette: vignette.name)
def test_every_vignette_says_why(vignette: Vignette) -> None:
    expected = vignette.profile.expect
    assert expected is not None
    assert len(str(expected.get("rationale", "")).split()) >= 4
