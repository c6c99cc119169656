"""Diagrams, z3 and going through everybody answer alike: more than ten thousand questions.

A question is whether somebody can be of whom two rules are so and so, or an adaptation stands at a
status. Rulebooks are drawn small enough for every interval, subset and open value to be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

import pytest
import z3
from hypothesis import given, settings

from recommender import Rulebook
from recommender.candidates import Status
from recommender.conditions import FALSE, TRUE, UNKNOWN, Truth
from recommender.facts import Possible, Span, everything
from recommender.governance.people import People
from recommender.governance.smt import Formula, Person
from recommender.governance.validate import Evaluator
from recommender.governance.world import World
from recommender.rules import IfNotKnown, Rule, Verb
from recommender.vocabulary import Feature, Kind
from tests import strategies as drawn

TRUTHS = (FALSE, UNKNOWN, TRUE)
MOST_PEOPLE = 1_500
FINE = 0.125
"""Drawn thresholds are multiples of four times that."""
WANTED = 10_000

asked: list[int] = []
"""How many questions each drawn rulebook was asked."""


class Everybody:
    """Each rule's truth for each possible person, one bit a person."""

    def __init__(self, rulebook: Rulebook, people: Sequence[Mapping[str, Possible]]) -> None:
        evaluator = Evaluator(rulebook, rulebook.inactive(drawn.AS_OF))
        self._of: dict[tuple[str, Truth], int] = {}
        for rule in rulebook.rules.values():
            silent = not rule.in_effect(drawn.AS_OF)
            for at, facts in enumerate(people):
                truth = FALSE if silent else evaluator.truth(rule.condition, facts)
                self._of[rule.id, truth] = self._of.get((rule.id, truth), 0) | 1 << at
        self.whole = (1 << len(people)) - 1

    def of(self, rule: Rule, truth: Truth) -> int:
        return self._of.get((rule.id, truth), 0)


def possible_people(rulebook: Rulebook) -> list[dict[str, Possible]]:
    features = [one for one in rulebook.features.values() if not one.concluded]
    ways = [_ways(feature) for feature in features]
    names = [feature.id for feature in features]
    size = 1
    for way in ways:
        size *= len(way)
    if size > MOST_PEOPLE:
        return []
    return [dict(zip(names, one, strict=True)) for one in product(*ways)]


def _ways(feature: Feature) -> list[Possible]:
    """All that may be known of a feature; of decimals also two values between any two borders."""
    whole = everything(feature)
    if feature.type is Kind.DECIMAL:
        assert isinstance(whole, Span)
        steps = round((whole.high - whole.low) / FINE)
        points = [whole.low + n * FINE for n in range(steps + 1)]
        return [Span(low, high) for low in points for high in points if low <= high]
    return drawn.refinements(feature, whole)


class Questions:
    """The same questions, put to each of the three."""

    def __init__(self, rulebook: Rulebook, people: Sequence[Mapping[str, Possible]]) -> None:
        self.rulebook = rulebook
        self.everybody = Everybody(rulebook, people)
        self.world = World(rulebook, drawn.AS_OF)
        self.people = People(self.world)
        self.person = Person(rulebook, drawn.AS_OF)
        self.solver = z3.Solver()
        formulas = {rule.id: self.person.rule(rule) for rule in rulebook.rules.values()}
        self.formulas = formulas
        self.solver.add(*self.person.exists())

    def z3_says(self, *formulas: Formula) -> bool:
        self.solver.push()
        self.solver.add(*formulas)
        said = self.solver.check()
        self.solver.pop()
        assert said != z3.unknown
        return bool(said == z3.sat)

    def formula(self, rule: Rule, truth: Truth) -> Formula:
        pair = self.formulas[rule.id]
        return {TRUE: pair.true, FALSE: pair.false, UNKNOWN: pair.open}[truth]

    def of_two(self, one: Rule, t1: Truth, other: Rule, t2: Truth) -> tuple[bool, bool, bool]:
        world = self.world
        nodes = [world.where(world.truth(r), t) for r, t in ((one, t1), (other, t2))]
        return (
            self.people.cut(world.every(nodes)) != world.no,
            self.z3_says(self.formula(one, t1), self.formula(other, t2)),
            bool(self.everybody.of(one, t1) & self.everybody.of(other, t2)),
        )

    def of_status(self, name: str, status: Status) -> tuple[bool, bool, bool]:
        """With nothing lifted and nothing declined."""
        world = self.world
        node = world.where(world.membership(name, wish=False), status)
        node = world.every([node, world.turned("")])
        unlifted = [z3.Not(self.person.lifted(rule)) for rule in self.rulebook.rules.values()]
        return (
            self.people.cut(node) != world.no,
            self.z3_says(*unlifted, self._status_formula(name, status)),
            bool(self._status_people(name, status)),
        )

    def _rules(self, verb: Verb, name: str) -> list[Rule]:
        return [r for r in self.rulebook.by_verb(verb) if name in r.targets]

    def _blocks(self, rule: Rule) -> bool:
        return rule.unknown_means is IfNotKnown.BLOCK

    def _status_formula(self, name: str, status: Status) -> Formula:
        recommends = [self.formulas[r.id] for r in self._rules(Verb.RECOMMEND, name)]
        excludes = self._rules(Verb.EXCLUDE, name)
        excluded = z3.Or([self.formulas[r.id].true for r in excludes])
        live = z3.Or([p.live for p in recommends])
        fires = z3.Or([p.true for p in recommends])
        blocked = z3.Or([self.formulas[r.id].open for r in excludes if self._blocks(r)])
        match status:
            case Status.EXCLUDED:
                return excluded
            case Status.NOT_INDICATED:
                return z3.And(z3.Not(excluded), z3.Not(live))
            case Status.WITHHELD:
                return z3.And(z3.Not(excluded), live, blocked)
        free = z3.And(z3.Not(excluded), z3.Not(blocked), live)
        return z3.And(free, fires if status is Status.RECOMMENDED else z3.Not(fires))

    def _status_people(self, name: str, status: Status) -> int:
        every, of = self.everybody.whole, self.everybody.of
        recommends, excludes = (self._rules(v, name) for v in (Verb.RECOMMEND, Verb.EXCLUDE))
        fires = _any(of(rule, TRUE) for rule in recommends)
        live = fires | _any(of(rule, UNKNOWN) for rule in recommends)
        excluded = _any(of(rule, TRUE) for rule in excludes)
        blocked = _any(of(rule, UNKNOWN) for rule in excludes if self._blocks(rule))
        left = every & ~excluded
        match status:
            case Status.EXCLUDED:
                return excluded
            case Status.NOT_INDICATED:
                return left & ~live
            case Status.WITHHELD:
                return left & live & blocked
        left &= live & ~blocked
        return left & fires if status is Status.RECOMMENDED else left & ~fires


def _any(masks: Iterator[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


STATUSES = (
    Status.EXCLUDED,
    Status.NOT_INDICATED,
    Status.WITHHELD,
    Status.RECOMMENDED,
    Status.CANNOT_SAY,
)


@settings(max_examples=300)
@given(rulebook=drawn.rulebooks(features=2, rules=9))
def test_the_three_agree_on_every_question(rulebook: Rulebook) -> None:
    people = possible_people(rulebook)
    if not people:
        return
    questions = Questions(rulebook, people)
    number = 0
    for one, other in combinations(rulebook.rules.values(), 2):
        for t1, t2 in product(TRUTHS, TRUTHS):
            said = questions.of_two(one, t1, other, t2)
            number += 1
            assert len(set(said)) == 1, (one.id, t1, other.id, t2, said)
    for name in rulebook.adaptations:
        for status in STATUSES:
            said = questions.of_status(name, status)
            number += 1
            assert len(set(said)) == 1, (name, status, said)
    asked.append(number)


def test_more_than_ten_thousand_questions_were_asked(request: pytest.FixtureRequest) -> None:
    """Of the test before; left alone when only this one is run."""
    ran = [item.name for item in request.session.items if item.fspath == request.node.fspath]
    if len(ran) > 1:
        assert sum(asked) >= WANTED
