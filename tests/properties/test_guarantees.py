"""What every answer guarantees, on drawn rulebooks and on the shipped one (guarantees 1 to 4)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load_rulebook, recommend
from recommender.candidates import Candidate, Status, propose
from recommender.conditions import FALSE, TRUE, UNKNOWN
from recommender.engines import native
from recommender.facts import Fact
from recommender.plan import Plan, PlanStatus, combine
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.stops import Force, Releases, Stop, lifted, stops
from recommender.trace import Trace
from tests import strategies as drawn

SHIPPED_DAY = date(2026, 11, 24)
LOST = (Status.EXCLUDED, Status.WITHHELD, Status.HELD)


@cache
def shipped() -> Rulebook:
    return load_rulebook()


@dataclass(frozen=True)
class Answer:
    """Every value of the flow, from trace to plan."""

    trace: Trace
    stops: tuple[Stop, ...]
    candidates: Mapping[str, Candidate]
    plan: Plan

    @property
    def chosen(self) -> list[str]:
        return [one.candidate.adaptation.id for one in self.plan.chosen]

    @property
    def set_aside(self) -> list[str]:
        return [one.candidate.adaptation.id for one in self.plan.set_aside]

    def acting(self, verb: Verb) -> list[Rule]:
        rules = self.trace.rulebook.by_verb(verb)
        return [rule for rule in rules if self.trace.truths[rule.id] != FALSE]


@dataclass(frozen=True)
class Patient:
    """One patient of one rulebook."""

    rulebook: Rulebook
    facts: Mapping[str, Fact]
    releases: Releases
    declines: frozenset[str]
    prefers: tuple[str, ...] = ()

    def answer(self, facts: Mapping[str, Fact] | None = None) -> Answer:
        trace = native.infer(facts or self.facts, self.rulebook, drawn.AS_OF)
        found = stops(trace, self.releases)
        candidates = propose(trace, found, self.declines, self.releases)
        return Answer(trace, found, candidates, combine(candidates, trace, found, self.prefers))


@st.composite
def patients(draw: drawn.Draw) -> Patient:
    """Anybody, under any small rulebook."""
    rulebook = draw(drawn.rulebooks(rules=14))
    prefers = draw(st.permutations(sorted(rulebook.adaptations)))
    releases, declines = draw(drawn.releases), draw(drawn.declined(rulebook))
    return Patient(rulebook, draw(drawn.facts(rulebook)), releases, declines, tuple(prefers))


# ------------------------------------------------------------------------------- 1: everything once


@given(patients())
def test_every_adaptation_appears_once(patient: Patient) -> None:
    """In the plan, or set aside with a status and the rules behind it."""
    answer = patient.answer()
    assert sorted(answer.chosen + answer.set_aside) == sorted(patient.rulebook.adaptations)
    for aside in answer.plan.set_aside:
        assert aside.status is not Status.RECOMMENDED
        assert aside.by or aside.status is Status.NOT_INDICATED
    for one in answer.plan.chosen:
        assert one.candidate.recommends


# ------------------------------------------------------------------------------- 2: order is irrelevant


@given(drawn.contents(rules=14), st.data(), st.randoms(use_true_random=False))
def test_order_of_rules_and_facts_is_irrelevant(
    content: drawn.Plain, data: st.DataObject, chance: random.Random
) -> None:
    """Shuffled rules and facts give the same digest, stops, memberships and plan."""
    rulebook = drawn.load(content)
    facts, releases = data.draw(drawn.facts(rulebook)), data.draw(drawn.releases)
    shuffled = drawn.load(content | {"rules": _shuffled(content["rules"], chance)})
    first = Patient(rulebook, facts, releases, frozenset())
    second = Patient(shuffled, _shuffled(facts, chance), releases, frozenset())
    assert shuffled.digest == rulebook.digest
    assert _said(second.answer()) == _said(first.answer())


def _shuffled[V](mapping: Mapping[str, V], chance: random.Random) -> dict[str, V]:
    items = list(mapping.items())
    chance.shuffle(items)
    return dict(items)
