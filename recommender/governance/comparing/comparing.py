"""Many rulebooks, each with one rule changed, beside the one they come from.

In: a rulebook and a day. Out: a Pair for each changed rulebook. Diagrams are shared among the
changes of one rule and of no others, so that no verdict rests on what was compared before.
"""

from collections.abc import Iterator
from datetime import date

from recommender.conditions import tests_of
from recommender.governance.comparing.effects import Effects
from recommender.governance.comparing.pair import BUDGET, Pair
from recommender.governance.people import People
from recommender.governance.world import World, is_liftable
from recommender.rulebook import Rulebook
from recommender.rules import Rule, Verb


class Comparing:
    """Compares one rulebook with changed ones."""

    def __init__(self, rulebook: Rulebook, as_of: date, *, budget: int = BUDGET) -> None:
        self.rulebook = rulebook
        self.as_of = as_of
        self._budget = budget
        self._of = ""
        self._known = frozenset(rulebook.tests)

    def pairs(self, rule: Rule, changed: Rule | None, new: Rulebook) -> Iterator[Pair]:
        """The same, from the cheapest way to compare them to the most thorough.

        Each proves equality alike; somebody whom one misses the next may show.
        """
        if not self._shares(rule, changed):
            yield Pair(self.rulebook, new, self.as_of, budget=self._budget, part=True)
        yield self.pair(rule, changed, new)

    def pair(self, rule: Rule, changed: Rule | None, new: Rulebook) -> Pair:
        """The rulebook beside a new one, in which a rule is changed or gone and nothing else is."""
        if not self._shares(rule, changed):
            return Pair(self.rulebook, new, self.as_of, budget=self._budget)
        if self._of != rule.id:
            world = World(self.rulebook, self.as_of)
            self._of, self._effects, self._people = rule.id, Effects(world), People(world)
        self._effects.world.store.limit(self._budget)
        sides = (self.rulebook, rule.id), (new, rule.id)
        return Pair.beside(self._effects, self._people, *sides)

    def _shares(self, rule: Rule, changed: Rule | None) -> bool:
        """Whether the people and what can be told of them are the same on either side."""
        if rule.verb is Verb.CONCLUDE or is_liftable(rule):
            return False
        return changed is None or self._known.issuperset(tests_of(changed.condition))
