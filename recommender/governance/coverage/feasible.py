"""Whether an obligation can be met by anybody: proved not to, or met by a patient who is shown.

In: a rulebook and a day. Out: for an obligation its Chance. Infeasible is said only where the
diagrams have nobody; a patient is given only after the evaluator was run on them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from recommender.candidates import Status
from recommender.conditions import TRUE, UNKNOWN, Test
from recommender.governance.bounds import Bounds
from recommender.governance.claims import MOST_TRIED
from recommender.governance.comparing.comparing import Comparing
from recommender.governance.comparing.pair import BUDGET, Difference, Pair
from recommender.governance.coverage.obligations import OTHERWISE, Aspect, Obligation, instead
from recommender.governance.people import People
from recommender.governance.search import Search, cube_node
from recommender.governance.witness import Witness, run, witness_of
from recommender.governance.world import World
from recommender.mdd import Node, TooLarge
from recommender.recommendation import Recommendation
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb


class Verdict(StrEnum):
    """What can be said of an obligation that no vignette meets."""

    INFEASIBLE = "infeasible"
    FEASIBLE = "feasible"
    UNDECIDED = "undecided"


class Chance(NamedTuple):
    """Whether somebody can meet an obligation, and somebody who does."""

    verdict: Verdict
    witness: Witness | None = None


MOST_FURTHER = 4
"""People of one difference looked for where no profile of the first can be had."""

_PROBE = "~probe"
"""A rule that is never in effect, added for the numbers it tells apart."""


class Feasible:
    """Decides about obligations."""

    def __init__(self, rulebook: Rulebook, as_of: date, *, budget: int = BUDGET) -> None:
        self._rulebook = rulebook
        self._as_of = as_of
        self._budget = budget
        self._comparing = Comparing(rulebook, as_of, budget=budget)

    def chance(self, one: Obligation) -> Chance:
        """What can be said of one obligation."""
        try:
            match one.aspect:
                case Aspect.STATUS:
                    return self._of_status(one)
                case Aspect.FIRED:
                    return self._of_fired(self._rulebook.rules[one.about])
            return self._of_pairs(self._pairs(one))
        except TooLarge:
            return Chance(Verdict.UNDECIDED)

    def further(self, one: Obligation) -> Iterator[Witness]:
        """More people who meet an obligation about a test or a whole rule, each of another kind."""
        if one.aspect in (Aspect.STATUS, Aspect.FIRED):
            return
        try:
            for pair, asked in self._pairs(one):
                for where in self._regions(pair, asked):
                    several = pair.people_of(where, MOST_FURTHER)
                    yield from (witness for n, witness in enumerate(several) if n)
        except TooLarge:
            return

    # -- two rulebooks --------------------------------------------------------------------------

    def _pairs(self, one: Obligation) -> Iterator[tuple[Pair, list[tuple[Test, int]]]]:
        """The rulebook beside ones in which the rule or the test is another; what else is so."""
        rule = self._rulebook.rules[one.about]
        if one.aspect is Aspect.DECISIVE:
            yield self._pair(rule, None, None), []
            return
        test = one.test(self._rulebook)
        asked, probe = [(test, one.truth)], None
        if one.value is not None:
            at = Test(test.feature, "is", (one.value,))
            asked.append((at, TRUE))
            probe = at
        for truth in OTHERWISE[one.truth]:
            changed = replace(rule, condition=instead(rule, one.place, truth))
            yield self._pair(rule, changed, probe), asked

    def _pair(self, rule: Rule, changed: Rule | None, probe: Test | None) -> Pair:
        rules = dict(self._rulebook.rules)
        if changed is None:
            del rules[rule.id]
        else:
            rules[rule.id] = changed
        if probe is not None:
            rules[_PROBE] = replace(rule, id=_PROBE, condition=probe, status="retired")
        new = self._rulebook.with_rules(rules)
        if probe is not None:
            return Pair(self._rulebook, new, self._as_of, budget=self._budget)
        return self._comparing.pair(rule, changed, new)

    def _of_pairs(self, pairs: Iterable[tuple[Pair, list[tuple[Test, int]]]]) -> Chance:
        found = Verdict.INFEASIBLE
        for pair, asked in pairs:
            for difference in self._regions(pair, asked):
                witness = pair.somebody(difference)
                if witness is not None:
                    return Chance(Verdict.FEASIBLE, witness)
                if not pair.is_hidden(difference):
                    found = Verdict.UNDECIDED
        return Chance(found)

    @staticmethod
    def _regions(pair: Pair, asked: Iterable[tuple[Test, int]]) -> Iterator[Difference]:
        """The differences, each cut down to the people of whom all that is asked is so."""
        for difference in pair.differences():
            world = pair.before.world
            so = [world.where(world.conditions.of(test), truth) for test, truth in asked]
            where = pair.people.cut(world.every([difference.where, *so]))
            if where != world.no:
                yield difference._replace(where=where)

    # -- one rulebook ---------------------------------------------------------------------------

    @cached_property
    def _world(self) -> World:
        return World(self._rulebook, self._as_of)

    @cached_property
    def _people(self) -> People:
        return People(self._world)

    def _of_fired(self, rule: Rule) -> Chance:
        def fires(answer: Recommendation) -> bool:
            return answer.trace.truths[rule.id] == TRUE

        self._world.store.limit(self._budget)
        return self._somebody(self._world.where(self._world.truth(rule), TRUE), fires)

    def _of_status(self, one: Obligation) -> Chance:
        name, status = one.about, one.status
        assert status is not None
        if status in _LATER and not any(self._demoting(name, status)):
            return Chance(Verdict.INFEASIBLE)

        def stands(answer: Recommendation) -> bool:
            aside = {a.candidate.adaptation.id: a.status for a in answer.plan.set_aside}
            return aside.get(name, Status.RECOMMENDED) is status

        self._world.store.limit(self._budget)
        return self._somebody(self._region(name, status), stands)

    def _region(self, name: str, status: Status) -> Node:
        """All the people for whom an adaptation may stand so."""
        world = self._world
        if status is Status.HELD:
            return world.held(name)
        if status is Status.RECOMMENDED:
            return world.recommendable(name)
        if status in _LATER:
            near = world.some(self._demoting(name, status))
            return world.every([world.recommendable(name), near])
        free = world.negated(world.held(name))
        return world.every([world.where(world.membership(name), status), free])

    def _demoting(self, name: str, status: Status) -> Iterator[Node]:
        """For whom something may displace or defer an adaptation that is recommended."""
        world = self._world
        if status is Status.DISPLACED:
            for rule in world.rules_on(Verb.CHOOSE_ONE, name):
                # Where it is true its own choice stays.
                losing = (UNKNOWN,) if rule.text.prefer == name else (UNKNOWN, TRUE)
                acting = world.where(world.truth(rule), *losing)
                for other in rule.targets:
                    if other != name:
                        yield world.every([acting, world.recommendable(other)])
            return
        for need in self._rulebook.adaptations[name].needs:
            yield world.where(world.conditions.of(Test(need, "is", (False,))), TRUE)
        for rule in world.acting(Verb.SEQUENCE):
            if rule.text.required and name in rule.targets[1:]:
                first = rule.targets[rule.targets.index(name) - 1]
                acting = world.where(world.truth(rule), UNKNOWN, TRUE)
                yield world.every([acting, world.negated(world.recommendable(first))])
                yield acting
        for rule in Bounds(self._rulebook, world.inactive).putting_off(name):
            yield world.where(world.truth(rule), UNKNOWN, TRUE)

    def _somebody(self, where: Node, shows: Callable[[Recommendation], bool]) -> Chance:
        world = self._world
        left = self._people.cut(where)
        if left == world.no:
            return Chance(Verdict.INFEASIBLE)
        for _ in range(MOST_TRIED):
            search = Search(world, left)
            cube = search.smallest
            if cube is None:
                break
            wide = search.widened(cube)
            witness = witness_of(world, cube, wide)
            if shows(run(witness, self._rulebook, self._as_of)[0]):
                return Chance(Verdict.FEASIBLE, witness)
            left = world.every([left, world.negated(cube_node(world, cube, wide))])
        return Chance(Verdict.UNDECIDED)


_LATER = (Status.DISPLACED, Status.DEFERRED)
