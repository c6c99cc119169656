"""Both engines do what the conditions say: on drawn rulebooks, and on the shipped one.

The measure is a third reading, made as plainly as can be: a test is true when every possible value
meets it, false when none does, else unknown; values are tried one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load_rulebook
from recommender.assess import assess
from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth, compile_test, deciding, judge
from recommender.conditions import Test as OneTest
from recommender.engines import durable, flat, native
from recommender.facts import Fact, Options, Possible, Span, member_count
from recommender.profile import as_profile
from recommender.rulebook import Rulebook
from recommender.trace import Trace
from recommender.vocabulary import Feature, Kind, Scalar
from tests import strategies as drawn

SHIPPED_DAY = date(2026, 11, 24)
FEWER = settings().max_examples // 3
"""Examples where one of them is much work; the rest takes as many as the profile says."""


@cache
def shipped() -> Rulebook:
    return load_rulebook()


# ------------------------------------------------------------------------------- plain meaning


def values(feature: Feature, possible: Possible) -> list[Any]:
    """Each value that is possible, as the feature writes it; sets as frozen sets of members."""
    if isinstance(possible, Span):
        return list(_between(feature, possible))
    if isinstance(possible, Options):
        return [v for place, v in enumerate(feature.options) if possible.mask >> place & 1]
    return [
        frozenset(place for place in range(member_count(feature)) if mask >> place & 1)
        for mask in range(1 << member_count(feature))
        if mask & possible.present == possible.present and not mask & possible.absent
    ]


def _between(feature: Feature, span: Span) -> list[Scalar]:
    if feature.type is Kind.ORDINAL:
        return list(feature.options[int(span.low) : int(span.high) + 1])
    step = 1 if feature.type is Kind.INTEGER else 0.25
    return [span.low + n * step for n in range(round((span.high - span.low) / step) + 1)]


def meets(test: OneTest, feature: Feature, value: Any) -> bool:
    """Whether one value meets a test, in the words of the rulebook format."""
    if feature.type is Kind.SET:
        wanted = {feature.position[name] for name in test.values if name in feature.position}
        match test.name:
            case "empty":
                return not value
            case "includes_all":
                return bool(wanted <= value)
        return bool(wanted & value)
    if test.name in ("is", "in"):
        return value in test.values
    order = feature.position if feature.type is Kind.ORDINAL else None
    here, *ends = [order[one] if order else one for one in (value, *test.values)]
    match test.name:
        case "at_least":
            return bool(here >= ends[0])
        case "more_than":
            return bool(here > ends[0])
        case "at_most":
            return bool(here <= ends[0])
        case "less_than":
            return bool(here < ends[0])
    return bool(ends[0] <= here <= ends[1])


def plainly(test: OneTest, feature: Feature, possible: Possible) -> Truth:
    """The truth of a test: does every possible value meet it, or none?"""
    if test.name == "known":
        return TRUE if (len(values(feature, possible)) == 1) is test.values[0] else FALSE
    met = [meets(test, feature, value) for value in values(feature, possible)]
    return TRUE if all(met) else UNKNOWN if any(met) else FALSE


def settle(feature: Feature, rules: Mapping[str, Scalar], truths: Mapping[str, Truth]) -> Possible:
    """What a concluded feature can be: the last true value, and every unknown one after it."""
    at = {name: feature.position[value] for name, value in rules.items()}
    fired = [place for name, place in at.items() if truths[name] == TRUE]
    assert feature.default is not None
    lowest = max(fired, default=-1)
    places = {place for name, place in at.items() if truths[name] == UNKNOWN and place > lowest}
    places.add(lowest if fired else feature.position[feature.default])
    if feature.type is Kind.ORDINAL:
        return Span(min(places), max(places))
    return Options(sum(1 << place for place in places))


def expected(facts: Mapping[str, Fact], rulebook: Rulebook, day: date, by_value: bool) -> Any:
    """Truths of all rules and what is possible for all features, by the plain meaning."""
    possible = {name: fact.possible for name, fact in facts.items()}
    truths: dict[str, Truth] = {}

    def truth(test: OneTest) -> Truth:
        feature = rulebook.features[test.feature]
        judged = plainly if by_value else _compiled
        return judged(test, feature, possible[test.feature])

    for name, rules in rulebook.concluding.items():
        for rule in rules:
            truths[rule.id] = judge(rule.condition, truth) if rule.in_effect(day) else FALSE
        concluding = {rule.id: rule.concludes[1] for rule in rules}
        possible[name] = settle(rulebook.features[name], concluding, truths)
    for rule in rulebook.rules.values():
        truths[rule.id] = judge(rule.condition, truth) if rule.in_effect(day) else FALSE
    return truths, possible


def _compiled(test: OneTest, feature: Feature, possible: Possible) -> Truth:
    return compile_test(test, feature)(possible)


def done(trace: Trace) -> Any:
    """What a trace says, in the form of `expected`."""
    return dict(trace.truths), {name: fact.possible for name, fact in trace.facts.items()}


# ------------------------------------------------------------------------------- drawn rulebooks


@given(st.data())
def test_native_does_what_is_written(data: st.DataObject) -> None:
    """Rules, concluded features and periods, on rulebooks and facts of every kind."""
    rulebook = data.draw(drawn.rulebooks())
    for _ in range(3):
        facts = data.draw(drawn.facts(rulebook))
        trace = native.infer(facts, rulebook, drawn.AS_OF)
        assert done(trace) == expected(facts, rulebook, drawn.AS_OF, by_value=True)
        inactive = rulebook.inactive(drawn.AS_OF)
        for rule in rulebook.rules.values():
            if rule.id not in inactive:
                assert trace.deciding(rule) == deciding(rule.condition, trace.of)


@pytest.mark.durable
@given(st.data())
def test_durable_does_what_native_does(data: st.DataObject) -> None:
    """The same truths, facts and reasons, rule by rule and test by test."""
    rulebook = data.draw(drawn.rulebooks())
    for _ in range(3):
        agree(data.draw(drawn.facts(rulebook)), rulebook, drawn.AS_OF)


@pytest.mark.durable
@settings(max_examples=FEWER)
@given(st.data())
def test_durable_agrees_however_rules_are_dealt(data: st.DataObject) -> None:
    """With limits so low that alternatives are named, conjunctions split, rule sets tiny."""
    rulebook = data.draw(drawn.rulebooks(rules=5))
    facts = data.draw(drawn.facts(rulebook))
    with (
        patch.multiple(flat, MOST_WAYS=1, MOST_KEYS=2),
        patch.multiple(durable, MOST_LINES=2, MOST_KEYS=2),
    ):
        agree(facts, rulebook, drawn.AS_OF)


def agree(facts: Mapping[str, Fact], rulebook: Rulebook, day: date) -> None:
    first, second = native.infer(facts, rulebook, day), durable.infer(facts, rulebook, day)
    assert second.truths == first.truths
    assert second.facts == first.facts
    assert list(second.row) == list(first.row)
    assert second.place == first.place


# ------------------------------------------------------------------------------- shipped rulebook


@settings(max_examples=FEWER)
@given(st.data())
def test_native_does_what_the_shipped_rulebook_says(data: st.DataObject) -> None:
    """The compiled rules against their conditions read plainly, test by test."""
    facts = data.draw(drawn.facts(shipped()))
    trace = native.infer(facts, shipped(), SHIPPED_DAY)
    assert done(trace) == expected(facts, shipped(), SHIPPED_DAY, by_value=False)


@pytest.mark.durable
@settings(max_examples=FEWER)
@given(st.data())
def test_durable_agrees_on_the_shipped_rulebook(data: st.DataObject) -> None:
    """On facts of any kind."""
    agree(data.draw(drawn.facts(shipped())), shipped(), SHIPPED_DAY)


@pytest.mark.durable
@settings(max_examples=FEWER)
@given(st.data())
def test_durable_agrees_on_profiles(data: st.DataObject) -> None:
    """On facts as profiles make them: half-answered instruments, stale scores, conflicts."""
    profile = as_profile(data.draw(drawn.profiles(shipped(), on=SHIPPED_DAY)))
    facts = assess(profile, shipped(), SHIPPED_DAY)
    agree(facts, shipped(), SHIPPED_DAY)
