"""What every answer guarantees, on drawn rulebooks and on the shipped one (guarantees 1 to 4)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import load_rulebook, recommend
from recommender.candidates import Candidate, Status, propose
from recommender.conditions import FALSE, UNKNOWN
from recommender.engines import native
from recommender.facts import Fact, Options
from recommender.plan import Plan, PlanStatus, combine
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.stops import Force, Releases, Stop, lifted, stops
from recommender.trace import Trace
from tests import strategies as drawn

SHIPPED_DAY = date(2026, 11, 24)
FEWER = settings().max_examples // 3
"""Examples where one of them is much work; the rest takes as many as the profile says."""
Value = TypeVar("Value")
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
    day: date = drawn.AS_OF

    def answer(self, facts: Mapping[str, Fact] | None = None) -> Answer:
        trace = native.infer(facts or self.facts, self.rulebook, self.day)
        found = stops(trace, self.releases)
        candidates = propose(trace, found, self.declines, self.releases)
        return Answer(trace, found, candidates, combine(candidates, trace, found, self.prefers))


@st.composite
def patients(draw: drawn.Draw) -> Patient:
    """Anybody, under any small rulebook."""
    rulebook = draw(drawn.rulebooks(rules=14, willing=True))
    prefers = draw(st.permutations(sorted(rulebook.adaptations)))
    releases, declines = draw(drawn.releases), draw(drawn.declined(rulebook))
    return Patient(rulebook, draw(drawn.facts(rulebook)), releases, declines, tuple(prefers))


# ------------------------------------------------------------------------------- everything once


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


# ------------------------------------------------------------------------------- same bytes


@given(drawn.contents(rules=14, willing=True), st.data(), st.randoms(use_true_random=False))
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


def _shuffled(mapping: Mapping[str, Value], chance: random.Random) -> dict[str, Value]:
    items = list(mapping.items())
    chance.shuffle(items)
    return dict(items)


def _said(answer: Answer) -> object:
    """All that an answer says, in plain values."""
    chosen = [
        (
            one.candidate.adaptation.id,
            one.phase,
            one.moved_from,
            [(name, rule.id) for name, rule in one.alternatives],
            [rule.id for rule in one.gates],
            one.candidate.assumes,
            one.candidate.provisional,
        )
        for one in answer.plan.chosen
    ]
    aside = [
        (one.candidate.adaptation.id, one.status, [rule.id for rule in one.by], one.displaced_by)
        for one in answer.plan.set_aside
    ]
    in_order = [(stop.rule.id, stop.force) for stop in answer.stops]
    truths, facts = dict(answer.trace.truths), dict(answer.trace.facts)
    return answer.plan.status, chosen, aside, in_order, truths, facts


@settings(max_examples=FEWER)
@given(st.data(), st.randoms(use_true_random=False))
def test_the_shipped_rulebook_answers_in_the_same_bytes(
    data: st.DataObject, chance: random.Random
) -> None:
    """Whatever the order of the profile's keys; and no invariant is broken on the way."""
    profile = data.draw(drawn.profiles(shipped(), on=SHIPPED_DAY))
    again = _shuffled(profile, chance)
    again["observations"] = _shuffled(profile.get("observations", {}), chance)
    first, second = (
        json.dumps(recommend(one, shipped()).to_dict(), ensure_ascii=False)
        for one in (profile | {"observations": profile.get("observations", {})}, again)
    )
    assert first == second


# ------------------------------------------------------------------------------- no surprises


@given(patients(), st.data())
def test_learning_never_surprises(patient: Patient, data: st.DataObject) -> None:
    """What is recommended is lost only through what it assumes, or what lifted a rule."""
    _learn(patient, data)


@settings(max_examples=FEWER)
@given(st.data())
def test_learning_never_surprises_under_the_shipped_rulebook(data: st.DataObject) -> None:
    """The same, with facts of any kind."""
    facts = data.draw(drawn.facts(shipped()))
    _learn(Patient(shipped(), facts, {}, frozenset(), day=SHIPPED_DAY), data)


def _learn(patient: Patient, data: st.DataObject) -> None:
    before = patient.answer()
    answers = {
        name: data.draw(drawn.narrowing(patient.rulebook.features[name], fact.possible))
        for name, fact in patient.facts.items()
        if not before.trace.is_known(name) and data.draw(st.booleans())
    }
    learnt = {name for name, one in answers.items() if one != patient.facts[name].possible}
    after = patient.answer(drawn.narrowed(patient.facts, answers))
    for name, candidate in before.candidates.items():
        if candidate.status is Status.RECOMMENDED and after.candidates[name].status in LOST:
            for rule in after.candidates[name].by:
                through = learnt & set(candidate.assumes) & set(before.trace.open_behind(rule))
                assert through or _was_aside(rule, before, patient)


def _was_aside(rule: Rule, before: Answer, patient: Patient) -> bool:
    """Presumed to be false, or lifted by an act or answer older than what was learnt now."""
    presumed = rule.unknown_means is IfNotKnown.PRESUME
    if presumed and before.trace.truths[rule.id] == UNKNOWN:
        return True
    return lifted(rule, before.trace, patient.releases)


@given(patients(), st.data())
def test_what_is_decided_stays_decided(patient: Patient, data: st.DataObject) -> None:
    """Rules whose condition has no `known` never turn back, whatever is learnt."""
    features = patient.rulebook.features
    before = patient.answer().trace
    answers = {
        name: data.draw(drawn.narrowing(features[name], fact.possible))
        for name, fact in patient.facts.items()
    }
    after = patient.answer(drawn.narrowed(patient.facts, answers)).trace
    for rule in patient.rulebook.rules.values():
        if rule.verb not in (Verb.ASK, Verb.FLAG) and before.truths[rule.id] != UNKNOWN:
            assert after.truths[rule.id] == before.truths[rule.id]


# ------------------------------------------------------------------------------- only demoted


@given(patients())
def test_choosing_and_scheduling_only_demote(patient: Patient) -> None:
    """The plan holds nothing that its membership or a stop keeps out."""
    answer = patient.answer()
    for one in answer.plan.chosen:
        assert one.candidate.status is Status.RECOMMENDED
        assert one.candidate.adaptation.id not in patient.declines
        for name in one.candidate.adaptation.needs:
            assert patient.facts[name].possible != Options(1)
    for aside in answer.plan.set_aside:
        demoted = aside.status in (Status.DISPLACED, Status.DEFERRED)
        before = aside.candidate.status
        assert before is Status.RECOMMENDED if demoted else before is aside.status


@given(patients())
def test_a_stop_in_force_leaves_nothing_of_what_it_holds(patient: Patient) -> None:
    """A stop that holds all leaves no plan, and the status says so."""
    answer = patient.answer()
    in_force = [stop for stop in answer.stops if stop.force is Force.IN_FORCE]
    assert not [name for name in answer.chosen if any(stop.holds(name) for stop in in_force)]
    closed = answer.plan.status in (PlanStatus.STOPPED, PlanStatus.OUT_OF_SCOPE)
    assert closed == any(stop.holds_all for stop in in_force)
    begun = answer.plan.status in (PlanStatus.RECOMMENDED, PlanStatus.PROVISIONAL)
    assert begun == bool(answer.chosen)


@given(patients())
def test_no_rivals_and_nothing_without_what_it_requires(patient: Patient) -> None:
    """Rules of choice and sequence hold in the plan when they are true or unknown."""
    answer = patient.answer()
    phase = {one.candidate.adaptation.id: one.phase for one in answer.plan.chosen}
    for rule in answer.acting(Verb.CHOOSE_ONE):
        assert len(set(rule.targets) & phase.keys()) <= 1
    for rule in answer.acting(Verb.SEQUENCE):
        for first, second in zip(rule.targets, rule.targets[1:], strict=False):
            if rule.text.required and second in phase:
                assert first in phase
            if first in phase and second in phase:
                assert phase[second] >= min(phase[first] + 1, 3)
    for rule in answer.acting(Verb.TOGETHER):
        assert len({phase[name] for name in rule.targets if name in phase}) <= 1


@given(patients())
def test_no_phase_starts_more_than_the_limits_allow(patient: Patient) -> None:
    """Of every acting limit, in every phase."""
    answer = patient.answer()
    for rule in answer.acting(Verb.LIMIT):
        assert rule.text.limit is not None
        for measure, most in rule.text.limit.model_dump(exclude_none=True).items():
            for phase in range(4):
                starting = [c.candidate for c in answer.plan.chosen if c.phase == phase]
                assert sum(_adds(candidate, measure) for candidate in starting) <= most


def _adds(candidate: Candidate, measure: str) -> float:
    burden = candidate.adaptation.burden
    if burden is None:
        return 0
    return 1 if measure == "new_at_once" else float(getattr(burden, measure))
