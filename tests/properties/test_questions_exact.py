"""What is settled and what to ask, against trying every further answer there can be.

Small rulebooks, few values: each refinement of the facts is inferred anew, answers dated later than
any recorded act, and the outcomes compared. Rules with `presume` count as silent while unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from recommender.candidates import Status, propose, unanswered_asks
from recommender.conditions import FALSE, UNKNOWN
from recommender.engines import native
from recommender.facts import Fact, Possible, is_exact
from recommender.questions import Questions
from recommender.rulebook import Rulebook
from recommender.rules import IfNotKnown
from recommender.stops import Force, Releases, stops
from recommender.trace import Trace
from tests import strategies as drawn

MOST = 300
"""Refinements tried for one patient."""

Point = tuple[int, ...]
"""Which refinement of each feature; 0 is no answer."""


@dataclass(frozen=True)
class Outcome:
    """What a patient's answer turns on: each membership, and the stops in force."""

    memberships: Mapping[str, Status]
    stops: frozenset[str]


@dataclass(frozen=True)
class Case:
    """One patient of one rulebook."""

    rulebook: Rulebook
    facts: Mapping[str, Fact]
    releases: Releases
    declines: frozenset[str]

    def trace(self, facts: Mapping[str, Fact]) -> Trace:
        return native.infer(facts, self.rulebook, drawn.AS_OF)

    def outcome(self, trace: Trace, presumed: frozenset[str] = frozenset()) -> Outcome:
        silent = dict.fromkeys(presumed, FALSE)
        trace = trace._replace(truths={**trace.truths, **silent})
        found = stops(trace, self.releases)
        candidates = propose(trace, found, self.declines, self.releases)
        memberships = {name: one.membership for name, one in candidates.items()}
        in_force = frozenset(stop.rule.id for stop in found if stop.force is Force.IN_FORCE)
        return Outcome(memberships, in_force)

    def questions(self) -> Questions:
        trace = self.trace(self.facts)
        found = stops(trace, self.releases)
        candidates = propose(trace, found, self.declines, self.releases)
        required = tuple(unanswered_asks(trace))
        return Questions(trace, candidates, required, self.declines, self.releases)


@st.composite
def cases(draw: drawn.Draw) -> Case:
    """A patient with at most `MOST` ways to answer what is open."""
    rulebook = draw(drawn.rulebooks(features=3, rules=12))
    facts = draw(drawn.facts(rulebook))
    for name in sorted(facts, key=lambda name: -len(_refinements(rulebook, facts[name]))):
        if prod(len(_refinements(rulebook, fact)) for fact in facts.values()) > MOST:
            one = draw(drawn.exact(rulebook.features[name]))
            facts[name] = Fact(name, one, on=draw(drawn.moments))
    return Case(rulebook, facts, draw(drawn.releases), draw(drawn.declined(rulebook)))


def _refinements(rulebook: Rulebook, fact: Fact) -> list[Possible]:
    return drawn.refinements(rulebook.features[fact.feature], fact.possible)


class Everything:
    """The outcome after every way of answering."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.features = list(case.facts)
        self._ways = [_refinements(case.rulebook, case.facts[name]) for name in self.features]
        presumed = self._presumed(case.trace(case.facts))
        self.outcomes: dict[Point, Outcome] = {}
        for point in product(*(range(len(ways)) for ways in self._ways)):
            trace = case.trace(drawn.narrowed(case.facts, self._answers(point)))
            self.outcomes[point] = case.outcome(trace, presumed)
        self.now = self.outcomes[(0,) * len(self.features)]

    def _presumed(self, trace: Trace) -> frozenset[str]:
        return frozenset(
            rule.id
            for rule, truth in trace.live()
            if truth == UNKNOWN and rule.text.if_not_known is IfNotKnown.PRESUME
        )

    def _answers(self, point: Point) -> dict[str, Possible]:
        chosen = zip(self.features, self._ways, point, strict=True)
        return {name: ways[at] for name, ways, at in chosen}

    def exact(self, name: str) -> list[int]:
        """The refinements of one feature that leave one value."""
        ways = self._ways[self.features.index(name)]
        feature = self._case.rulebook.features[name]
        return [at for at, possible in enumerate(ways) if is_exact(feature, possible)]

    def settled(self) -> dict[str, bool]:
        found = self.outcomes.values()
        now = self.now.memberships
        return {name: all(one.memberships[name] == now[name] for one in found) for name in now}

    def stops_settled(self) -> bool:
        return all(one.stops == self.now.stops for one in self.outcomes.values())

    def can_change(self) -> dict[str, set[str]]:
        """By feature: what learning it can change in some case; not what is declined."""
        changed = {name: set(self._changed(at)) for at, name in enumerate(self.features)}
        return {name: found for name, found in changed.items() if found}

    def _changed(self, at: int) -> Iterator[str]:
        for point, after in self.outcomes.items():
            if point[at]:
                before = self.outcomes[(*point[:at], 0, *point[at + 1 :])]
                yield from before.stops ^ after.stops
                for name, status in before.memberships.items():
                    if status not in (after.memberships[name], Status.DECLINED):
                        yield name


@given(cases())
def test_settled_and_ask_are_exact(case: Case) -> None:
    """Neither more nor less than what some further answers would change."""
    questions, tried = case.questions(), Everything(case)
    assert dict(questions.settled) == tried.settled()
    assert questions.stops_settled == tried.stops_settled()
    asked = {q.feature: set(q.can_change) for q in questions.ask if q.can_change}
    assert asked == tried.can_change()


@given(cases(), st.data())
def test_answering_what_is_asked_settles_everything(case: Case, data: st.DataObject) -> None:
    """After exact answers to all of `ask`, no other answer of that moment can change anything."""
    tried, asked = Everything(case), {question.feature for question in case.questions().ask}
    given = {
        at: data.draw(st.sampled_from(exact))
        for at, name in enumerate(tried.features)
        if name in asked and (exact := tried.exact(name))
    }
    left = [
        outcome
        for point, outcome in tried.outcomes.items()
        if all(point[at] == way for at, way in given.items())
    ]
    for outcome in left:
        assert outcome.stops == left[0].stops
        for name, status in outcome.memberships.items():
            assert name in case.declines or status == left[0].memberships[name]


@given(cases())
def test_required_questions_are_those_a_rule_demands(case: Case) -> None:
    """A feature is marked required when an `ask` rule fires and it is not known, or too old."""
    trace = case.trace(case.facts)
    demanded = {rule.text.ask for rule in unanswered_asks(trace)}
    assert {q.feature for q in case.questions().ask if q.required} == demanded


@given(cases())
def test_questions_stand_in_order(case: Case) -> None:
    """Required first, and each feature once."""
    asked = case.questions().ask
    assert [q.required for q in asked] == sorted((q.required for q in asked), reverse=True)
    assert len({q.feature for q in asked}) == len(asked)
