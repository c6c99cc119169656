"""Which profiles there are: what holds of every person and of everything that can be recorded.

In: a world. Out: the constraints on its variables. A profile that breaks a link declared in
rules/rulebook.yaml is nobody's; a feature read from a score agrees with it; of two numbers of
trials, one that counts less is not the larger; a feature of which a single value is left is exactly
known; nothing is lifted unless an act or an answer can have lifted it; the list of what is declined
is complete.
"""

import copy
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from recommender.conditions import TRUE, AllOf, AnyOf, Condition, Not, Test, Truth, tests_of
from recommender.facts import Span, everything, member_count
from recommender.governance.derivations import Inclusion, derivations, inclusions, readings
from recommender.governance.world import DECLINED, LIFTED, World, is_act, is_liftable, is_wish
from recommender.mdd import Node
from recommender.regions import Classes, Member, Stretches
from recommender.rules import Link, Rule
from recommender.vocabulary import Feature, Kind

_RELEASE = "release."
_DECLINES = "preferences.declines"


class Constraint(NamedTuple):
    """What holds of every profile; with `needs` it bears only on questions about that variable."""

    node: Node
    needs: int | None = None


class People:
    """The profiles of one world.

    beside: those of a world that shares its store; then the profiles there are in both.
    """

    def __init__(self, world: World, beside: "People | None" = None) -> None:
        self._world = world
        self._store = world.store
        self._join = world.conditions.join
        self.links = [(link, self._link(link)) for link in world.rulebook.links]
        self._constraints = [
            *self._of_facts(),
            *self._of_lifting(world.active),
            *self._of_declining(),
            *(Constraint(node) for _, node in self.links),
        ]
        if beside is not None:
            self._constraints = list(dict.fromkeys([*self._constraints, *beside._constraints]))
        self._supports = [self._store.support(one.node) for one in self._constraints]
        self._among: dict[frozenset[int], Node] = {}

    def also_under(self, world: World) -> "People":
        """Those who are possible under the rules of another world, too.

        It shares the store, and its rulebook has the same features and concludes otherwise.
        """
        other = copy.copy(self)
        other._world, other._join = world, world.conditions.join
        settled = world.rulebook.concluding
        links = [
            Constraint(other._link(link))
            for link in world.rulebook.links
            if any(test.feature in settled for test in (*tests_of(link.when), *tests_of(link.then)))
        ]
        resting = [
            rule
            for rule in world.active
            if is_liftable(rule) and any(t.feature in settled for t in tests_of(rule.condition))
        ]
        made = copy.copy(self)
        known = set(self._constraints)
        more = [one for one in (*other._of_lifting(resting), *links) if one not in known]
        made._constraints = [*self._constraints, *more]
        made._supports = [*self._supports, *(self._store.support(one.node) for one in more)]
        made._among = {}
        return made

    def among(self, *nodes: Node) -> Node:
        """TRUE for the profiles there are, as far as that bears on these diagrams."""
        asked = frozenset(v for node in nodes for v in self._store.support(node))
        if asked not in self._among:
            self._among[asked] = self._near_to(set(asked))
        return self._among[asked]

    def _near_to(self, at: set[int]) -> Node:
        """The constraints that bear on these variables, at once or through others."""
        kept: list[int] = []
        grew = True
        while grew:
            left = [n for n in range(len(self._constraints)) if n not in kept]
            close = [n for n in left if self._near(n, at)]
            kept += close
            at.update(*(self._supports[n] for n in close))
            grew = bool(close)
        return self._world.every(self._constraints[n].node for n in sorted(kept))

    def cut(self, node: Node) -> Node:
        """A diagram cut down to the profiles there are."""
        if node == self._world.no:
            return node
        return self._world.every([self.among(node), node])

    def everybody(self) -> Node:
        """TRUE for the profiles that keep every link and agree with their scores."""
        return self._world.every(one.node for one in self._constraints if one.needs is None)

    def _near(self, n: int, at: set[int]) -> bool:
        needs = self._constraints[n].needs
        return needs in at if needs is not None else bool(self._supports[n] & at)

    def constraints_on_facts(self) -> list[Node]:
        """What holds of the facts of every profile whatever is declared: by how they are read."""
        return [one.node for one in self._of_facts()]

    # -- the constraints --------------------------------------------------------------------

    def _of_facts(self) -> Iterator[Constraint]:
        yield from self._of_exactness()
        yield from self._of_releases()
        yield from self._of_wishes()
        yield from self._of_scores()
        yield from self._of_trials()
        yield from self._of_exact_readings()

    def _link(self, link: Link) -> Node:
        """TRUE where a profile does not certainly break the link."""
        of = self._world.conditions.of
        kept = self._join(max, self._world.negated(of(link.when)), of(link.then))
        return self._world.where(kept, 1, TRUE)

    def _of_scores(self) -> Iterator[Constraint]:
        for scored, value in derivations(self._world.rulebook):
            of = self._world.conditions.of
            given = self._world.where(of(scored), TRUE)
            so = self._world.where(of(value), TRUE)
            yield Constraint(self._join(max, self._world.negated(given), so))

    def _of_trials(self) -> Iterator[Constraint]:
        for one in inclusions(self._world.rulebook):
            yield Constraint(self._no_more(one))

    def _of_exact_readings(self) -> Iterator[Constraint]:
        world = self._world
        for feature, stretches in readings(world.rulebook):
            (at,) = world.space.of[feature.id]
            found = world.space.variables[at]
            assert isinstance(found, Stretches)
            open_ = {found.element(one) for one in (everything(feature), *stretches)}
            domain = enumerate(found.domain)
            ends = [world.yes if a == b or n in open_ else world.no for n, (a, b) in domain]
            yield Constraint(self._store.node(at, tuple(ends)))

    def _no_more(self, one: Inclusion) -> Node:
        """TRUE where either end of the first number can be at most that of the second."""
        world = self._world
        variables = [at for feature in one for at in world.space.of[feature.id]]
        upper, lower = sorted(variables)
        rows = []
        for above in self._ends(upper):
            row = []
            for below in self._ends(lower):
                few, many = (above, below) if upper == variables[0] else (below, above)
                may_be = few[0].low <= many[0].high and few[1].low <= many[1].high
                row.append(world.yes if may_be else world.no)
            rows.append(self._store.node(lower, tuple(row)))
        return self._store.node(upper, tuple(rows))

    def _ends(self, at: int) -> list[tuple[Span, Span]]:
        """For each element of an ordered variable where its two ends may be."""
        found = self._world.space.variables[at]
        assert isinstance(found, Stretches)
        regions = [found.values(found.domain.index((n, n))) for n in range(len(found.cuts) + 1)]
        return [(regions[first], regions[last]) for first, last in found.domain]

    def _of_exactness(self) -> Iterator[Constraint]:
        for name, at in self._world.space.exactness.items():
            feature = self._world.space.features[name]
            inexact, exact = self._told(feature, exact=False), self._told(feature, exact=True)
            known = self._world.conditions.of(Test(name, "known", (True,)))
            either = self._join(
                max,
                self._join(min, known, exact),
                self._join(min, self._world.negated(known), inexact),
            )
            yield Constraint(either, at)

    def _told(self, feature: Feature, *, exact: bool) -> Node:
        """TRUE where what the tests tell of a feature leaves room for one value, or for several."""
        world = self._world
        variables = list(world.space.of[feature.id])
        if feature.type is Kind.SET:
            return self._told_set(feature, variables, exact=exact)
        (at,) = variables
        found = world.space.variables[at]
        assert isinstance(found, Stretches | Classes)
        room = [_room(found, element) for element in range(len(found.domain))]
        ends = [world.yes if (one if exact else several) else world.no for one, several in room]
        return self._store.node(at, tuple(ends))

    def _told_set(self, feature: Feature, variables: list[int], *, exact: bool) -> Node:
        world = self._world
        closed = [self._store.node(at, (world.yes, world.no, world.yes)) for at in variables]
        if exact:
            return world.every(closed)
        if len(variables) < member_count(feature):
            return world.yes
        return world.negated(world.every(closed))

    def _of_releases(self) -> Iterator[Constraint]:
        """Whether an act was recorded is always known."""
        space = self._world.space
        for name, variables in space.of.items():
            feature = self._world.space.features[name]
            for at in variables if is_act(feature) else ():
                found = space.variables[at]
                assert isinstance(found, Classes)
                ones = [(e + 1).bit_count() == 1 for e in range(len(found.domain))]
                ends = [self._world.yes if one else self._world.no for one in ones]
                yield Constraint(self._store.node(at, tuple(ends)), at)

    def _of_wishes(self) -> Iterator[Constraint]:
        """A list of wishes is complete: what is not named is not wished."""
        for name, variables in self._world.space.of.items():
            if is_wish(self._world.space.features[name]):
                for at in variables:
                    yield Constraint(self._member(at, self._world.yes, self._world.yes))

    def _of_declining(self) -> Iterator[Constraint]:
        """What the list says is declined is what the patient declines."""
        world = self._world
        feature = world.space.features.get(_DECLINES)
        for at in world.space.of.get(_DECLINES, ()):
            found = world.space.variables[at]
            assert isinstance(found, Member) and feature is not None
            named = [DECLINED + name for name in feature.values[found.bit : found.bit + 1]]
            if named and named[0] in world.space.switches:
                declined = world.switch(named[0])
                both = self._join(min, self._member(at, world.no, world.yes), declined)
                neither = [self._member(at, world.yes, world.no), world.negated(declined)]
                yield Constraint(self._join(max, both, world.every(neither)))

    def _member(self, at: int, absent: Node, present: Node) -> Node:
        """One or the other as a member of a list is absent or present; FALSE where it is open."""
        return self._store.node(at, (absent, self._world.no, present))

    def _of_lifting(self, rules: Iterable[Rule]) -> Iterator[Constraint]:
        world = self._world
        for rule in rules:
            if is_liftable(rule):
                may_be = world.every([self._speaks(rule.condition), self._may_lift(rule)])
                either = self._join(max, world.negated(world.lifted(rule)), may_be)
                yield Constraint(either, world.space.switches[LIFTED + rule.id])

    def _may_lift(self, rule: Rule) -> Node:
        """TRUE where an act that lifts the rule can be on record, or every answer asked for is."""
        world = self._world
        ways = []
        if rule.text.release:
            recorded = f"{_RELEASE}{rule.text.release}"
            done = Test(recorded, "is", (True,))
            ways.append(world.conditions.of(done) if recorded in world.space.of else world.yes)
        if rule.text.answered_by:
            known = [Test(name, "known", (True,)) for name in rule.text.answered_by]
            ways.append(world.every(map(world.conditions.of, known)))
        return world.some(ways)

    def _speaks(self, condition: Condition, wanted: Truth = TRUE) -> Node:
        """TRUE where some part speaks for the condition: there is a day it dates from."""
        match condition:
            case Test():
                return self._world.where(self._world.conditions.of(condition), wanted)
            case Not(part):
                return self._speaks(part, TRUE - wanted)
            case AllOf(parts) | AnyOf(parts):
                return self._world.some([self._speaks(part, wanted) for part in parts])


def _room(variable: Stretches | Classes, element: int) -> tuple[bool, bool]:
    """Whether an element can be one value, and whether it can be several."""
    if isinstance(variable, Classes):
        masks = [mask for at, mask in enumerate(variable.masks) if (element + 1) >> at & 1]
        return len(masks) == 1, len(masks) > 1 or masks[0].bit_count() > 1
    first, last = variable.domain[element]
    values = variable.values(element)
    return first == last, first < last or values.low < values.high
