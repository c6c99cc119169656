"""The diagrams held against the native evaluator, on every run, before anything they say is used.

In: a world. Out: how much was compared. Raises EngineError on any difference. Each rule is compared
on every combination of what its features can be where there are few of them, else on a fixed
sample; memberships, stops and invariants on a fixed sample of whole profiles. No claim rests on
these samples: they look for faults of the prover, the proofs are exhaustive by themselves.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

from recommender.conditions import Condition, Test, Truth, compile_test, judge
from recommender.errors import EngineError, Problem
from recommender.facts import (
    Members,
    Options,
    Possible,
    Span,
    everything,
    exactly,
    is_exact,
    member_count,
)
from recommender.governance.people import People
from recommender.governance.witness import Witness, run
from recommender.governance.world import DECLINED, LIFTED, World
from recommender.invariants import breaks
from recommender.regions import Classes, Exactness, Member, Stretches, Switch
from recommender.rulebook import Rulebook
from recommender.rules import Invariant, Rule, Verb
from recommender.stops import Force, lifted
from recommender.trace import concluded
from recommender.vocabulary import Feature, Kind

MOST_COMBINATIONS = 243
"""A rule with more combinations than that is compared on a sample of as many."""

Option = tuple[Possible, dict[int, int]]
"""What is possible for a feature, and the elements that stand for it."""

PEOPLE = 150
SEED = 20261124


class Compared(NamedTuple):
    """How much agreed."""

    cases: int
    """Rules times combinations of what their features can be."""
    exhaustive: int
    """Rules that were compared on every combination."""
    people: int
    """Whole profiles."""


def validate(world: World, people: People, proved: Sequence[Invariant]) -> Compared:
    """Compare, and hunt for somebody who breaks what was proved. Raises EngineError."""
    checking = _Checking(world, people)
    checking.numbers()
    cases = exhaustive = 0
    for rule in world.active:
        number, whole = checking.rule(rule)
        cases += number
        exhaustive += whole
    seen = sum(checking.person(proved) for _ in range(PEOPLE))
    return Compared(cases, exhaustive, seen)


class _Checking:
    def __init__(self, world: World, people: People) -> None:
        self._world = world
        self._everybody = people.everybody()
        self._random = random.Random(SEED)
        self._found: dict[tuple[str, tuple[int, ...]], tuple[list[Option], bool]] = {}
        self._evaluator = Evaluator(world.rulebook, world.inactive)
        self._members = {name: world.membership(name) for name in world.rulebook.adaptations}
        refers = world.acting(Verb.REFER)
        self._stops = {rule.id: (world.in_force(rule), world.counts(rule)) for rule in refers}

    # -- values -----------------------------------------------------------------------------

    def numbers(self) -> None:
        """Every whole number of every feature against the region that stands for it."""
        world = self._world
        for test in world.rulebook.tests:
            feature = world.rulebook.features[test.feature]
            if feature.type is not Kind.INTEGER or feature.range is None or test.name == "known":
                continue
            (at,) = world.space.of[feature.id]
            found = world.space.variables[at]
            assert isinstance(found, Stretches)
            truths, judged = found.truths(test), compile_test(test, feature)
            for value in range(int(feature.range[0]), int(feature.range[1]) + 1):
                possible = exactly(feature, value)
                if truths[found.element(possible)] != judged(possible):
                    _differ(f"the regions of '{feature.id}'")

    # -- rules ------------------------------------------------------------------------------

    def rule(self, rule: Rule) -> tuple[int, bool]:
        """Compare one rule; how often, and whether on every combination."""
        world = self._world
        node = world.truth(rule)
        own: dict[str, list[int]] = {}
        for at in sorted(world.store.support(node)):
            own.setdefault(world.subject(at), []).append(at)
        options = [self._options(name, tuple(variables)) for name, variables in own.items()]
        whole = [found for found, every in options if every]
        few = len(whole) == len(options) and prod(map(len, whole)) <= MOST_COMBINATIONS
        combinations = product(*whole) if few else self._some([found for found, _ in options])
        number = 0
        for several in combinations:
            number += 1
            facts = dict(zip(own, (possible for possible, _ in several), strict=True))
            elements = {at: n for _, mine in several for at, n in mine.items()}
            if world.value(node, elements) != self._evaluator.truth(rule.condition, facts):
                _differ(f"the diagram of the rule '{rule.id}'")
        return number, few

    def _options(self, name: str, variables: tuple[int, ...]) -> tuple[list[Option], bool]:
        """What a feature can be, as far as these variables tell it, and whether that is all."""
        key = name, variables
        if key not in self._found:
            of = self._world.space.variables
            sizes = [range(len(of[at].domain)) for at in variables]
            few = prod(map(len, sizes)) <= MOST_COMBINATIONS
            made = []
            for elements in product(*sizes) if few else self._some(sizes):
                cube = dict(zip(variables, elements, strict=True))
                facts = facts_of(self._world, cube, [name])
                if facts is not None:
                    possible = facts[name]
                    found = {at: of[at].element(possible) for at in variables}
                    made.append((possible, found))
            self._found[key] = made, few
        return self._found[key]

    def _some(self, sizes: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
        for _ in range(MOST_COMBINATIONS):
            yield tuple(self._random.choice(size) for size in sizes)

    # -- people -----------------------------------------------------------------------------

    def person(self, proved: Sequence[Invariant]) -> bool:
        """Compare one profile drawn by chance; whether there is such a person."""
        world = self._world
        cube = self._draw()
        facts = facts_of(world, cube, world.space.of)
        if facts is None:
            return False
        declined = {
            name
            for name in world.rulebook.adaptations
            if cube.get(world.space.switches[DECLINED + name])
        }
        recorded = self._random.random() < 0.5
        acts = {rule.id for rule in world.active if recorded and rule.text.release}
        witness = Witness(facts, {}, frozenset(acts), frozenset(declined))
        answer, stops = run(witness, world.rulebook, world.as_of)
        releases = answer.profile.released()
        whole = elements_of(world, facts)
        whole |= {world.space.switches[DECLINED + name]: 1 for name in declined}
        whole |= {
            world.space.switches[LIFTED + rule.id]: int(lifted(rule, answer.trace, releases))
            for rule in world.active
            if LIFTED + rule.id in world.space.switches
        }
        for name, candidate in answer.candidates.items():
            if world.value(self._members[name], whole) != candidate.membership:
                _differ(f"the membership of '{name}'")
        forces = {stop.rule.id: stop.force for stop in stops}
        for name, (in_force, counts) in self._stops.items():
            force = forces.get(name)
            if bool(world.value(in_force, whole)) is not (force is Force.IN_FORCE):
                _differ(f"the force of the stop '{name}'")
            counting = force in (Force.IN_FORCE, Force.RELEASED)
            if bool(world.value(counts, whole)) is not counting:
                _differ(f"whether the stop '{name}' counts")
        if not world.value(self._everybody, whole):
            return False
        for invariant in proved:
            if invariant.condition is not None and breaks(invariant, answer, stops):
                _differ(f"the proof of '{invariant.id}'")
        return True

    def _draw(self) -> dict[int, int]:
        """Somebody of whom about half is unknown."""
        found: dict[int, int] = {}
        for at, variable in enumerate(self._world.space.variables):
            size = len(variable.domain)
            if isinstance(variable, Exactness):
                continue  # follows from the facts
            if isinstance(variable, Switch):
                found[at] = int(self._random.random() < 0.1)
            elif self._random.random() < 0.5:
                found[at] = self._random.randrange(size)
        return found


def _differ(what: str) -> None:
    message = f"{what} differs from what the native evaluator says"
    hint = "No proof is given. Report this with the rulebook's digest."
    raise EngineError(Problem("E130", message, hint))


# ------------------------------------------------------------------------------- the specification


class Evaluator:
    """The truth of conditions over facts, as plainly as it can be said."""

    def __init__(self, rulebook: Rulebook, inactive: frozenset[str]) -> None:
        self._rulebook = rulebook
        self._inactive = inactive
        features = rulebook.features
        self._judges = {test: compile_test(test, features[test.feature]) for test in rulebook.tests}

    def truth(self, condition: Condition, facts: Mapping[str, Possible]) -> Truth:
        """The truth of a condition; what has no fact is unknown."""
        concluding = self._rulebook.concluding
        given = {name: one for name, one in facts.items() if name not in concluding}
        return self._truth(condition, given)

    def _truth(self, condition: Condition, facts: dict[str, Possible]) -> Truth:
        return judge(condition, lambda test: self._test(test, facts))

    def _test(self, test: Test, facts: dict[str, Possible]) -> Truth:
        name = test.feature
        if name not in facts:
            facts[name] = self._possible(self._rulebook.features[name], facts)
        return self._judges[test](facts[name])

    def _possible(self, feature: Feature, facts: dict[str, Possible]) -> Possible:
        """What a feature without a fact can be: what its rules conclude, else anything."""
        rules = self._rulebook.concluding.get(feature.id)
        if rules is None:
            return everything(feature)
        truths = {
            rule.id: 0 if rule.id in self._inactive else self._truth(rule.condition, facts)
            for rule in rules
        }
        return concluded(feature, rules, truths)


def facts_of(
    world: World, cube: Mapping[int, int], names: Iterable[str]
) -> dict[str, Possible] | None:
    """Facts that lie in these elements, the rest unknown; None where there can be none."""
    made: dict[str, Possible] = {}
    for name in names:
        variables = world.space.of[name]
        feature = world.space.features[name]
        possible = everything(feature)
        for at in variables:
            if at in cube:
                possible = _within(possible, world.space.variables[at], cube[at])
        wanted = cube.get(world.space.exactness.get(name, -1))
        if wanted is not None and bool(wanted) is not is_exact(feature, possible):
            narrowed = _exact_in(feature, possible, world, variables) if wanted else None
            if narrowed is None:
                return None
            possible = narrowed
        made[name] = possible
    return made


def elements_of(world: World, facts: Mapping[str, Possible]) -> dict[int, int]:
    """Where each variable of a feature stands for these facts."""
    found = {}
    for name, possible in facts.items():
        own = world.space.exactness.get(name)
        for at in (*world.space.of[name], *([own] if own is not None else [])):
            found[at] = world.space.variables[at].element(possible)
    return found


def _within(possible: Possible, variable: Any, element: int) -> Possible:
    if isinstance(variable, Stretches):
        return variable.values(element)
    if isinstance(variable, Classes):
        return Options(sum(m for at, m in enumerate(variable.masks) if (element + 1) >> at & 1))
    assert isinstance(variable, Member)
    assert isinstance(possible, Members)
    bit, truth = 1 << variable.bit, variable.domain[element]
    present = possible.present | (bit if truth == 2 else 0)
    absent = possible.absent | (bit if truth == 0 else 0)
    return Members(present, absent)


def _exact_in(
    feature: Feature, possible: Possible, world: World, variables: Sequence[int]
) -> Possible | None:
    """One value in the same elements, where there is one."""
    if isinstance(possible, Members):
        whole = (1 << member_count(feature)) - 1
        tested = 0
        for at in variables:
            member = world.space.variables[at]
            assert isinstance(member, Member)
            tested |= 1 << member.bit
        if tested & ~(possible.present | possible.absent):
            return None
        return Members(possible.present, whole & ~possible.present)
    one: Possible = (
        Span(possible.low, possible.low)
        if isinstance(possible, Span)
        else Options(possible.mask & -possible.mask)
    )
    found = world.space.variables[variables[0]]
    assert isinstance(found, Stretches | Classes)
    return one if found.element(one) == found.element(possible) else None
